//! Hidden zeros, legend bounds and the wider levels: bounds by exact linear programs, cuts from their
//! reduced costs.
//!
//! At the optimum of a bound, the reduced costs write the sensitive unit as a combination of hidden units
//! that cannot improve it and of published ones. The bound stands until a published unit that could move it
//! the right way is hidden: that set is the cut.
// Invariant for the indexing below: unit and row numbers come from the system.
#![allow(clippy::indexing_slicing)]

use super::cover::Coverer;
use super::cuts::{Cut, Pool, add_up, singleton_cuts, small_integers};
use super::elimination::{Elimination, Space};
use super::exchange::Exchange;
use super::field::{P, Sequence, from_i64, inv, mul, neg};
use super::fraction::Fraction;
use super::integer;
use super::reach::Reach;
use super::record::Record;
use super::simplex::{Bounds, Reached, Simplex};
use super::witness::{Move, Search};
use crate::system::{NONE, System};

/// How far above its value a hidden unit is allowed to go in the attacker's program: a limit of search
/// only, since a narrower search can never make an unsafe cell look safe.
const HEADROOM: i64 = 1 << 20;
/// Effort of one bound.
const EFFORT: u64 = 20_000_000;

pub(crate) struct Bounded<'a> {
    system: &'a System,
    pub(crate) pool: Pool,
    pub(crate) coverer: Coverer,
    space: Space,
    slot: Vec<u32>,
    /// Witness tables of earlier looks: each holds for every pattern that hides all of its units.
    known: Vec<Move>,
    pub(crate) work: u64,
}

/// Effort of publishing secondaries again by exchanges.
const BACK_EFFORT: u64 = 1_500_000_000;

/// Components up to this size are treated as a whole at once.
const SMALL: usize = 120;
/// Components up to this size are treated as a whole for what windows leave open, which gives cuts.
const WHOLE: usize = 600;
/// Sizes of windows around a sensitive unit, tried in this order.
const WINDOWS: [usize; 2] = [80, 300];
/// Entries of witness tables kept from look to look.
const KEPT: usize = 3_000_000;

/// What one look at a pattern showed.
#[derive(Default)]
pub(crate) struct Look {
    /// Sensitive units whose demand was not met.
    pub(crate) unmet: Vec<u32>,
    /// Witness tables that together meet the demands that were met.
    pub(crate) tables: Vec<Move>,
    /// New cuts.
    pub(crate) new: usize,
}

impl<'a> Bounded<'a> {
    pub(crate) fn new(system: &'a System) -> Self {
        Self {
            system,
            pool: Pool::default(),
            coverer: Coverer::default(),
            space: Space::new(system.len()),
            slot: vec![NONE; system.len()],
            known: Vec::new(),
            work: 0,
        }
    }

    /// Covers all cuts found so far.
    pub(crate) fn cover(&mut self) -> (Vec<bool>, bool) {
        let cuts: Vec<&[u32]> = self.pool.cuts.iter().map(|c| c.units.as_slice()).collect();
        let cover = self.coverer.solve(&cuts, &self.system.cost);
        let mut hidden = self.system.primary.clone();
        for u in cover.chosen {
            hidden[u as usize] = true;
        }
        (hidden, cover.optimal)
    }

    /// Adds the cuts for what a person alone in a cell could work out by equations.
    pub(crate) fn singletons(&mut self, hidden: &[bool]) -> (usize, usize) {
        let units = (0..self.system.len() as u32).filter(|&u| hidden[u as usize]).collect();
        let elimination = Elimination::new(self.system, hidden, units, &mut self.space, 0);
        let mut sequence = Sequence(1);
        singleton_cuts(self.system, hidden, &elimination, &mut self.space, &mut sequence, &mut self.pool)
    }

    /// Tries every component of the pattern: small ones as a whole, others first by windows around each
    /// sensitive unit, everything outside held fixed. What an earlier look witnessed is not sought again.
    pub(crate) fn look(&mut self, hidden: &[bool]) -> Look {
        let mut look = Look::default();
        let mut record = Record::new(self.system);
        let mut kept = 0;
        for table in std::mem::take(&mut self.known) {
            if table.iter().all(|&(u, _)| hidden[u as usize]) {
                record.take(table);
            } else if kept < KEPT {
                kept += table.len();
                self.known.push(table);
            }
        }
        let search = Search::new(self.system, hidden);
        for component in components(self.system, hidden) {
            let mut targets: Vec<u32> =
                component.iter().copied().filter(|&u| self.open(u, &record)).collect();
            if component.len() > SMALL {
                for size in WINDOWS.into_iter().filter(|&size| size < component.len()) {
                    for &target in &targets {
                        if !record.met(target) {
                            let mut window = search.neighbourhood(target, size);
                            window.sort_unstable();
                            self.look_at(hidden, &window, &[target], &mut record, &mut look, false);
                        }
                    }
                }
                targets.retain(|&u| !record.met(u));
            }
            if component.len() > WHOLE {
                look.unmet.extend(targets);
            } else if !targets.is_empty() {
                self.look_at(hidden, &component, &targets, &mut record, &mut look, true);
            }
        }
        look.tables = record.tables;
        self.known.extend(look.tables.iter().cloned());
        look
    }

    /// Hides what the cheapest moves need for every demand that is not met; whether anything was added.
    pub(crate) fn grow(&mut self, hidden: &mut [bool], look: &Look) -> bool {
        let mut reach = Reach::new(self.system);
        let mut exchange = Exchange::new(self.system);
        let mut record = Record::new(self.system);
        let mut grown = false;
        for table in &look.tables {
            record.take(table.clone());
        }
        let before = record.tables.len();
        for &target in &look.unmet {
            for up in [true, false] {
                let Some(goal) = record.goal(target, up) else { continue };
                let by = goal - self.system.value[target as usize];
                if by == 0 {
                    continue;
                }
                let found = exchange.stepwise(hidden, target, by);
                if let Some(found) = found.or_else(|| reach.cheapest(hidden, target, by)) {
                    for &(u, _) in &found {
                        grown |= !std::mem::replace(&mut hidden[u as usize], true);
                    }
                    record.take(found);
                }
            }
        }
        grown |= record.tables.len() > before;
        self.known.extend(record.tables.drain(before..));
        self.work += exchange.work + reach.work;
        grown
    }

    /// Publishes secondaries again, dearest first, where exchanges among what stays hidden give new witnesses for
    /// all that the unit took part in.
    pub(crate) fn exchange_back(&mut self, hidden: &mut [bool], tables: &mut Vec<Move>) {
        let mut exchange = Exchange::among_hidden(self.system);
        let stop = self.work + BACK_EFFORT;
        for unit in secondaries(self.system, hidden) {
            if self.work + exchange.work > stop {
                break;
            }
            hidden[unit as usize] = false;
            let mut record = Record::new(self.system);
            for table in tables.iter().filter(|t| t.iter().all(|&(u, _)| hidden[u as usize])) {
                self.work += table.len() as u64;
                record.take(table.clone());
            }
            let good =
                (0..self.system.len() as u32).filter(|&u| self.system.primary[u as usize]).all(|target| {
                    for up in [true, false] {
                        let Some(goal) = record.goal(target, up) else { continue };
                        let by = goal - self.system.value[target as usize];
                        if let Some(found) = exchange.stepwise(hidden, target, by).filter(|_| by != 0) {
                            record.take(found);
                        }
                    }
                    record.met(target)
                });
            if good {
                *tables = record.tables;
            } else {
                hidden[unit as usize] = true;
            }
        }
        self.work += exchange.work;
        self.known = tables.clone();
    }

    /// Hides more for the cuts that the pattern does not meet, leaving the rest as it is.
    pub(crate) fn patch(&mut self, hidden: &mut [bool]) {
        let cuts = self.pool.cuts.iter().map(|c| c.units.as_slice());
        let unmet: Vec<&[u32]> = cuts.filter(|units| !units.iter().any(|&u| hidden[u as usize])).collect();
        for u in self.coverer.solve(&unmet, &self.system.cost).chosen {
            hidden[u as usize] = true;
        }
    }

    /// Hides everything that is published next to the components of these units, where neither a cut nor a move says
    /// what would do; what proves needless is published again later. Whether anything was added.
    pub(crate) fn surround(&self, hidden: &mut [bool], unmet: &[u32]) -> bool {
        let mut grown = false;
        for component in components(self.system, hidden) {
            let Some(target) = unmet.iter().find(|u| component.binary_search(u).is_ok()) else { continue };
            for u in self.surrounding_cut(hidden, &component, *target).units {
                if !self.system.frozen[u as usize] {
                    grown |= !std::mem::replace(&mut hidden[u as usize], true);
                }
            }
        }
        grown
    }

    fn open(&self, unit: u32, record: &Record<'_>) -> bool {
        self.system.primary[unit as usize] && !record.met(unit)
    }

    /// Tries to meet the demands of the targets by changing these units only. `last`: report what fails.
    fn look_at(
        &mut self,
        hidden: &[bool],
        units: &[u32],
        targets: &[u32],
        record: &mut Record<'_>,
        look: &mut Look,
        last: bool,
    ) {
        for (i, &u) in units.iter().enumerate() {
            self.slot[u as usize] = i as u32;
        }
        let equations = self.equations(hidden, units);
        let truth: Vec<i64> = units.iter().map(|&u| self.system.value[u as usize]).collect();
        let bounds: Vec<Bounds> = units
            .iter()
            .zip(&truth)
            .map(|(&u, &v)| match self.system.bounds[u as usize] {
                Some((lo, hi)) => Bounds { lo: lo.min(v), hi: hi.max(v) },
                None => Bounds { lo: 0, hi: v + HEADROOM },
            })
            .collect();
        let simplex = Simplex::new(&truth, bounds.clone(), &equations);
        for &u in units {
            self.slot[u as usize] = NONE;
        }
        let Some(mut simplex) = simplex else {
            if last {
                look.unmet.extend(targets);
            }
            return;
        };
        let mut elimination = None;
        for &target in targets {
            let Ok(at) = units.binary_search(&target) else { continue };
            if record.met(target) {
                continue;
            }
            let ends = self.drive(units, at, &mut simplex, record);
            for end in ends.iter().filter(|end| last && !end.short) {
                if !record.met(target)
                    && let Some(point) = integer::point(&truth, &bounds, &equations, at, end.up, end.goal)
                {
                    record.visit_point(units, &point);
                }
            }
            if record.met(target) || !last {
                continue;
            }
            let elimination = elimination.get_or_insert_with(|| {
                Elimination::new(self.system, hidden, units.to_vec(), &mut self.space, 0)
            });
            look.unmet.push(target);
            for cut in self.cuts(hidden, units, at, ends, elimination) {
                look.new += usize::from(self.pool.add(cut));
            }
        }
        self.work += simplex.work;
    }

    fn equations(&self, hidden: &[bool], units: &[u32]) -> Vec<Vec<(u32, i64)>> {
        let mut rows: Vec<u32> =
            units.iter().flat_map(|&u| self.system.rows_of[u as usize].iter().copied()).collect();
        rows.sort_unstable();
        rows.dedup();
        let on_slots = |&r: &u32| {
            let terms = self.system.rows[r as usize].iter();
            terms
                .filter(|(u, _)| hidden[*u as usize] && self.slot[*u as usize] != NONE)
                .map(|&(u, k)| (self.slot[u as usize], k))
                .collect::<Vec<_>>()
        };
        rows.iter().map(on_slots).collect()
    }

    /// Drives one unit to what its level demands; the bounds that fall short, with their reduced costs.
    fn drive(
        &mut self,
        units: &[u32],
        at: usize,
        simplex: &mut Simplex,
        record: &mut Record<'_>,
    ) -> Vec<End> {
        let demand = self.system.demand[units[at] as usize];
        let mut ends = Vec::new();
        for up in [true, false] {
            let Some(goal) = record.goal(units[at], up) else { continue };
            let reached = simplex.drive(at as u32, up, goal, EFFORT, &mut |s| record.visit(units, s));
            record.visit(units, simplex);
            if let Reached::Optimum(end) = reached {
                let short =
                    if up { end.floor() < demand.hi as i64 } else { -end.neg().floor() > demand.lo as i64 };
                ends.push(End { up, goal, short, costs: simplex.reduced_costs(at as u32) });
            }
        }
        ends
    }

    /// A limit short of its own demand gives its own cut; a narrow interval the union of both ends.
    fn cuts(
        &mut self,
        hidden: &[bool],
        units: &[u32],
        at: usize,
        ends: Vec<End>,
        elimination: &Elimination,
    ) -> Vec<Cut> {
        let mut cuts = Vec::new();
        let mut both = Vec::new();
        let mut narrow = ends.len() == 2;
        for end in ends {
            match self.bound_cut(hidden, units, at, &end, elimination) {
                Some(cut) if end.short => {
                    cuts.push(cut);
                    narrow = false;
                }
                Some(cut) => both.extend(cut.units),
                None => narrow = false,
            }
        }
        if narrow {
            both.sort_unstable();
            both.dedup();
            cuts.push(Cut { target: units[at], multipliers: Vec::new(), units: both });
        }
        cuts.retain(|c| !c.units.is_empty());
        if cuts.is_empty() {
            cuts.push(self.surrounding_cut(hidden, units, units[at]));
        }
        cuts
    }

    /// Published units in the dual of a bound that could move it if they were hidden.
    fn bound_cut(
        &mut self,
        hidden: &[bool],
        units: &[u32],
        at: usize,
        end: &End,
        elimination: &Elimination,
    ) -> Option<Cut> {
        let unit = units[at];
        let mut target = vec![(unit, 1_u64)];
        for &(v, k) in &end.costs {
            if v as usize == at {
                return None;
            }
            let num = i64::try_from(k.num).ok()?;
            let den = i64::try_from(k.den).ok()?;
            target.push((units[v as usize], neg(mul(from_i64(num), inv(from_i64(den) % P)))));
        }
        let residues = elimination.combination(&target, &mut self.space)?;
        let multipliers = small_integers(&residues)?;
        let mut terms: Vec<(u32, i64)> = multipliers
            .iter()
            .flat_map(|&(row, m)| self.system.rows[row as usize].iter().map(move |&(u, k)| (u, k * m)))
            .collect();
        let sums: Vec<(u32, i64)> = add_up(&mut terms).collect();
        let own = sums.iter().find(|t| t.0 == unit)?.1;
        let helps = |&(u, k): &(u32, i64)| {
            // own * y = ... - k * y_u: hiding u helps if y_u can move so that y goes the wanted way.
            let rises = (k.signum() * own.signum() < 0) == end.up;
            rises || self.system.value[u as usize] > 0
        };
        let cut =
            sums.iter().filter(|(u, _)| !hidden[*u as usize]).filter(|t| helps(t)).map(|t| t.0).collect();
        Some(Cut { target: unit, multipliers: Vec::new(), units: cut })
    }

    /// Everything published next to the component: without one of these nothing in it changes.
    fn surrounding_cut(&self, hidden: &[bool], units: &[u32], target: u32) -> Cut {
        let mut around: Vec<u32> = units
            .iter()
            .flat_map(|&u| &self.system.rows_of[u as usize])
            .flat_map(|&r| &self.system.rows[r as usize])
            .map(|t| t.0)
            .filter(|&u| !hidden[u as usize])
            .collect();
        around.sort_unstable();
        around.dedup();
        Cut { target, multipliers: Vec::new(), units: around }
    }
}

/// Hidden units that are not sensitive, dearest first.
pub(crate) fn secondaries(system: &System, hidden: &[bool]) -> Vec<u32> {
    let mut order: Vec<u32> =
        (0..system.len() as u32).filter(|&u| hidden[u as usize] && !system.primary[u as usize]).collect();
    order.sort_unstable_by_key(|&u| (std::cmp::Reverse(system.cost[u as usize]), u));
    order
}

/// Components of hidden units that share rows, in order of their first unit.
pub(crate) fn components(system: &System, hidden: &[bool]) -> Vec<Vec<u32>> {
    let mut seen = vec![false; system.len()];
    let mut seen_row = vec![false; system.rows.len()];
    let mut out = Vec::new();
    for start in 0..system.len() as u32 {
        if !hidden[start as usize] || seen[start as usize] {
            continue;
        }
        let mut component = vec![start];
        seen[start as usize] = true;
        let mut next = 0;
        while next < component.len() {
            let unit = component[next];
            next += 1;
            for &row in &system.rows_of[unit as usize] {
                if std::mem::replace(&mut seen_row[row as usize], true) {
                    continue;
                }
                for &(u, _) in &system.rows[row as usize] {
                    if hidden[u as usize] && !std::mem::replace(&mut seen[u as usize], true) {
                        component.push(u);
                    }
                }
            }
        }
        component.sort_unstable();
        out.push(component);
    }
    out
}

/// A bound that was driven to its end.
struct End {
    up: bool,
    goal: i64,
    /// Whether the end is short of what the level demands of it.
    short: bool,
    costs: Vec<(u32, Fraction)>,
}

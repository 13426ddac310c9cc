//! Hidden zeros, legend bounds and the wider levels: bounds by exact linear programs, cuts from their
//! reduced costs.
//!
//! At the optimum of a bound, the reduced costs write the sensitive unit as a combination of hidden units
//! that cannot improve it and of published ones. The bound stands until a published unit that could move it
//! the right way is hidden: that set is the cut.
// Invariant for the indexing below: unit and row numbers come from the system.
#![allow(clippy::indexing_slicing)]

use super::cover::Coverer;
use super::cuts::{Cut, Pool, add_up, small_integers};
use super::elimination::{Elimination, Space};
use super::field::{P, from_i64, inv, mul, neg};
use super::fraction::Fraction;
use super::simplex::{Bounds, Reached, Simplex};
use super::witness::Move;
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
    pub(crate) work: u64,
}

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
            work: 0,
        }
    }

    /// Covers all cuts found so far.
    pub(crate) fn cover(&mut self, exact: bool) -> (Vec<bool>, bool) {
        let cuts: Vec<&[u32]> = self.pool.cuts.iter().map(|c| c.units.as_slice()).collect();
        let cover = self.coverer.solve(&cuts, &self.system.cost, exact);
        let mut hidden = self.system.primary.clone();
        for u in cover.chosen {
            hidden[u as usize] = true;
        }
        (hidden, cover.optimal)
    }

    /// Tries every component of the pattern.
    pub(crate) fn look(&mut self, hidden: &[bool]) -> Look {
        let mut look = Look::default();
        for component in components(self.system, hidden) {
            if component.iter().any(|&u| self.system.primary[u as usize]) {
                self.look_at(hidden, &component, &mut look);
            }
        }
        look
    }

    /// Whether the pattern meets all demands in the component that holds `unit`'s neighbours.
    pub(crate) fn look_at(&mut self, hidden: &[bool], units: &[u32], look: &mut Look) {
        for (i, &u) in units.iter().enumerate() {
            self.slot[u as usize] = i as u32;
        }
        let equations = self.equations(hidden, units);
        let truth: Vec<i64> = units.iter().map(|&u| self.system.value[u as usize]).collect();
        let bounds = units
            .iter()
            .zip(&truth)
            .map(|(&u, &v)| match self.system.bounds[u as usize] {
                Some((lo, hi)) => Bounds { lo: lo.min(v), hi: hi.max(v) },
                None => Bounds { lo: 0, hi: v + HEADROOM },
            })
            .collect();
        let simplex = Simplex::new(&truth, bounds, &equations);
        for &u in units {
            self.slot[u as usize] = NONE;
        }
        let Some(mut simplex) = simplex else {
            look.unmet.extend(units.iter().copied().filter(|&u| self.system.primary[u as usize]));
            return;
        };
        let elimination = Elimination::new(self.system, hidden, units.to_vec(), &mut self.space, 0);
        let mut record = Record::new(self.system, units, truth);
        for at in 0..units.len() {
            if !self.system.primary[units[at] as usize] || record.met(at) {
                continue;
            }
            let cuts = self.drive(hidden, units, at, &mut simplex, &elimination, &mut record);
            if !record.met(at) {
                look.unmet.push(units[at]);
                for cut in cuts {
                    look.new += usize::from(self.pool.add(cut));
                }
            }
        }
        self.work += simplex.work;
        look.tables.extend(record.tables);
    }

    fn equations(&self, hidden: &[bool], units: &[u32]) -> Vec<Vec<(u32, i64)>> {
        let mut rows: Vec<u32> =
            units.iter().flat_map(|&u| self.system.rows_of[u as usize].iter().copied()).collect();
        rows.sort_unstable();
        rows.dedup();
        let on_slots = |&r: &u32| {
            let terms = self.system.rows[r as usize].iter();
            terms
                .filter(|(u, _)| hidden[*u as usize])
                .map(|&(u, k)| (self.slot[u as usize], k))
                .collect::<Vec<_>>()
        };
        rows.iter().map(on_slots).collect()
    }

    /// Drives one unit to what its level demands; the cuts of the bounds that fall short.
    fn drive(
        &mut self,
        hidden: &[bool],
        units: &[u32],
        at: usize,
        simplex: &mut Simplex,
        elimination: &Elimination,
        record: &mut Record<'_>,
    ) -> Vec<Cut> {
        let unit = units[at];
        let demand = self.system.demand[unit as usize];
        let mut cuts = Vec::new();
        let mut ends: Vec<(bool, Fraction, Option<Cut>)> = Vec::new();
        for up in [true, false] {
            let width = demand.width as i64;
            let (goal, needed) = if up {
                let goal = (demand.hi as i64).max(record.lo[at] + width);
                (goal, record.hi[at] < demand.hi as i64 || !record.wide(at))
            } else {
                let goal = (demand.lo as i64).min(record.hi[at] - width);
                (goal, record.lo[at] > demand.lo as i64 || !record.wide(at))
            };
            if !needed {
                continue;
            }
            let reached = simplex.drive(at as u32, up, goal, EFFORT, &mut |s| record.visit(s));
            record.visit(simplex);
            if let Reached::Optimum(end) = reached {
                let cut = self.bound_cut(hidden, units, at, up, simplex, elimination);
                ends.push((up, end, cut));
            }
        }
        if record.met(at) {
            return cuts;
        }
        // A limit short of its own demand gives its own cut; a narrow interval the union of both ends.
        let mut both = Vec::new();
        let mut narrow = ends.len() == 2;
        for (up, end, cut) in ends {
            let short = if up { end.floor() < demand.hi as i64 } else { -end.neg().floor() > demand.lo as i64 };
            match cut {
                Some(cut) if short => {
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
            cuts.push(Cut { target: unit, multipliers: Vec::new(), units: both });
        }
        if cuts.is_empty() {
            cuts.push(self.surrounding_cut(hidden, units, unit));
        }
        cuts
    }

    /// Published units in the dual of a bound that could move it if they were hidden.
    fn bound_cut(
        &mut self,
        hidden: &[bool],
        units: &[u32],
        at: usize,
        up: bool,
        simplex: &Simplex,
        elimination: &Elimination,
    ) -> Option<Cut> {
        let unit = units[at];
        let mut target = vec![(unit, 1_u64)];
        for (v, k) in simplex.reduced_costs(at as u32) {
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
            let rises = (k.signum() * own.signum() < 0) == up;
            rises || self.system.value[u as usize] > 0
        };
        let cut = sums
            .iter()
            .filter(|(u, _)| !hidden[*u as usize])
            .filter(|t| helps(t))
            .map(|t| t.0)
            .collect();
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

/// The widest whole-number values seen, and the tables that showed them.
struct Record<'a> {
    system: &'a System,
    units: &'a [u32],
    truth: Vec<i64>,
    lo: Vec<i64>,
    hi: Vec<i64>,
    tables: Vec<Move>,
}

impl<'a> Record<'a> {
    fn new(system: &'a System, units: &'a [u32], truth: Vec<i64>) -> Self {
        Self { system, units, lo: truth.clone(), hi: truth.clone(), truth, tables: Vec::new() }
    }

    fn wide(&self, at: usize) -> bool {
        let demand = self.system.demand[self.units[at] as usize];
        self.hi[at] - self.lo[at] >= demand.width as i64
    }

    fn met(&self, at: usize) -> bool {
        let demand = self.system.demand[self.units[at] as usize];
        self.wide(at) && self.lo[at] <= demand.lo as i64 && self.hi[at] >= demand.hi as i64
    }

    /// Keeps the current point if it widens what an unmet demand has seen.
    fn visit(&mut self, simplex: &Simplex) {
        let Some(point) = simplex.point() else { return };
        let mut useful = false;
        for (at, &v) in point.iter().enumerate() {
            if !self.system.primary[self.units[at] as usize] || self.met(at) {
                continue;
            }
            if v < self.lo[at] || v > self.hi[at] {
                useful = true;
                self.lo[at] = self.lo[at].min(v);
                self.hi[at] = self.hi[at].max(v);
            }
        }
        if useful {
            let changes = self.units.iter().zip(point.iter().zip(&self.truth));
            self.tables.push(
                changes.filter(|(_, (new, old))| new != old).map(|(&u, (new, old))| (u, new - old)).collect(),
            );
        }
    }
}

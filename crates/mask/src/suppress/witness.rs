//! Witnesses of safety: whole-number tables that agree with everything published and differ in the cells
//! to be protected.
//!
//! Null vectors of the hidden system come first, from eliminations in several orders; then exchanges; targets that
//! neither serves are sought by a linear program in a neighbourhood, everything outside held fixed. Moves are packed
//! many to a table.
// Invariant for the indexing below: unit and row numbers come from the system.
#![allow(clippy::indexing_slicing)]

use super::cuts::small_integers;
use super::elimination::{Elimination, Space};
use super::exchange::{BEAMS, Exchange};
use super::field::{mul, sub};
use super::fraction::Fraction;
use super::integer;
use super::simplex::{Bounds, Reached, Simplex};
use crate::system::{NONE, System};
use hashbrown::HashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Tables that stay open for further moves.
const OPEN: usize = 8;
/// Eliminations in different orders.
const ORDERS: u64 = 40;
/// Elementary steps of these after which they must bring much to go on.
const ORDERS_WORK: u64 = 4_000_000;
/// Null vectors tried in one order for all open targets together, and for one of them at most.
const TRIES: (usize, usize) = (20_000, 64);
/// Neighbourhood sizes in units, and the greatest change allowed in each.
const STAGES: [(usize, i64); 4] = [(60, 1), (300, 1 << 20), (1_500, 1), (1_500, 1 << 20)];
/// Elementary steps of all linear programs of one search, and whole-number searches in it.
const EFFORT: u64 = 20_000_000;
const INTEGER_SEARCHES: u32 = 40;
/// Units taken from one long row when a neighbourhood grows.
const FAN: usize = 12;

/// Changes of hidden units against the true table.
pub(crate) type Move = Vec<(u32, i64)>;

pub(crate) struct Witnesses {
    pub(crate) tables: Vec<Move>,
    /// Targets for which no move was found.
    pub(crate) missing: Vec<u32>,
    pub(crate) work: u64,
}

/// Finds moves that change every target (level `exact`).
pub(crate) fn find(system: &System, hidden: &[bool], targets: &[u32]) -> Witnesses {
    let mut search = Search::new(system, hidden);
    let mut packing = Packing { system, tables: Vec::new(), covered: vec![false; system.len()] };
    let mut open: Vec<u32> = targets.to_vec();
    let units: Vec<u32> = (0..system.len() as u32).filter(|&u| hidden[u as usize]).collect();
    let mut space = Space::new(system.len());
    for salt in 0..ORDERS {
        if open.is_empty() {
            break;
        }
        let elimination = Elimination::new(system, hidden, units.clone(), &mut space, salt);
        search.work += elimination.work;
        let tries = (TRIES.0 / open.len()).clamp(3, TRIES.1);
        let mut null = NullSpace::new(system, &elimination);
        let before = open.len();
        open.retain(|&target| {
            if !packing.covered[target as usize]
                && let Some(vector) = null.move_through(target, tries)
            {
                packing.add(&vector);
            }
            !packing.covered[target as usize]
        });
        // The rest is for exchanges once orders bring little.
        if search.work > ORDERS_WORK && 4 * (before - open.len()) < before {
            break;
        }
    }
    let mut exchange = Exchange::among_hidden(system);
    open.retain(|&target| {
        if !packing.covered[target as usize]
            && let Some(vector) = exchange.cheapest(hidden, target, BEAMS[0])
        {
            packing.add(&vector);
        }
        !packing.covered[target as usize]
    });
    search.work += exchange.work;
    let stop = search.work.saturating_add(EFFORT);
    for (size, change) in STAGES {
        let mut missing = Vec::new();
        for target in open {
            if packing.covered[target as usize] {
                continue;
            }
            let found = if search.work < stop { search.move_through(target, size, change) } else { None };
            match found {
                Some(vector) => packing.add(&vector),
                None => missing.push(target),
            }
        }
        open = missing;
    }
    open.retain(|&t| !packing.covered[t as usize]);
    let work = search.work;
    let tables = packing.tables.into_iter().map(|t| t.into_iter().collect()).collect();
    Witnesses { tables, missing: open, work }
}

struct Packing<'a> {
    system: &'a System,
    tables: Vec<std::collections::BTreeMap<u32, i64>>,
    covered: Vec<bool>,
}

impl Packing<'_> {
    /// Adds the move to an open table if nothing there is undone, else to a new one.
    fn add(&mut self, vector: &[(u32, i64)]) {
        for &(u, _) in vector {
            self.covered[u as usize] = true;
        }
        let start = self.tables.len().saturating_sub(OPEN);
        for table in &mut self.tables[start..] {
            for sign in [1, -1] {
                let fits = vector.iter().all(|(u, k)| {
                    let old = table.get(u).copied().unwrap_or(0);
                    let new = old + sign * k;
                    new != 0 && feasible(self.system, *u, new)
                });
                if fits {
                    for &(u, k) in vector {
                        *table.entry(u).or_insert(0) += sign * k;
                    }
                    return;
                }
            }
        }
        self.tables.push(vector.iter().copied().collect());
    }
}

/// Whether a unit may change by this much in the attacker's eyes.
pub(crate) fn feasible(system: &System, unit: u32, change: i64) -> bool {
    let new = system.value[unit as usize] + change;
    let (lo, hi) = system.bounds[unit as usize].unwrap_or((0, i64::MAX));
    new >= lo && new <= hi
}

pub(crate) struct Search<'a> {
    system: &'a System,
    /// Hidden units of each row.
    rows: Vec<Vec<(u32, i64)>>,
    slot: Vec<u32>,
    work: u64,
    integer_searches: u32,
}

impl<'a> Search<'a> {
    pub(crate) fn new(system: &'a System, hidden: &[bool]) -> Self {
        let rows = system
            .rows
            .iter()
            .map(|terms| terms.iter().copied().filter(|(u, _)| hidden[*u as usize]).collect())
            .collect();
        Self { system, rows, slot: vec![NONE; system.len()], work: 0, integer_searches: INTEGER_SEARCHES }
    }

    /// A feasible whole-number move that changes the target, within a neighbourhood of `size` units.
    fn move_through(&mut self, target: u32, size: usize, change: i64) -> Option<Move> {
        let units = self.neighbourhood(target, size);
        for (i, &u) in units.iter().enumerate() {
            self.slot[u as usize] = i as u32;
        }
        let mut rows: Vec<u32> =
            units.iter().flat_map(|&u| self.system.rows_of[u as usize].iter().copied()).collect();
        rows.sort_unstable();
        rows.dedup();
        let equations: Vec<Vec<(u32, i64)>> = rows
            .iter()
            .map(|&r| {
                self.rows[r as usize]
                    .iter()
                    .filter(|(u, _)| self.slot[*u as usize] != NONE)
                    .map(|&(u, k)| (self.slot[u as usize], k))
                    .collect()
            })
            .collect();
        for &u in &units {
            self.slot[u as usize] = NONE;
        }
        let truth: Vec<i64> = units.iter().map(|&u| self.system.value[u as usize]).collect();
        let bounds: Vec<Bounds> = units
            .iter()
            .zip(&truth)
            .map(|(&u, &v)| {
                let (lo, hi) = self.system.bounds[u as usize].unwrap_or((0, i64::MAX));
                Bounds { lo: lo.max(v - change), hi: hi.min(v + change) }
            })
            .collect();
        let mut simplex = Simplex::new(&truth, bounds.clone(), &equations)?;
        let value = truth[0];
        let mut fractional = None;
        let found = [true, false].into_iter().any(|up| {
            let goal = if up { value + 1 } else { value - 1 };
            match simplex.drive(0, up, goal, 400_000, &mut |_| {}) {
                Reached::Goal => true,
                Reached::Optimum(end) => {
                    if end != Fraction::whole(value) {
                        fractional.get_or_insert((up, goal));
                    }
                    false
                }
                Reached::Unknown => false,
            }
        });
        self.work += simplex.work;
        let point = match fractional {
            _ if found => simplex.point()?,
            Some((up, goal)) if change > 1 && self.integer_searches > 0 => {
                self.integer_searches -= 1;
                integer::point(&truth, &bounds, &equations, 0, up, goal)?
            }
            _ => return None,
        };
        let moved: Move = units
            .iter()
            .zip(point.iter().zip(&truth))
            .filter(|(_, (new, old))| new != old)
            .map(|(&u, (new, old))| (u, new - old))
            .collect();
        moved.iter().any(|&(u, _)| u == target).then_some(moved)
    }

    /// The units nearest to the target, where a step along a row is as long as the row; target first.
    pub(crate) fn neighbourhood(&self, target: u32, size: usize) -> Vec<u32> {
        let mut distance: HashMap<u32, usize> = HashMap::from_iter([(target, 0)]);
        let mut heap = BinaryHeap::from([Reverse((0_usize, target))]);
        let mut units = Vec::with_capacity(size);
        let mut done: HashMap<u32, ()> = HashMap::new();
        while let Some(Reverse((d, unit))) = heap.pop() {
            if distance.get(&unit) != Some(&d) || units.len() >= size {
                continue;
            }
            units.push(unit);
            for &row in &self.system.rows_of[unit as usize] {
                let terms = &self.rows[row as usize];
                if done.insert(row, ()).is_some() {
                    continue;
                }
                let next = d + terms.len();
                let from = if terms.len() > 4 * FAN { terms.partition_point(|t| t.0 < unit) } else { 0 };
                for &(other, _) in terms.iter().cycle().skip(from).take(terms.len().min(4 * FAN)) {
                    let known = distance.entry(other).or_insert(usize::MAX);
                    if next < *known {
                        *known = next;
                        heap.push(Reverse((next, other)));
                    }
                }
            }
        }
        units
    }
}

/// Null vectors of one elimination.
struct NullSpace<'a> {
    system: &'a System,
    elimination: &'a Elimination,
    /// Pivots whose row holds a unit, by position.
    users: Vec<Vec<(u32, u64)>>,
    slot: Vec<u32>,
    sum: Vec<u64>,
}

impl<'a> NullSpace<'a> {
    fn new(system: &'a System, elimination: &'a Elimination) -> Self {
        let mut slot = vec![NONE; system.len()];
        for (i, &u) in elimination.hidden.iter().enumerate() {
            slot[u as usize] = i as u32;
        }
        let mut users = vec![Vec::new(); elimination.hidden.len()];
        for (p, pivot) in elimination.pivots.iter().enumerate() {
            for &(u, k) in &pivot.terms {
                users[slot[u as usize] as usize].push((p as u32, k));
            }
        }
        Self { system, elimination, users, slot, sum: vec![0; system.len()] }
    }

    /// A feasible whole-number move that changes the target.
    fn move_through(&mut self, target: u32, tries: usize) -> Option<Move> {
        let mut tried = 0;
        let mut path = vec![target];
        let mut seen = vec![target];
        while let Some(unit) = path.pop() {
            let pivot = self.elimination.pivot_of[unit as usize];
            if pivot == NONE {
                let vector = self.null_vector(unit);
                if vector.iter().any(|&(u, _)| u == target)
                    && let Some(found) = self.feasible(&vector)
                {
                    return Some(found);
                }
                tried += 1;
                if tried >= tries {
                    return None;
                }
                continue;
            }
            for &(u, _) in self.elimination.pivots[pivot as usize].terms.iter().rev() {
                if seen.len() < 8 * tries && !seen.contains(&u) {
                    seen.push(u);
                    path.push(u);
                }
            }
        }
        None
    }

    fn feasible(&self, residues: &[(u32, u64)]) -> Option<Move> {
        let vector = small_integers(residues)?;
        [1, -1].into_iter().find_map(|sign| {
            let ok = vector.iter().all(|&(u, k)| feasible(self.system, u, sign * k));
            ok.then(|| vector.iter().map(|&(u, k)| (u, sign * k)).collect())
        })
    }

    /// The null vector with 1 at one free unit and 0 at the others.
    fn null_vector(&mut self, free: u32) -> Vec<(u32, u64)> {
        let mut out = vec![(free, 1)];
        let mut heap: BinaryHeap<u32> = BinaryHeap::new();
        let mut touched = Vec::new();
        let mut last = (free, 1);
        loop {
            let (unit, value) = last;
            for &(p, k) in &self.users[self.slot[unit as usize] as usize] {
                let changed = self.elimination.pivots[p as usize].unit;
                let slot = &mut self.sum[changed as usize];
                if *slot == 0 {
                    heap.push(p);
                    touched.push(changed);
                }
                *slot = sub(*slot, mul(k, value));
            }
            last = loop {
                let Some(p) = heap.pop() else {
                    for u in touched {
                        self.sum[u as usize] = 0;
                    }
                    out.sort_unstable();
                    return out;
                };
                let unit = self.elimination.pivots[p as usize].unit;
                let value = std::mem::take(&mut self.sum[unit as usize]);
                if value != 0 {
                    break (unit, value);
                }
            };
            out.push(last);
        }
    }
}

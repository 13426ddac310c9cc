//! Exchanges: moves of the true table by small steps, built up unit by unit.
//!
//! One unit is changed by one; every row that no longer holds is repaired by another of its units, at least cost,
//! until all hold again. In a cross table this finds boxes, across long rows too (a state total over hundreds of
//! districts), where a window of neighbours would have to be very large. A beam of partial moves is kept.
// Invariant for the indexing below: unit and row numbers come from the system.
#![allow(clippy::indexing_slicing)]

use super::field::Sequence;
use super::witness::{Move, feasible};
use crate::system::System;
use hashbrown::HashSet;
use std::collections::BTreeMap;

/// Partial moves kept: few at first, more for what was not found.
pub(crate) const BEAMS: [usize; 3] = [60, 600, 3_000];
/// Steps of a longer move.
const MOST_STEPS: i64 = 16;
/// Units in a step.
const LONGEST: usize = 40;
/// What a row that does not hold yet is taken to cost, tried in this order: small values search broadly, large
/// ones straight ahead.
const HASTE: [u64; 3] = [8, 64, 512];
/// What a hidden unit costs, against the price of a published one.
const HIDDEN: u64 = 1;
const PUBLISHED: u64 = 16;
/// Elementary steps of all searches together.
const EFFORT: u64 = 1_500_000_000;

pub(crate) struct Exchange<'a> {
    system: &'a System,
    /// What the steps of a longer move have changed so far.
    base: BTreeMap<u32, i64>,
    /// Whether published units may be taken, at their cost.
    open: bool,
    pub(crate) work: u64,
}

/// A partial move.
#[derive(Clone, Default)]
struct Partial {
    changes: Move,
    /// Rows that do not hold, with what they are off by.
    open: Vec<(u32, i64)>,
    cost: u64,
    /// The same for moves of the same changes in whatever order.
    mark: u64,
}

/// A step from a partial move, before it is taken.
struct Step {
    key: u64,
    from: usize,
    unit: u32,
    change: i64,
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(system: &'a System) -> Self {
        Self { system, base: BTreeMap::new(), open: true, work: 0 }
    }

    /// Exchanges that leave everything published as it is.
    pub(crate) fn among_hidden(system: &'a System) -> Self {
        Self { open: false, ..Self::new(system) }
    }

    /// The cheapest move found that changes the target by one, over hidden units for almost nothing and over
    /// published ones at their cost.
    pub(crate) fn cheapest(&mut self, hidden: &[bool], target: u32, beam: usize) -> Option<Move> {
        self.either(hidden, target, &[1, -1], beam)
    }

    /// A move that changes the target by so much, one step after the other; what one step hides is free for the
    /// next.
    pub(crate) fn stepwise(&mut self, hidden: &[bool], target: u32, by: i64) -> Option<Move> {
        if by.abs() > MOST_STEPS {
            return None;
        }
        self.base.clear();
        for _ in 0..by.abs() {
            let step = BEAMS.iter().take(2).find_map(|&b| self.either(hidden, target, &[by.signum()], b));
            let Some(step) = step else {
                self.base.clear();
                return None;
            };
            for (unit, change) in step {
                *self.base.entry(unit).or_insert(0) += change;
            }
        }
        let whole = std::mem::take(&mut self.base);
        Some(whole.into_iter().filter(|c| c.1 != 0).collect())
    }

    fn either(&mut self, hidden: &[bool], target: u32, changes: &[i64], beam: usize) -> Option<Move> {
        let mut best: Option<Partial> = None;
        for haste in HASTE {
            for &change in changes {
                if best.is_some() && !self.open {
                    break; // Nothing more is hidden by it, so that any will do.
                }
                let limit = best.as_ref().map_or(u64::MAX, |b| b.cost);
                if self.feasible(target, change)
                    && let Some(found) = self.search(hidden, target, (change, haste, limit), beam)
                {
                    best = Some(found);
                }
            }
        }
        best.map(|found| {
            let mut changes = found.changes;
            changes.sort_unstable();
            changes
        })
    }

    /// Whether a unit may change by so much after the steps taken so far.
    fn feasible(&self, unit: u32, change: i64) -> bool {
        feasible(self.system, unit, self.base.get(&unit).copied().unwrap_or(0) + change)
    }

    fn search(
        &mut self,
        hidden: &[bool],
        target: u32,
        (change, haste, limit): (i64, u64, u64),
        width: usize,
    ) -> Option<Partial> {
        let start = self.after(hidden, &Partial::default(), target, change);
        if start.open.is_empty() {
            return Some(start);
        }
        let mut beam = vec![start];
        let mut best: Option<Partial> = None;
        for _ in 0..LONGEST {
            let limit = best.as_ref().map_or(limit, |b| b.cost);
            let mut steps = Vec::new();
            for (from, partial) in beam.iter().enumerate() {
                self.steps(hidden, partial, from, haste, &mut steps);
            }
            steps.sort_unstable_by_key(|s| (s.key, s.from, s.unit));
            let mut next: Vec<Partial> = Vec::with_capacity(width);
            let mut seen = HashSet::new();
            for step in steps {
                if next.len() >= width {
                    break;
                }
                let partial = self.after(hidden, &beam[step.from], step.unit, step.change);
                if partial.cost >= limit || !seen.insert(partial.mark) {
                    continue;
                }
                if !partial.open.is_empty() {
                    next.push(partial);
                } else if best.as_ref().is_none_or(|b| partial.cost < b.cost) {
                    best = Some(partial);
                }
            }
            if next.is_empty() || self.work > EFFORT {
                break;
            }
            beam = next;
        }
        best
    }

    /// All ways to repair one open row, the shortest.
    fn steps(&mut self, hidden: &[bool], partial: &Partial, from: usize, haste: u64, steps: &mut Vec<Step>) {
        let length = |row: u32| self.system.rows[row as usize].len();
        let Some(&(row, off)) = partial.open.iter().min_by_key(|o| (length(o.0), o.0)) else { return };
        for &(unit, k) in &self.system.rows[row as usize] {
            let closed = !hidden[unit as usize] && (!self.open || self.system.frozen[unit as usize]);
            if off % k != 0 || closed || partial.changes.iter().any(|c| c.0 == unit) {
                continue;
            }
            let change = -off / k;
            if !self.feasible(unit, change) {
                continue;
            }
            let mut open = partial.open.len();
            for &other in &self.system.rows_of[unit as usize] {
                let old = partial.open.iter().find(|o| o.0 == other).map_or(0, |o| o.1);
                let new = old + self.coefficient(other, unit) * change;
                open = open + usize::from(new != 0) - usize::from(old != 0);
            }
            self.work += 4;
            let key = partial.cost + self.price(hidden, unit) + haste * open as u64;
            steps.push(Step { key, from, unit, change });
        }
    }

    fn after(&self, hidden: &[bool], partial: &Partial, unit: u32, change: i64) -> Partial {
        let mut next = partial.clone();
        next.changes.push((unit, change));
        next.cost += self.price(hidden, unit);
        next.mark ^=
            Sequence((u64::from(unit) << 8) ^ (change.unsigned_abs() << 1) ^ u64::from(change > 0)).next();
        for &row in &self.system.rows_of[unit as usize] {
            let by = self.coefficient(row, unit) * change;
            match next.open.iter().position(|o| o.0 == row) {
                Some(at) => next.open[at].1 += by,
                None => next.open.push((row, by)),
            }
        }
        next.open.retain(|o| o.1 != 0);
        next
    }

    fn coefficient(&self, row: u32, unit: u32) -> i64 {
        let terms = &self.system.rows[row as usize];
        terms.binary_search_by_key(&unit, |t| t.0).map_or(0, |at| terms[at].1)
    }

    fn price(&self, hidden: &[bool], unit: u32) -> u64 {
        match hidden[unit as usize] || self.base.contains_key(&unit) {
            true => HIDDEN,
            false => HIDDEN + PUBLISHED.saturating_mul(self.system.price[unit as usize]),
        }
    }
}

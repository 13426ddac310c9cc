//! Sparse exact elimination of the relations written on the hidden units.
//!
//! Short rows are eliminated right-looking with the shortest row first (little fill); long rows (a state
//! total over hundreds of districts) are reduced left-looking afterwards, so that each is touched once.
//! Arithmetic is modulo a large prime: what is used as a proof is checked over the integers by the caller.
// Invariant for the indexing below: unit, row and pivot numbers come from the system and this struct.
#![allow(clippy::indexing_slicing)]

use super::field::{P, Sequence, add, from_i64, inv, mul, neg, sub};
use crate::system::{NONE, System};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Rows longer than this are left to the second phase.
const LONG: usize = 48;

pub(crate) struct Elimination {
    pub(crate) pivots: Vec<Pivot>,
    /// Pivot that eliminates a unit, or `NONE`.
    pub(crate) pivot_of: Vec<u32>,
    /// Hidden units without a pivot, in order.
    pub(crate) free: Vec<u32>,
    /// For each row that became a pivot: the earlier pivots subtracted from it.
    operations: Vec<Vec<(u32, u64)>>,
    /// Units touched by this elimination.
    pub(crate) hidden: Vec<u32>,
    /// Multiplications done, as a measure of work.
    pub(crate) work: u64,
}

pub(crate) struct Pivot {
    row: u32,
    pub(crate) unit: u32,
    /// The other terms; the pivot's own coefficient is 1.
    pub(crate) terms: Vec<(u32, u64)>,
    scale: u64,
}

/// Space that is reused from one elimination to the next.
pub(crate) struct Space {
    sum: Vec<u64>,
    seen: Vec<bool>,
    count: Vec<u32>,
}

impl Space {
    pub(crate) fn new(units: usize) -> Self {
        Self { sum: vec![0; units], seen: vec![false; units], count: vec![0; units] }
    }
}

impl Elimination {
    /// Eliminates the rows restricted to the hidden units. `units` lists them in order.
    /// `salt` varies the order among equally good pivots (0: natural order), which gives other null vectors.
    pub(crate) fn new(
        system: &System,
        hidden: &[bool],
        units: Vec<u32>,
        space: &mut Space,
        salt: u64,
    ) -> Self {
        let mut build = Build::new(system, hidden, &units, space, salt);
        build.single_columns();
        build.short_rows();
        build.long_rows();
        let Build { pivots, pivot_of, operations, work, .. } = build;
        let free = units.iter().copied().filter(|&u| pivot_of[u as usize] == NONE).collect();
        Self { pivots, pivot_of, free, operations, hidden: units, work }
    }

    /// A null vector of the hidden system with pseudo-random entries at the free units.
    pub(crate) fn random_null(&self, sequence: &mut Sequence, out: &mut [u64]) {
        for &unit in &self.free {
            out[unit as usize] = sequence.element();
        }
        self.back_substitute(out);
    }

    /// Completes a null vector whose free entries are given.
    pub(crate) fn back_substitute(&self, vector: &mut [u64]) {
        for pivot in self.pivots.iter().rev() {
            let mut sum = 0;
            for &(unit, k) in &pivot.terms {
                sum = add(sum, mul(k, vector[unit as usize]));
            }
            vector[pivot.unit as usize] = neg(sum);
        }
    }

    /// The multipliers of rows whose combination leaves, of all hidden units, only `unit` with
    /// coefficient 1; none if there is no such combination.
    pub(crate) fn derivation(&self, unit: u32, space: &mut Space) -> Option<Vec<(u32, u64)>> {
        self.combination(&[(unit, 1)], space)
    }

    /// The multipliers of rows whose combination on the hidden units is the given vector.
    pub(crate) fn combination(&self, target: &[(u32, u64)], space: &mut Space) -> Option<Vec<(u32, u64)>> {
        let mut heap = BinaryHeap::new();
        let mut touched = Vec::new();
        for &(unit, k) in target {
            touch(unit, k, &self.pivot_of, space, &mut touched, &mut heap);
        }
        let mut used: Vec<(u32, u64)> = Vec::new();
        while let Some(Reverse(p)) = heap.pop() {
            let pivot = &self.pivots[p as usize];
            let factor = space.sum[pivot.unit as usize];
            if factor == 0 {
                continue;
            }
            space.sum[pivot.unit as usize] = 0;
            used.push((p, factor));
            let minus = neg(factor);
            for &(unit, k) in &pivot.terms {
                touch(unit, mul(minus, k), &self.pivot_of, space, &mut touched, &mut heap);
            }
        }
        let clean = touched.iter().all(|&u| space.sum[u as usize] == 0);
        for &u in &touched {
            space.sum[u as usize] = 0;
            space.seen[u as usize] = false;
        }
        if !clean {
            return None;
        }
        // From multipliers of eliminated rows to multipliers of original rows, latest pivot first.
        let mut weight: std::collections::BTreeMap<u32, u64> = used.into_iter().collect();
        let mut rows = Vec::new();
        while let Some((p, w)) = weight.pop_last() {
            if w == 0 {
                continue;
            }
            let pivot = &self.pivots[p as usize];
            let w = mul(w, pivot.scale);
            rows.push((pivot.row, w));
            for &(earlier, factor) in &self.operations[p as usize] {
                let slot = weight.entry(earlier).or_insert(0);
                *slot = sub(*slot, mul(w, factor));
            }
        }
        rows.sort_unstable();
        Some(rows)
    }
}

/// Adds to the dense vector, remembering what was touched and queueing pivots.
fn touch(
    unit: u32,
    k: u64,
    pivot_of: &[u32],
    space: &mut Space,
    touched: &mut Vec<u32>,
    heap: &mut BinaryHeap<Reverse<u32>>,
) {
    let at = unit as usize;
    if !space.seen[at] {
        space.seen[at] = true;
        touched.push(unit);
        if pivot_of[at] != NONE {
            heap.push(Reverse(pivot_of[at]));
        }
    }
    space.sum[at] = add(space.sum[at], k);
}

/// Order among equals.
fn tie(salt: u64, item: u32) -> u64 {
    if salt == 0 { 0 } else { Sequence(salt ^ (u64::from(item) << 20)).next() }
}

struct Build<'a> {
    space: &'a mut Space,
    rows: Vec<Row>,
    /// Rows in which a unit (by position in `units`) may still stand.
    columns: Vec<Vec<u32>>,
    slot: Vec<u32>,
    pivots: Vec<Pivot>,
    pivot_of: Vec<u32>,
    operations: Vec<Vec<(u32, u64)>>,
    units: &'a [u32],
    work: u64,
    salt: u64,
}

struct Row {
    row: u32,
    original: Vec<(u32, u64)>,
    terms: Vec<(u32, u64)>,
    operations: Vec<(u32, u64)>,
    state: State,
}

#[derive(PartialEq, Clone, Copy)]
enum State {
    Active,
    Long,
    Done,
}

impl<'a> Build<'a> {
    fn new(system: &System, hidden: &[bool], units: &'a [u32], space: &'a mut Space, salt: u64) -> Self {
        let mut slot = vec![NONE; system.len()];
        for (i, &unit) in units.iter().enumerate() {
            slot[unit as usize] = i as u32;
        }
        let mut wanted: Vec<u32> =
            units.iter().flat_map(|&u| system.rows_of[u as usize].iter().copied()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut rows = Vec::with_capacity(wanted.len());
        let mut columns = vec![Vec::new(); units.len()];
        for row in wanted {
            let terms: Vec<(u32, u64)> = system.rows[row as usize]
                .iter()
                .filter(|(u, _)| hidden[*u as usize] && slot[*u as usize] != NONE)
                .map(|&(u, k)| (u, from_i64(k)))
                .collect();
            let state = if terms.len() > LONG { State::Long } else { State::Active };
            let index = rows.len() as u32;
            for &(u, _) in &terms {
                columns[slot[u as usize] as usize].push(index);
                space.count[u as usize] += 1;
            }
            rows.push(Row { row, original: terms.clone(), terms, operations: Vec::new(), state });
        }
        Self {
            space,
            rows,
            columns,
            slot,
            pivots: Vec::new(),
            pivot_of: vec![NONE; system.len()],
            operations: Vec::new(),
            units,
            work: 0,
            salt,
        }
    }

    /// A unit that stands in one row only: that row can be set aside without touching another.
    fn single_columns(&mut self) {
        let mut queue: Vec<u32> =
            self.units.iter().rev().copied().filter(|&u| self.space.count[u as usize] == 1).collect();
        while let Some(unit) = queue.pop() {
            if self.pivot_of[unit as usize] != NONE || self.space.count[unit as usize] != 1 {
                continue;
            }
            let list = &self.columns[self.slot[unit as usize] as usize];
            let Some(&row) = list.iter().find(|&&r| self.rows[r as usize].state != State::Done) else {
                continue;
            };
            let terms = std::mem::take(&mut self.rows[row as usize].terms);
            for &(u, _) in &terms {
                let count = &mut self.space.count[u as usize];
                *count -= 1;
                if *count == 1 && u != unit {
                    queue.push(u);
                }
            }
            self.set_pivot(row, unit, terms);
        }
    }

    fn set_pivot(&mut self, row: u32, unit: u32, mut terms: Vec<(u32, u64)>) {
        let at = terms.iter().position(|&(u, _)| u == unit).unwrap_or(0);
        let (_, k) = terms.remove(at);
        let scale = inv(k);
        if scale != 1 {
            for (_, k) in &mut terms {
                *k = mul(*k, scale);
            }
        }
        let source = &mut self.rows[row as usize];
        source.state = State::Done;
        self.pivot_of[unit as usize] = self.pivots.len() as u32;
        self.operations.push(std::mem::take(&mut source.operations));
        self.pivots.push(Pivot { row: source.row, unit, terms, scale });
    }

    fn short_rows(&mut self) {
        let mut heap: BinaryHeap<Reverse<(usize, u64, u32)>> = BinaryHeap::new();
        for (i, row) in self.rows.iter().enumerate() {
            if row.state == State::Active {
                heap.push(Reverse((row.terms.len(), tie(self.salt, i as u32), i as u32)));
            }
        }
        let mut merged = Vec::new();
        while let Some(Reverse((length, _, row))) = heap.pop() {
            let current = &self.rows[row as usize];
            if current.state != State::Active || current.terms.len() != length {
                continue;
            }
            if length == 0 {
                self.rows[row as usize].state = State::Done;
                continue;
            }
            let terms = std::mem::take(&mut self.rows[row as usize].terms);
            for &(u, _) in &terms {
                self.space.count[u as usize] -= 1;
            }
            let key = |&(u, _): &(u32, u64)| (self.space.count[u as usize], tie(self.salt, u), u);
            let unit = terms.iter().map(key).min().map_or(0, |(_, _, u)| u);
            let index = self.pivots.len() as u32;
            self.set_pivot(row, unit, terms);
            let targets = std::mem::take(&mut self.columns[self.slot[unit as usize] as usize]);
            for target in targets {
                if self.rows[target as usize].state != State::Active {
                    continue;
                }
                let Ok(at) = self.rows[target as usize].terms.binary_search_by_key(&unit, |t| t.0) else {
                    continue;
                };
                let factor = self.rows[target as usize].terms[at].1;
                merged.clear();
                self.subtract(target, index, factor, &mut merged);
                let changed = &mut self.rows[target as usize];
                std::mem::swap(&mut changed.terms, &mut merged);
                changed.operations.push((index, factor));
                if changed.terms.len() > LONG {
                    changed.state = State::Long;
                    changed.operations.clear();
                    // Its units count as they stood in the original row from here on.
                    for &(u, _) in &changed.terms {
                        self.space.count[u as usize] -= 1;
                    }
                    changed.terms = Vec::new();
                    for &(u, _) in &changed.original {
                        self.space.count[u as usize] += 1;
                    }
                } else {
                    heap.push(Reverse((changed.terms.len(), tie(self.salt, target), target)));
                }
            }
        }
    }

    /// `out = target - factor * pivot`, keeping the column lists and counts.
    fn subtract(&mut self, target: u32, pivot: u32, factor: u64, out: &mut Vec<(u32, u64)>) {
        let pivot = &self.pivots[pivot as usize];
        let minus = neg(factor);
        let left = &self.rows[target as usize].terms;
        self.work += (left.len() + pivot.terms.len()) as u64;
        let (mut i, mut j) = (0, 0);
        while i < left.len() || j < pivot.terms.len() {
            let a = left.get(i).map_or(NONE, |t| t.0);
            let b = pivot.terms.get(j).map_or(NONE, |t| t.0);
            if a < b {
                if a == pivot.unit {
                    self.space.count[a as usize] -= 1;
                } else {
                    out.push(left[i]);
                }
                i += 1;
            } else if b < a {
                out.push((b, mul(minus, pivot.terms[j].1)));
                self.columns[self.slot[b as usize] as usize].push(target);
                self.space.count[b as usize] += 1;
                j += 1;
            } else {
                let sum = add(left[i].1, mul(minus, pivot.terms[j].1));
                if sum == 0 {
                    self.space.count[a as usize] -= 1;
                } else {
                    out.push((a, sum));
                }
                i += 1;
                j += 1;
            }
        }
    }

    /// Reduces each long row from its original form against all pivots, in their order.
    fn long_rows(&mut self) {
        let mut order: Vec<u32> =
            (0..self.rows.len() as u32).filter(|&r| self.rows[r as usize].state == State::Long).collect();
        order.sort_unstable_by_key(|&r| (self.rows[r as usize].original.len(), r));
        let mut touched = Vec::new();
        let mut heap = BinaryHeap::new();
        for row in order {
            touched.clear();
            let original = std::mem::take(&mut self.rows[row as usize].original);
            for &(u, k) in &original {
                self.space.count[u as usize] -= 1;
                touch(u, k, &self.pivot_of, self.space, &mut touched, &mut heap);
            }
            let mut operations = Vec::new();
            while let Some(Reverse(p)) = heap.pop() {
                let pivot = &self.pivots[p as usize];
                let factor = self.space.sum[pivot.unit as usize];
                if factor == 0 {
                    continue;
                }
                self.space.sum[pivot.unit as usize] = 0;
                operations.push((p, factor));
                self.work += pivot.terms.len() as u64;
                let minus = neg(factor);
                for &(u, k) in &pivot.terms {
                    touch(u, mul(minus, k), &self.pivot_of, self.space, &mut touched, &mut heap);
                }
            }
            let mut terms: Vec<(u32, u64)> = Vec::new();
            for &u in &touched {
                let sum = self.space.sum[u as usize];
                if sum != 0 {
                    terms.push((u, sum % P));
                }
                self.space.sum[u as usize] = 0;
                self.space.seen[u as usize] = false;
            }
            terms.sort_unstable();
            let Some((_, unit)) = terms.iter().map(|&(u, _)| (self.space.count[u as usize], u)).min() else {
                self.rows[row as usize].state = State::Done;
                continue;
            };
            self.rows[row as usize].operations = operations;
            self.set_pivot(row, unit, terms);
        }
        for &unit in self.units {
            self.space.count[unit as usize] = 0;
        }
    }
}

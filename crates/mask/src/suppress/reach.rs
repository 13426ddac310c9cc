//! The cheapest way to let a sensitive unit move: a whole-number move of the true table that changes it as far as
//! is wanted, over hidden units for almost nothing and over published ones at their cost. Hiding the units of the
//! move protects the target, and the move is the witness.
//!
//! The integer program works in floating point and only proposes: the move is checked exactly.
// Invariant for the indexing below: unit and row numbers come from the system, variables from the window.
#![allow(clippy::indexing_slicing)]

use super::witness::{Move, Search};
use crate::system::{NONE, System};
use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOptions, SolveOutcome};

/// Nodes of the branch and bound.
const NODES: u64 = 40;
/// Window sizes, tried in this order.
pub(crate) const WINDOWS: [usize; 3] = [150, 500, 2_000];
/// Size of all programs together: units times rows.
const EFFORT: u64 = 80_000_000;

pub(crate) struct Reach<'a> {
    system: &'a System,
    search: Search<'a>,
    slot: Vec<u32>,
    pub(crate) work: u64,
}

impl<'a> Reach<'a> {
    pub(crate) fn new(system: &'a System) -> Self {
        let search = Search::new(system, &vec![true; system.len()]);
        Self { system, search, slot: vec![NONE; system.len()], work: 0 }
    }

    /// A move that changes the target by at least `by` (or at most, if negative).
    pub(crate) fn cheapest(&mut self, hidden: &[bool], target: u32, by: i64) -> Option<Move> {
        WINDOWS.into_iter().find_map(|size| self.within(hidden, target, by, size))
    }

    /// The same within one window.
    pub(crate) fn within(&mut self, hidden: &[bool], target: u32, by: i64, size: usize) -> Option<Move> {
        if self.work > EFFORT {
            return None;
        }
        let units = self.search.neighbourhood(target, size);
        for (i, &u) in units.iter().enumerate() {
            self.slot[u as usize] = i as u32;
        }
        let found = self.solve(hidden, &units, target, by);
        for &u in &units {
            self.slot[u as usize] = NONE;
        }
        found
    }

    fn solve(&mut self, hidden: &[bool], units: &[u32], target: u32, by: i64) -> Option<Move> {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let mut columns = Vec::with_capacity(units.len());
        for &u in units {
            let (least, most) = self.room(u, by.abs())?;
            let (mut up, mut down) = (most, -least);
            if u == target {
                // The window allows the wanted change or nothing does.
                (up, down) = if by > 0 { (up.max(by), 0) } else { (0, down.max(-by)) };
            }
            let price = match (hidden[u as usize], self.system.frozen[u as usize]) {
                (true, _) => 1.0,
                (false, true) => {
                    (up, down) = (0, 0);
                    0.0
                }
                (false, false) => 1.0 + 16.0 * self.system.cost[u as usize] as f64,
            };
            let (up, down) = (i32::try_from(up).ok()?, i32::try_from(down).ok()?);
            columns
                .push((problem.add_integer_var(price, (0, up)), problem.add_integer_var(price, (0, down))));
        }
        let mut rows: Vec<u32> =
            units.iter().flat_map(|&u| self.system.rows_of[u as usize].iter().copied()).collect();
        rows.sort_unstable();
        rows.dedup();
        for &row in &rows {
            let mut terms = Vec::new();
            for &(u, k) in &self.system.rows[row as usize] {
                if let Some(&(up, down)) = columns.get(self.slot[u as usize] as usize) {
                    terms.push((up, k as f64));
                    terms.push((down, -k as f64));
                }
            }
            problem.add_constraint(&terms, ComparisonOp::Eq, 0.0);
        }
        let (up, down) = *columns.first()?;
        let direction = [(up, by.signum() as f64), (down, -by.signum() as f64)];
        problem.add_constraint(direction, ComparisonOp::Ge, by.abs() as f64);
        let mut options = SolveOptions::default();
        options.node_limit = Some(NODES);
        self.work += (units.len() * rows.len()) as u64;
        let SolveOutcome::Solution(solution) = problem.solve_with(options).ok()? else { return None };
        let change = |(up, down)| (solution.var_value(up) - solution.var_value(down)).round() as i64;
        let mut found: Move = units
            .iter()
            .zip(&columns)
            .map(|(&u, &pair)| (u, change(pair)))
            .filter(|(_, k)| *k != 0)
            .collect();
        found.sort_unstable();
        self.holds(hidden, &rows, &found, target, by).then_some(found)
    }

    /// How far a unit may move in the attacker's eyes, within a reach that grows with what is wanted.
    fn room(&self, unit: u32, by: i64) -> Option<(i64, i64)> {
        let v = self.system.value[unit as usize];
        let (lo, hi) = self.system.bounds[unit as usize].unwrap_or((0, i64::MAX));
        let reach = by.checked_mul(2)?;
        Some(((lo - v).max(-reach).min(0), hi.saturating_sub(v).min(reach).max(0)))
    }

    fn holds(&self, hidden: &[bool], rows: &[u32], found: &Move, target: u32, by: i64) -> bool {
        let change = |u: u32| found.binary_search_by_key(&u, |t| t.0).map_or(0, |at| found[at].1);
        let enough = if by > 0 { change(target) >= by } else { change(target) <= by };
        enough
            && found.iter().all(|&(u, k)| {
                let v = self.system.value[u as usize];
                let (lo, hi) = self.system.bounds[u as usize].unwrap_or((0, i64::MAX));
                v + k >= lo && v + k <= hi && (hidden[u as usize] || !self.system.frozen[u as usize])
            })
            && rows
                .iter()
                .all(|&r| self.system.rows[r as usize].iter().map(|&(u, k)| k * change(u)).sum::<i64>() == 0)
    }
}

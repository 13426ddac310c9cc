//! A whole-number point of the attacker's system where linear programs end between whole numbers.
//!
//! The branch and bound works in floating point and only proposes: its point is checked exactly.
// Invariant for the indexing below: variables are positions in the window.
#![allow(clippy::indexing_slicing)]

use super::simplex::Bounds;
use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOptions, SolveOutcome};

/// Nodes of the branch and bound.
const NODES: u64 = 60;
/// Windows up to this size are tried.
const SIZE: usize = 320;

/// A point with `variable` at least (or at most) at the goal, near the true one.
pub(crate) fn point(
    truth: &[i64],
    bounds: &[Bounds],
    equations: &[Vec<(u32, i64)>],
    variable: usize,
    up: bool,
    goal: i64,
) -> Option<Vec<i64>> {
    if truth.len() > SIZE {
        return None;
    }
    let reach = 2 * (goal - truth[variable]).abs() + 4;
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let mut columns = Vec::with_capacity(truth.len());
    for (i, (&v, b)) in truth.iter().zip(bounds).enumerate() {
        let (mut lo, mut hi) = (b.lo.max(v - reach), b.hi.min(v + reach));
        if i == variable {
            if up {
                lo = goal;
                hi = hi.max(goal);
            } else {
                hi = goal;
                lo = lo.min(goal);
            }
        }
        let (lo, hi) = (i32::try_from(lo).ok()?, i32::try_from(hi).ok()?);
        if lo > hi {
            return None;
        }
        columns.push(problem.add_integer_var(0.0, (lo, hi)));
    }
    for equation in equations {
        let right: i64 = equation.iter().map(|&(v, k)| k * truth[v as usize]).sum();
        let terms: Vec<_> = equation.iter().map(|&(v, k)| (columns[v as usize], k as f64)).collect();
        problem.add_constraint(&terms, ComparisonOp::Eq, right as f64);
    }
    let mut options = SolveOptions::default();
    options.node_limit = Some(NODES);
    let SolveOutcome::Solution(solution) = problem.solve_with(options).ok()? else { return None };
    let point: Vec<i64> = columns.iter().map(|&c| solution.var_value(c).round() as i64).collect();
    let agrees = equations
        .iter()
        .all(|e| e.iter().map(|&(v, k)| k * (point[v as usize] - truth[v as usize])).sum::<i64>() == 0);
    let inside = point.iter().zip(bounds).all(|(p, b)| *p >= b.lo && *p <= b.hi);
    let there = if up { point[variable] >= goal } else { point[variable] <= goal };
    (agrees && inside && there).then_some(point)
}

//! Weighted set covering: of every cut at least one unit must be hidden, at least total cost.
//!
//! Reductions (contained cuts, dominated units, forced units) come first; what is left falls into
//! components, which are solved exactly when small and by greedy choice with clean-up when large.
// Invariant for the indexing below: positions come from the instance's own tables.
#![allow(clippy::indexing_slicing)]

use hashbrown::HashMap;
use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOptions, SolveOutcome};

/// Components up to this size (cuts times units) are searched exactly.
const EXACT_SIZE: usize = 400_000;
/// Nodes of the branch and bound in one component.
const NODES: u64 = 400;
/// Effort of all exact searches together: simplex iterations times rows and columns.
const EFFORT: u64 = 10_000_000;
/// Comparisons of all reductions together; after these, covers are chosen without.
pub(crate) const REDUCTIONS: u64 = 1_500_000_000;

/// A chosen cover.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cover {
    /// Chosen units in order.
    pub(crate) chosen: Vec<u32>,
    /// Whether no cheaper cover exists.
    pub(crate) optimal: bool,
}

/// Remembers solved components, since most stay the same from one round to the next.
#[derive(Default)]
pub(crate) struct Coverer {
    solved: HashMap<Vec<Vec<u32>>, Cover>,
    spent: u64,
    compared: u64,
}

impl Coverer {
    /// Effort of the exact searches so far.
    pub(crate) fn spent(&self) -> u64 {
        self.spent
    }

    /// Whether the reductions have used up their effort: covers of many cuts are then no longer worth choosing anew.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.compared > REDUCTIONS
    }

    /// Covers all cuts (each sorted). Components are searched exactly while the effort lasts.
    pub(crate) fn solve(&mut self, cuts: &[&[u32]], cost: &[u64]) -> Cover {
        let mut instance = Instance::new(cuts, cost);
        instance.compared = self.compared;
        instance.reduce();
        self.compared = instance.compared;
        let mut cover = Cover { chosen: std::mem::take(&mut instance.forced), optimal: true };
        for component in instance.components() {
            let key = component.clone();
            let part = match self.solved.get(&key) {
                Some(part) => part.clone(),
                None => {
                    let part = solve_component(&component, cost, &mut self.spent);
                    self.solved.insert(key, part.clone());
                    part
                }
            };
            cover.optimal &= part.optimal;
            cover.chosen.extend(part.chosen);
        }
        cover.chosen.sort_unstable();
        cover
    }
}

struct Instance<'a> {
    cuts: Vec<Vec<u32>>,
    cost: &'a [u64],
    forced: Vec<u32>,
    compared: u64,
}

impl<'a> Instance<'a> {
    fn new(cuts: &[&[u32]], cost: &'a [u64]) -> Self {
        let mut cuts: Vec<Vec<u32>> = cuts.iter().map(|c| c.to_vec()).collect();
        cuts.sort_unstable_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        cuts.dedup();
        Self { cuts, cost, forced: Vec::new(), compared: 0 }
    }

    fn reduce(&mut self) {
        loop {
            let forced = self.force();
            if self.compared > REDUCTIONS {
                return;
            }
            let contained = self.drop_containing();
            let dominated = self.drop_dominated();
            if !(forced || contained || dominated) {
                return;
            }
        }
    }

    fn force(&mut self) -> bool {
        let mut forced: Vec<u32> = self.cuts.iter().filter(|c| c.len() == 1).map(|c| c[0]).collect();
        forced.sort_unstable();
        forced.dedup();
        if forced.is_empty() {
            return false;
        }
        self.cuts.retain(|c| !c.iter().any(|u| forced.binary_search(u).is_ok()));
        self.forced.extend(forced);
        true
    }

    /// Drops every cut that contains another one.
    fn drop_containing(&mut self) -> bool {
        let before = self.cuts.len();
        self.cuts.sort_unstable_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        self.cuts.dedup();
        let mut by_first: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut kept: Vec<Vec<u32>> = Vec::with_capacity(before);
        for cut in std::mem::take(&mut self.cuts) {
            let mut known = cut.iter().filter_map(|u| by_first.get(u)).flatten();
            let contains = known.any(|&k| {
                self.compared += cut.len() as u64;
                self.compared <= REDUCTIONS && is_subset(&kept[k], &cut)
            });
            if !contains {
                by_first.entry(cut[0]).or_default().push(kept.len());
                kept.push(cut);
            }
        }
        self.cuts = kept;
        self.cuts.len() != before
    }

    /// Drops a unit when another one, not dearer, stands in all of its cuts.
    fn drop_dominated(&mut self) -> bool {
        let mut rows: HashMap<u32, Vec<u32>> = HashMap::new();
        for (i, cut) in self.cuts.iter().enumerate() {
            for &u in cut {
                rows.entry(u).or_default().push(i as u32);
            }
        }
        let mut units: Vec<u32> = rows.keys().copied().collect();
        units.sort_unstable_by_key(|&u| (std::cmp::Reverse(self.cost[u as usize]), u));
        let mut gone: HashMap<u32, ()> = HashMap::new();
        for &u in &units {
            if self.compared > REDUCTIONS {
                break;
            }
            let mine = &rows[&u];
            let Some(&shortest) = mine.iter().min_by_key(|&&r| self.cuts[r as usize].len()) else { continue };
            let compared = self.cuts[shortest as usize].iter().map(|v| rows[v].len() as u64);
            self.compared += compared.sum::<u64>();
            let better = self.cuts[shortest as usize].iter().any(|&v| {
                v != u
                    && !gone.contains_key(&v)
                    && (self.cost[v as usize], v) < (self.cost[u as usize], u)
                    && rows[&v].len() >= mine.len()
                    && is_subset(mine, &rows[&v])
            }) || self.cuts[shortest as usize].iter().any(|&v| {
                v != u
                    && !gone.contains_key(&v)
                    && self.cost[v as usize] <= self.cost[u as usize]
                    && rows[&v].len() > mine.len()
                    && is_subset(mine, &rows[&v])
            });
            if better {
                gone.insert(u, ());
            }
        }
        if gone.is_empty() {
            return false;
        }
        for cut in &mut self.cuts {
            cut.retain(|u| !gone.contains_key(u));
        }
        true
    }

    fn components(&self) -> Vec<Vec<Vec<u32>>> {
        let mut home: HashMap<u32, usize> = HashMap::new();
        let mut group: Vec<usize> = (0..self.cuts.len()).collect();
        fn find(group: &mut [usize], mut at: usize) -> usize {
            while group[at] != at {
                group[at] = group[group[at]];
                at = group[at];
            }
            at
        }
        for (i, cut) in self.cuts.iter().enumerate() {
            for &u in cut {
                match home.get(&u) {
                    Some(&j) => {
                        let (a, b) = (find(&mut group, i), find(&mut group, j));
                        group[a.max(b)] = a.min(b);
                    }
                    None => {
                        home.insert(u, i);
                    }
                }
            }
        }
        let mut place: HashMap<usize, usize> = HashMap::new();
        let mut out: Vec<Vec<Vec<u32>>> = Vec::new();
        for i in 0..self.cuts.len() {
            let root = find(&mut group, i);
            let at = *place.entry(root).or_insert_with(|| {
                out.push(Vec::new());
                out.len() - 1
            });
            out[at].push(self.cuts[i].clone());
        }
        for component in &mut out {
            component.sort_unstable();
        }
        out
    }
}

fn is_subset(small: &[u32], large: &[u32]) -> bool {
    let mut rest = large.iter();
    small.len() <= large.len() && small.iter().all(|u| rest.by_ref().any(|v| v == u))
}

fn solve_component(cuts: &[Vec<u32>], cost: &[u64], spent: &mut u64) -> Cover {
    let mut units: Vec<u32> = cuts.iter().flatten().copied().collect();
    units.sort_unstable();
    units.dedup();
    let greedy = greedy(cuts, &units, cost);
    if *spent > EFFORT || cuts.len() * units.len() > EXACT_SIZE {
        return Cover { chosen: greedy, optimal: false };
    }
    match integer_program(cuts, &units, cost, &greedy, spent) {
        Some(cover) if total(&cover.chosen, cost) <= total(&greedy, cost) => cover,
        // The program's answer is dearer than a known one or not a cover: it is not used.
        _ => Cover { chosen: greedy, optimal: false },
    }
}

fn total(chosen: &[u32], cost: &[u64]) -> u64 {
    chosen.iter().map(|&u| cost[u as usize]).sum()
}

/// The unit that covers most cuts for its cost, again and again; then drop what is not needed.
fn greedy(cuts: &[Vec<u32>], units: &[u32], cost: &[u64]) -> Vec<u32> {
    let place: HashMap<u32, usize> = units.iter().enumerate().map(|(i, &u)| (u, i)).collect();
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); units.len()];
    for (i, cut) in cuts.iter().enumerate() {
        for u in cut {
            rows[place[u]].push(i);
        }
    }
    let mut open: Vec<usize> = rows.iter().map(Vec::len).collect();
    let mut times = vec![0_u32; cuts.len()];
    // Key: cost per cut covered as a fraction with a fixed denominator, then the unit.
    let key = |i: usize, open: usize| (cost[units[i] as usize] * 720_720 / open as u64, i);
    let mut heap: std::collections::BinaryHeap<std::cmp::Reverse<(u64, usize)>> =
        (0..units.len()).map(|i| std::cmp::Reverse(key(i, open[i]))).collect();
    let mut chosen = Vec::new();
    while let Some(std::cmp::Reverse((k, i))) = heap.pop() {
        if open[i] == 0 {
            continue;
        }
        let now = key(i, open[i]);
        if now.0 != k {
            heap.push(std::cmp::Reverse(now));
            continue;
        }
        chosen.push(i);
        for &row in &rows[i] {
            times[row] += 1;
            if times[row] == 1 {
                for u in &cuts[row] {
                    open[place[u]] -= 1;
                }
            }
        }
    }
    chosen.sort_unstable_by_key(|&i| (std::cmp::Reverse(cost[units[i] as usize]), i));
    let mut kept = Vec::new();
    for i in chosen {
        if rows[i].iter().all(|&row| times[row] > 1) {
            for &row in &rows[i] {
                times[row] -= 1;
            }
        } else {
            kept.push(units[i]);
        }
    }
    kept.sort_unstable();
    kept
}

/// Branch and bound from the greedy cover. Its floating-point answer only proposes: the cover is checked.
fn integer_program(
    cuts: &[Vec<u32>],
    units: &[u32],
    cost: &[u64],
    start: &[u32],
    spent: &mut u64,
) -> Option<Cover> {
    let place: HashMap<u32, usize> = units.iter().enumerate().map(|(i, &u)| (u, i)).collect();
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let columns: Vec<_> = units.iter().map(|&u| problem.add_binary_var(cost[u as usize] as f64)).collect();
    for cut in cuts {
        let sum: Vec<_> = cut.iter().map(|u| (columns[place[u]], 1.0)).collect();
        problem.add_constraint(&sum, ComparisonOp::Ge, 1.0);
    }
    let mut options = SolveOptions::default();
    options.node_limit = Some(NODES);
    options.warm_start = Some(
        units
            .iter()
            .zip(&columns)
            .map(|(u, &c)| (c, if start.binary_search(u).is_ok() { 1.0 } else { 0.0 }))
            .collect(),
    );
    let outcome = problem.solve_with(options).ok()?;
    *spent += outcome.stats().lp_iterations * (cuts.len() + units.len()) as u64 + 10_000;
    let optimal = outcome.is_optimal();
    let SolveOutcome::Solution(solution) = outcome else { return None };
    let chosen: Vec<u32> =
        units.iter().zip(&columns).filter(|&(_, &c)| solution.var_value(c) > 0.5).map(|(&u, _)| u).collect();
    cuts.iter()
        .all(|cut| cut.iter().any(|u| chosen.binary_search(u).is_ok()))
        .then_some(Cover { chosen, optimal })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_cheapest_cover() {
        let cost = [3, 1, 4, 1, 5, 2];
        let cuts: Vec<Vec<u32>> = vec![vec![0, 1], vec![1, 2], vec![2, 3, 4], vec![4, 5], vec![0, 5]];
        let refs: Vec<&[u32]> = cuts.iter().map(Vec::as_slice).collect();
        let cover = Coverer::default().solve(&refs, &cost);
        assert_eq!(cover.chosen, [1, 3, 5]);
        assert!(cover.optimal);
    }
}

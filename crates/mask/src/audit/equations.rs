//! The equations on hidden cells brought to echelon form, row by row, modulo a prime; what is found is
//! proved over the integers before it is reported.
// Invariant for the indexing below: cell positions come from the view, pivot positions from this form.
#![allow(clippy::indexing_slicing)]

use super::view::{Known, View};
use std::collections::{BTreeMap, BTreeSet};

const Q: u64 = 4_611_686_018_427_387_847; // 2^62 - 57

fn times(a: u64, b: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(Q)) as u64
}

fn plus(a: u64, b: u64) -> u64 {
    (a + b) % Q
}

fn power(mut a: u64, mut n: u64) -> u64 {
    let mut out = 1;
    while n > 0 {
        if n & 1 == 1 {
            out = times(out, a);
        }
        a = times(a, a);
        n >>= 1;
    }
    out
}

fn residue(k: i64) -> u64 {
    k.rem_euclid(Q as i64) as u64
}

/// A reduced equation: its leading cell with coefficient 1, the rest, and how it was made.
struct Line {
    lead: usize,
    rest: Vec<(usize, u64)>,
    source: usize,
    scale: u64,
    used: Vec<(usize, u64)>,
}

/// Which hidden cells the equations determine.
pub(crate) struct Echelon<'a> {
    view: &'a View,
    lines: Vec<Line>,
    line_of: Vec<Option<usize>>,
}

impl<'a> Echelon<'a> {
    pub(crate) fn new(view: &'a View) -> Self {
        let n = view.len();
        let hidden = |cell: usize| matches!(view.known[cell], Known::Hidden { .. });
        let mut occurrences = vec![0_usize; n];
        let mut rows: Vec<(usize, Vec<(usize, i64)>)> = Vec::new();
        for (e, equation) in view.equations.iter().enumerate() {
            let terms: Vec<(usize, i64)> = equation.terms.iter().copied().filter(|t| hidden(t.0)).collect();
            if !terms.is_empty() {
                for &(c, _) in &terms {
                    occurrences[c] += 1;
                }
                rows.push((e, terms));
            }
        }
        rows.sort_by_key(|(e, terms)| (terms.len(), *e));
        let mut echelon = Self { view, lines: Vec::new(), line_of: vec![None; n] };
        let mut dense = vec![0_u64; n];
        for (source, terms) in rows {
            let (rest, used) = echelon.reduce(terms.iter().map(|&(c, k)| (c, residue(k))), &mut dense);
            let Some(&(lead, k)) = rest.iter().min_by_key(|(c, _)| (occurrences[*c], usize::MAX - c)) else {
                continue;
            };
            let scale = power(k, Q - 2);
            let rest = rest.into_iter().filter(|t| t.0 != lead).map(|(c, k)| (c, times(k, scale))).collect();
            echelon.line_of[lead] = Some(echelon.lines.len());
            echelon.lines.push(Line { lead, rest, source, scale, used });
        }
        echelon
    }

    /// Subtracts lines from a vector until no leading cell is left; the remainder and the lines used.
    #[allow(clippy::type_complexity)]
    fn reduce(
        &self,
        terms: impl Iterator<Item = (usize, u64)>,
        dense: &mut [u64],
    ) -> (Vec<(usize, u64)>, Vec<(usize, u64)>) {
        let mut support = BTreeSet::new();
        let mut pending = BTreeSet::new();
        for (c, k) in terms {
            dense[c] = plus(dense[c], k);
            support.insert(c);
            pending.extend(self.line_of[c]);
        }
        let mut used = Vec::new();
        while let Some(at) = pending.pop_first() {
            let line = &self.lines[at];
            let k = std::mem::take(&mut dense[line.lead]);
            if k == 0 {
                continue;
            }
            used.push((at, k));
            for &(c, r) in &line.rest {
                dense[c] = plus(dense[c], Q - times(k, r));
                if support.insert(c) {
                    pending.extend(self.line_of[c]);
                }
            }
        }
        let rest = support.into_iter().filter_map(|c| {
            let k = std::mem::take(&mut dense[c]);
            (k != 0).then_some((c, k))
        });
        (rest.collect(), used)
    }

    /// Hidden cells that are zero in a generic solution of the homogeneous equations.
    pub(crate) fn determined(&self) -> Vec<usize> {
        let value = self.generic(0x5bd1_e995_9d1b_54a5);
        self.hidden().filter(|&c| value[c] == 0).collect()
    }

    /// Hidden cells that stand in a fixed proportion to each other in every solution of the homogeneous
    /// equations: to know one is to know all. With each cell its own share, which is the same for equal ones.
    pub(crate) fn proportional(&self) -> Vec<Vec<(usize, u64)>> {
        let (x, y) = (self.generic(0x5bd1_e995_9d1b_54a5), self.generic(0x2545_f491_4f6c_dd1d));
        let mut classes: BTreeMap<u64, Vec<(usize, u64)>> = BTreeMap::new();
        for c in self.hidden().filter(|&c| x[c] != 0) {
            classes.entry(times(y[c], power(x[c], Q - 2))).or_default().push((c, x[c]));
        }
        classes.into_values().filter(|class| class.len() > 1).collect()
    }

    fn hidden(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.view.len()).filter(|&c| matches!(self.view.known[c], Known::Hidden { .. }))
    }

    /// A solution of the homogeneous equations with arbitrary entries where they are free.
    fn generic(&self, seed: u64) -> Vec<u64> {
        let mut value: Vec<u64> = (0..self.view.len() as u64)
            .map(|c| power(3, 1_000_003_u64.wrapping_mul(c + 1) ^ seed) | 1)
            .collect();
        for line in self.lines.iter().rev() {
            let sum = line.rest.iter().fold(0, |s, &(c, k)| plus(s, times(k, value[c])));
            value[line.lead] = (Q - sum) % Q;
        }
        value
    }

    /// Whole multipliers of equations that leave only this hidden cell, and its coefficient; none if the
    /// combination does not hold over the integers.
    pub(crate) fn multipliers(&self, cell: usize) -> Option<(Vec<(usize, i64)>, i64)> {
        let mut dense = vec![0; self.view.len()];
        let (rest, used) = self.reduce(std::iter::once((cell, 1)), &mut dense);
        if !rest.is_empty() {
            return None;
        }
        let mut weights: BTreeMap<usize, u64> = used.into_iter().collect();
        let mut combination: BTreeMap<usize, u64> = BTreeMap::new();
        while let Some((at, w)) = weights.pop_last() {
            let line = &self.lines[at];
            let w = times(w, line.scale);
            let slot = combination.entry(line.source).or_insert(0);
            *slot = plus(*slot, w);
            for &(earlier, k) in &line.used {
                let slot = weights.entry(earlier).or_insert(0);
                *slot = plus(*slot, Q - times(w, k) % Q);
            }
        }
        (1..=5_040_u64).find_map(|scale| {
            let signed = |r: u64| {
                let r = times(r, scale);
                if r > Q / 2 { -i64::try_from(Q - r).unwrap_or(i64::MAX) } else { r as i64 }
            };
            let whole: Vec<(usize, i64)> =
                combination.iter().map(|(&e, &r)| (e, signed(r))).filter(|t| t.1 != 0).collect();
            if whole.iter().any(|t| t.1.unsigned_abs() > 1 << 20) {
                return None;
            }
            self.proves(cell, &whole).map(|k| (whole, k))
        })
    }

    /// Adds the equations up over the integers; the coefficient of the cell if nothing else hidden is left.
    fn proves(&self, cell: usize, multipliers: &[(usize, i64)]) -> Option<i64> {
        let mut left: BTreeMap<usize, i64> = BTreeMap::new();
        for &(e, m) in multipliers {
            for &(c, k) in &self.view.equations[e].terms {
                if matches!(self.view.known[c], Known::Hidden { .. }) {
                    *left.entry(c).or_insert(0) += m * k;
                }
            }
        }
        left.retain(|_, k| *k != 0);
        (left.len() == 1).then(|| left.get(&cell).copied()).flatten()
    }
}

//! The attacker's linear program on one component of hidden units, solved exactly.
//!
//! The true table is a feasible start; each bound is found by the bounded simplex with Bland's rule from
//! wherever the last one stopped. Every whole-number point on the way is a witness for all units at once.
// Invariant for the indexing below: variables are positions in the component; rows are positions in `rows`.
#![allow(clippy::indexing_slicing)]

use super::fraction::Fraction;

const NONE: u32 = u32::MAX;

/// An attacker's bounds on one hidden unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) lo: i64,
    pub(crate) hi: i64,
}

/// A system of equations solved for its basic variables: `x_basic = sum(terms) + constant`.
pub(crate) struct Simplex {
    rows: Vec<Row>,
    /// Row of a basic variable, or `NONE`.
    row_of: Vec<u32>,
    /// Rows in which a non-basic variable may stand.
    uses: Vec<Vec<u32>>,
    value: Vec<Fraction>,
    bounds: Vec<Bounds>,
    pub(crate) work: u64,
}

struct Row {
    variable: u32,
    terms: Vec<(u32, Fraction)>,
}

/// How far a bound was driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    /// A whole-number point with at least the wanted value.
    Goal,
    /// The optimum, short of the goal or not at a whole-number point.
    Optimum(Fraction),
    /// Arithmetic overflowed or the effort was used up: nothing is known.
    Unknown,
}

impl Simplex {
    /// Solves the equations (terms by variable, sum zero around the true point) for a basis.
    pub(crate) fn new(truth: &[i64], bounds: Vec<Bounds>, equations: &[Vec<(u32, i64)>]) -> Option<Self> {
        let n = truth.len();
        let mut order: Vec<usize> = (0..equations.len()).collect();
        order.sort_by_key(|&e| (equations[e].len(), e));
        let mut count = vec![0_u32; n];
        for equation in equations {
            for &(v, _) in equation {
                count[v as usize] += 1;
            }
        }
        let mut simplex = Self {
            rows: Vec::new(),
            row_of: vec![NONE; n],
            uses: vec![Vec::new(); n],
            value: truth.iter().map(|&v| Fraction::whole(v)).collect(),
            bounds,
            work: 0,
        };
        // Triangular elimination, then substitution from the last row backwards.
        let mut raw: Vec<Row> = Vec::new();
        for e in order {
            let mut terms: Vec<(u32, Fraction)> =
                equations[e].iter().map(|&(v, k)| (v, Fraction::whole(k))).collect();
            terms.sort_by_key(|t| t.0);
            while let Some(at) = terms
                .iter()
                .filter(|(v, _)| simplex.row_of[*v as usize] != NONE)
                .map(|(v, _)| simplex.row_of[*v as usize])
                .min()
            {
                let row = &raw[at as usize];
                terms = substitute(&terms, row.variable, &row.terms, &mut simplex.work)?;
            }
            let Some(&(variable, k)) = terms.iter().min_by_key(|(v, _)| (count[*v as usize], *v)) else {
                continue;
            };
            let mut solved = Vec::with_capacity(terms.len() - 1);
            for (v, c) in terms {
                if v != variable {
                    solved.push((v, c.div(k)?.neg()));
                }
            }
            simplex.row_of[variable as usize] = raw.len() as u32;
            raw.push(Row { variable, terms: solved });
        }
        for r in (0..raw.len()).rev() {
            let mut terms = std::mem::take(&mut raw[r].terms);
            while let Some(v) = terms.iter().map(|t| t.0).find(|&v| simplex.row_of[v as usize] != NONE) {
                let row = &raw[simplex.row_of[v as usize] as usize];
                terms = substitute(&terms, v, &row.terms, &mut simplex.work)?;
            }
            raw[r].terms = terms;
        }
        simplex.rows = raw;
        for (r, row) in simplex.rows.iter().enumerate() {
            for &(v, _) in &row.terms {
                simplex.uses[v as usize].push(r as u32);
            }
        }
        Some(simplex)
    }

    /// The current point, if all of it is whole.
    pub(crate) fn point(&self) -> Option<Vec<i64>> {
        self.value.iter().map(|v| v.integer()).collect()
    }

    /// The objective written on non-basic variables: the reduced costs of `variable` at the current basis.
    pub(crate) fn reduced_costs(&self, variable: u32) -> Vec<(u32, Fraction)> {
        match self.row_of[variable as usize] {
            NONE => vec![(variable, Fraction::ONE)],
            row => self.rows[row as usize].terms.clone(),
        }
    }

    /// Drives `variable` up (or down) to the goal or its optimum, calling `visit` at every point passed.
    pub(crate) fn drive(
        &mut self,
        variable: u32,
        up: bool,
        goal: i64,
        effort: u64,
        visit: &mut dyn FnMut(&Self),
    ) -> Reached {
        let stop = self.work.saturating_add(effort);
        loop {
            let value = self.value[variable as usize];
            let there = if up { value.floor() >= goal } else { value.neg().floor() >= -goal };
            if there && self.point().is_some() {
                return Reached::Goal;
            }
            if self.work > stop {
                return Reached::Unknown;
            }
            match self.step(variable, up) {
                Some(true) => visit(self),
                Some(false) => return Reached::Optimum(self.value[variable as usize]),
                None => return Reached::Unknown,
            }
        }
    }

    /// One pivot or bound change; false at the optimum, none on overflow.
    fn step(&mut self, variable: u32, up: bool) -> Option<bool> {
        let costs = self.reduced_costs(variable);
        let entering = costs.iter().find_map(|&(v, c)| {
            let rise = (c.sign() > 0) == up;
            let x = self.value[v as usize];
            let bound =
                Fraction::whole(if rise { self.bounds[v as usize].hi } else { self.bounds[v as usize].lo });
            (!c.is_zero() && x != bound).then_some((v, rise))
        });
        let Some((entering, rise)) = entering else { return Some(false) };
        let own = self.bounds[entering as usize];
        let x = self.value[entering as usize];
        let mut limit = if rise { Fraction::whole(own.hi).sub(x)? } else { x.sub(Fraction::whole(own.lo))? };
        let mut leaving: Option<(u32, u32, i64)> = None;
        let mut rows = std::mem::take(&mut self.uses[entering as usize]);
        rows.sort_unstable();
        rows.dedup();
        rows.retain(|&r| self.rows[r as usize].terms.binary_search_by_key(&entering, |t| t.0).is_ok());
        for &r in &rows {
            let row = &self.rows[r as usize];
            let at = row.terms.binary_search_by_key(&entering, |t| t.0).ok()?;
            let k = row.terms[at].1;
            let grows = (k.sign() > 0) == rise;
            let b = self.bounds[row.variable as usize];
            let value = self.value[row.variable as usize];
            let bound = if grows { b.hi } else { b.lo };
            let room =
                if grows { Fraction::whole(bound).sub(value)? } else { value.sub(Fraction::whole(bound))? };
            let size = if k.sign() < 0 { k.neg() } else { k };
            let allowed = room.div(size)?;
            let tighter = allowed.less(limit)?
                || (allowed == limit && leaving.is_none_or(|(_, v, _)| row.variable < v));
            if tighter {
                limit = allowed;
                leaving = Some((r, row.variable, bound));
            }
        }
        self.work += rows.len() as u64 + 1;
        let step = if rise { limit } else { limit.neg() };
        if !step.is_zero() {
            for &r in &rows {
                let row = &self.rows[r as usize];
                let at = row.terms.binary_search_by_key(&entering, |t| t.0).ok()?;
                let v = row.variable as usize;
                self.value[v] = self.value[v].add(row.terms[at].1.mul(step)?)?;
            }
            self.value[entering as usize] = x.add(step)?;
        }
        self.uses[entering as usize] = rows;
        if let Some((r, _, bound)) = leaving {
            let out = self.rows[r as usize].variable;
            self.value[out as usize] = Fraction::whole(bound);
            self.pivot(r, entering)?;
        }
        Some(true)
    }

    fn pivot(&mut self, r: u32, entering: u32) -> Option<()> {
        let row = &mut self.rows[r as usize];
        let out = row.variable;
        let at = row.terms.binary_search_by_key(&entering, |t| t.0).ok()?;
        let (_, k) = row.terms.remove(at);
        let inverse = Fraction::ONE.div(k)?;
        for t in &mut row.terms {
            t.1 = t.1.mul(inverse)?.neg();
        }
        let place = row.terms.partition_point(|t| t.0 < out);
        row.terms.insert(place, (out, inverse));
        row.variable = entering;
        self.row_of[entering as usize] = r;
        self.row_of[out as usize] = NONE;
        let solved = self.rows[r as usize].terms.clone();
        for other in std::mem::take(&mut self.uses[entering as usize]) {
            if other == r {
                continue;
            }
            let terms = &self.rows[other as usize].terms;
            let new = substitute(terms, entering, &solved, &mut self.work)?;
            for &(v, _) in &solved {
                self.uses[v as usize].push(other);
            }
            self.rows[other as usize].terms = new;
        }
        self.uses[out as usize].push(r);
        for &(v, _) in &solved {
            // Lists are compacted when they are used; keep them from growing without bound.
            let list = &mut self.uses[v as usize];
            if list.len() > 4 * self.rows.len() + 16 {
                list.sort_unstable();
                list.dedup();
            }
        }
        Some(())
    }
}

/// Replaces `variable` in `terms` by its own terms.
fn substitute(
    terms: &[(u32, Fraction)],
    variable: u32,
    by: &[(u32, Fraction)],
    work: &mut u64,
) -> Option<Vec<(u32, Fraction)>> {
    let Ok(at) = terms.binary_search_by_key(&variable, |t| t.0) else { return Some(terms.to_vec()) };
    let k = terms[at].1;
    let mut out = Vec::with_capacity(terms.len() + by.len());
    let (mut i, mut j) = (0, 0);
    *work += (terms.len() + by.len()) as u64;
    while i < terms.len() || j < by.len() {
        let a = terms.get(i).map_or(NONE, |t| t.0);
        let b = by.get(j).map_or(NONE, |t| t.0);
        if a <= b {
            let mut sum = if a == variable { Fraction::ZERO } else { terms[i].1 };
            if a == b {
                sum = sum.add(k.mul(by[j].1)?)?;
                j += 1;
            }
            if !sum.is_zero() {
                out.push((a, sum));
            }
            i += 1;
        } else {
            out.push((b, k.mul(by[j].1)?));
            j += 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_of_a_two_by_two_table() {
        // y0 + y1 = 7, y2 + y3 = 3, y0 + y2 = 6, y1 + y3 = 4 with truth 4, 3, 2, 1.
        let bounds = vec![Bounds { lo: 0, hi: 1000 }; 4];
        let equations =
            [vec![(0, 1), (1, 1)], vec![(2, 1), (3, 1)], vec![(0, 1), (2, 1)], vec![(1, 1), (3, 1)]];
        let mut simplex = Simplex::new(&[4, 3, 2, 1], bounds, &equations).unwrap();
        let up = simplex.drive(0, true, 100, 1000, &mut |_| {});
        assert_eq!(up, Reached::Optimum(Fraction::whole(6)));
        let down = simplex.drive(0, false, -1, 1000, &mut |_| {});
        assert_eq!(down, Reached::Optimum(Fraction::whole(3)));
        assert_eq!(simplex.point(), Some(vec![3, 4, 3, 0]));
    }
}

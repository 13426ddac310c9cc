//! Linear bounds of one component by the two-phase simplex on a whole-number tableau.
//!
//! All entries are integers over one common denominator (the last pivot), so nothing is rounded; an
//! overflow ends the search without an answer.
// Invariant for the indexing below: the tableau is rectangular and columns are numbered by it.
#![allow(clippy::indexing_slicing)]

/// The least or greatest value of a linear form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Extreme {
    /// Rounded inwards to a whole number, with whole multipliers of the equations: their sum is the
    /// denominator times the form, but for terms that can only worsen it.
    At(i64, Vec<i128>, i128),
    Unbounded,
    Infeasible,
    Unknown,
}

pub(crate) struct Tableau {
    /// Rows of coefficients; the last entry is the right-hand side.
    rows: Vec<Vec<i128>>,
    basis: Vec<usize>,
    signs: Vec<i128>,
    denominator: i128,
    variables: usize,
    width: usize,
    feasible: Option<bool>,
}

impl Tableau {
    /// Equations `sum k x = b` over `x >= 0`. Feasibility is settled here.
    pub(crate) fn new(variables: usize, equations: &[(Vec<(usize, i64)>, i64)]) -> Self {
        let m = equations.len();
        let width = variables + m + 1;
        let mut rows = Vec::with_capacity(m);
        for (i, (terms, b)) in equations.iter().enumerate() {
            let sign = if *b < 0 { -1 } else { 1 };
            let mut row = vec![0_i128; width];
            for &(v, k) in terms {
                row[v] += i128::from(sign * k);
            }
            row[variables + i] = 1;
            row[width - 1] = i128::from(sign * b);
            rows.push(row);
        }
        let mut tableau = Self {
            signs: equations.iter().map(|(_, b)| if *b < 0 { -1 } else { 1 }).collect(),
            rows,
            basis: (variables..variables + m).collect(),
            denominator: 1,
            variables,
            width,
            feasible: None,
        };
        let mut objective = vec![0_i128; width];
        for row in &tableau.rows {
            for (o, k) in objective.iter_mut().zip(row) {
                *o += k;
            }
        }
        for slot in &mut objective[variables..variables + m] {
            *slot = 0;
        }
        tableau.feasible = match tableau.optimise(&mut objective) {
            Some(true) => Some(objective[width - 1] == 0),
            _ => None,
        };
        if tableau.feasible == Some(true) {
            tableau.expel();
        }
        tableau
    }

    /// Takes artificial variables at zero out of the basis where a real one can stand in.
    fn expel(&mut self) {
        for r in 0..self.rows.len() {
            if self.basis[r] >= self.variables
                && let Some(c) = (0..self.variables).find(|&c| self.rows[r][c] != 0)
                && self.pivot(r, c, &mut Vec::new()).is_none()
            {
                self.feasible = None;
                return;
            }
        }
    }

    /// The extreme of one variable.
    pub(crate) fn extreme(&mut self, variable: usize, greatest: bool) -> Extreme {
        match self.feasible {
            Some(true) => {}
            Some(false) => return Extreme::Infeasible,
            None => return Extreme::Unknown,
        }
        let sign = if greatest { 1 } else { -1 };
        let mut objective = vec![0_i128; self.width];
        objective[variable] = sign * self.denominator;
        if let Some(r) = self.basis.iter().position(|&b| b == variable) {
            for (o, k) in objective.iter_mut().zip(&self.rows[r]) {
                *o -= sign * k;
            }
        }
        match self.optimise(&mut objective) {
            Some(true) => {}
            Some(false) => return Extreme::Unbounded,
            None => return Extreme::Unknown,
        }
        let best = -objective[self.width - 1] * sign;
        let whole =
            if greatest { best.div_euclid(self.denominator) } else { -(-best).div_euclid(self.denominator) };
        let entries = objective[self.variables..self.width - 1].iter();
        let duals = entries.zip(&self.signs).map(|(k, row)| -sign * row * k).collect();
        match i64::try_from(whole) {
            Ok(whole) => Extreme::At(whole, duals, self.denominator),
            Err(_) => Extreme::Unknown,
        }
    }

    /// Bland's rule; true at the optimum, false if unbounded, none on overflow.
    fn optimise(&mut self, objective: &mut Vec<i128>) -> Option<bool> {
        loop {
            let Some(c) = (0..self.variables).find(|&c| objective[c] > 0) else { return Some(true) };
            let mut leaving: Option<usize> = None;
            for r in 0..self.rows.len() {
                let k = self.rows[r][c];
                // An artificial variable still in the basis is zero and must stay so.
                let stuck = self.basis[r] >= self.variables && self.feasible.is_some() && k != 0;
                if stuck {
                    leaving = Some(r);
                    break;
                }
                if k <= 0 {
                    continue;
                }
                leaving = match leaving {
                    None => Some(r),
                    Some(old) => {
                        let a = self.rows[r][self.width - 1].checked_mul(self.rows[old][c])?;
                        let b = self.rows[old][self.width - 1].checked_mul(k)?;
                        let better = a < b || (a == b && self.basis[r] < self.basis[old]);
                        Some(if better { r } else { old })
                    }
                };
            }
            let Some(r) = leaving else { return Some(false) };
            self.pivot(r, c, objective)?;
        }
    }

    fn pivot(&mut self, r: usize, c: usize, objective: &mut Vec<i128>) -> Option<()> {
        if self.rows[r][c] < 0 {
            for k in &mut self.rows[r] {
                *k = -*k;
            }
        }
        let row = self.rows[r].clone();
        let pivot = row[c];
        let old = self.denominator;
        let reduce = |target: &mut Vec<i128>| -> Option<()> {
            let factor = target[c];
            for (t, k) in target.iter_mut().zip(&row) {
                *t = t.checked_mul(pivot)?.checked_sub(factor.checked_mul(*k)?)? / old;
            }
            Some(())
        };
        for (i, target) in self.rows.iter_mut().enumerate() {
            if i != r {
                reduce(target)?;
            }
        }
        if !objective.is_empty() {
            reduce(objective)?;
        }
        self.denominator = pivot;
        self.basis[r] = c;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_a_two_by_two_table() {
        let equations = [
            (vec![(0, 1), (1, 1)], 7),
            (vec![(2, 1), (3, 1)], 3),
            (vec![(0, 1), (2, 1)], 6),
            (vec![(1, 1), (3, 1)], 4),
        ];
        let mut tableau = Tableau::new(4, &equations);
        assert!(matches!(tableau.extreme(0, true), Extreme::At(6, ..)));
        assert!(matches!(tableau.extreme(0, false), Extreme::At(3, ..)));
        let mut none = Tableau::new(2, &[(vec![(0, 1), (1, 1)], 3), (vec![(0, 1), (1, 1)], 4)]);
        assert_eq!(none.extreme(0, true), Extreme::Infeasible);
        let mut open = Tableau::new(2, &[(vec![(0, 1), (1, -1)], 3)]);
        assert_eq!(open.extreme(0, true), Extreme::Unbounded);
        assert!(matches!(open.extreme(0, false), Extreme::At(3, ..)));
    }
}

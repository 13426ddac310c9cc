//! Covering cuts: sets of published units of which at least one must be hidden.
// Invariant for the indexing below: unit and row numbers come from the system.
#![allow(clippy::indexing_slicing)]

use super::elimination::{Elimination, Space};
use super::field::{P, Sequence, from_i64, inv, mul, neg, to_i64};
use crate::system::System;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// A combination of rows that fixes the hidden units of `target` by published ones alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The exposed unit.
    pub(crate) target: u32,
    /// Integer multipliers of rows; empty if they could not be read as small integers.
    pub(crate) multipliers: Vec<(u32, i64)>,
    /// Published units with a part in the combination that may be hidden, in order.
    pub(crate) units: Vec<u32>,
}

/// All cuts found, each set of units once.
#[derive(Default)]
pub(crate) struct Pool {
    pub(crate) cuts: Vec<Cut>,
    seen: HashMap<Vec<u32>, usize>,
}

impl Pool {
    /// Adds a cut; false if the same set of units is already known, or if nothing could be hidden at all.
    pub(crate) fn add(&mut self, cut: Cut) -> bool {
        if cut.units.is_empty() || self.seen.contains_key(&cut.units) {
            return false;
        }
        self.seen.insert(cut.units.clone(), self.cuts.len());
        self.cuts.push(cut);
        true
    }
}

/// The cut that shows why a hidden unit is determined by the equations. `units` is empty when nothing that
/// may be hidden takes part: then frozen units alone give it away.
pub(crate) fn linear_cut(
    system: &System,
    hidden: &[bool],
    elimination: &Elimination,
    target: u32,
    space: &mut Space,
) -> Option<Cut> {
    let residues = elimination.derivation(target, space)?;
    let multipliers = small_integers(&residues);
    let units = match &multipliers {
        Some(multipliers) => support(system, hidden, target, multipliers)?,
        None => residue_support(system, hidden, &residues),
    };
    Some(Cut { target, multipliers: multipliers.unwrap_or_default(), units })
}

/// Adds up the rows over the integers; none unless the target is the only hidden unit left.
fn support(system: &System, hidden: &[bool], target: u32, multipliers: &[(u32, i64)]) -> Option<Vec<u32>> {
    let mut terms: Vec<(u32, i64)> = multipliers
        .iter()
        .flat_map(|&(row, m)| system.rows[row as usize].iter().map(move |&(u, k)| (u, k * m)))
        .collect();
    let mut units = Vec::new();
    for (unit, sum) in add_up(&mut terms) {
        if hidden[unit as usize] {
            if unit != target {
                return None;
            }
        } else if sum != 0 {
            units.push(unit);
        }
    }
    Some(units)
}

/// The hidden parts of a line whose sum the rest of the line publishes: if that sum is a small count itself,
/// something else in the line must be hidden. Returns how many lines fail and how many cuts are new.
pub(crate) fn line_cuts(system: &System, hidden: &[bool], limit: i64, pool: &mut Pool) -> (usize, usize) {
    let (mut failing, mut new) = (0, 0);
    for terms in &system.rows {
        let parts: Vec<_> = terms.iter().filter(|(u, _)| hidden[*u as usize]).collect();
        let same = parts.iter().all(|t| t.1 == -1) || parts.iter().all(|t| t.1 == 1);
        let sum: i64 = parts.iter().map(|(u, _)| system.value[*u as usize]).sum();
        if parts.len() < 2 || !same || sum < 1 || sum > limit {
            continue;
        }
        failing += 1;
        let open = terms.iter().map(|t| t.0).filter(|&u| !hidden[u as usize] && system.value[u as usize] > 0);
        let cut = Cut { target: parts[0].0, multipliers: Vec::new(), units: open.collect() };
        new += usize::from(pool.add(cut));
    }
    (failing, new)
}

/// A person who is alone in a hidden cell knows it. Every sensitive unit that is determined once that cell is
/// known needs something else hidden: such a pair stands in a fixed proportion in every null vector.
/// Returns how many pairs fail and how many cuts are new.
pub(crate) fn singleton_cuts(
    system: &System,
    hidden: &[bool],
    elimination: &Elimination,
    space: &mut Space,
    sequence: &mut Sequence,
    pool: &mut Pool,
) -> (usize, usize) {
    let (mut x, mut y) = (vec![0; system.len()], vec![0; system.len()]);
    elimination.random_null(sequence, &mut x);
    elimination.random_null(sequence, &mut y);
    let mut classes: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for &u in elimination.hidden.iter().filter(|&&u| x[u as usize] != 0) {
        classes.entry(mul(y[u as usize], inv(x[u as usize]))).or_default().push(u);
    }
    let (mut failing, mut new) = (0, 0);
    for class in classes.values() {
        let Some(&alone) = class.iter().find(|&&u| system.value[u as usize] == 1) else { continue };
        for &unit in class.iter().filter(|&&u| u != alone && system.primary[u as usize]) {
            failing += 1;
            let ratio = mul(x[unit as usize], inv(x[alone as usize]));
            let target = [(unit, 1), (alone, neg(ratio))];
            let Some(residues) = elimination.combination(&target, space) else { continue };
            let units = residue_support(system, hidden, &residues);
            new += usize::from(pool.add(Cut { target: unit, multipliers: Vec::new(), units }));
        }
    }
    (failing, new)
}

/// Sorts terms and adds up those of the same unit, leaving out zeros.
pub(crate) fn add_up(terms: &mut [(u32, i64)]) -> impl Iterator<Item = (u32, i64)> + '_ {
    terms.sort_unstable();
    terms
        .chunk_by(|a, b| a.0 == b.0)
        .map(|same| (same[0].0, same.iter().map(|t| t.1).sum()))
        .filter(|&(_, sum)| sum != 0)
}

fn residue_support(system: &System, hidden: &[bool], residues: &[(u32, u64)]) -> Vec<u32> {
    let mut terms: Vec<(u32, u64)> = residues
        .iter()
        .flat_map(|&(row, m)| system.rows[row as usize].iter().map(move |&(u, k)| (u, mul(m, from_i64(k)))))
        .collect();
    terms.sort_unstable();
    terms
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|same| same.iter().fold(0_u128, |s, t| s + u128::from(t.1)) % u128::from(P) != 0)
        .map(|same| same[0].0)
        .filter(|&u| !hidden[u as usize])
        .collect()
}

/// Reads residues as integers with a common small factor, if they are such.
pub(crate) fn small_integers(residues: &[(u32, u64)]) -> Option<Vec<(u32, i64)>> {
    const BOUND: i64 = 1 << 24;
    let try_scale = |scale: u64| -> Option<Vec<(u32, i64)>> {
        residues
            .iter()
            .map(|&(i, r)| Some(to_i64(mul(r, scale))).filter(|v| v.abs() <= BOUND).map(|v| (i, v)))
            .collect()
    };
    if let Some(found) = (1..=12).find_map(try_scale) {
        return Some(found);
    }
    // A common denominator read from the first few residues that are not small.
    let mut scale = 1_u64;
    for _ in 0..8 {
        match residues.iter().map(|&(_, r)| mul(r, scale)).find(|&r| to_i64(r).abs() > BOUND) {
            None => return try_scale(scale),
            Some(r) => scale = scale.checked_mul(denominator(r, BOUND)?)?,
        }
        if scale > 1 << 20 {
            return None;
        }
    }
    None
}

/// Rational reconstruction: the denominator `d <= bound` with `r = n / d` and small `n`.
fn denominator(r: u64, bound: i64) -> Option<u64> {
    let (mut a, mut b) = (i128::from(P), i128::from(r));
    let (mut s, mut t) = (0_i128, 1_i128);
    while b.abs() > i128::from(bound) {
        let q = a / b;
        (a, b) = (b, a - q * b);
        (s, t) = (t, s - q * t);
    }
    let d = u64::try_from(t.abs()).ok().filter(|&d| d > 1 && d <= bound as u64)?;
    debug_assert!(inv(d) != 0);
    Some(d)
}

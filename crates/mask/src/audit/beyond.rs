//! What the intervals of single cells do not show: sums of hidden cells, and what one person can work out.
// Invariant for the indexing below: cell positions come from the view.
#![allow(clippy::indexing_slicing)]

use super::equations::Echelon;
use super::view::{Known, View};
use super::{Audit, equation_words};
use serde::Serialize;

/// Hidden cells of one line whose sum the rest of the line publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct SmallSum {
    /// The line in words.
    pub line: String,
    /// The hidden cells.
    pub cells: Vec<usize>,
    /// Their sum.
    pub sum: u64,
}

/// The lines of which the hidden cells add up to a published 1 to `limit`. A hidden cell that can be worked
/// out counts as published.
#[must_use]
pub fn small_sums(view: &View, audit: &Audit, limit: u64) -> Vec<SmallSum> {
    let fixed = |cell: usize| match view.known[cell] {
        Known::Shown(v) => Some(v),
        Known::Hidden { .. } => audit.interval(cell).filter(|i| i.hi == Some(i.lo)).map(|i| i.lo),
    };
    let mut found = Vec::new();
    for equation in &view.equations {
        let (mut known, mut open) = (0_i64, Vec::new());
        for &(cell, k) in &equation.terms {
            match fixed(cell) {
                Some(v) => known += k * v as i64,
                None => open.push((cell, k)),
            }
        }
        let same = open.iter().all(|t| t.1 == 1) || open.iter().all(|t| t.1 == -1);
        if same && open.len() > 1 && (1..=limit).contains(&known.unsigned_abs()) {
            found.push(SmallSum {
                line: equation_words(view, equation),
                cells: open.iter().map(|t| t.0).collect(),
                sum: known.unsigned_abs(),
            });
        }
    }
    found
}

/// A person who is alone in a hidden cell and knows it, and a sensitive cell that falls out by equations once
/// that cell is known: the first such pair. Cells that are the same number as the person's own do not count.
#[must_use]
pub fn told_by_one(view: &View, counts: &[u64], sensitive: &[bool]) -> Option<(usize, usize)> {
    let echelon = Echelon::new(view);
    let count = |c: usize| counts.get(c).copied().unwrap_or(0);
    for class in echelon.proportional() {
        let Some(&(alone, ratio)) = class.iter().find(|(c, _)| count(*c) == 1) else { continue };
        let other = class
            .iter()
            .find(|&&(c, r)| c != alone && sensitive.get(c) == Some(&true) && !(r == ratio && count(c) == 1));
        if let Some(&(other, _)) = other {
            return Some((alone, other));
        }
    }
    None
}

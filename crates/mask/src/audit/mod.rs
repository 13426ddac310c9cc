//! The audit: what an attacker can work out from a publication, by code that shares nothing with the
//! suppressor.
//!
//! Single equations are used until nothing moves; then all equations at once (which finds every cell that
//! linear combinations determine); then, component by component where the size allows, linear programs and
//! a whole-number search give the sharp interval of each hidden cell.
// Invariant for the indexing below: cell and equation positions come from the view.
#![allow(clippy::indexing_slicing)]

mod beyond;
mod equations;
mod propagate;
mod sharpen;
mod tableau;
mod view;
mod words;

pub use beyond::{SmallSum, small_sums, told_by_one};
pub use view::{Equation, Known, View};

use crate::error::{Error, Result};
use equations::Echelon;
use propagate::{Boxes, OPEN, Propagator};
use serde::Serialize;
use sharpen::sharpen;
use std::collections::{BTreeMap, BTreeSet};
use words::{equation_words, linear_words, step_words};

/// How hard the audit tries; all limits are counts of work, so results are the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Components of hidden cells up to this size get sharp intervals.
    pub component: usize,
    /// Steps of the whole-number search for one bound.
    pub search: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self { component: 120, search: 200_000 }
    }
}

/// What can be said of one hidden cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Interval {
    /// Position in the view.
    pub cell: usize,
    /// Name of the cell.
    pub label: String,
    /// Least value it can have.
    pub lo: u64,
    /// Greatest value it can have; none if there is no limit.
    pub hi: Option<u64>,
    /// Whether both ends are attained by whole-number tables; if not, the true interval may be narrower.
    pub sharp: bool,
}

/// A hidden cell that can be worked out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Exposure {
    /// Position in the view.
    pub cell: usize,
    /// Name of the cell.
    pub label: String,
    /// Its only possible value.
    pub value: u64,
    /// How it is worked out.
    pub derivation: String,
}

/// The result of an audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Audit {
    /// One entry for every hidden cell, in order.
    pub intervals: Vec<Interval>,
    /// The hidden cells that can be worked out, in order.
    pub exposed: Vec<Exposure>,
    /// Sizes of the components of cells that stay hidden, largest first.
    pub components: Vec<usize>,
}

impl Audit {
    /// The interval of a cell by position.
    #[must_use]
    pub fn interval(&self, cell: usize) -> Option<&Interval> {
        self.intervals.binary_search_by_key(&cell, |i| i.cell).ok().and_then(|at| self.intervals.get(at))
    }
}

/// Attacks a view.
///
/// # Errors
/// [`Error::Inconsistent`] if no table at all agrees with what is published: an error in the totals, and
/// never a pass.
pub fn audit(view: &View, effort: Effort) -> Result<Audit> {
    let propagator = Propagator::new(view);
    let mut boxes = propagator.start();
    let size: u64 = view.equations.iter().map(|e| e.terms.len() as u64).sum();
    let mut work = size.saturating_mul(60).max(1_000_000);
    narrow(view, &propagator, &mut boxes, &mut work)?;
    let mut reasons: Vec<(usize, String)> = Vec::new();
    let echelon = Echelon::new(view);
    for cell in echelon.determined() {
        if let Some((multipliers, own)) = echelon.multipliers(cell) {
            let (value, text) = linear_words(view, cell, &multipliers, own)?;
            reasons.push((cell, text));
            if value < boxes.lo[cell] || value > boxes.hi[cell] {
                return Err(Error::Inconsistent {
                    cell: view.label(cell).to_owned(),
                    problem: format!("the equations give {value}, other facts {}..", boxes.lo[cell]),
                });
            }
            boxes.lo[cell] = value;
            boxes.hi[cell] = value;
        }
    }
    narrow(view, &propagator, &mut boxes, &mut work)?;
    let mut sharp = BTreeSet::new();
    let mut sizes = Vec::new();
    for component in components(view, &boxes) {
        sizes.push(component.len());
        if component.len() <= effort.component {
            let around = propagator.around(&component);
            sharp.extend(sharpen(view, &component, &around, &mut boxes, &mut reasons, effort)?);
        }
    }
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    reasons.sort_by_key(|r| r.0);
    let mut audit = Audit { intervals: Vec::new(), exposed: Vec::new(), components: sizes };
    for (cell, known) in view.known.iter().enumerate() {
        if matches!(known, Known::Shown(_)) || view.slack.binary_search(&cell).is_ok() {
            continue;
        }
        let (lo, hi) = (boxes.lo[cell].max(0) as u64, boxes.hi[cell]);
        let label = view.label(cell).to_owned();
        let hi = (hi != OPEN).then_some(hi.max(0) as u64);
        if hi == Some(lo) {
            let derivation = match reasons.binary_search_by_key(&cell, |r| r.0) {
                Ok(at) => reasons[at].1.clone(),
                Err(_) => step_words(view, &boxes, cell),
            };
            audit.exposed.push(Exposure { cell, label: label.clone(), value: lo, derivation });
        }
        audit.intervals.push(Interval {
            cell,
            label,
            lo,
            hi,
            sharp: sharp.contains(&cell) || hi == Some(lo),
        });
    }
    Ok(audit)
}

fn narrow(view: &View, propagator: &Propagator<'_>, boxes: &mut Boxes, work: &mut u64) -> Result<()> {
    propagator.narrow(boxes, None, work).map_err(|contradiction| {
        let equation = &view.equations[contradiction.0];
        let cell = equation.terms.first().map_or("", |t| view.label(t.0));
        Error::Inconsistent {
            cell: cell.to_owned(),
            problem: format!("no whole numbers from 0 up satisfy {}", equation_words(view, equation)),
        }
    })
}

/// Hidden cells that are not yet determined, joined where they share an equation.
fn components(view: &View, boxes: &Boxes) -> Vec<Vec<usize>> {
    let open = |c: usize| boxes.lo[c] != boxes.hi[c];
    let mut group: Vec<usize> = (0..view.len()).collect();
    fn find(group: &mut [usize], mut at: usize) -> usize {
        while group[at] != at {
            group[at] = group[group[at]];
            at = group[at];
        }
        at
    }
    for equation in &view.equations {
        let mut first = None;
        for c in equation.terms.iter().map(|t| t.0).filter(|&c| open(c)) {
            match first {
                None => first = Some(c),
                Some(f) => {
                    let (a, b) = (find(&mut group, f), find(&mut group, c));
                    group[a.max(b)] = a.min(b);
                }
            }
        }
    }
    let mut lists: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for c in (0..view.len()).filter(|&c| open(c)) {
        lists.entry(find(&mut group, c)).or_default().push(c);
    }
    lists.into_values().collect()
}

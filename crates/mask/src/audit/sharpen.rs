//! Sharp intervals of the cells of a small component: a linear program for each end, then the next whole-number
//! table inside it.
// Invariant for the indexing below: cell and equation positions come from the view.
#![allow(clippy::indexing_slicing)]

use super::Effort;
use super::propagate::{Boxes, OPEN, Propagator};
use super::tableau::{Extreme, Tableau};
use super::view::{Equation, Known, View};
use super::words::dual_words;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// How many whole numbers inside the end of the linear program are tried.
const TRIED: usize = 64;

/// Narrows the cells of a component to their sharp intervals; answers the cells of which both ends are attained.
pub(super) fn sharpen(
    view: &View,
    component: &[usize],
    around: &[usize],
    boxes: &mut Boxes,
    reasons: &mut Vec<(usize, String)>,
    effort: Effort,
) -> Result<Vec<usize>> {
    let mut part = Part::new(view, component, around, boxes);
    let beside = part.beside(boxes);
    let search = Propagator::new(&beside);
    let mut sharp = Vec::new();
    for (i, &cell) in component.iter().enumerate() {
        let most = part.end(&search, boxes, i, true, effort)?;
        let least = part.end(&search, boxes, i, false, effort)?;
        if most.known && least.known {
            sharp.push(cell);
        }
        if boxes.lo[cell] == boxes.hi[cell] {
            let (label, value) = (view.label(cell), boxes.lo[cell]);
            let (least, most) = (least.words, most.words);
            reasons.push((
                cell,
                format!(
                    "{label} is at least and at most {value}: at least by {least}; at most by {most} (counts are whole \
                     and not negative)"
                ),
            ));
        }
    }
    Ok(sharp)
}

/// What was found of one end of a cell.
struct End {
    /// The equations that bound it.
    words: String,
    /// Whether the end is attained, or there is none.
    known: bool,
}

/// A component as a linear program over its cells, each counted from what was said of it beforehand.
struct Part<'v> {
    view: &'v View,
    component: &'v [usize],
    around: &'v [usize],
    /// The place of each cell in the component.
    place: BTreeMap<usize, usize>,
    tableau: Tableau,
    /// The equation of the view behind each row; `usize::MAX` for what was said of a cell.
    sources: Vec<usize>,
}

impl<'v> Part<'v> {
    fn new(view: &'v View, component: &'v [usize], around: &'v [usize], boxes: &Boxes) -> Self {
        let place: BTreeMap<usize, usize> =
            component.iter().enumerate().map(|(i, &cell)| (cell, i)).collect();
        let mut equations: Vec<(Vec<(usize, i64)>, i64)> = Vec::new();
        let mut sources: Vec<usize> = Vec::new();
        for &e in around {
            let mut terms = Vec::new();
            let mut right = 0;
            for &(cell, k) in &view.equations[e].terms {
                if let Some(&i) = place.get(&cell) {
                    terms.push((i, k));
                    right -= k * said(view, cell).0;
                } else {
                    right -= k * boxes.lo[cell];
                }
            }
            equations.push((terms, right));
            sources.push(e);
        }
        let mut variables = component.len();
        for (i, &cell) in component.iter().enumerate() {
            if let (lo, Some(hi)) = said(view, cell) {
                equations.push((vec![(i, 1), (variables, 1)], hi - lo));
                sources.push(usize::MAX);
                variables += 1;
            }
        }
        let tableau = Tableau::new(variables, &equations);
        Part { view, component, around, place, tableau, sources }
    }

    /// The component as a view of its own, in which the cells beside it are one published figure an equation.
    fn beside(&self, boxes: &Boxes) -> View {
        let mut local = View::new();
        for &cell in self.component {
            local.labels.push(String::new());
            local.known.push(Known::Hidden {
                lo: boxes.lo[cell] as u64,
                hi: (boxes.hi[cell] != OPEN).then_some(boxes.hi[cell] as u64),
            });
        }
        for &e in self.around {
            let mut terms = Vec::new();
            let mut constant = 0;
            for &(cell, k) in &self.view.equations[e].terms {
                match self.place.get(&cell) {
                    Some(&i) => terms.push((i, k)),
                    None => constant += k * boxes.lo[cell],
                }
            }
            local.labels.push(String::new());
            local.known.push(Known::Shown(constant.unsigned_abs()));
            terms.push((local.labels.len() - 1, if constant < 0 { -1 } else { 1 }));
            local.equations.push(Equation { terms, name: String::new() });
        }
        local
    }

    /// Narrows one end of the cell at this place of the component.
    fn end(
        &mut self,
        search: &Propagator<'_>,
        boxes: &mut Boxes,
        i: usize,
        greatest: bool,
        effort: Effort,
    ) -> Result<End> {
        let cell = self.component[i];
        let (bound, words) = match self.tableau.extreme(i, greatest) {
            Extreme::Infeasible => {
                return Err(self.contradiction(cell, "no figures at all satisfy the equations around it"));
            }
            Extreme::Unknown => return Ok(End { words: String::new(), known: false }),
            Extreme::Unbounded => return Ok(End { words: String::new(), known: true }),
            Extreme::At(value, duals, _) => {
                (value + said(self.view, cell).0, dual_words(self.view, &self.sources, &duals))
            }
        };
        let mut start = search.start();
        let mut work = effort.search;
        if search.narrow(&mut start, None, &mut work).is_err() {
            return Ok(End { words, known: true });
        }
        let positions: Vec<usize> = (0..self.component.len()).collect();
        let (mut end, mut known) = (bound, false);
        for _ in 0..TRIED {
            match search.attain(&start, &positions, i, end, &mut work) {
                Some(false) => end += if greatest { -1 } else { 1 },
                attained => {
                    known = attained.is_some();
                    break;
                }
            }
            if greatest && end < boxes.lo[cell] || !greatest && end > boxes.hi[cell] {
                return Err(self.contradiction(cell, "no whole numbers satisfy the equations around it"));
            }
        }
        if greatest {
            boxes.hi[cell] = boxes.hi[cell].min(end);
        } else {
            boxes.lo[cell] = boxes.lo[cell].max(end);
        }
        Ok(End { words, known })
    }

    fn contradiction(&self, cell: usize, problem: &str) -> Error {
        Error::Inconsistent { cell: self.view.label(cell).to_owned(), problem: problem.to_owned() }
    }
}

/// What was said of a cell beforehand; what propagation found follows from the equations.
fn said(view: &View, cell: usize) -> (i64, Option<i64>) {
    match view.known[cell] {
        Known::Hidden { lo, hi } => (lo as i64, hi.map(|hi| hi as i64)),
        Known::Shown(value) => (value as i64, Some(value as i64)),
    }
}

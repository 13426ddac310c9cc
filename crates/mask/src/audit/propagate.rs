//! Bounds of hidden cells by repeated use of single equations, and a search for whole-number tables.
// Invariant for the indexing below: cell and equation positions come from the view.
#![allow(clippy::indexing_slicing)]

use super::view::{Known, View};
use std::collections::VecDeque;

/// No upper bound.
pub(crate) const OPEN: i64 = i64::MAX;
/// No count, and no remainder of a rounded percentage, is as large as this.
const VAST: i128 = 1 << 62;

/// Bounds of all cells, and which equation last moved each.
#[derive(Clone)]
pub(crate) struct Boxes {
    pub(crate) lo: Vec<i64>,
    pub(crate) hi: Vec<i64>,
    pub(crate) lo_by: Vec<Option<usize>>,
    pub(crate) hi_by: Vec<Option<usize>>,
}

pub(crate) struct Propagator<'a> {
    view: &'a View,
    equations_of: Vec<Vec<usize>>,
}

/// An equation that cannot hold.
pub(crate) struct Contradiction(pub(crate) usize);

impl<'a> Propagator<'a> {
    pub(crate) fn new(view: &'a View) -> Self {
        let mut equations_of = vec![Vec::new(); view.len()];
        for (e, equation) in view.equations.iter().enumerate() {
            for &(c, _) in &equation.terms {
                equations_of[c].push(e);
            }
        }
        Self { view, equations_of }
    }

    /// The equations on any of these cells, in order.
    pub(crate) fn around(&self, cells: &[usize]) -> Vec<usize> {
        let mut list: Vec<usize> = cells.iter().flat_map(|&c| self.equations_of[c].iter().copied()).collect();
        list.sort_unstable();
        list.dedup();
        list
    }

    pub(crate) fn start(&self) -> Boxes {
        let n = self.view.len();
        let mut boxes =
            Boxes { lo: vec![0; n], hi: vec![OPEN; n], lo_by: vec![None; n], hi_by: vec![None; n] };
        for (c, known) in self.view.known.iter().enumerate() {
            (boxes.lo[c], boxes.hi[c]) = match *known {
                Known::Shown(v) => (v as i64, v as i64),
                Known::Hidden { lo, hi } => (lo as i64, hi.map_or(OPEN, |h| h as i64)),
            };
        }
        boxes
    }

    /// Narrows until nothing moves or the work is used up. `from`: equations to begin with (none: all).
    pub(crate) fn narrow(
        &self,
        boxes: &mut Boxes,
        from: Option<&[usize]>,
        work: &mut u64,
    ) -> Result<(), Contradiction> {
        let all: Vec<usize>;
        let first = match from {
            Some(list) => list,
            None => {
                all = (0..self.view.equations.len()).collect();
                &all
            }
        };
        let mut queue: VecDeque<usize> = first.iter().copied().collect();
        let mut queued = vec![false; self.view.equations.len()];
        for &e in first {
            queued[e] = true;
        }
        while let Some(e) = queue.pop_front() {
            queued[e] = false;
            let terms = &self.view.equations[e].terms;
            if *work < terms.len() as u64 {
                return Ok(());
            }
            *work -= terms.len() as u64;
            let (mut least, mut most, mut open_least, mut open_most) = (0_i128, 0_i128, 0, 0);
            for &(c, k) in terms {
                for (end, is_lo) in [(boxes.lo[c], true), (boxes.hi[c], false)] {
                    let into_least = is_lo == (k > 0);
                    match (end == OPEN, into_least) {
                        (true, true) => open_least += 1,
                        (true, false) => open_most += 1,
                        (false, true) => least += i128::from(k) * i128::from(end),
                        (false, false) => most += i128::from(k) * i128::from(end),
                    }
                }
            }
            for &(c, k) in terms {
                if boxes.lo[c] == boxes.hi[c] {
                    continue;
                }
                let (own_least, own_most) =
                    if k > 0 { (boxes.lo[c], boxes.hi[c]) } else { (boxes.hi[c], boxes.lo[c]) };
                // k * y = -(others): at most -(least of the others), at least -(most of the others).
                let others_least = others(least, open_least, k, own_least);
                let others_most = others(most, open_most, k, own_most);
                let k = i128::from(k);
                let top = others_least.map(|o| -o);
                let bottom = others_most.map(|o| -o);
                let (new_hi, new_lo) = if k > 0 {
                    (top.map(|t| t.div_euclid(k)), bottom.map(|b| -((-b).div_euclid(k))))
                } else {
                    (bottom.map(|b| (-b).div_euclid(-k)), top.map(|t| -(t.div_euclid(-k))))
                };
                let mut moved = false;
                if new_lo.is_some_and(|l| l >= VAST) || new_hi.is_some_and(|h| h < 0) {
                    return Err(Contradiction(e));
                }
                let whole = |v: i128| i64::try_from(v).unwrap_or(OPEN);
                if let Some(hi) = new_hi.filter(|&h| h < VAST).map(whole).filter(|&h| h < boxes.hi[c]) {
                    boxes.hi[c] = hi;
                    boxes.hi_by[c] = Some(e);
                    moved = true;
                }
                if let Some(lo) = new_lo.map(|l| whole(l.max(0))).filter(|&l| l > boxes.lo[c]) {
                    boxes.lo[c] = lo;
                    boxes.lo_by[c] = Some(e);
                    moved = true;
                }
                if boxes.lo[c] > boxes.hi[c] {
                    return Err(Contradiction(e));
                }
                if moved {
                    for &other in &self.equations_of[c] {
                        if !queued[other] {
                            queued[other] = true;
                            queue.push_back(other);
                        }
                    }
                    // The sums above are stale now; this equation comes again.
                    break;
                }
            }
            let fixed = terms.iter().all(|&(c, _)| boxes.lo[c] == boxes.hi[c]);
            if fixed && sum_at(boxes, terms) != 0 {
                return Err(Contradiction(e));
            }
        }
        Ok(())
    }

    /// Whether every equation on the component holds at a single point.
    fn holds(&self, boxes: &Boxes, component: &[usize]) -> bool {
        component.iter().flat_map(|&c| &self.equations_of[c]).all(|&e| {
            let terms = &self.view.equations[e].terms;
            terms.iter().all(|&(c, _)| boxes.lo[c] == boxes.hi[c]) && sum_at(boxes, terms) == 0
        })
    }

    /// Searches a whole-number table in which `cell` has this value; `None` if the work was used up.
    pub(crate) fn attain(
        &self,
        boxes: &Boxes,
        component: &[usize],
        cell: usize,
        value: i64,
        work: &mut u64,
    ) -> Option<bool> {
        let mut stack = vec![(boxes.clone(), cell, value, value)];
        while let Some((mut boxes, cell, lo, hi)) = stack.pop() {
            boxes.lo[cell] = boxes.lo[cell].max(lo);
            boxes.hi[cell] = boxes.hi[cell].min(hi);
            if boxes.lo[cell] > boxes.hi[cell] {
                continue;
            }
            if *work == 0 {
                return None;
            }
            *work = work.saturating_sub(component.len() as u64);
            if self.narrow(&mut boxes, Some(&self.equations_of[cell]), work).is_err() {
                continue;
            }
            let next = component
                .iter()
                .copied()
                .filter(|&c| boxes.lo[c] != boxes.hi[c])
                .min_by_key(|&c| (boxes.hi[c].saturating_sub(boxes.lo[c]), c));
            match next {
                None => return self.holds(&boxes, component).then_some(true),
                Some(c) => {
                    let (lo, hi) = (boxes.lo[c], boxes.hi[c]);
                    let middle = if hi == OPEN { lo + 1_000 } else { lo + (hi - lo) / 2 };
                    stack.push((boxes.clone(), c, middle + 1, hi));
                    stack.push((boxes, c, lo, middle));
                }
            }
        }
        Some(false)
    }
}

fn sum_at(boxes: &Boxes, terms: &[(usize, i64)]) -> i128 {
    terms.iter().map(|&(c, k)| i128::from(k) * i128::from(boxes.lo[c])).sum()
}

/// The sum without one term: none if another term is open.
fn others(sum: i128, open: usize, k: i64, own: i64) -> Option<i128> {
    match (open, own == OPEN) {
        (0, _) => Some(sum - i128::from(k) * i128::from(own)),
        (1, true) => Some(sum),
        _ => None,
    }
}

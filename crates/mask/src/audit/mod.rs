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
mod tableau;
mod view;

pub use beyond::{SmallSum, small_sums, told_by_one};
pub use view::{Equation, Known, View};

use crate::error::{Error, Result};
use equations::Echelon;
use propagate::{Boxes, OPEN, Propagator};
use serde::Serialize;
use tableau::{Extreme, Tableau};

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
    let mut sharp = vec![false; view.len()];
    let mut sizes = Vec::new();
    for component in components(view, &boxes) {
        sizes.push(component.len());
        if component.len() <= effort.component {
            let around = propagator.around(&component);
            sharpen(view, &component, &around, &mut boxes, &mut sharp, &mut reasons, effort)?;
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
        audit.intervals.push(Interval { cell, label, lo, hi, sharp: sharp[cell] || hi == Some(lo) });
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
    let mut lists: std::collections::BTreeMap<usize, Vec<usize>> = std::collections::BTreeMap::new();
    for c in (0..view.len()).filter(|&c| open(c)) {
        lists.entry(find(&mut group, c)).or_default().push(c);
    }
    lists.into_values().collect()
}

/// Sharp intervals of a small component.
fn sharpen(
    view: &View,
    component: &[usize],
    around: &[usize],
    boxes: &mut Boxes,
    sharp: &mut [bool],
    reasons: &mut Vec<(usize, String)>,
    effort: Effort,
) -> Result<()> {
    let place: std::collections::BTreeMap<usize, usize> =
        component.iter().enumerate().map(|(i, &c)| (c, i)).collect();
    // Only what was said beforehand limits a cell; what propagation found follows from the equations.
    let said = |c: usize| match view.known[c] {
        Known::Hidden { lo, hi } => (lo as i64, hi.map(|h| h as i64)),
        Known::Shown(v) => (v as i64, Some(v as i64)),
    };
    let mut equations: Vec<(Vec<(usize, i64)>, i64)> = Vec::new();
    let mut sources: Vec<usize> = Vec::new();
    let mut local = View::new();
    for &c in component {
        local.labels.push(String::new());
        local.known.push(Known::Hidden {
            lo: boxes.lo[c] as u64,
            hi: (boxes.hi[c] != OPEN).then_some(boxes.hi[c] as u64),
        });
    }
    let mut extra = component.len();
    for &e in around {
        let equation = &view.equations[e];
        let mut terms = Vec::new();
        let mut constant = 0;
        let mut right = 0;
        for &(c, k) in &equation.terms {
            match place.get(&c) {
                Some(&i) => {
                    terms.push((i, k));
                    right -= k * said(c).0;
                }
                None => {
                    constant += k * boxes.lo[c];
                    right -= k * boxes.lo[c];
                }
            }
        }
        equations.push((terms.clone(), right));
        sources.push(e);
        local.labels.push(String::new());
        local.known.push(Known::Shown(constant.unsigned_abs()));
        terms.push((local.labels.len() - 1, if constant < 0 { -1 } else { 1 }));
        local.equations.push(Equation { terms, name: String::new() });
    }
    for (i, &c) in component.iter().enumerate() {
        if let (lo, Some(hi)) = said(c) {
            equations.push((vec![(i, 1), (extra, 1)], hi - lo));
            sources.push(usize::MAX);
            extra += 1;
        }
    }
    let mut tableau = Tableau::new(extra, &equations);
    let search = Propagator::new(&local);
    let positions: Vec<usize> = (0..component.len()).collect();
    for (i, &c) in component.iter().enumerate() {
        let mut words = [String::new(), String::new()];
        let mut known = true;
        for greatest in [true, false] {
            let mut end = match tableau.extreme(i, greatest) {
                Extreme::Infeasible => {
                    return Err(Error::Inconsistent {
                        cell: view.label(c).to_owned(),
                        problem: "no figures at all satisfy the equations around it".to_owned(),
                    });
                }
                Extreme::Unknown => {
                    known = false;
                    continue;
                }
                Extreme::Unbounded => continue,
                Extreme::At(value, duals, _) => {
                    words[usize::from(greatest)] = dual_words(view, &sources, &duals);
                    value + said(c).0
                }
            };
            let mut start = search.start();
            let mut work = effort.search;
            if search.narrow(&mut start, None, &mut work).is_err() {
                continue;
            }
            for _ in 0..64 {
                match search.attain(&start, &positions, i, end, &mut work) {
                    Some(true) => break,
                    Some(false) => end += if greatest { -1 } else { 1 },
                    None => {
                        known = false;
                        break;
                    }
                }
                if greatest && end < boxes.lo[c] || !greatest && end > boxes.hi[c] {
                    return Err(Error::Inconsistent {
                        cell: view.label(c).to_owned(),
                        problem: "no whole numbers satisfy the equations around it".to_owned(),
                    });
                }
            }
            if greatest {
                boxes.hi[c] = boxes.hi[c].min(end);
            } else {
                boxes.lo[c] = boxes.lo[c].max(end);
            }
        }
        sharp[c] = known;
        if boxes.lo[c] == boxes.hi[c] {
            let [least, most] = words;
            reasons.push((
                c,
                format!(
                    "{} is at least and at most {}: at least by {least}; at most by {most} (counts are whole and not negative)",
                    view.label(c),
                    boxes.lo[c]
                ),
            ));
        }
    }
    Ok(())
}

fn signed(k: i64, name: &str, first: bool) -> String {
    let sign = match (k < 0, first) {
        (true, true) => "-",
        (true, false) => " - ",
        (false, true) => "",
        (false, false) => " + ",
    };
    if k.abs() == 1 { format!("{sign}{name}") } else { format!("{sign}{} x {name}", k.abs()) }
}

/// The combination of equations in words, and the value that it leaves.
fn linear_words(view: &View, cell: usize, multipliers: &[(usize, i64)], own: i64) -> Result<(i64, String)> {
    // Written so that the cell stands positive on its own side.
    let turn = own.signum();
    let mut known = 0;
    for &(e, m) in multipliers {
        for &(c, k) in &view.equations[e].terms {
            if let Known::Shown(v) = view.known[c] {
                known += m * k * v as i64;
            }
        }
    }
    let right = -known * turn;
    let own = own.abs();
    if right % own != 0 || right < 0 {
        return Err(Error::Inconsistent {
            cell: view.label(cell).to_owned(),
            problem: format!("the equations give {right}/{own}, which is not a count"),
        });
    }
    let mut text = String::new();
    let mut order: Vec<(usize, i64)> = multipliers.iter().map(|&(e, m)| (e, -m * turn)).collect();
    if order.iter().all(|t| t.1 < 0) {
        order.iter_mut().for_each(|t| t.1 = -t.1);
    }
    order.sort_by_key(|&(e, m)| (m < 0, e));
    for (i, (e, m)) in order.iter().enumerate() {
        text += &signed(*m, &view.equations[*e].name, i == 0);
    }
    let value = right / own;
    let left = if own == 1 { String::new() } else { format!("{own} x ") };
    Ok((
        value,
        format!(
            "{text}: the other hidden cells cancel, the published figures leave {right}, so {left}[{}] = {right}{}",
            view.label(cell),
            if own == 1 { String::new() } else { format!(" and [{}] = {value}", view.label(cell)) }
        ),
    ))
}

fn dual_words(view: &View, sources: &[usize], duals: &[i128]) -> String {
    let mut text = String::new();
    for (&e, &m) in sources.iter().zip(duals) {
        if m != 0 {
            let name = if e == usize::MAX { "the legend" } else { view.equations[e].name.as_str() };
            text += &signed(i64::try_from(m).unwrap_or(0), name, text.is_empty());
        }
    }
    if text.is_empty() { "not being negative".to_owned() } else { text }
}

fn equation_words(view: &View, equation: &Equation) -> String {
    words_with(view, equation, |_| "?".to_owned())
}

/// An equation with its figures; `found` words a hidden one.
fn words_with(view: &View, equation: &Equation, found: impl Fn(usize) -> String) -> String {
    if equation.terms.last().is_some_and(|t| view.slack.binary_search(&t.0).is_ok()) {
        return equation.name.clone();
    }
    let shown = |c: usize| match view.known[c] {
        Known::Shown(v) => format!("{}={v}", view.label(c)),
        Known::Hidden { .. } => format!("{}={}", view.label(c), found(c)),
    };
    let mut left: Vec<String> = Vec::new();
    let mut right: Vec<String> = Vec::new();
    for &(c, k) in &equation.terms {
        if k > 0 { &mut left } else { &mut right }.push(shown(c));
    }
    let mut text = format!("{} = {}", left.join(" + "), right.join(" + "));
    if text.len() > 600 {
        text = format!("{} ...", text.chars().take(600).collect::<String>());
    }
    text
}

/// How single equations closed in on a cell.
fn step_words(view: &View, boxes: &Boxes, cell: usize) -> String {
    let found = |c: usize| match (boxes.lo[c], boxes.hi[c]) {
        _ if c == cell => "?".to_owned(),
        (lo, hi) if lo == hi => format!("{lo} (found)"),
        (lo, OPEN) => format!("{lo} or more"),
        (lo, hi) => format!("{lo} to {hi}"),
    };
    let by = |e: Option<usize>| match e {
        Some(e) => words_with(view, &view.equations[e], found),
        None => "what is said of it beforehand".to_owned(),
    };
    format!(
        "{} is at least {} by ({}) and at most {} by ({})",
        view.label(cell),
        boxes.lo[cell],
        by(boxes.lo_by[cell]),
        boxes.hi[cell],
        by(boxes.hi_by[cell])
    )
}

//! Derivations in words: which equations give a figure.
// Invariant for the indexing below: cell and equation positions come from the view.
#![allow(clippy::indexing_slicing)]

use super::propagate::{Boxes, OPEN};
use super::view::{Equation, Known, View};
use crate::error::{Error, Result};

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
pub(super) fn linear_words(
    view: &View,
    cell: usize,
    multipliers: &[(usize, i64)],
    own: i64,
) -> Result<(i64, String)> {
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

/// The combination of equations that bounds a cell, by the multipliers of a linear program.
pub(super) fn dual_words(view: &View, sources: &[usize], duals: &[i128]) -> String {
    let mut text = String::new();
    for (&e, &m) in sources.iter().zip(duals) {
        if m != 0 {
            let name = if e == usize::MAX { "the legend" } else { view.equations[e].name.as_str() };
            text += &signed(i64::try_from(m).unwrap_or(0), name, text.is_empty());
        }
    }
    if text.is_empty() { "not being negative".to_owned() } else { text }
}

/// An equation with its published figures.
pub(super) fn equation_words(view: &View, equation: &Equation) -> String {
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
pub(super) fn step_words(view: &View, boxes: &Boxes, cell: usize) -> String {
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

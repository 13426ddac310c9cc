//! The planner: which table is worth publishing at all.
//!
//! A fully crossed table of small schools is mostly asterisks. The planner masks each candidate (which
//! dimensions are crossed, and how deep) and says what a reader could still see.

use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::level::Cost;
use crate::masking::{Rule, Task, suppress};
use crate::publication::Publication;
use serde::Serialize;

/// One candidate and what it can show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Candidate {
    /// Dimensions crossed with their depth, such as `unit@1 x race`.
    pub name: String,
    /// Non-zero cells.
    pub cells: u64,
    /// Sensitive cells.
    pub primary: u64,
    /// Further cells hidden.
    pub secondary: u64,
    /// Cells shown, in thousandths of all.
    pub shown_per_mille: u64,
    /// Innermost cells shown.
    pub shown_leaves: u64,
    /// Students in innermost cells that are shown, in thousandths of all students.
    pub students_per_mille: u64,
    /// Why the candidate cannot be published; absent if it can.
    pub problem: Option<String>,
}

/// Masks every candidate table over these counts: each set of dimensions, each depth. Best first, by the
/// number of innermost cells that a reader sees, then by the share of students in them.
///
/// # Errors
/// [`Error::TooLarge`] if there are more candidates than `limit`.
pub fn plan(
    dimensions: &[Dimension],
    leaves: &[(Vec<u32>, u64)],
    rule: &Rule,
    limit: u64,
) -> Result<Vec<Candidate>> {
    let mut depths: Vec<Vec<u32>> = vec![Vec::new()];
    for d in dimensions {
        depths = depths
            .into_iter()
            .flat_map(|p| (0..=d.max_depth()).map(move |k| p.iter().copied().chain([k]).collect()))
            .collect();
        if depths.len() as u64 > limit {
            return Err(Error::TooLarge {
                what: "candidate tables".into(),
                found: depths.len() as u64,
                limit,
            });
        }
    }
    let mut rule = rule.clone();
    rule.cost = Cost::Value;
    let mut candidates = Vec::new();
    for depth in depths.iter().filter(|d| d.iter().any(|&k| k > 0)) {
        candidates.push(evaluate(dimensions, leaves, &rule, depth)?);
    }
    candidates.sort_by(|a, b| {
        let key =
            |c: &Candidate| (c.problem.is_some(), u64::MAX - c.shown_leaves, 1000 - c.students_per_mille);
        key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
    });
    Ok(candidates)
}

/// Masks one candidate table: for each dimension how deep it is crossed, 0 for not at all.
///
/// # Errors
/// When counts are of no leaf, or the rule does not fit the table. What cannot be certified is a
/// [`Candidate::problem`].
pub fn evaluate(
    dimensions: &[Dimension],
    leaves: &[(Vec<u32>, u64)],
    rule: &Rule,
    depth: &[u32],
) -> Result<Candidate> {
    let crossed: Vec<(&str, Option<u32>)> =
        dimensions.iter().zip(depth).filter(|(_, k)| **k > 0).map(|(d, &k)| (d.name(), Some(k))).collect();
    let text = |(d, &k): (&Dimension, &u32)| match k {
        0 => None,
        k if k == d.max_depth() => Some(d.name().to_owned()),
        k => Some(format!("{}@{k}", d.name())),
    };
    let name = dimensions.iter().zip(depth).filter_map(text).collect::<Vec<_>>().join(" x ");
    let mut builder =
        Publication::builder(dimensions.to_vec()).zeros_known(rule.zeros.known()).table(&name, &crossed)?;
    for (at, count) in leaves {
        builder.count_at(at.clone(), *count)?;
    }
    let publication = builder.build()?;
    let task = Task::of(&publication, rule)?;
    let mut out = Candidate {
        name,
        cells: publication.cells().filter(|&c| publication.value(c) > 0).count() as u64,
        primary: task.sensitive.iter().filter(|s| **s).count() as u64,
        secondary: 0,
        shown_per_mille: 0,
        shown_leaves: 0,
        students_per_mille: 0,
        problem: None,
    };
    let pattern = match suppress(&publication, &task) {
        Ok(pattern) => pattern,
        Err(problem) => {
            out.problem = Some(problem.to_string());
            return Ok(out);
        }
    };
    let innermost = |at: &[u32]| {
        at.iter()
            .zip(dimensions)
            .zip(depth)
            .all(|((&c, d), &k)| d.depth(c) == k || (d.is_leaf(c) && d.depth(c) < k))
    };
    let (mut shown, mut seen, mut all) = (0, 0, 0);
    for cell in publication.cells() {
        let value = publication.value(cell);
        let hidden = pattern.hidden.get(cell.index()) == Some(&true);
        out.secondary += u64::from(hidden && task.sensitive.get(cell.index()) != Some(&true));
        shown += u64::from(!hidden && value > 0);
        if publication.coordinate(cell).is_some_and(innermost) {
            all += value;
            if !hidden && value > 0 {
                seen += value;
                out.shown_leaves += 1;
            }
        }
    }
    out.shown_per_mille = 1000 * shown / out.cells.max(1);
    out.students_per_mille = 1000 * seen / all.max(1);
    Ok(out)
}

//! Files of cases with known answers: one table a case, the protection demanded, and optionally a pattern
//! to attack. Anyone may judge the engine from outside with such a file.

use crate::audit::{Effort, Known, View, audit};
use crate::certified::Certified;
use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::level::{Cost, Level};
use crate::masking::{Task, suppress};
use crate::publication::{CellId, Publication};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One case as written in the file. Keys that only state known answers are kept but not used for solving.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Case {
    /// Identifier.
    pub id: String,
    /// Title.
    #[serde(default)]
    pub title: String,
    dims: Vec<CaseDimension>,
    leaf: toml::Value,
    #[serde(default)]
    extra: Vec<CaseSum>,
    #[serde(default)]
    frozen: Vec<Vec<String>>,
    #[serde(default)]
    zeros_known: bool,
    rule: Option<CaseRule>,
    #[serde(default)]
    primary: Vec<Vec<String>>,
    /// Protection demanded.
    pub level: String,
    #[serde(default)]
    upper_bounds: BTreeMap<String, u64>,
    /// A pattern that looks safe and is not.
    pub bad_pattern: Option<Vec<Vec<String>>>,
    /// Known interval under the bad pattern.
    #[serde(default)]
    pub expect: BTreeMap<String, [i64; 2]>,
    /// Known least number of secondary cells.
    pub opt_secondary: Option<u64>,
    /// Known least value of all hidden cells.
    pub opt_value: Option<u64>,
    /// The same at level `range:5`.
    pub opt_secondary_range: Option<u64>,
    /// The same at level `range:5`.
    pub opt_value_range: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseDimension {
    name: String,
    tree: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseSum {
    id: String,
    of: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseRule {
    max: u64,
    #[serde(default)]
    zero: bool,
}

/// Keys of a case: those that say what is asked, and those that state answers known from elsewhere.
const KEYS: [&str; 32] = [
    "id",
    "title",
    "source",
    "note",
    "dims",
    "leaf",
    "extra",
    "frozen",
    "zeros_known",
    "rule",
    "primary",
    "level",
    "upper_bounds",
    "cells",
    "pattern",
    "bad_pattern",
    "expect",
    "derivation",
    "peer",
    "opt_secondary",
    "opt_secondary_sets",
    "opt_patterns",
    "opt_example",
    "opt_value",
    "opt_value_pattern",
    "opt_secondary_range",
    "opt_secondary_sets_range",
    "opt_patterns_range",
    "opt_example_range",
    "opt_value_range",
    "opt_value_pattern_range",
    "expect_range",
];
/// Lists of a file: cases, and percentages with their answers, which are not cases of masking.
const LISTS: [&str; 2] = ["case", "percent"];

/// A misspelt key would silently ask for something else.
fn check_keys(text: &str) -> Result<()> {
    let file: toml::Table = text.parse().map_err(unreadable)?;
    let unknown = |place: String, key: &str, known: &[&str]| Error::Input {
        place,
        problem: format!("unknown key `{key}`; known are {}", known.join(", ")),
    };
    if let Some(key) = file.keys().find(|k| !LISTS.contains(&k.as_str())) {
        return Err(unknown("case file".to_owned(), key, &LISTS));
    }
    let cases = file.get("case").and_then(toml::Value::as_array);
    for case in cases.into_iter().flatten().filter_map(toml::Value::as_table) {
        if let Some(key) = case.keys().find(|k| !KEYS.contains(&k.as_str())) {
            let id = case.get("id").and_then(toml::Value::as_str).unwrap_or("without id");
            return Err(unknown(format!("case {id}"), key, &KEYS));
        }
    }
    Ok(())
}

#[allow(clippy::needless_pass_by_value)]
fn unreadable(e: toml::de::Error) -> Error {
    Error::Input { place: "case file".to_owned(), problem: e.to_string() }
}

#[derive(Deserialize)]
struct CaseFile {
    #[serde(default, rename = "case")]
    cases: Vec<Case>,
}

/// What came out of one case; serialises to the agreed JSON object.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CaseResult {
    /// Identifier of the case.
    pub id: String,
    /// Level demanded.
    pub level: String,
    /// Whether the result passed the checker and the audit.
    pub certified: bool,
    /// Sensitive cells.
    pub primary: Vec<Vec<String>>,
    /// Further hidden cells.
    pub secondary: Vec<Vec<String>>,
    /// Number of further hidden cells.
    pub secondary_count: usize,
    /// Sum over all hidden cells of `max(1, count)`.
    pub value: u64,
    /// Interval of each hidden cell.
    pub intervals: BTreeMap<String, [Option<u64>; 2]>,
    /// Interval of each hidden cell of the case's bad pattern.
    pub attack: BTreeMap<String, [Option<u64>; 2]>,
    /// How the exposed cells of the bad pattern are worked out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub derivations: BTreeMap<String, String>,
    /// Why there is no certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Reads all cases of a file.
///
/// # Errors
/// [`Error::Input`] with the place in the file, for an unknown key too.
pub fn parse(text: &str) -> Result<Vec<Case>> {
    check_keys(text)?;
    let file: CaseFile = toml::from_str(text).map_err(unreadable)?;
    Ok(file.cases)
}

impl Case {
    /// The case at another level.
    #[must_use]
    pub fn at_level(mut self, level: &str) -> Self {
        level.clone_into(&mut self.level);
        self
    }

    /// The publication of the case.
    ///
    /// # Errors
    /// [`Error::Input`] if the counts do not fit the dimensions, or any error of the builder.
    pub fn publication(&self) -> Result<Publication> {
        let mut dimensions = Vec::new();
        let mut leaves = Vec::new();
        for d in &self.dims {
            let dimension = Dimension::parse(&d.name, &d.tree)?;
            let codes = d.tree.iter().map(|t| t.split_once(':').map_or(t.as_str(), |(code, _)| code));
            let mut ids = Vec::new();
            for code in codes {
                let id = dimension.find(code)?;
                if dimension.is_leaf(id) {
                    ids.push(id);
                }
            }
            leaves.push(ids);
            dimensions.push(dimension);
        }
        let mut builder = Publication::builder(dimensions).zeros_known(self.zeros_known);
        for sum in &self.extra {
            builder = builder.further_sum(&sum.id, sum.of.clone());
        }
        for cell in &self.frozen {
            builder = builder.frozen(cell.clone());
        }
        let mut counts = Vec::new();
        flatten(&self.id, &self.leaf, &leaves, &mut Vec::new(), &mut counts)?;
        for (at, count) in counts {
            builder.count_at(at, count)?;
        }
        builder.build()
    }

    pub(crate) fn cells(&self, publication: &Publication, list: &[Vec<String>]) -> Result<Vec<CellId>> {
        let mut cells = Vec::new();
        for codes in list {
            cells.extend(publication.find(codes)?);
        }
        Ok(cells)
    }

    /// What is to be protected.
    ///
    /// # Errors
    /// [`Error::UnknownCell`] for a listed cell that does not exist; [`Error::UnknownName`] for the level.
    pub fn task(&self, publication: &Publication, cost: Cost) -> Result<Task> {
        let level: Level = self.level.parse()?;
        let sensitive: Vec<CellId> = match &self.rule {
            Some(rule) => publication
                .cells()
                .filter(|&c| match publication.value(c) {
                    0 => rule.zero,
                    v => v <= rule.max,
                })
                .collect(),
            None => self.cells(publication, &self.primary)?,
        };
        let mut task = Task::listed(publication, &sensitive, level, cost);
        task.rule = self.rule.as_ref().map(|r| (r.max, r.zero));
        if !self.upper_bounds.is_empty() {
            task.bounds = vec![None; publication.len()];
            for (name, &upper) in &self.upper_bounds {
                let codes: Vec<&str> = name.split('|').collect();
                if let Some(cell) = publication.find(&codes)?
                    && let Some(slot) = task.bounds.get_mut(cell.index())
                {
                    *slot = Some((1, upper));
                }
            }
        }
        Ok(task)
    }

    /// Solves, certifies and attacks.
    ///
    /// # Errors
    /// Errors of reading the case; a result that cannot be certified is not an error but
    /// `certified: false` with the problem.
    pub fn run(&self, cost: Cost) -> Result<CaseResult> {
        let publication = self.publication()?;
        let task = self.task(&publication, cost)?;
        let mut result = CaseResult {
            id: self.id.clone(),
            level: self.level.clone(),
            certified: false,
            primary: codes(&publication, &task.sensitive, |_| true),
            secondary: Vec::new(),
            secondary_count: 0,
            value: 0,
            intervals: BTreeMap::new(),
            attack: BTreeMap::new(),
            derivations: BTreeMap::new(),
            problem: None,
        };
        if let Some(bad) = &self.bad_pattern {
            self.attack(&publication, &task, bad, &mut result)?;
        }
        let certified = suppress(&publication, &task)
            .and_then(|pattern| Certified::new(publication.clone(), pattern, Effort::default()));
        match certified {
            Err(problem) => result.problem = Some(problem.to_string()),
            Ok(certified) => {
                result.certified = true;
                result.secondary = codes(&publication, certified.hidden(), |c| {
                    !task.sensitive.get(c).copied().unwrap_or(false)
                });
                result.secondary_count = result.secondary.len();
                result.value = publication
                    .cells()
                    .filter(|&c| certified.is_hidden(c))
                    .map(|c| publication.value(c).max(1))
                    .sum();
                for i in &certified.audit().intervals {
                    result.intervals.insert(i.label.clone(), [Some(i.lo), i.hi]);
                }
            }
        }
        Ok(result)
    }

    /// The attacker's view of the bad pattern, for pictures and tests.
    ///
    /// # Errors
    /// Errors of reading the case, [`Error::Input`] if it has no bad pattern.
    pub fn bad_view(&self, publication: &Publication) -> Result<View> {
        let bad = self.bad_pattern.as_ref().ok_or_else(|| Error::Input {
            place: format!("case {}", self.id),
            problem: "has no bad_pattern".to_owned(),
        })?;
        let mut hidden = vec![false; publication.len()];
        for cell in self.cells(publication, bad)? {
            if let Some(flag) = hidden.get_mut(cell.index()) {
                *flag = true;
            }
        }
        Ok(View::of(publication, &hidden, &[], None))
    }

    fn attack(
        &self,
        publication: &Publication,
        task: &Task,
        bad: &[Vec<String>],
        result: &mut CaseResult,
    ) -> Result<()> {
        let mut hidden = vec![false; publication.len()];
        for codes in bad {
            match publication.find(codes)? {
                Some(cell) => {
                    if let Some(flag) = hidden.get_mut(cell.index()) {
                        *flag = true;
                    }
                }
                None => {
                    // A zero that everybody knows: hiding it hides nothing.
                    result.attack.insert(codes.join("|"), [Some(0), Some(0)]);
                }
            }
        }
        let mut view = View::of(publication, &hidden, &[], None);
        for (cell, bound) in task.bounds.iter().enumerate() {
            if let (Some((lo, hi)), Some(true)) = (bound, hidden.get(cell)) {
                view.narrow(cell, Known::Hidden { lo: *lo, hi: Some(*hi) })?;
            }
        }
        let audit = audit(&view, Effort::default())?;
        for i in audit.intervals {
            result.attack.insert(i.label, [Some(i.lo), i.hi]);
        }
        for e in audit.exposed {
            result.derivations.insert(e.label, e.derivation);
        }
        Ok(())
    }
}

fn codes(publication: &Publication, flags: &[bool], keep: impl Fn(usize) -> bool) -> Vec<Vec<String>> {
    let flagged = publication.cells().filter(|c| flags.get(c.index()) == Some(&true) && keep(c.index()));
    flagged.map(|c| publication.codes(c)).collect()
}

/// Nested arrays of counts, in the order in which the leaf codes are written.
fn flatten(
    id: &str,
    value: &toml::Value,
    leaves: &[Vec<u32>],
    at: &mut Vec<u32>,
    out: &mut Vec<(Vec<u32>, u64)>,
) -> Result<()> {
    let bad = |problem: String| Error::Input { place: format!("case {id}, leaf"), problem };
    match (value, leaves.get(at.len())) {
        (toml::Value::Integer(n), None) => {
            let count = u64::try_from(*n).map_err(|_| bad(format!("{n} is not a count")))?;
            out.push((at.clone(), count));
            Ok(())
        }
        (toml::Value::Array(list), Some(codes)) if list.len() == codes.len() => {
            for (item, &code) in list.iter().zip(codes) {
                at.push(code);
                flatten(id, item, leaves, at, out)?;
                at.pop();
            }
            Ok(())
        }
        (_, Some(codes)) => Err(bad(format!("expected an array of {} entries", codes.len()))),
        (_, None) => Err(bad("nested deeper than there are dimensions".to_owned())),
    }
}

//! Counting cases: a few students and their rows in, the records of the named files and levels out.

mod document;
mod expect;
mod gaps;
mod read;
mod record;

use crate::check::check_rows;
use crate::count::{CountResult, Counter};
use crate::{Catalogue, CountConfig, EdfactsError, FileNumber, Level, StaffAssignment, StateRows};
use document::{CaseDocument, Kind};
pub use gaps::Gap;
use opi_dictionary::Finding;
use serde_json::{Value, json};

/// What a case gave: the document to print and whether every expectation held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseOutcome {
    /// Whether every expectation holds.
    pub ok: bool,
    /// Files that were asked but cannot be counted from the lists of the case.
    pub gaps: Vec<Gap>,
    /// What the rules on rows say of the lists of the case; it changes no count.
    pub findings: Vec<Finding>,
    /// The document to print.
    pub output: Value,
}

/// Runs a case document.
///
/// ```
/// use opi_edfacts::{Catalogue, run_case};
/// let case = r#"{"case": "empty", "kind": "count", "school_year": "2025-2026",
///     "ask": [{"file": "052", "levels": ["SEA"]}],
///     "expected": {"cells": [{"file": "052", "level": "SEA", "lea": null, "school": null,
///         "table": "MEMBER", "set": "TOT", "values": {}, "count": 0}]}}"#;
/// let outcome = run_case(Catalogue::builtin()?, case)?;
/// assert!(outcome.ok);
/// # Ok::<(), opi_edfacts::EdfactsError>(())
/// ```
///
/// # Errors
/// [`EdfactsError`] when the case cannot be read, or names a file, level, set or code that is not in the
/// catalogue.
pub fn run_case(catalogue: &Catalogue, text: &str) -> Result<CaseOutcome, EdfactsError> {
    let case: CaseDocument =
        serde_json::from_str(text).map_err(|error| EdfactsError::input("case", error.to_string()))?;
    // Text keys have no effect, whatever they hold.
    let _ = (&case.title, &case.why, &case.standing, &case.basis);
    match case.kind {
        Kind::Record => record::run(catalogue, &case),
        Kind::Count => {
            let input = input(catalogue, &case)?;
            let findings = check_rows(catalogue, &input.config, &input.state)?;
            let (result, gaps) = count(catalogue, &case, &input)?;
            let records = serde_json::to_value(result.records().collect::<Vec<_>>())
                .map_err(|error| EdfactsError::input("records", error.to_string()))?;
            let checks = expect::checks(catalogue, &case, &result)?;
            let ok = checks.iter().all(|check| check.ok);
            let checks: Vec<Value> = checks.into_iter().map(expect::Check::into_value).collect();
            let mut output = json!({ "case": case.case, "ok": ok, "records": records, "checks": checks });
            if let Some(map) = output.as_object_mut().filter(|_| !gaps.is_empty()) {
                map.insert("gaps".to_owned(), json!(gaps));
            }
            Ok(CaseOutcome { ok, gaps, findings, output })
        }
    }
}

/// What a counting case holds: the answers of the state, its units and students, and what is asked.
#[derive(Debug)]
pub struct CaseInput {
    /// The answers of the state.
    pub config: CountConfig,
    /// Units and students.
    pub state: StateRows,
    /// Staff assignments.
    pub staff: Vec<StaffAssignment>,
    /// The files and levels.
    pub asks: Vec<(FileNumber, Vec<Level>)>,
}

/// Reads the lists of a counting case without counting.
///
/// # Errors
/// As [`run_case`].
pub fn read_case(catalogue: &Catalogue, text: &str) -> Result<CaseInput, EdfactsError> {
    let case: CaseDocument =
        serde_json::from_str(text).map_err(|error| EdfactsError::input("case", error.to_string()))?;
    input(catalogue, &case)
}

fn input(catalogue: &Catalogue, case: &CaseDocument) -> Result<CaseInput, EdfactsError> {
    if case.layout.is_some() || case.header.is_some() || case.record.is_some() {
        return Err(EdfactsError::input("case", "layout, header and record belong to the kind record"));
    }
    let state = read::state(catalogue, case)?;
    let staff = read::staff(catalogue, case, &state.units)?;
    Ok(CaseInput { config: read::config(case)?, staff, asks: read::asks(case)?, state })
}

/// Counts what a case asks. A file whose input is not there has no records, not zeros.
fn count(
    catalogue: &Catalogue,
    case: &CaseDocument,
    input: &CaseInput,
) -> Result<(CountResult, Vec<Gap>), EdfactsError> {
    let mut counter = Counter::new(catalogue, &input.config, &input.state.units, &input.asks)?;
    counter.add_all(&input.state)?;
    counter.add_staff(&input.staff);
    let mut result = counter.finish();
    let gaps = gaps::gaps(case, &input.asks);
    result.leave_out(&gaps.iter().map(|gap| gap.file).collect::<Vec<_>>());
    Ok((result, gaps))
}

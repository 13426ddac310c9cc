//! `opi validate --compare`: what two policies make of the same files.

use super::{FindingFormat, ValidateArgs, print};
use crate::Failure;
use crate::output::counted;
use opi::dictionary::Severity;
use opi::rules::{CompareRow, Outcome, compare, newly_hit};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

/// Whether a comparison can be printed so: its rows are no findings.
pub(super) fn is_format(format: FindingFormat) -> bool {
    matches!(format, FindingFormat::Human | FindingFormat::Json | FindingFormat::Csv)
}

/// What two policies make of the same files.
pub(super) fn print_comparison(
    arguments: &ValidateArgs,
    before: &Outcome,
    after: &Outcome,
) -> Result<ExitCode, Failure> {
    let rows = compare(&before.report, &after.report);
    let mut out = Vec::new();
    match arguments.format {
        FindingFormat::Human => {
            for row in &rows {
                writeln!(out, "{}", comparison_line(row))?;
            }
            let (one, other) = (before.report.findings, after.report.findings);
            let differences = counted(rows.len() as u64, "difference", "differences");
            writeln!(out, "{differences} by rule and district; findings {one} before, {other} after")?;
            for severity in [Severity::BlocksUpload, Severity::BlocksCertification] {
                let districts = newly_hit(&before.report, &after.report, severity);
                let names = if districts.is_empty() { "none".to_owned() } else { districts.join(", ") };
                writeln!(out, "districts newly with findings of {severity} or graver: {names}")?;
            }
        }
        FindingFormat::Json => {
            for row in &rows {
                serde_json::to_writer(&mut out, row)?;
                out.push(b'\n');
            }
        }
        FindingFormat::Csv => {
            writeln!(out, "code,district,before,after,severity_before,severity_after")?;
            for row in &rows {
                let count = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
                let words = |counts| severities(counts, Severity::as_str);
                let (one, other) = (words(&row.severity_before), words(&row.severity_after));
                let (before, after) = (count(row.before), count(row.after));
                writeln!(out, "{},{},{before},{after},{one},{other}", row.code, row.district)?;
            }
        }
        FindingFormat::Sarif | FindingFormat::Xlsx => {}
    }
    print(arguments.out.as_deref(), &out)?;
    let complete = before.report.complete && after.report.complete;
    Ok(ExitCode::from(u8::from(!rows.is_empty() || !complete)))
}

fn comparison_line(row: &CompareRow) -> String {
    let count = |count: Option<u64>, severities: String| match count {
        None => "not run".to_owned(),
        Some(0) => "0".to_owned(),
        Some(_) => severities,
    };
    let words = |counts| severities(counts, |severity| severity.to_string());
    let before = count(row.before, words(&row.severity_before));
    let after = count(row.after, words(&row.severity_after));
    format!("{:<9} district {:<8} {before} -> {after}", row.code, row.district)
}

/// How many of each severity, from the gravest, in these words for severities.
fn severities<W: Display>(counts: &BTreeMap<Severity, u64>, word: impl Fn(Severity) -> W) -> String {
    let words: Vec<String> =
        counts.iter().rev().map(|(severity, count)| format!("{count} {}", word(*severity))).collect();
    words.join("; ")
}

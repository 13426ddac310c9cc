//! An invented run on standard output, in the format that is named:
//!
//! `cargo run -p opi-report --example findings -- human` (or `json`, `csv`, `summary`, `sarif`, `xlsx`)
#![allow(clippy::disallowed_methods)] // a program may read its arguments

use opi_dictionary::{Citation, Finding, Position, RuleClass, RuleInfo, RuleKey, RuleStatus, Severity};
use opi_report::{FindingReport, InputFile, ReportError, RuleOutline, RunHeader, SkippedRule, Style, Values};
use std::io::Write;

const RULE: RuleInfo = RuleInfo {
    code: "ENR-014",
    summary: "exit date is before entry date",
    severity: Severity::BlocksUpload,
    class: RuleClass::Consistency,
    status: RuleStatus::Stable,
    key: RuleKey::Record,
    files: &["student-enrollments"],
    fields: &["EndDate", "StartDate"],
    why: "An enrollment that ends before it begins counts for nobody.",
    fix: "Correct one of the two dates.",
    citation: Citation::recall("upload guide"),
    first_year: None,
    last_year: None,
};

fn main() -> Result<(), ReportError> {
    let mut header = RunHeader::new("opi", "0.1.0", "2025-26.1");
    header.rules = vec![RuleOutline::from(&RULE)];
    header.skipped = vec![SkippedRule::new("ENR-090", "no prior year was given")];
    header.files = vec![InputFile::new("enrollment.tsv", 1_204)];
    let finding = Finding {
        code: RULE.code.into(),
        severity: RULE.severity,
        class: RULE.class,
        key: RULE.key,
        position: Position {
            file: "enrollment.tsv".into(),
            line: 118,
            byte: None,
            field: Some("EndDate".into()),
        },
        subject: Some("student 0•••••412, school 0987".into()),
        message: RULE.summary.into(),
        expected: Some("the entry date or a later day".into()),
        found: Some("08/14/2025".into()),
        fix: RULE.fix.into(),
        related: vec![],
    };
    let report = FindingReport::new(header, vec![finding])?;
    let mut out = std::io::stdout().lock();
    match std::env::args().nth(1).as_deref() {
        Some("json") => report.write_json_lines(&mut out, Values::Hidden),
        Some("csv") => report.write_csv(&mut out, Values::Hidden),
        Some("summary") => report.write_summary_csv(&mut out),
        Some("sarif") => report.write_sarif(&mut out, Values::Hidden),
        Some("xlsx") => Ok(out.write_all(&report.to_xlsx(Values::Hidden)?)?),
        _ => report.write_human(&mut out, Values::Hidden, &Style::PLAIN),
    }
}

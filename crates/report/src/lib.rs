//! Findings and results as people and programs want them: text like a good compiler's, JSON Lines, CSV,
//! SARIF 2.1.0, an Excel workbook for the clerk, and self-contained HTML pages with charts.
//!
//! Everything here is pure: it writes to `impl Write` or returns bytes, and the moment of writing is an
//! argument. The same report gives the same bytes, whatever the order in which findings, files and rules
//! were handed in. Values that were found in a file are left out unless [`Values::Shown`] asks for them.
//!
//! ```
//! use opi_dictionary::{Citation, Finding, Position, RuleClass, RuleInfo, RuleKey, RuleStatus, Severity};
//! use opi_report::{FindingReport, InputFile, RuleOutline, RunHeader, Style, Values};
//!
//! let rule = RuleInfo {
//!     code: "ENR-014",
//!     summary: "exit date is before entry date",
//!     severity: Severity::BlocksUpload,
//!     class: RuleClass::Consistency,
//!     status: RuleStatus::Stable,
//!     key: RuleKey::Record,
//!     files: &["student-enrollments"],
//!     fields: &["EndDate", "StartDate"],
//!     why: "An enrollment that ends before it begins counts for nobody.",
//!     fix: "Correct one of the two dates.",
//!     citation: Citation::recall("upload guide"),
//!     first_year: None,
//!     last_year: None,
//! };
//! let mut header = RunHeader::new("opi", "0.1.0", "2025-26.1");
//! header.rules = vec![RuleOutline::from(&rule)];
//! header.files = vec![InputFile::new("enrollment.tsv", 1_204)];
//! let finding = Finding {
//!     code: "ENR-014".into(),
//!     severity: Severity::BlocksUpload,
//!     class: RuleClass::Consistency,
//!     key: RuleKey::Record,
//!     position: Position {
//!         file: "enrollment.tsv".into(), line: 118, byte: None, field: Some("EndDate".into()),
//!     },
//!     subject: Some("student 0•••••412, school 0987".into()),
//!     message: "exit date is before entry date".into(),
//!     expected: Some("the entry date or a later day".into()),
//!     found: Some("08/14/2025".into()),
//!     fix: "Correct one of the two dates.".into(),
//!     related: vec![],
//! };
//! let report = FindingReport::new(header, vec![finding])?;
//! let mut text = Vec::new();
//! report.write_human(&mut text, Values::Hidden, &Style::PLAIN)?;
//! let text = String::from_utf8(text)?;
//! assert!(text.starts_with("blocks upload[ENR-014] exit date is before entry date\n  --> enrollment.tsv:118, EndDate\n"));
//! assert!(text.contains("rules run: 1"));
//! assert!(!text.contains("08/14/2025"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod error;
mod header;
mod human;
mod json_lines;
pub mod page;
mod report;
mod sarif;
mod style;
mod table_csv;
mod text;
mod workbook;

pub use error::ReportError;
pub use header::{
    InputFile, LINES_COUNTED, ParameterEntry, PolicyAction, PolicyEntry, RuleCount, RuleOutline, RunHeader,
    SkippedRule, Values,
};
pub use human::write_finding;
pub use json_lines::{JSON_LINES_FORMAT, JsonLines};
#[cfg(feature = "schemars")]
pub use json_lines::{finding_schema, header_schema};
pub use report::FindingReport;
pub use style::Style;
pub use table_csv::CsvLines;
pub use text::{grouped, visible};

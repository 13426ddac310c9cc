//! The one error type of the crate.

use opi_dictionary::Severity;
use thiserror::Error;

/// What this crate could not do. Messages name what was found and what would be right; they hold no value
/// from a file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The output could not be written.
    #[error("the report could not be written: {0}")]
    Write(#[from] std::io::Error),
    /// A value could not be turned into JSON.
    #[error("the report could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A line could not be written as CSV.
    #[error("the report could not be written as CSV: {0}")]
    Csv(#[from] csv::Error),
    /// The workbook could not be made.
    #[error("the workbook could not be made: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// A finding names a rule that the header does not list as run: "rules run" would be wrong.
    #[error("a finding names rule {code}, which the header does not list among the rules that ran")]
    RuleNotListed {
        /// The code.
        code: String,
    },
    /// The header lists one rule twice.
    #[error("the header lists rule {code} twice among the rules that ran; list each once")]
    RuleTwice {
        /// The code.
        code: String,
    },
    /// The header states fewer findings of a rule than there are samples of it.
    #[error(
        "the header counts {stated} of {code} ({severity}), but {given} findings were given; \
         counts must be exact, and no smaller than the samples"
    )]
    CountTooSmall {
        /// The code.
        code: String,
        /// The severity under which they were counted.
        severity: Severity,
        /// The count in the header.
        stated: u64,
        /// The number of samples.
        given: u64,
    },
    /// A row of a table for a page has not as many cells as the table has columns.
    #[error("table {caption:?}, row {row}: {found} cells, expected {expected}, one for each column")]
    TableShape {
        /// The caption of the table.
        caption: String,
        /// The row, 1 = first; the total row counts as the last.
        row: usize,
        /// The number of columns.
        expected: usize,
        /// The number of cells.
        found: usize,
    },
    /// A chart that cannot be drawn.
    #[error("chart {title:?}: {problem}")]
    Chart {
        /// The title of the chart.
        title: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

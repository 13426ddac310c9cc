//! The one error type of the crate.

use opi_dictionary::{DictionaryError, FiscalYear, SchoolYear};
use thiserror::Error;

/// What could not be computed: what was wrong, where, what was found and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AnbError {
    /// A text that is no number, amount, date or word of its kind.
    #[error("{what}: found {found:?}, expected {expected}")]
    Unreadable {
        /// What the text stands for.
        what: String,
        /// The text, at most 60 characters.
        found: String,
        /// The form it should have.
        expected: String,
    },
    /// A value outside what its kind allows.
    #[error("{what}: found {found}, expected {expected}")]
    OutOfRange {
        /// What the value stands for.
        what: String,
        /// The value.
        found: String,
        /// The values allowed.
        expected: String,
    },
    /// A value that leaves exact 128-bit arithmetic.
    #[error("{what} is too large to be computed exactly")]
    TooLarge {
        /// What was being computed.
        what: String,
    },
    /// A division by zero.
    #[error("{what} divides by zero")]
    DivisionByZero {
        /// What was being computed.
        what: String,
    },
    /// A figure that the table does not hold for the year.
    #[error("no figure {entitlement} for {year}; the table has {known}")]
    MissingFigure {
        /// The name of the row.
        entitlement: String,
        /// The year asked for.
        year: FiscalYear,
        /// The years in which the row stands.
        known: String,
    },
    /// A rule asked for a year in which it is not the law.
    #[error("{rule} is not in force for {year}; it holds {span}")]
    NotInForce {
        /// The rule.
        rule: String,
        /// The year asked for.
        year: String,
        /// The years in which it holds.
        span: String,
    },
    /// A school year before the first rule known.
    #[error("no rule is known for {what} in counts of {year}; known from {since}")]
    NoRule {
        /// What was asked.
        what: String,
        /// The school year of the counts.
        year: SchoolYear,
        /// The first year known.
        since: String,
    },
    /// A table of parameters that breaks a rule of its kind.
    #[error("{table}, line {line}: {problem}")]
    Table {
        /// The name of the table.
        table: &'static str,
        /// The line, 1 = header; 0 = the table as a whole.
        line: u64,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A case that leaves out or contradicts what the calculation needs.
    #[error("{place}: {problem}")]
    Case {
        /// Where in the case.
        place: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A text that is not the TOML, JSON or CSV that it should be.
    #[error("{what} cannot be read: {problem}")]
    Document {
        /// What was read.
        what: String,
        /// The reader's message, with its place.
        problem: String,
    },
    /// An error of the data dictionary.
    #[error(transparent)]
    Dictionary(#[from] DictionaryError),
}

impl AnbError {
    /// A text that is none of its kind; at most 60 characters of it are kept.
    pub(crate) fn unreadable(what: impl Into<String>, found: &str, expected: impl Into<String>) -> Self {
        AnbError::Unreadable {
            what: what.into(),
            found: found.chars().take(60).collect(),
            expected: expected.into(),
        }
    }

    /// A value outside what its kind allows.
    pub(crate) fn range(what: impl Into<String>, found: impl ToString, expected: impl Into<String>) -> Self {
        AnbError::OutOfRange { what: what.into(), found: found.to_string(), expected: expected.into() }
    }

    /// A value that leaves exact arithmetic.
    pub(crate) fn too_large(what: impl Into<String>) -> Self {
        AnbError::TooLarge { what: what.into() }
    }

    /// A case that leaves out or contradicts something.
    pub(crate) fn case(place: impl Into<String>, problem: impl Into<String>) -> Self {
        AnbError::Case { place: place.into(), problem: problem.into() }
    }
}

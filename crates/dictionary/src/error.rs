//! The one error type of the crate.

use thiserror::Error;

/// What this crate could not do. Messages name what was found and what would be right; personal values
/// appear only as their [`shape`](crate::shape).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DictionaryError {
    /// A school year that cannot be read.
    #[error("{found:?} is no school year: write 2024-25, 2024-2025 or the end year 2025 (1950 to 2199)")]
    SchoolYear {
        /// The text, at most 20 characters.
        found: String,
    },
    /// A fiscal year that cannot be read.
    #[error("{found:?} is no fiscal year: write FY2025 or 2025 (1950 to 2199)")]
    FiscalYear {
        /// The text, at most 20 characters.
        found: String,
    },
    /// An identifier of the wrong form.
    #[error("{what}: found {found}, expected {expected}")]
    Identifier {
        /// The kind of identifier.
        what: &'static str,
        /// The outline of what was found.
        found: String,
        /// The form it should have.
        expected: &'static str,
    },
    /// An all-digit identifier that is too short: a spreadsheet may have dropped its leading zeros.
    #[error("{what}: found {found}, expected {expected}; leading zero lost? it would be {padded}")]
    LeadingZeroLost {
        /// The kind of identifier.
        what: &'static str,
        /// What was found (an outline for personal identifiers).
        found: String,
        /// The form it should have.
        expected: &'static str,
        /// The padded value (shown as `[personal]` for personal identifiers until revealed).
        padded: PaddedId,
    },
    /// A word that is none of those known in its place.
    #[error("{what} {found:?} is not known; known are {expected}")]
    UnknownWord {
        /// What the word names: a standing, a severity, a layout.
        what: &'static str,
        /// The word.
        found: String,
        /// The known ones.
        expected: String,
    },
    /// A table given at compile or run time that breaks a rule of its kind.
    #[error("{table}{}: {problem}", .line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Table {
        /// The table's name.
        table: String,
        /// The line in it, where one can be named.
        line: Option<u64>,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A date that the law fixes by year, asked for a year of which no rule is known.
    #[error("no rule is known for {date} in {year}")]
    NoStatutoryDate {
        /// The name of the date.
        date: String,
        /// The school year.
        year: crate::SchoolYear,
    },
    /// No school day within 60 days of a statutory date.
    #[error("the calendar has no school day within 60 days from {from}")]
    NoSchoolDay {
        /// The first day looked at.
        from: chrono::NaiveDate,
    },
}

impl DictionaryError {
    /// A word that is none of those known in its place.
    pub(crate) fn unknown_word(what: &'static str, found: &str, expected: impl Into<String>) -> Self {
        DictionaryError::UnknownWord {
            what,
            found: found.chars().take(60).collect(),
            expected: expected.into(),
        }
    }

    /// A table that breaks a rule of its kind.
    pub(crate) fn table(table: impl Into<String>, line: Option<u64>, problem: impl Into<String>) -> Self {
        DictionaryError::Table { table: table.into(), line, problem: problem.into() }
    }
}

/// The padded form of an identifier that lost its leading zeros. Shown in messages only where the
/// identifier is not personal.
#[derive(Clone, PartialEq, Eq)]
pub struct PaddedId {
    pub(crate) value: String,
    pub(crate) personal: bool,
}

impl PaddedId {
    /// The padded value itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.value
    }
}

impl std::fmt::Display for PaddedId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.personal { crate::personal::REDACTED } else { &self.value })
    }
}

impl std::fmt::Debug for PaddedId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

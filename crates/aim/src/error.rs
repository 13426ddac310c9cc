//! The one error type of the crate.

use opi_dictionary::{DictionaryError, FieldProblem};

/// What this crate could not do. What is wrong *with a file* is not an error but a finding in the
/// [`ReadLog`](crate::ReadLog).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AimError {
    /// Reading from or writing to the caller's stream failed.
    #[error("line {line}: {source}")]
    Io {
        /// The line that was being read or written.
        line: u64,
        /// What the stream said.
        source: std::io::Error,
    },
    /// A layout or field that the dictionary does not know.
    #[error(transparent)]
    Dictionary(#[from] DictionaryError),
    /// A record that the layout forbids.
    #[error("{layout}, record {record}, {field}: the value {problem}; expected {expected}")]
    Forbidden {
        /// The layout.
        layout: String,
        /// The record, counted from 1.
        record: u64,
        /// The name of the field.
        field: String,
        /// What is wrong with it.
        problem: Unwritable,
        /// What would be right.
        expected: String,
    },
    /// A record of another layout than the file's.
    #[error("record {record} is of layout {found}, the file of {wanted}")]
    OtherLayout {
        /// The record, counted from 1.
        record: u64,
        /// The layout of the record.
        found: String,
        /// The layout of the file.
        wanted: String,
    },
    /// A value that would be lost: the layout has no such field.
    #[error("{layout}, record {record}, {field}: it has a value, but no place in the layout of the file")]
    NoPlace {
        /// The layout of the file.
        layout: String,
        /// The record, counted from 1.
        record: u64,
        /// The name of the field.
        field: String,
    },
    /// A header for a file that has none.
    #[error("{layout}: files of this layout have no header; write it without one")]
    NoHeader {
        /// The layout.
        layout: String,
    },
    /// No layout could be chosen: no column holds a known record type in every row.
    #[error("no column holds a known record type in every row: say which layout the file follows")]
    NoLayout,
    /// A layout of another form: XML where tab-separated text is meant, or the reverse.
    #[error("{layout} is {}, not {}", if *.xml { "XML" } else { "tab-separated text" }, if *.xml { "tab-separated text" } else { "XML" })]
    WrongForm {
        /// The layout.
        layout: String,
        /// Whether it is XML.
        xml: bool,
    },
}

/// Why a value cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unwritable {
    /// It has not the form of its field.
    Form(FieldProblem),
    /// It holds a tab, a line break or another control character.
    ControlCharacter,
    /// Spaces stand around it.
    Untrimmed,
}

impl std::fmt::Display for Unwritable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unwritable::Form(problem) => problem.fmt(f),
            Unwritable::ControlCharacter => {
                f.write_str("holds a tab, a line break or another control character")
            }
            Unwritable::Untrimmed => f.write_str("has spaces around it"),
        }
    }
}

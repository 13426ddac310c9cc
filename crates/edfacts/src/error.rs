//! The one error type of the crate: what could not be done, where, and what would be right.

use crate::{FileNumber, Level};

/// Why something could not be done. What a federal file says wrongly is a finding, not an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EdfactsError {
    /// A table of the catalogue, built in or added, does not follow its form.
    #[error("table {table}{}: {what}", at_row(*row))]
    Table {
        /// The table, such as `columns`.
        table: &'static str,
        /// The row, 1 = the first under the header; 0 when the table as a whole.
        row: u64,
        /// What is wrong and what would be right.
        what: String,
    },
    /// A file number was not understood.
    #[error("`{found}` is not a file number; write 52, 052, C052, N052 or FS052")]
    FileNumber {
        /// The text that was given.
        found: String,
    },
    /// A level was not understood.
    #[error("`{found}` is not a level; write SEA, LEA or SCH")]
    Level {
        /// The text that was given.
        found: String,
    },
    /// The catalogue has no such file.
    #[error("file {number} is not in the catalogue; `opi edfacts list` names all files")]
    UnknownFile {
        /// The number asked for.
        number: FileNumber,
    },
    /// The catalogue has no layout of this file at this level and year.
    #[error("file {number} has no {level} layout on record{}; {have}", in_year(year))]
    NoLayout {
        /// The file.
        number: FileNumber,
        /// The level asked for.
        level: Level,
        /// The school year asked for, if that is what is missing.
        year: Option<String>,
        /// What there is instead.
        have: String,
    },
    /// A row cannot be written in the layout.
    #[error("record {record}, column {column}: {what}")]
    Write {
        /// Number of the record, 1 = first; 0 = the header.
        record: u64,
        /// The name of the column.
        column: String,
        /// What the layout forbids, with the value.
        what: String,
    },
    /// A case document, profile or input is not in its form.
    #[error("{place}: {what}")]
    Input {
        /// Where: a path inside the document, such as `students[2].sex`.
        place: String,
        /// What is wrong and what would be right.
        what: String,
    },
    /// No declaration counts this file at this level.
    #[error("file {number} is not counted at level {level} from student rows: {why}")]
    NotCounted {
        /// The file.
        number: FileNumber,
        /// The level.
        level: Level,
        /// What it needs.
        why: String,
    },
    /// Two partial results hold the same student, and the rows to count the student once are missing.
    #[error(
        "{shared} students stand in more than one partial result but are not among the shared keys of each; \
         partial results must be disjoint by student or carry the rows of the students they share"
    )]
    OverlappingPartials {
        /// How many students overlap.
        shared: usize,
    },
    /// Two partial results were not made by the same request.
    #[error("the partial results were made with different {what}; count them with the same request")]
    DifferentRequests {
        /// What differs.
        what: &'static str,
    },
    /// A text that should be a federal file could not be read at all.
    #[error("the file is not text in the form of its extension: {what}")]
    Unreadable {
        /// What stopped the reading.
        what: String,
    },
    /// The output could not be written.
    #[error("the file could not be written: {what}")]
    Output {
        /// What stopped the writing.
        what: String,
    },
    /// Something from the dictionary was refused.
    #[error(transparent)]
    Dictionary(#[from] opi_dictionary::DictionaryError),
}

fn at_row(row: u64) -> String {
    if row == 0 { String::new() } else { format!(", row {row}") }
}

fn in_year(year: &Option<String>) -> String {
    year.as_ref().map(|year| format!(" for {year}")).unwrap_or_default()
}

impl EdfactsError {
    pub(crate) fn input(place: impl Into<String>, what: impl Into<String>) -> Self {
        EdfactsError::Input { place: place.into(), what: what.into() }
    }
}

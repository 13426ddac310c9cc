//! What was left out or could not be read on the way to the federal files: counted exactly, with the first places.

use serde::Serialize;
use std::collections::BTreeMap;

/// Why something was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoteKind {
    /// The row names no student.
    NoStudentId,
    /// The student stands in no demographics row: birth date, sex and race are not known.
    NoDemographics,
    /// The district or school is not in the directory; the row counts nowhere.
    UnknownPlace,
    /// A date that the row needs is blank or not a date; the row counts nowhere.
    NoDate,
    /// A value is not a number; it counts as not known.
    NotANumber,
    /// A code has no federal counterpart; it counts as not known.
    CodeWithoutCounterpart,
}

impl NoteKind {
    /// In words.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            NoteKind::NoStudentId => "rows without a state id count nowhere",
            NoteKind::NoDemographics => "students without demographics have no birth date, sex or race",
            NoteKind::UnknownPlace => "rows of a district or school outside the directory count nowhere",
            NoteKind::NoDate => "rows without a readable date count nowhere",
            NoteKind::NotANumber => "values that are no number count as not known",
            NoteKind::CodeWithoutCounterpart => "codes without a federal counterpart count as not known",
        }
    }
}

/// How often something was left out of a table, and where first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FederalNote {
    /// The table: the key of its layout.
    pub table: String,
    /// The column, where one is at fault.
    pub column: Option<&'static str>,
    /// What happened.
    pub kind: NoteKind,
    /// How often, exactly.
    pub count: u64,
    /// The first places: source in the snapshot's list of sources, and line.
    pub first: Vec<(u32, u64)>,
}

const FIRST_PLACES: usize = 5;

/// Gathers notes by table, column and kind.
#[derive(Debug, Default)]
pub(crate) struct Notes(BTreeMap<Subject, Gathered>);

type Subject = (String, Option<&'static str>, NoteKind);

#[derive(Debug, Default)]
struct Gathered {
    count: u64,
    first: Vec<(u32, u64)>,
}

impl Notes {
    pub(crate) fn add(
        &mut self,
        table: &str,
        column: Option<&'static str>,
        kind: NoteKind,
        origin: opi_snapshot::Origin,
    ) {
        let gathered = self.0.entry((table.to_owned(), column, kind)).or_default();
        gathered.count += 1;
        if gathered.first.len() < FIRST_PLACES {
            gathered.first.push((origin.source, origin.line));
        }
    }

    pub(crate) fn finish(self) -> Vec<FederalNote> {
        let note = |((table, column, kind), Gathered { count, first }): (Subject, Gathered)| FederalNote {
            table,
            column,
            kind,
            count,
            first,
        };
        self.0.into_iter().map(note).collect()
    }
}

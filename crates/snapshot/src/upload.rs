//! What comes in, and what taking it in did.

use crate::{ContentHash, TimeGiven};
use opi_dictionary::{DistrictNumber, SchoolYear};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A file that comes in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Upload {
    /// The file as the caller names it.
    pub file: String,
    /// The district that sent it; `None` for a file of the whole state, whose rows name their districts.
    pub district: Option<DistrictNumber>,
    /// The school year that it is for. A row that names another one is not taken in; one that names none is of this.
    pub school_year: SchoolYear,
    /// When it came in, as the caller says.
    pub at: TimeGiven,
    /// The hash of its bytes, where the caller took it.
    pub content: Option<ContentHash>,
}

impl Upload {
    /// A file of one district, or of the state where none is given.
    #[must_use]
    pub fn new(
        file: impl Into<String>,
        district: Option<DistrictNumber>,
        school_year: SchoolYear,
        at: TimeGiven,
    ) -> Self {
        Upload { file: file.into(), district, school_year, at, content: None }
    }

    /// With the hash of its bytes.
    #[must_use]
    pub fn content(mut self, content: ContentHash) -> Self {
        self.content = Some(content);
        self
    }
}

/// Why a row was not taken into the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotApplied {
    /// It names another district than the one that sent the file.
    OtherDistrict,
    /// It names another school year than the one that the file is for.
    OtherYear,
    /// What it says as its school year is none.
    NoYear,
    /// It names no student (or person), neither by state id nor, in demographics, by local id.
    NoStudent,
    /// Another row of the file has the same key and counts instead of it.
    RepeatedInFile,
    /// What is stored differs and is not overwritten by this kind of file.
    StoredIsKept,
    /// A record of the same person already stands in the span.
    WithinStoredSpan,
    /// The stored record has not ended before the new start, or a day of the two cannot be read.
    StoredNotEnded,
    /// It asks for a state id for a student of the district who has one.
    HasStateId,
    /// Its file replaces all that is stored of the district, but was cut off: what is stored stays.
    FileCutOff,
}

impl std::fmt::Display for NotApplied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            NotApplied::OtherDistrict => "of another district than the one that sent the file",
            NotApplied::OtherYear => "of another school year than the one that the file is for",
            NotApplied::NoYear => "whose school year is none",
            NotApplied::NoStudent => "without the id of a student",
            NotApplied::RepeatedInFile => "whose key another row of the file has, which counts instead",
            NotApplied::StoredIsKept => "that differ from stored data which this file does not overwrite",
            NotApplied::WithinStoredSpan => "within the span of a stored record of the same person",
            NotApplied::StoredNotEnded => "that start before the stored record has ended",
            NotApplied::HasStateId => "that ask for a state id for a student who has one",
            NotApplied::FileCutOff => "of a file that would replace all stored data, but was cut off",
        })
    }
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct ImportReport {
    /// Rows that are new.
    pub inserted: u64,
    /// Rows that changed what was stored.
    pub updated: u64,
    /// Rows that were stored already.
    pub unchanged: u64,
    /// Stored rows that the file took away.
    pub deleted: u64,
    /// Rows not taken in, exactly, by reason.
    pub not_applied: BTreeMap<NotApplied, u64>,
    /// The lines of rows not taken in, in order: the first thousand.
    pub not_applied_lines: Vec<(u64, NotApplied)>,
}

impl ImportReport {
    /// How many lines of rows not taken in are kept.
    pub const LINES_KEPT: usize = 1_000;

    /// Whether the register stayed as it was.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.inserted + self.updated + self.deleted == 0
    }
}

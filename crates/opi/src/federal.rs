//! From a year's records to the federal files: the records of the uploads, the directory and the tables that the
//! state holds become units and students of `opi-edfacts`; every file that they suffice for is counted, written
//! and checked; every other is listed with what is missing.
//!
//! ```no_run
//! # fn tables() -> Vec<opi::snapshot::Table> { Vec::new() }
//! # fn directory() -> opi::dictionary::Directory { unimplemented!() }
//! use opi::edfacts::{Catalogue, StateProfile};
//! use opi::{FederalInputs, federal_files};
//! let (directory, tables, profile) = (directory(), tables(), StateProfile::montana()?);
//! let inputs = FederalInputs {
//!     school_year: "2025-26".parse()?,
//!     catalogue: Catalogue::builtin()?,
//!     dictionary: opi::dictionary::Dictionary::built_in(),
//!     profile: &profile,
//!     directory: &directory,
//!     tables: &tables,
//!     other_years: &[],
//! };
//! let year = federal_files(&inputs)?;
//! for file in &year.files {
//!     println!("{} {} {}", file.name, file.records, file.bytes.len());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod codes;
mod figure;
mod files;
mod kinds;
mod notes;
mod places;
mod reading;
mod staff;
mod state_records;
mod students;
mod unit_files;

pub use figure::{FederalCell, FederalFigure, FederalReason, FederalRow, explain_federal};
pub use files::{FederalFileBytes, FederalYear, NotProduced, federal_files};
pub use notes::{FederalNote, NoteKind};
pub use reading::read_state_table;
pub use students::FederalState;

use opi_dictionary::{Dictionary, DictionaryError, Directory, SchoolYear};
use opi_edfacts::{Catalogue, EdfactsError, StateProfile};
use opi_snapshot::{SnapshotError, Table};

/// What the federal files of a year are made from.
#[derive(Clone, Copy)]
pub struct FederalInputs<'a> {
    /// The school year that is reported.
    pub school_year: SchoolYear,
    /// The federal files.
    pub catalogue: &'a Catalogue,
    /// The state's codes.
    pub dictionary: &'a Dictionary,
    /// What the state answers once.
    pub profile: &'a StateProfile,
    /// Districts, schools and the grades they offer.
    pub directory: &'a Directory,
    /// The records of the year: those of the uploads and those that the state holds, one table a layout or
    /// several.
    pub tables: &'a [Table],
    /// The records of years before and after, for graduation cohorts and for dropouts who came back.
    pub other_years: &'a [(SchoolYear, &'a [Table])],
}

/// What stopped the federal files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FederalError {
    /// The federal side refused.
    #[error(transparent)]
    Edfacts(#[from] EdfactsError),
    /// A code set that is needed is not in the dictionary.
    #[error(transparent)]
    Dictionary(#[from] DictionaryError),
    /// A table could not be made.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A table of the state could not be read.
    #[error("{file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: opi_aim::AimError,
    },
    /// A figure that cannot be looked up.
    #[error("`{figure}`: {problem}")]
    Figure {
        /// The figure as asked.
        figure: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// A table lacks a column that federal files are counted from: without it every student would count as unknown.
    #[error("the table {table} has no column `{column}`, which federal files are counted from")]
    MissingColumn {
        /// The table.
        table: String,
        /// The column, by its key.
        column: &'static str,
    },
    /// A table of this crate is damaged; its tests prove that the built-in ones are not.
    #[error("{table}: {problem}")]
    Spec {
        /// The table.
        table: &'static str,
        /// What is wrong.
        problem: String,
    },
}

//! What the state knew, when, and who vouched for it: the register of uploads, certification of collections,
//! read-only snapshots, and the difference between two. Everything is a value; the store writes it.
//!
//! * [`Register`]: successive uploads become the state's record, as the imports of AIM do it; every change is kept
//!   with file, line and the time given, so that [`Register::as_of`] answers what was known on a day.
//! * [`Certification`]: per district and collection, from open to certified, with what exactly was certified.
//! * [`Table`], [`Snapshot`], [`Manifest`]: canonical rows in canonical order, named by their content.
//! * [`Difference`]: what differs between two snapshots, by student, enrollment and count.
//!
//! ```
//! use chrono::NaiveDate;
//! use opi_dictionary::{Dictionary, RowBuffer, fields};
//! use opi_snapshot::{Register, TimeGiven, Upload};
//! let layout = Dictionary::built_in().layout("fall-enrollment-count")?;
//! let mut row = RowBuffer::new(layout);
//! for (field, text) in [
//!     (fields::DISTRICT_NUMBER, "9901"), (fields::SCHOOL_NUMBER, "9911"), (fields::CALENDAR_NUMBER, "100"),
//!     (fields::STUDENT_STATE_ID, "990000101"), (fields::AGGREGATE_HOURS_OF_INSTRUCTION, "F"),
//!     (fields::ABSENT, "N"), (fields::YEAR, "2026"),
//! ] {
//!     row.set(field, text);
//! }
//! let mut register = Register::new();
//! let at: TimeGiven = "2025-10-08T09:00:00".parse()?;
//! let upload = Upload::new("fall.tsv", Some("9901".parse()?), "2025-26".parse()?, at);
//! let mut import = register.import(&upload, layout)?;
//! import.row(&row.row_at(2, 40))?;
//! let report = import.finish()?;
//! assert_eq!((report.inserted, report.updated), (1, 0));
//!
//! // What did we know on October 15, and what a week before?
//! let (year, day) = ("2025-26".parse()?, |day| NaiveDate::from_ymd_opt(2025, 10, day).unwrap());
//! let known = register.as_of(day(15), year, Dictionary::built_in())?;
//! assert_eq!(known[0].len(), 1);
//! assert!(register.as_of(day(7), year, Dictionary::built_in())?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod certification;
mod certification_file;
mod difference;
mod error;
mod figures;
mod hash;
mod history;
mod import;
mod import_rules;
mod keys;
mod manifest;
mod member;
mod register;
mod snapshot;
mod table;
mod time;
mod upload;

pub use certification::{
    Certification, CertificationEvent, CertificationState, CertifiedContent, Validation, Window,
};
pub use certification_file::{read_certifications, write_certifications};
pub use difference::{
    Change, Difference, DistrictDifference, RowDifference, RowPlace, TableDifference, Tally,
    differs_from_certified, merge,
};
pub use error::{CertificationProblem, SnapshotError};
pub use figures::{Figure, FigureChange, FigureKey, changed_figures, figures};
pub use hash::{ContentHash, ContentHasher};
pub use import::Import;
pub use import_rules::{ImportMode, ImportRule, import_rule, import_rules};
pub use manifest::{CertificationEntry, Manifest, PartEntry, SourceEntry, TableEntry};
pub use member::Member;
pub use register::{Register, RowChange, RowChangeKind};
pub use snapshot::{Snapshot, SnapshotInfo, collection_layouts};
pub use table::{Column, ColumnType, Origin, Record, Table, TableBuilder, TableSchema};
pub use time::TimeGiven;
pub use upload::{ImportReport, NotApplied, Upload};

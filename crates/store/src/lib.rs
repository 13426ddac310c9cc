//! Snapshots on a local folder or on object storage: ordinary Parquet files, named by their content, and a manifest.
//!
//! ```text
//! data/<hash>.parquet      the rows of one table, sorted; a table of more than a million rows has several
//! snapshots/<id>.json      the manifest: what the snapshot consists of; its id is the hash of its bytes
//! names/<name>.json        which snapshot a name stands for
//! ```
//!
//! Files are written in that order, each atomically: whenever a writer is stopped, a name stands for the old snapshot
//! or for the new one, whole. Nothing is ever changed in place or deleted. Everything that is read is hashed first, so
//! that a flipped bit is an error and never a wrong figure.
//!
//! In the Parquet files every field of the layout is a text column under its key, null where the file had a blank;
//! beside a date, a year or a decimal number stands a typed column (`start_date_date`, `year_number`), null where the
//! text has not the form of its type. `source_file`, `source_line`, `source_number` and `source_district` say where a
//! row comes from. The rows are in canonical order; which keys a file spans stands in its statistics.
//!
//! This crate reads and writes files: that is its work. It reads no clock and no environment.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! use opi_snapshot::{Snapshot, SnapshotInfo};
//! use opi_store::Store;
//! let info = SnapshotInfo {
//!     school_year: "2025-26".parse()?,
//!     collection: "Fall count (ANB)".into(),
//!     as_of: chrono::NaiveDate::from_ymd_opt(2025, 10, 22).unwrap(),
//!     taken_by: "nightly".into(),
//!     taken_at: "2025-10-23T02:00:00".parse()?,
//!     rule_set: "2025.1".into(),
//!     sources: vec![],
//!     certifications: vec![],
//! };
//! let snapshot = Snapshot::new(info, vec![])?;
//! let store = Store::local(folder.path())?;
//! let id = store.write(&"fall-2025".parse()?, &snapshot)?;
//! assert_eq!(store.open("fall-2025")?.id(), id);
//! assert_eq!(store.open("fall-2025")?.read()?, snapshot);
//! assert!(store.verify("fall-2025")?.problems.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![allow(clippy::disallowed_methods, reason = "reading and writing files is the work of this crate")]

mod columns;
mod error;
mod export;
mod name;
mod names;
mod store;
mod stored;

pub use error::StoreError;
pub use export::write_csv;
pub use name::SnapshotName;
pub use object_store;
pub use store::{Listing, Store};
pub use stored::{Problem, StoredSnapshot, Verification};

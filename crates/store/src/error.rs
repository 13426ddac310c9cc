//! The one error type of the crate.

use crate::SnapshotName;
use opi_snapshot::{ContentHash, SnapshotError};
use thiserror::Error;

/// What the store could not do. Messages name files, hashes and counts, never values of students.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A folder that cannot be made or opened.
    #[error("{folder}: {source}")]
    Folder {
        /// The folder.
        folder: String,
        /// Why.
        source: std::io::Error,
    },
    /// A URL that cannot be read.
    #[error("the URL of the store: {problem}")]
    Url {
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The runtime that waits for the storage could not be started.
    #[error("the runtime that waits for the storage could not be started: {0}")]
    Runtime(std::io::Error),
    /// The storage failed.
    #[error("storage, {path}: {source}")]
    Storage {
        /// The object.
        path: String,
        /// Why.
        source: object_store::Error,
    },
    /// A call from inside an asynchronous task.
    #[error(
        "the store waits for its storage and cannot be used inside an asynchronous task: call it from a plain thread"
    )]
    InsideRuntime,
    /// A name of a wrong form.
    #[error(
        "{found:?} is no name of a snapshot: use small letters, digits, dots, hyphens and underscores, at most 80, starting with a letter or digit"
    )]
    Name {
        /// What was found, at most 90 characters.
        found: String,
    },
    /// No snapshot under a name or id.
    #[error("no snapshot {reference:?} in the store; {known}")]
    NotFound {
        /// What was asked for.
        reference: String,
        /// What there is.
        known: String,
    },
    /// More than one snapshot whose id starts so.
    #[error("{reference:?} is the start of {count} snapshot ids: give more digits")]
    Ambiguous {
        /// What was asked for.
        reference: String,
        /// How many.
        count: usize,
    },
    /// A name that someone else let stand for another snapshot in the meantime.
    #[error(
        "{name} stands for {} by now: someone else wrote meanwhile; the snapshot {} is in the store under no name; take \
         it again from what the name stands for", told(*.found), .snapshot.short()
    )]
    Moved {
        /// The name.
        name: SnapshotName,
        /// What it stands for now.
        found: Option<ContentHash>,
        /// The snapshot that was to have the name.
        snapshot: ContentHash,
    },
    /// A file that belongs to a snapshot and is not there.
    #[error("{path} belongs to the snapshot and is missing from the store")]
    Missing {
        /// The object.
        path: String,
    },
    /// A file whose bytes are not those that its name promises.
    #[error("{path} is damaged: its bytes hash to {found:?}, expected {expected:?}")]
    Damaged {
        /// The object.
        path: String,
        /// The hash of the bytes found.
        found: ContentHash,
        /// The hash expected.
        expected: ContentHash,
    },
    /// A file that is whole and yet not what the manifest says.
    #[error("{path}: {problem}")]
    Disagrees {
        /// The object.
        path: String,
        /// What was found, and what would be right.
        problem: String,
    },
    /// A manifest that cannot be read, or rows that make no table.
    #[error("{path}: {source}")]
    Snapshot {
        /// The object or table.
        path: String,
        /// Why.
        source: Box<SnapshotError>,
    },
    /// A Parquet file that cannot be written or read.
    #[error("{path}: {source}")]
    Parquet {
        /// The object or table.
        path: String,
        /// Why.
        source: parquet::errors::ParquetError,
    },
    /// A stream of an export that failed.
    #[error("export of {table}: {problem}")]
    Export {
        /// The table.
        table: String,
        /// Why.
        problem: String,
    },
}

impl StoreError {
    /// Adds the object to an error of its content.
    pub(crate) fn snapshot(path: &str) -> impl FnOnce(SnapshotError) -> StoreError {
        let path = path.to_owned();
        move |source| StoreError::Snapshot { path, source: Box::new(source) }
    }

    /// Adds the object to an error of its encoding.
    pub(crate) fn parquet(path: &str) -> impl Fn(parquet::errors::ParquetError) -> StoreError {
        let path = path.to_owned();
        move |source| StoreError::Parquet { path: path.clone(), source }
    }
}

fn told(snapshot: Option<ContentHash>) -> String {
    snapshot.map_or_else(|| "no snapshot".to_owned(), |id| id.short())
}

//! The manifest: what a snapshot consists of, in one small file with one canonical form.

use crate::snapshot::content_of;
use crate::{
    CertificationState, Column, ContentHash, Member, Snapshot, SnapshotError, SnapshotInfo, TimeGiven,
};
use opi_dictionary::DistrictNumber;
use serde::{Deserialize, Serialize};

/// A file from which rows come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SourceEntry {
    /// Its name.
    pub file: String,
    /// The district that sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<DistrictNumber>,
    /// When it came in, as given.
    pub at: TimeGiven,
    /// The hash of its bytes, where it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentHash>,
}

/// The state of certification of one district when the snapshot was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CertificationEntry {
    /// The district.
    pub district: DistrictNumber,
    /// The collection; blank for that of the snapshot.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub collection: String,
    /// The state.
    pub state: CertificationState,
    /// What was certified, where something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentHash>,
    /// The version of the set of rules under which it was certified.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule_set: String,
    /// Who certified it, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certified_by: Vec<Member>,
    /// When the last one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certified_at: Option<TimeGiven>,
}

/// A table of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TableEntry {
    /// Its name.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// The hash of its canonical rows.
    pub content: ContentHash,
    /// The columns by which rows are ordered first.
    pub key: Vec<String>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The files that hold its rows, in order. None for an empty table.
    pub parts: Vec<PartEntry>,
}

/// A file that holds rows of a table. It is named by its content. Which keys it spans stands in its own
/// statistics, so that the manifest names no student.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PartEntry {
    /// The hash of its bytes.
    pub hash: ContentHash,
    /// How many bytes it has.
    pub bytes: u64,
    /// The number of its first row in the table, counted from 0.
    pub first_row: u64,
    /// How many rows it has.
    pub rows: u64,
}

/// What a snapshot consists of. Its canonical bytes are JSON with the fields in the order below; a file that
/// differs from them in any byte is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `opi-snapshot`.
    pub format: String,
    /// The version of the format.
    pub version: u64,
    /// What the caller said of the snapshot.
    pub info: SnapshotInfo,
    /// The hash of all canonical rows.
    pub content: ContentHash,
    /// The tables, in order of name.
    pub tables: Vec<TableEntry>,
}

/// What is read of a manifest before its version is known.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

impl Manifest {
    /// The name of the format.
    pub const FORMAT: &'static str = "opi-snapshot";
    /// The version that is written, and the latest that is read.
    pub const VERSION: u64 = 1;

    /// The manifest of a snapshot, given the files that hold each table, in order.
    #[must_use]
    pub fn new(snapshot: &Snapshot, mut parts: impl FnMut(usize) -> Vec<PartEntry>) -> Self {
        let tables = snapshot.tables().iter().enumerate().map(|(index, table)| {
            let schema = table.schema();
            let key = schema.key.iter().filter_map(|column| schema.columns.get(usize::from(*column)));
            TableEntry {
                table: table.name().to_owned(),
                rows: table.len() as u64,
                content: table.content(),
                key: key.map(|column| column.name.clone()).collect(),
                columns: schema.columns.clone(),
                parts: parts(index),
            }
        });
        Manifest {
            format: Manifest::FORMAT.to_owned(),
            version: Manifest::VERSION,
            tables: tables.collect(),
            info: snapshot.info().clone(),
            content: snapshot.content(),
        }
    }

    /// The canonical bytes.
    ///
    /// # Errors
    /// None in practice: every value of a manifest can be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SnapshotError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(manifest_error)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The identity of the snapshot: the hash of the canonical bytes of its manifest.
    ///
    /// # Errors
    /// As [`Manifest::to_bytes`].
    pub fn id(&self) -> Result<ContentHash, SnapshotError> {
        Ok(ContentHash::of(&self.to_bytes()?))
    }

    /// Reads a manifest: format and version first, then every part of it, strictly.
    ///
    /// # Errors
    /// When the bytes are no manifest, are of a newer or unknown version, have a field too many or too few, do not
    /// agree with each other (counts, hashes, order), or are not in canonical form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let head: Head = serde_json::from_slice(bytes).map_err(manifest_error)?;
        if head.format != Manifest::FORMAT {
            let found: String = head.format.chars().take(30).collect();
            return Err(problem(format!("format {found:?}, expected {:?}", Manifest::FORMAT)));
        }
        if head.version > Manifest::VERSION {
            return Err(SnapshotError::NewerVersion { found: head.version, supported: Manifest::VERSION });
        }
        if head.version == 0 {
            return Err(SnapshotError::UnknownVersion { found: head.version, supported: Manifest::VERSION });
        }
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(manifest_error)?;
        manifest.check()?;
        if manifest.to_bytes()? != bytes {
            return Err(problem("the bytes are not in canonical form: the file was edited by hand"));
        }
        Ok(manifest)
    }

    /// Whether its parts agree with each other.
    fn check(&self) -> Result<(), SnapshotError> {
        let names: Vec<&str> = self.tables.iter().map(|table| table.table.as_str()).collect();
        if !names.is_sorted_by(|one, two| one < two) {
            return Err(problem("the tables are not in order of name, or one stands twice"));
        }
        for entry in &self.tables {
            let mut next = 0_u64;
            for part in &entry.parts {
                if part.first_row != next || part.rows == 0 {
                    let table = &entry.table;
                    return Err(problem(format!(
                        "{table}: the files do not follow each other at row {next}"
                    )));
                }
                next = next.checked_add(part.rows).ok_or_else(|| problem("a row count beyond all bounds"))?;
            }
            if next != entry.rows {
                let (table, rows) = (&entry.table, entry.rows);
                return Err(problem(format!("{table}: {rows} rows, but its files have {next}")));
            }
            if let Some(key) = entry.key.iter().find(|key| !entry.columns.iter().any(|c| c.name == **key)) {
                let key: String = key.chars().take(60).collect();
                return Err(problem(format!("{}: key column {key:?} is no column", entry.table)));
            }
        }
        let content = content_of(self.tables.iter().map(|table| (table.table.as_str(), table.content)));
        if content != self.content {
            return Err(problem("the content hash is not that of the tables"));
        }
        Ok(())
    }
}

impl TableEntry {
    /// What the table holds.
    #[must_use]
    pub fn schema(&self) -> crate::TableSchema {
        let column = |key: &String| self.columns.iter().position(|column| column.name == *key);
        crate::TableSchema {
            table: self.table.clone(),
            columns: self.columns.clone(),
            key: self.key.iter().filter_map(column).filter_map(|column| u16::try_from(column).ok()).collect(),
        }
    }
}

fn problem(text: impl Into<String>) -> SnapshotError {
    SnapshotError::Manifest { problem: text.into() }
}

/// Places and kinds only: texts of the file could be anything.
fn manifest_error(error: serde_json::Error) -> SnapshotError {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "the file ends too early",
        serde_json::error::Category::Syntax => "this is no JSON",
        _ => "a field is missing, unknown or of the wrong kind",
    };
    problem(format!("line {}, column {}: {what}", error.line(), error.column()))
}

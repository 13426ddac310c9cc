//! Snapshots: tables as of one moment, with what must be known to trust them.

use crate::hash::Hasher;
use crate::{CertificationEntry, ContentHash, SnapshotError, SourceEntry, Table, TimeGiven};
use chrono::NaiveDate;
use opi_dictionary::{Dictionary, Layout, SchoolYear};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the caller says of a snapshot. Nothing here is read from a clock or an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SnapshotInfo {
    /// The school year.
    pub school_year: SchoolYear,
    /// The collection, such as `Fall count (ANB)`.
    pub collection: String,
    /// The day as of whose end the data stand.
    pub as_of: NaiveDate,
    /// Who took it.
    pub taken_by: String,
    /// When, as given.
    pub taken_at: TimeGiven,
    /// The version of the set of rules that judged the data; empty where none did.
    pub rule_set: String,
    /// The files from which rows come; [`Origin::source`](crate::Origin::source) counts them from 0.
    pub sources: Vec<SourceEntry>,
    /// The state of certification of each district.
    pub certifications: Vec<CertificationEntry>,
}

/// A read-only view of the data at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    info: SnapshotInfo,
    tables: Vec<Table>,
    content: ContentHash,
}

impl Snapshot {
    /// A snapshot of tables; their order does not matter.
    ///
    /// # Errors
    /// When two tables have one name.
    pub fn new(info: SnapshotInfo, mut tables: Vec<Table>) -> Result<Self, SnapshotError> {
        tables.sort_by(|one, two| one.name().cmp(two.name()));
        let twice = tables.iter().zip(tables.iter().skip(1)).find(|(one, two)| one.name() == two.name());
        if let Some((table, _)) = twice {
            return Err(SnapshotError::TwiceInSnapshot { table: table.name().to_owned() });
        }
        let content = content_of(tables.iter().map(|table| (table.name(), table.content())));
        Ok(Snapshot { info, tables, content })
    }

    /// What the caller said of it.
    #[must_use]
    pub fn info(&self) -> &SnapshotInfo {
        &self.info
    }

    /// The tables, in order of name.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The table of this name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name() == name)
    }

    /// The hash of all canonical rows: the same data give the same hash, whoever took the snapshot, whenever, and
    /// from whatever files.
    #[must_use]
    pub fn content(&self) -> ContentHash {
        self.content
    }
}

/// The hash of tables by name and content.
pub(crate) fn content_of<'t>(tables: impl Iterator<Item = (&'t str, ContentHash)>) -> ContentHash {
    let mut hasher = Hasher::new("opi snapshot: tables, version 1");
    for (name, content) in tables {
        hasher.text(name);
        hasher.text(&content.to_string());
    }
    hasher.finish()
}

/// The layouts whose rows belong to a collection: those that name it or a part of it, and demographics and enrollments,
/// which belong to all.
#[must_use]
pub fn collection_layouts<'d>(dictionary: &'d Dictionary, collection: &str) -> Vec<&'d Layout> {
    let collections = dictionary.collections().iter();
    let parts: BTreeSet<&str> = collections
        .filter(|part| part.part_of == collection)
        .map(|part| part.collection.as_str())
        .chain([collection])
        .collect();
    let belongs = |layout: &&Layout| {
        let is_upload = !layout.key_fields.is_empty();
        let named = layout.collections.iter().any(|name| parts.contains(name.as_str()));
        is_upload && (layout.collections.is_empty() || named)
    };
    dictionary.layouts().iter().filter(belongs).collect()
}

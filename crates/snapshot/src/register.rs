//! The register: successive uploads become the state's record, and nothing of what was once known is forgotten.

use crate::import::Import;
use crate::import_rules::{ImportMode, import_rule};
use crate::keys::{Key, Keys};
use crate::table::{Origin, Record, Rows, TableBuilder, TableSchema};
use crate::{SnapshotError, Table, TimeGiven, Upload};
use chrono::NaiveDate;
use opi_dictionary::{Dictionary, DistrictNumber, Layout, Personal, SchoolYear};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// How a stored row changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RowChangeKind {
    /// It is new.
    Inserted,
    /// It has other values.
    Updated,
    /// It is gone.
    Deleted,
}

impl RowChangeKind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RowChangeKind::Inserted => "inserted",
            RowChangeKind::Updated => "updated",
            RowChangeKind::Deleted => "deleted",
        }
    }
}

/// One change of the state's record, with its reason: the file, the line and the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct RowChange {
    /// The table.
    pub table: String,
    /// What happened.
    pub kind: RowChangeKind,
    /// The school year of the row.
    pub school_year: SchoolYear,
    /// The district of the row.
    pub district: Option<DistrictNumber>,
    /// The key of the row: its key columns, joined by `|`.
    pub key: Personal<String>,
    /// The columns whose values changed.
    pub columns: Vec<String>,
    /// The file that did it.
    pub file: String,
    /// The line in it; 0 where the file did it by leaving the row out.
    pub line: u64,
    /// When, as given.
    pub at: TimeGiven,
}

/// The state's record, made of all uploads so far. School years stand side by side.
#[derive(Clone, Default, PartialEq)]
pub struct Register {
    pub(crate) uploads: Vec<Upload>,
    pub(crate) tables: BTreeMap<String, RegisterTable>,
}

#[derive(Clone)]
pub(crate) struct RegisterTable {
    pub(crate) schema: TableSchema,
    pub(crate) rows: Rows,
    pub(crate) versions: Vec<Version>,
    pub(crate) stored: Vec<Stored>,
    pub(crate) by_key: HashMap<Key, u32>,
    /// Records of one person, where spans matter.
    pub(crate) by_person: HashMap<Key, Vec<u32>>,
}

/// What a record was from one upload on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// Its rows: one, or several of a group, or none where it was deleted.
    first_row: u32,
    pub(crate) rows: u32,
    pub(crate) upload: u32,
    /// The record that changed.
    pub(crate) record: u32,
    previous: Option<u32>,
}

/// A record: everything known under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    latest: u32,
    pub(crate) year: SchoolYear,
    pub(crate) district: Option<DistrictNumber>,
}

/// Registers are equal when they know the same and came to know it in the same way.
impl PartialEq for RegisterTable {
    fn eq(&self, other: &Self) -> bool {
        self.schema == other.schema
            && self.versions == other.versions
            && self.stored == other.stored
            && self.rows.same(&other.rows, self.schema.columns.len())
    }
}

impl std::fmt::Debug for Register {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Register({} uploads, {} tables)", self.uploads.len(), self.tables.len())
    }
}

impl Register {
    /// A register that knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Register::default()
    }

    /// The uploads that changed something, in the order in which they came. [`Origin::source`] counts them.
    #[must_use]
    pub fn uploads(&self) -> &[Upload] {
        &self.uploads
    }

    /// Starts to take in a file. Nothing changes before [`Import::finish`].
    ///
    /// # Errors
    /// When no rule of import names the layout, the upload is older than the latest one, the stored table has
    /// other columns, or a file that replaces all data names no district.
    pub fn import<'r>(&'r mut self, upload: &Upload, layout: &Layout) -> Result<Import<'r>, SnapshotError> {
        let rule = import_rule(&layout.key)?;
        if let Some(latest) = self.uploads.last()
            && upload.at < latest.at
        {
            return Err(SnapshotError::OutOfOrder { found: upload.at, latest: latest.at });
        }
        if rule.mode == ImportMode::ReplaceAll && upload.district.is_none() {
            return Err(SnapshotError::ReplaceNeedsDistrict { layout: layout.key.clone() });
        }
        let stored = self.tables.get(&layout.key);
        let schema = stored.map_or_else(|| TableSchema::of(layout), |table| table.schema.clone());
        let from: Option<Vec<usize>> = schema
            .columns
            .iter()
            .map(|column| layout.fields.iter().position(|field| field.key == column.name))
            .collect();
        let from = from.filter(|from| from.len() == layout.fields.len());
        let from = from.ok_or_else(|| SnapshotError::OtherColumns { table: layout.key.clone() })?;
        Ok(Import::new(self, upload.clone(), rule, schema, from))
    }

    /// What was known of a school year at the end of a day: one table a layout that has rows.
    ///
    /// # Errors
    /// When a table passes 4 GiB of text, or the dictionary lacks its layout.
    pub fn as_of(
        &self,
        day: NaiveDate,
        school_year: SchoolYear,
        dictionary: &Dictionary,
    ) -> Result<Vec<Table>, SnapshotError> {
        self.at(TimeGiven::end_of(day), school_year, dictionary)
    }

    /// What was known of a school year at a moment, the uploads of that moment included.
    ///
    /// # Errors
    /// As [`Register::as_of`].
    pub fn at(
        &self,
        moment: TimeGiven,
        school_year: SchoolYear,
        dictionary: &Dictionary,
    ) -> Result<Vec<Table>, SnapshotError> {
        let known = self.uploads.partition_point(|upload| upload.at <= moment) as u32;
        let mut tables = Vec::new();
        for (name, table) in &self.tables {
            let mut builder = TableBuilder::new(table.schema.clone());
            for stored in table.stored.iter().filter(|stored| stored.year == school_year) {
                let Some(version) = table.known(stored, known) else { continue };
                for record in table.records_of(version) {
                    builder
                        .push((0..record.columns()).map(|column| record.field(column)), record.origin())?;
                }
            }
            if !builder.is_empty() {
                let layout = dictionary.layout(name);
                let layout = layout.map_err(|_| SnapshotError::NoLayout { table: name.clone() })?;
                let table = builder.finish();
                tables.push(if table.rows(layout).is_ok() { table } else { table.conform(layout)? });
            }
        }
        Ok(tables)
    }

    /// The active identity of each student at a moment: of the demographics that several districts hold of one
    /// state id, those that changed last. Students without a state id all stay.
    ///
    /// Source: KB-SD-UP (an upload updates the active identity; a new one takes the import date as its effective
    /// date); that the latest one is active across districts is derived.
    ///
    /// # Errors
    /// When the table passes 4 GiB of text.
    pub fn active_identities(
        &self,
        moment: TimeGiven,
        school_year: SchoolYear,
    ) -> Result<Option<Table>, SnapshotError> {
        let known = self.uploads.partition_point(|upload| upload.at <= moment) as u32;
        let Some(table) = self.tables.get("student-demographics") else { return Ok(None) };
        let Some(id_column) = table.schema.column("student_state_id") else { return Ok(None) };
        let mut latest: BTreeMap<&str, (u32, Record<'_>)> = BTreeMap::new();
        let mut builder = TableBuilder::new(table.schema.clone());
        let mut push = |record: &Record<'_>| {
            builder.push((0..record.columns()).map(|column| record.field(column)), record.origin())
        };
        for stored in table.stored.iter().filter(|stored| stored.year == school_year) {
            let Some(version) = table.known(stored, known) else { continue };
            for record in table.records_of(version) {
                let id = record.field(id_column);
                if id.is_empty() {
                    push(&record)?;
                    continue;
                }
                let newer = |(upload, held): &(u32, Record<'_>)| {
                    (version.upload, record.origin()) > (*upload, held.origin())
                };
                if latest.get(id).is_none_or(newer) {
                    latest.insert(id, (version.upload, record));
                }
            }
        }
        latest.values().try_for_each(|(_, record)| push(record))?;
        Ok(Some(builder.finish()))
    }

    /// The tables that have ever had a row, in order of name.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// Every change of a table, in the order in which they came.
    pub fn changes(&self, table: &str) -> impl Iterator<Item = RowChange> {
        self.tables.get(table).into_iter().flat_map(move |table| {
            table.versions.iter().filter_map(move |version| self.change(table, version))
        })
    }

    fn change(&self, table: &RegisterTable, version: &Version) -> Option<RowChange> {
        let upload = self.uploads.get(version.upload as usize)?;
        let stored = table.stored.get(version.record as usize)?;
        let before = table.before(version).and_then(|before| table.records_of(before).next());
        let now = table.records_of(version).next();
        let shown = now.or(before)?;
        let key = table.schema.key.iter().map(|column| shown.field(usize::from(*column)));
        let columns = match (&before, &now) {
            (Some(before), Some(now)) => table
                .schema
                .columns
                .iter()
                .enumerate()
                .filter(|(column, _)| before.field(*column) != now.field(*column))
                .map(|(_, column)| column.name.clone())
                .collect(),
            _ => Vec::new(),
        };
        Some(RowChange {
            table: table.schema.table.clone(),
            kind: table.kind(version),
            school_year: stored.year,
            district: stored.district,
            key: Personal::new(key.collect::<Vec<&str>>().join("|")),
            columns,
            file: upload.file.clone(),
            line: now.map_or(0, |record| record.origin().line),
            at: upload.at,
        })
    }
}

impl RegisterTable {
    pub(crate) fn new(schema: TableSchema) -> Self {
        RegisterTable {
            schema,
            rows: Rows::default(),
            versions: Vec::new(),
            stored: Vec::new(),
            by_key: HashMap::new(),
            by_person: HashMap::new(),
        }
    }

    pub(crate) fn latest(&self, stored: u32) -> Option<&Version> {
        self.versions.get(self.stored.get(stored as usize)?.latest as usize)
    }

    /// The version of a record that the first `known` uploads left.
    fn known(&self, stored: &Stored, known: u32) -> Option<&Version> {
        let mut version = self.versions.get(stored.latest as usize)?;
        while version.upload >= known {
            version = self.versions.get(version.previous? as usize)?;
        }
        Some(version)
    }

    pub(crate) fn records_of(&self, version: &Version) -> impl Iterator<Item = Record<'_>> {
        let rows = version.first_row..version.first_row + version.rows;
        rows.filter_map(|row| self.rows.record(row as usize, self.schema.columns.len()))
    }

    /// What the record was before this change.
    fn before(&self, version: &Version) -> Option<&Version> {
        version.previous.and_then(|previous| self.versions.get(previous as usize))
    }

    pub(crate) fn kind(&self, version: &Version) -> RowChangeKind {
        match self.before(version) {
            _ if version.rows == 0 => RowChangeKind::Deleted,
            Some(before) if before.rows > 0 => RowChangeKind::Updated,
            _ => RowChangeKind::Inserted,
        }
    }

    /// A live record under this key.
    pub(crate) fn find(&self, key: &Key) -> Option<u32> {
        let stored = *self.by_key.get(key)?;
        self.latest(stored).filter(|version| version.rows > 0).map(|_| stored)
    }

    pub(crate) fn has(&self, stored: u32, new: &[Record<'_>]) -> bool {
        let Some(version) = self.latest(stored) else { return false };
        version.rows as usize == new.len()
            && self.records_of(version).zip(new).all(|(held, new)| same_texts(&held, new))
    }

    /// Sets the rows of a key. Gives the record that holds them and, where it is of a student who had asked for a
    /// state id and now has one, the record that asked: it has to end.
    pub(crate) fn set(
        &mut self,
        keys: &Keys,
        key: Key,
        upload: u32,
        year: SchoolYear,
        new: &[Record<'_>],
    ) -> Result<(u32, Option<u32>), SnapshotError> {
        let first_row = self.rows.len() as u32;
        for record in new {
            let origin = Origin { source: upload, ..record.origin() };
            self.rows.push(&self.schema, (0..record.columns()).map(|column| record.field(column)), origin)?;
        }
        let held = self.find(&key).and_then(|held| self.latest(held));
        let is_new = held.is_none();
        let old_local = held.and_then(|held| keys.local(&self.records_of(held).next()?, year));
        let first = new.first();
        let record = match self.by_key.get(&key) {
            Some(record) => *record,
            None => {
                let record = self.stored.len() as u32;
                let district = first.and_then(|first| first.origin().district);
                self.stored.push(Stored { latest: u32::MAX, year, district });
                self.by_key.insert(key, record);
                record
            }
        };
        self.add_version(record, first_row, new.len() as u32, upload);
        if let Some(first) = first.filter(|_| is_new && keys.has_person()) {
            let people = self.by_person.entry(keys.person(first, year)).or_default();
            if !people.contains(&record) {
                people.push(record);
            }
        }
        let local = first.and_then(|first| keys.local(first, year));
        Ok((record, self.link_local_id(keys, old_local, local, record)))
    }

    /// Lets the local id of a student with a state id find this record, and the one before it no longer. Gives the
    /// record that the local id found so far, where that one asks for a state id.
    fn link_local_id(&mut self, keys: &Keys, old: Option<Key>, new: Option<Key>, record: u32) -> Option<u32> {
        if let Some(old) = old.filter(|old| Some(*old) != new && self.by_key.get(old) == Some(&record)) {
            self.by_key.remove(&old);
        }
        let new = new?;
        let found = self.find(&new);
        let held = found.and_then(|found| self.records_of(self.latest(found)?).next());
        if held.is_some_and(|held| !keys.asks_for_id(&held)) {
            return None;
        }
        self.by_key.insert(new, record);
        found
    }

    pub(crate) fn add_version(&mut self, record: u32, first_row: u32, rows: u32, upload: u32) {
        let next = self.versions.len() as u32;
        if let Some(held) = self.stored.get_mut(record as usize) {
            let previous = (held.latest != u32::MAX).then_some(held.latest);
            held.latest = next;
            self.versions.push(Version { first_row, rows, upload, record, previous });
        }
    }
}

fn same_texts(one: &Record<'_>, two: &Record<'_>) -> bool {
    one.columns() == two.columns() && (0..one.columns()).all(|column| one.field(column) == two.field(column))
}

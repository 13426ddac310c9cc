//! The register as rows: every change of a school year, so that a store can keep it and another run can go on with it.
//!
//! Each layout has a table `<layout>-changes`, in the order in which the changes came. Before the fields of the layout
//! stand `change_number`, `change` (inserted, updated or deleted), `change_at` and `change_record`, the number of the
//! record that changed. A deletion has no values. What was known at a moment is the last change of each record until
//! then, where that is no deletion.

use crate::import_rules::import_rule;
use crate::keys::Keys;
use crate::register::{Register, RegisterTable, RowChangeKind};
use crate::table::{Column, ColumnType, Origin, Record, TableBuilder, TableSchema};
use crate::{Snapshot, SnapshotError, SnapshotInfo, SourceEntry, Table, Upload};
use opi_dictionary::SchoolYear;
use std::collections::HashMap;

/// What stands before the fields of the layout.
const LEADING: [&str; 4] = ["change_number", "change", "change_at", "change_record"];
const SUFFIX: &str = "-changes";

impl Register {
    /// The collection that a stored register names.
    pub const COLLECTION: &'static str = "Register";

    /// Everything that the register knows of a school year and how it came to know it, as a snapshot of changes. The
    /// sources of `info` are the uploads of the register, its collection is [`Register::COLLECTION`], and its day is
    /// that of the latest upload at the earliest.
    ///
    /// # Errors
    /// When a table passes 4 GiB of text.
    pub fn to_snapshot(&self, info: SnapshotInfo) -> Result<Snapshot, SnapshotError> {
        let sources = self.uploads.iter().map(|upload| SourceEntry {
            file: upload.file.clone(),
            district: upload.district,
            at: upload.at,
            content: upload.content,
        });
        // It holds every upload, whatever day the caller asks about.
        let as_of = self.uploads.last().map_or(info.as_of, |latest| latest.at.day().max(info.as_of));
        let (collection, sources) = (Register::COLLECTION.to_owned(), sources.collect());
        let info = SnapshotInfo { collection, as_of, sources, ..info };
        let mut tables = Vec::new();
        for table in self.tables.values() {
            let changes = self.changes_of(table, info.school_year)?;
            if !changes.is_empty() {
                tables.push(changes);
            }
        }
        Snapshot::new(info, tables)
    }

    /// The register of a school year, from what [`Register::to_snapshot`] gave. It knows the same and goes on alike.
    ///
    /// # Errors
    /// When the snapshot is none of a register, or tells an impossible story.
    pub fn from_snapshot(snapshot: &Snapshot) -> Result<Self, SnapshotError> {
        let (info, mut register) = (snapshot.info(), Register::new());
        let no_register = |table: &str, problem: &str| SnapshotError::NoRegister {
            table: table.to_owned(),
            problem: problem.to_owned(),
        };
        if info.collection != Register::COLLECTION {
            return Err(no_register(&info.collection, "it is a snapshot of a collection"));
        }
        register.uploads = info
            .sources
            .iter()
            .map(|source| Upload {
                file: source.file.clone(),
                district: source.district,
                school_year: info.school_year,
                at: source.at,
                content: source.content,
            })
            .collect();
        if !register.uploads.is_sorted_by_key(|upload| upload.at) {
            return Err(no_register("sources", "the uploads are not in the order of their times"));
        }
        for table in snapshot.tables() {
            let Some(layout) = table.name().strip_suffix(SUFFIX) else {
                return Err(no_register(table.name(), "its name does not end in -changes"));
            };
            let schema = fields_of(table.schema(), layout).ok_or_else(|| {
                no_register(
                    table.name(),
                    "it lacks the columns of a change, or does not say by which columns rows are found",
                )
            })?;
            let known = register.uploads.len();
            let replayed = replay(table, schema, info.school_year, known)?;
            register.tables.insert(layout.to_owned(), replayed);
        }
        Ok(register)
    }

    fn changes_of(&self, table: &RegisterTable, year: SchoolYear) -> Result<Table, SnapshotError> {
        let mut builder = TableBuilder::new(changes_schema(&table.schema));
        let mut numbers: HashMap<u32, usize> = HashMap::new();
        let mut number = 0_usize;
        for version in &table.versions {
            let Some(stored) = table.stored.get(version.record as usize).filter(|held| held.year == year)
            else {
                continue;
            };
            let next = numbers.len();
            let record = *numbers.entry(version.record).or_insert(next);
            let at = self.uploads.get(version.upload as usize).map(|upload| upload.at.to_string());
            let leading = [
                padded(number),
                table.kind(version).as_str().to_owned(),
                at.unwrap_or_default(),
                padded(record),
            ];
            number += 1;
            let leading = || leading.iter().map(String::as_str);
            let mut push = |record: Option<Record<'_>>, origin: Origin| {
                let fields = (0..table.schema.columns.len())
                    .map(|column| record.map_or("", |record| record.field(column)));
                builder.push(leading().chain(fields), origin)
            };
            if version.rows == 0 {
                push(None, Origin { source: version.upload, line: 0, district: stored.district })?;
            }
            for record in table.records_of(version) {
                push(Some(record), record.origin())?;
            }
        }
        Ok(builder.finish())
    }
}

/// A number as text that sorts as the number does.
fn padded(number: usize) -> String {
    format!("{number:010}")
}

fn changes_schema(schema: &TableSchema) -> TableSchema {
    let leading =
        LEADING.map(|name| Column { name: name.to_owned(), column_type: ColumnType::Text, personal: false });
    TableSchema {
        table: format!("{}{SUFFIX}", schema.table),
        columns: leading.into_iter().chain(schema.columns.iter().cloned()).collect(),
        key: std::iter::once(0)
            .chain(schema.key.iter().map(|column| column + LEADING.len() as u16))
            .collect(),
    }
}

/// The schema of the layout whose changes a table holds: the columns and the key after those of a change.
fn fields_of(changes: &TableSchema, layout: &str) -> Option<TableSchema> {
    let leading = changes.columns.iter().take(LEADING.len()).map(|column| column.name.as_str());
    let (number, key) = changes.key.split_first()?;
    if !leading.eq(LEADING) || *number != 0 || key.is_empty() {
        return None;
    }
    let columns: Vec<Column> = changes.columns.iter().skip(LEADING.len()).cloned().collect();
    let key = key.iter().map(|column| column.checked_sub(LEADING.len() as u16)).collect::<Option<_>>()?;
    Some(TableSchema { table: layout.to_owned(), columns, key })
}

/// Takes every change again.
fn replay(
    changes: &Table,
    schema: TableSchema,
    year: SchoolYear,
    uploads: usize,
) -> Result<RegisterTable, SnapshotError> {
    let keys = Keys::new(import_rule(&schema.table)?, &schema);
    let mut table = RegisterTable::new(schema);
    let wrong = |number: usize, problem: &str| SnapshotError::NoRegister {
        table: changes.name().to_owned(),
        problem: format!("change {number}: {problem}"),
    };
    let mut records = changes.records().peekable();
    while let Some(first) = records.peek().copied() {
        let number = table.versions.len();
        let (mut group, mut fields) = (Vec::new(), Vec::new());
        while let Some(record) = records.next_if(|record| record.field(0) == first.field(0)) {
            group.push(record);
            fields.push(record.without(LEADING.len()));
        }
        let origin = first.origin();
        let same = |record: &Record<'_>| {
            let there = record.origin();
            (1..LEADING.len()).all(|column| record.field(column) == first.field(column))
                && (there.source, there.district) == (origin.source, origin.district)
        };
        let latest = table.versions.last().map_or(0, |version| version.upload);
        let in_order = first.field(0) == padded(number)
            && group.iter().all(same)
            && (origin.source as usize) < uploads
            && origin.source >= latest;
        let record =
            first.field(3).parse::<u32>().ok().filter(|record| *record as usize <= table.stored.len());
        let (true, Some(record)) = (in_order, record) else {
            return Err(wrong(number, "it does not follow the one before it"));
        };
        let live = table.latest(record).is_some_and(|version| version.rows > 0);
        let Some(row) = fields.first().filter(|_| first.field(1) != RowChangeKind::Deleted.as_str()) else {
            if !live || group.len() != 1 {
                return Err(wrong(number, "it takes away a record that is not there"));
            }
            table.add_version(record, 0, 0, origin.source);
            continue;
        };
        let wanted = if live { RowChangeKind::Updated } else { RowChangeKind::Inserted };
        if first.field(1) != wanted.as_str() {
            return Err(wrong(number, "it is of another kind than its record allows"));
        }
        if table.set(&keys, keys.of(row, year), origin.source, year, &fields)?.0 != record {
            return Err(wrong(number, "its key is that of another record"));
        }
    }
    Ok(table)
}

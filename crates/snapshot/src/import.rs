//! One file on its way into the register.

use crate::hash::Hasher;
use crate::import_rules::{ImportMode, ImportRule};
use crate::register::{Register, RegisterTable};
use crate::table::{Origin, Record, Rows, TableSchema, district_of};
use crate::{ImportReport, NotApplied, SnapshotError, Upload};
use chrono::NaiveDate;
use opi_dictionary::{DistrictNumber, FieldValue, Row, SchoolYear, fields};
use std::collections::HashMap;

/// A file on its way into the register. Dropping it changes nothing.
pub struct Import<'r> {
    register: &'r mut Register,
    rule: &'static ImportRule,
    upload: Upload,
    schema: TableSchema,
    /// For each column of the table, the column of the file.
    from: Vec<usize>,
    key: Vec<usize>,
    person: Vec<usize>,
    span: (Option<usize>, Option<usize>),
    rows: Rows,
    /// The key and the year of each row.
    keys: Vec<([u8; 16], SchoolYear)>,
    report: ImportReport,
}

impl<'r> Import<'r> {
    pub(crate) fn new(
        register: &'r mut Register,
        upload: Upload,
        rule: &'static ImportRule,
        schema: TableSchema,
        from: Vec<usize>,
    ) -> Self {
        let columns = |names: &[String]| names.iter().filter_map(|name| schema.column(name)).collect();
        Import {
            key: columns(&rule.register_key),
            person: columns(&rule.record_of),
            span: (schema.column(&rule.span_start), schema.column(&rule.span_end)),
            register,
            upload,
            rule,
            from,
            schema,
            rows: Rows::default(),
            keys: Vec::new(),
            report: ImportReport::default(),
        }
    }

    /// Takes a row of the file.
    ///
    /// # Errors
    /// When the rows of the file pass 4 GiB of text.
    pub fn row(&mut self, row: &Row<'_>) -> Result<(), SnapshotError> {
        let named = district_of(row);
        if named.is_some() && self.upload.district.is_some() && named != self.upload.district {
            self.not_applied(row.line(), NotApplied::OtherDistrict);
            return Ok(());
        }
        let person = [fields::STUDENT_STATE_ID, fields::STAFF_STATE_ID];
        let person = person.into_iter().find(|field| row.layout().column(*field).is_some());
        let is_keyed = person.and_then(|field| row.layout().field(field)).is_some_and(|field| {
            self.key.iter().any(|key| self.schema.columns.get(*key).is_some_and(|c| c.name == field.key))
        });
        if is_keyed && person.is_some_and(|field| row.text(field).is_empty()) {
            let by_local = self.is_demographics() && !row.text(fields::STUDENT_LOCAL_ID).is_empty();
            if !by_local {
                self.not_applied(row.line(), NotApplied::NoStudent);
                return Ok(());
            }
        }
        let origin = Origin { source: 0, line: row.line(), district: named.or(self.upload.district) };
        let year = row.year(fields::YEAR).ok().flatten().unwrap_or(self.upload.school_year);
        self.rows.push(
            &self.schema,
            self.from.iter().map(|column| row.raw_at(*column).unwrap_or_default()),
            origin,
        )?;
        let record = self.rows.record(self.rows.len() - 1, self.schema.columns.len());
        let key = record.map(|record| self.key_of(&record, year)).unwrap_or_default();
        self.keys.push((key, year));
        Ok(())
    }

    /// Ends the file and changes the register: all of it at once. The same file once more changes nothing.
    ///
    /// # Errors
    /// When the text of the stored table passes 4 GiB.
    pub fn finish(mut self) -> Result<ImportReport, SnapshotError> {
        let upload = self.register.uploads.len() as u32;
        let schema = self.schema.clone();
        let mut table =
            self.register.tables.remove(&schema.table).unwrap_or_else(|| RegisterTable::new(schema.clone()));
        let fits = table.rows.text_len() + self.rows.text_len() <= u32::MAX as usize;
        let applied = if fits { self.apply(&mut table, upload) } else { Ok(()) };
        if !table.versions.is_empty() {
            self.register.tables.insert(schema.table.clone(), table);
        }
        applied?;
        if !fits {
            return Err(SnapshotError::TableTooLarge { table: schema.table });
        }
        if !self.report.is_unchanged() {
            self.register.uploads.push(self.upload);
        }
        self.report.not_applied_lines.sort_unstable();
        self.report.not_applied_lines.truncate(ImportReport::LINES_KEPT);
        Ok(self.report)
    }

    fn apply(&mut self, table: &mut RegisterTable, upload: u32) -> Result<(), SnapshotError> {
        let rows = std::mem::take(&mut self.rows);
        let width = self.schema.columns.len();
        let groups = self.groups(&rows);
        // What has a key that is stored goes first: it may make room for what is new. What is new follows by the
        // first day of its span, so that the order of lines does not matter and a second import finds all done.
        let (mut stored, mut new): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| table.find(&group.key).is_some());
        let spans = !self.person.is_empty();
        if spans {
            new.sort_by_cached_key(|group| {
                let start = group.rows.first().and_then(|row| rows.record(*row, width));
                start.and_then(|record| self.day(&record, self.span.0))
            });
        }
        stored.append(&mut new);
        if self.is_demographics() {
            // State ids before requests for one.
            stored.sort_by_key(|group| {
                group
                    .rows
                    .first()
                    .and_then(|row| rows.record(*row, width))
                    .is_none_or(|r| self.asks_for_id(&r))
            });
        }
        let mut seen: Vec<[u8; 16]> = Vec::new();
        for group in &stored {
            let records: Vec<Record<'_>> =
                group.rows.iter().filter_map(|row| rows.record(*row, width)).collect();
            seen.push(group.key);
            self.apply_group(table, upload, group, &records)?;
        }
        if self.rule.mode == ImportMode::ReplaceAll {
            seen.sort_unstable();
            self.delete_others(table, upload, &seen);
        }
        Ok(())
    }

    fn apply_group(
        &mut self,
        table: &mut RegisterTable,
        upload: u32,
        group: &Group,
        records: &[Record<'_>],
    ) -> Result<(), SnapshotError> {
        let Some(first) = records.first() else { return Ok(()) };
        let (line, count) = (first.origin().line, records.len() as u64);
        match table.find(&group.key) {
            Some(stored) if table.has(stored, records) => self.report.unchanged += count,
            Some(_) if self.rule.mode == ImportMode::KeepStored => {
                self.not_applied(line, NotApplied::StoredIsKept);
            }
            Some(held) if self.asks_in_vain(table, held, first) => {
                self.not_applied(line, NotApplied::HasStateId);
            }
            Some(_) => {
                let stored = table.set(group.key, upload, group.year, records)?;
                self.report.updated += count;
                self.link_local_id(table, upload, group, first, stored);
            }
            None => {
                if let Some(why) = self.refuses(table, group, first) {
                    self.not_applied(line, why);
                    return Ok(());
                }
                let stored = table.set(group.key, upload, group.year, records)?;
                self.report.inserted += count;
                if !self.person.is_empty() {
                    let people = table.by_person.entry(self.person_of(first, group.year)).or_default();
                    if !people.contains(&stored) {
                        people.push(stored);
                    }
                }
                self.link_local_id(table, upload, group, first, stored);
            }
        }
        Ok(())
    }

    /// Whether a row asks for a state id for a student whose stored record has one.
    fn asks_in_vain(&self, table: &RegisterTable, held: u32, new: &Record<'_>) -> bool {
        let held = table.latest(held).and_then(|version| table.records_of(version).next());
        self.is_demographics() && self.asks_for_id(new) && held.is_some_and(|held| !self.asks_for_id(&held))
    }

    /// Why a new record cannot be made.
    fn refuses(&self, table: &RegisterTable, group: &Group, new: &Record<'_>) -> Option<NotApplied> {
        if self.person.is_empty() {
            return None;
        }
        let (start_column, end_column) = self.span;
        let people = table.by_person.get(&self.person_of(new, group.year))?;
        let held = people.iter().filter_map(|stored| table.latest(*stored));
        let mut held = held.flat_map(|version| table.records_of(version));
        let start = self.day(new, start_column);
        if self.rule.mode == ImportMode::AfterStoredEnd {
            let ended = |record: Record<'_>| {
                self.day(&record, end_column) < start && self.day(&record, end_column).is_some()
            };
            return (!held.all(ended)).then_some(NotApplied::StoredNotEnded);
        }
        // An open record reaches on without end.
        let new_end = self.day(new, end_column).unwrap_or(NaiveDate::MAX);
        let overlaps = |record: Record<'_>| match (self.day(&record, start_column), start) {
            (Some(held_start), Some(start)) => {
                let held_end = self.day(&record, end_column).unwrap_or(NaiveDate::MAX);
                held_start <= new_end && start <= held_end
            }
            _ => false,
        };
        held.any(overlaps).then_some(NotApplied::WithinStoredSpan)
    }

    /// A student who got a state id is one student: the record that asked for it ends, and later requests of the
    /// same local id find the record with the id.
    fn link_local_id(
        &self,
        table: &mut RegisterTable,
        upload: u32,
        group: &Group,
        record: &Record<'_>,
        stored: u32,
    ) {
        if !self.is_demographics() || self.asks_for_id(record) || self.local_id(record).is_empty() {
            return;
        }
        let local = self.local_key(record, group.year);
        if let Some(asking) = table.find(&local) {
            let version = table.latest(asking).copied();
            let held = version.and_then(|version| table.records_of(&version).next());
            if held.is_none_or(|held| !self.asks_for_id(&held)) {
                return;
            }
            table.add_version(asking, 0, 0, upload);
        }
        table.by_key.insert(local, stored);
    }

    fn delete_others(&mut self, table: &mut RegisterTable, upload: u32, seen: &[[u8; 16]]) {
        let kept: Vec<u32> = seen.iter().filter_map(|key| table.by_key.get(key).copied()).collect();
        let kept: std::collections::BTreeSet<u32> = kept.into_iter().collect();
        for stored in 0..table.stored.len() as u32 {
            let held = table.stored.get(stored as usize).copied();
            let ours = held.is_some_and(|held| {
                held.district == self.upload.district && held.year == self.upload.school_year
            });
            let live = table.latest(stored).is_some_and(|version| version.rows > 0);
            if ours && live && !kept.contains(&stored) {
                table.add_version(stored, 0, 0, upload);
                self.report.deleted += 1;
            }
        }
    }

    /// The rows of the file by key, in the order of first lines. Where one row counts for a key it is the last
    /// one, and the first one for files that never overwrite.
    fn groups(&mut self, rows: &Rows) -> Vec<Group> {
        let width = self.schema.columns.len();
        let mut place: HashMap<[u8; 16], usize> = HashMap::new();
        let mut groups: Vec<Group> = Vec::new();
        let keys = std::mem::take(&mut self.keys);
        for (row, (key, year)) in keys.into_iter().enumerate() {
            match place.get(&key).and_then(|group| groups.get_mut(*group)) {
                Some(group) => group.rows.push(row),
                None => {
                    place.insert(key, groups.len());
                    groups.push(Group { key, year, rows: vec![row] });
                }
            }
        }
        for group in groups.iter_mut().filter(|group| group.rows.len() > 1) {
            if self.rule.mode == ImportMode::UpdateGroup {
                group.rows.sort_by(|one, two| {
                    let texts = |row: &usize| {
                        let record = rows.record(*row, width);
                        record.map(|r| (0..width).map(|c| r.field(c).to_owned()).collect::<Vec<_>>())
                    };
                    texts(one).cmp(&texts(two))
                });
                continue;
            }
            let counts = if self.rule.mode == ImportMode::KeepStored {
                group.rows.first().copied()
            } else {
                group.rows.last().copied()
            };
            let set_aside: Vec<usize> =
                group.rows.iter().copied().filter(|row| Some(*row) != counts).collect();
            group.rows = counts.into_iter().collect();
            for record in set_aside.iter().filter_map(|row| rows.record(*row, width)) {
                self.not_applied(record.origin().line, NotApplied::RepeatedInFile);
            }
        }
        groups
    }

    fn not_applied(&mut self, line: u64, why: NotApplied) {
        *self.report.not_applied.entry(why).or_default() += 1;
        // Lines are put in order at the end; the first ones of each reason are enough to show.
        if self.report.not_applied_lines.len() < ImportReport::LINES_KEPT * 8 {
            self.report.not_applied_lines.push((line, why));
        }
    }

    fn is_demographics(&self) -> bool {
        self.schema.table == "student-demographics"
    }

    fn asks_for_id(&self, record: &Record<'_>) -> bool {
        self.schema.column("student_state_id").is_some_and(|column| record.field(column).is_empty())
    }

    fn local_id<'a>(&self, record: &Record<'a>) -> &'a str {
        self.schema.column("student_local_id").map_or("", |column| record.field(column))
    }

    fn day(&self, record: &Record<'_>, column: Option<usize>) -> Option<NaiveDate> {
        NaiveDate::read(record.field(column?))
    }

    fn key_of(&self, record: &Record<'_>, year: SchoolYear) -> [u8; 16] {
        if self.is_demographics() && self.asks_for_id(record) {
            return self.local_key(record, year);
        }
        self.hash("key", record, year, self.key.iter().map(|column| record.field(*column)))
    }

    fn local_key(&self, record: &Record<'_>, year: SchoolYear) -> [u8; 16] {
        self.hash("local id", record, year, std::iter::once(self.local_id(record)))
    }

    fn person_of(&self, record: &Record<'_>, year: SchoolYear) -> [u8; 16] {
        self.hash("person", record, year, self.person.iter().map(|column| record.field(*column)))
    }

    fn hash<'t>(
        &self,
        purpose: &str,
        record: &Record<'_>,
        year: SchoolYear,
        texts: impl Iterator<Item = &'t str>,
    ) -> [u8; 16] {
        let mut hasher = Hasher::new(purpose);
        hasher.number(year.end_year() as u64);
        hasher.text(record.origin().district.as_ref().map_or("", DistrictNumber::as_str));
        texts.for_each(|text| hasher.text(text));
        hasher.finish().half()
    }
}

/// The rows of a file that have one key.
struct Group {
    key: [u8; 16],
    year: SchoolYear,
    rows: Vec<usize>,
}

//! One file on its way into the register.

use crate::import_rules::{ImportMode, ImportRule};
use crate::keys::{Key, Keys};
use crate::register::{Register, RegisterTable};
use crate::table::{Origin, Record, Rows, TableSchema, district_of};
use crate::{ImportReport, NotApplied, SnapshotError, Upload};
use chrono::NaiveDate;
use opi_dictionary::{FieldValue, Row, fields};
use std::collections::{BinaryHeap, HashMap};

/// A file on its way into the register. Dropping it changes nothing.
pub struct Import<'r> {
    register: &'r mut Register,
    rule: &'static ImportRule,
    upload: Upload,
    schema: TableSchema,
    /// For each column of the table, the column of the file.
    from: Vec<usize>,
    keys: Keys,
    /// The column of the student or person whom a row must name.
    named: Option<usize>,
    span: (Option<usize>, Option<usize>),
    rows: Rows,
    /// The key of each row.
    found: Vec<Key>,
    report: ImportReport,
    /// The first lines of rows not taken in: the last of them goes when one before it comes.
    set_aside: BinaryHeap<(u64, NotApplied)>,
}

impl<'r> Import<'r> {
    pub(crate) fn new(
        register: &'r mut Register,
        upload: Upload,
        rule: &'static ImportRule,
        schema: TableSchema,
        from: Vec<usize>,
    ) -> Self {
        let keys = Keys::new(rule, &schema);
        let named = schema.column("student_state_id").or_else(|| schema.column("staff_state_id"));
        Import {
            named: named.filter(|column| keys.has(*column)),
            keys,
            span: (schema.column(&rule.span_start), schema.column(&rule.span_end)),
            register,
            upload,
            rule,
            from,
            schema,
            rows: Rows::default(),
            found: Vec::new(),
            report: ImportReport::default(),
            set_aside: BinaryHeap::new(),
        }
    }

    /// Takes a row of the file.
    ///
    /// # Errors
    /// When the rows of the file pass 4 GiB of text.
    pub fn row(&mut self, row: &Row<'_>) -> Result<(), SnapshotError> {
        if let Some(why) = self.sets_aside(row) {
            self.not_applied(row.line(), why);
            return Ok(());
        }
        let district = district_of(row).or(self.upload.district);
        let from = &self.from;
        let texts = (0..from.len()).map(|column| text_of(from, row, column));
        self.rows.push(&self.schema, texts, Origin { source: 0, line: row.line(), district })?;
        let record = self.rows.record(self.rows.len() - 1, self.schema.columns.len());
        let key = record.map(|record| self.keys.of(&record, self.upload.school_year));
        self.found.push(key.unwrap_or_default());
        Ok(())
    }

    /// Why a row has no place in the register, whatever is stored.
    fn sets_aside(&self, row: &Row<'_>) -> Option<NotApplied> {
        let named = district_of(row);
        if named.is_some() && self.upload.district.is_some() && named != self.upload.district {
            return Some(NotApplied::OtherDistrict);
        }
        match row.year(fields::YEAR) {
            Ok(Some(year)) if year != self.upload.school_year => return Some(NotApplied::OtherYear),
            Ok(_) => {}
            Err(_) => return Some(NotApplied::NoYear),
        }
        let blank = |column: usize| text_of(&self.from, row, column).trim_matches(' ').is_empty();
        let by_local = self.keys.has_identity() && !row.text(fields::STUDENT_LOCAL_ID).is_empty();
        (self.named.is_some_and(blank) && !by_local).then_some(NotApplied::NoStudent)
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
            self.register.uploads.push(self.upload.clone());
        }
        Ok(self.reported())
    }

    /// Ends a file that could not be read to its end. Its rows are taken in, but for a file that replaces all that is
    /// stored of its district: what stood in its missing part would be lost, so that nothing changes.
    ///
    /// # Errors
    /// As [`Import::finish`].
    pub fn finish_cut_off(mut self) -> Result<ImportReport, SnapshotError> {
        if !self.rule.mode.replaces() {
            return self.finish();
        }
        let width = self.schema.columns.len();
        let rows = std::mem::take(&mut self.rows);
        for record in (0..rows.len()).filter_map(|row| rows.record(row, width)) {
            self.not_applied(record.origin().line, NotApplied::FileCutOff);
        }
        Ok(self.reported())
    }

    /// The report, with its lines in order.
    fn reported(mut self) -> ImportReport {
        self.report.not_applied_lines = self.set_aside.into_sorted_vec();
        self.report
    }

    fn apply(&mut self, table: &mut RegisterTable, upload: u32) -> Result<(), SnapshotError> {
        let rows = std::mem::take(&mut self.rows);
        let width = self.schema.columns.len();
        let groups = self.groups(&rows);
        // What has a key that is stored goes first: it may make room for what is new. What is new follows by the
        // first day of its span, so that the order of lines does not matter and a second import finds all done.
        let (mut stored, mut new): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| table.find(&group.key).is_some());
        if self.keys.has_person() {
            new.sort_by_cached_key(|group| {
                let start = group.rows.first().and_then(|row| rows.record(*row, width));
                start.and_then(|record| self.day(&record, self.span.0))
            });
        }
        stored.append(&mut new);
        if self.keys.has_identity() {
            // State ids before requests for one.
            stored.sort_by_key(|group| {
                let first = group.rows.first().and_then(|row| rows.record(*row, width));
                first.is_none_or(|record| self.keys.asks_for_id(&record))
            });
        }
        let mut seen: Vec<Key> = Vec::new();
        for group in &stored {
            let records: Vec<Record<'_>> =
                group.rows.iter().filter_map(|row| rows.record(*row, width)).collect();
            seen.push(group.key);
            self.apply_group(table, upload, group, &records)?;
        }
        // A file of which nothing could be taken has not said that there is nothing.
        let says = !seen.is_empty() || self.report.not_applied.is_empty();
        if self.rule.mode.replaces() && says {
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
            found => {
                if let Some(why) = found.is_none().then(|| self.refuses(table, first)).flatten() {
                    self.not_applied(line, why);
                    return Ok(());
                }
                let changed =
                    if found.is_some() { &mut self.report.updated } else { &mut self.report.inserted };
                *changed += count;
                let (_, asked) =
                    table.set(&self.keys, group.key, upload, self.upload.school_year, records)?;
                // A student who got a state id is one student.
                if let Some(asked) = asked {
                    table.add_version(asked, 0, 0, upload);
                    self.report.deleted += 1;
                }
            }
        }
        Ok(())
    }

    /// Whether a row asks for a state id for a student whose stored record has one.
    fn asks_in_vain(&self, table: &RegisterTable, held: u32, new: &Record<'_>) -> bool {
        let held = table.latest(held).and_then(|version| table.records_of(version).next());
        self.keys.asks_for_id(new) && held.is_some_and(|held| !self.keys.asks_for_id(&held))
    }

    /// Why a new record cannot be made.
    fn refuses(&self, table: &RegisterTable, new: &Record<'_>) -> Option<NotApplied> {
        if !self.keys.has_person() {
            return None;
        }
        let (start_column, end_column) = self.span;
        let people = table.by_person.get(&self.keys.person(new, self.upload.school_year))?;
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

    fn delete_others(&mut self, table: &mut RegisterTable, upload: u32, seen: &[Key]) {
        let kept: Vec<u32> = seen.iter().filter_map(|key| table.by_key.get(key).copied()).collect();
        let kept: std::collections::BTreeSet<u32> = kept.into_iter().collect();
        for stored in 0..table.stored.len() as u32 {
            let held = table.stored.get(stored as usize).copied();
            let whole_state = self.rule.mode == ImportMode::ReplaceState;
            let ours = held.is_some_and(|held| {
                let of_sender = whole_state || held.district == self.upload.district;
                of_sender && held.year == self.upload.school_year
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
        let mut place: HashMap<Key, usize> = HashMap::new();
        let mut groups: Vec<Group> = Vec::new();
        let found = std::mem::take(&mut self.found);
        for (row, key) in found.into_iter().enumerate() {
            match place.get(&key).and_then(|group| groups.get_mut(*group)) {
                Some(group) => group.rows.push(row),
                None => {
                    place.insert(key, groups.len());
                    groups.push(Group { key, rows: vec![row] });
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
        self.set_aside.push((line, why));
        if self.set_aside.len() > ImportReport::LINES_KEPT {
            self.set_aside.pop();
        }
    }

    fn day(&self, record: &Record<'_>, column: Option<usize>) -> Option<NaiveDate> {
        NaiveDate::read(record.field(column?))
    }
}

/// The text of a row in a column of the table, by the columns of the file.
fn text_of<'t>(from: &[usize], row: &Row<'t>, column: usize) -> &'t str {
    from.get(column).and_then(|column| row.raw_at(*column)).unwrap_or_default()
}

/// The rows of a file that have one key.
struct Group {
    key: Key,
    rows: Vec<usize>,
}

//! The difference between two snapshots: by row, by student, by enrollment, by count, summarised by district.

use crate::table::{Record, TableSchema, student_number};
use crate::{CertifiedContent, Snapshot, SnapshotError, Table};
use opi_dictionary::{DistrictNumber, Personal};
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Only the newer one has it.
    Added,
    /// Only the older one has it.
    Removed,
    /// Both have it, with other values.
    Changed,
}

impl Change {
    /// The word used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Changed => "changed",
        }
    }
}

/// How many differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Tally {
    /// Only in the newer one.
    pub added: u64,
    /// Only in the older one.
    pub removed: u64,
    /// In both, with other values.
    pub changed: u64,
    /// In both, alike.
    pub unchanged: u64,
}

impl Tally {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.added + self.removed + self.changed == 0
    }

    fn count(&mut self, change: Option<Change>) {
        match change {
            Some(Change::Added) => self.added += 1,
            Some(Change::Removed) => self.removed += 1,
            Some(Change::Changed) => self.changed += 1,
            None => self.unchanged += 1,
        }
    }
}

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct RowPlace {
    /// The number of the source in its snapshot's list, counted from 0.
    pub source: u32,
    /// The line in it.
    pub line: u64,
}

/// A row that differs. Rows of one key and district are one: what stands under the key differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct RowDifference {
    /// How.
    pub change: Change,
    /// The district.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<DistrictNumber>,
    /// The key: its columns, joined by `|`.
    pub key: Personal<String>,
    /// The columns that differ, with the older and the newer text. Empty where a row was added or removed.
    pub values: Vec<(String, Personal<String>, Personal<String>)>,
    /// Where the older row comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub older: Option<RowPlace>,
    /// Where the newer row comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newer: Option<RowPlace>,
}

/// The difference of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct TableDifference {
    /// The table.
    pub table: String,
    /// How many keys differ.
    pub keys: Tally,
    /// How often each column differs, in changed rows.
    pub columns: BTreeMap<String, u64>,
    /// The rows that differ, in canonical order: the first ones, as many as asked for.
    pub rows: Vec<RowDifference>,
    /// How many more differ.
    pub rows_not_kept: u64,
}

/// The difference of one district.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct DistrictDifference {
    /// Students: a student is changed when any row that names them differs.
    pub students: Tally,
    /// By table, the keys that differ: enrollments, counts, programs and so on.
    pub tables: BTreeMap<String, Tally>,
}

/// The difference between an older and a newer snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Difference {
    /// Each table that either has.
    pub tables: Vec<TableDifference>,
    /// Students of the state.
    pub students: Tally,
    /// Each district that either has and that differs; rows without a district stand under none.
    pub districts: BTreeMap<String, DistrictDifference>,
}

/// A student in a district, as compact as it gets.
type StudentIn = (Option<DistrictNumber>, u32);

#[derive(Default)]
struct Students {
    older: BTreeSet<StudentIn>,
    newer: BTreeSet<StudentIn>,
    touched: BTreeSet<StudentIn>,
}

impl Difference {
    /// What differs between two snapshots. At most `rows_kept` rows of each table are kept; counts are exact.
    ///
    /// # Errors
    /// When a table of both has other columns or another key in one.
    pub fn between(older: &Snapshot, newer: &Snapshot, rows_kept: usize) -> Result<Self, SnapshotError> {
        Difference::of_tables(older.tables(), newer.tables(), rows_kept)
    }

    /// What differs between two sets of tables, each in order of name.
    ///
    /// # Errors
    /// As [`Difference::between`].
    pub fn of_tables(older: &[Table], newer: &[Table], rows_kept: usize) -> Result<Self, SnapshotError> {
        let mut difference = Difference::default();
        let mut students = Students::default();
        let names: BTreeSet<&str> = older.iter().chain(newer).map(Table::name).collect();
        for name in names {
            let of = |tables: &'_ [Table]| tables.iter().position(|table| table.name() == name);
            let pair = (of(older).and_then(|at| older.get(at)), of(newer).and_then(|at| newer.get(at)));
            let table = difference.table(name, pair, rows_kept, &mut students)?;
            difference.tables.push(table);
        }
        difference.count_students(&students);
        difference.districts.retain(|_, district| {
            district.tables.retain(|_, tally| !tally.is_same());
            !district.students.is_same() || !district.tables.is_empty()
        });
        Ok(difference)
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.tables.iter().all(|table| table.keys.is_same())
    }

    fn table<'a>(
        &mut self,
        name: &str,
        (older, newer): (Option<&'a Table>, Option<&'a Table>),
        rows_kept: usize,
        students: &mut Students,
    ) -> Result<TableDifference, SnapshotError> {
        let table = TableDifference {
            table: name.to_owned(),
            keys: Tally::default(),
            columns: BTreeMap::new(),
            rows: Vec::new(),
            rows_not_kept: 0,
        };
        let Some(any) = older.or(newer) else { return Ok(table) };
        if let (Some(one), Some(two)) = (older, newer)
            && one.schema() != two.schema()
        {
            return Err(SnapshotError::NotComparable { table: name.to_owned() });
        }
        let schema = any.schema();
        let by_district = BTreeMap::new();
        let mut pass =
            Pass { table, by_district, schema, student: any.student_column(), rows_kept, students };
        let (older, newer) =
            (older.into_iter().flat_map(Table::records), newer.into_iter().flat_map(Table::records));
        merge(schema, older, newer, |old, new| pass.key(old, new));
        for (district, tally) in pass.by_district {
            let of_district = self.districts.entry(district_name(district)).or_default();
            of_district.tables.insert(name.to_owned(), tally);
        }
        Ok(pass.table)
    }

    fn count_students(&mut self, students: &Students) {
        let change = |was: bool, is: bool, touched: bool| match (was, is) {
            (false, _) => Some(Change::Added),
            (_, false) => Some(Change::Removed),
            _ => touched.then_some(Change::Changed),
        };
        for student in students.older.union(&students.newer) {
            let touched = students.touched.contains(student);
            let change = change(students.older.contains(student), students.newer.contains(student), touched);
            self.districts.entry(district_name(student.0)).or_default().students.count(change);
        }
        let of_state =
            |set: &BTreeSet<StudentIn>| set.iter().map(|(_, student)| *student).collect::<BTreeSet<u32>>();
        let (older, newer) = (of_state(&students.older), of_state(&students.newer));
        let touched = of_state(&students.touched);
        for student in older.union(&newer) {
            let touched = touched.contains(student);
            self.students.count(change(older.contains(student), newer.contains(student), touched));
        }
    }
}

/// The key of a district in the summary; rows without a district stand under none.
fn district_name(district: Option<DistrictNumber>) -> String {
    district.map(|district| district.to_string()).unwrap_or_default()
}

/// Walks two sequences of rows in canonical order side by side and hands over what stands under each key in the
/// older and in the newer one. Holds the rows of one key at a time.
pub fn merge<'a>(
    schema: &TableSchema,
    older: impl Iterator<Item = Record<'a>>,
    newer: impl Iterator<Item = Record<'a>>,
    mut each: impl FnMut(&[Record<'a>], &[Record<'a>]),
) {
    let columns: Vec<usize> = match schema.key.as_slice() {
        [] => (0..schema.columns.len()).collect(),
        key => key.iter().map(|column| usize::from(*column)).collect(),
    };
    let compare = |one: &Record<'_>, two: &Record<'_>| {
        let mut by_column = columns.iter().map(|column| one.field(*column).cmp(two.field(*column)));
        by_column.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    };
    let (mut older, mut newer) = (older.peekable(), newer.peekable());
    let (mut old, mut new): (Vec<Record<'a>>, Vec<Record<'a>>) = (Vec::new(), Vec::new());
    loop {
        let first = match (older.peek(), newer.peek()) {
            (None, None) => break,
            (Some(one), Some(two)) if compare(one, two).is_le() => *one,
            (Some(one), None) => *one,
            (_, Some(two)) => *two,
        };
        old.clear();
        new.clear();
        while let Some(record) = older.next_if(|record| compare(record, &first).is_eq()) {
            old.push(record);
        }
        while let Some(record) = newer.next_if(|record| compare(record, &first).is_eq()) {
            new.push(record);
        }
        each(&old, &new);
    }
}

fn change_of(old: &[Record<'_>], new: &[Record<'_>]) -> Option<Change> {
    match (old, new) {
        ([], _) => Some(Change::Added),
        (_, []) => Some(Change::Removed),
        _ => {
            let alike = |(one, two): (&Record<'_>, &Record<'_>)| {
                (0..one.columns()).all(|column| one.field(column) == two.field(column))
            };
            let same = old.len() == new.len() && old.iter().zip(new).all(alike);
            (!same).then_some(Change::Changed)
        }
    }
}

/// The columns that differ between the first rows of a key; several rows of a key that differ in number only give
/// none.
fn values_of(
    schema: &TableSchema,
    old: &[Record<'_>],
    new: &[Record<'_>],
) -> Vec<(String, Personal<String>, Personal<String>)> {
    let differs = |(one, two): &(&Record<'_>, &Record<'_>)| {
        (0..one.columns()).any(|column| one.field(column) != two.field(column))
    };
    let Some((one, two)) = old.iter().zip(new).find(differs) else { return Vec::new() };
    let columns = schema.columns.iter().enumerate();
    let columns = columns.filter(|(column, _)| one.field(*column) != two.field(*column));
    let text = |record: &Record<'_>, column: usize| Personal::new(record.field(column).to_owned());
    columns.map(|(at, column)| (column.name.clone(), text(one, at), text(two, at))).collect()
}

/// What differs now from what a district certified: `None` where nothing does.
///
/// # Errors
/// When the rows given as certified are not those of the certification, or the tables cannot be compared.
pub fn differs_from_certified(
    certified: &CertifiedContent,
    certified_tables: &[Table],
    tables_now: &[Table],
    rows_kept: usize,
) -> Result<Option<Difference>, SnapshotError> {
    let found = CertifiedContent::of(certified_tables).content;
    if found != certified.content {
        return Err(SnapshotError::NotTheCertifiedRows { found, certified: certified.content });
    }
    let difference = Difference::of_tables(certified_tables, tables_now, rows_kept)?;
    Ok((!difference.is_same()).then_some(difference))
}
/// One table, key by key.
struct Pass<'a> {
    table: TableDifference,
    by_district: BTreeMap<Option<DistrictNumber>, Tally>,
    schema: &'a TableSchema,
    /// The column of the state ID.
    student: Option<usize>,
    rows_kept: usize,
    students: &'a mut Students,
}

impl Pass<'_> {
    /// The rows of one key; those that several districts hold are told by district.
    fn key(&mut self, old: &[Record<'_>], new: &[Record<'_>]) {
        let of = |record: &Record<'_>| record.origin().district;
        let districts: BTreeSet<Option<DistrictNumber>> = old.iter().chain(new).map(of).collect();
        if districts.len() == 1 {
            return self.key_of_district(old, new);
        }
        for district in districts {
            let is_ours = |record: &&Record<'_>| of(record) == district;
            let old: Vec<Record<'_>> = old.iter().filter(is_ours).copied().collect();
            let new: Vec<Record<'_>> = new.iter().filter(is_ours).copied().collect();
            self.key_of_district(&old, &new);
        }
    }

    fn key_of_district(&mut self, old: &[Record<'_>], new: &[Record<'_>]) {
        see(self.student, &mut self.students.older, old);
        see(self.student, &mut self.students.newer, new);
        let change = change_of(old, new);
        self.table.keys.count(change);
        let shown = new.first().or(old.first());
        let district = shown.and_then(|record| record.origin().district);
        self.by_district.entry(district).or_default().count(change);
        let (Some(change), Some(shown)) = (change, shown) else { return };
        see(self.student, &mut self.students.touched, old);
        see(self.student, &mut self.students.touched, new);
        let values = values_of(self.schema, old, new);
        for (column, _, _) in &values {
            *self.table.columns.entry(column.clone()).or_default() += 1;
        }
        if self.table.rows.len() >= self.rows_kept {
            self.table.rows_not_kept += 1;
            return;
        }
        let key = self.schema.key.iter().map(|column| shown.field(usize::from(*column)));
        let place = |record: &Record<'_>| {
            let origin = record.origin();
            RowPlace { source: origin.source, line: origin.line }
        };
        self.table.rows.push(RowDifference {
            change,
            district,
            key: Personal::new(key.collect::<Vec<&str>>().join("|")),
            values,
            older: old.first().map(place),
            newer: new.first().map(place),
        });
    }
}

/// Adds the students of the records to a set.
fn see(column: Option<usize>, set: &mut BTreeSet<StudentIn>, records: &[Record<'_>]) {
    let Some(column) = column else { return };
    set.extend(
        records
            .iter()
            .filter_map(|record| Some((record.origin().district, student_number(record.field(column))?))),
    );
}

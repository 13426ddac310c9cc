//! One pass over one input: field and record rules on every row, and the facts that wider rules need.

use crate::RulesError;
use crate::emit::{Emit, NO_DISTRICT, Sink};
use crate::engine::Checker;
use crate::facts::{Facts, FileKind, Thing};
use crate::record::{OFF, Plan, Record};
use crate::source::{Input, Notice};
use crate::table::{RecordCheck, number_if_runs, record_checks};
use opi_dictionary::{Hit, Row, fields};
use std::collections::BTreeSet;

/// What an input is in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Current,
    Register,
    Prior,
}

/// An input after its pass.
pub(crate) struct FileInfo {
    pub(crate) name: String,
    pub(crate) layout: String,
    pub(crate) kind: FileKind,
    pub(crate) role: Role,
    pub(crate) rows: u64,
    pub(crate) hash: Option<String>,
    pub(crate) header_date: Option<i32>,
    pub(crate) districts: BTreeSet<u16>,
    pub(crate) problem: Option<String>,
    /// Whether its reader reports files without rows.
    pub(crate) emptiness_judged: bool,
}

const BUCKETS: usize = 256;

/// Facts of one role, parted by student so that each part fits the cache.
pub(crate) struct Partition {
    pub(crate) buckets: Vec<Facts>,
    pub(crate) things: Vec<Thing>,
}

impl Partition {
    pub(crate) fn new() -> Self {
        Partition { buckets: (0..BUCKETS).map(|_| Facts::default()).collect(), things: Vec::new() }
    }

    /// Adds what a row says to the part of its student.
    fn add(&mut self, kind: FileKind, record: &Record<'_>) {
        if kind.is_of_students() {
            let bucket = record.head.student.wrapping_mul(0x9e37_79b1) >> 24;
            if let Some(facts) = self.buckets.get_mut(bucket as usize) {
                facts.add(kind, record);
            }
        } else {
            self.things.extend(Thing::of(kind, record));
        }
    }

    #[cfg(feature = "rayon")]
    pub(crate) fn append(&mut self, other: Partition) {
        self.buckets.iter_mut().zip(other.buckets).for_each(|(mine, theirs)| mine.append(theirs));
        self.things.extend(other.things);
    }
}

/// Reads an input to its end, or as far as it can be read.
pub(crate) fn read_input(
    checker: &Checker<'_>,
    number: u32,
    role: Role,
    input: &dyn Input,
    runs: &[bool],
    partition: &mut Partition,
    sink: &mut Sink<'_>,
) -> FileInfo {
    let layout = input.layout();
    let mut file = FileInfo {
        name: input.name().to_owned(),
        layout: layout.key.clone(),
        kind: FileKind::of(&layout.key),
        role,
        rows: 0,
        hash: None,
        header_date: None,
        districts: BTreeSet::new(),
        problem: None,
        emptiness_judged: input.judged().contains(&"FILE-010"),
    };
    // What the reader judges itself is left to it.
    let mut mine = runs.to_vec();
    for code in input.judged() {
        if let Some(runs) = checker.table.number(code).and_then(|number| mine.get_mut(usize::from(number))) {
            *runs = false;
        }
    }
    let code = |code: &str| number_if_runs(&checker.table, &mine, code);
    let mut plan = Plan::new(layout, &checker.world, code);
    plan.uploader = input.uploader().map_or(plan.uploader, |district| district.number() as u16);
    let mut source = match input.open() {
        Ok(source) => source,
        Err(error) => {
            file.problem = Some(error.to_string());
            return file;
        }
    };
    let current = role == Role::Current;
    let mut pass = Pass {
        checker,
        number,
        current,
        plan,
        checks: if current { record_checks(&checker.table, layout, &mine) } else { Vec::new() },
        several_districts: if current { code("FILE-014") } else { OFF },
        first_district: NO_DISTRICT,
        last_district: NO_DISTRICT,
        partition,
        sink,
        file,
    };
    let ended = source.each_row(&mut |row| pass.take(row));
    let mut file = pass.file;
    file.problem = file.problem.or(ended.err().map(|error| error.to_string())).or_else(|| source.stopped());
    file.header_date = source.header_date().map(|day| chrono::Datelike::num_days_from_ce(&day));
    file.hash = source.hash();
    if current {
        for notice in source.notices() {
            report_notice(checker, number, &notice, runs, sink);
        }
        for (code, count) in source.not_kept() {
            if let Some(rule) = checker.number_if_runs(runs, &code) {
                sink.add_uncounted(rule, count);
            }
        }
    }
    file
}

/// What a pass carries from row to row.
struct Pass<'p, 'a, 's> {
    checker: &'p Checker<'a>,
    number: u32,
    /// Whether the input is one that is checked.
    current: bool,
    plan: Plan,
    checks: Vec<RecordCheck<'p>>,
    /// The number of FILE-014.
    several_districts: u16,
    first_district: u16,
    last_district: u16,
    partition: &'p mut Partition,
    sink: &'p mut Sink<'s>,
    file: FileInfo,
}

impl Pass<'_, '_, '_> {
    /// Takes a row; false when no more can be taken.
    fn take(&mut self, row: &Row<'_>) -> bool {
        if row.line() > u64::from(u32::MAX) {
            let (what, limit) = (self.file.name.clone(), u64::from(u32::MAX));
            let error = RulesError::TooLarge { what, found: row.line(), limit };
            self.file.problem = Some(error.to_string());
            return false;
        }
        self.file.rows += 1;
        let sink = if self.current { Some(&mut *self.sink) } else { None };
        if !self.plan.read(row, self.number, self.checker.options.short_rows, sink) {
            return true;
        }
        let record = self.plan.record(row, &self.checker.world, self.number);
        for check in &self.checks {
            check.run(&record, self.sink);
        }
        let district = record.head.district;
        if district != NO_DISTRICT {
            if district != self.last_district {
                self.last_district = district;
                self.file.districts.insert(district);
            }
            if self.first_district == NO_DISTRICT {
                self.first_district = district;
            } else if district != self.first_district && self.several_districts != OFF {
                let mut emit = Emit { sink: self.sink, rule: self.several_districts };
                record.report(&mut emit, fields::DISTRICT_NUMBER);
            }
        }
        self.partition.add(self.file.kind, &record);
        true
    }
}

/// A finding of the reader.
fn report_notice(checker: &Checker<'_>, file: u32, notice: &Notice, runs: &[bool], sink: &mut Sink<'_>) {
    if let Some(rule) = checker.number_if_runs(runs, &notice.code) {
        let line = u32::try_from(notice.line).unwrap_or(u32::MAX);
        sink.add(Hit { file, line, rule, field: notice.field }, 0, None, NO_DISTRICT, notice.severity);
    }
}

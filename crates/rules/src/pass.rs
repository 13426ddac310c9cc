//! One pass over one input: field and record rules on every row, and the facts that wider rules need.

use crate::RulesError;
use crate::emit::{Emit, NO_DISTRICT, Sink};
use crate::engine::Checker;
use crate::enrollments::Spans;
use crate::facts::{Enrollment, Facts, FileKind, Thing};
use crate::judge::Judge;
use crate::record::{OFF, Plan, Record};
use crate::source::{Input, Notice};
use crate::table::{number_if_runs, record_checks};
use opi_dictionary::{Hit, Layout, Row, fields};
use std::collections::BTreeSet;

/// What an input is in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// What enrollments say beside whose they are.
    pub(crate) spans: Spans,
}

impl Partition {
    pub(crate) fn new() -> Self {
        let buckets = (0..BUCKETS).map(|_| Facts::default()).collect();
        Partition { buckets, things: Vec::new(), spans: Spans::default() }
    }

    /// Adds what a row says to the part of its student; `fact` is the number of what another row of its content says.
    /// Answers that number where there is one.
    #[inline]
    fn add(&mut self, kind: FileKind, record: &Record<'_>, fact: Option<u32>) -> Option<u32> {
        if !kind.is_of_students() {
            self.things.extend(Thing::of(kind, record));
            return None;
        }
        let bucket = record.head.student.wrapping_mul(0x9e37_79b1) >> 24;
        let facts = self.buckets.get_mut(bucket as usize)?;
        if kind != FileKind::Enrollments {
            facts.add(kind, record);
            return None;
        }
        let span = fact.unwrap_or_else(|| self.spans.add(Enrollment::of(record)));
        facts.enrollments.push(&record.head, span);
        Some(span)
    }

    /// All enrollments.
    pub(crate) fn enrollments(&self) -> impl Iterator<Item = Enrollment> {
        self.buckets.iter().flat_map(|facts| facts.enrollments.whole(&self.spans))
    }

    #[cfg(feature = "rayon")]
    pub(crate) fn append(&mut self, other: Partition) {
        let moved = self.spans.append(other.spans);
        for (mine, mut theirs) in self.buckets.iter_mut().zip(other.buckets) {
            theirs.enrollments.move_spans(moved);
            mine.append(theirs);
        }
        self.things.extend(other.things);
    }
}

/// What a worker keeps from file to file: a judge for each layout that it met, by what it is compiled for.
#[derive(Default)]
pub(crate) struct Judges<'w> {
    known: Vec<(Key<'w>, Judge<'w>)>,
}

/// What a judge is compiled for.
struct Key<'w> {
    layout: &'w Layout,
    role: Role,
    judged: &'w [&'static str],
}

impl<'w> Judges<'w> {
    /// The judge for an input, compiled when there is none.
    fn of(
        &mut self,
        checker: &'w Checker<'_>,
        role: Role,
        input: &'w dyn Input,
        runs: &[bool],
    ) -> Option<&mut Judge<'w>> {
        let (layout, judged) = (input.layout(), input.judged());
        let fits =
            |key: &Key<'_>| std::ptr::eq(key.layout, layout) && key.role == role && key.judged == judged;
        let place = match self.known.iter().position(|(key, _)| fits(key)) {
            Some(place) => place,
            None => {
                // One layout may come in copies: the last one is kept.
                self.known.retain(|(key, _)| {
                    (&key.layout.key, key.role) != (&layout.key, role) || key.judged != judged
                });
                let judge = compile(checker, role, input, runs);
                self.known.push((Key { layout, role, judged }, judge));
                self.known.len() - 1
            }
        };
        self.known.get_mut(place).map(|(_, judge)| judge)
    }
}

/// The rules that run on an input: what its reader judges itself is left to it.
fn left_to_engine(checker: &Checker<'_>, input: &dyn Input, runs: &[bool]) -> Vec<bool> {
    let mut mine = runs.to_vec();
    for code in input.judged() {
        if let Some(runs) = checker.table.number(code).and_then(|number| mine.get_mut(usize::from(number))) {
            *runs = false;
        }
    }
    mine
}

fn compile<'w>(checker: &'w Checker<'_>, role: Role, input: &dyn Input, runs: &[bool]) -> Judge<'w> {
    let (layout, mine) = (input.layout(), left_to_engine(checker, input, runs));
    let plan = Plan::new(layout, &checker.world, |code| number_if_runs(&checker.table, &mine, code));
    let checks = match role {
        Role::Current => record_checks(&checker.table, layout, &mine),
        _ => Vec::new(),
    };
    Judge::new(layout, plan, checks)
}

/// What is done with the rows of a run.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'r> {
    /// Which rules run.
    pub(crate) runs: &'r [bool],
    /// Rows that are passed over, by file and line.
    pub(crate) set_aside: &'r BTreeSet<(u32, u32)>,
}

/// Reads an input to its end, or as far as it can be read.
pub(crate) fn read_input<'w>(
    checker: &'w Checker<'_>,
    (number, role, input): (u32, Role, &'w dyn Input),
    Reading { runs, set_aside }: Reading<'_>,
    judges: &mut Judges<'w>,
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
    let Some(judge) = judges.of(checker, role, input, runs) else { return file };
    judge.begin(input.uploader().or(checker.world.references.uploader));
    let mut source = match input.open() {
        Ok(source) => source,
        Err(error) => {
            file.problem = Some(error.to_string());
            return file;
        }
    };
    let current = role == Role::Current;
    let several =
        if input.judged().contains(&"FILE-014") { None } else { checker.number_if_runs(runs, "FILE-014") };
    let mut pass = Pass {
        checker,
        number,
        current,
        judge,
        several_districts: several.filter(|_| current).unwrap_or(OFF),
        districts: Districts { first: NO_DISTRICT, last: NO_DISTRICT },
        partition,
        sink,
        file,
    };
    let passed_over = |row: &Row<'_>| {
        let line = u32::try_from(row.line()).unwrap_or(u32::MAX);
        !set_aside.is_empty() && set_aside.contains(&(number, line))
    };
    let ended = source.each_row(&mut |row| {
        if passed_over(row) {
            // The district sent the file all the same: what hangs on its rows is judged.
            pass.file.districts.extend(district_of(row));
            return true;
        }
        pass.take(row)
    });
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
struct Pass<'p, 'w, 's> {
    checker: &'w Checker<'w>,
    number: u32,
    /// Whether the input is one that is checked.
    current: bool,
    judge: &'p mut Judge<'w>,
    /// The number of FILE-014.
    several_districts: u16,
    districts: Districts,
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
        let how = (self.number, self.checker.options.short_rows);
        let (file, partition) = (&mut self.file, &mut *self.partition);
        let (districts, several) = (&mut self.districts, self.several_districts);
        self.judge.judge(row, how, &self.checker.world, sink, |record, fact, sink| {
            let another = districts.meet(record.head.district, &mut file.districts);
            if let (true, Some(sink)) = (another && several != OFF, sink) {
                record.report(&mut Emit { sink, rule: several }, fields::DISTRICT_NUMBER);
            }
            partition.add(file.kind, record, fact)
        });
        true
    }
}

/// The districts of a file, as its rows come.
struct Districts {
    first: u16,
    last: u16,
}

impl Districts {
    /// Notes the district of a row; true where it is another than that of the first row.
    #[inline]
    fn meet(&mut self, district: u16, known: &mut BTreeSet<u16>) -> bool {
        if district == NO_DISTRICT {
            return false;
        }
        if district != self.last {
            self.last = district;
            known.insert(district);
        }
        if self.first == NO_DISTRICT {
            self.first = district;
        }
        district != self.first
    }
}

/// The district that a row names.
fn district_of(row: &Row<'_>) -> Option<u16> {
    let column = row.layout().column(opi_dictionary::fields::DISTRICT_NUMBER)?;
    if row.len() != row.layout().fields.len() {
        return None;
    }
    row.fields().nth(column)?.trim().parse().ok()
}

/// A finding of the reader.
fn report_notice(checker: &Checker<'_>, file: u32, notice: &Notice, runs: &[bool], sink: &mut Sink<'_>) {
    if let Some(rule) = checker.number_if_runs(runs, &notice.code) {
        let line = u32::try_from(notice.line).unwrap_or(u32::MAX);
        sink.add(Hit { file, line, rule, field: notice.field }, 0, None, NO_DISTRICT, notice.severity);
    }
}

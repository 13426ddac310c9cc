//! Counting: from the rows of students to the records of every file, in one pass.
//!
//! A file is counted by a [`Declaration`]: a value that names tested functions for who is counted, on
//! which day, who is left out, how often a student counts, and which zero rows are due. The engine looks
//! up the rows of a student once for each declaration and puts the student into category sets, subtotals
//! and totals of every level. Totals are counted, never added up from cells.

mod declare;
mod explain;
mod include;
mod partial;
mod plan;
mod populations;
mod possible;
mod programs;
mod result;
mod select;
mod values;

pub use declare::{CountingUnit, Declaration, InputList, Measure, declarations};
pub use explain::{Behind, CellQuery, LeftOut, RowKind, RowRef, explain, explain_staff, why_left_out};
pub use partial::Partial;
pub use plan::zero_rows;
pub use populations::Exclusion;
pub use result::{Amount, CountRecord, CountResult, FileCounts};

pub(crate) use declare::declaration;
/// The map of cells, by a fast hash.
pub(crate) use hashbrown::HashMap as CellMap;
pub(crate) use plan::{Codes, FilePlan, MOST_CATEGORIES, Plan, SetPlans, set_plans};
pub(crate) use result::CountedCell;
pub(crate) use values::Logic;

use crate::input::{LeaIndex, SchoolIndex, StaffAssignment, StudentRows, Units};
use crate::{Catalogue, CountConfig, EdfactsError, FileNumber, Grade, Level, StudentSource};
use chrono::NaiveDate;
use hashbrown::HashMap;
use populations::{Candidate, Search};
use select::Choice;
use values::{FlagBasis, Value, value};

/// What declarations may look at besides the student.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) config: &'a CountConfig,
    pub(crate) units: &'a Units,
    /// The grades that make a district one of early childhood, in the year.
    pub(crate) early_grades: Vec<Grade>,
    /// Whether five-year-olds are split by grade between files 002 and 089 in the year.
    pub(crate) fives_by_grade: bool,
}

impl<'a> Context<'a> {
    pub(crate) fn new(catalogue: &Catalogue, config: &'a CountConfig, units: &'a Units) -> Self {
        let early = catalogue.year_rule("early_childhood_grades", config.year).unwrap_or("PK");
        let fives = catalogue.year_rule("five_year_olds_by_grade", config.year);
        Context {
            config,
            units,
            early_grades: early.split_whitespace().filter_map(Grade::from_code).collect(),
            fives_by_grade: fives != Some("no"),
        }
    }
}

/// One thing that counts in one unit: mostly the student, sometimes a removal or an incident.
#[derive(Debug)]
pub(crate) struct Instance<'a> {
    pub(crate) student: &'a StudentRows,
    pub(crate) lea: Option<LeaIndex>,
    pub(crate) flags: FlagBasis,
    pub(crate) grade: Option<Grade>,
    pub(crate) age: Option<u32>,
    /// Categories that the declaration or the record gives itself.
    pub(crate) own: Vec<(&'a str, Vec<&'a str>)>,
    /// The only table in which it counts; all tables when `None`.
    pub(crate) table: Option<String>,
    /// What it adds.
    pub(crate) weight: u64,
    /// What it adds to the denominator of a rate.
    pub(crate) base: u64,
    pub(crate) rows: Vec<RowRef>,
}

impl<'a> Instance<'a> {
    /// An instance whose values are those of one day.
    pub(crate) fn on(
        student: &'a StudentRows,
        lea: Option<LeaIndex>,
        day: NaiveDate,
        rows: Vec<RowRef>,
    ) -> Self {
        Instance {
            student,
            lea,
            flags: FlagBasis::On(day),
            grade: None,
            age: None,
            own: Vec::new(),
            table: None,
            weight: 1,
            base: 1,
            rows,
        }
    }
}

/// The unit number of the state.
pub(crate) const STATE: u32 = 0;

/// The key of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CellKey {
    pub(crate) plan: u16,
    pub(crate) unit: u32,
    pub(crate) set: u16,
    pub(crate) codes: Codes,
}

/// What stands in a cell: the sum, and the denominator for rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) sum: u64,
    pub(crate) base: u64,
}

/// Takes what the engine finds: the counter, or a trace that explains.
pub(crate) trait Sink {
    fn cell(&mut self, key: CellKey, inst: &Instance<'_>);
    fn left_out(&mut self, _plan: usize, _candidate: &Candidate<'_>, _why: Exclusion) {}
    fn no_rows(&mut self, _plan: usize) {}
}

/// Counts students one by one.
///
/// ```
/// use opi_edfacts::{Catalogue, CountConfig, Counter, Level, Units};
/// let catalogue = Catalogue::builtin()?;
/// let config = CountConfig::defaults("2025-26".parse()?)?;
/// let units = Units::default();
/// let counter = Counter::new(catalogue, &config, &units, &[("052".parse()?, vec![Level::Sea])])?;
/// let result = counter.finish();
/// let total = result.records().find(|record| record.set == "TOT").unwrap();
/// assert_eq!(total.amount.to_string(), "0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Counter<'a> {
    pub(crate) plan: Plan,
    pub(crate) cx: Context<'a>,
    pub(crate) cells: HashMap<CellKey, Tally>,
    scratch: Scratch,
}

/// Buffers kept from student to student.
#[derive(Debug, Default)]
struct Scratch {
    keys: Vec<CellKey>,
    seen: Vec<CellKey>,
    found: Vec<Places>,
}

struct CellSink<'s> {
    cells: &'s mut HashMap<CellKey, Tally>,
}

impl Sink for CellSink<'_> {
    fn cell(&mut self, key: CellKey, inst: &Instance<'_>) {
        let tally = self.cells.entry(key).or_default();
        tally.sum = tally.sum.saturating_add(inst.weight);
        tally.base = tally.base.saturating_add(inst.base);
    }
}

impl<'a> Counter<'a> {
    /// Makes ready to count the files at the levels.
    ///
    /// # Errors
    /// [`EdfactsError::UnknownFile`] and [`EdfactsError::NotCounted`].
    pub fn new(
        catalogue: &Catalogue,
        config: &'a CountConfig,
        units: &'a Units,
        asks: &[(FileNumber, Vec<Level>)],
    ) -> Result<Self, EdfactsError> {
        Ok(Counter {
            plan: Plan::new(catalogue, config, asks)?,
            cx: Context::new(catalogue, config, units),
            cells: HashMap::new(),
            scratch: Scratch::default(),
        })
    }

    /// Counts one student. All rows of the student must be given at once.
    pub fn add(&mut self, student: &StudentRows) {
        let mut sink = CellSink { cells: &mut self.cells };
        for (declared, places) in &self.plan.groups {
            run(&self.cx, &self.plan, declared, places, student, &mut self.scratch, &mut sink);
        }
    }

    /// Counts staff assignments.
    pub fn add_staff(&mut self, assignments: &[StaffAssignment]) {
        let cells = &mut self.cells;
        for assignment in assignments {
            programs::staff_cells(&self.cx, &self.plan, assignment, &mut |key| {
                let tally = cells.entry(key).or_default();
                tally.sum = tally.sum.saturating_add(assignment.fte_hundredths);
            });
        }
    }

    /// Counts all students of a source.
    ///
    /// # Errors
    /// What the source reports.
    pub fn add_all(&mut self, source: &dyn StudentSource) -> Result<(), EdfactsError> {
        source.each_student(&mut |student| {
            self.add(student);
            Ok(())
        })
    }

    /// The records, zero rows included.
    #[must_use]
    pub fn finish(self) -> CountResult {
        result::finish(self.plan, &self.cx, self.cells)
    }
}

/// Runs one declaration over one student, at all levels that were asked.
fn run<'s>(
    cx: &Context<'_>,
    plan: &Plan,
    declared: &Declaration,
    places: &[usize],
    student: &'s StudentRows,
    scratch: &mut Scratch,
    sink: &mut dyn Sink,
) {
    let mut candidates: Vec<Candidate<'s>> = Vec::new();
    (declared.population)(Search { cx, student, declared, out: &mut candidates });
    if candidates.is_empty() {
        for place in places {
            sink.no_rows(*place);
        }
        return;
    }
    let mut units: Vec<(u32, &Candidate<'s>)> = Vec::with_capacity(candidates.len());
    let mut chosen: Vec<&Candidate<'s>> = Vec::with_capacity(candidates.len());
    let mut instances: Vec<Instance<'s>> = Vec::new();
    for place in places {
        let Some(file) = plan.files.get(*place) else { continue };
        units.clear();
        for candidate in &candidates {
            match unit_of(cx, file.level, candidate) {
                Ok(unit) => {
                    match (declared.include)(include::Asked { cx, level: file.level, student, candidate }) {
                        Ok(()) => units.push((unit, candidate)),
                        Err(why) => sink.left_out(*place, candidate, why),
                    }
                }
                Err(why) => sink.left_out(*place, candidate, why),
            }
        }
        units.sort_by_key(|(unit, _)| *unit);
        for group in units.chunk_by(|a, b| a.0 == b.0) {
            let Some((unit, _)) = group.first() else { continue };
            chosen.clear();
            chosen.extend(group.iter().map(|(_, candidate)| *candidate));
            instances.clear();
            let mut dropped: Vec<(&Candidate<'s>, Exclusion)> = Vec::new();
            let (out, dropped_here) = (&mut instances, &mut dropped);
            (declared.select)(Choice { cx, student, group: &chosen, out, dropped: dropped_here });
            for (candidate, why) in dropped {
                sink.left_out(*place, candidate, why);
            }
            let alone = instances.len() == 1;
            scratch.seen.clear();
            for inst in &instances {
                scratch.keys.clear();
                let several = cells_of(cx, file, *place, *unit, inst, scratch);
                // A student stands once in a cell, however many rows lead there; a removal each time.
                let once = declared.unit == CountingUnit::Student && (several || !alone);
                for key in &scratch.keys {
                    if once && scratch.seen.contains(key) {
                        continue;
                    }
                    sink.cell(*key, inst);
                    if once {
                        scratch.seen.push(*key);
                    }
                }
            }
        }
    }
}

/// The unit of a candidate at a level, or why it has none.
fn unit_of(cx: &Context<'_>, level: Level, candidate: &Candidate<'_>) -> Result<u32, Exclusion> {
    let Some(lea) = candidate.lea else {
        return if level == Level::Sea { Ok(STATE) } else { Err(Exclusion::NoUnit) };
    };
    if !cx.units.lea_reported(lea) {
        return Err(Exclusion::UnitNotReported);
    }
    match level {
        Level::Sea => Ok(STATE),
        Level::Lea => Ok(lea.0),
        Level::Sch => match candidate.school {
            None => Err(Exclusion::NoSchool),
            Some(school) if cx.units.school_reported(school) => Ok(school.0),
            Some(_) => Err(Exclusion::UnitNotReported),
        },
    }
}

/// The places of an instance in the code list of a category.
#[derive(Debug)]
enum Places {
    /// In no record of a set with the category.
    Nowhere,
    One(u16),
    Several(Vec<u16>),
}

fn places_of(cx: &Context<'_>, category: &plan::CategoryPlan, inst: &Instance<'_>) -> Places {
    let or_missing = |place: Option<u16>| place.or(category.missing).map_or(Places::Nowhere, Places::One);
    match value(cx, inst, &category.name, category.logic) {
        Value::One(code) => {
            let own = category.index.get(code).copied();
            // A state that merges high school grades has the code HS in place of 09 to 12.
            let merged = || match category.logic {
                values::Logic::GradeTested => category.index.get("HS").copied(),
                _ => None,
            };
            or_missing(own.or_else(merged))
        }
        Value::Many(codes) => {
            let place = |code: &str| category.index.get(code).copied().or(category.missing);
            let mut places: Vec<u16> = codes.into_iter().filter_map(place).collect();
            places.sort_unstable();
            places.dedup();
            Places::Several(places)
        }
        Value::Unknown => or_missing(None),
        Value::Absent => Places::Nowhere,
    }
}

/// Puts the cells of an instance into the keys; says whether it can stand in several cells of a set.
fn cells_of(
    cx: &Context<'_>,
    file: &FilePlan,
    place: usize,
    unit: u32,
    inst: &Instance<'_>,
    scratch: &mut Scratch,
) -> bool {
    let Scratch { keys, found, .. } = scratch;
    found.clear();
    found.extend(file.categories.iter().map(|category| places_of(cx, category, inst)));
    let several = found.iter().any(|places| matches!(places, Places::Several(_)));
    let Ok(plan) = u16::try_from(place) else { return several };
    for (set, number) in file.sets.iter().zip(0u16..) {
        if inst.table.as_ref().is_some_and(|table| *table != set.table) {
            continue;
        }
        let from = keys.len();
        keys.push(CellKey { plan, unit, set: number, codes: [0; MOST_CATEGORIES] });
        for (slot, category) in set.categories.iter().enumerate() {
            match found.get(*category) {
                Some(Places::One(code)) => {
                    for key in keys.iter_mut().skip(from) {
                        if let Some(place) = key.codes.get_mut(slot) {
                            *place = *code;
                        }
                    }
                }
                Some(Places::Several(codes)) => {
                    let before = keys.split_off(from);
                    for key in before {
                        for code in codes {
                            let mut key = key;
                            if let Some(place) = key.codes.get_mut(slot) {
                                *place = *code;
                            }
                            keys.push(key);
                        }
                    }
                }
                Some(Places::Nowhere) | None => keys.truncate(from),
            }
        }
    }
    several
}

/// The identifiers of a unit at a level.
pub(crate) fn unit_ids(units: &Units, level: Level, unit: u32) -> (Option<&str>, Option<&str>) {
    match level {
        Level::Sea => (None, None),
        Level::Lea => (units.lea_unit(LeaIndex(unit)).map(|unit| unit.lea.as_str()), None),
        Level::Sch => {
            let found = units.school_unit(SchoolIndex(unit));
            (found.map(|unit| unit.lea.as_str()), found.and_then(|unit| unit.school.as_deref()))
        }
    }
}

//! From counted cells to records: zero rows, rates, and the order of the output.

use super::declare::Measure;
use super::plan::{Codes, FilePlan, Plan, SetPlan};
use super::{CellKey, Context, STATE, Tally, unit_ids};
use crate::input::{LeaIndex, SchoolIndex, Unit, Units};
use crate::{FileNumber, Level, ZeroRule};
use hashbrown::{HashMap, HashSet};
use serde::Serialize;
use std::fmt;

/// The number of a record, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Amount {
    /// A whole number.
    Whole(u64),
    /// A percentage in tenths.
    Tenths(u64),
    /// Full-time equivalents in hundredths.
    Hundredths(u64),
}

impl Amount {
    /// Whether it is 0.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        matches!(self, Amount::Whole(0) | Amount::Tenths(0) | Amount::Hundredths(0))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Amount::Whole(number) => write!(f, "{number}"),
            Amount::Tenths(tenths) => write!(f, "{}.{}", tenths / 10, tenths % 10),
            Amount::Hundredths(parts) => write!(f, "{}.{:02}", parts / 100, parts % 100),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Amount::Whole(number) => serializer.serialize_u64(*number),
            // The nearest double prints as the same decimal; it is shown, never computed with.
            other => serializer.serialize_f64(other.to_string().parse().unwrap_or_default()),
        }
    }
}

/// A record: what stands in one line of a federal file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountRecord<'r> {
    /// The file.
    pub file: FileNumber,
    /// The level.
    pub level: Level,
    /// State identifier of the district; `None` for the state.
    pub lea: Option<&'r str>,
    /// State identifier of the school; `None` above school level.
    pub school: Option<&'r str>,
    /// The table.
    pub table: &'r str,
    /// The category set.
    pub set: &'r str,
    /// The codes of the set's categories, in the order of the set.
    pub values: Vec<(&'r str, &'r str)>,
    /// `Y` for subtotals and totals, `N` for category sets.
    pub total_indicator: char,
    /// The number.
    pub amount: Amount,
}

impl Serialize for CountRecord<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Values<'v>(&'v [(&'v str, &'v str)]);
        impl Serialize for Values<'_> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().copied())
            }
        }
        use serde::ser::SerializeStruct;
        let mut record = serializer.serialize_struct("CountRecord", 9)?;
        record.serialize_field("file", &self.file)?;
        record.serialize_field("level", &self.level)?;
        record.serialize_field("lea", &self.lea)?;
        record.serialize_field("school", &self.school)?;
        record.serialize_field("table", self.table)?;
        record.serialize_field("set", self.set)?;
        record.serialize_field("values", &Values(&self.values))?;
        record.serialize_field("total_indicator", &self.total_indicator)?;
        record.serialize_field("count", &self.amount)?;
        record.end()
    }
}

/// A record by numbers: its unit, set and codes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountedCell {
    unit: u32,
    pub(crate) set: u16,
    pub(crate) codes: Codes,
    amount: u64,
}

/// The records of one file at one level.
#[derive(Debug)]
pub struct FileCounts {
    plan: FilePlan,
    cells: Vec<CountedCell>,
    units: Vec<(u32, Option<String>, Option<String>)>,
}

impl FileCounts {
    /// The file.
    #[must_use]
    pub fn file(&self) -> FileNumber {
        self.plan.file
    }

    /// The level.
    #[must_use]
    pub fn level(&self) -> Level {
        self.plan.level
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The records: by district, school, table and set as listed, then codes as listed.
    pub fn records(&self) -> impl Iterator<Item = CountRecord<'_>> {
        self.cells.iter().filter_map(|cell| self.record(cell))
    }

    /// The records of each unit.
    pub(crate) fn by_unit(&self) -> impl Iterator<Item = &[CountedCell]> {
        self.cells.chunk_by(|a, b| a.unit == b.unit)
    }

    /// The identifiers of the unit of some cells.
    pub(crate) fn unit_ids(&self, cells: &[CountedCell]) -> (Option<&str>, Option<&str>) {
        let unit = cells.first().and_then(|cell| self.unit(cell));
        unit.map_or((None, None), |(_, lea, school)| (lea.as_deref(), school.as_deref()))
    }

    fn unit(&self, cell: &CountedCell) -> Option<&(u32, Option<String>, Option<String>)> {
        let place = self.units.binary_search_by_key(&cell.unit, |(unit, _, _)| *unit).ok()?;
        self.units.get(place)
    }

    pub(crate) fn set_count(&self) -> usize {
        self.plan.sets.len()
    }

    /// The categories of the set of a cell.
    pub(crate) fn categories_of(&self, cell: &CountedCell) -> impl Iterator<Item = &str> {
        let set = self.plan.sets.get(usize::from(cell.set));
        let categories = set.into_iter().flat_map(|set| &set.categories);
        categories.filter_map(|place| self.plan.categories.get(*place)).map(|category| category.name.as_str())
    }

    /// The codes of a category of the set of a cell, by its place in the set.
    pub(crate) fn codes_of(&self, cell: &CountedCell, slot: usize) -> &[String] {
        let set = self.plan.sets.get(usize::from(cell.set));
        let category = set.and_then(|set| self.plan.categories.get(*set.categories.get(slot)?));
        category.map_or(&[], |category| category.codes.as_slice())
    }

    pub(crate) fn amount(&self, cell: &CountedCell) -> Amount {
        match self.plan.declaration.measure {
            Measure::Count => Amount::Whole(cell.amount),
            Measure::Rate => Amount::Tenths(cell.amount),
            Measure::Fte => Amount::Hundredths(cell.amount),
        }
    }

    pub(crate) fn record(&self, cell: &CountedCell) -> Option<CountRecord<'_>> {
        let (_, lea, school) = self.unit(cell)?;
        let set: &SetPlan = self.plan.sets.get(usize::from(cell.set))?;
        let values = set.categories.iter().zip(cell.codes).filter_map(|(category, code)| {
            let category = self.plan.categories.get(*category)?;
            Some((category.name.as_str(), category.codes.get(usize::from(code))?.as_str()))
        });
        Some(CountRecord {
            file: self.plan.file,
            level: self.plan.level,
            lea: lea.as_deref(),
            school: school.as_deref(),
            table: &set.table,
            set: &set.set,
            values: values.collect(),
            total_indicator: set.total_indicator,
            amount: self.amount(cell),
        })
    }
}

/// All records that were asked for.
#[derive(Debug)]
pub struct CountResult {
    files: Vec<FileCounts>,
}

impl CountResult {
    /// Leaves out files that could not be counted.
    pub(crate) fn leave_out(&mut self, files: &[FileNumber]) {
        self.files.retain(|counts| !files.contains(&counts.file()));
    }

    /// The files, by number and level.
    #[must_use]
    pub fn files(&self) -> &[FileCounts] {
        &self.files
    }

    /// One file at one level.
    #[must_use]
    pub fn file(&self, file: FileNumber, level: Level) -> Option<&FileCounts> {
        self.files.iter().find(|counts| counts.file() == file && counts.level() == level)
    }

    /// All records in order: file, level, district, school, table, set, codes.
    pub fn records(&self) -> impl Iterator<Item = CountRecord<'_>> {
        self.files.iter().flat_map(FileCounts::records)
    }
}

/// The units of a level, in order, with what zero rules ask of them.
fn units_of(units: &Units, level: Level) -> Vec<(u32, Option<&Unit>)> {
    match level {
        Level::Sea => vec![(STATE, None)],
        Level::Lea => (0..).zip(&units.leas).map(|(number, unit)| (number, Some(unit))).collect(),
        Level::Sch => (0..).zip(&units.schools).map(|(number, (_, unit))| (number, Some(unit))).collect(),
    }
}

fn reported(units: &Units, level: Level, number: u32) -> bool {
    match level {
        Level::Sea => true,
        Level::Lea => units.lea_reported(LeaIndex(number)),
        Level::Sch => units.school_reported(SchoolIndex(number)),
    }
}

pub(crate) fn finish(plan: Plan, cx: &Context<'_>, cells: HashMap<CellKey, Tally>) -> CountResult {
    let mut sorted: Vec<(CellKey, Tally)> = cells.into_iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    let members = members(&plan, &sorted);
    let mut files = Vec::new();
    let mut rest = sorted.as_slice();
    for (file, place) in plan.files.into_iter().zip(0u16..) {
        let end = rest.partition_point(|(key, _)| key.plan <= place);
        let (own, later) = rest.split_at(end);
        rest = later;
        if file.asked {
            files.push(file_counts(file, cx, own, &members));
        }
    }
    CountResult { files }
}

/// The units with membership, by level.
fn members(plan: &Plan, cells: &[(CellKey, Tally)]) -> HashSet<(Level, u32)> {
    let mut members = HashSet::new();
    for (file, place) in plan.files.iter().zip(0u16..) {
        if file.declaration.file != 52 {
            continue;
        }
        let total = file.sets.iter().position(|set| set.categories.is_empty());
        let own = cells.iter().filter(|(key, tally)| key.plan == place && tally.sum > 0);
        let totals = own.filter(|(key, _)| Some(usize::from(key.set)) == total);
        members.extend(totals.map(|(key, _)| (file.level, key.unit)));
    }
    members
}

fn file_counts(
    file: FilePlan,
    cx: &Context<'_>,
    cells: &[(CellKey, Tally)],
    members: &HashSet<(Level, u32)>,
) -> FileCounts {
    let level = file.level;
    let mut out: Vec<CountedCell> = Vec::new();
    let mut units = Vec::new();
    let mut rest = cells;
    let amount = |tally: &Tally| match file.declaration.measure {
        Measure::Count | Measure::Fte => Some(tally.sum),
        Measure::Rate => rate_tenths(*tally),
    };
    for (number, unit) in units_of(cx.units, level) {
        let end = rest.partition_point(|(key, _)| key.unit <= number);
        let (own, later) = rest.split_at(end);
        rest = later;
        let is_member = members.contains(&(level, number));
        let reports = reported(cx.units, level, number)
            && unit.is_none_or(|unit| (file.declaration.reports)(level, unit, is_member));
        if !reports {
            continue;
        }
        let before = out.len();
        let zero = zero_due(&file, cx, unit, is_member);
        let mut own = own;
        for (set, place) in file.sets.iter().zip(0u16..) {
            let end = own.partition_point(|(key, _)| key.set <= place);
            let (counted, later) = own.split_at(end);
            own = later;
            let push = |out: &mut Vec<CountedCell>, (key, tally): &(CellKey, Tally)| {
                if let Some(amount) = amount(tally) {
                    out.push(CountedCell { unit: number, set: place, codes: key.codes, amount });
                }
            };
            let due = match zero {
                Zero::None => false,
                Zero::Total => set.categories.is_empty(),
                Zero::Every | Zero::Offered => true,
            };
            let mut counted = counted.iter().peekable();
            if due {
                for codes in &set.zero {
                    if zero == Zero::Offered && !offered(&file, set, codes, unit) {
                        continue;
                    }
                    while let Some(cell) = counted.next_if(|(key, _)| key.codes < *codes) {
                        push(&mut out, cell);
                    }
                    match counted.next_if(|(key, _)| key.codes == *codes) {
                        Some(cell) => push(&mut out, cell),
                        None => out.push(CountedCell { unit: number, set: place, codes: *codes, amount: 0 }),
                    }
                }
            }
            for cell in counted {
                push(&mut out, cell);
            }
        }
        if out.len() > before {
            let (lea, school) = unit_ids(cx.units, level, number);
            units.push((number, lea.map(str::to_owned), school.map(str::to_owned)));
        }
    }
    FileCounts { plan: file, cells: out, units }
}

/// Graduates over members in tenths of a percent, rounded half up; no rate without members.
fn rate_tenths(tally: Tally) -> Option<u64> {
    let doubled = tally.base.checked_mul(2).filter(|doubled| *doubled > 0)?;
    tally.sum.checked_mul(2000)?.checked_add(tally.base).map(|numerator| numerator / doubled)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Zero {
    None,
    Total,
    Every,
    Offered,
}

/// Which zero rows a unit owes.
fn zero_due(file: &FilePlan, cx: &Context<'_>, unit: Option<&Unit>, is_member: bool) -> Zero {
    let grades = unit.map(|unit| unit.grades).unwrap_or_default();
    match file.zero_rule {
        ZeroRule::None => Zero::None,
        ZeroRule::All | ZeroRule::Units => Zero::Every,
        ZeroRule::Offered => Zero::Offered,
        ZeroRule::Members if is_member => Zero::Every,
        ZeroRule::Pk if cx.early_grades.iter().any(|grade| grades.contains(*grade)) => Zero::Every,
        ZeroRule::NotPkOnly if !grades.is_pk_only() => Zero::Every,
        ZeroRule::Members | ZeroRule::Pk | ZeroRule::NotPkOnly => Zero::None,
        ZeroRule::Tot => Zero::Total,
    }
}

/// Whether the unit offers the grades of a combination.
fn offered(file: &FilePlan, set: &SetPlan, codes: &Codes, unit: Option<&Unit>) -> bool {
    let Some(unit) = unit else { return true };
    set.categories.iter().zip(codes).all(|(category, code)| {
        let Some(category) = file.categories.get(*category) else { return false };
        let Some(code) = category.codes.get(usize::from(*code)) else { return false };
        category.logic.offered(unit.grades, code)
    })
}

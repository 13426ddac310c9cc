//! The directory as CSV tables: strict readers and writers in a fixed order.

use super::{
    BudgetUnit, BudgetUnitId, BudgetUnitKind, Calendar, CalendarKey, Directory, District, GradeCode,
    GradeOffered, LegalEntity, LegalEntityKind, School, WeekPattern, Years, words,
};
use crate::{
    CalendarNumber, CountyNumber, CsvRows, DictionaryError, DistrictNumber, LegalEntityNumber, NcesLeaId,
    NcesSchoolId, SchoolKey, SchoolNumber, SchoolYear,
};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::io::{Read, Write};
use std::str::FromStr;

words! {
    /// The tables of a directory. All are CSV with a header row, UTF-8, rows in the order of their key;
    /// school years are written `2025-26`, days `2025-09-10`, an open end or an unknown id is blank.
    DirectoryTable, "directory table",
    /// `districts.csv`, a row for each legal entity: `district_number` (SS), `district_name`, `county`,
    /// `legal_entity` (LE), `legal_entity_name`, `kind` (`elementary`, `high_school`, `k12`,
    /// `state_operated`), `nces_lea`, `first_year`, `last_year`. Name and county are the same in all rows of
    /// one district number.
    Districts = "districts.csv",
    /// `schools.csv`, a row for each school: `district_number`, `school_number`, `name`, `legal_entity`,
    /// `nces_school`, `first_year`, `last_year`.
    Schools = "schools.csv",
    /// `budget_units.csv`, a row for each budget unit: `budget_unit`, `legal_entity`, `kind` (`elementary`,
    /// `accredited_7_8`, `high_school`), `separate` (`Y` or `N`), `first_year`, `last_year`.
    BudgetUnits = "budget_units.csv",
    /// `grades_offered.csv`, a row for each grade of a school: `district_number`, `school_number`, `grade`,
    /// `budget_unit` (blank for schools without ANB), `first_year`, `last_year`.
    GradesOffered = "grades_offered.csv",
    /// `calendars.csv`, a row for each calendar of a school and year: `district_number`, `school_number`,
    /// `calendar_number`, `school_year`, `first_day`, `last_day`, `week` (letters of `MTWRF`), `pir_days`.
    Calendars = "calendars.csv",
    /// `calendar_days.csv`, a row for each day that differs from the calendar's week: `district_number`,
    /// `school_number`, `calendar_number`, `school_year`, `day`, `kind` (`no_school`, `school`).
    CalendarDays = "calendar_days.csv",
    /// `calendar_grades.csv`, a row for each grade of a calendar: `district_number`, `school_number`,
    /// `calendar_number`, `school_year`, `grade`, `aggregate_hours` (hours a year, a decimal number).
    CalendarGrades = "calendar_grades.csv",
}

impl DirectoryTable {
    /// The name of the file, the same as [`DirectoryTable::as_str`].
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        self.as_str()
    }

    /// The columns, in the order in which they are written.
    #[must_use]
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            DirectoryTable::Districts => &[
                "district_number",
                "district_name",
                "county",
                "legal_entity",
                "legal_entity_name",
                "kind",
                "nces_lea",
                "first_year",
                "last_year",
            ],
            DirectoryTable::Schools => &[
                "district_number",
                "school_number",
                "name",
                "legal_entity",
                "nces_school",
                "first_year",
                "last_year",
            ],
            DirectoryTable::BudgetUnits => {
                &["budget_unit", "legal_entity", "kind", "separate", "first_year", "last_year"]
            }
            DirectoryTable::GradesOffered => {
                &["district_number", "school_number", "grade", "budget_unit", "first_year", "last_year"]
            }
            DirectoryTable::Calendars => &[
                "district_number",
                "school_number",
                "calendar_number",
                "school_year",
                "first_day",
                "last_day",
                "week",
                "pir_days",
            ],
            DirectoryTable::CalendarDays => {
                &["district_number", "school_number", "calendar_number", "school_year", "day", "kind"]
            }
            DirectoryTable::CalendarGrades => &[
                "district_number",
                "school_number",
                "calendar_number",
                "school_year",
                "grade",
                "aggregate_hours",
            ],
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DistrictRow {
    district_number: DistrictNumber,
    district_name: String,
    county: CountyNumber,
    legal_entity: LegalEntityNumber,
    legal_entity_name: String,
    kind: LegalEntityKind,
    nces_lea: Option<NcesLeaId>,
    first_year: SchoolYear,
    last_year: Option<SchoolYear>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SchoolRow {
    district_number: DistrictNumber,
    school_number: SchoolNumber,
    name: String,
    legal_entity: LegalEntityNumber,
    nces_school: Option<NcesSchoolId>,
    first_year: SchoolYear,
    last_year: Option<SchoolYear>,
}

#[derive(Serialize, Deserialize)]
enum Flag {
    Y,
    N,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BudgetUnitRow {
    budget_unit: BudgetUnitId,
    legal_entity: LegalEntityNumber,
    kind: BudgetUnitKind,
    separate: Flag,
    first_year: SchoolYear,
    last_year: Option<SchoolYear>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GradeRow {
    district_number: DistrictNumber,
    school_number: SchoolNumber,
    grade: GradeCode,
    budget_unit: Option<BudgetUnitId>,
    first_year: SchoolYear,
    last_year: Option<SchoolYear>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarRow {
    district_number: DistrictNumber,
    school_number: SchoolNumber,
    calendar_number: CalendarNumber,
    school_year: SchoolYear,
    first_day: NaiveDate,
    last_day: NaiveDate,
    week: WeekPattern,
    pir_days: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DayKind {
    NoSchool,
    School,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DayRow {
    district_number: DistrictNumber,
    school_number: SchoolNumber,
    calendar_number: CalendarNumber,
    school_year: SchoolYear,
    day: NaiveDate,
    kind: DayKind,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HoursRow {
    district_number: DistrictNumber,
    school_number: SchoolNumber,
    calendar_number: CalendarNumber,
    school_year: SchoolYear,
    grade: GradeCode,
    aggregate_hours: String,
}

/// Reads the tables of a directory, in any order, and joins them.
#[derive(Debug, Default)]
pub struct DirectoryBuilder {
    districts: BTreeMap<DistrictNumber, District>,
    schools: BTreeMap<SchoolKey, School>,
    units: BTreeMap<BudgetUnitId, BudgetUnit>,
    grades: BTreeMap<SchoolKey, Vec<GradeOffered>>,
    calendars: BTreeMap<CalendarKey, (std::ops::RangeInclusive<NaiveDate>, WeekPattern, u8)>,
    days: BTreeMap<CalendarKey, BTreeMap<NaiveDate, bool>>,
    hours: BTreeMap<CalendarKey, BTreeMap<GradeCode, Decimal>>,
}

impl DirectoryBuilder {
    /// Reads one table. Columns may stand in any order; a missing, repeated or unknown column is an error.
    ///
    /// # Errors
    /// A [`DictionaryError::Table`] with file, line and what is wrong there.
    pub fn read(&mut self, table: DirectoryTable, input: impl Read) -> Result<(), DictionaryError> {
        match table {
            DirectoryTable::Districts => rows(table, input, |row| self.district(row)),
            DirectoryTable::Schools => rows(table, input, |row: SchoolRow| {
                let key = SchoolKey { district: row.district_number, school: row.school_number };
                let school = School {
                    key,
                    name: row.name,
                    legal_entity: row.legal_entity,
                    nces_school: row.nces_school,
                    years: years(row.first_year, row.last_year)?,
                    grades: Vec::new(),
                };
                once(&mut self.schools, key, school)
            }),
            DirectoryTable::BudgetUnits => rows(table, input, |row: BudgetUnitRow| {
                let unit = BudgetUnit {
                    id: row.budget_unit,
                    legal_entity: row.legal_entity,
                    kind: row.kind,
                    separate: matches!(row.separate, Flag::Y),
                    years: years(row.first_year, row.last_year)?,
                };
                once(&mut self.units, unit.id.clone(), unit)
            }),
            DirectoryTable::GradesOffered => rows(table, input, |row: GradeRow| {
                let key = SchoolKey { district: row.district_number, school: row.school_number };
                let years = years(row.first_year, row.last_year)?;
                let offered = self.grades.entry(key).or_default();
                if let Some(other) =
                    offered.iter().find(|other| other.grade == row.grade && overlap(other.years, years))
                {
                    return Err(format!(
                        "grade {} of school {key} stands twice from {}",
                        other.grade, other.years.first
                    ));
                }
                offered.push(GradeOffered { grade: row.grade, budget_unit: row.budget_unit, years });
                Ok(())
            }),
            DirectoryTable::Calendars => rows(table, input, |row: CalendarRow| {
                let key = key(row.district_number, row.school_number, row.calendar_number, row.school_year);
                once(&mut self.calendars, key, (row.first_day..=row.last_day, row.week, row.pir_days))
            }),
            DirectoryTable::CalendarDays => rows(table, input, |row: DayRow| {
                let key = key(row.district_number, row.school_number, row.calendar_number, row.school_year);
                once(self.days.entry(key).or_default(), row.day, matches!(row.kind, DayKind::School))
            }),
            DirectoryTable::CalendarGrades => rows(table, input, |row: HoursRow| {
                let key = key(row.district_number, row.school_number, row.calendar_number, row.school_year);
                let hours = Decimal::from_str_exact(&row.aggregate_hours).map_err(|_| {
                    format!("aggregate_hours: found {:?}, expected a decimal number", row.aggregate_hours)
                })?;
                once(self.hours.entry(key).or_default(), row.grade, hours)
            }),
        }
    }

    fn district(&mut self, row: DistrictRow) -> Result<(), String> {
        let entity = LegalEntity {
            number: row.legal_entity,
            name: row.legal_entity_name,
            kind: row.kind,
            nces_lea: row.nces_lea,
            years: years(row.first_year, row.last_year)?,
        };
        match self.districts.entry(row.district_number) {
            Entry::Vacant(entry) => {
                let (number, name, county) = (row.district_number, row.district_name, row.county);
                entry.insert(District { number, name, county, entities: vec![entity] });
            }
            Entry::Occupied(mut entry) => {
                let district = entry.get_mut();
                if district.name != row.district_name || district.county != row.county {
                    return Err(format!(
                        "district {} has another name or county in an earlier row",
                        district.number
                    ));
                }
                district.entities.push(entity);
            }
        }
        Ok(())
    }

    /// Joins the tables read.
    ///
    /// # Errors
    /// A [`DictionaryError::Table`] when rows of different tables do not fit: a grade, day or hours without
    /// their school or calendar, a school without its legal entity, a day outside its calendar.
    pub fn build(mut self) -> Result<Directory, DictionaryError> {
        for (key, mut grades) in std::mem::take(&mut self.grades) {
            let Some(school) = self.schools.get_mut(&key) else {
                return Err(orphan(DirectoryTable::GradesOffered, key, DirectoryTable::Schools));
            };
            grades.sort_by_key(|grade| (grade.grade, grade.years));
            school.grades = grades;
        }
        for district in self.districts.values_mut() {
            district.entities.sort_by_key(|entity| entity.number);
        }
        let orphan_day = self.days.keys().find(|key| !self.calendars.contains_key(key));
        if let Some(key) = orphan_day {
            return Err(orphan(DirectoryTable::CalendarDays, key, DirectoryTable::Calendars));
        }
        if let Some(key) = self.hours.keys().find(|key| !self.calendars.contains_key(key)) {
            return Err(orphan(DirectoryTable::CalendarGrades, key, DirectoryTable::Calendars));
        }
        let calendars = self.calendars.into_iter().map(|(key, (span, week, pir_days))| {
            let exceptions = self.days.remove(&key).unwrap_or_default();
            let hours = self.hours.remove(&key).unwrap_or_default();
            Calendar::new(key, span, week, exceptions, pir_days, hours)
        });
        let calendars = calendars.collect::<Result<Vec<_>, _>>()?;
        Directory::new(
            self.districts.into_values(),
            self.schools.into_values(),
            self.units.into_values(),
            calendars,
        )
    }
}

impl Directory {
    /// Writes one table, header row first, rows in the order of their key; the same directory always gives
    /// the same bytes.
    ///
    /// # Errors
    /// A [`DictionaryError::Table`] when the output cannot be written.
    pub fn write(&self, table: DirectoryTable, output: impl Write) -> Result<(), DictionaryError> {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(output);
        let result = writer.write_record(table.columns()).and_then(|()| self.write_rows(table, &mut writer));
        result.and_then(|()| writer.flush().map_err(csv::Error::from)).map_err(|error| {
            DictionaryError::table(table.file_name(), None, format!("cannot be written: {error}"))
        })
    }

    fn write_rows<W: Write>(
        &self,
        table: DirectoryTable,
        writer: &mut csv::Writer<W>,
    ) -> Result<(), csv::Error> {
        match table {
            DirectoryTable::Districts => self.write_districts(writer),
            DirectoryTable::Schools => self.schools().try_for_each(|school| {
                writer.serialize(SchoolRow {
                    district_number: school.key.district,
                    school_number: school.key.school,
                    name: school.name.clone(),
                    legal_entity: school.legal_entity,
                    nces_school: school.nces_school,
                    first_year: school.years.first,
                    last_year: school.years.last,
                })
            }),
            DirectoryTable::BudgetUnits => self.budget_units().try_for_each(|unit| {
                writer.serialize(BudgetUnitRow {
                    budget_unit: unit.id.clone(),
                    legal_entity: unit.legal_entity,
                    kind: unit.kind,
                    separate: if unit.separate { Flag::Y } else { Flag::N },
                    first_year: unit.years.first,
                    last_year: unit.years.last,
                })
            }),
            DirectoryTable::GradesOffered => {
                let mut all =
                    self.schools().flat_map(|school| school.grades.iter().map(|grade| (school.key, grade)));
                all.try_for_each(|(key, grade)| {
                    writer.serialize(GradeRow {
                        district_number: key.district,
                        school_number: key.school,
                        grade: grade.grade,
                        budget_unit: grade.budget_unit.clone(),
                        first_year: grade.years.first,
                        last_year: grade.years.last,
                    })
                })
            }
            DirectoryTable::Calendars => self.calendars().try_for_each(|calendar| {
                let key = calendar.key();
                writer.serialize(CalendarRow {
                    district_number: key.school.district,
                    school_number: key.school.school,
                    calendar_number: key.calendar,
                    school_year: key.year,
                    first_day: calendar.first_day(),
                    last_day: calendar.last_day(),
                    week: calendar.week(),
                    pir_days: calendar.pir_days(),
                })
            }),
            DirectoryTable::CalendarDays => {
                let mut all = self
                    .calendars()
                    .flat_map(|calendar| calendar.exceptions().map(|day| (calendar.key(), day)));
                all.try_for_each(|(key, (day, taught))| {
                    writer.serialize(DayRow {
                        district_number: key.school.district,
                        school_number: key.school.school,
                        calendar_number: key.calendar,
                        school_year: key.year,
                        day,
                        kind: if taught { DayKind::School } else { DayKind::NoSchool },
                    })
                })
            }
            DirectoryTable::CalendarGrades => {
                let mut all =
                    self.calendars().flat_map(|calendar| calendar.hours().map(|row| (calendar.key(), row)));
                all.try_for_each(|(key, (grade, aggregate_hours))| {
                    writer.serialize(HoursRow {
                        district_number: key.school.district,
                        school_number: key.school.school,
                        calendar_number: key.calendar,
                        school_year: key.year,
                        grade,
                        aggregate_hours: aggregate_hours.to_string(),
                    })
                })
            }
        }
    }

    fn write_districts<W: Write>(&self, writer: &mut csv::Writer<W>) -> Result<(), csv::Error> {
        for district in self.districts() {
            for entity in &district.entities {
                writer.serialize(DistrictRow {
                    district_number: district.number,
                    district_name: district.name.clone(),
                    county: district.county,
                    legal_entity: entity.number,
                    legal_entity_name: entity.name.clone(),
                    kind: entity.kind,
                    nces_lea: entity.nces_lea,
                    first_year: entity.years.first,
                    last_year: entity.years.last,
                })?;
            }
        }
        Ok(())
    }
}

/// Reads the rows of a table; every error gets the table's name and its line.
fn rows<T: DeserializeOwned>(
    table: DirectoryTable,
    mut input: impl Read,
    mut take: impl FnMut(T) -> Result<(), String>,
) -> Result<(), DictionaryError> {
    let refuse = |line, problem| DictionaryError::table(table.file_name(), line, problem);
    let mut text = Vec::new();
    input.read_to_end(&mut text).map_err(|error| refuse(None, error.to_string()))?;
    let rows = CsvRows::new(&text).map_err(|problem| refuse(Some(1), problem))?;
    let headers: Vec<&str> = rows.header().collect();
    let columns = table.columns();
    if let Some(unknown) = headers.iter().find(|header| !columns.contains(header)) {
        let problem = format!("column {unknown:?} is not known; known are {}", columns.join(", "));
        return Err(refuse(Some(1), problem));
    }
    if let Some(column) =
        columns.iter().find(|column| headers.iter().filter(|header| header == column).count() != 1)
    {
        return Err(refuse(Some(1), format!("column {column:?} must stand there once")));
    }
    for (line, row) in rows {
        row.and_then(&mut take).map_err(|problem| refuse(Some(line), problem))?;
    }
    Ok(())
}

fn once<K: Ord + fmt::Debug, V>(map: &mut BTreeMap<K, V>, key: K, value: V) -> Result<(), String> {
    match map.entry(key) {
        Entry::Vacant(entry) => {
            entry.insert(value);
            Ok(())
        }
        Entry::Occupied(entry) => Err(format!("{:?} stands twice", entry.key())),
    }
}

fn years(first: SchoolYear, last: Option<SchoolYear>) -> Result<Years, String> {
    match last {
        Some(last) if last < first => Err(format!("the last year {last} is before the first year {first}")),
        _ => Ok(Years { first, last }),
    }
}

fn overlap(one: Years, other: Years) -> bool {
    one.contains(other.first) || other.contains(one.first)
}

fn key(
    district: DistrictNumber,
    school: SchoolNumber,
    calendar: CalendarNumber,
    year: SchoolYear,
) -> CalendarKey {
    CalendarKey { school: SchoolKey { district, school }, calendar, year }
}

fn orphan(table: DirectoryTable, key: impl fmt::Display, wanted: DirectoryTable) -> DictionaryError {
    DictionaryError::table(table.file_name(), None, format!("{key} is not in {}", wanted.file_name()))
}

//! The directory of an invented state.

use crate::SynthError;
use crate::calendars::YearCalendar;
use crate::geography::{SchoolKind, TWELFTH};
use crate::state::State;
use opi_dictionary::{
    BudgetUnit, BudgetUnitId, BudgetUnitKind, Calendar, CalendarKey, Directory, District, DistrictNumber,
    GradeCode, GradeOffered, LegalEntity, LegalEntityKind, LegalEntityNumber, School, SchoolKey,
    SchoolNumber, SchoolYear, Years,
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Four-digit numbers are spread over this prime.
const NUMBERS: u64 = 9_973;
/// From which place on legal entities are numbered, so that no SS number is an LE number.
const ENTITIES_FROM: u64 = 4_000;
/// Every school has this one calendar.
const CALENDAR: &str = "100";
/// When the districts and schools of the state began.
const SINCE: i32 = 2001;

impl State {
    /// The number that AIM files write for a district.
    pub(crate) fn district_number(&self, district: u32) -> Result<DistrictNumber, SynthError> {
        Ok(four_digits(u64::from(district)).parse()?)
    }

    fn entity_number(&self, entity: u32) -> Result<LegalEntityNumber, SynthError> {
        Ok(four_digits(ENTITIES_FROM + u64::from(entity)).parse()?)
    }

    /// The LE number of a district's first legal entity.
    pub(crate) fn legal_entity_of(&self, district: u32) -> Result<String, SynthError> {
        let entity = self.geography.entities.partition_point(|entity| entity.district < district);
        Ok(self.entity_number(u32::try_from(entity).unwrap_or(0))?.to_string())
    }

    pub(crate) fn school_number(&self, school: u32) -> Result<SchoolNumber, SynthError> {
        let number = u64::from(school) * 5_003 % NUMBERS + 1;
        Ok(format!("{number:04}").parse()?)
    }

    pub(crate) fn school_key(&self, school: u32) -> Result<SchoolKey, SynthError> {
        let district = self.school(school).map_or(0, |school| school.district);
        Ok(SchoolKey { district: self.district_number(district)?, school: self.school_number(school)? })
    }

    pub(crate) fn calendar_number(&self) -> &'static str {
        CALENDAR
    }

    /// The directory of the state over all its years.
    ///
    /// # Errors
    /// When a number or date cannot be made; not for a state that [`State::new`] accepted.
    pub fn directory(&self) -> Result<Directory, SynthError> {
        let since = Years::from(SchoolYear::ending(SINCE.min(self.first_year))?);
        let mut districts = Vec::with_capacity(self.geography.districts.len());
        for (index, home) in (0u32..).zip(&self.geography.districts) {
            let entities =
                (0u32..).zip(&self.geography.entities).skip_while(|(_, entity)| entity.district < index);
            let entities = entities.take_while(|(_, entity)| entity.district == index);
            let entities: Vec<LegalEntity> = entities
                .map(|(number, entity)| {
                    Ok(LegalEntity {
                        number: self.entity_number(number)?,
                        name: self.names.entity(index, entity.kind),
                        kind: entity.kind,
                        nces_lea: Some(lea(number).parse()?),
                        years: since,
                    })
                })
                .collect::<Result<_, SynthError>>()?;
            let name = match entities.as_slice() {
                [only] => only.name.clone(),
                _ => format!("{} Public Schools", self.names.place(index)),
            };
            let (number, county) = (self.district_number(index)?, format!("{:02}", home.county).parse()?);
            districts.push(District { number, name, county, entities });
        }
        for district in &mut districts {
            district.entities.sort_by_key(|entity| entity.number);
        }
        let mut schools = Vec::with_capacity(self.geography.schools.len());
        let mut units: BTreeMap<BudgetUnitId, BudgetUnit> = BTreeMap::new();
        for index in (0u32..).take(self.geography.schools.len()) {
            schools.push(self.directory_school(index, since, &mut units)?);
        }
        let mut calendars = Vec::new();
        for year in self.years() {
            for (index, home) in (0u32..).zip(&self.geography.districts) {
                let calendar = self.calendar(index, year)?;
                for school in &home.schools {
                    calendars.push(self.directory_calendar(*school, &calendar)?);
                }
            }
        }
        Ok(Directory::new(districts, schools, units.into_values(), calendars)?)
    }

    fn directory_school(
        &self,
        index: u32,
        since: Years,
        units: &mut BTreeMap<BudgetUnitId, BudgetUnit>,
    ) -> Result<School, SynthError> {
        let missing = || SynthError::Plan { problem: format!("there is no school {index}") };
        let school = self.school(index).ok_or_else(missing)?;
        let home = self.geography.districts.get(school.district as usize).ok_or_else(missing)?;
        let same = home.schools.iter().take_while(|other| **other != index);
        let nth =
            same.filter(|other| self.school(**other).is_some_and(|other| other.kind == school.kind)).count();
        let entity = self.entity_number(school.entity)?;
        let grades = self.school_grades(index);
        let mut offered = Vec::with_capacity(grades.len());
        for (grade, code) in grades {
            let unit = self.unit_of(school, grade).map(|(kind, suffix)| {
                let own = if school.separate {
                    format!("-{}", self.names.word(u64::from(index) % 97))
                } else {
                    String::new()
                };
                (format!("{entity}-{suffix}{own}"), kind)
            });
            let unit = match unit {
                None => None,
                Some((id, kind)) => {
                    let id: BudgetUnitId = id.parse()?;
                    let new = BudgetUnit {
                        id: id.clone(),
                        legal_entity: entity,
                        kind,
                        separate: school.separate,
                        years: since,
                    };
                    units.entry(id.clone()).or_insert(new);
                    Some(id)
                }
            };
            offered.push(GradeOffered { grade: code, budget_unit: unit, years: since });
        }
        offered.sort_by_key(|grade| grade.grade);
        Ok(School {
            key: self.school_key(index)?,
            name: self.names.school(school.district, school.kind, nth),
            legal_entity: entity,
            nces_school: Some(format!("{}{:05}", lea(school.entity), index + 1).parse()?),
            years: since,
            grades: offered,
        })
    }

    /// The grades of a school, with the kindergarten that its district has.
    fn school_grades(&self, index: u32) -> Vec<(usize, GradeCode)> {
        let Some(school) = self.school(index) else { return Vec::new() };
        let half_day = self
            .geography
            .districts
            .get(school.district as usize)
            .is_some_and(|home| home.half_day_kindergarten);
        let (first, last) = school.grades;
        let code = |grade: usize| match grade {
            1 if half_day => "KH".parse().ok(),
            _ => self.tables.grades.get(grade).and_then(|row| row.grade.parse().ok()),
        };
        (first..=last).filter_map(|grade| code(grade).map(|code| (grade, code))).collect()
    }

    fn unit_of(
        &self,
        school: &crate::geography::School,
        grade: usize,
    ) -> Option<(BudgetUnitKind, &'static str)> {
        let entity = self.geography.entities.get(school.entity as usize)?;
        match grade {
            _ if entity.kind == LegalEntityKind::StateOperated || school.kind == SchoolKind::State => None,
            8 | 9 if school.accredited => Some((BudgetUnitKind::Accredited7To8, "78")),
            10..=TWELFTH => Some((BudgetUnitKind::HighSchool, "HS")),
            _ => Some((BudgetUnitKind::Elementary, "EL")),
        }
    }

    fn directory_calendar(&self, school: u32, calendar: &YearCalendar) -> Result<Calendar, SynthError> {
        let key = CalendarKey {
            school: self.school_key(school)?,
            calendar: CALENDAR.parse()?,
            year: calendar.year,
        };
        let days = i64::try_from(calendar.days.len()).unwrap_or(0);
        let full = Decimal::new(days * i64::from(calendar.minutes_a_day), 0);
        let hours = self.school_grades(school).into_iter().map(|(grade, code)| {
            // Half-day kindergarten and prekindergarten are in school for three hours.
            let minutes = if code.as_str() == "KH" || grade == 0 { Decimal::from(days * 180) } else { full };
            (code, cents(minutes))
        });
        let span = calendar.first_day()..=calendar.last_day();
        Ok(Calendar::new(
            key,
            span,
            calendar.week,
            calendar.exceptions.iter().copied(),
            calendar.pir_days,
            hours,
        )?)
    }
}

/// Minutes as hours, in hundredths, the rest cut off.
fn cents(minutes: Decimal) -> Decimal {
    let hundredths = (minutes * Decimal::from(100) / Decimal::from(60)).trunc();
    (hundredths / Decimal::from(100)).normalize()
}

fn four_digits(index: u64) -> String {
    format!("{:04}", index * 7_919 % NUMBERS + 1)
}

/// The federal id of a legal entity: 30 is Montana.
fn lea(entity: u32) -> String {
    format!("30{:05}", 10 + u64::from(entity) * 13)
}

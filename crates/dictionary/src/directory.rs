//! The state's directory: districts with their legal entities, schools with the grades they offer, budget
//! units, and calendars with their school days.
//!
//! A *district* here is what AIM files call so: a school system, known by its SS number. Under one number
//! stand one or two *legal entities* (an elementary and a high school district of one town share a system).
//! The directory holds all years at once; each row says from which school year to which it is valid.
//!
//! It holds no money, no pupils and no rules; [`DirectoryBuilder`] reads it from the CSV tables that
//! [`Directory::write`] writes, see [`DirectoryTable`] for their columns.

mod calendar;
mod tables;
#[cfg(test)]
mod tests;

pub use calendar::{Calendar, CalendarKey, WeekPattern};
pub use tables::{DirectoryBuilder, DirectoryTable};

use crate::{
    CountyNumber, DictionaryError, DistrictNumber, InstructionDays, LegalEntityNumber, NcesLeaId,
    NcesSchoolId, SchoolKey, SchoolNumber, SchoolYear,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The school years in which a row is valid, both ends included; an open end has no last year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Years {
    /// The first school year.
    pub first: SchoolYear,
    /// The last school year; `None` while it goes on.
    pub last: Option<SchoolYear>,
}

impl Years {
    /// From this year on, with no end.
    #[must_use]
    pub const fn from(first: SchoolYear) -> Self {
        Years { first, last: None }
    }

    /// Whether the year is one of them.
    #[must_use]
    pub fn contains(self, year: SchoolYear) -> bool {
        self.first <= year && self.last.is_none_or(|last| year <= last)
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal, $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word used in the directory's tables.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = DictionaryError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $name::ALL.iter().copied().find(|known| known.as_str() == text).ok_or_else(|| {
                    DictionaryError::unknown_word($what, text, [$($word),+].join(", "))
                })
            }
        }
    };
}
use words;

words! {
    /// What a legal district is for.
    LegalEntityKind, "kind of legal entity",
    /// An elementary district: kindergarten to grade 6 or 8.
    Elementary = "elementary",
    /// A high school district: grades 9 to 12, sometimes 7 to 12.
    HighSchool = "high_school",
    /// A unified district: kindergarten to grade 12.
    K12 = "k12",
    /// A school that the state runs itself; it has no average number belonging.
    StateOperated = "state_operated",
}

words! {
    /// What a school system comprises, by its legal entities.
    DistrictKind, "kind of district",
    /// One elementary district.
    Elementary = "elementary",
    /// One high school district.
    HighSchool = "high_school",
    /// One unified district.
    K12 = "k12",
    /// An elementary and a high school district under one administration.
    Combined = "combined",
    /// Run by the state.
    StateOperated = "state_operated",
}

words! {
    /// Which program a budget unit belongs to. Source: ARM 10.20.102.
    BudgetUnitKind, "kind of budget unit",
    /// Kindergarten to grade 6, or to 8 where grades 7 and 8 are not an accredited program.
    Elementary = "elementary",
    /// An accredited program of grades 7 and 8.
    Accredited7To8 = "accredited_7_8",
    /// Grades 9 to 12.
    HighSchool = "high_school",
}

/// A grade level as AIM writes it: two characters, `PK`, `KF`, `01` to `12` and so on. Whether the code is
/// known is the business of the code set `grade-levels`; here it only has to have the form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct GradeCode([u8; 2]);

impl GradeCode {
    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for GradeCode {
    type Err = DictionaryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match <[u8; 2]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) => {
                Ok(GradeCode(code))
            }
            _ => Err(DictionaryError::Identifier {
                what: "grade level",
                found: crate::shape(text),
                expected: "two digits or capital letters",
            }),
        }
    }
}

impl TryFrom<String> for GradeCode {
    type Error = DictionaryError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<GradeCode> for String {
    fn from(grade: GradeCode) -> String {
        grade.as_str().to_owned()
    }
}

impl fmt::Display for GradeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for GradeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GradeCode({})", self.as_str())
    }
}

/// Names a budget unit: free text without blanks at its ends, unique in the directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct BudgetUnitId(String);

impl BudgetUnitId {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BudgetUnitId {
    type Error = DictionaryError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for BudgetUnitId {
    type Err = DictionaryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.trim() != text || text.chars().any(char::is_control) {
            return Err(DictionaryError::Identifier {
                what: "budget unit",
                found: crate::shape(text),
                expected: "a name without blanks at its ends",
            });
        }
        Ok(BudgetUnitId(text.to_owned()))
    }
}

impl From<BudgetUnitId> for String {
    fn from(id: BudgetUnitId) -> String {
        id.0
    }
}

impl fmt::Display for BudgetUnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A legal district: what the law, the budget and the federal directory know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegalEntity {
    /// The LE number.
    pub number: LegalEntityNumber,
    /// The name of the legal district.
    pub name: String,
    /// What it is for.
    pub kind: LegalEntityKind,
    /// Its id as a local education agency in the federal directory.
    pub nces_lea: Option<NcesLeaId>,
    /// When it exists.
    pub years: Years,
}

/// A district as AIM files know it: a school system with its SS number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct District {
    /// The SS number, in AIM files the District Number.
    pub number: DistrictNumber,
    /// The name of the system.
    pub name: String,
    /// The county it lies in (for a joint district: where its office is).
    pub county: CountyNumber,
    /// Its legal entities, by number.
    pub entities: Vec<LegalEntity>,
}

impl District {
    /// What the system comprises in that year; `None` when it does not exist then.
    #[must_use]
    pub fn kind(&self, year: SchoolYear) -> Option<DistrictKind> {
        let mut kinds = self.entities.iter().filter(|e| e.years.contains(year)).map(|entity| entity.kind);
        let first = match kinds.next()? {
            LegalEntityKind::Elementary => DistrictKind::Elementary,
            LegalEntityKind::HighSchool => DistrictKind::HighSchool,
            LegalEntityKind::K12 => DistrictKind::K12,
            LegalEntityKind::StateOperated => DistrictKind::StateOperated,
        };
        Some(if kinds.next().is_some() { DistrictKind::Combined } else { first })
    }

    /// Whether one of its legal entities exists in that year.
    #[must_use]
    pub fn exists(&self, year: SchoolYear) -> bool {
        self.kind(year).is_some()
    }
}

/// A set of schools whose pupils are pooled for one calculation of average number belonging.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetUnit {
    /// Its name.
    pub id: BudgetUnitId,
    /// The legal district it belongs to.
    pub legal_entity: LegalEntityNumber,
    /// Which program it belongs to.
    pub kind: BudgetUnitKind,
    /// Whether it stands apart from the other units of its program (an isolated school).
    pub separate: bool,
    /// When it exists.
    pub years: Years,
}

/// One grade that a school offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GradeOffered {
    /// The grade.
    pub grade: GradeCode,
    /// The unit in which the pupils of this grade are counted; `None` for schools without ANB.
    pub budget_unit: Option<BudgetUnitId>,
    /// When it is offered.
    pub years: Years,
}

/// A school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct School {
    /// District and school number.
    pub key: SchoolKey,
    /// The name.
    pub name: String,
    /// The legal district that runs it.
    pub legal_entity: LegalEntityNumber,
    /// Its id in the federal directory.
    pub nces_school: Option<NcesSchoolId>,
    /// When it is open.
    pub years: Years,
    /// The grades, in the order of their codes.
    pub grades: Vec<GradeOffered>,
}

impl School {
    /// Whether the grade is offered in that year.
    #[must_use]
    pub fn offers(&self, grade: GradeCode, year: SchoolYear) -> bool {
        self.grade(grade, year).is_some()
    }

    /// The grade as it is offered in that year.
    #[must_use]
    pub fn grade(&self, grade: GradeCode, year: SchoolYear) -> Option<&GradeOffered> {
        let open = self.years.contains(year);
        self.grades.iter().find(|offered| open && offered.grade == grade && offered.years.contains(year))
    }
}

/// The directory of a state: every district, school, budget unit and calendar of every year it knows.
///
/// ```
/// use opi_dictionary::{DirectoryBuilder, DirectoryTable, SchoolYear};
/// let districts = "district_number,district_name,county,legal_entity,legal_entity_name,kind,nces_lea,first_year,last_year\n\
///     0101,Quartz Hollow Schools,07,0611,Quartz Hollow Elem,elementary,3000611,2000-01,\n\
///     0101,Quartz Hollow Schools,07,0612,Quartz Hollow H S,high_school,3000612,2000-01,\n";
/// let mut builder = DirectoryBuilder::default();
/// builder.read(DirectoryTable::Districts, districts.as_bytes())?;
/// let directory = builder.build()?;
/// let district = directory.district("0101".parse()?).unwrap();
/// assert_eq!(district.kind(SchoolYear::ending(2026)?).unwrap().as_str(), "combined");
/// # Ok::<(), opi_dictionary::DictionaryError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    districts: BTreeMap<DistrictNumber, District>,
    schools: BTreeMap<SchoolKey, School>,
    units: BTreeMap<BudgetUnitId, BudgetUnit>,
    calendars: BTreeMap<CalendarKey, Calendar>,
}

impl Directory {
    /// Joins the parts and checks that they fit each other: unique keys, no dangling reference.
    ///
    /// # Errors
    /// A [`DictionaryError::Table`] that names the table and the row that does not fit.
    pub fn new(
        districts: impl IntoIterator<Item = District>,
        schools: impl IntoIterator<Item = School>,
        units: impl IntoIterator<Item = BudgetUnit>,
        calendars: impl IntoIterator<Item = Calendar>,
    ) -> Result<Self, DictionaryError> {
        let directory = Directory {
            districts: keyed(DirectoryTable::Districts, districts, |district| district.number)?,
            schools: keyed(DirectoryTable::Schools, schools, |school| school.key)?,
            units: keyed(DirectoryTable::BudgetUnits, units, |unit| unit.id.clone())?,
            calendars: keyed(DirectoryTable::Calendars, calendars, Calendar::key)?,
        };
        directory.check()?;
        Ok(directory)
    }

    fn check(&self) -> Result<(), DictionaryError> {
        let wrong = |table: DirectoryTable, problem: String| {
            Err(DictionaryError::table(table.file_name(), None, problem))
        };
        let mut owners = BTreeMap::new();
        for district in self.districts.values() {
            for entity in &district.entities {
                if let Some(other) = owners.insert(entity.number, district.number) {
                    let problem = format!(
                        "legal entity {} stands twice: in {other} and {}",
                        entity.number, district.number
                    );
                    return wrong(DirectoryTable::Districts, problem);
                }
            }
        }
        for school in self.schools.values() {
            if owners.get(&school.legal_entity) != Some(&school.key.district) {
                let problem = format!(
                    "school {}: legal entity {} is none of its district's",
                    school.key, school.legal_entity
                );
                return wrong(DirectoryTable::Schools, problem);
            }
            if let Some(unit) =
                school.grades.iter().filter_map(|grade| grade.budget_unit.as_ref()).find(|unit| {
                    self.units
                        .get(*unit)
                        .is_none_or(|unit| owners.get(&unit.legal_entity) != Some(&school.key.district))
                })
            {
                let problem = format!("school {}: {unit} is no budget unit of its district", school.key);
                return wrong(DirectoryTable::GradesOffered, problem);
            }
        }
        if let Some(unit) = self.units.values().find(|unit| !owners.contains_key(&unit.legal_entity)) {
            let problem = format!("budget unit {}: legal entity {} is not known", unit.id, unit.legal_entity);
            return wrong(DirectoryTable::BudgetUnits, problem);
        }
        if let Some(key) = self.calendars.keys().find(|key| !self.schools.contains_key(&key.school)) {
            return wrong(DirectoryTable::Calendars, format!("{key}: the school is not known"));
        }
        Ok(())
    }

    /// The districts, by number.
    pub fn districts(&self) -> impl Iterator<Item = &District> + '_ {
        self.districts.values()
    }

    /// The schools, by district and number.
    pub fn schools(&self) -> impl Iterator<Item = &School> + '_ {
        self.schools.values()
    }

    /// The budget units, by name.
    pub fn budget_units(&self) -> impl Iterator<Item = &BudgetUnit> + '_ {
        self.units.values()
    }

    /// The calendars, by school, number and year.
    pub fn calendars(&self) -> impl Iterator<Item = &Calendar> + '_ {
        self.calendars.values()
    }

    /// The district with this SS number.
    #[must_use]
    pub fn district(&self, number: DistrictNumber) -> Option<&District> {
        self.districts.get(&number)
    }

    /// The legal entity with this LE number, and the district it belongs to.
    #[must_use]
    pub fn legal_entity(&self, number: LegalEntityNumber) -> Option<(&District, &LegalEntity)> {
        self.districts.values().find_map(|district| {
            district.entities.iter().find(|entity| entity.number == number).map(|entity| (district, entity))
        })
    }

    /// The school with this key.
    #[must_use]
    pub fn school(&self, key: SchoolKey) -> Option<&School> {
        self.schools.get(&key)
    }

    /// The schools of a district, by number.
    pub fn schools_of(&self, district: DistrictNumber) -> impl Iterator<Item = &School> + '_ {
        let first = SchoolNumber::from_str("0000").map(|school| SchoolKey { district, school });
        let rest = first.into_iter().flat_map(|first| self.schools.range(first..));
        rest.map(|(_, school)| school).take_while(move |school| school.key.district == district)
    }

    /// The budget unit with this name.
    #[must_use]
    pub fn budget_unit(&self, id: &BudgetUnitId) -> Option<&BudgetUnit> {
        self.units.get(id)
    }

    /// The unit in which a school's pupils of a grade are counted in that year.
    #[must_use]
    pub fn budget_unit_of(
        &self,
        school: SchoolKey,
        grade: GradeCode,
        year: SchoolYear,
    ) -> Option<&BudgetUnit> {
        let offered = self.school(school)?.grade(grade, year)?;
        self.budget_unit(offered.budget_unit.as_ref()?).filter(|unit| unit.years.contains(year))
    }

    /// Whether a school has pupils in an accredited program of grades 7 and 8 in that year.
    #[must_use]
    pub fn accredited_7_8(&self, school: &School, year: SchoolYear) -> bool {
        school.grades.iter().filter(|grade| grade.years.contains(year)).any(|grade| {
            let unit = grade.budget_unit.as_ref().and_then(|unit| self.budget_unit(unit));
            unit.is_some_and(|unit| unit.kind == BudgetUnitKind::Accredited7To8)
        })
    }

    /// The calendar with this key.
    #[must_use]
    pub fn calendar(&self, key: CalendarKey) -> Option<&Calendar> {
        self.calendars.get(&key)
    }

    /// The school days of a calendar.
    #[must_use]
    pub fn instruction_days(&self, key: CalendarKey) -> Option<&InstructionDays> {
        self.calendar(key).map(Calendar::instruction_days)
    }

    /// The calendars of a school in a year, by number.
    pub fn calendars_of(&self, school: SchoolKey, year: SchoolYear) -> impl Iterator<Item = &Calendar> + '_ {
        self.calendars
            .values()
            .filter(move |calendar| calendar.key().school == school && calendar.key().year == year)
    }
}

/// Rows by key; a key that stands twice is an error.
fn keyed<K: Ord + Clone + fmt::Debug, V>(
    table: DirectoryTable,
    rows: impl IntoIterator<Item = V>,
    key: impl Fn(&V) -> K,
) -> Result<BTreeMap<K, V>, DictionaryError> {
    let mut map = BTreeMap::new();
    for row in rows {
        let name = key(&row);
        if map.insert(name.clone(), row).is_some() {
            return Err(DictionaryError::table(table.file_name(), None, format!("{name:?} stands twice")));
        }
    }
    Ok(map)
}

//! What counting reads: units, and for each student the rows that belong to the student.
//!
//! Vendors and warehouses implement [`StudentSource`], or feed [`StudentRows`] one by one.

use crate::{EdfactsError, RaceSet};
use chrono::NaiveDate;
use hashbrown::HashMap;
use std::fmt;

/// A grade as federal files code it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grade(u8);

const GRADE_CODES: [&str; 17] =
    ["PK", "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "UG", "AE"];

impl Grade {
    /// Prekindergarten.
    pub const PK: Grade = Grade(0);
    /// Kindergarten.
    pub const KG: Grade = Grade(1);
    /// Grade 12.
    pub const TWELVE: Grade = Grade(13);
    /// Grade 13.
    pub const THIRTEEN: Grade = Grade(14);
    /// Ungraded.
    pub const UNGRADED: Grade = Grade(15);
    /// Adult education.
    pub const ADULT: Grade = Grade(16);

    /// All grades, from prekindergarten up, then the three that only some states use.
    pub fn all() -> impl Iterator<Item = Grade> {
        (0..=16).map(Grade)
    }

    /// The numbered grade, 1 to 13.
    #[must_use]
    pub const fn numbered(number: u8) -> Option<Grade> {
        if number >= 1 && number <= 13 { Some(Grade(number + 1)) } else { None }
    }

    /// The grade with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Grade> {
        Grade::all().find(|grade| grade.code() == code)
    }

    /// The code: `PK`, `KG`, `01` to `13`, `UG`, `AE`.
    #[must_use]
    pub fn code(self) -> &'static str {
        GRADE_CODES.get(usize::from(self.0)).copied().unwrap_or("UG")
    }

    /// Whether the grade is one that a state uses only when it says so: 13, UG, AE.
    #[must_use]
    pub const fn is_extra(self) -> bool {
        self.0 >= 14
    }

    /// Kindergarten to grade 12.
    #[must_use]
    pub const fn is_k12(self) -> bool {
        self.0 >= 1 && self.0 <= 13
    }
}

/// A set of grades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GradeSet(u32);

impl GradeSet {
    /// Whether the grade is in the set.
    #[must_use]
    pub const fn contains(self, grade: Grade) -> bool {
        self.0 & (1 << grade.0) != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether prekindergarten is the only grade.
    #[must_use]
    pub const fn is_pk_only(self) -> bool {
        self.0 == 1
    }
}

impl FromIterator<Grade> for GradeSet {
    fn from_iter<I: IntoIterator<Item = Grade>>(grades: I) -> Self {
        GradeSet(grades.into_iter().fold(0, |bits, grade| bits | (1 << grade.0)))
    }
}

/// Sex as federal files code it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// Code F.
    Female,
    /// Code M.
    Male,
}

/// The operational status of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnitStatus {
    /// 1.
    Open,
    /// 2.
    Closed,
    /// 3.
    New,
    /// 4.
    Added,
    /// 5: changed boundary (LEA) or agency (school).
    Changed,
    /// 6.
    Inactive,
    /// 7.
    Future,
    /// 8.
    Reopened,
}

impl UnitStatus {
    /// Reads the word or the number of the directory.
    #[must_use]
    pub fn parse(text: &str) -> Option<UnitStatus> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "1" | "open" => UnitStatus::Open,
            "2" | "closed" => UnitStatus::Closed,
            "3" | "new" => UnitStatus::New,
            "4" | "added" => UnitStatus::Added,
            "5" | "changed" | "changed boundary" | "changed agency" | "changedboundary" | "changedagency" => {
                UnitStatus::Changed
            }
            "6" | "inactive" => UnitStatus::Inactive,
            "7" | "future" | "future agency" | "future school" => UnitStatus::Future,
            "8" | "reopened" => UnitStatus::Reopened,
            _ => return None,
        })
    }

    /// Whether units of this status are reported.
    #[must_use]
    pub const fn is_reported(self) -> bool {
        !matches!(self, UnitStatus::Closed | UnitStatus::Inactive | UnitStatus::Future)
    }
}

/// The Title I status of a school, as far as file 037 asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TitleOne {
    /// Not a Title I school.
    #[default]
    None,
    /// A schoolwide programme: every student counts.
    Schoolwide,
    /// Targeted assistance: students served count.
    Targeted,
}

/// A district (`school` is `None`) or a school.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// State identifier of the district.
    pub lea: String,
    /// State identifier of the school; `None` for the district itself.
    pub school: Option<String>,
    /// Operational status; `None` counts as not reported.
    pub status: Option<UnitStatus>,
    /// Whether the unit is reported federally at all.
    pub reported_federally: bool,
    /// Whether the school is a reportable programme, which membership files leave out.
    pub reportable_program: bool,
    /// Grades offered.
    pub grades: GradeSet,
    /// Whether the school takes part in the National School Lunch Program; `None` when not known.
    pub lunch_program: Option<bool>,
    /// Title I status of the school.
    pub title_one: TitleOne,
    /// Whether the district receives a McKinney-Vento subgrant.
    pub homeless_subgrant: bool,
}

/// Number of a district in [`Units`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaIndex(pub(crate) u32);

/// Number of a school in [`Units`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchoolIndex(pub(crate) u32);

/// All units of a state. Districts and schools are numbered in the order of their identifiers, so that
/// numbers sort as identifiers do.
#[derive(Clone, Debug, Default)]
pub struct Units {
    pub(crate) leas: Vec<Unit>,
    pub(crate) schools: Vec<(LeaIndex, Unit)>,
    leas_by_id: HashMap<String, LeaIndex>,
    schools_by_id: HashMap<(String, String), SchoolIndex>,
}

impl Units {
    /// Numbers the units. Districts and schools that only rows name, not the register, can be given as
    /// `mentioned`; they are never reported.
    ///
    /// # Errors
    /// [`EdfactsError::Input`] when a unit stands twice.
    pub fn new(
        units: impl IntoIterator<Item = Unit>,
        mentioned: impl IntoIterator<Item = (String, Option<String>)>,
    ) -> Result<Units, EdfactsError> {
        let mut known: std::collections::BTreeMap<(String, Option<String>), Unit> = Default::default();
        for unit in units {
            let key = (unit.lea.clone(), unit.school.clone());
            if known.insert(key, unit.clone()).is_some() {
                let school = unit.school.map(|school| format!(", school {school}")).unwrap_or_default();
                let place = format!("units: district {}{school}", unit.lea);
                return Err(EdfactsError::input(place, "the unit stands twice; each unit has one row"));
            }
        }
        for (lea, school) in mentioned {
            known.entry((lea.clone(), school.clone())).or_insert_with(|| Unit {
                lea,
                school,
                ..Unit::default()
            });
        }
        let homeless: Vec<String> = known.keys().map(|(lea, _)| lea.clone()).collect();
        for lea in homeless {
            known.entry((lea.clone(), None)).or_insert_with(|| Unit { lea, ..Unit::default() });
        }
        let mut built = Units::default();
        for ((lea, school), unit) in known {
            match school {
                None => {
                    let index = LeaIndex(u32::try_from(built.leas.len()).unwrap_or(u32::MAX));
                    built.leas_by_id.insert(lea, index);
                    built.leas.push(unit);
                }
                Some(school) => {
                    let Some(of) = built.leas_by_id.get(&lea).copied() else { continue };
                    let index = SchoolIndex(u32::try_from(built.schools.len()).unwrap_or(u32::MAX));
                    built.schools_by_id.insert((lea, school), index);
                    built.schools.push((of, unit));
                }
            }
        }
        Ok(built)
    }

    /// The number of a district.
    #[must_use]
    pub fn lea(&self, id: &str) -> Option<LeaIndex> {
        self.leas_by_id.get(id).copied()
    }

    /// The number of a school.
    #[must_use]
    pub fn school(&self, lea: &str, school: &str) -> Option<SchoolIndex> {
        self.schools_by_id.get(&(lea.to_owned(), school.to_owned())).copied()
    }

    pub(crate) fn lea_unit(&self, lea: LeaIndex) -> Option<&Unit> {
        self.leas.get(lea.0 as usize)
    }

    pub(crate) fn school_unit(&self, school: SchoolIndex) -> Option<&Unit> {
        self.schools.get(school.0 as usize).map(|(_, unit)| unit)
    }

    /// Whether the district is reported.
    #[must_use]
    pub fn lea_reported(&self, lea: LeaIndex) -> bool {
        self.lea_unit(lea).is_some_and(Unit::is_reported)
    }

    /// Whether the school is reported: it and its district.
    #[must_use]
    pub fn school_reported(&self, school: SchoolIndex) -> bool {
        let found = self.schools.get(school.0 as usize);
        found.is_some_and(|(lea, unit)| unit.is_reported() && self.lea_reported(*lea))
    }
}

impl Unit {
    fn is_reported(&self) -> bool {
        self.reported_federally && self.status.is_some_and(UnitStatus::is_reported)
    }
}

/// The key of a student. `Debug` and `Display` do not show it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StudentKey(String);

impl StudentKey {
    /// Takes the identifier as the state writes it.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        StudentKey(id.into())
    }

    /// Shows the identifier.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StudentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(opi_dictionary::REDACTED)
    }
}

impl fmt::Display for StudentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(opi_dictionary::REDACTED)
    }
}

/// Days, exact to a billionth: sums and thresholds are compared without rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Days(pub i128);

impl Days {
    /// Billionths in one day.
    pub const ONE: i128 = 1_000_000_000;

    /// Reads a decimal number such as `12.5`; `None` when it is not one, is negative or is finer than a
    /// billionth.
    #[must_use]
    pub fn parse(text: &str) -> Option<Days> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let part = part.trim_end_matches('0');
        if whole.is_empty() || whole.len() > 9 || part.len() > 9 || !digits(whole) || !digits(part) {
            return None;
        }
        let whole: i128 = whole.parse().ok()?;
        let padded: i128 = format!("{part:0<9}").parse().ok()?;
        Some(Days(whole * Days::ONE + padded))
    }
}

impl std::iter::Sum for Days {
    fn sum<I: Iterator<Item = Days>>(days: I) -> Days {
        Days(days.fold(0, |sum, day| sum.saturating_add(day.0)))
    }
}

/// First and last day, both inclusive; open where `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First day.
    pub first: Option<NaiveDate>,
    /// Last day.
    pub last: Option<NaiveDate>,
}

impl Span {
    /// Whether the day is inside.
    #[must_use]
    pub fn contains(self, day: NaiveDate) -> bool {
        self.first.is_none_or(|first| first <= day) && self.last.is_none_or(|last| day <= last)
    }

    /// The days that both have, if any.
    #[must_use]
    pub fn overlap(self, other: Span) -> Option<Span> {
        let later = |a: Option<NaiveDate>, b: Option<NaiveDate>| a.max(b);
        let earlier = |a: Option<NaiveDate>, b: Option<NaiveDate>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let both = Span { first: later(self.first, other.first), last: earlier(self.last, other.last) };
        match (both.first, both.last) {
            (Some(first), Some(last)) if first > last => None,
            _ => Some(both),
        }
    }
}

/// An enrollment in a district and, mostly, a school.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Enrollment {
    /// The district.
    pub lea: LeaIndex,
    /// The school; `None` for an enrollment in the district alone.
    pub school: Option<SchoolIndex>,
    /// First and last day, the exit day counts.
    pub span: Span,
    /// The grade; `None` when not known.
    pub grade: Option<Grade>,
    /// Whether it is a primary enrollment; others never count.
    pub primary: bool,
    /// Days enrolled in the school year.
    pub days_enrolled: Option<Days>,
    /// Days absent in the school year.
    pub days_absent: Option<Days>,
    /// The caller's key of the row.
    pub row: u64,
}

/// What a status says besides that it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StatusKind {
    /// Special education.
    Idea {
        /// Primary disability, code of DISABCATIDEA.
        disability: Option<String>,
        /// School-age environment, code of EDENVIRIDEASA.
        env_school_age: Option<String>,
        /// Early childhood environment, code of EDENVIDEAEC.
        env_early: Option<String>,
    },
    /// English learner.
    EnglishLearner {
        /// Home language, code of LANGHOME.
        language: Option<String>,
    },
    /// Homeless.
    Homeless {
        /// Night-time residence, code of HOMELSPRMRES.
        residence: Option<String>,
        /// Whether the student is an unaccompanied youth.
        unaccompanied: bool,
        /// Whether a subgrant programme served the student.
        served: bool,
    },
    /// A plan under section 504.
    Section504,
    /// Migratory.
    Migrant,
    /// Economically disadvantaged.
    EconomicallyDisadvantaged,
    /// Foster care.
    FosterCare,
    /// Connected to the military.
    MilitaryConnected,
    /// Immigrant.
    Immigrant {
        /// Whether the student takes part in the Title III immigrant programme.
        participates: bool,
    },
    /// Lunch eligibility, code of LUNCHPROG.
    Lunch {
        /// FL free, RPL reduced price.
        eligibility: Option<String>,
    },
    /// Directly certified for free meals.
    DirectCertification,
    /// Served by a targeted assistance programme of Title I.
    TitleOneServed,
}

/// A status of a student over a span of days.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Status {
    /// The district to which it is limited; `None` holds wherever the student is.
    pub lea: Option<LeaIndex>,
    /// When it holds.
    pub span: Span,
    /// What it says.
    pub kind: StatusKind,
    /// The caller's key of the row.
    pub row: u64,
}

/// A disciplinary event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DisciplineEvent {
    /// The district.
    pub lea: LeaIndex,
    /// The school.
    pub school: Option<SchoolIndex>,
    /// The day.
    pub date: NaiveDate,
    /// Days removed.
    pub days: Option<Days>,
    /// Code of DSCPLMETHOD.
    pub method: Option<String>,
    /// Interim removal, code of REMOVALTYPE.
    pub interim: Option<String>,
    /// Reason of the interim removal, code of REMOVEREASON.
    pub reason: Option<String>,
    /// Expulsion, code of EDUSERVICES.
    pub expulsion: Option<String>,
    /// The caller's key of the row.
    pub row: u64,
}

/// An exit from special education.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpecialEducationExit {
    /// The district.
    pub lea: LeaIndex,
    /// The day.
    pub date: NaiveDate,
    /// Code of BASISEXIT.
    pub reason: Option<String>,
    /// The caller's key of the row.
    pub row: u64,
}

/// What ended a student's time in a school, as the dropout and completer files ask.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Departure {
    /// The district.
    pub lea: LeaIndex,
    /// The school.
    pub school: Option<SchoolIndex>,
    /// The day of the exit or award.
    pub date: NaiveDate,
    /// The grade of the exit.
    pub grade: Option<Grade>,
    /// What happened.
    pub kind: DepartureKind,
    /// The caller's key of the row.
    pub row: u64,
}

/// The kinds of departure that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DepartureKind {
    /// Dropped out.
    Dropout,
    /// Regular diploma.
    RegularDiploma,
    /// Another completer credential.
    OtherCompleter,
}

/// A student's part in a firearm incident.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FirearmIncident {
    /// The district.
    pub lea: LeaIndex,
    /// The school.
    pub school: Option<SchoolIndex>,
    /// The day.
    pub date: NaiveDate,
    /// The state's identifier of the incident.
    pub incident: String,
    /// Codes of WEAPONTYPE; more than one kind is reported as several.
    pub weapons: Vec<String>,
    /// Result, code of FAINCIDEA or FAINCNOTIDEA.
    pub result: Option<String>,
    /// The caller's key of the row.
    pub row: u64,
}

/// A student's place in a graduation cohort.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CohortMembership {
    /// The last district.
    pub lea: LeaIndex,
    /// The last school.
    pub school: Option<SchoolIndex>,
    /// The school year in which the student first entered grade 9.
    pub first_year: opi_dictionary::SchoolYear,
    /// Code of COHSTATUS; `None` is read from awards: a regular diploma by the end is COHYES, else COHNO.
    pub outcome: Option<String>,
    /// The caller's key of the row.
    pub row: u64,
}

/// A record of a programme that the state keeps outside the student uploads: migrant services, test
/// results, career programmes. Its own categories come with it as federal codes; everything about the
/// student (race, sex, grade, flags) is worked out by the engine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProgramRecord {
    /// The programme, by the name that a declaration asks for, such as `migrant_services`.
    pub program: String,
    /// The district; `None` for state programmes.
    pub lea: Option<LeaIndex>,
    /// The school.
    pub school: Option<SchoolIndex>,
    /// When.
    pub span: Span,
    /// The grade, where the record has its own.
    pub grade: Option<Grade>,
    /// Categories and codes; several codes put the student in several cells.
    pub values: Vec<(String, Vec<String>)>,
    /// The caller's key of the row.
    pub row: u64,
}

/// Everything that is known of one student. `Debug` shows how many rows there are, not what they say.
#[derive(Clone, PartialEq, Eq)]
pub struct StudentRows {
    /// The key: one for each student, statewide.
    pub id: StudentKey,
    /// Birth date.
    pub birth: Option<NaiveDate>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Hispanic or Latino.
    pub hispanic: bool,
    /// Races.
    pub races: RaceSet,
    /// Enrollments.
    pub enrollments: Vec<Enrollment>,
    /// Statuses.
    pub statuses: Vec<Status>,
    /// Disciplinary events.
    pub discipline: Vec<DisciplineEvent>,
    /// Exits from special education.
    pub exits: Vec<SpecialEducationExit>,
    /// Dropouts and awards.
    pub departures: Vec<Departure>,
    /// Firearm incidents.
    pub firearms: Vec<FirearmIncident>,
    /// Graduation cohort.
    pub cohorts: Vec<CohortMembership>,
    /// Records of programmes outside the uploads.
    pub programs: Vec<ProgramRecord>,
}

impl StudentRows {
    /// A student without rows.
    #[must_use]
    pub fn new(id: StudentKey) -> Self {
        StudentRows {
            id,
            birth: None,
            sex: None,
            hispanic: false,
            races: RaceSet::NONE,
            enrollments: Vec::new(),
            statuses: Vec::new(),
            discipline: Vec::new(),
            exits: Vec::new(),
            departures: Vec::new(),
            firearms: Vec::new(),
            cohorts: Vec::new(),
            programs: Vec::new(),
        }
    }

    /// Takes over the rows of another part of the same student. Where the parts disagree on the student,
    /// the known and then the smaller value stands, so that the order of the parts does not matter.
    pub(crate) fn absorb(&mut self, other: StudentRows) {
        self.birth = [self.birth, other.birth].into_iter().flatten().min();
        self.sex = [self.sex, other.sex].into_iter().flatten().min();
        self.hispanic |= other.hispanic;
        if self.races != other.races {
            let filled = [self.races, other.races].into_iter().filter(|races| races.count() > 0).min();
            self.races = filled.unwrap_or_default();
        }
        self.enrollments.extend(other.enrollments);
        self.statuses.extend(other.statuses);
        self.discipline.extend(other.discipline);
        self.exits.extend(other.exits);
        self.departures.extend(other.departures);
        self.firearms.extend(other.firearms);
        self.cohorts.extend(other.cohorts);
        self.programs.extend(other.programs);
    }
}

impl fmt::Debug for StudentRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StudentRows")
            .field("id", &self.id)
            .field("enrollments", &self.enrollments.len())
            .field("statuses", &self.statuses.len())
            .field("discipline", &self.discipline.len())
            .finish_non_exhaustive()
    }
}

/// A member of staff: the assignments behind the files of full-time equivalents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffAssignment {
    /// The programme of the declaration: `staff`, `special_education_teacher` and so on.
    pub program: String,
    /// The district; `None` for the state agency.
    pub lea: Option<LeaIndex>,
    /// The school.
    pub school: Option<SchoolIndex>,
    /// Full-time equivalent in hundredths, each assignment rounded before the sum.
    pub fte_hundredths: u64,
    /// Categories and codes.
    pub values: Vec<(String, String)>,
}

/// Whoever can hand over units and students, one student at a time.
pub trait StudentSource {
    /// The units of the state.
    fn units(&self) -> &Units;

    /// Calls `each` with every student once. Stops at the first error.
    ///
    /// # Errors
    /// What the source or `each` report.
    fn each_student(
        &self,
        each: &mut dyn FnMut(&StudentRows) -> Result<(), EdfactsError>,
    ) -> Result<(), EdfactsError>;
}

/// Units and students in memory.
#[derive(Clone, Debug, Default)]
pub struct StateRows {
    /// The units.
    pub units: Units,
    /// The students.
    pub students: Vec<StudentRows>,
}

impl StudentSource for StateRows {
    fn units(&self) -> &Units {
        &self.units
    }

    fn each_student(
        &self,
        each: &mut dyn FnMut(&StudentRows) -> Result<(), EdfactsError>,
    ) -> Result<(), EdfactsError> {
        self.students.iter().try_for_each(each)
    }
}

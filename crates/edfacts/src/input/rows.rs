//! The rows of one student, and who can hand them over.

use super::{Grade, LeaIndex, SchoolIndex, Sex, Units};
use crate::{EdfactsError, RaceSet};
use chrono::NaiveDate;
use std::fmt;

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

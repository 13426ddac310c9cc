//! What a state answers once: codes, dates, grades, ages. Montana's answers are built in; no other part of
//! the crate knows any state.

use crate::{EdfactsError, Grade, Level, MajorRaces, RaceQuestion, Span};
use chrono::{Datelike, NaiveDate, Weekday};
use opi_dictionary::{SchoolYear, Standing};
use serde::{Deserialize, Serialize};

/// A day of the school year by rule.
///
/// Written `1 november`, `first monday of october` or `weekday nearest to 1 october` (Saturday moves to
/// Friday, Sunday to Monday).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DayRule {
    /// The same day each year.
    Fixed {
        /// Month, 1 to 12.
        month: u32,
        /// Day of the month.
        day: u32,
    },
    /// The first Monday of a month.
    FirstMonday {
        /// Month, 1 to 12.
        month: u32,
    },
    /// A day, moved off the weekend.
    NearestWeekday {
        /// Month, 1 to 12.
        month: u32,
        /// Day of the month.
        day: u32,
    },
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl DayRule {
    /// The day in a school year; `None` when the year has no such day.
    #[must_use]
    pub fn in_year(self, year: SchoolYear) -> Option<NaiveDate> {
        match self {
            DayRule::Fixed { month, day } => year.day(month, day),
            DayRule::FirstMonday { month } => year.first_monday(month),
            DayRule::NearestWeekday { month, day } => {
                let day = year.day(month, day)?;
                match day.weekday() {
                    Weekday::Sat => day.pred_opt(),
                    Weekday::Sun => day.succ_opt(),
                    _ => Some(day),
                }
            }
        }
    }
}

impl TryFrom<String> for DayRule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let refuse = || {
            format!(
                "`{text}` is not a day rule; write `1 november`, `first monday of october` or \
                 `weekday nearest to 1 october`"
            )
        };
        let month =
            |name: &str| MONTHS.iter().position(|known| *known == name).zip(Some(())).map(|(m, ())| m);
        let month = |name: &str| month(name).and_then(|place| u32::try_from(place + 1).ok());
        let fixed = |text: &str| {
            let (day, name) = text.split_once(' ')?;
            let day: u32 = day.parse().ok().filter(|day| (1..=31).contains(day))?;
            Some((month(name)?, day))
        };
        let lower = text.trim().to_ascii_lowercase();
        if let Some(name) = lower.strip_prefix("first monday of ") {
            return Ok(DayRule::FirstMonday { month: month(name).ok_or_else(refuse)? });
        }
        if let Some(rest) = lower.strip_prefix("weekday nearest to ") {
            let (month, day) = fixed(rest).ok_or_else(refuse)?;
            return Ok(DayRule::NearestWeekday { month, day });
        }
        let (month, day) = fixed(&lower).ok_or_else(refuse)?;
        Ok(DayRule::Fixed { month, day })
    }
}

impl From<DayRule> for String {
    fn from(rule: DayRule) -> String {
        let name = |month: u32| MONTHS.get(month as usize - 1).copied().unwrap_or("january");
        match rule {
            DayRule::Fixed { month, day } => format!("{day} {}", name(month)),
            DayRule::FirstMonday { month } => format!("first monday of {}", name(month)),
            DayRule::NearestWeekday { month, day } => format!("weekday nearest to {day} {}", name(month)),
        }
    }
}

/// Which of several exits from special education stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExitChoice {
    /// The latest.
    #[default]
    Latest,
    /// The earliest.
    Earliest,
}

/// The state's answer on the catchment of moved students.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Catchment {
    /// The district.
    #[default]
    EntireDistrict,
    /// The state: a student who moved within it and is served again did not leave.
    EntireState,
}

/// A state's answers, as TOML. Unknown keys are errors.
///
/// ```
/// use opi_edfacts::StateProfile;
/// let montana = StateProfile::montana()?;
/// assert_eq!((montana.abbreviation.as_str(), montana.fips.as_str()), ("MT", "30"));
/// let config = montana.config("2025-26".parse()?)?;
/// assert_eq!(config.membership_date.to_string(), "2025-10-06");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateProfile {
    /// Name of the state.
    pub name: String,
    /// Postal abbreviation.
    pub abbreviation: String,
    /// FIPS code.
    pub fips: String,
    /// Number of the state agency.
    pub agency: String,
    /// The levels at which the state reports.
    pub levels: Vec<Level>,
    /// Count dates.
    pub dates: DatesSection,
    /// Grades.
    pub grades: GradesSection,
    /// Special education.
    #[serde(default)]
    pub special_education: SpecialEducationSection,
    /// Dropouts and completers.
    #[serde(default)]
    pub completers: CompletersSection,
    /// Race and ethnicity.
    #[serde(default)]
    pub race: RaceSection,
    /// The tests that the state gives; none declared leaves the rule on results silent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assessments: Vec<DeclaredAssessment>,
    /// Answers that no document confirms.
    #[serde(default)]
    pub marks: Vec<ProfileMark>,
}

/// Count dates by rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatesSection {
    /// Membership.
    pub membership: DayRule,
    /// Child count of special education.
    pub child_count: DayRule,
    /// English learners.
    pub english_learner: DayRule,
}

/// Grades that the state uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradesSection {
    /// Those of 13, UG and AE that are used.
    pub extra: Vec<String>,
}

/// Answers on special education.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpecialEducationSection {
    /// Whether certificates of completion are awarded.
    pub certificate: bool,
    /// Whether there is an alternate diploma.
    pub alternate_diploma: bool,
    /// Which exit stands.
    pub exit_choice: ExitChoice,
    /// The catchment.
    pub catchment: Catchment,
    /// The ages for which developmental delay is declared; absent leaves the rule silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub developmental_delay_ages: Option<Vec<u32>>,
    /// The ages permitted in correctional facilities; absent leaves the rule silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correctional_ages: Option<Vec<u32>>,
    /// The highest age of service; absent leaves the rule silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_age: Option<u32>,
    /// The lowest age of graduation; absent leaves the rule silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_graduation_age: Option<u32>,
}

impl Default for SpecialEducationSection {
    fn default() -> Self {
        SpecialEducationSection {
            certificate: true,
            alternate_diploma: true,
            exit_choice: ExitChoice::default(),
            catchment: Catchment::default(),
            developmental_delay_ages: None,
            correctional_ages: None,
            maximum_age: None,
            minimum_graduation_age: None,
        }
    }
}

/// Answers on dropouts and completers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CompletersSection {
    /// Whether completers without a regular diploma are reported.
    pub other_completers: bool,
    /// Whether a student who is back by 30 September is no dropout.
    pub dropout_returned_by_30_september: bool,
    /// Whether the alternate diploma counts as graduation in the rate.
    pub alternate_diploma_in_rate: bool,
}

impl Default for CompletersSection {
    fn default() -> Self {
        CompletersSection {
            other_completers: true,
            dropout_returned_by_30_september: false,
            alternate_diploma_in_rate: false,
        }
    }
}

/// Answers on race and ethnicity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RaceSection {
    /// The groups of accountability.
    pub major_races: MajorRaces,
    /// The question that was asked.
    pub question: RaceQuestion,
}

/// Tests that the state gives in a subject, as the files of results name them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredAssessment {
    /// The file of the subject: 175 mathematics, 178 reading, 179 science.
    pub file: crate::FileNumber,
    /// The grades, by their codes.
    pub grades: Vec<String>,
    /// The kinds of test, by their codes, such as `REGASSWOACC`.
    pub tests: Vec<String>,
}

impl DeclaredAssessment {
    /// Whether the test is given in the grade.
    pub(crate) fn covers(&self, file: u16, grade: &str, test: &str) -> bool {
        let names = |list: &[String], code: &str| list.iter().any(|known| known == code);
        self.file.get() == file && names(&self.grades, grade) && names(&self.tests, test)
    }
}

/// An answer and how firm it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileMark {
    /// The key of the answer: `dates.child_count`.
    pub answer: String,
    /// How firm it is.
    pub standing: Standing,
}

impl StateProfile {
    /// Reads a profile.
    ///
    /// # Errors
    /// [`EdfactsError::Input`] when a key is unknown or a value does not fit.
    pub fn from_toml(text: &str) -> Result<Self, EdfactsError> {
        let refuse = |what: String| EdfactsError::input("state profile", what);
        let profile: StateProfile = toml::from_str(text).map_err(|error| refuse(error.to_string()))?;
        let code = |text: &str, letters: bool| {
            text.len() == 2
                && text.bytes().all(|b| if letters { b.is_ascii_uppercase() } else { b.is_ascii_digit() })
        };
        if !code(&profile.abbreviation, true) {
            return Err(refuse("abbreviation is two capital letters".to_owned()));
        }
        if !code(&profile.fips, false) || !code(&profile.agency, false) {
            return Err(refuse("fips and agency are two digits each".to_owned()));
        }
        extra_grades("state profile, grades.extra", &profile.grades.extra)?;
        Ok(profile)
    }

    /// Montana's answers.
    ///
    /// # Errors
    /// When the built-in profile is damaged; the tests of the crate prove that it is not.
    pub fn montana() -> Result<Self, EdfactsError> {
        Self::from_toml(include_str!("../spec/montana.toml"))
    }

    /// The answers for one school year.
    ///
    /// # Errors
    /// [`EdfactsError::Input`] when a date rule names no day of the year.
    pub fn config(&self, year: SchoolYear) -> Result<CountConfig, EdfactsError> {
        let day = |name: &str, rule: DayRule, year: SchoolYear| {
            let none =
                || EdfactsError::input(format!("state profile, dates.{name}"), "no such day in the year");
            rule.in_year(year).ok_or_else(none)
        };
        let dates = &self.dates;
        Ok(CountConfig {
            year,
            membership_date: day("membership", dates.membership, year)?,
            child_count_date: day("child_count", dates.child_count, year)?,
            previous_child_count_date: day("child_count", dates.child_count, year.previous()?)?,
            el_count_date: day("english_learner", dates.english_learner, year)?,
            exit_period: year_span(year),
            extra_grades: extra_grades("state profile, grades.extra", &self.grades.extra)?,
            special_education: self.special_education.clone(),
            completers: self.completers.clone(),
            race: self.race,
        })
    }
}

/// The extra grades, each one of 13, UG and AE.
pub(crate) fn extra_grades(place: &str, codes: &[String]) -> Result<Vec<Grade>, EdfactsError> {
    let mut grades = Vec::new();
    for code in codes {
        match Grade::from_code(code).filter(|grade| grade.is_extra()) {
            Some(grade) => grades.push(grade),
            None => {
                let found: String = code.chars().take(20).collect();
                return Err(EdfactsError::input(place, format!("`{found}` is not one of 13, UG and AE")));
            }
        }
    }
    Ok(grades)
}

pub(crate) fn year_span(year: SchoolYear) -> Span {
    Span { first: Some(year.first_day()), last: Some(year.last_day()) }
}

/// The answers that counting needs, for one school year.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CountConfig {
    /// The school year.
    pub year: SchoolYear,
    /// Count date of membership.
    pub membership_date: NaiveDate,
    /// Count date of special education.
    pub child_count_date: NaiveDate,
    /// Count date of special education of the year before.
    pub previous_child_count_date: NaiveDate,
    /// Count date of English learners.
    pub el_count_date: NaiveDate,
    /// Reference period of exits from special education.
    pub exit_period: Span,
    /// Those of 13, UG and AE that the state uses.
    pub extra_grades: Vec<Grade>,
    /// Answers on special education.
    pub special_education: SpecialEducationSection,
    /// Answers on dropouts and completers.
    pub completers: CompletersSection,
    /// Answers on race and ethnicity.
    pub race: RaceSection,
}

impl CountConfig {
    /// The defaults of the reference logic: 1 October, 1 November, the weekday nearest to 1 October, exits
    /// of the school year, no extra grades.
    ///
    /// # Errors
    /// When the year has no year before it.
    pub fn defaults(year: SchoolYear) -> Result<Self, EdfactsError> {
        let day = |rule: DayRule, year: SchoolYear| rule.in_year(year).unwrap_or(year.first_day());
        let november = DayRule::Fixed { month: 11, day: 1 };
        Ok(CountConfig {
            year,
            membership_date: day(DayRule::Fixed { month: 10, day: 1 }, year),
            child_count_date: day(november, year),
            previous_child_count_date: day(november, year.previous()?),
            el_count_date: day(DayRule::NearestWeekday { month: 10, day: 1 }, year),
            exit_period: year_span(year),
            extra_grades: Vec::new(),
            special_education: SpecialEducationSection::default(),
            completers: CompletersSection::default(),
            race: RaceSection::default(),
        })
    }

    /// A configuration without a year before it: for the earliest year that can be named.
    pub(crate) fn bare(year: SchoolYear) -> Self {
        CountConfig {
            year,
            membership_date: year.first_day(),
            child_count_date: year.first_day(),
            previous_child_count_date: year.first_day(),
            el_count_date: year.first_day(),
            exit_period: year_span(year),
            extra_grades: Vec::new(),
            special_education: SpecialEducationSection::default(),
            completers: CompletersSection::default(),
            race: RaceSection::default(),
        }
    }

    /// Whether the state uses the grade.
    #[must_use]
    pub fn uses(&self, grade: Grade) -> bool {
        !grade.is_extra() || self.extra_grades.contains(&grade)
    }
}

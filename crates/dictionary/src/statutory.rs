//! Dates that law or rule fixes by year: count dates, age dates, ends of windows.

use crate::tables::{self, rows};
use crate::{DictionaryError, SchoolDays, SchoolYear, Standing};
use chrono::{Month, NaiveDate};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a date follows from the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "rule")]
pub enum DateRule {
    /// The first Monday of a month.
    FirstMonday {
        /// The month.
        month: u32,
    },
    /// The first Monday of a month, or the next school day.
    FirstMondayOrNextSchoolDay {
        /// The month.
        month: u32,
    },
    /// The same day every year.
    Fixed {
        /// The month.
        month: u32,
        /// The day.
        day: u32,
    },
    /// The same day every year, or the next school day.
    FixedOrNextSchoolDay {
        /// The month.
        month: u32,
        /// The day.
        day: u32,
    },
}

/// In words.
///
/// ```
/// use opi_dictionary::DateRule;
/// let rule = DateRule::FirstMondayOrNextSchoolDay { month: 10 };
/// assert_eq!(rule.to_string(), "first Monday of October, or the next school day");
/// assert_eq!(DateRule::Fixed { month: 9, day: 10 }.to_string(), "September 10");
/// ```
impl fmt::Display for DateRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            DateRule::FirstMonday { month } | DateRule::FirstMondayOrNextSchoolDay { month } => {
                write!(f, "first Monday of {}", name_of(month))?;
            }
            DateRule::Fixed { month, day } | DateRule::FixedOrNextSchoolDay { month, day } => {
                write!(f, "{} {day}", name_of(month))?;
            }
        }
        match self {
            DateRule::FirstMonday { .. } | DateRule::Fixed { .. } => Ok(()),
            DateRule::FirstMondayOrNextSchoolDay { .. } | DateRule::FixedOrNextSchoolDay { .. } => {
                f.write_str(", or the next school day")
            }
        }
    }
}

/// The name of a month; a rule of a table names none beyond December.
fn name_of(month: u32) -> &'static str {
    let month = u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok());
    month.map_or("an unknown month", |month| month.name())
}

/// A named date with its rule and the years in which the rule holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct StatutoryDate {
    /// Its name, such as `fall_count`.
    pub date: String,
    /// The rule.
    pub rule: DateRule,
    /// The first school year in which it holds.
    pub first_year: Option<SchoolYear>,
    /// The last school year in which it holds.
    pub last_year: Option<SchoolYear>,
    /// What it is for.
    pub meaning: String,
    /// Where it was read.
    pub source: String,
    /// How firm it is.
    pub standing: Standing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatutoryRow {
    date: String,
    rule: String,
    argument: String,
    first_year: Option<i32>,
    last_year: Option<i32>,
    meaning: String,
    source: String,
    standing: Standing,
}

impl StatutoryDate {
    /// Whether the rule holds in the year.
    #[must_use]
    pub fn holds_in(&self, year: SchoolYear) -> bool {
        self.first_year.is_none_or(|first| first <= year) && self.last_year.is_none_or(|last| year <= last)
    }

    /// The date in a school year and the calendar of a district.
    ///
    /// # Errors
    /// When the calendar has no school day within 60 days where one is needed.
    pub fn on(&self, year: SchoolYear, days: &dyn SchoolDays) -> Result<NaiveDate, DictionaryError> {
        let missing = || DictionaryError::NoStatutoryDate { date: self.date.clone(), year };
        let (base, needs_school_day) = match self.rule {
            DateRule::FirstMonday { month } => (year.first_monday(month), false),
            DateRule::FirstMondayOrNextSchoolDay { month } => (year.first_monday(month), true),
            DateRule::Fixed { month, day } => (year.day(month, day), false),
            DateRule::FixedOrNextSchoolDay { month, day } => (year.day(month, day), true),
        };
        let base = base.ok_or_else(missing)?;
        if needs_school_day {
            days.on_or_after(base).ok_or(DictionaryError::NoSchoolDay { from: base })
        } else {
            Ok(base)
        }
    }
}

/// Reads the table.
pub(crate) fn load_statutory_dates() -> Result<Vec<StatutoryDate>, DictionaryError> {
    let table = "statutory-dates";
    let mut dates: Vec<StatutoryDate> = Vec::new();
    for row in rows::<StatutoryRow>(table, tables::STATUTORY_DATES)? {
        let refuse = |problem: &str| DictionaryError::table(table, None, format!("{}: {problem}", row.date));
        let number = |text: &str| text.parse::<u32>().ok();
        let month = || number(&row.argument).filter(|month| (1..=12).contains(month));
        let month_day = || {
            let (month, day) = row.argument.split_once('-')?;
            Some((number(month).filter(|month| (1..=12).contains(month))?, number(day)?))
        };
        let no_argument = || refuse("the argument is a month (10) or a month and day (09-10)");
        let rule = match row.rule.as_str() {
            "first_monday" => DateRule::FirstMonday { month: month().ok_or_else(no_argument)? },
            "first_monday_or_next_school_day" => {
                DateRule::FirstMondayOrNextSchoolDay { month: month().ok_or_else(no_argument)? }
            }
            "fixed" | "fixed_or_next_school_day" => {
                let (month, day) = month_day().ok_or_else(no_argument)?;
                if row.rule == "fixed" {
                    DateRule::Fixed { month, day }
                } else {
                    DateRule::FixedOrNextSchoolDay { month, day }
                }
            }
            other => return Err(refuse(&format!("rule {other:?} is not known"))),
        };
        let date = StatutoryDate {
            rule,
            first_year: row.first_year.map(SchoolYear::ending).transpose()?,
            last_year: row.last_year.map(SchoolYear::ending).transpose()?,
            date: row.date,
            meaning: row.meaning,
            source: row.source,
            standing: row.standing,
        };
        let overlaps = |other: &StatutoryDate| {
            let starts = |one: &StatutoryDate, two: &StatutoryDate| {
                one.first_year.is_none_or(|first| two.last_year.is_none_or(|last| first <= last))
            };
            other.date == date.date && starts(other, &date) && starts(&date, other)
        };
        if dates.iter().any(overlaps) {
            return Err(DictionaryError::table(
                table,
                None,
                format!("{}: two rows hold in one year", date.date),
            ));
        }
        dates.push(date);
    }
    Ok(dates)
}

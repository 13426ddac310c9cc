//! Calendars of schools: their school days, and the hours offered to each grade.

use super::GradeCode;
use crate::{CalendarNumber, DictionaryError, InstructionDays, SchoolDays, SchoolKey, SchoolYear};
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Names a calendar: a school, its calendar number, a school year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarKey {
    /// The school.
    pub school: SchoolKey,
    /// The calendar number.
    pub calendar: CalendarNumber,
    /// The school year.
    pub year: SchoolYear,
}

impl fmt::Display for CalendarKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} calendar {} of {}", self.school, self.calendar, self.year)
    }
}

/// The days of the week on which a school teaches, as a word of the letters `MTWRF` (`R` is Thursday).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct WeekPattern(u8);

impl WeekPattern {
    const LETTERS: &'static str = "MTWRF";

    /// Monday to Friday.
    pub const FIVE_DAYS: WeekPattern = WeekPattern(0b1_1111);
    /// Monday to Thursday.
    pub const MONDAY_TO_THURSDAY: WeekPattern = WeekPattern(0b0_1111);
    /// Tuesday to Friday.
    pub const TUESDAY_TO_FRIDAY: WeekPattern = WeekPattern(0b1_1110);
}

impl SchoolDays for WeekPattern {
    fn is_school_day(&self, day: NaiveDate) -> bool {
        self.0 >> day.weekday().num_days_from_monday() & 1 == 1
    }
}

impl FromStr for WeekPattern {
    type Err = DictionaryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bit = |letter: char| Self::LETTERS.find(letter).map(|index| 1u8 << index);
        let mut pattern = 0u8;
        for letter in text.chars() {
            match bit(letter) {
                Some(bit) if bit > pattern => pattern |= bit,
                _ => pattern = u8::MAX,
            }
            if pattern == u8::MAX {
                break;
            }
        }
        if pattern == 0 || pattern == u8::MAX {
            return Err(DictionaryError::unknown_word("school week", text, "letters of MTWRF in that order"));
        }
        Ok(WeekPattern(pattern))
    }
}

impl TryFrom<String> for WeekPattern {
    type Error = DictionaryError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<WeekPattern> for String {
    fn from(pattern: WeekPattern) -> String {
        WeekPattern::LETTERS
            .chars()
            .enumerate()
            .filter_map(|(index, letter)| (pattern.0 >> index & 1 == 1).then_some(letter))
            .collect()
    }
}

/// A calendar of a school: its school days, the days of teachers' work without pupils, and the hours that
/// each grade is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    key: CalendarKey,
    first_day: NaiveDate,
    last_day: NaiveDate,
    week: WeekPattern,
    pir_days: u8,
    exceptions: BTreeMap<NaiveDate, bool>,
    hours: BTreeMap<GradeCode, Decimal>,
    days: InstructionDays,
}

impl Calendar {
    /// A calendar from its span, its week, the days that differ from the week (`true`: taught all the same,
    /// `false`: no school), the approved pupil-instruction-related (PIR) days, and the aggregate hours a year
    /// by grade.
    ///
    /// # Errors
    /// When the last day is before the first, either lies outside the school year, an exception lies outside
    /// the span, or hours are negative.
    pub fn new(
        key: CalendarKey,
        span: std::ops::RangeInclusive<NaiveDate>,
        week: WeekPattern,
        exceptions: impl IntoIterator<Item = (NaiveDate, bool)>,
        pir_days: u8,
        hours: impl IntoIterator<Item = (GradeCode, Decimal)>,
    ) -> Result<Self, DictionaryError> {
        let refuse =
            |problem: String| Err(DictionaryError::table("calendar", None, format!("{key}: {problem}")));
        let (first_day, last_day) = span.clone().into_inner();
        if span.is_empty() {
            return refuse(format!("the last day {last_day} is before the first day {first_day}"));
        }
        if !key.year.contains(first_day) || !key.year.contains(last_day) {
            return refuse(format!("{first_day} to {last_day} is not inside the school year"));
        }
        let exceptions: BTreeMap<NaiveDate, bool> = exceptions.into_iter().collect();
        if let Some(day) = exceptions.keys().find(|day| !span.contains(*day)) {
            return refuse(format!("{day} lies outside {first_day} to {last_day}"));
        }
        let hours: BTreeMap<GradeCode, Decimal> = hours.into_iter().collect();
        if let Some((grade, hours)) = hours.iter().find(|(_, hours)| hours.is_sign_negative()) {
            return refuse(format!("{hours} hours in grade {grade}"));
        }
        let taught =
            |day: &NaiveDate| exceptions.get(day).copied().unwrap_or_else(|| week.is_school_day(*day));
        let days =
            InstructionDays::new(first_day.iter_days().take_while(|day| *day <= last_day).filter(taught));
        Ok(Calendar { key, first_day, last_day, week, pir_days, exceptions, hours, days })
    }

    /// School, calendar number and year.
    #[must_use]
    pub fn key(&self) -> CalendarKey {
        self.key
    }

    /// The first day of the calendar.
    #[must_use]
    pub fn first_day(&self) -> NaiveDate {
        self.first_day
    }

    /// The last day of the calendar.
    #[must_use]
    pub fn last_day(&self) -> NaiveDate {
        self.last_day
    }

    /// The days of the week on which it teaches.
    #[must_use]
    pub fn week(&self) -> WeekPattern {
        self.week
    }

    /// Pupil-instruction-related days: approved days of teachers' work without pupils. Source: MCA 20-1-304.
    #[must_use]
    pub fn pir_days(&self) -> u8 {
        self.pir_days
    }

    /// The days that differ from the week: `true` for taught all the same, `false` for no school.
    pub fn exceptions(&self) -> impl Iterator<Item = (NaiveDate, bool)> + '_ {
        self.exceptions.iter().map(|(day, taught)| (*day, *taught))
    }

    /// The aggregate hours a year of each grade set up in the calendar.
    pub fn hours(&self) -> impl Iterator<Item = (GradeCode, Decimal)> + '_ {
        self.hours.iter().map(|(grade, hours)| (*grade, *hours))
    }

    /// The aggregate hours a year of this grade; `None` when the calendar does not hold it.
    #[must_use]
    pub fn hours_of(&self, grade: GradeCode) -> Option<Decimal> {
        self.hours.get(&grade).copied()
    }

    /// The days on which pupils are taught.
    #[must_use]
    pub fn instruction_days(&self) -> &InstructionDays {
        &self.days
    }
}

//! School time: years from July 1 to June 30, days of instruction, and age.

use crate::DictionaryError;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A school year, July 1 to June 30, named by its end year: `2025` is 2024-25.
///
/// Serialised as `"2024-25"`. Years outside 1950 to 2199 are refused, so that a mistyped year is an
/// error rather than a distant date.
///
/// ```
/// use opi_dictionary::SchoolYear;
/// let year: SchoolYear = "2024-25".parse()?;
/// assert_eq!(year, SchoolYear::ending(2025)?);
/// assert_eq!(year, "2025".parse()?);
/// assert_eq!(year.to_string(), "2024-25");
/// assert_eq!(year.first_day().to_string(), "2024-07-01");
/// # Ok::<(), opi_dictionary::DictionaryError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(into = "String", try_from = "String")]
pub struct SchoolYear(u16);

impl SchoolYear {
    /// The first and the last end year that can be named.
    pub const END_YEARS: std::ops::RangeInclusive<i32> = 1950..=2199;

    /// The school year that ends in this calendar year.
    ///
    /// # Errors
    /// When the year is outside [`SchoolYear::END_YEARS`].
    pub fn ending(end_year: i32) -> Result<Self, DictionaryError> {
        match u16::try_from(end_year) {
            Ok(year) if Self::END_YEARS.contains(&end_year) => Ok(SchoolYear(year)),
            _ => Err(DictionaryError::SchoolYear { found: end_year.to_string() }),
        }
    }

    /// The school year that holds this day.
    ///
    /// # Errors
    /// When the year is outside [`SchoolYear::END_YEARS`].
    pub fn containing(day: NaiveDate) -> Result<Self, DictionaryError> {
        Self::ending(if day.month() >= 7 { day.year().saturating_add(1) } else { day.year() })
    }

    /// The calendar year in which it ends: 2025 for 2024-25.
    #[must_use]
    pub fn end_year(self) -> i32 {
        i32::from(self.0)
    }

    /// The calendar year in which it starts: 2024 for 2024-25.
    #[must_use]
    pub fn start_year(self) -> i32 {
        i32::from(self.0) - 1
    }

    /// July 1.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        day_of(self.start_year(), 7, 1)
    }

    /// June 30.
    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        day_of(self.end_year(), 6, 30)
    }

    /// Whether the day lies in the year.
    #[must_use]
    pub fn contains(self, day: NaiveDate) -> bool {
        (self.first_day()..=self.last_day()).contains(&day)
    }

    /// The year after.
    ///
    /// # Errors
    /// At the end of [`SchoolYear::END_YEARS`].
    pub fn next(self) -> Result<Self, DictionaryError> {
        Self::ending(self.end_year() + 1)
    }

    /// The year before.
    ///
    /// # Errors
    /// At the start of [`SchoolYear::END_YEARS`].
    pub fn previous(self) -> Result<Self, DictionaryError> {
        Self::ending(self.end_year() - 1)
    }

    /// The fiscal year of the same twelve months: 2024-25 is FY2025.
    #[must_use]
    pub fn fiscal_year(self) -> FiscalYear {
        FiscalYear(self)
    }

    /// The day of the year with this month and day: August falls in the start year, February in the end
    /// year. `None` for a day that the year does not have (February 29).
    #[must_use]
    pub fn day(self, month: u32, day: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(if month >= 7 { self.start_year() } else { self.end_year() }, month, day)
    }

    /// The first Monday of a month of this school year.
    #[must_use]
    pub fn first_monday(self, month: u32) -> Option<NaiveDate> {
        let year = if month >= 7 { self.start_year() } else { self.end_year() };
        NaiveDate::from_weekday_of_month_opt(year, month, chrono::Weekday::Mon, 1)
    }
}

/// The first day of a month is always a day; 1950 to 2199 is well inside the calendar of chrono.
fn day_of(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

impl fmt::Display for SchoolYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.start_year(), self.end_year() % 100)
    }
}

impl FromStr for SchoolYear {
    type Err = DictionaryError;

    /// Reads `2024-25`, `2024-2025`, `2024/25`, `2024–25`, `SY2024-25`, `SY 2025` and `2025` (the end year).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || DictionaryError::SchoolYear { found: text.chars().take(20).collect() };
        let bare = text.trim();
        let bare = bare.strip_prefix("SY").or_else(|| bare.strip_prefix("sy")).unwrap_or(bare).trim_start();
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if plain { digits.parse::<i32>().ok() } else { None }
        };
        let Some((start, end)) = bare.split_once(['-', '/', '–']) else {
            return match bare.len() {
                4 => Self::ending(number(bare).ok_or_else(refuse)?).map_err(|_| refuse()),
                _ => Err(refuse()),
            };
        };
        let start_year = if start.len() == 4 { number(start) } else { None }.ok_or_else(refuse)?;
        let wanted = start_year + 1;
        let agrees = match (end.len(), number(end)) {
            (4, Some(end)) => end == wanted,
            (2, Some(end)) => end == wanted % 100,
            _ => false,
        };
        if agrees { Self::ending(wanted).map_err(|_| refuse()) } else { Err(refuse()) }
    }
}

impl From<SchoolYear> for String {
    fn from(year: SchoolYear) -> String {
        year.to_string()
    }
}

impl TryFrom<String> for SchoolYear {
    type Error = DictionaryError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A school fiscal year, July 1 to June 30, written `FY2025`; the same twelve months as a [`SchoolYear`].
///
/// ```
/// use opi_dictionary::FiscalYear;
/// let year: FiscalYear = "FY2025".parse()?;
/// assert_eq!(year.school_year().to_string(), "2024-25");
/// assert_eq!(year, "2025".parse()?);
/// # Ok::<(), opi_dictionary::DictionaryError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(into = "String", try_from = "String")]
pub struct FiscalYear(SchoolYear);

impl FiscalYear {
    /// The fiscal year that ends in this calendar year.
    ///
    /// # Errors
    /// When the year is outside [`SchoolYear::END_YEARS`].
    pub fn ending(end_year: i32) -> Result<Self, DictionaryError> {
        SchoolYear::ending(end_year).map(FiscalYear)
    }

    /// The school year of the same twelve months.
    #[must_use]
    pub fn school_year(self) -> SchoolYear {
        self.0
    }

    /// The calendar year in which it ends.
    #[must_use]
    pub fn end_year(self) -> i32 {
        self.0.end_year()
    }
}

impl fmt::Display for FiscalYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FY{}", self.end_year())
    }
}

impl FromStr for FiscalYear {
    type Err = DictionaryError;

    /// Reads `FY2025`, `FY 2025`, `FY25` and `2025`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.trim();
        let after = bare.strip_prefix("FY").or_else(|| bare.strip_prefix("fy"));
        let digits = after.unwrap_or(bare).trim_start();
        let refuse = || DictionaryError::FiscalYear { found: text.chars().take(20).collect() };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(refuse());
        }
        let number: i32 = digits.parse().map_err(|_| refuse())?;
        match (digits.len(), after.is_some()) {
            (4, _) => Self::ending(number).map_err(|_| refuse()),
            (2, true) => Self::ending(2000 + number),
            _ => Err(refuse()),
        }
    }
}

impl From<FiscalYear> for String {
    fn from(year: FiscalYear) -> String {
        year.to_string()
    }
}

impl TryFrom<String> for FiscalYear {
    type Error = DictionaryError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// The days on which a district or school teaches pupils.
pub trait SchoolDays {
    /// Whether pupils are instructed on this day.
    fn is_school_day(&self, day: NaiveDate) -> bool;

    /// The day itself, or the next school day after it, within 60 days.
    fn on_or_after(&self, day: NaiveDate) -> Option<NaiveDate> {
        day.iter_days().take(60).find(|day| self.is_school_day(*day))
    }
}

/// Monday to Friday: what is assumed when no calendar is known. Results that used it should say so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weekdays;

impl SchoolDays for Weekdays {
    fn is_school_day(&self, day: NaiveDate) -> bool {
        day.weekday().num_days_from_monday() < 5
    }
}

/// A calendar given day by day.
///
/// ```
/// use opi_dictionary::{InstructionDays, SchoolDays};
/// use chrono::NaiveDate;
/// let day = |d| NaiveDate::from_ymd_opt(2025, 10, d).unwrap();
/// let days = InstructionDays::new([day(7), day(8)]);
/// assert_eq!(days.on_or_after(day(6)), Some(day(7)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstructionDays(Vec<NaiveDate>);

impl InstructionDays {
    /// A calendar from its days, in any order.
    #[must_use]
    pub fn new(days: impl IntoIterator<Item = NaiveDate>) -> Self {
        let mut days: Vec<NaiveDate> = days.into_iter().collect();
        days.sort_unstable();
        days.dedup();
        InstructionDays(days)
    }

    /// The days in order.
    #[must_use]
    pub fn days(&self) -> &[NaiveDate] {
        &self.0
    }

    /// How many school days lie from the first day to the last, both included.
    #[must_use]
    pub fn count(&self, first: NaiveDate, last: NaiveDate) -> usize {
        let from = self.0.partition_point(|day| *day < first);
        let to = self.0.partition_point(|day| *day <= last);
        to.saturating_sub(from)
    }
}

impl SchoolDays for InstructionDays {
    fn is_school_day(&self, day: NaiveDate) -> bool {
        self.0.binary_search(&day).is_ok()
    }
}

/// Age in whole years on a day; `None` before birth. A birth on February 29 has its birthday on March 1 in
/// other years (a choice of ours: the law does not say).
///
/// ```
/// use opi_dictionary::age_on;
/// use chrono::NaiveDate;
/// let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
/// assert_eq!(age_on(day(2020, 9, 10), day(2025, 9, 10)), Some(5));
/// assert_eq!(age_on(day(2020, 9, 11), day(2025, 9, 10)), Some(4));
/// assert_eq!(age_on(day(2020, 2, 29), day(2025, 2, 28)), Some(4));
/// ```
#[must_use]
pub fn age_on(birth: NaiveDate, day: NaiveDate) -> Option<u32> {
    day.years_since(birth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn the_usual_spellings_name_the_same_year() {
        let year = SchoolYear::ending(2025).unwrap();
        for text in ["2025", "2024-25", "2024-2025", "2024/25", "2024–25", "SY2024-25", "SY 2025", " sy2025 "]
        {
            assert_eq!(text.parse::<SchoolYear>().unwrap(), year, "{text}");
        }
        assert_eq!("1999-00".parse::<SchoolYear>().unwrap().end_year(), 2000);
    }

    #[test]
    fn a_year_that_contradicts_itself_is_refused() {
        for text in [
            "",
            "2024-24",
            "2024-26",
            "24-25",
            "2024-",
            "-25",
            "20244",
            "+024",
            "2024-2_25",
            "99999",
            "9999",
            "0000",
        ] {
            let error = text.parse::<SchoolYear>().unwrap_err();
            assert!(matches!(error, DictionaryError::SchoolYear { .. }), "{text}: {error}");
        }
    }

    #[test]
    fn the_year_turns_on_july_first() {
        assert_eq!(SchoolYear::containing(day(2025, 6, 30)).unwrap().end_year(), 2025);
        assert_eq!(SchoolYear::containing(day(2025, 7, 1)).unwrap().end_year(), 2026);
        assert!(SchoolYear::containing(NaiveDate::MAX).is_err());
        assert!(SchoolYear::containing(NaiveDate::MIN).is_err());
    }

    #[test]
    fn count_days_of_known_years() {
        let monday = |end, month| SchoolYear::ending(end).unwrap().first_monday(month).unwrap();
        assert_eq!(monday(2013, 10), day(2012, 10, 1));
        assert_eq!(monday(2025, 10), day(2024, 10, 7));
        assert_eq!(monday(2025, 2), day(2025, 2, 3));
        assert_eq!(monday(2026, 2), day(2026, 2, 2));
    }

    #[test]
    fn fiscal_years_read_with_and_without_letters() {
        for text in ["FY2025", "FY 2025", "FY25", "2025", "fy2025"] {
            assert_eq!(text.parse::<FiscalYear>().unwrap().end_year(), 2025, "{text}");
        }
        for text in ["25", "FY", "FY1", "FY20255", "FY+025"] {
            assert!(text.parse::<FiscalYear>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn display_and_parse_agree(end in 1950i32..=2199) {
            let year = SchoolYear::ending(end).unwrap();
            prop_assert_eq!(year.to_string().parse::<SchoolYear>().unwrap(), year);
            prop_assert!(year.contains(year.first_day()) && year.contains(year.last_day()));
            prop_assert!(!year.contains(year.last_day().succ_opt().unwrap()));
            prop_assert!(!year.contains(year.first_day().pred_opt().unwrap()));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            let _ = text.parse::<SchoolYear>();
            let _ = text.parse::<FiscalYear>();
        }
    }
}

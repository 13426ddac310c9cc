//! The dates on which pupils are counted, and the year that a count funds.

use crate::{AnbError, Interpretation, Law, SpringCount};
use chrono::{Datelike, Days, NaiveDate, Weekday};
use opi_dictionary::{FiscalYear, SchoolDays, SchoolYear};
use serde::{Deserialize, Serialize};

/// A count of a school year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CountPeriod {
    /// The October count.
    Fall,
    /// The December count: kept, never averaged.
    Winter,
    /// The February count.
    Spring,
}

impl CountPeriod {
    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            CountPeriod::Fall => "fall",
            CountPeriod::Winter => "winter",
            CountPeriod::Spring => "spring",
        }
    }
}

/// The date that the law names for a count, before the next school day is sought. MCA 20-9-311(1)(a).
///
/// ```
/// use opi_anb::{CountPeriod, Interpretation, Law, nominal_count_date};
/// let law = Law::embedded()?;
/// let fall = nominal_count_date(&law, &Interpretation::default(), "2024-25".parse()?, CountPeriod::Fall)?;
/// assert_eq!(fall.to_string(), "2024-10-07");
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
///
/// # Errors
/// When no such count was taken in the year.
pub fn nominal_count_date(
    law: &Law,
    choices: &Interpretation,
    year: SchoolYear,
    period: CountPeriod,
) -> Result<NaiveDate, AnbError> {
    let timeline = &law.timeline;
    let date = match period {
        CountPeriod::Fall => year.first_monday(10),
        CountPeriod::Winter => {
            let winter = timeline.row("winter_count")?;
            if !winter.holds(year.end_year()) {
                return Err(AnbError::NotInForce {
                    rule: "the winter count".into(),
                    year: year.to_string(),
                    span: winter.span(),
                });
            }
            year.first_monday(12)
        }
        CountPeriod::Spring if timeline.for_counts("spring_february_1", year)? => year.day(2, 1),
        CountPeriod::Spring
            if choices.spring_count == SpringCount::LastMondayInJanuary
                && timeline.for_counts("spring_last_monday_january__proposal", year)? =>
        {
            last_monday_of_january(year)
        }
        CountPeriod::Spring => year.first_monday(2),
    };
    date.ok_or_else(|| AnbError::range("count date", year, "a year that chrono can name"))
}

fn last_monday_of_january(year: SchoolYear) -> Option<NaiveDate> {
    year.day(1, 31)?.iter_days().rev().take(7).find(|day| day.weekday() == Weekday::Mon)
}

/// The day on which a district counts: the nominal date, or its next school day. MCA 20-9-311(1)(a).
///
/// # Errors
/// When no such count was taken in the year, or the calendar has no school day within 60 days.
pub fn count_date(
    law: &Law,
    choices: &Interpretation,
    year: SchoolYear,
    period: CountPeriod,
    calendar: &impl SchoolDays,
) -> Result<NaiveDate, AnbError> {
    let from = nominal_count_date(law, choices, year, period)?;
    let day = calendar.on_or_after(from);
    day.ok_or_else(|| opi_dictionary::DictionaryError::NoSchoolDay { from }.into())
}

/// A calendar given by its weekdays and the dates without school. Unlike a list of days it has no end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeeklyCalendar {
    weekdays: Vec<Weekday>,
    no_school: Vec<NaiveDate>,
}

impl WeeklyCalendar {
    /// A calendar of these weekdays without these dates.
    ///
    /// # Errors
    /// When there is no weekday: there would never be school.
    pub fn new(
        weekdays: impl IntoIterator<Item = Weekday>,
        no_school: impl IntoIterator<Item = NaiveDate>,
    ) -> Result<Self, AnbError> {
        let weekdays: Vec<Weekday> = weekdays.into_iter().collect();
        if weekdays.is_empty() {
            return Err(AnbError::range("school weekdays", "none", "at least one of Mon to Sun"));
        }
        let mut no_school: Vec<NaiveDate> = no_school.into_iter().collect();
        no_school.sort_unstable();
        no_school.dedup();
        Ok(WeeklyCalendar { weekdays, no_school })
    }
}

impl SchoolDays for WeeklyCalendar {
    fn is_school_day(&self, day: NaiveDate) -> bool {
        self.weekdays.contains(&day.weekday()) && self.no_school.binary_search(&day).is_err()
    }

    /// The day itself or the next school day: there is one within a week of each date without school.
    fn on_or_after(&self, day: NaiveDate) -> Option<NaiveDate> {
        let within = 7 * (self.no_school.len() as u64 + 1);
        (0..=within)
            .map_while(|ahead| day.checked_add_days(Days::new(ahead)))
            .find(|day| self.is_school_day(*day))
    }
}

/// The fiscal year that the counts of a school year fund: the one after. MCA 20-9-311(1); ARM 10.21.204(2).
///
/// # Errors
/// At the last year that can be named.
pub fn funded_fiscal_year(counts_of: SchoolYear) -> Result<FiscalYear, AnbError> {
    Ok(counts_of.next()?.fiscal_year())
}

#[cfg(test)]
mod tests {
    use super::*;
    use opi_dictionary::Weekdays;

    fn date(year: &str, period: CountPeriod, choices: &Interpretation) -> Result<String, AnbError> {
        let law = Law::embedded().unwrap();
        count_date(&law, choices, year.parse().unwrap(), period, &Weekdays).map(|day| day.to_string())
    }

    #[test]
    fn the_spring_date_moved_with_the_counts_of_2013_14() {
        let default = Interpretation::default();
        assert_eq!(date("2012-13", CountPeriod::Spring, &default).unwrap(), "2013-02-01");
        assert_eq!(date("2013-14", CountPeriod::Spring, &default).unwrap(), "2014-02-03");
        assert_eq!(date("2008-09", CountPeriod::Spring, &default).unwrap(), "2009-02-02");
    }

    #[test]
    fn the_winter_count_began_with_2013_14() {
        let default = Interpretation::default();
        assert_eq!(date("2013-14", CountPeriod::Winter, &default).unwrap(), "2013-12-02");
        insta::assert_snapshot!(date("2012-13", CountPeriod::Winter, &default).unwrap_err(),
            @"the winter count is not in force for 2012-13; it holds from 2014");
    }

    #[test]
    fn the_proposal_of_2025_is_a_choice() {
        let proposed =
            Interpretation { spring_count: SpringCount::LastMondayInJanuary, ..Interpretation::default() };
        assert_eq!(date("2024-25", CountPeriod::Spring, &proposed).unwrap(), "2025-02-03");
        assert_eq!(date("2025-26", CountPeriod::Spring, &proposed).unwrap(), "2026-01-26");
        assert_eq!(date("2025-26", CountPeriod::Spring, &Interpretation::default()).unwrap(), "2026-02-02");
    }

    #[test]
    fn the_next_school_day_of_the_district() {
        let monday = NaiveDate::from_ymd_opt(2024, 10, 7).unwrap();
        let four_days = [Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
        let next = |calendar: WeeklyCalendar| calendar.on_or_after(monday).unwrap().to_string();
        assert_eq!(next(WeeklyCalendar::new(four_days, []).unwrap()), "2024-10-08");
        assert_eq!(next(WeeklyCalendar::new([Weekday::Mon], [monday]).unwrap()), "2024-10-14");
        let hundred: Vec<NaiveDate> = monday.iter_days().take(100).collect();
        assert_eq!(next(WeeklyCalendar::new([Weekday::Sun], hundred).unwrap()), "2025-01-19");
        assert!(WeeklyCalendar::new([], []).is_err());
    }

    #[test]
    fn counts_fund_the_year_after() {
        assert_eq!(funded_fiscal_year("2024-25".parse().unwrap()).unwrap().end_year(), 2026);
    }
}

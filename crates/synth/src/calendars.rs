//! School calendars: every school of a district shares one, made anew for each year.

use crate::SynthError;
use crate::geography::District;
use crate::random::{Purpose, Seed};
use crate::tables::Tables;
use chrono::{Datelike, Days, NaiveDate, Weekday};
use opi_dictionary::{SchoolDays, SchoolYear, WeekPattern};

/// Below this many pupils a district keeps its week like a small one.
const SMALL_DISTRICT: u64 = 600;

/// The school days of a district in one year.
#[derive(Clone, Debug)]
pub(crate) struct YearCalendar {
    pub(crate) year: SchoolYear,
    pub(crate) week: WeekPattern,
    /// Days that differ from the week; `true`: taught all the same.
    pub(crate) exceptions: Vec<(NaiveDate, bool)>,
    /// The days of instruction, in order; never empty.
    pub(crate) days: Vec<NaiveDate>,
    pub(crate) pir_days: u8,
    pub(crate) minutes_a_day: u32,
    pub(crate) fall_count: NaiveDate,
    pub(crate) spring_count: NaiveDate,
}

impl YearCalendar {
    pub(crate) fn new(
        district: (u32, &District),
        year: SchoolYear,
        seed: &Seed,
        tables: &Tables,
    ) -> Result<Self, SynthError> {
        let (index, home) = district;
        let rates = tables.rates(home.profile);
        // The week and the start of school are the district's habit; breaks differ from year to year.
        let mut habit = seed.stream(Purpose::Calendar, u64::from(index) << 16);
        let small = home.pupils < SMALL_DISTRICT;
        let weight = |row: &crate::tables::WeekRow| if small { row.small_weight } else { row.large_weight };
        let no_week = || SynthError::Table {
            table: "weeks.csv".to_owned(),
            problem: "no week has a weight".to_owned(),
        };
        let row = habit.weighted(&tables.weeks, weight).ok_or_else(no_week)?;
        let week: WeekPattern = row.week.parse()?;
        let start = habit.below(12);
        let minutes_a_day = row.minutes_a_day + habit.below(8);
        let pir_days =
            habit.weighted(&[(7u8, 80), (6, 10), (8, 6), (5, 4)], |pir| pir.1).map_or(7, |pir| pir.0);
        let make_up = u64::from(week != WeekPattern::FIVE_DAYS) * u64::from(habit.happens(2500));

        let of_year = u64::from(year.end_year().unsigned_abs());
        let mut stream = seed.stream(Purpose::Calendar, u64::from(index) << 16 | of_year);
        let closed = Closed::new(year, &mut stream, rates.count_monday_off);
        let first = day(year, 8, 17)? + Days::new(u64::from(start + stream.below(3)));
        let friday = closed.memorial - Days::new(3);
        let mut days = Vec::with_capacity(row.days as usize);
        let mut exceptions = Vec::new();
        for date in first.iter_days().take_while(|date| *date <= year.last_day()) {
            if days.len() >= row.days as usize {
                break;
            }
            let extra = make_up == 1 && date == friday && !week.is_school_day(date);
            match (week.is_school_day(date), closed.holds(date)) {
                (true, false) => days.push(date),
                (true, true) if !days.is_empty() => exceptions.push((date, false)),
                _ if extra => {
                    days.push(date);
                    exceptions.push((date, true));
                }
                _ => {}
            }
        }
        let last = days.last().copied().unwrap_or(first);
        exceptions.retain(|(date, _)| *date <= last);
        let count = |month| {
            let monday = year.first_monday(month).unwrap_or(first);
            days.iter().copied().find(|date| *date >= monday).unwrap_or(last)
        };
        let (fall_count, spring_count) = (count(10), count(2));
        Ok(YearCalendar { year, week, exceptions, days, pir_days, minutes_a_day, fall_count, spring_count })
    }

    pub(crate) fn first_day(&self) -> NaiveDate {
        self.days.first().copied().unwrap_or_default()
    }

    pub(crate) fn last_day(&self) -> NaiveDate {
        self.days.last().copied().unwrap_or_default()
    }

    /// The day at this point of the year, in ten thousandths.
    pub(crate) fn at(&self, point: u32) -> NaiveDate {
        self.days.get(self.days.len() * point.min(9_999) as usize / 10_000).copied().unwrap_or_default()
    }

    /// The last day of instruction up to this day.
    pub(crate) fn on_or_before(&self, day: NaiveDate) -> NaiveDate {
        let index = self.days.partition_point(|other| *other <= day);
        index
            .checked_sub(1)
            .and_then(|index| self.days.get(index))
            .copied()
            .unwrap_or_else(|| self.first_day())
    }

    /// The first day of instruction after this day.
    pub(crate) fn after(&self, day: NaiveDate) -> NaiveDate {
        let index = self.days.partition_point(|other| *other <= day);
        self.days.get(index).copied().unwrap_or_else(|| self.last_day())
    }

    /// How many days of instruction lie from one day to the other, both included.
    pub(crate) fn count(&self, first: NaiveDate, last: NaiveDate) -> u32 {
        let upto = self.days.partition_point(|day| *day <= last);
        let before = self.days.partition_point(|day| *day < first);
        u32::try_from(upto.saturating_sub(before)).unwrap_or(u32::MAX)
    }
}

/// The days without school that a year has whatever the week.
struct Closed {
    single: [NaiveDate; 11],
    winter: (NaiveDate, NaiveDate),
    spring: (NaiveDate, NaiveDate),
    memorial: NaiveDate,
}

impl Closed {
    fn new(year: SchoolYear, stream: &mut crate::random::Stream, count_monday_off: u32) -> Self {
        let nth = |month: u32, weekday: Weekday, n: u8| {
            let calendar_year = if month >= 7 { year.start_year() } else { year.end_year() };
            NaiveDate::from_weekday_of_month_opt(calendar_year, month, weekday, n)
                .unwrap_or_else(|| year.first_day())
        };
        let thanksgiving = nth(11, Weekday::Thu, 4);
        let teachers = nth(10, Weekday::Thu, 3);
        let may = nth(5, Weekday::Mon, 4);
        let memorial = if (may + Days::new(7)).month() == 5 { may + Days::new(7) } else { may };
        let never = year.first_day();
        let mut sometimes = |date: NaiveDate, often: u32| if stream.happens(often) { date } else { never };
        let single = [
            nth(9, Weekday::Mon, 1),
            teachers,
            teachers + Days::new(1),
            thanksgiving - Days::new(1),
            thanksgiving,
            thanksgiving + Days::new(1),
            memorial,
            sometimes(nth(1, Weekday::Mon, 3), 5000),
            sometimes(nth(2, Weekday::Mon, 3), 7000),
            sometimes(nth(10, Weekday::Mon, 1), count_monday_off),
            sometimes(nth(2, Weekday::Mon, 1), count_monday_off),
        ];
        let december = nth(12, Weekday::Mon, 3) + Days::new(u64::from(stream.below(5)));
        let winter = (december.max(nth(12, Weekday::Mon, 3) + Days::new(2)), december + Days::new(15));
        let march = nth(3, Weekday::Mon, 1) + Days::new(7 * u64::from(stream.below(4)));
        Closed { single, winter, spring: (march, march + Days::new(4)), memorial }
    }

    fn holds(&self, day: NaiveDate) -> bool {
        self.single.contains(&day)
            || (self.winter.0..=self.winter.1).contains(&day)
            || (self.spring.0..=self.spring.1).contains(&day)
    }
}

fn day(year: SchoolYear, month: u32, day: u32) -> Result<NaiveDate, SynthError> {
    year.day(month, day)
        .ok_or_else(|| SynthError::Plan { problem: format!("{month}/{day} is no day of {year}") })
}

#[cfg(test)]
mod tests {
    use crate::{Plan, State};
    use opi_dictionary::{SchoolDays, SchoolYear, WeekPattern};
    use std::collections::BTreeSet;

    #[test]
    fn calendars_hold_what_the_law_and_the_counts_need() {
        let last_year = SchoolYear::ending(2030).unwrap();
        let state = State::new(Plan { students: 30_000, years: 8, last_year, seed: 2 }).unwrap();
        let mut weeks = BTreeSet::new();
        let mut fall_not_monday = 0;
        for year in state.years() {
            for district in 0..u32::try_from(state.geography.districts.len()).unwrap() {
                let calendar = state.calendar(district, year).unwrap();
                assert!(year.contains(calendar.first_day()) && year.contains(calendar.last_day()));
                let hours = calendar.days.len() as u32 * calendar.minutes_a_day / 60;
                assert!((1_080..1_200).contains(&hours), "{hours} hours");
                let half_day = calendar.days.len() as u32 * 180 / 60;
                assert!((360..540).contains(&half_day), "{half_day} hours of half a day");
                let (first, last) = (calendar.first_day(), calendar.last_day());
                assert!(first < year.day(9, 5).unwrap() && last < year.day(6, 25).unwrap(), "{first} {last}");
                let monday = year.first_monday(10).unwrap();
                assert!(calendar.fall_count >= monday && (calendar.fall_count - monday).num_days() < 5);
                fall_not_monday += u32::from(calendar.fall_count != monday);
                for (day, taught) in &calendar.exceptions {
                    assert_ne!(
                        calendar.week.is_school_day(*day),
                        *taught,
                        "an exception differs from the week"
                    );
                    assert_eq!(calendar.days.binary_search(day).is_ok(), *taught);
                }
                assert!(calendar.days.windows(2).all(|pair| pair[0] < pair[1]));
                weeks.insert(String::from(calendar.week));
            }
        }
        assert!(weeks.len() == 3 && fall_not_monday > 10, "{weeks:?} {fall_not_monday}");
        assert!(weeks.contains(&String::from(WeekPattern::FIVE_DAYS)));
    }
}

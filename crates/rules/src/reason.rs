//! What a rule saw beyond the place, as data; the message of a finding tells it in words.

use crate::cell::{NO_GRADE, grade_name};
use crate::emit::Place;
use crate::rules::near_match::FULL_SCORE;
use chrono::NaiveDate;

/// Why a rule reports, where the place alone does not say it. Fixed in size; numbers are of districts and schools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reason {
    /// The place says all.
    #[default]
    Plain,
    /// Two identities agree by so many of 100 points; reported from `least`, where that can be set.
    Agreement { points: u8, least: Option<u8> },
    /// Students of a school and grade, now and last year.
    Students { school: u16, grade: u8, now: u32, before: u32 },
    /// Something that is counted by district, now and before.
    Counted { what: Counted, now: u32, before: u32 },
    /// A calendar of a school.
    Calendar { school: u16, calendar: u16 },
    /// A calendar of a school and an earlier one.
    Calendars { school: u16, calendar: u16, other: u16 },
    /// Hours of a grade in a calendar, in hundredths, and how many other grades fall short as well.
    Hours { school: u16, calendar: u16, grade: u8, offered: u32, least: u32, others: u8 },
    /// A count date as set, and as the law names it.
    CountDate { set: i32, lawful: i32 },
    /// The count date that a file was made too early for.
    MadeBefore { count_date: i32 },
    /// Quarters of a full student in all rows. Personal.
    Quarters(u32),
    /// Instruction days that were found. Personal.
    Days(u32),
}

/// What [`Reason::Counted`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Counted {
    Homeless,
    Gifted,
    EnglishLearners,
    Incidents,
}

impl Reason {
    /// The reason in words, none for a plain one; of a student only where values are shown.
    pub(crate) fn in_words(self, show_values: bool) -> Option<String> {
        Some(match self {
            Reason::Plain => return None,
            Reason::Agreement { points, least } => {
                let from = least.map_or_else(String::new, |least| format!(", reported from {least}"));
                format!("they agree by {points} of {FULL_SCORE} points{from}")
            }
            Reason::Students { school, grade, now, before } => {
                let students = if now == 1 { "student" } else { "students" };
                let school = format!("school {school:04}{}", of_grade(grade));
                format!("{school}: {now} {students} now, {before} last year")
            }
            Reason::Counted { what, now, before } => {
                let (what, when) = match what {
                    Counted::Homeless => ("homeless", "last year"),
                    Counted::Gifted => ("gifted and talented", "last year"),
                    Counted::EnglishLearners => ("English learners", "last year"),
                    Counted::Incidents => ("incidents", "stored"),
                };
                format!("{what}: {now} now, {before} {when}")
            }
            Reason::Calendar { school, calendar } => format!("calendar {calendar:03} of school {school:04}"),
            Reason::Calendars { school, calendar, other } => {
                format!("calendars {calendar:03} and {other:03} of school {school:04}")
            }
            Reason::Hours { school, calendar, grade, offered, others, .. } => {
                let others = match others {
                    0 => String::new(),
                    1 => ", and 1 grade more".to_owned(),
                    more => format!(", and {more} grades more"),
                };
                let hours = hundredths(offered);
                format!(
                    "calendar {calendar:03} of school {school:04}{}: {hours} hours{others}",
                    of_grade(grade)
                )
            }
            Reason::CountDate { set, .. } => format!("set is {}", day(set)),
            Reason::MadeBefore { count_date } => format!("the count date is {}", day(count_date)),
            Reason::Quarters(sum) if show_values => {
                format!("they sum to {} of a student", hundredths(sum * 25))
            }
            Reason::Days(days) if show_values => format!("instruction days found: {days}"),
            Reason::Quarters(_) | Reason::Days(_) => return None,
        })
    }

    /// What would be right, where the reason says it more exactly than the rule.
    pub(crate) fn expected(self) -> Option<String> {
        match self {
            Reason::Hours { grade, least, .. } => {
                Some(format!("at least {} hours{}", hundredths(least), of_grade(grade)))
            }
            Reason::CountDate { lawful, .. } => Some(day(lawful)),
            Reason::MadeBefore { count_date } => {
                Some(format!("a file made on or after {}", day(count_date.saturating_add(1))))
            }
            _ => None,
        }
    }
}

/// ", grade 10", or nothing where the grade is not known.
fn of_grade(grade: u8) -> String {
    if grade == NO_GRADE { String::new() } else { format!(", grade {}", grade_name(grade)) }
}

/// As the upload guide writes a day.
fn day(number: i32) -> String {
    let day = NaiveDate::from_num_days_from_ce_opt(number);
    day.map_or_else(String::new, |day| day.format("%m/%d/%Y").to_string())
}

fn hundredths(number: u32) -> String {
    let text = rust_decimal::Decimal::new(i64::from(number), 2).normalize();
    text.to_string()
}

/// Other rows that belong to a finding: the first of them, and how many more there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Others {
    places: [Option<Place>; Others::KEPT],
    more: u16,
}

impl Others {
    /// Four quarters are one student: a sum that is beyond it needs no more rows to be seen.
    const KEPT: usize = 4;

    /// How many there are beyond those that are kept.
    pub(crate) fn more(&self) -> u16 {
        self.more
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Place> {
        self.places.into_iter().flatten()
    }
}

impl From<Option<Place>> for Others {
    fn from(place: Option<Place>) -> Self {
        place.into_iter().collect()
    }
}

impl FromIterator<Place> for Others {
    fn from_iter<I: IntoIterator<Item = Place>>(all: I) -> Self {
        let mut others = Others::default();
        let mut all = all.into_iter();
        for slot in &mut others.places {
            *slot = all.next();
        }
        others.more = u16::try_from(all.count()).unwrap_or(u16::MAX);
        others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_rows_the_first_four_are_kept_and_the_others_counted() {
        let places = |count: u32| (0..count).map(|line| Place { file: 0, line });
        let others: Others = places(6).collect();
        assert_eq!(others.iter().collect::<Vec<_>>(), places(4).collect::<Vec<_>>());
        assert_eq!(others.more(), 2);
        let others: Others = places(4).collect();
        assert_eq!((others.iter().count(), others.more()), (4, 0));
    }

    #[test]
    fn what_is_known_of_a_student_is_told_only_with_values() {
        for personal in [Reason::Quarters(5), Reason::Days(3)] {
            assert_eq!(personal.in_words(false), None);
        }
        assert_eq!(Reason::Quarters(5).in_words(true).unwrap(), "they sum to 1.25 of a student");
        assert_eq!(Reason::Days(3).in_words(true).unwrap(), "instruction days found: 3");
    }
}

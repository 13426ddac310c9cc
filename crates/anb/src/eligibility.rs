//! Whether a pupil is counted on a count date: absences, leaving, and age on September 10.

use crate::{AnbError, Law};
use chrono::NaiveDate;
use opi_dictionary::{BirthDate, SchoolYear};
use serde::{Deserialize, Serialize};

/// The most consecutive days of absence, the count date included, with which a pupil is still counted.
pub const MOST_ABSENCES: u32 = 10;
/// The age at which a pupil is no longer counted, reached on or before September 10.
pub const UPPER_AGE: u32 = 19;
/// The age at which the exception for pupils with disabilities ends, reached on or before September 10.
pub const EXCEPTION_AGE: u32 = 21;
/// The age of kindergarten, reached on or before September 10.
pub const KINDERGARTEN_AGE: u32 = 5;

/// One calendar day of one pupil, up to the count date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DayMark {
    /// Absent on an instruction day, excused or not.
    Absent,
    /// Present.
    Present,
    /// No instruction for this pupil: no school, or a class that does not meet.
    NoInstruction,
    /// At an offsite setting; absent only when the next scheduled session was missed. ARM 10.15.101(1).
    Offsite {
        /// Whether the next scheduled session was missed; `None` when it is yet to be held.
        next_session_missed: Option<bool>,
    },
}

/// The unbroken run of absences that ends on the last day: days without instruction neither add nor break,
/// a day present ends it. ARM 10.20.102(4)(a).
///
/// ```
/// use opi_anb::{DayMark::*, absence_run};
/// assert_eq!(absence_run(&[Absent, NoInstruction, Absent, Absent]), 3);
/// assert_eq!(absence_run(&[Absent, Absent, Present]), 0);
/// ```
#[must_use]
pub fn absence_run(days: &[DayMark]) -> u32 {
    let mut run: u32 = 0;
    for day in days.iter().rev() {
        match day {
            DayMark::Absent | DayMark::Offsite { next_session_missed: Some(true) } => {
                run = run.saturating_add(1);
            }
            DayMark::NoInstruction => {}
            DayMark::Present | DayMark::Offsite { .. } => break,
        }
    }
    run
}

/// The run of absences from letters, one a calendar day, the last one the count date: `A` absent on an
/// instruction day, `P` present, `N` no instruction for the pupil.
///
/// # Errors
/// When there is no letter or another letter.
pub fn absence_run_of_letters(letters: &str) -> Result<u32, AnbError> {
    if letters.is_empty() {
        return Err(AnbError::range("days through the count date", "nothing", "at least the count date"));
    }
    let days: Option<Vec<DayMark>> = letters
        .chars()
        .map(|letter| match letter {
            'A' => Some(DayMark::Absent),
            'P' => Some(DayMark::Present),
            'N' => Some(DayMark::NoInstruction),
            _ => None,
        })
        .collect();
    let days = days.ok_or_else(|| {
        AnbError::unreadable("days through the count date", letters, "letters A, P and N, one a calendar day")
    })?;
    Ok(absence_run(&days))
}

/// Whether absences keep a pupil from being counted: the count date is the 11th consecutive one or later,
/// unless a variance was granted. ARM 10.20.102(4)(a); MCA 20-9-311(6).
#[must_use]
pub const fn eleventh_day_bars(run: u32, variance_granted: bool) -> bool {
    run > MOST_ABSENCES && !variance_granted
}

/// September 10 of a school year.
///
/// # Errors
/// Never for a year that can be named.
pub fn september_10(year: SchoolYear) -> Result<NaiveDate, AnbError> {
    year.day(9, 10).ok_or_else(|| AnbError::range("September 10", year, "a year that chrono can name"))
}

/// Age on September 10 of the school year.
///
/// # Errors
/// When the pupil is not yet born then.
pub fn age_on_september_10(birth: &BirthDate, year: SchoolYear) -> Result<u32, AnbError> {
    birth.age_on(september_10(year)?).ok_or_else(|| {
        AnbError::range(
            "birth date",
            "a date after September 10",
            format!("a birth before September 10 of {year}"),
        )
    })
}

/// Whether the upper age keeps a pupil from being counted: 19 reached on or before September 10, unless
/// younger than 21 and under the exception for pupils with disabilities in the years that have it.
/// ARM 10.20.104; MCA 20-9-311(7).
///
/// # Errors
/// When the timeline lacks the rule.
pub fn upper_age_bars(law: &Law, counts_of: SchoolYear, age: u32, exception: bool) -> Result<bool, AnbError> {
    let excepted = exception
        && age < EXCEPTION_AGE
        && law.timeline.for_counts("disability_exception_19_20", counts_of)?;
    Ok(age >= UPPER_AGE && !excepted)
}

/// Whether the lower age keeps a kindergarten pupil from being counted: 5 not reached on September 10 and no
/// permission of the trustees. MCA 20-7-117(1); MCA 20-9-311.
#[must_use]
pub const fn kindergarten_age_bars(age: u32, trustee_permission: bool) -> bool {
    age < KINDERGARTEN_AGE && !trustee_permission
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenth_counts_the_eleventh_does_not() {
        assert!(!eleventh_day_bars(9, false));
        assert!(!eleventh_day_bars(10, false));
        assert!(eleventh_day_bars(11, false));
        assert!(!eleventh_day_bars(11, true));
    }

    #[test]
    fn runs_are_read_from_the_end() {
        let run = |letters| absence_run_of_letters(letters).unwrap();
        assert_eq!(run("AAAAAAAAAAAAAAAPA"), 1);
        assert_eq!(run("PAAANNAAAN"), 6);
        assert_eq!(run("NNN"), 0);
        assert_eq!(run("AAAAAAAAAAANNP"), 0);
        assert!(absence_run_of_letters("").is_err());
        assert!(absence_run_of_letters("AAa").is_err());
    }

    #[test]
    fn an_offsite_pupil_is_absent_only_when_the_next_session_is_missed() {
        let offsite = |missed| DayMark::Offsite { next_session_missed: missed };
        assert_eq!(absence_run(&[DayMark::Absent, offsite(Some(true))]), 2);
        assert_eq!(absence_run(&[DayMark::Absent, offsite(Some(false))]), 0);
        assert_eq!(absence_run(&[DayMark::Absent, offsite(None)]), 0);
    }

    #[test]
    fn ages_on_the_day_before_on_and_after_the_birthday() {
        let age = |year, month, day| {
            let birth = BirthDate::new(NaiveDate::from_ymd_opt(year, month, day).unwrap());
            age_on_september_10(&birth, "2024-25".parse().unwrap())
        };
        assert_eq!(age(2005, 9, 9).unwrap(), 19);
        assert_eq!(age(2005, 9, 10).unwrap(), 19);
        assert_eq!(age(2005, 9, 11).unwrap(), 18);
        assert!(age(2024, 9, 11).is_err());
    }

    #[test]
    fn the_upper_age_and_its_exception() {
        let law = Law::embedded().unwrap();
        let bars =
            |year: &str, age, exception| upper_age_bars(&law, year.parse().unwrap(), age, exception).unwrap();
        assert!(!bars("2024-25", 18, false));
        assert!(bars("2024-25", 19, false));
        assert!(!bars("2024-25", 19, true) && !bars("2024-25", 20, true));
        assert!(bars("2024-25", 21, true));
        assert!(bars("2020-21", 19, true) && !bars("2021-22", 19, true));
    }

    #[test]
    fn kindergarten_from_five_or_by_permission() {
        assert!(kindergarten_age_bars(4, false));
        assert!(!kindergarten_age_bars(4, true));
        assert!(!kindergarten_age_bars(5, false) && !kindergarten_age_bars(6, false));
    }
}

//! From counts to ANB: the average, the factor of pupil-instruction-related days, the one rounding, and the
//! average of three years.

use crate::{AnbError, AnbRounding, Fraction, Interpretation, Operation, Step, Unit};
use opi_dictionary::{Citation, RoundingMode};
use std::borrow::Cow;

/// The days by which the factor divides. MCA 20-9-311(1)(b).
pub const FACTOR_DAYS: i64 = 180;
/// The most pupil-instruction-related days that count. MCA 20-9-311(2).
pub const MOST_PIR_DAYS: i64 = 7;

/// The text that an average of two counts rests on.
const AVERAGE: Citation = Citation::sourced("MCA 20-9-311(1)(a)");
const FACTOR: Citation = Citation::sourced("MCA 20-9-311(1)(b)");
const PIR_CAP: Citation = Citation::sourced("MCA 20-9-311(2)");
const ROUNDING: Citation = Citation::recall("rounding of ANB, open question Q1");
const THREE_YEARS: Citation = Citation::recall("MCA 20-9-306, three-year ANB");

/// ANB of one budget unit before and after its rounding, with the steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitAnb {
    /// The average of the two counts.
    pub average_enrollment: Fraction,
    /// The days used in the factor.
    pub pir_used: i64,
    /// The exact ANB with its steps.
    pub exact: Step,
}

/// The mean of the October and the February count. MCA 20-9-311(1)(a).
///
/// # Errors
/// When a count is below zero.
pub fn average_enrollment(october: Step, february: Step) -> Result<Step, AnbError> {
    for count in [&october, &february] {
        if count.value().is_negative() {
            return Err(AnbError::range(count.label(), count.value(), "zero or more pupils"));
        }
    }
    let sum = Step::of("both counts", Operation::Sum, vec![october, february], Unit::Pupils)?;
    let two = Step::parameter("counts averaged", Fraction::whole(2), Unit::Number, AVERAGE);
    Ok(Step::of("average enrollment", Operation::Quotient, vec![sum, two], Unit::Pupils)?.cite(AVERAGE))
}

/// Approved pupil-instruction-related days, at most seven. MCA 20-9-311(2).
///
/// # Errors
/// When the days are below zero.
pub fn pir_days_used(approved: Step) -> Result<Step, AnbError> {
    if approved.value().is_negative() {
        return Err(AnbError::range("PIR days", approved.value(), "zero or more"));
    }
    let most = Step::parameter("most days", Fraction::whole(MOST_PIR_DAYS), Unit::Days, PIR_CAP);
    Ok(Step::of("PIR days used", Operation::Minimum, vec![approved, most], Unit::Days)?.cite(PIR_CAP))
}

/// Exact ANB of a unit: average enrollment times (180 + P) / 180. MCA 20-9-311(1).
///
/// ```
/// use opi_anb::{Fraction, Step, Unit, count_to_anb};
/// let pupils = |label, number| Step::given(label, Fraction::whole(number), Unit::Pupils);
/// let days = Step::given("PIR days approved", Fraction::whole(7), Unit::Days);
/// let anb = count_to_anb(pupils("October", 150), pupils("February", 166), days)?;
/// assert_eq!(anb.exact.value().to_string(), "14773/90");
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
///
/// # Errors
/// When a count or the days are below zero.
pub fn count_to_anb(october: Step, february: Step, pir_approved: Step) -> Result<UnitAnb, AnbError> {
    average_to_anb(average_enrollment(october, february)?, pir_approved)
}

/// Exact ANB from an average enrollment that may hold additions.
///
/// # Errors
/// When the days are below zero.
pub fn average_to_anb(average: Step, pir_approved: Step) -> Result<UnitAnb, AnbError> {
    let average_enrollment = average.value();
    let pir = pir_days_used(pir_approved)?;
    let pir_used =
        pir.value().to_whole().ok_or_else(|| AnbError::range("PIR days", pir.value(), "whole days"))?;
    let days = Step::parameter("days", Fraction::whole(FACTOR_DAYS), Unit::Days, FACTOR);
    let with_pir = Step::of("days and PIR days", Operation::Sum, vec![days.clone(), pir], Unit::Days)?;
    let factor =
        Step::of("factor", Operation::Quotient, vec![with_pir, days.again()], Unit::Number)?.cite(FACTOR);
    let exact = Step::of("ANB before rounding", Operation::Product, vec![average, factor], Unit::Anb)?;
    Ok(UnitAnb { average_enrollment, pir_used, exact: exact.cite(FACTOR) })
}

/// The one rounding of ANB, per budget unit. Open question Q1.
///
/// # Errors
/// When the result leaves exact arithmetic.
pub fn round_anb(
    exact: Step,
    rounding: AnbRounding,
    label: impl Into<Cow<'static, str>>,
) -> Result<Step, AnbError> {
    let mode = match rounding {
        AnbRounding::Ceiling => RoundingMode::Up,
        AnbRounding::NearestHalfUp => RoundingMode::HalfAwayFromZero,
        AnbRounding::Exact => return Step::of(label, Operation::Sum, vec![exact], Unit::Anb),
    };
    let operation = Operation::Round { mode, to: Fraction::ONE };
    Ok(Step::of(label, operation, vec![exact], Unit::Anb)?.cite(ROUNDING))
}

/// The mean of the rounded ANB of the budget year and of the years before it, not yet rounded. MCA 20-9-306.
///
/// # Errors
/// When there is no year, or an ANB is below zero.
pub fn three_year_mean(years: Vec<Step>) -> Result<Step, AnbError> {
    let number = i64::try_from(years.len()).map_err(|_| AnbError::too_large("the number of years"))?;
    if number == 0 {
        return Err(AnbError::range("years of ANB", "none", "at least one"));
    }
    if let Some(year) = years.iter().find(|year| year.value().is_negative()) {
        return Err(AnbError::range(year.label(), year.value(), "zero or more"));
    }
    let sum = Step::of("ANB of the years", Operation::Sum, years, Unit::Anb)?;
    let number = Step::parameter("years", Fraction::whole(number), Unit::Number, THREE_YEARS);
    Ok(Step::of("three-year mean", Operation::Quotient, vec![sum, number], Unit::Anb)?.cite(THREE_YEARS))
}

/// The days that enter the factor: those approved for the budget year, else those of the count year, else
/// seven; the label says which. Open question Q13.
#[must_use]
pub fn pir_days_for(choices: &Interpretation, budget_year: Option<u32>, count_year: Option<u32>) -> Step {
    let days = |label, days| Step::given(label, Fraction::from(days), Unit::Days);
    let of_budget_year = budget_year.filter(|_| choices.pir_days == crate::PirDays::BudgetYear);
    match (of_budget_year, count_year) {
        (Some(known), _) => days("PIR days approved for the budget year", known),
        (None, Some(known)) => days("PIR days of the count year", known),
        (None, None) => Step::parameter(
            "PIR days, none known",
            Fraction::whole(MOST_PIR_DAYS),
            Unit::Days,
            Citation::derived("seven when no days are known, open question Q13"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pupils(text: &str) -> Step {
        Step::given("pupils", text.parse().unwrap(), Unit::Pupils)
    }

    fn anb(october: &str, february: &str, pir: &str) -> Result<UnitAnb, AnbError> {
        count_to_anb(pupils(october), pupils(february), Step::given("PIR", pir.parse().unwrap(), Unit::Days))
    }

    #[test]
    fn pir_days_at_below_and_above_the_cap() {
        for (approved, used) in [("0", 0), ("6", 6), ("7", 7), ("8", 7), ("365", 7)] {
            assert_eq!(anb("100", "100", approved).unwrap().pir_used, used);
        }
        assert!(anb("100", "100", "-1").is_err());
    }

    #[test]
    fn a_whole_number_stays_and_any_part_rounds_up() {
        let rounded = |october: &str, rounding| {
            let exact = anb(october, october, "7").unwrap().exact;
            round_anb(exact, rounding, "ANB").unwrap().value().to_string()
        };
        assert_eq!(rounded("180", AnbRounding::Ceiling), "187");
        assert_eq!(rounded("2881/16", AnbRounding::Ceiling), "188");
        assert_eq!(rounded("2879/16", AnbRounding::Ceiling), "187");
        assert_eq!(rounded("90", AnbRounding::NearestHalfUp), "94");
        assert_eq!(rounded("1439/16", AnbRounding::NearestHalfUp), "93");
        assert_eq!(rounded("1", AnbRounding::Exact), "187/180");
        assert_eq!(rounded("0", AnbRounding::Ceiling), "0");
    }

    #[test]
    fn negative_counts_are_refused() {
        insta::assert_snapshot!(anb("-1", "5", "7").unwrap_err(), @"pupils: found -1, expected zero or more pupils");
        assert!(three_year_mean(vec![]).is_err());
    }

    #[test]
    fn the_year_of_the_days_is_recorded() {
        let default = Interpretation::default();
        let label = |budget, count| pir_days_for(&default, budget, count).label().to_owned();
        assert_eq!(label(Some(5), Some(6)), "PIR days approved for the budget year");
        assert_eq!(label(None, Some(6)), "PIR days of the count year");
        assert_eq!(label(None, None), "PIR days, none known");
        let count_year = Interpretation { pir_days: crate::PirDays::CountYear, ..default };
        assert_eq!(pir_days_for(&count_year, Some(5), Some(6)).value(), Fraction::whole(6));
    }
}

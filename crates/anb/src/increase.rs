//! Increases outside the formula: unusual and unanticipated ones, the form in force since FY2024, and openings.

use crate::dollars::{not_negative, to_cent};
use crate::{AnbError, Fraction, IncreaseFunding, Interpretation, Law, Operation, Step, Unit};
use opi_dictionary::{Citation, FiscalYear};
use serde::{Deserialize, Serialize};

/// The rule on unusual increases of enrollment. ARM 10.20.104; MCA 20-9-314.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum IncreaseRule {
    /// More than 6% of the enrollment before.
    SixPercent,
    /// More than the lesser of 4% or 40 pupils.
    #[serde(rename = "lesser_of_4_percent_or_40")]
    LesserOf4PercentOr40,
}

impl IncreaseRule {
    /// All rules.
    pub const ALL: [IncreaseRule; 2] = [IncreaseRule::SixPercent, IncreaseRule::LesserOf4PercentOr40];

    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            IncreaseRule::SixPercent => "six_percent",
            IncreaseRule::LesserOf4PercentOr40 => "lesser_of_4_percent_or_40",
        }
    }

    /// The rule in force for the budget of a year: none in the years in which it was suspended or repealed.
    ///
    /// # Errors
    /// When the timeline lacks a rule.
    pub fn in_force(law: &Law, year: FiscalYear) -> Result<Option<Self>, AnbError> {
        if law.timeline.for_budget("increase_six_percent", year)? {
            return Ok(Some(IncreaseRule::SixPercent));
        }
        let lesser = law.timeline.for_budget("increase_lesser_of_4_percent_or_40", year)?;
        Ok(lesser.then_some(IncreaseRule::LesserOf4PercentOr40))
    }
}

/// An increase held against its threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Increase {
    /// The increase that must be exceeded, exact.
    pub threshold: Step,
    /// Whether it is exceeded; equal is not enough.
    pub eligible: bool,
    /// The pupils that are funded.
    pub funded: Step,
}

/// An anticipated unusual increase: eligible above the threshold, funded for the pupils above it.
/// ARM 10.20.104(1); open question Q21.
///
/// ```
/// use opi_anb::{Fraction, IncreaseRule, Interpretation, unusual_increase};
/// let rule = IncreaseRule::LesserOf4PercentOr40;
/// let increase = unusual_increase(&Interpretation::default(), rule, 11_000, 300)?;
/// assert_eq!(increase.funded.value(), Fraction::whole(260));
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
///
/// # Errors
/// When the enrollment before is below zero.
pub fn unusual_increase(
    choices: &Interpretation,
    rule: IncreaseRule,
    prior_enrollment: i64,
    increase: i64,
) -> Result<Increase, AnbError> {
    use Operation::{Minimum, Product};
    let cited = Citation::sourced("ARM 10.20.104(1)");
    let prior = Step::given("enrollment before", Fraction::whole(prior_enrollment), Unit::Pupils);
    not_negative(&prior)?;
    let share = |percent: i64| -> Result<Step, AnbError> {
        Ok(Step::parameter("share", Fraction::new(percent.into(), 100)?, Unit::Number, cited.clone()))
    };
    let threshold = match rule {
        IncreaseRule::SixPercent => Step::of("threshold", Product, vec![share(6)?, prior], Unit::Pupils)?,
        IncreaseRule::LesserOf4PercentOr40 => {
            let four = Step::of("4% of the enrollment", Product, vec![share(4)?, prior], Unit::Pupils)?;
            let forty = Step::parameter("pupils", Fraction::whole(40), Unit::Pupils, cited.clone());
            Step::of("threshold", Minimum, vec![four, forty], Unit::Pupils)?
        }
    };
    let increase = Step::given("increase", Fraction::whole(increase), Unit::Pupils);
    above_threshold(choices, threshold.cite(cited), increase)
}

fn above_threshold(choices: &Interpretation, threshold: Step, increase: Step) -> Result<Increase, AnbError> {
    use Operation::{Choose, Difference, Greater};
    let greater = Step::of("exceeds", Greater, vec![increase.clone(), threshold.clone()], Unit::YesOrNo)?;
    let eligible = !greater.value().is_zero();
    let paid = match choices.increase_funding {
        IncreaseFunding::AboveThreshold => Step::of(
            "above the threshold",
            Difference,
            vec![increase.again(), threshold.again()],
            Unit::Pupils,
        )?,
        IncreaseFunding::WholeIncrease => increase.again(),
    };
    let cited = Citation::recall("pupils above the threshold, open question Q21");
    let none = Step::parameter("none", Fraction::ZERO, Unit::Pupils, cited.clone());
    let funded = Step::of("funded increase", Choose, vec![greater, paid, none], Unit::Pupils)?.cite(cited);
    Ok(Increase { threshold, eligible, funded })
}

/// An unanticipated increase during the year: enrollment of the year less that behind the budgeted ANB,
/// eligible when more than 40 pupils or 4%, whichever is less. ARM 10.20.105; ARM 10.20.103(2).
///
/// # Errors
/// When the rule is not in force for the year, or an enrollment is below zero.
pub fn unanticipated_increase(
    law: &Law,
    choices: &Interpretation,
    year: FiscalYear,
    current_enrollment: Step,
    enrollment_behind_budget: Step,
) -> Result<Increase, AnbError> {
    use Operation::{Difference, Minimum, Product};
    let row = law.timeline.row("unanticipated_increase")?;
    if !row.holds(year.end_year()) {
        return Err(AnbError::NotInForce {
            rule: "the unanticipated increase".into(),
            year: year.to_string(),
            span: row.span(),
        });
    }
    let cited = Citation::sourced("ARM 10.20.105; ARM 10.20.103(2)");
    not_negative(&current_enrollment)?;
    not_negative(&enrollment_behind_budget)?;
    let share = Step::parameter("share", Fraction::new(4, 100)?, Unit::Number, cited.clone());
    let forty = Step::parameter("pupils", Fraction::whole(40), Unit::Pupils, cited.clone());
    let four = vec![share, enrollment_behind_budget.clone()];
    let four = Step::of("4% of the enrollment behind the budget", Product, four, Unit::Pupils)?;
    let threshold = Step::of("threshold", Minimum, vec![four, forty], Unit::Pupils)?.cite(cited);
    let increase = vec![current_enrollment, enrollment_behind_budget.again()];
    let increase = Step::of("increase", Difference, increase, Unit::Pupils)?;
    above_threshold(choices, threshold, increase)
}

/// The most that a budget amendment may add: the budget less capital outlay and additions to reserves, for
/// each pupil of the year before, times the increase. MCA 20-9-165(2).
///
/// # Errors
/// When an amount is below zero, or there were no pupils the year before.
pub fn budget_amendment_ceiling(
    final_budget: Step,
    capital_outlay: Step,
    reserve_additions: Step,
    prior_pupils: Step,
    increase: Step,
) -> Result<Step, AnbError> {
    use Operation::{Difference, Product, Quotient, Sum};
    for part in [&final_budget, &capital_outlay, &reserve_additions, &prior_pupils, &increase] {
        not_negative(part)?;
    }
    let apart = Step::of("left out", Sum, vec![capital_outlay, reserve_additions], Unit::Dollars)?;
    let spent = Step::of("budget without them", Difference, vec![final_budget, apart], Unit::Dollars)?;
    not_negative(&spent)?;
    let each = Step::of("for each pupil", Quotient, vec![spent, prior_pupils], Unit::Dollars)?;
    let ceiling = Step::of("ceiling of the amendment", Product, vec![each, increase], Unit::Dollars)?;
    to_cent(ceiling.cite(Citation::sourced("MCA 20-9-165(2)")))
}

/// A significant enrollment increase as determined by the Superintendent of Public Instruction: its threshold
/// and formula were not found, so the amount is taken as given. 2023 HB 36; MCA 20-9-166; open question Q4.
///
/// # Errors
/// When it is not in force for the year, or the amount is below zero.
pub fn significant_increase(law: &Law, year: FiscalYear, determined: Step) -> Result<Step, AnbError> {
    let row = law.timeline.row("significant_enrollment_increase")?;
    if !row.holds(year.end_year()) {
        return Err(AnbError::NotInForce {
            rule: "the significant enrollment increase".into(),
            year: year.to_string(),
            span: row.span(),
        });
    }
    not_negative(&determined)?;
    Ok(determined.cite(row.citation()).note("as determined; not computed here"))
}

/// Pupils of the first year of a kindergarten: half (half-time) or all (full-time) of the resident children of
/// five on September 10 of the year before, through FY2025. MCA 20-9-313(1)(e); 2025 HB 24.
///
/// # Errors
/// When the rule is not in force for the year.
pub fn first_kindergarten_year(
    law: &Law,
    year: FiscalYear,
    resident_five_year_olds: u32,
    full_time: bool,
) -> Result<Step, AnbError> {
    let row = law.timeline.row("kindergarten_transition")?;
    if !row.holds(year.end_year()) {
        return Err(AnbError::NotInForce {
            rule: "the first year of a kindergarten".into(),
            year: year.to_string(),
            span: row.span(),
        });
    }
    let cited = Citation::recall("MCA 20-9-313(1)(e)");
    let children =
        Step::given("resident children of five", Fraction::from(resident_five_year_olds), Unit::Pupils);
    let weight = if full_time { Fraction::ONE } else { Fraction::HALF };
    let weight = Step::parameter("weight", weight, Unit::Number, cited.clone());
    let label = "pupils of the first kindergarten year";
    Ok(Step::of(label, Operation::Product, vec![children, weight], Unit::Pupils)?.cite(cited))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year(year: i32) -> FiscalYear {
        FiscalYear::ending(year).unwrap()
    }

    fn pupils(number: i64) -> Step {
        Step::given("pupils", Fraction::whole(number), Unit::Pupils)
    }

    #[test]
    fn each_year_has_its_rule_or_none() {
        let law = Law::embedded().unwrap();
        let rule = |of_year| IncreaseRule::in_force(&law, year(of_year)).unwrap();
        assert_eq!(rule(2013), Some(IncreaseRule::SixPercent));
        assert_eq!(rule(2014), Some(IncreaseRule::LesserOf4PercentOr40));
        assert_eq!(rule(2021), Some(IncreaseRule::LesserOf4PercentOr40));
        assert_eq!(rule(2022), None);
        assert_eq!(rule(2026), None);
    }

    #[test]
    fn thresholds_are_exact_and_must_be_exceeded() {
        let check = |rule, prior, increase| {
            let found = unusual_increase(&Interpretation::default(), rule, prior, increase).unwrap();
            (found.threshold.value().to_string(), found.eligible, found.funded.value().to_string())
        };
        let lesser = IncreaseRule::LesserOf4PercentOr40;
        let row =
            |threshold: &str, eligible, funded: &str| (threshold.to_owned(), eligible, funded.to_owned());
        assert_eq!(check(lesser, 999, 39), row("999/25", false, "0"));
        assert_eq!(check(lesser, 999, 40), row("999/25", true, "1/25"));
        assert_eq!(check(lesser, 1001, 40), row("40", false, "0"));
        assert_eq!(check(IncreaseRule::SixPercent, 50, 3), row("3", false, "0"));
        assert_eq!(check(IncreaseRule::SixPercent, 50, 4), row("3", true, "1"));
        assert_eq!(check(lesser, 100, -5), row("4", false, "0"));
        assert!(unusual_increase(&Interpretation::default(), lesser, -1, 5).is_err());
    }

    #[test]
    fn unanticipated_increases_ended_with_fy2023() {
        let law = Law::embedded().unwrap();
        let default = Interpretation::default();
        let eligible = |of_year, current, before| {
            unanticipated_increase(&law, &default, year(of_year), pupils(current), pupils(before))
                .map(|i| i.eligible)
        };
        assert!(!eligible(2023, 104, 100).unwrap() && eligible(2023, 105, 100).unwrap());
        assert!(!eligible(2023, 2040, 2000).unwrap() && eligible(2023, 2041, 2000).unwrap());
        assert!(eligible(2024, 200, 100).is_err());
    }

    #[test]
    fn the_amendment_ceiling_is_per_pupil_times_the_increase() {
        let money = |amount: i64| Step::given("amount", Fraction::whole(amount), Unit::Dollars);
        let ceiling = budget_amendment_ceiling(money(1100), money(60), money(40), pupils(100), pupils(3));
        assert_eq!(ceiling.unwrap().money().unwrap().to_string(), "30.00");
        assert!(budget_amendment_ceiling(money(1), money(0), money(0), pupils(0), pupils(1)).is_err());
    }

    #[test]
    fn the_significant_increase_is_taken_as_determined_from_fy2024() {
        let law = Law::embedded().unwrap();
        let amount = || Step::given("significant increase", Fraction::whole(5000), Unit::Dollars);
        assert!(significant_increase(&law, year(2023), amount()).is_err());
        assert_eq!(significant_increase(&law, year(2024), amount()).unwrap().value(), Fraction::whole(5000));
    }

    #[test]
    fn the_first_kindergarten_year_counted_five_year_olds_through_fy2025() {
        let law = Law::embedded().unwrap();
        let half = first_kindergarten_year(&law, year(2025), 21, false).unwrap();
        assert_eq!(half.value().to_string(), "21/2");
        assert_eq!(first_kindergarten_year(&law, year(2025), 21, true).unwrap().value(), Fraction::whole(21));
        assert!(first_kindergarten_year(&law, year(2026), 21, true).is_err());
    }
}

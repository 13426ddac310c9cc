//! The increases of enrollment that a district of a case applies or petitions for, held against the rule of the year.

use crate::{
    AnbError, Explained, Fraction, IncreaseRule, Interpretation, Law, Level, Money, Step, Unit,
    budget_amendment_ceiling, unanticipated_increase, unusual_increase,
};
use opi_dictionary::FiscalYear;
use serde::{Deserialize, Serialize};

/// An increase of enrollment at one level of a district.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
#[non_exhaustive]
pub enum EnrollmentIncrease {
    /// An unusual increase foreseen for the budget year, through FY2021. ARM 10.20.104(1); MCA 20-9-314.
    Anticipated {
        /// The level; each applies by itself.
        level: Level,
        /// Pupils of the year before.
        prior_enrollment: u32,
        /// How many more are foreseen.
        increase: i64,
    },
    /// An increase during the year, for FY2014 to FY2023. ARM 10.20.105; ARM 10.20.103(2).
    Unanticipated {
        /// The level.
        level: Level,
        /// Enrollment of the fall or the spring count of the year. A half-time kindergarten pupil of 90 full days in
        /// one semester may count as one. ARM 10.20.105(1)(a).
        current_enrollment: Fraction,
        /// Adjusted average enrollment behind the budgeted ANB.
        enrollment_behind_budget: Fraction,
        /// The budget to be amended.
        #[serde(default)]
        budget: Option<AmendedBudget>,
    },
}

/// The budget that an amendment would add to. MCA 20-9-165(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AmendedBudget {
    /// The final budget of the year.
    pub final_budget: Money,
    /// Capital outlay in it.
    pub capital_outlay: Money,
    /// Additions to reserves in it.
    pub reserve_additions: Money,
    /// Pupils of the year before.
    pub prior_pupils: Fraction,
}

/// An increase held against its threshold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct IncreaseResult {
    /// The level.
    pub level: Level,
    /// `anticipated` or `unanticipated`.
    pub kind: &'static str,
    /// The increase that must be exceeded, exact.
    pub threshold: Explained<Fraction>,
    /// Whether it is exceeded; equal is not enough.
    pub eligible: bool,
    /// The pupils that are funded. They enter ANB once the application is approved: `approved_increase` of a unit.
    pub funded: Explained<Fraction>,
    /// The most that an amendment may add, where the increase is eligible and its budget is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amendment_ceiling: Option<Explained<Money>>,
}

impl IncreaseResult {
    /// Its figures by name.
    pub(crate) fn figures(&self) -> impl Iterator<Item = (String, String)> {
        let named = |what: &str| format!("{what} of {} ({})", self.level.word(), self.kind);
        let ceiling = self.amendment_ceiling.as_ref();
        let ceiling = ceiling.map(|ceiling| (named("amendment_ceiling"), ceiling.value.to_string()));
        [(named("funded_increase"), self.funded.value.to_string())].into_iter().chain(ceiling)
    }

    /// It in one line.
    pub(crate) fn to_line(&self) -> String {
        let (level, kind, threshold) = (self.level.word(), self.kind, self.threshold.value);
        let above = if self.eligible { "exceeds" } else { "does not exceed" };
        let funded = self.funded.value;
        let ceiling = self.amendment_ceiling.as_ref();
        let ceiling =
            ceiling.map_or_else(String::new, |ceiling| format!("; amendment of at most {}", ceiling.value));
        format!("{level}: {kind} increase {above} {threshold} pupils; {funded} funded{ceiling}")
    }
}

/// Holds the increases of a district against the rules of the year.
pub(crate) fn increase_results(
    law: &Law,
    choices: &Interpretation,
    year: FiscalYear,
    increases: &[EnrollmentIncrease],
) -> Result<Vec<IncreaseResult>, AnbError> {
    increases.iter().map(|increase| result_of(law, choices, year, increase)).collect()
}

fn result_of(
    law: &Law,
    choices: &Interpretation,
    year: FiscalYear,
    increase: &EnrollmentIncrease,
) -> Result<IncreaseResult, AnbError> {
    let (level, kind, found, amendment_ceiling) = match increase {
        EnrollmentIncrease::Anticipated { level, prior_enrollment, increase } => {
            let rule = IncreaseRule::in_force(law, year)?.ok_or(AnbError::NotInForce {
                rule: "an anticipated unusual increase".into(),
                year: year.to_string(),
                span: law.timeline.row("increase_lesser_of_4_percent_or_40")?.span(),
            })?;
            let found = unusual_increase(choices, rule, (*prior_enrollment).into(), *increase)?;
            (*level, "anticipated", found, None)
        }
        EnrollmentIncrease::Unanticipated { level, current_enrollment, enrollment_behind_budget, budget } => {
            let pupils = |label, number| Step::given(label, number, Unit::Pupils);
            let current = pupils("enrollment of the year", *current_enrollment);
            let behind = pupils("enrollment behind the budgeted ANB", *enrollment_behind_budget);
            let found = unanticipated_increase(law, choices, year, current, behind)?;
            let more = current_enrollment.minus(*enrollment_behind_budget)?;
            let ceiling = match budget.filter(|_| found.eligible) {
                Some(budget) => Some(ceiling_of(&budget, pupils("increase", more))?),
                None => None,
            };
            (*level, "unanticipated", found, ceiling)
        }
    };
    Ok(IncreaseResult {
        level,
        kind,
        threshold: found.threshold.into(),
        eligible: found.eligible,
        funded: found.funded.into(),
        amendment_ceiling,
    })
}

fn ceiling_of(budget: &AmendedBudget, increase: Step) -> Result<Explained<Money>, AnbError> {
    let dollars =
        |label, amount: Money| Ok::<_, AnbError>(Step::given(label, amount.to_fraction()?, Unit::Dollars));
    Explained::money(budget_amendment_ceiling(
        dollars("final budget", budget.final_budget)?,
        dollars("capital outlay", budget.capital_outlay)?,
        dollars("additions to reserves", budget.reserve_additions)?,
        Step::given("pupils of the year before", budget.prior_pupils, Unit::Pupils),
        increase,
    )?)
}

//! The decision on every pupil of a district: districts contest counts pupil by pupil.

use crate::{AnbError, CountPeriod, Decision, District, Fraction, Interpretation, Law, PupilRules, Reason};
use opi_dictionary::{Citation, FiscalYear, LocalId};
use serde::Serialize;

/// The decision on one pupil of one count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct PupilDecision {
    /// The budget unit.
    pub unit: String,
    /// The count.
    pub count: CountPeriod,
    /// The place of the pupil in the count, 1 for the first.
    pub place: usize,
    /// The key of the pupil, where one was given; redacted in `Debug`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<LocalId>,
    /// The weight.
    pub weight: Fraction,
    /// The reason.
    pub reason: Reason,
    /// The reason in words.
    pub text: &'static str,
    /// The article of the reason.
    pub citation: Citation,
}

/// The decisions on all pupils of both counts that fund a fiscal year, in the order of units and counts.
///
/// # Errors
/// When a pupil cannot be judged; the error names the unit, the count and the place.
pub fn pupil_decisions(
    law: &Law,
    choices: &Interpretation,
    year: FiscalYear,
    district: &District,
) -> Result<Vec<PupilDecision>, AnbError> {
    let counts_of = Law::counts_funding(year)?;
    let mut decisions = Vec::new();
    for period in [CountPeriod::Fall, CountPeriod::Spring] {
        let rules = PupilRules::of_count(law, choices, counts_of, period)?.in_district(period, district)?;
        for unit in &district.units {
            for (place, pupil) in unit.count(period).iter().flat_map(|count| &count.pupils).enumerate() {
                let Decision { weight, reason } = rules.judge(pupil).map_err(|error| {
                    let at = format!("district {}, unit {}", district.district, unit.unit);
                    AnbError::case(at, format!("{} count, pupil {}: {error}", period.word(), place + 1))
                })?;
                decisions.push(PupilDecision {
                    unit: unit.unit.clone(),
                    count: period,
                    place: place + 1,
                    key: pupil.key.clone(),
                    weight,
                    reason,
                    text: reason.text(),
                    citation: reason.citation(),
                });
            }
        }
    }
    Ok(decisions)
}

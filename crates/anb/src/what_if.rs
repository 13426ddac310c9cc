//! What would be otherwise: changed counts, days, units, rates and choices.

use crate::{
    Alternatives, AnbError, Case, Closed, Count, CountPeriod, Difference, District, DistrictResult, Fraction,
    Interpretation, Law, Step, compute_district,
};
use opi_dictionary::FiscalYear;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// A change to a district or to the law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "change", deny_unknown_fields)]
#[non_exhaustive]
pub enum Change {
    /// Full-time pupils more (or fewer, when below zero) in a unit, in one count or in both.
    Pupils {
        /// The unit.
        unit: String,
        /// The count; both when absent.
        #[serde(default)]
        count: Option<CountPeriod>,
        /// How many.
        pupils: Fraction,
    },
    /// Other pupil-instruction-related days for the budget year.
    PirDays {
        /// The days.
        days: u32,
    },
    /// A unit closes and its pupils join another.
    Close {
        /// The unit.
        unit: String,
        /// The unit that they join.
        joins: String,
    },
    /// Another figure of the law for the year.
    Rate {
        /// The row of the table.
        entitlement: String,
        /// The figure supposed; a share as a number (0.447).
        amount: Fraction,
    },
    /// Another choice where the law leaves one open.
    Choices {
        /// The choices.
        interpretation: Interpretation,
    },
}

impl Change {
    /// The unit that it changes, where it is of one.
    fn unit(&self) -> Option<&str> {
        match self {
            Change::Pupils { unit, .. } | Change::Close { unit, .. } => Some(unit),
            Change::PirDays { .. } | Change::Rate { .. } | Change::Choices { .. } => None,
        }
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Change::Pupils { unit, count, pupils } => {
                let count =
                    count.map_or("both counts".to_owned(), |count| format!("the {} count", count.word()));
                match pupils.is_negative() {
                    true => write!(f, "{} pupils fewer in {unit}, in {count}", pupils.magnitude()),
                    false => write!(f, "{pupils} pupils more in {unit}, in {count}"),
                }
            }
            Change::PirDays { days } => write!(f, "{days} PIR days"),
            Change::Close { unit, joins } => write!(f, "{unit} closes, its pupils join {joins}"),
            Change::Rate { entitlement, amount } => write!(f, "{entitlement} is {amount}"),
            Change::Choices { interpretation } => {
                let words: Vec<String> = interpretation
                    .differences()
                    .iter()
                    .map(|(question, field, word)| format!("{question} {field} = {word}"))
                    .collect();
                write!(
                    f,
                    "choices: {}",
                    if words.is_empty() { "the defaults".into() } else { words.join(", ") }
                )
            }
        }
    }
}

/// The changes of a TOML text with a list `[[changes]]`.
///
/// ```
/// use opi_anb::{Change, changes_from_toml};
/// let changes = changes_from_toml("[[changes]]\nchange = \"pir_days\"\ndays = 3\n")?;
/// assert_eq!(changes, [Change::PirDays { days: 3 }]);
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
///
/// # Errors
/// When the text is no TOML, a key is unknown, or a value is not of its kind.
pub fn changes_from_toml(text: &str) -> Result<Vec<Change>, AnbError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Changes {
        changes: Vec<Change>,
    }
    let read: Result<Changes, _> = toml::from_str(text);
    read.map(|file| file.changes).map_err(|error| AnbError::Document {
        what: "the changes".into(),
        problem: crate::message::shown(&error.to_string()),
    })
}

/// A district before and after changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct WhatIf {
    /// The changes in words.
    pub changes: Vec<String>,
    /// Each figure that differs, before and after.
    pub differences: Vec<Difference>,
    /// The inputs and parameters of the steps that differ, before and after: why the figures do.
    pub reasons: Vec<Difference>,
    /// The district before.
    pub before: DistrictResult,
    /// The district after.
    pub after: DistrictResult,
}

impl WhatIf {
    /// The difference as text, with its reasons.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("District {}, {}\n", self.before.district, self.before.fiscal_year);
        for change in &self.changes {
            let _ = writeln!(text, "  change: {change}");
        }
        for (title, list) in [("because", &self.reasons), ("so that", &self.differences)] {
            let _ = writeln!(text, "  {title}");
            for difference in list {
                let Difference { figure, value, other } = difference;
                let _ = writeln!(text, "    {figure}: {value} -> {other}");
            }
        }
        text
    }
}

/// Computes a district with changes and tells what differs and why.
///
/// # Errors
/// When the district cannot be computed before or after, or a change names what does not exist.
pub fn what_if(
    law: &Law,
    choices: &Interpretation,
    year: FiscalYear,
    district: &District,
    changes: &[Change],
) -> Result<WhatIf, AnbError> {
    let before = compute_district(law, choices, year, district, Alternatives::Skipped)?;
    let (mut law, mut choices, mut district) = (law.clone(), *choices, district.clone());
    for change in changes {
        apply(change, &mut law, &mut choices, year, &mut district)?;
    }
    let after = compute_district(&law, &choices, year, &district, Alternatives::Skipped)?;
    let mut reasons = Vec::new();
    for (old, new) in trees(&before).into_iter().zip(trees(&after)) {
        leaves_that_differ(old, new, &mut reasons);
    }
    Ok(WhatIf {
        changes: changes.iter().map(ToString::to_string).collect(),
        differences: before.differences(&after),
        reasons,
        before,
        after,
    })
}

/// Computes every district of a case with changes. A change of a unit is one of the districts that have the unit.
///
/// # Errors
/// As [`what_if`]; a unit that no district has is an error too.
pub fn what_if_case(law: &Law, case: &Case, changes: &[Change]) -> Result<Vec<WhatIf>, AnbError> {
    let has = |district: &District, change: &Change| {
        change.unit().is_none_or(|unit| district.units.iter().any(|known| known.unit == unit))
    };
    if let Some(unit) = changes
        .iter()
        .find(|change| !case.districts.iter().any(|district| has(district, change)))
        .and_then(Change::unit)
    {
        return Err(AnbError::case("the changes", format!("no district has a unit {unit:?}")));
    }
    let of = |district: &District| {
        let own: Vec<Change> = changes.iter().filter(|change| has(district, change)).cloned().collect();
        what_if(law, &case.interpretation, case.fiscal_year, district, &own)
    };
    case.districts.iter().map(of).collect()
}

fn apply(
    change: &Change,
    law: &mut Law,
    choices: &mut Interpretation,
    year: FiscalYear,
    district: &mut District,
) -> Result<(), AnbError> {
    let place = format!("district {}", district.district);
    let unknown = |unit: &str| AnbError::case(place.clone(), format!("there is no unit {unit:?} to change"));
    match change {
        Change::Pupils { unit, count, pupils } => {
            let found = district.units.iter_mut().find(|known| known.unit == *unit);
            let found = found.ok_or_else(|| unknown(unit))?;
            if *count == Some(CountPeriod::Winter) {
                return Err(AnbError::case(place, "the winter count is never averaged"));
            }
            for (period, own) in
                [(CountPeriod::Fall, &mut found.october), (CountPeriod::Spring, &mut found.february)]
            {
                if count.is_none_or(|count| count == period) {
                    let own = own.get_or_insert_with(Count::default);
                    own.adjusted = Some(own.adjusted.unwrap_or(Fraction::ZERO).plus(*pupils)?);
                }
            }
        }
        Change::PirDays { days } => district.pir_days = Some(*days),
        Change::Close { unit, joins } => {
            let found = district.units.iter_mut().find(|known| known.unit == *unit);
            found.ok_or_else(|| unknown(unit))?.closed = Some(Closed { joins: joins.clone(), year: 1 });
        }
        Change::Rate { entitlement, amount } => {
            law.figures = law.figures.with_figure(entitlement, year, *amount)?;
        }
        Change::Choices { interpretation } => *choices = *interpretation,
    }
    Ok(())
}

fn trees(result: &DistrictResult) -> Vec<&Step> {
    let units = result.units.iter().map(|unit| &unit.anb_current.steps);
    units.chain(result.amounts.iter().map(|amount| &amount.amount.steps)).collect()
}

/// Walks two trees together and lists the leaves that differ; where the trees differ in form, the step itself.
fn leaves_that_differ(old: &Step, new: &Step, found: &mut Vec<Difference>) {
    let same_form = old.operation() == new.operation() && old.operands().len() == new.operands().len();
    if same_form && !old.operands().is_empty() {
        for (old, new) in old.operands().iter().zip(new.operands()) {
            leaves_that_differ(old, new, found);
        }
        return;
    }
    let shown = old.operation() == crate::Operation::Shown && new.operation() == crate::Operation::Shown;
    if old.value() != new.value() && !shown {
        let difference = Difference {
            figure: old.label().to_owned(),
            value: old.value().to_string(),
            other: new.value().to_string(),
        };
        if !found.contains(&difference) {
            found.push(difference);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case() -> Case {
        Case::from_toml(
            r#"
            fiscal_year = "FY2026"
            [[districts]]
            district = "0123"
            pir_days = 7
            [[districts.units]]
            unit = "Town"
            program = "elementary"
            october = { adjusted = "150" }
            february = { adjusted = "166" }
            [[districts.units]]
            unit = "Creek"
            program = "elementary"
            separate = "far_from_town"
            october = { adjusted = "12" }
            february = { adjusted = "12" }
            "#,
        )
        .unwrap()
    }

    fn changed(changes: &[Change]) -> WhatIf {
        let case = case();
        let law = Law::embedded().unwrap();
        what_if(&law, &case.interpretation, case.fiscal_year, &case.districts[0], changes).unwrap()
    }

    #[test]
    fn closing_a_unit_costs_its_basic_entitlement() {
        let closing = changed(&[Change::Close { unit: "Creek".into(), joins: "Town".into() }]);
        let basic = closing.differences.iter().find(|d| d.figure == "basic_entitlements").unwrap();
        assert_eq!((basic.value.as_str(), basic.other.as_str()), ("121464.00", "60732.00"));
        assert_eq!(closing.after.units[0].anb_current.value, Fraction::whole(177));
        assert_eq!(closing.changes, ["Creek closes, its pupils join Town"]);
    }

    #[test]
    fn the_reasons_are_the_inputs_that_differ() {
        let days = changed(&[Change::PirDays { days: 3 }]);
        insta::assert_debug_snapshot!(days.reasons.first().unwrap(), @r#"
        Difference {
            figure: "PIR days approved for the budget year",
            value: "7",
            other: "3",
        }
        "#);
        let rate = changed(&[Change::Rate {
            entitlement: "direct_state_aid_share".into(),
            amount: "0.5".parse().unwrap(),
        }]);
        assert!(rate.reasons.iter().any(|reason| reason.figure == "direct state aid share FY2026"));
        assert!(rate.differences.iter().all(|difference| !difference.figure.starts_with("anb")));
    }

    #[test]
    fn a_change_of_a_unit_is_of_the_district_that_has_it() {
        let mut case = case();
        let mut other = case.districts[0].clone();
        other.district = "0124".parse().unwrap();
        other.units.truncate(1);
        case.districts.push(other);
        let law = Law::embedded().unwrap();
        let closing = Change::Close { unit: "Creek".into(), joins: "Town".into() };
        let found = what_if_case(&law, &case, std::slice::from_ref(&closing)).unwrap();
        let changed: Vec<usize> = found.iter().map(|found| found.changes.len()).collect();
        assert_eq!(changed, [1, 0]);
        case.districts.remove(0);
        let none = what_if_case(&law, &case, &[closing]).unwrap_err();
        insta::assert_snapshot!(none, @r#"the changes: no district has a unit "Creek""#);
    }

    #[test]
    fn pupils_in_one_count_or_both() {
        let pupils = |count| Change::Pupils { unit: "Town".into(), count, pupils: Fraction::whole(2) };
        let both = changed(&[pupils(None)]);
        assert_eq!(both.after.units[0].anb_current.value, Fraction::whole(167));
        let spring = changed(&[pupils(Some(CountPeriod::Spring))]);
        assert_eq!(spring.after.units[0].anb_current.value, Fraction::whole(166));
        let case = case();
        let law = Law::embedded().unwrap();
        let unknown = Change::Pupils { unit: "Nowhere".into(), count: None, pupils: Fraction::ONE };
        let error = what_if(&law, &case.interpretation, case.fiscal_year, &case.districts[0], &[unknown]);
        insta::assert_snapshot!(error.unwrap_err(), @r#"district 0123: there is no unit "Nowhere" to change"#);
    }
}

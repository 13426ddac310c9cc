//! Next year's ANB while a spring count is still open: between bounds.

use crate::{
    Alternatives, AnbError, AnbRounding, Case, Count, CountPeriod, Difference, District, DistrictResult,
    Fraction, Interpretation, Law, PupilRules, Step, Tally, Unit, compute_district, count_to_anb, round_anb,
};
use opi_dictionary::FiscalYear;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// What is known of a spring count that is still open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SpringBounds {
    /// Bounds of the adjusted February enrollment itself.
    Between {
        /// At least.
        least: Fraction,
        /// At most.
        greatest: Fraction,
    },
    /// Adjusted October and February enrollment of earlier years: the spring count stands to the fall count
    /// as in the year in which it fell most, and in which it rose most.
    History(Vec<(Fraction, Fraction)>),
}

impl SpringBounds {
    /// The bounds of the spring count after an October count.
    ///
    /// # Errors
    /// When there is no history, or a bound is absurd.
    pub fn of(&self, october: Fraction) -> Result<(Fraction, Fraction), AnbError> {
        let (least, greatest) = match self {
            SpringBounds::Between { least, greatest } => (*least, *greatest),
            SpringBounds::History(years) => {
                let mut ratios = Vec::with_capacity(years.len());
                for (fall, spring) in years {
                    ratios.push(spring.over(*fall)?);
                }
                let none = || AnbError::range("years of history", "none", "at least one");
                let least = ratios.iter().min().ok_or_else(none)?.times(october)?;
                (least, ratios.iter().max().ok_or_else(none)?.times(october)?)
            }
        };
        if least.is_negative() || greatest < least {
            return Err(AnbError::range(
                "bounds of the spring count",
                format!("{least} to {greatest}"),
                "zero or more, in order",
            ));
        }
        Ok((least, greatest))
    }
}

/// ANB of the year after, between the bounds of a spring count that is still open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Forecast {
    /// ANB when the spring count is at its least.
    pub least: Step,
    /// ANB when it is at its greatest.
    pub greatest: Step,
}

/// Forecasts ANB from an October count with the spring count open.
///
/// ```
/// use opi_anb::{Fraction, Interpretation, SpringBounds, Step, Unit, forecast_anb};
/// let spring = SpringBounds::Between { least: Fraction::whole(150), greatest: Fraction::whole(166) };
/// let days = Step::given("PIR days", Fraction::whole(7), Unit::Days);
/// let forecast = forecast_anb(&Interpretation::default(), Fraction::whole(150), &spring, days)?;
/// assert_eq!(forecast.least.value(), Fraction::whole(156));
/// assert_eq!(forecast.greatest.value(), Fraction::whole(165));
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
///
/// # Errors
/// When a count or a bound is absurd.
pub fn forecast_anb(
    choices: &Interpretation,
    october: Fraction,
    spring: &SpringBounds,
    pir_approved: Step,
) -> Result<Forecast, AnbError> {
    let (least, greatest) = spring.of(october)?;
    let rounding: AnbRounding = choices.anb_rounding;
    let anb = |february: Fraction, note: &'static str| {
        let october = Step::given("October", october, Unit::Pupils);
        let february = Step::given("February", february, Unit::Pupils).note(note);
        round_anb(count_to_anb(october, february, pir_approved.clone())?.exact, rounding, "ANB")
    };
    Ok(Forecast {
        least: anb(least, "not yet counted: at least")?,
        greatest: anb(greatest, "not yet counted: at most")?,
    })
}

/// A district between the bounds of its spring counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct DistrictForecast {
    /// The district with every spring count at its least.
    pub least: DistrictResult,
    /// The district with every spring count at its greatest.
    pub greatest: DistrictResult,
    /// The figures that depend on the spring counts: least and greatest.
    pub open: Vec<Difference>,
}

/// Forecasts a district whose spring counts are open: each unit with its bounds, in the order of the units.
/// A unit that has its spring count keeps it.
///
/// # Errors
/// When the district cannot be computed, or a unit without a spring count has no bounds.
pub fn forecast_district(
    law: &Law,
    choices: &Interpretation,
    year: FiscalYear,
    district: &District,
    spring: &[(String, SpringBounds)],
) -> Result<DistrictForecast, AnbError> {
    let (mut least, mut greatest) = (district.clone(), district.clone());
    for (low, high) in least.units.iter_mut().zip(&mut greatest.units) {
        if low.february.is_some() || low.october.is_none() {
            continue;
        }
        let bounds = spring.iter().find(|(unit, _)| *unit == low.unit).map(|(_, bounds)| bounds);
        let bounds = bounds.ok_or_else(|| {
            let place = format!("district {}, unit {}", district.district, low.unit);
            AnbError::case(place, "the spring count is open and no bounds are given for it")
        })?;
        let (at_least, at_most) = bounds.of(october_of(law, choices, year, district, low)?)?;
        low.february = Some(Count { adjusted: Some(at_least), ..Count::default() });
        high.february = Some(Count { adjusted: Some(at_most), ..Count::default() });
    }
    let least = compute_district(law, choices, year, &least, Alternatives::Skipped)?;
    let greatest = compute_district(law, choices, year, &greatest, Alternatives::Skipped)?;
    Ok(DistrictForecast { open: least.differences(&greatest), least, greatest })
}

fn october_of(
    law: &Law,
    choices: &Interpretation,
    year: FiscalYear,
    district: &District,
    unit: &crate::BudgetUnit,
) -> Result<Fraction, AnbError> {
    let counts_of = Law::counts_funding(year)?;
    let fall = CountPeriod::Fall;
    let rules = PupilRules::of_count(law, choices, counts_of, fall)?.in_district(fall, district)?;
    let none = Count::default();
    let count = unit.october.as_ref().unwrap_or(&none);
    Ok(Tally::of(count, &rules, choices)?.adjusted("October")?.value())
}

/// Bounds of the spring counts of one unit, or of every unit without bounds of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenCount {
    /// The unit; absent for every one that is not named.
    #[serde(default)]
    pub unit: Option<String>,
    /// The bounds.
    pub spring: SpringBounds,
}

/// The bounds of a TOML text with a list `[[open]]`.
///
/// ```
/// use opi_anb::open_counts_from_toml;
/// let open = open_counts_from_toml("[[open]]\nspring = { history = [[\"150\", \"148\"], [\"152\", \"153\"]] }\n")?;
/// assert_eq!(open[0].unit, None);
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
///
/// # Errors
/// When the text is no TOML, a key is unknown, or a value is not of its kind.
pub fn open_counts_from_toml(text: &str) -> Result<Vec<OpenCount>, AnbError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Open {
        open: Vec<OpenCount>,
    }
    let read: Result<Open, _> = toml::from_str(text);
    read.map(|file| file.open).map_err(|error| AnbError::Document {
        what: "the open counts".into(),
        problem: crate::message::shown(&error.to_string()),
    })
}

/// Forecasts every district of a case whose spring counts are open.
///
/// # Errors
/// As [`forecast_district`]; a unit that no district has is an error too, and one that stands twice.
pub fn forecast_case(law: &Law, case: &Case, open: &[OpenCount]) -> Result<Vec<DistrictForecast>, AnbError> {
    let wrong = |problem: String| Err(AnbError::case("the open counts", problem));
    for (place, count) in open.iter().enumerate() {
        let named = count.unit.as_deref().unwrap_or("every other unit");
        if open.iter().take(place).any(|earlier| earlier.unit == count.unit) {
            return wrong(format!("{named} stands twice"));
        }
        let mut units = case.districts.iter().flat_map(|district| &district.units);
        if count.unit.is_some() && !units.any(|unit| unit.unit == named) {
            return wrong(format!("no district has a unit {named:?}"));
        }
    }
    let bounds = |unit: &str| {
        let own = open.iter().find(|count| count.unit.as_deref() == Some(unit));
        own.or_else(|| open.iter().find(|count| count.unit.is_none())).map(|count| count.spring.clone())
    };
    let of = |district: &District| {
        let units = district.units.iter().filter_map(|unit| Some((unit.unit.clone(), bounds(&unit.unit)?)));
        let units: Vec<_> = units.collect();
        forecast_district(law, &case.interpretation, case.fiscal_year, district, &units)
    };
    case.districts.iter().map(of).collect()
}

impl DistrictForecast {
    /// The figures that are open as text, least and greatest.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("District {}, {}\n", self.least.district, self.least.fiscal_year);
        if self.open.is_empty() {
            text.push_str("  nothing is open\n");
        }
        for Difference { figure, value, other } in &self.open {
            let _ = writeln!(text, "  {figure}: {value} to {other}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case() -> Case {
        let text = r#"
            fiscal_year = "FY2026"
            [[districts]]
            district = "0123"
            pir_days = 7
            [[districts.units]]
            unit = "Town"
            program = "elementary"
            october = { adjusted = "150" }
            [[districts.units]]
            unit = "Creek"
            program = "elementary"
            separate = "far_from_town"
            october = { adjusted = "12" }
            february = { adjusted = "12" }
            "#;
        Case::from_toml(text).unwrap()
    }

    #[test]
    fn a_forecast_lies_between_its_bounds() {
        let law = Law::embedded().unwrap();
        let open = open_counts_from_toml("[[open]]\nspring.history = [[100, 98], [100, 104]]").unwrap();
        let forecast = forecast_case(&law, &case(), &open).unwrap().remove(0);
        assert_eq!(forecast.least.units[0].anb_current.value, Fraction::whole(155));
        assert_eq!(forecast.greatest.units[0].anb_current.value, Fraction::whole(159));
        assert_eq!(forecast.least.units[1], forecast.greatest.units[1]);
        assert!(forecast.to_text().contains("\n  anb_current of Town: 155 to 159\n"));
        assert!(forecast.open.iter().any(|difference| difference.figure == "direct_state_aid"));
    }

    #[test]
    fn what_is_open_needs_bounds_once_and_of_a_unit_there_is() {
        let law = Law::embedded().unwrap();
        let error = |text: &str| {
            let open = open_counts_from_toml(text)?;
            forecast_case(&law, &case(), &open).map(|_| ())
        };
        let problem = |text: &str| error(text).unwrap_err().to_string();
        insta::assert_snapshot!(problem("open = []"), @"district 0123, unit Town: the spring count is open and no bounds are given for it");
        insta::assert_snapshot!(problem("[[open]]\nspring.history = []"), @"years of history: found none, expected at least one");
        insta::assert_snapshot!(problem("[[open]]\nspring.between = { least = 9, greatest = 8 }"), @"bounds of the spring count: found 9 to 8, expected zero or more, in order");
        let bounds = "spring.between = { least = 1, greatest = 2 }";
        insta::assert_snapshot!(problem(&format!("[[open]]\nunit = \"Hill\"\n{bounds}")), @r#"the open counts: no district has a unit "Hill""#);
        insta::assert_snapshot!(problem(&format!("[[open]]\n{bounds}\n[[open]]\n{bounds}")), @"the open counts: every other unit stands twice");
        assert!(error(&format!("[[open]]\nunit = \"Town\"\n{bounds}")).is_ok());
    }
}

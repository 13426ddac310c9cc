//! A district from its counts to its budget limits, with every step, and what other choices would have given.

use crate::concerns::Concerns;
use crate::funding::{Amounts, fund};
use crate::increases::{IncreaseResult, increase_results};
use crate::tally::TallyRow;
use crate::units::{CountRules, Tallied, UnitAnbs, tally_units, units_to_anb};
use crate::{AnbError, BudgetProgram, Case, District, Explained, Fraction, Interpretation, Law, Money};
use opi_dictionary::{DistrictNumber, FiscalYear, LegalEntityNumber, Standing};
use serde::{Deserialize, Serialize};

/// Which ANB a program is budgeted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnbUsed {
    /// The ANB of the counts of the year before.
    CurrentYear,
    /// The average of three years.
    ThreeYear,
}

impl AnbUsed {
    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            AnbUsed::CurrentYear => "current_year",
            AnbUsed::ThreeYear => "three_year",
        }
    }
}

/// The program that makes its choice by itself: elementary with its 7-8, or high school.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The elementary units and the accredited 7-8 units together.
    Elementary,
    /// The high school units.
    HighSchool,
}

impl Level {
    /// Both, in the order of reports.
    pub const ALL: [Level; 2] = [Level::Elementary, Level::HighSchool];

    /// The level of a program.
    #[must_use]
    pub const fn of(program: BudgetProgram) -> Self {
        match program {
            BudgetProgram::Elementary | BudgetProgram::Accredited7To8 => Level::Elementary,
            BudgetProgram::HighSchool => Level::HighSchool,
        }
    }

    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Level::Elementary => "elementary",
            Level::HighSchool => "high_school",
        }
    }
}

/// One budget unit of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct UnitResult {
    /// The name.
    pub unit: String,
    /// The program.
    pub program: BudgetProgram,
    /// The October count by reason and weight.
    pub october: Vec<TallyRow>,
    /// The February count by reason and weight.
    pub february: Vec<TallyRow>,
    /// ANB of the budget year, with its steps.
    pub anb_current: Explained<Fraction>,
    /// The average of three years, with its steps; absent where there is no such option.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anb_three_year: Option<Explained<Fraction>>,
    /// The ANB that the unit is budgeted on.
    pub anb_budgeted: Fraction,
}

/// The choice of one level between current and three-year ANB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct LevelResult {
    /// The level.
    pub level: Level,
    /// What is compared, with current-year ANB.
    pub with_current_year: Money,
    /// The same with three-year ANB; absent where there is no such option.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_three_year: Option<Money>,
    /// The ANB used.
    pub used: AnbUsed,
}

/// An amount of a district with its steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Amount {
    /// The name, such as `direct_state_aid`.
    pub name: &'static str,
    /// How firm it is: the weakest standing of its steps.
    pub standing: Standing,
    /// The amount, and how it came about.
    pub amount: Explained<Money>,
}

/// A choice that affected a result, and what another choice would have given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct ChoiceEffect {
    /// The open question.
    pub question: &'static str,
    /// The field of the interpretation.
    pub field: &'static str,
    /// The choice made.
    pub chosen: &'static str,
    /// The other choice.
    pub other: &'static str,
    /// Each figure that it would have changed.
    pub differences: Vec<Difference>,
}

/// A figure that differs between two results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Difference {
    /// The figure: `anb_current of K-8`, `direct_state_aid`.
    pub figure: String,
    /// Its value in the one result.
    pub value: String,
    /// Its value in the other.
    pub other: String,
}

/// A district computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct DistrictResult {
    /// The number of the district.
    pub district: DistrictNumber,
    /// Its legal entity, where the case names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<LegalEntityNumber>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The fiscal year budgeted.
    pub fiscal_year: FiscalYear,
    /// Its units.
    pub units: Vec<UnitResult>,
    /// The choice of each level.
    pub levels: Vec<LevelResult>,
    /// Its amounts.
    pub amounts: Vec<Amount>,
    /// Shares of the counties of a joint district in direct state aid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counties: Vec<CountyShare>,
    /// Its increases of enrollment, held against the rules of the year.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub increases: Vec<IncreaseResult>,
    /// The choices that affected it.
    pub choices: Vec<ChoiceEffect>,
    /// What the figures rest on that is not sourced.
    pub unsourced: Vec<Unsourced>,
    /// What was left out, and what else should be known.
    pub notes: Vec<String>,
}

/// Something that figures rest on and that is derived or recalled, not read in a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Unsourced {
    /// How firm it is.
    pub standing: Standing,
    /// What it is: a figure of the table, or the article of a rule.
    pub what: String,
}

/// The part of one county in a joint district.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CountyShare {
    /// The county.
    pub county: opi_dictionary::CountyNumber,
    /// ANB of its residents.
    pub anb: i64,
    /// Its share of direct state aid.
    pub direct_state_aid: Money,
}

impl DistrictResult {
    /// An amount by its name.
    #[must_use]
    pub fn amount(&self, name: &str) -> Option<&Amount> {
        self.amounts.iter().find(|amount| amount.name == name)
    }

    /// Every figure by name, in order: what choices and changes are compared by.
    #[must_use]
    pub fn figures(&self) -> Vec<(String, String)> {
        let mut figures = Vec::new();
        for unit in &self.units {
            figures.push((format!("anb_current of {}", unit.unit), unit.anb_current.value.to_string()));
            let three =
                unit.anb_three_year.as_ref().map_or("none".to_owned(), |three| three.value.to_string());
            figures.push((format!("anb_three_year of {}", unit.unit), three));
            figures.push((format!("anb_budgeted of {}", unit.unit), unit.anb_budgeted.to_string()));
        }
        for level in &self.levels {
            figures.push((format!("anb_used of {}", level.level.word()), level.used.word().to_owned()));
        }
        figures.extend(
            self.amounts.iter().map(|amount| (amount.name.to_owned(), amount.amount.value.to_string())),
        );
        for county in &self.counties {
            let name = format!("direct_state_aid of county {}", county.county);
            figures.push((name, county.direct_state_aid.to_string()));
        }
        figures.extend(self.increases.iter().flat_map(IncreaseResult::figures));
        figures
    }

    /// The figures in which another result differs.
    #[must_use]
    pub fn differences(&self, other: &DistrictResult) -> Vec<Difference> {
        compare(&self.figures(), &other.figures())
    }
}

fn compare(own: &[(String, String)], others: &[(String, String)]) -> Vec<Difference> {
    let value = |list: &[(String, String)], figure: &str| {
        list.iter().find(|(name, _)| name == figure).map_or("none".to_owned(), |(_, value)| value.clone())
    };
    let only_there = others.iter().filter(|(name, _)| !own.iter().any(|(known, _)| known == name));
    let names = own.iter().chain(only_there).map(|(name, _)| name);
    names
        .map(|figure| Difference {
            figure: figure.clone(),
            value: value(own, figure),
            other: value(others, figure),
        })
        .filter(|difference| difference.value != difference.other)
        .collect()
}

/// Whether results say what other choices would have given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alternatives {
    /// They do: each other choice is computed.
    Computed,
    /// They do not.
    Skipped,
}

/// The choices by which pupils are judged; the others work on tallies.
const CHOICES_ON_PUPILS: [&str; 8] = [
    "spring_count",
    "quarter_time",
    "kindergarten",
    "jumpstart_cap",
    "early_graduates",
    "youth_challenge",
    "concurrent_share",
    "extracurricular",
];

/// Computes one district.
///
/// # Errors
/// When a count is missing, a value is absurd, units contradict each other, or the year has no table.
pub fn compute_district(
    law: &Law,
    choices: &Interpretation,
    year: FiscalYear,
    district: &District,
    alternatives: Alternatives,
) -> Result<DistrictResult, AnbError> {
    let rules = CountRules::of(law, choices, year)?;
    compute_with(law, choices, year, district, &rules, alternatives)
}

fn compute_with(
    law: &Law,
    choices: &Interpretation,
    year: FiscalYear,
    district: &District,
    rules: &CountRules,
    alternatives: Alternatives,
) -> Result<DistrictResult, AnbError> {
    let tallied = tally_units(district, rules, choices)?;
    let mut result = from_tallies(law, choices, year, district, &tallied)?;
    if alternatives == Alternatives::Computed {
        let figures = result.figures();
        let concerns = Concerns::of(district);
        let alternatives = choices.alternatives();
        for other in alternatives.into_iter().filter(|other| concerns.matter_to(other.field)) {
            let changed = &other.interpretation;
            let outcome = if CHOICES_ON_PUPILS.contains(&other.field) {
                CountRules::of(law, changed, year)
                    .and_then(|rules| tally_units(district, &rules, changed))
                    .and_then(|tallied| from_tallies(law, changed, year, district, &tallied))
            } else {
                from_tallies(law, changed, year, district, &tallied)
            };
            let differences = match outcome {
                Ok(outcome) => compare(&figures, &outcome.figures()),
                Err(error) => {
                    vec![Difference {
                        figure: "result".into(),
                        value: "computed".into(),
                        other: error.to_string(),
                    }]
                }
            };
            if !differences.is_empty() {
                let (question, field) = (other.question, other.field);
                let (chosen, other) = (other.chosen, other.other);
                result.choices.push(ChoiceEffect { question, field, chosen, other, differences });
            }
        }
    }
    Ok(result)
}

fn from_tallies(
    law: &Law,
    choices: &Interpretation,
    year: FiscalYear,
    district: &District,
    tallied: &Tallied,
) -> Result<DistrictResult, AnbError> {
    let anbs: Vec<UnitAnbs> = units_to_anb(law, choices, year, district, tallied)?;
    let Amounts { levels, budgeted, amounts, counties, notes } =
        fund(law, choices, year, district, &anbs, &tallied.by_county)?;
    let increases = increase_results(law, choices, year, &district.increases)
        .map_err(|error| AnbError::case(format!("district {}", district.district), error.to_string()))?;
    let mut found = std::collections::BTreeSet::new();
    for increase in &increases {
        increase.funded.steps.unsourced(&mut found);
    }
    amounts.iter().for_each(|amount| amount.amount.steps.unsourced(&mut found));
    for anb in &anbs {
        anb.current.unsourced(&mut found);
        anb.three_year.iter().for_each(|step| step.unsourced(&mut found));
    }
    let unsourced = found.into_iter().rev().map(|(standing, what)| Unsourced { standing, what }).collect();
    let units = anbs
        .into_iter()
        .zip(budgeted)
        .zip(district.units.iter().zip(tallied.rows()))
        .map(|((anb, anb_budgeted), (unit, (october, february)))| UnitResult {
            unit: unit.unit.clone(),
            program: unit.program,
            october,
            february,
            anb_current: anb.current.into(),
            anb_three_year: anb.three_year.map(Explained::from),
            anb_budgeted,
        })
        .collect();
    Ok(DistrictResult {
        district: district.district,
        legal_entity: district.legal_entity,
        name: district.name.clone(),
        fiscal_year: year,
        units,
        levels,
        amounts,
        counties,
        increases,
        choices: Vec::new(),
        unsourced,
        notes,
    })
}

/// A district that could not be computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct DistrictFailure {
    /// The number of the district.
    pub district: DistrictNumber,
    /// Its legal entity, where the case names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<LegalEntityNumber>,
    /// Why.
    pub problem: String,
}

/// A case computed: the districts that could be, and those that could not, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CaseResult {
    /// The fiscal year budgeted.
    pub fiscal_year: FiscalYear,
    /// The choices made.
    pub interpretation: Interpretation,
    /// The districts computed, in the order of the case.
    pub districts: Vec<DistrictResult>,
    /// The districts that could not be computed.
    pub failures: Vec<DistrictFailure>,
}

/// Computes every district of a case. A district that cannot be computed does not keep the others from it.
///
/// ```
/// use opi_anb::{Alternatives, Case, Law, compute_case};
/// let case = Case::from_toml(r#"
///     fiscal_year = "FY2026"
///     [[districts]]
///     district = "0123"
///     pir_days = 7
///     [[districts.units]]
///     unit = "K-8"
///     program = "elementary"
///     october = { adjusted = "150" }
///     february = { adjusted = "166" }
/// "#)?;
/// let result = compute_case(&Law::embedded()?, &case, Alternatives::Computed)?;
/// assert_eq!(result.districts[0].units[0].anb_budgeted.to_string(), "165");
/// assert_eq!(result.districts[0].choices[0].question, "Q1");
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
///
/// # Errors
/// When the year has no rules on counts or no table, or a district stands twice.
pub fn compute_case(law: &Law, case: &Case, alternatives: Alternatives) -> Result<CaseResult, AnbError> {
    law.in_force(case.fiscal_year)?;
    let rules = CountRules::of(law, &case.interpretation, case.fiscal_year)?;
    let mut numbers = std::collections::BTreeSet::new();
    let (mut districts, mut failures) = (Vec::new(), Vec::new());
    for district in &case.districts {
        if !numbers.insert((district.district, district.legal_entity)) {
            let entity =
                district.legal_entity.map_or(String::new(), |entity| format!(", legal entity {entity}"));
            let place = format!("district {}{entity}", district.district);
            return Err(AnbError::case(place, "stands twice in the case"));
        }
        let computed =
            compute_with(law, &case.interpretation, case.fiscal_year, district, &rules, alternatives);
        match computed {
            Ok(result) => districts.push(result),
            Err(error) => {
                failures.push(DistrictFailure {
                    district: district.district,
                    legal_entity: district.legal_entity,
                    problem: error.to_string(),
                });
            }
        }
    }
    Ok(CaseResult { fiscal_year: case.fiscal_year, interpretation: case.interpretation, districts, failures })
}

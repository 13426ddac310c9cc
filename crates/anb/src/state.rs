//! The whole state as rows: `anb.csv`, `entitlements.csv`, and one count file a district.

use crate::{
    Alternatives, AnbError, AnbUsed, BudgetProgram, Case, CaseResult, CountFileRow, CsvRow, Fraction, Law,
    Level, Money, compute_case, count_file,
};
use opi_dictionary::{DistrictNumber, FiscalYear, LegalEntityNumber, Standing};
use serde::Serialize;
use std::collections::BTreeMap;

/// One budget unit in `anb.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct AnbRow {
    /// The fiscal year budgeted.
    pub fiscal_year: FiscalYear,
    /// The district.
    pub district: DistrictNumber,
    /// Its legal entity, where the case names one.
    pub legal_entity: Option<LegalEntityNumber>,
    /// The unit.
    pub unit: String,
    /// Its program.
    pub program: BudgetProgram,
    /// Adjusted October enrollment of the unit itself.
    pub october: Fraction,
    /// Adjusted February enrollment of the unit itself.
    pub february: Fraction,
    /// ANB of the budget year.
    pub anb_current: Fraction,
    /// The average of three years, where it is open.
    pub anb_three_year: Option<Fraction>,
    /// The ANB that the unit is budgeted on.
    pub anb_budgeted: Fraction,
    /// Which of them that is.
    pub used: AnbUsed,
    /// The weakest standing of the steps.
    pub standing: Standing,
    /// The open questions whose choice affected the district, where that was computed.
    pub choices: String,
}

impl CsvRow for AnbRow {
    const COLUMNS: &'static [&'static str] = &[
        "fiscal_year",
        "district",
        "legal_entity",
        "unit",
        "program",
        "october",
        "february",
        "anb_current",
        "anb_three_year",
        "anb_budgeted",
        "used",
        "standing",
        "choices",
    ];
}

/// One amount in `entitlements.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct EntitlementRow {
    /// The fiscal year budgeted.
    pub fiscal_year: FiscalYear,
    /// The district.
    pub district: DistrictNumber,
    /// Its legal entity, where the case names one.
    pub legal_entity: Option<LegalEntityNumber>,
    /// The name of the amount.
    pub entitlement: &'static str,
    /// The amount.
    pub amount: Money,
    /// The weakest standing of its steps.
    pub standing: Standing,
}

impl CsvRow for EntitlementRow {
    const COLUMNS: &'static [&'static str] =
        &["fiscal_year", "district", "legal_entity", "entitlement", "amount", "standing"];
}

/// The whole state, or any set of districts, as rows in the order of district numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFiles {
    /// Rows of `anb.csv`.
    pub anb: Vec<AnbRow>,
    /// Rows of `entitlements.csv`.
    pub entitlements: Vec<EntitlementRow>,
    /// Rows of the count file of each district. A district whose counts are not given by pupils has none;
    /// the legal entities of one number are in one file.
    pub maefairs: Vec<(DistrictNumber, Vec<CountFileRow>)>,
    /// The results with their steps, and the districts that could not be computed.
    pub results: CaseResult,
}

/// Computes all districts of a case and lays out the rows of the files. The order of the districts in the case
/// changes nothing.
///
/// ```
/// use opi_anb::{Alternatives, Case, Law, state_files, to_csv};
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
/// let files = state_files(&Law::embedded()?, &case, Alternatives::Computed)?;
/// assert!(to_csv(&files.anb)?.contains("FY2026,0123,,K-8,elementary,150,166,165,,165,current_year,recall,Q1"));
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
///
/// # Errors
/// As [`compute_case`]; a single district that cannot be computed is in the failures.
pub fn state_files(law: &Law, case: &Case, alternatives: Alternatives) -> Result<StateFiles, AnbError> {
    let mut results = compute_case(law, case, alternatives)?;
    results.districts.sort_by_key(|district| (district.district, district.legal_entity));
    results.failures.sort_by_key(|failure| (failure.district, failure.legal_entity));
    let (mut anb, mut entitlements) = (Vec::new(), Vec::new());
    for district in &results.districts {
        let mut questions: Vec<&str> = district.choices.iter().map(|choice| choice.question).collect();
        questions.dedup();
        let questions = questions.join(" ");
        for unit in &district.units {
            let level = Level::of(unit.program);
            let used = district.levels.iter().find(|found| found.level == level);
            anb.push(AnbRow {
                fiscal_year: district.fiscal_year,
                district: district.district,
                legal_entity: district.legal_entity,
                unit: unit.unit.clone(),
                program: unit.program,
                october: adjusted(&unit.october)?,
                february: adjusted(&unit.february)?,
                anb_current: unit.anb_current.value,
                anb_three_year: unit.anb_three_year.as_ref().map(|three| three.value),
                anb_budgeted: unit.anb_budgeted,
                used: used.map_or(AnbUsed::CurrentYear, |found| found.used),
                standing: unit.anb_current.standing(),
                choices: questions.clone(),
            });
        }
        entitlements.extend(district.amounts.iter().map(|amount| EntitlementRow {
            fiscal_year: district.fiscal_year,
            district: district.district,
            legal_entity: district.legal_entity,
            entitlement: amount.name,
            amount: amount.amount.value,
            standing: amount.standing,
        }));
    }
    let maefairs = count_files(law, case);
    Ok(StateFiles { anb, entitlements, maefairs, results })
}

/// The rows of each district that has counts and all of them by pupils. One that has a pupil who cannot be judged has
/// none: it stands in the failures with the reason. One that lacks a count has those of the other.
fn count_files(law: &Law, case: &Case) -> Vec<(DistrictNumber, Vec<CountFileRow>)> {
    let mut files: BTreeMap<DistrictNumber, Vec<CountFileRow>> = BTreeMap::new();
    for district in &case.districts {
        let mut counts = district.units.iter().flat_map(|unit| [&unit.october, &unit.february]).flatten();
        let by_pupils = counts.all(|count| {
            count.adjusted.is_none() && count.bands.is_empty() && count.early_graduates.is_none()
        });
        if let (true, Ok(mut rows)) =
            (by_pupils, count_file(law, &case.interpretation, case.fiscal_year, district))
        {
            files.entry(district.district).or_default().append(&mut rows);
        }
    }
    for rows in files.values_mut() {
        rows.sort_by_key(CountFileRow::key);
    }
    files.into_iter().collect()
}

fn adjusted(rows: &[crate::TallyRow]) -> Result<Fraction, AnbError> {
    rows.iter().try_fold(Fraction::ZERO, |sum, row| {
        sum.plus(row.weight.times(Fraction::new(row.pupils.into(), 1)?)?)
    })
}

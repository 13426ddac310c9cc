//! Thresholds that rules apply, and tables of codes and places that only a user can know.

use crate::RulesError;
use crate::registry::rows;
use crate::rules::near_match::{FULL_SCORE, points};
use opi_dictionary::{Citation, DistrictNumber, SchoolKey, Standing};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Thresholds. What they are without a policy, and where that comes from, is said in `spec/parameters.csv` and on the
/// pages of the rules; a policy may set them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// Youngest age on September 10 that DEM-008 lets pass, in years.
    pub youngest_age: u32,
    /// Oldest age on September 10 that DEM-008 lets pass, in years.
    pub oldest_age: u32,
    /// Years under the expected age from which ENR-024 reports.
    pub years_young_for_grade: i32,
    /// Years over the expected age from which ENR-024 reports.
    pub years_old_for_grade: i32,
    /// Last instruction days of a year that count as last summer for ENR-010.
    pub summer_instruction_days: u32,
    /// Most instruction days between two districts for ENR-018.
    pub gap_instruction_days: u32,
    /// Days within which a transfer arrives (EXIT-007).
    pub transfer_arrival_days: i32,
    /// Days within which an enrollment contradicts a departure from the state (EXIT-008).
    pub out_of_state_return_days: i32,
    /// Days that a diploma may lie before the end date (GRAD-012).
    pub diploma_before_end_days: i32,
    /// Last day of the graduating year when the next calendar is not known: month and day (GRAD-004).
    pub graduating_year_end: (u32, u32),
    /// Consecutive instruction days of absence from which a student is excluded (CNT-009).
    pub absence_run_days: u32,
    /// Change of a count, in percent, from which CNT-021 reports; both limits must be passed.
    pub count_change_percent: u32,
    /// Change of a count, in students, from which CNT-021 reports.
    pub count_change_students: u32,
    /// Least count of last year for PP-014.
    pub program_least_students: u32,
    /// Credits, in hundredths, that make a concentrator (CTE-004, CTE-005).
    pub concentrator_credits_hundredths: u32,
    /// Days to identify an English learner from an enrollment in the first days of the calendar (EL-004).
    pub el_days_at_start: i32,
    /// Days to identify an English learner from a later enrollment (EL-004).
    pub el_days_later: i32,
    /// Years of 365.25 days after the entry into a school of the country beyond which PP-006 reports an immigrant.
    pub immigrant_years: i32,
    /// Whether near matches of identities must agree in birth date (ID-015).
    pub near_match_needs_birth_date: bool,
    /// Score from which a near match of identities is reported, of 100 points (ID-015). It may be raised, not lowered:
    /// identities that agree in less than three fields are not compared.
    pub near_match_least_score: u32,
    /// Largest share of days missed, of the larger count, by which two counts of absence may differ, in percent
    /// (ATT-005).
    pub absence_difference_percent: u32,
}

impl Default for Parameters {
    fn default() -> Self {
        let whole = |name| u32::try_from(usual::<i64>(name)).unwrap_or(u32::MAX);
        Parameters {
            youngest_age: whole("youngest_age"),
            oldest_age: whole("oldest_age"),
            years_young_for_grade: usual("years_young_for_grade"),
            years_old_for_grade: usual("years_old_for_grade"),
            summer_instruction_days: whole("summer_instruction_days"),
            gap_instruction_days: whole("gap_instruction_days"),
            transfer_arrival_days: usual("transfer_arrival_days"),
            out_of_state_return_days: usual("out_of_state_return_days"),
            diploma_before_end_days: usual("diploma_before_end_days"),
            graduating_year_end: usual("graduating_year_end"),
            absence_run_days: whole("absence_run_days"),
            count_change_percent: whole("count_change_percent"),
            count_change_students: whole("count_change_students"),
            program_least_students: whole("program_least_students"),
            concentrator_credits_hundredths: whole("concentrator_credits_hundredths"),
            el_days_at_start: usual("el_days_at_start"),
            el_days_later: usual("el_days_later"),
            immigrant_years: usual("immigrant_years"),
            near_match_needs_birth_date: usual("near_match_needs_birth_date"),
            near_match_least_score: u32::from(points().least),
            absence_difference_percent: whole("absence_difference_percent"),
        }
    }
}

/// A threshold of the table `spec/parameters.csv`: what it is without a policy, and where that comes from.
#[derive(Clone, Debug)]
pub(crate) struct Threshold {
    pub(crate) name: String,
    pub(crate) usual: toml::Value,
    pub(crate) rules: Vec<String>,
    pub(crate) what: String,
    pub(crate) citation: Citation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThresholdRow {
    parameter: String,
    usual: String,
    rules: String,
    what: String,
    source: String,
    standing: Standing,
}

/// The table of thresholds.
#[allow(clippy::expect_used, reason = "the table is part of the program; a test loads it")]
pub(crate) fn thresholds() -> &'static [Threshold] {
    static THRESHOLDS: OnceLock<Vec<Threshold>> = OnceLock::new();
    THRESHOLDS.get_or_init(|| {
        let table = rows::<ThresholdRow>("parameters", include_str!("../spec/parameters.csv"));
        let threshold = |row: ThresholdRow| {
            let value: toml::Table = format!("usual = {}", row.usual).parse().expect("a value of TOML");
            Threshold {
                name: row.parameter,
                usual: value.get("usual").expect("it was written").clone(),
                rules: row.rules.split("; ").map(str::to_owned).collect(),
                what: row.what,
                citation: Citation::owned(row.source, row.standing),
            }
        };
        table.expect("a well formed table").into_iter().map(threshold).collect()
    })
}

/// What a threshold is without a policy.
#[allow(clippy::expect_used, reason = "the table is part of the program; a test asks for every threshold")]
fn usual<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let row = thresholds().iter().find(|threshold| threshold.name == name).expect("a row of every threshold");
    row.usual.clone().try_into().expect("a value of its type")
}

impl Parameters {
    /// Those that differ from the defaults, by name: what they are, and what they would be.
    ///
    /// ```
    /// let parameters = opi_rules::Parameters { count_change_percent: 30, ..Default::default() };
    /// assert_eq!(parameters.changed(), [("count_change_percent".to_owned(), "30".to_owned(), "20".to_owned())]);
    /// ```
    #[must_use]
    pub fn changed(&self) -> Vec<(String, String, String)> {
        let table = |parameters: &Parameters| toml::Table::try_from(parameters).unwrap_or_default();
        let usual = table(&Parameters::default());
        let differs = |(name, value): (String, toml::Value)| {
            let usual = usual.get(&name).filter(|usual| **usual != value)?;
            Some((name, value.to_string(), usual.to_string()))
        };
        table(self).into_iter().filter_map(differs).collect()
    }

    /// What is wrong with them.
    pub(crate) fn problem(&self) -> Option<String> {
        let range = u32::from(points().least)..=u32::from(FULL_SCORE);
        (!range.contains(&self.near_match_least_score))
            .then(|| format!("near_match_least_score must be from {} to {}", range.start(), range.end()))
    }
}

/// Tables that the state or a district holds and that were not published. A rule that needs one is skipped,
/// and said to be, until it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StateTables {
    /// End statuses that are withdrawals (ENR-012).
    pub withdrawal: BTreeSet<String>,
    /// End statuses that are transfers from one district to another (ENR-018).
    pub transfer_between_districts: BTreeSet<String>,
    /// End statuses that are transfers within the state (EXIT-007).
    pub transfer_in_state: BTreeSet<String>,
    /// End statuses that say that the student left the state (EXIT-008).
    pub transfer_out_of_state: BTreeSet<String>,
    /// Schools with a schoolwide Title I program (PP-010), as `0101-0202`.
    pub schoolwide_school: BTreeSet<String>,
    /// Districts with a Part D subpart 2 program (PP-011).
    pub delinquent_district: BTreeSet<DistrictNumber>,
    /// Approved CTE pathways (CTE-007).
    pub cte_pathway: BTreeSet<String>,
    /// State codes of behavior events and resolutions (BEH-003).
    pub behavior: BTreeSet<String>,
}

impl StateTables {
    /// Reads the tables from TOML; unknown keys are errors.
    ///
    /// # Errors
    /// When the text is not of that form.
    pub fn from_toml(text: &str) -> Result<Self, RulesError> {
        from_toml("state tables", text)
    }

    /// Whether the table of this name holds anything.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match name {
            "withdrawal" => !self.withdrawal.is_empty(),
            "transfer_between_districts" => !self.transfer_between_districts.is_empty(),
            "transfer_in_state" => !self.transfer_in_state.is_empty(),
            "transfer_out_of_state" => !self.transfer_out_of_state.is_empty(),
            "schoolwide_school" => !self.schoolwide_school.is_empty(),
            "delinquent_district" => !self.delinquent_district.is_empty(),
            "cte_pathway" => !self.cte_pathway.is_empty(),
            "behavior" => !self.behavior.is_empty(),
            _ => false,
        }
    }

    pub(crate) fn is_schoolwide(&self, school: SchoolKey) -> bool {
        self.schoolwide_school.contains(&school.to_string())
    }
}

pub(crate) fn from_toml<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, RulesError> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().map(|span| text.get(..span.start).unwrap_or_default());
        let line = before.map(|before| before.matches('\n').count() as u64 + 1);
        RulesError::table(what, line, error.message())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_threshold_has_a_row_with_a_source_and_a_rule_that_exists() {
        let parameters = toml::Table::try_from(Parameters::default()).unwrap();
        let mut named: Vec<&str> = thresholds().iter().map(|threshold| threshold.name.as_str()).collect();
        // The points of near matches have a table of their own.
        named.push("near_match_least_score");
        named.sort_unstable();
        assert_eq!(parameters.keys().map(String::as_str).collect::<Vec<_>>(), named);
        for threshold in thresholds() {
            assert_eq!(parameters[&threshold.name], threshold.usual, "{}", threshold.name);
            assert!(
                !threshold.citation.source.is_empty() && !threshold.what.is_empty(),
                "{}",
                threshold.name
            );
            for code in &threshold.rules {
                assert!(crate::rule(code).is_some(), "{}: {code}", threshold.name);
            }
        }
        assert!(Parameters::default().changed().is_empty());
    }
}

//! Thresholds that rules apply, and tables of codes and places that only a user can know.

use crate::RulesError;
use crate::rules::near_match::{FULL_SCORE, points};
use opi_dictionary::{DistrictNumber, SchoolKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Thresholds. The defaults are judgements of ours unless a rule's page cites a source; a policy may set them.
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
        Parameters {
            youngest_age: 2,
            oldest_age: 21,
            years_young_for_grade: 2,
            years_old_for_grade: 3,
            summer_instruction_days: 30,
            gap_instruction_days: 10,
            transfer_arrival_days: 30,
            out_of_state_return_days: 10,
            diploma_before_end_days: 30,
            graduating_year_end: (7, 31),
            absence_run_days: 11,
            count_change_percent: 20,
            count_change_students: 10,
            program_least_students: 10,
            concentrator_credits_hundredths: 200,
            el_days_at_start: 30,
            el_days_later: 14,
            near_match_needs_birth_date: false,
            near_match_least_score: u32::from(points().least),
            absence_difference_percent: 50,
        }
    }
}

impl Parameters {
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

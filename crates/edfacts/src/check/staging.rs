//! Rules on the rows before counting: what a student's rows must say to be counted in the right place.

use super::Found;
use crate::EdfactsError;
use crate::input::{StatusKind, StudentSource};
use crate::profile::CountConfig;
use opi_dictionary::Finding;

/// Checks the rows of all students. Findings name the list and the caller's key of the row, never the
/// student.
///
/// # Errors
/// What the source reports.
pub fn check_rows(config: &CountConfig, source: &dyn StudentSource) -> Result<Vec<Finding>, EdfactsError> {
    let mut found = Found::default();
    source.each_student(&mut |student| {
        for row in &student.enrollments {
            let late = row.span.first.is_some_and(|first| first > config.year.last_day());
            if row.span.first.is_none() || late {
                found.at("enrollments", "STG-01", row.row, Some("entry"));
            }
        }
        for row in &student.statuses {
            match &row.kind {
                StatusKind::Idea { env_school_age, env_early, .. }
                    if (row.span.first.is_none() || (env_school_age.is_none() && env_early.is_none())) =>
                {
                    found.at("statuses", "STG-03", row.row, None);
                }
                StatusKind::EnglishLearner { .. } if row.span.first.is_none() => {
                    found.at("statuses", "STG-04", row.row, Some("begin"));
                }
                StatusKind::Lunch { eligibility: None } => {
                    found.at("statuses", "STG-06", row.row, Some("eligibility"));
                }
                _ => {}
            }
        }
        for row in &student.programs {
            if row.lea.is_none() && row.school.is_some() {
                found.at("programs", "STG-02", row.row, Some("lea"));
            }
        }
        for row in &student.firearms {
            if row.weapons.is_empty() || row.result.is_none() {
                found.at("firearms", "STG-07", row.row, None);
            }
        }
        Ok(())
    })?;
    let mut findings = found.findings;
    findings.sort();
    Ok(findings)
}

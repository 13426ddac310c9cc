//! Rules on the rows before counting: what a student's rows must say to be counted in the right place.

use super::Found;
use crate::count::declarations;
use crate::input::{StatusKind, StudentRows, StudentSource};
use crate::profile::CountConfig;
use crate::{Catalogue, EdfactsError, FileNumber, Level};
use opi_dictionary::Finding;

/// Checks the rows of all students. Findings name the list and the caller's key of the row, never the
/// student.
///
/// # Errors
/// What the source reports.
pub fn check_rows(
    catalogue: &Catalogue,
    config: &CountConfig,
    source: &dyn StudentSource,
) -> Result<Vec<Finding>, EdfactsError> {
    let mut found = Found::default();
    source.each_student(&mut |student| {
        enrollments(config, student, &mut found);
        statuses(student, &mut found);
        for row in &student.programs {
            if row.lea.is_none() && row.school.is_none() && below_the_state(catalogue, &row.program) {
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

fn enrollments(config: &CountConfig, student: &StudentRows, found: &mut Found) {
    for row in &student.enrollments {
        let late = row.span.first.is_some_and(|first| first > config.year.last_day());
        if row.span.first.is_none() || late {
            found.at("enrollments", "STG-01", row.row, Some("entry"));
        }
    }
}

fn statuses(student: &StudentRows, found: &mut Found) {
    for row in &student.statuses {
        // A status without a district holds wherever the student is enrolled.
        if row.lea.is_none() && student.enrollments.is_empty() {
            found.at("statuses", "STG-02", row.row, Some("lea"));
        }
        match &row.kind {
            StatusKind::Idea { env_school_age, env_early, .. }
                if row.span.first.is_none() || (env_school_age.is_none() && env_early.is_none()) =>
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
}

/// Whether a file below the state is made from the records of a programme.
fn below_the_state(catalogue: &Catalogue, program: &str) -> bool {
    declarations().iter().filter(|declared| declared.program == Some(program)).any(|declared| {
        let spec = FileNumber::new(declared.file).and_then(|number| catalogue.file(number).ok());
        spec.is_some_and(|spec| spec.levels.iter().any(|level| *level != Level::Sea))
    })
}

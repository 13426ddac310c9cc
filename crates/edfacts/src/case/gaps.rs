//! What a case does not tell: a list that is absent is no list without rows.

use super::document::{CaseDocument, UnitDocument};
use crate::count::{Declaration, InputList, declaration};
use crate::{FileNumber, Level};

/// A file that cannot be counted from what was given, and what is missing.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Gap {
    /// The file.
    pub file: FileNumber,
    /// What is missing, in a sentence.
    pub why: String,
}

/// The asked files whose input the case does not hold.
///
/// The lists that every case can have (enrollments, statuses, discipline, exits) are empty when absent. Of the
/// others, which feed few files, an absent one says nothing; an empty one says that there are no rows.
pub(super) fn gaps(case: &CaseDocument, asks: &[(FileNumber, Vec<Level>)]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for (file, _) in asks {
        let why =
            declaration(*file).and_then(|declared| lacking(case, declared).or_else(|| unit_gap(case, *file)));
        if let Some(why) = why.filter(|_| gaps.iter().all(|gap: &Gap| gap.file != *file)) {
            gaps.push(Gap { file: *file, why });
        }
    }
    gaps
}

fn lacking(case: &CaseDocument, declared: &Declaration) -> Option<String> {
    let program = declared.program.unwrap_or_default();
    let absent = |list: &str, absent: bool| absent.then(|| format!("the case has no list `{list}`"));
    let kinds = |list: &str, mut programs: Option<Vec<&str>>| {
        // Rows of other programmes say nothing of this one.
        if programs.as_ref().is_some_and(|rows| !rows.is_empty() && !rows.contains(&program)) {
            programs = None;
        }
        programs.is_none().then(|| format!("the case has no rows of `{program}` in the list `{list}`"))
    };
    match declared.input {
        InputList::Departures => absent("departures", case.departures.is_none()),
        InputList::Firearms => absent("firearms", case.firearms.is_none()),
        InputList::Cohorts => absent("cohorts", case.cohorts.is_none()).or_else(|| outcome_gap(case)),
        InputList::Programs => {
            let rows = case.programs.as_ref();
            kinds("programs", rows.map(|rows| rows.iter().map(|row| row.program.as_str()).collect()))
        }
        InputList::Staff => {
            let rows = case.staff.as_ref();
            kinds("staff", rows.map(|rows| rows.iter().map(|row| row.program.as_str()).collect()))
        }
        InputList::Attendance => {
            let rows = case.enrollments.as_deref().unwrap_or_default();
            let told = rows.iter().any(|row| row.days_enrolled.is_some());
            (!rows.is_empty() && !told).then(|| "no enrollment of the case says `days_enrolled`".to_owned())
        }
        InputList::RemovalDays => {
            let rows = case.discipline.as_deref().unwrap_or_default();
            let told = rows.iter().any(|row| row.days.is_some());
            (!rows.is_empty() && !told).then(|| "no event of the case says its `days`".to_owned())
        }
        InputList::Enrollments | InputList::Discipline | InputList::SpecialEducationExits => None,
    }
}

/// Without an outcome the departures say who graduated; without them nobody knows.
fn outcome_gap(case: &CaseDocument) -> Option<String> {
    let open = case.cohorts.iter().flatten().any(|row| row.outcome.is_none());
    let unknown = open && case.departures.is_none();
    unknown.then(|| "a cohort row has no `outcome`, and the case has no list `departures`".to_owned())
}

/// What the units must say for a file: a school without Title I status is not one without Title I.
fn unit_gap(case: &CaseDocument, file: FileNumber) -> Option<String> {
    let units = case.units.as_deref().unwrap_or_default();
    let (field, told): (_, fn(&UnitDocument) -> bool) = match file.get() {
        33 => ("lunch_program", |unit| unit.lunch_program.is_some()),
        37 => ("title_one", |unit| unit.title_one.is_some()),
        194 => ("homeless_subgrant", |unit| unit.homeless_subgrant.is_some()),
        _ => return None,
    };
    let silent = !units.is_empty() && !units.iter().any(told);
    silent.then(|| format!("no unit of the case says `{field}`"))
}

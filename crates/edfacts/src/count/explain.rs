//! Reasons: the rows behind a cell, and why a student is not in a file. Nothing is stored for it; the one
//! declaration runs again, filtered to what is asked.

use super::populations::{Candidate, Exclusion};
use super::programs::staff_cells;
use super::{CellKey, Context, Instance, Plan, Scratch, Sink, run, unit_ids};
use crate::input::{StudentKey, StudentRows, StudentSource};
use crate::{Catalogue, CountConfig, EdfactsError, FileNumber, Level};

/// Which list of a student a row stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RowKind {
    /// An enrollment.
    Enrollment,
    /// A disciplinary event.
    Discipline,
    /// An exit from special education.
    SpecialEducationExit,
    /// A dropout or award.
    Departure,
    /// A firearm incident.
    Firearm,
    /// A cohort membership.
    Cohort,
    /// A programme record.
    Program,
}

/// A row of a student.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct RowRef {
    /// The list.
    pub kind: RowKind,
    /// Its place in the list of the student, 0 = first.
    pub index: usize,
    /// The caller's key of the row.
    pub row: u64,
}

/// The cell that is asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellQuery {
    /// State identifier of the district; `None` for the state.
    pub lea: Option<String>,
    /// State identifier of the school.
    pub school: Option<String>,
    /// The table; any when `None`.
    pub table: Option<String>,
    /// The category set.
    pub set: String,
    /// The codes of its categories.
    pub values: Vec<(String, String)>,
}

/// A student behind a cell, with the rows that led there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The student.
    pub student: StudentKey,
    /// The rows.
    pub rows: Vec<RowRef>,
    /// What the student or row added.
    pub adds: u64,
    /// The steps of the declaration: population, who is left out, how often a student counts.
    pub steps: [&'static str; 3],
}

/// Why a row of a student, or the student as a whole, does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LeftOut {
    /// The level.
    pub level: Level,
    /// The row; `None` when no row meets the population.
    pub row: Option<RowRef>,
    /// The reason.
    pub why: Exclusion,
}

struct CellTrace<'q> {
    plan: &'q Plan,
    cx: &'q Context<'q>,
    query: &'q CellQuery,
    found: Vec<Behind>,
}

impl CellQuery {
    /// Whether a cell is the one that is asked about.
    fn is(&self, plan: &Plan, cx: &Context<'_>, key: CellKey) -> bool {
        let Some(file) = plan.files.get(usize::from(key.plan)).filter(|file| file.asked) else {
            return false;
        };
        let Some(set) = file.sets.get(usize::from(key.set)) else { return false };
        let (lea, school) = unit_ids(cx.units, file.level, key.unit);
        let here = lea == self.lea.as_deref() && school == self.school.as_deref();
        let in_set = set.set == self.set && self.table.as_ref().is_none_or(|table| *table == set.table);
        let mut codes = set.categories.iter().zip(key.codes);
        here && in_set
            && set.categories.len() == self.values.len()
            && codes.all(|(category, code)| {
                let Some(category) = file.categories.get(*category) else { return false };
                let code = category.codes.get(usize::from(code));
                self.values.iter().any(|(name, value)| *name == category.name && Some(value) == code)
            })
    }
}

impl Sink for CellTrace<'_> {
    fn cell(&mut self, key: CellKey, inst: &Instance<'_>) {
        let Some(file) = self.plan.files.get(usize::from(key.plan)) else { return };
        if self.query.is(self.plan, self.cx, key) {
            self.found.push(Behind {
                student: inst.student.id.clone(),
                rows: inst.rows.clone(),
                adds: inst.weight,
                steps: file.declaration.steps,
            });
        }
    }
}

/// The students and rows behind a cell of a file, in the order of the students' keys.
///
/// # Errors
/// [`EdfactsError::NotCounted`], and what the source reports.
pub fn explain(
    catalogue: &Catalogue,
    config: &CountConfig,
    source: &dyn StudentSource,
    file: FileNumber,
    level: Level,
    query: &CellQuery,
) -> Result<Vec<Behind>, EdfactsError> {
    let plan = Plan::new(catalogue, config, &[(file, vec![level])])?;
    let cx = Context::new(catalogue, config, source.units());
    let mut trace = CellTrace { plan: &plan, cx: &cx, query, found: Vec::new() };
    let mut scratch = Scratch::default();
    source.each_student(&mut |student| {
        for (declared, places) in &plan.groups {
            run(&cx, &plan, declared, places, student, &mut scratch, &mut trace);
        }
        Ok(())
    })?;
    let mut found = trace.found;
    found.sort_by(|a, b| a.student.cmp(&b.student).then_with(|| a.rows.cmp(&b.rows)));
    Ok(found)
}

/// The numbers of the assignments behind a cell of a file of full-time equivalents, in their order.
///
/// # Errors
/// [`EdfactsError::NotCounted`].
pub fn explain_staff(
    catalogue: &Catalogue,
    config: &CountConfig,
    units: &crate::Units,
    assignments: &[crate::StaffAssignment],
    file: FileNumber,
    level: Level,
    query: &CellQuery,
) -> Result<Vec<usize>, EdfactsError> {
    let plan = Plan::new(catalogue, config, &[(file, vec![level])])?;
    let cx = Context::new(catalogue, config, units);
    let behind = |(number, assignment): (usize, &crate::StaffAssignment)| {
        let mut counts = false;
        staff_cells(&cx, &plan, assignment, &mut |key| counts |= query.is(&plan, &cx, key));
        counts.then_some(number)
    };
    Ok(assignments.iter().enumerate().filter_map(behind).collect())
}

struct OutTrace<'q> {
    plan: &'q Plan,
    counted: bool,
    out: Vec<LeftOut>,
}

impl OutTrace<'_> {
    fn push(&mut self, plan: usize, row: Option<RowRef>, why: Exclusion) {
        if let Some(file) = self.plan.files.get(plan).filter(|file| file.asked) {
            self.out.push(LeftOut { level: file.level, row, why });
        }
    }
}

impl Sink for OutTrace<'_> {
    fn cell(&mut self, _: CellKey, _: &Instance<'_>) {
        self.counted = true;
    }

    fn left_out(&mut self, plan: usize, candidate: &Candidate<'_>, why: Exclusion) {
        self.push(plan, Some(candidate.row), why);
    }

    fn no_rows(&mut self, plan: usize) {
        self.push(plan, None, Exclusion::NoRows);
    }
}

/// Why rows of a student, or the student, do not count in a file at a level. Empty when every row of the
/// population counts.
///
/// # Errors
/// [`EdfactsError::NotCounted`].
pub fn why_left_out(
    catalogue: &Catalogue,
    config: &CountConfig,
    units: &crate::Units,
    student: &StudentRows,
    file: FileNumber,
    level: Level,
) -> Result<Vec<LeftOut>, EdfactsError> {
    let plan = Plan::new(catalogue, config, &[(file, vec![level])])?;
    let cx = Context::new(catalogue, config, units);
    let mut trace = OutTrace { plan: &plan, counted: false, out: Vec::new() };
    let mut scratch = Scratch::default();
    for (declared, places) in &plan.groups {
        run(&cx, &plan, declared, places, student, &mut scratch, &mut trace);
    }
    Ok(trace.out)
}

//! The files that are registers of units, not counts: grades offered (039) and homeless subgrants (170), and the
//! table of units against which the other files are checked.

use crate::federal::FederalError;
use opi_edfacts::{DataRow, FileNumber, Grade, Level, Unit, Units};

/// The rows of a register file; `None` for a file that is no register of ours.
pub(crate) fn register_rows(file: FileNumber, level: Level, units: &Units) -> Option<Vec<DataRow>> {
    let rows = reported(units).filter(|unit| match level {
        Level::Sea => false,
        Level::Lea => unit.school.is_none(),
        Level::Sch => unit.school.is_some(),
    });
    match file.get() {
        39 => Some(rows.flat_map(grades_offered).collect()),
        170 => Some(rows.map(subgrant).collect()),
        _ => None,
    }
}

fn reported(units: &Units) -> impl Iterator<Item = &Unit> {
    units.iter().filter(|(_, reported)| *reported).map(|(unit, _)| unit)
}

fn row(unit: &Unit, column: &str, value: &str) -> DataRow {
    DataRow {
        lea: Some(unit.lea.clone()),
        school: unit.school.clone(),
        values: vec![(column.to_owned(), value.to_owned())],
        ..DataRow::default()
    }
}

/// One row a grade; a unit without grades says so.
fn grades_offered(unit: &Unit) -> Vec<DataRow> {
    let grades: Vec<DataRow> = Grade::all()
        .filter(|grade| unit.grades.contains(*grade))
        .map(|grade| row(unit, "GradeLevelID", grade.code()))
        .collect();
    if grades.is_empty() { vec![row(unit, "GradeLevelID", "NOGRADES")] } else { grades }
}

fn subgrant(unit: &Unit) -> DataRow {
    let answer = if unit.homeless_subgrant { "MVSUBGYES" } else { "MVSUBGNO" };
    row(unit, "MVSubGStatusID", answer)
}

/// The units with their grades as the checker reads them.
pub(crate) fn units_table(units: &Units) -> Result<Vec<u8>, FederalError> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let refused = |problem: String| FederalError::Spec { table: "units.csv", problem };
    let mut write = |row: [&str; 5]| table.write_record(row).map_err(|error| refused(error.to_string()));
    write(["lea", "school", "status", "reported_federally", "grades"])?;
    for (unit, reported) in units.iter() {
        let status = if reported { "Open" } else { "Closed" };
        let grades = Grade::all().filter(|grade| unit.grades.contains(*grade)).map(Grade::code);
        let grades: Vec<&str> = grades.collect();
        let school = unit.school.as_deref().unwrap_or_default();
        write([&unit.lea, school, status, "yes", &grades.join(";")])?;
    }
    table.into_inner().map_err(|error| refused(error.to_string()))
}

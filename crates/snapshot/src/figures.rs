//! The figures of a snapshot, and which of them change when another snapshot is used instead.

use crate::table::student_number;
use crate::{Snapshot, Table};
use opi_dictionary::DistrictNumber;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Figure {
    /// Rows of a table.
    Rows,
    /// Different students over all tables.
    Students,
    /// Enrollments by service type and grade.
    Enrollments,
    /// Rows of a count by band of hours, absence and exclusion.
    Counted,
}

/// Which figure, of which school.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct FigureKey {
    /// What it counts.
    pub figure: Figure,
    /// The table; empty for figures over all tables.
    pub table: String,
    /// The district; absent for rows that name none.
    pub district: Option<DistrictNumber>,
    /// The school, as the rows name it; empty for figures of districts.
    pub school: String,
    /// The texts by which the figure is broken down, in the order in which its kind names them.
    pub by: Vec<String>,
}

/// A figure that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct FigureChange {
    /// Which one.
    #[serde(flatten)]
    pub key: FigureKey,
    /// With the first snapshot.
    pub older: u64,
    /// With the second one.
    pub newer: u64,
}

/// The figures of a snapshot.
#[must_use]
pub fn figures(snapshot: &Snapshot) -> BTreeMap<FigureKey, u64> {
    let mut counts = BTreeMap::new();
    let mut students: BTreeSet<(Option<DistrictNumber>, u32)> = BTreeSet::new();
    for table in snapshot.tables() {
        let student = table.student_column();
        for record in table.records() {
            if let Some(number) = student.and_then(|column| student_number(record.field(column))) {
                students.insert((record.origin().district, number));
            }
        }
        count(table, Figure::Rows, false, &[], &mut counts);
        match table.name() {
            "student-enrollments" => {
                count(table, Figure::Enrollments, true, &["service_type", "grade"], &mut counts)
            }
            "fall-enrollment-count" => {
                let by = ["aggregate_hours_of_instruction", "absent", "exclude_fall_anb_10_day_rule"];
                count(table, Figure::Counted, true, &by, &mut counts);
            }
            "spring-enrollment-count" => {
                let by = ["aggregate_hours_of_instruction", "absent", "exclude_spring_anb_10_day_rule"];
                count(table, Figure::Counted, true, &by, &mut counts);
            }
            _ => {}
        }
    }
    for (district, _) in students {
        let (table, school, by) = (String::new(), String::new(), Vec::new());
        *counts.entry(FigureKey { figure: Figure::Students, table, district, school, by }).or_default() += 1;
    }
    counts
}

fn count(table: &Table, figure: Figure, by_school: bool, by: &[&str], counts: &mut BTreeMap<FigureKey, u64>) {
    let columns: Vec<Option<usize>> = by.iter().map(|name| table.schema().column(name)).collect();
    let school = table.schema().column("school_number").filter(|_| by_school);
    for record in table.records() {
        let text = |column: Option<usize>| column.map_or("", |column| record.field(column)).to_owned();
        let key = FigureKey {
            figure,
            table: table.name().to_owned(),
            district: record.origin().district,
            school: text(school),
            by: columns.iter().map(|column| text(*column)).collect(),
        };
        *counts.entry(key).or_default() += 1;
    }
}

/// The figures that change if `newer` is used instead of `older`, in order.
#[must_use]
pub fn changed_figures(older: &Snapshot, newer: &Snapshot) -> Vec<FigureChange> {
    let (older, newer) = (figures(older), figures(newer));
    let keys: BTreeSet<&FigureKey> = older.keys().chain(newer.keys()).collect();
    let of = |figures: &BTreeMap<FigureKey, u64>, key: &FigureKey| figures.get(key).copied().unwrap_or(0);
    keys.into_iter()
        .map(|key| FigureChange { key: key.clone(), older: of(&older, key), newer: of(&newer, key) })
        .filter(|change| change.older != change.newer)
        .collect()
}

//! Invented snapshots for tests.
#![allow(dead_code, reason = "each test file uses its own part")]

use opi_dictionary::{Dictionary, Layout, RowBuffer};
use opi_snapshot::{Origin, Snapshot, SnapshotInfo, SourceEntry, Table, TableBuilder, TableSchema};

pub(crate) fn layout(key: &str) -> &'static Layout {
    Dictionary::built_in().layout(key).unwrap()
}

pub(crate) fn table(key: &str, rows: &[Vec<(&str, String)>]) -> Table {
    let layout = layout(key);
    let mut builder = TableBuilder::new(TableSchema::of(layout));
    let mut buffer = RowBuffer::new(layout);
    for (index, cells) in rows.iter().enumerate() {
        buffer.clear();
        for (name, text) in cells {
            assert!(buffer.set(layout.field_named(name).unwrap().field, text), "{name}");
        }
        let row = buffer.row_at(index as u64 + 2, 0);
        let district = row.value(opi_dictionary::fields::DISTRICT_NUMBER).ok().flatten();
        builder.push_row(&row, Origin { source: 0, line: row.line(), district }).unwrap();
    }
    builder.finish()
}

pub(crate) fn enrollment(student: usize, grade: &str) -> Vec<(&'static str, String)> {
    [
        ("district_number", if student.is_multiple_of(3) { "9902" } else { "9901" }),
        ("school_number", "9911"),
        ("calendar_number", "100"),
        ("student_state_id", &format!("99{student:07}")),
        ("last_name", "Larkspur"),
        ("first_name", "Zinnia"),
        ("grade", grade),
        ("start_date", "08/27/2025"),
        ("start_status", "02"),
        ("service_type", "P"),
        ("year", "2026"),
    ]
    .map(|(name, text)| (name, text.to_owned()))
    .to_vec()
}

pub(crate) fn info(taken_by: &str) -> SnapshotInfo {
    SnapshotInfo {
        school_year: "2025-26".parse().unwrap(),
        collection: "Fall count (ANB)".into(),
        as_of: "2025-10-22".parse().unwrap(),
        taken_by: taken_by.into(),
        taken_at: "2025-10-23T02:00:00".parse().unwrap(),
        rule_set: "2025.1".into(),
        sources: vec![SourceEntry {
            file: "enrollments.tsv".into(),
            district: "9901".parse().ok(),
            at: "2025-10-08T09:00:00".parse().unwrap(),
            content: None,
        }],
        certifications: Vec::new(),
    }
}

/// A snapshot of some students; `grade` tells two apart.
pub(crate) fn snapshot(students: usize, grade: &str) -> Snapshot {
    let rows: Vec<_> = (0..students).map(|student| enrollment(student, grade)).collect();
    let attendance: Vec<_> = (0..students)
        .map(|student| {
            [("student_state_id", format!("99{student:07}")), ("ada_days_present", format!("{student}.5"))]
                .to_vec()
        })
        .collect();
    let tables = vec![table("student-enrollments", &rows), table("eoy-attendance-totals", &attendance)];
    Snapshot::new(info("nightly"), tables).unwrap()
}

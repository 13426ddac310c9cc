//! Invented rows for tests.
#![allow(dead_code, reason = "each test file uses its own part")]

use opi_dictionary::{Dictionary, Layout, RowBuffer};
use opi_snapshot::{ImportReport, Origin, Register, Table, TableBuilder, TableSchema, Upload};

/// Fields of a row by key.
pub(crate) type Cells = Vec<(&'static str, String)>;

pub(crate) fn layout(key: &str) -> &'static Layout {
    Dictionary::built_in().layout(key).unwrap()
}

pub(crate) fn buffer<'l>(layout: &'l Layout, cells: &[(&'static str, String)]) -> RowBuffer<'l> {
    let mut buffer = RowBuffer::new(layout);
    for (name, text) in cells {
        assert!(buffer.set(layout.field_named(name).unwrap().field, text), "{name}");
    }
    buffer
}

pub(crate) fn cells(pairs: &[(&'static str, &str)]) -> Cells {
    pairs.iter().map(|(name, text)| (*name, (*text).to_owned())).collect()
}

pub(crate) fn upload(file: &str, district: &str, day: u32) -> Upload {
    let at = format!("2025-10-{day:02}T09:00:00").parse().unwrap();
    Upload::new(file, Some(district.parse().unwrap()), "2025-26".parse().unwrap(), at)
}

/// Imports rows; their lines count from 2, as below a header.
pub(crate) fn import(register: &mut Register, upload: &Upload, key: &str, rows: &[Cells]) -> ImportReport {
    let layout = layout(key);
    let mut import = register.import(upload, layout).unwrap();
    for (index, cells) in rows.iter().enumerate() {
        import.row(&buffer(layout, cells).row_at(index as u64 + 2, 0)).unwrap();
    }
    import.finish().unwrap()
}

pub(crate) fn table(key: &str, rows: &[Cells]) -> Table {
    let layout = layout(key);
    let mut builder = TableBuilder::new(TableSchema::of(layout));
    for (index, cells) in rows.iter().enumerate() {
        let mut buffer = buffer(layout, cells);
        let row = buffer.row_at(index as u64 + 2, 0);
        let district = row.value(opi_dictionary::fields::DISTRICT_NUMBER).ok().flatten();
        builder.push_row(&row, Origin { source: 0, line: row.line(), district }).unwrap();
    }
    builder.finish()
}

pub(crate) fn enrollment(student: &str, grade: &str, start: &str) -> Cells {
    enrollment_in("9901", student, grade, start)
}

pub(crate) fn enrollment_in(district: &str, student: &str, grade: &str, start: &str) -> Cells {
    cells(&[
        ("district_number", district),
        ("school_number", "9911"),
        ("calendar_number", "100"),
        ("student_state_id", student),
        ("grade", grade),
        ("start_date", start),
        ("start_status", "02"),
        ("service_type", "P"),
        ("year", "2026"),
    ])
}

pub(crate) fn count(student: &str, hours: &str) -> Cells {
    cells(&[
        ("district_number", "9901"),
        ("school_number", "9911"),
        ("calendar_number", "100"),
        ("student_state_id", student),
        ("aggregate_hours_of_instruction", hours),
        ("absent", "N"),
        ("year", "2026"),
    ])
}

pub(crate) fn demographics(district: &str, id: &str, local: &str, last: &str) -> Cells {
    cells(&[
        ("district_number", district),
        ("student_state_id", id),
        ("student_local_id", local),
        ("last_name", last),
        ("first_name", "Zinnia"),
        ("year", "2026"),
    ])
}

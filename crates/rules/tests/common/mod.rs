//! What the tests share: files read into rows, an invented directory, cases from tables.
#![allow(
    dead_code,
    clippy::disallowed_methods,
    reason = "each test uses a part; tests read their data files"
)]

use chrono::NaiveDate;
use opi_dictionary::{Dictionary, Directory, DirectoryBuilder, DirectoryTable, SchoolYear};
use opi_rules::Rows;
use std::path::Path;

pub(crate) fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn year() -> SchoolYear {
    SchoolYear::ending(2026).unwrap()
}

pub(crate) fn directory() -> Directory {
    let mut builder = DirectoryBuilder::default();
    for table in [
        DirectoryTable::Districts,
        DirectoryTable::Schools,
        DirectoryTable::GradesOffered,
        DirectoryTable::Calendars,
        DirectoryTable::CalendarDays,
        DirectoryTable::CalendarGrades,
    ] {
        builder.read(table, data(table.file_name()).as_bytes()).unwrap();
    }
    builder.build().unwrap()
}

/// A file of tab-separated rows under its header line.
pub(crate) fn rows<'a>(dictionary: &'a Dictionary, name: &str, layout: &str, text: &str) -> Rows<'a> {
    let mut rows = Rows::new(name, dictionary.layout(layout).unwrap());
    for (index, line) in text.lines().enumerate() {
        if index == 0 {
            let date = line.split('\t').nth(1).unwrap();
            rows.set_header_date(NaiveDate::parse_from_str(date, "%m/%d/%Y").ok());
        } else {
            rows.push(index as u64 + 1, line.split('\t'));
        }
    }
    rows
}

pub(crate) fn file<'a>(dictionary: &'a Dictionary, name: &str, layout: &str) -> Rows<'a> {
    rows(dictionary, name, layout, &data(name))
}

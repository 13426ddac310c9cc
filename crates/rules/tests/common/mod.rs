//! What the tests share: files read into rows, an invented directory, cases from tables.
#![allow(
    dead_code,
    clippy::disallowed_methods,
    reason = "each test uses a part; tests read their data files"
)]

use chrono::NaiveDate;
use opi_dictionary::{Dictionary, Directory, DirectoryBuilder, DirectoryTable, Finding, SchoolYear};
use opi_rules::{Checker, Inputs, Options, Policy, References, Report, Rows};
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

/// An enrollment row in which nothing is found.
pub(crate) const RIGHT: [&str; 22] = [
    "EN",
    "9901",
    "9912",
    "100",
    "990000108",
    "108",
    "Feldspar",
    "Flint",
    "10",
    "08/27/2025",
    "02",
    "P",
    "",
    "",
    "N",
    "",
    "",
    "",
    "",
    "08/28/2024",
    "",
    "2026",
];

/// A file of enrollment rows.
pub(crate) fn enrollments(name: &str, rows: &[Vec<String>]) -> Rows<'static> {
    let layout = Dictionary::built_in().layout("student-enrollments").unwrap();
    let mut input = Rows::new(name, layout);
    for (index, row) in rows.iter().enumerate() {
        input.push(index as u64 + 2, row.iter().map(String::as_str));
    }
    input
}

pub(crate) fn references(directory: &Directory) -> References<'_> {
    let mut references = References::new(Dictionary::built_in(), year(), day("2026-01-21"));
    references.directory = Some(directory);
    references
}

/// Everything that the registry finds, with values.
pub(crate) fn run(inputs: &Inputs<'_>, policy: &Policy) -> (Report, Vec<Finding>) {
    let directory = directory();
    let references = references(&directory);
    let options = Options { samples_per_rule: 1_000_000, ..Options::default() };
    let checker = Checker::new(&references, policy, options).unwrap();
    let outcome = checker.check(inputs).unwrap();
    let findings = outcome.findings(&checker, inputs, true).unwrap();
    (outcome.report, findings)
}

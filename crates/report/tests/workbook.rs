//! The workbook, read back with another library.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // helpers of tests

mod common;

use calamine::{Data, Range, Reader, Xlsx, open_workbook_from_rs};
use opi_report::{FindingReport, Values};
use std::io::Cursor;

fn open(report: &FindingReport, values: Values) -> Xlsx<Cursor<Vec<u8>>> {
    open_workbook_from_rs(Cursor::new(report.to_xlsx(values).unwrap())).unwrap()
}

fn shown(sheet: &Range<Data>) -> String {
    let rows = sheet.rows().map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "));
    rows.map(|row| row.trim_end().to_owned() + "\n").collect()
}

#[test]
fn sheets_read_back() {
    let mut book = open(&common::report(), Values::Hidden);
    let all: Vec<String> =
        book.worksheets().iter().map(|(name, sheet)| format!("== {name}\n{}", shown(sheet))).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn values_get_a_column_of_their_own_when_asked_for() {
    let mut book = open(&common::report(), Values::Shown);
    let sheet = book.worksheet_range("enrollment.tsv").unwrap();
    assert_eq!(sheet.get((0, 6)).unwrap().to_string(), "Found");
    assert_eq!(sheet.get((2, 6)).unwrap().to_string(), common::MARKER);
    assert_eq!(sheet.get((2, 7)).unwrap().to_string(), "Correct one of the two dates.");
}

#[test]
fn no_cell_is_a_formula_and_every_text_is_text() {
    let mut book = open(&common::hostile_report(), Values::Shown);
    let names = book.sheet_names();
    assert_eq!(names.len(), 2 + common::hostile().len());
    for name in names {
        assert!(book.worksheet_formula(&name).unwrap().is_empty(), "{name:?} has a formula");
    }
    let mut seen = false;
    for (_, sheet) in book.worksheets() {
        for (_, _, cell) in sheet.used_cells() {
            assert!(!matches!(cell, Data::Error(_)), "{cell:?}");
            if let Data::String(text) = cell {
                assert!(text.encode_utf16().count() <= 32_767);
                seen |= text == "=HYPERLINK(\"http://example.org\",\"x\")";
            }
        }
    }
    assert!(seen, "a text that looks like a formula is kept as it is");
}

#[test]
fn the_moment_is_the_callers() {
    let report = common::report();
    assert!(report.to_xlsx(Values::Hidden).unwrap() == report.to_xlsx(Values::Hidden).unwrap());
    let mut later = report.header().clone();
    later.produced = later.produced.map(|moment| moment + chrono::TimeDelta::seconds(1));
    let later = FindingReport::new(later, report.findings().to_vec()).unwrap();
    assert!(report.to_xlsx(Values::Hidden).unwrap() != later.to_xlsx(Values::Hidden).unwrap());
    let mut header = report.header().clone();
    header.produced = chrono::NaiveDateTime::MAX.into();
    header.as_of = None;
    assert!(FindingReport::new(header, vec![]).unwrap().to_xlsx(Values::Hidden).is_ok());
}

//! Whole invented states, looked at from outside.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::*;
use opi_aim::{ReadOptions, Reader};
use opi_dictionary::{Dictionary, DirectoryBuilder, DirectoryTable, SchoolYear};
use opi_synth::{DefectRate, FILES, STATE_TABLES, Sink, State, WriteOptions};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let parts = |seed: u64| {
        let mut uploads = written(plan(800, 2, seed), 20_000);
        let state: BTreeMap<String, Vec<u8>> =
            uploads.extract_if(.., |name, _| name.starts_with("state/")).collect();
        (hash(&uploads), hash(&state))
    };
    let (uploads, state) = parts(20_260_701);
    assert_eq!((uploads.clone(), state.clone()), parts(20_260_701));
    let (other_uploads, other_state) = parts(20_260_702);
    assert!(uploads != other_uploads && state != other_state);
    // Change whenever a table or a draw changes; must not change with platform or build.
    insta::assert_snapshot!(uploads);
    insta::assert_snapshot!("the_same_seed_gives_the_same_tables_of_the_state", state);
}

#[test]
fn every_clean_row_reads_by_its_layout_without_a_finding() {
    let outputs = written(plan(3_000, 1, 5), 0);
    let dictionary = Dictionary::built_in();
    let mut files = 0;
    for (name, bytes) in outputs.iter().filter(|(name, _)| name.ends_with(".tsv")) {
        let mut options = ReadOptions::new().check_fields(true);
        // The tables of the state have neither header nor record type: their name says what they are.
        let table = name.strip_prefix("state/2026/").and_then(|table| table.strip_suffix(".tsv"));
        if let Some(table) = table {
            options = options.layout(table);
        }
        let mut reader = Reader::new(bytes.as_slice(), dictionary, options).unwrap();
        let mut read = 0u64;
        while let Some(row) = reader.next_row().unwrap() {
            assert!(name.ends_with(&format!("{}.tsv", row.layout().key)), "{name}");
            assert!(opi_dictionary::records::check_as_record(&row).unwrap(), "{name}");
            read += 1;
        }
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(read + u64::from(table.is_none()), lines, "{name}");
        assert!(reader.log().hits().is_empty(), "{name}: {:?}", reader.log().hits());
        files += 1;
    }
    assert!(files > 30);
}

#[test]
fn the_tables_of_the_state_speak_of_its_students_and_schools() {
    let outputs = written(plan(6_000, 2, 9), 0);
    for year in [2025, 2026] {
        let students: BTreeSet<(String, String)> = rows(&outputs, year, "student-enrollments")
            .into_iter()
            .map(|row| (row[4].clone(), row[1].clone()))
            .collect();
        let ids: BTreeSet<&String> = students.iter().map(|(id, _)| id).collect();
        for (table, column) in [("special-education", 1), ("discipline", 2), ("fram", 0), ("foster-care", 0)]
        {
            let rows = state_rows(&outputs, year, table);
            assert!(rows.len() > 20, "{table} {year}: {}", rows.len());
            assert!(rows.iter().all(|row| ids.contains(&row[column])), "{table} {year}");
        }
        // A plan and a removal are of a district where the student is enrolled.
        for row in state_rows(&outputs, year, "special-education") {
            assert!(students.contains(&(row[1].clone(), row[0].clone())), "{row:?}");
        }
        let plans: BTreeSet<(String, String)> = state_rows(&outputs, year, "special-education")
            .into_iter()
            .map(|row| (row[1].clone(), row[0].clone()))
            .collect();
        assert_eq!(plans.len(), state_rows(&outputs, year, "special-education").len(), "one plan a district");
        let reasons: BTreeSet<String> =
            state_rows(&outputs, year, "special-education").into_iter().map(|row| row[7].clone()).collect();
        assert!(reasons.contains("GHS") && reasons.contains("TRAN") && reasons.contains(""), "{reasons:?}");
        for row in state_rows(&outputs, year, "discipline") {
            assert!(students.contains(&(row[2].clone(), row[0].clone())), "{row:?}");
            // An interim removal is for children with disabilities.
            assert!(row[8].is_empty() || plans.contains(&(row[2].clone(), row[0].clone())), "{row:?}");
            assert!(row[7..=10].iter().any(|kind| !kind.is_empty()), "{row:?}");
        }
        let schools = rows_of_units(&outputs, year);
        let listed = std::str::from_utf8(&outputs["directory/schools.csv"]).unwrap().lines().count() - 1;
        assert_eq!(schools, listed, "every school has its row");
        let staff = state_rows(&outputs, year, "staff-assignments");
        let people: BTreeSet<&String> = staff.iter().map(|row| &row[2]).collect();
        assert_eq!(people.len(), staff.len(), "one assignment a person");
        let teachers: f64 = staff
            .iter()
            .filter(|row| row[3].ends_with("TCH") && row[5].is_empty())
            .map(|row| row[4].parse::<f64>().unwrap())
            .sum();
        let ratio = 6_000.0 / teachers;
        assert!((10.0..20.0).contains(&ratio), "{ratio} pupils a teacher");
    }
}

fn rows_of_units(outputs: &BTreeMap<String, Vec<u8>>, year: i32) -> usize {
    state_rows(outputs, year, "unit-programs")
        .iter()
        .filter(|row| row.get(1).is_some_and(|school| !school.is_empty()))
        .count()
}

#[test]
fn the_directory_reads_back() {
    let state = State::new(plan(3_000, 2, 5)).unwrap();
    let mut builder = DirectoryBuilder::default();
    let outputs = written(state.plan(), 0);
    for table in DirectoryTable::ALL {
        builder.read(*table, outputs[&format!("directory/{table}")].as_slice()).unwrap();
    }
    assert_eq!(builder.build().unwrap(), state.directory().unwrap());
}

#[test]
fn a_state_has_the_students_asked_for_in_every_year() {
    let outputs = written(plan(2_500, 3, 11), 0);
    for year in 2024..=2026 {
        let ids: BTreeSet<String> =
            rows(&outputs, year, "student-demographics").into_iter().map(|row| row[2].clone()).collect();
        assert_eq!(ids.len(), 2_500);
    }
}

#[test]
fn small_states_keep_their_kinds() {
    let state = State::new(plan(1_000, 1, 2)).unwrap();
    let directory = state.directory().unwrap();
    let year = SchoolYear::ending(2026).unwrap();
    let kinds: BTreeSet<&str> =
        directory.districts().filter_map(|d| d.kind(year)).map(|kind| kind.as_str()).collect();
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    for students in [1, 2, 13, 60, 200] {
        let outputs = written(plan(students, 2, 9), 0);
        let ids: BTreeSet<String> =
            rows(&outputs, 2026, "student-demographics").into_iter().map(|row| row[2].clone()).collect();
        assert_eq!(ids.len() as u64, students);
    }
}

#[test]
fn plans_that_cannot_be_carried_out_are_refused() {
    for (students, years) in
        [(0, 1), (10, 0), (1_000_000_000, 1), (500_000_000, 2), (u64::MAX, 3), (1, u32::MAX)]
    {
        assert!(State::new(plan(students, years, 1)).is_err(), "{students} {years}");
    }
    let state = State::new(plan(10, 1, 1)).unwrap();
    assert!(state.visit(SchoolYear::ending(2020).unwrap(), &mut |_| {}).is_err());
}

/// Counts how many outputs are open at once, and drops the bytes.
#[derive(Default)]
struct Counter {
    open: usize,
    most: usize,
    names: BTreeSet<String>,
}

impl Sink for Counter {
    type Output = std::io::Sink;

    fn open(&mut self, name: &str) -> std::io::Result<std::io::Sink> {
        self.open += 1;
        self.most = self.most.max(self.open);
        assert!(self.names.insert(name.to_owned()), "{name} opened twice");
        Ok(std::io::sink())
    }

    fn close(&mut self, _name: &str, _output: std::io::Sink) -> std::io::Result<()> {
        self.open -= 1;
        Ok(())
    }
}

#[test]
fn only_one_neighbourhood_is_open_at_a_time() {
    let mut sink = Counter::default();
    let state = State::new(plan(20_000, 1, 6)).unwrap();
    let mut steps = 0;
    let summary = state
        .write(
            &mut sink,
            &WriteOptions { defects: DefectRate::of_million(1_000), only_in: None },
            &mut |_| steps += 1,
        )
        .unwrap();
    assert_eq!(sink.open, 0);
    assert!(sink.most <= FILES.len() * 40 + STATE_TABLES.len(), "{} outputs at once", sink.most);
    assert!(steps > 20 && summary.students == 20_000 && summary.planted > 0);
    let most = state.directory().unwrap().districts().count() * FILES.len()
        + DirectoryTable::ALL.len()
        + STATE_TABLES.len()
        + 1;
    assert!((most * 7 / 10..=most).contains(&sink.names.len()), "{} of {most}", sink.names.len());
}

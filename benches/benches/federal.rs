//! Promise: from the tables of a whole state to every federal file that they suffice for, written and checked, in
//! seconds. Usage: `cargo bench -p opi-benches --bench federal [-- STUDENTS]`.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench"
)]

use opi::{FederalInputs, FederalState, explain_federal, federal_files};
use opi_aim::{ReadOptions, Reader};
use opi_benches::cpu_seconds;
use opi_dictionary::{Dictionary, SchoolYear};
use opi_edfacts::{Catalogue, StateProfile};
use opi_snapshot::{Origin, Table, TableBuilder, TableSchema};
use opi_synth::{MemorySink, Plan, State, WriteOptions};
use std::collections::BTreeMap;
use std::time::Instant;

/// The tables of the last year.
fn tables(sink: &MemorySink, year: SchoolYear) -> Vec<Table> {
    let dictionary = Dictionary::built_in();
    let mut builders: BTreeMap<String, TableBuilder> = BTreeMap::new();
    for (source, (name, bytes)) in (0u32..).zip(&sink.outputs) {
        let parts: Vec<&str> = name.split('/').collect();
        let layout = match parts.as_slice() {
            ["uploads", of, _, file] | ["state", of, file] if *of == year.end_year().to_string() => {
                file.strip_suffix(".tsv").unwrap()
            }
            _ => continue,
        };
        let options = ReadOptions::new().layout(layout);
        let mut reader = Reader::new(bytes.as_slice(), dictionary, options).unwrap();
        let schema = TableSchema::of(dictionary.layout(layout).unwrap());
        let builder = builders.entry(layout.to_owned()).or_insert_with(|| TableBuilder::new(schema));
        while let Some(row) = reader.next_row().unwrap() {
            builder.push_row(&row, Origin { source, line: row.line(), district: None }).unwrap();
        }
    }
    builders.into_values().map(TableBuilder::finish).collect()
}

fn main() {
    let students: u64 = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(147_000);
    let year: SchoolYear = "2025-26".parse().unwrap();
    let state = State::new(Plan { students, years: 1, last_year: year, seed: 1 }).unwrap();
    let mut sink = MemorySink::default();
    state.write(&mut sink, &WriteOptions::default(), &mut |_| {}).unwrap();
    let tables = tables(&sink, year);
    drop(sink);
    let directory = state.directory().unwrap();
    let profile = StateProfile::montana().unwrap();
    let inputs = FederalInputs {
        school_year: year,
        catalogue: Catalogue::builtin().unwrap(),
        dictionary: Dictionary::built_in(),
        profile: &profile,
        directory: &directory,
        tables: &tables,
        other_years: &[],
    };
    let timed = |what: &str, work: &dyn Fn() -> String| {
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        let said = work();
        let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        println!("{what}: {wall:.2} s wall, {cpu:.2} s CPU; {said}");
    };
    println!("{students} students, {} rows", tables.iter().map(Table::len).sum::<usize>());
    for _ in 0..2 {
        timed("students from tables", &|| {
            let state = FederalState::new(&inputs).unwrap();
            let mut enrollments = 0;
            state
                .visit(|student| {
                    enrollments += student.enrollments.len();
                    Ok::<(), ()>(())
                })
                .unwrap();
            format!("{enrollments} enrollments")
        });
        timed("all federal files, counted, written, checked", &|| {
            let made = federal_files(&inputs).unwrap();
            let (records, bytes) = made
                .files
                .iter()
                .fold((0, 0), |(records, bytes), file| (records + file.records, bytes + file.bytes.len()));
            format!(
                "{} files, {records} records, {} MB, {} findings",
                made.files.len(),
                bytes / 1_000_000,
                made.check.findings.len()
            )
        });
        timed("one figure explained", &|| {
            let figure = "edfacts:052:SEA:CSA:05,HI7,F".parse().unwrap();
            format!("{} students", explain_federal(&inputs, &figure).unwrap().reasons.len())
        });
    }
}

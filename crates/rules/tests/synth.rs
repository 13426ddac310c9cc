//! The invented state: without planted mistakes nothing blocks, and planted mistakes are found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "common/aim.rs"]
mod aim;
mod common;

use aim::AimFile;
use opi_dictionary::{
    Dictionary, Directory, DirectoryBuilder, DirectoryTable, Finding, SchoolYear, Severity,
};
use opi_rules::{Checker, Collection, Input, Inputs, Options, Policy, References, Report};
use opi_synth::{DefectRate, MemorySink, Plan, Planted, State, WriteOptions};
use std::collections::{BTreeMap, BTreeSet};

fn state(students: u64, seed: u64, defects: DefectRate) -> MemorySink {
    let plan = Plan { students, years: 2, last_year: SchoolYear::ending(2026).unwrap(), seed };
    let mut sink = MemorySink::default();
    State::new(plan).unwrap().write(&mut sink, &WriteOptions { defects }, &mut |_| {}).unwrap();
    sink
}

fn directory(sink: &MemorySink) -> Directory {
    let mut builder = DirectoryBuilder::default();
    for table in DirectoryTable::ALL {
        builder.read(*table, sink.outputs[&format!("directory/{table}")].as_slice()).unwrap();
    }
    builder.build().unwrap()
}

/// The files of a year; demographics of all years, since a district sends a student's once.
fn files<'a>(sink: &'a MemorySink, wanted: impl Fn(&str, &str) -> bool) -> Vec<AimFile<'a>> {
    sink.outputs
        .iter()
        .filter_map(|(name, bytes)| {
            let parts: Vec<&str> = name.split('/').collect();
            let [_, year, _, file] = parts.as_slice() else { return None };
            let layout = file.strip_suffix(".tsv")?;
            wanted(year, layout).then(|| AimFile::new(name, layout, bytes))
        })
        .collect()
}

fn dynamic<'i>(files: &'i [AimFile<'_>]) -> Vec<&'i dyn Input> {
    files.iter().map(|file| file as &dyn Input).collect()
}

fn check(sink: &MemorySink, collection: Option<Collection>) -> (Report, Vec<Finding>) {
    let directory = directory(sink);
    let references = {
        let mut references = References::new(
            Dictionary::built_in(),
            SchoolYear::ending(2026).unwrap(),
            common::day("2026-07-01"),
        );
        references.directory = Some(&directory);
        references.collection = collection;
        references
    };
    let current = files(sink, |year, _| year == "2026");
    let prior = files(sink, |year, layout| year == "2025" && layout != "student-demographics");
    // The register holds everyone who was ever sent.
    let mut register = files(sink, |_, layout| layout == "student-demographics");
    register.iter_mut().for_each(|file| file.name.insert_str(0, "register/"));
    let inputs = Inputs { current: dynamic(&current), register: dynamic(&register), prior: dynamic(&prior) };
    let options = Options { samples_per_rule: usize::MAX / 4, ..Options::default() };
    let checker = Checker::new(&references, &Policy::default(), options).unwrap();
    let outcome = checker.check(&inputs).unwrap();
    let findings = outcome.findings(&checker, &inputs, false).unwrap();
    (outcome.report, findings)
}

#[test]
fn a_clean_state_has_nothing_that_blocks() {
    let end_of_year = Some(Collection::EndOfYear);
    for (students, seed, collection) in
        [(200, 1, None), (2_000, 2, None), (2_000, 2, end_of_year), (8_000, 3, None)]
    {
        let (report, findings) = check(&state(students, seed, DefectRate::NONE), collection);
        let blocking = findings.iter().filter(|finding| finding.severity >= Severity::BlocksCertification);
        let mut by_code: BTreeMap<&str, (usize, String)> = BTreeMap::new();
        for finding in blocking {
            by_code.entry(&finding.code).or_insert((0, finding.position.to_string())).0 += 1;
        }
        assert!(report.complete && by_code.is_empty(), "{students} students: {by_code:#?}");
    }
}

#[test]
fn planted_mistakes_are_found() {
    let sink = state(6_000, 5, "2%".parse().unwrap());
    let planted: Vec<Planted> = std::str::from_utf8(&sink.outputs["planted.jsonl"])
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (_, findings) = check(&sink, None);
    let places: BTreeSet<(&str, u64, &str)> = findings
        .iter()
        .map(|finding| (finding.position.file.as_str(), finding.position.line, finding.code.as_str()))
        .collect();
    let planted: Vec<&Planted> = planted.iter().filter(|mistake| mistake.file.contains("/2026/")).collect();
    // Where one student has several mistakes, one may hide what another would show.
    let student = |mistake: &Planted| {
        let text = String::from_utf8_lossy(&sink.outputs[&mistake.file]).into_owned();
        let line = text.lines().nth(mistake.line.saturating_sub(1) as usize)?.to_owned();
        line.split('\t')
            .find(|field| field.len() == 9 && field.bytes().all(|b| b.is_ascii_digit()))
            .map(str::to_owned)
    };
    let mut mistakes: BTreeMap<String, usize> = BTreeMap::new();
    for id in planted.iter().filter_map(|mistake| student(mistake)) {
        *mistakes.entry(id).or_default() += 1;
    }
    let mut missed: BTreeMap<(&str, &str), (usize, String)> = BTreeMap::new();
    let mut found: BTreeSet<&str> = BTreeSet::new();
    for mistake in planted {
        if student(mistake).is_some_and(|id| mistakes[&id] > 1) {
            continue;
        }
        // Whose upload it is is not said when the whole state is checked.
        for code in mistake.codes.iter().filter(|code| *code != "FILE-013") {
            // The first row sets the district of its file, so it is the others that differ.
            if code == "FILE-014" && mistake.line == 2 {
                continue;
            }
            let line = mistake.line.max(1);
            let here = |line: u64| places.contains(&(mistake.file.as_str(), line, code.as_str()));
            if here(mistake.line) || here(line) {
                found.insert(code);
            } else {
                let place = format!("{}:{} {}", mistake.file, mistake.line, mistake.field);
                missed.entry((&mistake.kind, code)).or_insert((0, place)).0 += 1;
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(found.len() > 50, "{found:?}");
}

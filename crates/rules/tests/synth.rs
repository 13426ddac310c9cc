//! The invented state: without planted mistakes nothing blocks, and planted mistakes are found.

mod common;
#[path = "common/aim.rs"]
mod aim;

use aim::AimFile;
use opi_dictionary::{Dictionary, Directory, DirectoryBuilder, DirectoryTable, Finding, SchoolYear, Severity};
use opi_rules::{Checker, Input, Inputs, Options, Policy, References, Report};
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

fn check(sink: &MemorySink) -> (Report, Vec<Finding>) {
    let directory = directory(sink);
    let references = {
        let mut references =
            References::new(Dictionary::built_in(), SchoolYear::ending(2026).unwrap(), common::day("2026-07-01"));
        references.directory = Some(&directory);
        references
    };
    let current = files(sink, |year, _| year == "2026");
    let prior = files(sink, |year, layout| year == "2025" && layout != "student-demographics");
    let register = files(sink, |year, layout| year == "2025" && layout == "student-demographics");
    let inputs = Inputs { current: dynamic(&current), register: dynamic(&register), prior: dynamic(&prior) };
    let options = Options { samples_per_rule: usize::MAX / 4, ..Options::default() };
    let checker = Checker::new(&references, &Policy::default(), options).unwrap();
    let outcome = checker.check(&inputs).unwrap();
    let findings = outcome.findings(&checker, &inputs, false).unwrap();
    (outcome.report, findings)
}

#[test]
fn a_clean_state_has_nothing_that_blocks() {
    for (students, seed) in [(200, 1), (2_000, 2), (8_000, 3)] {
        let (report, findings) = check(&state(students, seed, DefectRate::NONE));
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
    let (_, findings) = check(&sink);
    let places: BTreeSet<(&str, u64, &str)> = findings
        .iter()
        .map(|finding| (finding.position.file.as_str(), finding.position.line, finding.code.as_str()))
        .collect();
    let mut missed: BTreeMap<(String, String), (usize, String)> = BTreeMap::new();
    for mistake in planted.iter().filter(|mistake| mistake.file.contains("/2026/")) {
        for code in &mistake.codes {
            if !places.contains(&(mistake.file.as_str(), mistake.line, code.as_str())) {
                let place = format!("{}:{} {}", mistake.file, mistake.line, mistake.field);
                missed.entry((mistake.kind.clone(), code.clone())).or_insert((0, place)).0 += 1;
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

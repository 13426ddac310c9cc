//! Planted mistakes, against what the reader of AIM files notices.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use opi_aim::{ReadOptions, Reader};
use opi_dictionary::{Dictionary, SchoolYear};
use opi_synth::{DefectRate, MemorySink, Plan, Planted, State, WriteOptions};
use std::collections::{BTreeMap, BTreeSet};

/// The codes that a reader alone can find.
const OF_READING: &[&str] = &[
    "FILE-002", "FILE-003", "FILE-004", "FILE-006", "FILE-007", "FILE-008", "FILE-009", "FILE-011",
    "FILE-012", "FILE-016", "FILE-017", "FILE-018", "READ-001", "READ-002", "READ-010",
];
/// What the reader says of a value without knowing the rule of its field: form, and membership of a code set.
const GENERAL: &[&str] = &["READ-010", "READ-011"];

#[test]
fn the_reader_finds_what_was_planted_and_nothing_else() {
    let plan = Plan { students: 6_000, years: 1, last_year: SchoolYear::ending(2026).unwrap(), seed: 77 };
    let mut sink = MemorySink::default();
    let options = WriteOptions { defects: DefectRate::of_million(60_000), only_in: None };
    State::new(plan).unwrap().write(&mut sink, &options, &mut |_| {}).unwrap();
    let list = String::from_utf8(sink.outputs["planted.jsonl"].clone()).unwrap();
    let mut planted: BTreeMap<String, Vec<Planted>> = BTreeMap::new();
    for line in list.lines() {
        let mistake: Planted = serde_json::from_str(line).unwrap();
        planted.entry(mistake.file.clone()).or_default().push(mistake);
    }
    let dictionary = Dictionary::built_in();
    let mut problems = Vec::new();
    let mut found_codes = BTreeSet::new();
    for (name, bytes) in
        sink.outputs.iter().filter(|(name, _)| name.starts_with("uploads/") && name.ends_with(".tsv"))
    {
        let mut reader =
            Reader::new(bytes.as_slice(), dictionary, ReadOptions::new().check_fields(true)).unwrap();
        while reader.next_row().unwrap().is_some() {}
        let mut found: BTreeSet<(u64, &str)> =
            reader.log().hits().iter().map(|hit| (hit.line, hit.rule.info().code)).collect();
        found_codes.extend(found.iter().map(|(_, code)| *code));
        for mistake in planted.get(name).into_iter().flatten() {
            for code in mistake.codes.iter().filter(|code| OF_READING.contains(&code.as_str())) {
                if !found.contains(&(mistake.line, code.as_str())) {
                    problems.push(format!(
                        "{}: not found: {code} in line {} of {name}",
                        mistake.kind, mistake.line
                    ));
                }
            }
            let expected = |line: u64, code: &str| {
                line == mistake.line
                    && (GENERAL.contains(&code) || mistake.codes.iter().any(|other| other == code))
            };
            found.retain(|(line, code)| !expected(*line, code));
        }
        problems
            .extend(found.iter().map(|(line, code)| format!("not planted: {code} in line {line} of {name}")));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    for code in OF_READING {
        assert!(found_codes.contains(code), "{code} was never planted");
    }
}

#[test]
fn a_rate_beyond_all_bounds_is_refused() {
    for text in ["79228162514264337593543950335", "79228162514264337593543950335%", "1e9", "-1", "101%"] {
        let refused = text.parse::<DefectRate>().unwrap_err().to_string();
        assert!(refused.contains("is no rate: write a share from 0 to 1"), "{refused}");
    }
}

//! Invented states for tests.
#![allow(dead_code, reason = "each test file uses its own part")]

use opi_dictionary::SchoolYear;
use opi_synth::{DefectRate, MemorySink, Plan, State, WriteOptions};
use std::collections::BTreeMap;

/// A plan that ends with 2025-26.
pub(crate) fn plan(students: u64, years: u32, seed: u64) -> Plan {
    Plan { students, years, last_year: SchoolYear::ending(2026).unwrap(), seed }
}

/// Every output of a state, by name.
pub(crate) fn written(plan: Plan, defects_per_million: u32) -> BTreeMap<String, Vec<u8>> {
    let mut sink = MemorySink::default();
    State::new(plan)
        .unwrap()
        .write(
            &mut sink,
            &WriteOptions { defects: DefectRate::of_million(defects_per_million), only_in: None },
            &mut |_| {},
        )
        .unwrap();
    sink.outputs
}

/// The rows of all districts' files of one family and year, without the header.
pub(crate) fn rows(outputs: &BTreeMap<String, Vec<u8>>, year: i32, family: &str) -> Vec<Vec<String>> {
    let folder = format!("uploads/{year}/");
    let end = format!("/{family}.tsv");
    let files = outputs.iter().filter(|(name, _)| name.starts_with(&folder) && name.ends_with(&end));
    let text =
        files.flat_map(|(_, bytes)| std::str::from_utf8(bytes).unwrap().split_terminator("\r\n").skip(1));
    text.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// A hash of names and bytes.
pub(crate) fn hash(outputs: &BTreeMap<String, Vec<u8>>) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, bytes) in outputs {
        hasher.update(name.as_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    hasher.finalize().to_hex().to_string()
}

/// The rows of a table of the state.
pub(crate) fn state_rows(outputs: &BTreeMap<String, Vec<u8>>, year: i32, table: &str) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(&outputs[&format!("state/{year}/{table}.tsv")]).unwrap();
    text.split_terminator("\r\n").map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

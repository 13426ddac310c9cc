//! The counts against a slow program of its own: plain loops for each definition, dates as text, one student
//! at a time in one unit at a time. It shares the tables of sets and codes with the library, no code.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, reason = "tests")]

mod case;
#[path = "../common/mod.rs"]
mod common;
mod definitions;

use case::Case;

use opi_edfacts::{Catalogue, run_case};
use serde_json::Value;
use std::collections::BTreeMap;

type Key = (String, String, String, String, String, String, Vec<(String, String)>);
type Values = BTreeMap<&'static str, Vec<String>>;

/// The files that the slow program defines.
fn asks() -> Vec<(&'static str, &'static [&'static str])> {
    common::ASKS.into_iter().filter(|(file, _)| !["086", "154", "155"].contains(file)).collect()
}

struct Set {
    file: String,
    levels: String,
    set: String,
    table: String,
    categories: Vec<String>,
}

fn sets() -> Vec<Set> {
    let mut sets = Vec::new();
    for line in include_str!("../../spec/category_sets.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[3] != "yes" {
            continue;
        }
        for table in cells[5].split(';') {
            sets.push(Set {
                file: cells[0].into(),
                levels: cells[1].into(),
                set: cells[4].into(),
                table: table.into(),
                categories: cells[6].split(';').filter(|name| !name.is_empty()).map(Into::into).collect(),
            });
        }
    }
    sets
}

fn codes(file: &str, category: &str) -> Vec<String> {
    include_str!("../../spec/file_values.csv")
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>())
        .find(|cells| cells[0] == file && cells[3] == category)
        .map(|cells| cells[4].split(';').map(Into::into).collect())
        .unwrap_or_default()
}

fn ours(case: &Value) -> BTreeMap<Key, String> {
    let outcome = run_case(Catalogue::builtin().unwrap(), &case.to_string()).unwrap();
    let records = outcome.output["records"].as_array().unwrap();
    let sets = sets();
    let mut map = BTreeMap::new();
    for record in records {
        let get = |key: &str| record[key].as_str().unwrap_or("").to_owned();
        let set = sets
            .iter()
            .find(|set| set.file == get("file") && set.set == get("set") && set.table == get("table"))
            .unwrap();
        let values = set
            .categories
            .iter()
            .map(|name| (name.clone(), record["values"][name].as_str().unwrap().to_owned()))
            .collect();
        let key = (get("file"), get("level"), get("lea"), get("school"), get("table"), get("set"), values);
        let count = record["count"].as_f64().unwrap();
        assert!(map.insert(key, format!("{count}")).is_none(), "a record stands twice");
    }
    map
}

fn compare(seed: u64, students: u64, asks: &[(&str, &[&str])]) {
    let case = common::state(seed, students, asks);
    let ours = ours(&case);
    for (file, levels) in asks {
        for level in *levels {
            let slow = Case(&case).records(file, level);
            let fast: BTreeMap<&Key, &String> =
                ours.iter().filter(|(key, _)| key.0 == *file && key.1 == *level).collect();
            for (key, count) in &slow {
                assert_eq!(fast.get(key), Some(&count), "seed {seed}: {key:?}");
            }
            for (key, count) in &fast {
                assert!(slow.contains_key(*key), "seed {seed}: {key:?} = {count} is not in the slow count");
            }
        }
    }
}

#[test]
fn small_states_count_as_the_slow_program_counts() {
    for seed in 0..6 {
        compare(seed, 12, &asks());
    }
}

#[test]
fn a_middle_state_counts_as_the_slow_program_counts() {
    compare(77, 60, &asks());
    compare(78, 90, &asks());
}

#[test]
fn a_greater_state_counts_as_the_slow_program_counts() {
    let asks: Vec<(&str, &[&str])> = asks()
        .iter()
        .map(|(file, levels)| (*file, if *levels == ["SCH"] { *levels } else { &levels[..2] }))
        .collect();
    compare(2026, 200, &asks);
}

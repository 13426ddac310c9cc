//! What the examples print is held as it is: who reads one and runs it sees the same.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test program")]

use opi::dictionary::SchoolYear;
use opi_synth::{DefectRate, MemorySink, Plan, State, WriteOptions};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Runs an example: what it prints, with the folder in which it works out of the way, and its exit code.
fn printed(program: &str, folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let place = folder.to_str().unwrap();
    assert!(!text.contains(place), "an example names a folder of this machine: {text}");
    // The id of a snapshot and the number of rules change with every rule.
    let stable = text.lines().map(|line| match line.split_once(' ') {
        Some(("snapshot", _)) => "snapshot ID".to_owned(),
        Some((_, rest)) if rest.starts_with("rules ran") => "N rules ran, N did not".to_owned(),
        _ => line.to_owned(),
    });
    let text: String = stable.map(|line| line + "\n").collect();
    format!("{text}exit code {}", output.status.code().unwrap())
}

#[test]
fn a_vendor_writes_and_a_clerk_checks() {
    let folder = tempfile::tempdir().unwrap();
    let written = printed(env!("CARGO_BIN_EXE_vendor_exporter"), folder.path(), &["files"]);
    insta::assert_snapshot!("vendor_exporter", written.replace('\\', "/"));
    insta::assert_snapshot!(
        "clerk_checker",
        printed(env!("CARGO_BIN_EXE_clerk_checker"), folder.path(), &["files"])
    );
    let file = folder.path().join("files/student-enrollments.tsv");
    let spoiled = std::fs::read_to_string(&file).unwrap().replace("08/27/2025", "8/27/2025");
    std::fs::write(&file, spoiled).unwrap();
    insta::assert_snapshot!(
        "clerk_checker_of_a_spoiled_file",
        printed(env!("CARGO_BIN_EXE_clerk_checker"), folder.path(), &["files"])
    );
}

#[test]
fn a_district_has_a_rule_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("own_rule", printed(env!("CARGO_BIN_EXE_own_rule"), folder.path(), &[]));
}

#[test]
fn a_state_runs_its_night() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let plan = Plan { students: 120, years: 1, last_year: SchoolYear::ending(2026).unwrap(), seed: 7 };
    let mut sink = MemorySink::default();
    let options = WriteOptions { defects: DefectRate::NONE, only_in: None };
    State::new(plan).unwrap().write(&mut sink, &options, &mut |_| {}).unwrap();
    for (name, bytes) in &sink.outputs {
        let path = state.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let program = env!("CARGO_BIN_EXE_nightly_run");
    let here = printed(program, folder.path(), &["state", "store"]);
    insta::assert_snapshot!("nightly_run", here);
    // Wherever the folder stands, the night is the same: its snapshot is in the same file.
    let (store, other) = (folder.path().join("store"), folder.path().join("other"));
    Command::new(program).arg(&state).arg(&other).output().unwrap();
    let ids = |store: &Path| {
        let files = std::fs::read_dir(store.join("snapshots")).unwrap();
        files.map(|file| file.unwrap().file_name()).collect::<BTreeSet<_>>()
    };
    assert_eq!(ids(&store), ids(&other));
}

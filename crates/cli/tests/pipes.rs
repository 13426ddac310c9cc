//! A reader that goes away (`opi rules | head -1`) changes nothing: no command panics or complains, each does its work
//! to the end and ends with the exit code that it has with a reader.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test program")]

mod program;

use program::{invent, opi, take, text};
use std::process::{Command, Stdio};

/// Runs the program where nobody reads what it prints: its exit code and what it says on standard error.
fn unread(arguments: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_opi"));
    let output = command.args(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Runs the program where both of its streams are closed: its exit code.
fn unheard(arguments: &[&str]) -> Option<i32> {
    let streams = [std::io::pipe().unwrap().1, std::io::pipe().unwrap().1];
    let [out, err] = streams;
    Command::new(env!("CARGO_BIN_EXE_opi")).args(arguments).stdout(out).stderr(err).status().unwrap().code()
}

#[track_caller]
fn assert_same(arguments: &[&str]) {
    let read = opi(arguments.iter().copied());
    read.assert_orderly();
    let (code, err) = unread(arguments);
    assert_eq!((code, &err), (read.code, &read.err), "{arguments:?}");
    assert_eq!(unheard(arguments), read.code, "{arguments:?}");
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let [state, store, out] = ["state", "store", "out"].map(|name| folder.path().join(name));
    invent(&state, "60");
    let (uploads, directory) = (state.join("uploads/2026"), state.join("directory"));
    assert_same(&take(&uploads, &store));
    let checked = ["validate", text(&uploads), "--directory", text(&directory), "--as-of", "2026-06-20"];
    for format in ["human", "json", "csv", "sarif"] {
        assert_same(&[&checked[..], &["--format", format]].concat());
    }
    assert_same(&["year", text(&state), "--out", text(&out), "--quiet"]);
    let name = "2025-26-fall-count-anb";
    for command in [
        &["rules"][..],
        &["rules", "ENR-014"],
        &["explain", "ENR-014"],
        &["explain", "grade-levels"],
        &["explain", "nothing of the kind"],
        &["schema"],
        &["schema", "finding"],
        &["layout", "unverified"],
        &["read", text(&uploads)],
        &["read", text(&uploads), "--format", "json"],
        &["edfacts", "list"],
        &["edfacts", "show", "052"],
        &["anb", "law", "FY2026"],
        &["anb", "schema"],
        &["anb", "nothing.toml"],
        &["snapshot", "list", text(&store)],
        &["snapshot", "show", text(&store), name],
        &["snapshot", "diff", text(&store), name, name],
        &["snapshot", "verify", text(&store)],
    ] {
        assert_same(command);
    }
    // What is written to files is written whole, whoever reads the account of it.
    let csv = folder.path().join("csv");
    unread(&["snapshot", "export", text(&store), name, "--out", text(&csv)]);
    assert!(std::fs::read_dir(csv).unwrap().count() > 1);
    let other = folder.path().join("other");
    assert_eq!(unread(&["synth", "--students", "60", text(&other)]).0, Some(0));
}

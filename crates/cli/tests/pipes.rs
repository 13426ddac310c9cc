//! A reader that goes away (`opi rules | head -1`) changes nothing: no command panics or complains, each does its work
//! to the end and ends with the exit code that it has with a reader.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test program")]

mod program;

use program::desk::{Desk, commands};
use std::process::Stdio;

/// A stream that nobody reads.
fn closed() -> Stdio {
    std::io::pipe().unwrap().1.into()
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let desk = Desk::new(|_| {});
    for arguments in commands() {
        let read = desk.run(&arguments);
        read.assert_orderly();
        let unread = desk.command(&arguments).stdout(closed()).stderr(Stdio::piped()).output().unwrap();
        let err = String::from_utf8_lossy(&unread.stderr);
        // How long a stage took is never the same.
        let timed = arguments.iter().any(|word| word == "--timings");
        assert_eq!(unread.status.code(), read.code, "{arguments:?}: {err}");
        assert!(timed || *err == read.err, "{arguments:?}: {err}");
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
        let unheard = desk.command(&arguments).stdout(closed()).stderr(closed()).status().unwrap();
        assert_eq!(unheard.code(), read.code, "{arguments:?}");
    }
    // What is written to files is written whole, whoever reads the account of it.
    let arguments = ["snapshot", "export", "store", "whole", "--out", "unread"].map(str::to_owned);
    assert!(desk.command(&arguments).stdout(closed()).status().unwrap().success());
    assert!(std::fs::read_dir(desk.at("unread")).unwrap().next().is_some());
}

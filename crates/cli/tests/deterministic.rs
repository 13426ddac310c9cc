//! The same input gives the same bytes, whatever the number of threads, the order in which files were made, the
//! folder in which the program runs, and what stood in the folder of results before.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

mod program;

use program::{Program, Ran, files, invent, opi, take, text, write};
use std::path::Path;

fn year(program: Program, state: &Path, out: &Path, more: &[&str]) -> Ran {
    let arguments = ["year", text(state), "--out", text(out), "--quiet"];
    let ran = program.run(arguments.into_iter().chain(more.iter().copied()));
    ran.assert_orderly();
    assert_ne!(ran.code, Some(2), "{ran:#?}");
    ran
}

#[test]
fn a_year_is_the_same_bytes_however_it_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    invent(&at("state"), "300");
    // The same files, made in the opposite order.
    write(&at("turned"), files(&at("state")).iter().rev());

    year(Program::default(), &at("state"), &at("first"), &[]);
    let wanted = files(&at("first"));
    assert!(!wanted.is_empty());
    let same = |out: &str, what: &str| {
        let found = files(&at(out));
        assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "{what}");
        for (name, bytes) in &found {
            assert!(bytes == &wanted[name], "{} differs {what}", name.display());
        }
    };
    year(Program::default(), &at("state"), &at("first"), &[]);
    same("first", "when the same folder of results is written again");
    year(Program::default(), &at("turned"), &at("second"), &[]);
    same("second", "when the files were made in another order, in another folder");
    for threads in [1, 3] {
        let out = format!("threads-{threads}");
        year(Program { threads: Some(threads), ..Program::default() }, &at("state"), &at(&out), &[]);
        same(&out, &format!("on {threads} threads"));
    }
    if opi(["year", "--help"]).out.contains("--jobs") {
        for jobs in ["1", "3"] {
            let out = format!("jobs-{jobs}");
            year(Program::default(), &at("state"), &at(&out), &["--jobs", jobs]);
            same(&out, &format!("with --jobs {jobs}"));
        }
    }
}

#[test]
fn findings_and_snapshots_are_the_same_bytes_however_they_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    invent(&at("state"), "300");
    write(&at("turned/state"), files(&at("state")).iter().rev());

    let mut findings = Vec::new();
    let mut stores = Vec::new();
    for (number, place) in ["", "turned"].into_iter().enumerate() {
        let root = at(place).to_str().unwrap().to_owned();
        let program = Program {
            folder: Some(Box::leak(root.into_boxed_str())),
            threads: Some(1 + 2 * number),
            ..Program::default()
        };
        let ran = program.run([
            "validate",
            "state/uploads/2026",
            "--directory",
            "state/directory",
            "--prior",
            "state/uploads/2025",
            "--as-of",
            "2026-06-20",
            "--format",
            "json",
            "--max-samples",
            "100000",
            "--quiet",
        ]);
        ran.assert_orderly();
        assert_ne!(ran.code, Some(2), "{ran:#?}");
        findings.push(ran);
        let store = at(&format!("store-{number}"));
        let uploads = Path::new("state/uploads/2026");
        let ran = program.run(take(uploads, &store));
        ran.assert_orderly();
        assert_ne!(ran.code, Some(2), "{ran:#?}");
        stores.push(files(&store));
    }
    assert!(findings[0].out.lines().count() > 20);
    assert_eq!(findings[0], findings[1]);
    assert!(stores[0].keys().any(|name| name.extension().is_some_and(|suffix| suffix == "parquet")));
    assert_eq!(stores[0].keys().collect::<Vec<_>>(), stores[1].keys().collect::<Vec<_>>());
    assert!(stores[0] == stores[1]);
}

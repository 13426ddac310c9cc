//! A register that the store keeps: nights follow each other, and each day's knowledge stays.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

mod program;

use program::{Ran, opi, text};
use std::path::Path;

fn night(uploads: Option<&Path>, store: &Path, as_of: &str, more: &[&str]) -> Ran {
    let taken_at = format!("{as_of}T23:00:00");
    let mut arguments = vec!["snapshot", "take"];
    arguments.extend(uploads.map(text));
    arguments.extend([
        "--register",
        "--store",
        text(store),
        "--year",
        "2025-26",
        "--quiet",
        "--by",
        "nightly",
    ]);
    arguments.extend(["--collection", "Fall count (ANB)", "--as-of", as_of, "--at", &taken_at]);
    arguments.extend(more);
    opi(arguments)
}

fn fall(folder: &Path, hours: &str) {
    std::fs::create_dir_all(folder).unwrap();
    let row = format!("AF\t0001\t0001\t100\t990000101\t101\tLarkspur\tZinnia\t{hours}\tN\tN\t2026\r\n");
    std::fs::write(folder.join("fall.tsv"), format!("HD\t10/08/2025\t08:15:00\tMT9.1\r\n{row}")).unwrap();
}

fn content(ran: &Ran) -> String {
    let line = ran.out.lines().find(|line| line.starts_with("content")).unwrap_or_else(|| panic!("{ran:#?}"));
    line.to_owned()
}

#[test]
fn nights_follow_each_other_and_each_day_stays_known() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let store = at("store");
    fall(&at("first/0001"), "F");
    fall(&at("second/0001"), "H");
    let first = night(Some(&at("first")), &store, "2025-10-08", &["--received", "2025-10-08T22:00:00"]);
    assert_eq!(first.code, Some(0), "{first:#?}");
    let second = night(Some(&at("second")), &store, "2025-10-15", &["--received", "2025-10-15T22:00:00"]);
    assert_eq!(second.code, Some(0), "{second:#?}");
    assert_ne!(content(&first), content(&second));
    // The same file once more changes nothing; and what was known a week ago is there without any file.
    let again = night(Some(&at("second")), &store, "2025-10-16", &["--received", "2025-10-16T22:00:00"]);
    assert_eq!(content(&again), content(&second));
    let then = night(None, &store, "2025-10-14", &["--name", "a-week-ago"]);
    assert_eq!(content(&then), content(&first));

    let changes = opi(["snapshot", "changes", text(&store), "--year", "2025-26"]);
    let lines: Vec<Vec<&str>> = changes.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines.len(), 3, "{changes:#?}");
    assert_eq!(lines[1], ["2025-10-08T22:00:00", "1", "0", "0", "fall-enrollment-count", "0001/fall.tsv"]);
    assert_eq!(lines[2], ["2025-10-15T22:00:00", "0", "1", "0", "fall-enrollment-count", "0001/fall.tsv"]);
    assert!(!changes.out.contains("990000101"));
    let rows = opi([
        "snapshot",
        "changes",
        text(&store),
        "--year",
        "2025-26",
        "--since",
        "2025-10-10T00:00:00",
        "--rows",
        "5",
        "--show-values",
    ]);
    assert!(rows.out.contains("updated fall-enrollment-count 990000101|0001|0001|100"), "{rows:#?}");
    assert!(rows.out.contains("changed: aggregate_hours_of_instruction"), "{rows:#?}");
    assert!(!rows.out.contains("inserted fall"), "{rows:#?}");

    // A file that came in before the latest one is told, and nothing is written.
    let before = program::files(&store);
    let early = night(Some(&at("first")), &store, "2025-10-16", &["--received", "2025-10-01T22:00:00"]);
    assert_eq!(early.code, Some(2));
    assert!(early.err.contains("give uploads in the order of their times"), "{early:#?}");
    assert!(program::files(&store) == before);
    // A store without a register, and a table that it has not.
    let none = opi(["snapshot", "changes", text(&store), "--year", "2024-25"]);
    assert!(none.code == Some(2) && none.err.contains("2024-25-register"), "{none:#?}");
    let unknown = opi(["snapshot", "changes", text(&store), "--year", "2025-26", "--table", "fram"]);
    assert!(unknown.code == Some(2) && unknown.err.contains("fall-enrollment-count"), "{unknown:#?}");
    let verified = opi(["snapshot", "verify", text(&store)]);
    assert_eq!(verified.code, Some(0), "{verified:#?}");
}

#[test]
fn a_row_that_is_not_taken_is_told_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let uploads = folder.path().join("uploads/0001");
    fall(&uploads, "F");
    let file = uploads.join("fall.tsv");
    let rows = std::fs::read_to_string(&file).unwrap();
    let other = rows.lines().nth(1).unwrap().replace("990000101", "990000102").replace("2026", "2025");
    std::fs::write(&file, format!("{rows}{other}\r\n")).unwrap();
    let ran = night(Some(&folder.path().join("uploads")), &folder.path().join("store"), "2025-10-08", &[]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let told = "not taken in: 1 row, of another school year than the one that the file is for\n  \
                0001/fall.tsv:3: of another school year than the one that the file is for\n";
    assert!(ran.out.contains(told), "{ran:#?}");
    assert!(!ran.out.contains("990000102"));
}

//! What a folder says: who sent its files, which files are none, and which year is the latest.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test program")]

mod program;

use program::{invent, opi, text};
use std::path::Path;

fn fall(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let row = "AF\t0001\t0001\t100\t990000101\t101\tLarkspur\tZinnia\tF\tN\tN\t2026\r\n";
    std::fs::write(folder.join("fall.tsv"), format!("HD\t10/08/2025\t08:15:00\tMT9.1\r\n{row}")).unwrap();
}

#[test]
fn files_that_are_not_read_are_told() {
    let folder = tempfile::tempdir().unwrap();
    fall(folder.path());
    let read = || opi(["read", text(folder.path())]);
    assert_eq!(read().err, "");
    for name in ["one.docx", "two.DOCX", ".hidden"] {
        std::fs::write(folder.path().join(name), "x").unwrap();
    }
    assert_eq!(read().err, "opi: 2 files not read: .docx\n");
    for name in ["three.pdf", "four"] {
        std::fs::write(folder.path().join(name), "x").unwrap();
    }
    assert_eq!(read().err, "opi: 4 files not read: 2 .docx, 1 .pdf, 1 without suffix\n");
}

#[test]
fn a_folder_named_by_a_district_says_who_sent_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let validated = |name: &str| {
        let at = folder.path().join(name);
        fall(&at);
        opi(["validate", text(&at), "--as-of", "2025-10-10", "--format", "json"]).out
    };
    // The row is of district 0001: another district must not send it.
    let foreign = "FILE-013";
    let found = |out: &str| out.lines().skip(1).any(|line| line.contains(foreign));
    assert!(!found(&validated("0001")));
    assert!(found(&validated("0002")));
    assert!(found(&validated("2026/0003")));
    // A school year sends nothing.
    assert!(!found(&validated("2025")));
    assert!(!found(&validated("somewhere")));
}

#[test]
fn a_table_of_the_state_is_known_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    invent(&state, "60");
    let uploads = state.join("uploads/2026");
    let register = state.join("state/2026");
    let ran = opi(["validate", text(&uploads), "--as-of", "2026-06-20", "--register", text(&register)]);
    assert!(!ran.err.contains("left out") && !ran.out.contains("incomplete"), "{ran:#?}");
}

#[cfg(unix)]
#[test]
fn a_year_whose_folder_cannot_be_read_is_not_passed_over() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (state, out) = (folder.path().join("state"), folder.path().join("out"));
    invent(&state, "60");
    let latest = state.join("uploads/2027");
    std::fs::create_dir(&latest).unwrap();
    let closed = latest.join("0001");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Whoever may read everything sees an empty folder.
    let readable = std::fs::read_dir(&closed).is_ok();
    let ran = opi(["year", text(&state), "--out", text(&out), "--quiet"]);
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o755)).unwrap();
    if readable {
        assert!(ran.out.contains("school year 2025-26"), "{ran:#?}");
    } else {
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.err.contains("0001"), "{ran:#?}");
    }
}

//! `opi validate`: what it reads is never written over, and what it could not do is told.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

mod program;

use program::{districts, files, invent, opi, text};
use std::path::{Path, PathBuf};

const DAY: [&str; 3] = ["--as-of", "2026-06-20", "--quiet"];

struct State {
    folder: tempfile::TempDir,
    districts: Vec<PathBuf>,
}

impl State {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        invent(&folder.path().join("state"), "60");
        State { districts: districts(&folder.path().join("state")), folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn validate(paths: &[&Path], more: &[&str]) -> program::Ran {
    let paths = paths.iter().map(|path| text(path));
    let ran = opi(["validate"].into_iter().chain(paths).chain(DAY).chain(more.iter().copied()));
    ran.assert_orderly();
    ran
}

#[test]
fn a_file_that_is_read_is_not_written_over() {
    let state = State::new();
    let file = state.districts[0].join("student-enrollments.tsv");
    let before = std::fs::read(&file).unwrap();
    let other_spelling = state.districts[0].join(".").join("student-enrollments.tsv");
    let policy = state.at("ours.toml");
    std::fs::write(&policy, "").unwrap();
    for out in [&file, &other_spelling, &policy] {
        let ran = validate(&[&state.districts[0]], &["--policy", text(&policy), "--out", text(out)]);
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.err.contains("is read by this command"), "{ran:#?}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert_eq!(std::fs::read(&policy).unwrap(), b"");
}

#[test]
fn a_file_that_is_named_twice_is_read_once() {
    let state = State::new();
    let file = state.districts[0].join("student-enrollments.tsv");
    let once = validate(&[&file], &[]);
    assert_eq!(
        validate(&[&file, &state.districts[0].join(".").join("student-enrollments.tsv")], &[]).out,
        once.out
    );
}

#[test]
fn a_comparison_in_a_form_that_it_has_not_is_refused_before_anything_is_read() {
    let state = State::new();
    let ran = validate(&[&state.at("nowhere")], &["--compare", "none.toml", "--format", "sarif"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("a comparison is printed as human, json or csv"), "{ran:#?}");
}

#[test]
fn a_comparison_tells_what_has_expired_in_either_policy() {
    let state = State::new();
    let policy = state.at("b.toml");
    let change = "[[rule]]\nrule = \"ENR-014\"\ndistrict = \"0101\"\noff = true\nreason = \"x\"\nexpires = \"2026-06-19\"\n";
    std::fs::write(&policy, change).unwrap();
    let ran = validate(&[&state.districts[0]], &["--compare", text(&policy)]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert!(ran.err.contains("the policy on ENR-014 in district 0101 expired on 2026-06-19"), "{ran:#?}");
}

#[test]
fn a_comparison_speaks_of_severities_as_findings_do() {
    let state = State::new();
    let policy = state.at("b.toml");
    let file = state.at("wrong.tsv");
    let right = std::fs::read_to_string(state.districts[0].join("student-enrollments.tsv")).unwrap();
    std::fs::write(&file, right.replacen("\tP\t", "\tX\t", 1)).unwrap();
    let off = "[[rule]]\nrule = \"ENR-014\"\noff = true\nreason = \"x\"\nexpires = \"2026-06-30\"\n";
    std::fs::write(&policy, off).unwrap();
    let ran = validate(&[&file], &["--compare", text(&policy)]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    assert!(ran.out.contains(" blocks upload -> not run"), "{ran:#?}");
    let ran = validate(&[&file], &["--compare", text(&policy), "--format", "csv"]);
    assert!(ran.out.lines().skip(1).all(|line| line.ends_with(" blocks_upload,")), "{ran:#?}");
}

#[test]
fn districts_are_split_side_by_side() {
    let state = State::new();
    let (one, other, parts) = (&state.districts[0], &state.districts[1], state.at("parts"));
    let ran = validate(&[one, other], &["--split", text(&parts)]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let rows = |folder: &Path| -> usize {
        let texts = files(folder);
        texts.values().map(|bytes| bytes.iter().filter(|byte| **byte == b'\n').count()).sum()
    };
    let written = files(&parts.join("accepted")).len();
    assert_eq!(written, files(one).len() + files(other).len());
    assert_eq!(files(&parts.join("rejected")).len(), written);
    // The header stands in both parts.
    assert!(rows(&parts) > rows(one) + rows(other));
    // What is there is not split into again, and nothing is written beside it.
    let before = files(&parts);
    let again = validate(&[one, other], &["--split", text(&parts)]);
    assert_eq!(again.code, Some(2), "{again:#?}");
    assert!(again.err.contains("is there already"), "{again:#?}");
    assert_eq!(files(&parts), before);
}

#[test]
fn what_is_accepted_is_accepted_again() {
    let state = State::new();
    let (uploads, parts) = (state.at("state/uploads/2026"), state.at("parts"));
    validate(&[&uploads], &["--split", text(&parts)]);
    let again = validate(&[&parts.join("accepted")], &["--split", text(&state.at("again"))]);
    let moved: Vec<&str> = again.err.lines().filter(|line| !line.ends_with(" 0 rejected")).collect();
    assert!(again.err.contains(" 0 rejected") && moved.is_empty(), "{moved:?}");
}

#[test]
fn lists_of_the_state_let_the_rules_run_that_need_them() {
    let state = State::new();
    let lists = state.at("lists.toml");
    std::fs::write(&lists, "delinquent_district = [\"0001\"]\n").unwrap();
    let file = state.districts[0].join("program-participation.tsv");
    let skipped = |ran: &program::Ran, code: &str| {
        ran.out.lines().any(|line| line.starts_with(&format!("{code},not_run,")))
    };
    let without = validate(&[&file], &["--format", "csv"]);
    let with = validate(&[&file], &["--format", "csv", "--tables", text(&lists)]);
    assert!(skipped(&without, "PP-011") && !skipped(&with, "PP-011"), "{with:#?}");
    assert!(skipped(&with, "ENR-012"), "a list that was not given");
    std::fs::write(&lists, "withdrawals = []\n").unwrap();
    let wrong = validate(&[&file], &["--tables", text(&lists)]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("unknown field `withdrawals`"), "{wrong:#?}");
}

#[test]
fn a_code_that_is_nearly_one_is_answered_with_it() {
    let ran = opi(["rules", "ENR-14"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("perhaps ENR-014"), "{ran:#?}");
}

#[test]
fn what_blocks_certification_is_told_when_it_is_about_to_be_certified() {
    let state = State::new();
    let folder = state.at("9999/0001");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("student-enrollments.tsv");
    let rows = std::fs::read_to_string(state.districts[0].join("student-enrollments.tsv")).unwrap();
    let last = rows.trim_end().lines().last().unwrap();
    std::fs::write(&file, format!("{rows}{last}\r\n")).unwrap();
    let code = |ran: &program::Ran| ran.out.lines().any(|line| line.starts_with("CERT-004,blocks"));
    let arguments = ["--format", "csv", "--collection", "end_of_year"];
    assert!(!code(&validate(&[&file], &arguments)));
    let ran = validate(&[&file], &[&arguments[..], &["--certifying"]].concat());
    assert!(code(&ran), "{ran:#?}");
}

#[test]
fn a_file_is_not_compared_with_itself() {
    let state = State::new();
    let file = state.districts[0].join("student-enrollments.tsv");
    let other_spelling = state.districts[0].join(".").join("student-enrollments.tsv");
    for role in ["--prior", "--register"] {
        let ran = validate(&[&file], &[role, text(&other_spelling)]);
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.err.contains("is given as a file to check and as "), "{ran:#?}");
    }
}

#[test]
fn folders_of_two_years_under_the_paths_are_told() {
    let state = State::new();
    let now = state.districts[0].parent().unwrap();
    let before = now.parent().unwrap().join("2025").join("0001");
    std::fs::create_dir_all(&before).unwrap();
    let file = "student-enrollments.tsv";
    std::fs::copy(state.districts[0].join(file), before.join(file)).unwrap();
    let both = validate(&[now.parent().unwrap()], &["--format", "csv"]);
    assert!(both.err.contains("folders of 2025 and 2026: all are checked as one year"), "{:?}", both.err);
    let one = validate(&[now], &["--format", "csv"]);
    assert!(!one.err.contains("folders of"), "{:?}", one.err);
}

#[test]
fn every_table_says_what_did_not_run() {
    let state = State::new();
    let file = state.districts[0].join("student-enrollments.tsv");
    let ran = validate(&[&file], &["--format", "csv"]);
    let line = ran.out.lines().find(|line| line.starts_with("ENR-003,not_run,"));
    assert!(line.is_some_and(|line| line.contains("did not run: needs the calendars")), "{ran:#?}");
    let by_comma = state.at("odd.tsv");
    std::fs::write(&by_comma, "HD,06/05/2026,08:00:00,MT9.1\r\n").unwrap();
    let ran = validate(&[&file, &by_comma], &["--format", "csv"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains(",run_incomplete,"), "{ran:#?}");
}

#[cfg(unix)]
#[test]
fn a_name_does_nothing_to_the_terminal_that_it_is_told_on() {
    let state = State::new();
    let right = state.districts[0].join("student-enrollments.tsv");
    let folder = state.at("odd");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(&right, folder.join("a\u{1b}[31m.tsv")).unwrap();
    std::fs::write(folder.join("b\u{1b}[32m.tsv"), "neither\n").unwrap();
    let ran = validate(&[&folder], &["--split", text(&state.at("parts"))]);
    assert!(
        ran.err.contains("a\\u{1b}[31m.tsv: ") && ran.err.contains("b\\u{1b}[32m.tsv was left out"),
        "{ran:#?}"
    );
    assert!(!ran.all().contains('\u{1b}'), "{ran:#?}");
    let ran = validate(&[&folder.join("c\u{1b}[33m.tsv")], &[]);
    assert!(ran.code == Some(2) && !ran.err.contains('\u{1b}'), "{ran:#?}");
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_is_named() {
    let state = State::new();
    // A socket can be found in a folder, and not be opened, whoever asks.
    let path = state.at("odd.tsv");
    let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let ran = validate(&[&path], &[]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.err.starts_with(&format!("opi: {}: ", text(&path))), "{ran:#?}");
}

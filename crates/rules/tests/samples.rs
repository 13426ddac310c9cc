//! The sample files give exactly their stated findings.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod common;

use common::{data, day, directory, file, year};
use opi_dictionary::{Dictionary, SchoolDays};
use opi_rules::{Checker, Count, CountDate, Inputs, Options, Policy, References, RegisterFacts};
use std::collections::BTreeSet;

fn expected(name: &str) -> BTreeSet<(u64, String, String)> {
    let text = data(name);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let row = |row: csv::StringRecord| (row[0].parse().unwrap(), row[1].to_owned(), row[3].to_owned());
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// Findings of one file as its own run, with the valid demographics as the register.
fn findings(name: &str, layout: &str, with_enrollments: bool) -> BTreeSet<(u64, String, String)> {
    let dictionary = Dictionary::built_in();
    let directory = directory();
    let mut references = References::new(dictionary, year(), day("2026-01-21"));
    references.directory = Some(&directory);
    references.uploader = Some("9901".parse().unwrap());
    references.count_dates = vec![CountDate { district: None, count: Count::Fall, day: day("2025-10-06") }];
    let mut facts = RegisterFacts::default();
    facts.read_csv(&data("facts.csv")).unwrap();
    references.facts = facts;
    let checker = Checker::new(&references, &Policy::default(), Options::default()).unwrap();

    let input = file(dictionary, name, layout);
    let mut stored = file(dictionary, "valid-demographics.tsv", "student-demographics");
    let enrollments = file(dictionary, "valid-enrollments.tsv", "student-enrollments");
    if name == "valid-demographics.tsv" {
        stored = common::rows(dictionary, "register", "student-demographics", &data(name));
    }
    let mut inputs = Inputs::of(&[&input]);
    inputs.register.push(&stored);
    if with_enrollments {
        inputs.register.push(&enrollments);
    }
    let outcome = checker.check(&inputs).unwrap();
    assert!(outcome.report.complete);
    let found: BTreeSet<_> = outcome
        .findings(&checker, &inputs, false)
        .unwrap()
        .into_iter()
        .map(|finding| {
            let whole = if finding.position.line == 0 { "file" } else { "row" };
            let field = finding.position.field.unwrap_or_else(|| whole.to_owned());
            (finding.position.line, finding.code, field)
        })
        .collect();
    assert_eq!(found.len() as u64, outcome.report.findings, "every finding is counted once");
    found
}

fn assert_same(found: BTreeSet<(u64, String, String)>, expected: BTreeSet<(u64, String, String)>) {
    let surplus: Vec<_> = found.difference(&expected).collect();
    let missing: Vec<_> = expected.difference(&found).collect();
    assert!(surplus.is_empty() && missing.is_empty(), "surplus {surplus:#?}\nmissing {missing:#?}");
}

#[test]
fn the_calendar_is_that_of_the_samples() {
    let directory = directory();
    let calendar = directory.calendars().next().unwrap();
    assert!(!calendar.instruction_days().is_school_day(day("2026-01-19")));
    assert_eq!(calendar.instruction_days().count(day("2025-09-16"), day("2025-10-06")), 15);
}

#[test]
fn valid_demographics() {
    assert_same(findings("valid-demographics.tsv", "student-demographics", false), BTreeSet::new());
}

#[test]
fn valid_enrollments() {
    assert_same(findings("valid-enrollments.tsv", "student-enrollments", false), BTreeSet::new());
}

#[test]
fn invalid_enrollments() {
    let found = findings("invalid-enrollments.tsv", "student-enrollments", false);
    assert_same(found, expected("invalid-enrollments.expected.csv"));
}

#[test]
fn invalid_fall_count() {
    let found = findings("invalid-fall-count.tsv", "fall-enrollment-count", true);
    assert_same(found, expected("invalid-fall-count.expected.csv"));
}

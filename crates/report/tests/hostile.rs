//! Texts meant to do harm, in every place and every format.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // helpers of tests

mod common;

use opi_dictionary::{Finding, Severity};
use opi_report::{FindingReport, Values};
use proptest::prelude::*;

#[test]
fn terminals_see_no_control_characters() {
    for (name, bytes) in common::renderings(&common::hostile_report(), Values::Shown) {
        if name == "human" {
            let text = String::from_utf8(bytes).unwrap();
            let bad = text.chars().find(|c| {
                (c.is_control() && *c != '\n') || ('\u{200b}'..='\u{200f}').contains(c) || *c == '\u{202e}'
            });
            assert_eq!(bad, None);
            assert!(text.lines().all(|line| line.chars().count() < 4_000 * 11));
        }
    }
}

#[test]
fn spreadsheets_see_no_formula_in_csv_and_nothing_is_lost() {
    let report = common::hostile_report();
    let mut out = vec![];
    report.write_csv(&mut out, Values::Shown).unwrap();
    let mut reader = csv::Reader::from_reader(out.as_slice());
    let message = reader.headers().unwrap().iter().position(|name| name == "message").unwrap();
    for (record, finding) in reader.records().map(Result::unwrap).zip(report.findings()) {
        for cell in &record {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
        }
        let cell = &record[message];
        assert_eq!(cell.strip_prefix('\'').unwrap_or(cell), finding.message);
    }
}

#[test]
fn json_keeps_every_character() {
    let report = common::hostile_report();
    let mut out = vec![];
    report.write_json_lines(&mut out, Values::Shown).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), 1 + report.findings().len());
    for (line, finding) in text.lines().skip(1).zip(report.findings()) {
        assert_eq!(&serde_json::from_str::<Finding>(line).unwrap(), finding);
    }
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let text = any::<String>;
    (0_u8..3, text(), 0_u64..4, text(), text(), proptest::option::of(text())).prop_map(
        |(rule, file, line, field, message, found)| {
            let header = common::header();
            let mut finding =
                common::finding(&header.rules[usize::from(rule)], common::place(&file, line, &field));
            finding.message = message;
            finding.found = found;
            finding.severity = if line == 1 { Severity::Note } else { finding.severity };
            finding
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_text_breaks_a_renderer_and_no_order_changes_a_byte(
        findings in proptest::collection::vec(any_finding(), 0..8),
        seed in any::<u64>(),
    ) {
        let mut other = findings.clone();
        let length = other.len();
        for index in 0..length {
            other.swap(index, usize::try_from(seed.rotate_left(u32::try_from(index).unwrap())  % 8).unwrap() % length);
        }
        let once = FindingReport::new(common::header(), findings).unwrap();
        let again = FindingReport::new(common::header(), other).unwrap();
        prop_assert!(common::renderings(&once, Values::Shown) == common::renderings(&again, Values::Shown));
    }
}

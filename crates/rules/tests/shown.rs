//! What a finding says when it is shown: all places that belong to it, its key, and what a reader told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod common;

use common::{day, rows, year};
use opi_dictionary::{Dictionary, Finding};
use opi_rules::{Checker, Input, Inputs, Notice, Options, Policy, References, RegisterFacts};

const HEADER: &str = "HD\t10/07/2025\t09:00:00\tMT9.1";

/// A row of the fall count.
fn counted(school: &str, calendar: &str, student: &str, band: &str) -> String {
    format!("AF\t9901\t{school}\t{calendar}\t{student}\t101\tLarkspur\tZinnia\t{band}\tN\tN\t2026")
}

fn found(inputs: &[&dyn Input], options: Options, code: &str, show_values: bool) -> Vec<Finding> {
    let references = References::new(Dictionary::built_in(), year(), day("2026-01-21"));
    let checker = Checker::new(&references, &Policy::default(), options).unwrap();
    let inputs = Inputs { current: inputs.to_vec(), ..Inputs::default() };
    let outcome = checker.check(&inputs).unwrap();
    let mut findings = outcome.findings(&checker, &inputs, show_values).unwrap();
    findings.retain(|finding| finding.code == code);
    findings
}

fn fall(name: &str, lines: &[String]) -> opi_rules::Rows<'static> {
    let text = std::iter::once(HEADER.to_owned()).chain(lines.iter().cloned()).collect::<Vec<_>>().join("\n");
    rows(Dictionary::built_in(), name, "fall-enrollment-count", &text)
}

#[test]
fn a_sum_lists_every_addend_with_its_line() {
    let one = fall("a.tsv", &["9911", "9912"].map(|school| counted(school, "100", "990000101", "H")));
    let other = fall("b.tsv", &["200", "300"].map(|calendar| counted("9912", calendar, "990000101", "Q")));
    let findings = found(&[&one, &other], Options::default(), "CNT-006", false);
    let places = |finding: &Finding| {
        let of = |place: &opi_dictionary::Position| format!("{}:{}", place.file, place.line);
        (of(&finding.position), finding.related.iter().map(of).collect::<Vec<_>>())
    };
    let told: Vec<_> = findings.iter().map(places).collect();
    let others = ["a.tsv:2", "a.tsv:3", "b.tsv:2"].map(str::to_owned).to_vec();
    assert_eq!(told, [("b.tsv:3".to_owned(), others)]);
}

#[test]
fn the_addends_are_those_of_the_samples_that_were_kept() {
    let lines: Vec<String> = (0..600)
        .flat_map(|number| {
            let student = format!("{}", 990_000_000 - number);
            ["100", "200", "300"].map(|calendar| counted("9911", calendar, &student, "T"))
        })
        .collect();
    let options = Options { samples_per_rule: 2, ..Options::default() };
    let findings = found(&[&fall("a.tsv", &lines)], options, "CNT-006", false);
    let told: Vec<(u64, Vec<u64>)> = findings
        .iter()
        .map(|finding| (finding.position.line, finding.related.iter().map(|place| place.line).collect()))
        .collect();
    assert_eq!(told, [(4, vec![2, 3]), (7, vec![5, 6])]);
}

#[test]
fn a_repeated_row_names_both_places_and_the_key() {
    let row = counted("9911", "100", "990000101", "F");
    let input = fall("a.tsv", &[row.clone(), row]);
    for show_values in [false, true] {
        let findings = found(&[&input], Options::default(), "FILE-019", show_values);
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!((finding.position.line, finding.related[0].line), (3, 2));
        let expected = finding.expected.as_deref().unwrap();
        let key = "Student's State ID, District Number, School Number, Calendar Number";
        assert_eq!(expected, format!("each key once in a file; the key is {key}"));
        assert_eq!(finding.found.as_deref(), show_values.then_some("990000101; 9901; 9911; 100"));
    }
}

#[test]
fn a_finding_says_the_school_and_the_day_of_entry_only_where_values_are_shown() {
    let row = "EN\t9901\t9912\t100\t990000108\t108\tFeldspar\tFlint\t10\t08/27/2025\t02\tX\t\t\tN\t\t\t\t\t08/28/2024\t\t2026";
    let text = format!("{HEADER}\n{row}");
    let input = rows(Dictionary::built_in(), "a.tsv", "student-enrollments", &text);
    let subject = |show_values| {
        let findings = found(&[&input], Options::default(), "ENR-014", show_values);
        findings[0].subject.clone().unwrap()
    };
    assert_eq!(subject(false), "student *******08, school 9912");
    assert_eq!(subject(true), "student 990000108, school 9912, from 08/27/2025");
}

#[test]
fn what_a_reader_told_is_said_of_its_own_finding() {
    let row = counted("9911", "100", "990000101", "F");
    let mut input = fall("a.tsv", &[row]);
    let notice = |line, severity, byte, detail: &str| Notice {
        code: "FILE-012".to_owned(),
        line,
        severity: Some(severity),
        byte: Some(byte),
        detail: Some(detail.to_owned()),
        ..Notice::default()
    };
    use opi_dictionary::Severity::{BlocksUpload, Confirm};
    let notices = vec![
        notice(2, BlocksUpload, 71, "a letter is lost"),
        notice(2, Confirm, 60, "it was read as Windows-1252"),
        // A line that is handed out as no row.
        notice(9, Confirm, 400, "at the end"),
    ];
    input.set_notices(notices, vec!["FILE-012"]);
    let told: Vec<_> = found(&[&input], Options::default(), "FILE-012", false)
        .into_iter()
        .map(|finding| (finding.position.line, finding.position.byte, finding.severity, finding.message))
        .collect();
    let said = |more: &str| format!("the file is not encoded as UTF-8: {more}");
    assert_eq!(
        told,
        [
            (2, Some(60), Confirm, said("it was read as Windows-1252")),
            (2, Some(71), BlocksUpload, said("a letter is lost")),
            (9, Some(400), Confirm, said("at the end")),
        ]
    );
}

#[test]
fn a_ragged_row_of_another_file_is_told_as_such() {
    let row = "AS\t9901\t9911\t100\t990000101\t101\tLarkspur\tZinnia\tF\tN\t2026";
    let findings = found(&[&fall("a.tsv", &[row.to_owned()])], Options::default(), "FILE-009", false);
    let message = &findings[0].message;
    assert!(message.ends_with("; it opens with AS, the record type of Spring Enrollment Count"), "{message}");
}

#[test]
fn a_policy_on_a_replaced_rule_and_a_code_written_otherwise_are_told_what_to_name() {
    let say = |code: &str| {
        let text =
            format!("[[rule]]\nrule = \"{code}\"\noff = true\nreason = \"x\"\nexpires = \"2026-06-30\"\n");
        Policy::from_toml(&text).unwrap_err().to_string()
    };
    assert_eq!(
        say("ID-019"),
        "policy, rule 1 (ID-019): was replaced by FILE-016, so nothing would change; name that rule"
    );
    for code in ["enr-014", "ENR014", "ENR-14", "enr 14"] {
        assert!(say(code).ends_with("; perhaps ENR-014"), "{}", say(code));
    }
}

#[test]
fn stored_facts_that_are_not_of_their_form_are_told_in_words_of_the_table() {
    let say = |text: &str| RegisterFacts::default().read_csv(text).unwrap_err().to_string();
    let header = "state_id,fact,value,first_day,last_day";
    assert_eq!(
        say(&format!("{header}\n990000105,absence,,10/06/2025,\n")),
        "register facts, line 2: column first_day: 99/99/9999 is no day; expected one such as 2025-10-06"
    );
    assert_eq!(
        say(&format!("{header},more\n990000105,absence,,,,\n")),
        "register facts, line 2: unknown column `more`, expected one of `state_id`, `fact`, `value`, `first_day`, \
         `last_day`"
    );
    let miscased = say("State_ID,fact,value,first_day,last_day\n990000105,absence,,,\n");
    assert!(miscased.contains("unknown column `State_ID`"), "{miscased}");
}

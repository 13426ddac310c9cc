//! Properties of the engine, limits, and rules of one's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod common;

use chrono::NaiveDate;
use common::{RIGHT, directory, enrollments, references, run};
use opi_dictionary::{
    Citation, Dictionary, Finding, Layout, Row, RuleClass, RuleInfo, RuleKey, RuleStatus, SchoolYear,
    Severity, fields,
};
use opi_rules::{
    Checker, Emit, EnrollmentSpan, Input, Inputs, Options, Policy, Record, References, RowSource, Rows, Rule,
    RulesError, Student, registry,
};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Mutex;

/// Rows with a change here and there, for a few students.
fn some_rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    let value = prop_oneof![
        Just(String::new()),
        Just("Y".to_owned()),
        Just("105".to_owned()),
        Just("P".to_owned()),
        Just("S".to_owned()),
        Just("11".to_owned()),
        Just("12/05/2025".to_owned()),
        Just("08/20/2025".to_owned()),
        Just("01/20/2026".to_owned()),
        Just("9902".to_owned()),
        Just("9911".to_owned()),
        Just(" x ".to_owned()),
        "\\PC{0,12}",
    ];
    let lost = prop::option::weighted(0.2, 5usize..22);
    let changes = prop::collection::vec((1usize..22, value), 0..4);
    let row = (0u32..5, changes, lost).prop_map(|(student, changes, lost)| {
        let mut row: Vec<String> = RIGHT.iter().map(|field| (*field).to_owned()).collect();
        row[4] = format!("99000010{student}");
        for (column, value) in changes {
            row[column] = value;
        }
        lost.map(|column| row.remove(column));
        row
    });
    prop::collection::vec(row, 1..12)
}

type Place = (String, u64, String, Option<String>);

fn places(findings: &[Finding]) -> BTreeSet<Place> {
    let place = |finding: &Finding| {
        let position = &finding.position;
        (position.file.clone(), position.line, finding.code.clone(), position.field.clone())
    };
    findings.iter().map(place).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_finding_is_made_twice_and_all_are_counted(rows in some_rows()) {
        let input = enrollments("a.tsv", &rows);
        let (report, findings) = run(&Inputs::of(&[&input]), &Policy::default());
        prop_assert_eq!(places(&findings).len(), findings.len());
        prop_assert_eq!(report.findings, findings.len() as u64);
        prop_assert!(findings.is_sorted_by_key(|finding| finding.position.line));
        let by_rule: u64 = report.rules_run.iter().map(|rule| rule.findings).sum();
        let by_district: u64 = report.rules_run.iter().flat_map(|rule| rule.by_district.values()).sum();
        prop_assert_eq!((by_rule, by_district), (report.findings, report.findings));
    }

    #[test]
    fn record_rules_find_in_all_rows_what_they_find_in_each(rows in some_rows()) {
        let input = enrollments("a.tsv", &rows);
        let directory = directory();
        let references = references(&directory);
        let checker = Checker::new(&references, &Policy::default(), Options::default()).unwrap();
        let (_, findings) = run(&Inputs::of(&[&input]), &Policy::default());
        let record = |code: &str| registry().iter().any(|rule| rule.info.code == code && rule.info.key == RuleKey::Record);
        let all: BTreeSet<_> =
            findings.iter().filter(|f| record(&f.code)).map(|f| (f.position.line, f.code.clone(), f.position.field.clone())).collect();
        let mut each = BTreeSet::new();
        for index in 0..rows.len() {
            let found = checker.record(&input.row(index).unwrap());
            each.extend(found.into_iter().filter(|f| record(&f.code)).map(|f| (f.position.line, f.code, f.position.field)));
        }
        prop_assert_eq!(all, each);
    }

    #[test]
    fn student_rules_find_in_all_what_they_find_in_each_student(rows in some_rows()) {
        let student = |code: &str| registry().iter().any(|rule| rule.info.code == code && rule.info.key == RuleKey::Student);
        let found = |rows: &[Vec<String>]| -> BTreeSet<(Vec<String>, String, Option<String>)> {
            let (_, findings) = run(&Inputs::of(&[&enrollments("a.tsv", rows)]), &Policy::default());
            let of_student = findings.into_iter().filter(|finding| student(&finding.code));
            of_student.map(|f| (rows[f.position.line as usize - 2].clone(), f.code, f.position.field)).collect()
        };
        let mut union = BTreeSet::new();
        let ids: BTreeSet<&String> = rows.iter().map(|row| &row[4]).collect();
        for id in ids {
            let mine: Vec<Vec<String>> = rows.iter().filter(|row| &row[4] == id).cloned().collect();
            union.extend(found(&mine));
        }
        // The same ID may be written with spaces around it.
        prop_assume!(rows.iter().all(|row| row[4].trim() == row[4]));
        prop_assert_eq!(found(&rows), union);
    }

    #[test]
    fn the_order_of_files_changes_nothing(one in some_rows(), other in some_rows()) {
        let (a, b) = (enrollments("a.tsv", &one), enrollments("b.tsv", &other));
        let forth = run(&Inputs::of(&[&a, &b]), &Policy::default());
        let back = run(&Inputs::of(&[&b, &a]), &Policy::default());
        prop_assert_eq!(forth, back);
    }

    #[test]
    fn any_text_is_checked_without_panic(text in prop::collection::vec("\\PC{0,20}", 0..40), layout in 0usize..29) {
        let layout = &Dictionary::built_in().layouts()[layout];
        let mut input = Rows::new("a.tsv", layout);
        input.push(2, text.iter().map(String::as_str));
        let (report, _) = run(&Inputs::of(&[&input]), &Policy::default());
        prop_assert!(report.rows == 1);
    }
}

/// A second district without a mistake.
fn clean_district() -> Rows<'static> {
    let mut row: Vec<String> = RIGHT.iter().map(|field| (*field).to_owned()).collect();
    (row[1], row[2], row[4]) = ("9902".to_owned(), "9921".to_owned(), "990000777".to_owned());
    enrollments("clean.tsv", &[row])
}

#[test]
fn a_clean_district_changes_nothing_elsewhere() {
    let input = common::file(Dictionary::built_in(), "invalid-enrollments.tsv", "student-enrollments");
    let clean = clean_district();
    let (_, alone) = run(&Inputs::of(&[&input]), &Policy::default());
    let (_, both) = run(&Inputs::of(&[&input, &clean]), &Policy::default());
    assert_eq!(alone, both);
    assert!(!alone.is_empty());
}

#[test]
fn counts_stay_exact_when_samples_are_capped() {
    let row: Vec<String> = RIGHT.iter().map(|field| (*field).to_owned()).collect();
    let rows: Vec<Vec<String>> = (0..500)
        .map(|number| {
            let mut row = row.clone();
            (row[4], row[11]) = (format!("{:09}", 100_000_000 + number), "X".to_owned());
            row
        })
        .collect();
    let input = enrollments("a.tsv", &rows);
    let directory = directory();
    let references = references(&directory);
    let options = Options { samples_per_rule: 3, ..Options::default() };
    let checker = Checker::new(&references, &Policy::default(), options).unwrap();
    let outcome = checker.check_file(&input).unwrap();
    assert_eq!(outcome.report.count("ENR-014"), Some(500));
    let lines: Vec<u32> = outcome.found.iter().map(|found| found.hit.line).collect();
    assert_eq!(lines, [2, 3, 4], "the first by the order of reports are kept");
    assert_eq!(outcome.report.samples_per_rule, 3);
}

#[test]
fn every_rule_runs_or_says_why_not_in_every_year() {
    for end_year in 2008..=2027 {
        let year = SchoolYear::ending(end_year).unwrap();
        let references =
            References::new(Dictionary::built_in(), year, NaiveDate::from_ymd_opt(end_year, 1, 21).unwrap());
        let checker = Checker::new(&references, &Policy::default(), Options::default()).unwrap();
        let report = checker.check(&Inputs::default()).unwrap().report;
        assert_eq!(report.rules_run.len() + report.rules_skipped.len(), registry().len());
        assert!(report.rules_skipped.iter().all(|rule| !rule.reason.is_empty()));
    }
}

#[test]
fn rejected_rows_are_listed_for_splitting() {
    let wrong = {
        let mut row: Vec<String> = RIGHT.iter().map(|field| (*field).to_owned()).collect();
        row[10] = "99".to_owned();
        row[4] = "990000109".to_owned();
        row
    };
    let right: Vec<String> = RIGHT.iter().map(|field| (*field).to_owned()).collect();
    let input = enrollments("a.tsv", &[right, wrong]);
    let directory = directory();
    let references = references(&directory);
    let options =
        Options { rejected_from: Some(Severity::BlocksUpload), samples_per_rule: 0, ..Options::default() };
    let checker = Checker::new(&references, &Policy::default(), options).unwrap();
    let outcome = checker.check_file(&input).unwrap();
    assert!(outcome.found.is_empty());
    let rejected: Vec<_> = outcome.rejected.iter().map(|hit| (hit.line, checker.code(hit.rule))).collect();
    assert_eq!(rejected, [(3, Some("ENR-006"))]);
}

/// An input that breaks off after its first row.
struct Broken(Rows<'static>);

impl Input for Broken {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn layout(&self) -> &Layout {
        self.0.layout()
    }
    fn open(&self) -> Result<Box<dyn RowSource + '_>, RulesError> {
        Ok(Box::new(BrokenPass(self.0.open()?, 0)))
    }
}

struct BrokenPass<'a>(Box<dyn RowSource + 'a>, u32);

impl RowSource for BrokenPass<'_> {
    fn next_row(&mut self) -> Result<Option<Row<'_>>, RulesError> {
        self.1 += 1;
        if self.1 > 1 {
            return Err(RulesError::Input {
                file: "a.tsv".into(),
                line: Some(3),
                problem: "the disk failed".into(),
            });
        }
        self.0.next_row()
    }
}

#[test]
fn an_input_that_breaks_off_makes_the_report_incomplete() {
    let mut row: Vec<String> = RIGHT.iter().map(|field| (*field).to_owned()).collect();
    row[11] = "X".to_owned();
    let input = Broken(enrollments("a.tsv", &[row.clone(), row]));
    let directory = directory();
    let references = references(&directory);
    let checker = Checker::new(&references, &Policy::default(), Options::default()).unwrap();
    let report = checker.check_file(&input).unwrap().report;
    assert!(!report.complete);
    assert_eq!(report.count("ENR-014"), Some(1), "what was found before stands");
    assert_eq!(report.files[0].problem.as_deref(), Some("a.tsv, line 3: the disk failed"));
}

#[test]
fn two_inputs_of_one_name_are_refused() {
    let (a, b) = (enrollments("a.tsv", &[]), enrollments("a.tsv", &[]));
    let directory = directory();
    let references = references(&directory);
    let checker = Checker::new(&references, &Policy::default(), Options::default()).unwrap();
    let error = checker.check(&Inputs::of(&[&a, &b])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "two inputs are named a.tsv, in one role or in two: give each its own name, such as its path"
    );
}

struct Own(RuleInfo);

impl Own {
    fn new(code: &'static str, key: RuleKey) -> Self {
        Own(RuleInfo {
            code,
            summary: "the enrollment starts on the first day",
            severity: Severity::Note,
            class: RuleClass::Plausibility,
            status: RuleStatus::Preview,
            key,
            files: &["student-enrollments"],
            fields: &["start_date"],
            why: "To show how it is done.",
            fix: "Nothing to mend.",
            citation: Citation::derived("local"),
            first_year: None,
            last_year: None,
        })
    }
}

impl Rule for Own {
    fn info(&self) -> &RuleInfo {
        &self.0
    }
    fn record(&self, record: &Record<'_>, emit: &mut Emit<'_, '_>) {
        if record.date(fields::START_DATE) == NaiveDate::from_ymd_opt(2025, 8, 27) {
            record.report(emit, fields::START_DATE);
        }
    }
    fn student(&self, student: &Student<'_>, emit: &mut Emit<'_, '_>) {
        for enrollment in student.enrollments() {
            student.report(emit, enrollment.place, fields::START_DATE);
        }
    }
}

/// Keeps what a rule of one's own sees of the enrollments of a student.
struct Seeing(RuleInfo, Mutex<Vec<String>>);

impl Rule for Seeing {
    fn info(&self) -> &RuleInfo {
        &self.0
    }
    fn student(&self, student: &Student<'_>, _: &mut Emit<'_, '_>) {
        let seen = student.enrollments().map(|span| {
            let EnrollmentSpan { place, district, school, start, end } = span;
            format!("line {}: {district:?} {school:?} {start} {end:?}", place.line)
        });
        self.1.lock().unwrap().extend(seen);
    }
}

#[test]
fn a_rule_of_ones_own_sees_the_spans_of_a_student() {
    let mut rows: Vec<Vec<String>> = (0..4).map(|_| RIGHT.map(str::to_owned).to_vec()).collect();
    rows[1][12] = "10/10/2025".to_owned();
    rows[2][2] = "x".to_owned();
    rows[3][9] = "never".to_owned();
    let input = enrollments("a.tsv", &rows);
    let directory = directory();
    let references = references(&directory);
    let rule = Seeing(Own::new("LOCAL-003", RuleKey::Student).0, Mutex::default());
    let checker = Checker::with_rules(&references, &Policy::default(), Options::default(), &[&rule]).unwrap();
    checker.check_file(&input).unwrap();
    assert_eq!(
        rule.1.lock().unwrap().as_slice(),
        [
            "line 2: Some(9901) Some(9912) 2025-08-27 None",
            "line 3: Some(9901) Some(9912) 2025-08-27 Some(2025-10-10)",
            "line 4: Some(9901) None 2025-08-27 None",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// With a rule of a user every student is looked at; without, one with one enrollment or two is looked at only where
    /// these can give a finding.
    #[test]
    fn students_passed_over_have_no_finding(
        rows in some_rows(),
        picks in prop::collection::vec((0usize..3, 0usize..60), 80),
        names in prop::collection::vec("[A-B]{0,1}", 80),
    ) {
        let mut all = Vec::new();
        for (number, (content, student)) in picks.into_iter().enumerate() {
            let mut row = rows[content % rows.len()].clone();
            row[4] = format!("{:09}", 990_000_100 + student);
            row[6].clone_from(&names[number]);
            all.push(row);
        }
        let input = enrollments("a.tsv", &all);
        let directory = directory();
        let references = references(&directory);
        let own = Own::new("LOCAL-002", RuleKey::Student);
        let options = || Options { samples_per_rule: 1_000_000, ..Options::default() };
        let plain = Checker::new(&references, &Policy::default(), options()).unwrap();
        let full = Checker::with_rules(&references, &Policy::default(), options(), &[&own]).unwrap();
        let found = |checker: &Checker<'_>| -> Vec<_> {
            let outcome = checker.check_file(&input).unwrap();
            let code = |found: &opi_rules::Found| checker.code(found.hit.rule).unwrap_or_default().to_owned();
            let named = outcome.found.iter().map(|found| (found.hit.line, code(found), found.hit.field));
            let mut named: Vec<_> = named.filter(|(_, code, _)| !code.starts_with("LOCAL")).collect();
            named.sort();
            named
        };
        prop_assert_eq!(found(&plain), found(&full));
    }

    #[test]
    fn a_row_finds_on_a_screen_what_it_finds_in_a_file_of_its_likes(rows in some_rows()) {
        // Each content for many students.
        let all: Vec<Vec<String>> = (0..rows.len() * 8)
            .map(|number| {
                let mut row = rows[number % rows.len()].clone();
                row[4] = format!("{:09}", 990_000_000 + number);
                row
            })
            .collect();
        let input = enrollments("a.tsv", &all);
        let directory = directory();
        let references = references(&directory);
        let checker = Checker::new(&references, &Policy::default(), Options::default()).unwrap();
        let (_, findings) = run(&Inputs::of(&[&input]), &Policy::default());
        let of_record: BTreeSet<&str> =
            registry().iter().filter(|rule| rule.info.key == RuleKey::Record).map(|rule| rule.info.code).collect();
        let place = |f: Finding| (f.position.line, f.code, f.position.field, f.severity, f.message);
        let in_file: BTreeSet<_> =
            findings.into_iter().filter(|f| of_record.contains(f.code.as_str())).map(place).collect();
        let on_screen = (0..all.len()).flat_map(|index| checker.record(&input.row(index).unwrap()));
        let on_screen: BTreeSet<_> =
            on_screen.filter(|f| of_record.contains(f.code.as_str())).map(place).collect();
        prop_assert_eq!(in_file, on_screen);
    }
}

/// Forty students with two enrollments that say the same of all of them, in which nothing is found; but one student has
/// two last names, one two first names, and one no name in the second.
#[test]
fn students_with_two_rows_are_passed_over_only_where_they_are_alike() {
    let mut rows = Vec::new();
    for student in 0..40 {
        for later in [false, true] {
            let mut row: Vec<String> = RIGHT.iter().map(|field| (*field).to_owned()).collect();
            row[4] = format!("{:09}", 990_000_100 + student);
            if later {
                (row[9], row[10]) = ("01/05/2026".to_owned(), "02".to_owned());
                match student {
                    17 => row[6] = "Larch".to_owned(),
                    23 => row[7] = "Opal".to_owned(),
                    29 => row[6].clear(),
                    _ => {}
                }
            } else {
                (row[12], row[13]) = ("12/19/2025".to_owned(), "160".to_owned());
            }
            rows.push(row);
        }
    }
    let (_, findings) = run(&Inputs::of(&[&enrollments("a.tsv", &rows)]), &Policy::default());
    let found: Vec<(u64, &str)> =
        findings.iter().map(|finding| (finding.position.line, finding.code.as_str())).collect();
    assert_eq!(found, [(37, "ID-013"), (61, "FILE-018")]);
}

/// Files that share contents, so that threads remember what others learn, too; samples are capped.
#[cfg(feature = "rayon")]
#[test]
fn threads_change_nothing() {
    let rows = |file: usize| -> Vec<Vec<String>> {
        let row = |number: usize| {
            let mut row: Vec<String> = RIGHT.iter().map(|field| (*field).to_owned()).collect();
            row[4] = format!("{:09}", 990_000_100 + (number * 7 + file * 3) % 60);
            row[6] = ["Feldspar", "Larch", ""][number % 3].to_owned();
            match (number + file) % 5 {
                0 => row[9] = "13/27/2025".to_owned(),
                1 => row[11] = "X".to_owned(),
                2 => row[12] = "12/05/2025".to_owned(),
                _ => {}
            }
            row
        };
        (0..50).map(row).collect()
    };
    let inputs: Vec<Rows<'_>> =
        (0..20).map(|file| enrollments(&format!("{file:02}.tsv"), &rows(file))).collect();
    let inputs = Inputs::of(&inputs.iter().collect::<Vec<_>>());
    let directory = directory();
    let references = references(&directory);
    let options =
        Options { samples_per_rule: 7, rejected_from: Some(Severity::BlocksUpload), ..Options::default() };
    let checker = Checker::new(&references, &Policy::default(), options).unwrap();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let outcome = pool.install(|| checker.check(&inputs)).unwrap();
        (outcome.found, outcome.report, outcome.rejected)
    };
    let one = with(1);
    assert!(one.1.findings > 500, "{}", one.1.findings);
    for threads in [2, 3, 8] {
        assert_eq!(with(threads), one, "{threads} threads");
    }
}

#[test]
fn rules_of_ones_own_run_beside_the_registry() {
    let row: Vec<String> = RIGHT.iter().map(|field| (*field).to_owned()).collect();
    let input = enrollments("a.tsv", &[row]);
    let directory = directory();
    let references = references(&directory);
    let (record, student) = (Own::new("LOCAL-001", RuleKey::Record), Own::new("LOCAL-002", RuleKey::Student));
    let checker =
        Checker::with_rules(&references, &Policy::default(), Options::default(), &[&record, &student])
            .unwrap();
    let report = checker.check_file(&input).unwrap().report;
    assert_eq!((report.count("LOCAL-001"), report.count("LOCAL-002")), (Some(1), Some(1)));
    let twice = Own::new("ENR-015", RuleKey::Record);
    let error =
        Checker::with_rules(&references, &Policy::default(), Options::default(), &[&twice]).err().unwrap();
    assert!(error.to_string().starts_with("rule ENR-015 stands twice"), "{error}");
}

#[test]
fn nothing_personal_is_shown_unless_asked_for() {
    let input = common::file(Dictionary::built_in(), "invalid-enrollments.tsv", "student-enrollments");
    let directory = directory();
    let references = references(&directory);
    let checker = Checker::new(&references, &Policy::default(), Options::default()).unwrap();
    let inputs = Inputs::of(&[&input]);
    let outcome = checker.check(&inputs).unwrap();
    let hidden = serde_json::to_string(&outcome.findings(&checker, &inputs, false).unwrap()).unwrap();
    for secret in ["9900001", "Larkspur", "Tufa", "08/20/2025"] {
        assert!(!hidden.contains(secret), "{secret}");
    }
    assert!(!serde_json::to_string(&outcome.report).unwrap().contains("9900001"));
    let shown = serde_json::to_string(&outcome.findings(&checker, &inputs, true).unwrap()).unwrap();
    assert!(shown.contains("08/20/2025") && shown.contains("student 990000105"));
}

//! What holds for every state: order changes nothing, parts merge to the whole, each student counts once in a
//! unit, zero rows are complete, our own files pass our own checks, and every cell has its reasons.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, reason = "tests")]

mod common;

use common::ASKS;
use opi_edfacts::{
    CaseInput, Catalogue, CellQuery, CheckOptions, CountRecord, Counter, DataRow, EdfactsError, Exclusion,
    FileForm, FileWriter, Level, NamedFile, Partial, StateProfile, StateRows, StudentKey, StudentRows, Units,
    check_files, explain, file_name, read_case, run_case, why_left_out,
};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn catalogue() -> &'static Catalogue {
    Catalogue::builtin().unwrap()
}

fn input(case: &Value) -> CaseInput {
    read_case(catalogue(), &case.to_string()).unwrap()
}

fn counter(input: &CaseInput) -> Counter<'_> {
    Counter::new(catalogue(), &input.config, &input.state.units, &input.asks).unwrap()
}

fn shown(result: &opi_edfacts::CountResult) -> String {
    serde_json::to_string(&result.records().collect::<Vec<_>>()).unwrap()
}

/// The rows of a student in one district; statuses are the student's and stand in every part.
fn part(student: &StudentRows, units: &Units, lea: &str) -> Option<StudentRows> {
    let lea = units.lea(lea)?;
    let mut part = student.clone();
    part.enrollments.retain(|row| row.lea == lea);
    part.discipline.retain(|row| row.lea == lea);
    part.exits.retain(|row| row.lea == lea);
    part.departures.retain(|row| row.lea == lea);
    part.cohorts.retain(|row| row.lea == lea);
    let rows = part.enrollments.len() + part.discipline.len() + part.exits.len();
    (rows + part.departures.len() + part.cohorts.len() > 0).then_some(part)
}

fn districts(case: &Value) -> BTreeSet<String> {
    let lists = ["units", "enrollments", "discipline", "exits", "departures", "cohorts"];
    let rows = lists.iter().flat_map(|list| case[*list].as_array().unwrap());
    rows.map(|row| row["lea"].as_str().unwrap().to_owned()).collect()
}

/// The unit and table of a total.
fn total_of(record: &CountRecord<'_>) -> String {
    format!("{} {} {:?} {:?} {}", record.file, record.level, record.lea, record.school, record.table)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn the_order_of_rows_changes_nothing(seed in 0u64..1000) {
        let mut case = common::state(seed, 14, &ASKS);
        let before = run_case(catalogue(), &case.to_string()).unwrap();
        for list in ["units", "students", "enrollments", "statuses", "discipline", "exits", "departures", "ask"] {
            let mut dice = common::Dice::new(seed);
            let rows = case[list].as_array_mut().unwrap();
            for place in (1..rows.len()).rev() {
                rows.swap(place, dice.roll(place as u64 + 1) as usize);
            }
        }
        let after = run_case(catalogue(), &case.to_string()).unwrap();
        prop_assert_eq!(before.output["records"].clone(), after.output["records"].clone());
    }

    #[test]
    fn parts_by_district_merge_to_the_whole(seed in 0u64..1000) {
        let case = common::state(seed, 30, &ASKS);
        let input = input(&case);
        let mut whole = counter(&input);
        whole.add_all(&input.state).unwrap();
        let whole = shown(&whole.finish());
        let mut parts: BTreeMap<String, Vec<StudentRows>> = BTreeMap::new();
        let mut known: BTreeMap<StudentKey, u32> = BTreeMap::new();
        for lea in districts(&case) {
            for student in &input.state.students {
                if let Some(rows) = part(student, &input.state.units, &lea) {
                    *known.entry(student.id.clone()).or_default() += 1;
                    parts.entry(lea.clone()).or_default().push(rows);
                }
            }
        }
        let shared: BTreeSet<StudentKey> =
            known.into_iter().filter(|(_, parts)| *parts > 1).map(|(key, _)| key).collect();
        prop_assert!(!shared.is_empty());
        let one = |rows: &Vec<StudentRows>| Partial::count(counter(&input), rows, &shared);
        let mut merged: Option<Partial> = None;
        for rows in parts.values().rev() {
            let part = one(rows);
            merged = Some(match merged {
                Some(known) => part.merge(known).unwrap(),
                None => part,
            });
        }
        let merged = merged.unwrap().finish(counter(&input)).unwrap();
        prop_assert_eq!(shown(&merged), whole);

        // Without the shared keys the merge is refused, not counted twice.
        let none = BTreeSet::new();
        let alone = parts.values().map(|rows| Partial::count(counter(&input), rows, &none));
        let refused = alone.map(Ok).reduce(|a: Result<Partial, EdfactsError>, b| a?.merge(b?)).unwrap();
        prop_assert!(matches!(refused, Err(EdfactsError::OverlappingPartials { .. })), "{:?}", refused.map(|_| ()));
    }

    #[test]
    fn each_student_counts_once_in_a_unit(seed in 0u64..1000) {
        // Files in which a student adds one to a total; removals and incidents add as often as they happen.
        // Of 040 and 226 the membership of others decides which units report.
        let other = ["007", "040", "086", "143", "150", "226"];
        let asks: Vec<_> = ASKS.into_iter().filter(|(file, _)| !other.contains(file)).collect();
        let case = common::state(seed, 25, &asks);
        let input = input(&case);
        let mut all = counter(&input);
        all.add_all(&input.state).unwrap();
        let all = all.finish();
        // Counted one student at a time, no total is more than 1, and the totals add up to the whole.
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        for student in &input.state.students {
            let mut one = counter(&input);
            one.add(student);
            for record in one.finish().records().filter(|record| record.set == "TOT") {
                let number: u64 = record.amount.to_string().parse().unwrap();
                prop_assert!(number <= 1);
                *sums.entry(total_of(&record)).or_default() += number;
            }
        }
        for record in all.records().filter(|record| record.set == "TOT") {
            let key = total_of(&record);
            prop_assert_eq!(record.amount.to_string(), sums.get(&key).copied().unwrap_or(0).to_string());
        }
    }
}

/// Writes what we counted and lets the checker look at it: complete, adding up, in order.
#[test]
fn our_own_files_pass_our_own_checks() {
    let case = common::state(4, 150, &ASKS);
    let input = input(&case);
    let mut all = counter(&input);
    all.add_all(&input.state).unwrap();
    let result = all.finish();
    let profile = StateProfile::montana().unwrap();
    let mut table = String::from("lea,school,status,reported_federally,grades\n");
    for unit in case["units"].as_array().unwrap() {
        let grades: Vec<&str> =
            unit["grades"].as_array().unwrap().iter().map(|grade| grade.as_str().unwrap()).collect();
        let reported = unit["reported_federally"].as_bool().unwrap_or(true);
        table += &format!(
            "{},{},{},{},{}\n",
            unit["lea"].as_str().unwrap(),
            unit["school"].as_str().unwrap_or(""),
            unit["status"].as_str().unwrap(),
            if reported { "yes" } else { "no" },
            grades.join(";")
        );
    }
    let directory = NamedFile { name: "units.csv", bytes: table.as_bytes() };
    let mut seen = 0;
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    for counts in result.files() {
        let writer =
            FileWriter::new(catalogue(), &profile, counts.file(), counts.level(), input.config.year).unwrap();
        let rows: Vec<DataRow> = counts.records().map(|record| DataRow::from(&record)).collect();
        let known = catalogue().file(counts.file()).unwrap().name_abbreviation();
        let name = file_name("MT", counts.level(), &known, "v1", FileForm::Csv).unwrap();
        let mut bytes = Vec::new();
        writer.write(&rows, &name, "test", FileForm::Csv, &mut bytes).unwrap();
        let mut options = CheckOptions::new(profile.clone());
        options.file = Some(counts.file());
        options.level = Some(counts.level());
        let file = NamedFile { name: &name, bytes: &bytes };
        let report = check_files(catalogue(), &options, &[file], &[directory], &[]).unwrap();
        // Dropouts in a grade that the unit does not offer are counted and asked about.
        let found: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| !["SUB-26", "SUB-49"].contains(&finding.code.as_str()))
            .map(|finding| format!("{} {} {}", finding.code, finding.position, finding.message))
            .collect();
        assert_eq!(found, [] as [String; 0], "{} {}", counts.file(), counts.level());
        seen += rows.len();
        all.push((name, bytes));
    }
    assert!(seen > 5_000, "{seen}");
    // Together, as they are sent: level against level and file against file. The invented students sit in two
    // districts on one day with different grades and disabilities, which the rules on counts of a day ask about.
    let files: Vec<NamedFile<'_>> = all.iter().map(|(name, bytes)| NamedFile { name, bytes }).collect();
    let options = CheckOptions::new(profile);
    let report = check_files(catalogue(), &options, &files, &[directory], &[]).unwrap();
    let found: BTreeSet<String> = report
        .findings
        .iter()
        .map(|finding| format!("{} {} {}", finding.code, finding.position, finding.message))
        .filter(|text| !["SUB-26", "SUB-49", "SUB-11"].iter().any(|code| text.starts_with(code)))
        .filter(|text| !["MTSEAFS052", "MTSEAFS002"].iter().any(|name| text.contains(name)))
        .collect();
    assert_eq!(found, BTreeSet::new());
}

#[test]
fn every_cell_has_its_reasons_and_every_absence_too() {
    let text = include_str!("data/cases/case_s1_membership_052.json");
    let input = read_case(catalogue(), text).unwrap();
    let file = "052".parse().unwrap();
    let mut all = counter(&input);
    all.add_all(&input.state).unwrap();
    let result = all.finish();
    for record in result.records().filter(|record| !record.amount.is_zero()) {
        let query = CellQuery {
            lea: record.lea.map(str::to_owned),
            school: record.school.map(str::to_owned),
            table: None,
            set: record.set.to_owned(),
            values: record
                .values
                .iter()
                .map(|(name, code)| ((*name).to_owned(), (*code).to_owned()))
                .collect(),
        };
        let behind = explain(catalogue(), &input.config, &input.state, file, record.level, &query).unwrap();
        assert_eq!(behind.len().to_string(), record.amount.to_string());
        assert!(behind.iter().all(|one| !one.rows.is_empty() && one.adds == 1));
    }
    let why = |id: &str, level: Level| -> Vec<Exclusion> {
        let student = input.state.students.iter().find(|student| student.id.reveal() == id).unwrap();
        let out = why_left_out(catalogue(), &input.config, &input.state.units, student, file, level).unwrap();
        out.into_iter().map(|out| out.why).collect()
    };
    assert_eq!(why("N3", Level::Sch), [Exclusion::NoRows]);
    assert_eq!(why("N4", Level::Sea), [Exclusion::AnotherRowStands]);
    assert_eq!(why("N5", Level::Sea), [Exclusion::NoRows]);
    assert_eq!(why("N6", Level::Lea), [Exclusion::GradeNotOffered]);
    assert_eq!(why("N7", Level::Sch), [Exclusion::ReportableProgram]);
    assert_eq!(why("N7", Level::Lea), []);
    let student = input.state.students.first().unwrap();
    assert!(!format!("{student:?}").contains("N1"));
    let _: &StateRows = &input.state;
}

#[test]
fn nothing_panics_on_odd_bytes_and_cases() {
    let options = CheckOptions::new(StateProfile::montana().unwrap());
    let sample = include_bytes!("data/samples/MTSCHMEMBERSHPbad0001.csv");
    let mut dice = common::Dice::new(9);
    for _ in 0..300 {
        let mut bytes = sample.to_vec();
        for _ in 0..1 + dice.roll(20) {
            let place = dice.roll(bytes.len() as u64) as usize;
            bytes[place] = dice.roll(256) as u8;
        }
        bytes.truncate(dice.roll(bytes.len() as u64 + 1) as usize);
        let name = dice.pick(&["MTSCHMEMBERSHPbad0001.csv", "x.txt", "MTSEAX.tab", "", "é.csv"]);
        let _ = check_files(catalogue(), &options, &[NamedFile { name, bytes: &bytes }], &[], &[]);
    }
    for text in
        ["", "{}", "[]", "{\"case\": 1}", "{\"case\": \"x\", \"kind\": \"count\", \"school_year\": \"2025\"}"]
    {
        assert!(run_case(catalogue(), text).is_err(), "{text}");
    }
}

#[test]
fn counts_are_written_as_their_records_one_by_one() {
    let profile = StateProfile::montana().unwrap();
    for (seed, students) in [(5, 60), (6, 9)] {
        let case = common::state(seed, students, &ASKS);
        let input = input(&case);
        let mut counter = counter(&input);
        counter.add_all(&input.state).unwrap();
        let result = counter.finish();
        for counts in result.files() {
            let writer =
                FileWriter::new(catalogue(), &profile, counts.file(), counts.level(), input.config.year)
                    .unwrap();
            let rows: Vec<DataRow> = counts.records().map(|record| DataRow::from(&record)).collect();
            for form in FileForm::ALL {
                let (mut slow, mut fast) = (Vec::new(), Vec::new());
                let name = file_name("MT", counts.level(), "INVENTED", "v1", form).unwrap();
                let records = writer.write(&rows, &name, "invented", form, &mut slow).unwrap();
                assert_eq!(writer.write_counts(counts, &name, "invented", form, &mut fast), Ok(records));
                let place =
                    slow.split(|b| *b == b'\n').zip(fast.split(|b| *b == b'\n')).position(|(a, b)| a != b);
                assert!(slow == fast, "{} {} {form:?}: line {place:?}", counts.file(), counts.level());
            }
        }
    }
}

//! The rules over the invented state: without planted mistakes nothing blocks, and with them the findings are exactly
//! those that the planted mistakes must and may lead to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use opi::dictionary::{
    Dictionary, Directory, DirectoryBuilder, DirectoryTable, DistrictNumber, Finding, SchoolYear, Severity,
};
use opi::rules::{Checker, Collection, Input, Inputs, Options, Policy, References, Report};
use opi::{CheckedUpload, district_of_folder};
use opi_synth::{DefectRate, MemorySink, Plan, Planted, State, WriteOptions};
use std::collections::{BTreeMap, BTreeSet};

fn state(students: u64, seed: u64, defects: DefectRate) -> MemorySink {
    state_of(2026, students, seed, defects)
}

/// Two years of a state, to the one with this end.
fn state_of(end_year: i32, students: u64, seed: u64, defects: DefectRate) -> MemorySink {
    let plan = Plan { students, years: 2, last_year: SchoolYear::ending(end_year).unwrap(), seed };
    let mut sink = MemorySink::default();
    State::new(plan)
        .unwrap()
        .write(&mut sink, &WriteOptions { defects, only_in: None }, &mut |_| {})
        .unwrap();
    sink
}

fn directory(sink: &MemorySink) -> Directory {
    let mut builder = DirectoryBuilder::default();
    for table in DirectoryTable::ALL {
        builder.read(*table, sink.outputs[&format!("directory/{table}")].as_slice()).unwrap();
    }
    builder.build().unwrap()
}

/// The files of a year; demographics of all years, since a district sends a student's once.
fn uploads(sink: &MemorySink, wanted: impl Fn(&str, &str) -> bool) -> Vec<(String, Vec<u8>)> {
    let all = sink.outputs.iter().filter(|(name, _)| {
        let parts: Vec<&str> = name.split('/').collect();
        let [_, year, _, file] = parts.as_slice() else { return false };
        file.strip_suffix(".tsv").is_some_and(|layout| wanted(year, layout))
    });
    all.map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
}

fn inputs(uploads: &[(String, Vec<u8>)]) -> Vec<CheckedUpload<'_>> {
    let input = |upload: &'_ (String, Vec<u8>)| {
        let layout = upload.0.rsplit('/').next().unwrap().trim_end_matches(".tsv").to_owned();
        (layout, district_of_folder(&upload.0))
    };
    let checked = uploads.iter().map(|upload| {
        let (layout, district) = input(upload);
        let checked = CheckedUpload::new(upload, Dictionary::built_in(), Some(&layout)).unwrap().unwrap();
        checked.uploaded_by(district)
    });
    checked.collect()
}

fn check(sink: &MemorySink, collection: Option<Collection>) -> (Report, Vec<Finding>) {
    check_year(sink, 2026, "2026-07-01", collection)
}

fn check_year(
    sink: &MemorySink,
    end_year: i32,
    today: &str,
    collection: Option<Collection>,
) -> (Report, Vec<Finding>) {
    let directory = directory(sink);
    let school_year = SchoolYear::ending(end_year).unwrap();
    let mut references = References::new(Dictionary::built_in(), school_year, today.parse().unwrap());
    references.directory = Some(&directory);
    references.collection = collection;
    let (this_year, last_year) = (end_year.to_string(), (end_year - 1).to_string());
    let current = uploads(sink, |year, _| year == this_year);
    let prior = uploads(sink, |year, layout| year == last_year && layout != "student-demographics");
    // The register holds everyone who was ever sent.
    let mut register = uploads(sink, |_, layout| layout == "student-demographics");
    register.iter_mut().for_each(|(name, _)| name.insert_str(0, "register/"));
    let (current, register, prior) = (inputs(&current), inputs(&register), inputs(&prior));
    fn dynamic<'i>(files: &'i [CheckedUpload<'_>]) -> Vec<&'i dyn Input> {
        files.iter().map(|file| file as &dyn Input).collect()
    }
    let inputs = Inputs { current: dynamic(&current), register: dynamic(&register), prior: dynamic(&prior) };
    let options = Options { samples_per_rule: usize::MAX / 4, ..Options::default() };
    let checker = Checker::new(&references, &Policy::default(), options).unwrap();
    let outcome = checker.check(&inputs).unwrap();
    let findings = outcome.findings(&checker, &inputs, true).unwrap();
    (outcome.report, findings)
}

#[test]
fn a_clean_state_has_nothing_that_blocks() {
    let end_of_year = Some(Collection::EndOfYear);
    for (students, seed, collection) in
        [(200, 1, None), (2_000, 2, None), (2_000, 2, end_of_year), (8_000, 3, None)]
    {
        let (report, findings) = check(&state(students, seed, DefectRate::NONE), collection);
        let blocking = findings.iter().filter(|finding| finding.severity >= Severity::BlocksCertification);
        let mut by_code: BTreeMap<&str, (usize, String)> = BTreeMap::new();
        for finding in blocking {
            by_code.entry(&finding.code).or_insert((0, finding.position.to_string())).0 += 1;
        }
        assert!(report.complete && by_code.is_empty(), "{students} students: {by_code:#?}");
    }
}

/// The state ID in a line of a file.
fn student_in(sink: &MemorySink, file: &str, line: u64) -> Option<String> {
    let text = String::from_utf8_lossy(&sink.outputs[file]).into_owned();
    let line = text.lines().nth(line.checked_sub(1)? as usize)?.to_owned();
    let is_id = |field: &&str| {
        field.len() == 9 && field.bytes().all(|byte| byte.is_ascii_digit()) && *field != "000000000"
    };
    line.split('\t').find(is_id).map(str::to_owned)
}

/// The mistakes of a file, with the students they touch: the one in the spoiled row, and the one who stood there.
struct Mistakes {
    planted: Vec<Planted>,
    students: Vec<BTreeSet<String>>,
}

impl Mistakes {
    fn of(clean: &MemorySink, spoiled: &MemorySink) -> Self {
        let planted: Vec<Planted> = std::str::from_utf8(&spoiled.outputs["planted.jsonl"])
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let students = planted.iter().map(|mistake| {
            let in_file = || planted.iter().filter(|other| other.file == mistake.file);
            let adds_a_line =
                |kind: &str| kind.starts_with("repeated_") || ["blank_line", "column_names"].contains(&kind);
            let doubled = in_file()
                .filter(|other| adds_a_line(&other.kind) && other.line <= mistake.line)
                .count() as u64;
            let no_header = u64::from(in_file().any(|other| other.kind == "header_missing"));
            // Without its header the first row of a file is taken for it.
            let line = if mistake.kind == "header_missing" { 1 } else { mistake.line };
            let before = student_in(clean, &mistake.file, line + no_header - doubled);
            before.into_iter().chain(student_in(spoiled, &mistake.file, line)).collect()
        });
        let students = students.collect();
        Mistakes { planted, students }
    }

    fn of_year<'m>(&'m self, year: &'m str) -> impl Iterator<Item = (&'m Planted, &'m BTreeSet<String>)> {
        self.planted.iter().zip(&self.students).filter(move |(mistake, _)| mistake.file.contains(year))
    }
}

/// The student or district that a finding is about, without school and day.
fn whom(finding: &Finding) -> Option<&str> {
    finding.subject.as_deref()?.split(',').next()
}

#[test]
fn findings_are_exactly_the_planted_mistakes_and_what_they_lead_to() {
    let (mut found_codes, mut kinds, mut consequences) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (students, seed, collection) in [
        (300, 4, None),
        (2_000, 6, None),
        (6_000, 11, Some(Collection::EndOfYear)),
        (24_000, 8, None),
        (24_000, 9, Some(Collection::EndOfYear)),
    ] {
        let clean = state(students, seed, DefectRate::NONE);
        let spoiled = state(students, seed, "4%".parse().unwrap());
        let mistakes = Mistakes::of(&clean, &spoiled);
        let (_, natural) = check(&clean, collection);
        let (report, findings) = check(&spoiled, collection);

        // What every mistake may lead to: for its place, its students and, of the file as a whole, its file.
        let mut at: BTreeSet<(&str, u64, &str)> = BTreeSet::new();
        let mut of_student: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut of_file: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut of_district: BTreeMap<Option<DistrictNumber>, BTreeSet<&str>> = BTreeMap::new();
        let mut mistakes_of: BTreeMap<&str, usize> = BTreeMap::new();
        for (mistake, students) in mistakes.of_year("") {
            let codes = mistake.codes.iter().chain(&mistake.also).map(String::as_str);
            at.extend(mistake.codes.iter().map(|code| (mistake.file.as_str(), mistake.line, code.as_str())));
            of_district.entry(district_of_folder(&mistake.file)).or_default().extend(codes.clone());
            for student in students {
                of_student.entry(student).or_default().extend(codes.clone());
                *mistakes_of.entry(student).or_default() += 1;
            }
            // The first row sets the district of its file, so it is the others that then differ.
            if mistake.line <= 1 || (mistake.line == 2 && mistake.codes.iter().any(|code| code == "FILE-014"))
            {
                of_file.entry(&mistake.file).or_default().extend(codes);
            }
        }
        let natural: BTreeSet<(&str, &str, Option<&str>)> = natural
            .iter()
            .map(|finding| (finding.code.as_str(), finding.position.file.as_str(), whom(finding)))
            .collect();
        let mut surplus: BTreeMap<(&str, Severity), (usize, String)> = BTreeMap::new();
        for finding in &findings {
            let (code, file, line) =
                (finding.code.as_str(), finding.position.file.as_str(), finding.position.line);
            let student = whom(finding).and_then(|whom| whom.strip_prefix("student "));
            // A district as a whole differs from last year by the mistakes of both years.
            let of_whole =
                || of_district.get(&district_of_folder(file)).is_some_and(|codes| codes.contains(code));
            let planted = at.contains(&(file, line, code))
                || student.and_then(|id| of_student.get(id)).is_some_and(|codes| codes.contains(code))
                || of_file.get(file).is_some_and(|codes| codes.contains(code))
                || (line == 0 && student.is_none() && of_whole())
                || natural.contains(&(code, file, whom(finding)));
            if !planted {
                let near = mistakes
                    .of_year("")
                    .filter(|(_, students)| student.is_some_and(|id| students.contains(id)));
                let near: Vec<&str> = near.map(|(mistake, _)| mistake.kind.as_str()).collect();
                let place = format!("{} {near:?}", finding.position);
                surplus.entry((code, finding.severity)).or_insert((0, place)).0 += 1;
            }
        }
        assert!(surplus.is_empty(), "findings that no mistake explains: {surplus:#?}");

        // What every mistake must lead to. Where one student has several, one may hide what another would show.
        let places: BTreeSet<(&str, u64, &str)> = findings
            .iter()
            .map(|finding| (finding.position.file.as_str(), finding.position.line, finding.code.as_str()))
            .collect();
        let mut missed: BTreeMap<(&str, &str), (usize, String)> = BTreeMap::new();
        for (mistake, students) in mistakes.of_year("/2026/") {
            if students.iter().any(|id| mistakes_of[id.as_str()] > 1) {
                continue;
            }
            for code in &mistake.codes {
                // The first row sets the district of its file, so it is the others that differ.
                if report.skipped(code).is_some() || (code == "FILE-014" && mistake.line == 2) {
                    continue;
                }
                if places.contains(&(mistake.file.as_str(), mistake.line, code.as_str())) {
                    found_codes.insert(code.clone());
                    kinds.insert(mistake.kind.clone());
                } else {
                    let place = format!("{}:{} {}", mistake.file, mistake.line, mistake.field);
                    missed.entry((&mistake.kind, code)).or_insert((0, place)).0 += 1;
                }
            }
        }
        assert!(missed.is_empty(), "mistakes that were not found: {missed:#?}");
        let stated: BTreeSet<&str> =
            mistakes.of_year("").flat_map(|(m, _)| m.also.iter()).map(String::as_str).collect();
        let raised =
            findings.iter().map(|finding| finding.code.as_str()).filter(|code| stated.contains(code));
        consequences.extend(raised.map(str::to_owned));
    }
    let all: BTreeSet<&String> = found_codes.union(&consequences).collect();
    assert!(kinds.len() >= 120 && found_codes.len() >= 100 && all.len() >= 120, "{all:?}");
}

#[test]
fn every_rule_runs_in_every_year_also_in_one_that_has_not_begun() {
    let judged = |report: &Report| -> BTreeSet<String> {
        report.rules_run.iter().map(|rule| rule.code.clone()).collect()
    };
    let this_year = state(150, 5, DefectRate::NONE);
    for collection in [None, Some(Collection::EndOfYear)] {
        let base = judged(&check(&this_year, collection).0);
        assert!(base.len() > 150, "{}", base.len());
        for end_year in 2017..=2029 {
            let sink = state_of(end_year, 150, 5, DefectRate::NONE);
            let year = SchoolYear::ending(end_year).unwrap();
            let after = format!("{end_year}-07-01");
            // The day before the year begins: its files may be tried out by then.
            let before = format!("{}-06-30", end_year - 1);
            for today in [&after, &before] {
                let (report, findings) = check_year(&sink, end_year, today, collection);
                let ran = judged(&report);
                let missing = base.iter().filter(|code| {
                    opi::rules::rule(code).is_some_and(|rule| rule.holds_in(year)) && !ran.contains(*code)
                });
                let missing: Vec<(&String, Option<&str>)> =
                    missing.map(|code| (code, report.skipped(code))).collect();
                assert!(report.complete && missing.is_empty(), "{year} on {today}: {missing:?}");
                if today == &after {
                    let blocks = |finding: &&Finding| finding.severity >= Severity::BlocksCertification;
                    let blocking: Vec<&String> = findings.iter().filter(blocks).map(|f| &f.code).collect();
                    assert!(blocking.is_empty(), "{year}: {blocking:?}");
                }
            }
        }
    }
}

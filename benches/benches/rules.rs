//! Promise: the whole rule set runs over enrollments at no less than 0.4 of the speed of a raw scan with the `csv`
//! crate at one million rows and 0.25 at ten million, two threads at least 1.3 times as fast as one, in at most 150
//! bytes of memory a record beyond the files. What a defect on every row costs is told, too.
//! Usage: `cargo bench -p opi-benches --bench rules [-- ROWS...]`; one million and ten million rows, in two to three
//! minutes and 3 GB of memory, where none are named.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench"
)]

use chrono::NaiveDate;
use opi::CheckedUpload;
use opi_benches::Contest;
use opi_dictionary::{
    Calendar, CalendarKey, Dictionary, Directory, District, GradeOffered, LegalEntity, LegalEntityKind,
    School, SchoolKey, SchoolYear, WeekPattern, Years,
};
use opi_rules::{Checker, Inputs, Options, Policy, References};
use std::fmt::Write;
use std::time::Instant;

/// A file for each district.
const FILES: usize = 400;

fn main() {
    let named: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let sizes = if named.is_empty() { vec![1_000_000, 10_000_000] } else { named };
    let directory = directory();
    let mut references = References::new(
        Dictionary::built_in(),
        SchoolYear::ending(2026).unwrap(),
        NaiveDate::from_ymd_opt(2026, 1, 21).unwrap(),
    );
    references.directory = Some(&directory);
    let checker = Checker::new(&references, &Policy::default(), Options::default()).unwrap();
    sizes.into_iter().for_each(|rows| measure(&checker, rows));
}

/// Prints memory, speed and what a second thread gives, for so many rows.
fn measure(checker: &Checker<'_>, rows: usize) {
    let texts = uploads(rows, 50);
    let files = inputs_of(&texts);
    let inputs = Inputs::of(&files.iter().collect::<Vec<_>>());
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    println!("{rows} enrollment rows in {FILES} files, {} MB, 2 % defects", bytes / 1_000_000);

    let pool = |threads: usize| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let (one, two) = (pool(1), pool(2));
    let before = resident("VmRSS:");
    let report = one.install(|| checker.check(&inputs)).unwrap().report;
    let beyond = resident("VmHWM:").saturating_sub(before);
    println!(
        "{} rules ran, {} findings, {} bytes of memory a record at most (aim 150)",
        report.rules_run.len(),
        report.findings,
        beyond * 1024 / rows
    );

    let worst = uploads(rows, 1);
    let worst = inputs_of(&worst);
    let worst = Inputs::of(&worst.iter().collect::<Vec<_>>());
    let rounds = if rows > 2_000_000 { 2 } else { 5 };
    let _ = Contest::new(bytes)
        .entry("csv ByteRecord scan (baseline)", || texts.iter().map(|(_, text)| scan(text)).sum())
        .entry("all rules, 2 % defects", || one.install(|| checker.check(&inputs)).unwrap().report.findings)
        .entry("all rules, a defect on every row", || {
            one.install(|| checker.check(&worst)).unwrap().report.findings
        })
        .run(rounds);
    let wall = |pool: &rayon::ThreadPool| {
        let mut best = f64::INFINITY;
        for _ in 0..rounds {
            let start = Instant::now();
            pool.install(|| checker.check(&inputs)).unwrap();
            best = best.min(start.elapsed().as_secs_f64());
        }
        best
    };
    let (one, two) = (wall(&one), wall(&two));
    println!(
        "wall: one thread {one:.2} s, two threads {two:.2} s, {:.2} times as fast (aim 1.3)\n",
        one / two
    );
}

/// The files of all districts, with a defect on every so-many-th row.
fn uploads(rows: usize, every: usize) -> Vec<(String, Vec<u8>)> {
    let file = |file| (format!("{file}.tsv"), enrollments(rows / FILES, file, every).into_bytes());
    (0..FILES).map(file).collect()
}

fn inputs_of(uploads: &[(String, Vec<u8>)]) -> Vec<CheckedUpload<'_>> {
    let input = |upload| CheckedUpload::new(upload, Dictionary::built_in(), Some("student-enrollments"));
    uploads.iter().map(|upload| input(upload).unwrap().unwrap().without_hash()).collect()
}

fn scan(text: &[u8]) -> u64 {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .quoting(false)
        .has_headers(false)
        .flexible(true)
        .from_reader(text);
    let (mut record, mut sum) = (csv::ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record).unwrap() {
        sum += record.len() as u64;
    }
    sum
}

/// Kilobytes of this process, by a line of its status; 0 where there is no such thing.
fn resident(line: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status.lines().find_map(|text| text.strip_prefix(line));
    value.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

const GRADES: [&str; 13] = ["KF", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"];

fn directory() -> Directory {
    let year = SchoolYear::ending(2026).unwrap();
    let (mut districts, mut schools, mut calendars) = (Vec::new(), Vec::new(), Vec::new());
    for number in 1..=400 {
        let district = format!("{number:04}").parse().unwrap();
        let entity = LegalEntity {
            number: format!("{:04}", number + 5_000).parse().unwrap(),
            name: "Bench".into(),
            kind: LegalEntityKind::K12,
            nces_lea: None,
            years: Years::from(year),
        };
        for school in 1..=3 {
            let key = SchoolKey { district, school: format!("{school:04}").parse().unwrap() };
            let grade = |grade: &&str| GradeOffered {
                grade: grade.parse().unwrap(),
                budget_unit: None,
                years: Years::from(year),
            };
            schools.push(School {
                key,
                name: "Bench".into(),
                legal_entity: entity.number,
                nces_school: None,
                years: Years::from(year),
                grades: GRADES.iter().map(grade).collect(),
            });
            let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
            let hours = GRADES.iter().map(|grade| (grade.parse().unwrap(), 1080.into()));
            let key = CalendarKey { school: key, calendar: "100".parse().unwrap(), year };
            let span = day(2025, 8, 27)..=day(2026, 5, 29);
            calendars.push(Calendar::new(key, span, WeekPattern::FIVE_DAYS, [], 0, hours).unwrap());
        }
        let county = "01".parse().unwrap();
        districts.push(District { number: district, name: "Bench".into(), county, entities: vec![entity] });
    }
    Directory::new(districts, schools, [], calendars).unwrap()
}

/// Invented enrollments: every so-many-th row has a defect; one student in eleven has two rows.
fn enrollments(rows: usize, file: usize, every: usize) -> String {
    let mut out = String::with_capacity(rows * 110);
    out.push_str("HD\t01/21/2026\t08:15:00\tMT9.1\r\n");
    let lasts = ["Larkspur", "Tamarack", "Cottonwood-Elm", "Moss", "O'Juniper", "Bitterroot"];
    let firsts = ["Zinnia", "Flint", "Opal", "Thistle", "Birch", "Willow"];
    let mut state = 1u64 + file as u64;
    for row in 0..rows {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pick = |shift: u32, of: usize| (state >> shift) as usize % of;
        // Identifiers are scattered, as in files that are ordered by school.
        let student = if row % 11 == 10 { row - 1 } else { row };
        let number = (student * FILES + file) as u64 * 387_420_489 % 899_999_963 + 100_000_000;
        let names = number as usize;
        let (last, first) = (lasts[names % 6], firsts[names / 7 % 6]);
        let (district, school, local) = (file + 1, row * 3 / rows + 1, pick(8, 100_000));
        let grade = GRADES[names / 3 % 13];
        let ninth = if matches!(grade, "09" | "10" | "11" | "12") { "08/28/2024" } else { "" };
        let (mut start, mut status, mut service, mut end) = ("08/27/2025", "02", "P", "\t");
        if row % 11 == 9 {
            end = "12/19/2025\t160";
        } else if row % 11 == 10 {
            (start, status) = ("01/05/2026", "04");
        }
        if row % every == 0 {
            match row / every % 4 {
                0 => start = "13/27/2025",
                1 => status = "99",
                2 => service = "X",
                _ => end = "12/19/2025\t",
            }
        }
        let _ = write!(
            out,
            "EN\t{district:04}\t{school:04}\t100\t{number:09}\t{local}\t{last}\t{first}\t{grade}\t{start}\t{status}\t{service}\t{end}\tN\t\t\t\t\t{ninth}\t\t2026\r\n",
        );
    }
    out
}

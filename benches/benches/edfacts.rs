//! Promise: all federal files that student rows can hold, for a whole state, in seconds; membership at a small
//! multiple of plain loops; time linear and memory bounded in the number of students. Usage:
//! `cargo bench -p opi-benches --bench edfacts [-- STUDENTS | scale]`.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench"
)]

use chrono::NaiveDate;
use opi_benches::cpu_seconds;
use opi_edfacts::{
    Catalogue, CountConfig, Counter, Days, Departure, DepartureKind, DisciplineEvent, Enrollment, FileNumber,
    Grade, GradeSet, InputSource, LeaIndex, Level, Race, RaceSet, SchoolIndex, Sex, Span,
    SpecialEducationExit, Status, StatusKind, StudentKey, StudentRows, Unit, UnitStatus, Units, declarations,
    federal7,
};

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

const LEAS: u64 = 400;

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn units() -> Units {
    let grades: GradeSet = Grade::all().take(14).collect();
    let unit = |lea: u64, school: Option<u64>| Unit {
        lea: format!("{lea:04}"),
        school: school.map(|school| format!("{school:04}")),
        status: Some(UnitStatus::Open),
        reported_federally: true,
        grades,
        ..Unit::default()
    };
    let all = (0..LEAS).flat_map(|lea| {
        std::iter::once(unit(lea, None)).chain((0..2).map(move |school| unit(lea, Some(school))))
    });
    Units::new(all, []).unwrap()
}

fn student(number: u64, units: &[(LeaIndex, SchoolIndex)]) -> StudentRows {
    let mut dice = Dice(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut student = StudentRows::new(StudentKey::new(format!("{:09}", 100_000_000 + number)));
    let grade = dice.roll(14);
    student.birth = NaiveDate::from_ymd_opt(2020 - grade as i32, 1 + dice.roll(12) as u32, 1);
    student.sex = Some(if dice.roll(2) == 0 { Sex::Female } else { Sex::Male });
    student.hispanic = dice.roll(20) == 0;
    let all = [Race::White, Race::White, Race::White, Race::AmericanIndian, Race::Asian, Race::Black];
    student.races = RaceSet::NONE.with(all[dice.roll(6) as usize]);
    let moves = 1 + u64::from(dice.roll(10) == 0);
    for step in 0..moves {
        let (lea, school) = units[dice.roll(units.len() as u64) as usize];
        let first = if step == 0 { day(2025, 8, 20) } else { day(2026, 1, 7) };
        let last = if step + 1 < moves { Some(day(2025, 12, 19)) } else { None };
        let enrolled = 60 + dice.roll(120);
        student.enrollments.push(Enrollment {
            lea,
            school: Some(school),
            span: Span { first: Some(first), last },
            grade: Grade::all().nth(grade as usize),
            primary: true,
            days_enrolled: Some(Days(i128::from(enrolled) * Days::ONE)),
            days_absent: Some(Days(i128::from(dice.roll(30)) * Days::ONE)),
            row: number,
        });
    }
    let mut status = |kind: StatusKind| {
        let span = Span { first: Some(day(2025, 8, 20)), last: None };
        student.statuses.push(Status { lea: None, span, kind, row: number });
    };
    if dice.roll(8) == 0 {
        let disability = ["SLD", "AUT", "OHI", "SLI"][dice.roll(4) as usize].to_owned();
        status(StatusKind::Idea {
            disability: Some(disability),
            env_school_age: Some("RC80".to_owned()),
            env_early: Some("SC".to_owned()),
        });
    }
    if dice.roll(30) == 0 {
        status(StatusKind::EnglishLearner { language: Some("spa".to_owned()) });
    }
    if dice.roll(40) == 0 {
        status(StatusKind::Homeless { residence: Some("D".to_owned()), unaccompanied: false, served: false });
    }
    if dice.roll(3) == 0 {
        status(StatusKind::EconomicallyDisadvantaged);
    }
    let (lea, school) = (student.enrollments[0].lea, student.enrollments[0].school);
    if dice.roll(20) == 0 {
        student.discipline.push(DisciplineEvent {
            lea,
            school,
            date: day(2025, 11, 4),
            days: Some(Days(2 * Days::ONE)),
            method: Some("OUTOFSCHOOL".to_owned()),
            interim: None,
            reason: None,
            expulsion: None,
            row: number,
        });
    }
    if dice.roll(60) == 0 {
        let reason = Some("TRAN".to_owned());
        student.exits.push(SpecialEducationExit { lea, date: day(2026, 2, 3), reason, row: number });
    }
    if grade == 13 && dice.roll(4) > 0 {
        let kind = if dice.roll(9) == 0 { DepartureKind::Dropout } else { DepartureKind::RegularDiploma };
        let grade = Some(Grade::TWELVE);
        student.departures.push(Departure { lea, school, date: day(2026, 5, 30), grade, kind, row: number });
    }
    student
}

/// The files that student uploads suffice for, at each level.
fn aim_files(catalogue: &Catalogue) -> Vec<(FileNumber, Vec<Level>)> {
    declarations()
        .iter()
        .filter_map(|declared| {
            let spec = catalogue.file(FileNumber::new(declared.file)?).ok()?;
            let derivation = spec.derivation.as_ref()?;
            (derivation.inputs == InputSource::AimUploads).then(|| (spec.number, derivation.levels.clone()))
        })
        .collect()
}

/// The most memory that this process has held, in MB.
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Students from a stream, none kept: the same state with more and more of them.
fn scale(
    catalogue: &Catalogue,
    config: &CountConfig,
    units: &Units,
    places: &[(LeaIndex, SchoolIndex)],
    asks: &[(FileNumber, Vec<Level>)],
) {
    for students in [147_000u64, 1_000_000, 5_000_000] {
        let start = cpu_seconds();
        let days: i128 = (0..students).map(|number| student(number, places).enrollments.len() as i128).sum();
        let making = cpu_seconds() - start;
        let start = cpu_seconds();
        let mut counter = Counter::new(catalogue, config, units, asks).unwrap();
        for number in 0..students {
            counter.add(&student(number, places));
        }
        let counting = cpu_seconds() - start - making;
        let result = counter.finish();
        let records: usize = result.files().iter().map(opi_edfacts::FileCounts::len).sum();
        println!(
            "{students} students ({days} enrollments): {counting:.2} s counting, {:.2} us a student (CPU, one \
             thread), {records} records, peak memory {} MB",
            counting * 1e6 / students as f64,
            peak_megabytes()
        );
    }
}

fn main() {
    let students: u64 = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(147_000);
    let catalogue = Catalogue::builtin().unwrap();
    let config = CountConfig::defaults("2025-26".parse().unwrap()).unwrap();
    let units = units();
    let places: Vec<(LeaIndex, SchoolIndex)> = (0..LEAS)
        .flat_map(|lea| (0..2).map(move |school| (format!("{lea:04}"), format!("{school:04}"))))
        .map(|(lea, school)| (units.lea(&lea).unwrap(), units.school(&lea, &school).unwrap()))
        .collect();
    let asks = aim_files(catalogue);
    if std::env::args().any(|word| word == "scale") {
        return scale(catalogue, &config, &units, &places, &asks);
    }
    let rows: Vec<StudentRows> = (0..students).map(|number| student(number, &places)).collect();
    let membership: Vec<(FileNumber, Vec<Level>)> = vec![("052".parse().unwrap(), Level::ALL.to_vec())];
    let count = |asks: &[(FileNumber, Vec<Level>)]| {
        let start = cpu_seconds();
        let mut counter = Counter::new(catalogue, &config, &units, asks).unwrap();
        for student in &rows {
            counter.add(student);
        }
        let counted = cpu_seconds() - start;
        let result = counter.finish();
        let records: usize = result.files().iter().map(opi_edfacts::FileCounts::len).sum();
        (counted, cpu_seconds() - start, records)
    };
    let best = |asks: &[(FileNumber, Vec<Level>)]| {
        (0..3).map(|_| count(asks)).min_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
    };
    let (counted, all, records) = best(&asks);
    println!(
        "{students} students, {} files: {counted:.2} s counting, {all:.2} s in all (CPU, one thread), {records} records",
        asks.len()
    );
    let (_, ours, _) = best(&membership);
    let loops = (0..3).map(|_| plain_loops(&rows, &config)).fold(f64::INFINITY, f64::min);
    println!("052 at three levels: {ours:.3} s; plain loops {loops:.3} s; ratio {:.1}", ours / loops);
}

/// Membership at three levels by hand: arrays by unit, grade, race and sex.
fn plain_loops(rows: &[StudentRows], config: &CountConfig) -> f64 {
    const RACES: [&str; 8] = ["AM7", "AS7", "BL7", "HI7", "MISSING", "MU7", "PI7", "WH7"];
    let start = cpu_seconds();
    let mut cells = vec![[[[0u32; 3]; 8]; 17]; 1 + 400 + 800];
    for student in rows {
        let mut active: Vec<&Enrollment> = student
            .enrollments
            .iter()
            .filter(|row| row.primary && row.span.contains(config.membership_date))
            .collect();
        active.sort_by_key(|row| std::cmp::Reverse(row.span.first));
        let Some(first) = active.first() else { continue };
        let race = federal7(config.race.question, student.hispanic, student.races);
        let race = RACES.iter().position(|code| *code == race).unwrap();
        let sex = student.sex.map_or(2, |sex| usize::from(sex == Sex::Male));
        let grade = Grade::all().position(|grade| Some(grade) == first.grade).unwrap_or(0);
        cells[0][grade][race][sex] += 1;
        // The later entry stands in each unit; a unit that was seen is passed over.
        for (place, row) in active.iter().enumerate() {
            let before = &active[..place];
            if before.iter().all(|known| known.lea != row.lea) {
                cells[1 + row.lea.number() as usize][grade][race][sex] += 1;
            }
            if before.iter().all(|known| known.school != row.school) {
                cells[401 + row.school.map_or(0, |school| school.number() as usize)][grade][race][sex] += 1;
            }
        }
    }
    // Subtotals and totals, as the file asks for them.
    let mut total = 0u64;
    for unit in &cells {
        let (mut by_race, mut by_sex, mut race_sex, mut whole) =
            ([[0u32; 8]; 17], [[0u32; 3]; 17], [[0u32; 3]; 8], 0);
        for (grade, races) in unit.iter().enumerate() {
            for (race, sexes) in races.iter().enumerate() {
                for (sex, count) in sexes.iter().enumerate() {
                    by_race[grade][race] += count;
                    by_sex[grade][sex] += count;
                    race_sex[race][sex] += count;
                    whole += count;
                }
            }
        }
        total += u64::from(whole + by_race[0][0] + by_sex[0][0] + race_sex[0][0]);
    }
    assert!(total > 0);
    cpu_seconds() - start
}

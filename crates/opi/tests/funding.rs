//! An invented state: what funding counts is what a plain recount of the text of the uploads gives.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use opi::anb::{AnbHistory, Fraction, Interpretation, Law};
use opi::dictionary::{CalendarKey, Dictionary, Directory, SchoolKey, SchoolYear};
use opi::funding::NoteKind;
use opi::snapshot::{Table, TimeGiven};
use opi::{Funding, Received, StateFunding, register_uploads};
use opi_synth::{MemorySink, Plan, State, WriteOptions};
use std::collections::BTreeMap;

/// First day, last day, grade and service of an enrollment.
type Held<'a> = (u32, u32, &'a str, &'a str);
type Uploads = BTreeMap<String, Vec<u8>>;

fn state(students: u64, years: u32) -> (State, Uploads) {
    let plan = Plan { students, years, last_year: SchoolYear::ending(2026).unwrap(), seed: 20 };
    let state = State::new(plan).unwrap();
    let mut sink = MemorySink::default();
    state.write(&mut sink, &WriteOptions::default(), &mut |_| {}).unwrap();
    let uploads = sink.outputs.into_iter().filter(|(name, _)| name.starts_with("uploads/"));
    (state, uploads.collect())
}

fn tables(uploads: &Uploads, year: SchoolYear) -> Vec<Table> {
    let needed = ["student-enrollments", "student-demographics", "fall-enrollment", "spring-enrollment"];
    let folder = format!("uploads/{}/", year.end_year());
    let files = uploads
        .iter()
        .filter(|(name, _)| name.starts_with(&folder) && needed.iter().any(|file| name.contains(file)));
    let received: Vec<Received> = files
        .map(|(name, bytes)| Received {
            upload: Box::new((name.clone(), bytes.clone())),
            district: name.split('/').nth(2).and_then(|number| number.parse().ok()),
            at: None,
            layout: None,
        })
        .collect();
    let (dictionary, time) = (Dictionary::built_in(), TimeGiven::end_of(year.last_day()));
    let options = opi::aim::ReadOptions::new();
    let registered = register_uploads(&received, year, time, dictionary, &options).unwrap();
    registered.register.as_of("2030-01-01".parse().unwrap(), year, dictionary).unwrap()
}

fn funding<'a>(
    law: &'a Law,
    directory: &'a Directory,
    tables: &'a [Table],
    counts_of: SchoolYear,
    history: &'a AnbHistory,
) -> Funding<'a> {
    let (dictionary, choices) = (Dictionary::built_in(), Interpretation::default());
    Funding { counts_of, tables, dictionary, directory, law, choices, history }
}

/// The fields of every row of a file family in a year.
fn rows<'a>(uploads: &'a Uploads, year: i32, file: &str) -> Vec<Vec<&'a str>> {
    let (folder, ending) = (format!("uploads/{year}/"), format!("/{file}.tsv"));
    let named = uploads.iter().filter(|(name, _)| name.starts_with(&folder) && name.ends_with(&ending));
    let lines = named.flat_map(|(_, bytes)| std::str::from_utf8(bytes).unwrap().lines().skip(1));
    lines.map(|line| line.split('\t').collect()).collect()
}

/// `MM/DD/YYYY` as a number that sorts.
fn day(text: &str) -> Option<u32> {
    let (month, day, year) = (text.get(0..2)?, text.get(3..5)?, text.get(6..10)?);
    format!("{year}{month}{day}").parse().ok()
}

/// Heads and adjusted enrollment by unit, counted from the text of the files alone.
fn recount(
    uploads: &Uploads,
    directory: &Directory,
    year: i32,
    file: &str,
) -> BTreeMap<String, (u64, Fraction)> {
    let births: BTreeMap<(&str, &str), u32> = rows(uploads, year, "student-demographics")
        .iter()
        .filter_map(|row| Some(((row[1], row[2]), day(row[9])?)))
        .collect();
    let mut enrolled: BTreeMap<[&str; 4], Vec<Held<'_>>> = BTreeMap::new();
    for row in rows(uploads, year, "student-enrollments") {
        let (from, to) = (day(row[9]).unwrap(), day(row[12]).unwrap_or(99_999_999));
        if row[14] != "Y" {
            let place = [row[1], row[2], row[3], row[4]];
            enrolled.entry(place).or_default().push((from, to, row[8], row[11]));
        }
    }
    let counts_of = SchoolYear::ending(year).unwrap();
    let month = if file == "fall-enrollment-count" { 10 } else { 2 };
    let monday = counts_of.first_monday(month).unwrap();
    let mut pupils: BTreeMap<&str, Vec<(String, i64)>> = BTreeMap::new();
    for row in rows(uploads, year, file) {
        let school = SchoolKey { district: row[1].parse().unwrap(), school: row[2].parse().unwrap() };
        let calendar = CalendarKey { school, calendar: row[3].parse().unwrap(), year: counts_of };
        let days = directory.instruction_days(calendar).unwrap().days();
        let date = days.iter().find(|day| **day >= monday).unwrap();
        let date: u32 = date.format("%Y%m%d").to_string().parse().unwrap();
        let held = enrolled[&[row[1], row[2], row[3], row[4]]].iter();
        let held = held.filter(|(from, to, ..)| *from <= date && date <= *to);
        let first = held.min_by_key(|(from, _, _, service)| {
            (["P", "S", "N"].iter().position(|known| known == service), u32::MAX - from)
        });
        let Some((_, _, grade, _)) = first else { continue };
        let unit = directory.budget_unit_of(school, grade.parse().unwrap(), counts_of);
        let Some(unit) = unit else { continue };
        let too_old = births[&(row[1], row[4])] <= (year as u32 - 20) * 10_000 + 910;
        let quarters = match (row[8], *grade) {
            _ if row[10] == "Y" || too_old => 0,
            ("N", _) => 0,
            (_, "KH") if year < 2026 => 2,
            ("Q", _) => 1,
            ("H", _) => 2,
            ("T", _) => 3,
            _ => 4,
        };
        pupils.entry(row[4]).or_default().push((unit.id.to_string(), quarters));
    }
    let mut units: BTreeMap<String, (u64, Fraction)> = BTreeMap::new();
    for places in pupils.values() {
        let all: i64 = places.iter().map(|(_, quarters)| quarters).sum();
        for (unit, quarters) in places {
            let entry = units.entry(unit.clone()).or_insert((0, Fraction::ZERO));
            let share = Fraction::new((*quarters).into(), all.max(4).into()).unwrap();
            *entry = (entry.0 + 1, entry.1.plus(share).unwrap());
        }
    }
    units
}

fn noted(funded: &StateFunding, kinds: &[NoteKind]) -> u64 {
    funded.notes.iter().filter(|note| kinds.contains(&note.kind)).map(|note| note.number).sum()
}

#[test]
fn every_unit_has_the_pupils_of_a_plain_recount() {
    let (state, uploads) = state(4_000, 2);
    let directory = state.directory().unwrap();
    let (law, history) = (Law::embedded().unwrap(), AnbHistory::default());
    for year in state.years() {
        let tables = tables(&uploads, year);
        let funded = funding(&law, &directory, &tables, year, &history).state().unwrap();
        assert!(funded.files.results.failures.is_empty(), "{:?}", funded.files.results.failures);
        let count = |file| recount(&uploads, &directory, year.end_year(), file);
        let (fall, spring) = (count("fall-enrollment-count"), count("spring-enrollment-count"));
        let adjusted = |units: &BTreeMap<String, (u64, Fraction)>, unit: &str| {
            units.get(unit).map_or(Fraction::ZERO, |found| found.1)
        };
        let mut early = Fraction::ZERO;
        for row in &funded.files.anb {
            assert_eq!(row.october, adjusted(&fall, &row.unit), "{}", row.unit);
            // Early graduates come in addition to who is in the file.
            let more = row.february.minus(adjusted(&spring, &row.unit)).unwrap();
            assert!(!more.is_negative(), "{}", row.unit);
            early = early.plus(more).unwrap();
        }
        let graduates = noted(&funded, &[NoteKind::EarlyGraduate]);
        assert!(graduates > 0 && early > Fraction::ZERO && early <= Fraction::whole(graduates as i64));
        // Every row of the count files is in the rows for MAEFAIRS or among the notes.
        let rows_for_maefairs = funded.files.maefairs.iter().flat_map(|(_, rows)| rows);
        let enrolled: u64 = rows_for_maefairs.map(|row| row.enrolled).sum();
        let heads: u64 = fall.values().chain(spring.values()).map(|unit| unit.0).sum();
        assert_eq!(enrolled, heads + graduates);
        let in_file = |file| rows(&uploads, year.end_year(), file).len() as u64;
        let in_files = in_file("fall-enrollment-count") + in_file("spring-enrollment-count");
        assert_eq!(in_files, heads + noted(&funded, &[NoteKind::NoBudgetUnit, NoteKind::NotEnrolled]));
    }
}

#[test]
fn three_years_in_a_row_open_the_average_and_a_district_gives_what_the_state_gave() {
    let (state, uploads) = state(1_500, 3);
    let directory = state.directory().unwrap();
    let (law, mut history) = (Law::embedded().unwrap(), AnbHistory::default());
    let mut last = None;
    for year in state.years() {
        let tables = tables(&uploads, year);
        let funded = funding(&law, &directory, &tables, year, &history).state().unwrap();
        assert!(funded.files.results.failures.is_empty());
        let before = history.clone();
        history.record(&funded.files.anb);
        last = Some((year, tables, funded, before));
    }
    let (year, tables, funded, history) = last.unwrap();
    assert!(funded.files.anb.iter().all(|row| row.anb_three_year.is_some()));
    let funding = funding(&law, &directory, &tables, year, &history);
    for district in directory.districts().take(6) {
        let one = funding.district(district.number).unwrap();
        let of_state = funded.files.results.districts.iter().filter(|all| all.district == district.number);
        let of_state: Vec<_> = of_state.collect();
        assert_eq!(one.results.districts.len(), of_state.len());
        for (one, all) in one.results.districts.iter().zip(of_state) {
            assert_eq!(one.figures(), all.figures());
            assert!(one.units.iter().all(|unit| unit.anb_current.steps.recompute().unwrap()));
        }
        let notes = funded.notes.iter().filter(|note| note.district == Some(district.number));
        assert!(one.notes.iter().eq(notes));
        // The pupils behind each unit are those of its counts.
        for unit in one.results.districts.iter().flat_map(|found| &found.units) {
            let counted: u64 = unit.october.iter().chain(&unit.february).map(|row| row.pupils).sum();
            let (found, pupils) = one.unit(&unit.unit).unwrap();
            assert_eq!((found, pupils.count() as u64), (unit, counted));
        }
    }
}

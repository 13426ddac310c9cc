//! A few hand-made records, and what they become: districts' records speak for the district, records of another year for
//! that year, and what cannot be placed is told.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test program")]

use opi::dictionary::{Dictionary, Directory, School, SchoolYear};
use opi::edfacts::{Catalogue, DepartureKind, StateProfile, StatusKind, StudentRows};
use opi::snapshot::{Origin, Table, TableBuilder, TableSchema};
use opi::{FederalInputs, FederalNote, FederalState, NoteKind, federal_files};
use opi_synth::{Plan, State};
use std::collections::BTreeMap;

type Fields<'f> = &'f [(&'f str, &'f str)];

fn table(layout: &str, rows: &[Fields<'_>]) -> Table {
    let schema = TableSchema::of(Dictionary::built_in().layout(layout).unwrap());
    let names: Vec<String> = schema.columns.iter().map(|column| column.name.clone()).collect();
    let mut builder = TableBuilder::new(schema);
    for (row, line) in rows.iter().zip(1..) {
        assert!(row.iter().all(|(name, _)| names.iter().any(|known| known == name)), "{layout} {row:?}");
        let text = |name: &String| row.iter().find(|(known, _)| known == name).map_or("", |(_, text)| *text);
        builder.push(names.iter().map(text), Origin { source: 0, line, district: None }).unwrap();
    }
    builder.finish()
}

fn year(end: i32) -> SchoolYear {
    SchoolYear::ending(end).unwrap()
}

fn directory() -> Directory {
    let plan = Plan { students: 400, years: 1, last_year: year(2026), seed: 3 };
    State::new(plan).unwrap().directory().unwrap()
}

/// Two schools of different school systems.
fn two_schools(directory: &Directory) -> (&School, &School) {
    let first = directory.schools().next().unwrap();
    let other = directory.schools().find(|school| school.key.district != first.key.district).unwrap();
    (first, other)
}

fn inputs<'a>(
    profile: &'a StateProfile,
    directory: &'a Directory,
    tables: &'a [Table],
    other_years: &'a [(SchoolYear, &'a [Table])],
) -> FederalInputs<'a> {
    let catalogue = Catalogue::builtin().unwrap();
    let (school_year, dictionary) = (year(2026), Dictionary::built_in());
    FederalInputs { school_year, catalogue, dictionary, profile, directory, tables, other_years }
}

fn rows(
    directory: &Directory,
    tables: &[Table],
    other_years: &[(SchoolYear, &[Table])],
) -> (BTreeMap<String, StudentRows>, Vec<FederalNote>) {
    let profile = StateProfile::montana().unwrap();
    let inputs = inputs(&profile, directory, tables, other_years);
    let mut students = BTreeMap::new();
    let notes = FederalState::new(&inputs).unwrap().visit(|student| {
        students.insert(student.id.reveal().to_owned(), student.clone());
        Ok::<(), ()>(())
    });
    (students, notes.unwrap())
}

#[test]
fn records_become_rows_of_their_place_and_year() {
    let directory = directory();
    let (one, two) = two_schools(&directory);
    let (d1, s1) = (one.key.district.to_string(), one.key.school.to_string());
    let (d2, s2) = (two.key.district.to_string(), two.key.school.to_string());
    let (moved, gone) = ("990000101", "990000102");
    let tables = [
        table(
            "student-demographics",
            &[&[
                ("student_state_id", moved),
                ("gender", "F"),
                ("birth_date", "03/01/2015"),
                ("hispanic_latino", "N"),
                ("asian", "Y"),
                ("white", "Y"),
            ]],
        ),
        table(
            "student-enrollments",
            &[
                &[
                    ("student_state_id", moved),
                    ("district_number", &d1),
                    ("school_number", &s1),
                    ("grade", "05"),
                    ("start_date", "08/27/2025"),
                    ("end_date", "12/19/2025"),
                    ("service_type", "P"),
                    ("no_show", "N"),
                ],
                &[
                    ("student_state_id", moved),
                    ("district_number", &d2),
                    ("school_number", &s2),
                    ("grade", "05"),
                    ("start_date", "01/05/2026"),
                    ("service_type", "P"),
                    ("no_show", "N"),
                ],
                &[
                    ("student_state_id", gone),
                    ("district_number", &d1),
                    ("school_number", &s1),
                    ("grade", "09"),
                    ("start_date", "08/27/2025"),
                    ("end_date", "08/27/2025"),
                    ("end_status", "310"),
                    ("service_type", "P"),
                    ("no_show", "Y"),
                ],
                &[
                    ("student_state_id", gone),
                    ("district_number", &d1),
                    ("school_number", "0000"),
                    ("grade", "09"),
                    ("start_date", "08/27/2025"),
                    ("service_type", "P"),
                ],
            ],
        ),
        table(
            "english-learners",
            &[&[
                ("student_state_id", moved),
                ("district_number", &d1),
                ("program_status", "EL"),
                ("identified_date", "09/10/2024"),
                ("home_primary_language_or_language_of_impact", "cro"),
            ]],
        ),
        table(
            "homeless",
            &[&[
                ("student_state_id", moved),
                ("district_number", &d2),
                ("start_date", "02/01/2026"),
                ("primary_nighttime_residence", "HM"),
                ("unaccompanied_youth", "N"),
                ("mckinney_vento_served", "Y"),
            ]],
        ),
        table(
            "program-participation",
            &[
                &[
                    ("student_state_id", moved),
                    ("district_number", &d1),
                    ("school_number", &s1),
                    ("homeless", "D"),
                    ("title_i", "TAS"),
                ],
                &[
                    ("student_state_id", moved),
                    ("district_number", &d2),
                    ("school_number", &s2),
                    ("homeless", "D"),
                ],
            ],
        ),
        table(
            "discipline",
            &[
                &[
                    ("student_state_id", moved),
                    ("district_number", &d1),
                    ("school_number", &s1),
                    ("incident_id", "7"),
                    ("incident_date", "11/04/2025"),
                    ("removal_date", "11/05/2025"),
                    ("days_removed", "2.5"),
                    ("educational_services", "SERVPROV"),
                    ("firearm_type", "HANDGUNS"),
                    ("firearm_result", "EXPALT"),
                ],
                &[
                    ("student_state_id", moved),
                    ("district_number", &d1),
                    ("school_number", &s1),
                    ("incident_id", "7"),
                    ("incident_date", "11/04/2025"),
                    ("removal_date", "11/05/2025"),
                    ("days_removed", "2.5"),
                    ("educational_services", "SERVPROV"),
                    ("firearm_type", "OTHER"),
                    ("firearm_result", "EXPALT"),
                ],
            ],
        ),
        table(
            "fram",
            &[&[
                ("student_state_id", moved),
                ("eligibility", "R"),
                ("certification_type", "Income"),
                ("eligibility_start_date", "08/27/2025"),
            ]],
        ),
    ];
    let before = vec![table(
        "english-learners",
        &[&[
            ("student_state_id", gone),
            ("district_number", &d1),
            ("program_status", "EL"),
            ("identified_date", "09/10/2020"),
        ]],
    )];
    let (students, notes) = rows(&directory, &tables, &[(year(2025), before.as_slice())]);
    let student = &students[moved];
    assert_eq!((student.races.count(), student.enrollments.len()), (2, 2));
    let leas: Vec<_> = student.enrollments.iter().map(|row| row.lea).collect();
    let of = |is: fn(&StatusKind) -> bool| {
        student.statuses.iter().filter(move |status| is(&status.kind)).collect::<Vec<_>>()
    };
    // The district that named the learner speaks for itself; the language has a federal code of its family.
    let learner = of(|kind| matches!(kind, StatusKind::EnglishLearner { .. }));
    assert_eq!(learner.len(), 1);
    assert_eq!(learner[0].lea, Some(leas[0]));
    assert_eq!(learner[0].kind, StatusKind::EnglishLearner { language: Some("sio".into()) });
    // In the second district the homeless record stands, in the first the flag of the program row.
    let homeless = of(|kind| matches!(kind, StatusKind::Homeless { .. }));
    let shown: Vec<_> =
        homeless.iter().map(|status| (status.lea, status.span.first.unwrap().to_string())).collect();
    assert_eq!(shown, [(Some(leas[1]), "2026-02-01".to_owned()), (Some(leas[0]), "2025-07-01".to_owned())]);
    // Reduced meals: lunch and disadvantage, no direct certification.
    assert_eq!(of(|kind| *kind == StatusKind::EconomicallyDisadvantaged).len(), 1);
    assert_eq!(of(|kind| *kind == StatusKind::DirectCertification).len(), 0);
    assert_eq!(of(|kind| *kind == StatusKind::Lunch { eligibility: Some("RPL".into()) }).len(), 1);
    // Two kinds of firearm: two rows of one incident, one removal.
    assert_eq!((student.discipline.len(), student.firearms.len()), (1, 2));
    assert_eq!(student.discipline[0].date.to_string(), "2025-11-05");
    assert_eq!(student.firearms[0].date.to_string(), "2025-11-04");
    // Served by Title I in the first school, with the grade there.
    assert_eq!(student.programs.len(), 1);
    assert_eq!(student.programs[0].lea, Some(leas[0]));
    // Who never came was not enrolled, and dropped out all the same; last year's plan ended with last year.
    let absent = &students[gone];
    assert_eq!((absent.enrollments.len(), absent.departures.len()), (0, 1));
    assert_eq!(absent.departures[0].kind, DepartureKind::Dropout);
    assert!(
        absent
            .statuses
            .iter()
            .all(|status| status.span.last.is_some_and(|last| last <= year(2025).last_day()))
    );
    let told: Vec<_> = notes.iter().map(|note| (note.table.as_str(), note.kind, note.count)).collect();
    assert_eq!(
        told,
        [
            ("student-enrollments", NoteKind::NoDemographics, 1),
            ("student-enrollments", NoteKind::UnknownPlace, 1)
        ]
    );
}

/// Taken for blank, an end that cannot be read would leave the child in the program for ever.
#[test]
fn a_date_that_is_none_leaves_its_record_out_and_is_told() {
    let directory = directory();
    let (school, _) = two_schools(&directory);
    let (district, number) = (school.key.district.to_string(), school.key.school.to_string());
    let id = "990000101";
    let place: Fields<'_> = &[("student_state_id", id), ("district_number", &district)];
    let at_school: Fields<'_> = &[("school_number", &number), ("grade", "05"), ("service_type", "P")];
    type Case<'c> = (&'c str, &'c str, &'c str, Vec<(&'c str, &'c str)>);
    let cases: [Case<'_>; 8] = [
        ("student-enrollments", "start_date", "end_date", at_school.to_vec()),
        ("section-504", "section_504_start_date", "section_504_end_date", vec![]),
        ("homeless", "start_date", "end_date", vec![("primary_nighttime_residence", "D")]),
        ("english-learners", "identified_date", "program_exit_date", vec![("program_status", "Exited EL")]),
        ("special-education", "plan_start_date", "plan_end_date", vec![("primary_disability", "SLD")]),
        ("fram", "eligibility_start_date", "eligibility_end_date", vec![("eligibility", "F")]),
        ("foster-care", "start_date", "end_date", vec![]),
        ("migrant-certificates", "eligibility_start_date", "eligibility_end_date", vec![]),
    ];
    for (layout, first, last, more) in cases {
        let known = Dictionary::built_in().layout(layout).unwrap();
        let has = |name: &str| known.fields.iter().any(|field| field.key == name);
        let row = |first_day, last_day| -> Vec<(&str, &str)> {
            let own = place.iter().copied().filter(|(name, _)| has(name));
            own.chain(more.iter().copied()).chain([(first, first_day), (last, last_day)]).collect()
        };
        let count = |student: &StudentRows| student.statuses.len() + student.enrollments.len();
        let of = |row: &[(&str, &str)]| rows(&directory, &[table(layout, &[row])], &[]);
        let (students, notes) = of(&row("08/27/2025", "06/05/2026"));
        assert!(count(&students[id]) > 0, "{layout} {notes:?}");
        assert!(notes.iter().all(|note| note.kind != NoteKind::NoDate), "{layout} {notes:?}");
        for (column, row) in [(first, row("13/45/2025", "")), (last, row("08/27/2025", "06/31/2026"))] {
            let (students, notes) = of(&row);
            assert_eq!(count(&students[id]), 0, "{layout} {column}");
            let told = notes.iter().find(|note| note.kind == NoteKind::NoDate);
            assert_eq!(told.map(|note| note.column), Some(Some(column)), "{layout} {notes:?}");
        }
    }
}

#[test]
fn a_code_that_counts_nowhere_is_no_note_and_an_unknown_one_is() {
    let directory = directory();
    let meals = |code: &str| {
        let row = [
            ("student_state_id", "990000101"),
            ("eligibility", code),
            ("eligibility_start_date", "08/27/2025"),
        ];
        let (students, notes) = rows(&directory, &[table("fram", &[&row])], &[]);
        (students["990000101"].statuses.len(), notes.iter().any(|note| note.column == Some("eligibility")))
    };
    assert_eq!(meals("F"), (2, false));
    assert_eq!(meals("N"), (0, false));
    assert_eq!(meals("X"), (0, true));
}

#[test]
fn a_table_without_a_column_that_is_counted_stops_the_federal_files() {
    let directory = directory();
    let profile = StateProfile::montana().unwrap();
    for (layout, column) in [
        ("student-enrollments", "grade"),
        ("student-demographics", "student_state_id"),
        ("unit-programs", "lunch_program_status"),
        ("staff-assignments", "in_field"),
    ] {
        let mut schema = TableSchema::of(Dictionary::built_in().layout(layout).unwrap());
        schema.columns.retain(|known| known.name != column);
        let tables = [TableBuilder::new(schema).finish()];
        let inputs = inputs(&profile, &directory, &tables, &[]);
        let refused = federal_files(&inputs).unwrap_err().to_string();
        let told =
            format!("the table {layout} has no column `{column}`, which federal files are counted from");
        assert_eq!(refused, told);
    }
}

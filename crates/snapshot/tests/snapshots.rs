//! Tables, snapshots, manifests and differences.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test program")]

mod common;

use common::*;
use opi_dictionary::Dictionary;
use opi_snapshot::{
    Change, ContentHash, Difference, Figure, Manifest, PartEntry, RowPlace, Snapshot, SnapshotError,
    SnapshotInfo, SourceEntry, Table, TableBuilder, TableSchema, changed_figures, collection_layouts,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn info() -> SnapshotInfo {
    SnapshotInfo {
        school_year: "2025-26".parse().unwrap(),
        collection: "Fall count (ANB)".into(),
        as_of: "2025-10-22".parse().unwrap(),
        taken_by: "nightly".into(),
        taken_at: "2025-10-23T02:00:00".parse().unwrap(),
        rule_set: "2025.1".into(),
        sources: vec![SourceEntry {
            file: "fall.tsv".into(),
            district: "9901".parse().ok(),
            at: "2025-10-08T09:00:00".parse().unwrap(),
            content: Some(ContentHash::of(b"fall")),
        }],
        certifications: Vec::new(),
    }
}

fn snapshot(tables: Vec<Table>) -> Snapshot {
    Snapshot::new(info(), tables).unwrap()
}

fn manifest(snapshot: &Snapshot) -> Manifest {
    Manifest::new(snapshot, |index| {
        let rows = snapshot.tables()[index].len() as u64;
        let part = PartEntry { hash: ContentHash::of(b"part"), bytes: 10, first_row: 0, rows };
        (rows > 0).then_some(part).into_iter().collect()
    })
}

#[test]
fn content_does_not_depend_on_order_or_origin_but_on_every_field() {
    let rows = [count("990000102", "F"), count("990000101", "H")];
    let one = table("fall-enrollment-count", &rows);
    let two = table("fall-enrollment-count", &[rows[1].clone(), rows[0].clone()]);
    assert_eq!(one.content(), two.content());
    let students = one.records().map(|record| record.field(4).to_owned()).collect::<Vec<_>>();
    assert_eq!(students, ["990000101", "990000102"]);
    let changed = table("fall-enrollment-count", &[count("990000102", "F"), count("990000101", "T")]);
    assert_ne!(one.content(), changed.content());
    // Spaces around a text are set aside; a repeated row is a row.
    let spaced = table("fall-enrollment-count", &[count("990000102", " F "), count("990000101", "H")]);
    assert_eq!(one.content(), spaced.content());
    let twice = table("fall-enrollment-count", &[rows[0].clone(), rows[1].clone(), rows[1].clone()]);
    assert_eq!(twice.len(), 3);
    assert_ne!(one.content(), twice.content());
    // Texts do not run together.
    let split = |last: &str, first: &str| {
        let mut row = count("990000101", "F");
        row.extend(cells(&[("last_name", last), ("first_name", first)]));
        table("fall-enrollment-count", &[row]).content()
    };
    assert_ne!(split("Ab", "c"), split("A", "bc"));
}

#[test]
fn rows_come_back_as_rows_of_the_layout() {
    let layout = layout("fall-enrollment-count");
    let table = table("fall-enrollment-count", &[count("990000102", "F"), count("990000101", "H")]);
    let hours: Vec<_> = table
        .rows(layout)
        .unwrap()
        .map(|row| row.text(opi_dictionary::fields::AGGREGATE_HOURS_OF_INSTRUCTION).to_owned())
        .collect();
    assert_eq!(hours, ["H", "F"]);
    assert!(matches!(table.rows(common::layout("fram")), Err(SnapshotError::OtherColumns { .. })));
    assert!(!format!("{table:?} {:?}", table.record(0)).contains("990000101"));
    // A layout in another order gives the same rows under other columns.
    let mut dictionary = Dictionary::built_in().clone();
    let mut columns: Vec<&str> =
        include_str!("../../dictionary/spec/layouts/fall-enrollment-count.csv").lines().collect();
    columns.swap(9, 10);
    let csv = columns.iter().enumerate().map(|(at, line)| match at {
        0 => (*line).to_owned(),
        at => format!("{at},{}", line.split_once(',').unwrap().1),
    });
    dictionary.replace_layout_csv("fall-enrollment-count", &csv.collect::<Vec<_>>().join("\n")).unwrap();
    let other = dictionary.layout("fall-enrollment-count").unwrap();
    assert!(table.rows(other).is_err());
    let conformed = table.conform(other).unwrap();
    let hours = conformed.schema().column("aggregate_hours_of_instruction").unwrap();
    assert_ne!(Some(hours), table.schema().column("aggregate_hours_of_instruction"));
    assert_eq!(conformed.record(0).unwrap().field(hours), "H");
}

#[test]
fn a_row_of_the_wrong_width_is_refused_and_leaves_nothing() {
    let mut builder = TableBuilder::new(TableSchema::of(layout("fram")));
    let error = builder.push(["990000101"], Default::default()).unwrap_err();
    assert_eq!(error.to_string(), "fram: a row of 1 fields, expected 7");
    builder.push(["990000101", "", "", "N", "", "08/27/2025", ""], Default::default()).unwrap();
    let table = builder.finish();
    assert_eq!(table.len(), 1);
    assert_eq!(table.record(0).unwrap().field(5), "08/27/2025");
}

#[test]
fn a_manifest_is_read_back_and_says_what_is_wrong() {
    let snapshot = snapshot(vec![
        table("student-enrollments", &[enrollment("990000101", "07", "08/27/2025")]),
        table("fall-enrollment-count", &[count("990000101", "F")]),
        table("fram", &[]),
    ]);
    let manifest = manifest(&snapshot);
    let bytes = manifest.to_bytes().unwrap();
    assert_eq!(Manifest::from_bytes(&bytes).unwrap(), manifest);
    assert_eq!(manifest.id().unwrap(), ContentHash::of(&bytes));
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.contains("990000101"), "a manifest names no student");
    insta::assert_snapshot!(text);
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        Manifest::from_bytes(text.replacen(from, to, 1).as_bytes()).unwrap_err().to_string()
    };
    insta::assert_snapshot!(
        [
            refused("opi-snapshot", "opi-snapshut"),
            refused("\"version\": 1", "\"version\": 2"),
            refused("\"version\": 1", "\"version\": 0"),
            refused("\"taken_by\"", "\"taken_buy\""),
            refused("\"rows\": 1", "\"rows\": 2"),
            refused("\"first_row\": 0", "\"first_row\": 1"),
            refused(&manifest.tables[0].content.to_string(), &manifest.tables[2].content.to_string()),
            refused("\n", " "),
            refused("2025-26", "2025-27"),
            Manifest::from_bytes(&text.as_bytes()[..text.len() / 2]).unwrap_err().to_string(),
            Manifest::from_bytes(b"").unwrap_err().to_string(),
            Manifest::from_bytes(b"PAR1").unwrap_err().to_string(),
        ]
        .join("\n")
    );
}

#[test]
fn a_difference_is_told_by_row_student_enrollment_and_count_by_district() {
    let old = snapshot(vec![
        table(
            "student-enrollments",
            &[
                enrollment("990000101", "07", "08/27/2025"),
                enrollment("990000102", "07", "08/27/2025"),
                enrollment_in("9902", "990000103", "07", "08/27/2025"),
            ],
        ),
        table("fall-enrollment-count", &[count("990000101", "F"), count("990000102", "F")]),
    ]);
    let new = snapshot(vec![
        table(
            "student-enrollments",
            &[
                enrollment("990000101", "07", "08/27/2025"),
                enrollment("990000102", "08", "08/27/2025"),
                enrollment("990000104", "08", "08/27/2025"),
                enrollment_in("9902", "990000103", "07", "08/27/2025"),
            ],
        ),
        table("fall-enrollment-count", &[count("990000101", "F")]),
    ]);
    let difference = Difference::between(&old, &new, 1).unwrap();
    assert!(!difference.is_same());
    let [counts, enrollments] = difference.tables.as_slice() else { panic!() };
    assert_eq!(
        (counts.table.as_str(), counts.keys.removed, counts.keys.unchanged),
        ("fall-enrollment-count", 1, 1)
    );
    assert_eq!((enrollments.keys.added, enrollments.keys.changed, enrollments.keys.unchanged), (1, 1, 2));
    assert_eq!(enrollments.columns, BTreeMap::from([("grade".to_owned(), 1)]));
    assert_eq!((enrollments.rows.len(), enrollments.rows_not_kept), (1, 1));
    assert_eq!(enrollments.rows[0].change, Change::Changed);
    assert_eq!(enrollments.rows[0].newer, Some(RowPlace { source: 0, line: 3 }));
    assert_eq!(
        (difference.students.added, difference.students.changed, difference.students.unchanged),
        (1, 1, 2)
    );
    assert_eq!(difference.districts.keys().collect::<Vec<_>>(), ["9901"], "only districts that differ");
    let district = &difference.districts["9901"];
    assert_eq!((district.students.added, district.students.changed, district.students.unchanged), (1, 1, 1));
    assert_eq!(district.tables["student-enrollments"].added, 1);
    assert!(Difference::between(&old, &old, 9).unwrap().is_same());

    let changed = changed_figures(&old, &new);
    let told: Vec<(Figure, Vec<String>, u64, u64)> =
        changed.iter().map(|c| (c.key.figure, c.key.by.clone(), c.older, c.newer)).collect();
    let by = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        told,
        [
            (Figure::Rows, by(&[]), 2, 1),
            (Figure::Rows, by(&[]), 2, 3),
            (Figure::Students, by(&[]), 2, 3),
            (Figure::Enrollments, by(&["P", "07"]), 2, 1),
            (Figure::Enrollments, by(&["P", "08"]), 0, 2),
            (Figure::Counted, by(&["F", "N", ""]), 2, 1),
        ]
    );
    assert!(changed_figures(&old, &old).is_empty());
}

#[test]
fn a_student_in_two_districts_is_one_student_of_the_state() {
    let en = "student-enrollments";
    let here = enrollment("990000101", "07", "08/27/2025");
    let there = enrollment_in("9902", "990000101", "07", "10/01/2025");
    let old = snapshot(vec![table(en, std::slice::from_ref(&here))]);
    let new = snapshot(vec![table(en, &[here, there])]);
    let difference = Difference::between(&old, &new, 9).unwrap();
    assert_eq!((difference.students.added, difference.students.changed), (0, 1));
    assert_eq!(difference.districts["9902"].students.added, 1);
}

#[test]
fn a_key_that_two_districts_hold_is_told_by_district() {
    let sd = "student-demographics";
    let rows = |there: &str| {
        let (here, there) = (
            demographics("9901", "990000101", "1", "Larkspur"),
            demographics("9902", "990000101", "2", there),
        );
        snapshot(vec![table(sd, &[here, there])])
    };
    let difference = Difference::between(&rows("Reed"), &rows("Sedge"), 9).unwrap();
    assert_eq!(difference.districts.keys().collect::<Vec<_>>(), ["9902"]);
    let keys = difference.tables[0].keys;
    assert_eq!((keys.changed, keys.unchanged), (1, 1));
}

#[test]
fn a_collection_has_its_own_layouts_and_those_of_all() {
    let keys = |collection| {
        let layouts = collection_layouts(Dictionary::built_in(), collection);
        layouts.iter().map(|layout| layout.key.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        keys("Fall count (ANB)"),
        ["student-demographics", "student-enrollments", "fall-enrollment-count"]
    );
    assert!(keys("End of Year (all)").contains(&"eoy-attendance-totals".to_owned()));
    assert!(keys("Behavior").contains(&"behavior-xml".to_owned()));
}

#[test]
fn two_tables_of_one_name_are_refused() {
    let twice = Snapshot::new(info(), vec![table("fram", &[]), table("fram", &[])]);
    assert_eq!(twice.unwrap_err().to_string(), "table fram stands twice in the snapshot");
}

fn some_rows() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    proptest::collection::vec((0..5_u8, 0..2_u8, 0..3_u8), 0..12)
}

fn rows_of(rows: &[(u8, u8, u8)]) -> Vec<Cells> {
    let row = |(student, start, grade): &(u8, u8, u8)| {
        enrollment(&format!("99000010{student}"), &format!("0{grade}"), &format!("0{}/27/2025", start + 8))
    };
    rows.iter().map(row).collect()
}

proptest! {
    /// The order of rows is that of their keys, byte by byte, however long or alike they are.
    #[test]
    fn rows_stand_in_the_order_of_their_texts(ids in proptest::collection::vec("[ab\u{0}é]{0,3}|a{14,18}[ab]?", 0..20)) {
        let rows: Vec<Cells> = ids.iter().map(|id| count(id, "F")).collect();
        let found = table("fall-enrollment-count", &rows);
        let found: Vec<&str> = found.records().map(|record| record.field(4)).collect();
        let mut wanted: Vec<&str> = ids.iter().map(String::as_str).collect();
        wanted.sort_unstable();
        prop_assert_eq!(found, wanted);
    }

    /// The merge agrees with maps from key to rows.
    #[test]
    fn the_difference_agrees_with_a_slow_one(old in some_rows(), new in some_rows()) {
        let en = "student-enrollments";
        let tables = [table(en, &rows_of(&old)), table(en, &rows_of(&new))];
        let difference = Difference::of_tables(&tables[..1], &tables[1..], 100).unwrap();
        let map = |rows: &[(u8, u8, u8)]| {
            let mut map: BTreeMap<(u8, u8), Vec<u8>> = BTreeMap::new();
            rows.iter().for_each(|(student, start, grade)| map.entry((*student, *start)).or_default().push(*grade));
            map.values_mut().for_each(|grades| grades.sort_unstable());
            map
        };
        let (old, new) = (map(&old), map(&new));
        let keys = difference.tables[0].keys;
        let count = |f: &dyn Fn(&(u8, u8)) -> bool| {
            old.keys().chain(new.keys()).collect::<std::collections::BTreeSet<_>>().into_iter().filter(|k| f(k)).count() as u64
        };
        prop_assert_eq!(keys.added, count(&|key| !old.contains_key(key)));
        prop_assert_eq!(keys.removed, count(&|key| !new.contains_key(key)));
        prop_assert_eq!(keys.unchanged, count(&|key| old.contains_key(key) && old.get(key) == new.get(key)));
        prop_assert_eq!(keys.added + keys.removed + keys.changed + keys.unchanged, count(&|_| true));
        prop_assert_eq!(difference.is_same(), tables[0] == tables[1]);
        let back = Difference::of_tables(&tables[1..], &tables[..1], 100).unwrap().tables[0].keys;
        prop_assert_eq!((back.added, back.removed, back.changed), (keys.removed, keys.added, keys.changed));
    }

    /// A manifest with any bytes changed is refused or is the same manifest; nothing panics.
    #[test]
    fn any_changed_byte_of_a_manifest_is_seen_by_its_id(at in 0..3000_usize, byte in any::<u8>()) {
        let snapshot = snapshot(vec![table("fram", &[cells(&[("student_state_id", "990000101")])])]);
        let manifest = manifest(&snapshot);
        let mut bytes = manifest.to_bytes().unwrap();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(read) = Manifest::from_bytes(&bytes) {
            prop_assert_eq!(read.id().unwrap(), ContentHash::of(&bytes));
        }
    }

    /// No bytes make the reader panic.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Manifest::from_bytes(&bytes);
    }
}

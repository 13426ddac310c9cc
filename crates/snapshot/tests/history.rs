//! A register that was stored and read back knows the same, knows how it came to know it, and goes on alike.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test program")]

mod common;

use common::*;
use opi_dictionary::Dictionary;
use opi_snapshot::{Register, Snapshot, SnapshotInfo, Table, TableBuilder};
use proptest::prelude::*;

fn info() -> SnapshotInfo {
    SnapshotInfo {
        school_year: "2025-26".parse().unwrap(),
        collection: "whatever".into(),
        as_of: "2025-10-31".parse().unwrap(),
        taken_by: "nightly".into(),
        taken_at: "2025-11-01T02:00:00".parse().unwrap(),
        rule_set: String::new(),
        sources: Vec::new(),
        certifications: Vec::new(),
    }
}

fn texts(table: &Table, column: &str) -> Vec<String> {
    let column = table.schema().column(column).unwrap();
    table.records().map(|record| record.field(column).to_owned()).collect()
}

#[test]
fn every_change_is_a_row_with_file_line_and_time() {
    let key = "behavior-xml";
    let incident = |id: &str, note: &str| {
        cells(&[
            ("incident_id", id),
            ("student_state_id", "990000101"),
            ("state_event_code", "1"),
            ("behavior_role", note),
        ])
    };
    let mut register = Register::new();
    import(&mut register, &upload("a.xml", "9901", 1), key, &[incident("1", "x"), incident("2", "x")]);
    import(&mut register, &upload("b.xml", "9901", 2), key, &[incident("1", "y")]);
    import(&mut register, &upload("c.xml", "9901", 3), key, &[incident("1", "y"), incident("2", "z")]);
    let snapshot = register.to_snapshot(info()).unwrap();
    assert_eq!(snapshot.info().collection, Register::COLLECTION);
    let table = snapshot.table("behavior-xml-changes").unwrap();
    assert_eq!(texts(table, "change"), ["inserted", "inserted", "updated", "deleted", "inserted"]);
    assert_eq!(texts(table, "change_record").last().unwrap(), "0000000001");
    assert_eq!(texts(table, "change_at")[3], "2025-10-02T09:00:00");
    let places: Vec<(u32, u64)> =
        table.records().map(|record| (record.origin().source, record.origin().line)).collect();
    assert_eq!(places, [(0, 2), (0, 3), (1, 2), (1, 0), (2, 3)]);
    assert!(Register::from_snapshot(&snapshot).unwrap() == register);
}

#[test]
fn a_stored_register_keeps_the_key_of_its_own_layout() {
    let mut own = layout("fall-enrollment-count").clone();
    own.key_fields.reverse();
    let mut register = Register::new();
    let mut import = register.import(&upload("a.tsv", "9901", 1), &own).unwrap();
    import.row(&buffer(&own, &count("990000101", "F")).row_at(2, 0)).unwrap();
    import.finish().unwrap();
    let snapshot = register.to_snapshot(info()).unwrap();
    let stored = Register::from_snapshot(&snapshot).unwrap();
    assert!(stored == register, "the key is that of the dictionary");
    assert_eq!(stored.to_snapshot(info()).unwrap(), snapshot);
}

#[test]
fn what_is_no_register_is_refused() {
    let mut register = Register::new();
    let row = enrollment("990000101", "07", "08/27/2025");
    import(&mut register, &upload("a", "9901", 1), "student-enrollments", &[row]);
    let tables = register.as_of("2025-10-31".parse().unwrap(), info().school_year, Dictionary::built_in());
    let plain = Snapshot::new(info(), tables.unwrap()).unwrap();
    let refused = Register::from_snapshot(&plain).unwrap_err().to_string();
    assert_eq!(refused, "whatever: this is no stored register: it is a snapshot of a collection");

    let stored = register.to_snapshot(info()).unwrap();
    let table = &stored.tables()[0];
    for (column, text, problem) in [
        (0, "0000000007", "change 0: it does not follow the one before it"),
        (1, "updated", "change 0: it is of another kind than its record allows"),
        (1, "deleted", "change 0: it takes away a record that is not there"),
        (3, "0000000009", "change 0: it does not follow the one before it"),
    ] {
        let mut builder = TableBuilder::new(table.schema().clone());
        for record in table.records() {
            let texts = (0..record.columns()).map(|at| if at == column { text } else { record.field(at) });
            builder.push(texts, record.origin()).unwrap();
        }
        let forged = Snapshot::new(stored.info().clone(), vec![builder.finish()]).unwrap();
        let refused = Register::from_snapshot(&forged).unwrap_err().to_string();
        assert_eq!(refused, format!("student-enrollments-changes: this is no stored register: {problem}"));
    }
}

/// A file: its kind, and small numbers of which its rows are made.
type File = (u8, Vec<(u8, u8, u8)>);

/// Files of four kinds whose rows meet each other, in the order in which they come.
fn some_files() -> impl Strategy<Value = Vec<File>> {
    proptest::collection::vec((0..4_u8, proptest::collection::vec((0..3_u8, 0..3_u8, 0..3_u8), 0..6)), 1..8)
}

fn take(register: &mut Register, number: usize, kind: u8, rows: &[(u8, u8, u8)]) {
    let upload = upload(&format!("file-{number}"), "9901", number as u32 + 1);
    let id = |number: u8| format!("99000010{number}");
    let rows = rows.iter().map(|(student, one, two)| match kind {
        // Students with and without state id, whose local ids meet and change.
        0 => {
            let state_id = if *two == 2 { String::new() } else { id(*student) };
            demographics("9901", &state_id, &format!("5{one}"), "Larkspur")
        }
        1 => cells(&[
            ("district_number", "9901"),
            ("school_number", "9911"),
            ("calendar_number", "100"),
            ("student_state_id", &id(*student)),
            ("ada_days_present", &one.to_string()),
            ("ada_days_enrolled", &two.to_string()),
        ]),
        2 => cells(&[
            ("incident_id", &one.to_string()),
            ("student_state_id", &id(*student)),
            ("state_event_code", "1"),
            ("behavior_role", &two.to_string()),
        ]),
        _ => cells(&[
            ("district_number", "9901"),
            ("staff_state_id", &id(*student)),
            ("district_employment_start_date", &format!("09/0{}/2025", one + 1)),
            ("district_employment_end_date", &format!("09/0{}/2025", one + 1 + two)),
        ]),
    });
    let layout = ["student-demographics", "eoy-attendance-totals", "behavior-xml", "terms-of-employment"]
        [usize::from(kind)];
    import(register, &upload, layout, &rows.collect::<Vec<Cells>>());
}

proptest! {
    /// Stored after each file and read back, it ends where the register ends that was never stored; and each file taken
    /// again changes nothing in either.
    #[test]
    fn a_stored_register_goes_on_alike(files in some_files()) {
        let (mut whole, mut stored) = (Register::new(), Register::new());
        for (number, (kind, rows)) in files.iter().enumerate() {
            for _ in 0..2 {
                take(&mut whole, number, *kind, rows);
                take(&mut stored, number, *kind, rows);
                prop_assert!(whole == stored);
            }
            let before = whole.clone();
            take(&mut whole, number, *kind, rows);
            prop_assert!(whole == before, "the same file again changed something");
            let snapshot = stored.to_snapshot(info()).unwrap();
            stored = Register::from_snapshot(&snapshot).unwrap();
            prop_assert!(whole == stored);
            prop_assert_eq!(stored.to_snapshot(info()).unwrap(), snapshot);
        }
    }
}

//! The register takes files as the imports of AIM do, changes nothing twice, and forgets nothing.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test program")]

mod common;

use common::*;
use opi_dictionary::Dictionary;
use opi_snapshot::{ImportReport, NotApplied, Register, RowChangeKind, SnapshotError, Table};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn as_of(register: &Register, day: &str) -> BTreeMap<String, Table> {
    let year = "2025-26".parse().unwrap();
    let tables = register.as_of(day.parse().unwrap(), year, Dictionary::built_in()).unwrap();
    tables.into_iter().map(|table| (table.name().to_owned(), table)).collect()
}

fn texts(table: &Table, column: &str) -> Vec<String> {
    let column = table.schema().column(column).unwrap();
    table.records().map(|record| record.field(column).to_owned()).collect()
}

fn not_applied(report: &ImportReport) -> Vec<(u64, NotApplied)> {
    report.not_applied_lines.clone()
}

const EN: &str = "student-enrollments";

#[test]
fn rows_are_inserted_then_updated_by_key_and_each_state_stays_known() {
    let mut register = Register::new();
    let rows = [enrollment("990000101", "07", "08/27/2025"), enrollment("990000102", "08", "08/27/2025")];
    let report = import(&mut register, &upload("one.tsv", "9901", 1), EN, &rows);
    assert_eq!((report.inserted, report.updated, report.unchanged), (2, 0, 0));
    let corrected = [enrollment("990000101", "06", "08/27/2025"), rows[1].clone()];
    let report = import(&mut register, &upload("two.tsv", "9901", 20), EN, &corrected);
    assert_eq!((report.inserted, report.updated, report.unchanged), (0, 1, 1));

    assert!(as_of(&register, "2025-09-30").is_empty());
    assert_eq!(texts(&as_of(&register, "2025-10-15")[EN], "grade"), ["07", "08"]);
    assert_eq!(texts(&as_of(&register, "2025-10-20")[EN], "grade"), ["06", "08"]);
    let changes: Vec<_> = register.changes(EN).collect();
    assert_eq!(changes.len(), 3);
    let change = &changes[2];
    assert_eq!((change.kind, change.file.as_str(), change.line), (RowChangeKind::Updated, "two.tsv", 2));
    assert_eq!(
        (change.columns.as_slice(), change.at.to_string().as_str()),
        (&["grade".to_owned()][..], "2025-10-20T09:00:00")
    );
    assert_eq!(change.key.reveal(), "990000101|9901|9911|100|08/27/2025|P");
    assert!(!format!("{change:?} {register:?}").contains("990000101"), "values stay out of messages");
}

#[test]
fn a_row_that_comes_from_a_later_file_says_so() {
    let mut register = Register::new();
    import(&mut register, &upload("one.tsv", "9901", 1), EN, &[enrollment("990000101", "07", "08/27/2025")]);
    import(&mut register, &upload("two.tsv", "9901", 2), EN, &[enrollment("990000102", "07", "08/27/2025")]);
    let tables = as_of(&register, "2025-10-15");
    let origins: Vec<(u32, u64)> =
        tables[EN].records().map(|r| (r.origin().source, r.origin().line)).collect();
    assert_eq!(origins, [(0, 2), (1, 2)]);
    assert_eq!(register.uploads()[1].file, "two.tsv");
}

#[test]
fn counts_are_laid_beside_enrollments_and_change_none() {
    let mut register = Register::new();
    import(&mut register, &upload("en.tsv", "9901", 1), EN, &[enrollment("990000101", "07", "08/27/2025")]);
    let before = as_of(&register, "2025-10-31")[EN].clone();
    let counts = [count("990000101", "F"), count("990000199", "H")];
    import(&mut register, &upload("af.tsv", "9901", 8), "fall-enrollment-count", &counts);
    let after = as_of(&register, "2025-10-31");
    assert_eq!(after[EN], before);
    assert_eq!(after["fall-enrollment-count"].len(), 2);
}

#[test]
fn behavior_replaces_all_data_of_its_district_and_year_and_no_other() {
    let incident = |district: &str, incident: &str, code: &str| {
        cells(&[
            ("district_number", district),
            ("incident_id", incident),
            ("student_state_id", "990000101"),
            ("state_event_code", code),
        ])
    };
    let key = "behavior-xml";
    let mut register = Register::new();
    import(
        &mut register,
        &upload("a.xml", "9901", 1),
        key,
        &[incident("9901", "1", "x"), incident("9901", "2", "x")],
    );
    import(&mut register, &upload("b.xml", "9902", 2), key, &[incident("9902", "7", "x")]);
    let report = import(
        &mut register,
        &upload("c.xml", "9901", 3),
        key,
        &[incident("9901", "2", "x"), incident("9901", "3", "x")],
    );
    assert_eq!((report.inserted, report.unchanged, report.deleted), (1, 1, 1));
    assert_eq!(texts(&as_of(&register, "2025-10-02")[key], "incident_id"), ["1", "2", "7"]);
    assert_eq!(texts(&as_of(&register, "2025-10-03")[key], "incident_id"), ["2", "3", "7"]);
    let last: Vec<_> = register.changes(key).filter(|change| change.kind == RowChangeKind::Deleted).collect();
    assert_eq!((last.len(), last[0].line), (1, 0));
    // What was deleted may come back.
    let report = import(&mut register, &upload("d.xml", "9901", 4), key, &[incident("9901", "1", "x")]);
    assert_eq!((report.inserted, report.deleted), (1, 2));
    assert_eq!(texts(&as_of(&register, "2025-10-04")[key], "incident_id"), ["1", "7"]);
    // An empty file empties the district.
    assert_eq!(import(&mut register, &upload("e.xml", "9901", 5), key, &[]).deleted, 1);
    let mut of_state = upload("f.xml", "9901", 6);
    of_state.district = None;
    let refused = register.import(&of_state, layout(key)).err();
    assert!(matches!(refused, Some(SnapshotError::ReplaceNeedsDistrict { .. })));
}

#[test]
fn a_file_that_replaces_all_and_is_cut_off_takes_nothing_away() {
    let incident = |id: &str| {
        buffer(
            layout("behavior-xml"),
            &cells(&[("incident_id", id), ("student_state_id", "990000101"), ("state_event_code", "1")]),
        )
    };
    let mut register = Register::new();
    let mut take = |day: u32, ids: &[&str], whole: bool| {
        let mut import = register.import(&upload("b.xml", "9901", day), layout("behavior-xml")).unwrap();
        for (index, id) in ids.iter().enumerate() {
            import.row(&incident(id).row_at(index as u64 + 2, 0)).unwrap();
        }
        if whole { import.finish().unwrap() } else { import.finish_cut_off().unwrap() }
    };
    assert_eq!(take(1, &["1", "2"], true).inserted, 2);
    let report = take(2, &["3"], false);
    assert_eq!((report.is_unchanged(), not_applied(&report)), (true, vec![(2, NotApplied::FileCutOff)]));
    assert!(take(3, &[], false).is_unchanged());
    assert_eq!(take(4, &[], true).deleted, 2, "a whole file without rows says that there is nothing");
}

#[test]
fn a_table_of_the_state_replaces_the_one_before_whatever_its_districts() {
    let row = |district: &str, student: &str| {
        cells(&[
            ("district_number", district),
            ("student_state_id", student),
            ("plan_start_date", "09/01/2025"),
        ])
    };
    let state = |file: &str, day: u32| {
        let mut upload = upload(file, "9901", day);
        upload.district = None;
        upload
    };
    let mut register = Register::new();
    let key = "special-education";
    let first = [row("9901", "990000101"), row("9902", "990000102")];
    assert_eq!(import(&mut register, &state("a", 1), key, &first).inserted, 2);
    assert!(import(&mut register, &state("a", 2), key, &first).is_unchanged());
    let report = import(&mut register, &state("b", 3), key, &first[..1]);
    assert_eq!((report.unchanged, report.deleted), (1, 1));
    assert_eq!(as_of(&register, "2025-10-01")[key].len(), 2);
    assert_eq!(as_of(&register, "2025-10-03")[key].len(), 1);
}

#[test]
fn stored_fall_cte_data_are_kept_and_differences_listed() {
    let row = |status: &str| {
        cells(&[
            ("district_number", "9901"),
            ("school_number", "9911"),
            ("calendar_number", "100"),
            ("student_state_id", "990000101"),
            ("post_program_status", status),
            ("year", "2026"),
        ])
    };
    let mut register = Register::new();
    import(&mut register, &upload("one.tsv", "9901", 1), "fall-cte", &[row("01")]);
    let report = import(&mut register, &upload("two.tsv", "9901", 2), "fall-cte", &[row("02")]);
    assert!(report.is_unchanged());
    assert_eq!(not_applied(&report), [(2, NotApplied::StoredIsKept)]);
    assert_eq!(texts(&as_of(&register, "2025-10-31")["fall-cte"], "post_program_status"), ["01"]);
    assert_eq!(register.uploads().len(), 1, "a file that changes nothing leaves no trace");
}

#[test]
fn no_section_504_record_is_made_within_the_span_of_another() {
    let row = |start: &str, end: &str| {
        cells(&[
            ("district_number", "9901"),
            ("student_state_id", "990000101"),
            ("section_504_start_date", start),
            ("section_504_end_date", end),
        ])
    };
    let mut register = Register::new();
    let key = "section-504";
    import(&mut register, &upload("a", "9901", 1), key, &[row("09/01/2025", "")]);
    let report = import(&mut register, &upload("b", "9901", 2), key, &[row("10/01/2025", "")]);
    assert_eq!(not_applied(&report), [(2, NotApplied::WithinStoredSpan)]);
    // The record of the same start is updated, and the day after its end is free.
    let rows = [row("10/02/2025", ""), row("09/01/2025", "10/01/2025")];
    let report = import(&mut register, &upload("c", "9901", 3), key, &rows);
    assert_eq!((report.inserted, report.updated), (1, 1));
    let again = import(&mut register, &upload("c", "9901", 3), key, &rows);
    assert_eq!((again.unchanged, again.is_unchanged()), (2, true));
    let report = import(&mut register, &upload("d", "9901", 4), key, &[row("10/01/2025", "10/01/2025")]);
    assert_eq!(not_applied(&report), [(2, NotApplied::WithinStoredSpan)], "the last day belongs to the span");
}

#[test]
fn a_new_employment_needs_the_stored_one_to_have_ended_before() {
    let row = |start: &str, end: &str| {
        cells(&[
            ("district_number", "9901"),
            ("staff_state_id", "880000001"),
            ("district_employment_start_date", start),
            ("district_employment_end_date", end),
        ])
    };
    let mut register = Register::new();
    let key = "terms-of-employment";
    import(&mut register, &upload("a", "9901", 1), key, &[row("08/20/2024", "06/10/2025")]);
    let same_day = import(&mut register, &upload("b", "9901", 2), key, &[row("06/10/2025", "")]);
    assert_eq!(not_applied(&same_day), [(2, NotApplied::StoredNotEnded)]);
    let later = import(&mut register, &upload("c", "9901", 3), key, &[row("06/11/2025", "")]);
    assert_eq!(later.inserted, 1);
    let open = import(&mut register, &upload("d", "9901", 4), key, &[row("08/20/2025", "")]);
    assert_eq!(not_applied(&open), [(2, NotApplied::StoredNotEnded)]);
}

#[test]
fn attendance_of_one_student_and_school_is_replaced_as_a_group() {
    let row = |days: &str| {
        cells(&[
            ("district_number", "9901"),
            ("school_number", "9911"),
            ("calendar_number", "100"),
            ("student_state_id", "990000101"),
            ("ada_days_enrolled", days),
            ("year", "2026"),
        ])
    };
    let key = "eoy-attendance-totals";
    let mut register = Register::new();
    let report = import(&mut register, &upload("a", "9901", 1), key, &[row("90"), row("85")]);
    assert_eq!((report.inserted, report.not_applied.len()), (2, 0));
    let other_order = import(&mut register, &upload("b", "9901", 2), key, &[row("85"), row("90")]);
    assert!(other_order.is_unchanged(), "the order of lines is no change");
    let report = import(&mut register, &upload("c", "9901", 3), key, &[row("175")]);
    assert_eq!(report.updated, 1);
    assert_eq!(texts(&as_of(&register, "2025-10-31")[key], "ada_days_enrolled"), ["175"]);
    assert_eq!(texts(&as_of(&register, "2025-10-02")[key], "ada_days_enrolled"), ["85", "90"]);
}

#[test]
fn the_last_of_repeated_rows_counts_and_the_others_are_listed() {
    let mut register = Register::new();
    let rows = [enrollment("990000101", "07", "08/27/2025"), enrollment("990000101", "08", "08/27/2025")];
    let report = import(&mut register, &upload("a", "9901", 1), EN, &rows);
    assert_eq!((report.inserted, not_applied(&report)), (1, vec![(2, NotApplied::RepeatedInFile)]));
    assert_eq!(texts(&as_of(&register, "2025-10-31")[EN], "grade"), ["08"]);
    assert!(import(&mut register, &upload("a", "9901", 1), EN, &rows).is_unchanged());
}

#[test]
fn rows_of_other_districts_and_of_nobody_are_not_taken() {
    let mut register = Register::new();
    let rows = [
        enrollment_in("9902", "990000101", "07", "08/27/2025"),
        enrollment("", "07", "08/27/2025"),
        enrollment("990000101", "07", "08/27/2025"),
    ];
    let report = import(&mut register, &upload("a", "9901", 1), EN, &rows);
    let expected = vec![(2, NotApplied::OtherDistrict), (3, NotApplied::NoStudent)];
    assert_eq!((report.inserted, not_applied(&report)), (1, expected));
    // A file of the state names its districts itself.
    let mut of_state = upload("s", "9901", 2);
    of_state.district = None;
    assert_eq!(import(&mut register, &of_state, EN, &rows[..1]).inserted, 1);
}

#[test]
fn a_student_who_gets_a_state_id_stays_one_student() {
    let key = "student-demographics";
    let asking = [demographics("9901", "", "55", "Larkspur")];
    let named = [demographics("9901", "990000155", "55", "Larkspur")];
    let mut register = Register::new();
    import(&mut register, &upload("ask", "9901", 1), key, &asking);
    let report = import(&mut register, &upload("named", "9901", 2), key, &named);
    assert_eq!((report.inserted, report.deleted), (1, 1));
    assert_eq!(texts(&as_of(&register, "2025-10-01")[key], "student_state_id"), [""]);
    assert_eq!(texts(&as_of(&register, "2025-10-02")[key], "student_state_id"), ["990000155"]);
    // The old request comes once more.
    let report = import(&mut register, &upload("ask", "9901", 3), key, &asking);
    assert_eq!((report.is_unchanged(), not_applied(&report)), (true, vec![(2, NotApplied::HasStateId)]));
    // The student gets another local id, and a new one the old: two students, told apart again.
    let renamed = [demographics("9901", "990000155", "56", "Larkspur")];
    assert_eq!(import(&mut register, &upload("renamed", "9901", 4), key, &renamed).updated, 1);
    let newcomer = [demographics("9901", "", "55", "Reed")];
    assert_eq!(import(&mut register, &upload("newcomer", "9901", 5), key, &newcomer).inserted, 1);
    assert_eq!(texts(&as_of(&register, "2025-10-05")[key], "last_name"), ["Reed", "Larkspur"]);
    // Both in one file, in either order.
    for order in [[0, 1], [1, 0]] {
        let mut register = Register::new();
        let both = [asking[0].clone(), named[0].clone()];
        let rows = order.map(|at| both[at].clone());
        let report = import(&mut register, &upload("both", "9901", 1), key, &rows);
        assert_eq!((report.inserted, report.not_applied[&NotApplied::HasStateId]), (1, 1));
        assert!(import(&mut register, &upload("both", "9901", 1), key, &rows).is_unchanged());
    }
}

#[test]
fn the_active_identity_is_the_one_that_changed_last() {
    let key = "student-demographics";
    let mut register = Register::new();
    import(
        &mut register,
        &upload("a", "9901", 1),
        key,
        &[demographics("9901", "990000101", "1", "Larkspur")],
    );
    import(
        &mut register,
        &upload("b", "9902", 5),
        key,
        &[demographics("9902", "990000101", "9", "Larkspur-Reed")],
    );
    let active = |day: u32| {
        let moment = format!("2025-10-{day:02}T23:00:00").parse().unwrap();
        let table = register.active_identities(moment, "2025-26".parse().unwrap()).unwrap().unwrap();
        texts(&table, "last_name")
    };
    assert_eq!(active(1), ["Larkspur"]);
    assert_eq!(active(5), ["Larkspur-Reed"]);
    assert_eq!(as_of(&register, "2025-10-31")[key].len(), 2, "each district's identity stays on record");
}

#[test]
fn a_row_of_another_school_year_or_of_none_is_told_with_its_line() {
    let of_year = |student: &str, year: &str| {
        let mut row = enrollment(student, "07", "08/27/2025");
        row.retain(|(name, _)| *name != "year");
        row.push(("year", year.to_owned()));
        row
    };
    let rows = [("2", "2026"), ("3", "2025"), ("4", ""), ("5", "2O26"), ("6", "2025-26")];
    let rows = rows.map(|(student, year)| of_year(&format!("99000010{student}"), year));
    let mut register = Register::new();
    let report = import(&mut register, &upload("a", "9901", 1), EN, &rows);
    assert_eq!(report.inserted, 2, "a row that names no year is of the year of its file");
    let expected = [(3, NotApplied::OtherYear), (5, NotApplied::NoYear), (6, NotApplied::NoYear)];
    assert_eq!(not_applied(&report), expected);
    assert_eq!(as_of(&register, "2025-10-31")[EN].len(), 2);
    let before =
        register.as_of("2025-10-31".parse().unwrap(), "2024-25".parse().unwrap(), Dictionary::built_in());
    assert!(before.unwrap().is_empty());
}

#[test]
fn a_table_of_another_year_takes_nothing_away() {
    let placed = |year: &str| {
        cells(&[("student_state_id", "990000101"), ("start_date", "08/27/2025"), ("year", year)])
    };
    let mut register = Register::new();
    import(&mut register, &upload("a", "9901", 1), "foster-care", &[placed("2026")]);
    let report = import(&mut register, &upload("b", "9901", 2), "foster-care", &[placed("2025")]);
    assert_eq!((report.deleted, not_applied(&report)), (0, vec![(2, NotApplied::OtherYear)]));
    assert_eq!(import(&mut register, &upload("c", "9901", 3), "foster-care", &[]).deleted, 1);
}

#[test]
fn the_first_thousand_lines_that_were_not_taken_are_kept_in_order() {
    // The rows of one key are set aside after all rows were seen, and yet stand before later lines.
    let mut rows = vec![enrollment("990000101", "07", "08/27/2025"); 3];
    rows.extend(vec![enrollment_in("9902", "990000102", "07", "08/27/2025"); 9_000]);
    let report = import(&mut Register::new(), &upload("a", "9901", 1), EN, &rows);
    let lines: Vec<u64> = not_applied(&report).iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, (2..=3).chain(5..1_003).collect::<Vec<u64>>());
    assert_eq!(report.not_applied[&NotApplied::OtherDistrict], 9_000);
}

#[test]
fn uploads_come_in_the_order_of_their_times() {
    let mut register = Register::new();
    import(&mut register, &upload("a", "9901", 9), EN, &[enrollment("990000101", "07", "08/27/2025")]);
    let early = register.import(&upload("b", "9901", 8), layout(EN)).err().unwrap();
    assert_eq!(
        early.to_string(),
        "upload of 2025-10-08T09:00:00 comes after one of 2025-10-09T09:00:00: give uploads in the order of their times"
    );
    let header = register.import(&upload("b", "9901", 9), layout("header")).err().unwrap();
    assert_eq!(header.to_string(), "header is no file that districts upload: no rule of import names it");
}

/// Rows of few keys, so that files meet each other.
fn a_row() -> impl Strategy<Value = Cells> {
    (0..2_u8, 0..4_u8, 0..3_u8, 0..2_u8).prop_map(|(district, student, grade, start)| {
        let (district, student) = (format!("990{}", district + 1), format!("99000010{student}"));
        enrollment_in(&district, &student, &format!("0{grade}"), &format!("0{}/27/2025", start + 1))
    })
}

fn files() -> impl Strategy<Value = Vec<(u8, Vec<Cells>)>> {
    proptest::collection::vec((0..2_u8, proptest::collection::vec(a_row(), 0..8)), 1..6)
}

/// The key of an enrollment row: all its cells but grade.
fn key_of(row: &Cells) -> Vec<String> {
    row.iter().filter(|(name, _)| *name != "grade").map(|(_, text)| text.clone()).collect()
}

proptest! {
    /// A slow map says the same as the register, at every moment.
    #[test]
    fn the_register_agrees_with_a_plain_map(files in files()) {
        let mut register = Register::new();
        let mut known: BTreeMap<Vec<String>, Cells> = BTreeMap::new();
        let mut after: Vec<Table> = Vec::new();
        for (index, (district, rows)) in files.iter().enumerate() {
            let district = format!("990{}", district + 1);
            import(&mut register, &upload("f", &district, index as u32 + 1), EN, rows);
            for row in rows.iter().filter(|row| row[0].1 == district) {
                known.insert(key_of(row), row.clone());
            }
            after.push(table(EN, &known.values().cloned().collect::<Vec<_>>()));
        }
        for (index, expected) in after.iter().enumerate() {
            let found = as_of(&register, &format!("2025-10-{:02}", index + 1));
            match found.get(EN) {
                Some(found) => prop_assert_eq!(found, expected),
                None => prop_assert!(expected.is_empty()),
            }
        }
    }

    /// Any file taken twice in a row changes nothing the second time; so does the last file of each district.
    #[test]
    fn the_same_file_twice_changes_nothing(files in files()) {
        let key = EN;
        let mut register = Register::new();
        let mut last: BTreeMap<u8, Vec<Cells>> = BTreeMap::new();
        for (index, (district, rows)) in files.iter().enumerate() {
            let upload = upload("f", &format!("990{}", district + 1), index as u32 + 1);
            import(&mut register, &upload, key, rows);
            let before = register.clone();
            prop_assert!(import(&mut register, &upload, key, rows).is_unchanged());
            prop_assert!(register == before);
            last.insert(*district, rows.clone());
        }
        let before = register.clone();
        for (district, rows) in last {
            let upload = upload("f", &format!("990{}", district + 1), 30);
            prop_assert!(import(&mut register, &upload, key, &rows).is_unchanged());
        }
        prop_assert!(register == before);
    }

    /// Spans: whatever a file holds, taking it twice changes nothing the second time.
    #[test]
    fn files_of_spans_are_idempotent(
        files in proptest::collection::vec(proptest::collection::vec((0..3_u8, 1..6_u32, 0..7_u32), 0..6), 1..5),
    ) {
        for key in ["section-504", "terms-of-employment"] {
            let mut register = Register::new();
            for (index, file) in files.iter().enumerate() {
                let rows: Vec<Cells> = file.iter().map(|(person, start, length)| {
                    let (person, start_day) = (format!("99000010{person}"), format!("09/{start:02}/2025"));
                    let end = if *length == 0 { String::new() } else { format!("09/{:02}/2025", start + length) };
                    if key == "section-504" {
                        cells(&[("district_number", "9901"), ("student_state_id", &person),
                            ("section_504_start_date", &start_day), ("section_504_end_date", &end)])
                    } else {
                        cells(&[("district_number", "9901"), ("staff_state_id", &person),
                            ("district_employment_start_date", &start_day), ("district_employment_end_date", &end)])
                    }
                }).collect();
                let upload = upload("f", "9901", index as u32 + 1);
                import(&mut register, &upload, key, &rows);
                let before = register.clone();
                prop_assert!(import(&mut register, &upload, key, &rows).is_unchanged());
                prop_assert!(register == before);
            }
        }
    }
}

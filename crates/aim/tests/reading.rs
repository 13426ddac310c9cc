//! Reading and writing: nothing is lost, nothing is silent, nothing panics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

use opi_aim::{Header, ReadOptions, ReadRule, Reader, Writer};
use opi_dictionary::records;
use opi_dictionary::{Dictionary, HeaderRule, LayoutFieldRow, Record, fields, layout_to_toml};
use proptest::prelude::*;
use std::collections::BTreeMap;

struct Outcome {
    rows: Vec<Vec<String>>,
    written: Vec<u8>,
    counts: BTreeMap<ReadRule, u64>,
    findings: Vec<String>,
    layout: Option<String>,
}

fn options() -> ReadOptions {
    ReadOptions::new()
}

/// Reads bytes and writes every row and the header back.
fn through(bytes: &[u8], options: ReadOptions) -> Outcome {
    let dictionary = Dictionary::built_in();
    let mut reader = Reader::new(bytes, dictionary, options).unwrap();
    let mut rows = Vec::new();
    let mut written: Option<Writer<'_, Vec<u8>>> = None;
    let mut header = None;
    loop {
        let wanted = reader.next_row().unwrap().map(|row| {
            rows.push(row.fields().map(str::to_owned).collect::<Vec<_>>());
            (row.layout().clone(), row.record().to_owned())
        });
        header = header.or_else(|| reader.header().cloned());
        let Some((_, record)) = wanted else { break };
        // The row was dropped with the borrow: make it again from its text.
        let layout = reader.layout().unwrap();
        let separators: Vec<u32> = record.match_indices('\t').map(|(at, _)| at as u32).collect();
        let row = opi_dictionary::Row::from_parts(layout, &record, &separators, 0, record.len() as u32, 0, 0);
        written
            .get_or_insert_with(|| {
                let header = header.clone().filter(|_| layout.header != HeaderRule::None);
                Writer::new(Vec::new(), layout, header).unwrap()
            })
            .copy_row(&row)
            .unwrap();
    }
    let layout = reader.layout();
    let written = match written {
        Some(writer) => writer.finish().unwrap(),
        None => header.map(|header: Header| format!("{header}\r\n").into_bytes()).unwrap_or_default(),
    };
    let counts = reader.log().counts().collect();
    let findings = reader
        .log()
        .findings("x.tsv", layout)
        .iter()
        .map(|f| format!("{}: {} {}", f.position, f.code, f.message))
        .collect();
    Outcome { rows, written, counts, findings, layout: layout.map(|layout| layout.key.clone()) }
}

const HEADER: &str = "HD\t01/21/2026\t08:15:00\tMT9.1\r\n";
const ROW: &str = "AF\t9901\t9911\t100\t990000101\t101\tLarkspur\tZinnia\tF\tN\tN\t2026\r\n";

fn findings(file: impl AsRef<[u8]>) -> Vec<String> {
    through(file.as_ref(), options()).findings
}

#[test]
fn the_clean_samples_read_whole_and_write_back_the_same() {
    for (name, rows) in [("student-demographics.clean", 12), ("student-enrollments.clean", 13)] {
        let bytes = std::fs::read(format!("{}/tests/data/{name}.tsv", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let outcome = through(&bytes, options().check_fields(true));
        assert_eq!(outcome.findings, Vec::<String>::new(), "{name}");
        assert_eq!(outcome.rows.len(), rows);
        assert_eq!(outcome.written, bytes, "{name}");
    }
}

#[test]
fn the_defective_samples_give_what_concerns_reading() {
    let checked = |name: &str| {
        let bytes = std::fs::read(format!("{}/tests/data/{name}.tsv", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let outcome = through(&bytes, options().check_fields(true));
        assert_eq!(outcome.written, bytes, "{name}: the form of the lines is right, so nothing changes");
        outcome.findings.join("\n")
    };
    insta::assert_snapshot!("enrollments_defects", checked("student-enrollments.defects"));
    insta::assert_snapshot!("fall_count_defects", checked("fall-enrollment-count.defects"));
}

#[test]
fn tolerances_are_noted_and_change_nothing_of_the_rows() {
    let canonical = format!("{HEADER}{ROW}{ROW}");
    assert_eq!(findings(&canonical), Vec::<String>::new());
    let variants: [(&str, Vec<u8>); 5] = [
        ("byte order mark", [b"\xEF\xBB\xBF", canonical.as_bytes()].concat()),
        ("line feeds", canonical.replace("\r\n", "\n").into_bytes()),
        ("missing newline", canonical.trim_end().as_bytes().to_vec()),
        ("blank lines", canonical.replace("\r\n", "\r\n\r\n").into_bytes()),
        ("blank row", format!("{canonical}\t\t\t\t\t\t\t\t\t\t\t\r\n").into_bytes()),
    ];
    let mut said = String::new();
    for (name, variant) in variants {
        let outcome = through(&variant, options());
        assert_eq!(outcome.rows.len(), 2, "{name}");
        assert_eq!(outcome.written, canonical.as_bytes(), "{name}");
        said += &format!("{name}:\n  {}\n", outcome.findings.join("\n  "));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn cut_fields_are_read_only_where_the_caller_allows() {
    let file = format!("{HEADER}EN\t9901\t9911\t100\t990000101\r\n");
    assert_eq!(
        findings(&file),
        ["x.tsv:2: FILE-009 the row has not as many fields as its layout: found 5 fields"]
    );
    let outcome = through(file.as_bytes(), options().allow_cut_fields(true));
    assert_eq!(
        outcome.findings,
        ["x.tsv:2: READ-004 blank fields at the end of the row were cut off: found 5 fields"]
    );
    assert_eq!(outcome.rows, [["EN", "9901", "9911", "100", "990000101"]]);
}

#[test]
fn ragged_rows_are_handed_out_only_where_the_caller_asks_and_noted_all_the_same() {
    let file = format!("{HEADER}{ROW}EN\t9901\t99\x0111\r\n");
    let outcome = through(file.as_bytes(), options());
    assert_eq!(outcome.rows.len(), 1);
    let noted = [
        "x.tsv:3: FILE-009 the row has not as many fields as its layout: found 3 fields",
        "x.tsv:3: FILE-011 the field holds a control character: U+0001, 99 bytes into the file",
    ];
    assert_eq!(outcome.findings, noted);
    let outcome = through(file.as_bytes(), options().hand_out_ragged(true));
    assert_eq!((outcome.rows.len(), outcome.rows[1].len()), (2, 3));
    assert_eq!(outcome.findings, noted);
}

#[test]
fn windows_1252_is_read_and_noted_with_line_and_byte() {
    let mut file = format!("{HEADER}{ROW}").into_bytes();
    file.extend(ROW.replace("Larkspur", "Zoë").chars().map(|c| c as u8));
    let outcome = through(&file, options());
    assert_eq!(outcome.rows[1][6], "Zoë");
    assert_eq!(outcome.counts, BTreeMap::from([(ReadRule::Windows1252, 1)]));
    let mut reader = Reader::new(&file[..], Dictionary::built_in(), options()).unwrap();
    while reader.next_row().unwrap().is_some() {}
    let hit = reader.log().hits()[0];
    assert_eq!((hit.line, file[hit.byte as usize]), (3, 0xEB));
    file.extend([0x81, b'\r', b'\n']);
    assert_eq!(through(&file, options()).counts[&ReadRule::Undecodable], 1);
}

#[test]
fn headers_of_every_wrong_kind() {
    let said = |first: &str| format!("{first:?}\n  {}\n", findings(format!("{first}\r\n{ROW}")).join("\n  "));
    let all: String = [
        "XX\t01/21/2026\t08:15:00\tMT9.1",
        "AF\t01/21/2026\t08:15:00\tMT9.1",
        "HD\t02/30/2026\t08:15:00\tMT9.1",
        "HD\t01/21/2026\t25:10:00\tMT9.1",
        "HD\t01/21/2026\t08:15:00\tMT8.0",
        "HD\t01/21/2026\t08:15:00",
        "HD",
        ROW.trim_end(),
        "Record Type\tDistrict Number",
        "HD\t01/21/2026\t08:15:00\tMT9.1\t\t\t\t\t\t\t\t",
    ]
    .into_iter()
    .map(said)
    .collect();
    insta::assert_snapshot!(all);
}

#[test]
fn files_that_are_no_aim_files() {
    let said = |name: &str, bytes: &[u8]| {
        let outcome = through(bytes, options().max_line(1000));
        format!(
            "{name}: {} rows, layout {:?}\n  {}\n",
            outcome.rows.len(),
            outcome.layout,
            outcome.findings.join("\n  ")
        )
    };
    let mut long = format!("{HEADER}{ROW}").into_bytes();
    long.extend(std::iter::repeat_n(b'x', 2_000_000));
    long.extend(format!("\r\n{ROW}").bytes());
    let all = [
        said("empty", b""),
        said("header only", HEADER.as_bytes()),
        said("comma separated", b"HD,01/21/2026,08:15:00,MT9.1\r\nAF,9901,9911\r\n"),
        said("binary", &[0, 159, 146, 150, 10, 0, 1, 2, 10]),
        said("utf-16", &[0xFF, 0xFE, b'H', 0, b'D', 0]),
        said("a very long line", &long),
        said("column names", format!("{HEADER}{}", "Record Type\tDistrict Number\tSchool Number\tCalendar Number\tStudent's State ID\tStudent's Local ID\tLast Name\tFirst Name\tA\tB\tC\tYear\r\n").as_bytes()),
        said("another kind of row", format!("{HEADER}{ROW}{}", ROW.replace("AF\t", "AS\t")).as_bytes()),
        said("unknown kind", format!("{HEADER}{}", ROW.replace("AF\t", "ZZ\t")).as_bytes()),
        said("control character", format!("{HEADER}{}", ROW.replace("Zinnia", "Zin\u{7}nia")).as_bytes()),
    ];
    insta::assert_snapshot!(all.concat());
}

#[test]
fn blank_lines_at_the_end_are_one_note_and_a_blank_row_is_one_however_many_fields_it_has() {
    let ends = format!("{HEADER}{ROW}\r\n{ROW}\r\n \r\n\t\t\t\r\n{}\r\n", "\t".repeat(11));
    let outcome = through(ends.as_bytes(), options());
    assert_eq!(
        outcome.findings,
        [
            "x.tsv:3: READ-005 a blank line was passed over",
            "x.tsv:5: READ-005 blank lines at the end of the file were passed over: 4 lines"
        ]
    );
    let counts = [(ReadRule::BlankLine, 1), (ReadRule::BlankEnd, 1)];
    assert_eq!(outcome.counts, BTreeMap::from(counts));
    // Rows without record type: a blank one is no row either.
    let meals = "990000101\tLarkspur\tZinnia\tF\tIncome\t08/27/2025\t\r\n";
    let blank = format!("{meals}\t\t\t\t\t\t\r\n{meals}");
    let outcome = through(blank.as_bytes(), options().layout("fram").check_fields(true));
    assert_eq!(outcome.findings, ["x.tsv:2: READ-005 a blank line was passed over"]);
    assert_eq!(outcome.rows.len(), 2);
}

#[test]
fn quotation_marks_of_other_tools_are_told_with_their_line_and_swallow_nothing() {
    let told = |field: &str| {
        let outcome =
            through(format!("{HEADER}{ROW}{}{ROW}", ROW.replace("Zinnia", field)).as_bytes(), options());
        (outcome.rows.len(), outcome.findings)
    };
    for (field, what) in [
        ("\"Zinnia\"", "it is closed at the end of the value"),
        (
            "\"Zinnia",
            "it is not closed before the value ends, so a tab or a line break may have stood within",
        ),
        ("Zin \\\"Z\\\"", "a backslash stands before it"),
    ] {
        let (rows, findings) = told(field);
        assert_eq!(rows, 3, "{field}");
        let said =
            "x.tsv:3, First Name: READ-012 a quotation mark opens a value, or a backslash stands before one";
        assert_eq!(findings, [format!("{said}: {what}")], "{field}");
    }
    assert_eq!(told("Zin \"Z\" nia"), (3, Vec::new()));
    let (rows, findings) = told("\"Zin\r\nnia\"");
    assert_eq!(rows, 2);
    assert!(findings[0].starts_with("x.tsv:3: FILE-009"), "{findings:?}");
    assert!(findings[1].starts_with("x.tsv:3: READ-012"), "{findings:?}");
}

#[test]
fn where_most_rows_are_ragged_the_file_as_a_whole_is_suspected() {
    let long = ROW.replace("\r\n", "\t\r\n");
    let said = |file: String| through(file.as_bytes(), options()).findings;
    let whole = |findings: &[String]| findings.iter().filter(|found| found.contains("READ-013")).count();
    let many = said(format!("{HEADER}{}{ROW}", long.repeat(4)));
    assert_eq!(many[0], "x.tsv: READ-013 most rows have not as many fields as their layout: 4 rows");
    assert_eq!(whole(&said(format!("{HEADER}{}{ROW}", long.repeat(2)))), 0, "of three rows two tell nothing");
    assert_eq!(whole(&said(format!("{HEADER}{}{}", long.repeat(3), ROW.repeat(3)))), 0, "half are not most");
    assert_eq!(whole(&said(format!("{HEADER}{}{}", long.repeat(4), ROW.repeat(3)))), 1);
    let handed_out = options().hand_out_ragged(true);
    let outcome = through(format!("{HEADER}{}{}", long.repeat(4), ROW.repeat(3)).as_bytes(), handed_out);
    assert_eq!(whole(&outcome.findings), 1);
}

#[test]
fn what_cannot_be_seen_beside_the_record_type_is_told_and_small_letters_are_read() {
    for beside in ["\u{200b}", "\u{a0}"] {
        let letter = u32::from(beside.chars().next().unwrap());
        let said = format!(
            "x.tsv:1: FILE-003 the first field of the header is not HD: U+{letter:04X}, which cannot be seen, \
             stands beside HD"
        );
        assert_eq!(findings(format!("{beside}{HEADER}{ROW}")), [said]);
    }
    let twice = findings(format!("\u{feff}\u{feff}{HEADER}{ROW}"));
    assert!(twice.iter().any(|found| found.contains("U+FEFF")), "{twice:?}");
    let small = findings(format!("{}{}", HEADER.replace("HD", "hd"), ROW.replace("AF", "af")));
    assert_eq!(
        small,
        [
            "x.tsv:1: FILE-003 the first field of the header is not HD: it differs only in letter case from HD",
            "x.tsv:2, Record Type: FILE-008 the record type is not that of the file"
        ]
    );
}

#[test]
fn a_file_larger_than_the_buffer_is_read_in_pieces() {
    let mut file = HEADER.to_owned();
    for number in 0..20_000 {
        file += &ROW
            .replace("990000101", &format!("{:09}", number))
            .replace("Zinnia", &"Z".repeat(number % 40 + 1));
    }
    let outcome = through(file.as_bytes(), options().check_fields(true));
    assert_eq!(outcome.rows.len(), 20_000);
    assert!(outcome.findings.is_empty());
    assert_eq!(outcome.written, file.as_bytes());
    let mut reader = Reader::new(file.as_bytes(), Dictionary::built_in(), options()).unwrap();
    let (mut line, mut byte) = (1, HEADER.len() as u64);
    while let Some(row) = reader.next_row().unwrap() {
        line += 1;
        assert_eq!((row.line(), row.byte()), (line, byte));
        assert!(file[byte as usize..].starts_with(row.record()));
        byte += row.record().len() as u64 + 2;
    }
}

#[test]
fn a_layout_can_be_chosen_and_need_not_have_a_header() {
    let file = "990000101\tLarkspur\tZinnia\tF\tIncome\t08/27/2025\t\r\n";
    let outcome = through(file.as_bytes(), options().layout("fram").check_fields(true));
    assert_eq!(outcome.findings, Vec::<String>::new());
    assert_eq!(outcome.written, file.as_bytes());
    assert!(Reader::new(&b""[..], Dictionary::built_in(), options().layout("nowhere")).is_err());
    assert!(Reader::new(&b""[..], Dictionary::built_in(), options().layout("behavior-xml")).is_err());
    let te = "TE\t9901\t990000101\t08/01/2020\t\r\n";
    let layout = Dictionary::built_in().layout("terms-of-employment").unwrap();
    let row: Vec<&str> = te.trim_end_matches(['\r', '\n']).split('\t').collect();
    assert!(row.len() <= layout.fields.len());
}

#[test]
fn the_writer_drops_nothing_unsaid() {
    let header = Header { date: "01/21/2026".into(), time: "08:15:00".into(), version: "MT9.1".into() };
    let layout = Dictionary::built_in().layout("fram").unwrap();
    let refused = Writer::new(Vec::new(), layout, Some(header)).err().unwrap().to_string();
    assert_eq!(refused, "fram: files of this layout have no header; write it without one");

    // An edition of the layout that lacks a field.
    let mut shorter = Dictionary::built_in().clone();
    let rows = layout.fields.iter().filter(|field| field.field != fields::LAST_NAME).zip(1..);
    let rows: Vec<LayoutFieldRow> =
        rows.map(|(field, position)| LayoutFieldRow { position, ..LayoutFieldRow::from(field) }).collect();
    shorter.replace_layout_toml(&layout_to_toml("fram", &rows)).unwrap();
    let mut writer = Writer::new(Vec::new(), shorter.layout("fram").unwrap(), None).unwrap();
    let mut buffer = opi_dictionary::RowBuffer::new(layout);
    for (field, text) in [
        (fields::STUDENT_STATE_ID, "990000101"),
        (fields::LAST_NAME, "Larkspur"),
        (fields::ELIGIBILITY, "N"),
        (fields::ELIGIBILITY_START_DATE, "08/27/2025"),
    ] {
        buffer.set(field, text);
    }
    let record = records::MealEligibility::from_row(&buffer.row()).unwrap();
    let lost = "fram, record 1, Last Name: it has a value, but no place in the layout of the file";
    assert_eq!(writer.write_row(&buffer.row()).unwrap_err().to_string(), lost);
    assert_eq!(writer.copy_row(&buffer.row()).unwrap_err().to_string(), lost);
    assert_eq!(writer.write_record(&record).unwrap_err().to_string(), lost);
    buffer.set(fields::LAST_NAME, "");
    writer.write_row(&buffer.row()).unwrap();
    assert_eq!(writer.records(), 1);
}

#[test]
fn the_writer_refuses_what_the_layout_forbids_and_names_the_field() {
    let layout = Dictionary::built_in().layout("fall-enrollment-count").unwrap();
    let mut buffer = opi_dictionary::RowBuffer::new(layout);
    let good = [
        (fields::DISTRICT_NUMBER, "9901"),
        (fields::SCHOOL_NUMBER, "9911"),
        (fields::CALENDAR_NUMBER, "100"),
        (fields::STUDENT_STATE_ID, "990000101"),
        (fields::LAST_NAME, "Larkspur"),
        (fields::FIRST_NAME, "Zinnia"),
        (fields::AGGREGATE_HOURS_OF_INSTRUCTION, "F"),
        (fields::ABSENT, "N"),
        (fields::YEAR, "2026"),
    ];
    for (field, value) in good {
        buffer.set(field, value);
    }
    let mut writer = Writer::new(Vec::new(), layout, None).unwrap();
    writer.write_row(&buffer.row()).unwrap();
    let mut said = String::new();
    for (field, wrong) in [
        (fields::DISTRICT_NUMBER, "57"),
        (fields::STUDENT_STATE_ID, ""),
        (fields::LAST_NAME, "Lark\tspur"),
        (fields::LAST_NAME, "Lark\nspur"),
        (fields::FIRST_NAME, " Zinnia"),
        (fields::AGGREGATE_HOURS_OF_INSTRUCTION, "Z"),
        (fields::ABSENT, "3"),
        (fields::YEAR, "26"),
    ] {
        let mut wrong_buffer = buffer.clone();
        wrong_buffer.set(field, wrong);
        said += &format!("{}\n", writer.write_row(&wrong_buffer.row()).unwrap_err());
    }
    insta::assert_snapshot!(said);
    assert_eq!(writer.records(), 1, "what was refused was not written");
    assert_eq!(
        writer.finish().unwrap(),
        b"AF\t9901\t9911\t100\t990000101\t\tLarkspur\tZinnia\tF\tN\t\t2026\r\n"
    );
}

/// Bytes that look like an AIM file often enough to get past the header.
fn aim_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => Just(ROW.as_bytes().to_vec()),
        1 => Just(HEADER.as_bytes().to_vec()),
        1 => Just(b"\xEF\xBB\xBF".to_vec()),
        1 => Just(b"\xFF\xFE".to_vec()),
        2 => "[\t\r\n ]{0,6}".prop_map(String::into_bytes),
        2 => "[A-Za-zé\t0-9]{0,30}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ];
    (any::<bool>(), prop::collection::vec(piece, 0..12)).prop_map(|(header, pieces)| {
        let mut bytes = if header { HEADER.as_bytes().to_vec() } else { Vec::new() };
        bytes.extend(pieces.concat());
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_was_read_is_written_in_canonical_form_and_reads_back(bytes in aim_like(), check in any::<bool>()) {
        let first = through(&bytes, options().check_fields(check));
        if first.findings.is_empty() {
            prop_assert_eq!(&first.written, &bytes, "no finding, so nothing may differ");
        }
        // A row of a file without a header can itself look like one: the canonical file needs its header.
        let mut canonical = first.written.clone();
        if !canonical.starts_with(b"HD") && !first.rows.is_empty() {
            canonical = [HEADER.as_bytes(), &canonical].concat();
        }
        // The layout may be known by a line that is no row; a first row of another kind does not say it again.
        let mut again = options().check_fields(check);
        if let (Some(key), Some(row)) = (&first.layout, first.rows.first()) {
            let of_the_file = Dictionary::built_in().layout(key).unwrap().record_type == row[0];
            again = if of_the_file { again } else { again.layout(key.as_str()) };
        }
        let second = through(&canonical, again);
        prop_assert_eq!(&second.rows, &first.rows);
        prop_assert_eq!(&second.written, &canonical);
    }

    #[test]
    fn any_bytes_give_findings_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in any::<bool>()) {
        for layout in ["student-enrollments", "fram", "terms-of-employment"] {
            let _ = through(&bytes, options().layout(layout).check_fields(true).allow_cut_fields(cut).max_line(64));
        }
    }
}

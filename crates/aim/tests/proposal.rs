//! The layout of a file whose columns were shuffled is found again.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test program")]

use opi_aim::{AimError, propose_layout};
use opi_dictionary::Dictionary;

/// Invented enrollments with all that gives a column away.
fn enrollments() -> Vec<Vec<String>> {
    let lasts = [
        "Larkspur",
        "O'Juniper",
        "Cottonwood-Elm",
        "Feldspar",
        "Tamarack",
        "Quartzite",
        "Sorrel",
        "Mica",
        "Tufa",
    ];
    let firsts = ["Zinnia", "Flint", "Opal", "Thistle", "Moss"];
    let grades = ["KF", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"];
    (0..300usize)
        .map(|row| {
            let grade = grades[row % 13];
            let ended = row % 9 == 0;
            let graduate = row % 13 == 12 && ended;
            let ninth =
                if row % 13 >= 9 { format!("08/28/{}", 2025 - (row % 13 - 9)) } else { String::new() };
            let when = |given: bool, text: &str| if given { text.to_owned() } else { String::new() };
            let status = if graduate { "400" } else { ["160", "105", "310"][row % 3] };
            vec![
                "EN".to_owned(),
                "9901".to_owned(),
                format!("99{:02}", 11 + row % 4),
                "100".to_owned(),
                format!("{:09}", 990_000_101 + row),
                format!("{}", 5_000 + row * 7),
                lasts[row * 7 % 9].to_owned(),
                firsts[row * 3 % 5].to_owned(),
                grade.to_owned(),
                format!("{:02}/{:02}/2025", 8 + row % 3, 1 + row % 28),
                ["01", "02", "04", "06"][row % 4].to_owned(),
                ["P", "P", "P", "S"][row % 4].to_owned(),
                when(ended, &format!("01/{:02}/2026", 1 + row % 28)),
                when(ended, status),
                "N".to_owned(),
                String::new(),
                when(graduate, &format!("01/{:02}/2026", 1 + row % 28)),
                when(graduate, "W1"),
                when(graduate, "W2"),
                ninth,
                String::new(),
                "2026".to_owned(),
            ]
        })
        .collect()
}

fn file(rows: &[Vec<String>], order: &[usize]) -> String {
    let mut out = "HD\t01/21/2026\t08:15:00\tMT9.1\r\n".to_owned();
    for row in rows {
        let shuffled: Vec<&str> = order.iter().map(|column| row[*column].as_str()).collect();
        out += &(shuffled.join("\t") + "\r\n");
    }
    out
}

#[test]
fn a_file_in_the_known_order_is_known() {
    let order: Vec<usize> = (0..22).collect();
    let proposal =
        propose_layout(file(&enrollments(), &order).as_bytes(), Dictionary::built_in(), None).unwrap();
    assert!(proposal.as_known, "{proposal:#?}");
    assert_eq!(proposal.missing, Vec::<String>::new());
}

#[test]
fn shuffled_columns_are_found_and_the_proposal_reads_the_file() {
    let rows = enrollments();
    let layout = Dictionary::built_in().layout("student-enrollments").unwrap();
    // Some permutations; multiplication modulo 23 is one of 1 to 22.
    for step in [2, 3, 5, 7, 10, 17, 22] {
        let order: Vec<usize> = (1..=22).map(|column| column * step % 23 - 1).collect();
        let text = file(&rows, &order);
        let proposal = propose_layout(text.as_bytes(), Dictionary::built_in(), None).unwrap();
        for (column, wanted) in proposal.columns.iter().zip(&order) {
            let wanted = &layout.fields[*wanted];
            let blank = ["sort_by", "drop_out_reason"].contains(&wanted.key.as_str());
            // Two diploma codes share their values in this file; that they cannot be told apart is said.
            let twins = ["diploma_type", "diploma_period"].contains(&wanted.key.as_str());
            if blank || twins {
                assert!(!column.doubts.is_empty(), "{} is in doubt", wanted.name);
            } else {
                assert_eq!(column.field, wanted.key, "step {step}: {column:#?}");
            }
        }
        let mut dictionary = Dictionary::built_in().clone();
        dictionary.replace_layout_toml(&proposal.to_toml(Dictionary::built_in()).unwrap()).unwrap();
        let options = opi_aim::ReadOptions::new().layout("student-enrollments").check_fields(true);
        let mut reader = opi_aim::Reader::new(text.as_bytes(), &dictionary, options).unwrap();
        let mut read = 0;
        while let Some(row) = reader.next_row().unwrap() {
            assert_eq!(row.raw(opi_dictionary::fields::GRADE), Some(rows[read][8].as_str()));
            read += 1;
        }
        assert_eq!(read, rows.len());
        assert!(reader.log().is_clean(), "{:?}", reader.log().findings("x", None));
    }
}

#[test]
fn a_column_more_and_a_column_less_are_said() {
    let rows: Vec<Vec<String>> = enrollments()
        .into_iter()
        .enumerate()
        .map(|(at, mut row)| {
            row.remove(11);
            row.insert(3, format!("{}.{}", at * 37 % 1000, at % 10));
            row
        })
        .collect();
    let order: Vec<usize> = (0..22).collect();
    let proposal = propose_layout(file(&rows, &order).as_bytes(), Dictionary::built_in(), None).unwrap();
    assert_eq!(proposal.missing, ["Service Type"]);
    assert!(!proposal.as_known && proposal.has_doubts());
}

#[test]
fn a_file_without_a_known_record_type_needs_a_name() {
    let error = propose_layout(&b"a\tb\r\n"[..], Dictionary::built_in(), None).unwrap_err();
    assert!(matches!(error, AimError::NoLayout));
    assert!(propose_layout(&b""[..], Dictionary::built_in(), Some("fram")).unwrap().columns.is_empty());
    assert!(propose_layout(&b"\xFF\xFE\x00\n\t\n"[..], Dictionary::built_in(), Some("fram")).is_ok());
    // A line of a million fields is no row, and is not held.
    let wide = format!("AF\t{}\r\nAF\t9901\r\n", "\t".repeat(1_000_000));
    let proposal = propose_layout(wide.as_bytes(), Dictionary::built_in(), None).unwrap();
    assert_eq!((proposal.rows, proposal.rows_passed_over, proposal.columns.len()), (1, 1, 2));
}

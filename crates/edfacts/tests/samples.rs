//! The samples: written byte for byte, read without findings, and the defective one with exactly its errors.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, reason = "tests")]

use opi_edfacts::{
    Catalogue, CheckOptions, DataRow, FileForm, FileWriter, Level, NamedFile, StateProfile, check_files,
};

const MEMBERSHIP: &str = include_str!("data/samples/MTSCHMEMBERSHPv000001.csv");
const ABSENCE: &str = include_str!("data/samples/MTSCHCHRONABSEv000001.csv");
const DIRECTORY: &str = include_str!("data/samples/MTLEADIRECTORYv000001.csv");
const DEFECTIVE: &str = include_str!("data/samples/MTSCHMEMBERSHPbad0001.csv");
const ERRORS: &str = include_str!("data/samples/MTSCHMEMBERSHPbad0001.errors.csv");
const CONTEXT: &str = include_str!("data/samples/context.csv");

fn options() -> CheckOptions {
    CheckOptions::new(StateProfile::montana().unwrap())
}

/// Reads the records of a sample back into rows, by position.
fn rows(sample: &str, writer: &FileWriter<'_>) -> Vec<DataRow> {
    let layout = writer.layout();
    let fields: Vec<_> = layout.fields().collect();
    let mut rows: Vec<DataRow> = sample
        .lines()
        .skip(1)
        .map(|line| {
            let mut row = DataRow::default();
            for (column, value) in fields.iter().zip(line.split(',')) {
                use opi_edfacts::Role;
                match column.role {
                    Role::LeaId => row.lea = Some(value.into()),
                    Role::SchoolId => row.school = Some(value.into()),
                    Role::TableName => row.table = Some(value.into()),
                    Role::Amount => row.amount = Some(value.into()),
                    Role::Value if !value.is_empty() => {
                        let name = match column.category.as_deref() {
                            Some(category) if row.table.is_some() => category.to_owned(),
                            _ => column.element.clone(),
                        };
                        row.values.push((name, value.into()));
                    }
                    _ => {}
                }
            }
            row
        })
        .collect();
    if rows.iter().all(|row| row.table.is_some()) {
        rows.reverse();
    }
    rows
}

#[test]
fn the_samples_are_written_byte_for_byte_whatever_the_order_of_the_rows() {
    let profile = StateProfile::montana().unwrap();
    for (sample, number, level, name, identifier) in [
        (MEMBERSHIP, "052", Level::Sch, "MTSCHMEMBERSHPv000001.csv", "052-10152025-0900"),
        (ABSENCE, "195", Level::Sch, "MTSCHCHRONABSEv000001.csv", "195-08152026-1000"),
    ] {
        let year = "2025-26".parse().unwrap();
        let writer =
            FileWriter::new(Catalogue::builtin().unwrap(), &profile, number.parse().unwrap(), level, year)
                .unwrap();
        let mut out = Vec::new();
        writer.write(&rows(sample, &writer), name, identifier, FileForm::Csv, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.replace("\r\n", "\n"), sample.replace("\r\n", "\n"));
        assert!(text.lines().count() as u64 > 1 && text.ends_with("\r\n"));
    }
}

#[test]
fn the_directory_sample_is_written_byte_for_byte() {
    let profile = StateProfile::montana().unwrap();
    let catalogue = Catalogue::builtin().unwrap();
    let year = "2025-26".parse().unwrap();
    let writer = FileWriter::new(catalogue, &profile, "029".parse().unwrap(), Level::Lea, year).unwrap();
    let mut out = Vec::new();
    let rows = rows(DIRECTORY, &writer);
    writer.write(&rows, "MTLEADIRECTORYv000001.csv", "029-09022025-0815", FileForm::Csv, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.replace("\r\n", "\n"), DIRECTORY.replace("\r\n", "\n"));
}

#[test]
fn the_good_samples_have_no_findings() {
    let file = |name, text: &'static str| NamedFile { name, bytes: text.as_bytes() };
    let files = [
        file("MTSCHMEMBERSHPv000001.csv", MEMBERSHIP),
        file("MTSCHCHRONABSEv000001.csv", ABSENCE),
        file("MTLEADIRECTORYv000001.csv", DIRECTORY),
    ];
    for directory in [vec![], vec![file("context.csv", CONTEXT)]] {
        let report = check_files(Catalogue::builtin().unwrap(), &options(), &files, &directory, &[]).unwrap();
        assert_eq!(report.findings, [], "{:#?}", report.findings);
    }
}

#[test]
fn the_defective_sample_has_exactly_its_errors_in_their_order() {
    let file = NamedFile { name: "MTSCHMEMBERSHPbad0001.csv", bytes: DEFECTIVE.as_bytes() };
    let context = NamedFile { name: "context.csv", bytes: CONTEXT.as_bytes() };
    let report = check_files(Catalogue::builtin().unwrap(), &options(), &[file], &[context], &[]).unwrap();
    let found: Vec<String> = report
        .findings
        .iter()
        .map(|finding| {
            let place = match finding.position.line {
                0 => "file".to_owned(),
                1 => "header".to_owned(),
                line => format!("record {}", line - 1),
            };
            format!("{place},{}", finding.code)
        })
        .collect();
    let wanted: Vec<String> = ERRORS
        .lines()
        .skip(1)
        .map(|line| line.splitn(3, ',').take(2).collect::<Vec<_>>().join(","))
        .collect();
    assert_eq!(found, wanted, "{:#?}", report.findings);
    insta::assert_json_snapshot!("defective_membership", report.findings);
}

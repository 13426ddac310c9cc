use super::*;
use crate::{InputFile, RuleOutline};
use calamine::{Reader as _, Xlsx};
use opi_dictionary::{Citation, Position, RuleClass, RuleKey, RuleStatus};

fn many(number: u64) -> FindingReport {
    let mut header = RunHeader::new("opi", "0.1.0", "1");
    header.files = vec![InputFile::new("a.tsv", number)];
    header.rules = vec![RuleOutline {
        code: "X-001".into(),
        summary: "a bad thing".into(),
        severity: Severity::Note,
        class: RuleClass::Law,
        status: RuleStatus::Stable,
        key: RuleKey::Record,
        why: "why".into(),
        fix: "fix".into(),
        citation: Citation::sourced("somewhere"),
        page: None,
    }];
    let finding = |line| Finding {
        code: "X-001".into(),
        severity: Severity::Note,
        class: RuleClass::Law,
        key: RuleKey::Record,
        position: Position { file: "a.tsv".into(), line, ..Position::default() },
        subject: None,
        message: "a bad thing".into(),
        expected: None,
        found: None,
        fix: "fix".into(),
        related: vec![],
    };
    FindingReport::new(header, (1..=number).map(finding).collect()).unwrap()
}

/// The cells of the sheet of `a.tsv` in a workbook whose sheets have at most ten rows.
fn sheet_of_ten_rows(findings: u64) -> calamine::Range<calamine::Data> {
    let bytes = write(&many(findings), Values::Hidden, 10).unwrap();
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    book.worksheet_range("a.tsv").unwrap()
}

#[test]
fn a_full_sheet_lists_all_and_one_more_says_how_many_are_left_out() {
    assert_eq!(sheet_of_ten_rows(9).height(), 10);
    assert_eq!(sheet_of_ten_rows(9).get((9, 0)).unwrap().to_string(), "9");
    let full = sheet_of_ten_rows(10);
    assert_eq!(full.height(), 10);
    let remark = full.get((9, 4)).unwrap().to_string();
    assert!(remark.starts_with("2 more findings of this file find no room"), "{remark}");
    assert_eq!(full.get((8, 0)).unwrap().to_string(), "8");
}

#[test]
fn a_text_of_many_escapes_still_fits_a_cell() {
    let escaped = cell_text(&"\u{e0001}".repeat(5_000));
    assert!((CELL - 9..=CELL).contains(&escaped.encode_utf16().count()));
    assert!(escaped.ends_with(CUT));
    assert!(cell_text(&"x".repeat(5_000)).ends_with("x… (1,000 more characters)"));
    assert_eq!(cell_text("=1+1"), "=1+1");
}

#[test]
fn a_row_is_as_high_as_the_longest_of_its_texts() {
    let looks = Looks::new();
    let mut filling = Filling::new("a", &[8.0, 20.0], &looks).unwrap();
    filling.text(1, "told at such a length that it fills several lines", &looks.text).unwrap();
    filling.text(0, "ENR-014", &looks.text).unwrap();
    assert_eq!(filling.lines, 3);
    filling.next_row().unwrap();
    assert_eq!((filling.row, filling.lines), (1, 1), "the next row starts low");
}

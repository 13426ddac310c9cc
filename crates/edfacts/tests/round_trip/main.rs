//! Every file, level and year of the catalogue: invented rows written, read and checked without findings;
//! one thing changed, and exactly the rule for it speaks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, reason = "tests")]

use opi_dictionary::SchoolYear;
use opi_edfacts::{
    Catalogue, CheckOptions, ColumnType, CountConfig, DataRow, FileForm, FileNumber, FileWriter, Layout,
    Level, MISSING, NamedFile, Role, StateProfile, check_files, period, read_file, zero_rows,
};
use std::collections::BTreeSet;

fn catalogue() -> &'static Catalogue {
    Catalogue::builtin().unwrap()
}

fn options() -> CheckOptions {
    CheckOptions::new(StateProfile::montana().unwrap())
}

/// One unit with one student: every set has its zero rows, and the student in one cell of each.
fn rows(number: FileNumber, level: Level, year: SchoolYear, layout: &Layout) -> Vec<DataRow> {
    let config = options().profile.config(year).unwrap_or_else(|_| CountConfig::defaults(year).unwrap());
    let amount = layout.fields().find(|column| column.role == Role::Amount);
    let shown = |one: bool| match amount.map(|column| column.kind) {
        Some(ColumnType::Number) => Some(if one { "1" } else { "0" }.to_owned()),
        Some(ColumnType::Decimal1) => Some("50.5".to_owned()),
        Some(ColumnType::Decimal2) => Some("0.25".to_owned()),
        Some(_) => Some("YES".to_owned()),
        None => None,
    };
    let (lea, school) = match level {
        Level::Sea => (None, None),
        Level::Lea => (Some("0998".to_owned()), None),
        Level::Sch => (Some("0998".to_owned()), Some("9001".to_owned())),
    };
    let with_table = layout.field_of(Role::TableName).is_some();
    let mut rows = zero_rows(catalogue(), &config, number, level).unwrap();
    // The student has the first code of each category of a table.
    let mut chosen: Vec<(String, String, String)> = Vec::new();
    for row in &mut rows {
        let table = row.table.clone().unwrap_or_default();
        let mut student = true;
        for (category, code) in &row.values {
            let known = chosen.iter().find(|(t, c, _)| *t == table && c == category);
            match known {
                Some((_, _, first)) => student &= first == code,
                None => chosen.push((table.clone(), category.clone(), code.clone())),
            }
        }
        row.amount = shown(student);
        if !with_table {
            row.table = None;
        }
        row.lea = lea.clone();
        row.school = school.clone();
    }
    if rows.is_empty() {
        let table = catalogue().file(number).unwrap().tables.first().cloned();
        let table = table.or(Some("ANY".to_owned())).filter(|_| with_table);
        let total =
            layout.field_of(Role::TotalIndicator).map(|_| ("TotalIndicator".to_owned(), "N".to_owned()));
        let values = total.into_iter().collect();
        rows.push(DataRow { lea, school, table, values, amount: shown(true), ..DataRow::default() });
    }
    // Columns outside the sets that always hold a value.
    let in_sets: BTreeSet<String> =
        rows.iter().flat_map(|row| &row.values).map(|(name, _)| name.clone()).collect();
    let missing: Vec<(String, String)> = layout
        .fields()
        .filter(|column| column.role == Role::Value)
        .filter(|column| {
            !column.category.as_deref().unwrap_or("").split(';').any(|name| in_sets.contains(name))
        })
        .filter(|column| in_sets.is_empty() || in_sets.contains("TotalIndicator") || column.mandatory)
        .map(|column| {
            let code = column.category.as_deref().map(|category| {
                catalogue().codes(number, level, category, year).into_iter().find(|code| *code != MISSING)
            });
            let value = match code.flatten() {
                Some(code) if code.len() <= usize::from(column.length) => code.to_owned(),
                _ => plain(column, year),
            };
            (column.element.clone(), value)
        })
        .collect();
    let sets_have_language = catalogue()
        .sets(number, level, year)
        .iter()
        .any(|set| set.categories.iter().any(|category| category == "LANGHOME"));
    let explained = layout.fields().any(|column| column.role == Role::Explanation && column.mandatory);
    for row in &mut rows {
        row.explanation = if explained { "invented".to_owned() } else { String::new() };
        row.values.extend(missing.iter().cloned());
        if missing.iter().any(|(name, _)| name == "StateDefinedStatusName") {
            row.amount = Some("STTDEF".to_owned());
        }
    }
    if sets_have_language && rows.iter().all(|row| row.values.iter().all(|(name, _)| name != "LANGHOME")) {
        let first = rows.first().cloned().unwrap();
        rows.push(DataRow { values: vec![("LANGHOME".into(), "spa".into())], amount: shown(true), ..first });
    }
    rows
}

fn plain(column: &opi_edfacts::Column, year: SchoolYear) -> String {
    let element = column.element.as_str();
    let width = usize::from(column.length);
    if element.contains("Date") && width == 10 {
        return year.first_day().to_string();
    }
    if element.contains("ZipcodePlus4") {
        return "0001".into();
    }
    if element.contains("Zipcode") {
        return "59001".into();
    }
    if element.contains("PhoneNumber") {
        return "4065550100".into();
    }
    if element.contains("PostalState") {
        return "MT".into();
    }
    if column.kind != ColumnType::String {
        return "1".into();
    }
    let text: String = "Value, 1".chars().take(width).collect();
    text.trim_end().to_owned()
}

fn name(number: FileNumber, level: Level, form: FileForm) -> String {
    let spec = catalogue().file(number).unwrap();
    let fixed =
        spec.abbreviation.clone().filter(|text| text.len() <= 9).unwrap_or_else(|| format!("FS{number}"));
    opi_edfacts::file_name("MT", level, &fixed, "v000001", form).unwrap()
}

fn written(
    number: FileNumber,
    level: Level,
    year: SchoolYear,
    form: FileForm,
) -> (String, Vec<u8>, Vec<DataRow>) {
    let profile = StateProfile::montana().unwrap();
    let writer = FileWriter::new(catalogue(), &profile, number, level, year).unwrap();
    let rows = rows(number, level, year, writer.layout());
    let name = name(number, level, form);
    let mut bytes = Vec::new();
    let identifier = format!("{number}-test");
    let count = writer.write(&rows, &name, &identifier, form, &mut bytes);
    assert_eq!(count, Ok(rows.len() as u64), "{number} {level} {year}");
    (name, bytes, rows)
}

fn codes(options: &CheckOptions, name: &str, bytes: &[u8]) -> BTreeSet<String> {
    let file = NamedFile { name, bytes };
    let report = check_files(catalogue(), options, &[file], &[], &[]).unwrap();
    report.findings.iter().map(|finding| finding.code.clone()).collect()
}

fn every_layout(mut each: impl FnMut(FileNumber, Level, SchoolYear, bool)) -> usize {
    let mut count = 0;
    for spec in catalogue().files() {
        let (Some(first), Some(last)) = (spec.layout_first_year, spec.layout_last_year) else { continue };
        for level in &spec.levels {
            for end in first.end_year()..=last.end_year() {
                let year = SchoolYear::ending(end).unwrap();
                if catalogue().layout(spec.number, *level, year).is_ok() {
                    count += 1;
                    each(spec.number, *level, year, year == last);
                }
            }
        }
    }
    count
}

#[test]
fn every_file_level_and_year_is_written_read_and_checked_without_findings() {
    let options = options();
    let count = every_layout(|number, level, year, newest| {
        let forms: &[FileForm] = if newest { &FileForm::ALL } else { &[FileForm::Csv] };
        for form in forms {
            let (name, bytes, rows) = written(number, level, year, *form);
            let file = NamedFile { name: &name, bytes: &bytes };
            let read = read_file(catalogue(), &options, file).unwrap();
            assert_eq!((read.number, read.level, read.year, read.form), (number, level, year, *form));
            assert_eq!(read.unreadable, [] as [u64; 0], "{number} {level} {year}");
            let key = |row: &DataRow| {
                let mut values = row.values.clone();
                values.sort();
                (row.lea.clone(), row.school.clone(), row.table.clone(), values, row.amount.clone())
            };
            let back: BTreeSet<_> = read.rows.iter().map(|(_, row)| key(row)).collect();
            let sent: BTreeSet<_> = rows.iter().map(key).collect();
            assert_eq!(back, sent, "{number} {level} {year} {form:?}");
            assert_eq!(codes(&options, &name, &bytes), BTreeSet::new(), "{number} {level} {year} {form:?}");
        }
    });
    assert_eq!(count, 798);
}

/// Changes one value of the record in the middle, by the place of its field.
fn change(bytes: &[u8], place: usize, value: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let middle = 1 + (lines.len() - 1) / 2;
    let mut cells: Vec<&str> = lines[middle].split('\t').collect();
    cells[place] = value;
    lines[middle] = cells.join("\t");
    (lines.join("\r\n") + "\r\n").into_bytes()
}

fn header(bytes: &[u8], place: usize, value: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let (head, rest) = text.split_once("\r\n").unwrap();
    let mut cells: Vec<&str> = head.split('\t').collect();
    cells[place] = value;
    format!("{}\r\n{rest}", cells.join("\t")).into_bytes()
}

#[test]
fn one_change_makes_exactly_its_rule_speak() {
    every_layout(|number, level, year, newest| {
        if !newest {
            return;
        }
        let layout = catalogue().layout(number, level, year).unwrap();
        let mut options = options();
        (options.file, options.level) = (Some(number), Some(level));
        let (name, bytes, _) = written(number, level, year, FileForm::Tab);
        let in_sets =
            layout.field_of(Role::TableName).is_some() && !catalogue().newest_sets(number, level).is_empty();
        let holds = |what: &str, wanted: &str, changed: &[u8]| {
            let found = codes(&options, &name, changed);
            // A record with a finding no longer counts, so the rows that the unit owes are incomplete.
            let rest: Vec<&String> = found
                .iter()
                .filter(|code| !["SUB-06", "SUB-12", "SUB-48"].contains(&code.as_str()))
                .collect();
            assert_eq!(rest, [wanted], "{number} {level}: {what}");
        };
        holds("file type", "FMT-02", &header(&bytes, 0, "OTHER TYPE"));
        holds("total", "FMT-03", &header(&bytes, 1, "0"));
        holds("name", "FMT-04", &header(&bytes, 2, "MTSEAOTHER.tab"));
        holds("identifier", "FMT-05", &header(&bytes, 3, &"9".repeat(33)));
        holds("period", "FMT-06", &header(&bytes, 4, "2022-2024"));
        let at = |role: Role| layout.field_of(role);
        let place = |role: Role| at(role).unwrap();
        holds("number", "FMT-14", &change(&bytes, place(Role::RecordNumber), "0"));
        holds("state", "FMT-15", &change(&bytes, place(Role::StateCode), "31"));
        holds("agency", "FMT-16", &change(&bytes, place(Role::StateAgency), "1"));
        holds("too long", "FMT-11", &change(&bytes, place(Role::StateAgency), "0100"));
        holds("blank", "FMT-12", &change(&bytes, place(Role::StateCode), ""));
        if let Some(filler) = at(Role::Filler) {
            holds("filler", "FMT-13", &change(&bytes, filler, "x"));
        }
        if let Some(text) = at(Role::Explanation) {
            holds("character", "FMT-22", &change(&bytes, text, "caf\u{e9}"));
        }
        if in_sets {
            holds("table", "FMT-17", &change(&bytes, place(Role::TableName), "OTHER"));
            if let Some(indicator) = at(Role::TotalIndicator) {
                holds("indicator", "FMT-18", &change(&bytes, indicator, "X"));
            }
        }
        if let Some(amount) = at(Role::Amount) {
            let kind = layout.fields().nth(amount).unwrap().kind;
            match kind {
                ColumnType::Number => holds("amount", "FMT-19", &change(&bytes, amount, "1.5")),
                ColumnType::Decimal2 => holds("amount", "FMT-20", &change(&bytes, amount, "1.234")),
                ColumnType::Decimal1 => holds("amount", "FMT-21", &change(&bytes, amount, "100.1")),
                _ => {}
            }
        }
        if in_sets {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            let middle: Vec<&str> = lines[1 + (lines.len() - 1) / 2].split('\t').collect();
            let filled = layout.fields().position(|column| {
                column.role == Role::Value && column.category.is_some() && {
                    !middle[usize::from(column.position) - 1].is_empty()
                }
            });
            if let Some(filled) = filled {
                holds("code", "SUB-04", &change(&bytes, filled, "ZZZ"));
            }
            if let Some(indicator) = at(Role::TotalIndicator) {
                let other = if middle[indicator] == "Y" { "N" } else { "Y" };
                holds("other indicator", "SUB-03", &change(&bytes, indicator, other));
            }
            let (Some(head), Some(last)) = (text.split('\t').nth(1), lines.last()) else {
                panic!("no lines")
            };
            let count: usize = head.parse().unwrap();
            let again = last.split_once('\t').unwrap().1;
            let doubled = format!("{text}{}\t{again}\r\n", count + 1);
            holds("twice", "SUB-01", &header(doubled.as_bytes(), 1, &(count + 1).to_string()));
        }
        let text = String::from_utf8(bytes.clone()).unwrap();
        let cut = text.trim_end().rsplit_once('\t').unwrap().0;
        holds("one column less", "FMT-09", format!("{cut}\r\n").as_bytes());
        let _ = period(year);
    });
}

//! Every file, level and year of the catalogue: invented rows written, read and checked without findings;
//! one thing changed, and exactly the rule for it speaks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, reason = "tests")]

mod changes;

use changes::{Change, changes};
use opi_dictionary::SchoolYear;
use opi_edfacts::{
    Catalogue, CheckOptions, ColumnType, CountConfig, DataRow, FileForm, FileNumber, FileWriter, Layout,
    Level, MISSING, NamedFile, Role, StateProfile, check_files, read_file, zero_rows,
};
use std::collections::{BTreeMap, BTreeSet};

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
    let fixed = catalogue().file(number).unwrap().name_abbreviation();
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

/// Of how many kinds of change a layout of an older year takes each time; the newest takes all.
const OF_OLDER: usize = 5;

#[test]
fn one_change_makes_exactly_its_rule_speak() {
    let mut tried: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut failed, mut turn) = (Vec::new(), 0usize);
    every_layout(|number, level, year, newest| {
        let mut options = options();
        (options.file, options.level, options.year) = (Some(number), Some(level), Some(year));
        let all = changes(number, level, year);
        assert!(all.len() >= 14, "{number} {level} {year}: {} kinds", all.len());
        turn += 1;
        for (change, place) in all.iter().zip(turn..) {
            if !newest && place % all.len() >= OF_OLDER {
                continue;
            }
            let Change { what, name, bytes, wakes } = change;
            let found = codes(&options, name, bytes);
            let wanted: BTreeSet<String> = wakes.iter().map(|code| (*code).to_owned()).collect();
            if found != wanted {
                failed.push(format!("{number} {level} {year}: {what} wakes {found:?}, not {wanted:?}"));
            }
            let (new, old) = tried.entry(what).or_default();
            if newest { *new += 1 } else { *old += 1 }
        }
    });
    assert!(failed.is_empty(), "{failed:#?}");
    let rare: Vec<_> = tried.iter().filter(|(_, (new, old))| *new == 0 || *old == 0).collect();
    assert!(rare.is_empty(), "kinds of change never tried in newest or older years: {rare:?}");
}

//! The rules on one column of a record.

use super::CheckOptions;
use super::load::Opened;
use super::shape::Shape;
use crate::Role;
use crate::catalogue::{Column, ColumnType};
use chrono::NaiveDate;

/// What is wrong with a value: the rule, what it says, and what would be right.
pub(super) type Wrong = Option<(&'static str, &'static str, String)>;

/// A value in its record.
#[derive(Clone, Copy)]
pub(super) struct Value<'v> {
    /// The place of its column among the fields of the layout.
    pub(super) place: usize,
    pub(super) text: &'v str,
    /// The table that the record names.
    pub(super) table: &'v str,
    /// Number of the record.
    pub(super) record: u64,
}

/// At most one finding for a column: length, filler, blank, the column's own rule, the code.
pub(super) fn column_rule(
    options: &CheckOptions,
    opened: &Opened<'_>,
    shape: &Shape<'_>,
    value: Value<'_>,
) -> Wrong {
    let column = shape.fields.get(value.place)?;
    let text = value.text;
    if column.role == Role::Filler && text.chars().count() <= usize::from(column.length) {
        let blank = text.chars().all(|c| c == ' ');
        return if blank { None } else { Some(("FMT-13", "the filler is not blank", String::new())) };
    }
    let mandatory = shape.mandatory.get(value.place).copied().unwrap_or(false);
    let own = form_rule(column, text, mandatory)
        .or_else(|| role_rule(options, shape, column, value))
        .or_else(|| if column.role == Role::Value { register_rule(opened, column, text) } else { None });
    let codes = shape.codes.get(value.place).map(Vec::as_slice).unwrap_or_default();
    if own.is_some() || text.is_empty() || codes.is_empty() {
        return own;
    }
    five_year_old(opened, codes, text).or_else(|| code_rule(codes, value))
}

/// Length, blank and characters.
fn form_rule(column: &Column, text: &str, mandatory: bool) -> Wrong {
    if text.chars().count() > usize::from(column.length) {
        return Some((
            "FMT-11",
            "the value is longer than its column",
            format!("{} characters", column.length),
        ));
    }
    if mandatory && text.trim().is_empty() {
        return Some(("FMT-12", "the column always holds a value", column.name.clone()));
    }
    if text.chars().any(|c| !(' '..='~').contains(&c)) {
        return Some(("FMT-22", "the value holds a character that is not printable ASCII", String::new()));
    }
    None
}

/// The rule of what the column is for.
fn role_rule(options: &CheckOptions, shape: &Shape<'_>, column: &Column, value: Value<'_>) -> Wrong {
    let text = value.text;
    let unless = |holds: bool, code, what, wanted: &str| {
        if holds { None } else { Some((code, what, wanted.to_owned())) }
    };
    match column.role {
        Role::RecordNumber => {
            let right = value.record.to_string();
            unless(text == right, "FMT-14", "the record number is not the place of the record", &right)
        }
        Role::StateCode => {
            let fips = options.profile.fips.as_str();
            unless(text == fips, "FMT-15", "the state code is not that of the state", fips)
        }
        Role::StateAgency => unless(text == "01", "FMT-16", "the state agency number is not 01", "01"),
        Role::TableName if !shape.tables.is_empty() => {
            let known = shape.tables.iter().any(|table| table == text);
            unless(known, "FMT-17", "the table is not one of the file", &shape.tables.join(", "))
        }
        Role::TotalIndicator => {
            unless(matches!(text, "Y" | "N"), "FMT-18", "the total indicator is neither Y nor N", "Y or N")
        }
        Role::Amount => amount_rule(column, text),
        _ => None,
    }
}

/// SUB-04; a column with two lists takes the one of its table.
fn code_rule(codes: &[(String, Vec<String>)], value: Value<'_>) -> Wrong {
    let suffix = ["HS", "LG"].into_iter().find(|suffix| value.table.ends_with(suffix)).unwrap_or_default();
    let of_table = |name: &str| codes.len() == 1 || name.contains(suffix);
    let lists: Vec<&(String, Vec<String>)> = codes.iter().filter(|(name, _)| of_table(name)).collect();
    let permits = |codes: &[String]| codes.is_empty() || codes.iter().any(|code| code == value.text);
    if lists.iter().any(|(_, codes)| permits(codes)) {
        return None;
    }
    let names: Vec<&str> = lists.iter().map(|(name, _)| name.as_str()).collect();
    Some(("SUB-04", "the code is not permitted in the column", format!("a code of {}", names.join(", "))))
}

/// SUB-19: the code of five-year-olds that belongs to the other file, or to years in which grade did not part them.
fn five_year_old(opened: &Opened<'_>, codes: &[(String, Vec<String>)], value: &str) -> Wrong {
    let age = codes.iter().any(|(name, _)| matches!(name.as_str(), "AGESA" | "AGEEC"));
    let listed = codes.iter().any(|(_, codes)| codes.iter().any(|code| code == value));
    if !age || listed || !matches!(value, "5" | "AGE05K" | "AGE05NOTK") {
        return None;
    }
    match opened.number.get() {
        2 => Some(("SUB-19", "file 002 counts five-year-olds in kindergarten or above", "AGE05K".to_owned())),
        89 => Some(("SUB-19", "file 089 counts five-year-olds not in kindergarten", "AGE05NOTK".to_owned())),
        _ => None,
    }
}

fn amount_rule(column: &Column, value: &str) -> Wrong {
    if value.is_empty() || crate::write::number_fits(column, value) {
        return None;
    }
    let wanted = crate::write::number_words(column).to_owned();
    match column.kind {
        ColumnType::Number => Some(("FMT-19", "the amount is not a whole number", wanted)),
        ColumnType::Decimal2 => {
            Some(("FMT-20", "the amount is not a number with at most two decimals", wanted))
        }
        ColumnType::Decimal1 => {
            Some(("FMT-21", "the rate is not a percentage with at most one decimal", wanted))
        }
        ColumnType::String | ColumnType::Control => None,
    }
}

/// The fields of the registers: dates, postal codes, telephone numbers, postal states.
fn register_rule(opened: &Opened<'_>, column: &Column, value: &str) -> Wrong {
    if value.is_empty() {
        return None;
    }
    let file = opened.number.get();
    let digits = |count: usize| value.len() == count && value.bytes().all(|b| b.is_ascii_digit());
    let element = column.element.as_str();
    if matches!(file, 29 | 198) && column.length == 10 && element.contains("Date") {
        let shape = value.len() == 10 && NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok();
        if !shape {
            return Some(("FMT-23", "the date is not a real day", "CCYY-MM-DD".to_owned()));
        }
    }
    if file != 29 {
        return None;
    }
    let wrong = |wanted: &str| Some(("FMT-24", "the value has not its form", wanted.to_owned()));
    if element.contains("ZipcodePlus4") {
        return if digits(4) { None } else { wrong("four digits") };
    }
    if element.contains("Zipcode") {
        return if digits(5) { None } else { wrong("five digits") };
    }
    if element.contains("PhoneNumber") {
        return if digits(10) { None } else { wrong("ten digits") };
    }
    if element.contains("PostalStateCode") {
        let letters = value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase());
        return if letters { None } else { wrong("two letters") };
    }
    None
}

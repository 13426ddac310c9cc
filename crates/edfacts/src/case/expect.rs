//! The expectations of a counting case.

use super::document::CaseDocument;
use crate::count::{Amount, CountRecord, CountResult};
use crate::{Catalogue, EdfactsError, FileNumber, Level};
use serde_json::{Map, Value, json};

/// An expectation and what came of it.
pub(super) struct Check {
    pub(super) ok: bool,
    expect: Value,
    got: Value,
}

impl Check {
    pub(super) fn into_value(self) -> Value {
        json!({ "ok": self.ok, "expect": self.expect, "got": self.got })
    }
}

fn refuse<T>(place: &str, what: impl Into<String>) -> Result<T, EdfactsError> {
    Err(EdfactsError::input(place, what))
}

/// The keys by which records are matched; a key left out matches anything.
#[derive(Debug, Default)]
struct Keys {
    file: Option<FileNumber>,
    level: Option<Level>,
    lea: Option<Option<String>>,
    school: Option<Option<String>>,
    table: Option<String>,
    set: Option<String>,
    values: Option<Vec<(String, String)>>,
}

impl Keys {
    fn matches(&self, record: &CountRecord<'_>, whole: bool) -> bool {
        self.file.is_none_or(|file| file == record.file)
            && self.level.is_none_or(|level| level == record.level)
            && self.lea.as_ref().is_none_or(|lea| lea.as_deref() == record.lea)
            && self.school.as_ref().is_none_or(|school| school.as_deref() == record.school)
            && self.table.as_ref().is_none_or(|table| table == record.table)
            && self.set.as_ref().is_none_or(|set| set == record.set)
            && self.values.as_ref().is_none_or(|values| {
                let all =
                    values.iter().all(|(name, code)| record.values.contains(&(name.as_str(), code.as_str())));
                all && (!whole || values.len() == record.values.len())
            })
    }
}

pub(super) fn checks(
    catalogue: &Catalogue,
    case: &CaseDocument,
    result: &CountResult,
) -> Result<Vec<Check>, EdfactsError> {
    let mut checks = Vec::new();
    let Some(expected) = &case.expected else { return Ok(checks) };
    for (list, _) in expected {
        if !["cells", "rows", "none"].contains(&list.as_str()) {
            return refuse("expected", format!("`{list}` is not one of cells, rows and none"));
        }
    }
    let records: Vec<CountRecord<'_>> = result.records().collect();
    for list in ["cells", "rows", "none"] {
        let entries = match expected.get(list) {
            None | Some(Value::Null) => continue,
            Some(Value::Array(entries)) => entries,
            Some(_) => return refuse(&format!("expected.{list}"), "a list is needed"),
        };
        for (entry, number) in entries.iter().zip(0..) {
            let place = format!("expected.{list}[{number}]");
            let Some(map) = entry.as_object() else { return refuse(&place, "an object is needed") };
            let (ok, got) = match list {
                "cells" => cell(catalogue, &place, map, &records)?,
                "rows" => rows(catalogue, &place, map, &records)?,
                _ => none(catalogue, &place, map, &records)?,
            };
            checks.push(Check { ok, expect: entry.clone(), got });
        }
    }
    Ok(checks)
}

fn amount_value(amount: Amount) -> Value {
    serde_json::to_value(amount).unwrap_or(Value::Null)
}

/// Compares as decimals: 1, 1.0 and 1.00 are equal.
fn equal(value: &Value, amount: Amount) -> bool {
    let plain = |text: String| match text.split_once('.') {
        Some((whole, part)) => match part.trim_end_matches('0') {
            "" => whole.to_owned(),
            part => format!("{whole}.{part}"),
        },
        None => text,
    };
    match value {
        Value::Number(number) => plain(number.to_string()) == plain(amount.to_string()),
        _ => false,
    }
}

fn number<'m>(
    place: &str,
    map: &'m Map<String, Value>,
    key: &str,
) -> Result<Option<&'m Value>, EdfactsError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value @ Value::Number(_)) => Ok(Some(value)),
        Some(_) => refuse(place, format!("{key} is a number")),
    }
}

fn cell(
    catalogue: &Catalogue,
    place: &str,
    map: &Map<String, Value>,
    records: &[CountRecord<'_>],
) -> Result<(bool, Value), EdfactsError> {
    let keys = keys(catalogue, place, map, &["count"])?;
    let Some(count) = number(place, map, "count")? else { return refuse(place, "count is missing") };
    let found: Vec<&CountRecord<'_>> = records.iter().filter(|record| keys.matches(record, true)).collect();
    Ok(match found.as_slice() {
        [one] => (equal(count, one.amount), amount_value(one.amount)),
        [] => (false, Value::Null),
        many => (false, Value::Array(many.iter().map(|record| amount_value(record.amount)).collect())),
    })
}

fn rows(
    catalogue: &Catalogue,
    place: &str,
    map: &Map<String, Value>,
    records: &[CountRecord<'_>],
) -> Result<(bool, Value), EdfactsError> {
    let keys = keys(catalogue, place, map, &["rows", "zero_rows", "sum"])?;
    let found = || records.iter().filter(|record| keys.matches(record, false));
    let raw = |amount: Amount| match amount {
        Amount::Whole(number) | Amount::Tenths(number) | Amount::Hundredths(number) => number,
    };
    let total = found().map(|record| raw(record.amount)).fold(0, u64::saturating_add);
    let sum = match found().map(|record| record.amount).next() {
        Some(Amount::Tenths(_)) => Amount::Tenths(total),
        Some(Amount::Hundredths(_)) => Amount::Hundredths(total),
        _ => Amount::Whole(total),
    };
    let count = Amount::Whole(found().count() as u64);
    let zero = Amount::Whole(found().filter(|record| record.amount.is_zero()).count() as u64);
    let mut ok = true;
    for (key, amount) in [("rows", count), ("zero_rows", zero), ("sum", sum)] {
        if let Some(value) = number(place, map, key)? {
            ok &= equal(value, amount);
        }
    }
    let got = json!({
        "rows": amount_value(count), "zero_rows": amount_value(zero), "sum": amount_value(sum)
    });
    Ok((ok, got))
}

fn none(
    catalogue: &Catalogue,
    place: &str,
    map: &Map<String, Value>,
    records: &[CountRecord<'_>],
) -> Result<(bool, Value), EdfactsError> {
    let keys = keys(catalogue, place, map, &[])?;
    let found = records.iter().filter(|record| keys.matches(record, false)).count();
    Ok((found == 0, json!(found)))
}

/// Reads the keys of an expectation; files, levels, tables, sets, categories and codes must be known.
fn keys(
    catalogue: &Catalogue,
    place: &str,
    map: &Map<String, Value>,
    own: &[&str],
) -> Result<Keys, EdfactsError> {
    let mut keys = Keys::default();
    for (key, value) in map {
        let text = || match value {
            Value::String(text) => Ok(text.clone()),
            _ => refuse(place, format!("{key} is a text")),
        };
        match key.as_str() {
            "file" => keys.file = Some(text()?.parse()?),
            "level" => keys.level = Some(text()?.parse()?),
            "lea" | "school" => {
                let id = if value.is_null() { None } else { Some(text()?) };
                if key == "lea" { keys.lea = Some(id) } else { keys.school = Some(id) }
            }
            "table" => keys.table = Some(text()?),
            "set" => keys.set = Some(text()?),
            "values" => {
                let Some(values) = value.as_object() else { return refuse(place, "values is an object") };
                let mut named = Vec::new();
                for (category, code) in values {
                    let Some(code) = code.as_str() else {
                        return refuse(place, format!("{category} is a code"));
                    };
                    named.push((category.clone(), code.to_owned()));
                }
                keys.values = Some(named);
            }
            // Text has no effect.
            "title" | "why" => {}
            other if own.contains(&other) => {}
            other => return refuse(place, format!("`{other}` is not a key of this expectation")),
        }
    }
    known(catalogue, place, &keys)?;
    Ok(keys)
}

fn known(catalogue: &Catalogue, place: &str, keys: &Keys) -> Result<(), EdfactsError> {
    if let Some(file) = keys.file {
        let spec = catalogue.file(file)?;
        if let Some(level) = keys.level.filter(|level| !spec.levels.contains(level)) {
            return refuse(place, format!("file {file} is not submitted at level {level}"));
        }
        let levels: Vec<Level> = keys.level.map_or_else(|| Level::ALL.to_vec(), |level| vec![level]);
        let sets: Vec<_> = levels.iter().flat_map(|level| catalogue.newest_sets(file, *level)).collect();
        if let Some(table) = keys.table.as_ref().filter(|table| !sets.iter().any(|set| set.table == **table))
        {
            return refuse(place, format!("`{table}` is not a table of file {file}"));
        }
        if let Some(name) = keys.set.as_ref().filter(|name| !sets.iter().any(|set| set.set == **name)) {
            return refuse(place, format!("`{name}` is not a set of file {file}"));
        }
        for (category, _) in keys.values.iter().flatten() {
            if !sets.iter().any(|set| set.categories.contains(category)) {
                return refuse(place, format!("`{category}` is not a category of file {file}"));
            }
        }
    }
    for (category, code) in keys.values.iter().flatten() {
        if !catalogue.permitted_values(category).iter().any(|value| value.code == *code) {
            return refuse(place, format!("`{code}` is not a code of {category}"));
        }
    }
    Ok(())
}

//! Cases of kind record: one header and one data record in every form.

use super::document::{CaseDocument, HeaderDocument};
use super::{CaseOutcome, read};
use crate::{Catalogue, EdfactsError, FileForm, Header, Layout, Level, Role, record_line};
use serde_json::{Map, Value, json};

const KEYS: [&str; 7] =
    ["csv", "tab", "fixed_width", "fixed_width_length", "header_csv", "header_tab", "header_fixed_width"];

pub(super) fn run(catalogue: &Catalogue, case: &CaseDocument) -> Result<CaseOutcome, EdfactsError> {
    let refuse = |place: &str, what: String| Err(EdfactsError::input(place, what));
    let Some(asked) = &case.layout else { return refuse("layout", "the layout is missing".to_owned()) };
    let level: Level = asked.level.parse()?;
    let layout = catalogue.layout(asked.file.parse()?, level, read::year(case)?)?;
    let values = record_values(&layout, case.record.as_ref())?;
    let header = case.header.as_ref().map(header).transpose()?;
    let text_of = |key: &str| -> Result<Option<Value>, EdfactsError> {
        let head = |form: FileForm| match &header {
            Some(header) => header.line(&layout, form).map(|line| Some(Value::String(line))),
            None => Ok(None),
        };
        let data =
            |form: FileForm| record_line(&layout, form, 1, &values).map(|line| Some(Value::String(line)));
        match key {
            "csv" => data(FileForm::Csv),
            "tab" => data(FileForm::Tab),
            "fixed_width" => data(FileForm::Txt),
            "fixed_width_length" => Ok(Some(json!(layout.record_length()))),
            "header_csv" => head(FileForm::Csv),
            "header_tab" => head(FileForm::Tab),
            _ => head(FileForm::Txt),
        }
    };
    let mut text = Map::new();
    let mut checks = Vec::new();
    let mut ok = true;
    match &case.expected {
        None => {
            for key in KEYS {
                if let Some(value) = text_of(key)? {
                    text.insert(key.to_owned(), value);
                }
            }
        }
        Some(expected) => {
            for (key, wanted) in expected {
                if !KEYS.contains(&key.as_str()) {
                    return refuse("expected", format!("`{key}` is not one of {}", KEYS.join(", ")));
                }
                let got = text_of(key)?.unwrap_or(Value::Null);
                let holds = *wanted == got;
                ok &= holds;
                checks.push(json!({ "ok": holds, "expect": { key: wanted }, "got": got }));
                text.insert(key.clone(), got);
            }
        }
    }
    let output = json!({ "case": case.case, "ok": ok, "text": text, "checks": checks });
    Ok(CaseOutcome { ok, gaps: Vec::new(), findings: Vec::new(), output })
}

/// The values of all fields; columns are named by their published name, or by their element name.
fn record_values(layout: &Layout, record: Option<&Map<String, Value>>) -> Result<Vec<String>, EdfactsError> {
    let mut values = vec![String::new(); layout.field_count()];
    let mut filled = vec![false; layout.field_count()];
    for (name, value) in record.into_iter().flatten() {
        let text = plain(name, value)?;
        let by = |matches: &dyn Fn(&crate::Column) -> bool| {
            layout.fields().enumerate().position(|(at, column)| {
                column.role != Role::Filler && matches(column) && !filled.get(at).copied().unwrap_or(true)
            })
        };
        let place = by(&|column| column.name == *name).or_else(|| by(&|column| column.element == *name));
        let slot = place.and_then(|place| Some((values.get_mut(place)?, filled.get_mut(place)?)));
        let Some((slot, taken)) = slot else {
            let what = format!("file {} at level {} has no such column", layout.file, layout.level);
            return Err(EdfactsError::input(format!("record.{name}"), what));
        };
        *slot = text;
        *taken = true;
    }
    Ok(values)
}

fn plain(name: &str, value: &Value) -> Result<String, EdfactsError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Ok(String::new()),
        _ => Err(EdfactsError::input(name, "a text is needed")),
    }
}

fn header(given: &HeaderDocument) -> Result<Header, EdfactsError> {
    let text = |name: &str, value: &Option<Value>| {
        value.as_ref().map_or(Ok(String::new()), |value| plain(&format!("header.{name}"), value))
    };
    Ok(Header {
        file_type: text("file_type", &given.file_type)?,
        total_records: text("total_records", &given.total_records)?,
        file_name: text("file_name", &given.file_name)?,
        file_identifier: text("file_identifier", &given.file_identifier)?,
        reporting_period: text("reporting_period", &given.reporting_period)?,
    })
}

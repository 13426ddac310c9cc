//! The rules on one record: columns in order, then the set, the indicator, the grade and the key.

use super::directory::Directory;
use super::known::KnownParts;
use super::load::Opened;
use super::{CheckOptions, Found};
use crate::catalogue::{Column, ColumnType};
use crate::count::{Codes, Logic, MOST_CATEGORIES, SetPlans, set_plans};
use crate::read::{cut, split};
use crate::{Catalogue, CategorySet, FileForm, Grade, Level, MISSING, Role};
use chrono::NaiveDate;
use hashbrown::HashMap;
use std::borrow::Cow;
use std::sync::Arc;

/// A record without findings, as the rules on units and files read it.
#[derive(Clone, Debug)]
pub(crate) struct Clean {
    pub(crate) line: u64,
    pub(crate) lea: Arc<str>,
    pub(crate) school: Arc<str>,
    pub(crate) set: usize,
    pub(crate) codes: Codes,
    /// The amount: whole, in tenths or in hundredths by the type of the column.
    pub(crate) amount: u64,
    pub(crate) explained: bool,
    /// What a status says; absent for counts.
    pub(crate) status: Option<Box<StatusText>>,
}

/// The texts of a record that reports a status.
#[derive(Clone, Debug)]
pub(crate) struct StatusText {
    /// Values of columns outside the sets, by element name, where they are filled.
    pub(crate) others: Vec<(String, String)>,
    /// The amount, which is a code.
    pub(crate) amount: String,
}

/// A file after its records were checked.
#[derive(Debug)]
pub(crate) struct Checked<'f> {
    pub(crate) opened: Opened<'f>,
    pub(crate) plans: SetPlans,
    pub(crate) clean: Vec<Clean>,
    /// Whether its records fill category sets.
    pub(crate) in_sets: bool,
    /// All field values, for files without sets.
    pub(crate) fields: Vec<(u64, Vec<String>)>,
}

impl Checked<'_> {
    /// The place among the fields of the column with this element name.
    pub(crate) fn element(&self, element: &str) -> Option<usize> {
        self.opened.layout.fields().position(|column| column.element == element)
    }

    /// The codes of a record by category name.
    pub(crate) fn code(&self, record: &Clean, category: &str) -> Option<&str> {
        let set = self.plans.sets.get(record.set)?;
        set.categories.iter().zip(record.codes).find_map(|(place, code)| {
            let known = self.plans.categories.get(*place)?;
            if known.name == category { known.codes.get(usize::from(code)).map(String::as_str) } else { None }
        })
    }
}

pub(crate) struct Shape<'c> {
    pub(crate) fields: Vec<&'c Column>,
    sets: Vec<&'c CategorySet>,
    /// For each set its field places.
    filled: Vec<Vec<usize>>,
    /// Fields that some set fills.
    category_fields: Vec<usize>,
    /// Fields that must hold a value.
    mandatory: Vec<bool>,
    /// Permitted codes of each field.
    codes: Vec<Vec<(String, Vec<String>)>>,
    tables: Vec<String>,
}

fn shape<'c>(catalogue: &'c Catalogue, opened: &'c Opened<'_>) -> Shape<'c> {
    let layout = &opened.layout;
    let fields: Vec<&Column> = layout.fields().collect();
    let sets = catalogue.record_sets(layout);
    let filled: Vec<Vec<usize>> = sets
        .iter()
        .map(|set| {
            let mut places: Vec<usize> =
                set.positions.iter().filter_map(|position| layout.field_at(*position)).collect();
            places.sort_unstable();
            places
        })
        .collect();
    let mut category_fields: Vec<usize> = filled.iter().flatten().copied().collect();
    category_fields.sort_unstable();
    category_fields.dedup();
    let mandatory = catalogue.mandatory(layout);
    let codes = fields
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let listed = !sets.is_empty() && column.role == Role::Value;
            let names = column.category.as_deref().filter(|_| listed || category_fields.contains(&place));
            let names = names.unwrap_or_default().split(';').filter(|name| !name.is_empty());
            names
                .map(|name| {
                    let codes = super::codes_of(catalogue, layout, name);
                    (name.to_owned(), codes.into_iter().map(str::to_owned).collect())
                })
                .collect()
        })
        .collect();
    let mut tables: Vec<String> = sets.iter().map(|set| set.table.clone()).collect();
    if let Ok(file) = catalogue.file(opened.number) {
        tables.extend(file.tables.iter().cloned());
    }
    tables.retain(|table| !table.is_empty());
    tables.sort();
    tables.dedup();
    Shape { fields, sets, filled, category_fields, mandatory, codes, tables }
}

/// Checks every record of a file.
pub(crate) fn check<'f>(
    catalogue: &Catalogue,
    options: &CheckOptions,
    directory: &Directory,
    mut opened: Opened<'f>,
    found: &mut Found,
) -> Checked<'f> {
    let records = std::mem::take(&mut opened.records);
    let shape = shape(catalogue, &opened);
    let plans = set_plans(catalogue, &options.config(opened.year), opened.number, opened.level, &shape.sets);
    let mut keys: HashMap<(usize, usize, Codes), u64> = HashMap::new();
    let mut units: HashMap<(Arc<str>, Arc<str>), usize> = HashMap::new();
    let mut known = KnownParts::new(&shape, opened.form);
    let mut values = Vec::new();
    let by_grade = opened.number.get() == 52 && opened.level != Level::Sea;
    let mut clean = Vec::new();
    let mut fields = Vec::new();
    for (raw, number) in records.iter().zip(1u64..) {
        let name = opened.name.as_str();
        if let Some(record) = known.record(&raw.text, raw.line, number) {
            let key = (known.unit, record.set, record.codes);
            if !known.grade_is_wrong(&plans, &record) && !keys.contains_key(&key) {
                keys.insert(key, number);
                clean.push(record);
                continue;
            }
        }
        match opened.form {
            FileForm::Txt => {
                let length = raw.text.chars().count();
                let wanted = opened.layout.record_length();
                if length != wanted {
                    found
                        .at(name, "FMT-10", raw.line, None)
                        .say("the record has not the length of the layout")
                        .want(&format!("{wanted} characters"))
                        .show(&format!("{length} characters"));
                    continue;
                }
                cut(&raw.text, &opened.layout, &mut values);
            }
            form => {
                if !split(&raw.text, form, &mut values) {
                    found.at(name, "FMT-22", raw.line, None).say("the quotes of the record do not close");
                    continue;
                }
                if values.len() != shape.fields.len() {
                    found
                        .at(name, "FMT-09", raw.line, None)
                        .say("the record has not the number of columns of the layout")
                        .want(&format!("{} columns", shape.fields.len()))
                        .show(&format!("{} columns", values.len()));
                    continue;
                }
            }
        }
        let before = found.count();
        let mut long_ids = false;
        for (((column, value), mandatory), codes) in
            shape.fields.iter().zip(&values).zip(&shape.mandatory).zip(&shape.codes)
        {
            let table = value_of(&shape, &values, Role::TableName);
            let wrong =
                column_rule(options, &opened, &shape, column, value, *mandatory, codes, table, number);
            if let Some((code, what, wanted)) = wrong {
                long_ids |= code == "FMT-11" && matches!(column.role, Role::LeaId | Role::SchoolId);
                found.at(name, code, raw.line, Some(&column.name)).say(what).want(&wanted).show(value);
            }
        }
        let lea = value_of(&shape, &values, Role::LeaId);
        let school = value_of(&shape, &values, Role::SchoolId);
        if !long_ids && opened.number.get() != 29 {
            known_unit(&opened, directory, lea, school, raw.line, found);
        }
        if found.count() == before && !shape.sets.is_empty() {
            let record = in_set(&opened, &shape, &plans, &values, raw.line, lea, school);
            match record {
                Err((code, column, what, wanted)) => {
                    found.at(name, code, raw.line, Some(&column)).say(&what).want(&wanted);
                }
                Ok(record) => {
                    let grade_wrong = grade_not_offered(&opened, directory, &plans, &record);
                    let next = units.len();
                    let unit = *units.entry((record.lea.clone(), record.school.clone())).or_insert(next);
                    let key = (unit, record.set, record.codes);
                    if let Some((grade, offered)) = grade_wrong {
                        found
                            .at(name, "SUB-13", raw.line, Some("Grade Level"))
                            .say(&format!("the unit does not offer grade {grade}"))
                            .want(&offered);
                    } else if let Some(first) = keys.get(&key) {
                        found
                            .at(name, "SUB-01", raw.line, None)
                            .say(&format!("the record has the same key as record {first}"))
                            .relate(*first + 1);
                    } else {
                        keys.insert(key, number);
                        let offered = directory.grades(opened.level, &record.lea, &record.school);
                        known.learn(&raw.text, unit, &record, offered.filter(|_| by_grade));
                        clean.push(record);
                    }
                }
            }
        }
        if shape.sets.is_empty() && found.count() == before {
            fields.push((raw.line, values.iter().map(|value| value.to_string()).collect()));
        }
    }
    let in_sets = !shape.sets.is_empty();
    Checked { opened, plans, clean, in_sets, fields }
}

fn value_of<'v>(shape: &Shape<'_>, values: &'v [Cow<'_, str>], role: Role) -> &'v str {
    let place = shape.fields.iter().position(|column| column.role == role);
    place.and_then(|place| values.get(place)).map(|value| &**value).unwrap_or_default()
}

type Wrong = Option<(&'static str, &'static str, String)>;

/// At most one finding for a column: length, filler, blank, the column's own rule, the code.
#[allow(clippy::too_many_arguments)] // the parts of one record, passed on as they are
fn column_rule(
    options: &CheckOptions,
    opened: &Opened<'_>,
    shape: &Shape<'_>,
    column: &Column,
    value: &str,
    mandatory: bool,
    codes: &[(String, Vec<String>)],
    table: &str,
    number: u64,
) -> Wrong {
    if value.chars().count() > usize::from(column.length) {
        return Some((
            "FMT-11",
            "the value is longer than its column",
            format!("{} characters", column.length),
        ));
    }
    if column.role == Role::Filler {
        let blank = value.chars().all(|c| c == ' ');
        return if blank { None } else { Some(("FMT-13", "the filler is not blank", String::new())) };
    }
    if mandatory && value.trim().is_empty() {
        return Some(("FMT-12", "the column always holds a value", column.name.clone()));
    }
    if value.chars().any(|c| !(' '..='~').contains(&c)) {
        return Some(("FMT-22", "the value holds a character that is not printable ASCII", String::new()));
    }
    let unless = |holds: bool, code, what, wanted: &str| {
        if holds { None } else { Some((code, what, wanted.to_owned())) }
    };
    let own = match column.role {
        Role::RecordNumber => {
            let right = number.to_string();
            unless(value == right, "FMT-14", "the record number is not the place of the record", &right)
        }
        Role::StateCode => {
            let fips = options.profile.fips.as_str();
            unless(value == fips, "FMT-15", "the state code is not that of the state", fips)
        }
        Role::StateAgency => unless(value == "01", "FMT-16", "the state agency number is not 01", "01"),
        Role::TableName if !shape.tables.is_empty() => {
            let known = shape.tables.iter().any(|table| table == value);
            unless(known, "FMT-17", "the table is not one of the file", &shape.tables.join(", "))
        }
        Role::TotalIndicator => {
            unless(matches!(value, "Y" | "N"), "FMT-18", "the total indicator is neither Y nor N", "Y or N")
        }
        Role::Amount => amount_rule(column, value),
        Role::Value => register_rule(opened, column, value),
        _ => None,
    };
    if own.is_some() || value.is_empty() || codes.is_empty() {
        return own;
    }
    if let Some(wrong) = five_year_old(opened, codes, value) {
        return Some(wrong);
    }
    // A column with two lists takes the one of its table.
    let list: Vec<&(String, Vec<String>)> = match codes {
        [_] => codes.iter().collect(),
        several => {
            let suffix = if table.ends_with("HS") {
                "HS"
            } else if table.ends_with("LG") {
                "LG"
            } else {
                ""
            };
            several.iter().filter(|(name, _)| name.contains(suffix)).collect()
        }
    };
    let permitted = list.iter().any(|(_, codes)| codes.is_empty() || codes.iter().any(|code| code == value));
    let names: Vec<&str> = list.iter().map(|(name, _)| name.as_str()).collect();
    unless(
        permitted,
        "SUB-04",
        "the code is not permitted in the column",
        &format!("a code of {}", names.join(", ")),
    )
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

fn known_unit(
    opened: &Opened<'_>,
    directory: &Directory,
    lea: &str,
    school: &str,
    line: u64,
    found: &mut Found,
) {
    let name = opened.name.as_str();
    if opened.level == Level::Sea || lea.is_empty() {
        return;
    }
    if directory.has_leas && !directory.leas.contains_key(lea) {
        found
            .at(name, "MTC-01", line, Some("LEA Identifier (State)"))
            .say("the district is not in the directory")
            .about(lea);
        return;
    }
    if opened.level == Level::Sch && directory.has_schools && !school.is_empty() {
        let known = directory.schools.contains_key(&(lea.to_owned(), school.to_owned()));
        if !known {
            found
                .at(name, "MTC-02", line, Some("School Identifier (State)"))
                .say("the school is not in the directory under this district")
                .about(&format!("{lea} {school}"));
        }
    }
}

type NotInSet = (&'static str, String, String, String);

/// The set that the filled columns make, and the record in it.
fn in_set(
    opened: &Opened<'_>,
    shape: &Shape<'_>,
    plans: &SetPlans,
    values: &[Cow<'_, str>],
    line: u64,
    lea: &str,
    school: &str,
) -> Result<Clean, NotInSet> {
    let filled: Vec<usize> = shape
        .category_fields
        .iter()
        .copied()
        .filter(|place| values.get(*place).is_some_and(|value| !value.is_empty()))
        .collect();
    let table = value_of(shape, values, Role::TableName);
    let fits = shape
        .sets
        .iter()
        .zip(&shape.filled)
        .find(|(set, places)| set.table == table && **places == filled)
        .map(|(set, _)| *set);
    let names = || -> Vec<&str> {
        filled
            .iter()
            .filter_map(|place| shape.fields.get(*place))
            .map(|column| column.name.as_str())
            .collect()
    };
    let Some(set) = fits else {
        let what = format!("no category set of the table has exactly [{}]", names().join(", "));
        return Err(("SUB-02", "categories".to_owned(), what, "the categories of one set".to_owned()));
    };
    let indicator = value_of(shape, values, Role::TotalIndicator);
    if shape.fields.iter().any(|column| column.role == Role::TotalIndicator)
        && indicator != set.total_indicator.to_string()
    {
        let what = format!("set {} has the total indicator {}", set.set, set.total_indicator);
        return Err(("SUB-03", "Total Indicator".to_owned(), what, set.total_indicator.to_string()));
    }
    let place = plans.sets.iter().position(|plan| plan.set == set.set && plan.table == set.table);
    let place = place.unwrap_or_default();
    let mut codes = [0u16; MOST_CATEGORIES];
    for ((category, position), slot) in set.categories.iter().zip(&set.positions).zip(&mut codes) {
        let value = opened.layout.field_at(*position).and_then(|at| values.get(at));
        let known = plans.categories.iter().find(|known| known.name == *category);
        let code = known.zip(value).and_then(|(known, value)| known.index.get(&**value).copied());
        // A code of the column's other list: the set of the table does not permit it.
        let Some(code) = code else {
            let what = format!("the code is not permitted in {category}");
            return Err(("SUB-04", category.clone(), what, format!("a code of {category}")));
        };
        *slot = code;
    }
    let others = shape.fields.iter().zip(values).enumerate().filter(|(place, (column, value))| {
        column.role == Role::Value && !value.is_empty() && !shape.category_fields.contains(place)
    });
    let amount = value_of(shape, values, Role::Amount);
    let kind = shape.fields.iter().find(|column| column.role == Role::Amount).map(|column| column.kind);
    let others: Vec<(String, String)> =
        others.map(|(_, (column, value))| (column.element.clone(), value.to_string())).collect();
    let is_status = kind == Some(ColumnType::String) || !others.is_empty();
    Ok(Clean {
        line,
        lea: lea.into(),
        school: school.into(),
        set: place,
        codes,
        amount: scaled(amount, kind),
        explained: !value_of(shape, values, Role::Explanation).trim().is_empty(),
        status: is_status.then(|| Box::new(StatusText { others, amount: amount.to_owned() })),
    })
}

/// The amount in the unit of its column: 1, tenths or hundredths.
pub(crate) fn scaled(text: &str, kind: Option<ColumnType>) -> u64 {
    let places = match kind {
        Some(ColumnType::Decimal1) => 1,
        Some(ColumnType::Decimal2) => 2,
        _ => 0,
    };
    if places == 0 && !text.contains('.') {
        return text.parse().unwrap_or(0);
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part: String = part.chars().chain(std::iter::repeat('0')).take(places).collect();
    format!("{whole}{part}").parse().unwrap_or(0)
}

/// File 052 below the state: the grade that the unit does not offer, with those that it does.
fn grade_not_offered(
    opened: &Opened<'_>,
    directory: &Directory,
    plans: &SetPlans,
    record: &Clean,
) -> Option<(String, String)> {
    if opened.number.get() != 52 || opened.level == Level::Sea {
        return None;
    }
    let offered = directory.grades(opened.level, &record.lea, &record.school)?;
    let set = plans.sets.get(record.set)?;
    let grade = set.categories.iter().zip(record.codes).find_map(|(place, code)| {
        let category = plans.categories.get(*place)?;
        let code = category.codes.get(usize::from(code))?;
        (category.logic == Logic::Grade && code != MISSING).then_some(code.as_str())
    })?;
    let known = Grade::from_code(grade)?;
    if offered.contains(known) {
        return None;
    }
    let names: Vec<&str> = Grade::all().filter(|grade| offered.contains(*grade)).map(Grade::code).collect();
    Some((grade.to_owned(), names.join(", ")))
}

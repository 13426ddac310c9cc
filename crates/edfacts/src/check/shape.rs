//! The columns and category sets of a file, and the set that a record is in.

use super::load::Opened;
use super::records::{Clean, StatusText};
use crate::catalogue::{Column, ColumnType};
use crate::count::{Codes, MOST_CATEGORIES, SetPlans};
use crate::{Catalogue, CategorySet, Role};
use std::borrow::Cow;

/// What the records of a file are checked against.
pub(crate) struct Shape<'c> {
    pub(crate) fields: Vec<&'c Column>,
    pub(super) sets: Vec<&'c CategorySet>,
    /// For each set its field places.
    filled: Vec<Vec<usize>>,
    /// Fields that some set fills.
    category_fields: Vec<usize>,
    /// Fields that must hold a value.
    pub(super) mandatory: Vec<bool>,
    /// Permitted codes of each field.
    pub(super) codes: Vec<Vec<(String, Vec<String>)>>,
    pub(super) tables: Vec<String>,
}

pub(super) fn shape<'c>(catalogue: &'c Catalogue, opened: &'c Opened<'_>) -> Shape<'c> {
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
    let is_listed = |place: usize, column: &Column| {
        category_fields.contains(&place) || (!sets.is_empty() && column.role == Role::Value)
    };
    let codes_of = |(place, column): (usize, &&Column)| {
        let names = column.category.as_deref().filter(|_| is_listed(place, column)).unwrap_or_default();
        let codes =
            |name: &str| super::codes_of(catalogue, layout, name).into_iter().map(str::to_owned).collect();
        let names = names.split(';').filter(|name| !name.is_empty());
        names.map(|name| (name.to_owned(), codes(name))).collect()
    };
    let codes = fields.iter().enumerate().map(codes_of).collect();
    let mut tables: Vec<String> = sets.iter().map(|set| set.table.clone()).collect();
    if let Ok(file) = catalogue.file(opened.number) {
        tables.extend(file.tables.iter().cloned());
    }
    tables.retain(|table| !table.is_empty());
    tables.sort();
    tables.dedup();
    Shape { fields, sets, filled, category_fields, mandatory, codes, tables }
}

impl Shape<'_> {
    /// The value of the column with this role; empty where the file has none.
    pub(super) fn value_of<'v>(&self, values: &'v [Cow<'_, str>], role: Role) -> &'v str {
        let place = self.fields.iter().position(|column| column.role == role);
        place.and_then(|place| values.get(place)).map(|value| &**value).unwrap_or_default()
    }
}

/// Why a record is in no set: the rule, the column, what it says, and what would be right.
pub(super) type NotInSet = (&'static str, String, String, String);

/// The set that the filled columns make, and the record in it.
pub(super) fn in_set(
    opened: &Opened<'_>,
    shape: &Shape<'_>,
    plans: &SetPlans,
    values: &[Cow<'_, str>],
    line: u64,
) -> Result<Clean, NotInSet> {
    let set = set_of(shape, values)?;
    let place = plans.sets.iter().position(|plan| plan.set == set.set && plan.table == set.table);
    let codes = codes_of(opened, plans, set, values)?;
    let amount = shape.value_of(values, Role::Amount);
    let kind = shape.fields.iter().find(|column| column.role == Role::Amount).map(|column| column.kind);
    let others = shape.fields.iter().zip(values).enumerate().filter(|(place, (column, value))| {
        column.role == Role::Value && !value.is_empty() && !shape.category_fields.contains(place)
    });
    let others: Vec<(String, String)> =
        others.map(|(_, (column, value))| (column.element.clone(), value.to_string())).collect();
    let is_status = kind == Some(ColumnType::String) || !others.is_empty();
    Ok(Clean {
        line,
        lea: shape.value_of(values, Role::LeaId).into(),
        school: shape.value_of(values, Role::SchoolId).into(),
        set: place.unwrap_or_default(),
        codes,
        amount: scaled(amount, kind),
        explained: !shape.value_of(values, Role::Explanation).trim().is_empty(),
        status: is_status.then(|| Box::new(StatusText { others, amount: amount.to_owned() })),
    })
}

/// SUB-02 and SUB-03: the set of the table that has exactly the filled columns, and its total indicator.
fn set_of<'c>(shape: &Shape<'c>, values: &[Cow<'_, str>]) -> Result<&'c CategorySet, NotInSet> {
    let is_filled = |place: &usize| values.get(*place).is_some_and(|value| !value.is_empty());
    let filled: Vec<usize> = shape.category_fields.iter().copied().filter(is_filled).collect();
    let table = shape.value_of(values, Role::TableName);
    let mut sets = shape.sets.iter().zip(&shape.filled);
    let Some((set, _)) = sets.find(|(set, places)| set.table == table && **places == filled) else {
        let columns = filled.iter().filter_map(|place| shape.fields.get(*place));
        let names: Vec<&str> = columns.map(|column| column.name.as_str()).collect();
        let what = format!("no category set of the table has exactly [{}]", names.join(", "));
        return Err(("SUB-02", "categories".to_owned(), what, "the categories of one set".to_owned()));
    };
    let indicator = shape.value_of(values, Role::TotalIndicator);
    let has_indicator = shape.fields.iter().any(|column| column.role == Role::TotalIndicator);
    if has_indicator && indicator != set.total_indicator.to_string() {
        let what = format!("set {} has the total indicator {}", set.set, set.total_indicator);
        return Err(("SUB-03", "Total Indicator".to_owned(), what, set.total_indicator.to_string()));
    }
    Ok(set)
}

/// SUB-04: the codes of the set's categories, as the plans number them.
fn codes_of(
    opened: &Opened<'_>,
    plans: &SetPlans,
    set: &CategorySet,
    values: &[Cow<'_, str>],
) -> Result<Codes, NotInSet> {
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
    Ok(codes)
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

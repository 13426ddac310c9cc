//! What stands in the columns of a file, each on its own and beside the others.

use opi_dictionary::{FieldValue, Layout};
use std::collections::{BTreeMap, BTreeSet};

/// How many different values of a column are kept to be compared with code sets.
const DIFFERENT: usize = 64;

/// What stands in a column.
pub(super) struct Column {
    pub(super) rows: usize,
    pub(super) filled: usize,
    /// Different values, as far as they were kept, with how often each stands.
    pub(super) values: BTreeMap<String, usize>,
    pub(super) more_values: bool,
    /// How many filled values are different.
    pub(super) different: usize,
    pub(super) dates: usize,
    pub(super) digits: usize,
    pub(super) numbers: usize,
    pub(super) names: usize,
    pub(super) widths: BTreeSet<usize>,
    pub(super) earliest: Option<chrono::NaiveDate>,
    pub(super) latest: Option<chrono::NaiveDate>,
    /// One bit a row: whether it is filled.
    pub(super) pattern: Vec<u64>,
    /// Keys of fields that columns with the same pattern fit, where the pattern is neither all nor none.
    pub(super) stands_with: BTreeSet<&'static str>,
    /// Whether its single value is the end year of the dates of a column that stands in every row.
    pub(super) is_year_of_dates: bool,
    /// How often this date is not after that of another column, where both stand.
    pub(super) not_after: BTreeMap<usize, (usize, usize)>,
}

impl Column {
    pub(super) fn new<'a>(cells: impl Iterator<Item = &'a String>) -> Self {
        let mut column = Column {
            rows: 0,
            filled: 0,
            values: BTreeMap::new(),
            more_values: false,
            different: 0,
            dates: 0,
            digits: 0,
            numbers: 0,
            names: 0,
            widths: BTreeSet::new(),
            earliest: None,
            latest: None,
            pattern: Vec::new(),
            stands_with: BTreeSet::new(),
            is_year_of_dates: false,
            not_after: BTreeMap::new(),
        };
        let mut all = BTreeSet::new();
        for cell in cells {
            if column.rows.is_multiple_of(64) {
                column.pattern.push(0);
            }
            if let Some(word) = column.pattern.last_mut().filter(|_| !cell.is_empty()) {
                *word |= 1 << (column.rows % 64);
            }
            column.rows += 1;
            if cell.is_empty() {
                continue;
            }
            column.filled += 1;
            column.widths.insert(cell.chars().count());
            all.insert(cell.as_str());
            if column.values.len() < DIFFERENT || column.values.contains_key(cell) {
                *column.values.entry(cell.clone()).or_default() += 1;
            } else {
                column.more_values = true;
            }
            if let Some(date) = chrono::NaiveDate::read(cell) {
                column.dates += 1;
                column.earliest = Some(column.earliest.map_or(date, |earliest| earliest.min(date)));
                column.latest = Some(column.latest.map_or(date, |latest| latest.max(date)));
            }
            column.digits += usize::from(cell.bytes().all(|byte| byte.is_ascii_digit()));
            column.numbers += usize::from(is_number(cell));
            let letters = cell.chars().filter(|c| c.is_alphabetic()).count();
            column.names += usize::from(letters * 10 >= cell.chars().count() * 8 && letters >= 2);
        }
        column.different = all.len();
        column
    }

    pub(super) fn share(&self, count: usize) -> usize {
        (count * 100).checked_div(self.filled).unwrap_or_default()
    }
}

fn is_number(cell: &str) -> bool {
    let unsigned = cell.strip_prefix('-').unwrap_or(cell);
    let mut parts = unsigned.split('.');
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.next().is_some_and(digits) && parts.next().is_none_or(digits) && parts.next().is_none()
}

/// Fields that are filled in the same rows: whoever has the one has the other.
const TOGETHER: [(&str, &str); 4] = [
    ("end_date", "end_status"),
    ("diploma_date", "diploma_type"),
    ("diploma_type", "diploma_date"),
    ("diploma_period", "diploma_date"),
];

/// Notes which columns are filled in the same rows as a column that could hold a partner field, and whether a
/// year is the school year of the dates.
pub(super) fn compare_patterns(columns: &mut [Column], rows: &[Vec<String>], layout: &Layout) {
    let partial = |column: &Column| column.filled > 0 && column.filled < column.rows;
    let mut found: Vec<(usize, &'static str)> = Vec::new();
    for (index, column) in columns.iter().enumerate().filter(|(_, column)| partial(column)) {
        for (field, partner) in TOGETHER {
            let Some(partner) = layout.fields.iter().find(|field| field.key == partner) else { continue };
            let fits =
                |other: &Column| other.values.keys().all(|value| partner.form_problem(value).is_none());
            let mut others = columns.iter().enumerate().filter(|(other, _)| *other != index);
            if others.any(|(_, other)| other.pattern == column.pattern && fits(other)) {
                found.push((index, field));
            }
        }
    }
    for (index, field) in found {
        if let Some(column) = columns.get_mut(index) {
            column.stands_with.insert(field);
        }
    }
    // Rows that carry the field are those whose end status is of one family: 3 for dropouts, 4 for graduates.
    let family = |field: &str| match field {
        "drop_out_reason" => Some('3'),
        "diploma_date" | "diploma_type" | "diploma_period" => Some('4'),
        _ => None,
    };
    let mut of_family: Vec<(usize, &'static str)> = Vec::new();
    for (index, _) in columns.iter().enumerate().filter(|(_, column)| partial(column)) {
        for field in ["drop_out_reason", "diploma_date", "diploma_type", "diploma_period"] {
            let agrees = |other: usize| {
                rows.iter().all(|row| {
                    let cell = |at: usize| row.get(at).map_or("", String::as_str);
                    cell(index).is_empty()
                        || (cell(other).len() == 3 && cell(other).chars().next() == family(field))
                })
            };
            if (0..columns.len()).any(|other| other != index && agrees(other)) {
                of_family.push((index, field));
            }
        }
    }
    for (index, field) in of_family {
        if let Some(column) = columns.get_mut(index) {
            column.stands_with.insert(field);
        }
    }
    let full_dates = columns.iter().filter(|column| column.dates == column.rows && column.rows > 0);
    let years: BTreeSet<String> = full_dates
        .filter_map(|column| opi_dictionary::SchoolYear::containing(column.latest?).ok())
        .map(|year| year.end_year().to_string())
        .collect();
    for column in columns {
        column.is_year_of_dates =
            column.different == 1 && column.values.keys().all(|value| years.contains(value));
    }
}

/// Notes for each pair of date columns how often the first is not after the second.
pub(super) fn compare_days(columns: &mut [Column], rows: &[Vec<String>]) {
    let dates: Vec<usize> = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.dates > 0 && column.dates == column.filled)
        .map(|(index, _)| index)
        .collect();
    for row in rows {
        let parsed: Vec<(usize, chrono::NaiveDate)> = dates
            .iter()
            .filter_map(|index| Some((*index, chrono::NaiveDate::read(row.get(*index)?)?)))
            .collect();
        for (one, day) in &parsed {
            for (two, other) in parsed.iter().filter(|(two, _)| two != one) {
                if let Some(column) = columns.get_mut(*one) {
                    let (not_after, both) = column.not_after.entry(*two).or_default();
                    *both += 1;
                    *not_after += usize::from(day <= other);
                }
            }
        }
    }
}

//! Finds the true layout of a real file: which field stands in which column.
//!
//! The order of fields past the first few is not public, so someone with a real file must be able to find it.
//! Each column is described by what stands in it; each pair of column and field gets a score from named
//! evidence; the assignment with the greatest total is taken. Nothing is guessed in silence: every column says
//! what speaks for its field, how far the runner-up is behind, and what remains in doubt.

use crate::AimError;
use opi_dictionary::{
    CodeKind, CodeLookup, Dictionary, FieldType, FieldValue, Layout, LayoutField, LayoutFieldRow,
    Requirement, layout_to_toml,
};
use pathfinding::prelude::{Matrix, kuhn_munkres};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

/// How many rows are looked at.
const ROWS: usize = 20_000;
/// How many different values of a column are kept to be compared with code sets.
const DIFFERENT: usize = 64;

/// A layout proposed for a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct LayoutProposal {
    /// The layout that the file was compared with.
    pub layout: String,
    /// Rows looked at.
    pub rows: usize,
    /// Rows passed over because they have not the usual number of fields.
    pub rows_passed_over: usize,
    /// Each column of the file, in order.
    pub columns: Vec<ColumnProposal>,
    /// Fields of the known layout for which no column was found.
    pub missing: Vec<String>,
    /// Whether the file follows the known layout as it stands.
    pub as_known: bool,
}

/// One column and the field proposed for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct ColumnProposal {
    /// The column, counted from 1.
    pub position: usize,
    /// The key of the proposed field; a new key where no field fits.
    pub field: String,
    /// Its name.
    pub name: String,
    /// The position in the known layout, where it has one.
    pub known_position: Option<usize>,
    /// What speaks for it.
    pub evidence: Vec<String>,
    /// What speaks against it or leaves it open; empty when nothing does.
    pub doubts: Vec<String>,
}

impl LayoutProposal {
    /// Whether anything is left in doubt.
    #[must_use]
    pub fn has_doubts(&self) -> bool {
        !self.missing.is_empty() || self.columns.iter().any(|column| !column.doubts.is_empty())
    }

    /// The proposal as a replacement layout in TOML, to be given to
    /// [`Dictionary::replace_layout_toml`](opi_dictionary::Dictionary::replace_layout_toml).
    ///
    /// # Errors
    /// When the dictionary lacks the layout.
    pub fn to_toml(&self, dictionary: &Dictionary) -> Result<String, AimError> {
        let layout = dictionary.layout(&self.layout)?;
        let rows: Vec<LayoutFieldRow> = self.columns.iter().map(|column| column.to_row(layout)).collect();
        Ok(layout_to_toml(&self.layout, &rows))
    }
}

impl ColumnProposal {
    fn to_row(&self, layout: &Layout) -> LayoutFieldRow {
        let position = u16::try_from(self.position).unwrap_or(u16::MAX);
        match layout.fields.iter().find(|field| field.key == self.field) {
            Some(field) => LayoutFieldRow {
                position,
                position_standing: if self.known_position == Some(self.position) {
                    LayoutFieldRow::from(field).position_standing
                } else {
                    "proposed".to_owned()
                },
                ..LayoutFieldRow::from(field)
            },
            None => LayoutFieldRow {
                position,
                field: self.field.clone(),
                name: self.name.clone(),
                field_type: "string".to_owned(),
                required: "no".to_owned(),
                meaning: "A column for which no field was found.".to_owned(),
                source: "matched against a file".to_owned(),
                standing: "derived".to_owned(),
                position_standing: "proposed".to_owned(),
                ..LayoutFieldRow::default()
            },
        }
    }
}

/// Matches the columns of a file to the fields of a layout, which is chosen by the record type of the first row
/// unless it is named. A header record is passed over.
///
/// # Errors
/// When the stream fails, the layout does not exist, or the file has no row by which one could be chosen.
pub fn propose_layout(
    input: impl BufRead,
    dictionary: &Dictionary,
    layout: Option<&str>,
) -> Result<LayoutProposal, AimError> {
    let table = read_table(input)?;
    let layout = match layout {
        Some(key) => dictionary.layout(key)?,
        None => choose(&table, dictionary).ok_or(AimError::NoLayout)?,
    };
    let width = usual_width(&table);
    let rows: Vec<&Vec<String>> = table.iter().filter(|row| row.len() == width).collect();
    let mut columns: Vec<Column> =
        (0..width).map(|index| Column::new(rows.iter().filter_map(|row| row.get(index)))).collect();
    compare_columns(&mut columns, &rows);
    compare_patterns(&mut columns, &rows, layout);
    let scores: Vec<Vec<Score>> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            layout.fields.iter().map(|field| score(column, index, field, layout, dictionary)).collect()
        })
        .collect();
    let chosen = assign(&scores, layout.fields.len());
    let mut proposals = Vec::with_capacity(width);
    for (index, field) in chosen.iter().enumerate() {
        let Some(column) = columns.get(index) else { continue };
        let column_scores = scores.get(index).map(Vec::as_slice).unwrap_or_default();
        proposals.push(describe(index, column, *field, column_scores, layout));
    }
    let taken: BTreeSet<usize> = chosen.iter().flatten().copied().collect();
    let missing = layout.fields.iter().enumerate().filter(|(index, _)| !taken.contains(index));
    let as_known =
        width == layout.fields.len() && chosen.iter().enumerate().all(|(index, field)| *field == Some(index));
    Ok(LayoutProposal {
        layout: layout.key.clone(),
        rows: rows.len(),
        rows_passed_over: table.len() - rows.len(),
        columns: proposals,
        missing: missing.map(|(_, field)| field.name.clone()).collect(),
        as_known,
    })
}

/// The first rows of the file, header and blank lines left out.
fn read_table(input: impl BufRead) -> Result<Vec<Vec<String>>, AimError> {
    let mut table = Vec::new();
    let mut bounded = input.take(64 * 1024 * 1024);
    let mut line = Vec::new();
    let mut number = 0;
    while table.len() < ROWS {
        line.clear();
        number += 1;
        let read =
            bounded.read_until(b'\n', &mut line).map_err(|source| AimError::Io { line: number, source })?;
        if read == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
        let fields: Vec<String> = text.split('\t').map(|field| field.trim_matches(' ').to_owned()).collect();
        let is_header = number == 1
            && fields.len() == 4
            && chrono::NaiveDate::read(fields.get(1).map_or("", String::as_str)).is_some();
        if !is_header && fields.iter().any(|field| !field.is_empty()) {
            table.push(fields);
        }
    }
    Ok(table)
}

fn usual_width(table: &[Vec<String>]) -> usize {
    let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
    for row in table {
        *widths.entry(row.len()).or_default() += 1;
    }
    widths.into_iter().max_by_key(|(width, count)| (*count, *width)).map_or(0, |(width, _)| width)
}

/// The layout whose record type stands in every row, wherever its column has come to stand.
fn choose<'d>(table: &[Vec<String>], dictionary: &'d Dictionary) -> Option<&'d Layout> {
    let width = usual_width(table);
    let rows = || table.iter().filter(|row| row.len() == width);
    let first = rows().next()?;
    (0..width).find_map(|column| {
        let value = first.get(column)?;
        let layout = dictionary.layout_of_record_type(value).filter(|layout| layout.key != "header")?;
        rows().all(|row| row.get(column) == Some(value)).then_some(layout)
    })
}

/// What stands in a column.
struct Column {
    rows: usize,
    filled: usize,
    /// Different values, as far as they were kept, with how often each stands.
    values: BTreeMap<String, usize>,
    more_values: bool,
    /// How many filled values are different.
    different: usize,
    dates: usize,
    digits: usize,
    numbers: usize,
    names: usize,
    widths: BTreeSet<usize>,
    earliest: Option<chrono::NaiveDate>,
    latest: Option<chrono::NaiveDate>,
    /// One bit a row: whether it is filled.
    pattern: Vec<u64>,
    /// Keys of fields that columns with the same pattern fit, where the pattern is neither all nor none.
    stands_with: BTreeSet<&'static str>,
    /// Whether its single value is the end year of the dates of a column that stands in every row.
    is_year_of_dates: bool,
    /// How often this date is not after that of another column, where both stand.
    not_after: BTreeMap<usize, (usize, usize)>,
}

impl Column {
    fn new<'a>(cells: impl Iterator<Item = &'a String>) -> Self {
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

    fn share(&self, count: usize) -> usize {
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
fn compare_patterns(columns: &mut [Column], rows: &[&Vec<String>], layout: &Layout) {
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
fn compare_columns(columns: &mut [Column], rows: &[&Vec<String>]) {
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

/// How well a field fits a column: a number for the assignment, and why in words.
#[derive(Clone, Debug, Default)]
struct Score {
    total: i64,
    evidence: Vec<String>,
    doubts: Vec<String>,
}

impl Score {
    fn speaks(&mut self, weight: i64, why: impl Into<String>) {
        self.total += weight;
        self.evidence.push(why.into());
    }

    fn against(&mut self, weight: i64, why: impl Into<String>) {
        self.total -= weight;
        self.doubts.push(why.into());
    }
}

const IMPOSSIBLE: i64 = 10_000;

fn score(
    column: &Column,
    index: usize,
    field: &LayoutField,
    layout: &Layout,
    dictionary: &Dictionary,
) -> Score {
    let mut score = Score::default();
    let known = layout.fields.iter().position(|other| other.field == field.field);
    if known == Some(index) {
        // Little, since a shuffled column may come to stand anywhere: it settles what nothing else does.
        score.speaks(2, "stands where the known layout has it");
    }
    if column.filled == 0 {
        if field.required == Requirement::Yes {
            score.against(IMPOSSIBLE, "the column is blank, but the field is required");
        } else {
            score.doubts.push("the column is blank: nothing in it tells what it is".to_owned());
        }
        return score;
    }
    let wrong: usize = column
        .values
        .iter()
        .filter(|(value, _)| field.form_problem(value).is_some())
        .map(|(_, count)| count)
        .sum();
    let looked_at: usize = column.values.values().sum();
    let wrong_percent = wrong * 100 / looked_at.max(1);
    if wrong_percent > 20 {
        score.against(IMPOSSIBLE, format!("{wrong_percent} % of its values have not the form of the field"));
        return score;
    }
    if wrong > 0 {
        score.against(15, format!("{wrong} of {looked_at} values have not the form of the field"));
    }
    if column.filled < column.rows && field.required == Requirement::Yes {
        score.against(
            40,
            format!(
                "blank in {} of {} rows, but the field is required",
                column.rows - column.filled,
                column.rows
            ),
        );
    }
    if let Some(constant) = field.constant() {
        score.speaks(100, format!("holds {constant} in every row"));
        return score;
    }
    by_type(&mut score, column, field);
    by_code_set(&mut score, column, field, dictionary);
    by_key(&mut score, column, field);
    score
}

/// What the type of the field says of the column.
fn by_type(score: &mut Score, column: &Column, field: &LayoutField) {
    let all_digits = column.digits == column.filled;
    match field.field_type {
        FieldType::Date => score.speaks(40, "holds real dates"),
        FieldType::Time => score.speaks(40, "holds times"),
        FieldType::NumericString => {
            let width: Option<usize> = field.format.split_whitespace().find_map(|word| word.parse().ok());
            match width {
                Some(width) if all_digits && column.widths.iter().eq([&width]) => {
                    score.speaks(40, format!("holds {width} digits in every row"));
                }
                _ if all_digits => score.speaks(10, "holds digits only"),
                _ => {}
            }
        }
        FieldType::Numeric if field.format == "YYYY" => {
            let years = column.values.keys().all(|value| value.starts_with("19") || value.starts_with("20"));
            if years && column.different <= 2 {
                score.speaks(60, "holds one year in every row");
            } else {
                score.against(30, "holds many numbers, not one year");
            }
        }
        FieldType::Numeric => {
            score.speaks(if column.numbers == column.filled { 12 } else { 0 }, "holds numbers")
        }
        FieldType::String | FieldType::Alphanumeric => {
            if field.code_set.is_none() && column.dates == column.filled {
                score.against(30, "holds dates, but the field is text");
            }
        }
    }
}

/// What the code set of the field says of the column.
fn by_code_set(score: &mut Score, column: &Column, field: &LayoutField, dictionary: &Dictionary) {
    let Some(set) = field.code_set.as_deref().and_then(|set| dictionary.code_set(set).ok()) else { return };
    let codes = set.entries.iter().filter(|entry| entry.kind == CodeKind::Value).count();
    if codes == 0 || field.field_type == FieldType::NumericString {
        return;
    }
    let members: usize = column.values.keys().filter(|value| set.entry(value).is_some()).count();
    let forms: usize =
        column.values.keys().filter(|value| matches!(set.look_up(value, None), CodeLookup::Form(_))).count();
    if members + forms == column.values.len() && !column.more_values {
        if members == 0 {
            score.speaks(10, format!("has the form of codes of {}", set.key));
            return;
        }
        // A small set that a column fills wholly is stronger than a large one that it touches.
        let covered = members * 100 / codes.max(1);
        score.speaks(
            30 + covered as i64 / 5,
            format!("holds {members} of the {codes} codes of {} and nothing that is no code", set.key),
        );
    } else if members * 2 < column.values.len() {
        score.against(30, format!("mostly holds values outside {}", set.key));
    }
    let usual = column.values.iter().max_by_key(|(_, count)| **count).map(|(value, _)| value.as_str());
    if USUAL.iter().any(|(field_key, code)| field.key == *field_key && usual == Some(code)) {
        score.speaks(6, "its most frequent code is the usual one of the field");
    }
}

/// What most rows of a field hold: most graduates have a regular diploma at the regular time.
const USUAL: [(&str, &str); 2] = [("diploma_type", "W1"), ("diploma_period", "W2")];

/// What the meaning of the field says of the column: the few things that a form cannot tell.
fn by_key(score: &mut Score, column: &Column, field: &LayoutField) {
    let unique = column.different == column.filled && column.rows >= 5;
    let mostly_unique = column.different * 10 >= column.filled * 5 && column.rows >= 5;
    let few = column.different * 20 <= column.filled || column.different == 1;
    let names = column.share(column.names);
    match field.key.as_str() {
        "student_state_id" | "staff_state_id" if mostly_unique => score.speaks(20, "differs from row to row"),
        "district_number" if column.different == 1 => score.speaks(25, "is the same in every row"),
        "district_number" => score.against(20, "differs from row to row"),
        "school_number" | "calendar_number" if few => score.speaks(10, "has few different values"),
        "student_local_id" => {
            if mostly_unique && column.digits == column.filled {
                score.speaks(25, "holds digits that differ from row to row");
            } else {
                score.against(20, "does not look like local numbers");
            }
        }
        "year" if column.is_year_of_dates => score.speaks(40, "is the school year of the dates"),
        "last_name" | "first_name" => {
            if field.key == "last_name" && column.values.keys().any(|name| name.contains(['-', '\''])) {
                score
                    .speaks(12, "some of its names are hyphenated or have an apostrophe, as family names do");
            }
            if field.key == "last_name" {
                score
                    .speaks((column.different * 5 / column.filled.max(1)) as i64, "has many different names");
            }
            if names >= 90 && column.different > 1 {
                score.speaks(35, "holds words of letters that look like names");
            } else {
                score.against(35, "does not look like names");
            }
        }
        "middle_name" if names >= 90 => score.speaks(15, "holds words of letters"),
        "birth_date" => {
            let span = column
                .earliest
                .zip(column.latest)
                .map(|(first, last)| (last - first).num_days())
                .unwrap_or_default();
            if span > 700 && column.different > 10.min(column.filled / 2) {
                score.speaks(30, format!("its dates spread over {} years", span / 365));
            }
        }
        _ if column.filled * 10 < column.rows * 9 && field.required == Requirement::Conditional => {
            score.speaks(5, "is blank in some rows, as a conditional field may be");
        }
        _ if unique && field.code_set.is_none() && field.field_type == FieldType::Numeric => {
            score.against(10, "differs in every row");
        }
        _ => {}
    }
    if column.stands_with.contains(field.key.as_str()) {
        score.speaks(20, "is filled in the rows that its partner field asks for");
    }
    let spread = column.earliest.zip(column.latest).map(|(first, last)| (last - first).num_days());
    match (field.key.as_str(), spread) {
        ("start_date", Some(_)) if column.filled == column.rows => {
            score.speaks(20, "stands in every row");
            let before =
                |(_, (not_after, both)): &(&usize, &(usize, usize))| *not_after == *both && *both > 0;
            let later = column.not_after.iter().filter(before).count();
            if later > 0 {
                score.speaks(5 * later as i64, format!("is not after the dates of {later} other columns"));
            }
        }
        ("end_date", Some(days)) if column.filled < column.rows && days < 400 => {
            score.speaks(10, "is blank in some rows, its dates lie within one school year");
        }
        ("date_first_entered_the_9th_grade", Some(days)) if days >= 300 => {
            score.speaks(20, "its dates spread over several years");
        }
        ("date_first_entered_the_9th_grade", Some(_)) => score.against(10, "its dates lie within one year"),
        ("diploma_date", Some(days)) if days < 400 => score.speaks(4, "its dates lie within one school year"),
        _ => {}
    }
}

/// The assignment of columns to fields with the greatest total. A column may stay without a field, and a field
/// without a column; of two equal assignments the one that keeps the known order wins.
fn assign(scores: &[Vec<Score>], fields: usize) -> Vec<Option<usize>> {
    let columns = scores.len();
    if columns == 0 {
        return Vec::new();
    }
    // Beside the fields stands one "no field" for each column, so that there is always an assignment.
    let weights = Matrix::from_fn(columns, fields + columns, |(column, field)| {
        match scores.get(column).and_then(|row| row.get(field)) {
            Some(score) => score.total * 1000 - column.abs_diff(field) as i64,
            None => -5_000,
        }
    });
    let (_, chosen) = kuhn_munkres(&weights);
    chosen.into_iter().map(|field| Some(field).filter(|field| *field < fields)).collect()
}

/// Puts a column's assignment into words, with what remains in doubt.
fn describe(
    index: usize,
    column: &Column,
    chosen: Option<usize>,
    scores: &[Score],
    layout: &Layout,
) -> ColumnProposal {
    let position = index + 1;
    let found = chosen.and_then(|field| Some((layout.fields.get(field)?, scores.get(field)?)));
    let Some((field, score)) = found else {
        let filled = format!("filled in {} of {} rows", column.filled, column.rows);
        return ColumnProposal {
            position,
            field: format!("unknown_{position}"),
            name: format!("Unknown {position}"),
            known_position: None,
            evidence: vec![filled],
            doubts: vec!["no field of the layout fits".to_owned()],
        };
    };
    let mut doubts = score.doubts.clone();
    // Who else would fit nearly as well: the other fields, whether they found a column or not.
    let rivals: Vec<&str> = scores
        .iter()
        .enumerate()
        .filter(|(rival, other)| {
            Some(*rival) != chosen && column.filled > 0 && other.total > 0 && score.total - other.total <= 10
        })
        .filter_map(|(rival, _)| layout.fields.get(rival))
        .map(|field| field.name.as_str())
        .collect();
    if !rivals.is_empty() {
        doubts.push(format!("fits nearly as well: {}", rivals.join(", ")));
    }
    ColumnProposal {
        position,
        field: field.key.clone(),
        name: field.name.clone(),
        known_position: layout.column(field.field).map(|column| column + 1),
        evidence: score.evidence.clone(),
        doubts,
    }
}

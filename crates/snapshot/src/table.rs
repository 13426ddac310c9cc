//! Tables: the canonical rows of one layout, in canonical order.

use crate::hash::Hasher;
use crate::{ContentHash, SnapshotError};
use opi_dictionary::{DistrictNumber, FieldType, FieldValue, Layout, Row, SchoolYear, StateId, fields};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The typed column that is added to a text column, where the type can hold every right value exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ColumnType {
    /// None: text only. Codes and identifiers stay text, so that no leading zero is lost.
    Text,
    /// A day, in `<column>_date`.
    Date,
    /// The end year of a school year, in `<column>_number`.
    Year,
    /// An exact decimal number of at most 18 digits, 4 of them after the point, in `<column>_number`.
    Decimal,
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The key of the field, such as `start_date`.
    pub name: String,
    /// The typed column beside it.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// Whether its values are personal.
    pub personal: bool,
}

/// What a table holds: every field of its layout as text without the spaces around it, as sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TableSchema {
    /// Its name: the key of the layout.
    pub table: String,
    /// Its columns, in the order of the layout.
    pub columns: Vec<Column>,
    /// The columns by which rows are found and ordered, counted from 0. The remaining ones break ties.
    pub key: Vec<u16>,
}

impl TableSchema {
    /// The schema of a layout.
    #[must_use]
    pub fn of(layout: &Layout) -> Self {
        let columns = layout.fields.iter().map(|field| Column {
            name: field.key.clone(),
            column_type: match (field.field_type, field.format.as_str()) {
                (FieldType::Date, _) => ColumnType::Date,
                (FieldType::Numeric, "YYYY") => ColumnType::Year,
                (FieldType::Numeric, _) => ColumnType::Decimal,
                _ => ColumnType::Text,
            },
            personal: field.personal,
        });
        let key = layout.key_fields.iter().filter_map(|field| layout.column(*field));
        TableSchema {
            table: layout.key.clone(),
            columns: columns.collect(),
            key: key.filter_map(|column| u16::try_from(column).ok()).collect(),
        }
    }

    /// The column of this name, counted from 0.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The order in which columns are compared: the key, then the rest.
    fn comparison_order(&self) -> Vec<usize> {
        let key = self.key.iter().map(|column| usize::from(*column));
        let mut order: Vec<usize> = key.filter(|column| *column < self.columns.len()).collect();
        order.extend((0..self.columns.len()).filter(|column| !self.is_key(*column)));
        order
    }

    pub(crate) fn is_key(&self, column: usize) -> bool {
        self.key.iter().any(|key| usize::from(*key) == column)
    }
}

/// Where a row comes from. It is kept beside the row and is no part of its content: the same row sent again in
/// another file is the same row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The number of the source in the snapshot's list of sources, counted from 0.
    pub source: u32,
    /// The line in it.
    pub line: u64,
    /// The district that the row is of: the one it names, else the one that sent it.
    pub district: Option<DistrictNumber>,
}

/// The canonical rows of one layout, in canonical order: by key, then by all other columns, compared byte by
/// byte. Rows that are alike all stay.
#[derive(Clone)]
pub struct Table {
    schema: TableSchema,
    rows: Rows,
    content: ContentHash,
}

/// Rows in memory: one text, fields parted by a tab; where fields end; where rows end.
#[derive(Clone, Default)]
pub(crate) struct Rows {
    text: String,
    /// Ends of fields but the last of each row, as offsets in `text`.
    separators: Vec<u32>,
    /// Where each row starts and ends in `text`.
    spans: Vec<(u32, u32)>,
    origins: Vec<Origin>,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(crate) fn text_len(&self) -> usize {
        self.text.len()
    }

    /// Adds a row of as many texts as the table has columns.
    pub(crate) fn push<'t>(
        &mut self,
        schema: &TableSchema,
        texts: impl IntoIterator<Item = &'t str>,
        origin: Origin,
    ) -> Result<(), SnapshotError> {
        let (start, first_separator) = (self.text.len(), self.separators.len());
        let mut count = 0;
        for text in texts {
            if count > 0 {
                self.separators.push(self.text.len() as u32);
                self.text.push('\t');
            }
            self.text.push_str(text.trim_matches(' '));
            count += 1;
        }
        let wanted = schema.columns.len();
        let end = u32::try_from(self.text.len());
        let (Ok(end), true) = (end, count == wanted) else {
            self.text.truncate(start);
            self.separators.truncate(first_separator);
            let table = schema.table.clone();
            return Err(if count == wanted {
                SnapshotError::TableTooLarge { table }
            } else {
                SnapshotError::WrongWidth { table, found: count, expected: wanted }
            });
        };
        self.spans.push((start as u32, end));
        self.origins.push(origin);
        Ok(())
    }

    /// Whether both hold the same texts from the same places.
    pub(crate) fn same(&self, other: &Rows, columns: usize) -> bool {
        self.spans == other.spans && self.origins == other.origins && columns > 0 && self.text == other.text
    }

    pub(crate) fn record(&self, row: usize, columns: usize) -> Option<Record<'_>> {
        let (start, end) = *self.spans.get(row)?;
        let parts = columns.saturating_sub(1);
        let separators = self.separators.get(row * parts..(row + 1) * parts)?;
        Some(Record { text: &self.text, separators, start, end, origin: *self.origins.get(row)? })
    }
}

/// One row of a [`Table`], borrowed.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    text: &'a str,
    separators: &'a [u32],
    start: u32,
    end: u32,
    origin: Origin,
}

impl<'a> Record<'a> {
    /// The text of a column, counted from 0; blank where there is none.
    #[inline]
    #[must_use]
    pub fn field(&self, column: usize) -> &'a str {
        let start = match column.checked_sub(1) {
            None => Some(self.start),
            Some(before) => self.separators.get(before).map(|end| end + 1),
        };
        let end = match self.separators.get(column) {
            Some(end) => Some(*end),
            None if column == self.separators.len() => Some(self.end),
            None => None,
        };
        match (start, end) {
            (Some(start), Some(end)) => self.text.get(start as usize..end as usize).unwrap_or_default(),
            _ => "",
        }
    }

    /// How many columns it has.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.separators.len() + 1
    }

    /// Where it comes from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// It without its first columns, of which at least one must stay.
    pub(crate) fn without(&self, columns: usize) -> Self {
        let last = columns.checked_sub(1).and_then(|last| self.separators.get(last));
        let start = last.map_or(self.start, |separator| separator + 1);
        Record { start, separators: self.separators.get(columns..).unwrap_or_default(), ..*self }
    }

    /// It as a row of a layout whose fields are the columns of its table, in their order.
    #[inline]
    #[must_use]
    pub fn row(&self, layout: &'a Layout) -> Row<'a> {
        Row::from_parts(layout, self.text, self.separators, self.start, self.end, self.origin.line, 0)
    }
}

/// Shows the place, never the values.
impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record(source {}, line {})", self.origin.source, self.origin.line)
    }
}

impl Table {
    /// What it holds.
    #[must_use]
    pub fn schema(&self) -> &TableSchema {
        &self.schema
    }

    /// Its name: the key of its layout.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.schema.table
    }

    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.spans.len()
    }

    /// Whether it has no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The hash of its name, columns and canonical rows. Where rows come from is no part of it.
    #[must_use]
    pub fn content(&self) -> ContentHash {
        self.content
    }

    /// A row, counted from 0.
    #[must_use]
    pub fn record(&self, row: usize) -> Option<Record<'_>> {
        self.rows.record(row, self.schema.columns.len())
    }

    /// The rows in canonical order.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        (0..self.len()).filter_map(|row| self.record(row))
    }

    /// The rows in canonical order, as rows of a layout.
    ///
    /// # Errors
    /// When the layout has not the columns of this table in their order: see [`Table::conform`].
    pub fn rows<'a>(&'a self, layout: &'a Layout) -> Result<impl Iterator<Item = Row<'a>>, SnapshotError> {
        let same = self.schema.columns.iter().map(|column| &column.name);
        if layout.key != self.schema.table || !layout.fields.iter().map(|field| &field.key).eq(same) {
            return Err(SnapshotError::OtherColumns { table: self.schema.table.clone() });
        }
        Ok(self.records().map(move |record| record.row(layout)))
    }

    /// This table with the columns of a layout, in its order; a column that this table lacks is blank.
    ///
    /// # Errors
    /// When the layout is of another table, or lacks a column of this one: nothing is dropped.
    pub fn conform(&self, layout: &Layout) -> Result<Table, SnapshotError> {
        let schema = TableSchema::of(layout);
        let lacks = self.schema.columns.iter().find(|column| schema.column(&column.name).is_none());
        if schema.table != self.schema.table || lacks.is_some() {
            return Err(SnapshotError::OtherColumns { table: self.schema.table.clone() });
        }
        let from: Vec<Option<usize>> =
            schema.columns.iter().map(|column| self.schema.column(&column.name)).collect();
        let mut builder = TableBuilder::new(schema);
        for record in self.records() {
            let texts = from.iter().map(|column| column.map_or("", |column| record.field(column)));
            builder.push(texts, record.origin())?;
        }
        Ok(builder.finish())
    }

    /// The rows of one district.
    ///
    /// # Errors
    /// None but those of [`TableBuilder::push`], which a part of a table does not meet.
    pub fn of_district(&self, district: DistrictNumber) -> Result<Table, SnapshotError> {
        self.filter(|record| record.origin().district == Some(district))
    }

    /// The rows that `keep` answers true for.
    ///
    /// # Errors
    /// As [`Table::of_district`].
    pub fn filter(&self, mut keep: impl FnMut(&Record<'_>) -> bool) -> Result<Table, SnapshotError> {
        let mut builder = TableBuilder::new(self.schema.clone());
        for record in self.records().filter(|record| keep(record)) {
            builder.push((0..record.columns()).map(|column| record.field(column)), record.origin())?;
        }
        Ok(builder.finish())
    }

    /// The column of state ids, where the table has one.
    pub(crate) fn student_column(&self) -> Option<usize> {
        self.schema.column("student_state_id")
    }
}

/// Tables are equal when their schemas and rows are, wherever the rows come from.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.schema == other.schema && self.content == other.content && self.len() == other.len()
    }
}

/// Shows name and size, never the values.
impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({}, {} rows, {:?})", self.schema.table, self.len(), self.content)
    }
}

/// Gathers rows in any order and puts them into canonical order.
pub struct TableBuilder {
    schema: TableSchema,
    rows: Rows,
}

impl TableBuilder {
    /// A table of this schema, still empty.
    #[must_use]
    pub fn new(schema: TableSchema) -> Self {
        TableBuilder { schema, rows: Rows::default() }
    }

    /// Adds a row, its texts in the order of the columns; spaces around them are set aside.
    ///
    /// # Errors
    /// When there are more or fewer texts than columns, or all texts together pass 4 GiB.
    pub fn push<'t>(
        &mut self,
        texts: impl IntoIterator<Item = &'t str>,
        origin: Origin,
    ) -> Result<(), SnapshotError> {
        self.rows.push(&self.schema, texts, origin)
    }

    /// Adds a row of a file. A field that the row lacks is blank.
    ///
    /// # Errors
    /// As [`TableBuilder::push`].
    pub fn push_row(&mut self, row: &Row<'_>, origin: Origin) -> Result<(), SnapshotError> {
        let width = self.schema.columns.len();
        self.push((0..width).map(|column| row.raw_at(column).unwrap_or_default()), origin)
    }

    /// How many rows were added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.spans.len()
    }

    /// Whether no row was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The table.
    #[must_use]
    pub fn finish(self) -> Table {
        let TableBuilder { schema, rows } = self;
        let width = schema.columns.len();
        let comparison = schema.comparison_order();
        let record = |row: &usize| rows.record(*row, width);
        let compare = |one: &usize, two: &usize| {
            let (Some(one), Some(two)) = (record(one), record(two)) else { return std::cmp::Ordering::Equal };
            let mut by_field = comparison.iter().map(|column| one.field(*column).cmp(two.field(*column)));
            let order = by_field.find(|order| order.is_ne());
            order.unwrap_or_else(|| one.origin.cmp(&two.origin))
        };
        let in_order = (1..rows.spans.len()).all(|row| compare(&(row - 1), &row).is_le());
        let rows = if in_order {
            rows
        } else {
            // The start of the first text compared settles most pairs without a look at the rows.
            let first = comparison.first().copied().unwrap_or_default();
            let start = |row: usize| record(&row).map_or(0, |record| first_bytes(record.field(first)));
            let mut order: Vec<(u128, usize)> = (0..rows.spans.len()).map(|row| (start(row), row)).collect();
            order.sort_unstable_by(|one, two| one.0.cmp(&two.0).then_with(|| compare(&one.1, &two.1)));
            reorder(&rows, order.iter().map(|(_, row)| *row), width)
        };
        let content = content_of(&schema, &rows);
        Table { schema, rows, content }
    }
}

/// The first sixteen bytes of a text as a number that sorts as the text does; zeros follow a shorter one.
fn first_bytes(text: &str) -> u128 {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    u128::from_be_bytes(bytes)
}

fn reorder(rows: &Rows, order: impl Iterator<Item = usize>, width: usize) -> Rows {
    let mut sorted = Rows {
        text: String::with_capacity(rows.text.len()),
        separators: Vec::with_capacity(rows.separators.len()),
        spans: Vec::with_capacity(rows.spans.len()),
        origins: Vec::with_capacity(rows.origins.len()),
    };
    for record in order.filter_map(|row| rows.record(row, width)) {
        let start = sorted.text.len() as u32;
        let text = record.text.get(record.start as usize..record.end as usize).unwrap_or_default();
        sorted.separators.extend(record.separators.iter().map(|end| end - record.start + start));
        sorted.text.push_str(text);
        sorted.spans.push((start, sorted.text.len() as u32));
        sorted.origins.push(record.origin);
    }
    sorted
}

fn content_of(schema: &TableSchema, rows: &Rows) -> ContentHash {
    let mut hasher = Hasher::new("opi snapshot: canonical rows, version 1");
    hasher.text(&schema.table);
    hasher.number(schema.columns.len() as u64);
    schema.columns.iter().for_each(|column| hasher.text(&column.name));
    hasher.number(rows.spans.len() as u64);
    for record in (0..rows.spans.len()).filter_map(|row| rows.record(row, schema.columns.len())) {
        (0..record.columns()).for_each(|column| hasher.text(record.field(column)));
    }
    hasher.finish()
}

/// The typed value of a text, as the typed columns hold it. `None` for a blank and for a text that has not the
/// form of its type: the text itself is always there.
impl ColumnType {
    /// The day.
    #[must_use]
    pub fn date(self, text: &str) -> Option<chrono::NaiveDate> {
        if self == ColumnType::Date { chrono::NaiveDate::read(text) } else { None }
    }

    /// The end year of the school year.
    #[must_use]
    pub fn year(self, text: &str) -> Option<SchoolYear> {
        if self == ColumnType::Year { SchoolYear::read(text) } else { None }
    }

    /// The exact number, where four decimal places and 18 digits hold it.
    #[must_use]
    pub fn decimal(self, text: &str) -> Option<Decimal> {
        let limit = Decimal::from(100_000_000_000_000_i64);
        let number = if self == ColumnType::Decimal { Decimal::read(text)? } else { return None };
        (number.normalize().scale() <= 4 && number.abs() < limit).then_some(number)
    }
}

/// The district that a row names.
pub(crate) fn district_of(row: &Row<'_>) -> Option<DistrictNumber> {
    row.value(fields::DISTRICT_NUMBER).ok().flatten()
}

/// The number of a state id; `None` for a text that is none.
pub(crate) fn student_number(text: &str) -> Option<u32> {
    text.parse::<StateId>().ok().map(|id| id.reveal_number())
}

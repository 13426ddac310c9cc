//! One record of a file, borrowed from the reader's buffer.

use crate::check::{FieldProblem, trim as trim_bytes};
use crate::layout::{Layout, LayoutField, trim};
use crate::personal::{Personal, shape};
use crate::value::FieldValue;
use crate::{FieldId, SchoolYear, YesNo};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::fmt;

/// The fields of one record, borrowed. The raw text of every field is always there; typed access trims the
/// spaces around it and answers `Ok(None)` for a blank. A row knows its layout and its place, no file.
///
/// Rows come from a reader, or from a [`RowBuffer`].
///
/// ```
/// use opi_dictionary::{Dictionary, RowBuffer, fields};
/// let layout = Dictionary::built_in().layout("fram")?;
/// let mut buffer = RowBuffer::new(layout);
/// buffer.set(fields::ELIGIBILITY_START_DATE, "08/27/2025");
/// let row = buffer.row();
/// assert_eq!(row.raw(fields::ELIGIBILITY_START_DATE), Some("08/27/2025"));
/// assert_eq!(row.date(fields::ELIGIBILITY_START_DATE)?.map(|day| day.to_string()).as_deref(), Some("2025-08-27"));
/// assert_eq!(row.date(fields::ELIGIBILITY_END_DATE)?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Row<'a> {
    layout: &'a Layout,
    text: &'a str,
    /// Where fields end within `text`: the separators, without the end of the last field.
    separators: &'a [u32],
    start: u32,
    end: u32,
    line: u64,
    byte: u64,
}

impl<'a> Row<'a> {
    /// A row from its parts: the text that holds it, where it starts and ends there, where its separators
    /// (one byte each) stand, its line in the file and the offset of its first byte in the file.
    /// Positions that do not fit the text give blank fields, never a panic.
    #[inline]
    #[must_use]
    pub fn from_parts(
        layout: &'a Layout,
        text: &'a str,
        separators: &'a [u32],
        start: u32,
        end: u32,
        line: u64,
        byte: u64,
    ) -> Self {
        Row { layout, text, separators, start, end, line, byte }
    }

    /// The layout by which its fields are named.
    #[inline]
    #[must_use]
    pub fn layout(&self) -> &'a Layout {
        self.layout
    }

    /// Physical line in the file, 1 = first line.
    #[inline]
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Offset of its first byte in the file.
    #[inline]
    #[must_use]
    pub fn byte(&self) -> u64 {
        self.byte
    }

    /// How many fields it has.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.separators.len() + 1
    }

    /// Whether all its fields are blank.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields().all(|field| trim(field).is_empty())
    }

    /// The raw text of a column, counted from 0.
    #[inline]
    #[must_use]
    pub fn raw_at(&self, column: usize) -> Option<&'a str> {
        let (start, end) = self.ends(column, column)?;
        self.text.get(start as usize..end as usize)
    }

    /// Where a column starts, and where the same or another one ends.
    #[inline]
    fn ends(&self, first: usize, last: usize) -> Option<(u32, u32)> {
        let start = match first.checked_sub(1) {
            None => self.start,
            Some(before) => self.separators.get(before)?.wrapping_add(1),
        };
        let end = match self.separators.get(last) {
            Some(end) => *end,
            None if last == self.separators.len() => self.end,
            None => return None,
        };
        Some((start, end))
    }

    /// The bytes of the columns in order: those of [`Row::raw_at`], without its look at character boundaries.
    #[inline]
    pub fn columns(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (bytes, mut start) = (self.text.as_bytes(), self.start as usize);
        self.separators.iter().copied().chain(std::iter::once(self.end)).map(move |end| {
            let column = bytes.get(start..end as usize).unwrap_or_default();
            start = end as usize + 1;
            column
        })
    }

    /// The columns from the first to the last, both included, in one piece; `None` where the record lacks one.
    #[inline]
    #[must_use]
    pub fn stretch(&self, first: usize, last: usize) -> Option<Stretch<'a>> {
        let (start, end) = self.ends(first, last)?;
        Some(Stretch {
            bytes: self.text.as_bytes().get(start as usize..end as usize)?,
            separators: self.separators.get(first..last)?,
            start,
        })
    }

    /// The bytes of a column: those of [`Row::raw_at`], without its look at character boundaries.
    #[inline]
    #[must_use]
    pub fn bytes_at(&self, column: usize) -> Option<&'a [u8]> {
        let (start, end) = self.ends(column, column)?;
        self.text.as_bytes().get(start as usize..end as usize)
    }

    /// The raw text of a field as it stands in the file; `None` where the layout or the record lacks it.
    #[inline]
    #[must_use]
    pub fn raw(&self, field: FieldId) -> Option<&'a str> {
        self.raw_at(self.layout.column(field)?)
    }

    /// The raw text of the field with this name or key.
    #[must_use]
    pub fn raw_named(&self, name: &str) -> Option<&'a str> {
        self.raw(self.layout.field_named(name)?.field)
    }

    /// The text of a field without spaces around it; blank where the layout or the record lacks it.
    #[inline]
    #[must_use]
    pub fn text(&self, field: FieldId) -> &'a str {
        trim(self.raw(field).unwrap_or_default())
    }

    /// The raw fields in order.
    pub fn fields(&self) -> impl Iterator<Item = &'a str> + '_ {
        (0..self.len()).map(|column| self.raw_at(column).unwrap_or_default())
    }

    /// The record as it stands in the text, separators included.
    #[inline]
    #[must_use]
    pub fn record(&self) -> &'a str {
        self.text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Tests every field against the layout, in order of columns: presence where required, length, form, code
    /// set, and spaces around it. A field of a record that is too short counts as blank.
    #[inline]
    pub fn each_problem(&self, mut found: impl FnMut(usize, FieldProblem)) {
        let bytes = self.text.as_bytes();
        let mut start = self.start as usize;
        // Cut fields at the end of a short record count as blank.
        let ends = self.separators.iter().copied().chain(std::iter::once(self.end));
        for ((column, check), end) in
            self.layout.checks.iter().enumerate().zip(ends.chain(std::iter::repeat(self.end)))
        {
            let raw = bytes.get(start..end as usize).unwrap_or_default();
            start = (end as usize).wrapping_add(1);
            if raw.is_empty() {
                if check.required {
                    found(column, FieldProblem::Blank);
                }
                continue;
            }
            let value = match raw {
                [b' ', ..] | [.., b' '] => {
                    found(column, FieldProblem::Untrimmed);
                    trim_bytes(raw)
                }
                _ => raw,
            };
            let problem = if !value.is_empty() {
                check.test(value)
            } else if check.required {
                Some(FieldProblem::Blank)
            } else {
                None
            };
            if let Some(problem) = problem {
                found(column, problem);
            }
        }
    }

    /// A field as a typed value; `Ok(None)` when blank.
    ///
    /// # Errors
    /// When the text has not the form of the type; the error names field, form found, and form expected.
    pub fn value<T: FieldValue>(&self, field: FieldId) -> Result<Option<T>, FieldError> {
        match self.text(field) {
            "" => Ok(None),
            text => match T::read(text) {
                Some(value) => Ok(Some(value)),
                None => Err(self.error(field, text, T::expected(text))),
            },
        }
    }

    /// A field as a date.
    ///
    /// # Errors
    /// When it is no real date MM/DD/YYYY.
    pub fn date(&self, field: FieldId) -> Result<Option<NaiveDate>, FieldError> {
        self.value(field)
    }

    /// A field as a whole number.
    ///
    /// # Errors
    /// When it is not made of digits.
    pub fn integer(&self, field: FieldId) -> Result<Option<u32>, FieldError> {
        self.value(field)
    }

    /// A field as an exact decimal number.
    ///
    /// # Errors
    /// When it is no plain decimal number.
    pub fn decimal(&self, field: FieldId) -> Result<Option<Decimal>, FieldError> {
        self.value(field)
    }

    /// A field as yes or no.
    ///
    /// # Errors
    /// When it is neither Y nor N.
    pub fn flag(&self, field: FieldId) -> Result<Option<bool>, FieldError> {
        match self.value::<YesNo>(field)? {
            None => Ok(None),
            Some(YesNo::Yes) => Ok(Some(true)),
            Some(YesNo::No) => Ok(Some(false)),
            Some(YesNo::Other(text)) => Err(self.error(field, &text, Cow::Borrowed("Y or N"))),
        }
    }

    /// A field as a school year by its end year.
    ///
    /// # Errors
    /// When it is no year of four digits.
    pub fn year(&self, field: FieldId) -> Result<Option<SchoolYear>, FieldError> {
        self.value(field)
    }

    /// A field as a code of its code set in the dictionary, on a day if one is given. A code that is not
    /// permitted is an error that says why.
    ///
    /// # Errors
    /// When the field has no code set, or the code may not stand.
    pub fn code(
        &self,
        dictionary: &crate::Dictionary,
        field: FieldId,
        on: Option<NaiveDate>,
    ) -> Result<Option<&'a str>, FieldError> {
        let text = self.text(field);
        if text.is_empty() {
            return Ok(None);
        }
        let set = self.layout.field(field).and_then(|field| field.code_set.as_deref());
        let Some(set) = set else {
            return Err(self.error(field, text, Cow::Borrowed("a field that has a code set")));
        };
        match dictionary.look_up(set, text, on) {
            Ok(found) if found.is_permitted() => Ok(Some(text)),
            Ok(found) => Err(self.error(
                field,
                text,
                Cow::Owned(format!("a code of {set}; found one that is {found}")),
            )),
            Err(_) => {
                Err(self.error(field, text, Cow::Owned(format!("a code of {set}, which is not known"))))
            }
        }
    }

    fn error(&self, field: FieldId, found: &str, expected: Cow<'static, str>) -> FieldError {
        let name = self.layout.field(field).map(|field| field.name.clone());
        FieldError {
            field,
            name: name.unwrap_or_else(|| format!("field {}", field.number())),
            line: self.line,
            found: Personal::new(found.to_owned()),
            expected,
        }
    }
}

/// Some columns of a record that stand side by side: their bytes, and where they are parted.
#[derive(Clone, Copy)]
pub struct Stretch<'a> {
    bytes: &'a [u8],
    separators: &'a [u32],
    start: u32,
}

impl<'a> Stretch<'a> {
    /// The bytes, separators included.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where its columns are parted, counted from its first byte.
    pub fn parts(&self) -> impl Iterator<Item = u32> + use<'a> {
        let start = self.start;
        self.separators.iter().map(move |separator| separator.wrapping_sub(start))
    }

    /// Whether its columns are parted at these places.
    #[inline]
    #[must_use]
    pub fn is_parted_at(&self, parts: &[u32]) -> bool {
        let ((mine, my_rest), (others, rest)) = (self.separators.as_chunks::<4>(), parts.as_chunks::<4>());
        // Four at a time and all of them, so that the compiler looks at four at once.
        let mut differing = [0; 4];
        for (mine, others) in mine.iter().zip(others) {
            for ((bits, mine), other) in differing.iter_mut().zip(mine).zip(others) {
                *bits |= mine.wrapping_sub(self.start) ^ other;
            }
        }
        let same = |(mine, other): (&u32, &u32)| mine.wrapping_sub(self.start) == *other;
        self.separators.len() == parts.len() && differing == [0; 4] && my_rest.iter().zip(rest).all(same)
    }
}

/// Shows how long it is, never the values.
impl fmt::Debug for Stretch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stretch({} columns, {} bytes)", self.separators.len() + 1, self.bytes.len())
    }
}

/// Shows the place, never the values.
impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({}, line {}, {} fields)", self.layout.key, self.line, self.len())
    }
}

/// Rows are equal when their fields are, wherever they stand.
impl PartialEq for Row<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.layout.key == other.layout.key && self.fields().eq(other.fields())
    }
}

/// A field that has not the form of its type. The value is kept, but shown only as its outline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, {name}: found {}, expected {expected}", found_in_words(.found.reveal()))]
pub struct FieldError {
    /// The field.
    pub field: FieldId,
    /// Its name.
    pub name: String,
    /// The line of the record; 0 when it stands in no file.
    pub line: u64,
    /// What was found.
    pub found: Personal<String>,
    /// What would be right.
    pub expected: Cow<'static, str>,
}

fn found_in_words(found: &str) -> String {
    if found.is_empty() { "nothing".to_owned() } else { shape(found) }
}

/// A record under construction: fields are set in any order and read as a [`Row`].
#[derive(Clone)]
pub struct RowBuffer<'a> {
    layout: &'a Layout,
    values: Vec<String>,
    text: String,
    separators: Vec<u32>,
}

impl<'a> RowBuffer<'a> {
    /// A record of a layout, all blank but its record type.
    #[must_use]
    pub fn new(layout: &'a Layout) -> Self {
        let mut buffer = RowBuffer {
            layout,
            values: vec![String::new(); layout.fields.len()],
            text: String::new(),
            separators: Vec::with_capacity(layout.fields.len()),
        };
        buffer.clear();
        buffer
    }

    /// The layout.
    #[must_use]
    pub fn layout(&self) -> &'a Layout {
        self.layout
    }

    /// Blanks all fields but the record type.
    pub fn clear(&mut self) {
        for (value, field) in self.values.iter_mut().zip(&self.layout.fields) {
            value.clear();
            if field.field == crate::fields::RECORD_TYPE {
                value.push_str(&self.layout.record_type);
            }
        }
    }

    /// Sets a field. Answers false, and sets nothing, where the layout lacks it.
    pub fn set(&mut self, field: FieldId, text: &str) -> bool {
        match self.layout.column(field).and_then(|column| self.values.get_mut(column)) {
            Some(value) => {
                value.clear();
                value.push_str(text);
                true
            }
            None => false,
        }
    }

    /// The text of a column, for writing in place.
    pub fn column_mut(&mut self, column: usize) -> Option<&mut String> {
        self.values.get_mut(column)
    }

    /// The record as a row that stands in no file.
    pub fn row(&mut self) -> Row<'_> {
        self.row_at(0, 0)
    }

    /// The record as a row that stands at this line and byte of a file.
    pub fn row_at(&mut self, line: u64, byte: u64) -> Row<'_> {
        self.text.clear();
        self.separators.clear();
        for (column, value) in self.values.iter().enumerate() {
            if column > 0 {
                self.separators.push(self.text.len() as u32);
                self.text.push('\t');
            }
            self.text.push_str(value);
        }
        Row::from_parts(self.layout, &self.text, &self.separators, 0, self.text.len() as u32, line, byte)
    }
}

/// Shows the layout, never the values.
impl fmt::Debug for RowBuffer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowBuffer({})", self.layout.key)
    }
}

impl LayoutField {
    /// The error for a value that has not the form of this field.
    #[must_use]
    pub fn error(&self, line: u64, found: &str) -> FieldError {
        FieldError {
            field: self.field,
            name: self.name.clone(),
            line,
            found: Personal::new(found.to_owned()),
            expected: Cow::Owned(self.expected()),
        }
    }
}

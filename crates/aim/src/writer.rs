//! Writes AIM files: a record that the layout forbids cannot be written.

use crate::error::Unwritable;
use crate::{AimError, Header};
use opi_dictionary::{Dictionary, FieldId, HeaderRule, Layout, LayoutField, Record, Row};
use std::io::Write;

/// Writes one tab-separated AIM file in canonical form: UTF-8 without byte order mark, the header record where
/// the layout has one, fields parted by single tabs, every line ended by carriage return and line feed.
///
/// ```
/// use opi_aim::{Header, Writer};
/// use opi_dictionary::{Dictionary, records::MealEligibility};
/// let layout = Dictionary::built_in().layout("fram")?;
/// let mut writer = Writer::new(Vec::new(), layout, None)?;
/// let meal = MealEligibility::builder()
///     .student_state_id("990000101".parse()?)
///     .eligibility("N".into())
///     .eligibility_start_date(chrono::NaiveDate::from_ymd_opt(2025, 8, 27).unwrap())
///     .build()?;
/// writer.write_record(&meal)?;
/// assert_eq!(writer.finish()?, b"990000101\t\t\tN\t\t08/27/2025\t\r\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Writer<'d, W: Write> {
    out: W,
    layout: &'d Layout,
    header: Option<Header>,
    header_written: bool,
    records: u64,
    line: String,
    value: String,
}

impl<'d, W: Write> Writer<'d, W> {
    /// A writer of a file of this layout, with this header. Where none is given for a layout that requires one, the
    /// file has none and is not canonical.
    ///
    /// # Errors
    /// When the layout is XML, or a header is given and files of the layout have none.
    pub fn new(out: W, layout: &'d Layout, header: Option<Header>) -> Result<Self, AimError> {
        if layout.is_xml() {
            return Err(AimError::WrongForm { layout: layout.key.clone(), xml: true });
        }
        if header.is_some() && layout.header == HeaderRule::None {
            return Err(AimError::NoHeader { layout: layout.key.clone() });
        }
        let (line, value) = (String::new(), String::new());
        Ok(Writer { out, layout, header, header_written: false, records: 0, line, value })
    }

    /// Writes a typed record, its fields in the order of the layout.
    ///
    /// # Errors
    /// When the record is of another layout, or a field is not as the layout wants it or has a value and no place in
    /// it (the error names it; the record is not written), or the stream fails.
    pub fn write_record<R: Record>(&mut self, record: &R) -> Result<(), AimError> {
        if R::LAYOUT != self.layout.key {
            return Err(self.other_layout(R::LAYOUT));
        }
        let layout = self.layout;
        for field in R::FIELDS.iter().filter(|field| layout.column(**field).is_none()) {
            self.value.clear();
            record.write_field(*field, &mut self.value);
            if !self.value.is_empty() {
                // Typed records hold built-in fields alone.
                let known = Dictionary::built_in().field_info(*field);
                return Err(self.no_place(known.map_or("a field", |known| &known.name)));
            }
        }
        self.write_with(|field, out| {
            if field == opi_dictionary::fields::RECORD_TYPE {
                out.push_str(&layout.record_type);
            } else {
                record.write_field(field, out);
            }
        })
    }

    /// Writes a row, its fields in the order of this writer's layout, each tested against it.
    ///
    /// # Errors
    /// As [`Writer::write_record`].
    pub fn write_row(&mut self, row: &Row<'_>) -> Result<(), AimError> {
        if row.layout().key != self.layout.key {
            return Err(self.other_layout(&row.layout().key));
        }
        self.has_places(row)?;
        self.write_with(|field, out| out.push_str(row.raw(field).unwrap_or_default()))
    }

    /// Copies a row as it stands, its fields untested, only the form of the line made canonical: for passing on
    /// rows that are wrong, so that someone can mend them.
    ///
    /// # Errors
    /// When the row is of another layout or has a value that has no place in this one, or the stream fails.
    pub fn copy_row(&mut self, row: &Row<'_>) -> Result<(), AimError> {
        if row.layout().key != self.layout.key {
            return Err(self.other_layout(&row.layout().key));
        }
        self.has_places(row)?;
        self.line.clear();
        for (column, field) in self.layout.fields.iter().enumerate() {
            if column > 0 {
                self.line.push('\t');
            }
            self.line.push_str(row.raw(field.field).unwrap_or_default());
        }
        self.end_line()
    }

    /// How many records were written.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Writes what is outstanding (the header, where no record came) and hands the stream back.
    ///
    /// # Errors
    /// When the stream fails.
    pub fn finish(mut self) -> Result<W, AimError> {
        let written = self.write_header().and_then(|()| self.out.flush());
        written.map_err(|source| AimError::Io { line: self.records + 1, source })?;
        Ok(self.out)
    }

    fn write_with(&mut self, mut text: impl FnMut(FieldId, &mut String)) -> Result<(), AimError> {
        self.line.clear();
        for (column, field) in self.layout.fields.iter().enumerate() {
            if column > 0 {
                self.line.push('\t');
            }
            self.value.clear();
            text(field.field, &mut self.value);
            if let Some(problem) = unwritable(field, &self.value) {
                return Err(AimError::Forbidden {
                    layout: self.layout.key.clone(),
                    record: self.records + 1,
                    field: field.name.clone(),
                    problem,
                    expected: field.expected(),
                });
            }
            self.line.push_str(&self.value);
        }
        self.end_line()
    }

    fn end_line(&mut self) -> Result<(), AimError> {
        self.line.push_str("\r\n");
        let written = self.write_header().and_then(|()| self.out.write_all(self.line.as_bytes()));
        written.map_err(|source| AimError::Io { line: self.records + 2, source })?;
        self.records += 1;
        Ok(())
    }

    fn write_header(&mut self) -> std::io::Result<()> {
        if std::mem::replace(&mut self.header_written, true) {
            return Ok(());
        }
        match &self.header {
            Some(header) => write!(self.out, "{header}\r\n"),
            None => Ok(()),
        }
    }

    /// Makes sure that each value of a row has a place: the row may be of another edition of the layout.
    fn has_places(&self, row: &Row<'_>) -> Result<(), AimError> {
        if std::ptr::eq(row.layout(), self.layout) {
            return Ok(());
        }
        let lost = row
            .layout()
            .fields
            .iter()
            .find(|field| self.layout.column(field.field).is_none() && !row.text(field.field).is_empty());
        lost.map_or(Ok(()), |field| Err(self.no_place(&field.name)))
    }

    fn no_place(&self, field: &str) -> AimError {
        let (layout, field) = (self.layout.key.clone(), field.to_owned());
        AimError::NoPlace { layout, record: self.records + 1, field }
    }

    fn other_layout(&self, found: &str) -> AimError {
        AimError::OtherLayout {
            record: self.records + 1,
            found: found.to_owned(),
            wanted: self.layout.key.clone(),
        }
    }
}

/// Why a value cannot be written into a field.
pub(crate) fn unwritable(field: &LayoutField, value: &str) -> Option<Unwritable> {
    if value.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        Some(Unwritable::ControlCharacter)
    } else if matches!(value.as_bytes(), [b' ', ..] | [.., b' ']) {
        Some(Unwritable::Untrimmed)
    } else {
        field.problem(value).map(Unwritable::Form)
    }
}

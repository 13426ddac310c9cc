//! Reading: any federal file as header and records of text, with what cannot be read said in place.

use crate::check::open_file;
use crate::write::HEADER_COLUMNS;
use crate::{
    Catalogue, CheckOptions, DataRow, EdfactsError, FileForm, FileNumber, Header, Layout, Level, NamedFile,
    Role,
};
use opi_dictionary::SchoolYear;
use std::borrow::Cow;

/// A federal file as read: its kind, header and rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FederalFile {
    /// The file specification.
    pub number: FileNumber,
    /// The level.
    pub level: Level,
    /// The school year.
    pub year: SchoolYear,
    /// The form.
    pub form: FileForm,
    /// The header.
    pub header: Header,
    /// The data records that have the form of the layout, with their physical lines.
    pub rows: Vec<(u64, DataRow)>,
    /// Lines that have not: their physical numbers.
    pub unreadable: Vec<u64>,
}

/// Reads a file of any catalogued kind in any form. What is wrong inside is for the checker to say; a line
/// that does not fit the layout is listed, not dropped.
///
/// ```
/// use opi_edfacts::{Catalogue, CheckOptions, NamedFile, StateProfile, read_file};
/// let text = "LEA SUBGRANT STATUS,1,MTLEAX1.csv,170-1,2022-2023\r\n1,30,01,0998,,MVSUBGYES,,\r\n";
/// # let catalogue = Catalogue::builtin()?;
/// # let text = text.replacen("LEA SUBGRANT STATUS", catalogue.file("170".parse()?)?.file_type(opi_edfacts::Level::Lea).unwrap(), 1);
/// let file = NamedFile { name: "MTLEAX1.csv", bytes: text.as_bytes() };
/// let read = read_file(catalogue, &CheckOptions::new(StateProfile::montana()?), file)?;
/// assert_eq!((read.number.get(), read.header.total_records.as_str()), (170, "1"));
/// # Ok::<(), opi_edfacts::EdfactsError>(())
/// ```
///
/// # Errors
/// [`EdfactsError::Unreadable`] when the kind of the file cannot be told.
pub fn read_file(
    catalogue: &Catalogue,
    options: &CheckOptions,
    file: NamedFile<'_>,
) -> Result<FederalFile, EdfactsError> {
    let opened = open_file(catalogue, options, file)?;
    let sets = catalogue.record_sets(&opened.layout);
    let mut rows = Vec::new();
    let mut unreadable = Vec::new();
    let mut values = Vec::new();
    for line in &opened.records {
        let read = match opened.form {
            FileForm::Txt => {
                cut(&line.text, &opened.layout, &mut values);
                line.text.chars().count() == opened.layout.record_length()
            }
            form => split(&line.text, form, &mut values) && values.len() == opened.layout.field_count(),
        };
        if read {
            rows.push((line.line, row(&opened.layout, &sets, &values)));
        } else {
            unreadable.push(line.line);
        }
    }
    let text = |at: usize| opened.header.get(at).cloned().unwrap_or_default();
    Ok(FederalFile {
        number: opened.number,
        level: opened.level,
        year: opened.year,
        form: opened.form,
        header: Header {
            file_type: text(0),
            total_records: text(1),
            file_name: text(2),
            file_identifier: text(3),
            reporting_period: text(4),
        },
        rows,
        unreadable,
    })
}

/// Values by category where the filled columns make a set, by element name elsewhere.
fn row(layout: &Layout, sets: &[&crate::CategorySet], values: &[Cow<'_, str>]) -> DataRow {
    let mut row = DataRow::default();
    let some = |value: &str| if value.is_empty() { None } else { Some(value.to_owned()) };
    for (column, value) in layout.fields().zip(values) {
        match column.role {
            Role::LeaId => row.lea = some(value),
            Role::SchoolId => row.school = some(value),
            Role::TableName => row.table = some(value),
            Role::Explanation => row.explanation = value.to_string(),
            Role::Amount => row.amount = some(value),
            _ => {}
        }
    }
    let table = row.table.as_deref().unwrap_or_default();
    let filled = |place: usize| values.get(place).is_some_and(|value| !value.is_empty());
    let set = sets.iter().filter(|set| set.table == table).max_by_key(|set| {
        let places: Vec<usize> = set.positions.iter().filter_map(|at| layout.field_at(*at)).collect();
        let fits = places.iter().all(|place| filled(*place));
        (fits, if fits { places.len() } else { 0 })
    });
    for ((place, column), value) in layout.fields().enumerate().zip(values) {
        let own = column.role == Role::Value || (sets.is_empty() && column.role == Role::TotalIndicator);
        if !own || value.is_empty() {
            continue;
        }
        let category = set.and_then(|set| {
            let at = set.positions.iter().position(|at| layout.field_at(*at) == Some(place))?;
            set.categories.get(at).cloned()
        });
        row.values.push((category.unwrap_or_else(|| column.element.clone()), value.to_string()));
    }
    row
}

/// A line of a delimited or fixed-width file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawLine<'a> {
    /// Physical line, 1 = first.
    pub(crate) line: u64,
    /// The text without the line break; bytes outside ASCII stand as single characters.
    pub(crate) text: Cow<'a, str>,
}

/// The lines of a file. Line breaks are LF or CR LF; a last line without a break counts.
pub(crate) fn lines(bytes: &[u8]) -> Vec<RawLine<'_>> {
    let mut rest = bytes;
    let mut lines = Vec::new();
    let mut line = 0;
    while !rest.is_empty() {
        line += 1;
        let (this, later) = match rest.iter().position(|b| *b == b'\n') {
            Some(at) => (rest.get(..at), rest.get(at + 1..)),
            None => (Some(rest), None),
        };
        let this = this.unwrap_or_default();
        let this = this.strip_suffix(b"\r").unwrap_or(this);
        let text = match std::str::from_utf8(this) {
            Ok(text) if text.is_ascii() => Cow::Borrowed(text),
            _ => Cow::Owned(this.iter().map(|b| char::from(*b)).collect()),
        };
        lines.push(RawLine { line, text });
        rest = later.unwrap_or_default();
    }
    lines
}

/// Puts the values of a delimited line into `values`; false when a quote does not close or stands inside a bare value.
pub(crate) fn split<'t>(text: &'t str, form: FileForm, values: &mut Vec<Cow<'t, str>>) -> bool {
    values.clear();
    let delimiter = if form == FileForm::Csv { ',' } else { '\t' };
    if form != FileForm::Csv || !text.contains('"') {
        values.extend(text.split(delimiter).map(Cow::Borrowed));
        return true;
    }
    split_quoted(text, values).is_some()
}

fn split_quoted<'t>(text: &'t str, values: &mut Vec<Cow<'t, str>>) -> Option<()> {
    let mut rest = text;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut value = String::new();
            let mut inner = quoted;
            loop {
                let at = inner.find('"')?;
                value.push_str(inner.get(..at)?);
                inner = inner.get(at + 1..)?;
                match inner.strip_prefix('"') {
                    Some(more) => {
                        value.push('"');
                        inner = more;
                    }
                    None => break,
                }
            }
            values.push(Cow::Owned(value));
            match inner.strip_prefix(',') {
                Some(more) => rest = more,
                None => return inner.is_empty().then_some(()),
            }
        } else {
            let (value, later) = match rest.split_once(',') {
                Some((value, later)) => (value, Some(later)),
                None => (rest, None),
            };
            if value.contains('"') {
                return None;
            }
            values.push(Cow::Borrowed(value));
            match later {
                Some(later) => rest = later,
                None => return Some(()),
            }
        }
    }
}

/// Puts the values of a fixed-width record into `values`, blanks at the end removed; columns beyond the line are blank.
pub(crate) fn cut(text: &str, layout: &Layout, values: &mut Vec<Cow<'_, str>>) {
    values.clear();
    values.extend(layout.fields().map(|column| Cow::Owned(slice(text, column.start, column.length))));
}

/// The five values of a fixed-width header.
pub(crate) fn cut_header(text: &str) -> Vec<String> {
    let mut start = 1u16;
    let mut values = Vec::new();
    for (_, width) in HEADER_COLUMNS {
        let width = u16::try_from(width).unwrap_or(u16::MAX);
        values.push(slice(text, start, width));
        start = start.saturating_add(width);
    }
    values
}

fn slice(text: &str, start: u16, length: u16) -> String {
    let skip = usize::from(start.saturating_sub(1));
    let value: String = text.chars().skip(skip).take(usize::from(length)).collect();
    value.trim_end_matches(' ').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimited_lines_split_with_quotes_and_without() {
        let split = |text: &'static str| {
            let mut values = Vec::new();
            split(text, FileForm::Csv, &mut values).then_some(values)
        };
        assert_eq!(split("a,,b").unwrap(), ["a", "", "b"]);
        assert_eq!(split("\"a, b\",\"say \"\"x\"\"\",").unwrap(), ["a, b", "say \"x\"", ""]);
        assert_eq!(split("").unwrap(), [""]);
        for odd in ["\"a", "a\"b", "\"a\"b,c"] {
            assert_eq!(split(odd), None, "{odd}");
        }
    }

    #[test]
    fn line_breaks_of_both_kinds_and_a_last_line_without() {
        let found = lines(b"a\r\nb\n\nc");
        let texts: Vec<(u64, &str)> = found.iter().map(|line| (line.line, &*line.text)).collect();
        assert_eq!(texts, [(1, "a"), (2, "b"), (3, ""), (4, "c")]);
        assert!(lines(b"").is_empty());
    }
}

//! Rows of CSV texts: each with the line on which it begins, what is wrong with one in words.

use serde::de::DeserializeOwned;
use std::marker::PhantomData;

/// The rows of a CSV text with a header, each with the line on which it begins, counted from 1: blank lines before a row
/// are passed over, and line breaks in cells of earlier rows count. What is wrong with a row is told without its place.
/// After a row that is none, such as one with too many cells, no further one follows.
///
/// ```
/// use opi_dictionary::CsvRows;
/// let text = "name,age\n\"two\nlines\",7\n\nlate,x\n";
/// let rows = CsvRows::<(String, u8)>::new(text.as_bytes())?;
/// let told: Vec<(u64, bool)> = rows.map(|(line, row)| (line, row.is_ok())).collect();
/// assert_eq!(told, [(2, true), (5, false)]);
/// # Ok::<(), String>(())
/// ```
pub struct CsvRows<'t, T> {
    reader: csv::Reader<&'t [u8]>,
    header: csv::StringRecord,
    record: csv::StringRecord,
    lines: RowLines<'t>,
    ended: bool,
    row: PhantomData<T>,
}

impl<'t, T> CsvRows<'t, T> {
    /// Reads the header.
    ///
    /// # Errors
    /// What is wrong with the header.
    pub fn new(text: &'t [u8]) -> Result<Self, String> {
        let mut reader = csv::Reader::from_reader(text);
        let header = reader.headers().map_err(|error| problem(&error))?.clone();
        let (record, lines) = (csv::StringRecord::new(), RowLines::new(text));
        Ok(CsvRows { reader, header, record, lines, ended: false, row: PhantomData })
    }

    /// The names of the columns.
    pub fn header(&self) -> impl Iterator<Item = &str> {
        self.header.iter()
    }
}

impl<T: DeserializeOwned> Iterator for CsvRows<'_, T> {
    type Item = (u64, Result<T, String>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let read = self.reader.read_record(&mut self.record);
        self.ended = !matches!(read, Ok(true));
        let (place, row) = match read {
            Ok(false) => return None,
            Ok(true) => (self.record.position().cloned(), self.record.deserialize(Some(&self.header))),
            Err(error) => (error.position().cloned(), Err(error)),
        };
        let line = place.map_or(0, |place| self.lines.line_of(place.byte()));
        Some((line, row.map_err(|error| problem(&error))))
    }
}

/// What is wrong with a row, without its place.
fn problem(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => match err.field() {
            Some(field) => format!("column {}: {}", field + 1, err.kind()),
            None => err.kind().to_string(),
        },
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} cells, expected {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8".to_owned(),
        _ => error.to_string(),
    }
}

/// The lines of rows, asked for one after the other: the text is passed over once.
struct RowLines<'t> {
    text: &'t [u8],
    counted: usize,
    breaks: u64,
}

impl<'t> RowLines<'t> {
    fn new(text: &'t [u8]) -> Self {
        RowLines { text, counted: 0, breaks: 0 }
    }

    /// The line of the row whose reading began at this byte.
    fn line_of(&mut self, byte: u64) -> u64 {
        let at = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        self.breaks += breaks_in(self.text.get(self.counted..at).unwrap_or_default());
        self.counted = self.counted.max(at);
        let rest = self.text.get(at..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        self.breaks + breaks_in(rest.get(..blank).unwrap_or_default()) + 1
    }
}

fn breaks_in(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    type Line = (u64, Result<(String, u8), String>);

    fn lines(text: &str) -> Vec<Line> {
        CsvRows::new(text.as_bytes()).unwrap().collect()
    }

    #[test]
    fn a_bad_row_does_not_end_the_others_and_one_that_is_none_does() {
        let told = lines("name,age\r\n\"two\r\nlines\",x\r\n\r\nlate,8\r\n\r\nshort\r\nlast,9\r\n");
        assert_eq!(told[0].0, 2);
        assert!(told[0].1.as_ref().unwrap_err().starts_with("column 2: "), "{told:?}");
        assert_eq!(told[1], (5, Ok(("late".to_owned(), 8))));
        assert_eq!(told[2], (7, Err("1 cells, expected 2".to_owned())));
        assert_eq!(told.len(), 3);
    }

    #[test]
    fn an_empty_text_has_no_row() {
        assert_eq!(lines(""), []);
        assert_eq!(lines("name,age"), []);
        assert!(CsvRows::<(String, u8)>::new(b"na\xff,age\n").is_err_and(|told| told == "is not UTF-8"));
    }
}

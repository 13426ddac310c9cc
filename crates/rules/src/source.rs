//! Where rows come from: inputs that can be opened again, and rows held in memory.

use crate::RulesError;
use chrono::NaiveDate;
use opi_dictionary::{DistrictNumber, FieldId, Layout, Row, Severity};

/// Something that a reader found while it took bytes apart: a finding under a code of the registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// The code of the rule, such as `FILE-009`.
    pub code: String,
    /// The line; 0 for the file as a whole.
    pub line: u64,
    /// The field, where one can be named.
    pub field: Option<FieldId>,
    /// Another severity than the registry's, for what the reader let pass with a warning.
    pub severity: Option<Severity>,
    /// The byte of the file at which it was found, where that is known.
    pub byte: Option<u64>,
    /// What is known beyond the rule, in words and without any value.
    pub detail: Option<String>,
}

/// One pass over the rows of an input.
pub trait RowSource {
    /// The next row, or `None` at the end. A row that cannot be read is a [`Notice`], no error.
    ///
    /// # Errors
    /// When reading cannot go on; what was found until then is reported as incomplete.
    fn next_row(&mut self) -> Result<Option<Row<'_>>, RulesError>;

    /// Calls a function for each row until it answers false. A reader that can hand over rows faster than one by one
    /// replaces this.
    ///
    /// # Errors
    /// As [`RowSource::next_row`].
    fn each_row(&mut self, act: &mut dyn FnMut(&Row<'_>) -> bool) -> Result<(), RulesError> {
        while let Some(row) = self.next_row()? {
            if !act(&row) {
                break;
            }
        }
        Ok(())
    }

    /// The date in the header, once the first row was asked for.
    fn header_date(&self) -> Option<NaiveDate> {
        None
    }

    /// What was found while reading. Asked for at the end of the pass.
    fn notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }

    /// How many findings the reader counted beyond its notices, by code, so that counts stay exact.
    fn not_kept(&self) -> Vec<(String, u64)> {
        Vec::new()
    }

    /// Why there are no more rows though the file goes on; `None` when it was read to its end.
    fn stopped(&self) -> Option<String> {
        None
    }

    /// A hash of the bytes of the input, such as `blake3:af13…`. Asked for at the end of the pass.
    fn hash(&self) -> Option<String> {
        None
    }
}

/// A source of rows of one layout that can be opened again and gives the same rows each time.
pub trait Input: Sync {
    /// The name by which findings call it. Unique in a run.
    fn name(&self) -> &str;

    /// The layout of its rows.
    fn layout(&self) -> &Layout;

    /// The codes of the rules that its reader judges itself; the engine leaves them to it.
    fn judged(&self) -> &[&'static str] {
        &[]
    }

    /// The district that sent it, where that is known: it goes before [`References::uploader`](crate::References).
    fn uploader(&self) -> Option<DistrictNumber> {
        None
    }

    /// Starts a pass from the first row.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open(&self) -> Result<Box<dyn RowSource + '_>, RulesError>;
}

/// Rows held in memory: from a database, a screen, or a test.
///
/// ```
/// use opi_dictionary::Dictionary;
/// use opi_rules::Rows;
/// let layout = Dictionary::built_in().layout("fram")?;
/// let mut rows = Rows::new("meals", layout);
/// rows.push(2, ["990000101", "Larkspur", "Zinnia", "F", "Income", "08/27/2025", ""]);
/// assert_eq!(rows.len(), 1);
/// # Ok::<(), opi_dictionary::DictionaryError>(())
/// ```
pub struct Rows<'a> {
    name: String,
    layout: &'a Layout,
    header_date: Option<NaiveDate>,
    text: String,
    separators: Vec<u32>,
    rows: Vec<StoredRow>,
    notices: Vec<Notice>,
    judged: Vec<&'static str>,
}

#[derive(Clone, Copy)]
struct StoredRow {
    line: u64,
    start: u32,
    end: u32,
    first_separator: u32,
    separators: u32,
}

impl<'a> Rows<'a> {
    /// No rows yet, of this name and layout.
    #[must_use]
    pub fn new(name: impl Into<String>, layout: &'a Layout) -> Self {
        Rows {
            name: name.into(),
            layout,
            header_date: None,
            text: String::new(),
            separators: Vec::new(),
            rows: Vec::new(),
            notices: Vec::new(),
            judged: Vec::new(),
        }
    }

    /// Sets the date of the header.
    pub fn set_header_date(&mut self, date: Option<NaiveDate>) {
        self.header_date = date;
    }

    /// Adds a finding of whoever read the rows, and names the rules that were judged there.
    pub fn set_notices(&mut self, notices: Vec<Notice>, judged: Vec<&'static str>) {
        self.notices = notices;
        self.judged = judged;
    }

    /// Adds a row with the text of its fields in the order of their columns.
    pub fn push<'f>(&mut self, line: u64, fields: impl IntoIterator<Item = &'f str>) {
        let start = self.text.len() as u32;
        let first_separator = self.separators.len() as u32;
        for (column, field) in fields.into_iter().enumerate() {
            if column > 0 {
                self.separators.push(self.text.len() as u32);
                self.text.push('\t');
            }
            self.text.push_str(field);
        }
        let separators = self.separators.len() as u32 - first_separator;
        let end = self.text.len() as u32;
        self.rows.push(StoredRow { line, start, end, first_separator, separators });
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A row by its number, counted from 0.
    #[must_use]
    pub fn row(&self, index: usize) -> Option<Row<'_>> {
        let row = self.rows.get(index)?;
        let first = row.first_separator as usize;
        let separators = self.separators.get(first..first + row.separators as usize)?;
        Some(Row::from_parts(
            self.layout,
            &self.text,
            separators,
            row.start,
            row.end,
            row.line,
            u64::from(row.start),
        ))
    }
}

struct RowsPass<'a> {
    rows: &'a Rows<'a>,
    next: usize,
}

impl RowSource for RowsPass<'_> {
    fn next_row(&mut self) -> Result<Option<Row<'_>>, RulesError> {
        self.next += 1;
        Ok(self.rows.row(self.next - 1))
    }

    fn header_date(&self) -> Option<NaiveDate> {
        self.rows.header_date
    }

    fn notices(&mut self) -> Vec<Notice> {
        self.rows.notices.clone()
    }
}

impl Input for Rows<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn layout(&self) -> &Layout {
        self.layout
    }

    fn judged(&self) -> &[&'static str] {
        &self.judged
    }

    fn open(&self) -> Result<Box<dyn RowSource + '_>, RulesError> {
        Ok(Box::new(RowsPass { rows: self, next: 0 }))
    }
}

/// Shows the name and how many rows there are, never the values.
impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rows({}, {} rows)", self.name, self.rows.len())
    }
}

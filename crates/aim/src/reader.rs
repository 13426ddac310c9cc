//! Reads AIM files row by row.

mod notes;

use crate::AimError;
use crate::chunk::Chunk;
use crate::header::Header;
use crate::log::{ReadHit, ReadLog, ReadRule};
use crate::options::ReadOptions;
use crate::scan::Ending;
use opi_dictionary::{Dictionary, FieldProblem, HeaderRule, Layout, Row, fields};
use std::io::BufRead;

/// Reads the rows of one tab-separated AIM file, borrowed from one reused buffer. What deviates from the
/// specification is noted in the [`ReadLog`] with line, byte and field, and reading goes on.
///
/// ```
/// use opi_aim::{ReadOptions, Reader};
/// use opi_dictionary::{Dictionary, fields};
/// let file = "HD\t01/21/2026\t08:15:00\tMT9.1\r\nAF\t9901\t9911\t100\t990000101\t101\tLarkspur\tZinnia\tF\tN\tN\t2026\r\n";
/// let mut reader = Reader::new(file.as_bytes(), Dictionary::built_in(), ReadOptions::new())?;
/// while let Some(row) = reader.next_row()? {
///     assert_eq!(row.raw(fields::AGGREGATE_HOURS_OF_INSTRUCTION), Some("F"));
///     assert_eq!(row.line(), 2);
/// }
/// assert_eq!(reader.layout().map(|layout| layout.key.as_str()), Some("fall-enrollment-count"));
/// assert!(reader.log().is_clean());
/// # Ok::<(), opi_aim::AimError>(())
/// ```
pub struct Reader<'d, R> {
    input: R,
    dictionary: &'d Dictionary,
    layout: Option<&'d Layout>,
    options: ReadOptions,
    chunk: Chunk,
    /// The line of the chunk to be looked at next.
    next: usize,
    /// The next control character of the chunk to be looked at.
    next_control: usize,
    header: Option<Header>,
    layout_set: bool,
    has_record_type: bool,
    started: bool,
    ended: bool,
    line_feeds: u64,
    first_line_feed: Option<(u64, u64)>,
    /// Whether the chunk holds a quotation mark.
    has_quotes: bool,
    /// The last run of blank lines: line and byte of the first, and how many.
    blank: (u64, u64, u64),
    rows: u64,
    rows_not_read: u64,
    log: ReadLog,
}

impl<'d, R: BufRead> Reader<'d, R> {
    /// A reader of a file, by a dictionary.
    ///
    /// # Errors
    /// When the options name a layout that the dictionary does not know, or one that is XML.
    pub fn new(input: R, dictionary: &'d Dictionary, options: ReadOptions) -> Result<Self, AimError> {
        let layout = options.layout.as_deref().map(|key| dictionary.layout(key)).transpose()?;
        if let Some(layout) = layout
            && layout.is_xml()
        {
            return Err(AimError::WrongForm { layout: layout.key.clone(), xml: true });
        }
        Ok(Reader {
            input,
            dictionary,
            layout,
            chunk: Chunk::new(options.max_line),
            log: ReadLog::new(options.max_samples),
            options,
            next: 0,
            next_control: 0,
            header: None,
            layout_set: false,
            has_record_type: false,
            started: false,
            ended: false,
            line_feeds: 0,
            first_line_feed: None,
            has_quotes: false,
            blank: (0, 0, 0),
            rows: 0,
            rows_not_read: 0,
        })
    }

    /// The next row; `None` at the end of the file.
    ///
    /// # Errors
    /// Only when the stream fails. What is wrong with the file goes to the log.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, AimError> {
        let line = loop {
            if self.next >= self.chunk.index.lines.len() && !self.fill()? {
                self.finish();
                return Ok(None);
            }
            let line = self.next;
            self.next = line.wrapping_add(1);
            if self.is_plain(line) || self.accept(line) {
                break line;
            }
        };
        self.rows += 1;
        Ok(self.row(line))
    }

    /// The header, once the first row was asked for and if the file has one.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// The layout by which rows are read, as soon as it is known.
    #[must_use]
    pub fn layout(&self) -> Option<&'d Layout> {
        self.layout
    }

    /// What was noticed so far; whole once `next_row` has answered `None`.
    #[must_use]
    pub fn log(&self) -> &ReadLog {
        &self.log
    }

    /// What was noticed, to be taken over.
    pub fn log_mut(&mut self) -> &mut ReadLog {
        &mut self.log
    }

    /// How many rows were handed out.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many rows could not be read and were noted instead: ragged, too long, of no known layout.
    #[must_use]
    pub fn rows_not_read(&self) -> u64 {
        self.rows_not_read
    }

    #[inline]
    fn set_layout(&mut self, layout: &'d Layout) {
        if self.layout.is_none() || !self.layout_set {
            self.layout = Some(layout);
            self.layout_set = true;
            self.has_record_type =
                layout.column(fields::RECORD_TYPE) == Some(0) && !layout.record_type.is_empty();
        }
    }

    fn fill(&mut self) -> Result<bool, AimError> {
        let filled = self.chunk.fill(&mut self.input, &mut self.log);
        self.next = 0;
        self.next_control = 0;
        self.has_quotes = memchr::memchr(b'"', self.chunk.text.as_bytes()).is_some();
        filled.map_err(|source| AimError::Io { line: self.chunk.first_line, source })
    }

    /// What can be said only at the end.
    fn finish(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.rows_not_read += self.log.count(ReadRule::LineTooLong);
        if let Some((line, byte)) = self.first_line_feed {
            self.log.note(ReadHit { line, byte, number: self.line_feeds, ..plain(ReadRule::LineFeed) });
        }
        let (first, byte, lines) = self.blank;
        if lines > 0 && first + lines == self.chunk.first_line {
            self.log.gather_blank_end(first, byte, lines);
        }
        let ragged = self.log.count(ReadRule::FieldCount);
        // Of very few rows, most may be ragged by chance.
        if ragged > 2 && ragged * 2 > self.rows + self.rows_not_read {
            self.log.note(ReadHit { number: ragged, ..plain(ReadRule::MostRagged) });
        }
        if self.log.count(ReadRule::Utf16) > 0 {
            return;
        }
        let wants_header = self.layout.is_none_or(|layout| layout.header == HeaderRule::Required);
        if !self.started && wants_header {
            self.log.note(ReadHit { line: 1, ..plain(ReadRule::HeaderMissing) });
        } else if self.rows == 0 && self.rows_not_read == 0 {
            self.log.note(plain(ReadRule::NoRows));
        }
    }

    /// Whether there is nothing to be said about a line but that it is a row.
    #[inline]
    fn is_plain(&self, line: usize) -> bool {
        let (Some(place), Some(layout)) = (self.chunk.index.lines.get(line), self.layout) else {
            return false;
        };
        let text = self.chunk.text.as_bytes().get(place.start as usize..).unwrap_or_default();
        let after_type = || text.strip_prefix(layout.record_type.as_bytes())?.first();
        self.layout_set
            && self.started
            && place.ending == Ending::CrLf
            && place.start < place.end
            && place.tabs_to.wrapping_sub(place.tabs_from) as usize + 1 == layout.fields.len()
            && self.next_control >= self.chunk.index.controls.len()
            && !self.options.check_fields
            && !self.has_quotes
            && if self.has_record_type {
                after_type() == Some(&b'\t')
            } else {
                !matches!(text.first(), Some(b'\t' | b' '))
            }
    }

    /// Looks at a line of the chunk; true when it is a row to be handed out.
    fn accept(&mut self, line: usize) -> bool {
        let Some(place) = self.chunk.index.lines.get(line).copied() else { return false };
        let (number, byte) = (self.chunk.first_line + line as u64, self.chunk.byte_of(line));
        match place.ending {
            Ending::CrLf => {}
            Ending::Lf => {
                self.line_feeds += 1;
                self.first_line_feed.get_or_insert((number, byte));
            }
            Ending::Missing => {
                self.log.note(ReadHit { line: number, byte, ..plain(ReadRule::MissingNewline) })
            }
        }
        if place.start == place.end {
            self.note_blank(number, byte);
            return false;
        }
        if self.has_quotes {
            self.note_quotes(line, number, byte);
        }
        if !self.started {
            self.started = true;
            if self.take_header(line, number, byte) {
                self.note_controls(line, number, byte, None);
                return false;
            }
        }
        let count = (place.tabs_to - place.tabs_from) as usize + 1;
        let Some(layout) = self.layout.or_else(|| self.choose_layout(line)) else {
            if self.is_blank(line) {
                self.note_blank(number, byte);
                return false;
            }
            self.rows_not_read += 1;
            let what = if letters(self.first_field(line)) == "recordtype" {
                ReadRule::ColumnNames
            } else {
                ReadRule::UnknownRecordType
            };
            self.log.note(ReadHit { line: number, byte, number: count as u64, ..plain(what) });
            return false;
        };
        self.set_layout(layout);
        let wanted = layout.fields.len();
        if !self.has_record_type && self.is_blank(line) {
            self.note_blank(number, byte);
            return false;
        }
        if count != wanted {
            if self.is_blank(line) {
                self.note_blank(number, byte);
                return false;
            }
            let rule = if count < wanted && self.options.allow_cut_fields {
                ReadRule::CutFields
            } else {
                ReadRule::FieldCount
            };
            self.log.note(ReadHit { line: number, byte, number: count as u64, ..plain(rule) });
            if rule == ReadRule::FieldCount {
                // Which fields hold a control character cannot be told, only that the row holds one.
                self.note_controls(line, number, byte, None);
                if self.options.hand_out_ragged {
                    return true;
                }
                self.rows_not_read += 1;
            }
            if rule != ReadRule::CutFields {
                return false;
            }
        }
        if self.has_record_type && self.first_field(line) != layout.record_type {
            if self.is_blank(line) {
                self.note_blank(number, byte);
                return false;
            }
            if self.is_column_names(line, layout) {
                self.rows_not_read += 1;
                self.log.note(ReadHit { line: number, byte, ..plain(ReadRule::ColumnNames) });
                return false;
            }
            let field = Some(fields::RECORD_TYPE);
            self.log.note(ReadHit { line: number, byte, field, ..plain(ReadRule::RecordType) });
        }
        if self.next_control < self.chunk.index.controls.len() {
            self.note_controls(line, number, byte, self.layout);
        }
        if self.options.check_fields {
            self.check_fields(line, layout, number, byte);
        }
        true
    }

    #[inline]
    fn row(&self, line: usize) -> Option<Row<'_>> {
        let place = self.chunk.index.lines.get(line)?;
        let tabs = self.chunk.index.tabs.get(place.tabs_from as usize..place.tabs_to as usize)?;
        let number = self.chunk.first_line + line as u64;
        let byte = self.chunk.byte_of(line);
        Some(Row::from_parts(self.layout?, &self.chunk.text, tabs, place.start, place.end, number, byte))
    }

    /// The fields of a line, before its layout is known.
    fn split(&self, line: usize) -> Vec<&str> {
        self.text_of(line).split('\t').collect()
    }

    fn text_of(&self, line: usize) -> &str {
        let place = self.chunk.index.lines.get(line);
        place
            .and_then(|place| self.chunk.text.get(place.start as usize..place.end as usize))
            .unwrap_or_default()
    }

    #[inline]
    fn first_field(&self, line: usize) -> &str {
        let Some(place) = self.chunk.index.lines.get(line) else { return "" };
        let end = match self.chunk.index.tabs.get(place.tabs_from as usize) {
            Some(tab) if place.tabs_from < place.tabs_to => *tab,
            _ => place.end,
        };
        self.chunk.text.get(place.start as usize..end as usize).unwrap_or_default().trim_matches(' ')
    }

    /// Whether a line holds nothing but spaces and tabs.
    fn is_blank(&self, line: usize) -> bool {
        self.text_of(line).bytes().all(|byte| byte == b' ' || byte == b'\t')
    }

    fn is_column_names(&self, line: usize, layout: &Layout) -> bool {
        layout.fields.first().is_some_and(|field| letters(&field.name) == letters(self.first_field(line)))
    }

    fn choose_layout(&self, line: usize) -> Option<&'d Layout> {
        let first = self.first_field(line);
        let of = |record_type: &str| self.dictionary.layout_of_record_type(record_type);
        // In small letters it is told, and the layout is known all the same.
        let found =
            of(first).or_else(|| of(&first.get(..2).filter(|_| first.len() == 2)?.to_ascii_uppercase()));
        found.filter(|layout| layout.key != "header")
    }

    /// Tests every field of a row.
    fn check_fields(&mut self, line: usize, layout: &Layout, number: u64, byte: u64) {
        let Some(place) = self.chunk.index.lines.get(line) else { return };
        let tabs =
            self.chunk.index.tabs.get(place.tabs_from as usize..place.tabs_to as usize).unwrap_or_default();
        let row = Row::from_parts(layout, &self.chunk.text, tabs, place.start, place.end, number, byte);
        let log = &mut self.log;
        row.each_problem(|column, problem| {
            let field = layout.fields.get(column).map(|field| field.field);
            // A wrong record type was noted once for the row already.
            if field == Some(fields::RECORD_TYPE) && problem == FieldProblem::NotTheConstant {
                return;
            }
            let before = column.checked_sub(1).and_then(|before| tabs.get(before));
            let offset = before.map_or(0, |tab| u64::from(tab + 1 - place.start));
            let rule = ReadRule::of_problem(problem);
            log.note(ReadHit {
                line: number,
                byte: byte + offset,
                field,
                problem: Some(problem),
                ..plain(rule)
            });
        });
    }
}

/// The letters and digits of a name, in lower case.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

fn plain(rule: ReadRule) -> ReadHit {
    ReadHit { line: 0, byte: 0, field: None, rule, problem: None, number: 0 }
}

//! Reads AIM files row by row.

use crate::AimError;
use crate::chunk::Chunk;
use crate::header::Header;
use crate::log::{ReadHit, ReadLog, ReadRule};
use crate::scan::Ending;
use opi_dictionary::{Dictionary, FieldId, FieldProblem, FieldValue, HeaderRule, Layout, Row, fields};
use std::io::BufRead;

/// How a reader reads. Everything has a plain default; nothing is hidden.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The key of the layout; `None` to choose by the record type of the first row.
    pub layout: Option<String>,
    /// Whether each field is tested for length, form, code set and, where required, presence. Default: no.
    pub check_fields: bool,
    /// Whether blank fields cut off at the end of a row are tolerated. Default: no, as the state's import
    /// is not known to allow it.
    pub allow_cut_fields: bool,
    /// Whether a row with a wrong number of fields is handed out all the same, noted as such: whoever asks for it puts
    /// its fields in their places.
    pub hand_out_ragged: bool,
    /// Longest line in bytes; a longer one is passed over with a finding. Default: 1 MiB.
    pub max_line: usize,
    /// How many hits are kept for each rule; counts stay exact. Default: 1,000.
    pub max_samples: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            layout: None,
            check_fields: false,
            allow_cut_fields: false,
            hand_out_ragged: false,
            max_line: 1024 * 1024,
            max_samples: 1_000,
        }
    }
}

impl ReadOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        ReadOptions::default()
    }

    /// Reads by this layout.
    #[must_use]
    pub fn layout(mut self, key: impl Into<String>) -> Self {
        self.layout = Some(key.into());
        self
    }

    /// Tests each field.
    #[must_use]
    pub fn check_fields(mut self, check: bool) -> Self {
        self.check_fields = check;
        self
    }

    /// Tolerates blank fields cut off at the end of a row.
    #[must_use]
    pub fn allow_cut_fields(mut self, allow: bool) -> Self {
        self.allow_cut_fields = allow;
        self
    }

    /// Hands out rows with a wrong number of fields too. They are noted as ever.
    #[must_use]
    pub fn hand_out_ragged(mut self, hand_out: bool) -> Self {
        self.hand_out_ragged = hand_out;
        self
    }

    /// Sets the longest line in bytes.
    #[must_use]
    pub fn max_line(mut self, bytes: usize) -> Self {
        self.max_line = bytes;
        self
    }

    /// Sets how many hits are kept for each rule.
    #[must_use]
    pub fn max_samples(mut self, samples: u64) -> Self {
        self.max_samples = samples;
        self
    }
}

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
            && (!self.has_record_type || after_type() == Some(&b'\t'))
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
            self.log.note(ReadHit { line: number, byte, ..plain(ReadRule::BlankLine) });
            return false;
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
            self.rows_not_read += 1;
            let what = if self.is_blank(line) {
                ReadRule::BlankLine
            } else if letters(self.first_field(line)) == "recordtype" {
                ReadRule::ColumnNames
            } else {
                ReadRule::UnknownRecordType
            };
            self.log.note(ReadHit { line: number, byte, number: count as u64, ..plain(what) });
            return false;
        };
        self.set_layout(layout);
        let wanted = layout.fields.len();
        if count != wanted {
            let rule = if self.is_blank(line) {
                ReadRule::BlankLine
            } else if count < wanted && self.options.allow_cut_fields {
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
                self.log.note(ReadHit { line: number, byte, ..plain(ReadRule::BlankLine) });
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
        self.dictionary.layout_of_record_type(self.first_field(line)).filter(|layout| layout.key != "header")
    }

    /// Takes the first line as the header if it is one; notes what is wrong with it. False when it is a row.
    fn take_header(&mut self, line: usize, number: u64, byte: u64) -> bool {
        let rule = self.layout.map(|layout| layout.header);
        if rule == Some(HeaderRule::None) {
            return false;
        }
        let parts: Vec<String> = self.split(line).into_iter().map(str::to_owned).collect();
        let (kind, count) = (parts.first().map_or("", String::as_str), parts.len());
        let own_type = self.layout.or_else(|| self.choose_layout(line));
        // Shorter than any row: where a row's first field is right, four fields can only be a header.
        let is_own =
            own_type.is_some_and(|layout| !layout.record_type.is_empty() && layout.record_type == kind);
        let looks_like_row = own_type.is_some_and(|layout| layout.fields.len() == count) && kind != "HD";
        let is_header = kind == "HD" || (count == 4 && !looks_like_row);
        if !is_header {
            let optional = own_type.is_some_and(|layout| layout.header == HeaderRule::Optional);
            if !optional {
                self.log.note(ReadHit {
                    line: number,
                    byte,
                    number: count as u64,
                    ..plain(ReadRule::HeaderMissing)
                });
            }
            return false;
        }
        let mut note = |rule: ReadRule, field: Option<FieldId>| {
            self.log.note(ReadHit { line: number, byte, field, number: count as u64, ..plain(rule) });
        };
        let part = |index: usize| parts.get(index).cloned().unwrap_or_default();
        let header = Header { date: part(1), time: part(2), version: part(3) };
        if count == 4 {
            match kind {
                "HD" => {}
                _ if is_own => note(ReadRule::HeaderOwnRecordType, Some(fields::HEADER_RECORD_TYPE)),
                _ => note(ReadRule::HeaderRecordType, Some(fields::HEADER_RECORD_TYPE)),
            }
            if header.date().is_none() {
                note(ReadRule::HeaderDate, Some(fields::HEADER_DATE));
            }
            if chrono::NaiveTime::read(&header.time).is_none() {
                note(ReadRule::HeaderTime, Some(fields::HEADER_TIME));
            }
            if header.version != Header::VERSION {
                note(ReadRule::HeaderVersion, Some(fields::HEADER_VERSION));
            }
        } else {
            note(ReadRule::HeaderMissing, None);
        }
        self.header = Some(header);
        true
    }

    /// Notes the control characters of a line, one hit a field; fields are named by the layout, where one holds.
    fn note_controls(&mut self, line: usize, number: u64, byte: u64, layout: Option<&Layout>) {
        let Some(place) = self.chunk.index.lines.get(line).copied() else { return };
        let mut last_column = None;
        while let Some(position) = self.chunk.index.controls.get(self.next_control).copied() {
            if position >= place.end {
                break;
            }
            self.next_control += 1;
            if position < place.start {
                continue;
            }
            let tabs = self.chunk.index.tabs.get(place.tabs_from as usize..place.tabs_to as usize);
            let column = tabs.unwrap_or_default().partition_point(|tab| *tab < position);
            if last_column == Some(column) {
                continue;
            }
            last_column = Some(column);
            let field = layout.and_then(|layout| layout.fields.get(column)).map(|field| field.field);
            let at = byte + u64::from(position - place.start);
            self.log.note(ReadHit { line: number, byte: at, field, ..plain(ReadRule::ControlCharacter) });
        }
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

//! Behavior files: the one family that is XML. The same rows come out of it.
//!
//! The names of its elements are not public. So a name is matched to a field by its letters and digits
//! (`StateEventCode`, `state-event-code` and `State Event Code` are one), as element or as attribute. A row
//! is made where an element ends that holds a field of its own and no row within it; what its ancestors
//! said before is inherited. Text that no field answers to is a finding, never dropped in silence.

use crate::log::{ReadHit, ReadLog, ReadRule};
use crate::{AimError, ReadOptions, Unwritable};
use opi_dictionary::{Dictionary, FieldId, Layout, Record, Row, RowBuffer};
use quick_xml::events::{BytesStart, Event};
use std::collections::VecDeque;
use std::io::{BufRead, Write};

/// The layout of behavior files.
const LAYOUT: &str = "behavior-xml";

/// Deepest nesting that is read; deeper XML is no behavior file.
const MAX_DEPTH: usize = 32;

/// Reads behavior XML as rows of the layout `behavior-xml`.
///
/// ```
/// use opi_aim::{BehaviorReader, ReadOptions};
/// use opi_dictionary::{Dictionary, fields};
/// let xml = r#"<Behavior><Incident IncidentID="7"><DistrictNumber>9901</DistrictNumber>
///   <Participant><StudentStateID>990000101</StudentStateID><Role>Offender</Role></Participant>
///   <Participant><StudentStateID>990000102</StudentStateID><Role>Victim</Role></Participant>
/// </Incident></Behavior>"#;
/// let mut reader = BehaviorReader::new(xml.as_bytes(), Dictionary::built_in(), ReadOptions::new())?;
/// let mut rows = 0;
/// while let Some(row) = reader.next_row()? {
///     assert_eq!(row.raw(fields::INCIDENT_ID), Some("7"));
///     rows += 1;
/// }
/// assert_eq!(rows, 2);
/// # Ok::<(), opi_aim::AimError>(())
/// ```
pub struct BehaviorReader<'d, R: BufRead> {
    xml: quick_xml::Reader<Counted<R>>,
    layout: &'d Layout,
    options: ReadOptions,
    buffer: Vec<u8>,
    open: Vec<Element>,
    ready: VecDeque<(u64, u64, Vec<Option<String>>)>,
    row: RowBuffer<'d>,
    rows: u64,
    started: bool,
    ended: bool,
    log: ReadLog,
}

/// An element that is open.
struct Element {
    /// The field that its text fills.
    field: Option<FieldId>,
    text: String,
    /// The values that its own attributes and children gave, by column.
    values: Vec<Option<String>>,
    has_values: bool,
    has_rows: bool,
    has_children: bool,
    line: u64,
    byte: u64,
}

impl<'d, R: BufRead> BehaviorReader<'d, R> {
    /// A reader of a behavior file.
    ///
    /// # Errors
    /// When the options name a layout that does not exist or is not XML.
    pub fn new(input: R, dictionary: &'d Dictionary, options: ReadOptions) -> Result<Self, AimError> {
        let layout = dictionary.layout(options.layout.as_deref().unwrap_or(LAYOUT))?;
        if !layout.is_xml() {
            return Err(AimError::WrongForm { layout: layout.key.clone(), xml: false });
        }
        Ok(BehaviorReader {
            xml: quick_xml::Reader::from_reader(Counted {
                input,
                lines: 1,
                over: false,
                since: 0,
                limit: options.max_line,
            }),
            layout,
            buffer: Vec::new(),
            open: Vec::new(),
            ready: VecDeque::new(),
            row: RowBuffer::new(layout),
            rows: 0,
            started: false,
            ended: false,
            log: ReadLog::new(options.max_samples),
            options,
        })
    }

    /// The next row; `None` at the end of the file.
    ///
    /// # Errors
    /// Only when the stream fails. Broken XML is a finding, after which nothing more is read.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, AimError> {
        while self.ready.is_empty() && !self.ended {
            self.step()?;
        }
        let Some((line, byte, values)) = self.ready.pop_front() else { return Ok(None) };
        for (column, value) in values.into_iter().enumerate() {
            if let Some(slot) = self.row.column_mut(column) {
                *slot = value.unwrap_or_default();
            }
        }
        self.rows += 1;
        let row = self.row.row_at(line, byte);
        if self.options.check_fields {
            let (log, layout) = (&mut self.log, self.layout);
            row.each_problem(|column, problem| {
                let field = layout.fields.get(column).map(|field| field.field);
                let rule = ReadRule::of_problem(problem);
                log.note(ReadHit { line, byte, field, rule, problem: Some(problem), number: 0 });
            });
        }
        Ok(Some(row))
    }

    /// The layout.
    #[must_use]
    pub fn layout(&self) -> &'d Layout {
        self.layout
    }

    /// What was noticed so far; whole once `next_row` has answered `None`.
    #[must_use]
    pub fn log(&self) -> &ReadLog {
        &self.log
    }

    /// How many rows were handed out.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes one event of the XML.
    fn step(&mut self) -> Result<(), AimError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        self.xml.get_mut().since = 0;
        let event = self.xml.read_event_into(&mut buffer);
        let (line, byte) = (self.xml.get_ref().lines, self.xml.buffer_position());
        let note = |rule: ReadRule| ReadHit { line, byte, field: None, rule, problem: None, number: 0 };
        match event {
            Ok(Event::Start(start)) => {
                let second_root = std::mem::replace(&mut self.started, true) && self.open.is_empty();
                if second_root || self.open.len() >= MAX_DEPTH {
                    self.stop(note(ReadRule::Xml));
                } else {
                    self.start(&start, line, byte);
                }
            }
            Ok(Event::Empty(start)) => {
                let second_root = std::mem::replace(&mut self.started, true) && self.open.is_empty();
                if second_root {
                    self.stop(note(ReadRule::Xml));
                } else {
                    self.start(&start, line, byte);
                    self.end(line, byte);
                }
            }
            Ok(Event::End(_)) => self.end(line, byte),
            Ok(Event::Text(text)) => self.text(&text.xml10_content(), line, byte),
            Ok(Event::CData(text)) => self.text(&text.xml10_content(), line, byte),
            Ok(Event::GeneralRef(reference)) => {
                let known = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character),
                    Ok(None) => predefined(&reference.xml10_content()),
                    Err(_) => None,
                };
                match known {
                    Some(character) => self.text(character.encode_utf8(&mut [0; 4]), line, byte),
                    None => self.stop(note(ReadRule::Xml)),
                }
            }
            Ok(Event::Eof) => {
                let cut_off = !self.open.is_empty() || self.xml.get_ref().over;
                if cut_off || !self.started {
                    self.stop(note(ReadRule::Xml));
                } else if self.rows == 0 && self.ready.is_empty() {
                    self.log.note(ReadHit { line: 0, byte: 0, ..note(ReadRule::NoRows) });
                }
                self.ended = true;
            }
            Ok(_) => {}
            // Bytes that are no UTF-8 come as an error of the stream, too.
            Err(quick_xml::Error::Io(error)) if error.kind() != std::io::ErrorKind::InvalidData => {
                let source = std::io::Error::new(error.kind(), error.to_string());
                return Err(AimError::Io { line, source });
            }
            Err(_) => self.stop(note(ReadRule::Xml)),
        }
        self.buffer = buffer;
        Ok(())
    }

    fn stop(&mut self, hit: ReadHit) {
        self.log.note(hit);
        self.ended = true;
        self.open.clear();
    }

    fn start(&mut self, start: &BytesStart<'_>, line: u64, byte: u64) {
        let field = self.field_of(start.local_name().as_ref());
        if let Some(parent) = self.open.last_mut() {
            parent.has_children = true;
        }
        self.open.push(Element {
            field,
            text: String::new(),
            values: vec![None; self.layout.fields.len()],
            has_values: false,
            has_rows: false,
            has_children: false,
            line,
            byte,
        });
        for attribute in start.attributes() {
            let Ok(attribute) = attribute else {
                self.stop(ReadHit { line, byte, field: None, rule: ReadRule::Xml, problem: None, number: 0 });
                return;
            };
            let name = attribute.key.local_name();
            let whole: &str = attribute.key.as_ref();
            if whole.starts_with("xmlns") || whole.starts_with("xsi:") {
                continue;
            }
            let value = attribute
                .normalized_value(quick_xml::XmlVersion::Explicit1_0)
                .map(|value| value.into_owned());
            match (self.field_of(name.as_ref()), value) {
                (Some(field), Ok(value)) => self.give(field, value, line, byte),
                _ => self.unknown(line, byte),
            }
        }
    }

    fn text(&mut self, text: &str, line: u64, byte: u64) {
        match self.open.last_mut() {
            // Many small events make a long text, too: memory stays bounded.
            Some(element) if element.text.len() + text.len() > self.options.max_line => {
                self.stop(ReadHit { line, byte, field: None, rule: ReadRule::Xml, problem: None, number: 0 });
            }
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => self.unknown(line, byte),
        }
    }

    fn end(&mut self, line: u64, byte: u64) {
        let Some(element) = self.open.pop() else { return };
        let text = element.text.trim();
        let is_value = element.field.is_some() && !element.has_children && !element.has_values;
        if is_value {
            if let Some(field) = element.field {
                self.give(field, text.to_owned(), line, byte);
            }
            return;
        }
        if !text.is_empty() {
            self.unknown(line, byte);
        }
        if element.has_values && !element.has_rows {
            let mut values = element.values;
            for ancestor in self.open.iter_mut().rev() {
                ancestor.has_rows = true;
                for (value, inherited) in values.iter_mut().zip(&ancestor.values) {
                    if value.is_none() {
                        value.clone_from(inherited);
                    }
                }
            }
            for (column, field) in self.layout.fields.iter().enumerate() {
                if field.field == opi_dictionary::fields::RECORD_TYPE
                    && let Some(value) = values.get_mut(column)
                {
                    value.get_or_insert_with(|| self.layout.record_type.clone());
                }
            }
            self.ready.push_back((element.line, element.byte, values));
        }
    }

    /// Gives a value to the innermost open element.
    fn give(&mut self, field: FieldId, value: String, line: u64, byte: u64) {
        let Some(column) = self.layout.column(field) else { return };
        let hit = |rule| ReadHit { line, byte, field: Some(field), rule, problem: None, number: 0 };
        let Some(element) = self.open.last_mut() else {
            self.log.note(hit(ReadRule::XmlUnknown));
            return;
        };
        if element.has_rows {
            self.log.note(hit(ReadRule::XmlLate));
        }
        let value = value.trim().to_owned();
        if value.chars().any(char::is_control) {
            self.log.note(hit(ReadRule::ControlCharacter));
        }
        element.has_values = true;
        if let Some(slot) = element.values.get_mut(column)
            && slot.replace(value).is_some()
        {
            self.log.note(hit(ReadRule::XmlTwice));
        }
    }

    fn unknown(&mut self, line: u64, byte: u64) {
        self.log.note(ReadHit {
            line,
            byte,
            field: None,
            rule: ReadRule::XmlUnknown,
            problem: None,
            number: 0,
        });
    }

    /// The field that answers to a name, by its letters and digits.
    fn field_of(&self, name: &str) -> Option<FieldId> {
        let name = plain_name(name);
        let fields = self.layout.fields.iter();
        fields
            .clone()
            .find(|field| plain_name(&field.name) == name)
            .or_else(|| fields.clone().find(|field| plain_name(&field.key) == name))
            .map(|field| field.field)
    }
}

/// The five entities that XML itself defines.
fn predefined(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// Letters and digits in lower case, without `student`, which some names carry and others leave out.
fn plain_name(name: &str) -> String {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    plain.strip_prefix("student").map(str::to_owned).unwrap_or(plain)
}

/// A stream that counts lines and ends when a single event of the XML grows beyond the limit, so that memory
/// stays bounded whatever the file holds.
struct Counted<R> {
    input: R,
    lines: u64,
    since: usize,
    limit: usize,
    over: bool,
}

impl<R: BufRead> std::io::Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(out.len());
        out.iter_mut().zip(available).for_each(|(to, from)| *to = *from);
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.since > self.limit {
            self.over = true;
            return Ok(&[]);
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        if let Ok(buffer) = self.input.fill_buf() {
            let taken = buffer.get(..count).unwrap_or_default();
            self.lines += memchr::memchr_iter(b'\n', taken).count() as u64;
        }
        self.since += count;
        self.input.consume(count);
    }
}

/// Writes behavior XML, one element a row, its fields as elements named by the letters of the field.
pub struct BehaviorWriter<'d, W: Write> {
    out: quick_xml::Writer<W>,
    layout: &'d Layout,
    records: u64,
    opened: bool,
    value: String,
}

impl<'d, W: Write> BehaviorWriter<'d, W> {
    /// A writer of a behavior file.
    ///
    /// # Errors
    /// When the dictionary has no behavior layout.
    pub fn new(out: W, dictionary: &'d Dictionary) -> Result<Self, AimError> {
        let layout = dictionary.layout(LAYOUT)?;
        let out = quick_xml::Writer::new_with_indent(out, b' ', 2);
        Ok(BehaviorWriter { out, layout, records: 0, opened: false, value: String::new() })
    }

    /// Writes a typed record.
    ///
    /// # Errors
    /// When a field is not as the layout wants it (the error names it), or the stream fails.
    pub fn write_record<R: Record>(&mut self, record: &R) -> Result<(), AimError> {
        if R::LAYOUT != self.layout.key {
            let (found, wanted) = (R::LAYOUT.to_owned(), self.layout.key.clone());
            return Err(AimError::OtherLayout { record: self.records + 1, found, wanted });
        }
        let mut values = Vec::with_capacity(self.layout.fields.len());
        for field in &self.layout.fields {
            self.value.clear();
            record.write_field(field.field, &mut self.value);
            if let Some(problem) = crate::writer::unwritable(field, &self.value) {
                return Err(self.forbidden(&field.name, problem, field.expected()));
            }
            values.push((element_name(&field.name), self.value.clone()));
        }
        self.open()?;
        let io = |source| AimError::Io { line: self.records + 1, source };
        self.out
            .create_element("Event")
            .write_inner_content(|out| {
                for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
                    out.create_element(name.as_str())
                        .write_text_content(quick_xml::events::BytesText::new(value))?;
                }
                Ok(())
            })
            .map_err(io)?;
        self.records += 1;
        Ok(())
    }

    /// Ends the file and hands the stream back.
    ///
    /// # Errors
    /// When the stream fails.
    pub fn finish(mut self) -> Result<W, AimError> {
        self.open()?;
        let line = self.records + 1;
        let end = quick_xml::events::BytesEnd::new("Behavior");
        let written =
            self.out.write_event(Event::End(end)).and_then(|()| self.out.get_mut().write_all(b"\n"));
        written.map_err(|source| AimError::Io { line, source })?;
        Ok(self.out.into_inner())
    }

    fn open(&mut self) -> Result<(), AimError> {
        if std::mem::replace(&mut self.opened, true) {
            return Ok(());
        }
        let declaration = quick_xml::events::BytesDecl::new("1.0", Some("UTF-8"), None);
        let written = self
            .out
            .write_event(Event::Decl(declaration))
            .and_then(|()| self.out.write_event(Event::Start(BytesStart::new("Behavior"))));
        written.map_err(|source| AimError::Io { line: 1, source })
    }

    fn forbidden(&self, field: &str, problem: Unwritable, expected: String) -> AimError {
        AimError::Forbidden {
            layout: self.layout.key.clone(),
            record: self.records + 1,
            field: field.to_owned(),
            problem,
            expected,
        }
    }
}

/// `State Event Code` becomes `StateEventCode`.
fn element_name(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}

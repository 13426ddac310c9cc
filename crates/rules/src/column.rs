//! Columns as compiled checks: what each field of a row is read as, and what fails by itself.

use crate::cell::{Cell, DECIMAL_SCALE, State, code, code_of, day_number, decimal, digits};
use crate::emit::{NO_DISTRICT, Sink};
use crate::forms::forms;
use crate::record::OFF;
use crate::world::World;
use opi_dictionary::{FieldId, FieldType, Hit, Layout, LayoutField, Membership, Requirement, Row, fields};

/// How the value of a field is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// Digits read as a number.
    Number {
        width: Option<u8>,
    },
    Date,
    Decimal {
        places: u8,
    },
    /// Anything else: tested by the dictionary, packed as a code.
    Code,
    /// As `Code`, but digits are read as a number, since the field identifies.
    Identifier,
}

/// The compiled checks of one column.
pub(crate) struct Column {
    pub(crate) field: FieldId,
    kind: Kind,
    required: bool,
    max_length: usize,
    /// Codes that may stand, packed: what is not among them is asked of the dictionary.
    codes: Vec<i64>,
    /// Rules to report under; [`OFF`] where one does not run.
    form: u16,
    blank: u16,
}

impl Column {
    pub(crate) fn new(
        layout: &Layout,
        field: &LayoutField,
        world: &World<'_>,
        number: &impl Fn(&str) -> u16,
    ) -> Self {
        let form =
            forms(&layout.key, &field.key).find(|form| form.on_form).map_or("FILE-020", |form| form.rule);
        let blank =
            forms(&layout.key, &field.key).find(|form| form.on_blank).map_or(OFF, |form| number(form.rule));
        let stand_in = field.code_set.as_deref().is_some_and(|set| {
            let set = world.references.dictionary.code_set(set);
            set.is_ok_and(|set| set.membership != Membership::Test)
        });
        // A stand-in list of pathways is no ground for a finding; the users' table is asked by the rule itself.
        let form = if form == "CTE-007" && stand_in { OFF } else { number(form) };
        let identifies = [
            fields::DISTRICT_NUMBER,
            fields::SCHOOL_NUMBER,
            fields::CALENDAR_NUMBER,
            fields::STUDENT_STATE_ID,
            fields::STAFF_STATE_ID,
            fields::DISTRICT_ASSIGNMENT_SCHOOL,
            fields::YEAR,
        ];
        let kind = if field.constant().is_some() {
            Kind::Code
        } else {
            match field.field_type {
                FieldType::Date => Kind::Date,
                FieldType::Time => Kind::Code,
                FieldType::Numeric if field.format == "YYYY" => Kind::Identifier,
                FieldType::Numeric => Kind::Decimal { places: if field.format.is_empty() { 28 } else { 2 } },
                FieldType::NumericString => {
                    Kind::Number { width: field.format.split_whitespace().find_map(|word| word.parse().ok()) }
                }
                _ if identifies.contains(&field.field) => Kind::Identifier,
                _ if field.code_set.is_some() => Kind::Code,
                _ => Kind::Text,
            }
        };
        let set = field.code_set.as_deref().and_then(|set| world.references.dictionary.code_set(set).ok());
        let codes = match (kind, field.constant(), set) {
            (Kind::Code, Some(constant), _) => vec![code(constant)],
            (Kind::Code, None, Some(set)) if set.is_testable() => set.codes().map(code).collect(),
            _ => Vec::new(),
        };
        Column {
            codes,
            field: field.field,
            kind,
            required: field.required == Requirement::Yes,
            max_length: field.max_length.map_or(usize::MAX, usize::from),
            form,
            blank,
        }
    }

    /// Reads text, or digits, that is plainly right; `None` for what must be looked at more closely.
    #[inline]
    pub(crate) fn read_plain(&self, raw: &[u8]) -> Option<Cell> {
        let spaced = matches!(raw, [] | [b' ', ..] | [.., b' ']);
        if spaced || raw.len() > self.max_length {
            return None;
        }
        match self.kind {
            Kind::Text => Some(Cell::good(0)),
            Kind::Number { width } if width.is_none_or(|width| raw.len() == usize::from(width)) => {
                digits(raw).map(Cell::good)
            }
            _ => None,
        }
    }

    /// Reads a column of a row and reports what is wrong with it. `raw` are its bytes.
    pub(crate) fn read(
        &self,
        raw: &[u8],
        index: usize,
        cell: &mut Cell,
        problems: &mut Problems<'_, '_, '_>,
    ) {
        let spaced = matches!(raw, [b' ', ..] | [.., b' ']);
        if raw.is_empty() || (spaced && trim_bytes(raw).is_empty()) {
            *cell = Cell::BLANK;
            if !raw.is_empty() || self.required || self.blank != OFF {
                self.report_blank(raw, problems);
            }
            return;
        }
        if raw.len() <= self.max_length
            && !spaced
            && let Some(value) = self.value(raw)
        {
            *cell = Cell::good(value);
            return;
        }
        self.read_odd(raw, index, cell, problems);
    }

    #[cold]
    fn report_blank(&self, raw: &[u8], problems: &mut Problems<'_, '_, '_>) {
        if !raw.is_empty() {
            problems.report(problems.rules.spaces, Some(self.field));
        }
        if self.required {
            problems.report(problems.rules.required_blank, Some(self.field));
        }
        problems.report(self.blank, Some(self.field));
    }

    /// As [`Column::read`], for a value that has spaces around it, or is long, or not plainly right.
    #[cold]
    fn read_odd(&self, raw: &[u8], index: usize, cell: &mut Cell, problems: &mut Problems<'_, '_, '_>) {
        let text = problems.row.raw_at(index).map(trim).unwrap_or_default();
        if text.len() != raw.len() {
            problems.report(problems.rules.spaces, Some(self.field));
        }
        if text.len() > self.max_length && text.chars().count() > self.max_length {
            *cell = Cell::BAD;
            problems.report(problems.rules.too_long, Some(self.field));
            if self.fits_no_longer(text) {
                problems.report(self.form, Some(self.field));
            }
            return;
        }
        *cell = match self.value(text.as_bytes()) {
            Some(value) => Cell::good(value),
            None => self.ask(problems.row.layout(), index, text),
        };
        if cell.state == State::Bad {
            problems.report(self.form, Some(self.field));
        }
    }

    /// Reads a value that is not blank and not too long; `None` for one that is not plainly right, which the
    /// dictionary is to be asked about.
    #[inline]
    fn value(&self, bytes: &[u8]) -> Option<i64> {
        match self.kind {
            Kind::Text => Some(0),
            Kind::Number { width: Some(width) } if bytes.len() == usize::from(width) => digits(bytes),
            Kind::Number { width: None } => digits(bytes),
            Kind::Number { .. } => None,
            Kind::Date => day_number(bytes).map(i64::from),
            Kind::Decimal { places } => {
                decimal(bytes).filter(|_| decimal_places(bytes) <= usize::from(places))
            }
            Kind::Code => Some(code_of(bytes)).filter(|code| self.codes.contains(code)),
            Kind::Identifier if self.field == fields::YEAR && bytes.len() == 4 => digits(bytes),
            Kind::Identifier => None,
        }
    }

    /// Start statuses are numbers that some programs print without the leading zero: 2 is 02.
    fn padded(&self, value: &str) -> Option<i64> {
        let padded =
            (self.field == fields::START_STATUS && value.len() == 1).then(|| code(&format!("0{value}")))?;
        self.codes.contains(&padded).then_some(padded)
    }

    #[cold]
    fn ask(&self, layout: &Layout, index: usize, value: &str) -> Cell {
        let problem = layout.fields.get(index).and_then(|field| field.form_problem(value));
        match (problem, self.kind) {
            (Some(_), _) => self.padded(value).map_or(Cell::BAD, Cell::good),
            (None, Kind::Code) => Cell::good(code(value)),
            (None, Kind::Decimal { .. }) => {
                Cell::good(decimal(value.as_bytes()).unwrap_or(i64::MAX / DECIMAL_SCALE))
            }
            (None, _) => Cell::good(digits(value.as_bytes()).unwrap_or_else(|| code(value))),
        }
    }

    /// Whether a value that is too long also fails the form. A text or a number has no other form to fail.
    fn fits_no_longer(&self, value: &str) -> bool {
        match self.kind {
            Kind::Text => false,
            Kind::Number { width: None } => !value.bytes().all(|byte| byte.is_ascii_digit()),
            Kind::Decimal { places } => {
                decimal(value.as_bytes()).is_none() || decimal_places(value.as_bytes()) > usize::from(places)
            }
            _ => true,
        }
    }
}

fn decimal_places(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte == b'.').map_or(0, |point| bytes.len() - point - 1)
}

/// Spaces are set aside; other white space belongs to the text.
#[inline]
pub(crate) fn trim(raw: &str) -> &str {
    match (raw.as_bytes().first(), raw.as_bytes().last()) {
        (Some(b' '), _) | (_, Some(b' ')) => raw.trim_matches(' '),
        _ => raw,
    }
}

/// As [`trim`].
#[inline]
fn trim_bytes(mut raw: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] | [rest @ .., b' '] = raw {
        raw = rest;
    }
    raw
}

/// Reports to a sink, if there is one. District and student are read only for a row that is reported.
pub(crate) struct Problems<'s, 'a, 'r> {
    pub(crate) sink: Option<&'s mut Sink<'a>>,
    pub(crate) rules: FormRules,
    pub(crate) file: u32,
    pub(crate) line: u32,
    pub(crate) row: &'r Row<'r>,
    pub(crate) district: usize,
    pub(crate) student: usize,
}

/// The numbers of the rules about the form of any field; [`OFF`] for one that does not run.
#[derive(Clone, Copy)]
pub(crate) struct FormRules {
    pub(crate) spaces: u16,
    pub(crate) too_long: u16,
    pub(crate) required_blank: u16,
}

impl Problems<'_, '_, '_> {
    #[inline]
    pub(crate) fn report(&mut self, rule: u16, field: Option<FieldId>) {
        if rule != OFF && self.sink.is_some() {
            self.add(rule, field);
        }
    }

    #[cold]
    fn add(&mut self, rule: u16, field: Option<FieldId>) {
        let (district, student) = (self.district(), self.student());
        if let Some(sink) = &mut self.sink {
            let hit = Hit { file: self.file, line: self.line, rule, field };
            sink.add(hit, student, None, district, None);
        }
    }

    /// The district that a row with such a problem is counted under.
    pub(crate) fn district(&self) -> u16 {
        self.number(self.district, 4).and_then(|n| u16::try_from(n).ok()).unwrap_or(NO_DISTRICT)
    }

    /// The student whom a row with such a problem is about.
    pub(crate) fn student(&self) -> u32 {
        self.number(self.student, 9).and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
    }

    fn number(&self, column: usize, width: usize) -> Option<i64> {
        let text = self.row.raw_at(column).map(trim).filter(|text| text.len() == width)?;
        digits(text.as_bytes())
    }
}

#[inline]
pub(crate) fn is_control(byte: u8) -> bool {
    byte < 0x20 || byte == 0x7f
}

/// Whether a record may hold control characters beside its separators; tabs are separators where they are as many.
#[inline]
pub(crate) fn has_control(record: &[u8], fields: usize) -> bool {
    // Small sums wrap never: a part has 128 bytes. Written so that the compiler looks at many bytes at once.
    let count = |part: &[u8], wanted: fn(u8) -> bool| {
        usize::from(part.iter().fold(0u8, |count, byte| count.wrapping_add(u8::from(wanted(*byte)))))
    };
    let (mut tabs, mut others) = (0usize, 0usize);
    for part in record.chunks(128) {
        tabs += count(part, |byte| byte == b'\t');
        others += count(part, is_control);
    }
    others != tabs || (tabs != 0 && tabs + 1 != fields)
}

//! Rows as field and record rules see them: each field read once, by checks compiled for its layout.

use crate::cell::{
    Cell, DECIMAL_SCALE, NO_GRADE, State, code, code_of, day_number, decimal, digits, grade_index, name_hash,
};
use crate::emit::{Emit, NO_DISTRICT, Place, Sink};
use crate::forms::forms;
use crate::world::{Days, School, World};
use chrono::NaiveDate;
use opi_dictionary::{FieldId, FieldType, Hit, Layout, LayoutField, Membership, Requirement, Row, fields};

/// A rule that does not run.
pub(crate) const OFF: u16 = u16::MAX;

/// No number: blank, bad, or a field the layout lacks.
pub(crate) const NONE: u16 = u16::MAX;

/// The bit of a column among those that are filled.
#[inline]
pub(crate) fn column_bit(column: usize) -> u64 {
    if column < 63 { 1 << column } else { ALWAYS }
}

/// Set in every row: for checks that look at all of them, and for columns that have no bit of their own.
pub(crate) const ALWAYS: u64 = 1 << 63;

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
struct Column {
    field: FieldId,
    kind: Kind,
    required: bool,
    max_length: usize,
    /// Codes that may stand, packed: what is not among them is asked of the dictionary.
    codes: Vec<i64>,
    /// What the last code or date was read as, whether it is among the codes, and the text of the date.
    last_value: i64,
    last_is_code: bool,
    last_date: [u8; 10],
    /// Rules to report under; [`OFF`] where one does not run.
    form: u16,
    blank: u16,
}

/// The compiled checks of one layout.
pub(crate) struct Plan<'a> {
    pub(crate) layout: &'a Layout,
    columns: Vec<Column>,
    pub(crate) cells: Vec<Cell>,
    /// The columns that are filled, by [`column_bit`].
    filled: u64,
    spaces: u16,
    too_long: u16,
    required_blank: u16,
    control: u16,
    ragged: u16,
    /// The district that sent the file; [`NONE`] when not known.
    pub(crate) uploader: u16,
    district: usize,
    school: usize,
    calendar: usize,
    student: usize,
    last: usize,
    first: usize,
    grade: usize,
}

impl<'a> Plan<'a> {
    /// Compiles a layout; `number` gives the number of a rule that runs, by its code.
    pub(crate) fn new(layout: &'a Layout, world: &World<'_>, number: impl Fn(&str) -> u16) -> Self {
        let columns = layout.fields.iter().map(|field| Column::new(layout, field, world, &number)).collect();
        let column = |field| layout.column(field).unwrap_or(usize::MAX);
        Plan {
            layout,
            columns,
            cells: vec![Cell::BLANK; layout.fields.len()],
            filled: ALWAYS,
            spaces: number("FILE-017"),
            too_long: number("FILE-016"),
            required_blank: number("FILE-018"),
            control: number("FILE-011"),
            ragged: number("FILE-009"),
            uploader: world.references.uploader.map_or(NONE, |district| district.number() as u16),
            district: column(fields::DISTRICT_NUMBER),
            school: column(fields::SCHOOL_NUMBER),
            calendar: column(fields::CALENDAR_NUMBER),
            student: column(fields::STUDENT_STATE_ID),
            last: column(fields::LAST_NAME),
            first: column(fields::FIRST_NAME),
            grade: column(fields::GRADE),
        }
    }

    /// Reads a row into the cells and reports what fails by itself. Answers false for a row that has the wrong
    /// number of fields: nothing else can be said about it.
    #[inline]
    pub(crate) fn read(
        &mut self,
        row: &Row<'_>,
        file: u32,
        short_rows: bool,
        sink: Option<&mut Sink<'_>>,
    ) -> bool {
        let line = row.line() as u32;
        let wrong_count = row.len() != self.columns.len() && !(short_rows && row.len() < self.columns.len());
        let mut problems = Problems { sink, file, line, row, district: self.district, student: self.student };
        if wrong_count {
            problems.report(self.ragged, None);
            return false;
        }
        if self.control != OFF && has_control(row.record().as_bytes(), row.len()) {
            for (index, column) in self.columns.iter().enumerate() {
                if row.bytes_at(index).is_some_and(|raw| raw.iter().any(|byte| is_control(*byte))) {
                    problems.report(self.control, Some(column.field));
                }
            }
        }
        self.filled = ALWAYS;
        for ((index, column), cell) in self.columns.iter_mut().enumerate().zip(&mut self.cells) {
            let raw = row.bytes_at(index).unwrap_or_default();
            let value = trim_bytes(raw);
            if value.len() != raw.len() {
                problems.report(self.spaces, Some(column.field));
            }
            if value.is_empty() {
                *cell = Cell::BLANK;
                if column.required {
                    problems.report(self.required_blank, Some(column.field));
                }
                problems.report(column.blank, Some(column.field));
                continue;
            }
            self.filled |= column_bit(index);
            let text = || row.raw_at(index).map(trim).unwrap_or_default();
            if value.len() > column.max_length && text().chars().count() > column.max_length {
                *cell = Cell::BAD;
                problems.report(self.too_long, Some(column.field));
                if column.fits_no_longer(text()) {
                    problems.report(column.form, Some(column.field));
                }
                continue;
            }
            *cell = match column.read(value) {
                Some(value) => Cell::good(value),
                None => column.ask(self.layout, index, text()),
            };
            if cell.state == State::Bad {
                problems.report(column.form, Some(column.field));
            }
        }
        true
    }

    /// The row with its cells.
    pub(crate) fn record<'r>(&'r self, row: &'r Row<'r>, world: &'r World<'r>, file: u32) -> Record<'r> {
        let place = Place { file, line: row.line() as u32 };
        let value = |column: usize| self.cells.get(column).and_then(|cell| cell.get());
        let number =
            |column: usize| value(column).and_then(|value| u16::try_from(value).ok()).unwrap_or(NONE);
        let (district, school, calendar) =
            (number(self.district), number(self.school), number(self.calendar));
        let found_school = world.school(district, school);
        let found_calendar = if calendar == NONE { None } else { world.calendar(district, school, calendar) };
        let school_usable =
            school != NONE && district != NONE && (!world.has_directory || found_school.is_some());
        let student = self.cells.get(self.student).and_then(|cell| cell.get()).unwrap_or(0);
        let name = |column: usize| row.raw_at(column).map_or(0, name_hash);
        let mut flags = 0;
        if school_usable {
            flags |= Head::SCHOOL_USABLE;
        }
        if school_usable && calendar != NONE && (!world.has_calendars || found_calendar.is_some()) {
            flags |= Head::CALENDAR_USABLE;
        }
        Record {
            row,
            cells: &self.cells,
            world,
            school: found_school,
            calendar: found_calendar,
            uploader: self.uploader,
            filled: self.filled,
            grade: value(self.grade).map_or(NO_GRADE, grade_index),
            head: Head {
                student: u32::try_from(student).unwrap_or(0),
                file,
                line: place.line,
                last: name(self.last),
                first: name(self.first),
                district,
                school,
                calendar,
                flags,
            },
        }
    }
}

/// Reports to a sink, if there is one. District and student are read only for a row that is reported.
struct Problems<'s, 'a, 'r> {
    sink: Option<&'s mut Sink<'a>>,
    file: u32,
    line: u32,
    row: &'r Row<'r>,
    district: usize,
    student: usize,
}

impl Problems<'_, '_, '_> {
    #[inline]
    fn report(&mut self, rule: u16, field: Option<FieldId>) {
        if rule != OFF && self.sink.is_some() {
            self.add(rule, field);
        }
    }

    #[cold]
    fn add(&mut self, rule: u16, field: Option<FieldId>) {
        let number = |column: usize, width: usize| {
            let text = self.row.raw_at(column).map(trim).filter(|text| text.len() == width)?;
            digits(text.as_bytes())
        };
        let district = number(self.district, 4).and_then(|n| u16::try_from(n).ok()).unwrap_or(NO_DISTRICT);
        let student = number(self.student, 9).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        if let Some(sink) = &mut self.sink {
            let hit = Hit { file: self.file, line: self.line, rule, field };
            sink.add(hit, student, None, district, None);
        }
    }
}

impl Column {
    fn new(layout: &Layout, field: &LayoutField, world: &World<'_>, number: &impl Fn(&str) -> u16) -> Self {
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
            last_value: 0,
            last_is_code: false,
            last_date: [0; 10],
            field: field.field,
            kind,
            required: field.required == Requirement::Yes,
            max_length: field.max_length.map_or(usize::MAX, usize::from),
            form,
            blank,
        }
    }

    /// Reads a value that is not blank and not too long; `None` for one that is not plainly right, which the
    /// dictionary is to be asked about. Most rows say what the row before said.
    #[inline]
    fn read(&mut self, bytes: &[u8]) -> Option<i64> {
        match self.kind {
            Kind::Text => Some(0),
            Kind::Number { width: Some(width) } if bytes.len() == usize::from(width) => digits(bytes),
            Kind::Number { width: None } => digits(bytes),
            Kind::Number { .. } => None,
            Kind::Date => {
                let text = <[u8; 10]>::try_from(bytes).ok()?;
                if text != self.last_date {
                    self.last_value = i64::from(day_number(bytes)?);
                    self.last_date = text;
                }
                Some(self.last_value)
            }
            Kind::Decimal { places } => {
                decimal(bytes).filter(|_| decimal_places(bytes) <= usize::from(places))
            }
            Kind::Code => {
                let code = code_of(bytes);
                if code != self.last_value || !self.last_is_code {
                    self.last_is_code = self.codes.contains(&code);
                    self.last_value = code;
                }
                self.last_is_code.then_some(code)
            }
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

#[inline]
fn is_control(byte: u8) -> bool {
    byte < 0x20 || byte == 0x7f
}

/// Whether a record may hold control characters beside its separators; tabs are separators where they are as many.
#[inline]
fn has_control(record: &[u8], fields: usize) -> bool {
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

/// What all rows about students have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The state ID as a number; 0 when blank or bad.
    pub(crate) student: u32,
    pub(crate) file: u32,
    pub(crate) line: u32,
    /// Names as they are compared; 0 when there is none.
    pub(crate) last: u32,
    pub(crate) first: u32,
    /// Numbers; [`NONE`] when blank or bad.
    pub(crate) district: u16,
    pub(crate) school: u16,
    pub(crate) calendar: u16,
    pub(crate) flags: u16,
}

impl Head {
    pub(crate) const SCHOOL_USABLE: u16 = 1;
    pub(crate) const CALENDAR_USABLE: u16 = 2;
    /// A stored row that the files of the run replace.
    pub(crate) const REPLACED: u16 = 4;

    pub(crate) fn place(&self) -> Place {
        Place { file: self.file, line: self.line }
    }

    pub(crate) fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// Whether both stand in one school that can be used.
    pub(crate) fn same_school(&self, other: &Head) -> bool {
        self.has(Head::SCHOOL_USABLE)
            && other.has(Head::SCHOOL_USABLE)
            && (self.district, self.school) == (other.district, other.school)
    }

    pub(crate) fn same_calendar(&self, other: &Head) -> bool {
        self.same_school(other) && self.calendar == other.calendar && self.calendar != NONE
    }
}

/// A row with its fields read, as record rules see it. A field that is blank or failed its own form gives `None`.
pub struct Record<'a> {
    row: &'a Row<'a>,
    cells: &'a [Cell],
    pub(crate) world: &'a World<'a>,
    pub(crate) school: Option<&'a School>,
    pub(crate) calendar: Option<&'a Days>,
    pub(crate) head: Head,
    /// The district that sent the file; [`NONE`] when not known.
    pub(crate) uploader: u16,
    /// The columns that are filled, by [`column_bit`].
    pub(crate) filled: u64,
    grade: u8,
}

impl<'a> Record<'a> {
    /// The row.
    #[must_use]
    pub fn row(&self) -> &Row<'a> {
        self.row
    }

    /// The text of a field without spaces around it.
    #[must_use]
    pub fn text(&self, field: FieldId) -> &'a str {
        self.row.text(field)
    }

    #[inline]
    fn cell(&self, field: FieldId) -> Option<Cell> {
        self.row.layout().column(field).and_then(|column| self.cells.get(column)).copied()
    }

    /// Whether the layout has the field and it is blank here.
    #[must_use]
    pub fn is_blank(&self, field: FieldId) -> bool {
        self.cell(field).is_some_and(|cell| cell.state == State::Blank)
    }

    /// Whether the field has a value of its form.
    #[must_use]
    pub fn is_good(&self, field: FieldId) -> bool {
        self.cell(field).is_some_and(|cell| cell.state == State::Good)
    }

    /// A date.
    #[must_use]
    pub fn date(&self, field: FieldId) -> Option<NaiveDate> {
        self.day(field).and_then(NaiveDate::from_num_days_from_ce_opt)
    }

    /// A date, or a number, in the form in which rules compare it.
    #[inline]
    pub(crate) fn value(&self, field: FieldId) -> Option<i64> {
        self.cell(field).and_then(Cell::get)
    }

    #[inline]
    pub(crate) fn day(&self, field: FieldId) -> Option<i32> {
        self.value(field).map(|day| day as i32)
    }

    #[inline]
    pub(crate) fn is(&self, field: FieldId, wanted: i64) -> bool {
        self.value(field) == Some(wanted)
    }

    #[inline]
    pub(crate) fn grade(&self) -> u8 {
        self.grade
    }

    /// Reports this row. `field` is the one at fault.
    pub fn report(&self, emit: &mut Emit<'_, '_>, field: FieldId) {
        let field = self.row.layout().column(field).map(|_| field);
        emit.put(self.head.place(), field, self.head.student, self.head.district, None);
    }

    /// Reports this row as a whole.
    pub fn report_row(&self, emit: &mut Emit<'_, '_>) {
        emit.put(self.head.place(), None, self.head.student, self.head.district, None);
    }
}

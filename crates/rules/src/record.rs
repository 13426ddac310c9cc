//! Rows as field and record rules see them: each field read once, by checks compiled for its layout.

use crate::cell::{Cell, NO_GRADE, State, grade_index, name_hash};
use crate::column::{Column, FormRules, Problems, has_control, is_control};
use crate::emit::{Emit, Place, Sink};
use crate::world::{Days, School, World};
use chrono::NaiveDate;
use opi_dictionary::{FieldId, Layout, Row, fields};

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

/// The compiled checks of one layout.
pub(crate) struct Plan {
    columns: Vec<Column>,
    pub(crate) cells: Vec<Cell>,
    /// The columns that are filled, by [`column_bit`].
    filled: u64,
    rules: FormRules,
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

impl Plan {
    /// Compiles a layout; `number` gives the number of a rule that runs, by its code.
    pub(crate) fn new(layout: &Layout, world: &World<'_>, number: impl Fn(&str) -> u16) -> Self {
        let columns = layout.fields.iter().map(|field| Column::new(layout, field, world, &number)).collect();
        let column = |field| layout.column(field).unwrap_or(usize::MAX);
        Plan {
            columns,
            cells: vec![Cell::BLANK; layout.fields.len()],
            filled: ALWAYS,
            rules: FormRules {
                spaces: number("FILE-017"),
                too_long: number("FILE-016"),
                required_blank: number("FILE-018"),
            },
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
    /// number of fields: these are first to be put in their places.
    #[inline]
    pub(crate) fn read(
        &mut self,
        row: &Row<'_>,
        file: u32,
        short_rows: bool,
        sink: Option<&mut Sink<'_>>,
    ) -> bool {
        let mut sink = sink;
        if !self.admits(row, file, short_rows, sink.as_deref_mut()) {
            return false;
        }
        self.read_columns(row, file, sink);
        true
    }

    /// Whether a row has as many fields as its layout. Reports it when it has not, and what makes no field.
    #[inline]
    pub(crate) fn admits(
        &self,
        row: &Row<'_>,
        file: u32,
        short_rows: bool,
        sink: Option<&mut Sink<'_>>,
    ) -> bool {
        if row.len() != self.columns.len() && !(short_rows && row.len() < self.columns.len()) {
            self.problems(row, file, sink).report(self.ragged, None);
            return false;
        }
        if self.has_controls(row) {
            self.report_controls(&mut self.problems(row, file, sink));
        }
        true
    }

    /// Reads all columns of a row that was admitted.
    pub(crate) fn read_columns(&mut self, row: &Row<'_>, file: u32, sink: Option<&mut Sink<'_>>) {
        let mut problems = self.problems(row, file, sink);
        self.filled = ALWAYS;
        // A row that may be cut short is blank where it ends.
        let texts = row.columns().chain(std::iter::repeat(&[][..]));
        for (((index, column), cell), raw) in self.columns.iter().enumerate().zip(&mut self.cells).zip(texts)
        {
            column.read(raw, index, cell, &mut problems);
            if cell.state != State::Blank {
                self.filled |= column_bit(index);
            }
        }
    }

    /// As [`Plan::read`], for a row whose fields were put in their places: a column that could not be told is neither
    /// blank nor good.
    #[cold]
    pub(crate) fn read_placed(
        &mut self,
        row: &Row<'_>,
        unread: &[bool],
        file: u32,
        sink: Option<&mut Sink<'_>>,
    ) {
        let mut problems = self.problems(row, file, sink);
        if self.has_controls(row) {
            self.report_controls(&mut problems);
        }
        self.filled = !0;
        let cells = self.columns.iter().enumerate().zip(&mut self.cells);
        for (((index, column), cell), unread) in cells.zip(unread) {
            *cell = Cell::BAD;
            if !unread {
                column.read(row.raw_at(index).unwrap_or_default().as_bytes(), index, cell, &mut problems);
            }
        }
    }

    #[inline]
    fn has_controls(&self, row: &Row<'_>) -> bool {
        self.control != OFF && has_control(row.record().as_bytes(), row.len())
    }

    #[cold]
    fn report_controls(&self, problems: &mut Problems<'_, '_, '_>) {
        for (column, raw) in self.columns.iter().zip(problems.row.fields()) {
            if raw.bytes().any(is_control) {
                problems.report(self.control, Some(column.field));
            }
        }
    }

    /// The row with its cells.
    pub(crate) fn record<'r>(&'r self, row: &'r Row<'r>, world: &'r World<'r>, file: u32) -> Record<'r> {
        let (at, school, calendar) = self.place(world);
        Record {
            row,
            cells: &self.cells,
            own: &self.cells,
            own_columns: 0,
            looked_at: std::cell::Cell::new(0),
            world,
            school,
            calendar,
            uploader: self.uploader,
            filled: self.filled,
            grade: self.cells.get(self.grade).and_then(|cell| cell.get()).map_or(NO_GRADE, grade_index),
            head: self.head(row, file, at),
        }
    }

    /// District, school and calendar of the cells, in a head of nobody.
    fn place<'w>(&self, world: &'w World<'_>) -> (Head, Option<&'w School>, Option<&'w Days>) {
        let value = |column: usize| self.cells.get(column).and_then(|cell| cell.get());
        let number =
            |column: usize| value(column).and_then(|value| u16::try_from(value).ok()).unwrap_or(NONE);
        let (district, school, calendar) =
            (number(self.district), number(self.school), number(self.calendar));
        let found_school = world.school(district, school);
        let found_calendar = if calendar == NONE { None } else { world.calendar(district, school, calendar) };
        let school_usable =
            school != NONE && district != NONE && (!world.has_directory || found_school.is_some());
        let mut flags = 0;
        if school_usable {
            flags |= Head::SCHOOL_USABLE;
        }
        if school_usable && calendar != NONE && (!world.has_calendars || found_calendar.is_some()) {
            flags |= Head::CALENDAR_USABLE;
        }
        (Head { district, school, calendar, flags, ..Head::NOBODY }, found_school, found_calendar)
    }

    /// The head of a row, of which district, school and calendar are known.
    #[inline]
    fn head(&self, row: &Row<'_>, file: u32, at: Head) -> Head {
        let student = self.cells.get(self.student).and_then(|cell| cell.get()).unwrap_or(0);
        let name = |column: usize| row.bytes_at(column).map_or(0, name_hash);
        Head {
            student: u32::try_from(student).unwrap_or(0),
            file,
            line: row.line() as u32,
            last: name(self.last),
            first: name(self.first),
            ..at
        }
    }

    /// Reads some columns into their cells and reports what fails by itself.
    pub(crate) fn read_some(
        &mut self,
        columns: impl IntoIterator<Item = usize>,
        row: &Row<'_>,
        sink: Option<&mut Sink<'_>>,
    ) {
        let mut problems = self.problems(row, 0, sink);
        for index in columns {
            if let (Some(column), Some(cell)) = (self.columns.get(index), self.cells.get_mut(index)) {
                column.read(row.bytes_at(index).unwrap_or_default(), index, cell, &mut problems);
            }
        }
    }

    /// As [`Plan::read_some`]; answers the states of the columns, two bits each.
    #[inline]
    pub(crate) fn read_own(
        &mut self,
        columns: &[usize],
        row: &Row<'_>,
        file: u32,
        mut sink: Option<&mut Sink<'_>>,
    ) -> u64 {
        let mut states = 0;
        for index in columns.iter().copied() {
            let raw = row.bytes_at(index).unwrap_or_default();
            let plain = self.columns.get(index).and_then(|column| column.read_plain(raw));
            let state = match (plain, self.cells.get_mut(index)) {
                (Some(plain), Some(cell)) => {
                    *cell = plain;
                    State::Good
                }
                _ => self.read_one(index, raw, row, file, sink.as_deref_mut()),
            };
            states = states << 2 | state as u64;
        }
        states
    }

    #[cold]
    fn read_one(
        &mut self,
        index: usize,
        raw: &[u8],
        row: &Row<'_>,
        file: u32,
        sink: Option<&mut Sink<'_>>,
    ) -> State {
        let mut problems = self.problems(row, file, sink);
        let (Some(column), Some(cell)) = (self.columns.get(index), self.cells.get_mut(index)) else {
            return State::Blank;
        };
        column.read(raw, index, cell, &mut problems);
        cell.state
    }

    /// What the cells say that rows of this content have in common.
    pub(crate) fn share<'w>(&self, world: &'w World<'_>) -> Shared<'w> {
        let filled = |(index, cell): (usize, &Cell)| match cell.state {
            State::Blank => 0,
            _ => column_bit(index),
        };
        let (at, school, calendar) = self.place(world);
        Shared {
            cells: self.cells.as_slice().into(),
            filled: self.cells.iter().enumerate().map(filled).fold(ALWAYS, |all, bit| all | bit),
            school,
            calendar,
            grade: self.cells.get(self.grade).and_then(|cell| cell.get()).map_or(NO_GRADE, grade_index),
            at,
        }
    }

    /// A row of a content that was read before, whose own columns were read just now.
    #[inline]
    pub(crate) fn record_of<'r>(
        &'r self,
        shared: &'r Shared<'r>,
        own_columns: u64,
        row: &'r Row<'r>,
        world: &'r World<'r>,
        file: u32,
    ) -> Record<'r> {
        let head = self.head(row, file, shared.at);
        Record { head, own_columns, ..self.record_alike(shared, row, world) }
    }

    /// A row of a content, whoever it is about.
    #[inline]
    pub(crate) fn record_alike<'r>(
        &'r self,
        shared: &'r Shared<'r>,
        row: &'r Row<'r>,
        world: &'r World<'r>,
    ) -> Record<'r> {
        Record {
            row,
            cells: &shared.cells,
            own: &self.cells,
            own_columns: 0,
            looked_at: std::cell::Cell::new(0),
            world,
            school: shared.school,
            calendar: shared.calendar,
            uploader: self.uploader,
            filled: shared.filled,
            grade: shared.grade,
            head: shared.at,
        }
    }

    #[inline]
    pub(crate) fn problems<'s, 'a, 'r>(
        &self,
        row: &'r Row<'r>,
        file: u32,
        sink: Option<&'s mut Sink<'a>>,
    ) -> Problems<'s, 'a, 'r> {
        let (district, student) = (self.district, self.student);
        Problems { sink, rules: self.rules, file, line: row.line() as u32, row, district, student }
    }
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
    /// Of no row.
    pub(crate) const NOBODY: Head = Head {
        student: 0,
        file: 0,
        line: 0,
        last: 0,
        first: 0,
        district: NONE,
        school: NONE,
        calendar: NONE,
        flags: 0,
    };
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

/// What rows of one content have in common.
pub(crate) struct Shared<'w> {
    cells: Box<[Cell]>,
    filled: u64,
    school: Option<&'w School>,
    calendar: Option<&'w Days>,
    grade: u8,
    /// District, school, calendar and flags.
    at: Head,
}

/// A row with its fields read, as record rules see it. A field that is blank or failed its own form gives `None`.
pub struct Record<'a> {
    row: &'a Row<'a>,
    cells: &'a [Cell],
    /// The cells of the columns in `own_columns`, where `cells` are those of another row of the same content.
    own: &'a [Cell],
    own_columns: u64,
    /// The columns whose values were looked at, by [`column_bit`].
    looked_at: std::cell::Cell<u64>,
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
        self.looked_at.set(u64::MAX);
        self.row
    }

    /// The text of a field without spaces around it.
    #[must_use]
    pub fn text(&self, field: FieldId) -> &'a str {
        if let Some(column) = self.row.layout().column(field) {
            self.look_at(column);
        }
        self.row.text(field)
    }

    #[inline]
    fn cell(&self, field: FieldId) -> Option<(usize, Cell)> {
        let column = self.row.layout().column(field)?;
        let own = self.own_columns & column_bit(column) != 0;
        let cells = if own { self.own } else { self.cells };
        Some((column, *cells.get(column)?))
    }

    #[inline]
    fn look_at(&self, column: usize) {
        self.looked_at.set(self.looked_at.get() | column_bit(column));
    }

    /// Whether something that is done looks at the value of one of these columns.
    pub(crate) fn looks_at(&self, columns: u64, act: impl FnOnce(&Self)) -> bool {
        self.looked_at.set(0);
        act(self);
        self.looked_at.get() & columns != 0
    }

    /// Whether the layout has the field and it is blank here.
    #[must_use]
    pub fn is_blank(&self, field: FieldId) -> bool {
        self.cell(field).is_some_and(|(_, cell)| cell.state == State::Blank)
    }

    /// Whether the field has a value of its form.
    #[must_use]
    pub fn is_good(&self, field: FieldId) -> bool {
        self.cell(field).is_some_and(|(_, cell)| cell.state == State::Good)
    }

    /// A date.
    #[must_use]
    pub fn date(&self, field: FieldId) -> Option<NaiveDate> {
        self.day(field).and_then(NaiveDate::from_num_days_from_ce_opt)
    }

    /// A date, or a number, in the form in which rules compare it.
    #[inline]
    pub(crate) fn value(&self, field: FieldId) -> Option<i64> {
        let (column, cell) = self.cell(field)?;
        let value = cell.get()?;
        self.look_at(column);
        Some(value)
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

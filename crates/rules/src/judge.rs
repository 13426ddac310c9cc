//! Field and record rules on the rows of one layout. What rows share word for word is judged once and remembered: the
//! verdict is that of the columns that were looked at, so that a rule that looked at one which tells persons apart is
//! asked again for every row.

use crate::emit::{Heard, Sink};
use crate::memo::{CONTENTS, Memo, Number, own_columns, shared_columns};
use crate::record::{NONE, Plan, Record, Shared, column_bit};
use crate::table::RecordCheck;
use crate::world::World;
use hashbrown::HashMap;
use opi_dictionary::{DistrictNumber, FieldId, Hit, Layout, Row};

/// Rows after which it is asked whether remembering is worth while.
const TRIAL: u32 = 2_048;

/// The most stretches of a layout that are remembered: their numbers make one key.
const STRETCHES: usize = 4;

/// Judges rows of one layout, of one file after the other.
pub(crate) struct Judge<'w> {
    pub(crate) plan: Plan,
    checks: Vec<RecordCheck<'w>>,
    /// The columns that tell persons apart, and their bits.
    own: Vec<usize>,
    own_bits: u64,
    stretches: Vec<(Memo, Vec<Piece>)>,
    /// The contents by the numbers of their pieces.
    numbers: HashMap<u64, u32>,
    contents: Vec<Content<'w>>,
    asked: u32,
    learnt: u32,
    off: bool,
}

/// What one stretch of columns says by itself.
struct Piece {
    filled: u64,
    cells: Box<[crate::cell::Cell]>,
    problems: Box<[(u16, Option<FieldId>)]>,
}

/// What the stretches of a row say together.
struct Content<'w> {
    shared: Shared<'w>,
    /// What failed by itself, and the district it is counted under.
    problems: Box<[Heard]>,
    /// What record rules found.
    found: Box<[Heard]>,
    /// Those that must look at every row.
    open: Box<[u16]>,
    fact: Option<u32>,
}

/// A row that was judged.
pub(crate) struct Judged<'r> {
    pub(crate) record: Record<'r>,
    /// The number of its content, by which a fact made of it is remembered.
    pub(crate) content: Option<u32>,
    /// The fact that was remembered.
    pub(crate) fact: Option<u32>,
}

impl<'w> Judge<'w> {
    pub(crate) fn new(layout: &Layout, plan: Plan, checks: Vec<RecordCheck<'w>>) -> Self {
        let own = own_columns(layout);
        let shared = shared_columns(layout);
        // A layout of more columns than bits, or torn into many pieces, is read row by row.
        let off = layout.fields.len() > 63 || shared.len() > STRETCHES;
        Judge {
            plan,
            checks,
            own_bits: own.iter().map(|column| column_bit(*column)).fold(0, |bits, bit| bits | bit),
            own,
            stretches: shared.into_iter().map(|columns| (Memo::new(columns), Vec::new())).collect(),
            numbers: HashMap::new(),
            contents: Vec::new(),
            asked: 0,
            learnt: 0,
            off,
        }
    }

    /// Begins a file, sent by a district where that is known.
    pub(crate) fn begin(&mut self, uploader: Option<DistrictNumber>) {
        let uploader = uploader.map_or(NONE, |district| district.number() as u16);
        if self.plan.uploader != uploader {
            self.plan.uploader = uploader;
            self.numbers.clear();
            self.contents.clear();
        }
    }

    /// Remembers a fact made of a content.
    pub(crate) fn keep_fact(&mut self, content: u32, fact: u32) {
        if let Some(content) = self.contents.get_mut(content as usize) {
            content.fact = Some(fact);
        }
    }

    /// Judges a row; `None` for one that has the wrong number of fields. Without a sink nothing is reported.
    #[inline]
    pub(crate) fn judge<'r>(
        &'r mut self,
        row: &'r Row<'r>,
        file: u32,
        short_rows: bool,
        world: &'w World<'w>,
        mut sink: Option<&mut Sink<'_>>,
    ) -> Option<Judged<'r>>
    where
        'w: 'r,
    {
        if !self.plan.admits(row, file, short_rows, sink.as_deref_mut()) {
            return None;
        }
        let Some(number) = self.content_of(row, world, sink.as_deref_mut()) else {
            return Some(self.judge_alone(row, file, world, sink));
        };
        let own_filled = self.plan.read_some(self.own.iter().copied(), row, file, sink.as_deref_mut());
        let content = self.contents.get(number as usize)?;
        let record = self.plan.record_of(&content.shared, self.own_bits, own_filled, row, world, file);
        if let Some(sink) = sink {
            if !content.problems.is_empty() || !content.found.is_empty() {
                content.report(&record, self.plan.problems(row, file, None).student(), sink);
            }
            for check in &content.open {
                if let Some(check) = self.checks.get(usize::from(*check)) {
                    check.run(&record, sink);
                }
            }
        }
        Some(Judged { record, content: Some(number), fact: content.fact })
    }

    /// Judges a row by itself.
    fn judge_alone<'r>(
        &'r mut self,
        row: &'r Row<'r>,
        file: u32,
        world: &'r World<'r>,
        mut sink: Option<&mut Sink<'_>>,
    ) -> Judged<'r> {
        self.plan.read_columns(row, file, sink.as_deref_mut());
        self.judge_cells(row, file, world, sink)
    }

    /// Judges a row whose fields were put in their places, by those that could be told.
    #[cold]
    pub(crate) fn judge_placed<'r>(
        &'r mut self,
        row: &'r Row<'r>,
        unread: &[bool],
        file: u32,
        world: &'r World<'r>,
        mut sink: Option<&mut Sink<'_>>,
    ) -> Judged<'r> {
        self.plan.read_placed(row, unread, file, sink.as_deref_mut());
        self.judge_cells(row, file, world, sink)
    }

    /// Record rules on the cells that were read.
    fn judge_cells<'r>(
        &'r self,
        row: &'r Row<'r>,
        file: u32,
        world: &'r World<'r>,
        sink: Option<&mut Sink<'_>>,
    ) -> Judged<'r> {
        let record = self.plan.record(row, world, file);
        if let Some(sink) = sink {
            self.checks.iter().for_each(|check| check.run(&record, sink));
        }
        Judged { record, content: None, fact: None }
    }

    /// The number of the content of a row; `None` where it is not remembered.
    #[inline]
    fn content_of(
        &mut self,
        row: &Row<'_>,
        world: &'w World<'w>,
        mut sink: Option<&mut Sink<'_>>,
    ) -> Option<u32> {
        if self.off {
            return None;
        }
        self.asked += 1;
        if self.asked == TRIAL {
            self.off = self.learnt > TRIAL / 2;
            (self.asked, self.learnt) = (0, 0);
        }
        let mut key = 0;
        for (memo, pieces) in &mut self.stretches {
            let number = match memo.number(row) {
                Some(Number::Known(number)) => number,
                Some(Number::New(number)) => {
                    pieces.push(Piece::read(memo, &mut self.plan, row, sink.as_deref_mut()));
                    number
                }
                None => {
                    self.learnt += 1;
                    if memo.is_full() {
                        self.forget();
                    }
                    return None;
                }
            };
            key = key << 16 | u64::from(number);
        }
        match self.numbers.get(&key) {
            Some(number) => Some(*number),
            None => self.learn(key, row, world, sink),
        }
    }

    #[cold]
    fn forget(&mut self) {
        for (memo, pieces) in &mut self.stretches {
            memo.clear();
            pieces.clear();
        }
        self.numbers.clear();
        self.contents.clear();
    }

    /// Judges what a row shares with others.
    #[cold]
    fn learn(
        &mut self,
        key: u64,
        row: &Row<'_>,
        world: &'w World<'w>,
        sink: Option<&mut Sink<'_>>,
    ) -> Option<u32> {
        self.learnt += 1;
        if self.contents.len() >= CONTENTS {
            self.numbers.clear();
            self.contents.clear();
        }
        let mut filled = self.plan.read_some(self.own.iter().copied(), row, 0, None);
        let mut problems = Vec::new();
        let district = self.plan.problems(row, 0, None).district();
        for (index, (memo, pieces)) in self.stretches.iter().enumerate() {
            let above = 16 * (self.stretches.len() - 1 - index);
            let piece = pieces.get((key >> above & 0xffff) as usize)?;
            let cells = self.plan.cells.get_mut(memo.columns.first..=memo.columns.last)?;
            cells.copy_from_slice(&piece.cells);
            filled |= piece.filled;
            problems.extend(piece.problems.iter().map(|&(rule, field)| Heard { rule, district, field }));
        }
        self.plan.set_filled(filled);
        let mut record = self.plan.record(row, world, 0);
        let shared = record.share(world);
        let (mut found, mut open) = (Vec::new(), Vec::new());
        if let Some(sink) = sink {
            found = sink.listen(|sink| {
                for (number, check) in self.checks.iter().enumerate() {
                    let before = sink.heard();
                    let open_to_all = check.is_open(self.own_bits)
                        || record.touched_by(|record| check.run(record, sink)) & self.own_bits != 0;
                    if open_to_all {
                        sink.unhear(before);
                        open.push(number as u16);
                    }
                }
            });
        }
        let number = self.contents.len() as u32;
        self.contents.push(Content {
            shared,
            problems: problems.into(),
            found: found.into(),
            open: open.into(),
            fact: None,
        });
        self.numbers.insert(key, number);
        Some(number)
    }
}

impl Piece {
    /// Reads a stretch of a row.
    fn read(memo: &Memo, plan: &mut Plan, row: &Row<'_>, sink: Option<&mut Sink<'_>>) -> Self {
        let columns = memo.columns;
        let mut filled = 0;
        let all = columns.first..=columns.last;
        let mut heard = Vec::new();
        match sink {
            Some(sink) => {
                heard = sink.listen(|sink| filled = plan.read_some(all, row, 0, Some(sink)));
            }
            None => filled = plan.read_some(all, row, 0, None),
        }
        let cells = plan.cells.get(columns.first..=columns.last).unwrap_or_default();
        Piece {
            filled,
            cells: cells.into(),
            problems: heard.into_iter().map(|heard| (heard.rule, heard.field)).collect(),
        }
    }
}

impl Content<'_> {
    /// Reports what was found in the content for a row that has it. `student` is the one by whom problems go.
    #[cold]
    fn report(&self, record: &Record<'_>, student: u32, sink: &mut Sink<'_>) {
        let (file, line) = (record.head.file, record.head.line);
        for (heard, student) in (self.problems.iter().map(|heard| (heard, student)))
            .chain(self.found.iter().map(|heard| (heard, record.head.student)))
        {
            let hit = Hit { file, line, rule: heard.rule, field: heard.field };
            sink.add(hit, student, None, heard.district, None);
        }
    }
}

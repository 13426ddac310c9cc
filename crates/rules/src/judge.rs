//! Field and record rules on the rows of one layout. What rows share word for word is judged once and remembered. A
//! verdict is one about the columns that were looked at: a rule that looked at the value of a column which tells persons
//! apart, beyond its being blank or good, is asked again for every row.

use crate::emit::{Heard, Sink};
use crate::memo::{CONTENTS, Memo, Number, own_columns, shared_columns};
use crate::ragged::Placed;
use crate::record::{NONE, Plan, Record, Shared, column_bit};
use crate::table::RecordCheck;
use crate::world::World;
use hashbrown::HashMap;
use opi_dictionary::{DistrictNumber, FieldId, Hit, Layout, Row};

/// Rows after which it is asked whether remembering is worth while.
const TRIAL: u32 = 2_048;

/// Bits of the number of a content of a stretch.
const BITS: usize = CONTENTS.ilog2() as usize;

/// Judges rows of one layout, of one file after the other.
pub(crate) struct Judge<'w> {
    pub(crate) plan: Plan,
    checks: Vec<RecordCheck<'w>>,
    /// The columns that tell persons apart, and their bits.
    own: Vec<usize>,
    own_bits: u64,
    stretches: Vec<(Memo, Vec<Piece>)>,
    /// The contents by the numbers of their pieces and the states of the columns that tell persons apart.
    numbers: HashMap<u64, u32>,
    contents: Vec<Content<'w>>,
    asked: u32,
    learnt: u32,
    off: bool,
}

/// What one stretch of columns says by itself.
struct Piece {
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

impl<'w> Judge<'w> {
    pub(crate) fn new(layout: &Layout, plan: Plan, checks: Vec<RecordCheck<'w>>) -> Self {
        let own = own_columns(layout);
        let shared = shared_columns(layout);
        // A layout of more columns than bits, or torn into many pieces, is read row by row.
        let off = layout.fields.len() > 63 || shared.len() * BITS + own.len() * 2 > 64;
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

    /// Judges a row, unless it has the wrong number of fields, and hands it on with the fact that was made of another of
    /// its content; the fact that is answered is remembered. Without a sink nothing is reported.
    #[inline]
    pub(crate) fn judge<'s>(
        &mut self,
        row: &Row<'_>,
        (file, short_rows): (u32, bool),
        world: &'w World<'w>,
        mut sink: Option<&mut Sink<'s>>,
        take: impl FnOnce(&Record<'_>, Option<u32>, Option<&mut Sink<'s>>) -> Option<u32>,
    ) {
        if !self.plan.admits(row, file, short_rows, sink.as_deref_mut()) {
            return self.judge_ragged(row, file, world, sink, take);
        }
        let Some(number) = self.content_of(row, file, world, sink.as_deref_mut()) else {
            let record = self.judge_alone(row, file, world, sink.as_deref_mut());
            take(&record, None, sink);
            return;
        };
        let Some(content) = self.contents.get_mut(number as usize) else { return };
        let record = self.plan.record_of(&content.shared, self.own_bits, row, world, file);
        if let Some(sink) = sink.as_deref_mut() {
            if !content.problems.is_empty() || !content.found.is_empty() {
                let student = self.plan.problems(row, file, None).student();
                report(&content.problems, student, &record, sink);
                report(&content.found, record.head.student, &record, sink);
            }
            for check in &content.open {
                if let Some(check) = self.checks.get(usize::from(*check)) {
                    check.run(&record, sink);
                }
            }
        }
        content.fact = take(&record, content.fact, sink);
    }

    /// Judges a row by itself.
    fn judge_alone<'r>(
        &'r mut self,
        row: &'r Row<'r>,
        file: u32,
        world: &'r World<'r>,
        mut sink: Option<&mut Sink<'_>>,
    ) -> Record<'r> {
        self.plan.read_columns(row, file, sink.as_deref_mut());
        self.judge_cells(row, file, world, sink)
    }

    /// Judges a row with a wrong number of fields by those whose place is certain; where none is, it is not taken.
    #[cold]
    fn judge_ragged<'s>(
        &mut self,
        row: &Row<'_>,
        file: u32,
        world: &'w World<'w>,
        mut sink: Option<&mut Sink<'s>>,
        take: impl FnOnce(&Record<'_>, Option<u32>, Option<&mut Sink<'s>>) -> Option<u32>,
    ) {
        let Some(mut placed) = Placed::of(row) else { return };
        let unread = std::mem::take(&mut placed.unread);
        let row = placed.row();
        self.plan.read_placed(&row, &unread, file, sink.as_deref_mut());
        let record = self.judge_cells(&row, file, world, sink.as_deref_mut());
        take(&record, None, sink);
    }

    /// Record rules on the cells that were read.
    fn judge_cells<'r>(
        &'r self,
        row: &'r Row<'r>,
        file: u32,
        world: &'r World<'r>,
        sink: Option<&mut Sink<'_>>,
    ) -> Record<'r> {
        let record = self.plan.record(row, world, file);
        if let Some(sink) = sink {
            self.checks.iter().for_each(|check| check.run(&record, sink));
        }
        record
    }

    /// The number of the content of a row, whose own columns are read; `None` where it is not remembered, and nothing
    /// was reported yet.
    #[inline]
    fn content_of(
        &mut self,
        row: &Row<'_>,
        file: u32,
        world: &'w World<'w>,
        mut sink: Option<&mut Sink<'_>>,
    ) -> Option<u32> {
        if self.off {
            return None;
        }
        self.asked = self.asked.wrapping_add(1);
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
            key = key << BITS | u64::from(number);
        }
        let states = self.plan.read_own(&self.own, row, file, sink.as_deref_mut());
        let key = key << (2 * self.own.len()) | states;
        match self.numbers.get(&key) {
            Some(number) => Some(*number),
            None => Some(self.learn(key, row, world, sink)),
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

    /// Judges what a row shares with others. Its own columns are read.
    #[cold]
    fn learn(&mut self, key: u64, row: &Row<'_>, world: &'w World<'w>, sink: Option<&mut Sink<'_>>) -> u32 {
        self.learnt += 1;
        if self.contents.len() >= CONTENTS {
            self.numbers.clear();
            self.contents.clear();
        }
        let mut problems = Vec::new();
        let district = self.plan.problems(row, 0, None).district();
        let mut numbers = key >> (2 * self.own.len());
        for (memo, pieces) in self.stretches.iter().rev() {
            let piece = pieces.get((numbers as usize) & (CONTENTS - 1));
            numbers >>= BITS;
            let cells = self.plan.cells.get_mut(memo.columns.first..=memo.columns.last);
            if let (Some(piece), Some(cells)) = (piece, cells) {
                cells.copy_from_slice(&piece.cells);
                problems.extend(piece.problems.iter().map(|&(rule, field)| Heard { rule, district, field }));
            }
        }
        let shared = self.plan.share(world);
        let record = self.plan.record_alike(&shared, row, world);
        let (mut found, mut open) = (Vec::new(), Vec::new());
        if let Some(sink) = sink {
            found = sink.listen(|sink| {
                for (number, check) in self.checks.iter().enumerate() {
                    let before = sink.heard();
                    if check.is_own() || record.looks_at(self.own_bits, |record| check.run(record, sink)) {
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
        number
    }
}

impl Piece {
    /// Reads a stretch of a row.
    fn read(memo: &Memo, plan: &mut Plan, row: &Row<'_>, sink: Option<&mut Sink<'_>>) -> Self {
        let all = memo.columns.first..=memo.columns.last;
        let problems = match sink {
            Some(sink) => sink.listen(|sink| plan.read_some(all.clone(), row, Some(sink))),
            None => {
                plan.read_some(all.clone(), row, None);
                Vec::new()
            }
        };
        let cells = plan.cells.get(all).unwrap_or_default();
        let problems = problems.into_iter().map(|heard| (heard.rule, heard.field)).collect();
        Piece { cells: cells.into(), problems }
    }
}

/// Reports what was found in a content for a row that has it.
#[cold]
fn report(found: &[Heard], student: u32, record: &Record<'_>, sink: &mut Sink<'_>) {
    let (file, line) = (record.head.file, record.head.line);
    for heard in found {
        let hit = Hit { file, line, rule: heard.rule, field: heard.field };
        sink.add(hit, student, None, heard.district, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::Found;
    use crate::facts::Enrollment;
    use crate::table::{Table, number_if_runs, record_checks};
    use crate::{Parameters, Policy, References, Rows};
    use chrono::NaiveDate;
    use opi_dictionary::{Dictionary, SchoolYear};
    use proptest::prelude::*;

    /// What a judge finds in rows, the facts it hands on, and how much it keeps. `remembers` says whether it may.
    fn judged(layout: &Layout, rows: &[Vec<String>], remembers: bool) -> (Vec<Found>, Vec<String>, usize) {
        let dictionary = Dictionary::built_in();
        let today = NaiveDate::from_ymd_opt(2026, 1, 21).unwrap();
        let references = References::new(dictionary, SchoolYear::ending(2026).unwrap(), today);
        let world = World::new(&references, Parameters::default());
        let table = Table::new(&[], &Policy::default(), today).unwrap();
        let runs = vec![true; table.entries.len()];
        let plan = Plan::new(layout, &world, |code| number_if_runs(&table, &runs, code));
        let mut judge = Judge::new(layout, plan, record_checks(&table, layout, &runs));
        assert!(!judge.off || layout.fields.len() > 63, "{} is remembered", layout.key);
        judge.off |= !remembers;
        let mut sink = table.sink(1_000_000, None);
        let mut input = Rows::new("a.tsv", layout);
        for (index, row) in rows.iter().enumerate() {
            input.push(index as u64 + 2, row.iter().map(String::as_str));
        }
        let mut facts = Vec::new();
        for index in 0..rows.len() {
            let row = input.row(index).unwrap();
            judge.judge(&row, (0, false), &world, Some(&mut sink), |record, fact, _| {
                facts.push(format!("{:?}", Enrollment::of(record)));
                assert!(remembers || fact.is_none());
                Some(fact.unwrap_or(facts.len() as u32 - 1))
            });
            assert!(judge.contents.len() <= CONTENTS && judge.numbers.len() <= CONTENTS);
        }
        (sink.take_samples(), facts, judge.contents.len())
    }

    fn cells() -> impl Strategy<Value = String> {
        let known = prop::sample::select(vec![
            "",
            "EN",
            "9901",
            "9912",
            "100",
            "990000101",
            "111111111",
            "99000010",
            "Larkspur",
            "Zinnia",
            "10",
            "02",
            "2",
            "P",
            "X",
            "08/27/2025",
            "13/27/2025",
            "01/20/2027",
            "160",
            "400",
            "Y",
            "N",
            "2026",
            "2025",
            " P",
            "P ",
            " ",
            "a\tb",
            "\t",
            "a\u{1}",
            "Peña",
            "180.00",
            "1",
        ]);
        prop_oneof![9 => known.prop_map(str::to_owned), 1 => "\\PC{0,30}"]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn what_is_remembered_is_what_is_judged_alone(
            number in 0usize..40,
            contents in prop::collection::vec(prop::collection::vec(cells(), 64), 1..4),
            own in prop::collection::vec(prop::collection::vec(cells(), 8), 1..4),
            picks in prop::collection::vec((0usize..4, 0usize..4, 0usize..40), 1..40),
        ) {
            let layouts = Dictionary::built_in().layouts();
            let layout = &layouts[number % layouts.len()];
            let columns = own_columns(layout);
            let row = |&(content, person, length): &(usize, usize, usize)| {
                let mut row = contents[content % contents.len()].clone();
                row.truncate(layout.fields.len() + usize::from(length == 0));
                for (column, text) in columns.iter().zip(&own[person % own.len()]) {
                    row[*column] = text.clone();
                }
                row
            };
            let rows: Vec<Vec<String>> = picks.iter().map(row).collect();
            let (found, facts, _) = judged(layout, &rows, true);
            let (alone_found, alone_facts, nothing) = judged(layout, &rows, false);
            prop_assert_eq!(found, alone_found);
            prop_assert_eq!(facts, alone_facts);
            prop_assert_eq!(nothing, 0);
        }
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let layout = Dictionary::built_in().layout("student-enrollments").unwrap();
        let row = |number: usize| {
            let mut row = vec![String::new(); layout.fields.len()];
            row[0] = "EN".to_owned();
            row[4] = format!("{:09}", 990_000_000 + number);
            row[8] = "99".to_owned();
            row
        };
        // Each content twice, so that it goes on remembering.
        let many: Vec<Vec<String>> = (0..3 * CONTENTS)
            .map(|number| {
                let mut row = row(number);
                row[20] = format!("{}", number / 2);
                row
            })
            .collect();
        let (found, _, kept) = judged(layout, &many, true);
        assert!(kept > 0 && kept < CONTENTS, "it forgot once: {kept}");
        assert_eq!(found, judged(layout, &many, false).0);
        // Where all contents differ it leaves off.
        let different: Vec<Vec<String>> = many.into_iter().step_by(2).collect();
        assert!(judged(layout, &different, true).2 <= TRIAL as usize);
    }

    #[test]
    fn enrollments_are_told_by_what_rows_share() {
        let layout = Dictionary::built_in().layout("student-enrollments").unwrap();
        let own: Vec<&str> =
            own_columns(layout).iter().map(|column| layout.fields[*column].key.as_str()).collect();
        assert_eq!(own, ["student_state_id", "student_local_id", "last_name", "first_name"]);
        let shared: Vec<(usize, usize)> =
            shared_columns(layout).iter().map(|columns| (columns.first, columns.last)).collect();
        assert_eq!(shared, [(0, 3), (8, 21)]);
    }
}

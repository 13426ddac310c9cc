//! Files as a whole: name, header, contents, repeated rows.

use super::{BuiltIn, Whole, record, student, whole};
use crate::emit::{Emit, NO_DISTRICT, Place};
use crate::facts::{Fact, FileKind, Identity};
use crate::record::{Head, NONE, Record};
use crate::student::Student;
use opi_dictionary::fields as f;
use std::collections::BTreeMap;

pub(super) const RULES: &[BuiltIn] = &[
    whole("BEH-004", behavior_suffix),
    whole("FILE-001", suffix),
    whole("FILE-005", header_in_future),
    whole("FILE-010", empty),
    record("FILE-013", &[], other_district),
    record("FILE-015", &[], other_year),
    student("FILE-019", repeated),
    whole("FILE-019", repeated_things),
];

fn has_suffix(whole: &Whole<'_>, name: &str, layout: &str) -> bool {
    let Ok(layout) = whole.world.references.dictionary.layout(layout) else { return true };
    let suffix = name.rsplit_once('.').map_or(String::new(), |(_, suffix)| suffix.to_ascii_lowercase());
    // Rows that come from no file have a name without a dot.
    layout.suffixes.is_empty() || !name.contains('.') || layout.suffixes.contains(&suffix)
}

fn report_suffix(whole: &Whole<'_>, emit: &mut Emit<'_, '_>, behavior: bool) {
    for (number, file) in whole.current() {
        if (file.kind == FileKind::Behavior) == behavior && !has_suffix(whole, &file.name, &file.layout) {
            emit.put(Place { file: number, line: 0 }, None, 0, NO_DISTRICT, None);
        }
    }
}

fn suffix(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    report_suffix(whole, emit, false);
}

fn behavior_suffix(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    report_suffix(whole, emit, true);
}

fn header_in_future(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    for (number, file) in whole.current() {
        if file.header_date.is_some_and(|day| day > whole.world.as_of) {
            emit.put(Place { file: number, line: 1 }, Some(f::HEADER_DATE), 0, NO_DISTRICT, None);
        }
    }
}

fn empty(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    for (number, file) in whole.current() {
        if file.rows == 0 && file.problem.is_none() && !file.emptiness_judged {
            emit.put(Place { file: number, line: 0 }, None, 0, NO_DISTRICT, None);
        }
    }
}

fn other_district(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let (uploader, district) = (record.uploader, record.head.district);
    if uploader != NONE && district != NONE && district != uploader {
        record.report(emit, f::DISTRICT_NUMBER);
    }
}

fn other_year(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let chosen = i64::from(record.world.year.end_year());
    if record.value(f::YEAR).is_some_and(|year| year != chosen) {
        record.report(emit, f::YEAR);
    }
}

/// FILE-019 for rows about students, by the keys of the layouts.
fn repeated(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let now = &student.now;
    rows(now.identities, emit, |_| ());
    rows(now.enrollments, emit, |row| (calendar(&row.head), row.start, row.service));
    rows(now.counts, emit, |row| calendar(&row.head));
    rows(now.programs, emit, |row| calendar(&row.head));
    rows(now.learners, emit, |row| row.identified);
    rows(now.follow_ups, emit, |row| calendar(&row.head));
    rows(now.pathways, emit, |row| row.pathway);
    rows(now.plans, emit, |row| row.start);
    rows(now.meals, emit, |row| row.start);
    rows(now.homeless, emit, |row| row.start);
    rows(now.incidents, emit, |row| (row.incident, row.event));
    rows(now.seats, emit, |row| row.key);
    attendance(student, emit);
}

fn calendar(head: &Head) -> (u16, u16, u16) {
    (head.district, head.school, head.calendar)
}

/// Reports each row whose key an earlier row of the same file has.
fn rows<T: Fact, K: Ord>(rows: &[T], emit: &mut Emit<'_, '_>, key: impl Fn(&T) -> K) {
    if rows.len() < 2 {
        return;
    }
    let mut seen: BTreeMap<(u32, K), Head> = BTreeMap::new();
    for row in rows {
        match seen.entry((row.head().file, key(row))) {
            std::collections::btree_map::Entry::Occupied(first) => emit.row(row.head(), Some(first.get())),
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(*row.head());
            }
        }
    }
}

/// Attendance totals carry no start date: as many rows as enrollments in the calendar are right. Without
/// enrollments of the district in the run nothing can be said.
fn attendance(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.now.attendance.len() < 2 {
        return;
    }
    let mut seen: BTreeMap<(u32, (u16, u16, u16)), usize> = BTreeMap::new();
    for row in student.now.attendance {
        let count = seen.entry((row.head.file, calendar(&row.head))).or_default();
        *count += 1;
        let enrollments = student.now.enrollments.iter().filter(|e| e.head.same_calendar(&row.head)).count();
        if *count > enrollments.max(1) && student.run.covers(FileKind::Enrollments, row.head.district) {
            emit.row(&row.head, None);
        }
    }
}

/// FILE-019 for rows about courses, sections and staff, and for demographics without a state ID.
fn repeated_things(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    let mut keys: Vec<(u32, u64, u32, u16)> = whole
        .now
        .things
        .iter()
        .map(|thing| (thing.place.file, thing.key, thing.place.line, thing.district))
        .collect();
    let without_id = |row: &&Identity| row.marks & Identity::ID_BLANK != 0;
    for row in Whole::buckets(whole.now).flat_map(|facts| &facts.identities).filter(without_id) {
        if let Some(local) = row.local {
            keys.push((row.head.file, local.get(), row.head.line, row.head.district));
        }
    }
    keys.sort_unstable();
    let mut first = None;
    for (file, key, line, district) in keys {
        match first {
            Some((same_file, same_key, other)) if (same_file, same_key) == (file, key) => {
                emit.put(Place { file, line }, None, 0, district, Some(Place { file, line: other }));
            }
            _ => first = Some((file, key, line)),
        }
    }
}

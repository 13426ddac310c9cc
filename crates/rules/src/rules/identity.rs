//! Who a row is about: numbers of districts, schools and calendars, state IDs.

use super::near_match::Person;
use super::{BuiltIn, Whole, record, student, whole};
use crate::emit::Emit;
use crate::facts::{Fact, Identity, NO_DAY};
use crate::pass::Role;
use crate::reason::Reason;
use crate::record::{Head, NONE, Record};
use crate::student::Student;
use opi_dictionary::{Calendar, CalendarKey, SchoolKey, SchoolYear, fields as f};
use std::num::NonZeroU64;

pub(super) const RULES: &[BuiltIn] = &[
    record("ID-002", &[], unknown_district),
    record("ID-003", &[], legal_entity),
    record("ID-005", &[], unknown_school),
    record("ID-007", &[], unknown_calendar),
    record("ID-009", &[], one_digit),
    record(
        "ID-010",
        &["EN", "AF", "AS", "TW", "PP", "LP", "AA", "CT", "CE", "504", "FR", "HM", "BX", "RU"],
        without_id,
    ),
    student("ID-011", unknown_student),
    student("ID-012", other_name),
    student("ID-013", two_children),
    whole("ID-018", shared_local_id),
    record("ID-020", &["SD"], neither_id),
];

fn unknown_district(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let district = record.head.district;
    if district != NONE && record.world.district_is_active(district) == Some(false) {
        record.report(emit, f::DISTRICT_NUMBER);
    }
}

fn legal_entity(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let district = record.head.district;
    let active = record.world.district_is_active(district) == Some(true);
    if district != NONE && !active && record.world.is_legal_entity_only(district) {
        record.report(emit, f::DISTRICT_NUMBER);
    }
}

fn unknown_school(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let known = record.head.district != NONE && record.head.school != NONE;
    if known && record.world.has_directory && record.school.is_none() {
        record.report(emit, f::SCHOOL_NUMBER);
    }
}

fn unknown_calendar(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let given = record.head.has(Head::SCHOOL_USABLE) && record.head.calendar != NONE;
    if !given || !record.world.has_calendars {
        return;
    }
    let year = record.value(f::YEAR).unwrap_or(i64::from(record.world.year.end_year()));
    let known = if year == i64::from(record.world.year.end_year()) {
        record.calendar.is_some()
    } else {
        calendar_of(record, year).is_some()
    };
    if !known && (record.is_good(f::YEAR) || record.row().layout().column(f::YEAR).is_none()) {
        record.report(emit, f::CALENDAR_NUMBER);
    }
}

/// The calendar that a row names, in a year other than the one that is checked.
fn calendar_of<'a>(record: &Record<'a>, end_year: i64) -> Option<&'a Calendar> {
    let key = CalendarKey {
        school: SchoolKey {
            district: record.text(f::DISTRICT_NUMBER).parse().ok()?,
            school: record.text(f::SCHOOL_NUMBER).parse().ok()?,
        },
        calendar: record.text(f::CALENDAR_NUMBER).parse().ok()?,
        year: SchoolYear::ending(i32::try_from(end_year).ok()?).ok()?,
    };
    record.world.references.directory?.calendar(key)
}

fn one_digit(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    if record.value(f::STUDENT_STATE_ID).is_some_and(|id| id % 111_111_111 == 0) {
        record.report(emit, f::STUDENT_STATE_ID);
    }
}

fn without_id(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    if record.is_blank(f::STUDENT_STATE_ID) {
        record.report(emit, f::STUDENT_STATE_ID);
    }
}

fn neither_id(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    if record.is_blank(f::STUDENT_STATE_ID) && record.is_blank(f::STUDENT_LOCAL_ID) {
        record.report(emit, f::STUDENT_LOCAL_ID);
    }
}

fn unknown_student(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.is_unknown() {
        student.now.each_head(|head| {
            if student.run.knows_students(head.district) {
                emit.at(head, f::STUDENT_STATE_ID);
            }
        });
    }
}

fn other_name(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let from_register = student.run.register_known;
    let stored = if from_register { student.stored.identities } else { student.now.identities };
    if stored.is_empty() {
        return;
    }
    let agrees = |head: &Head| {
        stored.iter().any(|known| {
            let same = |mine: u32, theirs: u32| mine == theirs || mine == 0 || theirs == 0;
            same(head.last, known.head.last) && same(head.first, known.head.first)
        })
    };
    student.now.each_head(|head| {
        if !agrees(head) {
            emit.at(head, f::STUDENT_STATE_ID);
        }
    });
}

fn two_children(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let now = &student.now;
    let births_differ = |row: &Identity, other: &Identity| {
        row.birth != NO_DAY && other.birth != NO_DAY && row.birth != other.birth
    };
    each_differing(now.identities, births_differ, |row, first| {
        let (mine, theirs) = (Person::of(row, true), Person::of(first, true));
        let agreement =
            |(mine, theirs): (Person, Person)| Reason::Agreement { points: mine.score(&theirs), least: None };
        let reason = mine.zip(theirs).map_or(Reason::Plain, agreement);
        emit.because(&row.head, f::STUDENT_STATE_ID, [first.head.place()], reason);
    });
    differing(now.enrollments, emit);
    differing(now.counts, emit);
    differing(now.programs, emit);
    differing(now.learners, emit);
    differing(now.attendance, emit);
    differing(now.pathways, emit);
    differing(now.follow_ups, emit);
    differing(now.plans, emit);
    differing(now.meals, emit);
}

/// Reports each row with another last name than the first row of the student in the same file.
fn differing<T: Fact>(rows: &[T], emit: &mut Emit<'_, '_>) {
    let report = |row: &T, first: &T| emit.with(row.head(), f::STUDENT_STATE_ID, first.head());
    each_differing(rows, |_, _| false, report);
}

/// Hands on each row that differs from the first row of the student in the same file, with that row.
fn each_differing<T: Fact>(rows: &[T], differs: impl Fn(&T, &T) -> bool, mut act: impl FnMut(&T, &T)) {
    for file in rows.chunk_by(|one, other| one.head().file == other.head().file) {
        let Some((first, rest)) = file.split_first() else { continue };
        for row in rest {
            let (mine, theirs) = (row.head().last, first.head().last);
            if differs(row, first) || (mine != 0 && theirs != 0 && mine != theirs) {
                act(row, first);
            }
        }
    }
}

fn shared_local_id(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    let mut rows: Vec<(u16, NonZeroU64, bool, Head)> = Vec::new();
    for (partition, role) in [(whole.stored, Role::Register), (whole.now, Role::Current)] {
        for row in Whole::buckets(partition).flat_map(|facts| &facts.identities) {
            if let Some(local) = row.local
                && row.head.student != 0
                && row.head.district != NONE
            {
                rows.push((row.head.district, local, role == Role::Current, row.head));
            }
        }
    }
    rows.sort_unstable_by_key(|(district, local, current, head)| (*district, *local, *current, head.place()));
    for group in rows.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
        let Some(first) = group.first().map(|row| row.3) else { continue };
        let mut second: Option<Head> = None;
        for (_, _, current, head) in group {
            let other = if head.student == first.student { second } else { Some(first) };
            if head.student != first.student && second.is_none() {
                second = Some(*head);
            }
            if let (true, Some(other)) = (*current, other) {
                emit.with(head, f::STUDENT_LOCAL_ID, &other);
            }
        }
    }
}

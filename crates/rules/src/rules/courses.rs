//! Courses, sections, placements, rosters.

use super::{BuiltIn, Whole, record, student, whole};
use crate::cell::{PK, grade_index, grade_level};
use crate::emit::Emit;
use crate::facts::{Enrollment, FileKind, NO_DAY, OPEN, Thing};
use crate::pass::{Partition, Role};
use crate::record::{Head, Record};
use crate::student::Student;
use hashbrown::HashSet;
use opi_dictionary::{FieldId, fields as f};

pub(super) const RULES: &[BuiltIn] = &[
    record("CRS-003", &["CU"], grade_span),
    record("CRS-004", &["CU"], sequence),
    whole("CRS-007", section_of_unknown_course),
    whole("CRS-009", placement_of_unknown_section),
    student("ROS-001", unknown_section_or_student),
    student("ROS-004", outside_enrollment),
    whole("ROS-005", empty_section),
];

/// The place of a grade in the order PK, kindergarten, 01 to 12.
fn order(grade: i64) -> Option<i32> {
    match grade_index(grade) {
        PK => Some(-1),
        grade => grade_level(grade),
    }
}

fn grade_span(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let grade = |field: FieldId| record.value(field).and_then(order);
    if let (Some(lowest), Some(highest)) = (grade(f::SCED_LOWEST_GRADE), grade(f::SCED_HIGHEST_GRADE))
        && lowest > highest
    {
        record.report(emit, f::SCED_LOWEST_GRADE);
    }
}

fn sequence(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let scale = crate::cell::DECIMAL_SCALE;
    let outside = |value: i64| value < scale || value > 9 * scale || value % scale != 0;
    let (part, total) = (record.value(f::SCED_SEQUENCE), record.value(f::SCED_SEQUENCE_TOTAL));
    let above = part.zip(total).is_some_and(|(part, total)| part > total);
    if above || part.is_some_and(outside) || total.is_some_and(outside) {
        record.report(emit, f::SCED_SEQUENCE);
    }
}

fn keys(partitions: [&Partition; 2], kind: FileKind, key: fn(&Thing) -> u64) -> HashSet<u64> {
    let things = partitions.into_iter().flat_map(|partition| &partition.things);
    things.filter(|thing| thing.kind == kind).map(key).collect()
}

fn report_unknown(
    whole: &Whole<'_>,
    emit: &mut Emit<'_, '_>,
    kind: FileKind,
    of: FileKind,
    key: fn(&Thing) -> u64,
    field: FieldId,
) {
    let known = keys([whole.now, whole.stored], of, key);
    let unknown = |thing: &&Thing| {
        thing.kind == kind && !known.contains(&key(thing)) && whole.covered.knows(of, thing.district)
    };
    for thing in whole.now.things.iter().filter(unknown) {
        emit.put(thing.place, Some(field), 0, thing.district, None);
    }
}

fn section_of_unknown_course(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    report_unknown(whole, emit, FileKind::Section, FileKind::Course, |thing| thing.course, f::COURSE_NUMBER);
}

fn placement_of_unknown_section(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    report_unknown(
        whole,
        emit,
        FileKind::Placement,
        FileKind::Section,
        |thing| thing.section,
        f::SECTION_NUMBER,
    );
}

fn unknown_section_or_student(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.seats.iter().filter(|row| row.head.has(Head::CALENDAR_USABLE)) {
        let enrolled = student.known_enrollments().any(|other| other.head.same_calendar(&row.head));
        let (run, district) = (student.run, row.head.district);
        let no_section = !run.sections.contains(&row.section) && run.knows(FileKind::Section, district);
        if no_section || (!enrolled && run.knows_enrollments(district)) {
            emit.row(&row.head, None);
        }
    }
}

/// A blank roster date takes the section's and then the enrollment's, so it lies inside.
fn outside_enrollment(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.seats {
        let spans = || {
            let enrollments = student.known_enrollments().filter(|other| other.head.same_calendar(&row.head));
            enrollments.filter_map(Enrollment::span)
        };
        if row.end == NO_DAY || spans().next().is_none() {
            continue;
        }
        let inside = |(start, end): (i32, i32)| {
            let starts = row.start == NO_DAY || (start..=end).contains(&row.start);
            let ends = row.end == OPEN || (start..=end).contains(&row.end);
            starts && ends
        };
        if !spans().any(inside) {
            emit.row(&row.head, None);
        }
    }
}

fn empty_section(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    // When the calendar is over, those count who were there on its last day.
    let today = |head: &Head| {
        let days = whole.world.calendar(head.district, head.school, head.calendar);
        days.map_or(whole.world.as_of, |days| days.last.min(whole.world.as_of))
    };
    let with_students: HashSet<u64> = Whole::buckets(whole.now)
        .flat_map(|facts| &facts.seats)
        .filter(|seat| seat.end == NO_DAY || seat.end >= today(&seat.head))
        .map(|seat| seat.section)
        .collect();
    // Until staff types are known, any row of staff history stands for a teacher of record.
    let with_staff = keys([whole.now, whole.now], FileKind::StaffHistory, |thing| thing.section);
    let sent = |kind, district| whole.covered.holds(Role::Current, kind, district);
    let judged = |thing: &&Thing| {
        thing.kind == FileKind::Section
            && sent(FileKind::Roster, thing.district)
            && sent(FileKind::StaffHistory, thing.district)
    };
    for thing in whole.now.things.iter().filter(judged) {
        if !with_students.contains(&thing.section) || !with_staff.contains(&thing.section) {
            emit.put(thing.place, None, 0, thing.district, None);
        }
    }
}

//! Staff: employments, assignments, history in sections.

use super::{BuiltIn, Whole, whole};
use crate::emit::Emit;
use crate::facts::{FileKind, NO_DAY, Thing};
use crate::rules::overlapping;
use opi_dictionary::{FieldId, fields as f};

pub(super) const RULES: &[BuiltIn] = &[
    whole("STF-003", employment_overlap),
    whole("STF-004", assignment_overlap),
    whole("STF-006", assignment_without_employment),
    whole("STF-007", two_names),
];

/// Rows of staff of some kinds, stored ones first, with whether they are of the run.
fn rows<'a>(whole: &Whole<'a>, kinds: &[FileKind]) -> Vec<(bool, &'a Thing)> {
    let stored = whole.stored.things.iter().map(|thing| (false, thing));
    let all = stored.chain(whole.now.things.iter().map(|thing| (true, thing)));
    all.filter(|(_, thing)| thing.staff != 0 && kinds.contains(&thing.kind)).collect()
}

/// Reports rows of the run that start inside another span of the same person, district and matter.
fn report_inside(whole: &Whole<'_>, emit: &mut Emit<'_, '_>, kind: FileKind, field: FieldId) {
    let mut rows = rows(whole, &[kind]);
    rows.retain(|(_, thing)| thing.start != NO_DAY && thing.end >= thing.start);
    let key = |thing: &Thing| (thing.staff, thing.district, thing.course);
    rows.sort_by_key(|(current, thing)| (key(thing), thing.start, *current, thing.place));
    for group in rows.chunk_by(|one, other| key(one.1) == key(other.1)) {
        let spans: Vec<(i32, i32)> = group.iter().map(|(_, thing)| (thing.start, thing.end)).collect();
        if group.len() < 2 || overlapping(&spans).iter().all(Option::is_none) {
            continue;
        }
        let mut latest: Option<&Thing> = None;
        for (current, thing) in group {
            // The stored row that the upload repeats is the same record.
            let inside =
                latest.filter(|before| before.end >= thing.start && (!current || before.key != thing.key));
            if let (true, Some(before)) = (*current, inside) {
                emit.put(thing.place, Some(field), 0, thing.district, Some(before.place));
            }
            if latest.is_none_or(|before| thing.end > before.end) {
                latest = Some(thing);
            }
        }
    }
}

fn employment_overlap(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    report_inside(whole, emit, FileKind::Employment, f::DISTRICT_EMPLOYMENT_START_DATE);
}

fn assignment_overlap(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    report_inside(whole, emit, FileKind::Assignment, f::DISTRICT_ASSIGNMENT_START_DATE);
}

fn assignment_without_employment(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    let mut employments = rows(whole, &[FileKind::Employment]);
    employments.sort_by_key(|(_, thing)| (thing.staff, thing.district));
    for (current, thing) in rows(whole, &[FileKind::Assignment]) {
        let known = whole.covered.knows(FileKind::Employment, thing.district);
        if !current || !known || thing.start == NO_DAY || thing.end == NO_DAY {
            continue;
        }
        let key = (thing.staff, thing.district);
        let from = employments.partition_point(|(_, other)| (other.staff, other.district) < key);
        let mine =
            employments.iter().skip(from).take_while(|(_, other)| (other.staff, other.district) == key);
        let holds =
            |other: &Thing| other.start != NO_DAY && other.start <= thing.start && thing.end <= other.end;
        if !mine.into_iter().any(|(_, other)| holds(other)) {
            emit.put(thing.place, None, 0, thing.district, None);
        }
    }
}

fn two_names(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    let mut rows = rows(whole, &[FileKind::Employment, FileKind::Assignment, FileKind::StaffHistory]);
    rows.retain(|(_, thing)| thing.last != 0 && thing.first != 0);
    rows.sort_by_key(|(current, thing)| (thing.staff, *current, thing.place));
    for person in rows.chunk_by(|one, other| one.1.staff == other.1.staff) {
        let Some((_, first)) = person.first() else { continue };
        for (current, thing) in person {
            if *current && (thing.last, thing.first) != (first.last, first.first) {
                emit.put(thing.place, Some(f::STAFF_STATE_ID), 0, thing.district, Some(first.place));
            }
        }
    }
}

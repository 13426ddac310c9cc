//! Behavior incidents.

use super::{BuiltIn, Whole, record, student, whole};
use crate::FactKind;
use crate::cell::code;
use crate::emit::{Emit, Place};
use crate::facts::{FileKind, Incident, NO_DAY};
use crate::reason::{Counted, Reason};
use crate::record::{Head, NONE, Record};
use crate::student::Student;
use opi_dictionary::fields as f;
use std::collections::BTreeMap;

pub(super) const RULES: &[BuiltIn] = &[
    student("BEH-001", removal_left_out),
    student("BEH-002", removal_of_student_with_disability_left_out),
    record("BEH-003", &["BX"], unmapped),
    whole("BEH-005", fewer_incidents),
    student("BEH-006", outside_enrollment),
    record("BEH-007", &["BX"], no_length),
    whole("BEH-008", no_offender),
];

/// Reports stored removals of some kinds that no incident of the day shows, on the file of the district.
fn left_out(student: &Student<'_>, emit: &mut Emit<'_, '_>, kinds: &[&str]) {
    let removals = student.facts_of(FactKind::Removal).filter(|fact| kinds.contains(&&*fact.value));
    for removal in removals {
        let shown = |row: &Incident| row.day == removal.first && row.resolution == code(&removal.value);
        if student.now.incidents.iter().any(shown) {
            continue;
        }
        let head = student.known_enrollments().next().map(|row| row.head);
        let head = head.or_else(|| student.now.first_head().copied());
        if let Some(head) = head
            && student.run.covers(FileKind::Behavior, head.district)
            && let Some(file) = student.run.file_of(FileKind::Behavior, head.district)
        {
            emit.missing(file, &head);
        }
    }
}

fn removal_left_out(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    left_out(student, emit, &["OSS", "EXP"]);
}

fn removal_of_student_with_disability_left_out(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.fact(FactKind::SpecialEducation).is_some() {
        left_out(student, emit, &["ISS"]);
    }
}

fn unmapped(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let known = &record.world.references.tables.behavior;
    let unknown = |field| record.is_good(field) && !known.contains(record.text(field));
    if unknown(f::STATE_EVENT_CODE) || unknown(f::STATE_RESOLUTION_CODE) {
        record.report(emit, f::STATE_EVENT_CODE);
    }
}

fn fewer_incidents(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    let count = |partition| {
        let mut incidents: Vec<(u16, u64)> = Whole::buckets(partition)
            .flat_map(|facts| &facts.incidents)
            .map(|row| (row.head.district, row.incident))
            .collect();
        incidents.sort_unstable();
        incidents.dedup();
        let mut counts: BTreeMap<u16, u64> = BTreeMap::new();
        incidents.iter().for_each(|(district, _)| *counts.entry(*district).or_default() += 1);
        counts
    };
    let (now, stored) = (count(whole.now), count(whole.stored));
    for (number, file) in whole.current().filter(|(_, file)| file.kind == FileKind::Behavior) {
        for district in &file.districts {
            let (now, stored) = (now.get(district).unwrap_or(&0), stored.get(district).unwrap_or(&0));
            // Of a district in the file there is one incident at least.
            if now * 2 <= *stored {
                let (now, before) = (*now as u32, *stored as u32);
                let reason = Reason::Counted { what: Counted::Incidents, now, before };
                emit.of_district(Place { file: number, line: 0 }, None, *district, reason);
            }
        }
    }
}

fn outside_enrollment(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let world = student.world;
    for row in student.now.incidents.iter().filter(|row| row.day != NO_DAY) {
        let in_year = (world.year_first..=world.year_last).contains(&row.day);
        let enrolled = student.known_enrollments().any(|other| other.holds(row.day));
        if !in_year || (!enrolled && student.run.knows_enrollments(row.head.district)) {
            emit.at(&row.head, f::INCIDENT_DATE);
        }
    }
}

fn no_length(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let removed = ["OSS", "EXP", "ISS"].iter().any(|word| record.is(f::STATE_RESOLUTION_CODE, code(word)));
    let nothing = record.is_blank(f::DURATION) || record.value(f::DURATION).is_some_and(|days| days <= 0);
    if removed && nothing {
        record.report(emit, f::DURATION);
    }
}

fn no_offender(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    let mut rows: Vec<(u32, u64, u32, Head, bool)> = Vec::new();
    for row in Whole::buckets(whole.now).flat_map(|facts| &facts.incidents) {
        let offends = row.role == const { code("Offender") } && row.event != 0 && row.resolution != 0;
        rows.push((row.head.file, row.incident, row.head.line, row.head, offends));
    }
    rows.sort_unstable_by_key(|(file, incident, line, ..)| (*file, *incident, *line));
    for incident in rows.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
        if let Some((.., first, _)) = incident.first()
            && !incident.iter().any(|(.., offends)| *offends)
            && first.district != NONE
        {
            emit.at(first, f::BEHAVIOR_ROLE);
        }
    }
}

//! Who a row is about: numbers of districts, schools and calendars, state IDs, near matches.

use super::{BuiltIn, Whole, record, student, whole};
use crate::emit::Emit;
use crate::facts::{Fact, Identity, NO_DAY};
use crate::pass::Role;
use crate::record::{Head, NONE, Record};
use crate::student::Student;
use opi_dictionary::{Calendar, CalendarKey, FieldId, SchoolKey, SchoolYear, fields as f};

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
    whole("ID-014", same_identity),
    whole("ID-015", near_identity),
    student("ID-016", three_fields),
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
        student.now.each_head(|head| emit.at(head, f::STUDENT_STATE_ID));
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
    differing(now.identities, emit, |row, other| {
        row.birth != NO_DAY && other.birth != NO_DAY && row.birth != other.birth
    });
    differing(now.enrollments, emit, |_, _| false);
    differing(now.counts, emit, |_, _| false);
    differing(now.programs, emit, |_, _| false);
    differing(now.learners, emit, |_, _| false);
    differing(now.attendance, emit, |_, _| false);
    differing(now.pathways, emit, |_, _| false);
    differing(now.follow_ups, emit, |_, _| false);
    differing(now.plans, emit, |_, _| false);
    differing(now.meals, emit, |_, _| false);
}

/// Reports each row that differs from the first row of the student in the same file.
fn differing<T: Fact>(rows: &[T], emit: &mut Emit<'_, '_>, differs: impl Fn(&T, &T) -> bool) {
    for file in rows.chunk_by(|one, other| one.head().file == other.head().file) {
        let Some((first, rest)) = file.split_first() else { continue };
        for row in rest {
            let (mine, theirs) = (row.head().last, first.head().last);
            if differs(row, first) || (mine != 0 && theirs != 0 && mine != theirs) {
                emit.with(row.head(), f::STUDENT_STATE_ID, first.head());
            }
        }
    }
}

fn three_fields(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.identities {
        let Some(mine) = Person::of(row, true) else { continue };
        let mut three = None;
        for known in student.stored.identities.iter().filter_map(|known| Person::of(known, false)) {
            match mine.differing(&known).as_slice() {
                [] => three = None,
                [field] => three = Some((*field, known.head)),
                _ => continue,
            }
            break;
        }
        if let Some((field, known)) = three {
            emit.with(&row.head, field, &known);
        }
    }
}

/// The four identity fields of a row that has them all.
#[derive(Clone, Copy)]
struct Person {
    head: Head,
    birth: i32,
    gender: u8,
    current: bool,
}

impl Person {
    fn of(row: &Identity, current: bool) -> Option<Self> {
        let whole = row.head.last != 0 && row.head.first != 0 && row.birth != NO_DAY && row.gender != 0;
        whole.then_some(Person { head: row.head, birth: row.birth, gender: row.gender, current })
    }

    fn differing(&self, other: &Person) -> Vec<FieldId> {
        let mut fields = Vec::new();
        for (differs, field) in [
            (self.head.last != other.head.last, f::LAST_NAME),
            (self.head.first != other.head.first, f::FIRST_NAME),
            (self.birth != other.birth, f::BIRTH_DATE),
            (self.gender != other.gender, f::GENDER),
        ] {
            if differs {
                fields.push(field);
            }
        }
        fields
    }

    /// Order of the run: stored rows first, since a comparison is reported on the later row.
    fn place(&self) -> (bool, u32, u32) {
        (self.current, self.head.file, self.head.line)
    }

    fn parts(&self) -> [u64; 4] {
        // Birth dates are offset so that every part is a plain number.
        let birth = u64::from(self.birth.cast_unsigned());
        [u64::from(self.head.last), u64::from(self.head.first), birth, u64::from(self.gender)]
    }
}

/// All persons with a state ID: of the run, and stored ones.
fn persons(whole: &Whole<'_>) -> Vec<Person> {
    let of = |partition, current| {
        let rows = Whole::buckets(partition).flat_map(|facts| &facts.identities);
        rows.filter(|row| row.head.student != 0).filter_map(move |row| Person::of(row, current))
    };
    of(whole.now, true).chain(of(whole.stored, false)).collect()
}

fn same_identity(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    let mut persons = persons(whole);
    persons.sort_unstable_by_key(|person| (person.parts(), person.place()));
    for group in persons.chunk_by(|one, other| one.parts() == other.parts()) {
        let Some((first, rest)) = group.split_first() else { continue };
        let mut second = None;
        for person in rest {
            let other = if person.head.student == first.head.student { second } else { Some(first.head) };
            if second.is_none() && person.head.student != first.head.student {
                second = Some(person.head);
            }
            if let (true, Some(other)) = (person.current, other) {
                emit.with(&person.head, f::LAST_NAME, &other);
            }
        }
    }
}

fn near_identity(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    let mut persons = persons(whole);
    let mut near: Vec<(Head, Head)> = Vec::new();
    for left_out in 0..4 {
        if left_out == 2 && whole.world.parameters.near_match_needs_birth_date {
            continue;
        }
        let three = |person: &Person| {
            let mut parts = person.parts();
            let fourth = parts.get_mut(left_out).map_or(0, std::mem::take);
            (parts, fourth)
        };
        persons.sort_unstable_by_key(|person| (three(person).0, person.place()));
        for group in persons.chunk_by(|one, other| three(one).0 == three(other).0) {
            near_in_group(group, |person| three(person).1, &mut near);
        }
    }
    near.sort_unstable_by_key(|(row, other)| (row.place(), other.place()));
    near.dedup_by_key(|(row, _)| row.place());
    for (row, other) in near {
        emit.with(&row, f::LAST_NAME, &other);
    }
}

/// Pairs each current person with an earlier one of another ID and another fourth field.
fn near_in_group(group: &[Person], fourth: impl Fn(&Person) -> u64, near: &mut Vec<(Head, Head)>) {
    if group.len() < 2 {
        return;
    }
    // The first two IDs for each value of the fourth field: enough to find one that differs in both.
    let mut seen: Vec<(u64, Head, Option<Head>)> = Vec::new();
    for person in group {
        let mine = fourth(person);
        let other = seen.iter().filter(|(value, ..)| *value != mine).find_map(|(_, first, second)| {
            [Some(*first), *second].into_iter().flatten().find(|head| head.student != person.head.student)
        });
        if let (true, Some(other)) = (person.current, other) {
            near.push((person.head, other));
        }
        match seen.iter_mut().find(|(value, ..)| *value == mine) {
            None => seen.push((mine, person.head, None)),
            Some((_, first, second)) if second.is_none() && first.student != person.head.student => {
                *second = Some(person.head);
            }
            Some(_) => {}
        }
    }
}

fn shared_local_id(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    let mut rows: Vec<(u16, i64, bool, Head)> = Vec::new();
    for (partition, role) in [(whole.stored, Role::Register), (whole.now, Role::Current)] {
        for row in Whole::buckets(partition).flat_map(|facts| &facts.identities) {
            if row.local >= 0 && row.head.student != 0 && row.head.district != NONE {
                rows.push((row.head.district, row.local, role == Role::Current, row.head));
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

//! Across years, across files, and calendars.

use super::{BuiltIn, Whole, student, whole};
use crate::FactKind;
use crate::cell::{self, code, grade_level};
use crate::emit::{Emit, Place};
use crate::facts::{Enrollment, Facts, FileKind, Identity, NO_DAY, OPEN, Program};
use crate::pass::{Partition, Role};
use crate::reason::{Counted, Reason};
use crate::record::NONE;
use crate::student::Student;
use chrono::Datelike;
use opi_dictionary::{Calendar, GradeCode, SchoolKey, fields as f};
use std::cmp::Reverse;
use std::collections::BTreeMap;

pub(super) const RULES: &[BuiltIn] = &[
    whole("CAL-001", empty_calendar),
    whole("CAL-002", too_few_hours),
    whole("CAL-003", contradicting_calendars),
    whole("CNT-021", leaping_count),
    student("ENR-029", grade_jumps),
    student("ENR-030", grade_falls),
    student("ENR-035", no_show_not_back),
    whole("PP-014", falling_program),
    student("XF-001", without_demographics),
    student("XF-005", race_differs),
    student("XF-007", stored_differs),
    student("XF-008", without_enrollment),
    student("XY-001", open_since_last_year),
    student("XY-002", missing_since_spring),
    student("XY-004", plan_lost),
];

/// The first enrollment of the year and the last one of the year before, with their levels.
fn levels<'a>(student: &Student<'a>) -> Option<(&'a Enrollment, i32, &'a Enrollment, i32)> {
    let rows = |rows: &'a [Enrollment]| {
        rows.iter().filter(|row| row.start != NO_DAY && grade_level(row.grade).is_some())
    };
    let before = rows(student.prior.enrollments).max_by_key(|row| (row.start, row.is_primary()))?;
    let now = rows(student.now.enrollments).min_by_key(|row| (row.start, !row.is_primary()))?;
    Some((now, grade_level(now.grade)?, before, grade_level(before.grade)?))
}

fn grade_jumps(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if let Some((row, _, other, _)) = levels(student).filter(|(_, now, _, before)| *now > before + 1) {
        emit.with(&row.head, f::GRADE, &other.head);
    }
}

fn grade_falls(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if let Some((row, _, other, _)) = levels(student).filter(|(_, now, _, before)| now < before) {
        emit.with(&row.head, f::GRADE, &other.head);
    }
}

fn no_show_not_back(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let Some(limit) = student.world.year.day(9, 30).map(|day| day.num_days_from_ce()) else { return };
    if student.prior.enrollments.is_empty() || student.world.as_of <= limit {
        return;
    }
    let back = |row: &Enrollment| !row.has(Enrollment::NO_SHOW) && row.start != NO_DAY && row.start <= limit;
    if student.known_enrollments().any(back) {
        return;
    }
    for row in student.now.enrollments.iter().filter(|row| row.has(Enrollment::NO_SHOW)) {
        if grade_level(row.grade).is_some_and(|level| level >= 7) {
            emit.at(&row.head, f::NO_SHOW);
        }
    }
}

fn without_demographics(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.now.identities.is_empty() && student.stored.identities.is_empty() {
        let known = |row: &&Enrollment| student.run.knows_students(row.head.district);
        let rows = student.now.enrollments.iter().filter(known);
        rows.for_each(|row| emit.at(&row.head, f::STUDENT_STATE_ID));
    }
}

fn race_differs(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for (index, row) in student.now.identities.iter().enumerate() {
        let mut earlier = student.stored.identities.iter().chain(student.now.identities.iter().take(index));
        let differs = |other: &&Identity| {
            let good = |row: &Identity| row.marks & Identity::RACES_GOOD != 0 && row.ethnicity != 0;
            other.head.district != row.head.district
                && good(row)
                && good(other)
                && (row.ethnicity, row.races) != (other.ethnicity, other.races)
        };
        if let Some(other) = earlier.find(differs) {
            emit.row(&row.head, Some(&other.head));
        }
    }
}

fn stored_differs(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.enrollments.iter().filter(|row| row.start != NO_DAY) {
        let same = |other: &&Enrollment| {
            other.head.same_calendar(&row.head) && (other.start, other.service) == (row.start, row.service)
        };
        // What is still open at the state is what a file with its end brings up to date.
        let differs = |other: &Enrollment| {
            let ends = other.end != OPEN && (other.end, other.end_status) != (row.end, row.end_status);
            ends || other.grade != row.grade
        };
        let stored = student.stored.enrollments.iter().find(same);
        if let Some(stored) = stored.filter(|stored| differs(stored)) {
            emit.row(&row.head, Some(&stored.head));
        }
    }
}

fn without_enrollment(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.known_enrollments().next().is_none() {
        let known = |row: &&Identity| student.run.knows_enrollments(row.head.district);
        let rows = student.now.identities.iter().filter(known);
        rows.for_each(|row| emit.at(&row.head, f::STUDENT_STATE_ID));
    }
}

fn open_since_last_year(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let open = student.prior.enrollments.iter().find(|row| row.end == OPEN && !row.has(Enrollment::NO_SHOW));
    if let (Some(open), Some(row)) = (open, student.now.enrollments.first()) {
        emit.row(&row.head, Some(&open.head));
    }
}

fn missing_since_spring(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.known_enrollments().next().is_some() {
        return;
    }
    let last = student.prior.enrollments.iter().filter(|row| row.start != NO_DAY).max_by_key(|row| row.start);
    let Some(last) = last else { return };
    // Which end statuses of the 1xx family are exits was not recovered: only a blank one is no exit for certain.
    let expected = grade_level(last.grade).is_some_and(|level| (7..=11).contains(&level));
    if expected
        && last.has(Enrollment::END_STATUS_BLANK)
        && !last.has(Enrollment::NO_SHOW)
        && student.run.covers(FileKind::Enrollments, last.head.district)
        && let Some(file) = student.run.file_of(FileKind::Enrollments, last.head.district)
    {
        emit.missing(file, &last.head);
    }
}

fn plan_lost(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let world = student.world;
    let last_june = world.year_first - 1;
    let held = student.fact_on(FactKind::SpecialEducation, last_june).is_some();
    let holds = student.facts_of(FactKind::SpecialEducation).any(|fact| fact.last >= world.year_first);
    if held
        && !holds
        && student.fact(FactKind::SpecialEducationExit).is_none()
        && let Some(head) = student.now.first_head()
    {
        emit.row(head, None);
    }
}

/// Students by school and grade: of counts where there are any, else of enrollments.
fn by_school_and_grade(partition: &Partition) -> BTreeMap<(u16, u16, u8), u64> {
    let mut counts = BTreeMap::new();
    let primary = |row: &Enrollment| {
        row.is_primary() && !row.has(Enrollment::NO_SHOW) && row.head.student != 0 && row.head.school != NONE
    };
    let mut seats: Vec<(u32, u16, u16, u8)> = partition
        .enrollments()
        .filter(primary)
        .map(|row| (row.head.student, row.head.district, row.head.school, row.grade))
        .collect();
    seats.sort_unstable();
    seats.dedup();
    for (_, district, school, grade) in seats {
        *counts.entry((district, school, grade)).or_default() += 1;
    }
    counts
}

/// Districts of which there are enrollments.
fn districts(counts: &BTreeMap<(u16, u16, u8), u64>) -> std::collections::BTreeSet<u16> {
    counts.keys().map(|(district, ..)| *district).collect()
}

fn leaping_count(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    let now = by_school_and_grade(whole.now);
    let before = by_school_and_grade(whole.prior);
    let (here, there) = (districts(&now), districts(&before));
    let limits = &whole.world.parameters;
    let (percent, students) =
        (u64::from(limits.count_change_percent), u64::from(limits.count_change_students));
    let mut keys: Vec<_> = now.keys().chain(before.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys.into_iter().filter(|key| here.contains(&key.0) && there.contains(&key.0)) {
        let (after, prior) = (now.get(&key).copied().unwrap_or(0), before.get(&key).copied().unwrap_or(0));
        let change = after.abs_diff(prior);
        // A change of a grade that is new or gone is a change of all of it.
        if change > students && change * 100 > prior * percent {
            let file = whole
                .current()
                .find(|(_, file)| file.kind == FileKind::Enrollments && file.districts.contains(&key.0));
            if let Some((file, _)) = file {
                let (now, before) = (after as u32, prior as u32);
                let reason = Reason::Students { school: key.1, grade: key.2, now, before };
                emit.of_district(Place { file, line: 0 }, None, key.0, reason);
            }
        }
    }
}

fn falling_program(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    let count = |buckets: &[Facts]| {
        let mut counts: BTreeMap<(u16, Counted), u64> = BTreeMap::new();
        for facts in buckets {
            for row in &facts.programs {
                let marks = [(Counted::Homeless, Program::HOMELESS), (Counted::Gifted, Program::GIFTED)];
                for (which, mark) in marks {
                    *counts.entry((row.head.district, which)).or_default() += u64::from(row.has(mark));
                }
            }
            for row in facts.learners.iter().filter(|row| row.status == crate::facts::Status::Learner) {
                *counts.entry((row.head.district, Counted::EnglishLearners)).or_default() += 1;
            }
        }
        counts
    };
    let (now, before) = (count(&whole.now.buckets), count(&whole.prior.buckets));
    let least = u64::from(whole.world.parameters.program_least_students);
    for (number, file) in whole.current().filter(|(_, file)| file.kind == FileKind::Programs) {
        for ((district, which), prior) in
            before.iter().filter(|((district, _), _)| file.districts.contains(district))
        {
            let after = now.get(&(*district, *which)).copied().unwrap_or(0);
            let there = *which != Counted::EnglishLearners
                || whole.covered.holds(Role::Current, FileKind::Learners, *district);
            if there && *prior >= least && after * 2 <= *prior {
                let (now, before) = (after as u32, *prior as u32);
                let reason = Reason::Counted { what: *which, now, before };
                emit.of_district(Place { file: number, line: 0 }, None, *district, reason);
            }
        }
    }
}

/// The calendars of the year, by district, school and number.
fn calendars<'a>(whole: &Whole<'a>) -> impl Iterator<Item = ([u16; 3], &'a Calendar)> {
    let year = whole.world.year;
    let directory = whole.world.references.directory;
    let all = directory.into_iter().flat_map(opi_dictionary::Directory::calendars);
    let of_year = all.filter(move |calendar| calendar.key().year == year);
    of_year.map(|calendar| {
        let SchoolKey { district, school } = &calendar.key().school;
        let numbers = [district.number(), school.number(), calendar.key().calendar.number()];
        (numbers.map(|number| number as u16), calendar)
    })
}

/// The place of all that is wrong with the directory: it has no lines of which the checker knows.
fn directory(whole: &Whole<'_>) -> Place {
    Place { file: whole.directory_file(), line: 0 }
}

fn empty_calendar(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    for ([district, school, number], calendar) in calendars(whole) {
        if calendar.instruction_days().days().is_empty() {
            let reason = Reason::Calendar { school, calendar: number };
            emit.of_district(directory(whole), None, district, reason);
        }
    }
}

/// Least yearly hours by grade, in hundredths. Figures of MCA 20-1-301, by recall.
fn least_hours(grade: u8, grade_12_alone: bool) -> u32 {
    match grade_level(grade) {
        Some(0) if grade == cell::KH => 36_000,
        Some(0..=3) => 72_000,
        Some(12) if grade_12_alone => 105_000,
        Some(_) => 108_000,
        None => 0,
    }
}

fn too_few_hours(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    for ([district, school, number], calendar) in calendars(whole) {
        let hours = |(grade, hours): (GradeCode, rust_decimal::Decimal)| {
            let hundredths = (hours * rust_decimal::Decimal::ONE_HUNDRED).trunc();
            (cell::grade_index(code(grade.as_str())), u32::try_from(hundredths).unwrap_or(0))
        };
        let hours: Vec<(u8, u32)> = calendar.hours().map(hours).collect();
        let alone = hours.len() == 1;
        let least = |grade: u8| least_hours(grade, alone);
        let mut short: Vec<(u8, u32)> = hours;
        short.retain(|(grade, offered)| *offered < least(*grade));
        // The grade that lacks most stands for all.
        let worst = short.iter().max_by_key(|(grade, offered)| (least(*grade) - offered, Reverse(*grade)));
        if let Some(&(grade, offered)) = worst {
            let others = (short.len() - 1) as u8;
            let (calendar, least) = (number, least(grade));
            let reason = Reason::Hours { school, calendar, grade, offered, least, others };
            emit.of_district(directory(whole), None, district, reason);
        }
    }
}

fn contradicting_calendars(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    let all: Vec<_> = calendars(whole).collect();
    for of_school in all.chunk_by(|([one @ .., _], _), ([other @ .., _], _)| one == other) {
        for (index, ([district, school, number], calendar)) in of_school.iter().enumerate() {
            let contradicts = |other: &Calendar| {
                let shares = calendar.hours().any(|(grade, _)| other.hours_of(grade).is_some());
                shares && calendar.instruction_days() != other.instruction_days()
            };
            let earlier = of_school.iter().take(index).find(|(_, other)| contradicts(other));
            if let Some(([_, _, other], _)) = earlier {
                let reason = Reason::Calendars { school: *school, calendar: *number, other: *other };
                emit.of_district(directory(whole), None, *district, reason);
            }
        }
    }
}

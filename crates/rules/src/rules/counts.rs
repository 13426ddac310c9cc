//! Student counts of October, February and the test window.

use super::{BuiltIn, Whole, record, student, whole};
use crate::FactKind;
use crate::cell::{KH, PK, code, grade_level};
use crate::emit::{Emit, NO_DISTRICT, Place};
use crate::facts::{Count, CountFile, Enrollment, FileKind};
use crate::practice::Practice;
use crate::reason::Reason;
use crate::record::{Head, NONE, Record};
use crate::student::Student;
use opi_dictionary::fields as f;
use std::collections::BTreeMap;

pub(super) const RULES: &[BuiltIn] = &[
    whole("CNT-001", count_day),
    student("CNT-002", not_enrolled),
    student("CNT-003", no_hours),
    student("CNT-005", hours_and_service),
    student("CNT-006", more_than_one),
    student("CNT-007", hours_of_grade),
    student("CNT-009", long_absence),
    student("CNT-010", excluded_and_present),
    student("CNT-011", young_kindergartner),
    student("CNT-012", day_treatment),
    student("CNT-013", gone),
    student("CNT-014", nineteen),
    student("CNT-015", youth_challenge),
    student("CNT-017", unscheduled),
    whole("CNT-018", too_early),
    record("CNT-022", &["AS"], spring_absence),
    student("CNT-023", two_districts),
    student("CNT-024", more_hours_than_offered),
    student("XF-002", not_counted),
];

/// Quarters of a full student by the band of hours. Source: MCA 20-9-311; the letters are partly recall.
pub(super) fn quarters(hours: u8) -> Option<u32> {
    match hours {
        b'N' => Some(0),
        b'Q' => Some(1),
        b'H' => Some(2),
        b'T' => Some(3),
        b'F' => Some(4),
        _ => None,
    }
}

/// Least yearly hours of a band. Source: MCA 20-9-311.
fn least_hours(hours: u8) -> u32 {
    quarters(hours).unwrap_or(0) * 180
}

/// The earliest count date by law among the calendars of a district, where the district set none.
fn file_count_date(whole: &Whole<'_>, count: crate::Count, district: u16) -> Option<i32> {
    let statutory = || whole.world.calendars_of(district).filter_map(|days| days.statutory(count)).min();
    whole.world.set_count_date(count, district).or_else(statutory)
}

fn count_day(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    for (number, file) in whole.current() {
        let FileKind::Count(kind) = file.kind else { continue };
        for district in &file.districts {
            let Some(set) = whole.world.set_count_date(kind.count(), *district) else { continue };
            let mut lawful = whole
                .world
                .calendars_of(*district)
                .filter_map(|days| days.statutory(kind.count()))
                .peekable();
            let Some(first) = lawful.peek().copied() else { continue };
            if !lawful.any(|day| day == set) {
                let reason = Reason::CountDate { set, lawful: first };
                emit.of_district(Place { file: number, line: 0 }, None, *district, reason);
            }
        }
    }
}

fn too_early(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    for (number, file) in whole.current() {
        let (FileKind::Count(kind), Some(made)) = (file.kind, file.header_date) else { continue };
        let dates =
            file.districts.iter().filter_map(|district| file_count_date(whole, kind.count(), *district));
        if let Some(count_date) = dates.max().filter(|day| made <= *day) {
            let (place, reason) = (Place { file: number, line: 1 }, Reason::MadeBefore { count_date });
            emit.of_district(place, Some(f::HEADER_DATE), NO_DISTRICT, reason);
        }
    }
}

/// Whether a spring row is that of an early graduate, who still counts. Source: LS-2974, GD-2025-02.
fn is_early_graduate(student: &Student<'_>, row: &Count) -> bool {
    let graduated = |enrollment: &Enrollment| {
        enrollment.head.same_calendar(&row.head)
            && enrollment.is_graduate()
            && grade_level(enrollment.grade) == Some(12)
    };
    row.kind == CountFile::Spring && student.known_enrollments().any(graduated)
}

fn not_enrolled(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.counts.iter().filter(|row| row.head.has(Head::CALENDAR_USABLE)) {
        let Some(day) = student.count_date(row) else { continue };
        // A date that failed says nothing about the day.
        let unclear =
            |enrollment: &Enrollment| enrollment.head.same_calendar(&row.head) && enrollment.span().is_none();
        let enrolled = student.enrollment_behind(&row.head, Some(day)).is_some();
        if !enrolled
            && !student.known_enrollments().any(unclear)
            && !is_early_graduate(student, row)
            && student.run.knows_enrollments(row.head.district)
        {
            emit.row(&row.head, None);
        }
    }
}

/// The enrollment that a count row stands for.
fn behind<'a>(student: &Student<'a>, row: &Count) -> Option<&'a Enrollment> {
    student.enrollment_behind(&row.head, student.count_date(row))
}

fn no_hours(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.counts.iter().filter(|row| row.hours_blank) {
        let special = behind(student, row).is_some_and(|enrollment| enrollment.service == b'N');
        if !special {
            emit.at(&row.head, f::AGGREGATE_HOURS_OF_INSTRUCTION);
        }
    }
}

fn hours_and_service(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.counts {
        let Some(enrollment) = behind(student, row) else { continue };
        if matches!((enrollment.service, row.hours), (b'S', b'F') | (b'P', b'N')) {
            emit.with(&row.head, f::AGGREGATE_HOURS_OF_INSTRUCTION, &enrollment.head);
        }
    }
}

/// The rows of each count, a repeated row once, with the sum of their quarters; rows without a band are left out.
fn by_count<'a>(student: &Student<'a>) -> BTreeMap<CountFile, (u32, Vec<&'a Count>)> {
    let mut counts: BTreeMap<CountFile, (u32, Vec<&Count>)> = BTreeMap::new();
    let mut seen: Vec<(CountFile, u16, u16, u16)> = Vec::new();
    for row in student.now.counts {
        let Some(quarters) = quarters(row.hours) else { continue };
        let key = (row.kind, row.head.district, row.head.school, row.head.calendar);
        if !seen.contains(&key) {
            seen.push(key);
            let (sum, rows) = counts.entry(row.kind).or_default();
            *sum += quarters;
            rows.push(row);
        }
    }
    counts
}

fn more_than_one(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.now.counts.len() < 2 {
        return;
    }
    for (sum, rows) in by_count(student).into_values() {
        if let (true, Some(last)) = (sum > 4, rows.last()) {
            let others = rows.iter().map(|row| row.head.place()).filter(|place| *place != last.head.place());
            emit.because(&last.head, f::AGGREGATE_HOURS_OF_INSTRUCTION, others, Reason::Quarters(sum));
        }
    }
}

fn two_districts(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.now.counts.len() < 2 {
        return;
    }
    for (sum, rows) in by_count(student).into_values() {
        let Some(first) = rows.first() else { continue };
        for row in rows.iter().filter(|row| sum > 4 && row.head.district != first.head.district) {
            let others = rows.iter().map(|row| row.head.place()).filter(|place| *place != row.head.place());
            emit.because(&row.head, f::DISTRICT_NUMBER, others, Reason::Quarters(sum));
        }
    }
}

fn hours_of_grade(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.counts {
        let Some(enrollment) = behind(student, row) else { continue };
        let quarters = quarters(row.hours).unwrap_or(0);
        let special = || student.fact(FactKind::SpecialEducation).is_some();
        let unusual = match enrollment.grade {
            KH => quarters > 2,
            PK => quarters > 0 && !special(),
            _ => false,
        };
        if unusual {
            emit.with(&row.head, f::AGGREGATE_HOURS_OF_INSTRUCTION, &enrollment.head);
        }
    }
}

fn more_hours_than_offered(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.counts {
        let Some(enrollment) = behind(student, row) else { continue };
        let Some(days) = student.calendar(&row.head) else { continue };
        let offered = days.hours.get(usize::from(enrollment.grade)).copied().unwrap_or(0);
        if offered > 0 && offered < least_hours(row.hours) * 100 {
            emit.with(&row.head, f::AGGREGATE_HOURS_OF_INSTRUCTION, &enrollment.head);
        }
    }
}

/// Instruction days absent in a row through the count date.
fn absence_run(student: &Student<'_>, head: &Head, day: i32) -> u32 {
    let Some(calendar) = student.calendar(head) else { return 0 };
    let absent = |day: i32| student.fact_on(FactKind::Absence, day).is_some();
    let until = calendar.days().iter().rev().skip_while(|known| **known > day);
    until.take_while(|day| absent(**day)).count() as u32
}

/// Rows of October and February, which have the box that excludes, with their count date.
fn with_box<'a>(student: &Student<'a>) -> impl Iterator<Item = (&'a Count, Option<i32>)> {
    let rows = student.now.counts.iter().filter(|row| row.kind != CountFile::TestWindow);
    rows.map(|row| (row, student.count_date(row))).collect::<Vec<_>>().into_iter()
}

fn long_absence(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.fact(FactKind::Absence).is_none() {
        return;
    }
    for (row, day) in with_box(student) {
        let Some(day) = day.filter(|_| row.exclude != b'Y') else { continue };
        let run = absence_run(student, &row.head, day);
        if run >= student.world.parameters.absence_run_days {
            emit.because(&row.head, row.kind.exclude_field(), [], Reason::Days(run));
        }
    }
}

fn excluded_and_present(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for (row, day) in with_box(student) {
        let other_ground = is_young(student, row, day)
            || day.is_some_and(|day| student.fact_on(FactKind::DayTreatment, day).is_some());
        if row.exclude == b'Y' && row.absent == b'N' && !other_ground {
            emit.at(&row.head, f::ABSENT);
        }
    }
}

/// A kindergartner under five on September 10 without a board meeting before the count date. Source: LS-2974.
fn is_young(student: &Student<'_>, row: &Count, day: Option<i32>) -> bool {
    let young = student.age_on(student.world.september_10).is_some_and(|age| age < 5);
    let kindergarten =
        || behind(student, row).is_some_and(|enrollment| grade_level(enrollment.grade) == Some(0));
    let approved = || {
        let before = |fact: &crate::register::StoredFact| day.is_none_or(|day| fact.first < day);
        student.facts_of(FactKind::BoardApproval).any(before)
    };
    young && kindergarten() && !approved()
}

fn young_kindergartner(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for (row, day) in with_box(student) {
        if row.exclude != b'Y' && is_young(student, row, day) {
            emit.at(&row.head, row.kind.exclude_field());
        }
    }
}

fn day_treatment(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for (row, day) in with_box(student) {
        let placed = day.is_some_and(|day| student.fact_on(FactKind::DayTreatment, day).is_some());
        if placed && row.exclude != b'Y' {
            emit.at(&row.head, row.kind.exclude_field());
        }
    }
}

fn gone(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.counts {
        let Some(day) = student.count_date(row) else { continue };
        let own_start = student.enrollment_behind(&row.head, Some(day)).map(|enrollment| enrollment.start);
        // A notice that lies before the enrollment was of an earlier one.
        let since = own_start.unwrap_or(student.world.year_first);
        let gave_notice =
            student.facts_of(FactKind::GaveNotice).any(|fact| (since..=day).contains(&fact.first));
        let elsewhere = |other: &&Enrollment| {
            other.is_primary()
                && other.holds(day)
                && other.head.district != row.head.district
                && other.head.district != NONE
                && own_start.is_some_and(|start| other.start > start)
        };
        let elsewhere = student.known_enrollments().find(elsewhere);
        if gave_notice || elsewhere.is_some() {
            emit.row(&row.head, elsewhere.map(|other| &other.head));
        }
    }
}

fn nineteen(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let old = student.age_on(student.world.september_10).is_some_and(|age| age >= 19);
    if old && student.fact(FactKind::EligibleAt19Or20).is_none() {
        student.now.counts.iter().for_each(|row| emit.row(&row.head, None));
    }
}

fn youth_challenge(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.counts {
        let flagged = student
            .count_date(row)
            .is_some_and(|day| student.fact_on(FactKind::YouthChallenge, day).is_some());
        if flagged && row.hours != b'F' && row.hours != 0 {
            emit.at(&row.head, f::AGGREGATE_HOURS_OF_INSTRUCTION);
        }
    }
}

fn unscheduled(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.fact(FactKind::Unscheduled).is_some() {
        for row in student.now.counts.iter().filter(|row| row.hours_blank) {
            emit.at(&row.head, f::AGGREGATE_HOURS_OF_INSTRUCTION);
        }
    }
}

fn spring_absence(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let Some(collected) = Practice::AbsencesInSpring.holds(record.world.year.end_year()) else { return };
    let wrong = match collected {
        true => record.is_blank(f::ABSENT),
        false => record.is(f::ABSENT, const { code("Y") }),
    };
    if wrong {
        record.report(emit, f::ABSENT);
    }
}

/// XF-002: an enrollment that holds the count date and has no count row; one finding each, on the count file.
fn not_counted(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for kind in [CountFile::Fall, CountFile::Spring, CountFile::TestWindow] {
        let file_kind = FileKind::Count(kind);
        for row in student.known_enrollments() {
            if row.has(Enrollment::NO_SHOW) || !row.head.has(Head::CALENDAR_USABLE) {
                continue;
            }
            if !student.run.covers(file_kind, row.head.district) {
                continue;
            }
            let day = student.world.count_date(kind.count(), row.head.district, student.calendar(&row.head));
            let counted = |count: &Count| count.kind == kind && count.head.same_calendar(&row.head);
            if day.is_some_and(|day| row.holds(day))
                && !student.now.counts.iter().any(counted)
                && let Some(file) = student.run.file_of(file_kind, row.head.district)
            {
                emit.missing(file, &row.head);
            }
        }
    }
}

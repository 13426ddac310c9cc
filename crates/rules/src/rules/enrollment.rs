//! Enrollments: dates, statuses, service types, grades.

use super::{BuiltIn, overlapping, record, record_if, student};
use crate::cell::{KG, KH, NO_GRADE, PK, code, grade_level};
use crate::emit::Emit;
use crate::facts::{Enrollment, FileKind, NO_DAY, OPEN};
use crate::pass::Role;
use crate::reason::Reason;
use crate::record::{Head, NONE, Record};
use crate::student::Student;
use crate::{FactKind, World};
use chrono::Datelike;
use opi_dictionary::{FieldId, fields as f};

pub(super) const RULES: &[BuiltIn] = &[
    record("ENR-003", &["EN"], start_outside),
    record_if(&[f::END_DATE], "ENR-004", &["EN"], end_outside),
    record("ENR-005", &["EN"], no_instruction),
    student("ENR-007", military_unknown),
    student("ENR-008", military_status),
    record("ENR-009", &["EN"], retired_status),
    student("ENR-010", continued),
    student("ENR-011", first_entry),
    student("ENR-012", reentry),
    student("ENR-013", transfer),
    student("ENR-015", primary_overlap),
    student("ENR-016", partial_alone),
    student("ENR-017", same_school_overlap),
    student("ENR-018", gap),
    student("ENR-019", grade_change_follower),
    student("ENR-020", grade_change_without_end),
    record("ENR-022", &["EN"], grade_of_school),
    record("ENR-023", &["EN"], grade_of_calendar),
    student("ENR-024", age_for_grade),
    student("ENR-025", kindergarten_under_five),
    student("ENR-026", age_of_admission),
    student("ENR-027", prekindergarten_under_three),
    student("ENR-028", compulsory),
    student("ENR-032", no_show_with_rows),
    record_if(&[f::NO_SHOW], "ENR-033", &["EN"], no_show_end),
    record_if(&[f::SORT_BY], "ENR-036", &["EN"], sort_by_grade),
    student("ENR-037", activities_end),
    student("ENR-038", activities_rows),
    student("ENR-040", excluded),
    student("ENR-041", residence),
    student("ENR-042", open_flag),
    student("ENR-043", savings_account),
    record("ENR-044", &["EN"], outside_year),
];

fn outside(record: &Record<'_>, emit: &mut Emit<'_, '_>, field: FieldId) {
    if let (Some(calendar), Some(day)) = (record.calendar, record.day(field))
        && (day < calendar.first || day > calendar.last)
    {
        record.report(emit, field);
    }
}

fn start_outside(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    outside(record, emit, f::START_DATE);
}

fn end_outside(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    outside(record, emit, f::END_DATE);
}

/// Where no calendar is known, the school year itself is what bounds the days.
fn outside_year(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    if record.calendar.is_some() {
        return;
    }
    let year = record.world.year;
    let (first, last) = (year.first_day().num_days_from_ce(), year.last_day().num_days_from_ce());
    for field in [f::START_DATE, f::END_DATE] {
        if record.day(field).is_some_and(|day| day < first || day > last) {
            record.report(emit, field);
        }
    }
}

fn no_instruction(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let Some(calendar) = record.calendar else { return };
    for field in [f::START_DATE, f::END_DATE] {
        if record.day(field).is_some_and(|day| !calendar.is_instruction_day(day)) {
            record.report(emit, field);
        }
    }
}

/// The military connection of the student: of the run, of the register.
fn military(student: &Student<'_>) -> Option<i64> {
    let rows = student.now.programs.iter().chain(student.stored.programs);
    let of_rows = rows.map(|row| i64::from(row.military)).find(|value| *value != 0);
    of_rows.or_else(|| student.fact(FactKind::MilitaryConnection).map(|fact| code(&fact.value)))
}

fn military_unknown(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.enrollments {
        let on_file =
            || student.run.present.has("reg") || student.run.covers(FileKind::Programs, row.head.district);
        if matches!(row.start_status, 40 | 60 | 80) && military(student).is_none() && on_file() {
            emit.at(&row.head, f::START_STATUS);
        }
    }
}

fn military_status(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.enrollments {
        if matches!(row.start_status, 4 | 6 | 7)
            && military(student).is_some_and(|value| value != const { code("4") })
        {
            emit.at(&row.head, f::START_STATUS);
        }
    }
}

fn retired_status(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let (Some(status), Some(start)) = (record.value(f::START_STATUS), record.day(f::START_DATE)) else {
        return;
    };
    if record.world.retired_start_statuses.iter().any(|(retired, last)| *retired == status && start > *last) {
        record.report(emit, f::START_STATUS);
    }
}

fn continued(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.enrollments.iter().filter(|row| row.start_status == 2 && row.start != NO_DAY) {
        if !row.head.has(Head::SCHOOL_USABLE) {
            continue;
        }
        let same_place = |other: &&Enrollment| {
            (other.head.district, other.head.school) == (row.head.district, row.head.school)
        };
        let summer = student.world.last_summer(row.head.district, row.head.school);
        let last_year = student.earlier_enrollments().filter(same_place).any(|other| other.end >= summer);
        // No instruction day lies between the end of the one and the start of the other.
        let day_before = |other: &Enrollment| {
            let between = student
                .calendar(&row.head)
                .map(|days| days.count(other.end.saturating_add(1), row.start - 1));
            other.end < row.start
                && other.end != NO_DAY
                && between.unwrap_or((row.start - other.end - 1) as usize) == 0
        };
        let known = |role| student.run.covered.holds(role, FileKind::Enrollments, row.head.district);
        if !last_year
            && !student.known_enrollments().filter(same_place).any(day_before)
            && (known(Role::Prior) || known(Role::Register))
        {
            emit.at(&row.head, f::START_STATUS);
        }
    }
}

fn first_entry(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.enrollments.iter().filter(|row| row.start_status == 1 && row.start != NO_DAY) {
        let earlier = student.earlier_enrollments().chain(student.known_enrollments());
        if let Some(other) =
            earlier.filter(|other| other.start != NO_DAY).find(|other| other.start < row.start)
        {
            emit.with(&row.head, f::START_STATUS, &other.head);
        }
    }
}

fn reentry(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.enrollments.iter().filter(|row| row.start_status == 3 && row.start != NO_DAY) {
        let withdrawn = |other: &Enrollment| {
            (other.head.district, other.head.school) == (row.head.district, row.head.school)
                && other.end <= row.start
                && student.world.withdrawal.contains(&other.end_status)
        };
        let usable = row.head.has(Head::SCHOOL_USABLE);
        if usable && !student.earlier_enrollments().chain(student.known_enrollments()).any(withdrawn) {
            emit.at(&row.head, f::START_STATUS);
        }
    }
}

fn transfer(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.enrollments.iter().filter(|row| matches!(row.start_status, 4 | 40)) {
        let elsewhere = |other: &Enrollment| {
            let place = |head: &Head| (head.district, head.school);
            place(&other.head) != place(&row.head) && other.start != NO_DAY && other.start < row.start
        };
        let usable = row.head.has(Head::SCHOOL_USABLE) && row.start != NO_DAY;
        if usable && !student.earlier_enrollments().chain(student.known_enrollments()).any(elsewhere) {
            emit.at(&row.head, f::START_STATUS);
        }
    }
}

/// Reports the rows of the run that overlap another of the list.
fn report_overlaps(student: &Student<'_>, rows: &[&Enrollment], emit: &mut Emit<'_, '_>, field: FieldId) {
    if rows.len() < 2 {
        return;
    }
    let spans: Vec<(i32, i32)> = rows.iter().filter_map(|row| row.span()).collect();
    for (row, other) in rows.iter().zip(overlapping(&spans)) {
        if let Some(other) = other.and_then(|other| rows.get(other))
            && student.is_current(&row.head)
        {
            emit.with(&row.head, field, &other.head);
        }
    }
}

fn primary_overlap(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.now.enrollments.len() + student.stored.enrollments.len() < 2 {
        return;
    }
    let primary = student.known_enrollments().filter(|row| row.is_primary() && row.span().is_some());
    let rows: Vec<&Enrollment> = primary.collect();
    report_overlaps(student, &rows, emit, f::START_DATE);
}

fn same_school_overlap(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.now.enrollments.len() < 2 {
        return;
    }
    let usable =
        |row: &&Enrollment| row.span().is_some() && row.service != 0 && row.head.has(Head::SCHOOL_USABLE);
    let mut rows: Vec<&Enrollment> = student.known_enrollments().filter(usable).collect();
    let key = |row: &&Enrollment| (row.head.district, row.head.school, row.service);
    rows.sort_by_key(key);
    for group in rows.chunk_by(|one, other| key(one) == key(other)) {
        report_overlaps(student, group, emit, f::SERVICE_TYPE);
    }
}

fn partial_alone(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.enrollments.iter().filter(|row| row.service == b'S') {
        let Some((start, end)) = row.span() else { continue };
        let others = || student.known_enrollments().filter(|other| other.head.place() != row.head.place());
        let meets = |other: &Enrollment| {
            other.is_primary() && other.span().is_some_and(|(first, last)| first <= end && start <= last)
        };
        if others().next().is_some() && !others().any(meets) {
            emit.at(&row.head, f::SERVICE_TYPE);
        }
    }
}

/// The rows of the year in the order of their start.
fn in_order<'a>(student: &Student<'a>) -> Vec<&'a Enrollment> {
    let mut rows: Vec<&Enrollment> = student.known_enrollments().filter(|row| row.start != NO_DAY).collect();
    rows.sort_by_key(|row| (row.start, row.head.file, row.head.line));
    rows
}

fn gap(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let rows = in_order(student);
    for pair in rows.windows(2) {
        let [before, after] = pair else { continue };
        let transfer = student.world.transfer_between_districts.contains(&before.end_status);
        let known = before.end != NO_DAY && before.end != OPEN && before.head.district != after.head.district;
        let (true, true, Some(days)) = (transfer, known, student.calendar(&after.head)) else { continue };
        let between = days.count(before.end.saturating_add(1), after.start - 1);
        if between > student.world.parameters.gap_instruction_days as usize && student.is_current(&after.head)
        {
            let reason = Reason::Days(between as u32);
            emit.because(&after.head, f::END_DATE, [before.head.place()], reason);
        }
    }
}

fn grade_change_follower(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.enrollments.iter().filter(|row| row.end_status == 105) {
        let Some(days) = student.calendar(&row.head) else { continue };
        if row.end == NO_DAY || row.end == OPEN || !row.head.has(Head::CALENDAR_USABLE) {
            continue;
        }
        let next = days.next_after(row.end);
        let follows = |other: &Enrollment| {
            other.head.same_school(&row.head)
                && other.start_status == 2
                && Some(other.start) == next
                && !same_grade(other.grade, row.grade)
        };
        if !student.known_enrollments().any(follows) {
            emit.at(&row.head, f::END_STATUS);
        }
    }
}

/// Kindergarten is one grade, however long its day.
fn same_grade(one: u8, other: u8) -> bool {
    let kindergarten = |grade| (KG..=KH).contains(&grade);
    one == other || (kindergarten(one) && kindergarten(other))
}

fn grade_change_without_end(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.now.enrollments.len() < 2 {
        return;
    }
    let rows = in_order(student);
    for (index, row) in rows.iter().enumerate() {
        let before = rows.iter().take(index).rev().find(|before| before.head.same_school(&row.head));
        let Some(before) = before else { continue };
        let known = row.grade != NO_GRADE && before.grade != NO_GRADE;
        if known
            && !same_grade(row.grade, before.grade)
            && before.end_status != 105
            && student.is_current(&row.head)
        {
            emit.with(&row.head, f::GRADE, &before.head);
        }
    }
}

fn grade_of_school(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let grade = record.grade();
    if record.school.is_some_and(|school| {
        school.grades != 0 && grade != NO_GRADE && !World::holds_grade(school.grades, grade)
    }) {
        record.report(emit, f::GRADE);
    }
}

fn grade_of_calendar(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let grade = record.grade();
    if record.calendar.is_some_and(|calendar| {
        calendar.grades != 0 && grade != NO_GRADE && !World::holds_grade(calendar.grades, grade)
    }) {
        record.report(emit, f::GRADE);
    }
}

fn age_for_grade(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let Some(age) = student.age_on(student.world.september_10) else { return };
    let limits = &student.world.parameters;
    for row in student.now.enrollments {
        let Some(level) = grade_level(row.grade) else { continue };
        let over = age - (level + 5);
        if over <= -limits.years_young_for_grade || over >= limits.years_old_for_grade {
            emit.at(&row.head, f::GRADE);
        }
    }
}

fn kindergarten_under_five(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let young = student.age_on(student.world.september_10).is_some_and(|age| age < 5);
    if !young || student.fact(FactKind::BoardApproval).is_some() {
        return;
    }
    for row in student.now.enrollments.iter().filter(|row| grade_level(row.grade) == Some(0)) {
        emit.at(&row.head, f::GRADE);
    }
}

fn age_of_admission(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let Some(age) = student.age_on(student.world.september_10) else { return };
    for row in student.now.enrollments.iter().filter(|row| row.grade != PK && row.grade != NO_GRADE) {
        if age >= 19 || (age < 5 && grade_level(row.grade) != Some(0)) {
            emit.row(&row.head, None);
        }
    }
}

fn prekindergarten_under_three(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.enrollments.iter().filter(|row| row.grade == PK && row.start != NO_DAY) {
        if student.age_on(row.start).is_some_and(|age| age < 3) {
            emit.at(&row.head, f::GRADE);
        }
    }
}

fn compulsory(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.enrollments.iter().filter(|row| row.is_dropout()) {
        let ended = row.end != NO_DAY && row.end != OPEN;
        let lower = grade_level(row.grade).is_some_and(|level| level <= 8);
        if ended && lower && student.age_on(row.end).is_some_and(|age| (7..16).contains(&age)) {
            emit.at(&row.head, f::END_STATUS);
        }
    }
}

fn no_show_with_rows(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.enrollments.iter().filter(|row| row.has(Enrollment::NO_SHOW)) {
        let attended =
            |other: &&Enrollment| !other.has(Enrollment::NO_SHOW) && other.head.same_calendar(&row.head);
        if student.now.enrollments.iter().any(|other| attended(&other)) {
            continue;
        }
        let now = &student.now;
        let mut heads = (now.counts.iter().map(|row| &row.head))
            .chain(now.attendance.iter().map(|row| &row.head))
            .chain(now.programs.iter().map(|row| &row.head));
        if let Some(other) = heads.find(|head| head.same_calendar(&row.head)) {
            emit.with(&row.head, f::NO_SHOW, other);
        }
    }
}

fn no_show_end(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    if let (Some(start), Some(end)) = (record.day(f::START_DATE), record.day(f::END_DATE))
        && record.is(f::NO_SHOW, const { code("Y") })
        && start != end
    {
        record.report(emit, f::NO_SHOW);
    }
}

fn sort_by_grade(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    if !record.is_good(f::SORT_BY) || !record.is_good(f::GRADE) {
        return;
    }
    let grade = record.text(f::GRADE);
    let sort = record.text(f::SORT_BY);
    let bare = match sort.split_at_checked(5) {
        Some((word, rest)) if word.eq_ignore_ascii_case("grade") => rest.trim_start_matches(' '),
        _ => sort,
    };
    if bare.eq_ignore_ascii_case(grade) || bare == grade.trim_start_matches('0') {
        record.report(emit, f::SORT_BY);
    }
}

fn activities_only(student: &Student<'_>, row: &Enrollment) -> bool {
    row.start != NO_DAY && student.fact_on(FactKind::ActivitiesOnly, row.start).is_some()
}

/// End statuses that an enrollment for activities only may have, as far as they are known.
const ACTIVITIES_END: [u16; 1] = [160];

fn activities_end(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.enrollments.iter().filter(|row| activities_only(student, row)) {
        if row.end_status != NONE && !ACTIVITIES_END.contains(&row.end_status) {
            emit.at(&row.head, f::END_STATUS);
        }
    }
}

fn activities_rows(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let Some(fact) = student.fact(FactKind::ActivitiesOnly) else { return };
    let taught = |head: &Head| {
        let other =
            |row: &Enrollment| row.head.same_calendar(head) && !(fact.first..=fact.last).contains(&row.start);
        student.known_enrollments().any(other)
    };
    for row in student.now.counts.iter().filter(|row| row.hours != 0 || row.absent == b'Y') {
        if !taught(&row.head) {
            emit.row(&row.head, None);
        }
    }
    for row in student.now.attendance.iter().filter(|row| !taught(&row.head)) {
        emit.row(&row.head, None);
    }
}

fn excluded(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.fact_on(FactKind::StateExclude, student.world.as_of).is_some() {
        let now = &student.now;
        now.enrollments.iter().for_each(|row| emit.row(&row.head, None));
        now.counts.iter().for_each(|row| emit.row(&row.head, None));
        now.attendance.iter().for_each(|row| emit.row(&row.head, None));
        now.programs.iter().for_each(|row| emit.row(&row.head, None));
    }
}

fn residence(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let known = student.facts_of(FactKind::Residence).any(|fact| !fact.value.is_empty());
    if !known {
        let touched = student.enrollments_during(FactKind::Nonresident);
        touched.for_each(|row| emit.row(&row.head, None));
    }
}

fn open_flag(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let flags = student.facts_of(FactKind::JobCorps).chain(student.facts_of(FactKind::YouthChallenge));
    let left = student.known_enrollments().all(|row| row.end != OPEN);
    let mut wrong = flags.filter(|flag| flag.first == i32::MIN || (left && flag.last == i32::MAX));
    if let (Some(_), Some(row)) = (wrong.next(), student.now.enrollments.last()) {
        emit.row(&row.head, None);
    }
}

fn savings_account(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.fact(FactKind::SavingsAccountFlag).is_none() {
        let touched = student.enrollments_during(FactKind::SavingsAccountParticipant);
        touched.for_each(|row| emit.row(&row.head, None));
    }
}

//! Diplomas and cohorts.

use super::exits::end_family;
use super::{BuiltIn, record, record_if, student};
use crate::cell::{code, grade_level};
use crate::emit::Emit;
use crate::facts::{CountFile, Enrollment, NO_DAY, OPEN, Program};
use crate::record::Record;
use crate::student::Student;
use chrono::{Datelike, NaiveDate};
use opi_dictionary::{SchoolYear, fields as f};

pub(super) const RULES: &[BuiltIn] = &[
    record_if(&[f::END_STATUS], "GRAD-001", &["EN"], incomplete_diploma),
    record_if(
        &[f::DIPLOMA_DATE, f::DIPLOMA_TYPE, f::DIPLOMA_PERIOD],
        "GRAD-002",
        &["EN"],
        diploma_without_completion,
    ),
    record_if(&[f::DIPLOMA_DATE], "GRAD-004", &["EN"], outside_the_year),
    record_if(&[f::END_STATUS], "GRAD-005", &["EN"], grade),
    student("GRAD-006", exchange_student),
    record("GRAD-007", &["EN"], no_ninth_grade),
    student("GRAD-008", unlikely_ninth_grade),
    student("GRAD-009", changed_ninth_grade),
    record_if(&[f::DIPLOMA_TYPE], "GRAD-011", &["EN"], proficiency),
    record_if(&[f::DIPLOMA_DATE], "GRAD-012", &["EN"], long_before_the_end),
    student("GRAD-013", early_graduate),
    student("GRAD-014", enrolled_at_nineteen),
    student("GRAD-015", still_enrolled),
];

const DIPLOMA: [opi_dictionary::FieldId; 3] = [f::DIPLOMA_DATE, f::DIPLOMA_TYPE, f::DIPLOMA_PERIOD];

fn is_graduate(record: &Record<'_>) -> bool {
    record
        .value(f::END_STATUS)
        .is_some_and(|status| status == const { code("400") } || status == const { code("410") })
}

fn incomplete_diploma(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    if is_graduate(record)
        && let Some(field) = DIPLOMA.into_iter().find(|field| record.is_blank(*field))
    {
        record.report(emit, field);
    }
}

fn diploma_without_completion(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let judged = record.is_blank(f::END_STATUS) || record.is_good(f::END_STATUS);
    let filled = DIPLOMA.into_iter().any(|field| record.is_good(field));
    if filled && judged && end_family(record) != Some(b'4') {
        record.report(emit, f::DIPLOMA_DATE);
    }
}

fn outside_the_year(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let (Some(calendar), Some(day)) = (record.calendar, record.day(f::DIPLOMA_DATE)) else { return };
    let (month, last) = record.world.parameters.graduating_year_end;
    let end =
        NaiveDate::from_ymd_opt(record.world.year.end_year(), month, last).map(|day| day.num_days_from_ce());
    if day < calendar.first || end.is_some_and(|end| day > end) {
        record.report(emit, f::DIPLOMA_DATE);
    }
}

fn grade(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    if is_graduate(record) && record.is_good(f::GRADE) && grade_level(record.grade()) != Some(12) {
        record.report(emit, f::GRADE);
    }
}

fn no_ninth_grade(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let in_cohort =
        grade_level(record.grade()).is_some_and(|level| level >= 9) || end_family(record) == Some(b'4');
    if in_cohort && record.is_blank(f::DATE_FIRST_ENTERED_THE_9TH_GRADE) {
        record.report(emit, f::DATE_FIRST_ENTERED_THE_9TH_GRADE);
    }
}

fn proficiency(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    // W3 is a working code of the dictionary for the proficiency diploma.
    let Some(diploma) = record.value(f::DIPLOMA_TYPE) else { return };
    let judged = record.is_blank(f::END_STATUS) || record.is_good(f::END_STATUS);
    if judged && (diploma == const { code("W3") }) != record.is(f::END_STATUS, const { code("410") }) {
        record.report(emit, f::DIPLOMA_TYPE);
    }
}

fn long_before_the_end(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    if let (Some(diploma), Some(end)) = (record.day(f::DIPLOMA_DATE), record.day(f::END_DATE))
        && diploma < end - record.world.parameters.diploma_before_end_days
    {
        record.report(emit, f::DIPLOMA_DATE);
    }
}

fn exchange_student(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let Some(program) = student.now.programs.iter().find(|row| row.has(Program::FOREIGN_EXCHANGE)) else {
        return;
    };
    for row in student.now.enrollments.iter().filter(|row| row.is_graduate()) {
        emit.with(&row.head, f::END_STATUS, &program.head);
    }
}

fn unlikely_ninth_grade(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let Some(birth) = student.birth() else { return };
    for row in student.now.enrollments.iter().filter(|row| row.ninth != NO_DAY) {
        let likely = || {
            let day = NaiveDate::from_num_days_from_ce_opt(row.ninth)?;
            let september_10 = SchoolYear::containing(day).ok()?.day(9, 10)?.num_days_from_ce();
            let age = crate::World::age(birth, september_10)?;
            Some(day.month() != 7 && (13..=17).contains(&age))
        };
        if likely() != Some(true) {
            emit.at(&row.head, f::DATE_FIRST_ENTERED_THE_9TH_GRADE);
        }
    }
}

fn changed_ninth_grade(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let before = student.prior.enrollments.iter().rfind(|row| row.ninth != NO_DAY);
    let Some(before) = before else { return };
    for row in student.now.enrollments.iter().filter(|row| row.ninth != NO_DAY && row.ninth != before.ninth) {
        emit.with(&row.head, f::DATE_FIRST_ENTERED_THE_9TH_GRADE, &before.head);
    }
}

/// An enrollment in grade 12 that ended before the spring count, of a student counted in spring all the same.
fn early_graduate(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let counts = || student.now.counts.iter().chain(student.stored.counts);
    for spring in student.now.counts.iter().filter(|row| row.kind == CountFile::Spring) {
        let Some(day) = student.count_date(spring) else { continue };
        let fall = counts().find(|row| row.kind == CountFile::Fall && row.head.same_calendar(&spring.head));
        let ended = student.known_enrollments().filter(|row| row.head.same_calendar(&spring.head));
        let ended =
            ended.filter(|row| row.end < day && grade_level(row.grade) == Some(12)).max_by_key(|row| row.end);
        let still = student.enrollment_behind(&spring.head, Some(day)).is_some();
        if let (Some(fall), Some(ended), false) = (fall, ended, still) {
            let marked = ended.end_status == 400 && ended.has(Enrollment::DIPLOMA_COMPLETE);
            if !marked || (spring.hours != 0 && spring.hours != fall.hours) {
                emit.with(&spring.head, f::AGGREGATE_HOURS_OF_INSTRUCTION, &ended.head);
            }
        }
    }
}

fn enrolled_at_nineteen(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.age_on(student.world.september_10).is_none_or(|age| age < 19) {
        return;
    }
    let graduated = student.earlier_enrollments().find(|row| row.is_graduate());
    for row in student.now.enrollments {
        if let Some(graduated) =
            graduated.filter(|graduated| row.start != NO_DAY && row.start > graduated.end)
        {
            emit.with(&row.head, f::END_STATUS, &graduated.head);
        }
    }
}

fn still_enrolled(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in
        student.now.enrollments.iter().filter(|row| row.is_graduate() && row.end != NO_DAY && row.end != OPEN)
    {
        let after = |other: &&Enrollment| {
            !other.has(Enrollment::NO_SHOW) && other.span().is_some_and(|(_, end)| end > row.end)
        };
        if let Some(other) = student.known_enrollments().find(after) {
            emit.with(&row.head, f::END_STATUS, &other.head);
        }
    }
}

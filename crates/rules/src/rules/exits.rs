//! How enrollments end.

use super::{BuiltIn, record, record_if, student};
use crate::cell::grade_level;
use crate::emit::Emit;
use crate::facts::{Enrollment, NO_DAY, OPEN};
use crate::record::Record;
use crate::student::Student;
use crate::{FactKind, cell};
use chrono::Datelike;
use opi_dictionary::fields as f;

pub(super) const RULES: &[BuiltIn] = &[
    record_if(&[f::END_DATE, f::END_STATUS], "EXIT-001", &["EN"], half_an_end),
    record_if(&[f::END_STATUS], "EXIT-005", &["EN"], dropout_grade),
    student("EXIT-006", returned),
    student("EXIT-007", not_arrived),
    student("EXIT-008", back_in_the_state),
    record("EXIT-009", &["EN"], still_open),
    student("EXIT-010", left_special_education),
];

/// The family of an end status, by its first digit.
pub(super) fn end_family(record: &Record<'_>) -> Option<u8> {
    record.value(f::END_STATUS).filter(|_| record.text(f::END_STATUS).len() == 3)?;
    record.text(f::END_STATUS).bytes().next()
}

fn half_an_end(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    for (filled, blank) in [(f::END_DATE, f::END_STATUS), (f::END_STATUS, f::END_DATE)] {
        if record.is_good(filled) && record.is_blank(blank) {
            record.report(emit, blank);
        }
    }
}

fn dropout_grade(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let low = match record.grade() {
        cell::PK => true,
        grade => grade_level(grade).is_some_and(|level| level < 7),
    };
    if low && record.is_good(f::GRADE) && end_family(record) == Some(b'3') {
        record.report(emit, f::END_STATUS);
    }
}

fn still_open(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    if record.is_blank(f::END_DATE) || record.is_blank(f::END_STATUS) {
        record.report(emit, f::END_DATE);
    }
}

/// September 30 after the school year that holds a day.
fn return_day(day: i32) -> Option<i32> {
    let day = chrono::NaiveDate::from_num_days_from_ce_opt(day)?;
    let year = opi_dictionary::SchoolYear::containing(day).ok()?.next().ok()?;
    year.day(9, 30).map(|day| day.num_days_from_ce())
}

fn returned(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let ended = |row: &&Enrollment| row.is_dropout() && row.end != NO_DAY && row.end != OPEN;
    for row in student.now.enrollments.iter().filter(ended) {
        let limit = return_day(row.end);
        let mut later = student.known_enrollments().filter(|other| !other.has(Enrollment::NO_SHOW));
        let back = later.find(|other| other.start > row.end && Some(other.start) <= limit);
        if let Some(back) = back {
            emit.with(&row.head, f::END_STATUS, &back.head);
        }
    }
    for row in student.now.enrollments.iter().filter(|row| !row.has(Enrollment::NO_SHOW)) {
        let left = student.prior.enrollments.iter().filter(ended);
        let mut left = left.filter(|left| row.start > left.end && Some(row.start) <= return_day(left.end));
        if let Some(left) = left.next() {
            emit.with(&row.head, f::END_STATUS, &left.head);
        }
    }
}

fn not_arrived(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let days = student.world.parameters.transfer_arrival_days;
    let transferred = |row: &&Enrollment| student.world.transfer_in_state.contains(&row.end_status);
    for row in student.now.enrollments.iter().filter(transferred) {
        let known =
            row.end != NO_DAY && row.end != OPEN && row.end.saturating_add(days) < student.world.as_of;
        let arrived =
            |other: &Enrollment| other.start > row.end && other.start <= row.end.saturating_add(days);
        if known && !student.known_enrollments().any(arrived) {
            emit.at(&row.head, f::END_STATUS);
        }
    }
}

fn back_in_the_state(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let days = student.world.parameters.out_of_state_return_days;
    let gone = |row: &&Enrollment| student.world.transfer_out_of_state.contains(&row.end_status);
    for row in student.now.enrollments.iter().filter(gone) {
        if row.end == NO_DAY || row.end == OPEN {
            continue;
        }
        let back = |other: &&Enrollment| other.start > row.end && other.start <= row.end.saturating_add(days);
        if let Some(other) = student.known_enrollments().find(back) {
            emit.with(&row.head, f::END_STATUS, &other.head);
        }
    }
}

fn left_special_education(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let ended = |fact: &crate::register::StoredFact| fact.last < student.world.as_of;
    let mut plans = student.facts_of(FactKind::SpecialEducation);
    // Who left in an earlier year was reported then.
    let this_year = |fact: &crate::register::StoredFact| fact.last >= student.world.year_first;
    let left = student.facts_of(FactKind::SpecialEducation).any(this_year) && plans.all(ended);
    if left && student.fact(FactKind::SpecialEducationExit).is_none() {
        student.now.enrollments.iter().for_each(|row| emit.row(&row.head, None));
    }
}

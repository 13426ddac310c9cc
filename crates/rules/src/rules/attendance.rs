//! Attendance totals and career education.

use super::{BuiltIn, record, student};
use crate::cell::{DECIMAL_SCALE, PK, code, grade_level};
use crate::emit::Emit;
use crate::facts::{Enrollment, FileKind, FollowUp, NO_DAY, OPEN};
use crate::families::hundredths;
use crate::pass::Role;
use crate::practice::Practice;
use crate::reason::Reason;
use crate::record::{Head, NONE, Record};
use crate::student::Student;
use chrono::Datelike;
use opi_dictionary::fields as f;

pub(super) const RULES: &[BuiltIn] = &[
    student("ATT-003", more_days_than_taught),
    record("ATT-005", &["AA"], two_absences),
    student("ATT-006", without_enrollment),
    student("ATT-007", open_enrollment),
    record("ATT-008", &["AA"], empty_calendar),
    student("CTE-001", career_without_enrollment),
    record("CTE-004", &["CE"], concentrator_unmarked),
    record("CTE-005", &["CE"], concentrator_unearned),
    student("CTE-006", career_grade),
    record("CTE-007", &["CE"], pathway),
    record("CTE-008", &["CT"], follow_up),
    record("CTE-010", &["CT"], contact_day),
    student("CTE-012", follow_up_of_leavers),
    student("XF-003", no_attendance),
];

fn more_days_than_taught(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.attendance.iter().filter(|row| row.enrolled >= 0 || row.enrolled < -1) {
        let Some(days) = student.calendar(&row.head) else { continue };
        let spans = student.known_enrollments().filter(|other| other.head.same_calendar(&row.head));
        let taught =
            spans.filter_map(|other| other.span()).map(|(start, end)| days.count(start, end.min(days.last)));
        // With several enrollments in the calendar it is not said which one a row stands for: the longest is allowed.
        let Some(taught) = taught.max() else { continue };
        if row.enrolled <= 0 || row.enrolled > taught as i64 * DECIMAL_SCALE {
            emit.because(&row.head, f::ADA_DAYS_ENROLLED, [], Reason::Days(taught as u32));
        }
    }
}

fn two_absences(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let (Some(enrolled), Some(present), Some(absent)) = (
        record.value(f::ADA_DAYS_ENROLLED),
        record.value(f::ADA_DAYS_PRESENT),
        record.value(f::ESSA_DAYS_ABSENT),
    ) else {
        return;
    };
    let missed = enrolled.saturating_sub(present);
    let share = i64::from(record.world.parameters.absence_difference_percent);
    let difference = missed.saturating_sub(absent).saturating_abs();
    if difference.saturating_mul(100) > missed.max(absent).saturating_mul(share) {
        record.report(emit, f::ESSA_DAYS_ABSENT);
    }
}

fn without_enrollment(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.attendance.iter().filter(|row| row.head.has(Head::CALENDAR_USABLE)) {
        if student.enrollment_behind(&row.head, None).is_none()
            && student.run.knows_enrollments(row.head.district)
        {
            emit.row(&row.head, None);
        }
    }
}

fn open_enrollment(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.attendance {
        let mut behind =
            student.known_enrollments().filter(|other| other.head.same_calendar(&row.head)).peekable();
        let first = behind.peek().copied();
        if let Some(first) = first
            && behind.all(|other| other.end == OPEN)
        {
            emit.row(&row.head, Some(&first.head));
        }
    }
}

fn empty_calendar(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    if record.calendar.is_some_and(|calendar| calendar.days().is_empty()) {
        record.report(emit, f::CALENDAR_NUMBER);
    }
}

fn career_without_enrollment(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let now = &student.now;
    let heads = now.pathways.iter().map(|row| &row.head).chain(now.follow_ups.iter().map(|row| &row.head));
    for head in heads.filter(|head| head.district != NONE) {
        if !student.known_enrollments().any(|other| other.head.district == head.district)
            && student.run.knows_enrollments(head.district)
        {
            emit.row(head, None);
        }
    }
}

fn concentrator(record: &Record<'_>, emit: &mut Emit<'_, '_>, mark: &str, wrong: fn(i64, i64) -> bool) {
    let needed = hundredths(record.world.parameters.concentrator_credits_hundredths);
    if let Some(total) = record.value(f::TOTAL_PATHWAY_CREDITS_EARNED)
        && record.is(f::CTE_CONCENTRATOR, code(mark))
        && wrong(total, needed)
    {
        record.report(emit, f::CTE_CONCENTRATOR);
    }
}

fn concentrator_unmarked(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    concentrator(record, emit, "N", |total, needed| total >= needed);
}

fn concentrator_unearned(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    concentrator(record, emit, "Y", |total, needed| total < needed);
}

fn career_grade(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.pathways {
        let enrollments =
            student.known_enrollments().filter(|other| other.head.district == row.head.district);
        let Some(last) = enrollments.filter(|other| other.start != NO_DAY).max_by_key(|other| other.start)
        else {
            continue;
        };
        if last.grade == PK || grade_level(last.grade).is_some_and(|level| level < 9) {
            emit.row(&row.head, Some(&last.head));
        }
    }
}

fn pathway(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let listed = &record.world.references.tables.cte_pathway;
    if record.is_good(f::CTE_PATHWAY) && !listed.is_empty() && !listed.contains(record.text(f::CTE_PATHWAY)) {
        record.report(emit, f::CTE_PATHWAY);
    }
}

fn follow_up(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let fields = [f::POST_PROGRAM_STATUS, f::DATE_CONTACTED];
    let judged = fields.iter().all(|field| record.is_blank(*field) || record.is_good(*field));
    let marked = record.is(f::CTE_CONCENTRATOR, const { code("Y") });
    let both = fields.iter().all(|field| record.is_good(*field));
    let none = fields.iter().all(|field| record.is_blank(*field));
    let wrong = if marked { !both } else { !none };
    if record.is_good(f::CTE_CONCENTRATOR) && judged && wrong {
        record.report(emit, f::CTE_CONCENTRATOR);
    }
}

fn contact_day(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let world = record.world;
    let day = |name| {
        let date = world.references.dictionary.statutory_date(name, world.year, &opi_dictionary::Weekdays);
        date.ok().map(|day| day.num_days_from_ce())
    };
    let (Some(contact), Some(first), Some(last)) =
        (record.day(f::DATE_CONTACTED), day("fall_cte_follow_up_start"), day("fall_cte_follow_up_end"))
    else {
        return;
    };
    if contact < first || contact > last || contact > world.as_of {
        record.report(emit, f::DATE_CONTACTED);
    }
}

fn follow_up_of_leavers(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let concentrator = student.prior.pathways.iter().find(|row| row.concentrator == b'Y');
    match concentrator {
        None => {
            let known = |row: &&FollowUp| {
                student.run.covered.holds(Role::Prior, FileKind::EndOfYearCte, row.head.district)
            };
            let rows = student.now.follow_ups.iter().filter(|row| row.concentrator == b'Y').filter(known);
            rows.for_each(|row| emit.row(&row.head, None));
        }
        Some(concentrator) if student.now.follow_ups.is_empty() => {
            // Only completers and dropouts are known to have left: other end statuses were not recovered.
            let left = |row: &Enrollment| row.is_completer() || row.is_dropout();
            let still = student.known_enrollments().next().is_some();
            if student.prior.enrollments.iter().any(left)
                && !still
                && student.run.covers(FileKind::FallCte, concentrator.head.district)
                && let Some(file) = student.run.file_of(FileKind::FallCte, concentrator.head.district)
            {
                emit.missing(file, &concentrator.head);
            }
        }
        Some(_) => {}
    }
}

fn no_attendance(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let year = student.world.year.end_year();
    // Of primary enrollments always: GD-2025-06.
    let partial = Practice::TotalsOfPartialEnrollments.holds(year).unwrap_or(false);
    let has_totals = |row: &&Enrollment| {
        let asked = row.is_primary() || (row.service == b'S' && partial);
        asked && !row.has(Enrollment::NO_SHOW) && row.head.has(Head::CALENDAR_USABLE)
    };
    let rows: Vec<&Enrollment> = student.now.enrollments.iter().filter(has_totals).collect();
    for (index, row) in rows.iter().enumerate() {
        // Totals name the calendar and not the enrollment: there are to be as many as enrollments in it.
        let earlier = rows.iter().take(index).filter(|other| other.head.same_calendar(&row.head)).count();
        let totals =
            student.now.attendance.iter().filter(|total| total.head.same_calendar(&row.head)).count();
        if totals <= earlier
            && student.run.covers(FileKind::Attendance, row.head.district)
            && let Some(file) = student.run.file_of(FileKind::Attendance, row.head.district)
        {
            emit.missing(file, &row.head);
        }
    }
}

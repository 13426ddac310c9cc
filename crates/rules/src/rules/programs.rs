//! Program participation, English learners, homelessness, meals, Section 504.

use super::{BuiltIn, overlapping, record, student};
use crate::FactKind;
use crate::cell::{PK, code, grade_level};
use crate::emit::Emit;
use crate::facts::{Enrollment, Fact, FileKind, Learner, NO_DAY, Program, Status};
use crate::record::{Head, NONE, Record};
use crate::registry::Collection;
use crate::student::Student;
use crate::{Count, World};
use opi_dictionary::{FieldId, SchoolKey, fields as f};
use std::collections::BTreeSet;

pub(super) const RULES: &[BuiltIn] = &[
    student("EL-002", identified_before_birth),
    student("EL-004", identified_late),
    record("EL-005", &["LP"], english_only),
    student("EL-006", learner_overlap),
    student("EL-007", learner_again),
    student("EL-008", immigrant_unscreened),
    record("FRAM-003", &["FR"], outside_the_year),
    student("FRAM-004", meal_overlap),
    record("FRAM-005", &["FR"], direct_certification),
    student("FRAM-006", meal_without_enrollment),
    student("HOM-002", residence_alone),
    student("HOM-003", served_and_homeless),
    student("HOM-004", unaccompanied_alone),
    record("HOM-005", &["HM"], homeless_outside_the_year),
    student("HOM-006", homeless_overlap),
    student("HOM-007", homeless_without_meals),
    student("HOM-008", homeless_without_enrollment),
    student("PP-001", program_without_enrollment),
    record("PP-004", &["PP"], no_program),
    student("PP-005", entered_before_birth),
    student("PP-006", immigrant_too_long),
    student("PP-007", exchange_grade),
    record("PP-010", &["PP"], schoolwide),
    record("PP-011", &["PP"], delinquent),
    student("S504-002", plan_without_enrollment),
    student("S504-003", plan_overlap),
    student("S504-004", plan_and_special_education),
    record("S504-005", &["504"], plan_after_count),
    student("XF-004", learner_without_enrollment),
];

/// Reports rows of the run whose span overlaps another of the list.
fn report_overlaps<T: Fact>(
    student: &Student<'_>,
    rows: &[&T],
    span: impl Fn(&T) -> (i32, i32),
    emit: &mut Emit<'_, '_>,
    field: FieldId,
) {
    let rows: Vec<&T> = rows.iter().copied().filter(|row| whole_span(span(row))).collect();
    if rows.len() < 2 {
        return;
    }
    let spans: Vec<(i32, i32)> = rows.iter().map(|row| span(row)).collect();
    for (row, other) in rows.iter().zip(overlapping(&spans)) {
        if let Some(other) = other.and_then(|other| rows.get(other))
            && student.is_current(row.head())
        {
            emit.with(row.head(), field, other.head());
        }
    }
}

/// A span with both ends known and in order.
fn whole_span((start, end): (i32, i32)) -> bool {
    start != NO_DAY && end != NO_DAY && start <= end
}

fn identified_before_birth(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let Some(birth) = student.birth() else { return };
    for row in student.now.learners.iter().filter(|row| row.identified != NO_DAY && row.identified <= birth) {
        emit.at(&row.head, f::IDENTIFIED_DATE);
    }
}

fn identified_late(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let known = student.run.present.has("prior.EN") || student.run.present.has("reg.EN");
    if !known || student.earlier_enrollments().next().is_some() {
        return;
    }
    let first = student.known_enrollments().filter(|row| row.start != NO_DAY).min_by_key(|row| row.start);
    let Some((first, days)) = first.and_then(|first| Some((first, student.calendar(&first.head)?))) else {
        return;
    };
    let limits = &student.world.parameters;
    let early = first.start <= days.first + limits.el_days_at_start;
    let limit = if early { limits.el_days_at_start } else { limits.el_days_later };
    for row in
        student.now.learners.iter().filter(|row| row.status == Status::Learner && row.identified != NO_DAY)
    {
        if row.identified > first.start + limit {
            emit.with(&row.head, f::IDENTIFIED_DATE, &first.head);
        }
    }
}

fn english_only(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let field = f::HOME_PRIMARY_LANGUAGE_OR_LANGUAGE_OF_IMPACT;
    if record.is(f::PROGRAM_STATUS, const { code("EL") }) && record.is(field, const { code("eng") }) {
        record.report(emit, field);
    }
}

/// Records of one district: two districts that a student went to each send the same record.
fn learner_overlap(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let of_episode = |row: &&Learner| matches!(row.status, Status::Learner | Status::Exited);
    let mut rows: Vec<&Learner> = student.now.learners.iter().filter(of_episode).collect();
    rows.sort_by_key(|row| row.head.district);
    for district in rows.chunk_by(|one, other| one.head.district == other.head.district) {
        report_overlaps(student, district, |row| (row.identified, row.exited), emit, f::IDENTIFIED_DATE);
    }
}

fn learner_again(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let exited =
        student.prior.learners.iter().filter(|row| row.status == Status::Exited && row.exited != NO_DAY);
    let Some(exited) = exited.max_by_key(|row| row.exited) else { return };
    for row in student.now.learners.iter().filter(|row| row.status == Status::Learner) {
        if row.identified != NO_DAY && row.identified <= exited.exited {
            emit.with(&row.head, f::PROGRAM_STATUS, &exited.head);
        }
    }
}

fn immigrant_unscreened(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.now.learners.is_empty() {
        for row in student.now.programs.iter().filter(|row| row.has(Program::IMMIGRANT)) {
            if student.run.covers(FileKind::Learners, row.head.district) {
                emit.at(&row.head, f::IMMIGRANT);
            }
        }
    }
}

fn outside_the_year(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let year = record.world.year_first..=record.world.year_last;
    if record.day(f::ELIGIBILITY_START_DATE).is_some_and(|day| !year.contains(&day)) {
        record.report(emit, f::ELIGIBILITY_START_DATE);
    }
}

fn meal_overlap(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let rows: Vec<_> = student.now.meals.iter().collect();
    report_overlaps(student, &rows, |row| (row.start, row.end), emit, f::ELIGIBILITY_START_DATE);
}

fn direct_certification(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let direct = record.is(f::CERTIFICATION_TYPE, const { code("Direct Certification") });
    if direct && record.is(f::ELIGIBILITY, const { code("N") }) {
        record.report(emit, f::CERTIFICATION_TYPE);
    }
}

fn meal_without_enrollment(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.known_enrollments().next().is_none() {
        student.now.meals.iter().for_each(|row| emit.at(&row.head, f::STUDENT_STATE_ID));
    }
}

/// Reports the first row of a student about whom something is stored that only homeless students have.
fn homeless_fact(student: &Student<'_>, kind: FactKind, emit: &mut Emit<'_, '_>, field: FieldId) {
    let (first, last) = (student.world.year_first, student.world.year_last);
    let this_year = || student.facts_of(kind).any(|fact| fact.first <= last && first <= fact.last);
    if student.now.homeless.is_empty()
        && this_year()
        && let Some(head) = student.now.first_head()
    {
        emit.at(head, field);
    }
}

fn residence_alone(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    homeless_fact(student, FactKind::NighttimeResidence, emit, f::PRIMARY_NIGHTTIME_RESIDENCE);
}

fn unaccompanied_alone(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    homeless_fact(student, FactKind::UnaccompaniedYouth, emit, f::UNACCOMPANIED_YOUTH);
}

/// Service and mark must agree within each district that sends both files.
fn served_and_homeless(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let now = &student.now;
    let marks = |district: u16| {
        now.programs.iter().find(|row| row.head.district == district && row.has(Program::HOMELESS))
    };
    let records = |district: u16| now.homeless.iter().filter(move |row| row.head.district == district);
    for (index, row) in now.homeless.iter().enumerate() {
        let district = row.head.district;
        if now.homeless.iter().take(index).any(|earlier| earlier.head.district == district) {
            continue;
        }
        let served = records(district).find(|row| row.served == b'Y');
        match (served, marks(district)) {
            (Some(served), None) if student.run.covers(FileKind::Programs, district) => {
                emit.at(&served.head, f::MCKINNEY_VENTO_SERVED);
            }
            (None, Some(marked)) => emit.with(&row.head, f::MCKINNEY_VENTO_SERVED, &marked.head),
            _ => {}
        }
    }
    // A mark without any record, where the district sends records.
    for row in now.programs.iter().filter(|row| row.has(Program::HOMELESS)) {
        let district = row.head.district;
        if records(district).next().is_none() && student.run.covers(FileKind::Homeless, district) {
            emit.at(&row.head, f::HOMELESS);
        }
    }
}

fn homeless_outside_the_year(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let late = record.day(f::START_DATE).is_some_and(|day| day > record.world.year_last);
    let early = record.day(f::END_DATE).is_some_and(|day| day < record.world.year_first);
    if late || early {
        record.report(emit, f::END_DATE);
    }
}

fn homeless_overlap(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let mut rows: Vec<_> = student.now.homeless.iter().filter(|row| row.head.district != NONE).collect();
    rows.sort_by_key(|row| row.head.district);
    for district in rows.chunk_by(|one, other| one.head.district == other.head.district) {
        report_overlaps(student, district, |row| (row.start, row.end), emit, f::START_DATE);
    }
}

fn homeless_without_meals(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let Some(homeless) = student.now.homeless.first() else { return };
    for meal in student.now.meals.iter().filter(|meal| matches!(meal.eligibility, b'R' | b'N')) {
        emit.with(&meal.head, f::ELIGIBILITY, &homeless.head);
    }
}

fn homeless_without_enrollment(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.homeless.iter().filter(|row| whole_span((row.start, row.end))) {
        let touches = |other: &Enrollment| {
            other.span().is_some_and(|(start, end)| start <= row.end && row.start <= end)
        };
        if !student.known_enrollments().any(touches) && student.run.knows_enrollments(row.head.district) {
            emit.at(&row.head, f::START_DATE);
        }
    }
}

fn program_without_enrollment(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.programs.iter().filter(|row| row.head.has(Head::SCHOOL_USABLE)) {
        if !student.known_enrollments().any(|other| other.head.same_school(&row.head))
            && student.run.knows_enrollments(row.head.district)
        {
            emit.row(&row.head, None);
        }
    }
}

/// The program fields of a participation row.
const PROGRAMS: [FieldId; 12] = [
    f::TITLE_I,
    f::SUPPLEMENTAL_EDUCATIONAL_SERVICES,
    f::TWENTY_FIRST_CENTURY_PARTICIPANT,
    f::FOREIGN_EXCHANGE,
    f::IMMIGRANT,
    f::DATE_IMMIGRANT_ENTERED_US_SCHOOL,
    f::GIFTED_TALENTED_EVALUATED,
    f::GIFTED_TALENTED_IDENTIFIED,
    f::HOMELESS,
    f::MILITARY_CONNECTED_STUDENT,
    f::NEGLECTED_AND_DELINQUENT_PROGRAM,
    f::PART_B_EARLY_INTERVENING_SERVICES,
];

fn no_program(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    // N is a program only in the field of neglected students.
    let says_nothing = |field: &FieldId| {
        record.is_blank(*field)
            || (*field != f::NEGLECTED_AND_DELINQUENT_PROGRAM
                && *field != f::TITLE_I
                && record.is(*field, const { code("N") }))
    };
    if PROGRAMS.iter().all(says_nothing) {
        record.report_row(emit);
    }
}

fn entered_before_birth(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let Some(birth) = student.birth() else { return };
    for row in student.now.programs.iter().filter(|row| row.immigrant_since != NO_DAY) {
        if row.immigrant_since <= birth {
            emit.at(&row.head, f::DATE_IMMIGRANT_ENTERED_US_SCHOOL);
        }
    }
}

fn immigrant_too_long(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let today = student.world.as_of;
    let age = student.age_on(today);
    // A year of 365.25 days, in quarters of a day.
    let most = student.world.parameters.immigrant_years.saturating_mul(1461);
    for row in student.now.programs.iter().filter(|row| row.has(Program::IMMIGRANT)) {
        let long = row.immigrant_since != NO_DAY && (today - row.immigrant_since) * 4 > most;
        if long || age.is_some_and(|age| !(3..=21).contains(&age)) {
            emit.at(&row.head, f::DATE_IMMIGRANT_ENTERED_US_SCHOOL);
        }
    }
}

fn exchange_grade(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.programs.iter().filter(|row| row.has(Program::FOREIGN_EXCHANGE)) {
        let low = |grade: u8| grade == PK || grade_level(grade).is_some_and(|level| level < 9);
        let enrollments = student.known_enrollments().filter(|other| other.head.same_calendar(&row.head));
        if let Some(other) = enrollments.max_by_key(|other| other.start).filter(|other| low(other.grade)) {
            emit.with(&row.head, f::FOREIGN_EXCHANGE, &other.head);
        }
    }
}

fn schoolwide(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let tables = &record.world.references.tables;
    if tables.schoolwide_school.is_empty() || !record.head.has(Head::SCHOOL_USABLE) {
        return;
    }
    let Some(value) = record.value(f::TITLE_I) else { return };
    let numbers = (record.text(f::DISTRICT_NUMBER).parse(), record.text(f::SCHOOL_NUMBER).parse());
    let (Ok(district), Ok(school)) = numbers else { return };
    let is_schoolwide = tables.is_schoolwide(SchoolKey { district, school });
    // Only the two programs of a public school exclude each other.
    if (value == const { code("SW") } && !is_schoolwide) || (value == const { code("TAS") } && is_schoolwide)
    {
        record.report(emit, f::TITLE_I);
    }
}

fn delinquent(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let listed = record
        .text(f::DISTRICT_NUMBER)
        .parse()
        .is_ok_and(|district| record.world.references.tables.delinquent_district.contains(&district));
    if record.is(f::NEGLECTED_AND_DELINQUENT_PROGRAM, const { code("D") })
        && !listed
        && record.head.district != NONE
    {
        record.report(emit, f::NEGLECTED_AND_DELINQUENT_PROGRAM);
    }
}

fn plan_without_enrollment(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in
        student.now.plans.iter().filter(|row| whole_span((row.start, row.end)) && row.head.district != NONE)
    {
        let active = |other: &Enrollment| {
            other.head.district == row.head.district
                && other.span().is_some_and(|(start, end)| start <= row.end && row.start <= end)
        };
        if !student.known_enrollments().any(active) && student.run.knows_enrollments(row.head.district) {
            emit.row(&row.head, None);
        }
    }
}

fn plan_overlap(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let stored = student.stored.plans.iter().filter(|row| {
        // A stored record that the file repeats is the same record.
        let same =
            |now: &&crate::facts::Plan| (now.head.district, now.start) == (row.head.district, row.start);
        !student.now.plans.iter().any(|now| same(&now))
    });
    let rows: Vec<_> = student.now.plans.iter().chain(stored).collect();
    // A plan that the district before left open is that district's to end.
    let districts: BTreeSet<u16> = student.now.plans.iter().map(|row| row.head.district).collect();
    for district in districts {
        let of_district = rows.iter().copied().filter(|row| row.head.district == district);
        let rows: Vec<_> = of_district.collect();
        report_overlaps(student, &rows, |row| (row.start, row.end), emit, f::SECTION_504_START_DATE);
    }
}

fn plan_and_special_education(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let today = student.world.as_of;
    if student.fact_on(FactKind::SpecialEducation, today).is_some() {
        for row in student.now.plans.iter().filter(|row| row.start != NO_DAY && row.end >= today) {
            emit.row(&row.head, None);
        }
    }
}

fn plan_after_count(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let count = match record.world.references.collection {
        Some(Collection::SpringCount) => Count::Spring,
        Some(Collection::FallCount) => Count::Fall,
        _ => return,
    };
    let world: &World<'_> = record.world;
    let statutory =
        || world.calendars_of(record.head.district).filter_map(|days| days.statutory(count)).max();
    let day = world.set_count_date(count, record.head.district).or_else(statutory);
    if let (Some(day), Some(start)) = (day, record.day(f::SECTION_504_START_DATE))
        && start > day
    {
        record.report(emit, f::SECTION_504_START_DATE);
    }
}

fn learner_without_enrollment(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.known_enrollments().next().is_none() {
        let known = |row: &&Learner| student.run.knows_enrollments(row.head.district);
        student.now.learners.iter().filter(known).for_each(|row| emit.row(&row.head, None));
    }
}

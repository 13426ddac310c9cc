//! Who can be counted: the rows of a student that lead to a count, each with its day and place.

use super::Context;
use super::declare::Declaration;
use super::explain::{RowKind, RowRef};
use super::values::idea_on;
use crate::input::{
    CohortMembership, Departure, DisciplineEvent, Enrollment, FirearmIncident, LeaIndex, ProgramRecord,
    SchoolIndex, Span, SpecialEducationExit, StatusKind, StudentRows,
};
use crate::profile::year_span;
use crate::{Grade, Level};
use chrono::NaiveDate;
use opi_dictionary::age_on;

/// A row that can be counted.
#[derive(Clone, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) lea: Option<LeaIndex>,
    pub(crate) school: Option<SchoolIndex>,
    /// The day of the values.
    pub(crate) day: NaiveDate,
    pub(crate) grade: Option<Grade>,
    pub(crate) of: Of<'a>,
    pub(crate) row: RowRef,
}

/// The row itself.
#[derive(Clone, Debug)]
pub(crate) enum Of<'a> {
    Enrollment(&'a Enrollment),
    Event(&'a DisciplineEvent),
    Exit(&'a SpecialEducationExit),
    Departure(&'a Departure),
    Firearm(&'a FirearmIncident),
    Cohort(&'a CohortMembership),
    Program(&'a ProgramRecord),
}

/// Why a student, or a row of the student, does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Exclusion {
    /// No row of the student meets the population on the day or in the period.
    NoRows,
    /// The district or school is not reported.
    UnitNotReported,
    /// The row names no school, so it has no place at school level.
    NoSchool,
    /// The row names no district, so it has no place below the state.
    NoUnit,
    /// The state does not use the grade.
    GradeNotUsed,
    /// The unit does not offer the grade.
    GradeNotOffered,
    /// The file does not take the grade.
    GradeNotCounted,
    /// The school is a reportable programme, which the file leaves out.
    ReportableProgram,
    /// The student has no such status there on the day.
    NoStatus,
    /// The age is not known, or not one of the file.
    Age,
    /// The educational environment is one that the file or level leaves out.
    Environment,
    /// Developmental delay at an age for which the state has not declared it.
    DevelopmentalDelayAge,
    /// The event is of another kind.
    OtherKind,
    /// The reason or category of the row is not known and the file has no place for it.
    NoReason,
    /// The days add up to less than the file counts.
    TooFewDays,
    /// Fewer absences than a tenth of the days.
    NotChronicallyAbsent,
    /// The state does not award the credential.
    NotAwarded,
    /// The student came back, or is served again.
    CameBack,
    /// Another row of the student stands in the unit.
    AnotherRowStands,
    /// The cohort is not one of four to ten years that ends with the year.
    OtherCohort,
    /// The district receives no subgrant, or the student was not served.
    NotServed,
}

/// The enrollments that count on a day: primary and active.
fn enrolled_on<'s>(student: &'s StudentRows, day: NaiveDate, out: &mut Vec<Candidate<'s>>) {
    for (enrollment, index) in student.enrollments.iter().zip(0..) {
        if enrollment.primary && enrollment.span.contains(day) {
            out.push(of_enrollment(enrollment, index, day));
        }
    }
}

fn of_enrollment(enrollment: &Enrollment, index: usize, day: NaiveDate) -> Candidate<'_> {
    Candidate {
        lea: Some(enrollment.lea),
        school: enrollment.school,
        day,
        grade: enrollment.grade,
        of: Of::Enrollment(enrollment),
        row: RowRef { kind: RowKind::Enrollment, index, row: enrollment.row },
    }
}

/// Enrolled on the membership date.
pub(crate) fn on_membership_date<'s>(
    cx: &Context<'_>,
    student: &'s StudentRows,
    _: &Declaration,
    out: &mut Vec<Candidate<'s>>,
) {
    enrolled_on(student, cx.config.membership_date, out);
}

/// Enrolled on the child count date, for students with a special education status at any time.
pub(crate) fn on_child_count_date<'s>(
    cx: &Context<'_>,
    student: &'s StudentRows,
    _: &Declaration,
    out: &mut Vec<Candidate<'s>>,
) {
    if student.statuses.iter().any(|status| matches!(status.kind, StatusKind::Idea { .. })) {
        enrolled_on(student, cx.config.child_count_date, out);
    }
}

/// Enrolled on the count date of English learners, for students with that status at any time.
pub(crate) fn on_learner_date<'s>(
    cx: &Context<'_>,
    student: &'s StudentRows,
    _: &Declaration,
    out: &mut Vec<Candidate<'s>>,
) {
    if student.statuses.iter().any(|status| matches!(status.kind, StatusKind::EnglishLearner { .. })) {
        enrolled_on(student, cx.config.el_count_date, out);
    }
}

/// Disciplinary events of the school year.
pub(crate) fn discipline_of_year<'s>(
    cx: &Context<'_>,
    student: &'s StudentRows,
    _: &Declaration,
    out: &mut Vec<Candidate<'s>>,
) {
    for (event, index) in student.discipline.iter().zip(0..) {
        if cx.config.year.contains(event.date) {
            out.push(Candidate {
                lea: Some(event.lea),
                school: event.school,
                day: event.date,
                grade: None,
                of: Of::Event(event),
                row: RowRef { kind: RowKind::Discipline, index, row: event.row },
            });
        }
    }
}

/// Exits from special education in the reference period.
pub(crate) fn special_education_exits<'s>(
    cx: &Context<'_>,
    student: &'s StudentRows,
    _: &Declaration,
    out: &mut Vec<Candidate<'s>>,
) {
    for (exit, index) in student.exits.iter().zip(0..) {
        if cx.config.exit_period.contains(exit.date) {
            out.push(Candidate {
                lea: Some(exit.lea),
                school: None,
                day: exit.date,
                grade: None,
                of: Of::Exit(exit),
                row: RowRef { kind: RowKind::SpecialEducationExit, index, row: exit.row },
            });
        }
    }
}

/// The first day on which each enrollment and each status of a kind overlap in the school year.
fn overlap_days<'s>(
    cx: &Context<'_>,
    student: &'s StudentRows,
    out: &mut Vec<Candidate<'s>>,
    is: impl Fn(&StatusKind) -> bool,
) {
    let year = year_span(cx.config.year);
    for status in student.statuses.iter().filter(|status| is(&status.kind)) {
        for (enrollment, index) in student.enrollments.iter().zip(0..) {
            if !enrollment.primary || status.lea.is_some_and(|lea| lea != enrollment.lea) {
                continue;
            }
            let both = enrollment.span.overlap(status.span).and_then(|both| both.overlap(year));
            if let Some(first) = both.and_then(|both| both.first) {
                out.push(of_enrollment(enrollment, index, first));
            }
        }
    }
}

/// First days of homeless enrollment.
pub(crate) fn homeless_days<'s>(
    cx: &Context<'_>,
    student: &'s StudentRows,
    _: &Declaration,
    out: &mut Vec<Candidate<'s>>,
) {
    overlap_days(cx, student, out, |kind| matches!(kind, StatusKind::Homeless { .. }));
}

/// First days of homeless enrollment of those whom a subgrant programme served.
pub(crate) fn homeless_served_days<'s>(
    cx: &Context<'_>,
    student: &'s StudentRows,
    _: &Declaration,
    out: &mut Vec<Candidate<'s>>,
) {
    overlap_days(cx, student, out, |kind| matches!(kind, StatusKind::Homeless { served: true, .. }));
}

/// First days of enrollment as an immigrant who takes part.
pub(crate) fn immigrant_days<'s>(
    cx: &Context<'_>,
    student: &'s StudentRows,
    _: &Declaration,
    out: &mut Vec<Candidate<'s>>,
) {
    overlap_days(cx, student, out, |kind| matches!(kind, StatusKind::Immigrant { participates: true }));
}

/// Primary enrollments of the school year.
pub(crate) fn enrolled_in_year<'s>(
    cx: &Context<'_>,
    student: &'s StudentRows,
    _: &Declaration,
    out: &mut Vec<Candidate<'s>>,
) {
    let year = year_span(cx.config.year);
    for (enrollment, index) in student.enrollments.iter().zip(0..) {
        let inside = enrollment.span.overlap(year);
        if let (true, Some(first)) = (enrollment.primary, inside.and_then(|span| span.first)) {
            out.push(of_enrollment(enrollment, index, first));
        }
    }
}

/// Dropouts and awards between 1 October and the 30 September that follows.
pub(crate) fn departures<'s>(
    cx: &Context<'_>,
    student: &'s StudentRows,
    _: &Declaration,
    out: &mut Vec<Candidate<'s>>,
) {
    let period = october_to_september(cx);
    for (departure, index) in student.departures.iter().zip(0..) {
        if period.contains(departure.date) {
            out.push(Candidate {
                lea: Some(departure.lea),
                school: departure.school,
                day: departure.date,
                grade: departure.grade,
                of: Of::Departure(departure),
                row: RowRef { kind: RowKind::Departure, index, row: departure.row },
            });
        }
    }
}

/// 1 October of the school year to the 30 September after it.
pub(crate) fn october_to_september(cx: &Context<'_>) -> Span {
    let year = cx.config.year;
    Span {
        first: NaiveDate::from_ymd_opt(year.start_year(), 10, 1),
        last: NaiveDate::from_ymd_opt(year.end_year(), 9, 30),
    }
}

/// Firearm incidents of the school year.
pub(crate) fn firearm_incidents<'s>(
    cx: &Context<'_>,
    student: &'s StudentRows,
    _: &Declaration,
    out: &mut Vec<Candidate<'s>>,
) {
    for (incident, index) in student.firearms.iter().zip(0..) {
        if cx.config.year.contains(incident.date) {
            out.push(Candidate {
                lea: Some(incident.lea),
                school: incident.school,
                day: incident.date,
                grade: grade_on(student, incident.date, incident.lea),
                of: Of::Firearm(incident),
                row: RowRef { kind: RowKind::Firearm, index, row: incident.row },
            });
        }
    }
}

/// The grade of the enrollment that stands in a district on a day.
pub(crate) fn grade_on(student: &StudentRows, day: NaiveDate, lea: LeaIndex) -> Option<Grade> {
    let there = student
        .enrollments
        .iter()
        .filter(|enrollment| enrollment.primary && enrollment.lea == lea && enrollment.span.contains(day));
    there.max_by(|a, b| a.span.first.cmp(&b.span.first).then_with(|| b.cmp(a)))?.grade
}

/// Cohort memberships of four to ten years that end with the year.
pub(crate) fn cohort_members<'s>(
    cx: &Context<'_>,
    student: &'s StudentRows,
    _: &Declaration,
    out: &mut Vec<Candidate<'s>>,
) {
    for (cohort, index) in student.cohorts.iter().zip(0..) {
        if cohort_length(cx, cohort).is_some() {
            out.push(Candidate {
                lea: Some(cohort.lea),
                school: cohort.school,
                day: cx.config.year.last_day(),
                grade: None,
                of: Of::Cohort(cohort),
                row: RowRef { kind: RowKind::Cohort, index, row: cohort.row },
            });
        }
    }
}

/// The length of a cohort that ends with the year: 4 to 10 years.
pub(crate) fn cohort_length(cx: &Context<'_>, cohort: &CohortMembership) -> Option<i32> {
    let years = cx.config.year.end_year() - cohort.first_year.end_year() + 1;
    (4..=10).contains(&years).then_some(years)
}

/// The age on the child count date of the year.
pub(crate) fn child_count_age(cx: &Context<'_>, student: &StudentRows) -> Option<u32> {
    age_on(student.birth?, cx.config.child_count_date)
}

// ---- who is left out ----

/// Everyone.
pub(crate) fn all(_: &Context<'_>, _: Level, _: &StudentRows, _: &Candidate<'_>) -> Result<(), Exclusion> {
    Ok(())
}

/// Membership: a grade that the state uses and, below the state, that the unit offers; at school level no
/// reportable programme.
pub(crate) fn member(
    cx: &Context<'_>,
    level: Level,
    _: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    if let Some(grade) = candidate.grade {
        if !cx.config.uses(grade) {
            return Err(Exclusion::GradeNotUsed);
        }
        let unit = match level {
            Level::Sea => None,
            Level::Lea => candidate.lea.and_then(|lea| cx.units.lea_unit(lea)),
            Level::Sch => candidate.school.and_then(|school| cx.units.school_unit(school)),
        };
        if unit.is_some_and(|unit| !unit.grades.contains(grade)) {
            return Err(Exclusion::GradeNotOffered);
        }
    }
    if level == Level::Sch {
        let school = candidate.school.and_then(|school| cx.units.school_unit(school));
        if school.is_some_and(|school| school.reportable_program) {
            return Err(Exclusion::ReportableProgram);
        }
    }
    Ok(())
}

/// A member who is economically disadvantaged on the day.
pub(crate) fn disadvantaged_member(
    cx: &Context<'_>,
    level: Level,
    student: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    member(cx, level, student, candidate)?;
    let is = |kind: &StatusKind| matches!(kind, StatusKind::EconomicallyDisadvantaged);
    match super::values::standing_on(student, candidate.day, candidate.lea, is) {
        Some(_) => Ok(()),
        None => Err(Exclusion::NoStatus),
    }
}

/// Special education, school age: 6 to 21, or 5 and in kindergarten or above.
pub(crate) fn school_age_disability(
    cx: &Context<'_>,
    level: Level,
    student: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    let idea = idea_on(student, candidate.day, candidate.lea).ok_or(Exclusion::NoStatus)?;
    let kindergarten = candidate.grade.is_some_and(|grade| grade != Grade::PK);
    let age = child_count_age(cx, student);
    match age {
        Some(6..=21) => {}
        Some(5) if kindergarten && cx.fives_by_grade => {}
        _ => return Err(Exclusion::Age),
    }
    if level == Level::Sch && matches!(idea.env_school_age, Some("HH" | "PPPS")) {
        return Err(Exclusion::Environment);
    }
    delay_declared(cx, age, idea.disability)
}

/// Special education, early childhood: 3 or 4, or 5 and not in kindergarten.
pub(crate) fn early_childhood_disability(
    cx: &Context<'_>,
    _: Level,
    student: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    let idea = idea_on(student, candidate.day, candidate.lea).ok_or(Exclusion::NoStatus)?;
    let kindergarten = candidate.grade.is_some_and(|grade| grade != Grade::PK);
    let age = child_count_age(cx, student);
    match age {
        Some(3 | 4) => {}
        Some(5) if !kindergarten || !cx.fives_by_grade => {}
        _ => return Err(Exclusion::Age),
    }
    delay_declared(cx, age, idea.disability)
}

fn delay_declared(cx: &Context<'_>, age: Option<u32>, disability: Option<&str>) -> Result<(), Exclusion> {
    let declared = cx.config.special_education.developmental_delay_ages.as_ref();
    match (declared, age, disability) {
        (Some(ages), Some(age), Some("DD")) if !ages.contains(&age) => Err(Exclusion::DevelopmentalDelayAge),
        _ => Ok(()),
    }
}

/// An event of a child with a disability aged 3 to 21, not placed privately by the parents.
fn event_of_child(
    cx: &Context<'_>,
    student: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    let idea = idea_on(student, candidate.day, candidate.lea).ok_or(Exclusion::NoStatus)?;
    if idea.env_school_age == Some("PPPS") {
        return Err(Exclusion::Environment);
    }
    match child_count_age(cx, student) {
        Some(3..=21) => Ok(()),
        _ => Err(Exclusion::Age),
    }
}

fn event<'a>(candidate: &Candidate<'a>) -> Result<&'a DisciplineEvent, Exclusion> {
    match candidate.of {
        Of::Event(event) => Ok(event),
        _ => Err(Exclusion::OtherKind),
    }
}

fn is_interim(event: &DisciplineEvent) -> bool {
    matches!(event.interim.as_deref(), Some("REMDW" | "REMHO"))
}

/// File 005: an interim removal by school staff or a hearing officer.
pub(crate) fn interim_removal(
    cx: &Context<'_>,
    _: Level,
    student: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    if !is_interim(event(candidate)?) {
        return Err(Exclusion::OtherKind);
    }
    event_of_child(cx, student, candidate)
}

/// File 006: a suspension or an expulsion that is no interim removal.
pub(crate) fn suspension_or_expulsion(
    cx: &Context<'_>,
    _: Level,
    student: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    let event = event(candidate)?;
    if is_interim(event) || (event.method.is_none() && event.expulsion.is_none()) {
        return Err(Exclusion::OtherKind);
    }
    event_of_child(cx, student, candidate)
}

/// File 007: an interim removal by school staff with a reason.
pub(crate) fn unilateral_removal(
    cx: &Context<'_>,
    _: Level,
    student: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    let event = event(candidate)?;
    if event.interim.as_deref() != Some("REMDW") {
        return Err(Exclusion::OtherKind);
    }
    if event.reason.as_deref().is_none_or(|reason| reason == crate::MISSING) {
        return Err(Exclusion::NoReason);
    }
    event_of_child(cx, student, candidate)
}

/// Files 088 and 143: any removal.
pub(crate) fn any_removal(
    cx: &Context<'_>,
    _: Level,
    student: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    let event = event(candidate)?;
    let any = event.method.is_some()
        || event.expulsion.is_some()
        || event.interim.is_some()
        || event.reason.is_some();
    if !any {
        return Err(Exclusion::OtherKind);
    }
    event_of_child(cx, student, candidate)
}

/// File 144: an expulsion; of children with disabilities aged 3 to 21, of others in kindergarten to 12.
pub(crate) fn expulsion(
    cx: &Context<'_>,
    _: Level,
    student: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    if event(candidate)?.expulsion.is_none() {
        return Err(Exclusion::OtherKind);
    }
    if idea_on(student, candidate.day, candidate.lea).is_some() {
        return event_of_child(cx, student, candidate);
    }
    let grade = candidate.lea.and_then(|lea| grade_on(student, candidate.day, lea));
    if grade.is_some_and(Grade::is_k12) { Ok(()) } else { Err(Exclusion::GradeNotCounted) }
}

/// File 009: aged 14 to 21, a reason that the state awards, not placed privately.
pub(crate) fn special_education_exit(
    cx: &Context<'_>,
    _: Level,
    student: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    let Of::Exit(exit) = candidate.of else { return Err(Exclusion::OtherKind) };
    let answers = &cx.config.special_education;
    match exit.reason.as_deref() {
        None => return Err(Exclusion::NoReason),
        Some("RC") if !answers.certificate => return Err(Exclusion::NotAwarded),
        Some("GRADALTDPL") if !answers.alternate_diploma => return Err(Exclusion::NotAwarded),
        Some("MKC") if answers.catchment == crate::profile::Catchment::EntireState => {
            let last = cx.config.exit_period.last.unwrap_or(cx.config.year.last_day());
            let again = student.statuses.iter().any(|status| {
                matches!(status.kind, StatusKind::Idea { .. })
                    && status.span.first.is_some_and(|first| first > exit.date)
                    && status.span.contains(last)
            });
            if again {
                return Err(Exclusion::CameBack);
            }
        }
        Some(_) => {}
    }
    match exit_age(cx, student, exit.date) {
        Some(14..=21) => {}
        _ => return Err(Exclusion::Age),
    }
    let idea = idea_on(student, exit.date, Some(exit.lea));
    match idea.and_then(|idea| idea.env_school_age) {
        Some("PPPS") => Err(Exclusion::Environment),
        _ => Ok(()),
    }
}

/// The age at an exit: on the child count date of the year, or of the year before for exits before it.
pub(crate) fn exit_age(cx: &Context<'_>, student: &StudentRows, exit: NaiveDate) -> Option<u32> {
    let current = cx.config.child_count_date;
    let day = if exit >= current { current } else { cx.config.previous_child_count_date };
    age_on(student.birth?, day)
}

/// File 141: English learner on the day, kindergarten and above.
pub(crate) fn learner(
    cx: &Context<'_>,
    _: Level,
    student: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    match candidate.grade {
        Some(Grade::PK | Grade::ADULT) => return Err(Exclusion::GradeNotCounted),
        Some(grade) if !cx.config.uses(grade) => return Err(Exclusion::GradeNotUsed),
        _ => {}
    }
    let is = |kind: &StatusKind| matches!(kind, StatusKind::EnglishLearner { .. });
    match super::values::standing_on(student, candidate.day, candidate.lea, is) {
        Some(_) => Ok(()),
        None => Err(Exclusion::NoStatus),
    }
}

/// File 195: kindergarten to 12 and ungraded.
pub(crate) fn attendance_grade(
    _: &Context<'_>,
    _: Level,
    _: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    match candidate.grade {
        Some(grade) if grade.is_k12() || grade == Grade::UNGRADED => Ok(()),
        _ => Err(Exclusion::GradeNotCounted),
    }
}

/// File 045: aged 3 to 21 on 1 October of the year.
pub(crate) fn immigrant_age(
    cx: &Context<'_>,
    _: Level,
    student: &StudentRows,
    _: &Candidate<'_>,
) -> Result<(), Exclusion> {
    let october = NaiveDate::from_ymd_opt(cx.config.year.start_year(), 10, 1);
    match student.birth.zip(october).and_then(|(birth, day)| age_on(birth, day)) {
        Some(3..=21) => Ok(()),
        _ => Err(Exclusion::Age),
    }
}

/// File 032: a dropout who has not come back.
pub(crate) fn dropout(
    cx: &Context<'_>,
    _: Level,
    student: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    let Of::Departure(departure) = candidate.of else { return Err(Exclusion::OtherKind) };
    if departure.kind != crate::DepartureKind::Dropout {
        return Err(Exclusion::OtherKind);
    }
    match departure.grade {
        Some(Grade::ADULT) => return Err(Exclusion::GradeNotCounted),
        Some(Grade::THIRTEEN) if !cx.config.uses(Grade::THIRTEEN) => return Err(Exclusion::GradeNotUsed),
        _ => {}
    }
    let end = october_to_september(cx).last;
    let october = end.and_then(|day| day.succ_opt());
    let back = student.enrollments.iter().any(|enrollment| {
        let enrolled = enrollment.primary && cx.units.lea_reported(enrollment.lea);
        let on_october = october.is_some_and(|day| enrollment.span.contains(day));
        let returned = cx.config.completers.dropout_returned_by_30_september
            && enrollment.span.first.is_some_and(|first| first > departure.date && Some(first) <= end);
        enrolled && (on_october || returned)
    });
    if back { Err(Exclusion::CameBack) } else { Ok(()) }
}

/// File 040: a regular diploma, or another credential where the state has it.
pub(crate) fn completer(
    cx: &Context<'_>,
    _: Level,
    _: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    let Of::Departure(departure) = candidate.of else { return Err(Exclusion::OtherKind) };
    match departure.kind {
        crate::DepartureKind::RegularDiploma => Ok(()),
        crate::DepartureKind::OtherCompleter if cx.config.completers.other_completers => Ok(()),
        crate::DepartureKind::OtherCompleter => Err(Exclusion::NotAwarded),
        crate::DepartureKind::Dropout => Err(Exclusion::OtherKind),
    }
}

/// File 194: not yet in kindergarten, in a district with a subgrant.
pub(crate) fn subgrant_preschool(
    cx: &Context<'_>,
    _: Level,
    student: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    let district = candidate.lea.and_then(|lea| cx.units.lea_unit(lea));
    if !district.is_some_and(|unit| unit.homeless_subgrant) {
        return Err(Exclusion::NotServed);
    }
    if candidate.grade.is_some_and(|grade| grade != Grade::PK) {
        return Err(Exclusion::GradeNotCounted);
    }
    match student.birth.and_then(|birth| age_on(birth, candidate.day)) {
        Some(0..=5) => Ok(()),
        _ => Err(Exclusion::Age),
    }
}

/// File 037: a student of a Title I school, in a targeted school only when served.
pub(crate) fn title_one_student(
    cx: &Context<'_>,
    _: Level,
    student: &StudentRows,
    candidate: &Candidate<'_>,
) -> Result<(), Exclusion> {
    let school = candidate.school.and_then(|school| cx.units.school_unit(school));
    let Of::Enrollment(enrollment) = candidate.of else { return Err(Exclusion::OtherKind) };
    match school.map(|school| school.title_one).unwrap_or_default() {
        crate::TitleOne::Schoolwide => Ok(()),
        crate::TitleOne::None => Err(Exclusion::NotServed),
        crate::TitleOne::Targeted => {
            let served = student.statuses.iter().any(|status| {
                status.kind == StatusKind::TitleOneServed
                    && status.lea.is_none_or(|lea| lea == enrollment.lea)
                    && status.span.overlap(enrollment.span).is_some()
            });
            if served { Ok(()) } else { Err(Exclusion::NotServed) }
        }
    }
}

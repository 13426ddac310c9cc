//! Who is left out of a file, with the reason: one function for each inclusion rule.

use super::Context;
use super::populations::{Candidate, Exclusion, Of, child_count_age, grade_on, october_to_september};
use super::values::{idea_on, standing_on};
use crate::input::{DisciplineEvent, StatusKind, StudentRows};
use crate::{Grade, Level};
use chrono::NaiveDate;
use opi_dictionary::age_on;

/// What an inclusion rule is asked: whether a row of a student counts at a level.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) cx: &'a Context<'a>,
    pub(crate) level: Level,
    pub(crate) student: &'a StudentRows,
    pub(crate) candidate: &'a Candidate<'a>,
}

/// Everyone.
pub(crate) fn all(_: Asked<'_>) -> Result<(), Exclusion> {
    Ok(())
}

/// Membership: a grade that the state uses and, below the state, that the unit offers; at school level no
/// reportable programme.
pub(crate) fn member(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { cx, level, candidate, .. } = asked;
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
pub(crate) fn disadvantaged_member(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { student, candidate, .. } = asked;
    member(asked)?;
    let is = |kind: &StatusKind| matches!(kind, StatusKind::EconomicallyDisadvantaged);
    match standing_on(student, candidate.day, candidate.lea, is) {
        Some(_) => Ok(()),
        None => Err(Exclusion::NoStatus),
    }
}

/// Special education, school age: 6 to 21, or 5 and in kindergarten or above.
pub(crate) fn school_age_disability(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { cx, level, student, candidate } = asked;
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
pub(crate) fn early_childhood_disability(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { cx, student, candidate, .. } = asked;
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
fn event_of_child(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { cx, student, candidate, .. } = asked;
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
pub(crate) fn interim_removal(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { candidate, .. } = asked;
    if !is_interim(event(candidate)?) {
        return Err(Exclusion::OtherKind);
    }
    event_of_child(asked)
}

/// File 006: a suspension or an expulsion that is no interim removal.
pub(crate) fn suspension_or_expulsion(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { candidate, .. } = asked;
    let event = event(candidate)?;
    if is_interim(event) || (event.method.is_none() && event.expulsion.is_none()) {
        return Err(Exclusion::OtherKind);
    }
    event_of_child(asked)
}

/// File 007: an interim removal by school staff with a reason.
pub(crate) fn unilateral_removal(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { candidate, .. } = asked;
    let event = event(candidate)?;
    if event.interim.as_deref() != Some("REMDW") {
        return Err(Exclusion::OtherKind);
    }
    if event.reason.as_deref().is_none_or(|reason| reason == crate::MISSING) {
        return Err(Exclusion::NoReason);
    }
    event_of_child(asked)
}

/// Files 088 and 143: any removal.
pub(crate) fn any_removal(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { candidate, .. } = asked;
    let event = event(candidate)?;
    let any = event.method.is_some()
        || event.expulsion.is_some()
        || event.interim.is_some()
        || event.reason.is_some();
    if !any {
        return Err(Exclusion::OtherKind);
    }
    event_of_child(asked)
}

/// File 144: an expulsion; of children with disabilities aged 3 to 21, of others in kindergarten to 12.
pub(crate) fn expulsion(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { student, candidate, .. } = asked;
    if event(candidate)?.expulsion.is_none() {
        return Err(Exclusion::OtherKind);
    }
    if idea_on(student, candidate.day, candidate.lea).is_some() {
        return event_of_child(asked);
    }
    let grade = candidate.lea.and_then(|lea| grade_on(student, candidate.day, lea));
    if grade.is_some_and(Grade::is_k12) { Ok(()) } else { Err(Exclusion::GradeNotCounted) }
}

/// File 009: aged 14 to 21, a reason that the state awards, not placed privately.
pub(crate) fn special_education_exit(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { cx, student, candidate, .. } = asked;
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
pub(crate) fn learner(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { cx, student, candidate, .. } = asked;
    match candidate.grade {
        Some(Grade::PK | Grade::ADULT) => return Err(Exclusion::GradeNotCounted),
        Some(grade) if !cx.config.uses(grade) => return Err(Exclusion::GradeNotUsed),
        _ => {}
    }
    let is = |kind: &StatusKind| matches!(kind, StatusKind::EnglishLearner { .. });
    match standing_on(student, candidate.day, candidate.lea, is) {
        Some(_) => Ok(()),
        None => Err(Exclusion::NoStatus),
    }
}

/// File 195: kindergarten to 12 and ungraded.
pub(crate) fn attendance_grade(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { candidate, .. } = asked;
    match candidate.grade {
        Some(grade) if grade.is_k12() || grade == Grade::UNGRADED => Ok(()),
        _ => Err(Exclusion::GradeNotCounted),
    }
}

/// File 045: aged 3 to 21 on 1 October of the year.
pub(crate) fn immigrant_age(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { cx, student, .. } = asked;
    let october = NaiveDate::from_ymd_opt(cx.config.year.start_year(), 10, 1);
    match student.birth.zip(october).and_then(|(birth, day)| age_on(birth, day)) {
        Some(3..=21) => Ok(()),
        _ => Err(Exclusion::Age),
    }
}

/// File 032: a dropout who has not come back.
pub(crate) fn dropout(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { cx, student, candidate, .. } = asked;
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
pub(crate) fn completer(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { cx, candidate, .. } = asked;
    let Of::Departure(departure) = candidate.of else { return Err(Exclusion::OtherKind) };
    match departure.kind {
        crate::DepartureKind::RegularDiploma => Ok(()),
        crate::DepartureKind::OtherCompleter if cx.config.completers.other_completers => Ok(()),
        crate::DepartureKind::OtherCompleter => Err(Exclusion::NotAwarded),
        crate::DepartureKind::Dropout => Err(Exclusion::OtherKind),
    }
}

/// File 194: not yet in kindergarten, in a district with a subgrant.
pub(crate) fn subgrant_preschool(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { cx, student, candidate, .. } = asked;
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
pub(crate) fn title_one_student(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { cx, student, candidate, .. } = asked;
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

/// Programmes whose records count only with their kind, and the category that says it.
const KINDS: [(&str, &str); 5] = [
    ("title3_language", "LNGINSTPRGTYPE"),
    ("title1_participation", "TITLEIPROG"),
    ("migrant_services", "MEPSERVICES"),
    ("neglected_state", "NEGDELPROGTYPE"),
    ("neglected_district", "NEGDELPROGTYPE2"),
];

/// Files 116, 119, 127, 134 and 145: the record says the kind of programme or service.
pub(crate) fn kind_of_program(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Of::Program(record) = asked.candidate.of else { return Err(Exclusion::OtherKind) };
    let kind = KINDS.iter().find(|(program, _)| *program == record.program).map(|(_, category)| *category);
    let says =
        record.values.iter().any(|(category, codes)| Some(category.as_str()) == kind && !codes.is_empty());
    if says { Ok(()) } else { Err(Exclusion::NoReason) }
}

/// Assessments: everyone but children with disabilities whom their parents placed privately.
pub(crate) fn not_placed_privately(asked: Asked<'_>) -> Result<(), Exclusion> {
    let Asked { student, candidate, .. } = asked;
    let idea = idea_on(student, candidate.day, candidate.lea);
    match idea.and_then(|idea| idea.env_school_age) {
        Some("PPPS") => Err(Exclusion::Environment),
        _ => Ok(()),
    }
}

//! Who can be counted: the rows of a student that lead to a count, each with its day and place.

use super::Context;
use super::declare::Declaration;
use super::explain::{RowKind, RowRef};
use crate::Grade;
use crate::input::{
    CohortMembership, Departure, DisciplineEvent, Enrollment, FirearmIncident, LeaIndex, ProgramRecord,
    SchoolIndex, Span, SpecialEducationExit, StatusKind, StudentRows,
};
use crate::profile::year_span;
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

/// What a population looks through, and where it puts what it finds.
pub(crate) struct Search<'c, 's> {
    pub(crate) cx: &'c Context<'c>,
    pub(crate) student: &'s StudentRows,
    pub(crate) declared: &'c Declaration,
    pub(crate) out: &'c mut Vec<Candidate<'s>>,
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
pub(crate) fn on_membership_date<'s>(search: Search<'_, 's>) {
    let Search { cx, student, out, .. } = search;
    enrolled_on(student, cx.config.membership_date, out);
}

/// Enrolled on the child count date, for students with a special education status at any time.
pub(crate) fn on_child_count_date<'s>(search: Search<'_, 's>) {
    let Search { cx, student, out, .. } = search;
    if student.statuses.iter().any(|status| matches!(status.kind, StatusKind::Idea { .. })) {
        enrolled_on(student, cx.config.child_count_date, out);
    }
}

/// Enrolled on the count date of English learners, for students with that status at any time.
pub(crate) fn on_learner_date<'s>(search: Search<'_, 's>) {
    let Search { cx, student, out, .. } = search;
    if student.statuses.iter().any(|status| matches!(status.kind, StatusKind::EnglishLearner { .. })) {
        enrolled_on(student, cx.config.el_count_date, out);
    }
}

/// Disciplinary events of the school year.
pub(crate) fn discipline_of_year<'s>(search: Search<'_, 's>) {
    let Search { cx, student, out, .. } = search;
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
pub(crate) fn special_education_exits<'s>(search: Search<'_, 's>) {
    let Search { cx, student, out, .. } = search;
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
pub(crate) fn homeless_days<'s>(search: Search<'_, 's>) {
    let Search { cx, student, out, .. } = search;
    overlap_days(cx, student, out, |kind| matches!(kind, StatusKind::Homeless { .. }));
}

/// First days of homeless enrollment of those whom a subgrant programme served.
pub(crate) fn homeless_served_days<'s>(search: Search<'_, 's>) {
    let Search { cx, student, out, .. } = search;
    overlap_days(cx, student, out, |kind| matches!(kind, StatusKind::Homeless { served: true, .. }));
}

/// First days of enrollment as an immigrant who takes part.
pub(crate) fn immigrant_days<'s>(search: Search<'_, 's>) {
    let Search { cx, student, out, .. } = search;
    overlap_days(cx, student, out, |kind| matches!(kind, StatusKind::Immigrant { participates: true }));
}

/// Primary enrollments of the school year.
pub(crate) fn enrolled_in_year<'s>(search: Search<'_, 's>) {
    let Search { cx, student, out, .. } = search;
    let year = year_span(cx.config.year);
    for (enrollment, index) in student.enrollments.iter().zip(0..) {
        let inside = enrollment.span.overlap(year);
        if let (true, Some(first)) = (enrollment.primary, inside.and_then(|span| span.first)) {
            out.push(of_enrollment(enrollment, index, first));
        }
    }
}

/// Dropouts and awards between 1 October and the 30 September that follows.
pub(crate) fn departures<'s>(search: Search<'_, 's>) {
    let Search { cx, student, out, .. } = search;
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
pub(crate) fn firearm_incidents<'s>(search: Search<'_, 's>) {
    let Search { cx, student, out, .. } = search;
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
pub(crate) fn cohort_members<'s>(search: Search<'_, 's>) {
    let Search { cx, student, out, .. } = search;
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

//! How often a student counts in a unit: which of several rows stands, and with which values.

use super::include::exit_age;
use super::populations::{Candidate, Exclusion, Of, child_count_age, cohort_length};
use super::values::{FlagBasis, Value, age_grade};
use super::{Context, Instance};
use crate::input::{CohortMembership, DisciplineEvent, Enrollment, Span, StatusKind, StudentRows};
use crate::profile::{ExitChoice, year_span};
use crate::{Days, Grade, MISSING};
use chrono::NaiveDate;
use opi_dictionary::age_on;
use std::cmp::Ordering;

/// The candidates of one student in one unit.
pub(crate) type Group<'g, 's> = &'g [&'g Candidate<'s>];
/// Candidates that do not stand, with the reason.
pub(crate) type Dropped<'g, 's> = Vec<(&'g Candidate<'s>, Exclusion)>;

/// The candidates of one student in one unit, of which some stand.
pub(crate) struct Choice<'c, 'g, 's> {
    pub(crate) cx: &'c Context<'c>,
    pub(crate) student: &'s StudentRows,
    pub(crate) group: Group<'g, 's>,
    /// What counts.
    pub(crate) out: &'c mut Vec<Instance<'s>>,
    pub(crate) dropped: &'c mut Dropped<'g, 's>,
}

/// The order of enrollments on a day: later entry first, then lower school identifier.
fn by_standing(cx: &Context<'_>, a: &Enrollment, b: &Enrollment) -> Ordering {
    let school = |enrollment: &Enrollment| {
        let unit = enrollment.school.and_then(|school| cx.units.school_unit(school));
        unit.and_then(|unit| unit.school.as_deref())
    };
    b.span
        .first
        .cmp(&a.span.first)
        .then_with(|| school(a).cmp(&school(b)))
        .then_with(|| a.lea.cmp(&b.lea))
        .then_with(|| a.cmp(b))
}

fn enrollment<'s>(candidate: &Candidate<'s>) -> Option<&'s Enrollment> {
    match candidate.of {
        Of::Enrollment(enrollment) => Some(enrollment),
        _ => None,
    }
}

/// The candidate whose enrollment stands; the others are dropped.
fn standing<'g, 's>(
    cx: &Context<'_>,
    group: Group<'g, 's>,
    dropped: &mut Dropped<'g, 's>,
) -> Option<&'g Candidate<'s>> {
    let mut best: Option<&'g Candidate<'s>> = None;
    for candidate in group {
        let better = match (best.and_then(enrollment), enrollment(candidate)) {
            (Some(known), Some(new)) => by_standing(cx, new, known) == Ordering::Less,
            (None, Some(_)) => true,
            _ => false,
        };
        if better {
            best = Some(candidate);
        }
    }
    let row = best.map(|best| best.row);
    dropped.extend(
        group
            .iter()
            .filter(|candidate| Some(candidate.row) != row)
            .map(|candidate| (*candidate, Exclusion::AnotherRowStands)),
    );
    best
}

/// Once, with the values of the enrollment that stands on the day.
pub(crate) fn standing_enrollment<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, dropped } = choice;
    if let Some(best) = standing(cx, group, dropped) {
        let mut inst = Instance::on(student, best.lea, best.day, vec![best.row]);
        inst.grade = best.grade;
        inst.age = child_count_age(cx, student);
        out.push(inst);
    }
}

/// Once, with the values of the first day on which an enrollment and the status overlap.
fn first_day<'g, 's>(
    cx: &Context<'_>,
    group: Group<'g, 's>,
    dropped: &mut Dropped<'g, 's>,
) -> Option<&'g Candidate<'s>> {
    let first = group.iter().map(|candidate| candidate.day).min()?;
    let (on_day, later): (Vec<_>, Vec<_>) = group.iter().partition(|candidate| candidate.day == first);
    dropped.extend(later.into_iter().map(|candidate| (candidate, Exclusion::AnotherRowStands)));
    let mut best: Option<&'g Candidate<'s>> = None;
    for candidate in on_day {
        let better = match (best.and_then(enrollment), enrollment(candidate)) {
            (Some(known), Some(new)) => by_standing(cx, new, known) == Ordering::Less,
            (None, Some(_)) => true,
            _ => false,
        };
        if better {
            best = Some(candidate);
        }
    }
    best
}

/// File 118: once, values of the first day; children under 3 do not count. Without grade and age of the list a
/// student stands under MISSING.
pub(crate) fn first_homeless_day<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, dropped } = choice;
    let Some(best) = first_day(cx, group, dropped) else { return };
    let age = student.birth.and_then(|birth| age_on(birth, best.day));
    if best.grade == Some(Grade::ADULT) {
        dropped.push((best, Exclusion::GradeNotCounted));
        return;
    }
    if age_grade(age, best.grade) == Value::One("UNDER3") {
        dropped.push((best, Exclusion::Age));
        return;
    }
    let mut inst = Instance::on(student, best.lea, best.day, vec![best.row]);
    inst.grade = best.grade;
    inst.age = age;
    out.push(inst);
}

/// Files 045 and 194: once, values of the first day.
pub(crate) fn first_status_day<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, dropped } = choice;
    let Some(best) = first_day(cx, group, dropped) else { return };
    let mut inst = Instance::on(student, best.lea, best.day, vec![best.row]);
    inst.grade = best.grade;
    inst.age = student.birth.and_then(|birth| age_on(birth, best.day));
    let takes_part = student
        .statuses
        .iter()
        .any(|status| matches!(status.kind, StatusKind::Immigrant { participates: true }));
    if takes_part {
        inst.own.push(("IMGRNTPROGPART", vec!["PART"]));
    }
    out.push(inst);
}

fn event<'s>(candidate: &Candidate<'s>) -> Option<&'s DisciplineEvent> {
    match candidate.of {
        Of::Event(event) => Some(event),
        _ => None,
    }
}

/// The latest of some events; on one day the one in the lower district, then the greater row.
fn latest<'g, 's>(events: impl Iterator<Item = &'g &'g Candidate<'s>>) -> Option<&'g Candidate<'s>>
where
    's: 'g,
{
    let order =
        |candidate: &Candidate<'s>| (candidate.day, std::cmp::Reverse(candidate.lea), event(candidate));
    events.copied().max_by(|a, b| order(a).cmp(&order(b)))
}

fn rows_of(events: &[&&Candidate<'_>]) -> Vec<super::RowRef> {
    events.iter().map(|candidate| candidate.row).collect()
}

/// An instance with the values of the latest of the events.
fn of_latest<'g, 's>(
    cx: &Context<'_>,
    student: &'s StudentRows,
    events: &[&'g &'g Candidate<'s>],
) -> Option<Instance<'s>>
where
    's: 'g,
{
    let last = latest(events.iter().copied())?;
    let mut inst = Instance::on(student, last.lea, last.day, rows_of(events));
    inst.age = child_count_age(cx, student);
    Some(inst)
}

/// File 005: once for each kind of interim removal.
pub(crate) fn by_interim<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, .. } = choice;
    for kind in ["REMDW", "REMHO"] {
        let of_kind: Vec<_> = group
            .iter()
            .filter(|candidate| event(candidate).is_some_and(|event| event.interim.as_deref() == Some(kind)))
            .collect();
        if let Some(mut inst) = of_latest(cx, student, &of_kind) {
            inst.own.push(("REMOVALTYPE", vec![kind]));
            out.push(inst);
        }
    }
}

/// The method of an event; an expulsion without one is out of school by the label of the code.
fn method(event: &DisciplineEvent) -> Option<&str> {
    event.method.as_deref().or_else(|| event.expulsion.as_ref().map(|_| "OUTOFSCHOOL"))
}

/// Half a day.
const HALF: Days = Days(Days::ONE / 2);

fn sum_days(events: &[&&Candidate<'_>]) -> Days {
    events.iter().filter_map(|candidate| event(candidate)?.days).sum()
}

/// File 006: once for each method whose days add up to half a day or more, by length.
pub(crate) fn by_method<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, dropped } = choice;
    let mut methods: Vec<&'s str> = group.iter().filter_map(|candidate| method(event(candidate)?)).collect();
    methods.sort_unstable();
    methods.dedup();
    for name in methods {
        let of_method: Vec<_> =
            group.iter().filter(|candidate| event(candidate).and_then(method) == Some(name)).collect();
        let days = sum_days(&of_method);
        if days < HALF {
            dropped.extend(of_method.iter().map(|candidate| (**candidate, Exclusion::TooFewDays)));
            continue;
        }
        let length = if days <= Days(10 * Days::ONE) { "LTOREQ10" } else { "GREATER10" };
        if let Some(mut inst) = of_latest(cx, student, &of_method) {
            inst.own.push(("DSCPLMETHOD", vec![name]));
            inst.own.push(("REMOVALLENSUS", vec![length]));
            out.push(inst);
        }
    }
}

/// File 007: each removal, with the values of its day.
pub(crate) fn each_reason<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, .. } = choice;
    for candidate in group {
        let reason = event(candidate).and_then(|event| event.reason.as_deref());
        if let (Some(reason), Some(mut inst)) = (reason, of_latest(cx, student, &[candidate])) {
            inst.own.push(("REMOVEREASON", vec![reason]));
            out.push(inst);
        }
    }
}

/// File 088: once, by the length of all removals, when they add up to half a day or more.
pub(crate) fn by_length<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, dropped } = choice;
    let events: Vec<_> = group.iter().collect();
    let days = sum_days(&events);
    if days < HALF {
        dropped.extend(group.iter().map(|candidate| (*candidate, Exclusion::TooFewDays)));
        return;
    }
    let length = if days < Days(Days::ONE + HALF.0) {
        "LTOREQ1"
    } else if days <= Days(10 * Days::ONE) {
        "2TO10"
    } else {
        "GREATER10"
    };
    if let Some(mut inst) = of_latest(cx, student, &events) {
        inst.own.push(("REMOVALLENIDEA", vec![length]));
        out.push(inst);
    }
}

/// File 143: each removal of a student whose removals add up to half a day or more.
pub(crate) fn each_removal<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, dropped } = choice;
    if sum_days(&group.iter().collect::<Vec<_>>()) < HALF {
        dropped.extend(group.iter().map(|candidate| (*candidate, Exclusion::TooFewDays)));
        return;
    }
    out.extend(group.iter().filter_map(|candidate| of_latest(cx, student, &[candidate])));
}

/// File 144: once for each kind of expulsion.
pub(crate) fn by_expulsion<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, .. } = choice;
    for kind in ["SERVNOTPROV", "SERVPROV"] {
        let of_kind: Vec<_> = group
            .iter()
            .filter(|candidate| {
                event(candidate).is_some_and(|event| event.expulsion.as_deref() == Some(kind))
            })
            .collect();
        if let Some(mut inst) = of_latest(cx, student, &of_kind) {
            inst.own.push(("EDUSERVICES", vec![kind]));
            out.push(inst);
        }
    }
}

/// File 009: the latest exit, or the earliest where the state says so.
pub(crate) fn one_exit<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, dropped } = choice;
    let exit = |candidate: &Candidate<'s>| match candidate.of {
        Of::Exit(exit) => Some(exit),
        _ => None,
    };
    // On one day the exit in the lower district stands, then the reason first in the alphabet.
    let tie = |a: &Candidate<'s>, b: &Candidate<'s>| {
        a.lea
            .cmp(&b.lea)
            .then_with(|| exit(a).map(|exit| &exit.reason).cmp(&exit(b).map(|exit| &exit.reason)))
    };
    let best = match cx.config.special_education.exit_choice {
        ExitChoice::Latest => group.iter().min_by(|a, b| b.day.cmp(&a.day).then_with(|| tie(a, b))),
        ExitChoice::Earliest => group.iter().min_by(|a, b| a.day.cmp(&b.day).then_with(|| tie(a, b))),
    };
    let Some(best) = best else { return };
    let others = group.iter().filter(|candidate| candidate.row != best.row);
    dropped.extend(others.map(|candidate| (*candidate, Exclusion::AnotherRowStands)));
    let mut inst = Instance::on(student, best.lea, best.day, vec![best.row]);
    inst.age = exit_age(cx, student, best.day);
    let reason = exit(best).and_then(|exit| exit.reason.as_deref()).unwrap_or(MISSING);
    inst.own.push(("BASISEXIT", vec![reason]));
    out.push(inst);
}

/// File 195: once where a tenth of the days or more was missed and there were ten days or more.
pub(crate) fn chronically_absent<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, dropped } = choice;
    let there: Vec<&Enrollment> = group.iter().filter_map(|candidate| enrollment(candidate)).collect();
    let enrolled: Days = there.iter().filter_map(|enrollment| enrollment.days_enrolled).sum();
    let absent: Days = there.iter().filter_map(|enrollment| enrollment.days_absent).sum();
    if enrolled < Days(10 * Days::ONE) {
        dropped.extend(group.iter().map(|candidate| (*candidate, Exclusion::TooFewDays)));
        return;
    }
    if absent.0.saturating_mul(10) < enrolled.0 {
        dropped.extend(group.iter().map(|candidate| (*candidate, Exclusion::NotChronicallyAbsent)));
        return;
    }
    let Some(first) = group.first() else { return };
    let rows = group.iter().map(|candidate| candidate.row).collect();
    let mut inst = Instance::on(student, first.lea, first.day, rows);
    let year = year_span(cx.config.year);
    inst.flags = FlagBasis::Meets(there.iter().filter_map(|row| row.span.overlap(year)).collect());
    out.push(inst);
}

/// Files 032 and 040: the latest departure in the unit.
pub(crate) fn latest_departure<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, dropped } = choice;
    let departure = |candidate: &Candidate<'s>| match candidate.of {
        Of::Departure(departure) => Some(departure),
        _ => None,
    };
    let best = group.iter().min_by(|a, b| b.day.cmp(&a.day).then_with(|| departure(a).cmp(&departure(b))));
    let Some(best) = best else { return };
    let others = group.iter().filter(|candidate| candidate.row != best.row);
    dropped.extend(others.map(|candidate| (*candidate, Exclusion::AnotherRowStands)));
    let mut inst = Instance::on(student, best.lea, best.day, vec![best.row]);
    inst.grade = best.grade;
    inst.age = child_count_age(cx, student);
    match departure(best).map(|departure| departure.kind) {
        Some(crate::DepartureKind::RegularDiploma) => inst.own.push(("DIPLCREDTYPE", vec!["REGDIP"])),
        Some(crate::DepartureKind::OtherCompleter) => inst.own.push(("DIPLCREDTYPE", vec!["OTHCOM"])),
        _ => {}
    }
    out.push(inst);
}

/// File 086: once for each incident.
pub(crate) fn each_incident<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { student, group, out, dropped, .. } = choice;
    let incident = |candidate: &Candidate<'s>| match candidate.of {
        Of::Firearm(incident) => Some(incident),
        _ => None,
    };
    let mut ordered: Vec<&&Candidate<'s>> = group.iter().collect();
    ordered.sort_by(|a, b| {
        let key = |candidate: &Candidate<'s>| incident(candidate).map(|row| (row.incident.clone(), row.date));
        key(a).cmp(&key(b)).then_with(|| incident(a).cmp(&incident(b)))
    });
    for same in
        ordered.chunk_by(|a, b| incident(a).map(|row| &row.incident) == incident(b).map(|row| &row.incident))
    {
        let Some((first, again)) = same.split_first() else { continue };
        dropped.extend(again.iter().map(|candidate| (**candidate, Exclusion::AnotherRowStands)));
        let Some(row) = incident(first) else { continue };
        let mut weapons: Vec<&'s str> = same
            .iter()
            .filter_map(|candidate| incident(candidate))
            .flat_map(|row| row.weapons.iter().map(String::as_str))
            .collect();
        weapons.sort_unstable();
        weapons.dedup();
        let mut inst = Instance::on(student, first.lea, first.day, vec![first.row]);
        inst.grade = first.grade;
        inst.own.push((
            "WEAPONTYPE",
            vec![match weapons.as_slice() {
                [one] => one,
                [] => "OTHER",
                _ => "MULTIPLE",
            }],
        ));
        if let Some(result) = row.result.as_deref() {
            let idea = super::values::idea_on(student, first.day, first.lea).is_some();
            inst.own.push((if idea { "FAINCIDEA" } else { "FAINCNOTIDEA" }, vec![result]));
        }
        out.push(inst);
    }
}

/// The one cohort in which a student counts: of several rows the first year stands, then the place of the last
/// enrollment, then the lower unit.
fn counted_cohort<'s>(cx: &Context<'_>, student: &'s StudentRows) -> Option<&'s CohortMembership> {
    let primary = student.enrollments.iter().filter(|enrollment| enrollment.primary);
    let last = primary.max_by(|a, b| a.span.first.cmp(&b.span.first).then_with(|| b.cmp(a)));
    let key = |cohort: &'s CohortMembership| {
        let here = last.is_some_and(|last| last.lea == cohort.lea);
        let school = here && last.is_some_and(|last| last.school == cohort.school);
        (cohort.first_year, !school, !here, cohort)
    };
    let reported = |cohort: &&CohortMembership| cx.units.lea_reported(cohort.lea);
    let known = student.cohorts.iter().filter(|cohort| cohort_length(cx, cohort).is_some());
    known.filter(reported).min_by(|a, b| key(a).cmp(&key(b)))
}

/// Files 150 and 151: once in the table of the cohort's length, flags as ever held during the cohort.
pub(crate) fn cohort<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, dropped } = choice;
    let row = |candidate: &Candidate<'s>| match candidate.of {
        Of::Cohort(cohort) => Some(cohort),
        _ => None,
    };
    let Some(cohort) = counted_cohort(cx, student) else { return };
    let Some(years) = cohort_length(cx, cohort) else { return };
    let stands = |candidate: &Candidate<'s>| row(candidate).is_some_and(|row| std::ptr::eq(row, cohort));
    let others = group.iter().filter(|candidate| !stands(candidate));
    dropped.extend(others.map(|candidate| (*candidate, Exclusion::AnotherRowStands)));
    let Some(best) = group.iter().find(|candidate| stands(candidate)) else { return };
    let end = NaiveDate::from_ymd_opt(cx.config.year.end_year(), 9, 30);
    let during = Span { first: Some(cohort.first_year.first_day()), last: end };
    let outcome = cohort.outcome.as_deref().unwrap_or_else(|| {
        let diploma = student.departures.iter().any(|departure| {
            departure.kind == crate::DepartureKind::RegularDiploma && during.contains(departure.date)
        });
        if diploma { "COHYES" } else { "COHNO" }
    });
    let counts = |table: &str| {
        let mut inst = Instance::on(student, best.lea, best.day, vec![best.row]);
        inst.flags = FlagBasis::Meets(vec![during]);
        inst.own.push(("COHSTATUS", vec![outcome]));
        inst.table = Some(format!("{table}{years}YR{}", if table == "GRADRT" { "ADJ" } else { "" }));
        let alternate = outcome == "COHALTDPL" && cx.config.completers.alternate_diploma_in_rate;
        inst.base = u64::from(matches!(outcome, "COHYES" | "COHNO" | "COHALTDPL"));
        (inst, u64::from(outcome == "COHYES" || alternate))
    };
    out.push(counts("GRADCOHORT").0);
    let (mut rate, graduated) = counts("GRADRT");
    rate.weight = graduated;
    out.push(rate);
}

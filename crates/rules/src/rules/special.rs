//! Special education, by stored facts: no upload file carries it.

use super::{BuiltIn, student};
use crate::emit::Emit;
use crate::facts::{Enrollment, NO_DAY};
use crate::record::Head;
use crate::register::StoredFact;
use crate::student::Student;
use crate::{FactKind, cell};
use chrono::Datelike;
use opi_dictionary::fields as f;

pub(super) const RULES: &[BuiltIn] = &[
    student("SPED-001", documents),
    student("SPED-002", disability_age),
    student("SPED-003", setting_age),
    student("SPED-004", enrolled_later),
    student("SPED-005", age),
    student("SPED-006", half_an_exit),
    student("SPED-007", without_plan),
];

/// The day of the special education child count. Source: LS-2785.
fn child_count_day(student: &Student<'_>) -> Option<i32> {
    let world = student.world;
    let dictionary = world.references.dictionary;
    let day =
        dictionary.statutory_date("special_education_child_count", world.year, &opi_dictionary::Weekdays);
    day.ok().map(|day| day.num_days_from_ce())
}

/// Reports the first row of the student: the fact itself stands in no file.
fn report(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if let Some(head) = student.now.first_head() {
        emit.row(head, None);
    }
}

/// The stored facts of a kind that hold on child count day: what was before is not judged by the age on that day.
fn on_child_count_day<'a>(student: &Student<'a>, kind: FactKind) -> impl Iterator<Item = &'a StoredFact> {
    let day = child_count_day(student);
    let holds = move |fact: &&StoredFact| day.is_some_and(|day| fact.first <= day && day <= fact.last);
    student.facts_of(kind).filter(holds)
}

fn has_plan(student: &Student<'_>) -> bool {
    child_count_day(student).is_some_and(|day| student.fact_on(FactKind::SpecialEducation, day).is_some())
}

fn documents(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    // Whoever has one of the two papers on child count day must have both.
    let Some(day) = child_count_day(student) else { return };
    let report_on_file = student.fact_on(FactKind::EvaluationReport, day).is_some();
    let ended = |fact: &StoredFact| fact.last < day;
    let left = student.facts_of(FactKind::SpecialEducation).any(ended)
        && student.fact(FactKind::SpecialEducationExit).is_some();
    if has_plan(student) != report_on_file && !left {
        report(student, emit);
    }
}

fn age_on_child_count_day(student: &Student<'_>) -> Option<i32> {
    student.age_on(child_count_day(student)?)
}

fn disability_age(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let delay = on_child_count_day(student, FactKind::SpecialEducation).any(|fact| &*fact.value == "DD");
    if delay && age_on_child_count_day(student).is_some_and(|age| !(3..=8).contains(&age)) {
        report(student, emit);
    }
}

/// Settings of early childhood, for 3 to 5 outside kindergarten; the rest but two is for school age. Recall.
const EARLY_CHILDHOOD: [&str; 7] =
    ["REC10YSVCS", "REC10YOTHLOC", "REC09YSVCS", "REC09YOTHLOC", "SC", "H", "SPL"];
const ALL_AGES: [&str; 2] = ["SS", "RF"];

fn setting_age(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let Some(age) = age_on_child_count_day(student) else { return };
    let in_school = student.known_enrollments().any(|row| cell::grade_level(row.grade).is_some());
    let early_age = (3..=5).contains(&age) && !in_school;
    let wrong = |fact: &StoredFact| {
        let value = &*fact.value;
        !ALL_AGES.contains(&value) && EARLY_CHILDHOOD.contains(&value) != early_age
    };
    if on_child_count_day(student, FactKind::SpecialEducationSetting).any(wrong) {
        report(student, emit);
    }
}

fn enrolled_later(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let Some(day) = child_count_day(student).filter(|_| has_plan(student)) else { return };
    let first = student.known_enrollments().filter(|row| row.start != NO_DAY).min_by_key(|row| row.start);
    if let Some(first) = first.filter(|row| row.start > day && student.is_current(&row.head)) {
        emit.at(&first.head, f::START_DATE);
    }
}

fn age(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if has_plan(student) && age_on_child_count_day(student).is_some_and(|age| !(3..=21).contains(&age)) {
        report(student, emit);
    }
}

fn half_an_exit(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let plan = student.facts_of(FactKind::SpecialEducation).map(|fact| fact.first).min();
    let wrong = |fact: &StoredFact| {
        let dated = fact.first != i32::MIN;
        dated == fact.value.is_empty() || (dated && plan.is_some_and(|plan| fact.first < plan))
    };
    if student.facts_of(FactKind::SpecialEducationExit).any(wrong) {
        report(student, emit);
    }
}

fn without_plan(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let served = |row: &&Enrollment| row.service == b'N' && row.start != NO_DAY;
    for row in student.now.enrollments.iter().filter(served) {
        let meets = |fact: &StoredFact| fact.first <= row.end && row.start <= fact.last;
        if !student.facts_of(FactKind::SpecialEducation).any(meets) {
            let head: &Head = &row.head;
            emit.at(head, f::SERVICE_TYPE);
        }
    }
}

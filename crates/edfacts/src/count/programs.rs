//! Files fed by records that the state keeps outside the student uploads, by lunch and Title I status, and
//! by staff assignments.

use super::declare::{CountingUnit, Declaration};
use super::explain::{RowKind, RowRef};
use super::include;
use super::plan::{MOST_CATEGORIES, Plan};
use super::populations::{Candidate, Exclusion, Of, Search};
use super::select::{Choice, standing_enrollment};
use super::values::{FlagBasis, standing_on};
use super::{CellKey, Context, Instance, STATE, populations};
use crate::Level;
use crate::input::{StaffAssignment, StatusKind};
use crate::profile::year_span;
use chrono::NaiveDate;
use opi_dictionary::age_on;

/// A file counted from the records of a programme.
pub(crate) const fn record(file: u16, program: &'static str) -> Declaration {
    Declaration::of_program(file, program, program_records, program_values)
}

/// A file counted from the records of a programme that say its kind.
pub(crate) const fn of_kind(file: u16, program: &'static str) -> Declaration {
    record(file, program)
        .including(include::kind_of_program, "records that say the kind of programme or service")
}

/// A file counted from the records of an assessment.
pub(crate) const fn tested(file: u16, program: &'static str) -> Declaration {
    record(file, program).including(include::not_placed_privately, "not PPPS on the day")
}

/// A file counted from staff assignments.
pub(crate) const fn staff(file: u16, program: &'static str) -> Declaration {
    Declaration::of_staff(file, program, no_students)
}

fn no_students(_: Search<'_, '_>) {}

/// Records of the declaration's programme that meet the period of the file.
fn program_records<'s>(search: Search<'_, 's>) {
    let Search { cx, student, declared, out } = search;
    let Some(program) = declared.program else { return };
    let year = cx.config.year;
    let mut period = year_span(year);
    // Further study is asked of the graduates of two years before.
    if program == "graduate_enrollment"
        && let Some(graduated) = year.previous().and_then(|year| year.previous()).ok()
    {
        period = year_span(graduated);
    }
    // Migrant education counts from 1 September to 31 August.
    if program.starts_with("migrant") {
        period.first = NaiveDate::from_ymd_opt(year.start_year(), 9, 1);
        period.last = NaiveDate::from_ymd_opt(year.end_year(), 8, 31);
    }
    for (record, index) in student.programs.iter().zip(0..) {
        if record.program != program {
            continue;
        }
        let Some(first) = record.span.overlap(period).and_then(|both| both.first) else { continue };
        let enrolled = record.lea.and_then(|lea| populations::grade_on(student, first, lea));
        out.push(Candidate {
            lea: record.lea,
            school: record.school,
            day: first,
            grade: record.grade.or(enrolled),
            of: Of::Program(record),
            row: RowRef { kind: RowKind::Program, index, row: record.row },
        });
    }
}

/// Each record, with its own categories; a student stands once in a cell.
fn program_values<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, .. } = choice;
    let mut ordered: Vec<&&Candidate<'s>> = group.iter().collect();
    ordered.sort_by(|a, b| a.day.cmp(&b.day).then_with(|| a.row.cmp(&b.row)));
    for candidate in ordered {
        let Of::Program(record) = candidate.of else { continue };
        let mut inst = Instance::on(student, candidate.lea, candidate.day, vec![candidate.row]);
        inst.grade = candidate.grade;
        inst.age = student.birth.and_then(|birth| age_on(birth, candidate.day));
        for (category, codes) in &record.values {
            inst.own.push((category.as_str(), codes.iter().map(String::as_str).collect()));
        }
        // Ninety calendar days or more make a long-term student of neglected or delinquent programmes.
        let long = record.span.overlap(year_span(cx.config.year)).is_some_and(|both| {
            let (Some(first), Some(last)) = (both.first, both.last) else { return false };
            (last - first).num_days() + 1 >= 90
        });
        if long && !record.values.iter().any(|(category, _)| category == "NORDLONGTERM") {
            inst.own.push(("NORDLONGTERM", vec!["NDLONGTERM"]));
        }
        out.push(inst);
    }
}

/// File 033: the lunch table by eligibility, and the table of direct certification.
pub(crate) fn lunch<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, dropped } = choice;
    let mut members = Vec::new();
    standing_enrollment(Choice { cx, student, group, out: &mut members, dropped });
    for member in members {
        let FlagBasis::On(day) = member.flags else { continue };
        let is_lunch = |kind: &StatusKind| matches!(kind, StatusKind::Lunch { .. });
        let eligible = standing_on(student, day, member.lea, is_lunch).is_some_and(|status| {
            matches!(&status.kind, StatusKind::Lunch { eligibility: Some(code) } if code == "FL" || code == "RPL")
        });
        let certified =
            standing_on(student, day, member.lea, |kind| *kind == StatusKind::DirectCertification).is_some();
        for (holds, table) in [(eligible, "LUNCHFREERED"), (certified, "DIRECTCERT")] {
            if holds {
                let mut inst = Instance::on(student, member.lea, day, member.rows.clone());
                inst.table = Some(table.to_owned());
                out.push(inst);
            }
        }
        if !eligible && !certified {
            dropped.extend(group.iter().map(|candidate| (*candidate, Exclusion::NoStatus)));
        }
    }
}

/// File 037: once a unit, with flags that held during the enrollments there.
pub(crate) fn title_one<'g, 's>(choice: Choice<'_, 'g, 's>) {
    let Choice { cx, student, group, out, .. } = choice;
    let Some(first) = group.iter().min_by_key(|candidate| (candidate.day, candidate.row)) else { return };
    let rows = group.iter().map(|candidate| candidate.row).collect();
    let mut inst = Instance::on(student, first.lea, first.day, rows);
    let year = year_span(cx.config.year);
    let spans = group.iter().filter_map(|candidate| match candidate.of {
        Of::Enrollment(enrollment) => enrollment.span.overlap(year),
        _ => None,
    });
    inst.flags = FlagBasis::Meets(spans.collect());
    inst.grade = first.grade;
    out.push(inst);
}

/// The staff categories of teachers in file 059.
const TEACHERS: [&str; 5] = ["PKTCH", "KGTCH", "ELMTCH", "SECTCH", "UGTCH"];

/// Calls `each` for every cell in which an assignment counts.
pub(crate) fn staff_cells(
    cx: &Context<'_>,
    plan: &Plan,
    assignment: &StaffAssignment,
    each: &mut dyn FnMut(CellKey),
) {
    for (file, place) in plan.files.iter().zip(0u16..) {
        let declared = &file.declaration;
        if declared.unit != CountingUnit::StaffFte || Some(assignment.program.as_str()) != declared.program {
            continue;
        }
        let unit = match (file.level, assignment.lea, assignment.school) {
            (Level::Sea, None, _) => STATE,
            (Level::Sea, Some(lea), _) if cx.units.lea_reported(lea) => STATE,
            (Level::Lea, Some(lea), _) if cx.units.lea_reported(lea) => lea.0,
            (Level::Sch, _, Some(school)) if cx.units.school_reported(school) => school.0,
            _ => continue,
        };
        let code_of = |name: &str| {
            let given = assignment.values.iter().find(|(category, _)| category == name);
            given.map(|(_, code)| code.as_str())
        };
        // Schools report teachers only: of file 059 by category, of the others all are.
        let teacher = code_of("STAFFCATGCCD").map_or(declared.file != 59, |code| TEACHERS.contains(&code));
        if file.level == Level::Sch && !teacher {
            continue;
        }
        for (set, number) in file.sets.iter().zip(0u16..) {
            let mut codes = [0u16; MOST_CATEGORIES];
            let filled = set.categories.iter().zip(&mut codes).all(|(category, slot)| {
                let Some(category) = file.categories.get(*category) else { return false };
                let code = code_of(&category.name).and_then(|code| category.index.get(code).copied());
                let code = code.or(category.missing);
                *slot = code.unwrap_or_default();
                code.is_some()
            });
            if filled {
                each(CellKey { plan: place, unit, set: number, codes });
            }
        }
    }
}

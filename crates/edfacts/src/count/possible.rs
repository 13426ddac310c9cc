//! Which units report a file, and which combinations of codes can occur in it.

use crate::input::Unit;
use crate::{CountConfig, Level};

/// Whether a combination of categories and codes can occur at all.
pub(crate) type Possible = fn(&CountConfig, Level, &[(&str, &str)]) -> bool;

pub(crate) fn every_unit(_: Level, _: &Unit, _: bool) -> bool {
    true
}

pub(crate) fn no_reportable_program(level: Level, unit: &Unit, _: bool) -> bool {
    level != Level::Sch || !unit.reportable_program
}

pub(crate) fn members_only(level: Level, _: &Unit, members: bool) -> bool {
    level == Level::Sea || members
}

pub(crate) fn lunch_school(_: Level, unit: &Unit, members: bool) -> bool {
    members && !unit.reportable_program && unit.lunch_program != Some(false)
}

pub(crate) fn grade_twelve_members(level: Level, unit: &Unit, members: bool) -> bool {
    level == Level::Sea || (members && unit.grades.contains(crate::Grade::TWELVE))
}

pub(crate) fn anything(_: &CountConfig, _: Level, _: &[(&str, &str)]) -> bool {
    true
}

fn code<'a>(named: &[(&str, &'a str)], category: &str) -> Option<&'a str> {
    named.iter().find(|(name, _)| *name == category).map(|(_, code)| *code)
}

/// File 002: no home, hospital or private placement at school level; delay and correctional facilities only
/// at ages that the state names.
pub(crate) fn school_age_possible(config: &CountConfig, level: Level, named: &[(&str, &str)]) -> bool {
    let environment = code(named, "EDENVIRIDEASA");
    if level == Level::Sch && matches!(environment, Some("HH" | "PPPS")) {
        return false;
    }
    let age =
        code(named, "AGESA").and_then(|code| if code == "AGE05K" { Some(5) } else { code.parse().ok() });
    let answers = &config.special_education;
    let at = |ages: &Option<Vec<u32>>| match (ages, age) {
        (Some(ages), Some(age)) => ages.contains(&age),
        _ => true,
    };
    (code(named, "DISABCATIDEA") != Some("DD") || at(&answers.developmental_delay_ages))
        && (environment != Some("CF") || at(&answers.correctional_ages))
}

/// File 009: credentials that the state awards, at the ages that it names.
pub(crate) fn exit_possible(config: &CountConfig, _: Level, named: &[(&str, &str)]) -> bool {
    let answers = &config.special_education;
    let reason = code(named, "BASISEXIT");
    let age: Option<u32> = code(named, "AGEEXITSPED").and_then(|code| code.parse().ok());
    let awarded = match reason {
        Some("RC") => answers.certificate,
        Some("GRADALTDPL") => answers.alternate_diploma,
        _ => true,
    };
    let within = |limit: Option<u32>, holds: fn(u32, u32) -> bool| match (limit, age) {
        (Some(limit), Some(age)) => holds(age, limit),
        _ => true,
    };
    awarded
        && within(answers.maximum_age, |age, limit| age <= limit)
        && (!matches!(reason, Some("GHS" | "GRADALTDPL" | "RC"))
            || within(answers.minimum_graduation_age, |age, limit| age >= limit))
        && (reason != Some("RMA") || within(answers.maximum_age, |age, limit| age == limit))
}

/// File 040: other completers only where the state has them.
pub(crate) fn completer_possible(config: &CountConfig, _: Level, named: &[(&str, &str)]) -> bool {
    config.completers.other_completers || code(named, "DIPLCREDTYPE") != Some("OTHCOM")
}

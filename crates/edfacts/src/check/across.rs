//! This year against the year before.

use super::directory::statuses;
use super::records::Checked;
use super::special::total;
use super::units::units;
use super::{CheckOptions, Found};
use crate::input::UnitStatus;
use crate::{Catalogue, Level};
use std::collections::BTreeMap;

/// The rules that need the year before.
pub(crate) const RULES: [&str; 4] = ["MTC-05", "MTC-06", "MTC-09", "SUB-44"];

/// Compares each file with the same file of the year before.
pub(crate) fn check(
    catalogue: &Catalogue,
    options: &CheckOptions,
    files: &[Checked<'_>],
    before: &[Checked<'_>],
    found: &mut Found,
) {
    for file in files {
        let same = before.iter().find(|known| {
            known.opened.number == file.opened.number && known.opened.level == file.opened.level
        });
        let Some(known) = same else {
            found.not_run(&file.opened.name, "SUB-44", "the file of the year before was not given");
            continue;
        };
        if file.opened.number.get() == 29 && file.opened.level != Level::Sea {
            register(file, known, found);
        } else if file.in_sets && super::load::counts_students(catalogue, file.opened.number) {
            totals(options, file, known, found);
        }
    }
}

/// SUB-44: the totals of units, with a tolerance in students and in percent.
fn totals(options: &CheckOptions, file: &Checked<'_>, known: &Checked<'_>, found: &mut Found) {
    let of = |file: &Checked<'_>| -> BTreeMap<(String, String, String), (u64, u64)> {
        let mut totals = BTreeMap::new();
        for unit in units(file) {
            for plan in &file.plans.sets {
                let is_total = plan.categories.is_empty() && plan.total_indicator == 'Y';
                if let Some(total) = total(file, &unit, &plan.table).filter(|_| is_total) {
                    let line = unit.records().map(|record| record.line).min().unwrap_or(0);
                    let key = (unit.lea.to_owned(), unit.school.to_owned(), plan.table.clone());
                    totals.insert(key, (total, line));
                }
            }
        }
        totals
    };
    let earlier = of(known);
    for ((lea, school, table), (now, _)) in of(file) {
        let Some((then, _)) = earlier.get(&(lea.clone(), school.clone(), table.clone())) else { continue };
        let change = now.abs_diff(*then);
        let percent = change.saturating_mul(100) > then.saturating_mul(options.tolerated_percent);
        if change > options.tolerated_students && percent {
            found
                .at(&file.opened.name, "SUB-44", 0, None)
                .say(&format!("the total of {table} is {now}, the year before it was {then}"))
                .about(&super::units::unit_name(&lea, &school));
        }
    }
}

/// MTC-05, MTC-06 and MTC-09: the directory against that of the year before.
fn register(file: &Checked<'_>, known: &Checked<'_>, found: &mut Found) {
    type Entry = (u64, Vec<String>);
    let value = |file: &Checked<'_>, values: &[String], element: &str| -> String {
        file.element(element).and_then(|place| values.get(place)).cloned().unwrap_or_default()
    };
    let of = |file: &Checked<'_>| -> BTreeMap<(String, String), Entry> {
        let entry = |(line, values): &(u64, Vec<String>)| {
            let lea = value(file, values, "StateLEAIDNumber");
            let school = value(file, values, "StateSchoolIDNumber");
            ((lea, school), (*line, values.clone()))
        };
        file.fields.iter().map(entry).collect()
    };
    let status = |file: &Checked<'_>, values: &[String]| {
        let (start, updated) = statuses(file, values);
        UnitStatus::parse(if updated.is_empty() { &start } else { &updated })
    };
    let name = file.opened.name.as_str();
    let (now, then) = (of(file), of(known));
    let prior = |values: &[String]| {
        (value(file, values, "PriorStateLEAID"), value(file, values, "PriorStateSchoolID"))
    };
    let renamed: Vec<(String, String)> = now.values().map(|(_, values)| prior(values)).collect();
    for ((lea, school), (_, values)) in &then {
        let closed = status(known, values) == Some(UnitStatus::Closed);
        let moved = renamed.iter().any(|(old_lea, old_school)| {
            (old_lea == lea || old_lea.is_empty())
                && (old_school == school || (school.is_empty() && old_lea == lea))
                && !(old_lea.is_empty() && old_school.is_empty())
        });
        if !closed && !moved && !now.contains_key(&(lea.clone(), school.clone())) {
            found
                .at(name, "MTC-05", 0, None)
                .say("a unit of last year that was not closed is gone")
                .about(&super::units::unit_name(lea, school));
        }
    }
    for ((lea, school), (line, values)) in &now {
        let subject = super::units::unit_name(lea, school);
        let (start, updated) = statuses(file, values);
        let called = [&start, &updated]
            .iter()
            .any(|text| matches!(UnitStatus::parse(text), Some(UnitStatus::New | UnitStatus::Added)));
        if called && then.contains_key(&(lea.clone(), school.clone())) {
            found
                .at(name, "MTC-09", *line, None)
                .say("the unit is called new or added but stood in last year's directory")
                .about(&subject);
        }
        let (old_lea, old_school) = prior(values);
        if old_lea.is_empty() && old_school.is_empty() {
            continue;
        }
        let old = (
            if old_lea.is_empty() { lea.clone() } else { old_lea },
            if file.opened.level == Level::Sch && old_school.is_empty() {
                school.clone()
            } else {
                old_school
            },
        );
        let federal = |file: &Checked<'_>, values: &[String]| {
            (value(file, values, "NCESLEAIDNumber"), value(file, values, "NCESSchoolIDNumber"))
        };
        let holds = then.get(&old).is_some_and(|(_, before)| federal(known, before) == federal(file, values));
        if !holds {
            found
                .at(name, "MTC-06", *line, None)
                .say("the prior identifier is not that of a unit with the same federal identifier last year")
                .about(&subject);
        }
    }
}

//! Graduation rates against cohorts, results of assessments against who took part.

use super::cross::{pairs, say};
use super::records::Checked;
use super::units::UnitRecords;
use super::{CheckOptions, Found};
use std::collections::BTreeMap;

/// SUB-28 and SUB-29: the rate against the cohort counts.
pub(crate) fn rates(
    options: &CheckOptions,
    file: &Checked<'_>,
    cohorts: Option<&Checked<'_>>,
    found: &mut Found,
) {
    let Some(cohorts) = cohorts else { return };
    let alternate = options.profile.completers.alternate_diploma_in_rate;
    for (unit, known) in pairs(file, cohorts) {
        for ((set, codes), rate) in sorted(&unit) {
            let Some(plan) = file.plans.sets.get(set) else { continue };
            let length = plan.table.trim_start_matches("GRADRT").trim_end_matches("ADJ");
            let table = format!("GRADCOHORT{length}");
            let own: Vec<(&str, &str)> = plan
                .categories
                .iter()
                .zip(codes)
                .filter_map(|(at, code)| {
                    let category = file.plans.categories.get(*at)?;
                    Some((category.name.as_str(), category.codes.get(usize::from(code))?.as_str()))
                })
                .collect();
            let count = |status: &str| -> Option<u64> {
                known.records().find_map(|record| {
                    let set = cohorts.plans.sets.get(record.set)?;
                    let fits = set.table == table
                        && set.categories.len() == own.len() + 1
                        && cohorts.code(record, "COHSTATUS") == Some(status)
                        && own.iter().all(|(name, code)| cohorts.code(record, name) == Some(code));
                    fits.then_some(record.amount)
                })
            };
            let [yes, no, other, removed] =
                ["COHYES", "COHNO", "COHALTDPL", "COHREM"].map(|status| count(status).unwrap_or(0));
            let graduates = yes + if alternate { other } else { 0 };
            let base = yes + no + other;
            let tenths =
                |base: u64| graduates.saturating_mul(2000).saturating_add(base).checked_div(base * 2);
            let Some(wanted) = tenths(base) else { continue };
            if rate.abs_diff(wanted) <= 1 {
                continue;
            }
            let shown = |tenths: u64| format!("{}.{}", tenths / 10, tenths % 10);
            let what = format!(
                "{} {}: the rate is {}, file 151 gives {}",
                plan.table,
                plan.set,
                shown(rate),
                shown(wanted)
            );
            say(file, &unit, "SUB-28", &what, found);
            if removed > 0 && tenths(base + removed).is_some_and(|with| rate.abs_diff(with) <= 1) {
                say(file, &unit, "SUB-29", "the rate counts removed students in its denominator", found);
            }
        }
    }
}

fn sorted(unit: &UnitRecords<'_>) -> Vec<((usize, crate::count::Codes), u64)> {
    unit.records().map(|record| ((record.set, record.codes), record.amount)).collect()
}

/// SUB-31: results against students tested, by grade and subgroup.
pub(crate) fn results(file: &Checked<'_>, participation: Option<&Checked<'_>>, found: &mut Found) {
    let Some(participation) = participation else { return };
    let grouped = |file: &Checked<'_>, unit: &UnitRecords<'_>, tested: bool| -> BTreeMap<Vec<String>, u64> {
        let mut sums = BTreeMap::new();
        for record in unit.records() {
            let Some(set) = file.plans.sets.get(record.set) else { continue };
            let mut key = Vec::new();
            let mut counts = true;
            for (place, code) in set.categories.iter().zip(record.codes) {
                let Some(category) = file.plans.categories.get(*place) else { continue };
                let code = category.codes.get(usize::from(code)).map(String::as_str).unwrap_or_default();
                if category.name.starts_with("PARTSTATUS") {
                    counts &= !tested || !matches!(code, "NPART" | "MEDEXEMPT" | "PARTELP");
                } else if category.name.starts_with("GRADELV") {
                    key.push(format!("grade {code}"));
                } else if !category.name.starts_with("PROFSTATUS") && !category.name.starts_with("ASMTADMN") {
                    // File 178 has a name of its own for English learners.
                    let name = if category.name == "LEPSTATRLA" { "LEPONLY" } else { &category.name };
                    key.push(format!("{name} {code}"));
                }
            }
            if counts {
                key.sort();
                *sums.entry(key).or_default() += record.amount;
            }
        }
        sums
    };
    for (unit, known) in pairs(file, participation) {
        let tested = grouped(participation, &known, true);
        for (key, count) in grouped(file, &unit, false) {
            let limit = tested.get(&key).copied();
            if limit.is_some_and(|limit| count > limit) {
                let what = format!("{}: {count} results, {} tested", key.join(", "), limit.unwrap_or(0));
                say(file, &unit, "SUB-31", &what, found);
            }
        }
    }
}

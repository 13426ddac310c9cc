//! The rules on the records of one unit: zero rows, sums, and what single files ask of their records. They
//! read records without findings only.

use super::directory::Directory;
use super::record::One;
use super::records::{Checked, Clean};
use super::{CheckOptions, Found};
use crate::catalogue::{CategoryKind, Family};
use crate::count::{Codes, Logic, MOST_CATEGORIES};
use crate::input::GradeSet;
use crate::{Catalogue, Grade, Level, ZeroRule};
use std::collections::BTreeMap;

/// The records of one unit by set and codes.
pub(crate) struct UnitRecords<'r> {
    pub(crate) lea: &'r str,
    pub(crate) school: &'r str,
    /// For each set its records in the order of their codes.
    sets: Vec<Vec<(Codes, &'r Clean)>>,
    pub(crate) complete: bool,
}

impl<'r> UnitRecords<'r> {
    /// The record of a set with these codes.
    pub(crate) fn record(&self, set: usize, codes: Codes) -> Option<&'r Clean> {
        let records = self.of_set(set);
        let place = records.binary_search_by_key(&codes, |(codes, _)| *codes).ok()?;
        records.get(place).map(|(_, record)| *record)
    }

    pub(crate) fn amount(&self, set: usize, codes: Codes) -> Option<u64> {
        self.record(set, codes).map(|record| record.amount)
    }

    pub(crate) fn name(&self) -> String {
        unit_name(self.lea, self.school)
    }

    /// The records of a set, in order of their codes.
    pub(crate) fn of_set(&self, set: usize) -> &[(Codes, &'r Clean)] {
        self.sets.get(set).map_or(&[], Vec::as_slice)
    }

    /// All records, by set and codes.
    pub(crate) fn records(&self) -> impl Iterator<Item = &'r Clean> {
        self.sets.iter().flatten().map(|(_, record)| *record)
    }
}

/// The clean records of a file by unit, in order of their identifiers.
pub(crate) fn units<'r>(file: &'r Checked<'_>) -> Vec<UnitRecords<'r>> {
    let mut units: BTreeMap<(&str, &str), UnitRecords<'_>> = BTreeMap::new();
    // Records of a unit mostly stand together.
    for group in file.clean.chunk_by(|a, b| a.school == b.school && a.lea == b.lea) {
        let Some(first) = group.first() else { continue };
        let unit = units.entry((&first.lea, &first.school)).or_insert_with(|| UnitRecords {
            lea: &first.lea,
            school: &first.school,
            sets: vec![Vec::new(); file.plans.sets.len()],
            complete: true,
        });
        for record in group {
            if let Some(records) = unit.sets.get_mut(record.set) {
                records.push((record.codes, record));
            }
        }
    }
    for records in units.values_mut().flat_map(|unit| &mut unit.sets) {
        if !records.is_sorted_by_key(|(codes, _)| *codes) {
            records.sort_unstable_by_key(|(codes, _)| *codes);
        }
    }
    units.into_values().collect()
}

/// Runs all rules on units of one file.
pub(crate) fn check(
    catalogue: &Catalogue,
    options: &CheckOptions,
    directory: &Directory,
    file: &Checked<'_>,
    found: &mut Found,
) {
    if !file.in_sets {
        return;
    }
    // A rate of 0 for an unknown value is a rate; a count of 0 is no record.
    let family = catalogue.file(file.opened.number).map(|spec| spec.family);
    let zero_says_none = matches!(family, Ok(Family::Counts | Family::Fte));
    let config = options.config(file.opened.year);
    for group in file.clean.chunk_by(|a, b| a.school == b.school && a.lea == b.lea) {
        let unit =
            group.first().and_then(|first| directory.unit(file.opened.level, &first.lea, &first.school));
        for record in group {
            if zero_says_none {
                missing_with_zero(file, record, found);
            }
            One { options, config: &config, unit, file, record }.check(found);
        }
    }
    let mut units = units(file);
    complete(catalogue, directory, file, &mut units, found);
    let counts = catalogue.file(file.opened.number).is_ok_and(|spec| spec.family == Family::Counts);
    if counts {
        for unit in units.iter().filter(|unit| unit.complete) {
            sums(catalogue, file, unit, found);
            subtotals(catalogue, file, unit, found);
            super::special::unit(file, unit, found);
        }
    }
}

/// SUB-05: a record with MISSING and the count 0.
fn missing_with_zero(file: &Checked<'_>, record: &Clean, found: &mut Found) {
    if record.amount > 0 {
        return;
    }
    let places = file.plans.sets.get(record.set).into_iter().flat_map(|set| &set.categories);
    let mut categories = places.filter_map(|place| file.plans.categories.get(*place)).zip(record.codes);
    let missing = categories.any(|(category, code)| category.missing == Some(code));
    if missing {
        found
            .at(&file.opened.name, "SUB-05", record.line, None)
            .say("a record with MISSING has the count 0")
            .about(&unit_name(&record.lea, &record.school));
    }
}

pub(crate) fn unit_name(lea: &str, school: &str) -> String {
    match (lea, school) {
        ("", _) => "the state".to_owned(),
        (lea, "") => lea.to_owned(),
        (lea, school) => format!("{lea} {school}"),
    }
}

/// Which combinations a unit owes.
enum Owes {
    Nothing,
    Total,
    All,
    /// Only those whose grades are offered; without known grades those without a grade.
    Grades(Option<GradeSet>),
}

fn owes(
    catalogue: &Catalogue,
    directory: &Directory,
    file: &Checked<'_>,
    rule: ZeroRule,
    unit: &UnitRecords<'_>,
) -> Owes {
    let grades = directory.grades(file.opened.level, unit.lea, unit.school);
    match rule {
        ZeroRule::None => Owes::Nothing,
        ZeroRule::Tot => Owes::Total,
        ZeroRule::All | ZeroRule::Units | ZeroRule::Members => Owes::All,
        ZeroRule::Offered => Owes::Grades(grades),
        ZeroRule::NotPkOnly => match grades {
            Some(grades) if grades.is_pk_only() => Owes::Nothing,
            Some(_) => Owes::All,
            None => Owes::Nothing,
        },
        ZeroRule::Pk => {
            let early = catalogue.year_rule("early_childhood_grades", file.opened.year).unwrap_or("PK");
            let offers = |grades: GradeSet| {
                early.split_whitespace().filter_map(Grade::from_code).any(|grade| grades.contains(grade))
            };
            if grades.is_some_and(offers) { Owes::All } else { Owes::Nothing }
        }
    }
}

/// SUB-06 and SUB-12: the zero rows are there.
fn complete(
    catalogue: &Catalogue,
    directory: &Directory,
    file: &Checked<'_>,
    units: &mut [UnitRecords<'_>],
    found: &mut Found,
) {
    let level = file.opened.level;
    let Ok(spec) = catalogue.file(file.opened.number) else { return };
    let rule = spec.zero_rule(level).unwrap_or(ZeroRule::None);
    // A set of out-of-workforce individuals may be left out as a whole.
    let optional = |set: usize| {
        let plan = file.plans.sets.get(set);
        let names = plan
            .into_iter()
            .flat_map(|plan| &plan.categories)
            .filter_map(|place| file.plans.categories.get(*place));
        names.into_iter().any(|category| category.name == "DISPHOMEMAK")
    };
    let mut lacking: Vec<String> = Vec::new();
    let mut total = 0usize;
    for unit in units.iter_mut() {
        let owes = owes(catalogue, directory, file, rule, unit);
        let mut sets: Vec<String> = Vec::new();
        for (plan, place) in file.plans.sets.iter().zip(0usize..) {
            let due = plan.zero.iter().filter(|codes| match &owes {
                Owes::Nothing => false,
                Owes::Total => plan.categories.is_empty(),
                Owes::All => true,
                Owes::Grades(grades) => plan.categories.iter().zip(**codes).all(|(category, code)| {
                    let Some(category) = file.plans.categories.get(*category) else { return false };
                    let code = category.codes.get(usize::from(code)).map(String::as_str).unwrap_or_default();
                    match grades {
                        Some(grades) => category.logic.offered(*grades, code),
                        None => {
                            !matches!(category.logic, Logic::Grade | Logic::GradeDropout | Logic::GradeTested)
                        }
                    }
                }),
            });
            let missing = due.filter(|codes| unit.amount(place, **codes).is_none()).count();
            if missing == 0 {
                continue;
            }
            let present = !unit.of_set(place).is_empty();
            if optional(place) && !present {
                continue;
            }
            if optional(place) {
                found
                    .at(&file.opened.name, "SUB-48", 0, None)
                    .say(&format!("set {} is there in part", plan.set))
                    .about(&unit.name());
            }
            total += missing;
            let word = if present { "incomplete" } else { "missing" };
            let table = if plan.table.is_empty() { String::new() } else { format!("{} ", plan.table) };
            sets.push(format!("{table}{} {word}", plan.set));
        }
        if !sets.is_empty() {
            unit.complete = false;
            lacking.push(format!("{}: {}", unit.name(), sets.join(", ")));
        }
    }
    if lacking.is_empty() {
        return;
    }
    let shown = lacking.len().min(5);
    let more = lacking.len() - shown;
    let mut text = lacking.get(..shown).unwrap_or_default().join("; ");
    if more > 0 {
        text = format!("{text}; and {more} more units");
    }
    let what = format!("{total} records that units owe are not there ({text})");
    found.at(&file.opened.name, "SUB-06", 0, None).say(&what);
    if level == Level::Sea && rule == ZeroRule::All {
        found.at(&file.opened.name, "SUB-12", 0, None).say(&what);
    }
}

/// How the sum of a set relates to the total.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SumIs {
    Equal,
    AtMost,
    Free,
}

pub(crate) fn sum_is(catalogue: &Catalogue, file: &Checked<'_>, categories: &[usize]) -> SumIs {
    let mut sum = SumIs::Equal;
    for place in categories {
        let name =
            file.plans.categories.get(*place).map(|category| category.name.as_str()).unwrap_or_default();
        match catalogue.category(name).and_then(|category| category.kind) {
            Some(CategoryKind::Exclusive) => {}
            Some(CategoryKind::OneSided) => {
                sum = if sum == SumIs::Free { SumIs::Free } else { SumIs::AtMost }
            }
            _ => sum = SumIs::Free,
        }
    }
    sum
}

/// SUB-07 and SUB-08: counts and sums against the total of the table.
fn sums(catalogue: &Catalogue, file: &Checked<'_>, unit: &UnitRecords<'_>, found: &mut Found) {
    let once = super::load::counts_students(catalogue, file.opened.number);
    let name = file.opened.name.as_str();
    for (total, at) in file.plans.sets.iter().zip(0usize..) {
        if !total.categories.is_empty() {
            continue;
        }
        let Some(tot) = unit.amount(at, [0; MOST_CATEGORIES]) else { continue };
        for (plan, place) in file.plans.sets.iter().zip(0usize..) {
            if plan.table != total.table || plan.categories.is_empty() {
                continue;
            }
            let records = unit.of_set(place);
            if once {
                for (_, record) in records.iter().filter(|(_, record)| record.amount > tot) {
                    found
                        .at(name, "SUB-07", record.line, None)
                        .say(&format!("a count of set {} is greater than the total {tot}", plan.set))
                        .about(&unit.name());
                }
            }
            let sum: u64 = records.iter().map(|(_, record)| record.amount).sum();
            let wrong = match sum_is(catalogue, file, &plan.categories) {
                SumIs::Equal => sum != tot && !records.is_empty(),
                SumIs::AtMost => sum > tot,
                SumIs::Free => false,
            };
            if wrong {
                let line = records.first().map_or(0, |(_, record)| record.line);
                found
                    .at(name, "SUB-08", line, None)
                    .say(&format!("set {} adds up to {sum}, the total is {tot}", plan.set))
                    .about(&unit.name());
            }
        }
    }
}

/// SUB-09: a record of a set against the finer set that holds its categories.
fn subtotals(catalogue: &Catalogue, file: &Checked<'_>, unit: &UnitRecords<'_>, found: &mut Found) {
    for (coarse, a) in file.plans.sets.iter().zip(0usize..) {
        if coarse.categories.is_empty() {
            continue;
        }
        for (fine, b) in file.plans.sets.iter().zip(0usize..) {
            let part = coarse.table == fine.table
                && coarse.categories.len() < fine.categories.len()
                && coarse.categories.iter().all(|category| fine.categories.contains(category));
            let rest: Vec<usize> = fine
                .categories
                .iter()
                .copied()
                .filter(|category| !coarse.categories.contains(category))
                .collect();
            if !part || sum_is(catalogue, file, &rest) != SumIs::Equal {
                continue;
            }
            let fine_records = unit.of_set(b);
            if fine_records.is_empty() {
                continue;
            }
            let mut added: BTreeMap<Codes, u64> = BTreeMap::new();
            for (codes, record) in fine_records {
                let mut key = [0u16; MOST_CATEGORIES];
                for (category, slot) in coarse.categories.iter().zip(&mut key) {
                    let at = fine.categories.iter().position(|known| known == category);
                    *slot = at.and_then(|at| codes.get(at)).copied().unwrap_or_default();
                }
                *added.entry(key).or_default() += record.amount;
            }
            for (codes, record) in unit.of_set(a) {
                let sum = added.get(codes).copied().unwrap_or_default();
                if sum != record.amount {
                    found
                        .at(&file.opened.name, "SUB-09", record.line, None)
                        .say(&format!(
                            "the record of set {} is {}, its parts in set {} add up to {sum}",
                            coarse.set, record.amount, fine.set
                        ))
                        .about(&unit.name());
                    break;
                }
            }
        }
    }
}

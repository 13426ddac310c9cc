//! Rules that single files ask of the records of a unit.

use super::Found;
use super::records::Checked;
use super::units::UnitRecords;
use crate::MISSING;
use crate::count::MOST_CATEGORIES;

/// The sum of a set by its name in the table of the file; `None` when it has no record.
pub(crate) fn set_sum(file: &Checked<'_>, unit: &UnitRecords<'_>, name: &str) -> Option<u64> {
    let place = file.plans.sets.iter().position(|plan| plan.set == name)?;
    let records = unit.of_set(place);
    if records.is_empty() { None } else { Some(records.iter().map(|(_, record)| record.amount).sum()) }
}

/// The education unit total of a table.
pub(crate) fn total(file: &Checked<'_>, unit: &UnitRecords<'_>, table: &str) -> Option<u64> {
    let place = file.plans.sets.iter().position(|plan| {
        plan.categories.is_empty() && plan.total_indicator == 'Y' && (table.is_empty() || plan.table == table)
    })?;
    unit.amount(place, [0; MOST_CATEGORIES])
}

/// The record of a set with one category and this code.
pub(crate) fn one(file: &Checked<'_>, unit: &UnitRecords<'_>, set: &str, code: &str) -> Option<u64> {
    let place = file.plans.sets.iter().position(|plan| plan.set == set)?;
    let plan = file.plans.sets.get(place)?;
    let category = file.plans.categories.get(*plan.categories.first()?)?;
    let mut codes = [0u16; MOST_CATEGORIES];
    *codes.first_mut()? = category.index.get(code).copied()?;
    unit.amount(place, codes)
}

struct Said<'f, 'r> {
    file: &'f Checked<'f>,
    unit: &'f UnitRecords<'r>,
}

impl Said<'_, '_> {
    fn equal(&self, found: &mut Found, code: &'static str, sets: &[&str]) {
        let Some(total) = total(self.file, self.unit, "") else { return };
        for set in sets {
            if let Some(sum) = set_sum(self.file, self.unit, set).filter(|sum| *sum != total) {
                self.say(found, code, &format!("set {set} adds up to {sum}, the total is {total}"));
            }
        }
    }

    fn at_most(&self, found: &mut Found, code: &'static str, sets: &[&str]) {
        let Some(total) = total(self.file, self.unit, "") else { return };
        for set in sets {
            if let Some(sum) = set_sum(self.file, self.unit, set).filter(|sum| *sum > total) {
                self.say(found, code, &format!("set {set} adds up to {sum}, more than the total {total}"));
            }
        }
    }

    fn say(&self, found: &mut Found, code: &'static str, what: &str) {
        found.at(&self.file.opened.name, code, 0, None).say(what).about(&self.unit.name());
    }
}

/// The rules of the file of a unit.
pub(crate) fn unit(file: &Checked<'_>, unit: &UnitRecords<'_>, found: &mut Found) {
    let said = Said { file, unit };
    match file.opened.number.get() {
        33 => {
            let lunch = total(file, unit, "LUNCHFREERED");
            if let (Some(sum), Some(total)) = (set_sum(file, unit, "CSA"), lunch)
                && sum != total
            {
                said.say(
                    found,
                    "SUB-15",
                    &format!("free and reduced price add up to {sum}, the total is {total}"),
                );
            }
        }
        88 => said.equal(found, "SUB-22", &["ST1"]),
        118 => {
            said.equal(found, "SUB-35", &["CSB"]);
            said.at_most(found, "SUB-35", &["CSF"]);
            unaccompanied(&said, found);
        }
        119 | 127 => programmes(&said, found),
        141 => {
            said.equal(found, "SUB-37", &["CSA", "CSB", "CSC"]);
            said.at_most(found, "SUB-37", &["CSD"]);
        }
        185 | 188 | 189 => {
            full_sets(&said, found);
            proficiency_test(&said, found);
        }
        195 => {
            said.equal(found, "SUB-34", &["CSA"]);
            said.at_most(found, "SUB-34", &["CSB", "CSC", "CSD", "CSE"]);
        }
        _ => {}
    }
}

/// SUB-35: unaccompanied youth of a residence against all students of the residence.
fn unaccompanied(said: &Said<'_, '_>, found: &mut Found) {
    let Some(category) = said.file.plans.categories.iter().find(|known| known.name == "HOMELSPRMRES") else {
        return;
    };
    for code in &category.codes {
        let Some(place) = said.file.plans.sets.iter().position(|plan| plan.set == "CSG") else { return };
        let youth: u64 = said
            .unit
            .of_set(place)
            .iter()
            .filter(|(_, record)| said.file.code(record, "HOMELSPRMRES") == Some(code))
            .map(|(_, record)| record.amount)
            .sum();
        let students = one(said.file, said.unit, "CSB", code).unwrap_or_default();
        if youth > students {
            let what = format!("{youth} unaccompanied youth with residence {code}, but {students} students");
            said.say(found, "SUB-35", &what);
        }
    }
}

/// SUB-41: age, race and sex of each programme against its subtotal.
fn programmes(said: &Said<'_, '_>, found: &mut Found) {
    let file = said.file;
    let Some(subtotal) = file.plans.sets.iter().position(|plan| plan.set == "ST1") else { return };
    let programme = |record: &super::records::Clean| {
        ["NEGDELPROGTYPE", "NEGDELPROGTYPE2"]
            .iter()
            .find_map(|name| file.code(record, name))
            .map(str::to_owned)
    };
    for (plan, place) in file.plans.sets.iter().zip(0usize..) {
        let names: Vec<&str> = plan
            .categories
            .iter()
            .filter_map(|at| file.plans.categories.get(*at))
            .map(|category| category.name.as_str())
            .collect();
        let full =
            names.iter().any(|name| matches!(*name, "AGEALL" | "RACEETHNIC" | "SEX")) && names.len() == 2;
        if !full {
            continue;
        }
        for (_, record) in said.unit.of_set(subtotal) {
            let Some(code) = programme(record) else { continue };
            let parts = said.unit.of_set(place);
            let sum: u64 = parts
                .iter()
                .filter(|(_, part)| programme(part).as_deref() == Some(code.as_str()))
                .map(|(_, part)| part.amount)
                .sum();
            if !parts.is_empty() && sum != record.amount {
                let what = format!(
                    "set {} adds up to {sum} for {code}, the subtotal is {}",
                    plan.set, record.amount
                );
                said.say(found, "SUB-41", &what);
            }
        }
    }
}

/// The sum of a set by grade, over records that pass.
fn by_grade(
    said: &Said<'_, '_>,
    place: usize,
    pass: impl Fn(&super::records::Clean) -> bool,
) -> std::collections::BTreeMap<String, u64> {
    let mut sums = std::collections::BTreeMap::new();
    for (_, record) in said.unit.of_set(place) {
        let grade = said.file.plans.categories.iter().filter(|known| known.name.starts_with("GRADELV"));
        let grade = grade.into_iter().find_map(|category| said.file.code(record, &category.name));
        if let Some(grade) = grade.filter(|_| pass(record)) {
            *sums.entry(grade.to_owned()).or_default() += record.amount;
        }
    }
    sums
}

fn holds(said: &Said<'_, '_>, place: usize, category: &str) -> bool {
    let plan = said.file.plans.sets.get(place);
    let names = plan.into_iter().flat_map(|plan| &plan.categories);
    names.filter_map(|at| said.file.plans.categories.get(*at)).any(|known| known.name == category)
}

/// SUB-32: sets that hold every student count the same number in each grade.
fn full_sets(said: &Said<'_, '_>, found: &mut Found) {
    let file = said.file;
    let mut tables: Vec<&str> = file.plans.sets.iter().map(|plan| plan.table.as_str()).collect();
    tables.dedup();
    for table in tables {
        let full: Vec<usize> = (0..file.plans.sets.len())
            .filter(|place| file.plans.sets.get(*place).is_some_and(|plan| plan.table == table))
            .filter(|place| holds(said, *place, "MAJORREG") || holds(said, *place, "SEX"))
            .filter(|place| !said.unit.of_set(*place).is_empty())
            .collect();
        let Some((first, others)) = full.split_first() else { continue };
        let wanted = by_grade(said, *first, |_| true);
        for other in others {
            if by_grade(said, *other, |_| true) != wanted {
                let names = [first, other]
                    .map(|place| file.plans.sets.get(*place).map_or("", |plan| plan.set.as_str()));
                let what = format!(
                    "sets {} and {} count different numbers of students in a grade",
                    names[0], names[1]
                );
                said.say(found, "SUB-32", &what);
            }
        }
    }
}

/// SUB-33: students of the English proficiency test against those among English learners.
fn proficiency_test(said: &Said<'_, '_>, found: &mut Found) {
    let file = said.file;
    let is = |record: &super::records::Clean| {
        file.plans.categories.iter().any(|category| {
            category.name.starts_with("PARTSTATUS") && file.code(record, &category.name) == Some("PARTELP")
        })
    };
    let learners = (0..file.plans.sets.len()).find(|place| holds(said, *place, "LEPONLY"));
    let everyone = (0..file.plans.sets.len()).find(|place| holds(said, *place, "SEX"));
    let (Some(learners), Some(everyone)) = (learners, everyone) else { return };
    let among = by_grade(said, learners, is);
    for (grade, count) in by_grade(said, everyone, is) {
        if grade != MISSING && count > among.get(&grade).copied().unwrap_or_default() {
            let what = format!(
                "grade {grade} has more students of the English proficiency test than English learners"
            );
            said.say(found, "SUB-33", &what);
        }
    }
}

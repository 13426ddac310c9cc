//! File against file: levels of one specification, and specifications that must agree.

use super::directory::Directory;
use super::records::Checked;
use super::special::{one, set_sum, total};
use super::units::{UnitRecords, unit_name, units};
use super::{CheckOptions, Found, levels, outcomes};
use crate::input::UnitStatus;
use crate::{Catalogue, Level, MISSING};
use std::collections::{BTreeMap, BTreeSet};

/// Runs the rules between files.
pub(crate) fn check(
    catalogue: &Catalogue,
    options: &CheckOptions,
    directory: &Directory,
    files: &[Checked<'_>],
    found: &mut Found,
) {
    twice(files, found);
    grades_offered(directory, files, found);
    for file in files {
        let number = file.opened.number.get();
        let other = |number: u16, level: Level| {
            files.iter().find(|known| known.opened.number.get() == number && known.opened.level == level)
        };
        let level = file.opened.level;
        if level == Level::Sea
            && super::load::counts_students(catalogue, file.opened.number)
            && let Some(leas) = other(number, Level::Lea)
        {
            levels::state_and_districts(catalogue, file, leas, found);
        }
        match (number, level) {
            (52, Level::Sea) => levels::add_up(file, other(52, Level::Lea), found),
            (52, Level::Lea) => levels::add_up(file, other(52, Level::Sch), found),
            (29, Level::Sch) => school_districts(directory, file, found),
            (33, _) => lunch(file, other(52, level), other(129, level), found),
            (40, Level::Lea | Level::Sch) => completers(directory, file, other(52, level), found),
            (54, _) => at_most_by_code(file, other(121, level), "SUB-40", found),
            (59, Level::Lea) => teachers(file, other(59, Level::Sch), found),
            (116, _) => served_learners(options, file, other(141, level), found),
            (143, _) => totals_at_least(file, other(88, level), found),
            (7, _) => reasons(file, other(5, level), found),
            (6, _) => {
                suspended(file, other(2, level), other(89, level), found);
                length_groups(file, other(88, level), found);
            }
            (150, _) => outcomes::rates(options, file, other(151, level), found),
            (175, _) => outcomes::results(file, other(185, level), found),
            (178, _) => outcomes::results(file, other(188, level), found),
            (179, _) => outcomes::results(file, other(189, level), found),
            (194, Level::Lea) => subgrants(file, other(170, Level::Lea), found),
            (37 | 134, Level::Lea) => title_one(file, other(223, Level::Sch), found),
            (212, _) => identification(file, other(206, level), found),
            _ => {}
        }
    }
}

pub(crate) fn say(
    file: &Checked<'_>,
    unit: &UnitRecords<'_>,
    code: &'static str,
    what: &str,
    found: &mut Found,
) {
    found.at(&file.opened.name, code, 0, None).say(what).about(&unit.name());
}

/// Pairs of units of two files.
pub(crate) fn pairs<'f>(a: &'f Checked<'_>, b: &'f Checked<'_>) -> Vec<(UnitRecords<'f>, UnitRecords<'f>)> {
    let mut others: BTreeMap<(&str, &str), UnitRecords<'f>> =
        units(b).into_iter().map(|unit| ((unit.lea, unit.school), unit)).collect();
    units(a)
        .into_iter()
        .filter_map(|unit| Some((others.remove(&(unit.lea, unit.school))?, unit)))
        .map(|(b, a)| (a, b))
        .collect()
}

/// SUB-46: a specification, level and year given twice.
fn twice(files: &[Checked<'_>], found: &mut Found) {
    for (file, place) in files.iter().zip(0usize..) {
        let same = files.iter().take(place).find(|known| {
            let (a, b) = (&known.opened, &file.opened);
            (a.number, a.level, a.year) == (b.number, b.level, b.year)
        });
        if let Some(first) = same {
            let what = format!("{} holds the same specification, level and year", first.opened.name);
            found.at(&file.opened.name, "SUB-46", 0, None).say(&what);
        }
    }
}

fn value(file: &Checked<'_>, values: &[String], element: &str) -> String {
    file.element(element).and_then(|place| values.get(place)).cloned().unwrap_or_default()
}

/// MTC-10 and MTC-11: grades offered against the directory, and districts against their schools.
fn grades_offered(directory: &Directory, files: &[Checked<'_>], found: &mut Found) {
    let offered = |file: &Checked<'_>| {
        let mut grades: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for (_, values) in &file.fields {
            let unit = (value(file, values, "StateLEAIDNumber"), value(file, values, "StateSchoolIDNumber"));
            grades.entry(unit).or_default().insert(value(file, values, "GradeLevelID"));
        }
        grades
    };
    let of =
        |level: Level| files.iter().find(|file| file.opened.number.get() == 39 && file.opened.level == level);
    for level in [Level::Lea, Level::Sch] {
        let Some(file) = of(level) else { continue };
        let grades = offered(file);
        let known: Vec<((String, String), Option<UnitStatus>)> = match level {
            Level::Lea if directory.has_leas => {
                directory.leas.iter().map(|(lea, unit)| ((lea.clone(), String::new()), unit.status)).collect()
            }
            Level::Sch if directory.has_schools => {
                directory.schools.iter().map(|(key, unit)| (key.clone(), unit.status)).collect()
            }
            _ => Vec::new(),
        };
        for (unit, status) in known {
            let Some(status) = status else { continue };
            let has = grades.contains_key(&unit);
            if has != status.is_reported() {
                let what = if has {
                    "a closed, inactive or future unit offers grades"
                } else {
                    "an open unit has no record"
                };
                found.at(&file.opened.name, "MTC-10", 0, None).say(what).about(&unit_name(&unit.0, &unit.1));
            }
        }
    }
    if let (Some(districts), Some(schools)) = (of(Level::Lea), of(Level::Sch)) {
        let above = offered(districts);
        for ((lea, school), grades) in offered(schools) {
            let own = above.get(&(lea.clone(), String::new()));
            let lacking: Vec<&str> = grades
                .iter()
                .filter(|grade| *grade != "NOGRADES" && !own.is_some_and(|own| own.contains(*grade)))
                .map(String::as_str)
                .collect();
            if !lacking.is_empty() {
                found
                    .at(&districts.opened.name, "MTC-11", 0, None)
                    .say(&format!("school {school} offers {}, its district does not", lacking.join(", ")))
                    .about(&lea);
            }
        }
    }
}

/// MTC-04: the district of each school of the directory.
fn school_districts(directory: &Directory, file: &Checked<'_>, found: &mut Found) {
    if !directory.has_leas {
        return;
    }
    for (line, values) in &file.fields {
        let lea = value(file, values, "StateLEAIDNumber");
        if !directory.leas.contains_key(&lea) {
            found
                .at(&file.opened.name, "MTC-04", *line, Some("LEA Identifier (State)"))
                .say("the district of the school is not in the LEA file")
                .about(&lea);
        }
    }
}

/// SUB-15 and SUB-16: lunch counts against membership and the schools' lunch status.
fn lunch(file: &Checked<'_>, members: Option<&Checked<'_>>, status: Option<&Checked<'_>>, found: &mut Found) {
    if let Some(members) = members {
        for (unit, membership) in pairs(file, members) {
            let Some(enrolled) = total(members, &membership, "") else { continue };
            for table in ["LUNCHFREERED", "DIRECTCERT"] {
                if let Some(count) = total(file, &unit, table).filter(|count| *count > enrolled) {
                    let what = format!("{table} has {count} students, the membership is {enrolled}");
                    say(file, &unit, "SUB-15", &what, found);
                }
            }
        }
    }
    if let Some(status) = status {
        let out: BTreeSet<(String, String)> = status
            .fields
            .iter()
            .filter(|(_, values)| values.iter().any(|value| value == "NSLPNO"))
            .map(|(_, values)| {
                (value(status, values, "StateLEAIDNumber"), value(status, values, "StateSchoolIDNumber"))
            })
            .collect();
        for unit in units(file) {
            if out.contains(&(unit.lea.to_owned(), unit.school.to_owned())) {
                say(file, &unit, "SUB-16", "the school does not take part in the lunch programme", found);
            }
        }
    }
}

/// SUB-27: graduates only in units with grade 12 and membership.
fn completers(directory: &Directory, file: &Checked<'_>, members: Option<&Checked<'_>>, found: &mut Found) {
    let enrolled: Option<BTreeMap<(String, String), u64>> = members.map(|members| {
        let all = units(members);
        let one = |unit: &UnitRecords<'_>| {
            ((unit.lea.to_owned(), unit.school.to_owned()), total(members, unit, "").unwrap_or(0))
        };
        all.iter().map(one).collect()
    });
    for unit in units(file) {
        let grades = directory.grades(file.opened.level, unit.lea, unit.school);
        if grades.is_some_and(|grades| !grades.contains(crate::Grade::TWELVE)) {
            say(file, &unit, "SUB-27", "the unit does not offer grade 12", found);
            continue;
        }
        let key = (unit.lea.to_owned(), unit.school.to_owned());
        if enrolled.as_ref().is_some_and(|enrolled| enrolled.get(&key).copied().unwrap_or(0) == 0) {
            say(file, &unit, "SUB-27", "the unit has no membership", found);
        }
    }
}

/// SUB-40: served against eligible by age and grade.
fn at_most_by_code(file: &Checked<'_>, other: Option<&Checked<'_>>, code: &'static str, found: &mut Found) {
    let Some(other) = other else { return };
    let by_age = |file: &Checked<'_>, unit: &UnitRecords<'_>| -> BTreeMap<String, u64> {
        let mut ages = BTreeMap::new();
        for (plan, place) in file.plans.sets.iter().zip(0usize..) {
            let [only] = plan.categories.as_slice() else { continue };
            let Some(category) = file.plans.categories.get(*only) else { continue };
            if !category.name.starts_with("AGEGRD") {
                continue;
            }
            for (codes, record) in unit.of_set(place) {
                let code = codes.first().and_then(|code| category.codes.get(usize::from(*code)));
                if let Some(code) = code {
                    ages.insert(code.clone(), record.amount);
                }
            }
        }
        ages
    };
    for (unit, known) in pairs(file, other) {
        let eligible = by_age(other, &known);
        for (age, count) in by_age(file, &unit) {
            let limit = eligible.get(&age).copied();
            if age != MISSING && limit.is_some_and(|limit| count > limit) {
                let what = format!("{count} served at {age}, {} eligible", limit.unwrap_or(0));
                say(file, &unit, code, &what, found);
            }
        }
    }
}

/// SUB-45: teachers of the schools against those of the district.
fn teachers(file: &Checked<'_>, schools: Option<&Checked<'_>>, found: &mut Found) {
    let Some(schools) = schools else { return };
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for record in &schools.clean {
        *sums.entry(record.lea.to_string()).or_default() += record.amount;
    }
    for unit in units(file) {
        let own: u64 = unit
            .records()
            .filter(|record| file.code(record, "STAFFCATGCCD").is_some_and(|code| code.ends_with("TCH")))
            .map(|record| record.amount)
            .sum();
        let below = sums.get(unit.lea).copied().unwrap_or(0);
        if below > own {
            let shown = |parts: u64| format!("{}.{:02}", parts / 100, parts % 100);
            let what = format!("the schools have {} teachers, the district {}", shown(below), shown(own));
            say(file, &unit, "SUB-45", &what, found);
        }
    }
}

/// SUB-38: served learners against learners, with the tolerance for those who come and go.
fn served_learners(
    options: &CheckOptions,
    file: &Checked<'_>,
    learners: Option<&Checked<'_>>,
    found: &mut Found,
) {
    let Some(learners) = learners else { return };
    for (unit, known) in pairs(file, learners) {
        let (Some(served), Some(count)) = (total(file, &unit, ""), total(learners, &known, "")) else {
            continue;
        };
        let above = served.saturating_sub(count);
        let percent = above.saturating_mul(100) > count.saturating_mul(options.tolerated_percent);
        if above > options.tolerated_students && percent {
            say(file, &unit, "SUB-38", &format!("{served} served, {count} English learners"), found);
        }
    }
}

/// SUB-23: removals against students removed.
fn totals_at_least(file: &Checked<'_>, other: Option<&Checked<'_>>, found: &mut Found) {
    let Some(other) = other else { return };
    for (unit, known) in pairs(file, other) {
        let (Some(removals), Some(students)) = (total(file, &unit, ""), total(other, &known, "")) else {
            continue;
        };
        if removals < students {
            say(file, &unit, "SUB-23", &format!("{removals} removals of {students} students"), found);
        }
    }
}

/// SUB-24: removals by reason against students removed by school staff.
fn reasons(file: &Checked<'_>, other: Option<&Checked<'_>>, found: &mut Found) {
    let Some(other) = other else { return };
    for (unit, known) in pairs(file, other) {
        let removals = set_sum(file, &unit, "ST1").unwrap_or(0);
        let students = one(other, &known, "ST1", "REMDW").unwrap_or(0);
        if (removals > 0 && students == 0) || removals < students {
            let what = format!("{removals} removals by reason, {students} students removed by school staff");
            say(file, &unit, "SUB-24", &what, found);
        }
    }
}

/// SUB-25: suspended children against twice the child count.
fn suspended(
    file: &Checked<'_>,
    school_age: Option<&Checked<'_>>,
    early: Option<&Checked<'_>>,
    found: &mut Found,
) {
    let (Some(school_age), Some(early)) = (school_age, early) else { return };
    let of = |file: &Checked<'_>| -> BTreeMap<(String, String), u64> {
        let all = units(file);
        let one = |unit: &UnitRecords<'_>| {
            ((unit.lea.to_owned(), unit.school.to_owned()), total(file, unit, "").unwrap_or(0))
        };
        all.iter().map(one).collect()
    };
    let (a, b) = (of(school_age), of(early));
    for unit in units(file) {
        let key = (unit.lea.to_owned(), unit.school.to_owned());
        let children = a.get(&key).copied().unwrap_or(0) + b.get(&key).copied().unwrap_or(0);
        let count = set_sum(file, &unit, "ST1").unwrap_or(0);
        if count > children.saturating_mul(2) {
            let what = format!("{count} children by method, the child count is {children}");
            say(file, &unit, "SUB-25", &what, found);
        }
    }
}

/// SUB-21: the students of a method, over its length groups, against all students removed: more of them means that
/// somebody stands in two groups.
fn length_groups(file: &Checked<'_>, removed: Option<&Checked<'_>>, found: &mut Found) {
    let Some(removed) = removed else { return };
    let Some(set) = file.plans.sets.iter().position(|plan| plan.set == "ST1") else { return };
    for (unit, known) in pairs(file, removed) {
        let Some(students) = total(removed, &known, "") else { continue };
        let mut methods: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, record) in unit.of_set(set) {
            *methods.entry(file.code(record, "DSCPLMETHOD").unwrap_or_default()).or_default() +=
                record.amount;
        }
        for (method, count) in methods.into_iter().filter(|(_, count)| *count > students) {
            let what = format!(
                "{count} students in the length groups of {method}, {students} students removed in all"
            );
            say(file, &unit, "SUB-21", &what, found);
        }
    }
}

/// SUB-36: served children in districts with a subgrant.
fn subgrants(file: &Checked<'_>, grants: Option<&Checked<'_>>, found: &mut Found) {
    let Some(grants) = grants else { return };
    let receives: BTreeSet<String> = grants
        .fields
        .iter()
        .filter(|(_, values)| values.iter().any(|value| value == "MVSUBGYES"))
        .map(|(_, values)| value(grants, values, "StateLEAIDNumber"))
        .collect();
    for unit in units(file) {
        let counted = unit.records().any(|record| record.amount > 0);
        if counted && !receives.contains(unit.lea) {
            say(file, &unit, "SUB-36", "the district receives no subgrant in file 170", found);
        }
    }
}

/// SUB-39: Title I counts in districts with a Title I school.
fn title_one(file: &Checked<'_>, schools: Option<&Checked<'_>>, found: &mut Found) {
    let Some(schools) = schools else { return };
    let with: BTreeSet<String> = schools
        .fields
        .iter()
        .filter(|(_, values)| !values.iter().any(|value| value == "NOTTITLE1ELIG" || value == MISSING))
        .map(|(_, values)| value(schools, values, "StateLEAIDNumber"))
        .collect();
    for unit in units(file) {
        let counted = unit.records().any(|record| record.amount > 0);
        if counted && !with.contains(unit.lea) {
            say(file, &unit, "SUB-39", "no school of the district has a Title I status in file 223", found);
        }
    }
}

/// SUB-42: reasons of identification against the status of the school.
fn identification(file: &Checked<'_>, statuses: Option<&Checked<'_>>, found: &mut Found) {
    let Some(statuses) = statuses else { return };
    let mut known: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for record in &statuses.clean {
        let codes = ["CompSupImprvmntID", "TrgtSupImprvmntID", "AddlTrgtSupImprvmntID"]
            .iter()
            .filter_map(|category| statuses.code(record, category))
            .map(str::to_owned);
        known.entry((&*record.lea, &*record.school)).or_default().extend(codes);
    }
    for record in &file.clean {
        let Some(set) = file.plans.sets.get(record.set) else { continue };
        let wanted = match set.table.as_str() {
            "CSIREASONS" => "CSI",
            "TSIREASONS" => "TSI",
            _ => "ADDLTSI",
        };
        let has = known.get(&(&*record.lea, &*record.school));
        if !has.is_some_and(|codes| codes.iter().any(|code| code == wanted)) {
            found
                .at(&file.opened.name, "SUB-42", record.line, None)
                .say(&format!("a reason without the status {wanted} in file 206"))
                .about(&unit_name(&record.lea, &record.school));
        }
    }
}

//! Masks real public tables under three policies, certifies them, reports what is withheld, and attacks
//! tables that were published masked. Argument: the folder that holds the tables, each in its own folder
//! (`wy-enrollment`, `mt-acgr`, `ccd-membership-2023-24`, `ri-masked-enrollment`, `mt-assessment`).
//! Fails if a table cannot be certified, or if the attacks find nothing.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a trial program: it stops at the first surprise"
)]

use opi_mask::audit::{Effort, Known, View, audit};
use opi_mask::utility::utility;
use opi_mask::{Certified, Dimension, Policy, Publication, Rule, Task, Value, Zeros, suppress};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Dimensions and leaf counts.
type Counts = (Vec<Dimension>, Vec<(Vec<String>, u64)>);

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1).map(PathBuf::from) else {
        println!("name the folder of tables");
        return ExitCode::from(2);
    };
    let rule = |id: &'static str| (id, Policy::find(id).unwrap().rule(Some(Zeros::Show)).unwrap());
    let rules = ["montana-opi", "ferpa-n10", "montana-essa-report-card-2024"].map(rule);
    let mut good = true;
    for year in ["2000", "2003"] {
        good &= run(
            &format!("Wyoming {year}: state > district > school by grade"),
            &wyoming(&folder, year),
            &rules,
        );
    }
    for year in ["1112", "1213"] {
        good &= run(
            &format!("Montana graduation cohorts {year}: state > district > school by race"),
            &cohorts(&folder, year),
            &rules,
        );
    }
    good &= run("Twelve districts by grade, race and sex", &membership(&folder), &rules);
    good &= attack_rhode_island(&folder) > 0;
    good &= attack_montana(&folder) > 0;
    ExitCode::from(u8::from(!good))
}

/// Whether every rule gave a certified table.
fn run(title: &str, (dimensions, leaves): &Counts, rules: &[(&str, Rule)]) -> bool {
    println!("\n{title}");
    let mut good = true;
    for (id, rule) in rules {
        let mut builder = Publication::builder(dimensions.clone()).zeros_known(rule.zeros.known());
        for (codes, count) in leaves {
            builder.count(codes, *count).unwrap();
        }
        let publication = builder.build().unwrap();
        let task = Task::of(&publication, rule).unwrap();
        let certified = suppress(&publication, &task)
            .and_then(|pattern| Certified::new(publication, pattern, Effort::default()));
        match certified {
            Ok(certified) => {
                let u = utility(&certified);
                println!(
                    "  {id:<29} limit {:>2}: {:>6} cells, {:>5} sensitive, {:>4} further; value of the further {:>6} of {:>9}; cost {:>6}, proved lower bound {:>6}{}",
                    rule.max_masked,
                    u.all.cells,
                    u.all.primary,
                    u.all.secondary,
                    u.all.secondary_value,
                    u.all.value,
                    u.cost,
                    u.lower_bound.unwrap_or(0),
                    if u.optimal { ", optimal" } else { "" },
                );
            }
            Err(problem) => {
                println!("  {id:<29} not released: {problem}");
                good = false;
            }
        }
    }
    good
}

fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    reader
        .records()
        .map(|r| header.iter().cloned().zip(r.unwrap().iter().map(str::to_owned)).collect())
        .collect()
}

fn wyoming(folder: &Path, year: &str) -> Counts {
    let file = std::fs::read_dir(folder.join("wy-enrollment")).unwrap();
    let path = file.map(|f| f.unwrap().path()).find(|p| p.extension().is_some_and(|e| e == "csv")).unwrap();
    let grades: Vec<String> =
        std::iter::once("k".to_owned()).chain((1..=12).map(|g| format!("{g:02}"))).collect();
    let (mut units, mut leaves) = (BTreeSet::new(), Vec::new());
    for row in rows(&path).iter().filter(|r| r["end_year"] == year && r["type"] == "School") {
        let district = format!("D{}", row["district_id"]);
        let school = format!("{district}-{}-{}", row["school_id"], row["campus_id"]);
        units.insert((district.clone(), "State".to_owned()));
        units.insert((school.clone(), district));
        for grade in &grades {
            let count = row[&format!("grade_{grade}")].trim().parse().unwrap_or(0);
            leaves.push((vec![school.clone(), grade.clone()], count));
        }
    }
    let list = std::iter::once("Total".to_owned()).chain(grades);
    (
        vec![
            Dimension::from_edges("unit", "State", units).unwrap(),
            Dimension::parse("grade", list).unwrap(),
        ],
        leaves,
    )
}

fn cohorts(folder: &Path, year: &str) -> Counts {
    let name = format!("acgr_sch_sy20{}-{}_MT.csv", &year[..2], &year[2..]);
    let races = ["MAM", "MAS", "MBL", "MHI", "MTR", "MWH"];
    let (mut units, mut leaves) = (BTreeSet::new(), Vec::new());
    for row in rows(&folder.join("mt-acgr").join(name)) {
        let (district, school) = (format!("L{}", row["LEAID"]), format!("S{}", row["NCESSCH"]));
        units.insert((district.clone(), "State".to_owned()));
        units.insert((school.clone(), district));
        for race in races {
            let count = row[&format!("{race}_COHORT_{year}")].trim().parse().unwrap_or(0);
            leaves.push((vec![school.clone(), race.to_owned()], count));
        }
    }
    let list = std::iter::once("Total").chain(races);
    (
        vec![Dimension::from_edges("unit", "State", units).unwrap(), Dimension::parse("race", list).unwrap()],
        leaves,
    )
}

fn membership(folder: &Path) -> Counts {
    let (mut units, mut leaves) = (BTreeSet::new(), Vec::new());
    let mut codes: [BTreeSet<String>; 3] = Default::default();
    for row in rows(&folder.join("ccd-membership-2023-24").join("membership_long.csv")) {
        let key = ["GRADE", "RACE", "SEX"].map(|k| row[k].clone());
        let Ok(count) = row["COUNT"].parse::<u64>() else { continue };
        if key.iter().any(|k| k == "ALL") {
            continue;
        }
        units.insert((row["LEAID"].clone(), "All".to_owned()));
        for (set, code) in codes.iter_mut().zip(&key) {
            set.insert(code.clone());
        }
        leaves.push((std::iter::once(row["LEAID"].clone()).chain(key).collect(), count));
    }
    let mut dims = vec![Dimension::from_edges("district", "All", units).unwrap()];
    for (name, set) in ["grade", "race", "sex"].into_iter().zip(codes) {
        let list = std::iter::once("Total".to_owned()).chain(set);
        dims.push(Dimension::parse(name, list).unwrap());
    }
    (dims, leaves)
}

/// Rhode Island's schools of October 2024: a blank race or sex stands for 0 to 9.
fn attack_rhode_island(folder: &Path) -> usize {
    println!("\nRhode Island 2024 as published: what can be worked out");
    let races = ["NATIVE", "ASIAN", "BLACK", "HISPANIC", "MULTIRACE", "PACIFICISLANDER", "WHITE"];
    let sexes = ["FEMALE", "OTHER", "MALE"];
    let mut view = View::new();
    let table = rows(&folder.join("ri-masked-enrollment").join("ri_oct1_2024_by_school.csv"));
    for row in table.iter().filter(|r| !r["schcode"].is_empty()) {
        let school = &row["schcode"];
        let Ok(Value::Count(total)) = row["total"].parse() else { continue };
        let total = view.cell(&format!("{school}|Total"), Known::Shown(total)).unwrap();
        for (name, group) in [("race", &races[..]), ("sex", &sexes[..])] {
            let parts: Vec<usize> = group
                .iter()
                .map(|code| {
                    let known = match row[*code].parse() {
                        Ok(Value::Count(n)) => Known::Shown(n),
                        _ => Known::Hidden { lo: 0, hi: Some(9) },
                    };
                    view.cell(&format!("{school}|{code}"), known).unwrap()
                })
                .collect();
            view.sum(&format!("[{school}|Total] over {name}"), total, &parts);
        }
    }
    match audit(&view, Effort::default()) {
        Ok(found) => {
            println!(
                "  {} of {} hidden figures have one possible value",
                found.exposed.len(),
                found.intervals.len()
            );
            let narrow = found.intervals.iter().filter(|i| i.hi.is_some_and(|h| h < i.lo + 3)).count();
            println!("  {narrow} have at most three");
            for exposure in found.exposed.iter().filter(|e| e.value > 0).take(5) {
                println!("  [{}] = {}: {}", exposure.label, exposure.value, exposure.derivation);
            }
            return found.exposed.len();
        }
        Err(problem) => println!("  {problem}"),
    }
    0
}

/// Montana's statewide assessment tables: level counts of each group, small ones marked. All students are the
/// sum of both sexes, of the lunch pair, of the language pair, and of the races, level by level.
fn attack_montana(folder: &Path) -> usize {
    println!("\nMontana assessment tables as published: what can be worked out");
    let sets: [&[&str]; 4] = [
        &["Male", "Female"],
        &["EL", "Not EL"],
        &["FreeReduced Lunch", "NoFreeReduced Lunch"],
        &["Native American", "Asian", "Black", "Hispanic", "NHPI", "Multi-Racial", "White"],
    ];
    let levels = ["Novice", "Nearing", "Proficient", "Advanced"];
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder.join("mt-assessment/state")).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let mut view = View::new();
    let mut tables: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for path in &files {
        let name = path.file_stem().unwrap().to_string_lossy().replace(" 2015-2023", "");
        let kind = ["PartRate", "Percent", "ProfRate", "Enrollment"].iter().any(|k| name.contains(k));
        let Some((place, group)) = ["ELA", "Science"].iter().find_map(|subject| {
            let (grade, group) = name.split_once(subject)?;
            Some((format!("{}{subject}", grade.trim_start_matches("Montana ")), group.trim().to_owned()))
        }) else {
            continue;
        };
        if kind {
            continue;
        }
        let group = if group.is_empty() { "All".to_owned() } else { group };
        for row in rows(path) {
            let year = row["School Year"].clone();
            for (column, text) in &row {
                if !column.contains("Students") {
                    continue;
                }
                let column = column.replace("Proficiency", "Proficient");
                let level = levels.iter().find(|l| column.contains(**l));
                let (Some(level), Ok(value)) = (level, text.parse::<Value>()) else { continue };
                let known = match value {
                    Value::Count(n) => Known::Shown(n),
                    Value::Masked(_) => Known::Hidden { lo: 0, hi: None },
                    _ => continue,
                };
                if let Err(problem) = view.cell(&format!("{place} {year}|{group}|{level}"), known) {
                    println!("  passed over: {problem}");
                    continue;
                }
                tables
                    .entry((format!("{place} {year}"), (*level).to_owned()))
                    .or_default()
                    .insert(group.clone());
            }
        }
    }
    for ((table, level), groups) in &tables {
        for set in sets.iter().filter(|s| groups.contains("All") && s.iter().all(|g| groups.contains(*g))) {
            let at = |group: &str| view.position(&format!("{table}|{group}|{level}")).unwrap();
            let (all, parts) = (at("All"), set.iter().map(|g| at(g)).collect::<Vec<_>>());
            view.sum(&format!("[{table}|All|{level}] over {}", set.join(", ")), all, &parts);
        }
    }
    match audit(&view, Effort::default()) {
        Ok(found) => {
            println!(
                "  {} of {} hidden figures have one possible value",
                found.exposed.len(),
                found.intervals.len()
            );
            for exposure in found.exposed.iter().take(4) {
                println!("  [{}] = {}: {}", exposure.label, exposure.value, exposure.derivation);
            }
            return found.exposed.len();
        }
        Err(problem) => println!("  {problem}"),
    }
    0
}

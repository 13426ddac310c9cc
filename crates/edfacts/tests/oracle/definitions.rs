//! The definitions of the files as plain loops: who counts, in which cells, and which rows are owed.

use crate::case::{Case, active, age, exit_age, grade_place, text};
use crate::{Key, Set, Values, codes, common, sets};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl<'c> Case<'c> {
    /// What a student adds to a file in a unit: the values of each thing that counts.
    pub(crate) fn adds(
        &self,
        file: &str,
        level: &str,
        unit: (&str, &str),
        student: &'c Value,
    ) -> Vec<Values> {
        let id = text(student, "id");
        let birth = text(student, "birthdate");
        let mut out = Vec::new();
        let grade_of = |row: &Value| if row["grade"].is_null() { "" } else { text(row, "grade") }.to_owned();
        let or_missing = |code: &str| if code.is_empty() { "MISSING".to_owned() } else { code.to_owned() };
        let count_day = "2025-11-01";
        match file {
            "052" => {
                let rows = self.enrolled(level, unit, id, "2025-10-06").into_iter().filter(|row| {
                    let grade = grade_of(row);
                    let offered = match level {
                        "SEA" => true,
                        _ => grade.is_empty() || self.offers(unit.0, unit.1).contains(&grade.as_str()),
                    };
                    let program = level == "SCH"
                        && text(self.unit(unit.0, unit.1).unwrap(), "school_type") == "Reportable program";
                    !["UG", "13", "AE"].contains(&grade.as_str()) && offered && !program
                });
                if let Some(row) = Self::best(rows.collect()) {
                    let mut values = self.on_day(student, text(row, "lea"), "2025-10-06");
                    values.insert("GRADELVMEM", vec![or_missing(&grade_of(row))]);
                    out.push(values);
                }
            }
            "226" => {
                let members = self.adds("052", level, unit, student);
                out.extend(members.into_iter().filter(|values| values.contains_key("ECODIS")));
            }
            "144" => self.expulsions(level, unit, student, &mut out),
            "002" | "089" => {
                let years = age(birth, count_day);
                let rows = self.enrolled(level, unit, id, count_day).into_iter().filter(|row| {
                    let Some(idea) = self.status(id, "idea", text(row, "lea"), count_day) else {
                        return false;
                    };
                    let early = ["", "PK"].contains(&grade_of(row).as_str());
                    let home = ["HH", "PPPS"].contains(&text(idea, "env_school_age"));
                    match file {
                        "002" => {
                            ((6..=21).contains(&years) || (years == 5 && !early)) && !(level == "SCH" && home)
                        }
                        _ => years == 3 || years == 4 || (years == 5 && early),
                    }
                });
                if let Some(row) = Self::best(rows.collect()) {
                    let mut values = self.on_day(student, text(row, "lea"), count_day);
                    let code = |five: &str| if years == 5 { five.to_owned() } else { years.to_string() };
                    values.insert("AGESA", vec![code("AGE05K")]);
                    values.insert("AGEEC", vec![code("AGE05NOTK")]);
                    out.push(values);
                }
            }
            "141" => {
                let day = "2025-10-01";
                let rows = self.enrolled(level, unit, id, day).into_iter().filter(|row| {
                    !["PK", "AE", "UG", "13"].contains(&grade_of(row).as_str())
                        && self.status(id, "el", text(row, "lea"), day).is_some()
                });
                if let Some(row) = Self::best(rows.collect()) {
                    let mut values = self.on_day(student, text(row, "lea"), day);
                    values.insert("GRADELVBASICW13", vec![or_missing(&grade_of(row))]);
                    out.push(values);
                }
            }
            "118" | "045" => {
                let kind = if file == "118" { "homeless" } else { "immigrant" };
                let mut days: Vec<(String, &Value)> = Vec::new();
                for row in self.of("enrollments", id) {
                    if text(row, "service_type") != "P" || !self.inside(level, unit, row) {
                        continue;
                    }
                    for status in self.of("statuses", id) {
                        let here = status["lea"].is_null() || text(status, "lea") == text(row, "lea");
                        if text(status, "kind") != kind || !here {
                            continue;
                        }
                        let first = [text(row, "entry"), text(status, "begin"), "2025-07-01"]
                            .into_iter()
                            .max()
                            .unwrap();
                        let both =
                            active(row, "entry", "exit", first) && active(status, "begin", "end", first);
                        if both && first <= "2026-06-30" {
                            days.push((first.to_owned(), row));
                        }
                    }
                }
                let Some(first) = days.iter().map(|(day, _)| day.clone()).min() else { return out };
                let rows = days.iter().filter(|(day, _)| *day == first).map(|(_, row)| *row).collect();
                let row = Self::best(rows).unwrap();
                let years = age(birth, &first);
                let grade = grade_of(row);
                let mut values = self.on_day(student, text(row, "lea"), &first);
                if file == "045" {
                    if !(3..=21).contains(&age(birth, "2025-10-01")) {
                        return out;
                    }
                    values.insert("IMGRNTPROGPART", vec!["PART".into()]);
                } else if grade == "AE" {
                    return out;
                } else if ["", "PK"].contains(&grade.as_str()) {
                    if years < 3 {
                        return out;
                    }
                    let young = (3..=5).contains(&years);
                    let code = if young { "3TO5NOTK" } else { "MISSING" };
                    values.insert("AGE3TOGRADE13", vec![code.into()]);
                } else {
                    values.insert("AGE3TOGRADE13", vec![grade]);
                }
                out.push(values);
            }
            "009" => {
                let mut rows: Vec<&Value> = self
                    .of("exits", id)
                    .into_iter()
                    .filter(|row| self.inside(level, unit, row))
                    .filter(|row| (14..=21).contains(&exit_age(birth, text(row, "date"))))
                    .filter(|row| {
                        let idea = self.status(id, "idea", text(row, "lea"), text(row, "date"));
                        idea.is_none_or(|idea| text(idea, "env_school_age") != "PPPS")
                    })
                    .collect();
                rows.sort_by(|a, b| {
                    text(b, "date")
                        .cmp(text(a, "date"))
                        .then(text(a, "lea").cmp(text(b, "lea")))
                        .then(text(a, "reason").cmp(text(b, "reason")))
                });
                if let Some(row) = rows.first() {
                    let mut values = self.on_day(student, text(row, "lea"), text(row, "date"));
                    values.insert("BASISEXIT", vec![text(row, "reason").into()]);
                    values.insert("AGEEXITSPED", vec![exit_age(birth, text(row, "date")).to_string()]);
                    out.push(values);
                }
            }
            "005" | "006" | "007" | "088" | "143" => {
                let years = age(birth, count_day);
                let events: Vec<&Value> = self
                    .of("discipline", id)
                    .into_iter()
                    .filter(|row| self.inside(level, unit, row) && (3..=21).contains(&years))
                    .filter(|row| {
                        let idea = self.status(id, "idea", text(row, "lea"), text(row, "date"));
                        idea.is_some_and(|idea| text(idea, "env_school_age") != "PPPS")
                    })
                    .collect();
                self.removals(file, student, &events, &mut out);
            }
            "032" | "040" => {
                let mut rows: Vec<&Value> = self
                    .of("departures", id)
                    .into_iter()
                    .filter(|row| self.inside(level, unit, row))
                    .filter(|row| (text(row, "kind") == "dropout") == (file == "032"))
                    .filter(|row| text(row, "date") >= "2025-10-01" && text(row, "date") <= "2026-09-30")
                    .collect();
                let back = self.of("enrollments", id).iter().any(|row| {
                    text(row, "service_type") == "P"
                        && self.open(text(row, "lea"), "")
                        && active(row, "entry", "exit", "2026-10-01")
                });
                if file == "032" && back {
                    return out;
                }
                if file == "040" && level != "SEA" {
                    let members = self
                        .rows("students")
                        .iter()
                        .any(|other| !self.adds("052", level, unit, other).is_empty());
                    if !members || !self.offers(unit.0, unit.1).contains(&"12") {
                        return out;
                    }
                }
                rows.sort_by(|a, b| {
                    let order = ["dropout", "REGDIP", "OTHCOM"];
                    let place = |row: &Value| order.iter().position(|kind| *kind == text(row, "kind"));
                    text(b, "date")
                        .cmp(text(a, "date"))
                        .then(text(a, "lea").cmp(text(b, "lea")))
                        .then(text(a, "school").cmp(text(b, "school")))
                        .then(grade_place(text(a, "grade")).cmp(&grade_place(text(b, "grade"))))
                        .then(place(a).cmp(&place(b)))
                });
                if let Some(row) = rows.first() {
                    let mut values = self.on_day(student, text(row, "lea"), text(row, "date"));
                    let grade = if text(row, "grade") == "06" { "BELOW7" } else { text(row, "grade") };
                    values.insert("GRADELDROP", vec![grade.into()]);
                    values.insert("DIPLCREDTYPE", vec![text(row, "kind").into()]);
                    out.push(values);
                }
            }
            "150" | "151" => {
                for row in self.of("cohorts", id) {
                    let first: i64 = text(row, "first_year")[..4].parse().unwrap();
                    let length = 2026 - first;
                    if !self.inside(level, unit, row) || !(4..=10).contains(&length) {
                        continue;
                    }
                    let from = format!("{first}-07-01");
                    let held = |kind: &str| {
                        self.of("statuses", id).iter().any(|status| {
                            text(status, "kind") == kind
                                && (status["lea"].is_null() || text(status, "lea") == text(row, "lea"))
                                && text(status, "begin") <= "2026-09-30"
                                && (status["end"].is_null() || text(status, "end") >= from.as_str())
                        })
                    };
                    let mut values = self.common(student, text(row, "lea"), &held, None);
                    values.insert("COHSTATUS", vec![text(row, "outcome").into()]);
                    values.insert("", vec![length.to_string()]);
                    out.push(values);
                }
            }
            "195" => {
                let rows: Vec<&Value> = self
                    .of("enrollments", id)
                    .into_iter()
                    .filter(|row| self.inside(level, unit, row) && text(row, "service_type") == "P")
                    .filter(|row| !["", "PK", "13", "AE"].contains(&grade_of(row).as_str()))
                    .filter(|row| {
                        text(row, "entry") <= "2026-06-30"
                            && (row["exit"].is_null() || text(row, "exit") >= "2025-07-01")
                    })
                    .collect();
                let sum = |key: &str| rows.iter().map(|row| row[key].as_f64().unwrap() * 2.0).sum::<f64>();
                let (enrolled, absent) = (sum("days_enrolled"), sum("days_absent"));
                if rows.is_empty() || enrolled < 20.0 || absent * 10.0 < enrolled {
                    return out;
                }
                let held = |kind: &str| {
                    self.of("statuses", id).iter().any(|status| {
                        let here = status["lea"].is_null() || text(status, "lea") == unit.0;
                        text(status, "kind") == kind
                            && here
                            && rows.iter().any(|row| {
                                (row["exit"].is_null() || text(status, "begin") <= text(row, "exit"))
                                    && (status["end"].is_null() || text(status, "end") >= text(row, "entry"))
                                    && text(status, "begin") <= "2026-06-30"
                            })
                    })
                };
                out.push(self.common(student, unit.0, &held, None));
            }
            _ => unreachable!("{file}"),
        }
        out
    }

    /// Expelled students: with disabilities by age, others by grade.
    fn expulsions(&self, level: &str, unit: (&str, &str), student: &Value, out: &mut Vec<Values>) {
        let id = text(student, "id");
        let years = age(text(student, "birthdate"), "2025-11-01");
        let counts = |row: &&Value| {
            let (lea, day) = (text(row, "lea"), text(row, "date"));
            if let Some(idea) = self.status(id, "idea", lea, day) {
                return text(idea, "env_school_age") != "PPPS" && (3..=21).contains(&years);
            }
            let there = self.enrolled("LEA", (lea, ""), id, day);
            let grade = Self::best(there).map_or("", |row| text(row, "grade"));
            common::GRADES[1..].contains(&grade)
        };
        for kind in ["SERVNOTPROV", "SERVPROV"] {
            let rows = self
                .of("discipline", id)
                .into_iter()
                .filter(|row| self.inside(level, unit, row) && text(row, "expulsion") == kind);
            let latest = rows
                .filter(counts)
                .max_by(|a, b| text(a, "date").cmp(text(b, "date")).then(text(b, "lea").cmp(text(a, "lea"))));
            if let Some(row) = latest {
                let mut values = self.on_day(student, text(row, "lea"), text(row, "date"));
                values.insert("EDUSERVICES", vec![kind.into()]);
                out.push(values);
            }
        }
    }

    pub(crate) fn removals(&self, file: &str, student: &Value, events: &[&Value], out: &mut Vec<Values>) {
        let days = |rows: &[&Value]| rows.iter().map(|row| row["days"].as_f64().unwrap()).sum::<f64>();
        let interim = |row: &&&Value| !row["interim"].is_null();
        let latest = |rows: &[&Value]| -> Values {
            let row = rows
                .iter()
                .max_by(|a, b| text(a, "date").cmp(text(b, "date")).then(text(b, "lea").cmp(text(a, "lea"))))
                .unwrap();
            self.on_day(student, text(row, "lea"), text(row, "date"))
        };
        let kinds = |key: &str| -> BTreeSet<String> {
            events.iter().map(|row| text(row, key).to_owned()).filter(|kind| !kind.is_empty()).collect()
        };
        match file {
            "005" => {
                for kind in kinds("interim") {
                    let rows: Vec<&Value> =
                        events.iter().filter(|row| text(row, "interim") == kind).copied().collect();
                    let mut values = latest(&rows);
                    values.insert("REMOVALTYPE", vec![kind]);
                    out.push(values);
                }
            }
            "006" => {
                for method in ["INSCHOOL", "OUTOFSCHOOL"] {
                    let of = |row: &&&Value| {
                        let own = text(row, "method");
                        let named =
                            if own.is_empty() && !row["expulsion"].is_null() { "OUTOFSCHOOL" } else { own };
                        !interim(row) && named == method
                    };
                    let rows: Vec<&Value> = events.iter().filter(of).copied().collect();
                    if rows.is_empty() || days(&rows) < 0.5 {
                        continue;
                    }
                    let mut values = latest(&rows);
                    values.insert("DSCPLMETHOD", vec![method.into()]);
                    let length = if days(&rows) > 10.0 { "GREATER10" } else { "LTOREQ10" };
                    values.insert("REMOVALLENSUS", vec![length.into()]);
                    out.push(values);
                }
            }
            "007" => {
                for row in events.iter().filter(|row| text(row, "interim") == "REMDW") {
                    let mut values = latest(&[row]);
                    values.insert("REMOVEREASON", vec![text(row, "reason").into()]);
                    out.push(values);
                }
            }
            _ if events.is_empty() || days(events) < 0.5 => {}
            "088" => {
                let sum = days(events);
                let length = if sum < 1.5 {
                    "LTOREQ1"
                } else if sum <= 10.0 {
                    "2TO10"
                } else {
                    "GREATER10"
                };
                let mut values = latest(events);
                values.insert("REMOVALLENIDEA", vec![length.into()]);
                out.push(values);
            }
            _ => out.extend(events.iter().map(|row| latest(&[row]))),
        }
    }

    /// Whether a unit owes a zero row for these codes.
    pub(crate) fn owes(
        &self,
        file: &str,
        level: &str,
        unit: (&str, &str),
        set: &Set,
        codes: &[(String, String)],
    ) -> bool {
        if set.categories.iter().any(|name| name == "LANGHOME") {
            return false;
        }
        let grades = self.offers(unit.0, unit.1);
        let bad = codes.iter().any(|(name, code)| {
            code == "MISSING"
                || (name.contains("GRADE") || name == "GRADELDROP")
                    && ["13", "UG", "AE"].contains(&code.as_str())
                || name == "MAJORREG" && ["MAP", "MF", "MHN", "MPR"].contains(&code.as_str())
                || file == "002" && level == "SCH" && ["HH", "PPPS"].contains(&code.as_str())
        });
        if bad {
            return false;
        }
        let offered = codes.iter().all(|(name, code)| match name.as_str() {
            "GRADELVMEM" => grades.contains(&code.as_str()),
            "GRADELDROP" if code == "BELOW7" => {
                common::GRADES[..8].iter().any(|grade| grades.contains(grade))
            }
            "GRADELDROP" => grades.contains(&code.as_str()),
            _ => true,
        });
        match (file, level) {
            ("150", _) => false,
            (_, "SEA") => true,
            ("052", "SCH") => {
                offered && text(self.unit(unit.0, unit.1).unwrap(), "school_type") != "Reportable program"
            }
            ("052" | "032", _) => offered,
            ("002", "SCH") => grades != ["PK"],
            ("002" | "005" | "006" | "007" | "088" | "143" | "144" | "195", _) => true,
            ("089", _) => grades.contains(&"PK"),
            ("226", _) => {
                let students = self.rows("students").iter();
                students.map(|other| self.adds("052", level, unit, other)).any(|rows| !rows.is_empty())
            }
            ("040", _) => {
                let members = self
                    .rows("students")
                    .iter()
                    .any(|other| !self.adds("052", level, unit, other).is_empty());
                set.set == "TOT" && grades.contains(&"12") && members
            }
            _ => false,
        }
    }

    pub(crate) fn records(&self, file: &str, level: &str) -> BTreeMap<Key, String> {
        let mut records: BTreeMap<Key, (i64, i64)> = BTreeMap::new();
        for unit in self.units(level) {
            let key = |set: &Set, codes: &[(String, String)]| -> Key {
                (
                    file.into(),
                    level.into(),
                    unit.0.into(),
                    unit.1.into(),
                    set.table.clone(),
                    set.set.clone(),
                    codes.to_vec(),
                )
            };
            let sets: Vec<Set> =
                sets().into_iter().filter(|set| set.file == file && set.levels.contains(level)).collect();
            for set in &sets {
                let mut all: Vec<Vec<(String, String)>> = vec![vec![]];
                let owed = !set.categories.iter().any(|name| name == "LANGHOME");
                for name in set.categories.iter().filter(|_| owed) {
                    let longer = all.iter().flat_map(|known| {
                        codes(file, name).into_iter().map(move |code| {
                            let mut known = known.clone();
                            known.push((name.clone(), code));
                            known
                        })
                    });
                    all = longer.collect();
                }
                for codes in all {
                    if self.owes(file, level, unit, set, &codes) {
                        records.insert(key(set, &codes), (0, 0));
                    }
                }
            }
            for student in self.rows("students") {
                let mut seen: BTreeSet<Key> = BTreeSet::new();
                for values in self.adds(file, level, unit, student) {
                    for set in &sets {
                        if let Some(length) = values.get("") {
                            let own = set.table.replace("GRADRT", "").replace("GRADCOHORT", "");
                            if own.split("YR").next() != Some(length[0].as_str()) {
                                continue;
                            }
                        }
                        let codes: Option<Vec<(String, String)>> = set
                            .categories
                            .iter()
                            .map(|name| Some((name.clone(), values.get(name.as_str())?.first()?.clone())))
                            .collect();
                        let Some(codes) = codes else { continue };
                        let key = key(set, &codes);
                        let once = !["007", "143"].contains(&file);
                        if once && !seen.insert(key.clone()) {
                            continue;
                        }
                        let tally = records.entry(key).or_default();
                        match file {
                            "150" => {
                                let outcome = values["COHSTATUS"][0].as_str();
                                tally.0 += i64::from(outcome == "COHYES");
                                tally.1 += i64::from(outcome != "COHREM");
                            }
                            _ => tally.0 += 1,
                        }
                    }
                }
            }
        }
        records
            .into_iter()
            .filter(|(_, (_, base))| file != "150" || *base > 0)
            .map(|(key, (count, base))| {
                let shown = if file == "150" {
                    let tenths = (count * 2000 + base) / (2 * base);
                    format!("{}", tenths as f64 / 10.0)
                } else {
                    count.to_string()
                };
                (key, shown)
            })
            .collect()
    }
}

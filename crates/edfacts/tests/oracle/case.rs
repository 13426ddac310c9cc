//! The case as the slow program reads it: rows, units, statuses on a day.

use crate::Values;
use crate::common;
use serde_json::Value;

/// The case, read as it stands.
pub(crate) struct Case<'c>(pub(crate) &'c Value);

pub(crate) fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or("")
}

pub(crate) fn active(row: &Value, first: &str, last: &str, day: &str) -> bool {
    text(row, first) <= day && (row[last].is_null() || text(row, last) >= day)
}

pub(crate) fn age(birth: &str, day: &str) -> i64 {
    let year = |date: &str| date[..4].parse::<i64>().unwrap();
    year(day) - year(birth) - i64::from(day[5..] < birth[5..])
}

impl<'c> Case<'c> {
    pub(crate) fn rows(&self, list: &str) -> &'c [Value] {
        self.0[list].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn of(&self, list: &str, student: &str) -> Vec<&'c Value> {
        self.rows(list).iter().filter(|row| text(row, "student") == student).collect()
    }

    pub(crate) fn unit(&self, lea: &str, school: &str) -> Option<&'c Value> {
        self.rows("units").iter().find(|unit| text(unit, "lea") == lea && text(unit, "school") == school)
    }

    pub(crate) fn open(&self, lea: &str, school: &str) -> bool {
        self.unit(lea, school).is_some_and(|unit| {
            unit["reported_federally"].as_bool().unwrap_or(true)
                && ["New", "Added", "Open", "Reopened", "Changed"].contains(&text(unit, "status"))
        })
    }

    pub(crate) fn offers(&self, lea: &str, school: &str) -> Vec<&'c str> {
        let unit = self.unit(lea, school);
        unit.map(|unit| unit["grades"].as_array().unwrap().iter().filter_map(Value::as_str).collect())
            .unwrap_or_default()
    }

    pub(crate) fn units(&self, level: &str) -> Vec<(&'c str, &'c str)> {
        if level == "SEA" {
            return vec![("", "")];
        }
        let named = self.rows("units").iter().map(|unit| (text(unit, "lea"), text(unit, "school")));
        named
            .filter(|(_, school)| (level == "SCH") != school.is_empty())
            .filter(|(lea, school)| self.open(lea, "") && self.open(lea, school))
            .collect()
    }

    pub(crate) fn inside(&self, level: &str, unit: (&str, &str), row: &Value) -> bool {
        let (lea, school) = (text(row, "lea"), text(row, "school"));
        match level {
            "SEA" => self.open(lea, ""),
            "LEA" => lea == unit.0,
            _ => (lea, school) == unit,
        }
    }

    pub(crate) fn status(&self, student: &str, kind: &str, lea: &str, day: &str) -> Option<&'c Value> {
        let here = self.of("statuses", student).into_iter().filter(|row| {
            text(row, "kind") == kind
                && (row["lea"].is_null() || text(row, "lea") == lea)
                && active(row, "begin", "end", day)
        });
        here.max_by(|a, b| text(a, "begin").cmp(text(b, "begin")))
    }

    /// The enrollments of a student in a unit on a day.
    pub(crate) fn enrolled(
        &self,
        level: &str,
        unit: (&str, &str),
        student: &str,
        day: &str,
    ) -> Vec<&'c Value> {
        let rows = self.of("enrollments", student).into_iter();
        rows.filter(|row| text(row, "service_type") == "P" && active(row, "entry", "exit", day))
            .filter(|row| self.inside(level, unit, row))
            .collect()
    }

    pub(crate) fn best(mut rows: Vec<&'c Value>) -> Option<&'c Value> {
        rows.sort_by(|a, b| {
            text(b, "entry")
                .cmp(text(a, "entry"))
                .then(text(a, "school").cmp(text(b, "school")))
                .then(text(a, "lea").cmp(text(b, "lea")))
        });
        rows.first().copied()
    }

    pub(crate) fn race(&self, student: &Value) -> &'static str {
        let races: Vec<&str> =
            student["races"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        if student["hispanic"] == true {
            return "HI7";
        }
        match races.as_slice() {
            [] => "MISSING",
            ["AM7"] => "AM7",
            ["AS7"] => "AS7",
            ["BL7"] => "BL7",
            ["PI7"] => "PI7",
            ["WH7"] => "WH7",
            _ => "MU7",
        }
    }

    /// What every file can ask of a student on a day in a district.
    pub(crate) fn common(
        &self,
        student: &Value,
        lea: &str,
        held: &dyn Fn(&str) -> bool,
        day: Option<&str>,
    ) -> Values {
        let id = text(student, "id");
        let mut values = Values::new();
        let mut put = |name: &'static str, code: &str| {
            values.insert(name, vec![code.to_owned()]);
        };
        let race = self.race(student);
        put("RACEETHNIC", race);
        let major = [
            ("AM7", "MAN"),
            ("AS7", "MA"),
            ("BL7", "MB"),
            ("HI7", "MHL"),
            ("MU7", "MM"),
            ("PI7", "MNP"),
            ("WH7", "MW"),
            ("MISSING", "MISSING"),
        ];
        put("MAJORREG", major.iter().find(|(code, _)| *code == race).unwrap().1);
        put("SEX", if student["sex"].is_null() { "MISSING" } else { text(student, "sex") });
        put("LEPBOTH", if held("el") { "LEP" } else { "NLEP" });
        put("DISABSTATIDEA", if held("idea") { "WDIS" } else { "WODIS" });
        let flags = [
            ("el", "LEPONLY", "LEP"),
            ("idea", "DISABSTATUS", "WDIS"),
            ("section504", "DISABSTATUS504", "DISAB504STAT"),
            ("homeless", "HOMELSENRLSTAT", "HOMELSENRL"),
            ("migrant", "MIGRNTSTATUS", "MS"),
            ("economically_disadvantaged", "ECODIS", "ECODIS"),
            ("foster_care", "FSTRCRSTS", "FCS"),
        ];
        for (kind, name, code) in flags {
            if held(kind) {
                put(name, code);
            }
        }
        let Some(day) = day else { return values };
        if let Some(idea) = self.status(id, "idea", lea, day) {
            let or_missing = |key: &str| if idea[key].is_null() { "MISSING" } else { text(idea, key) };
            put("DISABCATIDEA", or_missing("disability"));
            let exit = or_missing("disability");
            put("DISABCATIDEAEXIT", if exit == "DD" { "MISSING" } else { exit });
            put("EDENVIRIDEASA", or_missing("env_school_age"));
            put("EDENVIDEAEC", or_missing("env_early"));
        } else {
            for name in ["DISABCATIDEA", "DISABCATIDEAEXIT", "EDENVIRIDEASA", "EDENVIDEAEC"] {
                put(name, "MISSING");
            }
        }
        let language = self.status(id, "el", lea, day).map(|row| text(row, "language")).unwrap_or("");
        put("LANGHOME", if language.is_empty() { "MISSING" } else { language });
        if let Some(homeless) = self.status(id, "homeless", lea, day) {
            put("HOMELSPRMRES", text(homeless, "residence"));
            if homeless["unaccompanied"] == true {
                put("HOMELESSUNAC", "UY");
            }
        }
        values
    }

    pub(crate) fn on_day(&self, student: &Value, lea: &str, day: &str) -> Values {
        let id = text(student, "id");
        self.common(student, lea, &|kind| self.status(id, kind, lea, day).is_some(), Some(day))
    }
}

pub(crate) fn exit_age(birth: &str, exit: &str) -> i64 {
    age(birth, if exit >= "2025-11-01" { "2025-11-01" } else { "2024-11-01" })
}

pub(crate) fn grade_place(grade: &str) -> Option<usize> {
    common::GRADES.iter().position(|known| *known == grade).or(Some(99))
}

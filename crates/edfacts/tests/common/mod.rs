//! An invented state as a counting case, for the tests that need many students. Names and numbers mean nothing.
#![allow(unreachable_pub, dead_code, reason = "shared by several test programs")]

use serde_json::{Value, json};

/// A small generator: the same seed gives the same state everywhere.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x1234_5678_9ABC_DEF1))
    }

    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    pub fn pick<'p>(&mut self, from: &[&'p str]) -> &'p str {
        from[self.roll(from.len() as u64) as usize]
    }

    pub fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    fn day(&mut self, from_year: u64, months: &[u64]) -> String {
        let month = months[self.roll(months.len() as u64) as usize];
        let year = if month >= 7 { from_year } else { from_year + 1 };
        format!("{year}-{month:02}-{:02}", self.roll(28) + 1)
    }
}

/// Files of every kind of count that an invented state can feed.
pub const ASKS: [(&str, &[&str]); 22] = [
    ("002", &["SEA", "LEA", "SCH"]),
    ("005", &["SEA", "LEA"]),
    ("006", &["SEA", "LEA"]),
    ("007", &["SEA", "LEA"]),
    ("009", &["SEA", "LEA"]),
    ("032", &["SEA", "LEA", "SCH"]),
    ("040", &["SEA", "LEA", "SCH"]),
    ("045", &["SEA", "LEA"]),
    ("052", &["SEA", "LEA", "SCH"]),
    ("086", &["SEA", "LEA"]),
    ("088", &["SEA", "LEA"]),
    ("089", &["SEA", "LEA"]),
    ("118", &["SEA", "LEA"]),
    ("141", &["SEA", "LEA", "SCH"]),
    ("143", &["SEA", "LEA"]),
    ("144", &["SEA", "LEA"]),
    ("150", &["SEA", "LEA", "SCH"]),
    ("151", &["SEA", "LEA", "SCH"]),
    ("154", &["SEA"]),
    ("155", &["SEA"]),
    ("195", &["SCH"]),
    ("226", &["SCH"]),
];

pub const GRADES: [&str; 14] =
    ["PK", "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"];

const YEAR: [u64; 12] = [7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6];

/// Units, students and rows of a state of so many students, 2025-26.
pub fn state(seed: u64, students: u64, asks: &[(&str, &[&str])]) -> Value {
    let mut dice = Dice::new(seed);
    let leas = 2 + students / 40;
    let mut units = Vec::new();
    let mut schools: Vec<(String, String)> = Vec::new();
    for lea in 0..leas {
        let id = format!("L{lea:02}");
        let status =
            if dice.one_in(8) { "Closed" } else { dice.pick(&["Open", "New", "Changed", "Reopened"]) };
        let from = dice.roll(4) as usize;
        units.push(
            json!({"lea": id, "school": null, "status": status, "reported_federally": !dice.one_in(15),
            "grades": GRADES[from..].to_vec()}),
        );
        for school in 0..1 + dice.roll(3) {
            let name = format!("S{school}");
            let kind = if dice.one_in(7) { "Reportable program" } else { "Regular" };
            let status = if dice.one_in(9) { "Inactive" } else { "Open" };
            let (low, high) = match dice.roll(4) {
                0 => (0, 1),
                1 => (1, 8),
                2 => (7, 14),
                _ => (0, 14),
            };
            units.push(json!({"lea": id, "school": name, "status": status, "school_type": kind,
                "grades": GRADES[low..high].to_vec()}));
            schools.push((id.clone(), name));
        }
    }
    let mut out = [const { Vec::new() }; 8];
    let [people, enrollments, statuses, discipline, exits, departures, cohorts, _] = &mut out;
    for number in 0..students {
        let id = format!("P{number:05}");
        // Many are born where an age begins or ends to count, on the very day or the day after.
        let (age, birthday) = if dice.one_in(3) {
            let age = [3, 4, 5, 6, 14, 21, 22][dice.roll(7) as usize];
            (age, dice.pick(&["10-01", "10-02", "11-01", "11-02"]).to_owned())
        } else {
            (3 + dice.roll(20), format!("{:02}-{:02}", dice.roll(12) + 1, dice.roll(28) + 1))
        };
        let birth = format!("{}-{birthday}", 2025 - age);
        let races: Vec<&str> =
            ["AM7", "AS7", "BL7", "PI7", "WH7"].into_iter().filter(|_| dice.one_in(3)).collect();
        let sex = if dice.one_in(30) { Value::Null } else { json!(dice.pick(&["F", "M"])) };
        people.push(
            json!({"id": id, "birthdate": birth, "sex": sex, "hispanic": dice.one_in(5), "races": races}),
        );
        for _ in 0..1 + dice.roll(3) {
            let (lea, school) = &schools[dice.roll(schools.len() as u64) as usize];
            let entry = dice.day(2025, &[7, 8, 9, 9, 10, 11, 1]);
            let exit = match dice.roll(12) {
                0 => json!(dice.pick(&["2026-09-15", "2026-09-30", "2026-10-01"])),
                1..=6 => Value::Null,
                _ => json!(dice.day(2025, &[10, 11, 12, 2, 6, 6])),
            };
            if exit.as_str().is_some_and(|exit| exit < entry.as_str()) {
                continue;
            }
            let at = ((age as usize).saturating_sub(4)).min(13);
            let grade = if dice.one_in(25) {
                Value::Null
            } else if dice.one_in(8) {
                json!(dice.pick(&["UG", "13", "AE"]))
            } else {
                json!(GRADES[at])
            };
            let enrolled = dice.roll(180);
            // A tenth of the days to the half day, or anything.
            let absent = if dice.one_in(4) {
                (enrolled / 5) as f64 / 2.0
            } else {
                dice.roll(2 * enrolled / 5 + 1) as f64 / 2.0
            };
            enrollments.push(json!({"student": id, "lea": lea,
                "school": if dice.one_in(20) { Value::Null } else { json!(school) },
                "entry": entry, "exit": exit, "grade": grade,
                "service_type": if dice.one_in(15) { "S" } else { "P" },
                "days_enrolled": enrolled, "days_absent": absent}));
        }
        let lea = |dice: &mut Dice| {
            if dice.one_in(4) { json!(format!("L{:02}", dice.roll(leas))) } else { Value::Null }
        };
        for kind in [
            "idea",
            "el",
            "homeless",
            "migrant",
            "section504",
            "immigrant",
            "economically_disadvantaged",
            "foster_care",
        ] {
            let mut begins = Vec::new();
            while dice.one_in(3) {
                let begin = dice.day(2025, &[7, 8, 9, 10, 11, 2]);
                // Which of two that begin on one day stands, no source says.
                if begins.contains(&begin) {
                    continue;
                }
                begins.push(begin.clone());
                let end = if dice.one_in(2) { Value::Null } else { json!(dice.day(2025, &[10, 12, 3, 6])) };
                let end =
                    if end.as_str().is_some_and(|end| end < begin.as_str()) { Value::Null } else { end };
                let mut row =
                    json!({"student": id, "lea": lea(&mut dice), "kind": kind, "begin": begin, "end": end});
                match kind {
                    "idea" => {
                        row["disability"] = json!(dice.pick(&["SLD", "AUT", "DD", "OHI", "ID"]));
                        row["env_school_age"] = json!(dice.pick(&["RC80", "RC39", "PPPS", "HH", "CF"]));
                        row["env_early"] = json!(dice.pick(&["H", "SC", "REC10YSVCS"]));
                        if dice.one_in(9) {
                            row["disability"] = Value::Null;
                            row["env_school_age"] = Value::Null;
                        }
                    }
                    "el" if !dice.one_in(4) => row["language"] = json!(dice.pick(&["spa", "ger", "hmn"])),
                    "homeless" => {
                        row["residence"] = json!(dice.pick(&["D", "HM", "STH", "U"]));
                        row["unaccompanied"] = json!(dice.one_in(3));
                    }
                    _ => {}
                }
                statuses.push(row);
            }
        }
        while dice.one_in(2) {
            let (lea, school) = &schools[dice.roll(schools.len() as u64) as usize];
            // Half of the removals last as long as a length group begins or ends.
            let half = match dice.roll(12) {
                at @ 0..=5 => [0.25, 0.5, 1.25, 1.5, 10.0, 10.25][at as usize],
                _ => dice.roll(30) as f64 / 4.0,
            };
            let mut row = json!({"student": id, "lea": lea, "school": school, "date": dice.day(2025, &YEAR), "days": half});
            match dice.roll(4) {
                0 => row["method"] = json!("INSCHOOL"),
                1 => row["method"] = json!("OUTOFSCHOOL"),
                2 => row["expulsion"] = json!(dice.pick(&["SERVPROV", "SERVNOTPROV"])),
                _ => {
                    row["interim"] = json!(dice.pick(&["REMDW", "REMDW", "REMHO"]));
                    row["reason"] = json!(dice.pick(&["D", "W", "SBI"]));
                    if dice.one_in(2) {
                        row["method"] = json!(dice.pick(&["INSCHOOL", "OUTOFSCHOOL"]));
                    }
                }
            }
            discipline.push(row);
        }
        while dice.one_in(3) {
            exits.push(json!({"student": id, "lea": format!("L{:02}", dice.roll(leas)),
                "date": dice.day(2025, &YEAR),
                "reason": dice.pick(&["GHS", "GRADALTDPL", "RC", "RMA", "D", "MKC", "TRAN", "DROPOUT"])}));
        }
        while dice.one_in(3) {
            let (lea, school) = &schools[dice.roll(schools.len() as u64) as usize];
            departures.push(json!({"student": id, "lea": lea, "school": school,
                "date": dice.day(2025, &[9, 10, 12, 5, 6]), "grade": dice.pick(&["06", "07", "09", "12", "UG"]),
                "kind": dice.pick(&["dropout", "REGDIP", "OTHCOM"])}));
        }
        if dice.one_in(2) {
            let (lea, school) = &schools[dice.roll(schools.len() as u64) as usize];
            let first = 2014 + dice.roll(10);
            cohorts.push(json!({"student": id, "lea": lea, "school": school,
                "first_year": format!("{first}-{}", first + 1),
                "outcome": dice.pick(&["COHYES", "COHYES", "COHNO", "COHALTDPL", "COHREM"])}));
        }
    }
    let [people, enrollments, statuses, discipline, exits, departures, cohorts, _] = out;
    let ask: Vec<Value> = asks.iter().map(|(file, levels)| json!({"file": file, "levels": levels})).collect();
    json!({"case": "invented", "kind": "count", "school_year": "2025-2026",
        "config": {"membership_date": "2025-10-06"},
        "units": units, "students": people, "enrollments": enrollments, "statuses": statuses,
        "discipline": discipline, "exits": exits, "departures": departures, "cohorts": cohorts, "ask": ask})
}

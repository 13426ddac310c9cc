//! Records, sets and totals of one file.

use super::submission::{CHILD, Codes, File, GRADUATE, MEMBER, Pair, REMOVED, UNITS};
use super::submission::{given, one, pair, zeros};
use opi_edfacts::Level::{Lea, Sch, Sea};
use opi_edfacts::{Level, StateProfile};

pub(crate) fn members(level: Level) -> File {
    zeros(52, level).with("", MEMBER, 20)
}

fn without_last(mut file: File) -> File {
    file.rows.pop();
    file
}

pub(crate) fn pairs() -> Vec<Pair> {
    [whole(), grades(), special_education(), exits(), leaving(), sums(), programs()]
        .into_iter()
        .flatten()
        .collect()
}

/// Zero rows, subtotals and totals.
fn whole() -> Vec<Pair> {
    let right = one(members(Lea));
    let set = |codes: Codes<'_>, amount| one(members(Lea).set("", codes, amount));
    let missing = [("GRADELVMEM", "05"), ("RACEETHNIC", "MISSING"), ("SEX", "F")];
    let sixth = [("GRADELVMEM", "06"), ("RACEETHNIC", "WH7"), ("SEX", "F")];
    let moved = members(Lea).set("", MEMBER, "19").set("", &sixth, "1");
    let graduates = |file: File| one(file.with("", CONCENTRATOR, 2));
    let mut part = zeros(83, Sea);
    let home = part.rows.iter().position(|row| row.values.iter().any(|(name, _)| name == "DISPHOMEMAK"));
    part.rows.remove(home.unwrap());
    vec![
        pair("SUB-05", &right, &set(&missing, "0"), &[]),
        pair("SUB-06", &right, &one(without_last(members(Lea))), &[]),
        pair("SUB-07", &right, &set(&[], "19"), &["SUB-08"]),
        pair("SUB-08", &right, &set(&[], "21"), &[]),
        pair("SUB-09", &right, &one(moved), &[]),
        pair("SUB-12", &one(members(Sea)), &one(without_last(members(Sea))), &["SUB-06"]),
        pair("SUB-48", &graduates(zeros(83, Sea)), &graduates(part), &["SUB-06", "SUB-12"]),
    ]
}

const CONCENTRATOR: Codes<'static> = &[("DIPLCREDTYPEX", "REGDIP"), ("RACEETHNIC", "WH7"), ("SEX", "F")];

fn grades() -> Vec<Pair> {
    let no_fifth = one(members(Lea)).units(&UNITS.replace(";05;", ";"));
    let thirteen = [("GRADELVMEM", "13"), ("RACEETHNIC", "WH7"), ("SEX", "F")];
    let extra = zeros(118, Sea).set("", &[("AGE3TOGRADE13", "13")], "1");
    vec![
        pair("SUB-13", &one(members(Lea)), &no_fifth, &["SUB-08", "SUB-09"]),
        pair("SUB-14", &one(members(Sea)), &one(members(Sea).set("", &thirteen, "0")), &[]),
        pair("SUB-49", &one(zeros(118, Sea)), &one(extra), &["SUB-08", "SUB-07"]),
    ]
}

fn special_education() -> Vec<Pair> {
    let children = |level| zeros(2, level).with("", CHILD, 4);
    let at_home = children(Sch).set("", &[("AGESA", "10"), ("EDENVIRIDEASA", "HH")], "0");
    let dd: Vec<(&str, &str)> = CHILD
        .iter()
        .map(|(name, code)| (*name, if *name == "DISABCATIDEA" { "DD" } else { *code }))
        .collect();
    let delayed = || one(zeros(2, Sea).with("", &dd, 1));
    let to_six = delayed().profile(|profile| {
        profile.special_education.developmental_delay_ages = Some(vec![3, 4, 5, 6]);
    });
    let removed = || zeros(88, Sea).with("", REMOVED, 3);
    let shorter = removed().set("", &[("REMOVALLENIDEA", "2TO10")], "2");
    vec![
        pair("SUB-17", &one(children(Sch)), &one(at_home), &[]),
        pair("SUB-18", &delayed(), &to_six, &[]),
        pair("SUB-22", &one(removed()), &one(shorter), &["SUB-09", "SUB-08"]),
    ]
}

fn exits() -> Vec<Pair> {
    let exit = |age: &'static str, reason: &'static str| {
        let codes = [
            ("AGEEXITSPED", age),
            ("BASISEXIT", reason),
            ("DISABCATIDEAEXIT", "SLD"),
            ("DISABCATIDEA", "SLD"),
            ("RACEETHNIC", "WH7"),
            ("SEX", "F"),
            ("LEPBOTH", "NLEP"),
        ];
        one(zeros(9, Sea).with("", &codes, 1))
    };
    let no_certificates = |profile: &mut StateProfile| profile.special_education.certificate = false;
    vec![pair("SUB-20", &exit("17", "RC"), &exit("17", "RC").profile(no_certificates), &[])]
}

fn leaving() -> Vec<Pair> {
    let dropout = || {
        let codes = [("GRADELDROP", "10"), ("RACEETHNIC", "WH7"), ("SEX", "F"), ("DISABSTATIDEA", "WODIS")];
        one(zeros(32, Lea).with("", &codes, 1))
    };
    let no_tenth = UNITS.replace("09;10;11;12\n0998,9001", "09;11;12\n0998,9001");
    let completers = || given([zeros(40, Lea).with("", GRADUATE, 2), members(Lea)]);
    let no_twelfth = UNITS.replace("11;12\n0998,9001", "11\n0998,9001");
    vec![
        pair("SUB-26", &dropout(), &dropout().units(&no_tenth), &[]),
        pair("SUB-27", &completers(), &completers().units(&no_twelfth), &["SUB-13"]),
    ]
}

/// Sets of one file that must fit each other.
fn sums() -> Vec<Pair> {
    let absent: Codes<'_> = &[("RACEETHNIC", "WH7"), ("SEX", "F"), ("DISABSTATUS", "WDIS")];
    let absences = || zeros(195, Sch).with("", absent, 3);
    let homeless: Codes<'_> = &[
        ("AGE3TOGRADE13", "05"),
        ("HOMELSPRMRES", "D"),
        ("DISABSTATUS", "WDIS"),
        ("LEPONLY", "LEP"),
        ("MIGRNTSTATUS", "MS"),
        ("HOMELESSUNAC", "UY"),
        ("RACEETHNIC", "WH7"),
    ];
    let housed = || zeros(118, Sea).with("", homeless, 2);
    let doubled_up = housed().set("", &[("HOMELSPRMRES", "D")], "1");
    let spanish = |shown| learners(5).set("", &[("LANGHOME", "spa")], shown);
    vec![
        pair("SUB-34", &one(absences()), &one(absences().set("", &[], "2")), &["SUB-07", "SUB-08"]),
        pair("SUB-35", &one(housed()), &one(doubled_up), &["SUB-08"]),
        pair("SUB-37", &one(spanish("5")), &one(spanish("4")), &["SUB-08"]),
    ]
}

/// English learners with Spanish at home.
pub(crate) fn learners(count: i64) -> File {
    let learner: Codes<'_> = &[
        ("GRADELVLASS", "05"),
        ("GRADELVMEM", "05"),
        ("GRADELVBASICW13", "05"),
        ("LANGHOME", "spa"),
        ("RACEETHNIC", "WH7"),
        ("DISABSTATUS", "WDIS"),
    ];
    let shown = count.to_string();
    zeros(141, Sea).with("", learner, count).set("", &[("LANGHOME", "spa")], &shown)
}

fn programs() -> Vec<Pair> {
    let student: Codes<'_> =
        &[("NEGDELPROGTYPE", "JUVDET"), ("RACEETHNIC", "WH7"), ("SEX", "F"), ("AGEALL", "15")];
    let right = || zeros(119, Sea).with("", student, 3);
    let sexes = right().set("", &[("NEGDELPROGTYPE", "JUVDET"), ("SEX", "F")], "2");
    vec![pair("SUB-41", &one(right()), &one(sexes), &["SUB-09"])]
}

//! Name, header and columns.

use super::submission::{File, Pair, edited, given, one, pair, row, year, zeros};
use opi_edfacts::{FileForm, Level};

/// Three homeless students of a district, which owes no record with 0.
fn homeless() -> File {
    let table = zeros(118, Level::Sea).rows[0].table.clone().unwrap();
    let rows =
        vec![row(Level::Lea, &table, &[("HOMELSPRMRES", "D")], "3"), row(Level::Lea, &table, &[], "3")];
    File { number: 118, level: Level::Lea, rows }
}

pub(crate) fn pairs() -> Vec<Pair> {
    [header(), lines(), columns(), codes()].into_iter().flatten().collect()
}

fn header() -> Vec<Pair> {
    let right = one(homeless());
    let told = |place: usize, value: &str| edited(&homeless(), |lines| lines[0][place] = value.to_owned());
    let named = |name: &str| {
        let text = String::from_utf8(homeless().bytes(year()).unwrap()).unwrap();
        given([]).text(name, &text.replace(&homeless().name(), name))
    };
    let long = "9".repeat(33);
    vec![
        pair("FMT-01", &right, &given([]).text(&homeless().name(), ""), &[]),
        pair("FMT-02", &right, &told(0, "LEA OTHER"), &[]),
        pair("FMT-03", &right, &told(1, "3"), &[]),
        pair("FMT-04", &right, &told(2, "MTLEAOTHER.csv"), &[]),
        pair("FMT-05", &right, &told(3, &long), &[]),
        pair("FMT-06", &right, &told(4, "2025-2027"), &[]),
        pair("FMT-07", &right, &named(&homeless().name().replace("MTLEA", "WYLEA")), &[]),
        pair("FMT-08", &right, &named(&homeless().name().replace("csv", "tab")), &[]),
    ]
}

fn lines() -> Vec<Pair> {
    let file = homeless();
    let fixed = |less: usize| {
        let text = String::from_utf8(file.form(year(), FileForm::Txt).unwrap()).unwrap();
        let text = text.trim_end_matches(['\r', '\n']);
        given([]).text(&file.name().replace("csv", "txt"), &format!("{}\r\n", &text[..text.len() - less]))
    };
    let cut = edited(&file, |lines| drop(lines[2].pop()));
    let twice = edited(&file, |lines| {
        let mut again = lines[2].clone();
        again[0] = "3".to_owned();
        lines.push(again);
        lines[0][1] = "3".to_owned();
    });
    vec![
        pair("FMT-09", &one(file.clone()), &cut, &[]),
        pair("FMT-10", &fixed(0), &fixed(1), &[]),
        pair("SUB-01", &one(file.clone()), &twice, &[]),
    ]
}

/// One column of the record of the total, by the place of its role in the layout.
fn columns() -> Vec<Pair> {
    let file = homeless();
    let lines = edited(&file, |_| {});
    let total = |place: usize, value: &str| {
        edited(&file, |lines| {
            let at = lines.iter().position(|cells| cells[0] == "2").unwrap();
            assert_eq!(lines[at].last().map(String::as_str), Some("3"));
            let place = if place >= 100 { lines[at].len() - (place - 99) } else { place };
            lines[at][place] = value.to_owned();
        })
    };
    // Counted from the end: amount, explanation, total indicator.
    let (amount, explanation, indicator) = (100, 101, 102);
    let teachers = |amount: &'static str| File {
        number: 59,
        level: Level::Sch,
        rows: vec![row(Level::Sch, "CLASSTEACHFTE", &[], amount)],
    };
    let rate =
        File { number: 150, level: Level::Sea, rows: vec![row(Level::Sea, "GRADRT4YRADJ", &[], "80.0")] };
    let last =
        |file: &File, value: &str| edited(file, |lines| *lines[1].last_mut().unwrap() = value.to_owned());
    vec![
        pair("FMT-11", &lines, &total(2, "001"), &[]),
        pair("FMT-12", &lines, &total(1, ""), &[]),
        pair("FMT-13", &lines, &total(4, "9001"), &[]),
        pair("FMT-14", &lines, &total(0, "02"), &[]),
        pair("FMT-15", &lines, &total(1, "31"), &[]),
        pair("FMT-16", &lines, &total(2, "1"), &[]),
        pair("FMT-17", &lines, &total(5, "MEMBER"), &[]),
        pair("FMT-18", &lines, &total(indicator, "T"), &[]),
        pair("FMT-19", &lines, &total(amount, "3.0"), &[]),
        pair("FMT-20", &one(teachers("2.50")), &last(&teachers("2.50"), "2.505"), &[]),
        pair("FMT-21", &one(rate.clone()), &last(&rate, "100.1"), &[]),
        pair("FMT-22", &lines, &total(explanation, "caf\u{e9}"), &[]),
    ]
}

/// Sets, indicators and codes.
fn codes() -> Vec<Pair> {
    let file = homeless();
    let right = one(file.clone());
    let cell = |from: &str, to: &str| {
        edited(&file, |lines| {
            let found = lines[1..].iter_mut().flatten().find(|cell| *cell == from);
            *found.unwrap() = to.to_owned();
        })
    };
    // Residence together with nothing that makes a set with it.
    let mixed = edited(&file, |lines| {
        let residence = lines[1..].iter().flat_map(|cells| cells.iter().position(|cell| cell == "D")).next();
        let at = lines.iter().position(|cells| cells[0] == "2").unwrap();
        let grade = residence.unwrap() - 1;
        let place = if lines[at][residence.unwrap()].is_empty() { at } else { 1 };
        lines[place][residence.unwrap()] = "D".to_owned();
        lines[place][grade] = "05".to_owned();
    });
    let children = zeros(2, Level::Sea);
    let five = |code: &'static str| {
        edited(&children, |lines| {
            let count = lines.len();
            let mut record =
                lines.iter().find(|cells| cells.iter().any(|cell| cell == "AGE05K")).unwrap().clone();
            record[0] = count.to_string();
            *record.iter_mut().find(|cell| *cell == "AGE05K").unwrap() = code.to_owned();
            lines.push(record);
            lines[0][1] = count.to_string();
        })
    };
    vec![
        pair("SUB-02", &right, &mixed, &[]),
        pair("SUB-03", &right, &cell("Y", "N"), &[]),
        pair("SUB-04", &right, &cell("D", "d"), &[]),
        pair("SUB-19", &one(children.clone()), &five("AGE05NOTK"), &[]),
    ]
}

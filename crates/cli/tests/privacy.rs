//! Personal values stay where they are meant to be. A state whose names and identifiers are marked goes through every
//! command; then everything that was printed or written is searched for the marks.
//!
//! * What is printed holds no mark, unless the caller asked for values.
//! * Nothing under `OUT/public` holds a mark.
//! * Under `OUT/restricted` only [`MEANT`] may hold names and birth dates: findings name places and keys, no values.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

mod program;

use calamine::{Reader, open_workbook_auto};
use opi::dictionary::{Dictionary, FieldType};
use program::desk::{Desk, commands};
use program::{Ran, districts, files, invent, opi, take, text};
use std::collections::BTreeSet;
use std::path::Path;

/// Files under `OUT` whose work is to hold rows of students: the beginnings of their paths.
const MEANT: &[&str] = &["restricted/snapshots/"];

/// Before every name.
const NAME: &str = "Zqx";
/// Before every local id.
const LOCAL_ID: &str = "8675309";

/// What must not be found.
#[derive(Default)]
struct Marks {
    state_ids: BTreeSet<String>,
    birth_dates: BTreeSet<String>,
}

impl Marks {
    /// Marks every personal value of the uploads below a folder, and notes what stands there.
    fn plant(&mut self, folder: &Path) {
        for (inner, bytes) in files(folder) {
            let Ok(file) = String::from_utf8(bytes) else { continue };
            // A header has four fields, whatever it calls itself.
            let is_header = |line: &str| line.split('\t').count() == 4;
            let lines = file.split_inclusive('\n');
            let lines: Vec<String> =
                lines.map(|line| if is_header(line) { line.to_owned() } else { self.line(line) }).collect();
            std::fs::write(folder.join(inner), lines.concat()).unwrap();
        }
    }

    fn line(&mut self, line: &str) -> String {
        let end = line.trim_end_matches(['\r', '\n']).len();
        let mut fields: Vec<String> = line[..end].split('\t').map(str::to_owned).collect();
        let Some(layout) = Dictionary::built_in().layout_of_record_type(&fields[0]) else {
            return line.to_owned();
        };
        for (text, field) in
            fields.iter_mut().zip(&layout.fields).filter(|(text, field)| field.personal && !text.is_empty())
        {
            match field.key.as_str() {
                "student_state_id" | "staff_state_id" => {
                    self.state_ids.insert(text.clone());
                }
                "student_local_id" => *text = format!("{LOCAL_ID}{text}"),
                "birth_date" => {
                    self.birth_dates.insert(text.clone());
                }
                _ if field.field_type == FieldType::Date => {}
                _ => *text = format!("{NAME}{text}"),
            }
        }
        format!("{}{}", fields.join("\t"), &line[end..])
    }

    /// The marks of names, local ids and birth dates in a text.
    fn values(&self, text: &str) -> Vec<String> {
        let mut found: Vec<String> =
            [NAME, LOCAL_ID].into_iter().filter(|mark| text.contains(*mark)).map(str::to_owned).collect();
        // Whatever stands around it: a date in a sentence, a cell or a name of a file.
        let dates = text.as_bytes().windows(10).filter_map(|window| std::str::from_utf8(window).ok());
        for date in dates {
            let american = match date.as_bytes() {
                [_, _, b'/', _, _, b'/', ..] => date.to_owned(),
                [_, _, _, _, b'-', _, _, b'-', ..] => {
                    format!("{}/{}/{}", &date[5..7], &date[8..], &date[..4])
                }
                _ => continue,
            };
            // The first and last day of a school year is in many a table.
            let common = american.starts_with("07/01/") || american.starts_with("06/30/");
            if !common && self.birth_dates.contains(&american) {
                found.push(format!("birth date {american}"));
            }
        }
        found
    }

    /// The state ids in a text.
    fn ids(&self, text: &str) -> Vec<String> {
        let words = text.split(|letter: char| !letter.is_ascii_digit()).filter(|word| word.len() == 9);
        words
            .filter(|word| self.state_ids.contains(*word))
            .take(3)
            .map(|id| format!("state id {id}"))
            .collect()
    }

    fn any(&self, text: &str) -> Vec<String> {
        self.values(text).into_iter().chain(self.ids(text)).collect()
    }
}

/// Every text of a workbook, one a line.
fn cells(path: &Path) -> String {
    let mut workbook = open_workbook_auto(path).unwrap();
    let sheets = workbook.worksheets();
    let texts = sheets.iter().flat_map(|(_, sheet)| sheet.cells().map(|(_, _, cell)| cell.to_string()));
    texts.collect::<Vec<String>>().join("\n")
}

fn state(folder: &Path) -> Marks {
    invent(folder, "400");
    let mut marks = Marks::default();
    marks.plant(&folder.join("uploads"));
    assert!(marks.state_ids.len() > 300 && marks.birth_dates.len() > 100);
    marks
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let mut marks = Marks::default();
    let line = "SD\t9901\t990000101\t101\tLarkspur\tZinnia\t\t\tF\t02/03/2011\n";
    let planted = marks.line(line);
    assert_ne!(planted, line);
    assert!(!marks.any(&planted).is_empty());
    let date = marks.birth_dates.first().unwrap().clone();
    let iso = format!("{}-{}-{}", &date[6..], &date[..2], &date[3..5]);
    for leak in
        [format!("born {date}."), format!("[\"{iso}\"]"), format!("{NAME}Larkspur"), "id 8675309101".into()]
    {
        assert_eq!(marks.values(&leak).len(), 1, "{leak}");
    }
    let id = marks.state_ids.first().unwrap();
    assert_eq!(marks.any(&format!("student {id}|9911")).len(), 1);
    assert!(marks.any("2011-02-04 and 990000999").is_empty());
}

#[test]
fn nothing_printed_names_a_student() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let marks = state(&at("state"));
    let (state, uploads, directory) = (at("state"), at("state/uploads/2026"), at("state/directory"));
    let prior = at("state/uploads/2025");
    let (early, late) = (at("early"), at("late"));
    let validate = |format: &'static str| -> Ran {
        opi([
            "validate",
            text(&uploads),
            "--directory",
            text(&directory),
            "--prior",
            text(&prior),
            "--as-of",
            "2026-06-20",
            "--format",
            format,
            "--max-samples",
            "100000",
        ])
    };
    let mut runs = vec![
        opi(["read", text(&uploads)]),
        opi(["read", text(&uploads), "--format", "json", "--max-samples", "100000"]),
        validate("human"),
        validate("json"),
        validate("csv"),
        validate("sarif"),
        opi(["year", text(&state), "--out", text(&at("out"))]),
        opi(["year", text(&state), "--out", text(&at("out")), "--format", "json"]),
        opi(take(&uploads, &early)),
    ];
    for district in districts(&state).iter().take(3) {
        for file in std::fs::read_dir(district).unwrap().map(|entry| entry.unwrap().path()) {
            runs.push(opi(["layout", "check", text(&file)]));
            runs.push(opi(["read", text(&file), "--layout", "fram"]));
        }
    }
    // A second snapshot without one district, to compare with.
    std::fs::remove_dir_all(&districts(&state)[0]).unwrap();
    let mut again = take(&uploads, &early);
    again.extend(["--name", "again"]);
    runs.push(opi(again));
    runs.push(opi(take(&prior, &late)));
    let first = "2025-26-fall-count-anb";
    let results = at("out");
    // What shows students where it is asked to, so that the search is known to find them.
    let mut asked: Vec<Vec<&str>> = Vec::new();
    for format in ["human", "json"] {
        runs.push(opi(["snapshot", "list", text(&early), "--format", format]));
        runs.push(opi(["snapshot", "show", text(&early), first, "--format", format]));
        runs.push(opi(["snapshot", "diff", text(&early), first, "again", "--format", format]));
        let rows = ["--rows", "100000", "--format", format];
        let diff = [&["snapshot", "diff", text(&early), first, "again"][..], &rows].concat();
        runs.push(opi(diff.iter().copied()));
        asked.push(diff);
        for figure in ["edfacts:052:SEA:TOT", "edfacts:052:SEA:CSA:05,WH7,F", "mask:enrollment:grade=05"] {
            let why = [&["why", text(&results), figure][..], &rows].concat();
            runs.push(opi(why.iter().copied()));
            asked.push(why);
        }
    }
    let mut kept = take(&uploads, &early);
    kept.extend(["--register", "--name", "kept"]);
    runs.push(opi(kept));
    for format in ["human", "json"] {
        runs.push(opi(["snapshot", "changes", text(&early), "--year", "2025-26", "--format", format]));
        let changes = ["snapshot", "changes", text(&early), "--year", "2025-26", "--rows", "100000"];
        let changes = [&changes[..], &["--format", format]].concat();
        runs.push(opi(changes.iter().copied()));
        asked.push(changes);
    }
    runs.push(opi(["snapshot", "verify", text(&early)]));
    runs.push(opi(["snapshot", "export", text(&early), first, "--out", text(&at("csv"))]));

    for ran in &runs {
        ran.assert_orderly();
        assert_ne!(ran.code, Some(2), "{} could not run: {}", ran.arguments, ran.err);
        let found = marks.any(&ran.all());
        assert!(found.is_empty(), "{} printed {found:?}", ran.arguments);
    }
    for arguments in &asked {
        let shown = opi(arguments.iter().copied().chain(["--show-values"]));
        shown.assert_orderly();
        assert!(!marks.any(&shown.out).is_empty(), "{} shows nobody", shown.arguments);
    }
    // What was asked for by name is there: the search would have found it.
    let shown = opi([
        "validate",
        text(&uploads),
        "--directory",
        text(&directory),
        "--as-of",
        "2026-06-20",
        "--show-values",
    ]);
    assert!(!marks.values(&shown.out).is_empty());
    // And a manifest, which people pass around, names none either.
    for (name, bytes) in
        files(&early).iter().filter(|(name, _)| name.extension().is_some_and(|e| e == "json"))
    {
        let found = marks.any(&String::from_utf8_lossy(bytes));
        assert!(found.is_empty(), "{} holds {found:?}", name.display());
    }
}

/// Every command that a help text shows, over marked data.
#[test]
fn no_command_names_a_student_unless_asked() {
    let mut marks = Marks::default();
    let desk = Desk::new(|folder| {
        marks.plant(&folder.join("state/uploads"));
        let change = |name: &str, from: &str, to: &str| {
            let path = folder.join(name);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{name}");
            std::fs::write(path, text.replace(from, to)).unwrap();
        };
        // Keys of hand-made cases are those of somebody, too.
        change("students.json", "\"N", &format!("\"{NAME}"));
        let absent = "{ hours = \"1080\", consecutive_absences = 11 }";
        let keyed = format!("{{ key = \"{LOCAL_ID}1\", hours = \"1080\", consecutive_absences = 11 }}");
        change("case.toml", absent, &keyed);
    });
    let mut asked = 0;
    for arguments in commands() {
        let values = "--show-values".to_owned();
        let plain: Vec<String> = arguments.iter().filter(|word| **word != values).cloned().collect();
        let ran = desk.run(&plain);
        ran.assert_orderly();
        let found = marks.any(&ran.all());
        assert!(found.is_empty(), "{} printed {found:?}", ran.arguments);
        // The search would have found what the command shows to those who ask.
        if plain != arguments {
            let shown = desk.run(&arguments);
            assert!(!marks.any(&shown.out).is_empty(), "{} shows nobody", shown.arguments);
            asked += 1;
        }
    }
    assert!(asked > 0);
}

#[test]
fn a_row_in_the_place_of_the_header_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.tsv");
    std::fs::write(&file, format!("{LOCAL_ID}1\t{NAME}Larkspur\t{NAME}Zinnia\t{NAME}\r\n").repeat(3))
        .unwrap();
    for format in ["human", "json"] {
        let ran = opi(["read", text(&file), "--format", format]);
        assert_eq!(ran.code, Some(1));
        assert_eq!(Marks::default().values(&ran.all()), Vec::<String>::new(), "{ran:#?}");
    }
}

#[test]
fn results_hold_students_only_where_they_are_meant_to() {
    let folder = tempfile::tempdir().unwrap();
    let marks = state(&folder.path().join("state"));
    let out = folder.path().join("out");
    let ran = opi(["year", text(&folder.path().join("state")), "--out", text(&out), "--quiet"]);
    ran.assert_orderly();
    assert_ne!(ran.code, Some(2), "{ran:#?}");
    let mut looked_at = 0;
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for (name, bytes) in files(&out) {
        let path = name.to_str().unwrap().replace('\\', "/");
        let place = || format!("{path} of the year's results");
        let content = String::from_utf8(bytes);
        let found_in_name = marks.any(&path);
        assert!(found_in_name.is_empty(), "{} is named by {found_in_name:?}", place());
        let meant = MEANT.iter().find(|start| path.starts_with(**start));
        if path.starts_with("restricted/") {
            let content = if path.ends_with(".xlsx") { Ok(cells(&out.join(&name))) } else { content };
            let Ok(content) = content else {
                assert!(meant.is_some(), "{} is no text", place());
                used.extend(meant);
                continue;
            };
            let found = marks.values(&content);
            assert!(found.is_empty() || meant.is_some(), "{} holds {found:?}", place());
        } else {
            // What is public, and what lies beside both folders.
            let found = marks.any(&content.unwrap_or_else(|_| panic!("{} is no text", place())));
            assert!(found.is_empty(), "{} holds {found:?}", place());
        }
        looked_at += 1;
    }
    assert!(looked_at >= 2);
    assert_eq!(used.len(), MEANT.len(), "an entry of MEANT that nothing needs: {used:?}");
}

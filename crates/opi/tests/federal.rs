//! The federal files of an invented state: what is made, that our own checker finds nothing, and that figures lead back
//! to their rows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test program"
)]

use opi::aim::{ReadOptions, Reader};
use opi::dictionary::{
    Dictionary, Directory, DirectoryBuilder, DirectoryTable, Finding, SchoolYear, Severity,
};
use opi::edfacts::{Catalogue, CheckOptions, NamedFile, StateProfile, read_file};
use opi::snapshot::{Origin, Table, TableBuilder, TableSchema};
use opi::{FederalFigure, FederalInputs, FederalYear, explain_federal, federal_files};
use opi_synth::{MemorySink, Plan, State, WriteOptions};
use std::collections::{BTreeMap, BTreeSet};

struct Invented {
    directory: Directory,
    years: Vec<(SchoolYear, Vec<Table>)>,
    profile: StateProfile,
}

fn invented(students: u64, years: u32) -> Invented {
    let last_year = SchoolYear::ending(2026).unwrap();
    let state = State::new(Plan { students, years, last_year, seed: 11 }).unwrap();
    let mut sink = MemorySink::default();
    state.write(&mut sink, &WriteOptions::default(), &mut |_| {}).unwrap();
    let mut builder = DirectoryBuilder::default();
    for table in DirectoryTable::ALL {
        builder.read(*table, sink.outputs[&format!("directory/{table}")].as_slice()).unwrap();
    }
    let directory = builder.build().unwrap();
    let dictionary = Dictionary::built_in();
    let tables = |year: SchoolYear| {
        let mut builders: BTreeMap<String, TableBuilder> = BTreeMap::new();
        for (source, (name, bytes)) in (0u32..).zip(&sink.outputs) {
            let parts: Vec<&str> = name.split('/').collect();
            let layout = match parts.as_slice() {
                ["uploads", of, _, file] | ["state", of, file] if *of == year.end_year().to_string() => {
                    file.strip_suffix(".tsv").unwrap()
                }
                _ => continue,
            };
            let options = ReadOptions::new().layout(layout);
            let mut reader = Reader::new(bytes.as_slice(), dictionary, options).unwrap();
            let schema = TableSchema::of(dictionary.layout(layout).unwrap());
            let builder = builders.entry(layout.to_owned()).or_insert_with(|| TableBuilder::new(schema));
            while let Some(row) = reader.next_row().unwrap() {
                builder.push_row(&row, Origin { source, line: row.line(), district: None }).unwrap();
            }
        }
        builders.into_values().map(TableBuilder::finish).collect()
    };
    let years: Vec<SchoolYear> = state.years().collect();
    let years = years.into_iter().map(|year| (year, tables(year))).collect();
    Invented { directory, years, profile: StateProfile::montana().unwrap() }
}

impl Invented {
    /// The tables of the years before the last.
    fn before(&self) -> Vec<(SchoolYear, &[Table])> {
        let (_, before) = self.years.split_last().unwrap();
        before.iter().map(|(year, tables)| (*year, tables.as_slice())).collect()
    }

    fn inputs<'a>(&'a self, before: &'a [(SchoolYear, &'a [Table])]) -> FederalInputs<'a> {
        let last = self.years.last().unwrap();
        FederalInputs {
            school_year: last.0,
            catalogue: Catalogue::builtin().unwrap(),
            dictionary: Dictionary::built_in(),
            profile: &self.profile,
            directory: &self.directory,
            tables: &last.1,
            other_years: before,
        }
    }
}

fn numbers(year: &FederalYear) -> BTreeSet<u16> {
    year.files.iter().map(|file| file.file.get()).collect()
}

#[test]
fn every_file_that_the_inputs_suffice_for_is_made_and_clean() {
    let invented = invented(1_500, 4);
    let before = invented.before();
    let inputs = invented.inputs(&before);
    let year = federal_files(&inputs).unwrap();
    let expected: BTreeSet<u16> = [
        2, 5, 6, 7, 9, 32, 33, 37, 39, 40, 45, 52, 54, 59, 67, 70, 86, 88, 89, 99, 112, 118, 121, 122, 134,
        141, 143, 144, 145, 150, 151, 170, 194, 195, 203, 226,
    ]
    .into();
    assert_eq!(numbers(&year), expected);
    assert_eq!(numbers(&year).len() + year.not_produced.len(), inputs.catalogue.files().len());
    assert!(year.not_produced.iter().all(|file| !file.missing.is_empty()));
    let names: BTreeSet<&String> = year.files.iter().map(|file| &file.name).collect();
    assert_eq!(names.len(), year.files.len());
    // Where the cell of a student hangs on the unit (which exit stands), state and districts may differ: asked about,
    // not wrong.
    let by_unit = |finding: &&Finding| {
        let file = &finding.position.file;
        let by_day = file.contains("FS009") || file.contains("FS118");
        finding.code == "SUB-10" && finding.severity == Severity::Confirm && by_day
    };
    let found: Vec<&Finding> = year.check.findings.iter().filter(|finding| !by_unit(finding)).collect();
    assert!(found.is_empty(), "{found:#?}");
    assert!(year.notes.is_empty(), "{:#?}", year.notes);
    // Nothing is made of zeros alone, but for what an invented state this small need not have.
    for file in &year.files {
        let named = NamedFile { name: &file.name, bytes: &file.bytes };
        let options = CheckOptions::new(invented.profile.clone());
        let read = read_file(inputs.catalogue, &options, named).unwrap();
        assert_eq!(read.rows.len() as u64, file.records);
        let counted = read.rows.iter().any(|(_, row)| {
            row.amount.as_deref().is_none_or(|amount| amount.bytes().any(|b| (b'1'..=b'9').contains(&b)))
        });
        let rare = [5, 7, 45, 86, 122, 144, 145, 194].contains(&file.file.get());
        assert!(counted || rare, "{} holds nothing but zeros", file.name);
    }
}

#[test]
fn a_figure_leads_back_to_its_rows() {
    let invented = invented(1_200, 1);
    let before = invented.before();
    let inputs = invented.inputs(&before);
    let year = federal_files(&inputs).unwrap();
    let ask = |figure: &str| explain_federal(&inputs, &figure.parse().unwrap());
    let options = CheckOptions::new(invented.profile.clone());
    let tables: BTreeMap<&str, &Table> = inputs.tables.iter().map(|table| (table.name(), table)).collect();
    for number in ["052", "002", "195", "033", "134", "121", "059", "006"] {
        let files = year.files.iter().filter(|file| file.file.to_string() == number);
        for file in files {
            let named = NamedFile { name: &file.name, bytes: &file.bytes };
            let read = read_file(inputs.catalogue, &options, named).unwrap();
            let counted = |amount: &str| amount.bytes().any(|b| (b'1'..=b'9').contains(&b));
            let rows = read.rows.iter().map(|(_, row)| row);
            let filled = rows.filter(|row| row.amount.as_deref().is_some_and(counted));
            // Sets of one table are told apart by their categories.
            let sets = inputs.catalogue.sets(file.file, file.level, inputs.school_year);
            for row in filled.step_by(7).take(12) {
                let given: BTreeMap<&String, &String> =
                    row.values.iter().map(|(name, code)| (name, code)).collect();
                let table = row.table.as_deref().unwrap();
                let same = |categories: &[String]| {
                    categories.iter().collect::<BTreeSet<_>>() == given.keys().copied().collect()
                };
                let set = sets.iter().find(|set| set.table == table && same(&set.categories)).unwrap();
                let figure = FederalFigure {
                    file: file.file,
                    level: file.level,
                    lea: row.lea.clone(),
                    school: row.school.clone(),
                    table: Some(table.to_owned()),
                    set: set.set.clone(),
                    codes: set.categories.iter().map(|category| given[category].clone()).collect(),
                };
                let cell = ask(&figure.to_string()).unwrap();
                assert_eq!(cell.figure, figure);
                let sum: u64 = cell.reasons.iter().map(|reason| reason.adds).sum();
                let shown =
                    if number == "059" { format!("{}.{:02}", sum / 100, sum % 100) } else { sum.to_string() };
                assert_eq!(Some(shown), row.amount, "{figure}");
                for reason in &cell.reasons {
                    assert!(!reason.rows.is_empty(), "{figure}");
                    for behind in &reason.rows {
                        let table = tables[behind.table.as_str()];
                        let place = (behind.source, behind.line);
                        let found = table.records().find(|r| (r.origin().source, r.origin().line) == place);
                        let fields = found.unwrap();
                        let id = (0..fields.columns()).any(|column| fields.field(column) == reason.id);
                        assert!(id, "{figure}: the row names another");
                    }
                }
            }
        }
    }
    // The school alone is enough where the number is one school's.
    let school = inputs.directory.schools().next().unwrap().key.school.to_string();
    let alone = ask(&format!("edfacts:052:SCH:{school}:TOT"));
    let twice = inputs.directory.schools().filter(|other| other.key.school.to_string() == school).count() > 1;
    assert_eq!(alone.is_err(), twice);
    let said = |figure: &str| match figure.parse::<FederalFigure>() {
        Ok(figure) => explain_federal(&inputs, &figure).unwrap_err().to_string(),
        Err(error) => error.to_string(),
    };
    let errors: Vec<String> = [
        "052:SEA:TOT",
        "edfacts:052",
        "edfacts:052:XXX:TOT",
        "edfacts:052:SEA:CSX:01",
        "edfacts:052:SEA:CSA:05,HI7",
        "edfacts:052:SEA:CSA:05,HI7,X",
        "edfacts:052:LEA:0000:TOT",
        "edfacts:052:SEA:TOT::more",
        "edfacts:033:SEA:TOT",
        "edfacts:175:SEA:TOT",
        "edfacts:150:SEA:TOT",
        "edfacts:039:LEA:0000:TOT",
        "edfacts:999:SEA:TOT",
    ]
    .into_iter()
    .map(said)
    .collect();
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn what_is_not_given_is_said_to_be_missing() {
    let invented = invented(300, 1);
    let before = invented.before();
    let inputs = invented.inputs(&before);
    let uploads: Vec<Table> = inputs
        .tables
        .iter()
        .filter(|table| !opi_synth::STATE_TABLES.contains(&table.name()))
        .cloned()
        .collect();
    let year = federal_files(&FederalInputs { tables: &uploads, ..inputs }).unwrap();
    assert_eq!(numbers(&year), [39, 52, 134].into());
    let said: Vec<String> = year
        .not_produced
        .iter()
        .map(|file| format!("{} {}: {}", file.file, file.title, file.missing))
        .collect();
    insta::assert_snapshot!(said.join("\n"));
    let none = federal_files(&FederalInputs { tables: &[], ..inputs }).unwrap();
    assert_eq!(numbers(&none), [39].into());
}

//! Submissions in the making: files, units, the year before.

use opi_dictionary::SchoolYear;
use opi_edfacts::{
    Catalogue, CheckOptions, CountConfig, DataRow, FileForm, FileNumber, FileWriter, Level, NamedFile,
    StateProfile, check_files, file_name, zero_rows,
};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) type Codes<'c> = &'c [(&'c str, &'c str)];

/// One federal file in the making.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) number: u16,
    pub(crate) level: Level,
    pub(crate) rows: Vec<DataRow>,
}

/// A submission: files, the short table of units, the files of the year before.
#[derive(Clone)]
pub(crate) struct Given {
    files: Vec<File>,
    raw: Vec<(String, String)>,
    units: Option<String>,
    prior: Vec<File>,
    pub(crate) options: CheckOptions,
}

pub(crate) const UNITS: &str = "lea,school,status,reported_federally,grades\n\
    0998,,Open,yes,PK;KG;01;02;03;04;05;06;07;08;09;10;11;12\n\
    0998,9001,Open,yes,PK;KG;01;02;03;04;05;06;07;08;09;10;11;12\n\
    0997,,Closed,yes,KG;01\n";

pub(crate) fn catalogue() -> &'static Catalogue {
    Catalogue::builtin().unwrap()
}

pub(crate) fn year() -> SchoolYear {
    "2025-26".parse().unwrap()
}

pub(crate) fn number(file: u16) -> FileNumber {
    FileNumber::new(file).unwrap()
}

pub(crate) fn unit(level: Level) -> (Option<String>, Option<String>) {
    match level {
        Level::Sea => (None, None),
        Level::Lea => (Some("0998".into()), None),
        Level::Sch => (Some("0998".into()), Some("9001".into())),
    }
}

/// All rows that the unit owes, with 0.
pub(crate) fn zeros(file: u16, level: Level) -> File {
    let config: CountConfig = StateProfile::montana().unwrap().config(year()).unwrap();
    let mut rows = zero_rows(catalogue(), &config, number(file), level).unwrap();
    let layout = catalogue().layout(number(file), level, year()).unwrap();
    let hundredths = layout.fields().any(|column| column.kind == opi_edfacts::ColumnType::Decimal2);
    for row in &mut rows {
        (row.lea, row.school) = unit(level);
        row.amount = Some(if hundredths { "0.00" } else { "0" }.to_owned());
    }
    File { number: file, level, rows }
}

impl File {
    /// Adds students who have these codes to every record in which they stand.
    pub(crate) fn with(mut self, table: &str, codes: Codes<'_>, count: i64) -> File {
        self.add(table, codes, count);
        self
    }

    pub(crate) fn add(&mut self, table: &str, codes: Codes<'_>, count: i64) {
        let given: BTreeMap<&str, &str> = codes.iter().copied().collect();
        for row in &mut self.rows {
            let here = table.is_empty() || row.table.as_deref() == Some(table);
            let fits = row.values.iter().all(|(name, code)| given.get(name.as_str()) == Some(&code.as_str()));
            if here && fits {
                let amount = row.amount.as_deref().unwrap();
                row.amount = Some(match amount.split_once('.') {
                    None => (amount.parse::<i64>().unwrap() + count).to_string(),
                    Some((whole, parts)) => {
                        let hundredths =
                            whole.parse::<i64>().unwrap() * 100 + parts.parse::<i64>().unwrap() + count;
                        format!("{}.{:02}", hundredths / 100, hundredths % 100)
                    }
                });
            }
        }
    }

    /// Sets the one record with exactly these codes.
    pub(crate) fn set(mut self, table: &str, codes: Codes<'_>, amount: &str) -> File {
        let wanted: BTreeSet<(&str, &str)> = codes.iter().copied().collect();
        let of = |row: &DataRow| {
            row.values.iter().map(|(n, c)| (n.as_str(), c.as_str())).collect::<BTreeSet<_>>() == wanted
        };
        let here = |row: &&mut DataRow| (table.is_empty() || row.table.as_deref() == Some(table)) && of(row);
        match self.rows.iter_mut().find(here) {
            Some(row) => row.amount = Some(amount.to_owned()),
            None => {
                let table =
                    if table.is_empty() { self.rows[0].table.clone().unwrap() } else { table.to_owned() };
                self.rows.push(row(self.level, &table, codes, amount));
            }
        }
        self
    }

    pub(crate) fn at(mut self, lea: &str) -> File {
        for row in &mut self.rows {
            row.lea = Some(lea.to_owned());
        }
        self
    }

    pub(crate) fn name(&self) -> String {
        let fixed = catalogue().file(number(self.number)).unwrap().name_abbreviation();
        file_name("MT", self.level, &fixed, "v000001", FileForm::Csv).unwrap()
    }

    pub(crate) fn bytes(&self, year: SchoolYear) -> Result<Vec<u8>, String> {
        self.form(year, FileForm::Csv)
    }

    pub(crate) fn form(&self, year: SchoolYear, form: FileForm) -> Result<Vec<u8>, String> {
        let profile = StateProfile::montana().unwrap();
        let writer = FileWriter::new(catalogue(), &profile, number(self.number), self.level, year).unwrap();
        let mut bytes = Vec::new();
        writer
            .write(&self.rows, &self.name().replace("csv", form.extension()), "invented", form, &mut bytes)
            .map_err(|error| format!("{}: {error}", self.name()))?;
        Ok(bytes)
    }
}

pub(crate) fn row(level: Level, table: &str, codes: Codes<'_>, amount: &str) -> DataRow {
    let (lea, school) = unit(level);
    let values = codes.iter().map(|(name, code)| ((*name).to_owned(), (*code).to_owned())).collect();
    let table = Some(table.to_owned()).filter(|table| !table.is_empty());
    let amount = Some(amount.to_owned()).filter(|amount| !amount.is_empty());
    DataRow { lea, school, table, values, amount, ..DataRow::default() }
}

/// A file without category sets.
pub(crate) fn register(file: u16, level: Level, rows: &[Codes<'_>]) -> File {
    let rows = rows.iter().map(|codes| row(level, "", codes, "")).collect();
    File { number: file, level, rows }
}

pub(crate) fn given(files: impl IntoIterator<Item = File>) -> Given {
    Given {
        files: files.into_iter().collect(),
        raw: Vec::new(),
        units: Some(UNITS.to_owned()),
        prior: Vec::new(),
        options: CheckOptions::new(StateProfile::montana().unwrap()),
    }
}

impl Given {
    pub(crate) fn before(mut self, prior: impl IntoIterator<Item = File>) -> Given {
        self.prior.extend(prior);
        self
    }

    pub(crate) fn profile(mut self, change: impl FnOnce(&mut StateProfile)) -> Given {
        change(&mut self.options.profile);
        self
    }

    /// The file as it stands under another name.
    pub(crate) fn named(mut self, name: &str) -> Given {
        self.raw[0].0 = name.to_owned();
        self
    }

    /// A file as it stands, under a name.
    pub(crate) fn text(mut self, name: &str, text: &str) -> Given {
        self.raw.push((name.to_owned(), text.to_owned()));
        self
    }

    pub(crate) fn without_units(mut self) -> Given {
        self.units = None;
        self
    }

    pub(crate) fn units(mut self, units: &str) -> Given {
        self.units = Some(units.to_owned());
        self
    }

    pub(crate) fn found(&self) -> Result<BTreeSet<String>, String> {
        type Bytes = Vec<(String, Vec<u8>)>;
        let named = |files: &[File], raw: &[(String, String)], year: SchoolYear| -> Result<Bytes, String> {
            let own = files.iter().map(|file| Ok((file.name(), file.bytes(year)?)));
            own.chain(raw.iter().map(|(name, text)| Ok((name.clone(), text.clone().into_bytes())))).collect()
        };
        let files = named(&self.files, &self.raw, year())?;
        let prior = named(&self.prior, &[], year().previous().unwrap())?;
        fn refer(files: &[(String, Vec<u8>)]) -> Vec<NamedFile<'_>> {
            files.iter().map(|(name, bytes)| NamedFile { name, bytes }).collect()
        }
        let units = self.units.iter().map(|text| NamedFile { name: "units.csv", bytes: text.as_bytes() });
        let units: Vec<NamedFile<'_>> = units.collect();
        let report = check_files(catalogue(), &self.options, &refer(&files), &units, &refer(&prior)).unwrap();
        for finding in &report.findings {
            assert!(!finding.message.is_empty() && !finding.fix.is_empty());
        }
        Ok(report.findings.into_iter().map(|finding| finding.code).collect())
    }
}

pub(crate) const MEMBER: Codes<'static> = &[("GRADELVMEM", "05"), ("RACEETHNIC", "WH7"), ("SEX", "F")];
pub(crate) const GRADUATE: Codes<'static> =
    &[("DIPLCREDTYPE", "REGDIP"), ("DISABSTATIDEA", "WODIS"), ("RACEETHNIC", "WH7"), ("SEX", "F")];
pub(crate) const CHILD: Codes<'static> = &[
    ("AGESA", "10"),
    ("AGEEC", "4"),
    ("DISABCATIDEA", "SLD"),
    ("EDENVIRIDEASA", "RC80"),
    ("EDENVIDEAEC", "SC"),
    ("RACEETHNIC", "WH7"),
    ("SEX", "F"),
    ("LEPBOTH", "NLEP"),
];
pub(crate) const REMOVED: Codes<'static> = &[
    ("DISABCATIDEA", "SLD"),
    ("RACEETHNIC", "WH7"),
    ("SEX", "F"),
    ("LEPBOTH", "NLEP"),
    ("DSCPLMETHOD", "INSCHOOL"),
    ("REMOVALLENSUS", "LTOREQ10"),
    ("REMOVALLENIDEA", "2TO10"),
    ("REMOVALTYPE", "REMDW"),
    ("REMOVEREASON", "D"),
];

/// What a submission wakes, or why it could not be written.
pub(crate) type Woken = Result<BTreeSet<String>, String>;

/// A rule, what is right, what is wrong, and the other rules that the same mistake wakes.
pub(crate) struct Pair {
    pub(crate) code: &'static str,
    pub(crate) right: Woken,
    pub(crate) wrong: Woken,
    pub(crate) also: &'static [&'static str],
}

pub(crate) fn pair(code: &'static str, right: &Given, wrong: &Given, also: &'static [&'static str]) -> Pair {
    Pair { code, right: right.found(), wrong: wrong.found(), also }
}

/// A submission of one file.
pub(crate) fn one(file: File) -> Given {
    given([file])
}

/// A submission of one file whose lines were changed after writing. No value of it holds a comma.
pub(crate) fn edited(file: &File, change: impl FnOnce(&mut Vec<Vec<String>>)) -> Given {
    let text = String::from_utf8(file.bytes(year()).unwrap()).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    change(&mut lines);
    let lines: Vec<String> = lines.iter().map(|cells| cells.join(",") + "\r\n").collect();
    given([]).text(&file.name(), &lines.concat())
}

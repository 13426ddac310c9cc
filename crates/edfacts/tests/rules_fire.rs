//! Rules on units, between files and against the year before: for each a submission on which it speaks, one change away
//! from a submission on which nothing speaks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, reason = "tests")]

use opi_dictionary::SchoolYear;
use opi_edfacts::{
    Catalogue, CheckOptions, CountConfig, DataRow, FileForm, FileNumber, FileWriter, Level, NamedFile,
    StateProfile, check_files, file_name, zero_rows,
};
use std::collections::{BTreeMap, BTreeSet};

type Codes<'c> = &'c [(&'c str, &'c str)];

/// One federal file in the making.
#[derive(Clone)]
struct File {
    number: u16,
    level: Level,
    rows: Vec<DataRow>,
}

/// A submission: files, the short table of units, the files of the year before.
#[derive(Clone)]
struct Given {
    files: Vec<File>,
    raw: Vec<(String, String)>,
    units: Option<String>,
    prior: Vec<File>,
    raw_prior: Vec<(String, String)>,
    options: CheckOptions,
}

const UNITS: &str = "lea,school,status,reported_federally,grades\n\
    0998,,Open,yes,PK;KG;01;02;03;04;05;06;07;08;09;10;11;12\n\
    0998,9001,Open,yes,PK;KG;01;02;03;04;05;06;07;08;09;10;11;12\n\
    0997,,Closed,yes,KG;01\n";

fn catalogue() -> &'static Catalogue {
    Catalogue::builtin().unwrap()
}

fn year() -> SchoolYear {
    "2025-26".parse().unwrap()
}

fn number(file: u16) -> FileNumber {
    FileNumber::new(file).unwrap()
}

fn unit(level: Level) -> (Option<String>, Option<String>) {
    match level {
        Level::Sea => (None, None),
        Level::Lea => (Some("0998".into()), None),
        Level::Sch => (Some("0998".into()), Some("9001".into())),
    }
}

/// All rows that the unit owes, with 0.
fn zeros(file: u16, level: Level) -> File {
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
    fn with(mut self, table: &str, codes: Codes<'_>, count: i64) -> File {
        self.add(table, codes, count);
        self
    }

    fn add(&mut self, table: &str, codes: Codes<'_>, count: i64) {
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
    fn set(mut self, table: &str, codes: Codes<'_>, amount: &str) -> File {
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

    fn at(mut self, lea: &str) -> File {
        for row in &mut self.rows {
            row.lea = Some(lea.to_owned());
        }
        self
    }

    fn name(&self) -> String {
        let fixed = catalogue().file(number(self.number)).unwrap().abbreviation.clone();
        let fixed = fixed.filter(|text| text.len() <= 9).unwrap_or_else(|| format!("FS{:03}", self.number));
        file_name("MT", self.level, &fixed, "v000001", FileForm::Csv).unwrap()
    }

    fn bytes(&self, year: SchoolYear) -> Result<Vec<u8>, String> {
        let profile = StateProfile::montana().unwrap();
        let writer = FileWriter::new(catalogue(), &profile, number(self.number), self.level, year).unwrap();
        let mut bytes = Vec::new();
        writer
            .write(&self.rows, &self.name(), "invented", FileForm::Csv, &mut bytes)
            .map_err(|error| format!("{}: {error}", self.name()))?;
        Ok(bytes)
    }
}

fn row(level: Level, table: &str, codes: Codes<'_>, amount: &str) -> DataRow {
    let (lea, school) = unit(level);
    let values = codes.iter().map(|(name, code)| ((*name).to_owned(), (*code).to_owned())).collect();
    let table = Some(table.to_owned()).filter(|table| !table.is_empty());
    let amount = Some(amount.to_owned()).filter(|amount| !amount.is_empty());
    DataRow { lea, school, table, values, amount, ..DataRow::default() }
}

/// A file without category sets.
fn register(file: u16, level: Level, rows: &[Codes<'_>]) -> File {
    let rows = rows.iter().map(|codes| row(level, "", codes, "")).collect();
    File { number: file, level, rows }
}

fn given(files: impl IntoIterator<Item = File>) -> Given {
    Given {
        files: files.into_iter().collect(),
        raw: Vec::new(),
        units: Some(UNITS.to_owned()),
        prior: Vec::new(),
        raw_prior: Vec::new(),
        options: CheckOptions::new(StateProfile::montana().unwrap()),
    }
}

impl Given {
    fn before(mut self, prior: impl IntoIterator<Item = File>) -> Given {
        self.prior.extend(prior);
        self
    }

    fn profile(mut self, change: impl FnOnce(&mut StateProfile)) -> Given {
        change(&mut self.options.profile);
        self
    }

    fn units(mut self, units: &str) -> Given {
        self.units = Some(units.to_owned());
        self
    }

    fn found(&self) -> Result<BTreeSet<String>, String> {
        type Bytes = Vec<(String, Vec<u8>)>;
        let named = |files: &[File], raw: &[(String, String)], year: SchoolYear| -> Result<Bytes, String> {
            let own = files.iter().map(|file| Ok((file.name(), file.bytes(year)?)));
            own.chain(raw.iter().map(|(name, text)| Ok((name.clone(), text.clone().into_bytes())))).collect()
        };
        let files = named(&self.files, &self.raw, year())?;
        let prior = named(&self.prior, &self.raw_prior, year().previous().unwrap())?;
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

const MEMBER: Codes<'static> = &[("GRADELVMEM", "05"), ("RACEETHNIC", "WH7"), ("SEX", "F")];
const GRADUATE: Codes<'static> =
    &[("DIPLCREDTYPE", "REGDIP"), ("DISABSTATIDEA", "WODIS"), ("RACEETHNIC", "WH7"), ("SEX", "F")];
const CHILD: Codes<'static> = &[
    ("AGESA", "10"),
    ("AGEEC", "4"),
    ("DISABCATIDEA", "SLD"),
    ("EDENVIRIDEASA", "RC80"),
    ("EDENVIDEAEC", "SC"),
    ("RACEETHNIC", "WH7"),
    ("SEX", "F"),
    ("LEPBOTH", "NLEP"),
];
const REMOVED: Codes<'static> = &[
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

/// Each rule with what is right, what is wrong, and the other rules that the same mistake wakes.
fn cases() -> Vec<(&'static str, Given, Given, Vec<&'static str>)> {
    use Level::{Lea, Sch, Sea};
    let members = |level| zeros(52, level).with("", MEMBER, 20);
    let mut cases: Vec<(&'static str, Given, Given, Vec<&'static str>)> = Vec::new();
    let mut case = |code, right: Given, wrong: Given, also: &[&'static str]| {
        cases.push((code, right, wrong, also.to_vec()));
    };
    let one = |file: File| given([file]);

    case("MTC-01", one(members(Lea)), one(members(Lea).at("0123")), &[]);
    case("MTC-02", one(members(Sch)), one(members(Sch)).units(&UNITS.replace("0998,9001", "0998,9002")), &[]);
    let closed = UNITS.replace("0998,,Open", "0998,,Closed");
    case("MTC-03", one(members(Lea)), one(members(Lea)).units(&closed), &[]);
    let grades = |level, grades: &[&'static str]| {
        let rows: Vec<[(&str, &str); 1]> = grades.iter().map(|grade| [("GradeLevelID", *grade)]).collect();
        let rows: Vec<Codes<'_>> = rows.iter().map(|row| row.as_slice()).collect();
        register(39, level, &rows)
    };
    let open =
        "lea,school,status,reported_federally,grades\n0998,,Open,yes,KG;01\n0998,9001,Open,yes,KG;01\n";
    case(
        "MTC-10",
        one(grades(Lea, &["KG", "01"])).units(open),
        one(grades(Lea, &["KG", "01"])).units(&(open.to_owned() + "0999,,Open,yes,KG\n")),
        &[],
    );
    case(
        "MTC-11",
        given([grades(Lea, &["KG", "01"]), grades(Sch, &["KG", "01"])]).units(open),
        given([grades(Lea, &["KG"]), grades(Sch, &["KG", "01"])]).units(open),
        &[],
    );
    // Within the unit.
    let missing = [("GRADELVMEM", "05"), ("RACEETHNIC", "MISSING"), ("SEX", "F")];
    case("SUB-05", one(members(Lea)), one(members(Lea).set("", &missing, "0")), &[]);
    case(
        "SUB-06",
        one(members(Lea)),
        {
            let mut file = members(Lea);
            file.rows.pop();
            one(file)
        },
        &[],
    );
    case("SUB-07", one(members(Lea)), one(members(Lea).set("", &[], "19")), &["SUB-08"]);
    case("SUB-08", one(members(Lea)), one(members(Lea).set("", &[], "21")), &[]);
    case(
        "SUB-09",
        one(members(Lea)),
        one(members(Lea).set("", MEMBER, "19").set(
            "",
            &[("GRADELVMEM", "06"), ("RACEETHNIC", "WH7"), ("SEX", "F")],
            "1",
        )),
        &[],
    );
    case(
        "SUB-12",
        one(members(Sea)),
        {
            let mut file = members(Sea);
            file.rows.pop();
            one(file)
        },
        &["SUB-06"],
    );
    case(
        "SUB-13",
        one(members(Lea)),
        one(members(Lea)).units(&UNITS.replace(";05;", ";")),
        &["SUB-08", "SUB-09"],
    );
    let thirteen = [("GRADELVMEM", "13"), ("RACEETHNIC", "WH7"), ("SEX", "F")];
    case("SUB-14", one(members(Sea)), one(members(Sea).set("", &thirteen, "0")), &[]);
    // Level against level.
    case(
        "SUB-10",
        given([members(Sea), members(Lea)]),
        given([zeros(52, Sea).with("", MEMBER, 19), members(Lea)]),
        &["SUB-11"],
    );
    case(
        "SUB-11",
        given([members(Lea), members(Sch)]),
        given([members(Lea).with("", MEMBER, 1), members(Sch)]),
        &[],
    );
    // Lunch.
    let lunch = |free: i64, total: &str| {
        zeros(33, Sch).with("LUNCHFREERED", &[("LUNCHPROG", "FL")], free).set("LUNCHFREERED", &[], total)
    };
    case("SUB-15", given([lunch(3, "3"), members(Sch)]), given([lunch(23, "23"), members(Sch)]), &[]);
    let status = |nslp: &'static str| {
        register(
            129,
            Sch,
            &[&[("SharedTimeInd", "NO"), ("NSLPstatus", nslp), ("VirtualSchoolStatus", "NOTVIRTUAL")]],
        )
    };
    case("SUB-16", given([lunch(3, "3"), status("NSLPCEO")]), given([lunch(3, "3"), status("NSLPNO")]), &[]);
    // Special education.
    let children = |level| zeros(2, level).with("", CHILD, 4);
    let early = |level| zeros(89, level).with("", CHILD, 2);
    case(
        "SUB-17",
        one(children(Sch)),
        one(children(Sch).set("", &[("AGESA", "10"), ("EDENVIRIDEASA", "HH")], "0")),
        &[],
    );
    let delayed = |profile: &mut StateProfile| {
        profile.special_education.developmental_delay_ages = Some(vec![3, 4, 5, 6])
    };
    let dd: Vec<(&str, &str)> = CHILD
        .iter()
        .map(|(name, code)| (*name, if *name == "DISABCATIDEA" { "DD" } else { *code }))
        .collect();
    case(
        "SUB-18",
        one(zeros(2, Sea).with("", &dd, 1)),
        one(zeros(2, Sea).with("", &dd, 1)).profile(delayed),
        &[],
    );
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
        zeros(9, Sea).with("", &codes, 1)
    };
    let certificates = |profile: &mut StateProfile| profile.special_education.certificate = false;
    case("SUB-20", one(exit("17", "RC")), one(exit("17", "RC")).profile(certificates), &[]);
    // Discipline.
    let by_method = |count| zeros(6, Sea).with("", REMOVED, count);
    let removed = |count| zeros(88, Sea).with("", REMOVED, count);
    case("SUB-21", given([by_method(3), removed(3)]), given([by_method(4), removed(3)]), &[]);
    case(
        "SUB-22",
        one(removed(3)),
        one(removed(3).set("", &[("REMOVALLENIDEA", "2TO10")], "2")),
        &["SUB-09", "SUB-08"],
    );
    let removals = |count| zeros(143, Sea).with("", REMOVED, count);
    case("SUB-23", given([removals(3), removed(3)]), given([removals(2), removed(3)]), &[]);
    let interim = |count| zeros(5, Sea).with("", REMOVED, count);
    let by_reason = |count| zeros(7, Sea).with("", REMOVED, count);
    case("SUB-24", given([by_reason(2), interim(2)]), given([by_reason(1), interim(2)]), &[]);
    case(
        "SUB-25",
        given([by_method(12), children(Sea), early(Sea)]),
        given([by_method(13), children(Sea), early(Sea)]),
        &[],
    );
    // Dropouts and completers.
    let dropout = |grade: &'static str| {
        let codes = [("GRADELDROP", grade), ("RACEETHNIC", "WH7"), ("SEX", "F"), ("DISABSTATIDEA", "WODIS")];
        zeros(32, Lea).with("", &codes, 1)
    };
    let no_tenth = UNITS.replace("09;10;11;12\n0998,9001", "09;11;12\n0998,9001");
    case("SUB-26", one(dropout("10")), one(dropout("10")).units(&no_tenth), &[]);
    let graduates = |level| zeros(40, level).with("", GRADUATE, 2);
    let no_twelfth = UNITS.replace("11;12\n0998,9001", "11\n0998,9001");
    case(
        "SUB-27",
        given([graduates(Lea), members(Lea)]),
        given([graduates(Lea), members(Lea)]).units(&no_twelfth),
        &["SUB-13"],
    );
    // Graduation rate.
    let cohort = |yes: i64, no: i64, gone: i64| {
        let of = |status| [("COHSTATUS", status), ("MAJORREG", "MW")];
        zeros(151, Sea)
            .with("GRADCOHORT4YR", &of("COHYES"), yes)
            .with("GRADCOHORT4YR", &of("COHNO"), no)
            .with("GRADCOHORT4YR", &of("COHREM"), gone)
    };
    let rate = |amount: &'static str| File {
        number: 150,
        level: Sea,
        rows: vec![row(Sea, "GRADRT4YRADJ", &[], amount)],
    };
    case("SUB-28", given([rate("80.0"), cohort(4, 1, 5)]), given([rate("81.0"), cohort(4, 1, 5)]), &[]);
    case(
        "SUB-29",
        given([rate("80.0"), cohort(4, 1, 5)]),
        given([rate("40.0"), cohort(4, 1, 5)]),
        &["SUB-28"],
    );
    // Assessment.
    let result: Codes<'_> = &[
        ("ASMTADMNSTRD", "REGASSWOACC"),
        ("GRADELVLASS", "05"),
        ("MAJORREG", "MW"),
        ("SEX", "F"),
        ("PROFSTATUS", "PROFICIENT"),
    ];
    let declare = |test: &'static str| {
        move |profile: &mut StateProfile| {
            let toml = format!("file = \"175\"\ngrades = [\"05\"]\ntests = [\"{test}\"]\n");
            profile.assessments = vec![toml::from_str(&toml).unwrap()];
        }
    };
    let results = |count| zeros(175, Sea).with("", result, count);
    case(
        "SUB-30",
        one(results(3)).profile(declare("REGASSWOACC")),
        one(results(3)).profile(declare("ALTASSALTACH")),
        &[],
    );
    // Chronic absenteeism, homelessness, English learners.
    let absent: Codes<'_> = &[("RACEETHNIC", "WH7"), ("SEX", "F"), ("DISABSTATUS", "WDIS")];
    let has_total = zeros(195, Sch).rows.iter().any(|row| row.values.is_empty());
    if has_total {
        case(
            "SUB-34",
            one(zeros(195, Sch).with("", absent, 3)),
            one(zeros(195, Sch).with("", absent, 3).set("", &[], "2")),
            &["SUB-07", "SUB-08"],
        );
    }
    let homeless: Codes<'_> = &[
        ("AGE3TOGRADE13", "05"),
        ("HOMELSPRMRES", "D"),
        ("DISABSTATUS", "WDIS"),
        ("LEPONLY", "LEP"),
        ("MIGRNTSTATUS", "MS"),
        ("HOMELESSUNAC", "UY"),
        ("RACEETHNIC", "WH7"),
    ];
    let housed = |count| zeros(118, Sea).with("", homeless, count);
    case("SUB-35", one(housed(2)), one(housed(2).set("", &[("HOMELSPRMRES", "D")], "1")), &["SUB-08"]);
    let learner: Codes<'_> = &[
        ("GRADELVLASS", "05"),
        ("GRADELVMEM", "05"),
        ("GRADELVBASICW13", "05"),
        ("LANGHOME", "spa"),
        ("RACEETHNIC", "WH7"),
        ("DISABSTATUS", "WDIS"),
    ];
    let learners = |count: i64| {
        let shown = count.to_string();
        zeros(141, Sea).with("", learner, count).set("", &[("LANGHOME", "spa")], &shown)
    };
    case("SUB-37", one(learners(5)), one(learners(5).set("", &[("LANGHOME", "spa")], "4")), &["SUB-08"]);
    let served = |count| {
        zeros(116, Sea).with(
            "",
            &[
                ("GRADELVMEM", "05"),
                ("GRADELVLASS", "05"),
                ("GRADELVBASICW13", "05"),
                ("LNGINSTPRGTYPE", "DUAL"),
            ],
            count,
        )
    };
    case("SUB-38", given([served(5), learners(5)]), given([served(60), learners(5)]), &[]);
    // Homeless subgrants, Title I.
    let young = zeros(194, Lea).set("", &[("AGEPK", "UNDER3")], "2");
    let subgrant = |answer: &'static str| register(170, Lea, &[&[("MVSubGStatusID", answer)]]);
    case("SUB-36", given([young.clone(), subgrant("MVSUBGYES")]), given([young, subgrant("MVSUBGNO")]), &[]);
    // Migrant education.
    let migrant: Codes<'_> = &[("AGEGRDWO13", "05"), ("AGEGRDWO13BT3", "05"), ("RACEETHNIC", "WH7")];
    let eligible = |count| zeros(121, Sea).with("", migrant, count);
    let taught = |count| zeros(54, Sea).with("", migrant, count);
    case("SUB-40", given([taught(2), eligible(3)]), given([taught(4), eligible(3)]), &[]);
    // Year against year.
    let more = zeros(52, Lea).with("", MEMBER, 200);
    case(
        "SUB-44",
        one(more.clone()).before([zeros(52, Lea).with("", MEMBER, 180)]),
        one(more).before([zeros(52, Lea).with("", MEMBER, 140)]),
        &[],
    );
    // Staff.
    let staff = |count| zeros(59, Lea).with("", &[("STAFFCATGCCD", "ELMTCH")], count);
    let teachers = |amount: &'static str| File {
        number: 59,
        level: Sch,
        rows: vec![row(Sch, "CLASSTEACHFTE", &[], amount)],
    };
    case("SUB-45", given([staff(250), teachers("2.50")]), given([staff(250), teachers("2.51")]), &[]);
    case("SUB-46", one(members(Lea)), given([members(Lea), members(Lea)]), &[]);
    let extra = |count| zeros(118, Sea).set("", &[("AGE3TOGRADE13", "13")], count);
    case("SUB-49", one(housed(0)), one(extra("1")), &["SUB-08", "SUB-07"]);
    cases
}

#[test]
fn each_rule_speaks_on_its_mistake_and_is_silent_beside_it() {
    let mut failed = Vec::new();
    for (code, right, wrong, also) in cases() {
        let silent = right.found();
        if silent != Ok(BTreeSet::new()) {
            failed.push(format!("{code}: what is right wakes {silent:?}"));
        }
        let found = wrong.found();
        let mut wanted: BTreeSet<String> = also.iter().map(|code| (*code).to_owned()).collect();
        wanted.insert(code.to_owned());
        if found.as_ref() != Ok(&wanted) {
            failed.push(format!("{code}: the mistake wakes {found:?}, not {wanted:?}"));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

//! Every rule that is judged has a case in which it fires and one, at the edge of the first, in which it is silent.
//!
//! A line of `tests/cases/*.txt` is `RULE fires|silent: statements`, parted by `;`. A statement is
//! - `EN field=value, ...`: a row of the file EN, right but for these fields; `reg.EN` and `prior.EN` likewise for
//!   the register and last year;
//! - `many 11 EN ...`: so many rows with running state IDs; `empty EN`: the file without rows; `cut 1`: the last row
//!   loses so many fields at its end; `lose field`: the last row loses this one;
//! - `fact kind[=value] [for ID] [first..last]`: a stored fact;
//! - `!setting=value`: see `Case::set`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod common;

use chrono::NaiveDate;
use opi_dictionary::{
    Dictionary, DirectoryBuilder, DirectoryTable, RowBuffer, RuleKey, RuleStatus, SchoolYear, StateId,
};
use opi_rules::{
    Checker, Count, CountDate, FactKind, Inputs, Notice, Options, Outcome, Policy, References, RegisterFacts,
    Rows, registry,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const LAYOUTS: [(&str, &str, &str); 21] = [
    ("SD", "student-demographics", "9901|990000108|108|Feldspar|Flint|Reed||M|04/04/2010|N|N|N|N|N|Y|2026"),
    (
        "EN",
        "student-enrollments",
        "9901|9912|100|990000108|108|Feldspar|Flint|10|08/27/2025|02|P|||N|||||08/28/2024||2026",
    ),
    ("AF", "fall-enrollment-count", "9901|9912|100|990000108|108|Feldspar|Flint|F|N|N|2026"),
    ("AS", "spring-enrollment-count", "9901|9912|100|990000108|108|Feldspar|Flint|F|N|N|2026"),
    ("TW", "test-window-count", "9901|9912|100|990000108|108|Feldspar|Flint|F|N|2026"),
    ("PP", "program-participation", "9901|9912|100|990000108|108|Feldspar|Flint|||||||Y||||||2026"),
    ("LP", "english-learners", "9901|990000108|Feldspar|Flint|EL|09/05/2025||N|spa|2026"),
    ("AA", "eoy-attendance-totals", "9901|9912|100|990000108|108|Feldspar|Flint|176|170|6|2026"),
    ("CT", "fall-cte", "9901|9912|100|990000108|108|Feldspar|Flint|Y|01|10/15/2025|2026"),
    ("CE", "eoy-cte", "9901|990000108|108|Feldspar|Flint|01|08/27/2025|2.50|2.50||Y|N|2026"),
    ("504", "section-504", "9901|990000108|Feldspar|Flint|08/27/2025|"),
    ("FR", "fram", "Feldspar|Flint|F|Income|08/27/2025|"),
    ("HM", "homeless", "9901|990000108|08/27/2025||D|N|Y"),
    ("BX", "behavior-xml", "9912|I1|10/15/2025|FIGHT|990000108|Offender|OSS|10/16/2025|1"),
    ("CU", "course", "9901|9912|100|C1|Algebra|02|052|09|12|1.00|G|1|1|N|N|N"),
    ("SU", "section", "9901|9912|100|C1|01|D|1"),
    ("SP", "section-placement", "9901|9912|100|C1|01|T1|1"),
    ("RU", "roster", "9901|9912|100|C1|01|990000108|08/27/2025||2026"),
    ("SH", "staff-history", "9901|9912|100|C1|01|990000901|T||08/27/2025||2026"),
    ("TE", "terms-of-employment", "9901|990000901|Mica|Pebble|F|08/01/2020|"),
    ("DA", "district-assignment", "9901|990000901|Mica|Pebble|F|9912|08/01/2020||A1"),
];

/// The first field of layouts without a record type.
fn first_field(short: &str) -> Option<&'static str> {
    match short {
        "FR" => Some("990000108"),
        "BX" => Some("9901"),
        _ => None,
    }
}

struct Case {
    rule: String,
    fires: bool,
    text: String,
    /// Rows by role and layout.
    rows: BTreeMap<(&'static str, String), Vec<Vec<String>>>,
    names: BTreeMap<String, String>,
    facts: RegisterFacts,
    as_of: NaiveDate,
    year: SchoolYear,
    collection: Option<opi_rules::Collection>,
    certifying: bool,
    header: Option<NaiveDate>,
    count_dates: Vec<CountDate>,
    tables: BTreeMap<String, Vec<String>>,
    policy: String,
    notices: Vec<String>,
    judged: Vec<&'static str>,
    directory: BTreeMap<&'static str, String>,
    hours: Option<(String, String)>,
}

impl Case {
    fn parse(line: &str) -> Case {
        let (head, text) = line.split_once(": ").unwrap_or_else(|| panic!("no colon: {line}"));
        let (rule, verdict) = head.split_once(' ').unwrap();
        let mut case = Case {
            rule: rule.to_owned(),
            fires: match verdict {
                "fires" => true,
                "silent" => false,
                other => panic!("{other}: {line}"),
            },
            text: text.to_owned(),
            rows: BTreeMap::new(),
            names: BTreeMap::new(),
            facts: RegisterFacts::default(),
            as_of: common::day("2026-01-21"),
            year: common::year(),
            collection: None,
            certifying: false,
            header: None,
            count_dates: Vec::new(),
            tables: BTreeMap::new(),
            policy: String::new(),
            notices: Vec::new(),
            judged: Vec::new(),
            directory: BTreeMap::new(),
            hours: None,
        };
        for statement in text.split(';') {
            case.statement(statement.trim_start());
        }
        case
    }

    fn statement(&mut self, statement: &str) {
        let (word, rest) = statement.split_once(' ').unwrap_or((statement, ""));
        if let Some(setting) = statement.strip_prefix('!') {
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            self.set(name, value);
        } else if word == "fact" {
            self.fact(rest);
        } else if word == "cut" {
            let last = self.rows.values_mut().next_back().unwrap().last_mut().unwrap();
            last.truncate(last.len() - rest.parse::<usize>().unwrap());
        } else if word == "lose" {
            let (_, short) = self.rows.keys().next_back().unwrap();
            let (_, key, _) = LAYOUTS.iter().find(|(known, ..)| known == short).unwrap();
            let dictionary = Dictionary::built_in();
            let column = dictionary.layout(key).unwrap().column(dictionary.field(rest).unwrap()).unwrap();
            self.rows.values_mut().next_back().unwrap().last_mut().unwrap().remove(column);
        } else if word == "empty" {
            self.rows.entry(("", rest.to_owned())).or_default();
        } else if word == "many" {
            let (count, row) = rest.split_once(' ').unwrap();
            for number in 0..count.parse::<u32>().unwrap() {
                self.row(row, Some(number));
            }
        } else {
            self.row(statement, None);
        }
    }

    fn row(&mut self, statement: &str, number: Option<u32>) {
        let (word, assignments) = statement.split_once(' ').unwrap_or((statement, ""));
        let (role, short) = match word.split_once('.') {
            Some(("reg", short)) => ("register", short),
            Some(("prior", short)) => ("prior", short),
            _ => ("", word),
        };
        let (_, key, values) =
            LAYOUTS.iter().find(|(known, ..)| *known == short).unwrap_or_else(|| panic!("{statement}"));
        let dictionary = Dictionary::built_in();
        let layout = dictionary.layout(key).unwrap();
        let mut buffer = RowBuffer::new(layout);
        let first = first_field(short).unwrap_or(&layout.record_type);
        for (field, value) in layout.fields.iter().zip(std::iter::once(first).chain(values.split('|'))) {
            assert!(buffer.set(field.field, value), "{statement}");
        }
        if let Some(number) = number {
            buffer.set(opi_dictionary::fields::STUDENT_STATE_ID, &format!("9900002{number:02}"));
        }
        for assignment in assignments.split(", ").filter(|text| !text.is_empty()) {
            let (field, value) = assignment.split_once('=').unwrap_or_else(|| panic!("{statement}"));
            let value = value.replace("\\u{b}", "\u{b}").replace("\\u{a0}", "\u{a0}");
            let field = dictionary.field(field).unwrap();
            assert!(buffer.set(field, &value), "{statement}: {field:?}");
        }
        let fields = buffer.row().fields().map(str::to_owned).collect();
        self.rows.entry((role, short.to_owned())).or_default().push(fields);
    }

    fn fact(&mut self, text: &str) {
        let mut words = text.split(' ');
        let (kind, value) = words.next().map(|word| word.split_once('=').unwrap_or((word, ""))).unwrap();
        let kind =
            *FactKind::ALL.iter().find(|known| known.as_str() == kind).unwrap_or_else(|| panic!("{text}"));
        let (mut student, mut first, mut last) = ("990000108", None, None);
        while let Some(word) = words.next() {
            if word == "for" {
                student = words.next().unwrap();
            } else {
                let (from, to) = word.split_once("..").unwrap();
                first = (!from.is_empty()).then(|| common::day(from));
                last = (!to.is_empty()).then(|| common::day(to));
            }
        }
        let student: StateId = student.parse().unwrap();
        self.facts.add(&student, kind, value, first, last);
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "as_of" => self.as_of = common::day(value),
            "year" => self.year = value.parse().unwrap(),
            "collection" => self.collection = Some(value.parse().unwrap()),
            "certifying" => self.certifying = true,
            "header" => self.header = Some(NaiveDate::parse_from_str(value, "%m/%d/%Y").unwrap()),
            "name" => {
                let (short, name) = value.split_once(':').unwrap();
                self.names.insert(short.to_owned(), name.to_owned());
            }
            // `fall:2025-10-06`, or of one district alone `9902:fall:2025-10-06`.
            "count" => {
                let mut parts: Vec<&str> = value.split(':').collect();
                let day = common::day(parts.pop().unwrap());
                let count = if parts.pop() == Some("fall") { Count::Fall } else { Count::Spring };
                let district = parts.pop().map(|district| district.parse().unwrap());
                self.count_dates.push(CountDate { district, count, day });
            }
            "no_school" => {
                let row = value.replace(":", ",2025-26,");
                let days = self.directory.entry("calendar_days.csv").or_default();
                days.push_str(&format!("{row},no_school\n"));
            }
            "calendar_of_grade_12" => {
                self.directory.insert(
                    "calendars.csv",
                    "9901,9912,400,2025-26,2025-08-27,2026-05-29,MTWRF,0\n".to_owned(),
                );
                self.directory.insert("calendar_grades.csv", format!("9901,9912,400,2025-26,12,{value}\n"));
            }
            "notice" | "judged" => {
                let code = registry().iter().find(|rule| rule.info.code == value).unwrap().info.code;
                self.judged.push(code);
                if name == "notice" {
                    self.notices.push(value.to_owned());
                }
            }
            "empty_calendar" => {
                self.directory.insert(
                    "calendars.csv",
                    format!("9901,9912,{value},2025-26,2025-08-30,2025-08-30,M,0\n"),
                );
            }
            "second_calendar" => {
                let row = format!("9901,9912,200,2025-26,2025-08-27,{value},MTWRF,0\n");
                self.directory.insert("calendars.csv", row);
                self.directory
                    .insert("calendar_days.csv", "9901,9912,200,2025-26,2026-01-19,no_school\n".to_owned());
                self.directory.insert("calendar_grades.csv", "9901,9912,200,2025-26,10,1080\n".to_owned());
            }
            "hours" => {
                let (key, hours) = value.rsplit_once(',').unwrap();
                let (calendar, grade) = key.rsplit_once(',').unwrap();
                let key = format!("{calendar},2025-26,{grade}");
                self.hours = Some((format!("{key},1080"), format!("{key},{hours}")));
            }
            other if other.starts_with("parameter.") => {
                let parameter = other.trim_start_matches("parameter.");
                self.policy = format!("[parameters]\n{parameter} = {value}\n");
            }
            other => {
                let table = other.strip_prefix("table.").unwrap_or_else(|| panic!("setting {other}"));
                self.tables.entry(table.to_owned()).or_default().extend(value.split(',').map(str::to_owned));
            }
        }
    }

    fn directory(&self) -> opi_dictionary::Directory {
        let mut builder = DirectoryBuilder::default();
        for table in [
            DirectoryTable::Districts,
            DirectoryTable::Schools,
            DirectoryTable::GradesOffered,
            DirectoryTable::Calendars,
            DirectoryTable::CalendarDays,
            DirectoryTable::CalendarGrades,
        ] {
            let mut text = common::data(table.file_name());
            text.push_str(self.directory.get(table.file_name()).map_or("", String::as_str));
            if let (DirectoryTable::CalendarGrades, Some((from, to))) = (table, &self.hours) {
                assert!(text.contains(from.as_str()));
                text = text.replace(&format!("{from}\n"), &format!("{to}\n"));
            }
            builder.read(table, text.as_bytes()).unwrap();
        }
        builder.build().unwrap()
    }

    fn inputs(&self) -> Vec<(&'static str, Rows<'static>)> {
        let dictionary = Dictionary::built_in();
        let mut inputs = Vec::new();
        for ((role, short), rows) in &self.rows {
            let (_, key, _) = LAYOUTS.iter().find(|(known, ..)| known == short).unwrap();
            let suffix = if short == "BX" { "xml" } else { "tsv" };
            let folder = if role.is_empty() { String::new() } else { format!("{role}/") };
            let name = match self.names.get(short) {
                Some(name) if role.is_empty() => name.clone(),
                _ => format!("{folder}{short}.{suffix}"),
            };
            let mut input = Rows::new(name, dictionary.layout(key).unwrap());
            input.set_header_date(self.header);
            let notice = |code: &String| Notice { code: code.clone(), line: 1, ..Notice::default() };
            input.set_notices(self.notices.iter().map(notice).collect(), self.judged.clone());
            for (index, row) in rows.iter().enumerate() {
                input.push(index as u64 + 2, row.iter().map(String::as_str));
            }
            inputs.push((*role, input));
        }
        inputs
    }

    /// Runs the case and hands the outcome on with the findings of its rule.
    fn run(&self, take: impl FnOnce(&Outcome, Vec<opi_dictionary::Finding>)) {
        let directory = self.directory();
        let mut references = References::new(Dictionary::built_in(), self.year, self.as_of);
        references.directory = Some(&directory);
        references.uploader = Some("9901".parse().unwrap());
        references.collection = self.collection;
        references.certifying = self.certifying;
        references.count_dates.clone_from(&self.count_dates);
        references.facts = self.facts.clone();
        for (table, values) in &self.tables {
            let values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
            let table = format!("{table} = [{}]", values.join(", "));
            references.tables = opi_rules::StateTables::from_toml(&table).unwrap();
        }
        let stored = self.inputs();
        let mut inputs = Inputs::default();
        for (role, input) in &stored {
            match *role {
                "register" => inputs.register.push(input),
                "prior" => inputs.prior.push(input),
                _ => inputs.current.push(input),
            }
        }
        let checker =
            Checker::new(&references, &Policy::from_toml(&self.policy).unwrap(), Options::default()).unwrap();
        let outcome = checker.check(&inputs).unwrap();
        let mut findings = outcome.findings(&checker, &inputs, false).unwrap();
        assert_eq!(findings.len() as u64, outcome.report.findings, "{}", self.text);
        findings.retain(|finding| finding.code == self.rule);
        take(&outcome, findings);
    }
}

fn cases() -> Vec<Case> {
    [
        include_str!("cases/files_and_identity.txt"),
        include_str!("cases/enrollments.txt"),
        include_str!("cases/counts_and_programs.txt"),
        include_str!("cases/others.txt"),
    ]
    .iter()
    .flat_map(|text| text.lines())
    .filter(|line| !line.is_empty() && !line.starts_with('#'))
    .map(Case::parse)
    .collect()
}

#[test]
fn rules_fire_and_stay_silent_at_their_edge() {
    let mut wrong = String::new();
    for case in cases() {
        case.run(|outcome, findings| {
            let head = format!("{} {}", case.rule, if case.fires { "fires" } else { "silent" });
            match outcome.report.skipped(&case.rule) {
                Some(reason) => writeln!(wrong, "{head}: did not run: {reason}").unwrap(),
                None if findings.is_empty() == case.fires => {
                    let found: Vec<String> =
                        findings.iter().map(|finding| finding.position.to_string()).collect();
                    writeln!(wrong, "{head}: {found:?}: {}", case.text).unwrap();
                }
                None => {}
            }
        });
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn no_rule_lacks_a_case() {
    let cases = cases();
    let with = |fires: bool| -> BTreeSet<String> {
        cases.iter().filter(|case| case.fires == fires).map(|case| case.rule.clone()).collect()
    };
    let judged: BTreeSet<String> = registry()
        .iter()
        .filter(|rule| rule.not_judged.is_none() && rule.info.status != RuleStatus::Deprecated)
        .map(|rule| rule.info.code.to_owned())
        .collect();
    for found in [with(true), with(false)] {
        assert_eq!(judged.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new());
        assert_eq!(found.difference(&judged).collect::<Vec<_>>(), Vec::<&String>::new());
    }
}

#[test]
fn every_finding_says_where_as_the_key_of_its_rule_demands() {
    let dictionary = Dictionary::built_in();
    let mut wrong = String::new();
    for case in cases().iter().filter(|case| case.fires) {
        let info = &opi_rules::rule(&case.rule).unwrap().info;
        case.run(|_, findings| {
            for finding in findings {
                let place = &finding.position;
                let about =
                    |what: &str| finding.subject.as_deref().is_some_and(|text| text.starts_with(what));
                let located = match info.key {
                    RuleKey::Record => place.line > 0,
                    RuleKey::Student | RuleKey::NameAndBirthDate => about("student"),
                    RuleKey::Section | RuleKey::School | RuleKey::District => {
                        place.line > 0 || finding.subject.is_some()
                    }
                    _ => true,
                };
                // Rules on the form of any field name none in particular. A layout may name a field in its own way.
                let is_read = |name: &str| {
                    let in_layouts =
                        dictionary.layouts().iter().filter_map(|layout| layout.field_named(name));
                    let header = info.fields.iter().filter_map(|key| dictionary.field(key).ok());
                    in_layouts.into_iter().any(|field| info.fields.contains(&field.key.as_str()))
                        || header
                            .filter_map(|field| dictionary.field_info(field))
                            .any(|field| field.name == name)
                };
                let named = place.field.as_deref().is_none_or(|name| info.fields.is_empty() || is_read(name));
                if place.file.is_empty() || !located || !named {
                    writeln!(wrong, "{} ({:?}): {place}, {:?}", case.rule, info.key, finding.subject)
                        .unwrap();
                }
            }
        });
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn messages() {
    let mut text = String::new();
    for case in cases().iter().filter(|case| case.fires) {
        case.run(|_, findings| {
            for finding in findings {
                writeln!(text, "{} {}: {}", finding.code, finding.position, finding.message).unwrap();
                let more = [("expected", finding.expected), ("subject", finding.subject)];
                for (name, value) in more.into_iter().filter_map(|(name, value)| Some((name, value?))) {
                    writeln!(text, "    {name}: {value}").unwrap();
                }
                for place in finding.related {
                    writeln!(text, "    related: {place}").unwrap();
                }
            }
        });
    }
    insta::assert_snapshot!(text);
}

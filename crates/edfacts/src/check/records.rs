//! The rules on one record: columns in order, then the set, the indicator, the grade and the key.

use super::columns::{Value, column_rule};
use super::directory::Directory;
use super::known::KnownParts;
use super::load::Opened;
use super::shape::{Shape, in_set, shape};
use super::{CheckOptions, Found};
use crate::count::{Codes, Logic, SetPlans, set_plans};
use crate::read::{cut, split};
use crate::{Catalogue, FileForm, Grade, Level, MISSING, Role};
use hashbrown::HashMap;
use std::borrow::Cow;
use std::sync::Arc;

/// A record without findings, as the rules on units and files read it.
#[derive(Clone, Debug)]
pub(crate) struct Clean {
    pub(crate) line: u64,
    pub(crate) lea: Arc<str>,
    pub(crate) school: Arc<str>,
    pub(crate) set: usize,
    pub(crate) codes: Codes,
    /// The amount: whole, in tenths or in hundredths by the type of the column.
    pub(crate) amount: u64,
    pub(crate) explained: bool,
    /// What a status says; absent for counts.
    pub(crate) status: Option<Box<StatusText>>,
}

/// The texts of a record that reports a status.
#[derive(Clone, Debug)]
pub(crate) struct StatusText {
    /// Values of columns outside the sets, by element name, where they are filled.
    pub(crate) others: Vec<(String, String)>,
    /// The amount, which is a code.
    pub(crate) amount: String,
}

/// A file after its records were checked.
#[derive(Debug)]
pub(crate) struct Checked<'f> {
    pub(crate) opened: Opened<'f>,
    pub(crate) plans: SetPlans,
    pub(crate) clean: Vec<Clean>,
    /// Whether its records fill category sets.
    pub(crate) in_sets: bool,
    /// All field values, for files without sets.
    pub(crate) fields: Vec<(u64, Vec<String>)>,
}

impl Checked<'_> {
    /// The place among the fields of the column with this element name.
    pub(crate) fn element(&self, element: &str) -> Option<usize> {
        self.opened.layout.fields().position(|column| column.element == element)
    }

    /// The codes of a record by category name.
    pub(crate) fn code(&self, record: &Clean, category: &str) -> Option<&str> {
        let set = self.plans.sets.get(record.set)?;
        set.categories.iter().zip(record.codes).find_map(|(place, code)| {
            let known = self.plans.categories.get(*place)?;
            if known.name == category { known.codes.get(usize::from(code)).map(String::as_str) } else { None }
        })
    }
}

/// Checks every record of a file.
pub(crate) fn check<'f>(
    catalogue: &Catalogue,
    options: &CheckOptions,
    directory: &Directory,
    mut opened: Opened<'f>,
    found: &mut Found,
) -> Checked<'f> {
    let records = std::mem::take(&mut opened.records);
    let (plans, clean, in_sets, fields) = {
        let shape = shape(catalogue, &opened);
        let plans =
            set_plans(catalogue, &options.config(opened.year), opened.number, opened.level, &shape.sets);
        let mut pass = Pass {
            options,
            directory,
            opened: &opened,
            known: KnownParts::new(&shape, opened.form),
            shape,
            plans,
            keys: HashMap::new(),
            units: HashMap::new(),
            clean: Vec::new(),
            fields: Vec::new(),
            found,
        };
        let mut values = Vec::new();
        for (raw, number) in records.iter().zip(1u64..) {
            if !pass.is_known(&raw.text, raw.line, number) && pass.parts(&raw.text, raw.line, &mut values) {
                pass.record(&raw.text, raw.line, number, &values);
            }
        }
        (pass.plans, pass.clean, !pass.shape.sets.is_empty(), pass.fields)
    };
    Checked { opened, plans, clean, in_sets, fields }
}

/// A pass over the records of a file.
struct Pass<'a, 't> {
    options: &'a CheckOptions,
    directory: &'a Directory,
    opened: &'a Opened<'a>,
    shape: Shape<'a>,
    plans: SetPlans,
    known: KnownParts<'t>,
    /// The first record of each unit, set and codes.
    keys: HashMap<(usize, usize, Codes), u64>,
    units: HashMap<(Arc<str>, Arc<str>), usize>,
    clean: Vec<Clean>,
    fields: Vec<(u64, Vec<String>)>,
    found: &'a mut Found,
}

impl<'t> Pass<'_, 't> {
    /// Whether all parts of the record were found right before, and it is the first of its key.
    fn is_known(&mut self, text: &'t str, line: u64, number: u64) -> bool {
        let Some(record) = self.known.record(text, line, number) else { return false };
        let key = (self.known.unit, record.set, record.codes);
        if self.known.grade_is_wrong(&self.plans, &record) || self.keys.contains_key(&key) {
            return false;
        }
        self.keys.insert(key, number);
        self.clean.push(record);
        true
    }

    /// Cuts the record into its values; a record of another shape is a finding, and `false`.
    fn parts(&mut self, text: &'t str, line: u64, values: &mut Vec<Cow<'t, str>>) -> bool {
        let name = self.opened.name.as_str();
        match self.opened.form {
            FileForm::Txt => {
                let (length, wanted) = (text.chars().count(), self.opened.layout.record_length());
                if length != wanted {
                    self.found
                        .at(name, "FMT-10", line, None)
                        .say("the record has not the length of the layout")
                        .want(&format!("{wanted} characters"))
                        .show(&format!("{length} characters"));
                    return false;
                }
                cut(text, &self.opened.layout, values);
            }
            form => {
                if !split(text, form, values) {
                    self.found.at(name, "FMT-22", line, None).say("the quotes of the record do not close");
                    return false;
                }
                let (columns, wanted) = (values.len(), self.shape.fields.len());
                if columns != wanted {
                    self.found
                        .at(name, "FMT-09", line, None)
                        .say("the record has not the number of columns of the layout")
                        .want(&format!("{wanted} columns"))
                        .show(&format!("{columns} columns"));
                    return false;
                }
            }
        }
        true
    }

    /// Its columns, its unit, its set and its key.
    fn record(&mut self, text: &'t str, line: u64, number: u64, values: &[Cow<'_, str>]) {
        let before = self.found.count();
        let ids_are_long = self.columns(line, number, values);
        if !ids_are_long && self.opened.number.get() != 29 {
            let lea = self.shape.value_of(values, Role::LeaId);
            let school = self.shape.value_of(values, Role::SchoolId);
            known_unit(self.opened, self.directory, lea, school, line, self.found);
        }
        if self.found.count() > before {
            return;
        }
        if self.shape.sets.is_empty() {
            self.fields.push((line, values.iter().map(|value| value.to_string()).collect()));
            return;
        }
        match in_set(self.opened, &self.shape, &self.plans, values, line) {
            Ok(record) => self.keyed(text, number, record),
            Err((code, column, what, wanted)) => {
                let name = self.opened.name.as_str();
                self.found.at(name, code, line, Some(&column)).say(&what).want(&wanted);
            }
        }
    }

    /// The rules on each column; whether the number of a unit is too long to be looked up.
    fn columns(&mut self, line: u64, number: u64, values: &[Cow<'_, str>]) -> bool {
        let table = self.shape.value_of(values, Role::TableName);
        let mut ids_are_long = false;
        for (place, (column, text)) in self.shape.fields.iter().zip(values).enumerate() {
            let value = Value { place, text, table, record: number };
            let wrong = column_rule(self.options, self.opened, &self.shape, value);
            if let Some((code, what, wanted)) = wrong {
                ids_are_long |= code == "FMT-11" && matches!(column.role, Role::LeaId | Role::SchoolId);
                let at = self.found.at(&self.opened.name, code, line, Some(&column.name));
                at.say(what).want(&wanted).show(text);
            }
        }
        ids_are_long
    }

    /// SUB-13 and SUB-01; what passes is clean.
    fn keyed(&mut self, text: &'t str, number: u64, record: Clean) {
        let name = self.opened.name.as_str();
        let next = self.units.len();
        let unit = *self.units.entry((record.lea.clone(), record.school.clone())).or_insert(next);
        let key = (unit, record.set, record.codes);
        if let Some((grade, offered)) = grade_not_offered(self.opened, self.directory, &self.plans, &record) {
            self.found
                .at(name, "SUB-13", record.line, Some("Grade Level"))
                .say(&format!("the unit does not offer grade {grade}"))
                .want(&offered);
        } else if let Some(first) = self.keys.get(&key) {
            self.found
                .at(name, "SUB-01", record.line, None)
                .say(&format!("the record has the same key as record {first}"))
                .relate(*first + 1);
        } else {
            self.keys.insert(key, number);
            let by_grade = self.opened.number.get() == 52 && self.opened.level != Level::Sea;
            let offered = self.directory.grades(self.opened.level, &record.lea, &record.school);
            self.known.learn(text, unit, &record, offered.filter(|_| by_grade));
            self.clean.push(record);
        }
    }
}

fn known_unit(
    opened: &Opened<'_>,
    directory: &Directory,
    lea: &str,
    school: &str,
    line: u64,
    found: &mut Found,
) {
    let name = opened.name.as_str();
    if opened.level == Level::Sea || lea.is_empty() {
        return;
    }
    if directory.has_leas && !directory.leas.contains_key(lea) {
        found
            .at(name, "MTC-01", line, Some("LEA Identifier (State)"))
            .say("the district is not in the directory")
            .about(lea);
        return;
    }
    if opened.level == Level::Sch && directory.has_schools && !school.is_empty() {
        let known = directory.schools.contains_key(&(lea.to_owned(), school.to_owned()));
        if !known {
            found
                .at(name, "MTC-02", line, Some("School Identifier (State)"))
                .say("the school is not in the directory under this district")
                .about(&format!("{lea} {school}"));
        }
    }
}

/// File 052 below the state: the grade that the unit does not offer, with those that it does.
fn grade_not_offered(
    opened: &Opened<'_>,
    directory: &Directory,
    plans: &SetPlans,
    record: &Clean,
) -> Option<(String, String)> {
    if opened.number.get() != 52 || opened.level == Level::Sea {
        return None;
    }
    let offered = directory.grades(opened.level, &record.lea, &record.school)?;
    let set = plans.sets.get(record.set)?;
    let grade = set.categories.iter().zip(record.codes).find_map(|(place, code)| {
        let category = plans.categories.get(*place)?;
        let code = category.codes.get(usize::from(code))?;
        (category.logic == Logic::Grade && code != MISSING).then_some(code.as_str())
    })?;
    let known = Grade::from_code(grade)?;
    if offered.contains(known) {
        return None;
    }
    let names: Vec<&str> = Grade::all().filter(|grade| offered.contains(*grade)).map(Grade::code).collect();
    Some((grade.to_owned(), names.join(", ")))
}

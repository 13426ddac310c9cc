//! What a submission holds: files, records, digests, totals, rules run, and the marks of what no document
//! confirms.

use crate::check::{Opened, each_file, open_file};
use crate::read::{cut, split};
use crate::{
    Catalogue, CheckOptions, CheckReport, FileForm, FileNumber, Level, NamedFile, NotRun, Role, StateProfile,
    rules,
};
use opi_dictionary::SchoolYear;
use serde::Serialize;
use std::collections::BTreeMap;

/// A file of a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ManifestFile {
    /// Its name.
    pub name: String,
    /// The specification, where it could be told.
    pub file: Option<FileNumber>,
    /// The level.
    pub level: Option<Level>,
    /// The school year.
    pub year: Option<SchoolYear>,
    /// Number of data records.
    pub records: u64,
    /// Number of bytes.
    pub bytes: u64,
    /// BLAKE3 digest of the bytes.
    pub blake3: String,
    /// Sum of the records without categories, by table.
    pub totals: BTreeMap<String, u64>,
    /// Parts of the derivation that no document confirms: `date:recall`.
    pub marks: Vec<String>,
    /// Findings by rule.
    pub findings: BTreeMap<String, u64>,
}

/// A submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// The version of this crate.
    pub engine: &'static str,
    /// The state.
    pub state: String,
    /// The files, in the order given.
    pub files: Vec<ManifestFile>,
    /// The rules that were run.
    pub rules: Vec<&'static str>,
    /// Rules that were not run on a file, or on none, and why.
    pub not_run: Vec<NotRun>,
    /// Answers of the state that no document confirms.
    pub state_marks: Vec<String>,
}

/// Describes a submission from its files and what checking them found.
#[must_use]
pub fn manifest(
    catalogue: &Catalogue,
    profile: &StateProfile,
    files: &[NamedFile<'_>],
    report: &CheckReport,
) -> Manifest {
    let options = CheckOptions::new(profile.clone());
    let describe = |file: NamedFile<'_>| {
        let opened = open_file(catalogue, &options, file).ok();
        let totals = opened.as_ref().map(totals).unwrap_or_default();
        let spec = opened.as_ref().and_then(|opened| catalogue.file(opened.number).ok());
        let derivation = spec.and_then(|spec| spec.derivation.as_ref());
        let mut findings: BTreeMap<String, u64> = BTreeMap::new();
        for finding in report.findings.iter().filter(|finding| finding.position.file == file.name) {
            *findings.entry(finding.code.clone()).or_default() += 1;
        }
        ManifestFile {
            name: file.name.to_owned(),
            file: opened.as_ref().map(|opened| opened.number),
            level: opened.as_ref().map(|opened| opened.level),
            year: opened.as_ref().map(|opened| opened.year),
            records: opened.as_ref().map_or(0, |opened| opened.records.len() as u64),
            bytes: file.bytes.len() as u64,
            blake3: blake3::hash(file.bytes).to_hex().to_string(),
            totals,
            marks: derivation.map(|derivation| derivation.marks.clone()).unwrap_or_default(),
            findings,
        }
    };
    let on_none =
        |rule: &str| report.not_run.iter().any(|not_run| not_run.name.is_empty() && not_run.rule == rule);
    let was_run = |rule: &&'static str| !on_none(rule);
    Manifest {
        engine: env!("CARGO_PKG_VERSION"),
        state: profile.abbreviation.clone(),
        files: each_file(files, describe),
        rules: rules().iter().map(|rule| rule.code).filter(was_run).collect(),
        not_run: report.not_run.clone(),
        state_marks: profile.marks.iter().map(|mark| format!("{}:{}", mark.answer, mark.standing)).collect(),
    }
}

/// The totals of a file by table: the sum of the whole amounts of its records without any category.
fn totals(opened: &Opened<'_>) -> BTreeMap<String, u64> {
    let mut totals: BTreeMap<String, u64> = BTreeMap::new();
    let place = |role: Role| opened.layout.field_of(role);
    let (Some(table), Some(amount)) = (place(Role::TableName), place(Role::Amount)) else { return totals };
    let roles: Vec<Role> = opened.layout.fields().map(|column| column.role).collect();
    let mut values = Vec::new();
    for record in &opened.records {
        if has_category(&record.text, opened.form, &roles) {
            continue;
        }
        let read = match opened.form {
            FileForm::Txt => {
                cut(&record.text, &opened.layout, &mut values);
                true
            }
            form => split(&record.text, form, &mut values),
        };
        let plain = roles.iter().zip(&values).all(|(role, value)| *role != Role::Value || value.is_empty());
        if !read || !plain || values.len() != roles.len() {
            continue;
        }
        let count = values.get(amount).and_then(|amount| amount.parse::<u64>().ok());
        if let (Some(table), Some(count)) = (values.get(table).filter(|table| !table.is_empty()), count) {
            match totals.get_mut(&**table) {
                Some(total) => *total += count,
                None => {
                    totals.insert(table.to_string(), count);
                }
            }
        }
    }
    totals
}

/// Whether a plain delimited record fills a category: most do, and need not be taken apart.
fn has_category(text: &str, form: FileForm, roles: &[Role]) -> bool {
    let delimiter = match form {
        FileForm::Csv if !text.contains('"') => ',',
        FileForm::Tab => '\t',
        FileForm::Csv | FileForm::Txt => return false,
    };
    roles.iter().zip(text.split(delimiter)).any(|(role, value)| *role == Role::Value && !value.is_empty())
}

//! What a submission holds: files, records, digests, totals, rules run, and the marks of what no document
//! confirms.

use crate::{
    Catalogue, CheckOptions, CheckReport, FileNumber, Level, NamedFile, StateProfile, read_file, rules,
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
    let describe = |file: &NamedFile<'_>| {
        let read = read_file(catalogue, &options, *file).ok();
        let mut totals: BTreeMap<String, u64> = BTreeMap::new();
        for (_, row) in read.iter().flat_map(|read| &read.rows) {
            let number = row.amount.as_deref().and_then(|amount| amount.parse::<u64>().ok());
            if let (Some(table), true, Some(number)) = (&row.table, row.values.is_empty(), number) {
                *totals.entry(table.clone()).or_default() += number;
            }
        }
        let spec = read.as_ref().and_then(|read| catalogue.file(read.number).ok());
        let derivation = spec.and_then(|spec| spec.derivation.as_ref());
        let mut findings: BTreeMap<String, u64> = BTreeMap::new();
        for finding in report.findings.iter().filter(|finding| finding.position.file == file.name) {
            *findings.entry(finding.code.clone()).or_default() += 1;
        }
        ManifestFile {
            name: file.name.to_owned(),
            file: read.as_ref().map(|read| read.number),
            level: read.as_ref().map(|read| read.level),
            year: read.as_ref().map(|read| read.year),
            records: read.as_ref().map_or(0, |read| (read.rows.len() + read.unreadable.len()) as u64),
            bytes: file.bytes.len() as u64,
            blake3: blake3::hash(file.bytes).to_hex().to_string(),
            totals,
            marks: derivation.map(|derivation| derivation.marks.clone()).unwrap_or_default(),
            findings,
        }
    };
    Manifest {
        engine: env!("CARGO_PKG_VERSION"),
        state: profile.abbreviation.clone(),
        files: files.iter().map(describe).collect(),
        rules: rules().iter().map(|rule| rule.code).collect(),
        state_marks: profile.marks.iter().map(|mark| format!("{}:{}", mark.answer, mark.standing)).collect(),
    }
}

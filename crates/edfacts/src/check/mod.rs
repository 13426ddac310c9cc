//! Checking federal files before the Department sees them: name and header, each record, each unit, level
//! against level, file against file, year against year.

mod across;
mod columns;
mod cross;
mod directory;
mod known;
mod levels;
mod load;
mod outcomes;
mod record;
mod records;
mod register;
mod rules;
mod shape;
mod special;
mod staging;
mod units;

pub use load::NamedFile;
pub(crate) use load::Opened;
pub use rules::{rule_info, rules};
pub use staging::check_rows;

use crate::{Catalogue, CountConfig, EdfactsError, FileNumber, Layout, Level, StateProfile};
use directory::Directory;
use opi_dictionary::{Finding, Position, SchoolYear};
use records::Checked;
use rules::STUDENT_ROWS;
use serde::Serialize;

/// The codes that a column of the layout permits for a category.
pub(crate) fn codes_of<'c>(catalogue: &'c Catalogue, layout: &Layout, category: &str) -> Vec<&'c str> {
    catalogue.codes(layout.file, layout.level, category, layout.year)
}

/// What to check against.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckOptions {
    /// The answers of the state.
    pub profile: StateProfile,
    /// The school year; `None` takes that of each header.
    pub year: Option<SchoolYear>,
    /// The file specification, where headers cannot be trusted.
    pub file: Option<FileNumber>,
    /// The level, where headers and names cannot be trusted.
    pub level: Option<Level>,
    /// Against last year: changes up to this many students are not asked about.
    pub tolerated_students: u64,
    /// Against last year: changes up to this many percent are not asked about.
    pub tolerated_percent: u64,
    /// Whether findings show the values that were found.
    pub show_values: bool,
}

impl CheckOptions {
    /// The answers of a state, with the default tolerance of 25 percent and 50 students (ours; no federal
    /// threshold is on record).
    #[must_use]
    pub fn new(profile: StateProfile) -> Self {
        CheckOptions {
            profile,
            year: None,
            file: None,
            level: None,
            tolerated_students: 50,
            tolerated_percent: 25,
            show_values: true,
        }
    }

    pub(crate) fn config(&self, year: SchoolYear) -> CountConfig {
        let defaults = CountConfig::defaults(year);
        self.profile.config(year).or(defaults).unwrap_or_else(|_| CountConfig::bare(year))
    }
}

/// A file that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CheckedFile {
    /// Its name.
    pub name: String,
    /// Its number, where it could be told.
    pub file: Option<FileNumber>,
    /// Its level.
    pub level: Option<Level>,
    /// Its school year.
    pub year: Option<SchoolYear>,
    /// Number of data records.
    pub records: u64,
}

/// A rule that could not be run, and why: no finding does not mean that it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct NotRun {
    /// The file; blank where the rule was run on none.
    pub name: String,
    /// The code of the rule, or `all`.
    pub rule: String,
    /// What was missing.
    pub why: String,
}

/// What checking found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CheckReport {
    /// The files, as given.
    pub files: Vec<CheckedFile>,
    /// The findings: of each file in order of header, records and file, then between files.
    pub findings: Vec<Finding>,
    /// Rules that were not run.
    pub not_run: Vec<NotRun>,
}

/// Collects findings.
#[derive(Debug, Default)]
pub(crate) struct Found {
    findings: Vec<Finding>,
    not_run: Vec<NotRun>,
    show: bool,
}

impl Found {
    pub(crate) fn count(&self) -> usize {
        self.findings.len()
    }

    /// Begins a finding; the line is physical, 0 for the file as a whole.
    pub(crate) fn at(
        &mut self,
        file: &str,
        code: &'static str,
        line: u64,
        field: Option<&str>,
    ) -> Saying<'_> {
        let position = Position { file: file.to_owned(), line, byte: None, field: field.map(str::to_owned) };
        if let Some(info) = rule_info(code) {
            self.findings.push(Finding {
                code: info.code.to_owned(),
                severity: info.severity,
                class: info.class,
                key: info.key,
                position,
                subject: None,
                message: info.summary.to_owned(),
                expected: None,
                found: None,
                fix: info.fix.to_owned(),
                related: Vec::new(),
            });
        }
        Saying { found: self }
    }

    pub(crate) fn not_run(&mut self, name: &str, rule: &str, why: &str) {
        self.not_run.push(NotRun { name: name.to_owned(), rule: rule.to_owned(), why: why.to_owned() });
    }
}

/// The finding that was begun last.
pub(crate) struct Saying<'f> {
    found: &'f mut Found,
}

impl Saying<'_> {
    fn last(&mut self, change: impl FnOnce(&mut Finding)) {
        if let Some(finding) = self.found.findings.last_mut() {
            change(finding);
        }
    }

    pub(crate) fn say(mut self, what: &str) -> Self {
        self.last(|finding| finding.message = what.to_owned());
        self
    }

    pub(crate) fn want(mut self, what: &str) -> Self {
        if !what.is_empty() {
            self.last(|finding| finding.expected = Some(what.to_owned()));
        }
        self
    }

    pub(crate) fn show(mut self, what: &str) -> Self {
        if self.found.show {
            let short: String = what.chars().take(60).collect();
            self.last(|finding| finding.found = Some(short));
        }
        self
    }

    pub(crate) fn about(mut self, whom: &str) -> Self {
        self.last(|finding| finding.subject = Some(whom.to_owned()));
        self
    }

    pub(crate) fn mild(mut self) -> Self {
        self.last(|finding| finding.severity = opi_dictionary::Severity::Confirm);
        self
    }

    pub(crate) fn relate(mut self, line: u64) -> Self {
        self.last(|finding| {
            let file = finding.position.file.clone();
            finding.related.push(Position { file, line, byte: None, field: None });
        });
        self
    }
}

/// Checks files together: each on its own, against the directory, against each other and against last
/// year's. `directory` holds files 029 and 039 of the year, or a short table of units; files 029 and 039
/// among `files` count too.
///
/// ```
/// use opi_edfacts::{Catalogue, CheckOptions, NamedFile, StateProfile, check_files};
/// let options = CheckOptions::new(StateProfile::montana()?);
/// let file = NamedFile { name: "MTSCHMEMBERSHPv000001.csv", bytes: b"" };
/// let report = check_files(Catalogue::builtin()?, &options, &[file], &[], &[])?;
/// assert_eq!(report.findings[0].code, "FMT-01");
/// # Ok::<(), opi_edfacts::EdfactsError>(())
/// ```
///
/// # Errors
/// [`EdfactsError::Input`] when the short table of units cannot be read.
pub fn check_files(
    catalogue: &Catalogue,
    options: &CheckOptions,
    files: &[NamedFile<'_>],
    directory: &[NamedFile<'_>],
    prior: &[NamedFile<'_>],
) -> Result<CheckReport, EdfactsError> {
    let mut report = CheckReport::default();
    let mut found = Found { show: options.show_values, ..Found::default() };
    let units = read_directory(catalogue, options, files, directory)?;
    let mut checked: Vec<Checked<'_>> = Vec::new();
    for (file, done, own) in each_file(files, |file| alone(catalogue, options, &units, file)) {
        report.files.push(file);
        checked.extend(done);
        found.findings.extend(own.findings);
        found.not_run.extend(own.not_run);
    }
    cross::check(catalogue, options, &units, &checked, &mut found);
    if !prior.is_empty() {
        let mut quiet = Found::default();
        let earlier = CheckOptions { year: None, ..options.clone() };
        let mut before: Vec<Checked<'_>> = Vec::new();
        for file in prior {
            if let Some(opened) = load::open(catalogue, &earlier, *file, &mut quiet) {
                before.push(records::check(catalogue, &earlier, &Directory::default(), opened, &mut quiet));
            }
        }
        across::check(catalogue, options, &checked, &before, &mut found);
    }
    for rule in rules() {
        if prior.is_empty() && across::RULES.contains(&rule.code) {
            found.not_run("", rule.code, "no file of the year before was given");
        } else if rule.files.contains(&STUDENT_ROWS) {
            found.not_run("", rule.code, "rows of students are judged before they are counted, not in files");
        }
    }
    report.findings = found.findings;
    report.not_run = found.not_run;
    report.not_run.sort();
    report.not_run.dedup();
    Ok(report)
}

/// Calls `work` for every file and gives the answers in the order of the files, on several threads where the feature
/// `rayon` is on.
#[cfg(feature = "rayon")]
pub(crate) fn each_file<'f, T: Send>(
    files: &[NamedFile<'f>],
    work: impl Fn(NamedFile<'f>) -> T + Sync,
) -> Vec<T> {
    use rayon::prelude::*;
    files.par_iter().with_max_len(1).map(|file| work(*file)).collect()
}

/// Calls `work` for every file and gives the answers in the order of the files.
#[cfg(not(feature = "rayon"))]
pub(crate) fn each_file<'f, T>(files: &[NamedFile<'f>], work: impl Fn(NamedFile<'f>) -> T) -> Vec<T> {
    files.iter().map(|file| work(*file)).collect()
}

/// Checks a file on its own and against the directory.
fn alone<'f>(
    catalogue: &Catalogue,
    options: &CheckOptions,
    units: &Directory,
    file: NamedFile<'f>,
) -> (CheckedFile, Option<Checked<'f>>, Found) {
    let mut found = Found { show: options.show_values, ..Found::default() };
    let opened = load::open(catalogue, options, file, &mut found);
    let described = CheckedFile {
        name: file.name.to_owned(),
        file: opened.as_ref().map(|opened| opened.number),
        level: opened.as_ref().map(|opened| opened.level),
        year: opened.as_ref().map(|opened| opened.year),
        records: opened.as_ref().map_or(0, |opened| opened.records.len() as u64),
    };
    let Some(opened) = opened else { return (described, None, found) };
    let name = opened.name.clone();
    let (number, level) = (opened.number.get(), opened.level);
    let done = records::check(catalogue, options, units, opened, &mut found);
    if level != Level::Sea && !units.has_leas && number != 29 {
        found.not_run(&name, "MTC-01", "no directory (file 029) was given");
    }
    if matches!(number, 175 | 178 | 179) && options.profile.assessments.is_empty() {
        found.not_run(&name, "SUB-30", "the profile of the state declares no assessments");
    }
    units::check(catalogue, options, units, &done, &mut found);
    register::check(&done, &mut found);
    (described, Some(done), found)
}

/// Opens a file without its findings.
pub(crate) fn open_file<'f>(
    catalogue: &Catalogue,
    options: &CheckOptions,
    file: NamedFile<'f>,
) -> Result<load::Opened<'f>, EdfactsError> {
    let mut found = Found { show: true, ..Found::default() };
    let opened = load::open(catalogue, options, file, &mut found);
    opened.ok_or_else(|| {
        let said = found.findings.last().map(|finding| finding.message.clone());
        let why = said.or_else(|| found.not_run.last().map(|not_run| not_run.why.clone()));
        EdfactsError::Unreadable { what: why.unwrap_or_else(|| "its kind cannot be told".to_owned()) }
    })
}

/// The directory that the given files tell.
fn read_directory(
    catalogue: &Catalogue,
    options: &CheckOptions,
    files: &[NamedFile<'_>],
    directory: &[NamedFile<'_>],
) -> Result<Directory, EdfactsError> {
    let mut units = Directory::default();
    let mut quiet = Found::default();
    let options = CheckOptions { file: None, level: None, ..options.clone() };
    for file in directory.iter().chain(files) {
        if directory::is_table(&String::from_utf8_lossy(first_lines(file.bytes, 1))) {
            units.add_table(file.name, &String::from_utf8_lossy(file.bytes))?;
            continue;
        }
        // The first lines tell the kind; of other files than the directory no more is read here.
        let start = NamedFile { name: file.name, bytes: first_lines(file.bytes, 24) };
        let kind = load::open(catalogue, &options, start, &mut quiet).map(|opened| opened.number.get());
        if !matches!(kind, Some(29 | 39)) {
            continue;
        }
        let Some(opened) = load::open(catalogue, &options, *file, &mut quiet) else { continue };
        units.add(&records::check(catalogue, &options, &Directory::default(), opened, &mut quiet));
    }
    Ok(units)
}

/// So many lines from the start.
fn first_lines(bytes: &[u8], count: usize) -> &[u8] {
    let mut ends = bytes.iter().zip(1usize..).filter(|(byte, _)| **byte == b'\n').map(|(_, end)| end);
    ends.nth(count.saturating_sub(1)).and_then(|end| bytes.get(..end)).unwrap_or(bytes)
}

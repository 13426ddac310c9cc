//! Validation: uploads behind the traits of the rule engine, and the account of a run as a report.

use crate::reading::looks_like_xml;
use crate::register::content_hash;
use crate::unreadable::why_no_layout;
use crate::year::Upload;
use opi_aim::{AimError, BehaviorReader, ReadLog, ReadOptions, ReadRule, Reader};
use opi_dictionary::{Dictionary, DistrictNumber, Finding, Layout, Row, Severity};
use opi_report::{
    FindingReport, InputFile, ParameterEntry, PolicyAction, PolicyEntry, ReportError, RuleCount, RuleOutline,
    RunHeader,
};
use opi_rules::{Input, Notice, RowSource, RulesError, registry};
use std::collections::BTreeMap;
use std::io::BufRead;

/// The codes that the readers judge themselves.
const JUDGED: [&str; 21] = [
    "FILE-002", "FILE-003", "FILE-004", "FILE-006", "FILE-007", "FILE-008", "FILE-009", "FILE-010",
    "FILE-011", "FILE-012", "READ-001", "READ-002", "READ-003", "READ-004", "READ-005", "READ-006",
    "READ-007", "READ-008", "READ-009", "READ-012", "READ-013",
];

/// An upload as an input of the rule engine.
///
/// ```
/// use opi::rules::{Checker, Inputs, Options, Policy, References};
/// use opi::{CheckedUpload, dictionary::Dictionary};
/// let text = "HD\t10/09/2025\t08:15:00\tMT9.1\r\nFR\t990000101\tLarkspur\tZinnia\tP\tIncome\t08/27/2025\t\r\n";
/// let upload = ("meals.tsv".to_owned(), text.as_bytes().to_vec());
/// let dictionary = Dictionary::built_in();
/// let input = CheckedUpload::new(&upload, dictionary, Some("fram"))?.expect("the layout is named");
/// let references = References::new(dictionary, "2025-26".parse()?, "2025-10-10".parse()?);
/// let checker = Checker::new(&references, &Policy::default(), Options::default())?;
/// let report = checker.check(&Inputs::of(&[&input]))?.report;
/// assert_eq!(report.files[0].hash.as_ref().map(|hash| hash.len()), Some("blake3:".len() + 64));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CheckedUpload<'a> {
    upload: &'a dyn Upload,
    dictionary: &'a Dictionary,
    layout: &'a Layout,
    uploader: Option<DistrictNumber>,
    options: ReadOptions,
    hashed: bool,
}

impl<'a> CheckedUpload<'a> {
    /// An upload of this layout. Where none is named, XML is behavior and other files are known by their first rows; a
    /// file whose rows do not say it, or that has none, is taken at its name where that is a layout, such as
    /// `fram.tsv`. `Ok(None)` when no layout was found.
    ///
    /// # Errors
    /// When the file cannot be opened or the layout does not exist.
    pub fn new(
        upload: &'a dyn Upload,
        dictionary: &'a Dictionary,
        layout: Option<&str>,
    ) -> Result<Option<Self>, AimError> {
        Ok(Self::or_why_not(upload, dictionary, layout)?.ok())
    }

    /// As [`CheckedUpload::new`], and where no layout was found the reason in words, with line and code, and without any
    /// value of the file.
    ///
    /// # Errors
    /// When the file cannot be opened or the layout does not exist.
    pub fn or_why_not(
        upload: &'a dyn Upload,
        dictionary: &'a Dictionary,
        layout: Option<&str>,
    ) -> Result<Result<Self, String>, AimError> {
        let layout = match layout {
            Some(key) => dictionary.layout(key)?,
            None => {
                let mut input = upload.open().map_err(|source| AimError::Io { line: 0, source })?;
                if looks_like_xml(&mut input)? {
                    BehaviorReader::new(input, dictionary, ReadOptions::new())?.layout()
                } else {
                    let ragged_too = ReadOptions::new().hand_out_ragged(true);
                    let mut reader = Reader::new(input, dictionary, ragged_too)?;
                    let by_rows = layout_of_rows(&mut reader, dictionary)?;
                    match by_rows.or_else(|| layout_of_name(upload.name(), dictionary)) {
                        Some(layout) => layout,
                        None => return Ok(Err(why_no_layout(reader.log(), reader.header().is_some()))),
                    }
                }
            }
        };
        Ok(Ok(CheckedUpload {
            upload,
            dictionary,
            layout,
            uploader: None,
            options: ReadOptions::new().hand_out_ragged(true),
            hashed: true,
        }))
    }

    /// Names the district that sent the file, by which FILE-013 is judged.
    #[must_use]
    pub fn uploaded_by(mut self, district: Option<DistrictNumber>) -> Self {
        self.uploader = district;
        self
    }

    /// Keeps so many findings of each rule of the reader; counts are exact whatever the number.
    #[must_use]
    pub fn max_samples(mut self, samples: u64) -> Self {
        self.options = self.options.max_samples(samples);
        self
    }

    /// Makes no hash of the bytes, for inputs that are known by other means.
    #[must_use]
    pub fn without_hash(mut self) -> Self {
        self.hashed = false;
        self
    }

    fn error(&self, problem: &dyn std::fmt::Display) -> RulesError {
        RulesError::Input { file: self.upload.name().to_owned(), line: None, problem: problem.to_string() }
    }
}

/// How many rows are asked what file they are of, where the second is not of the first one's.
const ROWS_ASKED: usize = 20;

/// The layout that the first rows name by their record type. A first row that is the only one of its kind has strayed
/// into the file: it does not speak for the others.
fn layout_of_rows<'a>(
    reader: &mut Reader<'a, impl std::io::BufRead>,
    dictionary: &'a Dictionary,
) -> Result<Option<&'a Layout>, AimError> {
    let mut named: Vec<(&Layout, usize)> = Vec::new();
    for _ in 0..ROWS_ASKED {
        let Some(row) = reader.next_row()? else { break };
        let layout = row.fields().next().and_then(|text| dictionary.layout_of_record_type(text.trim()));
        let Some(layout) = layout else { continue };
        match named.iter_mut().find(|(known, _)| known.key == layout.key) {
            Some((_, count)) => *count += 1,
            None => named.push((layout, 1)),
        }
        if let [(_, count)] = named.as_slice()
            && *count > 1
        {
            break;
        }
    }
    let first = reader.layout().and_then(|layout| dictionary.layout(&layout.key).ok());
    let most = named.iter().rev().max_by_key(|(_, count)| *count).map(|(layout, _)| *layout);
    Ok(most.filter(|_| first.is_some()).or(first))
}

/// The layout of uploads whose key is the name of a file, suffix aside.
fn layout_of_name<'a>(name: &str, dictionary: &'a Dictionary) -> Option<&'a Layout> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
    // Meals are the one upload whose rows have no record type; the header is no file.
    let is_upload = |layout: &&Layout| match stem {
        "header" => false,
        "fram" => true,
        _ => !layout.record_type.is_empty(),
    };
    dictionary.layout(stem).ok().filter(is_upload)
}

/// Who sent a file, by the folder that holds it: the one that a district number names. A name such as `2026` is a
/// school year, and no district, unless it stands below one itself: `<year>/<district>/<file>`.
///
/// ```
/// let district = opi::district_of_folder("uploads/2026/0123/fall-enrollment-count.tsv");
/// assert_eq!(district.map(|number| number.to_string()).as_deref(), Some("0123"));
/// assert_eq!(opi::district_of_folder("0123/fall-enrollment-count.tsv"), district);
/// assert_eq!(opi::district_of_folder("uploads/2026/fall-enrollment-count.tsv"), None);
/// assert_eq!(opi::district_of_folder("fall-enrollment-count.tsv"), None);
/// ```
#[must_use]
pub fn district_of_folder(name: &str) -> Option<DistrictNumber> {
    let mut parts = name.rsplit(['/', '\\']).skip(1);
    let (folder, above) = (parts.next()?, parts.next().unwrap_or_default());
    let is_year = |name: &str| {
        name.len() == 4 && name.starts_with("20") && name.bytes().all(|byte| byte.is_ascii_digit())
    };
    folder.parse().ok().filter(|_| !is_year(folder) || is_year(above))
}

impl Input for CheckedUpload<'_> {
    fn name(&self) -> &str {
        self.upload.name()
    }

    fn layout(&self) -> &Layout {
        self.layout
    }

    fn judged(&self) -> &[&'static str] {
        &JUDGED
    }

    fn uploader(&self) -> Option<DistrictNumber> {
        self.uploader
    }

    fn open(&self) -> Result<Box<dyn RowSource + '_>, RulesError> {
        let input = self.upload.open().map_err(|error| self.error(&error))?;
        let options = self.options.clone().layout(&self.layout.key);
        let reader = if self.layout.is_xml() {
            BehaviorReader::new(input, self.dictionary, options).map(|reader| Rows::Xml(Box::new(reader)))
        } else {
            Reader::new(input, self.dictionary, options).map(|reader| Rows::Tabs(Box::new(reader)))
        };
        Ok(Box::new(Pass { file: self, reader: reader.map_err(|error| self.error(&error))? }))
    }
}

/// The reader of either form of file.
enum Rows<'a> {
    Tabs(Box<Reader<'a, Box<dyn BufRead + 'a>>>),
    Xml(Box<BehaviorReader<'a, Box<dyn BufRead + 'a>>>),
}

impl Rows<'_> {
    fn log(&self) -> &ReadLog {
        match self {
            Rows::Tabs(reader) => reader.log(),
            Rows::Xml(reader) => reader.log(),
        }
    }
}

struct Pass<'a> {
    file: &'a CheckedUpload<'a>,
    reader: Rows<'a>,
}

impl RowSource for Pass<'_> {
    #[inline]
    fn next_row(&mut self) -> Result<Option<Row<'_>>, RulesError> {
        let row = match &mut self.reader {
            Rows::Tabs(reader) => reader.next_row(),
            Rows::Xml(reader) => reader.next_row(),
        };
        row.map_err(|error| self.file.error(&error))
    }

    fn each_row(&mut self, act: &mut dyn FnMut(&Row<'_>) -> bool) -> Result<(), RulesError> {
        // A row is large: it is handed on by reference rather than through another result.
        let Rows::Tabs(reader) = &mut self.reader else {
            while let Some(row) = self.next_row()? {
                if !act(&row) {
                    break;
                }
            }
            return Ok(());
        };
        loop {
            match reader.next_row() {
                Ok(Some(row)) if act(&row) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(self.file.error(&error)),
            }
        }
    }

    fn header_date(&self) -> Option<chrono::NaiveDate> {
        match &self.reader {
            Rows::Tabs(reader) => reader.header().and_then(opi_aim::Header::date),
            Rows::Xml(_) => None,
        }
    }

    fn notices(&mut self) -> Vec<Notice> {
        let notice = |hit: &opi_aim::ReadHit| {
            let info = hit.rule.info();
            Notice {
                code: info.code.to_owned(),
                line: hit.line,
                field: hit.field,
                severity: Some(info.severity),
                byte: Some(hit.byte).filter(|_| hit.line > 0),
                detail: hit.detail(),
            }
        };
        self.reader.log().hits().iter().map(notice).collect()
    }

    fn not_kept(&self) -> Vec<(String, u64)> {
        let mut kept: BTreeMap<ReadRule, u64> = BTreeMap::new();
        for hit in self.reader.log().hits() {
            *kept.entry(hit.rule).or_default() += 1;
        }
        let rest = |(rule, count): (ReadRule, u64)| {
            (rule.info().code.to_owned(), count - kept.get(&rule).copied().unwrap_or(0))
        };
        self.reader.log().counts().map(rest).filter(|(_, count)| *count > 0).collect()
    }

    fn stopped(&self) -> Option<String> {
        let log = self.reader.log();
        let stop = log.hits().iter().find(|hit| matches!(hit.rule, ReadRule::Utf16 | ReadRule::Xml));
        stop.filter(|_| log.stopped()).map(|hit| format!("line {}: {}", hit.line, hit.rule.info().summary))
    }

    /// Of the whole file, also where the reader could not go on to its end.
    fn hash(&self) -> Option<String> {
        if !self.file.hashed {
            return None;
        }
        content_hash(self.file.upload).ok().map(|hash| format!("blake3:{hash}"))
    }
}

/// The account of a run of the rules with its findings, as a report that can be rendered in every format.
///
/// # Errors
/// When findings and account contradict each other.
pub fn finding_report(
    report: &opi_rules::Report,
    findings: Vec<Finding>,
) -> Result<FindingReport, ReportError> {
    let mut header = RunHeader::new("opi", env!("CARGO_PKG_VERSION"), &report.rule_set);
    header.school_year = Some(report.school_year);
    header.as_of = Some(report.as_of);
    header.collection = report.collection.map(|collection| collection.to_string());
    header.max_samples = Some(report.samples_per_rule);
    if !report.complete {
        let problems =
            report.files.iter().filter_map(|file| Some(format!("{}: {}", file.file, file.problem.as_ref()?)));
        header.incomplete = Some(problems.collect::<Vec<_>>().join("; "));
    }
    header.files = report
        .files
        .iter()
        .map(|file| InputFile {
            layout: Some(file.layout.clone()),
            role: Some(file.role.to_owned()).filter(|role| role != "current"),
            hash: file.hash.clone(),
            ..InputFile::new(&file.file, file.rows)
        })
        .collect();
    for rule in &report.rules_run {
        let listed = registry().iter().map(|registered| &registered.info);
        if let Some(info) = listed.chain(&report.own_rules).find(|info| info.code == rule.code) {
            header.rules.push(RuleOutline::from(info));
        }
        for (severity, count) in &rule.by_severity {
            header.counts.push(RuleCount::new(&rule.code, *severity, *count));
        }
    }
    header.skipped = report
        .rules_skipped
        .iter()
        .map(|rule| opi_report::SkippedRule::new(&rule.code, &rule.reason))
        .collect();
    let entry = |(name, value, usual)| ParameterEntry { name, value, usual };
    header.parameters = report.policy.parameters.changed().into_iter().map(entry).collect();
    header.policy = report.policy.in_force(report.as_of).map(policy_entry).collect();
    header.policy_expired = report.policy_expired.iter().map(policy_entry).collect();
    FindingReport::new(header, findings)
}

fn policy_entry(change: &opi_rules::Change) -> PolicyEntry {
    PolicyEntry {
        code: change.rule.clone(),
        scope: change.district.map(|district| format!("district {district}")),
        action: match change.severity {
            Some(severity) if !change.off => PolicyAction::Severity(severity),
            _ => PolicyAction::Off,
        },
        reason: change.reason.clone(),
        expires: Some(change.expires),
    }
}

/// Whether a report holds a finding of at least this severity, by its exact counts.
#[must_use]
pub fn fails_on(report: &opi_rules::Report, severity: Severity) -> bool {
    report.by_severity.iter().any(|(found, count)| *found >= severity && *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// What the rules find in an upload of this name and text, and whether they could read it.
    fn codes(name: &str, text: &str) -> Option<Vec<String>> {
        let upload = (name.to_owned(), text.as_bytes().to_vec());
        let dictionary = Dictionary::built_in();
        let input = CheckedUpload::new(&upload, dictionary, None).unwrap()?;
        let (year, today) = ("2025-26".parse().unwrap(), "2026-06-20".parse().unwrap());
        let references = opi_rules::References::new(dictionary, year, today);
        let checker = opi_rules::Checker::new(
            &references,
            &opi_rules::Policy::default(),
            opi_rules::Options::default(),
        );
        let report = checker.unwrap().check(&opi_rules::Inputs::of(&[&input])).unwrap().report;
        assert!(report.complete);
        let found = report.rules_run.iter().filter(|rule| rule.findings > 0);
        Some(found.map(|rule| rule.code.clone()).collect())
    }

    #[test]
    fn a_file_whose_rows_do_not_say_what_it_is_is_taken_at_its_name() {
        let header = "HD\t06/05/2026\t08:00:00\tMT9.1\r\n";
        assert_eq!(codes("0001/homeless.tsv", header).unwrap(), ["FILE-010"]);
        assert_eq!(codes("homeless (2).tsv", header), None);
        let meals = "990000101\tLarkspur\tZinnia\tP\tIncome\t08/27/2025\t\r\n";
        assert_eq!(codes("fram.tsv", meals).unwrap(), ["FRAM-001"]);
        let by_comma = "HD,06/05/2026,08:00:00,MT9.1\r\nHM,0001,990000101,09/10/2025,,D,N,Y\r\n";
        assert_eq!(codes("homeless.tsv", by_comma).unwrap(), ["FILE-002", "FILE-009"]);
    }

    #[test]
    fn a_first_row_that_strayed_into_a_file_does_not_say_what_the_others_are() {
        let header = "HD\t06/05/2026\t08:00:00\tMT9.1\r\n";
        let homeless = |id: u32| format!("HM\t0001\t{id}\t09/10/2025\t\tD\tN\tY\r\n");
        let plan = "504\t0001\t990000101\tLarkspur\tZinnia\t08/27/2025\t\r\n";
        let (one, other) = (homeless(990_000_101), homeless(990_000_102));
        let layout = |rows: &[&str]| {
            let upload = ("upload.tsv".to_owned(), format!("{header}{}", rows.concat()).into_bytes());
            let input = CheckedUpload::new(&upload, Dictionary::built_in(), None).unwrap();
            input.map(|input| input.layout().key.clone())
        };
        assert_eq!(layout(&[plan, &one, &other]).unwrap(), "homeless");
        assert_eq!(layout(&[plan, &one]).unwrap(), "section-504", "one of each: the first one says");
        assert_eq!(layout(&[&one, &other]).unwrap(), "homeless");
        assert_eq!(layout(&[]), None);
        let found = codes("upload.tsv", &format!("{header}{plan}{one}{other}")).unwrap();
        assert_eq!(found, ["FILE-009"], "one finding on the row that strayed");
    }

    #[test]
    fn the_readers_judge_every_rule_of_reading_but_those_of_fields() {
        let of_fields =
            [ReadRule::TooLong, ReadRule::Untrimmed, ReadRule::Blank, ReadRule::Form, ReadRule::NotACode];
        let judged = ReadRule::ALL.iter().filter(|rule| !of_fields.contains(rule));
        let judged: BTreeSet<&str> = judged.map(|rule| rule.info().code).collect();
        assert_eq!(judged.into_iter().collect::<Vec<_>>(), JUDGED);
    }
}

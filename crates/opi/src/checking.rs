//! Validation: uploads behind the traits of the rule engine, and the account of a run as a report.

use crate::register::{Received, time_of};
use crate::year::{Progress, Stage, Upload, Year, YearError};
use opi_aim::{ReadOptions, ReadRule, Reader};
use opi_dictionary::{Dictionary, Finding, Layout, Row, Severity};
use opi_report::{
    FindingReport, InputFile, PolicyAction, PolicyEntry, ReportError, RuleCount, RuleOutline, RunHeader,
};
use opi_rules::{Checker, Input, Inputs, Notice, Options, References, RowSource, RulesError, registry};
use opi_snapshot::TimeGiven;
use std::collections::BTreeMap;
use std::io::BufRead;

/// The codes that the reader judges itself.
const JUDGED: [&str; 18] = [
    "FILE-002", "FILE-003", "FILE-004", "FILE-006", "FILE-007", "FILE-008", "FILE-009", "FILE-010",
    "FILE-011", "FILE-012", "READ-001", "READ-002", "READ-003", "READ-004", "READ-005", "READ-006",
    "READ-007", "READ-008",
];

/// What the rules found in a year's uploads.
pub struct Validated {
    /// The account of the run, with exact counts by rule and district.
    pub account: opi_rules::Report,
    /// The findings with the account, to be rendered in any format. It shows no value.
    pub findings: FindingReport,
    /// Files that no rule could read: of no known layout.
    pub left_out: Vec<String>,
}

impl Year {
    /// Runs the rules over the uploads that had come in by the day that stands for today, beside those of the year
    /// before. `progress` is told as the stage begins and ends.
    ///
    /// # Errors
    /// When a file cannot be opened, the policy names an unknown rule, or `progress` answers false.
    pub fn validate(&self, mut progress: impl FnMut(Progress<'_>) -> bool) -> Result<Validated, YearError> {
        let mut references = References::new(&self.dictionary, self.school_year, self.as_of);
        references.directory = self.directory.as_ref();
        let options = Options { samples_per_rule: self.samples_per_rule, ..Options::default() };
        let checker = Checker::new(&references, &self.policy, options)?;
        let (current, left_out) = self.inputs(&self.uploads)?;
        let (prior, _) = self.inputs(&self.prior_uploads)?;
        let of = current.len() + prior.len();
        let mut tell = |done: usize| match progress(Progress { stage: Stage::Validate, done, of, file: "" }) {
            true => Ok(()),
            false => Err(YearError::Stopped { done, of }),
        };
        tell(0)?;
        let inputs = Inputs {
            current: current.iter().map(|input| input as &dyn Input).collect(),
            register: Vec::new(),
            prior: prior.iter().map(|input| input as &dyn Input).collect(),
        };
        let outcome = checker.check_state(&inputs)?;
        let findings = outcome.findings(&checker, &inputs, false)?;
        tell(of)?;
        let findings = finding_report(&outcome.report, findings)?;
        Ok(Validated { account: outcome.report, findings, left_out })
    }

    /// The files that the rules can read, and the names of those that they cannot.
    fn inputs<'a>(
        &'a self,
        uploads: &'a [Received],
    ) -> Result<(Vec<CheckedUpload<'a>>, Vec<String>), YearError> {
        let (mut found, mut left_out) = (Vec::with_capacity(uploads.len()), Vec::new());
        for received in uploads {
            let upload = received.upload.as_ref();
            let at = time_of(received, &self.dictionary, &self.options);
            if at.is_some_and(|at| at > TimeGiven::end_of(self.as_of)) {
                continue;
            }
            let layout = received.layout.as_deref().or(self.options.layout.as_deref());
            let checked = CheckedUpload::new(upload, &self.dictionary, layout);
            match checked.map_err(|source| YearError::Read { file: upload.name().to_owned(), source })? {
                Some(input) => found.push(input),
                None => left_out.push(upload.name().to_owned()),
            }
        }
        Ok((found, left_out))
    }
}

/// An upload as an input of the rule engine.
pub struct CheckedUpload<'a> {
    upload: &'a dyn Upload,
    dictionary: &'a Dictionary,
    layout: &'a Layout,
}

impl<'a> CheckedUpload<'a> {
    /// An upload of this layout; its layout is looked for in its first rows when none is named. `Ok(None)` when no
    /// layout was found or the file is XML, which the rules do not read yet.
    ///
    /// # Errors
    /// When the file cannot be opened or the layout does not exist.
    pub fn new(
        upload: &'a dyn Upload,
        dictionary: &'a Dictionary,
        layout: Option<&str>,
    ) -> Result<Option<Self>, opi_aim::AimError> {
        let layout = match layout {
            Some(key) => Some(dictionary.layout(key)?),
            None => {
                let input = upload.open().map_err(|source| opi_aim::AimError::Io { line: 0, source })?;
                let mut reader = Reader::new(input, dictionary, ReadOptions::new())?;
                let _ = reader.next_row()?;
                reader.layout()
            }
        };
        Ok(layout.filter(|layout| !layout.is_xml()).map(|layout| CheckedUpload {
            upload,
            dictionary,
            layout,
        }))
    }

    fn error(&self, problem: &dyn std::fmt::Display) -> RulesError {
        RulesError::Input { file: self.upload.name().to_owned(), line: None, problem: problem.to_string() }
    }
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

    fn open(&self) -> Result<Box<dyn RowSource + '_>, RulesError> {
        let input = self.upload.open().map_err(|error| self.error(&error))?;
        let options = ReadOptions::new().layout(&self.layout.key);
        let reader = Reader::new(input, self.dictionary, options).map_err(|error| self.error(&error))?;
        Ok(Box::new(Pass { file: self, reader }))
    }
}

struct Pass<'a> {
    file: &'a CheckedUpload<'a>,
    reader: Reader<'a, Box<dyn BufRead + 'a>>,
}

impl RowSource for Pass<'_> {
    fn next_row(&mut self) -> Result<Option<Row<'_>>, RulesError> {
        self.reader.next_row().map_err(|error| self.file.error(&error))
    }

    fn header_date(&self) -> Option<chrono::NaiveDate> {
        self.reader.header().and_then(opi_aim::Header::date)
    }

    fn notices(&mut self) -> Vec<Notice> {
        let notice = |hit: &opi_aim::ReadHit| {
            let info = hit.rule.info();
            Notice {
                code: info.code.to_owned(),
                line: hit.line,
                field: hit.field,
                severity: Some(info.severity),
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
    header.collection = report.collection.map(|collection| format!("{collection:?}"));
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
            hash: file.hash.clone(),
            ..InputFile::new(&file.file, file.rows)
        })
        .collect();
    for rule in &report.rules_run {
        if let Some(registered) = registry().iter().find(|registered| registered.info.code == rule.code) {
            header.rules.push(RuleOutline::from(&registered.info));
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
    header.policy = report.policy.rule.iter().map(policy_entry).collect();
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

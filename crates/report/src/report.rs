//! A run and its findings, checked against each other and put in order.

use crate::{
    CsvLines, JsonLines, ReportError, RuleCount, RuleOutline, RunHeader, Style, Values, human, sarif,
    table_csv, workbook,
};
use opi_dictionary::{Finding, Severity};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// A run of rules and what it found: the input of every renderer.
///
/// Findings are sorted by file, line, byte, field and code, then by all the rest, so that the order in which
/// they were handed in changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingReport {
    header: RunHeader,
    findings: Vec<Finding>,
}

impl FindingReport {
    /// Joins a header and the findings that are to be listed.
    ///
    /// # Errors
    /// When the header lists a rule twice, a finding names a rule that is not listed as run, or a count in the
    /// header is smaller than the number of findings given.
    pub fn new(mut header: RunHeader, mut findings: Vec<Finding>) -> Result<Self, ReportError> {
        header.sort();
        findings.sort_unstable_by(order);
        let mut ran = BTreeSet::new();
        for rule in &header.rules {
            if !ran.insert(rule.code.as_str()) {
                return Err(ReportError::RuleTwice { code: rule.code.clone() });
            }
        }
        if let Some(finding) = findings.iter().find(|finding| !ran.contains(finding.code.as_str())) {
            return Err(ReportError::RuleNotListed { code: finding.code.clone() });
        }
        header.counts = reconcile(&header.counts, &findings)?;
        Ok(FindingReport { header, findings })
    }

    /// The run: files, rules, policy and exact counts.
    #[must_use]
    pub fn header(&self) -> &RunHeader {
        &self.header
    }

    /// The listed findings, in order.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The rule of a code, if it ran.
    #[must_use]
    pub fn rule(&self, code: &str) -> Option<&RuleOutline> {
        self.header.rules.iter().find(|rule| rule.code == code)
    }

    /// Exact number of findings by severity, from the gravest; severities without findings are listed too.
    #[must_use]
    pub fn by_severity(&self) -> Vec<(Severity, u64)> {
        let count = |severity| {
            let of_it = self.header.counts.iter().filter(|count| count.severity == severity);
            of_it.fold(0_u64, |sum, count| sum.saturating_add(count.findings))
        };
        Severity::ALL.into_iter().rev().map(|severity| (severity, count(severity))).collect()
    }

    /// The gravest severity that was found, listed or not.
    #[must_use]
    pub fn gravest(&self) -> Option<Severity> {
        self.header.counts.iter().filter(|count| count.findings > 0).map(|count| count.severity).max()
    }

    /// Writes the report for people: each finding as a good compiler would, then a summary.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write_human(
        &self,
        out: &mut impl Write,
        values: Values,
        style: &Style,
    ) -> Result<(), ReportError> {
        Ok(human::write_report(out, self, values, style)?)
    }

    /// Writes JSON Lines: a header object, then one finding a line. See [`JsonLines`] for the fields.
    ///
    /// ```
    /// use opi_report::{FindingReport, RunHeader, Values};
    /// let report = FindingReport::new(RunHeader::new("opi", "0.1.0", "2025-26.1"), vec![])?;
    /// let mut out = Vec::new();
    /// report.write_json_lines(&mut out, Values::Hidden)?;
    /// assert!(out.starts_with(br#"{"format":"opi-findings/1","tool":"opi","#));
    /// # Ok::<(), opi_report::ReportError>(())
    /// ```
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write_json_lines(&self, out: &mut impl Write, values: Values) -> Result<(), ReportError> {
        let mut lines = JsonLines::new(out, &self.header, values)?;
        for finding in &self.findings {
            lines.write(finding)?;
        }
        lines.finish()
    }

    /// Writes CSV with one finding a line, then a line each for an entry of the policy that had expired and for a rule
    /// that did not run: a table without findings is not taken for one without rules. These have the word
    /// `policy_expired` or `not_run` for a severity. The last line is the account of the run, `run` or `run_incomplete`.
    /// See [`CsvLines`] for the columns.
    ///
    /// ```
    /// use opi_report::{FindingReport, RunHeader, Values};
    /// let report = FindingReport::new(RunHeader::new("opi", "0.1.0", "2025-26.1"), vec![])?;
    /// let mut out = Vec::new();
    /// report.write_csv(&mut out, Values::Hidden)?;
    /// let text = String::from_utf8_lossy(&out);
    /// assert!(text.starts_with("code,severity,class,key,file,line,byte,field,subject,message,expected,fix,related"));
    /// assert!(text.contains("\n,run,"));
    /// # Ok::<(), opi_report::ReportError>(())
    /// ```
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write_csv(&self, out: &mut impl Write, values: Values) -> Result<(), ReportError> {
        let mut lines = CsvLines::new(out, values)?;
        for finding in &self.findings {
            lines.write(finding, self.rule(&finding.code))?;
        }
        for entry in &self.header.policy_expired {
            lines.write_expired(entry)?;
        }
        for rule in &self.header.skipped {
            lines.write_skipped(rule)?;
        }
        lines.write_run(&self.header)?;
        lines.finish()
    }

    /// Writes CSV with one line a rule: those that ran with their exact counts, zero included, and those that
    /// did not with the reason, then the entries of the policy. This is what makes an empty list of findings mean something.
    ///
    /// ```
    /// use opi_report::{FindingReport, RunHeader, SkippedRule};
    /// let mut header = RunHeader::new("opi", "0.1.0", "2025-26.1");
    /// header.skipped = vec![SkippedRule::new("ENR-090", "no prior year was given")];
    /// let mut out = Vec::new();
    /// FindingReport::new(header, vec![])?.write_summary_csv(&mut out)?;
    /// assert_eq!(
    ///     String::from_utf8_lossy(&out),
    ///     "code,outcome,severity,findings,shown,summary,fix,source,reason\n\
    ///      ENR-090,skipped,,,,,,,no prior year was given\n"
    /// );
    /// # Ok::<(), opi_report::ReportError>(())
    /// ```
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write_summary_csv(&self, out: &mut impl Write) -> Result<(), ReportError> {
        table_csv::write_summary(out, self)
    }

    /// Writes SARIF 2.1.0: one run with every rule that ran and its help text, the files with their hashes, one
    /// result a finding, and a notification for each rule that did not run. What blocks is an `error`, what is
    /// to be confirmed a `warning`.
    ///
    /// ```
    /// use opi_report::{FindingReport, RunHeader, Values};
    /// let report = FindingReport::new(RunHeader::new("opi", "0.1.0", "2025-26.1"), vec![])?;
    /// let mut out = Vec::new();
    /// report.write_sarif(&mut out, Values::Hidden)?;
    /// let log: serde_json::Value = serde_json::from_slice(&out)?;
    /// assert_eq!(log["version"], "2.1.0");
    /// assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], true);
    /// # Ok::<(), opi_report::ReportError>(())
    /// ```
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write_sarif(&self, out: &mut impl Write, values: Values) -> Result<(), ReportError> {
        serde_json::to_writer_pretty(&mut *out, &sarif::Log::new(self, values))?;
        out.write_all(b"\n")?;
        Ok(out.flush()?)
    }

    /// The report as an Excel workbook for the clerk: a summary, the rules, and one sheet for each file that
    /// has findings, with filters, a frozen row of headings and the way to fix each finding. Cells hold text
    /// and numbers only, never a formula. A sheet that would be too long for Excel says how many findings were
    /// left out.
    ///
    /// The creation time in the file is [`RunHeader::produced`], or midnight of [`RunHeader::as_of`], or
    /// January 1, 2000.
    ///
    /// ```
    /// use opi_report::{FindingReport, RunHeader, Values};
    /// let report = FindingReport::new(RunHeader::new("opi", "0.1.0", "2025-26.1"), vec![])?;
    /// let bytes = report.to_xlsx(Values::Hidden)?;
    /// assert_eq!(bytes, report.to_xlsx(Values::Hidden)?);
    /// assert!(bytes.starts_with(b"PK"));
    /// # Ok::<(), opi_report::ReportError>(())
    /// ```
    ///
    /// # Errors
    /// When the workbook cannot be made.
    pub fn to_xlsx(&self, values: Values) -> Result<Vec<u8>, ReportError> {
        workbook::write(self, values, workbook::ROWS)
    }
}

/// The order of findings: place, then code, then all the rest.
fn order(a: &Finding, b: &Finding) -> Ordering {
    a.position.cmp(&b.position).then_with(|| a.cmp(b))
}

/// Exact counts with the number of listed findings; counted from the findings where none are stated.
fn reconcile(stated: &[RuleCount], findings: &[Finding]) -> Result<Vec<RuleCount>, ReportError> {
    let mut given: BTreeMap<(&str, Severity), u64> = BTreeMap::new();
    for finding in findings {
        *given.entry((&finding.code, finding.severity)).or_default() += 1;
    }
    let mut counts: BTreeMap<(&str, Severity), u64> = BTreeMap::new();
    for count in stated {
        let sum = counts.entry((&count.code, count.severity)).or_default();
        *sum = sum.saturating_add(count.findings);
    }
    if stated.is_empty() {
        counts.clone_from(&given);
    }
    for (&(code, severity), &number) in &given {
        let stated = counts.get(&(code, severity)).copied().unwrap_or(0);
        if stated < number {
            return Err(ReportError::CountTooSmall {
                code: code.to_owned(),
                severity,
                stated,
                given: number,
            });
        }
    }
    let shown = |key| given.get(&key).copied().unwrap_or(0);
    Ok(counts
        .into_iter()
        .map(|((code, severity), findings)| RuleCount {
            code: code.to_owned(),
            severity,
            findings,
            shown: shown((code, severity)),
        })
        .collect())
}

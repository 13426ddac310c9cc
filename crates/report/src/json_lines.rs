//! JSON Lines: a header object, then one finding a line.

use crate::{
    InputFile, LINES_COUNTED, ParameterEntry, PolicyEntry, ReportError, RuleCount, RuleOutline, RunHeader,
    SkippedRule, Values,
};
use chrono::{NaiveDate, NaiveDateTime};
use opi_dictionary::{Citation, Finding, Position, RuleClass, RuleKey, RuleStatus, SchoolYear, Severity};
use serde::Serialize;
use std::io::Write;

/// The name and version of the format, the first field of the header line.
pub const JSON_LINES_FORMAT: &str = "opi-findings/1";

/// Writes findings one by one as JSON Lines, keeping none of them.
///
/// The first line is the header object, known by its first field `format`. Every other line is a finding
/// with the fields `code, severity, class, key, file, line, byte, field, subject, message, expected, found,
/// fix, related`, in that order. `byte` is there where it is known, `found` only with [`Values::Shown`]
/// and `null` when nothing was found; the others are always there and `null` (`related`: empty) when they
/// say nothing. A line reads back as an [`opi_dictionary::Finding`].
///
/// Whoever streams hands over a header with exact counts and the findings in order;
/// [`FindingReport`](crate::FindingReport) does both.
///
/// ```
/// use opi_report::{JsonLines, RunHeader, Values};
/// let mut out = Vec::new();
/// let lines = JsonLines::new(&mut out, &RunHeader::new("opi", "0.1.0", "2025-26.1"), Values::Hidden)?;
/// lines.finish()?; // after a `write` for each finding
/// assert_eq!(out.iter().filter(|&&byte| byte == b'\n').count(), 1);
/// # Ok::<(), opi_report::ReportError>(())
/// ```
#[derive(Debug)]
pub struct JsonLines<W: Write> {
    out: W,
    values: Values,
}

impl<W: Write> JsonLines<W> {
    /// Writes the header line.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn new(mut out: W, header: &RunHeader, values: Values) -> Result<Self, ReportError> {
        let mut header = header.clone();
        header.sort();
        serde_json::to_writer(&mut out, &HeaderLine::new(&header, values))?;
        out.write_all(b"\n")?;
        Ok(JsonLines { out, values })
    }

    /// Writes one finding.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write(&mut self, finding: &Finding) -> Result<(), ReportError> {
        serde_json::to_writer(&mut self.out, &FindingLine::new(finding, self.values))?;
        self.out.write_all(b"\n")?;
        Ok(())
    }

    /// Flushes the output.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(mut self) -> Result<(), ReportError> {
        Ok(self.out.flush()?)
    }
}

/// The JSON Schema of the header line.
#[cfg(feature = "schemars")]
#[must_use]
pub fn header_schema() -> schemars::Schema {
    schemars::schema_for!(HeaderLine<'static>)
}

/// The JSON Schema of a finding line.
#[cfg(feature = "schemars")]
#[must_use]
pub fn finding_schema() -> schemars::Schema {
    schemars::schema_for!(FindingLine<'static>)
}

/// The run of rules: the first line of a file of findings.
#[derive(Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(rename = "FindingsHeader", deny_unknown_fields))]
struct HeaderLine<'a> {
    /// Name and version of the format: `opi-findings/1`.
    format: &'static str,
    /// The name of the program.
    tool: &'a str,
    /// The version of the program.
    tool_version: &'a str,
    /// The version of the rule set.
    rule_set_version: &'a str,
    /// The school year that was judged.
    school_year: Option<SchoolYear>,
    /// The collection that was judged, by key; null when rules of every collection ran.
    collection: Option<&'a str>,
    /// The day that stood for "today".
    as_of: Option<NaiveDate>,
    /// When the report was made (UTC).
    produced: Option<NaiveDateTime>,
    /// Whether the run went to its end.
    complete: bool,
    /// Why it did not.
    incomplete_reason: Option<&'a str>,
    /// How lines are counted, in words.
    lines_counted: &'static str,
    /// At most so many findings of one rule are listed; null when all are.
    max_samples: Option<u64>,
    /// Whether findings carry `found`, the value in the file.
    values_shown: bool,
    /// Number of files checked.
    files_read: usize,
    /// Records read in the files checked.
    rows_read: u64,
    /// Number of rules that ran.
    rules_run: usize,
    /// Number of rules that did not run at all.
    rules_skipped: usize,
    /// All findings, listed or not.
    findings: u64,
    /// Exact counts by rule and severity.
    counts: &'a [RuleCount],
    /// The files that were read.
    files: &'a [InputFile],
    /// Thresholds that the policy set to another value than the usual one.
    parameters: &'a [ParameterEntry],
    /// The policy that changed rules.
    policy: &'a [PolicyEntry],
    /// Entries of the policy that had expired and were not applied.
    policy_expired: &'a [PolicyEntry],
    /// The rules that ran.
    rules: Vec<RuleLine<'a>>,
    /// The rules that did not run, or not everywhere.
    skipped: &'a [SkippedRule],
}

impl<'a> HeaderLine<'a> {
    fn new(header: &'a RunHeader, values: Values) -> Self {
        HeaderLine {
            format: JSON_LINES_FORMAT,
            tool: &header.tool,
            tool_version: &header.tool_version,
            rule_set_version: &header.rule_set_version,
            school_year: header.school_year,
            collection: header.collection.as_deref(),
            as_of: header.as_of,
            produced: header.produced,
            complete: header.incomplete.is_none(),
            incomplete_reason: header.incomplete.as_deref(),
            lines_counted: LINES_COUNTED,
            max_samples: header.max_samples,
            values_shown: values.are_shown(),
            files_read: header.checked().count(),
            rows_read: header.rows(),
            rules_run: header.rules.len(),
            rules_skipped: header.rules_skipped(),
            findings: header.findings(),
            counts: &header.counts,
            files: &header.files,
            parameters: &header.parameters,
            policy: &header.policy,
            policy_expired: &header.policy_expired,
            rules: header.rules.iter().map(RuleLine::new).collect(),
            skipped: &header.skipped,
        }
    }
}

/// A rule that ran, in short; its page says the rest.
#[derive(Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(rename = "RuleRun", deny_unknown_fields))]
struct RuleLine<'a> {
    /// The permanent code.
    code: &'a str,
    /// One sentence that describes the bad state.
    summary: &'a str,
    /// What it leads to, unless a policy says otherwise.
    severity: Severity,
    /// What kind of statement it makes.
    class: RuleClass,
    /// How far it has come.
    status: RuleStatus,
    /// Where it comes from and how firm that is.
    citation: &'a Citation,
}

impl<'a> RuleLine<'a> {
    fn new(rule: &'a RuleOutline) -> Self {
        RuleLine {
            code: &rule.code,
            summary: &rule.summary,
            severity: rule.severity,
            class: rule.class,
            status: rule.status,
            citation: &rule.citation,
        }
    }
}

/// A finding: what, where, why, and how to mend it.
#[derive(Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(rename = "FindingLine", deny_unknown_fields))]
struct FindingLine<'a> {
    /// The code of the rule.
    code: &'a str,
    /// What it leads to.
    severity: Severity,
    /// What kind of statement the rule makes.
    class: RuleClass,
    /// The key by which the rule's records stand together.
    key: RuleKey,
    /// The file as the caller named it.
    file: &'a str,
    /// Physical line, 1 = first line (the header); 0 = the file as a whole.
    line: u64,
    /// Byte offset in the file, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    byte: Option<u64>,
    /// The name of the field in its layout, where one can be named.
    field: Option<&'a str>,
    /// Whom it is about: a masked student key, a school or a district.
    subject: Option<&'a str>,
    /// What is wrong.
    message: &'a str,
    /// What would be right.
    expected: Option<&'a str>,
    /// What was found; only when values were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Option<&'a str>>,
    /// How to mend it.
    fix: &'a str,
    /// Other places that belong to it.
    related: &'a [Position],
}

impl<'a> FindingLine<'a> {
    fn new(finding: &'a Finding, values: Values) -> Self {
        FindingLine {
            code: &finding.code,
            severity: finding.severity,
            class: finding.class,
            key: finding.key,
            file: &finding.position.file,
            line: finding.position.line,
            byte: finding.position.byte,
            field: finding.position.field.as_deref(),
            subject: finding.subject.as_deref(),
            message: &finding.message,
            expected: finding.expected.as_deref(),
            found: values.are_shown().then_some(finding.found.as_deref()),
            fix: &finding.fix,
            related: &finding.related,
        }
    }
}

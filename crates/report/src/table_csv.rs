//! CSV for spreadsheets and scripts: findings, and the summary by rule.

use crate::{
    FindingReport, LINES_COUNTED, PolicyEntry, ReportError, RuleOutline, RunHeader, SkippedRule, Values,
    human,
};
use opi_dictionary::{Finding, RuleClass, RuleKey};
use std::borrow::Cow;
use std::io::Write;

/// Writes findings one by one as CSV, keeping none of them.
///
/// The columns are `code, severity, class, key, file, line, byte, field, subject, message, expected, found,
/// fix, related, status, source`; the column `found` is there only with [`Values::Shown`]. Related places are joined
/// by `; `; status and source are those of the rule. Rules that did not run follow, with `not_run` in the place of
/// the severity. The last line is the account of the run, with `run` or
/// `run_incomplete` in the place of the severity, since a table of no finding says nothing without it.
/// Lines end with a line feed; cells are quoted where they must be.
///
/// CSV is opened in spreadsheets, and those run cells that look like formulas. A cell that begins with
/// `=`, `+`, `-`, `@`, a tab, a carriage return or an apostrophe therefore gets an apostrophe in front;
/// taking one leading apostrophe away gives the text back. JSON Lines carries texts as they are.
///
/// ```
/// use opi_report::{CsvLines, Values};
/// let mut out = Vec::new();
/// CsvLines::new(&mut out, Values::Shown)?.finish()?; // after a `write` for each finding
/// assert!(out.ends_with(b"expected,found,fix,related,status,source\n"));
/// # Ok::<(), opi_report::ReportError>(())
/// ```
pub struct CsvLines<W: Write> {
    out: csv::Writer<W>,
    values: Values,
}

impl<W: Write> CsvLines<W> {
    /// Writes the line of column names.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn new(out: W, values: Values) -> Result<Self, ReportError> {
        let mut out = csv::Writer::from_writer(out);
        let before = [
            "code", "severity", "class", "key", "file", "line", "byte", "field", "subject", "message",
            "expected",
        ];
        let found = values.are_shown().then_some("found");
        out.write_record(before.into_iter().chain(found).chain(["fix", "related", "status", "source"]))?;
        Ok(CsvLines { out, values })
    }

    /// Writes one finding, with status and source of its rule where that is given.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write(&mut self, finding: &Finding, rule: Option<&RuleOutline>) -> Result<(), ReportError> {
        let place = &finding.position;
        let byte = place.byte.map(|byte| byte.to_string()).unwrap_or_default();
        let related: Vec<String> = finding.related.iter().map(ToString::to_string).collect();
        let related = related.join("; ");
        let line = place.line.to_string();
        let cells = [
            inert(&finding.code),
            finding.severity.as_str().into(),
            class_word(finding.class).into(),
            key_word(finding.key).into(),
            inert(&place.file),
            line.as_str().into(),
            byte.as_str().into(),
            inert(place.field.as_deref().unwrap_or_default()),
            inert(finding.subject.as_deref().unwrap_or_default()),
            inert(&finding.message),
            inert(finding.expected.as_deref().unwrap_or_default()),
        ];
        let found = self.values.are_shown().then(|| inert(finding.found.as_deref().unwrap_or_default()));
        let status = rule.map(|rule| human::status_word(rule.status)).unwrap_or_default();
        let source = rule.map(|rule| rule.citation.to_string()).unwrap_or_default();
        let after = [inert(&finding.fix), inert(&related), status.into(), inert(&source)];
        let cells = cells.iter().chain(found.iter()).chain(after.iter());
        self.out.write_record(cells.map(|cell| cell.as_bytes()))?;
        Ok(())
    }

    /// Writes an entry of the policy that had expired and was not applied: no finding, so the word
    /// `policy_expired` stands in the place of its severity.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write_expired(&mut self, entry: &PolicyEntry) -> Result<(), ReportError> {
        let message = format!("the policy was not applied: {}", human::policy(entry));
        let fix = "give the entry a later expiry, or take it out";
        self.write_remark(&entry.code, "policy_expired", &message, fix)
    }

    /// Writes the account of the run: whether it went to its end, what was read, and how much of it is listed.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write_run(&mut self, header: &RunHeader) -> Result<(), ReportError> {
        let mut message = human::account(header);
        message.push_str(&format!("; lines are counted {LINES_COUNTED}"));
        let (kind, fix) = match &header.incomplete {
            Some(reason) => {
                message = format!("incomplete: {reason}; {message}");
                ("run_incomplete", "mend what could not be read and run again: other findings may be missing")
            }
            None => ("run", ""),
        };
        self.write_remark("", kind, &message, fix)
    }

    /// Writes a rule that did not run, or not everywhere, with the reason: no finding, so the word `not_run` stands in
    /// the place of its severity.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write_skipped(&mut self, rule: &SkippedRule) -> Result<(), ReportError> {
        self.write_remark(&rule.code, "not_run", &format!("did not run: {}", rule.reason), "")
    }

    /// Flushes the output.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(mut self) -> Result<(), ReportError> {
        Ok(self.out.flush()?)
    }

    /// A line that is no finding.
    fn write_remark(&mut self, code: &str, kind: &str, message: &str, fix: &str) -> Result<(), ReportError> {
        let found = self.values.are_shown().then_some("");
        let (code, message) = (inert(code), inert(message));
        let before = [&*code, kind, "", "", "", "", "", "", "", &*message, ""];
        self.out.write_record(before.into_iter().chain(found).chain([fix, "", "", ""]))?;
        Ok(())
    }
}

impl<W: Write> std::fmt::Debug for CsvLines<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvLines").field("values", &self.values).finish_non_exhaustive()
    }
}

/// One line a rule.
pub(crate) fn write_summary(out: &mut impl Write, report: &FindingReport) -> Result<(), ReportError> {
    let header = report.header();
    let mut out = csv::Writer::from_writer(out);
    out.write_record([
        "code", "outcome", "severity", "findings", "shown", "summary", "fix", "source", "reason",
    ])?;
    for rule in &header.rules {
        let source = rule.citation.to_string();
        let mut write = |severity: &str, findings: u64, shown: u64| {
            out.write_record([
                inert(&rule.code).as_ref(),
                "run",
                severity,
                &findings.to_string(),
                &shown.to_string(),
                &inert(&rule.summary),
                &inert(&rule.fix),
                &inert(&source),
                "",
            ])
        };
        let mut counts = header.counts.iter().filter(|count| count.code == rule.code).peekable();
        if counts.peek().is_none() {
            write(rule.severity.as_str(), 0, 0)?;
        }
        for count in counts {
            write(count.severity.as_str(), count.findings, count.shown)?;
        }
    }
    for rule in &header.skipped {
        let ran = report.rule(&rule.code).is_some();
        let outcome = if ran { "partly skipped" } else { "skipped" };
        out.write_record([&inert(&rule.code), outcome, "", "", "", "", "", "", &inert(&rule.reason)])?;
    }
    for entry in &header.parameters {
        let reason = entry.to_string();
        out.write_record([&inert(&entry.name), "policy", "", "", "", "", "", "", &inert(&reason)])?;
    }
    for (outcome, entries) in [("policy", &header.policy), ("policy expired", &header.policy_expired)] {
        for entry in entries {
            let reason = human::policy(entry);
            out.write_record([&inert(&entry.code), outcome, "", "", "", "", "", "", &inert(&reason)])?;
        }
    }
    Ok(out.flush()?)
}

/// A cell that no spreadsheet runs.
fn inert(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The word of a class in tables, as in JSON.
pub(crate) fn class_word(class: RuleClass) -> &'static str {
    match class {
        RuleClass::Specification => "specification",
        RuleClass::Law => "law",
        RuleClass::Consistency => "consistency",
        RuleClass::Plausibility => "plausibility",
    }
}

/// The word of a key in tables, as in JSON.
pub(crate) fn key_word(key: RuleKey) -> &'static str {
    match key {
        RuleKey::Record => "record",
        RuleKey::File => "file",
        RuleKey::Student => "student",
        RuleKey::NameAndBirthDate => "name_and_birth_date",
        RuleKey::Section => "section",
        RuleKey::School => "school",
        RuleKey::District => "district",
        RuleKey::State => "state",
        RuleKey::Table => "table",
        _ => "other",
    }
}

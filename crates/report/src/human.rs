//! Text for people: findings as a good compiler shows them, then what was done and found.

use crate::text::{counted, grouped, visible};
use crate::{FindingReport, LINES_COUNTED, RuleOutline, RunHeader, Style, Values};
use opi_dictionary::{Finding, Position, RuleStatus};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Codes named for each reason for which rules were skipped; the rest is counted.
const CODES_NAMED: usize = 8;

/// Writes one finding as a good compiler would.
///
/// ```
/// use opi_dictionary::{Finding, Position, RuleClass, RuleKey, Severity};
/// use opi_report::{Style, Values, write_finding};
/// let finding = Finding {
///     code: "ENR-020".into(),
///     severity: Severity::Confirm,
///     class: RuleClass::Plausibility,
///     key: RuleKey::Student,
///     position: Position { file: "enrollment.tsv".into(), line: 7, byte: None, field: Some("Grade".into()) },
///     subject: Some("student 0•••••412".into()),
///     message: "grade fell by two since last year".into(),
///     expected: Some("the same grade or the next".into()),
///     found: Some("03".into()),
///     fix: "Confirm the grade or correct it.".into(),
///     related: vec![Position { file: "prior.tsv".into(), line: 9, byte: None, field: Some("Grade".into()) }],
/// };
/// let mut out = Vec::new();
/// write_finding(&mut out, &finding, Values::Shown, &Style::PLAIN)?;
/// assert_eq!(String::from_utf8_lossy(&out), r#"confirm[ENR-020] grade fell by two since last year
///   --> enrollment.tsv:7, Grade
///    = about: student 0•••••412
///    = expected: the same grade or the next
///    = found: "03"
///    = see: prior.tsv:9, Grade
///   fix: Confirm the grade or correct it.
/// "#);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// When the output cannot be written.
pub fn write_finding(
    out: &mut impl Write,
    finding: &Finding,
    values: Values,
    style: &Style,
) -> io::Result<()> {
    write_of_rule(out, finding, None, values, style)
}

/// A finding with what is to be known of its rule: whether it is still tried out, and where it comes from.
fn write_of_rule(
    out: &mut impl Write,
    finding: &Finding,
    rule: Option<&RuleOutline>,
    values: Values,
    style: &Style,
) -> io::Result<()> {
    let Style { strong, faint, reset, .. } = style;
    let colour = style.of(finding.severity);
    let (code, message) = (visible(&finding.code), visible(&finding.message));
    let mark = rule.and_then(mark_of_status).map(|mark| format!(", {mark}")).unwrap_or_default();
    writeln!(out, "{colour}{}{reset}[{code}{mark}] {strong}{message}{reset}", finding.severity)?;
    writeln!(out, "  {faint}-->{reset} {}", place(&finding.position))?;
    let mut line = |label: &str, text: &str| writeln!(out, "   {faint}= {label}:{reset} {text}");
    if let Some(subject) = &finding.subject {
        line("about", &visible(subject))?;
    }
    if let Some(expected) = &finding.expected {
        line("expected", &visible(expected))?;
    }
    if let Some(found) = finding.found.as_deref().filter(|_| values.are_shown()) {
        line("found", &format!("\"{}\"", visible(found)))?;
    }
    for position in &finding.related {
        line("see", &place(position))?;
    }
    if let Some(rule) = rule {
        line("source", &visible(&rule.citation.to_string()))?;
    }
    writeln!(out, "  fix: {}", visible(&finding.fix))
}

/// The word for a rule that is not settled: its severity may still change, or it is kept for old reports alone.
pub(crate) fn mark_of_status(rule: &RuleOutline) -> Option<&'static str> {
    match rule.status {
        RuleStatus::Stable => None,
        unsettled => Some(status_word(unsettled)),
    }
}

/// The word of a status, as in JSON.
pub(crate) fn status_word(status: RuleStatus) -> &'static str {
    match status {
        RuleStatus::Preview => "preview",
        RuleStatus::Stable => "stable",
        RuleStatus::Deprecated => "deprecated",
    }
}

/// The whole report.
pub(crate) fn write_report(
    out: &mut impl Write,
    report: &FindingReport,
    values: Values,
    style: &Style,
) -> io::Result<()> {
    for finding in report.findings() {
        write_of_rule(out, finding, report.rule(&finding.code), values, style)?;
        writeln!(out)?;
    }
    // What is looked at first stands last, where a terminal ends.
    let header = report.header();
    write_files(out, header)?;
    write_run(out, header, style)?;
    write_counts(out, report, style)?;
    if let Some(most) = header.max_samples {
        let most = counted(most, "finding", "findings");
        writeln!(out, "listed: at most {most} of each rule; counts are exact")?;
    }
    if let Some(reason) = &header.incomplete {
        let Style { strong, reset, .. } = style;
        writeln!(out, "{strong}incomplete: {}{reset}", visible(reason))?;
    }
    Ok(())
}

/// The table of findings by rule, the line of findings by severity, or the sentence that there are none.
fn write_counts(out: &mut impl Write, report: &FindingReport, style: &Style) -> io::Result<()> {
    let Style { strong, reset, .. } = style;
    let header = report.header();
    let over = format!(
        "{} in {}",
        counted(header.rows(), "row", "rows"),
        counted(header.checked().count() as u64, "file", "files")
    );
    let ran = counted(header.rules.len() as u64, "rule", "rules");
    if header.rules.is_empty() {
        return writeln!(out, "{strong}nothing was checked: no rule ran{reset} ({over})");
    }
    let total = header.findings();
    if total == 0 {
        return writeln!(out, "{strong}no findings by {ran}{reset} over {over}");
    }
    writeln!(out, "{strong}{} by {ran}{reset} over {over}", counted(total, "finding", "findings"))?;
    let words: Vec<String> = report
        .by_severity()
        .into_iter()
        .map(|(severity, count)| format!("{}{severity}{reset} {}", style.of(severity), grouped(count)))
        .collect();
    writeln!(out, "  {}", words.join(", "))?;
    let code_width =
        header.counts.iter().map(|count| visible(&count.code).chars().count()).max().unwrap_or(0).max(4);
    writeln!(
        out,
        "  {:<code_width$}  {:<20}  {:>10}  {:>8}  what",
        "rule", "severity", "findings", "listed"
    )?;
    for count in header.counts.iter().filter(|count| count.findings > 0) {
        let summary = report.rule(&count.code).map(|rule| visible(&rule.summary)).unwrap_or_default();
        writeln!(
            out,
            "  {:<code_width$}  {}{:<20}{reset}  {:>10}  {:>8}  {summary}",
            visible(&count.code),
            style.of(count.severity),
            count.severity,
            grouped(count.findings),
            grouped(count.shown),
        )?;
    }
    Ok(())
}

/// What was found, read and run, in one sentence.
pub(crate) fn account(header: &RunHeader) -> String {
    let mut text = format!(
        "{} in {} of {}; rules run: {}, skipped: {}",
        counted(header.findings(), "finding", "findings"),
        counted(header.rows(), "row", "rows"),
        counted(header.checked().count() as u64, "file", "files"),
        grouped(header.rules.len() as u64),
        grouped(header.rules_skipped() as u64),
    );
    let shown = header.counts.iter().fold(0_u64, |sum, count| sum.saturating_add(count.shown));
    if let Some(most) = header.max_samples {
        let most = counted(most, "finding", "findings");
        let _ = write!(text, "; {} listed, at most {most} of each rule", grouped(shown));
    }
    let parameters = header.parameters.iter().map(ToString::to_string);
    for entry in parameters.chain(header.policy.iter().map(policy)) {
        let _ = write!(text, "; policy: {}", visible(&entry));
    }
    text
}

/// The files that were read, how their lines are counted, and by what the report was made.
fn write_files(out: &mut impl Write, header: &RunHeader) -> io::Result<()> {
    for file in &header.files {
        let role = file.role.as_deref().map(|role| format!(" ({})", visible(role))).unwrap_or_default();
        write!(out, "file{role}: {}, {}", visible(&file.name), counted(file.rows, "row", "rows"))?;
        if let Some(layout) = &file.layout {
            write!(out, ", {}", visible(layout))?;
        }
        if let Some(hash) = &file.hash {
            write!(out, ", {}", visible(hash))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "lines: counted {LINES_COUNTED}")?;
    writeln!(out, "{}", provenance(header))
}

/// The rules that ran, those that did not, and under which policy.
fn write_run(out: &mut impl Write, header: &RunHeader, style: &Style) -> io::Result<()> {
    let Style { strong, reset, .. } = style;
    let skipped = header.rules_skipped();
    writeln!(out, "rules run: {}, skipped: {}", grouped(header.rules.len() as u64), grouped(skipped as u64))?;
    let ran: BTreeSet<&str> = header.rules.iter().map(|rule| rule.code.as_str()).collect();
    for (reason, codes) in header.skipped_by_reason() {
        writeln!(
            out,
            "  skipped {} ({}): {}",
            grouped(codes.len() as u64),
            named(&codes, &ran),
            visible(reason)
        )?;
    }
    for entry in &header.parameters {
        writeln!(out, "policy: {}", visible(&entry.to_string()))?;
    }
    for entry in &header.policy {
        writeln!(out, "policy: {}", policy(entry))?;
    }
    for entry in &header.policy_expired {
        writeln!(out, "{strong}policy expired, not applied: {}{reset}", policy(entry))?;
    }
    Ok(())
}

/// The first codes, and how many more; a rule that ran elsewhere was skipped in part.
fn named(codes: &[&str], ran: &BTreeSet<&str>) -> String {
    let name = |code: &&str| {
        let part = if ran.contains(code) { " in part" } else { "" };
        format!("{}{part}", visible(code))
    };
    let mut text = codes.iter().take(CODES_NAMED).map(name).collect::<Vec<_>>().join(", ");
    if let Some(more) = codes.len().checked_sub(CODES_NAMED).filter(|&more| more > 0) {
        let _ = write!(text, " and {} more", grouped(more as u64));
    }
    text
}

/// A policy entry as one sentence.
pub(crate) fn policy(entry: &crate::PolicyEntry) -> String {
    let mut text = format!("{} {}", visible(&entry.code), entry.action);
    if let Some(scope) = &entry.scope {
        let _ = write!(text, " for {}", visible(scope));
    }
    if let Some(day) = entry.expires {
        let _ = write!(text, " until {day}");
    }
    let _ = write!(text, ": {}", visible(&entry.reason));
    text
}

/// By what the report was made, and for when.
pub(crate) fn provenance(header: &RunHeader) -> String {
    let mut text = format!(
        "{} {}, rule set {}",
        visible(&header.tool),
        visible(&header.tool_version),
        visible(&header.rule_set_version)
    );
    if let Some(year) = header.school_year {
        let _ = write!(text, ", school year {year}");
    }
    if let Some(collection) = &header.collection {
        let _ = write!(text, ", collection {}", visible(collection));
    }
    if let Some(day) = header.as_of {
        let _ = write!(text, ", as of {day}");
    }
    if let Some(moment) = header.produced {
        let _ = write!(text, ", made {} UTC", moment.format("%Y-%m-%d %H:%M:%S"));
    }
    text
}

/// A place, or words for there being none.
pub(crate) fn place(position: &Position) -> String {
    if position.file.is_empty() && position.line == 0 {
        return position
            .field
            .as_deref()
            .map_or_else(|| "no single file".into(), |field| visible(field).into_owned());
    }
    visible(&position.to_string()).into_owned()
}

//! A report of findings as a section of a page.

use super::{Cell, Column, KeyFigure, Section, Table, Tone};
use crate::FindingReport;
use crate::text::{counted, grouped};
use opi_dictionary::Severity;

/// The outcome of a run of rules as a section: exact counts by severity and by rule with the way to mend
/// each, the rules that did not run with the reason, and the files. It names no person and shows no value.
///
/// ```
/// use opi_report::page::{Page, findings_section};
/// use opi_report::{FindingReport, RunHeader};
/// let report = FindingReport::new(RunHeader::new("opi", "0.1.0", "2025-26.1"), vec![])?;
/// let mut out = Vec::new();
/// Page::new("Year").section(findings_section(&report)).write(&mut out)?;
/// assert!(String::from_utf8_lossy(&out).contains("Nothing was checked: no rule ran."));
/// # Ok::<(), opi_report::ReportError>(())
/// ```
#[must_use]
pub fn findings_section(report: &FindingReport) -> Section {
    let header = report.header();
    let ran = counted(header.rules.len() as u64, "rule", "rules");
    let over = format!(
        "{} in {}",
        counted(header.rows(), "row", "rows"),
        counted(header.checked().count() as u64, "file", "files")
    );
    let outcome = match header.findings() {
        _ if header.rules.is_empty() => format!("Nothing was checked: no rule ran. Read: {over}."),
        0 => format!("No findings by {ran} over {over}."),
        number => format!("{} by {ran} over {over}.", counted(number, "finding", "findings")),
    };
    let mut section = Section::new("Findings").paragraph(outcome);
    if let Some(reason) = &header.incomplete {
        section = section.note(Tone::Bad, format!("The run did not go to its end: {reason}"));
    }
    let figures = report.by_severity().into_iter().map(|(severity, count)| {
        let tone = if count == 0 { Tone::Neutral } else { tone(severity) };
        KeyFigure::new(first_large(&severity.to_string()), grouped(count)).tone(tone)
    });
    section = section.key_figures(figures);
    if header.findings() > 0 {
        section = section.table(by_rule(report));
    }
    if !header.skipped.is_empty() {
        let mut table = Table::new(
            "Rules that did not run, or not everywhere",
            [Column::text("Reason"), Column::number("Rules"), Column::text("Codes")],
        );
        for (reason, codes) in header.skipped_by_reason() {
            let number = Cell::count(codes.len() as u64);
            table = table.row([Cell::text(reason), number, Cell::text(codes.join(", "))]);
        }
        section = section.table(table);
    }
    if !header.files.is_empty() {
        let mut table =
            Table::new("Files read", [Column::text("File"), Column::number("Rows"), Column::text("Hash")]);
        for file in &header.files {
            let hash = file.hash.as_ref().map_or_else(|| Cell::missing("not hashed"), Cell::text);
            table = table.row([Cell::text(&file.name), Cell::count(file.rows), hash]);
        }
        section = section.table(table);
    }
    section
}

fn by_rule(report: &FindingReport) -> Table {
    let columns = [
        Column::text("Rule"),
        Column::text("Severity"),
        Column::number("Findings"),
        Column::text("What is wrong"),
        Column::text("How to fix"),
    ];
    let mut table = Table::new("Findings by rule", columns);
    for count in report.header().counts.iter().filter(|count| count.findings > 0) {
        let rule = report.rule(&count.code);
        table = table.row([
            Cell::text(&count.code),
            Cell::status(tone(count.severity), count.severity.to_string()),
            Cell::count(count.findings),
            Cell::text(rule.map(|rule| rule.summary.as_str()).unwrap_or_default()),
            Cell::text(rule.map(|rule| rule.fix.as_str()).unwrap_or_default()),
        ]);
    }
    table
}

/// What a severity means for the reader.
fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Note => Tone::Neutral,
        Severity::Confirm => Tone::Attention,
        Severity::BlocksCertification | Severity::BlocksUpload => Tone::Bad,
    }
}

/// The words with a capital at their head.
fn first_large(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

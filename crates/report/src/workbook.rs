//! The Excel workbook for the clerk.

mod heights;
mod names;

use crate::text::{counted, grouped, visible};
use crate::{FindingReport, LINES_COUNTED, ReportError, RuleOutline, RunHeader, Values, human};
use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use names::SheetNames;
use opi_dictionary::{Finding, Severity};
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Url, Workbook, Worksheet,
    XlsxError,
};
use std::collections::BTreeMap;

/// Rows of a sheet of Excel.
pub(crate) const ROWS: u32 = 1_048_576;

/// The longest text in a cell of Excel, in UTF-16 units.
const CELL: usize = 32_767;

/// What stands at the end of a text that was cut.
const CUT: &str = " … [cut: too long for a cell]";

/// The workbook as bytes; a sheet has at most `rows` rows.
pub(crate) fn write(report: &FindingReport, values: Values, rows: u32) -> Result<Vec<u8>, ReportError> {
    let looks = Looks::new();
    let mut sheets = SheetNames::new(&["Summary", "Rules", "History"]);
    let mut by_file: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in report.findings() {
        by_file.entry(&finding.position.file).or_default().push(finding);
    }
    let files: Vec<FileSheet> = by_file
        .into_iter()
        .map(|(file, findings)| FileSheet { sheet: sheets.name(file), file, findings })
        .collect();
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(report.header())?);
    workbook.push_worksheet(summary(report, &files, rows, &looks)?);
    workbook.push_worksheet(rules(report, &looks)?);
    for file in &files {
        workbook.push_worksheet(file.write(report, values, rows, &looks)?);
    }
    Ok(workbook.save_to_buffer()?)
}

fn properties(header: &RunHeader) -> Result<DocProperties, ReportError> {
    let start = || NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
    let moment: NaiveDateTime = header
        .produced
        .unwrap_or_else(|| header.as_of.unwrap_or_else(start).and_hms_opt(0, 0, 0).unwrap_or_default());
    let (month, day) = (narrow(moment.month()), narrow(moment.day()));
    // Excel knows the years 1900 to 9999 only.
    let year = u16::try_from(moment.year()).unwrap_or(1900).clamp(1900, 9999);
    let created = ExcelDateTime::from_ymd(year, month, day)?.and_hms(
        u16::try_from(moment.hour()).unwrap_or(0),
        narrow(moment.minute()),
        f64::from(moment.second().min(59)),
    )?;
    let comment = human::provenance(header);
    Ok(DocProperties::new().set_title("Findings").set_comment(comment).set_creation_datetime(&created))
}

fn narrow(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(0)
}

/// The looks of cells.
struct Looks {
    title: Format,
    heading: Format,
    text: Format,
    number: Format,
    strong: Format,
    severities: [(Severity, Format); 4],
}

impl Looks {
    fn new() -> Self {
        let text = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        let painted = |fill: u32, ink: u32| {
            text.clone().set_background_color(Color::RGB(fill)).set_font_color(Color::RGB(ink))
        };
        Looks {
            title: Format::new().set_bold().set_font_size(14),
            heading: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_background_color(Color::RGB(0x00D9_E2EC))
                .set_border_bottom(FormatBorder::Thin),
            number: Format::new().set_num_format("#,##0").set_align(FormatAlign::Top),
            strong: text.clone().set_bold(),
            severities: [
                (Severity::Note, painted(0x00E8_EEF4, 0x0022_3344)),
                (Severity::Confirm, painted(0x00FF_F1C9, 0x005C_4300)),
                (Severity::BlocksCertification, painted(0x00FB_DDCB, 0x006B_2A00)),
                (Severity::BlocksUpload, painted(0x00F6_C7C7, 0x0067_0A0A)),
            ],
            text,
        }
    }

    fn severity(&self, severity: Severity) -> &Format {
        self.severities.iter().find(|(of, _)| *of == severity).map_or(&self.text, |(_, look)| look)
    }
}

/// A sheet that is filled row by row, with text and numbers only.
struct Filling<'a> {
    sheet: Worksheet,
    looks: &'a Looks,
    widths: Vec<f64>,
    row: u32,
    /// How many lines the texts of the row need.
    lines: u32,
}

impl<'a> Filling<'a> {
    fn new(name: &str, widths: &[f64], looks: &'a Looks) -> Result<Self, XlsxError> {
        let mut sheet = Worksheet::new();
        sheet.set_name(name)?.set_landscape().set_print_fit_to_pages(1, 0).set_footer("&L&A&RPage &P of &N");
        for (column, width) in (0_u16..).zip(widths) {
            sheet.set_column_width(column, *width)?;
        }
        Ok(Filling { sheet, looks, widths: widths.to_vec(), row: 0, lines: 1 })
    }

    fn text(&mut self, column: u16, text: &str, look: &Format) -> Result<(), XlsxError> {
        let text = cell_text(text);
        let width = self.widths.get(usize::from(column)).copied().unwrap_or(f64::MAX);
        self.lines = self.lines.max(heights::lines(&text, width));
        self.sheet.write_string_with_format(self.row, column, text, look)?;
        Ok(())
    }

    /// Ends a row, which is as high as its texts ask for.
    fn next_row(&mut self) -> Result<(), XlsxError> {
        if self.lines > 1 {
            self.sheet.set_row_height(self.row, heights::LINE * f64::from(self.lines))?;
        }
        (self.row, self.lines) = (self.row + 1, 1);
        Ok(())
    }

    fn texts(&mut self, texts: &[&str], look: &Format) -> Result<(), XlsxError> {
        for (column, text) in (0_u16..).zip(texts) {
            self.text(column, text, look)?;
        }
        self.next_row()
    }

    #[allow(clippy::cast_precision_loss)] // Excel keeps numbers as doubles; counts stay far below 2^53.
    fn number(&mut self, column: u16, number: u64) -> Result<(), XlsxError> {
        let look = self.looks.number.clone();
        self.sheet.write_number_with_format(self.row, column, number as f64, &look)?;
        Ok(())
    }

    fn severity(&mut self, column: u16, severity: Severity) -> Result<(), XlsxError> {
        let looks = self.looks;
        self.text(column, &severity.to_string(), looks.severity(severity))
    }
}

/// The text as a cell can hold it: characters that hide or reorder text written out, cut with a remark
/// where it is too long.
fn cell_text(text: &str) -> String {
    let shown = visible(text);
    if shown.encode_utf16().count() <= CELL {
        return shown.into_owned();
    }
    let room = CELL - CUT.encode_utf16().count();
    let mut used = 0;
    let kept = shown.chars().take_while(|character| {
        used += character.len_utf16();
        used <= room
    });
    kept.chain(CUT.chars()).collect()
}

/// The findings of one file and the sheet in which they stand.
struct FileSheet<'a> {
    file: &'a str,
    sheet: String,
    findings: Vec<&'a Finding>,
}

impl FileSheet<'_> {
    /// How many findings a sheet of so many rows can list: one row is for the headings, and where not all
    /// find room, one more says so.
    fn listed(&self, rows: u32) -> usize {
        let room = usize::try_from(rows.saturating_sub(1)).unwrap_or(usize::MAX);
        if self.findings.len() <= room { self.findings.len() } else { room.saturating_sub(1) }
    }

    fn write(
        &self,
        report: &FindingReport,
        values: Values,
        rows: u32,
        looks: &Looks,
    ) -> Result<Worksheet, XlsxError> {
        let mut columns = vec![
            ("Line", 8.0),
            ("Field", 22.0),
            ("Severity", 18.0),
            ("Rule", 12.0),
            ("What is wrong", 48.0),
            ("What would be right", 36.0),
        ];
        if values.are_shown() {
            columns.push(("Found", 24.0));
        }
        columns.extend([("How to fix", 48.0), ("About", 30.0), ("See also", 36.0), ("Source", 30.0)]);
        let widths: Vec<f64> = columns.iter().map(|(_, width)| *width).collect();
        let headings: Vec<&str> = columns.iter().map(|(heading, _)| *heading).collect();
        let mut filling = Filling::new(&self.sheet, &widths, looks)?;
        filling.texts(&headings, &looks.heading)?;
        let listed = self.listed(rows);
        for finding in self.findings.iter().take(listed) {
            write_finding(&mut filling, finding, report.rule(&finding.code), values)?;
        }
        let last_column = u16::try_from(columns.len().saturating_sub(1)).unwrap_or(0);
        filling.sheet.autofilter(0, 0, filling.row.saturating_sub(1), last_column)?;
        filling.sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
        if let Some(left_out) = self.findings.len().checked_sub(listed).filter(|&left| left > 0) {
            let remark = format!(
                "{} more findings of this file find no room on a sheet of Excel; use JSON Lines or CSV",
                grouped(left_out as u64)
            );
            filling.text(4, &remark, &looks.strong)?;
        }
        Ok(filling.sheet)
    }
}

fn write_finding(
    filling: &mut Filling,
    finding: &Finding,
    rule: Option<&RuleOutline>,
    values: Values,
) -> Result<(), XlsxError> {
    let looks = filling.looks;
    let place = &finding.position;
    if place.line > 0 {
        filling.number(0, place.line)?;
    }
    filling.severity(2, finding.severity)?;
    let related: Vec<String> = finding.related.iter().map(human::place).collect();
    let related = related.join("; ");
    let texts = [
        (1, place.field.as_deref().unwrap_or_default()),
        (3, &finding.code),
        (4, &finding.message),
        (5, finding.expected.as_deref().unwrap_or_default()),
    ];
    for (column, text) in texts {
        filling.text(column, text, &looks.text)?;
    }
    let mut column = 6;
    if values.are_shown() {
        filling.text(column, finding.found.as_deref().unwrap_or_default(), &looks.text)?;
        column += 1;
    }
    let source = rule.map(source).unwrap_or_default();
    for text in [&finding.fix, finding.subject.as_deref().unwrap_or_default(), &related, &source] {
        filling.text(column, text, &looks.text)?;
        column += 1;
    }
    filling.next_row()
}

/// Where a rule comes from, and whether it is still tried out.
fn source(rule: &RuleOutline) -> String {
    let citation = rule.citation.to_string();
    match human::mark_of_status(rule) {
        Some(mark) => format!("{citation}; {mark}"),
        None => citation,
    }
}

/// The first sheet: what was done, how much was found, in which files, and how to mend it.
fn summary(
    report: &FindingReport,
    files: &[FileSheet],
    rows: u32,
    looks: &Looks,
) -> Result<Worksheet, XlsxError> {
    let header = report.header();
    let mut filling = Filling::new("Summary", &[34.0, 20.0, 14.0, 14.0, 60.0, 60.0], looks)?;
    filling.texts(&["Findings"], &looks.title)?;
    for (label, text) in facts(report) {
        filling.text(0, label, &looks.strong)?;
        filling.sheet.write_string(filling.row, 1, cell_text(&text))?;
        filling.next_row()?;
    }
    filling.next_row()?;
    filling.texts(&["Severity", "Findings"], &looks.heading)?;
    for (severity, count) in report.by_severity() {
        filling.severity(0, severity)?;
        filling.number(1, count)?;
        filling.next_row()?;
    }
    filling.next_row()?;
    filling.texts(&["File", "Rows", "Listed", "Sheet", "Hash"], &looks.heading)?;
    let read = header.files.iter().map(|file| file.name.as_str());
    let mut names: Vec<&str> = read.chain(files.iter().map(|file| file.file)).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let sheet = files.iter().find(|file| file.file == name);
        write_file(&mut filling, header, name, sheet, rows)?;
    }
    filling.next_row()?;
    filling
        .texts(&["Rule", "Severity", "Findings", "Listed", "What is wrong", "How to fix"], &looks.heading)?;
    for count in header.counts.iter().filter(|count| count.findings > 0) {
        filling.text(0, &count.code, &looks.text)?;
        filling.severity(1, count.severity)?;
        filling.number(2, count.findings)?;
        filling.number(3, count.shown)?;
        if let Some(rule) = report.rule(&count.code) {
            filling.text(4, &rule.summary, &looks.text)?;
            filling.text(5, &rule.fix, &looks.text)?;
        }
        filling.next_row()?;
    }
    for entry in &header.parameters {
        filling.text(0, "Policy", &looks.strong)?;
        filling.sheet.write_string(filling.row, 1, cell_text(&entry.to_string()))?;
        filling.row += 1;
    }
    let entries = header.policy.iter().map(|entry| ("Policy", entry));
    let expired = header.policy_expired.iter().map(|entry| ("Policy expired, not applied", entry));
    for (label, entry) in entries.chain(expired) {
        filling.text(0, label, &looks.strong)?;
        filling.sheet.write_string(filling.row, 1, cell_text(&human::policy(entry)))?;
        filling.next_row()?;
    }
    Ok(filling.sheet)
}

/// The facts at the head of the summary, label and text.
fn facts(report: &FindingReport) -> Vec<(&'static str, String)> {
    let header = report.header();
    let ran = header.rules.len() as u64;
    let outcome = match header.findings() {
        _ if ran == 0 => "nothing was checked: no rule ran".to_owned(),
        0 => format!("no findings by {}", counted(ran, "rule", "rules")),
        number => format!("{} by {}", counted(number, "finding", "findings"), counted(ran, "rule", "rules")),
    };
    let mut facts = vec![
        ("Outcome", outcome),
        (
            "Read",
            format!(
                "{} in {}",
                counted(header.rows(), "row", "rows"),
                counted(header.checked().count() as u64, "file", "files")
            ),
        ),
        ("Rules", format!("run: {}, skipped: {}", grouped(ran), grouped(header.rules_skipped() as u64))),
        ("Made by", human::provenance(header)),
    ];
    if let Some(most) = header.max_samples {
        let most = counted(most, "finding", "findings");
        facts.push(("Listed", format!("at most {most} of each rule; counts are exact")));
    }
    facts.push(("Lines", format!("counted {LINES_COUNTED}")));
    match &header.incomplete {
        Some(reason) => facts.push(("Incomplete", reason.clone())),
        None => facts.push(("Complete", "yes".to_owned())),
    }
    facts
}

fn write_file(
    filling: &mut Filling,
    header: &RunHeader,
    name: &str,
    sheet: Option<&FileSheet>,
    rows: u32,
) -> Result<(), XlsxError> {
    let looks = filling.looks;
    filling.text(0, if name.is_empty() { "(no single file)" } else { name }, &looks.text)?;
    filling.number(2, sheet.map_or(0, |sheet| sheet.listed(rows) as u64))?;
    if let Some(file) = header.files.iter().find(|file| file.name == name) {
        filling.number(1, file.rows)?;
        filling.text(4, file.hash.as_deref().unwrap_or_default(), &looks.text)?;
    }
    if let Some(file) = sheet {
        let target = format!("internal:'{}'!A1", file.sheet.replace('\'', "''"));
        filling.sheet.write_url(filling.row, 3, Url::new(target).set_text(&file.sheet))?;
    }
    filling.next_row()
}

/// The second sheet: every rule that ran, and every one that did not with its reason.
fn rules(report: &FindingReport, looks: &Looks) -> Result<Worksheet, XlsxError> {
    let header = report.header();
    let mut filling = Filling::new("Rules", &[14.0, 16.0, 20.0, 12.0, 50.0, 50.0, 30.0, 40.0], looks)?;
    let headings = [
        "Rule",
        "Outcome",
        "Severity",
        "Findings",
        "What is wrong",
        "How to fix",
        "Source",
        "Why it was skipped",
    ];
    filling.texts(&headings, &looks.heading)?;
    for rule in &header.rules {
        let findings =
            header.counts.iter().filter(|count| count.code == rule.code).map(|count| count.findings);
        filling.severity(2, rule.severity)?;
        filling.number(3, findings.fold(0, u64::saturating_add))?;
        let source = source(rule);
        let texts = [(0, rule.code.as_str()), (1, "run"), (4, &rule.summary), (5, &rule.fix), (6, &source)];
        for (column, text) in texts {
            filling.text(column, text, &looks.text)?;
        }
        filling.next_row()?;
    }
    for rule in &header.skipped {
        let outcome = if report.rule(&rule.code).is_some() { "partly skipped" } else { "skipped" };
        for (column, text) in [(0, rule.code.as_str()), (1, outcome), (7, &rule.reason)] {
            filling.text(column, text, &looks.text)?;
        }
        filling.next_row()?;
    }
    filling.sheet.autofilter(0, 0, filling.row.saturating_sub(1), 7)?;
    filling.sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    Ok(filling.sheet)
}

#[cfg(test)]
mod tests;

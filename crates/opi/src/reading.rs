//! Reading uploads: what each file is, how many rows it has, and what deviates from the specification.

use crate::year::Upload;
use opi_aim::{BehaviorReader, ReadLog, ReadOptions, Reader};
use opi_dictionary::{Dictionary, DistrictNumber, Finding, Layout, Row, fields};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::BufRead;

/// What reading one file gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct FileReport {
    /// The file as the caller named it.
    pub file: String,
    /// The key of its layout; absent where none was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
    /// Its header, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<HeaderReport>,
    /// The district of its first row that names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<DistrictNumber>,
    /// Rows read.
    pub rows: u64,
    /// Rows that could not be read; each has a finding.
    pub rows_not_read: u64,
    /// Whether the file was read to its end.
    pub complete: bool,
    /// How often each code was found, exactly.
    pub counts: BTreeMap<String, u64>,
    /// The findings that were kept, in order of place.
    pub findings: Vec<Finding>,
    /// How many findings were counted but not kept.
    pub findings_not_kept: u64,
}

/// The header of a file, in a report. A part that has not the form of its kind is blank: the first line of a file
/// without header can be anything, a student's row too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct HeaderReport {
    /// Date as written, such as `10/08/2025`.
    pub date: String,
    /// Time as written, such as `08:15:00`.
    pub time: String,
    /// Version as written, such as `MT9.1`.
    pub version: String,
}

impl HeaderReport {
    fn of(header: &opi_aim::Header) -> Self {
        let shown = |text: &str, mark: char, letters: &str| {
            let plain = |c: char| c.is_ascii_digit() || c == mark || letters.contains(c);
            let fits = text.len() <= 10 && text.contains(mark) && text.chars().all(plain);
            if fits { text.to_owned() } else { String::new() }
        };
        HeaderReport {
            date: shown(&header.date, '/', ""),
            time: shown(&header.time, ':', ""),
            version: shown(&header.version, '.', "MT"),
        }
    }
}

/// What reading several files gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct ReadReport {
    /// Each file, in order of name.
    pub files: Vec<FileReport>,
    /// Totals by layout key; files of no known layout stand under `unknown`.
    pub families: BTreeMap<String, FamilyTotal>,
    /// How often each code was found over all files.
    pub counts: BTreeMap<String, u64>,
}

/// The total of one file family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct FamilyTotal {
    /// Files.
    pub files: u64,
    /// Rows read.
    pub rows: u64,
    /// Rows that could not be read.
    pub rows_not_read: u64,
    /// Findings.
    pub findings: u64,
}

impl ReadReport {
    /// Adds a file, keeping files in order of name.
    pub fn add(&mut self, report: FileReport) {
        let family =
            self.families.entry(report.layout.clone().unwrap_or_else(|| "unknown".to_owned())).or_default();
        family.files += 1;
        family.rows += report.rows;
        family.rows_not_read += report.rows_not_read;
        for (code, count) in &report.counts {
            family.findings += count;
            *self.counts.entry(code.clone()).or_default() += count;
        }
        let at = self.files.partition_point(|file| file.file <= report.file);
        self.files.insert(at, report);
    }

    /// Rows read over all files.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.families.values().map(|family| family.rows).sum()
    }

    /// The gravest severity among the kept findings.
    #[must_use]
    pub fn worst(&self) -> Option<opi_dictionary::Severity> {
        self.files.iter().flat_map(|file| &file.findings).map(|finding| finding.severity).max()
    }
}

/// Reads one upload to its end, hands each row to `each`, and reports. The layout is chosen by the options, else
/// by the form of the file (XML is behavior), else by the record type of its first row.
///
/// # Errors
/// When the file cannot be opened or its stream fails, or the options name a layout that does not exist.
pub fn read_upload(
    upload: &dyn Upload,
    dictionary: &Dictionary,
    options: &ReadOptions,
    mut each: impl FnMut(&Row<'_>),
) -> Result<FileReport, opi_aim::AimError> {
    let mut input = upload.open().map_err(|source| opi_aim::AimError::Io { line: 0, source })?;
    let is_xml = match options.layout.as_deref() {
        Some(key) => dictionary.layout(key)?.is_xml(),
        None => looks_like_xml(&mut input)?,
    };
    let mut district = None;
    let mut take = |row: &Row<'_>| {
        if district.is_none() {
            district = row.value(fields::DISTRICT_NUMBER).ok().flatten();
        }
        each(row);
    };
    if is_xml {
        let mut reader = BehaviorReader::new(input, dictionary, options.clone())?;
        while let Some(row) = reader.next_row()? {
            take(&row);
        }
        let (rows, not_read) = (reader.rows(), 0);
        return Ok(report(
            upload.name(),
            Some(reader.layout()),
            None,
            district,
            rows,
            not_read,
            reader.log(),
        ));
    }
    let mut reader = Reader::new(input, dictionary, options.clone())?;
    while let Some(row) = reader.next_row()? {
        take(&row);
    }
    let header = reader.header().map(HeaderReport::of);
    let (rows, not_read) = (reader.rows(), reader.rows_not_read());
    Ok(report(upload.name(), reader.layout(), header, district, rows, not_read, reader.log()))
}

fn report(
    file: &str,
    layout: Option<&Layout>,
    header: Option<HeaderReport>,
    district: Option<DistrictNumber>,
    rows: u64,
    rows_not_read: u64,
    log: &ReadLog,
) -> FileReport {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (rule, count) in log.counts() {
        *counts.entry(rule.info().code.to_owned()).or_default() += count;
    }
    FileReport {
        file: file.to_owned(),
        layout: layout.map(|layout| layout.key.clone()),
        header,
        district,
        rows,
        rows_not_read,
        complete: !log.stopped(),
        counts,
        findings: log.findings(file, layout),
        findings_not_kept: log.not_kept(),
    }
}

/// Whether the first byte that is no space is `<`. Looks only at what is buffered: XML opens with it.
pub(crate) fn looks_like_xml(input: &mut impl BufRead) -> Result<bool, opi_aim::AimError> {
    let start = input.fill_buf().map_err(|source| opi_aim::AimError::Io { line: 1, source })?;
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    Ok(start.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<'))
}

//! Uploads into the register, and a snapshot out of it.

use crate::reading::{ReadReport, read_upload};
use crate::year::{Upload, YearError};
use opi_aim::{AimError, ReadOptions, Reader};
use opi_dictionary::{Dictionary, DistrictNumber, FieldValue, Row, SchoolYear, fields};
use opi_snapshot::{
    ContentHash, Import, ImportMode, ImportReport, Register, Snapshot, SnapshotError, SnapshotInfo,
    SourceEntry, TimeGiven, collection_layouts, import_rule,
};
use std::io::BufRead;

/// A file that came in.
pub struct Received {
    /// The file.
    pub upload: Box<dyn Upload>,
    /// The district that sent it, where that is known apart from its rows.
    pub district: Option<DistrictNumber>,
    /// When it came in; `None` for the date and time of its header.
    pub at: Option<TimeGiven>,
}

/// The register made of some files, and what reading and importing them gave.
pub struct Registered {
    /// The register.
    pub register: Register,
    /// What reading each file gave.
    pub reading: ReadReport,
    /// What importing each file did, in the order in which they came.
    pub imports: Vec<(String, ImportReport)>,
}

/// Takes files into a register, in the order of their times and, at one time, of their names. A file that neither was
/// given a time nor says one in its header takes `otherwise`.
///
/// # Errors
/// When a file cannot be read or imported; the error names it.
pub fn register_uploads(
    files: &[Received],
    school_year: SchoolYear,
    otherwise: TimeGiven,
    dictionary: &Dictionary,
    options: &ReadOptions,
) -> Result<Registered, YearError> {
    let mut order: Vec<(TimeGiven, &Received)> = Vec::with_capacity(files.len());
    for file in files {
        let header = || header_time(file.upload.as_ref(), dictionary, options);
        order.push((file.at.or_else(header).unwrap_or(otherwise), file));
    }
    order.sort_by(|one, two| (one.0, one.1.upload.name()).cmp(&(two.0, two.1.upload.name())));
    let (mut register, mut reading) = (Register::new(), ReadReport::default());
    let mut imports = Vec::with_capacity(files.len());
    for (at, file) in order {
        let name = file.upload.name().to_owned();
        let content = hash(file.upload.as_ref()).map_err(|source| YearError::Read {
            file: name.clone(),
            source: AimError::Io { line: 0, source },
        })?;
        let upload = opi_snapshot::Upload::new(&name, file.district, school_year, at).content(content);
        let mut taking = Taking { register: Some(&mut register), upload, import: None, failed: None };
        let report = read_upload(file.upload.as_ref(), dictionary, options, |row| taking.row(row))
            .map_err(|source| YearError::Read { file: name.clone(), source })?;
        let layout = report.layout.as_deref().and_then(|key| dictionary.layout(key).ok());
        let imported = taking.finish(layout);
        let imported =
            imported.map_err(|source| YearError::Import { file: name.clone(), source: Box::new(source) })?;
        imports.extend(imported.map(|imported| (name, imported)));
        reading.add(report);
    }
    Ok(Registered { register, reading, imports })
}

/// The snapshot of a collection as a register knew it at the end of the day that `info` names. The sources of `info`
/// are those of the register by then.
///
/// # Errors
/// When the tables cannot be made.
pub fn take_snapshot(
    register: &Register,
    mut info: SnapshotInfo,
    dictionary: &Dictionary,
) -> Result<Snapshot, SnapshotError> {
    info.sources = register
        .uploads()
        .iter()
        .take_while(|upload| upload.at <= TimeGiven::end_of(info.as_of))
        .map(|upload| SourceEntry {
            file: upload.file.clone(),
            district: upload.district,
            at: upload.at,
            content: upload.content,
        })
        .collect();
    let mut tables = register.as_of(info.as_of, info.school_year, dictionary)?;
    let layouts = collection_layouts(dictionary, &info.collection);
    tables.retain(|table| layouts.iter().any(|layout| layout.key == table.name()));
    Snapshot::new(info, tables)
}

/// The rows of one file on their way into the register. The first row says what the file is.
struct Taking<'r> {
    register: Option<&'r mut Register>,
    upload: opi_snapshot::Upload,
    import: Option<Import<'r>>,
    failed: Option<SnapshotError>,
}

impl<'r> Taking<'r> {
    fn row(&mut self, row: &Row<'_>) {
        if self.failed.is_some() {
            return;
        }
        if self.import.is_none() {
            self.start(row.layout(), row.value(fields::DISTRICT_NUMBER).ok().flatten());
        }
        if let Some(import) = &mut self.import
            && let Err(error) = import.row(row)
        {
            self.failed = Some(error);
        }
    }

    fn start(&mut self, layout: &opi_dictionary::Layout, named: Option<DistrictNumber>) {
        let replaces = import_rule(&layout.key).is_ok_and(|rule| rule.mode == ImportMode::ReplaceAll);
        if replaces && self.upload.district.is_none() {
            self.upload.district = named;
        }
        match self.register.take().map(|register| register.import(&self.upload, layout)) {
            Some(Ok(import)) => self.import = Some(import),
            Some(Err(error)) => self.failed = Some(error),
            None => {}
        }
    }

    /// Ends the file. One without rows may still take rows away: it is imported where its layout is known.
    fn finish(
        mut self,
        layout: Option<&opi_dictionary::Layout>,
    ) -> Result<Option<ImportReport>, SnapshotError> {
        if let (None, Some(layout), true) = (&self.import, layout, self.upload.district.is_some()) {
            self.start(layout, None);
        }
        match (self.failed, self.import) {
            (Some(error), _) => Err(error),
            (None, Some(import)) => import.finish().map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// The date and time of a file's header, where it has a right one.
fn header_time(upload: &dyn Upload, dictionary: &Dictionary, options: &ReadOptions) -> Option<TimeGiven> {
    let mut reader = Reader::new(upload.open().ok()?, dictionary, options.clone()).ok()?;
    reader.next_row().ok()?;
    let header = reader.header()?;
    Some(TimeGiven::of(FieldValue::read(&header.date)?, FieldValue::read(&header.time)?))
}

fn hash(upload: &dyn Upload) -> std::io::Result<ContentHash> {
    let mut input = upload.open()?;
    let mut hasher = opi_snapshot::ContentHasher::default();
    loop {
        let piece = input.fill_buf()?;
        if piece.is_empty() {
            return Ok(hasher.finish());
        }
        hasher.update(piece);
        let length = piece.len();
        input.consume(length);
    }
}

//! Uploads into the register, and a snapshot out of it.

use crate::certifying::Certified;
use crate::reading::{ReadReport, read_upload};
use crate::year::{Progress, Stage, Upload, Year, YearError};
use chrono::NaiveDate;
use opi_aim::{AimError, ReadOptions, Reader};
use opi_dictionary::{Dictionary, DistrictNumber, FieldValue, Row, SchoolYear, StateId, fields};
use opi_snapshot::{
    CertificationEntry, ContentHash, Import, ImportMode, ImportReport, Register, Snapshot, SnapshotError,
    SnapshotInfo, SourceEntry, Table, TimeGiven, collection_layouts, import_rule,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::BufRead;

/// A file that came in.
pub struct Received {
    /// The file.
    pub upload: Box<dyn Upload>,
    /// The district that sent it, where that is known apart from its rows.
    pub district: Option<DistrictNumber>,
    /// When it came in; `None` for the date and time of its header.
    pub at: Option<TimeGiven>,
    /// Its layout, where its rows do not say it.
    pub layout: Option<String>,
}

impl Received {
    /// The options by which it is read: its own layout goes before that of all.
    pub(crate) fn options(&self, all: &ReadOptions) -> ReadOptions {
        match &self.layout {
            Some(layout) => all.clone().layout(layout),
            None => all.clone(),
        }
    }

    /// A file of which no more is known than what it says itself.
    #[must_use]
    pub fn new(upload: Box<dyn Upload>) -> Self {
        Received { upload, district: None, at: None, layout: None }
    }

    /// With the district that sent it.
    #[must_use]
    pub fn from_district(mut self, district: Option<DistrictNumber>) -> Self {
        self.district = district;
        self
    }

    /// With its layout.
    #[must_use]
    pub fn of_layout(mut self, layout: Option<String>) -> Self {
        self.layout = layout;
        self
    }

    /// With the time when it came in.
    #[must_use]
    pub fn at(mut self, at: Option<TimeGiven>) -> Self {
        self.at = at;
        self
    }
}

/// The register made of some files, and what reading and importing them gave.
pub struct Registered {
    /// The register.
    pub register: Register,
    /// What reading each file gave.
    pub reading: ReadReport,
    /// What importing each file did, in the order in which they came.
    pub imports: Vec<(String, ImportReport)>,
    /// By district: the state ids in its rows, sorted, each once; a row that names no district is of its file's. They
    /// are personal.
    pub students: BTreeMap<DistrictNumber, Vec<u32>>,
    /// Files that came in too late to be taken, by name.
    pub later: Vec<String>,
}

/// A row that was read and is not in the register: where it stands, not what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct NotTaken {
    /// The file.
    pub file: String,
    /// The line in it; none where a file has too many such rows for each to be told.
    pub line: Option<u64>,
    /// Of what kind it is, that it is not there; `and N more` where not each is told.
    pub why: String,
}

impl opi_anb::CsvRow for NotTaken {
    const COLUMNS: &'static [&'static str] = &["file", "line", "why"];
}

/// The rows that importing some files left out, by file in the order in which they came, and by line.
#[must_use]
pub fn not_taken(imports: &[(String, ImportReport)]) -> Vec<NotTaken> {
    let mut rows = Vec::new();
    for (file, import) in imports {
        let row = |line, why| NotTaken { file: file.clone(), line, why };
        rows.extend(import.not_applied_lines.iter().map(|(line, why)| row(Some(*line), why.to_string())));
        let all: u64 = import.not_applied.values().sum();
        let more = all.saturating_sub(import.not_applied_lines.len() as u64);
        rows.extend((more > 0).then(|| row(None, format!("and {more} more"))));
    }
    rows
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
    register_more(Register::new(), files, school_year, otherwise, dictionary, options)
}

/// As [`register_uploads`], into a register that knows something already. Files of a time before the latest upload of
/// the register are an error: give them the time when they came in.
///
/// # Errors
/// As [`register_uploads`].
pub fn register_more(
    register: Register,
    files: &[Received],
    school_year: SchoolYear,
    otherwise: TimeGiven,
    dictionary: &Dictionary,
    options: &ReadOptions,
) -> Result<Registered, YearError> {
    receive(register, files, school_year, otherwise, None, dictionary, options, |_| true)
}

/// As [`register_uploads`]; files that came in after the day `until` are named and left aside, and `progress` is
/// told after each file and answers whether to go on.
#[allow(clippy::too_many_arguments, reason = "each is one thing that a run is given")]
pub(crate) fn receive<'f>(
    register: Register,
    files: impl IntoIterator<Item = &'f Received>,
    school_year: SchoolYear,
    otherwise: TimeGiven,
    until: Option<NaiveDate>,
    dictionary: &Dictionary,
    options: &ReadOptions,
    mut progress: impl FnMut(Progress<'_>) -> bool,
) -> Result<Registered, YearError> {
    let mut order: Vec<(TimeGiven, &Received)> = Vec::new();
    let mut later = Vec::new();
    for file in files {
        let at = time_of(file, dictionary, options).unwrap_or(otherwise);
        match until {
            Some(day) if at > TimeGiven::end_of(day) => later.push(file.upload.name().to_owned()),
            _ => order.push((at, file)),
        }
    }
    later.sort();
    order.sort_by(|one, two| (one.0, one.1.upload.name()).cmp(&(two.0, two.1.upload.name())));
    let of = order.len();
    let mut registered = Registered {
        register,
        reading: ReadReport::default(),
        imports: Vec::with_capacity(of),
        students: BTreeMap::new(),
        later,
    };
    for (index, (at, file)) in order.into_iter().enumerate() {
        take(&mut registered, at, file, school_year, dictionary, options)?;
        let done = index + 1;
        if !progress(Progress { stage: Stage::Read, done, of, file: file.upload.name() }) {
            return Err(YearError::Stopped { done, of });
        }
    }
    Ok(registered)
}

/// When a file came in: as given, else as its header says.
pub(crate) fn time_of(file: &Received, dictionary: &Dictionary, options: &ReadOptions) -> Option<TimeGiven> {
    file.at.or_else(|| header_time(file.upload.as_ref(), dictionary, &file.options(options)))
}

/// Reads one file into the register.
fn take(
    registered: &mut Registered,
    at: TimeGiven,
    file: &Received,
    school_year: SchoolYear,
    dictionary: &Dictionary,
    options: &ReadOptions,
) -> Result<(), YearError> {
    let name = file.upload.name().to_owned();
    let content = content_hash(file.upload.as_ref())
        .map_err(|source| YearError::Read { file: name.clone(), source: AimError::Io { line: 0, source } })?;
    let upload = opi_snapshot::Upload::new(&name, file.district, school_year, at).content(content);
    let mut taking = Taking { register: Some(&mut registered.register), upload, import: None, failed: None };
    let mut ids: BTreeMap<Option<DistrictNumber>, Vec<u32>> = BTreeMap::new();
    let report = read_upload(file.upload.as_ref(), dictionary, &file.options(options), |row| {
        if let Ok(Some(id)) = row.value::<StateId>(fields::STUDENT_STATE_ID) {
            let district = row.value(fields::DISTRICT_NUMBER).ok().flatten();
            ids.entry(district).or_default().push(id.reveal_number());
        }
        taking.row(row);
    })
    .map_err(|source| YearError::Read { file: name.clone(), source })?;
    let layout = report.layout.as_deref().and_then(|key| dictionary.layout(key).ok());
    let imported = taking
        .finish(layout, report.complete)
        .map_err(|source| YearError::Import { file: name.clone(), source: Box::new(source) })?;
    registered.imports.extend(imported.map(|imported| (name, imported)));
    let of_file = report.district.or(file.district);
    for district in of_file.into_iter().chain(file.district) {
        registered.students.entry(district).or_default();
    }
    for (district, mut ids) in ids {
        let Some(district) = district.or(of_file) else { continue };
        let known = registered.students.entry(district).or_default();
        known.append(&mut ids);
        known.sort_unstable();
        known.dedup();
    }
    registered.reading.add(report);
    Ok(())
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
    info.sources = sources(register, info.as_of);
    let mut tables = register.as_of(info.as_of, info.school_year, dictionary)?;
    let layouts = collection_layouts(dictionary, &info.collection);
    tables.retain(|table| layouts.iter().any(|layout| layout.key == table.name()));
    Snapshot::new(info, tables)
}

/// What had come in by the end of a day.
fn sources(register: &Register, as_of: NaiveDate) -> Vec<SourceEntry> {
    let by_then = register.uploads().iter().take_while(|upload| upload.at <= TimeGiven::end_of(as_of));
    let entry = |upload: &opi_snapshot::Upload| SourceEntry {
        file: upload.file.clone(),
        district: upload.district,
        at: upload.at,
        content: upload.content,
    };
    by_then.map(entry).collect()
}

/// The name of the collection that a snapshot of everything stands for.
pub const WHOLE_YEAR: &str = "Whole year";

impl Year {
    /// A snapshot of the tables of [`Year::tables`], with their sources and the state of every certification.
    ///
    /// # Errors
    /// When two tables have one name.
    pub fn snapshot(
        &self,
        register: &Register,
        tables: Vec<Table>,
        certified: &Certified,
    ) -> Result<Snapshot, YearError> {
        let sources = self.sources(register, &self.state_files)?;
        let certifications = certified.certifications.iter().map(|c| c.certification.entry()).collect();
        let info = self.snapshot_info(self.school_year, certified.rule_set.clone(), sources, certifications);
        Ok(Snapshot::new(info, tables)?)
    }

    pub(crate) fn snapshot_info(
        &self,
        school_year: SchoolYear,
        rule_set: String,
        sources: Vec<SourceEntry>,
        certifications: Vec<CertificationEntry>,
    ) -> SnapshotInfo {
        SnapshotInfo {
            school_year,
            collection: WHOLE_YEAR.to_owned(),
            as_of: self.as_of,
            taken_by: self.taken_by.clone(),
            taken_at: self.taken_at.unwrap_or(TimeGiven::end_of(self.as_of)),
            rule_set,
            sources,
            certifications,
        }
    }

    /// The uploads, then the tables of the state.
    pub(crate) fn sources(
        &self,
        register: &Register,
        state_files: &[Received],
    ) -> Result<Vec<SourceEntry>, YearError> {
        let mut all = sources(register, self.as_of);
        for file in state_files {
            let name = file.upload.name().to_owned();
            let refused = |source| AimError::Io { line: 0, source };
            let content = content_hash(file.upload.as_ref())
                .map_err(|source| YearError::Read { file: name.clone(), source: refused(source) })?;
            let at = file.at.unwrap_or(TimeGiven::start_of(self.as_of));
            all.push(SourceEntry { file: name, district: None, at, content: Some(content) });
        }
        Ok(all)
    }
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
        complete: bool,
    ) -> Result<Option<ImportReport>, SnapshotError> {
        let of_state = |layout: &opi_dictionary::Layout| {
            import_rule(&layout.key).is_ok_and(|rule| rule.mode == ImportMode::ReplaceState)
        };
        let sent = self.upload.district.is_some() || layout.is_some_and(of_state);
        if let (None, Some(layout), true) = (&self.import, layout, sent) {
            self.start(layout, None);
        }
        match (self.failed, self.import) {
            (Some(error), _) => Err(error),
            (None, Some(import)) if complete => import.finish().map(Some),
            (None, Some(import)) => import.finish_cut_off().map(Some),
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

/// The hash of an upload's bytes.
pub(crate) fn content_hash(upload: &dyn Upload) -> std::io::Result<ContentHash> {
    let mut input = upload.open()?;
    let mut hasher = opi_snapshot::ContentHasher::default();
    loop {
        let length = match input.fill_buf() {
            Ok([]) => return Ok(hasher.finish()),
            Ok(piece) => {
                hasher.update(piece);
                piece.len()
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        input.consume(length);
    }
}

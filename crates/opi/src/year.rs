//! A school year, composed: each stage takes what the stages before it gave.

use crate::reading::ReadReport;
use crate::register::{Received, Registered, receive};
use chrono::NaiveDate;
use opi_aim::{AimError, ReadOptions};
use opi_anb::{AnbHistory, Interpretation, Law};
use opi_dictionary::{Dictionary, Directory, DistrictNumber, SchoolYear};
use opi_edfacts::StateProfile;
use opi_rules::{Policy, StateTables};
use opi_snapshot::{Certification, Register, Snapshot, Table, TimeGiven};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::BufRead;

/// A file that a district uploaded. It can be opened again and again: some stages read twice.
pub trait Upload: Sync {
    /// The name by which findings speak of it.
    fn name(&self) -> &str;

    /// Opens it from the start.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open(&self) -> std::io::Result<Box<dyn BufRead + '_>>;
}

/// An upload held in memory.
impl Upload for (String, Vec<u8>) {
    fn name(&self) -> &str {
        &self.0
    }

    fn open(&self) -> std::io::Result<Box<dyn BufRead + '_>> {
        Ok(Box::new(self.1.as_slice()))
    }
}

/// An upload under a name, opened by a function: a file, an object of a store, bytes of a request.
///
/// ```
/// use opi::{Upload, upload};
/// let fall = upload("fall.tsv", || Ok(&b"HD\t10/08/2025\t08:15:00\tMT9.1\n"[..]));
/// assert_eq!(fall.name(), "fall.tsv");
/// assert_eq!(std::io::Read::bytes(fall.open()?).count(), 29);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn upload<R: BufRead + 'static>(
    name: impl Into<String>,
    open: impl Fn() -> std::io::Result<R> + Sync,
) -> impl Upload {
    let open = move || open().map(|reader| Box::new(reader) as Box<dyn BufRead>);
    Opened { name: name.into(), open }
}

struct Opened<F> {
    name: String,
    open: F,
}

impl<F: Fn() -> std::io::Result<Box<dyn BufRead>> + Sync> Upload for Opened<F> {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self) -> std::io::Result<Box<dyn BufRead + '_>> {
        (self.open)()
    }
}

/// A stage of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// Reading the uploads into the register.
    Read,
    /// Running the rules.
    Validate,
    /// Saying where each district's certification stands.
    Certify,
    /// Taking the snapshot.
    Snapshot,
    /// Counting average number belonging and what follows from it.
    Funding,
    /// Counting, writing and checking federal files.
    Federal,
    /// Making and masking public tables.
    Public,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Stage; 7] = [
        Stage::Read,
        Stage::Validate,
        Stage::Certify,
        Stage::Snapshot,
        Stage::Funding,
        Stage::Federal,
        Stage::Public,
    ];

    /// The word for people and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage::Read => "read",
            Stage::Validate => "validate",
            Stage::Certify => "certify",
            Stage::Snapshot => "snapshot",
            Stage::Funding => "funding",
            Stage::Federal => "federal",
            Stage::Public => "public",
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// How far a stage has come, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The stage.
    pub stage: Stage,
    /// Files done.
    pub done: usize,
    /// Files in all.
    pub of: usize,
    /// The file that was just done.
    pub file: &'a str,
}

/// What stopped a year.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum YearError {
    /// A file could not be read.
    #[error("{file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: AimError,
    },
    /// A file could not be taken into the register.
    #[error("{file}: {source}")]
    Import {
        /// The file.
        file: String,
        /// Why.
        source: Box<opi_snapshot::SnapshotError>,
    },
    /// A file of the state without a layout.
    #[error("{file}: a table of the state needs a layout: name the file by it, such as fram.tsv")]
    NoLayout {
        /// The file.
        file: String,
    },
    /// Rows of a table of the state could not be read. Figures would lack them, so nothing is counted.
    #[error("{file}: {rows} rows could not be read; `opi read` says which")]
    StateTable {
        /// The file.
        file: String,
        /// How many rows.
        rows: u64,
    },
    /// A table of the state has a row of another school year: it would be counted in this one.
    #[error(
        "{file}, line {line}: the school year is not {year}, of which the table is; mend or take out such rows"
    )]
    StateTableYear {
        /// The file.
        file: String,
        /// The first such line.
        line: u64,
        /// The school year of the table.
        year: SchoolYear,
    },
    /// A step of certification in a collection that is none.
    #[error("certifications: there is no collection `{collection}`; the collections are {known}")]
    UnknownCollection {
        /// What was named.
        collection: String,
        /// Those that there are.
        known: String,
    },
    /// The rules could not be run.
    #[error("validation: {0}")]
    Rules(#[from] opi_rules::RulesError),
    /// The findings could not be put into a report.
    #[error("findings: {0}")]
    Report(#[from] opi_report::ReportError),
    /// A stage needs what was not given.
    #[error("{stage} needs {what}")]
    Missing {
        /// The stage.
        stage: Stage,
        /// What it needs.
        what: &'static str,
    },
    /// Funding could not be computed.
    #[error("funding: {0}")]
    Funding(#[from] crate::funding::FundingError),
    /// Federal files could not be made.
    #[error("federal files: {0}")]
    Federal(#[from] crate::federal::FederalError),
    /// Public tables could not be made.
    #[error("public tables: {0}")]
    Public(#[from] crate::public::PublicError),
    /// A table, certification or snapshot could not be made.
    #[error("{0}")]
    Snapshot(#[from] opi_snapshot::SnapshotError),
    /// The caller asked to stop.
    #[error("stopped on request after {done} of {of} files")]
    Stopped {
        /// Files done.
        done: usize,
        /// Files in all.
        of: usize,
    },
}

/// A school year with its inputs. Made by [`Year::builder`]; each stage is a method, and its output a value.
///
/// ```
/// use opi::{Upload, Year};
/// let file = "HD\t01/21/2026\t08:15:00\tMT9.1\r\nAF\t9901\t9911\t100\t990000101\t101\tLarkspur\tZinnia\tF\tN\tN\t2026\r\n";
/// let uploads: Vec<Box<dyn Upload>> = vec![Box::new(("fall.tsv".to_owned(), file.as_bytes().to_vec()))];
/// let year = Year::builder("2025-26".parse()?).uploads(uploads).build();
/// let taken = year.read(|_| true)?;
/// assert_eq!(taken.reading.report.rows(), 1);
/// assert_eq!(taken.reading.students, 1);
/// let validated = year.validate(|_| true)?;
/// assert_eq!(validated.account.rows, 1);
/// let tables = year.tables(&taken.register)?;
/// let certified = year.certify(&taken.register, &tables, Some(&validated))?;
/// let snapshot = year.snapshot(&taken.register, tables, &certified)?;
/// assert_eq!(snapshot.table("fall-enrollment-count").map(|table| table.len()), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Year {
    pub(crate) school_year: SchoolYear,
    pub(crate) as_of: NaiveDate,
    pub(crate) dictionary: Dictionary,
    pub(crate) directory: Option<Directory>,
    pub(crate) uploads: Vec<Received>,
    pub(crate) prior_uploads: Vec<Received>,
    pub(crate) state_files: Vec<Received>,
    pub(crate) prior_state_files: Vec<Received>,
    pub(crate) options: ReadOptions,
    pub(crate) policy: Policy,
    pub(crate) tables: StateTables,
    pub(crate) samples_per_rule: usize,
    pub(crate) certifications: Vec<Certification>,
    pub(crate) law: Option<Law>,
    pub(crate) interpretation: Interpretation,
    pub(crate) anb_history: AnbHistory,
    pub(crate) profile: Option<StateProfile>,
    pub(crate) taken_by: String,
    pub(crate) taken_at: Option<TimeGiven>,
}

/// Gathers the inputs of a [`Year`].
pub struct YearBuilder {
    year: Year,
}

impl YearBuilder {
    /// The uploads; their order does not matter. Each came in at the date and time of its header.
    #[must_use]
    pub fn uploads(self, uploads: Vec<Box<dyn Upload>>) -> Self {
        self.received(uploads.into_iter().map(Received::new).collect())
    }

    /// The uploads, with who sent each and when, where that is known; their order does not matter.
    #[must_use]
    pub fn received(mut self, uploads: Vec<Received>) -> Self {
        self.year.uploads = in_order(uploads);
        self
    }

    /// The uploads of the school year before: rules look for leaps, counts for those who did not return.
    #[must_use]
    pub fn prior(mut self, uploads: Vec<Received>) -> Self {
        self.year.prior_uploads = in_order(uploads);
        self
    }

    /// What the state itself holds of this school year and the one before: special education, meals, certificates of
    /// migrant families and the like. No rule judges it; counts need it.
    #[must_use]
    pub fn state_files(mut self, this_year: Vec<Received>, year_before: Vec<Received>) -> Self {
        self.year.state_files = in_order(this_year);
        self.year.prior_state_files = in_order(year_before);
        self
    }

    /// The day that stands for today: what came in after it is not yet there. By default the last day of the
    /// school year.
    #[must_use]
    pub fn as_of(mut self, day: NaiveDate) -> Self {
        self.year.as_of = day;
        self
    }

    /// The directory of districts and schools.
    #[must_use]
    pub fn directory(mut self, directory: Directory) -> Self {
        self.year.directory = Some(directory);
        self
    }

    /// A dictionary with replacements in the place of the built-in one.
    #[must_use]
    pub fn dictionary(mut self, dictionary: Dictionary) -> Self {
        self.year.dictionary = dictionary;
        self
    }

    /// How uploads are read. By default every field is checked.
    #[must_use]
    pub fn read_options(mut self, options: ReadOptions) -> Self {
        self.year.options = options;
        self
    }

    /// Changes of the rules. By default none.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.year.policy = policy;
        self
    }

    /// Lists that the state or a district holds, such as approved pathways; rules that need one that is not given do not
    /// run, and are said not to.
    #[must_use]
    pub fn state_tables(mut self, tables: StateTables) -> Self {
        self.year.tables = tables;
        self
    }

    /// How many findings of each rule are kept; counts are exact whatever the limit. By default 1,000.
    #[must_use]
    pub fn samples_per_rule(mut self, samples: usize) -> Self {
        self.year.samples_per_rule = samples;
        self
    }

    /// The steps of certification that districts and the state took.
    #[must_use]
    pub fn certifications(mut self, certifications: Vec<Certification>) -> Self {
        self.year.certifications = certifications;
        self
    }

    /// The law with amounts replaced, in the place of the built-in one.
    #[must_use]
    pub fn law(mut self, law: Law) -> Self {
        self.year.law = Some(law);
        self
    }

    /// The choices where the law of funding is open. By default those that are recommended.
    #[must_use]
    pub fn interpretation(mut self, interpretation: Interpretation) -> Self {
        self.year.interpretation = interpretation;
        self
    }

    /// Average number belonging of earlier years, for the average of three.
    #[must_use]
    pub fn anb_history(mut self, history: AnbHistory) -> Self {
        self.year.anb_history = history;
        self
    }

    /// What the state answers for federal files, in the place of Montana's.
    #[must_use]
    pub fn profile(mut self, profile: StateProfile) -> Self {
        self.year.profile = Some(profile);
        self
    }

    /// Who takes the snapshot, and when, as its manifest will say. By default `opi`, at the end of the day that
    /// stands for today.
    #[must_use]
    pub fn taken(mut self, by: impl Into<String>, at: Option<TimeGiven>) -> Self {
        self.year.taken_by = by.into();
        self.year.taken_at = at;
        self
    }

    /// The year.
    #[must_use]
    pub fn build(self) -> Year {
        self.year
    }
}

fn in_order(mut uploads: Vec<Received>) -> Vec<Received> {
    uploads.sort_by(|one, two| one.upload.name().cmp(two.upload.name()));
    uploads
}

/// What reading a year's uploads gave, as figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Reading {
    /// The school year.
    pub school_year: SchoolYear,
    /// Each file.
    pub report: ReadReport,
    /// Students: different state ids over all files.
    pub students: u64,
    /// By district: different state ids in its files.
    pub students_by_district: BTreeMap<DistrictNumber, u64>,
    /// Districts of the directory that sent no file; empty where no directory was given.
    pub districts_without_files: Vec<DistrictNumber>,
    /// Districts that sent files but are not in the directory.
    pub districts_not_in_directory: Vec<DistrictNumber>,
    /// Files that came in after the day that stands for today; they were left aside.
    pub later_files: Vec<String>,
}

/// The uploads of a year, read and taken into the register.
pub struct Taken {
    /// What reading gave.
    pub reading: Reading,
    /// The register.
    pub register: Register,
    /// What importing each file did, in the order in which they came.
    pub imports: Vec<(String, opi_snapshot::ImportReport)>,
}

/// The school year before.
pub struct Prior {
    /// Its tables, with those that the state holds of it.
    pub snapshot: Snapshot,
    /// What importing each of its files did.
    pub imports: Vec<(String, opi_snapshot::ImportReport)>,
}

impl Year {
    /// A school year to be given its inputs.
    #[must_use]
    pub fn builder(school_year: SchoolYear) -> YearBuilder {
        YearBuilder {
            year: Year {
                school_year,
                as_of: school_year.last_day(),
                dictionary: Dictionary::built_in().clone(),
                directory: None,
                uploads: Vec::new(),
                prior_uploads: Vec::new(),
                state_files: Vec::new(),
                prior_state_files: Vec::new(),
                options: ReadOptions::new().check_fields(true),
                policy: Policy::default(),
                tables: StateTables::default(),
                samples_per_rule: opi_rules::Options::default().samples_per_rule,
                certifications: Vec::new(),
                law: None,
                interpretation: Interpretation::default(),
                anb_history: AnbHistory::default(),
                profile: None,
                taken_by: "opi".to_owned(),
                taken_at: None,
            },
        }
    }

    /// The school year.
    #[must_use]
    pub fn school_year(&self) -> SchoolYear {
        self.school_year
    }

    /// The day that stands for today.
    #[must_use]
    pub fn as_of(&self) -> NaiveDate {
        self.as_of
    }

    /// The directory, where one was given.
    #[must_use]
    pub fn directory(&self) -> Option<&Directory> {
        self.directory.as_ref()
    }

    /// The dictionary.
    #[must_use]
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Reads every upload that had come in by the day that stands for today, and takes it into the register.
    /// `progress` is told after each file and answers whether to go on.
    ///
    /// Memory: the rows of the state with their history, and four bytes a student of each district.
    ///
    /// # Errors
    /// When a file cannot be read or imported, or `progress` answers false.
    pub fn read(&self, progress: impl FnMut(Progress<'_>) -> bool) -> Result<Taken, YearError> {
        let registered = self.register(&self.uploads, self.school_year, progress)?;
        let Registered { register, reading: report, imports, students: by_district, later } = registered;
        let exists = |number: &DistrictNumber| {
            let district = self.directory.as_ref().and_then(|directory| directory.district(*number));
            district.is_some_and(|district| district.exists(self.school_year))
        };
        let listed = self.directory.iter().flat_map(Directory::districts).map(|district| district.number);
        let districts_without_files =
            listed.filter(|number| exists(number) && !by_district.contains_key(number)).collect();
        let districts_not_in_directory = match &self.directory {
            Some(_) => by_district.keys().filter(|number| !exists(number)).copied().collect(),
            None => Vec::new(),
        };
        let students_by_district =
            by_district.iter().map(|(district, ids)| (*district, ids.len() as u64)).collect();
        let mut students: Vec<u32> = by_district.into_values().flatten().collect();
        students.sort_unstable();
        students.dedup();
        let reading = Reading {
            school_year: self.school_year,
            report,
            students: students.len() as u64,
            students_by_district,
            districts_without_files,
            districts_not_in_directory,
            later_files: later,
        };
        Ok(Taken { reading, register, imports })
    }

    /// The school year before, with the tables that the state holds of it; none where nothing was given.
    ///
    /// # Errors
    /// As [`Year::read`].
    pub fn read_prior(&self, progress: impl FnMut(Progress<'_>) -> bool) -> Result<Option<Prior>, YearError> {
        let Ok(prior) = self.school_year.previous() else { return Ok(None) };
        let Registered { register, imports, .. } = self.register(&self.prior_uploads, prior, progress)?;
        let mut tables = register.as_of(self.as_of, prior, &self.dictionary)?;
        tables.extend(self.state_tables(&self.prior_state_files, prior, register.uploads().len())?);
        if tables.is_empty() {
            return Ok(None);
        }
        let sources = self.sources(&register, &self.prior_state_files)?;
        let info = self.snapshot_info(prior, String::new(), sources, Vec::new());
        Ok(Some(Prior { snapshot: Snapshot::new(info, tables)?, imports }))
    }

    /// Every table as the register knew it at the end of the day that stands for today, and those that the state holds.
    ///
    /// # Errors
    /// When a table cannot be made or a file of the state cannot be read.
    pub fn tables(&self, register: &Register) -> Result<Vec<Table>, YearError> {
        let mut tables = register.as_of(self.as_of, self.school_year, &self.dictionary)?;
        let sources = register.uploads().len();
        tables.extend(self.state_tables(&self.state_files, self.school_year, sources)?);
        Ok(tables)
    }

    fn register(
        &self,
        files: &[Received],
        school_year: SchoolYear,
        progress: impl FnMut(Progress<'_>) -> bool,
    ) -> Result<Registered, YearError> {
        let otherwise = TimeGiven::start_of(self.as_of);
        let until = Some(self.as_of);
        let (register, dictionary) = (Register::new(), &self.dictionary);
        receive(register, files, school_year, otherwise, until, dictionary, &self.options, progress)
    }
}

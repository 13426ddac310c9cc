//! A school year, composed: each stage takes what the stages before it gave.

use crate::reading::{ReadReport, read_upload};
use opi_aim::{AimError, ReadOptions};
use opi_dictionary::{Dictionary, Directory, DistrictNumber, SchoolYear, fields};
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

/// A stage of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// Reading the uploads.
    Read,
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
    /// The caller asked to stop.
    #[error("stopped on request after {done} of {of} files")]
    Stopped {
        /// Files done.
        done: usize,
        /// Files in all.
        of: usize,
    },
}

/// A school year with its inputs. Made by [`Year::builder`]; each stage is a method.
///
/// ```
/// use opi::{Upload, Year};
/// let file = "HD\t01/21/2026\t08:15:00\tMT9.1\r\nAF\t9901\t9911\t100\t990000101\t101\tLarkspur\tZinnia\tF\tN\tN\t2026\r\n";
/// let uploads: Vec<Box<dyn Upload>> = vec![Box::new(("fall.tsv".to_owned(), file.as_bytes().to_vec()))];
/// let year = Year::builder("2025-26".parse()?).uploads(uploads).build();
/// let reading = year.read(|_| true)?;
/// assert_eq!(reading.report.rows(), 1);
/// assert_eq!(reading.students, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Year {
    school_year: SchoolYear,
    dictionary: Dictionary,
    directory: Option<Directory>,
    uploads: Vec<Box<dyn Upload>>,
    options: ReadOptions,
}

/// Gathers the inputs of a [`Year`].
pub struct YearBuilder {
    year: Year,
}

impl YearBuilder {
    /// The uploads; their order does not matter.
    #[must_use]
    pub fn uploads(mut self, uploads: Vec<Box<dyn Upload>>) -> Self {
        self.year.uploads = uploads;
        self.year.uploads.sort_by(|one, two| one.name().cmp(two.name()));
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

    /// The year.
    #[must_use]
    pub fn build(self) -> Year {
        self.year
    }
}

/// What reading a year's uploads gave.
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
}

impl Year {
    /// A school year to be given its inputs.
    #[must_use]
    pub fn builder(school_year: SchoolYear) -> YearBuilder {
        YearBuilder {
            year: Year {
                school_year,
                dictionary: Dictionary::built_in().clone(),
                directory: None,
                uploads: Vec::new(),
                options: ReadOptions::new().check_fields(true),
            },
        }
    }

    /// The school year.
    #[must_use]
    pub fn school_year(&self) -> SchoolYear {
        self.school_year
    }

    /// Reads every upload. `progress` is told after each file and answers whether to go on.
    ///
    /// Memory: four bytes a row of student files of one district, and four a student of the state.
    ///
    /// # Errors
    /// When a file cannot be read or `progress` answers false.
    pub fn read(&self, mut progress: impl FnMut(Progress<'_>) -> bool) -> Result<Reading, YearError> {
        let mut report = ReadReport::default();
        let mut by_district: BTreeMap<DistrictNumber, Vec<u32>> = BTreeMap::new();
        let of = self.uploads.len();
        for (index, upload) in self.uploads.iter().enumerate() {
            let mut ids = Vec::new();
            let file = read_upload(upload.as_ref(), &self.dictionary, &self.options, |row| {
                if let Ok(Some(id)) = row.value::<opi_dictionary::StateId>(fields::STUDENT_STATE_ID) {
                    ids.push(id.reveal_number());
                }
            })
            .map_err(|source| YearError::Read { file: upload.name().to_owned(), source })?;
            if let Some(district) = file.district {
                let known = by_district.entry(district).or_default();
                known.append(&mut ids);
                known.sort_unstable();
                known.dedup();
            }
            report.add(file);
            let done = index + 1;
            if !progress(Progress { stage: Stage::Read, done, of, file: upload.name() }) {
                return Err(YearError::Stopped { done, of });
            }
        }
        let listed: Vec<DistrictNumber> =
            self.directory.iter().flat_map(Directory::districts).map(|d| d.number).collect();
        let exists = |number: &DistrictNumber| {
            let district = self.directory.as_ref().and_then(|directory| directory.district(*number));
            district.is_some_and(|district| district.exists(self.school_year))
        };
        let districts_without_files = listed
            .iter()
            .filter(|number| exists(number) && !by_district.contains_key(number))
            .copied()
            .collect();
        let districts_not_in_directory = match &self.directory {
            Some(_) => by_district.keys().filter(|number| !exists(number)).copied().collect(),
            None => Vec::new(),
        };
        let students_by_district =
            by_district.iter().map(|(district, ids)| (*district, ids.len() as u64)).collect();
        let mut students: Vec<u32> = by_district.into_values().flatten().collect();
        students.sort_unstable();
        students.dedup();
        Ok(Reading {
            school_year: self.school_year,
            report,
            students: students.len() as u64,
            students_by_district,
            districts_without_files,
            districts_not_in_directory,
        })
    }
}

//! The inputs of a year on disk.

use super::YearArgs;
use super::outputs::{DIRECTORY, Given, HISTORY, Outputs, POLICY, REPLACED, TABLES};
use crate::Failure;
use crate::dictionary::Replacement;
use crate::files::{self, DiskUpload};
use opi::anb::{AnbHistory, Interpretation};
use opi::dictionary::{Directory, DirectoryBuilder, DirectoryTable, SchoolYear};
use opi::mask::{Policy, Zeros};
use opi::public::Masking;
use opi::rules;
use opi::snapshot::read_certifications;
use opi::{Received, Year, district_of_folder};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a run reads.
pub(crate) struct YearInputs {
    /// The year with everything given to it.
    pub(crate) year: Year,
    /// The files that are read, on disk: of both years, uploads and tables of the state; for the account of speed.
    pub(crate) read: Vec<PathBuf>,
    /// How public tables are masked, by which policy, with which treatment of zeros.
    pub(crate) masking: (Masking, String, String),
    /// The choices where the law of funding is open, where they were given.
    pub(crate) interpretation: Option<Interpretation>,
    /// ANB of earlier years, as it was given.
    pub(crate) history: Option<String>,
    /// The policy on the rules, as it was given.
    pub(crate) policy: Option<Given>,
    /// The lists that the state holds, as they were given.
    pub(crate) tables: Option<Given>,
    /// What takes the place of tables of the dictionary, as it was given.
    pub(crate) replaced: Vec<Given>,
    /// Code sets that are not tested.
    pub(crate) suspended: Vec<String>,
    /// The tables of the directory, as they are on disk.
    pub(crate) directory: Vec<(&'static str, Vec<u8>)>,
}

impl YearInputs {
    /// Keeps what was given beside the uploads with the results, so that each figure can be made again from them.
    pub(crate) fn keep(&self, outputs: &mut Outputs) -> Result<(), Failure> {
        let explain = "opi year --help";
        if let Some(history) = &self.history {
            let rows = history.lines().count().saturating_sub(1) as u64;
            outputs.write(HISTORY, history.as_bytes(), Some(rows), explain)?;
        }
        for given in self.policy.iter().chain(&self.tables).chain(&self.replaced) {
            outputs.write(&given.path, given.text.as_bytes(), None, explain)?;
        }
        for (name, bytes) in &self.directory {
            let rows = bytes.iter().filter(|byte| **byte == b'\n').count().saturating_sub(1) as u64;
            outputs.write(&format!("{DIRECTORY}/{name}"), bytes, Some(rows), explain)?;
        }
        Ok(())
    }
}

/// Reads what is small and finds what is large.
pub(crate) fn read(arguments: &YearArgs) -> Result<YearInputs, Failure> {
    let dir = &arguments.dir;
    let school_year = match arguments.year {
        Some(year) => year,
        None => latest_year(dir)?,
    };
    let uploads = files_of(dir, "uploads", school_year)?;
    if uploads.is_empty() {
        return Err(Failure::of_file(&folder_of(dir, "uploads", school_year), "holds no upload"));
    }
    let mut year = Year::builder(school_year).received(received(dir, &uploads));
    let (mut prior, mut before) = (Vec::new(), Vec::new());
    if let Ok(last_year) = school_year.previous() {
        prior = files_of(dir, "uploads", last_year)?;
        before = files_of(dir, "state", last_year)?;
    }
    let state = files_of(dir, "state", school_year)?;
    year = year.prior(received(dir, &prior)).state_files(tables(dir, &state), tables(dir, &before));
    let read = [uploads, prior, state, before].concat();
    let folder = dir.join("directory");
    let mut tables = Vec::new();
    if let Some(directory) = directory(&folder)? {
        year = year.directory(directory);
        for table in DirectoryTable::ALL {
            let path = folder.join(table.file_name());
            if !path.exists() {
                continue;
            }
            let bytes = files::bytes(&path)?;
            tables.push((table.file_name(), bytes));
        }
    }
    if let Some(day) = arguments.as_of {
        if !school_year.contains(day) {
            return Err(Failure::new(format!("--as-of {day} is no day of the school year {school_year}")));
        }
        year = year.as_of(day);
    }
    let mut given_policy = None;
    if let Some(path) = &arguments.policy {
        let text = files::text(path)?;
        year = year.policy(rules::Policy::from_toml(&text).map_err(|error| Failure::of_file(path, error))?);
        given_policy = Some(Given::new("policy".to_owned(), POLICY.to_owned(), text));
    }
    let mut given_tables = None;
    if let Some(path) = &arguments.tables {
        let text = files::text(path)?;
        let lists = rules::StateTables::from_toml(&text).map_err(|error| Failure::of_file(path, error))?;
        year = year.state_tables(lists);
        given_tables = Some(Given::new("state tables".to_owned(), TABLES.to_owned(), text));
    }
    let replacements = arguments.dictionary.replacements()?;
    year = year.dictionary(arguments.dictionary.with(&replacements)?).samples_per_rule(arguments.max_samples);
    let chosen = arguments.interpretation.as_deref().map(interpretation).transpose()?;
    if let Some(chosen) = chosen {
        year = year.interpretation(chosen);
    }
    let path = dir.join("anb-history.csv");
    let history = if path.is_file() { Some(files::text(&path)?) } else { None };
    if let Some(text) = &history {
        let known = AnbHistory::from_csv(text);
        year = year.anb_history(known.map_err(|error| Failure::of_file(&path, error))?);
    }
    let certifications = dir.join("certifications.csv");
    if certifications.is_file() {
        let text = files::text(&certifications)?;
        let steps = read_certifications(&text).map_err(|error| Failure::of_file(&certifications, error))?;
        year = year.certifications(steps);
    }
    let masking = masking(&arguments.masking, arguments.zeros)?;
    let (interpretation, directory) = (chosen, tables);
    Ok(YearInputs {
        year: year.build(),
        read,
        masking,
        interpretation,
        history,
        policy: given_policy,
        tables: given_tables,
        replaced: kept(replacements),
        suspended: arguments.dictionary.suspended().to_vec(),
        directory,
    })
}

/// Replacements with the place where each is kept.
fn kept(replacements: Vec<Replacement>) -> Vec<Given> {
    let numbered = replacements.into_iter().zip(1..);
    let one = |(replacement, number): (Replacement, u32)| {
        Given::new(replacement.what(), format!("{REPLACED}/{number}.toml"), replacement.text)
    };
    numbered.map(one).collect()
}

/// How public tables are masked: a policy, and the treatment of zeros that it may leave open.
pub(crate) fn masking(policy: &str, zeros: Zeros) -> Result<(Masking, String, String), Failure> {
    let rule = Policy::find(policy)?.rule(Some(zeros))?;
    Ok((Masking::new(rule), policy.to_owned(), zeros_word(zeros)?.to_owned()))
}

/// The word by which arguments and the manifest name a treatment of zeros.
fn zeros_word(zeros: Zeros) -> Result<&'static str, Failure> {
    let same = |word: &&str| word.parse().is_ok_and(|named: Zeros| named == zeros);
    let word = ["show", "structural", "mask", "cover"].into_iter().find(same);
    word.ok_or_else(|| Failure::new("this treatment of zeros has no word for the manifest"))
}

/// Choices where the law of funding is open, as TOML or JSON.
fn interpretation(path: &Path) -> Result<Interpretation, Failure> {
    let text = files::text(path)?;
    let read = match path.extension().and_then(|suffix| suffix.to_str()) {
        Some("json") => serde_json::from_str(&text).map_err(|error| error.to_string()),
        _ => toml::from_str(&text).map_err(|error| error.to_string()),
    };
    read.map_err(|error| Failure::of_file(path, error))
}

fn folder_of(dir: &Path, kind: &str, school_year: SchoolYear) -> PathBuf {
    dir.join(kind).join(school_year.end_year().to_string())
}

/// The files of a kind (`uploads` or `state`) of a year; none where the folder is not there.
fn files_of(dir: &Path, kind: &str, school_year: SchoolYear) -> Result<Vec<PathBuf>, Failure> {
    let folder = folder_of(dir, kind, school_year);
    if folder.is_dir() { files::uploads(&[folder]) } else { Ok(Vec::new()) }
}

fn received(dir: &Path, files: &[PathBuf]) -> Vec<Received> {
    let one = |path: &PathBuf| {
        let district = district_of_folder(&path.to_string_lossy());
        Received::new(Box::new(DiskUpload::within(dir, path.clone()))).from_district(district)
    };
    files.iter().map(one).collect()
}

/// Files of the state: each is named by its layout.
fn tables(dir: &Path, files: &[PathBuf]) -> Vec<Received> {
    let one = |path: &PathBuf| {
        let layout = path.file_stem().map(|name| name.to_string_lossy().into_owned());
        Received::new(Box::new(DiskUpload::within(dir, path.clone()))).of_layout(layout)
    };
    files.iter().map(one).collect()
}

/// The latest year that has a folder of uploads.
fn latest_year(dir: &Path) -> Result<SchoolYear, Failure> {
    let folder = dir.join("uploads");
    let named = |path: PathBuf| {
        let name = path.file_name()?.to_str()?;
        SchoolYear::ending(name.parse().ok().filter(|_| name.len() == 4)?).ok()
    };
    let years: BTreeSet<SchoolYear> = files::inside(&folder)?.into_iter().filter_map(named).collect();
    for year in years.into_iter().rev() {
        if files::holds_uploads(&folder_of(dir, "uploads", year))? {
            return Ok(year);
        }
    }
    let nothing = "holds no folder of uploads named by the end of a school year, such as 2026";
    Err(Failure::of_file(&folder, nothing))
}

/// The directory, where its folder exists: districts and schools, and whatever other tables are there.
pub(crate) fn directory(folder: &Path) -> Result<Option<Directory>, Failure> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut builder = DirectoryBuilder::default();
    for table in DirectoryTable::ALL {
        let path = folder.join(table.file_name());
        let needed = matches!(table, DirectoryTable::Districts | DirectoryTable::Schools);
        if !needed && !path.exists() {
            continue;
        }
        builder.read(*table, files::open(&path)?).map_err(|error| Failure::of_file(&path, error))?;
    }
    Ok(Some(builder.build()?))
}

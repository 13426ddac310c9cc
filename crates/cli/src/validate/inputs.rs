//! What `opi validate` reads: uploads, what the state has stored, last year, policies and tables.

use super::{ValidateArgs, failed};
use crate::Failure;
use crate::files::{self, DiskUpload};
use crate::output;
use chrono::NaiveDate;
use opi::dictionary::{Dictionary, Directory, HeaderRule, SchoolYear};
use opi::rules::{Input, Policy, References, RegisterFacts, StateTables};
use opi::{CheckedUpload, Upload, district_of_folder};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Files on disk in the roles of a run, and what is not one file a table.
pub(super) struct Given {
    pub(super) current: Vec<DiskUpload>,
    pub(super) register: Vec<DiskUpload>,
    pub(super) prior: Vec<DiskUpload>,
    facts: RegisterFacts,
    directory: Option<Directory>,
    tables: StateTables,
}

impl Given {
    /// Finds the files and reads the tables.
    pub(super) fn of(arguments: &ValidateArgs) -> Result<Self, Failure> {
        let (stored, facts) = stored(&arguments.register)?;
        let directory = match &arguments.directory {
            Some(folder) => Some(
                crate::year::directory(folder)?.ok_or_else(|| Failure::of_file(folder, "is no folder"))?,
            ),
            None => None,
        };
        let tables = match &arguments.tables {
            Some(path) => {
                StateTables::from_toml(&files::text(path)?).map_err(|error| Failure::of_file(path, error))?
            }
            None => StateTables::default(),
        };
        let (current, register) = (disk(&arguments.paths)?, disk(&stored)?);
        let prior = disk(&arguments.prior)?;
        in_one_role([("a file to check", &current), ("the register", &register), ("last year", &prior)])?;
        Ok(Given { current, register, prior, facts, directory, tables })
    }

    /// That the file for the results is none of those that are read.
    pub(super) fn is_apart_from(&self, out: &Path, arguments: &ValidateArgs) -> Result<(), Failure> {
        let tables = [&arguments.policy, &arguments.compare, &arguments.tables].into_iter().flatten();
        let read = [&self.current, &self.register, &self.prior].into_iter().flatten().map(DiskUpload::path);
        files::is_not_read(out, read.chain(tables.chain(&arguments.register).map(PathBuf::as_path)))
    }

    /// What the rules are told beside the rows.
    pub(super) fn references<'a>(
        &'a self,
        arguments: &ValidateArgs,
        dictionary: &'a Dictionary,
    ) -> Result<References<'a>, Failure> {
        let as_of = match arguments.as_of {
            Some(day) => day,
            None => latest_header(&self.current, dictionary, arguments.layout.as_deref())?,
        };
        let year = match arguments.year {
            Some(year) => year,
            None => SchoolYear::containing(as_of)?,
        };
        let mut references = References::new(dictionary, year, as_of);
        references.facts = self.facts.clone();
        references.directory = self.directory.as_ref();
        references.tables = self.tables.clone();
        references.uploader = arguments.uploader;
        references.collection = arguments.collection;
        references.certifying = arguments.certifying;
        Ok(references)
    }

    /// The files as the rules read them. Those that they cannot read are left out, and told.
    pub(super) fn checked<'a>(
        &'a self,
        arguments: &'a ValidateArgs,
        dictionary: &'a Dictionary,
    ) -> Result<Checked<'a>, Failure> {
        let mut left_out = Vec::new();
        let layout = arguments.layout.as_deref();
        let current = checked(&self.current, dictionary, |_| layout, ("current", &mut left_out))?;
        let of_the_state = |upload| table_of_the_state(upload, dictionary);
        let register = checked(&self.register, dictionary, of_the_state, ("register", &mut left_out))?;
        let prior = checked(&self.prior, dictionary, |_| None, ("prior", &mut left_out))?;
        for LeftOut { name, why, .. } in &left_out {
            output::note(format_args!("{name} was left out: {why}"));
        }
        let years = years_of_folders(&self.current);
        if years.len() > 1 {
            let years: Vec<&str> = years.into_iter().collect();
            let years = years.join(" and ");
            output::note(format_args!(
                "the paths hold folders of {years}: all are checked as one year; give the year before with --prior"
            ));
        }
        if current.is_empty() {
            return Err(Failure::new("no file under the paths given could be taken for an AIM file"));
        }
        // Every row must be known by line to be split, so the reader keeps all that it finds.
        let samples = if arguments.split.is_some() { u64::MAX } else { arguments.max_samples as u64 };
        let current = current.into_iter().map(|upload| upload.max_samples(samples)).collect();
        Ok(Checked { current, register, prior, left_out })
    }
}

/// The files of a run that the rules can read.
pub(super) struct Checked<'a> {
    pub(super) current: Vec<CheckedUpload<'a>>,
    pub(super) register: Vec<CheckedUpload<'a>>,
    pub(super) prior: Vec<CheckedUpload<'a>>,
    pub(super) left_out: Vec<LeftOut>,
}

impl Checked<'_> {
    pub(super) fn inputs(&self) -> opi::rules::Inputs<'_> {
        let (current, register, prior) = (&self.current, &self.register, &self.prior);
        opi::rules::Inputs { current: inputs(current), register: inputs(register), prior: inputs(prior) }
    }
}

/// Reads a policy.
pub(super) fn policy(path: &Path) -> Result<Policy, Failure> {
    Policy::from_toml(&files::text(path)?).map_err(|error| Failure::of_file(path, error))
}

/// That no file is read in two roles, in which it would be compared with itself.
fn in_one_role(roles: [(&str, &Vec<DiskUpload>); 3]) -> Result<(), Failure> {
    let mut seen = BTreeMap::new();
    for (role, uploads) in roles {
        for upload in uploads {
            let Ok(real) = upload.path().canonicalize() else { continue };
            if let Some(other) = seen.insert(real, role).filter(|other| *other != role) {
                let problem = format!("is given as {other} and as {role}: it can be one of them");
                return Err(Failure::of_file(upload.path(), problem));
            }
        }
    }
    Ok(())
}

/// The school years that name folders above the files.
fn years_of_folders(uploads: &[DiskUpload]) -> BTreeSet<&str> {
    let is_year = |name: &&str| {
        name.len() == 4 && name.starts_with("20") && name.bytes().all(|byte| byte.is_ascii_digit())
    };
    uploads.iter().filter_map(|upload| upload.name().rsplit(['/', '\\']).skip(1).find(is_year)).collect()
}

fn disk(paths: &[PathBuf]) -> Result<Vec<DiskUpload>, Failure> {
    Ok(files::uploads(paths)?.into_iter().map(DiskUpload::new).collect())
}

/// A file that the rules cannot read: what it would be in the run, and why.
pub(super) struct LeftOut {
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) why: String,
}

/// The uploads of a role that the rules can read; those that they cannot are left out.
fn checked<'a>(
    uploads: &'a [DiskUpload],
    dictionary: &'a Dictionary,
    layout: impl Fn(&'a DiskUpload) -> Option<&'a str>,
    (role, left_out): (&'static str, &mut Vec<LeftOut>),
) -> Result<Vec<CheckedUpload<'a>>, Failure> {
    let mut found = Vec::new();
    for upload in uploads {
        match opened(upload, dictionary, layout(upload))? {
            Ok(input) => found.push(input.uploaded_by(district_of_folder(upload.name()))),
            Err(why) => left_out.push(LeftOut { name: upload.name().to_owned(), role, why }),
        }
    }
    Ok(found)
}

/// An upload that the rules can read, or why it is left out. What goes wrong names the file.
fn opened<'a>(
    upload: &'a DiskUpload,
    dictionary: &'a Dictionary,
    layout: Option<&str>,
) -> Result<Result<CheckedUpload<'a>, String>, Failure> {
    CheckedUpload::or_why_not(upload, dictionary, layout).map_err(|error| match error {
        opi::aim::AimError::Io { line: 0, source } => Failure::of_file(upload.path(), source),
        opi::aim::AimError::Io { .. } => Failure::of_file(upload.path(), error),
        other => other.into(),
    })
}

/// The layout of a table of the state, `<layout>.tsv`, which has neither header nor record type: its name says it.
fn table_of_the_state<'a>(upload: &'a DiskUpload, dictionary: &Dictionary) -> Option<&'a str> {
    let stem = Path::new(upload.name()).file_stem().and_then(|stem| stem.to_str());
    let plain = |key: &&str| {
        let layout = dictionary.layout(key);
        layout.is_ok_and(|layout| layout.header == HeaderRule::None && layout.record_type.is_empty())
    };
    stem.filter(plain)
}

/// What the state has stored: files of rows, and facts, which are told by their header.
fn stored(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, RegisterFacts), Failure> {
    let (mut rows, mut facts) = (Vec::new(), RegisterFacts::default());
    for path in paths {
        let mut first = String::new();
        if path.is_file() && files::open(path)?.take(200).read_to_string(&mut first).is_ok() {
            let first = first.trim_start_matches('\u{feff}');
            // A name of a column in other letters is told when the table is read.
            if first.to_ascii_lowercase().starts_with("state_id,fact,") {
                facts.read_csv(&files::text(path)?).map_err(|error| Failure::of_file(path, error))?;
                continue;
            }
        }
        rows.push(path.clone());
    }
    Ok((rows, facts))
}

/// The latest day in a header of the files.
fn latest_header(
    uploads: &[DiskUpload],
    dictionary: &Dictionary,
    layout: Option<&str>,
) -> Result<NaiveDate, Failure> {
    let mut latest = None;
    for upload in uploads {
        if let Ok(input) = opened(upload, dictionary, layout)? {
            let input = input.without_hash();
            let mut rows = input.open().map_err(failed)?;
            rows.next_row().map_err(failed)?;
            latest = latest.max(rows.header_date());
        }
    }
    let day = latest.ok_or_else(|| {
        Failure::new("no file has a day in its header: give the day that stands for today with --as-of")
    })?;
    output::note(format_args!("as of {day}, the latest day in a header; --as-of names another"));
    Ok(day)
}

fn inputs<'a>(uploads: &'a [CheckedUpload<'a>]) -> Vec<&'a dyn Input> {
    uploads.iter().map(|upload| upload as &dyn Input).collect()
}

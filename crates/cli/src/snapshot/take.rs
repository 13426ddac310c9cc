//! `opi snapshot take`: uploads into a register, and a snapshot out of it.

use super::print_stored;
use crate::Failure;
use crate::arguments::day;
use crate::dictionary::DictionaryArgs;
use crate::files::{self, DiskUpload};
use crate::output::{self, Format, counted, grouped};
use chrono::NaiveDate;
use clap::Args;
use opi::aim::ReadOptions;
use opi::dictionary::{Dictionary, SchoolYear};
use opi::snapshot::{
    Certification, ContentHash, Manifest, NotApplied, Register, SnapshotInfo, TimeGiven, read_certifications,
};
use opi::store::{SnapshotName, Store};
use opi::{NotTaken, Received, Registered, district_of_folder, not_taken, register_more, take_snapshot};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
#[command(
    after_help = "Files come in at the date and time of their header, unless --received says otherwise, and only\n\
    what had come in by the end of --as-of is in the snapshot. A folder named by a district number says who sent the\n\
    files in it. A snapshot holds personal data: keep the store where such data may be.\n\n\
    With --register the store keeps the register itself: every change of every row with file, line and time. The next\n\
    run gives only the files that are new, and a run without files takes what was known on another day.\n\n\
    Exit codes: 0 written, 1 written and some rows were not taken in, 2 could not run. JSON: opi schema snapshot-written.\n\n\
    Example:\n  \
    opi snapshot take state/uploads/2026 --store store --year 2025-26 \\\n    \
    --collection 'Fall count (ANB)' --as-of 2025-10-22 --by nightly --at 2025-10-23T02:00:00\n  \
    opi snapshot take today --register --received 2025-10-24T02:00:00 --store store --year 2025-26 \\\n    \
    --collection 'Fall count (ANB)' --as-of 2025-10-24 --by nightly --at 2025-10-24T02:00:00"
)]
pub(crate) struct TakeArgs {
    /// Files and folders of uploads; with --register, those that came in since.
    #[arg(required_unless_present = "register", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The folder of the store; it is made where it is missing.
    #[arg(long, value_name = "FOLDER")]
    store: PathBuf,
    /// The school year.
    #[arg(long, value_name = "YEAR")]
    year: SchoolYear,
    /// The collection, as `opi explain` names it.
    #[arg(long, value_name = "NAME")]
    collection: String,
    /// The day as of whose end the data stand.
    #[arg(long, value_name = "DATE", value_parser = day)]
    as_of: NaiveDate,
    /// Who takes it.
    #[arg(long, value_name = "WHO")]
    by: String,
    /// When it is taken, as the manifest will say.
    #[arg(long, value_name = "TIME")]
    at: TimeGiven,
    /// When files without a header came in; by default at the start of the day of --as-of. With --register, when all
    /// of them came in.
    #[arg(long, value_name = "TIME")]
    received: Option<TimeGiven>,
    /// Go on with the register of the year that the store keeps, and keep it with what these files change.
    #[arg(long)]
    register: bool,
    /// The name that will stand for it; by default made of year and collection.
    #[arg(long, value_name = "NAME")]
    name: Option<SnapshotName>,
    /// The version of the set of rules that judged the data.
    #[arg(long, value_name = "VERSION", default_value = "")]
    rule_set: String,
    /// The steps of certification so far.
    #[arg(long, value_name = "CSV")]
    certifications: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Print no progress.
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    dictionary: DictionaryArgs,
}

/// A snapshot that was written, and what is not in it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Written {
    /// Its id.
    id: ContentHash,
    /// The name that stands for it.
    name: String,
    /// What it consists of.
    manifest: Manifest,
    /// Rows that were not taken in.
    not_taken_in: Vec<NotTakenIn>,
    /// Those of them that were read, each with its place.
    places: Vec<NotTaken>,
}

/// Rows that were not taken in, for one reason.
#[derive(Serialize, JsonSchema)]
pub(crate) struct NotTakenIn {
    /// Why not.
    why: String,
    /// How many.
    rows: u64,
}

pub(crate) fn run(arguments: TakeArgs) -> Result<ExitCode, Failure> {
    let dictionary = arguments.dictionary.load()?;
    let info = info(&arguments, &dictionary)?;
    let received = received(&arguments)?;
    let register_name = SnapshotName::of_collection(arguments.year, Register::COLLECTION);
    let name = arguments
        .name
        .clone()
        .unwrap_or_else(|| SnapshotName::of_collection(arguments.year, &arguments.collection));
    let name_was = standing(&arguments.store, &name)?;
    let (register, register_was) = match arguments.register {
        true => kept_register(&arguments.store, &register_name)?,
        false => (Register::new(), None),
    };
    let otherwise = arguments.received.unwrap_or_else(|| TimeGiven::start_of(arguments.as_of));
    let bar = output::progress(received.len() as u64, "registering", arguments.quiet);
    let options = ReadOptions::new();
    let registered = register_more(register, &received, arguments.year, otherwise, &dictionary, &options)?;
    bar.finish_and_clear();
    let snapshot = take_snapshot(&registered.register, info.clone(), &dictionary)?;
    let store = Store::local(&arguments.store)?;
    if arguments.register && !received.is_empty() {
        // The register first: a snapshot never knows more than the register that is kept beside it.
        store.write_after(&register_name, &registered.register.to_snapshot(info)?, register_was)?;
    }
    store.write_after(&name, &snapshot, name_was)?;
    let stored = store.open(name.as_str())?;
    let left = not_applied(&registered);
    let places = not_taken(&registered.imports);
    match arguments.format {
        Format::Json => output::json(&Written {
            id: stored.id(),
            name: name.to_string(),
            manifest: stored.manifest().clone(),
            not_taken_in: left
                .iter()
                .map(|(why, rows)| NotTakenIn { why: why.clone(), rows: *rows })
                .collect(),
            places,
        })?,
        Format::Human => {
            print_stored(&stored, Some(&name))?;
            print_not_applied(&left, &places)?;
        }
    }
    Ok(ExitCode::from(u8::from(!left.is_empty())))
}

fn info(arguments: &TakeArgs, dictionary: &Dictionary) -> Result<SnapshotInfo, Failure> {
    let known = dictionary.collections().iter().any(|known| known.collection == arguments.collection);
    if !known {
        let mut names: Vec<&str> = dictionary.collections().iter().map(|c| c.collection.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        return Err(Failure::new(format!(
            "no collection {:?}; known are {}",
            arguments.collection,
            names.join(", ")
        )));
    }
    let certifications = match &arguments.certifications {
        None => Vec::new(),
        Some(path) => {
            read_certifications(&files::text(path)?).map_err(|error| Failure::of_file(path, error))?
        }
    };
    let belongs =
        |c: &&Certification| c.school_year() == arguments.year && c.collection() == arguments.collection;
    Ok(SnapshotInfo {
        school_year: arguments.year,
        collection: arguments.collection.clone(),
        as_of: arguments.as_of,
        taken_by: arguments.by.clone(),
        taken_at: arguments.at,
        rule_set: arguments.rule_set.clone(),
        sources: Vec::new(),
        certifications: certifications.iter().filter(belongs).map(|c| c.entry()).collect(),
    })
}

fn received(arguments: &TakeArgs) -> Result<Vec<Received>, Failure> {
    let paths = files::uploads(&arguments.paths)?;
    if paths.is_empty() && !arguments.paths.is_empty() {
        return Err(Failure::new("no .tsv, .txt or .xml file under the paths given"));
    }
    // Files of one night may be older than those of the night before: what counts is when they came in.
    let at = arguments.received.filter(|_| arguments.register);
    let files = paths.into_iter().map(|path| {
        let district = district_of_folder(&path.to_string_lossy());
        Received::new(Box::new(DiskUpload::below(&arguments.paths, path))).from_district(district).at(at)
    });
    Ok(files.collect())
}

/// The register that a store keeps of a year, and its id; an empty one where it keeps none yet.
fn kept_register(store: &Path, name: &SnapshotName) -> Result<(Register, Option<ContentHash>), Failure> {
    let Some(id) = standing(store, name)? else { return Ok((Register::new(), None)) };
    let stored = Store::existing(store)?;
    let register = Register::from_snapshot(&stored.open(&id.to_string())?.read()?)?;
    Ok((register, Some(id)))
}

/// What a name of a store stands for; none where the store or the name is yet to be made.
fn standing(store: &Path, name: &SnapshotName) -> Result<Option<ContentHash>, Failure> {
    if !store.exists() {
        return Ok(None);
    }
    Ok(Store::existing(store)?.standing(name)?)
}

/// The rows that were not taken in, by reason.
fn not_applied(registered: &Registered) -> Vec<(String, u64)> {
    let mut totals: BTreeMap<NotApplied, u64> = BTreeMap::new();
    for (why, count) in registered.imports.iter().flat_map(|(_, import)| &import.not_applied) {
        *totals.entry(*why).or_default() += count;
    }
    let mut left: Vec<(String, u64)> =
        totals.into_iter().filter(|(_, rows)| *rows > 0).map(|(why, rows)| (why.to_string(), rows)).collect();
    let not_read: u64 = registered.reading.families.values().map(|family| family.rows_not_read).sum();
    if not_read > 0 {
        left.push(("that could not be read: see opi read".to_owned(), not_read));
    }
    left
}

/// How many rows that were not taken in are shown with their place.
const SHOWN: usize = 20;

fn print_not_applied(left: &[(String, u64)], places: &[NotTaken]) -> Result<(), Failure> {
    let mut out = output::stdout();
    for (why, rows) in left {
        writeln!(out, "not taken in: {}, {why}", counted(*rows, "row", "rows"))?;
    }
    for row in places.iter().take(SHOWN) {
        match row.line {
            Some(line) => writeln!(out, "  {}:{line}: {}", row.file, row.why)?,
            None => writeln!(out, "  {}: {}", row.file, row.why)?,
        }
    }
    if places.len() > SHOWN {
        writeln!(out, "  ... and {} more", grouped((places.len() - SHOWN) as u64))?;
    }
    Ok(())
}

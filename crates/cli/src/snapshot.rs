//! `opi snapshot`: take snapshots of uploads, and list, show, compare, verify and export them.

mod changes;
mod diff;
mod take;

pub(crate) use changes::Changes;
pub(crate) use diff::Compared;
pub(crate) use take::Written;

use crate::output::{self, Format, ShowValues, Style, grouped};
use crate::{Failure, files};
use clap::{Args, Subcommand};
use opi::snapshot::{ContentHash, Manifest, SnapshotInfo};
use opi::store::{Listing, SnapshotName, Store, StoreError, StoredSnapshot, Verification, write_csv};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Work with snapshots: read-only views of the data at one moment.
#[derive(Subcommand)]
#[command(after_help = "Example:\n  opi snapshot list store")]
pub(crate) enum SnapshotCommand {
    /// Take uploads into a register and write a snapshot of a collection.
    Take(take::TakeArgs),
    /// List the changes of a register that a store keeps: which file changed what, and when.
    Changes(changes::ChangesArgs),
    /// List the snapshots of a store.
    List(ListArgs),
    /// Show what a snapshot consists of.
    Show(ShowArgs),
    /// Compare two snapshots: rows, students and figures, by district.
    Diff(diff::DiffArgs),
    /// Read a snapshot whole and say what is damaged.
    Verify(VerifyArgs),
    /// Write the tables of a snapshot as CSV.
    Export(ExportArgs),
}

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 listed, 1 a manifest is damaged, 2 could not run. JSON: opi schema snapshot-list, a list.\n\n\
    Examples:\n  \
    opi snapshot list store\n  \
    opi snapshot list store --format json"
)]
pub(crate) struct ListArgs {
    /// The folder of the store.
    store: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Args)]
#[command(after_help = "Exit codes: 0 shown, 2 could not run. JSON: opi schema snapshot.\n\n\
    Example:\n  opi snapshot show store 2025-26-fall-count-anb")]
pub(crate) struct ShowArgs {
    /// The folder of the store.
    store: PathBuf,
    /// The snapshot: a name, an id, or the first digits of an id.
    snapshot: String,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

// Which rows that differ are printed, and how. No doc comment: it would stand for the command's own.
#[derive(Args)]
pub(crate) struct ShownRows {
    /// How many rows that differ to print of each table: where they come from and which columns differ.
    #[arg(long, value_name = "N", default_value_t = 0)]
    rows: usize,
    #[command(flatten)]
    values: ShowValues,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 whole, 1 damaged, 2 could not run. JSON: opi schema snapshot-verified, a list.\n\n\
    Example:\n  opi snapshot verify store 2025-26-fall-count-anb"
)]
pub(crate) struct VerifyArgs {
    /// The folder of the store.
    store: PathBuf,
    /// The snapshot; by default every one of the store.
    snapshot: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// A snapshot that was read whole.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Verified {
    /// The name or id by which it was found.
    snapshot: String,
    /// Whether nothing is wrong with it.
    whole: bool,
    /// Files read.
    files: u64,
    /// Bytes read.
    bytes: u64,
    /// Rows read.
    rows: u64,
    /// What is wrong, with the table where it is in one.
    problems: Vec<String>,
}

/// A table that was written.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Exported {
    /// The table.
    table: String,
    /// Its rows.
    rows: u64,
    /// The file.
    file: String,
}

/// A snapshot of a store.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Listed {
    /// Its id.
    id: ContentHash,
    /// The names that stand for it.
    names: Vec<String>,
    /// What it was taken of, where its manifest can be read.
    info: Option<SnapshotInfo>,
    /// The hash of its rows.
    content: Option<ContentHash>,
    /// How many rows it has.
    rows: Option<u64>,
    /// Why its manifest cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Args)]
#[command(
    after_help = "The Parquet files of the store can be read as they are; this is for programs that want CSV.\n\
    The files hold personal data.\n\n\
    Exit codes: 0 written, 2 could not run. JSON: opi schema snapshot-exported, a list.\n\n\
    Example:\n  opi snapshot export store 2025-26-fall-count-anb --out csv"
)]
pub(crate) struct ExportArgs {
    /// The folder of the store.
    store: PathBuf,
    /// The snapshot.
    snapshot: String,
    /// The folder for the files.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Only this table; may be repeated.
    #[arg(long = "table", value_name = "TABLE")]
    tables: Vec<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(crate) fn run(command: SnapshotCommand) -> Result<ExitCode, Failure> {
    match command {
        SnapshotCommand::Take(arguments) => take::run(arguments),
        SnapshotCommand::Changes(arguments) => changes::run(&arguments),
        SnapshotCommand::List(arguments) => list(&arguments),
        SnapshotCommand::Show(arguments) => show(&arguments),
        SnapshotCommand::Diff(arguments) => diff::run(&arguments),
        SnapshotCommand::Verify(arguments) => verify(&arguments),
        SnapshotCommand::Export(arguments) => export(&arguments),
    }
}

fn list(arguments: &ListArgs) -> Result<ExitCode, Failure> {
    let store = Store::existing(&arguments.store)?;
    let listings = store.list()?;
    let damaged = listings.iter().any(|listing| listing.manifest.is_err());
    if arguments.format == Format::Json {
        output::json(&listings.iter().map(listed).collect::<Vec<_>>())?;
    } else {
        let mut out = output::stdout();
        writeln!(
            out,
            "{:<12}  {:<8} {:<10}  {:>12}  {:<30} names",
            "id", "year", "as of", "rows", "collection"
        )?;
        for listing in &listings {
            let names: Vec<&str> = listing.names.iter().map(SnapshotName::as_str).collect();
            let (id, names) = (listing.id.short(), names.join(", "));
            match &listing.manifest {
                Ok(manifest) => {
                    let (info, rows) = (&manifest.info, grouped(row_count(manifest)));
                    let (year, collection) = (info.school_year.to_string(), &info.collection);
                    writeln!(
                        out,
                        "{id}  {year:<8} {:<10}  {rows:>12}  {collection:<30} {names}",
                        info.as_of.to_string()
                    )?;
                }
                Err(error) => writeln!(out, "{id}  {error}")?,
            }
        }
    }
    Ok(ExitCode::from(u8::from(damaged)))
}

fn listed(listing: &Listing) -> Listed {
    let manifest = listing.manifest.as_ref();
    Listed {
        id: listing.id,
        names: listing.names.iter().map(ToString::to_string).collect(),
        info: manifest.ok().map(|manifest| manifest.info.clone()),
        content: manifest.ok().map(|manifest| manifest.content),
        rows: manifest.ok().map(row_count),
        error: manifest.err().map(ToString::to_string),
    }
}

fn row_count(manifest: &Manifest) -> u64 {
    manifest.tables.iter().map(|table| table.rows).sum()
}

fn show(arguments: &ShowArgs) -> Result<ExitCode, Failure> {
    let store = Store::existing(&arguments.store)?;
    let stored = store.open(&arguments.snapshot)?;
    match arguments.format {
        Format::Json => output::json(stored.manifest())?,
        Format::Human => print_stored(&stored, None)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print_stored(stored: &StoredSnapshot<'_>, name: Option<&SnapshotName>) -> Result<(), Failure> {
    let manifest = stored.manifest();
    let (info, style) = (&manifest.info, Style::of_stdout());
    let mut out = output::stdout();
    let title = format!("{} {} as of {}", info.school_year, info.collection, info.as_of);
    writeln!(out, "{}", style.bold(&title))?;
    writeln!(out, "id       {}", stored.id())?;
    if let Some(name) = name {
        writeln!(out, "name     {name}")?;
    }
    writeln!(out, "content  {}", manifest.content)?;
    writeln!(
        out,
        "taken    by {} at {}, from {} files",
        info.taken_by,
        info.taken_at,
        grouped(info.sources.len() as u64)
    )?;
    let certified = info.certifications.iter().filter(|entry| entry.state.is_certified()).count();
    writeln!(out, "certified by {certified} of {} districts", info.certifications.len())?;
    for table in &manifest.tables {
        let bytes: u64 = table.parts.iter().map(|part| part.bytes).sum();
        writeln!(out, "{:>12} rows  {:>14} bytes  {}", grouped(table.rows), grouped(bytes), table.table)?;
    }
    Ok(())
}

fn verify(arguments: &VerifyArgs) -> Result<ExitCode, Failure> {
    let store = Store::existing(&arguments.store)?;
    let references: Vec<String> = match &arguments.snapshot {
        Some(snapshot) => vec![snapshot.clone()],
        None => {
            let ids = store.list()?.into_iter().map(|listing| listing.id.to_string());
            ids.chain(store.names()?.iter().map(ToString::to_string)).collect()
        }
    };
    let mut verified = Vec::with_capacity(references.len());
    for reference in references {
        verified.push(verified_one(&store, reference)?);
    }
    if arguments.format == Format::Json {
        output::json(&verified)?;
    } else {
        let mut out = output::stdout();
        for Verified { snapshot, whole, files, bytes, rows, problems } in &verified {
            let [files, bytes, rows] = [*files, *bytes, *rows].map(grouped);
            if *whole {
                writeln!(out, "{snapshot}: whole, {files} files, {bytes} bytes, {rows} rows")?;
            }
            for problem in problems {
                writeln!(out, "{snapshot}: {problem}")?;
            }
        }
    }
    Ok(ExitCode::from(u8::from(verified.iter().any(|one| !one.whole))))
}

fn verified_one(store: &Store, snapshot: String) -> Result<Verified, Failure> {
    let (found, unread) = match store.verify(&snapshot) {
        Ok(found) => (found, None),
        Err(error @ StoreError::NotFound { .. }) => return Err(error.into()),
        Err(error) => (Verification::default(), Some(error.to_string())),
    };
    let problems = found.problems.iter().map(|problem| format!("{}: {}", problem.table, problem.error));
    let problems: Vec<String> = problems.chain(unread).collect();
    let (files, bytes, rows) = (found.files, found.bytes, found.rows);
    Ok(Verified { snapshot, whole: problems.is_empty(), files, bytes, rows, problems })
}

fn export(arguments: &ExportArgs) -> Result<ExitCode, Failure> {
    let store = Store::existing(&arguments.store)?;
    let stored = store.open(&arguments.snapshot)?;
    let names: Vec<String> = match arguments.tables.as_slice() {
        [] => stored.manifest().tables.iter().map(|entry| entry.table.clone()).collect(),
        some => some.to_vec(),
    };
    files::make_folder(&arguments.out)?;
    let mut exported = Vec::with_capacity(names.len());
    for name in names {
        let table = stored.table(&name)?;
        let path = arguments.out.join(format!("{}.csv", table.name()));
        write_csv(&table, files::create(&path)?)?;
        let (rows, file) = (table.len() as u64, path.display().to_string());
        exported.push(Exported { table: table.name().to_owned(), rows, file });
    }
    if arguments.format == Format::Json {
        output::json(&exported)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = output::stdout();
    for Exported { rows, file, .. } in &exported {
        writeln!(out, "{:>12} rows  {file}", grouped(*rows))?;
    }
    Ok(ExitCode::SUCCESS)
}

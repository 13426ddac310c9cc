//! `opi snapshot`: take snapshots of uploads, and list, show, compare, verify and export them.

mod changes;
mod diff;
mod take;

use crate::Failure;
use crate::output::{self, Format, Style, grouped};
use clap::{Args, Subcommand};
use opi::snapshot::Manifest;
use opi::store::{SnapshotName, Store, StoredSnapshot, write_csv};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Work with snapshots: read-only views of the data at one moment.
#[derive(Subcommand)]
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
#[command(after_help = "Example:\n  opi snapshot list store")]
pub(crate) struct ListArgs {
    /// The folder of the store.
    store: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Args)]
#[command(after_help = "Example:\n  opi snapshot show store 2025-26-fall-count-anb")]
pub(crate) struct ShowArgs {
    /// The folder of the store.
    store: PathBuf,
    /// The snapshot: a name, an id, or the first digits of an id.
    snapshot: String,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Args)]
#[command(after_help = "Exit codes: 0 whole, 1 damaged, 2 could not run.\n\n\
    Example:\n  opi snapshot verify store 2025-26-fall-count-anb")]
pub(crate) struct VerifyArgs {
    /// The folder of the store.
    store: PathBuf,
    /// The snapshot; by default every one of the store.
    snapshot: Option<String>,
}

#[derive(Args)]
#[command(
    after_help = "The Parquet files of the store can be read as they are; this is for programs that want CSV.\n\
    The files hold personal data.\n\n\
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
        let values = listings.iter().map(|listing| {
            let names: Vec<&str> = listing.names.iter().map(SnapshotName::as_str).collect();
            match &listing.manifest {
                Ok(manifest) => serde_json::json!({ "id": listing.id, "names": names, "info": manifest.info,
                    "content": manifest.content, "rows": row_count(manifest) }),
                Err(error) => {
                    serde_json::json!({ "id": listing.id, "names": names, "error": error.to_string() })
                }
            }
        });
        output::json(&values.collect::<Vec<_>>())?;
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
    let (mut out, mut damaged) = (output::stdout(), false);
    for reference in references {
        match store.verify(&reference) {
            Ok(found) if found.problems.is_empty() => {
                let [files, bytes, rows] = [found.files, found.bytes, found.rows].map(grouped);
                writeln!(out, "{reference}: whole, {files} files, {bytes} bytes, {rows} rows")?;
            }
            Ok(found) => {
                damaged = true;
                for problem in &found.problems {
                    writeln!(out, "{reference}: {}: {}", problem.table, problem.error)?;
                }
            }
            Err(error @ opi::store::StoreError::NotFound { .. }) => return Err(error.into()),
            Err(error) => {
                damaged = true;
                writeln!(out, "{reference}: {error}")?;
            }
        }
    }
    Ok(ExitCode::from(u8::from(damaged)))
}

fn export(arguments: &ExportArgs) -> Result<ExitCode, Failure> {
    let store = Store::existing(&arguments.store)?;
    let stored = store.open(&arguments.snapshot)?;
    let names: Vec<String> = match arguments.tables.as_slice() {
        [] => stored.manifest().tables.iter().map(|entry| entry.table.clone()).collect(),
        some => some.to_vec(),
    };
    std::fs::create_dir_all(&arguments.out).map_err(|error| Failure::of_file(&arguments.out, error))?;
    let mut out = output::stdout();
    for name in names {
        let table = stored.table(&name)?;
        let path = arguments.out.join(format!("{}.csv", table.name()));
        let file = std::fs::File::create(&path).map_err(|error| Failure::of_file(&path, error))?;
        write_csv(&table, std::io::BufWriter::new(file))?;
        writeln!(out, "{:>12} rows  {}", grouped(table.len() as u64), path.display())?;
    }
    Ok(ExitCode::SUCCESS)
}

//! `opi snapshot changes`: what changed in a register that a store keeps.

use super::ShownRows;
use crate::Failure;
use crate::output::{self, Format, grouped};
use clap::Args;
use opi::dictionary::{DistrictNumber, SchoolYear};
use opi::report::visible;
use opi::snapshot::{Register, RowChange, RowChangeKind, TimeGiven};
use opi::store::{SnapshotName, Store};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
#[command(
    after_help = "The register is the one that `opi snapshot take --register` keeps. JSON: opi schema snapshot-changes.\n\n\
    Examples:\n  \
    opi snapshot changes store --year 2025-26 --since 2025-10-15T00:00:00\n  \
    opi snapshot changes store --year 2025-26 --table fall-enrollment-count \\\n    \
    --district 0001 --rows 20"
)]
pub(crate) struct ChangesArgs {
    /// The folder of the store.
    store: PathBuf,
    /// The school year.
    #[arg(long, value_name = "YEAR")]
    year: SchoolYear,
    /// Only this table.
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
    /// Only rows of this district.
    #[arg(long, value_name = "NUMBER")]
    district: Option<DistrictNumber>,
    /// Only what changed at this time or later.
    #[arg(long, value_name = "TIME")]
    since: Option<TimeGiven>,
    #[command(flatten)]
    shown: ShownRows,
}

/// What changed in a register.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Changes {
    /// By time, file and table.
    files: Vec<FileChanged>,
    /// The changes themselves, as many as were asked for.
    rows: Vec<RowChange>,
}

/// What a file changed in a table.
#[derive(Serialize, JsonSchema)]
struct FileChanged {
    /// When it came in.
    at: TimeGiven,
    /// The file.
    file: String,
    /// The table.
    table: String,
    /// How many rows.
    changed: Changed,
}

/// What one file changed in one table.
#[derive(Default, Serialize, JsonSchema)]
struct Changed {
    /// Rows that were not there.
    inserted: u64,
    /// Rows that were there with other values.
    updated: u64,
    /// Rows that are no longer there.
    deleted: u64,
}

/// Time, file and table.
type Place = (TimeGiven, String, String);

pub(crate) fn run(arguments: &ChangesArgs) -> Result<ExitCode, Failure> {
    let store = Store::existing(&arguments.store)?;
    let name = SnapshotName::of_collection(arguments.year, Register::COLLECTION);
    let register = Register::from_snapshot(&store.open(name.as_str())?.read()?)?;
    let tables: Vec<&str> = match &arguments.table {
        Some(table) if register.tables().any(|known| known == table) => vec![table],
        Some(table) => {
            let known: Vec<&str> = register.tables().collect();
            return Err(Failure::new(format!("no table {table:?}; the register has {}", known.join(", "))));
        }
        None => register.tables().collect(),
    };
    let mut totals: BTreeMap<Place, Changed> = BTreeMap::new();
    let mut shown: Vec<RowChange> = Vec::new();
    for table in tables {
        let wanted = |change: &RowChange| {
            arguments.since.is_none_or(|since| change.at >= since)
                && arguments.district.is_none_or(|district| change.district == Some(district))
        };
        let mut left = arguments.shown.rows;
        for change in register.changes(table).filter(wanted) {
            let place = (change.at, change.file.clone(), change.table.clone());
            let total = totals.entry(place).or_default();
            match change.kind {
                RowChangeKind::Inserted => total.inserted += 1,
                RowChangeKind::Updated => total.updated += 1,
                RowChangeKind::Deleted => total.deleted += 1,
            }
            if left > 0 {
                left -= 1;
                shown.push(change);
            }
        }
    }
    if arguments.shown.format == Format::Json {
        let files =
            totals.into_iter().map(|((at, file, table), changed)| FileChanged { at, file, table, changed });
        let changes = Changes { files: files.collect(), rows: shown };
        output::json(&arguments.shown.values.json(&changes, &["key"])?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = output::stdout();
    writeln!(
        out,
        "{:<19} {:>10} {:>10} {:>10}  {:<24} file",
        "at", "inserted", "updated", "deleted", "table"
    )?;
    for ((at, file, table), changed) in &totals {
        let [inserted, updated, deleted] = [changed.inserted, changed.updated, changed.deleted].map(grouped);
        writeln!(out, "{at} {inserted:>10} {updated:>10} {deleted:>10}  {table:<24} {}", visible(file))?;
    }
    for change in &shown {
        let (kind, table) = (change.kind.as_str(), &change.table);
        writeln!(out, "{kind} {table} {}", arguments.shown.values.of(change.key.reveal()))?;
        writeln!(out, "  --> {}:{} at {}", visible(&change.file), change.line, change.at)?;
        if !change.columns.is_empty() {
            writeln!(out, "  changed: {}", change.columns.join(", "))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

//! `opi snapshot diff`: what differs between two snapshots.

use super::ShownRows;
use crate::Failure;
use crate::output::{self, Format, Stream, grouped};
use clap::Args;
use opi::report::visible;
use opi::snapshot::{Difference, FigureChange, RowDifference, RowPlace, Snapshot, Tally, changed_figures};
use opi::store::Store;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{StdoutLock, Write};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 the same data, 1 they differ, 2 could not run. JSON: opi schema snapshot-diff.\n\n\
    Example:\n  opi snapshot diff store before 2025-26-fall-count-anb"
)]
pub(crate) struct DiffArgs {
    /// The folder of the store.
    store: PathBuf,
    /// The older snapshot.
    older: String,
    /// The newer snapshot.
    newer: String,
    #[command(flatten)]
    shown: ShownRows,
}

/// Two snapshots compared. Keys and values of rows are there only where they were asked for.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Compared {
    /// Rows, students and districts.
    difference: Difference,
    /// Figures that change.
    figures: Vec<FigureChange>,
}

pub(crate) fn run(arguments: &DiffArgs) -> Result<ExitCode, Failure> {
    let store = Store::existing(&arguments.store)?;
    let older = store.open(&arguments.older)?.read()?;
    let newer = store.open(&arguments.newer)?.read()?;
    let difference = Difference::between(&older, &newer, arguments.shown.rows)?;
    let figures = changed_figures(&older, &newer);
    let differs = ExitCode::from(u8::from(!difference.is_same()));
    if arguments.shown.format == Format::Json {
        let compared = Compared { difference, figures };
        output::json(&arguments.shown.values.json(&compared, &["key", "values"])?)?;
        return Ok(differs);
    }
    let mut out = output::stdout();
    if difference.is_same() {
        writeln!(out, "the same rows: content {}", newer.content())?;
        return Ok(differs);
    }
    print_totals(&mut out, &difference)?;
    let shown = |text: &str| visible(arguments.shown.values.of(text)).into_owned();
    for table in &difference.tables {
        for (column, count) in &table.columns {
            writeln!(out, "{} rows of {} differ in {column}", grouped(*count), table.table)?;
        }
        for row in &table.rows {
            writeln!(out, "{} {} {}", table.table, row.change.as_str(), shown(row.key.reveal()))?;
            print_row(&mut out, row, [&older, &newer], &shown)?;
        }
    }
    writeln!(out, "{} figures change; --format json lists them", grouped(figures.len() as u64))?;
    Ok(differs)
}

fn print_totals(out: &mut Stream<StdoutLock<'_>>, difference: &Difference) -> std::io::Result<()> {
    writeln!(out, "{:<28} {:>10} {:>10} {:>10} {:>12}", "", "added", "removed", "changed", "unchanged")?;
    let mut line = |what: &str, tally: &Tally| {
        let [added, removed, changed, unchanged] =
            [tally.added, tally.removed, tally.changed, tally.unchanged].map(grouped);
        writeln!(out, "{what:<28} {added:>10} {removed:>10} {changed:>10} {unchanged:>12}")
    };
    line("students", &difference.students)?;
    for table in &difference.tables {
        line(&table.table, &table.keys)?;
    }
    for (district, differs) in &difference.districts {
        line(&format!("district {district}: students"), &differs.students)?;
        for (table, tally) in &differs.tables {
            line(&format!("  {table}"), tally)?;
        }
    }
    Ok(())
}

fn print_row(
    out: &mut Stream<StdoutLock<'_>>,
    row: &RowDifference,
    [older, newer]: [&Snapshot; 2],
    shown: &dyn Fn(&str) -> String,
) -> std::io::Result<()> {
    let place = |snapshot: &Snapshot, place: RowPlace| {
        let source = snapshot.info().sources.get(place.source as usize);
        let file = source.map_or("a source that is not told", |source| source.file.as_str());
        format!("{}:{}", visible(file), place.line)
    };
    for (age, snapshot, at) in [("older", older, row.older), ("newer", newer, row.newer)] {
        if let Some(at) = at {
            writeln!(out, "  {age} --> {}", place(snapshot, at))?;
        }
    }
    for (column, old, new) in &row.values {
        writeln!(out, "  {column}: {} -> {}", shown(old.reveal()), shown(new.reveal()))?;
    }
    Ok(())
}

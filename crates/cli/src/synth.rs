//! `opi synth`: writes an invented state to a folder.

use crate::output::{self, Format};
use crate::{Failure, files};
use indicatif::ProgressStyle;
use opi::dictionary::{DistrictNumber, SchoolYear};
use opi_synth::{DefectRate, Plan, Sink, State, Summary, SynthError, WriteOptions};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Invent a state: districts, schools, calendars, and the AIM files of every district.
///
/// The same arguments give the same bytes on every platform. OUT gets `directory/*.csv`,
/// `uploads/<year>/<district>/<file>.tsv`, `state/<year>/<table>.tsv` and, where mistakes are planted,
/// `planted.jsonl`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 written, 2 could not run. JSON: opi schema synth-summary.\n\n\
    Examples:\n  \
    opi synth --students 147000 whole              the whole state, one year\n  \
    opi synth --students 2000 --years 3 small      a small one, three years of the same people\n  \
    opi synth --students 2000 --defects 2% spoilt  two rows in a hundred spoiled, listed in planted.jsonl")]
pub(crate) struct SynthArgs {
    /// How many different students each year has.
    #[arg(long, value_name = "N", default_value_t = 147_000)]
    students: u64,
    /// How many school years in a row.
    #[arg(long, value_name = "Y", default_value_t = 1)]
    years: u32,
    /// The last of the school years.
    #[arg(long, value_name = "YEAR", default_value = "2025-26")]
    last_year: SchoolYear,
    /// The number from which everything is drawn.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The share of rows that get a mistake: 0.02 or 2%.
    #[arg(long, value_name = "RATE", default_value = "0")]
    defects: DefectRate,
    /// Plant mistakes in the files of this district alone.
    #[arg(long, value_name = "NUMBER", requires = "defects")]
    defects_in: Option<DistrictNumber>,
    /// The folder to write to; it must be empty or not there yet.
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Print no progress.
    #[arg(long, short)]
    quiet: bool,
}

/// What was invented.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Invented {
    /// The folder.
    out: String,
    /// Students in each year.
    students: u64,
    /// School systems, each with its own files.
    districts: u64,
    /// Legal districts.
    legal_entities: u64,
    /// Schools.
    schools: u64,
    /// Rows by file family, over all years and districts.
    rows: BTreeMap<&'static str, u64>,
    /// Planted mistakes.
    planted: u64,
}

/// Runs the subcommand.
pub(crate) fn run(args: SynthArgs) -> Result<ExitCode, Failure> {
    let SynthArgs { students, years, last_year, seed, defects, defects_in, out, format, quiet } = args;
    let state = State::new(Plan { students, years, last_year, seed }).map_err(failed)?;
    let summary = write(&state, &WriteOptions { defects, only_in: defects_in }, &out, quiet)?;
    if format == Format::Json {
        output::json(&Invented {
            out: out.display().to_string(),
            students: summary.students,
            districts: summary.districts,
            legal_entities: summary.legal_entities,
            schools: summary.schools,
            rows: summary.rows,
            planted: summary.planted,
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut printed = output::stdout();
    writeln!(
        printed,
        "{}: {} students, {} school systems ({} legal districts), {} schools",
        out.display(),
        summary.students,
        summary.districts,
        summary.legal_entities,
        summary.schools
    )?;
    for (file, rows) in &summary.rows {
        writeln!(printed, "{rows:>12}  {file}")?;
    }
    if defects != DefectRate::NONE {
        writeln!(printed, "{:>12}  planted mistakes", summary.planted)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a state to a folder, with a progress bar where there is a terminal.
pub(crate) fn write(
    state: &State,
    options: &WriteOptions,
    out: &Path,
    quiet: bool,
) -> Result<Summary, Failure> {
    if out.exists() && !files::inside(out)?.is_empty() {
        return Err(Failure::new(format!(
            "{} is not empty: give an empty folder or a new name",
            out.display()
        )));
    }
    let bar = output::progress(0, "inventing", quiet);
    if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:40} {pos}/{len} districts, {msg} rows") {
        bar.set_style(style);
    }
    let mut sink = Folder { root: out.to_owned() };
    let summary = state.write(&mut sink, options, &mut |progress| {
        bar.set_length(progress.of_districts);
        bar.set_position(progress.districts);
        bar.set_prefix(progress.year.to_string());
        bar.set_message(progress.rows.to_string());
    });
    bar.finish_and_clear();
    summary.map_err(failed)
}

pub(crate) fn failed(error: SynthError) -> Failure {
    Failure::new(error.to_string())
}

/// A folder on disk.
struct Folder {
    root: PathBuf,
}

impl Sink for Folder {
    type Output = files::NewFile;

    fn open(&mut self, name: &str) -> std::io::Result<Self::Output> {
        files::create(&self.root.join(name)).map_err(|failure| std::io::Error::other(failure.to_string()))
    }
}

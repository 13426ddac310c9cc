//! `opi demo`: an invented state, written as districts would upload it, and its year read back.

use crate::output::{self, Format};
use crate::{Failure, synth, year};
use clap::Args;
use opi::dictionary::SchoolYear;
use opi_synth::{DefectRate, Plan, State, WriteOptions};
use std::path::PathBuf;
use std::process::ExitCode;

/// Invent the whole state and run its year.
#[derive(Args)]
#[command(
    after_help = "Everything is invented; mistakes are planted so that there is something to find.\n\n\
    Exit codes: 0 done (planted mistakes are no failure), 2 could not run. JSON: opi schema year-manifest.\n\n\
    Examples:\n  opi demo\n  opi demo --students 2000 --out little"
)]
pub(crate) struct DemoArgs {
    /// How many students.
    #[arg(long, value_name = "N", default_value_t = 147_000)]
    students: u64,
    /// The number from which everything is drawn.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The folder to write to; it must be empty or not there yet.
    #[arg(long, value_name = "OUT", default_value = "demo")]
    out: PathBuf,
    /// How to print: as `opi year` does.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Print no progress.
    #[arg(long, short)]
    quiet: bool,
}

pub(crate) fn run(arguments: DemoArgs) -> Result<ExitCode, Failure> {
    let DemoArgs { students, seed, out, format, quiet } = arguments;
    let state = out.join("state");
    // Two years, so that there is a change to tell; every fiftieth row of one district with a mistake.
    let plan = Plan { students, years: 2, last_year: SchoolYear::ending(2026)?, seed };
    let defects: DefectRate = "2%".parse().map_err(synth::failed)?;
    let invented = State::new(plan).map_err(synth::failed)?;
    let directory = invented.directory().map_err(synth::failed)?;
    let careless = directory.districts().map(|district| district.number).min();
    let summary = synth::write(&invented, &WriteOptions { defects, only_in: careless }, &state, quiet)?;
    let told = format!(
        "invented {} students in {} districts and {} schools; planted {} mistakes in district {}, listed in {}",
        output::grouped(summary.students),
        summary.districts,
        summary.schools,
        summary.planted,
        careless.map_or_else(|| "none".to_owned(), |number| number.to_string()),
        state.join("planted.jsonl").display()
    );
    match format {
        Format::Human => output::print(&(told + "\n"))?,
        Format::Json => output::note(told),
    }
    drop(invented);
    let failed = ExitCode::from(2);
    let code = year::run(year::YearArgs::of(state, out.join("year"), format, quiet))?;
    // The planted mistakes are no failure; a stage that could not run is one.
    Ok(if code == failed { failed } else { ExitCode::SUCCESS })
}

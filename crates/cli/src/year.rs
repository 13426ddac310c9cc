//! `opi year`: the year's inputs in; findings, certifications, a snapshot, and the figures that follow out.

mod inputs;
pub(crate) mod outputs;
mod printing;
mod reading;
mod stages;

use crate::Failure;
use crate::arguments::{day, masking_policy};
use crate::dictionary::DictionaryArgs;
use crate::output::{self, Format};
use chrono::NaiveDate;
use clap::Args;
use opi::dictionary::SchoolYear;
use opi::mask::Zeros;
use outputs::RunManifest;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) use inputs::{directory, masking};

/// Run a whole year: read, validate, certify, take the snapshot, and count what follows from it.
#[derive(Args)]
#[command(
    after_help = "DIR holds `directory/` (the tables of districts, schools and calendars) and `uploads/YEAR/`\n\
    (one folder a district); uploads of the year before are used where they are there, and the steps of\n\
    certification in `certifications.csv`, ANB of earlier years in `anb-history.csv`. OUT/restricted holds what may name students' rows or small counts,\n\
    OUT/public what may be shown; OUT/manifest.json names every file with its hash and the command that explains it.\n\n\
    Exit codes: 0 nothing that blocks, 1 findings that block or rows that are in no figure, 2 a stage could not run.\n\
    JSON: opi schema year-manifest.\n\n\
    Examples:\n  \
    opi year state --out out\n  \
    opi year state --year 2025-26 --as-of 2026-06-15 --out out --format json\n  \
    opi year state --policy ours.toml --out out --timings"
)]
pub(crate) struct YearArgs {
    /// The folder with the year's inputs.
    dir: PathBuf,
    /// The folder for the results.
    #[arg(long, value_name = "OUT")]
    out: PathBuf,
    /// The school year; by default the latest that has uploads.
    #[arg(long, value_name = "YEAR")]
    year: Option<SchoolYear>,
    /// The day that stands for today; what came in later is left aside. By default the last day of the school year.
    #[arg(long, value_name = "DATE", value_parser = day)]
    as_of: Option<NaiveDate>,
    /// A policy: rules switched off or of another severity, each with reason and expiry.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Lists that the state or a district holds, as TOML: withdrawal, transfer_between_districts, transfer_in_state,
    /// transfer_out_of_state, schoolwide_school, delinquent_district, cte_pathway, behavior. Rules that need one that is
    /// not given are skipped.
    #[arg(long, value_name = "FILE")]
    tables: Option<PathBuf>,
    /// Choices where the law of funding is open, as TOML or JSON; by default those that are recommended.
    #[arg(long, value_name = "FILE")]
    interpretation: Option<PathBuf>,
    /// The masking policy of public tables, as `opi mask` knows them.
    #[arg(long, value_name = "POLICY", default_value = "montana-opi", value_parser = masking_policy)]
    masking: String,
    /// How public tables treat zeros, which the policy of Montana leaves open: show, structural, mask or cover.
    #[arg(long, value_name = "HOW", default_value = "show")]
    zeros: Zeros,
    #[command(flatten)]
    dictionary: DictionaryArgs,
    /// How many findings of each rule to keep; counts are always exact.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    max_samples: usize,
    /// How many threads check; by default one for each processor.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1024))]
    jobs: u16,
    /// How to print the summary.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Print how long each stage took, on standard error.
    #[arg(long)]
    timings: bool,
    /// Print no progress.
    #[arg(long, short)]
    quiet: bool,
}

impl YearArgs {
    /// The plain run over a folder.
    pub(crate) fn of(dir: PathBuf, out: PathBuf, format: Format, quiet: bool) -> Self {
        YearArgs {
            dir,
            out,
            year: None,
            as_of: None,
            policy: None,
            tables: None,
            interpretation: None,
            masking: "montana-opi".to_owned(),
            zeros: Zeros::Show,
            dictionary: DictionaryArgs::default(),
            max_samples: 1_000,
            jobs: 0,
            format,
            timings: false,
            quiet,
        }
    }
}

/// The dictionary of a year that was run before.
pub(crate) fn dictionary_of(out: &Path, manifest: &RunManifest) -> DictionaryArgs {
    let replaced = manifest.run.replaced.iter().map(|given| out.join(&given.path));
    DictionaryArgs::of(replaced.collect(), manifest.run.suspended.clone())
}

/// The rules run again on the inputs of a year that was run before, by the same dictionary and under the same policy;
/// every finding is kept.
pub(crate) fn validated_again(
    dir: &Path,
    out: &Path,
    manifest: &RunManifest,
) -> Result<opi::Validated, Failure> {
    let mut arguments = YearArgs::of(dir.to_owned(), PathBuf::new(), Format::Human, true);
    arguments.dictionary = dictionary_of(out, manifest);
    arguments.policy = manifest.run.policy.as_ref().map(|given| out.join(&given.path));
    arguments.tables = manifest.run.tables.as_ref().map(|given| out.join(&given.path));
    arguments.max_samples = usize::MAX;
    arguments.year = Some(manifest.run.school_year.parse()?);
    let day = manifest.run.as_of.parse();
    arguments.as_of = Some(day.map_err(|_| Failure::new("the manifest names no day that stood for today"))?);
    Ok(inputs::read(&arguments)?.year.validate(|_| true)?)
}

pub(crate) fn run(arguments: YearArgs) -> Result<ExitCode, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(arguments.jobs)).build();
    let pool = pool.map_err(|error| Failure::new(format!("--jobs {}: {error}", arguments.jobs)))?;
    pool.install(|| run_stages(&arguments))
}

fn run_stages(arguments: &YearArgs) -> Result<ExitCode, Failure> {
    let inputs = inputs::read(arguments)?;
    let mut stages = stages::Stages::new(&arguments.out, arguments.quiet, arguments.timings)?;
    stages.all(&inputs)?;
    let (blocks, failed) = (stages.blocks(), stages.failed());
    let times = stages.times();
    let manifest = stages.finish(&inputs)?;
    if arguments.timings {
        printing::print_timings(&inputs, &times)?;
    }
    match arguments.format {
        Format::Json => output::json(&manifest)?,
        Format::Human => printing::print_summary(&arguments.out, &manifest)?,
    }
    Ok(ExitCode::from(if failed { 2 } else { u8::from(blocks) }))
}

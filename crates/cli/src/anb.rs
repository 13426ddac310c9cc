//! `opi anb`: average number belonging and school funding of hand-made cases.

use crate::output::{ShowValues, print};
use crate::{Failure, files};
use clap::{Args, Subcommand, ValueEnum};
use opi::anb::dictionary::FiscalYear;
use opi::anb::{Alternatives, Case, CountEntry, CountSystem, Detail, Law};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  opi anb case.toml                       the figures of a case, and what other choices would give
  opi anb case.toml --explain             every step with its article
  opi anb case.toml --format json         the same as JSON, steps included
  opi anb case.toml --pupils              the decision on each pupil and its reason
  opi anb case.toml --what-if more.toml   the difference that changes make, with its reasons
  opi anb case.toml --forecast open.toml  figures between the bounds of spring counts still open
  opi anb case.toml --figures fy2028.csv  with the figures of a newer year
  opi anb law FY2026                      the parameters in force, with sources and standing
  opi anb check examples.toml             worked examples: expected and got
  opi anb reconcile --certified aim.csv --maefairs maefairs.csv
                                          what differs between two or three counts, by pupil key with --show-values
  opi anb schema                          the JSON schema of a case

Files: --what-if takes a list [[changes]], such as
  [[changes]]
  change = \"pupils\"      # or pir_days, close, rate, choices: see opi anb schema changes
  unit = \"K-8\"
  pupils = 5
--forecast takes a list [[open]], such as
  [[open]]
  unit = \"K-8\"           # without it, every other unit
  spring.between = { least = 150, greatest = 166 }
                         # or spring.history = [[october, february], ...] of earlier years
--figures takes CSV with the columns of crates/anb/spec/entitlements.csv; its rows take the place of built-in ones.

JSON: opi anb schema; opi schema anb-result, anb-check, anb-reconciliation.

Exit code: 0 computed or all agree; 1 a district could not be computed, an example or a count differs; 2 could not run.";

/// Compute ANB, entitlements and budget limits of a case, with every step and its article.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct AnbArgs {
    #[command(subcommand)]
    command: Option<AnbCommand>,
    /// The case: TOML or JSON, in the form that `opi anb schema` prints
    #[arg(required = true)]
    case: Option<PathBuf>,
    /// Show every step with its article
    #[arg(long)]
    explain: bool,
    /// Show the decision on every pupil; with --show-values, by the keys that the case gives them
    #[arg(long, conflicts_with_all = ["what_if", "forecast"])]
    pupils: bool,
    /// Changes to the districts of the case: TOML with `[[changes]]`
    #[arg(long, value_name = "CHANGES", conflicts_with = "forecast")]
    what_if: Option<PathBuf>,
    /// Bounds of the spring counts that are still open: TOML with `[[open]]`
    #[arg(long, value_name = "OPEN")]
    forecast: Option<PathBuf>,
    /// Figures of a newer year, or others in place of the built-in ones: CSV
    #[arg(long, value_name = "FIGURES")]
    figures: Option<PathBuf>,
    #[command(flatten)]
    values: ShowValues,
    /// The form of the output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum AnbCommand {
    /// Print the parameters in force for a fiscal year, with their sources and standing
    #[command(after_help = "Example:\n  opi anb law FY2026 --format json")]
    Law {
        /// The fiscal year, such as FY2026
        year: FiscalYear,
        /// Figures of a newer year, or others in place of the built-in ones: CSV
        #[arg(long, value_name = "FIGURES")]
        figures: Option<PathBuf>,
        /// The form of the output
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Run a file of worked examples and print expected and got
    #[command(after_help = "Example:\n  opi anb check examples.toml")]
    Check {
        /// The file: TOML with `[[example]]` tables
        examples: PathBuf,
        /// Figures of a newer year, or others in place of the built-in ones: CSV
        #[arg(long, value_name = "FIGURES")]
        figures: Option<PathBuf>,
        /// The form of the output
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Hold counts of one date from several systems against each other, by pupil key
    ///
    /// Each file is CSV with the columns key, school, grade, hours, weight.
    #[command(
        after_help = "Example:\n  opi anb reconcile --certified aim.csv --maefairs maefairs.csv --show-values"
    )]
    Reconcile {
        /// The certified count in AIM
        #[arg(long)]
        certified: Option<PathBuf>,
        /// The count in MAEFAIRS
        #[arg(long)]
        maefairs: Option<PathBuf>,
        /// The count in the district's own system
        #[arg(long)]
        local: Option<PathBuf>,
        #[command(flatten)]
        values: ShowValues,
        /// The form of the output
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print the JSON schema of a case, of the results or of the changes of a what-if
    #[command(after_help = "Example:\n  opi anb schema changes")]
    Schema {
        /// What to describe
        #[arg(value_enum, default_value_t)]
        of: Described,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Human,
    Json,
}

/// What a schema describes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Described {
    #[default]
    Case,
    Result,
    Changes,
    Forecast,
    Check,
}

/// Runs the subcommand: 0 clean, 1 a failure or difference, an error when it could not run.
pub(crate) fn run(args: AnbArgs) -> Result<ExitCode, Failure> {
    match args.command {
        Some(AnbCommand::Law { year, figures, format }) => {
            let law = law(figures.as_deref())?;
            let in_force = law.in_force(year).map_err(failure)?;
            print(&match format {
                Format::Human => in_force.to_text(),
                Format::Json => json(&in_force)?,
            })?;
            Ok(ExitCode::SUCCESS)
        }
        Some(AnbCommand::Check { examples, figures, format }) => {
            let law = law(figures.as_deref())?;
            let report = opi::anb::check_examples(&law, &files::text(&examples)?).map_err(failure)?;
            print(&match format {
                Format::Human => report.to_text(),
                Format::Json => json(&report)?,
            })?;
            Ok(code(report.all_agree()))
        }
        Some(AnbCommand::Reconcile { certified, maefairs, local, values, format }) => {
            let files = [
                (CountSystem::Certified, certified),
                (CountSystem::Maefairs, maefairs),
                (CountSystem::Local, local),
            ];
            reconcile(files, values, format)
        }
        Some(AnbCommand::Schema { of }) => {
            let schema = match of {
                Described::Case => opi::anb::schema_of_case(),
                Described::Result => opi::anb::schema_of_result(),
                Described::Changes => opi::anb::schema_of_change(),
                Described::Forecast => opi::anb::schema_of_open_count(),
                Described::Check => opi::anb::schema_of_check(),
            };
            print(&json(&schema)?)?;
            Ok(ExitCode::SUCCESS)
        }
        None => run_case(&law(args.figures.as_deref())?, args),
    }
}

/// The built-in law, with figures of a file in the place of built-in ones.
fn law(figures: Option<&Path>) -> Result<Law, Failure> {
    let mut law = Law::embedded().map_err(failure)?;
    if let Some(path) = figures {
        law.figures = law.figures.with_rows(&files::text(path)?).map_err(|error| in_file(path, &error))?;
    }
    Ok(law)
}

fn run_case(law: &Law, args: AnbArgs) -> Result<ExitCode, Failure> {
    let path = args.case.ok_or_else(|| Failure::new("name a case, or one of law, check, schema"))?;
    let case = Case::from_text(&files::text(&path)?).map_err(|error| in_file(&path, &error))?;
    if let Some(changes) = args.what_if {
        return what_if(law, &case, &changes, args.format);
    }
    if let Some(open) = args.forecast {
        return forecast(law, &case, &open, args.format);
    }
    if args.pupils {
        return pupils(law, &case, args.values, args.format);
    }
    let result = opi::anb::compute_case(law, &case, Alternatives::Computed).map_err(failure)?;
    let detail = if args.explain { Detail::Steps } else { Detail::Figures };
    print(&match args.format {
        Format::Human => result.to_text(detail),
        Format::Json => json(&result)?,
    })?;
    Ok(code(result.failures.is_empty()))
}

fn what_if(law: &Law, case: &Case, changes: &Path, format: Format) -> Result<ExitCode, Failure> {
    let read =
        opi::anb::changes_from_toml(&files::text(changes)?).map_err(|error| in_file(changes, &error))?;
    let results = opi::anb::what_if_case(law, case, &read).map_err(failure)?;
    print(&match format {
        Format::Human => results.iter().map(opi::anb::WhatIf::to_text).collect::<Vec<_>>().join("\n"),
        Format::Json => json(&results)?,
    })?;
    Ok(ExitCode::SUCCESS)
}

fn forecast(law: &Law, case: &Case, open: &Path, format: Format) -> Result<ExitCode, Failure> {
    let read = opi::anb::open_counts_from_toml(&files::text(open)?).map_err(|error| in_file(open, &error))?;
    let results = opi::anb::forecast_case(law, case, &read).map_err(failure)?;
    print(&match format {
        Format::Human => {
            results.iter().map(opi::anb::DistrictForecast::to_text).collect::<Vec<_>>().join("\n")
        }
        Format::Json => json(&results)?,
    })?;
    Ok(ExitCode::SUCCESS)
}

fn reconcile(
    files: [(CountSystem, Option<PathBuf>); 3],
    shown: ShowValues,
    format: Format,
) -> Result<ExitCode, Failure> {
    let mut counts = Vec::new();
    for (system, path) in files {
        if let Some(path) = path {
            let entries =
                CountEntry::from_csv(&files::text(&path)?).map_err(|error| in_file(&path, &error))?;
            counts.push((system, entries));
        }
    }
    if counts.len() < 2 {
        return Err(Failure::new("name at least two of --certified, --maefairs and --local"));
    }
    let found = opi::anb::reconcile(&counts).map_err(failure)?;
    print(&match format {
        Format::Human if shown.asked() => found.to_text() + &found.differences_to_text(),
        Format::Human => found.to_text(),
        Format::Json => json(&shown.json(&found, &["key", "values"])?)?,
    })?;
    Ok(code(found.differences.is_empty()))
}

fn pupils(law: &Law, case: &Case, shown: ShowValues, format: Format) -> Result<ExitCode, Failure> {
    let mut text = String::new();
    let mut districts = Vec::with_capacity(case.districts.len());
    for district in &case.districts {
        let decisions = opi::anb::pupil_decisions(law, &case.interpretation, case.fiscal_year, district)
            .map_err(failure)?;
        for decision in &decisions {
            let key = decision.key.as_ref().map_or("-", |key| shown.of(key.reveal()));
            text += &format!(
                "{} {} {} {} {key} {} {} {}\n",
                district.district,
                decision.unit,
                decision.count.word(),
                decision.place,
                decision.weight,
                decision.text,
                decision.citation,
            );
        }
        districts.push((district.district, decisions));
    }
    print(&match format {
        Format::Human => text,
        Format::Json => json(&shown.json(&districts, &["key"])?)?,
    })?;
    Ok(ExitCode::SUCCESS)
}

fn in_file(path: &Path, error: &opi::anb::AnbError) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}

fn failure(error: opi::anb::AnbError) -> Failure {
    Failure::new(error.to_string())
}

fn code(clean: bool) -> ExitCode {
    if clean { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::new(error.to_string()))?;
    Ok(text + "\n")
}

//! `opi anb`: average number belonging and school funding of hand-made cases.

use crate::Failure;
use clap::{Args, Subcommand, ValueEnum};
use opi::anb::dictionary::FiscalYear;
use opi::anb::{Alternatives, Case, Detail, Law};
use serde::Serialize;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  opi anb case.toml                       the figures of a case, and what other choices would give
  opi anb case.toml --explain             every step with its article
  opi anb case.json --format json         the same as JSON, steps included
  opi anb case.toml --pupils              the decision on each pupil and its reason
  opi anb case.toml --what-if more.toml   the difference that changes make, with its reasons
  opi anb law FY2026                      the parameters in force, with sources and standing
  opi anb check examples.toml             worked examples: expected and got
  opi anb schema                          the JSON schema of a case

Exit code: 0 computed or all agree; 1 a district could not be computed or an example differs; 2 could not run.";

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
    /// Show the decision on every pupil, with keys where the case gives them
    #[arg(long, conflicts_with = "what_if")]
    pupils: bool,
    /// Changes to every district of the case: TOML with `[[changes]]`
    #[arg(long, value_name = "CHANGES")]
    what_if: Option<PathBuf>,
    /// The form of the output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum AnbCommand {
    /// Print the parameters in force for a fiscal year, with their sources and standing
    Law {
        /// The fiscal year, such as FY2026
        year: FiscalYear,
        /// The form of the output
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Run a file of worked examples and print expected and got
    Check {
        /// The file: TOML with `[[example]]` tables
        examples: PathBuf,
        /// The form of the output
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print the JSON schema of a case, of the results or of the changes of a what-if
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
    Check,
}

/// Runs the subcommand: 0 clean, 1 a failure or difference, an error when it could not run.
pub(crate) fn run(args: AnbArgs) -> Result<ExitCode, Failure> {
    let law = Law::embedded().map_err(failure)?;
    match args.command {
        Some(AnbCommand::Law { year, format }) => {
            let in_force = law.in_force(year).map_err(failure)?;
            print(&match format {
                Format::Human => in_force.to_text(),
                Format::Json => json(&in_force)?,
            })?;
            Ok(ExitCode::SUCCESS)
        }
        Some(AnbCommand::Check { examples, format }) => {
            let report = opi::anb::check_examples(&law, &read(&examples)?).map_err(failure)?;
            print(&match format {
                Format::Human => report.to_text(),
                Format::Json => json(&report)?,
            })?;
            Ok(code(report.all_agree()))
        }
        Some(AnbCommand::Schema { of }) => {
            let schema = match of {
                Described::Case => opi::anb::schema_of_case(),
                Described::Result => opi::anb::schema_of_result(),
                Described::Changes => opi::anb::schema_of_change(),
                Described::Check => opi::anb::schema_of_check(),
            };
            print(&json(&schema)?)?;
            Ok(ExitCode::SUCCESS)
        }
        None => run_case(&law, args),
    }
}

fn run_case(law: &Law, args: AnbArgs) -> Result<ExitCode, Failure> {
    let path = args.case.ok_or_else(|| Failure::new("name a case, or one of law, check, schema"))?;
    let case = Case::from_text(&read(&path)?).map_err(failure)?;
    if let Some(changes) = args.what_if {
        return what_if(law, &case, &changes, args.format);
    }
    if args.pupils {
        return pupils(law, &case, args.format);
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
    let changes = opi::anb::changes_from_toml(&read(changes)?).map_err(failure)?;
    let mut results = Vec::with_capacity(case.districts.len());
    for district in &case.districts {
        let result = opi::anb::what_if(law, &case.interpretation, case.fiscal_year, district, &changes);
        results.push(result.map_err(failure)?);
    }
    print(&match format {
        Format::Human => results.iter().map(opi::anb::WhatIf::to_text).collect::<Vec<_>>().join("\n"),
        Format::Json => json(&results)?,
    })?;
    Ok(ExitCode::SUCCESS)
}

fn pupils(law: &Law, case: &Case, format: Format) -> Result<ExitCode, Failure> {
    let mut text = String::new();
    let mut districts = Vec::with_capacity(case.districts.len());
    for district in &case.districts {
        let decisions = opi::anb::pupil_decisions(law, &case.interpretation, case.fiscal_year, district)
            .map_err(failure)?;
        for decision in &decisions {
            let key = decision.key.as_ref().map_or("-", |key| key.reveal());
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
        Format::Json => json(&districts)?,
    })?;
    Ok(ExitCode::SUCCESS)
}

fn failure(error: opi::anb::AnbError) -> Failure {
    Failure::new(error.to_string())
}

fn code(clean: bool) -> ExitCode {
    if clean { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::new(error.to_string()))?;
    Ok(text + "\n")
}

fn print(text: &str) -> Result<(), Failure> {
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}

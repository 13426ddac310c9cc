//! `opi validate` and `opi rules`: the rules over files, and the registry.

mod compare;
mod inputs;
mod registry;
mod split;
mod totals;

pub(crate) use registry::{RulesArgs, rules};

use crate::arguments::day;
use crate::dictionary::DictionaryArgs;
use crate::output::{self, ShowValues};
use crate::{Failure, files};
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use inputs::{Given, LeftOut, policy};
use opi::dictionary::{DistrictNumber, SchoolYear, Severity};
use opi::report::{FindingReport, Style, Values};
use opi::rules::{Change, Checker, Collection, Options, Policy};
use opi::{fails_on, finding_report, rejected_with_consequences};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FindingFormat {
    /// For people.
    Human,
    /// JSON Lines: a header, then one finding a line.
    Json,
    /// One finding a line.
    Csv,
    /// SARIF 2.1.0.
    Sarif,
    /// An Excel workbook; needs --out.
    Xlsx,
}

/// Run the rules over files.
#[derive(Args)]
#[command(
    after_help = "Values are hidden unless --show-values. A rule that could not be judged is listed with its reason, so that\n\
    \"no findings\" is not mistaken for \"not run\".\n\n\
    A folder named by a district number says who sent its files; one such as 2026 is a school year.\n\n\
    Exit codes: 0 nothing of the severity of --fail-on (with --compare: no difference), 1 findings (or an input that\n\
    could not be read to its end; with --reported-total, no set that adds up), 2 could not run. JSON: a line of opi\n\
    schema findings-header, then a line each of opi schema finding; with --compare, a line each of opi schema\n\
    rule-comparison; with --reported-total, opi schema total-reported.\n\n\
    Examples:\n  \
    opi validate state/uploads/2026/0001 --directory state/directory --as-of 2026-06-20\n  \
    opi validate state/uploads/2026/0001 --policy ours.toml --format xlsx --out findings.xlsx \\\n    \
    --as-of 2026-06-20\n  \
    opi validate fall.tsv --uploader 0001 --as-of 2026-06-20 --format json\n  \
    opi validate fall.tsv --collection fall_count --split parts --as-of 2025-10-10\n  \
    opi validate state/uploads/2026 --policy now.toml --compare next.toml --as-of 2026-06-20\n  \
    opi validate state/uploads/2026/0001 --tables lists.toml --as-of 2026-06-20\n  \
    opi validate state/uploads/2026/0001 --reported-total 57 --as-of 2026-06-20"
)]
pub(crate) struct ValidateArgs {
    /// Files and folders.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The day that stands for today: rules speak of it, and the program reads no clock. By default the latest day in a
    /// header of the files.
    #[arg(long, value_name = "DATE", value_parser = day)]
    as_of: Option<NaiveDate>,
    /// The school year; by default the one that holds the day.
    #[arg(long, value_name = "YEAR")]
    year: Option<SchoolYear>,
    /// The folder with the tables of districts, schools and calendars; rules that need a table which is not there are
    /// skipped.
    #[arg(long, value_name = "FOLDER")]
    directory: Option<PathBuf>,
    /// Stored rows of the state, in the same layouts; its own tables, named by their layout; or stored facts as CSV with
    /// the columns state_id,fact,value,first_day,last_day; may be repeated.
    #[arg(long, value_name = "PATH")]
    register: Vec<PathBuf>,
    /// Files of the year before; may be repeated.
    #[arg(long, value_name = "PATH")]
    prior: Vec<PathBuf>,
    /// The collection that is checked: rules of other collections are skipped. Without it, all but the rules that only
    /// a closing year can satisfy are judged.
    #[arg(long, value_name = "NAME")]
    collection: Option<Collection>,
    /// The collection is about to be certified: that findings which block it are open is a finding of its own (CERT-004).
    #[arg(long)]
    certifying: bool,
    /// The district that uploads, where the folder of a file does not say it.
    #[arg(long, value_name = "NUMBER")]
    uploader: Option<DistrictNumber>,
    /// A policy: rules switched off or of another severity, each with reason and expiry.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Lists that the state or a district holds, as TOML: withdrawal, transfer_between_districts, transfer_in_state,
    /// transfer_out_of_state, schoolwide_school, delinquent_district, cte_pathway, behavior. Rules that need one that is
    /// not given are skipped.
    #[arg(long, value_name = "FILE")]
    tables: Option<PathBuf>,
    /// Run under this policy too, and print only what differs, by rule and district.
    #[arg(long, value_name = "POLICY", conflicts_with_all = ["split", "show_values"])]
    compare: Option<PathBuf>,
    /// A number of errors that another system reports of the same files: print only the sets of rules whose counts add
    /// up to it.
    #[arg(long, value_name = "N", conflicts_with_all = ["split", "show_values", "compare"])]
    reported_total: Option<u64>,
    /// Split each file into this folder: rows that would be taken, rows that would not, and the reasons. A row that hangs
    /// on a rejected one, such as that of a student whose demographics are rejected, is rejected with it.
    #[arg(long, value_name = "FOLDER")]
    split: Option<PathBuf>,
    /// The severity from which a row is rejected by --split.
    #[arg(long, value_name = "SEVERITY", default_value = "blocks_upload", requires = "split")]
    reject_from: Severity,
    /// The layout of the files, where their rows do not say it.
    #[arg(long, value_name = "LAYOUT")]
    layout: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = FindingFormat::Human)]
    format: FindingFormat,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    values: ShowValues,
    /// How many findings of each rule to keep; counts are always exact.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    max_samples: usize,
    /// The severity from which findings make the exit code 1.
    #[arg(long, value_name = "SEVERITY", default_value = "blocks_certification")]
    fail_on: Severity,
    /// Print no progress.
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    dictionary: DictionaryArgs,
}

pub(crate) fn validate(arguments: ValidateArgs) -> Result<ExitCode, Failure> {
    can_be_printed(&arguments)?;
    let dictionary = arguments.dictionary.load()?;
    let given = Given::of(&arguments)?;
    if let Some(out) = &arguments.out {
        given.is_apart_from(out, &arguments)?;
    }
    let references = given.references(&arguments, &dictionary)?;
    let ours = arguments.policy.as_deref().map(policy).transpose()?.unwrap_or_default();
    let theirs = arguments.compare.as_deref().map(policy).transpose()?;
    let options = Options {
        samples_per_rule: arguments.max_samples,
        rejected_from: arguments.split.as_ref().map(|_| arguments.reject_from),
        ..Options::default()
    };
    let checker = |policy: &Policy| Checker::new(&references, policy, options.clone()).map_err(failed);
    let (checker, other) = (checker(&ours)?, theirs.as_ref().map(checker).transpose()?);

    let checked = given.checked(&arguments, &dictionary)?;
    note_expired(ours.rule.iter().chain(theirs.iter().flat_map(|policy| &policy.rule)), references.as_of);
    let inputs = checked.inputs();
    let bar = output::progress(0, "checking", arguments.quiet);
    let mut outcome = checker.check(&inputs).map_err(failed)?;
    let read_to_the_end = outcome.report.complete;
    for LeftOut { name, role, why } in &checked.left_out {
        outcome.report.left_out(name, role, why);
    }
    if let Some(other) = other {
        let after = other.check(&inputs).map_err(failed)?;
        bar.finish_and_clear();
        return compare::print_comparison(&arguments, &outcome, &after);
    }
    if let Some(total) = arguments.reported_total {
        bar.finish_and_clear();
        return totals::print_total(&arguments, &outcome.report, total);
    }
    let findings = outcome.findings(&checker, &inputs, arguments.values.asked()).map_err(failed)?;
    bar.finish_and_clear();
    if let Some(folder) = &arguments.split {
        if !read_to_the_end {
            return Err(Failure::new("a file could not be read to its end, so nothing was split"));
        }
        let rejected = rejected_with_consequences(&checker, &inputs, &outcome).map_err(failed)?;
        let found = (outcome.names.as_slice(), rejected.as_slice());
        split::split(folder, &arguments.paths, &given.current, &checked.current, &checker, found)?;
    }
    print_findings(&arguments, &finding_report(&outcome.report, findings).map_err(failed)?)?;
    if outcome.report.rules_run.is_empty() {
        return Err(Failure::new("no rule ran: nothing was checked"));
    }
    let fails = fails_on(&outcome.report, arguments.fail_on) || !outcome.report.complete;
    Ok(ExitCode::from(u8::from(fails)))
}

/// That what was asked for has the form that was asked for.
fn can_be_printed(arguments: &ValidateArgs) -> Result<(), Failure> {
    let no_findings = !compare::is_format(arguments.format);
    let problem = if arguments.format == FindingFormat::Xlsx && arguments.out.is_none() {
        "a workbook is no text: name a file with --out"
    } else if arguments.compare.is_some() && no_findings {
        "a comparison is printed as human, json or csv"
    } else if arguments.reported_total.is_some() && no_findings {
        "sets of rules for a total are printed as human, json or csv"
    } else {
        return Ok(());
    };
    Err(Failure::new(problem))
}

/// Says which entries of policies had expired.
fn note_expired<'a>(changes: impl Iterator<Item = &'a Change>, as_of: NaiveDate) {
    for change in changes.filter(|change| change.expires < as_of) {
        let place = change.district.map(|district| format!(" in district {district}")).unwrap_or_default();
        let (rule, day) = (&change.rule, change.expires);
        output::note(format_args!("the policy on {rule}{place} expired on {day}: not applied"));
    }
}

fn print_findings(arguments: &ValidateArgs, report: &FindingReport) -> Result<(), Failure> {
    let values = Values::shown_if(arguments.values.asked());
    let mut bytes = Vec::new();
    match arguments.format {
        FindingFormat::Human => {
            let colours = arguments.out.is_none() && std::io::stdout().is_terminal();
            report.write_human(&mut bytes, values, if colours { &Style::ANSI } else { &Style::PLAIN })
        }
        FindingFormat::Json => report.write_json_lines(&mut bytes, values),
        FindingFormat::Csv => report.write_csv(&mut bytes, values),
        FindingFormat::Sarif => report.write_sarif(&mut bytes, values),
        FindingFormat::Xlsx => report.to_xlsx(values).map(|workbook| bytes = workbook),
    }
    .map_err(failed)?;
    print(arguments.out.as_deref(), &bytes)
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(error.to_string())
}

/// Writes to a file, or to standard output where none is named.
fn print(out: Option<&Path>, bytes: &[u8]) -> Result<(), Failure> {
    match out {
        Some(path) => files::write_bytes(path, bytes),
        None => Ok(output::stdout().write_all(bytes)?),
    }
}

//! `opi validate` and `opi rules`: the rules over files, and the registry.

use crate::dictionary::DictionaryArgs;
use crate::files::DiskUpload;
use crate::output;
use crate::{Failure, files};
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use opi::dictionary::{Dictionary, DistrictNumber, SchoolYear, Severity};
use opi::report::{Style, Values};
use opi::rules::{Checker, Input, Inputs, Options, Policy, References, registry};
use opi::{CheckedUpload, Upload, fails_on, finding_report};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
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
    Exit codes: 0 nothing of the severity of --fail-on, 1 findings, 2 could not run.\n\n\
    Examples:\n  \
    opi validate uploads/2026/0123 --directory directory --as-of 2026-06-20\n  \
    opi validate fall.tsv --policy ours.toml --format xlsx --out findings.xlsx --as-of 2025-10-10\n  \
    opi validate enrollments.tsv --uploader 0123 --as-of 2026-06-20 --format json"
)]
pub(crate) struct ValidateArgs {
    /// Files and folders.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The day that stands for today: rules speak of it, and the program reads no clock.
    #[arg(long, value_name = "DATE")]
    as_of: NaiveDate,
    /// The school year; by default the one that holds the day.
    #[arg(long, value_name = "YEAR")]
    year: Option<SchoolYear>,
    /// The folder with the tables of districts, schools and calendars.
    #[arg(long, value_name = "FOLDER")]
    directory: Option<PathBuf>,
    /// Stored rows of the state, in the same layouts; may be repeated.
    #[arg(long, value_name = "PATH")]
    register: Vec<PathBuf>,
    /// Files of the year before; may be repeated.
    #[arg(long, value_name = "PATH")]
    prior: Vec<PathBuf>,
    /// The district that uploads.
    #[arg(long, value_name = "NUMBER")]
    uploader: Option<DistrictNumber>,
    /// A policy: rules switched off or of another severity, each with reason and expiry.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The layout of the files, where their rows do not say it.
    #[arg(long, value_name = "LAYOUT")]
    layout: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = FindingFormat::Human)]
    format: FindingFormat,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Show the values found. They may be personal.
    #[arg(long)]
    show_values: bool,
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
    if arguments.format == FindingFormat::Xlsx && arguments.out.is_none() {
        return Err(Failure::new("a workbook is no text: name a file with --out"));
    }
    let dictionary = arguments.dictionary.load()?;
    let year = match arguments.year {
        Some(year) => year,
        None => SchoolYear::containing(arguments.as_of)?,
    };
    let policy = match &arguments.policy {
        Some(path) => {
            Policy::from_toml(&files::text(path)?).map_err(|error| Failure::of_file(path, error))?
        }
        None => Policy::default(),
    };
    let directory = match &arguments.directory {
        Some(folder) => {
            crate::year::directory(folder)?.ok_or_else(|| Failure::of_file(folder, "is no folder"))?.into()
        }
        None => None,
    };
    let mut references = References::new(&dictionary, year, arguments.as_of);
    references.directory = directory.as_ref();
    references.uploader = arguments.uploader;
    let options = Options { samples_per_rule: arguments.max_samples, ..Options::default() };
    let checker =
        Checker::new(&references, &policy, options).map_err(|error| Failure::new(error.to_string()))?;

    let [current, register, prior] =
        [&arguments.paths, &arguments.register, &arguments.prior].map(|paths| disk(paths));
    let (current, register, prior) = (current?, register?, prior?);
    let layout = arguments.layout.as_deref();
    let (current, left_out) = checked(&current, &dictionary, layout)?;
    let (register, _) = checked(&register, &dictionary, None)?;
    let (prior, _) = checked(&prior, &dictionary, None)?;
    for name in &left_out {
        eprintln!("opi: {name} was left out: it is XML or of no known layout; `opi read` says more");
    }
    if current.is_empty() {
        return Err(Failure::new("no file under the paths given could be taken for an AIM file"));
    }
    let inputs = Inputs { current: inputs(&current), register: inputs(&register), prior: inputs(&prior) };
    let bar = output::progress(0, "checking", arguments.quiet);
    let failed = |error: opi::rules::RulesError| Failure::new(error.to_string());
    let outcome = checker.check(&inputs).map_err(failed)?;
    let findings = outcome.findings(&checker, &inputs, arguments.show_values).map_err(failed)?;
    bar.finish_and_clear();

    let report =
        finding_report(&outcome.report, findings).map_err(|error| Failure::new(error.to_string()))?;
    let values = Values::shown_if(arguments.show_values);
    let failed = |error: opi::report::ReportError| Failure::new(error.to_string());
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
    match &arguments.out {
        Some(path) => std::fs::write(path, bytes).map_err(|error| Failure::of_file(path, error))?,
        None => std::io::stdout().lock().write_all(&bytes)?,
    }
    let fails = fails_on(&outcome.report, arguments.fail_on) || !outcome.report.complete;
    Ok(ExitCode::from(u8::from(fails)))
}

fn disk(paths: &[PathBuf]) -> Result<Vec<DiskUpload>, Failure> {
    Ok(files::uploads(paths)?.into_iter().map(DiskUpload::new).collect())
}

/// The uploads that the rules can read, and the names of those that they cannot.
fn checked<'a>(
    uploads: &'a [DiskUpload],
    dictionary: &'a Dictionary,
    layout: Option<&str>,
) -> Result<(Vec<CheckedUpload<'a>>, Vec<String>), Failure> {
    let (mut found, mut left_out) = (Vec::new(), Vec::new());
    for upload in uploads {
        match CheckedUpload::new(upload, dictionary, layout)? {
            Some(input) => found.push(input),
            None => left_out.push(upload.name().to_owned()),
        }
    }
    Ok((found, left_out))
}

fn inputs<'a>(uploads: &'a [CheckedUpload<'a>]) -> Vec<&'a dyn Input> {
    uploads.iter().map(|upload| upload as &dyn Input).collect()
}

/// List the rules: what each finds, what it leads to, and which cannot be judged here.
#[derive(Args)]
#[command(after_help = "Examples:\n  opi rules\n  opi rules --format json\n  opi rules ENR-014")]
pub(crate) struct RulesArgs {
    /// Print the page of this rule.
    code: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = output::Format::Human)]
    format: output::Format,
}

pub(crate) fn rules(arguments: RulesArgs) -> Result<ExitCode, Failure> {
    if let Some(code) = &arguments.code {
        let rule =
            opi::rules::rule(code).ok_or_else(|| Failure::new(format!("no rule has the code {code:?}")))?;
        print!("{}", opi::rules::page(rule));
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.format == output::Format::Json {
        let infos: Vec<_> = registry().iter().map(|rule| &rule.info).collect();
        output::json(&infos)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = std::io::stdout().lock();
    for rule in registry() {
        let judged =
            rule.not_judged.map(|reason| format!(" (not judged here: {reason})")).unwrap_or_default();
        writeln!(out, "{:<9} {:<21} {}{judged}", rule.info.code, rule.info.severity, rule.info.summary)?;
    }
    Ok(ExitCode::SUCCESS)
}

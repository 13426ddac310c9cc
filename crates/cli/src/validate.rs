//! `opi validate` and `opi rules`: the rules over files, and the registry.

mod compare;
mod split;
mod totals;

use crate::arguments::day;
use crate::dictionary::DictionaryArgs;
use crate::files::DiskUpload;
use crate::output::{self, ShowValues};
use crate::{Failure, files};
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use opi::dictionary::{Dictionary, DistrictNumber, HeaderRule, SchoolYear, Severity};
use opi::report::{Style, Values};
use opi::rules::{Checker, Collection, Input, Inputs, Options, Policy, References, RegisterFacts, registry};
use opi::{CheckedUpload, Upload, district_of_folder, fails_on, finding_report, rejected_with_consequences};
use std::io::{IsTerminal, Read, Write};
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
    /// The district that uploads, where the folder of a file does not say it.
    #[arg(long, value_name = "NUMBER")]
    uploader: Option<DistrictNumber>,
    /// A policy: rules switched off or of another severity, each with reason and expiry.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
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
    if arguments.format == FindingFormat::Xlsx && arguments.out.is_none() {
        return Err(Failure::new("a workbook is no text: name a file with --out"));
    }
    if !compare::is_format(arguments.format) {
        if arguments.compare.is_some() {
            return Err(Failure::new("a comparison is printed as human, json or csv"));
        }
        if arguments.reported_total.is_some() {
            return Err(Failure::new("sets of rules for a total are printed as human, json or csv"));
        }
    }
    let dictionary = arguments.dictionary.load()?;
    let (stored, facts) = stored(&arguments.register)?;
    let uploads = (disk(&arguments.paths)?, disk(&stored)?, disk(&arguments.prior)?);
    if let Some(out) = &arguments.out {
        let tables = [&arguments.policy, &arguments.compare].into_iter().flatten();
        let read = [&uploads.0, &uploads.1, &uploads.2].into_iter().flatten().map(DiskUpload::path);
        files::is_not_read(out, read.chain(tables.chain(&arguments.register).map(PathBuf::as_path)))?;
    }
    let layout = arguments.layout.as_deref();
    let as_of = match arguments.as_of {
        Some(day) => day,
        None => latest_header(&uploads.0, &dictionary, layout)?,
    };
    let year = match arguments.year {
        Some(year) => year,
        None => SchoolYear::containing(as_of)?,
    };
    let policy = arguments.policy.as_deref().map(policy).transpose()?.unwrap_or_default();
    let other_policy = arguments.compare.as_deref().map(self::policy).transpose()?;
    let directory = match &arguments.directory {
        Some(folder) => {
            crate::year::directory(folder)?.ok_or_else(|| Failure::of_file(folder, "is no folder"))?.into()
        }
        None => None,
    };
    let mut references = References::new(&dictionary, year, as_of);
    references.facts = facts;
    references.directory = directory.as_ref();
    references.uploader = arguments.uploader;
    references.collection = arguments.collection;
    let options = Options {
        samples_per_rule: arguments.max_samples,
        rejected_from: arguments.split.as_ref().map(|_| arguments.reject_from),
        ..Options::default()
    };
    let checker = |policy: &Policy| Checker::new(&references, policy, options.clone()).map_err(failed);
    let (checker, other) = (checker(&policy)?, other_policy.as_ref().map(checker).transpose()?);

    let mut left_out = Vec::new();
    let current = checked(&uploads.0, &dictionary, |_| layout, ("current", &mut left_out))?;
    let of_the_state = |upload| table_of_the_state(upload, &dictionary);
    let register = checked(&uploads.1, &dictionary, of_the_state, ("register", &mut left_out))?;
    let prior = checked(&uploads.2, &dictionary, |_| None, ("prior", &mut left_out))?;
    for LeftOut { name, why, .. } in &left_out {
        output::note(format_args!("{name} was left out: {why}"));
    }
    let changes = policy.rule.iter().chain(other_policy.iter().flat_map(|policy| &policy.rule));
    for change in changes.filter(|change| change.expires < as_of) {
        let place = change.district.map(|district| format!(" in district {district}")).unwrap_or_default();
        let (rule, day) = (&change.rule, change.expires);
        output::note(format_args!("the policy on {rule}{place} expired on {day}: not applied"));
    }
    if current.is_empty() {
        return Err(Failure::new("no file under the paths given could be taken for an AIM file"));
    }
    // Every row must be known by line to be split, so the reader keeps all that it finds.
    let samples = if arguments.split.is_some() { u64::MAX } else { arguments.max_samples as u64 };
    let current: Vec<CheckedUpload<'_>> =
        current.into_iter().map(|upload| upload.max_samples(samples)).collect();
    let inputs = Inputs { current: inputs(&current), register: inputs(&register), prior: inputs(&prior) };
    let bar = output::progress(0, "checking", arguments.quiet);
    let mut outcome = checker.check(&inputs).map_err(failed)?;
    let read_to_the_end = outcome.report.complete;
    for LeftOut { name, role, why } in left_out {
        outcome.report.left_out(&name, role, &why);
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
        split::split(folder, &arguments.paths, &uploads.0, &current, &checker, found)?;
    }

    let report = finding_report(&outcome.report, findings).map_err(failed)?;
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
    print(arguments.out.as_deref(), &bytes)?;
    if outcome.report.rules_run.is_empty() {
        return Err(Failure::new("no rule ran: nothing was checked"));
    }
    let fails = fails_on(&outcome.report, arguments.fail_on) || !outcome.report.complete;
    Ok(ExitCode::from(u8::from(fails)))
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(error.to_string())
}

fn policy(path: &Path) -> Result<Policy, Failure> {
    Policy::from_toml(&files::text(path)?).map_err(|error| Failure::of_file(path, error))
}

/// Writes to a file, or to standard output where none is named.
fn print(out: Option<&Path>, bytes: &[u8]) -> Result<(), Failure> {
    match out {
        Some(path) => files::write_bytes(path, bytes),
        None => Ok(output::stdout().write_all(bytes)?),
    }
}

fn disk(paths: &[PathBuf]) -> Result<Vec<DiskUpload>, Failure> {
    Ok(files::uploads(paths)?.into_iter().map(DiskUpload::new).collect())
}

/// A file that the rules cannot read: what it would be in the run, and why.
struct LeftOut {
    name: String,
    role: &'static str,
    why: String,
}

/// The uploads of a role that the rules can read; those that they cannot are left out.
fn checked<'a>(
    uploads: &'a [DiskUpload],
    dictionary: &'a Dictionary,
    layout: impl Fn(&'a DiskUpload) -> Option<&'a str>,
    (role, left_out): (&'static str, &mut Vec<LeftOut>),
) -> Result<Vec<CheckedUpload<'a>>, Failure> {
    let mut found = Vec::new();
    for upload in uploads {
        match opened(upload, dictionary, layout(upload))? {
            Ok(input) => found.push(input.uploaded_by(district_of_folder(upload.name()))),
            Err(why) => left_out.push(LeftOut { name: upload.name().to_owned(), role, why }),
        }
    }
    Ok(found)
}

/// An upload that the rules can read, or why it is left out. What goes wrong names the file.
fn opened<'a>(
    upload: &'a DiskUpload,
    dictionary: &'a Dictionary,
    layout: Option<&str>,
) -> Result<Result<CheckedUpload<'a>, String>, Failure> {
    CheckedUpload::or_why_not(upload, dictionary, layout).map_err(|error| match error {
        opi::aim::AimError::Io { line: 0, source } => Failure::of_file(upload.path(), source),
        opi::aim::AimError::Io { .. } => Failure::of_file(upload.path(), error),
        other => other.into(),
    })
}

/// The layout of a table of the state, `<layout>.tsv`, which has neither header nor record type: its name says it.
fn table_of_the_state<'a>(upload: &'a DiskUpload, dictionary: &Dictionary) -> Option<&'a str> {
    let stem = Path::new(upload.name()).file_stem().and_then(|stem| stem.to_str());
    let plain = |key: &&str| {
        let layout = dictionary.layout(key);
        layout.is_ok_and(|layout| layout.header == HeaderRule::None && layout.record_type.is_empty())
    };
    stem.filter(plain)
}

/// What the state has stored: files of rows, and facts, which are told by their header.
fn stored(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, RegisterFacts), Failure> {
    let (mut rows, mut facts) = (Vec::new(), RegisterFacts::default());
    for path in paths {
        let mut first = String::new();
        if path.is_file() && files::open(path)?.take(200).read_to_string(&mut first).is_ok() {
            let first = first.trim_start_matches('\u{feff}');
            // A name of a column in other letters is told when the table is read.
            if first.to_ascii_lowercase().starts_with("state_id,fact,") {
                facts.read_csv(&files::text(path)?).map_err(|error| Failure::of_file(path, error))?;
                continue;
            }
        }
        rows.push(path.clone());
    }
    Ok((rows, facts))
}

/// The latest day in a header of the files.
fn latest_header(
    uploads: &[DiskUpload],
    dictionary: &Dictionary,
    layout: Option<&str>,
) -> Result<NaiveDate, Failure> {
    let mut latest = None;
    for upload in uploads {
        if let Ok(input) = opened(upload, dictionary, layout)? {
            let input = input.without_hash();
            let mut rows = input.open().map_err(failed)?;
            rows.next_row().map_err(failed)?;
            latest = latest.max(rows.header_date());
        }
    }
    let day = latest.ok_or_else(|| {
        Failure::new("no file has a day in its header: give the day that stands for today with --as-of")
    })?;
    output::note(format_args!("as of {day}, the latest day in a header; --as-of names another"));
    Ok(day)
}

fn inputs<'a>(uploads: &'a [CheckedUpload<'a>]) -> Vec<&'a dyn Input> {
    uploads.iter().map(|upload| upload as &dyn Input).collect()
}

/// List the rules: what each finds, what it leads to, and which cannot be judged here.
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 listed, 2 no such rule. JSON: opi schema rule; without a code, a list.\n\n\
    Examples:\n  opi rules\n  opi rules --format json\n  opi rules ENR-014"
)]
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
        match arguments.format {
            output::Format::Human => output::print(&opi::rules::page(rule))?,
            output::Format::Json => output::json(rule)?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.format == output::Format::Json {
        output::json(&registry())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = output::stdout();
    for rule in registry() {
        let judged =
            rule.not_judged.map(|reason| format!(" (not judged here: {reason})")).unwrap_or_default();
        writeln!(out, "{:<9} {:<21} {}{judged}", rule.info.code, rule.info.severity, rule.info.summary)?;
    }
    Ok(ExitCode::SUCCESS)
}

//! `opi edfacts`: federal files listed, shown, counted, checked, written and compared.

use crate::arguments::form;
use crate::output::{self, Format, Style};
use crate::{Failure, files};
use clap::{Args, Subcommand};
use opi::dictionary::SchoolYear;
use opi::edfacts::{
    Catalogue, CatalogueBuilder, CheckOptions, DataRow, EdfactsError, FileForm, FileNumber, FileWriter,
    Level, NamedFile, SpecTable, StateProfile, check_files, diff_files, file_name, list, list_text, manifest,
    read_file, run_case, show, show_text,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Federal EDFacts files.
#[derive(Args)]
#[command(after_help = "Exit codes: 0 clean, 1 findings, 2 could not run.\n\
    JSON: opi schema edfacts-list, edfacts-file, edfacts-check, edfacts-difference (a list), edfacts-written.\n\nExamples:\n  \
    opi edfacts list --format json\n  \
    opi edfacts show 052 --year 2023 --level sch\n  \
    opi edfacts count students.json\n  \
    opi edfacts check out/restricted/edfacts/MTSEAFS052v000001.csv\n  \
    opi edfacts diff before.csv after.csv")]
pub(crate) struct EdfactsArgs {
    #[command(subcommand)]
    command: EdfactsCommand,
    /// Rows of a newer year: TOML of any tables, or CSV whose name begins with the table (columns-2026.csv).
    #[arg(long, value_name = "FILE", global = true)]
    tables: Vec<PathBuf>,
    /// The answers of the state as TOML; Montana's by default.
    #[arg(long, value_name = "FILE", global = true)]
    profile: Option<PathBuf>,
}

#[derive(Subcommand)]
enum EdfactsCommand {
    /// List all files of the catalogue.
    #[command(after_help = "Example:\n  opi edfacts list --format json")]
    List {
        /// How to print.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Show a file: layout, category sets, permitted values, derivation, rules.
    Show(ShowArgs),
    /// Count a case: a few students and their rows in, the records of the named files out, as JSON.
    #[command(after_help = "Exit codes: 0 as expected, 1 an expectation does not hold, 2 could not run.\n\n\
        Example:\n  opi edfacts count students.json")]
    Count {
        /// The case, a JSON document.
        case: PathBuf,
    },
    /// Check files, each on its own and against each other.
    Check(CheckArgs),
    /// Write a file from rows given as JSON.
    Write(WriteArgs),
    /// Compare two files of one specification, largest changes first.
    #[command(after_help = "Exit codes: 0 the same, 1 they differ, 2 could not run.\n\n\
        Example:\n  opi edfacts diff before.csv after.csv")]
    Diff {
        /// The file before.
        before: PathBuf,
        /// The file after.
        after: PathBuf,
        /// How to print.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
}

#[derive(Args)]
#[command(after_help = "Example:\n  opi edfacts show 052 --year 2023 --level sch")]
struct ShowArgs {
    /// The number: 52, 052, C052, N052 or FS052.
    file: FileNumber,
    /// The school year: 2023, 2022-23; by default the newest on record.
    #[arg(long)]
    year: Option<SchoolYear>,
    /// The level: sea, lea or sch; by default all.
    #[arg(long)]
    level: Option<Level>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Args)]
#[command(after_help = "Exit codes: 0 clean, 1 findings, 2 could not run.\n\n\
    Example:\n  opi edfacts check out/restricted/edfacts/MTSEAFS052v000001.csv")]
struct CheckArgs {
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Directory of the year: files 029 and 039, or a table lea,school,status,reported_federally,grades.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    directory: Vec<PathBuf>,
    /// The files of the year before.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    prior: Vec<PathBuf>,
    /// The school year under check; by default that of each header.
    #[arg(long)]
    year: Option<SchoolYear>,
    /// The file specification, where the header cannot be trusted.
    #[arg(long)]
    file: Option<FileNumber>,
    /// The level, where header and name cannot be trusted.
    #[arg(long)]
    level: Option<Level>,
    /// Changes against the year before up to this many students are not asked about.
    #[arg(long, default_value_t = 50)]
    tolerated_students: u64,
    /// Changes against the year before up to this many percent are not asked about.
    #[arg(long, default_value_t = 25)]
    tolerated_percent: u64,
    /// Write a manifest of the submission to this file.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Args)]
#[command(
    after_help = "Example:\n  opi edfacts write rows.json --file 052 --level sea --year 2025-26 --out federal"
)]
struct WriteArgs {
    /// Rows as a JSON list: {"lea", "school", "table", "values": [[category, code]], "amount"}.
    rows: PathBuf,
    /// The number of the file.
    #[arg(long)]
    file: FileNumber,
    /// The level: sea, lea or sch.
    #[arg(long)]
    level: Level,
    /// The school year.
    #[arg(long)]
    year: SchoolYear,
    /// The form of the file: csv, tab or txt.
    #[arg(long, default_value = "csv", value_parser = form)]
    form: FileForm,
    /// The part of the name that the specification fixes, where it is not on record.
    #[arg(long)]
    abbreviation: Option<String>,
    /// The state's version, up to seven letters and digits.
    #[arg(long, default_value = "v000001")]
    version: String,
    /// The file identifier of the header.
    #[arg(long, default_value = "")]
    identifier: String,
    /// The folder for the file.
    #[arg(long, default_value = ".")]
    out: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// A federal file that was written.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Written {
    /// The file.
    file: String,
    /// Its records.
    records: u64,
}

fn refused(error: EdfactsError) -> Failure {
    Failure::new(error.to_string())
}

fn catalogue(tables: &[PathBuf]) -> Result<Cow<'static, Catalogue>, Failure> {
    if tables.is_empty() {
        return Catalogue::builtin().map(Cow::Borrowed).map_err(refused);
    }
    let mut builder = CatalogueBuilder::builtin().map_err(refused)?;
    for path in tables {
        let text = files::text(path)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let known = [
            ("files", SpecTable::Files),
            ("columns", SpecTable::Columns),
            ("category_sets", SpecTable::CategorySets),
            ("file_values", SpecTable::FileValues),
            ("permitted_values", SpecTable::PermittedValues),
            ("categories", SpecTable::Categories),
            ("derivations", SpecTable::Derivations),
        ];
        let table = known
            .iter()
            .filter(|(prefix, _)| name.starts_with(prefix))
            .max_by_key(|(prefix, _)| prefix.len());
        builder = match (name.ends_with(".toml"), table) {
            (true, _) => builder.add_toml(&text),
            (false, Some((_, table))) => builder.add_csv(*table, &text),
            (false, None) => {
                return Err(Failure::new(format!(
                    "{}: the name does not begin with a table",
                    path.display()
                )));
            }
        }
        .map_err(|error| Failure::of_file(path, error))?;
    }
    builder.build().map(Cow::Owned).map_err(refused)
}

fn profile(path: Option<&PathBuf>) -> Result<StateProfile, Failure> {
    match path {
        None => StateProfile::montana().map_err(refused),
        Some(path) => StateProfile::from_toml(&files::text(path)?).map_err(refused),
    }
}

/// Files with their names without folders.
fn named(paths: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let one = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok((name, files::bytes(path)?))
    };
    paths.iter().map(one).collect()
}

fn borrowed(files: &[(String, Vec<u8>)]) -> Vec<NamedFile<'_>> {
    files.iter().map(|(name, bytes)| NamedFile { name, bytes }).collect()
}

/// Runs the command.
pub(crate) fn run(args: EdfactsArgs) -> Result<ExitCode, Failure> {
    let catalogue = catalogue(&args.tables)?;
    let mut out = output::stdout();
    match args.command {
        EdfactsCommand::List { format: Format::Json } => output::json(&list(&catalogue))?,
        EdfactsCommand::List { format: Format::Human } => out.write_all(list_text(&catalogue).as_bytes())?,
        EdfactsCommand::Show(show_args) => {
            let ShowArgs { file, year, level, .. } = show_args;
            let shown = show(&catalogue, file, year, level).map_err(refused)?;
            match show_args.format {
                Format::Json => output::json(&shown)?,
                Format::Human => out.write_all(show_text(&shown).as_bytes())?,
            }
        }
        EdfactsCommand::Count { case } => {
            let outcome =
                run_case(&catalogue, &files::text(&case)?).map_err(|error| Failure::of_file(&case, error))?;
            output::json(&outcome.output)?;
            // What the rows lack is for people; the document is for programs.
            let (mut told, style) = (output::stderr(), Style::of_stderr());
            for finding in &outcome.findings {
                output::finding(&mut told, style, finding)?;
            }
            return Ok(if outcome.ok { ExitCode::SUCCESS } else { ExitCode::from(1) });
        }
        EdfactsCommand::Check(check) => {
            return run_check(&catalogue, profile(args.profile.as_ref())?, &check);
        }
        EdfactsCommand::Write(write) => run_write(&catalogue, &profile(args.profile.as_ref())?, &write)?,
        EdfactsCommand::Diff { before, after, format } => {
            let options = CheckOptions::new(profile(args.profile.as_ref())?);
            let files = named(&[before, after])?;
            let mut read = Vec::new();
            for file in borrowed(&files) {
                read.push(read_file(&catalogue, &options, file).map_err(refused)?);
            }
            let [before, after] = read.as_slice() else { return Err(Failure::new("two files are needed")) };
            let differences = diff_files(before, after).map_err(refused)?;
            match format {
                Format::Json => output::json(&differences)?,
                Format::Human => {
                    for difference in &differences {
                        let values: Vec<&str> = difference
                            .values
                            .iter()
                            .map(|(name, code)| if code.is_empty() { name } else { code }.as_str())
                            .collect();
                        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
                        writeln!(
                            out,
                            "{:>8}  {} -> {}  {} {} {} {}",
                            difference.change.map(|change| format!("{change:+}")).unwrap_or_default(),
                            text(&difference.before),
                            text(&difference.after),
                            text(&difference.lea),
                            text(&difference.school),
                            text(&difference.table),
                            values.join(" ")
                        )?;
                    }
                }
            }
            return Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn run_check(catalogue: &Catalogue, profile: StateProfile, args: &CheckArgs) -> Result<ExitCode, Failure> {
    let mut options = CheckOptions::new(profile.clone());
    options.year = args.year;
    options.file = args.file;
    options.level = args.level;
    options.tolerated_students = args.tolerated_students;
    options.tolerated_percent = args.tolerated_percent;
    let (files, directory, prior) = (named(&args.files)?, named(&args.directory)?, named(&args.prior)?);
    let report =
        check_files(catalogue, &options, &borrowed(&files), &borrowed(&directory), &borrowed(&prior))
            .map_err(refused)?;
    if let Some(path) = &args.manifest {
        let described = manifest(catalogue, &profile, &borrowed(&files), &report);
        let text = serde_json::to_string_pretty(&described)?;
        files::write(path, &(text + "\n"))?;
    }
    match args.format {
        Format::Json => output::json(&report)?,
        Format::Human => {
            let mut out = output::stdout();
            let style = Style::of_stdout();
            for finding in &report.findings {
                output::finding(&mut out, style, finding)?;
            }
            for file in &report.files {
                let kind = match (file.file, file.level) {
                    (Some(number), Some(level)) => format!("{number} {level}"),
                    _ => "unknown".to_owned(),
                };
                let count =
                    report.findings.iter().filter(|finding| finding.position.file == file.name).count();
                writeln!(out, "{}: {kind}, {} records, {count} findings", file.name, file.records)?;
            }
            let mut on_none: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for not_run in &report.not_run {
                if not_run.name.is_empty() {
                    on_none.entry(&not_run.why).or_default().push(&not_run.rule);
                } else {
                    writeln!(out, "{}: {} not run: {}", not_run.name, not_run.rule, not_run.why)?;
                }
            }
            for (why, rules) in on_none {
                writeln!(out, "{} not run: {why}", rules.join(", "))?;
            }
        }
    }
    Ok(if report.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn run_write(catalogue: &Catalogue, profile: &StateProfile, args: &WriteArgs) -> Result<(), Failure> {
    let WriteArgs { file: number, level, year, form, .. } = *args;
    let rows: Vec<DataRow> = serde_json::from_str(&files::text(&args.rows)?)
        .map_err(|error| Failure::of_file(&args.rows, error))?;
    let spec = catalogue.file(number).map_err(refused)?;
    let abbreviation = args.abbreviation.clone().unwrap_or_else(|| spec.name_abbreviation());
    let name =
        file_name(&profile.abbreviation, level, &abbreviation, &args.version, form).map_err(refused)?;
    let writer = FileWriter::new(catalogue, profile, number, level, year).map_err(refused)?;
    let mut bytes = Vec::new();
    let count = writer.write(&rows, &name, &args.identifier, form, &mut bytes).map_err(refused)?;
    let path = args.out.join(&name);
    files::write_bytes(&path, &bytes)?;
    let written = Written { file: path.display().to_string(), records: count };
    match args.format {
        Format::Json => output::json(&written),
        Format::Human => output::print(&format!("{}: {} records\n", written.file, written.records)),
    }
}

//! `opi year`: the year's inputs in, a report of each stage out.

use crate::files::DiskUpload;
use crate::output::{self, Format, Style, grouped};
use crate::{Failure, files};
use clap::Args;
use opi::dictionary::{Directory, DirectoryBuilder, DirectoryTable, SchoolYear, Severity};
use opi::{Reading, Upload, Year};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Read a whole year: the directory and every district's uploads.
#[derive(Args)]
#[command(
    after_help = "DIR holds `directory/` (the tables of districts, schools and calendars) and `uploads/YEAR/`\n\
    (one folder a district). OUT/restricted holds what may name students' rows, OUT/public what may be shown.\n\n\
    Exit codes: 0 nothing that blocks, 1 findings that block, 2 could not run.\n\n\
    Examples:\n  \
    opi year state --out out\n  \
    opi year state --year 2025-26 --out out --format json"
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
    /// How to print the summary.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Print no progress.
    #[arg(long, short)]
    quiet: bool,
}

impl YearArgs {
    /// The plain run over a folder.
    pub(crate) fn of(dir: PathBuf, out: PathBuf, quiet: bool) -> Self {
        YearArgs { dir, out, year: None, format: Format::Human, quiet }
    }
}

pub(crate) fn run(arguments: YearArgs) -> Result<ExitCode, Failure> {
    let school_year = match arguments.year {
        Some(year) => year,
        None => latest_year(&arguments.dir)?,
    };
    let directory = directory(&arguments.dir.join("directory"))?;
    let folder = arguments.dir.join("uploads").join(school_year.end_year().to_string());
    let uploads = files::uploads(std::slice::from_ref(&folder))?;
    if uploads.is_empty() {
        return Err(Failure::of_file(&folder, "holds no upload"));
    }
    let bar = output::progress(uploads.len() as u64, "reading", arguments.quiet);
    let upload = |path| Box::new(DiskUpload::within(&arguments.dir, path)) as Box<dyn Upload>;
    let uploads: Vec<Box<dyn Upload>> = uploads.into_iter().map(upload).collect();
    let mut year = Year::builder(school_year).uploads(uploads);
    if let Some(directory) = directory {
        year = year.directory(directory);
    }
    let reading = year.build().read(|progress| {
        bar.set_position(progress.done as u64);
        true
    })?;
    bar.finish_and_clear();
    write_results(&arguments.out, &reading)?;
    match arguments.format {
        Format::Json => output::json(&reading)?,
        Format::Human => human(&arguments.out, &reading)?,
    }
    let blocks = reading.report.worst().is_some_and(|worst| worst >= Severity::BlocksCertification);
    Ok(ExitCode::from(u8::from(blocks)))
}

/// The latest year that has a folder of uploads.
fn latest_year(dir: &Path) -> Result<SchoolYear, Failure> {
    let folder = dir.join("uploads");
    let entries = std::fs::read_dir(&folder).map_err(|error| Failure::of_file(&folder, error))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let years = names.filter_map(|name| name.parse::<SchoolYear>().ok());
    years
        .max()
        .ok_or_else(|| Failure::of_file(&folder, "holds no folder named by a school year, such as 2026"))
}

/// The directory, where its folder exists.
pub(crate) fn directory(folder: &Path) -> Result<Option<Directory>, Failure> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut builder = DirectoryBuilder::default();
    for table in DirectoryTable::ALL {
        let path = folder.join(table.file_name());
        builder.read(*table, files::open(&path)?).map_err(|error| Failure::of_file(&path, error))?;
    }
    Ok(Some(builder.build()?))
}

/// Writes the findings and the report, restricted: they name rows of students.
fn write_results(out: &Path, reading: &Reading) -> Result<(), Failure> {
    let restricted = out.join("restricted");
    let mut lines = String::new();
    for finding in reading.report.files.iter().flat_map(|file| &file.findings) {
        lines.push_str(&serde_json::to_string(finding)?);
        lines.push('\n');
    }
    files::write(&restricted.join("reading-findings.jsonl"), &lines)?;
    files::write(&restricted.join("reading.json"), &(serde_json::to_string_pretty(reading)? + "\n"))
}

fn human(out_folder: &Path, reading: &Reading) -> Result<(), Failure> {
    crate::read::human(&reading.report, true)?;
    let style = Style::of_stdout();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{}",
        style.bold(&format!(
            "school year {}: {} students in {} districts, {} rows in {} files",
            reading.school_year,
            grouped(reading.students),
            grouped(reading.students_by_district.len() as u64),
            grouped(reading.report.rows()),
            grouped(reading.report.files.len() as u64)
        ))
    )?;
    for (districts, what) in [
        (&reading.districts_without_files, "districts of the directory sent no file"),
        (&reading.districts_not_in_directory, "districts sent files but are not in the directory"),
    ] {
        if !districts.is_empty() {
            let names: Vec<String> = districts.iter().take(10).map(ToString::to_string).collect();
            writeln!(
                out,
                "{} {what}: {}{}",
                districts.len(),
                names.join(", "),
                if districts.len() > 10 { ", ..." } else { "" }
            )?;
        }
    }
    writeln!(out, "results: {}", out_folder.display())?;
    Ok(())
}

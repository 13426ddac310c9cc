//! `opi read`: count rows per file and family, print file-level findings.

use crate::dictionary::DictionaryArgs;
use crate::files::DiskUpload;
use crate::output::{self, Format, Style, grouped};
use crate::{Failure, files};
use clap::Args;
use opi::aim::ReadOptions;
use opi::dictionary::Severity;
use opi::report::visible;
use opi::{FileReport, ReadReport, read_upload};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Read AIM files: count their rows and say what deviates from the specification.
#[derive(Args)]
#[command(after_help = "Lines are counted from 1, the header being line 1. Values are never printed.\n\
    Folders are searched for .tsv, .txt and .xml files.\n\n\
    Exit codes: 0 nothing graver than a note, 1 findings, 2 could not run. JSON: opi schema read-report.\n\n\
    Examples:\n  \
    opi read state/uploads/2026/0001/fall-enrollment-count.tsv\n  \
    opi read state/uploads/2026 --format json\n  \
    opi read state/state/2026/fram.tsv --layout fram\n  \
    opi read state/uploads/2026/0001/student-enrollments.tsv --replace our-layout.toml")]
pub(crate) struct ReadArgs {
    /// Files and folders.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The layout of the files, where their rows do not say it (FRAM has no record type).
    #[arg(long, value_name = "LAYOUT")]
    layout: Option<String>,
    /// Look at the form of lines only, not at the length and form of each field.
    #[arg(long)]
    lines_only: bool,
    /// Accept rows whose blank fields at the end were cut off.
    #[arg(long)]
    allow_cut_fields: bool,
    /// How many findings of each kind to keep for each file; counts are always exact.
    #[arg(long, value_name = "N", default_value_t = 20)]
    max_samples: u64,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Print no progress and no findings, only the totals.
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    dictionary: DictionaryArgs,
}

pub(crate) fn run(arguments: ReadArgs) -> Result<ExitCode, Failure> {
    let dictionary = arguments.dictionary.load()?;
    let files = files::uploads(&arguments.paths)?;
    if files.is_empty() {
        return Err(Failure::new("no .tsv, .txt or .xml file under the paths given"));
    }
    let mut options = ReadOptions::new()
        .check_fields(!arguments.lines_only)
        .allow_cut_fields(arguments.allow_cut_fields)
        .max_samples(arguments.max_samples);
    if let Some(layout) = &arguments.layout {
        options = options.layout(layout.clone());
    }
    let bar = output::progress(files.len() as u64, "reading", arguments.quiet);
    let mut report = ReadReport::default();
    for path in files {
        let upload = DiskUpload::new(path.clone());
        let file = read_upload(&upload, &dictionary, &options, |_| {})
            .map_err(|error| Failure::of_file(&path, error))?;
        report.add(file);
        bar.inc(1);
    }
    bar.finish_and_clear();
    match arguments.format {
        Format::Json => output::json(&report)?,
        Format::Human => human(&report, arguments.quiet)?,
    }
    let grave = report.worst().is_some_and(|worst| worst > Severity::Note);
    Ok(ExitCode::from(u8::from(grave)))
}

/// Prints the findings of each file, then what was read, family by family.
pub(crate) fn human(report: &ReadReport, quiet: bool) -> Result<(), Failure> {
    let style = Style::of_stdout();
    let mut out = output::stdout();
    if !quiet {
        for file in &report.files {
            print_findings(&mut out, style, file)?;
        }
    }
    writeln!(out, "{:<26} {:>7} {:>14} {:>10} {:>10}", "family", "files", "rows", "not read", "findings")?;
    for (family, total) in &report.families {
        writeln!(
            out,
            "{family:<26} {:>7} {:>14} {:>10} {:>10}",
            grouped(total.files),
            grouped(total.rows),
            grouped(total.rows_not_read),
            grouped(total.findings)
        )?;
    }
    if report.counts.is_empty() {
        writeln!(out, "no findings in {} files", grouped(report.files.len() as u64))?;
    } else {
        let codes: Vec<String> =
            report.counts.iter().map(|(code, count)| format!("{code} {}", grouped(*count))).collect();
        writeln!(out, "findings by code: {}", codes.join(", "))?;
    }
    Ok(())
}

fn print_findings(out: &mut impl Write, style: Style, file: &FileReport) -> std::io::Result<()> {
    for finding in &file.findings {
        output::finding(out, style, finding)?;
    }
    let name = visible(&file.file);
    if file.findings_not_kept > 0 {
        writeln!(
            out,
            "  {name}: {} more findings were counted but not kept",
            grouped(file.findings_not_kept)
        )?;
    }
    if !file.complete {
        writeln!(out, "  {name}: reading stopped before the end of the file")?;
    }
    Ok(())
}

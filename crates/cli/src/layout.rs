//! `opi layout`: which field stands where.

use crate::dictionary::DictionaryArgs;
use crate::output::{self, Format, Style, grouped};
use crate::{Failure, files};
use clap::{Args, Subcommand};
use opi::aim::{LayoutProposal, propose_layout};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Work with the layouts of files.
#[derive(Subcommand)]
#[command(after_help = "Example:\n  opi layout check state/uploads/2026/0001/student-enrollments.tsv")]
pub(crate) enum LayoutCommand {
    /// Find the true layout of a real file: match its columns to fields and say what speaks for each.
    Check(CheckArgs),
    /// List the fields whose place was not read in a layout.
    Unverified(UnverifiedArgs),
}

/// Find the true layout of a real file.
#[derive(Args)]
#[command(
    after_help = "Columns are matched by form, code sets, uniqueness and agreement across rows; no value is printed.\n\
    Exit codes: 0 the file follows the known layout, 1 it does not, 2 could not run. JSON: opi schema layout-proposal.\n\n\
    Examples:\n  \
    opi layout check state/uploads/2026/0001/student-enrollments.tsv\n  \
    opi layout check state/uploads/2026/0001/student-enrollments.tsv --out our-layout.toml\n  \
    opi read state/uploads/2026/0001/student-enrollments.tsv --replace our-layout.toml"
)]
pub(crate) struct CheckArgs {
    /// The file.
    file: PathBuf,
    /// The layout to compare with; by default the one whose record type stands in every row.
    #[arg(long, value_name = "LAYOUT")]
    layout: Option<String>,
    /// Write the proposal as a replacement layout in TOML.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    dictionary: DictionaryArgs,
}

/// List the fields whose place was not read in a layout.
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 listed, 2 could not run. JSON: opi schema layout-unverified, a list.\n\n\
    Examples:\n  \
    opi layout unverified\n  \
    opi layout unverified student-enrollments --format json"
)]
pub(crate) struct UnverifiedArgs {
    /// Only of this layout.
    layout: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// A field whose place was not read in a layout.
#[derive(Serialize, JsonSchema)]
pub(crate) struct UnverifiedField {
    /// The layout.
    layout: String,
    /// The place, counted from 1.
    position: usize,
    /// The field.
    field: String,
    /// What its place rests on.
    standing: String,
}

pub(crate) fn run(command: LayoutCommand) -> Result<ExitCode, Failure> {
    match command {
        LayoutCommand::Check(arguments) => check(arguments),
        LayoutCommand::Unverified(arguments) => unverified(arguments),
    }
}

fn check(arguments: CheckArgs) -> Result<ExitCode, Failure> {
    let dictionary = arguments.dictionary.load()?;
    let input = files::open(&arguments.file)?;
    let proposal = propose_layout(input, &dictionary, arguments.layout.as_deref())
        .map_err(|error| Failure::of_file(&arguments.file, error))?;
    if let Some(out) = &arguments.out {
        files::write(out, &proposal.to_toml(&dictionary)?)?;
    }
    match arguments.format {
        Format::Json => output::json(&proposal)?,
        Format::Human => human(&proposal, &arguments)?,
    }
    Ok(ExitCode::from(u8::from(!proposal.as_known)))
}

fn human(proposal: &LayoutProposal, arguments: &CheckArgs) -> Result<(), Failure> {
    let style = Style::of_stdout();
    let mut out = output::stdout();
    writeln!(
        out,
        "{}: {} rows compared with {}",
        arguments.file.display(),
        grouped(proposal.rows as u64),
        proposal.layout
    )?;
    if proposal.rows_passed_over > 0 {
        writeln!(
            out,
            "{} rows with another number of fields were passed over",
            grouped(proposal.rows_passed_over as u64)
        )?;
    }
    for column in &proposal.columns {
        let moved = match column.known_position {
            Some(position) if position == column.position => String::new(),
            Some(position) => format!(" (known at {position})"),
            None => " (new)".to_owned(),
        };
        writeln!(out, "{:>3} {}{moved}", column.position, style.bold(&column.name))?;
        for evidence in &column.evidence {
            writeln!(out, "      + {evidence}")?;
        }
        for doubt in &column.doubts {
            writeln!(out, "      ? {doubt}")?;
        }
    }
    if !proposal.missing.is_empty() {
        writeln!(out, "no column found for: {}", proposal.missing.join(", "))?;
    }
    let doubts = proposal.columns.iter().filter(|column| !column.doubts.is_empty()).count();
    if proposal.as_known {
        writeln!(out, "the file follows the known layout; {doubts} columns have doubts")?;
    } else {
        writeln!(out, "the file does not follow the known layout; {doubts} columns have doubts")?;
    }
    match &arguments.out {
        Some(path) => writeln!(out, "wrote {}; look through it, then use it with --replace", path.display())?,
        None => writeln!(out, "write it as a replacement layout with --out FILE")?,
    }
    Ok(())
}

fn unverified(arguments: UnverifiedArgs) -> Result<ExitCode, Failure> {
    let dictionary = opi::dictionary::Dictionary::built_in();
    if let Some(key) = &arguments.layout {
        dictionary.layout(key)?;
    }
    let wanted = |key: &str| arguments.layout.as_deref().is_none_or(|layout| layout == key);
    let unverified = dictionary.unverified_positions().filter(|(layout, _)| wanted(&layout.key));
    let fields: Vec<UnverifiedField> = unverified
        .map(|(layout, field)| UnverifiedField {
            layout: layout.key.clone(),
            position: layout.column(field.field).map_or(0, |column| column + 1),
            field: field.name.clone(),
            standing: output::word_of(&field.position_standing),
        })
        .collect();
    if arguments.format == Format::Json {
        output::json(&fields)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = output::stdout();
    for UnverifiedField { layout, position, field, standing } in &fields {
        writeln!(out, "{layout:<26} {position:>3} {field} ({standing})")?;
    }
    writeln!(out, "{} positions were not read in a layout", fields.len())?;
    Ok(ExitCode::SUCCESS)
}

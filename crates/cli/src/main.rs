//! The `opi` program: arguments, files, progress, printing. No domain logic.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "the program opens files and reads its arguments")]

mod anb;
mod arguments;
mod demo;
mod dictionary;
mod edfacts;
mod explain;
mod failure;
mod files;
mod layout;
mod mask;
mod output;
mod read;
mod schema;
mod snapshot;
mod synth;
mod validate;
mod why;
mod year;

use clap::{Parser, Subcommand};
pub(crate) use failure::Failure;
use std::process::ExitCode;

/// Montana school-data reporting: read, check, count and report.
#[derive(Parser)]
#[command(
    name = "opi",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 clean, 1 findings, 2 could not run.\n\nExamples:\n  \
        opi demo\n  \
        opi synth --students 2000 --years 2 state\n  \
        opi read state/uploads/2026\n  \
        opi validate state/uploads/2026/0001 --directory state/directory --as-of 2026-06-20\n  \
        opi explain \"Service Type\"\n  \
        opi layout check state/uploads/2026/0001/student-enrollments.tsv\n  \
        opi anb case.toml --explain\n  \
        opi edfacts show 052 --year 2023\n  \
        opi year state --out out\n  \
        opi why out anb:1753-EL:FY2027"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Invent the whole state and run its year: the shortest way to see what the program does.
    Demo(demo::DemoArgs),
    /// Invent a state: districts, schools, calendars, and the AIM files of every district.
    Synth(synth::SynthArgs),
    /// Read AIM files: count their rows and say what deviates from the specification.
    Read(read::ReadArgs),
    /// Run the rules over files: what is wrong, where, why, and how to mend it.
    Validate(Box<validate::ValidateArgs>),
    /// List the rules, or print the page of one.
    Rules(validate::RulesArgs),
    /// Run a whole year: read, validate, certify, take the snapshot, and count what follows from it.
    Year(year::YearArgs),
    /// Explain one number of a year: the rows behind it, the steps, the articles.
    Why(why::WhyArgs),
    /// Compute average number belonging, entitlements and budget limits of a case.
    Anb(anb::AnbArgs),
    /// Hide small counts in published tables, prove that they cannot be recovered, and audit others' tables.
    Mask(Box<mask::MaskArgs>),
    /// Federal EDFacts files: list, show, count, check, write and compare.
    Edfacts(edfacts::EdfactsArgs),
    /// Explain a word: an element, field, code set, code, layout, date or source of the dictionary.
    Explain(explain::ExplainArgs),
    /// Work with the layouts of files.
    #[command(subcommand)]
    Layout(layout::LayoutCommand),
    /// Work with snapshots: read-only views of the data at one moment.
    #[command(subcommand)]
    Snapshot(snapshot::SnapshotCommand),
    /// Print the JSON Schema of a record or report.
    Schema(schema::SchemaArgs),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Demo(arguments) => demo::run(arguments),
        Command::Synth(arguments) => synth::run(arguments),
        Command::Read(arguments) => read::run(arguments),
        Command::Validate(arguments) => validate::validate(*arguments),
        Command::Rules(arguments) => validate::rules(arguments),
        Command::Year(arguments) => year::run(arguments),
        Command::Why(arguments) => why::run(&arguments),
        Command::Anb(arguments) => anb::run(arguments),
        Command::Mask(arguments) => mask::run(*arguments),
        Command::Edfacts(arguments) => edfacts::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Layout(command) => layout::run(command),
        Command::Snapshot(command) => snapshot::run(command),
        Command::Schema(arguments) => schema::run(arguments),
    };
    done.unwrap_or_else(|failure| {
        output::note(failure);
        ExitCode::from(2)
    })
}

//! `opi mask`: hide small counts so that they cannot be worked out, and prove it.

use crate::arguments::{Also, word_of};
use crate::output::{self, Format};
use crate::{Failure, files};
use clap::{Args, Subcommand};
use opi::mask::audit::{Effort, audit, small_sums};
use opi::mask::certificate::Certificate;
use opi::mask::spec_file::{OtherRelease, Spec};
use opi::mask::{Certified, Cost, Level, Policy, Release, Symbols, Task, Zeros, case_file, plan, suppress};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const EXAMPLES: &str = "Examples:
  opi mask counts.csv --dims 'district>school,race,grade' --count freq \\
    --policy montana-opi --zeros show --out public.csv
  opi mask counts.csv --spec tables.toml --hidden hidden.csv --certificate certificate.json
  opi mask audit public.csv --dims 'district>school,race,grade' --count freq
  opi mask audit published.csv --spec card.toml
  opi mask audit published.csv --spec card.toml --also last-year=2024.csv
  opi mask verify certificate.json
  opi mask plan counts.csv --dims 'district>school,race,grade' --count freq \\
    --max 5 --zeros show
  opi mask case cases.toml --cost value --format json

Exit codes: 0 certified (or nothing found), 1 not certified (or something can be worked out), 2 could not run: of verify,
0 true, 1 false or changed, 2 no certificate.
JSON: opi schema mask-utility (the table then goes to --out alone), mask-audit, mask-verdict, mask-candidate, mask-case.";

/// Arguments of `opi mask`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(crate) struct MaskArgs {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    table: TableArgs,
    /// Write the masked table here instead of to standard output.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Write the hidden cells here, one a line, codes in dimension order.
    #[arg(long)]
    hidden: Option<PathBuf>,
    /// Write the certificate here. It holds true counts: keep it.
    #[arg(long)]
    certificate: Option<PathBuf>,
    /// Symbol for hidden figures.
    #[arg(long, default_value = "*")]
    symbol: String,
    /// Symbol for figures hidden to protect another, where --symbol tells that a count is small.
    #[arg(long)]
    second_symbol: Option<String>,
}

#[derive(Args)]
struct TableArgs {
    /// File of true counts, one leaf a row.
    file: Option<PathBuf>,
    /// Dimensions by column: levels by `>`, dimensions by `,`.
    #[arg(long)]
    dims: Option<String>,
    /// Column of counts.
    #[arg(long)]
    count: Option<String>,
    /// Specification of linked tables (TOML) instead of or beside the other arguments.
    #[arg(long)]
    spec: Option<PathBuf>,
    /// Policy by identifier, such as montana-opi.
    #[arg(long)]
    policy: Option<String>,
    /// File of policies of your own (TOML, in the form of the built-in table).
    #[arg(long)]
    policies: Option<PathBuf>,
    /// Greatest sensitive count.
    #[arg(long)]
    max: Option<u64>,
    /// Treatment of zeros: show, structural, mask or cover. Montana's policy does not say.
    #[arg(long, value_parser = word_of::<Zeros>)]
    zeros: Option<String>,
    /// Protection: exact, width:K, range:T, hide:T, spl:UPPER,LOWER.
    #[arg(long, value_parser = word_of::<Level>)]
    level: Option<String>,
    /// Cost of hiding: value-by-level (the default), value or count.
    #[arg(long, value_parser = word_of::<Cost>)]
    cost: Option<String>,
    /// Also hide where the sum of a line's hidden cells is itself a small count.
    #[arg(long)]
    line_sums: bool,
    /// Count a person who is alone in a hidden cell as an attacker.
    #[arg(long)]
    singletons: bool,
    /// Protect against readers who reason that a hidden figure is not zero, since zeros are printed.
    #[arg(long)]
    hidden_positive: bool,
    /// How to print; as JSON the report is printed, and the masked table goes only to --out.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Subcommand)]
enum Command {
    /// What can be worked out from a published file, alone or beside other releases.
    #[command(
        after_help = "Example:\n  opi mask audit published.csv --spec card.toml --also last-year=2024.csv"
    )]
    Audit {
        #[command(flatten)]
        table: TableArgs,
        /// Another release of the same students: NAME=FILE.csv, or NAME=FILE.csv,SPEC.toml if it is read
        /// otherwise. May be given more than once.
        #[arg(long, value_name = "NAME=FILE[,SPEC]")]
        also: Vec<Also>,
    },
    /// Checks a certificate with integer arithmetic.
    #[command(after_help = "Exit codes: 0 true, 1 false or changed, 2 no certificate.\n\n\
        Example:\n  opi mask verify certificate.json")]
    Verify {
        /// The certificate.
        file: PathBuf,
        /// How to print.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Compares candidate tables by what each can still show.
    #[command(after_help = "Example:\n  opi mask plan counts.csv --spec tables.toml")]
    Plan(TableArgs),
    /// Runs a file of cases with known answers.
    #[command(after_help = "Example:\n  opi mask case cases.toml --format human")]
    Case {
        /// The file (TOML).
        file: PathBuf,
        /// Only this case.
        #[arg(long)]
        id: Option<String>,
        /// Cost of hiding: count or value.
        #[arg(long, default_value = "value")]
        cost: Cost,
        /// How to print: JSON (one object a line) or, for people, a table of achieved against optimum.
        #[arg(long, value_enum, default_value_t = Format::Json)]
        format: Format,
    },
}

/// What checking a certificate gave.
#[derive(Default, Serialize, JsonSchema)]
pub(crate) struct Verdict {
    /// Whether every claim holds.
    verified: bool,
    /// Cells of the publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    cells: Option<usize>,
    /// Hidden cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<usize>,
    /// Sensitive cells, all of them protected.
    #[serde(skip_serializing_if = "Option::is_none")]
    sensitive: Option<usize>,
    /// Proven lower bound on the cost, where the certificate holds one.
    lower_bound: Option<u64>,
    /// The first claim that does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: MaskArgs) -> Result<ExitCode, Failure> {
    match args.command {
        Some(Command::Audit { table, also }) => run_audit(&table, &also),
        Some(Command::Verify { file, format }) => run_verify(&file, format),
        Some(Command::Plan(table)) => run_plan(&table),
        Some(Command::Case { file, id, cost, format }) => run_case(&file, id.as_deref(), cost, format),
        None => run_mask(&args),
    }
}

fn failed(error: opi::mask::Error) -> Failure {
    Failure::new(error.to_string())
}

fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(files::bytes(path)?)
        .map_err(|_| Failure::new(format!("{}: not UTF-8 text", path.display())))
}

impl TableArgs {
    fn file(&self) -> Result<Vec<u8>, Failure> {
        let path = self.file.as_deref();
        files::bytes(path.ok_or_else(|| Failure::new("name a CSV file (see --help)".to_owned()))?)
    }

    fn spec(&self) -> Result<Spec, Failure> {
        let mut spec = match &self.spec {
            Some(path) => Spec::parse(&read_text(path)?).map_err(failed)?,
            None => Spec::default(),
        };
        if let Some(dims) = &self.dims {
            spec = spec.with_dimensions(dims).map_err(failed)?;
        }
        if spec.dimensions.is_empty() {
            return Err(Failure::new("give --dims or a --spec with [[dimension]] entries".to_owned()));
        }
        if let Some(count) = &self.count {
            spec.count.clone_from(count);
        }
        if spec.count.is_empty() {
            return Err(Failure::new("give the column of counts with --count".to_owned()));
        }
        let given = [
            (&self.policy, &mut spec.policy),
            (&self.zeros, &mut spec.zeros),
            (&self.level, &mut spec.level),
            (&self.cost, &mut spec.cost),
        ];
        for (argument, slot) in given {
            if argument.is_some() {
                slot.clone_from(argument);
            }
        }
        spec.max = self.max.or(spec.max);
        spec.line_sums |= self.line_sums;
        spec.singletons |= self.singletons;
        spec.hidden_positive |= self.hidden_positive;
        if let Some(path) = &self.policies {
            spec.own_policies = Policy::parse(&read_text(path)?).map_err(failed)?;
        }
        Ok(spec)
    }
}

fn run_mask(args: &MaskArgs) -> Result<ExitCode, Failure> {
    let spec = args.table.spec()?;
    let publication = spec.publication(&args.table.file()?).map_err(failed)?;
    let rule = spec.rule().map_err(failed)?;
    let task = Task::of(&publication, &rule).map_err(failed)?;
    let certified = suppress(&publication, &task)
        .and_then(|pattern| Certified::new(publication, pattern, Effort::default()));
    let json = args.table.format == Format::Json;
    let certified = match certified {
        Ok(certified) => certified,
        Err(problem) => {
            if json {
                let report = serde_json::json!({ "certified": false, "problem": problem.to_string() });
                output::print(&format!("{report}\n"))?;
            }
            writeln!(output::stderr(), "not released: {problem}")?;
            return Ok(ExitCode::from(1));
        }
    };
    let symbols = match &args.second_symbol {
        Some(second) => Symbols::two(&args.symbol, second),
        None => Symbols::one(&args.symbol),
    };
    let release = Release::of(certified, &symbols).map_err(failed)?;
    match &args.out {
        Some(path) => files::write(path, &release.table)?,
        // In JSON the report is the answer; the table is written where --out says.
        None if json => {}
        None => output::print(&release.table)?,
    }
    if let Some(path) = &args.hidden {
        files::write(path, &release.hidden)?;
    }
    if let Some(path) = &args.certificate {
        files::write(path, &release.certificate)?;
    }
    let report = &release.utility;
    let mut err = output::stderr();
    if json {
        output::print(&format!("{}\n", serde_json::to_string(report)?))?;
    } else {
        let all = &report.all;
        writeln!(
            err,
            "certified: {} of {} cells hidden ({} sensitive, {} to protect them); cost {}, at least {} needed",
            all.primary + all.secondary,
            all.cells,
            all.primary,
            all.secondary,
            report.cost,
            if report.optimal { report.cost } else { report.lower_bound.unwrap_or(0) },
        )?;
        if rule.zeros.known() && !rule.hidden_positive && !rule.legend_marks_sensitive {
            let found = release.certified.told_by_printed_zeros(Effort::default()).map_err(failed)?;
            if found > 0 {
                writeln!(
                    err,
                    "note: {found} sensitive cells fall to a reader who reasons that a hidden figure is not zero, \
                     since zeros are printed; --hidden-positive protects them too"
                )?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn run_audit(args: &TableArgs, also: &[Also]) -> Result<ExitCode, Failure> {
    let spec = args.spec()?;
    let mut others = Vec::new();
    for Also { name, file, spec: own } in also {
        let other = match own {
            Some(path) => Spec::parse(&read_text(path)?).map_err(failed)?,
            None => spec.clone(),
        };
        others.push((name, other, files::bytes(file)?));
    }
    let releases: Vec<OtherRelease<'_>> =
        others.iter().map(|(name, spec, csv)| OtherRelease { name, spec, csv }).collect();
    let view = spec.joined_view(&args.file()?, &releases).map_err(failed)?;
    let audit = audit(&view, Effort::default()).map_err(failed)?;
    let limit = if spec.line_sums { spec.max.unwrap_or(0) } else { 0 };
    let sums = small_sums(&view, &audit, limit);
    let mut out = output::stdout();
    if args.format == Format::Json {
        let mut report = serde_json::to_value(&audit).map_err(|e| Failure::new(e.to_string()))?;
        if spec.line_sums
            && let Some(fields) = report.as_object_mut()
        {
            let list = serde_json::to_value(&sums).map_err(|e| Failure::new(e.to_string()))?;
            fields.insert("small_sums".to_owned(), list);
        }
        writeln!(out, "{report}")?;
    } else {
        for e in &audit.exposed {
            writeln!(out, "[{}] = {}: {}", e.label, e.value, e.derivation)?;
        }
        writeln!(
            out,
            "{} of {} hidden figures can be worked out",
            audit.exposed.len(),
            audit.intervals.len()
        )?;
        for sum in &sums {
            writeln!(out, "hidden figures that add up to {}: {}", sum.sum, sum.line)?;
        }
    }
    Ok(ExitCode::from(u8::from(!audit.exposed.is_empty() || !sums.is_empty())))
}

fn run_verify(file: &Path, format: Format) -> Result<ExitCode, Failure> {
    let text = read_text(file)?;
    let verdict = match Certificate::from_json(&text) {
        Ok(certificate) => certificate.verify(),
        // A certificate that was changed is a false one; what is none at all cannot be judged.
        Err(problem) if is_sealed(&text) => Err(problem),
        Err(problem) => return Err(Failure::of_file(file, problem)),
    };
    let told = match &verdict {
        Ok(found) => Verdict {
            verified: true,
            cells: Some(found.cells),
            hidden: Some(found.hidden),
            sensitive: Some(found.sensitive),
            lower_bound: found.lower_bound,
            problem: None,
        },
        Err(problem) => Verdict { problem: Some(problem.to_string()), ..Verdict::default() },
    };
    let mut out = output::stdout();
    match (format, &verdict) {
        (Format::Json, _) => writeln!(out, "{}", serde_json::to_string(&told)?)?,
        (Format::Human, Ok(found)) => writeln!(
            out,
            "verified: {} sensitive cells protected, {} hidden of {}",
            found.sensitive, found.hidden, found.cells
        )?,
        (Format::Human, Err(problem)) => writeln!(out, "refused: {problem}")?,
    }
    Ok(ExitCode::from(u8::from(!told.verified)))
}

/// Whether a text has the outer form of a certificate: its content under a digest.
fn is_sealed(text: &str) -> bool {
    let parsed: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(text);
    parsed.is_ok_and(|parts| ["digest", "certificate"].iter().all(|part| parts.contains_key(*part)))
}

fn run_plan(args: &TableArgs) -> Result<ExitCode, Failure> {
    let spec = args.spec()?;
    let publication = spec.publication(&args.file()?).map_err(failed)?;
    let rule = spec.rule().map_err(failed)?;
    let dimensions = publication.dimensions().to_vec();
    let leaves: Vec<(Vec<u32>, u64)> = publication
        .cells()
        .filter_map(|c| Some((publication.coordinate(c)?.to_vec(), publication.value(c))))
        .filter(|(at, _)| at.iter().zip(&dimensions).all(|(&c, d)| d.is_leaf(c)))
        .collect();
    let candidates = plan::plan(&dimensions, &leaves, &rule, 200).map_err(failed)?;
    let mut out = output::stdout();
    if args.format == Format::Human {
        writeln!(
            out,
            "{:<44} {:>8} {:>8} {:>9} {:>7} {:>8} {:>9}",
            "table", "cells", "primary", "secondary", "shown", "leaves", "students"
        )?;
    }
    for c in candidates {
        if args.format == Format::Json {
            writeln!(out, "{}", serde_json::to_string(&c).map_err(|e| Failure::new(e.to_string()))?)?;
        } else if let Some(problem) = &c.problem {
            writeln!(out, "{:<44} {problem}", c.name)?;
        } else {
            let percent = |k: u64| format!("{}.{}%", k / 10, k % 10);
            writeln!(
                out,
                "{:<44} {:>8} {:>8} {:>9} {:>7} {:>8} {:>9}",
                c.name,
                c.cells,
                c.primary,
                c.secondary,
                percent(c.shown_per_mille),
                c.shown_leaves,
                percent(c.students_per_mille)
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn run_case(file: &Path, id: Option<&str>, cost: Cost, format: Format) -> Result<ExitCode, Failure> {
    let mut out = output::stdout();
    let mut certified = true;
    let mut found = false;
    if format == Format::Human {
        writeln!(
            out,
            "{:<6} {:<10} {:>9} {:>14} {:>14}",
            "case", "level", "certified", "secondary/best", "value/best"
        )?;
    }
    for case in case_file::parse(&read_text(file)?).map_err(failed)? {
        if id.is_some_and(|id| id != case.id) {
            continue;
        }
        found = true;
        let result = case.run(cost).map_err(failed)?;
        certified &= result.certified;
        if format == Format::Json {
            writeln!(out, "{}", serde_json::to_string(&result).map_err(|e| Failure::new(e.to_string()))?)?;
        } else {
            let best = |b: Option<u64>| b.map_or("?".to_owned(), |b| b.to_string());
            writeln!(
                out,
                "{:<6} {:<10} {:>9} {:>14} {:>14}",
                result.id,
                result.level,
                if result.certified { "yes" } else { "NO" },
                format!("{}/{}", result.secondary_count, best(case.opt_secondary)),
                format!("{}/{}", result.value, best(case.opt_value)),
            )?;
        }
    }
    if let (Some(id), false) = (id, found) {
        return Err(Failure::new(format!("the file has no case `{id}`")));
    }
    Ok(ExitCode::from(u8::from(!certified)))
}

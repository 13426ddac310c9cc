//! `opi why`: one number of a run, by its declaration run again on the snapshot and filtered to that number.

use crate::output::{self, Format, ShowValues, grouped};
use crate::year::outputs::{DIRECTORY, HISTORY, RunManifest, SNAPSHOTS, read_manifest};
use crate::{Failure, files, year};
use clap::Args;
use opi::anb::{AnbHistory, Detail};
use opi::dictionary::{BudgetUnitId, Finding, FiscalYear, RuleInfo, SchoolYear};
use opi::public::{Figured, PUBLICATIONS, PublicTables};
use opi::report::{Style, Values, write_finding};
use opi::snapshot::{Snapshot, Table};
use opi::store::Store;
use opi::{FederalCell, Figure, Year};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Explain one number of a run: the rows behind it, the steps, the articles.
#[derive(Args)]
#[command(after_help = "Figures:\n  \
    anb:UNIT:FISCAL-YEAR                  ANB of a budget unit and what its legal entity receives\n  \
    edfacts:FILE:LEVEL:UNIT:SET:CODES     a figure of a federal file; a school is DISTRICT/SCHOOL, SEA has no unit\n  \
    mask:PUBLICATION:NAME=CODE|...        a figure of a public table, hidden or shown\n  \
    finding:CODE:FILE:LINE                a finding\n\n\
    Students' ids are left out unless --show-values. Hidden figures and rows are confidential: so is what this prints.\n\n\
    Exit codes: 0 answered, 2 no such figure, or it could not be answered.\n\
    JSON: opi schema why-anb, why-edfacts, why-mask, why-finding.\n\n\
    Examples:\n  \
    opi why out anb:1753-EL:FY2027\n  \
    opi why out edfacts:052:SCH:1753/0001:TOT\n  \
    opi why out 'mask:enrollment:place=1753|grade=05'\n  \
    opi why out finding:CNT-005:uploads/2026/3515/fall-enrollment-count.tsv:2 --inputs state")]
pub(crate) struct WhyArgs {
    /// The folder of results of `opi year`.
    out: PathBuf,
    /// The figure.
    figure: Figure,
    #[command(flatten)]
    values: ShowValues,
    /// The folder that the year was run on: the rules are run again on it, to see whether a finding still stands.
    #[arg(long, value_name = "DIR")]
    inputs: Option<PathBuf>,
    /// How many rows to print.
    #[arg(long, value_name = "N", default_value_t = 50)]
    rows: usize,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(crate) fn run(arguments: &WhyArgs) -> Result<ExitCode, Failure> {
    let manifest = read_manifest(&arguments.out)?;
    if let Figure::Finding { code, file, line } = &arguments.figure {
        return finding(arguments, &manifest, code, file, *line);
    }
    let run = Run::open(&arguments.out, &manifest)?;
    let figure = &arguments.figure;
    match figure {
        Figure::Anb { unit, fiscal_year } => anb(arguments, &run, unit, *fiscal_year),
        Figure::Federal(figure) => {
            let cell = run.year.federal_figure(run.snapshot.tables(), &run.others(), figure)?;
            federal(arguments, &run, &cell)
        }
        Figure::Public { publication, codes } => public(arguments, &run, &manifest, publication, codes),
        _ => Err(Failure::new(format!("{figure}: nothing explains it"))),
    }
}

/// A figure of a federal file, explained.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WhyFederal {
    /// The figure, its steps and who is behind it.
    cell: FederalCell,
    /// What it is.
    total: u64,
    /// The files that the rows name by number.
    sources: Vec<String>,
}

/// A figure of a public table, explained.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WhyPublic<'a> {
    /// The publication.
    publication: &'a str,
    /// The codes of the figure, in the order of the dimensions.
    codes: &'a [String],
    /// The true count.
    count: u64,
    /// Whether it is shown, or why it is hidden.
    state: &'a str,
    /// What a reader can work out: the least, and the greatest where there is one.
    derivable: Option<(u64, Option<u64>)>,
    /// The masking policy.
    policy: &'a str,
    /// How zeros are treated.
    zeros: &'a str,
    /// Who is counted.
    population: &'a str,
    /// The ids of the students, where they were asked for.
    students: Option<&'a [&'a str]>,
}

/// A finding, explained.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WhyFinding<'a> {
    /// The findings of that name that the run kept.
    findings: &'a [Finding],
    /// The rule.
    rule: Option<&'a RuleInfo>,
    /// Whether it still stands, where the rules ran again.
    stands_now: Option<bool>,
}

/// A finished run, opened again: its snapshot and what else its figures were made from.
struct Run {
    year: Year,
    snapshot: Snapshot,
    prior: Option<Snapshot>,
}

impl Run {
    fn open(out: &Path, manifest: &RunManifest) -> Result<Self, Failure> {
        let told = &manifest.run;
        if told.snapshot.is_empty() {
            return Err(Failure::of_file(out, "the run took no snapshot, so nothing can be run again"));
        }
        let store = Store::existing(out.join(SNAPSHOTS))?;
        let snapshot = store.open(&told.snapshot)?.read()?;
        let prior = match told.prior_snapshot.as_str() {
            "" => None,
            id => Some(store.open(id)?.read()?),
        };
        let mut year = Year::builder(snapshot.info().school_year).as_of(snapshot.info().as_of);
        if let Some(directory) = year::directory(&out.join(DIRECTORY))? {
            year = year.directory(directory);
        }
        year = year.dictionary(year::dictionary_of(out, manifest).load()?);
        if let Some(chosen) = told.interpretation {
            year = year.interpretation(chosen);
        }
        let history = out.join(HISTORY);
        if history.is_file() {
            year = year.anb_history(AnbHistory::from_csv(&files::text(&history)?)?);
        }
        Ok(Run { year: year.build(), snapshot, prior })
    }

    fn others(&self) -> Vec<(SchoolYear, &[Table])> {
        self.prior.iter().map(|prior| (prior.info().school_year, prior.tables())).collect()
    }

    /// The name of a source of the snapshot.
    fn source(&self, number: u32) -> &str {
        let source = self.snapshot.info().sources.get(number as usize);
        source.map_or("a source that is not told", |source| source.file.as_str())
    }
}

fn anb(
    arguments: &WhyArgs,
    run: &Run,
    unit: &BudgetUnitId,
    fiscal_year: FiscalYear,
) -> Result<ExitCode, Failure> {
    let found = run.year.funding_of(run.snapshot.tables(), &run.others(), unit)?;
    let funds = found.results.fiscal_year;
    if funds != fiscal_year {
        return Err(Failure::new(format!("the counts of this run fund {funds}, not {fiscal_year}")));
    }
    let pupils: Vec<_> = found.pupils.iter().filter(|pupil| pupil.decision.unit == unit.as_str()).collect();
    if arguments.format == Format::Json {
        output::json(&arguments.values.json(&found, &["student"])?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = output::stdout();
    write!(out, "{}", found.results.to_text(Detail::Steps))?;
    writeln!(out, "\npupils of {unit}, each with weight and reason:")?;
    let mut reasons = std::collections::BTreeMap::new();
    for pupil in &pupils {
        let decision = &pupil.decision;
        let total: &mut u64 =
            reasons.entry((decision.count, decision.text, decision.weight.to_string())).or_default();
        *total += 1;
    }
    for ((count, text, weight), number) in &reasons {
        writeln!(out, "  {:>7}  {}, weight {weight}: {text}", grouped(*number), count.word())?;
    }
    for pupil in pupils.iter().take(arguments.rows) {
        let decision = &pupil.decision;
        let id = arguments.values.of(pupil.student.reveal());
        writeln!(
            out,
            "  {id} school {} calendar {} line {}: {}, weight {}: {} [{}]",
            pupil.school,
            pupil.calendar,
            pupil.line,
            decision.count.word(),
            decision.weight,
            decision.text,
            decision.citation
        )?;
    }
    more(&mut out, pupils.len(), arguments.rows, "pupils")?;
    for note in &found.notes {
        writeln!(out, "note: {} ({})", note.text, grouped(note.number))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn federal(arguments: &WhyArgs, run: &Run, cell: &FederalCell) -> Result<ExitCode, Failure> {
    let total: u64 = cell.reasons.iter().map(|reason| reason.adds).sum();
    if arguments.format == Format::Json {
        let sources = run.snapshot.info().sources.iter().map(|source| source.file.clone());
        let why = WhyFederal { cell: cell.clone(), total, sources: sources.collect() };
        output::json(&arguments.values.json(&why, &["id"])?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = output::stdout();
    writeln!(out, "{} = {}", cell.figure, grouped(total))?;
    writeln!(out, "{}", cell.title)?;
    for (category, code) in &cell.values {
        writeln!(out, "  {category}: {code}")?;
    }
    writeln!(out, "counted by these steps:")?;
    for step in &cell.steps {
        writeln!(out, "  {step}")?;
    }
    writeln!(out, "behind it, {}:", grouped(cell.reasons.len() as u64))?;
    for reason in cell.reasons.iter().take(arguments.rows) {
        let id = arguments.values.of(&reason.id);
        let rows: Vec<String> =
            reason.rows.iter().map(|row| format!("{}:{}", run.source(row.source), row.line)).collect();
        writeln!(out, "  {id} adds {}: {}", reason.adds, rows.join(", "))?;
    }
    more(&mut out, cell.reasons.len(), arguments.rows, "students")?;
    Ok(ExitCode::SUCCESS)
}

fn public(
    arguments: &WhyArgs,
    run: &Run,
    manifest: &RunManifest,
    publication: &str,
    codes: &[(String, String)],
) -> Result<ExitCode, Failure> {
    let known = || PUBLICATIONS.iter().map(|known| known.name).collect::<Vec<_>>().join(", ");
    let at = PUBLICATIONS.iter().position(|known| known.name == publication);
    let definitions = at
        .and_then(|at| PUBLICATIONS.get(at..=at))
        .ok_or_else(|| Failure::new(format!("no publication {publication:?}; known are {}", known())))?;
    let zeros = manifest.run.zeros.parse()?;
    let (masking, ..) = year::masking(&manifest.run.masking, zeros)?;
    let others = run.others();
    let tables = run.snapshot.tables();
    let masked = run.year.public(definitions, tables, &others, &masking, |_| true)?;
    let Some(masked) = masked.first() else { return Err(Failure::new("nothing was published")) };
    let codes = all_codes(masked, codes)?;
    let behind = run.year.public_figure(tables, &others, masked, &codes)?;
    let ids: Vec<&str> = behind.iter().map(|key| key.reveal()).collect();
    let certified = &masked.certified;
    let (state, count, interval) = match masked.cell(&codes)? {
        Figured::Cell(cell) => {
            let sensitive = certified.sensitive().get(cell.index()) == Some(&true);
            let state = match (certified.is_hidden(cell), sensitive) {
                (false, _) => "shown",
                (true, true) => "hidden because it is small",
                (true, false) => "hidden so that a small one cannot be worked out",
            };
            (state, certified.publication().value(cell), certified.audit().interval(cell.index()))
        }
        Figured::Zero => ("none, as the tables show", behind.len() as u64, None),
        Figured::NotShown => ("shown by no table", behind.len() as u64, None),
    };
    if arguments.format == Format::Json {
        output::json(&WhyPublic {
            publication,
            codes: &codes,
            count,
            state,
            derivable: interval.map(|interval| (interval.lo, interval.hi)),
            policy: &manifest.run.masking,
            zeros: &manifest.run.zeros,
            population: masked.definition.population,
            students: Some(&ids).filter(|_| arguments.values.asked()).map(Vec::as_slice),
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = output::stdout();
    let named = codes.join(" | ");
    writeln!(out, "{} ({named}): {} students, {state}", masked.definition.title, grouped(count))?;
    writeln!(out, "counted: {}", masked.definition.population)?;
    writeln!(out, "masked by {}, zeros: {}", manifest.run.masking, manifest.run.zeros)?;
    if let Some(interval) = interval {
        let high = interval.hi.map_or_else(|| "no limit".to_owned(), grouped);
        let sharp = if interval.sharp { "" } else { " at the widest" };
        writeln!(out, "a reader can work out: from {} to {high}{sharp}", grouped(interval.lo))?;
    }
    if arguments.values.asked() {
        for id in ids.iter().take(arguments.rows) {
            writeln!(out, "  {id}")?;
        }
        more(&mut out, ids.len(), arguments.rows, "students")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The codes of a figure in the order of the dimensions.
fn all_codes(masked: &PublicTables, given: &[(String, String)]) -> Result<Vec<String>, Failure> {
    if given.iter().all(|(name, _)| name.is_empty()) {
        return Ok(given.iter().map(|(_, code)| code.clone()).collect());
    }
    let known: Vec<&str> =
        masked.certified.publication().dimensions().iter().map(|dimension| dimension.name()).collect();
    if let Some((name, _)) = given.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(Failure::new(format!("no dimension {name:?}; known are {}", known.join(", "))));
    }
    let given: Vec<(&str, &str)> = given.iter().map(|(name, code)| (name.as_str(), code.as_str())).collect();
    Ok(masked.codes(&given))
}

fn finding(
    arguments: &WhyArgs,
    manifest: &RunManifest,
    code: &str,
    file: &str,
    line: u64,
) -> Result<ExitCode, Failure> {
    let this =
        |found: &&Finding| found.code == code && found.position.file == file && found.position.line == line;
    let kept: Vec<Finding> = kept_findings(&arguments.out)?.iter().filter(this).cloned().collect();
    let again: Option<Vec<Finding>> = match &arguments.inputs {
        Some(dir) => {
            let validated = year::validated_again(dir, &arguments.out, manifest)?;
            Some(validated.findings.findings().iter().filter(this).cloned().collect())
        }
        None => None,
    };
    let stands = again.as_ref().map(|found| !found.is_empty());
    // A run keeps so many findings of a rule: one that it did not keep may stand all the same.
    let found = if kept.is_empty() { again.unwrap_or_default() } else { kept };
    if found.is_empty() {
        let so = match stands {
            None => "kept no such finding; of each rule it keeps some: --inputs DIR runs the rules again",
            Some(_) => "kept no such finding, and the rules run again on the inputs find none",
        };
        return Err(Failure::new(format!("{}: the run {so}", arguments.figure)));
    }
    let rule = opi::rules::rule(code);
    if arguments.format == Format::Json {
        output::json(&WhyFinding {
            findings: &found,
            rule: rule.map(|rule| &rule.info),
            stands_now: stands,
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = output::stdout();
    for found in &found {
        write_finding(&mut out, found, Values::Hidden, &Style::PLAIN)?;
    }
    if let Some(stands) = stands {
        let now = if stands { "still stands" } else { "no longer stands" };
        writeln!(out, "the rules run again on the inputs: it {now}")?;
    }
    if let Some(rule) = rule {
        writeln!(out, "\n{}", opi::rules::page(rule))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The findings that a run kept.
fn kept_findings(out: &Path) -> Result<Vec<Finding>, Failure> {
    let path = out.join("restricted/findings.jsonl");
    let text = files::text(&path)?;
    let findings = text.lines().skip(1).map(serde_json::from_str::<Finding>);
    findings.collect::<Result<_, _>>().map_err(|error| Failure::of_file(&path, error))
}

fn more(out: &mut impl Write, all: usize, shown: usize, what: &str) -> std::io::Result<()> {
    if all > shown {
        writeln!(out, "  ... and {} more {what}; --rows shows more", grouped((all - shown) as u64))?;
    }
    Ok(())
}

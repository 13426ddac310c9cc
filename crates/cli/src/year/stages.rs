//! The stages of a year in their order, each with its files. One that fails leaves what is done.

use super::inputs::YearInputs;
use super::outputs::{Outputs, Run, RunManifest, SNAPSHOTS, StageDone};
use super::reading::write_not_taken;
use crate::Failure;
use crate::output::{self, counted, grouped};
use indicatif::ProgressBar;
use opi::anb::{AnbHistory, to_csv};
use opi::dictionary::{SchoolYear, Severity};
use opi::mask::{Release, Symbols};
use opi::pages::{self, Results};
use opi::public::{PUBLICATIONS, PublicTables};
use opi::report::Values;
use opi::snapshot::{Register, Snapshot, Table, write_certifications};
use opi::store::{SnapshotName, Store};
use opi::{Certified, FederalYear, OtherYears, Progress, Stage, StateFunding, Taken, Validated, fails_on};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// The uploads in the register, the tables of the year, and those of the year before.
type Known = (Taken, Vec<Table>, Option<Snapshot>);

/// The figures of a year, as far as they could be made.
#[derive(Default)]
struct Figures {
    funding: Option<(StateFunding, AnbHistory)>,
    federal: Option<FederalYear>,
    public: Vec<PublicTables>,
}

/// The stages that were run, and their files.
pub(crate) struct Stages {
    outputs: Outputs,
    bar: ProgressBar,
    quiet: bool,
    timings: bool,
    done: Vec<StageDone>,
    times: Vec<(Stage, Duration)>,
    blocks: bool,
    rule_set: String,
    snapshot: String,
    prior_snapshot: String,
}

impl Stages {
    /// Makes the folder of results ready.
    pub(crate) fn new(out: &Path, quiet: bool, timings: bool) -> Result<Self, Failure> {
        Ok(Stages {
            outputs: Outputs::start(out)?,
            bar: ProgressBar::hidden(),
            quiet,
            timings,
            done: Vec::new(),
            times: Vec::new(),
            blocks: false,
            rule_set: String::new(),
            snapshot: String::new(),
            prior_snapshot: String::new(),
        })
    }

    /// Whether something was found that blocks certification.
    pub(crate) fn blocks(&self) -> bool {
        self.blocks
    }

    /// Whether a stage could not be done.
    pub(crate) fn failed(&self) -> bool {
        self.done.iter().any(|stage| !stage.done)
    }

    /// Runs every stage whose inputs are there.
    pub(crate) fn all(&mut self, inputs: &YearInputs) -> Result<(), Failure> {
        inputs.keep(&mut self.outputs)?;
        let taken = self.stage(Stage::Read, |stages| stages.read(inputs))?;
        let validated = self.stage(Stage::Validate, |stages| stages.validate(inputs))?;
        let Some((taken, tables, prior)) = taken else {
            let rest = [Stage::Certify, Stage::Snapshot, Stage::Funding, Stage::Federal, Stage::Public];
            self.not_reached(&rest, Stage::Read);
            let results =
                Results { validated: validated.as_ref(), not_done: self.not_done(), ..Results::default() };
            return self.pages(inputs, &results);
        };
        let register = &taken.register;
        let certify = |stages: &mut Self| stages.certify(inputs, register, &tables, validated.as_ref());
        let certified = self.stage(Stage::Certify, certify)?;
        let nothing = Certified::default();
        let steps = certified.as_ref().unwrap_or(&nothing);
        let take = |stages: &mut Self| stages.snapshot(inputs, register, tables, steps, prior.as_ref());
        let snapshot = self.stage(Stage::Snapshot, take)?;
        // The register holds the history of every row; the figures need only the snapshot.
        let Taken { reading, register, .. } = taken;
        drop(register);
        let figures = match &snapshot {
            Some(snapshot) => {
                let others: Vec<(SchoolYear, &[Table])> =
                    prior.iter().map(|prior| (prior.info().school_year, prior.tables())).collect();
                self.figures(inputs, snapshot.tables(), &others)?
            }
            None => {
                self.not_reached(&[Stage::Funding, Stage::Federal, Stage::Public], Stage::Snapshot);
                Figures::default()
            }
        };
        let id = self.snapshot.clone();
        let results = Results {
            reading: Some(&reading),
            validated: validated.as_ref(),
            certified: certified.as_ref(),
            snapshot: Some(id).filter(|id| !id.is_empty()),
            funding: figures.funding.as_ref(),
            federal: figures.federal.as_ref(),
            public: &figures.public,
            not_done: self.not_done(),
        };
        self.pages(inputs, &results)
    }

    /// What is counted from the snapshot.
    fn figures(
        &mut self,
        inputs: &YearInputs,
        tables: &[Table],
        others: &OtherYears<'_>,
    ) -> Result<Figures, Failure> {
        let funding = self.stage(Stage::Funding, |stages| stages.funding(inputs, tables, others))?;
        let federal = self.stage(Stage::Federal, |stages| stages.federal(inputs, tables, others))?;
        let public = self.stage(Stage::Public, |stages| stages.public(inputs, tables, others))?;
        Ok(Figures { funding, federal, public: public.unwrap_or_default() })
    }

    fn funding(
        &mut self,
        inputs: &YearInputs,
        tables: &[Table],
        others: &OtherYears<'_>,
    ) -> Result<((StateFunding, AnbHistory), String), Failure> {
        let (funding, history) = inputs.year.funding(tables, others)?;
        let files = &funding.files;
        let explain = "opi why OUT anb:UNIT:FISCAL-YEAR";
        let count = |rows: usize| Some(rows as u64);
        let mut write = |path: &str, text: String, rows: usize| {
            self.outputs.write(path, text.as_bytes(), count(rows), explain)
        };
        write("restricted/anb.csv", to_csv(&files.anb)?, files.anb.len())?;
        write("restricted/entitlements.csv", to_csv(&files.entitlements)?, files.entitlements.len())?;
        for (district, rows) in &files.maefairs {
            write(&format!("restricted/maefairs/{district}.csv"), to_csv(rows)?, rows.len())?;
        }
        write("restricted/funding-notes.csv", to_csv(&funding.notes)?, funding.notes.len())?;
        let failures = &files.results.failures;
        let mut summary = format!(
            "ANB of {} and entitlements of {}",
            counted(files.anb.len() as u64, "budget unit", "budget units"),
            counted(files.results.districts.len() as u64, "legal entity", "legal entities")
        );
        if let Some(first) = files.anb.first() {
            summary.push_str(&format!(" for {}", first.fiscal_year));
        }
        if !failures.is_empty() {
            let failed = counted(failures.len() as u64, "legal entity", "legal entities");
            summary.push_str(&format!("; {failed} could not be computed"));
        }
        Ok(((funding, history), summary))
    }

    fn federal(
        &mut self,
        inputs: &YearInputs,
        tables: &[Table],
        others: &OtherYears<'_>,
    ) -> Result<(FederalYear, String), Failure> {
        let federal = inputs.year.federal(tables, others)?;
        let explain = "opi why OUT edfacts:FILE:LEVEL:UNIT:SET:CODES";
        for file in &federal.files {
            let path = format!("restricted/edfacts/{}", file.name);
            self.outputs.write(&path, &file.bytes, Some(file.records), explain)?;
        }
        let mut findings = String::new();
        for finding in &federal.check.findings {
            findings.push_str(&serde_json::to_string(finding)?);
            findings.push('\n');
        }
        let rows = Some(federal.check.findings.len() as u64);
        let show = "opi edfacts show FILE";
        self.outputs.write("restricted/edfacts/findings.jsonl", findings.as_bytes(), rows, show)?;
        for (path, text) in [
            ("restricted/edfacts/manifest.json", serde_json::to_string_pretty(&federal.manifest)?),
            ("restricted/edfacts/not-produced.json", serde_json::to_string_pretty(&federal.not_produced)?),
            ("restricted/edfacts/notes.json", serde_json::to_string_pretty(&federal.notes)?),
        ] {
            self.outputs.write(path, (text + "\n").as_bytes(), None, show)?;
        }
        let numbers: BTreeSet<String> = federal.files.iter().map(|file| file.file.to_string()).collect();
        let summary = format!(
            "{} of {}, {}, {} of our checker; inputs are missing for {}",
            counted(federal.files.len() as u64, "file", "files"),
            counted(numbers.len() as u64, "kind", "kinds"),
            counted(federal.files.iter().map(|file| file.records).sum(), "record", "records"),
            counted(federal.check.findings.len() as u64, "finding", "findings"),
            counted(federal.not_produced.len() as u64, "kind", "kinds")
        );
        Ok((federal, summary))
    }

    fn public(
        &mut self,
        inputs: &YearInputs,
        tables: &[Table],
        others: &OtherYears<'_>,
    ) -> Result<(Vec<PublicTables>, String), Failure> {
        let started = Instant::now();
        let bar = self.bar.clone();
        let timings = self.timings;
        let public = inputs.year.public(PUBLICATIONS, tables, others, &inputs.masking.0, |step| {
            bar.set_message(step.to_owned());
            if timings {
                let _ = writeln!(output::stderr(), "{:>9.3} {step}", started.elapsed().as_secs_f64());
            }
            true
        })?;
        let explain = "opi why OUT mask:PUBLICATION:CODES";
        let (mut cells, mut hidden) = (0, 0);
        for tables in &public {
            let name = tables.definition.name;
            let release = Release::of(tables.certified.clone(), &Symbols::default())?;
            let lines = |text: &str| Some(text.lines().count().saturating_sub(1) as u64);
            let table = release.table;
            self.outputs.write(&format!("public/{name}.csv"), table.as_bytes(), lines(&table), explain)?;
            let path = format!("restricted/masking/{name}-certificate.json");
            self.outputs.write(&path, release.certificate.as_bytes(), None, "opi mask verify FILE")?;
            let plan = serde_json::to_string_pretty(&(&tables.chosen, &tables.utility))? + "\n";
            let path = format!("restricted/masking/{name}-plan.json");
            self.outputs.write(&path, plan.as_bytes(), None, "opi why OUT mask:PUBLICATION:CODES")?;
            cells += tables.utility.all.cells;
            hidden += tables.utility.all.primary + tables.utility.all.secondary;
        }
        let missing: Vec<&str> = PUBLICATIONS
            .iter()
            .map(|known| known.name)
            .filter(|name| !public.iter().any(|tables| tables.definition.name == *name))
            .collect();
        let mut summary = format!(
            "{}, {}, {} hidden, all certified",
            counted(public.len() as u64, "publication", "publications"),
            counted(cells, "cell", "cells"),
            grouped(hidden)
        );
        if !missing.is_empty() {
            summary.push_str(&format!("; of {} nothing is known by then", missing.join(", ")));
        }
        Ok((public, summary))
    }

    /// Writes the two pages.
    fn pages(&mut self, inputs: &YearInputs, results: &Results<'_>) -> Result<(), Failure> {
        for (path, page) in [
            ("restricted/report.html", pages::restricted_page(&inputs.year, results)),
            ("public/report.html", pages::public_page(&inputs.year, results)),
        ] {
            let mut bytes = Vec::new();
            page.write(&mut bytes)?;
            self.outputs.write(path, &bytes, None, "opi why OUT FIGURE")?;
        }
        Ok(())
    }

    /// Tells of stages that could not begin because an earlier one was not done.
    fn not_reached(&mut self, stages: &[Stage], needed: Stage) {
        self.done.extend(stages.iter().map(|stage| StageDone {
            stage: stage.to_string(),
            done: false,
            summary: format!("it needs the stage {needed}"),
        }));
    }

    fn not_done(&self) -> Vec<(String, String)> {
        let missing = self.done.iter().filter(|stage| !stage.done);
        missing.map(|stage| (stage.stage.clone(), stage.summary.clone())).collect()
    }

    /// Runs a stage, and notes how long it took and what came of it. `None` when it could not be done.
    fn stage<T>(
        &mut self,
        stage: Stage,
        work: impl FnOnce(&mut Self) -> Result<(T, String), Failure>,
    ) -> Result<Option<T>, Failure> {
        let started = Instant::now();
        self.bar = output::spinner(stage.as_str(), self.quiet);
        let worked = work(self);
        self.bar.finish_and_clear();
        let (value, done, summary) = match worked {
            Ok((value, summary)) => (Some(value), true, summary),
            Err(failure) => (None, false, failure.to_string()),
        };
        self.times.push((stage, started.elapsed()));
        self.done.push(StageDone { stage: stage.to_string(), done, summary });
        Ok(value)
    }

    fn read(&mut self, inputs: &YearInputs) -> Result<(Known, String), Failure> {
        let bar = output::progress(0, "read", self.quiet);
        let moved = |progress: Progress<'_>| {
            bar.set_length(progress.of as u64);
            bar.set_position(progress.done as u64);
            true
        };
        let (taken, prior) = rayon::join(
            || inputs.year.read(moved).map_err(Failure::from),
            || inputs.year.read_prior(|_| true).map_err(Failure::from),
        );
        let taken = taken?;
        let prior = prior.unwrap_or_else(|failure| {
            let (stage, summary) = ("year before".to_owned(), failure.to_string());
            self.done.push(StageDone { stage, done: false, summary });
            None
        });
        bar.finish_and_clear();
        let reading = &taken.reading;
        let text = serde_json::to_string_pretty(reading)? + "\n";
        self.outputs.write("restricted/reading.json", text.as_bytes(), None, "opi schema year-reading")?;
        let mut summary = format!(
            "{} in {}, {} in {}",
            counted(reading.students, "student", "students"),
            counted(reading.students_by_district.len() as u64, "district", "districts"),
            counted(reading.report.rows(), "row", "rows"),
            counted(reading.report.files.len() as u64, "file", "files")
        );
        let aside = write_not_taken(&mut self.outputs, &taken, prior.as_ref())?;
        let not_read: u64 = reading.report.families.values().map(|family| family.rows_not_read).sum();
        // Rows that are not in the register are in no figure.
        self.blocks |= aside > 0 || not_read > 0;
        let (row, rows, district, districts) = ("row", "rows", "district", "districts");
        for (count, one, more, what) in [
            (not_read, row, rows, "could not be read"),
            (aside, row, rows, "not taken into the register"),
            (reading.later_files.len() as u64, "file", "files", "left aside: received later"),
            (
                reading.districts_without_files.len() as u64,
                district,
                districts,
                "of the directory sent no file",
            ),
            (reading.districts_not_in_directory.len() as u64, district, districts, "not in the directory"),
        ] {
            if count > 0 {
                summary.push_str(&format!("; {} {what}", counted(count, one, more)));
            }
        }
        let tables = inputs.year.tables(&taken.register)?;
        Ok(((taken, tables, prior.map(|prior| prior.snapshot)), summary))
    }

    fn validate(&mut self, inputs: &YearInputs) -> Result<(Validated, String), Failure> {
        let validated = inputs.year.validate(|_| true)?;
        let findings = &validated.findings;
        let explain = "opi rules CODE";
        let rows = Some(findings.findings().len() as u64);
        let mut bytes = Vec::new();
        findings.write_json_lines(&mut bytes, Values::Hidden)?;
        self.outputs.write("restricted/findings.jsonl", &bytes, rows, explain)?;
        bytes = findings.to_xlsx(Values::Hidden)?;
        self.outputs.write("restricted/findings.xlsx", &bytes, rows, explain)?;
        bytes.clear();
        findings.write_summary_csv(&mut bytes)?;
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count().saturating_sub(1) as u64;
        self.outputs.write("restricted/summary.csv", &bytes, Some(lines), explain)?;
        let account = &validated.account;
        self.blocks |= fails_on(account, Severity::BlocksCertification) || !account.complete;
        self.rule_set.clone_from(&account.rule_set);
        let found = match account.findings {
            0 => "no findings".to_owned(),
            count => {
                let by: Vec<String> = account
                    .by_severity
                    .iter()
                    .rev()
                    .map(|(severity, count)| format!("{} {severity}", grouped(*count)))
                    .collect();
                format!("{}: {}", counted(count, "finding", "findings"), by.join(", "))
            }
        };
        let mut summary = format!(
            "{} over {}, {found}; {} did not run, the report says why",
            counted(account.rules_run.len() as u64, "rule", "rules"),
            counted(account.rows, "row", "rows"),
            counted(account.rules_skipped.len() as u64, "rule", "rules")
        );
        if !validated.left_out.is_empty() {
            let left_out = counted(validated.left_out.len() as u64, "file", "files");
            summary.push_str(&format!("; {left_out} of no known layout"));
        }
        Ok((validated, summary))
    }

    fn certify(
        &mut self,
        inputs: &YearInputs,
        register: &Register,
        tables: &[Table],
        validated: Option<&Validated>,
    ) -> Result<(Certified, String), Failure> {
        let certified = inputs.year.certify(register, tables, validated)?;
        let explain = "opi snapshot --help";
        let standings = certified.standings();
        let rows = Some(standings.len() as u64);
        self.outputs.write("restricted/certification.csv", to_csv(&standings)?.as_bytes(), rows, explain)?;
        let changes = certified.changed_rows();
        if !changes.is_empty() {
            let (path, rows) = ("restricted/certification-differences.csv", Some(changes.len() as u64));
            self.outputs.write(path, to_csv(&changes)?.as_bytes(), rows, explain)?;
        }
        let steps = write_certifications(certified.all())?;
        self.outputs.write("restricted/certifications.csv", steps.as_bytes(), None, explain)?;
        let totals: Vec<String> = certified
            .by_collection()
            .into_iter()
            .map(|(collection, (done, of))| format!("{collection} {done} of {of}"))
            .collect();
        let none = certified.certifications.iter().all(|one| !one.certification.state().is_certified());
        let mut summary = if none {
            let open = counted(certified.certifications.len() as u64, "certification", "certifications");
            format!("no district has certified: {open} stand open")
        } else {
            format!("certified: {}", totals.join(", "))
        };
        let differing = certified.certifications.iter().filter(|one| one.differs.is_yes()).count() as u64;
        if differing > 0 {
            let differing = counted(differing, "certification", "certifications");
            summary.push_str(&format!("; the data are no longer those of {differing}"));
        }
        Ok((certified, summary))
    }

    fn snapshot(
        &mut self,
        inputs: &YearInputs,
        register: &Register,
        tables: Vec<Table>,
        certified: &Certified,
        prior: Option<&Snapshot>,
    ) -> Result<(Snapshot, String), Failure> {
        let snapshot = inputs.year.snapshot(register, tables, certified)?;
        let store = Store::local(self.outputs.path(SNAPSHOTS))?;
        if let Some(prior) = prior {
            self.prior_snapshot = self.store(&store, prior)?.0;
        }
        let (id, rows) = self.store(&store, &snapshot)?;
        let (short, tables): (String, usize) = (id.chars().take(12).collect(), snapshot.tables().len());
        self.snapshot = id;
        let name = SnapshotName::of_collection(inputs.year.school_year(), opi::WHOLE_YEAR);
        let (rows, tables) = (counted(rows, "row", "rows"), counted(tables as u64, "table", "tables"));
        Ok((snapshot, format!("{name}, {short}: {rows} in {tables}")))
    }

    /// Writes a snapshot and tells of its files: its id and how many rows it has.
    fn store(&mut self, store: &Store, snapshot: &Snapshot) -> Result<(String, u64), Failure> {
        let name = SnapshotName::of_collection(snapshot.info().school_year, opi::WHOLE_YEAR);
        let id = store.write(&name, snapshot)?;
        let stored = store.open(&id.to_string())?;
        let explain = format!("opi snapshot show OUT/{SNAPSHOTS} {name}");
        let mut rows = 0;
        for table in &stored.manifest().tables {
            rows += table.rows;
            for part in &table.parts {
                let path = format!("{SNAPSHOTS}/data/{}.parquet", part.hash);
                self.outputs.written(&path, Some(part.rows), &explain)?;
            }
        }
        self.outputs.written(&format!("{SNAPSHOTS}/snapshots/{id}.json"), None, &explain)?;
        self.outputs.written(&format!("{SNAPSHOTS}/names/{name}.json"), None, &explain)?;
        Ok((id.to_string(), rows))
    }

    /// How long each stage took.
    pub(crate) fn times(&self) -> Vec<(Stage, Duration)> {
        self.times.clone()
    }

    /// Writes the manifest.
    pub(crate) fn finish(self, inputs: &YearInputs) -> Result<RunManifest, Failure> {
        let run = Run {
            school_year: inputs.year.school_year().to_string(),
            as_of: inputs.year.as_of().to_string(),
            rule_set: self.rule_set,
            snapshot: self.snapshot,
            prior_snapshot: self.prior_snapshot,
            masking: inputs.masking.1.clone(),
            zeros: inputs.masking.2.clone(),
            policy: inputs.policy.clone(),
            tables: inputs.tables.clone(),
            replaced: inputs.replaced.clone(),
            suspended: inputs.suspended.clone(),
            interpretation: inputs.interpretation,
        };
        self.outputs.finish(run, self.done)
    }
}

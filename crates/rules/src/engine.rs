//! The engine: one pass over every input for field and record rules, then students and wider circles on facts.

use crate::emit::{Emit, Found, NO_DISTRICT, Place, Sink};
use crate::facts::FileKind;
use crate::pass::{FileInfo, Judges, Partition, Reading, Role, read_input};
use crate::policy::Policy;
use crate::ragged::Placed;
use crate::record::Plan;
use crate::register::StoredFact;
use crate::render;
use crate::report::{FileReport, Report};
use crate::rules::{Check, Rule, Whole, built_in};
use crate::run::check_students;
use crate::source::Input;
use crate::student::{Covered, Run};
use crate::table::{Entry, Present, Table, number_if_runs, record_checks, skip_reason};
use crate::world::World;
use crate::{References, RulesError};
use opi_dictionary::{Finding, Hit, Row, RuleInfo, Severity};
use std::collections::BTreeSet;

/// How a run is made. Nothing is cut off silently: limits are echoed in the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Findings kept of each rule; counts are exact whatever the limit. The default is 1,000.
    pub samples_per_rule: usize,
    /// Collects all findings of at least this severity, for splitting files.
    pub rejected_from: Option<Severity>,
    /// Whether rows with fewer fields than their layout are read, the missing ones as blank.
    pub short_rows: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { samples_per_rule: 1_000, rejected_from: None, short_rows: false }
    }
}

/// The inputs of a run. Findings are about the current ones; the others are looked things up in.
#[derive(Clone, Default)]
pub struct Inputs<'i> {
    /// The files that are checked.
    pub current: Vec<&'i dyn Input>,
    /// Stored rows of the state, in the same layouts.
    pub register: Vec<&'i dyn Input>,
    /// Files of the year before.
    pub prior: Vec<&'i dyn Input>,
}

impl<'i> Inputs<'i> {
    /// Inputs to be checked, without register and last year.
    #[must_use]
    pub fn of<T: Input>(inputs: &[&'i T]) -> Self {
        Inputs { current: inputs.iter().map(|input| *input as &dyn Input).collect(), ..Inputs::default() }
    }

    /// All in the order of their numbers: by role, then by name.
    fn in_order(&self) -> Result<Vec<(Role, &'i dyn Input)>, RulesError> {
        let mut all = Vec::new();
        let roles =
            [(Role::Current, &self.current), (Role::Register, &self.register), (Role::Prior, &self.prior)];
        for (role, inputs) in roles {
            let mut inputs = inputs.clone();
            inputs.sort_by(|one, other| one.name().cmp(other.name()));
            all.extend(inputs.into_iter().map(|input| (role, input)));
        }
        let mut names = BTreeSet::new();
        match all.iter().find(|(_, input)| !names.insert(input.name())) {
            Some((_, input)) => Err(RulesError::DuplicateInput { file: input.name().to_owned() }),
            None => Ok(all),
        }
    }
}

/// Runs the rules. Made once for a year, a day and a policy; then checks one row, a file, a district or the state.
pub struct Checker<'a> {
    pub(crate) world: World<'a>,
    pub(crate) policy: Policy,
    pub(crate) options: Options,
    pub(crate) table: Table<'a>,
    pub(crate) facts: Vec<StoredFact>,
}

impl<'a> Checker<'a> {
    /// A checker with the rules of the registry.
    ///
    /// # Errors
    /// When the policy names an unknown rule or gives no reason.
    pub fn new(
        references: &'a References<'a>,
        policy: &Policy,
        options: Options,
    ) -> Result<Self, RulesError> {
        Self::with_rules(references, policy, options, &[])
    }

    /// A checker with rules of one's own beside those of the registry.
    ///
    /// # Errors
    /// As [`Checker::new`]; also when a code stands twice.
    pub fn with_rules(
        references: &'a References<'a>,
        policy: &Policy,
        options: Options,
        own: &[&'a dyn Rule],
    ) -> Result<Self, RulesError> {
        let codes: Vec<&str> = own.iter().map(|rule| rule.info().code).collect();
        policy.check(&codes)?;
        let mut facts = references.facts.facts.clone();
        facts.sort_unstable();
        Ok(Checker {
            world: World::new(references, policy.parameters.clone()),
            policy: policy.clone(),
            options,
            table: Table::new(own, policy, references.as_of)?,
            facts,
        })
    }

    /// The code of a rule by its number in this checker, as [`Hit`]s carry it.
    #[must_use]
    pub fn code(&self, rule: u16) -> Option<&'a str> {
        self.table.entries.get(usize::from(rule)).map(|entry| entry.info.code)
    }

    /// What a rule is, by its number in this checker; also of rules of one's own.
    #[must_use]
    pub fn info(&self, rule: u16) -> Option<&'a RuleInfo> {
        self.table.entries.get(usize::from(rule)).map(|entry| entry.info)
    }

    /// Field and record rules on one row, as on a screen while it is typed. The position is that of the row.
    #[must_use]
    pub fn record(&self, row: &Row<'_>) -> Vec<Finding> {
        let layout = row.layout();
        let mut present = Present::default();
        present.add_references(&self.world);
        present.add(FileKind::short(&layout.key));
        let runs = self.runs(&present);
        let runs: Vec<bool> = runs.iter().map(Option::is_none).collect();
        let mut sink = self.table.sink(usize::MAX / 4, None);
        let mut plan = Plan::new(layout, &self.world, |code| number_if_runs(&self.table, &runs, code));
        let judge = |plan: &Plan, row: &Row<'_>, sink: &mut Sink<'_>| {
            let record = plan.record(row, &self.world, 0);
            for check in record_checks(&self.table, layout, &runs) {
                check.run(&record, sink);
            }
        };
        if plan.read(row, 0, self.options.short_rows, Some(&mut sink)) {
            judge(&plan, row, &mut sink);
        } else if let Some(mut placed) = Placed::of(row) {
            let unread = std::mem::take(&mut placed.unread);
            plan.read_placed(&placed.row(), &unread, 0, Some(&mut sink));
            judge(&plan, &placed.row(), &mut sink);
        }
        let mut found = sink.take_samples();
        found.dedup_by_key(|found| found.hit);
        found.iter().map(|found| render::of_row(self, found, row)).collect()
    }

    /// One file by itself: rules that read other files are skipped and listed.
    ///
    /// # Errors
    /// As [`Checker::check`].
    pub fn check_file(&self, input: &dyn Input) -> Result<Outcome, RulesError> {
        self.check(&Inputs { current: vec![input], ..Inputs::default() })
    }

    /// The files of one district.
    ///
    /// # Errors
    /// As [`Checker::check`].
    pub fn check_district(&self, inputs: &Inputs<'_>) -> Result<Outcome, RulesError> {
        self.check(inputs)
    }

    /// The files of all districts.
    ///
    /// # Errors
    /// As [`Checker::check`].
    pub fn check_state(&self, inputs: &Inputs<'_>) -> Result<Outcome, RulesError> {
        self.check(inputs)
    }

    /// Runs every rule for which there is what it needs.
    ///
    /// # Errors
    /// When two inputs have one name. An input that cannot be read to its end makes the outcome incomplete; what was
    /// found until then stands.
    pub fn check(&self, inputs: &Inputs<'_>) -> Result<Outcome, RulesError> {
        self.check_without(inputs, &BTreeSet::new())
    }

    /// As [`Checker::check`], of what is left when some rows are set aside: each by the number of its file, which is its
    /// place in [`Outcome::names`], and its line. What the reader of a file found in such a row is still there.
    ///
    /// # Errors
    /// As [`Checker::check`].
    pub fn check_without(
        &self,
        inputs: &Inputs<'_>,
        set_aside: &BTreeSet<(u32, u32)>,
    ) -> Result<Outcome, RulesError> {
        let inputs = inputs.in_order()?;
        let mut present = Present::default();
        present.add_references(&self.world);
        for (role, input) in &inputs {
            let short = FileKind::short(&input.layout().key);
            match role {
                Role::Current => {
                    present.add(short);
                    input.judged().iter().for_each(|code| present.add(format!("judged:{code}")));
                    if input.uploader().is_some() {
                        present.add("uploader");
                    }
                }
                Role::Register => {
                    present.add("reg");
                    present.add(format!("reg.{short}"));
                }
                Role::Prior => present.add(format!("prior.{short}")),
            }
        }
        let reasons = self.runs(&present);
        let runs: Vec<bool> = reasons.iter().map(Option::is_none).collect();

        let (mut partitions, mut sink, files) = self.read_all(&inputs, Reading { runs: &runs, set_aside });

        let districts: BTreeSet<u16> = of_kind(&files, Role::Current, None);
        if districts.len() > 1 {
            present.add("districts");
        }
        let reasons = self.runs(&present);
        let runs: Vec<bool> = reasons.iter().map(Option::is_none).collect();
        let replaced = of_kind(&files, Role::Current, Some(FileKind::Enrollments));
        mark_replaced(&mut partitions, &replaced);

        let sections = partitions.iter().take(2).flat_map(|partition| &partition.things);
        let sections = sections.filter(|thing| thing.kind == FileKind::Section).map(|thing| thing.section);
        let run = Run {
            present: &present,
            register_known: present.has("reg.SD"),
            demographics_known: present.has("SD"),
            files: &files,
            covered: Covered::of(&files),
            sections: sections.collect(),
        };
        check_students(self, &mut partitions, &run, &runs, &mut sink);
        let [now, stored, prior] = &partitions;
        let (world, covered) = (&self.world, &run.covered);
        let whole = Whole { world, now, stored, prior, files: &files, covered };
        for rule in built_in() {
            if let (Check::Whole(function), Some(number)) =
                (rule.check, self.number_if_runs(&runs, rule.code))
            {
                function(&whole, &mut Emit { sink: &mut sink, rule: number });
            }
        }
        self.check_certification(&runs, &mut sink);
        Ok(self.outcome(sink, files, &reasons))
    }

    fn runs(&self, present: &Present) -> Vec<Option<String>> {
        let references = self.world.references;
        let reason = |(entry, verdict): (&Entry<'_>, _)| skip_reason(entry, verdict, present, references);
        self.table.entries.iter().zip(&self.table.verdicts).map(reason).collect()
    }

    pub(crate) fn number_if_runs(&self, runs: &[bool], code: &str) -> Option<u16> {
        let number = self.table.number(code)?;
        runs.get(usize::from(number)).copied().unwrap_or(false).then_some(number)
    }

    pub(crate) fn new_sink(&self) -> Sink<'_> {
        self.table.sink(self.options.samples_per_rule, self.options.rejected_from)
    }

    #[cfg(not(feature = "rayon"))]
    fn read_all(
        &self,
        inputs: &[(Role, &dyn Input)],
        reading: Reading<'_>,
    ) -> ([Partition; 3], Sink<'_>, Vec<FileInfo>) {
        self.read_part(0, inputs, reading)
    }

    #[cfg(feature = "rayon")]
    fn read_all(
        &self,
        inputs: &[(Role, &dyn Input)],
        reading: Reading<'_>,
    ) -> ([Partition; 3], Sink<'_>, Vec<FileInfo>) {
        use rayon::prelude::*;
        // A few runs of inputs for each thread: each fills buckets of its own, which are then put together.
        let threads = rayon::current_num_threads();
        let runs_wanted = if threads > 1 { threads * 4 } else { 1 };
        let run = inputs.len().div_ceil(runs_wanted).max(1);
        let read =
            |(number, inputs): (usize, &[(Role, &dyn Input)])| self.read_part(number * run, inputs, reading);
        let parts: Vec<_> = inputs.par_chunks(run).enumerate().map(read).collect();
        let mut parts = parts.into_iter();
        let Some((mut partitions, mut sink, mut files)) = parts.next() else {
            return self.read_part(0, &[], reading);
        };
        for (part, part_sink, part_files) in parts {
            partitions.iter_mut().zip(part).for_each(|(mine, theirs)| mine.append(theirs));
            sink.merge(part_sink);
            files.extend(part_files);
        }
        (partitions, sink, files)
    }

    /// Reads a run of inputs, of which the first has this number.
    fn read_part(
        &self,
        first: usize,
        inputs: &[(Role, &dyn Input)],
        reading: Reading<'_>,
    ) -> ([Partition; 3], Sink<'_>, Vec<FileInfo>) {
        let mut partitions = [Partition::new(), Partition::new(), Partition::new()];
        let mut sink = self.new_sink();
        let (mut files, mut judges) = (Vec::new(), Judges::default());
        for (index, (role, input)) in inputs.iter().enumerate() {
            let Some(partition) = partitions.get_mut(*role as usize) else { continue };
            let numbered = ((first + index) as u32, *role, *input);
            files.push(read_input(self, numbered, reading, &mut judges, partition, &mut sink));
        }
        (partitions, sink, files)
    }

    /// CERT-004: what is certified must have no finding that blocks it.
    fn check_certification(&self, runs: &[bool], sink: &mut Sink<'_>) {
        let [_, _, certification, upload] = sink.total();
        if self.world.references.certifying
            && certification + upload > 0
            && let Some(rule) = self.number_if_runs(runs, "CERT-004")
        {
            Emit { sink, rule }.put(Place { file: 0, line: 0 }, None, 0, NO_DISTRICT, None);
        }
    }

    fn outcome(&self, mut sink: Sink<'_>, files: Vec<FileInfo>, reasons: &[Option<String>]) -> Outcome {
        let mut rejected = std::mem::take(&mut sink.rejected);
        rejected.sort_unstable();
        rejected.dedup();
        let found = sink.take_samples();
        let report = Report::new(self, &sink, &found, &files, reasons);
        let names = files.into_iter().map(|file| file.name).collect();
        Outcome { found, report, names, rejected }
    }
}

/// The districts of the files of a role and kind.
fn of_kind(files: &[FileInfo], role: Role, kind: Option<FileKind>) -> BTreeSet<u16> {
    let fits = |file: &&FileInfo| file.role == role && kind.is_none_or(|kind| file.kind == kind);
    files.iter().filter(fits).flat_map(|file| file.districts.iter().copied()).collect()
}

/// Stored enrollments of a district whose enrollments are uploaded are replaced by them.
fn mark_replaced([_, stored, _]: &mut [Partition; 3], districts: &BTreeSet<u16>) {
    stored.spans.replace(|district| districts.contains(&district));
}

/// What a run found: exact counts and the account of the run in the report, findings as far as they were kept.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The findings kept, in the order of reports: file, line, rule, field.
    pub found: Vec<Found>,
    /// The account of the run.
    pub report: Report,
    /// The names of the inputs by their numbers.
    pub names: Vec<String>,
    /// Every finding of the severity asked for in [`Options::rejected_from`], in the order of file and line, which is 0
    /// for a file as a whole; [`Checker::info`] tells the rule.
    pub rejected: Vec<Hit>,
}

impl Outcome {
    /// The findings kept, as they are shown. Texts are fetched again from the inputs, which must be those of the run;
    /// values appear only when `show_values` is set.
    ///
    /// # Errors
    /// When an input cannot be read again.
    pub fn findings(
        &self,
        checker: &Checker<'_>,
        inputs: &Inputs<'_>,
        show_values: bool,
    ) -> Result<Vec<Finding>, RulesError> {
        let inputs = inputs.in_order()?;
        let inputs: Vec<&dyn Input> = inputs.into_iter().map(|(_, input)| input).collect();
        render::findings(checker, self, &inputs, show_values)
    }

    /// The account of each file.
    #[must_use]
    pub fn files(&self) -> &[FileReport] {
        &self.report.files
    }
}

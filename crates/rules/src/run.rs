//! Rules about students: bucket by bucket, student by student.

use crate::emit::{Emit, Sink};
use crate::engine::Checker;
use crate::enrollments::{Seat, Spans};
use crate::facts::{Enrollment, Facts};
use crate::pass::Partition;
use crate::rules::{Check, EVEN_IF_UNKNOWN, Rule, built_in};
use crate::student::{Run, Sheaf, Student, each_student};
use hashbrown::HashMap;
use opi_dictionary::RuleKey;

/// Student rules, bucket by bucket.
pub(crate) fn check_students<'s>(
    checker: &'s Checker<'_>,
    partitions: &mut [Partition; 3],
    run: &Run<'_>,
    runs: &[bool],
    sink: &mut Sink<'s>,
) {
    let checks = StudentChecks::new(checker, runs);
    let [now, stored, prior] = partitions;
    let silent = if hold_enrollments_only(checker, [now, stored, prior]) {
        checks.silent_spans(checker, run, now)
    } else {
        None
    };
    let spans = [&now.spans, &stored.spans, &prior.spans];
    let bucket = |facts: [&mut Facts; 3], pairs: &mut Pairs, sink: &mut Sink<'_>| match &silent {
        Some(silent) => checks.on_enrollments(checker, run, (facts, spans), (silent, pairs), sink),
        None => checks.on_all(checker, run, (facts, spans), sink),
    };
    let buckets = now.buckets.iter_mut().zip(&mut stored.buckets).zip(&mut prior.buckets);
    let buckets = buckets.map(|((now, stored), prior)| [now, stored, prior]);
    #[cfg(not(feature = "rayon"))]
    {
        let mut pairs = Pairs::default();
        buckets.for_each(|facts| bucket(facts, &mut pairs, sink));
    }
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        let parts: Vec<_> = buckets.collect();
        let part = |(mut sink, mut pairs): (Sink<'s>, Pairs), facts| {
            bucket(facts, &mut pairs, &mut sink);
            (sink, pairs)
        };
        // Few parts, since each has to learn its pairs anew.
        let least = parts.len().div_ceil(rayon::current_num_threads() * 2);
        let start = || (checker.new_sink(), Pairs::default());
        let sinks: Vec<_> = parts.into_par_iter().with_min_len(least).fold(start, part).collect();
        sinks.into_iter().for_each(|(part, _)| sink.merge(part));
    }
    for partition in [now, stored, prior] {
        partition.things.sort_unstable_by_key(|thing| thing.place);
    }
}

/// Whether nothing is known of any student but enrollments of the run.
fn hold_enrollments_only(checker: &Checker<'_>, [now, stored, prior]: [&Partition; 3]) -> bool {
    let no_other = |facts: &Facts| Sheaf::of(facts, &[]).is_empty();
    let nothing = |facts: &Facts| facts.enrollments.is_empty() && no_other(facts);
    checker.facts.is_empty()
        && now.buckets.iter().all(no_other)
        && stored.buckets.iter().chain(&prior.buckets).all(nothing)
}

/// Pairs of enrollments of one student in one file, and whether nothing is found in them, whoever the student is.
type Pairs = HashMap<Pair, bool>;

/// What two rows say, and whether they name one person.
type Pair = (u32, u32, bool, bool);

/// Pairs that are remembered at a time.
const PAIRS: usize = 65_536;

/// The pair that the rows of a student are, if they are one.
fn pair_of(seats: &[Seat]) -> Option<Pair> {
    match seats {
        [one, other] if one.is_named() && other.is_named() && one.file == other.file => {
            Some((one.span, other.span, one.last == other.last, one.first == other.first))
        }
        _ => None,
    }
}

/// Rules about students, with their numbers.
struct StudentChecks<'a> {
    checks: Vec<(u16, StudentCheck<'a>)>,
    /// Which of them also look at students whom the register does not know.
    of_unknown: Vec<bool>,
}

impl<'a> StudentChecks<'a> {
    fn new(checker: &Checker<'a>, runs: &[bool]) -> Self {
        let checks = student_checks(checker, runs);
        let of_unknown = |rule: u16| {
            let entry = checker.table.entries.get(usize::from(rule));
            entry.is_some_and(|entry| EVEN_IF_UNKNOWN.contains(&entry.info.code))
        };
        let of_unknown = checks.iter().map(|(rule, _)| of_unknown(*rule)).collect();
        StudentChecks { checks, of_unknown }
    }

    #[inline]
    fn look(&self, student: &Student<'_>, sink: &mut Sink<'_>) {
        let unknown = student.is_unknown();
        for ((rule, check), even_if_unknown) in self.checks.iter().zip(&self.of_unknown) {
            if !unknown || *even_if_unknown {
                check.run(student, &mut Emit { sink, rule: *rule });
            }
        }
    }

    /// Looks at the students of a bucket.
    fn on_all(
        &self,
        checker: &Checker<'_>,
        run: &Run<'_>,
        (facts, spans): ([&mut Facts; 3], [&Spans; 3]),
        sink: &mut Sink<'_>,
    ) {
        let [now, stored, prior] = facts;
        let [mine, theirs, earlier] = spans;
        let whole = |facts: &mut Facts, spans: &Spans| -> Vec<Enrollment> {
            facts.sort();
            facts.enrollments.whole(spans).collect()
        };
        let enrollments = [whole(now, mine), whole(stored, theirs), whole(prior, earlier)];
        let [of_now, of_stored, of_prior] = &enrollments;
        let sheaves = [Sheaf::of(now, of_now), Sheaf::of(stored, of_stored), Sheaf::of(prior, of_prior)];
        each_student(&checker.world, run, sheaves, &checker.facts, |student| self.look(student, sink));
    }

    /// Looks at the students of a bucket of whom nothing but enrollments is known. One with a single row, or with two of
    /// one file, need not be looked at where nothing is found in any student with such rows.
    fn on_enrollments(
        &self,
        checker: &Checker<'_>,
        run: &Run<'_>,
        ([now, ..], [spans, ..]): ([&mut Facts; 3], [&Spans; 3]),
        (silent, pairs): (&[bool], &mut Pairs),
        sink: &mut Sink<'_>,
    ) {
        now.enrollments.gather();
        let mut rows = Vec::new();
        for seats in now.enrollments.students() {
            let Some((first, rest)) = seats.split_first() else { continue };
            let is_silent = || silent.get(first.span as usize) == Some(&true);
            if first.student == 0 || (rest.is_empty() && first.is_named() && is_silent()) {
                continue;
            }
            let pair = pair_of(seats);
            let known = pair.and_then(|pair| pairs.get(&pair).copied());
            if known == Some(true) {
                continue;
            }
            rows.clear();
            rows.extend(seats.iter().filter_map(|seat| spans.whole(seat)));
            let student = Student::enrolled(&checker.world, run, &rows);
            if let (Some(pair), None) = (pair, known) {
                if pairs.len() >= PAIRS {
                    pairs.clear();
                }
                let heard = sink.listen(|sink| self.look(&student, sink));
                pairs.insert(pair, heard.is_empty());
                if heard.is_empty() {
                    continue;
                }
            }
            self.look(&student, sink);
        }
    }

    /// Which enrollments, if a student has no other row, give no finding, whoever the student is. `None` where it is not
    /// asked: rules of users may look at anything, and where rows have little in common nothing is won.
    fn silent_spans(&self, checker: &Checker<'_>, run: &Run<'_>, partition: &Partition) -> Option<Vec<bool>> {
        let own = |(_, check): &(u16, StudentCheck<'_>)| matches!(check, StudentCheck::Own(_));
        let rows: usize = partition.buckets.iter().map(|facts| facts.enrollments.len()).sum();
        let spans = partition.spans.known();
        if self.checks.iter().any(own) || spans.len() > rows / 2 {
            return None;
        }
        let silent = |sink: &mut Sink<'_>, row: &Enrollment| {
            // A name counts as one, whichever it is.
            let mut row = *row;
            (row.head.student, row.head.last, row.head.first) = (1, 1, 1);
            let student = Student::enrolled(&checker.world, run, std::slice::from_ref(&row));
            sink.listen(|sink| self.look(&student, sink)).is_empty()
        };
        #[cfg(not(feature = "rayon"))]
        {
            let mut sink = checker.new_sink();
            Some(spans.iter().map(|row| silent(&mut sink, row)).collect())
        }
        #[cfg(feature = "rayon")]
        {
            use rayon::prelude::*;
            let part = |rows: &[Enrollment]| {
                let mut sink = checker.new_sink();
                rows.iter().map(|row| silent(&mut sink, row)).collect::<Vec<_>>()
            };
            Some(spans.par_chunks(4_096).flat_map_iter(part).collect())
        }
    }
}

fn student_checks<'a>(checker: &Checker<'a>, runs: &[bool]) -> Vec<(u16, StudentCheck<'a>)> {
    let mut checks = Vec::new();
    for rule in built_in() {
        if let (Check::Student(function), Some(number)) =
            (rule.check, checker.number_if_runs(runs, rule.code))
        {
            checks.push((number, StudentCheck::BuiltIn(function)));
        }
    }
    for entry in &checker.table.entries {
        if let (Some(own), RuleKey::Student) = (entry.own, entry.info.key)
            && let Some(number) = checker.number_if_runs(runs, entry.info.code)
        {
            checks.push((number, StudentCheck::Own(own)));
        }
    }
    checks
}

enum StudentCheck<'a> {
    BuiltIn(crate::rules::StudentFn),
    Own(&'a dyn Rule),
}

impl StudentCheck<'_> {
    #[inline]
    fn run(&self, student: &Student<'_>, emit: &mut Emit<'_, '_>) {
        match self {
            StudentCheck::BuiltIn(function) => function(student, emit),
            StudentCheck::Own(rule) => rule.student(student, emit),
        }
    }
}

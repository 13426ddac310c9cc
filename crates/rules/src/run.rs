//! Rules about students: bucket by bucket, student by student.

use crate::emit::{Emit, Sink};
use crate::engine::Checker;
use crate::facts::Facts;
use crate::pass::Partition;
use crate::rules::{Check, EVEN_IF_UNKNOWN, Rule, built_in};
use crate::student::{Run, Student, each_student};
use opi_dictionary::RuleKey;

/// Student rules, bucket by bucket.
pub(crate) fn check_students<'s>(
    checker: &'s Checker<'_>,
    partitions: &mut [Partition; 3],
    run: &Run<'_>,
    runs: &[bool],
    sink: &mut Sink<'s>,
) {
    let checks = student_checks(checker, runs);
    let of_unknown = |rule: u16| {
        let entry = checker.table.entries.get(usize::from(rule));
        entry.is_some_and(|entry| EVEN_IF_UNKNOWN.contains(&entry.info.code))
    };
    let of_unknown: Vec<bool> = checks.iter().map(|(rule, _)| of_unknown(*rule)).collect();
    let [now, stored, prior] = partitions;
    let bucket = |((now, stored), prior): ((&mut Facts, &mut Facts), &mut Facts), sink: &mut Sink<'_>| {
        now.sort();
        stored.sort();
        prior.sort();
        each_student(&checker.world, run, [now, stored, prior], &checker.facts, |student| {
            let unknown = student.is_unknown();
            for ((rule, check), even_if_unknown) in checks.iter().zip(&of_unknown) {
                if !unknown || *even_if_unknown {
                    check.run(student, &mut Emit { sink, rule: *rule });
                }
            }
        });
    };
    #[cfg(not(feature = "rayon"))]
    for parts in now.buckets.iter_mut().zip(&mut stored.buckets).zip(&mut prior.buckets) {
        bucket(parts, sink);
    }
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        let parts: Vec<_> = now.buckets.iter_mut().zip(&mut stored.buckets).zip(&mut prior.buckets).collect();
        let part = |mut sink: Sink<'s>, parts| {
            bucket(parts, &mut sink);
            sink
        };
        let sinks: Vec<_> = parts.into_par_iter().fold(|| checker.new_sink(), part).collect();
        sinks.into_iter().for_each(|part| sink.merge(part));
    }
    for partition in [now, stored, prior] {
        partition.things.sort_unstable_by_key(|thing| thing.place);
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

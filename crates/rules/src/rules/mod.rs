//! The rules with logic of their own, by subject; and the trait by which users add theirs.

mod attendance;
mod behavior;
mod counts;
mod courses;
mod demographics;
mod enrollment;
mod exits;
mod files;
mod graduation;
mod identity;
pub(crate) mod near_match;
mod programs;
mod special;
mod staff;
mod years;

use crate::emit::Emit;
use crate::facts::Facts;
use crate::pass::{FileInfo, Partition, Role};
use crate::record::Record;
use crate::student::{Covered, Student};
use crate::world::World;
use opi_dictionary::{FieldId, RuleInfo};
use std::sync::OnceLock;

/// A rule of one's own. Its code must not be one of the registry; its key says which method is called: `Record` for
/// [`Rule::record`], on the rows of the layouts in its `files`; `Student` for [`Rule::student`].
///
/// A complete program stands in `examples/src/bin/own_rule.rs`.
pub trait Rule: Sync {
    /// What the rule is.
    fn info(&self) -> &RuleInfo;

    /// Looks at one row.
    fn record(&self, _record: &Record<'_>, _emit: &mut Emit<'_, '_>) {}

    /// Looks at all rows of one student.
    fn student(&self, _student: &Student<'_>, _emit: &mut Emit<'_, '_>) {}
}

pub(crate) type RecordFn = fn(&Record<'_>, &mut Emit<'_, '_>);
pub(crate) type StudentFn = fn(&Student<'_>, &mut Emit<'_, '_>);
pub(crate) type WholeFn = fn(&Whole<'_>, &mut Emit<'_, '_>);

/// A rule of the registry with its function.
#[derive(Clone, Copy)]
pub(crate) struct BuiltIn {
    pub(crate) code: &'static str,
    pub(crate) check: Check,
}

/// What a rule looks at. Record rules name their files by short names; none stands for all. They also name fields of
/// which one at least must be filled for the rule to find anything, so that it need not be asked about other rows.
#[derive(Clone, Copy)]
pub(crate) enum Check {
    Record(&'static [&'static str], &'static [FieldId], RecordFn),
    Student(StudentFn),
    Whole(WholeFn),
}

const fn record(code: &'static str, files: &'static [&'static str], function: RecordFn) -> BuiltIn {
    BuiltIn { code, check: Check::Record(files, &[], function) }
}

/// A record rule that finds something only where one of these fields is filled.
const fn record_if(
    filled: &'static [FieldId],
    code: &'static str,
    files: &'static [&'static str],
    function: RecordFn,
) -> BuiltIn {
    BuiltIn { code, check: Check::Record(files, filled, function) }
}

const fn student(code: &'static str, function: StudentFn) -> BuiltIn {
    BuiltIn { code, check: Check::Student(function) }
}

const fn whole(code: &'static str, function: WholeFn) -> BuiltIn {
    BuiltIn { code, check: Check::Whole(function) }
}

/// All rules with a function, in the order of their codes.
pub(crate) fn built_in() -> &'static [BuiltIn] {
    static ALL: OnceLock<Vec<BuiltIn>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all = [
            attendance::RULES,
            behavior::RULES,
            counts::RULES,
            courses::RULES,
            demographics::RULES,
            enrollment::RULES,
            exits::RULES,
            files::RULES,
            graduation::RULES,
            identity::RULES,
            near_match::RULES,
            programs::RULES,
            special::RULES,
            staff::RULES,
            years::RULES,
        ]
        .concat();
        all.sort_by_key(|rule| rule.code);
        all
    })
}

/// Rules that the reader of a file judges, the engine itself, or nothing but the tables of forms and families.
#[cfg(test)]
pub(crate) const JUDGED_ELSEWHERE: &[&str] = &[
    "CERT-004", "FILE-002", "FILE-003", "FILE-004", "FILE-006", "FILE-007", "FILE-009", "FILE-011",
    "FILE-012", "FILE-014", "FILE-016", "FILE-017", "FILE-018", "FILE-020", "READ-001", "READ-002",
    "READ-003", "READ-004", "READ-005", "READ-006", "READ-007", "READ-008", "READ-009", "READ-012",
    "READ-013",
];

/// Rules that only the reader of a file can judge, since rows no longer show what they are about.
pub(crate) const JUDGED_BY_READERS: &[&str] = &[
    "FILE-002", "FILE-003", "FILE-004", "FILE-006", "FILE-007", "FILE-012", "READ-001", "READ-002",
    "READ-003", "READ-004", "READ-005", "READ-006", "READ-007", "READ-008", "READ-009", "READ-012",
    "READ-013",
];

/// Rules that also look at students whom the register does not know.
pub(crate) const EVEN_IF_UNKNOWN: &[&str] = &["FILE-019", "ID-011", "ID-013", "XF-001"];

/// All facts of a run.
pub(crate) struct Whole<'a> {
    pub(crate) world: &'a World<'a>,
    pub(crate) now: &'a Partition,
    pub(crate) stored: &'a Partition,
    pub(crate) prior: &'a Partition,
    pub(crate) files: &'a [FileInfo],
    pub(crate) covered: &'a Covered,
}

impl<'a> Whole<'a> {
    pub(crate) fn buckets(partition: &'a Partition) -> impl Iterator<Item = &'a Facts> {
        partition.buckets.iter()
    }

    /// The files that are checked, with their numbers.
    pub(crate) fn current(&self) -> impl Iterator<Item = (u32, &'a FileInfo)> {
        let files = self.files.iter().enumerate();
        files.filter(|(_, file)| file.role == Role::Current).map(|(number, file)| (number as u32, file))
    }

    /// Number under which findings about the directory are reported.
    pub(crate) fn directory_file(&self) -> u32 {
        self.files.len() as u32
    }
}

/// Which spans overlap another one: for each, the index of one that it overlaps. Spans hold both of their ends.
/// Sorting keeps it fast for any number of spans.
pub(crate) fn overlapping(spans: &[(i32, i32)]) -> Vec<Option<usize>> {
    let mut overlap = vec![None; spans.len()];
    let mut order: Vec<usize> = (0..spans.len()).collect();
    let span = |index: usize| spans.get(index).copied().unwrap_or((i32::MAX, i32::MIN));
    order.sort_by_key(|index| (span(*index), *index));
    let mut latest: Option<usize> = None;
    for (place, &index) in order.iter().enumerate() {
        let (start, end) = span(index);
        if let Some(slot) = overlap.get_mut(index) {
            // An earlier one that reaches into this one, or else the next one that starts within this one.
            let before = latest.filter(|latest| span(*latest).1 >= start);
            let after = order.get(place + 1).copied().filter(|next| span(*next).0 <= end);
            *slot = before.or(after);
        }
        if latest.is_none_or(|latest| end > span(latest).1) {
            latest = Some(index);
        }
    }
    overlap
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::members;
    use crate::forms::all_forms;
    use crate::{registry, rule};
    use opi_dictionary::RuleStatus;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_rule_is_judged_exactly_when_something_judges_it() {
        let mut judged: BTreeSet<&str> = built_in().iter().map(|rule| rule.code).collect();
        judged.extend(members().iter().map(|member| member.rule));
        judged.extend(all_forms().iter().map(|form| form.rule));
        judged.extend(JUDGED_ELSEWHERE);
        for rule in registry() {
            let wanted = rule.not_judged.is_none() && rule.info.status != RuleStatus::Deprecated;
            assert_eq!(judged.contains(rule.info.code), wanted, "{}", rule.info.code);
        }
        assert!(judged.iter().all(|code| rule(code).is_some()));
    }

    #[test]
    fn the_key_of_a_rule_is_what_its_function_looks_at() {
        use opi_dictionary::RuleKey;
        for BuiltIn { code, check } in built_in() {
            let key = rule(code).unwrap().info.key;
            let fits = match check {
                Check::Record(..) => matches!(key, RuleKey::Record),
                // Facts join rows that lie in several files: a rule on records may then need the student.
                Check::Student(_) => {
                    matches!(key, RuleKey::Student | RuleKey::Record | RuleKey::File | RuleKey::Section)
                }
                Check::Whole(_) => !matches!(key, RuleKey::Record | RuleKey::Student),
            };
            assert!(fits, "{code} {key:?}");
        }
    }

    #[test]
    fn of_spans_that_reach_equally_far_the_first_is_named() {
        assert_eq!(overlapping(&[(1, 5), (2, 5), (3, 4)]), [Some(1), Some(0), Some(0)]);
        assert_eq!(overlapping(&[(1, 5), (2, 6), (6, 7)]), [Some(1), Some(0), Some(1)]);
    }

    proptest! {
        #[test]
        fn overlaps_agree_with_looking_at_every_pair(spans in prop::collection::vec((0i32..20, 0i32..6), 0..12)) {
            let spans: Vec<(i32, i32)> = spans.into_iter().map(|(start, length)| (start, start + length)).collect();
            for (index, found) in overlapping(&spans).into_iter().enumerate() {
                let meets = |other: usize| {
                    other != index && spans[index].0 <= spans[other].1 && spans[other].0 <= spans[index].1
                };
                prop_assert_eq!(found.is_some(), (0..spans.len()).any(meets), "{:?} {}", spans, index);
                prop_assert!(found.is_none_or(meets));
            }
        }
    }
}

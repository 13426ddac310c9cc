//! Which rules may stand behind a total that somebody else reports: sets of rules whose counts add up to it.

use crate::Report;
use opi_dictionary::Severity;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most rules in a set; what larger sets say is chance.
const MOST_IN_A_SET: usize = 5;
/// Sums tried at most, so that a report of many rules ends too.
const MOST_TRIED: u64 = 5_000_000;

/// Sets of rules whose counts add up to a total reported elsewhere, such as the bare number of errors of an upload.
///
/// ```
/// use opi_rules::TotalReported;
/// let counts = [("ENR-014", 9), ("ENR-021", 4), ("FILE-019", 2)].map(|(code, count)| (code.to_owned(), count));
/// let found = TotalReported::among(&counts, 6, 10);
/// let codes: Vec<&str> = found.sets[0].rules.iter().map(|rule| rule.code.as_str()).collect();
/// assert_eq!((found.ours, codes), (15, vec!["ENR-021", "FILE-019"]));
/// assert!(TotalReported::among(&counts, 7, 10).sets.is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct TotalReported {
    /// The total reported elsewhere.
    pub total: u64,
    /// The number of findings here.
    pub ours: u64,
    /// The severity whose findings, with all that are graver, are so many: a system that counts errors alone counts from
    /// one on.
    pub from_severity: Option<Severity>,
    /// The sets, small ones first.
    pub sets: Vec<TotalSet>,
    /// Whether there is no other set: false where more were left out, or not all were tried.
    pub complete: bool,
    /// The most rules that were put into a set.
    pub most_in_a_set: usize,
    /// Rules that did not run here and may have counted there, by code.
    pub not_run: Vec<String>,
}

/// Rules whose counts add up to a total.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct TotalSet {
    /// Whether the total is that of all rules but these.
    pub all_but: bool,
    /// The rules, by code.
    pub rules: Vec<CountedRule>,
}

/// A rule with its exact count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CountedRule {
    /// Its code.
    pub code: String,
    /// Its findings, of whatever severity.
    pub findings: u64,
}

impl TotalReported {
    /// The sets among the rules of a run, at most so many.
    #[must_use]
    pub fn of(report: &Report, total: u64, most: usize) -> Self {
        let counts: Vec<(String, u64)> =
            report.rules_run.iter().map(|rule| (rule.code.clone(), rule.findings)).collect();
        let mut found = Self::among(&counts, total, most);
        found.from_severity = from_severity(&report.by_severity, total);
        found.not_run = report.rules_skipped.iter().map(|rule| rule.code.clone()).collect();
        found
    }

    /// The sets among rules with their counts. Where the total is more than half of all, the rules that it leaves out
    /// are sought, as they are fewer.
    #[must_use]
    pub fn among(counts: &[(String, u64)], total: u64, most: usize) -> Self {
        let mut counts: Vec<(&str, u64)> = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(code, count)| (code.as_str(), *count))
            .collect();
        counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let ours: u64 = counts.iter().map(|(_, count)| count).sum();
        let mut found = TotalReported {
            total,
            ours,
            from_severity: None,
            sets: Vec::new(),
            complete: true,
            most_in_a_set: MOST_IN_A_SET.min(counts.len()),
            not_run: Vec::new(),
        };
        let Some(rest) = ours.checked_sub(total) else { return found };
        let all_but = rest < total;
        let wanted = rest.min(total);
        if wanted == 0 {
            // Nothing at all, or everything: there is one way only.
            found.sets.push(TotalSet { all_but: rest == 0, rules: Vec::new() });
            return found;
        }
        let mut search =
            Search { counts: &counts, most, tried: 0, chosen: Vec::new(), found: Vec::new(), all: true };
        for size in 1..=found.most_in_a_set {
            search.step(0, size, wanted);
        }
        found.complete = search.all && found.most_in_a_set == counts.len();
        found.sets = search
            .found
            .into_iter()
            .map(|mut rules| {
                rules.sort_unstable();
                TotalSet { all_but, rules }
            })
            .collect();
        found
    }
}

/// The gravest severity from which the findings are so many.
fn from_severity(counts: &BTreeMap<Severity, u64>, total: u64) -> Option<Severity> {
    let mut sum = 0;
    let from = counts.iter().rev().find(|(_, count)| {
        sum += **count;
        sum == total && **count > 0
    });
    from.map(|(severity, _)| *severity)
}

/// A search through the rules, of which those with the most findings come first.
struct Search<'a> {
    counts: &'a [(&'a str, u64)],
    most: usize,
    tried: u64,
    chosen: Vec<usize>,
    found: Vec<Vec<CountedRule>>,
    /// Whether nothing was left untried or unlisted.
    all: bool,
}

impl Search<'_> {
    /// Chooses so many more rules, from this one on, that add up to what is wanted.
    fn step(&mut self, from: usize, size: usize, wanted: u64) {
        let counts = self.counts;
        for (index, (_, count)) in counts.iter().enumerate().skip(from) {
            self.tried += 1;
            if self.tried > MOST_TRIED {
                self.all = false;
                return;
            }
            // The greatest come first: too little from here on stays too little.
            let most: u64 = counts.iter().skip(index).take(size).map(|(_, count)| count).sum();
            if most < wanted {
                return;
            }
            if *count > wanted {
                continue;
            }
            self.chosen.push(index);
            if size == 1 {
                self.take();
            } else {
                self.step(index + 1, size - 1, wanted - count);
            }
            self.chosen.pop();
        }
    }

    fn take(&mut self) {
        if self.found.len() >= self.most {
            self.all = false;
            return;
        }
        let names = self.chosen.iter().filter_map(|index| self.counts.get(*index));
        let counted =
            |(code, findings): &(&str, u64)| CountedRule { code: (*code).to_owned(), findings: *findings };
        self.found.push(names.map(counted).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(numbers: &[u64]) -> Vec<(String, u64)> {
        numbers.iter().enumerate().map(|(index, count)| (format!("R-{index:03}"), *count)).collect()
    }

    #[test]
    fn a_total_of_nothing_of_all_and_of_more_than_all() {
        let counts = counts(&[3, 0, 5]);
        let set = |all_but| vec![TotalSet { all_but, rules: Vec::new() }];
        assert_eq!(TotalReported::among(&counts, 0, 9).sets, set(false));
        assert_eq!(TotalReported::among(&counts, 8, 9).sets, set(true));
        let more = TotalReported::among(&counts, 9, 9);
        assert!(more.sets.is_empty() && more.complete);
    }

    #[test]
    fn errors_alone_are_those_of_a_severity_and_of_all_that_are_graver() {
        let counts = BTreeMap::from([
            (Severity::Note, 4),
            (Severity::Confirm, 18),
            (Severity::BlocksCertification, 0),
            (Severity::BlocksUpload, 40),
        ]);
        for (total, from) in [
            (40, Some(Severity::BlocksUpload)),
            (58, Some(Severity::Confirm)),
            (62, Some(Severity::Note)),
            (18, None),
            (0, None),
        ] {
            assert_eq!(from_severity(&counts, total), from, "{total}");
        }
    }

    #[test]
    fn what_is_left_out_is_sought_where_it_is_less() {
        let found = TotalReported::among(&counts(&[100, 70, 7, 3]), 173, 9);
        let left_out = CountedRule { code: "R-002".to_owned(), findings: 7 };
        assert_eq!(found.sets, [TotalSet { all_but: true, rules: vec![left_out] }]);
        let half = TotalReported::among(&counts(&[5, 3, 2]), 5, 9);
        assert!(half.sets.iter().all(|set| !set.all_but), "of two halves those that make it are named");
        assert_eq!(half.sets.len(), 2);
    }

    #[test]
    fn more_sets_than_asked_for_and_larger_ones_than_tried_are_not_hidden() {
        let ones = counts(&[1; 30]);
        let found = TotalReported::among(&ones, 2, 5);
        assert_eq!((found.sets.len(), found.complete), (5, false));
        let found = TotalReported::among(&ones, 9, 5);
        assert_eq!((found.sets.len(), found.complete), (0, false), "a set of nine was not tried");
        let many = TotalReported::among(
            &counts(&(1..200).map(|n| n * 1000 + n % 7).collect::<Vec<_>>()),
            555_555,
            3,
        );
        assert!(!many.complete);
    }

    proptest! {
        #[test]
        fn the_sets_are_those_that_add_up(numbers in prop::collection::vec(0u64..12, 0..8), total in 0u64..50) {
            let counts = counts(&numbers);
            let found = TotalReported::among(&counts, total, 1000);
            for set in &found.sets {
                for rule in &set.rules {
                    prop_assert!(counts.contains(&(rule.code.clone(), rule.findings)));
                }
                let sum: u64 = set.rules.iter().map(|rule| rule.findings).sum();
                prop_assert_eq!(if set.all_but { found.ours - sum } else { sum }, total);
            }
            let filled: Vec<u64> = numbers.iter().copied().filter(|count| *count > 0).collect();
            let subsets = (0u32..1 << filled.len()).filter(|subset| {
                let chosen = filled.iter().enumerate().filter(|(index, _)| subset >> index & 1 == 1);
                chosen.map(|(_, count)| count).sum::<u64>() == total
            });
            if found.complete {
                prop_assert_eq!(found.sets.len(), subsets.count());
            }
        }
    }
}

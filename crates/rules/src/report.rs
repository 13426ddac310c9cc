//! The account of a run: what ran, what did not and why, and how many findings there are.

use crate::emit::{Found, NO_DISTRICT, Sink};
use crate::engine::Checker;
use crate::pass::{FileInfo, Role};
use crate::policy::{Change, Policy};
use crate::{Collection, cell};
use chrono::NaiveDate;
use opi_dictionary::{RuleInfo, SchoolYear, Severity};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What was read of one input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct FileReport {
    /// Its name.
    pub file: String,
    /// Its layout.
    pub layout: String,
    /// `current`, `register` or `prior`.
    pub role: &'static str,
    /// Rows read, without the header.
    pub rows: u64,
    /// A hash of its bytes, where the reader makes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Why it was not read to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A rule that ran, with its findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct RuleCount {
    /// Its code.
    pub code: String,
    /// All its findings, whether kept or not.
    pub findings: u64,
    /// Those kept.
    pub kept: u64,
    /// Findings that the policy of a district set aside.
    #[serde(skip_serializing_if = "is_zero")]
    pub set_aside: u64,
    /// Findings by what they lead to.
    pub by_severity: BTreeMap<Severity, u64>,
    /// Findings by district; `unknown` where none can be named.
    pub by_district: BTreeMap<String, u64>,
    /// Findings by district and by what they lead to there.
    pub severities_by_district: BTreeMap<String, BTreeMap<Severity, u64>>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A rule that did not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct SkippedRule {
    /// Its code.
    pub code: String,
    /// Why.
    pub reason: String,
}

/// The account of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Report {
    /// Version of the rule set: that of the program and a hash of its tables.
    pub rule_set: String,
    /// The school year checked.
    pub school_year: SchoolYear,
    /// The day for which it was checked.
    pub as_of: NaiveDate,
    /// The collection checked; `null` for all but the closing of the year.
    pub collection: Option<Collection>,
    /// Whether every input was read to its end.
    pub complete: bool,
    /// What was read.
    pub files: Vec<FileReport>,
    /// Rows read of the files checked.
    pub rows: u64,
    /// All findings.
    pub findings: u64,
    /// Findings by what they lead to.
    pub by_severity: BTreeMap<Severity, u64>,
    /// Findings kept of each rule at most.
    pub samples_per_rule: u64,
    /// Rules that ran.
    pub rules_run: Vec<RuleCount>,
    /// Rules that did not run, with the reason.
    pub rules_skipped: Vec<SkippedRule>,
    /// What the rules of one's own are, which no registry lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own_rules: Vec<RuleInfo>,
    /// The policy.
    pub policy: Policy,
    /// Changes of the policy that had expired and were set aside.
    pub policy_expired: Vec<Change>,
}

impl Report {
    pub(crate) fn new(
        checker: &Checker<'_>,
        sink: &Sink<'_>,
        found: &[Found],
        files: &[FileInfo],
        reasons: &[Option<String>],
    ) -> Self {
        let references = checker.world.references;
        let mut districts: BTreeMap<u16, BTreeMap<String, BTreeMap<Severity, u64>>> = BTreeMap::new();
        #[allow(clippy::iter_over_hash_type, reason = "sorted into a tree")]
        for ((rule, district), tally) in &sink.districts {
            let name = if *district == NO_DISTRICT { "unknown".to_owned() } else { format!("{district:04}") };
            districts.entry(*rule).or_default().insert(name, by_severity(*tally));
        }
        let mut kept: BTreeMap<u16, u64> = BTreeMap::new();
        for found in found {
            *kept.entry(found.hit.rule).or_default() += 1;
        }
        let (mut rules_run, mut rules_skipped) = (Vec::new(), Vec::new());
        for (number, (entry, reason)) in checker.table.entries.iter().zip(reasons).enumerate() {
            let code = entry.info.code.to_owned();
            if let Some(reason) = reason {
                rules_skipped.push(SkippedRule { code, reason: reason.clone() });
                continue;
            }
            let tally = sink.tallies.get(number).copied().unwrap_or_default();
            let severities_by_district = districts.remove(&(number as u16)).unwrap_or_default();
            let sum = |counts: &BTreeMap<Severity, u64>| counts.values().sum();
            rules_run.push(RuleCount {
                code,
                findings: tally.iter().sum(),
                kept: kept.get(&(number as u16)).copied().unwrap_or(0),
                set_aside: sink.suppressed.get(number).copied().unwrap_or(0),
                by_severity: by_severity(tally),
                by_district: severities_by_district
                    .iter()
                    .map(|(district, counts)| (district.clone(), sum(counts)))
                    .collect(),
                severities_by_district,
            });
        }
        let total = sink.total();
        let own = checker.table.entries.iter().filter(|entry| entry.own.is_some());
        Report {
            rule_set: rule_set_version(),
            school_year: references.year,
            as_of: references.as_of,
            collection: references.collection,
            complete: files.iter().all(|file| file.problem.is_none()),
            rows: files.iter().filter(|file| file.role == Role::Current).map(|file| file.rows).sum(),
            files: files.iter().map(file_report).collect(),
            findings: total.iter().sum(),
            by_severity: by_severity(total),
            samples_per_rule: checker.options.samples_per_rule as u64,
            rules_run,
            rules_skipped,
            own_rules: own.map(|entry| entry.info.clone()).collect(),
            policy: checker.policy.clone(),
            policy_expired: checker
                .policy
                .rule
                .iter()
                .filter(|change| change.expires < references.as_of)
                .cloned()
                .collect(),
        }
    }

    /// Notes an input that the caller could not hand over, so that the run is not taken for complete. `role` is
    /// `current`, `register` or `prior`.
    pub fn left_out(&mut self, file: &str, role: &'static str, problem: &str) {
        self.complete = false;
        self.files.push(FileReport {
            file: file.to_owned(),
            layout: "unknown".to_owned(),
            role,
            rows: 0,
            hash: None,
            problem: Some(problem.to_owned()),
        });
    }

    /// The gravest severity among all findings.
    #[must_use]
    pub fn gravest(&self) -> Option<Severity> {
        self.by_severity.keys().next_back().copied()
    }

    /// How many findings a rule has; `None` when it did not run.
    #[must_use]
    pub fn count(&self, code: &str) -> Option<u64> {
        self.rules_run.iter().find(|rule| rule.code == code).map(|rule| rule.findings)
    }

    /// Why a rule did not run; `None` when it did, or is not known.
    #[must_use]
    pub fn skipped(&self, code: &str) -> Option<&str> {
        self.rules_skipped.iter().find(|rule| rule.code == code).map(|rule| rule.reason.as_str())
    }
}

fn by_severity(tally: [u64; 4]) -> BTreeMap<Severity, u64> {
    Severity::ALL.into_iter().zip(tally).filter(|(_, count)| *count > 0).collect()
}

fn file_report(file: &FileInfo) -> FileReport {
    FileReport {
        file: file.name.clone(),
        layout: file.layout.clone(),
        role: match file.role {
            Role::Current => "current",
            Role::Register => "register",
            Role::Prior => "prior",
        },
        rows: file.rows,
        hash: file.hash.clone(),
        problem: file.problem.clone(),
    }
}

/// The version of the program and a hash of the tables of rules.
fn rule_set_version() -> String {
    let tables = [
        include_str!("../spec/rules.csv"),
        include_str!("../spec/families.csv"),
        include_str!("../spec/forms.csv"),
        include_str!("../spec/near-match.csv"),
        include_str!("../spec/years.csv"),
        include_str!("../spec/parameters.csv"),
    ];
    let hash = tables.iter().fold(0, |hash, table| cell::hash_pair(hash, cell::hash_bytes(table.as_bytes())));
    format!("{}+{hash:016x}", env!("CARGO_PKG_VERSION"))
}

/// A difference between two runs: a rule, a district, and its findings in each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CompareRow {
    /// The rule.
    pub code: String,
    /// The district; `unknown` where none can be named.
    pub district: String,
    /// Findings in the first run; `None` when the rule did not run there.
    pub before: Option<u64>,
    /// Findings in the second run; `None` when the rule did not run there.
    pub after: Option<u64>,
    /// What the findings of the district lead to in the first run.
    pub severity_before: BTreeMap<Severity, u64>,
    /// What they lead to in the second run.
    pub severity_after: BTreeMap<Severity, u64>,
}

/// What changes if: the difference of two runs over the same inputs, by rule and district, equal rows left out.
#[must_use]
pub fn compare(before: &Report, after: &Report) -> Vec<CompareRow> {
    let (before, after) = (by_code(before), by_code(after));
    let codes: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let mut rows = Vec::new();
    for code in codes {
        let (one, other) = (before.get(code), after.get(code));
        let of = |rule: Option<&&RuleCount>, district: &str| {
            let counts = |rule: &&RuleCount| rule.severities_by_district.get(district).cloned();
            rule.map(|rule| counts(rule).unwrap_or_default())
        };
        let districts: BTreeSet<&String> =
            [one, other].into_iter().flatten().flat_map(|rule| rule.severities_by_district.keys()).collect();
        for district in districts {
            let (mine, theirs) = (of(one, district), of(other, district));
            if mine != theirs {
                let sum = |counts: &BTreeMap<Severity, u64>| counts.values().sum();
                rows.push(CompareRow {
                    code: code.to_owned(),
                    district: district.clone(),
                    before: mine.as_ref().map(sum),
                    after: theirs.as_ref().map(sum),
                    severity_before: mine.unwrap_or_default(),
                    severity_after: theirs.unwrap_or_default(),
                });
            }
        }
    }
    rows
}

/// The districts that have a finding of this severity or a graver one in the second run and had none in the first: whom a
/// change of policy would keep from uploading or certifying.
#[must_use]
pub fn newly_hit(before: &Report, after: &Report, severity: Severity) -> Vec<String> {
    let hit = |report: &Report| -> BTreeSet<String> {
        let districts = report.rules_run.iter().flat_map(|rule| &rule.severities_by_district);
        let hit = districts.filter(|(_, counts)| counts.keys().any(|found| *found >= severity));
        hit.map(|(district, _)| district.clone()).collect()
    };
    hit(after).difference(&hit(before)).cloned().collect()
}

fn by_code(report: &Report) -> BTreeMap<&str, &RuleCount> {
    report.rules_run.iter().map(|rule| (rule.code.as_str(), rule)).collect()
}

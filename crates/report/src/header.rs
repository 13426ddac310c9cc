//! What every report says about the run before the first finding.

use chrono::{NaiveDate, NaiveDateTime};
use opi_dictionary::{Citation, RuleClass, RuleInfo, RuleKey, RuleStatus, SchoolYear, Severity};
use serde::{Deserialize, Serialize};

/// Whether the value that was found in a file is shown. Everything else in a finding is free of personal
/// values, so this is the one switch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Values {
    /// Values are left out (the default).
    #[default]
    Hidden,
    /// Values are shown: the output is then as confidential as the files that were read.
    Shown,
}

impl Values {
    /// `Shown` when asked for, `Hidden` otherwise.
    #[must_use]
    pub fn shown_if(asked: bool) -> Self {
        if asked { Values::Shown } else { Values::Hidden }
    }

    /// Whether values are shown.
    #[must_use]
    pub fn are_shown(self) -> bool {
        self == Values::Shown
    }
}

/// How places in files are counted, as every report says it.
pub const LINES_COUNTED: &str = "from 1; the header of a file is line 1, its first row line 2, and blank lines count; line 0 is the file as a whole";

/// The run of rules: by which program, over what, under which policy, and how completely.
///
/// "No findings" means something only beside this, so no renderer works without it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunHeader {
    /// The name of the program.
    pub tool: String,
    /// The version of the program.
    pub tool_version: String,
    /// The version of the rule set.
    pub rule_set_version: String,
    /// The school year that was judged.
    pub school_year: Option<SchoolYear>,
    /// The collection that was judged, by key; `None` when rules of every collection ran.
    pub collection: Option<String>,
    /// The day that stood for "today".
    pub as_of: Option<NaiveDate>,
    /// When the report was made (UTC), if it should say so. Two runs give the same bytes only when given the
    /// same moment, or none.
    pub produced: Option<NaiveDateTime>,
    /// Why the run did not go to its end; `None` when it did.
    pub incomplete: Option<String>,
    /// At most so many findings of one rule are listed; `None` when all are.
    pub max_samples: Option<u64>,
    /// Thresholds that the policy set to another value than the usual one.
    pub parameters: Vec<ParameterEntry>,
    /// The policy that changed rules, entry by entry.
    pub policy: Vec<PolicyEntry>,
    /// Entries of the policy that had expired and were not applied.
    pub policy_expired: Vec<PolicyEntry>,
    /// The files that were read.
    pub files: Vec<InputFile>,
    /// The rules that ran.
    pub rules: Vec<RuleOutline>,
    /// The rules that did not run, or not everywhere, each with its reason.
    pub skipped: Vec<SkippedRule>,
    /// Exact counts by rule and severity. Leave empty when every finding is handed over: they are then
    /// counted from the findings. [`RuleCount::shown`] is always counted.
    pub counts: Vec<RuleCount>,
}

impl RunHeader {
    /// A header with program, version and rule set; the rest is empty and the run complete.
    #[must_use]
    pub fn new(
        tool: impl Into<String>,
        tool_version: impl Into<String>,
        rule_set_version: impl Into<String>,
    ) -> Self {
        RunHeader {
            tool: tool.into(),
            tool_version: tool_version.into(),
            rule_set_version: rule_set_version.into(),
            ..RunHeader::default()
        }
    }

    /// The files that were checked, without those they were compared with.
    pub fn checked(&self) -> impl Iterator<Item = &InputFile> {
        self.files.iter().filter(|file| file.role.is_none())
    }

    /// The number of rows in the files that were checked.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.checked().fold(0, |sum, file| sum.saturating_add(file.rows))
    }

    /// The number of findings of all rules, listed or not.
    #[must_use]
    pub fn findings(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(count.findings))
    }

    /// The number of rules that did not run at all.
    #[must_use]
    pub fn rules_skipped(&self) -> usize {
        let ran: std::collections::BTreeSet<&str> =
            self.rules.iter().map(|rule| rule.code.as_str()).collect();
        let skipped: std::collections::BTreeSet<&str> =
            self.skipped.iter().map(|rule| rule.code.as_str()).filter(|code| !ran.contains(code)).collect();
        skipped.len()
    }

    /// The rules that did not run or not everywhere, gathered by reason: reason, then codes.
    #[must_use]
    pub fn skipped_by_reason(&self) -> std::collections::BTreeMap<&str, Vec<&str>> {
        let mut reasons: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
        for rule in &self.skipped {
            reasons.entry(&rule.reason).or_default().push(&rule.code);
        }
        for codes in reasons.values_mut() {
            codes.sort_unstable();
            codes.dedup();
        }
        reasons
    }

    /// Puts every list into the order in which it is shown.
    pub(crate) fn sort(&mut self) {
        self.parameters.sort();
        self.policy.sort();
        self.policy_expired.sort();
        self.files.sort();
        self.rules.sort_by(|a, b| a.code.cmp(&b.code));
        self.skipped.sort();
        self.counts.sort();
    }
}

/// A file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct InputFile {
    /// The file as the caller named it, as in the positions of findings.
    pub name: String,
    /// The layout by which it was read, by key.
    #[serde(default)]
    pub layout: Option<String>,
    /// What a file is that was not checked but compared with, such as `register` or `prior`; `None` for one that was
    /// checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Records read, without header and trailer.
    pub rows: u64,
    /// Length in bytes.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// Hash of the bytes: algorithm, colon, hexadecimal digits, such as `blake3:af13…`.
    #[serde(default)]
    pub hash: Option<String>,
}

impl InputFile {
    /// A file by name and number of records.
    #[must_use]
    pub fn new(name: impl Into<String>, rows: u64) -> Self {
        InputFile { name: name.into(), rows, ..InputFile::default() }
    }
}

/// A rule that ran, as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct RuleOutline {
    /// The permanent code.
    pub code: String,
    /// One sentence that describes the bad state.
    pub summary: String,
    /// What it leads to, unless a policy says otherwise.
    pub severity: Severity,
    /// What kind of statement it makes.
    pub class: RuleClass,
    /// How far it has come.
    pub status: RuleStatus,
    /// The key by which its records stand together.
    pub key: RuleKey,
    /// Why it matters.
    pub why: String,
    /// How to mend it.
    pub fix: String,
    /// Where it comes from and how firm that is.
    pub citation: Citation,
    /// Address of its page, if there is one.
    #[serde(default)]
    pub page: Option<String>,
}

impl From<&RuleInfo> for RuleOutline {
    fn from(rule: &RuleInfo) -> Self {
        RuleOutline {
            code: rule.code.to_owned(),
            summary: rule.summary.to_owned(),
            severity: rule.severity,
            class: rule.class,
            status: rule.status,
            key: rule.key,
            why: rule.why.to_owned(),
            fix: rule.fix.to_owned(),
            citation: rule.citation.clone(),
            page: None,
        }
    }
}

/// A rule that did not run, or not everywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct SkippedRule {
    /// The code.
    pub code: String,
    /// Why: `no prior year was given`, `switched off by policy`.
    pub reason: String,
}

impl SkippedRule {
    /// A code with its reason.
    #[must_use]
    pub fn new(code: impl Into<String>, reason: impl Into<String>) -> Self {
        SkippedRule { code: code.into(), reason: reason.into() }
    }
}

/// A threshold that the policy set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct ParameterEntry {
    /// Its name.
    pub name: String,
    /// What it is.
    pub value: String,
    /// What it is without a policy.
    pub usual: String,
}

impl std::fmt::Display for ParameterEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is {} instead of {}", self.name, self.value, self.usual)
    }
}

/// One entry of the policy, echoed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct PolicyEntry {
    /// The code of the rule.
    pub code: String,
    /// Where it holds, such as `district 0123`; `None` = everywhere.
    #[serde(default)]
    pub scope: Option<String>,
    /// What it does.
    pub action: PolicyAction,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    #[serde(default)]
    pub expires: Option<NaiveDate>,
}

/// What a policy does to a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PolicyAction {
    /// The rule is not run.
    Off,
    /// Its findings lead to this.
    Severity(Severity),
}

impl std::fmt::Display for PolicyAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PolicyAction::Off => f.write_str("switched off"),
            PolicyAction::Severity(severity) => write!(f, "severity set to {severity}"),
        }
    }
}

/// How often a rule was hit under one severity. A policy may give one rule several severities.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct RuleCount {
    /// The code of the rule.
    pub code: String,
    /// What its findings lead to.
    pub severity: Severity,
    /// All findings, exactly.
    pub findings: u64,
    /// Those that are listed.
    #[serde(default)]
    pub shown: u64,
}

impl RuleCount {
    /// An exact count.
    #[must_use]
    pub fn new(code: impl Into<String>, severity: Severity, findings: u64) -> Self {
        RuleCount { code: code.into(), severity, findings, shown: 0 }
    }
}

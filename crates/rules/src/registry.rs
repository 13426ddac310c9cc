//! The registry: every rule as data, from `spec/rules.csv`.

use crate::RulesError;
use opi_dictionary::{Citation, RuleClass, RuleInfo, RuleKey, RuleStatus, SchoolYear, Severity, Standing};
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// A collection of the yearly round. A rule that names collections is judged only when one of them is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Collection {
    /// The student count of October.
    FallCount,
    /// The student count of February.
    SpringCount,
    /// The count of the test window.
    TestWindow,
    /// Program participation.
    ProgramParticipation,
    /// Follow-up of career concentrators.
    FallCte,
    /// Courses, sections, rosters and staff.
    TeacherClass,
    /// The closing of the year.
    EndOfYear,
    /// Graduates, cohort and dropouts of last year.
    GraduateAndDropout,
}

impl Collection {
    /// All collections.
    pub const ALL: &'static [Collection] = &[
        Collection::FallCount,
        Collection::SpringCount,
        Collection::TestWindow,
        Collection::ProgramParticipation,
        Collection::FallCte,
        Collection::TeacherClass,
        Collection::EndOfYear,
        Collection::GraduateAndDropout,
    ];

    /// The word used in tables and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Collection::FallCount => "fall_count",
            Collection::SpringCount => "spring_count",
            Collection::TestWindow => "test_window",
            Collection::ProgramParticipation => "program_participation",
            Collection::FallCte => "fall_cte",
            Collection::TeacherClass => "teacher_class",
            Collection::EndOfYear => "end_of_year",
            Collection::GraduateAndDropout => "graduate_and_dropout",
        }
    }
}

impl std::fmt::Display for Collection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Collection {
    type Err = RulesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        Collection::ALL.iter().copied().find(|known| known.as_str() == word).ok_or_else(|| {
            let known: Vec<&str> = Collection::ALL.iter().map(|known| known.as_str()).collect();
            let found: String = text.chars().take(40).collect();
            RulesError::table("collection", None, format!("{found:?} is none of {}", known.join(", ")))
        })
    }
}

/// A rule of the registry: its [`RuleInfo`] and what only pages and the engine need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct RegisteredRule {
    /// What a finding refers to.
    #[serde(flatten)]
    pub info: RuleInfo,
    /// The good state, in words; blank where there is no bad one.
    pub right: &'static str,
    /// A short example of the bad state, invented.
    pub example: &'static str,
    /// Why the rule is not judged here; `None` when it is.
    pub not_judged: Option<&'static str>,
    /// What must be there for it to be judged: each entry one of several things, parted by `|`.
    pub needs: Vec<Vec<&'static str>>,
    /// The collections in which it is judged; empty for all.
    pub collections: Vec<Collection>,
    /// Rules that look at the same matter.
    pub related: Vec<&'static str>,
    /// The rule that took its place.
    pub redirect: Option<&'static str>,
}

impl RegisteredRule {
    /// Whether the rule holds in a school year.
    #[must_use]
    pub fn holds_in(&self, year: SchoolYear) -> bool {
        self.info.first_year.is_none_or(|first| first <= year)
            && self.info.last_year.is_none_or(|last| year <= last)
    }

    /// Whether the rule belongs to what is checked: everything, or one collection.
    #[must_use]
    pub fn belongs_to(&self, collection: Option<Collection>) -> bool {
        match collection {
            _ if self.collections.is_empty() => true,
            // Without a named collection all is checked but what only a closing year can satisfy.
            None => !self.collections.contains(&Collection::EndOfYear),
            Some(collection) => self.collections.contains(&collection),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    code: String,
    summary: String,
    severity: Severity,
    class: RuleClass,
    status: RuleStatus,
    key: RuleKey,
    files: String,
    fields: String,
    judged: String,
    reason: String,
    needs: String,
    collections: String,
    first_year: Option<i32>,
    last_year: Option<i32>,
    right: String,
    why: String,
    fix: String,
    example: String,
    source: String,
    standing: Standing,
    related: String,
    redirect: String,
}

/// All rules, in the order of their codes. Codes are permanent: rows are added, never removed or renamed.
///
/// ```
/// let rules = opi_rules::registry();
/// let overlap = opi_rules::rule("ENR-015").expect("a rule of the registry");
/// assert_eq!(overlap.info.summary, "two primary enrollments of a student overlap");
/// assert!(rules.iter().filter(|rule| rule.not_judged.is_none()).count() > 200);
/// ```
#[must_use]
#[allow(clippy::expect_used, reason = "the table is part of the program; a test loads it")]
pub fn registry() -> &'static [RegisteredRule] {
    static RULES: OnceLock<Vec<RegisteredRule>> = OnceLock::new();
    RULES.get_or_init(|| load(include_str!("../spec/rules.csv")).expect("the embedded table is well formed"))
}

/// The rule with this code; a code that another rule took over is found too.
#[must_use]
pub fn rule(code: &str) -> Option<&'static RegisteredRule> {
    let code = code.trim();
    registry().iter().find(|rule| rule.info.code.eq_ignore_ascii_case(code))
}

/// Codes that differ little from this one, the nearest first: in case, marks and zeros, then in one character.
#[must_use]
pub fn nearest(code: &str) -> Vec<String> {
    // `enr-14`, `ENR 014` and `ENR014` are one code.
    let parts = |text: &str| {
        let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let plain = plain.to_ascii_uppercase();
        let digits = plain.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        let family = plain.strip_suffix(digits).unwrap_or_default().to_owned();
        (family, digits.trim_start_matches('0').to_owned())
    };
    let upper = code.trim().to_ascii_uppercase();
    let wanted = parts(&upper);
    let distance = |known: &str| {
        let differing = known.bytes().zip(upper.bytes()).filter(|(a, b)| a != b).count();
        match parts(known) == wanted {
            true => 0,
            false if known.len() == upper.len() => differing,
            false => usize::MAX,
        }
    };
    let mut near: Vec<(usize, &str)> =
        registry().iter().map(|rule| (distance(rule.info.code), rule.info.code)).collect();
    near.retain(|(distance, _)| *distance <= 1);
    near.sort_unstable();
    // One that is the same but for its writing is what was meant.
    if near.first().is_some_and(|(distance, _)| *distance == 0) {
        near.truncate(1);
    }
    near.into_iter().take(3).map(|(_, code)| code.to_owned()).collect()
}

/// The registry lives as long as the program: its texts are kept for good, once.
fn keep(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn keep_list(cell: &str) -> &'static [&'static str] {
    let parts: Vec<&'static str> = list(cell).map(|part| keep(part.to_owned())).collect();
    Box::leak(parts.into_boxed_slice())
}

pub(crate) fn list(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(';').map(str::trim).filter(|part| !part.is_empty())
}

fn load(text: &str) -> Result<Vec<RegisteredRule>, RulesError> {
    let year = |year: Option<i32>| year.map(SchoolYear::ending).transpose();
    let mut rules = Vec::new();
    for row in rows::<Row>("rules", text)? {
        let collections = list(&row.collections).map(str::parse).collect::<Result<_, _>>()?;
        let needs = list(&row.needs)
            .map(|need| need.split('|').map(|token| keep(token.trim().to_owned())).collect())
            .collect();
        let some = |text: String| if text.is_empty() { None } else { Some(keep(text)) };
        rules.push(RegisteredRule {
            info: RuleInfo {
                code: keep(row.code),
                summary: keep(row.summary),
                severity: row.severity,
                class: row.class,
                status: row.status,
                key: row.key,
                files: keep_list(&row.files),
                fields: keep_list(&row.fields),
                why: keep(row.why),
                fix: keep(row.fix),
                citation: Citation::owned(row.source, row.standing),
                first_year: year(row.first_year)?,
                last_year: year(row.last_year)?,
            },
            right: keep(row.right),
            example: keep(row.example),
            not_judged: match row.judged.as_str() {
                "yes" => None,
                _ => Some(keep(row.reason)),
            },
            needs,
            collections,
            related: keep_list(&row.related).to_vec(),
            redirect: some(row.redirect),
        });
    }
    Ok(rules)
}

/// An error of a table without the words of the library that read it.
fn in_words(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err
            .kind()
            .to_string()
            .replace("unknown field", "unknown column")
            .replace("missing field", "missing column"),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} cells, expected {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8; save the table as UTF-8".to_owned(),
        _ => error.to_string(),
    }
}

/// Reads a CSV table strictly.
pub(crate) fn rows<T: serde::de::DeserializeOwned>(table: &str, text: &str) -> Result<Vec<T>, RulesError> {
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    reader
        .deserialize()
        .map(|row| {
            row.map_err(|error| {
                let line = error.position().map(csv::Position::line);
                RulesError::table(table, line, in_words(&error))
            })
        })
        .collect()
}

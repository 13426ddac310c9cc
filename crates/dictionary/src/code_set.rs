//! Code sets: which codes a field may hold, what they mean, and when.

use crate::Standing;
use chrono::NaiveDate;
use serde::Serialize;
use std::fmt;

/// What a row of a code set is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CodeKind {
    /// A code that may stand in a field.
    Value,
    /// A form that a whole value may have, such as `^[0-9]{3}$`.
    Pattern,
    /// A place kept for values that are not known: never a permitted value by itself.
    Placeholder,
}

/// One row of a code set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CodeEntry {
    /// The code, or the pattern.
    pub code: String,
    /// Its label.
    pub label: String,
    /// What it means.
    pub meaning: String,
    /// First day on which it may be used; open when `None`.
    pub first_day: Option<NaiveDate>,
    /// Last day on which it may be used; open when `None`.
    pub last_day: Option<NaiveDate>,
    /// Value, pattern or placeholder.
    pub kind: CodeKind,
    /// Made here so that logic has a name to hold: never to be shown as the state's own code.
    pub working_code: bool,
    /// Where it was read.
    pub source: String,
    /// How firm it is.
    pub standing: Standing,
}

impl CodeEntry {
    /// Whether the code may be used on this day.
    #[must_use]
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.first_day.is_none_or(|first| first <= day) && self.last_day.is_none_or(|last| day <= last)
    }
}

/// Whether a field's value is tested against its code set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Membership {
    /// Always tested.
    Test,
    /// Tested, but the list stands in for one that was not seen: a user may suspend the test.
    Suspendable,
    /// Not tested: no value is known.
    None,
}

/// A code set: all codes of one kind, with what is known of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CodeSet {
    /// Its key, such as `service-type`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// `values`, `pattern`, `placeholder` or `crosswalk`.
    pub kind: String,
    /// Whether the list is known to be whole: `yes`, `no` or `unknown`.
    pub complete: String,
    /// Whether values are tested against it.
    pub membership: Membership,
    /// What it is for, and what there is to know of the list.
    pub meaning: String,
    /// What it is for, whatever list there is.
    #[serde(skip)]
    pub(crate) purpose: String,
    /// Where it was read.
    pub source: String,
    /// How firm it is.
    pub standing: Standing,
    /// Its rows, in the order of the table.
    pub entries: Vec<CodeEntry>,
}

/// What a look-up of a code found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeLookup<'a> {
    /// A code of the set, in force.
    Known(&'a CodeEntry),
    /// A value that has the form of one of the set's patterns.
    Form(&'a CodeEntry),
    /// No value of the set is known, so any passes.
    NotTested,
    /// A code of the set in another case: what it should be.
    WrongCase(&'a CodeEntry),
    /// A code of the set that was no longer in force on the day.
    Retired(&'a CodeEntry),
    /// A code of the set that was not yet in force on the day.
    NotYet(&'a CodeEntry),
    /// Not a code of this set but of these others, by key.
    OfOtherSets(Vec<&'a str>),
    /// Unknown, but close to these.
    Near(Vec<&'a CodeEntry>),
    /// Unknown.
    Unknown,
}

impl CodeLookup<'_> {
    /// Whether the value may stand.
    #[must_use]
    pub fn is_permitted(&self) -> bool {
        matches!(self, CodeLookup::Known(_) | CodeLookup::Form(_) | CodeLookup::NotTested)
    }
}

/// In words, without the value that was looked up.
impl fmt::Display for CodeLookup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CodeLookup::Known(entry) => write!(f, "{} ({})", entry.code, entry.label),
            CodeLookup::Form(entry) => write!(f, "of the form {} ({})", entry.code, entry.label),
            CodeLookup::NotTested => f.write_str("not tested: no value of the code set is known"),
            CodeLookup::WrongCase(entry) => write!(f, "differs only in letter case from {}", entry.code),
            CodeLookup::Retired(entry) => match entry.last_day {
                Some(day) => write!(f, "{} was retired after {day}", entry.code),
                None => write!(f, "{} is retired", entry.code),
            },
            CodeLookup::NotYet(entry) => match entry.first_day {
                Some(day) => write!(f, "{} holds only from {day}", entry.code),
                None => write!(f, "{} does not hold yet", entry.code),
            },
            CodeLookup::OfOtherSets(sets) => write!(f, "a code of another set: {}", sets.join(", ")),
            CodeLookup::Near(entries) => {
                f.write_str("unknown; perhaps ")?;
                for (index, entry) in entries.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" or ")?;
                    }
                    write!(f, "{} ({})", entry.code, entry.label)?;
                }
                Ok(())
            }
            CodeLookup::Unknown => f.write_str("unknown"),
        }
    }
}

impl CodeSet {
    /// The entry with this code, whatever the day.
    #[must_use]
    pub fn entry(&self, code: &str) -> Option<&CodeEntry> {
        self.entries.iter().find(|entry| entry.kind == CodeKind::Value && entry.code == code)
    }

    /// The codes, without patterns and placeholders.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|entry| entry.kind == CodeKind::Value).map(|entry| entry.code.as_str())
    }

    /// Whether the set holds at least one value or pattern to test against.
    #[must_use]
    pub fn is_testable(&self) -> bool {
        self.membership != Membership::None
            && self.entries.iter().any(|entry| entry.kind != CodeKind::Placeholder)
    }

    /// Looks a code up within this set. On a day if one is given, else in any year.
    #[must_use]
    pub fn look_up(&self, code: &str, on: Option<NaiveDate>) -> CodeLookup<'_> {
        if !self.is_testable() {
            return CodeLookup::NotTested;
        }
        let same = || self.entries.iter().filter(|entry| entry.kind == CodeKind::Value && entry.code == code);
        if let Some(entry) = same().find(|entry| on.is_none_or(|day| entry.holds_on(day))) {
            return CodeLookup::Known(entry);
        }
        if let (Some(day), Some(entry)) = (on, same().next_back()) {
            let retired = entry.last_day.is_some_and(|last| last < day);
            return if retired { CodeLookup::Retired(entry) } else { CodeLookup::NotYet(entry) };
        }
        let form = self.entries.iter().find(|entry| {
            entry.kind == CodeKind::Pattern
                && Pattern::parse(&entry.code).is_some_and(|form| form.matches(code.as_bytes()))
        });
        if let Some(entry) = form {
            return CodeLookup::Form(entry);
        }
        let values = || self.entries.iter().filter(|entry| entry.kind == CodeKind::Value);
        if let Some(entry) = values().find(|entry| entry.code.eq_ignore_ascii_case(code)) {
            return CodeLookup::WrongCase(entry);
        }
        let near: Vec<&CodeEntry> = values().filter(|entry| is_near(entry, code)).take(3).collect();
        if near.is_empty() { CodeLookup::Unknown } else { CodeLookup::Near(near) }
    }
}

/// Close in spelling: the label instead of the code, lost leading zeros, or one slip in three or more
/// characters.
fn is_near(entry: &CodeEntry, code: &str) -> bool {
    let same_number = || {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits(code)
            && digits(&entry.code)
            && code.trim_start_matches('0') == entry.code.trim_start_matches('0')
    };
    let slip = || {
        let long_enough = (3..=40).contains(&code.len()) && entry.code.len() >= 3;
        long_enough && strsim::damerau_levenshtein(&entry.code, code) == 1
    };
    entry.label.eq_ignore_ascii_case(code) || same_number() || slip()
}

/// The small form of pattern that code sets use: `^`, then literal characters or `[0-9]`, each with an
/// optional `{n}`, then `$`. Nothing else of regular expressions is meant or needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<PatternPart>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PatternPart {
    Literal(u8),
    Digit,
}

impl Pattern {
    /// Reads a pattern; `None` when it is not of the small form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('^')?.strip_suffix('$')?;
        let mut parts = Vec::new();
        while let Some(first) = rest.bytes().next() {
            let part = if let Some(after) = rest.strip_prefix("[0-9]") {
                rest = after;
                PatternPart::Digit
            } else if first.is_ascii_alphanumeric() {
                rest = rest.get(1..)?;
                PatternPart::Literal(first)
            } else {
                return None;
            };
            let mut times = 1;
            if let Some(after) = rest.strip_prefix('{') {
                let (number, after) = after.split_once('}')?;
                times = number.parse().ok().filter(|times| (1..=32usize).contains(times))?;
                rest = after;
            }
            parts.extend(std::iter::repeat_n(part, times));
        }
        Some(Pattern(parts))
    }

    /// How many digits it is, where it is nothing else.
    pub(crate) fn digits(&self) -> Option<usize> {
        self.0.iter().all(|part| *part == PatternPart::Digit).then_some(self.0.len())
    }

    /// Whether the whole value has the form.
    pub(crate) fn matches(&self, value: &[u8]) -> bool {
        let fits = |(part, found): (&PatternPart, &u8)| match part {
            PatternPart::Literal(wanted) => wanted == found,
            PatternPart::Digit => found.is_ascii_digit(),
        };
        self.0.len() == value.len() && self.0.iter().zip(value).all(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_of_the_small_form_only() {
        let family = Pattern::parse("^1[0-9]{2}$").unwrap();
        let is = |code: &str| family.matches(code.as_bytes());
        assert!(is("160") && !is("16") && !is("1600") && !is("260") && !is("1６0"));
        for wrong in ["", "1xx", "^.*$", "^[a-z]$", "^1{0}$", "^1{999}$", "^1{$"] {
            assert!(Pattern::parse(wrong).is_none(), "{wrong}");
        }
    }
}

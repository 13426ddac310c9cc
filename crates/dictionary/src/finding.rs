//! The language in which rules speak: what a rule is, a compact hit, and the finding made from it.

use crate::{Citation, FieldId, SchoolYear};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a finding leads to. The order is from the mildest to the gravest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know; nothing needs to be done.
    Note,
    /// A person must look and confirm or correct.
    Confirm,
    /// The collection cannot be certified until it is mended.
    BlocksCertification,
    /// The file cannot be loaded until it is mended.
    BlocksUpload,
}

impl Severity {
    /// All, from the mildest to the gravest.
    pub const ALL: [Severity; 4] =
        [Severity::Note, Severity::Confirm, Severity::BlocksCertification, Severity::BlocksUpload];

    /// The word in tables and JSON: `note`, `confirm`, `blocks_certification`, `blocks_upload`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Confirm => "confirm",
            Severity::BlocksCertification => "blocks_certification",
            Severity::BlocksUpload => "blocks_upload",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Note => "note",
            Severity::Confirm => "confirm",
            Severity::BlocksCertification => "blocks certification",
            Severity::BlocksUpload => "blocks upload",
        })
    }
}

impl std::str::FromStr for Severity {
    type Err = crate::DictionaryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        Severity::ALL.into_iter().find(|severity| severity.as_str() == word).ok_or_else(|| {
            let known = "note, confirm, blocks certification, blocks upload";
            crate::DictionaryError::unknown_word("severity", text, known)
        })
    }
}

/// What kind of statement a rule makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RuleClass {
    /// The file does not follow its specification.
    Specification,
    /// A law or administrative rule is not met.
    Law,
    /// Two statements contradict each other.
    Consistency,
    /// Possible, but unlikely enough to look at.
    Plausibility,
}

/// How far a rule has come. Codes are permanent; a retired one redirects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RuleStatus {
    /// New: reported, its severity may still change.
    Preview,
    /// Settled.
    Stable,
    /// Kept so that old reports can be read; no longer run.
    Deprecated,
}

/// What must stand together for a rule to be judged: the key by which records are partitioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RuleKey {
    /// One record.
    Record,
    /// One file.
    File,
    /// All records of one state id.
    Student,
    /// All identities of one name and birth date.
    NameAndBirthDate,
    /// All records of one section.
    Section,
    /// All records of one school.
    School,
    /// All records of one district.
    District,
    /// The whole state.
    State,
    /// One published table or federal file.
    Table,
}

/// A rule as data: what a registry lists, a page prints and a finding refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct RuleInfo {
    /// The permanent code, such as `ENR-014`.
    pub code: &'static str,
    /// One sentence that describes the bad state, small, without a full stop.
    pub summary: &'static str,
    /// What it leads to, unless a policy says otherwise.
    pub severity: Severity,
    /// What kind of statement it makes.
    pub class: RuleClass,
    /// How far it has come.
    pub status: RuleStatus,
    /// The key by which its records must stand together.
    pub key: RuleKey,
    /// Layouts or file kinds that it reads, by key.
    pub files: &'static [&'static str],
    /// Fields that it reads, by key.
    pub fields: &'static [&'static str],
    /// Why it matters.
    pub why: &'static str,
    /// How to mend it.
    pub fix: &'static str,
    /// Where it comes from and how firm that is.
    pub citation: Citation,
    /// The first school year in which it holds; `None` when open.
    pub first_year: Option<SchoolYear>,
    /// The last school year in which it holds; `None` when open.
    pub last_year: Option<SchoolYear>,
}

/// A finding in the engine: fixed size, no text. Text is fetched again by position only to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hit {
    /// Number of the file in the run.
    pub file: u32,
    /// Line in the file, 1 = first line; 0 = the file as a whole.
    pub line: u32,
    /// Number of the rule in the registry of the run.
    pub rule: u16,
    /// The field, where one can be named.
    pub field: Option<FieldId>,
}

/// A place in an input.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Position {
    /// The file as the caller named it.
    pub file: String,
    /// Physical line, 1 = first line (the header); 0 = the file as a whole.
    pub line: u64,
    /// Byte offset in the file, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
    /// The name of the field in its layout, where one can be named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        match &self.field {
            Some(field) => write!(f, ", {field}"),
            None => Ok(()),
        }
    }
}

/// A finding as it is shown: what, where, why, and how to mend it. Texts hold no personal values;
/// `found` is filled only when the caller asked for values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The code of the rule.
    pub code: String,
    /// What it leads to.
    pub severity: Severity,
    /// What kind of statement it makes.
    pub class: RuleClass,
    /// The key by which the rule's records stand together.
    pub key: RuleKey,
    /// Where it is.
    #[serde(flatten)]
    pub position: Position,
    /// Whom it is about: a masked student key, a school or a district.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found; only when values were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// How to mend it.
    pub fix: String,
    /// Other places that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Position>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_ordered_by_consequence_and_read_back() {
        assert!(Severity::ALL.is_sorted());
        for severity in Severity::ALL {
            assert_eq!(severity.as_str().parse::<Severity>().unwrap(), severity);
            assert_eq!(severity.to_string().parse::<Severity>().unwrap(), severity);
        }
        assert!("fatal".parse::<Severity>().is_err());
    }

    #[test]
    fn a_position_reads_as_file_line_field() {
        let place = Position { file: "fall.tsv".into(), line: 4, byte: None, field: Some("Absent".into()) };
        assert_eq!(place.to_string(), "fall.tsv:4, Absent");
        assert_eq!(Position { file: "fall.tsv".into(), ..Position::default() }.to_string(), "fall.tsv");
    }

    #[test]
    fn a_hit_stays_small() {
        assert!(size_of::<Hit>() <= 16);
    }
}

//! Who takes part in a certification.

use crate::SnapshotError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A member of a certification: a user id or a role, not the name of a person. Not blank, without `;` and control
/// characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(into = "String", try_from = "String")]
pub struct Member(String);

impl Member {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Member {
    type Err = SnapshotError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = !text.trim().is_empty() && text.trim() == text;
        if plain && !text.chars().any(|c| c == ';' || c.is_control()) {
            return Ok(Member(text.to_owned()));
        }
        Err(SnapshotError::Member)
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<Member> for String {
    fn from(member: Member) -> String {
        member.0
    }
}

impl TryFrom<String> for Member {
    type Error = SnapshotError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

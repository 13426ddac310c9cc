//! Names of snapshots.

use crate::StoreError;
use std::fmt;
use std::str::FromStr;

/// A name that stands for the latest snapshot written under it, such as `fall-2025`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotName(String);

impl SnapshotName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name that a collection of a school year has by default: `2025-26-fall-count-anb`.
    ///
    /// ```
    /// use opi_store::SnapshotName;
    /// let name = SnapshotName::of_collection("2025-26".parse().unwrap(), "Fall count (ANB)");
    /// assert_eq!(name.as_str(), "2025-26-fall-count-anb");
    /// ```
    #[must_use]
    pub fn of_collection(school_year: opi_dictionary::SchoolYear, collection: &str) -> Self {
        let mut name = school_year.to_string();
        for word in collection.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
            if name.len() + word.len() < SnapshotName::LONGEST {
                name.push('-');
                name.push_str(&word.to_ascii_lowercase());
            }
        }
        SnapshotName(name)
    }

    /// The longest name, in characters.
    pub const LONGEST: usize = 80;
}

impl FromStr for SnapshotName {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let may_stand = |byte: u8| plain(byte) || matches!(byte, b'.' | b'-' | b'_');
        let first = text.bytes().next().is_some_and(plain);
        if first && text.len() <= SnapshotName::LONGEST && text.bytes().all(may_stand) {
            return Ok(SnapshotName(text.to_owned()));
        }
        Err(StoreError::Name { found: text.chars().take(90).collect() })
    }
}

impl fmt::Display for SnapshotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

//! The two names by which a federal file is known: its number and its level.

use crate::EdfactsError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The number of a file specification: `052`. Reads `52`, `052`, `C052`, `N052`, `X052` and `FS052`.
///
/// ```
/// use opi_edfacts::FileNumber;
/// for text in ["52", "052", "C052", "N052", "FS052", "fs 52"] {
///     assert_eq!(text.parse::<FileNumber>()?.to_string(), "052");
/// }
/// assert!("5x2".parse::<FileNumber>().is_err());
/// # Ok::<(), opi_edfacts::EdfactsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(into = "String", try_from = "String")]
pub struct FileNumber(u16);

impl FileNumber {
    /// The file with this number, 1 to 999.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        if number >= 1 && number <= 999 { Some(FileNumber(number)) } else { None }
    }

    /// The bare number: 52.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for FileNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:03}", self.0))
    }
}

impl FromStr for FileNumber {
    type Err = EdfactsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || EdfactsError::FileNumber { found: text.chars().take(20).collect() };
        let upper = text.trim().to_ascii_uppercase();
        let bare = ["FS", "C", "N", "X"]
            .iter()
            .find_map(|prefix| upper.strip_prefix(prefix))
            .unwrap_or(&upper)
            .trim_start();
        let plain = (1..=3).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_digit());
        if !plain {
            return Err(refuse());
        }
        bare.parse().ok().and_then(FileNumber::new).ok_or_else(refuse)
    }
}

impl From<FileNumber> for String {
    fn from(number: FileNumber) -> String {
        number.to_string()
    }
}

impl TryFrom<String> for FileNumber {
    type Error = EdfactsError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// The organisational level of a file: state, district or school.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// The state education agency: one unit.
    Sea,
    /// Local education agencies: districts.
    Lea,
    /// Schools.
    Sch,
}

impl Level {
    /// All levels, from the state down.
    pub const ALL: [Level; 3] = [Level::Sea, Level::Lea, Level::Sch];

    /// `SEA`, `LEA` or `SCH`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Sea => "SEA",
            Level::Lea => "LEA",
            Level::Sch => "SCH",
        }
    }

    pub(crate) const fn index(self) -> usize {
        match self {
            Level::Sea => 0,
            Level::Lea => 1,
            Level::Sch => 2,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Level {
    type Err = EdfactsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.trim().to_ascii_uppercase();
        Level::ALL
            .into_iter()
            .find(|level| level.as_str() == upper)
            .ok_or_else(|| EdfactsError::Level { found: text.chars().take(20).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_in_every_spelling_and_refuse_the_rest() {
        for text in ["2", "02", "002", "C002", "n002", "FS002", "FS 2"] {
            assert_eq!(text.parse::<FileNumber>().unwrap().get(), 2, "{text}");
        }
        for text in ["", "0", "000", "0052", "5-2", "FSC052", "٥٢", "C"] {
            assert!(text.parse::<FileNumber>().is_err(), "{text}");
        }
    }
}

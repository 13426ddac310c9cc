//! Collections: when something is collected, and whether and by whom it is certified.

use crate::{DictionaryError, SchoolYear, Standing};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Whether districts certify a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CertifiedIn {
    /// They do, on what they uploaded.
    Yes,
    /// They do, in another system.
    Elsewhere,
    /// They do not.
    No,
    /// No source says.
    Unknown,
}

/// A day of a window: of one year, or of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(into = "String", try_from = "String")]
pub enum CollectionDay {
    /// One day, written `2025-10-07`.
    On(NaiveDate),
    /// The same day of each school year, written `10-01`.
    EachYear {
        /// The month.
        month: u32,
        /// The day of the month.
        day: u32,
    },
}

impl CollectionDay {
    /// The day of a collection of this school year.
    #[must_use]
    pub fn of(self, year: SchoolYear) -> Option<NaiveDate> {
        match self {
            CollectionDay::On(day) => Some(day),
            CollectionDay::EachYear { month, day } => year.day(month, day),
        }
    }
}

impl fmt::Display for CollectionDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CollectionDay::On(day) => write!(f, "{day}"),
            CollectionDay::EachYear { month, day } => write!(f, "{month:02}-{day:02}"),
        }
    }
}

impl FromStr for CollectionDay {
    type Err = DictionaryError;

    fn from_str(text: &str) -> Result<Self, DictionaryError> {
        if let Ok(day) = text.parse() {
            return Ok(CollectionDay::On(day));
        }
        // A day of each year is one of a year that is no leap year.
        match format!("2001-{text}").parse::<NaiveDate>() {
            Ok(day) if text.len() == 5 => Ok(CollectionDay::EachYear {
                month: chrono::Datelike::month(&day),
                day: chrono::Datelike::day(&day),
            }),
            _ => Err(DictionaryError::unknown_word(
                "day",
                text,
                "a day such as 2025-10-07, or 10-01 for each year",
            )),
        }
    }
}

impl From<CollectionDay> for String {
    fn from(day: CollectionDay) -> String {
        day.to_string()
    }
}

impl TryFrom<String> for CollectionDay {
    type Error = DictionaryError;

    fn try_from(text: String) -> Result<Self, DictionaryError> {
        text.parse()
    }
}

/// A collection as it was dated in one school year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// Its name.
    pub collection: String,
    /// The collection that takes it in; blank where none does.
    pub part_of: String,
    /// The school year; `None` for each.
    pub school_year: Option<SchoolYear>,
    /// The count date, where one is known.
    pub count_date: Option<NaiveDate>,
    /// First day of the window, where it is known.
    pub window_start: Option<CollectionDay>,
    /// Last day of the window, likewise.
    pub window_end: Option<CollectionDay>,
    /// Whether it is certified.
    pub certified: CertifiedIn,
    /// How and by whom, as the source says.
    pub certify: String,
    /// The membership type of those who certify.
    pub type_membership: String,
    /// What it collects.
    pub content: String,
    /// Where it was read.
    pub source: String,
    /// How firm it is.
    pub standing: Standing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_written_alike() {
        let year: SchoolYear = "2025-26".parse().unwrap();
        for (text, day) in [("2025-10-07", "2025-10-07"), ("10-01", "2025-10-01"), ("02-28", "2026-02-28")] {
            let read: CollectionDay = text.parse().unwrap();
            assert_eq!((read.to_string(), read.of(year).unwrap().to_string()), (text.into(), day.into()));
        }
        for wrong in ["", "10", "13-01", "02-29", "1-1", "10-01-2025", "2025-13-01"] {
            assert!(wrong.parse::<CollectionDay>().is_err(), "{wrong}");
        }
    }
}

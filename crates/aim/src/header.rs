//! The header record: the first line of a file.

use chrono::{NaiveDate, NaiveTime};
use opi_dictionary::FieldValue;
use serde::{Deserialize, Serialize};

/// The header record: when the file was last changed and which version of the interface it follows. The
/// texts are kept as they stood; a wrong one is a finding, and nothing is lost.
///
/// ```
/// use opi_aim::Header;
/// use chrono::NaiveDate;
/// let header = Header::new(NaiveDate::from_ymd_opt(2026, 1, 21).unwrap().and_hms_opt(8, 15, 0).unwrap());
/// assert_eq!(header.to_string(), "HD\t01/21/2026\t08:15:00\tMT9.1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Header {
    /// Date as written.
    pub date: String,
    /// Time as written.
    pub time: String,
    /// Version as written.
    pub version: String,
}

impl Header {
    /// The version of the file interface that is written, and the one that is read without a finding.
    pub const VERSION: &'static str = "MT9.1";

    /// The header of a file last changed at this moment.
    #[must_use]
    pub fn new(changed: chrono::NaiveDateTime) -> Self {
        let (mut date, mut time) = (String::new(), String::new());
        changed.date().write(&mut date);
        changed.time().write(&mut time);
        Header { date, time, version: Self::VERSION.to_owned() }
    }

    /// The date; `None` when it is no real date MM/DD/YYYY.
    #[must_use]
    pub fn date(&self) -> Option<NaiveDate> {
        NaiveDate::read(&self.date)
    }

    /// The time; `None` when it is no time HH:MM:SS.
    #[must_use]
    pub fn time(&self) -> Option<NaiveTime> {
        NaiveTime::read(&self.time)
    }
}

impl std::fmt::Display for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HD\t{}\t{}\t{}", self.date, self.time, self.version)
    }
}

//! Times as the caller gives them: nothing here reads a clock.

use crate::SnapshotError;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A moment as the caller gave it, in the state's own time, to the second, written `2025-10-08T09:00:00`.
///
/// ```
/// use opi_snapshot::TimeGiven;
/// let at: TimeGiven = "2025-10-08T09:00:00".parse()?;
/// assert_eq!(at.to_string(), "2025-10-08T09:00:00");
/// assert!("2025-10-08".parse::<TimeGiven>().is_err());
/// # Ok::<(), opi_snapshot::SnapshotError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(into = "String", try_from = "String")]
pub struct TimeGiven(NaiveDateTime);

const FORM: &str = "%Y-%m-%dT%H:%M:%S";

impl TimeGiven {
    /// A time of a day.
    #[must_use]
    pub fn of(day: NaiveDate, time: NaiveTime) -> Self {
        TimeGiven(day.and_time(time))
    }

    /// The last second of a day: what had come in by the end of it.
    #[must_use]
    pub fn end_of(day: NaiveDate) -> Self {
        let last = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default();
        TimeGiven(day.and_time(last))
    }

    /// The first second of a day, for callers that know only the day.
    #[must_use]
    pub fn start_of(day: NaiveDate) -> Self {
        TimeGiven(day.and_time(NaiveTime::default()))
    }

    /// The day.
    #[must_use]
    pub fn day(self) -> NaiveDate {
        self.0.date()
    }
}

impl fmt::Display for TimeGiven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format(FORM))
    }
}

impl FromStr for TimeGiven {
    type Err = SnapshotError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || SnapshotError::Time { found: text.chars().take(30).collect() };
        let time = NaiveDateTime::parse_from_str(text, FORM).map(TimeGiven).map_err(|_| refuse())?;
        // One text for one moment: the parser is more lenient than the form.
        if time.to_string() == text { Ok(time) } else { Err(refuse()) }
    }
}

impl From<TimeGiven> for String {
    fn from(time: TimeGiven) -> String {
        time.to_string()
    }
}

impl TryFrom<String> for TimeGiven {
    type Error = SnapshotError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

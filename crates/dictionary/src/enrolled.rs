//! The days of an enrollment, both ends included.

use crate::records::StudentEnrollment;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The days on which a student was enrolled: from the first to the last, both included; open while no last day
/// is known. In AIM files the End Date is the last day of the enrollment (PS-EN; LS-3139). Some student
/// information systems store the first day *not* enrolled instead: [`EnrolledSpan::from_first_day_not_enrolled`]
/// says so by its name.
///
/// ```
/// use opi_dictionary::EnrolledSpan;
/// use chrono::NaiveDate;
/// let day = |d| NaiveDate::from_ymd_opt(2025, 11, d).unwrap();
/// // The source says that the student was gone on November 15.
/// let span = EnrolledSpan::from_first_day_not_enrolled(day(3), Some(day(15)))?;
/// assert_eq!(span.last_day(), Some(day(14)));
/// assert!(span.contains(day(14)) && !span.contains(day(15)));
/// # Ok::<(), opi_dictionary::EnrolledSpanError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(try_from = "Days", into = "Days")]
pub struct EnrolledSpan {
    first_day: NaiveDate,
    last_day: Option<NaiveDate>,
}

/// How a span is stored.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Days {
    first_day: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_day: Option<NaiveDate>,
}

/// Days that make no enrollment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolledSpanError {
    /// The last day lies before the first: not one day was enrolled.
    #[error("the last enrolled day {last_day} lies before the first, {first_day}")]
    NoDay {
        /// The first day.
        first_day: NaiveDate,
        /// The last day.
        last_day: NaiveDate,
    },
}

impl EnrolledSpan {
    /// From the first to the last day enrolled, as AIM files write it.
    ///
    /// # Errors
    /// When the last day lies before the first.
    pub fn from_last_day_enrolled(
        first_day: NaiveDate,
        last_day: Option<NaiveDate>,
    ) -> Result<Self, EnrolledSpanError> {
        match last_day {
            Some(last_day) if last_day < first_day => Err(EnrolledSpanError::NoDay { first_day, last_day }),
            _ => Ok(EnrolledSpan { first_day, last_day }),
        }
    }

    /// From the first day enrolled and the first day no longer enrolled, as some systems store it.
    ///
    /// # Errors
    /// When not one day was enrolled.
    pub fn from_first_day_not_enrolled(
        first_day: NaiveDate,
        exit: Option<NaiveDate>,
    ) -> Result<Self, EnrolledSpanError> {
        let last_day = exit.map(|exit| exit.pred_opt().unwrap_or(NaiveDate::MIN));
        Self::from_last_day_enrolled(first_day, last_day)
    }

    /// The first day enrolled.
    #[must_use]
    pub fn first_day(&self) -> NaiveDate {
        self.first_day
    }

    /// The last day enrolled; `None` while the enrollment is open.
    #[must_use]
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.last_day
    }

    /// Whether the student was enrolled on this day.
    #[must_use]
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.first_day <= day && self.last_day.is_none_or(|last| day <= last)
    }

    /// Whether a day lies in both.
    #[must_use]
    pub fn overlaps(&self, other: &EnrolledSpan) -> bool {
        let begins_by_end =
            |one: &EnrolledSpan, two: &EnrolledSpan| two.last_day.is_none_or(|last| one.first_day <= last);
        begins_by_end(self, other) && begins_by_end(other, self)
    }
}

impl StudentEnrollment {
    /// The days of the enrollment.
    ///
    /// # Errors
    /// When it ends before it begins.
    pub fn enrolled_span(&self) -> Result<EnrolledSpan, EnrolledSpanError> {
        EnrolledSpan::from_last_day_enrolled(self.start_date, self.end_date)
    }
}

impl TryFrom<Days> for EnrolledSpan {
    type Error = EnrolledSpanError;

    fn try_from(days: Days) -> Result<Self, EnrolledSpanError> {
        EnrolledSpan::from_last_day_enrolled(days.first_day, days.last_day)
    }
}

impl From<EnrolledSpan> for Days {
    fn from(span: EnrolledSpan) -> Days {
        Days { first_day: span.first_day, last_day: span.last_day }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(number: i32) -> NaiveDate {
        NaiveDate::from_num_days_from_ce_opt(739_000 + number).unwrap()
    }

    #[test]
    fn one_day_is_the_shortest_enrollment() {
        let one_day = EnrolledSpan::from_last_day_enrolled(day(5), Some(day(5))).unwrap();
        assert_eq!(EnrolledSpan::from_first_day_not_enrolled(day(5), Some(day(6))).unwrap(), one_day);
        assert!(EnrolledSpan::from_last_day_enrolled(day(5), Some(day(4))).is_err());
        assert!(EnrolledSpan::from_first_day_not_enrolled(day(5), Some(day(5))).is_err());
        assert!(EnrolledSpan::from_first_day_not_enrolled(NaiveDate::MIN, Some(NaiveDate::MIN)).is_ok());
        let json = serde_json::to_string(&one_day).unwrap();
        assert_eq!(serde_json::from_str::<EnrolledSpan>(&json).unwrap(), one_day);
        assert!(serde_json::from_str::<EnrolledSpan>(&json.replacen("2024", "2099", 1)).is_err());
    }

    proptest! {
        #[test]
        fn two_spans_overlap_when_a_day_lies_in_both(
            one in 0i32..20, two in 0i32..20, long in proptest::option::of(0i32..10), short in proptest::option::of(0i32..10),
        ) {
            let span = |first, length: Option<i32>| {
                EnrolledSpan::from_last_day_enrolled(day(first), length.map(|length| day(first + length))).unwrap()
            };
            let (one, two) = (span(one, long), span(two, short));
            let in_both = (0..40).any(|number| one.contains(day(number)) && two.contains(day(number)));
            prop_assert_eq!(one.overlaps(&two), in_both);
            prop_assert_eq!(two.overlaps(&one), in_both);
        }
    }
}

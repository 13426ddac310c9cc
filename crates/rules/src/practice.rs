//! What the state asked for in some years and not in others. A year that the table does not have is not known.

use crate::registry::rows;
use std::sync::OnceLock;

/// A practice that changed from year to year, by `spec/years.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Practice {
    /// The February count collected absences.
    AbsencesInSpring,
    /// Attendance totals were asked for of partial enrollments too.
    TotalsOfPartialEnrollments,
}

impl Practice {
    /// Whether it held in the school year that ends in this year; `None` where that is not known.
    pub(crate) fn holds(self, end_year: i32) -> Option<bool> {
        let row = years().iter().find(|row| row.practice == self && row.end_year == end_year)?;
        Some(matches!(row.holds, Answer::Yes))
    }
}

#[derive(serde::Deserialize)]
#[allow(dead_code, reason = "every row has its source")]
struct YearRow {
    practice: Practice,
    end_year: i32,
    holds: Answer,
    what: String,
    source: String,
    standing: String,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Yes,
    No,
}

#[allow(clippy::expect_used, reason = "the table is part of the program; a test loads it")]
fn years() -> &'static [YearRow] {
    static YEARS: OnceLock<Vec<YearRow>> = OnceLock::new();
    YEARS.get_or_init(|| rows("years", include_str!("../spec/years.csv")).expect("a well formed table"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_that_the_table_does_not_have_is_not_known() {
        let spring = |year| Practice::AbsencesInSpring.holds(year);
        assert_eq!([2016, 2017, 2025, 2027].map(spring), [None, Some(false), Some(true), None]);
        let partial = |year| Practice::TotalsOfPartialEnrollments.holds(year);
        assert_eq!([2017, 2025].map(partial), [Some(true), None]);
    }

    #[test]
    fn every_row_stands_once_and_has_its_source() {
        let mut keys = std::collections::BTreeSet::new();
        for row in years() {
            assert!(keys.insert((format!("{:?}", row.practice), row.end_year)), "{}", row.what);
            assert!(!row.what.is_empty() && !row.source.is_empty());
            assert!(["sourced", "derived", "recall"].contains(&row.standing.as_str()), "{}", row.standing);
        }
    }
}

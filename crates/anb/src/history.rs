//! ANB of earlier years, as computed then.

use crate::csv_rows::csv_rows;
use crate::{AnbError, AnbRow};
use opi_dictionary::FiscalYear;
use serde::Deserialize;
use std::collections::BTreeMap;

/// ANB of budget units in earlier fiscal years, as computed then: what the average of three years rests on.
///
/// ```
/// use opi_anb::{AnbHistory, dictionary::FiscalYear};
/// let history = AnbHistory::from_csv("fiscal_year,unit,anb_current\nFY2025,4001-EL,158\n")?;
/// assert_eq!(history.anb(FiscalYear::ending(2025)?, "4001-EL"), Some(158));
/// assert_eq!(history.anb(FiscalYear::ending(2024)?, "4001-EL"), None);
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnbHistory(BTreeMap<FiscalYear, BTreeMap<String, u32>>);

impl AnbHistory {
    /// ANB of a unit in a fiscal year, where it is known.
    #[must_use]
    pub fn anb(&self, year: FiscalYear, unit: &str) -> Option<u32> {
        self.0.get(&year)?.get(unit).copied()
    }

    /// Sets the ANB of a unit in a fiscal year; gives what was known before.
    pub fn set(&mut self, year: FiscalYear, unit: impl Into<String>, anb: u32) -> Option<u32> {
        self.0.entry(year).or_default().insert(unit.into(), anb)
    }

    /// Takes in all that another history has; what both have stays as the other has it.
    pub fn extend(&mut self, other: &AnbHistory) {
        for (year, units) in &other.0 {
            for (unit, anb) in units {
                self.set(*year, unit.clone(), *anb);
            }
        }
    }

    /// Takes in the current-year ANB of rows of `anb.csv`. An ANB that is not whole, as a choice of rounding may
    /// leave it, is not taken.
    pub fn record(&mut self, rows: &[AnbRow]) {
        for row in rows {
            let anb = row.anb_current;
            if let (true, Ok(anb)) = (anb.is_whole(), u32::try_from(anb.numerator())) {
                self.set(row.fiscal_year, row.unit.clone(), anb);
            }
        }
    }

    /// A history from CSV with the columns `fiscal_year`, `unit` and `anb_current`, others aside: an `anb.csv` of an
    /// earlier run, or a table of one's own.
    ///
    /// # Errors
    /// When a row cannot be read, or a unit stands twice in a year; the error names the line.
    pub fn from_csv(text: &str) -> Result<Self, AnbError> {
        #[derive(Deserialize)]
        struct Line {
            fiscal_year: FiscalYear,
            unit: String,
            anb_current: u32,
        }
        let mut history = AnbHistory::default();
        let wrong = |line: u64, problem: String| AnbError::Document {
            what: "the history of ANB".into(),
            problem: format!("line {line}: {problem}"),
        };
        for (place, line) in csv_rows::<Line>(text) {
            let line = line.map_err(|problem| wrong(place, problem))?;
            if history.set(line.fiscal_year, line.unit.clone(), line.anb_current).is_some() {
                return Err(wrong(place, format!("{} stands twice in {}", line.unit, line.fiscal_year)));
            }
        }
        Ok(history)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_csv_of_an_earlier_run_is_a_history() {
        let case = crate::Case::from_toml(
            "fiscal_year = 2026\n[[districts]]\ndistrict = \"0001\"\npir_days = 7\n[[districts.units]]\nunit = \"K-8\"\n\
             program = \"elementary\"\noctober = { adjusted = 10 }\nfebruary = { adjusted = 10 }",
        );
        let law = crate::Law::embedded().unwrap();
        let rows = crate::state_files(&law, &case.unwrap(), crate::Alternatives::Skipped).unwrap().anb;
        let read = AnbHistory::from_csv(&crate::to_csv(&rows).unwrap()).unwrap();
        let mut recorded = AnbHistory::default();
        recorded.record(&rows);
        assert_eq!(read, recorded);
        assert_eq!(read.anb(FiscalYear::ending(2026).unwrap(), "K-8"), Some(11));
    }

    #[test]
    fn what_is_no_history_is_an_error_with_its_line() {
        let error = |rows: &str| {
            let text = format!("fiscal_year,unit,anb_current\n{rows}\n");
            AnbHistory::from_csv(&text).unwrap_err().to_string()
        };
        insta::assert_snapshot!(error("FY2025,A,1\nFY2025,A,2"), @"the history of ANB cannot be read: line 3: A stands twice in FY2025");
        assert!(error("FY2025,A,1.5").contains("line 2"));
        assert!(error("25,A,1").contains("line 2"));
    }
}

//! The figures of a year: funding, federal files and public tables, from the tables of its snapshot.

use crate::funding::{DistrictFunding, Funding, StateFunding};
use crate::year::{Stage, Year, YearError};
use opi_anb::{AnbHistory, Law};
use opi_dictionary::{BudgetUnitId, Directory};
use opi_snapshot::{Register, Table};

impl Year {
    /// The tables of the school year before, as its register knew them at the end.
    ///
    /// # Errors
    /// When a table cannot be made.
    pub fn prior_tables(&self, register: &Register) -> Result<Vec<Table>, YearError> {
        let Ok(prior) = self.school_year.previous() else { return Ok(Vec::new()) };
        Ok(register.as_of(self.as_of, prior, &self.dictionary)?)
    }

    /// Average number belonging, entitlements and count files of every district, and the ANB of earlier years on which
    /// averages rest. The year before is computed first
    /// where its tables are given, so that what it gives stands in the average of three years; what was given as
    /// history goes before it.
    ///
    /// # Errors
    /// When no directory was given, enrollments are missing, or the fiscal year has no law.
    pub fn funding(
        &self,
        tables: &[Table],
        prior: &[Table],
    ) -> Result<(StateFunding, AnbHistory), YearError> {
        self.with_funding(tables, prior, |funding| Ok((funding.state()?, funding.history.clone())))
    }

    /// The funding of the district that has a budget unit, with every pupil, every step, and what other choices would
    /// have given.
    ///
    /// # Errors
    /// As [`Year::funding`], and when the directory lacks the unit.
    pub fn funding_of(
        &self,
        tables: &[Table],
        prior: &[Table],
        unit: &BudgetUnitId,
    ) -> Result<DistrictFunding, YearError> {
        self.with_funding(tables, prior, |funding| Ok(funding.district(funding.district_of_unit(unit)?)?))
    }

    fn with_funding<T>(
        &self,
        tables: &[Table],
        prior: &[Table],
        compute: impl FnOnce(&Funding<'_>) -> Result<T, YearError>,
    ) -> Result<T, YearError> {
        let directory = self.needed_directory(Stage::Funding)?;
        let built_in;
        let law = match &self.law {
            Some(law) => law,
            None => {
                built_in = Law::embedded().map_err(crate::funding::FundingError::from)?;
                &built_in
            }
        };
        let mut history = AnbHistory::default();
        let none = AnbHistory::default();
        let funding = |counts_of, tables, history| Funding {
            counts_of,
            tables,
            dictionary: &self.dictionary,
            directory,
            law,
            choices: self.interpretation,
            history,
        };
        if let (Ok(before), false) = (self.school_year.previous(), prior.is_empty()) {
            history.record(&funding(before, prior, &none).state()?.files.anb);
        }
        history.extend(&self.anb_history);
        compute(&funding(self.school_year, tables, &history))
    }

    pub(crate) fn needed_directory(&self, stage: Stage) -> Result<&Directory, YearError> {
        let what = "the directory of districts, schools and calendars";
        self.directory.as_ref().ok_or(YearError::Missing { stage, what })
    }
}

//! The figures of a year: funding, federal files and public tables, from the tables of its snapshot.

use crate::federal::{
    FederalCell, FederalError, FederalFigure, FederalInputs, FederalState, FederalYear, explain_federal,
    federal_files,
};
use crate::funding::{DistrictFunding, Funding, FundingError, StateFunding};
use crate::public::{Masking, PublicDays, PublicDefinition, PublicTables, behind_public, public_tables};
use crate::year::{Stage, Year, YearError};
use opi_anb::{AnbHistory, Law};
use opi_dictionary::{BudgetUnitId, Directory, SchoolYear, Weekdays};
use opi_edfacts::{Catalogue, StateProfile, StudentKey};
use opi_snapshot::Table;

/// Tables of other school years, by year.
pub type OtherYears<'a> = [(SchoolYear, &'a [Table])];

impl Year {
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
        others: &OtherYears<'_>,
    ) -> Result<(StateFunding, AnbHistory), YearError> {
        self.with_funding(tables, others, |funding| Ok((funding.state()?, funding.history.clone())))
    }

    /// The funding of the district that has a budget unit, with every pupil, every step, and what other choices would
    /// have given.
    ///
    /// # Errors
    /// As [`Year::funding`], and when the directory lacks the unit.
    pub fn funding_of(
        &self,
        tables: &[Table],
        others: &OtherYears<'_>,
        unit: &BudgetUnitId,
    ) -> Result<DistrictFunding, YearError> {
        self.with_funding(tables, others, |funding| Ok(funding.district(funding.district_of_unit(unit)?)?))
    }

    fn with_funding<T>(
        &self,
        tables: &[Table],
        others: &OtherYears<'_>,
        compute: impl FnOnce(&Funding<'_>) -> Result<T, YearError>,
    ) -> Result<T, YearError> {
        let directory = self.needed_directory(Stage::Funding)?;
        let built_in;
        let law = match &self.law {
            Some(law) => law,
            None => {
                built_in = Law::embedded().map_err(FundingError::from)?;
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
        let before = self.school_year.previous().ok();
        if let Some((before, prior)) = others.iter().find(|(year, _)| Some(*year) == before) {
            history.record(&funding(*before, prior, &none).state()?.files.anb);
        }
        history.extend(&self.anb_history);
        compute(&funding(self.school_year, tables, &history))
    }

    /// The federal files that the tables suffice for, each checked, and what is missing for every other.
    ///
    /// # Errors
    /// When no directory was given, or the directory names a unit twice.
    pub fn federal(&self, tables: &[Table], others: &OtherYears<'_>) -> Result<FederalYear, YearError> {
        self.with_federal(Stage::Federal, tables, others, |inputs| Ok(federal_files(inputs)?))
    }

    /// The rows behind one figure of a federal file.
    ///
    /// # Errors
    /// As [`Year::federal`], and when the figure does not exist.
    pub fn federal_figure(
        &self,
        tables: &[Table],
        others: &OtherYears<'_>,
        figure: &FederalFigure,
    ) -> Result<FederalCell, YearError> {
        self.with_federal(Stage::Federal, tables, others, |inputs| Ok(explain_federal(inputs, figure)?))
    }

    /// Public tables, such as [`PUBLICATIONS`](crate::public::PUBLICATIONS), masked and certified. `progress` is told
    /// what comes next and answers whether to go on.
    ///
    /// # Errors
    /// When no directory was given, or a publication cannot be certified: then none is given.
    pub fn public(
        &self,
        definitions: &'static [PublicDefinition],
        tables: &[Table],
        others: &OtherYears<'_>,
        masking: &Masking,
        progress: impl FnMut(&str) -> bool,
    ) -> Result<Vec<PublicTables>, YearError> {
        let days = self.public_days()?;
        self.with_federal(Stage::Public, tables, others, |inputs| {
            let students = FederalState::new(inputs)?;
            if !tables.iter().any(|table| table.name() == "student-enrollments") {
                return Err(YearError::Missing {
                    stage: Stage::Public,
                    what: "the table student-enrollments",
                });
            }
            Ok(public_tables(definitions, &students, days, masking, progress)?)
        })
    }

    /// The students behind one figure of a publication, by codes in the order of its dimensions.
    ///
    /// # Errors
    /// As [`Year::public`], and when a code does not exist.
    pub fn public_figure(
        &self,
        tables: &[Table],
        others: &OtherYears<'_>,
        publication: &PublicTables,
        codes: &[String],
    ) -> Result<Vec<StudentKey>, YearError> {
        let days = self.public_days()?;
        self.with_federal(Stage::Public, tables, others, |inputs| {
            let students = FederalState::new(inputs)?;
            Ok(behind_public(publication, &students, days, codes)?)
        })
    }

    /// The days that public tables count by.
    fn public_days(&self) -> Result<PublicDays, YearError> {
        let date = self.dictionary.statutory_date("fall_count", self.school_year, &Weekdays);
        let count_date = date.map_err(FederalError::from)?;
        Ok(PublicDays { school_year: self.school_year, count_date, as_of: self.as_of })
    }

    fn with_federal<T>(
        &self,
        stage: Stage,
        tables: &[Table],
        others: &OtherYears<'_>,
        work: impl FnOnce(&FederalInputs<'_>) -> Result<T, YearError>,
    ) -> Result<T, YearError> {
        let directory = self.needed_directory(stage)?;
        let montana;
        let profile = match &self.profile {
            Some(profile) => profile,
            None => {
                montana = StateProfile::montana().map_err(FederalError::from)?;
                &montana
            }
        };
        work(&FederalInputs {
            school_year: self.school_year,
            catalogue: Catalogue::builtin().map_err(FederalError::from)?,
            dictionary: &self.dictionary,
            profile,
            directory,
            tables,
            other_years: others,
        })
    }

    fn needed_directory(&self, stage: Stage) -> Result<&Directory, YearError> {
        let what = "the directory of districts, schools and calendars";
        self.directory.as_ref().ok_or(YearError::Missing { stage, what })
    }
}

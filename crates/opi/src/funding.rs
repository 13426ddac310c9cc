//! School funding from a year's records: the counts of AIM, the directory and the law give ANB, entitlements and
//! the count files of the fiscal year that the counts fund.
//!
//! What AIM uploads do not carry cannot be weighed here, and is none of the notes: state programs (Youth ChalleNGe,
//! Job Corps, jumpstart, early literacy, extracurricular activities only), attendance agreements, self-paced and
//! proficiency hours, counties of residence, the bases of other payments. A case made here can be completed before it
//! is computed: [`Funding::case`].

mod case;
mod facts;
mod notes;
mod pupils;
#[cfg(test)]
mod tests;

pub use notes::{FundingNote, NoteKind};

use case::{Cases, Senders, UnitEntries, units_of};
use facts::Facts;
use notes::Notes;
use opi_anb::{
    Alternatives, AnbError, AnbHistory, Case, CaseResult, CountPeriod, DistrictFailure, Interpretation, Law,
    PupilDecision, StateFiles, UnitResult, compute_case, funded_fiscal_year, pupil_decisions, state_files,
};
use opi_dictionary::{
    BudgetUnitId, CalendarNumber, Dictionary, DictionaryError, Directory, DistrictNumber, GradeCode,
    SchoolKey, SchoolNumber, SchoolYear, StateId,
};
use opi_snapshot::{SnapshotError, Table};
use pupils::{Counting, LeftOut, Source};
use serde::Serialize;
use std::collections::BTreeMap;

/// What funding is computed from.
///
/// ```
/// use opi::anb::{AnbHistory, Interpretation, Law};
/// use opi::dictionary::{Dictionary, Directory};
/// use opi::Funding;
/// let (law, directory, history) = (Law::embedded()?, Directory::default(), AnbHistory::default());
/// let funding = Funding {
///     counts_of: "2024-25".parse()?,
///     tables: &[],
///     dictionary: Dictionary::built_in(),
///     directory: &directory,
///     law: &law,
///     choices: Interpretation::default(),
///     history: &history,
/// };
/// let error = funding.state().unwrap_err();
/// assert_eq!(error.to_string(), "there is no table student-enrollments: the grades of pupils stand there");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Funding<'a> {
    /// The school year of the counts. They fund the fiscal year after.
    pub counts_of: SchoolYear,
    /// The tables of the year: `student-enrollments`, `student-demographics`, `fall-enrollment-count`,
    /// `spring-enrollment-count`. Others are passed over.
    pub tables: &'a [Table],
    /// The dictionary by whose layouts the tables are read.
    pub dictionary: &'a Dictionary,
    /// Districts, schools, budget units and calendars.
    pub directory: &'a Directory,
    /// The law.
    pub law: &'a Law,
    /// The choices where the law is open.
    pub choices: Interpretation,
    /// ANB of earlier years.
    pub history: &'a AnbHistory,
}

/// What stopped a computation of funding. That a district could not be computed does not stop it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FundingError {
    /// A table without which no pupil can be placed.
    #[error("there is no table {table}: the grades of pupils stand there")]
    MissingTable {
        /// The table.
        table: &'static str,
    },
    /// A district that the directory does not have.
    #[error("district {district} is not in the directory")]
    UnknownDistrict {
        /// The district.
        district: DistrictNumber,
    },
    /// A budget unit that the directory does not have.
    #[error("budget unit {unit} is not in the directory")]
    UnknownUnit {
        /// The unit.
        unit: BudgetUnitId,
    },
    /// A table cannot be read by the layouts of the dictionary.
    #[error(transparent)]
    Table(#[from] SnapshotError),
    /// The dictionary lacks a layout.
    #[error(transparent)]
    Dictionary(#[from] DictionaryError),
    /// The law of the year is not known, or arithmetic failed.
    #[error(transparent)]
    Anb(#[from] AnbError),
}

/// The funding of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFunding {
    /// Rows of `anb.csv`, `entitlements.csv` and the count files; results and failures.
    pub files: StateFiles,
    /// What could not be computed, what was left out, and what figures rest on beside the files.
    pub notes: Vec<FundingNote>,
}

/// The funding of one district, with the pupils behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct DistrictFunding {
    /// The results of its legal entities with all steps, and what other choices would have given.
    pub results: CaseResult,
    /// The decision on each pupil of both counts, in the order of units, counts and students.
    pub pupils: Vec<CountedPupil>,
    /// The rows of its count files that made no pupil.
    pub left_out: Vec<LeftOutRow>,
    /// Notes on the district.
    pub notes: Vec<FundingNote>,
}

/// A pupil in a count of a budget unit. State ids are personal: they stand here because the caller asked for the pupils
/// behind a figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CountedPupil {
    /// The student.
    pub student: StateId,
    /// The school.
    pub school: SchoolNumber,
    /// The calendar.
    pub calendar: CalendarNumber,
    /// The line of the row in its upload.
    pub line: u64,
    /// Unit, count, weight, reason and article.
    #[serde(flatten)]
    pub decision: PupilDecision,
}

impl DistrictFunding {
    /// A budget unit's result, whose steps say why its ANB is as it is, and the pupils of both counts behind it.
    #[must_use]
    pub fn unit(&self, unit: &str) -> Option<(&UnitResult, impl Iterator<Item = &CountedPupil>)> {
        let units = self.results.districts.iter().flat_map(|district| &district.units);
        let found = units.into_iter().find(|found| found.unit == unit)?;
        Some((found, self.pupils.iter().filter(|pupil| pupil.decision.unit == found.unit)))
    }
}

/// A row of a count file that made no pupil.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct LeftOutRow {
    /// The student.
    pub student: StateId,
    /// The school.
    pub school: SchoolNumber,
    /// The calendar.
    pub calendar: CalendarNumber,
    /// The line of the row in its upload.
    pub line: u64,
    /// The count.
    pub count: CountPeriod,
    /// Why.
    pub kind: NoteKind,
}

/// Everything that the tables give for some districts.
struct Made {
    case: Case,
    failures: Vec<DistrictFailure>,
    /// The rows behind the pupils of each unit's counts, in the order of the pupils.
    sources: BTreeMap<(String, CountPeriod), Vec<Source>>,
    left_out: Vec<LeftOut>,
    notes: Vec<FundingNote>,
}

impl Funding<'_> {
    /// The funding of all districts of the directory: the rows of the files, and the notes. Other choices are not
    /// computed. A district that lacks a count, or cannot be computed, is in the failures of the results, with the rows
    /// of the count that it has.
    ///
    /// # Errors
    /// When enrollments are missing, a table has other columns than the dictionary, or the year has no law.
    pub fn state(&self) -> Result<StateFunding, FundingError> {
        let made = self.make(None)?;
        let mut files = state_files(self.law, &made.case, Alternatives::Skipped)?;
        add_failures(&mut files.results, made.failures);
        Ok(StateFunding { files, notes: made.notes })
    }

    /// The funding of one district with its pupils, its steps, and what other choices would have given. Pupils whom
    /// another district counts too are shared as in [`Funding::state`].
    ///
    /// # Errors
    /// As [`Funding::state`], and when the directory lacks the district.
    pub fn district(&self, district: DistrictNumber) -> Result<DistrictFunding, FundingError> {
        let made = self.make(Some(district))?;
        let Case { fiscal_year, interpretation, ref districts } = made.case;
        let mut results = compute_case(self.law, &made.case, Alternatives::Computed)?;
        add_failures(&mut results, made.failures);
        let mut pupils = Vec::new();
        for case in districts {
            for decision in pupil_decisions(self.law, &interpretation, fiscal_year, case)? {
                let sources = made.sources.get(&(decision.unit.clone(), decision.count));
                let source = sources.and_then(|sources| sources.get(decision.place.checked_sub(1)?));
                if let Some(&Source { student, place: (school, calendar), line }) = source
                    && let Some(student) = StateId::from_number(student)
                {
                    pupils.push(CountedPupil { student, school: school.school, calendar, line, decision });
                }
            }
        }
        let left_out = made.left_out.iter().filter_map(|row| {
            let Source { student, place: (school, calendar), line } = row.source;
            let student = StateId::from_number(student).filter(|_| school.district == district)?;
            Some(LeftOutRow {
                student,
                school: school.school,
                calendar,
                line,
                count: row.count,
                kind: row.kind,
            })
        });
        Ok(DistrictFunding { results, pupils, left_out: left_out.collect(), notes: made.notes })
    }

    /// The district that has a budget unit: why a figure of the unit is as it is stands in [`Funding::district`].
    ///
    /// # Errors
    /// When the directory lacks the unit.
    pub fn district_of_unit(&self, unit: &BudgetUnitId) -> Result<DistrictNumber, FundingError> {
        let found = self.directory.budget_unit(unit);
        let found = found.and_then(|found| self.directory.legal_entity(found.legal_entity));
        let (district, _) = found.ok_or_else(|| FundingError::UnknownUnit { unit: unit.clone() })?;
        Ok(district.number)
    }

    /// The case of all districts, or of one: to be completed with what AIM does not carry, and computed.
    ///
    /// # Errors
    /// As [`Funding::state`] and [`Funding::district`].
    pub fn case(&self, district: Option<DistrictNumber>) -> Result<(Case, Vec<FundingNote>), FundingError> {
        let made = self.make(district)?;
        Ok((made.case, made.notes))
    }

    fn make(&self, of: Option<DistrictNumber>) -> Result<Made, FundingError> {
        if let Some(district) = of
            && self.directory.district(district).is_none()
        {
            return Err(FundingError::UnknownDistrict { district });
        }
        let year = funded_fiscal_year(self.counts_of)?;
        let mut notes = Notes::default();
        let facts = Facts::read(self, of, &mut notes)?;
        let senders = Senders {
            fall: facts.senders(CountPeriod::Fall),
            spring: facts.senders(CountPeriod::Spring),
            demographics: facts.demographics,
        };
        let mut units: Vec<UnitEntries<'_>> = self
            .directory
            .budget_units()
            .map(|unit| UnitEntries { unit, fall: Vec::new(), spring: Vec::new() })
            .filter(|with| {
                [self.counts_of, year.school_year()].into_iter().any(|year| with.unit.years.contains(year))
            })
            .collect();
        units.sort_by_key(|with| (with.unit.legal_entity, &with.unit.id));
        let places: BTreeMap<&BudgetUnitId, usize> =
            units.iter().enumerate().map(|(place, with)| (&with.unit.id, place)).collect();
        let unit_of = |school: SchoolKey, grade: GradeCode| {
            let unit = self.directory.budget_unit_of(school, grade, self.counts_of)?;
            places.get(&unit.id).copied()
        };
        let mut counting = Counting::new(self, &facts, &mut notes)?;
        let (fall, spring) = counting.entries(&unit_of)?;
        let left_out = counting.left_out;
        let mut sources: BTreeMap<(String, CountPeriod), Vec<Source>> = BTreeMap::new();
        for (period, entries) in [(CountPeriod::Fall, fall), (CountPeriod::Spring, spring)] {
            for entry in entries {
                let Some(with) = units.get_mut(entry.unit) else { continue };
                if of.is_some() {
                    let key = (with.unit.id.to_string(), period);
                    sources.entry(key).or_default().push(entry.source);
                }
                let list = if period == CountPeriod::Fall { &mut with.fall } else { &mut with.spring };
                list.push(entry);
            }
        }
        let mut case = Case { fiscal_year: year, interpretation: self.choices, districts: Vec::new() };
        let mut failures = Vec::new();
        let cases = Cases { funding: self, year, senders };
        let wanted = |district: &&opi_dictionary::District| of.is_none_or(|of| district.number == of);
        for district in self.directory.districts().filter(wanted) {
            for entity in &district.entities {
                let range = units_of(&units, entity.number);
                let Some(units) = units.get_mut(range).filter(|units| !units.is_empty()) else { continue };
                if !entity.years.contains(year.school_year()) {
                    notes.add(Some(district.number), NoteKind::EntityEnds, None);
                    continue;
                }
                match cases.case_of(district, entity, units, &mut notes) {
                    Ok(made) if made.units.is_empty() => {}
                    Ok(made) => case.districts.push(made),
                    Err(failure) => failures.push(failure),
                }
            }
        }
        Ok(Made { case, failures, sources, left_out, notes: notes.finish(of) })
    }
}

fn add_failures(results: &mut CaseResult, failures: Vec<DistrictFailure>) {
    results.failures.extend(failures);
    results.failures.sort_by_key(|failure| (failure.district, failure.legal_entity));
}

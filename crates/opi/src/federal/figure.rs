//! One figure of a federal file, by name, and the rows behind it.

use crate::federal::files::Asked;
use crate::federal::notes::Notes;
use crate::federal::reading::Place;
use crate::federal::{FederalError, FederalInputs, FederalState, staff};
use opi_edfacts::{CellQuery, FileNumber, Level, RowKind, Unit, explain, explain_staff};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// The name of a figure: `edfacts:FILE:LEVEL:UNIT:SET:CODES`.
///
/// - `FILE` is a number such as `052`, `LEVEL` is `SEA`, `LEA` or `SCH`.
/// - `UNIT` is left out for the state (`edfacts:052:SEA:TOT`); a district is its number; a school is `LEA/SCHOOL`, or
///   its number alone where only one school of the state has it.
/// - `SET` is a category set, `TABLE/SET` where the file has several tables with that set.
/// - `CODES` are the codes of the set's categories, in the order of the set, parted by commas; left out for totals.
///
/// ```
/// use opi::FederalFigure;
/// let figure: FederalFigure = "edfacts:052:SCH:0987:CSA:05,HI7,F".parse()?;
/// assert_eq!((figure.set.as_str(), figure.codes.len()), ("CSA", 3));
/// assert_eq!(figure.to_string(), "edfacts:052:SCH:0987:CSA:05,HI7,F");
/// let total: FederalFigure = "edfacts:150:LEA:1234:GRADRT4YRADJ/TOT".parse()?;
/// assert_eq!(total.table.as_deref(), Some("GRADRT4YRADJ"));
/// # Ok::<(), opi::FederalError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct FederalFigure {
    /// The file.
    pub file: FileNumber,
    /// The level.
    pub level: Level,
    /// The district, where it is named.
    pub lea: Option<String>,
    /// The school.
    pub school: Option<String>,
    /// The table, where it is named.
    pub table: Option<String>,
    /// The category set.
    pub set: String,
    /// The codes of its categories, in order.
    pub codes: Vec<String>,
}

impl FromStr for FederalFigure {
    type Err = FederalError;

    fn from_str(text: &str) -> Result<Self, FederalError> {
        let refuse =
            |problem: &str| FederalError::Figure { figure: text.to_owned(), problem: problem.to_owned() };
        let form = "write `edfacts:052:SCH:LEA/SCHOOL:CSA:05,HI7,F`";
        let mut parts = text.split(':');
        if parts.next() != Some("edfacts") {
            return Err(refuse(&format!("it does not begin with `edfacts:`; {form}")));
        }
        let mut part = |what: &str| {
            let found = parts.next().filter(|part| !part.is_empty());
            found.ok_or_else(|| refuse(&format!("it names no {what}; {form}")))
        };
        let file = part("file")?.parse()?;
        let level: Level = part("level")?.parse()?;
        let (lea, school) = match level {
            Level::Sea => (None, None),
            Level::Lea => (Some(part("district")?.to_owned()), None),
            Level::Sch => {
                let named = part("school")?;
                let (lea, school) =
                    named.split_once('/').map_or((None, named), |(lea, school)| (Some(lea), school));
                (lea.map(str::to_owned), Some(school.to_owned()))
            }
        };
        let set = part("category set")?;
        let (table, set) = match set.split_once('/') {
            Some((table, set)) => (Some(table.to_owned()), set.to_owned()),
            None => (None, set.to_owned()),
        };
        let codes = parts.next().filter(|codes| !codes.is_empty());
        let codes = codes.map(|codes| codes.split(',').map(str::to_owned).collect()).unwrap_or_default();
        if parts.next().is_some() {
            return Err(refuse(&format!("it has too many parts; {form}")));
        }
        Ok(FederalFigure { file, level, lea, school, table, set, codes })
    }
}

impl fmt::Display for FederalFigure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "edfacts:{}:{}", self.file, self.level)?;
        match (&self.lea, &self.school) {
            (Some(lea), Some(school)) => write!(f, ":{lea}/{school}")?,
            (Some(unit), None) | (None, Some(unit)) => write!(f, ":{unit}")?,
            (None, None) => {}
        }
        match &self.table {
            Some(table) => write!(f, ":{table}/{}", self.set)?,
            None => write!(f, ":{}", self.set)?,
        }
        if self.codes.is_empty() { Ok(()) } else { write!(f, ":{}", self.codes.join(",")) }
    }
}

/// A row behind a figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct FederalRow {
    /// The table: the key of its layout.
    pub table: String,
    /// What kind of row it is for counting.
    pub kind: Option<RowKind>,
    /// Which of the sources of its snapshot it comes from.
    pub source: u32,
    /// The line there.
    pub line: u64,
}

/// A student, or a member of staff, behind a figure.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct FederalReason {
    /// The state id.
    pub id: String,
    /// What it adds: students, removals, or hundredths of full-time equivalents.
    pub adds: u64,
    /// The rows that led there.
    pub rows: Vec<FederalRow>,
}

/// Shows how many rows there are, not whose.
impl fmt::Debug for FederalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FederalReason")
            .field("adds", &self.adds)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

/// A figure with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FederalCell {
    /// The figure, its school named in full.
    pub figure: FederalFigure,
    /// The title of the file.
    pub title: String,
    /// Categories and codes.
    pub values: Vec<(String, String)>,
    /// The steps of counting in words: who is counted, who is left out, how often.
    pub steps: Vec<String>,
    /// Who is behind it, by id.
    pub reasons: Vec<FederalReason>,
}

/// The rows behind a figure: the count of its file runs again, filtered to the figure.
///
/// # Errors
/// [`FederalError::Figure`] when the figure names a unit, set or code that does not exist, or a file that the inputs
/// do not suffice for.
pub fn explain_federal(
    inputs: &FederalInputs<'_>,
    figure: &FederalFigure,
) -> Result<FederalCell, FederalError> {
    let refuse = |problem: String| FederalError::Figure { figure: figure.to_string(), problem };
    let spec = inputs.catalogue.file(figure.file)?;
    let asked = Asked::new(inputs)?;
    let made = asked.made.iter().any(|(file, levels)| *file == figure.file && levels.contains(&figure.level));
    if !made {
        let why = asked.not_produced.iter().find(|missing| missing.file == figure.file);
        return Err(refuse(match why {
            Some(missing) => format!("the file is not made; missing: {}", missing.missing),
            None => format!("file {} has no level {}", figure.file, figure.level),
        }));
    }
    let state = FederalState::new(inputs)?;
    let figure = with_unit(&state, figure)?;
    let (table, values) = in_set(inputs, &figure)?;
    let query = CellQuery {
        lea: figure.lea.clone(),
        school: figure.school.clone(),
        table: Some(table.clone()),
        set: figure.set.clone(),
        values: values.clone(),
    };
    let config = inputs.profile.config(inputs.school_year)?;
    let declared = opi_edfacts::declarations().iter().find(|declared| declared.file == figure.file.get());
    let Some(declared) = declared else {
        return Err(refuse("the file is a register of units: nothing is counted in it".to_owned()));
    };
    let reasons: Option<Vec<FederalReason>> = if declared.unit == opi_edfacts::CountingUnit::StaffFte {
        let rows = staff::assignments(inputs.tables, &state.places, &mut Notes::default())?;
        let assignments: Vec<_> = rows.iter().map(|(row, _, _)| row.clone()).collect();
        let found = explain_staff(
            inputs.catalogue,
            &config,
            &state.places.units,
            &assignments,
            figure.file,
            figure.level,
            &query,
        )?;
        let reason = |number: usize| {
            let (assignment, table, record) = rows.get(number)?;
            let table = inputs.tables.get(*table)?;
            let record = table.record(*record)?;
            let id = record.field(table.schema().column("staff_state_id")?).to_owned();
            let row = FederalRow {
                table: table.name().to_owned(),
                kind: None,
                source: record.origin().source,
                line: record.origin().line,
            };
            Some(FederalReason { id, adds: assignment.fte_hundredths, rows: vec![row] })
        };
        found.into_iter().map(reason).collect::<Option<Vec<_>>>()
    } else {
        let behind = explain(inputs.catalogue, &config, &state, figure.file, figure.level, &query)?;
        let row = |found: &opi_edfacts::RowRef| {
            let place = Place::of_key(found.row);
            let table = state.tables.get(place.table)?.table;
            let origin = table.record(place.record)?.origin();
            let (source, line) = (origin.source, origin.line);
            Some(FederalRow { table: table.name().to_owned(), kind: Some(found.kind), source, line })
        };
        let reason = |student: opi_edfacts::Behind| {
            let rows = student.rows.iter().map(row).collect::<Option<Vec<_>>>()?;
            Some(FederalReason { id: student.student.reveal().to_owned(), adds: student.adds, rows })
        };
        behind.into_iter().map(reason).collect()
    };
    // Fewer rows than were counted would explain another figure.
    let reasons = reasons.ok_or_else(|| refuse("a row behind it is in none of the tables".to_owned()))?;
    let steps = declared.steps.iter().filter(|step| !step.is_empty()).map(|step| (*step).to_owned());
    let figure = FederalFigure { table: Some(table), ..figure };
    Ok(FederalCell { figure, title: spec.title.clone(), values, steps: steps.collect(), reasons })
}

/// The figure with the district of its school, and with a unit that exists.
fn with_unit(state: &FederalState<'_>, figure: &FederalFigure) -> Result<FederalFigure, FederalError> {
    let refuse = |problem: String| FederalError::Figure { figure: figure.to_string(), problem };
    if figure.level == Level::Sea {
        return Ok(figure.clone());
    }
    let fits =
        |unit: &&Unit| unit.school == figure.school && figure.lea.as_ref().is_none_or(|lea| *lea == unit.lea);
    let found: Vec<&Unit> = state.places.units.iter().map(|(unit, _)| unit).filter(fits).collect();
    match found.as_slice() {
        [one] => Ok(FederalFigure { lea: Some(one.lea.clone()), ..figure.clone() }),
        [] => Err(refuse("the directory has no such district or school".to_owned())),
        many => {
            let names = many
                .iter()
                .map(|unit| format!("{}/{}", unit.lea, figure.school.as_deref().unwrap_or_default()));
            let names: Vec<String> = names.collect();
            Err(refuse(format!("several schools have the number; name one of {}", names.join(", "))))
        }
    }
}

/// The table, and the categories of the set with the codes asked for.
fn in_set(
    inputs: &FederalInputs<'_>,
    figure: &FederalFigure,
) -> Result<(String, Vec<(String, String)>), FederalError> {
    let refuse = |problem: String| FederalError::Figure { figure: figure.to_string(), problem };
    let (catalogue, year) = (inputs.catalogue, inputs.school_year);
    let sets = catalogue.sets(figure.file, figure.level, year);
    let mut found = sets
        .iter()
        .filter(|set| set.set == figure.set && figure.table.as_ref().is_none_or(|table| *table == set.table));
    let (Some(set), other) = (found.next(), found.next()) else {
        let mut names: Vec<String> = sets.iter().map(|set| format!("{}/{}", set.table, set.set)).collect();
        names.dedup();
        return Err(refuse(format!("no such category set; the file has {}", names.join(", "))));
    };
    if let Some(other) = other {
        let (one, two) = (&set.table, &other.table);
        return Err(refuse(format!("several tables have the set; write {one}/{0} or {two}/{0}", figure.set)));
    }
    if set.categories.len() != figure.codes.len() {
        let names = set.categories.join(",");
        return Err(refuse(format!("the codes of {} categories are needed: {names}", set.categories.len())));
    }
    for (category, code) in set.categories.iter().zip(&figure.codes) {
        let codes = catalogue.codes(figure.file, figure.level, category, year);
        if !codes.contains(&code.as_str()) {
            let some: Vec<&str> = codes.into_iter().take(20).collect();
            return Err(refuse(format!(
                "`{code}` is no code of {category}; its codes are {}",
                some.join(", ")
            )));
        }
    }
    let values = set.categories.iter().cloned().zip(figure.codes.iter().cloned());
    Ok((set.table.clone(), values.collect()))
}

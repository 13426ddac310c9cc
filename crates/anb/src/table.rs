//! The figures of the law by fiscal year, and the years in which each rule holds: tables, not code.

use crate::csv_rows::csv_rows;
use crate::{AnbError, CsvRow, Fraction, Step, Unit};
use opi_dictionary::{Citation, FiscalYear, SchoolYear, Standing};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The table of figures that comes with the crate: CSV, one row a figure and span of years.
pub const ENTITLEMENTS_CSV: &str = include_str!("../spec/entitlements.csv");
/// The table of rules by year that comes with the crate: CSV.
pub const TIMELINE_CSV: &str = include_str!("../spec/timeline.csv");

/// A row name that ends so holds a printed figure that conflicts with the one in use.
const OTHER_READING: &str = "__other_reading";

/// What the number of a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FigureUnit {
    /// Dollars.
    Dollars,
    /// Per cent.
    Percent,
    /// A number of ANB.
    Anb,
    /// A bare number.
    Number,
    /// No number: the rule is in words.
    Rule,
}

impl FigureUnit {
    const fn of_step(self) -> Unit {
        match self {
            FigureUnit::Dollars => Unit::Dollars,
            FigureUnit::Anb => Unit::Anb,
            FigureUnit::Percent | FigureUnit::Number | FigureUnit::Rule => Unit::Number,
        }
    }
}

/// One row of the table of figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// The name of the figure, such as `basic_elementary`.
    pub entitlement: String,
    /// The first fiscal year.
    pub first_year: i32,
    /// The last fiscal year.
    pub last_year: i32,
    /// The number as printed; empty for a rule in words.
    pub amount: String,
    /// What the number is.
    pub unit: FigureUnit,
    /// What it applies to.
    pub applies_to: String,
    /// How firm it is.
    pub standing: Standing,
    /// Where it was read or how it follows.
    pub source: String,
    /// A remark.
    pub note: String,
}

impl CsvRow for Figure {
    const COLUMNS: &'static [&'static str] = &[
        "entitlement",
        "first_year",
        "last_year",
        "amount",
        "unit",
        "applies_to",
        "standing",
        "source",
        "note",
    ];
}

impl Figure {
    /// The number; per cent as a share (44.7 as 447/1000). `None` for a rule in words.
    #[must_use]
    pub fn value(&self) -> Option<Fraction> {
        let number = self.amount.parse::<Fraction>().ok()?;
        match self.unit {
            FigureUnit::Percent => number.over(Fraction::whole(100)).ok(),
            FigureUnit::Rule => None,
            _ => Some(number),
        }
    }

    /// Whether it is a figure that conflicts with the one in use; such a row is never calculated with.
    #[must_use]
    pub fn is_other_reading(&self) -> bool {
        self.entitlement.ends_with(OTHER_READING)
    }
}

/// The figures of the law by fiscal year.
///
/// ```
/// use opi_anb::EntitlementTable;
/// use opi_dictionary::FiscalYear;
/// let table = EntitlementTable::embedded()?;
/// let basic = table.figure("basic_elementary", FiscalYear::ending(2026)?)?;
/// assert_eq!(basic.amount, "60732");
/// assert!(table.figure("basic_elementary", FiscalYear::ending(2028)?).is_err());
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntitlementTable {
    rows: BTreeMap<String, Vec<Figure>>,
}

impl EntitlementTable {
    /// The table that comes with the crate.
    ///
    /// # Errors
    /// Never: a test reads it.
    pub fn embedded() -> Result<Self, AnbError> {
        Self::from_csv(ENTITLEMENTS_CSV)
    }

    /// A table from CSV text with the columns of [`Figure`].
    ///
    /// # Errors
    /// When a row cannot be read, has no source or no number, or two rows hold in one year.
    pub fn from_csv(text: &str) -> Result<Self, AnbError> {
        const TABLE: &str = "entitlements.csv";
        let mut rows: BTreeMap<String, Vec<Figure>> = BTreeMap::new();
        for (line, figure) in read_csv::<Figure>(TABLE, text)? {
            let problem = |problem: String| AnbError::Table { table: TABLE, line, problem };
            if figure.source.trim().is_empty() {
                return Err(problem("a row needs a source".into()));
            }
            if figure.first_year > figure.last_year {
                return Err(problem("first_year is after last_year".into()));
            }
            match (figure.unit, figure.value()) {
                (FigureUnit::Rule, None) if figure.amount.is_empty() => {}
                (FigureUnit::Rule, _) | (_, None) => {
                    return Err(problem(format!("amount {:?} does not fit its unit", figure.amount)));
                }
                (_, Some(value)) if value.is_negative() => {
                    return Err(problem(format!("amount {} is below zero", figure.amount)));
                }
                _ => {}
            }
            let same = rows.entry(figure.entitlement.clone()).or_default();
            if let Some(other) = same
                .iter()
                .find(|other| other.first_year <= figure.last_year && figure.first_year <= other.last_year)
            {
                return Err(problem(format!(
                    "{} stands twice in {} to {}",
                    figure.entitlement, other.first_year, other.last_year
                )));
            }
            same.push(figure);
        }
        rows.values_mut().for_each(|same| same.sort_by_key(|figure| figure.first_year));
        Ok(EntitlementTable { rows })
    }

    /// The same table with the rows of a CSV text in the form of [`EntitlementTable::from_csv`]: a newer year, or other
    /// figures. In the years that a row covers it takes the place of the row of its name.
    ///
    /// ```
    /// use opi_anb::EntitlementTable;
    /// use opi_dictionary::FiscalYear;
    /// let newer = "entitlement,first_year,last_year,amount,unit,applies_to,standing,source,note\n\
    ///     basic_elementary,2027,2028,63000,dollars,each budget unit,sourced,a page of the State,\n";
    /// let table = EntitlementTable::embedded()?.with_rows(newer)?;
    /// let amount = |year| Ok::<_, opi_anb::AnbError>(table.figure("basic_elementary", FiscalYear::ending(year)?)?.amount.clone());
    /// assert_eq!([amount(2026)?, amount(2027)?, amount(2028)?], ["60732", "63000", "63000"]);
    /// # Ok::<(), opi_anb::AnbError>(())
    /// ```
    ///
    /// # Errors
    /// As [`EntitlementTable::from_csv`].
    pub fn with_rows(&self, text: &str) -> Result<Self, AnbError> {
        let mut merged = self.clone();
        for newer in Self::from_csv(text)?.rows.into_values().flatten() {
            let same = merged.rows.entry(newer.entitlement.clone()).or_default();
            make_room(same, newer.first_year, newer.last_year);
            same.push(newer);
            same.sort_by_key(|figure| figure.first_year);
        }
        Ok(merged)
    }

    /// The row of a name in a year.
    ///
    /// # Errors
    /// When the table has no such row for the year. A row of another reading is never given.
    pub fn figure(&self, entitlement: &str, year: FiscalYear) -> Result<&Figure, AnbError> {
        let same = self.rows.get(entitlement).map_or(&[][..], Vec::as_slice);
        let held = same.iter().find(|figure| {
            (figure.first_year..=figure.last_year).contains(&year.end_year()) && !figure.is_other_reading()
        });
        held.ok_or_else(|| AnbError::MissingFigure {
            entitlement: entitlement.to_owned(),
            year,
            known: spans(same.iter().map(|figure| (Some(figure.first_year), Some(figure.last_year)))),
        })
    }

    /// The number of a row as a step that names its source and standing.
    ///
    /// # Errors
    /// When the table has no such row for the year, or the row is a rule in words.
    pub fn parameter(&self, entitlement: &str, year: FiscalYear) -> Result<Step, AnbError> {
        let figure = self.figure(entitlement, year)?;
        let value = figure.value().ok_or_else(|| {
            AnbError::range(format!("{entitlement} of {year}"), "a rule in words", "a number")
        })?;
        let unit = figure.unit.of_step();
        let label = format!("{} {year}", entitlement.replace('_', " "));
        Ok(Step::figure(label, value, unit, Citation::owned(figure.source.clone(), figure.standing)))
    }

    /// The number of a row as a step; when no year is given, the number that it has in all its years.
    ///
    /// # Errors
    /// As [`EntitlementTable::parameter`], and when no year is given but the number differs between years.
    pub fn parameter_of(&self, entitlement: &str, year: Option<FiscalYear>) -> Result<Step, AnbError> {
        let Some(year) = year else {
            let same = self.constant(entitlement);
            let same =
                same.ok_or_else(|| AnbError::case(entitlement, "a fiscal year is needed to look it up"))?;
            let unit = self.rows.get(entitlement).and_then(|rows| rows.first()).map(|figure| figure.unit);
            let unit = unit.map_or(Unit::Number, FigureUnit::of_step);
            let cited = Citation::derived("the same in every year of the table");
            return Ok(Step::figure(entitlement.replace('_', " "), same, unit, cited));
        };
        self.parameter(entitlement, year)
    }

    /// The one number that a row has in all its years; `None` when they differ.
    #[must_use]
    pub fn constant(&self, entitlement: &str) -> Option<Fraction> {
        let mut values = self.rows.get(entitlement)?.iter().filter_map(Figure::value);
        let first = values.next()?;
        values.all(|value| value == first).then_some(first)
    }

    /// All rows, by name and year.
    pub fn rows(&self) -> impl Iterator<Item = &Figure> {
        self.rows.values().flatten()
    }

    /// All rows that hold in a year, other readings included.
    pub fn of_year(&self, year: FiscalYear) -> impl Iterator<Item = &Figure> {
        self.rows().filter(move |figure| (figure.first_year..=figure.last_year).contains(&year.end_year()))
    }

    /// The same table with one figure changed for one year: what if the rate were another.
    ///
    /// # Errors
    /// When the table has no such row for the year, or the number is below zero.
    pub fn with_figure(
        &self,
        entitlement: &str,
        year: FiscalYear,
        amount: Fraction,
    ) -> Result<Self, AnbError> {
        let old = self.figure(entitlement, year)?.clone();
        if amount.is_negative() {
            return Err(AnbError::range(entitlement, amount, "zero or more"));
        }
        let at = year.end_year();
        let mut changed = self.clone();
        let same = changed.rows.entry(entitlement.to_owned()).or_default();
        make_room(same, at, at);
        same.push(Figure {
            first_year: at,
            last_year: at,
            amount: amount.to_string(),
            unit: if old.unit == FigureUnit::Percent { FigureUnit::Number } else { old.unit },
            source: "supposed, in place of the figure of the table".to_owned(),
            standing: Standing::Recall,
            ..old
        });
        same.sort_by_key(|figure| figure.first_year);
        Ok(changed)
    }
}

/// Takes some years out of the rows of one name.
fn make_room(same: &mut Vec<Figure>, first: i32, last: i32) {
    let split = |figure: Figure| {
        let parts = [
            (figure.first_year, figure.last_year.min(first.saturating_sub(1))),
            (figure.first_year.max(last.saturating_add(1)), figure.last_year),
        ];
        let kept = parts.into_iter().filter(|(first_year, last_year)| first_year <= last_year);
        kept.map(move |(first_year, last_year)| Figure { first_year, last_year, ..figure.clone() })
    };
    *same = std::mem::take(same).into_iter().flat_map(split).collect();
}

/// Of what the years of a rule are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// End years of the school years whose counts follow the rule.
    Count,
    /// Fiscal years budgeted.
    Budget,
}

/// One rule and the years in which it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TimelineRow {
    /// The name of the rule.
    pub key: String,
    /// Of what the years are.
    pub basis: Basis,
    /// The first year; open when absent.
    pub first_year: Option<i32>,
    /// The last year; open when absent.
    pub last_year: Option<i32>,
    /// What the rule says, or what changed.
    pub what_changed: String,
    /// How firm it is.
    pub standing: Standing,
    /// Where it was read.
    pub source: String,
}

impl TimelineRow {
    /// Whether the rule holds in a year of its basis.
    #[must_use]
    pub fn holds(&self, year: i32) -> bool {
        self.first_year.is_none_or(|first| first <= year) && self.last_year.is_none_or(|last| year <= last)
    }

    /// The years in words: `from 2014`, `through 2013`, `2008 to 2025`.
    #[must_use]
    pub fn span(&self) -> String {
        spans(std::iter::once((self.first_year, self.last_year)))
    }

    /// Where it was read and how firm that is.
    #[must_use]
    pub fn citation(&self) -> Citation {
        Citation::owned(self.source.clone(), self.standing)
    }
}

/// The years in which each rule holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    rows: BTreeMap<String, TimelineRow>,
}

impl Timeline {
    /// The timeline that comes with the crate.
    ///
    /// # Errors
    /// Never: a test reads it.
    pub fn embedded() -> Result<Self, AnbError> {
        Self::from_csv(TIMELINE_CSV)
    }

    /// A timeline from CSV text with the columns of [`TimelineRow`].
    ///
    /// # Errors
    /// When a row cannot be read, has no source, or stands twice.
    pub fn from_csv(text: &str) -> Result<Self, AnbError> {
        const TABLE: &str = "timeline.csv";
        let mut rows = BTreeMap::new();
        for (line, row) in read_csv::<TimelineRow>(TABLE, text)? {
            let problem = |problem: &str| AnbError::Table { table: TABLE, line, problem: problem.to_owned() };
            if row.source.trim().is_empty() {
                return Err(problem("a row needs a source"));
            }
            if let (Some(first), Some(last)) = (row.first_year, row.last_year)
                && first > last
            {
                return Err(problem("first_year is after last_year"));
            }
            if rows.insert(row.key.clone(), row).is_some() {
                return Err(problem("the key stands twice"));
            }
        }
        Ok(Timeline { rows })
    }

    /// The row of a rule.
    ///
    /// # Errors
    /// When the timeline has no such rule.
    pub fn row(&self, key: &str) -> Result<&TimelineRow, AnbError> {
        self.rows.get(key).ok_or_else(|| AnbError::Table {
            table: "timeline.csv",
            line: 0,
            problem: format!("no rule {key:?}; known are {}", self.keys().collect::<Vec<_>>().join(", ")),
        })
    }

    /// Whether a rule on counts holds for the counts of a school year.
    ///
    /// # Errors
    /// When the timeline has no such rule.
    pub fn for_counts(&self, key: &str, year: SchoolYear) -> Result<bool, AnbError> {
        Ok(self.row(key)?.holds(year.end_year()))
    }

    /// Whether a rule on budgets holds for a fiscal year.
    ///
    /// # Errors
    /// When the timeline has no such rule.
    pub fn for_budget(&self, key: &str, year: FiscalYear) -> Result<bool, AnbError> {
        Ok(self.row(key)?.holds(year.end_year()))
    }

    /// The names of all rules, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }

    /// All rules, by name.
    pub fn rows(&self) -> impl Iterator<Item = &TimelineRow> {
        self.rows.values()
    }
}

fn read_csv<T: serde::de::DeserializeOwned>(
    table: &'static str,
    text: &str,
) -> Result<Vec<(u64, T)>, AnbError> {
    let row = |(line, row): (u64, Result<T, String>)| match row {
        Ok(row) => Ok((line, row)),
        Err(problem) => Err(AnbError::Table { table, line, problem }),
    };
    csv_rows(text).into_iter().map(row).collect()
}

/// Spans of years in words; spans that follow each other are told as one.
fn spans(years: impl Iterator<Item = (Option<i32>, Option<i32>)>) -> String {
    let mut joined: Vec<(Option<i32>, Option<i32>)> = Vec::new();
    for (first, last) in years {
        match joined.last_mut() {
            Some((_, end @ Some(_))) if end.map(|end| end + 1) == first => *end = last,
            _ => joined.push((first, last)),
        }
    }
    let words = joined.into_iter().map(|span| match span {
        (Some(first), Some(last)) if first == last => first.to_string(),
        (Some(first), Some(last)) => format!("{first} to {last}"),
        (Some(first), None) => format!("from {first}"),
        (None, Some(last)) => format!("through {last}"),
        (None, None) => "in every year".to_owned(),
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

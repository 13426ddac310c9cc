//! The rows of the catalogue tables as they stand in CSV or TOML. Unknown columns are errors.

use crate::{EdfactsError, FileNumber, Level};
use opi_dictionary::{SchoolYear, Standing};
use serde::Deserialize;
use std::fmt;
use std::str::FromStr;

/// One row of `files`: a file specification.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRow {
    pub(crate) number: String,
    pub(crate) title: String,
    pub(crate) levels: String,
    #[serde(default)]
    pub(crate) first_year: String,
    #[serde(default)]
    pub(crate) last_year: String,
    #[serde(default)]
    pub(crate) family: String,
    #[serde(default)]
    pub(crate) topic: String,
    #[serde(default)]
    pub(crate) office: String,
    #[serde(default)]
    pub(crate) tables: String,
    #[serde(default)]
    pub(crate) data_groups: String,
    #[serde(default)]
    pub(crate) abbreviation: String,
    #[serde(default)]
    pub(crate) type_sea: String,
    #[serde(default)]
    pub(crate) type_lea: String,
    #[serde(default)]
    pub(crate) type_sch: String,
    #[serde(default)]
    pub(crate) due: String,
    #[serde(default)]
    pub(crate) due_year: String,
    #[serde(default)]
    pub(crate) status_2024_25: String,
    #[serde(default)]
    pub(crate) status_2025_26: String,
    #[serde(default)]
    pub(crate) retired: String,
    #[serde(default)]
    pub(crate) replaced_by: String,
    pub(crate) source: String,
    pub(crate) standing: String,
}

/// One row of `columns`: a column of a layout and the years in which it holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnRow {
    pub(crate) file: String,
    pub(crate) levels: String,
    pub(crate) first_year: String,
    #[serde(default)]
    pub(crate) last_year: String,
    pub(crate) position: u16,
    pub(crate) start: u16,
    pub(crate) name: String,
    pub(crate) element: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) length: u16,
    pub(crate) required: String,
    #[serde(default)]
    pub(crate) category: String,
    #[serde(default)]
    pub(crate) note: String,
    pub(crate) source: String,
}

/// One row of `category_sets`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetRow {
    pub(crate) file: String,
    pub(crate) levels: String,
    pub(crate) years: String,
    #[serde(default)]
    pub(crate) newest: String,
    pub(crate) set: String,
    #[serde(default)]
    pub(crate) tables: String,
    #[serde(default)]
    pub(crate) categories: String,
    #[serde(default)]
    pub(crate) positions: String,
    pub(crate) indicator: String,
    pub(crate) source: String,
}

/// One row of `file_values`: the codes of a category in one file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileValuesRow {
    pub(crate) file: String,
    pub(crate) levels: String,
    pub(crate) year: String,
    pub(crate) category: String,
    pub(crate) codes: String,
    pub(crate) source: String,
}

/// One row of `permitted_values`: a code of a category, whatever the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PermittedRow {
    pub(crate) category: String,
    pub(crate) code: String,
    pub(crate) label: String,
    #[serde(default)]
    pub(crate) years: String,
    #[serde(default)]
    pub(crate) files: String,
    pub(crate) source: String,
    pub(crate) standing: String,
}

/// One row of `categories`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CategoryRow {
    pub(crate) category: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) missing: String,
    pub(crate) source: String,
    pub(crate) standing: String,
}

/// One row of `derivations`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DerivationRow {
    pub(crate) file: String,
    pub(crate) levels: String,
    #[serde(default)]
    pub(crate) zero_sea: String,
    #[serde(default)]
    pub(crate) zero_lea: String,
    #[serde(default)]
    pub(crate) zero_sch: String,
    pub(crate) unit: String,
    pub(crate) inputs: String,
    pub(crate) population: String,
    pub(crate) period: String,
    #[serde(default)]
    pub(crate) marks: String,
    pub(crate) source: String,
    pub(crate) standing: String,
}

/// One row of `year_rules`: an answer that changed with the years.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct YearRuleRow {
    pub(crate) rule: String,
    #[serde(default)]
    pub(crate) first_year: String,
    #[serde(default)]
    pub(crate) last_year: String,
    pub(crate) value: String,
    pub(crate) source: String,
    pub(crate) standing: String,
}

/// One row of `sources`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceRow {
    pub(crate) key: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) address: String,
}

/// Tables added at run time as one TOML document: the same rows under the same names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TomlTables {
    pub(crate) files: Vec<FileRow>,
    pub(crate) columns: Vec<ColumnRow>,
    pub(crate) category_sets: Vec<SetRow>,
    pub(crate) file_values: Vec<FileValuesRow>,
    pub(crate) permitted_values: Vec<PermittedRow>,
    pub(crate) categories: Vec<CategoryRow>,
    pub(crate) derivations: Vec<DerivationRow>,
    pub(crate) year_rules: Vec<YearRuleRow>,
    pub(crate) sources: Vec<SourceRow>,
}

/// School years as a table writes them: `2017-18..2018-19 2020-21`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct YearSpans(pub(crate) Vec<(SchoolYear, SchoolYear)>);

impl YearSpans {
    pub(crate) fn contains(&self, year: SchoolYear) -> bool {
        self.0.iter().any(|(first, last)| *first <= year && year <= *last)
    }

    pub(crate) fn first(&self) -> Option<SchoolYear> {
        self.0.iter().map(|(first, _)| *first).min()
    }

    pub(crate) fn last(&self) -> Option<SchoolYear> {
        self.0.iter().map(|(_, last)| *last).max()
    }

    /// The last year of the spans that is not after a year.
    pub(crate) fn last_until(&self, year: SchoolYear) -> Option<SchoolYear> {
        self.0.iter().filter(|(first, _)| *first <= year).map(|(_, last)| year.min(*last)).max()
    }
}

impl FromStr for YearSpans {
    type Err = opi_dictionary::DictionaryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let spans = text.split_whitespace().map(|part| match part.split_once("..") {
            Some((first, last)) => Ok((first.parse()?, last.parse()?)),
            None => part.parse().map(|year| (year, year)),
        });
        spans.collect::<Result<Vec<_>, _>>().map(YearSpans)
    }
}

impl fmt::Display for YearSpans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (first, last)) in self.0.iter().enumerate() {
            let gap = if number == 0 { "" } else { " " };
            if first == last {
                write!(f, "{gap}{first}")?;
            } else {
                write!(f, "{gap}{first}..{last}")?;
            }
        }
        Ok(())
    }
}

/// Where a value stands, for the error that refuses it.
#[derive(Clone, Copy)]
pub(crate) struct At {
    pub(crate) table: &'static str,
    pub(crate) row: u64,
}

impl At {
    pub(crate) fn refuse(self, what: impl Into<String>) -> EdfactsError {
        EdfactsError::Table { table: self.table, row: self.row, what: what.into() }
    }

    /// No row without its source.
    pub(crate) fn source(self, text: &str) -> Result<(), EdfactsError> {
        if text.is_empty() { Err(self.refuse("source is blank")) } else { Ok(()) }
    }

    pub(crate) fn number(self, text: &str) -> Result<FileNumber, EdfactsError> {
        text.parse().map_err(|error: EdfactsError| self.refuse(error.to_string()))
    }

    pub(crate) fn levels(self, text: &str) -> Result<Vec<Level>, EdfactsError> {
        let levels = text.split_whitespace().map(str::parse).collect::<Result<Vec<Level>, _>>();
        levels.map_err(|error| self.refuse(error.to_string()))
    }

    pub(crate) fn year(self, text: &str) -> Result<Option<SchoolYear>, EdfactsError> {
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| self.refuse(format!("`{text}` is not a school year (2022-23)")))
    }

    pub(crate) fn years(self, text: &str) -> Result<YearSpans, EdfactsError> {
        text.parse().map_err(|_| self.refuse(format!("`{text}` is not a list of school years")))
    }

    pub(crate) fn standing(self, text: &str) -> Result<Standing, EdfactsError> {
        text.parse().map_err(|_| self.refuse(format!("`{text}` is not sourced, derived or recall")))
    }

    pub(crate) fn yes(self, text: &str) -> Result<bool, EdfactsError> {
        match text {
            "yes" => Ok(true),
            "" | "no" => Ok(false),
            other => Err(self.refuse(format!("`{other}` is neither yes nor no"))),
        }
    }
}

/// Reads a CSV table into its rows; the header must name exactly the columns of the table.
pub(crate) fn read_csv<R: serde::de::DeserializeOwned>(
    table: &'static str,
    text: &str,
) -> Result<Vec<R>, EdfactsError> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for (number, row) in reader.deserialize().enumerate() {
        let row = row.map_err(|error| EdfactsError::Table {
            table,
            row: number as u64 + 1,
            what: error.to_string(),
        })?;
        rows.push(row);
    }
    Ok(rows)
}

/// The non-empty parts of a list written with semicolons.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|part| !part.is_empty())
}

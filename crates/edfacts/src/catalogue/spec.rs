//! What the catalogue holds about a file: its specification, layouts, category sets and derivation.

use super::rows::YearSpans;
use crate::{FileNumber, Level};
use opi_dictionary::{SchoolYear, Standing};
use serde::Serialize;

/// What a file holds, which decides the rules of its amount column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Family {
    /// Counts of students, removals or incidents by category.
    Counts,
    /// Full-time equivalents of staff.
    Fte,
    /// Percentages.
    Rate,
    /// Dollar amounts.
    Dollars,
    /// A status for each unit.
    Status,
    /// A register of units.
    Directory,
    /// A list, such as grades offered.
    List,
    /// A relation between two registers.
    Crosswalk,
    /// No layout on record.
    Unknown,
}

/// Whether a file was collected in a year, as far as public pages tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CollectionStatus {
    /// Collected.
    Active,
    /// Probably collected: it stands in the clearance of these years.
    ActiveInferred,
    /// Listed and open for submission.
    EnabledFirst,
    /// Listed, not yet open.
    Listed,
    /// Its specification was published.
    Published,
    /// No page at hand says.
    Unconfirmed,
    /// Retired, or nothing on record for the year.
    RetiredUnconfirmed,
    /// Retired.
    Retired,
}

/// The type of the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Text or code.
    String,
    /// A whole number.
    Number,
    /// A number with at most one decimal, 0 to 100.
    Decimal1,
    /// A number with at most two decimals.
    Decimal2,
    /// The end of the record.
    Control,
}

/// What a column is for: the common columns by name, categories, and the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// The running number of the record.
    RecordNumber,
    /// The FIPS code of the state.
    StateCode,
    /// The number of the state agency.
    StateAgency,
    /// The state's identifier of the district.
    LeaId,
    /// The state's identifier of the school.
    SchoolId,
    /// The name of the table.
    TableName,
    /// Whether the record is a total.
    TotalIndicator,
    /// Free text.
    Explanation,
    /// The number or status that is reported.
    Amount,
    /// Blank by definition.
    Filler,
    /// The line break.
    EndOfRecord,
    /// Everything else: categories and the fields of registers.
    Value,
}

/// A column of a layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Column {
    /// Position, 1 = first.
    pub position: u16,
    /// First character in fixed width, 1 = first.
    pub start: u16,
    /// Longest value, and the width in fixed width.
    pub length: u16,
    /// The published name.
    pub name: String,
    /// The published element name.
    pub element: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// What it is for.
    pub role: Role,
    /// Whether it always holds a value.
    pub mandatory: bool,
    /// The code list it draws from, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// `corrected` positions, code list `by_table`, `state_text`, `status_code`; empty otherwise.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    #[serde(skip)]
    pub(crate) first_year: Option<SchoolYear>,
    #[serde(skip)]
    pub(crate) last_year: Option<SchoolYear>,
}

impl Column {
    /// Last character in fixed width.
    #[must_use]
    pub fn end(&self) -> u16 {
        self.start.saturating_add(self.length).saturating_sub(1)
    }
}

/// The columns of one file at one level in one year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Layout {
    /// The file.
    pub file: FileNumber,
    /// The level.
    pub level: Level,
    /// The year for which it was asked.
    pub year: SchoolYear,
    /// The newest year with a layout on record; the asked year may be later.
    pub newest_on_record: SchoolYear,
    /// The columns, the end of the record included.
    pub columns: Vec<Column>,
}

impl Layout {
    /// The columns that hold values or fillers: all but the end of the record.
    pub fn fields(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.role != Role::EndOfRecord)
    }

    /// Number of fields in a delimited record.
    #[must_use]
    pub fn field_count(&self) -> usize {
        self.fields().count()
    }

    /// Length of a fixed-width record without the line break.
    #[must_use]
    pub fn record_length(&self) -> usize {
        self.fields().map(|column| usize::from(column.end())).max().unwrap_or(0)
    }

    /// Where the first column of this role stands among the fields, 0 = first.
    #[must_use]
    pub fn field_of(&self, role: Role) -> Option<usize> {
        self.fields().position(|column| column.role == role)
    }

    /// Where the column at this position stands among the fields.
    #[must_use]
    pub fn field_at(&self, position: u16) -> Option<usize> {
        self.fields().position(|column| column.position == position)
    }
}

/// A category set, subtotal or education unit total of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CategorySet {
    /// `CSA`, `ST1`, `TOT`.
    pub set: String,
    /// The table; empty where the file has none.
    pub table: String,
    /// The categories, in the order of the specification.
    pub categories: Vec<String>,
    /// The position of the column of each category, in the same order; empty where not on record.
    pub positions: Vec<u16>,
    /// `Y` for subtotals and totals, `N` for category sets.
    pub total_indicator: char,
    /// Whether it belongs to the newest sets on record.
    pub newest: bool,
    /// The years in which it was seen.
    #[serde(serialize_with = "as_text")]
    #[cfg_attr(feature = "schemars", schemars(with = "String"))]
    pub(crate) years: YearSpans,
}

impl CategorySet {
    /// The years in which it was seen, as the table writes them.
    #[must_use]
    pub fn years(&self) -> String {
        self.years.to_string()
    }
}

fn as_text<S: serde::Serializer>(years: &YearSpans, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(years)
}

/// The codes of a category in one file and level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileValues {
    pub(crate) year: SchoolYear,
    pub(crate) category: String,
    pub(crate) codes: Vec<String>,
}

/// How the codes of a category relate to a student.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CategoryKind {
    /// Each student has exactly one code.
    Exclusive,
    /// One code for those who have the trait; the rest stand in no record of the set.
    OneSided,
    /// A student can stand in several cells.
    Multiple,
}

/// A category of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Category {
    /// The abbreviation: `RACEETHNIC`.
    pub category: String,
    /// The name.
    pub name: String,
    /// How its codes relate to a student; `None` for code lists of columns.
    pub kind: Option<CategoryKind>,
    /// Whether some list of its codes holds MISSING.
    pub missing_allowed: bool,
    /// How firm the kind is.
    pub standing: Standing,
}

/// A code that a category permits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct PermittedValue {
    /// The category.
    pub category: String,
    /// The code as it is submitted.
    pub code: String,
    /// Its label.
    pub label: String,
    /// The years in which it was seen; empty when not on record.
    #[serde(serialize_with = "as_text")]
    #[cfg_attr(feature = "schemars", schemars(with = "String"))]
    pub(crate) years: YearSpans,
    /// The files in which it was seen.
    pub files: Vec<FileNumber>,
    /// The key of its source.
    pub source: String,
    /// How firm the spelling is.
    pub standing: Standing,
}

/// For which units and combinations records with 0 are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ZeroRule {
    /// The state, every combination.
    All,
    /// Every reportable unit, every combination.
    Units,
    /// As units, grades limited to those the unit offers.
    Offered,
    /// As units, only units with members.
    Members,
    /// As units, only districts that offer the early childhood grades.
    Pk,
    /// As units, without schools that offer prekindergarten only.
    NotPkOnly,
    /// The education unit total alone.
    Tot,
    /// No zero rows.
    None,
}

/// Where the rows behind a file come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum InputSource {
    /// The state's student uploads hold all that is needed.
    AimUploads,
    /// Student uploads and tables that the state keeps elsewhere.
    AimPlusStateTables,
    /// The assessment vendor.
    Assessment,
    /// The staff system.
    Staff,
    /// The grants system.
    Finance,
    /// No source on record.
    None,
}

/// How a file is built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Derivation {
    /// The file.
    pub file: FileNumber,
    /// The levels at which it is built.
    pub levels: Vec<Level>,
    /// The zero rule at SEA, LEA and SCH.
    pub zero: [Option<ZeroRule>; 3],
    /// What is counted: student, removal, incident, staff_fte, school or none.
    pub unit: String,
    /// Where the rows come from.
    pub inputs: InputSource,
    /// Who is counted.
    pub population: String,
    /// On which day or in which period.
    pub period: String,
    /// Parts that no document confirms, with their standing: `date:recall`.
    pub marks: Vec<String>,
    /// The key of its source.
    pub source: String,
    /// How firm it is as a whole.
    pub standing: Standing,
}

/// A file specification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct FileSpec {
    /// The number.
    pub number: FileNumber,
    /// The title.
    pub title: String,
    /// The levels at which it is submitted.
    pub levels: Vec<Level>,
    /// The first year with a layout on record.
    pub layout_first_year: Option<SchoolYear>,
    /// The newest year with a layout on record.
    pub layout_last_year: Option<SchoolYear>,
    /// What it holds.
    pub family: Family,
    /// The subject.
    pub topic: String,
    /// The federal office.
    pub office: String,
    /// The names of its tables.
    pub tables: Vec<String>,
    /// The data group numbers.
    pub data_groups: String,
    /// The part of the file name that the specification fixes, where on record.
    pub abbreviation: Option<String>,
    /// The file type text of the header, by level.
    #[serde(serialize_with = "by_level")]
    pub file_types: [Option<String>; 3],
    /// The due date and the year it was given for, where known.
    pub due: Option<(chrono::NaiveDate, SchoolYear)>,
    /// Whether it was collected for 2024-25.
    pub status_2024_25: CollectionStatus,
    /// Whether it was collected for 2025-26.
    pub status_2025_26: CollectionStatus,
    /// The files that took its place.
    pub replaced_by: Vec<FileNumber>,
    /// The keys of its sources.
    pub source: String,
    /// How firm the row is.
    pub standing: Standing,
    /// How it is built, where on record.
    pub derivation: Option<Derivation>,
    #[serde(skip)]
    pub(crate) at: [LevelSpec; 3],
}

fn by_level<S: serde::Serializer>(types: &[Option<String>; 3], serializer: S) -> Result<S::Ok, S::Error> {
    let named = Level::ALL.iter().zip(types).filter_map(|(level, text)| Some((level, text.as_ref()?)));
    serializer.collect_map(named)
}

/// The tables of one file at one level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LevelSpec {
    pub(crate) columns: Vec<Column>,
    pub(crate) sets: Vec<CategorySet>,
    pub(crate) values: Vec<FileValues>,
}

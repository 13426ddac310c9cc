//! Writing: header and data records in the three forms, for every file of the catalogue.

mod counts;

use crate::catalogue::{Column, ColumnType};
use crate::count::CountRecord;
use crate::{
    Catalogue, CategorySet, EdfactsError, FileNumber, Grade, Layout, Level, MISSING, Role, StateProfile,
};
use opi_dictionary::SchoolYear;
use serde::{Deserialize, Serialize};
use std::io::Write;

/// The form of a file, told by its extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileForm {
    /// Comma delimited, `.csv`.
    Csv,
    /// Tab delimited, `.tab`.
    Tab,
    /// Fixed width, `.txt`.
    Txt,
}

impl FileForm {
    /// All forms.
    pub const ALL: [FileForm; 3] = [FileForm::Csv, FileForm::Tab, FileForm::Txt];

    /// The extension without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            FileForm::Csv => "csv",
            FileForm::Tab => "tab",
            FileForm::Txt => "txt",
        }
    }

    /// The form with this extension.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<FileForm> {
        FileForm::ALL.into_iter().find(|form| form.extension() == extension)
    }
}

/// The first record of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The text that the specification fixes.
    pub file_type: String,
    /// Number of data records.
    pub total_records: String,
    /// Name of the file with extension.
    pub file_name: String,
    /// Any text by which the state knows the file.
    pub file_identifier: String,
    /// School year, `2025-2026`.
    pub reporting_period: String,
}

/// The names and widths of the header columns.
pub(crate) const HEADER_COLUMNS: [(&str, usize); 5] = [
    ("File Type", 50),
    ("Total Records in File", 10),
    ("File Name", 25),
    ("File Identifier", 32),
    ("File Reporting Period", 9),
];

impl Header {
    pub(crate) fn values(&self) -> [&str; 5] {
        [&self.file_type, &self.total_records, &self.file_name, &self.file_identifier, &self.reporting_period]
    }

    /// The header as one line, without the line break. In fixed width it is as long as a data record.
    ///
    /// # Errors
    /// [`EdfactsError::Write`] when a value is longer than its column or holds a character that the form
    /// cannot carry.
    pub fn line(&self, layout: &Layout, form: FileForm) -> Result<String, EdfactsError> {
        let mut line = String::new();
        for ((name, width), (value, number)) in HEADER_COLUMNS.iter().zip(self.values().into_iter().zip(0..))
        {
            put(&mut line, form, number, 0, name, *width, value)?;
        }
        if form == FileForm::Txt {
            pad(&mut line, layout.record_length());
        }
        Ok(line)
    }
}

/// A data record as one line, without the line break: the values of all fields in order, fillers as blanks.
///
/// # Errors
/// [`EdfactsError::Write`] when there are too many values, a value is longer than its column, a filler is
/// filled, or a character cannot be carried.
pub fn record_line(
    layout: &Layout,
    form: FileForm,
    record: u64,
    values: &[String],
) -> Result<String, EdfactsError> {
    let count = layout.field_count();
    if values.len() != count {
        return Err(EdfactsError::Write {
            record,
            column: "all".to_owned(),
            what: format!("{} values for {count} columns", values.len()),
        });
    }
    let mut line = String::new();
    for ((column, value), number) in layout.fields().zip(values).zip(0..) {
        if column.role == Role::Filler && !value.is_empty() {
            return Err(forbidden(record, column, format!("a filler is blank, found `{value}`")));
        }
        put(&mut line, form, number, record, &column.name, usize::from(column.length), value)?;
    }
    Ok(line)
}

fn forbidden(record: u64, column: &Column, what: String) -> EdfactsError {
    EdfactsError::Write { record, column: column.name.clone(), what }
}

fn put(
    line: &mut String,
    form: FileForm,
    number: usize,
    record: u64,
    column: &str,
    width: usize,
    value: &str,
) -> Result<(), EdfactsError> {
    let refuse = |what: String| EdfactsError::Write { record, column: column.to_owned(), what };
    if value.chars().count() > width {
        return Err(refuse(format!("`{value}` is longer than the {width} characters of the column")));
    }
    if let Some(odd) = value.chars().find(|c| !(' '..='~').contains(c)) {
        return Err(refuse(format!("{odd:?} is not a printable ASCII character")));
    }
    match form {
        FileForm::Csv | FileForm::Tab => {
            if number > 0 {
                line.push(if form == FileForm::Csv { ',' } else { '\t' });
            }
            if form == FileForm::Csv && value.contains([',', '"']) {
                line.push('"');
                line.push_str(&value.replace('"', "\"\""));
                line.push('"');
            } else {
                line.push_str(value);
            }
        }
        FileForm::Txt => {
            let end = line.len() + width;
            line.push_str(value);
            pad(line, end);
        }
    }
    Ok(())
}

fn pad(line: &mut String, end: usize) {
    line.extend(std::iter::repeat_n(' ', end.saturating_sub(line.len())));
}

/// The longest part of a file name that a specification can fix.
pub(crate) const LONGEST_ABBREVIATION: usize = 9;

/// The name of a file: state, level, the abbreviation of the specification, the state's version, extension.
///
/// ```
/// use opi_edfacts::{FileForm, Level, file_name};
/// assert_eq!(file_name("MT", Level::Sch, "CHRONABSE", "v000001", FileForm::Csv)?, "MTSCHCHRONABSEv000001.csv");
/// assert!(file_name("MT", Level::Sch, "CHRONABSE", "v0000001", FileForm::Csv).is_err());
/// # Ok::<(), opi_edfacts::EdfactsError>(())
/// ```
///
/// # Errors
/// [`EdfactsError::Input`] when a part is too long or holds other characters than letters and digits.
pub fn file_name(
    state: &str,
    level: Level,
    abbreviation: &str,
    version: &str,
    form: FileForm,
) -> Result<String, EdfactsError> {
    let part = |name: &str, text: &str, most: usize| {
        let plain = text.len() <= most && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let what = || format!("`{text}` is not up to {most} letters and digits");
        if plain { Ok(()) } else { Err(EdfactsError::input(format!("file name, {name}"), what())) }
    };
    if state.len() != 2 || !state.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(EdfactsError::input("file name, state", "two capital letters are needed"));
    }
    part("abbreviation", abbreviation, LONGEST_ABBREVIATION)?;
    part("version", version, 7)?;
    if abbreviation.is_empty() && version.is_empty() {
        return Err(EdfactsError::input("file name", "the part after the level is empty"));
    }
    Ok(format!("{state}{level}{abbreviation}{version}.{}", form.extension()))
}

/// A record to write: units, table, and values by category or by column name or element name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataRow {
    /// State identifier of the district.
    pub lea: Option<String>,
    /// State identifier of the school.
    pub school: Option<String>,
    /// The table, where the file has tables.
    pub table: Option<String>,
    /// Values by category abbreviation, column name or element name.
    pub values: Vec<(String, String)>,
    /// Free text.
    pub explanation: String,
    /// The number, for files with an amount column.
    pub amount: Option<String>,
}

impl From<&CountRecord<'_>> for DataRow {
    fn from(record: &CountRecord<'_>) -> Self {
        DataRow {
            lea: record.lea.map(str::to_owned),
            school: record.school.map(str::to_owned),
            table: Some(record.table.to_owned()),
            values: record.values.iter().map(|(c, v)| ((*c).to_owned(), (*v).to_owned())).collect(),
            explanation: String::new(),
            amount: Some(record.amount.to_string()),
        }
    }
}

/// Writes files of one number, level and year.
#[derive(Clone, Debug)]
pub struct FileWriter<'a> {
    catalogue: &'a Catalogue,
    profile: &'a StateProfile,
    layout: Layout,
    file_type: String,
    sets: Vec<&'a CategorySet>,
    mandatory: Vec<bool>,
    year: SchoolYear,
}

/// A record with its place in the order of the file.
type Placed = (Vec<(u8, u64, String)>, Vec<String>);

impl<'a> FileWriter<'a> {
    /// Makes ready to write.
    ///
    /// # Errors
    /// [`EdfactsError::UnknownFile`] and [`EdfactsError::NoLayout`].
    pub fn new(
        catalogue: &'a Catalogue,
        profile: &'a StateProfile,
        file: FileNumber,
        level: Level,
        year: SchoolYear,
    ) -> Result<Self, EdfactsError> {
        let layout = catalogue.layout(file, level, year)?;
        let file_type = catalogue.file(file)?.file_type(level).unwrap_or_default().to_owned();
        let sets = catalogue.record_sets(&layout);
        let mandatory = catalogue.mandatory(&layout);
        Ok(FileWriter { catalogue, profile, layout, file_type, sets, mandatory, year })
    }

    /// The layout that is written.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Writes header and records with line breaks CR LF, in the order of units, tables, sets and codes
    /// whatever the order of the rows (registers keep it). Returns how many data records were written.
    ///
    /// # Errors
    /// [`EdfactsError::Write`] for the first value that the layout forbids; [`EdfactsError::Output`].
    pub fn write(
        &self,
        rows: &[DataRow],
        file_name: &str,
        file_identifier: &str,
        form: FileForm,
        out: &mut dyn Write,
    ) -> Result<u64, EdfactsError> {
        let mut placed: Vec<Placed> = Vec::with_capacity(rows.len());
        for (row, record) in rows.iter().zip(1..) {
            placed.push(self.place(row, record)?);
        }
        placed.sort_by(|a, b| a.0.cmp(&b.0));
        let header = Header {
            file_type: self.file_type.clone(),
            total_records: rows.len().to_string(),
            file_name: file_name.to_owned(),
            file_identifier: file_identifier.to_owned(),
            reporting_period: period(self.year),
        };
        let put = |out: &mut dyn Write, line: &str| {
            let written = out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\r\n"));
            written.map_err(|error| EdfactsError::Output { what: error.to_string() })
        };
        put(out, &header.line(&self.layout, form)?)?;
        let number = self.layout.field_of(Role::RecordNumber);
        let mut record = 0;
        for (_, mut values) in placed {
            record += 1;
            if let Some(value) = number.and_then(|number| values.get_mut(number)) {
                *value = record.to_string();
            }
            put(out, &record_line(&self.layout, form, record, &values)?)?;
        }
        Ok(record)
    }

    /// The values of the fields of a row, checked against layout and code lists, and its place.
    fn place(&self, row: &DataRow, record: u64) -> Result<Placed, EdfactsError> {
        let fields: Vec<&Column> = self.layout.fields().collect();
        let mut values = vec![String::new(); fields.len()];
        let refuse =
            |column: &str, what: String| EdfactsError::Write { record, column: column.to_owned(), what };
        let set = self.set_of(row, record)?;
        for (name, value) in &row.values {
            let by_set = set.and_then(|set| {
                let place = set.categories.iter().position(|category| category == name)?;
                self.layout.field_at(*set.positions.get(place)?)
            });
            let by_name = || {
                let free = |column: &&&Column| {
                    let own =
                        column.role == Role::Value || (set.is_none() && column.role == Role::TotalIndicator);
                    own && (column.name == *name || column.element == *name)
                };
                let place = fields.iter().position(|column| free(&column) && column.element == *name);
                place.or_else(|| fields.iter().position(|column| free(&column)))
            };
            let place = by_set.or_else(by_name);
            let slot = place.and_then(|place| Some((values.get_mut(place)?, fields.get(place)?)));
            let Some((slot, column)) = slot else {
                return Err(refuse(name, "the layout has no such category or column".to_owned()));
            };
            self.permit(set, name, column, value, record)?;
            *slot = value.clone();
        }
        for ((column, slot), mandatory) in fields.iter().zip(&mut values).zip(&self.mandatory) {
            let fill = match column.role {
                Role::RecordNumber => Some(record.to_string()),
                Role::StateCode => Some(self.profile.fips.clone()),
                Role::StateAgency => Some(self.profile.agency.clone()),
                Role::LeaId => row.lea.clone(),
                Role::SchoolId => row.school.clone(),
                Role::TableName => row.table.clone(),
                Role::TotalIndicator => set.map(|set| set.total_indicator.to_string()),
                Role::Explanation => Some(row.explanation.clone()),
                Role::Amount => row.amount.clone(),
                Role::Filler | Role::EndOfRecord | Role::Value => None,
            };
            if let Some(fill) = fill {
                *slot = fill;
            }
            if *mandatory && slot.is_empty() {
                return Err(refuse(&column.name, "the column always holds a value, found none".to_owned()));
            }
            if !slot.is_empty() && !number_fits(column, slot) {
                return Err(refuse(&column.name, format!("`{slot}` is not {}", number_words(column))));
            }
            if slot.chars().count() > usize::from(column.length) {
                let what = format!("`{slot}` is longer than the {} characters of the column", column.length);
                return Err(refuse(&column.name, what));
            }
        }
        Ok((self.order(row, set, &values), values))
    }

    /// The set that the row fills; `None` for files without sets.
    fn set_of(&self, row: &DataRow, record: u64) -> Result<Option<&'a CategorySet>, EdfactsError> {
        if self.sets.is_empty() {
            return Ok(None);
        }
        let table = row.table.as_deref().unwrap_or_default();
        let of_table = || self.sets.iter().filter(|set| set.table == table);
        let refuse =
            |column: &str, what: String| EdfactsError::Write { record, column: column.to_owned(), what };
        if of_table().next().is_none() {
            let mut tables: Vec<&str> = self.sets.iter().map(|set| set.table.as_str()).collect();
            tables.dedup();
            let what = format!("`{table}` is not a table of the file; it has {}", tables.join(", "));
            return Err(refuse("Table Name", what));
        }
        let named = |set: &&&CategorySet| {
            let in_set = row.values.iter().filter(|(name, _)| set.categories.contains(name)).count();
            in_set == set.categories.len() && in_set == row.values.len()
        };
        // A file of registers and statuses may carry columns besides its categories.
        let partly = |set: &&&CategorySet| {
            set.categories.iter().all(|category| row.values.iter().any(|(name, _)| name == category))
        };
        let found = of_table().find(named).or_else(|| {
            of_table().filter(partly).max_by_key(|set| set.categories.len()).filter(|set| {
                row.values.iter().all(|(name, _)| {
                    set.categories.contains(name)
                        || self.layout.fields().any(|column| {
                            column.category.is_none() && (column.name == *name || column.element == *name)
                        })
                })
            })
        });
        found.map(|set| Some(*set)).ok_or_else(|| {
            let names: Vec<&str> = row.values.iter().map(|(name, _)| name.as_str()).collect();
            refuse("categories", format!("no category set of the table has [{}]", names.join(", ")))
        })
    }

    /// Whether the code is permitted in the column.
    fn permit(
        &self,
        set: Option<&CategorySet>,
        name: &str,
        column: &Column,
        value: &str,
        record: u64,
    ) -> Result<(), EdfactsError> {
        let category = match set {
            Some(set) if set.categories.iter().any(|category| category == name) => Some(name),
            _ => column.category.as_deref(),
        };
        let Some(category) = category.filter(|_| !value.is_empty() && column.kind == ColumnType::String)
        else {
            return Ok(());
        };
        let codes = crate::check::codes_of(self.catalogue, &self.layout, category);
        if codes.is_empty() || codes.contains(&value) {
            return Ok(());
        }
        Err(forbidden(record, column, format!("`{value}` is not a permitted value of {category}")))
    }

    /// Units, then table and set as listed, then codes by column. Registers keep the order of their rows.
    fn order(&self, row: &DataRow, set: Option<&CategorySet>, values: &[String]) -> Vec<(u8, u64, String)> {
        let Some(set) = set else { return Vec::new() };
        let text = |text: &Option<String>| (0, 0, text.clone().unwrap_or_default());
        let mut order = vec![text(&row.lea), text(&row.school)];
        let place = |holds: &dyn Fn(&CategorySet) -> bool| {
            self.sets.iter().position(|known| holds(known)).unwrap_or_default() as u64
        };
        order.push((0, place(&|known| known.table == set.table), String::new()));
        order.push((0, place(&|known| known == set), String::new()));
        for (column, value) in self.layout.fields().zip(values) {
            if column.role == Role::Value {
                order.push(code_rank(&column.name, value));
            }
        }
        order
    }
}

/// Grades in the order of school, numbers by value, other codes by text, MISSING last.
fn code_rank(column: &str, code: &str) -> (u8, u64, String) {
    let numeric = !code.is_empty() && code.len() <= 9 && code.bytes().all(|b| b.is_ascii_digit());
    if code == MISSING {
        return (9, 0, String::new());
    }
    if column.contains("Grade")
        && let Some(place) = Grade::all().position(|grade| grade.code() == code)
    {
        return (1, place as u64, String::new());
    }
    if numeric { (1, code.parse().unwrap_or_default(), String::new()) } else { (2, 0, code.to_owned()) }
}

/// The reporting period of the header: `2025-2026`.
#[must_use]
pub fn period(year: SchoolYear) -> String {
    format!("{}-{}", year.start_year(), year.end_year())
}

/// Whether a text fits the number type of its column.
pub(crate) fn number_fits(column: &Column, text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, part) = match text.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (text, None),
    };
    match column.kind {
        ColumnType::String | ColumnType::Control => true,
        ColumnType::Number => digits(text) && text.len() <= 10,
        ColumnType::Decimal2 => digits(whole) && part.is_none_or(|part| digits(part) && part.len() <= 2),
        ColumnType::Decimal1 => {
            let fits =
                digits(whole) && whole.len() <= 3 && part.is_none_or(|part| digits(part) && part.len() == 1);
            fits && (whole.parse().unwrap_or(1000) < 100
                || (whole == "100" && matches!(part, None | Some("0"))))
        }
    }
}

pub(crate) fn number_words(column: &Column) -> &'static str {
    match column.kind {
        ColumnType::Number => "a whole number of at most 10 digits",
        ColumnType::Decimal2 => "a number with at most two decimals",
        ColumnType::Decimal1 => "a percentage from 0 to 100 with at most one decimal",
        ColumnType::String | ColumnType::Control => "text",
    }
}

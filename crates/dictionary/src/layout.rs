//! Layouts: which field stands in which column of a file, and what it must look like.

use crate::check::{CodeIndex, FieldCheck, FieldProblem, Form};
use crate::code_set::{CodeSet, Membership};
use crate::{DictionaryError, FieldId, SchoolYear, Standing};
use serde::Serialize;

/// The type of a field, in the words of the layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Any text.
    String,
    /// Any text.
    Alphanumeric,
    /// Digits only, zeros kept.
    NumericString,
    /// An exact decimal number.
    Numeric,
    /// A date.
    Date,
    /// A time of day.
    Time,
}

/// Whether a field must be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Requirement {
    /// Never blank.
    Yes,
    /// May be blank.
    No,
    /// Must be filled when its condition holds.
    Conditional,
}

/// How firm the *place* of a field in its file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PositionStanding {
    /// Read in a layout.
    Sourced,
    /// Follows from the rule of 2008 for the opening fields of student files.
    SourcedGeneral,
    /// Follows from the rule of 2008 that every file ends with Year.
    Last,
    /// Set by this project: the layout is our own.
    Own,
    /// Found by matching a real file against the dictionary.
    Proposed,
    /// A working order.
    Unverified,
}

/// Whether a file opens with the header record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum HeaderRule {
    /// The first line is the header record.
    Required,
    /// The first line may be the header record.
    Optional,
    /// The file has no header record.
    None,
}

/// One field of a layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct LayoutField {
    /// The field.
    pub field: FieldId,
    /// Its key, such as `start_date`.
    pub key: String,
    /// Its name as documents write it.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// Longest value in characters, where known.
    pub max_length: Option<u16>,
    /// The form in words: `MM/DD/YYYY`, `constant EN`, `zero padded to 4`.
    pub format: String,
    /// Whether it must be filled.
    pub required: Requirement,
    /// When it must be filled, for a conditional field.
    pub condition: String,
    /// The key of its code set.
    pub code_set: Option<String>,
    /// Where it stands in the student information system.
    pub aim_location: String,
    /// What it means.
    pub meaning: String,
    /// The first school year in which it is known to hold.
    pub first_year: Option<SchoolYear>,
    /// The last school year in which it is known to hold.
    pub last_year: Option<SchoolYear>,
    /// Where it was read.
    pub source: String,
    /// How firm its description is.
    pub standing: Standing,
    /// How firm its place is.
    pub position_standing: PositionStanding,
    /// Whether its values are personal.
    pub personal: bool,
    #[serde(skip)]
    #[cfg_attr(feature = "schemars", schemars(skip))]
    pub(crate) check: FieldCheck,
}

impl LayoutField {
    /// Tests a raw value as it stands in a file: spaces around it are set aside, a blank passes unless the
    /// field is required.
    #[inline]
    #[must_use]
    pub fn problem(&self, raw: &str) -> Option<FieldProblem> {
        self.check.problem(raw.as_bytes())
    }

    /// Tests the form only; a blank passes.
    #[inline]
    #[must_use]
    pub fn form_problem(&self, raw: &str) -> Option<FieldProblem> {
        self.problem(raw).filter(|problem| *problem != FieldProblem::Blank)
    }

    /// What a right value looks like, in words.
    #[must_use]
    pub fn expected(&self) -> String {
        let length = |words: &str| match self.max_length {
            Some(limit) => format!("{words}, at most {limit} characters"),
            None => words.to_owned(),
        };
        match &self.check.form {
            Form::Text => length("text"),
            Form::Digits => length("digits only"),
            Form::DigitsOf(width) => format!("{width} digits, leading zeros kept"),
            Form::Date => "a real date MM/DD/YYYY".to_owned(),
            Form::Time => "a time HH:MM:SS (00:00:00 to 23:59:59)".to_owned(),
            Form::Year => "the end year of the school year, 4 digits".to_owned(),
            Form::Decimal { places } => length(&format!("a number with at most {places} decimal places")),
            Form::Constant(constant) => format!("the constant {constant}"),
            Form::Code(index) => match (&self.code_set, index.digits) {
                (_, Some(width)) => format!("{width} digits, leading zeros kept"),
                (Some(set), _) => format!("a code of {set}{}", index.in_words),
                (None, _) => "a known code".to_owned(),
            },
        }
    }

    /// How many digits the layout fixes, where it does.
    #[must_use]
    pub fn width(&self) -> Option<usize> {
        match self.check.form {
            Form::DigitsOf(width) => Some(usize::from(width)),
            _ => None,
        }
    }

    /// The constant that the field must hold, where the layout fixes one.
    #[must_use]
    pub fn constant(&self) -> Option<&str> {
        match &self.check.form {
            Form::Constant(constant) => Some(constant),
            _ => None,
        }
    }

    /// Compiles the check from type, format, length and code set.
    pub(crate) fn compile(&mut self, code_set: Option<&CodeSet>, suspended: bool) {
        let width = |text: &str| text.split_whitespace().find_map(|word| word.parse::<u8>().ok());
        let form = if let Some(constant) = self.format.strip_prefix("constant ") {
            Form::Constant(constant.into())
        } else {
            match self.field_type {
                FieldType::Date => Form::Date,
                FieldType::Time => Form::Time,
                FieldType::Numeric if self.format == "YYYY" => Form::Year,
                // A format that says nothing of decimals allows what a number can hold.
                FieldType::Numeric => Form::Decimal { places: decimals(&self.format).unwrap_or(28) },
                FieldType::NumericString => match width(&self.format) {
                    Some(width) => Form::DigitsOf(width),
                    None => Form::Digits,
                },
                FieldType::String | FieldType::Alphanumeric => match code_set {
                    Some(set)
                        if set.is_testable() && !(suspended && set.membership == Membership::Suspendable) =>
                    {
                        Form::Code(Box::new(CodeIndex::new(set)))
                    }
                    _ => Form::Text,
                },
            }
        };
        let max_length = self.max_length.map_or(u32::MAX, u32::from);
        self.check = FieldCheck { max_length, required: self.required == Requirement::Yes, form };
    }
}

/// How many decimals the format of a number allows: `9.99` and `up to 2 decimals` two, `999` none.
pub(crate) fn decimals(format: &str) -> Option<u8> {
    if let Some(rest) = format.strip_prefix("up to ") {
        let number = rest.strip_suffix(" decimals").or_else(|| rest.strip_suffix(" decimal"));
        return number?.parse().ok().filter(|places| *places <= 28);
    }
    let (whole, fraction) = format.split_once('.').unwrap_or((format, ""));
    let nines = |text: &str| text.bytes().all(|byte| byte == b'9');
    let shown =
        !whole.is_empty() && nines(whole) && nines(fraction) && (fraction.is_empty() != format.contains('.'));
    u8::try_from(fraction.len()).ok().filter(|places| shown && *places <= 28)
}

/// Sets aside spaces around a value. Only the space is meant: other white space is a control character or
/// belongs to the text.
#[inline]
pub(crate) fn trim(raw: &str) -> &str {
    let bytes = raw.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(b' '), _) | (_, Some(b' ')) => raw.trim_matches(' '),
        _ => raw,
    }
}

/// The layout of one file family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Layout {
    /// Its key, such as `student-enrollments`.
    pub key: String,
    /// The constant in the record type field; empty where rows carry none.
    pub record_type: String,
    /// Its title.
    pub title: String,
    /// What one row stands for.
    pub row_per: String,
    /// Whether the file opens with the header record.
    pub header: HeaderRule,
    /// The fields that find duplicates within a file.
    pub key_fields: Vec<FieldId>,
    /// Accepted file suffixes without the dot; empty where not known.
    pub suffixes: Vec<String>,
    /// The collections that it is uploaded for; none for a layout of all.
    pub collections: Vec<String>,
    /// Where it was read.
    pub source: String,
    /// How firm it is.
    pub standing: Standing,
    /// What else is known.
    pub note: String,
    /// The fields in the order of their columns.
    pub fields: Vec<LayoutField>,
    /// Column of each field by field number; `NO_COLUMN` where the layout lacks it.
    #[serde(skip)]
    #[cfg_attr(feature = "schemars", schemars(skip))]
    pub(crate) columns: Vec<u16>,
    /// The checks of the fields, side by side.
    #[serde(skip)]
    #[cfg_attr(feature = "schemars", schemars(skip))]
    pub(crate) checks: Vec<FieldCheck>,
}

const NO_COLUMN: u16 = u16::MAX;

impl Layout {
    /// The column of a field, counted from 0; `None` where the layout lacks it.
    #[inline]
    #[must_use]
    pub fn column(&self, field: FieldId) -> Option<usize> {
        match self.columns.get(field.index()) {
            Some(&column) if column != NO_COLUMN => Some(usize::from(column)),
            _ => None,
        }
    }

    /// The description of a field.
    #[must_use]
    pub fn field(&self, field: FieldId) -> Option<&LayoutField> {
        self.fields.get(self.column(field)?)
    }

    /// The field of this name or key.
    #[must_use]
    pub fn field_named(&self, name: &str) -> Option<&LayoutField> {
        self.fields.iter().find(|field| field.key == name || field.name == name)
    }

    /// The fields whose place was not read in a layout: it follows from a general rule, was matched against a
    /// file, or is a working order.
    pub fn unverified(&self) -> impl Iterator<Item = &LayoutField> {
        let firm = [PositionStanding::Sourced, PositionStanding::Own];
        self.fields.iter().filter(move |field| !firm.contains(&field.position_standing))
    }

    /// Whether the layout describes an XML file rather than tab-separated text.
    #[must_use]
    pub fn is_xml(&self) -> bool {
        self.suffixes.iter().any(|suffix| suffix == "xml")
    }

    /// Fills the map from fields to columns and sets the checks side by side.
    ///
    /// # Errors
    /// When a field stands twice.
    pub(crate) fn index_columns(&mut self, field_count: usize) -> Result<(), DictionaryError> {
        self.checks = self.fields.iter().map(|field| field.check.clone()).collect();
        self.columns = vec![NO_COLUMN; field_count];
        for (column, field) in self.fields.iter().enumerate() {
            match self.columns.get_mut(field.field.index()) {
                Some(slot) if *slot == NO_COLUMN => *slot = column as u16,
                _ => {
                    let problem = format!("field {} stands twice", field.key);
                    return Err(DictionaryError::table(&self.key, None, problem));
                }
            }
        }
        Ok(())
    }
}

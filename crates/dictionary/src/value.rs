//! Typed values of fields: how each type is read from the text of a file and written back.

use crate::check::{FieldCheck, Form, date_parts};
use crate::{
    BirthDate, CalendarNumber, DictionaryError, DistrictNumber, LocalId, PersonName, SchoolNumber,
    SchoolYear, StateId,
};
use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt::{self, Write};

/// A type that a field may hold. `read(write(value))` is the value; `write(read(text))` is the canonical text.
pub trait FieldValue: Sized {
    /// What a right value looks like, in words.
    const EXPECTED: &'static str;

    /// What would be right in the place of a text that could not be read.
    #[must_use]
    fn expected(text: &str) -> Cow<'static, str> {
        let _ = text;
        Cow::Borrowed(Self::EXPECTED)
    }

    /// Reads a value from text that is not blank and has no spaces around it.
    fn read(text: &str) -> Option<Self>;

    /// Appends the canonical text.
    fn write(&self, out: &mut String);
}

macro_rules! value_by_text {
    ($($type:ty, $expected:literal, |$value:ident| $text:expr;)*) => {
        $(impl FieldValue for $type {
            const EXPECTED: &'static str = $expected;

            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn expected(text: &str) -> Cow<'static, str> {
                let parsed: Result<$type, DictionaryError> = text.parse();
                match parsed {
                    Err(DictionaryError::LeadingZeroLost { padded, .. }) => {
                        Cow::Owned(format!("{}; leading zero lost? it would be {padded}", Self::EXPECTED))
                    }
                    _ => Cow::Borrowed(Self::EXPECTED),
                }
            }

            fn write(&self, out: &mut String) {
                let $value = self;
                out.push_str($text);
            }
        })*
    };
}

value_by_text! {
    DistrictNumber, "a district number of 4 digits, leading zeros kept", |id| id.as_str();
    SchoolNumber, "a school number of 4 digits, leading zeros kept", |id| id.as_str();
    CalendarNumber, "a calendar number of 3 digits, leading zeros kept", |id| id.as_str();
    StateId, "a state id of 9 digits, leading zeros kept", |id| id.reveal();
    LocalId, "a local id", |id| id.reveal();
    PersonName, "a name without control characters", |name| name.reveal();
}

impl FieldValue for NaiveDate {
    const EXPECTED: &'static str = "a real date MM/DD/YYYY";

    #[inline]
    fn read(text: &str) -> Option<Self> {
        let (year, month, day) = date_parts(text.as_bytes())?;
        NaiveDate::from_ymd_opt(year, month, day)
    }

    fn write(&self, out: &mut String) {
        // Writing to a string does not fail.
        let _ = write!(out, "{:02}/{:02}/{:04}", self.month(), self.day(), self.year());
    }
}

impl FieldValue for BirthDate {
    const EXPECTED: &'static str = NaiveDate::EXPECTED;

    fn read(text: &str) -> Option<Self> {
        NaiveDate::read(text).map(BirthDate::new)
    }

    fn write(&self, out: &mut String) {
        self.reveal().write(out);
    }
}

impl FieldValue for NaiveTime {
    const EXPECTED: &'static str = "a time HH:MM:SS";

    fn read(text: &str) -> Option<Self> {
        let form = FieldCheck::of(Form::Time);
        let part = |from: usize| text.get(from..from + 2)?.parse().ok();
        if form.test(text.as_bytes()).is_some() {
            None
        } else {
            NaiveTime::from_hms_opt(part(0)?, part(3)?, part(6)?)
        }
    }

    fn write(&self, out: &mut String) {
        let _ = write!(out, "{:02}:{:02}:{:02}", self.hour(), self.minute(), self.second());
    }
}

impl FieldValue for SchoolYear {
    const EXPECTED: &'static str = "the end year of the school year, 4 digits";

    fn read(text: &str) -> Option<Self> {
        let plain = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        if plain { SchoolYear::ending(text.parse().ok()?).ok() } else { None }
    }

    fn write(&self, out: &mut String) {
        let _ = write!(out, "{}", self.end_year());
    }
}

impl FieldValue for u32 {
    const EXPECTED: &'static str = "a whole number";

    fn read(text: &str) -> Option<Self> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
    }

    fn write(&self, out: &mut String) {
        let _ = write!(out, "{self}");
    }
}

impl FieldValue for Decimal {
    const EXPECTED: &'static str = "a decimal number";

    fn read(text: &str) -> Option<Self> {
        let plain = FieldCheck::of(Form::Decimal { places: 28 });
        if plain.test(text.as_bytes()).is_none() { text.parse().ok() } else { None }
    }

    fn write(&self, out: &mut String) {
        let _ = write!(out, "{self}");
    }
}

impl FieldValue for String {
    const EXPECTED: &'static str = "text without control characters";

    fn read(text: &str) -> Option<Self> {
        if text.chars().any(char::is_control) { None } else { Some(text.to_owned()) }
    }

    fn write(&self, out: &mut String) {
        out.push_str(self);
    }
}

/// A code whose set has no enum: any text is kept; whether it may stand is asked of the dictionary.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Code(Box<str>);

impl Code {
    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Code {
    fn from(text: &str) -> Self {
        Code(text.into())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FieldValue for Code {
    const EXPECTED: &'static str = "a code";

    fn read(text: &str) -> Option<Self> {
        if text.chars().any(char::is_control) { None } else { Some(Code(text.into())) }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

/// A text of free form that may name a person. Personal: `Debug` is redacted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(transparent)]
pub struct PersonalText(crate::Personal<String>);

impl PersonalText {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        PersonalText(crate::Personal::new(text.to_owned()))
    }

    /// The text itself. Every call is a place where personal data leaves its wrapper.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl FieldValue for PersonalText {
    const EXPECTED: &'static str = "text without control characters";

    fn read(text: &str) -> Option<Self> {
        if text.chars().any(char::is_control) { None } else { Some(PersonalText::new(text)) }
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.reveal());
    }
}

/// A record that cannot be read as its type: every field that is wrong, not only the first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{layout}: {}", list(.problems))]
pub struct RecordError {
    /// The layout of the record.
    pub layout: &'static str,
    /// What is wrong, in the order of the fields.
    pub problems: Vec<crate::FieldError>,
}

/// A record that cannot be built: the fields that its layout requires and that were not set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{layout}: required and not set: {}", .missing.join(", "))]
pub struct BuildError {
    /// The layout of the record.
    pub layout: &'static str,
    /// The names of the fields.
    pub missing: Vec<&'static str>,
}

fn list(problems: &[crate::FieldError]) -> String {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// A typed record of one layout. Made from a row, or by its builder; written through
/// [`Record::write_field`] in whatever order the layout in force has.
pub trait Record: Sized {
    /// The key of its layout.
    const LAYOUT: &'static str;
    /// Its fields.
    const FIELDS: &'static [crate::FieldId];

    /// Reads a record from a row.
    ///
    /// # Errors
    /// When a field has not the form of its type or a required one is blank; all such fields are named.
    fn from_row(row: &crate::Row<'_>) -> Result<Self, RecordError>;

    /// Appends the text of a field; nothing for one that is not set or not of this record.
    fn write_field(&self, field: crate::FieldId, out: &mut String);
}

//! Typed records, one type a file family, generated from the layouts into `generated/records.rs`.

use crate::value::{BuildError, Code, PersonalText, Record, RecordError};
use crate::{
    AggregateHours, BirthDate, CalendarNumber, DistrictNumber, EndStatus, FieldError, FieldId, Gender, Grade,
    LocalId, MealStatus, PersonName, Personal, Row, SchoolNumber, SchoolYear, ServiceType, StartStatus,
    StateId, YesNo, fields,
};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// `T` for a required field, `Option<T>` for any other.
macro_rules! held {
    (required $type:ty) => { $type };
    (optional $type:ty) => { Option<$type> };
}

/// Takes a field out of its builder: a required one that is not set is named as missing.
macro_rules! take {
    (required $value:expr, $missing:ident, $name:literal) => {
        match $value {
            Some(value) => value,
            None => {
                $missing.push($name);
                return Err(BuildError { layout: Self::LAYOUT, missing: $missing });
            }
        }
    };
    (optional $value:expr, $missing:ident, $name:literal) => {
        $value
    };
}

/// Names a required field that is not set.
macro_rules! note_missing {
    (required $value:expr, $missing:ident, $name:literal) => {
        if $value.is_none() {
            $missing.push($name);
        }
    };
    (optional $value:expr, $missing:ident, $name:literal) => {};
}

/// Whether a blank is a problem.
macro_rules! is_required {
    (required) => {
        true
    };
    (optional) => {
        false
    };
}

/// Borrows the value of a field, if it is set.
macro_rules! borrowed {
    (required $value:expr) => {
        Some(&$value)
    };
    (optional $value:expr) => {
        $value.as_ref()
    };
}

macro_rules! records {
    ($(
        $(#[$doc:meta])*
        $record:ident built by $builder:ident of $layout:literal {
            $($(#[$field_doc:meta])* $field:ident: $type:ident = $id:ident, $name:literal, $need:ident;)*
        }
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
            #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
            #[serde(deny_unknown_fields)]
            #[non_exhaustive]
            pub struct $record {
                $($(#[$field_doc])* pub $field: held!($need $type),)*
            }

            #[doc = concat!("Builds a [`", stringify!($record), "`] field by field.")]
            #[derive(Clone, Debug, Default)]
            pub struct $builder {
                $($field: Option<$type>,)*
            }

            impl $record {
                /// A record to be filled field by field.
                #[must_use]
                pub fn builder() -> $builder {
                    $builder::default()
                }
            }

            impl $builder {
                const LAYOUT: &'static str = $layout;

                $(
                    $(#[$field_doc])*
                    #[must_use]
                    pub fn $field(mut self, value: $type) -> Self {
                        self.$field = Some(value);
                        self
                    }
                )*

                /// The record.
                ///
                /// # Errors
                /// When a field that the layout requires was not set; all such fields are named.
                pub fn build(self) -> Result<$record, BuildError> {
                    let mut missing: Vec<&'static str> = Vec::new();
                    $(note_missing!($need self.$field, missing, $name);)*
                    if !missing.is_empty() {
                        return Err(BuildError { layout: Self::LAYOUT, missing });
                    }
                    Ok($record { $($field: take!($need self.$field, missing, $name),)* })
                }
            }

            impl Record for $record {
                const LAYOUT: &'static str = $layout;
                const FIELDS: &'static [FieldId] = &[$(fields::$id),*];

                fn from_row(row: &Row<'_>) -> Result<Self, RecordError> {
                    let mut problems = wrong_layout(row, $layout);
                    let builder = $builder {
                        $($field: read_field(row, fields::$id, $name, is_required!($need), &mut problems),)*
                    };
                    if !problems.is_empty() {
                        return Err(RecordError { layout: $layout, problems });
                    }
                    builder.build().map_err(|error| RecordError {
                        layout: error.layout,
                        problems: error.missing.iter().map(|name| blank(row, fields::RECORD_TYPE, name)).collect(),
                    })
                }

                fn write_field(&self, field: FieldId, out: &mut String) {
                    match field {
                        $(fields::$id => {
                            if let Some(value) = borrowed!($need self.$field) {
                                crate::FieldValue::write(value, out);
                            }
                        })*
                        _ => {}
                    }
                }
            }

            impl TryFrom<Row<'_>> for $record {
                type Error = RecordError;

                fn try_from(row: Row<'_>) -> Result<Self, RecordError> {
                    $record::from_row(&row)
                }
            }
        )*

        /// The keys of the layouts that have a typed record.
        pub const RECORD_LAYOUTS: &[&str] = &[$($layout),*];

        /// The JSON Schema of every typed record, by layout key.
        #[cfg(feature = "schemars")]
        #[must_use]
        pub fn record_schemas() -> Vec<(&'static str, schemars::Schema)> {
            vec![$(($layout, schemars::schema_for!($record))),*]
        }

        /// Reads a row as the typed record of its layout, only to learn whether it can be read.
        ///
        /// # Errors
        /// As [`Record::from_row`]; `Ok(false)` when the layout has no typed record.
        pub fn check_as_record(row: &Row<'_>) -> Result<bool, RecordError> {
            match row.layout().key.as_str() {
                $($layout => $record::from_row(row).map(|_| true),)*
                _ => Ok(false),
            }
        }
    };
}

include!("generated/records.rs");

fn read_field<T: crate::FieldValue>(
    row: &Row<'_>,
    field: FieldId,
    name: &'static str,
    required: bool,
    problems: &mut Vec<FieldError>,
) -> Option<T> {
    match row.value(field) {
        Ok(None) if required => {
            problems.push(blank(row, field, name));
            None
        }
        Ok(value) => value,
        Err(error) => {
            problems.push(error);
            None
        }
    }
}

fn blank(row: &Row<'_>, field: FieldId, name: &str) -> FieldError {
    FieldError {
        field,
        name: name.to_owned(),
        line: row.line(),
        found: Personal::new(String::new()),
        expected: "a value: the layout requires one".into(),
    }
}

fn wrong_layout(row: &Row<'_>, wanted: &str) -> Vec<FieldError> {
    if row.layout().key == wanted {
        return Vec::new();
    }
    vec![FieldError {
        field: fields::RECORD_TYPE,
        name: format!("a row of {}", row.layout().key),
        line: row.line(),
        found: Personal::new(row.layout().record_type.clone()),
        expected: format!("a row of {wanted}").into(),
    }]
}

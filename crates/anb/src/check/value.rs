//! The value types of an examples file: how each is written and compared.

use crate::{AnbError, Fraction, Money};
use chrono::NaiveDate;
use opi_dictionary::SchoolYear;
use toml::Value as Toml;

/// A type of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Int,
    Num,
    Money,
    Dec4,
    Bool,
    Date,
    Text,
    SchoolYear,
}

impl Type {
    fn words(self) -> &'static str {
        match self {
            Type::Int => "a TOML integer",
            Type::Num => "a string with an exact number such as \"44\", \"3.36\" or \"187/180\"",
            Type::Money => "a string in dollars with two decimals such as \"1234.50\"",
            Type::Dec4 => "a string with four decimals such as \"164.1444\"",
            Type::Bool => "true or false",
            Type::Date => "a TOML local date such as 2024-10-07",
            Type::Text => "a string",
            Type::SchoolYear => "a string with a school year such as \"2024-25\"",
        }
    }
}

/// A value as read or computed. Fractions are equal by value; everything else as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Int(i128),
    Num(Fraction),
    Money(Money),
    Bool(bool),
    Date(NaiveDate),
    Text(String),
    SchoolYear(SchoolYear),
    List(Vec<Value>),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Int(number) => write!(f, "{number}"),
            Value::Num(number) => write!(f, "{number}"),
            Value::Money(amount) => write!(f, "{amount}"),
            Value::Bool(truth) => write!(f, "{truth}"),
            Value::Date(date) => write!(f, "{date}"),
            Value::Text(text) => f.write_str(text),
            Value::SchoolYear(year) => write!(f, "{year}"),
            Value::List(values) => {
                f.write_str("[")?;
                for (place, value) in values.iter().enumerate() {
                    let comma = if place > 0 { ", " } else { "" };
                    write!(f, "{comma}{value}")?;
                }
                f.write_str("]")
            }
        }
    }
}

/// Reads one value of a type; `key` names it in the error.
pub(super) fn read(key: &str, kind: Type, raw: &Toml) -> Result<Value, AnbError> {
    let wrong = || AnbError::range(key, as_written(raw), kind.words());
    match (kind, raw) {
        (Type::Int, Toml::Integer(number)) => Ok(Value::Int((*number).into())),
        (Type::Bool, Toml::Boolean(truth)) => Ok(Value::Bool(*truth)),
        (Type::Date, Toml::Datetime(written)) => match (written.date, written.time, written.offset) {
            (Some(date), None, None) => {
                let (year, month, day) = (date.year.into(), date.month.into(), date.day.into());
                NaiveDate::from_ymd_opt(year, month, day).map(Value::Date).ok_or_else(wrong)
            }
            _ => Err(wrong()),
        },
        (Type::Text, Toml::String(text)) => Ok(Value::Text(text.clone())),
        (Type::Num, Toml::String(text)) => text.parse().map(Value::Num).map_err(|_| wrong()),
        (Type::Money, Toml::String(text)) => text.parse().map(Value::Money).map_err(|_| wrong()),
        (Type::Dec4, Toml::String(text)) => {
            let four = text.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 4);
            let number = text.parse::<Fraction>().is_ok() && !text.contains('/');
            if four && number { Ok(Value::Text(text.clone())) } else { Err(wrong()) }
        }
        (Type::SchoolYear, Toml::String(text)) => {
            let year: SchoolYear = text.parse().map_err(|_| wrong())?;
            if year.to_string() == *text { Ok(Value::SchoolYear(year)) } else { Err(wrong()) }
        }
        _ => Err(wrong()),
    }
}

/// Reads a list of values of a type.
pub(super) fn read_list(key: &str, kind: Type, raw: &Toml) -> Result<Value, AnbError> {
    let Toml::Array(items) = raw else {
        return Err(AnbError::range(key, as_written(raw), format!("a list, each {}", kind.words())));
    };
    let values = items.iter().enumerate().map(|(place, item)| read(&format!("{key}[{place}]"), kind, item));
    values.collect::<Result<Vec<_>, _>>().map(Value::List)
}

/// A value as TOML writes it, text in quotes; its first 60 characters.
pub(super) fn as_written(raw: &Toml) -> String {
    raw.to_string().chars().take(60).collect()
}

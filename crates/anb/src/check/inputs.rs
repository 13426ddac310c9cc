//! The inputs of one run of an example, read by type.

use super::value::Value;
use crate::{AnbError, BudgetProgram, Fraction, Law, Money};
use chrono::NaiveDate;
use opi_dictionary::{FiscalYear, SchoolYear};
use std::collections::BTreeMap;

/// The inputs of one run with the law and the years.
pub(super) struct Inputs<'a> {
    pub(super) law: &'a Law,
    pub(super) values: BTreeMap<&'static str, Value>,
    /// The fiscal year of the example, whose law applies.
    pub(super) fiscal_year: Option<FiscalYear>,
}

/// A getter of one type: absent is `None`; another type cannot be, since the keys fix it.
macro_rules! getter {
    ($(#[$doc:meta])* $name:ident: $variant:ident -> $type:ty) => {
        $(#[$doc])*
        pub(super) fn $name(&self, key: &str) -> Option<$type> {
            match self.values.get(key) {
                Some(Value::$variant(value)) => Some(value.clone()),
                _ => None,
            }
        }
    };
}

impl Inputs<'_> {
    getter!(maybe_int: Int -> i128);
    getter!(maybe_num: Num -> Fraction);
    getter!(maybe_money: Money -> Money);
    getter!(maybe_text: Text -> String);
    getter!(maybe_date: Date -> NaiveDate);
    getter!(maybe_bool: Bool -> bool);
    getter!(maybe_school_year: SchoolYear -> SchoolYear);
    getter!(maybe_list: List -> Vec<Value>);

    pub(super) fn int(&self, key: &str) -> Result<i64, AnbError> {
        self.optional_int(key)?.ok_or_else(|| missing(key))
    }

    pub(super) fn optional_int(&self, key: &str) -> Result<Option<i64>, AnbError> {
        let narrow = |value: i128| i64::try_from(value).map_err(|_| AnbError::too_large(key));
        self.maybe_int(key).map(narrow).transpose()
    }

    /// A whole number of zero or more.
    pub(super) fn natural(&self, key: &str) -> Result<i64, AnbError> {
        let value = self.int(key)?;
        if value < 0 { Err(AnbError::range(key, value, "zero or more")) } else { Ok(value) }
    }

    pub(super) fn num(&self, key: &str) -> Result<Fraction, AnbError> {
        self.maybe_num(key).ok_or_else(|| missing(key))
    }

    pub(super) fn money(&self, key: &str) -> Result<Money, AnbError> {
        self.maybe_money(key).ok_or_else(|| missing(key))
    }

    pub(super) fn text(&self, key: &str) -> Result<String, AnbError> {
        self.maybe_text(key).ok_or_else(|| missing(key))
    }

    pub(super) fn school_year(&self, key: &str) -> Result<SchoolYear, AnbError> {
        self.maybe_school_year(key).ok_or_else(|| missing(key))
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        self.maybe_bool(key).unwrap_or_default()
    }

    pub(super) fn nums(&self, key: &str) -> Result<Vec<Fraction>, AnbError> {
        let values = self.maybe_list(key).ok_or_else(|| missing(key))?;
        values
            .into_iter()
            .map(|value| if let Value::Num(number) = value { Ok(number) } else { Err(missing(key)) })
            .collect()
    }

    pub(super) fn moneys(&self, key: &str) -> Result<Vec<Money>, AnbError> {
        let values = self.maybe_list(key).ok_or_else(|| missing(key))?;
        values
            .into_iter()
            .map(|value| if let Value::Money(amount) = value { Ok(amount) } else { Err(missing(key)) })
            .collect()
    }

    pub(super) fn dates(&self, key: &str) -> Vec<NaiveDate> {
        let values = self.maybe_list(key).unwrap_or_default();
        values
            .into_iter()
            .filter_map(|value| if let Value::Date(date) = value { Some(date) } else { None })
            .collect()
    }

    pub(super) fn texts(&self, key: &str) -> Option<Vec<String>> {
        let values = self.maybe_list(key)?;
        let texts = values
            .into_iter()
            .filter_map(|value| if let Value::Text(text) = value { Some(text) } else { None });
        Some(texts.collect())
    }

    /// Whole numbers of zero or more.
    pub(super) fn naturals(&self, key: &str) -> Result<Vec<i64>, AnbError> {
        let values = self.maybe_list(key).ok_or_else(|| missing(key))?;
        let natural = |value| match value {
            Value::Int(number) if number >= 0 => i64::try_from(number).map_err(|_| AnbError::too_large(key)),
            other => Err(AnbError::range(key, other, "zero or more")),
        };
        values.into_iter().map(natural).collect()
    }

    pub(super) fn program(&self, key: &str) -> Result<BudgetProgram, AnbError> {
        word(key, &self.text(key)?, &BudgetProgram::ALL, BudgetProgram::word)
    }

    pub(super) fn programs(&self, key: &str) -> Result<Vec<BudgetProgram>, AnbError> {
        let words = self.texts(key).ok_or_else(|| missing(key))?;
        words.iter().map(|text| word(key, text, &BudgetProgram::ALL, BudgetProgram::word)).collect()
    }

    /// The year of table look-ups.
    pub(super) fn rates_year(&self) -> Result<FiscalYear, AnbError> {
        let year = self.maybe_rates_year()?;
        year.ok_or_else(|| AnbError::case("fiscal_year", "needed to look up the table"))
    }

    /// The year of table look-ups, where the example names one.
    pub(super) fn maybe_rates_year(&self) -> Result<Option<FiscalYear>, AnbError> {
        match self.maybe_int("rates_fiscal_year") {
            Some(year) => fiscal_year("rates_fiscal_year", year).map(Some),
            None => Ok(self.fiscal_year),
        }
    }

    /// Refuses lists that should be of one length.
    pub(super) fn same_length(&self, keys: &[&str]) -> Result<(), AnbError> {
        let lengths: Vec<usize> =
            keys.iter().filter_map(|key| self.maybe_list(key)).map(|values| values.len()).collect();
        if lengths.iter().any(|length| Some(length) != lengths.first()) {
            let found: Vec<String> = lengths.iter().map(ToString::to_string).collect();
            return Err(AnbError::range(keys.join(" and "), found.join(" and "), "lists of one length"));
        }
        Ok(())
    }
}

/// A fiscal year from its number.
pub(super) fn fiscal_year(key: &str, year: i128) -> Result<FiscalYear, AnbError> {
    let narrow = i32::try_from(year).ok().and_then(|year| FiscalYear::ending(year).ok());
    narrow.ok_or_else(|| AnbError::range(key, year, "a fiscal year from 1950 to 2199"))
}

/// A word of a closed list; the error lists the known ones.
pub(super) fn word<T: Copy>(
    key: &str,
    text: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, AnbError> {
    all.iter().copied().find(|one| name(*one) == text).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        AnbError::unreadable(key, text, format!("one of {}", known.join(", ")))
    })
}

fn missing(key: &str) -> AnbError {
    AnbError::case(format!("inputs.{key}"), "this key is required")
}

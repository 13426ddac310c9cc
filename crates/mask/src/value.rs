//! Printed figures: a count, or a masked figure that is a type of its own and never a number.

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// One printed figure.
///
/// ```
/// use opi_mask::Value;
/// let value: Value = "n<10".parse()?;
/// assert_eq!(value.range(), Some((0, Some(9))));
/// assert_eq!(value.count(), None);
/// assert_eq!(value.to_string(), "n<10");
/// # Ok::<(), opi_mask::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Value {
    /// A count that is shown.
    Count(u64),
    /// A masked figure.
    Masked(Masked),
    /// A percentage that is shown, with its sign.
    Percent(String),
    /// A code for a range of percentages, as a policy words it.
    Code(String),
    /// A mean that is shown.
    Mean(String),
    /// Nothing was reported: an empty cell, `N/A`, a dot. Not the same as zero, and not the same as masked.
    Absent(String),
}

/// A masked figure as it is printed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Masked {
    text: String,
    lo: u64,
    hi: Option<u64>,
    unit: Unit,
}

/// What the range of a masked figure speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A count of students.
    Count,
    /// A whole percent.
    Percent,
}

impl Value {
    /// The count, if one is shown.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        match self {
            Self::Count(n) => Some(*n),
            _ => None,
        }
    }

    /// Whether the figure is masked.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        matches!(self, Self::Masked(_))
    }

    /// Least and greatest count that the figure itself allows; none for percentages and absent figures.
    #[must_use]
    pub fn range(&self) -> Option<(u64, Option<u64>)> {
        match self {
            Self::Count(n) => Some((*n, Some(*n))),
            Self::Masked(m) if m.unit == Unit::Count => Some((m.lo, m.hi)),
            _ => None,
        }
    }

    /// Adds counts up.
    ///
    /// # Errors
    /// [`Error::MaskedSum`] if one is masked or absent: sums of what happens to be visible misstate the total.
    pub fn sum<'a>(values: impl IntoIterator<Item = &'a Self>) -> Result<u64> {
        let mut sum = 0_u64;
        for value in values {
            match value.count() {
                Some(n) => sum = sum.saturating_add(n),
                None => return Err(Error::MaskedSum { value: value.to_string() }),
            }
        }
        Ok(sum)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(n) => write!(f, "{n}"),
            Self::Masked(m) => f.write_str(&m.text),
            Self::Percent(text) | Self::Code(text) | Self::Mean(text) | Self::Absent(text) => {
                f.write_str(text)
            }
        }
    }
}

impl Masked {
    /// A masked figure with a symbol that says nothing of the value.
    #[must_use]
    pub fn symbol(text: &str) -> Self {
        Self { text: text.to_owned(), lo: 0, hi: None, unit: Unit::Count }
    }

    /// What the range speaks of.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// Least and greatest value that the text itself allows.
    #[must_use]
    pub fn bounds(&self) -> (u64, Option<u64>) {
        (self.lo, self.hi)
    }
}

impl FromStr for Value {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let t = text.trim();
        let grouped: String = t.chars().filter(|c| *c != ',').collect();
        if !grouped.is_empty() && grouped.bytes().all(|b| b.is_ascii_digit()) && grouped.len() <= 12 {
            return grouped.parse().map(Self::Count).map_err(|_| unknown(text));
        }
        if t.ends_with('%') && crate::percent::parse_percent(t).is_ok() {
            return Ok(Self::Percent(t.to_owned()));
        }
        let masked = |lo, hi, unit| Ok(Self::Masked(Masked { text: t.to_owned(), lo, hi, unit }));
        if matches!(t, "" | "." | "N/A" | "NA" | "n/a" | "\u{2020}" | "\u{2013}") {
            return Ok(Self::Absent(t.to_owned()));
        }
        if matches!(t, "*" | "**" | "***" | "-" | "--" | "- -" | "s" | "S" | "DS" | "Protected" | "\u{2021}")
        {
            return masked(0, None, Unit::Count);
        }
        if t == "PS" {
            return masked(1, Some(5), Unit::Count);
        }
        let upper = t.to_ascii_uppercase();
        let number = |s: &str| s.trim().parse::<u64>().ok();
        for (prefix, shift, rising) in [("LT", 1, false), ("LE", 0, false), ("GE", 0, true), ("GT", 1, true)]
        {
            if let Some(n) = upper.strip_prefix(prefix).and_then(number) {
                return if rising {
                    masked(n + shift, Some(100), Unit::Percent)
                } else {
                    masked(0, Some(n.saturating_sub(shift)), Unit::Percent)
                };
            }
        }
        let body = upper.trim_start_matches('N').trim();
        let (body, unit) = body.strip_suffix('%').map_or((body, Unit::Count), |b| (b, Unit::Percent));
        let top = (unit == Unit::Percent).then_some(100);
        for (signs, shift, rising) in [
            (["<=", "\u{2264}"], 0, false),
            (["<", "<"], 1, false),
            ([">=", "\u{2265}"], 0, true),
            ([">", ">"], 1, true),
        ] {
            if let Some(n) = signs.iter().find_map(|s| body.strip_prefix(s)).and_then(number) {
                return if rising {
                    masked(n + shift, top, unit)
                } else {
                    masked(0, Some(n.saturating_sub(shift)), unit)
                };
            }
        }
        if let Some((from, to)) = body.split_once('-')
            && let (Some(from), Some(to)) = (number(from), number(to))
            && from <= to
        {
            return masked(from, Some(to), unit);
        }
        Err(unknown(text))
    }
}

fn unknown(text: &str) -> Error {
    Error::Input {
        place: "figure".to_owned(),
        problem: format!("`{text}` is neither a count nor a known mask (*, <5, n<10, 6-9, PS, GE50, DS, -)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_it_read() {
        for text in [
            "0", "17", "*", "<5", "n<10", "N<10", "6-9", "PS", "GE50", "LE20", "<=20%", ">95%", "DS", "-",
            ".", "",
        ] {
            let value: Value = text.parse().unwrap();
            assert_eq!(value.to_string(), text);
            assert_eq!(value, value.to_string().parse().unwrap());
        }
        assert_eq!("1,204".parse::<Value>().unwrap(), Value::Count(1204));
        assert_eq!("<5".parse::<Value>().unwrap().range(), Some((0, Some(4))));
        assert!("abc".parse::<Value>().is_err());
    }

    #[test]
    fn masked_figures_do_not_add() {
        let values: Vec<Value> = ["4", "*"].iter().map(|t| t.parse().unwrap()).collect();
        assert_eq!(Value::sum(&values), Err(Error::MaskedSum { value: "*".into() }));
        assert_eq!(Value::sum(&values[..1]), Ok(4));
    }
}

//! The form of a field, compiled from its layout row: what a value must look like, tested without
//! allocation, since every field of every row of a state passes here.

use crate::code_set::{CodeKind, CodeSet, Pattern};
use serde::Serialize;
use std::fmt;

/// What is wrong with the form of a value. What would be right is said by
/// [`LayoutField::expected`](crate::LayoutField::expected).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FieldProblem {
    /// Blank although the layout requires a value.
    Blank,
    /// Longer than the layout allows.
    TooLong,
    /// Not digits only.
    NotDigits,
    /// Digits only, but too few: a leading zero may be lost.
    LeadingZeroLost,
    /// Not as many characters as the layout fixes.
    WrongWidth,
    /// Not a real date MM/DD/YYYY.
    NotADate,
    /// Not a time HH:MM:SS.
    NotATime,
    /// Not a decimal number.
    NotANumber,
    /// More decimal places than the layout allows.
    TooManyPlaces,
    /// Not a year of four digits.
    NotAYear,
    /// Not the constant that belongs here.
    NotTheConstant,
    /// Not a code of the field's code set.
    NotACode,
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FieldProblem::Blank => "is blank",
            FieldProblem::TooLong => "is too long",
            FieldProblem::NotDigits => "is not made of digits only",
            FieldProblem::LeadingZeroLost => "has too few digits; leading zero lost?",
            FieldProblem::WrongWidth => "has not the width that the layout fixes",
            FieldProblem::NotADate => "is not a real date",
            FieldProblem::NotATime => "is not a time",
            FieldProblem::NotANumber => "is not a decimal number",
            FieldProblem::TooManyPlaces => "has too many decimal places",
            FieldProblem::NotAYear => "is not a year",
            FieldProblem::NotTheConstant => "is not the constant of this file",
            FieldProblem::NotACode => "is not a code of its code set",
        })
    }
}

/// The compiled form of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldCheck {
    /// Longest value in characters; `u32::MAX` where no length is known.
    pub(crate) max_length: u32,
    pub(crate) form: Form,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Digits,
    /// Digits of a fixed width.
    DigitsOf(u8),
    Date,
    Time,
    Year,
    Decimal {
        places: u8,
    },
    Constant(Box<str>),
    Code(CodeIndex),
}

impl FieldCheck {
    /// Tests a value that is already trimmed. A blank one passes: whether it may be blank is another question.
    #[inline]
    pub(crate) fn test(&self, value: &str) -> Option<FieldProblem> {
        let bytes = value.as_bytes();
        if bytes.is_empty() {
            return None;
        }
        // Bytes are at least as many as characters, so the slow count runs only for the suspicious.
        if bytes.len() > self.max_length as usize && value.chars().count() > self.max_length as usize {
            return Some(FieldProblem::TooLong);
        }
        let (passes, problem) = match &self.form {
            Form::Text => return None,
            Form::Digits => (all_digits(bytes), FieldProblem::NotDigits),
            Form::DigitsOf(width) => {
                let (width, digits) = (usize::from(*width), all_digits(bytes));
                let problem = match (digits, bytes.len() < width) {
                    (true, true) => FieldProblem::LeadingZeroLost,
                    (true, false) => FieldProblem::WrongWidth,
                    (false, _) => FieldProblem::NotDigits,
                };
                (digits && bytes.len() == width, problem)
            }
            Form::Date => (is_date(bytes), FieldProblem::NotADate),
            Form::Time => (is_time(bytes), FieldProblem::NotATime),
            Form::Year => (bytes.len() == 4 && all_digits(bytes), FieldProblem::NotAYear),
            Form::Decimal { places } => return test_decimal(bytes, *places),
            Form::Constant(constant) => (value == &**constant, FieldProblem::NotTheConstant),
            Form::Code(index) => (index.contains(value), FieldProblem::NotACode),
        };
        if passes { None } else { Some(problem) }
    }
}

/// The codes of a set, ready to be searched: one-byte codes as a bit map, two-byte codes as numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CodeIndex {
    one: [u64; 4],
    two: Vec<u16>,
    longer: Vec<Box<str>>,
    patterns: Vec<Pattern>,
}

impl CodeIndex {
    pub(crate) fn new(set: &CodeSet) -> Self {
        let mut index = CodeIndex::default();
        for entry in &set.entries {
            match (entry.kind, entry.code.as_bytes()) {
                (CodeKind::Placeholder, _) => {}
                (CodeKind::Pattern, _) => index.patterns.extend(Pattern::parse(&entry.code)),
                (CodeKind::Value, [byte]) => {
                    if let Some(word) = index.one.get_mut(usize::from(byte >> 6)) {
                        *word |= 1 << (byte & 63);
                    }
                }
                (CodeKind::Value, [first, second]) => index.two.push(u16::from_le_bytes([*first, *second])),
                (CodeKind::Value, _) => index.longer.push(entry.code.as_str().into()),
            }
        }
        index
    }

    #[inline]
    fn contains(&self, value: &str) -> bool {
        let listed = match value.as_bytes() {
            [byte] => self.one.get(usize::from(byte >> 6)).is_some_and(|word| word >> (byte & 63) & 1 == 1),
            [first, second] => self.two.contains(&u16::from_le_bytes([*first, *second])),
            _ => self.longer.iter().any(|code| &**code == value),
        };
        listed || self.patterns.iter().any(|pattern| pattern.matches(value))
    }
}

#[inline]
fn all_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

/// Two digits as a number.
#[inline]
fn pair(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens < 10 && ones < 10 { Some(u32::from(tens) * 10 + u32::from(ones)) } else { None }
}

/// Year, month and day of a date `MM/DD/YYYY` that exists, in the years 0001 to 9999.
#[inline]
pub(crate) fn date_parts(bytes: &[u8]) -> Option<(i32, u32, u32)> {
    let [m1, m2, b'/', d1, d2, b'/', y1, y2, y3, y4] = *<&[u8; 10]>::try_from(bytes).ok()? else {
        return None;
    };
    let (month, day) = (pair(m1, m2)?, pair(d1, d2)?);
    let year = pair(y1, y2)? * 100 + pair(y3, y4)?;
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => return None,
    };
    if year > 0 && (1..=length).contains(&day) { Some((year as i32, month, day)) } else { None }
}

#[inline]
fn is_date(bytes: &[u8]) -> bool {
    date_parts(bytes).is_some()
}

#[inline]
fn is_time(bytes: &[u8]) -> bool {
    let Ok([h1, h2, b':', m1, m2, b':', s1, s2]) = <[u8; 8]>::try_from(bytes) else { return false };
    let below = |part: Option<u32>, limit: u32| part.is_some_and(|part| part < limit);
    below(pair(h1, h2), 24) && below(pair(m1, m2), 60) && below(pair(s1, s2), 60)
}

/// A plain decimal number: an optional minus, digits, optionally a point and digits. No exponent, no plus.
#[inline]
fn test_decimal(bytes: &[u8], places: u8) -> Option<FieldProblem> {
    let unsigned = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let (whole, fraction) = match unsigned.iter().position(|byte| *byte == b'.') {
        Some(point) => {
            let (whole, rest) = unsigned.split_at(point);
            let fraction = rest.get(1..).unwrap_or_default();
            if fraction.is_empty() {
                return Some(FieldProblem::NotANumber);
            }
            (whole, fraction)
        }
        None => (unsigned, &[][..]),
    };
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || whole.len() + fraction.len() > 28 {
        Some(FieldProblem::NotANumber)
    } else if fraction.len() > usize::from(places) {
        Some(FieldProblem::TooManyPlaces)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use proptest::prelude::*;

    #[test]
    fn dates_at_the_edges() {
        for (text, exists) in [
            ("02/29/2024", true),
            ("02/29/2025", false),
            ("02/29/1900", false),
            ("02/29/2000", true),
            ("12/31/9999", true),
            ("01/01/0000", false),
            ("00/10/2024", false),
            ("13/10/2024", false),
            ("04/31/2024", false),
            ("4/30/2024", false),
            ("04-30-2024", false),
            ("04/30/24", false),
            ("０4/30/2024", false),
        ] {
            assert_eq!(is_date(text.as_bytes()), exists, "{text}");
        }
    }

    #[test]
    fn times_and_numbers_at_the_edges() {
        for (text, passes) in [
            ("23:59:59", true),
            ("24:00:00", false),
            ("12:60:00", false),
            ("1:00:00", false),
            ("12:00:0a", false),
        ] {
            assert_eq!(is_time(text.as_bytes()), passes, "{text}");
        }
        for (text, problem) in [
            ("0", None),
            ("-1.25", None),
            ("180.00", None),
            ("1.255", Some(FieldProblem::TooManyPlaces)),
            ("1.", Some(FieldProblem::NotANumber)),
            (".5", Some(FieldProblem::NotANumber)),
            ("+1", Some(FieldProblem::NotANumber)),
            ("1e3", Some(FieldProblem::NotANumber)),
            ("1,5", Some(FieldProblem::NotANumber)),
            ("-", Some(FieldProblem::NotANumber)),
            ("1.2.3", Some(FieldProblem::NotANumber)),
            ("99999999999999999999999999999", Some(FieldProblem::NotANumber)),
        ] {
            assert_eq!(test_decimal(text.as_bytes(), 2), problem, "{text}");
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        let check = FieldCheck { max_length: 4, form: Form::Text };
        assert_eq!(check.test("Zoë "), None);
        assert_eq!(check.test("Zoëéé"), Some(FieldProblem::TooLong));
    }

    proptest! {
        #[test]
        fn the_date_form_agrees_with_the_calendar(month in 0u32..14, day in 0u32..33, year in 0i32..10_000) {
            let text = format!("{month:02}/{day:02}/{year:04}");
            let exists = year > 0 && NaiveDate::from_ymd_opt(year, month, day).is_some();
            prop_assert_eq!(is_date(text.as_bytes()), exists, "{}", text);
        }
    }
}

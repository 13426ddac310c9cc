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
    /// Spaces stand around it.
    Untrimmed,
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
            FieldProblem::Untrimmed => "has spaces around it",
        })
    }
}

/// The compiled form of a field. Small, since the checks of a layout stand side by side in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldCheck {
    /// Longest value in characters; `u32::MAX` where no length is known.
    pub(crate) max_length: u32,
    /// Whether a blank is a problem.
    pub(crate) required: bool,
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
    Code(Box<CodeIndex>),
}

impl FieldCheck {
    /// Any text, of any length, that may be blank.
    pub(crate) const ANYTHING: FieldCheck =
        FieldCheck { max_length: u32::MAX, required: false, form: Form::Text };

    /// A form alone.
    pub(crate) fn of(form: Form) -> Self {
        FieldCheck { form, ..FieldCheck::ANYTHING }
    }

    /// Tests the raw bytes of a field: UTF-8, of which spaces around the value are set aside.
    #[inline]
    pub(crate) fn problem(&self, raw: &[u8]) -> Option<FieldProblem> {
        let value = match raw {
            [b' ', ..] | [.., b' '] => trim(raw),
            _ => raw,
        };
        if value.is_empty() {
            return if self.required { Some(FieldProblem::Blank) } else { None };
        }
        self.test(value)
    }

    /// Tests the form of a value that is not blank and has no spaces around it.
    #[inline]
    pub(crate) fn test(&self, value: &[u8]) -> Option<FieldProblem> {
        // Bytes are at least as many as characters, so the slow count runs only for the suspicious.
        if value.len() > self.max_length as usize && characters(value) > self.max_length as usize {
            return Some(FieldProblem::TooLong);
        }
        let (passes, problem) = match &self.form {
            Form::Text => return None,
            Form::Digits => (all_digits(value), FieldProblem::NotDigits),
            Form::DigitsOf(width) => {
                if value.len() == usize::from(*width) && all_digits(value) {
                    return None;
                }
                return Some(match (all_digits(value), value.len() < usize::from(*width)) {
                    (true, true) => FieldProblem::LeadingZeroLost,
                    (true, false) => FieldProblem::WrongWidth,
                    (false, _) => FieldProblem::NotDigits,
                });
            }
            Form::Date => (is_date(value), FieldProblem::NotADate),
            Form::Time => (is_time(value), FieldProblem::NotATime),
            Form::Year => (value.len() == 4 && all_digits(value), FieldProblem::NotAYear),
            Form::Decimal { places } => return test_decimal(value, *places),
            Form::Constant(constant) => (same(value, constant.as_bytes()), FieldProblem::NotTheConstant),
            Form::Code(index) => (index.contains(value), FieldProblem::NotACode),
        };
        if passes { None } else { Some(problem) }
    }
}

/// Sets the spaces around a value aside.
pub(crate) fn trim(raw: &[u8]) -> &[u8] {
    let start = raw.iter().position(|byte| *byte != b' ').unwrap_or(raw.len());
    let end = raw.iter().rposition(|byte| *byte != b' ').map_or(start, |last| last + 1);
    raw.get(start..end).unwrap_or_default()
}

/// Equality of short texts, byte by byte: a call for two bytes costs more than the comparison.
#[inline]
fn same(one: &[u8], two: &[u8]) -> bool {
    one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one == two)
}

/// How many characters UTF-8 bytes hold: all bytes but those that continue a character.
fn characters(value: &[u8]) -> usize {
    value.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

/// The codes of a set, ready to be searched: one-byte codes as a bit map, two-byte codes as numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CodeIndex {
    /// The codes in words, where they are few enough to be read.
    pub(crate) in_words: String,
    /// How many digits a value has, where the set holds this form alone.
    pub(crate) digits: Option<usize>,
    one: [u64; 4],
    two: Vec<u16>,
    longer: Vec<Box<str>>,
    patterns: Vec<Pattern>,
}

impl CodeIndex {
    pub(crate) fn new(set: &CodeSet) -> Self {
        const FEW: usize = 20;
        let mut index = CodeIndex::default();
        // What has ended is known when it comes, and is no advice.
        let lasts =
            |code: &&str| set.entries.iter().any(|entry| entry.code == **code && entry.last_day.is_none());
        let codes: Vec<&str> = set.codes().filter(lasts).collect();
        if codes.len() <= FEW {
            index.in_words = match codes.split_last() {
                Some((last, [])) => format!(": {last}"),
                Some((last, others)) => format!(": {} or {last}", others.join(", ")),
                None => String::new(),
            };
        }
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
        if let ([pattern], None) = (index.patterns.as_slice(), set.codes().next()) {
            index.digits = pattern.digits();
        }
        index
    }

    #[inline]
    fn contains(&self, value: &[u8]) -> bool {
        let listed = match value {
            [byte] => self.one.get(usize::from(byte >> 6)).is_some_and(|word| word >> (byte & 63) & 1 == 1),
            [first, second] => {
                // Without an early end: where the code stands in the list would be foreseen wrongly.
                let code = u16::from_le_bytes([*first, *second]);
                self.two.iter().fold(false, |found, other| found | (*other == code))
            }
            _ => self.longer.iter().any(|code| same(code.as_bytes(), value)),
        };
        listed || self.patterns.iter().any(|pattern| pattern.matches(value))
    }
}

/// Whether all bytes are digits. Identifiers are most of what is tested, so up to 16 bytes are two overlapping
/// words and no loop, whose length a processor could not foresee.
#[inline]
fn all_digits(bytes: &[u8]) -> bool {
    const REST: u64 = 0x3030_3030_0000_0000;
    let half = |word: &[u8; 4]| are_digits(u64::from(u32::from_le_bytes(*word)) | REST);
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        let middle = bytes.len() <= 16 || bytes.iter().all(u8::is_ascii_digit);
        return are_digits(u64::from_le_bytes(*first)) & are_digits(u64::from_le_bytes(*last)) && middle;
    }
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => half(first) & half(last),
        _ => bytes.iter().all(u8::is_ascii_digit),
    }
}

/// Whether all eight bytes of a word are digits: 0x30 to 0x39. Adding 6 carries only from above 9.
#[inline]
fn are_digits(word: u64) -> bool {
    const HIGH_HALVES: u64 = 0xF0F0_F0F0_F0F0_F0F0;
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const SIXES: u64 = 0x0606_0606_0606_0606;
    word & HIGH_HALVES == ZEROS && word.wrapping_add(SIXES) & HIGH_HALVES == ZEROS
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
    const LENGTHS: [u8; 13] = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let [m1, m2, s1, d1, d2, s2, y1, y2, y3, y4] = *<&[u8; 10]>::try_from(bytes).ok()?;
    let digits = u64::from_le_bytes([m1, m2, d1, d2, y1, y2, y3, y4]);
    if !are_digits(digits) || s1 != b'/' || s2 != b'/' {
        return None;
    }
    let number = |tens: u8, ones: u8| u32::from(tens & 15) * 10 + u32::from(ones & 15);
    let (month, day, year) = (number(m1, m2), number(d1, d2), number(y1, y2) * 100 + number(y3, y4));
    let length = u32::from(*LENGTHS.get(month as usize)?);
    let leap_day_missing = day == 29
        && month == 2
        && !(year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)));
    if year > 0 && (1..=length).contains(&day) && !leap_day_missing {
        Some((year as i32, month, day))
    } else {
        None
    }
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
        let check = FieldCheck { max_length: 4, ..FieldCheck::ANYTHING };
        assert_eq!(check.problem("Zoëé".as_bytes()), None);
        assert_eq!(check.problem(" Zoëé  ".as_bytes()), None);
        assert_eq!(check.problem("Zoëéé".as_bytes()), Some(FieldProblem::TooLong));
        assert_eq!(check.problem(b"   "), None);
        assert_eq!(FieldCheck { required: true, ..check }.problem(b"   "), Some(FieldProblem::Blank));
    }

    proptest! {
        #[test]
        fn digits_in_words_agree_with_digits_one_by_one(text in "[0-9]{0,24}[0-9/:a]{0,2}[0-9]{0,9}") {
            let wanted = text.bytes().all(|byte| byte.is_ascii_digit());
            prop_assert_eq!(all_digits(text.as_bytes()), wanted, "{}", text);
        }

        #[test]
        fn the_date_form_agrees_with_the_calendar(month in 0u32..14, day in 0u32..33, year in 0i32..10_000) {
            let text = format!("{month:02}/{day:02}/{year:04}");
            let exists = year > 0 && NaiveDate::from_ymd_opt(year, month, day).is_some();
            prop_assert_eq!(is_date(text.as_bytes()), exists, "{}", text);
        }
    }
}

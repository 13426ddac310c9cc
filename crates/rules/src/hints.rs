//! What would be right of a value that has not its form, said as exactly as can be without guessing.

use crate::column::trim;
use chrono::NaiveDate;
use opi_dictionary::{FieldProblem, FieldValue, LayoutField};

/// What is wrong with the form of a value and what would be right.
pub(crate) struct Hint {
    /// What is wrong, in words.
    pub(crate) problem: String,
    /// What would be right; the value itself only where it is not personal, or was asked for.
    pub(crate) expected: String,
}

impl Hint {
    pub(crate) fn of(field: &LayoutField, text: &str, problem: FieldProblem, show_values: bool) -> Self {
        let (mut words, mut expected) = (problem.to_string(), field.expected());
        let right = match problem {
            FieldProblem::TooLong => {
                if let Some(most) = field.max_length {
                    words = format!(
                        "is longer than {most} {}",
                        if most == 1 { "character" } else { "characters" }
                    );
                }
                None
            }
            FieldProblem::LeadingZeroLost => padded(field, trim(text)),
            FieldProblem::NotADate => written_otherwise(trim(text)).map(|day| {
                words = "is a date, but not written MM/DD/YYYY; leading zero lost?".to_owned();
                let mut right = String::new();
                day.write(&mut right);
                right
            }),
            _ => None,
        };
        if let Some(right) = right.filter(|_| show_values || !field.personal) {
            expected = format!("{expected}; perhaps {right}");
        }
        Hint { problem: format!("{} {words}", field.name), expected }
    }
}

/// Digits with the zeros that a spreadsheet takes; nothing where there are only zeros, which stand for no number.
fn padded(field: &LayoutField, text: &str) -> Option<String> {
    let width = field.width().filter(|_| text.bytes().any(|byte| byte != b'0'))?;
    Some(format!("{text:0>width$}"))
}

/// A date without its zeros, or in the order of computers.
fn written_otherwise(text: &str) -> Option<NaiveDate> {
    let number = |part: &str, least: usize, most: usize| {
        let digits = (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| digits)
    };
    let parts: Vec<&str> = text.split(['/', '-']).collect();
    let [first, second, third] = parts.as_slice() else { return None };
    let (year, month, day) = match text.contains('-') {
        true => (number(first, 4, 4)?, number(second, 1, 2)?, number(third, 1, 2)?),
        false => (number(third, 4, 4)?, number(first, 1, 2)?, number(second, 1, 2)?),
    };
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use opi_dictionary::Dictionary;

    fn said(layout: &str, field: &str, text: &str, show_values: bool) -> (String, String) {
        let field = Dictionary::built_in().layout(layout).unwrap().field_named(field).unwrap();
        let hint = Hint::of(field, text, field.problem(text).unwrap(), show_values);
        (hint.problem, hint.expected)
    }

    #[test]
    fn a_lost_zero_is_put_back_but_zeros_alone_are_no_number() {
        let expected = |text: &str| said("student-enrollments", "school_number", text, false).1;
        assert_eq!(expected("7"), "4 digits, leading zeros kept; perhaps 0007");
        assert_eq!(expected("0"), "4 digits, leading zeros kept");
        assert_eq!(expected("00"), "4 digits, leading zeros kept");
        assert_eq!(expected("000"), "4 digits, leading zeros kept");
        let id = |shown| said("student-enrollments", "student_state_id", "90000101", shown).1;
        assert_eq!(id(false), "9 digits, leading zeros kept");
        assert_eq!(id(true), "9 digits, leading zeros kept; perhaps 090000101");
    }

    #[test]
    fn a_date_written_otherwise_is_not_called_unreal() {
        let of = |text: &str| said("student-enrollments", "start_date", text, false);
        for text in ["8/6/2025", "08/6/2025", "2025-08-06"] {
            let (problem, expected) = of(text);
            assert_eq!(problem, "Start Date is a date, but not written MM/DD/YYYY; leading zero lost?");
            assert_eq!(expected, "a real date MM/DD/YYYY; perhaps 08/06/2025");
        }
        for text in ["2/30/2025", "08/06/25", "45895", "00/00/0000", "13/1/2025"] {
            assert_eq!(
                of(text),
                ("Start Date is not a real date".to_owned(), "a real date MM/DD/YYYY".to_owned())
            );
        }
        let birth = said("student-demographics", "birth_date", "8/6/2015", false);
        assert_eq!(birth.1, "a real date MM/DD/YYYY", "a birth date is personal");
    }

    #[test]
    fn what_is_advised_is_in_force_and_is_said_without_keys_of_ours() {
        let (_, status) = said("student-enrollments", "start_status", "11", false);
        assert_eq!(
            status, "a code of enrollment-start-status: 01, 02, 03, 04, 06, 07, 08, 09, 10, 20, 40, 60 or 80",
            "05 ended in 2016"
        );
        assert_eq!(said("fram", "student_state_id", "90000101", false).1, "9 digits, leading zeros kept");
    }

    #[test]
    fn a_value_that_is_too_long_is_told_how_long_it_may_be() {
        let (problem, _) = said("student-enrollments", "start_status", "300", false);
        assert_eq!(problem, "Start Status is longer than 2 characters");
    }
}

//! Identifiers that cannot be wrong: each is made by one checked constructor, and leading zeros belong to it.

use crate::error::PaddedId;
use crate::personal::{Personal, shape};
use crate::{DictionaryError, REDACTED};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Digits of a fixed width, or the error that says what is wrong with the text.
fn digits<const N: usize>(
    what: &'static str,
    expected: &'static str,
    personal: bool,
    text: &str,
) -> Result<[u8; N], DictionaryError> {
    if let Ok(bytes) = <[u8; N]>::try_from(text.as_bytes())
        && bytes.iter().all(u8::is_ascii_digit)
    {
        return Ok(bytes);
    }
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let found = if personal || !all_digits { shape(text) } else { text.chars().take(24).collect() };
    Err(if all_digits && text.len() < N {
        let padded = PaddedId { value: format!("{text:0>N$}"), personal };
        DictionaryError::LeadingZeroLost { what, found, expected, padded }
    } else {
        DictionaryError::Identifier { what, found, expected }
    })
}

/// The text of ASCII digits. They were checked on construction.
fn text_of(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).unwrap_or_default()
}

macro_rules! open_identifier {
    ($(#[$doc:meta])* $name:ident, $width:literal, $what:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
        #[serde(into = "String", try_from = "String")]
        pub struct $name([u8; $width]);

        impl $name {
            /// The identifier as text, leading zeros kept.
            #[must_use]
            pub fn as_str(&self) -> &str {
                text_of(&self.0)
            }

            /// The digits read as a number: a compact key, not an identity (leading zeros are gone).
            #[must_use]
            pub fn number(&self) -> u64 {
                self.0.iter().fold(0, |number, digit| number * 10 + u64::from(digit.wrapping_sub(b'0')))
            }
        }

        impl FromStr for $name {
            type Err = DictionaryError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                digits($what, $expected, false, text).map($name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.as_str().to_owned()
            }
        }

        impl TryFrom<String> for $name {
            type Error = DictionaryError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
    };
}

open_identifier! {
    /// A district number of AIM files: the four-digit school system (SS) number, not the legal entity (LE)
    /// number. Source: OPI-2008.
    ///
    /// ```
    /// use opi_dictionary::DistrictNumber;
    /// let district: DistrictNumber = "0057".parse()?;
    /// assert_eq!(district.to_string(), "0057");
    /// let error = "57".parse::<DistrictNumber>().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "district number: found 57, expected 4 digits; leading zero lost? it would be 0057",
    /// );
    /// # Ok::<(), opi_dictionary::DictionaryError>(())
    /// ```
    DistrictNumber, 4, "district number", "4 digits"
}
open_identifier! {
    /// A school number: four digits, an identity only together with its district. Source: OPI-2008.
    SchoolNumber, 4, "school number", "4 digits"
}
open_identifier! {
    /// A calendar number: three digits, an identity only together with school and year. Source: KB-CU-UP.
    CalendarNumber, 3, "calendar number", "3 digits"
}
open_identifier! {
    /// A legal entity (LE) number: four digits, one per legal district; an elementary and a high school
    /// district of one town have two. Called reporting entity (RE) number in AIM since 2008.
    LegalEntityNumber, 4, "legal entity number", "4 digits"
}
open_identifier! {
    /// A school system (SS) number: four digits; one town's elementary and high school districts under one
    /// administration share it. It stands in the District Number field of AIM files.
    SchoolSystemNumber, 4, "school system number", "4 digits"
}
open_identifier! {
    /// A county number (CO): two digits, 01 to 56 in alphabetical order.
    CountyNumber, 2, "county number", "2 digits"
}
open_identifier! {
    /// An NCES local education agency id: seven digits, the first two the state's FIPS code (30 for Montana).
    NcesLeaId, 7, "NCES LEA id", "7 digits"
}
open_identifier! {
    /// An NCES school id: twelve digits, the first seven those of its LEA.
    NcesSchoolId, 12, "NCES school id", "12 digits"
}

impl NcesSchoolId {
    /// The LEA of the school: its first seven digits.
    #[must_use]
    pub fn lea(&self) -> NcesLeaId {
        let mut lea = [b'0'; 7];
        lea.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
        NcesLeaId(lea)
    }
}

impl From<SchoolSystemNumber> for DistrictNumber {
    fn from(system: SchoolSystemNumber) -> Self {
        DistrictNumber(system.0)
    }
}

/// A school: its number is an identity only together with the district's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct SchoolKey {
    /// The district.
    pub district: DistrictNumber,
    /// The school in it.
    pub school: SchoolNumber,
}

impl fmt::Display for SchoolKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.district, self.school)
    }
}

/// The nine-digit state id that stays with a student through Montana schools. Personal: `Debug` is redacted.
///
/// ```
/// use opi_dictionary::StateId;
/// let id: StateId = "990000101".parse()?;
/// assert_eq!(format!("{id:?}"), "StateId([personal])");
/// assert_eq!(id.reveal(), "990000101");
/// let error = "99000010".parse::<StateId>().unwrap_err();
/// assert!(error.to_string().ends_with("leading zero lost? it would be [personal]"));
/// # Ok::<(), opi_dictionary::DictionaryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(into = "String", try_from = "String")]
pub struct StateId(Personal<[u8; 9]>);

impl StateId {
    /// The id as text. Every call is a place where personal data leaves its wrapper.
    #[must_use]
    pub fn reveal(&self) -> &str {
        text_of(self.0.reveal())
    }

    /// The digits as a number below 10^9: a compact key for joins. As personal as the id itself.
    #[must_use]
    pub fn reveal_number(&self) -> u32 {
        self.0.reveal().iter().fold(0, |number, digit| number * 10 + u32::from(digit.wrapping_sub(b'0')))
    }

    /// The id with this number; `None` from 10^9 on.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        let mut digits = [b'0'; 9];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        (rest == 0).then(|| StateId(Personal::new(digits)))
    }
}

impl FromStr for StateId {
    type Err = DictionaryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        digits("state id", "9 digits", true, text).map(|digits| StateId(Personal::new(digits)))
    }
}

macro_rules! personal_text {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(Personal<String>);

        impl $name {
            /// The text itself. Every call is a place where personal data leaves its wrapper.
            #[must_use]
            pub fn reveal(&self) -> &str {
                self.0.reveal()
            }
        }

        impl FromStr for $name {
            type Err = DictionaryError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if text.trim().is_empty() || text.chars().any(char::is_control) {
                    return Err(DictionaryError::Identifier {
                        what: $what,
                        found: shape(text),
                        expected: "text that is not blank and has no control characters",
                    });
                }
                Ok($name(Personal::new(text.trim().to_owned())))
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.reveal().to_owned()
            }
        }

        impl TryFrom<String> for $name {
            type Error = DictionaryError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
    };
}

personal_text! {
    /// A number that a district or school gives its student: free text without an outer form, at most 15
    /// characters in AIM files. Personal: `Debug` is redacted.
    LocalId, "local id"
}
personal_text! {
    /// A name of a person. Personal: `Debug` is redacted.
    ///
    /// ```
    /// use opi_dictionary::PersonName;
    /// let name: PersonName = "O'Juniper".parse()?;
    /// assert_eq!(format!("{name:?}"), "PersonName([personal])");
    /// assert_eq!(name.reveal(), "O'Juniper");
    /// # Ok::<(), opi_dictionary::DictionaryError>(())
    /// ```
    PersonName, "name"
}

impl From<StateId> for String {
    fn from(id: StateId) -> String {
        id.reveal().to_owned()
    }
}

impl TryFrom<String> for StateId {
    type Error = DictionaryError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A date of birth. Personal: `Debug` is redacted; [`BirthDate::age_on`] answers without revealing it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "chrono::NaiveDate"))]
#[serde(transparent)]
pub struct BirthDate(chrono::NaiveDate);

impl BirthDate {
    /// Wraps a date of birth.
    #[must_use]
    pub const fn new(date: chrono::NaiveDate) -> Self {
        BirthDate(date)
    }

    /// The date itself. Every call is a place where personal data leaves its wrapper.
    #[must_use]
    pub const fn reveal(&self) -> chrono::NaiveDate {
        self.0
    }

    /// Age in whole years on a day; `None` before birth. See [`crate::age_on`].
    #[must_use]
    pub fn age_on(&self, day: chrono::NaiveDate) -> Option<u32> {
        crate::age_on(self.0, day)
    }
}

impl Drop for BirthDate {
    fn drop(&mut self) {
        self.0 = chrono::NaiveDate::MIN;
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BirthDate({REDACTED})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms_are_exact() {
        for wrong in ["", "123", "12345", "12a4", "１２３４", "-123", " 123", "1234 "] {
            assert!(wrong.parse::<DistrictNumber>().is_err(), "{wrong:?}");
        }
        assert_eq!("0001".parse::<SchoolNumber>().unwrap().as_str(), "0001");
        let school: NcesSchoolId = "301542000886".parse().unwrap();
        assert_eq!(school.lea().as_str(), "3015420");
    }

    #[test]
    fn messages() {
        let say = |error: DictionaryError| error.to_string();
        insta::assert_snapshot!(say("9".parse::<CalendarNumber>().unwrap_err()),
            @"calendar number: found 9, expected 3 digits; leading zero lost? it would be 009");
        insta::assert_snapshot!(say("12x4".parse::<DistrictNumber>().unwrap_err()),
            @"district number: found 99a9, expected 4 digits");
        insta::assert_snapshot!(say("12345678".parse::<StateId>().unwrap_err()),
            @"state id: found 99999999, expected 9 digits; leading zero lost? it would be [personal]");
        insta::assert_snapshot!(say("  ".parse::<PersonName>().unwrap_err()),
            @"name: found   , expected text that is not blank and has no control characters");
    }

    #[test]
    fn the_padded_value_is_there_for_who_asks() {
        match "12345678".parse::<StateId>().unwrap_err() {
            DictionaryError::LeadingZeroLost { padded, .. } => assert_eq!(padded.reveal(), "012345678"),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn nothing_personal_is_printed() {
        let id: StateId = "990000101".parse().unwrap();
        let name: PersonName = "Larkspur".parse().unwrap();
        let local: LocalId = "10177".parse().unwrap();
        let birth = BirthDate::new(chrono::NaiveDate::from_ymd_opt(2012, 3, 4).unwrap());
        let text = format!("{id:?}{name:?}{local:?}{birth:?}");
        for secret in ["990000101", "Larkspur", "10177", "2012"] {
            assert!(!text.contains(secret), "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_and_ids_agree(number in 0u32..1_000_000_000) {
            let id = StateId::from_number(number).unwrap();
            prop_assert_eq!(id.reveal_number(), number);
            prop_assert_eq!(id.reveal().parse::<StateId>().unwrap(), id);
        }

        #[test]
        fn any_text_is_an_id_or_an_error(text in "\\PC{0,14}") {
            let read = [text.parse::<StateId>().map(String::from), text.parse::<DistrictNumber>().map(String::from)];
            for same in read.into_iter().flatten() {
                prop_assert_eq!(same, text.clone());
            }
        }
    }
}

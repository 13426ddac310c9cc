//! The codes on which logic depends, as enums that keep what they do not know. All other codes stay text and
//! are asked of the dictionary. A test compares each enum with its table.

use crate::FieldValue;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($(
        $(#[$doc:meta])*
        $name:ident of $set:literal { $($(#[$variant_doc:meta])* $variant:ident = $code:literal),* $(,)? }
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
            #[serde(into = "String", from = "String")]
            #[non_exhaustive]
            pub enum $name {
                $($(#[$variant_doc])* $variant,)*
                /// A code that this program does not know, kept as it stands.
                Other(Box<str>),
            }

            impl $name {
                /// The code set.
                pub const CODE_SET: &'static str = $set;
                /// All known values.
                pub const KNOWN: &'static [$name] = &[$($name::$variant),*];

                /// The code as it stands in a file.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    match self {
                        $($name::$variant => $code,)*
                        $name::Other(code) => code,
                    }
                }
            }

            impl From<&str> for $name {
                fn from(code: &str) -> Self {
                    match code {
                        $($code => $name::$variant,)*
                        other => $name::Other(other.into()),
                    }
                }
            }

            impl From<String> for $name {
                fn from(code: String) -> Self {
                    code.as_str().into()
                }
            }

            impl From<$name> for String {
                fn from(code: $name) -> String {
                    code.as_str().to_owned()
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.pad(self.as_str())
                }
            }

            impl FieldValue for $name {
                const EXPECTED: &'static str = concat!("a code of ", $set);

                fn read(text: &str) -> Option<Self> {
                    if text.chars().any(char::is_control) { None } else { Some(text.into()) }
                }

                fn write(&self, out: &mut String) {
                    out.push_str(self.as_str());
                }
            }
        )*

        #[cfg(test)]
        const CODED: &[(&str, &[&str])] = &[$(($set, &[$($code),*])),*];
    };
}

codes! {
    /// Yes or no.
    YesNo of "yes-no" {
        /// Yes.
        Yes = "Y",
        /// No.
        No = "N",
    }
    /// Grade level of an enrollment.
    Grade of "grade-levels" {
        /// Prekindergarten.
        Prekindergarten = "PK",
        /// Kindergarten, where full and half time are not told apart.
        Kindergarten = "KG",
        /// Full-time kindergarten.
        KindergartenFullTime = "KF",
        /// Half-time kindergarten.
        KindergartenHalfTime = "KH",
        /// Grade 1.
        Grade1 = "01",
        /// Grade 2.
        Grade2 = "02",
        /// Grade 3.
        Grade3 = "03",
        /// Grade 4.
        Grade4 = "04",
        /// Grade 5.
        Grade5 = "05",
        /// Grade 6.
        Grade6 = "06",
        /// Grade 7.
        Grade7 = "07",
        /// Grade 8.
        Grade8 = "08",
        /// Grade 9.
        Grade9 = "09",
        /// Grade 10.
        Grade10 = "10",
        /// Grade 11.
        Grade11 = "11",
        /// Grade 12.
        Grade12 = "12",
        /// Ungraded.
        Ungraded = "UG",
    }
    /// Kind of enrollment.
    ServiceType of "service-type" {
        /// The main enrollment: at most one open at a time in the state.
        Primary = "P",
        /// A second, part-time enrollment.
        Partial = "S",
        /// Special education services only.
        SpecialEducation = "N",
    }
    /// How a student came to an enrollment.
    StartStatus of "enrollment-start-status" {
        /// First time in school.
        FirstTime = "01",
        /// Carries on in the same school without interruption.
        Continued = "02",
        /// Back in the same school after leaving.
        Reentry = "03",
        /// From another public school of the district or state.
        TransferInState = "04",
        /// From another public school under a federal choice that has ended.
        TransferSchoolChoice = "05",
        /// From a school in another state.
        TransferOutOfState = "06",
        /// From a school in another country.
        TransferOutOfCountry = "07",
        /// From a private school of the state.
        TransferPrivate = "08",
        /// From a home school of the state.
        TransferHomeSchool = "09",
        /// From a state-funded school.
        TransferStateFunded = "10",
        /// From the Youth ChalleNGe academy.
        TransferYouthChallenge = "20",
        /// As `TransferInState`, military family.
        MilitaryTransferInState = "40",
        /// As `TransferOutOfState`, military family.
        MilitaryTransferOutOfState = "60",
        /// As `TransferOutOfCountry`, military family.
        MilitaryTransferOutOfCountry = "80",
    }
    /// How an enrollment ended, as far as codes are known.
    EndStatus of "enrollment-end-status" {
        /// The grade changed during the year; a new enrollment opens the next day.
        GradeChange = "105",
        /// A neutral exit allowed on enrollments for activities only; its label is not known.
        Exit160 = "160",
        /// Dropout.
        Dropout300 = "300",
        /// Dropout.
        Dropout310 = "310",
        /// Dropout.
        Dropout320 = "320",
        /// Dropout.
        Dropout330 = "330",
        /// Dropout.
        Dropout340 = "340",
        /// Graduated.
        Graduated = "400",
        /// Proficiency diploma.
        ProficiencyDiploma = "410",
    }
    /// Band of the yearly hours of instruction.
    AggregateHours of "aggregate-hours" {
        /// Under 180 hours.
        None = "N",
        /// 180 to 359 hours.
        Quarter = "Q",
        /// 360 to 539 hours.
        Half = "H",
        /// 540 to 719 hours.
        ThreeQuarters = "T",
        /// 720 hours and more.
        Full = "F",
    }
    /// Gender.
    Gender of "gender" {
        /// Male.
        Male = "M",
        /// Female.
        Female = "F",
    }
    /// Eligibility for school meals.
    MealStatus of "meal-status" {
        /// Free meals.
        Free = "F",
        /// Reduced-price meals.
        Reduced = "R",
        /// Not eligible or not taking part.
        NotEligible = "N",
    }
}

impl Grade {
    /// Whether the grade is kindergarten of any kind.
    #[must_use]
    pub fn is_kindergarten(&self) -> bool {
        matches!(self, Grade::Kindergarten | Grade::KindergartenFullTime | Grade::KindergartenHalfTime)
    }

    /// The rank of the grade: prekindergarten -1, kindergarten 0, grades 1 to 12; `None` for ungraded and
    /// unknown.
    #[must_use]
    pub fn rank(&self) -> Option<i8> {
        match self {
            Grade::Prekindergarten => Some(-1),
            Grade::Kindergarten | Grade::KindergartenFullTime | Grade::KindergartenHalfTime => Some(0),
            Grade::Ungraded | Grade::Other(_) => None,
            numbered => numbered.as_str().parse().ok(),
        }
    }
}

impl EndStatus {
    /// Whether the enrollment ended by dropping out: 300 to 399. Source: KB-ENR.
    #[must_use]
    pub fn is_dropout(&self) -> bool {
        self.family() == Some(b'3')
    }

    /// Whether the enrollment ended by completing school: 400 to 499. Source: GD-2024-10; NL-2014-01.
    #[must_use]
    pub fn is_completion(&self) -> bool {
        self.family() == Some(b'4')
    }

    /// Whether the enrollment ended by a transfer or another continuing or neutral exit: 100 to 199.
    #[must_use]
    pub fn is_transfer_or_neutral(&self) -> bool {
        self.family() == Some(b'1')
    }

    fn family(&self) -> Option<u8> {
        match self.as_str().as_bytes() {
            [family, rest @ ..] if rest.len() == 2 && rest.iter().all(u8::is_ascii_digit) => Some(*family),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dictionary;

    #[test]
    fn each_enum_has_the_codes_of_its_table() {
        for (set, coded) in CODED {
            let table: Vec<&str> = Dictionary::built_in().code_set(set).unwrap().codes().collect();
            let mut table_sorted = table.clone();
            table_sorted.sort_unstable();
            let mut coded_sorted = coded.to_vec();
            coded_sorted.sort_unstable();
            assert_eq!(coded_sorted, table_sorted, "{set}");
        }
    }

    #[test]
    fn an_unknown_code_is_kept() {
        assert_eq!(String::from(Grade::from("13")), "13");
        assert_eq!(Grade::from("12"), Grade::Grade12);
        assert_eq!(EndStatus::from("155"), EndStatus::Other("155".into()));
    }

    #[test]
    fn families_of_end_status_at_their_edges() {
        for (code, transfer, dropout, completion) in [
            ("105", true, false, false),
            ("199", true, false, false),
            ("200", false, false, false),
            ("300", false, true, false),
            ("399", false, true, false),
            ("400", false, false, true),
            ("3xx", false, false, false),
            ("30", false, false, false),
            ("3000", false, false, false),
        ] {
            let status = EndStatus::from(code);
            assert_eq!(status.is_transfer_or_neutral(), transfer, "{code}");
            assert_eq!(status.is_dropout(), dropout, "{code}");
            assert_eq!(status.is_completion(), completion, "{code}");
        }
    }

    #[test]
    fn grades_rank_from_prekindergarten() {
        assert_eq!(Grade::Prekindergarten.rank(), Some(-1));
        assert_eq!(Grade::KindergartenHalfTime.rank(), Some(0));
        assert_eq!(Grade::Grade12.rank(), Some(12));
        assert_eq!(Grade::Ungraded.rank(), None);
        assert_eq!(Grade::from("7").rank(), None);
    }
}

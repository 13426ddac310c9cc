//! Grades, and the program in which pupils of a grade are counted.

use crate::{AnbError, BudgetProgram};
use opi_dictionary::BudgetUnitKind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A grade as collections write it: `PK`, `KF`, `01` to `12`; another code is kept as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(into = "String", from = "String")]
#[non_exhaustive]
pub enum Grade {
    /// Preschool.
    Preschool,
    /// Kindergarten.
    Kindergarten,
    /// Grades 1 to 12.
    Number(u8),
    /// A code that is none of these.
    Other(String),
}

impl From<String> for Grade {
    fn from(code: String) -> Self {
        match code.as_str() {
            "PK" => Grade::Preschool,
            "KF" => Grade::Kindergarten,
            other => match other.parse::<u8>() {
                Ok(number @ 1..=12) if other.len() == 2 => Grade::Number(number),
                _ => Grade::Other(code),
            },
        }
    }
}

impl From<Grade> for String {
    fn from(grade: Grade) -> String {
        grade.to_string()
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Grade::Preschool => f.pad("PK"),
            Grade::Kindergarten => f.pad("KF"),
            Grade::Number(number) => f.pad(&format!("{number:02}")),
            Grade::Other(code) => f.pad(code),
        }
    }
}

impl TryFrom<BudgetUnitKind> for BudgetProgram {
    type Error = AnbError;

    fn try_from(kind: BudgetUnitKind) -> Result<Self, AnbError> {
        BudgetProgram::ALL.into_iter().find(|program| program.word() == kind.as_str()).ok_or_else(|| {
            AnbError::unreadable(
                "kind of budget unit",
                kind.as_str(),
                "elementary, accredited_7_8 or high_school",
            )
        })
    }
}

impl BudgetProgram {
    /// The program in which pupils of a grade are counted: grade 6 is elementary, 7 and 8 are elementary unless
    /// their program is accredited. `None` for a code that is no grade. ARM 10.20.102(3); open question Q25.
    ///
    /// ```
    /// use opi_anb::{BudgetProgram, Grade};
    /// let seven = Grade::Number(7);
    /// assert_eq!(BudgetProgram::of_grade(&seven, true), Some(BudgetProgram::Accredited7To8));
    /// assert_eq!(BudgetProgram::of_grade(&seven, false), Some(BudgetProgram::Elementary));
    /// ```
    #[must_use]
    pub fn of_grade(grade: &Grade, accredited_7_8: bool) -> Option<Self> {
        match grade {
            Grade::Preschool | Grade::Kindergarten | Grade::Number(1..=6) => Some(BudgetProgram::Elementary),
            Grade::Number(7..=8) if accredited_7_8 => Some(BudgetProgram::Accredited7To8),
            Grade::Number(7..=8) => Some(BudgetProgram::Elementary),
            Grade::Number(9..=12) => Some(BudgetProgram::HighSchool),
            Grade::Number(_) | Grade::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_budget_unit_is_a_program() {
        for kind in BudgetUnitKind::ALL {
            assert_eq!(BudgetProgram::try_from(*kind).unwrap().word(), kind.as_str());
        }
    }

    #[test]
    fn grade_six_is_elementary_and_seven_only_when_not_accredited() {
        use BudgetProgram::{Accredited7To8, Elementary, HighSchool};
        let of = |number, accredited| BudgetProgram::of_grade(&Grade::Number(number), accredited);
        assert_eq!(
            [of(6, true), of(7, true), of(8, true)],
            [Some(Elementary), Some(Accredited7To8), Some(Accredited7To8)]
        );
        assert_eq!([of(8, false), of(9, false)], [Some(Elementary), Some(HighSchool)]);
        assert_eq!(BudgetProgram::of_grade(&Grade::Preschool, true), Some(Elementary));
        assert_eq!(BudgetProgram::of_grade(&Grade::Other("UG".into()), true), None);
    }

    #[test]
    fn grades_keep_unknown_codes() {
        for code in ["PK", "KF", "01", "12", "UG", "13", "1"] {
            assert_eq!(Grade::from(code.to_owned()).to_string(), code);
        }
        assert_eq!(Grade::from("13".to_owned()), Grade::Other("13".to_owned()));
    }
}

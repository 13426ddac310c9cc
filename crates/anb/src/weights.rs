//! The weight of one pupil by aggregate hours and program, under the rules on the counts of a school year.

use crate::{AnbError, Fraction, Interpretation, KindergartenWeight, Law, QuarterTime};
use opi_dictionary::SchoolYear;
use serde::{Deserialize, Serialize};

/// Bounds of the hour bands above quarter-time. MCA 20-9-311(4)(a).
const HALF_TIME: Fraction = Fraction::whole(360);
const THREE_QUARTER_TIME: Fraction = Fraction::whole(540);
const FULL_TIME: Fraction = Fraction::whole(720);
/// The least length of a jumpstart program. MCA 20-7-1804(3).
const JUMPSTART_WEEKS: u32 = 4;
const JUMPSTART_HOURS: Fraction = Fraction::whole(120);

/// The program in which a pupil is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PupilProgram {
    /// Grades 1 to 12.
    #[default]
    K12,
    /// Kindergarten of a half-time program.
    KindergartenHalfTime,
    /// Kindergarten of a full-time program.
    KindergartenFullTime,
    /// Preschool children of 3 and 4 in a special education program.
    PreschoolDisability,
    /// Preschool at the trustees' discretion.
    PreschoolDiscretionary,
    /// Early literacy, classroom-based.
    EarlyLiteracyClassroom,
    /// Early literacy, jumpstart in summer.
    EarlyLiteracyJumpstart,
    /// Early literacy, home-based.
    EarlyLiteracyHome,
}

impl PupilProgram {
    /// All programs.
    pub const ALL: [PupilProgram; 8] = [
        PupilProgram::K12,
        PupilProgram::KindergartenHalfTime,
        PupilProgram::KindergartenFullTime,
        PupilProgram::PreschoolDisability,
        PupilProgram::PreschoolDiscretionary,
        PupilProgram::EarlyLiteracyClassroom,
        PupilProgram::EarlyLiteracyJumpstart,
        PupilProgram::EarlyLiteracyHome,
    ];

    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            PupilProgram::K12 => "k12",
            PupilProgram::KindergartenHalfTime => "kindergarten_half_time",
            PupilProgram::KindergartenFullTime => "kindergarten_full_time",
            PupilProgram::PreschoolDisability => "preschool_disability",
            PupilProgram::PreschoolDiscretionary => "preschool_discretionary",
            PupilProgram::EarlyLiteracyClassroom => "early_literacy_classroom",
            PupilProgram::EarlyLiteracyJumpstart => "early_literacy_jumpstart",
            PupilProgram::EarlyLiteracyHome => "early_literacy_home",
        }
    }

    /// Whether it is a kindergarten.
    #[must_use]
    pub const fn is_kindergarten(self) -> bool {
        matches!(self, PupilProgram::KindergartenHalfTime | PupilProgram::KindergartenFullTime)
    }

    /// Whether it is a preschool program of any kind.
    #[must_use]
    pub const fn is_preschool(self) -> bool {
        matches!(
            self,
            PupilProgram::PreschoolDisability
                | PupilProgram::PreschoolDiscretionary
                | PupilProgram::EarlyLiteracyClassroom
        )
    }
}

/// How kindergarten is weighed in a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kindergarten {
    EveryPupilHalf,
    HalfTimeProgramHalf,
    Bands,
}

/// The rules on weights for the counts of one school year, read once from the timeline.
///
/// ```
/// use opi_anb::{Interpretation, Law, PupilProgram, WeightRules};
/// let rules = WeightRules::of(&Law::embedded()?, &Interpretation::default(), "2022-23".parse()?)?;
/// let weight = rules.weight(PupilProgram::KindergartenHalfTime, "300".parse()?, None)?;
/// assert_eq!(weight.to_string(), "1/2");
/// assert_eq!(rules.bands("300".parse()?).to_string(), "1/4");
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightRules {
    /// The school year of the counts.
    pub counts_of: SchoolYear,
    quarter_time_from: Fraction,
    kindergarten: Kindergarten,
    preschool_disability: bool,
    early_literacy: bool,
}

impl WeightRules {
    /// The rules for the counts of a school year.
    ///
    /// # Errors
    /// When the school year is before the first in which weights by aggregate hours are known.
    pub fn of(law: &Law, choices: &Interpretation, counts_of: SchoolYear) -> Result<Self, AnbError> {
        let timeline = &law.timeline;
        let bands = timeline.row("hour_bands")?;
        if !bands.holds(counts_of.end_year()) {
            return Err(AnbError::NoRule {
                what: "weights by aggregate hours".into(),
                year: counts_of,
                since: bands.first_year.map_or_else(String::new, |year| year.to_string()),
            });
        }
        let from_180 = match choices.quarter_time {
            QuarterTime::TimelineYear => "quarter_time_from_180",
            QuarterTime::LatestYear => "quarter_time_from_180__latest",
        };
        let from_180 = timeline.for_counts(from_180, counts_of)?;
        let kindergarten = match choices.kindergarten {
            KindergartenWeight::HourBands => Kindergarten::Bands,
            KindergartenWeight::RuleFormula
                if !timeline.for_counts("full_time_kindergarten", counts_of)? =>
            {
                Kindergarten::EveryPupilHalf
            }
            KindergartenWeight::RuleFormula
                if timeline.for_counts("half_time_kindergarten_half", counts_of)? =>
            {
                Kindergarten::HalfTimeProgramHalf
            }
            KindergartenWeight::RuleFormula => Kindergarten::Bands,
        };
        Ok(WeightRules {
            counts_of,
            quarter_time_from: Fraction::whole(if from_180 { 180 } else { 181 }),
            kindergarten,
            preschool_disability: timeline.for_counts("preschool_disability", counts_of)?,
            early_literacy: timeline.for_counts("early_literacy", counts_of)?,
        })
    }

    /// The lower bound of quarter-time: 180 hours, or 181 in the older text.
    #[must_use]
    pub const fn quarter_time_from(&self) -> Fraction {
        self.quarter_time_from
    }

    /// The weight by the hour bands: nothing, 1/4, 1/2, 3/4 or 1. MCA 20-9-311(4).
    #[must_use]
    pub fn bands(&self, hours: Fraction) -> Fraction {
        if hours >= FULL_TIME {
            Fraction::ONE
        } else if hours >= THREE_QUARTER_TIME {
            Fraction::THREE_QUARTERS
        } else if hours >= HALF_TIME {
            Fraction::HALF
        } else if hours >= self.quarter_time_from {
            Fraction::QUARTER
        } else {
            Fraction::ZERO
        }
    }

    /// The weight of kindergarten hours: one half in the years of the rule formula, else the bands.
    /// ARM 10.20.104(2)(a); 2007 HB 417; 2025 HB 24.
    #[must_use]
    pub fn kindergarten_weight(&self, half_time_program: bool, hours: Fraction) -> Fraction {
        match self.kindergarten_is_half(half_time_program) {
            true if hours < self.quarter_time_from => Fraction::ZERO,
            true => Fraction::HALF,
            false => self.bands(hours),
        }
    }

    const fn kindergarten_is_half(&self, half_time_program: bool) -> bool {
        match self.kindergarten {
            Kindergarten::EveryPupilHalf => true,
            Kindergarten::HalfTimeProgramHalf => half_time_program,
            Kindergarten::Bands => false,
        }
    }

    /// Whether pupils of the program count one half whatever their band.
    #[must_use]
    pub const fn counts_half(&self, program: PupilProgram) -> bool {
        match program {
            PupilProgram::KindergartenHalfTime => self.kindergarten_is_half(true),
            PupilProgram::KindergartenFullTime => self.kindergarten_is_half(false),
            _ => false,
        }
    }

    /// The weight of a jumpstart program: a quarter for 4 weeks and 120 hours. MCA 20-7-1804(3).
    #[must_use]
    pub fn jumpstart_weight(&self, hours: Fraction, weeks: u32) -> Fraction {
        if self.early_literacy && weeks >= JUMPSTART_WEEKS && hours >= JUMPSTART_HOURS {
            Fraction::QUARTER
        } else {
            Fraction::ZERO
        }
    }

    /// The weight of one pupil with these aggregate hours in a program.
    ///
    /// # Errors
    /// When hours are below zero, or a jumpstart program comes without its weeks.
    pub fn weight(
        &self,
        program: PupilProgram,
        hours: Fraction,
        weeks: Option<u32>,
    ) -> Result<Fraction, AnbError> {
        if hours.is_negative() {
            return Err(AnbError::range("hours", hours, "zero or more"));
        }
        Ok(match program {
            PupilProgram::K12 => self.bands(hours),
            PupilProgram::KindergartenHalfTime => self.kindergarten_weight(true, hours),
            PupilProgram::KindergartenFullTime => self.kindergarten_weight(false, hours),
            PupilProgram::PreschoolDisability if self.preschool_disability => self.bands(hours),
            PupilProgram::EarlyLiteracyClassroom if self.early_literacy => self.bands(hours),
            PupilProgram::EarlyLiteracyJumpstart => {
                let weeks = weeks.ok_or_else(|| {
                    AnbError::range("weeks", "nothing", "the weeks that the jumpstart program lasts")
                })?;
                self.jumpstart_weight(hours, weeks)
            }
            PupilProgram::PreschoolDisability
            | PupilProgram::EarlyLiteracyClassroom
            | PupilProgram::PreschoolDiscretionary
            | PupilProgram::EarlyLiteracyHome => Fraction::ZERO,
        })
    }

    /// The same without the rule that a kindergarten pupil is one half.
    ///
    /// # Errors
    /// As [`WeightRules::weight`].
    pub fn weight_by_bands(
        &self,
        program: PupilProgram,
        hours: Fraction,
        weeks: Option<u32>,
    ) -> Result<Fraction, AnbError> {
        let by_bands = WeightRules { kindergarten: Kindergarten::Bands, ..*self };
        by_bands.weight(program, hours, weeks)
    }
}

/// What one pupil weighs in all places together: never more than one. MCA 20-9-311(4)(e)(i).
///
/// # Errors
/// When a weight is below zero.
pub fn concurrent_total(weights: &[Fraction]) -> Result<Fraction, AnbError> {
    let mut sum = Fraction::ZERO;
    for weight in weights {
        if weight.is_negative() {
            return Err(AnbError::range("a weight", weight, "zero or more"));
        }
        sum = sum.plus(*weight)?;
    }
    Ok(sum.min(Fraction::ONE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(year: &str) -> WeightRules {
        WeightRules::of(&Law::embedded().unwrap(), &Interpretation::default(), year.parse().unwrap()).unwrap()
    }

    fn weigh(year: &str, program: PupilProgram, hours: &str) -> String {
        rules(year).weight(program, hours.parse().unwrap(), Some(4)).unwrap().to_string()
    }

    #[test]
    fn bands_at_below_and_above_each_bound() {
        let expected = [
            ("0", "0"),
            ("179.99", "0"),
            ("180", "1/4"),
            ("180.01", "1/4"),
            ("359.99", "1/4"),
            ("360", "1/2"),
            ("360.5", "1/2"),
            ("539.999", "1/2"),
            ("540", "3/4"),
            ("541", "3/4"),
            ("2159/3", "3/4"),
            ("720", "1"),
            ("721", "1"),
            ("99999", "1"),
        ];
        for (hours, weight) in expected {
            assert_eq!(weigh("2016-17", PupilProgram::K12, hours), weight, "{hours}");
        }
        for (hours, weight) in [("180", "0"), ("180.99", "0"), ("181", "1/4"), ("182", "1/4")] {
            assert_eq!(weigh("2015-16", PupilProgram::K12, hours), weight, "{hours} in the older text");
        }
    }

    #[test]
    fn kindergarten_through_the_years() {
        use PupilProgram::{KindergartenFullTime as Full, KindergartenHalfTime as Half};
        let table = [
            ("2006-07", Full, "720", "1/2"),
            ("2006-07", Half, "181", "1/2"),
            ("2006-07", Full, "180", "0"),
            ("2007-08", Full, "720", "1"),
            ("2007-08", Half, "720", "1/2"),
            ("2007-08", Half, "180", "0"),
            ("2015-16", Half, "180", "0"),
            ("2015-16", Half, "181", "1/2"),
            ("2016-17", Half, "180", "1/2"),
            ("2024-25", Half, "200", "1/2"),
            ("2025-26", Half, "200", "1/4"),
            ("2025-26", Half, "720", "1"),
        ];
        for (year, program, hours, weight) in table {
            assert_eq!(weigh(year, program, hours), weight, "{year} {program:?} {hours}");
        }
    }

    #[test]
    fn early_literacy_and_preschool_begin_in_their_years() {
        use PupilProgram::{EarlyLiteracyClassroom as Classroom, EarlyLiteracyJumpstart as Jumpstart};
        let table = [
            ("2023-24", Classroom, "720", "0"),
            ("2024-25", Classroom, "720", "1"),
            ("2024-25", Classroom, "359", "1/4"),
            ("2023-24", Jumpstart, "120", "0"),
            ("2024-25", Jumpstart, "120", "1/4"),
            ("2024-25", Jumpstart, "119.5", "0"),
            ("2024-25", Jumpstart, "720", "1/4"),
            ("2024-25", PupilProgram::PreschoolDisability, "720", "0"),
            ("2025-26", PupilProgram::PreschoolDisability, "180", "1/4"),
            ("2026-27", PupilProgram::PreschoolDiscretionary, "720", "0"),
            ("2026-27", PupilProgram::EarlyLiteracyHome, "720", "0"),
        ];
        for (year, program, hours, weight) in table {
            assert_eq!(weigh(year, program, hours), weight, "{year} {program:?} {hours}");
        }
        let three = rules("2024-25").weight(Jumpstart, "200".parse().unwrap(), Some(3)).unwrap();
        assert_eq!(three, Fraction::ZERO);
        assert!(rules("2024-25").weight(Jumpstart, "200".parse().unwrap(), None).is_err());
    }

    #[test]
    fn before_the_hour_bands_nothing_is_guessed() {
        let law = Law::embedded().unwrap();
        let early = WeightRules::of(&law, &Interpretation::default(), "2004-05".parse().unwrap());
        insta::assert_snapshot!(early.unwrap_err(),
            @"no rule is known for weights by aggregate hours in counts of 2004-05; known from 2006");
    }

    #[test]
    fn one_pupil_is_the_most() {
        let total = |weights: &[&str]| {
            let weights: Vec<Fraction> = weights.iter().map(|weight| weight.parse().unwrap()).collect();
            concurrent_total(&weights).unwrap().to_string()
        };
        assert_eq!(total(&["3/4", "1/4"]), "1");
        assert_eq!(total(&["3/4", "3/16"]), "15/16");
        assert_eq!(total(&["3/4", "1/2"]), "1");
        assert_eq!(total(&[]), "0");
        assert!(concurrent_total(&["-1/4".parse().unwrap()]).is_err());
    }
}

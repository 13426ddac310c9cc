//! From the answers on race and ethnicity to the reporting categories.
//!
//! Two editions of the question are known: the two-part question in force (72 FR 59266, 2007) and the
//! combined question of the revised federal standard (89 FR 22182, 2024), which no education guidance
//! has adopted yet. The roll-up is a total function of edition and answers.

use opi_dictionary::Citation;
use serde::{Deserialize, Serialize};

/// One race, or ethnicity where the question is combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Race {
    /// American Indian or Alaska Native.
    #[serde(rename = "AM7")]
    AmericanIndian,
    /// Asian.
    #[serde(rename = "AS7")]
    Asian,
    /// Black or African American.
    #[serde(rename = "BL7")]
    Black,
    /// Native Hawaiian or Pacific Islander.
    #[serde(rename = "PI7")]
    PacificIslander,
    /// White.
    #[serde(rename = "WH7")]
    White,
    /// Middle Eastern or North African: an answer of the combined question only.
    #[serde(rename = "MENA")]
    MiddleEastern,
}

impl Race {
    /// All races, in the order of their codes.
    pub const ALL: [Race; 6] = [
        Race::AmericanIndian,
        Race::Asian,
        Race::Black,
        Race::PacificIslander,
        Race::White,
        Race::MiddleEastern,
    ];

    /// The race with this federal code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Race> {
        Race::ALL.into_iter().find(|race| race.code() == code)
    }

    /// The federal code of the race when it is the only one.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Race::AmericanIndian => "AM7",
            Race::Asian => "AS7",
            Race::Black => "BL7",
            Race::PacificIslander => "PI7",
            Race::White => "WH7",
            Race::MiddleEastern => "MENA",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Race::AmericanIndian => 1,
            Race::Asian => 2,
            Race::Black => 4,
            Race::PacificIslander => 8,
            Race::White => 16,
            Race::MiddleEastern => 32,
        }
    }
}

/// A set of races as a student answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RaceSet(u8);

impl RaceSet {
    /// No race on record.
    pub const NONE: RaceSet = RaceSet(0);

    /// The set with this race too.
    #[must_use]
    pub const fn with(self, race: Race) -> RaceSet {
        RaceSet(self.0 | race.bit())
    }

    /// Whether the race was answered.
    #[must_use]
    pub const fn contains(self, race: Race) -> bool {
        self.0 & race.bit() != 0
    }

    /// How many races were answered.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    fn only(self) -> Option<Race> {
        if self.count() == 1 { Race::ALL.into_iter().find(|race| self.contains(*race)) } else { None }
    }
}

impl FromIterator<Race> for RaceSet {
    fn from_iter<I: IntoIterator<Item = Race>>(races: I) -> Self {
        races.into_iter().fold(RaceSet::NONE, RaceSet::with)
    }
}

/// Which question was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RaceQuestion {
    /// Ethnicity yes or no, then races: in use since 2010-11.
    #[default]
    TwoPart2007,
    /// One question with Hispanic or Latino and Middle Eastern or North African among the answers.
    Combined2024,
}

impl RaceQuestion {
    /// Where the edition comes from.
    #[must_use]
    pub const fn citation(self) -> Citation {
        match self {
            RaceQuestion::TwoPart2007 => Citation::sourced("72 FR 59266"),
            RaceQuestion::Combined2024 => Citation::sourced("89 FR 22182"),
        }
    }
}

/// The seven categories and the unknown: Hispanic of any race wins, one race is itself, more are two or
/// more, none is `MISSING`.
///
/// Answers to the combined question are bridged to the seven: Middle Eastern or North African counts as
/// White, as the standard before the revision defined it (our reading, `derived`).
///
/// ```
/// use opi_edfacts::{Race, RaceQuestion, RaceSet, federal7};
/// let both: RaceSet = [Race::AmericanIndian, Race::White].into_iter().collect();
/// assert_eq!(federal7(RaceQuestion::TwoPart2007, false, both), "MU7");
/// assert_eq!(federal7(RaceQuestion::TwoPart2007, true, both), "HI7");
/// assert_eq!(federal7(RaceQuestion::TwoPart2007, false, RaceSet::NONE), "MISSING");
/// ```
#[must_use]
pub fn federal7(question: RaceQuestion, hispanic: bool, races: RaceSet) -> &'static str {
    let bridged = match question {
        RaceQuestion::Combined2024 if races.contains(Race::MiddleEastern) => {
            RaceSet(races.0 & !Race::MiddleEastern.bit()).with(Race::White)
        }
        _ => races,
    };
    if hispanic {
        return "HI7";
    }
    match (bridged.count(), bridged.only()) {
        (0, _) => crate::MISSING,
        (_, Some(Race::MiddleEastern)) => crate::MISSING,
        (_, Some(race)) => race.code(),
        _ => "MU7",
    }
}

/// The categories of the revised standard, one for each answer and one for several.
#[must_use]
pub fn combined2024(hispanic: bool, races: RaceSet) -> &'static str {
    match (hispanic, races.count(), races.only()) {
        (false, 0, _) => crate::MISSING,
        (true, 0, _) => "Hispanic or Latino",
        (false, _, Some(race)) => match race {
            Race::AmericanIndian => "American Indian or Alaska Native",
            Race::Asian => "Asian",
            Race::Black => "Black or African American",
            Race::PacificIslander => "Native Hawaiian or Pacific Islander",
            Race::White => "White",
            Race::MiddleEastern => "Middle Eastern or North African",
        },
        _ => "Multiracial and/or Multiethnic",
    }
}

/// Whether any answer names American Indian or Alaska Native: the larger number, which state payments use.
#[must_use]
pub const fn any_american_indian(races: RaceSet) -> bool {
    races.contains(Race::AmericanIndian)
}

/// How a state groups races for accountability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MajorRaces {
    /// Asian and Pacific Islander apart.
    #[default]
    Detailed,
    /// Asian and Pacific Islander as one group.
    AsianPacific,
}

impl MajorRaces {
    /// The code of a federal category among the major groups; `MISSING` stays `MISSING`.
    #[must_use]
    pub fn convert(self, federal: &'static str) -> &'static str {
        match (federal, self) {
            ("AM7", _) => "MAN",
            ("AS7" | "PI7", MajorRaces::AsianPacific) => "MAP",
            ("AS7", MajorRaces::Detailed) => "MA",
            ("PI7", MajorRaces::Detailed) => "MNP",
            ("BL7", _) => "MB",
            ("HI7", _) => "MHL",
            ("MU7", _) => "MM",
            ("WH7", _) => "MW",
            _ => crate::MISSING,
        }
    }

    /// The codes that the state uses: those for which zero rows are made.
    #[must_use]
    pub const fn codes(self) -> &'static [&'static str] {
        match self {
            MajorRaces::Detailed => &["MA", "MAN", "MB", "MHL", "MM", "MNP", "MW"],
            MajorRaces::AsianPacific => &["MAN", "MAP", "MB", "MHL", "MM", "MW"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_official_examples_and_all_answers_roll_up() {
        let two = RaceQuestion::TwoPart2007;
        let set = |races: &[Race]| races.iter().copied().collect::<RaceSet>();
        assert_eq!(federal7(two, true, set(&[Race::Asian])), "HI7");
        assert_eq!(federal7(two, true, set(&[Race::Asian, Race::Black])), "HI7");
        assert_eq!(federal7(two, false, set(&[Race::PacificIslander])), "PI7");
        assert_eq!(federal7(two, false, set(&[Race::AmericanIndian, Race::White])), "MU7");
        for bits in 0..32u8 {
            let races = RaceSet(bits);
            assert_eq!(federal7(two, true, races), "HI7");
            let plain = federal7(two, false, races);
            match races.count() {
                0 => assert_eq!(plain, "MISSING"),
                1 => assert!(["AM7", "AS7", "BL7", "PI7", "WH7"].contains(&plain)),
                _ => assert_eq!(plain, "MU7"),
            }
        }
        let combined = RaceQuestion::Combined2024;
        assert_eq!(federal7(combined, false, set(&[Race::MiddleEastern])), "WH7");
        assert_eq!(federal7(combined, false, set(&[Race::MiddleEastern, Race::White])), "WH7");
        assert_eq!(federal7(combined, false, set(&[Race::MiddleEastern, Race::Black])), "MU7");
    }
}

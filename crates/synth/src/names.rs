//! Names that nobody bears: plants, minerals, weather.
//!
//! Names of persons come from a numbering, not from chance: two persons never share last name, first name and
//! birth date, however large the state.

use crate::SynthError;
use crate::geography::{Geography, SchoolKind};
use crate::random::{coprime_from, mul_add_mod};
use crate::tables::Tables;
use opi_dictionary::LegalEntityKind;

/// How many children of one household get names of their own.
pub(crate) const CHILDREN: u64 = 3;
/// Cohorts of six years make a household: children two years apart, two households side by side.
const COHORTS: u64 = 6;

/// The numbering of households and names.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    words: Vec<String>,
    endings: Vec<String>,
    places: Vec<String>,
    last_names: u64,
    last_multiplier: u64,
    place_multiplier: u64,
    blocks: u64,
    shared_households: u64,
    /// How many times the first names are gone through; birth dates tell the rounds apart.
    pub(crate) rounds: u64,
}

/// A household: who is of one last name, race, language and income.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Household {
    pub(crate) number: u64,
    pub(crate) child: u64,
}

impl Names {
    pub(crate) fn new(
        tables: &Tables,
        geography: &Geography,
        years: u32,
        persons: u64,
    ) -> Result<Self, SynthError> {
        let (words, endings) = (tables.words.clone(), tables.name_endings.clone());
        let blocks = (u64::from(years) + 15) / COHORTS + 2;
        let shared_households = geography.family_columns * blocks * 2 * 4;
        let last_names = (words.len() * (endings.len() + 1)) as u64;
        let wraps = (shared_households + persons).div_ceil(last_names.max(1));
        let rounds = (wraps * CHILDREN).div_ceil((words.len() as u64).max(1));
        if rounds > 90 {
            return Err(SynthError::Plan {
                problem: "there are too few names for so many students".to_owned(),
            });
        }
        let places = tables.place_endings.clone();
        let place_count = (words.len() * places.len()) as u64;
        Ok(Names {
            last_multiplier: coprime_from(last_names * 618 / 1000, last_names),
            place_multiplier: coprime_from(place_count * 382 / 1000, place_count),
            words,
            endings,
            places,
            last_names,
            blocks,
            shared_households,
            rounds,
        })
    }

    /// The household that children of one column and of near cohorts share. `cohort` counts from the oldest.
    pub(crate) fn shared_household(&self, column: u64, cohort: u64, profile: u64) -> Household {
        let position = cohort + column % COHORTS;
        let side = position % 2;
        let block = (position / COHORTS).min(self.blocks.saturating_sub(1));
        let number = ((column * self.blocks + block) * 2 + side) * 4 + profile;
        Household { number, child: position % COHORTS / 2 }
    }

    /// The household of somebody without siblings in school.
    pub(crate) fn single_household(&self, person: u64) -> Household {
        Household { number: self.shared_households + person, child: 0 }
    }

    pub(crate) fn last_name(&self, household: Household) -> String {
        let index = mul_add_mod(household.number, self.last_multiplier, 0, self.last_names);
        let words = (self.words.len() as u64).max(1);
        let word = self.word(index % words);
        match (index / words).checked_sub(1).and_then(|ending| self.endings.get(ending as usize)) {
            Some(ending) => format!("{word}-{ending}"),
            None => word.to_owned(),
        }
    }

    /// The first name and the round of names it belongs to.
    pub(crate) fn first_name(&self, household: Household) -> (&str, u64) {
        let last = household.number % self.last_names.max(1);
        let step = household.number / self.last_names.max(1) * CHILDREN + household.child;
        let words = (self.words.len() as u64).max(1);
        // A household's children take names far apart in the list.
        let stride = coprime_from(words * 618 / 1000, words);
        (self.word((last * 7 + step % words * stride) % words), step / words)
    }

    pub(crate) fn word(&self, index: u64) -> &str {
        self.words.get(index as usize).map_or("", String::as_str)
    }

    pub(crate) fn word_count(&self) -> u32 {
        u32::try_from(self.words.len()).unwrap_or(u32::MAX)
    }

    /// The place after which a district is named; no two share one.
    pub(crate) fn place(&self, district: u32) -> String {
        let (words, places) = ((self.words.len() as u64).max(1), (self.places.len() as u64).max(1));
        let index = mul_add_mod(u64::from(district), self.place_multiplier, 0, words * places);
        let ending = self.places.get((index / words) as usize).map_or("", String::as_str);
        format!("{} {ending}", self.word(index % words))
    }

    pub(crate) fn entity(&self, district: u32, kind: LegalEntityKind) -> String {
        let place = self.place(district);
        match kind {
            LegalEntityKind::Elementary => format!("{place} Elem"),
            LegalEntityKind::HighSchool => format!("{place} H S"),
            LegalEntityKind::K12 => format!("{place} K-12"),
            _ => format!("{place} State School"),
        }
    }

    /// A school's name, and another one when the district has several of the kind.
    pub(crate) fn school(&self, district: u32, kind: SchoolKind, nth: usize) -> String {
        let place = match nth {
            0 => self.place(district),
            _ => self
                .word((u64::from(district) * 31 + nth as u64 * 17) % (self.words.len() as u64).max(1))
                .to_owned(),
        };
        match kind {
            SchoolKind::Elementary => format!("{place} Elementary"),
            SchoolKind::Rural => format!("{place} School"),
            SchoolKind::Isolated => format!("{place} Outlying School"),
            SchoolKind::Seven8 => format!("{place} 7-8"),
            SchoolKind::Middle => format!("{place} Middle School"),
            SchoolKind::High => format!("{place} High School"),
            SchoolKind::State => format!("{place} State School"),
        }
    }
}

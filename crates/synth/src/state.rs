//! A state before anything is written: its plan, its places, and what follows from its seed.

use crate::SynthError;
use crate::calendars::YearCalendar;
use crate::geography::Geography;
use crate::names::Names;
use crate::places::Place;
use crate::random::{Purpose, Seed, coprime_from};
use crate::tables::{Profile, Rates, Tables};
use opi_dictionary::SchoolYear;

/// What state to invent. The same plan gives the same bytes on every platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many different students have an enrollment in each year, over the whole state.
    pub students: u64,
    /// How many school years in a row.
    pub years: u32,
    /// The last of them.
    pub last_year: SchoolYear,
    /// From which number everything is drawn.
    pub seed: u64,
}

/// An invented state. It holds districts and schools, not students: a student is worked out when asked for.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) plan: Plan,
    pub(crate) first_year: i32,
    pub(crate) seed: Seed,
    pub(crate) tables: Tables,
    pub(crate) geography: Geography,
    pub(crate) names: Names,
    pub(crate) ids: Ids,
    pub(crate) defect_kinds: std::sync::Arc<Vec<crate::DefectKind>>,
    offsets: Vec<u64>,
}

/// The multipliers by which numbers of persons become ids.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    pub(crate) state_multiplier: u64,
    pub(crate) state_shift: u64,
    pub(crate) local_modulus: u64,
    pub(crate) local_multiplier: u64,
}

/// State ids run from 000000001 to 999999998.
pub(crate) const STATE_IDS: u64 = 999_999_998;
/// More persons than this would leave too few ids unused to look like a real register.
const MOST_PERSONS: u64 = 900_000_000;

impl State {
    /// Lays out a state.
    ///
    /// # Errors
    /// When the plan has no student, no year, or more than ids and four-digit numbers allow.
    pub fn new(plan: Plan) -> Result<Self, SynthError> {
        let refuse = |problem: &str| Err(SynthError::Plan { problem: problem.to_owned() });
        if plan.students == 0 || plan.years == 0 {
            return refuse("a state needs at least one student and one year");
        }
        let persons =
            plan.students.checked_mul(u64::from(plan.years)).filter(|persons| *persons <= MOST_PERSONS);
        let Some(persons) = persons else {
            return refuse(
                "students times years must not be above 900,000,000, for state ids have nine digits",
            );
        };
        let first_year =
            plan.last_year.end_year() - i32::try_from(plan.years).unwrap_or(i32::MAX).saturating_sub(1);
        SchoolYear::ending(first_year)?;
        let (seed, tables) = (Seed::new(plan.seed), Tables::built_in()?);
        let geography = Geography::new(plan.students, &seed, &tables)?;
        let names = Names::new(&tables, &geography, plan.years, persons)?;
        let mut stream = seed.stream(Purpose::State, 0);
        let local_modulus = (persons * 3).max(9_000);
        let ids = Ids {
            state_multiplier: coprime_from(STATE_IDS / 3 + stream.number() % (STATE_IDS / 3), STATE_IDS),
            state_shift: stream.number() % STATE_IDS,
            local_modulus,
            local_multiplier: coprime_from(
                local_modulus / 2 + stream.number() % (local_modulus / 3),
                local_modulus,
            ),
        };
        // Where the exchanges of each year, grade and season start.
        let offsets = (0..u64::from(plan.years) * 28)
            .map(|index| seed.stream(Purpose::Moves, index).number() % 100_000);
        let offsets = offsets.collect();
        let defect_kinds = std::sync::Arc::new(crate::defect_kinds()?);
        Ok(State { plan, first_year, seed, tables, geography, names, ids, defect_kinds, offsets })
    }

    /// The plan it was made from.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// The school years, in order.
    pub fn years(&self) -> impl Iterator<Item = SchoolYear> + '_ {
        (self.first_year..=self.plan.last_year.end_year()).filter_map(|year| SchoolYear::ending(year).ok())
    }

    pub(crate) fn year_index(&self, year: i32) -> u64 {
        u64::try_from(year - self.first_year).unwrap_or(0)
    }

    pub(crate) fn offset(&self, year: i32, grade: usize, season: u64) -> u64 {
        let index = self.year_index(year) * 28 + season * 14 + grade as u64;
        self.offsets.get(index as usize).copied().unwrap_or(0)
    }

    pub(crate) fn profile_at(&self, place: Place, year: i32) -> Profile {
        let school =
            self.school_at(place, year).and_then(|school| self.geography.schools.get(school as usize));
        school.map_or(Profile::General, |school| school.profile)
    }

    pub(crate) fn profile_of(&self, school: u32) -> Profile {
        self.geography.schools.get(school as usize).map_or(Profile::General, |school| school.profile)
    }

    pub(crate) fn rates_at(&self, place: Place, year: i32) -> &Rates {
        self.tables.rates(self.profile_at(place, year))
    }

    /// The calendar that the schools of a district share in a year.
    pub(crate) fn calendar(&self, district: u32, year: SchoolYear) -> Result<YearCalendar, SynthError> {
        let home = self.geography.districts.get(district as usize);
        let home =
            home.ok_or_else(|| SynthError::Plan { problem: format!("there is no district {district}") })?;
        YearCalendar::new((district, home), year, &self.seed, &self.tables)
    }
}

//! What belongs to a person, from a first appearance on: name, birth, race, programs.

use crate::geography::NINTH;
use crate::names::Household;
use crate::places::Origin;
use crate::random::{Purpose, Stream, mul_add_mod};
use crate::state::{STATE_IDS, State};
use crate::tables::Profile;
use chrono::{Datelike, Days, NaiveDate};
use opi_dictionary::{BirthDate, LocalId, PersonName, StateId};

/// Meals under the school lunch program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meals {
    /// Free meals.
    Free,
    /// Meals at a reduced price.
    Reduced,
    /// At full price.
    Full,
}

/// The federal race flags, in the order of the demographics file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Races {
    /// American Indian or Alaska Native.
    pub american_indian: bool,
    /// Asian.
    pub asian: bool,
    /// Black or African American.
    pub black: bool,
    /// Native Hawaiian or Other Pacific Islander.
    pub pacific_islander: bool,
    /// White.
    pub white: bool,
}

/// An invented student: what stays the same from year to year.
#[derive(Clone, Debug)]
pub struct Person {
    /// A number below students times years: unique in the state.
    pub number: u64,
    /// The state id.
    pub state_id: StateId,
    /// The last name.
    pub last_name: PersonName,
    /// The first name.
    pub first_name: PersonName,
    /// A middle name.
    pub middle_name: Option<PersonName>,
    /// A suffix of the code set `name-suffix`.
    pub suffix: Option<String>,
    /// Male or female.
    pub male: bool,
    /// The date of birth.
    pub birth_date: BirthDate,
    /// The answer to the first part of the two-part question.
    pub hispanic: bool,
    /// The answers to the second part.
    pub races: Races,
    /// The number of the household; siblings share it.
    pub household: u64,
    /// The home language of an English learner, or of a former one.
    pub language: Option<String>,
    /// From which grade on a former English learner is one no more (0 is PK).
    pub language_exit_grade: usize,
    /// The disability of a student with an IEP.
    pub disability: Option<String>,
    /// Whether there is a Section 504 plan.
    pub section_504: bool,
    /// What the household is entitled to.
    pub meals: Meals,
    /// The household's connection to the armed forces; `None` for no connection.
    pub military: Option<String>,
    /// Whether the student is in foster care.
    pub foster: bool,
    /// Whether the student is a migrant child.
    pub migrant: bool,
    /// Evaluated for, and identified as, gifted and talented.
    pub gifted: (bool, bool),
    /// The start status of a newcomer.
    pub came_as: String,
    /// When an immigrant child entered a school of the country.
    pub immigrant_since: Option<NaiveDate>,
    /// Whether this is a foreign exchange student.
    pub exchange_student: bool,
    /// Whether a kindergartner under five was admitted by the board.
    pub admitted_under_five: bool,
}

const FROM_ABROAD: &str = "07";

impl State {
    fn person_stream(&self, origin: Origin) -> Stream {
        self.seed.stream(Purpose::Person, self.person_number(origin))
    }

    /// The start status with which a newcomer came; drawn first, so that it can be asked for alone.
    fn came_as(&self, origin: Origin, stream: &mut Stream) -> (&str, bool) {
        let code = stream
            .weighted(self.tables.codes("start_newcomer"), |code| code.1)
            .map_or("", |code| code.0.as_str());
        let rates = self.rates_at(origin.place, origin.year);
        let grade = origin.place.grade;
        let exchange = (NINTH + 1..=NINTH + 2).contains(&grade) && stream.happens(rates.exchange_student);
        (code, exchange && code == FROM_ABROAD && self.came_from_outside(origin))
    }

    /// Whether a person's first appearance was as a newcomer.
    pub(crate) fn came_from_outside(&self, origin: Origin) -> bool {
        origin.place.grade > 1
            && (origin.year > self.first_year || self.draw(origin.year, origin.place).newcomer)
    }

    pub(crate) fn is_exchange_student(&self, origin: Origin) -> bool {
        self.came_as(origin, &mut self.person_stream(origin)).1
    }

    /// The household of a person, and whether chance gives siblings.
    fn household(&self, origin: Origin, profile: Profile, siblings: bool) -> Household {
        let grade = origin.place.grade;
        let pre = self.geography.columns(origin.place.region, 0);
        let first = origin.year == self.first_year;
        // Later on only new kindergartners join households: everybody else would take a brother's name.
        let joins = siblings && (first || grade == 0 || grade == 1 && origin.place.column >= pre);
        if !joins {
            return self.names.single_household(self.person_number(origin));
        }
        let region = self.geography.regions.get(origin.place.region as usize);
        let column = region.map_or(0, |region| region.first_column) + u64::from(origin.place.column);
        let cohort = self.year_index(origin.year) + (crate::geography::GRADES - 1 - grade) as u64;
        self.names.shared_household(column, cohort, profile as u64)
    }

    /// Works out a person.
    pub(crate) fn person(&self, origin: Origin) -> Option<Person> {
        let number = self.person_number(origin);
        let profile = self.profile_at(origin.place, origin.year);
        let rates = self.tables.rates(profile);
        let mut own = self.person_stream(origin);
        let (came_as, exchange_student) = self.came_as(origin, &mut own);
        let household = self.household(origin, profile, own.happens(rates.sibling) && !exchange_student);
        let (first_name, round) = self.names.first_name(household);

        let mut family = self.seed.stream(Purpose::Family, household.number);
        let race = family.weighted(self.tables.races(profile), |row| row.weight)?;
        let speaks = family.happens(rates.english_learner_family);
        let language = family.weighted(self.tables.languages(profile), |row| row.weight).filter(|_| speaks);
        let meals = match family.below(10_000) {
            roll if roll < rates.free_meals => Meals::Free,
            roll if roll < rates.free_meals + rates.reduced_meals => Meals::Reduced,
            _ => Meals::Full,
        };
        let serves = family.happens(rates.military);
        let military = family.weighted(self.tables.codes("military"), |code| code.1).filter(|_| serves);
        let migrant = family.happens(rates.migrant);

        let male = own.happens(rates.male);
        let (birth, under_five) = self.birth(origin, round, &mut own);
        let middle = own.below(self.names.word_count());
        let middle_name = own.happens(rates.middle_name).then(|| self.names.word(u64::from(middle)));
        let suffix = own.weighted(self.tables.codes("suffix"), |code| code.1).cloned();
        let suffix = suffix.filter(|_| own.happens(rates.suffix) && male).map(|code| code.0);
        let mut exit = 1;
        while exit < 14 && !own.happens(rates.english_learner_exit_per_grade) {
            exit += 1;
        }
        let grade = origin.place.grade;
        // Who was here before the first year has learned English for some years already.
        let newly = grade <= 1 || self.came_from_outside(origin);
        let disability = own.weighted(self.tables.codes("disability"), |code| code.1).cloned();
        let disability = disability.filter(|_| own.happens(rates.special_education)).map(|code| code.0);
        let section_504 = own.happens(rates.section_504) && disability.is_none();
        let foster = own.happens(rates.foster);
        let evaluated = own.happens(rates.gifted_evaluated);
        let gifted = (evaluated, evaluated && own.happens(rates.gifted_identified));
        let abroad = came_as == FROM_ABROAD && self.came_from_outside(origin) && !exchange_student;
        let before = u64::from(20 + own.below(300));
        let immigrant_since = (abroad && own.happens(rates.abroad_immigrant))
            .then(|| {
                NaiveDate::from_ymd_opt(origin.year - 1, 8, 15)
                    .and_then(|day| day.checked_sub_days(Days::new(before)))
            })
            .flatten();
        let name = |text: &str| text.parse::<PersonName>().ok();
        Some(Person {
            number,
            state_id: self.state_id(number)?,
            last_name: name(&self.names.last_name(household))?,
            first_name: name(first_name)?,
            middle_name: middle_name.and_then(name),
            suffix,
            male,
            birth_date: BirthDate::new(birth),
            hispanic: race.hispanic == "Y",
            races: Races {
                american_indian: race.flags.contains('A'),
                asian: race.flags.contains('S'),
                black: race.flags.contains('B'),
                pacific_islander: race.flags.contains('P'),
                white: race.flags.contains('W'),
            },
            household: household.number,
            language: language.map(|row| row.language.clone()).filter(|_| !exchange_student),
            language_exit_grade: if newly { grade } else { grade.saturating_sub(3) } + 1 + exit / 2,
            disability,
            section_504,
            meals,
            military: military.map(|code| code.0.clone()).filter(|_| !exchange_student),
            foster,
            migrant,
            gifted,
            came_as: came_as.to_owned(),
            immigrant_since,
            exchange_student,
            admitted_under_five: under_five && own.happens(rates.board_admitted),
        })
    }

    /// A birth date that fits the grade: its year runs from September 11 to September 10.
    fn birth(&self, origin: Origin, round: u64, stream: &mut Stream) -> (NaiveDate, bool) {
        let grade = origin.place.grade;
        let rates = self.rates_at(origin.place, origin.year);
        let roll = stream.below(10_000);
        let older = match roll {
            roll if roll < rates.older_by_two => 2,
            roll if roll < rates.older_by_two + rates.older_by_one => 1,
            _ => 0,
        };
        let older = if grade < 2 { 0 } else { older };
        let under_five = grade == 1 && stream.happens(rates.under_five);
        let youngest =
            origin.year - 1 - (i32::try_from(grade).unwrap_or(0) - 1) - 5 - older + i32::from(under_five);
        // The day of the birth year: its remainder by the rounds of names tells namesakes apart.
        let rounds = u32::try_from(self.names.rounds).unwrap_or(1).max(1);
        let span = if under_five { 90 } else { 365 };
        let offset = u64::from(stream.below(span / rounds)) * u64::from(rounds) + round;
        let first = NaiveDate::from_ymd_opt(youngest - 1, 9, 11).unwrap_or_default();
        (first + Days::new(offset), under_five)
    }

    fn state_id(&self, number: u64) -> Option<StateId> {
        let step = |number| mul_add_mod(number, self.ids.state_multiplier, self.ids.state_shift, STATE_IDS);
        // Ids of one digit repeated are no ids: they are left out of the numbering, and a step that ends on
        // one goes on to the next, so that two persons never meet.
        const REPEATED: u64 = 111_111_111;
        let mut value = step(number + number / (REPEATED - 1));
        while (value + 1) % REPEATED == 0 {
            value = step(value);
        }
        StateId::from_number(u32::try_from(value + 1).ok()?)
    }

    /// A state id that no person of the state has.
    pub(crate) fn stranger(&self, index: u64) -> Option<String> {
        let persons = self.plan.students * u64::from(self.plan.years);
        let id = self.state_id(persons + index % 90_000_000)?;
        Some(id.reveal().to_owned())
    }

    /// The number that a district gives to a student: its own numbering, from 1000 on.
    pub(crate) fn local_id(&self, person: u64, district: u32) -> Option<LocalId> {
        let shift = u64::from(district) * 7_919 % self.ids.local_modulus;
        let value = mul_add_mod(person, self.ids.local_multiplier, shift, self.ids.local_modulus);
        (value + 1_000).to_string().parse().ok()
    }

    /// Whether a child is under five on September 10 of the school year that ends in `year`.
    pub(crate) fn under_five(person: &Person, year: i32) -> bool {
        let birth = person.birth_date.reveal();
        let turns_five = birth.year() + 5;
        (turns_five, birth.month(), birth.day()) > (year - 1, 9, 10)
    }
}

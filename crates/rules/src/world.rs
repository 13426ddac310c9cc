//! The references that rules look things up in, compiled for one run: schools, calendars, count dates.

use crate::cell::{grade_index, grade_level};
use crate::{Collection, Parameters, RegisterFacts, StateTables};
use chrono::{Datelike, NaiveDate};
use hashbrown::{HashMap, HashSet};
use opi_dictionary::{Calendar, Dictionary, Directory, DistrictNumber, SchoolKey, SchoolYear};
use rust_decimal::Decimal;

/// Which count a date belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Count {
    /// October.
    Fall,
    /// February.
    Spring,
    /// The test window.
    TestWindow,
}

/// A count date as a district set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountDate {
    /// The district; `None` for all.
    pub district: Option<DistrictNumber>,
    /// The count.
    pub count: Count,
    /// The day.
    pub day: NaiveDate,
}

/// What rules may look up beside the files: everything but the year and the day is optional, and a rule that
/// needs what is missing is skipped and listed.
#[derive(Clone, Debug)]
pub struct References<'a> {
    /// The dictionary.
    pub dictionary: &'a Dictionary,
    /// The school year that is checked.
    pub year: SchoolYear,
    /// The day on which it is checked: "today".
    pub as_of: NaiveDate,
    /// Districts, schools and calendars.
    pub directory: Option<&'a Directory>,
    /// The district that uploads.
    pub uploader: Option<DistrictNumber>,
    /// The collection that is checked; `None` for all but the closing of the year.
    pub collection: Option<Collection>,
    /// Whether the collection is to be certified with these files.
    pub certifying: bool,
    /// Count dates as set by districts. Without one, the statutory date in the school's calendar is taken.
    pub count_dates: Vec<CountDate>,
    /// Stored facts about students.
    pub facts: RegisterFacts,
    /// Tables of the state or the district.
    pub tables: StateTables,
}

impl<'a> References<'a> {
    /// Nothing but the year and the day.
    #[must_use]
    pub fn new(dictionary: &'a Dictionary, year: SchoolYear, as_of: NaiveDate) -> Self {
        References {
            dictionary,
            year,
            as_of,
            directory: None,
            uploader: None,
            collection: None,
            certifying: false,
            count_dates: Vec::new(),
            facts: RegisterFacts::default(),
            tables: StateTables::default(),
        }
    }
}

/// A school open in the year.
#[derive(Clone, Debug)]
pub(crate) struct School {
    /// A bit a grade; 0 when the grades are not known.
    pub(crate) grades: u32,
}

/// A calendar of the year.
#[derive(Clone, Debug)]
pub(crate) struct Days {
    pub(crate) district: u16,
    pub(crate) first: i32,
    pub(crate) last: i32,
    /// A bit a grade; 0 when the grades are not known.
    pub(crate) grades: u32,
    /// Yearly hours in hundredths by grade index; 0 when not known.
    pub(crate) hours: [u32; 17],
    /// Instruction days in order.
    days: Vec<i32>,
    bits: [u64; 6],
    july_1: i32,
    fall: Option<i32>,
    spring: Option<i32>,
}

impl Days {
    fn new(calendar: &Calendar, dictionary: &Dictionary) -> Self {
        let key = calendar.key();
        let july_1 = key.year.first_day().num_days_from_ce();
        let days: Vec<i32> =
            calendar.instruction_days().days().iter().map(|day| day.num_days_from_ce()).collect();
        let mut bits = [0; 6];
        for day in &days {
            let offset = day.wrapping_sub(july_1) as usize;
            if let Some(word) = bits.get_mut(offset / 64) {
                *word |= 1u64 << (offset % 64);
            }
        }
        let (mut grades, mut hours) = (0, [0; 17]);
        for (grade, offered) in calendar.hours() {
            let index = grade_index(crate::cell::code(grade.as_str()));
            grades |= 1u32.checked_shl(u32::from(index)).unwrap_or(0);
            let hundredths = (offered * Decimal::ONE_HUNDRED).trunc();
            if let Some(slot) = hours.get_mut(usize::from(index)) {
                *slot = u32::try_from(hundredths).unwrap_or(0);
            }
        }
        let statutory = |name: &str| {
            let day = dictionary.statutory_date(name, key.year, calendar.instruction_days());
            day.ok().map(|day| day.num_days_from_ce())
        };
        Days {
            district: key.school.district.number() as u16,
            first: calendar.first_day().num_days_from_ce(),
            last: calendar.last_day().num_days_from_ce(),
            grades,
            hours,
            days,
            bits,
            july_1,
            fall: statutory("fall_count"),
            spring: statutory("spring_count"),
        }
    }

    #[inline]
    pub(crate) fn is_instruction_day(&self, day: i32) -> bool {
        let offset = day.wrapping_sub(self.july_1) as usize;
        self.bits.get(offset / 64).is_some_and(|word| word >> (offset % 64) & 1 == 1)
    }

    /// Instruction days from the first day to the last, both included.
    pub(crate) fn count(&self, first: i32, last: i32) -> usize {
        let from = self.days.partition_point(|day| *day < first);
        let to = self.days.partition_point(|day| *day <= last);
        to.saturating_sub(from)
    }

    /// The first instruction day after a day.
    pub(crate) fn next_after(&self, day: i32) -> Option<i32> {
        self.days.get(self.days.partition_point(|known| *known <= day)).copied()
    }

    pub(crate) fn days(&self) -> &[i32] {
        &self.days
    }

    pub(crate) fn statutory(&self, count: Count) -> Option<i32> {
        match count {
            Count::Fall => self.fall,
            Count::Spring => self.spring,
            Count::TestWindow => None,
        }
    }
}

/// Everything that rules look up in one run.
pub struct World<'a> {
    pub(crate) references: &'a References<'a>,
    pub(crate) parameters: Parameters,
    pub(crate) year: SchoolYear,
    pub(crate) as_of: i32,
    pub(crate) year_first: i32,
    pub(crate) year_last: i32,
    pub(crate) september_10: i32,
    pub(crate) has_directory: bool,
    pub(crate) has_calendars: bool,
    /// By number: unknown, not active, active.
    districts: Vec<Option<bool>>,
    schools: HashMap<u32, School>,
    calendars: HashMap<u64, u32>,
    days: Vec<Days>,
    legal_entities: HashMap<u16, u16>,
    count_dates: Vec<(Option<u16>, Count, i32)>,
    /// Start statuses that were retired, with their last day.
    pub(crate) retired_start_statuses: Vec<(i64, i32)>,
    pub(crate) withdrawal: HashSet<u16>,
    pub(crate) transfer_between_districts: HashSet<u16>,
    pub(crate) transfer_in_state: HashSet<u16>,
    pub(crate) transfer_out_of_state: HashSet<u16>,
    /// By school, the day from which an enrollment of last year counts as last summer's.
    last_summer: HashMap<u32, i32>,
}

/// End statuses as numbers.
fn numbers(codes: &std::collections::BTreeSet<String>) -> HashSet<u16> {
    codes.iter().filter_map(|code| code.trim().parse().ok()).collect()
}

fn school_key(district: u16, school: u16) -> u32 {
    u32::from(district) << 16 | u32::from(school)
}

fn calendar_key(district: u16, school: u16, calendar: u16) -> u64 {
    u64::from(school_key(district, school)) << 16 | u64::from(calendar)
}

impl<'a> World<'a> {
    pub(crate) fn new(references: &'a References<'a>, parameters: Parameters) -> Self {
        let year = references.year;
        let day = |month, day| year.day(month, day).map_or(0, |day| day.num_days_from_ce());
        let mut world = World {
            references,
            parameters,
            year,
            as_of: references.as_of.num_days_from_ce(),
            year_first: day(7, 1),
            year_last: day(6, 30),
            september_10: day(9, 10),
            has_directory: references.directory.is_some_and(|directory| directory.schools().next().is_some()),
            has_calendars: false,
            districts: vec![None; 10_000],
            schools: HashMap::new(),
            calendars: HashMap::new(),
            days: Vec::new(),
            legal_entities: HashMap::new(),
            count_dates: Vec::new(),
            retired_start_statuses: Vec::new(),
            withdrawal: numbers(&references.tables.withdrawal),
            transfer_between_districts: numbers(&references.tables.transfer_between_districts),
            transfer_in_state: numbers(&references.tables.transfer_in_state),
            transfer_out_of_state: numbers(&references.tables.transfer_out_of_state),
            last_summer: HashMap::new(),
        };
        if let Ok(set) = references.dictionary.code_set("enrollment-start-status") {
            let retired = set.entries.iter().filter_map(|entry| Some((entry, entry.last_day?)));
            world.retired_start_statuses.extend(
                retired.map(|(entry, last)| (crate::cell::code(&entry.code), last.num_days_from_ce())),
            );
        }
        for date in &references.count_dates {
            let district = date.district.map(|district| district.number() as u16);
            world.count_dates.push((district, date.count, date.day.num_days_from_ce()));
        }
        if let Some(directory) = references.directory {
            world.read_directory(directory);
        }
        world
    }

    fn read_directory(&mut self, directory: &Directory) {
        let number = |school: SchoolKey| (school.district.number() as u16, school.school.number() as u16);
        for district in directory.districts() {
            let system = district.number.number() as u16;
            if let Some(slot) = self.districts.get_mut(usize::from(system)) {
                *slot = Some(district.exists(self.year));
            }
            for entity in &district.entities {
                self.legal_entities.insert(entity.number.number() as u16, system);
            }
        }
        for school in directory.schools().filter(|school| school.years.contains(self.year)) {
            let grades = school
                .grades
                .iter()
                .filter(|grade| grade.years.contains(self.year))
                .map(|grade| grade_index(crate::cell::code(grade.grade.as_str())))
                .fold(0, |bits, index| bits | 1u32.checked_shl(u32::from(index)).unwrap_or(0));
            let (district, school) = number(school.key);
            self.schools.insert(school_key(district, school), School { grades });
        }
        for calendar in directory.calendars().filter(|calendar| calendar.key().year == self.year) {
            let key = calendar.key();
            let (district, school) = number(key.school);
            let index = self.days.len() as u32;
            self.calendars.insert(calendar_key(district, school, key.calendar.number() as u16), index);
            self.days.push(Days::new(calendar, self.references.dictionary));
        }
        self.has_calendars = !self.days.is_empty();
        let before = self.year.previous().ok();
        let count = self.parameters.summer_instruction_days as usize;
        for calendar in directory.calendars().filter(|calendar| Some(calendar.key().year) == before) {
            let (district, school) = number(calendar.key().school);
            let days = calendar.instruction_days().days();
            let from = days.get(days.len().saturating_sub(count)).map(|day| day.num_days_from_ce());
            let slot = self.last_summer.entry(school_key(district, school)).or_insert(i32::MAX);
            *slot = from.map_or(*slot, |from| from.min(*slot));
        }
    }

    /// The day from which an enrollment of last year counts as last summer's: the first of the last instruction days
    /// of the year before, or 60 days before July where its calendar is not known.
    pub(crate) fn last_summer(&self, district: u16, school: u16) -> i32 {
        self.last_summer.get(&school_key(district, school)).copied().unwrap_or(self.year_first - 60)
    }

    /// Whether the district exists and is active; `None` when no directory was given.
    pub(crate) fn district_is_active(&self, district: u16) -> Option<bool> {
        if self.has_directory { Some(self.known_district(district).unwrap_or(false)) } else { None }
    }

    #[inline]
    fn known_district(&self, number: u16) -> Option<bool> {
        self.districts.get(usize::from(number)).copied().flatten()
    }

    /// Whether the number is that of a legal entity and of no district.
    pub(crate) fn is_legal_entity_only(&self, number: u16) -> bool {
        self.known_district(number).is_none() && self.legal_entities.contains_key(&number)
    }

    pub(crate) fn school(&self, district: u16, school: u16) -> Option<&School> {
        self.schools.get(&school_key(district, school))
    }

    #[inline]
    pub(crate) fn calendar(&self, district: u16, school: u16, calendar: u16) -> Option<&Days> {
        let index = self.calendars.get(&calendar_key(district, school, calendar))?;
        self.days.get(*index as usize)
    }

    pub(crate) fn calendars_of(&self, district: u16) -> impl Iterator<Item = &Days> {
        self.days.iter().filter(move |days| days.district == district)
    }

    /// The count date that a district set.
    pub(crate) fn set_count_date(&self, count: Count, district: u16) -> Option<i32> {
        let of = |wanted: Option<u16>| {
            self.count_dates
                .iter()
                .find(|(known, kind, _)| *kind == count && *known == wanted)
                .map(|date| date.2)
        };
        of(Some(district)).or_else(|| of(None))
    }

    /// The count date for a calendar: as the district set it, else by law.
    pub(crate) fn count_date(&self, count: Count, district: u16, calendar: Option<&Days>) -> Option<i32> {
        self.set_count_date(count, district).or_else(|| calendar?.statutory(count))
    }

    pub(crate) fn has_count_dates(&self) -> bool {
        !self.count_dates.is_empty() || self.has_calendars
    }

    /// Whether a set of grades holds a grade; kindergarten is one grade, however long its day.
    pub(crate) fn holds_grade(grades: u32, grade: u8) -> bool {
        let bit = |index: u8| grades >> index & 1 == 1;
        match grade_level(grade) {
            Some(0) if grade == crate::cell::KG => bit(1) || bit(2) || bit(3),
            Some(0) => bit(grade) || bit(crate::cell::KG),
            _ => bit(grade.min(31)),
        }
    }

    /// Age in whole years on a day.
    pub(crate) fn age(birth: i32, day: i32) -> Option<i32> {
        let birth = NaiveDate::from_num_days_from_ce_opt(birth)?;
        let day = NaiveDate::from_num_days_from_ce_opt(day)?;
        opi_dictionary::age_on(birth, day).map(|age| age as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{KG, KH};

    const KF: u8 = 2;

    #[test]
    fn kindergarten_is_one_grade_however_long_its_day() {
        for (offered, grade, holds) in [
            (KG, KG, true),
            (KF, KG, true),
            (KH, KG, true),
            (KG, KF, true),
            (KG, KH, true),
            (KF, KF, true),
            (KH, KF, false),
            (KF, KH, false),
            (10, KG, false),
            (10, KH, false),
            (10, 10, true),
            (10, 11, false),
            (KG, 10, false),
        ] {
            assert_eq!(World::holds_grade(1 << offered, grade), holds, "{offered} offered, {grade} asked");
        }
    }
}

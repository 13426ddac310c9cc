//! Where the state's pupils sit: regions, districts, schools, and how many places each grade has.
//!
//! A *region* is one high school's neighbourhood: a school system and the independent elementary districts
//! that feed it. In each grade it has *columns*; a place is a region, a grade and a column. Whoever holds a
//! place moves up its column year by year, so that everything about a place can be worked out from its
//! number alone, without holding the state.

use crate::SynthError;
use crate::random::{Purpose, Seed, square_root};
use crate::tables::{Profile, RuralKind, RuralRow, SystemKind, SystemRow, Tables};
use opi_dictionary::LegalEntityKind;

/// Grades are counted from prekindergarten: 0 is PK, 1 kindergarten, 13 grade 12.
pub(crate) const GRADES: usize = 14;
const KINDERGARTEN: usize = 1;
const SEVENTH: usize = 8;
/// The place of grade 9 among the grades.
pub(crate) const NINTH: usize = 10;
/// The place of grade 12 among the grades.
pub(crate) const TWELFTH: usize = 13;

/// The number of students at which the tables of systems hold as they stand (school-year.md section 4).
const FULL_SCALE: u64 = 147_000;
/// Beyond this many times the full scale districts grow instead of multiplying: numbers have four digits.
const MOST_TIMES: u64 = 12;
const PPM: u64 = 1_000_000;

/// A legal district.
#[derive(Clone, Debug)]
pub(crate) struct Entity {
    pub(crate) district: u32,
    pub(crate) kind: LegalEntityKind,
}

/// A school system.
#[derive(Clone, Debug)]
pub(crate) struct District {
    pub(crate) county: u32,
    pub(crate) profile: Profile,
    /// Pupils expected, to tell small districts from large ones.
    pub(crate) pupils: u64,
    pub(crate) schools: Vec<u32>,
    pub(crate) half_day_kindergarten: bool,
}

/// What a school teaches, for its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SchoolKind {
    Elementary,
    Rural,
    Isolated,
    Seven8,
    Middle,
    High,
    State,
}

/// A school.
#[derive(Clone, Debug)]
pub(crate) struct School {
    pub(crate) district: u32,
    pub(crate) entity: u32,
    pub(crate) kind: SchoolKind,
    pub(crate) profile: Profile,
    /// The first and the last grade, both included.
    pub(crate) grades: (usize, usize),
    /// Whether grades 7 and 8 are an accredited program.
    pub(crate) accredited: bool,
    /// Whether it is a budget unit of its own.
    pub(crate) separate: bool,
    /// Another school of the district with the same grades.
    pub(crate) sister: Option<u32>,
    pub(crate) title_one: TitleOne,
}

/// How a school serves pupils under Title I.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TitleOne {
    No,
    Targeted,
    Schoolwide,
}

/// A neighbourhood with its own high school.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    pub(crate) first_district: u32,
    pub(crate) last_district: u32,
    /// How many places each grade has.
    pub(crate) columns: [u32; GRADES],
    /// The number of the first place of the region in the state, and of its first column.
    pub(crate) first_place: u64,
    pub(crate) first_column: u64,
    /// For each grade the schools that teach it, by cumulative weight.
    shares: [Shares; GRADES],
    /// The fewest places that the grades to 8, and from 9 on, have.
    steady: [u32; 2],
}

#[derive(Clone, Debug, Default)]
struct Shares {
    /// Cumulative weight and school.
    schools: Vec<(u64, u32)>,
    /// The weight of the independent elementary districts, who stand first.
    rural: u64,
}

/// The places and schools of a state.
#[derive(Clone, Debug)]
pub(crate) struct Geography {
    pub(crate) regions: Vec<Region>,
    pub(crate) districts: Vec<District>,
    pub(crate) entities: Vec<Entity>,
    pub(crate) schools: Vec<School>,
    /// For each grade, the number of the first place of each region within the grade, and the total.
    pub(crate) grade_starts: Vec<Vec<u64>>,
    pub(crate) places: u64,
    pub(crate) family_columns: u64,
}

/// A system or rural district before its schools are laid out.
struct Plan<'a> {
    system: Option<&'a SystemRow>,
    pupils: u64,
    profile: Profile,
    isolated: bool,
    feeders: Vec<(&'a RuralRow, u64, Profile)>,
}

impl Geography {
    pub(crate) fn new(students: u64, seed: &Seed, tables: &Tables) -> Result<Self, SynthError> {
        let plans = plans(students, tables);
        let total: u64 = plans.iter().map(Plan::weight).sum();
        let mut geography = Geography {
            regions: Vec::new(),
            districts: Vec::new(),
            entities: Vec::new(),
            schools: Vec::new(),
            grade_starts: Vec::new(),
            places: students,
            family_columns: 0,
        };
        let (mut before, mut first_place) = (0u64, 0u64);
        for (index, plan) in plans.iter().enumerate() {
            // Cumulative shares, so that the regions add up to the students exactly.
            let upto = share(before + plan.weight(), students, total);
            let pupils = upto - share(before, students, total);
            before += plan.weight();
            let county = 1 + u32::try_from(index * 56 / plans.len()).unwrap_or(0);
            geography.lay_out(plan, pupils, county, first_place, seed, tables)?;
            first_place = upto;
        }
        for grade in 0..GRADES {
            let mut start = 0u64;
            let mut starts = Vec::with_capacity(geography.regions.len() + 1);
            for region in &geography.regions {
                starts.push(start);
                start += u64::from(region.columns.get(grade).copied().unwrap_or(0));
            }
            starts.push(start);
            geography.grade_starts.push(starts);
        }
        Ok(geography)
    }

    fn lay_out(
        &mut self,
        plan: &Plan<'_>,
        pupils: u64,
        county: u32,
        first_place: u64,
        seed: &Seed,
        tables: &Tables,
    ) -> Result<(), SynthError> {
        let region = u32::try_from(self.regions.len()).unwrap_or(u32::MAX);
        let first_district = self.district_count();
        let weight = plan.weight().max(1);
        let scaled = |part: u64| share(part, pupils, weight);
        let mut shares: [Shares; GRADES] = Default::default();
        for (row, feeder, profile) in &plan.feeders {
            let district = self.add_district(county, *profile, scaled(*feeder));
            let entity = self.add_entity(district, LegalEntityKind::Elementary);
            let spans: &[(usize, usize, bool)] = match row.kind {
                RuralKind::TwoSchool => &[(KINDERGARTEN, 7, false), (SEVENTH, 9, true)],
                RuralKind::OneRoom | RuralKind::K8 | RuralKind::Colony => &[(KINDERGARTEN, 9, false)],
            };
            for (first, last, accredited) in spans {
                let kind = if *accredited { SchoolKind::Seven8 } else { SchoolKind::Rural };
                let school = self.add_school(entity, kind, *profile, (*first, *last), *accredited);
                self.share_out(&mut shares, school, feeder * 13, true);
            }
        }
        if let Some(system) = plan.system {
            self.lay_out_system(plan, system, county, scaled(plan.pupils), &mut shares);
        } else {
            let district = self.add_district(county, plan.profile, pupils);
            let entity = self.add_entity(district, LegalEntityKind::StateOperated);
            let school = self.add_school(entity, SchoolKind::State, plan.profile, (SEVENTH, TWELFTH), false);
            self.share_out(&mut shares, school, 1, false);
        }
        let columns = columns(pupils, &shares, tables, u64::from(region));
        let smallest = |grades: &[u32]| grades.iter().copied().min().unwrap_or(0);
        let (lower, upper) = columns.split_at(NINTH);
        let steady = [smallest(lower.get(KINDERGARTEN..).unwrap_or_default()), smallest(upper)];
        let first_column = self.family_columns;
        self.family_columns += u64::from(columns.iter().copied().max().unwrap_or(0));
        let last_district = self.district_count();
        for district in first_district..last_district {
            self.finish(district, seed, tables);
        }
        if self.district_count() > 4000 || self.entities.len() > 5900 {
            return Err(SynthError::Plan {
                problem: "more districts than four-digit numbers allow".to_owned(),
            });
        }
        self.regions.push(Region {
            first_district,
            last_district,
            columns,
            first_place,
            first_column,
            shares,
            steady,
        });
        Ok(())
    }

    fn lay_out_system(
        &mut self,
        plan: &Plan<'_>,
        row: &SystemRow,
        county: u32,
        pupils: u64,
        shares: &mut [Shares; GRADES],
    ) {
        let profile = plan.profile;
        let district = self.add_district(county, profile, pupils);
        let (lower, upper) = match row.kind {
            SystemKind::K12 => {
                let entity = self.add_entity(district, LegalEntityKind::K12);
                (Some(entity), entity)
            }
            SystemKind::CountyHigh => (None, self.add_entity(district, LegalEntityKind::HighSchool)),
            SystemKind::SmallTown | SystemKind::Town | SystemKind::City => {
                let entity = self.add_entity(district, LegalEntityKind::Elementary);
                (Some(entity), self.add_entity(district, LegalEntityKind::HighSchool))
            }
        };
        let needed = |grades: u64, size: u32| {
            if size == 0 { 1 } else { (pupils * grades / 13).div_ceil(u64::from(size)).max(1) }
        };
        if let Some(entity) = lower {
            let middle = row.middle_size > 0;
            let last = if middle { 6 } else { 7 };
            let many = needed(u64::from(last as u32), row.elementary_size);
            for index in 0..many {
                let first = if index == 0 { 0 } else { KINDERGARTEN };
                let school = self.add_school(entity, SchoolKind::Elementary, profile, (first, last), false);
                // The system's schools differ in size by up to a third.
                self.share_out(
                    shares,
                    school,
                    plan.pupils * 9 * (7 + index * 5 % 7) / (10 * many).max(1),
                    false,
                );
            }
            if plan.isolated {
                let school =
                    self.add_school(entity, SchoolKind::Isolated, profile, (KINDERGARTEN, last), false);
                if let Some(school) = self.schools.get_mut(school as usize) {
                    school.separate = true;
                }
                self.share_out(shares, school, plan.pupils * 9 * 8 / 100, false);
            }
            let (kind, first) = if middle { (SchoolKind::Middle, 7) } else { (SchoolKind::Seven8, SEVENTH) };
            let many = needed(if middle { 3 } else { 2 }, row.middle_size);
            for _ in 0..many {
                let school = self.add_school(entity, kind, profile, (first, 9), true);
                self.share_out(shares, school, plan.pupils * 9 / many, false);
            }
        }
        let many = needed(4, row.high_size);
        for index in 0..many {
            let school = self.add_school(upper, SchoolKind::High, profile, (NINTH, TWELFTH), false);
            self.share_out(shares, school, (8 + index * 3 % 5) * 100, false);
        }
    }

    fn district_count(&self) -> u32 {
        u32::try_from(self.districts.len()).unwrap_or(u32::MAX)
    }

    fn add_district(&mut self, county: u32, profile: Profile, pupils: u64) -> u32 {
        let index = self.district_count();
        let schools = Vec::new();
        self.districts.push(District { county, profile, pupils, schools, half_day_kindergarten: false });
        index
    }

    fn add_entity(&mut self, district: u32, kind: LegalEntityKind) -> u32 {
        self.entities.push(Entity { district, kind });
        u32::try_from(self.entities.len() - 1).unwrap_or(u32::MAX)
    }

    fn add_school(
        &mut self,
        entity: u32,
        kind: SchoolKind,
        profile: Profile,
        grades: (usize, usize),
        accredited: bool,
    ) -> u32 {
        let index = u32::try_from(self.schools.len()).unwrap_or(u32::MAX);
        let district = self.entities.get(entity as usize).map_or(0, |entity| entity.district);
        if let Some(district) = self.districts.get_mut(district as usize) {
            district.schools.push(index);
        }
        let (separate, sister, title_one) = (false, None, TitleOne::No);
        self.schools.push(School {
            district,
            entity,
            kind,
            profile,
            grades,
            accredited,
            separate,
            sister,
            title_one,
        });
        index
    }

    /// Gives a school its weight in each of its grades.
    fn share_out(&self, shares: &mut [Shares; GRADES], school: u32, weight: u64, rural: bool) {
        let Some((first, last)) = self.schools.get(school as usize).map(|school| school.grades) else {
            return;
        };
        for share in shares.iter_mut().take(last + 1).skip(first) {
            let before = share.schools.last().map_or(0, |(cumulative, _)| *cumulative);
            share.schools.push((before + weight.max(1), school));
            if rural {
                share.rural = before + weight.max(1);
            }
        }
    }

    /// Sister schools, Title I and kindergarten hours of a district.
    fn finish(&mut self, district: u32, seed: &Seed, tables: &Tables) {
        let Some(home) = self.districts.get_mut(district as usize) else { return };
        let mut stream = seed.stream(Purpose::Geography, u64::from(district));
        let rates = tables.rates(home.profile);
        home.half_day_kindergarten = stream.happens(rates.half_day_kindergarten);
        let indices = home.schools.clone();
        for (place, index) in indices.iter().enumerate() {
            let grades = self.schools.get(*index as usize).map(|school| school.grades);
            let others = indices.iter().cycle().skip(place + 1).take(indices.len().saturating_sub(1));
            let sister = others
                .copied()
                .find(|other| self.schools.get(*other as usize).map(|school| school.grades) == grades);
            let Some(school) = self.schools.get_mut(*index as usize) else { continue };
            school.sister = sister.filter(|_| school.kind == SchoolKind::High);
            school.title_one = if school.kind == SchoolKind::State {
                TitleOne::No
            } else if stream.happens(rates.schoolwide) {
                TitleOne::Schoolwide
            } else if stream.happens(rates.targeted_school) {
                TitleOne::Targeted
            } else {
                TitleOne::No
            };
        }
    }

    /// The school at a place in the school year that ends in `year`.
    pub(crate) fn school_at(&self, region: u32, grade: usize, column: u32, year: i32) -> Option<u32> {
        let region = self.regions.get(region as usize)?;
        let shares = region.shares.get(grade)?;
        let total = shares.schools.last()?.0;
        let steady = region.steady.get(usize::from(grade >= NINTH)).copied().unwrap_or(0);
        // Who starts together stays together: the borders between schools depend on the cohort.
        let cohort = i64::from(year) - grade as i64;
        let phase = (cohort * 40_503).rem_euclid(1 << 16) as u64;
        let point = if column < steady {
            share((u64::from(column) << 16) + phase, total, u64::from(steady) << 16)
        } else {
            // The few places beyond what every grade has belong to the system's own schools.
            let own = if shares.rural < total { shares.rural } else { 0 };
            own + share((u64::from(column - steady) * 40_503 + phase) & 0xffff, total - own, 1 << 16)
        };
        let index = shares.schools.partition_point(|(cumulative, _)| *cumulative <= point);
        shares.schools.get(index).map(|(_, school)| *school)
    }

    /// The first place of the region within its grade, counted over the state.
    pub(crate) fn grade_start(&self, grade: usize, region: u32) -> u64 {
        self.grade_starts.get(grade).and_then(|starts| starts.get(region as usize)).copied().unwrap_or(0)
    }

    /// How many places the grade has in the state.
    pub(crate) fn grade_total(&self, grade: usize) -> u64 {
        self.grade_starts.get(grade).and_then(|starts| starts.last()).copied().unwrap_or(0)
    }

    /// How many places the grade has in the region.
    pub(crate) fn columns(&self, region: u32, grade: usize) -> u32 {
        self.regions.get(region as usize).and_then(|region| region.columns.get(grade)).copied().unwrap_or(0)
    }

    /// The region and column of a place counted over the state within its grade.
    pub(crate) fn place_of(&self, grade: usize, ordinal: u64) -> Option<(u32, u32)> {
        let starts = self.grade_starts.get(grade)?;
        let region = starts.partition_point(|start| *start <= ordinal).checked_sub(1)?;
        let column = ordinal.checked_sub(*starts.get(region)?)?;
        (region + 1 < starts.len()).then_some((u32::try_from(region).ok()?, u32::try_from(column).ok()?))
    }
}

impl Plan<'_> {
    /// Pupils of kindergarten to grade 12; nine of thirteen grades are taught in the feeding districts.
    fn weight(&self) -> u64 {
        self.pupils + self.feeders.iter().map(|(_, pupils, _)| pupils * 13 / 9).sum::<u64>()
    }
}

/// `part` of `total` as a share of `of`, rounded down; 0 when the total is.
fn share(part: u64, of: u64, total: u64) -> u64 {
    (u128::from(part) * u128::from(of)).checked_div(u128::from(total)).map_or(0, |share| share as u64)
}

/// Which regions there are, how large, and which rural districts feed them.
fn plans<'a>(students: u64, tables: &'a Tables) -> Vec<Plan<'a>> {
    let scale = students * PPM / FULL_SCALE;
    let times = if scale >= PPM {
        scale.min(MOST_TIMES * PPM)
    } else {
        square_root(scale * square_root(scale * PPM))
    };
    let times_of = |count: u32| (u64::from(count) * times + PPM / 2) / PPM;
    // Below the full scale sizes draw together, so that small states still have every kind of school.
    let size = |largest: u32, smallest: u32, index: u64, count: u64| {
        let down = 2 * (count - index) - 1;
        let plain =
            u64::from(smallest) + u64::from(largest - smallest) * down * down / (4 * count * count).max(1);
        let full = scale.min(PPM);
        (plain * full + square_root(plain * 300) * (PPM - full)) / PPM
    };
    let most_regions = (students / 60).max(1);
    let mut systems: Vec<&SystemRow> = tables.systems.iter().collect();
    systems.sort_by_key(|row| row.priority);
    systems.truncate(usize::try_from(most_regions).unwrap_or(usize::MAX));
    let mut plans: Vec<(u64, Plan<'a>)> = Vec::new();
    for row in systems {
        let count = times_of(row.count).max(1);
        for index in 0..count {
            let reservation = row.reservation_every > 0 && index % u64::from(row.reservation_every) == 2;
            let profile = match row.kind {
                SystemKind::City => Profile::City,
                _ if reservation => Profile::Reservation,
                _ => Profile::General,
            };
            let pupils = if row.kind == SystemKind::CountyHigh {
                0
            } else {
                size(row.largest, row.smallest, index, count)
            };
            let isolated = row.kind == SystemKind::SmallTown && index % 9 == 4;
            // Spread the kinds evenly over the state.
            let position = (2 * index + 1) * PPM / (2 * count);
            plans
                .push((position, Plan { system: Some(row), pupils, profile, isolated, feeders: Vec::new() }));
        }
    }
    plans.sort_by_key(|(position, plan)| (*position, plan.system.map(|row| row.kind)));
    let mut plans: Vec<Plan<'a>> = plans.into_iter().map(|(_, plan)| plan).collect();
    attach_rural(&mut plans, students, tables, &times_of, &size);
    if plans.len() >= 5 {
        let count = times_of(2).max(1);
        plans.extend((0..count).map(|_| Plan {
            system: None,
            pupils: size(80, 40, 0, 1),
            profile: Profile::General,
            isolated: false,
            feeders: Vec::new(),
        }));
    }
    plans
}

fn attach_rural<'a>(
    plans: &mut [Plan<'a>],
    students: u64,
    tables: &'a Tables,
    times_of: &impl Fn(u32) -> u64,
    size: &impl Fn(u32, u32, u64, u64) -> u64,
) {
    let mut rows: Vec<&RuralRow> = tables.rural.iter().collect();
    rows.sort_by_key(|row| row.priority);
    rows.truncate(usize::try_from(students / 40).unwrap_or(usize::MAX));
    let mut feeders = Vec::new();
    for row in rows {
        let count = times_of(row.count).max(1);
        feeders.extend((0..count).map(|index| {
            let position = (2 * index + 1) * PPM / (2 * count);
            (position, row, size(row.largest, row.smallest, index, count))
        }));
    }
    feeders.sort_by_key(|(position, row, _)| (*position, row.priority));
    // A county high school needs a larger district to feed it; the rest go where the towns draw them.
    let mut counties =
        plans.iter_mut().filter(|plan| plan.system.is_some_and(|row| row.kind == SystemKind::CountyHigh));
    feeders.retain(|(_, row, pupils)| {
        let county = if row.kind == RuralKind::TwoSchool { counties.next() } else { None };
        match county {
            Some(plan) => {
                plan.feeders.push((row, *pupils, plan.profile));
                false
            }
            None => true,
        }
    });
    let attraction = |plan: &Plan<'_>| plan.system.map_or(0, |row| u64::from(row.attraction));
    let total: u64 = plans.iter().map(attraction).sum();
    let count = feeders.len() as u64;
    for (index, (_, row, pupils)) in feeders.into_iter().enumerate() {
        let mut point = (2 * index as u64 + 1) * total / (2 * count).max(1);
        let home = plans.iter_mut().find(|plan| {
            let here = attraction(plan);
            let found = point < here;
            point = point.saturating_sub(here);
            found
        });
        if let Some(plan) = home {
            let profile = match (row.kind, plan.profile) {
                (RuralKind::Colony, _) => Profile::Colony,
                (_, Profile::Reservation) => Profile::Reservation,
                _ => Profile::General,
            };
            plan.feeders.push((row, pupils, profile));
        }
    }
}

/// How many places each grade of a region has: shares of the state's grades, adding up exactly.
fn columns(pupils: u64, shares: &[Shares; GRADES], tables: &Tables, region: u64) -> [u32; GRADES] {
    let weight = |grade: usize| {
        let row = tables.grades.get(grade).map_or(0, |row| u64::from(row.weight));
        if shares.get(grade).is_some_and(|share| share.schools.is_empty()) { 0 } else { row }
    };
    let total: u64 = (0..GRADES).map(weight).sum();
    // The rounding starts elsewhere in each region, so that small ones differ.
    let phase = share((region * 40_503) & 0xffff, total, 1 << 16);
    let upto = |sum: u64| {
        (u128::from(sum) * u128::from(pupils) + u128::from(phase)).checked_div(u128::from(total)).unwrap_or(0)
    };
    let mut columns = [0u32; GRADES];
    let mut sum = 0u64;
    for (grade, column) in columns.iter_mut().enumerate() {
        let before = upto(sum);
        sum += weight(grade);
        *column = u32::try_from(upto(sum) - before).unwrap_or(u32::MAX);
    }
    columns
}

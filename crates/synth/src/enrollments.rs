//! Enrollments: what the events of a year mean for the rows of a district.

use crate::SynthError;
use crate::calendars::YearCalendar;
use crate::geography::{GRADES, School, TWELFTH, TitleOne};
use crate::people::Person;
use crate::places::{Arrival, Draw, Event, Occupant, Origin, Place};
use crate::random::Purpose;
use crate::state::State;
use chrono::{Datelike, Days, NaiveDate};
use opi_dictionary::SchoolYear;
use std::collections::BTreeMap;

/// What a diploma row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diploma {
    /// When it was earned.
    pub date: NaiveDate,
    /// A code of `diploma-type`.
    pub kind: String,
    /// A code of `diploma-period`.
    pub period: String,
}

/// One enrollment: first and last day are both days of instruction on which the student is enrolled.
#[derive(Clone, Debug)]
pub struct Enrollment {
    /// The index of the school in the state.
    pub(crate) school: u32,
    /// The grade level code.
    pub grade: String,
    /// The first day enrolled.
    pub first_day: NaiveDate,
    /// The last day enrolled.
    pub last_day: NaiveDate,
    /// A code of `enrollment-start-status`.
    pub start_status: String,
    /// A code of `enrollment-end-status`.
    pub end_status: String,
    /// `P`, `S` or `N`.
    pub service: char,
    /// Expected, and never came.
    pub no_show: bool,
    /// The band of aggregate hours, a code of `aggregate-hours`.
    pub hours: char,
    /// The diploma of a graduate.
    pub diploma: Option<Diploma>,
    /// When grade 9 began, for grades 9 to 12.
    pub ninth: Option<NaiveDate>,
    /// Why a dropout left.
    pub dropout_reason: Option<String>,
}

/// A student's place in the English learner program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanguageProgram {
    /// A code of `el-program-status`.
    pub status: &'static str,
    /// When the student was identified as an English learner.
    pub identified: Option<NaiveDate>,
    /// When the student left the program.
    pub left: Option<NaiveDate>,
    /// Whether the parents refused the service.
    pub declined: bool,
}

impl LanguageProgram {
    /// Whether the student is an English learner this year.
    #[must_use]
    pub fn is_learner(&self) -> bool {
        self.status == LEARNER
    }
}

const LEARNER: &str = "EL";
const EXITED: &str = "Exited EL";
const NOT_A_LEARNER: &str = "Not EL";
/// For how many years former English learners are watched.
const MONITORED_YEARS: usize = 4;

/// What a student is and does in one year.
#[derive(Clone, Debug)]
pub struct PersonYear {
    /// Nighttime residence of a homeless student.
    pub homeless: Option<String>,
    /// Days absent in ten thousand enrolled.
    pub absence: u32,
    /// Absent on the fall and the spring count date.
    pub absent: [bool; 2],
    /// Absent on 11 or more days through the fall or the spring count date.
    pub excluded: [bool; 2],
    /// Whether a homeless student is without parent or guardian.
    pub unaccompanied: bool,
    /// Takes part in an after-school center, gets early intervening services, lives in a neglected institution,
    /// is served by Title I in a targeted school.
    pub(crate) after_school: bool,
    pub(crate) early_intervening: bool,
    pub(crate) neglected: bool,
    pub(crate) targeted: bool,
    /// A draw for attendance.
    pub(crate) draws: [u32; 2],
}

/// A student at one school in one year, with the enrollments there.
#[derive(Clone, Debug)]
pub struct StudentYear {
    /// The student.
    pub person: Person,
    /// The year.
    pub year: PersonYear,
    /// The student's place in the English learner program, for those who ever had one.
    pub language_program: Option<LanguageProgram>,
    /// Whether the district has not named the student at another of its schools this year.
    pub new_to_district: bool,
    /// Whether the student began the year here.
    pub began_here: bool,
    /// Whether this is the student's last school of the district in the year.
    pub(crate) last_in_district: bool,
    /// The enrollments, by first day.
    pub enrollments: Vec<Enrollment>,
}

/// The calendars of the districts of a region.
pub(crate) type Calendars = BTreeMap<u32, YearCalendar>;

/// A student at a place, before the rows are made.
struct Case<'a> {
    occupant: Occupant,
    person: &'a Person,
    draw: Draw,
    /// The place held at the end of the year.
    last: Place,
    calendar: &'a YearCalendar,
    year: i32,
}

impl State {
    /// The calendars of a region's districts in a year.
    pub(crate) fn region_calendars(&self, region: u32, year: SchoolYear) -> Result<Calendars, SynthError> {
        let districts =
            self.geography.regions.get(region as usize).map(|r| r.first_district..r.last_district);
        districts
            .into_iter()
            .flatten()
            .map(|district| Ok((district, self.calendar(district, year)?)))
            .collect()
    }

    /// The school of an enrollment.
    ///
    /// # Errors
    /// When the enrollment is of another state.
    pub fn school_of(&self, enrollment: &Enrollment) -> Result<opi_dictionary::SchoolKey, SynthError> {
        match self.school(enrollment.school) {
            Some(_) => self.school_key(enrollment.school),
            None => Err(SynthError::Plan { problem: "the enrollment is of another state".to_owned() }),
        }
    }

    pub(crate) fn school(&self, index: u32) -> Option<&School> {
        self.geography.schools.get(index as usize)
    }

    /// Calls `take` for every student of every school in a year, school by school. A student who moves is met
    /// at each school; [`StudentYear::began_here`] tells the first of them.
    ///
    /// # Errors
    /// When the year is not one of the state's.
    pub fn visit(&self, year: SchoolYear, take: &mut dyn FnMut(&StudentYear)) -> Result<(), SynthError> {
        if !self.years().any(|known| known == year) {
            return Err(SynthError::Plan { problem: format!("{year} is not one of the state's years") });
        }
        for region in (0u32..).take(self.geography.regions.len()) {
            let calendars = self.region_calendars(region, year)?;
            self.visit_region(region, year.end_year(), &calendars, &mut |student| {
                take(student);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Calls `take` for each student of each school of a region in a year.
    pub(crate) fn visit_region(
        &self,
        region: u32,
        year: i32,
        calendars: &Calendars,
        take: &mut impl FnMut(&StudentYear) -> Result<(), SynthError>,
    ) -> Result<(), SynthError> {
        for grade in 0..GRADES {
            for column in 0..self.geography.columns(region, grade) {
                let place = Place { region, grade, column };
                if let Some(student) = self.starter(year, place, calendars) {
                    take(&student)?;
                }
                if let Some(student) = self.incomer(year, place, calendars) {
                    take(&student)?;
                }
            }
        }
        Ok(())
    }

    /// Who holds the place at the start of the year, as the school there sees them.
    fn starter(&self, year: i32, place: Place, calendars: &Calendars) -> Option<StudentYear> {
        let occupant = self.occupant(year, place);
        let person = self.person(occupant.person)?;
        let draw = self.draw(year, place);
        let school = self.school_at(place, year)?;
        let district = self.school(school)?.district;
        let calendar = calendars.get(&district)?;
        let last = self.destination(year, place).unwrap_or(place);
        let stays = self.school_at(last, year) == Some(school);
        let case = Case { occupant, person: &person, draw, last, calendar, year };
        let person_year = self.person_year(&person, place, year);
        let enrollments = self.enrollments(&case, place, school, stays)?;
        let language_program = self.language_program(&person, occupant.person, place.grade, year);
        let (new_to_district, began_here) = (true, true);
        let moves = draw.event == Event::Move && !stays;
        let last_school = self.school_at(last, year).and_then(|school| self.school(school));
        let last_in_district = !moves || last_school.is_none_or(|school| school.district != district);
        Some(StudentYear {
            person,
            year: person_year,
            language_program,
            new_to_district,
            began_here,
            last_in_district,
            enrollments,
        })
    }

    /// The family that takes over the place during the year, as the school there sees it.
    fn incomer(&self, year: i32, place: Place, calendars: &Calendars) -> Option<StudentYear> {
        let source = self.source(year, place)?;
        let (school, before) = (self.school_at(place, year)?, self.school_at(source, year)?);
        if school == before {
            return None;
        }
        let occupant = self.occupant(year, source);
        let person = self.person(occupant.person)?;
        let draw = self.draw(year, source);
        let district = self.school(school)?.district;
        let calendar = calendars.get(&district)?;
        let case = Case { occupant, person: &person, draw, last: place, calendar, year };
        let first_day = calendar.after(self.moving_day(&case));
        let start = if person.military.is_some() { "start_transfer_military" } else { "start_transfer" };
        let mut enrollment = self.enrollment(&case, school, place.grade, first_day)?;
        enrollment.start_status = self.tables.code(start).to_owned();
        let person_year = self.person_year(&person, place, year);
        let new_to_district = self.school(before)?.district != district;
        let enrollments = vec![enrollment];
        let language_program = self.language_program(&person, occupant.person, place.grade, year);
        let (began_here, last_in_district) = (false, true);
        Some(StudentYear {
            person,
            year: person_year,
            language_program,
            new_to_district,
            began_here,
            last_in_district,
            enrollments,
        })
    }

    /// The last day at the old school of a family that moves during the year, school day or not.
    fn moving_day(&self, case: &Case<'_>) -> NaiveDate {
        let first = NaiveDate::from_ymd_opt(case.year - 1, 9, 10).unwrap_or_default();
        // From September 10 over eight months, but not in the days of the counts: districts count on
        // different days, and nobody is to be counted twice.
        let day = first + Days::new(u64::from(case.draw.points.0) * 240 / 5_500);
        let counting = [(10, 1), (2, 1)].into_iter().any(|(month, from)| {
            let start = NaiveDate::from_ymd_opt(day.year(), month, from).unwrap_or_default();
            (start..start + Days::new(15)).contains(&day)
        });
        if counting { day + Days::new(16) } else { day }
    }

    /// An enrollment from a day to the end of the year, as it ends for who holds the last place.
    fn enrollment(
        &self,
        case: &Case<'_>,
        school: u32,
        grade: usize,
        first_day: NaiveDate,
    ) -> Option<Enrollment> {
        let last_day = case.calendar.last_day();
        let half_day =
            self.school(school).and_then(|school| self.geography.districts.get(school.district as usize));
        let half_day = half_day.is_some_and(|district| district.half_day_kindergarten);
        let code = self.tables.grades.get(grade).map_or("", |row| row.grade.as_str());
        let hours = match grade {
            0 => 'N',
            1 if half_day => 'H',
            _ => 'F',
        };
        let ninth = case.occupant.ninth.and_then(|(year, place)| self.first_day_at(place, year));
        let (end_status, diploma) = self.end_of_year(case, last_day);
        Some(Enrollment {
            school,
            grade: if grade == 1 && half_day { "KH".to_owned() } else { code.to_owned() },
            first_day,
            last_day,
            start_status: self.start_status(case, school),
            end_status,
            service: 'P',
            no_show: false,
            hours,
            diploma,
            ninth: ninth.filter(|_| grade >= crate::geography::NINTH),
            dropout_reason: None,
        })
    }

    /// The first day of school at a place in a year, which may lie before the first year of the state.
    fn first_day_at(&self, place: Place, year: i32) -> Option<NaiveDate> {
        let district = self.school(self.school_at(place, year)?)?.district;
        let day = self.calendar(district, SchoolYear::ending(year).ok()?).ok()?;
        Some(day.first_day())
    }

    fn start_status(&self, case: &Case<'_>, school: u32) -> String {
        let military = case.person.military.is_some();
        let before = case.occupant.from.and_then(|from| self.school_at(from, case.year - 1));
        match case.occupant.arrival {
            Arrival::First => self.tables.code("start_first").to_owned(),
            Arrival::Newcomer => {
                // Newcomers from another state or country have codes of their own when military connected.
                match (case.person.came_as.as_str(), military) {
                    ("06", true) => "60".to_owned(),
                    ("07", true) => "80".to_owned(),
                    (code, _) => code.to_owned(),
                }
            }
            Arrival::Returned => self.pick("start_returned", case.draw.codes[2]),
            Arrival::Continued | Arrival::Retained if before == Some(school) => {
                self.tables.code("start_continued").to_owned()
            }
            _ if military => self.tables.code("start_transfer_military").to_owned(),
            _ => self.tables.code("start_transfer").to_owned(),
        }
    }

    /// How the year ends for who holds the last place.
    fn end_of_year(&self, case: &Case<'_>, last_day: NaiveDate) -> (String, Option<Diploma>) {
        let draw = self.draw(case.year, case.last);
        if case.last.grade == TWELFTH && !draw.retained {
            let rates = self.rates_at(case.last, case.year);
            let proficient = draw.codes[0] < rates.proficiency_diploma;
            let (end, kind) = if proficient {
                ("end_proficiency", "diploma_proficiency")
            } else {
                ("end_graduate", "diploma_regular")
            };
            let kind = self.pick(kind, draw.codes[1]);
            let diploma =
                Diploma { date: last_day, kind, period: self.tables.code("period_regular").to_owned() };
            return (self.tables.code(end).to_owned(), Some(diploma));
        }
        if self.goes_home(&case.occupant) {
            return (self.tables.code("end_abroad").to_owned(), None);
        }
        let stays = self.has_place_next_year(case.year, case.last);
        let code = if stays {
            self.tables.code("end_year").to_owned()
        } else {
            self.pick("end_outside", draw.codes[0])
        };
        (code, None)
    }

    /// A code by weight from a draw in ten thousandths.
    fn pick(&self, purpose: &str, draw: u32) -> String {
        let codes = self.tables.codes(purpose);
        let total: u32 = codes.iter().map(|code| code.1).sum();
        let mut left = u64::from(draw) * u64::from(total) / 10_000;
        let found = codes.iter().find(|code| match left.checked_sub(u64::from(code.1)) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        });
        found.map_or_else(String::new, |code| code.0.clone())
    }

    /// The enrollments at the school where the year began.
    fn enrollments(
        &self,
        case: &Case<'_>,
        place: Place,
        school: u32,
        stays: bool,
    ) -> Option<Vec<Enrollment>> {
        let (calendar, draw) = (case.calendar, &case.draw);
        let whole = self.enrollment(case, school, place.grade, calendar.first_day())?;
        let ended = |mut enrollment: Enrollment, day: NaiveDate, code: String| {
            enrollment.last_day = day;
            enrollment.end_status = code;
            enrollment.diploma = None;
            enrollment
        };
        let (early, late) = (calendar.at(draw.points.0), calendar.at(draw.points.1));
        Some(match draw.event {
            Event::Move if !stays => {
                let day = calendar.on_or_before(self.moving_day(case));
                vec![ended(whole, day, self.tables.code("end_in_state").to_owned())]
            }
            // English learners come on the first day, so that the date of their screening is known in all years.
            Event::Stay
                if draw.late
                    && case.occupant.arrival == Arrival::Newcomer
                    && case.person.language.is_none() =>
            {
                vec![Enrollment { first_day: early, ..whole }]
            }
            Event::Stay | Event::Move => vec![whole],
            Event::Leave => {
                vec![ended(whole, early.max(calendar.at(900)), self.pick("end_outside", draw.codes[0]))]
            }
            Event::LeaveAndReturn => vec![ended(whole, late, self.pick("end_and_return", draw.codes[0]))],
            Event::Reentry => {
                let back = Enrollment { first_day: late, ..whole.clone() };
                let start_status = self.tables.code("start_reentry").to_owned();
                let away = ended(whole, early, self.pick("end_and_return", draw.codes[0]));
                vec![away, Enrollment { start_status, ..back }]
            }
            Event::NoShow => {
                let first = calendar.first_day();
                let gone = ended(whole, first, self.tables.code("end_no_show").to_owned());
                // Nobody has asked a student who never came about the armed forces.
                let start_status = match gone.start_status.as_str() {
                    "40" => "04".to_owned(),
                    "60" => "06".to_owned(),
                    "80" => "07".to_owned(),
                    _ => gone.start_status.clone(),
                };
                vec![Enrollment { no_show: true, start_status, ..gone }]
            }
            Event::Dropout => {
                let code = self.pick("end_dropout", draw.codes[0]);
                let reason = self.pick("dropout_reason", draw.codes[1]);
                vec![Enrollment { dropout_reason: Some(reason), ..ended(whole, late, code) }]
            }
            Event::GradeChange => {
                // The semester ends in the middle of the year's days.
                let day = calendar.at(5_000);
                let first_day = calendar.after(day);
                let code = self.tables.grades.get(place.grade + 1).map_or("", |row| row.grade.as_str());
                let start_status = self.tables.code("start_continued").to_owned();
                let next = Enrollment { first_day, start_status, grade: code.to_owned(), ..whole.clone() };
                vec![ended(whole, day, self.tables.code("end_grade_change").to_owned()), next]
            }
            Event::PartialOnly => {
                let hours = ['Q', 'H', 'T', 'Q'].get(draw.codes[0] as usize % 4).copied().unwrap_or('Q');
                vec![Enrollment { service: 'S', hours, ..whole }]
            }
            Event::SpecialOnly => vec![Enrollment { service: 'N', hours: 'N', ..whole }],
            Event::PartTime => {
                let hours = if draw.codes[0] < 6_000 { 'T' } else { 'H' };
                vec![Enrollment { hours, ..whole }]
            }
            Event::PartialSecond => {
                let sister = self.school(school)?.sister?;
                let start =
                    if case.person.military.is_some() { "start_transfer_military" } else { "start_transfer" };
                let start_status = self.tables.code(start).to_owned();
                let end_status = self.tables.code("end_year").to_owned();
                let mut second =
                    Enrollment { school: sister, service: 'S', hours: 'Q', start_status, ..whole.clone() };
                if second.diploma.take().is_some() {
                    second.end_status = end_status;
                }
                vec![Enrollment { hours: 'T', ..whole }, second]
            }
            Event::EarlyGraduate => {
                let day = calendar.on_or_before(
                    NaiveDate::from_ymd_opt(case.year, 1, 10)? + Days::new(u64::from(draw.codes[1] % 14)),
                );
                let kind = self.pick("diploma_regular", draw.codes[2]);
                let diploma =
                    Diploma { date: day, kind, period: self.tables.code("period_early").to_owned() };
                let gone = ended(whole, day, self.tables.code("end_graduate").to_owned());
                vec![Enrollment { diploma: Some(diploma), ..gone }]
            }
        })
    }

    /// Where a student stands in the English learner program in a grade and year.
    fn language_program(
        &self,
        person: &Person,
        origin: Origin,
        grade: usize,
        year: i32,
    ) -> Option<LanguageProgram> {
        let declined = person.number.is_multiple_of(50);
        let plain = LanguageProgram { status: NOT_A_LEARNER, identified: None, left: None, declined: false };
        if person.language.is_none() {
            return person.immigrant_since.map(|_| plain);
        }
        // Who was here before the first year was identified in kindergarten, all others when they came: in
        // either case by September 20, within the days that the law gives.
        let before =
            origin.year == self.first_year && origin.place.grade > 1 && !self.came_from_outside(origin);
        let start = if before { 1 } else { origin.place.grade };
        let years_ago = i32::try_from(origin.place.grade - start).unwrap_or(0);
        let identified =
            NaiveDate::from_ymd_opt(origin.year - years_ago - 1, 9, if before { 20 } else { 10 });
        let exit = person.language_exit_grade;
        if exit <= start {
            return Some(plain);
        }
        if grade < exit {
            return Some(LanguageProgram { status: LEARNER, identified, left: None, declined });
        }
        let since = i32::try_from(grade - exit + 1).unwrap_or(0);
        let left = NaiveDate::from_ymd_opt(year - since, 5, 20).max(identified);
        let watched = grade < exit + MONITORED_YEARS;
        watched.then_some(LanguageProgram { status: EXITED, identified, left, declined: false })
    }

    fn person_year(&self, person: &Person, place: Place, year: i32) -> PersonYear {
        let profile = self.profile_at(place, year);
        let rates = self.tables.rates(profile);
        let index = person.number * u64::from(self.plan.years) + self.year_index(year);
        let mut stream = self.seed.stream(Purpose::PersonYear, index);
        let homeless =
            stream.weighted(self.tables.codes("homeless"), |code| code.1).map(|code| code.0.clone());
        let homeless = homeless.filter(|_| stream.happens(rates.homeless));
        let absence = stream.weighted(self.tables.absences(profile), |row| row.weight);
        let absence = absence.map_or(0, |row| row.least + stream.below(row.most - row.least + 1));
        let mut absent = || stream.happens(rates.absent_on_count);
        let absent = [absent(), absent()];
        let mut excluded = || stream.happens(rates.excluded_on_count);
        let excluded = [excluded(), excluded()];
        let [fall, spring] = excluded;
        PersonYear {
            homeless,
            absence: if fall || spring { absence.max(1_600) } else { absence },
            absent: [absent[0] || fall, absent[1] || spring],
            excluded,
            after_school: stream.happens(rates.after_school_center),
            unaccompanied: stream.happens(rates.unaccompanied),
            early_intervening: stream.happens(rates.early_intervening) && person.disability.is_none(),
            neglected: stream.happens(rates.neglected),
            targeted: stream.happens(rates.title_targeted),
            draws: [stream.below(10_000), stream.below(10_000)],
        }
    }

    /// The Title I code of a student at a school.
    pub(crate) fn title_one(&self, school: u32, year: &PersonYear) -> Option<&'static str> {
        match self.school(school)?.title_one {
            TitleOne::Schoolwide => Some("SW"),
            TitleOne::Targeted if year.targeted => Some("TAS"),
            // Children in institutions for the neglected are served wherever they go to school.
            _ if year.neglected => Some("TAS"),
            TitleOne::Targeted | TitleOne::No => None,
        }
    }
}

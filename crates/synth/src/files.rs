//! The AIM files of a district, written record by record through the writer that vendors use.

use crate::SynthError;
use crate::calendars::YearCalendar;
use crate::defects::{Planted, Planter};
use crate::enrollments::{Enrollment, StudentYear};
use crate::people::Person;
use crate::state::State;
use chrono::{Days, NaiveDate};
use opi_aim::{Header, Writer};
use opi_dictionary::records::{
    EndOfYearAttendanceTotal, EnglishLearner, FallEnrollmentCount, Homeless, ProgramParticipation,
    Section504Plan, SpringEnrollmentCount, StudentDemographic, StudentEnrollment,
};
use opi_dictionary::{
    AggregateHours, CalendarNumber, Code, Dictionary, DistrictNumber, EndStatus, Gender, Grade, HeaderRule,
    LocalId, PersonalText, Record, SchoolNumber, SchoolYear, ServiceType, StartStatus, YesNo,
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::io::Write;

/// The builder of a record with the opening fields of a student's file filled.
macro_rules! opened {
    ($record:ident, $key:expr) => {
        $record::builder()
            .district_number($key.district)
            .school_number($key.school)
            .calendar_number($key.calendar)
            .student_state_id($key.person.state_id.clone())
            .last_name($key.person.last_name.clone())
            .first_name($key.person.first_name.clone())
    };
}

/// The file families that are written, by the key of their layout, which is also the name of the file.
pub const FILES: [&str; 9] = [
    "student-demographics",
    "student-enrollments",
    "fall-enrollment-count",
    "spring-enrollment-count",
    "program-participation",
    "eoy-attendance-totals",
    "english-learners",
    "section-504",
    "homeless",
];

/// The files of one district and year, in the order of [`FILES`]. A file is opened by its first row: a district
/// that has nothing to say in a family sends no file of it.
pub(crate) struct DistrictFiles<'d, W: Write> {
    district: u32,
    number: DistrictNumber,
    dictionary: &'d Dictionary,
    calendar: &'d YearCalendar,
    writers: [Option<(String, Writer<'d, Planter<W>>)>; 9],
    pub(crate) rows: [u64; 9],
}

/// Opens an output of this name for the family of this key.
pub(crate) type Open<'a, W> = &'a mut dyn FnMut(&str, &'static str) -> Result<Planter<W>, SynthError>;

/// What one file became.
pub(crate) struct Finished<W> {
    pub(crate) name: String,
    pub(crate) output: W,
    pub(crate) planted: Vec<Planted>,
}

impl<'d, W: Write> DistrictFiles<'d, W> {
    pub(crate) fn new(
        state: &State,
        dictionary: &'d Dictionary,
        district: u32,
        calendar: &'d YearCalendar,
    ) -> Result<Self, SynthError> {
        let number = state.district_number(district)?;
        Ok(DistrictFiles {
            district,
            number,
            dictionary,
            calendar,
            writers: Default::default(),
            rows: [0; 9],
        })
    }

    /// Writes the rows of a student at one school.
    pub(crate) fn write(
        &mut self,
        state: &State,
        student: &StudentYear,
        open: Open<'_, W>,
    ) -> Result<(), SynthError> {
        let calendar = self.calendar;
        let local = state.local_id(student.person.number, self.district);
        if student.new_to_district {
            let record = self.demographic(&student.person, local.as_ref())?;
            self.put(0, &record, open)?;
        }
        if student.new_to_district
            && let Some(first) = student.enrollments.iter().find(|enrollment| !enrollment.no_show)
        {
            self.write_services(student, first, open)?;
        }
        let mut programs_at = BTreeMap::new();
        for enrollment in &student.enrollments {
            let key = Key {
                district: self.number,
                school: state.school_number(enrollment.school)?,
                calendar: state.calendar_number().parse()?,
                local: local.as_ref(),
                person: &student.person,
                year: calendar.year,
            };
            let record = key.enrollment(enrollment)?;
            self.put(1, &record, open)?;
            if enrollment.no_show {
                continue;
            }
            for (file, date) in [(2, calendar.fall_count), (3, calendar.spring_count)] {
                if enrollment.first_day <= date && date <= enrollment.last_day {
                    self.count(file, &key, enrollment, student, open)?;
                }
            }
            if has_totals(enrollment.service, calendar.year) {
                let record = key.attendance(enrollment, student, calendar)?;
                self.put(5, &record, open)?;
            }
            if enrollment.service == 'P' || student.enrollments.len() == 1 {
                programs_at.entry(enrollment.school).or_insert(key);
            }
        }
        for (school, key) in programs_at {
            if let Some(record) = key.programs(state.title_one(school, &student.year), student)? {
                self.put(4, &record, open)?;
            }
        }
        Ok(())
    }

    /// The records that a district keeps once for each student it serves.
    fn write_services(
        &mut self,
        student: &StudentYear,
        first: &Enrollment,
        open: Open<'_, W>,
    ) -> Result<(), SynthError> {
        let person = &student.person;
        if let Some(learner) = &student.language_program {
            let builder = EnglishLearner::builder()
                .district_number(self.number)
                .student_state_id(person.state_id.clone())
                .last_name(person.last_name.clone())
                .first_name(person.first_name.clone())
                .program_status(learner.status.into())
                .parent_declined(yes_no(learner.declined))
                .year(self.calendar.year);
            let mut record = builder.build()?;
            record.identified_date = learner.identified;
            record.program_exit_date = learner.left;
            record.home_primary_language_or_language_of_impact = person.language.as_deref().map(Code::from);
            self.put(6, &record, open)?;
        }
        if person.section_504 {
            let builder = Section504Plan::builder()
                .district_number(self.number)
                .student_state_id(person.state_id.clone())
                .last_name(person.last_name.clone())
                .first_name(person.first_name.clone())
                .section_504_start_date(first.first_day);
            self.put(7, &builder.build()?, open)?;
        }
        if let Some(residence) = &student.year.homeless {
            let builder = Homeless::builder()
                .district_number(self.number)
                .student_state_id(person.state_id.clone())
                .start_date(first.first_day)
                .primary_nighttime_residence(residence.as_str().into())
                .unaccompanied_youth(yes_no(student.year.unaccompanied));
            let mut record = builder.build()?;
            record.mckinney_vento_served = Some(YesNo::Yes);
            self.put(8, &record, open)?;
        }
        Ok(())
    }

    fn put<R: Record>(&mut self, file: usize, record: &R, open: Open<'_, W>) -> Result<(), SynthError> {
        let (Some(slot), Some(rows), Some(key)) =
            (self.writers.get_mut(file), self.rows.get_mut(file), FILES.get(file))
        else {
            return Ok(());
        };
        if slot.is_none() {
            let name = format!("uploads/{}/{}/{key}.tsv", self.calendar.year.end_year(), self.number);
            let changed =
                header_day(key, self.calendar).and_hms_opt(8, self.district % 60, 0).unwrap_or_default();
            let layout = self.dictionary.layout(key)?;
            let header = (layout.header != HeaderRule::None).then(|| Header::new(changed));
            let writer = Writer::new(open(&name, key)?, layout, header);
            let writer = writer.map_err(|error| aim(&name, error))?;
            *slot = Some((name, writer));
        }
        if let Some((name, writer)) = slot {
            writer.write_record(record).map_err(|error| aim(name, error))?;
        }
        *rows += 1;
        Ok(())
    }

    fn demographic(
        &self,
        person: &Person,
        local: Option<&LocalId>,
    ) -> Result<StudentDemographic, SynthError> {
        let builder = StudentDemographic::builder()
            .district_number(self.number)
            .student_state_id(person.state_id.clone())
            .last_name(person.last_name.clone())
            .first_name(person.first_name.clone())
            .gender(if person.male { Gender::Male } else { Gender::Female })
            .birth_date(person.birth_date.clone())
            .hispanic_latino(yes_no(person.hispanic))
            .american_indian_or_alaska_native(yes_no(person.races.american_indian))
            .asian(yes_no(person.races.asian))
            .black_or_african_american(yes_no(person.races.black))
            .native_hawaiian_or_other_pacific_islander(yes_no(person.races.pacific_islander))
            .white(yes_no(person.races.white))
            .year(self.calendar.year);
        let mut record = builder.build()?;
        record.student_local_id = local.cloned();
        record.middle_name = person.middle_name.clone();
        record.suffix = person.suffix.as_deref().map(PersonalText::new);
        Ok(record)
    }

    fn count(
        &mut self,
        file: usize,
        key: &Key<'_>,
        enrollment: &Enrollment,
        student: &StudentYear,
        open: Open<'_, W>,
    ) -> Result<(), SynthError> {
        let calendar = self.calendar;
        let hours = AggregateHours::from(enrollment.hours.to_string());
        let season = file - 2;
        let year = &student.year;
        let date = if season == 0 { calendar.fall_count } else { calendar.spring_count };
        // Eleven days of absence in a row need eleven days of enrollment.
        let long = calendar.count(enrollment.first_day, date) > 11;
        let excluded = long && year.excluded.get(season).copied().unwrap_or(false);
        let absent = yes_no(excluded || year.absent.get(season).copied().unwrap_or(false));
        let too_young = matches!(enrollment.grade.as_str(), "KF" | "KH")
            && State::under_five(&student.person, self.calendar.year.end_year())
            && !student.person.admitted_under_five;
        let exclude = yes_no(excluded || too_young);
        if season == 0 {
            let builder = opened!(FallEnrollmentCount, key)
                .aggregate_hours_of_instruction(hours)
                .absent(absent)
                .exclude_fall_anb_10_day_rule(exclude)
                .year(calendar.year);
            let mut record = builder.build()?;
            record.student_local_id = key.local.cloned();
            self.put(file, &record, open)
        } else {
            let builder = opened!(SpringEnrollmentCount, key)
                .aggregate_hours_of_instruction(hours)
                .absent(absent)
                .exclude_spring_anb_10_day_rule(exclude)
                .year(calendar.year);
            let mut record = builder.build()?;
            record.student_local_id = key.local.cloned();
            self.put(file, &record, open)
        }
    }

    /// Completes the files.
    pub(crate) fn finish(
        self,
        mut take: impl FnMut(Finished<W>) -> Result<(), SynthError>,
    ) -> Result<(), SynthError> {
        for (name, writer) in self.writers.into_iter().flatten() {
            let planter = writer.finish().map_err(|error| aim(&name, error))?;
            let (output, planted) =
                planter.finish().map_err(|source| SynthError::Output { name: name.clone(), source })?;
            take(Finished { name, output, planted })?;
        }
        Ok(())
    }
}

/// The opening fields of a row.
struct Key<'a> {
    district: DistrictNumber,
    school: SchoolNumber,
    calendar: CalendarNumber,
    local: Option<&'a LocalId>,
    person: &'a Person,
    year: SchoolYear,
}

impl Key<'_> {
    fn enrollment(&self, enrollment: &Enrollment) -> Result<StudentEnrollment, SynthError> {
        let builder = opened!(StudentEnrollment, self)
            .grade(Grade::from(enrollment.grade.as_str()))
            .start_date(enrollment.first_day)
            .start_status(StartStatus::from(enrollment.start_status.as_str()))
            .service_type(ServiceType::from(enrollment.service.to_string()))
            .end_date(enrollment.last_day)
            .end_status(EndStatus::from(enrollment.end_status.as_str()))
            .no_show(yes_no(enrollment.no_show))
            .year(self.year);
        let mut record = builder.build()?;
        record.student_local_id = self.local.cloned();
        if let Some(diploma) = &enrollment.diploma {
            record.diploma_date = Some(diploma.date);
            record.diploma_type = Some(diploma.kind.as_str().into());
            record.diploma_period = Some(diploma.period.as_str().into());
        }
        record.date_first_entered_the_9th_grade = enrollment.ninth;
        record.drop_out_reason = enrollment.dropout_reason.as_deref().map(Code::from);
        Ok(record)
    }

    fn attendance(
        &self,
        enrollment: &Enrollment,
        student: &StudentYear,
        calendar: &YearCalendar,
    ) -> Result<EndOfYearAttendanceTotal, SynthError> {
        let (enrolled, absent_halves) = attendance(enrollment, student, calendar);
        let builder = opened!(EndOfYearAttendanceTotal, self)
            .ada_days_enrolled(Decimal::from(enrolled))
            .ada_days_present(Decimal::new(i64::from(enrolled * 2 - absent_halves) * 5, 1).normalize())
            .essa_days_absent(Decimal::from(absent_halves.div_ceil(2)))
            .year(self.year);
        let mut record = builder.build()?;
        record.student_local_id = self.local.cloned();
        Ok(record)
    }

    /// The program row; `None` for a student without any program.
    fn programs(
        &self,
        title_one: Option<&str>,
        student: &StudentYear,
    ) -> Result<Option<ProgramParticipation>, SynthError> {
        let (person, year) = (&student.person, &student.year);
        // Three school years long a child from abroad counts as an immigrant.
        let immigrant =
            person.immigrant_since.filter(|since| *since + Days::new(3 * 365) > self.year.first_day());
        let some = title_one.is_some()
            || year.after_school
            || person.exchange_student
            || immigrant.is_some()
            || person.gifted.0
            || year.homeless.is_some()
            || person.military.is_some()
            || year.neglected
            || year.early_intervening;
        if !some {
            return Ok(None);
        }
        let builder = ProgramParticipation::builder()
            .district_number(self.district)
            .school_number(self.school)
            .calendar_number(self.calendar)
            .student_state_id(person.state_id.clone())
            .last_name(person.last_name.clone())
            .first_name(person.first_name.clone())
            .twenty_first_century_participant(yes_no(year.after_school))
            .foreign_exchange(yes_no(person.exchange_student))
            .immigrant(yes_no(immigrant.is_some()))
            .gifted_talented_evaluated(yes_no(person.gifted.0))
            .gifted_talented_identified(yes_no(person.gifted.1))
            .part_b_early_intervening_services(yes_no(year.early_intervening))
            .year(self.year);
        let mut record = builder.build()?;
        record.student_local_id = self.local.cloned();
        record.title_i = title_one.map(Code::from);
        record.date_immigrant_entered_us_school = immigrant;
        record.homeless = year.homeless.as_deref().map(Code::from);
        record.military_connected_student = person.military.as_deref().map(Code::from);
        record.neglected_and_delinquent_program = year.neglected.then(|| Code::from("N"));
        Ok(Some(record))
    }
}

/// Whether attendance totals are sent for a service type: for partial enrollments in 2016-17 alone. Source: LS-2825,
/// GD-2025-06.
fn has_totals(service: char, year: SchoolYear) -> bool {
    service == 'P' || (service == 'S' && year.end_year() == 2017)
}

/// Days enrolled, and half days absent.
fn attendance(enrollment: &Enrollment, student: &StudentYear, calendar: &YearCalendar) -> (u32, u32) {
    let enrolled = calendar.count(enrollment.first_day, enrollment.last_day);
    let holds = |date: NaiveDate| enrollment.first_day <= date && date <= enrollment.last_day;
    let year = &student.year;
    let mut least = 0;
    for (date, season) in [(calendar.fall_count, 0), (calendar.spring_count, 1)] {
        let flag = |flags: &[bool; 2]| flags.get(season).copied().unwrap_or(false);
        if holds(date) {
            let long = calendar.count(enrollment.first_day, date) > 11;
            least += if flag(&year.excluded) && long { 22 } else { 2 * u32::from(flag(&year.absent)) };
        }
    }
    let [draw, ..] = year.draws;
    let halves = (enrolled * 2 * year.absence + draw) / 10_000;
    (enrolled, halves.max(least).min(enrolled * 2))
}

/// When a file was last changed: counts in the week after the count, the rest at the end of the year.
fn header_day(key: &str, calendar: &YearCalendar) -> NaiveDate {
    match key {
        "fall-enrollment-count" => calendar.fall_count + Days::new(3),
        "spring-enrollment-count" => calendar.spring_count + Days::new(3),
        _ => (calendar.last_day() + Days::new(2)).min(calendar.year.last_day()),
    }
}

fn yes_no(yes: bool) -> YesNo {
    if yes { YesNo::Yes } else { YesNo::No }
}

fn aim(name: &str, error: opi_aim::AimError) -> SynthError {
    SynthError::File { name: name.to_owned(), source: Box::new(error) }
}

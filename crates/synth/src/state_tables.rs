//! The tables that the state holds itself: what federal counts need and no district uploads.

use crate::SynthError;
use crate::calendars::YearCalendar;
use crate::enrollments::{Enrollment, StudentYear};
use crate::people::{Meals, Person};
use crate::random::{Purpose, Stream};
use crate::sink::Sink;
use crate::staff::SchoolSizes;
use crate::state::State;
use chrono::{Datelike, Days, Months, NaiveDate};
use opi_aim::Writer;
use opi_dictionary::records::{
    FosterCare, MealEligibility, MigrantCertificate, Removal, SpecialEducationPlan,
};
use opi_dictionary::{
    Code, Dictionary, DistrictNumber, MealStatus, Record, SchoolNumber, SchoolYear, YesNo, age_on,
};
use rust_decimal::Decimal;

/// The tables of the state, by the key of their layout, which is also the name of the file:
/// `state/<end year>/<table>.tsv`.
pub const STATE_TABLES: [&str; 7] = [
    "special-education",
    "discipline",
    "fram",
    "foster-care",
    "migrant-certificates",
    "unit-programs",
    "staff-assignments",
];

/// The state tables of one year. A table is opened by its first row.
pub(crate) struct StateTables<'d, S: Sink> {
    dictionary: &'d Dictionary,
    pub(crate) year: SchoolYear,
    writers: [Option<(String, Writer<'d, S::Output>)>; 7],
    pub(crate) rows: [u64; 7],
    pub(crate) sizes: SchoolSizes,
}

/// Where a student is: what the rows of the state name.
struct Seat<'a> {
    student: &'a StudentYear,
    district: DistrictNumber,
    calendar: &'a YearCalendar,
    year: SchoolYear,
}

impl<'d, S: Sink> StateTables<'d, S> {
    pub(crate) fn new(dictionary: &'d Dictionary, year: SchoolYear) -> Self {
        StateTables {
            dictionary,
            year,
            writers: Default::default(),
            rows: [0; 7],
            sizes: SchoolSizes::default(),
        }
    }

    /// Writes the rows of a student at one school.
    pub(crate) fn write(
        &mut self,
        state: &State,
        student: &StudentYear,
        calendar: &YearCalendar,
        sink: &mut S,
    ) -> Result<(), SynthError> {
        let Some(first) = student.enrollments.iter().find(|enrollment| !enrollment.no_show) else {
            return Ok(());
        };
        let school = state.school_key(first.school)?;
        let seat = Seat { student, district: school.district, calendar, year: self.year };
        if first.service == 'P' {
            self.sizes.add(first.school, student);
        }
        let mut draws = state.state_records(student.person.number, self.year, Purpose::StateRecords);
        if student.began_here {
            if let Some(record) = seat.meals(first, &mut draws)? {
                self.put(2, &record, sink)?;
            }
            if let Some(record) = seat.foster_care(first, &mut draws)? {
                self.put(3, &record, sink)?;
            }
            if let Some(record) = seat.migrant(&mut draws)? {
                self.put(4, &record, sink)?;
            }
        }
        if student.last_in_district
            && let Some(record) = seat.special_education(state, first, &mut draws)?
        {
            self.put(0, &record, sink)?;
        }
        // Removals have draws of their own at each school.
        let index = u64::from(first.school) + student.person.number * 10_000;
        let mut draws = state.state_records(index, self.year, Purpose::Removals);
        for record in seat.removals(state, school.school, &mut draws)? {
            self.put(1, &record, sink)?;
        }
        Ok(())
    }

    /// Adds a row to a table, by its place in [`STATE_TABLES`].
    pub(crate) fn put<R: Record>(
        &mut self,
        table: usize,
        record: &R,
        sink: &mut S,
    ) -> Result<(), SynthError> {
        let (Some(slot), Some(rows), Some(key)) =
            (self.writers.get_mut(table), self.rows.get_mut(table), STATE_TABLES.get(table))
        else {
            return Ok(());
        };
        if slot.is_none() {
            let name = format!("state/{}/{key}.tsv", self.year.end_year());
            let output =
                sink.open(&name).map_err(|source| SynthError::Output { name: name.clone(), source })?;
            let writer = Writer::new(output, self.dictionary.layout(key)?, None);
            let writer = writer.map_err(|error| refused(&name, error))?;
            *slot = Some((name, writer));
        }
        if let Some((name, writer)) = slot {
            writer.write_record(record).map_err(|error| refused(name, error))?;
        }
        *rows += 1;
        Ok(())
    }

    /// Completes the tables.
    pub(crate) fn finish(self, sink: &mut S) -> Result<[u64; 7], SynthError> {
        for (name, writer) in self.writers.into_iter().flatten() {
            let output = writer.finish().map_err(|error| refused(&name, error))?;
            sink.close(&name, output).map_err(|source| SynthError::Output { name, source })?;
        }
        Ok(self.rows)
    }
}

impl State {
    /// The draws for a record of the state in a year.
    pub(crate) fn state_records(&self, index: u64, year: SchoolYear, purpose: Purpose) -> Stream {
        let years = u64::from(self.plan.years);
        self.seed.stream(purpose, index * years + self.year_index(year.end_year()))
    }
}

impl Seat<'_> {
    fn person(&self) -> &Person {
        &self.student.person
    }

    fn age_on(&self, day: NaiveDate) -> u32 {
        age_on(self.person().birth_date.reveal(), day).unwrap_or(0)
    }

    /// A day of instruction within an enrollment.
    fn day_of(&self, enrollment: &Enrollment, draws: &mut Stream) -> NaiveDate {
        let span = (enrollment.last_day - enrollment.first_day).num_days();
        let day =
            enrollment.first_day + Days::new(u64::from(draws.below(u32::try_from(span + 1).unwrap_or(1))));
        self.calendar.on_or_before(day).max(enrollment.first_day)
    }

    fn meals(&self, first: &Enrollment, draws: &mut Stream) -> Result<Option<MealEligibility>, SynthError> {
        let person = self.person();
        // Homeless, foster and migrant children eat free whatever the household earns.
        let categorical = self.student.year.homeless.is_some() || person.foster || person.migrant;
        let direct = draws.happens(6_500);
        let late = draws.happens(800);
        let (eligibility, ground) = match person.meals {
            _ if categorical => (MealStatus::Free, "Categorical"),
            Meals::Free if direct => (MealStatus::Free, "Direct Certification"),
            Meals::Free => (MealStatus::Free, "Income"),
            Meals::Reduced => (MealStatus::Reduced, "Income"),
            Meals::Full => return Ok(None),
        };
        let start = first.first_day + Days::new(if late { u64::from(20 + draws.below(60)) } else { 0 });
        let builder = MealEligibility::builder()
            .student_state_id(person.state_id.clone())
            .eligibility(eligibility)
            .eligibility_start_date(start.min(self.year.last_day()));
        let mut record = builder.build()?;
        record.certification_type = Some(Code::from(ground));
        record.eligibility_end_date = Some(self.year.last_day());
        Ok(Some(record))
    }

    fn foster_care(&self, first: &Enrollment, draws: &mut Stream) -> Result<Option<FosterCare>, SynthError> {
        let (before, ends) = (u64::from(30 + draws.below(400)), draws.happens(2_500));
        let end = self.day_of(first, draws);
        if !self.person().foster {
            return Ok(None);
        }
        let builder = FosterCare::builder()
            .student_state_id(self.person().state_id.clone())
            .start_date(first.first_day - Days::new(before))
            .year(self.year);
        let mut record = builder.build()?;
        record.end_date = ends.then_some(end);
        Ok(Some(record))
    }

    fn migrant(&self, draws: &mut Stream) -> Result<Option<MigrantCertificate>, SynthError> {
        let person = self.person();
        if !person.migrant {
            return Ok(None);
        }
        // A move within the last 36 months makes a child eligible.
        let arrival = self.year.last_day() - Days::new(u64::from(60 + draws.below(900)));
        let mut yes = |rate: u32| yes_no(draws.happens(rate));
        let (served, summer) = (yes(7_000), yes(3_500));
        let of_served = |answer: YesNo| if served == YesNo::Yes { answer } else { YesNo::No };
        let builder = MigrantCertificate::builder()
            .student_state_id(person.state_id.clone())
            .qualifying_arrival_date(arrival)
            .eligibility_start_date(arrival + Days::new(14))
            .priority_for_services(yes(3_000))
            .migrant_served(served.clone())
            .continued_service(of_served(yes(500)))
            .served_in_summer(summer)
            .instructional_service(of_served(yes(6_000)))
            .reading_instruction(of_served(yes(3_500)))
            .mathematics_instruction(of_served(yes(3_500)))
            .credit_accrual(of_served(yes(800)))
            .support_service(of_served(yes(8_000)))
            .counseling_service(of_served(yes(1_500)))
            .year(self.year);
        let mut record = builder.build()?;
        record.district_number = Some(self.district);
        record.certificate_number = Some(format!("C{:07}", person.number % 10_000_000));
        record.eligibility_end_date = arrival.checked_add_months(Months::new(36));
        Ok(Some(record))
    }

    /// The disability of the year: developmental delay is for ages 3 to 8.
    fn disability(&self) -> Option<&str> {
        let special_only = self.student.enrollments.iter().any(|enrollment| enrollment.service == 'N');
        let known = self.person().disability.as_deref().or(special_only.then_some("SL"))?;
        let october = NaiveDate::from_ymd_opt(self.year.start_year(), 10, 1)?;
        Some(if known == "DD" && self.age_on(october) > 8 { "LD" } else { known })
    }

    fn special_education(
        &self,
        state: &State,
        first: &Enrollment,
        draws: &mut Stream,
    ) -> Result<Option<SpecialEducationPlan>, SynthError> {
        let (Some(disability), Some(last)) = (self.disability(), self.student.enrollments.last()) else {
            return Ok(None);
        };
        let start = if self.student.new_to_district { first.first_day } else { self.calendar.first_day() };
        let before_kindergarten = last.grade == "PK";
        let purpose = if before_kindergarten { "setting_early" } else { "setting_school_age" };
        let setting = draws.weighted(state.tables.codes(purpose), |code| code.1);
        let rates = state.tables.rates(state.profile_of(last.school));
        let returned = draws.happens(rates.special_education_ends) && !before_kindergarten;
        let day = self.day_of(last, draws);
        let exit = self.exit(last, returned.then_some(day));
        let builder = SpecialEducationPlan::builder()
            .district_number(self.district)
            .student_state_id(self.person().state_id.clone())
            .plan_start_date(start)
            .primary_disability(Code::from(disability))
            .setting_of_service(Code::from(setting.map_or("RC80", |code| code.0.as_str())))
            .year(self.year);
        let mut record = builder.build()?;
        if let Some((day, reason)) = exit {
            record.plan_end_date = Some(day.max(start));
            record.special_ed_exit_date = Some(day.max(start));
            record.special_ed_exit_reason = Some(Code::from(reason));
        }
        Ok(Some(record))
    }

    /// When and why special education ended in the district.
    fn exit(&self, last: &Enrollment, returned: Option<NaiveDate>) -> Option<(NaiveDate, &'static str)> {
        if let Some(day) = returned {
            return Some((day, "TRAN"));
        }
        let day = last.last_day;
        if let Some(diploma) = &last.diploma {
            // A diploma by the goals of the plan is a certificate in federal terms.
            return Some((diploma.date, if diploma.kind == "W4" { "RC" } else { "GHS" }));
        }
        let leaves_early = day < self.calendar.last_day();
        match last.end_status.as_str() {
            code if code.starts_with('3') => Some((day, "DROPOUT")),
            "110" | "120" | "130" | "140" | "150" if leaves_early => Some((day, "MKC")),
            _ if self.age_on(day) > 20 => Some((day, "RMA")),
            _ => None,
        }
    }

    fn removals(
        &self,
        state: &State,
        school: SchoolNumber,
        draws: &mut Stream,
    ) -> Result<Vec<Removal>, SynthError> {
        let mut records = Vec::new();
        let Some(enrollment) = self.student.enrollments.iter().find(|enrollment| !enrollment.no_show) else {
            return Ok(records);
        };
        let rates = state.tables.rates(state.profile_of(enrollment.school));
        if !draws.happens(rates.removed) || enrollment.service != 'P' || enrollment.grade == "PK" {
            return Ok(records);
        }
        for number in 0..1 + draws.below(3) {
            let day = self.day_of(enrollment, draws);
            // Two children take part in every fifth incident of a school and day.
            let shared = draws.happens(2_000);
            let part = if shared { 0 } else { self.person().number * 3 + u64::from(number) + 1 };
            let incident = format!("{}{:02}{:02}-{part}", school, day.month(), day.day());
            let builder = Removal::builder()
                .district_number(self.district)
                .student_state_id(self.person().state_id.clone())
                .incident_id(incident)
                .incident_date(day)
                .year(self.year);
            let mut record = builder.build()?;
            record.school_number = Some(school);
            record.removal_date = Some(day);
            self.measure(state, enrollment, &mut record, draws);
            records.push(record);
        }
        Ok(records)
    }

    /// What kind of removal it is, and for how long.
    fn measure(&self, state: &State, enrollment: &Enrollment, record: &mut Removal, draws: &mut Stream) {
        let left = self.calendar.count(record.incident_date, enrollment.last_day).max(1);
        let code = |purpose: &str, draws: &mut Stream| {
            draws.weighted(state.tables.codes(purpose), |code| code.1).map_or("", |code| code.0.as_str())
        };
        let with_disability = self.disability().is_some();
        let (firearm, expelled, interim) = (draws.happens(40), draws.happens(120), draws.happens(300));
        let length: Decimal = code("days_removed", draws).parse().unwrap_or(Decimal::ONE);
        record.days_removed = Some(length.min(Decimal::from(left)));
        if firearm && enrollment.grade.parse::<u32>().is_ok_and(|grade| grade >= 6) {
            let purpose = if with_disability { "firearm_result_idea" } else { "firearm_result" };
            let result = code(purpose, draws);
            let services = match result {
                "EXPMODNOALT" | "EXPNOTMODNOALT" => Some("SERVNOTPROV"),
                "EXPALT" | "EXPMODALT" | "EXPMOD" | "EXPNOTMOD" => Some("SERVPROV"),
                _ => None,
            };
            record.firearm_type = Some(Code::from(code("firearm", draws)));
            record.firearm_result = Some(Code::from(result));
            record.educational_services = services.map(Code::from);
            match services {
                Some(_) => record.days_removed = Some(Decimal::from(left)),
                None => record.discipline_method = Some(Code::from("OUTOFSCHOOL")),
            }
        } else if expelled && !with_disability {
            record.educational_services = Some(Code::from(code("expulsion_services", draws)));
            record.days_removed = Some(Decimal::from(left));
        } else if interim && with_disability {
            let kind = code("interim_removal", draws);
            if kind == "REMDW" {
                record.interim_removal_reason = Some(Code::from(code("interim_removal_reason", draws)));
            }
            record.interim_removal = Some(Code::from(kind));
            record.days_removed = Some(Decimal::from(left.min(45)));
        } else {
            record.discipline_method = Some(Code::from(code("discipline_method", draws)));
        }
    }
}

pub(crate) fn yes_no(yes: bool) -> YesNo {
    if yes { YesNo::Yes } else { YesNo::No }
}

fn refused(name: &str, error: opi_aim::AimError) -> SynthError {
    SynthError::File { name: name.to_owned(), source: Box::new(error) }
}

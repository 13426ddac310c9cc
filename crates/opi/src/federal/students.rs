//! The records of one student as federal rows.

use crate::federal::codes::Codes;
use crate::federal::kinds::{Kind, columns};
use crate::federal::notes::{NoteKind, Notes};
use crate::federal::places::Places;
use crate::federal::reading::{Place, StudentTable, each_student};
use crate::federal::{FederalError, FederalInputs, FederalNote};
use chrono::NaiveDate;
use opi_dictionary::{FieldValue, SchoolYear};
use opi_edfacts::{
    CohortMembership, Days, Departure, DepartureKind, EdfactsError, Enrollment, LeaIndex, ProgramRecord,
    Race, RaceSet, Sex, Span, Status, StatusKind, StudentKey, StudentRows, StudentSource, Units,
};
use opi_snapshot::Record;

/// The students of a year, made from its tables one at a time, in the order of their ids.
pub struct FederalState<'a> {
    pub(crate) tables: Vec<StudentTable<'a>>,
    pub(crate) places: Places,
    pub(super) codes: Codes,
    pub(super) year: SchoolYear,
}

impl<'a> FederalState<'a> {
    /// Makes ready: units from the directory, tables in the order of students.
    ///
    /// # Errors
    /// When the directory names a unit twice.
    pub fn new(inputs: &FederalInputs<'a>) -> Result<Self, FederalError> {
        let codes = Codes::new(inputs.dictionary)?;
        let year = inputs.school_year;
        let places = Places::new(inputs.directory, inputs.tables, year, &codes)?;
        let own = inputs.tables.iter().map(|table| (table, year));
        let others =
            inputs.other_years.iter().flat_map(|(year, tables)| tables.iter().map(|table| (table, *year)));
        let tables = own.chain(others).filter_map(|(table, year)| StudentTable::new(table, year).transpose());
        let tables = tables.collect::<Result<_, _>>()?;
        Ok(FederalState { tables, places, codes, year })
    }

    /// Calls `each` for every student and tells what was left out on the way.
    ///
    /// # Errors
    /// What `each` reports.
    pub fn visit<E>(
        &self,
        mut each: impl FnMut(&StudentRows) -> Result<(), E>,
    ) -> Result<Vec<FederalNote>, E> {
        let mut notes = Notes::default();
        each_student(&self.tables, |id, places| {
            if id.is_empty() {
                for place in places {
                    self.note(&mut notes, *place, None, NoteKind::NoStudentId);
                }
                return Ok(());
            }
            each(&self.student(id, places, &mut notes))
        })?;
        Ok(notes.finish())
    }

    fn note(&self, notes: &mut Notes, place: Place, column: Option<&'static str>, kind: NoteKind) {
        let Some(table) = self.tables.get(place.table) else { return };
        let origin = table.table.record(place.record).map(|record| record.origin()).unwrap_or_default();
        notes.add(table.table.name(), column, kind, origin);
    }

    fn student(&self, id: &str, places: &[Place], notes: &mut Notes) -> StudentRows {
        let rows = StudentRows::new(StudentKey::new(id));
        let (stays, flagged_homeless) = (Vec::new(), Vec::new());
        let mut making =
            Making { state: self, notes, rows, stays, ninth: None, met: false, flagged_homeless };
        // Enrollments first: records of a district alone find their federal district by them.
        for kind_first in [true, false] {
            for place in places {
                let Some(table) = self.tables.get(place.table) else { continue };
                if (table.kind == Kind::Enrollments) == kind_first
                    && let Some(record) = table.table.record(place.record)
                {
                    making.take(table, *place, &record);
                }
            }
        }
        making.finish(places)
    }
}

impl StudentSource for FederalState<'_> {
    fn units(&self) -> &Units {
        &self.places.units
    }

    fn each_student(
        &self,
        each: &mut dyn FnMut(&StudentRows) -> Result<(), EdfactsError>,
    ) -> Result<(), EdfactsError> {
        self.visit(each).map(|_| ())
    }
}

/// A stay of the student in a district, by the number that uploads use.
pub(super) struct Stay<'a> {
    district: &'a str,
    lea: LeaIndex,
    span: Span,
    year: SchoolYear,
    /// The place in the list of enrollments; no-shows and other kinds of service have one too.
    enrollment: usize,
    end_status: &'a str,
}

/// A student in the making.
pub(super) struct Making<'s, 'a> {
    pub(super) state: &'s FederalState<'a>,
    pub(super) notes: &'s mut Notes,
    pub(super) rows: StudentRows,
    pub(super) stays: Vec<Stay<'a>>,
    /// When grade 9 began, by the earliest record.
    pub(super) ninth: Option<NaiveDate>,
    pub(super) met: bool,
    /// Homeless by the flag of a program row: they stand where the district has no homeless record.
    pub(super) flagged_homeless: Vec<Status>,
}

/// A record was left out; the note is made.
pub(super) struct LeftOut;

pub(super) fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::read(text)
}

/// A span as the records of one year know it: what they say of the days of other years is for those to say.
fn known_in(year: SchoolYear, own: SchoolYear, first: Option<NaiveDate>, last: Option<NaiveDate>) -> Span {
    if year == own {
        return Span { first, last };
    }
    let end = year.last_day();
    Span { first: first.max(Some(year.first_day())), last: Some(last.map_or(end, |last| last.min(end))) }
}

pub(super) fn yes(text: &str) -> bool {
    text == "Y"
}

pub(super) fn filled(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

pub(super) fn owned(text: &str) -> Option<String> {
    filled(text).map(str::to_owned)
}

impl<'a> Making<'_, 'a> {
    fn take(&mut self, table: &StudentTable<'a>, place: Place, record: &Record<'a>) {
        match table.kind {
            Kind::Enrollments => self.enrollment(table, place, record),
            Kind::Demographics => self.demographics(table, place, record),
            Kind::Attendance => self.attendance(table, place, record),
            Kind::Programs => self.programs(table, place, record),
            Kind::Learners => self.learner(table, place, record),
            Kind::Section504 => {
                let [district, first, last] = table.texts(record, &columns::SECTION_504);
                let days = [("section_504_start_date", first), ("section_504_end_date", last)];
                if let Some((first, last)) = self.days(place, days) {
                    self.status_in(district, place, first, last, StatusKind::Section504);
                }
            }
            Kind::Homeless => self.homeless(table, place, record),
            Kind::Meals => self.meals(table, place, record),
            Kind::FosterCare => {
                let [first, last] = table.texts(record, &columns::FOSTER_CARE);
                if let Some((first, last)) = self.days(place, [("start_date", first), ("end_date", last)]) {
                    self.status_anywhere(place, first, last, StatusKind::FosterCare);
                }
            }
            Kind::SpecialEducation => self.special_education(table, place, record),
            Kind::Discipline => self.discipline(table, place, record),
            Kind::Migrant => self.migrant(table, place, record),
        }
    }

    pub(super) fn leave_out(&mut self, place: Place, column: Option<&'static str>, kind: NoteKind) {
        self.state.note(self.notes, place, column, kind);
    }

    /// The federal code, with a note where a code has none.
    fn code(&mut self, kind: &str, code: &str, place: Place, column: &'static str) -> Option<&str> {
        let code = filled(code)?;
        let found = self.state.codes.of(kind, code);
        if found.is_none() {
            self.leave_out(place, Some(column), NoteKind::CodeWithoutCounterpart);
        }
        found.filter(|federal| !federal.is_empty())
    }

    /// A date that a record can do without. Left out with a note where it is filled and is none: taken for blank, an
    /// end that was not read would be no end.
    pub(super) fn day(
        &mut self,
        place: Place,
        (column, text): (&'static str, &str),
    ) -> Result<Option<NaiveDate>, LeftOut> {
        match date(text) {
            None if filled(text).is_some() => {
                self.leave_out(place, Some(column), NoteKind::NoDate);
                Err(LeftOut)
            }
            day => Ok(day),
        }
    }

    /// The first and the last day of a record; none, with a note, where the first is blank or either is no date.
    pub(super) fn days(
        &mut self,
        place: Place,
        [first, last]: [(&'static str, &str); 2],
    ) -> Option<(NaiveDate, Option<NaiveDate>)> {
        let Some(first_day) = date(first.1) else {
            self.leave_out(place, Some(first.0), NoteKind::NoDate);
            return None;
        };
        Some((first_day, self.day(place, last).ok()?))
    }

    fn enrollment(&mut self, table: &StudentTable<'a>, place: Place, record: &Record<'a>) {
        let [district, school, grade, first, service, last, end_status, no_show, awarded, diploma, ninth] =
            table.texts(record, &columns::ENROLLMENTS);
        let Some((lea, school)) = self.state.places.school(district, school) else {
            return self.leave_out(place, Some("school_number"), NoteKind::UnknownPlace);
        };
        let Some((first, last)) = self.days(place, [("start_date", first), ("end_date", last)]) else {
            return;
        };
        let grade = self.state.codes.grade(grade);
        if grade.is_none() {
            self.leave_out(place, Some("grade"), NoteKind::CodeWithoutCounterpart);
        }
        self.ninth = [self.ninth, date(ninth)].into_iter().flatten().min();
        let family = self.state.codes.end_family(end_status);
        let departure = match (family, date(awarded).or(last)) {
            (Some("dropout"), _) => last.map(|day| (day, DepartureKind::Dropout)),
            (Some("completer"), Some(day)) => match self.code("diploma", diploma, place, "diploma_type") {
                Some("regular") => Some((day, DepartureKind::RegularDiploma)),
                Some(_) => Some((day, DepartureKind::OtherCompleter)),
                None => None,
            },
            _ => None,
        };
        if let Some((date, kind)) = departure {
            let row = place.key();
            self.rows.departures.push(Departure { lea, school: Some(school), date, grade, kind, row });
        }
        // Who never came was not enrolled; a dropout among them is one all the same.
        if yes(no_show) {
            return;
        }
        // What a record of another year leaves open ends with that year.
        let last = if table.year == self.state.year { last } else { last.or(Some(table.year.last_day())) };
        let span = Span { first: Some(first), last };
        let enrollment = self.rows.enrollments.len();
        self.stays.push(Stay { district, lea, span, year: table.year, enrollment, end_status });
        self.rows.enrollments.push(Enrollment {
            lea,
            school: Some(school),
            span,
            grade,
            primary: service == "P",
            days_enrolled: None,
            days_absent: None,
            row: place.key(),
        });
    }

    /// The first record of the year with an answer stands; records of other years fill what it leaves open.
    fn demographics(&mut self, table: &StudentTable<'a>, place: Place, record: &Record<'a>) {
        let [gender, birth, hispanic, indian, asian, black, pacific, white] =
            table.texts(record, &columns::DEMOGRAPHICS);
        self.met |= table.year == self.state.year;
        let born = self.day(place, ("birth_date", birth)).unwrap_or_default();
        self.rows.birth = self.rows.birth.or(born);
        let sex = match self.code("sex", gender, place, "gender") {
            Some("F") => Some(Sex::Female),
            Some("M") => Some(Sex::Male),
            _ => None,
        };
        self.rows.sex = self.rows.sex.or(sex);
        if !self.rows.hispanic && self.rows.races.count() == 0 {
            self.rows.hispanic = yes(hispanic);
            let flags = [
                (indian, Race::AmericanIndian),
                (asian, Race::Asian),
                (black, Race::Black),
                (pacific, Race::PacificIslander),
                (white, Race::White),
            ];
            let set = flags.into_iter().filter(|(flag, _)| yes(flag));
            self.rows.races = set.fold(RaceSet::NONE, |races, (_, race)| races.with(race));
        }
    }

    /// Days go to the first primary enrollment in the school that has none yet, in order of first days; more
    /// records than enrollments are added up there.
    fn attendance(&mut self, table: &StudentTable<'a>, place: Place, record: &Record<'a>) {
        let [district, school, enrolled, absent] = table.texts(record, &columns::ATTENDANCE);
        let Some((_, school)) = self.state.places.school(district, school) else {
            return self.leave_out(place, Some("school_number"), NoteKind::UnknownPlace);
        };
        let (days, missed) = (Days::parse(enrolled), Days::parse(absent));
        for (text, read, column) in
            [(enrolled, days, "ada_days_enrolled"), (absent, missed, "essa_days_absent")]
        {
            if filled(text).is_some() && read.is_none() {
                self.leave_out(place, Some(column), NoteKind::NotANumber);
            }
        }
        let stays = self.stays.iter().filter(|stay| stay.year == table.year);
        let mut there: Vec<usize> = stays.map(|stay| stay.enrollment).collect();
        let enrollments = &mut self.rows.enrollments;
        there.retain(|number| {
            enrollments.get(*number).is_some_and(|row| row.primary && row.school == Some(school))
        });
        there.sort_by_key(|number| enrollments.get(*number).and_then(|row| row.span.first));
        let free = |number: &usize| enrollments.get(*number).is_some_and(|row| row.days_enrolled.is_none());
        let target = there.iter().copied().find(free).or(there.last().copied());
        if let Some(row) = target.and_then(|number| enrollments.get_mut(number)) {
            let sum = |known: Option<Days>, more: Option<Days>| match (known, more) {
                (Some(known), Some(more)) => Some([known, more].into_iter().sum()),
                (known, more) => known.or(more),
            };
            row.days_enrolled = sum(row.days_enrolled, days);
            row.days_absent = sum(row.days_absent, missed);
        }
    }

    /// The federal districts of a school system in which the student is enrolled; all of them without an enrollment.
    fn leas_in(&self, district: &str) -> Vec<LeaIndex> {
        let mut leas: Vec<LeaIndex> =
            self.stays.iter().filter(|stay| stay.district == district).map(|stay| stay.lea).collect();
        leas.sort_unstable();
        leas.dedup();
        if leas.is_empty() { self.state.places.leas(district).to_vec() } else { leas }
    }

    /// The federal district on a day: that of the enrollment that holds, else of the last before it, else the first.
    pub(super) fn lea_on(&self, district: &str, day: NaiveDate) -> Option<LeaIndex> {
        let here = || self.stays.iter().filter(|stay| stay.district == district);
        let holds =
            here().filter(|stay| stay.span.contains(day)).max_by_key(|stay| (stay.span.first, stay.lea));
        let before = || {
            here().filter(|stay| stay.span.first <= Some(day)).max_by_key(|stay| (stay.span.first, stay.lea))
        };
        let found = holds.or_else(before).map(|stay| stay.lea);
        found.or_else(|| self.leas_in(district).first().copied())
    }

    fn known(&self, place: Place, first: NaiveDate, last: Option<NaiveDate>) -> Span {
        let own = self.state.year;
        let year = self.state.tables.get(place.table).map_or(own, |table| table.year);
        known_in(year, own, Some(first), last)
    }

    pub(super) fn status_anywhere(
        &mut self,
        place: Place,
        first: NaiveDate,
        last: Option<NaiveDate>,
        kind: StatusKind,
    ) {
        let span = self.known(place, first, last);
        self.rows.statuses.push(Status { lea: None, span, kind, row: place.key() });
    }

    pub(super) fn status_in(
        &mut self,
        district: &str,
        place: Place,
        first: NaiveDate,
        last: Option<NaiveDate>,
        kind: StatusKind,
    ) {
        let leas = self.leas_in(district);
        if leas.is_empty() {
            return self.leave_out(place, Some("district_number"), NoteKind::UnknownPlace);
        }
        let span = self.known(place, first, last);
        for lea in leas {
            self.rows.statuses.push(Status { lea: Some(lea), span, kind: kind.clone(), row: place.key() });
        }
    }

    fn programs(&mut self, table: &StudentTable<'a>, place: Place, record: &Record<'a>) {
        let [district, school, title_one, immigrant, since, homeless, military] =
            table.texts(record, &columns::PROGRAMS);
        let Some((lea, school)) = self.state.places.school(district, school) else {
            return self.leave_out(place, Some("school_number"), NoteKind::UnknownPlace);
        };
        let year = Span { first: Some(table.year.first_day()), last: Some(table.year.last_day()) };
        let mut here = |span: Span, kind: StatusKind| {
            self.rows.statuses.push(Status { lea: Some(lea), span, kind, row: place.key() });
        };
        if yes(immigrant) {
            let span = Span { first: date(since).or(year.first), last: year.last };
            here(
                span,
                StatusKind::Immigrant { participates: self.state.places.has_immigrant_program(district) },
            );
        }
        if title_one == "TAS" {
            here(year, StatusKind::TitleOneServed);
        }
        if self.code("military", military, place, "military_connected_student").is_some() {
            let span = year;
            let kind = StatusKind::MilitaryConnected;
            self.rows.statuses.push(Status { lea: Some(lea), span, kind, row: place.key() });
        }
        if filled(homeless).is_some() {
            let residence = self.code("residence", homeless, place, "homeless").map(str::to_owned);
            let kind = StatusKind::Homeless { residence, unaccompanied: false, served: false };
            self.flagged_homeless.push(Status { lea: Some(lea), span: year, kind, row: place.key() });
        }
        if table.year != self.state.year {
            return;
        }
        if let Some(program) = self.code("title_one_program", title_one, place, "title_i").map(str::to_owned)
        {
            let there = |row: &&Enrollment| row.primary && row.school == Some(school);
            let inside = |row: &&Enrollment| row.span.overlap(year).is_some();
            let last =
                self.rows.enrollments.iter().filter(there).filter(inside).max_by_key(|row| row.span.first);
            let Some(last) = last else { return };
            self.rows.programs.push(ProgramRecord {
                program: "title1_participation".to_owned(),
                lea: Some(lea),
                school: None,
                span: last.span,
                grade: last.grade,
                values: vec![("TITLEIPROG".to_owned(), vec![program])],
                row: place.key(),
            });
        }
    }

    fn learner(&mut self, table: &StudentTable<'a>, place: Place, record: &Record<'a>) {
        let [district, status, first, last, language] = table.texts(record, &columns::LEARNERS);
        let first = self.day(place, ("identified_date", first));
        let last = self.day(place, ("program_exit_date", last));
        let (Ok(first), Ok(last)) = (first, last) else { return };
        // Who has left the program was a learner until then; without that day it is not known since when not.
        let was = match status {
            "EL" => true,
            _ => last.is_some(),
        };
        if was {
            let language =
                self.code("language", language, place, "home_primary_language_or_language_of_impact");
            let language = language.map(str::to_owned);
            let first = first.unwrap_or(table.year.first_day());
            self.status_in(district, place, first, last, StatusKind::EnglishLearner { language });
        }
    }

    fn homeless(&mut self, table: &StudentTable<'a>, place: Place, record: &Record<'a>) {
        let [district, first, last, residence, unaccompanied, served] =
            table.texts(record, &columns::HOMELESS);
        let Some((first, last)) = self.days(place, [("start_date", first), ("end_date", last)]) else {
            return;
        };
        let residence =
            self.code("residence", residence, place, "primary_nighttime_residence").map(str::to_owned);
        let last = last.or(Some(table.year.last_day()));
        let (unaccompanied, served) = (yes(unaccompanied), yes(served));
        let kind = StatusKind::Homeless { residence, unaccompanied, served };
        self.status_in(district, place, first, last, kind);
    }

    fn meals(&mut self, table: &StudentTable<'a>, place: Place, record: &Record<'a>) {
        let [eligibility, ground, first, last] = table.texts(record, &columns::MEALS);
        let Some(code) = self.code("lunch", eligibility, place, "eligibility").map(str::to_owned) else {
            return;
        };
        let days = [("eligibility_start_date", first), ("eligibility_end_date", last)];
        let Some((first, last)) = self.days(place, days) else { return };
        self.status_anywhere(place, first, last, StatusKind::Lunch { eligibility: Some(code) });
        self.status_anywhere(place, first, last, StatusKind::EconomicallyDisadvantaged);
        if self.state.codes.of("direct_certification", ground).is_some() {
            self.status_anywhere(place, first, last, StatusKind::DirectCertification);
        }
    }

    fn finish(mut self, places: &[Place]) -> StudentRows {
        let here = |place: &&Place| {
            self.state.tables.get(place.table).is_some_and(|table| table.year == self.state.year)
        };
        if !self.met
            && let Some(place) = places.iter().find(here)
        {
            self.leave_out(*place, None, NoteKind::NoDemographics);
        }
        let recorded: Vec<Option<LeaIndex>> = self
            .rows
            .statuses
            .iter()
            .filter(|status| matches!(status.kind, StatusKind::Homeless { .. }))
            .map(|status| status.lea)
            .collect();
        let flagged = std::mem::take(&mut self.flagged_homeless);
        self.rows.statuses.extend(flagged.into_iter().filter(|status| !recorded.contains(&status.lea)));
        self.cohort();
        self.rows
    }

    /// The cohort by the first day in grade 9; the last place known by the end of the year counts.
    fn cohort(&mut self) {
        let Some(first_year) = self.ninth.and_then(|day| SchoolYear::containing(day).ok()) else { return };
        let until = self.state.year;
        let rows = &self.rows.enrollments;
        let stays = self.stays.iter().filter(|stay| stay.year <= until);
        let last = stays.max_by_key(|stay| {
            let primary = rows.get(stay.enrollment).is_some_and(|row| row.primary);
            (stay.span.first, primary, stay.lea)
        });
        let Some((last, row)) = last.and_then(|last| Some((last, rows.get(last.enrollment)?))) else {
            return;
        };
        let outcome = self.state.codes.of("cohort", last.end_status).map(str::to_owned);
        let (lea, school, row) = (row.lea, row.school, row.row);
        self.rows.cohorts.push(CohortMembership { lea, school, first_year, outcome, row });
    }
}

//! From count rows to pupils: enrolled that day, in which grade, unit and program, and where else.

use super::facts::{CountRow, Enrollment, Facts, Person, Place};
use super::notes::{NoteKind, Notes};
use super::{Funding, FundingError};
use chrono::NaiveDate;
use opi_anb::{
    CountPeriod, EXCEPTION_AGE, Fraction, Grade, KINDERGARTEN_AGE, Pupil, PupilProgram, PupilRules,
    UPPER_AGE, count_date, nominal_count_date, september_10,
};
use opi_dictionary::{BirthDate, CalendarKey, GradeCode, SchoolKey, SchoolYear};
use std::collections::BTreeMap;

/// The row of a count file that a pupil comes from. An early graduate comes from that of the fall count.
#[derive(Clone, Copy)]
pub(super) struct Source {
    pub(super) student: u32,
    pub(super) place: Place,
    /// The line of the row in its upload.
    pub(super) line: u64,
}

/// A pupil in a count.
pub(super) struct Entry {
    pub(super) source: Source,
    /// The budget unit, as its place in the list of units.
    pub(super) unit: usize,
    /// The day on which the pupil's calendar counted.
    pub(super) date: NaiveDate,
    pub(super) pupil: Pupil,
}

/// A row of a count file that makes no pupil.
pub(super) struct LeftOut {
    pub(super) source: Source,
    pub(super) count: CountPeriod,
    pub(super) kind: NoteKind,
}

/// Makes pupils of count rows.
pub(super) struct Counting<'a> {
    funding: &'a Funding<'a>,
    facts: &'a Facts,
    september_10: NaiveDate,
    unit_of_grade: BTreeMap<(SchoolKey, GradeCode), Option<usize>>,
    dates: BTreeMap<(CountPeriod, Place), NaiveDate>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) notes: &'a mut Notes,
}

impl<'a> Counting<'a> {
    pub(super) fn new(
        funding: &'a Funding<'a>,
        facts: &'a Facts,
        notes: &'a mut Notes,
    ) -> Result<Self, FundingError> {
        let september_10 = september_10(funding.counts_of)?;
        let (unit_of_grade, dates, left_out) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Ok(Counting { funding, facts, september_10, unit_of_grade, dates, left_out, notes })
    }

    /// The day on which a calendar counted: its next school day from the day that the law names.
    fn date(&mut self, period: CountPeriod, place: Place) -> Result<NaiveDate, FundingError> {
        if let Some(date) = self.dates.get(&(period, place)) {
            return Ok(*date);
        }
        let Funding { law, choices, counts_of, directory, .. } = self.funding;
        let key = CalendarKey { school: place.0, calendar: place.1, year: *counts_of };
        let days = directory.instruction_days(key);
        let date = days.and_then(|days| count_date(law, choices, *counts_of, period, days).ok());
        if date.is_none() {
            self.notes.add(Some(place.0.district), NoteKind::CalendarUnknown, Some(period));
        }
        let date = date.map_or_else(|| nominal_count_date(law, choices, *counts_of, period), Ok)?;
        self.dates.insert((period, place), date);
        Ok(date)
    }

    /// The pupils of both counts, in the order of students.
    pub(super) fn entries(
        &mut self,
        unit_number: &impl Fn(SchoolKey, GradeCode) -> Option<usize>,
    ) -> Result<(Vec<Entry>, Vec<Entry>), FundingError> {
        let mut fall = self.of_rows(CountPeriod::Fall, unit_number)?;
        let mut spring = self.of_rows(CountPeriod::Spring, unit_number)?;
        self.add_early_graduates(&fall, &mut spring)?;
        for entries in [&mut fall, &mut spring] {
            self.share(entries)?;
        }
        Ok((fall, spring))
    }

    fn of_rows(
        &mut self,
        period: CountPeriod,
        unit_number: &impl Fn(SchoolKey, GradeCode) -> Option<usize>,
    ) -> Result<Vec<Entry>, FundingError> {
        let facts = self.facts;
        let mut entries = Vec::with_capacity(facts.count(period).len());
        for row in facts.count(period) {
            match self.entry(period, row, unit_number)? {
                Ok(entry) => entries.push(entry),
                Err(kind) => {
                    self.notes.add(Some(row.place.0.district), kind, Some(period));
                    self.left_out.push(LeftOut { source: source_of(row), count: period, kind });
                }
            }
        }
        Ok(entries)
    }

    fn entry(
        &mut self,
        period: CountPeriod,
        row: &CountRow,
        unit_number: &impl Fn(SchoolKey, GradeCode) -> Option<usize>,
    ) -> Result<Result<Entry, NoteKind>, FundingError> {
        let (student, place) = (row.student, row.place);
        if self.funding.directory.district(place.0.district).is_none() {
            return Ok(Err(NoteKind::DistrictUnknown));
        }
        let date = self.date(period, place)?;
        let enrollments = self.facts.enrollments(student, place);
        let held = enrollments.iter().find(|enrollment| enrollment.holds(date));
        let graduated = |enrollment: &&Enrollment| self.graduated_early(enrollment, date);
        let early = period == CountPeriod::Spring && held.is_none();
        let early = if early { enrollments.iter().find(graduated) } else { None };
        let Some(enrollment) = held.or(early) else {
            let none = enrollments.is_empty();
            return Ok(Err(if none { NoteKind::NoEnrollment } else { NoteKind::NotEnrolled }));
        };
        let Some(grade) = enrollment.grade else { return Ok(Err(NoteKind::NoEnrollment)) };
        let grade = self.kindergarten_of(place.0, grade);
        let unit = *self.unit_of_grade.entry((place.0, grade)).or_insert_with(|| unit_number(place.0, grade));
        let Some(unit) = unit else { return Ok(Err(NoteKind::NoBudgetUnit)) };
        let Some(hours) = row.hours else { return Ok(Err(NoteKind::NoHours)) };
        let Some(program) = program(grade, hours, enrollment) else {
            return Ok(Err(NoteKind::PreschoolProgram));
        };
        let person = self.facts.person(student, place.0.district);
        let pupil = Pupil {
            school: Some(place.0.school),
            program,
            grade: Some(grade_of(grade)),
            hours: Fraction::whole(hours.into()),
            excluded: row.excluded,
            // The box is to be ticked for whom the trustees did not admit.
            trustee_permission: !row.excluded,
            birth_date: person.and_then(|person| born_by(person, date)),
            american_indian: person.is_some_and(|person| person.american_indian),
            early_graduate: early.is_some(),
            ..Pupil::default()
        };
        let mut note = |holds: bool, kind: NoteKind| {
            if holds {
                self.notes.add(Some(place.0.district), kind, Some(period));
            }
        };
        note(grade.as_str() == "KG", NoteKind::KindergartenKind);
        note(early.is_some(), NoteKind::EarlyGraduate);
        let age = pupil.birth_date.as_ref().map(|birth| birth.age_on(self.september_10).unwrap_or_default());
        note(age.is_none(), NoteKind::AgeNotTested);
        let under_age = age.is_some_and(|age| age < KINDERGARTEN_AGE);
        note(program.is_kindergarten() && under_age && !row.excluded, NoteKind::Admitted);
        note(age.is_some_and(|age| (UPPER_AGE..EXCEPTION_AGE).contains(&age)), NoteKind::AgedOut);
        Ok(Ok(Entry { source: source_of(row), unit, date, pupil }))
    }

    /// Grade KG is full or half time as the school offers one of the two alone; all other grades stay as they are.
    fn kindergarten_of(&self, school: SchoolKey, grade: GradeCode) -> GradeCode {
        if grade.as_str() != "KG" {
            return grade;
        }
        let offered = |code: &str| {
            let code: GradeCode = code.parse().ok()?;
            let school = self.funding.directory.school(school)?;
            school.offers(code, self.funding.counts_of).then_some(code)
        };
        match (offered("KG"), offered("KF"), offered("KH")) {
            (None, Some(only), None) | (None, None, Some(only)) => only,
            _ => grade,
        }
    }

    /// Whether an enrollment ended with a diploma before a day, in fewer than eight semesters since grade 9 began,
    /// where that is known. MCA 20-9-313(1)(f).
    fn graduated_early(&self, enrollment: &Enrollment, before: NaiveDate) -> bool {
        enrollment.completed
            && enrollment.last.is_some_and(|last| last < before)
            && !self.eight_semesters(enrollment)
    }

    /// The middle of a school year ends the eighth semester or a later one when grade 9 began four years before.
    fn eight_semesters(&self, enrollment: &Enrollment) -> bool {
        let began = enrollment.ninth.and_then(|day| SchoolYear::containing(day).ok());
        began.is_some_and(|year| year.end_year() + 4 <= self.funding.counts_of.end_year())
    }

    /// Who graduated between the counts and is in no row of the spring count is added to it as in the fall.
    fn add_early_graduates(&mut self, fall: &[Entry], spring: &mut Vec<Entry>) -> Result<(), FundingError> {
        let sent = self.facts.senders(CountPeriod::Spring);
        for entry in fall {
            let Source { student, place, .. } = entry.source;
            let district = place.0.district;
            let enrollments = self.facts.enrollments(student, place);
            if !enrollments.iter().any(|enrollment| enrollment.completed)
                || sent.binary_search(&district).is_err()
                || self.facts.counted(CountPeriod::Spring, student, place).is_some()
            {
                continue;
            }
            let date = self.date(CountPeriod::Spring, place)?;
            let left = |found: &&Enrollment| {
                let between = found.last.is_some_and(|last| entry.date <= last && last < date);
                found.completed && between
            };
            let Some(left) = enrollments.iter().find(left) else { continue };
            let early = !self.eight_semesters(left);
            let kind = if early { NoteKind::EarlyGraduate } else { NoteKind::EighthSemester };
            self.notes.add(Some(district), kind, Some(CountPeriod::Spring));
            if early {
                let pupil = Pupil { early_graduate: true, excluded: false, ..entry.pupil.clone() };
                spring.push(Entry { source: entry.source, unit: entry.unit, date, pupil });
            }
        }
        spring.sort_by_key(|entry| (entry.source.student, entry.source.place));
        Ok(())
    }

    /// Tells each pupil of several places the weights in the others.
    fn share(&self, entries: &mut [Entry]) -> Result<(), FundingError> {
        let Funding { law, choices, counts_of, .. } = self.funding;
        for entries in entries.chunk_by_mut(|one, two| one.source.student == two.source.student) {
            if entries.len() < 2 {
                continue;
            }
            let mut weights = Vec::with_capacity(entries.len());
            for entry in entries.iter() {
                let rules = PupilRules::of(law, choices, *counts_of, entry.date)?;
                weights.push(rules.judge(&entry.pupil)?.weight);
            }
            for (place, entry) in entries.iter_mut().enumerate() {
                let others =
                    weights.iter().enumerate().filter(|(other, weight)| *other != place && !weight.is_zero());
                entry.pupil.elsewhere = others.map(|(_, weight)| *weight).collect();
            }
        }
        Ok(())
    }
}

/// The program of a grade; `None` where the files do not say which.
fn program(grade: GradeCode, hours: u16, enrollment: &Enrollment) -> Option<PupilProgram> {
    match grade.as_str() {
        "KH" => Some(PupilProgram::KindergartenHalfTime),
        "KF" | "KG" => Some(PupilProgram::KindergartenFullTime),
        "PK" if enrollment.is_special_education() => Some(PupilProgram::PreschoolDisability),
        // Under the lowest band no program counts.
        "PK" if hours > 0 => None,
        _ => Some(PupilProgram::K12),
    }
}

/// The grade of an AIM code. Full and half time are the program's.
fn grade_of(code: GradeCode) -> Grade {
    match code.as_str() {
        "KF" | "KH" | "KG" => Grade::Kindergarten,
        other => Grade::from(other.to_owned()),
    }
}

fn born_by(person: &Person, date: NaiveDate) -> Option<BirthDate> {
    person.birth.clone().filter(|birth| birth.age_on(date).is_some())
}

fn source_of(row: &CountRow) -> Source {
    Source { student: row.student, place: row.place, line: row.line }
}

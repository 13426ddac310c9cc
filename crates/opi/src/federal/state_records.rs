//! The records that the state holds of one student: special education, removals, migrant certificates.

use crate::federal::kinds::columns;
use crate::federal::notes::NoteKind;
use crate::federal::reading::{Place, StudentTable};
use crate::federal::students::{Making, date, filled, owned, yes};
use chrono::NaiveDate;
use opi_dictionary::SchoolYear;
use opi_edfacts::{
    Days, DisciplineEvent, FirearmIncident, Grade, ProgramRecord, Span, SpecialEducationExit, StatusKind,
};
use opi_snapshot::Record;

impl<'a> Making<'_, 'a> {
    pub(super) fn special_education(&mut self, table: &StudentTable<'a>, place: Place, record: &Record<'a>) {
        let [district, first, last, disability, setting, exit, reason] =
            table.texts(record, &columns::SPECIAL_EDUCATION);
        let federal = self.state.codes.disability(disability).map(str::to_owned);
        if federal.is_none() && !disability.is_empty() {
            self.leave_out(place, Some("primary_disability"), NoteKind::CodeWithoutCounterpart);
        }
        let kind = StatusKind::Idea {
            disability: federal,
            env_school_age: owned(setting),
            env_early: owned(setting),
        };
        if let Some((first, last)) = self.days(place, [("plan_start_date", first), ("plan_end_date", last)]) {
            self.status_in(district, place, first, last, kind);
        }
        match (date(exit), filled(exit)) {
            (Some(day), _) => match self.lea_on(district, day) {
                Some(lea) => {
                    let (reason, row) = (owned(reason), place.key());
                    self.rows.exits.push(SpecialEducationExit { lea, date: day, reason, row });
                }
                None => self.leave_out(place, Some("district_number"), NoteKind::UnknownPlace),
            },
            (None, Some(_)) => self.leave_out(place, Some("special_ed_exit_date"), NoteKind::NoDate),
            (None, None) => {}
        }
    }

    pub(super) fn discipline(&mut self, table: &StudentTable<'a>, place: Place, record: &Record<'a>) {
        let [
            district,
            school,
            incident,
            day,
            removed,
            days,
            method,
            interim,
            reason,
            services,
            firearm,
            result,
        ] = table.texts(record, &columns::DISCIPLINE);
        let found = match filled(school) {
            Some(school) => {
                self.state.places.school(district, school).map(|(lea, school)| (lea, Some(school)))
            }
            None => None,
        };
        let Some(first) = date(removed).or_else(|| date(day)) else {
            return self.leave_out(place, Some("incident_date"), NoteKind::NoDate);
        };
        let by_day = || Some((self.lea_on(district, first)?, None)).filter(|_| school.is_empty());
        let Some((lea, school)) = found.or_else(by_day) else {
            return self.leave_out(place, Some("school_number"), NoteKind::UnknownPlace);
        };
        let length = Days::parse(days);
        if length.is_none() && !days.is_empty() {
            self.leave_out(place, Some("days_removed"), NoteKind::NotANumber);
        }
        let row = place.key();
        let event = DisciplineEvent {
            lea,
            school,
            date: first,
            days: length,
            method: owned(method),
            interim: owned(interim),
            reason: owned(reason),
            expulsion: owned(services),
            row,
        };
        let removal = event.method.is_some() || event.interim.is_some() || event.expulsion.is_some();
        // A second kind of firearm in an incident repeats the removal.
        let same = |known: &DisciplineEvent| DisciplineEvent { row, ..known.clone() } == event;
        let again = !firearm.is_empty()
            && self.rows.firearms.iter().any(|known| known.incident == incident && known.lea == lea)
            && self.rows.discipline.iter().any(same);
        if removal && !again {
            self.rows.discipline.push(event);
        }
        if let Some(weapon) = owned(firearm) {
            let date = date(day).unwrap_or(first);
            self.rows.firearms.push(FirearmIncident {
                lea,
                school,
                date,
                incident: incident.to_owned(),
                weapons: vec![weapon],
                result: owned(result),
                row,
            });
        }
    }

    pub(super) fn migrant(&mut self, table: &StudentTable<'a>, place: Place, record: &Record<'a>) {
        let [district, arrived, first, last, priority, served, continued, summer, services @ ..] =
            table.texts(record, &columns::MIGRANT);
        let days = [("eligibility_start_date", first), ("eligibility_end_date", last)];
        let Some((from, to)) = self.days(place, days) else { return };
        self.status_anywhere(place, from, to, StatusKind::Migrant);
        // The certificates of other years say of those who was served.
        let year = table.year;
        if year != self.state.year {
            return;
        }
        let lea = filled(district).and_then(|district| self.lea_on(district, from.max(year.first_day())));
        let span = Span { first: Some(from), last: to };
        let grade = self.last_grade(year);
        let mut values: Vec<(String, Vec<String>)> = Vec::new();
        let mut holds = |category: &str, code: &str, flag: bool| {
            if flag {
                values.push((category.to_owned(), vec![code.to_owned()]));
            }
        };
        holds("MEPPOSONLY", "PS", yes(priority));
        holds("MEPCONTINUE", "CONTINUED", yes(continued));
        let year_of_moves = Span {
            first: NaiveDate::from_ymd_opt(year.start_year(), 9, 1),
            last: NaiveDate::from_ymd_opt(year.end_year(), 8, 31),
        };
        holds("MOBILSTAT12MNTH", "QAD", date(arrived).is_some_and(|day| year_of_moves.contains(day)));
        const SERVICES: [&str; 6] =
            ["INSTRSERV", "READINSTR", "MATHINSTR", "HSACCRUAL", "SUPPSERV", "COUNSELSERV"];
        let given = services.iter().zip(SERVICES).filter(|(flag, _)| yes(flag));
        let given: Vec<String> = given.map(|(_, code)| code.to_owned()).collect();
        for (program, takes_part) in [
            ("migrant_eligible", true),
            ("migrant_served", yes(served)),
            ("migrant_summer", yes(summer)),
            ("migrant_services", !given.is_empty()),
        ] {
            if !takes_part {
                continue;
            }
            let mut values = values.clone();
            if program == "migrant_services" {
                values.push(("MEPSERVICES".to_owned(), given.clone()));
            }
            let (program, row) = (program.to_owned(), place.key());
            self.rows.programs.push(ProgramRecord { program, lea, school: None, span, grade, values, row });
        }
    }

    /// The grade of the last enrollment that meets a year.
    fn last_grade(&self, year: SchoolYear) -> Option<Grade> {
        let span = Span { first: Some(year.first_day()), last: Some(year.last_day()) };
        let there =
            self.rows.enrollments.iter().filter(|row| row.primary && row.span.overlap(span).is_some());
        there.max_by_key(|row| row.span.first)?.grade
    }
}

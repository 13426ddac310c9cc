//! From the lists of a case to units and students.

use super::document::{CaseDocument, ProgramDocument, StatusDocument, UnitDocument};
use crate::catalogue::MISSING;
use crate::input::{
    CohortMembership, Days, Departure, DepartureKind, DisciplineEvent, Enrollment, FirearmIncident, Grade,
    LeaIndex, ProgramRecord, SchoolIndex, Sex, Span, SpecialEducationExit, StaffAssignment, StateRows,
    Status, StatusKind, StudentKey, StudentRows, TitleOne, Unit, UnitStatus, Units,
};
use crate::profile::{Catchment, CountConfig, ExitChoice, extra_grades};
use crate::{Catalogue, EdfactsError, FileNumber, Level, MajorRaces, Race};
use chrono::NaiveDate;
use hashbrown::HashMap;
use opi_dictionary::SchoolYear;
use serde_json::{Map, Value};

fn refuse<T>(place: &str, what: impl Into<String>) -> Result<T, EdfactsError> {
    Err(EdfactsError::input(place, what))
}

fn shown(text: &str) -> String {
    text.chars().take(30).collect()
}

pub(super) fn year(case: &CaseDocument) -> Result<SchoolYear, EdfactsError> {
    let Some(text) = &case.school_year else { return refuse("school_year", "the school year is missing") };
    let long = text.len() == 9 && text.split_once('-').is_some_and(|(a, b)| a.len() == 4 && b.len() == 4);
    match text.parse() {
        Ok(year) if long => Ok(year),
        _ => refuse("school_year", format!("`{}` is not a school year CCYY-CCYY", shown(text))),
    }
}

fn date(place: &str, text: &str) -> Result<NaiveDate, EdfactsError> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| match at {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(day) if shape => Ok(day),
        _ => refuse(place, "the date is not a day of the calendar in the form CCYY-MM-DD"),
    }
}

fn some_date(place: &str, text: Option<&String>) -> Result<Option<NaiveDate>, EdfactsError> {
    text.map(|text| date(place, text)).transpose()
}

fn span(place: &str, first: Option<&String>, last: Option<&String>) -> Result<Span, EdfactsError> {
    Ok(Span { first: some_date(place, first)?, last: some_date(place, last)? })
}

pub(super) fn config(case: &CaseDocument) -> Result<CountConfig, EdfactsError> {
    let mut config = CountConfig::defaults(year(case)?)?;
    let Some(given) = &case.config else { return Ok(config) };
    let day = |place: &str, text: &Option<String>, known: NaiveDate| {
        Ok::<_, EdfactsError>(some_date(place, text.as_ref())?.unwrap_or(known))
    };
    config.membership_date = day("config.membership_date", &given.membership_date, config.membership_date)?;
    config.child_count_date =
        day("config.child_count_date", &given.child_count_date, config.child_count_date)?;
    config.previous_child_count_date = day(
        "config.previous_child_count_date",
        &given.previous_child_count_date,
        config.previous_child_count_date,
    )?;
    config.el_count_date = day("config.el_count_date", &given.el_count_date, config.el_count_date)?;
    if let Some((first, last)) = &given.exit_period {
        config.exit_period = span("config.exit_period", Some(first), Some(last))?;
    }
    let answers = &mut config.special_education;
    answers.exit_choice = match given.exit_choice.as_deref() {
        None | Some("latest") => ExitChoice::Latest,
        Some("earliest") => ExitChoice::Earliest,
        Some(other) => {
            return refuse("config.exit_choice", format!("`{}` is not latest or earliest", shown(other)));
        }
    };
    answers.catchment = match given.catchment.as_deref() {
        None | Some("entire_district") => Catchment::EntireDistrict,
        Some("entire_state") => Catchment::EntireState,
        Some(other) => {
            let what = format!("`{}` is not entire_district or entire_state", shown(other));
            return refuse("config.catchment", what);
        }
    };
    answers.certificate = given.certificate.unwrap_or(true);
    answers.alternate_diploma = given.alternate_diploma.unwrap_or(true);
    answers.developmental_delay_ages = given.developmental_delay_ages.clone();
    answers.correctional_ages = given.correctional_ages.clone();
    answers.maximum_age = given.maximum_age;
    answers.minimum_graduation_age = given.minimum_graduation_age;
    config.extra_grades =
        extra_grades("config.extra_grades", given.extra_grades.as_deref().unwrap_or_default())?;
    let completers = &mut config.completers;
    completers.other_completers = given.other_completers.unwrap_or(completers.other_completers);
    completers.dropout_returned_by_30_september =
        given.dropout_returned_by_30_september.unwrap_or(completers.dropout_returned_by_30_september);
    completers.alternate_diploma_in_rate =
        given.alternate_diploma_in_rate.unwrap_or(completers.alternate_diploma_in_rate);
    config.race.major_races = match given.major_races.as_deref() {
        None | Some("detailed") => MajorRaces::Detailed,
        Some("asian_pacific") => MajorRaces::AsianPacific,
        Some(other) => {
            let what = format!("`{}` is not detailed or asian_pacific", shown(other));
            return refuse("config.major_races", what);
        }
    };
    Ok(config)
}

pub(super) fn asks(case: &CaseDocument) -> Result<Vec<(FileNumber, Vec<Level>)>, EdfactsError> {
    let asks = case.ask.as_deref().unwrap_or_default();
    let one = |ask: &super::document::AskDocument| {
        let levels = ask.levels.iter().map(|level| level.parse()).collect::<Result<_, _>>()?;
        Ok((ask.file.parse()?, levels))
    };
    asks.iter().map(one).collect()
}

fn grade(place: &str, code: Option<&String>) -> Result<Option<Grade>, EdfactsError> {
    let Some(code) = code.filter(|code| *code != MISSING) else { return Ok(None) };
    match Grade::from_code(code) {
        Some(grade) => Ok(Some(grade)),
        None => refuse(place, format!("`{}` is not a grade code (PK, KG, 01 to 13, UG, AE)", shown(code))),
    }
}

fn unit(place: &str, given: &UnitDocument) -> Result<Unit, EdfactsError> {
    let status = match &given.status {
        None => None,
        Some(text) => match UnitStatus::parse(text) {
            Some(status) => Some(status),
            None => {
                let what = format!("`{}` is not an operational status (Open, New, Closed ...)", shown(text));
                return refuse(place, what);
            }
        },
    };
    let mut grades = Vec::new();
    for code in given.grades.iter().flatten() {
        if code != "NOGRADES" {
            grades.extend(grade(place, Some(code))?);
        }
    }
    let reportable = given.school_type.as_deref().map(str::trim).map(str::to_ascii_lowercase);
    Ok(Unit {
        lea: given.lea.clone(),
        school: given.school.clone(),
        status,
        reported_federally: given.reported_federally.unwrap_or(true),
        reportable_program: reportable.as_deref() == Some("reportable program"),
        grades: grades.into_iter().collect(),
        lunch_program: given.lunch_program,
        title_one: match given.title_one.as_deref() {
            None | Some("none") => TitleOne::None,
            Some("schoolwide") => TitleOne::Schoolwide,
            Some("targeted") => TitleOne::Targeted,
            Some(other) => {
                let what = format!("`{}` is not none, schoolwide or targeted", shown(other));
                return refuse(place, what);
            }
        },
        homeless_subgrant: given.homeless_subgrant.unwrap_or(false),
    })
}

/// All places that rows name, so that rows in unknown units are kept and never reported.
fn mentioned(case: &CaseDocument) -> Vec<(String, Option<String>)> {
    let mut places: Vec<(String, Option<String>)> = Vec::new();
    places.extend(case.enrollments.iter().flatten().map(|row| (row.lea.clone(), row.school.clone())));
    places.extend(case.statuses.iter().flatten().filter_map(|row| Some((row.lea.clone()?, None))));
    places.extend(case.discipline.iter().flatten().map(|row| (row.lea.clone(), row.school.clone())));
    places.extend(case.exits.iter().flatten().map(|row| (row.lea.clone(), None)));
    places.extend(case.departures.iter().flatten().map(|row| (row.lea.clone(), row.school.clone())));
    places.extend(case.firearms.iter().flatten().map(|row| (row.lea.clone(), row.school.clone())));
    places.extend(case.cohorts.iter().flatten().map(|row| (row.lea.clone(), row.school.clone())));
    places.extend(
        case.programs.iter().flatten().filter_map(|row| Some((row.lea.clone()?, row.school.clone()))),
    );
    places.extend(case.staff.iter().flatten().filter_map(|row| Some((row.lea.clone()?, row.school.clone()))));
    places
}

struct Reader<'c> {
    catalogue: &'c Catalogue,
    units: Units,
    students: Vec<StudentRows>,
    index: HashMap<String, usize>,
}

pub(super) fn state(catalogue: &Catalogue, case: &CaseDocument) -> Result<StateRows, EdfactsError> {
    let mut units = Vec::new();
    for (given, number) in case.units.iter().flatten().zip(0..) {
        units.push(unit(&format!("units[{number}]"), given)?);
    }
    let mut reader = Reader {
        catalogue,
        units: Units::new(units, mentioned(case))?,
        students: Vec::new(),
        index: HashMap::new(),
    };
    reader.students(case)?;
    reader.enrollments(case)?;
    reader.statuses(case)?;
    reader.events(case)?;
    reader.others(case)?;
    Ok(StateRows { units: reader.units, students: reader.students })
}

impl Reader<'_> {
    fn student(&mut self, place: &str, id: &str) -> Result<&mut StudentRows, EdfactsError> {
        let found = self.index.get(id).copied();
        match found.and_then(|at| self.students.get_mut(at)) {
            Some(student) => Ok(student),
            None => refuse(place, "the student is not in the list students"),
        }
    }

    /// A code of a category, or nothing.
    fn code(
        &self,
        place: &str,
        category: &str,
        code: Option<&String>,
    ) -> Result<Option<String>, EdfactsError> {
        let Some(code) = code else { return Ok(None) };
        if self.catalogue.permitted_values(category).iter().any(|value| value.code == *code) {
            return Ok(Some(code.clone()));
        }
        refuse(place, format!("`{}` is not a code of {category}", shown(code)))
    }

    fn place(&self, lea: &str, school: Option<&String>) -> (LeaIndex, Option<SchoolIndex>) {
        // Every place that a row names was numbered before.
        let district = self.units.lea(lea).unwrap_or(LeaIndex(u32::MAX));
        (district, school.and_then(|school| self.units.school(lea, school)))
    }

    fn students(&mut self, case: &CaseDocument) -> Result<(), EdfactsError> {
        for (given, number) in case.students.iter().flatten().zip(0..) {
            let place = format!("students[{number}]");
            let mut student = StudentRows::new(StudentKey::new(given.id.clone()));
            student.birth = some_date(&place, given.birthdate.as_ref())?;
            student.sex = match given.sex.as_deref() {
                None | Some(MISSING) => None,
                Some("F") => Some(Sex::Female),
                Some("M") => Some(Sex::Male),
                Some(other) => return refuse(&place, format!("sex is F or M, found `{}`", shown(other))),
            };
            student.hispanic = given.hispanic.unwrap_or(false);
            for code in given.races.iter().flatten() {
                match Race::from_code(code).filter(|race| *race != Race::MiddleEastern) {
                    Some(race) => student.races = student.races.with(race),
                    None => {
                        let what = format!("`{}` is not one of AM7, AS7, BL7, PI7, WH7", shown(code));
                        return refuse(&place, what);
                    }
                }
            }
            if self.index.insert(given.id.clone(), self.students.len()).is_some() {
                return refuse(&place, "the student stands twice; each student has one entry");
            }
            self.students.push(student);
        }
        Ok(())
    }

    fn enrollments(&mut self, case: &CaseDocument) -> Result<(), EdfactsError> {
        let days = |place: &str, given: Option<&serde_json::Number>| {
            given.map(|number| days(place, number)).transpose()
        };
        for (given, number) in case.enrollments.iter().flatten().zip(0u64..) {
            let place = format!("enrollments[{number}]");
            let (lea, school) = self.place(&given.lea, given.school.as_ref());
            let row = Enrollment {
                lea,
                school,
                span: span(&place, given.entry.as_ref(), given.exit.as_ref())?,
                grade: grade(&place, given.grade.as_ref())?,
                primary: given.service_type.as_deref().is_none_or(|service| service == "P"),
                days_enrolled: days(&place, given.days_enrolled.as_ref())?,
                days_absent: days(&place, given.days_absent.as_ref())?,
                row: number,
            };
            self.student(&place, &given.student)?.enrollments.push(row);
        }
        Ok(())
    }

    fn status_kind(&self, place: &str, given: &StatusDocument) -> Result<StatusKind, EdfactsError> {
        Ok(match given.kind.as_str() {
            "idea" => StatusKind::Idea {
                disability: self.code(place, "DISABCATIDEA", given.disability.as_ref())?,
                env_school_age: self.code(place, "EDENVIRIDEASA", given.env_school_age.as_ref())?,
                env_early: self.code(place, "EDENVIDEAEC", given.env_early.as_ref())?,
            },
            "el" => StatusKind::EnglishLearner {
                language: self.code(place, "LANGHOME", given.language.as_ref())?,
            },
            "homeless" => StatusKind::Homeless {
                residence: self.code(place, "HOMELSPRMRES", given.residence.as_ref())?,
                unaccompanied: given.unaccompanied.unwrap_or(false),
                served: given.served.unwrap_or(false),
            },
            "section504" => StatusKind::Section504,
            "migrant" => StatusKind::Migrant,
            "economically_disadvantaged" => StatusKind::EconomicallyDisadvantaged,
            "foster_care" => StatusKind::FosterCare,
            "military_connected" => StatusKind::MilitaryConnected,
            "immigrant" => StatusKind::Immigrant { participates: given.participates.unwrap_or(true) },
            "lunch" => {
                StatusKind::Lunch { eligibility: self.code(place, "LUNCHPROG", given.eligibility.as_ref())? }
            }
            "direct_certification" => StatusKind::DirectCertification,
            "title_one_served" => StatusKind::TitleOneServed,
            other => {
                let known = "idea, el, homeless, section504, migrant, economically_disadvantaged, \
                             foster_care, military_connected, immigrant, lunch, direct_certification, \
                             title_one_served";
                return refuse(place, format!("`{}` is not a kind of status: {known}", shown(other)));
            }
        })
    }

    fn statuses(&mut self, case: &CaseDocument) -> Result<(), EdfactsError> {
        for (given, number) in case.statuses.iter().flatten().zip(0u64..) {
            let place = format!("statuses[{number}]");
            let row = Status {
                lea: given.lea.as_deref().map(|lea| self.place(lea, None).0),
                span: span(&place, given.begin.as_ref(), given.end.as_ref())?,
                kind: self.status_kind(&place, given)?,
                row: number,
            };
            self.student(&place, &given.student)?.statuses.push(row);
        }
        Ok(())
    }

    fn events(&mut self, case: &CaseDocument) -> Result<(), EdfactsError> {
        for (given, number) in case.discipline.iter().flatten().zip(0u64..) {
            let place = format!("discipline[{number}]");
            let (lea, school) = self.place(&given.lea, given.school.as_ref());
            let row = DisciplineEvent {
                lea,
                school,
                date: date(&place, &given.date)?,
                days: given.days.as_ref().map(|number| days(&place, number)).transpose()?,
                method: self.code(&place, "DSCPLMETHOD", given.method.as_ref())?,
                interim: self.code(&place, "REMOVALTYPE", given.interim.as_ref())?,
                reason: self.code(&place, "REMOVEREASON", given.reason.as_ref())?,
                expulsion: self.code(&place, "EDUSERVICES", given.expulsion.as_ref())?,
                row: number,
            };
            self.student(&place, &given.student)?.discipline.push(row);
        }
        for (given, number) in case.exits.iter().flatten().zip(0u64..) {
            let place = format!("exits[{number}]");
            let row = SpecialEducationExit {
                lea: self.place(&given.lea, None).0,
                date: date(&place, &given.date)?,
                reason: self.code(&place, "BASISEXIT", given.reason.as_ref())?,
                row: number,
            };
            self.student(&place, &given.student)?.exits.push(row);
        }
        Ok(())
    }

    fn others(&mut self, case: &CaseDocument) -> Result<(), EdfactsError> {
        for (given, number) in case.departures.iter().flatten().zip(0u64..) {
            let place = format!("departures[{number}]");
            let (lea, school) = self.place(&given.lea, given.school.as_ref());
            let kind = match given.kind.as_str() {
                "dropout" => DepartureKind::Dropout,
                "REGDIP" => DepartureKind::RegularDiploma,
                "OTHCOM" => DepartureKind::OtherCompleter,
                other => {
                    let what = format!("`{}` is not dropout, REGDIP or OTHCOM", shown(other));
                    return refuse(&place, what);
                }
            };
            let (date, grade) = (date(&place, &given.date)?, grade(&place, given.grade.as_ref())?);
            let row = Departure { lea, school, date, grade, kind, row: number };
            self.student(&place, &given.student)?.departures.push(row);
        }
        for (given, number) in case.firearms.iter().flatten().zip(0u64..) {
            let place = format!("firearms[{number}]");
            let (lea, school) = self.place(&given.lea, given.school.as_ref());
            let mut weapons = Vec::new();
            for code in given.weapons.iter().flatten() {
                weapons.extend(self.code(&place, "WEAPONTYPE", Some(code))?);
            }
            let result = self.code(&place, "FAINCIDEA", given.result.as_ref());
            let result = result.or_else(|_| self.code(&place, "FAINCNOTIDEA", given.result.as_ref()))?;
            let date = date(&place, &given.date)?;
            let incident = given.incident.clone();
            let row = FirearmIncident { lea, school, date, incident, weapons, result, row: number };
            self.student(&place, &given.student)?.firearms.push(row);
        }
        for (given, number) in case.cohorts.iter().flatten().zip(0u64..) {
            let place = format!("cohorts[{number}]");
            let (lea, school) = self.place(&given.lea, given.school.as_ref());
            let row = CohortMembership {
                lea,
                school,
                first_year: given.first_year.parse()?,
                outcome: self.code(&place, "COHSTATUS", given.outcome.as_ref())?,
                row: number,
            };
            self.student(&place, &given.student)?.cohorts.push(row);
        }
        for (given, number) in case.programs.iter().flatten().zip(0u64..) {
            let place = format!("programs[{number}]");
            let row = self.program(&place, given, number)?;
            self.student(&place, &given.student)?.programs.push(row);
        }
        Ok(())
    }

    fn program(&self, place: &str, given: &ProgramDocument, row: u64) -> Result<ProgramRecord, EdfactsError> {
        let known =
            crate::declarations().iter().any(|declared| declared.program == Some(given.program.as_str()));
        if !known {
            return refuse(place, format!("no file counts the programme `{}`", shown(&given.program)));
        }
        let (lea, school) = match &given.lea {
            Some(lea) => {
                let (lea, school) = self.place(lea, given.school.as_ref());
                (Some(lea), school)
            }
            None => (None, None),
        };
        let mut values = Vec::new();
        for (category, value) in given.values.iter().flatten() {
            let codes = match value {
                Value::String(code) => vec![code.clone()],
                Value::Array(codes) => codes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                _ => return refuse(place, format!("{category} is a code or a list of codes")),
            };
            for code in &codes {
                self.code(place, category, Some(code))?;
            }
            values.push((category.clone(), codes));
        }
        Ok(ProgramRecord {
            program: given.program.clone(),
            lea,
            school,
            span: span(place, given.begin.as_ref(), given.end.as_ref())?,
            grade: grade(place, given.grade.as_ref())?,
            values,
            row,
        })
    }
}

fn days(place: &str, number: &serde_json::Number) -> Result<Days, EdfactsError> {
    match Days::parse(&number.to_string()) {
        Some(days) => Ok(days),
        None => refuse(place, "days are a number from 0 up with at most nine decimals"),
    }
}

pub(super) fn staff(
    catalogue: &Catalogue,
    case: &CaseDocument,
    units: &Units,
) -> Result<Vec<StaffAssignment>, EdfactsError> {
    let mut assignments = Vec::new();
    for (given, number) in case.staff.iter().flatten().zip(0..) {
        let place = format!("staff[{number}]");
        let hundredths = days(&place, &given.fte)?.0;
        // Rounded half up to two decimals before the sum.
        let step = Days::ONE / 100;
        let rounded = (hundredths + step / 2) / step;
        let empty = Map::new();
        let mut values = Vec::new();
        for (category, value) in given.values.as_ref().unwrap_or(&empty) {
            let Some(code) = value.as_str() else { return refuse(&place, format!("{category} is a code")) };
            if !catalogue.permitted_values(category).iter().any(|known| known.code == code) {
                return refuse(&place, format!("`{}` is not a code of {category}", shown(code)));
            }
            values.push((category.clone(), code.to_owned()));
        }
        assignments.push(StaffAssignment {
            program: given.program.clone(),
            lea: given.lea.as_deref().and_then(|lea| units.lea(lea)),
            school: given.lea.as_deref().zip(given.school.as_deref()).and_then(|(l, s)| units.school(l, s)),
            fte_hundredths: u64::try_from(rounded).unwrap_or(u64::MAX),
            values,
        });
    }
    Ok(assignments)
}

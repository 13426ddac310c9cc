//! The rows of a year that funding rests on, read once into compact facts.

use super::notes::{NoteKind, Notes};
use super::{Funding, FundingError};
use chrono::NaiveDate;
use opi_anb::CountPeriod;
use opi_dictionary::{
    BirthDate, CalendarNumber, DistrictNumber, FieldId, GradeCode, Row, SchoolKey, SchoolNumber, SchoolYear,
    StateId, fields,
};

const ENROLLMENTS: &str = "student-enrollments";
const DEMOGRAPHICS: &str = "student-demographics";

/// A school and one of its calendars.
pub(super) type Place = (SchoolKey, CalendarNumber);

/// A pupil in a count file.
pub(super) struct CountRow {
    pub(super) student: u32,
    pub(super) place: Place,
    /// The least aggregate hours of the band; `None` where the file says none or an unknown one.
    pub(super) hours: Option<u16>,
    pub(super) excluded: bool,
    pub(super) line: u64,
}

/// An enrollment of a pupil at a place.
pub(super) struct Enrollment {
    student: u32,
    place: Place,
    pub(super) grade: Option<GradeCode>,
    first: NaiveDate,
    pub(super) last: Option<NaiveDate>,
    service: Service,
    /// Ended with a diploma.
    pub(super) completed: bool,
    /// When grade 9 began.
    pub(super) ninth: Option<NaiveDate>,
}

/// The kind of an enrollment, in the order in which a count row takes one: a primary one first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Service {
    Primary,
    Partial,
    SpecialEducation,
    Other,
}

impl Enrollment {
    pub(super) fn holds(&self, day: NaiveDate) -> bool {
        self.first <= day && self.last.is_none_or(|last| day <= last)
    }

    pub(super) fn is_special_education(&self) -> bool {
        self.service == Service::SpecialEducation
    }

    /// The order in which a count row takes one: a primary one first, of several the latest. AIM import of counts.
    pub(super) fn order(&self) -> impl Ord + use<> {
        (self.service, std::cmp::Reverse((self.first, self.last)))
    }
}

/// A pupil in the demographics of a district.
pub(super) struct Person {
    student: u32,
    district: DistrictNumber,
    pub(super) birth: Option<BirthDate>,
    pub(super) american_indian: bool,
}

/// The facts of a year, each list in the order of students.
pub(super) struct Facts {
    fall: Vec<CountRow>,
    spring: Vec<CountRow>,
    enrollments: Vec<Enrollment>,
    persons: Vec<Person>,
    /// Whether there is a table of demographics.
    pub(super) demographics: bool,
}

impl Facts {
    /// The facts of all districts; of one district, those of the pupils whom it counts, wherever they are.
    pub(super) fn read(
        funding: &Funding<'_>,
        district: Option<DistrictNumber>,
        notes: &mut Notes,
    ) -> Result<Self, FundingError> {
        if !funding.tables.iter().any(|table| table.name() == ENROLLMENTS) {
            return Err(FundingError::MissingTable { table: ENROLLMENTS });
        }
        let wanted = Wanted::of(funding, district)?;
        let fall = count_rows(funding, CountPeriod::Fall, &wanted, notes)?;
        let spring = count_rows(funding, CountPeriod::Spring, &wanted, notes)?;
        let mut enrollments = Vec::new();
        each_row(funding, ENROLLMENTS, |row| {
            match row.and_then(|row| {
                if wanted.student(row.student) { enrollment(&row).map(Some) } else { Ok(None) }
            }) {
                Ok(enrollment) => enrollments.extend(enrollment),
                Err((district, kind)) => notes.add(district, kind, None),
            }
        })?;
        let mut persons = Vec::new();
        let demographics = each_row(funding, DEMOGRAPHICS, |row| match row {
            Ok(Named { row, district, student }) if wanted.student(student) => persons.push(Person {
                student,
                district,
                birth: row.value(fields::BIRTH_DATE).ok().flatten(),
                american_indian: says_yes(row, fields::AMERICAN_INDIAN_OR_ALASKA_NATIVE),
            }),
            // A row without a state id asks for one: it is of no pupil in a count.
            _ => {}
        })?;
        enrollments.sort_by_key(|found| (found.student, found.place, found.order()));
        persons.sort_by_key(|found| (found.student, found.district));
        Ok(Facts { fall, spring, enrollments, persons, demographics })
    }

    pub(super) fn count(&self, period: CountPeriod) -> &[CountRow] {
        if period == CountPeriod::Fall { &self.fall } else { &self.spring }
    }

    /// The districts that sent rows of a count, in order.
    pub(super) fn senders(&self, period: CountPeriod) -> Vec<DistrictNumber> {
        let mut districts: Vec<_> = self.count(period).iter().map(|row| row.place.0.district).collect();
        districts.sort_unstable();
        districts.dedup();
        districts
    }

    /// The row of a pupil at a place in a count.
    pub(super) fn counted(&self, period: CountPeriod, student: u32, place: Place) -> Option<&CountRow> {
        let rows = self.count(period);
        let at = rows.binary_search_by_key(&(student, place), |row| (row.student, row.place)).ok()?;
        rows.get(at)
    }

    /// The enrollments of a pupil at a place, in the order in which a count row takes them.
    pub(super) fn enrollments(&self, student: u32, place: Place) -> &[Enrollment] {
        let key = |found: &Enrollment| (found.student, found.place);
        let from = self.enrollments.partition_point(|found| key(found) < (student, place));
        let rest = self.enrollments.get(from..).unwrap_or_default();
        let length = rest.iter().take_while(|found| key(found) == (student, place)).count();
        rest.get(..length).unwrap_or_default()
    }

    pub(super) fn person(&self, student: u32, district: DistrictNumber) -> Option<&Person> {
        let key = |found: &Person| (found.student, found.district);
        let at = self.persons.binary_search_by_key(&(student, district), key).ok()?;
        self.persons.get(at)
    }
}

/// The students whose rows are wanted; `None` for all.
struct Wanted(Option<Vec<u32>>);

impl Wanted {
    fn of(funding: &Funding<'_>, district: Option<DistrictNumber>) -> Result<Self, FundingError> {
        let Some(district) = district else { return Ok(Wanted(None)) };
        let mut students = Vec::new();
        for period in [CountPeriod::Fall, CountPeriod::Spring] {
            each_row(funding, layout_of(period).0, |row| match row {
                Ok(row) if row.district == district => students.push(row.student),
                _ => {}
            })?;
        }
        students.sort_unstable();
        students.dedup();
        Ok(Wanted(Some(students)))
    }

    fn student(&self, student: u32) -> bool {
        self.0.as_ref().is_none_or(|students| students.binary_search(&student).is_ok())
    }
}

/// A row that names a district and a student.
struct Named<'r> {
    row: &'r Row<'r>,
    district: DistrictNumber,
    student: u32,
}

type Refused = (Option<DistrictNumber>, NoteKind);

/// Shows each row of the tables of a layout that is of the year and names a student, and why others are not
/// taken. Answers whether there is a table.
fn each_row(
    funding: &Funding<'_>,
    layout: &str,
    mut take: impl FnMut(Result<Named<'_>, Refused>),
) -> Result<bool, FundingError> {
    let known = funding.dictionary.layout(layout)?;
    let mut found = false;
    for table in funding.tables.iter().filter(|table| table.name() == layout) {
        found = true;
        for row in table.rows(known)? {
            let district = row.value::<DistrictNumber>(fields::DISTRICT_NUMBER).ok().flatten();
            let student = row.value::<StateId>(fields::STUDENT_STATE_ID).ok().flatten();
            let year = row.value::<SchoolYear>(fields::YEAR).ok().flatten();
            take(match (district, student) {
                _ if year.is_some_and(|year| year != funding.counts_of) => {
                    Err((district, NoteKind::OtherYear))
                }
                (Some(district), Some(student)) => {
                    Ok(Named { row: &row, district, student: student.reveal_number() })
                }
                _ => Err((district, NoteKind::Unreadable)),
            });
        }
    }
    Ok(found)
}

/// The layout of a count, and its field that leaves a pupil out.
fn layout_of(period: CountPeriod) -> (&'static str, FieldId) {
    match period {
        CountPeriod::Spring => ("spring-enrollment-count", fields::EXCLUDE_SPRING_ANB_10_DAY_RULE),
        _ => ("fall-enrollment-count", fields::EXCLUDE_FALL_ANB_10_DAY_RULE),
    }
}

fn count_rows(
    funding: &Funding<'_>,
    period: CountPeriod,
    wanted: &Wanted,
    notes: &mut Notes,
) -> Result<Vec<CountRow>, FundingError> {
    let (layout, exclude) = layout_of(period);
    let mut rows: Vec<CountRow> = Vec::new();
    each_row(funding, layout, |row| {
        let read = row.and_then(|named| {
            let place = place_of(&named)?;
            let hours = least_hours(named.row.text(fields::AGGREGATE_HOURS_OF_INSTRUCTION));
            let excluded = says_yes(named.row, exclude);
            Ok(CountRow { student: named.student, place, hours, excluded, line: named.row.line() })
        });
        match read {
            Ok(row) if wanted.student(row.student) => rows.push(row),
            Ok(_) => {}
            Err((district, kind)) => notes.add(district, kind, Some(period)),
        }
    })?;
    rows.sort_by_key(|row| (row.student, row.place));
    rows.dedup_by(|later, first| {
        let repeated = (later.student, later.place) == (first.student, first.place);
        if repeated {
            notes.add(Some(later.place.0.district), NoteKind::Repeated, Some(period));
        }
        repeated
    });
    Ok(rows)
}

/// The least hours of a band. Quarter-time begins at 180 hours, in the older text at 181: 181 lies in the band of both.
fn least_hours(band: &str) -> Option<u16> {
    Some(match band {
        "N" => 0,
        "Q" => 181,
        "H" => 360,
        "T" => 540,
        "F" => 720,
        _ => return None,
    })
}

/// An enrollment. That of a pupil who was expected and never came holds no day.
fn enrollment(named: &Named<'_>) -> Result<Enrollment, Refused> {
    let row = named.row;
    let unreadable = (Some(named.district), NoteKind::Unreadable);
    let place = place_of(named)?;
    let first: NaiveDate = row.value(fields::START_DATE).ok().flatten().ok_or(unreadable)?;
    let last: Option<NaiveDate> = row.value(fields::END_DATE).map_err(|_| unreadable)?;
    // Who never came was enrolled on no day.
    let last = if says_yes(row, fields::NO_SHOW) { first.pred_opt() } else { last };
    Ok(Enrollment {
        student: named.student,
        place,
        grade: row.text(fields::GRADE).parse().ok(),
        first,
        last,
        service: match row.text(fields::SERVICE_TYPE) {
            "P" => Service::Primary,
            "S" => Service::Partial,
            "N" => Service::SpecialEducation,
            _ => Service::Other,
        },
        completed: row.text(fields::END_STATUS).starts_with('4'),
        ninth: row.value(fields::DATE_FIRST_ENTERED_THE_9TH_GRADE).ok().flatten(),
    })
}

fn place_of(named: &Named<'_>) -> Result<Place, Refused> {
    let school: Option<SchoolNumber> = named.row.value(fields::SCHOOL_NUMBER).ok().flatten();
    let calendar: Option<CalendarNumber> = named.row.value(fields::CALENDAR_NUMBER).ok().flatten();
    match (school, calendar) {
        (Some(school), Some(calendar)) => Ok((SchoolKey { district: named.district, school }, calendar)),
        _ => Err((Some(named.district), NoteKind::Unreadable)),
    }
}

fn says_yes(row: &Row<'_>, field: FieldId) -> bool {
    row.text(field) == "Y"
}

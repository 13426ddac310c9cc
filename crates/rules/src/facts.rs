//! Facts: what rules over several rows need to know of each row, in a fixed size, with the place it came from.

use crate::cell::{as_written, code, hash_bytes, hash_pair};
use crate::emit::Place;
use crate::enrollments::Enrollments;
use crate::record::{Head, Record};
use opi_dictionary::{FieldId, fields as f};
use std::num::NonZeroU64;

/// An open end.
pub(crate) const OPEN: i32 = i32::MAX;
/// A date that is blank or bad where a date is needed.
pub(crate) const NO_DAY: i32 = i32::MIN;

/// A fact about a student.
pub(crate) trait Fact: Copy {
    fn head(&self) -> &Head;
}

macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty),* $(,)? })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub(crate) struct $name {
                pub(crate) head: Head,
                $(pub(crate) $field: $kind,)*
            }

            impl Fact for $name {
                fn head(&self) -> &Head {
                    &self.head
                }
            }
        )*
    };
}

facts! {
    /// A row of enrollments.
    Enrollment {
        start: i32, end: i32, ninth: i32, year: u16, end_status: u16,
        start_status: u8, service: u8, grade: u8, marks: u8,
    }
    /// A row of demographics.
    Identity { birth: i32, local: Option<NonZeroU64>, gender: u8, ethnicity: u8, races: u8, marks: u8 }
    /// A row of a count.
    Count { kind: CountFile, hours: u8, hours_blank: bool, absent: u8, exclude: u8 }
    /// A row of program participation.
    Program { immigrant_since: i32, marks: u16, military: u8 }
    /// A row of English learners.
    Learner { identified: i32, exited: i32, status: Status }
    /// A row of attendance totals.
    Attendance { enrolled: i64 }
    /// A row of CTE at the end of the year.
    Pathway { pathway: i64, concentrator: u8 }
    /// A row of the autumn follow-up.
    FollowUp { concentrator: u8 }
    /// A Section 504 row.
    Plan { start: i32, end: i32 }
    /// A span of meal eligibility.
    Meal { start: i32, end: i32, eligibility: u8 }
    /// A homeless record.
    Homeless { start: i32, end: i32, served: u8 }
    /// A participant of a behavior incident.
    Incident { incident: u64, event: i64, resolution: i64, day: i32, role: i64 }
    /// A student in a section.
    Seat { section: u64, start: i32, end: i32, key: u64 }
}

/// Which count file a row stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum CountFile {
    Fall,
    Spring,
    TestWindow,
}

impl CountFile {
    pub(crate) fn count(self) -> crate::Count {
        match self {
            CountFile::Fall => crate::Count::Fall,
            CountFile::Spring => crate::Count::Spring,
            CountFile::TestWindow => crate::Count::TestWindow,
        }
    }

    /// The field of the box that leaves a student out.
    pub(crate) fn exclude_field(self) -> FieldId {
        match self {
            CountFile::Spring => f::EXCLUDE_SPRING_ANB_10_DAY_RULE,
            _ => f::EXCLUDE_FALL_ANB_10_DAY_RULE,
        }
    }
}

/// Status of an English learner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Unknown,
    Learner,
    Exited,
    Other,
}

impl Enrollment {
    pub(crate) const NO_SHOW: u8 = 1;
    pub(crate) const DIPLOMA_COMPLETE: u8 = 2;
    pub(crate) const END_BLANK: u8 = 4;
    pub(crate) const END_STATUS_BLANK: u8 = 8;

    pub(crate) fn has(&self, mark: u8) -> bool {
        self.marks & mark != 0
    }

    /// First and last day, an open end far in the future; `None` where a date failed or the span is empty.
    pub(crate) fn span(&self) -> Option<(i32, i32)> {
        if self.start == NO_DAY || self.end == NO_DAY || self.end < self.start {
            None
        } else {
            Some((self.start, self.end))
        }
    }

    pub(crate) fn holds(&self, day: i32) -> bool {
        self.span().is_some_and(|(start, end)| start <= day && day <= end)
    }

    pub(crate) fn is_primary(&self) -> bool {
        self.service == b'P'
    }

    pub(crate) fn is_dropout(&self) -> bool {
        self.end_status / 100 == 3
    }

    pub(crate) fn is_completer(&self) -> bool {
        self.end_status / 100 == 4
    }

    pub(crate) fn is_graduate(&self) -> bool {
        matches!(self.end_status, 400 | 410)
    }
}

impl Program {
    pub(crate) const IMMIGRANT: u16 = 1;
    pub(crate) const FOREIGN_EXCHANGE: u16 = 2;
    pub(crate) const HOMELESS: u16 = 4;
    pub(crate) const GIFTED: u16 = 8;

    pub(crate) fn has(&self, mark: u16) -> bool {
        self.marks & mark != 0
    }
}

impl Identity {
    pub(crate) const RACES_GOOD: u8 = 1;
    pub(crate) const ID_BLANK: u8 = 2;
}

/// A row that is not about a student: courses, sections, staff.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thing {
    pub(crate) place: Place,
    pub(crate) kind: FileKind,
    pub(crate) district: u16,
    pub(crate) course: u64,
    pub(crate) section: u64,
    /// All fields of the key that finds repeated rows.
    pub(crate) key: u64,
    pub(crate) staff: u32,
    pub(crate) last: u32,
    pub(crate) first: u32,
    pub(crate) start: i32,
    pub(crate) end: i32,
}

impl Thing {
    /// What a row says; `None` for a row about a student or of a file that no rule over several rows reads.
    pub(crate) fn of(kind: FileKind, record: &Record<'_>) -> Option<Self> {
        let (mut course, mut section) = (0, 0);
        let (first_day, last_day) = match kind {
            FileKind::Course | FileKind::Section | FileKind::Placement | FileKind::StaffHistory => {
                (course, section) = section_key(record);
                (f::START_DATE, f::END_DATE)
            }
            FileKind::Employment => (f::DISTRICT_EMPLOYMENT_START_DATE, f::DISTRICT_EMPLOYMENT_END_DATE),
            FileKind::Assignment => {
                let school = record.value(f::DISTRICT_ASSIGNMENT_SCHOOL).unwrap_or(-1);
                let assignment = hash_bytes(record.text(f::ASSIGNMENT_CODE).as_bytes());
                course = hash_pair(school.cast_unsigned(), assignment);
                (f::DISTRICT_ASSIGNMENT_START_DATE, f::DISTRICT_ASSIGNMENT_END_DATE)
            }
            _ => return None,
        };
        let head = record.head;
        let end = if record.is_blank(last_day) { OPEN } else { record.day(last_day).unwrap_or(NO_DAY) };
        Some(Thing {
            place: head.place(),
            kind,
            district: head.district,
            course,
            section,
            key: row_key(record),
            staff: record.value(f::STAFF_STATE_ID).and_then(|id| u32::try_from(id).ok()).unwrap_or(0),
            last: head.last,
            first: head.first,
            start: record.day(first_day).unwrap_or(NO_DAY),
            end,
        })
    }
}

/// The files that rules over several rows know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FileKind {
    Demographics,
    Enrollments,
    Count(CountFile),
    Programs,
    Learners,
    Attendance,
    FallCte,
    EndOfYearCte,
    Section504,
    Meals,
    Homeless,
    Behavior,
    Course,
    Section,
    Placement,
    Roster,
    StaffHistory,
    Employment,
    Assignment,
    Other,
}

const KINDS: [(&str, &str, FileKind); 19] = [
    ("student-demographics", "SD", FileKind::Demographics),
    ("student-enrollments", "EN", FileKind::Enrollments),
    ("fall-enrollment-count", "AF", FileKind::Count(CountFile::Fall)),
    ("spring-enrollment-count", "AS", FileKind::Count(CountFile::Spring)),
    ("test-window-count", "TW", FileKind::Count(CountFile::TestWindow)),
    ("program-participation", "PP", FileKind::Programs),
    ("english-learners", "LP", FileKind::Learners),
    ("eoy-attendance-totals", "AA", FileKind::Attendance),
    ("fall-cte", "CT", FileKind::FallCte),
    ("eoy-cte", "CE", FileKind::EndOfYearCte),
    ("section-504", "504", FileKind::Section504),
    ("fram", "FR", FileKind::Meals),
    ("homeless", "HM", FileKind::Homeless),
    ("behavior-xml", "BX", FileKind::Behavior),
    ("course", "CU", FileKind::Course),
    ("section", "SU", FileKind::Section),
    ("section-placement", "SP", FileKind::Placement),
    ("roster", "RU", FileKind::Roster),
    ("staff-history", "SH", FileKind::StaffHistory),
];

impl FileKind {
    pub(crate) fn of(layout: &str) -> FileKind {
        match layout {
            "terms-of-employment" => FileKind::Employment,
            "district-assignment" => FileKind::Assignment,
            _ => KINDS.iter().find(|(key, ..)| *key == layout).map_or(FileKind::Other, |known| known.2),
        }
    }

    /// Whether each of its rows is about a student.
    pub(crate) fn is_of_students(self) -> bool {
        !matches!(
            self,
            FileKind::Course
                | FileKind::Section
                | FileKind::Placement
                | FileKind::StaffHistory
                | FileKind::Employment
                | FileKind::Assignment
                | FileKind::Other
        )
    }

    /// The short name by which `needs` in the registry calls a layout.
    pub(crate) fn short(layout: &str) -> &str {
        match layout {
            "terms-of-employment" => "TE",
            "district-assignment" => "DA",
            "calendar-report" => "CR",
            other => KINDS.iter().find(|(key, ..)| *key == other).map_or(other, |known| known.1),
        }
    }
}

/// All facts of the files of one role.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) enrollments: Enrollments,
    pub(crate) identities: Vec<Identity>,
    pub(crate) counts: Vec<Count>,
    pub(crate) programs: Vec<Program>,
    pub(crate) learners: Vec<Learner>,
    pub(crate) attendance: Vec<Attendance>,
    pub(crate) pathways: Vec<Pathway>,
    pub(crate) follow_ups: Vec<FollowUp>,
    pub(crate) plans: Vec<Plan>,
    pub(crate) meals: Vec<Meal>,
    pub(crate) homeless: Vec<Homeless>,
    pub(crate) incidents: Vec<Incident>,
    pub(crate) seats: Vec<Seat>,
}

impl Facts {
    /// Adds what a row says; enrollments, of which most share that, are added apart.
    pub(crate) fn add(&mut self, kind: FileKind, record: &Record<'_>) {
        let head = record.head;
        let day = |field| record.day(field).unwrap_or(NO_DAY);
        let end = |field| if record.is_blank(field) { OPEN } else { day(field) };
        let letter = |field| record.value(field).and_then(|value| u8::try_from(value).ok()).unwrap_or(0);
        let yes = |field| record.is(field, const { code("Y") });
        match kind {
            FileKind::Demographics => {
                let races = [
                    f::AMERICAN_INDIAN_OR_ALASKA_NATIVE,
                    f::ASIAN,
                    f::BLACK_OR_AFRICAN_AMERICAN,
                    f::NATIVE_HAWAIIAN_OR_OTHER_PACIFIC_ISLANDER,
                    f::WHITE,
                ];
                let good = races.iter().all(|race| record.is_good(*race) || record.is_blank(*race));
                let mask = races.iter().enumerate().map(|(bit, race)| u8::from(yes(*race)) << bit).sum();
                self.identities.push(Identity {
                    head,
                    birth: day(f::BIRTH_DATE),
                    local: as_written(record.value(f::STUDENT_LOCAL_ID), record.text(f::STUDENT_LOCAL_ID)),
                    gender: letter(f::GENDER),
                    ethnicity: letter(f::HISPANIC_LATINO),
                    races: mask,
                    marks: if good { Identity::RACES_GOOD } else { 0 }
                        | if record.is_blank(f::STUDENT_STATE_ID) { Identity::ID_BLANK } else { 0 },
                });
            }
            FileKind::Enrollments => {}
            FileKind::Count(file) => self.counts.push(Count {
                head,
                kind: file,
                hours: letter(f::AGGREGATE_HOURS_OF_INSTRUCTION),
                hours_blank: record.is_blank(f::AGGREGATE_HOURS_OF_INSTRUCTION),
                absent: letter(f::ABSENT),
                exclude: letter(file.exclude_field()),
            }),
            FileKind::Programs => {
                let homeless = record.is_good(f::HOMELESS) && !record.is(f::HOMELESS, const { code("N") });
                let mark = |mark: u16, holds: bool| if holds { mark } else { 0 };
                self.programs.push(Program {
                    head,
                    immigrant_since: day(f::DATE_IMMIGRANT_ENTERED_US_SCHOOL),
                    marks: mark(Program::IMMIGRANT, yes(f::IMMIGRANT))
                        | mark(Program::FOREIGN_EXCHANGE, yes(f::FOREIGN_EXCHANGE))
                        | mark(Program::HOMELESS, homeless)
                        | mark(Program::GIFTED, yes(f::GIFTED_TALENTED_IDENTIFIED)),
                    military: letter(f::MILITARY_CONNECTED_STUDENT),
                });
            }
            FileKind::Learners => {
                let status = match record.value(f::PROGRAM_STATUS) {
                    None => Status::Unknown,
                    Some(value) if value == const { code("EL") } => Status::Learner,
                    Some(value) if value == const { code("Exited EL") } => Status::Exited,
                    Some(_) => Status::Other,
                };
                let exited = end(f::PROGRAM_EXIT_DATE);
                self.learners.push(Learner { head, identified: day(f::IDENTIFIED_DATE), exited, status });
            }
            FileKind::Attendance => {
                let enrolled = record.value(f::ADA_DAYS_ENROLLED).unwrap_or(-1);
                self.attendance.push(Attendance { head, enrolled });
            }
            FileKind::EndOfYearCte => self.pathways.push(Pathway {
                head,
                pathway: record.value(f::CTE_PATHWAY).unwrap_or(0),
                concentrator: letter(f::CTE_CONCENTRATOR),
            }),
            FileKind::FallCte => {
                self.follow_ups.push(FollowUp { head, concentrator: letter(f::CTE_CONCENTRATOR) });
            }
            FileKind::Section504 => self.plans.push(Plan {
                head,
                start: day(f::SECTION_504_START_DATE),
                end: end(f::SECTION_504_END_DATE),
            }),
            FileKind::Meals => self.meals.push(Meal {
                head,
                start: day(f::ELIGIBILITY_START_DATE),
                end: end(f::ELIGIBILITY_END_DATE),
                eligibility: letter(f::ELIGIBILITY),
            }),
            FileKind::Homeless => self.homeless.push(Homeless {
                head,
                start: day(f::START_DATE),
                end: end(f::END_DATE),
                served: letter(f::MCKINNEY_VENTO_SERVED),
            }),
            FileKind::Behavior => self.incidents.push(Incident {
                head,
                incident: hash_pair(
                    u64::from(head.district),
                    hash_bytes(record.text(f::INCIDENT_ID).as_bytes()),
                ),
                event: text_code(record, f::STATE_EVENT_CODE),
                resolution: text_code(record, f::STATE_RESOLUTION_CODE),
                day: day(f::INCIDENT_DATE),
                role: text_code(record, f::BEHAVIOR_ROLE),
            }),
            FileKind::Roster => self.seats.push(Seat {
                head,
                section: section_key(record).1,
                start: if record.is_blank(f::START_DATE) { NO_DAY } else { day(f::START_DATE) },
                end: end(f::END_DATE),
                key: row_key(record),
            }),
            FileKind::Course
            | FileKind::Section
            | FileKind::Placement
            | FileKind::StaffHistory
            | FileKind::Employment
            | FileKind::Assignment
            | FileKind::Other => {}
        }
    }

    #[cfg(feature = "rayon")]
    pub(crate) fn append(&mut self, mut other: Facts) {
        self.enrollments.append(other.enrollments);
        self.identities.append(&mut other.identities);
        self.counts.append(&mut other.counts);
        self.programs.append(&mut other.programs);
        self.learners.append(&mut other.learners);
        self.attendance.append(&mut other.attendance);
        self.pathways.append(&mut other.pathways);
        self.follow_ups.append(&mut other.follow_ups);
        self.plans.append(&mut other.plans);
        self.meals.append(&mut other.meals);
        self.homeless.append(&mut other.homeless);
        self.incidents.append(&mut other.incidents);
        self.seats.append(&mut other.seats);
    }

    /// Brings the rows of each student together, in the order of file and line.
    pub(crate) fn sort(&mut self) {
        fn by_student<T: Fact>(facts: &mut [T]) {
            let key = |fact: &T| (fact.head().student, fact.head().file, fact.head().line);
            if !facts.is_sorted_by_key(key) {
                facts.sort_unstable_by_key(key);
            }
        }
        self.enrollments.sort();
        by_student(&mut self.identities);
        by_student(&mut self.counts);
        by_student(&mut self.programs);
        by_student(&mut self.learners);
        by_student(&mut self.attendance);
        by_student(&mut self.pathways);
        by_student(&mut self.follow_ups);
        by_student(&mut self.plans);
        by_student(&mut self.meals);
        by_student(&mut self.homeless);
        by_student(&mut self.incidents);
        by_student(&mut self.seats);
    }
}

/// A field whose codes are not known, packed as a code; 0 when blank.
fn text_code(record: &Record<'_>, field: FieldId) -> i64 {
    code(record.text(field))
}

/// The course and the section that a row names.
fn section_key(record: &Record<'_>) -> (u64, u64) {
    let head = record.head;
    let place = u64::from(head.district) << 32 | u64::from(head.school) << 16 | u64::from(head.calendar);
    let course = hash_pair(place, hash_bytes(record.text(f::COURSE_NUMBER).as_bytes()));
    (course, hash_pair(course, hash_bytes(record.text(f::SECTION_NUMBER).as_bytes())))
}

/// The fields of the key of the layout.
fn row_key(record: &Record<'_>) -> u64 {
    let keys = record.row().layout().key_fields.iter();
    keys.fold(0, |hash, field| hash_pair(hash, hash_bytes(record.text(*field).as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_stay_small() {
        assert!(size_of::<Enrollment>().max(size_of::<Identity>()) <= 56 && size_of::<Count>() <= 40);
    }
}

//! The tables of the state about districts and schools: their programs, and staff in full-time equivalents.

use crate::SynthError;
use crate::enrollments::StudentYear;
use crate::geography::{School, SchoolKind, TWELFTH, TitleOne};
use crate::random::{Purpose, Stream};
use crate::sink::Sink;
use crate::state::State;
use crate::state_tables::{StateTables, yes_no};
use opi_dictionary::records::{StaffAssignment, UnitProgram};
use opi_dictionary::{Code, DistrictNumber, SchoolNumber, StateId};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Pupils of a school by the kind of teacher they have: PK, K, elementary, secondary; and those with a plan.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    by_teacher: [u32; 4],
    with_disability: u32,
    learners: u32,
}

/// How many pupils each school has in a year.
#[derive(Clone, Debug, Default)]
pub(crate) struct SchoolSizes(BTreeMap<u32, Size>);

impl SchoolSizes {
    pub(crate) fn add(&mut self, school: u32, student: &StudentYear) {
        let size = self.0.entry(school).or_default();
        let grade = student.enrollments.first().map_or("", |enrollment| enrollment.grade.as_str());
        let kind = match grade {
            "PK" => 0,
            "KF" | "KH" => 1,
            "07" | "08" | "09" | "10" | "11" | "12" => 3,
            _ => 2,
        };
        if let Some(count) = size.by_teacher.get_mut(kind) {
            *count += 1;
        }
        size.with_disability += u32::from(student.person.disability.is_some());
        size.learners += u32::from(student.language_program.is_some_and(|program| program.is_learner()));
    }

    fn of(&self, school: u32) -> Size {
        self.0.get(&school).copied().unwrap_or_default()
    }
}

const TEACHERS: [&str; 4] = ["PKTCH", "KGTCH", "ELMTCH", "SECTCH"];

/// Numbers of staff start here, so that none is a student's by chance of the format.
const STAFF_FROM: u64 = 100_000_001;

/// Hands out the numbers of staff and writes their assignments.
struct Desk<'t, 'd, S: Sink> {
    tables: &'t mut StateTables<'d, S>,
    sink: &'t mut S,
    district: Option<DistrictNumber>,
    school: Option<SchoolNumber>,
    next: u64,
}

impl<'d, S: Sink> StateTables<'d, S> {
    /// Writes programs and staff of every district and school, once all students of the year were seen.
    pub(crate) fn write_units(&mut self, state: &State, sink: &mut S) -> Result<(), SynthError> {
        for (district, home) in (0u32..).zip(&state.geography.districts) {
            let mut draws = state.state_records(u64::from(district), self.year, Purpose::UnitPrograms);
            let number = state.district_number(district)?;
            let builder = UnitProgram::builder().district_number(number).year(self.year);
            let mut record = builder.build()?;
            let large = home.pupils > 700;
            record.mckinney_vento_subgrant = Some(yes_no(large || draws.happens(700)));
            record.title_iii_immigrant_subgrant = Some(yes_no(large && draws.happens(6_000)));
            self.put(5, &record, sink)?;
            let mut schools = home.schools.clone();
            schools.sort_unstable();
            for school in &schools {
                let Some(known) = state.school(*school) else { continue };
                let builder = UnitProgram::builder().district_number(number).year(self.year);
                let mut record = builder.build()?;
                record.school_number = Some(state.school_number(*school)?);
                record.title_i_school_status = Some(Code::from(match known.title_one {
                    TitleOne::Schoolwide => "SCHOOLWIDE",
                    TitleOne::Targeted => "TARGETED",
                    TitleOne::No => "NONE",
                }));
                let status = draws.weighted(state.tables.codes("lunch_program"), |code| code.1);
                record.lunch_program_status = status.map(|code| Code::from(code.0.as_str()));
                self.put(5, &record, sink)?;
            }
            let mut draws = state.state_records(u64::from(district), self.year, Purpose::Staff);
            self.write_staff(state, district, &schools, &mut draws, sink)?;
        }
        let next = STAFF_FROM;
        let mut desk = Desk { tables: self, sink, district: None, school: None, next };
        let mut draws = state.state_records(0, desk.tables.year, Purpose::Staff);
        desk.people("LEAADM", 400, None, &mut draws)?;
        desk.people("OTHSUP", 900, None, &mut draws)
    }

    fn write_staff(
        &mut self,
        state: &State,
        district: u32,
        schools: &[u32],
        draws: &mut Stream,
        sink: &mut S,
    ) -> Result<(), SynthError> {
        let number = Some(state.district_number(district)?);
        let pupils: u32 =
            schools.iter().map(|school| self.sizes.of(*school).by_teacher.iter().sum::<u32>()).sum();
        let with_disability: u32 = schools.iter().map(|school| self.sizes.of(*school).with_disability).sum();
        let next = STAFF_FROM + 100 + u64::from(district) * 80_000;
        let mut desk = Desk { tables: self, sink, district: number, school: None, next };
        desk.people("LEAADM", pupils / 8, None, draws)?;
        desk.people("LEASUP", pupils / 6, None, draws)?;
        desk.people("OTHSUP", pupils * 2, None, draws)?;
        for (service, share) in [("SPEECHPATH", 2), ("PSYCH", 1), ("OCCTHERAP", 1)] {
            desk.people("STUSUPWOPSYCH", with_disability * share, Some(("SPEDSERVICE", service)), draws)?;
        }
        for school in schools {
            desk.school = Some(state.school_number(*school)?);
            let size = desk.tables.sizes.of(*school);
            let Some(known) = state.school(*school) else { continue };
            desk.school_staff(known, size, draws)?;
        }
        Ok(())
    }
}

impl<S: Sink> Desk<'_, '_, S> {
    fn school_staff(&mut self, school: &School, size: Size, draws: &mut Stream) -> Result<(), SynthError> {
        let [pre, kindergarten, elementary, secondary] = size.by_teacher;
        for (category, pupils, class) in [
            (TEACHERS[0], pre, 12),
            (TEACHERS[1], kindergarten, 18),
            (TEACHERS[2], elementary, 18),
            (TEACHERS[3], secondary, 15),
        ] {
            self.people(category, pupils * 100 / class, None, draws)?;
        }
        let teacher = match school.kind {
            SchoolKind::High | SchoolKind::Seven8 | SchoolKind::Middle => "SECTCH",
            _ => "ELMTCH",
        };
        let early = if school.grades.0 == 0 { size.with_disability.min(pre) } else { 0 };
        let older = size.with_disability - early;
        for (group, children) in [("3TO5", early), ("6TO21", older)] {
            self.people(teacher, children * 100 / 18, Some(("SPEDTEACHER", group)), draws)?;
            self.people("PARA", children * 100 / 12, Some(("SPEDPARA", group)), draws)?;
        }
        self.people(teacher, size.learners * 100 / 40, Some(("TITLE3", "")), draws)?;
        let all: u32 = size.by_teacher.iter().sum();
        self.people("SCHADM", all / 3, None, draws)?;
        self.people("SCHSUP", all / 2, None, draws)?;
        self.people("LIBSPE", all / 5, None, draws)?;
        let counselor = if school.grades.1 == TWELFTH { "SECGUI" } else { "ELMGUI" };
        self.people(counselor, all / 4, None, draws)
    }

    /// Assignments that add up to so many hundredths of a full position.
    fn people(
        &mut self,
        category: &str,
        hundredths: u32,
        program: Option<(&str, &str)>,
        draws: &mut Stream,
    ) -> Result<(), SynthError> {
        let mut left = hundredths;
        while left > 0 {
            let part = left.min(100);
            left -= part;
            self.next += 1;
            let id = u32::try_from(self.next).ok().and_then(StateId::from_number);
            let id =
                id.ok_or_else(|| SynthError::Plan { problem: "too many staff for nine digits".into() })?;
            let builder = StaffAssignment::builder()
                .staff_state_id(id)
                .staff_category(Code::from(category))
                .full_time_equivalent(Decimal::new(i64::from(part), 2).normalize())
                .year(self.tables.year);
            let mut record = builder.build()?;
            (record.district_number, record.school_number) = (self.district, self.school);
            let certified = yes_no(draws.happens(9_400));
            let (experienced, emergency, in_field) =
                (draws.happens(8_500), draws.happens(250), draws.happens(9_300));
            if let Some((program, detail)) = program {
                record.staff_program = Some(Code::from(program));
                record.fully_certified = Some(certified.clone());
                match program {
                    "SPEDSERVICE" => record.related_service = Some(Code::from(detail)),
                    "SPEDTEACHER" | "SPEDPARA" => record.age_group_served = Some(Code::from(detail)),
                    _ => {}
                }
            }
            if TEACHERS.contains(&category) {
                record.fully_certified = Some(certified);
                record.experienced = Some(yes_no(experienced));
                record.emergency_credential = Some(yes_no(emergency));
                record.in_field = Some(yes_no(in_field));
            }
            self.tables.put(6, &record, self.sink)?;
        }
        Ok(())
    }
}

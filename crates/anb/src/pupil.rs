//! One pupil on one count date, as files and programs give it.

use crate::{Fraction, Grade, PupilProgram};
use opi_dictionary::{BirthDate, CountyNumber, LocalId, SchoolNumber};
use serde::{Deserialize, Serialize};

/// By what right a pupil attends. MCA 20-9-311(11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Attendance {
    /// A resident of the district, or not further known.
    #[default]
    Resident,
    /// A nonresident under an attendance agreement, from this state or another.
    Agreement,
    /// An offsite case at the district's expense: homebound, incarcerated, private placement under an IEP,
    /// licensed residential program, electronic delivery, Running Start.
    Offsite,
    /// Receives remote instruction from the district, from the counts of 2021-22 on.
    Remote,
    /// A nonresident without an agreement.
    NonresidentWithoutAgreement,
}

fn yes() -> bool {
    true
}

/// One pupil on one count date. What is absent from a file is false, zero or not tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Pupil {
    /// The key by which the pupil is found again; never printed.
    pub key: Option<LocalId>,
    /// The school, for the count file.
    pub school: Option<SchoolNumber>,
    /// The county of residence, for a joint district.
    pub county: Option<CountyNumber>,
    /// The program.
    pub program: PupilProgram,
    /// The grade.
    pub grade: Option<Grade>,
    /// Aggregate hours enrolled in the school year.
    pub hours: Fraction,
    /// Hours that self-paced courses would need on a regular timetable. MCA 20-9-311(4)(c).
    pub self_paced_hours: Fraction,
    /// Hours ordinarily given for content in which proficiency was shown. MCA 20-9-311(4)(d).
    pub proficiency_hours: Fraction,
    /// Weeks of a jumpstart program.
    pub weeks: Option<u32>,
    /// Consecutive instruction days of absence that end on the count date.
    pub consecutive_absences: u32,
    /// A variance from the 11th-day rule was granted.
    pub absence_variance_granted: bool,
    /// Enrolled in another district.
    pub enrolled_elsewhere: bool,
    /// Gave notice of not returning.
    pub notice_of_not_returning: bool,
    /// Records were transferred.
    pub records_transferred: bool,
    /// Otherwise cannot continue.
    pub cannot_continue: bool,
    /// Left out of the count by the district, which does not say which of the reasons it has.
    pub excluded: bool,
    /// Date of birth.
    pub birth_date: Option<BirthDate>,
    /// The trustees admitted an underage kindergarten pupil.
    pub trustee_permission: bool,
    /// All conditions of the exception for pupils of 19 and 20 with disabilities but the age.
    pub disability_exception: bool,
    /// By what right the pupil attends.
    pub attendance: Attendance,
    /// Offered the complete range of services, or one of the cases in which limited access is allowed.
    #[serde(default = "yes")]
    pub complete_services: bool,
    /// Montana Youth ChalleNGe under an interlocal agreement.
    pub youth_challenge: bool,
    /// Home or private school pupil in activities only: added to the average at year end, not here.
    pub activities_only: bool,
    /// Graduated early; counted in February at the weight before.
    pub early_graduate: bool,
    /// American Indian, for the achievement gap payment.
    pub american_indian: bool,
    /// Weights of the same pupil in other schools, programs or districts.
    pub elsewhere: Vec<Fraction>,
}

impl Default for Pupil {
    fn default() -> Self {
        Pupil {
            key: None,
            school: None,
            county: None,
            program: PupilProgram::default(),
            grade: None,
            hours: Fraction::ZERO,
            self_paced_hours: Fraction::ZERO,
            proficiency_hours: Fraction::ZERO,
            weeks: None,
            consecutive_absences: 0,
            absence_variance_granted: false,
            enrolled_elsewhere: false,
            notice_of_not_returning: false,
            records_transferred: false,
            cannot_continue: false,
            excluded: false,
            birth_date: None,
            trustee_permission: false,
            disability_exception: false,
            attendance: Attendance::default(),
            complete_services: true,
            youth_challenge: false,
            activities_only: false,
            early_graduate: false,
            american_indian: false,
            elsewhere: Vec::new(),
        }
    }
}

//! One pupil on one count date: whether counted, with what weight, and why.

use crate::eligibility::{EXCEPTION_AGE, UPPER_AGE};
use crate::{
    AnbError, BudgetProgram, ConcurrentShare, EarlyGraduates, Fraction, Interpretation, JumpstartCap, Law,
    PupilProgram, WeightRules, YouthChallenge, eleventh_day_bars, kindergarten_age_bars, september_10,
};
use chrono::NaiveDate;
use opi_dictionary::{BirthDate, BudgetUnitKind, Citation, CountyNumber, LocalId, SchoolNumber, SchoolYear};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A grade as collections write it: `PK`, `KF`, `01` to `12`; another code is kept as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(into = "String", from = "String")]
#[non_exhaustive]
pub enum Grade {
    /// Preschool.
    Preschool,
    /// Kindergarten.
    Kindergarten,
    /// Grades 1 to 12.
    Number(u8),
    /// A code that is none of these.
    Other(String),
}

impl From<String> for Grade {
    fn from(code: String) -> Self {
        match code.as_str() {
            "PK" => Grade::Preschool,
            "KF" => Grade::Kindergarten,
            other => match other.parse::<u8>() {
                Ok(number @ 1..=12) if other.len() == 2 => Grade::Number(number),
                _ => Grade::Other(code),
            },
        }
    }
}

impl From<Grade> for String {
    fn from(grade: Grade) -> String {
        grade.to_string()
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Grade::Preschool => f.pad("PK"),
            Grade::Kindergarten => f.pad("KF"),
            Grade::Number(number) => f.pad(&format!("{number:02}")),
            Grade::Other(code) => f.pad(code),
        }
    }
}

impl TryFrom<BudgetUnitKind> for BudgetProgram {
    type Error = AnbError;

    fn try_from(kind: BudgetUnitKind) -> Result<Self, AnbError> {
        BudgetProgram::ALL.into_iter().find(|program| program.word() == kind.as_str()).ok_or_else(|| {
            AnbError::unreadable(
                "kind of budget unit",
                kind.as_str(),
                "elementary, accredited_7_8 or high_school",
            )
        })
    }
}

impl BudgetProgram {
    /// The program in which pupils of a grade are counted: grade 6 is elementary, 7 and 8 are elementary unless
    /// their program is accredited. `None` for a code that is no grade. ARM 10.20.102(3); open question Q25.
    ///
    /// ```
    /// use opi_anb::{BudgetProgram, Grade};
    /// let seven = Grade::Number(7);
    /// assert_eq!(BudgetProgram::of_grade(&seven, true), Some(BudgetProgram::Accredited7To8));
    /// assert_eq!(BudgetProgram::of_grade(&seven, false), Some(BudgetProgram::Elementary));
    /// ```
    #[must_use]
    pub fn of_grade(grade: &Grade, accredited_7_8: bool) -> Option<Self> {
        match grade {
            Grade::Preschool | Grade::Kindergarten | Grade::Number(1..=6) => Some(BudgetProgram::Elementary),
            Grade::Number(7..=8) if accredited_7_8 => Some(BudgetProgram::Accredited7To8),
            Grade::Number(7..=8) => Some(BudgetProgram::Elementary),
            Grade::Number(9..=12) => Some(BudgetProgram::HighSchool),
            Grade::Number(_) | Grade::Other(_) => None,
        }
    }
}

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

macro_rules! reasons {
    ($($variant:ident: $code:literal, $text:literal, $standing:ident $source:literal;)+) => {
        /// Why a pupil counts as much or as little as they do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Reason {
            $(#[doc = $text] $variant,)+
        }

        impl Reason {
            /// All reasons.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant),+];

            /// The word used in files.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Reason::$variant => $code,)+ }
            }

            /// The reason in words.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Reason::$variant => $text,)+ }
            }

            /// The article or document.
            #[must_use]
            pub const fn citation(self) -> Citation {
                match self { $(Reason::$variant => Citation::$standing($source),)+ }
            }
        }
    };
}

reasons! {
    EnrolledElsewhere: "enrolled_elsewhere", "enrolled in another district by the count date", sourced "ARM 10.20.102(4)(b)";
    NoticeOfNotReturning: "notice_of_not_returning", "gave notice of not returning", sourced "ARM 10.20.102(4)(b)";
    RecordsTransferred: "records_transferred", "records were transferred", sourced "ARM 10.20.102(4)(b)";
    CannotContinue: "cannot_continue", "cannot continue in the district", sourced "ARM 10.20.102(4)(b)";
    EleventhDay: "eleventh_day", "the count date is the 11th or a later consecutive day of absence", sourced "ARM 10.20.102(4)(a); MCA 20-9-311(6)";
    NoAttendanceAgreement: "no_attendance_agreement", "a nonresident without an attendance agreement", sourced "MCA 20-9-311(11)";
    RemoteBeforeLaw: "remote_before_law", "remote instruction in a year in which it did not belong", sourced "MCA 20-1-101";
    LimitedServices: "limited_services", "not offered the complete range of services", recall "MCA 20-9-311(10)";
    UpperAge: "upper_age", "19 on or before September 10", sourced "ARM 10.20.104; MCA 20-9-311(7)";
    KindergartenAge: "kindergarten_age", "kindergarten pupil not yet 5 on September 10, without permission", sourced "MCA 20-7-117(1)";
    PreschoolAge: "preschool_age", "not of the age of the preschool program", derived "2025 HB 168; MCA 20-7-1803";
    PreschoolDiscretionary: "preschool_discretionary", "preschool at the trustees' discretion", sourced "2025 HB 168; MCA 20-9-311(7)(a)";
    PreschoolBeforeLaw: "preschool_before_law", "preschool with disability in a year in which it did not count", sourced "2025 HB 168";
    EarlyLiteracyBeforeLaw: "early_literacy_before_law", "early literacy in a year in which it did not count", sourced "MCA 20-7-1804";
    EarlyLiteracyHome: "early_literacy_home", "early literacy at home carries no ANB", sourced "MCA 20-7-1804(2)";
    JumpstartTooShort: "jumpstart_too_short", "jumpstart of fewer than 4 weeks or 120 hours", sourced "MCA 20-7-1804(3)";
    ActivitiesOnly: "activities_only", "in activities only: added to the average at year end", sourced "2021 SB 72";
    EarlyGraduateNotAdded: "early_graduate_not_added", "early graduate, not added by the choice made", recall "MCA 20-9-313(1)(f), open question Q20";
    UnderLowestBand: "under_lowest_band", "fewer hours than quarter-time", sourced "MCA 20-9-311(4)(b)";
    Jumpstart: "jumpstart", "early literacy jumpstart, a quarter", sourced "MCA 20-7-1804(3); 2025 SB 35";
    QuarterTime: "quarter_time", "quarter-time", sourced "MCA 20-9-311(4)(a)";
    HalfTime: "half_time", "half-time, 360 to 539 hours", sourced "MCA 20-9-311(4)(a)";
    HalfTimeKindergarten: "half_time_kindergarten", "half-time kindergarten, one half", sourced "ARM 10.20.104(2)(a)";
    KindergartenGoesFull: "kindergarten_goes_full", "half-time kindergarten that becomes full-time", recall "MCA 20-9-311(5)";
    YouthChallenge: "youth_challenge", "Montana Youth ChalleNGe, one half", recall "MCA 20-9-707; ARM 10.20.104, open question Q24";
    ThreeQuarterTime: "three_quarter_time", "three-quarter-time, 540 to 719 hours", sourced "MCA 20-9-311(4)(a)";
    FullTime: "full_time", "full-time, 720 hours or more", sourced "MCA 20-9-311(4)(a)";
    SharedPupil: "shared_pupil", "one pupil in several places, in part here", sourced "MCA 20-9-311(4)(e)(i)";
    EarlyGraduate: "early_graduate", "early graduate, at the weight before graduating", recall "MCA 20-9-313(1)(f)";
}

/// How much a pupil counts, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Decision {
    /// The weight: nothing to one.
    pub weight: Fraction,
    /// Why.
    pub reason: Reason,
}

impl Decision {
    const fn not_counted(reason: Reason) -> Self {
        Decision { weight: Fraction::ZERO, reason }
    }
}

/// The rules on pupils for one count, read once from the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PupilRules {
    weights: WeightRules,
    choices: Interpretation,
    september_10: NaiveDate,
    count_date: NaiveDate,
    exception_in_force: bool,
    proficiency: bool,
    remote: bool,
    preschool_disability: bool,
    early_literacy: bool,
    preschool_within_cap: bool,
}

impl PupilRules {
    /// The rules for the counts of a school year, of which one is taken on a date.
    ///
    /// # Errors
    /// When no rules are known for the counts of the year.
    pub fn of(
        law: &Law,
        choices: &Interpretation,
        counts_of: SchoolYear,
        count_date: NaiveDate,
    ) -> Result<Self, AnbError> {
        let holds = |key| law.timeline.for_counts(key, counts_of);
        Ok(PupilRules {
            weights: WeightRules::of(law, choices, counts_of)?,
            choices: *choices,
            september_10: september_10(counts_of)?,
            count_date,
            exception_in_force: holds("disability_exception_19_20")?,
            proficiency: holds("proficiency_conversion")?,
            remote: holds("remote_instruction")?,
            preschool_disability: holds("preschool_disability")?,
            early_literacy: holds("early_literacy")?,
            preschool_within_cap: holds("preschool_within_cap")?,
        })
    }

    /// The rules on weights.
    #[must_use]
    pub const fn weights(&self) -> &WeightRules {
        &self.weights
    }

    /// Whether a pupil is counted, with what weight, and why.
    ///
    /// ```
    /// use opi_anb::{Interpretation, Law, Pupil, PupilRules, Reason};
    /// let (law, year) = (Law::embedded()?, "2024-25".parse()?);
    /// let day = chrono::NaiveDate::from_ymd_opt(2024, 10, 7).unwrap();
    /// let rules = PupilRules::of(&law, &Interpretation::default(), year, day)?;
    /// let pupil = Pupil { hours: "600".parse()?, consecutive_absences: 11, ..Pupil::default() };
    /// assert_eq!(rules.judge(&pupil)?.reason, Reason::EleventhDay);
    /// # Ok::<(), opi_anb::AnbError>(())
    /// ```
    ///
    /// # Errors
    /// When hours or a weight elsewhere are below zero, a birth date is after the count date, or a jumpstart
    /// program comes without its weeks.
    pub fn judge(&self, pupil: &Pupil) -> Result<Decision, AnbError> {
        if let Some(reason) = self.absent_or_gone(pupil) {
            return Ok(Decision::not_counted(reason));
        }
        if let Some(reason) = self.age_bars(pupil)? {
            return Ok(Decision::not_counted(reason));
        }
        let whole = self.weight(pupil)?;
        let decision = self.share(pupil, whole)?;
        Ok(match (pupil.early_graduate, self.choices.early_graduates) {
            (true, EarlyGraduates::NotAdded) => Decision::not_counted(Reason::EarlyGraduateNotAdded),
            (true, EarlyGraduates::FebruaryCount) if !decision.weight.is_zero() => {
                Decision { reason: Reason::EarlyGraduate, ..decision }
            }
            _ => decision,
        })
    }

    fn absent_or_gone(&self, pupil: &Pupil) -> Option<Reason> {
        let tests = [
            (pupil.enrolled_elsewhere, Reason::EnrolledElsewhere),
            (pupil.notice_of_not_returning, Reason::NoticeOfNotReturning),
            (pupil.records_transferred, Reason::RecordsTransferred),
            (pupil.cannot_continue, Reason::CannotContinue),
            (
                eleventh_day_bars(pupil.consecutive_absences, pupil.absence_variance_granted),
                Reason::EleventhDay,
            ),
            (pupil.attendance == Attendance::NonresidentWithoutAgreement, Reason::NoAttendanceAgreement),
            (pupil.attendance == Attendance::Remote && !self.remote, Reason::RemoteBeforeLaw),
            (!pupil.complete_services, Reason::LimitedServices),
            (pupil.activities_only, Reason::ActivitiesOnly),
        ];
        tests.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
    }

    fn age_bars(&self, pupil: &Pupil) -> Result<Option<Reason>, AnbError> {
        let Some(birth) = &pupil.birth_date else { return Ok(None) };
        let on_count_date = birth.age_on(self.count_date).ok_or_else(|| {
            AnbError::range("birth date", "a date after the count date", "a birth before the count date")
        })?;
        // A child born between September 10 and the count date has reached no age on September 10.
        let age = birth.age_on(self.september_10).unwrap_or_default();
        let excepted = pupil.disability_exception && self.exception_in_force && age < EXCEPTION_AGE;
        if age >= UPPER_AGE && !excepted {
            return Ok(Some(Reason::UpperAge));
        }
        let kindergarten = pupil.program.is_kindergarten() || pupil.grade == Some(Grade::Kindergarten);
        if kindergarten
            && pupil.program != PupilProgram::EarlyLiteracyJumpstart
            && kindergarten_age_bars(age, pupil.trustee_permission)
        {
            return Ok(Some(Reason::KindergartenAge));
        }
        let of_age = match pupil.program {
            PupilProgram::PreschoolDisability => on_count_date >= 3 && age < 5,
            PupilProgram::EarlyLiteracyClassroom => age >= 4,
            PupilProgram::EarlyLiteracyJumpstart => {
                let beyond = matches!(&pupil.grade, Some(Grade::Number(grade)) if *grade > 3);
                age >= 5 && !beyond
            }
            _ => true,
        };
        Ok((!of_age).then_some(Reason::PreschoolAge))
    }

    fn weight(&self, pupil: &Pupil) -> Result<Decision, AnbError> {
        for (what, hours) in [
            ("hours", pupil.hours),
            ("self-paced hours", pupil.self_paced_hours),
            ("proficiency hours", pupil.proficiency_hours),
        ] {
            if hours.is_negative() {
                return Err(AnbError::range(what, hours, "zero or more"));
            }
        }
        let mut hours = pupil.hours;
        if !pupil.self_paced_hours.is_zero() {
            hours = hours.plus(pupil.self_paced_hours)?;
        }
        if self.proficiency && !pupil.proficiency_hours.is_zero() {
            hours = hours.plus(pupil.proficiency_hours)?;
        }
        if pupil.youth_challenge && self.choices.youth_challenge == YouthChallenge::Half {
            return Ok(Decision { weight: Fraction::HALF, reason: Reason::YouthChallenge });
        }
        let weight = self.weights.weight(pupil.program, hours, pupil.weeks)?;
        let reason = match pupil.program {
            PupilProgram::PreschoolDiscretionary => Reason::PreschoolDiscretionary,
            PupilProgram::EarlyLiteracyHome => Reason::EarlyLiteracyHome,
            PupilProgram::PreschoolDisability if !self.preschool_disability => Reason::PreschoolBeforeLaw,
            PupilProgram::EarlyLiteracyClassroom | PupilProgram::EarlyLiteracyJumpstart
                if !self.early_literacy =>
            {
                Reason::EarlyLiteracyBeforeLaw
            }
            PupilProgram::EarlyLiteracyJumpstart if weight.is_zero() => Reason::JumpstartTooShort,
            PupilProgram::EarlyLiteracyJumpstart => Reason::Jumpstart,
            program if !weight.is_zero() && self.weights.counts_half(program) => Reason::HalfTimeKindergarten,
            _ => band_reason(weight),
        };
        Ok(Decision { weight, reason })
    }

    /// Never more than one pupil in all places. MCA 20-9-311(4)(e)(i); how one is shared: choice C1.
    fn share(&self, pupil: &Pupil, whole: Decision) -> Result<Decision, AnbError> {
        if pupil.elsewhere.is_empty() || whole.weight.is_zero() {
            return Ok(whole);
        }
        let jumpstart = pupil.program == PupilProgram::EarlyLiteracyJumpstart;
        if jumpstart && self.choices.jumpstart_cap == JumpstartCap::OutsideCap {
            return Ok(whole);
        }
        if pupil.program.is_preschool() && !self.preschool_within_cap {
            return Ok(whole);
        }
        let mut others = Fraction::ZERO;
        for weight in &pupil.elsewhere {
            if weight.is_negative() {
                return Err(AnbError::range("weight elsewhere", weight, "zero or more"));
            }
            others = others.plus(*weight)?;
        }
        let total = whole.weight.plus(others)?;
        if total <= Fraction::ONE {
            return Ok(whole);
        }
        let weight = match self.choices.concurrent_share {
            ConcurrentShare::Proportional => whole.weight.over(total)?,
            ConcurrentShare::FirstListedFirst => Fraction::ONE.minus(others)?.max(Fraction::ZERO),
        };
        Ok(Decision { weight, reason: Reason::SharedPupil })
    }
}

fn band_reason(weight: Fraction) -> Reason {
    if weight == Fraction::ONE {
        Reason::FullTime
    } else if weight == Fraction::THREE_QUARTERS {
        Reason::ThreeQuarterTime
    } else if weight == Fraction::HALF {
        Reason::HalfTime
    } else if weight == Fraction::QUARTER {
        Reason::QuarterTime
    } else {
        Reason::UnderLowestBand
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(year: &str, choices: &Interpretation) -> PupilRules {
        let law = Law::embedded().unwrap();
        let year: SchoolYear = year.parse().unwrap();
        PupilRules::of(&law, choices, year, year.first_monday(10).unwrap()).unwrap()
    }

    fn judge(year: &str, pupil: &Pupil) -> (String, Reason) {
        let decision = rules(year, &Interpretation::default()).judge(pupil).unwrap();
        (decision.weight.to_string(), decision.reason)
    }

    fn full() -> Pupil {
        Pupil { hours: Fraction::whole(1080), ..Pupil::default() }
    }

    fn born(year: i32, month: u32, day: u32) -> Option<BirthDate> {
        NaiveDate::from_ymd_opt(year, month, day).map(BirthDate::new)
    }

    #[test]
    fn each_exclusion_has_its_reason() {
        let cases = [
            (Pupil { enrolled_elsewhere: true, ..full() }, Reason::EnrolledElsewhere),
            (Pupil { notice_of_not_returning: true, ..full() }, Reason::NoticeOfNotReturning),
            (Pupil { records_transferred: true, ..full() }, Reason::RecordsTransferred),
            (Pupil { cannot_continue: true, ..full() }, Reason::CannotContinue),
            (Pupil { consecutive_absences: 11, ..full() }, Reason::EleventhDay),
            (
                Pupil { attendance: Attendance::NonresidentWithoutAgreement, ..full() },
                Reason::NoAttendanceAgreement,
            ),
            (Pupil { complete_services: false, ..full() }, Reason::LimitedServices),
            (Pupil { activities_only: true, ..full() }, Reason::ActivitiesOnly),
            (Pupil { birth_date: born(2005, 9, 10), ..full() }, Reason::UpperAge),
            (
                Pupil {
                    program: PupilProgram::KindergartenFullTime,
                    birth_date: born(2019, 9, 11),
                    ..full()
                },
                Reason::KindergartenAge,
            ),
            (Pupil { program: PupilProgram::PreschoolDisability, ..full() }, Reason::PreschoolBeforeLaw),
            (
                Pupil { program: PupilProgram::PreschoolDiscretionary, ..full() },
                Reason::PreschoolDiscretionary,
            ),
            (Pupil { program: PupilProgram::EarlyLiteracyHome, ..full() }, Reason::EarlyLiteracyHome),
            (Pupil { hours: Fraction::whole(179), ..full() }, Reason::UnderLowestBand),
        ];
        for (pupil, reason) in cases {
            assert_eq!(judge("2024-25", &pupil), ("0".to_owned(), reason));
        }
        let remote = Pupil { attendance: Attendance::Remote, ..full() };
        assert_eq!(judge("2020-21", &remote).1, Reason::RemoteBeforeLaw);
        assert_eq!(judge("2021-22", &remote).1, Reason::FullTime);
    }

    #[test]
    fn those_who_stay_count() {
        let cases = [
            (Pupil { consecutive_absences: 10, ..full() }, Reason::FullTime),
            (Pupil { consecutive_absences: 40, absence_variance_granted: true, ..full() }, Reason::FullTime),
            (Pupil { birth_date: born(2005, 9, 11), ..full() }, Reason::FullTime),
            (Pupil { birth_date: born(2004, 9, 10), disability_exception: true, ..full() }, Reason::FullTime),
            (Pupil { attendance: Attendance::Offsite, ..full() }, Reason::FullTime),
            (Pupil { attendance: Attendance::Agreement, ..full() }, Reason::FullTime),
        ];
        for (pupil, reason) in cases {
            assert_eq!(judge("2024-25", &pupil), ("1".to_owned(), reason));
        }
    }

    #[test]
    fn hours_are_converted_where_the_law_says_so() {
        let paced =
            Pupil { hours: "300".parse().unwrap(), self_paced_hours: "60".parse().unwrap(), ..full() };
        assert_eq!(judge("2024-25", &paced), ("1/2".to_owned(), Reason::HalfTime));
        let proven =
            Pupil { hours: "300".parse().unwrap(), proficiency_hours: "420".parse().unwrap(), ..full() };
        assert_eq!(judge("2013-14", &proven).0, "1");
        assert_eq!(judge("2012-13", &proven).0, "1/4");
    }

    #[test]
    fn one_pupil_is_shared_in_proportion() {
        let shared =
            Pupil { hours: "600".parse().unwrap(), elsewhere: vec![Fraction::HALF], ..Pupil::default() };
        assert_eq!(judge("2024-25", &shared), ("3/5".to_owned(), Reason::SharedPupil));
        let fits = Pupil { elsewhere: vec![Fraction::QUARTER], ..shared.clone() };
        assert_eq!(judge("2024-25", &fits), ("3/4".to_owned(), Reason::ThreeQuarterTime));
        let other = Interpretation {
            concurrent_share: ConcurrentShare::FirstListedFirst,
            ..Interpretation::default()
        };
        assert_eq!(rules("2024-25", &other).judge(&shared).unwrap().weight, Fraction::HALF);
    }

    #[test]
    fn jumpstart_is_an_addition_unless_chosen_otherwise() {
        let jumpstart = Pupil {
            program: PupilProgram::EarlyLiteracyJumpstart,
            hours: "120".parse().unwrap(),
            weeks: Some(4),
            elsewhere: vec![Fraction::ONE],
            ..Pupil::default()
        };
        assert_eq!(judge("2024-25", &jumpstart), ("1/4".to_owned(), Reason::Jumpstart));
        let inside = Interpretation { jumpstart_cap: JumpstartCap::InsideCap, ..Interpretation::default() };
        assert_eq!(rules("2024-25", &inside).judge(&jumpstart).unwrap().weight.to_string(), "1/5");
        let fourth =
            Pupil { grade: Some(Grade::Number(4)), birth_date: born(2014, 1, 1), ..jumpstart.clone() };
        assert_eq!(judge("2024-25", &fourth).1, Reason::PreschoolAge);
        assert_eq!(judge("2023-24", &jumpstart).1, Reason::EarlyLiteracyBeforeLaw);
        assert_eq!(judge("2024-25", &Pupil { weeks: Some(3), ..jumpstart }).1, Reason::JumpstartTooShort);
    }

    #[test]
    fn preschool_ages_from_three_to_four() {
        let child = |year, month, day| Pupil {
            program: PupilProgram::PreschoolDisability,
            hours: "400".parse().unwrap(),
            birth_date: born(year, month, day),
            ..Pupil::default()
        };
        // The count date is October 6, 2025.
        assert_eq!(judge("2025-26", &child(2022, 10, 6)).0, "1/2");
        assert_eq!(judge("2025-26", &child(2022, 10, 7)).1, Reason::PreschoolAge);
        assert_eq!(judge("2025-26", &child(2020, 9, 11)).0, "1/2");
        assert_eq!(judge("2025-26", &child(2020, 9, 10)).1, Reason::PreschoolAge);
        let literacy = Pupil { program: PupilProgram::EarlyLiteracyClassroom, ..child(2021, 9, 10) };
        assert_eq!(judge("2025-26", &literacy).0, "1/2");
        let young = Pupil { program: PupilProgram::EarlyLiteracyClassroom, ..child(2021, 9, 11) };
        assert_eq!(judge("2025-26", &young).1, Reason::PreschoolAge);
    }

    #[test]
    fn youth_challenge_and_early_graduates_follow_the_choices() {
        let challenge = Pupil { youth_challenge: true, ..full() };
        assert_eq!(judge("2024-25", &challenge), ("1/2".to_owned(), Reason::YouthChallenge));
        let graduate = Pupil { early_graduate: true, ..full() };
        assert_eq!(judge("2024-25", &graduate), ("1".to_owned(), Reason::EarlyGraduate));
        let other = Interpretation {
            youth_challenge: YouthChallenge::HourBands,
            early_graduates: EarlyGraduates::NotAdded,
            ..Interpretation::default()
        };
        assert_eq!(rules("2024-25", &other).judge(&challenge).unwrap().weight, Fraction::ONE);
        assert_eq!(rules("2024-25", &other).judge(&graduate).unwrap().reason, Reason::EarlyGraduateNotAdded);
    }

    #[test]
    fn half_time_kindergarten_is_named() {
        let child = Pupil {
            program: PupilProgram::KindergartenHalfTime,
            hours: "300".parse().unwrap(),
            ..Pupil::default()
        };
        assert_eq!(judge("2022-23", &child), ("1/2".to_owned(), Reason::HalfTimeKindergarten));
        assert_eq!(judge("2025-26", &child), ("1/4".to_owned(), Reason::QuarterTime));
    }

    #[test]
    fn every_kind_of_budget_unit_is_a_program() {
        for kind in BudgetUnitKind::ALL {
            assert_eq!(BudgetProgram::try_from(*kind).unwrap().word(), kind.as_str());
        }
    }

    #[test]
    fn grade_six_is_elementary_and_seven_only_when_not_accredited() {
        use BudgetProgram::{Accredited7To8, Elementary, HighSchool};
        let of = |number, accredited| BudgetProgram::of_grade(&Grade::Number(number), accredited);
        assert_eq!(
            [of(6, true), of(7, true), of(8, true)],
            [Some(Elementary), Some(Accredited7To8), Some(Accredited7To8)]
        );
        assert_eq!([of(8, false), of(9, false)], [Some(Elementary), Some(HighSchool)]);
        assert_eq!(BudgetProgram::of_grade(&Grade::Preschool, true), Some(Elementary));
        assert_eq!(BudgetProgram::of_grade(&Grade::Other("UG".into()), true), None);
    }

    #[test]
    fn nothing_personal_is_printed() {
        let pupil = Pupil { key: "A-771".parse().ok(), birth_date: born(2012, 3, 4), ..full() };
        let text = format!("{pupil:?}");
        assert!(!text.contains("A-771") && !text.contains("2012-03-04"), "{text}");
    }

    #[test]
    fn grades_keep_unknown_codes() {
        for code in ["PK", "KF", "01", "12", "UG", "13", "1"] {
            assert_eq!(Grade::from(code.to_owned()).to_string(), code);
        }
        assert_eq!(Grade::from("13".to_owned()), Grade::Other("13".to_owned()));
    }
}

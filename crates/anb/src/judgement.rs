//! Whether a pupil is counted, with what weight, and why: the rules of one count, read once.

use crate::eligibility::{EXCEPTION_AGE, UPPER_AGE};
use crate::{
    AnbError, Attendance, ConcurrentShare, CountPeriod, Decision, District, EarlyGraduates, Fraction, Grade,
    Interpretation, JumpstartCap, Law, Pupil, PupilProgram, Reason, WeightRules, YouthChallenge,
    eleventh_day_bars, kindergarten_age_bars, nominal_count_date, september_10,
};
use chrono::NaiveDate;
use opi_dictionary::SchoolYear;

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

    /// The rules for a count of a school year on the day that the law names.
    ///
    /// # Errors
    /// When no such count was taken in the year, or no rules are known for its counts.
    pub fn of_count(
        law: &Law,
        choices: &Interpretation,
        counts_of: SchoolYear,
        period: CountPeriod,
    ) -> Result<Self, AnbError> {
        Self::of(law, choices, counts_of, nominal_count_date(law, choices, counts_of, period)?)
    }

    /// The same rules on the day on which a district took the count, where it names one: the day that the law names
    /// or a later one. MCA 20-9-311(1)(a).
    ///
    /// # Errors
    /// When the district names an earlier day.
    pub fn in_district(self, period: CountPeriod, district: &District) -> Result<Self, AnbError> {
        match district.count_dates.of(period) {
            Some(day) if day < self.count_date => Err(AnbError::case(
                format!("district {}", district.district),
                format!("the {} count was taken on {day}, before {}", period.word(), self.count_date),
            )),
            day => Ok(PupilRules { count_date: day.unwrap_or(self.count_date), ..self }),
        }
    }

    /// The day of the count.
    #[must_use]
    pub const fn count_date(&self) -> NaiveDate {
        self.count_date
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
            (pupil.excluded, Reason::Excluded),
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
    use opi_dictionary::BirthDate;

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
            (Pupil { excluded: true, ..full() }, Reason::Excluded),
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
    fn nothing_personal_is_printed() {
        let pupil = Pupil { key: "A-771".parse().ok(), birth_date: born(2012, 3, 4), ..full() };
        let text = format!("{pupil:?}");
        assert!(!text.contains("A-771") && !text.contains("2012-03-04"), "{text}");
    }
}

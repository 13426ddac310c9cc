//! Why a pupil counts as much or as little as they do.

use crate::Fraction;
use opi_dictionary::Citation;
use serde::{Deserialize, Serialize};

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
    Excluded: "excluded", "left out in the count file: 11th day of absence, kindergarten under 5 without approval, or day treatment", sourced "AIM field Exclude ANB - 10 Day Rule";
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
    pub(crate) const fn not_counted(reason: Reason) -> Self {
        Decision { weight: Fraction::ZERO, reason }
    }
}

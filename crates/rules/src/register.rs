//! What the state holds and no upload carries: facts about students, from a table of a fixed form.

use crate::RulesError;
use crate::registry::rows;
use chrono::{Datelike, NaiveDate};
use opi_dictionary::StateId;
use serde::Deserialize;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal),+ $(,)?) => {
        /// A kind of stored fact about a student.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum FactKind {
            $($(#[$doc])* $kind,)+
        }

        impl FactKind {
            /// All kinds.
            pub const ALL: &'static [FactKind] = &[$(FactKind::$kind),+];

            /// The word in the column `fact`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(FactKind::$kind => $word,)+ }
            }
        }
    };
}

kinds! {
    /// Absent on every instruction day of the span.
    Absence = "absence",
    /// For activities only during the span.
    ActivitiesOnly = "activities_only",
    /// A complete household address; no value.
    Address = "address",
    /// The trustees admitted the child; the first day is that of the meeting.
    BoardApproval = "board_approval",
    /// Placed in private day treatment during the span.
    DayTreatment = "day_treatment",
    /// Flagged as eligible for money at age 19 or 20.
    EligibleAt19Or20 = "age_19_or_20_eligible",
    /// The stored ethnicity; `-1` for declined.
    Ethnicity = "ethnicity",
    /// A locked evaluation report.
    EvaluationReport = "evaluation_report",
    /// Gave notice of leaving, or had records transferred, on the first day.
    GaveNotice = "gave_notice",
    /// A Job Corps flag.
    JobCorps = "job_corps",
    /// The military connection, by its code.
    MilitaryConnection = "military_connection",
    /// Homeless by night residence; the value is its code.
    NighttimeResidence = "nighttime_residence",
    /// Lives in another district.
    Nonresident = "nonresident",
    /// A stored race row; the value is its code.
    RaceCode = "race_code",
    /// Removed from school (`OSS`, `EXP`, `ISS`) on the first day.
    Removal = "removal",
    /// The district of residence.
    Residence = "district_of_residence",
    /// Takes part in the savings account program.
    SavingsAccountParticipant = "savings_account_participant",
    /// Has the flag of the savings account program.
    SavingsAccountFlag = "savings_account_flag",
    /// An active locked plan during the span; the value is the disability code.
    SpecialEducation = "special_education",
    /// Left special education on the first day; the value is the reason.
    SpecialEducationExit = "special_education_exit",
    /// The setting of service, by its code.
    SpecialEducationSetting = "special_education_setting",
    /// Excluded from the state.
    StateExclude = "state_exclude",
    /// Unaccompanied youth.
    UnaccompaniedYouth = "unaccompanied_youth",
    /// Without a schedule.
    Unscheduled = "unscheduled",
    /// A Youth ChalleNGe flag.
    YouthChallenge = "youth_challenge",
}

/// One stored fact. Days are counted from the first of the common era; an open side is the least or greatest day.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StoredFact {
    pub(crate) student: u32,
    pub(crate) kind: FactKind,
    pub(crate) first: i32,
    pub(crate) last: i32,
    pub(crate) value: Box<str>,
}

/// Stored facts about students, read from a table with the columns `state_id`, `fact`, `value`, `first_day`,
/// `last_day` (days as `2026-01-31`, an open side or an unneeded value blank).
///
/// ```
/// let mut facts = opi_rules::RegisterFacts::default();
/// facts.read_csv("state_id,fact,value,first_day,last_day\n990000105,absence,,2025-09-16,2025-10-06\n")?;
/// assert_eq!(facts.len(), 1);
/// assert!(facts.read_csv("state_id,fact,value,first_day,last_day\n990000105,absent,,,\n").is_err());
/// # Ok::<(), opi_rules::RulesError>(())
/// ```
#[derive(Clone, Default)]
pub struct RegisterFacts {
    pub(crate) facts: Vec<StoredFact>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactRow {
    state_id: String,
    fact: String,
    value: String,
    first_day: String,
    last_day: String,
}

impl RegisterFacts {
    /// Adds the facts of a CSV text.
    ///
    /// # Errors
    /// When a row is not of the form; the message names the line, never the student.
    pub fn read_csv(&mut self, text: &str) -> Result<(), RulesError> {
        for (index, row) in rows::<FactRow>("register facts", text)?.into_iter().enumerate() {
            let line = Some(index as u64 + 2);
            let refuse = |problem: String| RulesError::table("register facts", line, problem);
            let id: StateId = row.state_id.parse().map_err(|error| refuse(format!("{error}")))?;
            let kind = FactKind::ALL.iter().copied().find(|kind| kind.as_str() == row.fact);
            let kind = kind.ok_or_else(|| {
                let known: Vec<&str> = FactKind::ALL.iter().map(|kind| kind.as_str()).collect();
                refuse(format!("{:?} is no kind of fact; known are {}", row.fact, known.join(", ")))
            })?;
            let day = |column: &str, text: &str| match text.trim() {
                "" => Ok(None),
                text => text.parse::<NaiveDate>().map(Some).map_err(|_| {
                    refuse(format!(
                        "column {column}: {} is no day; expected one such as 2025-10-06",
                        opi_dictionary::shape(text)
                    ))
                }),
            };
            let (first, last) = (day("first_day", &row.first_day)?, day("last_day", &row.last_day)?);
            if let (Some(first), Some(last)) = (first, last)
                && last < first
            {
                return Err(refuse(format!("the last day {last} is before the first day {first}")));
            }
            self.add(&id, kind, &row.value, first, last);
        }
        Ok(())
    }

    /// Adds one fact.
    pub fn add(
        &mut self,
        student: &StateId,
        kind: FactKind,
        value: &str,
        first: Option<NaiveDate>,
        last: Option<NaiveDate>,
    ) {
        self.facts.push(StoredFact {
            student: student.reveal_number(),
            kind,
            first: first.map_or(i32::MIN, |day| day.num_days_from_ce()),
            last: last.map_or(i32::MAX, |day| day.num_days_from_ce()),
            value: value.trim().into(),
        });
    }

    /// How many facts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    pub(crate) fn has(&self, kind: &str) -> bool {
        self.facts.iter().any(|fact| fact.kind.as_str() == kind)
    }
}

/// Shows how many there are, never whom they are about.
impl std::fmt::Debug for RegisterFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RegisterFacts({})", self.facts.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_may_hold_for_one_day_and_not_for_less() {
        let read = |last: &str| {
            let text =
                format!("state_id,fact,value,first_day,last_day\n990000105,absence,,2025-09-16,{last}\n");
            RegisterFacts::default().read_csv(&text)
        };
        assert!(read("2025-09-16").is_ok());
        let error = read("2025-09-15").unwrap_err().to_string();
        assert!(error.contains("the last day 2025-09-15 is before the first day 2025-09-16"), "{error}");
    }
}

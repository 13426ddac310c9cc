//! What could not be computed, what was left out, and what figures rest on beside the files.

use opi_anb::CountPeriod;
use opi_dictionary::DistrictNumber;
use serde::Serialize;
use std::collections::BTreeMap;

macro_rules! note_kinds {
    ($($variant:ident: $word:literal, $text:literal;)+) => {
        /// What a note says of some pupils, or of a district.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum NoteKind {
            $(#[doc = $text] $variant,)+
        }

        impl NoteKind {
            /// All kinds.
            pub const ALL: &'static [NoteKind] = &[$(NoteKind::$variant),+];

            /// The word used in files.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(NoteKind::$variant => $word,)+ }
            }

            /// It in words.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(NoteKind::$variant => $text,)+ }
            }
        }
    };
}

note_kinds! {
    CountMissing: "count_missing", "the district sent no rows of this count: its ANB cannot be computed";
    DistrictUnknown: "district_unknown", "rows of a district that is not in the directory: left out";
    EntityEnds: "entity_ends", "the legal entity does not exist in the budget year: it is not computed, and what its pupils give belongs to the entity that they are in then";
    ClosedUnit: "closed_unit", "a budget unit ends with the year of the counts, and the directory does not show which one unit its pupils join: the legal entity is not computed";
    OpeningUnit: "opening_unit", "a budget unit begins in the budget year: its ANB is established by the county superintendent, and is left out here";
    Unreadable: "unreadable", "rows without a readable student, district, school, calendar or date: left out";
    OtherYear: "other_year", "rows of another school year: left out";
    Repeated: "repeated", "rows that repeat a pupil of the same school and calendar: left out";
    NoEnrollment: "no_enrollment", "no enrollment of the pupil at this school and calendar, so that the grade is not known: left out";
    NotEnrolled: "not_enrolled", "not enrolled on the count date: left out";
    NoHours: "no_hours", "no band of aggregate hours, or an unknown one: left out";
    NoBudgetUnit: "no_budget_unit", "the directory counts the grade of this school in no budget unit: left out";
    PreschoolProgram: "preschool_program", "prekindergarten of 180 hours or more, and the files do not say in which program: left out";
    AgeNotTested: "age_not_tested", "no birth date, or one after the count date: counted, with the ages not tested";
    KindergartenKind: "kindergarten_kind", "kindergarten of grade KG, full or half time not told apart: counted by the hour bands";
    Admitted: "admitted", "kindergarten under 5 on September 10 and not left out in the count file: counted as admitted by the trustees";
    AgedOut: "aged_out", "19 or 20 on September 10: not counted; the files do not show whether the exception for pupils with disabilities holds";
    EarlyGraduate: "early_graduate", "graduated between the counts: added to the spring count with the hours of the fall count";
    EighthSemester: "eighth_semester", "graduated between the counts after eight semesters or more: not added to the spring count";
    CalendarUnknown: "calendar_unknown", "a calendar that is not in the directory: counted on the day that the law names";
    CountDates: "count_dates", "calendars of the legal entity count on different days: the count file shows the day of most pupils";
    PirDays: "pir_days", "calendars of the legal entity differ in pupil-instruction-related days: those of the calendar of most pupils are used";
    HistoryMissing: "history_missing", "no ANB of earlier years is known: the average of three years is not open";
}

/// What holds for some pupils of a district, or for the district as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct FundingNote {
    /// The district; absent where rows name none.
    pub district: Option<DistrictNumber>,
    /// What it says.
    pub kind: NoteKind,
    /// The count, where it is of one.
    pub count: Option<CountPeriod>,
    /// How many rows, pupils, units or calendars it is about.
    pub number: u64,
    /// It in words.
    pub text: &'static str,
}

impl opi_anb::CsvRow for FundingNote {
    const COLUMNS: &'static [&'static str] = &["district", "kind", "count", "number", "text"];
}

/// Notes while they are gathered.
#[derive(Default)]
pub(super) struct Notes(BTreeMap<(Option<DistrictNumber>, NoteKind, Option<CountPeriod>), u64>);

impl Notes {
    pub(super) fn add(
        &mut self,
        district: Option<DistrictNumber>,
        kind: NoteKind,
        count: Option<CountPeriod>,
    ) {
        *self.0.entry((district, kind, count)).or_default() += 1;
    }

    /// All of them, or those of one district.
    pub(super) fn finish(self, of: Option<DistrictNumber>) -> Vec<FundingNote> {
        let notes = self.0.into_iter().filter(|((district, ..), _)| of.is_none() || *district == of);
        let note = |((district, kind, count), number): ((_, NoteKind, _), _)| FundingNote {
            district,
            kind,
            count,
            number,
            text: kind.text(),
        };
        notes.map(note).collect()
    }
}

//! The choices that the law leaves open, typed, with the default recommended for each.

use serde::{Deserialize, Serialize};

/// The open questions with their defaults, the other choices, standing and reason: CSV.
pub const INTERPRETATIONS_CSV: &str = include_str!("../spec/interpretations.csv");

macro_rules! choices {
    ($($(#[$doc:meta])* $question:literal $field:ident: $name:ident {
        $(#[$default_doc:meta])* $default:ident = $default_word:literal
        $(, $(#[$other_doc:meta])* $other:ident = $other_word:literal)+ $(,)?
    })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
            #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
            #[non_exhaustive]
            pub enum $name {
                $(#[$default_doc])*
                #[default]
                #[serde(rename = $default_word)]
                $default,
                $($(#[$other_doc])* #[serde(rename = $other_word)] $other,)+
            }

            impl $name {
                /// All choices, the default first.
                pub const ALL: &'static [$name] = &[$name::$default $(, $name::$other)+];

                /// The word used in tables and files.
                #[must_use]
                pub const fn word(self) -> &'static str {
                    match self {
                        $name::$default => $default_word,
                        $($name::$other => $other_word,)+
                    }
                }
            }
        )+

        /// One choice for each question that the law leaves open. A file names only the choices that differ
        /// from the default.
        ///
        /// ```
        /// use opi_anb::{AnbRounding, Interpretation};
        /// let choices = Interpretation { anb_rounding: AnbRounding::NearestHalfUp, ..Interpretation::default() };
        /// assert_eq!(choices.differences(), [("Q1", "anb_rounding", "nearest_half_up")]);
        /// ```
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
        #[serde(default, deny_unknown_fields)]
        pub struct Interpretation {
            $($(#[$doc])* pub $field: $name,)+
        }

        impl Interpretation {
            /// Each question with the field and the word chosen.
            #[must_use]
            pub fn choices(&self) -> Vec<(&'static str, &'static str, &'static str)> {
                vec![$(($question, stringify!($field), self.$field.word()),)+]
            }

            /// The same choices with one of them another, for every other choice there is.
            #[must_use]
            pub fn alternatives(&self) -> Vec<Alternative> {
                let mut all = Vec::new();
                $(for other in $name::ALL.iter().filter(|other| **other != self.$field) {
                    all.push(Alternative {
                        question: $question,
                        field: stringify!($field),
                        chosen: self.$field.word(),
                        other: other.word(),
                        interpretation: Interpretation { $field: *other, ..*self },
                    });
                })+
                all
            }
        }
    };
}

choices! {
    /// Q1: how ANB, and the average of three years, becomes a whole number.
    "Q1" anb_rounding: AnbRounding {
        /// Up: any part counts as a whole.
        Ceiling = "ceiling",
        /// To the nearest, a half up.
        NearestHalfUp = "nearest_half_up",
        /// Not rounded at all.
        Exact = "exact",
    }
    /// Q2: the spring count date from the counts of 2025-26 on.
    "Q2" spring_count: SpringCount {
        /// The first Monday in February, as in the text in force.
        FirstMondayInFebruary = "first_monday_in_february",
        /// The last Monday in January, as proposed in 2025.
        LastMondayInJanuary = "last_monday_in_january",
    }
    /// Q5: since which counts quarter-time begins at 180 hours.
    "Q5" quarter_time: QuarterTime {
        /// The year of the timeline.
        TimelineYear = "timeline_year",
        /// The latest year that the texts allow.
        LatestYear = "latest_year",
    }
    /// Q7: how a half-time kindergarten pupil is weighed.
    "Q7" kindergarten: KindergartenWeight {
        /// One half at or above the lowest band, in the years of that rule.
        RuleFormula = "rule_formula",
        /// By the hour bands.
        HourBands = "hour_bands",
    }
    /// Q8: how home and private school pupils in activities are counted.
    "Q8" extracurricular: Extracurricular {
        /// 1/16 for an activity of 6 weeks, 1/8 for one of 18, added to the average enrollment.
        RecalledWeights = "recalled_weights",
        /// Not at all.
        NotCounted = "not_counted",
    }
    /// Q9: over what the decrement of the per-ANB entitlement runs.
    "Q9" ladder_scope: LadderScope {
        /// Over all ANB of the district at a level.
        District = "district",
        /// Over the ANB of each unit.
        Unit = "unit",
    }
    /// Q10: whether a size step must be completed.
    "Q10" basic_steps: BasicSteps {
        /// Completed steps only.
        WholeSteps = "whole_steps",
        /// In proportion.
        ProRata = "pro_rata",
    }
    /// Q11: whether the one-pupil cap covers jumpstart.
    "Q11" jumpstart_cap: JumpstartCap {
        /// Jumpstart is an addition.
        OutsideCap = "outside_cap",
        /// Jumpstart is within the cap.
        InsideCap = "inside_cap",
    }
    /// Q13: of which year the pupil-instruction-related days are.
    "Q13" pir_days: PirDays {
        /// Those of the budget year; else of the count year; else seven.
        BudgetYear = "budget_year",
        /// Those of the count year; else seven.
        CountYear = "count_year",
    }
    /// Q14: the average of a unit without three years of its own.
    "Q14" short_history: ShortHistory {
        /// The mean of the years there are, if the district itself is three years old.
        MeanOfExisting = "mean_of_existing",
        /// The current year only.
        CurrentYearOnly = "current_year_only",
    }
    /// Q15: which ANB is used when both maximum budgets are equal.
    "Q15" equal_budgets: EqualBudgets {
        /// The current year.
        CurrentYear = "current_year",
        /// The average of three years.
        ThreeYear = "three_year",
    }
    /// Q16: what is compared to choose between current and three-year ANB.
    "Q16" comparison: Comparison {
        /// The maximum budget with every part driven by ANB.
        MaximumBudget = "maximum_budget",
        /// Basic and per-ANB entitlements only.
        EntitlementsOnly = "entitlements_only",
    }
    /// Q20: where an early graduate is added.
    "Q20" early_graduates: EarlyGraduates {
        /// To the February count, at the weight before graduating.
        FebruaryCount = "february_count",
        /// Nowhere.
        NotAdded = "not_added",
    }
    /// Q21: what is paid of an unusual increase.
    "Q21" increase_funding: IncreaseFunding {
        /// The pupils above the threshold.
        AboveThreshold = "above_threshold",
        /// All new pupils, once the threshold is passed.
        WholeIncrease = "whole_increase",
    }
    /// Q24: the weight of a Montana Youth ChalleNGe participant.
    "Q24" youth_challenge: YouthChallenge {
        /// One half.
        Half = "half",
        /// By the hour bands.
        HourBands = "hour_bands",
    }
    /// C1: how one pupil is shared between places of enrollment that exceed one in all.
    "C1" concurrent_share: ConcurrentShare {
        /// In proportion to the weights.
        Proportional = "proportional",
        /// The places elsewhere keep their weights, this one takes the rest.
        FirstListedFirst = "first_listed_first",
    }
}

/// A set of choices that differs from another in one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The open question.
    pub question: &'static str,
    /// The field of [`Interpretation`].
    pub field: &'static str,
    /// The word of the choice made.
    pub chosen: &'static str,
    /// The word of the other choice.
    pub other: &'static str,
    /// The choices with the other one in its place.
    pub interpretation: Interpretation,
}

impl Interpretation {
    /// The questions in which the choice is not the default.
    #[must_use]
    pub fn differences(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        let default = Interpretation::default().choices();
        self.choices()
            .into_iter()
            .zip(default)
            .filter(|(own, other)| own != other)
            .map(|(own, _)| own)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lists_every_choice_as_the_types_have_it() {
        let mut reader = csv::Reader::from_reader(INTERPRETATIONS_CSV.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let default = Interpretation::default();
        for (question, field, chosen) in default.choices() {
            let row = rows.iter().find(|row| &row[1] == field).expect(field);
            assert_eq!((&row[0], &row[2]), (question, chosen));
            let others: Vec<&str> =
                default.alternatives().iter().filter(|a| a.field == field).map(|a| a.other).collect();
            assert_eq!(row[3].split("; ").collect::<Vec<_>>(), others, "{field}");
        }
        assert_eq!(rows.iter().filter(|row| !row[1].is_empty()).count(), default.choices().len());
        for row in &rows {
            assert!(row[4].parse::<opi_dictionary::Standing>().is_ok() && !row[5].is_empty(), "{row:?}");
        }
    }

    #[test]
    fn a_file_names_only_what_differs_and_an_unknown_choice_is_an_error() {
        let read: Interpretation = toml::from_str("basic_steps = \"pro_rata\"").unwrap();
        assert_eq!(read.differences(), [("Q10", "basic_steps", "pro_rata")]);
        assert!(toml::from_str::<Interpretation>("basic_step = \"pro_rata\"").is_err());
        assert!(toml::from_str::<Interpretation>("basic_steps = \"half\"").is_err());
    }
}

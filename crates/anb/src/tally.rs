//! Counts as tallies: pupils by reason and weight, which merge in any order.

use crate::{
    AnbError, Count, EarlyGraduates, Fraction, Interpretation, Operation, Pupil, PupilRules, Reason, Step,
    Unit,
};
use opi_dictionary::Citation;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a group of pupils in a tally is: judged, or given adjusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TallyLine {
    /// Pupils of one reason.
    Judged(Reason),
    /// Enrollment adjusted elsewhere; its heads are not known.
    Adjusted,
    /// Early graduates given at their weight.
    EarlyGraduates,
}

/// Pupils of one unit on one count date by line and weight. Merging is associative and commutative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    lines: BTreeMap<(TallyLine, Fraction), u64>,
}

/// One line of a tally, for reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct TallyRow {
    /// What the pupils are.
    pub line: TallyLine,
    /// Their weight.
    pub weight: Fraction,
    /// How many; for an enrollment adjusted elsewhere, how many times.
    pub pupils: u64,
}

impl Tally {
    /// The tally of a count under the rules of its date.
    ///
    /// # Errors
    /// When a pupil or a band cannot be judged; the error names its place in the count.
    pub fn of(count: &Count, rules: &PupilRules, choices: &Interpretation) -> Result<Self, AnbError> {
        Self::of_each(count, rules, choices, |_, _| Ok(()))
    }

    /// The same; each pupil judged is shown with the weight.
    pub(crate) fn of_each(
        count: &Count,
        rules: &PupilRules,
        choices: &Interpretation,
        mut each: impl FnMut(&Pupil, Fraction) -> Result<(), AnbError>,
    ) -> Result<Self, AnbError> {
        let mut tally = Tally::default();
        for (place, pupil) in count.pupils.iter().enumerate() {
            let decision = rules.judge(pupil).map_err(|error| at("pupil", place, &error))?;
            each(pupil, decision.weight)?;
            tally.add(TallyLine::Judged(decision.reason), decision.weight, 1)?;
        }
        for (place, band) in count.bands.iter().enumerate() {
            let (program, hours, weeks) = (band.program, band.hours, band.weeks);
            let decision = rules.judge(&Pupil { program, hours, weeks, ..Pupil::default() });
            let decision = decision.map_err(|error| at("band", place, &error))?;
            tally.add(TallyLine::Judged(decision.reason), decision.weight, band.pupils.into())?;
        }
        if let Some(adjusted) = count.adjusted {
            tally.add(TallyLine::Adjusted, not_negative("adjusted enrollment", adjusted)?, 1)?;
        }
        if let Some(early) = count.early_graduates
            && choices.early_graduates == EarlyGraduates::FebruaryCount
        {
            tally.add(TallyLine::EarlyGraduates, not_negative("early graduates", early)?, 1)?;
        }
        Ok(tally)
    }

    fn add(&mut self, line: TallyLine, weight: Fraction, pupils: u64) -> Result<(), AnbError> {
        if pupils > 0 {
            let number = self.lines.entry((line, weight)).or_default();
            *number = number.checked_add(pupils).ok_or_else(|| AnbError::too_large("a number of pupils"))?;
        }
        Ok(())
    }

    /// Adds another tally of the same unit and date.
    ///
    /// # Errors
    /// When a number of pupils leaves 64 bits.
    pub fn merge(&mut self, other: &Tally) -> Result<(), AnbError> {
        other.lines.iter().try_for_each(|((line, weight), pupils)| self.add(*line, *weight, *pupils))
    }

    /// The same with half-time kindergarten pupils as full ones. MCA 20-9-311(5).
    pub(crate) fn with_kindergarten_full(&self) -> Result<Self, AnbError> {
        let mut full = Tally::default();
        for ((line, weight), pupils) in &self.lines {
            match line {
                TallyLine::Judged(Reason::HalfTimeKindergarten) => {
                    full.add(TallyLine::Judged(Reason::KindergartenGoesFull), Fraction::ONE, *pupils)?;
                }
                _ => full.add(*line, *weight, *pupils)?,
            }
        }
        Ok(full)
    }

    /// Its lines, in the order of reasons.
    #[must_use]
    pub fn rows(&self) -> Vec<TallyRow> {
        let row = |((line, weight), pupils): (&(TallyLine, Fraction), &u64)| TallyRow {
            line: *line,
            weight: *weight,
            pupils: *pupils,
        };
        self.lines.iter().map(row).collect()
    }

    /// Adjusted enrollment: each line's pupils times their weight, added up. ARM 10.20.104(2)(a).
    ///
    /// # Errors
    /// When the sum leaves exact arithmetic.
    pub fn adjusted(&self, label: &'static str) -> Result<Step, AnbError> {
        let mut parts = Vec::with_capacity(self.lines.len());
        for ((line, weight), pupils) in &self.lines {
            parts.push(match line {
                TallyLine::Adjusted => {
                    Step::given("adjusted enrollment as given", times(*weight, *pupils)?, Unit::Pupils)
                }
                TallyLine::EarlyGraduates => {
                    Step::given("early graduates", times(*weight, *pupils)?, Unit::Pupils)
                        .cite(Reason::EarlyGraduate.citation())
                }
                TallyLine::Judged(reason) => weighted(*reason, *weight, *pupils)?,
            });
        }
        let sum = Step::of(label, Operation::Sum, parts, Unit::Pupils)?;
        Ok(sum.cite(Citation::sourced("ARM 10.20.104(2)(a)")))
    }
}

fn times(weight: Fraction, pupils: u64) -> Result<Fraction, AnbError> {
    weight.times(Fraction::new(pupils.into(), 1)?)
}

fn weighted(reason: Reason, weight: Fraction, pupils: u64) -> Result<Step, AnbError> {
    let heads = Step::given("pupils", Fraction::new(pupils.into(), 1)?, Unit::Pupils);
    let each = Step::given("weight of each", weight, Unit::Number);
    let product = Step::of(reason.text(), Operation::Product, vec![heads, each], Unit::Pupils)?;
    Ok(product.cite(reason.citation()))
}

fn not_negative(what: &str, value: Fraction) -> Result<Fraction, AnbError> {
    if value.is_negative() { Err(AnbError::range(what, value, "zero or more")) } else { Ok(value) }
}

fn at(what: &str, place: usize, error: &AnbError) -> AnbError {
    AnbError::case(format!("{what} {}", place + 1), error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Band, Law};
    use proptest::prelude::*;

    fn tally(count: &Count) -> Tally {
        let law = Law::embedded().unwrap();
        let year: opi_dictionary::SchoolYear = "2024-25".parse().unwrap();
        let choices = Interpretation::default();
        let rules = PupilRules::of(&law, &choices, year, year.first_monday(10).unwrap()).unwrap();
        Tally::of(count, &rules, &choices).unwrap()
    }

    fn pupils(hours: &[u32]) -> Count {
        let pupil = |hours: &u32| Pupil { hours: Fraction::from(*hours), ..Pupil::default() };
        Count { pupils: hours.iter().map(pupil).collect(), ..Count::default() }
    }

    #[test]
    fn pupils_and_bands_give_the_same() {
        let bands = [(720, 40), (600, 2), (400, 3), (200, 4), (100, 2)];
        let by_band: Vec<Band> = bands
            .iter()
            .map(|(hours, pupils)| Band {
                program: crate::PupilProgram::K12,
                hours: Fraction::whole(*hours),
                weeks: None,
                pupils: *pupils,
            })
            .collect();
        let by_pupil: Vec<u32> =
            bands.iter().flat_map(|(hours, pupils)| vec![*hours as u32; *pupils as usize]).collect();
        let by_band = tally(&Count { bands: by_band, ..Count::default() });
        let by_pupil = tally(&pupils(&by_pupil));
        assert_eq!(by_band.adjusted("October").unwrap().value(), Fraction::whole(44));
        assert_eq!(by_pupil.adjusted("October").unwrap().value(), Fraction::whole(44));
        assert!(by_pupil.adjusted("October").unwrap().recompute().unwrap());
    }

    #[test]
    fn an_error_names_the_place() {
        let law = Law::embedded().unwrap();
        let year: opi_dictionary::SchoolYear = "2024-25".parse().unwrap();
        let choices = Interpretation::default();
        let rules = PupilRules::of(&law, &choices, year, year.first_monday(10).unwrap()).unwrap();
        let mut count = pupils(&[720, 720]);
        count.pupils[1].hours = Fraction::whole(-5);
        insta::assert_snapshot!(Tally::of(&count, &rules, &choices).unwrap_err(),
            @"pupil 2: hours: found -5, expected zero or more");
    }

    proptest! {
        #[test]
        fn merging_is_associative_and_order_changes_nothing(
            a in prop::collection::vec(0u32..1100, 0..12),
            b in prop::collection::vec(0u32..1100, 0..12),
            c in prop::collection::vec(0u32..1100, 0..12),
        ) {
            let [ta, tb, tc] = [&a, &b, &c].map(|hours| tally(&pupils(hours)));
            let mut left = ta.clone();
            left.merge(&tb).unwrap();
            left.merge(&tc).unwrap();
            let mut right = tc.clone();
            let mut inner = tb.clone();
            inner.merge(&ta).unwrap();
            right.merge(&inner).unwrap();
            let mut all = [c, a, b].concat();
            all.reverse();
            prop_assert_eq!(&left, &right);
            prop_assert_eq!(&left, &tally(&pupils(&all)));
        }
    }
}

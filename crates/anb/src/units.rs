//! The budget units of a district: their counts, who joins whom, and their ANB.

use crate::tally::{Tally, TallyRow};
use crate::{
    ActivityPupil, AnbError, BudgetUnit, Component, CountPeriod, District, Extracurricular, Fraction,
    IncreaseRule, Interpretation, Law, Operation, PupilRules, ShortHistory, Step, Unit, average_enrollment,
    average_to_anb, pir_days_for, round_anb, three_year_mean,
};
use opi_dictionary::{Citation, CountyNumber, FiscalYear};
use std::collections::BTreeMap;

/// Years after which the average of three years is open to a district.
const YEARS_FOR_AVERAGE: u32 = 3;

/// The rules on pupils of both counts that fund a fiscal year.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountRules {
    fall: PupilRules,
    spring: PupilRules,
    activities_count: bool,
    winter_count: bool,
}

impl CountRules {
    /// The rules of a count on the day on which a district took it.
    fn of_district(&self, period: CountPeriod, district: &District) -> Result<PupilRules, AnbError> {
        let rules = if period == CountPeriod::Fall { self.fall } else { self.spring };
        rules.in_district(period, district)
    }

    pub(crate) fn of(law: &Law, choices: &Interpretation, year: FiscalYear) -> Result<Self, AnbError> {
        let counts_of = Law::counts_funding(year)?;
        let rules = |period| PupilRules::of_count(law, choices, counts_of, period);
        let activities = law.timeline.for_counts("extracurricular_participation", counts_of)?;
        Ok(CountRules {
            fall: rules(CountPeriod::Fall)?,
            spring: rules(CountPeriod::Spring)?,
            winter_count: law.timeline.for_counts("winter_count", counts_of)?,
            activities_count: activities && choices.extracurricular == Extracurricular::RecalledWeights,
        })
    }
}

/// The tallies of all units of a district, in their order.
pub(crate) struct Tallied {
    units: Vec<(Tally, Tally)>,
    activities_count: bool,
    /// Weights of both counts by the pupils' county of residence, where it is named.
    pub(crate) by_county: BTreeMap<CountyNumber, Fraction>,
}

impl Tallied {
    pub(crate) fn rows(&self) -> impl Iterator<Item = (Vec<TallyRow>, Vec<TallyRow>)> {
        self.units.iter().map(|(october, february)| (october.rows(), february.rows()))
    }
}

/// Whether a unit has ANB of its own in the year, joins another, or has none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role<'a> {
    Own,
    Joins(&'a str),
    Nothing,
}

fn role(unit: &BudgetUnit) -> Role<'_> {
    match (&unit.closed, &unit.component) {
        (Some(closed), _) if closed.year <= 1 => Role::Joins(&closed.joins),
        (Some(_), _) => Role::Nothing,
        (None, Some(component)) if component.year > 3 => Role::Joins(&component.joins),
        (None, _) => Role::Own,
    }
}

/// Tallies every unit of a district, after checking that its units fit together.
pub(crate) fn tally_units(
    district: &District,
    rules: &CountRules,
    choices: &Interpretation,
) -> Result<Tallied, AnbError> {
    check_units(district)?;
    let mut units = Vec::with_capacity(district.units.len());
    let mut by_county: BTreeMap<CountyNumber, Fraction> = BTreeMap::new();
    for unit in &district.units {
        let counts_needed = role(unit) != Role::Nothing && unit.established_anb.is_none();
        let mut tally = |period: CountPeriod, count: &Option<crate::Count>, rules: &PupilRules| match count {
            Some(count) => Tally::of_each(count, rules, choices, |pupil, weight| {
                if let Some(county) = pupil.county {
                    let sum = by_county.entry(county).or_insert(Fraction::ZERO);
                    *sum = sum.plus(weight)?;
                }
                Ok(())
            })
            .map_err(|error| {
                AnbError::case(place(district, unit), format!("{} count: {error}", period.word()))
            }),
            None if counts_needed => {
                let problem =
                    format!("the {} count is missing; a unit without pupils has a count of 0", period.word());
                Err(AnbError::case(place(district, unit), problem))
            }
            None => Ok(Tally::default()),
        };
        if unit.december.is_some() && !rules.winter_count {
            let problem = "a December count was not taken in this school year";
            return Err(AnbError::case(place(district, unit), problem));
        }
        units.push((
            tally(CountPeriod::Fall, &unit.october, &rules.of_district(CountPeriod::Fall, district)?)?,
            tally(CountPeriod::Spring, &unit.february, &rules.of_district(CountPeriod::Spring, district)?)?,
        ));
    }
    Ok(Tallied { units, activities_count: rules.activities_count, by_county })
}

fn place(district: &District, unit: &BudgetUnit) -> String {
    format!("district {}, unit {}", district.district, unit.unit)
}

fn check_units(district: &District) -> Result<(), AnbError> {
    if district.units.is_empty() {
        return Err(AnbError::case(format!("district {}", district.district), "it has no budget unit"));
    }
    for (index, unit) in district.units.iter().enumerate() {
        let wrong = |problem: String| Err(AnbError::case(place(district, unit), problem));
        let earlier = || district.units.iter().take(index);
        if earlier().any(|other| other.unit == unit.unit) {
            return wrong("the unit stands twice in the district".into());
        }
        let stands_apart = unit.separate.is_some() || unit.component.is_some() || unit.closed.is_some();
        let apart = |other: &BudgetUnit| {
            other.separate.is_some() || other.component.is_some() || other.closed.is_some()
        };
        if !stands_apart && earlier().any(|other| other.program == unit.program && !apart(other)) {
            return wrong(format!(
                "a second {} unit needs a reason to be separate, or its pupils are pooled in one unit",
                unit.program.word()
            ));
        }
        if let Some(component) = &unit.component
            && !(1..=6).contains(&component.year)
        {
            return wrong(format!("component in year {}; a consolidation has years 1 to 6", component.year));
        }
        if let Some(0) = unit.closed.as_ref().map(|closed| closed.year) {
            return wrong("closed in year 0; the first year after closing is 1".into());
        }
        if let Role::Joins(joins) = role(unit) {
            let target = district.units.iter().find(|other| other.unit == *joins);
            match target {
                None => return wrong(format!("it joins {joins:?}, which is no unit of the district")),
                Some(target) if role(target) != Role::Own => {
                    return wrong(format!("it joins {joins:?}, which has no ANB of its own"));
                }
                Some(target) if target.program != unit.program => {
                    return wrong(format!("it joins {joins:?}, which is of another program"));
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

/// ANB of one unit: of the budget year, and the average of three years where it is open.
#[derive(Clone, Debug)]
pub(crate) struct UnitAnbs {
    pub(crate) current: Step,
    pub(crate) three_year: Option<Step>,
    /// For a component from its fourth year on: its own ANB, by which its basic entitlement is measured.
    pub(crate) component_size: Option<Step>,
}

/// ANB of every unit of a district.
pub(crate) fn units_to_anb(
    law: &Law,
    choices: &Interpretation,
    year: FiscalYear,
    district: &District,
    tallied: &Tallied,
) -> Result<Vec<UnitAnbs>, AnbError> {
    let mut anbs = Vec::with_capacity(district.units.len());
    for (unit, own) in district.units.iter().zip(&tallied.units) {
        let context =
            UnitContext { law, choices, year, district, unit, activities_count: tallied.activities_count };
        let anb = match role(unit) {
            Role::Own => {
                let joining = district.units.iter().zip(&tallied.units);
                let joining: Vec<_> =
                    joining.filter(|(other, _)| role(other) == Role::Joins(&unit.unit)).collect();
                context.anb_of(own, &joining)
            }
            Role::Joins(_) => context.joined(own),
            Role::Nothing => context.nothing("closed in an earlier year"),
        };
        anbs.push(anb.map_err(|error| AnbError::case(place(district, unit), error.to_string()))?);
    }
    Ok(anbs)
}

struct UnitContext<'a> {
    law: &'a Law,
    choices: &'a Interpretation,
    year: FiscalYear,
    district: &'a District,
    unit: &'a BudgetUnit,
    activities_count: bool,
}

impl UnitContext<'_> {
    fn label(&self, what: &str) -> String {
        format!("{what} of {}", self.unit.unit)
    }

    fn nothing(&self, note: &'static str) -> Result<UnitAnbs, AnbError> {
        let cited = Citation::sourced("ARM 10.20.102(2); ARM 10.23.108");
        let none = Step::parameter(self.label("ANB"), Fraction::ZERO, Unit::Anb, cited).note(note);
        Ok(UnitAnbs { current: none, three_year: None, component_size: None })
    }

    fn joined(&self, own: &(Tally, Tally)) -> Result<UnitAnbs, AnbError> {
        let nothing = self.nothing("its pupils are counted in the unit that it joins")?;
        if self.unit.closed.is_some() || self.unit.component.is_none() {
            return Ok(nothing);
        }
        Ok(UnitAnbs { component_size: Some(self.rounded(own, &[])?), ..nothing })
    }

    /// Average enrollment to rounded ANB, before what is added to it.
    fn rounded(
        &self,
        own: &(Tally, Tally),
        joining: &[(&BudgetUnit, &(Tally, Tally))],
    ) -> Result<Step, AnbError> {
        let count = |label: &'static str, part: fn(&(Tally, Tally)) -> &Tally| -> Result<Step, AnbError> {
            let own = part(own).adjusted(label)?;
            if joining.is_empty() {
                return Ok(own);
            }
            let mut parts = vec![own];
            for (_, tally) in joining {
                parts.push(part(tally).adjusted(label)?.note("of a unit that joins this one"));
            }
            let cited = Citation::sourced("ARM 10.20.102(2)");
            Ok(Step::of(label, Operation::Sum, parts, Unit::Pupils)?.cite(cited))
        };
        let october = count("adjusted October enrollment", |tallies| &tallies.0)?;
        let february = count("adjusted February enrollment", |tallies| &tallies.1)?;
        let average = self.with_activities(average_enrollment(october, february)?, joining)?;
        let days = pir_days_for(self.choices, self.district.pir_days, self.district.pir_days_count_year);
        let exact = average_to_anb(average, days)?.exact;
        round_anb(exact, self.choices.anb_rounding, self.label("ANB by the counts"))
    }

    /// Partial enrollment by activities, added to the average. 2021 SB 72; open question Q8.
    fn with_activities(
        &self,
        average: Step,
        joining: &[(&BudgetUnit, &(Tally, Tally))],
    ) -> Result<Step, AnbError> {
        let all = self.unit.activities.iter().chain(joining.iter().flat_map(|(unit, _)| &unit.activities));
        let mut parts = Vec::new();
        for pupil in all {
            let weight = activity_weight(pupil)?;
            if self.activities_count && !weight.is_zero() {
                let cited = Citation::recall("2021 SB 72, weights of open question Q8");
                parts.push(Step::given("pupil in activities", weight, Unit::Pupils).cite(cited));
            }
        }
        if parts.is_empty() {
            return Ok(average);
        }
        parts.insert(0, average);
        Step::of("average enrollment with activities", Operation::Sum, parts, Unit::Pupils)
    }

    fn anb_of(
        &self,
        own: &(Tally, Tally),
        joining: &[(&BudgetUnit, &(Tally, Tally))],
    ) -> Result<UnitAnbs, AnbError> {
        if !self.unit.kindergarten_goes_full_time {
            let current = self.current(own, joining)?;
            let three_year = self.three_year(&current)?;
            return Ok(UnitAnbs { current, three_year, component_size: None });
        }
        self.kindergarten_goes_full(own, joining)
    }

    /// A kindergarten that becomes full-time: the current year counts last year's pupils full; the average counts
    /// them half and then adds the difference. MCA 20-9-311(5).
    fn kindergarten_goes_full(
        &self,
        own: &(Tally, Tally),
        joining: &[(&BudgetUnit, &(Tally, Tally))],
    ) -> Result<UnitAnbs, AnbError> {
        let row = self.law.timeline.row("kindergarten_transition")?;
        if !row.holds(self.year.end_year()) {
            return Err(AnbError::NotInForce {
                rule: "the transition of a kindergarten to full-time".into(),
                year: self.year.to_string(),
                span: row.span(),
            });
        }
        let full = (own.0.with_kindergarten_full()?, own.1.with_kindergarten_full()?);
        let current = self.current(&full, joining)?.cite(row.citation());
        let half = self.current(own, joining)?;
        let Some(average) = self.three_year(&half)? else {
            return Ok(UnitAnbs { current, three_year: None, component_size: None });
        };
        let more = vec![current.again(), half];
        let more = Step::of("additional kindergarten ANB", Operation::Difference, more, Unit::Anb)?;
        let label = self.label("three-year ANB with kindergarten");
        let three_year =
            Step::of(label, Operation::Sum, vec![average, more], Unit::Anb)?.cite(row.citation());
        Ok(UnitAnbs { current, three_year: Some(three_year), component_size: None })
    }

    fn current(
        &self,
        own: &(Tally, Tally),
        joining: &[(&BudgetUnit, &(Tally, Tally))],
    ) -> Result<Step, AnbError> {
        let label = self.label("ANB");
        if self.unit.nonaccredited {
            let cited = Citation::recall("MCA 20-9-311(8), nonaccredited school");
            return Ok(Step::parameter(label, Fraction::ZERO, Unit::Anb, cited));
        }
        let base = match &self.unit.established_anb {
            Some(established) => {
                let cited = Citation::sourced("MCA 20-9-313(1)(a) to (c)");
                Step::given(self.label("established ANB"), Fraction::from(established.anb), Unit::Anb)
                    .cite(cited)
            }
            None => self.rounded(own, joining)?,
        };
        let mut parts = vec![base];
        if let Some(increase) = self.unit.approved_increase {
            if IncreaseRule::in_force(self.law, self.year)?.is_none() {
                return Err(AnbError::NotInForce {
                    rule: "an approved unusual increase".into(),
                    year: self.year.to_string(),
                    span: self.law.timeline.row("increase_lesser_of_4_percent_or_40")?.span(),
                });
            }
            if increase.is_negative() {
                return Err(AnbError::range("approved increase", increase, "zero or more"));
            }
            let cited = Citation::sourced("ARM 10.20.104(1)");
            parts.push(Step::given("approved unusual increase", increase, Unit::Anb).cite(cited));
        }
        Step::of(label, Operation::Sum, parts, Unit::Anb)
    }

    /// The average of three years: of all three where they are known, else by open question Q14.
    fn three_year(&self, current: &Step) -> Result<Option<Step>, AnbError> {
        let young = self.district.years_in_existence.is_some_and(|years| years < YEARS_FOR_AVERAGE);
        let opening = self.unit.established_anb.is_some();
        if young || opening || !self.law.timeline.for_budget("three_year_average", self.year)? {
            return Ok(None);
        }
        let prior = |anb: Option<u32>, label: &'static str| {
            anb.map(|anb| Step::given(label, Fraction::from(anb), Unit::Anb))
        };
        let priors = [
            prior(self.unit.anb_prior_1, "ANB one year before"),
            prior(self.unit.anb_prior_2, "ANB two years before"),
        ];
        let known = priors.iter().flatten().count();
        let short = known < priors.len();
        if known == 0 || (short && self.choices.short_history == ShortHistory::CurrentYearOnly) {
            return Ok(None);
        }
        let years: Vec<Step> = std::iter::once(current.again()).chain(priors.into_iter().flatten()).collect();
        let mean = three_year_mean(years)?;
        let rounded = round_anb(mean, self.choices.anb_rounding, self.label("three-year ANB"))?;
        Ok(Some(if short { rounded.note("mean of the years there are, open question Q14") } else { rounded }))
    }
}

/// What the activities of one pupil weigh: 1/16 for each of 6 weeks, 1/8 for each of 18, never above one pupil
/// with what the pupil is enrolled for besides. 2021 SB 72; open question Q8.
///
/// ```
/// use opi_anb::{ActivityPupil, activity_weight};
/// let pupil = ActivityPupil { six_weeks: 1, eighteen_weeks: 2, enrolled: None };
/// assert_eq!(activity_weight(&pupil)?.to_string(), "5/16");
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
///
/// # Errors
/// When the weight besides is not between nothing and one.
pub fn activity_weight(pupil: &ActivityPupil) -> Result<Fraction, AnbError> {
    let enrolled = pupil.enrolled.unwrap_or(Fraction::ZERO);
    if enrolled.is_negative() || enrolled > Fraction::ONE {
        return Err(AnbError::range("weight at which a pupil in activities is enrolled", enrolled, "0 to 1"));
    }
    let six = Fraction::from(pupil.six_weeks).times(Fraction::new(1, 16)?)?;
    let eighteen = Fraction::from(pupil.eighteen_weeks).times(Fraction::new(1, 8)?)?;
    Ok(six.plus(eighteen)?.min(Fraction::ONE.minus(enrolled)?))
}

/// The share of its basic entitlement that a unit has in the year.
pub(crate) fn basic_share(unit: &BudgetUnit) -> Fraction {
    match (role(unit), &unit.component) {
        (Role::Nothing, _) => Fraction::ZERO,
        (Role::Joins(_), Some(component)) if unit.closed.is_none() => Component::basic_share(component.year),
        (Role::Joins(_), _) => Fraction::ZERO,
        (Role::Own, _) => Fraction::ONE,
    }
}

//! From the ANB of the units to the amounts of the district: the choice of ANB, entitlements, payments, limits.

use crate::district::{Amount, AnbUsed, CountyShare, Level, LevelResult};
use crate::dollars::{not_negative, to_cent};
use crate::payments::proportional_shares;
use crate::units::{UnitAnbs, basic_share};
use crate::{
    AnbError, BudgetProgram, Comparison, CountyPupils, District, EqualBudgets, Explained, Fraction,
    Interpretation, Ladder, LadderScope, Law, Money, Operation, Payment, Step, Unit, base_part,
    basic_entitlement, county_shares, direct_state_aid, gtb_aid_per_mill, gtb_area_part,
    highest_adopted_budget, hours_reduction, payment_amount, school_facility_entitlement,
    school_major_maintenance, significant_increase, special_education_base, special_education_maximum,
};
use opi_dictionary::{Citation, CountyNumber, FiscalYear};
use std::collections::BTreeMap;

/// What a district gets, and on which ANB.
pub(crate) struct Amounts {
    pub(crate) levels: Vec<LevelResult>,
    pub(crate) budgeted: Vec<Fraction>,
    pub(crate) amounts: Vec<Amount>,
    pub(crate) counties: Vec<CountyShare>,
    pub(crate) notes: Vec<String>,
}

/// Chooses the ANB of each level and computes the amounts of the district.
pub(crate) fn fund(
    law: &Law,
    choices: &Interpretation,
    year: FiscalYear,
    district: &District,
    anbs: &[UnitAnbs],
    by_county: &BTreeMap<CountyNumber, Fraction>,
) -> Result<Amounts, AnbError> {
    let mut funding = Funding {
        law,
        choices,
        year,
        district,
        anbs,
        amounts: Vec::new(),
        exact: Vec::new(),
        notes: Vec::new(),
    };
    let (levels, budgeted) = funding.choose()?;
    let aid = funding.entitlement_parts(&budgeted)?;
    funding.limits(&budgeted)?;
    funding.beside_the_limits(&budgeted, &aid)?;
    let counties = funding.counties(&budgeted, &aid, by_county)?;
    let Funding { amounts, notes, .. } = funding;
    Ok(Amounts { levels, budgeted: budgeted.iter().map(Step::value).collect(), amounts, counties, notes })
}

struct Funding<'a> {
    law: &'a Law,
    choices: &'a Interpretation,
    year: FiscalYear,
    district: &'a District,
    anbs: &'a [UnitAnbs],
    amounts: Vec<Amount>,
    exact: Vec<(&'static str, Step)>,
    notes: Vec<String>,
}

fn sum(label: &'static str, parts: Vec<Step>, unit: Unit) -> Result<Step, AnbError> {
    Step::of(label, Operation::Sum, parts, unit)
}

fn given(label: &'static str, amount: Money) -> Result<Step, AnbError> {
    let step = Step::given(label, amount.to_fraction()?, Unit::Dollars);
    not_negative(&step)?;
    Ok(step)
}

impl Funding<'_> {
    /// Reports an amount, rounded; what is computed from it goes on with the exact one. Open question Q22.
    fn add(&mut self, name: &'static str, steps: Step) -> Result<Step, AnbError> {
        let exact = steps.again();
        self.exact.push((name, steps.again()));
        let amount = Explained::money(steps)?;
        self.amounts.push(Amount { name, standing: amount.standing(), amount });
        Ok(exact)
    }

    fn shown(&self, name: &str) -> Option<Step> {
        self.exact.iter().find(|(known, _)| *known == name).map(|(_, exact)| exact.clone())
    }

    /// The ANB of each level: the set with the greater maximum budget. MCA 20-9-311; open questions Q15, Q16.
    fn choose(&self) -> Result<(Vec<LevelResult>, Vec<Step>), AnbError> {
        let current: Vec<Step> = self.anbs.iter().map(|anb| anb.current.again()).collect();
        let three: Vec<Step> =
            self.anbs.iter().map(|anb| anb.three_year.as_ref().unwrap_or(&anb.current).again()).collect();
        let mut budgeted = current.clone();
        let mut levels = Vec::new();
        for level in Level::ALL {
            let of_level = |place: &usize| {
                self.district.units.get(*place).is_some_and(|unit| Level::of(unit.program) == level)
            };
            let places: Vec<usize> = (0..self.anbs.len()).filter(of_level).collect();
            if places.is_empty() {
                continue;
            }
            let with_current = self.compared(&current, &places)?;
            let open =
                places.iter().any(|place| self.anbs.get(*place).is_some_and(|anb| anb.three_year.is_some()));
            let with_three = if open { Some(self.compared(&three, &places)?) } else { None };
            let greater = with_three.is_some_and(|value| match self.choices.equal_budgets {
                EqualBudgets::CurrentYear => value > with_current,
                EqualBudgets::ThreeYear => value >= with_current,
            });
            if greater {
                for place in &places {
                    if let (Some(to), Some(from)) = (budgeted.get_mut(*place), three.get(*place)) {
                        *to = from.clone();
                    }
                }
            }
            levels.push(LevelResult {
                level,
                with_current_year: Money::rounded(with_current)?,
                with_three_year: with_three.map(Money::rounded).transpose()?,
                used: if greater { AnbUsed::ThreeYear } else { AnbUsed::CurrentYear },
            });
        }
        Ok((levels, budgeted))
    }

    /// What is compared between two sets of ANB: what else is in a maximum budget does not change with ANB.
    fn compared(&self, anbs: &[Step], places: &[usize]) -> Result<Fraction, AnbError> {
        let (basics, per_anb) = self.entitlements(anbs, places)?;
        let mut total = Fraction::ZERO;
        for part in basics.iter().chain(&per_anb) {
            total = total.plus(part.value())?;
        }
        if self.choices.comparison == Comparison::MaximumBudget {
            let of_level = places.iter().filter_map(|place| anbs.get(*place)).map(Step::again).collect();
            let anb = sum("ANB of the level", of_level, Unit::Anb)?;
            for payment in [Payment::IndianEducationForAll, Payment::DataForAchievement] {
                let rate = payment.rate(self.law, self.year)?;
                let amount = payment_amount(self.law, payment, rate, anb.again(), Some(self.year))?;
                total = total.plus(amount.value())?;
            }
        }
        Ok(total)
    }

    /// Basic entitlements of the units, and per-ANB entitlements of the programs (or units, by Q9).
    fn entitlements(&self, anbs: &[Step], places: &[usize]) -> Result<(Vec<Step>, Vec<Step>), AnbError> {
        let mut basics = Vec::new();
        let mut programs: Vec<(BudgetProgram, Vec<Step>)> = Vec::new();
        for place in places {
            let (Some(unit), Some(anb), Some(own)) =
                (self.district.units.get(*place), anbs.get(*place), self.anbs.get(*place))
            else {
                continue;
            };
            let size = own.component_size.as_ref().unwrap_or(anb);
            let share = basic_share(unit);
            if !size.value().is_zero() && !share.is_zero() {
                let basic =
                    basic_entitlement(self.law, self.choices, unit.program, size.again(), self.year)?.total;
                basics.push(if share == Fraction::ONE {
                    basic
                } else {
                    let cited = Citation::recall("ARM 10.23.108; percentages recalled");
                    let share = Step::parameter("share of a component", share, Unit::Number, cited);
                    to_cent(Step::of(
                        "basic entitlement of a component",
                        Operation::Product,
                        vec![share, basic],
                        Unit::Dollars,
                    )?)?
                });
            }
            if anb.value().is_zero() {
                continue;
            }
            let same = programs.iter_mut().find(|(program, _)| {
                *program == unit.program && self.choices.ladder_scope == LadderScope::District
            });
            match same {
                Some((_, parts)) => parts.push(anb.again()),
                None => programs.push((unit.program, vec![anb.again()])),
            }
        }
        let mut per_anb = Vec::with_capacity(programs.len());
        for (program, parts) in programs {
            let ladder = Ladder::of(self.law, program, self.year)?;
            per_anb.push(ladder.total(sum("ANB on the ladder", parts, Unit::Anb)?)?);
        }
        Ok((basics, per_anb))
    }

    /// Entitlements, direct state aid, BASE part and GTB area part; gives direct state aid.
    fn entitlement_parts(&mut self, budgeted: &[Step]) -> Result<Step, AnbError> {
        let places: Vec<usize> = (0..budgeted.len()).collect();
        let (basics, per_anb) = self.entitlements(budgeted, &places)?;
        let basics = self.add("basic_entitlements", sum("basic entitlements", basics, Unit::Dollars)?)?;
        let per_anb =
            self.add("per_anb_entitlements", sum("per-ANB entitlements", per_anb, Unit::Dollars)?)?;
        let total = self.add("entitlements", sum("entitlements", vec![basics, per_anb], Unit::Dollars)?)?;
        let aid = self.add("direct_state_aid", direct_state_aid(self.law, &total, self.year)?)?;
        let base = self.add("entitlements_base_part", base_part(self.law, &total, self.year)?)?;
        self.add("entitlements_gtb_part", gtb_area_part(&base, &aid)?)?;
        Ok(aid)
    }

    fn payment(
        &mut self,
        name: &'static str,
        payment: Payment,
        quantity: Option<Step>,
    ) -> Result<Option<Step>, AnbError> {
        let Some(quantity) = quantity else { return Ok(None) };
        let rate = payment.rate(self.law, self.year)?;
        let amount = payment_amount(self.law, payment, rate, quantity, Some(self.year))?;
        self.add(name, amount).map(Some)
    }

    /// The payments, the BASE budget, the maximum budget and the GTB area. MCA 20-9-306(3).
    fn limits(&mut self, budgeted: &[Step]) -> Result<(), AnbError> {
        let basis = self.district.payments.clone();
        let anb = || sum("budgeted ANB", budgeted.iter().map(Step::again).collect(), Unit::Anb);
        let pupils = |label, number: Option<u32>| {
            number.map(|number| Step::given(label, Fraction::from(number), Unit::Pupils))
        };
        let fte = basis.quality_educator_fte;
        let fte = fte.map(|fte| Step::given("educators, full-time equivalent", fte, Unit::Number));
        let indian = pupils("American Indian pupils", basis.american_indian_pupils);
        let mut left_out = Vec::new();
        let mut payments = Vec::new();
        let mut include = |name: &'static str, amount: Option<Step>| match amount {
            Some(amount) => payments.push(amount),
            None => left_out.push(name),
        };
        let educators = self.payment("quality_educator_payment", Payment::QualityEducatorPayment, fte)?;
        include("quality_educator_payment", educators);
        let at_risk = basis.at_risk_payment.map(|amount| given("at-risk payment", amount)).transpose()?;
        include("at_risk_payment", at_risk.map(|step| self.add("at_risk_payment", step)).transpose()?);
        let for_all =
            self.payment("indian_education_for_all", Payment::IndianEducationForAll, Some(anb()?))?;
        include("indian_education_for_all", for_all);
        let gap =
            self.payment("american_indian_achievement_gap", Payment::AmericanIndianAchievementGap, indian)?;
        include("american_indian_achievement_gap", gap);
        let data = self.payment("data_for_achievement", Payment::DataForAchievement, Some(anb()?))?;
        include("data_for_achievement", data);
        let ready_exists = self.law.timeline.for_budget("quality_staff_payment", self.year)?;
        match basis.future_ready_payment {
            Some(_) if !ready_exists => {
                self.law.figures.figure("future_ready_payment", self.year)?;
            }
            Some(amount) => {
                let step = given("future ready payment", amount)?;
                include("future_ready_payment", Some(self.add("future_ready_payment", step)?));
            }
            None if ready_exists => include("future_ready_payment", None),
            None => {}
        }
        let base = self.required("entitlements_base_part")?;
        let whole = self.required("entitlements")?;
        let (mut in_base, mut in_maximum) = (vec![base], vec![whole]);
        in_base.extend(payments.iter().map(Step::again));
        in_maximum.extend(payments.iter().map(Step::again));
        let special = self.special_education(&mut in_base, &mut in_maximum, &mut left_out)?;
        let cited = Citation::sourced("MCA 20-9-306(3)");
        let base = self.add("base_budget", sum("BASE budget", in_base, Unit::Dollars)?.cite(cited))?;
        let cited = Citation::recall("MCA 20-9-306, maximum general fund budget");
        self.add("maximum_budget", sum("maximum budget", in_maximum, Unit::Dollars)?.cite(cited))?;
        let mut paid = vec![self.required("direct_state_aid")?];
        paid.extend(payments.iter().map(Step::again));
        paid.extend(special);
        let paid = sum("aid and payments", paid, Unit::Dollars)?;
        let area = Step::of("GTB area", Operation::Difference, vec![base, paid.clone()], Unit::Dollars)?;
        self.add("gtb_area", area.cite(Citation::derived("MCA 20-9-306; MCA 20-9-368")))?;
        self.adopted_budget(paid)?;
        if !left_out.is_empty() {
            self.notes.push(format!(
                "partial: not given, so left out of the BASE and maximum budgets: {}",
                left_out.join(", ")
            ));
        }
        if !crate::data_for_achievement_is_paid(self.law, self.year)? {
            self.notes
                .push(format!("data_for_achievement is in the limits of {} but is not paid", self.year));
        }
        Ok(())
    }

    fn required(&self, name: &'static str) -> Result<Step, AnbError> {
        self.shown(name).ok_or_else(|| AnbError::case(name, "not computed"))
    }

    fn special_education(
        &mut self,
        in_base: &mut Vec<Step>,
        in_maximum: &mut Vec<Step>,
        left_out: &mut Vec<&'static str>,
    ) -> Result<Option<Step>, AnbError> {
        let basis = &self.district.payments;
        let Some(payment) = basis.special_education_payment else {
            left_out.push("special_education_payment");
            return Ok(None);
        };
        let before = (
            basis.special_education_payment_two_years_before,
            basis.special_education_expenditures_two_years_before,
        );
        let payment = self.add("special_education_payment", given("special education payment", payment)?)?;
        let base = special_education_base(self.law, &payment, Some(self.year))?;
        in_base.push(self.add("special_education_base", base)?);
        match before {
            (Some(paid), Some(spent)) => {
                let paid = given("payment two years before", paid)?;
                let spent = given("expenditures two years before", spent)?;
                let maximum = special_education_maximum(self.law, &payment, paid, spent, Some(self.year))?;
                in_maximum.push(self.add("special_education_maximum", maximum)?);
            }
            _ => left_out.push("special education in the maximum budget (amounts of two years before)"),
        }
        Ok(Some(payment))
    }

    fn adopted_budget(&mut self, aid_and_payments: Step) -> Result<(), AnbError> {
        let basis = &self.district.payments;
        let (Some(budget), Some(last)) = (basis.last_adopted_budget, basis.last_aid_and_payments) else {
            return Ok(());
        };
        let (budget, last) = (given("last adopted budget", budget)?, given("last aid and payments", last)?);
        let more = vec![aid_and_payments, last];
        let more = Step::of("increase in aid and payments", Operation::Difference, more, Unit::Dollars)?;
        let none =
            Step::parameter("none", Fraction::ZERO, Unit::Dollars, Citation::sourced("MCA 20-9-308(1)"));
        let more = Step::of("increase", Operation::Maximum, vec![more, none], Unit::Dollars)?;
        let maximum = self.required("maximum_budget")?;
        self.add("highest_adopted_budget", highest_adopted_budget(maximum, budget, more)?)?;
        Ok(())
    }

    /// What stands beside the limits: teacher incentive, GTB aid, significant increase, hours short, facilities.
    fn beside_the_limits(&mut self, budgeted: &[Step], aid: &Step) -> Result<(), AnbError> {
        let basis = self.district.payments.clone();
        let staff = basis.qualified_staff;
        let staff = staff.map(|staff| Step::given("qualified staff", Fraction::from(staff), Unit::Number));
        self.payment("teacher_incentive", Payment::TeacherIncentive, staff)?;
        if let (Some(ratio), Some(area), Some(value)) =
            (basis.gtb_ratio, basis.gtb_area_prior_year, basis.taxable_value_prior_year)
        {
            let ratio = Step::given("statewide ratio", ratio, Unit::Number);
            let area = given("GTB area of the year before", area)?;
            let value = given("taxable value of the year before", value)?;
            self.add("gtb_aid_per_mill", gtb_aid_per_mill(ratio, area, value)?)?;
        }
        if let Some(determined) = self.district.significant_increase {
            let determined = given("significant enrollment increase", determined)?;
            self.add("significant_increase", significant_increase(self.law, self.year, determined)?)?;
        }
        let mut reductions = Vec::new();
        for short in &self.district.hours_short {
            let amount = given("direct state aid of the group", short.state_aid_of_group)?;
            reductions.push(hours_reduction(short.group, short.hours, short.approved, amount)?);
        }
        if !reductions.is_empty() {
            let cut = sum("reductions for hours short", reductions, Unit::Dollars)?;
            let cut = Step::of("hours reduction", Operation::Minimum, vec![cut, aid.again()], Unit::Dollars)?;
            let cut = self.add("hours_reduction", cut)?;
            let left = Step::of(
                "direct state aid paid",
                Operation::Difference,
                vec![aid.again(), cut],
                Unit::Dollars,
            )?;
            self.add("direct_state_aid_paid", left)?;
        }
        let mut facilities = Vec::new();
        for (unit, anb) in self.district.units.iter().zip(budgeted) {
            facilities.push(school_facility_entitlement(self.law, unit.program, anb.again(), self.year)?);
        }
        let facilities = sum("school facility entitlement of the district", facilities, Unit::Dollars)?;
        self.add("school_facility_entitlement", facilities)?;
        let anb = sum("budgeted ANB", budgeted.iter().map(Step::again).collect(), Unit::Anb)?;
        match school_major_maintenance(self.law, anb, self.year) {
            Ok(amount) => {
                self.add("school_major_maintenance", amount)?;
            }
            Err(AnbError::MissingFigure { .. }) => {}
            Err(other) => return Err(other),
        }
        Ok(())
    }

    /// A joint district: its ANB by the pupils' county of residence, and the shares in direct state aid.
    /// MCA 20-9-305.
    fn counties(
        &mut self,
        budgeted: &[Step],
        aid: &Step,
        by_county: &BTreeMap<CountyNumber, Fraction>,
    ) -> Result<Vec<CountyShare>, AnbError> {
        let of_pupils =
            by_county.iter().map(|(county, pupils)| CountyPupils { county: *county, pupils: *pupils });
        let counties = match self.district.counties.as_slice() {
            [] if by_county.len() > 1 => of_pupils.collect(),
            given => given.to_vec(),
        };
        if counties.is_empty() {
            return Ok(Vec::new());
        }
        let anb = budgeted.iter().try_fold(Fraction::ZERO, |sum, anb| sum.plus(anb.value()))?;
        let Some(anb) = anb.to_whole().filter(|anb| *anb > 0) else {
            self.notes
                .push("no shares of the counties: the ANB of the district is no whole number above 0".into());
            return Ok(Vec::new());
        };
        let pupils: Vec<Fraction> = counties.iter().map(|county| county.pupils).collect();
        let by_county = whole_shares(anb, &pupils)?;
        let shares = county_shares(aid.money()?, anb, &by_county)?.shares;
        let rows = counties.iter().zip(by_county).zip(shares);
        Ok(rows
            .map(|((county, anb), direct_state_aid)| CountyShare {
                county: county.county,
                anb,
                direct_state_aid,
            })
            .collect())
    }
}

/// ANB of a joint district by county: in proportion to its pupils, whole, adding up to the district.
/// MCA 20-9-305.
fn whole_shares(whole: i64, parts: &[Fraction]) -> Result<Vec<i64>, AnbError> {
    let total = parts.iter().try_fold(Fraction::ZERO, |sum, part| sum.plus(*part))?;
    if parts.iter().any(|part| part.is_negative()) || total.is_zero() {
        return Err(AnbError::range(
            "pupils by county",
            total,
            "numbers of zero or more with a sum above zero",
        ));
    }
    let narrow = |share| i64::try_from(share).map_err(|_| AnbError::too_large("ANB of a county"));
    proportional_shares(whole.into(), parts)?.into_iter().map(narrow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anb_by_county_adds_up_to_the_district() {
        let shares = |whole, parts: &[&str]| {
            let parts: Vec<Fraction> = parts.iter().map(|part| part.parse().unwrap()).collect();
            whole_shares(whole, &parts)
        };
        assert_eq!(shares(125, &["80", "45"]).unwrap(), [80, 45]);
        assert_eq!(shares(10, &["1", "1", "1"]).unwrap(), [4, 3, 3]);
        assert!(shares(10, &["0", "0"]).is_err());
        assert!(shares(10, &["-1", "2"]).is_err());
    }
}

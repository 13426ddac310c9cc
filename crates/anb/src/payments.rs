//! The other payments, guaranteed tax base aid, limits of the adopted budget, joint districts and hours
//! below the minimum.

use crate::dollars::{not_negative, to_cent};
use crate::{AnbError, BudgetProgram, Explained, Fraction, Law, Money, Operation, Step, Unit};
use opi_dictionary::{Citation, FiscalYear, RoundingMode};
use serde::{Deserialize, Serialize};

/// A payment at a rate for each of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// For each full-time equivalent educator of the year before.
    QualityEducatorPayment,
    /// For each ANB, with a minimum for the district.
    IndianEducationForAll,
    /// For each American Indian pupil of the October count.
    AmericanIndianAchievementGap,
    /// For each ANB.
    DataForAchievement,
    /// Twice the quality educator rate for each qualified staff member, from FY2026.
    TeacherIncentive,
}

impl Payment {
    /// All payments.
    pub const ALL: [Payment; 5] = [
        Payment::QualityEducatorPayment,
        Payment::IndianEducationForAll,
        Payment::AmericanIndianAchievementGap,
        Payment::DataForAchievement,
        Payment::TeacherIncentive,
    ];

    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Payment::QualityEducatorPayment => "quality_educator_payment",
            Payment::IndianEducationForAll => "indian_education_for_all",
            Payment::AmericanIndianAchievementGap => "american_indian_achievement_gap",
            Payment::DataForAchievement => "data_for_achievement",
            Payment::TeacherIncentive => "teacher_incentive",
        }
    }

    /// The row of its rate.
    #[must_use]
    pub const fn rate_row(self) -> &'static str {
        match self {
            Payment::TeacherIncentive => "quality_educator_payment",
            other => other.word(),
        }
    }

    /// The rate of a year.
    ///
    /// # Errors
    /// When the table has no rate for the year.
    pub fn rate(self, law: &Law, year: FiscalYear) -> Result<Step, AnbError> {
        law.figures.parameter(self.rate_row(), year)
    }
}

/// The amount of a payment, half up to the cent. MCA 20-9-327 to 20-9-330; 2025 HB 252.
///
/// `year` is the year whose law applies; when it is not known, what is the same in all years is used.
///
/// # Errors
/// When the quantity or the rate is below zero, or the payment is not in force in the year.
pub fn payment_amount(
    law: &Law,
    payment: Payment,
    rate: Step,
    quantity: Step,
    year: Option<FiscalYear>,
) -> Result<Step, AnbError> {
    use Operation::{Maximum, Product};
    not_negative(&rate)?;
    not_negative(&quantity)?;
    if payment == Payment::DataForAchievement
        && let Some(year) = year
        && !law.timeline.for_budget("data_for_achievement", year)?
    {
        return Err(AnbError::NotInForce {
            rule: "the payment data-for-achievement".into(),
            year: year.to_string(),
            span: law.timeline.row("data_for_achievement")?.span(),
        });
    }
    let exact = match payment {
        Payment::TeacherIncentive => {
            let multiple = law.figures.parameter_of("teacher_incentive_multiple", year)?;
            Step::of("teacher incentive", Product, vec![multiple, rate, quantity], Unit::Dollars)?
        }
        Payment::IndianEducationForAll => {
            let least = law.figures.parameter_of("indian_education_for_all_minimum", None)?;
            let by_anb = Step::of("by ANB", Product, vec![rate, quantity], Unit::Dollars)?;
            Step::of("Indian Education for All", Maximum, vec![by_anb, least], Unit::Dollars)?
        }
        Payment::QualityEducatorPayment => {
            Step::of("quality educator payment", Product, vec![rate, quantity], Unit::Dollars)?
        }
        Payment::AmericanIndianAchievementGap => {
            Step::of("American Indian achievement gap", Product, vec![rate, quantity], Unit::Dollars)?
        }
        Payment::DataForAchievement => {
            Step::of("data for achievement", Product, vec![rate, quantity], Unit::Dollars)?
        }
    };
    to_cent(exact)
}

/// Whether the State pays data-for-achievement in a year: in FY2019 it stood in the budget limits only.
///
/// # Errors
/// Never: absence of a row means that it is paid.
pub fn data_for_achievement_is_paid(law: &Law, year: FiscalYear) -> Result<bool, AnbError> {
    match law.figures.parameter("data_for_achievement_payment_made", year) {
        Ok(made) => Ok(!made.value().is_zero()),
        Err(AnbError::MissingFigure { .. }) => Ok(true),
        Err(other) => Err(other),
    }
}

/// Guaranteed tax base aid for each mill: the statewide ratio times the district's area of the year before,
/// less its taxable value, a thousandth of it, when positive. MCA 20-9-368(3).
///
/// # Errors
/// When an amount is below zero.
pub fn gtb_aid_per_mill(
    statewide_ratio: Step,
    district_gtb_area: Step,
    district_taxable_value: Step,
) -> Result<Step, AnbError> {
    use Operation::{Difference, Maximum, Product, Quotient};
    let cited = || Citation::sourced("MCA 20-9-368(3)");
    for amount in [&statewide_ratio, &district_gtb_area, &district_taxable_value] {
        not_negative(amount)?;
    }
    let number = |label, value| Step::parameter(label, Fraction::whole(value), Unit::Number, cited());
    let equalised = vec![statewide_ratio, district_gtb_area];
    let equalised = Step::of("taxable value guaranteed", Product, equalised, Unit::Dollars)?;
    let short = vec![equalised, district_taxable_value];
    let short = Step::of("taxable value short of it", Difference, short, Unit::Dollars)?;
    let short = Step::of("shortfall", Maximum, vec![short, number("none", 0)], Unit::Dollars)?;
    let mill = vec![short, number("mills in a dollar", 1000)];
    to_cent(Step::of("GTB aid per mill", Quotient, mill, Unit::Dollars)?.cite(cited()))
}

/// The most that the trustees may adopt without more: the greater of the maximum budget and last year's
/// budget plus the increases in direct state aid and the listed payments. MCA 20-9-308(1).
///
/// # Errors
/// When an amount is below zero.
pub fn highest_adopted_budget(
    maximum_budget: Step,
    last_adopted_budget: Step,
    increase_in_aid_and_payments: Step,
) -> Result<Step, AnbError> {
    let cited = Citation::sourced("MCA 20-9-308(1)");
    for amount in [&maximum_budget, &last_adopted_budget, &increase_in_aid_and_payments] {
        not_negative(amount)?;
    }
    let carried = vec![last_adopted_budget, increase_in_aid_and_payments];
    let carried = Step::of("last budget with the increases", Operation::Sum, carried, Unit::Dollars)?;
    let both = vec![maximum_budget, carried];
    Ok(Step::of("highest budget", Operation::Maximum, both, Unit::Dollars)?.cite(cited))
}

/// Whether a levy for the budget above BASE needs a vote: it is higher than the highest of the past five years.
/// MCA 20-9-308(2).
#[must_use]
pub fn over_base_levy_needs_vote(levy: Money, levies_of_past_five_years: &[Money]) -> bool {
    levies_of_past_five_years.iter().rev().take(5).all(|past| levy > *past)
}

/// The total special education allocation in its four parts, each to the cent and together the whole: instructional
/// block grants, related services block grants, disproportionate cost, cooperative administration and travel.
/// 2001 HB 160; the cents left over as in open question Q22.
///
/// # Errors
/// When the table has no shares for the year, or the allocation is below zero.
pub fn special_education_parts(
    law: &Law,
    allocation: Money,
    year: FiscalYear,
) -> Result<[(&'static str, Money); 4], AnbError> {
    const PARTS: [&str; 4] = [
        "special_education_split_instructional_block_grant",
        "special_education_split_related_services_block_grant",
        "special_education_split_disproportionate_cost",
        "special_education_split_cooperative_administration_and_travel",
    ];
    if allocation.is_negative() {
        return Err(AnbError::range("special education allocation", allocation, "zero or more"));
    }
    let mut parts = [Fraction::ZERO; 4];
    for (part, row) in parts.iter_mut().zip(PARTS) {
        *part = law.figures.parameter(row, year)?.value();
    }
    let cents = proportional_shares(allocation.cents(), &parts)?;
    let mut named = [("", Money::ZERO); 4];
    for ((to, name), cents) in named.iter_mut().zip(PARTS).zip(cents) {
        *to = (name, Money::from_cents(cents)?);
    }
    Ok(named)
}

/// A whole number shared in proportion: cut down, and what is left over to the largest remainders, the one
/// listed first on a tie. Open question Q22.
pub(crate) fn proportional_shares(whole: i128, parts: &[Fraction]) -> Result<Vec<i128>, AnbError> {
    let total = parts.iter().try_fold(Fraction::ZERO, |sum, part| sum.plus(*part))?;
    let whole_number = Fraction::new(whole, 1)?;
    let (mut shares, mut remainders) = (Vec::with_capacity(parts.len()), Vec::with_capacity(parts.len()));
    for (place, part) in parts.iter().enumerate() {
        let exact = whole_number.times(*part)?.over(total)?;
        let cut = exact.rounded(RoundingMode::Down)?;
        remainders.push((exact.minus(cut)?, place));
        shares.push(cut.numerator());
    }
    let left_over = whole - shares.iter().sum::<i128>();
    remainders.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
    for (_, place) in remainders.iter().take(usize::try_from(left_over).unwrap_or_default()) {
        if let Some(share) = shares.get_mut(*place) {
            *share += 1;
        }
    }
    Ok(shares)
}

/// The shares of the counties of a joint district in its direct state aid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountyShares {
    /// Aid for each ANB, exact.
    pub aid_per_anb: Step,
    /// One share a county, in the order given; they add up to the aid.
    pub shares: Vec<Money>,
}

/// Direct state aid of a joint district by county of residence: each county's ANB at the exact aid per ANB, cut to
/// the cent, and the cents left over to the largest remainders, the county listed first on a tie.
/// MCA 20-9-305; open question Q22.
///
/// ```
/// use opi_anb::county_shares;
/// let shares = county_shares("100.00".parse()?, 3, &[1, 1, 1])?.shares;
/// assert_eq!(shares.map_str(), ["33.34", "33.33", "33.33"]);
/// # trait MapStr { fn map_str(&self) -> Vec<String>; }
/// # impl MapStr for Vec<opi_anb::Money> {
/// #     fn map_str(&self) -> Vec<String> { self.iter().map(ToString::to_string).collect() }
/// # }
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
///
/// # Errors
/// When the aid or an ANB is below zero, the district has no ANB, or the counties do not add up to it.
pub fn county_shares(aid: Money, anb: i64, county_anb: &[i64]) -> Result<CountyShares, AnbError> {
    if aid.is_negative() {
        return Err(AnbError::range("direct state aid", aid, "zero or more"));
    }
    if anb < 1 {
        return Err(AnbError::range("ANB of the joint district", anb, "1 or more"));
    }
    if let Some(county) = county_anb.iter().find(|county| **county < 0) {
        return Err(AnbError::range("ANB of a county", county, "zero or more"));
    }
    let sum: i128 = county_anb.iter().map(|county| i128::from(*county)).sum();
    if sum != i128::from(anb) {
        return Err(AnbError::range("ANB of the counties", sum, format!("the ANB of the district, {anb}")));
    }
    let cited = Citation::sourced("MCA 20-9-305");
    let whole = Step::given("direct state aid", aid.to_fraction()?, Unit::Dollars);
    let of = Step::given("ANB of the district", Fraction::whole(anb), Unit::Anb);
    let aid_per_anb =
        Step::of("aid for each ANB", Operation::Quotient, vec![whole, of], Unit::Dollars)?.cite(cited);
    let parts: Vec<Fraction> = county_anb.iter().map(|county| Fraction::whole(*county)).collect();
    let shares = proportional_shares(aid.cents(), &parts)?;
    let shares = shares.into_iter().map(Money::from_cents).collect::<Result<Vec<_>, _>>()?;
    Ok(CountyShares { aid_per_anb, shares })
}

/// The general fund budget: the sum of its revenues.
///
/// # Errors
/// When a revenue is below zero.
pub fn general_fund_budget(revenues: &[Money]) -> Result<Explained<Money>, AnbError> {
    let mut parts = Vec::with_capacity(revenues.len());
    for (place, revenue) in revenues.iter().enumerate() {
        let part = Step::given(format!("revenue {}", place + 1), revenue.to_fraction()?, Unit::Dollars);
        not_negative(&part)?;
        parts.push(part);
    }
    let cited = Citation::recall("the adopted budget equals its revenues");
    Explained::money(Step::of("general fund budget", Operation::Sum, parts, Unit::Dollars)?.cite(cited))
}

/// A group of grades with minimum hours of its own. MCA 20-1-301(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HoursGroup {
    /// A half-time kindergarten: 360 hours.
    KindergartenHalfTime,
    /// A full-time kindergarten: 720 hours.
    KindergartenFullTime,
    /// Grades 1 to 3: 720 hours.
    #[serde(rename = "grades_1_3")]
    Grades1To3,
    /// Grades 4 to 12: 1,080 hours.
    #[serde(rename = "grades_4_12")]
    Grades4To12,
    /// Graduating seniors: 1,050 hours may suffice.
    GraduatingSeniors,
}

impl HoursGroup {
    /// The minimum aggregate hours of a school year.
    #[must_use]
    pub const fn minimum(self) -> i64 {
        match self {
            HoursGroup::KindergartenHalfTime => 360,
            HoursGroup::KindergartenFullTime | HoursGroup::Grades1To3 => 720,
            HoursGroup::Grades4To12 => 1080,
            HoursGroup::GraduatingSeniors => 1050,
        }
    }
}

/// What hours below the minimum cost a group: with approval the entitlement in proportion to the hours short
/// (MCA 20-9-805); without it twice the hourly rate of direct state aid for each hour missed
/// (MCA 20-1-301(3)), never more than the aid.
///
/// # Errors
/// When an amount or the hours are below zero.
pub fn hours_reduction(
    group: HoursGroup,
    hours_offered: Fraction,
    approved: bool,
    amount: Step,
) -> Result<Step, AnbError> {
    use Operation::{Difference, Maximum, Minimum, Product, Quotient};
    not_negative(&amount)?;
    let cited =
        if approved { Citation::sourced("MCA 20-9-805") } else { Citation::sourced("MCA 20-1-301(3)") };
    let offered = Step::given("hours offered", hours_offered, Unit::Hours);
    not_negative(&offered)?;
    let minimum = Fraction::whole(group.minimum());
    let minimum =
        Step::parameter("minimum hours", minimum, Unit::Hours, Citation::sourced("MCA 20-1-301(2)"));
    let short = Step::of("hours less the minimum", Difference, vec![minimum.clone(), offered], Unit::Hours)?;
    let none = Step::parameter("none", Fraction::ZERO, Unit::Hours, cited.clone());
    let short = Step::of("hours short", Maximum, vec![short, none], Unit::Hours)?;
    let rate = Step::of("for each hour", Quotient, vec![amount.clone(), minimum.again()], Unit::Dollars)?;
    let times = if approved { 1 } else { 2 };
    let times = Step::parameter("times the rate", Fraction::whole(times), Unit::Number, cited.clone());
    let cut = Step::of("reduction before its limit", Product, vec![times, rate, short], Unit::Dollars)?;
    let cut = Step::of("reduction for hours short", Minimum, vec![cut, amount.again()], Unit::Dollars)?;
    to_cent(cut.cite(cited))
}

/// The school facility entitlement of so many ANB. MCA 20-9-370.
///
/// # Errors
/// When the table has no rate for the year, or ANB is below zero.
pub fn school_facility_entitlement(
    law: &Law,
    program: BudgetProgram,
    anb: Step,
    year: FiscalYear,
) -> Result<Step, AnbError> {
    not_negative(&anb)?;
    let rate =
        law.figures.parameter(&format!("school_facility_entitlement_per_anb_{}", program.word()), year)?;
    to_cent(Step::of("school facility entitlement", Operation::Product, vec![rate, anb], Unit::Dollars)?)
}

/// The school major maintenance amount of a district with so many budgeted ANB. 2025 HB 515.
///
/// # Errors
/// When the table has no rate for the year, or ANB is below zero.
pub fn school_major_maintenance(law: &Law, anb: Step, year: FiscalYear) -> Result<Step, AnbError> {
    not_negative(&anb)?;
    let base = law.figures.parameter("school_major_maintenance_amount_base", year)?;
    let rate = law.figures.parameter("school_major_maintenance_amount_per_anb", year)?;
    let by_anb = Step::of("by ANB", Operation::Product, vec![rate, anb], Unit::Dollars)?;
    to_cent(Step::of("school major maintenance amount", Operation::Sum, vec![base, by_anb], Unit::Dollars)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law() -> Law {
        Law::embedded().unwrap()
    }

    fn given(value: &str, unit: Unit) -> Step {
        Step::given("amount", value.parse().unwrap(), unit)
    }

    fn amount(payment: Payment, rate: &str, quantity: &str, year: Option<i32>) -> Result<String, AnbError> {
        let year = year.map(|year| FiscalYear::ending(year).unwrap());
        let (rate, quantity) = (given(rate, Unit::Dollars), given(quantity, Unit::Number));
        payment_amount(&law(), payment, rate, quantity, year)?.money().map(|money| money.to_string())
    }

    #[test]
    fn the_least_payment_of_indian_education_for_all() {
        let least = |anb| amount(Payment::IndianEducationForAll, "20.00", anb, None).unwrap();
        assert_eq!([least("4"), least("5"), least("6")], ["100.00", "100.00", "120.00"]);
        assert_eq!(least("0"), "100.00");
    }

    #[test]
    fn the_teacher_incentive_begins_in_fy2026() {
        assert!(amount(Payment::TeacherIncentive, "3673.00", "1", Some(2025)).is_err());
        assert_eq!(amount(Payment::TeacherIncentive, "3673.00", "1", Some(2026)).unwrap(), "7346.00");
        assert_eq!(amount(Payment::TeacherIncentive, "3673.00", "1/3", None).unwrap(), "2448.67");
    }

    #[test]
    fn data_for_achievement_was_not_paid_in_fy2019() {
        let paid = |year| data_for_achievement_is_paid(&law(), FiscalYear::ending(year).unwrap()).unwrap();
        assert_eq!([paid(2018), paid(2019), paid(2020)], [true, false, true]);
    }

    #[test]
    fn data_for_achievement_begins_in_fy2014() {
        let of = |year| amount(Payment::DataForAchievement, "10.00", "3", Some(year));
        insta::assert_snapshot!(of(2013).unwrap_err(), @"the payment data-for-achievement is not in force for FY2013; it holds from 2014");
        assert_eq!(of(2014).unwrap(), "30.00");
    }

    #[test]
    fn cents_left_over_go_to_the_largest_remainders() {
        let shares = |aid: &str, anb, counties: &[i64]| {
            let shares = county_shares(aid.parse().unwrap(), anb, counties).unwrap().shares;
            shares.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(shares("0.02", 3, &[1, 1, 1]), ["0.01", "0.01", "0.00"]);
        assert_eq!(shares("10.00", 7, &[1, 2, 4]), ["1.43", "2.86", "5.71"]);
        assert_eq!(shares("0.00", 7, &[0, 7]), ["0.00", "0.00"]);
        assert!(county_shares("1.00".parse().unwrap(), 7, &[3, 3]).is_err());
        assert!(county_shares("1.00".parse().unwrap(), 0, &[]).is_err());
        assert!(county_shares("1.00".parse().unwrap(), 1, &[2, -1]).is_err());
    }

    #[test]
    fn a_levy_above_all_of_five_years_needs_a_vote() {
        let money = |amount: &str| amount.parse::<Money>().unwrap();
        let past = ["9.00", "1.00", "2.00", "5.00", "4.00", "3.00"].map(money);
        assert!(!over_base_levy_needs_vote(money("4.99"), &past));
        assert!(!over_base_levy_needs_vote(money("5.00"), &past));
        assert!(over_base_levy_needs_vote(money("5.01"), &past), "the sixth year back does not matter");
    }

    #[test]
    fn the_special_education_allocation_is_split_without_loss() {
        let year = FiscalYear::ending(2026).unwrap();
        let parts = special_education_parts(&law(), "1.01".parse().unwrap(), year).unwrap();
        assert_eq!(parts.map(|(_, amount)| amount.to_string()), ["0.53", "0.18", "0.25", "0.05"]);
        assert!(special_education_parts(&law(), "-1.00".parse().unwrap(), year).is_err());
    }

    #[test]
    fn gtb_aid_only_where_the_tax_base_is_short() {
        let aid = |value: &str| {
            let aid = gtb_aid_per_mill(
                given("20", Unit::Number),
                given("100000", Unit::Dollars),
                given(value, Unit::Dollars),
            );
            aid.unwrap().money().unwrap().to_string()
        };
        assert_eq!([aid("1999000"), aid("2000000"), aid("2001000")], ["1.00", "0.00", "0.00"]);
    }

    #[test]
    fn the_adopted_budget_may_carry_last_years_forward() {
        let highest = |last: &str| {
            let steps = highest_adopted_budget(
                given("100", Unit::Dollars),
                given(last, Unit::Dollars),
                given("5", Unit::Dollars),
            );
            steps.unwrap().value().to_string()
        };
        assert_eq!([highest("94"), highest("95"), highest("96")], ["100", "100", "101"]);
    }

    #[test]
    fn hours_below_the_minimum() {
        let cut = |hours: &str, approved| {
            let hours = hours.parse().unwrap();
            let cut =
                hours_reduction(HoursGroup::Grades4To12, hours, approved, given("108000", Unit::Dollars));
            cut.unwrap().money().unwrap().to_string()
        };
        assert_eq!([cut("1079", true), cut("1080", true), cut("1081", true)], ["100.00", "0.00", "0.00"]);
        assert_eq!([cut("1079", false), cut("0", false)], ["200.00", "108000.00"]);
    }

    #[test]
    fn facilities_and_maintenance() {
        let year = FiscalYear::ending(2026).unwrap();
        let hundred = || Step::given("ANB", Fraction::whole(100), Unit::Anb);
        let facility = school_facility_entitlement(&law(), BudgetProgram::Accredited7To8, hundred(), year);
        assert_eq!(facility.unwrap().money().unwrap().to_string(), "37000.00");
        let maintenance = |year| {
            let steps = school_major_maintenance(&law(), hundred(), FiscalYear::ending(year).unwrap());
            steps.map(|steps| steps.money().unwrap().to_string())
        };
        assert_eq!(maintenance(2025).unwrap(), "26000.00");
        assert_eq!(maintenance(2026).unwrap(), "51500.00");
        assert!(maintenance(2016).is_err());
    }
}

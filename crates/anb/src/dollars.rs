//! From ANB to dollars: per-ANB ladder, basic entitlement, and the parts of the BASE and maximum budgets
//! that follow from them.

use crate::{AnbError, BasicSteps, Fraction, Interpretation, Law, Operation, Step, Unit};
use opi_dictionary::{Citation, FiscalYear, RoundingMode};
use serde::{Deserialize, Serialize};

const LADDER: Citation = Citation::sourced("MCA 20-9-306, total per-ANB entitlement");
const BASIC: Citation = Citation::sourced("MCA 20-9-306, basic entitlement");

/// The program by which a budget unit is funded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BudgetProgram {
    /// K-6, or K-8 without accredited 7-8.
    Elementary,
    /// An accredited 7-8 program, junior high or middle school.
    #[serde(rename = "accredited_7_8")]
    Accredited7To8,
    /// Grades 9 to 12.
    HighSchool,
}

impl BudgetProgram {
    /// All, in the order of reports.
    pub const ALL: [BudgetProgram; 3] =
        [BudgetProgram::Elementary, BudgetProgram::Accredited7To8, BudgetProgram::HighSchool];

    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            BudgetProgram::Elementary => "elementary",
            BudgetProgram::Accredited7To8 => "accredited_7_8",
            BudgetProgram::HighSchool => "high_school",
        }
    }

    /// The row of the basic entitlement.
    #[must_use]
    pub const fn basic_row(self) -> &'static str {
        match self {
            BudgetProgram::Elementary => "basic_elementary",
            BudgetProgram::Accredited7To8 => "basic_accredited_7_8",
            BudgetProgram::HighSchool => "basic_high_school",
        }
    }

    /// The rows of first rate, decrement and cap: accredited 7-8 takes the high school rate on a ladder of
    /// its own. ARM 10.20.102(3).
    #[must_use]
    pub const fn ladder_rows(self) -> [&'static str; 3] {
        match self {
            BudgetProgram::Elementary => {
                ["per_anb_elementary", "per_anb_elementary_decrement", "per_anb_elementary_decrement_cap"]
            }
            BudgetProgram::Accredited7To8 => [
                "per_anb_high_school_and_accredited_7_8",
                "per_anb_accredited_7_8_decrement",
                "per_anb_accredited_7_8_decrement_cap",
            ],
            BudgetProgram::HighSchool => [
                "per_anb_high_school_and_accredited_7_8",
                "per_anb_high_school_decrement",
                "per_anb_high_school_decrement_cap",
            ],
        }
    }
}

/// The rates at which ANB of one level are paid: the first, and so much less for each further one up to a cap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// The rate of the first ANB.
    pub first_rate: Step,
    /// What each further ANB is paid less.
    pub decrement: Step,
    /// The last ANB at which the rate falls.
    pub cap: Step,
}

impl Ladder {
    /// The ladder of a program in a fiscal year.
    ///
    /// # Errors
    /// When the table has no rates for the year.
    pub fn of(law: &Law, program: BudgetProgram, year: FiscalYear) -> Result<Self, AnbError> {
        let [first, decrement, cap] = program.ladder_rows();
        Ok(Ladder {
            first_rate: law.figures.parameter(first, year)?,
            decrement: law.figures.parameter(decrement, year)?,
            cap: law.figures.parameter(cap, year)?,
        })
    }

    fn checked(&self) -> Result<(), AnbError> {
        for part in [&self.first_rate, &self.decrement] {
            if part.value().is_negative() {
                return Err(AnbError::range(part.label(), part.value(), "zero or more"));
            }
        }
        match self.cap.value().to_whole() {
            Some(1..) => Ok(()),
            _ => Err(AnbError::range(self.cap.label(), self.cap.value(), "a whole number of 1 or more")),
        }
    }

    fn falls(&self, to: &Step) -> Result<Step, AnbError> {
        let one = Step::parameter("the first ANB", Fraction::ONE, Unit::Anb, LADDER);
        let times =
            Step::of("times that the rate falls", Operation::Difference, vec![to.again(), one], Unit::Anb)?;
        let less = vec![self.decrement.clone(), times];
        Step::of("less than the first rate", Operation::Product, less, Unit::Dollars)
    }

    /// What the n-th ANB is paid less than the first.
    ///
    /// # Errors
    /// When `nth` is not a whole number of 1 or more.
    pub fn reduction_of(&self, nth: i64) -> Result<Step, AnbError> {
        self.checked()?;
        if nth < 1 {
            return Err(AnbError::range("the ANB in the ladder", nth, "1 or more"));
        }
        let nth = Step::given("the ANB in the ladder", Fraction::whole(nth), Unit::Anb);
        let reached = Step::of("rung", Operation::Minimum, vec![nth, self.cap.clone()], Unit::Anb)?;
        Ok(self.falls(&reached)?.cite(LADDER))
    }

    /// The rate at which the n-th ANB is paid.
    ///
    /// # Errors
    /// When `nth` is below 1, or the rate would fall below zero.
    pub fn rate_of(&self, nth: i64) -> Result<Step, AnbError> {
        let parts = vec![self.first_rate.clone(), self.reduction_of(nth)?];
        let rate = Step::of("rate", Operation::Difference, parts, Unit::Dollars)?.cite(LADDER);
        if rate.value().is_negative() {
            return Err(AnbError::range(format!("rate of ANB {nth}"), rate.value(), "zero or more"));
        }
        Ok(rate)
    }

    /// The total per-ANB entitlement of n ANB, in closed form: with k the lesser of n and the cap c, rate r and
    /// decrement d, `k r - d k (k - 1) / 2 + (n - k) (r - d (c - 1))`. MCA 20-9-306.
    ///
    /// ```
    /// use opi_anb::{BudgetProgram, Fraction, Ladder, Law, Step, Unit};
    /// let ladder = Ladder::of(&Law::embedded()?, BudgetProgram::Elementary, "FY2026".parse()?)?;
    /// let total = ladder.total(Step::given("ANB", Fraction::whole(1001), Unit::Anb))?;
    /// assert_eq!(total.money()?.to_string(), "6402396.20");
    /// # Ok::<(), opi_anb::AnbError>(())
    /// ```
    ///
    /// # Errors
    /// When n is below zero, or the rate would fall below zero.
    pub fn total(&self, anb: Step) -> Result<Step, AnbError> {
        use Operation::{Difference, Maximum, Minimum, Product, Quotient, Sum};
        self.checked()?;
        if anb.value().is_negative() {
            return Err(AnbError::range(anb.label(), anb.value(), "zero or more"));
        }
        if let Some(reached @ 1..) = anb.value().min(self.cap.value()).to_whole() {
            self.rate_of(reached)?;
        }
        let number = |value, label| Step::parameter(label, Fraction::whole(value), Unit::Number, LADDER);
        let falling = Step::of("ANB on the falling part", Minimum, vec![anb, self.cap.clone()], Unit::Anb)?;
        let at_first = Step::of(
            "at the first rate",
            Product,
            vec![falling.clone(), self.first_rate.clone()],
            Unit::Dollars,
        )?;
        let before = Step::of("one less", Difference, vec![falling.again(), number(1, "one")], Unit::Anb)?;
        // A part of one ANB has no rung before it.
        let before = Step::of("rungs before the last", Maximum, vec![before, number(0, "none")], Unit::Anb)?;
        let rungs = Step::of("rungs twice", Product, vec![falling.again(), before], Unit::Number)?;
        let rungs = Step::of("decrements", Quotient, vec![rungs, number(2, "two")], Unit::Number)?;
        let less =
            Step::of("less by the decrement", Product, vec![self.decrement.again(), rungs], Unit::Dollars)?;
        let on_ladder = Step::of("on the falling part", Difference, vec![at_first, less], Unit::Dollars)?;
        let whole = falling.operands().first().map_or_else(|| falling.again(), Step::again);
        let above = Step::of("ANB above the cap", Difference, vec![whole, falling.again()], Unit::Anb)?;
        let floor = vec![self.first_rate.again(), self.falls(&self.cap)?];
        let floor = Step::of("rate from the cap on", Difference, floor, Unit::Dollars)?;
        let on_floor = Step::of("above the cap", Product, vec![above, floor], Unit::Dollars)?;
        let total = Step::of("per-ANB entitlement", Sum, vec![on_ladder, on_floor], Unit::Dollars)?;
        Ok(total.cite(LADDER))
    }
}

/// The basic entitlement of one budget unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicEntitlement {
    /// Size steps above the threshold; a fraction only when read pro rata.
    pub steps: Fraction,
    /// What the steps add.
    pub increment: Fraction,
    /// The steps times 5% of the basic amount: a check of the table, not used.
    pub increment_at_5_percent: Fraction,
    /// The whole with its steps.
    pub total: Step,
}

/// The basic entitlement of a unit with so many ANB: the amount of the year and, from FY2014, what each
/// completed size step adds. MCA 20-9-306; open question Q10.
///
/// ```
/// use opi_anb::{BudgetProgram, Fraction, Interpretation, Law, Step, Unit, basic_entitlement};
/// let anb = Step::given("ANB", Fraction::whole(299), Unit::Anb);
/// let basic = basic_entitlement(
///     &Law::embedded()?, &Interpretation::default(), BudgetProgram::Elementary, anb, "FY2026".parse()?)?;
/// assert_eq!(basic.total.money()?.to_string(), "63769.00");
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
///
/// # Errors
/// When the table has no amount for the year, or ANB is below zero.
pub fn basic_entitlement(
    law: &Law,
    choices: &Interpretation,
    program: BudgetProgram,
    anb: Step,
    year: FiscalYear,
) -> Result<BasicEntitlement, AnbError> {
    use Operation::{Difference, Maximum, Product, Quotient, Round, Sum};
    if anb.value().is_negative() {
        return Err(AnbError::range(anb.label(), anb.value(), "zero or more"));
    }
    let row = program.basic_row();
    let basic = law.figures.parameter(row, year)?;
    if !law.timeline.for_budget("basic_size_steps", year)? {
        let total = Step::of("basic entitlement", Sum, vec![basic], Unit::Dollars)?.cite(BASIC);
        let none = Fraction::ZERO;
        return Ok(BasicEntitlement { steps: none, increment: none, increment_at_5_percent: none, total });
    }
    let figure = |suffix: &str| law.figures.parameter(&format!("{row}_{suffix}"), year);
    let (threshold, size, amount) = (figure("threshold")?, figure("step")?, figure("increment")?);
    let above = Step::of("ANB less the threshold", Difference, vec![anb, threshold], Unit::Anb)?;
    let none = Step::parameter("none", Fraction::ZERO, Unit::Anb, BASIC);
    let above = Step::of("ANB above the threshold", Maximum, vec![above, none], Unit::Anb)?;
    let steps = Step::of("size steps", Quotient, vec![above, size], Unit::Number)?;
    let steps = match choices.basic_steps {
        BasicSteps::ProRata => steps,
        BasicSteps::WholeSteps => {
            let round = Round { mode: RoundingMode::Down, to: Fraction::ONE };
            let cited = Citation::derived("each additional so many ANB, open question Q10");
            Step::of("completed size steps", round, vec![steps], Unit::Number)?.cite(cited)
        }
    };
    let five_percent = law.figures.parameter("basic_increment_rule", year)?.value();
    let increment_at_5_percent = steps.value().times(five_percent)?.times(basic.value())?;
    let (count, increment) =
        (steps.value(), Step::of("for size", Product, vec![steps, amount], Unit::Dollars)?);
    let added = increment.value();
    let total = Step::of("basic entitlement", Sum, vec![basic, increment], Unit::Dollars)?.cite(BASIC);
    Ok(BasicEntitlement { steps: count, increment: added, increment_at_5_percent, total })
}

/// A share of an amount by a row of the table, exact.
fn share(
    law: &Law,
    row: &str,
    label: &'static str,
    of: &Step,
    year: Option<FiscalYear>,
) -> Result<Step, AnbError> {
    let rate = law.figures.parameter_of(row, year)?;
    Step::of(label, Operation::Product, vec![rate, of.again()], Unit::Dollars)
}

/// An amount half up to the cent.
pub(crate) fn to_cent(exact: Step) -> Result<Step, AnbError> {
    let label = exact.label().to_owned();
    let operation = Operation::Round { mode: RoundingMode::HalfAwayFromZero, to: Fraction::new(1, 100)? };
    let cited = Citation::derived("half up to the cent, open question Q22");
    Ok(Step::of(label, operation, vec![exact], Unit::Dollars)?.cite(cited))
}

/// Direct state aid: 44.7% of basic and per-ANB entitlements, to the cent. MCA 20-9-306.
///
/// # Errors
/// When the table has no share for the year.
pub fn direct_state_aid(law: &Law, entitlements: &Step, year: FiscalYear) -> Result<Step, AnbError> {
    to_cent(share(law, "direct_state_aid_share", "direct state aid", entitlements, Some(year))?)
}

/// The entitlements in the BASE budget: 80%, to the cent. MCA 20-9-306(3).
///
/// # Errors
/// When the table has no share for the year.
pub fn base_part(law: &Law, entitlements: &Step, year: FiscalYear) -> Result<Step, AnbError> {
    to_cent(share(law, "base_share_entitlements", "BASE part of the entitlements", entitlements, Some(year))?)
}

/// The entitlements in the guaranteed tax base area: the BASE part less direct state aid, both rounded, so
/// that they add up. MCA 20-9-306(2)(b); open question Q22.
///
/// # Errors
/// When the result leaves exact arithmetic.
pub fn gtb_area_part(base_part: &Step, direct_state_aid: &Step) -> Result<Step, AnbError> {
    let parts = vec![base_part.again(), direct_state_aid.again()];
    let part = Step::of("GTB area part of the entitlements", Operation::Difference, parts, Unit::Dollars)?;
    Ok(part.cite(Citation::derived("MCA 20-9-306(2)(b), as the difference of rounded amounts")))
}

/// The special education payment in the BASE budget: 140%, to the cent. MCA 20-9-306(3).
///
/// # Errors
/// When the table has no share for the year, or the payment is below zero.
pub fn special_education_base(law: &Law, payment: &Step, year: Option<FiscalYear>) -> Result<Step, AnbError> {
    not_negative(payment)?;
    to_cent(share(
        law,
        "base_share_special_education",
        "special education in the BASE budget",
        payment,
        year,
    )?)
}

/// The special education payment in the maximum budget: times the ratio of allowable cost expenditures to the
/// payment, both of two years before, at least 175% and at most 200%, to the cent. 2001 SB 94.
///
/// # Errors
/// When the table has no share for the year, an amount is below zero, or the payment of two years before is zero.
pub fn special_education_maximum(
    law: &Law,
    payment: &Step,
    payment_two_years_before: Step,
    expenditures_two_years_before: Step,
    year: Option<FiscalYear>,
) -> Result<Step, AnbError> {
    use Operation::{Maximum, Minimum, Product, Quotient};
    for amount in [payment, &payment_two_years_before, &expenditures_two_years_before] {
        not_negative(amount)?;
    }
    let floor = law.figures.parameter_of("max_share_special_education_floor", year)?;
    let ceiling = law.figures.parameter_of("max_share_special_education_ceiling", year)?;
    let amounts = vec![expenditures_two_years_before, payment_two_years_before];
    let ratio =
        Step::of("expenditures for each dollar paid, two years before", Quotient, amounts, Unit::Number)?;
    let ratio = Step::of("ratio, at most", Minimum, vec![ratio, ceiling], Unit::Number)?;
    let ratio = Step::of("ratio, at least", Maximum, vec![ratio, floor], Unit::Number)?
        .cite(Citation::sourced("2001 SB 94"));
    let label = "special education in the maximum budget";
    to_cent(Step::of(label, Product, vec![payment.again(), ratio], Unit::Dollars)?)
}

pub(crate) fn not_negative(amount: &Step) -> Result<(), AnbError> {
    if amount.value().is_negative() {
        return Err(AnbError::range(amount.label(), amount.value(), "zero or more"));
    }
    Ok(())
}

/// An amount raised by an inflation factor, half up to a unit (a dollar, or a cent for the two small
/// payments). MCA 20-9-326.
///
/// # Errors
/// When an amount or the factor is below zero, or the unit is not above zero.
pub fn inflate(previous: Step, factor: Step, round_to: Fraction) -> Result<Step, AnbError> {
    not_negative(&previous)?;
    not_negative(&factor)?;
    if round_to <= Fraction::ZERO {
        return Err(AnbError::range("unit of rounding", round_to, "more than zero"));
    }
    let exact =
        Step::of("amount before rounding", Operation::Product, vec![previous, factor], Unit::Dollars)?;
    let round = Operation::Round { mode: RoundingMode::HalfAwayFromZero, to: round_to };
    Ok(Step::of("amount", round, vec![exact], Unit::Dollars)?.cite(Citation::sourced("MCA 20-9-326")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year(year: i32) -> FiscalYear {
        FiscalYear::ending(year).unwrap()
    }

    fn anb(number: i64) -> Step {
        Step::given("ANB", Fraction::whole(number), Unit::Anb)
    }

    fn dollars(amount: &str) -> Step {
        Step::given("amount", amount.parse().unwrap(), Unit::Dollars)
    }

    #[test]
    fn the_closed_form_is_the_sum_of_the_rungs_for_every_number_to_20_000() {
        let law = Law::embedded().unwrap();
        for program in BudgetProgram::ALL {
            let ladder = Ladder::of(&law, program, year(2026)).unwrap();
            // In tenths of a dollar: every rate and decrement is a multiple of ten cents.
            let tenths = |step: &Step| step.value().times(Fraction::whole(10)).unwrap().to_whole().unwrap();
            let (rate, decrement) = (tenths(&ladder.first_rate), tenths(&ladder.decrement));
            let cap = ladder.cap.value().to_whole().unwrap();
            let mut sum = 0i64;
            for n in 0..=20_000i64 {
                if n > 0 {
                    sum += rate - decrement * (n.min(cap) - 1);
                }
                let closed = ladder.total(anb(n)).unwrap();
                assert_eq!(tenths(&closed), sum, "{program:?} {n}");
            }
        }
    }

    #[test]
    fn rates_below_at_and_above_the_cap() {
        let ladder = Ladder::of(&Law::embedded().unwrap(), BudgetProgram::Elementary, year(2026)).unwrap();
        let rate = |nth| ladder.rate_of(nth).unwrap().money().unwrap().to_string();
        assert_eq!([rate(1), rate(2)], ["6496.00", "6495.80"]);
        assert_eq!([rate(999), rate(1000), rate(1001)], ["6296.40", "6296.20", "6296.20"]);
        assert!(ladder.rate_of(0).is_err());
        assert!(ladder.total(anb(-1)).is_err());
        assert_eq!(ladder.total(anb(0)).unwrap().value(), Fraction::ZERO);
    }

    #[test]
    fn size_steps_below_at_and_above_a_step() {
        let law = Law::embedded().unwrap();
        let steps = |program, number, of_year| {
            let basic =
                basic_entitlement(&law, &Interpretation::default(), program, anb(number), year(of_year));
            basic.unwrap().steps.to_whole().unwrap()
        };
        let (elementary, middle, high) =
            (BudgetProgram::Elementary, BudgetProgram::Accredited7To8, BudgetProgram::HighSchool);
        for (program, first) in [(elementary, 275), (middle, 495), (high, 880)] {
            assert_eq!(steps(program, first - 1, 2014), 0);
            assert_eq!(steps(program, first, 2014), 1);
            assert_eq!(steps(program, first + 1, 2014), 1);
        }
        assert_eq!(steps(high, 5000, 2013), 0, "no steps before FY2014");
        let pro_rata = Interpretation { basic_steps: BasicSteps::ProRata, ..Interpretation::default() };
        let basic = basic_entitlement(&law, &pro_rata, elementary, anb(274), year(2026)).unwrap();
        assert_eq!(basic.steps.to_string(), "24/25");
    }

    #[test]
    fn aid_and_gtb_area_add_up_to_the_base_part() {
        let law = Law::embedded().unwrap();
        for cents in 0..400 {
            let sum = Step::given("sum", Fraction::new(1_000_000 + cents, 100).unwrap(), Unit::Dollars);
            let aid = direct_state_aid(&law, &sum, year(2026)).unwrap();
            let base = base_part(&law, &sum, year(2026)).unwrap();
            let area = gtb_area_part(&base, &aid).unwrap();
            assert_eq!(aid.value().plus(area.value()).unwrap(), base.value());
        }
    }

    #[test]
    fn the_special_education_ratio_at_its_floor_and_ceiling() {
        let law = Law::embedded().unwrap();
        let part = |spent: &str| {
            let paid = dollars("100.00");
            let max = special_education_maximum(&law, &paid, paid.clone(), dollars(spent), Some(year(2026)));
            max.unwrap().money().unwrap().to_string()
        };
        let expected = [
            ("174.99", "175.00"),
            ("175.00", "175.00"),
            ("175.01", "175.01"),
            ("199.99", "199.99"),
            ("200.00", "200.00"),
            ("200.01", "200.00"),
            ("0.00", "175.00"),
        ];
        for (spent, amount) in expected {
            assert_eq!(part(spent), amount, "{spent}");
        }
        let nothing = special_education_maximum(
            &law,
            &dollars("1.00"),
            dollars("0.00"),
            dollars("5.00"),
            Some(year(2026)),
        );
        insta::assert_snapshot!(nothing.unwrap_err(),
            @"expenditures for each dollar paid, two years before divides by zero");
    }

    #[test]
    fn years_without_a_table_are_errors() {
        let law = Law::embedded().unwrap();
        for without in [2012, 2013, 2028] {
            assert!(Ladder::of(&law, BudgetProgram::Elementary, year(without)).is_err());
        }
        let missing = Ladder::of(&law, BudgetProgram::Elementary, year(2028)).unwrap_err();
        insta::assert_snapshot!(missing, @"no figure per_anb_elementary for FY2028; the table has 2014 to 2027");
    }
}

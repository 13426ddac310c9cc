//! The answer explains itself: a tree of steps whose values follow from the steps below them.

use crate::{AnbError, Fraction, Money};
use opi_dictionary::{Citation, RoundingMode, Standing};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Write as _;

/// What a number of a step counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// Full-time pupils.
    Pupils,
    /// Average number belonging.
    Anb,
    /// Dollars.
    Dollars,
    /// Days.
    Days,
    /// Hours.
    Hours,
    /// A bare number or share.
    Number,
    /// 1 for yes, 0 for no.
    YesOrNo,
}

/// How the value of a step follows from the values of its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "name")]
#[non_exhaustive]
pub enum Operation {
    /// Given by the case.
    Given,
    /// Fixed by the text of a law or rule.
    Parameter,
    /// Read from the table of figures.
    Figure,
    /// The value of a step shown elsewhere in the tree under the same label.
    Shown,
    /// The sum of the operands.
    Sum,
    /// The first operand less the second.
    Difference,
    /// The product of the operands.
    Product,
    /// The first operand divided by the second.
    Quotient,
    /// The least operand.
    Minimum,
    /// The greatest operand.
    Maximum,
    /// The operand rounded to a multiple of a unit.
    Round {
        /// The mode.
        mode: RoundingMode,
        /// The unit: 1 for whole numbers, 1/100 for cents.
        to: Fraction,
    },
    /// 1 when the first operand is greater than the second, else 0.
    Greater,
    /// The second operand when the first is not 0, else the third.
    Choose,
}

impl Operation {
    /// The value that follows from the values of the operands. `None` for the leaves
    /// ([`Given`](Operation::Given), [`Parameter`](Operation::Parameter), [`Figure`](Operation::Figure),
    /// [`Shown`](Operation::Shown)).
    ///
    /// # Errors
    /// When the number of operands is wrong, or the value leaves exact arithmetic.
    pub fn apply(self, operands: &[Fraction]) -> Result<Option<Fraction>, AnbError> {
        let wrong = || AnbError::range("operands of a step", operands.len(), "the number that it takes");
        let value = match (self, operands) {
            (Operation::Given | Operation::Parameter | Operation::Figure | Operation::Shown, []) => {
                return Ok(None);
            }
            (Operation::Sum, all) => all.iter().try_fold(Fraction::ZERO, |sum, next| sum.plus(*next))?,
            (Operation::Product, all) => {
                all.iter().try_fold(Fraction::ONE, |product, next| product.times(*next))?
            }
            (Operation::Difference, [left, right]) => left.minus(*right)?,
            (Operation::Quotient, [left, right]) => left.over(*right)?,
            (Operation::Minimum, all) => *all.iter().min().ok_or_else(wrong)?,
            (Operation::Maximum, all) => *all.iter().max().ok_or_else(wrong)?,
            (Operation::Round { mode, to }, [value]) => value.rounded_to(to, mode)?,
            (Operation::Greater, [left, right]) => Fraction::whole((left > right).into()),
            (Operation::Choose, [condition, then, other]) => {
                if condition.is_zero() {
                    *other
                } else {
                    *then
                }
            }
            _ => return Err(wrong()),
        };
        Ok(Some(value))
    }

    fn sign(self) -> &'static str {
        match self {
            Operation::Sum => " + ",
            Operation::Difference => " - ",
            Operation::Product => " x ",
            Operation::Quotient => " / ",
            Operation::Greater => " > ",
            Operation::Minimum | Operation::Maximum => ", ",
            _ => " ",
        }
    }
}

/// One step: what it is, how it came about, from what, by which article.
///
/// ```
/// use opi_anb::{Fraction, Operation, Step, Unit};
/// let october = Step::given("October", Fraction::whole(150), Unit::Pupils);
/// let february = Step::given("February", Fraction::whole(166), Unit::Pupils);
/// let sum = Step::of("both counts", Operation::Sum, vec![october, february], Unit::Pupils)?;
/// assert_eq!(sum.value(), Fraction::whole(316));
/// assert!(sum.recompute()?);
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Step {
    label: Cow<'static, str>,
    operation: Operation,
    value: Fraction,
    unit: Unit,
    standing: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    citation: Option<Citation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    operands: Vec<Step>,
}

impl Step {
    fn leaf(label: impl Into<Cow<'static, str>>, operation: Operation, value: Fraction, unit: Unit) -> Self {
        Step {
            label: label.into(),
            operation,
            value,
            unit,
            standing: Standing::Sourced,
            citation: None,
            note: None,
            operands: Vec::new(),
        }
    }

    /// A value that the case gives.
    #[must_use]
    pub fn given(label: impl Into<Cow<'static, str>>, value: Fraction, unit: Unit) -> Self {
        Self::leaf(label, Operation::Given, value, unit)
    }

    /// A value that the text of a law or rule fixes.
    #[must_use]
    pub fn parameter(
        label: impl Into<Cow<'static, str>>,
        value: Fraction,
        unit: Unit,
        citation: Citation,
    ) -> Self {
        Self::leaf(label, Operation::Parameter, value, unit).cite(citation)
    }

    /// A value of the table of figures.
    #[must_use]
    pub fn figure(
        label: impl Into<Cow<'static, str>>,
        value: Fraction,
        unit: Unit,
        citation: Citation,
    ) -> Self {
        Self::leaf(label, Operation::Figure, value, unit).cite(citation)
    }

    /// A step computed from others.
    ///
    /// # Errors
    /// When the operation cannot be applied to the operands.
    pub fn of(
        label: impl Into<Cow<'static, str>>,
        operation: Operation,
        operands: Vec<Step>,
        unit: Unit,
    ) -> Result<Self, AnbError> {
        let label = label.into();
        let values: Vec<Fraction> = operands.iter().map(|step| step.value).collect();
        let value = match operation.apply(&values) {
            Ok(Some(value)) => value,
            Ok(None) => return Err(AnbError::range(label, "no operation", "an operation")),
            Err(AnbError::TooLarge { .. }) => return Err(AnbError::too_large(label)),
            Err(AnbError::DivisionByZero { .. }) => {
                return Err(AnbError::DivisionByZero { what: label.into_owned() });
            }
            Err(other) => return Err(other),
        };
        let standing =
            operands.iter().fold(Standing::Sourced, |weakest, step| weakest.weakest(step.standing));
        Ok(Step { label, operation, value, unit, standing, citation: None, note: None, operands })
    }

    /// The same step with its article or document.
    #[must_use]
    pub fn cite(mut self, citation: Citation) -> Self {
        self.standing = self.standing.weakest(citation.standing);
        self.citation = Some(citation);
        self
    }

    /// The same step with a remark.
    #[must_use]
    pub fn note(mut self, note: impl Into<Cow<'static, str>>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// A leaf that repeats this step's value where it is used a second time.
    #[must_use]
    pub fn again(&self) -> Self {
        let leaf = Self::leaf(self.label.clone(), Operation::Shown, self.value, self.unit);
        Step { standing: self.standing, ..leaf }
    }

    /// The value.
    #[must_use]
    pub const fn value(&self) -> Fraction {
        self.value
    }

    /// The value as money, half up to the cent.
    ///
    /// # Errors
    /// When it leaves what a decimal number holds.
    pub fn money(&self) -> Result<Money, AnbError> {
        Money::rounded(self.value)
    }

    /// What the step is.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// How its value came about.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// The article or document.
    #[must_use]
    pub const fn citation(&self) -> Option<&Citation> {
        self.citation.as_ref()
    }

    /// The steps it follows from.
    #[must_use]
    pub fn operands(&self) -> &[Step] {
        &self.operands
    }

    /// The weakest standing of the step and all below it: a result is no firmer than that.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// Adds what the step and those below it rest on that is not sourced: what it is, and its standing.
    pub(crate) fn unsourced(&self, found: &mut std::collections::BTreeSet<(Standing, String)>) {
        if let Some(citation) = &self.citation
            && citation.standing != Standing::Sourced
        {
            let what =
                if self.operation == Operation::Figure { self.label.as_ref() } else { &citation.source };
            found.insert((citation.standing, what.to_owned()));
        }
        self.operands.iter().for_each(|step| step.unsourced(found));
    }

    /// Whether every step below follows from its operands, computed again from the leaves up.
    ///
    /// # Errors
    /// When an operation cannot be applied.
    pub fn recompute(&self) -> Result<bool, AnbError> {
        for step in &self.operands {
            if !step.recompute()? {
                return Ok(false);
            }
        }
        let values: Vec<Fraction> = self.operands.iter().map(|step| step.value).collect();
        Ok(self.operation.apply(&values)?.is_none_or(|value| value == self.value))
    }

    /// The steps as indented text, the result first.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0);
        text
    }

    fn write(&self, text: &mut String, depth: usize) {
        let indent = depth * 2;
        let _ = write!(text, "{:indent$}{} = {}", "", self.label, self.shown());
        if let Some(arithmetic) = self.arithmetic() {
            let _ = write!(text, "   [{arithmetic}]");
        }
        if let Some(citation) = &self.citation {
            let _ = write!(text, "   {citation}");
        }
        if let Some(note) = &self.note {
            let _ = write!(text, "   ({note})");
        }
        text.push('\n');
        self.operands.iter().for_each(|step| step.write(text, depth + 1));
    }

    fn arithmetic(&self) -> Option<String> {
        let list =
            |steps: &[Step]| steps.iter().map(Step::shown).collect::<Vec<_>>().join(self.operation.sign());
        match self.operation {
            Operation::Given => None,
            Operation::Parameter | Operation::Figure => None,
            Operation::Shown => Some("shown elsewhere".into()),
            Operation::Minimum => Some(format!("least of {}", list(&self.operands))),
            Operation::Maximum => Some(format!("greatest of {}", list(&self.operands))),
            Operation::Round { mode, to } => {
                Some(format!("{} {} to {}", list(&self.operands), mode_words(mode), unit_words(to)))
            }
            Operation::Choose => match self.operands.first() {
                Some(condition) if condition.value.is_zero() => Some("the condition does not hold".into()),
                _ => Some("the condition holds".into()),
            },
            _ => Some(list(&self.operands)),
        }
    }

    fn shown(&self) -> String {
        match self.unit {
            Unit::YesOrNo => if self.value.is_zero() { "no" } else { "yes" }.to_owned(),
            Unit::Dollars => match Money::rounded(self.value) {
                Ok(amount) if amount.to_fraction() == Ok(self.value) => amount.to_string(),
                _ => fraction_words(self.value),
            },
            _ => fraction_words(self.value),
        }
    }
}

fn fraction_words(value: Fraction) -> String {
    match value.decimals(4) {
        Ok(decimals) if !value.is_whole() => match decimals.parse::<Fraction>() {
            Ok(exact) if exact == value => decimals.trim_end_matches('0').to_owned(),
            _ => format!("{value} ({decimals})"),
        },
        _ => value.to_string(),
    }
}

fn mode_words(mode: RoundingMode) -> &'static str {
    match mode {
        RoundingMode::Up => "rounded up",
        RoundingMode::Down => "cut down",
        RoundingMode::TowardsZero => "cut",
        RoundingMode::HalfToEven => "rounded, half to even,",
        RoundingMode::HalfAwayFromZero => "rounded half up",
    }
}

fn unit_words(unit: Fraction) -> String {
    if unit == Fraction::ONE {
        "a whole number".to_owned()
    } else if unit.numerator() == 1 && unit.denominator() == 100 {
        "the cent".to_owned()
    } else {
        format!("a multiple of {unit}")
    }
}

/// A value with the steps that lead to it.
///
/// ```
/// use opi_anb::{Explained, Fraction, Money, Step, Unit};
/// let third = Step::given("a third of a dollar", "1/3".parse()?, Unit::Dollars);
/// let explained = Explained::money(third)?;
/// assert_eq!(explained.value, "0.33".parse::<Money>()?);
/// assert!(explained.to_text().contains("rounded half up to the cent"));
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Explained<T> {
    /// The value.
    pub value: T,
    /// How it came about.
    pub steps: Step,
}

impl<T> Explained<T> {
    /// The steps as indented text, the result first.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.steps.to_text()
    }

    /// How firm the value is: the weakest standing of its steps.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.steps.standing()
    }
}

impl From<Step> for Explained<Fraction> {
    fn from(steps: Step) -> Self {
        Explained { value: steps.value(), steps }
    }
}

impl Explained<Money> {
    /// The value of the last step, rounded half up to the cent as a step of its own where it has parts of
    /// a cent.
    ///
    /// # Errors
    /// When the amount leaves what a decimal number holds.
    pub fn money(steps: Step) -> Result<Self, AnbError> {
        let value = steps.money()?;
        if value.to_fraction()? == steps.value() {
            return Ok(Explained { value, steps });
        }
        let label = steps.label.clone();
        let to = Fraction::new(1, 100)?;
        let mode = RoundingMode::HalfAwayFromZero;
        let steps = Step::of(label, Operation::Round { mode, to }, vec![steps], Unit::Dollars)?
            .cite(Citation::derived("half up to the cent, once for each amount reported"));
        Ok(Explained { value, steps })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_value_is_noticed() {
        let two = Step::given("two", Fraction::whole(2), Unit::Number);
        let mut four =
            Step::of("four", Operation::Product, vec![two.clone(), two.again()], Unit::Number).unwrap();
        assert!(four.recompute().unwrap());
        four.value = Fraction::whole(5);
        assert!(!four.recompute().unwrap());
    }

    #[test]
    fn the_weakest_standing_wins() {
        let firm = Step::parameter("a", Fraction::ONE, Unit::Number, Citation::sourced("MCA 20-9-306"));
        let weak = Step::parameter("b", Fraction::ONE, Unit::Number, Citation::recall("no document"));
        let sum = Step::of("sum", Operation::Sum, vec![firm, weak], Unit::Number).unwrap();
        assert_eq!(sum.standing(), Standing::Recall);
    }

    #[test]
    fn text_reads_like_a_worksheet() {
        let october = Step::given("October", "44".parse().unwrap(), Unit::Pupils);
        let february = Step::given("February", "181/4".parse().unwrap(), Unit::Pupils);
        let sum = Step::of("both counts", Operation::Sum, vec![october, february], Unit::Pupils).unwrap();
        let two = Step::given("counts", Fraction::whole(2), Unit::Number);
        let average = Step::of("average enrollment", Operation::Quotient, vec![sum, two], Unit::Pupils)
            .unwrap()
            .cite(Citation::sourced("MCA 20-9-311(1)(a)"));
        insta::assert_snapshot!(average.to_text(), @r"
        average enrollment = 44.625   [89.25 / 2]   MCA 20-9-311(1)(a)
          both counts = 89.25   [44 + 45.25]
            October = 44
            February = 45.25
          counts = 2
        ");
    }

    #[test]
    fn a_wrong_number_of_operands_is_an_error() {
        for operation in [Operation::Difference, Operation::Quotient, Operation::Greater, Operation::Choose] {
            assert!(operation.apply(&[Fraction::ONE]).is_err(), "{operation:?}");
        }
        assert!(Operation::Minimum.apply(&[]).is_err());
        assert!(Operation::Given.apply(&[Fraction::ONE]).is_err());
    }
}

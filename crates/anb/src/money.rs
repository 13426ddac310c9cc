//! Dollars and cents, exact.

use crate::{AnbError, Fraction};
use opi_dictionary::RoundingMode;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An amount in dollars with two decimals, written `"1721706.00"`.
///
/// ```
/// use opi_anb::Money;
/// let amount: Money = "769602.58".parse()?;
/// assert_eq!(amount.to_string(), "769602.58");
/// assert!("769602.5".parse::<Money>().is_err());
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(into = "String", try_from = "String")]
pub struct Money(Decimal);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(Decimal::ZERO);

    /// The amount of so many cents.
    ///
    /// # Errors
    /// When it leaves what a decimal number holds.
    pub fn from_cents(cents: i128) -> Result<Self, AnbError> {
        let amount = Decimal::try_from_i128_with_scale(cents, 2);
        amount.map(Money).map_err(|_| AnbError::too_large("an amount of money"))
    }

    /// The exact amount, rounded half up to the cent.
    ///
    /// # Errors
    /// When it leaves what a decimal number holds.
    pub fn rounded(exact: Fraction) -> Result<Self, AnbError> {
        Self::from_cents(
            exact.times(Fraction::whole(100))?.rounded(RoundingMode::HalfAwayFromZero)?.numerator(),
        )
    }

    /// The amount in cents.
    #[must_use]
    pub fn cents(self) -> i128 {
        // Every constructor leaves a scale of two or, for zero, of none.
        if self.0.scale() == 2 { self.0.mantissa() } else { self.0.mantissa().saturating_mul(100) }
    }

    /// The amount as an exact fraction of dollars.
    ///
    /// # Errors
    /// Never for amounts that a decimal number holds.
    pub fn to_fraction(self) -> Result<Fraction, AnbError> {
        Fraction::new(self.cents(), 100)
    }

    /// The amount as a decimal number of two places.
    #[must_use]
    pub const fn to_decimal(self) -> Decimal {
        self.0
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.cents() < 0
    }

    /// The sum.
    ///
    /// # Errors
    /// When it leaves what a decimal number holds.
    pub fn plus(self, other: Money) -> Result<Money, AnbError> {
        let cents = self.cents().checked_add(other.cents());
        Self::from_cents(cents.ok_or_else(|| AnbError::too_large("a sum of money"))?)
    }

    /// The difference.
    ///
    /// # Errors
    /// When it leaves what a decimal number holds.
    pub fn minus(self, other: Money) -> Result<Money, AnbError> {
        let cents = self.cents().checked_sub(other.cents());
        Self::from_cents(cents.ok_or_else(|| AnbError::too_large("a difference of money"))?)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.cents();
        let sign = if cents < 0 { "-" } else { "" };
        let cents = cents.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", cents / 100, cents % 100))
    }
}

impl FromStr for Money {
    type Err = AnbError;

    fn from_str(text: &str) -> Result<Self, AnbError> {
        let refuse = || AnbError::unreadable("money", text, "dollars with two decimals such as 1234.50");
        let bare = text.strip_prefix('-').unwrap_or(text);
        let (dollars, cents) = bare.split_once('.').ok_or_else(refuse)?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(dollars) || !digits(cents) || cents.len() != 2 {
            return Err(refuse());
        }
        let number: i128 = format!("{dollars}{cents}").parse().map_err(|_| refuse())?;
        Self::from_cents(if bare.len() < text.len() { -number } else { number })
    }
}

impl From<Money> for String {
    fn from(amount: Money) -> String {
        amount.to_string()
    }
}

impl TryFrom<String> for Money {
    type Error = AnbError;

    fn try_from(text: String) -> Result<Self, AnbError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_are_kept_and_the_form_is_strict() {
        let amount: Money = "-0.05".parse().unwrap();
        assert_eq!((amount.cents(), amount.to_string()), (-5, "-0.05".to_owned()));
        assert_eq!(Money::ZERO.to_string(), "0.00");
        assert_eq!("0.00".parse::<Money>().unwrap(), Money::ZERO);
        for wrong in ["", "5", "5.0", "5.000", "1,000.00", "$5.00", ".50", "5.", "NaN", "5.0x", "1e5.00"] {
            assert!(wrong.parse::<Money>().is_err(), "{wrong:?}");
        }
        assert!("99999999999999999999999999999999.00".parse::<Money>().is_err());
    }

    #[test]
    fn half_a_cent_goes_up() {
        let half = Fraction::new(12345, 1000).unwrap();
        assert_eq!(Money::rounded(half).unwrap().to_string(), "12.35");
    }
}

//! Exact fractions: weights, averages, factors and shares until their one rounding.

use crate::AnbError;
use opi_dictionary::RoundingMode;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// An exact fraction in lowest terms, written `"44"`, `"3.36"` or `"187/180"`.
///
/// ```
/// use opi_anb::Fraction;
/// let average: Fraction = "158".parse()?;
/// let factor: Fraction = "187/180".parse()?;
/// assert_eq!(average.times(factor)?.to_string(), "14773/90");
/// assert_eq!("6/2".parse::<Fraction>()?, "3".parse()?);
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "Written"))]
#[serde(into = "String")]
pub struct Fraction {
    numerator: i128,
    /// Always positive.
    denominator: i128,
}

impl Fraction {
    /// Nothing.
    pub const ZERO: Fraction = Fraction::whole(0);
    /// One.
    pub const ONE: Fraction = Fraction::whole(1);
    /// One quarter.
    pub const QUARTER: Fraction = Fraction { numerator: 1, denominator: 4 };
    /// One half.
    pub const HALF: Fraction = Fraction { numerator: 1, denominator: 2 };
    /// Three quarters.
    pub const THREE_QUARTERS: Fraction = Fraction { numerator: 3, denominator: 4 };

    /// A whole number.
    #[must_use]
    pub const fn whole(number: i64) -> Self {
        Fraction { numerator: number as i128, denominator: 1 }
    }

    /// `numerator / denominator` in lowest terms.
    ///
    /// # Errors
    /// When the denominator is zero or a part leaves 128 bits.
    pub fn new(numerator: i128, denominator: i128) -> Result<Self, AnbError> {
        if denominator == 0 {
            return Err(AnbError::DivisionByZero { what: "a fraction".into() });
        }
        Self::reduced(numerator, denominator).ok_or_else(|| AnbError::too_large("a fraction"))
    }

    fn reduced(numerator: i128, denominator: i128) -> Option<Self> {
        let divisor = greatest_common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
        let divisor = i128::try_from(divisor).ok()?;
        if divisor == 0 {
            return None;
        }
        let (numerator, denominator) = (numerator / divisor, denominator / divisor);
        if denominator < 0 {
            Some(Fraction { numerator: numerator.checked_neg()?, denominator: denominator.checked_neg()? })
        } else {
            Some(Fraction { numerator, denominator })
        }
    }

    /// The part above the line.
    #[must_use]
    pub const fn numerator(self) -> i128 {
        self.numerator
    }

    /// The part below the line, positive.
    #[must_use]
    pub const fn denominator(self) -> i128 {
        self.denominator
    }

    /// The sum.
    ///
    /// # Errors
    /// When a part leaves 128 bits.
    pub fn plus(self, other: Fraction) -> Result<Self, AnbError> {
        self.sum(other).ok_or_else(|| AnbError::too_large("a sum"))
    }

    fn sum(self, other: Fraction) -> Option<Self> {
        if self.denominator == other.denominator {
            let numerator = self.numerator.checked_add(other.numerator)?;
            return match self.denominator {
                1 => Some(Fraction { numerator, denominator: 1 }),
                denominator => Self::reduced(numerator, denominator),
            };
        }
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Self::reduced(left.checked_add(right)?, self.denominator.checked_mul(other.denominator)?)
    }

    /// The difference.
    ///
    /// # Errors
    /// When a part leaves 128 bits.
    pub fn minus(self, other: Fraction) -> Result<Self, AnbError> {
        let negative = other.numerator.checked_neg().ok_or_else(|| AnbError::too_large("a difference"))?;
        self.plus(Fraction { numerator: negative, denominator: other.denominator })
    }

    /// The product.
    ///
    /// # Errors
    /// When a part leaves 128 bits.
    pub fn times(self, other: Fraction) -> Result<Self, AnbError> {
        let product = || {
            // Reduced crosswise first, so that only true overflow is an error.
            let left = Self::reduced(self.numerator, other.denominator)?;
            let right = Self::reduced(other.numerator, self.denominator)?;
            Self::reduced(
                left.numerator.checked_mul(right.numerator)?,
                left.denominator.checked_mul(right.denominator)?,
            )
        };
        product().ok_or_else(|| AnbError::too_large("a product"))
    }

    /// The quotient.
    ///
    /// # Errors
    /// When the divisor is zero or a part leaves 128 bits.
    pub fn over(self, other: Fraction) -> Result<Self, AnbError> {
        self.times(Fraction::new(other.denominator, other.numerator)?)
    }

    /// Rounded to a whole number by a named mode.
    ///
    /// # Errors
    /// When the result leaves 128 bits.
    pub fn rounded(self, mode: RoundingMode) -> Result<Fraction, AnbError> {
        let whole = mode.round_ratio(self.numerator, self.denominator);
        whole
            .map(|numerator| Fraction { numerator, denominator: 1 })
            .ok_or_else(|| AnbError::too_large("a rounding"))
    }

    /// Rounded to a multiple of a unit (`1/100` for cents) by a named mode.
    ///
    /// # Errors
    /// When the unit is zero or the result leaves 128 bits.
    pub fn rounded_to(self, unit: Fraction, mode: RoundingMode) -> Result<Fraction, AnbError> {
        self.over(unit)?.rounded(mode)?.times(unit)
    }

    /// Whether it is a whole number.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.denominator == 1
    }

    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.numerator < 0
    }

    /// The number without its sign (the least number there is becomes the greatest).
    #[must_use]
    pub const fn magnitude(self) -> Self {
        Fraction { numerator: self.numerator.saturating_abs(), denominator: self.denominator }
    }

    /// Whether it is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// The whole number it is, if it is one and fits.
    #[must_use]
    pub fn to_whole(self) -> Option<i64> {
        if self.is_whole() { i64::try_from(self.numerator).ok() } else { None }
    }

    /// With a fixed number of decimals, rounded half up: `164.1444`.
    ///
    /// # Errors
    /// When the result leaves 128 bits.
    pub fn decimals(self, places: u32) -> Result<String, AnbError> {
        let too_large = || AnbError::too_large("a decimal number");
        let scale = 10i128.checked_pow(places).ok_or_else(too_large)?;
        let scaled = self.times(Fraction { numerator: scale, denominator: 1 })?;
        let digits = scaled.rounded(RoundingMode::HalfAwayFromZero)?.numerator;
        let sign = if digits < 0 { "-" } else { "" };
        let (digits, scale) = (digits.unsigned_abs(), scale.unsigned_abs());
        let width = places as usize;
        Ok(match places {
            0 => format!("{sign}{digits}"),
            _ => format!("{sign}{}.{:0width$}", digits / scale, digits % scale),
        })
    }
}

/// Euclid's algorithm, on machine words where the numbers fit.
fn greatest_common_divisor(left: u128, right: u128) -> u128 {
    if let (Ok(mut a), Ok(mut b)) = (u64::try_from(left), u64::try_from(right)) {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        return u128::from(a);
    }
    let (mut a, mut b) = (left, right);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fraction {
    /// By value; where cross products overflow, whole parts first, then the reciprocals of the rests.
    fn cmp(&self, other: &Self) -> Ordering {
        if self.denominator == other.denominator {
            return self.numerator.cmp(&other.numerator);
        }
        let cross =
            (self.numerator.checked_mul(other.denominator), other.numerator.checked_mul(self.denominator));
        if let (Some(left), Some(right)) = cross {
            return left.cmp(&right);
        }
        let (mut a, mut b) = ((self.numerator, self.denominator), (other.numerator, other.denominator));
        loop {
            let whole = a.0.div_euclid(a.1).cmp(&b.0.div_euclid(b.1));
            if whole != Ordering::Equal {
                return whole;
            }
            let (rest_a, rest_b) = (a.0.rem_euclid(a.1), b.0.rem_euclid(b.1));
            match (rest_a == 0, rest_b == 0) {
                (true, true) => return Ordering::Equal,
                (true, false) => return Ordering::Less,
                (false, true) => return Ordering::Greater,
                // a.1 / rest_a < b.1 / rest_b exactly when rest_a / a.1 > rest_b / b.1.
                (false, false) => (a, b) = ((b.1, rest_b), (a.1, rest_a)),
            }
        }
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_whole() {
            f.pad(&self.numerator.to_string())
        } else {
            f.pad(&format!("{}/{}", self.numerator, self.denominator))
        }
    }
}

impl FromStr for Fraction {
    type Err = AnbError;

    fn from_str(text: &str) -> Result<Self, AnbError> {
        let refuse = || AnbError::unreadable("number", text, "an exact number such as 44, 3.36 or 187/180");
        let (sign, bare) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let number = |digits: &str| -> Option<i128> {
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if plain { digits.parse().ok() } else { None }
        };
        if let Some((above, below)) = bare.split_once('/') {
            let (above, below) = (number(above).ok_or_else(refuse)?, number(below).ok_or_else(refuse)?);
            return Fraction::new(sign * above, below);
        }
        let Some((whole, decimals)) = bare.split_once('.') else {
            return Fraction::new(sign * number(bare).ok_or_else(refuse)?, 1);
        };
        let places = u32::try_from(decimals.len()).map_err(|_| refuse())?;
        let scale = 10i128.checked_pow(places).ok_or_else(refuse)?;
        let (whole, decimals) = (number(whole).ok_or_else(refuse)?, number(decimals).ok_or_else(refuse)?);
        let scaled = whole.checked_mul(scale).and_then(|whole| whole.checked_add(decimals));
        Fraction::new(sign * scaled.ok_or_else(refuse)?, scale)
    }
}

impl From<Fraction> for String {
    fn from(value: Fraction) -> String {
        value.to_string()
    }
}

impl TryFrom<String> for Fraction {
    type Error = AnbError;

    fn try_from(text: String) -> Result<Self, AnbError> {
        text.parse()
    }
}

impl<'de> Deserialize<'de> for Fraction {
    /// From text, or from a whole number. A number with a binary fraction is refused: it may not be what was meant.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl Visitor<'_> for Read {
            type Value = Fraction;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or text with an exact number such as \"3.36\" or \"187/180\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Fraction, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Fraction, E> {
                Ok(Fraction::whole(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Fraction, E> {
                Ok(Fraction { numerator: number.into(), denominator: 1 })
            }
        }

        deserializer.deserialize_any(Read)
    }
}

/// A number as text even where a reader would guess its type, as in CSV.
pub(crate) fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fraction, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

/// The two forms in which a number is written, for the schema.
#[cfg(feature = "schemars")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "it is only described, never made")]
enum Written {
    /// A whole number.
    Whole(i64),
    /// An exact number such as `3.36` or `187/180`.
    Text(String),
}

impl From<u32> for Fraction {
    fn from(number: u32) -> Self {
        Fraction { numerator: i128::from(number), denominator: 1 }
    }
}

impl From<i64> for Fraction {
    fn from(number: i64) -> Self {
        Fraction::whole(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fraction(text: &str) -> Fraction {
        text.parse().unwrap()
    }

    #[test]
    fn forms_are_read_exactly() {
        assert_eq!(fraction("3.36"), fraction("84/25"));
        assert_eq!(fraction("-1/2").to_string(), "-1/2");
        assert_eq!(fraction("0.20"), fraction("1/5"));
        for wrong in
            ["", "1/0", "1/", "/2", "1.", ".5", "1e3", " 1", "+1", "1/-2", "--1", "1.2.3", "½", "1_0"]
        {
            assert!(wrong.parse::<Fraction>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn decimals_are_half_up() {
        assert_eq!(fraction("14773/90").decimals(4).unwrap(), "164.1444");
        assert_eq!(fraction("1/20000").decimals(4).unwrap(), "0.0001");
        assert_eq!(fraction("5/2").decimals(0).unwrap(), "3");
        assert_eq!(fraction("187").decimals(4).unwrap(), "187.0000");
    }

    #[test]
    fn extremes_are_errors_never_a_panic() {
        let largest = Fraction::new(i128::MAX, 1).unwrap();
        let least = Fraction::new(i128::MIN, 1).unwrap();
        let fine = Fraction::new(1, i128::MAX).unwrap();
        for a in [largest, least, fine] {
            for b in [largest, least, fine, Fraction::ZERO] {
                let _ = (a.plus(b), a.minus(b), a.times(b), a.over(b), a.cmp(&b), a.decimals(4));
            }
        }
        assert!(largest.plus(Fraction::ONE).is_err());
        assert!(Fraction::ONE.over(Fraction::ZERO).is_err());
        assert!(Fraction::new(1, i128::MIN).is_err());
    }

    proptest! {
        #[test]
        fn order_is_that_of_cross_products(a in -5000i64..5000, b in 1i64..500, c in -5000i64..5000, d in 1i64..500) {
            let left = Fraction::new(a.into(), b.into()).unwrap();
            let right = Fraction::new(c.into(), d.into()).unwrap();
            prop_assert_eq!(left.cmp(&right), (a * d).cmp(&(c * b)));
            prop_assert_eq!(left.plus(right).unwrap().minus(right).unwrap(), left);
            prop_assert_eq!(left.to_string().parse::<Fraction>().unwrap(), left);
        }

        #[test]
        fn any_text_is_a_number_or_an_error(text in "\\PC{0,12}") {
            let _ = text.parse::<Fraction>();
        }
    }
}

//! Rounding that names its rule and its article. Nothing in the workspace rounds without one of these.

use crate::Citation;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// What happens to the part that is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RoundingMode {
    /// To the nearest; a half goes away from zero (2.5 to 3, -2.5 to -3).
    HalfAwayFromZero,
    /// To the nearest; a half goes to the even neighbour (2.5 to 2).
    HalfToEven,
    /// Towards zero.
    TowardsZero,
    /// Towards minus infinity.
    Down,
    /// Towards plus infinity: any part counts as a whole.
    Up,
}

/// A rounding as a text prescribes it: the mode, the decimal places kept, and the citation.
///
/// ```
/// use opi_dictionary::{Citation, Rounding, RoundingMode};
/// use rust_decimal::Decimal;
/// let rule = Rounding::new(RoundingMode::HalfAwayFromZero, 2, Citation::recall("cents"));
/// assert_eq!(rule.apply(Decimal::new(12345, 3)).to_string(), "12.35");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Rounding {
    /// The mode.
    pub mode: RoundingMode,
    /// Decimal places kept.
    pub places: u32,
    /// The text that prescribes it.
    pub citation: Citation,
}

impl Rounding {
    /// A named rounding.
    #[must_use]
    pub const fn new(mode: RoundingMode, places: u32, citation: Citation) -> Self {
        Rounding { mode, places, citation }
    }

    /// Rounds a decimal number to the places of the rule.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one place where a bare rounding may stand")]
    pub fn apply(&self, value: Decimal) -> Decimal {
        let strategy = match self.mode {
            RoundingMode::HalfAwayFromZero => RoundingStrategy::MidpointAwayFromZero,
            RoundingMode::HalfToEven => RoundingStrategy::MidpointNearestEven,
            RoundingMode::TowardsZero => RoundingStrategy::ToZero,
            RoundingMode::Down => RoundingStrategy::ToNegativeInfinity,
            RoundingMode::Up => RoundingStrategy::ToPositiveInfinity,
        };
        value.round_dp_with_strategy(self.places, strategy)
    }
}

impl RoundingMode {
    /// Rounds the exact fraction `numerator / denominator` to a whole number.
    /// `None` when the denominator is zero or the result leaves `i128`.
    ///
    /// ```
    /// use opi_dictionary::RoundingMode;
    /// assert_eq!(RoundingMode::HalfAwayFromZero.round_ratio(5, 2), Some(3));
    /// assert_eq!(RoundingMode::HalfToEven.round_ratio(-5, 2), Some(-2));
    /// assert_eq!(RoundingMode::Up.round_ratio(21, 10), Some(3));
    /// ```
    #[must_use]
    pub fn round_ratio(self, numerator: i128, denominator: i128) -> Option<i128> {
        let (numerator, denominator) = if denominator < 0 {
            (numerator.checked_neg()?, denominator.checked_neg()?)
        } else {
            (numerator, denominator)
        };
        let floor = numerator.checked_div_euclid(denominator)?;
        let rest = numerator.checked_rem_euclid(denominator)?;
        if rest == 0 {
            return Some(floor);
        }
        // Compares the rest with the half without doubling, which could overflow.
        let half = rest.cmp(&(denominator - rest));
        let up = match self {
            RoundingMode::Down => false,
            RoundingMode::Up => true,
            RoundingMode::TowardsZero => numerator < 0,
            RoundingMode::HalfAwayFromZero => half.is_gt() || (half.is_eq() && numerator > 0),
            RoundingMode::HalfToEven => half.is_gt() || (half.is_eq() && floor.rem_euclid(2) == 1),
        };
        if up { floor.checked_add(1) } else { Some(floor) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MODES: [RoundingMode; 5] = [
        RoundingMode::HalfAwayFromZero,
        RoundingMode::HalfToEven,
        RoundingMode::TowardsZero,
        RoundingMode::Down,
        RoundingMode::Up,
    ];

    proptest! {
        #[test]
        fn a_ratio_rounds_as_the_decimal_does(thousandths in -1_000_000i64..1_000_000) {
            for mode in MODES {
                let rule = Rounding::new(mode, 0, Citation::derived("test"));
                let decimal = rule.apply(Decimal::new(thousandths, 3));
                let ratio = mode.round_ratio(i128::from(thousandths), 1000).unwrap();
                prop_assert_eq!(Decimal::from(ratio), decimal, "{:?}", mode);
            }
        }
    }

    #[test]
    fn extremes_are_answers_or_none_never_a_panic() {
        for mode in MODES {
            assert_eq!(mode.round_ratio(1, 0), None);
            for numerator in [i128::MIN, i128::MIN + 1, -1, 0, 1, i128::MAX] {
                for denominator in [i128::MIN, -1, 1, i128::MAX] {
                    let _ = mode.round_ratio(numerator, denominator);
                }
            }
        }
    }
}

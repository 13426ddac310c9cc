//! Exact fractions with checked arithmetic; `None` is an overflow, and an overflow is never a pass.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fraction {
    pub(crate) num: i128,
    pub(crate) den: i128,
}

impl Fraction {
    pub(crate) const ZERO: Self = Self { num: 0, den: 1 };
    pub(crate) const ONE: Self = Self { num: 1, den: 1 };

    pub(crate) fn whole(n: i64) -> Self {
        Self { num: i128::from(n), den: 1 }
    }

    fn reduced(num: i128, den: i128) -> Self {
        if den == 1 {
            return Self { num, den };
        }
        let g = gcd(num.unsigned_abs(), den.unsigned_abs()) as i128;
        let sign = if den < 0 { -1 } else { 1 };
        Self { num: sign * num / g, den: sign * den / g }
    }

    pub(crate) fn add(self, o: Self) -> Option<Self> {
        if self.den == 1 && o.den == 1 {
            return Some(Self { num: self.num.checked_add(o.num)?, den: 1 });
        }
        let num = self.num.checked_mul(o.den)?.checked_add(o.num.checked_mul(self.den)?)?;
        Some(Self::reduced(num, self.den.checked_mul(o.den)?))
    }

    pub(crate) fn sub(self, o: Self) -> Option<Self> {
        self.add(Self { num: -o.num, den: o.den })
    }

    pub(crate) fn mul(self, o: Self) -> Option<Self> {
        Some(Self::reduced(self.num.checked_mul(o.num)?, self.den.checked_mul(o.den)?))
    }

    /// Division by a non-zero fraction.
    pub(crate) fn div(self, o: Self) -> Option<Self> {
        if o.num == 0 {
            return None;
        }
        Some(Self::reduced(self.num.checked_mul(o.den)?, self.den.checked_mul(o.num)?))
    }

    pub(crate) fn neg(self) -> Self {
        Self { num: -self.num, den: self.den }
    }

    pub(crate) fn is_zero(self) -> bool {
        self.num == 0
    }

    pub(crate) fn sign(self) -> i32 {
        self.num.signum() as i32
    }

    pub(crate) fn less(self, o: Self) -> Option<bool> {
        Some(self.num.checked_mul(o.den)? < o.num.checked_mul(self.den)?)
    }

    /// The integer that this is, if it is one of ordinary size.
    pub(crate) fn integer(self) -> Option<i64> {
        if self.den == 1 { i64::try_from(self.num).ok() } else { None }
    }

    pub(crate) fn floor(self) -> i64 {
        i64::try_from(self.num.div_euclid(self.den)).unwrap_or(if self.num < 0 { i64::MIN } else { i64::MAX })
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

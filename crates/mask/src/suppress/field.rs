//! Arithmetic modulo the Mersenne prime 2^61 - 1, and a fixed pseudo-random sequence.

pub(crate) const P: u64 = (1 << 61) - 1;

pub(crate) fn add(a: u64, b: u64) -> u64 {
    let s = a + b;
    if s >= P { s - P } else { s }
}

pub(crate) fn sub(a: u64, b: u64) -> u64 {
    if a >= b { a - b } else { a + P - b }
}

pub(crate) fn neg(a: u64) -> u64 {
    if a == 0 { 0 } else { P - a }
}

pub(crate) fn mul(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    let low = (wide as u64) & P;
    let high = (wide >> 61) as u64;
    add(low, high)
}

/// Inverse of a non-zero element.
pub(crate) fn inv(a: u64) -> u64 {
    if a == 1 || a == P - 1 {
        return a;
    }
    let (mut base, mut exponent, mut out) = (a, P - 2, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            out = mul(out, base);
        }
        base = mul(base, base);
        exponent >>= 1;
    }
    out
}

pub(crate) fn from_i64(a: i64) -> u64 {
    let magnitude = a.unsigned_abs() % P;
    if a < 0 { neg(magnitude) } else { magnitude }
}

/// The residue read as an integer of least magnitude.
pub(crate) fn to_i64(a: u64) -> i64 {
    if a > P / 2 { -((P - a) as i64) } else { a as i64 }
}

/// A fixed sequence (SplitMix64): the same on every platform and run.
#[derive(Debug, Clone)]
pub(crate) struct Sequence(pub(crate) u64);

impl Sequence {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn element(&mut self) -> u64 {
        self.next() % (P - 1) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_and_signs() {
        let mut s = Sequence(7);
        for _ in 0..200 {
            let a = s.element();
            assert_eq!(mul(a, inv(a)), 1);
            assert_eq!(add(a, neg(a)), 0);
            assert_eq!(sub(0, a), neg(a));
        }
        for k in [-7, -1, 0, 1, 12345] {
            assert_eq!(to_i64(from_i64(k)), k);
        }
    }
}

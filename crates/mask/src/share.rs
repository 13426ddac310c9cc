//! Percentages as part of a publication.

use crate::policy::Policy;

/// How percentages are printed beside the counts of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// Rounded half up to so many decimals, where the count and the total are both shown; masked elsewhere. A
    /// whole percent of up to 100 is the count itself, so nothing less would do.
    Rounded(u32),
    /// The codes of a policy by the size of the total, wherever the total is shown. A code tells the range that
    /// the count lies in, and that is known to the attacker in everything that is proved.
    Coded(Box<Policy>),
}

/// The percentages of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shares {
    /// Dimension whose total is 100 percent.
    pub(crate) dimension: usize,
    pub(crate) form: Form,
}

impl Form {
    /// The least and greatest count that a printed code allows; none where no code is printed.
    #[must_use]
    pub fn told(&self, count: u64, size: u64) -> Option<(u64, u64)> {
        let Self::Coded(policy) = self else { return None };
        let band = policy.band(size)?;
        let code = band.codes.iter().find(|c| band.code(size, count) == Some(c.code.as_str()))?;
        // The counts whose rounded percentage lies between the ends of the code.
        let least = (2 * code.from).saturating_sub(1).saturating_mul(size).div_ceil(200);
        let most = ((2 * code.to + 1).saturating_mul(size).saturating_sub(1) / 200).min(size);
        Some((least, most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_their_counts() {
        let form = Form::Coded(Box::new(Policy::find("edfacts-public").unwrap()));
        for size in [6, 15, 16, 30, 31, 60, 61, 300, 301, 640] {
            let Form::Coded(policy) = &form else { continue };
            let band = policy.band(size).unwrap();
            for count in 0..=size {
                let counts = band.counts(size, band.code(size, count).unwrap());
                let told = (counts[0], counts[counts.len() - 1]);
                assert_eq!(form.told(count, size), Some(told), "{count} of {size}");
            }
        }
    }
}

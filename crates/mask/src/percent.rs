//! Percentages: coding by bands, and what a printed percentage gives away.

use crate::error::{Error, Result};

/// The codes that a policy uses for groups of one size class, covering 0 to 100 percent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// Codes in ascending order.
    pub codes: Vec<BandCode>,
}

/// One code and the whole percents that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BandCode {
    /// Text printed.
    pub code: String,
    /// First whole percent.
    pub from: u64,
    /// Last whole percent.
    pub to: u64,
}

impl Band {
    /// The code printed for `count` of `size`: the percentage is rounded to a whole one first (half up).
    #[must_use]
    pub fn code(&self, size: u64, count: u64) -> Option<&str> {
        let percent = u64::try_from(rounded(count, size, 0)?).ok()?;
        self.codes.iter().find(|c| percent >= c.from && percent <= c.to).map(|c| c.code.as_str())
    }

    /// The counts out of `size` for which this code is printed.
    #[must_use]
    pub fn counts(&self, size: u64, code: &str) -> Vec<u64> {
        (0..=size).filter(|&k| self.code(size, k) == Some(code)).collect()
    }
}

/// `100 * count / size` rounded half up to so many decimals, as a whole number of those decimals. All in
/// integers: a binary fraction would fall on the wrong side of a half.
#[must_use]
pub fn rounded(count: u64, size: u64, decimals: u32) -> Option<u128> {
    let scale = 10_u128.checked_pow(decimals)?;
    let (count, size) = (u128::from(count), u128::from(size));
    if size == 0 {
        return None;
    }
    Some((count.checked_mul(200)?.checked_mul(scale)?.checked_add(size)?) / (2 * size))
}

/// The mean of `sum` over `size`, rounded half up to so many decimals, as a whole number of those decimals.
#[must_use]
pub fn mean(sum: u64, size: u64, decimals: u32) -> Option<u128> {
    let scale = 10_u128.checked_pow(decimals)?;
    let (sum, size) = (u128::from(sum), u128::from(size));
    if size == 0 {
        return None;
    }
    Some(sum.checked_mul(2)?.checked_mul(scale)?.checked_add(size)? / (2 * size))
}

/// A printed percentage as a whole number of its last decimal, and the number of decimals.
///
/// # Errors
/// [`Error::Input`] if the text is not a decimal number of at most six decimals.
pub fn parse_percent(text: &str) -> Result<(u128, u32)> {
    let bad = || Error::Input {
        place: "percentage".to_owned(),
        problem: format!("`{text}` is not a number such as 82.4 or 82.4%"),
    };
    let digits = text.trim().trim_end_matches('%').trim();
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || fraction.len() > 6 || !plain(whole) || !plain(fraction) {
        return Err(bad());
    }
    let value: u128 = format!("{whole}{fraction}").parse().map_err(|_| bad())?;
    Ok((value, fraction.len() as u32))
}

/// The counts out of `size` that a printed percentage allows.
///
/// ```
/// assert_eq!(opi_mask::percent::possible_counts("82.4", 17)?, [14]);
/// assert_eq!(opi_mask::percent::possible_counts("2", 250)?, [4, 5, 6]);
/// # Ok::<(), opi_mask::Error>(())
/// ```
///
/// # Errors
/// [`Error::Input`] if the text is not a percentage.
pub fn possible_counts(shown: &str, size: u64) -> Result<Vec<u64>> {
    let (value, decimals) = parse_percent(shown)?;
    Ok((0..=size).filter(|&k| rounded(k, size, decimals) == Some(value)).collect())
}

/// The pairs of size and count that a printed percentage allows for sizes up to a limit: without any size
/// shown, a fine percentage can still have only one.
///
/// # Errors
/// [`Error::Input`] if the text is not a percentage.
pub fn possible_pairs(shown: &str, size_at_most: u64) -> Result<Vec<(u64, u64)>> {
    let mut pairs = Vec::new();
    for size in 1..=size_at_most {
        pairs.extend(possible_counts(shown, size)?.into_iter().map(|k| (size, k)));
    }
    Ok(pairs)
}

/// The sums over `size` members that a printed mean allows (both as whole numbers of the same last decimal
/// place; the mean rounded half up to `decimals` further places).
#[must_use]
pub fn possible_sums(mean: u64, decimals: u32, size: u64) -> Option<(u64, u64)> {
    let scale = 10_u64.checked_pow(decimals)?;
    // floor((2 * sum * 10^d + n) / 2n) = mean  <=>  (2 mean - 1) n <= 2 * sum * 10^d < (2 mean + 1) n
    let least = (2 * mean).saturating_sub(1).checked_mul(size)?.div_ceil(2 * scale);
    let most = (2 * mean + 1).checked_mul(size)?.checked_sub(1)? / (2 * scale);
    Some((least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_percents_are_unique_up_to_one_hundred() {
        for size in 1..=101_u64 {
            let unique =
                (0..=100_u128).all(|p| (0..=size).filter(|&k| rounded(k, size, 0) == Some(p)).count() <= 1);
            assert_eq!(unique, size <= 100, "{size}");
        }
    }

    #[test]
    fn halves_go_up() {
        assert_eq!(rounded(1, 200, 0), Some(1)); // 0.5
        assert_eq!(rounded(1, 40, 0), Some(3)); // 2.5
        assert_eq!(rounded(41, 200, 0), Some(21)); // 20.5
        assert_eq!(rounded(3, 0, 0), None);
    }

    #[test]
    fn sums_of_means() {
        // A mean of 2486.5 over 12 with one decimal: sums 29838 only (29837.4 to 29838.6).
        assert_eq!(possible_sums(24_865, 1, 12), Some((29_838, 29_838)));
        assert_eq!(possible_sums(24_900, 1, 11), Some((27_390, 27_390)));
    }
}

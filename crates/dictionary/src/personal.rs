//! Personal data: kept apart from text that may be shown.

use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroize;

/// What stands in the place of a personal value in `Debug` and `Display`.
pub const REDACTED: &str = "[personal]";

/// A personal value. `Debug` and `Display` print a placeholder, so it cannot slip into a log, an error
/// or a finding; [`Personal::reveal`] is the one call that opens it. The memory is wiped on drop.
///
/// Serialising with `serde` writes the value: a record that is stored or sent is data, not a message.
///
/// ```
/// use opi_dictionary::Personal;
/// let name = Personal::new(String::from("Zinnia Larkspur"));
/// assert_eq!(format!("{name:?} {name}"), "[personal] [personal]");
/// assert_eq!(name.reveal(), "Zinnia Larkspur");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Personal<T: Zeroize>(T);

impl<T: Zeroize> Personal<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Personal(value)
    }

    /// The value itself. Every call is a place where personal data leaves the wrapper.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Personal<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T: Zeroize> fmt::Display for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// The outline of a text, safe to show: digits as `9`, letters as `A` or `a`, the rest as it is,
/// control characters escaped, at most 24 characters.
///
/// ```
/// assert_eq!(opi_dictionary::shape("08/3x/2025"), "99/9a/9999");
/// ```
#[must_use]
pub fn shape(text: &str) -> String {
    const SHOWN: usize = 24;
    let mut outline = String::with_capacity(SHOWN);
    for (index, character) in text.chars().enumerate() {
        if index == SHOWN {
            outline.push('…');
            break;
        }
        match character {
            c if c.is_numeric() => outline.push('9'),
            c if c.is_uppercase() => outline.push('A'),
            c if c.is_alphabetic() => outline.push('a'),
            c if c.is_control() => outline.extend(c.escape_unicode()),
            c => outline.push(c),
        }
    }
    outline
}

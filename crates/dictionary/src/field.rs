//! Fields: a number that names a field for ever, whatever the column it stands in.

use serde::{Deserialize, Serialize};

/// Names a field for ever. A layout maps it to a column, so that rules and readers survive a change of
/// order. Numbers are append-only and stand in `spec/fields.csv`; a field that only a replacement layout
/// knows gets a number after the last built-in one, valid in that [`Dictionary`](crate::Dictionary).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct FieldId(pub(crate) std::num::NonZeroU16);

impl FieldId {
    /// The field with this number; `None` for zero.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        match std::num::NonZeroU16::new(number) {
            Some(number) => Some(FieldId(number)),
            None => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0.get()
    }

    /// Where the field stands in tables by field.
    #[must_use]
    pub(crate) fn index(self) -> usize {
        usize::from(self.0.get()) - 1
    }
}

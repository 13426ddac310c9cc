//! How firm a fact is, and where it was read.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How firm a fact is. The mark travels with the fact into every result that rests on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Read in a public document that is named.
    Sourced,
    /// Follows from sourced facts by stated reasoning.
    Derived,
    /// Believed, not confirmed against a document.
    Recall,
}

impl Standing {
    /// The weaker of two marks: what rests on both is no firmer than the weaker one.
    #[must_use]
    pub fn weakest(self, other: Standing) -> Standing {
        self.max(other)
    }

    /// The word used in tables: `sourced`, `derived` or `recall`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Sourced => "sourced",
            Standing::Derived => "derived",
            Standing::Recall => "recall",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Standing {
    type Err = crate::DictionaryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "sourced" => Ok(Standing::Sourced),
            "derived" => Ok(Standing::Derived),
            "recall" => Ok(Standing::Recall),
            other => {
                Err(crate::DictionaryError::unknown_word("standing", other, "sourced, derived or recall"))
            }
        }
    }
}

/// Where a rule, a figure or a step comes from: an article or document, and how firm it is.
///
/// ```
/// use opi_dictionary::{Citation, Standing};
/// let cited = Citation::sourced("MCA 20-9-311(1)");
/// assert_eq!(cited.to_string(), "MCA 20-9-311(1)");
/// assert_eq!(Citation::recall("MCA 20-1-301").to_string(), "MCA 20-1-301 [recall]");
/// assert_eq!(cited.standing, Standing::Sourced);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Citation {
    /// The article or document, as the field writes it: `MCA 20-9-311(1)`, `KB-EN-UP`.
    pub source: std::borrow::Cow<'static, str>,
    /// How firm the reading is.
    pub standing: Standing,
}

impl Citation {
    /// A citation with its standing.
    #[must_use]
    pub const fn new(source: &'static str, standing: Standing) -> Self {
        Citation { source: std::borrow::Cow::Borrowed(source), standing }
    }

    /// A citation read in the named document.
    #[must_use]
    pub const fn sourced(source: &'static str) -> Self {
        Citation::new(source, Standing::Sourced)
    }

    /// A citation that follows from sourced facts.
    #[must_use]
    pub const fn derived(source: &'static str) -> Self {
        Citation::new(source, Standing::Derived)
    }

    /// A citation that is believed, not confirmed.
    #[must_use]
    pub const fn recall(source: &'static str) -> Self {
        Citation::new(source, Standing::Recall)
    }

    /// A citation from a table row, whose text is owned.
    #[must_use]
    pub fn owned(source: String, standing: Standing) -> Self {
        Citation { source: std::borrow::Cow::Owned(source), standing }
    }
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        match self.standing {
            Standing::Sourced => Ok(()),
            mark => write!(f, " [{mark}]"),
        }
    }
}

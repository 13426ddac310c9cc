//! Levels of protection and costs of hiding.

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// What must hold for every sensitive cell, whatever an attacker computes. `lo` and `hi` are the least and
/// greatest value that the cell can have given everything published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// `hi > lo`: the value cannot be derived.
    Exact,
    /// `hi - lo >= k`: at least `k + 1` candidate values.
    Width(u64),
    /// `lo <= 1` and `hi >= T`: nothing is learnt beyond a legend that says "T or fewer".
    Range(u64),
    /// `lo <= 1` and `hi > T`: not even smallness can be proved.
    Hide(u64),
    /// `hi >= value + upper` and `lo <= value - lower` (lower limited to the value itself).
    Sliding {
        /// Upper protection.
        upper: u64,
        /// Lower protection.
        lower: u64,
    },
}

impl Level {
    /// What the interval of a cell with this true value must reach: the greatest allowed `lo`, the least
    /// allowed `hi`, and the least width.
    #[must_use]
    pub fn demand(self, value: u64) -> Demand {
        match self {
            Self::Exact => Demand { lo: value, hi: value, width: 1 },
            Self::Width(k) => Demand { lo: value, hi: value, width: k.max(1) },
            Self::Range(t) => Demand { lo: value.min(1), hi: value.max(t), width: 1 },
            Self::Hide(t) => Demand { lo: value.min(1), hi: value.max(t.saturating_add(1)), width: 1 },
            Self::Sliding { upper, lower } => {
                Demand { lo: value.saturating_sub(lower), hi: value.saturating_add(upper), width: 1 }
            }
        }
    }
}

/// The interval that a level demands for one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// `lo` must not be above this.
    pub lo: u64,
    /// `hi` must not be below this.
    pub hi: u64,
    /// `hi - lo` must not be below this.
    pub width: u64,
}

impl Demand {
    /// Whether an interval satisfies the demand.
    #[must_use]
    pub fn met(&self, lo: u64, hi: u64) -> bool {
        lo <= self.lo && hi >= self.hi && hi.saturating_sub(lo) >= self.width
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::Width(k) => write!(f, "width:{k}"),
            Self::Range(t) => write!(f, "range:{t}"),
            Self::Hide(t) => write!(f, "hide:{t}"),
            Self::Sliding { upper, lower } => write!(f, "spl:{upper},{lower}"),
        }
    }
}

impl FromStr for Level {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::UnknownName {
            what: "protection level",
            name: text.to_owned(),
            known: "exact, width:K, range:T, hide:T, spl:UPPER,LOWER".to_owned(),
        };
        let number = |s: &str| s.trim().parse::<u64>().ok().filter(|n| *n < 1 << 32).ok_or_else(bad);
        match text.split_once(':') {
            None if text == "exact" => Ok(Self::Exact),
            Some(("width", k)) => Ok(Self::Width(number(k)?)),
            Some(("range", t)) => Ok(Self::Range(number(t)?)),
            Some(("hide", t)) => Ok(Self::Hide(number(t)?)),
            Some(("spl", pair)) => {
                let (upper, lower) = pair.split_once(',').ok_or_else(bad)?;
                Ok(Self::Sliding { upper: number(upper)?, lower: number(lower)? })
            }
            _ => Err(bad()),
        }
    }
}

/// What hiding a cell costs. All costs are integers of at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Cost {
    /// `max(1, value)`, doubled for every step of aggregation above the leaves, so that totals stay.
    #[default]
    ValueByLevel,
    /// `max(1, value)`.
    Value,
    /// 1 for every cell.
    Count,
}

impl Cost {
    /// Cost of a cell with this value, so many steps above the leaves.
    #[must_use]
    pub fn of(self, value: u64, height: u32) -> u64 {
        match self {
            Self::Count => 1,
            Self::Value => value.max(1),
            Self::ValueByLevel => value.max(1) << height.min(16),
        }
    }
}

impl FromStr for Cost {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "value-by-level" => Ok(Self::ValueByLevel),
            "value" => Ok(Self::Value),
            "count" => Ok(Self::Count),
            _ => Err(Error::UnknownName {
                what: "cost",
                name: text.to_owned(),
                known: "value-by-level, value, count".to_owned(),
            }),
        }
    }
}

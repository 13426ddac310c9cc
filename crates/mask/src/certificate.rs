//! The certificate: everything that is needed to check a masked publication with whole-number arithmetic.
//!
//! It holds the true counts and is as confidential as they are: it is for the agency's own records and its
//! auditors, never for publication.

use crate::check::{Verdict, check};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Name of this form of certificate.
pub const FORMAT: &str = "opi-mask certificate 2";

/// A certificate. Cells and relations are named by position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Always [`FORMAT`].
    pub format: String,
    /// The protection that every sensitive cell has.
    pub level: LevelName,
    /// The rule that makes a count sensitive; absent when the sensitive cells were listed by hand.
    pub rule: Option<SensitiveRule>,
    /// Name of each cell: its codes joined by `|`.
    pub labels: Vec<String>,
    /// True count of each cell.
    pub values: Vec<u64>,
    /// Relations: the first cell is the sum of the others.
    pub relations: Vec<Vec<u32>>,
    /// Hidden cells in order.
    pub hidden: Vec<u32>,
    /// Sensitive cells in order; all of them are hidden.
    pub sensitive: Vec<u32>,
    /// What a legend or another source says of hidden cells: cell, least value, greatest value.
    pub bounds: Vec<(u32, u64, u64)>,
    /// Codes of percentages that are printed for hidden cells; their ranges are among the bounds.
    pub coded: Vec<Coded>,
    /// Witness tables: changes of hidden cells that leave every published figure as it is.
    pub tables: Vec<Vec<(u32, i64)>>,
    /// Proof that no pattern costs less than a certain sum; absent when none was made.
    pub lower_bound: Option<LowerBound>,
}

/// A coded percentage printed for a hidden cell, and the counts that it allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Coded {
    /// The hidden cell.
    pub of: u32,
    /// The cell that is 100 percent; it is shown.
    pub base: u32,
    /// Least count.
    pub lo: u64,
    /// Greatest count.
    pub hi: u64,
}

/// A protection level as plain data: `exact`, `width` (a), `range` (a), `hide` (a) or `spl` (a up, b down).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LevelName {
    /// Name of the level.
    pub name: String,
    /// First parameter; 0 where the level has none.
    pub a: u64,
    /// Second parameter; 0 where the level has none.
    pub b: u64,
}

/// Counts from 1 to `max` are sensitive, and 0 if `zero` says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SensitiveRule {
    /// Greatest sensitive count.
    pub max: u64,
    /// Whether 0 is sensitive.
    pub zero: bool,
}

/// A proof that the secondary cells of every safe pattern cost at least `total`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LowerBound {
    /// The sum of the weights.
    pub total: u64,
    /// Cost of each cell.
    pub costs: Vec<u64>,
    /// Cells that are the same number: a relation that has come down to the two cells being equal.
    pub same: Vec<(u32, u32, u32)>,
    /// Cuts with weights; over the cuts that hold a cell, weights add up to at most its cost.
    pub cuts: Vec<WeightedCut>,
}

/// A combination of relations that would give a sensitive cell away unless one of its other cells is hidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WeightedCut {
    /// The sensitive cell.
    pub target: u32,
    /// Relations and their multipliers.
    pub multipliers: Vec<(u32, i64)>,
    /// The weight.
    pub weight: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    digest: String,
    certificate: Certificate,
}

impl Certificate {
    /// Writes the certificate as one line of JSON with a digest of its content.
    ///
    /// # Errors
    /// [`Error::Input`] if it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String> {
        let digest = self.digest()?;
        let sealed = Sealed { digest, certificate: self.clone() };
        serde_json::to_string(&sealed).map_err(|e| unreadable(&e.to_string()))
    }

    /// Reads a certificate and compares its digest. Nothing about its content is believed yet.
    ///
    /// # Errors
    /// [`Error::Input`] for anything that is not exactly what [`Self::to_json`] wrote.
    pub fn from_json(text: &str) -> Result<Self> {
        let sealed: Sealed = serde_json::from_str(text).map_err(|e| unreadable(&e.to_string()))?;
        if sealed.certificate.digest()? != sealed.digest {
            return Err(unreadable("the digest does not fit the content; the certificate was changed"));
        }
        Ok(sealed.certificate)
    }

    fn digest(&self) -> Result<String> {
        let body = serde_json::to_vec(self).map_err(|e| unreadable(&e.to_string()))?;
        Ok(blake3::hash(&body).to_hex().to_string())
    }

    /// Checks every claim with whole-number arithmetic.
    ///
    /// # Errors
    /// [`Error::NotCertified`] with the first claim that does not hold.
    pub fn verify(&self) -> Result<Verdict> {
        check(self).map_err(|problem| Error::NotCertified { problem })
    }
}

fn unreadable(problem: &str) -> Error {
    Error::Input { place: "certificate".to_owned(), problem: problem.to_owned() }
}

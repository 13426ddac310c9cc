//! Masking policies as data. What a source leaves unstated stays unstated until the caller chooses it.

use crate::error::{Error, Result};
use crate::masking::{Rule, Zeros};
use crate::percent::{Band, BandCode};
use crate::release::Symbols;
use serde::Deserialize;

const TABLE: &str = include_str!("../spec/policies.toml");

/// One policy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Policy {
    /// Identifier.
    pub id: String,
    /// What it is.
    pub title: String,
    /// Where it is written.
    pub source: String,
    /// `sourced`, `recall` or `mixed`.
    pub standing: String,
    /// First calendar year in which the text was seen in force.
    pub first_year: u16,
    /// Greatest count that is masked.
    pub max_masked: u64,
    /// Symbol printed for a masked figure.
    pub symbol: String,
    /// Symbol printed for a figure masked to protect another, where the policy has a second one.
    pub secondary_symbol: Option<String>,
    /// `show`, `mask` or `unstated`.
    pub zero: String,
    /// `required` or `unstated`.
    pub complementary: String,
    /// `none`, `bands` or `unstated`.
    pub percent: String,
    /// `half-up` or `unstated`.
    pub rounding: String,
    #[serde(default, rename = "band")]
    bands: Vec<BandRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct BandRow {
    size: [u64; 2],
    #[serde(default)]
    codes: Vec<String>,
    below: Option<(String, u64)>,
    above: Option<(String, u64)>,
    #[serde(default)]
    between: u64,
    #[serde(default)]
    bare: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    policy: Vec<Policy>,
}

impl Policy {
    /// All policies that come with the crate.
    ///
    /// # Errors
    /// [`Error::Input`] if the table is damaged, which a test rules out.
    pub fn all() -> Result<Vec<Self>> {
        Self::parse(TABLE)
    }

    /// Reads policies in the same form from a user's own table.
    ///
    /// # Errors
    /// [`Error::Input`] with the place and what would be right; unknown keys are errors.
    pub fn parse(text: &str) -> Result<Vec<Self>> {
        let file: PolicyFile = toml::from_str(text)
            .map_err(|e| Error::Input { place: "policy table".to_owned(), problem: e.to_string() })?;
        for policy in &file.policy {
            let check = |what: &str, found: &str, allowed: &[&str]| {
                if allowed.contains(&found) {
                    return Ok(());
                }
                Err(Error::Input {
                    place: format!("policy `{}`, {what}", policy.id),
                    problem: format!("found `{found}`, expected one of {}", allowed.join(", ")),
                })
            };
            check("zero", &policy.zero, &["show", "mask", "unstated"])?;
            check("complementary", &policy.complementary, &["required", "unstated"])?;
            check("percent", &policy.percent, &["none", "bands", "unstated"])?;
            check("rounding", &policy.rounding, &["half-up", "unstated"])?;
            check("standing", &policy.standing, &["sourced", "recall", "mixed"])?;
            policy.check_bands()?;
        }
        Ok(file.policy)
    }

    /// Every size above the limit has a band, and every percentage of every band a code, if there are bands.
    fn check_bands(&self) -> Result<()> {
        let wrong =
            |what: String| Err(Error::Input { place: format!("policy `{}`, bands", self.id), problem: what });
        if (self.percent == "bands") == self.bands.is_empty() {
            return wrong("`percent = \"bands\"` and [[policy.band]] entries belong together".to_owned());
        }
        let mut from = None;
        for row in &self.bands {
            let [first, last] = row.size;
            if from.is_some_and(|f| f != first) || (last != 0 && last < first) {
                return wrong(format!("sizes {first} to {last} do not follow on the band before"));
            }
            from = Some(last + 1);
            let mut percent = 0;
            for code in self.band(first).map(|b| b.codes).unwrap_or_default() {
                if code.from != percent && code.code != self.symbol || code.to < code.from {
                    return wrong(format!("`{}` leaves a gap or an overlap at {percent} percent", code.code));
                }
                percent = code.to + 1;
            }
            if percent != 101 {
                return wrong(format!("sizes from {first}: the codes end at {percent} percent, not at 100"));
            }
        }
        Ok(())
    }

    /// A policy by its identifier.
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the identifiers that exist.
    pub fn find(id: &str) -> Result<Self> {
        let all = Self::all()?;
        let known = all.iter().map(|p| p.id.as_str()).collect::<Vec<_>>().join(", ");
        all.into_iter().find(|p| p.id == id).ok_or_else(|| Error::UnknownName {
            what: "policy",
            name: id.to_owned(),
            known,
        })
    }

    /// The masking rule. `zeros` settles what the source leaves open, and is refused where it contradicts it.
    ///
    /// ```
    /// use opi_mask::{Policy, Zeros};
    /// let policy = Policy::find("montana-opi")?;
    /// assert!(policy.rule(None).is_err()); // Montana does not say whether a zero is masked
    /// assert_eq!(policy.rule(Some(Zeros::Show))?.max_masked, 5);
    /// # Ok::<(), opi_mask::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unstated`] if the treatment of zeros is neither stated nor chosen; [`Error::Input`] if the
    /// choice contradicts the policy.
    pub fn rule(&self, zeros: Option<Zeros>) -> Result<Rule> {
        let stated = match self.zero.as_str() {
            "show" => Some(Zeros::Show),
            "mask" => Some(Zeros::Mask),
            _ => None,
        };
        let zeros = match (stated, zeros) {
            (None, None) => {
                return Err(Error::Unstated {
                    policy: self.id.clone(),
                    what: "how zeros are treated",
                    choices: "show, structural, mask, cover",
                });
            }
            (Some(stated), Some(chosen)) if stated != chosen && !(stated.known() && chosen.known()) => {
                return Err(Error::Input {
                    place: format!("policy `{}`", self.id),
                    problem: format!("says zeros are {stated:?}, but {chosen:?} was asked for"),
                });
            }
            (_, Some(chosen)) => chosen,
            (Some(stated), None) => stated,
        };
        let mut rule = Rule::new(self.max_masked, zeros);
        rule.legend_marks_sensitive = self.secondary_symbol.is_some();
        Ok(rule)
    }

    /// The symbols of the policy: one, or a second for what is hidden to protect another.
    #[must_use]
    pub fn symbols(&self) -> Symbols {
        match &self.secondary_symbol {
            Some(second) => Symbols::two(&self.symbol, second),
            None => Symbols::one(&self.symbol),
        }
    }

    /// The band for a group of this size; none if the policy has none for it.
    #[must_use]
    pub fn band(&self, size: u64) -> Option<Band> {
        let row = self.bands.iter().find(|b| size >= b.size[0] && (b.size[1] == 0 || size <= b.size[1]))?;
        let mut codes = Vec::new();
        if row.codes.is_empty() {
            let (below, low) = row.below.clone()?;
            let (above, high) = row.above.clone()?;
            codes.push(BandCode { code: below, from: 0, to: low });
            let mut from = low + 1;
            while from < high {
                // Ranges end just below the next multiple of their width.
                let to = ((from / row.between.max(1) + 1) * row.between.max(1) - 1).min(high - 1);
                let code = match (from == to, row.bare) {
                    (true, true) => format!("{from}"),
                    (true, false) => format!("{from}%"),
                    (false, _) => format!("{from}-{to}"),
                };
                codes.push(BandCode { code, from, to });
                from = to + 1;
            }
            codes.push(BandCode { code: above, from: high, to: 100 });
        } else {
            for code in &row.codes {
                let (from, to) = code_range(code)?;
                codes.push(BandCode { code: code.clone(), from, to });
            }
        }
        Some(Band { codes })
    }
}

/// The whole percents that a code of the public files stands for.
fn code_range(code: &str) -> Option<(u64, u64)> {
    let number = |s: &str| s.parse::<u64>().ok();
    if code == "PS" {
        return Some((0, 100));
    }
    if let Some(n) = code.strip_prefix("LT") {
        return Some((0, number(n)?.checked_sub(1)?));
    }
    if let Some(n) = code.strip_prefix("LE") {
        return Some((0, number(n)?));
    }
    if let Some(n) = code.strip_prefix("GE") {
        return Some((number(n)?, 100));
    }
    let (from, to) = code.split_once('-')?;
    Some((number(from)?, number(to)?))
}

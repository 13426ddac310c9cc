//! Policies: which rules are switched off or weigh differently, where, why and until when.

use crate::parameters::from_toml;
use crate::registry::nearest;
use crate::{Parameters, RulesError};
use chrono::NaiveDate;
use opi_dictionary::{DistrictNumber, Severity};
use serde::{Deserialize, Serialize};

/// One change to one rule. It always says why and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The code of the rule; `code` is understood too.
    #[serde(alias = "code")]
    pub rule: String,
    /// The district it holds for; all districts when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<DistrictNumber>,
    /// Switches the rule off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,
    /// Gives the rule another severity.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "severity")]
    pub severity: Option<Severity>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds: a date of TOML, or a text such as `2026-06-30`.
    #[serde(deserialize_with = "day")]
    pub expires: NaiveDate,
}

/// A severity in any of its spellings, such as `blocks certification`.
fn severity<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Option<Severity>, D::Error> {
    let text = String::deserialize(source)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

fn day<'de, D: serde::Deserializer<'de>>(source: D) -> Result<NaiveDate, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Day {
        Text(String),
        Date(toml::value::Datetime),
    }
    let text = match Day::deserialize(source)? {
        Day::Text(text) => text,
        Day::Date(date) => date.to_string(),
    };
    text.parse().map_err(|_| serde::de::Error::custom(format!("{text:?} is no day such as 2026-06-30")))
}

/// A policy, read from TOML: `[parameters]` with thresholds and one `[[rule]]` a change.
///
/// ```
/// let policy = opi_rules::Policy::from_toml(r#"
///     [parameters]
///     count_change_percent = 30
///     [[rule]]
///     rule = "ENR-005"
///     severity = "note"
///     reason = "Saturday school until the flood damage is mended"
///     expires = "2026-06-30"
/// "#)?;
/// assert_eq!(policy.rule.len(), 1);
/// let error = opi_rules::Policy::from_toml("[[rule]]\nrule = \"ENR-05\"\noff = true\nreason = \"x\"\nexpires = \"2026-06-30\"\n");
/// assert!(error.is_err());
/// # Ok::<(), opi_rules::RulesError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Thresholds.
    pub parameters: Parameters,
    /// Changes, the later one wins; one for a district wins over one for all.
    pub rule: Vec<Change>,
}

impl Policy {
    /// Reads a policy. Codes of the registry only: see [`Policy::from_toml_with`] for rules of one's own.
    ///
    /// # Errors
    /// When the text is not of the form, names an unknown rule or one that was replaced, changes nothing, or gives no
    /// reason.
    pub fn from_toml(text: &str) -> Result<Self, RulesError> {
        Self::from_toml_with(text, &[])
    }

    /// Reads a policy that may also name these codes.
    ///
    /// # Errors
    /// As [`Policy::from_toml`].
    pub fn from_toml_with(text: &str, own_codes: &[&str]) -> Result<Self, RulesError> {
        let policy: Policy = from_toml("policy", text)?;
        policy.check(own_codes)?;
        Ok(policy)
    }

    /// Checks codes, reasons and contents.
    ///
    /// # Errors
    /// As [`Policy::from_toml`].
    pub fn check(&self, own_codes: &[&str]) -> Result<(), RulesError> {
        if let Some(problem) = self.parameters.problem() {
            return Err(RulesError::table("policy, parameters", None, problem));
        }
        for (index, change) in self.rule.iter().enumerate() {
            let place = format!("policy, rule {}", index + 1);
            let known = crate::rule(&change.rule).is_some_and(|rule| rule.info.code == change.rule)
                || own_codes.contains(&change.rule.as_str());
            if !known {
                let code = change.rule.chars().take(40).collect();
                return Err(RulesError::UnknownRule { place, code, nearest: nearest(&change.rule) });
            }
            if let Some(redirect) = crate::rule(&change.rule).and_then(|rule| rule.redirect) {
                let problem = format!("was replaced by {redirect}, so nothing would change; name that rule");
                return Err(RulesError::table(format!("{place} ({})", change.rule), None, problem));
            }
            let problem = if change.reason.trim().is_empty() {
                "has no reason; say why the rule is changed"
            } else if change.off == change.severity.is_some() {
                "must either set off = true or give a severity"
            } else {
                continue;
            };
            return Err(RulesError::table(format!("{place} ({})", change.rule), None, problem));
        }
        Ok(())
    }

    /// The changes in force on a day.
    pub fn in_force(&self, day: NaiveDate) -> impl Iterator<Item = &Change> {
        self.rule.iter().filter(move |change| day <= change.expires)
    }
}

/// What a policy makes of a rule, ready for look-ups.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) off: bool,
    pub(crate) severity: Severity,
    pub(crate) reason: String,
    by_district: Vec<(u16, bool, Option<Severity>)>,
}

impl Verdict {
    pub(crate) fn new(policy: &Policy, code: &str, severity: Severity, day: NaiveDate) -> Self {
        let mut verdict = Verdict { off: false, severity, reason: String::new(), by_district: Vec::new() };
        for change in policy.in_force(day).filter(|change| change.rule == code) {
            match change.district {
                None => {
                    verdict.off = change.off;
                    verdict.severity = change.severity.unwrap_or(severity);
                    verdict.reason.clone_from(&change.reason);
                }
                Some(district) => {
                    let number = district.number() as u16;
                    verdict.by_district.retain(|(known, ..)| *known != number);
                    verdict.by_district.push((number, change.off, change.severity));
                }
            }
        }
        verdict
    }

    /// Off everywhere, so that the rule need not run.
    pub(crate) fn is_off_everywhere(&self) -> bool {
        self.off && self.by_district.iter().all(|(_, off, _)| *off)
    }

    /// The severity in a district; `None` when the rule is off there. A severity that the finding itself
    /// brings replaces the registry's, not the policy's.
    #[inline]
    pub(crate) fn severity_in(
        &self,
        district: u16,
        own: Option<Severity>,
        base: Severity,
    ) -> Option<Severity> {
        let general = || if self.severity == base { own.unwrap_or(base) } else { self.severity };
        match self.by_district.iter().find(|(number, ..)| *number == district) {
            Some((_, true, _)) => None,
            Some((_, false, severity)) => Some(severity.unwrap_or_else(general)),
            None if self.off => None,
            None => Some(general()),
        }
    }
}

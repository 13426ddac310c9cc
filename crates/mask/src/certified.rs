//! What may be released: a pattern that the checker and the audit have both failed to break.

use crate::audit::{Audit, Effort, Known, View, audit, small_sums, told_by_one};
use crate::certificate::{Certificate, LevelName};
use crate::check::Verdict;
use crate::error::{Error, Result};
use crate::level::Level;
use crate::percent::{mean, rounded};
use crate::policy::Policy;
use crate::publication::{CellId, Publication};
use crate::share::Form;
use crate::value::{Masked, Value};

/// A pattern of hidden cells with its certificate, not yet believed by anyone. Only
/// [`suppress`](crate::suppress) makes one, and nothing in it can be changed afterwards.
#[derive(Debug, Clone)]
pub struct Pattern {
    pub(crate) sensitive: Vec<bool>,
    pub(crate) hidden: Vec<bool>,
    pub(crate) certificate: Certificate,
    pub(crate) line_sums: Option<u64>,
    pub(crate) singletons: bool,
    /// Whether the bounds grant the attacker which cells are sensitive.
    pub(crate) told: bool,
    pub(crate) optimal: bool,
    pub(crate) rounds: usize,
    pub(crate) cuts: usize,
    pub(crate) work: u64,
    pub(crate) elimination: EliminationSize,
}

/// Size of the last elimination: how large the problem was, and how much filled in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EliminationSize {
    /// Hidden numbers; identical cells count once.
    pub unknowns: usize,
    /// Relations that became pivots.
    pub pivots: usize,
    /// Terms of all pivots.
    pub terms: usize,
}

impl Pattern {
    /// Flags of sensitive cells, and of cells that are the same number.
    #[must_use]
    pub fn sensitive(&self) -> &[bool] {
        &self.sensitive
    }

    /// Flags of hidden cells; the sensitive ones are among them.
    #[must_use]
    pub fn hidden(&self) -> &[bool] {
        &self.hidden
    }

    /// What proves it.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whether the cover is a proven optimum of its cost.
    #[must_use]
    pub fn is_optimal(&self) -> bool {
        self.optimal
    }

    /// Size of the last elimination; zero where bounds were needed and none was made.
    #[must_use]
    pub fn elimination(&self) -> EliminationSize {
        self.elimination
    }

    /// Rounds of covering.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.rounds
    }

    /// Cuts found.
    #[must_use]
    pub fn cuts(&self) -> usize {
        self.cuts
    }

    /// Elementary steps done.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.work
    }
}

/// A publication that has passed the checker and the audit. There is no other way to get one, and public
/// writers take nothing else.
///
/// ```compile_fail
/// // A publication that was not certified cannot be written.
/// fn release(p: &opi_mask::Publication, out: Vec<u8>) {
///     opi_mask::write_csv(p, &opi_mask::Symbols::default(), out).ok();
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Certified {
    publication: Publication,
    sensitive: Vec<bool>,
    hidden: Vec<bool>,
    certificate: Certificate,
    verdict: Verdict,
    audit: Audit,
    optimal: bool,
    told: bool,
}

impl Certified {
    /// Believes a pattern only after the checker has verified its certificate against the publication and the
    /// audit has failed to work out any sensitive cell.
    ///
    /// # Errors
    /// [`Error::NotCertified`] or [`Error::Inconsistent`]: then nothing is released.
    pub fn new(publication: Publication, pattern: Pattern, effort: Effort) -> Result<Self> {
        let Pattern { certificate, line_sums, singletons, .. } = pattern;
        let same = certificate.values.iter().copied().eq(publication.cells().map(|c| publication.value(c)))
            && certificate.labels.len() == publication.len()
            && certificate.relations.len() == publication.relation_count()
            && certificate.relations.iter().zip(publication.relations()).all(|(cells, r)| {
                cells.iter().copied().eq(std::iter::once(r.parent.0).chain(r.parts.iter().map(|c| c.0)))
            })
            && flags(&certificate.hidden, publication.len()) == pattern.hidden
            && certificate.coded.iter().all(|code| {
                let (of, base) = (CellId(code.of), CellId(code.base));
                publication.base_of(of).is_some_and(|(cell, form)| {
                    let told = form.told(publication.value(of), publication.value(base));
                    cell == base && told == Some((code.lo, code.hi))
                })
            });
        if !same {
            return Err(Error::NotCertified { problem: "the certificate is of another publication".into() });
        }
        let verdict = certificate.verify()?;
        let mut view = View::of(&publication, &pattern.hidden, &[], None);
        for &(cell, lo, hi) in &certificate.bounds {
            let hi = (hi < u64::MAX).then_some(hi);
            view.narrow(cell as usize, Known::Hidden { lo, hi })?;
        }
        let audit = audit(&view, effort)?;
        let level = level_of(&certificate.level)?;
        let sensitive = flags(&certificate.sensitive, publication.len());
        for interval in &audit.intervals {
            let value = publication.value(CellId(interval.cell as u32));
            let demand = level.demand(value);
            let met = demand.met(interval.lo, interval.hi.unwrap_or(u64::MAX));
            if sensitive.get(interval.cell) == Some(&true) && !met {
                let exposure = audit.exposed.iter().find(|e| e.cell == interval.cell);
                let how = exposure.map_or(String::new(), |e| format!(" ({})", e.derivation));
                return Err(Error::NotCertified {
                    problem: format!(
                        "the audit finds [{}] between {} and {:?}, which is less than {level} demands{how}",
                        interval.label, interval.lo, interval.hi
                    ),
                });
            }
        }
        if let Some(found) = line_sums.and_then(|limit| small_sums(&view, &audit, limit).into_iter().next()) {
            return Err(Error::NotCertified {
                problem: format!(
                    "the hidden cells of {} add up to {}, which the rest of the line publishes",
                    found.line, found.sum
                ),
            });
        }
        if singletons {
            let counts: Vec<u64> = publication.cells().map(|c| publication.value(c)).collect();
            if let Some((alone, other)) = told_by_one(&view, &counts, &sensitive) {
                return Err(Error::NotCertified {
                    problem: format!(
                        "a person alone in [{}] can work out [{}]",
                        view.label(alone),
                        view.label(other)
                    ),
                });
            }
        }
        Ok(Self {
            publication,
            sensitive: pattern.sensitive,
            hidden: pattern.hidden,
            certificate,
            verdict,
            audit,
            optimal: pattern.optimal,
            told: pattern.told,
        })
    }

    /// Whether a cell is hidden.
    #[must_use]
    pub fn is_hidden(&self, cell: CellId) -> bool {
        self.hidden.get(cell.index()).copied().unwrap_or(false)
    }

    /// What the certificate lets an attacker know of a hidden cell beforehand: least and greatest count.
    pub(crate) fn granted(&self, cell: CellId) -> (u64, u64) {
        let bounds = &self.certificate.bounds;
        let found = bounds.binary_search_by_key(&cell.0, |b| b.0).ok().and_then(|at| bounds.get(at));
        found.map_or((0, u64::MAX), |&(_, lo, hi)| (lo, hi))
    }

    /// Whether the certificate grants the attacker that the symbols tell sensitive cells from others.
    pub(crate) fn is_told(&self) -> bool {
        self.told
    }

    /// The publication. Confidential.
    #[must_use]
    pub fn publication(&self) -> &Publication {
        &self.publication
    }

    /// A percentage of two cells as it may be printed: masked if either of the two is hidden, else rounded half
    /// up to so many decimals. What is left of the base must itself be a cell of the publication where it could
    /// be small ([`crate::PublicationBuilder::percentages`], [`crate::PublicationBuilder::complement`]).
    #[must_use]
    pub fn percent(&self, of: CellId, base: CellId, decimals: u32) -> Value {
        if self.is_hidden(of) || self.is_hidden(base) {
            return Value::Masked(Masked::symbol("*"));
        }
        rounded_text(self.publication.value(of), self.publication.value(base), decimals)
    }

    /// The percentage that is printed beside a cell; none where the publication prints none.
    #[must_use]
    pub fn percentage(&self, of: CellId) -> Option<Value> {
        let (base, form) = self.publication.base_of(of)?;
        let (k, n) = (self.publication.value(of), self.publication.value(base));
        let coded = self.certificate.coded.binary_search_by_key(&of.0, |c| c.of).is_ok();
        let allowed = !self.is_hidden(base) && (!self.is_hidden(of) || coded);
        Some(match form {
            Form::Rounded(decimals) => self.percent(of, base, *decimals),
            Form::Coded(policy) if allowed => coded_text(policy, k, n),
            Form::Coded(policy) => Value::Masked(Masked::symbol(&policy.symbol)),
        })
    }

    /// The mean of a sum over a cell (a scale score), both in whole units of the sum: masked if the cell is
    /// hidden, else rounded half up to so many decimals. Means hidden where their counts are hide the sums by
    /// the same equations as the counts.
    #[must_use]
    pub fn mean(&self, sum: u64, over: CellId, decimals: u32) -> Value {
        if self.is_hidden(over) {
            return Value::Masked(Masked::symbol("*"));
        }
        match mean(sum, self.publication.value(over), decimals) {
            Some(value) => Value::Mean(decimal_text(value, decimals)),
            None => Value::Absent("N/A".to_owned()),
        }
    }

    /// How many sensitive cells fall to a reader who reasons that a hidden figure is not zero, because zeros
    /// are printed. None do if the rule asked for that ([`crate::Rule::hidden_positive`]).
    ///
    /// # Errors
    /// [`Error::Inconsistent`] if the publication contradicts itself, which the audit has ruled out.
    pub fn told_by_printed_zeros(&self, effort: Effort) -> Result<usize> {
        let mut view = View::of(&self.publication, &self.hidden, &[], None);
        for cell in self.publication.cells().filter(|&c| self.is_hidden(c)) {
            let (lo, hi) = self.granted(cell);
            view.narrow(cell.index(), Known::Hidden { lo: lo.max(1), hi: Some(hi) })?;
        }
        let audit = audit(&view, effort)?;
        let sensitive = |cell: usize| self.sensitive.get(cell) == Some(&true);
        Ok(audit.exposed.iter().filter(|e| sensitive(e.cell)).count())
    }

    /// Flags of sensitive cells (and cells that are the same number). Confidential.
    #[must_use]
    pub fn sensitive(&self) -> &[bool] {
        &self.sensitive
    }

    /// Flags of hidden cells.
    #[must_use]
    pub fn hidden(&self) -> &[bool] {
        &self.hidden
    }

    /// The certificate. Confidential.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// What the checker found.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What the audit found: the interval that stays possible for each hidden cell.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Whether no cheaper pattern exists at this level and cost.
    #[must_use]
    pub fn is_optimal(&self) -> bool {
        self.optimal
    }
}

fn rounded_text(k: u64, n: u64, decimals: u32) -> Value {
    match rounded(k, n, decimals) {
        Some(percent) => Value::Percent(format!("{}%", decimal_text(percent, decimals))),
        None => Value::Absent("N/A".to_owned()),
    }
}

fn coded_text(policy: &Policy, k: u64, n: u64) -> Value {
    let code = policy.band(n).and_then(|band| band.code(n, k).map(str::to_owned));
    code.map_or_else(|| Value::Masked(Masked::symbol(&policy.symbol)), Value::Code)
}

/// A whole number of the last decimal, written out.
fn decimal_text(value: u128, decimals: u32) -> String {
    let Some(scale) = 10_u128.checked_pow(decimals).filter(|_| decimals > 0) else {
        return value.to_string();
    };
    format!("{}.{:0>width$}", value / scale, value % scale, width = decimals as usize)
}

fn flags(list: &[u32], n: usize) -> Vec<bool> {
    let mut flags = vec![false; n];
    for &cell in list {
        if let Some(flag) = flags.get_mut(cell as usize) {
            *flag = true;
        }
    }
    flags
}

fn level_of(name: &LevelName) -> Result<Level> {
    let LevelName { name, a, b } = name;
    Ok(match name.as_str() {
        "exact" => Level::Exact,
        "width" => Level::Width(*a),
        "range" => Level::Range(*a),
        "hide" => Level::Hide(*a),
        "spl" => Level::Sliding { upper: *a, lower: *b },
        other => {
            return Err(Error::NotCertified { problem: format!("unknown level `{other}`") });
        }
    })
}

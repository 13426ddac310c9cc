//! From a publication and a rule to a certified publication.

use crate::audit::{Audit, Effort, View, audit};
use crate::certificate::{Certificate, FORMAT, LevelName, LowerBound, SensitiveRule, WeightedCut};
use crate::check::Verdict;
use crate::error::{Error, Result};
use crate::level::{Cost, Level};
use crate::percent::rounded;
use crate::publication::{CellId, Publication};
use crate::suppress::{self, cuts::Cut};
use crate::system::{Marking, System};
use crate::value::{Masked, Value};
use std::str::FromStr;

/// How zero counts are treated. No policy leaves this to a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Zeros {
    /// Zeros are printed: they are never hidden and give no cover.
    Show,
    /// Zeros are known to everybody anyway (a grade that a school does not teach): treated like `Show`.
    Structural,
    /// Zero is as sensitive as a small count.
    Mask,
    /// Zero is not sensitive, but a zero cell may be hidden to protect another one.
    Cover,
}

impl Zeros {
    /// Whether zero cells are public knowledge, to be said to [`crate::PublicationBuilder::zeros_known`].
    #[must_use]
    pub fn known(self) -> bool {
        matches!(self, Self::Show | Self::Structural)
    }
}

impl FromStr for Zeros {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "show" => Ok(Self::Show),
            "structural" => Ok(Self::Structural),
            "mask" => Ok(Self::Mask),
            "cover" => Ok(Self::Cover),
            _ => Err(Error::UnknownName {
                what: "treatment of zeros",
                name: text.to_owned(),
                known: "show, structural, mask, cover".to_owned(),
            }),
        }
    }
}

/// A complete masking rule: nothing in it is left to a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Counts from 1 to this are sensitive.
    pub max_masked: u64,
    /// Treatment of zeros.
    pub zeros: Zeros,
    /// Protection of every sensitive cell.
    pub level: Level,
    /// What hiding costs.
    pub cost: Cost,
    /// Whether the printed symbol tells which cells are sensitive (a legend or a second symbol): then an
    /// attacker knows that those count from 1 (or 0) to `max_masked`, and all others more.
    pub legend_marks_sensitive: bool,
    /// Whether the sum of the hidden cells of a line, where it is published by the rest of the line, must
    /// itself be above `max_masked`.
    pub line_sums: bool,
    /// Whether a person who is alone in a hidden cell, and so knows it, must not be able to work out another
    /// sensitive cell.
    pub singletons: bool,
}

impl Rule {
    /// A rule at level `exact` with one symbol for all hidden cells.
    #[must_use]
    pub fn new(max_masked: u64, zeros: Zeros) -> Self {
        Self {
            max_masked,
            zeros,
            level: Level::Exact,
            cost: Cost::default(),
            legend_marks_sensitive: false,
            line_sums: false,
            singletons: false,
        }
    }

    /// Whether a count is sensitive.
    #[must_use]
    pub fn is_sensitive(&self, count: u64) -> bool {
        if count == 0 { self.zeros == Zeros::Mask } else { count <= self.max_masked }
    }

    /// The sensitive cells of a publication, inner cells and margins alike.
    #[must_use]
    pub fn mark(&self, publication: &Publication) -> Vec<bool> {
        publication.cells().map(|c| self.is_sensitive(publication.value(c))).collect()
    }
}

/// What is to be protected, and how: a [`Rule`] applied to a publication, or cells listed by hand.
#[derive(Debug, Clone)]
pub struct Task {
    /// Sensitive cells.
    pub sensitive: Vec<bool>,
    /// Protection demanded.
    pub level: Level,
    /// What hiding costs.
    pub cost: Cost,
    /// What a legend or another source says of each cell when it is hidden.
    pub bounds: Vec<Option<(u64, u64)>>,
    /// The rule behind the marking, for the certificate; none when cells were listed by hand.
    pub rule: Option<(u64, bool)>,
    /// Lines whose hidden sum must be above this count.
    pub line_sums: Option<u64>,
    /// Whether persons alone in a cell are counted as attackers.
    pub singletons: bool,
}

impl Task {
    /// Applies a rule to a publication.
    ///
    /// # Errors
    /// [`Error::Unstated`] if the publication was built for another treatment of zeros.
    pub fn of(publication: &Publication, rule: &Rule) -> Result<Self> {
        if publication.zeros_known() != rule.zeros.known() {
            return Err(Error::Input {
                place: "rule".to_owned(),
                problem: format!(
                    "zeros are {:?}, but the publication was built with zeros_known({}); build it with zeros_known({})",
                    rule.zeros,
                    publication.zeros_known(),
                    rule.zeros.known()
                ),
            });
        }
        let sensitive = rule.mark(publication);
        let least = u64::from(rule.zeros != Zeros::Mask);
        let bounds = sensitive.iter().map(|&is| {
            if is {
                Some((least, rule.max_masked))
            } else {
                rule.zeros.known().then_some((rule.max_masked + 1, u64::MAX))
            }
        });
        Ok(Self {
            bounds: if rule.legend_marks_sensitive { bounds.collect() } else { Vec::new() },
            sensitive,
            level: rule.level,
            cost: rule.cost,
            rule: Some((rule.max_masked, rule.zeros == Zeros::Mask)),
            line_sums: rule.line_sums.then_some(rule.max_masked),
            singletons: rule.singletons,
        })
    }

    /// Cells listed by hand.
    #[must_use]
    pub fn listed(publication: &Publication, sensitive: &[CellId], level: Level, cost: Cost) -> Self {
        let mut flags = vec![false; publication.len()];
        for cell in sensitive {
            if let Some(flag) = flags.get_mut(cell.index()) {
                *flag = true;
            }
        }
        Self {
            sensitive: flags,
            level,
            cost,
            bounds: Vec::new(),
            rule: None,
            line_sums: None,
            singletons: false,
        }
    }
}

/// A pattern of hidden cells with its certificate, not yet believed by anyone.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// Sensitive cells.
    pub sensitive: Vec<bool>,
    /// Hidden cells; contains the sensitive ones.
    pub hidden: Vec<bool>,
    /// What proves it.
    pub certificate: Certificate,
    /// Whether the cover is a proven optimum of its cost.
    pub optimal: bool,
    /// Rounds of covering.
    pub rounds: usize,
    /// Cuts found.
    pub cuts: usize,
    /// Elementary steps done.
    pub work: u64,
}

/// Chooses which further cells to hide, and writes the certificate.
///
/// # Errors
/// [`Error::Frozen`] if cells that may not be hidden give a sensitive one away, with an inclusion-minimal set
/// to withdraw; [`Error::NotCertified`] if a sensitive cell could not be proved safe within the limits of work.
pub fn suppress(publication: &Publication, task: &Task) -> Result<Pattern> {
    let marking =
        Marking { primary: &task.sensitive, level: task.level, cost: task.cost, bounds: &task.bounds };
    let system = System::new(publication, &marking);
    let extra = suppress::Extra {
        line_sums: task.line_sums.map(|l| i64::try_from(l).unwrap_or(i64::MAX)),
        singletons: task.singletons,
    };
    let outcome = suppress::solve(&system, task.level, extra);
    let names = |units: &mut dyn Iterator<Item = usize>| -> String {
        let cells = units.filter_map(|u| system.members.get(u)).filter_map(|m| m.first());
        let mut list: Vec<String> =
            cells.take(12).map(|&c| format!("[{}]", publication.label(CellId(c)))).collect();
        if list.len() == 12 {
            list.push("...".to_owned());
        }
        list.join(", ")
    };
    let flag = |flags: &[bool], at: usize| flags.get(at).copied().unwrap_or(false);
    let withdrawn: Vec<usize> =
        (0..system.len()).filter(|&u| flag(&outcome.hidden, u) && flag(&system.frozen, u)).collect();
    if !withdrawn.is_empty() {
        let exposed = outcome.exposed_by_frozen(&system);
        return Err(Error::Frozen {
            exposed: names(&mut exposed.into_iter()),
            withdraw: names(&mut withdrawn.into_iter()),
        });
    }
    if !outcome.unproved.is_empty() {
        let mut units = outcome.unproved.iter().map(|&u| u as usize);
        return Err(Error::NotCertified {
            problem: format!(
                "no proof of safety at level {} for {} cells: {}",
                task.level,
                outcome.unproved.len(),
                names(&mut units)
            ),
        });
    }
    let hidden: Vec<bool> = system.unit_of.iter().map(|&u| flag(&outcome.hidden, u as usize)).collect();
    let sensitive: Vec<bool> = system.unit_of.iter().map(|&u| flag(&system.primary, u as usize)).collect();
    let certificate = write_certificate(publication, task, &system, &outcome, &hidden);
    Ok(Pattern {
        sensitive,
        hidden,
        certificate,
        optimal: outcome.optimal,
        rounds: outcome.rounds,
        cuts: outcome.cuts.len(),
        work: outcome.work,
    })
}

fn write_certificate(
    publication: &Publication,
    task: &Task,
    system: &System,
    outcome: &suppress::Outcome,
    hidden: &[bool],
) -> Certificate {
    let list = |flags: &[bool]| -> Vec<u32> {
        flags.iter().enumerate().filter(|(_, f)| **f).map(|(i, _)| i as u32).collect()
    };
    let members = |unit: u32| system.members.get(unit as usize).map_or(&[][..], Vec::as_slice);
    let mut tables: Vec<Vec<(u32, i64)>> = outcome
        .tables
        .iter()
        .map(|table| table.iter().flat_map(|&(u, k)| members(u).iter().map(move |&c| (c, k))).collect())
        .collect();
    for table in &mut tables {
        table.sort_unstable();
    }
    let (name, a, b) = match task.level {
        Level::Exact => ("exact", 0, 0),
        Level::Width(k) => ("width", k, 0),
        Level::Range(t) => ("range", t, 0),
        Level::Hide(t) => ("hide", t, 0),
        Level::Sliding { upper, lower } => ("spl", upper, lower),
    };
    // Cells that are the same number as a sensitive one are protected with it; listed is what was marked.
    Certificate {
        format: FORMAT.to_owned(),
        level: LevelName { name: name.to_owned(), a, b },
        rule: task.rule.map(|(max, zero)| SensitiveRule { max, zero }),
        labels: publication.cells().map(|c| publication.label(c)).collect(),
        values: publication.cells().map(|c| publication.value(c)).collect(),
        relations: publication
            .relations()
            .map(|r| std::iter::once(r.parent.0).chain(r.parts.iter().map(|c| c.0)).collect())
            .collect(),
        hidden: list(hidden),
        sensitive: list(&task.sensitive),
        bounds: task
            .bounds
            .iter()
            .enumerate()
            .filter_map(|(c, b)| b.map(|(lo, hi)| (c as u32, lo, hi)))
            .filter(|(c, ..)| hidden.get(*c as usize) == Some(&true))
            .collect(),
        tables,
        lower_bound: lower_bound(publication, task, system, &outcome.cuts),
    }
}

/// Weights for the cuts that can be proved, each as great as the cells in it still allow.
fn lower_bound(publication: &Publication, task: &Task, system: &System, cuts: &[Cut]) -> Option<LowerBound> {
    let mut order: Vec<&Cut> = cuts.iter().filter(|c| !c.multipliers.is_empty()).collect();
    if order.is_empty() {
        return None;
    }
    order.sort_by_key(|c| (c.units.len(), c.target));
    let mut left = system.price.clone();
    let mut weighted = Vec::new();
    let mut total = 0;
    for cut in order {
        let room = cut.units.iter().filter_map(|&u| left.get(u as usize)).min().copied().unwrap_or(0);
        let target = system.members.get(cut.target as usize).and_then(|m| m.first());
        let (true, Some(&target)) = (room > 0, target) else { continue };
        if cut.units.iter().any(|&u| system.frozen.get(u as usize) == Some(&true)) {
            continue;
        }
        for &u in &cut.units {
            if let Some(slot) = left.get_mut(u as usize) {
                *slot -= room;
            }
        }
        let multipliers = cut
            .multipliers
            .iter()
            .filter_map(|&(row, m)| Some((*system.relation_of.get(row as usize)?, m)))
            .collect();
        weighted.push(WeightedCut { target, multipliers, weight: room });
        total += room;
    }
    let costs =
        publication.cells().map(|c| task.cost.of(publication.value(c), publication.height(c))).collect();
    Some(LowerBound { total, costs, same: system.merges.clone(), cuts: weighted })
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
}

impl Certified {
    /// Believes a pattern only after the checker has verified its certificate against the publication and the
    /// audit has failed to work out any sensitive cell.
    ///
    /// # Errors
    /// [`Error::NotCertified`] or [`Error::Inconsistent`]: then nothing is released.
    pub fn new(publication: Publication, pattern: Pattern, effort: Effort) -> Result<Self> {
        let certificate = pattern.certificate;
        let same = certificate.values.iter().copied().eq(publication.cells().map(|c| publication.value(c)))
            && certificate.labels.len() == publication.len()
            && certificate.relations.len() == publication.relation_count()
            && certificate.relations.iter().zip(publication.relations()).all(|(cells, r)| {
                cells.iter().copied().eq(std::iter::once(r.parent.0).chain(r.parts.iter().map(|c| c.0)))
            })
            && flags(&certificate.hidden, publication.len()) == pattern.hidden;
        if !same {
            return Err(Error::NotCertified { problem: "the certificate is of another publication".into() });
        }
        let verdict = certificate.verify()?;
        let mut view = View::of(&publication, &pattern.hidden, &[], None);
        for &(cell, lo, hi) in &certificate.bounds {
            let hi = (hi < u64::MAX).then_some(hi);
            view.narrow(cell as usize, crate::audit::Known::Hidden { lo, hi })?;
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
        Ok(Self {
            publication,
            sensitive: pattern.sensitive,
            hidden: pattern.hidden,
            certificate,
            verdict,
            audit,
            optimal: pattern.optimal,
        })
    }

    /// Whether a cell is hidden.
    #[must_use]
    pub fn is_hidden(&self, cell: CellId) -> bool {
        self.hidden.get(cell.index()).copied().unwrap_or(false)
    }

    /// The publication. Confidential.
    #[must_use]
    pub fn publication(&self) -> &Publication {
        &self.publication
    }

    /// A percentage of two cells as it may be printed: masked if either of the two is hidden, else rounded half
    /// up to so many decimals. What is left of the base must itself be a cell of the publication where it could
    /// be small ([`crate::PublicationBuilder::complement`]).
    #[must_use]
    pub fn percent(&self, of: CellId, base: CellId, decimals: u32) -> Value {
        let shown = !self.is_hidden(of) && !self.is_hidden(base);
        let (k, n) = (self.publication.value(of), self.publication.value(base));
        match rounded(k, n, decimals).filter(|_| shown) {
            Some(percent) => {
                let scale = 10_u128.pow(decimals.min(30));
                let text = match decimals {
                    0 => format!("{percent}%"),
                    d => format!("{}.{:0>width$}%", percent / scale, percent % scale, width = d as usize),
                };
                Value::Percent(text)
            }
            None if shown => Value::Absent("N/A".to_owned()),
            None => Value::Masked(Masked::symbol("*")),
        }
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

/// Masks a publication by a rule and certifies the result: the usual way in.
///
/// ```
/// use opi_mask::{Dimension, Publication, Rule, Zeros, mask};
/// let race = Dimension::parse("race", ["Total", "AIAN", "HISP", "MULTI", "WHITE"])?;
/// let mut builder = Publication::builder(vec![race]).zeros_known(true);
/// for (code, students) in [("AIAN", 3), ("HISP", 8), ("WHITE", 61), ("MULTI", 12)] {
///     builder.count(&[code], students)?;
/// }
/// let certified = mask(builder.build()?, &Rule::new(5, Zeros::Show))?;
/// let hidden: Vec<String> = certified.publication().cells()
///     .filter(|&cell| certified.is_hidden(cell))
///     .map(|cell| certified.publication().label(cell))
///     .collect();
/// assert_eq!(hidden, ["AIAN", "HISP"]);
/// # Ok::<(), opi_mask::Error>(())
/// ```
///
/// # Errors
/// See [`suppress`] and [`Certified::new`].
pub fn mask(publication: Publication, rule: &Rule) -> Result<Certified> {
    let task = Task::of(&publication, rule)?;
    let pattern = suppress(&publication, &task)?;
    Certified::new(publication, pattern, Effort::default())
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

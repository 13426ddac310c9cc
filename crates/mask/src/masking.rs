//! From a publication and a rule to a certified publication.

use crate::audit::Effort;
use crate::certificate::{Certificate, Coded, FORMAT, LevelName, LowerBound, SensitiveRule, WeightedCut};
use crate::certified::{Certified, Pattern};
use crate::error::{Error, Result};
use crate::level::{Cost, Level};
use crate::publication::{CellId, Publication};
use crate::suppress::{self, cuts::Cut};
use crate::system::{Marking, System};
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
    /// Whether the attacker reasons that a hidden figure is not zero, because zeros are printed. Off unless
    /// asked for: the usual model, and that of the published optima, lets a hidden count be any from 0 up.
    pub hidden_positive: bool,
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
            hidden_positive: false,
        }
    }

    /// What a printed mask says of a hidden cell with this count: least and greatest, none if nothing.
    ///
    /// Where the mask tells the two kinds apart, a sensitive cell counts up to the limit and any other more. A
    /// hidden zero that is not sensitive is granted to the attacker outright, so that it gives no cover.
    fn told(&self, count: u64) -> Option<(u64, u64)> {
        if self.legend_marks_sensitive {
            return Some(match count {
                _ if self.is_sensitive(count) => (u64::from(self.zeros != Zeros::Mask), self.max_masked),
                0 => (0, 0),
                _ => (self.max_masked.saturating_add(1), u64::MAX),
            });
        }
        (self.hidden_positive && self.zeros.known()).then_some((1, u64::MAX))
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
    /// What is said of each cell without the codes of percentages.
    pub(crate) legend: Vec<Option<(u64, u64)>>,
    pub(crate) coded: Vec<Coded>,
    /// Whether the bounds grant the attacker which cells are sensitive.
    pub(crate) told: bool,
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
        let legend: Vec<_> = publication.cells().map(|c| rule.told(publication.value(c))).collect();
        let coded = codes(publication, rule);
        Ok(Self {
            bounds: bounds(&legend, &coded),
            legend,
            sensitive,
            level: rule.level,
            cost: rule.cost,
            rule: Some((rule.max_masked, rule.zeros == Zeros::Mask)),
            line_sums: rule.line_sums.then_some(rule.max_masked),
            singletons: rule.singletons,
            coded,
            told: rule.legend_marks_sensitive,
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
            legend: Vec::new(),
            coded: Vec::new(),
            told: false,
        }
    }

    /// Without the codes that share a sum with one of these cells; without any where none does.
    fn without_codes_beside(&self, publication: &Publication, open: &[u32]) -> Self {
        let mut beside = vec![false; publication.len()];
        for relation in publication.relations() {
            let cells = || std::iter::once(relation.parent.0).chain(relation.parts.iter().map(|c| c.0));
            if cells().any(|cell| open.contains(&cell)) {
                for cell in cells() {
                    if let Some(beside) = beside.get_mut(cell as usize) {
                        *beside = true;
                    }
                }
            }
        }
        let mut coded = self.coded.clone();
        coded.retain(|code| beside.get(code.of as usize) != Some(&true));
        if coded.len() == self.coded.len() {
            coded.clear();
        }
        Self { bounds: bounds(&self.legend, &coded), coded, ..self.clone() }
    }
}

/// What is said of each cell when it is hidden, by the legend and by the codes of percentages; empty where nothing is.
fn bounds(legend: &[Option<(u64, u64)>], coded: &[Coded]) -> Vec<Option<(u64, u64)>> {
    let mut bounds = legend.to_vec();
    for code in coded {
        if let Some(bound) = bounds.get_mut(code.of as usize) {
            let (lo, hi) = bound.unwrap_or((0, u64::MAX));
            *bound = Some((lo.max(code.lo), hi.min(code.hi)));
        }
    }
    if bounds.iter().all(Option::is_none) {
        bounds.clear();
    }
    bounds
}

/// The codes of percentages that may be printed for a hidden count: those that by themselves leave it, and what
/// is left of the total, as open as the level demands.
fn codes(publication: &Publication, rule: &Rule) -> Vec<Coded> {
    let open = |value: u64, lo: u64, hi: u64| {
        if rule.is_sensitive(value) { rule.level.demand(value).met(lo, hi) } else { hi > lo }
    };
    let cells = publication.cells().filter_map(|of| {
        let (base, form) = publication.base_of(of)?;
        let (k, n) = (publication.value(of), publication.value(base));
        let (lo, hi) = form.told(k, n)?;
        let rest = (n.saturating_sub(k), n.saturating_sub(hi), n.saturating_sub(lo));
        (open(k, lo, hi) && open(rest.0, rest.1, rest.2)).then_some(Coded { of: of.0, base: base.0, lo, hi })
    });
    cells.collect()
}

/// Chooses which further cells to hide, and writes the certificate. Where the codes of percentages leave a sensitive
/// cell open, those beside it are masked too.
///
/// # Errors
/// [`Error::Frozen`] if cells that may not be hidden give a sensitive one away, with an inclusion-minimal set
/// to withdraw; [`Error::NotCertified`] if a sensitive cell could not be proved safe within the limits of work.
pub fn suppress(publication: &Publication, task: &Task) -> Result<Pattern> {
    let mut open = Vec::new();
    let mut made = attempt(publication, task, &mut open);
    let mut fewer = task.clone();
    while matches!(made, Err(Error::NotCertified { .. })) && !fewer.coded.is_empty() {
        fewer = fewer.without_codes_beside(publication, &open);
        made = attempt(publication, &fewer, &mut open);
    }
    made
}

/// As [`suppress`], under the codes of the task. `open` takes the cells that no proof was found for.
fn attempt(publication: &Publication, task: &Task, open: &mut Vec<u32>) -> Result<Pattern> {
    let marking =
        Marking { primary: &task.sensitive, level: task.level, cost: task.cost, bounds: &task.bounds };
    for (cell, bound) in publication.cells().zip(&task.bounds) {
        let value = publication.value(cell);
        if bound.is_some_and(|(lo, hi)| value < lo || value > hi) {
            return Err(Error::Inconsistent {
                cell: publication.label(cell),
                problem: "what is said of it when hidden does not hold for its count".to_owned(),
            });
        }
    }
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
        let cells = outcome.unproved.iter().filter_map(|&u| system.members.get(u as usize));
        *open = cells.flatten().copied().collect();
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
        line_sums: task.line_sums,
        singletons: task.singletons,
        told: task.told,
        optimal: outcome.optimal,
        rounds: outcome.rounds,
        cuts: outcome.cuts.len(),
        work: outcome.work,
        elimination: outcome.elimination,
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
    let is_hidden = |cell: u32| hidden.get(cell as usize) == Some(&true);
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
            .filter(|(c, ..)| is_hidden(*c))
            .collect(),
        coded: task.coded.iter().filter(|c| is_hidden(c.of) && !is_hidden(c.base)).copied().collect(),
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

//! What an attacker sees: known figures, hidden cells with what is said about them, and the relations.

use crate::error::{Error, Result};
use crate::percent::parse_percent;
use crate::publication::{COUNT_LIMIT, Publication};
use crate::value::{Unit, Value};
use hashbrown::HashMap;

/// What is known beforehand of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The figure is published.
    Shown(u64),
    /// The figure is hidden; the legend or another source bounds it.
    Hidden {
        /// Least possible value.
        lo: u64,
        /// Greatest possible value; none if nothing is said.
        hi: Option<u64>,
    },
}

impl Known {
    /// Counts stay below a limit, so that sums of many fit; a bound beyond it says nothing.
    fn checked(self, label: &str) -> Result<Self> {
        let least = match self {
            Self::Shown(v) => v,
            Self::Hidden { lo, .. } => lo,
        };
        if least >= COUNT_LIMIT {
            return Err(Error::TooLarge { what: format!("`{label}`"), found: least, limit: COUNT_LIMIT });
        }
        Ok(match self {
            Self::Hidden { lo, hi } => Self::Hidden { lo, hi: hi.filter(|h| *h < COUNT_LIMIT) },
            shown => shown,
        })
    }
}

/// One equation of the attacker: the signed sum of the terms is zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equation {
    /// Cell positions and whole coefficients.
    pub terms: Vec<(usize, i64)>,
    /// The equation in words, for derivations.
    pub name: String,
}

/// The attacker's view of one publication, or of several that share cells.
#[derive(Debug, Clone, Default)]
pub struct View {
    pub(crate) labels: Vec<String>,
    pub(crate) known: Vec<Known>,
    pub(crate) equations: Vec<Equation>,
    /// The cells that only take up the rounding of a percentage or mean.
    pub(crate) slack: Vec<usize>,
    by_label: HashMap<String, usize>,
}

impl View {
    /// An empty view, to be filled cell by cell.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The view of a publication of which the flagged cells are hidden. `legend` is what the publication
    /// says of the cells flagged in `marked` (a "1 to 5" legend).
    #[must_use]
    pub fn of(
        publication: &Publication,
        hidden: &[bool],
        marked: &[bool],
        legend: Option<(u64, u64)>,
    ) -> Self {
        let mut view = Self::new();
        for cell in publication.cells() {
            let flag = |flags: &[bool]| flags.get(cell.index()).copied().unwrap_or(false);
            let known = match legend {
                _ if !flag(hidden) => Known::Shown(publication.value(cell)),
                Some((lo, hi)) if flag(marked) => Known::Hidden { lo, hi: Some(hi) },
                _ => Known::Hidden { lo: 0, hi: None },
            };
            view.labels.push(publication.label(cell));
            view.known.push(known);
        }
        view.by_label = view.labels.iter().cloned().enumerate().map(|(i, l)| (l, i)).collect();
        for relation in publication.relations() {
            let mut terms = vec![(relation.parent.index(), 1)];
            terms.extend(relation.parts.iter().map(|c| (c.index(), -1)));
            view.equations.push(Equation { terms, name: publication.label(relation.parent) });
        }
        view.name_equations(publication);
        view
    }

    fn name_equations(&mut self, publication: &Publication) {
        for (equation, relation) in self.equations.iter_mut().zip(publication.relations()) {
            if let crate::publication::RelationKind::Dimension(d) = relation.kind
                && let Some(dimension) = publication.dimensions().get(d)
            {
                equation.name = format!("[{}] over {}", equation.name, dimension.name());
            } else {
                equation.name = format!("[{}]", equation.name);
            }
        }
    }

    /// Adds a cell, or what a second source says about a cell of the same name.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] if two sources contradict each other.
    pub fn cell(&mut self, label: &str, known: Known) -> Result<usize> {
        let known = known.checked(label)?;
        let Some(&at) = self.by_label.get(label) else {
            let at = self.labels.len();
            self.labels.push(label.to_owned());
            self.known.push(known);
            self.by_label.insert(label.to_owned(), at);
            return Ok(at);
        };
        self.narrow(at, known)?;
        Ok(at)
    }

    /// Adds what another source says about a cell.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] if it contradicts what is known.
    pub fn narrow(&mut self, at: usize, known: Known) -> Result<()> {
        let label = self.labels.get(at).cloned().unwrap_or_default();
        let known = known.checked(&label)?;
        let Some(slot) = self.known.get_mut(at) else { return Err(Error::UnknownCell { cell: label }) };
        let clash = |problem: String| Err(Error::Inconsistent { cell: label.clone(), problem });
        *slot = match (*slot, known) {
            (Known::Shown(a), Known::Shown(b)) if a != b => {
                return clash(format!("one source shows {a}, another {b}"));
            }
            (Known::Shown(v), Known::Hidden { lo, hi }) | (Known::Hidden { lo, hi }, Known::Shown(v)) => {
                if v < lo || hi.is_some_and(|hi| v > hi) {
                    return clash(format!("one source shows {v}, another says {lo} to {hi:?}"));
                }
                Known::Shown(v)
            }
            (Known::Hidden { lo: a, hi: b }, Known::Hidden { lo: c, hi: d }) => {
                let hi = match (b, d) {
                    (Some(b), Some(d)) => Some(b.min(d)),
                    (b, d) => b.or(d),
                };
                if hi.is_some_and(|hi| hi < a.max(c)) {
                    return clash(format!("the ranges of two sources do not meet ({a}.. and {c}..)"));
                }
                Known::Hidden { lo: a.max(c), hi }
            }
            (shown, _) => shown,
        };
        Ok(())
    }

    /// Adds an equation over existing cells: `parent` is the sum of `parts`.
    pub fn sum(&mut self, name: &str, parent: usize, parts: &[usize]) {
        let mut terms = vec![(parent, 1)];
        terms.extend(parts.iter().map(|&p| (p, -1)));
        self.equations.push(Equation { terms, name: name.to_owned() });
    }

    /// Adds a printed percentage of two cells: rounded half up (`82.4`, `82.4%`), a range or code (`21-39`,
    /// `GE80`, `<=5%`), or a mask, which says nothing. The total may be hidden too: the percentage ties the two
    /// together by two inequalities, each written as an equation with a remainder.
    ///
    /// # Errors
    /// [`Error::Input`] if the text is no percentage; [`Error::Inconsistent`] if no count of a shown total has
    /// it; [`Error::UnknownCell`] for a position that does not exist.
    pub fn percent(&mut self, of: usize, base: usize, shown: &str) -> Result<()> {
        let (lo, hi, decimals) = match (parse_percent(shown), shown.parse::<Value>()) {
            (Ok((value, decimals)), _) => (value, value, decimals),
            (_, Ok(Value::Masked(m))) if m.unit() == Unit::Percent => {
                (u128::from(m.bounds().0), u128::from(m.bounds().1.unwrap_or(100)), 0)
            }
            (_, Ok(Value::Masked(_) | Value::Absent(_))) => return Ok(()),
            (Err(problem), _) => return Err(problem),
        };
        let name = format!("[{}] is {shown} of [{}]", self.label(of), self.label(base));
        self.ratio(of, base, [lo, hi], 100, decimals, &name)
    }

    /// Adds a printed mean, rounded half up: the sum `of` over the members that `base` counts.
    ///
    /// # Errors
    /// As for [`Self::percent`].
    pub fn mean(&mut self, of: usize, base: usize, shown: &str) -> Result<()> {
        let (value, decimals) = parse_percent(shown)?;
        let name = format!("[{}] is {shown} on average over [{}]", self.label(of), self.label(base));
        self.ratio(of, base, [value, value], 1, decimals, &name)
    }

    /// `lo <= round(unit * 10^decimals * of / base) <= hi` in whole numbers:
    /// `(2 lo - 1) base <= 2 unit 10^decimals of <= (2 hi + 1) base - 1`, and the base is not zero.
    fn ratio(
        &mut self,
        of: usize,
        base: usize,
        ends: [u128; 2],
        unit: i64,
        decimals: u32,
        name: &str,
    ) -> Result<()> {
        let too_fine = || Error::Input {
            place: name.to_owned(),
            problem: "has more figures than counts can bear; give at most 3 decimals".to_owned(),
        };
        if of.max(base) >= self.len() {
            return Err(Error::UnknownCell { cell: name.to_owned() });
        }
        let scale = 10_i64.checked_pow(decimals).filter(|_| decimals <= 3).ok_or_else(too_fine)? * unit * 2;
        let end = |k: u128| i64::try_from(k).ok().filter(|k| *k < 1 << 19).ok_or_else(too_fine);
        let (lo, hi) = (2 * end(ends[0])? - 1, 2 * end(ends[1])? + 1);
        self.narrow(base, Known::Hidden { lo: 1, hi: None })?;
        if let (Some(n), None) = (self.shown(base), self.shown(of)) {
            let n = n as i64;
            let least = ((lo * n).max(0) as u64).div_ceil(scale as u64);
            let most = (hi * n - 1).div_euclid(scale);
            if most < least as i64 {
                let problem = format!("no whole number fits: {name}, which is {n}");
                return Err(Error::Inconsistent { cell: self.label(of).to_owned(), problem });
            }
        }
        for (terms, least) in [([(of, scale), (base, -lo)], 0), ([(base, hi), (of, -scale)], 1)] {
            let slack = self.labels.len();
            self.labels.push(format!("rounding where {name}"));
            self.known.push(Known::Hidden { lo: least, hi: None });
            self.slack.push(slack);
            let terms = terms.into_iter().chain([(slack, -1)]).filter(|t| t.1 != 0).collect();
            self.equations.push(Equation { terms, name: name.to_owned() });
        }
        Ok(())
    }

    /// Joins another release: cells of the same name are the same number.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] if the releases contradict each other.
    pub fn join(&mut self, other: &Self, release: &str) -> Result<()> {
        let mut place = Vec::with_capacity(other.labels.len());
        for (at, (label, known)) in other.labels.iter().zip(&other.known).enumerate() {
            if other.slack.binary_search(&at).is_ok() {
                self.slack.push(self.labels.len());
                place.push(self.labels.len());
                self.labels.push(format!("{label} ({release})"));
                self.known.push(*known);
            } else {
                place.push(self.cell(label, *known)?);
            }
        }
        for equation in &other.equations {
            let terms = equation.terms.iter().filter_map(|&(c, k)| Some((*place.get(c)?, k))).collect();
            self.equations.push(Equation { terms, name: format!("{} ({release})", equation.name) });
        }
        Ok(())
    }

    /// The same view under other names, in the order of the cells; cells beyond the list keep theirs.
    pub(crate) fn relabelled(mut self, labels: &[String]) -> Self {
        for (slot, label) in self.labels.iter_mut().zip(labels) {
            slot.clone_from(label);
        }
        self.by_label = self.labels.iter().cloned().enumerate().map(|(i, l)| (l, i)).collect();
        self
    }

    /// The figure of a cell, if it is shown.
    #[must_use]
    pub fn shown(&self, at: usize) -> Option<u64> {
        match self.known.get(at) {
            Some(Known::Shown(v)) => Some(*v),
            _ => None,
        }
    }

    /// Position of a cell by its name.
    #[must_use]
    pub fn position(&self, label: &str) -> Option<usize> {
        self.by_label.get(label).copied()
    }

    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no cells.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Name of a cell.
    #[must_use]
    pub fn label(&self, at: usize) -> &str {
        self.labels.get(at).map_or("", String::as_str)
    }
}

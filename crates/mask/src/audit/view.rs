//! What an attacker sees: known figures, hidden cells with what is said about them, and the relations.

use crate::error::{Error, Result};
use crate::publication::Publication;
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

    /// Joins another release: cells of the same name are the same number.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] if the releases contradict each other.
    pub fn join(&mut self, other: &Self, release: &str) -> Result<()> {
        let mut place = Vec::with_capacity(other.labels.len());
        for (label, known) in other.labels.iter().zip(&other.known) {
            place.push(self.cell(label, *known)?);
        }
        for equation in &other.equations {
            let terms = equation.terms.iter().filter_map(|&(c, k)| Some((*place.get(c)?, k))).collect();
            self.equations.push(Equation { terms, name: format!("{} ({release})", equation.name) });
        }
        Ok(())
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

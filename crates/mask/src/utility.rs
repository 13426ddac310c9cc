//! What the masking costs the reader: cells and students hidden, by level and table, against the least
//! that is possible.

use crate::certified::Certified;
use serde::Serialize;

/// Cells and students of one part of a publication.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Part {
    /// Non-zero cells (all cells, where zeros are not known).
    pub cells: u64,
    /// Sensitive cells.
    pub primary: u64,
    /// Further hidden cells.
    pub secondary: u64,
    /// Sum of all counts.
    pub value: u64,
    /// Sum of `max(1, count)` over sensitive cells.
    pub primary_value: u64,
    /// Sum of `max(1, count)` over further hidden cells.
    pub secondary_value: u64,
}

impl Part {
    fn add(&mut self, value: u64, hidden: bool, sensitive: bool) {
        self.cells += 1;
        self.value += value;
        if hidden && sensitive {
            self.primary += 1;
            self.primary_value += value.max(1);
        } else if hidden {
            self.secondary += 1;
            self.secondary_value += value.max(1);
        }
    }
}

/// The utility report of a certified publication. Counts of sensitive cells are for the agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Utility {
    /// The whole publication.
    pub all: Part,
    /// By steps of aggregation above the leaves (0: innermost).
    pub by_height: Vec<Part>,
    /// By table; a cell shown by several tables counts in each.
    pub by_table: Vec<(String, Part)>,
    /// Cost of the further hidden cells, in the terms of the rule.
    pub cost: u64,
    /// A lower bound on that cost for every safe pattern, proved in the certificate.
    pub lower_bound: Option<u64>,
    /// Whether the covers were proven optima: then no safe pattern costs less.
    pub optimal: bool,
}

/// Reports what a certified publication withholds.
#[must_use]
pub fn utility(certified: &Certified) -> Utility {
    let publication = certified.publication();
    let bound = certified.certificate().lower_bound.as_ref();
    let mut report = Utility {
        all: Part::default(),
        by_height: Vec::new(),
        by_table: publication.tables().iter().map(|t| (t.name().to_owned(), Part::default())).collect(),
        cost: 0,
        lower_bound: bound.map(|b| b.total),
        optimal: certified.is_optimal(),
    };
    for cell in publication.cells() {
        let value = publication.value(cell);
        let hidden = certified.is_hidden(cell);
        let sensitive = certified.sensitive().get(cell.index()) == Some(&true);
        report.all.add(value, hidden, sensitive);
        if hidden && !sensitive {
            let cost = bound.and_then(|b| b.costs.get(cell.index())).copied();
            report.cost += cost.unwrap_or(value.max(1));
        }
        let height = publication.height(cell) as usize;
        if report.by_height.len() <= height {
            report.by_height.resize(height + 1, Part::default());
        }
        if let Some(part) = report.by_height.get_mut(height) {
            part.add(value, hidden, sensitive);
        }
        if let Some(at) = publication.coordinate(cell) {
            for (table, (_, part)) in publication.tables().iter().zip(&mut report.by_table) {
                let dims = publication.dimensions();
                let shown =
                    at.iter().zip(dims).zip(table.depths()).all(|((&c, d), &limit)| d.depth(c) <= limit);
                if shown {
                    part.add(value, hidden, sensitive);
                }
            }
        }
    }
    report
}

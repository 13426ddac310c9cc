//! One global system of the whole publication: identical cells merged, constants dropped.
//!
//! A *unit* is a set of cells that are the same number whatever is hidden (a district and its only
//! school). Rows are the relations written on units. Nothing here decides what is hidden.
// Invariant for the indexing below: unit and cell numbers come from the system's own tables.
#![allow(clippy::indexing_slicing)]

use crate::level::{Cost, Demand, Level};
use crate::publication::{CellId, Publication};

/// Cost of a unit that may not be hidden: taken only when there is no other way, and then reported.
pub(crate) const FROZEN: u64 = 1 << 32;

/// Under the cost `count`, one cell weighs as much as so many binary digits of counts.
const TIES: u64 = 4096;

/// No unit: a cell that is constant for everybody.
pub(crate) const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Default)]
pub(crate) struct System {
    pub(crate) unit_of: Vec<u32>,
    pub(crate) members: Vec<Vec<u32>>,
    pub(crate) value: Vec<i64>,
    /// What hiding the unit costs in the search: the price, with ties broken towards small counts.
    pub(crate) cost: Vec<u64>,
    /// What hiding the unit costs in the caller's terms.
    pub(crate) price: Vec<u64>,
    pub(crate) primary: Vec<bool>,
    pub(crate) frozen: Vec<bool>,
    /// What a legend or another source says of a unit when it is hidden.
    pub(crate) bounds: Vec<Option<(i64, i64)>>,
    pub(crate) demand: Vec<Demand>,
    /// Terms of each row, sorted by unit.
    pub(crate) rows: Vec<Vec<(u32, i64)>>,
    /// The relation of the publication that a row came from.
    pub(crate) relation_of: Vec<u32>,
    /// The merges in order: relation, and the two cells that it makes identical.
    pub(crate) merges: Vec<(u32, u32, u32)>,
    /// Rows of each unit.
    pub(crate) rows_of: Vec<Vec<u32>>,
}

/// What the suppressor needs to know beside the publication.
pub(crate) struct Marking<'a> {
    pub(crate) primary: &'a [bool],
    pub(crate) level: Level,
    pub(crate) cost: Cost,
    /// What a legend or another source says of a cell when it is hidden.
    pub(crate) bounds: &'a [Option<(u64, u64)>],
}

impl System {
    pub(crate) fn len(&self) -> usize {
        self.value.len()
    }

    pub(crate) fn new(publication: &Publication, marking: &Marking<'_>) -> Self {
        let n = publication.len();
        let relations: Vec<Vec<(u32, i64)>> = publication
            .relations()
            .map(|r| {
                let parent = std::iter::once((r.parent.0, 1));
                parent.chain(r.parts.iter().map(|c| (c.0, -1))).collect()
            })
            .collect();
        let mut classes = Classes::new(n);
        let merges = merge(&relations, &mut classes);
        let mut system = Self { unit_of: vec![NONE; n], merges, ..Self::default() };
        for cell in publication.cells() {
            let root = classes.find(cell.0) as usize;
            if system.unit_of[root] == NONE {
                system.unit_of[root] = system.members.len() as u32;
                system.members.push(Vec::new());
            }
            let unit = system.unit_of[root];
            system.unit_of[cell.index()] = unit;
            system.members[unit as usize].push(cell.0);
        }
        for members in &system.members {
            let first = publication.value(CellId(members[0]));
            let is_primary = members.iter().any(|&c| marking.primary[c as usize]);
            system.value.push(first as i64);
            system.primary.push(is_primary);
            let frozen = members.iter().any(|&c| publication.is_frozen(CellId(c)));
            system.frozen.push(frozen);
            let price: u64 =
                members.iter().map(|&c| marking.cost.of(first, publication.height(CellId(c)))).sum();
            system.price.push(price);
            let bits = 64 - u64::from(first.leading_zeros());
            system.cost.push(match marking.cost {
                _ if frozen => FROZEN,
                Cost::Count => price * TIES + bits,
                _ => price,
            });
            let said = members.iter().filter_map(|&c| marking.bounds.get(c as usize).copied().flatten());
            system.bounds.push(
                said.map(|(lo, hi)| (lo as i64, hi.min(1 << 40) as i64))
                    .reduce(|a, b| (a.0.max(b.0), a.1.min(b.1))),
            );
            system.demand.push(marking.level.demand(first));
        }
        let mut rows: Vec<(Vec<(u32, i64)>, u32)> = relations
            .iter()
            .enumerate()
            .map(|(r, terms)| (on_units(terms, &system.unit_of), r as u32))
            .filter(|(terms, _)| !terms.is_empty())
            .collect();
        rows.sort_unstable();
        rows.dedup_by(|a, b| a.0 == b.0);
        rows.sort_unstable_by_key(|(_, relation)| *relation);
        system.rows_of = vec![Vec::new(); system.len()];
        for (terms, relation) in rows {
            let row = system.rows.len() as u32;
            for &(unit, _) in &terms {
                system.rows_of[unit as usize].push(row);
            }
            system.rows.push(terms);
            system.relation_of.push(relation);
        }
        system
    }
}

/// Rewrites terms on units, adding up and dropping what cancels.
fn on_units(terms: &[(u32, i64)], unit_of: &[u32]) -> Vec<(u32, i64)> {
    let mut mapped: Vec<(u32, i64)> = terms.iter().map(|&(c, k)| (unit_of[c as usize], k)).collect();
    mapped.sort_unstable();
    let mut out: Vec<(u32, i64)> = Vec::with_capacity(mapped.len());
    for (unit, k) in mapped {
        match out.last_mut() {
            Some((last, sum)) if *last == unit => *sum += k,
            _ => out.push((unit, k)),
        }
    }
    out.retain(|&(_, k)| k != 0);
    out
}

/// Joins the two cells of every relation that has come down to `a = b`, until nothing moves.
fn merge(relations: &[Vec<(u32, i64)>], classes: &mut Classes) -> Vec<(u32, u32, u32)> {
    let mut merges = Vec::new();
    let mut open: Vec<u32> = (0..relations.len() as u32).collect();
    loop {
        let before = merges.len();
        open.retain(|&r| {
            let terms = &relations[r as usize];
            let mut distinct: Vec<(u32, i64)> = Vec::with_capacity(4);
            for &(cell, k) in terms {
                let root = classes.find(cell);
                match distinct.iter().position(|(other, _)| *other == root) {
                    Some(at) => distinct[at].1 += k,
                    None if distinct.len() > 6 => return true,
                    None => distinct.push((root, k)),
                }
            }
            distinct.retain(|&(_, k)| k != 0);
            match distinct[..] {
                [(a, k), (b, l)] if k == -l => {
                    classes.join(a, b);
                    merges.push((r, a, b));
                    false
                }
                [] => false,
                _ => true,
            }
        });
        if merges.len() == before {
            return merges;
        }
    }
}

struct Classes(Vec<u32>);

impl Classes {
    fn new(n: usize) -> Self {
        Self((0..n as u32).collect())
    }

    fn find(&mut self, mut at: u32) -> u32 {
        while self.0[at as usize] != at {
            let up = self.0[self.0[at as usize] as usize];
            self.0[at as usize] = up;
            at = up;
        }
        at
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}

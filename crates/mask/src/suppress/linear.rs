//! Level `exact` over positive hidden values: exposure by elimination, cuts from its multipliers.
// Invariant for the indexing below: unit numbers come from the system.
#![allow(clippy::indexing_slicing)]

use super::cover::Coverer;
use super::cuts::{Pool, linear_cut, singleton_cuts};
use super::elimination::{Elimination, Space};
use super::field::{Sequence, inv, mul, sub};
use crate::certified::EliminationSize;
use crate::system::System;

/// Random null vectors kept at once for the clean-up.
const SKETCH: usize = 48;

pub(crate) struct Linear<'a> {
    system: &'a System,
    pub(crate) pool: Pool,
    coverer: Coverer,
    space: Space,
    sequence: Sequence,
    pub(crate) work: u64,
    pub(crate) size: EliminationSize,
}

impl<'a> Linear<'a> {
    pub(crate) fn new(system: &'a System) -> Self {
        Self {
            system,
            pool: Pool::default(),
            coverer: Coverer::default(),
            space: Space::new(system.len()),
            sequence: Sequence(0x6f70_692d_6d61_736b),
            work: 0,
            size: EliminationSize::default(),
        }
    }

    pub(crate) fn primaries(&self) -> Vec<bool> {
        self.system.primary.clone()
    }

    fn eliminate(&mut self, hidden: &[bool]) -> Elimination {
        let units = (0..self.system.len() as u32).filter(|&u| hidden[u as usize]).collect();
        let elimination = Elimination::new(self.system, hidden, units, &mut self.space, 0);
        self.work += elimination.work;
        self.size = EliminationSize {
            unknowns: elimination.hidden.len(),
            pivots: elimination.pivots.len(),
            terms: elimination.pivots.iter().map(|p| p.terms.len() + 1).sum(),
        };
        elimination
    }

    /// Hidden units that the equations determine, and the elimination that shows it.
    pub(crate) fn determined(&mut self, hidden: &[bool]) -> (Elimination, Vec<u32>) {
        let elimination = self.eliminate(hidden);
        let mut vector = vec![0; self.system.len()];
        elimination.random_null(&mut self.sequence, &mut vector);
        let fixed = elimination.hidden.iter().copied().filter(|&u| vector[u as usize] == 0).collect();
        (elimination, fixed)
    }

    /// Adds the cuts for what a person alone in a cell could work out; pairs that fail, and new cuts.
    pub(crate) fn separate_singletons(&mut self, hidden: &[bool]) -> (usize, usize) {
        let elimination = self.eliminate(hidden);
        let (space, sequence) = (&mut self.space, &mut self.sequence);
        singleton_cuts(self.system, hidden, &elimination, space, sequence, &mut self.pool)
    }

    /// Adds the cuts of all exposed sensitive units; returns how many units are exposed and how many cuts
    /// are new.
    pub(crate) fn separate(&mut self, hidden: &[bool]) -> (usize, usize) {
        let (elimination, fixed) = self.determined(hidden);
        let exposed: Vec<u32> = fixed.into_iter().filter(|&u| self.system.primary[u as usize]).collect();
        let mut new = 0;
        for &target in &exposed {
            if let Some(cut) = linear_cut(self.system, hidden, &elimination, target, &mut self.space)
                && self.pool.add(cut)
            {
                new += 1;
            }
        }
        (exposed.len(), new)
    }

    /// Sensitive units that the equations determine.
    pub(crate) fn exposed(&mut self, hidden: &[bool]) -> Vec<u32> {
        let (_, fixed) = self.determined(hidden);
        fixed.into_iter().filter(|&u| self.system.primary[u as usize]).collect()
    }

    /// Publishes secondaries that the equations determine: hiding them hides nothing.
    pub(crate) fn publish_determined(&mut self, hidden: &mut [bool]) {
        let (_, fixed) = self.determined(hidden);
        for unit in fixed.into_iter().filter(|&u| !self.system.primary[u as usize]) {
            hidden[unit as usize] = false;
        }
    }

    /// Whether choosing covers anew has become too much work.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.coverer.is_exhausted()
    }

    /// Covers all cuts found so far.
    pub(crate) fn cover(&mut self) -> (Vec<bool>, bool) {
        let cuts: Vec<&[u32]> = self.pool.cuts.iter().map(|c| c.units.as_slice()).collect();
        let cover = self.coverer.solve(&cuts, &self.system.cost);
        let mut hidden = self.primaries();
        for u in cover.chosen {
            hidden[u as usize] = true;
        }
        (hidden, cover.optimal)
    }

    /// Hides more for the cuts that the pattern does not meet, leaving the rest as it is.
    pub(crate) fn patch(&mut self, hidden: &mut [bool]) {
        let unmet: Vec<&[u32]> = self
            .pool
            .cuts
            .iter()
            .map(|c| c.units.as_slice())
            .filter(|units| !units.iter().any(|&u| hidden[u as usize]))
            .collect();
        for u in self.coverer.solve(&unmet, &self.system.cost).chosen {
            hidden[u as usize] = true;
        }
    }

    /// Publishes secondaries again, dearest first, while every sensitive unit stays protected.
    ///
    /// Publishing `s` determines exactly the hidden units whose entry stands in a fixed proportion to that
    /// of `s` in every null vector; random null vectors show the proportions, and projecting them to
    /// `s = 0` gives random null vectors of what stays hidden.
    pub(crate) fn clean_up(&mut self, hidden: &mut [bool]) {
        let mut order: Vec<u32> = (0..self.system.len() as u32)
            .filter(|u| hidden[*u as usize] && !self.system.primary[*u as usize])
            .collect();
        order.sort_unstable_by_key(|&u| (std::cmp::Reverse(self.system.cost[u as usize]), u));
        let mut next = 0;
        while next < order.len() {
            let elimination = self.eliminate(hidden);
            let units = &elimination.hidden;
            let size = SKETCH.min(elimination.free.len() + 2);
            let mut sketch: Vec<Vec<u64>> = Vec::with_capacity(size);
            let mut vector = vec![0; self.system.len()];
            for _ in 0..size {
                elimination.random_null(&mut self.sequence, &mut vector);
                sketch.push(units.iter().map(|&u| vector[u as usize]).collect());
            }
            let sensitive: Vec<usize> =
                (0..units.len()).filter(|&i| self.system.primary[units[i] as usize]).collect();
            let mut left = size;
            while next < order.len() && left > 2 {
                let unit = order[next];
                next += 1;
                let Ok(at) = units.binary_search(&unit) else { continue };
                let (a, b) = (sketch[0][at], sketch[1][at]);
                if a == 0 && b == 0 {
                    hidden[unit as usize] = false;
                    continue;
                }
                let exposes = sensitive.iter().any(|&p| {
                    let (x, y) = (sketch[0][p], sketch[1][p]);
                    (x != 0 || y != 0) && mul(x, b) == mul(y, a)
                });
                if exposes {
                    continue;
                }
                hidden[unit as usize] = false;
                let last = sketch.swap_remove(if a == 0 { 1 } else { 0 });
                let scale = inv(last[at]);
                for vector in &mut sketch {
                    let factor = mul(vector[at], scale);
                    if factor != 0 {
                        for (x, &l) in vector.iter_mut().zip(&last) {
                            *x = sub(*x, mul(factor, l));
                        }
                    }
                }
                left -= 1;
                self.work += (sketch.len() * units.len()) as u64;
            }
        }
    }
}

//! What witness tables have shown so far of each unit, and what its level still demands.
// Invariant for the indexing below: unit numbers come from the system.
#![allow(clippy::indexing_slicing)]

use super::simplex::Simplex;
use super::witness::Move;
use crate::system::System;

/// The widest whole-number values seen of each unit, and the tables that showed them.
pub(crate) struct Record<'a> {
    system: &'a System,
    lo: Vec<i64>,
    hi: Vec<i64>,
    pub(crate) tables: Vec<Move>,
}

impl<'a> Record<'a> {
    pub(crate) fn new(system: &'a System) -> Self {
        Self { system, lo: system.value.clone(), hi: system.value.clone(), tables: Vec::new() }
    }

    fn wide(&self, unit: u32) -> bool {
        let width = self.system.demand[unit as usize].width as i64;
        self.hi[unit as usize] - self.lo[unit as usize] >= width
    }

    /// The value that a unit must still reach in one direction; none if it need not.
    pub(crate) fn goal(&self, unit: u32, up: bool) -> Option<i64> {
        let demand = self.system.demand[unit as usize];
        let (lo, hi) = (self.lo[unit as usize], self.hi[unit as usize]);
        let (demanded_lo, demanded_hi, width) = (demand.lo as i64, demand.hi as i64, demand.width as i64);
        let narrow = !self.wide(unit);
        match up {
            true => (hi < demanded_hi || narrow).then(|| demanded_hi.max(lo + width)),
            false => (lo > demanded_lo || narrow).then(|| demanded_lo.min(hi - width)),
        }
    }

    pub(crate) fn met(&self, unit: u32) -> bool {
        let demand = self.system.demand[unit as usize];
        self.wide(unit)
            && self.lo[unit as usize] <= demand.lo as i64
            && self.hi[unit as usize] >= demand.hi as i64
    }

    /// Keeps a table of an earlier look if it widens what an unmet demand has seen.
    pub(crate) fn take(&mut self, table: Move) {
        let mut useful = false;
        for &(unit, change) in &table {
            let u = unit as usize;
            let v = self.system.value[u] + change;
            if self.system.primary[u] && (v < self.lo[u] || v > self.hi[u]) && !self.met(unit) {
                useful = true;
                self.lo[u] = self.lo[u].min(v);
                self.hi[u] = self.hi[u].max(v);
            }
        }
        if useful {
            self.tables.push(table);
        }
    }

    /// Keeps the current point if it widens what an unmet demand has seen.
    pub(crate) fn visit(&mut self, units: &[u32], simplex: &Simplex) {
        if let Some(point) = simplex.point() {
            self.visit_point(units, &point);
        }
    }

    pub(crate) fn visit_point(&mut self, units: &[u32], point: &[i64]) {
        let mut useful = false;
        for (&unit, &v) in units.iter().zip(point) {
            let u = unit as usize;
            if !self.system.primary[u] || (v >= self.lo[u] && v <= self.hi[u]) || self.met(unit) {
                continue;
            }
            useful = true;
            self.lo[u] = self.lo[u].min(v);
            self.hi[u] = self.hi[u].max(v);
        }
        if useful {
            let changes = units.iter().zip(point).map(|(&u, v)| (u, v - self.system.value[u as usize]));
            self.tables.push(changes.filter(|(_, k)| *k != 0).collect());
        }
    }
}

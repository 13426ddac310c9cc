//! Secondary suppression: which further units to hide so that no sensitive one can be worked out.
// Invariant for the indexing below: unit numbers come from the system.
#![allow(clippy::indexing_slicing)]

pub(crate) mod bounded;
pub(crate) mod cover;
pub(crate) mod cuts;
pub(crate) mod elimination;
pub(crate) mod field;
pub(crate) mod fraction;
pub(crate) mod linear;
pub(crate) mod simplex;
pub(crate) mod witness;

use crate::level::Level;
use crate::system::System;
use bounded::{Bounded, Look};
use cuts::Cut;
use linear::Linear;
use witness::Move;

/// Rounds in which the whole cover is chosen anew; later rounds only add.
const FREE_ROUNDS: usize = 400;
const MAX_ROUNDS: usize = 2_000;

/// What the suppressor found.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) hidden: Vec<bool>,
    /// Witness tables for every sensitive unit.
    pub(crate) tables: Vec<Move>,
    /// Sensitive units that could not be proved safe.
    pub(crate) unproved: Vec<u32>,
    pub(crate) cuts: Vec<Cut>,
    /// Whether every cover on the way was a proven optimum, and so the result.
    pub(crate) optimal: bool,
    pub(crate) rounds: usize,
    pub(crate) work: u64,
}

impl Outcome {
    /// Sensitive units that a cut with frozen units alone, or a frozen unit itself, gives away.
    pub(crate) fn exposed_by_frozen(&self, system: &System) -> Vec<usize> {
        let frozen = |u: usize| system.frozen[u];
        let mut exposed: Vec<usize> = self
            .cuts
            .iter()
            .filter(|c| c.units.iter().all(|&u| frozen(u as usize)))
            .map(|c| c.target as usize)
            .chain((0..system.len()).filter(|&u| system.primary[u] && frozen(u)))
            .collect();
        exposed.sort_unstable();
        exposed.dedup();
        exposed
    }
}

/// Chooses what to hide. `line_sums`: the hidden part of a line must be above this count.
pub(crate) fn solve(system: &System, level: Level, line_sums: Option<u64>) -> Outcome {
    let plain = level == Level::Exact
        && system.bounds.iter().all(Option::is_none)
        && system.value.iter().all(|&v| v > 0);
    let _ = line_sums;
    if plain { by_elimination(system) } else { by_bounds(system) }
}

fn by_elimination(system: &System) -> Outcome {
    let mut linear = Linear::new(system);
    let mut hidden = linear.primaries();
    let mut optimal = true;
    let mut rounds = 0;
    let targets: Vec<u32> = (0..system.len() as u32).filter(|&u| system.primary[u as usize]).collect();
    let mut outcome = Outcome::default();
    loop {
        // Hide until no sensitive unit is determined.
        loop {
            let (exposed, new) = linear.separate(&hidden);
            if exposed == 0 || new == 0 || rounds > MAX_ROUNDS {
                outcome.unproved = if exposed > 0 { linear.exposed(&hidden) } else { Vec::new() };
                break;
            }
            rounds += 1;
            let exact = rounds < 60;
            let (cover, proven) = linear.cover(exact);
            optimal &= proven;
            if rounds > FREE_ROUNDS {
                for (old, new) in hidden.iter_mut().zip(cover) {
                    *old |= new;
                }
            } else {
                hidden = cover;
            }
        }
        if !outcome.unproved.is_empty() {
            break;
        }
        if !optimal {
            linear.clean_up(&mut hidden);
        }
        // Whole-number witnesses; where there is none, hide something next to it.
        let witnesses = witness::find(system, &hidden, &targets);
        outcome.work += witnesses.work;
        if witnesses.missing.is_empty() || rounds > MAX_ROUNDS {
            outcome.unproved = witnesses.missing;
            outcome.tables = witnesses.tables;
            break;
        }
        optimal = false;
        rounds += 1;
        let mut added = false;
        for &target in &witnesses.missing {
            added |= linear.widen(&hidden, target);
        }
        if !added {
            outcome.unproved = witnesses.missing;
            outcome.tables = witnesses.tables;
            break;
        }
        hidden = linear.cover(true).0;
    }
    outcome.hidden = hidden;
    outcome.optimal = optimal;
    outcome.rounds = rounds;
    outcome.work += linear.work;
    outcome.cuts = linear.pool.cuts;
    outcome
}

fn by_bounds(system: &System) -> Outcome {
    let mut bounded = Bounded::new(system);
    let mut hidden = system.primary.clone();
    let mut optimal = true;
    let mut rounds = 0;
    let mut look = bounded.look(&hidden);
    while !look.unmet.is_empty() && look.new > 0 && rounds < MAX_ROUNDS {
        rounds += 1;
        let (cover, proven) = bounded.cover(rounds < 60);
        optimal &= proven;
        hidden = cover;
        look = bounded.look(&hidden);
    }
    if look.unmet.is_empty() && !optimal {
        look = republish(system, &mut bounded, &mut hidden, look);
    }
    Outcome {
        hidden,
        tables: look.tables,
        unproved: look.unmet,
        cuts: bounded.pool.cuts,
        optimal,
        rounds,
        work: bounded.work,
    }
}

/// Publishes secondaries again, dearest first, while the component stays protected.
fn republish(system: &System, bounded: &mut Bounded<'_>, hidden: &mut [bool], look: Look) -> Look {
    const EFFORT: u64 = 200_000_000;
    let mut order: Vec<u32> =
        (0..system.len() as u32).filter(|&u| hidden[u as usize] && !system.primary[u as usize]).collect();
    order.sort_unstable_by_key(|&u| (std::cmp::Reverse(system.cost[u as usize]), u));
    let mut changed = false;
    let stop = bounded.work + EFFORT;
    for unit in order {
        if bounded.work > stop {
            break;
        }
        hidden[unit as usize] = false;
        if bounded.look(hidden).unmet.is_empty() {
            changed = true;
        } else {
            hidden[unit as usize] = true;
        }
    }
    if changed { bounded.look(hidden) } else { look }
}

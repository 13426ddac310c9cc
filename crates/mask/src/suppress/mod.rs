//! Secondary suppression: which further units to hide so that no sensitive one can be worked out.
// Invariant for the indexing below: unit numbers come from the system.
#![allow(clippy::indexing_slicing)]

pub(crate) mod bounded;
pub(crate) mod cover;
pub(crate) mod cuts;
pub(crate) mod elimination;
pub(crate) mod exchange;
pub(crate) mod field;
pub(crate) mod fraction;
pub(crate) mod integer;
pub(crate) mod linear;
pub(crate) mod reach;
pub(crate) mod record;
pub(crate) mod simplex;
pub(crate) mod witness;

use crate::certified::EliminationSize;
use crate::level::Level;
use crate::system::System;
use bounded::{Bounded, Look};
use cuts::Cut;
use exchange::Exchange;
use linear::Linear;
use reach::Reach;
use witness::Move;

/// Rounds in which the whole cover is chosen anew; later rounds only add.
const FREE_ROUNDS: usize = 400;
/// Elementary steps of elimination in these rounds.
const FREE_WORK: u64 = 25_000_000;
/// The same where bounds are needed.
const BOUND_ROUNDS: usize = 300;
const BOUND_WORK: u64 = 8_000_000;
/// Rounds of growing by cheapest moves.
const GROWTHS: usize = 40;
const MAX_ROUNDS: usize = 2_000;
/// Elementary steps of all bounds together.
const BOUND_EFFORT: u64 = 1_500_000_000;

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
    pub(crate) elimination: EliminationSize,
}

impl Extra {
    fn asks(self) -> bool {
        self.line_sums.is_some() || self.singletons
    }
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

/// What is asked beyond the level.
#[derive(Clone, Copy, Default)]
pub(crate) struct Extra {
    /// The hidden part of a line must be above this count.
    pub(crate) line_sums: Option<i64>,
    /// A person alone in a cell must not be able to work out another.
    pub(crate) singletons: bool,
}

/// Chooses what to hide.
pub(crate) fn solve(system: &System, level: Level, extra: Extra) -> Outcome {
    let plain = level == Level::Exact
        && system.bounds.iter().all(Option::is_none)
        && system.value.iter().all(|&v| v > 0);
    if plain { by_elimination(system, extra) } else { by_bounds(system, extra) }
}

fn by_elimination(system: &System, extra: Extra) -> Outcome {
    let mut linear = Linear::new(system);
    let mut outcome = Outcome { hidden: linear.primaries(), optimal: true, ..Outcome::default() };
    // Hide until no sensitive unit is determined.
    loop {
        let (exposed, mut new) = linear.separate(&outcome.hidden);
        let lines =
            extra.line_sums.map_or((0, 0), |l| cuts::line_cuts(system, &outcome.hidden, l, &mut linear.pool));
        let alone = if extra.singletons && exposed == 0 {
            linear.separate_singletons(&outcome.hidden)
        } else {
            (0, 0)
        };
        new += lines.1 + alone.1;
        let open = lines.0 + alone.0;
        if exposed == 0 && (open == 0 || new == 0) {
            break;
        }
        if new == 0 || outcome.rounds > MAX_ROUNDS {
            outcome.unproved = linear.exposed(&outcome.hidden);
            break;
        }
        outcome.rounds += 1;
        if outcome.rounds > FREE_ROUNDS || linear.work > FREE_WORK || linear.is_exhausted() {
            outcome.optimal = false;
            linear.patch(&mut outcome.hidden);
        } else {
            let (cover, proven) = linear.cover();
            outcome.optimal &= proven;
            outcome.hidden = cover;
        }
    }
    if outcome.unproved.is_empty() {
        if !outcome.optimal && !extra.asks() {
            linear.clean_up(&mut outcome.hidden);
        }
        if extra.singletons && extra.line_sums.is_none() {
            linear.publish_determined(&mut outcome.hidden);
        }
        prove(system, &mut outcome);
    }
    outcome.work += linear.work;
    outcome.elimination = linear.size;
    outcome.cuts = linear.pool.cuts;
    outcome
}

/// Whole-number witnesses for all sensitive units; where there is none, what the cheapest move needs is hidden
/// too, which leaves the witnesses found so far as they are. Exchanges come first, then windows that grow: every
/// unit is tried in a small one before any is tried in a larger one.
fn prove(system: &System, outcome: &mut Outcome) {
    let targets: Vec<u32> = (0..system.len() as u32).filter(|&u| system.primary[u as usize]).collect();
    let witnesses = witness::find(system, &outcome.hidden, &targets);
    outcome.work += witnesses.work;
    outcome.tables.extend(witnesses.tables);
    let mut missing = witnesses.missing;
    let mut exchange = Exchange::new(system);
    for beam in exchange::BEAMS {
        missing = hide_for_moves(outcome, missing, |hidden, target| exchange.cheapest(hidden, target, beam));
    }
    let mut reach = Reach::new(system);
    for size in reach::WINDOWS {
        missing = hide_for_moves(outcome, missing, |hidden, target| {
            [1, -1].into_iter().find_map(|by| reach.within(hidden, target, by, size))
        });
    }
    outcome.work += exchange.work + reach.work;
    outcome.unproved = missing;
}

/// Hides what the moves found need; the units that stay without one.
fn hide_for_moves(
    outcome: &mut Outcome,
    missing: Vec<u32>,
    mut found: impl FnMut(&[bool], u32) -> Option<Move>,
) -> Vec<u32> {
    let mut moved = vec![false; outcome.hidden.len()];
    let mut left = Vec::new();
    for target in missing {
        if moved[target as usize] {
            continue;
        }
        let Some(found) = found(&outcome.hidden, target) else {
            left.push(target);
            continue;
        };
        for &(u, _) in &found {
            moved[u as usize] = true;
            outcome.optimal &= outcome.hidden[u as usize];
            outcome.hidden[u as usize] = true;
        }
        outcome.tables.push(found);
    }
    left.retain(|&u| !moved[u as usize]);
    left
}

fn by_bounds(system: &System, extra: Extra) -> Outcome {
    let mut bounded = Bounded::new(system);
    let mut hidden = system.primary.clone();
    if system.value.iter().all(|&v| v > 0) {
        // What the equations alone give away is given away at every level.
        let mut linear = Linear::new(system);
        for _ in 0..FREE_ROUNDS {
            if linear.separate(&hidden).1 == 0 || linear.is_exhausted() {
                break;
            }
            hidden = linear.cover().0;
        }
        for cut in std::mem::take(&mut linear.pool).cuts {
            bounded.pool.add(cut);
        }
    }
    let mut optimal = true;
    let mut rounds = 0;
    let beyond = |hidden: &[bool], look: &mut Look, bounded: &mut Bounded<'_>| {
        let lines = extra.line_sums.map_or((0, 0), |l| cuts::line_cuts(system, hidden, l, &mut bounded.pool));
        let alone = if extra.singletons { bounded.singletons(hidden) } else { (0, 0) };
        look.new += lines.1 + alone.1;
    };
    let mut look = bounded.look(&hidden);
    beyond(&hidden, &mut look, &mut bounded);
    let mut growths = 0;
    while (look.new > 0 || !look.unmet.is_empty()) && rounds < MAX_ROUNDS && bounded.work < BOUND_EFFORT {
        rounds += 1;
        let free = rounds <= BOUND_ROUNDS
            && bounded.work + bounded.coverer.spent() < BOUND_WORK
            && !bounded.coverer.is_exhausted();
        if free && look.new > 0 {
            let (cover, proven) = bounded.cover();
            optimal &= proven;
            hidden = cover;
        } else {
            optimal = false;
            growths += 1;
            let grown = bounded.grow(&mut hidden, &look);
            if look.new > 0 && !grown {
                bounded.patch(&mut hidden);
            } else if !grown && !bounded.surround(&mut hidden, &look.unmet) || growths > GROWTHS {
                break;
            }
        }
        look = bounded.look(&hidden);
        beyond(&hidden, &mut look, &mut bounded);
    }
    if look.unmet.is_empty() && !optimal && !extra.asks() {
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
        elimination: EliminationSize::default(),
    }
}

/// Publishes secondaries again, dearest first, while the component stays protected: by exchanges, then by bounds.
fn republish(system: &System, bounded: &mut Bounded<'_>, hidden: &mut [bool], mut look: Look) -> Look {
    const EFFORT: u64 = 60_000_000;
    bounded.exchange_back(hidden, &mut look.tables);
    let mut changed = false;
    let stop = bounded.work + EFFORT;
    for unit in bounded::secondaries(system, hidden) {
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

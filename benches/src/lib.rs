//! What the benches share: CPU time rather than wall time, the best of several runs, and ratios within one run,
//! since two runs on a busy machine cannot be compared.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a program that measures and prints")]

use rustix::time::{ClockId, clock_gettime};

/// CPU seconds that this process used so far.
#[must_use]
pub fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Several ways to do the same work on the same bytes, measured in turns.
pub struct Contest<'a> {
    bytes: usize,
    entries: Vec<(&'a str, Work<'a>, f64)>,
}

/// A piece of work that answers a number.
type Work<'a> = Box<dyn FnMut() -> u64 + 'a>;

impl<'a> Contest<'a> {
    /// A contest over so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Contest { bytes, entries: Vec::new() }
    }

    /// Adds a way; the first is the baseline. The work answers a number that keeps it from being optimised away.
    #[must_use]
    pub fn entry(mut self, name: &'a str, work: impl FnMut() -> u64 + 'a) -> Self {
        self.entries.push((name, Box::new(work), f64::INFINITY));
        self
    }

    /// Runs every way so many times in turns, prints the best of each, and answers MB per CPU-second by entry.
    pub fn run(mut self, rounds: usize) -> Vec<f64> {
        for _ in 0..rounds {
            for (_, work, best) in &mut self.entries {
                let start = cpu_seconds();
                std::hint::black_box(work());
                *best = best.min(cpu_seconds() - start);
            }
        }
        let speeds: Vec<f64> =
            self.entries.iter().map(|(_, _, best)| self.bytes as f64 / 1e6 / best.max(1e-9)).collect();
        let baseline = speeds.first().copied().unwrap_or(1.0);
        for ((name, _, _), speed) in self.entries.iter().zip(&speeds) {
            println!("{name:<44} {speed:>8.0} MB per CPU-second   ratio {:>5.2}", speed / baseline);
        }
        speeds
    }
}

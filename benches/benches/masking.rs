//! Promise: a table of 60 districts x 4 schools x 13 grades x 7 races (33,712 cells) is masked, audited and
//! certified in under 10 seconds on one core; growth is shown from a thousand to a million
//! cells, with the largest component of hidden cells, the size of the last elimination, and whether the result is
//! certified.
//! Usage: `cargo bench -p opi-benches --bench masking [-- MILLION]` (`MILLION` adds the largest table).
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench"
)]

use opi_benches::cpu_seconds;
use opi_mask::audit::Effort;
use opi_mask::{Certified, Dimension, Publication, Rule, Task, Zeros, suppress};

const RACES: [(&str, f64); 7] = [
    ("AIAN", 0.12),
    ("ASIAN", 0.01),
    ("BLACK", 0.01),
    ("HISP", 0.05),
    ("NHPI", 0.005),
    ("WHITE", 0.77),
    ("MULTI", 0.035),
];

fn main() {
    let million = std::env::args().any(|word| word == "MILLION");
    let mut sizes = vec![(6, 3, 5), (15, 3, 6), (25, 3, 12), (60, 4, 13), (120, 8, 13), (300, 8, 13)];
    if million {
        sizes.push((1000, 8, 13));
    }
    println!(
        "{:>9} {:>9} {:>9} {:>9} {:>7} {:>9} {:>9} {:>9} {:>10} {:>8} {:>7} {:>8} {:>9}",
        "cells",
        "non-zero",
        "sensitive",
        "further",
        "rounds",
        "component",
        "unknowns",
        "pivots",
        "terms",
        "mask s",
        "check s",
        "audit s",
        "certified"
    );
    for (districts, schools, grades) in sizes {
        measure(districts, schools, grades);
    }
}

fn measure(districts: usize, schools: usize, grades: usize) {
    let publication = table(districts, schools, grades);
    let cells = (1 + districts * (1 + schools)) * 8 * (grades + 1);
    let held = publication.len();
    let rule = Rule::new(5, Zeros::Show);
    let start = cpu_seconds();
    let task = Task::of(&publication, &rule).unwrap();
    let pattern = match suppress(&publication, &task) {
        Ok(pattern) => pattern,
        Err(problem) => {
            println!("{cells:>9} not certified after {:.1} s: {problem}", cpu_seconds() - start);
            return;
        }
    };
    let masked = cpu_seconds();
    pattern.certificate().verify().unwrap();
    let checked = cpu_seconds();
    let size = pattern.elimination();
    let (rounds, sensitive) = (pattern.rounds(), pattern.sensitive().iter().filter(|s| **s).count());
    let further = pattern.hidden().iter().filter(|h| **h).count() - sensitive;
    let certified = Certified::new(publication, pattern, Effort::default()).unwrap();
    let largest = certified.audit().components.first().copied().unwrap_or(0);
    println!(
        "{cells:>9} {held:>9} {sensitive:>9} {further:>9} {rounds:>7} {largest:>9} {:>9} {:>9} {:>10} {:>8.2} {:>7.2} {:>8.2} {:>9}",
        size.unknowns,
        size.pivots,
        size.terms,
        masked - start,
        checked - masked,
        cpu_seconds() - checked,
        "yes",
    );
}

/// School sizes log-normal with a median of nine a grade; in about one district of seven most students are
/// American Indian. The sequence is fixed, so the tables are the same everywhere.
fn table(districts: usize, schools: usize, grades: usize) -> Publication {
    let mut random = Random(districts as u64);
    let mut unit = vec!["State".to_owned()];
    for d in 0..districts {
        unit.push(format!("D{d:04}"));
        unit.extend((0..schools).map(|s| format!("D{d:04}S{s:02}:D{d:04}")));
    }
    let races = std::iter::once("Total").chain(RACES.iter().map(|r| r.0));
    let grade_codes = std::iter::once("Total".to_owned()).chain((0..grades).map(|g| format!("G{g:02}")));
    let dims = vec![
        Dimension::parse("unit", &unit).unwrap(),
        Dimension::parse("race", races).unwrap(),
        Dimension::parse("grade", grade_codes).unwrap(),
    ];
    let mut builder = Publication::builder(dims).zeros_known(true);
    for d in 0..districts {
        let mut weights = RACES.map(|r| r.1);
        if random.uniform() < 0.15 {
            (weights[0], weights[5]) = (0.75, 0.15);
        }
        for s in 0..schools {
            let size = (2.2 + random.normal()).exp().clamp(2.0, 60.0);
            for g in 0..grades {
                let students = (size * (1.0 + 0.2 * random.normal())).round().max(0.0) as u64;
                let mut counts = [0_u64; 7];
                for _ in 0..students {
                    counts[random.pick(&weights)] += 1;
                }
                for (race, count) in RACES.iter().zip(counts).filter(|(_, count)| *count > 0) {
                    builder
                        .count(&[format!("D{d:04}S{s:02}"), race.0.to_owned(), format!("G{g:02}")], count)
                        .unwrap();
                }
            }
        }
    }
    builder.build().unwrap()
}

struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The sum of twelve uniform numbers, shifted: near enough to a normal one.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    fn pick(&mut self, weights: &[f64]) -> usize {
        let mut left = self.uniform() * weights.iter().sum::<f64>();
        weights
            .iter()
            .position(|w| {
                left -= w;
                left < 0.0
            })
            .unwrap_or(weights.len() - 1)
    }
}

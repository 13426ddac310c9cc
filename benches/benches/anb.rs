//! Promise: ANB and entitlements of the whole state (400 districts, 147,000 pupils on two count dates, three years)
//! in well under a second on one core, steps included. The baseline is the same chain in the plain way, with
//! fractions over big integers and the ladder rung by rung. Usage: `cargo bench -p opi-benches --bench anb`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench"
)]

use num_bigint::BigInt;
use num_rational::BigRational;
use opi_anb::dictionary::FiscalYear;
use opi_anb::{
    Alternatives, BudgetProgram, BudgetUnit, Case, Count, District, Fraction, Grade, Interpretation, Law,
    Pupil, compute_case, state_files,
};
use opi_benches::cpu_seconds;

const DISTRICTS: usize = 400;
const PUPILS: usize = 147_000;
const YEARS: [i32; 3] = [2024, 2025, 2026];
const ROUNDS: usize = 3;

fn main() {
    let law = Law::embedded().unwrap();
    let cases: Vec<Case> = YEARS.iter().map(|year| case(*year)).collect();
    let pupils: usize = cases
        .iter()
        .flat_map(|case| &case.districts)
        .flat_map(|district| &district.units)
        .map(|unit| unit.october.as_ref().map_or(0, |count| count.pupils.len()))
        .sum();
    println!(
        "{DISTRICTS} districts, {pupils} pupils in three years, two counts each, best of {ROUNDS} in turns"
    );
    let mut best = [f64::INFINITY; 4];
    let mut aid = [0i128; 4];
    for _ in 0..ROUNDS {
        let mut time = |place: usize, work: &dyn Fn(&Case) -> i128| {
            let start = cpu_seconds();
            aid[place] = cases.iter().map(work).sum();
            best[place] = best[place].min(cpu_seconds() - start);
        };
        time(0, &|case| plain(&law, case));
        time(1, &|case| total(&compute_case(&law, case, Alternatives::Skipped).unwrap().districts));
        time(2, &|case| total(&compute_case(&law, case, Alternatives::Computed).unwrap().districts));
        time(3, &|case| total(&state_files(&law, case, Alternatives::Skipped).unwrap().results.districts));
    }
    assert!(aid.iter().all(|sum| *sum == aid[0]), "the ways disagree: {aid:?}");
    let names = [
        "plain: big fractions, rung by rung (baseline)",
        "opi-anb with steps",
        "opi-anb with steps and every other choice",
        "opi-anb with steps, rows and count files",
    ];
    for (name, seconds) in names.iter().zip(best) {
        println!(
            "{name:<46} {seconds:>7.3} CPU seconds   {:>5.1} times the baseline's speed",
            best[0] / seconds
        );
    }
}

fn total(districts: &[opi_anb::DistrictResult]) -> i128 {
    districts.iter().map(|district| district.amount("direct_state_aid").unwrap().amount.value.cents()).sum()
}

/// An invented state: a few large districts, many small ones; each with K-6, 7-8 and high school.
fn case(year: i32) -> Case {
    let shares: Vec<usize> = (1..=DISTRICTS).map(|rank| 1_000_000 / (rank + 12)).collect();
    let sum: usize = shares.iter().sum();
    let mut state = year as u64;
    let districts = shares.iter().enumerate().map(|(place, share)| {
        let size = (PUPILS * share / sum).max(3);
        let mut count = |part: usize, grade: u8| {
            let mut pupils = Vec::with_capacity(size * part / 13);
            for _ in 0..size * part / 13 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let roll = (state >> 33) % 100;
                let hours = match roll {
                    0..=2 => 200,
                    3..=5 => 400,
                    6..=8 => 600,
                    _ => 1080,
                };
                pupils.push(Pupil {
                    grade: Some(Grade::Number(grade)),
                    hours: Fraction::whole(hours),
                    consecutive_absences: if roll == 50 { 12 } else { 0 },
                    ..Pupil::default()
                });
            }
            Some(Count { pupils, ..Count::default() })
        };
        let parts = [
            (BudgetProgram::Elementary, 7, 3),
            (BudgetProgram::Accredited7To8, 2, 7),
            (BudgetProgram::HighSchool, 4, 10),
        ];
        let units = parts.map(|(program, part, grade)| BudgetUnit {
            october: count(part, grade),
            february: count(part, grade),
            anb_prior_1: Some((size * part / 13) as u32 + 1),
            anb_prior_2: Some((size * part / 13) as u32 + 2),
            ..BudgetUnit::new(program.word(), program)
        });
        let number = format!("{:04}", place + 1).parse().unwrap();
        District { pir_days: Some(7), ..District::new(number, units.into()) }
    });
    Case {
        fiscal_year: FiscalYear::ending(year).unwrap(),
        interpretation: Interpretation::default(),
        districts: districts.collect(),
    }
}

/// The same chain, plainly: direct state aid of all districts in cents.
fn plain(law: &Law, case: &Case) -> i128 {
    let q = |above: i64, below: i64| BigRational::new(BigInt::from(above), BigInt::from(below));
    let figure = |name: &str| {
        let value = law.figures.figure(name, case.fiscal_year).unwrap().value().unwrap();
        BigRational::new(value.numerator().into(), value.denominator().into())
    };
    let weight = |pupil: &Pupil| {
        let hours = BigRational::new(pupil.hours.numerator().into(), pupil.hours.denominator().into());
        match () {
            () if pupil.consecutive_absences > 10 || hours < q(180, 1) => q(0, 1),
            () if hours < q(360, 1) => q(1, 4),
            () if hours < q(540, 1) => q(1, 2),
            () if hours < q(720, 1) => q(3, 4),
            () => q(1, 1),
        }
    };
    let ladder = |program: BudgetProgram, anb: &BigRational| {
        let [rate, decrement, cap] = program.ladder_rows().map(figure);
        let (mut sum, mut next, mut rung) = (q(0, 1), rate, q(1, 1));
        while rung <= *anb {
            sum += &next;
            if rung < cap {
                next -= &decrement;
            }
            rung += q(1, 1);
        }
        sum
    };
    let basic = |program: BudgetProgram, anb: &BigRational| {
        let row = program.basic_row();
        let (threshold, step) = (figure(&format!("{row}_threshold")), figure(&format!("{row}_step")));
        let mut amount = figure(row);
        let mut reached = threshold + &step;
        while *anb >= reached {
            amount += figure(&format!("{row}_increment"));
            reached += &step;
        }
        amount
    };
    let data = figure("data_for_achievement") + figure("indian_education_for_all");
    let mut cents = 0;
    for district in &case.districts {
        let mut total = q(0, 1);
        for high in [false, true] {
            let units =
                || district.units.iter().filter(|unit| (unit.program == BudgetProgram::HighSchool) == high);
            let mut sets = [q(0, 1), q(0, 1)];
            let mut compared = [q(0, 1), q(0, 1)];
            for unit in units() {
                let counts = [&unit.october, &unit.february].map(|count| count.as_ref().unwrap());
                let enrolled: BigRational = counts
                    .iter()
                    .flat_map(|count| &count.pupils)
                    .map(weight)
                    .fold(q(0, 1), |sum, weight| sum + weight);
                let anb = (enrolled / q(2, 1) * q(187, 180)).ceil();
                let prior = q(i64::from(unit.anb_prior_1.unwrap() + unit.anb_prior_2.unwrap()), 1);
                let three = ((&anb + prior) / q(3, 1)).ceil();
                for (place, anb) in [anb, three].into_iter().enumerate() {
                    let part = ladder(unit.program, &anb) + basic(unit.program, &anb);
                    compared[place] += &part + &data * anb;
                    sets[place] += part;
                }
            }
            total += &sets[usize::from(compared[1] > compared[0])];
        }
        let aid = (total * q(447, 10) + q(1, 2)).floor().to_integer();
        cents += i128::try_from(aid).unwrap();
    }
    cents
}

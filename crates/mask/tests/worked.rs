//! Tables with known answers: sensitive cells, certificates, optima, attacks, percentages.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test"
)]

use opi_mask::percent::{possible_counts, possible_pairs};
use opi_mask::spec_file::Spec;
use opi_mask::{Certified, audit::Effort};
use opi_mask::{Cost, Policy, Task, case_file, suppress, utility::utility};
use serde::Deserialize;
use std::collections::BTreeSet;

const CASES: &str = include_str!("data/cases.toml");

#[derive(Deserialize)]
struct Expected {
    case: Vec<ExpectedCase>,
    percent: Vec<Percent>,
}

#[derive(Deserialize)]
struct ExpectedCase {
    id: String,
    primary: Vec<Vec<String>>,
}

#[derive(Deserialize)]
struct Percent {
    id: String,
    policy: Option<String>,
    #[serde(default)]
    rows: Vec<(u64, u64, String)>,
    given: Option<toml::Table>,
    answer: Option<toml::Value>,
}

fn expected() -> Expected {
    toml::from_str(CASES).unwrap()
}

#[test]
fn every_case_is_certified_at_its_optimum() {
    let expected = expected();
    for (case, known) in case_file::parse(CASES).unwrap().iter().zip(&expected.case) {
        assert_eq!(case.id, known.id);
        for cost in [Cost::Count, Cost::Value] {
            let result = case.run(cost).unwrap();
            assert!(result.certified, "{} {cost:?}: {:?}", case.id, result.problem);
            let primary: BTreeSet<_> = result.primary.iter().collect();
            assert_eq!(primary, known.primary.iter().collect(), "{}", case.id);
            if cost == Cost::Count {
                assert_eq!(Some(result.secondary_count as u64), case.opt_secondary, "{}", case.id);
            } else {
                assert_eq!(Some(result.value), case.opt_value, "{}", case.id);
            }
            for cell in &result.primary {
                let [lo, hi] = result.intervals[&cell.join("|")];
                assert!(hi.is_none_or(|hi| hi > lo.unwrap()), "{}: {cell:?}", case.id);
            }
        }
    }
}

#[test]
fn the_range_level_reaches_its_optimum_too() {
    for case in case_file::parse(CASES).unwrap() {
        // The largest case is tried by value only, to keep the tests short.
        for cost in [Cost::Count, Cost::Value] {
            if case.opt_value_range.is_none() || (case.id == "W24" && cost == Cost::Count) {
                continue;
            }
            let result = case.clone().at_level("range:5").run(cost).unwrap();
            assert!(result.certified, "{}: {:?}", case.id, result.problem);
            if cost == Cost::Count {
                assert_eq!(Some(result.secondary_count as u64), case.opt_secondary_range, "{}", case.id);
            } else {
                assert_eq!(Some(result.value), case.opt_value_range, "{}", case.id);
            }
        }
    }
}

#[test]
fn bad_patterns_are_broken_with_a_derivation() {
    let mut broken = 0;
    for case in case_file::parse(CASES).unwrap().iter().filter(|c| c.bad_pattern.is_some()) {
        let result = case.run(Cost::Value).unwrap();
        for (cell, &[lo, hi]) in &case.expect {
            assert_eq!(result.attack[cell], [Some(lo as u64), Some(hi as u64)], "{} {cell}", case.id);
            if lo == hi {
                broken += 1;
                let words = result.derivations.get(cell).map_or("", String::as_str);
                assert!(
                    words.contains(cell.as_str()) && words.contains(&lo.to_string()),
                    "{}: {words}",
                    case.id
                );
            }
        }
    }
    assert!(broken >= 10, "{broken}");
}

#[test]
fn the_words_of_two_derivations() {
    let cases = case_file::parse(CASES).unwrap();
    let words = |id: &str, cell: &str| {
        let case = cases.iter().find(|c| c.id == id).unwrap();
        case.run(Cost::Value).unwrap().derivations[cell].clone()
    };
    insta::assert_snapshot!(words("W03", "w|b"));
    insta::assert_snapshot!(words("W08", "K"));
}

#[test]
fn larger_tables_reach_the_proven_optima() {
    for (name, count, value) in [("P0", 17, 386), ("P1", 21, 443), ("P15", 48, 600), ("P2", 200, 1_926)] {
        let csv = std::fs::read(format!("{}/tests/data/{name}.csv", env!("CARGO_MANIFEST_DIR"))).unwrap();
        for (cost, best) in [("count", count), ("value", value)] {
            let mut spec = Spec::default().with_dimensions("district>school,race,grade").unwrap();
            spec.count = "students".into();
            spec.max = Some(5);
            spec.zeros = Some("show".into());
            spec.cost = Some(cost.into());
            let publication = spec.publication(&csv).unwrap();
            let task = Task::of(&publication, &spec.rule().unwrap()).unwrap();
            let pattern = suppress(&publication, &task).unwrap();
            let certified = Certified::new(publication, pattern, Effort::default()).unwrap();
            let report = utility(&certified);
            if name == "P2" {
                assert!(report.cost <= best, "{name} {cost}: {}", report.cost);
            } else {
                assert_eq!(report.cost, best, "{name} {cost}");
            }
            assert!(report.lower_bound.unwrap() <= report.cost);
            assert!(10 * report.lower_bound.unwrap() >= 8 * report.cost, "{name} {cost}: {report:?}");
        }
    }
}

#[test]
fn percentages_by_band_and_recovered() {
    for row in expected().percent {
        if let Some(policy) = &row.policy {
            let policy = Policy::find(policy).unwrap();
            for (size, count, shown) in &row.rows {
                let code = policy.band(*size).and_then(|b| b.code(*size, *count).map(str::to_owned));
                assert_eq!(
                    code.unwrap_or_else(|| policy.symbol.clone()),
                    *shown,
                    "{} {size} {count}",
                    row.id
                );
            }
            continue;
        }
        let given = row.given.unwrap();
        let shown = given["shown"].as_str().unwrap();
        let found = match given.get("n") {
            Some(n) => toml::Value::try_from(possible_counts(shown, n.as_integer().unwrap() as u64).unwrap()),
            None => {
                let limit = given["n_at_most"].as_integer().unwrap() as u64;
                let pairs = possible_pairs(shown, limit).unwrap();
                toml::Value::try_from(pairs.into_iter().map(|(n, k)| vec![n, k]).collect::<Vec<_>>())
            }
        };
        assert_eq!(found.unwrap(), row.answer.unwrap(), "{}", row.id);
    }
}

#[test]
fn policies_are_complete_and_say_what_is_open() {
    let all = Policy::all().unwrap();
    let ids: BTreeSet<_> = all.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(ids.len(), all.len());
    for policy in &all {
        assert!(
            !policy.source.is_empty() && !policy.title.is_empty() && policy.max_masked > 0,
            "{}",
            policy.id
        );
        if policy.zero == "unstated" {
            assert!(policy.rule(None).unwrap_err().to_string().contains("zeros"), "{}", policy.id);
        }
        if policy.percent == "bands" {
            for size in (policy.max_masked + 1)..400 {
                let band =
                    policy.band(size).unwrap_or_else(|| panic!("{} has no band for {size}", policy.id));
                for count in 0..=size {
                    assert!(band.code(size, count).is_some(), "{} {count}/{size}", policy.id);
                }
            }
        }
    }
    // Montana's three wordings are three limits.
    let limits: Vec<u64> = ["montana-opi", "montana-essa-report-card", "montana-essa-report-card-2024"]
        .iter()
        .map(|id| Policy::find(id).unwrap().max_masked)
        .collect();
    assert_eq!(limits, [5, 9, 10]);
}

//! The explanation recomputes: each result follows from its own steps, read back from JSON by a second evaluator.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};
use opi_anb::{Alternatives, Case, CaseResult, Detail, Law, compute_case};
use serde_json::Value;
use std::collections::BTreeSet;

const CASE: &str = include_str!("data/case.toml");

fn result() -> CaseResult {
    let case = Case::from_toml(CASE).unwrap();
    compute_case(&Law::embedded().unwrap(), &case, Alternatives::Computed).unwrap()
}

fn rational(text: &str) -> BigRational {
    match text.split_once('/') {
        Some((above, below)) => BigRational::new(above.parse().unwrap(), below.parse().unwrap()),
        None => BigRational::from(text.parse::<BigInt>().unwrap()),
    }
}

fn floor(value: &BigRational) -> BigRational {
    value.floor()
}

/// The value of a step, from its leaves up; every step on the way must have the value that it states.
/// Values of `shown` leaves are collected, to be found elsewhere.
fn evaluate(
    step: &Value,
    defined: &mut BTreeSet<(String, BigRational)>,
    shown: &mut Vec<(String, BigRational)>,
) -> BigRational {
    let none = Vec::new();
    let operands = step["operands"].as_array().unwrap_or(&none);
    let values: Vec<BigRational> = operands.iter().map(|operand| evaluate(operand, defined, shown)).collect();
    let stated = rational(step["value"].as_str().unwrap());
    let operation = &step["operation"];
    let label = step["label"].as_str().unwrap().to_owned();
    let value = match operation["name"].as_str().unwrap() {
        "given" | "parameter" | "figure" => stated.clone(),
        "shown" => {
            shown.push((label, stated.clone()));
            return stated;
        }
        "sum" => values.iter().sum(),
        "product" => values.iter().fold(BigRational::one(), |product, value| product * value),
        "difference" => &values[0] - &values[1],
        "quotient" => &values[0] / &values[1],
        "minimum" => values.iter().min().unwrap().clone(),
        "maximum" => values.iter().max().unwrap().clone(),
        "greater" if values[0] > values[1] => BigRational::one(),
        "greater" => BigRational::zero(),
        "choose" => values[if values[0].is_zero() { 2 } else { 1 }].clone(),
        "round" => {
            let unit = rational(operation["to"].as_str().unwrap());
            let scaled = &values[0] / &unit;
            assert!(!scaled.is_negative(), "amounts here are zero or more");
            let half = BigRational::new(1.into(), 2.into());
            unit * match operation["mode"].as_str().unwrap() {
                "up" => scaled.ceil(),
                "down" => floor(&scaled),
                "half-away-from-zero" => floor(&(scaled + half)),
                other => panic!("{other}"),
            }
        }
        other => panic!("{other}"),
    };
    assert_eq!(value, stated, "{label}");
    defined.insert((label, stated));
    value
}

#[test]
fn every_result_follows_from_its_own_steps() {
    let result = result();
    assert!(result.failures.is_empty(), "{:?}", result.failures);
    let json = serde_json::to_value(&result).unwrap();
    for district in json["districts"].as_array().unwrap() {
        let (mut defined, mut shown) = (BTreeSet::new(), Vec::new());
        for unit in district["units"].as_array().unwrap() {
            evaluate(&unit["anb_current"]["steps"], &mut defined, &mut shown);
            if unit["anb_three_year"].is_object() {
                evaluate(&unit["anb_three_year"]["steps"], &mut defined, &mut shown);
            }
        }
        for amount in district["amounts"].as_array().unwrap() {
            let value = evaluate(&amount["amount"]["steps"], &mut defined, &mut shown);
            let dollars = amount["amount"]["value"].as_str().unwrap().replace('.', "");
            let cents = BigRational::from(BigInt::from(100)) * value;
            assert_eq!(cents, rational(&dollars), "{}", amount["name"]);
        }
        // What is shown again was computed somewhere, with that value.
        for step in shown {
            assert!(defined.contains(&step), "{step:?}");
        }
    }
    for district in &result.districts {
        for amount in &district.amounts {
            assert!(amount.amount.steps.recompute().unwrap(), "{}", amount.name);
        }
    }
}

#[test]
fn every_rule_step_of_a_unit_names_its_article() {
    let result = result();
    let json = serde_json::to_value(&result).unwrap();
    fn rounds_without_citation(step: &Value, found: &mut Vec<String>) {
        let name = step["operation"]["name"].as_str().unwrap();
        if ["round", "parameter", "figure"].contains(&name) && step["citation"].is_null() {
            found.push(step["label"].to_string());
        }
        for operand in step["operands"].as_array().into_iter().flatten() {
            rounds_without_citation(operand, found);
        }
    }
    let mut found = Vec::new();
    for district in json["districts"].as_array().unwrap() {
        for unit in district["units"].as_array().unwrap() {
            rounds_without_citation(&unit["anb_current"]["steps"], &mut found);
        }
        for amount in district["amounts"].as_array().unwrap() {
            rounds_without_citation(&amount["amount"]["steps"], &mut found);
        }
    }
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_text_is_a_worksheet() {
    let result = result();
    insta::assert_snapshot!("figures", result.to_text(Detail::Figures));
    let steps = result.districts[0].units[0].anb_current.to_text();
    insta::assert_snapshot!("steps_of_a_unit", steps);
    let aid = result.districts[0].amount("direct_state_aid").unwrap().amount.to_text();
    insta::assert_snapshot!("steps_of_direct_state_aid", aid);
}

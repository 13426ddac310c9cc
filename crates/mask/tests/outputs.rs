//! The forms that others read: certificate, case output, audit, utility. A change here is a change of interface.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use opi_mask::audit::{Effort, View, audit};
use opi_mask::certificate::Certificate;
use opi_mask::utility::utility;
use opi_mask::{Cost, Dimension, Publication, Rule, Zeros, case_file, mask};

fn small() -> Publication {
    let dims = vec![
        Dimension::parse("unit", ["State", "North", "South"]).unwrap(),
        Dimension::parse("race", ["Total", "A", "B"]).unwrap(),
    ];
    let mut builder = Publication::builder(dims).zeros_known(true);
    for (unit, race, count) in [("North", "A", 3), ("North", "B", 20), ("South", "A", 9), ("South", "B", 31)]
    {
        builder.count(&[unit, race], count).unwrap();
    }
    builder.build().unwrap()
}

#[test]
fn the_json_of_a_certificate_and_of_the_reports() {
    let certified = mask(small(), &Rule::new(5, Zeros::Show)).unwrap();
    let text = certified.certificate().to_json().unwrap();
    assert_eq!(&Certificate::from_json(&text).unwrap(), certified.certificate());
    insta::assert_snapshot!("certificate", text);
    insta::assert_snapshot!("utility", serde_json::to_string_pretty(&utility(&certified)).unwrap());
    let mut hidden = certified.hidden().to_vec();
    hidden[0] = true;
    let view = View::of(certified.publication(), &hidden, &[], None);
    let found = audit(&view, Effort::default()).unwrap();
    insta::assert_snapshot!("audit", serde_json::to_string_pretty(&found).unwrap());
}

#[test]
fn absurd_figures_in_a_certificate_are_no_panic() {
    let mut c = mask(small(), &Rule::new(5, Zeros::Show)).unwrap().certificate().clone();
    let vast = 1_u64 << 63;
    (c.rule, c.lower_bound) = (None, None);
    (c.labels, c.values) = (vec!["a".into(), "b".into()], vec![vast, vast]);
    (c.relations, c.hidden, c.sensitive) = (vec![vec![0, 1]], vec![0, 1], vec![0]);
    (c.bounds, c.coded) = (Vec::new(), Vec::new());
    c.tables = vec![vec![(0, i64::MIN), (1, i64::MIN)]];
    assert!(c.verify().is_ok());
    c.tables = vec![vec![(0, i64::MIN)]];
    assert!(c.verify().is_err());
    c.tables = vec![vec![(9, 1)]];
    assert!(c.verify().is_err());
}

#[test]
fn the_json_of_a_case() {
    let cases = case_file::parse(include_str!("data/cases.toml")).unwrap();
    for id in ["W08", "W20"] {
        let case = cases.iter().find(|c| c.id == id).unwrap();
        let result = case.run(Cost::Count).unwrap();
        insta::assert_snapshot!(format!("case_{id}"), serde_json::to_string_pretty(&result).unwrap());
    }
}

#[cfg(feature = "schemars")]
#[test]
fn the_schemas() {
    let schemas = [
        ("schema_certificate", schemars::schema_for!(Certificate)),
        ("schema_case", schemars::schema_for!(case_file::CaseResult)),
        ("schema_audit", schemars::schema_for!(opi_mask::audit::Audit)),
        ("schema_utility", schemars::schema_for!(opi_mask::utility::Utility)),
        ("schema_plan", schemars::schema_for!(opi_mask::plan::Candidate)),
    ];
    for (name, schema) in schemas {
        insta::assert_snapshot!(name, serde_json::to_string_pretty(&schema).unwrap());
    }
}

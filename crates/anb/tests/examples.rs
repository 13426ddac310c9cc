//! Worked examples: those of public documents, and cases of our own for every kind.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use opi_anb::{CheckReport, Law, check_examples, example_kinds};
use std::collections::BTreeSet;

const WORKED: &str = include_str!("data/worked-examples.toml");
const OWN: &str = include_str!("data/own-examples.toml");
/// By a third reading that shares no code with the library: every kind in random years, and edges by hand.
const FURTHER: &str = include_str!("data/further-examples.toml");

fn check(text: &str) -> CheckReport {
    check_examples(&Law::embedded().unwrap(), text).unwrap()
}

#[test]
fn every_worked_example_agrees() {
    let report = check(WORKED);
    assert_eq!(report.examples.len(), 60);
    assert!(report.all_agree(), "{}", report.to_text());
}

#[test]
fn every_example_of_our_own_agrees() {
    for text in [OWN, FURTHER] {
        let report = check(text);
        assert!(report.all_agree(), "{}", report.to_text());
        let kinds: BTreeSet<&str> =
            report.examples.iter().filter_map(|example| example.kind.as_deref()).collect();
        assert_eq!(kinds, example_kinds().collect(), "every kind has a case of our own");
        assert_eq!(kinds.len(), 21);
    }
}

/// An example of a kind with its inputs and expected tables.
fn example(kind: &str, year: &str, inputs: &str, expected: &str) -> String {
    format!(
        "[[example]]\nid = \"x\"\nkind = \"{kind}\"\n{year}\n[example.inputs]\n{inputs}\n[example.expected]\n{expected}\n"
    )
}

fn error(kind: &str, year: &str, inputs: &str, expected: &str) -> String {
    let report = check(&example(kind, year, inputs, expected));
    assert!(!report.all_agree());
    report.examples[0].error.clone().unwrap_or_else(|| report.to_text())
}

#[test]
fn unknown_kinds_and_keys_list_the_known_ones() {
    insta::assert_snapshot!(error("counts", "", "", "x = 1"), @r#"kind: found "counts", expected one of adjusted_enrollment, basic_entitlement, budget_parts, concurrent_cap, count_date, count_to_anb, district_entitlements, enrollment_increase, funded_fiscal_year, general_fund_sum, hour_weights, inflation, joint_district, ladder_rate, ladder_total, payment, pupil_countable, special_education_limits, three_year, three_year_choice, units_to_anb"#);
    insta::assert_snapshot!(error("concurrent_cap", "", "weight = [\"1\"]", "total_weight = \"1\""), @r#"inputs of concurrent_cap: unknown key "weight"; known are weights, rates_fiscal_year"#);
    insta::assert_snapshot!(error("concurrent_cap", "", "weights = [\"1\"]", "total = \"1\""), @r#"expected of concurrent_cap: unknown key "total"; known are total_weight"#);
    insta::assert_snapshot!(error("concurrent_cap", "tolerance = 1", "weights = [\"1\"]", "total_weight = \"1\""), @r#"the example: unknown key "tolerance"; known are id, kind, fiscal_year, topic, standing, source, arithmetic, inputs, expected"#);
    insta::assert_snapshot!(error("concurrent_cap", "", "", "total_weight = \"1\""), @"inputs.weights: this key is required");
    insta::assert_snapshot!(error("concurrent_cap", "", "weights = [\"1\"]", ""), @"expected: nothing is expected, so nothing would be compared");
}

#[test]
fn values_of_another_form_are_errors() {
    let count = |inputs: &str| error("count_to_anb", "", inputs, "pir_used = 7");
    insta::assert_snapshot!(count("october = 44\nfebruary = \"44\"\npir_days = 7"), @r#"october: found 44, expected a string with an exact number such as "44", "3.36" or "187/180""#);
    insta::assert_snapshot!(count("october = \"44\"\nfebruary = \"44\"\npir_days = \"7\""), @r#"pir_days: found "7", expected a TOML integer"#);
    insta::assert_snapshot!(count("october = \"-1\"\nfebruary = \"44\"\npir_days = 7"), @"October: found -1, expected zero or more pupils");
    insta::assert_snapshot!(count("october = \"4\"\nfebruary = \"44\"\npir_days = -1"), @"PIR days: found -1, expected zero or more");
    insta::assert_snapshot!(error("general_fund_sum", "", "revenues = [\"1.0\"]", "general_fund_budget = \"1.00\""), @r#"revenues[0]: found "1.0", expected a string in dollars with two decimals such as "1234.50""#);
    insta::assert_snapshot!(error("funded_fiscal_year", "", "count_school_year = \"2024-26\"", "funded_fiscal_year = 2026"), @r#"count_school_year: found "2024-26", expected a string with a school year such as "2024-25""#);
    insta::assert_snapshot!(error("ladder_total", "", "program = \"primary\"\nanb = 1", "total = \"1.00\""), @r#"program: found "primary", expected one of elementary, accredited_7_8, high_school"#);
}

#[test]
fn what_cannot_be_computed_is_an_error_of_the_example() {
    let year = "fiscal_year = 2028";
    insta::assert_snapshot!(error("ladder_total", year, "program = \"elementary\"\nanb = 1", "total = \"1.00\""), @"no figure per_anb_elementary for FY2028; the table has 2014 to 2027");
    insta::assert_snapshot!(error("ladder_total", "", "program = \"elementary\"\nanb = 1", "total = \"1.00\""), @"per_anb_elementary: a fiscal year is needed to look it up");
    insta::assert_snapshot!(error("joint_district", "", "direct_state_aid = \"1.00\"\nanb = 5\ncounty_anb = [2, 2]", "shares = [\"1.00\"]"), @"ANB of the counties: found 4, expected the ANB of the district, 5");
    insta::assert_snapshot!(error("special_education_limits", "fiscal_year = 2026", "payment = \"1.00\"\npayment_two_years_before = \"0.00\"\nexpenditures_two_years_before = \"1.00\"", "base_part = \"1.40\""), @"expenditures for each dollar paid, two years before divides by zero");
    insta::assert_snapshot!(error("district_entitlements", "fiscal_year = 2026", "programs = [\"elementary\"]", "per_anb_total = \"1.00\""), @"expected.per_anb_total: cannot be given: it follows from ANB, and none are in the inputs");
    insta::assert_snapshot!(error("district_entitlements", "fiscal_year = 2026", "programs = [\"elementary\"]\nk6_anb = 5", "units = 1"), @"inputs.k6_anb: give either programs or ANB by grades");
    insta::assert_snapshot!(error("hour_weights", "", "program = \"early_literacy_jumpstart\"\nhours = \"120\"\ncount_school_year = \"2024-25\"", "weight = \"1/4\""), @"weeks: found nothing, expected the weeks that the jumpstart program lasts");
    insta::assert_snapshot!(error("ladder_rate", "", "program = \"elementary\"\nnth = 9\nfirst_anb_rate = \"1.00\"\ndecrement = \"0.50\"\ncap = 100", "rate_of_nth = \"1.00\""), @"rate of ANB 9: found -3, expected zero or more");
}

#[test]
fn what_is_the_same_in_every_year_needs_no_year() {
    let ok = [
        example(
            "special_education_limits",
            "",
            "payment = \"100.00\"\npayment_two_years_before = \"100.00\"\nexpenditures_two_years_before = \"180.00\"",
            "base_part = \"140.00\"\nmaximum_part = \"180.00\"",
        ),
        example(
            "ladder_total",
            "",
            "program = \"elementary\"\nanb = 2\nfirst_anb_rate = \"6496.00\"",
            "total = \"12991.80\"",
        ),
        example(
            "payment",
            "",
            "payment = \"teacher_incentive\"\nquantity = \"1\"\nrate = \"3673.00\"",
            "amount = \"7346.00\"",
        ),
        example(
            "payment",
            "fiscal_year = 2011",
            "payment = \"indian_education_for_all\"\nquantity = \"1\"\nrate = \"20.40\"",
            "amount = \"100.00\"",
        ),
    ];
    for text in ok {
        assert!(check(&text).all_agree(), "{}", check(&text).to_text());
    }
}

#[test]
fn a_batch_runs_once_for_each_value() {
    let ok = example(
        "count_date",
        "",
        "rule = \"first_monday\"\nmonth = [\"2024-10\", \"2025-02\"]\nschool_weekdays = [\"Tue\"]",
        "date = [2024-10-08, 2025-02-04]",
    );
    assert!(check(&ok).all_agree());
    let date = "expected.date";
    let short = error(
        "count_date",
        "",
        "rule = \"first_monday\"\nmonth = [\"2024-10\", \"2025-02\"]",
        "date = [2024-10-07]",
    );
    assert!(
        short.starts_with(date) && short.ends_with("expected a list of 2 values, one a run of the batch"),
        "{short}"
    );
    insta::assert_snapshot!(error("three_year", "", "anb_current = [1, 2]\nanb_prior_1 = [1, 2, 3]\nanb_prior_2 = 4", "use = [\"a\", \"b\"]"), @"inputs.anb_prior_1: found 3 values, expected 2 values, as the other lists of the batch");
    insta::assert_snapshot!(error("three_year", "", "anb_current = [1, -2]\nanb_prior_1 = 1\nanb_prior_2 = 4", "use = [\"a\", \"b\"]"), @"run 2 of the batch: anb_current: found -2, expected zero or more");
    insta::assert_snapshot!(error("three_year", "", "anb_current = []\nanb_prior_1 = 1\nanb_prior_2 = 4", "use = []"), @"inputs.anb_current: found an empty list, expected at least one value");
}

#[test]
fn a_difference_shows_expected_and_got() {
    let wrong = example("concurrent_cap", "", "weights = [\"3/4\", \"1/2\"]", "total_weight = \"5/4\"");
    insta::assert_snapshot!(check(&wrong).to_text(), @r"
    DIFFERS x  concurrent_cap
            ! total_weight: expected 5/4, got 1
    1 examples: 0 agree, 1 differ, 0 could not be computed
    ");
}

#[test]
fn ids_are_unique_and_files_hold_examples_only() {
    let one = example("concurrent_cap", "", "weights = [\"1\"]", "total_weight = \"1\"");
    let twice = check(&format!("{one}{one}"));
    assert_eq!((twice.agree, twice.errors), (1, 1));
    let law = Law::embedded().unwrap();
    for wrong in ["", "x = 1", "[example]\nid = \"x\"", "not toml"] {
        assert!(check_examples(&law, wrong).is_err(), "{wrong:?}");
    }
}

//! The counting cases give the stated cells.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, reason = "tests")]

use opi_edfacts::{Catalogue, run_case};

#[test]
fn the_cases_give_the_stated_cells() {
    let cases = [
        include_str!("data/cases/case_s1_membership_052.json"),
        include_str!("data/cases/case_s2_chronic_absence_195.json"),
        include_str!("data/cases/case_s3_english_learners_141.json"),
    ];
    for case in cases {
        let outcome = run_case(Catalogue::builtin().unwrap(), case).unwrap();
        let failed: Vec<_> = outcome.output["checks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|check| check["ok"] != true)
            .map(ToString::to_string)
            .collect();
        assert!(outcome.ok, "{}: {failed:#?}", outcome.output["case"]);
    }
}

//! The counting cases give the stated cells.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, reason = "tests")]

use opi_edfacts::{Catalogue, run_case};

#[test]
fn the_cases_give_the_stated_cells() {
    let cases = [
        include_str!("data/cases/case_s1_membership_052.json"),
        include_str!("data/cases/case_s2_chronic_absence_195.json"),
        include_str!("data/cases/case_s3_english_learners_141.json"),
        include_str!("data/cases/child_count_edges_002_089.json"),
        include_str!("data/cases/cohorts_150_151.json"),
        include_str!("data/cases/discipline_thresholds.json"),
        include_str!("data/cases/dropouts_and_completers_032_040.json"),
        include_str!("data/cases/exits_009.json"),
        include_str!("data/cases/homeless_118.json"),
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

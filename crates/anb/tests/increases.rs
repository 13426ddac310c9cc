//! Increases of enrollment in a case: held against the rule of the year, at and beside their thresholds.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use opi_anb::{Alternatives, Case, DistrictResult, Law, compute_case};

fn district(year: i32, increase: &str) -> Result<DistrictResult, String> {
    let text = format!(
        "fiscal_year = {year}\n[[districts]]\ndistrict = \"0001\"\npir_days = 7\n[[districts.units]]\n\
         unit = \"K-8\"\nprogram = \"elementary\"\noctober = {{ adjusted = 100 }}\nfebruary = {{ adjusted = 100 }}\n\
         [[districts.increases]]\nlevel = \"elementary\"\n{increase}\n"
    );
    let case = Case::from_toml(&text).map_err(|error| error.to_string())?;
    let mut result = compute_case(&Law::embedded().unwrap(), &case, Alternatives::Computed).unwrap();
    match result.failures.pop() {
        Some(failure) => Err(failure.problem),
        None => Ok(result.districts.remove(0)),
    }
}

fn anticipated(year: i32, prior: u32, increase: i64) -> Result<(bool, String), String> {
    let text = format!("kind = \"anticipated\"\nprior_enrollment = {prior}\nincrease = {increase}");
    let result = district(year, &text)?;
    let increase = &result.increases[0];
    assert!(increase.funded.steps.recompute().unwrap());
    Ok((increase.eligible, increase.funded.value.to_string()))
}

#[test]
fn an_anticipated_increase_must_exceed_the_threshold_of_its_year() {
    let found = |eligible, funded: &str| Ok((eligible, funded.to_owned()));
    // 4% of 500 is 20, of 11,000 more than 40.
    assert_eq!(anticipated(2021, 500, 19), found(false, "0"));
    assert_eq!(anticipated(2021, 500, 20), found(false, "0"));
    assert_eq!(anticipated(2021, 500, 21), found(true, "1"));
    assert_eq!(anticipated(2014, 11_000, 300), found(true, "260"));
    assert_eq!(anticipated(2014, 11_000, -300), found(false, "0"));
    insta::assert_snapshot!(anticipated(2022, 500, 21).unwrap_err(), @"district 0001: an anticipated unusual increase is not in force for FY2022; it holds 2014 to 2021");
}

#[test]
fn an_unanticipated_increase_has_an_amendment_of_so_much_a_pupil() {
    let text = |current: &str| {
        format!(
            "kind = \"unanticipated\"\ncurrent_enrollment = \"{current}\"\nenrollment_behind_budget = 100\n\
             budget = {{ final_budget = \"1000000.00\", capital_outlay = \"50000.00\", reserve_additions = \"0.00\", prior_pupils = 100 }}"
        )
    };
    let at = district(2023, &text("104")).unwrap();
    assert!(!at.increases[0].eligible && at.increases[0].amendment_ceiling.is_none());
    let above = district(2023, &text("104.25")).unwrap();
    let increase = &above.increases[0];
    // 950,000 for 100 pupils, times the increase of 4.25.
    let ceiling = increase.amendment_ceiling.as_ref().unwrap();
    assert_eq!((increase.eligible, ceiling.value.to_string().as_str()), (true, "40375.00"));
    assert!(ceiling.steps.recompute().unwrap());
    let line =
        "  elementary: unanticipated increase exceeds 4 pupils; 1/4 funded; amendment of at most 40375.00\n";
    assert!(above.to_text(opi_anb::Detail::Figures).contains(line));
    let whole = above.choices.iter().find(|choice| choice.field == "increase_funding").unwrap();
    assert_eq!(whole.differences[0].figure, "funded_increase of elementary (unanticipated)");
    assert_eq!((whole.differences[0].value.as_str(), whole.differences[0].other.as_str()), ("1/4", "17/4"));
    assert!(district(2024, &text("150")).unwrap_err().contains("not in force"));
    let wrong = district(2023, "kind = \"unanticipated\"\nincrease = 3").unwrap_err();
    assert!(wrong.contains("unknown field `increase`"), "{wrong}");
}

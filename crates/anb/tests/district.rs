//! Units that close, join, consolidate or are established; missing counts; and what must not change anything.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use opi_anb::{
    Alternatives, AnbUsed, Case, CaseResult, DistrictResult, Fraction, Law, compute_case, count_file,
    pupil_decisions, state_files, to_csv,
};
use proptest::prelude::*;

fn compute(text: &str) -> CaseResult {
    let case = Case::from_toml(text).unwrap_or_else(|error| panic!("{error}"));
    compute_case(&Law::embedded().unwrap(), &case, Alternatives::Computed).unwrap()
}

fn district(year: &str, body: &str) -> Result<DistrictResult, String> {
    let text = format!("fiscal_year = \"{year}\"\n[[districts]]\ndistrict = \"0001\"\n{body}");
    let mut result = compute(&text);
    match result.failures.pop() {
        Some(failure) => Err(failure.problem),
        None => Ok(result.districts.remove(0)),
    }
}

fn unit(name: &str, program: &str, pupils: &str, more: &str) -> String {
    format!(
        "[[districts.units]]\nunit = \"{name}\"\nprogram = \"{program}\"\noctober = {{ adjusted = \"{pupils}\" }}\nfebruary = {{ adjusted = \"{pupils}\" }}\n{more}\n"
    )
}

fn anb(result: &DistrictResult, place: usize) -> String {
    result.units[place].anb_current.value.to_string()
}

fn amount(result: &DistrictResult, name: &str) -> String {
    result.amount(name).unwrap().amount.value.to_string()
}

#[test]
fn a_missing_count_is_an_error_and_a_count_of_nothing_is_not() {
    let missing =
        "[[districts.units]]\nunit = \"K-8\"\nprogram = \"elementary\"\noctober = { adjusted = \"5\" }\n";
    insta::assert_snapshot!(district("FY2026", missing).unwrap_err(), @"district 0001, unit K-8: the spring count is missing; a unit without pupils has a count of 0");
    let nothing = district("FY2026", &unit("K-8", "elementary", "0", "")).unwrap();
    assert_eq!((anb(&nothing, 0).as_str(), amount(&nothing, "entitlements").as_str()), ("0", "0.00"));
}

#[test]
fn one_district_that_fails_does_not_keep_the_others() {
    let text = format!(
        "fiscal_year = \"FY2026\"\n[[districts]]\ndistrict = \"0001\"\nunits = []\n[[districts]]\ndistrict = \"0002\"\n{}",
        unit("K-8", "elementary", "10", "")
    );
    let result = compute(&text);
    assert_eq!((result.districts.len(), result.failures.len()), (1, 1));
    insta::assert_snapshot!(result.failures[0].problem, @"district 0001: it has no budget unit");
}

#[test]
fn years_without_a_table_are_refused_as_a_whole() {
    let case = |year: &str| Case::from_toml(&format!("fiscal_year = \"{year}\"\ndistricts = []")).unwrap();
    let law = Law::embedded().unwrap();
    for year in ["FY2013", "FY2028"] {
        assert!(compute_case(&law, &case(year), Alternatives::Skipped).is_err(), "{year}");
    }
    let twice = format!(
        "fiscal_year = \"FY2026\"\n[[districts]]\ndistrict = \"0001\"\n{0}[[districts]]\ndistrict = \"0001\"\n{0}",
        unit("K-8", "elementary", "10", "")
    );
    let error = compute_case(&law, &Case::from_toml(&twice).unwrap(), Alternatives::Skipped).unwrap_err();
    insta::assert_snapshot!(error, @"district 0001: stands twice in the case");
}

#[test]
fn absurd_values_are_errors_with_their_place() {
    let wrong = [
        (
            "[[districts.units]]\nunit = \"K-8\"\nprogram = \"elementary\"\noctober = { adjusted = \"-5\" }\nfebruary = { adjusted = \"5\" }",
            "adjusted enrollment: found -5, expected zero or more",
        ),
        (
            "[[districts.units]]\nunit = \"K-8\"\nprogram = \"elementary\"\noctober = { bands = [{ hours = \"-1\", pupils = 3 }] }\nfebruary = { adjusted = \"5\" }",
            "band 1: hours: found -1, expected zero or more",
        ),
        (
            "[[districts.units]]\nunit = \"K-8\"\nprogram = \"elementary\"\noctober = { pupils = [{ hours = \"720\", birth_date = \"2030-01-01\" }] }\nfebruary = { adjusted = \"5\" }",
            "a date after the count date",
        ),
    ];
    for (body, expected) in wrong {
        let error = district("FY2026", body).unwrap_err();
        assert!(
            error.starts_with("district 0001, unit K-8: fall count: ") && error.contains(expected),
            "{error}"
        );
    }
    let twice = unit("K-8", "elementary", "5", "") + &unit("K-8", "high_school", "5", "");
    assert!(district("FY2026", &twice).unwrap_err().contains("the unit stands twice"));
    let second = unit("A", "elementary", "5", "") + &unit("B", "elementary", "5", "");
    insta::assert_snapshot!(district("FY2026", &second).unwrap_err(), @"district 0001, unit B: a second elementary unit needs a reason to be separate, or its pupils are pooled in one unit");
}

#[test]
fn isolated_units_have_their_own_basic_entitlement_and_one_ladder() {
    let apart =
        unit("Town", "elementary", "100", "") + &unit("Creek", "elementary", "10", "separate = \"approved\"");
    let apart = district("FY2026", &format!("pir_days = 0\n{apart}")).unwrap();
    assert_eq!(amount(&apart, "basic_entitlements"), "121464.00");
    // 110 ANB on one ladder: 110 x 6,496 less 0.20 x 110 x 109 / 2.
    assert_eq!(amount(&apart, "per_anb_entitlements"), "713361.00");
    let scope = apart.choices.iter().find(|choice| choice.question == "Q9").unwrap();
    let per_anb =
        scope.differences.iter().find(|difference| difference.figure == "per_anb_entitlements").unwrap();
    assert_eq!(per_anb.other, "713561.00");
}

#[test]
fn a_closed_unit_joins_another_for_the_first_year_and_is_gone_after() {
    let closed = |year: u32| {
        let more = format!("closed = {{ joins = \"Town\", year = {year} }}");
        let units = unit("Town", "elementary", "90", "") + &unit("Creek", "elementary", "10", &more);
        district("FY2026", &format!("pir_days = 0\n{units}")).unwrap()
    };
    let first = closed(1);
    assert_eq!((anb(&first, 0), anb(&first, 1)), ("100".into(), "0".into()));
    assert_eq!(amount(&first, "basic_entitlements"), "60732.00");
    let second = closed(2);
    assert_eq!((anb(&second, 0), anb(&second, 1)), ("90".into(), "0".into()));
    let nowhere = unit("Creek", "elementary", "10", "closed = { joins = \"Town\", year = 1 }");
    assert!(district("FY2026", &nowhere).unwrap_err().contains("it joins \"Town\", which is no unit"));
}

#[test]
fn a_component_keeps_its_basic_entitlement_in_part() {
    let year = |year: u32| {
        let more = format!("component = {{ joins = \"Town\", year = {year} }}");
        let units = unit("Town", "elementary", "90", "") + &unit("Creek", "elementary", "10", &more);
        let result = district("FY2026", &format!("pir_days = 0\n{units}"))?;
        Ok::<_, String>((anb(&result, 0), anb(&result, 1), amount(&result, "basic_entitlements")))
    };
    let row =
        |own: &str, component: &str, basic: &str| (own.to_owned(), component.to_owned(), basic.to_owned());
    assert_eq!(year(3).unwrap(), row("90", "10", "121464.00"));
    assert_eq!(year(4).unwrap(), row("100", "0", "106281.00"));
    assert_eq!(year(5).unwrap(), row("100", "0", "91098.00"));
    assert_eq!(year(6).unwrap(), row("100", "0", "75915.00"));
    assert!(year(7).unwrap_err().contains("a consolidation has years 1 to 6"));
}

#[test]
fn established_anb_stands_in_place_of_counts_without_an_average() {
    let opening = "[[districts.units]]\nunit = \"K-8\"\nprogram = \"elementary\"\nanb_prior_1 = 50\nestablished_anb = { anb = 24, case = \"elementary_opening\" }\n";
    let result = district("FY2026", opening).unwrap();
    assert_eq!(anb(&result, 0), "24");
    assert!(result.units[0].anb_three_year.is_none());
}

#[test]
fn approved_increases_end_with_fy2021_and_nonaccredited_schools_have_none() {
    let increase = unit("K-8", "elementary", "100", "approved_increase = \"9\"");
    let with = |year: &str| district(year, &format!("pir_days = 0\n{increase}"));
    assert_eq!(anb(&with("FY2021").unwrap(), 0), "109");
    insta::assert_snapshot!(with("FY2022").unwrap_err(), @"district 0001, unit K-8: an approved unusual increase is not in force for FY2022; it holds 2014 to 2021");
    let nonaccredited =
        district("FY2026", &unit("K-8", "elementary", "100", "nonaccredited = true")).unwrap();
    assert_eq!(anb(&nonaccredited, 0), "0");
}

#[test]
fn the_average_needs_a_district_of_three_years_and_some_history() {
    let with = |years: &str, prior: &str| {
        let body = format!("pir_days = 0\n{years}\n{}", unit("K-8", "elementary", "100", prior));
        let result = district("FY2026", &body).unwrap();
        result.units[0].anb_three_year.as_ref().map(|three| three.value.to_string())
    };
    assert_eq!(with("", "anb_prior_1 = 110\nanb_prior_2 = 118"), Some("110".into()));
    assert_eq!(with("years_in_existence = 3", "anb_prior_1 = 110\nanb_prior_2 = 118"), Some("110".into()));
    assert_eq!(with("years_in_existence = 2", "anb_prior_1 = 110\nanb_prior_2 = 118"), None);
    assert_eq!(with("", "anb_prior_1 = 110"), Some("105".into()));
    assert_eq!(with("", ""), None);
}

#[test]
fn elementary_and_high_school_choose_by_themselves_and_units_do_not() {
    let units = unit("K-6", "elementary", "200", "anb_prior_1 = 206\nanb_prior_2 = 206")
        + &unit("7-8", "accredited_7_8", "90", "anb_prior_1 = 83\nanb_prior_2 = 82")
        + &unit("9-12", "high_school", "100", "anb_prior_1 = 104\nanb_prior_2 = 104");
    let result = district("FY2026", &format!("pir_days = 0\n{units}")).unwrap();
    let used: Vec<AnbUsed> = result.levels.iter().map(|level| level.used).collect();
    assert_eq!(used, [AnbUsed::CurrentYear, AnbUsed::ThreeYear]);
    let budgeted: Vec<String> = result.units.iter().map(|unit| unit.anb_budgeted.to_string()).collect();
    assert_eq!(budgeted, ["200", "90", "103"]);
}

#[test]
fn equal_budgets_keep_the_current_year() {
    let result = district(
        "FY2026",
        &format!(
            "pir_days = 0\n{}",
            unit("K-8", "elementary", "100", "anb_prior_1 = 100\nanb_prior_2 = 100")
        ),
    )
    .unwrap();
    assert_eq!(result.levels[0].used, AnbUsed::CurrentYear);
    assert!(result.choices.iter().any(|choice| choice.question == "Q15"));
}

#[test]
fn a_kindergarten_that_goes_full_time_counts_full_now_and_half_in_the_average() {
    let body = |year: &str| {
        let units = "pir_days = 0\n[[districts.units]]\nunit = \"K-8\"\nprogram = \"elementary\"\nkindergarten_goes_full_time = true\nanb_prior_1 = 100\nanb_prior_2 = 100\noctober = { adjusted = \"90\", bands = [{ program = \"kindergarten_half_time\", hours = \"360\", pupils = 20 }] }\nfebruary = { adjusted = \"90\", bands = [{ program = \"kindergarten_half_time\", hours = \"360\", pupils = 20 }] }\n";
        district(year, units)
    };
    let result = body("FY2025").unwrap();
    assert_eq!(anb(&result, 0), "110");
    // The mean of 100, 100 and 100, and ten kindergarten pupils more.
    assert_eq!(result.units[0].anb_three_year.as_ref().unwrap().value, Fraction::whole(110));
    assert!(
        body("FY2026")
            .unwrap_err()
            .contains("the transition of a kindergarten to full-time is not in force for FY2026")
    );
}

#[test]
fn activities_are_added_to_the_average_from_the_counts_of_2021_22() {
    let more =
        "activities = [{ six_weeks = 20 }, { eighteen_weeks = 1, enrolled = \"1\" }, { six_weeks = 4 }]";
    let body = format!("pir_days = 0\n{}", unit("K-8", "elementary", "10", more));
    assert_eq!(anb(&district("FY2023", &body).unwrap(), 0), "12");
    assert_eq!(anb(&district("FY2022", &body).unwrap(), 0), "10");
    let wrong = unit("K-8", "elementary", "10", "activities = [{ enrolled = \"5/4\" }]");
    assert!(district("FY2026", &wrong).unwrap_err().contains("expected 0 to 1"));
}

#[test]
fn what_is_left_out_of_the_limits_is_said() {
    let result = district("FY2019", &unit("K-8", "elementary", "100", "")).unwrap();
    insta::assert_debug_snapshot!(result.notes, @r#"
    [
        "partial: not given, so left out of the BASE and maximum budgets: quality_educator_payment, at_risk_payment, american_indian_achievement_gap, special_education_payment",
        "data_for_achievement is in the limits of FY2019 but is not paid",
    ]
    "#);
    let too_early =
        format!("payments = {{ future_ready_payment = \"5.00\" }}\n{}", unit("K-8", "elementary", "100", ""));
    assert!(district("FY2025", &too_early).unwrap_err().contains("future_ready_payment"));
    let early_increase = format!("significant_increase = \"5.00\"\n{}", unit("K-8", "elementary", "100", ""));
    assert!(district("FY2023", &early_increase).is_err());
}

#[test]
fn every_choice_that_affects_a_result_says_what_the_other_would_give() {
    let text = include_str!("data/case.toml");
    let result = compute(text);
    let questions: std::collections::BTreeSet<&str> = result
        .districts
        .iter()
        .flat_map(|district| &district.choices)
        .map(|choice| choice.question)
        .collect();
    for expected in ["Q1", "Q7", "Q8", "Q9", "Q10", "Q14", "Q20", "C1"] {
        assert!(questions.contains(expected), "{expected} of {questions:?}");
    }
    assert!(!questions.contains("Q24"), "nobody of the case is at Youth ChalleNGe");
}

const PUPILS: &str = r#"
fiscal_year = "FY2026"
[[districts]]
district = "0002"
[[districts.units]]
unit = "K-8"
program = "elementary"
october.pupils = [
  { key = "L-1", school = "0005", grade = "03", hours = "1080", american_indian = true },
  { key = "L-2", school = "0005", grade = "07", hours = "1080", consecutive_absences = 11 },
  { key = "L-3", school = "0005", grade = "03", hours = "1000" },
]
february.pupils = [{ key = "L-1", school = "0005", grade = "03", hours = "1080" }]
[[districts]]
district = "0001"
[[districts.units]]
unit = "K-8"
program = "elementary"
october = { adjusted = "10" }
february = { adjusted = "10" }
"#;

#[test]
fn the_state_is_rows_in_the_order_of_districts() {
    let case = Case::from_toml(PUPILS).unwrap();
    let law = Law::embedded().unwrap();
    let files = state_files(&law, &case, Alternatives::Computed).unwrap();
    let mut turned = case.clone();
    turned.districts.reverse();
    assert_eq!(files, state_files(&law, &turned, Alternatives::Computed).unwrap());
    insta::assert_snapshot!(to_csv(&files.anb).unwrap(), @r"
    fiscal_year,district,legal_entity,unit,program,october,february,anb_current,anb_three_year,anb_budgeted,used,standing,choices
    FY2026,0001,,K-8,elementary,10,10,11,,11,current_year,recall,Q1
    FY2026,0002,,K-8,elementary,2,1,2,,2,current_year,recall,Q1
    ");
    assert_eq!(files.maefairs.len(), 1, "a district without pupils has no count file");
    insta::assert_snapshot!(to_csv(&files.maefairs[0].1).unwrap(), @r"
    school_year,count,count_date,district,legal_entity,school,grade_band,hours_band,enrolled,not_counted,adjusted,american_indian
    2024-25,fall,2024-10-07,0002,,0005,1-6,full,2,0,2,1
    2024-25,fall,2024-10-07,0002,,0005,7-8,full,1,1,0,0
    2024-25,spring,2025-02-03,0002,,0005,1-6,full,1,0,1,0
    ");
    assert!(to_csv(&files.entitlements).unwrap().contains("FY2026,0002,,direct_state_aid,"));
    let without = count_file(&law, &case.interpretation, case.fiscal_year, &case.districts[1]).unwrap_err();
    insta::assert_snapshot!(without, @"district 0001, unit K-8: the fall count has parts that are not given by pupils");
}

#[test]
fn a_joint_district_is_shared_by_county_of_residence() {
    let pupils = |counties: &[&str]| {
        let list = counties.iter().map(|county| format!("{{ hours = \"1080\", county = \"{county}\" }}"));
        format!("{{ pupils = [{}] }}", list.collect::<Vec<_>>().join(", "))
    };
    let body = |counties: &[&str]| {
        let count = pupils(counties);
        format!(
            "pir_days = 0\n[[districts.units]]\nunit = \"K-8\"\nprogram = \"elementary\"\noctober = {count}\nfebruary = {count}\n"
        )
    };
    let shared = district("FY2026", &body(&["14", "08", "14"])).unwrap();
    let rows: Vec<String> =
        shared.counties.iter().map(|c| format!("{} {} {}", c.county, c.anb, c.direct_state_aid)).collect();
    // 44.7% of 60,732.00 and 19,487.40 is 35,858.07.
    assert_eq!(amount(&shared, "direct_state_aid"), "35858.07");
    assert_eq!(rows, ["08 1 11952.69", "14 2 23905.38"]);
    assert!(district("FY2026", &body(&["14", "14"])).unwrap().counties.is_empty());
}

#[test]
fn a_december_count_is_kept_and_never_averaged() {
    let december =
        |year: &str| district(year, &unit("K-8", "elementary", "100", "december = { adjusted = \"500\" }"));
    assert_eq!(anb(&december("FY2015").unwrap(), 0), "104");
    assert!(december("FY2014").unwrap_err().contains("a December count was not taken"));
    let text = PUPILS.replace(
        "february.pupils",
        "december.pupils = [{ key = \"L-9\", grade = \"03\", hours = \"400\" }]\nfebruary.pupils",
    );
    let case = Case::from_toml(&text).unwrap();
    let law = Law::embedded().unwrap();
    let rows = count_file(&law, &case.interpretation, case.fiscal_year, &case.districts[0]).unwrap();
    let winter: Vec<String> = rows
        .iter()
        .filter(|row| row.count == opi_anb::CountPeriod::Winter)
        .map(|row| format!("{} {}", row.count_date, row.adjusted))
        .collect();
    assert_eq!(winter, ["2024-12-02 1/2"]);
}

#[test]
fn every_pupil_has_a_decision_with_its_reason() {
    let case = Case::from_toml(PUPILS).unwrap();
    let law = Law::embedded().unwrap();
    let decisions =
        pupil_decisions(&law, &case.interpretation, case.fiscal_year, &case.districts[0]).unwrap();
    let lines: Vec<String> = decisions
        .iter()
        .map(|decision| {
            format!("{} {} {} {}", decision.count.word(), decision.place, decision.weight, decision.text)
        })
        .collect();
    insta::assert_debug_snapshot!(lines, @r#"
    [
        "fall 1 1 full-time, 720 hours or more",
        "fall 2 0 the count date is the 11th or a later consecutive day of absence",
        "fall 3 1 full-time, 720 hours or more",
        "spring 1 1 full-time, 720 hours or more",
    ]
    "#);
    assert!(!format!("{decisions:?}").contains("L-2"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_full_time_pupil_more_never_lowers_anything(
        fall in prop::collection::vec(0u32..1200, 1..30),
        spring in prop::collection::vec(0u32..1200, 1..30),
        pir in 0u32..9,
        year in 2014i32..=2027,
        prior in 0u32..40,
    ) {
        let case = |more: bool| {
            let list = |hours: &[u32]| {
                let pupils: Vec<String> = hours.iter().map(|hours| format!("{{ hours = \"{hours}\" }}")).collect();
                pupils.join(", ")
            };
            let extra = if more { ", { hours = \"1080\" }" } else { "" };
            format!("pir_days = {pir}\n[[districts.units]]\nunit = \"K-8\"\nprogram = \"elementary\"\nanb_prior_1 = {prior}\nanb_prior_2 = {prior}\noctober = {{ pupils = [{}{extra}] }}\nfebruary = {{ pupils = [{}] }}\n", list(&fall), list(&spring))
        };
        let year = format!("FY{year}");
        let (before, after) = (district(&year, &case(false)).unwrap(), district(&year, &case(true)).unwrap());
        prop_assert!(after.units[0].anb_current.value >= before.units[0].anb_current.value);
        prop_assert!(after.units[0].anb_budgeted >= before.units[0].anb_budgeted);
        for name in ["direct_state_aid", "base_budget", "maximum_budget"] {
            prop_assert!(after.amount(name).unwrap().amount.value >= before.amount(name).unwrap().amount.value);
        }
    }

    #[test]
    fn the_order_of_pupils_and_units_changes_no_figure(
        mut hours in prop::collection::vec(0u32..1200, 1..30),
        pir in 0u32..9,
    ) {
        let body = |hours: &[u32], turned: bool| {
            let pupils: Vec<String> = hours.iter().map(|hours| format!("{{ hours = \"{hours}\" }}")).collect();
            let pupils = pupils.join(", ");
            let elementary = format!("[[districts.units]]\nunit = \"K-8\"\nprogram = \"elementary\"\noctober = {{ pupils = [{pupils}] }}\nfebruary = {{ pupils = [{pupils}] }}\n");
            let high = unit("9-12", "high_school", "30", "");
            let units = if turned { high + &elementary } else { elementary + &high };
            format!("pir_days = {pir}\n{units}")
        };
        let first = district("FY2026", &body(&hours, false)).unwrap();
        hours.reverse();
        let second = district("FY2026", &body(&hours, true)).unwrap();
        let mut names: Vec<_> = first.figures();
        let mut others: Vec<_> = second.figures();
        names.sort();
        others.sort();
        prop_assert_eq!(names, others);
    }

    #[test]
    fn any_text_is_a_case_or_an_error(text in "\\PC{0,60}") {
        let _ = Case::from_text(&text);
        let _ = opi_anb::check_examples(&Law::embedded().unwrap(), &text);
    }
}

#[test]
fn a_district_counts_on_the_day_of_the_law_or_later() {
    let with = |day: &str| {
        let dates = format!("district = \"0002\"\ncount_dates = {{ fall = \"{day}\" }}");
        Case::from_toml(&PUPILS.replacen("district = \"0002\"", &dates, 1)).unwrap()
    };
    let law = Law::embedded().unwrap();
    let rows = |day: &str| {
        let case = with(day);
        let district = case.districts.iter().find(|district| district.count_dates.fall.is_some()).unwrap();
        let rows = count_file(&law, &case.interpretation, case.fiscal_year, district);
        rows.map(|rows| rows[0].count_date.to_string()).map_err(|error| error.to_string())
    };
    assert_eq!(rows("2024-10-07").unwrap(), "2024-10-07");
    assert_eq!(rows("2024-10-08").unwrap(), "2024-10-08");
    insta::assert_snapshot!(rows("2024-10-04").unwrap_err(), @"district 0002: the fall count was taken on 2024-10-04, before 2024-10-07");
}

//! The tables of the law tested as tables.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use opi_anb::{EntitlementTable, Fraction, Interpretation, Law, Money, Timeline};
use opi_dictionary::{FiscalYear, RoundingMode, Standing};

fn year(year: i32) -> FiscalYear {
    FiscalYear::ending(year).unwrap()
}

fn value(table: &EntitlementTable, name: &str, of: i32) -> Fraction {
    table.figure(name, year(of)).unwrap().value().unwrap()
}

const EVERY_YEAR: [&str; 26] = [
    "per_anb_elementary",
    "per_anb_elementary_decrement",
    "per_anb_elementary_decrement_cap",
    "per_anb_high_school_and_accredited_7_8",
    "per_anb_high_school_decrement",
    "per_anb_high_school_decrement_cap",
    "per_anb_accredited_7_8_decrement",
    "per_anb_accredited_7_8_decrement_cap",
    "basic_elementary",
    "basic_elementary_increment",
    "basic_elementary_threshold",
    "basic_elementary_step",
    "basic_accredited_7_8",
    "basic_accredited_7_8_increment",
    "basic_accredited_7_8_threshold",
    "basic_accredited_7_8_step",
    "basic_high_school",
    "basic_high_school_increment",
    "basic_high_school_threshold",
    "basic_high_school_step",
    "quality_educator_payment",
    "indian_education_for_all",
    "american_indian_achievement_gap",
    "data_for_achievement",
    "direct_state_aid_share",
    "base_share_entitlements",
];

#[test]
fn every_year_from_fy2014_to_fy2027_is_complete() {
    let table = EntitlementTable::embedded().unwrap();
    for of in 2014..=2027 {
        for name in EVERY_YEAR {
            assert!(value(&table, name, of) > Fraction::ZERO, "{name} {of}");
        }
    }
    for without in [2013, 2028] {
        assert!(table.figure("per_anb_elementary", year(without)).is_err());
    }
}

#[test]
fn chained_figures_follow_from_the_year_before() {
    let table = EntitlementTable::embedded().unwrap();
    let mut chained = 0;
    for figure in table.rows().filter(|figure| figure.source.starts_with("chained")) {
        assert_eq!(figure.standing, Standing::Derived);
        let before = value(&table, &figure.entitlement, figure.first_year - 1);
        let factor =
            value(&table, "inflation_factor_applied", figure.first_year).plus(Fraction::ONE).unwrap();
        let cents =
            ["indian_education_for_all", "data_for_achievement"].contains(&figure.entitlement.as_str());
        let unit = if cents { Fraction::new(1, 100).unwrap() } else { Fraction::ONE };
        let next = before.times(factor).unwrap().rounded_to(unit, RoundingMode::HalfAwayFromZero).unwrap();
        assert_eq!(figure.value().unwrap(), next, "{} {}", figure.entitlement, figure.first_year);
        chained += 1;
    }
    assert!(chained > 100);
}

#[test]
fn sourced_figures_agree_with_the_chain_too() {
    let table = EntitlementTable::embedded().unwrap();
    for name in ["basic_elementary", "basic_high_school", "per_anb_elementary", "quality_educator_payment"] {
        for of in 2017..=2027 {
            let factor = value(&table, "inflation_factor_applied", of).plus(Fraction::ONE).unwrap();
            let chained = value(&table, name, of - 1).times(factor).unwrap();
            let chained = chained.rounded(RoundingMode::HalfAwayFromZero).unwrap();
            assert_eq!(value(&table, name, of), chained, "{name} {of}");
        }
    }
}

#[test]
fn floors_are_the_first_rate_less_all_decrements() {
    let table = EntitlementTable::embedded().unwrap();
    for of in 2014..=2027 {
        for (rate, ladder) in [
            ("per_anb_elementary", "per_anb_elementary"),
            ("per_anb_high_school_and_accredited_7_8", "per_anb_high_school"),
        ] {
            let cap = value(&table, &format!("{ladder}_decrement_cap"), of).minus(Fraction::ONE).unwrap();
            let falls = value(&table, &format!("{ladder}_decrement"), of).times(cap).unwrap();
            let floor = value(&table, rate, of).minus(falls).unwrap();
            assert_eq!(value(&table, &format!("{ladder}_floor"), of), floor, "{ladder} {of}");
        }
    }
}

#[test]
fn shares_add_up() {
    let table = EntitlementTable::embedded().unwrap();
    for of in 2014..=2027 {
        let aid = value(&table, "direct_state_aid_share", of);
        let area = value(&table, "gtb_area_share", of);
        assert_eq!(aid.plus(area).unwrap(), value(&table, "base_share_entitlements", of));
        let splits = table
            .of_year(year(of))
            .filter(|figure| figure.entitlement.starts_with("special_education_split"))
            .try_fold(Fraction::ZERO, |sum, figure| sum.plus(figure.value().unwrap()));
        assert_eq!(splits.unwrap(), Fraction::ONE);
    }
}

#[test]
fn other_readings_are_never_given() {
    let table = EntitlementTable::embedded().unwrap();
    let others: Vec<_> = table.rows().filter(|figure| figure.is_other_reading()).collect();
    assert_eq!(others.len(), 3);
    for other in others {
        assert!(table.figure(&other.entitlement, year(other.first_year)).is_err());
    }
    assert_eq!(value(&table, "basic_high_school", 2015), Fraction::whole(290_000));
}

#[test]
fn every_row_has_a_source_and_a_standing_and_the_loader_is_strict() {
    let header = "entitlement,first_year,last_year,amount,unit,applies_to,standing,source,note\n";
    let good = "x,2020,2021,5,dollars,each,sourced,a document,\n";
    assert!(EntitlementTable::from_csv(&format!("{header}{good}")).is_ok());
    let wrong = [
        "x,2020,2021,5,dollars,each,sourced,,\n",
        "x,2021,2020,5,dollars,each,sourced,a document,\n",
        "x,2020,2021,,dollars,each,sourced,a document,\n",
        "x,2020,2021,five,dollars,each,sourced,a document,\n",
        "x,2020,2021,-5,dollars,each,sourced,a document,\n",
        "x,2020,2021,5,euros,each,sourced,a document,\n",
        "x,2020,2021,5,dollars,each,rumour,a document,\n",
        "x,2020,2021,5,rule,each,sourced,a document,\n",
    ];
    for row in wrong {
        assert!(EntitlementTable::from_csv(&format!("{header}{row}")).is_err(), "{row}");
    }
    let overlap = EntitlementTable::from_csv(&format!("{header}{good}{good}")).unwrap_err();
    insta::assert_snapshot!(overlap, @"entitlements.csv, line 3: x stands twice in 2020 to 2021");
    let unknown = Timeline::from_csv("key,basis\nx,count\n").unwrap_err();
    insta::assert_snapshot!(unknown, @"timeline.csv, line 2: missing field `what_changed`");
}

#[test]
fn spans_of_succeeding_rules_touch_without_overlap() {
    let timeline = Timeline::embedded().unwrap();
    let row = |key| timeline.row(key).unwrap();
    let next = [
        ("spring_february_1", "spring_first_monday_february"),
        ("increase_six_percent", "increase_lesser_of_4_percent_or_40"),
        ("increase_lesser_of_4_percent_or_40", "increase_suspended"),
        ("increase_suspended", "significant_enrollment_increase"),
    ];
    for (before, after) in next {
        assert_eq!(row(before).last_year.map(|last| last + 1), row(after).first_year, "{before}");
    }
    assert!(timeline.row("no such rule").is_err());
}

#[test]
fn a_supposed_figure_holds_for_its_year_only() {
    let table = EntitlementTable::embedded().unwrap();
    let changed = table.with_figure("direct_state_aid_share", year(2020), "0.5".parse().unwrap()).unwrap();
    assert_eq!(value(&changed, "direct_state_aid_share", 2020), Fraction::HALF);
    for of in [2014, 2019, 2021, 2027] {
        assert_eq!(value(&changed, "direct_state_aid_share", of).to_string(), "447/1000");
    }
    assert_eq!(changed.figure("direct_state_aid_share", year(2020)).unwrap().standing, Standing::Recall);
    assert!(table.with_figure("nothing", year(2020), Fraction::ONE).is_err());
    assert!(table.with_figure("direct_state_aid_share", year(2020), "-1".parse().unwrap()).is_err());
}

#[test]
fn the_law_of_a_year_is_printed_with_its_sources() {
    let law = Law::embedded().unwrap();
    let text = law.in_force(year(2026)).unwrap().to_text();
    assert!(text.starts_with("FY2026, funded by the counts of 2024-25\n"));
    for expected in ["basic_elementary ", "60732", "44.7%", "quarter_time_from_180", "[recall]", "[derived]"]
    {
        assert!(text.contains(expected), "{expected}");
    }
    assert!(!text.contains("__latest") && !text.contains("__proposal"));
    assert!(law.in_force(year(2013)).is_err());
    for of in 2014..=2027 {
        assert!(law.in_force(year(of)).is_ok());
    }
}

#[test]
fn money_and_choices_are_named() {
    assert_eq!(Money::default().to_string(), "0.00");
    assert!(Interpretation::default().differences().is_empty());
}

/// The figures of FY2027 as those of the next two years, with one rate changed: a table that a user loads.
#[test]
fn a_newer_year_is_a_table_at_run_time() {
    let law = Law::embedded().unwrap();
    let columns = opi_anb::ENTITLEMENTS_CSV.lines().next().unwrap();
    let rows: Vec<_> = law
        .figures
        .of_year(year(2027))
        .filter(|figure| !figure.is_other_reading())
        .map(|figure| {
            let amount =
                if figure.entitlement == "per_anb_elementary" { "7000" } else { figure.amount.as_str() };
            opi_anb::Figure { first_year: 2028, last_year: 2029, amount: amount.into(), ..figure.clone() }
        })
        .collect();
    let text = opi_anb::to_csv(&rows).unwrap();
    assert_eq!(text.lines().next(), Some(columns));
    let newer = Law { figures: law.figures.with_rows(&text).unwrap(), timeline: law.timeline.clone() };
    let case = opi_anb::Case::from_toml(
        "fiscal_year = 2029\n[[districts]]\ndistrict = \"0001\"\npir_days = 0\n[[districts.units]]\nunit = \"K-8\"\n\
         program = \"elementary\"\noctober = { adjusted = 1 }\nfebruary = { adjusted = 1 }",
    )
    .unwrap();
    let skipped = opi_anb::Alternatives::Skipped;
    assert!(opi_anb::compute_case(&law, &case, skipped).is_err());
    let result = opi_anb::compute_case(&newer, &case, skipped).unwrap();
    let amount = &result.districts[0].amount("per_anb_entitlements").unwrap().amount;
    assert_eq!(amount.value.to_string(), "7000.00");
    // Earlier years stay as they are, and a row within a span of years parts it.
    for of in 2014..=2027 {
        assert!(law.figures.of_year(year(of)).eq(newer.figures.of_year(year(of))), "{of}");
    }
    let parted = "direct_state_aid_share,2020,2021,40,percent,entitlements,recall,supposed,";
    let parted = law.figures.with_rows(&format!("{columns}\n{parted}\n")).unwrap();
    let share = |of| value(&parted, "direct_state_aid_share", of).to_string();
    assert_eq!([share(2019), share(2020), share(2021), share(2022)], ["447/1000", "2/5", "2/5", "447/1000"]);
    for wrong in [
        "basic_elementary,2028,2027,1,dollars,x,recall,supposed,",
        "basic_elementary,2028,2028,-1,dollars,x,recall,supposed,",
        "basic_elementary,2028,2028,1,dollars,x,recall,,",
        "basic_elementary,2028,2028,1,euro,x,recall,supposed,",
        "basic_elementary,2028,2028,1,dollars,x,recall,supposed,\nbasic_elementary,2028,2029,1,dollars,x,recall,supposed,",
    ] {
        assert!(law.figures.with_rows(&format!("{columns}\n{wrong}\n")).is_err(), "{wrong}");
    }
}

//! The shape of the whole invented state, against that of the real one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::*;
use opi_dictionary::SchoolYear;
use opi_synth::{Meals, State};
use std::collections::{BTreeMap, BTreeSet};

/// Asserts a share in hundredths of a percent.
fn assert_share(what: &str, count: u64, total: u64, expected: std::ops::RangeInclusive<u64>) {
    let share = count * 10_000 / total;
    assert!(expected.contains(&share), "{what}: {share} of 10,000, expected {expected:?}");
}

#[test]
fn the_whole_state_has_the_real_shape() {
    let state = State::new(plan(147_000, 1, 1)).unwrap();
    let directory = state.directory().unwrap();
    let entities = directory.districts().flat_map(|district| &district.entities).count();
    assert!((380..=420).contains(&entities), "{entities} legal districts");
    let schools = directory.schools().count();
    assert!((780..=860).contains(&schools), "{schools} schools");
    let year = SchoolYear::ending(2026).unwrap();
    let kinds: BTreeSet<&str> =
        directory.districts().filter_map(|d| d.kind(year)).map(|kind| kind.as_str()).collect();
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    let counties: BTreeSet<_> = directory.districts().map(|district| district.county).collect();
    assert_eq!(counties.len(), 56);
    assert!(directory.budget_units().any(|unit| unit.separate));

    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut grades: BTreeMap<String, u64> = BTreeMap::new();
    let mut schools: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut total = 0u64;
    state
        .visit(year, &mut |student| {
            if !student.began_here {
                return;
            }
            let (person, enrollment) = (&student.person, &student.enrollments[0]);
            total += 1;
            *grades.entry(enrollment.grade.clone()).or_default() += 1;
            let flags = person.races;
            let many = [flags.american_indian, flags.asian, flags.black, flags.pacific_islander, flags.white];
            let many = many.iter().filter(|flag| **flag).count();
            assert!(many > 0);
            let group = match (person.hispanic, many) {
                (true, _) => "hispanic",
                (false, 2..) => "two or more",
                _ if flags.american_indian => "american indian",
                _ if flags.white => "white",
                _ => "other",
            };
            let school = schools.entry(state.school_of(enrollment).unwrap().to_string()).or_default();
            school.0 += 1;
            school.1 += u64::from(group == "american indian");
            let mut add = |what: &'static str, yes: bool| *counts.entry(what).or_default() += u64::from(yes);
            add(group, true);
            add("male", person.male);
            add("english learner", student.language_program.is_some_and(|program| program.is_learner()));
            add("special education", person.disability.is_some());
            add("section 504", person.section_504);
            add("low income", person.meals != Meals::Full);
            add("homeless", student.year.homeless.is_some());
            add("military", person.military.is_some());
            add("graduate", student.enrollments.iter().any(|e| e.diploma.is_some()));
            add("dropout", student.enrollments.iter().any(|e| e.dropout_reason.is_some()));
        })
        .unwrap();
    assert_eq!(total, 147_000);
    assert_share("male", counts["male"], total, 5_060..=5_160);
    assert_share("white", counts["white"], total, 7_600..=7_950);
    assert_share("american indian", counts["american indian"], total, 900..=1_080);
    assert_share("hispanic", counts["hispanic"], total, 520..=630);
    assert_share("two or more", counts["two or more"], total, 450..=560);
    assert_share("other races", counts["other"], total, 110..=180);
    assert_share("english learner", counts["english learner"], total, 180..=370);
    assert_share("special education", counts["special education"], total, 1_350..=1_480);
    assert_share("section 504", counts["section 504"], total, 200..=450);
    assert_share("low income", counts["low income"], total, 4_000..=4_500);
    assert_share("homeless", counts["homeless"], total, 260..=340);
    assert_share("military", counts["military"], total, 240..=340);
    assert_share("graduates of grade 12", counts["graduate"], grades["12"], 8_700..=9_600);
    let high: u64 = ["09", "10", "11", "12"].iter().map(|grade| grades[*grade]).sum();
    assert_share("dropouts of grades 9 to 12", counts["dropout"], high, 250..=450);
    assert_share("grades 9 to 12", high, total, 2_950..=3_200);
    // Bimodal: hardly a school between a third and two thirds American Indian.
    let share = |(pupils, indian): &(u64, u64)| indian * 100 / pupils;
    let large: Vec<u64> = schools.values().filter(|school| school.0 >= 20).map(share).collect();
    let middle = large.iter().filter(|share| (33..=66).contains(*share)).count();
    let high = large.iter().filter(|share| **share > 66).count();
    assert!(middle * 50 < large.len() && high * 20 > large.len(), "{middle} and {high} of {}", large.len());
    // Sizes, against school-year.md section 5 with wide margins.
    let sizes =
        |from: u64, to: u64| schools.values().filter(|school| (from..=to).contains(&school.0)).count();
    for (from, to, expected) in [
        (1, 9, 45..=100),
        (10, 49, 130..=240),
        (50, 199, 180..=330),
        (200, 499, 170..=280),
        (500, 3_000, 35..=65),
    ] {
        assert!(expected.contains(&sizes(from, to)), "{from} to {to}: {}", sizes(from, to));
    }
}

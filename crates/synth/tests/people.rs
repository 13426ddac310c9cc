//! The people of an invented state: who they are, whether they stay the same, how they are called.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::*;
use opi_dictionary::SchoolYear;
use opi_synth::State;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn ids_are_nobodys_twice_and_name_the_same_person_for_ever() {
    let outputs = written(plan(6_000, 3, 3), 0);
    let mut people: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut born: BTreeMap<Vec<String>, String> = BTreeMap::new();
    for year in 2024..=2026 {
        let mut local: BTreeMap<(String, String), String> = BTreeMap::new();
        for row in rows(&outputs, year, "student-demographics") {
            let (id, who) = (row[2].clone(), row[4..16].to_vec());
            assert_eq!(
                people.entry(id.clone()).or_insert_with(|| who.clone()),
                &who,
                "the same in all years and districts"
            );
            let key = [&row[4..6], &row[9..10]].concat();
            assert_eq!(
                born.entry(key).or_insert_with(|| id.clone()),
                &id,
                "name and birth date are one person's"
            );
            let district = (row[1].clone(), row[3].clone());
            assert_eq!(
                local.entry(district).or_insert_with(|| id.clone()),
                &id,
                "a local id is one student's"
            );
        }
    }
    assert!(people.len() > 6_500, "newcomers and kindergartners came: {}", people.len());
    let repeated = |id: &String| id.bytes().all(|digit| Some(digit) == id.bytes().next());
    assert!(people.keys().all(|id| id.len() == 9 && !repeated(id)));
}

#[test]
fn years_follow_on_each_other() {
    let outputs = written(plan(12_000, 3, 8), 0);
    let grade = |row: &Vec<String>| match row[8].as_str() {
        "PK" => -1,
        "KF" | "KH" => 0,
        number => number.parse::<i32>().unwrap(),
    };
    let of_year = |year| -> BTreeMap<String, Vec<Vec<String>>> {
        let mut students: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        for row in rows(&outputs, year, "student-enrollments") {
            students.entry(row[4].clone()).or_default().push(row);
        }
        let day = |text: &String| format!("{}{}", &text[6..], &text[..5]);
        students.values_mut().for_each(|rows| rows.sort_by_key(|row| (day(&row[9]), day(&row[12]))));
        students
    };
    let years = [of_year(2024), of_year(2025), of_year(2026)];
    let (mut promoted, mut retained, mut moved, mut graduates, mut dropouts, mut returned) =
        (0, 0, 0, 0, 0, 0);
    for pair in years.windows(2) {
        for (id, after) in &pair[1] {
            match pair[0].get(id).and_then(|rows| rows.last()) {
                None => {
                    assert!(!["02", "03"].contains(&after[0][10].as_str()), "no history, {:?}", after[0][10])
                }
                Some(before) => {
                    let step = grade(&after[0]) - grade(before);
                    promoted += usize::from(step == 1);
                    retained += usize::from(step == 0);
                    assert!((0..=1).contains(&step), "{step}");
                    moved += usize::from(before[1] != after[0][1]);
                    assert!(!before[13].starts_with(['3', '4']), "graduates and dropouts do not come back");
                    returned += usize::from(before[13].starts_with("12") || before[13].starts_with("13"));
                }
            }
        }
        graduates += pair[0].values().filter(|rows| rows.iter().any(|row| row[13].starts_with('4'))).count();
        dropouts += pair[0].values().filter(|rows| rows.iter().any(|row| row[13].starts_with('3'))).count();
    }
    assert!(promoted > 18_000 && (100..800).contains(&retained), "{promoted} {retained}");
    assert!(moved > 500 && returned > 30, "{moved} {returned}");
    assert!((1_400..2_000).contains(&graduates) && (100..500).contains(&dropouts), "{graduates} {dropouts}");
}

#[test]
fn families_have_siblings() {
    let state = State::new(plan(6_000, 1, 4)).unwrap();
    let mut households: BTreeMap<u64, BTreeMap<u64, (String, bool, String)>> = BTreeMap::new();
    state
        .visit(SchoolYear::ending(2026).unwrap(), &mut |student| {
            let person = &student.person;
            let shared = (
                person.last_name.reveal().to_owned(),
                person.hispanic,
                format!("{:?}{:?}", person.races, person.military),
            );
            households.entry(person.household).or_default().insert(person.number, shared);
        })
        .unwrap();
    let students: usize = households.values().map(BTreeMap::len).sum();
    let with_siblings: usize = households.values().map(BTreeMap::len).filter(|size| *size > 1).sum();
    assert_eq!(students, 6_000);
    assert!((25..75).contains(&(with_siblings * 100 / students)), "{with_siblings} of {students}");
    for household in households.values() {
        assert!(household.values().all(|shared| Some(shared) == household.values().next()));
        assert!(household.len() <= 3);
    }
}

#[test]
fn names_are_nobodys() {
    // The commonest surnames and given names of the United States census, as far as they could be words.
    const BORNE: &[&str] = &[
        "Smith",
        "Johnson",
        "Williams",
        "Brown",
        "Jones",
        "Garcia",
        "Miller",
        "Davis",
        "Rodriguez",
        "Martinez",
        "Hill",
        "Green",
        "Baker",
        "Rivera",
        "Reed",
        "Bell",
        "Wood",
        "Brooks",
        "Gray",
        "Stone",
        "Marsh",
        "Snow",
        "Frost",
        "Winter",
        "Summer",
        "Rose",
        "Lily",
        "Daisy",
        "Violet",
        "Iris",
        "Ivy",
        "Hazel",
        "Olive",
        "Heather",
        "Holly",
        "Jasmine",
        "Ruby",
        "Pearl",
        "Opal",
        "Jade",
        "Amber",
        "Crystal",
        "Ginger",
        "Rosemary",
        "Basil",
        "Sage",
        "Poppy",
        "Flora",
        "Fern",
        "Laurel",
        "Myrtle",
        "Clover",
        "Willow",
        "Rowan",
        "Ash",
        "Forest",
        "River",
        "Brook",
        "Sky",
        "Storm",
        "Misty",
        "Dawn",
        "Summer",
        "Autumn",
        "April",
        "June",
        "Robin",
        "Jay",
        "Wren",
        "Clay",
        "Flint",
        "Jasper",
        "Garnet",
        "Sandy",
        "Cliff",
        "Glen",
        "Dale",
        "Heath",
        "Rusty",
        "Sunny",
        "Stormy",
    ];
    let state = State::new(plan(4_000, 1, 1)).unwrap();
    let mut seen = BTreeSet::new();
    state
        .visit(SchoolYear::ending(2026).unwrap(), &mut |student| {
            let person = &student.person;
            for name in [Some(&person.last_name), Some(&person.first_name), person.middle_name.as_ref()]
                .into_iter()
                .flatten()
            {
                seen.extend(name.reveal().split('-').map(str::to_owned));
            }
        })
        .unwrap();
    assert!(seen.len() > 300);
    assert!(seen.iter().any(|name| !name.is_ascii()), "some names are not plain ASCII");
    for name in BORNE {
        assert!(!seen.contains(*name), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_student_is_in_two_primary_enrollments_at_once(seed in any::<u64>(), students in 1u64..1_500) {
        let outputs = written(plan(students, 2, seed), 0);
        for year in 2025..=2026 {
            let known: BTreeSet<(String, String)> =
                rows(&outputs, year, "student-demographics").into_iter().map(|row| (row[1].clone(), row[2].clone())).collect();
            let mut spans: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
            let day = |text: &String| format!("{}{}", &text[6..], &text[..5]);
            for row in rows(&outputs, year, "student-enrollments") {
                prop_assert!(known.contains(&(row[1].clone(), row[4].clone())), "enrolled, not in demographics");
                prop_assert!(day(&row[9]) <= day(&row[12]));
                if row[11] == "P" {
                    spans.entry(row[4].clone()).or_default().push((day(&row[9]), day(&row[12])));
                }
            }
            for spans in spans.values_mut() {
                spans.sort();
                prop_assert!(spans.windows(2).all(|pair| pair[0].1 < pair[1].0), "{:?}", spans);
            }
            for family in ["fall-enrollment-count", "spring-enrollment-count", "program-participation"] {
                let all = rows(&outputs, year, family);
                let keys: BTreeSet<&[String]> = all.iter().map(|row| &row[1..5]).collect();
                prop_assert_eq!(keys.len(), all.len(), "one row per student and calendar in {}", family);
            }
        }
    }
}

//! Tests on the tables themselves: whole, unique, resolved, and equal in number to their source.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test program"
)]

use opi_dictionary::{
    CertifiedIn, CodeKind, CodeLookup, Dictionary, Explanation, PositionStanding, Record, Weekdays, fields,
    records,
};
use std::collections::{BTreeMap, BTreeSet};

fn dictionary() -> &'static Dictionary {
    Dictionary::built_in()
}

#[test]
fn counts_equal_the_source() {
    let dictionary = dictionary();
    assert_eq!(dictionary.layouts().len(), 29, "22 file families, six state tables and the header");
    assert_eq!(dictionary.layouts().iter().map(|layout| layout.fields.len()).sum::<usize>(), 320);
    assert_eq!(dictionary.code_sets().len(), 56);
    assert_eq!(dictionary.code_sets().iter().map(|set| set.entries.len()).sum::<usize>(), 349);
    assert_eq!(dictionary.elements().len(), 105);
    assert_eq!(dictionary.counties().len(), 56);
    assert_eq!(dictionary.collections().len(), 42);
}

#[test]
fn the_readme_counts_what_is_there() {
    let dictionary = dictionary();
    let counts = format!(
        "{} code sets, {} layouts with {} fields, {} elements",
        dictionary.code_sets().len(),
        dictionary.layouts().len(),
        dictionary.layouts().iter().map(|layout| layout.fields.len()).sum::<usize>(),
        dictionary.elements().len()
    );
    let readme = include_str!("../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(readme.contains(&counts), "expected: {counts}");
}

#[test]
fn collections_that_are_named_exist() {
    let dictionary = dictionary();
    let known: BTreeSet<&str> = dictionary.collections().iter().map(|one| one.collection.as_str()).collect();
    let own = "State tables";
    for layout in dictionary.layouts() {
        for name in layout.collections.iter().filter(|name| *name != own) {
            assert!(known.contains(name.as_str()), "{}: {name}", layout.key);
        }
    }
    for one in dictionary.collections() {
        assert!(one.part_of.is_empty() || known.contains(one.part_of.as_str()), "{}", one.collection);
        // What is said of certifying, in words and as a word.
        let says = !matches!(one.certified, CertifiedIn::Unknown);
        assert_eq!(says, !one.certify.is_empty(), "{}", one.collection);
    }
}

#[test]
fn positions_that_no_layout_confirms_are_counted_by_standing() {
    let mut by_standing: BTreeMap<String, usize> = BTreeMap::new();
    for layout in dictionary().layouts() {
        for field in &layout.fields {
            *by_standing.entry(format!("{:?}", field.position_standing)).or_default() += 1;
        }
    }
    let expected = [("Last", 10), ("Own", 64), ("Sourced", 116), ("SourcedGeneral", 36), ("Unverified", 94)];
    assert_eq!(by_standing, expected.map(|(name, count)| (name.to_owned(), count)).into());
    assert_eq!(dictionary().unverified_positions().count(), 140);
    assert!(
        dictionary()
            .unverified_positions()
            .all(|(_, field)| field.position_standing != PositionStanding::Sourced)
    );
}

#[test]
fn the_embedded_tables_are_those_of_the_folder() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
    let names = |folder: &str, base: &std::path::Path| -> BTreeSet<String> {
        std::fs::read_dir(base.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect()
    };
    let layouts: BTreeSet<String> = dictionary().layouts().iter().map(|layout| layout.key.clone()).collect();
    let code_sets: BTreeSet<String> = dictionary().code_sets().iter().map(|set| set.key.clone()).collect();
    assert_eq!(names("layouts", &folder), layouts);
    assert_eq!(names("code-sets", &folder), code_sets);
}

#[test]
fn every_code_set_is_used_crosswalks_apart() {
    let dictionary = dictionary();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    used.extend(
        dictionary.layouts().iter().flat_map(|layout| &layout.fields).filter_map(|f| f.code_set.as_deref()),
    );
    used.extend(dictionary.elements().iter().filter_map(|element| element.code_set.as_deref()));
    for set in dictionary.code_sets().iter().filter(|set| set.kind != "crosswalk") {
        assert!(used.contains(set.key.as_str()), "{} is used by no layout and no element", set.key);
    }
    for name in used {
        assert!(dictionary.code_set(name).is_ok(), "{name} does not exist");
    }
}

#[test]
fn every_row_names_its_source_and_every_cited_document_is_listed() {
    let dictionary = dictionary();
    let known: BTreeSet<&str> = dictionary.sources().iter().map(|source| source.id.as_str()).collect();
    assert_eq!(known.len(), dictionary.sources().len(), "source ids are unique");
    let sources = dictionary
        .layouts()
        .iter()
        .map(|layout| &layout.source)
        .chain(dictionary.layouts().iter().flat_map(|layout| layout.fields.iter().map(|field| &field.source)))
        .chain(dictionary.code_sets().iter().map(|set| &set.source))
        .chain(dictionary.code_sets().iter().flat_map(|set| set.entries.iter().map(|entry| &entry.source)))
        .chain(dictionary.elements().iter().map(|element| &element.source))
        .chain(dictionary.collections().iter().map(|collection| &collection.source))
        .chain(dictionary.counties().iter().map(|county| &county.source))
        .chain(dictionary.statutory_dates().iter().map(|date| &date.source));
    for source in sources {
        assert!(!source.trim().is_empty());
        let prefixes = ["KB-", "PS-", "OPI-", "NL-", "LS-", "GD-", "HB-", "LV-", "HM-", "LAW-", "ARM-"];
        for word in source.split([';', ' ', ',', '(', ')']) {
            if prefixes.iter().any(|prefix| word.starts_with(prefix)) {
                assert!(known.contains(word), "{word} in {source:?} is no listed document");
            }
        }
    }
}

#[test]
fn every_layout_field_takes_its_own_constant_and_codes() {
    let dictionary = dictionary();
    for layout in dictionary.layouts() {
        for field in &layout.fields {
            if let Some(constant) = field.constant() {
                assert_eq!(field.problem(constant), None, "{} {}", layout.key, field.name);
            }
            // The record types of three files were not seen, so their field names the set of all of them.
            let Some(set) = field.code_set.as_deref().filter(|set| *set != "record-types") else { continue };
            for entry in
                dictionary.code_set(set).unwrap().entries.iter().filter(|entry| entry.kind == CodeKind::Value)
            {
                let fits = field.constant().is_some() || field.form_problem(&entry.code).is_none();
                assert!(fits, "{} {}: {} of {set} does not fit", layout.key, field.name, entry.code);
            }
        }
    }
}

#[test]
fn every_reference_name_is_explained() {
    let dictionary = dictionary();
    for layout in dictionary.layouts() {
        assert!(matches!(dictionary.explain(&layout.key)[0], Explanation::Layout { .. }), "{}", layout.key);
        for field in &layout.fields {
            let found = dictionary.explain(&field.name);
            assert!(found.iter().any(|it| matches!(it, Explanation::Field { .. })), "{}", field.name);
        }
    }
    for set in dictionary.code_sets() {
        let found = dictionary.explain(&set.key);
        assert!(found.iter().any(|it| matches!(it, Explanation::CodeSet { .. })), "{}", set.key);
    }
    for element in dictionary.elements() {
        let found = dictionary.explain(&element.name);
        assert!(found.iter().any(|it| matches!(it, Explanation::Element { .. })), "{}", element.name);
    }
}

#[test]
fn look_ups_tell_apart_why_a_code_is_wrong() {
    let day = |text: &str| Some(text.parse().unwrap());
    let look = |set: &str, code: &str, on| dictionary().look_up(set, code, on).unwrap();
    assert!(matches!(look("service-type", "P", None), CodeLookup::Known(_)));
    assert!(matches!(look("service-type", "p", None), CodeLookup::WrongCase(entry) if entry.code == "P"));
    assert!(matches!(look("enrollment-start-status", "05", day("2016-06-30")), CodeLookup::Known(_)));
    assert!(matches!(look("enrollment-start-status", "05", day("2016-07-01")), CodeLookup::Retired(_)));
    assert!(matches!(look("state-programs-flags", "ESA", day("2024-06-30")), CodeLookup::NotYet(_)));
    assert!(matches!(look("state-programs-flags", "ESA", day("2024-07-01")), CodeLookup::Known(_)));
    assert!(
        matches!(look("enrollment-start-status", "4", None), CodeLookup::Near(near) if near[0].code == "04")
    );
    assert!(matches!(look("service-type", "Primary", None), CodeLookup::Near(near) if near[0].code == "P"));
    assert!(
        matches!(look("service-type", "TAS", None), CodeLookup::OfOtherSets(sets) if sets == ["title-i"])
    );
    assert!(matches!(look("enrollment-end-status", "155", None), CodeLookup::Form(_)));
    assert!(matches!(look("dropout-reason", "anything", None), CodeLookup::NotTested));
    assert!(matches!(look("service-type", "?", None), CodeLookup::Unknown));
    assert!(dictionary().look_up("no-such-set", "P", None).is_err());
}

#[test]
fn statutory_dates_hold_in_their_years_only() {
    let on = |date: &str, year: &str| {
        dictionary().statutory_date(date, year.parse().unwrap(), &Weekdays).map(|day| day.to_string())
    };
    assert_eq!(on("fall_count", "2012-13").unwrap(), "2012-10-01");
    assert_eq!(on("fall_count", "2024-25").unwrap(), "2024-10-07");
    assert_eq!(on("spring_count", "2012-13").unwrap(), "2013-02-01");
    assert_eq!(on("spring_count", "2013-14").unwrap(), "2014-02-03");
    assert_eq!(on("spring_count", "2025-26").unwrap(), "2026-02-02");
    assert_eq!(on("december_count", "2013-14").unwrap(), "2013-12-02");
    assert_eq!(on("age_date", "2024-25").unwrap(), "2024-09-10");
    assert_eq!(
        on("december_count", "2012-13").unwrap_err().to_string(),
        "no rule is known for december_count in 2012-13"
    );
    assert!(on("no such date", "2024-25").is_err());
}

#[test]
fn each_record_has_the_fields_of_its_layout() {
    fn same<R: Record>() {
        let layout = dictionary().layout(R::LAYOUT).unwrap();
        let of_layout: Vec<_> = layout.fields.iter().map(|field| field.field).collect();
        let of_layout: Vec<_> = of_layout.into_iter().filter(|field| *field != fields::RECORD_TYPE).collect();
        assert_eq!(R::FIELDS, of_layout, "{}", R::LAYOUT);
    }
    same::<records::StudentDemographic>();
    same::<records::StudentEnrollment>();
    same::<records::FallEnrollmentCount>();
    same::<records::SpringEnrollmentCount>();
    same::<records::ProgramParticipation>();
    same::<records::EnglishLearner>();
    same::<records::EndOfYearAttendanceTotal>();
    same::<records::BehaviorEvent>();
    same::<records::MealEligibility>();
    assert_eq!(records::RECORD_LAYOUTS.len(), 27, "all layouts but the header and the calendar report");
}

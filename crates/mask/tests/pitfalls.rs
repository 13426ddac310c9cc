//! What went wrong elsewhere: releases against each other, symbols, frozen cells, files that must be refused.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test"
)]

use opi_mask::audit::{Effort, Known, View, audit};
use opi_mask::plan::plan;
use opi_mask::spec_file::Spec;
use opi_mask::{Certified, Dimension, Error, Level, Publication, Release, Rule, Symbols, Task, Zeros};
use opi_mask::{mask, suppress, write_csv, write_hidden};

fn line(counts: &[(&str, u64)]) -> Publication {
    let codes = std::iter::once("Total").chain(counts.iter().map(|c| c.0));
    let mut builder = Publication::builder(vec![Dimension::parse("g", codes).unwrap()]).zeros_known(true);
    for (code, count) in counts {
        builder.count(&[code], *count).unwrap();
    }
    builder.build().unwrap()
}

#[test]
fn two_releases_can_undo_each_other() {
    // The card masks 8 (limit 9); the dashboard, masked at 5, prints it.
    let p = line(&[("a", 8), ("b", 3), ("c", 20), ("d", 31)]);
    let card = mask(p.clone(), &Rule::new(9, Zeros::Show)).unwrap();
    let mut both = View::of(&p, card.hidden(), &[], None);
    assert!(audit(&both, Effort::default()).unwrap().exposed.is_empty());
    let mut dashboard = View::new();
    dashboard.cell("a", Known::Shown(8)).unwrap();
    both.join(&dashboard, "dashboard").unwrap();
    let found = audit(&both, Effort::default()).unwrap();
    assert!(found.exposed.iter().any(|e| e.label == "b" && e.value == 3), "{found:?}");
}

#[test]
fn frozen_cells_are_named() {
    let dims = vec![Dimension::parse("g", ["Total", "a", "b", "c"]).unwrap()];
    let mut builder = Publication::builder(dims).zeros_known(true);
    for (code, count) in [("a", 3), ("b", 20), ("c", 9)] {
        builder.count(&[code], count).unwrap();
    }
    let frozen = ["b", "c", "Total"].iter().fold(builder, |b, c| b.frozen(vec![(*c).to_owned()]));
    let p = frozen.build().unwrap();
    let task = Task::of(&p, &Rule::new(5, Zeros::Show)).unwrap();
    let error = suppress(&p, &task).unwrap_err();
    assert!(
        matches!(&error, Error::Frozen { exposed, withdraw } if exposed == "[a]" && withdraw.matches('[').count() == 1),
        "{error}"
    );
}

#[test]
fn sums_of_hidden_cells_count_when_asked() {
    let p = line(&[("a", 2), ("b", 1), ("c", 61), ("d", 12)]);
    let mut rule = Rule::new(5, Zeros::Show);
    assert_eq!(mask(p.clone(), &rule).unwrap().hidden().iter().filter(|h| **h).count(), 2);
    rule.line_sums = true;
    assert_eq!(mask(p, &rule).unwrap().hidden().iter().filter(|h| **h).count(), 3);
}

#[test]
fn a_legend_is_an_upper_bound() {
    let p = line(&[("a", 2), ("b", 1), ("c", 61), ("d", 12)]);
    let mut rule = Rule::new(5, Zeros::Show);
    rule.legend_marks_sensitive = true;
    rule.level = Level::Width(2);
    let certified = mask(p, &rule).unwrap();
    assert!(certified.hidden().iter().filter(|h| **h).count() >= 3);
    let mut out = Vec::new();
    write_csv(&certified, &Symbols::two("<6", "*"), &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("a,<6"));
}

#[test]
fn symbols_that_tell_too_much_are_refused() {
    let certified = mask(line(&[("a", 3), ("b", 9), ("c", 30)]), &Rule::new(5, Zeros::Show)).unwrap();
    for symbols in [Symbols::one("3"), Symbols::one(""), Symbols::one("<6"), Symbols::two("*", "DS")] {
        assert!(write_csv(&certified, &symbols, Vec::new()).is_err(), "{symbols:?}");
    }
    let mut out = Vec::new();
    write_csv(&certified, &Symbols::default(), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "g,count\nTotal,42\na,*\nb,*\nc,30\n");
    let mut list = Vec::new();
    write_hidden(&certified, &mut list).unwrap();
    assert_eq!(String::from_utf8(list).unwrap(), "a\nb\n");
}

#[test]
fn a_pattern_of_another_publication_is_refused() {
    let one = line(&[("a", 3), ("b", 9), ("c", 30)]);
    let other = line(&[("a", 4), ("b", 9), ("c", 30)]);
    let task = Task::of(&one, &Rule::new(5, Zeros::Show)).unwrap();
    let pattern = suppress(&one, &task).unwrap();
    assert!(matches!(Certified::new(other, pattern, Effort::default()), Err(Error::NotCertified { .. })));
}

#[test]
fn contradictions_are_never_a_pass() {
    let mut view = View::new();
    let total = view.cell("Total", Known::Shown(10)).unwrap();
    let a = view.cell("a", Known::Shown(7)).unwrap();
    let b = view.cell("b", Known::Hidden { lo: 5, hi: None }).unwrap();
    view.sum("[Total]", total, &[a, b]);
    assert!(matches!(audit(&view, Effort::default()), Err(Error::Inconsistent { .. })));
}

#[test]
fn published_files_are_read_with_their_symbols() {
    let spec = Spec::parse(
        "count = \"n\"\n[[dimension]]\nname = \"school\"\ncolumns = [\"school\"]\n[[dimension]]\nname = \"race\"\ncolumns = [\"race\"]\n",
    )
    .unwrap();
    let csv = "school,race,n\nTotal,Total,60\nTotal,A,24\nTotal,B,36\nS1,Total,30\nS1,A,*\nS1,B,*\nS2,Total,30\nS2,A,20\nS2,B,<11\n";
    let audit = audit(&spec.view(csv.as_bytes()).unwrap(), Effort::default()).unwrap();
    let found: Vec<_> = audit.exposed.iter().map(|e| (e.label.as_str(), e.value)).collect();
    assert_eq!(found, [("S1|A", 4), ("S1|B", 26), ("S2|B", 10)]);
    let bad = csv.replace("<11", "twelve");
    assert!(spec.view(bad.as_bytes()).unwrap_err().to_string().contains("line 10"));
}

#[test]
fn the_planner_prefers_what_can_be_read() {
    let dims = vec![
        Dimension::parse("unit", ["State", "D1", "D2", "S1:D1", "S2:D1", "S3:D2", "S4:D2"]).unwrap(),
        Dimension::parse("race", ["Total", "A", "B"]).unwrap(),
    ];
    let mut leaves = Vec::new();
    for (i, school) in ["S1", "S2", "S3", "S4"].iter().enumerate() {
        for (race, count) in [("A", 40 + i as u64), ("B", 1 + i as u64)] {
            leaves.push((vec![dims[0].find(school).unwrap(), dims[1].find(race).unwrap()], count));
        }
    }
    let list = plan(&dims, &leaves, &Rule::new(5, Zeros::Show), 50).unwrap();
    assert_eq!(list.len(), 5);
    assert_eq!(list[0].name, "unit");
    assert!(list.iter().all(|c| c.problem.is_none()));
    assert!(list.iter().find(|c| c.name == "unit x race").unwrap().shown_per_mille < 1000);
}

#[test]
fn specifications_are_strict() {
    assert!(Spec::parse("count = \"n\"\nzeroes = \"show\"").unwrap_err().to_string().contains("zeroes"));
    let spec = Spec { policy: Some("montana-opi".into()), ..Spec::default() };
    assert!(matches!(spec.rule(), Err(Error::Unstated { .. })));
}

#[test]
fn a_person_alone_in_a_cell_is_an_attacker_when_asked() {
    // Hidden 1 and 4: the one student of `a` subtracts himself and has `b`.
    let p = line(&[("a", 1), ("b", 4), ("c", 61), ("d", 12)]);
    let mut rule = Rule::new(5, Zeros::Show);
    assert_eq!(mask(p.clone(), &rule).unwrap().hidden().iter().filter(|h| **h).count(), 2);
    rule.singletons = true;
    assert_eq!(mask(p, &rule).unwrap().hidden().iter().filter(|h| **h).count(), 3);
}

#[test]
fn complements_are_sensitive_like_any_cell() {
    let dims = vec![Dimension::parse("result", ["Tested", "Proficient", "Rest"]).unwrap()];
    let build = |complement: bool| {
        let mut builder = Publication::builder(dims.clone()).zeros_known(true);
        builder.count(&["Proficient"], 37).unwrap();
        builder.count(&["Rest"], 30).unwrap();
        let name = |s: &str| vec![s.to_owned()];
        let builder = builder.further_sum("seen", vec![name("Proficient")]);
        if complement { builder.complement("unseen", name("Rest"), name("@seen")) } else { builder }.build()
    };
    // 37 seen, of whom 30 are `Rest`: 7 are left, sensitive at limit 9.
    let rule = Rule::new(9, Zeros::Show);
    assert!(!mask(build(false).unwrap(), &rule).unwrap().hidden().contains(&true));
    let certified = mask(build(true).unwrap(), &rule).unwrap();
    assert!(certified.hidden().iter().filter(|h| **h).count() >= 2);
    let cells: Vec<_> = certified.publication().cells().collect();
    let shown = cells.iter().copied().find(|&c| !certified.is_hidden(c)).unwrap();
    let hidden = cells.iter().copied().find(|&c| certified.is_hidden(c)).unwrap();
    assert_eq!(certified.percent(shown, shown, 1).to_string(), "100.0%");
    assert!(certified.percent(hidden, shown, 0).is_masked());
}

#[test]
fn our_own_file_is_read_back() {
    // Two districts number their schools alike; the file says itself which school is whose.
    let csv = "district,school,race,freq\nD1,1,A,3\nD1,1,B,20\nD1,2,A,9\nD1,2,B,31\nD2,1,A,12\nD2,1,B,40\n";
    let spec = Spec { count: "freq".into(), max: Some(5), zeros: Some("show".into()), ..Spec::default() };
    let spec = spec.with_dimensions("district>school,race").unwrap();
    let publication = spec.publication(csv.as_bytes()).unwrap();
    let certified = mask(publication, &spec.rule().unwrap()).unwrap();
    let hidden = certified.hidden().iter().filter(|h| **h).count();
    let release = Release::of(certified, &Symbols::default()).unwrap();
    assert!(
        release.table.starts_with("district,school,race,count\nTotal,Total,Total,115\n"),
        "{}",
        release.table
    );
    assert!(release.table.contains("\nD2,Total,A,12\nD2,Total,B,40\nD2,1,Total,52\n"), "{}", release.table);
    let found = audit(&spec.view(release.table.as_bytes()).unwrap(), Effort::default()).unwrap();
    assert_eq!((found.exposed.len(), found.intervals.len()), (0, hidden));
}

#[test]
fn further_sums_and_groupings_are_read_back() {
    let text = r#"
        count = "n"
        max = 5
        zeros = "show"
        [[sum]]
        name = "north"
        of = [["S1", "A"], ["S2", "A"]]
        [[dimension]]
        name = "school"
        columns = ["district", "school"]
        groupings = { big = ["S1", "S3"] }
        [[dimension]]
        name = "race"
        columns = ["race"]
    "#;
    let spec = Spec::parse(text).unwrap();
    let csv =
        "district,school,race,n\nD1,S1,A,3\nD1,S1,B,20\nD1,S2,A,9\nD1,S2,B,31\nD2,S3,A,12\nD2,S3,B,40\n";
    let certified = mask(spec.publication(csv.as_bytes()).unwrap(), &spec.rule().unwrap()).unwrap();
    let hidden = certified.hidden().iter().filter(|h| **h).count();
    let table = Release::of(certified, &Symbols::default()).unwrap().table;
    assert!(table.contains("@north") && table.contains("big"), "{table}");
    let found = audit(&spec.view(table.as_bytes()).unwrap(), Effort::default()).unwrap();
    assert_eq!((found.exposed.len(), found.intervals.len()), (0, hidden), "{table}");
}

#[test]
fn totals_that_anyone_adds_up_are_no_hidden_figures() {
    let spec = Spec { count: "n".into(), ..Spec::default() };
    let spec = spec.with_dimensions("district>school,race").unwrap();
    let leaves =
        "district,school,race,n\nD1,S1,A,*\nD1,S1,B,20\nD1,S2,A,9\nD1,S2,B,31\nD2,S3,A,12\nD2,S3,B,40\n";
    let found = audit(&spec.view(leaves.as_bytes()).unwrap(), Effort::default()).unwrap();
    assert!(found.exposed.is_empty(), "{:?}", found.exposed);
    let left = |label: &str| found.intervals.iter().any(|i| i.label == label);
    assert!(left("S1|A") && left("Total|A") && !left("D2|Total") && !left("Total|B"));
    // With one total the masked figure falls, and the total of its school with it.
    let found =
        audit(&spec.view(format!("{leaves}Total,,A,24\n").as_bytes()).unwrap(), Effort::default()).unwrap();
    assert!(found.exposed.iter().any(|e| e.label == "S1|A" && e.value == 3), "{:?}", found.exposed);
}

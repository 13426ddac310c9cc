//! Percentages, means and denominators as facts: what they give away, and how they are printed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, reason = "a test")]

use opi_mask::audit::{Effort, Known, View, audit};
use opi_mask::spec_file::{OtherRelease, Spec};
use opi_mask::{
    Dimension, Form, Level, Policy, Publication, PublicationBuilder, Rule, Symbols, Zeros, mask, write_csv,
};

fn hidden() -> Known {
    Known::Hidden { lo: 0, hi: None }
}

fn exposed(view: &View) -> Vec<(String, u64)> {
    let found = audit(view, Effort::default()).unwrap();
    found.exposed.into_iter().map(|e| (e.label, e.value)).collect()
}

#[test]
fn a_whole_percent_with_its_total_is_the_count() {
    for n in 1..=100_u64 {
        for k in [0, 1, n / 3, n - 1, n] {
            let mut view = View::new();
            let (of, base) = (view.cell("k", hidden()).unwrap(), view.cell("n", Known::Shown(n)).unwrap());
            let percent = (200 * k + n) / (2 * n);
            view.percent(of, base, &percent.to_string()).unwrap();
            assert_eq!(exposed(&view), [("k".to_owned(), k)], "{k} of {n}");
        }
    }
    // From 101 on some are not.
    let mut view = View::new();
    let (of, base) = (view.cell("k", hidden()).unwrap(), view.cell("n", Known::Shown(101)).unwrap());
    view.percent(of, base, "50%").unwrap();
    let found = audit(&view, Effort::default()).unwrap();
    assert_eq!((found.intervals[0].lo, found.intervals[0].hi), (50, Some(51)));
}

#[test]
fn a_fine_percent_gives_its_total_away() {
    // 94.7 % of at most 30 is 18 of 19; nothing else is printed.
    let mut view = View::new();
    let of = view.cell("k", hidden()).unwrap();
    let base = view.cell("n", Known::Hidden { lo: 6, hi: Some(30) }).unwrap();
    view.percent(of, base, "94.7%").unwrap();
    assert_eq!(exposed(&view), [("k".to_owned(), 18), ("n".to_owned(), 19)]);
}

#[test]
fn percentages_work_through_the_sums() {
    // Two groups of 12 and 18; of all 30, 10 % are 3; of the second, 11 % are 2: so 1 of the first.
    let mut view = View::new();
    let names = ["all", "a", "b"];
    let n: Vec<usize> = names
        .iter()
        .zip([30, 12, 18])
        .map(|(l, v)| view.cell(&format!("n {l}"), Known::Shown(v)).unwrap())
        .collect();
    let k: Vec<usize> = names.iter().map(|l| view.cell(&format!("k {l}"), hidden()).unwrap()).collect();
    view.sum("[k all]", k[0], &[k[1], k[2]]);
    view.percent(k[0], n[0], "10%").unwrap();
    view.percent(k[2], n[2], "LE20").unwrap();
    let before = audit(&view, Effort::default()).unwrap();
    let a = before.interval(k[1]).unwrap();
    assert_eq!((a.lo, a.hi), (0, Some(3)));
    view.percent(k[2], n[2], "11%").unwrap();
    let found = audit(&view, Effort::default()).unwrap();
    let a = found.exposed.iter().find(|e| e.cell == k[1]).unwrap();
    assert_eq!(a.value, 1);
    assert!(a.derivation.contains("k all=3 (found) = k a=? + k b=2 (found)"), "{}", a.derivation);
    let all = found.exposed.iter().find(|e| e.cell == k[0]).unwrap();
    assert!(all.derivation.contains("[k all] is 10% of [n all]"), "{}", all.derivation);
    assert!(found.intervals.iter().all(|i| !i.label.contains("rounding")));
}

#[test]
fn a_mean_is_its_sum() {
    // Mean of 2486.5 over 12 and 2484.0 over 10: the two left out have 29838 - 24840 between them.
    let mut view = View::new();
    let n12 = view.cell("n all", Known::Shown(12)).unwrap();
    let n10 = view.cell("n rest", Known::Shown(10)).unwrap();
    let (all, rest, two) = (
        view.cell("sum all", hidden()).unwrap(),
        view.cell("sum rest", hidden()).unwrap(),
        view.cell("sum two", hidden()).unwrap(),
    );
    view.sum("[sum all]", all, &[rest, two]);
    view.mean(all, n12, "2486.5").unwrap();
    view.mean(rest, n10, "2484.0").unwrap();
    let found = audit(&view, Effort::default()).unwrap();
    assert_eq!(found.exposed.len(), 3);
    assert_eq!(found.exposed[2].value, 29_838 - 24_840);
}

#[test]
fn impossible_percentages_are_contradictions() {
    let mut view = View::new();
    let (of, base) = (view.cell("k", hidden()).unwrap(), view.cell("n", Known::Shown(17)).unwrap());
    for shown in ["82.5%", "51%"] {
        assert!(
            view.percent(of, base, shown).unwrap_err().to_string().contains("no whole number fits"),
            "{shown}"
        );
    }
    for shown in ["x", "-3%", "12.34567%", "1.2.3"] {
        assert!(view.percent(of, base, shown).is_err(), "{shown}");
    }
    assert!(view.percent(of, 99, "50%").is_err());
    view.percent(of, base, "*").unwrap();
    assert!(exposed(&view).is_empty());
    assert!(view.cell("huge", Known::Shown(u64::MAX)).is_err());
}

fn proficiency(levels: &[&str], rows: &[(&str, &[u64])]) -> PublicationBuilder {
    let schools = std::iter::once("All").chain(rows.iter().map(|r| r.0));
    let levels_all = std::iter::once("Tested").chain(levels.iter().copied());
    let dims =
        vec![Dimension::parse("school", schools).unwrap(), Dimension::parse("level", levels_all).unwrap()];
    let mut builder = Publication::builder(dims).zeros_known(true);
    for (school, counts) in rows {
        for (level, count) in levels.iter().zip(*counts) {
            builder.count(&[*school, *level], *count).unwrap();
        }
    }
    builder
}

fn written(builder: PublicationBuilder, rule: &Rule) -> String {
    let certified = mask(builder.build().unwrap(), rule).unwrap();
    assert!(certified.certificate().verify().is_ok());
    let mut out = Vec::new();
    write_csv(&certified, &Symbols::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn what_is_left_of_the_total_is_sensitive() {
    // 37 of 40 proficient in three levels above the line: no count is small, but 3 are not proficient.
    let rows: &[(&str, &[u64])] = &[("S1", &[37, 3]), ("S2", &[30, 22]), ("S3", &[41, 19])];
    let two = proficiency(&["Proficient", "Not"], rows);
    let text = written(two.percentages("level", Form::Rounded(0)), &Rule::new(5, Zeros::Show));
    assert!(text.contains("S1,Proficient,*,*"), "{text}");
    assert!(text.contains("S3,Proficient,41,68%"), "{text}");
    // Three levels of 30, 6 and 7: each remainder is above 5, nothing is hidden; of 30, 2 and 3 the remainder of
    // the first is 5.
    let plain: &[(&str, &[u64])] = &[("S1", &[30, 6, 7]), ("S2", &[20, 20, 20])];
    let safe = proficiency(&["P", "N", "B"], plain).percentages("level", Form::Rounded(1));
    let text = written(safe, &Rule::new(5, Zeros::Show));
    assert!(!text.contains('*'), "{text}");
    assert!(text.contains("S1,P,30,69.8%"), "{text}");
    assert!(!text.contains("rest:"), "{text}");
}

#[test]
fn coded_percentages_stand_beside_hidden_counts() {
    let rows: &[(&str, &[u64])] = &[("S1", &[3, 9]), ("S2", &[12, 13]), ("S3", &[90, 35])];
    let policy = || Form::Coded(Box::new(Policy::find("edfacts-public").unwrap()));
    let text =
        written(proficiency(&["P", "N"], rows).percentages("level", policy()), &Rule::new(5, Zeros::Show));
    assert!(text.contains("S1,P,*,LT50"), "{text}");
    assert!(text.contains("S3,P,90,70-74"), "{text}");
    // At a level that a code by itself undercuts, the code goes.
    let mut rule = Rule::new(5, Zeros::Show);
    rule.level = Level::Hide(5);
    let text = written(proficiency(&["P", "N"], rows).percentages("level", policy()), &rule);
    assert!(text.contains("S1,P,*,*"), "{text}");
}

#[test]
fn a_published_file_with_percentages_is_read() {
    let spec = Spec::parse(
        r#"
        count = "tested"
        [percentages]
        of = "level"
        decimals = 0
        column = "proficient"
        code = "P"
        [[dimension]]
        name = "school"
        columns = ["school"]
        [[dimension]]
        name = "level"
        columns = []
        tree = ["Tested", "P", "N"]
        "#,
    )
    .unwrap();
    // The school that is masked falls out of the others and the total.
    let csv = "school,tested,proficient\nTotal,60,55%\nS1,25,60%\nS2,31,55%\nS3,*,*\n";
    let found = exposed(&spec.view(csv.as_bytes()).unwrap());
    assert!(found.contains(&("S3|P".to_owned(), 1)), "{found:?}");
    assert!(found.contains(&("S3|Tested".to_owned(), 4)), "{found:?}");
}

#[test]
fn releases_are_joined_by_the_names_of_their_codes() {
    let card = Spec::parse("count = \"n\"\n[[dimension]]\nname = \"school\"\ncolumns = [\"school\"]\n[[dimension]]\nname = \"race\"\ncolumns = [\"race\"]\n").unwrap();
    // The federal file names its columns and schools otherwise, and has no table by school alone.
    let federal = Spec::parse(
        r#"
        count = "COUNT"
        legend = [1, 5]
        [[dimension]]
        name = "race"
        columns = ["RACE"]
        rename = { WH = "W", AM = "A" }
        [[dimension]]
        name = "school"
        columns = ["NCESSCH"]
        total = "ALL"
        rename = { "3001" = "S1", "3002" = "S2" }
        "#,
    )
    .unwrap();
    let ours = "school,race,n\nTotal,Total,60\nTotal,A,17\nTotal,W,43\nS1,Total,30\nS1,A,*\nS1,W,*\nS2,Total,30\nS2,A,*\nS2,W,*\n";
    let theirs = "NCESSCH,RACE,COUNT\n3001,AM,8\n3002,WH,PS\n";
    assert!(exposed(&card.view(ours.as_bytes()).unwrap()).is_empty());
    let theirs = theirs.replace("PS", "21");
    let other = OtherRelease { name: "federal", spec: &federal, csv: theirs.as_bytes() };
    let view = card.joined_view(ours.as_bytes(), &[other]).unwrap();
    assert_eq!(exposed(&view).len(), 2, "{:?}", exposed(&view));
    // A release that contradicts the first is an error that names it, not a pass.
    let wrong = theirs.replace(",8", ",18");
    let other = OtherRelease { name: "federal", spec: &federal, csv: wrong.as_bytes() };
    let view = card.joined_view(ours.as_bytes(), &[other]);
    assert!(view.and_then(|v| audit(&v, Effort::default()).map(|_| ())).is_err());
    let unknown = "NCESSCH,RACE,COUNT\n3001,AM,many\n";
    let other = OtherRelease { name: "federal", spec: &federal, csv: unknown.as_bytes() };
    assert!(card.joined_view(ours.as_bytes(), &[other]).unwrap_err().to_string().contains("`federal`"));
}

//! The table of articles: every function and test that it names exists, and the page made from it is fresh.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::panic,
    reason = "tests that read the crate's own source"
)]

use opi_anb::{articles, articles_page};
use std::collections::BTreeSet;
use std::path::Path;

fn sources(folder: &str) -> String {
    let mut text = String::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    text
}

fn names(text: &str) -> BTreeSet<&str> {
    let after_fn = text.split("fn ").skip(1);
    after_fn.filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()).collect()
}

#[test]
fn every_function_and_test_of_the_table_exists() {
    let (source, tests) = (sources("src"), sources("tests"));
    let (functions, tests) = (names(&source), names(&tests));
    let rows = articles().unwrap();
    assert!(rows.len() > 70);
    for row in &rows {
        for function in row.functions.split("; ") {
            let name = function.rsplit("::").next().unwrap();
            assert!(functions.contains(name), "{function} of {}", row.rule);
        }
        for test in row.tests.split("; ") {
            assert!(functions.contains(test) || tests.contains(test), "{test} of {}", row.rule);
        }
    }
    let rules: BTreeSet<&str> = rows.iter().map(|row| row.rule.as_str()).collect();
    assert_eq!(rules.len(), rows.len(), "no rule stands twice");
}

#[test]
fn the_page_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/anb.md");
    let page = articles_page().unwrap();
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/anb.md is stale: run the test with UPDATE_PAGES=1");
}

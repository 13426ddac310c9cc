//! Every rule of the registry: a submission on which it speaks, one change away from one on which nothing speaks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, reason = "tests")]

mod between;
mod counts;
mod directory;
mod form;
mod results;
mod rows;
mod submission;

use opi_edfacts::rules;
use std::collections::BTreeSet;
use submission::Pair;

fn from_files() -> Vec<Pair> {
    [form::pairs(), directory::pairs(), counts::pairs(), between::pairs(), results::pairs()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn each_rule_speaks_on_its_mistake_and_is_silent_beside_it() {
    let mut failed = Vec::new();
    for Pair { code, right, wrong, also } in from_files().into_iter().chain(rows::pairs()) {
        if right != Ok(BTreeSet::new()) {
            failed.push(format!("{code}: what is right wakes {right:?}"));
        }
        let wanted: BTreeSet<String> =
            also.iter().copied().chain([code]).map(|code| code.to_owned()).collect();
        if wrong.as_ref() != Ok(&wanted) {
            failed.push(format!("{code}: the mistake wakes {wrong:?}, not {wanted:?}"));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Rules that federal files cannot show say so in the registry: they are judged on the rows before counting.
#[test]
fn no_rule_of_the_registry_lacks_its_pair() {
    let of = |pairs: Vec<Pair>| pairs.iter().map(|pair| pair.code).collect::<BTreeSet<_>>();
    let (files, rows) = (of(from_files()), of(rows::pairs()));
    let registry = |on_rows: bool| -> BTreeSet<&str> {
        let told = rules().iter().filter(|rule| (rule.files == ["student rows"]) == on_rows);
        told.map(|rule| rule.code).collect()
    };
    assert_eq!(files, registry(false));
    assert_eq!(rows, registry(true));
}

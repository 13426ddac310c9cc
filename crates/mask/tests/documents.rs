//! The pictures and tables of the page on masking are those that the code makes. `OPI_WRITE_DOCS=1` writes
//! them anew.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that reads the documents"
)]

mod common;

use common::fresh;
use opi_mask::audit::{Effort, audit};
use opi_mask::picture::table_svg;
use opi_mask::{Certified, Cost, case_file, suppress};
use std::fmt::Write;

#[test]
fn pictures_are_fresh() {
    let cases = case_file::parse(include_str!("data/cases.toml")).unwrap();
    for (id, what) in [("W01", "county by education"), ("W23", "state, districts and schools by race")] {
        let case = cases.iter().find(|c| c.id == id).unwrap();
        let publication = case.publication().unwrap();
        if case.bad_pattern.is_some() {
            let attack = audit(&case.bad_view(&publication).unwrap(), Effort::default()).unwrap();
            let title = format!("{id}, {what}: looks safe, is not");
            fresh(&format!("pictures/{id}-attack.svg"), &table_svg(&publication, &attack, &title).unwrap());
        }
        let task = case.task(&publication, Cost::Value).unwrap();
        let pattern = suppress(&publication, &task).unwrap();
        let certified = Certified::new(publication, pattern, Effort::default()).unwrap();
        let title = format!("{id}, {what}: certified");
        let svg = table_svg(certified.publication(), certified.audit(), &title).unwrap();
        fresh(&format!("pictures/{id}-certified.svg"), &svg);
    }
}

#[test]
fn the_table_of_achieved_against_optimum_is_fresh() {
    let mut table = String::from(
        "| case | level | further cells hidden (`count`) | least possible | value hidden (`value`) | least possible |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for case in case_file::parse(include_str!("data/cases.toml")).unwrap() {
        let count = case.run(Cost::Count).unwrap();
        let value = case.run(Cost::Value).unwrap();
        assert!(count.certified && value.certified);
        let best = |b: Option<u64>| b.map_or(String::new(), |b| b.to_string());
        let _ = writeln!(
            table,
            "| {} {} | {} | {} | {} | {} | {} |",
            case.id,
            case.title,
            case.level,
            count.secondary_count,
            best(case.opt_secondary),
            value.value,
            best(case.opt_value)
        );
    }
    fresh(
        "masking-cases.md",
        &format!(
            "# Achieved against optimum\n\nPrinted by `opi mask case FILE --format human`; this page is written by a test of the crate.\n\n{table}"
        ),
    );
}

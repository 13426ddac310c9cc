//! The coverage page is that of the tables.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, reason = "tests")]

use opi_edfacts::{Catalogue, coverage_page};

#[test]
fn the_coverage_page_is_fresh() {
    let page = coverage_page(Catalogue::builtin().unwrap());
    assert_eq!(
        page,
        include_str!("../../../docs/edfacts.md"),
        "run `cargo run -p opi-edfacts --example edfacts -- coverage > docs/edfacts.md`"
    );
}

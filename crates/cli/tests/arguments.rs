//! A wrong argument is told as the command line is read, with what would be right, before any work begins.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test program")]

mod program;

use program::opi;

#[test]
fn a_wrong_argument_is_told_with_what_would_be_right() {
    for (arguments, said) in [
        (&["validate", "nowhere", "--as-of", "June"][..], "a day as YEAR-MONTH-DAY, such as 2025-10-22"),
        (&["validate", "nowhere", "--uploader", "12345"], "district number"),
        (&["validate", "nowhere", "--year", "2026-28"], "school year"),
        (&["validate", "nowhere", "--collection", "summer"], "summer"),
        (&["year", "nowhere", "--out", "out", "--as-of", "2026-02-30"], "such as 2025-10-22"),
        (&["year", "nowhere", "--out", "out", "--masking", "none"], "montana-opi"),
        (&["year", "nowhere", "--out", "out", "--zeros", "no"], "show, structural, mask, cover"),
        (&["edfacts", "show", "FSX"], "FSX"),
        (&["edfacts", "show", "052", "--year", "23"], "school year"),
        (&["edfacts", "show", "052", "--level", "town"], "town"),
        (&["edfacts", "check", "nowhere.csv", "--file", "file"], "file"),
        (
            &[
                "edfacts",
                "write",
                "nowhere.json",
                "--file",
                "052",
                "--level",
                "sea",
                "--year",
                "2026",
                "--form",
                "xml",
            ],
            "csv, tab or txt",
        ),
        (&["mask", "nowhere.csv", "--zeros", "no"], "show, structural, mask, cover"),
        (&["mask", "nowhere.csv", "--level", "high"], "high"),
        (&["mask", "nowhere.csv", "--cost", "money"], "money"),
        (&["mask", "audit", "nowhere.csv", "--also", "2024.csv"], "NAME=FILE.csv"),
        (&["mask", "case", "nowhere.toml", "--cost", "money"], "money"),
        (&["snapshot", "changes", "nowhere", "--year", "26"], "school year"),
        (&["snapshot", "changes", "nowhere", "--year", "2025-26", "--district", "x"], "district number"),
        (&["why", "nowhere", "anb:4001-EL"], "anb:UNIT:FISCAL-YEAR, such as anb:4001-EL:FY2027"),
        (&["anb", "law", "summer"], "summer"),
    ] {
        let ran = opi(arguments.iter().copied());
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.err.starts_with("error: invalid value ") && ran.err.contains(said), "{ran:#?}");
    }
}

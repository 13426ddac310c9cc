//! The list of planted mistakes, against the files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::*;
use opi_dictionary::Dictionary;
use opi_synth::{FILES, Planted, defect_kinds};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn the_planted_list_is_exactly_what_differs() {
    let clean = written(plan(4_000, 2, 21), 0);
    let spoiled = written(plan(4_000, 2, 21), 50_000);
    let list = String::from_utf8(spoiled["planted.jsonl"].clone()).unwrap();
    let planted: Vec<Planted> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(planted.len() > 900, "{}", planted.len());
    let kinds: BTreeSet<&str> = planted.iter().map(|mistake| mistake.kind.as_str()).collect();
    assert!(kinds.len() > 75, "{} kinds", kinds.len());
    let mut by_file: BTreeMap<&str, Vec<&Planted>> = BTreeMap::new();
    planted.iter().for_each(|mistake| by_file.entry(mistake.file.as_str()).or_default().push(mistake));
    for (name, good) in clean.iter() {
        let bad = &spoiled[name];
        let Some(mistakes) = by_file.get(name.as_str()) else {
            assert_eq!(good, bad, "{name} holds no planted mistake");
            continue;
        };
        let of_file = |kind: &str| mistakes.iter().any(|mistake| mistake.kind == kind);
        let split = |bytes: &[u8]| -> Vec<Vec<u8>> {
            bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
        };
        let plain = |mut line: Vec<u8>| {
            let end = line.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |index| index + 1);
            line.truncate(end);
            line
        };
        let mut good: Vec<Vec<u8>> = split(good).into_iter().map(plain).collect();
        let bad = split(bad);
        assert_eq!(of_file("line_feeds"), bad.iter().all(|line| !line.ends_with(b"\r\n")), "{name}");
        let mut bad: Vec<Vec<u8>> = bad.into_iter().map(plain).collect();
        if of_file("header_missing") {
            good.remove(0);
        }
        if of_file("byte_order_mark") {
            assert!(bad[0].starts_with(b"\xef\xbb\xbf"));
            bad[0].drain(..3);
        }
        // Take the repeats out from the end, so that lines agree again.
        let mut lines: BTreeSet<usize> = BTreeSet::new();
        let adds_a_line =
            |kind: &str| kind.starts_with("repeated") || ["blank_line", "column_names"].contains(&kind);
        for mistake in mistakes.iter().rev().filter(|mistake| adds_a_line(&mistake.kind)) {
            let added = bad.remove(mistake.line as usize - 1);
            match mistake.kind.as_str() {
                "blank_line" => assert!(added.is_empty(), "{name}"),
                "column_names" => assert!(added.starts_with(b"Record Type\t"), "{name}"),
                _ => assert_eq!(added, bad[mistake.line as usize - 2], "{name}"),
            }
        }
        let mut gone = 0;
        for mistake in mistakes {
            match mistake.kind.as_str() {
                kind if adds_a_line(kind) => gone += 1,
                "header_missing" | "line_feeds" | "byte_order_mark" => {}
                "counted_too_early" => {
                    lines.insert(1);
                }
                _ => {
                    lines.insert(mistake.line as usize - gone);
                }
            }
        }
        let differ: BTreeSet<usize> =
            (1..=good.len()).filter(|line| good[line - 1] != bad[line - 1]).collect();
        assert_eq!(good.len(), bad.len(), "{name}");
        assert_eq!(differ, lines, "{name}");
    }
}

#[test]
fn kinds_of_mistakes_name_fields_that_exist() {
    let dictionary = Dictionary::built_in();
    let kinds = defect_kinds().unwrap();
    let names: BTreeSet<&str> = kinds.iter().map(|kind| kind.kind.as_str()).collect();
    assert_eq!(names.len(), kinds.len(), "each name once");
    let mut codes = BTreeSet::new();
    for kind in &kinds {
        assert!(kind.codes().next().is_some(), "{}", kind.kind);
        for code in kind.codes().chain(kind.also()) {
            let (group, number) = code.split_once('-').unwrap();
            assert!(
                group.starts_with(|letter: char| letter.is_ascii_uppercase()) && number.len() == 3,
                "{code}"
            );
        }
        codes.extend(kind.codes().map(str::to_owned));
        let special = ["row", "header", "file"].contains(&kind.field.as_str());
        let has = |file: &&str| {
            let layout = dictionary.layout(file).unwrap();
            special || layout.fields.iter().any(|field| field.name == kind.field)
        };
        if kind.files == "*" {
            assert!(FILES.iter().any(has), "{}: {}", kind.kind, kind.field);
        }
        for file in kind.files.split_whitespace().filter(|file| *file != "*") {
            assert!(FILES.contains(&file) && has(&file), "{}: {} in {file}", kind.kind, kind.field);
        }
    }
    assert!(codes.len() >= 75, "{} codes", codes.len());
}

//! What is given to a year is told in its manifest, with its hash, and kept with the results.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

mod program;

use program::{files, invent, opi, text};
use serde_json::Value;
use std::path::Path;

fn manifest(out: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(out.join("manifest.json")).unwrap()).unwrap()
}

#[test]
fn replacements_and_policy_are_told_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (state, out, policy, layout) = (at("state"), at("out"), at("ours.toml"), at("layout.toml"));
    invent(&state, "60");
    let file = program::districts(&state)[0].join("student-enrollments.tsv");
    opi(["layout", "check", text(&file), "--out", text(&layout)]).assert_orderly();
    let change = "[[rule]]\nrule = \"ENR-014\"\noff = true\nreason = \"a test\"\nexpires = \"2027-06-30\"\n";
    std::fs::write(&policy, change).unwrap();
    let year = |more: &[&str]| {
        let start = ["year", text(&state), "--out", text(&out), "--quiet"];
        let ran = opi(start.iter().chain(more).copied());
        assert_ne!(ran.code, Some(2), "{ran:#?}");
    };
    year(&["--replace", text(&layout), "--policy", text(&policy)]);
    let told = manifest(&out);
    assert_eq!(told["format"], "opi-year, version 1");
    let kept = [&told["run"]["policy"], &told["run"]["replaced"][0]];
    assert_eq!([&kept[0]["what"], &kept[1]["what"]], ["policy", "layout student-enrollments"]);
    for (given, path) in kept.iter().zip([&policy, &layout]) {
        let kept = given["path"].as_str().unwrap();
        assert_eq!(std::fs::read(out.join(kept)).unwrap(), std::fs::read(path).unwrap());
        let files = told["files"].as_array().unwrap();
        let file = files.iter().find(|file| file["path"] == kept).unwrap();
        assert_eq!(file["hash"], given["hash"]);
    }
    // A run without them tells of none and keeps none; nothing is left of the first.
    year(&[]);
    let run = &manifest(&out)["run"];
    assert!(run.get("policy").is_none() && run.get("replaced").is_none(), "{run}");
    let names: Vec<String> = files(&out).keys().map(|name| name.display().to_string()).collect();
    let left =
        |name: &&String| name.contains("policy") || name.contains("dictionary") || name.ends_with(".part");
    assert_eq!(names.iter().filter(left).count(), 0, "{names:?}");
}

#[test]
fn a_text_that_replaces_nothing_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nothing.toml");
    std::fs::write(&path, "[[field]]\ncode_set = \"grade-levels\"\n").unwrap();
    let ran = opi(["explain", "grade", "--replace", text(&path)]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.err.contains("nothing.toml: expected `layout = \"KEY\"`"), "{ran:#?}");
}

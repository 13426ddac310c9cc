//! The golden year: a small invented state goes through everything, and what comes out is held as it is, so that a
//! change of any figure shows in review. After a change that is meant, the snapshots are accepted with `cargo insta`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

mod program;

use program::{opi, text};
use serde_json::Value;
use std::path::Path;

fn held(name: &str, out: &Path, path: &str) {
    insta::assert_snapshot!(name, std::fs::read_to_string(out.join(path)).unwrap());
}

#[test]
fn a_small_year() {
    let folder = tempfile::tempdir().unwrap();
    let (state, out) = (folder.path().join("state"), folder.path().join("out"));
    let ran = opi([
        "synth",
        "--students",
        "400",
        "--years",
        "2",
        "--seed",
        "11",
        "--defects",
        "0.002",
        "--quiet",
        text(&state),
    ]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let ran = opi(["year", text(&state), "--out", text(&out), "--quiet"]);
    insta::assert_snapshot!("summary", ran.out.replace(text(&out), "OUT"));

    // Every file with its hash. Parquet is written by a library, and pages by a style: their rows say enough.
    let manifest: Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("manifest.json")).unwrap()).unwrap();
    let mut list = String::new();
    for file in manifest["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        let library = path.starts_with("restricted/snapshots/") || path.ends_with(".html");
        let library = library || path.ends_with(".xlsx");
        let rows = file["rows"].as_u64().map_or_else(String::new, |rows| format!(" {rows} rows"));
        match (library, path.starts_with("restricted/snapshots/")) {
            (_, true) => {}
            (true, _) => list.push_str(&format!("{path}{rows}\n")),
            _ => list.push_str(&format!("{path}{rows} {}\n", &file["hash"].as_str().unwrap()[..16])),
        }
    }
    insta::assert_snapshot!("files", list);
    held("anb", &out, "restricted/anb.csv");
    held("entitlements", &out, "restricted/entitlements.csv");
    held("findings", &out, "restricted/summary.csv");
    held("certification", &out, "restricted/certification.csv");
    held("completion", &out, "public/completion.csv");

    // A number of each kind, explained.
    let anb = std::fs::read_to_string(out.join("restricted/anb.csv")).unwrap();
    let unit = anb.lines().nth(1).unwrap().split(',').nth(3).unwrap();
    let year = anb.lines().nth(1).unwrap().split(',').next().unwrap();
    let ran = opi(["why", text(&out), &format!("anb:{unit}:{year}"), "--rows", "0"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    insta::assert_snapshot!("why_anb", ran.out);
    let ran = opi(["why", text(&out), "edfacts:052:SEA:CSA:05,WH7,F", "--rows", "3"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    insta::assert_snapshot!("why_edfacts", ran.out);
    let ran = opi(["why", text(&out), "mask:enrollment:grade=05"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    insta::assert_snapshot!("why_mask", ran.out);
    let findings = std::fs::read_to_string(out.join("restricted/findings.jsonl")).unwrap();
    let first: Value = serde_json::from_str(findings.lines().nth(1).unwrap()).unwrap();
    let name = |key: &str| first[key].as_str().unwrap().to_owned();
    let figure = format!("finding:{}:{}:{}", name("code"), name("file"), first["line"]);
    let ran = opi(["why", text(&out), &figure, "--inputs", text(&state)]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert!(ran.out.contains("run again on the inputs: it still stands"), "{}", ran.out);
    let ran = opi(["why", text(&out), "mask:enrollment:weather=05"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("known are place, grade, race"), "{}", ran.err);
}

/// The row of a district in `certification.csv`, as cells.
fn certification(out: &Path, collection: &str, district: &str) -> Vec<String> {
    let text = std::fs::read_to_string(out.join("restricted/certification.csv")).unwrap();
    let start = format!("{collection},{district},");
    let line = text.lines().find(|line| line.starts_with(&start)).unwrap();
    line.split(',').map(str::to_owned).collect()
}

#[test]
fn what_a_district_certified_is_held_against_what_it_has_now() {
    let folder = tempfile::tempdir().unwrap();
    let (state, out) = (folder.path().join("state"), folder.path().join("out"));
    assert_eq!(opi(["synth", "--students", "300", "--quiet", text(&state)]).code, Some(0));
    let year = || opi(["year", text(&state), "--out", text(&out), "--quiet"]);
    assert_eq!(year().code, Some(0));

    // The district certifies the content that the run told it.
    let district = program::districts(&state)[0].file_name().unwrap().to_str().unwrap().to_owned();
    let told = certification(&out, "Behavior", &district);
    assert_eq!(told[2], "validated");
    let mut steps = std::fs::read_to_string(out.join("restricted/certifications.csv")).unwrap();
    let at = "2026-06-30T23:59:59";
    steps.push_str(&format!(
        "2025-26,Behavior,{district},certified,authorized-representative,{at},,,,,{},,,,\n",
        told[5]
    ));
    std::fs::write(state.join("certifications.csv"), steps).unwrap();
    assert_eq!(year().code, Some(0));
    let now = certification(&out, "Behavior", &district);
    assert_eq!((now[2].as_str(), now[7].as_str()), ("certified", "no"));

    // Steps after the day that stands for today are not yet taken.
    let ran = opi(["year", text(&state), "--out", text(&out), "--as-of", "2026-06-29", "--quiet"]);
    assert_ne!(ran.code, Some(2), "{ran:#?}");
    assert_eq!(certification(&out, "Behavior", &district)[2], "validated");

    // An upload changed in its place: the certified rows are nowhere, and the year goes on.
    let file = state.join("uploads/2026").join(&district).join("student-demographics.tsv");
    let rows = std::fs::read_to_string(&file).unwrap();
    let without_last: Vec<&str> = rows.split_inclusive('\n').collect();
    std::fs::write(&file, without_last[..without_last.len() - 1].concat()).unwrap();
    let ran = year();
    assert_ne!(ran.code, Some(2), "{ran:#?}");
    let now = certification(&out, "Behavior", &district).join(",");
    assert!(now.contains("the certified rows are not in the uploads"), "{now}");
    assert!(ran.out.contains("the data are no longer those of 1 certification"), "{}", ran.out);
}

#[test]
fn before_the_count_date_nothing_is_published_of_the_count() {
    let folder = tempfile::tempdir().unwrap();
    let (state, out) = (folder.path().join("state"), folder.path().join("out"));
    assert_eq!(opi(["synth", "--students", "300", "--quiet", text(&state)]).code, Some(0));
    let ran = opi(["year", text(&state), "--out", text(&out), "--as-of", "2025-10-22", "--quiet"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.out.contains("NOT DONE: public needs the table student-enrollments"), "{}", ran.out);
    let public: Vec<_> = program::files(&out.join("public")).into_keys().collect();
    assert_eq!(public, [Path::new("report.html")]);
}

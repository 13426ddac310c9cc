//! What programs read: every command offers JSON, and every schema that is named exists.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

mod program;

use program::{helps, invent, opi, take, text};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Commands that print nothing but JSON, and those that only hold others.
const NO_FORMAT: &[&str] = &["", "anb schema", "edfacts", "edfacts count", "layout", "snapshot"];

fn schemas() -> BTreeSet<String> {
    let listed = opi(["schema", "--format", "json"]);
    serde_json::from_str(&listed.out).unwrap()
}

/// The names after `opi schema` in a text: a list up to the end of its sentence.
fn named(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for rest in text.split("opi schema ").skip(1) {
        let list = rest.split(['.', ';']).next().unwrap().split("\n\n").next().unwrap();
        let words = list.split(',').filter_map(|word| word.split_whitespace().next());
        let is_name =
            |word: &&str| word.contains('-') || ["finding", "rule", "snapshot", "explanation"].contains(word);
        names.extend(words.filter(is_name).map(str::to_owned));
    }
    names
}

#[test]
fn every_command_offers_json_and_names_its_schema() {
    let schemas = schemas();
    let mut used = BTreeSet::new();
    for (command, help) in helps() {
        let command = command.join(" ");
        let offers = help.contains("--format <FORMAT>");
        assert_eq!(offers, !NO_FORMAT.contains(&command.as_str()), "opi {command}");
        used.extend(named(&help));
    }
    let unknown: Vec<&String> = used.iter().filter(|name| !schemas.contains(*name)).collect();
    assert!(unknown.is_empty(), "no such schemas: {unknown:?}");
    assert!(used.len() > 20, "{used:?}");
}

#[test]
fn what_is_printed_has_the_fields_of_its_schema() {
    let folder = tempfile::tempdir().unwrap();
    let [state, store, out, csv] = ["state", "store", "out", "csv"].map(|name| folder.path().join(name));
    invent(&state, "60");
    let uploads = state.join("uploads/2026");
    let name = "2025-26-fall-count-anb";
    let mut taken = take(&uploads, &store);
    taken.push("--register");
    for (schema, arguments) in [
        ("snapshot-written", taken),
        ("read-report", vec!["read", text(&uploads)]),
        ("year-manifest", vec!["year", text(&state), "--out", text(&out)]),
        ("layout-unverified", vec!["layout", "unverified"]),
        ("rule", vec!["rules"]),
        ("rule", vec!["rules", "ENR-014"]),
        ("explanation", vec!["explain", "grade-levels"]),
        ("edfacts-list", vec!["edfacts", "list"]),
        ("edfacts-file", vec!["edfacts", "show", "052"]),
        ("snapshot-list", vec!["snapshot", "list", text(&store)]),
        ("snapshot", vec!["snapshot", "show", text(&store), name]),
        ("snapshot-diff", vec!["snapshot", "diff", text(&store), name, name]),
        ("snapshot-changes", vec!["snapshot", "changes", text(&store), "--year", "2025-26"]),
        ("snapshot-verified", vec!["snapshot", "verify", text(&store)]),
        ("snapshot-exported", vec!["snapshot", "export", text(&store), name, "--out", text(&csv)]),
        ("why-edfacts", vec!["why", text(&out), "edfacts:052:SEA:CSA:05,WH7,F"]),
        ("why-mask", vec!["why", text(&out), "mask:enrollment:grade=05"]),
    ] {
        let ran = opi(arguments.iter().copied().chain(["--format", "json"]));
        ran.assert_orderly();
        assert_ne!(ran.code, Some(2), "{ran:#?}");
        let told: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:#?}"));
        let schema: Value = serde_json::from_str(&opi(["schema", schema]).out).unwrap();
        let list = match (&told, schema["type"].as_str()) {
            (Value::Array(list), Some("array")) => {
                assert!(!list.is_empty(), "{schema}");
                continue;
            }
            (Value::Array(list), _) => list.clone(),
            _ => vec![told],
        };
        assert!(!list.is_empty(), "{} lists nothing", ran.arguments);
        for value in &list {
            assert_fields(value, &schema, &ran.arguments);
        }
    }
}

/// The fields of a value are those of its schema: none is missing, none is not told.
#[track_caller]
fn assert_fields(value: &Value, schema: &Value, command: &str) {
    let Some(properties) = schema["properties"].as_object() else {
        assert!(schema["oneOf"].is_array() || schema["anyOf"].is_array(), "{command}: {schema}");
        return;
    };
    let fields = value.as_object().unwrap();
    let untold: Vec<&String> = fields.keys().filter(|field| !properties.contains_key(*field)).collect();
    assert!(untold.is_empty(), "{command}: not in the schema: {untold:?}");
    let required = schema["required"].as_array().into_iter().flatten();
    let missing: Vec<&Value> =
        required.filter(|field| !fields.contains_key(field.as_str().unwrap())).collect();
    assert!(missing.is_empty(), "{command}: not there: {missing:?}");
}

#[test]
fn a_manifest_names_schemas_that_exist() {
    let folder = tempfile::tempdir().unwrap();
    let (state, out) = (folder.path().join("state"), folder.path().join("out"));
    invent(&state, "60");
    opi(["year", text(&state), "--out", text(&out), "--quiet"]).assert_orderly();
    let manifest: Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("manifest.json")).unwrap()).unwrap();
    let schemas = schemas();
    for file in manifest["files"].as_array().unwrap() {
        let explain = file["explain"].as_str().unwrap();
        if let Some(name) = explain.strip_prefix("opi schema") {
            assert!(schemas.contains(name.trim()), "{} is told by {explain}", file["path"]);
        }
    }
}

#[test]
fn a_false_certificate_is_told_from_what_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let counts = at("counts.csv", "school,grade,freq\nA,05,12\nA,06,3\nB,05,30\nB,06,41\n");
    let path = folder.path().join("certificate.json");
    let masked = opi([
        "mask",
        text(&counts),
        "--dims",
        "school,grade",
        "--count",
        "freq",
        "--policy",
        "montana-opi",
        "--zeros",
        "show",
        "--certificate",
        text(&path),
    ]);
    assert_eq!(masked.code, Some(0), "{masked:#?}");
    let verify = |path: &Path| opi(["mask", "verify", text(path)]).code;
    assert_eq!(verify(&path), Some(0));
    let whole = std::fs::read_to_string(&path).unwrap();
    assert_eq!(verify(&at("changed.json", &whole.replacen("12", "11", 1))), Some(1));
    for (name, none) in [
        ("empty.json", ""),
        ("other.json", "{\"digest\":1}"),
        ("text.json", "certified!"),
        ("list.json", "[]"),
    ] {
        assert_eq!(verify(&at(name, none)), Some(2), "{name}");
    }
    assert_eq!(verify(&folder.path().join("nowhere.json")), Some(2));
}

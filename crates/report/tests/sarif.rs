//! The SARIF log against the structure that the 2.1.0 specification demands, written down independently.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // helpers of tests

mod common;

use opi_report::{FindingReport, Values};
use serde_json::Value;
use std::collections::BTreeSet;

fn log(report: &FindingReport, values: Values) -> Value {
    let mut out = vec![];
    report.write_sarif(&mut out, values).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// Only these properties are allowed, and the starred ones must be there.
fn has_shape(what: &str, value: &Value, properties: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("{what} is no object"));
    let known: BTreeSet<&str> = properties.iter().map(|name| name.trim_end_matches('*')).collect();
    for name in object.keys() {
        assert!(known.contains(name.as_str()), "{what} has no property {name}");
    }
    for name in properties.iter().filter_map(|name| name.strip_suffix('*')) {
        assert!(object.contains_key(name), "{what} lacks {name}");
    }
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).map_or(&[], |list| list.as_array().unwrap_or_else(|| panic!("{name} is no array")))
}

fn is_level(value: &Value) {
    assert!(["none", "note", "warning", "error"].contains(&value.as_str().unwrap()), "{value}");
}

fn is_message(value: &Value) {
    has_shape("message", value, &["text*", "markdown"]);
    assert!(value["text"].is_string());
    // No placeholder is left: every brace is doubled.
    let rest = value["text"].as_str().unwrap().replace("{{", "").replace("}}", "");
    assert!(!rest.contains(['{', '}']), "{rest}");
}

/// RFC 3986: only these characters, and a first segment without a colon unless it is a scheme.
fn is_uri(value: &Value) {
    let uri = value.as_str().unwrap();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    assert!(uri.chars().all(allowed), "{uri}");
    for part in uri.split('%').skip(1) {
        assert!(part.len() >= 2 && part[..2].chars().all(|c| c.is_ascii_hexdigit()), "{uri}");
    }
    let first = uri.split('/').next().unwrap();
    assert!(!first.contains(':') || first == "file:", "{uri}");
}

fn is_location(value: &Value, artifacts: &[Value]) {
    has_shape("location", value, &["id", "physicalLocation", "logicalLocations", "message"]);
    if let Some(place) = value.get("physicalLocation") {
        has_shape("physicalLocation", place, &["artifactLocation*", "region"]);
        let file = &place["artifactLocation"];
        has_shape("artifactLocation", file, &["uri*", "index*"]);
        is_uri(&file["uri"]);
        let index = usize::try_from(file["index"].as_u64().unwrap()).unwrap();
        assert_eq!(artifacts[index]["location"]["uri"], file["uri"]);
        if let Some(region) = place.get("region") {
            has_shape("region", region, &["startLine*"]);
            assert!(region["startLine"].as_u64().unwrap() >= 1);
        }
    }
    for place in items(value, "logicalLocations") {
        has_shape("logicalLocation", place, &["name*", "kind"]);
    }
    value.get("message").into_iter().for_each(is_message);
    if let Some(id) = value.get("id") {
        assert!(id.is_u64());
    }
}

fn is_sarif(log: &Value) {
    has_shape("sarifLog", log, &["$schema", "version*", "runs*"]);
    assert_eq!(log["version"], "2.1.0");
    for run in items(log, "runs") {
        has_shape("run", run, &["tool*", "invocations", "artifacts", "results", "properties"]);
        let driver = &run["tool"]["driver"];
        has_shape("toolComponent", driver, &["name*", "version", "rules"]);
        let mut ids = BTreeSet::new();
        for rule in items(driver, "rules") {
            let known = [
                "id*",
                "shortDescription",
                "fullDescription",
                "help*",
                "helpUri",
                "defaultConfiguration",
                "properties",
            ];
            has_shape("reportingDescriptor", rule, &known);
            assert!(ids.insert(rule["id"].as_str().unwrap()), "rule ids are unique");
            for name in ["shortDescription", "fullDescription", "help"] {
                has_shape("multiformatMessageString", &rule[name], &["text*", "markdown"]);
            }
            is_level(&rule["defaultConfiguration"]["level"]);
            let tags: BTreeSet<_> =
                items(&rule["properties"], "tags").iter().map(|tag| tag.as_str()).collect();
            assert_eq!(tags.len(), items(&rule["properties"], "tags").len());
        }
        for invocation in items(run, "invocations") {
            let known = [
                "executionSuccessful*",
                "toolConfigurationNotifications",
                "toolExecutionNotifications",
                "endTimeUtc",
            ];
            has_shape("invocation", invocation, &known);
            assert!(invocation["executionSuccessful"].is_boolean());
            for list in ["toolConfigurationNotifications", "toolExecutionNotifications"] {
                for notice in items(invocation, list) {
                    has_shape("notification", notice, &["associatedRule", "descriptor", "level", "message*"]);
                    is_message(&notice["message"]);
                    is_level(&notice["level"]);
                }
            }
        }
        let artifacts = items(run, "artifacts");
        for artifact in artifacts {
            has_shape("artifact", artifact, &["location*", "roles", "length", "hashes", "properties"]);
            is_uri(&artifact["location"]["uri"]);
            if let Some(hashes) = artifact.get("hashes") {
                assert!(hashes.as_object().unwrap().values().all(Value::is_string));
            }
        }
        for result in items(run, "results") {
            let known = [
                "ruleId*",
                "ruleIndex",
                "kind",
                "level",
                "message*",
                "locations",
                "relatedLocations",
                "partialFingerprints",
                "properties",
            ];
            has_shape("result", result, &known);
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(items(driver, "rules")[index]["id"], result["ruleId"]);
            assert_eq!(result["kind"], "fail");
            is_level(&result["level"]);
            is_message(&result["message"]);
            items(result, "locations").iter().for_each(|place| is_location(place, artifacts));
            let related = items(result, "relatedLocations");
            related.iter().for_each(|place| is_location(place, artifacts));
            let ids: BTreeSet<_> = related.iter().map(|place| place["id"].as_u64()).collect();
            assert_eq!(ids.len(), related.len());
            assert!(result["partialFingerprints"].as_object().unwrap().values().all(Value::is_string));
        }
    }
}

#[test]
fn logs_have_the_structure_of_the_specification() {
    for values in [Values::Hidden, Values::Shown] {
        is_sarif(&log(&common::report(), values));
        is_sarif(&log(&common::hostile_report(), values));
        is_sarif(&log(&FindingReport::new(common::header(), vec![]).unwrap(), values));
    }
}

#[test]
fn severities_become_levels() {
    let log = log(&common::report(), Values::Hidden);
    let levels: BTreeSet<(&str, &str)> = items(&log["runs"][0], "results")
        .iter()
        .map(|result| (result["properties"]["severity"].as_str().unwrap(), result["level"].as_str().unwrap()))
        .collect();
    let expected = [
        ("blocks_certification", "error"),
        ("blocks_upload", "error"),
        ("confirm", "warning"),
        ("note", "note"),
    ];
    assert_eq!(levels, BTreeSet::from(expected));
}

#[test]
fn an_incomplete_run_is_no_success() {
    let mut header = common::header();
    header.incomplete = Some("stopped by the user".into());
    let log = log(&FindingReport::new(header, vec![]).unwrap(), Values::Hidden);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"][0]["level"], "error");
    assert_eq!(items(invocation, "toolConfigurationNotifications").len(), 5);
}

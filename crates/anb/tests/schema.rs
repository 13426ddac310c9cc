//! The published schemas are those of the types, and every case file of the tests is valid by its keys.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests that read the published schemas"
)]

use opi_anb::{schema_of_case, schema_of_change, schema_of_check, schema_of_open_count, schema_of_result};
use serde_json::Value;
use std::path::Path;

/// A schema is published as `docs/schemas/anb-<name>.json`.
fn published(name: &str, schema: &schemars::Schema) {
    let text = serde_json::to_string_pretty(schema).unwrap() + "\n";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas");
    let path = folder.join(format!("anb-{name}.json"));
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    // Compared as values: the order of keys in the text is the JSON writer's.
    let written: Value =
        serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_default()).unwrap_or_default();
    let expected: Value = serde_json::from_str(&text).unwrap();
    assert!(written == expected, "docs/schemas/anb-{name}.json is stale: run the test with UPDATE_PAGES=1");
}

#[test]
fn the_published_schemas_are_fresh() {
    published("case", &schema_of_case());
    published("result", &schema_of_result());
    published("change", &schema_of_change());
    published("open-count", &schema_of_open_count());
    published("check", &schema_of_check());
}

/// Every key of a TOML case is a property of the schema, at every depth.
fn keys_are_known(value: &toml::Value, schema: &Value, root: &Value, place: &str) {
    let mut schema = schema;
    while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        schema = root.pointer(reference.trim_start_matches('#')).unwrap();
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        let other = choices.iter().find(|choice| choice.get("type") != Some(&Value::from("null")));
        return keys_are_known(value, other.unwrap(), root, place);
    }
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let place = format!("{place}.{key}");
                let property = schema.get("properties").and_then(|properties| properties.get(key));
                assert!(property.is_some(), "{place} is in no schema");
                keys_are_known(value, property.unwrap(), root, &place);
            }
        }
        toml::Value::Array(items) => {
            let of_items = schema.get("items").cloned().unwrap_or_default();
            items.iter().for_each(|item| keys_are_known(item, &of_items, root, place));
        }
        _ => {}
    }
}

#[test]
fn the_schema_of_a_case_knows_every_key_of_a_case() {
    let schema = serde_json::to_value(schema_of_case()).unwrap();
    let case: toml::Value = toml::from_str(include_str!("data/case.toml")).unwrap();
    keys_are_known(&case, &schema, &schema, "case");
}

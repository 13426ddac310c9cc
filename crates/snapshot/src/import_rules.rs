//! How each file is taken into the register: the rules of import, as data.

use crate::SnapshotError;
use opi_dictionary::Standing;
use serde::Deserialize;
use std::sync::OnceLock;

const TABLE: &str = include_str!("../spec/import-rules.csv");

/// What an import does with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImportMode {
    /// Insert, or update what has the same key.
    Update,
    /// The rows of one key take the place of all stored rows of that key.
    UpdateGroup,
    /// Insert; what is stored under the key stays, and differences are listed.
    KeepStored,
    /// Insert, unless a record of the same person already stands in the span; update what has the same key.
    NoneWithinSpan,
    /// Insert, if what is stored of the same person has ended before the new start; update what has the same key.
    AfterStoredEnd,
    /// The file takes the place of all that is stored of the district and year.
    ReplaceAll,
    /// The file is the state's own: it takes the place of all that is stored of the year.
    ReplaceState,
}

impl ImportMode {
    /// Whether a file takes away what it does not hold.
    #[must_use]
    pub fn replaces(self) -> bool {
        matches!(self, ImportMode::ReplaceAll | ImportMode::ReplaceState)
    }
}

/// The rule of import of one layout.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRule {
    /// The key of the layout.
    pub layout: String,
    /// What an import does with a row.
    pub mode: ImportMode,
    /// The fields that find a stored row, besides school year and district.
    #[serde(deserialize_with = "list")]
    pub register_key: Vec<String>,
    /// The fields that say of whom a span is, where spans matter.
    #[serde(deserialize_with = "list")]
    pub record_of: Vec<String>,
    /// The field with the first day of the span; empty where spans do not matter.
    pub span_start: String,
    /// The field with the last day of the span; empty where spans do not matter.
    pub span_end: String,
    /// What it means.
    pub meaning: String,
    /// Where it was read.
    pub source: String,
    /// How firm it is.
    pub standing: Standing,
}

fn list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(text.split(';').filter(|part| !part.is_empty()).map(str::to_owned).collect())
}

/// The rules of import, in the order of the table.
#[must_use]
pub fn import_rules() -> &'static [ImportRule] {
    static RULES: OnceLock<Vec<ImportRule>> = OnceLock::new();
    RULES.get_or_init(|| {
        // The table is compiled in; a test reads it strictly and row by row.
        csv::Reader::from_reader(TABLE.as_bytes()).deserialize().filter_map(Result::ok).collect()
    })
}

/// The rule of import of a layout.
///
/// # Errors
/// When the layout is no upload.
pub fn import_rule(layout: &str) -> Result<&'static ImportRule, SnapshotError> {
    let rule = import_rules().iter().find(|rule| rule.layout == layout);
    rule.ok_or_else(|| SnapshotError::NoImportRule { layout: layout.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use opi_dictionary::Dictionary;

    #[test]
    fn every_upload_layout_has_one_rule_and_every_named_field_exists() {
        let lines = csv::Reader::from_reader(TABLE.as_bytes()).deserialize::<ImportRule>().count();
        assert_eq!(lines, import_rules().len());
        let dictionary = Dictionary::built_in();
        let uploads = dictionary.layouts().iter().filter(|layout| !layout.key_fields.is_empty());
        let named: Vec<&str> = uploads.map(|layout| layout.key.as_str()).collect();
        for layout in &named {
            assert_eq!(import_rules().iter().filter(|rule| rule.layout == **layout).count(), 1, "{layout}");
        }
        assert_eq!(named.len(), import_rules().len());
        for rule in import_rules() {
            let layout = dictionary.layout(&rule.layout).unwrap();
            let span = [&rule.span_start, &rule.span_end].into_iter().filter(|field| !field.is_empty());
            for field in rule.register_key.iter().chain(&rule.record_of).chain(span) {
                assert!(layout.field_named(field).is_some(), "{} {field}", rule.layout);
            }
            assert!(!rule.source.is_empty() && !rule.meaning.is_empty());
            let spans = matches!(rule.mode, ImportMode::NoneWithinSpan | ImportMode::AfterStoredEnd);
            assert_eq!(spans, !rule.span_start.is_empty() && !rule.record_of.is_empty(), "{}", rule.layout);
        }
    }

    #[test]
    fn the_key_of_a_layout_is_the_key_of_its_import_but_for_the_district() {
        for rule in import_rules() {
            let layout = Dictionary::built_in().layout(&rule.layout).unwrap();
            let names = layout.key_fields.iter().filter_map(|field| layout.field(*field));
            let names: Vec<&str> = names
                .map(|field| field.key.as_str())
                .filter(|name| !["record_type", "district_number"].contains(name))
                .collect();
            assert_eq!(names, rule.register_key, "{}", rule.layout);
        }
    }
}

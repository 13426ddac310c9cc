//! The dictionary in answer to a word: every element, field, layout, code set, code, date or source it names.

use crate::code_set::{CodeEntry, CodeSet};
use crate::collection::Collection;
use crate::dictionary::{County, Dictionary, Element, FieldInfo, Source};
use crate::layout::{Layout, LayoutField};
use crate::statutory::StatutoryDate;
use serde::Serialize;

/// Something that a word names.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Explanation<'a> {
    /// An element of the data dictionary.
    Element {
        /// The element.
        element: &'a Element,
    },
    /// A layout.
    Layout {
        /// The layout.
        layout: &'a Layout,
    },
    /// A code set.
    CodeSet {
        /// The code set.
        code_set: &'a CodeSet,
    },
    /// A field, with the places where it stands.
    Field {
        /// The field.
        field: &'a FieldInfo,
        /// Layout key, column counted from 1, and description.
        places: Vec<FieldPlace<'a>>,
    },
    /// A code of a code set.
    Code {
        /// The key of the set.
        code_set: &'a str,
        /// The code.
        code: &'a CodeEntry,
    },
    /// A statutory date.
    StatutoryDate {
        /// The date's rule.
        date: &'a StatutoryDate,
    },
    /// A collection.
    Collection {
        /// One dated window of it.
        collection: &'a Collection,
    },
    /// A county.
    County {
        /// The county.
        county: &'a County,
    },
    /// A document that tables cite.
    Source {
        /// The document.
        source: &'a Source,
    },
}

/// One place where a field stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct FieldPlace<'a> {
    /// The key of the layout.
    pub layout: &'a str,
    /// The column, counted from 1.
    pub position: usize,
    /// The field as the layout describes it.
    pub description: &'a LayoutField,
}

impl Dictionary {
    /// Everything that a word names, by key, name, title, label or code, whatever its case.
    ///
    /// ```
    /// use opi_dictionary::Dictionary;
    /// let found = Dictionary::built_in().explain("Service Type");
    /// assert!(found.len() >= 2); // the element and the field
    /// assert!(Dictionary::built_in().explain("nonsense").is_empty());
    /// ```
    #[must_use]
    pub fn explain(&self, word: &str) -> Vec<Explanation<'_>> {
        let wanted = word.trim();
        let is = |text: &str| text.eq_ignore_ascii_case(wanted);
        let mut found = Vec::new();
        if wanted.is_empty() {
            return found;
        }
        for layout in self.layouts() {
            if is(&layout.key) || is(&layout.title) || is(&layout.record_type) {
                found.push(Explanation::Layout { layout });
            }
        }
        for code_set in self.code_sets() {
            if is(&code_set.key) || is(&code_set.title) {
                found.push(Explanation::CodeSet { code_set });
            }
        }
        found.extend(
            self.elements().iter().filter(|e| is(&e.name)).map(|element| Explanation::Element { element }),
        );
        for field in self.fields() {
            let named_so = is(&field.key) || is(&field.name);
            if named_so || self.places(field).any(|place| is(&place.description.name)) {
                found.push(Explanation::Field { field, places: self.places(field).collect() });
            }
        }
        for set in self.code_sets() {
            for code in &set.entries {
                if !code.code.is_empty() && is(&code.code) || is(&code.label) {
                    found.push(Explanation::Code { code_set: &set.key, code });
                }
            }
        }
        found.extend(
            self.statutory_dates()
                .iter()
                .filter(|date| is(&date.date) || is(&date.date.replace('_', " ")))
                .map(|date| Explanation::StatutoryDate { date }),
        );
        found.extend(
            self.collections()
                .iter()
                .filter(|collection| is(&collection.collection))
                .map(|collection| Explanation::Collection { collection }),
        );
        found.extend(
            self.counties()
                .iter()
                .filter(|c| is(&c.name) || is(&c.fips))
                .map(|county| Explanation::County { county }),
        );
        found
            .extend(self.sources().iter().filter(|s| is(&s.id)).map(|source| Explanation::Source { source }));
        found
    }

    /// Words of the dictionary that are close to one that it does not know.
    #[must_use]
    pub fn suggest(&self, word: &str) -> Vec<&str> {
        let wanted = word.trim().to_lowercase();
        let length = wanted.chars().count();
        let names = self
            .layouts()
            .iter()
            .map(|layout| layout.key.as_str())
            .chain(self.code_sets().iter().map(|set| set.key.as_str()))
            .chain(self.elements().iter().map(|element| element.name.as_str()))
            .chain(self.fields().iter().map(|field| field.name.as_str()));
        let mut near: Vec<(usize, &str)> = names
            .filter_map(|name| {
                let lower = name.to_lowercase();
                if length >= 3 && lower.contains(&wanted) {
                    return Some((1, name));
                }
                let letters = lower.chars().count();
                if letters + 2 < length {
                    return None;
                }
                // Compared with the name's beginning, too, so that half a name is enough.
                let beginning: String = lower.chars().take(length + 1).collect();
                let whole = (letters <= length + 2).then(|| strsim::damerau_levenshtein(&lower, &wanted));
                let distance = strsim::damerau_levenshtein(&beginning, &wanted).min(whole.unwrap_or(3));
                (distance <= 2).then_some((distance, name))
            })
            .collect();
        near.sort_unstable();
        near.dedup();
        near.into_iter().map(|(_, name)| name).take(8).collect()
    }

    fn places<'a>(&'a self, field: &'a FieldInfo) -> impl Iterator<Item = FieldPlace<'a>> {
        self.layouts().iter().filter_map(|layout| {
            let column = layout.column(field.id)?;
            let description = layout.fields.get(column)?;
            Some(FieldPlace { layout: &layout.key, position: column + 1, description })
        })
    }
}

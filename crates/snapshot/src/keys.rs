//! The keys under which the register finds rows.

use crate::hash::digest;
use crate::import_rules::ImportRule;
use crate::table::{Record, TableSchema};
use opi_dictionary::{DistrictNumber, SchoolYear};

/// A key, hashed. School year and district belong to every one.
pub(crate) type Key = [u8; 16];

/// How the keys of one table are made.
pub(crate) struct Keys {
    key: Vec<usize>,
    person: Vec<usize>,
    /// In demographics, where a student may be named by local id alone: the columns of state and local id.
    identity: Option<(usize, usize)>,
}

impl Keys {
    pub(crate) fn new(rule: &ImportRule, schema: &TableSchema) -> Self {
        let columns = |names: &[String]| names.iter().filter_map(|name| schema.column(name)).collect();
        let identity = schema.column("student_state_id").zip(schema.column("student_local_id"));
        Keys {
            key: columns(&rule.register_key),
            person: columns(&rule.record_of),
            identity: identity.filter(|_| rule.layout == "student-demographics"),
        }
    }

    /// Whether the column is a part of the key.
    pub(crate) fn has(&self, column: usize) -> bool {
        self.key.contains(&column)
    }

    /// Whether spans of one person matter.
    pub(crate) fn has_person(&self) -> bool {
        !self.person.is_empty()
    }

    /// Whether rows may name a student by local id alone.
    pub(crate) fn has_identity(&self) -> bool {
        self.identity.is_some()
    }

    /// Whether the record is of a student who has no state id yet.
    pub(crate) fn asks_for_id(&self, record: &Record<'_>) -> bool {
        self.identity.is_some_and(|(state_id, _)| record.field(state_id).is_empty())
    }

    /// The key of a record.
    pub(crate) fn of(&self, record: &Record<'_>, year: SchoolYear) -> Key {
        match self.identity {
            Some((state_id, local_id)) if record.field(state_id).is_empty() => {
                hash("local id", record, year, &[local_id])
            }
            _ => hash("key", record, year, &self.key),
        }
    }

    /// The key under which a student with a state id is found by local id; `None` where there is no such student.
    pub(crate) fn local(&self, record: &Record<'_>, year: SchoolYear) -> Option<Key> {
        let (state_id, local_id) = self.identity?;
        let named = !record.field(state_id).is_empty() && !record.field(local_id).is_empty();
        named.then(|| hash("local id", record, year, &[local_id]))
    }

    /// The key of the person whose spans must not meet.
    pub(crate) fn person(&self, record: &Record<'_>, year: SchoolYear) -> Key {
        hash("person", record, year, &self.person)
    }
}

fn hash(purpose: &str, record: &Record<'_>, year: SchoolYear, columns: &[usize]) -> Key {
    let origin = record.origin();
    let district = origin.district.as_ref().map_or("", DistrictNumber::as_str);
    let texts = columns.iter().map(|column| record.field(*column));
    digest(year.end_year(), [purpose, district].into_iter().chain(texts))
}

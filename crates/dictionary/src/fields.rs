//! One constant a field, generated from `spec/fields.csv`.

use crate::FieldId;

/// The numbers of the table start at 1.
const fn field(number: u16) -> FieldId {
    match FieldId::new(number) {
        Some(field) => field,
        None => FieldId(std::num::NonZeroU16::MIN),
    }
}

include!("generated/fields.rs");

//! JSON schemas of what files and programs exchange.

use crate::{Case, CaseResult, Change, CheckReport, OpenCount};
use schemars::{Schema, schema_for};

/// The schema of a case.
#[must_use]
pub fn schema_of_case() -> Schema {
    schema_for!(Case)
}

/// The schema of a computed case.
#[must_use]
pub fn schema_of_result() -> Schema {
    schema_for!(CaseResult)
}

/// The schema of one change of a what-if.
#[must_use]
pub fn schema_of_change() -> Schema {
    schema_for!(Change)
}

/// The schema of the bounds of one spring count that is open.
#[must_use]
pub fn schema_of_open_count() -> Schema {
    schema_for!(OpenCount)
}

/// The schema of the report on a file of examples.
#[must_use]
pub fn schema_of_check() -> Schema {
    schema_for!(CheckReport)
}

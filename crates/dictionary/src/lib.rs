//! The data dictionary of Montana school reporting.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod error;
mod field;
mod finding;
mod identifiers;
mod personal;
mod rounding;
mod school_time;
mod standing;

pub use error::{DictionaryError, PaddedId};
pub use field::FieldId;
pub use finding::{Finding, Hit, Position, RuleClass, RuleInfo, RuleKey, RuleStatus, Severity};
pub use identifiers::{
    BirthDate, CalendarNumber, CountyNumber, DistrictNumber, LegalEntityNumber, LocalId, NcesLeaId,
    NcesSchoolId, PersonName, SchoolKey, SchoolNumber, SchoolSystemNumber, StateId,
};
pub use personal::{Personal, REDACTED, shape};
pub use rounding::{Rounding, RoundingMode};
pub use school_time::{FiscalYear, InstructionDays, SchoolDays, SchoolYear, Weekdays, age_on};
pub use standing::{Citation, Standing};

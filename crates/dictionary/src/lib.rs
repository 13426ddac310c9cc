//! The data dictionary of Montana school reporting: school time, identifiers, code sets, layouts, elements, and
//! the rows and typed records that carry a district's data.
//!
//! What it holds is data under `spec/`, each row with its source and standing; the code only looks it up and
//! checks values against it. It opens no file and reads no clock.
//!
//! ```
//! use opi_dictionary::{CodeLookup, Dictionary, SchoolYear};
//! let dictionary = Dictionary::built_in();
//!
//! // What may stand in a field, and how firm the place of the field is.
//! let layout = dictionary.layout("student-enrollments")?;
//! let grade = layout.field_named("Grade").expect("a field of the layout");
//! assert_eq!(grade.code_set.as_deref(), Some("grade-levels"));
//! assert_eq!(dictionary.unverified_positions().count(), 140);
//!
//! // Why a code is wrong.
//! assert!(matches!(dictionary.look_up("grade-levels", "kf", None)?, CodeLookup::WrongCase(_)));
//! assert!(matches!(dictionary.look_up("grade-levels", "7", None)?, CodeLookup::Near(_)));
//!
//! // The fall count date of a school year.
//! let year: SchoolYear = "2025-26".parse()?;
//! let fall = dictionary.statutory_date("fall_count", year, &opi_dictionary::Weekdays)?;
//! assert_eq!(fall.to_string(), "2025-10-06");
//! # Ok::<(), opi_dictionary::DictionaryError>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod check;
mod code_set;
mod codes;
mod collection;
mod csv_rows;
mod dictionary;
mod directory;
mod enrolled;
mod error;
mod explain;
mod field;
pub mod fields;
mod finding;
mod identifiers;
mod layout;
mod personal;
pub mod records;
mod rounding;
mod row;
mod school_time;
mod standing;
mod statutory;
mod tables;
mod value;

pub use check::FieldProblem;
pub use code_set::{CodeEntry, CodeKind, CodeLookup, CodeSet, Membership};
pub use codes::{AggregateHours, EndStatus, Gender, Grade, MealStatus, ServiceType, StartStatus, YesNo};
pub use collection::{CertifiedIn, Collection, CollectionDay};
pub use csv_rows::CsvRows;
pub use dictionary::{County, Dictionary, Element, FieldInfo, Source, layout_to_toml};
pub use directory::{
    BudgetUnit, BudgetUnitId, BudgetUnitKind, Calendar, CalendarKey, Directory, DirectoryBuilder,
    DirectoryTable, District, DistrictKind, GradeCode, GradeOffered, LegalEntity, LegalEntityKind, School,
    WeekPattern, Years,
};
pub use enrolled::{EnrolledSpan, EnrolledSpanError};
pub use error::{DictionaryError, PaddedId};
pub use explain::Explanation;
pub use field::FieldId;
pub use finding::{Finding, Hit, Position, RuleClass, RuleInfo, RuleKey, RuleStatus, Severity};
pub use identifiers::{
    BirthDate, CalendarNumber, CountyNumber, DistrictNumber, LegalEntityNumber, LocalId, NcesLeaId,
    NcesSchoolId, PersonName, SchoolKey, SchoolNumber, SchoolSystemNumber, StateId,
};
pub use layout::{FieldType, HeaderRule, Layout, LayoutField, PositionStanding, Requirement};
pub use personal::{Personal, REDACTED, shape};
pub use rounding::{Rounding, RoundingMode};
pub use row::{FieldError, Row, RowBuffer, Stretch};
pub use school_time::{FiscalYear, InstructionDays, SchoolDays, SchoolYear, Weekdays, age_on};
pub use standing::{Citation, Standing};
pub use statutory::{DateRule, StatutoryDate};
pub use tables::{CodeRow, LayoutFieldRow};
pub use value::{BuildError, Code, FieldValue, PersonalText, Record, RecordError};

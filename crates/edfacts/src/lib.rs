//! Federal EDFacts files.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod case;
mod catalogue;
mod check;
mod count;
mod error;
mod input;
mod number;
mod profile;
mod race;
mod write;

pub use case::{CaseOutcome, run_case};
pub use catalogue::{
    Catalogue, CatalogueBuilder, Category, CategoryKind, CategorySet, CollectionStatus, Column, ColumnType,
    Derivation, Family, FileSpec, InputSource, Layout, MISSING, PermittedValue, Role, Source, SpecTable,
    ZeroRule,
};
pub use count::{
    Amount, Behind, CellQuery, CountRecord, CountResult, Counter, CountingUnit, Declaration, Exclusion,
    FileCounts, LeftOut, Measure, Partial, RowKind, RowRef, declarations, explain, why_left_out,
};
pub use error::EdfactsError;
pub use input::{
    CohortMembership, Days, Departure, DepartureKind, DisciplineEvent, Enrollment, FirearmIncident, Grade,
    GradeSet, LeaIndex, ProgramRecord, SchoolIndex, Sex, Span, SpecialEducationExit, StaffAssignment,
    StateRows, Status, StatusKind, StudentKey, StudentRows, StudentSource, TitleOne, Unit, UnitStatus, Units,
};
pub use number::{FileNumber, Level};
pub use profile::{
    Catchment, CompletersSection, CountConfig, DatesSection, DayRule, ExitChoice, GradesSection, ProfileMark,
    RaceSection, SpecialEducationSection, StateProfile,
};
pub use race::{MajorRaces, Race, RaceQuestion, RaceSet, any_american_indian, combined2024, federal7};
pub use write::{DataRow, FileForm, FileWriter, Header, file_name, period, record_line};

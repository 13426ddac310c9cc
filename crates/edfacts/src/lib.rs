//! Federal EDFacts files: the catalogue as data, counts from student rows with their reasons, files written
//! to the byte, anyone's file read back and checked.
//!
//! - [`Catalogue`] holds every file with layouts by year and level, category sets and permitted values.
//!   Rows of a newer year can be added at run time ([`CatalogueBuilder`]).
//! - [`Counter`] counts students in one pass by [`Declaration`]s; [`Partial`] results merge without counting
//!   a student twice; [`explain`] and [`why_left_out`] give the reasons.
//! - [`FileWriter`] writes comma, tab and fixed-width files; [`read_file`] reads them; [`check_files`] checks
//!   them by the rules of [`rules`]; [`diff_files`] compares; [`manifest()`] describes a submission.
//! - [`StateProfile`] holds what a state answers once. Montana's is built in; nothing else knows Montana.
//!
//! The crate reads no file, no clock and no environment: text and bytes in, values out. It never masks:
//! federal files carry true counts.
//!
//! ```
//! use opi_edfacts::{Catalogue, Level};
//! let catalogue = Catalogue::builtin()?;
//! let layout = catalogue.layout("FS052".parse()?, Level::Sch, "2025-26".parse()?)?;
//! assert_eq!(layout.newest_on_record.to_string(), "2022-23");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod case;
mod catalogue;
mod check;
mod count;
mod diff;
mod error;
mod input;
mod manifest;
mod number;
mod profile;
mod race;
mod read;
mod show;
mod write;

pub use case::{CaseInput, CaseOutcome, Gap, read_case, run_case};
pub use catalogue::{
    Catalogue, CatalogueBuilder, Category, CategoryKind, CategorySet, CollectionStatus, Column, ColumnType,
    Derivation, Family, FileSpec, InputSource, Layout, MISSING, PermittedValue, Role, Source, SpecTable,
    ZeroRule,
};
pub use check::{
    CheckOptions, CheckReport, CheckedFile, NamedFile, NotRun, check_files, check_rows, rule_info, rules,
};
pub use count::{
    Amount, Behind, CellQuery, CountRecord, CountResult, Counter, CountingUnit, Declaration, Exclusion,
    FileCounts, InputList, LeftOut, Measure, Partial, RowKind, RowRef, declarations, explain, explain_staff,
    why_left_out, zero_rows,
};
pub use diff::{Difference, diff_files};
pub use error::EdfactsError;
pub use input::{
    CohortMembership, Days, Departure, DepartureKind, DisciplineEvent, Enrollment, FirearmIncident, Grade,
    GradeSet, LeaIndex, ProgramRecord, SchoolIndex, Sex, Span, SpecialEducationExit, StaffAssignment,
    StateRows, Status, StatusKind, StudentKey, StudentRows, StudentSource, TitleOne, Unit, UnitStatus, Units,
};
pub use manifest::{Manifest, ManifestFile, manifest};
pub use number::{FileNumber, Level};
pub use profile::{
    Catchment, CompletersSection, CountConfig, DatesSection, DayRule, DeclaredAssessment, ExitChoice,
    GradesSection, ProfileMark, RaceSection, SpecialEducationSection, StateProfile,
};
pub use race::{MajorRaces, Race, RaceQuestion, RaceSet, any_american_indian, combined2024, federal7};
pub use read::{FederalFile, read_file};
pub use show::{Listed, Shown, ShownLevel, coverage_page, list, list_text, show, show_text};
pub use write::{DataRow, FileForm, FileWriter, Header, file_name, period, record_line};

//! Montana school-data reporting in one library. Each crate of the workspace is re-exported under its subject;
//! [`Year`] composes them: the year's uploads in, a report of each stage out.
//!
//! The library opens no file and reads no clock: uploads come as an [`Upload`] that can be opened again, and what a
//! stage finds is a value. A program writes it where it likes.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub use opi_aim as aim;
pub use opi_anb as anb;
pub use opi_dictionary as dictionary;
pub use opi_edfacts as edfacts;
pub use opi_mask as mask;
pub use opi_report as report;
pub use opi_rules as rules;
pub use opi_snapshot as snapshot;
#[cfg(feature = "store")]
pub use opi_store as store;

mod certification_files;
mod certifying;
mod checking;
pub mod federal;
mod figure;
mod figuring;
pub mod funding;
pub mod pages;
pub mod public;
mod reading;
mod register;
mod splitting;
mod state_tables;
mod unreadable;
mod validating;
mod year;

pub use certification_files::{CertificationStanding, CertifiedRowChange};
pub use certifying::{Certified, DEFAULT_MEMBER, Differs, DistrictCertification};
pub use checking::{CheckedUpload, district_of_folder, fails_on, finding_report};
pub use federal::{
    FederalCell, FederalError, FederalFigure, FederalFileBytes, FederalInputs, FederalNote, FederalReason,
    FederalRow, FederalState, FederalYear, NotProduced, NoteKind, explain_federal, federal_files,
    read_state_table,
};
pub use figure::{Figure, FigureError};
pub use figuring::OtherYears;
pub use funding::{
    CountedPupil, DistrictFunding, Funding, FundingError, FundingNote, LeftOutRow, StateFunding,
};
pub use reading::{FamilyTotal, FileReport, HeaderReport, ReadReport, read_upload};
pub use register::{
    NotTaken, Received, Registered, WHOLE_YEAR, not_taken, register_more, register_uploads, take_snapshot,
};
pub use splitting::{Split, rejected_with_consequences, split_upload};
pub use validating::Validated;
pub use year::{Prior, Progress, Reading, Stage, Taken, Upload, Year, YearBuilder, YearError, upload};

#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod calendars;
mod defects;
mod enrollments;
mod error;
mod files;
mod geography;
mod names;
mod people;
mod places;
mod random;
mod sink;
mod staff;
mod state;
mod state_directory;
mod state_tables;
mod tables;
mod write;

pub use defects::{DefectKind, DefectRate, Planted, defect_kinds};
pub use enrollments::{Diploma, Enrollment, LanguageProgram, PersonYear, StudentYear};
pub use error::SynthError;
pub use files::FILES;
pub use people::{Meals, Person, Races};
pub use sink::{MemorySink, Sink};
pub use state::{Plan, State};
pub use state_tables::STATE_TABLES;
pub use tables::Profile;
pub use write::{Progress, Summary, WriteOptions};

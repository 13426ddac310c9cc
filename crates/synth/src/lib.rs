//! An invented Montana, from a seed, in any size.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod calendars;
mod enrollments;
mod error;
mod geography;
mod names;
mod people;
mod places;
mod random;
mod state;
mod state_directory;
mod tables;

pub use enrollments::{Diploma, Enrollment, PersonYear, StudentYear};
pub use error::SynthError;
pub use people::{Meals, Person, Races};
pub use state::{Plan, State};
pub use tables::Profile;

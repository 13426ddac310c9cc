//! FERPA masking that proves itself: cell suppression for published counts.
//!
//! Public tables of small schools leak children: a hidden cell falls out of its row total, of a percentage,
//! of last year's file, of the sum of two districts. This crate hides what a policy says, adds close to the
//! least further hiding that makes recovery impossible, and hands out a certificate that anyone can check
//! with integer arithmetic. What cannot be certified is not released.
//!
//! - [`Publication`]: cells over hierarchies, linked tables, further sums, frozen cells, known zeros.
//! - [`Policy`] and [`Rule`]: what is sensitive; nothing that a source leaves unstated has a default.
//! - [`mask`]: suppression over one global system by covering cuts, then the checker, then the audit.
//! - [`audit`]: what an attacker can work out from any pattern, ours or a published file, in words.
//! - [`certificate`] and [`check`]: the proof as data, and the small page that checks it.
//! - [`publish`]: from counted students to the files of a release, in one call.
//! - [`write_csv`]: the public writer, which takes only a [`Certified`] publication.
//! - [`plan::plan`]: which table is worth publishing at all; [`utility::utility`]: what is withheld.
//!
//! The library opens no file and reads no clock; it is deterministic on every platform.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod audit;
mod builder;
pub mod case_file;
pub mod certificate;
mod certified;
pub mod check;
mod dimension;
mod error;
mod level;
mod masking;
pub mod percent;
pub mod picture;
pub mod plan;
mod policy;
mod publication;
mod publish;
mod published;
mod release;
mod share;
pub mod spec_file;
mod suppress;
mod system;
mod tally;
pub mod utility;
mod value;

pub use builder::PublicationBuilder;
pub use certified::{Certified, EliminationSize, Pattern};
pub use dimension::Dimension;
pub use error::{Error, Result};
pub use level::{Cost, Demand, Level};
pub use masking::{Rule, Task, Zeros, mask, suppress};
pub use policy::Policy;
pub use publication::{CellId, Publication, Relation, RelationKind, Table};
pub use publish::{Release, TableChoice, publish};
pub use release::{Symbols, write_csv, write_hidden};
pub use share::Form;
pub use tally::Tally;
pub use value::{Masked, Unit, Value};

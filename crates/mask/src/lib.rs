//! Draft.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod audit;
pub mod case_file;
pub mod certificate;
pub mod check;
mod dimension;
mod error;
mod level;
mod masking;
mod publication;
mod suppress;
mod system;
#[doc(hidden)]
pub mod trial;

pub use dimension::Dimension;
pub use error::{Error, Result};
pub use level::{Cost, Demand, Level};
pub use masking::{Certified, Pattern, Rule, Task, Zeros, mask, suppress};
pub use publication::{CellId, Publication, PublicationBuilder, Relation, RelationKind, Table};

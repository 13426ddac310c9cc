//! Draft.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod dimension;
mod error;
mod publication;
pub use dimension::Dimension;
pub use error::{Error, Result};
pub use publication::{CellId, Publication, PublicationBuilder, Relation, RelationKind, Table};
mod level;
mod suppress;
mod system;
#[doc(hidden)]
pub mod trial;
pub use level::{Cost, Demand, Level};

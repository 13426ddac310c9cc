//! AIM files of Montana districts: bytes to rows and rows to bytes.
//!
//! [`Reader`] hands out borrowed [`Row`](opi_dictionary::Row)s and notes every deviation from the specification as a
//! finding, never in silence; [`Writer`] writes canonical files and refuses a record that the layout forbids;
//! [`BehaviorReader`] makes the same rows out of behavior XML; [`propose_layout`] finds the order of fields in a
//! real file. No file is opened here: readers take `impl BufRead`, writers `impl Write`.
//!
//! For a canonical file, reading and writing gives the same bytes; for any other that can be read it gives the
//! canonical form, and each difference was a finding.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod behavior;
mod chunk;
mod error;
mod header;
mod log;
mod options;
mod propose;
mod quotes;
mod reader;
mod scan;
mod writer;

pub use behavior::{BehaviorReader, BehaviorWriter};
pub use error::{AimError, Unwritable};
pub use header::Header;
pub use log::{ReadHit, ReadLog, ReadRule};
pub use options::ReadOptions;
pub use propose::{ColumnProposal, LayoutProposal, propose_layout};
pub use reader::Reader;
pub use writer::Writer;

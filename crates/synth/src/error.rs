//! The one error type of the crate.

use thiserror::Error;

/// Why a state could not be invented or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SynthError {
    /// A plan that cannot be carried out.
    #[error("no such state can be invented: {problem}")]
    Plan {
        /// What stands in the way, and what would be right.
        problem: String,
    },
    /// A table of distributions that breaks a rule of its kind.
    #[error("{table}: {problem}")]
    Table {
        /// The table's name.
        table: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A value that the dictionary refuses.
    #[error(transparent)]
    Dictionary(#[from] opi_dictionary::DictionaryError),
    /// A record that its layout refuses.
    #[error(transparent)]
    Record(#[from] opi_dictionary::BuildError),
    /// A record that cannot be written.
    #[error("{name}: {source}")]
    File {
        /// The name of the output.
        name: String,
        /// What the writer of the file said.
        source: Box<opi_aim::AimError>,
    },
    /// An output that cannot be written.
    #[error("{name} cannot be written: {source}")]
    Output {
        /// The name of the output.
        name: String,
        /// What the sink said.
        source: std::io::Error,
    },
}

//! Why the program could not do its work.

use std::fmt;

/// The work could not be done: exit code 2. What is wrong with the data is not a failure but a finding.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Failure { message: message.into() }
    }

    /// A failure of a stream, with the file it belongs to.
    pub(crate) fn of_file(file: &std::path::Path, error: impl fmt::Display) -> Self {
        Failure::new(format!("{}: {error}", file.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

macro_rules! from_display {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Failure::new(error.to_string())
            }
        })*
    };
}

from_display!(
    std::io::Error,
    serde_json::Error,
    opi::dictionary::DictionaryError,
    opi::aim::AimError,
    opi::YearError,
    opi::anb::AnbError,
    opi::mask::Error,
    opi::report::ReportError,
    opi::snapshot::SnapshotError,
    opi::store::StoreError
);

//! Why the program could not do its work.

use std::fmt;

/// The work could not be done: exit code 2. What is wrong with the data is not a failure but a finding.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    broken_pipe: bool,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Failure { message: message.into(), broken_pipe: false }
    }

    /// A failure of a stream, with the file it belongs to.
    pub(crate) fn of_file(file: &std::path::Path, error: impl fmt::Display) -> Self {
        Failure::new(format!("{}: {error}", file.display()))
    }

    /// Whether the reader of our output went away: nothing to complain about.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        let broken_pipe = error.kind() == std::io::ErrorKind::BrokenPipe;
        Failure { message: error.to_string(), broken_pipe }
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
    opi::dictionary::DictionaryError,
    opi::aim::AimError,
    opi::YearError,
    opi::anb::AnbError,
    opi::mask::Error,
    opi::report::ReportError,
    opi::snapshot::SnapshotError,
    opi::store::StoreError
);

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(kind) => std::io::Error::from(kind).into(),
            None => Failure::new(error.to_string()),
        }
    }
}

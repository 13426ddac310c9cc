//! What arguments mean: parsed as the command line is read, so that a wrong one is told before any work begins.

use chrono::NaiveDate;
use opi::edfacts::FileForm;
use opi::mask;
use std::path::PathBuf;
use std::str::FromStr;

/// A day, such as 2025-10-22.
pub(crate) fn day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "expected a day as YEAR-MONTH-DAY, such as 2025-10-22".to_owned())
}

/// A word that names a `T`, kept as it was given.
pub(crate) fn word_of<T: FromStr>(text: &str) -> Result<String, T::Err> {
    text.parse::<T>().map(|_| text.to_owned())
}

/// The identifier of a masking policy, built in.
pub(crate) fn masking_policy(text: &str) -> Result<String, mask::Error> {
    mask::Policy::find(text).map(|_| text.to_owned())
}

/// The form of a federal file, by the suffix of its name.
pub(crate) fn form(text: &str) -> Result<FileForm, String> {
    FileForm::from_extension(text).ok_or_else(|| "expected csv, tab or txt".to_owned())
}

/// Another release of the same students, and how it is read where that is not as the first one.
#[derive(Clone, Debug)]
pub(crate) struct Also {
    /// The name by which it is spoken of.
    pub(crate) name: String,
    /// The file.
    pub(crate) file: PathBuf,
    /// Its specification.
    pub(crate) spec: Option<PathBuf>,
}

impl FromStr for Also {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, files) =
            text.split_once('=').ok_or("expected NAME=FILE.csv or NAME=FILE.csv,SPEC.toml")?;
        let (file, spec) = match files.split_once(',') {
            Some((file, spec)) => (file, Some(spec.into())),
            None => (files, None),
        };
        Ok(Also { name: name.to_owned(), file: file.into(), spec })
    }
}

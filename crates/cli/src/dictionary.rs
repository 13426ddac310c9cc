//! The dictionary of a run: the built-in one, with the replacements that the user gives.

use crate::{Failure, files};
use clap::Args;
use opi::dictionary::Dictionary;
use std::fmt;
use std::path::{Path, PathBuf};

/// Replacements of dictionary tables.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DictionaryArgs {
    /// A TOML file that replaces a layout (`layout = ...`) or a code set (`code_set = ...`); may be repeated.
    #[arg(long = "replace", value_name = "FILE")]
    replacements: Vec<PathBuf>,
    /// A code set whose list is a stand-in and is not to be tested; may be repeated.
    #[arg(long = "suspend", value_name = "CODE-SET")]
    suspended: Vec<String>,
}

/// A text that takes the place of a table of the dictionary.
pub(crate) struct Replacement {
    /// Where it was read.
    path: PathBuf,
    /// The text, as it was given.
    pub(crate) text: String,
    /// What it takes the place of.
    replaces: Replaces,
}

/// A table of the dictionary.
enum Replaces {
    Layout(String),
    CodeSet(String),
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Replaces::Layout(key) => write!(f, "layout {key}"),
            Replaces::CodeSet(key) => write!(f, "code set {key}"),
        }
    }
}

impl Replacement {
    fn read(path: &Path) -> Result<Self, Failure> {
        let text = files::text(path)?;
        let table: toml::Table = text.parse().map_err(|error| Failure::of_file(path, error))?;
        let key = |name: &str| table.get(name).and_then(|key| key.as_str()).map(str::to_owned);
        let replaces = match (key("layout"), key("code_set")) {
            (Some(key), None) => Replaces::Layout(key),
            (None, Some(key)) => Replaces::CodeSet(key),
            _ => {
                let expected = "expected `layout = \"KEY\"` or `code_set = \"KEY\"` at its top";
                return Err(Failure::of_file(path, expected));
            }
        };
        Ok(Replacement { path: path.to_owned(), text, replaces })
    }

    /// What it takes the place of, such as `layout student-enrollments`.
    pub(crate) fn what(&self) -> String {
        self.replaces.to_string()
    }
}

impl DictionaryArgs {
    /// These files in the place of tables, and these code sets not tested.
    pub(crate) fn of(replacements: Vec<PathBuf>, suspended: Vec<String>) -> Self {
        DictionaryArgs { replacements, suspended }
    }

    /// The dictionary of the run.
    pub(crate) fn load(&self) -> Result<Dictionary, Failure> {
        self.with(&self.replacements()?)
    }

    /// The texts that take the place of tables.
    pub(crate) fn replacements(&self) -> Result<Vec<Replacement>, Failure> {
        self.replacements.iter().map(|path| Replacement::read(path)).collect()
    }

    /// The code sets that are not tested.
    pub(crate) fn suspended(&self) -> &[String] {
        &self.suspended
    }

    /// The dictionary with these texts in the place of tables.
    pub(crate) fn with(&self, replacements: &[Replacement]) -> Result<Dictionary, Failure> {
        let mut dictionary = Dictionary::built_in().clone();
        for Replacement { path, text, replaces } in replacements {
            let replaced = match replaces {
                Replaces::Layout(_) => dictionary.replace_layout_toml(text),
                Replaces::CodeSet(_) => dictionary.replace_code_set_toml(text),
            };
            replaced.map_err(|error| Failure::of_file(path, error))?;
        }
        for code_set in &self.suspended {
            dictionary.suspend_membership(code_set)?;
        }
        Ok(dictionary)
    }
}

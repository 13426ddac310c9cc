//! The dictionary of a run: the built-in one, with the replacements that the user gives.

use crate::{Failure, files};
use clap::Args;
use opi::dictionary::Dictionary;
use std::path::PathBuf;

/// Replacements of dictionary tables.
#[derive(Args, Clone, Debug)]
pub(crate) struct DictionaryArgs {
    /// A TOML file that replaces a layout (`layout = ...`) or a code set (`code_set = ...`); may be repeated.
    #[arg(long = "replace", value_name = "FILE")]
    replacements: Vec<PathBuf>,
    /// A code set whose list is a stand-in and is not to be tested; may be repeated.
    #[arg(long = "suspend", value_name = "CODE-SET")]
    suspended: Vec<String>,
}

impl DictionaryArgs {
    pub(crate) fn load(&self) -> Result<Dictionary, Failure> {
        let mut dictionary = Dictionary::built_in().clone();
        for file in &self.replacements {
            let text = files::text(file)?;
            let is_code_set =
                text.lines().any(|line| line.trim_start().starts_with("code_set") && !line.contains("[["))
                    && !text.lines().any(|line| line.trim_start().starts_with("layout "));
            let replaced = if is_code_set {
                dictionary.replace_code_set_toml(&text)
            } else {
                dictionary.replace_layout_toml(&text)
            };
            replaced.map_err(|error| Failure::of_file(file, error))?;
        }
        for code_set in &self.suspended {
            dictionary.suspend_membership(code_set)?;
        }
        Ok(dictionary)
    }
}

//! What can keep rules from running. Findings are no errors.

use opi_dictionary::DictionaryError;

/// Why rules could not run, or a policy or register could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// A rule code that the registry does not have.
    #[error("{place}: no rule has the code {code:?}; `opi rules` lists all codes{}", nearest_in_words(.nearest))]
    UnknownRule {
        /// Where the code stands.
        place: String,
        /// The code.
        code: String,
        /// Codes that differ little.
        nearest: Vec<String>,
    },
    /// A table (policy, register facts, parameters) that is not of its form.
    #[error("{table}{}: {problem}", line_in_words(.line))]
    Table {
        /// The table.
        table: String,
        /// The line, where known.
        line: Option<u64>,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// Two rules have one code.
    #[error(
        "rule {code} stands twice: codes of own rules must differ from the registry's and from each other"
    )]
    DuplicateRule {
        /// The code.
        code: String,
    },
    /// An input could not be read to its end.
    #[error("{file}{}: {problem}", line_in_words(.line))]
    Input {
        /// The file, as the caller named it.
        file: String,
        /// The line reached, where known.
        line: Option<u64>,
        /// What is wrong.
        problem: String,
    },
    /// Two inputs have one name, so that findings could not tell them apart.
    #[error("two inputs are named {file}, in one role or in two: give each its own name, such as its path")]
    DuplicateInput {
        /// The name.
        file: String,
    },
    /// More inputs or lines than positions can count.
    #[error("{what} has {found}, at most {limit} can be counted")]
    TooLarge {
        /// What is too large.
        what: String,
        /// How large it is.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// The dictionary refused a look-up.
    #[error(transparent)]
    Dictionary(#[from] DictionaryError),
}

impl RulesError {
    pub(crate) fn table(table: impl Into<String>, line: Option<u64>, problem: impl Into<String>) -> Self {
        RulesError::Table { table: table.into(), line, problem: problem.into() }
    }
}

fn nearest_in_words(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; perhaps {}", nearest.join(" or ")) }
}

fn line_in_words(line: &Option<u64>) -> String {
    line.map_or_else(String::new, |line| format!(", line {line}"))
}

//! Everything that can go wrong, said so that the reader can act on it.

use thiserror::Error;

/// What stopped the work. Nothing in this crate panics on input; every refusal is one of these.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// A dimension is not a tree of distinct codes.
    #[error("dimension `{dimension}`: {problem}")]
    Dimension {
        /// Name of the dimension.
        dimension: String,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// A code that the dimension does not have.
    #[error("dimension `{dimension}` has no code `{code}`; declared codes begin {known}")]
    UnknownCode {
        /// Name of the dimension.
        dimension: String,
        /// The code found.
        code: String,
        /// The first few declared codes.
        known: String,
    },
    /// A name (table, dimension, policy, column, further sum) that does not exist.
    #[error("unknown {what} `{name}`; known are {known}")]
    UnknownName {
        /// The kind of thing looked for.
        what: &'static str,
        /// The name found.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// A cell that the publication does not hold.
    #[error("the publication has no cell `{cell}`")]
    UnknownCell {
        /// Codes of the cell joined by `|`.
        cell: String,
    },
    /// A coordinate with the wrong number of codes.
    #[error("a cell needs {expected} codes (one for each dimension), found {found}: `{cell}`")]
    WrongArity {
        /// Number of dimensions.
        expected: usize,
        /// Number of codes found.
        found: usize,
        /// The codes joined by `|`.
        cell: String,
    },
    /// A published sum does not equal its parts.
    #[error("`{parent}` is {stated} but its parts add up to {parts} (difference {difference}): {relation}")]
    NotAdditive {
        /// The parent cell.
        parent: String,
        /// The value stated for the parent.
        stated: i64,
        /// The sum of the parts.
        parts: i64,
        /// Stated minus parts.
        difference: i64,
        /// The relation in words.
        relation: String,
    },
    /// The policy leaves something open that the caller has to decide.
    #[error("policy `{policy}` does not state {what}; choose it explicitly ({choices})")]
    Unstated {
        /// Identifier of the policy.
        policy: String,
        /// The open question.
        what: &'static str,
        /// The choices that exist.
        choices: &'static str,
    },
    /// A table or specification could not be read.
    #[error("{place}: {problem}")]
    Input {
        /// File kind, line or key.
        place: String,
        /// What was found and what would be right.
        problem: String,
    },
    /// A sum was asked for over values of which one is masked.
    #[error("`{value}` is masked, so it cannot be added; mask again after aggregating the true counts")]
    MaskedSum {
        /// The masked value as printed.
        value: String,
    },
    /// Partial counts cover the same student twice.
    #[error("two partial counts both hold the unit `{key}`; partial counts merge only over disjoint units")]
    Overlap {
        /// The shared key.
        key: String,
    },
    /// The publication is larger than the index can address, or a limit given by the caller.
    #[error("{what}: {found} is above the limit of {limit}")]
    TooLarge {
        /// What was counted.
        what: String,
        /// What was found.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// The attacker's system has no solution: the publication contradicts itself.
    #[error("the published figures contradict each other near `{cell}`: {problem}")]
    Inconsistent {
        /// A cell of the contradiction.
        cell: String,
        /// Which relation fails, and how.
        problem: String,
    },
    /// Frozen cells make protection impossible.
    #[error(
        "cannot be certified: {exposed} stay derivable because of cells that may not be hidden; withdraw {withdraw}"
    )]
    Frozen {
        /// The exposed cells.
        exposed: String,
        /// An inclusion-minimal set of cells whose withdrawal would allow a certificate.
        withdraw: String,
    },
    /// Protection was not proved within the limits of effort.
    #[error("not certified: {problem}")]
    NotCertified {
        /// What stayed unproved.
        problem: String,
    },
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

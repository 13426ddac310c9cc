//! Which article is which function, and which tests hold it: a table, and the page made from it.

use crate::AnbError;
use opi_dictionary::Standing;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// The table of articles that comes with the crate: CSV.
pub const ARTICLES_CSV: &str = include_str!("../spec/articles.csv");

/// One rule with its article, functions, tests and standing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Article {
    /// The part of the law: counts, weights, dates, ANB, units, average, increases, dollars, records.
    pub part: String,
    /// What the rule says, in short.
    pub rule: String,
    /// The article or document.
    pub article: String,
    /// The functions that follow it, parted by `; `.
    pub functions: String,
    /// The tests that hold it at its bounds, parted by `; `.
    pub tests: String,
    /// How firm it is.
    pub standing: Standing,
}

/// The rows of the table.
///
/// # Errors
/// Never: a test reads them.
pub fn articles() -> Result<Vec<Article>, AnbError> {
    let mut reader = csv::Reader::from_reader(ARTICLES_CSV.as_bytes());
    let rows = reader.deserialize().enumerate().map(|(row, article)| {
        let line = row as u64 + 2;
        article.map_err(|error| AnbError::Table { table: "articles.csv", line, problem: error.to_string() })
    });
    rows.collect()
}

/// The page `docs/anb.md`: article, function, tests, standing.
///
/// # Errors
/// Never: a test makes it.
pub fn articles_page() -> Result<String, AnbError> {
    let mut page = String::from(
        "<!-- @generated from crates/anb/spec/articles.csv. Do not edit. -->\n\n\
         # ANB and school funding: article, function, tests, standing\n\n\
         Every rule that `opi-anb` follows, with the article or document it rests on, the functions that follow \
         it, and the tests that hold it at its bounds. Standing: *sourced* was read in the document named, \
         *derived* follows from such by stated reasoning, *recall* is not confirmed by a document. Choices that the \
         texts leave open are in `crates/anb/spec/interpretations.csv`, the figures by year in \
         `crates/anb/spec/entitlements.csv`, the years of each rule in `crates/anb/spec/timeline.csv`.\n",
    );
    let mut part = String::new();
    for article in articles()? {
        if article.part != part {
            let _ = write!(
                page,
                "\n## {}\n\n| Article | Rule | Function | Tests | Standing |\n|---|---|---|---|---|\n",
                article.part
            );
            part.clone_from(&article.part);
        }
        let code =
            |list: &str| list.split("; ").map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            article.article,
            article.rule,
            code(&article.functions),
            code(&article.tests),
            article.standing
        );
    }
    Ok(page)
}

//! The public writer. It takes nothing but a certified publication.

use crate::error::{Error, Result};
use crate::masking::Certified;
use crate::publication::{CellId, Publication};
use std::io::Write;

/// What is printed for hidden figures. One symbol for both kinds says least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbols {
    hidden: String,
    secondary: Option<String>,
}

impl Default for Symbols {
    fn default() -> Self {
        Self { hidden: "*".to_owned(), secondary: None }
    }
}

impl Symbols {
    /// One symbol for everything hidden.
    #[must_use]
    pub fn one(symbol: &str) -> Self {
        Self { hidden: symbol.to_owned(), secondary: None }
    }

    /// Two symbols: the reader then knows which cells are small, and the masking must have been certified
    /// against that ([`crate::Rule::legend_marks_sensitive`]).
    #[must_use]
    pub fn two(sensitive: &str, secondary: &str) -> Self {
        Self { hidden: sensitive.to_owned(), secondary: Some(secondary.to_owned()) }
    }
}

/// Writes the masked table as CSV: one column a dimension, then `count`. Rows stand in canonical order, never
/// by value; known zeros are printed; nothing tells sensitive from secondary unless two symbols were asked for.
///
/// # Errors
/// [`Error::NotCertified`] if two symbols are used but the certificate does not allow for that;
/// [`Error::Input`] if writing fails or a symbol could be read as a count.
pub fn write_csv(certified: &Certified, symbols: &Symbols, out: impl Write) -> Result<()> {
    let publication = certified.publication();
    for symbol in std::iter::once(&symbols.hidden).chain(&symbols.secondary) {
        if symbol.trim().is_empty() || symbol.trim().chars().all(|c| c.is_ascii_digit()) {
            return Err(Error::Input {
                place: "symbol".to_owned(),
                problem: format!("`{symbol}` could be read as a count or as nothing; use a mark such as *"),
            });
        }
    }
    let told = symbols.secondary.is_some() || symbols.hidden.chars().any(|c| c.is_ascii_digit());
    if told && certified.certificate().bounds.is_empty() && certified.hidden().contains(&true) {
        return Err(Error::NotCertified {
            problem:
                "the symbols tell which cells are small, but the masking was certified for a symbol that \
                      does not; set legend_marks_sensitive"
                    .to_owned(),
        });
    }
    let mut writer = csv::Writer::from_writer(out);
    let mut header: Vec<&str> = publication.dimensions().iter().map(|d| d.name()).collect();
    header.push("count");
    writer.write_record(&header).map_err(failed)?;
    let figure = |cell: CellId| {
        if !certified.is_hidden(cell) {
            return publication.value(cell).to_string();
        }
        match &symbols.secondary {
            Some(second) if certified.sensitive().get(cell.index()) != Some(&true) => second.clone(),
            _ => symbols.hidden.clone(),
        }
    };
    let mut write = |codes: Vec<String>, figure: String| {
        let mut record = codes;
        record.resize(publication.dimensions().len(), String::new());
        record.push(figure);
        writer.write_record(&record).map_err(failed)
    };
    for at in shown_coordinates(publication) {
        let codes = at.iter().zip(publication.dimensions()).map(|(&c, d)| d.code(c).to_owned()).collect();
        let text = publication.at(&at).map_or_else(|| "0".to_owned(), figure);
        write(codes, text)?;
    }
    for cell in publication.cells().filter(|&c| publication.coordinate(c).is_none()) {
        write(publication.codes(cell), figure(cell))?;
    }
    writer.flush().map_err(|e| Error::Input { place: "output".to_owned(), problem: e.to_string() })
}

/// Writes one hidden cell a line, codes in dimension order. This list is as public as the masked table.
///
/// # Errors
/// [`Error::Input`] if writing fails.
pub fn write_hidden(certified: &Certified, out: impl Write) -> Result<()> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(out);
    let publication = certified.publication();
    for cell in publication.cells().filter(|&c| certified.is_hidden(c)) {
        writer.write_record(publication.codes(cell)).map_err(failed)?;
    }
    writer.flush().map_err(|e| Error::Input { place: "output".to_owned(), problem: e.to_string() })
}

/// Every coordinate that a table shows, known zeros included, each once.
fn shown_coordinates(publication: &Publication) -> Vec<Vec<u32>> {
    let mut all: Vec<Vec<u32>> = Vec::new();
    for table in publication.tables() {
        let mut at = vec![Vec::new()];
        for (d, &limit) in publication.dimensions().iter().zip(table.depths()) {
            let codes: Vec<u32> = (0..d.len() as u32).filter(|&c| d.depth(c) <= limit).collect();
            at = at
                .into_iter()
                .flat_map(|prefix: Vec<u32>| {
                    codes.iter().map(move |&c| prefix.iter().copied().chain([c]).collect())
                })
                .collect();
        }
        all.extend(at);
    }
    all.sort_unstable();
    all.dedup();
    all
}

#[allow(clippy::needless_pass_by_value)]
fn failed(e: csv::Error) -> Error {
    Error::Input { place: "output".to_owned(), problem: e.to_string() }
}

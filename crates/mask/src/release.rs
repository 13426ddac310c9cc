//! The public writer. It takes nothing but a certified publication.

use crate::certified::Certified;
use crate::error::{Error, Result};
use crate::publication::{CellId, Publication};
use crate::value::Value;
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

    /// What is printed for a hidden cell.
    fn of(&self, certified: &Certified, cell: CellId) -> &str {
        match &self.secondary {
            Some(second) if certified.sensitive().get(cell.index()) != Some(&true) => second,
            _ => &self.hidden,
        }
    }

    /// Symbols that could be read as counts, that say what is not true of a cell they stand for, or that say
    /// more of it than the certificate grants an attacker, are refused.
    fn check(&self, certified: &Certified) -> Result<()> {
        for symbol in std::iter::once(&self.hidden).chain(&self.secondary) {
            if symbol.trim().is_empty() || symbol.trim().chars().all(|c| c.is_ascii_digit()) {
                return Err(Error::Input {
                    place: "symbol".to_owned(),
                    problem: format!(
                        "`{symbol}` could be read as a count or as nothing; use a mark such as *"
                    ),
                });
            }
        }
        let range = |symbol: &str| symbol.parse::<Value>().ok().and_then(|v| v.range());
        let publication = certified.publication();
        for cell in publication.cells().filter(|&c| certified.is_hidden(c)) {
            let symbol = self.of(certified, cell);
            let value = publication.value(cell);
            let (lo, hi) = range(symbol).unwrap_or((0, None));
            if value < lo || hi.is_some_and(|hi| value > hi) {
                return Err(Error::Input {
                    place: "symbol".to_owned(),
                    problem: format!(
                        "`{symbol}` would be printed for [{}], of which it is not true; use a mark that says nothing, or a second symbol",
                        publication.label(cell)
                    ),
                });
            }
            let (least, most) = certified.granted(cell);
            let told = self.secondary.is_some() || lo > 0 || hi.is_some();
            if told && (!certified.is_told() || lo > least || hi.is_some_and(|hi| hi < most)) {
                return Err(Error::NotCertified {
                    problem: format!(
                        "`{symbol}` tells more of [{}] than the masking was certified for; set legend_marks_sensitive",
                        publication.label(cell)
                    ),
                });
            }
        }
        Ok(())
    }
}

/// Writes the masked table as CSV: one column a dimension (or one a level, [`crate::Dimension::in_columns`]), then
/// `count`. Rows stand in canonical order, never
/// by value; known zeros are printed; nothing tells sensitive from secondary unless two symbols were asked for.
///
/// # Errors
/// [`Error::NotCertified`] if two symbols are used but the certificate does not allow for that;
/// [`Error::Input`] if writing fails or a symbol could be read as a count.
pub fn write_csv(certified: &Certified, symbols: &Symbols, out: impl Write) -> Result<()> {
    let publication = certified.publication();
    symbols.check(certified)?;
    let mut writer = csv::Writer::from_writer(out);
    let mut header: Vec<&str> = publication.dimensions().iter().flat_map(|d| d.columns()).collect();
    let width = header.len();
    header.push("count");
    if publication.has_percentages() {
        header.push("percent");
    }
    writer.write_record(&header).map_err(failed)?;
    let figure = |cell: CellId| match certified.is_hidden(cell) {
        true => symbols.of(certified, cell).to_owned(),
        false => publication.value(cell).to_string(),
    };
    let mut write = |codes: Vec<String>, figure: String, cell: Option<CellId>| {
        let mut record = codes;
        record.resize(width, String::new());
        record.push(figure);
        if publication.has_percentages() {
            let percentage = cell.and_then(|c| certified.percentage(c));
            record.push(match percentage {
                Some(Value::Masked(_)) => symbols.hidden.clone(),
                other => other.map_or_else(String::new, |v| v.to_string()),
            });
        }
        writer.write_record(&record).map_err(failed)
    };
    for at in shown_coordinates(publication) {
        let paths = at.iter().zip(publication.dimensions()).flat_map(|(&c, d)| d.path(c));
        let codes = paths.map(str::to_owned).collect();
        let cell = publication.at(&at);
        write(codes, cell.map_or_else(|| "0".to_owned(), figure), cell)?;
    }
    let further = |&c: &CellId| publication.coordinate(c).is_none() && publication.is_printed(c);
    for cell in publication.cells().filter(further) {
        write(publication.codes(cell), figure(cell), None)?;
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

//! The name of one figure of a year, by which it is asked why it is as it is.

use crate::federal::FederalFigure;
use opi_dictionary::{BudgetUnitId, FiscalYear};
use std::fmt;
use std::str::FromStr;

/// One figure or finding of a year.
///
/// - `anb:UNIT:FISCAL-YEAR`, such as `anb:4001-EL:FY2027`: the ANB of a budget unit and what follows from it.
/// - `edfacts:FILE:LEVEL:UNIT:SET:CODES`: see [`FederalFigure`].
/// - `mask:PUBLICATION:CELL`: the codes of a public figure parted by `|`, all in the order of the columns
///   (`mask:completion:0123|Dropped out|All|All`), or some by name with the totals of the rest
///   (`mask:enrollment:place=0123|grade=05`).
/// - `finding:CODE:FILE:LINE`, such as `finding:ENR-014:uploads/2026/0123/student-enrollments.tsv:118`.
///
/// ```
/// use opi::Figure;
/// let figure: Figure = "mask:enrollment:place=0123|grade=05".parse()?;
/// assert_eq!(figure.to_string(), "mask:enrollment:place=0123|grade=05");
/// let error = "anb:4001-EL".parse::<Figure>().unwrap_err();
/// assert_eq!(error.to_string(), "`anb:4001-EL`: expected anb:UNIT:FISCAL-YEAR, such as anb:4001-EL:FY2027");
/// # Ok::<(), opi::FigureError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Figure {
    /// The ANB of a budget unit.
    Anb {
        /// The unit.
        unit: BudgetUnitId,
        /// The fiscal year that it funds.
        fiscal_year: FiscalYear,
    },
    /// A figure of a federal file.
    Federal(FederalFigure),
    /// A figure of a public table.
    Public {
        /// The publication.
        publication: String,
        /// Its codes: name (blank for codes in order) and code.
        codes: Vec<(String, String)>,
    },
    /// A finding.
    Finding {
        /// The code of the rule.
        code: String,
        /// The file.
        file: String,
        /// The line.
        line: u64,
    },
}

/// A name that names no figure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{figure}`: {problem}")]
pub struct FigureError {
    /// The name as given.
    pub figure: String,
    /// What would be right.
    pub problem: String,
}

impl FromStr for Figure {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, FigureError> {
        let refuse = |problem: &str| FigureError { figure: text.to_owned(), problem: problem.to_owned() };
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match kind {
            "anb" => {
                let form = "expected anb:UNIT:FISCAL-YEAR, such as anb:4001-EL:FY2027";
                let (unit, year) = rest.split_once(':').ok_or_else(|| refuse(form))?;
                let unit = unit.parse().map_err(|error| refuse(&format!("{form}; {error}")))?;
                let fiscal_year = year.parse().map_err(|error| refuse(&format!("{form}; {error}")))?;
                Ok(Figure::Anb { unit, fiscal_year })
            }
            "edfacts" => text.parse().map(Figure::Federal).map_err(|error| refuse(&error.to_string())),
            "mask" => {
                let form = "expected mask:PUBLICATION:CELL, such as mask:enrollment:place=0123|grade=05";
                let (publication, cell) = rest.split_once(':').ok_or_else(|| refuse(form))?;
                let code = |part: &str| match part.split_once('=') {
                    Some((name, code)) => (name.trim().to_owned(), code.trim().to_owned()),
                    None => (String::new(), part.trim().to_owned()),
                };
                let codes: Vec<(String, String)> = cell.split('|').map(code).collect();
                let named = codes.iter().filter(|(name, _)| !name.is_empty()).count();
                if publication.is_empty() || (named > 0 && named < codes.len()) {
                    return Err(refuse(form));
                }
                Ok(Figure::Public { publication: publication.to_owned(), codes })
            }
            "finding" => {
                let form = "expected finding:CODE:FILE:LINE, as the findings name them";
                let (code, place) = rest.split_once(':').ok_or_else(|| refuse(form))?;
                let (file, line) = place.rsplit_once(':').ok_or_else(|| refuse(form))?;
                let line = line.parse().map_err(|_| refuse(form))?;
                Ok(Figure::Finding { code: code.to_owned(), file: file.to_owned(), line })
            }
            _ => Err(refuse("expected anb:..., edfacts:..., mask:... or finding:...")),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Figure::Anb { unit, fiscal_year } => write!(f, "anb:{unit}:{fiscal_year}"),
            Figure::Federal(figure) => figure.fmt(f),
            Figure::Public { publication, codes } => {
                write!(f, "mask:{publication}:")?;
                for (at, (name, code)) in codes.iter().enumerate() {
                    let bar = if at == 0 { "" } else { "|" };
                    let sign = if name.is_empty() { "" } else { "=" };
                    write!(f, "{bar}{name}{sign}{code}")?;
                }
                Ok(())
            }
            Figure::Finding { code, file, line } => write!(f, "finding:{code}:{file}:{line}"),
        }
    }
}

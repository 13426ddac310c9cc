//! From counted students to the files of a release, in one call.

use crate::certified::Certified;
use crate::error::{Error, Result};
use crate::masking::{Rule, mask};
use crate::publication::Publication;
use crate::release::{Symbols, write_csv, write_hidden};
use crate::tally::Tally;
use crate::utility::{Utility, utility};

/// The files of a release. There is none without a certificate.
#[derive(Debug, Clone)]
pub struct Release {
    /// Public: the masked tables as CSV, one column a dimension, then `count`.
    pub table: String,
    /// Public: the hidden cells, one a line, codes in dimension order.
    pub hidden: String,
    /// Confidential: the certificate as JSON. It holds the true counts.
    pub certificate: String,
    /// For the agency: what is withheld, against the least that is possible.
    pub utility: Utility,
    /// The certified publication itself.
    pub certified: Certified,
}

/// A table to publish: its name, and the dimensions crossed, each to a depth (none: to its leaves).
pub type TableChoice<'a> = (&'a str, &'a [(&'a str, Option<u32>)]);

/// Counts, masks, certifies and writes. All tables are masked as one publication, since they share cells;
/// without any table all dimensions are crossed.
///
/// ```
/// use opi_mask::{Dimension, Policy, Symbols, Tally, Zeros, publish};
/// let dims = vec![
///     Dimension::parse("unit", ["State", "D1", "D2", "S11:D1", "S12:D1", "S21:D2"])?,
///     Dimension::parse("race", ["Total", "AIAN", "WHITE"])?,
/// ];
/// let mut tally = Tally::new(&dims);
/// for (school, race, students) in [("S11", "AIAN", 3), ("S11", "WHITE", 40), ("S12", "AIAN", 9),
///     ("S12", "WHITE", 31), ("S21", "AIAN", 12), ("S21", "WHITE", 55)] {
///     for i in 0..students {
///         tally.add(&format!("{school} {race} {i}"), &[school, race])?;
///     }
/// }
/// let rule = Policy::find("montana-opi")?.rule(Some(Zeros::Show))?;
/// let tables: &[(&str, &[(&str, Option<u32>)])] = &[("by race", &[("unit", None), ("race", None)])];
/// let release = publish(&tally, tables, &rule, &Symbols::default())?;
/// assert!(release.table.contains("S11,AIAN,*"));
/// assert_eq!(release.utility.all.secondary, 3);
/// # Ok::<(), opi_mask::Error>(())
/// ```
///
/// # Errors
/// Everything that stops a release: [`Error::UnknownName`] for a dimension, [`Error::Frozen`],
/// [`Error::NotCertified`], or a symbol that says too much.
pub fn publish(tally: &Tally, tables: &[TableChoice<'_>], rule: &Rule, symbols: &Symbols) -> Result<Release> {
    let mut builder = Publication::builder(tally.dimensions().to_vec()).zeros_known(rule.zeros.known());
    for (name, crossed) in tables {
        builder = builder.table(name, crossed)?;
    }
    tally.fill(&mut builder)?;
    Release::of(mask(builder.build()?, rule)?, symbols)
}

impl Release {
    /// The files of a publication that is already certified.
    ///
    /// # Errors
    /// [`Error::Input`] or [`Error::NotCertified`] if a symbol says too much or could be read as a count.
    pub fn of(certified: Certified, symbols: &Symbols) -> Result<Self> {
        let (mut table, mut hidden) = (Vec::new(), Vec::new());
        write_csv(&certified, symbols, &mut table)?;
        write_hidden(&certified, &mut hidden)?;
        Ok(Self {
            table: text(table)?,
            hidden: text(hidden)?,
            certificate: certified.certificate().to_json()?,
            utility: utility(&certified),
            certified,
        })
    }
}

fn text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|e| Error::Input { place: "output".to_owned(), problem: e.to_string() })
}

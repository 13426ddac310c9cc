//! Certification as tables for people: where each stands, and which rows are no longer those that were certified.

use crate::certifying::{Certified, Differs};
use opi_dictionary::DistrictNumber;
use opi_snapshot::{CertificationState, ContentHash, RowPlace, TableDifference};
use serde::Serialize;

/// Where the certification of one collection by one district stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificationStanding {
    /// The collection.
    pub collection: String,
    /// The district.
    pub district: DistrictNumber,
    /// Where it stands.
    pub state: CertificationState,
    /// The members who certified, joined by `;`.
    pub certified_by: String,
    /// The rows of the district in the collection, now.
    pub rows: u64,
    /// Their hash.
    pub content: ContentHash,
    /// Findings that block certification or the upload.
    pub blocking: u64,
    /// Whether the rows differ from those that were certified: [`Differs::word`].
    pub differs_from_certified: &'static str,
}

impl opi_anb::CsvRow for CertificationStanding {
    const COLUMNS: &'static [&'static str] = &[
        "collection",
        "district",
        "state",
        "certified_by",
        "rows",
        "content",
        "blocking",
        "differs_from_certified",
    ];
}

/// A row that is no longer as it was certified: where it stands, not what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertifiedRowChange {
    /// The collection.
    pub collection: String,
    /// The district.
    pub district: DistrictNumber,
    /// The table.
    pub table: String,
    /// `added`, `removed` or `changed`; `and N more` where not every row is told.
    pub change: String,
    /// Its line in the file that was certified.
    pub line_when_certified: Option<u64>,
    /// Its line now.
    pub line_now: Option<u64>,
    /// The columns that differ, joined by `;`.
    pub columns: String,
}

impl opi_anb::CsvRow for CertifiedRowChange {
    const COLUMNS: &'static [&'static str] =
        &["collection", "district", "table", "change", "line_when_certified", "line_now", "columns"];
}

impl Certified {
    /// Where each certification stands, by collection and district.
    #[must_use]
    pub fn standings(&self) -> Vec<CertificationStanding> {
        let one = |one: &crate::DistrictCertification| CertificationStanding {
            collection: one.certification.collection().to_owned(),
            district: one.certification.district(),
            state: one.certification.state(),
            certified_by: joined(one.certification.certified_by().iter().map(|member| member.as_str())),
            rows: one.now.row_count(),
            content: one.now.content,
            blocking: one.blocking,
            differs_from_certified: one.differs.word(),
        };
        self.certifications.iter().map(one).collect()
    }

    /// The rows that are no longer as they were certified.
    #[must_use]
    pub fn changed_rows(&self) -> Vec<CertifiedRowChange> {
        let mut changes = Vec::new();
        for one in &self.certifications {
            let Differs::Rows(difference) = &one.differs else { continue };
            let (collection, district) = (one.certification.collection(), one.certification.district());
            for table in difference.tables.iter().filter(|table| !table.keys.is_same()) {
                changes.extend(changes_of(collection, district, table));
            }
        }
        changes
    }
}

fn changes_of(
    collection: &str,
    district: DistrictNumber,
    table: &TableDifference,
) -> Vec<CertifiedRowChange> {
    let change =
        |change: String, older: Option<RowPlace>, newer: Option<RowPlace>, columns| CertifiedRowChange {
            collection: collection.to_owned(),
            district,
            table: table.table.clone(),
            change,
            line_when_certified: older.map(|place| place.line),
            line_now: newer.map(|place| place.line),
            columns,
        };
    let more = (table.rows_not_kept > 0)
        .then(|| change(format!("and {} more", table.rows_not_kept), None, None, String::new()));
    let told = table.rows.iter().map(|row| {
        let columns = joined(row.values.iter().map(|(column, _, _)| column.as_str()));
        change(row.change.as_str().to_owned(), row.older, row.newer, columns)
    });
    told.chain(more).collect()
}

fn joined<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    parts.collect::<Vec<_>>().join(";")
}

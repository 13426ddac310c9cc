//! Rows of CSV texts, in and out.

use crate::AnbError;
use opi_dictionary::CsvRows;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A row of a CSV file that is written.
pub trait CsvRow: Serialize {
    /// The names of its columns, in the order of its fields: they stand there where the file has no row, too.
    const COLUMNS: &'static [&'static str];
}

/// Rows as CSV text with a header.
///
/// # Errors
/// When a row cannot be written as CSV.
pub fn to_csv<T: CsvRow>(rows: &[T]) -> Result<String, AnbError> {
    let document = |problem: String| AnbError::Document { what: "a row of CSV".into(), problem };
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(T::COLUMNS).map_err(|error| document(error.to_string()))?;
    for row in rows {
        writer.serialize(row).map_err(|error| document(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| document(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| document(error.to_string()))
}

/// The rows of a CSV text, each with the line on which it begins. After the first that is not there, none follows.
pub(crate) fn csv_rows<T: DeserializeOwned>(text: &str) -> Vec<(u64, Result<T, String>)> {
    match CsvRows::new(text.as_bytes()) {
        Ok(rows) => rows.collect(),
        Err(problem) => vec![(1, Err(problem))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AnbHistory, AnbRow, CountEntry, CountFileRow, EntitlementRow, EntitlementTable, Figure};

    #[test]
    fn a_table_without_rows_has_its_columns() {
        assert!(
            to_csv::<AnbRow>(&[]).unwrap().starts_with("fiscal_year,district,legal_entity,unit,program,")
        );
        assert!(to_csv::<EntitlementRow>(&[]).unwrap().ends_with("entitlement,amount,standing\n"));
        assert!(to_csv::<CountFileRow>(&[]).unwrap().starts_with("school_year,count,count_date,"));
        assert_eq!(
            to_csv::<Figure>(&[]).unwrap().trim_end(),
            crate::ENTITLEMENTS_CSV.lines().next().unwrap()
        );
    }

    #[test]
    fn lines_are_those_of_the_text() {
        // A cell of two lines, then blank lines.
        let history = "fiscal_year,unit,anb_current,note\nFY2025,A,1,\"two\nlines\"\n\n\nFY2025,A,x,\n";
        let said = AnbHistory::from_csv(history).unwrap_err().to_string();
        assert!(said.contains("line 6: column 3: "), "{said}");
        let entries = "key,school,grade,hours,weight\nA1,0007,05,1080,1\r\n\r\n\r\nB,7,05,x,1\n";
        assert!(CountEntry::from_csv(entries).unwrap_err().to_string().contains("line 5: "));
        let columns = crate::ENTITLEMENTS_CSV.lines().next().unwrap();
        let said = EntitlementTable::from_csv(&format!("{columns}\n\n\nshort\n")).unwrap_err().to_string();
        assert!(said.contains("line 4: 1 cells, expected"), "{said}");
    }
}

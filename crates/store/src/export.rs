//! Tables as CSV.

use crate::StoreError;
use opi_snapshot::Table;
use std::io::Write;

/// Writes a table as CSV: a line of column names, then the rows in canonical order, every value as sent. Line ends
/// are LF; a value is quoted where it must be.
///
/// # Errors
/// When the stream fails.
pub fn write_csv(table: &Table, out: impl Write) -> Result<(), StoreError> {
    let failed = |problem: String| StoreError::Export { table: table.name().to_owned(), problem };
    let mut writer = csv::WriterBuilder::new().from_writer(out);
    let names = table.schema().columns.iter().map(|column| column.name.as_str());
    writer.write_record(names).map_err(|error| failed(error.to_string()))?;
    for record in table.records() {
        let fields = (0..record.columns()).map(|column| record.field(column));
        writer.write_record(fields).map_err(|error| failed(error.to_string()))?;
    }
    writer.flush().map_err(|error| failed(error.to_string()))
}

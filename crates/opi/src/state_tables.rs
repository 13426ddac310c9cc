//! The tables that the state itself holds, such as foster care: read whole, or not at all.

use crate::federal::read_state_table;
use crate::register::Received;
use crate::year::{Year, YearError};
use opi_dictionary::{FieldValue, SchoolYear};
use opi_snapshot::Table;

impl Year {
    /// The tables of the state, whose rows have the sources after the uploads.
    pub(crate) fn state_tables(
        &self,
        files: &[Received],
        year: SchoolYear,
        uploads: usize,
    ) -> Result<Vec<Table>, YearError> {
        let mut tables = Vec::with_capacity(files.len());
        for (file, source) in files.iter().zip(uploads..) {
            let name = file.upload.name();
            let Some(layout) = file.layout.as_deref() else {
                return Err(YearError::NoLayout { file: name.to_owned() });
            };
            if self.dictionary.layout(layout).is_err() {
                return Err(YearError::NoLayout { file: name.to_owned() });
            }
            let source = u32::try_from(source).unwrap_or(u32::MAX);
            let (table, not_read) = read_state_table(file.upload.as_ref(), &self.dictionary, layout, source)?;
            if not_read > 0 {
                return Err(YearError::StateTable { file: name.to_owned(), rows: not_read });
            }
            if let Some(line) = line_of_other_year(&table, year) {
                return Err(YearError::StateTableYear { file: name.to_owned(), line, year });
            }
            tables.push(table);
        }
        Ok(tables)
    }
}

/// The first line of a table whose school year is another one, or none; a row that names no year is of any.
fn line_of_other_year(table: &Table, year: SchoolYear) -> Option<u64> {
    let column = table.schema().column("year")?;
    let other = |text: &str| !text.is_empty() && SchoolYear::read(text) != Some(year);
    table.records().filter(|record| other(record.field(column))).map(|record| record.origin().line).min()
}

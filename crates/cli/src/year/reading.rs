//! What reading left out, as a file.

use super::outputs::Outputs;
use crate::Failure;
use opi::anb::to_csv;
use opi::{Prior, Taken};

/// Lists the rows that were read and not taken in, where there are any: those of the year, then those of the year
/// before. Gives how many of the year there are.
pub(super) fn write_not_taken(
    outputs: &mut Outputs,
    year: &Taken,
    before: Option<&Prior>,
) -> Result<u64, Failure> {
    let mut rows = opi::not_taken(&year.imports);
    rows.extend(before.map(|before| opi::not_taken(&before.imports)).unwrap_or_default());
    if !rows.is_empty() {
        let (path, count) = ("restricted/not-taken.csv", Some(rows.len() as u64));
        outputs.write(path, to_csv(&rows)?.as_bytes(), count, "opi snapshot take --help")?;
    }
    Ok(year.imports.iter().flat_map(|(_, import)| import.not_applied.values()).sum())
}

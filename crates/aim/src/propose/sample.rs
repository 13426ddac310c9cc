//! The rows of a file that a proposal rests on.

use crate::AimError;
use opi_dictionary::{Dictionary, FieldValue, Layout};
use std::collections::BTreeMap;
use std::io::BufRead;

/// How many rows are looked at.
const ROWS: usize = 20_000;
/// How many bytes are looked at.
const BYTES: u64 = 64 * 1024 * 1024;
/// How many fields a row may have: several times as many as the widest layout. Wider rows are passed over.
const WIDEST: usize = 256;

/// The first rows of a file that have the usual number of fields.
pub(super) struct Sample {
    pub(super) rows: Vec<Vec<String>>,
    /// How many fields each row has; 0 where there is no row.
    pub(super) width: usize,
    /// Rows that have another number of fields.
    pub(super) passed_over: usize,
}

impl Sample {
    /// Reads the first rows of the file, header and blank lines left out.
    pub(super) fn read(input: impl BufRead) -> Result<Self, AimError> {
        let mut rows: Vec<Vec<String>> = Vec::new();
        let (mut bounded, mut line) = (input.take(BYTES), Vec::new());
        let (mut number, mut too_wide) = (0, 0);
        while rows.len() + too_wide < ROWS {
            line.clear();
            number += 1;
            let read = bounded
                .read_until(b'\n', &mut line)
                .map_err(|source| AimError::Io { line: number, source })?;
            if read == 0 {
                break;
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
            if text.split('\t').nth(WIDEST).is_some() {
                too_wide += 1;
                continue;
            }
            let fields: Vec<String> =
                text.split('\t').map(|field| field.trim_matches(' ').to_owned()).collect();
            let is_header = number == 1
                && fields.len() == 4
                && chrono::NaiveDate::read(fields.get(1).map_or("", String::as_str)).is_some();
            if !is_header && fields.iter().any(|field| !field.is_empty()) {
                rows.push(fields);
            }
        }
        let all = rows.len() + too_wide;
        let width = usual_width(&rows);
        rows.retain(|row| row.len() == width);
        Ok(Sample { width, passed_over: all - rows.len(), rows })
    }

    /// The layout whose record type stands in every row, wherever its column has come to stand.
    pub(super) fn layout<'d>(&self, dictionary: &'d Dictionary) -> Option<&'d Layout> {
        let first = self.rows.first()?;
        first.iter().enumerate().find_map(|(column, value)| {
            let layout = dictionary.layout_of_record_type(value).filter(|layout| layout.key != "header")?;
            self.rows.iter().all(|row| row.get(column) == Some(value)).then_some(layout)
        })
    }
}

fn usual_width(rows: &[Vec<String>]) -> usize {
    let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
    for row in rows {
        *widths.entry(row.len()).or_default() += 1;
    }
    widths.into_iter().max_by_key(|(width, count)| (*count, *width)).map_or(0, |(width, _)| width)
}

//! Finds the true layout of a real file: which field stands in which column.
//!
//! The order of fields past the first few is not public, so someone with a real file must be able to find it.
//! Each column is described by what stands in it; each pair of column and field gets a score from named
//! evidence; the assignment with the greatest total is taken. Nothing is guessed in silence: every column says
//! what speaks for its field, how far the runner-up is behind, and what remains in doubt.

mod column;
mod sample;
mod score;

use crate::AimError;
use column::{Column, compare_days, compare_patterns};
use opi_dictionary::{Dictionary, Layout, LayoutFieldRow, layout_to_toml};
use pathfinding::prelude::{Matrix, kuhn_munkres};
use sample::Sample;
use score::{Score, score};
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::BufRead;

/// A layout proposed for a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct LayoutProposal {
    /// The layout that the file was compared with.
    pub layout: String,
    /// Rows looked at.
    pub rows: usize,
    /// Rows passed over because they have not the usual number of fields.
    pub rows_passed_over: usize,
    /// Each column of the file, in order.
    pub columns: Vec<ColumnProposal>,
    /// Fields of the known layout for which no column was found.
    pub missing: Vec<String>,
    /// Whether the file follows the known layout as it stands.
    pub as_known: bool,
}

/// One column and the field proposed for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct ColumnProposal {
    /// The column, counted from 1.
    pub position: usize,
    /// The key of the proposed field; a new key where no field fits.
    pub field: String,
    /// Its name.
    pub name: String,
    /// The position in the known layout, where it has one.
    pub known_position: Option<usize>,
    /// What speaks for it.
    pub evidence: Vec<String>,
    /// What speaks against it or leaves it open; empty when nothing does.
    pub doubts: Vec<String>,
}

impl LayoutProposal {
    /// Whether anything is left in doubt.
    #[must_use]
    pub fn has_doubts(&self) -> bool {
        !self.missing.is_empty() || self.columns.iter().any(|column| !column.doubts.is_empty())
    }

    /// The proposal as a replacement layout in TOML, to be given to
    /// [`Dictionary::replace_layout_toml`](opi_dictionary::Dictionary::replace_layout_toml).
    ///
    /// # Errors
    /// When the dictionary lacks the layout.
    pub fn to_toml(&self, dictionary: &Dictionary) -> Result<String, AimError> {
        let layout = dictionary.layout(&self.layout)?;
        let rows: Vec<LayoutFieldRow> = self.columns.iter().map(|column| column.to_row(layout)).collect();
        Ok(layout_to_toml(&self.layout, &rows))
    }
}

impl ColumnProposal {
    fn to_row(&self, layout: &Layout) -> LayoutFieldRow {
        let position = u16::try_from(self.position).unwrap_or(u16::MAX);
        match layout.fields.iter().find(|field| field.key == self.field) {
            Some(field) => LayoutFieldRow {
                position,
                position_standing: if self.known_position == Some(self.position) {
                    LayoutFieldRow::from(field).position_standing
                } else {
                    "proposed".to_owned()
                },
                ..LayoutFieldRow::from(field)
            },
            None => LayoutFieldRow {
                position,
                field: self.field.clone(),
                name: self.name.clone(),
                field_type: "string".to_owned(),
                required: "no".to_owned(),
                meaning: "A column for which no field was found.".to_owned(),
                source: "matched against a file".to_owned(),
                standing: "derived".to_owned(),
                position_standing: "proposed".to_owned(),
                ..LayoutFieldRow::default()
            },
        }
    }
}

/// Matches the columns of a file to the fields of a layout, which is chosen by the record type of the first row
/// unless it is named. A header record is passed over.
///
/// # Errors
/// When the stream fails, the layout does not exist, or the file has no row by which one could be chosen.
pub fn propose_layout(
    input: impl BufRead,
    dictionary: &Dictionary,
    layout: Option<&str>,
) -> Result<LayoutProposal, AimError> {
    let sample = Sample::read(input)?;
    let layout = match layout {
        Some(key) => dictionary.layout(key)?,
        None => sample.layout(dictionary).ok_or(AimError::NoLayout)?,
    };
    let (width, rows) = (sample.width, &sample.rows);
    let mut columns: Vec<Column> =
        (0..width).map(|index| Column::new(rows.iter().filter_map(|row| row.get(index)))).collect();
    compare_days(&mut columns, rows);
    compare_patterns(&mut columns, rows, layout);
    let scores: Vec<Vec<Score>> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            layout.fields.iter().map(|field| score(column, index, field, layout, dictionary)).collect()
        })
        .collect();
    let chosen = assign(&scores, layout.fields.len());
    let mut proposals = Vec::with_capacity(width);
    for (index, field) in chosen.iter().enumerate() {
        let Some(column) = columns.get(index) else { continue };
        let column_scores = scores.get(index).map(Vec::as_slice).unwrap_or_default();
        proposals.push(describe(index, column, *field, column_scores, layout));
    }
    let taken: BTreeSet<usize> = chosen.iter().flatten().copied().collect();
    let missing = layout.fields.iter().enumerate().filter(|(index, _)| !taken.contains(index));
    let as_known =
        width == layout.fields.len() && chosen.iter().enumerate().all(|(index, field)| *field == Some(index));
    Ok(LayoutProposal {
        layout: layout.key.clone(),
        rows: rows.len(),
        rows_passed_over: sample.passed_over,
        columns: proposals,
        missing: missing.map(|(_, field)| field.name.clone()).collect(),
        as_known,
    })
}

/// The assignment of columns to fields with the greatest total. A column may stay without a field, and a field
/// without a column; of two equal assignments the one that keeps the known order wins.
fn assign(scores: &[Vec<Score>], fields: usize) -> Vec<Option<usize>> {
    let columns = scores.len();
    if columns == 0 {
        return Vec::new();
    }
    // Beside the fields stands one "no field" for each column, so that there is always an assignment.
    let weights = Matrix::from_fn(columns, fields + columns, |(column, field)| {
        match scores.get(column).and_then(|row| row.get(field)) {
            Some(score) => score.total * 1000 - column.abs_diff(field) as i64,
            None => -5_000,
        }
    });
    let (_, chosen) = kuhn_munkres(&weights);
    chosen.into_iter().map(|field| Some(field).filter(|field| *field < fields)).collect()
}

/// Puts a column's assignment into words, with what remains in doubt.
fn describe(
    index: usize,
    column: &Column,
    chosen: Option<usize>,
    scores: &[Score],
    layout: &Layout,
) -> ColumnProposal {
    let position = index + 1;
    let found = chosen.and_then(|field| Some((layout.fields.get(field)?, scores.get(field)?)));
    let Some((field, score)) = found else {
        let filled = format!("filled in {} of {} rows", column.filled, column.rows);
        return ColumnProposal {
            position,
            field: format!("unknown_{position}"),
            name: format!("Unknown {position}"),
            known_position: None,
            evidence: vec![filled],
            doubts: vec!["no field of the layout fits".to_owned()],
        };
    };
    let mut doubts = score.doubts.clone();
    // Who else would fit nearly as well: the other fields, whether they found a column or not.
    let rivals: Vec<&str> = scores
        .iter()
        .enumerate()
        .filter(|(rival, other)| {
            Some(*rival) != chosen && column.filled > 0 && other.total > 0 && score.total - other.total <= 10
        })
        .filter_map(|(rival, _)| layout.fields.get(rival))
        .map(|field| field.name.as_str())
        .collect();
    if !rivals.is_empty() {
        doubts.push(format!("fits nearly as well: {}", rivals.join(", ")));
    }
    ColumnProposal {
        position,
        field: field.key.clone(),
        name: field.name.clone(),
        known_position: layout.column(field.field).map(|column| column + 1),
        evidence: score.evidence.clone(),
        doubts,
    }
}

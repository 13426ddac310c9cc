//! Counts as files, without a row in memory for each record: a state of every district and school has millions.

use super::{DataRow, FileForm, FileWriter, Header, code_rank, period, put};
use crate::catalogue::Role;
use crate::count::{Codes, CountedCell, FileCounts, MOST_CATEGORIES};
use crate::{CategorySet, EdfactsError};
use std::io::Write;

/// A part of the line of a set.
enum Piece {
    Text(String),
    Number,
    Lea,
    School,
    Amount,
    /// The code of a category, by its place in the set.
    Code(usize),
}

/// How the records of one set are written.
struct Template {
    /// The place of its table and of the set itself in the order of the file.
    place: (usize, usize),
    pieces: Vec<Piece>,
    /// For each category of the set in the order of columns: its place in the set, and the rank of each code.
    ranks: Vec<(usize, Vec<u16>)>,
    /// For each category of the set: each code as it stands in a line; `None` where it is not permitted.
    codes: Vec<Vec<Option<String>>>,
    amount_column: usize,
    amount_width: usize,
}

impl Template {
    fn key(&self, codes: &Codes) -> [u16; MOST_CATEGORIES] {
        let mut key = [0; MOST_CATEGORIES];
        for ((slot, ranks), rank) in self.ranks.iter().zip(&mut key) {
            let code = codes.get(*slot).copied().unwrap_or_default();
            *rank = ranks.get(usize::from(code)).copied().unwrap_or_default();
        }
        key
    }
}

impl FileWriter<'_> {
    /// Writes the records of a count, as [`FileWriter::write`] would write them one by one. Returns how many data
    /// records were written.
    ///
    /// # Errors
    /// As [`FileWriter::write`].
    pub fn write_counts(
        &self,
        counts: &FileCounts,
        file_name: &str,
        file_identifier: &str,
        form: FileForm,
        out: &mut dyn Write,
    ) -> Result<u64, EdfactsError> {
        let header = Header {
            file_type: self.file_type.clone(),
            total_records: counts.len().to_string(),
            file_name: file_name.to_owned(),
            file_identifier: file_identifier.to_owned(),
            reporting_period: period(self.year),
        };
        let failed = |error: std::io::Error| EdfactsError::Output { what: error.to_string() };
        let mut buffer = header.line(&self.layout, form)?;
        buffer.push_str("\r\n");
        let mut templates: Vec<Option<Template>> = (0..counts.set_count()).map(|_| None).collect();
        let mut record = 0;
        for unit in counts.by_unit() {
            let (lea, school) = counts.unit_ids(unit);
            let ids = UnitText::new(self, form, lea, school, record + 1)?;
            let mut groups: Vec<(usize, Vec<&CountedCell>)> = Vec::new();
            for group in unit.chunk_by(|a, b| a.set == b.set) {
                let Some(set) = group.first().map(|cell| usize::from(cell.set)) else { continue };
                let Some(slot) = templates.get_mut(set) else { continue };
                if slot.is_none() {
                    *slot = Some(self.template(counts, group, form, record + 1)?);
                }
                let Some(template) = slot else { continue };
                let mut cells: Vec<&CountedCell> = group.iter().collect();
                if !cells.is_sorted_by_key(|cell| template.key(&cell.codes)) {
                    cells.sort_by_cached_key(|cell| template.key(&cell.codes));
                }
                groups.push((set, cells));
            }
            groups.sort_by_key(|(set, _)| {
                templates.get(*set).and_then(Option::as_ref).map(|known| known.place)
            });
            for (set, cells) in groups {
                let Some(Some(template)) = templates.get(set) else { continue };
                for cell in cells {
                    record += 1;
                    if !template.line(&mut buffer, form, record, &ids, cell, counts) {
                        // The slow way says what is wrong.
                        let row = counts.record(cell).map(|record| DataRow::from(&record));
                        let column = "all".to_owned();
                        let what = "the record does not fit the layout".to_owned();
                        let error = EdfactsError::Write { record, column, what };
                        return Err(row.and_then(|row| self.place(&row, record).err()).unwrap_or(error));
                    }
                }
                if buffer.len() > 1 << 16 {
                    out.write_all(buffer.as_bytes()).map_err(failed)?;
                    buffer.clear();
                }
            }
        }
        out.write_all(buffer.as_bytes()).map_err(failed)?;
        Ok(record)
    }

    /// The template of a set, from its first records: the whole row is checked once.
    fn template(
        &self,
        counts: &FileCounts,
        group: &[CountedCell],
        form: FileForm,
        record: u64,
    ) -> Result<Template, EdfactsError> {
        let refuse =
            |what: &str| EdfactsError::Write { record, column: "categories".into(), what: what.into() };
        let first = group.first().and_then(|cell| counts.record(cell));
        let example = DataRow::from(&first.ok_or_else(|| refuse("the set has no record"))?);
        let (_, values) = self.place(&example, record)?;
        let set: &CategorySet =
            self.set_of(&example, record)?.ok_or_else(|| refuse("the file has no sets"))?;
        let table = self.sets.iter().position(|known| known.table == set.table).unwrap_or_default();
        let place = self.sets.iter().position(|known| *known == set).unwrap_or_default();
        let cell = group.first().ok_or_else(|| refuse("the set has no record"))?;
        let (mut pieces, mut ranks, mut columns) = (Vec::new(), Vec::new(), vec![None; set.categories.len()]);
        let (mut amount_column, mut amount_width) = (0, 0);
        let names: Vec<&str> = counts.categories_of(cell).collect();
        for ((column, value), number) in self.layout.fields().zip(&values).zip(0usize..) {
            let slot = set.positions.iter().position(|at| self.layout.field_at(*at) == Some(number));
            // The set of the catalogue and the set that was counted may list their categories in another order.
            let slot = slot.and_then(|slot| set.categories.get(slot));
            let slot = slot.and_then(|name| names.iter().position(|known| known == name));
            match (column.role, slot) {
                (Role::RecordNumber, _) => pieces.push(Piece::Number),
                (Role::LeaId, _) => pieces.push(Piece::Lea),
                (Role::SchoolId, _) => pieces.push(Piece::School),
                (Role::Amount, _) => {
                    (amount_column, amount_width) = (number, usize::from(column.length));
                    pieces.push(Piece::Amount);
                }
                (Role::Value, Some(slot)) => {
                    let codes = counts.codes_of(cell, slot);
                    let mut order: Vec<(usize, (u8, u64, String))> =
                        codes.iter().map(|code| code_rank(&column.name, code)).enumerate().collect();
                    order.sort_by(|a, b| a.1.cmp(&b.1));
                    let mut rank = vec![0u16; codes.len()];
                    for ((code, _), place) in order.into_iter().zip(0u16..) {
                        if let Some(rank) = rank.get_mut(code) {
                            *rank = place;
                        }
                    }
                    ranks.push((slot, rank));
                    if let Some(known) = columns.get_mut(slot) {
                        *known = Some((number, column));
                    }
                    pieces.push(Piece::Code(slot));
                }
                _ => {
                    let mut text = String::new();
                    put(&mut text, form, number, record, &column.name, usize::from(column.length), value)?;
                    match pieces.last_mut() {
                        Some(Piece::Text(known)) => known.push_str(&text),
                        _ => pieces.push(Piece::Text(text)),
                    }
                }
            }
        }
        let codes = columns.iter().zip(0usize..).map(|(known, slot)| {
            let texts = counts.codes_of(cell, slot).iter().map(|code| {
                let (number, column) = (*known)?;
                let name = names.get(slot)?;
                self.permit(Some(set), name, column, code, record).ok()?;
                let mut text = String::new();
                let width = usize::from(column.length);
                put(&mut text, form, number, record, &column.name, width, code).ok()?;
                Some(text)
            });
            texts.collect()
        });
        let codes = codes.collect();
        Ok(Template { place: (table, place), pieces, ranks, codes, amount_column, amount_width })
    }
}

/// The identifiers of a unit as they stand in a line.
struct UnitText {
    lea: String,
    school: String,
}

impl UnitText {
    fn new(
        writer: &FileWriter<'_>,
        form: FileForm,
        lea: Option<&str>,
        school: Option<&str>,
        record: u64,
    ) -> Result<Self, EdfactsError> {
        let mut ids = UnitText { lea: String::new(), school: String::new() };
        for (column, number) in writer.layout.fields().zip(0usize..) {
            let (text, value) = match column.role {
                Role::LeaId => (&mut ids.lea, lea),
                Role::SchoolId => (&mut ids.school, school),
                _ => continue,
            };
            let width = usize::from(column.length);
            put(text, form, number, record, &column.name, width, value.unwrap_or_default())?;
        }
        Ok(ids)
    }
}

impl Template {
    /// Adds the line of a cell; false when a code is not permitted or the amount too long.
    fn line(
        &self,
        line: &mut String,
        form: FileForm,
        record: u64,
        ids: &UnitText,
        cell: &CountedCell,
        counts: &FileCounts,
    ) -> bool {
        let delimiter = match form {
            FileForm::Csv => Some(','),
            FileForm::Tab => Some('\t'),
            FileForm::Txt => None,
        };
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => line.push_str(text),
                Piece::Lea => line.push_str(&ids.lea),
                Piece::School => line.push_str(&ids.school),
                Piece::Number => {
                    let start = line.len();
                    push_number(line, record);
                    if delimiter.is_none() {
                        super::pad(line, start + 10);
                    }
                    if line.len() > start + 10 {
                        return false;
                    }
                }
                Piece::Amount => {
                    if self.amount_column > 0 {
                        line.extend(delimiter);
                    }
                    let start = line.len();
                    match counts.amount(cell) {
                        crate::Amount::Whole(number) => push_number(line, number),
                        other => line.push_str(&other.to_string()),
                    }
                    if line.len() > start + self.amount_width {
                        return false;
                    }
                    if delimiter.is_none() {
                        super::pad(line, start + self.amount_width);
                    }
                }
                Piece::Code(slot) => {
                    let code = cell.codes.get(*slot).copied().unwrap_or_default();
                    let text = self.codes.get(*slot).and_then(|codes| codes.get(usize::from(code)));
                    match text {
                        Some(Some(text)) => line.push_str(text),
                        _ => return false,
                    }
                }
            }
        }
        line.push_str("\r\n");
        true
    }
}

/// Digits without a formatter: it runs for every record.
fn push_number(line: &mut String, number: u64) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    let mut rest = number;
    loop {
        start -= 1;
        if let Some(digit) = digits.get_mut(start) {
            *digit = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
        if rest == 0 || start == 0 {
            break;
        }
    }
    line.push_str(
        digits.get(start..).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default(),
    );
}

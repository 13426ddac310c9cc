//! What a reader notes of the first line and of single lines.

use super::{Reader, plain};
use crate::header::Header;
use crate::log::{ReadHit, ReadRule, WRONG_CASE};
use crate::quotes;
use opi_dictionary::{FieldId, FieldValue, HeaderRule, Layout, fields};
use std::io::BufRead;

impl<R: BufRead> Reader<'_, R> {
    /// Takes the first line as the header if it is one; notes what is wrong with it. False when it is a row.
    pub(super) fn take_header(&mut self, line: usize, line_number: u64, byte: u64) -> bool {
        let rule = self.layout.map(|layout| layout.header);
        if rule == Some(HeaderRule::None) {
            return false;
        }
        let parts: Vec<String> = self.split(line).into_iter().map(str::to_owned).collect();
        let (kind, count) = (parts.first().map_or("", String::as_str), parts.len());
        let own_type = self.layout.or_else(|| self.choose_layout(line));
        // Shorter than any row: where a row's first field is right, four fields can only be a header.
        let is_own =
            own_type.is_some_and(|layout| !layout.record_type.is_empty() && layout.record_type == kind);
        let looks_like_row = own_type.is_some_and(|layout| layout.fields.len() == count) && kind != "HD";
        let beside = beside_hd(kind);
        let is_header = kind == "HD" || beside > 0 || (count == 4 && !looks_like_row);
        if !is_header {
            let optional = own_type.is_some_and(|layout| layout.header == HeaderRule::Optional);
            if !optional {
                self.log.note(ReadHit {
                    line: line_number,
                    byte,
                    number: count as u64,
                    ..plain(ReadRule::HeaderMissing)
                });
            }
            return false;
        }
        let mut note = |rule: ReadRule, field: Option<FieldId>, number: u64| {
            self.log.note(ReadHit { line: line_number, byte, field, number, ..plain(rule) });
        };
        let part = |index: usize| parts.get(index).cloned().unwrap_or_default();
        let header = Header { date: part(1), time: part(2), version: part(3) };
        if count == 4 {
            let record_type = Some(fields::HEADER_RECORD_TYPE);
            match kind {
                "HD" => {}
                _ if is_own => note(ReadRule::HeaderOwnRecordType, record_type, 0),
                _ => note(ReadRule::HeaderRecordType, record_type, beside),
            }
            if header.date().is_none() {
                note(ReadRule::HeaderDate, Some(fields::HEADER_DATE), 0);
            }
            if chrono::NaiveTime::read(&header.time).is_none() {
                note(ReadRule::HeaderTime, Some(fields::HEADER_TIME), 0);
            }
            if header.version != Header::VERSION {
                note(ReadRule::HeaderVersion, Some(fields::HEADER_VERSION), 0);
            }
        } else {
            note(ReadRule::HeaderMissing, None, count as u64);
        }
        self.header = Some(header);
        true
    }

    /// Notes a blank line.
    pub(super) fn note_blank(&mut self, number: u64, byte: u64) {
        self.log.note(ReadHit { line: number, byte, ..plain(ReadRule::BlankLine) });
        let (first, _, lines) = self.blank;
        match first + lines == number {
            true => self.blank.2 += 1,
            false => self.blank = (number, byte, 1),
        }
    }

    /// Notes the first quotation mark of a line that another tool put there. The field is named where the row has as
    /// many fields as its layout.
    pub(super) fn note_quotes(&mut self, line: usize, number: u64, byte: u64) {
        let Some((column, offset, quote)) = quotes::find(self.text_of(line)) else { return };
        let fields = self.layout.map(|layout| layout.fields.as_slice()).unwrap_or_default();
        let fits = self.split(line).len() == fields.len();
        let field = fields.get(column).filter(|_| fits).map(|field| field.field);
        let byte = byte + offset as u64;
        self.log.note(ReadHit {
            line: number,
            byte,
            field,
            number: quote.number(),
            ..plain(ReadRule::Quoted)
        });
    }

    /// Notes the control characters of a line, one hit a field; fields are named by the layout, where one holds.
    pub(super) fn note_controls(&mut self, line: usize, number: u64, byte: u64, layout: Option<&Layout>) {
        let Some(place) = self.chunk.index.lines.get(line).copied() else { return };
        let mut last_column = None;
        while let Some(position) = self.chunk.index.controls.get(self.next_control).copied() {
            if position >= place.end {
                break;
            }
            self.next_control += 1;
            if position < place.start {
                continue;
            }
            let tabs = self.chunk.index.tabs.get(place.tabs_from as usize..place.tabs_to as usize);
            let column = tabs.unwrap_or_default().partition_point(|tab| *tab < position);
            if last_column == Some(column) {
                continue;
            }
            last_column = Some(column);
            let field = layout.and_then(|layout| layout.fields.get(column)).map(|field| field.field);
            let at = byte + u64::from(position - place.start);
            let letter = self.chunk.text.as_bytes().get(position as usize).copied().map_or(0, u64::from);
            let hit = plain(ReadRule::ControlCharacter);
            self.log.note(ReadHit { line: number, byte: at, field, number: letter, ..hit });
        }
    }
}

/// What keeps the first field of a header from being HD though it reads so: the character beside it that cannot be seen,
/// or [`WRONG_CASE`]; 0 where it does not read so.
fn beside_hd(text: &str) -> u64 {
    let unseen =
        |c: char| matches!(c, '\u{a0}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}') || c.is_control();
    match (text.trim_matches(unseen), text.chars().find(|c| unseen(*c))) {
        ("HD", Some(character)) => u64::from(u32::from(character)),
        (plain, None) if plain.eq_ignore_ascii_case("HD") && plain != "HD" => WRONG_CASE,
        _ => 0,
    }
}

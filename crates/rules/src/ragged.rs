//! Rows with a wrong number of fields: which of their fields still stand in a place that is certain.
//!
//! Fields are missing, or too many, at one place of the row. Each place is tried: the fields before it are read from
//! the left, those after it from the right. The places where the fewest fields fail their form are taken, and a column
//! is read where all of these agree on what stands in it. So a row that was cut short is read as far as it goes, a row
//! that lost a field amid is read on both sides of the gap, and no value is judged under the name of its neighbor. A
//! column that is not read is known to be neither filled nor blank: no rule says anything of it.

use opi_dictionary::{Layout, LayoutField, Row, RowBuffer, fields};

/// A row whose fields were put in their places.
pub(crate) struct Placed<'a> {
    buffer: RowBuffer<'a>,
    /// For each column whether it could not be told.
    pub(crate) unread: Vec<bool>,
    line: u64,
    byte: u64,
}

impl<'a> Placed<'a> {
    /// Puts the fields of a row in their places; `None` where more of them fail than fit, or the row says that it
    /// belongs to another layout, so that nothing can be said of it.
    #[cold]
    pub(crate) fn of(row: &Row<'a>) -> Option<Self> {
        let layout = row.layout();
        let texts: Vec<&str> = row.fields().collect();
        let columns = places(layout, &texts)?;
        let mut buffer = RowBuffer::new(layout);
        for (column, text) in columns.iter().enumerate() {
            if let Some(value) = buffer.column_mut(column) {
                text.unwrap_or_default().clone_into(value);
            }
        }
        let unread = columns.iter().map(Option::is_none).collect();
        Some(Placed { buffer, unread, line: row.line(), byte: row.byte() })
    }

    /// The row with as many fields as its layout; a column that could not be told is blank.
    pub(crate) fn row(&mut self) -> Row<'_> {
        self.buffer.row_at(self.line, self.byte)
    }
}

/// Whether a text can stand in a column. A name may be any text, but one with digits is more likely a neighbor's.
fn fits(column: &LayoutField, text: &str) -> bool {
    let names = [fields::LAST_NAME, fields::FIRST_NAME, fields::MIDDLE_NAME];
    let is_name = names.contains(&column.field);
    column.problem(text).is_none() && !(is_name && text.bytes().any(|byte| byte.is_ascii_digit()))
}

/// What stands in each column; `None` for one that cannot be told.
fn places<'t>(layout: &Layout, texts: &[&'t str]) -> Option<Vec<Option<&'t str>>> {
    let (wanted, found) = (layout.fields.len(), texts.len());
    let (missing, surplus, kept) =
        (wanted.saturating_sub(found), found.saturating_sub(wanted), wanted.min(found));
    let fails = |column: usize, field: usize| match (layout.fields.get(column), texts.get(field)) {
        (Some(column), Some(text)) => usize::from(!fits(column, text)),
        _ => 0,
    };
    // How many fields fail when those before the place are read from the left and the others from the right.
    let mut failing: usize = (0..kept).map(|index| fails(index + missing, index + surplus)).sum();
    let mut tried = vec![failing];
    for place in 0..kept {
        failing += fails(place, place);
        failing -= fails(place + missing, place + surplus);
        tried.push(failing);
    }
    let least = tried.iter().copied().min()?;
    let filled = texts.iter().filter(|text| !text.trim().is_empty()).count();
    let best = || tried.iter().enumerate().filter(|(_, failing)| **failing == least).map(|(place, _)| place);
    let text_at = |column: usize, place: usize| {
        let field = if column < place {
            Some(column)
        } else {
            column.checked_sub(missing).filter(|field| *field >= place).map(|field| field + surplus)
        };
        field.and_then(|field| texts.get(field)).copied()
    };
    let told = |column: usize| {
        let first = text_at(column, best().next()?)?;
        best().all(|place| text_at(column, place) == Some(first)).then_some(first)
    };
    let columns: Vec<Option<&str>> = (0..wanted).map(told).collect();
    let is_foreign = |(column, text): (&LayoutField, &Option<&str>)| {
        column.constant().is_some() && text.is_some_and(|text| column.problem(text).is_some())
    };
    let foreign = layout.fields.iter().zip(&columns).any(is_foreign);
    (least * 2 <= filled && !foreign).then_some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use opi_dictionary::Dictionary;

    const ROW: &str = "EN\t9901\t9912\t100\t990000108\t108\tFeldspar\tFlint\t10\t08/27/2025\t02\tP\t\t\tN\t\t\t\t\t08/28/2024\t\t2026";

    /// The columns in one text, `?` for one that is not told.
    fn placed(fields: &[&str]) -> Option<String> {
        let layout = Dictionary::built_in().layout("student-enrollments").unwrap();
        let columns = places(layout, fields)?;
        Some(columns.iter().map(|text| text.unwrap_or("?")).collect::<Vec<_>>().join("\t"))
    }

    fn fields() -> Vec<&'static str> {
        ROW.split('\t').collect()
    }

    #[test]
    fn a_row_that_was_cut_short_is_read_as_far_as_it_goes() {
        assert_eq!(placed(&fields()[..21]).unwrap(), ROW.replace("2026", "?"));
        assert_eq!(
            placed(&fields()[..5]).unwrap(),
            format!("EN\t9901\t9912\t100\t990000108{}", "\t?".repeat(17))
        );
    }

    #[test]
    fn fields_beyond_the_last_move_nothing() {
        let mut long = fields();
        long.extend(["", "more"]);
        assert_eq!(placed(&long).unwrap(), ROW);
    }

    #[test]
    fn a_row_that_lost_a_field_is_read_on_both_sides_of_the_gap() {
        // A name is gone: which of the two cannot be told.
        let mut short = fields();
        short.remove(6);
        assert_eq!(placed(&short).unwrap(), ROW.replace("\tFeldspar\tFlint", "\t?\t?"));
        // The local ID is gone: the state ID would do as one.
        let mut short = fields();
        short.remove(5);
        assert_eq!(placed(&short).unwrap(), ROW.replace("\t990000108\t108", "\t?\t?"));
        // The grade is gone: the date beside it fits no other place.
        let mut short = fields();
        short.remove(8);
        assert_eq!(placed(&short).unwrap(), ROW.replace("\t10\t", "\t?\t"));
        // The record type is gone.
        assert_eq!(placed(&fields()[1..]).unwrap(), ROW.replace("EN\t", "?\t"));
    }

    #[test]
    fn a_field_too_many_amid_is_passed_over() {
        let mut long = fields();
        long.insert(9, "x");
        assert_eq!(placed(&long).unwrap(), ROW);
    }

    #[test]
    fn a_bad_field_hides_no_other() {
        let mut short = fields();
        short[11] = "Q";
        short.pop();
        assert_eq!(placed(&short).unwrap(), ROW.replace("\tP\t", "\tQ\t").replace("2026", "?"));
    }

    #[test]
    fn of_a_row_in_which_more_fails_than_fits_nothing_is_said() {
        assert_eq!(placed(&["stray"]), None);
        let half = ["EN", "990", "x"];
        assert_eq!(placed(&half), None, "two of three fail");
        assert!(placed(&["EN", "x"]).is_some(), "one of two fails");
        let mut other = fields();
        other.pop();
        other[0] = "PP";
        assert_eq!(placed(&other), None, "another layout's record type");
    }
}

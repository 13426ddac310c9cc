//! Tables with a caption, headings of columns and rows, and cells that say what they are.

use super::{Html, Tone};
use crate::ReportError;
use crate::text::grouped;

/// A column: its heading and how its cells are aligned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    heading: String,
    number: bool,
}

impl Column {
    /// A column of words.
    #[must_use]
    pub fn text(heading: impl Into<String>) -> Self {
        Column { heading: heading.into(), number: false }
    }

    /// A column of numbers, aligned to the right.
    #[must_use]
    pub fn number(heading: impl Into<String>) -> Self {
        Column { heading: heading.into(), number: true }
    }
}

/// A cell. A masked or missing figure is its own kind, never a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Text(String),
    Status(Tone, String),
    Masked(String),
    Missing(String),
}

impl Cell {
    /// Words, or a number that is already written out.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Cell(Kind::Text(text.into()))
    }

    /// A count, with commas between thousands.
    #[must_use]
    pub fn count(number: u64) -> Self {
        Cell(Kind::Text(grouped(number)))
    }

    /// A change, with its sign: `+12`, `−3`, `0`.
    #[must_use]
    pub fn change(number: i64) -> Self {
        let sign = match number {
            0 => "",
            1.. => "+",
            _ => "−",
        };
        Cell(Kind::Text(format!("{sign}{}", grouped(number.unsigned_abs()))))
    }

    /// A state, with a sign beside the word.
    #[must_use]
    pub fn status(tone: Tone, word: impl Into<String>) -> Self {
        Cell(Kind::Status(tone, word.into()))
    }

    /// A figure that is hidden to protect persons, as it is published: `*`, `<5`, `≥95%`.
    #[must_use]
    pub fn masked(shown: impl Into<String>) -> Self {
        Cell(Kind::Masked(shown.into()))
    }

    /// No figure, with the reason: `not offered`, `not yet due`.
    #[must_use]
    pub fn missing(reason: impl Into<String>) -> Self {
        Cell(Kind::Missing(reason.into()))
    }

    /// How the cell may wrap: a code never, a sentence not in too narrow a column.
    fn class(&self) -> &'static str {
        match &self.0 {
            Kind::Text(text) if text.chars().count() <= 12 => " class=\"short\"",
            Kind::Text(text) if text.chars().count() > 20 => " class=\"long\"",
            _ => "",
        }
    }

    fn build(&self, html: &mut Html) {
        match &self.0 {
            Kind::Text(text) => {
                html.text(text);
            }
            Kind::Status(tone, word) => {
                html.raw(&format!("<span class=\"status {}\">", tone.class()))
                    .sign(*tone)
                    .text(word)
                    .raw("</span>");
            }
            Kind::Masked(shown) => {
                html.raw("<span class=\"masked\" title=\"hidden to protect privacy\">").text(shown);
                html.raw("<span class=\"spoken\"> (hidden to protect privacy)</span></span>");
            }
            Kind::Missing(reason) => {
                html.raw("<span class=\"missing\" title=\"")
                    .text(reason)
                    .raw("\"><span aria-hidden=\"true\">–</span>");
                html.raw("<span class=\"spoken\">").text(reason).raw("</span></span>");
            }
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::text(text)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::text(text)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Cell::count(number)
    }
}

/// A table. The first cell of each row is its heading.
///
/// ```
/// use opi_report::page::{Cell, Column, Page, Section, Table, Tone};
/// let table = Table::new("Collections", [Column::text("Collection"), Column::text("State"), Column::number("Students")])
///     .row([Cell::text("fall"), Cell::status(Tone::Good, "certified"), Cell::count(147_000)])
///     .row([Cell::text("spring"), Cell::status(Tone::Attention, "open"), Cell::missing("not yet due")])
///     .note("Counts are of active students.");
/// let mut out = Vec::new();
/// Page::new("State").section(Section::new("Collections").table(table)).write(&mut out)?;
/// assert!(String::from_utf8_lossy(&out).contains("<caption id=\"t1\">Collections</caption>"));
/// # Ok::<(), opi_report::ReportError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    total: Option<Vec<Cell>>,
    note: Option<String>,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(caption: impl Into<String>, columns: impl IntoIterator<Item = Column>) -> Self {
        Table {
            caption: caption.into(),
            columns: columns.into_iter().collect(),
            rows: vec![],
            total: None,
            note: None,
        }
    }

    /// Adds a row, one cell for each column.
    #[must_use]
    pub fn row<C: Into<Cell>>(mut self, cells: impl IntoIterator<Item = C>) -> Self {
        self.rows.push(cells.into_iter().map(Into::into).collect());
        self
    }

    /// With a row of totals at the foot.
    #[must_use]
    pub fn total<C: Into<Cell>>(mut self, cells: impl IntoIterator<Item = C>) -> Self {
        self.total = Some(cells.into_iter().map(Into::into).collect());
        self
    }

    /// With a remark below.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    pub(super) fn build(&self, html: &mut Html) -> Result<(), ReportError> {
        html.tables += 1;
        let id = format!("t{}", html.tables);
        html.raw(&format!(
            "<div class=\"scroll\" role=\"region\" aria-labelledby=\"{id}\" tabindex=\"0\">\n<table>\n"
        ));
        html.element("caption", &format!(" id=\"{id}\""), &self.caption).raw("\n<thead>\n<tr>");
        for column in &self.columns {
            let attributes = if column.number { " scope=\"col\" class=\"number\"" } else { " scope=\"col\"" };
            html.element("th", attributes, &column.heading);
        }
        html.raw("</tr>\n</thead>\n<tbody>\n");
        for (number, row) in (1_usize..).zip(&self.rows) {
            self.build_row(html, row, number)?;
        }
        if self.rows.is_empty() {
            html.raw(&format!(
                "<tr><td colspan=\"{}\">nothing to list</td></tr>\n",
                self.columns.len().max(1)
            ));
        }
        html.raw("</tbody>\n");
        if let Some(total) = &self.total {
            html.raw("<tfoot>\n");
            self.build_row(html, total, self.rows.len() + 1)?;
            html.raw("</tfoot>\n");
        }
        html.raw("</table>\n</div>\n");
        if let Some(note) = &self.note {
            html.element("p", " class=\"remark\"", note).raw("\n");
        }
        Ok(())
    }

    fn build_row(&self, html: &mut Html, row: &[Cell], number: usize) -> Result<(), ReportError> {
        if row.len() != self.columns.len() {
            return Err(ReportError::TableShape {
                caption: self.caption.clone(),
                row: number,
                expected: self.columns.len(),
                found: row.len(),
            });
        }
        html.raw("<tr>");
        for (index, (cell, column)) in row.iter().zip(&self.columns).enumerate() {
            let class = if column.number { " class=\"number\"" } else { cell.class() };
            let (name, scope) = if index == 0 { ("th", " scope=\"row\"") } else { ("td", "") };
            html.raw("<").raw(name).raw(scope).raw(class).raw(">");
            cell.build(html);
            html.raw("</").raw(name).raw(">");
        }
        html.raw("</tr>\n");
        Ok(())
    }
}

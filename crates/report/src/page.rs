//! Self-contained HTML pages: sections with key figures, tables, charts and notes.

mod chart;
mod findings;
mod table;

pub use chart::{Bar, BarChart, LineChart, Series};
pub use findings::findings_section;
pub use table::{Cell, Column, Table};

use crate::ReportError;
use crate::text::visible;
use std::io::Write;

/// What a thing means for the reader. It is said by a word and a sign, never by colour alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Neither good nor bad.
    #[default]
    Neutral,
    /// As it should be.
    Good,
    /// Somebody should look.
    Attention,
    /// Something must be mended.
    Bad,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Tone::Neutral => "neutral",
            Tone::Good => "good",
            Tone::Attention => "attention",
            Tone::Bad => "bad",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Tone::Neutral => "i",
            Tone::Good => "✓",
            Tone::Attention => "!",
            Tone::Bad => "✕",
        }
    }
}

/// One figure that a reader should see first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFigure {
    /// What it counts.
    pub label: String,
    /// The figure as it is shown.
    pub value: String,
    /// A few words below: the change since last year, the unit.
    pub note: Option<String>,
    /// What it means.
    pub tone: Tone,
}

impl KeyFigure {
    /// A figure with its label.
    #[must_use]
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        KeyFigure { label: label.into(), value: value.into(), note: None, tone: Tone::Neutral }
    }

    /// With a few words below.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// With what it means.
    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

#[derive(Clone, Debug)]
enum Block {
    Paragraph(String),
    KeyFigures(Vec<KeyFigure>),
    Table(Table),
    Bars(BarChart),
    Lines(LineChart),
    Note(Tone, String),
    Section(Section),
}

/// A section of a page: a heading and what stands below it, in the order in which it was added.
#[derive(Clone, Debug)]
pub struct Section {
    heading: String,
    blocks: Vec<Block>,
}

impl Section {
    /// An empty section.
    #[must_use]
    pub fn new(heading: impl Into<String>) -> Self {
        Section { heading: heading.into(), blocks: vec![] }
    }

    fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn paragraph(self, text: impl Into<String>) -> Self {
        self.with(Block::Paragraph(text.into()))
    }

    /// Adds figures side by side.
    #[must_use]
    pub fn key_figures(self, figures: impl IntoIterator<Item = KeyFigure>) -> Self {
        self.with(Block::KeyFigures(figures.into_iter().collect()))
    }

    /// Adds a table.
    #[must_use]
    pub fn table(self, table: Table) -> Self {
        self.with(Block::Table(table))
    }

    /// Adds a bar chart.
    #[must_use]
    pub fn bar_chart(self, chart: BarChart) -> Self {
        self.with(Block::Bars(chart))
    }

    /// Adds a line chart.
    #[must_use]
    pub fn line_chart(self, chart: LineChart) -> Self {
        self.with(Block::Lines(chart))
    }

    /// Adds a note that stands out.
    #[must_use]
    pub fn note(self, tone: Tone, text: impl Into<String>) -> Self {
        self.with(Block::Note(tone, text.into()))
    }

    /// Adds a section below this one.
    #[must_use]
    pub fn section(self, section: Section) -> Self {
        self.with(Block::Section(section))
    }
}

/// A page that needs nothing but itself: no network, no script, no file beside it. It is readable on paper,
/// by a screen reader, on a telephone, in light and dark.
///
/// ```
/// use opi_report::page::{Bar, BarChart, Cell, Column, KeyFigure, Page, Section, Table, Tone};
/// let table = Table::new("ANB by district", [Column::text("District"), Column::number("ANB")])
///     .row([Cell::text("Invented Elementary"), Cell::count(1_204)]);
/// let chart = BarChart::new("ANB by district", "Invented Elementary has 1,204 ANB.")
///     .bar(Bar::new("Invented Elementary", 1_204.0, "1,204"));
/// let page = Page::new("School year 2025-26")
///     .lead("What was reported, checked and counted.")
///     .section(
///         Section::new("ANB")
///             .key_figures([KeyFigure::new("Districts", "1").tone(Tone::Good)])
///             .bar_chart(chart)
///             .table(table),
///     );
/// let mut out = Vec::new();
/// page.write(&mut out)?;
/// let html = String::from_utf8_lossy(&out);
/// assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
/// assert!(html.contains("<th scope=\"row\">Invented Elementary</th><td class=\"number\">1,204</td>"));
/// # Ok::<(), opi_report::ReportError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Page {
    title: String,
    lead: Option<String>,
    banner: Option<(Tone, String)>,
    facts: Vec<(String, String)>,
    sections: Vec<Section>,
    footer: Vec<String>,
}

impl Page {
    /// An empty page.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Page {
            title: title.into(),
            lead: None,
            banner: None,
            facts: vec![],
            sections: vec![],
            footer: vec![],
        }
    }

    /// With a sentence below the title.
    #[must_use]
    pub fn lead(mut self, text: impl Into<String>) -> Self {
        self.lead = Some(text.into());
        self
    }

    /// With a band above everything, such as "Restricted: holds figures that are not masked".
    #[must_use]
    pub fn banner(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.banner = Some((tone, text.into()));
        self
    }

    /// Adds a fact to the head: label and value.
    #[must_use]
    pub fn fact(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.facts.push((label.into(), value.into()));
        self
    }

    /// Adds a section.
    #[must_use]
    pub fn section(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    /// Adds a line to the foot.
    #[must_use]
    pub fn footer(mut self, text: impl Into<String>) -> Self {
        self.footer.push(text.into());
        self
    }

    /// Writes the page.
    ///
    /// # Errors
    /// When a row of a table has the wrong number of cells, a chart cannot be drawn, or the output cannot be
    /// written.
    pub fn write(&self, out: &mut impl Write) -> Result<(), ReportError> {
        let mut html = Html::default();
        self.build(&mut html)?;
        out.write_all(html.text.as_bytes())?;
        Ok(out.flush()?)
    }

    fn build(&self, html: &mut Html) -> Result<(), ReportError> {
        html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.raw(
            "<meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n",
        );
        html.raw("<meta name=\"color-scheme\" content=\"light dark\">\n");
        html.element("title", "", &self.title);
        html.raw("\n<style>\n").raw(include_str!("page/style.css")).raw("</style>\n</head>\n<body>\n");
        html.raw("<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<header>\n");
        if let Some((tone, text)) = &self.banner {
            html.note("banner", *tone, text);
        }
        html.element("h1", "", &self.title).raw("\n");
        if let Some(lead) = &self.lead {
            html.element("p", " class=\"lead\"", lead).raw("\n");
        }
        if !self.facts.is_empty() {
            html.raw("<dl class=\"facts\">\n");
            for (label, value) in &self.facts {
                html.raw("<div>").element("dt", "", label).element("dd", "", value).raw("</div>\n");
            }
            html.raw("</dl>\n");
        }
        html.raw("</header>\n");
        self.contents(html);
        html.raw("<main id=\"main\" tabindex=\"-1\">\n");
        for (number, section) in (1_usize..).zip(&self.sections) {
            html.section(section, &format!("s{number}"), 2)?;
        }
        html.raw("</main>\n");
        if !self.footer.is_empty() {
            html.raw("<footer>\n");
            for line in &self.footer {
                html.element("p", "", line).raw("\n");
            }
            html.raw("</footer>\n");
        }
        html.raw("</body>\n</html>\n");
        Ok(())
    }

    /// The list of sections, where there is more than one.
    fn contents(&self, html: &mut Html) {
        if self.sections.len() < 2 {
            return;
        }
        html.raw("<nav aria-label=\"Contents\">\n<ul>\n");
        for (number, section) in (1_usize..).zip(&self.sections) {
            html.raw(&format!("<li><a href=\"#s{number}\">")).text(&section.heading).raw("</a></li>\n");
        }
        html.raw("</ul>\n</nav>\n");
    }
}

/// HTML in the making. Text goes in escaped; only fixed markup goes in raw.
#[derive(Default)]
struct Html {
    text: String,
    tables: usize,
    charts: usize,
}

impl Html {
    fn raw(&mut self, markup: &str) -> &mut Self {
        self.text.push_str(markup);
        self
    }

    /// Text, with what HTML would read as markup escaped and hidden characters made visible.
    fn text(&mut self, text: &str) -> &mut Self {
        for character in visible(text).chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\'' => self.text.push_str("&#39;"),
                // Characters that no document may hold.
                '\u{fffe}' | '\u{ffff}' => self.text.push('\u{fffd}'),
                other => self.text.push(other),
            }
        }
        self
    }

    fn element(&mut self, name: &str, attributes: &str, text: &str) -> &mut Self {
        self.raw("<").raw(name).raw(attributes).raw(">").text(text).raw("</").raw(name).raw(">")
    }

    fn note(&mut self, class: &str, tone: Tone, text: &str) {
        self.raw(&format!("<p class=\"{class} {}\">", tone.class()));
        self.sign(tone).text(text).raw("</p>\n");
    }

    /// The sign of a tone, which a screen reader skips: the words beside it say the same.
    fn sign(&mut self, tone: Tone) -> &mut Self {
        self.raw("<span class=\"sign\" aria-hidden=\"true\">").raw(tone.sign()).raw("</span> ")
    }

    fn section(&mut self, section: &Section, id: &str, level: usize) -> Result<(), ReportError> {
        let heading = format!("h{}", level.min(6));
        self.raw(&format!("<section id=\"{id}\" aria-labelledby=\"{id}-h\">\n"));
        self.element(&heading, &format!(" id=\"{id}-h\""), &section.heading).raw("\n");
        let mut below = 0_usize;
        for block in &section.blocks {
            match block {
                Block::Paragraph(text) => {
                    self.element("p", "", text).raw("\n");
                }
                Block::KeyFigures(figures) => self.key_figures(figures),
                Block::Table(table) => table.build(self)?,
                Block::Bars(chart) => chart.build(self)?,
                Block::Lines(chart) => chart.build(self)?,
                Block::Note(tone, text) => self.note("note", *tone, text),
                Block::Section(inner) => {
                    below += 1;
                    self.section(inner, &format!("{id}-{below}"), level + 1)?;
                }
            }
        }
        self.raw("</section>\n");
        Ok(())
    }

    fn key_figures(&mut self, figures: &[KeyFigure]) {
        self.raw("<dl class=\"figures\">\n");
        for figure in figures {
            self.raw(&format!("<div class=\"{}\">", figure.tone.class()));
            self.element("dt", "", &figure.label).raw("<dd>");
            if figure.tone != Tone::Neutral {
                self.sign(figure.tone);
            }
            self.element("strong", "", &figure.value);
            if let Some(note) = &figure.note {
                self.raw(" ").element("small", "", note);
            }
            self.raw("</dd></div>\n");
        }
        self.raw("</dl>\n");
    }
}

//! Charts as inline SVG. Shapes have colours that stand out on white and on black; text takes the colour of
//! the page; every series has a mark of its own, and every chart has its figures in a table below.

use super::{Cell, Column, Html, Table};
use crate::ReportError;
use crate::text::visible;
use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, TextStyle};

/// Width of the drawing in its own units; the page scales it.
const WIDTH: i32 = 400;

/// Size of text in those units, as `plotters` takes it: the height of a line, about 1.24 times the size of
/// the letters.
const TEXT: i32 = 16;

/// Colours of shapes: at least 3 to 1 against both papers.
const SERIES: [RGBColor; 4] = [
    RGBColor(0x3B, 0x7D, 0xD8),
    RGBColor(0xC8, 0x5F, 0x1B),
    RGBColor(0x1B, 0x8A, 0x7A),
    RGBColor(0x9A, 0x5F, 0xC9),
];

/// The colour of axes and grid.
const AXIS: RGBColor = RGBColor(0x7A, 0x80, 0x8A);

/// Series that can be told apart by their marks.
const MOST_SERIES: usize = SERIES.len();

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    label: String,
    value: f64,
    text: String,
}

impl Bar {
    /// A bar by its label, its length, and the figure as it is written.
    #[must_use]
    pub fn new(label: impl Into<String>, value: f64, text: impl Into<String>) -> Self {
        Bar { label: label.into(), value, text: text.into() }
    }
}

/// Horizontal bars, each with its label above and its figure at the end; negative ones go to the left.
///
/// ```
/// use opi_report::page::{Bar, BarChart, Page, Section};
/// let chart = BarChart::new("Change of ANB", "One district grew by 12, one shrank by 30.")
///     .bar(Bar::new("Invented Elementary", 12.0, "+12"))
///     .bar(Bar::new("Imaginary High School", -30.0, "−30"));
/// let mut out = Vec::new();
/// Page::new("ANB").section(Section::new("Change").bar_chart(chart)).write(&mut out)?;
/// assert!(String::from_utf8_lossy(&out).contains("<svg class=\"chart\" role=\"img\" aria-labelledby=\"c1 c1-d\""));
/// # Ok::<(), opi_report::ReportError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BarChart {
    title: String,
    description: String,
    bars: Vec<Bar>,
}

impl BarChart {
    /// A chart without bars: its title, and a sentence that says what the chart shows to those who do not see
    /// it.
    #[must_use]
    pub fn new(title: impl Into<String>, description: impl Into<String>) -> Self {
        BarChart { title: title.into(), description: description.into(), bars: vec![] }
    }

    /// Adds a bar below the others.
    #[must_use]
    pub fn bar(mut self, bar: Bar) -> Self {
        self.bars.push(bar);
        self
    }

    pub(super) fn build(&self, html: &mut Html) -> Result<(), ReportError> {
        check(&self.title, self.bars.iter().map(|bar| bar.value))?;
        if self.bars.len() > 100 {
            return Err(refuse(
                &self.title,
                format!("{} bars; at most 100 can be read, use a table", self.bars.len()),
            ));
        }
        let rows = i32::try_from(self.bars.len()).unwrap_or(0);
        const ROW: i32 = 44;
        let svg = draw(&self.title, 8 + rows * ROW, |area| {
            let low = self.bars.iter().map(|bar| bar.value).fold(0.0, f64::min);
            let high = self.bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
            let room = |sign: f64| {
                let widest =
                    self.bars.iter().filter(|bar| bar.value * sign >= 0.0).map(|bar| width(&bar.text)).max();
                widest.unwrap_or(0) + 10
            };
            let left = if low < 0.0 { room(-1.0) } else { 2 };
            let span = Span { low, high, start: left, end: WIDTH - room(1.0) };
            let zero = span.place(0.0);
            for (row, bar) in (0_i32..).zip(&self.bars) {
                let top = 4 + row * ROW;
                text(area, &fitted(&bar.label, WIDTH - 4), (2, top + 9), HPos::Left)?;
                let end = span.place(bar.value);
                let colour = if bar.value < 0.0 { SERIES[1] } else { SERIES[0] };
                // A bar of a small value is still seen; a bar of nothing is not.
                let end = if bar.value == 0.0 || end != zero { end } else { end + bar.value.signum() as i32 };
                let corners = [(zero.min(end), top + 19), (zero.max(end), top + 35)];
                area.draw(&Rectangle::new(corners, colour.filled()))?;
                let line = vec![(zero, top + 17), (zero, top + 37)];
                area.draw(&PathElement::new(line, AXIS.stroke_width(1)))?;
                let (at, side) = if bar.value < 0.0 { (end - 6, HPos::Right) } else { (end + 6, HPos::Left) };
                text(area, &visible(&bar.text), (at, top + 27), side)?;
            }
            Ok(())
        })?;
        let mut table = Table::new(&self.title, [Column::text("What"), Column::number("Figure")]);
        for bar in &self.bars {
            table = table.row([Cell::text(&bar.label), Cell::text(&bar.text)]);
        }
        figure(html, &self.title, &self.description, &svg, &table)
    }
}

/// One line of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    label: String,
    points: Vec<Option<(f64, String)>>,
}

impl Series {
    /// A line without points.
    #[must_use]
    pub fn new(label: impl Into<String>) -> Self {
        Series { label: label.into(), points: vec![] }
    }

    /// Adds the point of the next step: its height and the figure as it is written.
    #[must_use]
    pub fn point(mut self, value: f64, text: impl Into<String>) -> Self {
        self.points.push(Some((value, text.into())));
        self
    }

    /// Leaves a gap at the next step.
    #[must_use]
    pub fn gap(mut self) -> Self {
        self.points.push(None);
        self
    }
}

/// Lines over steps, such as school years; each line has a mark of its own and is named above the drawing.
///
/// ```
/// use opi_report::page::{LineChart, Page, Section, Series};
/// let chart = LineChart::new("Students", "The number rose from 10 to 12.", ["2023-24", "2024-25", "2025-26"])
///     .series(Series::new("Elementary").point(10.0, "10").gap().point(12.0, "12"));
/// let mut out = Vec::new();
/// Page::new("Students").section(Section::new("Years").line_chart(chart)).write(&mut out)?;
/// assert!(String::from_utf8_lossy(&out).contains("<desc id=\"c1-d\">The number rose from 10 to 12.</desc>"));
/// # Ok::<(), opi_report::ReportError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LineChart {
    title: String,
    description: String,
    steps: Vec<String>,
    series: Vec<Series>,
}

impl LineChart {
    /// A chart without lines: its title, a sentence that says what the chart shows to those who do not see
    /// it, and the names of the steps from left to right.
    #[must_use]
    pub fn new<S: Into<String>>(
        title: impl Into<String>,
        description: impl Into<String>,
        steps: impl IntoIterator<Item = S>,
    ) -> Self {
        LineChart {
            title: title.into(),
            description: description.into(),
            steps: steps.into_iter().map(Into::into).collect(),
            series: vec![],
        }
    }

    /// Adds a line, one point or gap for each step.
    #[must_use]
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    pub(super) fn build(&self, html: &mut Html) -> Result<(), ReportError> {
        if self.series.len() > MOST_SERIES {
            let problem = format!("{} lines; at most {MOST_SERIES} can be told apart", self.series.len());
            return Err(refuse(&self.title, problem));
        }
        if let Some(series) = self.series.iter().find(|series| series.points.len() != self.steps.len()) {
            let (found, expected) = (series.points.len(), self.steps.len());
            let problem =
                format!("line {:?} has {found} points, expected {expected}, one for each step", series.label);
            return Err(refuse(&self.title, problem));
        }
        let values: Vec<f64> = self
            .series
            .iter()
            .flat_map(|series| series.points.iter().flatten().map(|(value, _)| *value))
            .collect();
        check(&self.title, values.iter().copied())?;
        let legend = 8 + i32::try_from(self.series.len()).unwrap_or(0) * 20;
        let svg = draw(&self.title, legend + 260, |area| self.lines(area, &values, legend))?;
        let columns = std::iter::once(Column::text("Step"))
            .chain(self.series.iter().map(|series| Column::number(&series.label)));
        let mut table = Table::new(&self.title, columns);
        for (index, step) in self.steps.iter().enumerate() {
            let figures = self.series.iter().map(|series| match series.points.get(index) {
                Some(Some((_, text))) => Cell::text(text),
                _ => Cell::missing("no figure"),
            });
            table = table.row(std::iter::once(Cell::text(step)).chain(figures));
        }
        figure(html, &self.title, &self.description, &svg, &table)
    }

    fn lines(&self, area: &Area, values: &[f64], top: i32) -> Drawn {
        for (row, series) in (0_i32..).zip(&self.series) {
            let middle = 10 + row * 20;
            mark(area, row, (10, middle))?;
            text(area, &fitted(&series.label, WIDTH - 24), (24, middle), HPos::Left)?;
        }
        let ticks = Ticks::over(values);
        let labels: Vec<(f64, String)> = ticks.values().map(|value| (value, ticks.label(value))).collect();
        let left = labels.iter().map(|(_, label)| width(label)).max().unwrap_or(0) + 10;
        let heights = Span { low: ticks.low, high: ticks.high, start: top + 220, end: top + 12 };
        for (value, label) in &labels {
            let y = heights.place(*value);
            area.draw(&PathElement::new(vec![(left, y), (WIDTH - 8, y)], AXIS.mix(0.5).stroke_width(1)))?;
            text(area, label, (left - 6, y), HPos::Right)?;
        }
        let last = self.steps.len().saturating_sub(1);
        let across = Span { low: 0.0, high: float(last).max(1.0), start: left + 16, end: WIDTH - 32 };
        let widest = self.steps.iter().map(|step| width(step)).max().unwrap_or(0) + 12;
        let fit = usize::try_from((across.end - across.start) / widest.max(1)).unwrap_or(0).max(1);
        let every = self.steps.len().div_ceil(fit).max(1);
        for (index, step) in self.steps.iter().enumerate() {
            // The last step is always named, counting back from it.
            if (last - index).is_multiple_of(every) {
                text(area, &fitted(step, 120), (across.place(float(index)), top + 238), HPos::Center)?;
            }
        }
        for (row, series) in (0_i32..).zip(&self.series) {
            let colour = colour(row);
            let places: Vec<Option<(i32, i32)>> = (0_usize..)
                .zip(&series.points)
                .map(|(index, point)| {
                    point.as_ref().map(|(value, _)| (across.place(float(index)), heights.place(*value)))
                })
                .collect();
            for run in places.split(Option::is_none) {
                let run: Vec<(i32, i32)> = run.iter().copied().flatten().collect();
                if run.len() > 1 {
                    area.draw(&PathElement::new(run, colour.stroke_width(2)))?;
                }
            }
            for place in places.into_iter().flatten() {
                mark(area, row, place)?;
            }
        }
        Ok(())
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), plotters::drawing::DrawingAreaErrorKind<std::io::Error>>;

/// A stretch of values laid over a stretch of the drawing.
struct Span {
    low: f64,
    high: f64,
    start: i32,
    end: i32,
}

impl Span {
    #[allow(clippy::cast_possible_truncation)] // the share is between 0 and 1, the drawing small
    fn place(&self, value: f64) -> i32 {
        // Halved before the difference, so that even the largest values do not overflow.
        let width = self.high / 2.0 - self.low / 2.0;
        let share = if width > 0.0 { ((value / 2.0 - self.low / 2.0) / width).clamp(0.0, 1.0) } else { 0.0 };
        self.start + (share * f64::from(self.end - self.start)).round() as i32
    }
}

/// Round values for the grid of an axis.
struct Ticks {
    low: f64,
    high: f64,
    step: f64,
    count: usize,
}

impl Ticks {
    /// About four steps of 1, 2 or 5 times a power of ten, over all values and nought where it is near.
    fn over(values: &[f64]) -> Ticks {
        let mut low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let mut high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if values.is_empty() {
            (low, high) = (0.0, 1.0);
        }
        // Lines start at nought unless that would flatten them.
        if low > 0.0 && low < 0.75 * high {
            low = 0.0;
        }
        if high < 0.0 && high > 0.75 * low {
            high = 0.0;
        }
        if high <= low {
            let around = (low.abs() / 10.0).max(1.0);
            (low, high) = (low - around, high + around);
        }
        let rough = (high / 4.0 - low / 4.0).max(f64::MIN_POSITIVE);
        let power = 10_f64.powi(exponent(rough));
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let first = (low / step).floor();
        let last = (high / step).ceil();
        Ticks { low: first * step, high: last * step, step, count: whole(last - first) }
    }

    fn values(&self) -> impl Iterator<Item = f64> + '_ {
        (0..=self.count.min(20)).map(|index| self.low + float(index) * self.step)
    }

    fn label(&self, value: f64) -> String {
        if self.step >= 1e15 || self.step < 1e-6 {
            return format!("{value:.1e}");
        }
        let digits = usize::try_from(-exponent(self.step)).unwrap_or(0);
        let shown = format!("{:.digits$}", value.abs());
        let (integer, fraction) = shown.split_once('.').unwrap_or((&shown, ""));
        let integer = integer.parse().map_or_else(|_| integer.to_owned(), crate::text::grouped);
        let sign = if value < 0.0 { "−" } else { "" };
        if fraction.is_empty() { format!("{sign}{integer}") } else { format!("{sign}{integer}.{fraction}") }
    }
}

#[allow(clippy::cast_possible_truncation)] // exponents of doubles are below 400
fn exponent(value: f64) -> i32 {
    (value.log10() + 1e-9).floor() as i32
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small, and cast saturates
fn whole(value: f64) -> usize {
    value.round() as usize
}

#[allow(clippy::cast_precision_loss)] // numbers of steps are small
fn float(number: usize) -> f64 {
    number as f64
}

fn refuse(title: &str, problem: impl Into<String>) -> ReportError {
    ReportError::Chart { title: title.to_owned(), problem: problem.into() }
}

fn check(title: &str, mut values: impl Iterator<Item = f64>) -> Result<(), ReportError> {
    match values.find(|value| !value.is_finite()) {
        Some(value) => Err(refuse(title, format!("found the value {value}, expected finite numbers"))),
        None => Ok(()),
    }
}

/// Draws into an SVG text of so many units in height.
fn draw(title: &str, height: i32, paint: impl FnOnce(&Area) -> Drawn) -> Result<String, ReportError> {
    let mut svg = String::new();
    {
        let size = (WIDTH.unsigned_abs(), height.unsigned_abs());
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let drawn = paint(&area).and_then(|()| area.present());
        drawn.map_err(|error| refuse(title, error.to_string()))?;
    }
    Ok(svg)
}

/// The colour of a series.
fn colour(series: i32) -> RGBColor {
    let index = usize::try_from(series).unwrap_or(0) % SERIES.len();
    SERIES.get(index).copied().unwrap_or(AXIS)
}

/// The mark of a series: disc, square, triangle, diamond.
fn mark(area: &Area, series: i32, (x, y): (i32, i32)) -> Drawn {
    let fill: ShapeStyle = colour(series).filled();
    match series {
        0 => area.draw(&Circle::new((x, y), 4, fill)),
        1 => area.draw(&Rectangle::new([(x - 4, y - 4), (x + 4, y + 4)], fill)),
        2 => area.draw(&Polygon::new(vec![(x - 5, y + 4), (x + 5, y + 4), (x, y - 5)], fill)),
        _ => area.draw(&Polygon::new(vec![(x - 6, y), (x, y - 6), (x + 6, y), (x, y + 6)], fill)),
    }
}

/// Text at a place, centred on its height. Drawn without measuring, so that it is the same everywhere.
fn text(area: &Area, shown: &str, place: (i32, i32), side: HPos) -> Drawn {
    let style =
        TextStyle::from(("sans-serif", TEXT).into_font()).color(&AXIS).pos(Pos::new(side, VPos::Center));
    area.draw_text(shown, &style, place)
}

/// The width of a text in units, judged by its characters.
fn width(text: &str) -> i32 {
    let tenths = text.chars().map(|character| match character {
        'i' | 'l' | 'j' | '.' | ',' | '\'' | ' ' | '|' => 4,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 10,
        'A'..='Z' => 8,
        '\u{1100}'.. => 11,
        _ => 7,
    });
    tenths.fold(0_i32, i32::saturating_add).saturating_mul(TEXT) / 13
}

/// The text cut to a width, with an ellipsis where something was cut.
fn fitted(text: &str, room: i32) -> String {
    let shown = visible(text);
    if width(&shown) <= room {
        return shown.into_owned();
    }
    let mut kept = String::new();
    for character in shown.chars() {
        kept.push(character);
        if width(&kept) > room - TEXT {
            kept.pop();
            break;
        }
    }
    kept + "…"
}

/// The drawing with its title, its description, and its figures in a table.
fn figure(
    html: &mut Html,
    title: &str,
    description: &str,
    svg: &str,
    table: &Table,
) -> Result<(), ReportError> {
    html.charts += 1;
    let id = format!("c{}", html.charts);
    html.raw("<figure>\n").element("figcaption", &format!(" id=\"{id}\""), title).raw("\n");
    let body = svg.trim_start().strip_prefix("<svg ").unwrap_or(svg);
    let (attributes, shapes) = body.split_once(">\n").unwrap_or(("", body));
    html.raw(&format!("<svg class=\"chart\" role=\"img\" aria-labelledby=\"{id} {id}-d\" "))
        .raw(attributes)
        .raw(">\n");
    html.element("desc", &format!(" id=\"{id}-d\""), description).raw("\n").raw(shapes.trim_end()).raw("\n");
    html.raw("<details>\n<summary>Figures of this chart</summary>\n");
    table.build(html)?;
    html.raw("</details>\n</figure>\n");
    Ok(())
}

#[cfg(test)]
mod tests;

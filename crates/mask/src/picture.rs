//! Pictures of a two-dimensional table: what is shown, what is hidden, and what an attacker still knows of it.

use crate::audit::Audit;
use crate::error::{Error, Result};
use crate::publication::Publication;
use std::fmt::Write;

const CELL: (usize, usize) = (86, 30);
const LABEL: usize = 96;

/// Draws the first two dimensions of a publication of two dimensions as SVG. Hidden cells show the interval
/// that stays possible; a hidden cell with a single possible value is drawn as broken.
///
/// # Errors
/// [`Error::Dimension`] if the publication has not exactly two dimensions.
pub fn table_svg(publication: &Publication, audit: &Audit, title: &str) -> Result<String> {
    let [rows, columns] = publication.dimensions() else {
        return Err(Error::Dimension {
            dimension: "picture".to_owned(),
            problem: format!("needs two dimensions, found {}", publication.dimensions().len()),
        });
    };
    let width = LABEL + CELL.0 * columns.len() + 12;
    let height = 56 + CELL.1 * (rows.len() + 1) + 30;
    let mut svg = String::new();
    let mut line = |text: String| {
        svg.push_str(&text);
        svg.push('\n');
    };
    line(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\">"
    ));
    line(format!("<title>{}</title>", escape(title)));
    line("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>".to_owned());
    line(format!("<text x=\"10\" y=\"22\" font-weight=\"bold\">{}</text>", escape(title)));
    for (j, code) in columns.codes().enumerate() {
        line(text(LABEL + CELL.0 * j + CELL.0 / 2, 56, "middle", "#444444", code));
    }
    for (i, code) in rows.codes().enumerate() {
        let y = 66 + CELL.1 * i;
        let indent = 10 * rows.depth(i as u32) as usize;
        line(text(10 + indent, y + 20, "start", "#444444", code));
        for j in 0..columns.len() {
            let x = LABEL + CELL.0 * j;
            let (fill, ink, figure) = match publication.at(&[i as u32, j as u32]) {
                None => ("#f4f4f4", "#888888", "0".to_owned()),
                Some(cell) => match audit.interval(cell.index()) {
                    None => ("#ffffff", "#000000", publication.value(cell).to_string()),
                    Some(known) if known.hi == Some(known.lo) => {
                        ("#b3261e", "#ffffff", format!("= {}", known.lo))
                    }
                    Some(known) => {
                        let top = known.hi.map_or("...".to_owned(), |h| h.to_string());
                        ("#cfe3f5", "#0b3d66", format!("* {}-{top}", known.lo))
                    }
                },
            };
            line(format!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{fill}\" stroke=\"#bbbbbb\"/>",
                CELL.0, CELL.1
            ));
            line(text(x + CELL.0 / 2, y + 20, "middle", ink, &figure));
        }
    }
    let broken = audit.exposed.len();
    let note = match broken {
        0 => "blue: hidden, with the values that stay possible".to_owned(),
        n => format!("blue: hidden, with the values that stay possible; red: hidden but worked out ({n})"),
    };
    line(text(10, height - 10, "start", "#444444", &note));
    line("</svg>".to_owned());
    Ok(svg)
}

fn text(x: usize, y: usize, anchor: &str, ink: &str, content: &str) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"{ink}\">{}</text>",
        escape(content)
    );
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

//! The structure of pages: well-formed, self-contained, and fit for a screen reader.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // helpers of tests

mod common;

use opi_report::page::{
    Bar, BarChart, Cell, Column, KeyFigure, LineChart, Page, Section, Series, Table, Tone, findings_section,
};
use opi_report::{FindingReport, ReportError};
use std::collections::BTreeSet;

fn html(page: &Page) -> String {
    let mut out = vec![];
    page.write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A page in which every text is the given one.
fn page_of(text: &str) -> Page {
    let columns = || [Column::text(text), Column::number(text)];
    Page::new(text)
        .lead(text)
        .banner(Tone::Attention, text)
        .fact(text, text)
        .footer(text)
        .section(
            Section::new(text)
                .paragraph(text)
                .key_figures([
                    KeyFigure::new(text, text).note(text).tone(Tone::Good),
                    KeyFigure::new(text, text),
                ])
                .table(
                    Table::new(text, columns())
                        .row([Cell::text(text), Cell::count(1_204)])
                        .row([Cell::status(Tone::Bad, text), Cell::masked(text)])
                        .total([Cell::missing(text), Cell::change(-3)])
                        .note(text),
                )
                .note(Tone::Bad, text),
        )
        .section(
            Section::new(text).section(
                Section::new(text)
                    .bar_chart(
                        BarChart::new(text, text)
                            .bar(Bar::new(text, 3.0, text))
                            .bar(Bar::new(text, -2.0, text)),
                    )
                    .line_chart(
                        LineChart::new(text, text, [text, text, text])
                            .series(Series::new(text).point(1.0, text).gap().point(2.0, text)),
                    ),
            ),
        )
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
    closing: bool,
}

/// The tags of a page, read by a small strict reader: attributes are quoted, nothing is left open.
fn tags(html: &str) -> Vec<Tag> {
    let (_, body) = html.split_once("</style>").unwrap();
    let mut open: Vec<String> = vec!["head".into()];
    let mut tags = vec![];
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or_else(|| panic!("not closed: {part}"));
        assert!(!text.contains('>'), "a bare > in {text:?}");
        let closing = tag.starts_with('/');
        let (name, rest) = tag.trim_matches('/').split_once(' ').unwrap_or((tag.trim_matches('/'), ""));
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name:?} is no element");
        let pieces: Vec<&str> = rest.split('"').collect();
        let attributes: Vec<(String, String)> = pieces
            .chunks_exact(2)
            .map(|pair| (pair[0].trim().trim_end_matches('=').to_owned(), pair[1].to_owned()))
            .collect();
        if closing {
            assert_eq!(open.pop().as_deref(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name.to_owned());
        }
        tags.push(Tag { name: name.to_owned(), attributes, closing });
    }
    assert_eq!(open, ["html"; 0], "elements left open");
    tags
}

fn values<'a>(tags: &'a [Tag], name: &str) -> Vec<&'a str> {
    let attributes = tags.iter().flat_map(|tag| &tag.attributes);
    attributes.filter(|(attribute, _)| attribute == name).map(|(_, value)| value.as_str()).collect()
}

#[test]
fn a_page_in_full() {
    insta::assert_snapshot!(html(&page_of("Text")).split_once("</style>").unwrap().1);
}

#[test]
fn every_reference_has_its_target_and_every_id_is_its_own() {
    let html = html(&page_of("Text"));
    let tags = tags(&html.replace("</head>", "</head><html>"));
    let ids = values(&tags, "id");
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), known.len());
    for reference in values(&tags, "aria-labelledby").iter().flat_map(|list| list.split(' ')) {
        assert!(known.contains(reference), "{reference}");
    }
    for link in values(&tags, "href") {
        assert!(known.contains(link.strip_prefix('#').unwrap()), "{link}");
    }
}

#[test]
fn nothing_is_fetched_and_nothing_runs() {
    let html = html(&page_of("Text"));
    assert!(html.contains("default-src 'none'"));
    let rest = html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for barred in ["http:", "https:", "//", "<script", "<link", "<img", "<iframe", "@import", "url(", " on"] {
        let found = rest.match_indices(barred).map(|(at, _)| &rest[at..rest.len().min(at + 30)]).next();
        // The one "on" is a word in a comment of the style sheet.
        assert!(found.is_none_or(|text| text.starts_with(" on */")), "{barred}: {found:?}");
    }
}

#[test]
fn landmarks_headings_and_tables_guide_a_screen_reader() {
    let html = html(&page_of("Text"));
    let tags = tags(&html.replace("</head>", "</head><html>"));
    let count = |name: &str| tags.iter().filter(|tag| !tag.closing && tag.name == name).count();
    for landmark in ["header", "nav", "main", "footer", "h1"] {
        assert_eq!(count(landmark), 1, "{landmark}");
    }
    let levels: Vec<u32> = tags
        .iter()
        .filter(|tag| !tag.closing && tag.name.starts_with('h'))
        .filter_map(|tag| tag.name[1..].parse().ok())
        .collect();
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    assert_eq!(count("caption"), count("table"));
    assert_eq!(count("desc"), count("svg"));
    for heading in tags.iter().filter(|tag| !tag.closing && tag.name == "th") {
        assert!(heading.attributes.iter().any(|(name, _)| name == "scope"));
    }
    assert_eq!(values(&tags, "role").iter().filter(|role| **role == "img").count(), count("svg"));
}

#[test]
fn hostile_texts_stay_texts() {
    for text in common::hostile() {
        let html = html(&page_of(&text));
        assert!(!html.contains("<script"));
        assert!(html.chars().all(|c| !c.is_control() || c == '\n'), "{text:?}");
        tags(&html.replace("</head>", "</head><html>"));
    }
}

#[test]
fn the_section_of_findings_says_what_ran() {
    let section = |report: &FindingReport| {
        let shown = html(&Page::new("Findings").section(findings_section(report)));
        shown.split_once("<main").unwrap().1.to_owned()
    };
    insta::assert_snapshot!(section(&common::report()));
    let clean = section(&FindingReport::new(common::header(), vec![]).unwrap());
    assert!(clean.contains("No findings by 4 rules over 3,494 rows in 3 files."));
    let mut header = opi_report::RunHeader::new("opi", "0.1.0", "1");
    header.incomplete = Some("stopped early".into());
    let nothing = section(&FindingReport::new(header, vec![]).unwrap());
    assert!(nothing.contains("Nothing was checked: no rule ran."));
    assert!(nothing.contains("did not go to its end: stopped early"));
    assert!(!nothing.contains("No findings"));
}

#[test]
fn a_row_of_the_wrong_length_is_refused() {
    let table = Table::new("Districts", [Column::text("District"), Column::number("ANB")]).row(["only one"]);
    let page = Page::new("Page").section(Section::new("Section").table(table));
    let refused: ReportError = page.write(&mut vec![]).unwrap_err();
    insta::assert_snapshot!(refused, @r#"table "Districts", row 1: 1 cells, expected 2, one for each column"#);
}

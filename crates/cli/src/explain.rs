//! `opi explain`: rules and the dictionary in the terminal.

use crate::Failure;
use crate::dictionary::DictionaryArgs;
use crate::output::{self, Format, Style, word_of};
use clap::Args;
use opi::dictionary::{
    CodeEntry, CodeKind, CodeSet, Collection, County, Dictionary, Element, Explanation, FieldInfo, Layout,
    LayoutField, Requirement, Source, StatutoryDate,
};
use std::io::Write;
use std::process::ExitCode;

/// Explain a word: a rule, or an element, field, code set, code, layout, date, county or source of the dictionary.
#[derive(Args)]
#[command(after_help = "Exit codes: 0 explained, 1 not known (close words are listed), 2 could not run.\n\
    JSON: opi schema explanation, a list; of a rule, opi schema rule.\n\n\
    Examples:\n  \
    opi explain student-enrollments\n  \
    opi explain \"Service Type\"\n  \
    opi explain grade-levels --format json\n  \
    opi explain ENR-014\n  \
    opi explain 310\n  \
    opi explain fall_count")]
pub(crate) struct ExplainArgs {
    /// The word, whatever its case.
    #[arg(required = true, value_name = "WORD")]
    words: Vec<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    dictionary: DictionaryArgs,
}

pub(crate) fn run(arguments: ExplainArgs) -> Result<ExitCode, Failure> {
    let dictionary = arguments.dictionary.load()?;
    let word = arguments.words.join(" ");
    if let Some(rule) = opi::rules::rule(&word.trim().to_ascii_uppercase()) {
        match arguments.format {
            Format::Json => output::json(rule)?,
            Format::Human => output::print(&opi::rules::page(rule))?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    let found = dictionary.explain(&word);
    match arguments.format {
        Format::Json => output::json(&found)?,
        Format::Human => human(&dictionary, &word, &found)?,
    }
    Ok(ExitCode::from(u8::from(found.is_empty())))
}

fn human(dictionary: &Dictionary, word: &str, found: &[Explanation<'_>]) -> Result<(), Failure> {
    let style = Style::of_stdout();
    let mut out = output::stdout();
    if found.is_empty() {
        writeln!(
            out,
            "{word:?} is no rule, element, field, code set, code, layout, date, county or source."
        )?;
        let close = dictionary.suggest(word);
        if !close.is_empty() {
            writeln!(out, "Close to it: {}", close.join(", "))?;
        }
        return Ok(());
    }
    for (index, explanation) in found.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        print(&mut out, style, explanation)?;
    }
    Ok(())
}

/// Prints a line unless its text is blank.
fn line(out: &mut impl Write, label: &str, text: &str) -> std::io::Result<()> {
    if text.trim().is_empty() { Ok(()) } else { writeln!(out, "  {label:<14} {text}") }
}

fn print(out: &mut impl Write, style: Style, explanation: &Explanation<'_>) -> std::io::Result<()> {
    match explanation {
        Explanation::Element { element } => print_element(out, style, element),
        Explanation::Layout { layout } => print_layout(out, style, layout),
        Explanation::CodeSet { code_set } => print_code_set(out, style, code_set),
        Explanation::Field { field, places } => {
            print_field(out, style, field)?;
            places
                .iter()
                .try_for_each(|place| print_place(out, place.layout, place.position, place.description))
        }
        Explanation::Code { code_set, code } => print_code(out, style, code_set, code),
        Explanation::StatutoryDate { date } => print_date(out, style, date),
        Explanation::Collection { collection } => print_collection(out, style, collection),
        Explanation::County { county } => print_county(out, style, county),
        Explanation::Source { source } => print_source(out, style, source),
        _ => Ok(()),
    }
}

fn print_element(out: &mut impl Write, style: Style, element: &Element) -> std::io::Result<()> {
    writeln!(out, "{} (element)", style.bold(&element.name))?;
    line(out, "meaning", &element.definition)?;
    line(out, "form", &element.form)?;
    line(out, "code set", element.code_set.as_deref().unwrap_or_default())?;
    line(out, "collected", &element.collected_when)?;
    line(out, "in AIM", &element.aim_location)?;
    let mut uses = Vec::new();
    if element.anb {
        uses.push("average number belonging".to_owned());
    }
    if element.accountability {
        uses.push("accountability".to_owned());
    }
    if !element.edfacts_files.is_empty() {
        uses.push(format!("federal files {}", element.edfacts_files.join(", ")));
    }
    line(out, "used for", &uses.join("; "))?;
    line(out, "also", &element.other_use)?;
    line(out, "source", &format!("{} [{}]", element.source, element.standing))
}

fn print_field(out: &mut impl Write, style: Style, field: &FieldInfo) -> std::io::Result<()> {
    writeln!(out, "{} (field {}, {})", style.bold(&field.name), field.id.number(), field.key)?;
    line(out, "meaning", &field.meaning)?;
    if field.personal {
        line(out, "privacy", "personal: never printed unless asked for")?;
    }
    Ok(())
}

/// Prints where a field stands in a layout.
fn print_place(
    out: &mut impl Write,
    layout: &str,
    position: usize,
    field: &LayoutField,
) -> std::io::Result<()> {
    let required = match field.required {
        Requirement::Yes => "required".to_owned(),
        Requirement::No => "optional".to_owned(),
        Requirement::Conditional => format!("needed: {}", field.condition),
    };
    let (expected, standing) = (field.expected(), word_of(&field.position_standing));
    writeln!(out, "  {layout} column {position}: {expected}; {required}; place {standing}")
}

fn print_code(out: &mut impl Write, style: Style, code_set: &str, code: &CodeEntry) -> std::io::Result<()> {
    writeln!(out, "{} (code of {code_set})", style.bold(&code.code))?;
    line(out, "label", &code.label)?;
    line(out, "meaning", &code.meaning)?;
    let from = code.first_day.map(|day| format!("from {day} ")).unwrap_or_default();
    let to = code.last_day.map(|day| format!("to {day}")).unwrap_or_default();
    line(out, "in force", &(from + &to))?;
    if code.working_code {
        line(out, "note", "a working code of this program, not one of OPI's")?;
    }
    line(out, "source", &format!("{} [{}]", code.source, code.standing))
}

fn print_date(out: &mut impl Write, style: Style, date: &StatutoryDate) -> std::io::Result<()> {
    writeln!(out, "{} (date fixed by law or rule)", style.bold(&date.date))?;
    line(out, "meaning", &date.meaning)?;
    line(out, "rule", &date.rule.to_string())?;
    let year =
        |year: Option<opi::dictionary::SchoolYear>| year.map_or_else(|| "open".to_owned(), |y| y.to_string());
    line(out, "years", &format!("{} to {}", year(date.first_year), year(date.last_year)))?;
    line(out, "source", &format!("{} [{}]", date.source, date.standing))
}

fn print_collection(out: &mut impl Write, style: Style, collection: &Collection) -> std::io::Result<()> {
    let year = collection.school_year.map_or("each year".to_owned(), |year| year.to_string());
    writeln!(out, "{} (collection), {year}", style.bold(&collection.collection))?;
    line(out, "content", &collection.content)?;
    line(out, "count date", &shown(collection.count_date))?;
    let window = format!("{} to {}", shown(collection.window_start), shown(collection.window_end));
    line(out, "window", window.trim_start_matches(" to "))?;
    line(out, "certified", &collection.certify)?;
    line(out, "source", &format!("{} [{}]", collection.source, collection.standing))
}

fn print_county(out: &mut impl Write, style: Style, county: &County) -> std::io::Result<()> {
    writeln!(out, "{} (county {}, federal code {})", style.bold(&county.name), county.number, county.fips)?;
    line(out, "source", &format!("{} [{}]", county.source, county.standing))
}

fn print_source(out: &mut impl Write, style: Style, source: &Source) -> std::io::Result<()> {
    writeln!(out, "{} (source)", style.bold(&source.id))?;
    line(out, "title", &source.title)?;
    line(out, "publisher", &source.publisher)?;
    line(out, "date", &source.date)?;
    line(out, "note", &source.note)
}

fn print_layout(out: &mut impl Write, style: Style, layout: &Layout) -> std::io::Result<()> {
    writeln!(out, "{} (layout of {})", style.bold(&layout.key), layout.title)?;
    line(out, "record type", &layout.record_type)?;
    line(out, "one row per", &layout.row_per)?;
    line(out, "header", &word_of(&layout.header))?;
    line(out, "suffix", &layout.suffixes.join(", "))?;
    line(out, "note", &layout.note)?;
    line(out, "source", &format!("{} [{}]", layout.source, layout.standing))?;
    let unconfirmed = layout.unverified().count();
    writeln!(out, "  {} fields; the place of {unconfirmed} was not read in a layout", layout.fields.len())?;
    for (index, field) in layout.fields.iter().enumerate() {
        let required = match field.required {
            Requirement::Yes => "required",
            Requirement::No => "",
            Requirement::Conditional => "conditional",
        };
        let code_set = field.code_set.as_deref().unwrap_or_default();
        let expected = field.expected();
        writeln!(
            out,
            "  {:>3} {:<44} {required:<12} {expected}{}{}  {}",
            index + 1,
            field.name,
            if code_set.is_empty() || expected.contains(code_set) { "" } else { ", " },
            if expected.contains(code_set) { "" } else { code_set },
            style.faint(&word_of(&field.position_standing))
        )?;
    }
    Ok(())
}

fn print_code_set(out: &mut impl Write, style: Style, set: &CodeSet) -> std::io::Result<()> {
    writeln!(out, "{} (code set: {})", style.bold(&set.key), set.title)?;
    line(out, "meaning", &set.meaning)?;
    line(out, "complete", &set.complete)?;
    line(out, "membership", &word_of(&set.membership))?;
    line(out, "source", &format!("{} [{}]", set.source, set.standing))?;
    for entry in &set.entries {
        let mark = match (entry.kind, entry.working_code) {
            (CodeKind::Placeholder, _) => "not known",
            (_, true) => "working code",
            _ => "",
        };
        let meaning = if entry.meaning.is_empty() { String::new() } else { format!(": {}", entry.meaning) };
        writeln!(
            out,
            "  {:<20} {}{meaning} {}",
            if entry.code.is_empty() { "-" } else { &entry.code },
            entry.label,
            style.faint(&format!("[{}{}{mark}]", entry.standing, if mark.is_empty() { "" } else { ", " }))
        )?;
    }
    Ok(())
}

fn shown(value: Option<impl std::fmt::Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

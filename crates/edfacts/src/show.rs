//! What is known of a file, for people and machines: the list, one file in full, the coverage page.

use crate::{
    Catalogue, CategorySet, Declaration, EdfactsError, FileNumber, FileSpec, InputSource, Layout, Level,
    declarations, rules,
};
use opi_dictionary::SchoolYear;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A line of the list.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Listed<'c> {
    /// Everything on record about the file.
    #[serde(flatten)]
    pub spec: &'c FileSpec,
    /// Whether it can be counted from student rows or staff assignments.
    pub countable: bool,
    /// The number of category sets, by level.
    pub category_sets: BTreeMap<Level, usize>,
}

/// All files of the catalogue.
#[must_use]
pub fn list(catalogue: &Catalogue) -> Vec<Listed<'_>> {
    let line = |spec| Listed {
        spec,
        countable: declared(spec).is_some(),
        category_sets: set_counts(catalogue, spec),
    };
    catalogue.files().iter().map(line).collect()
}

fn declared(spec: &FileSpec) -> Option<&'static Declaration> {
    declarations().iter().find(|declared| declared.file == spec.number.get())
}

fn set_counts(catalogue: &Catalogue, spec: &FileSpec) -> BTreeMap<Level, usize> {
    let count = |level: Level| (level, catalogue.newest_sets(spec.number, level).len());
    spec.levels.iter().map(|level| count(*level)).collect()
}

/// A file at one level.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct ShownLevel<'c> {
    /// The level.
    pub level: Level,
    /// The file type text of the header.
    pub file_type: Option<&'c str>,
    /// The layout.
    pub layout: Layout,
    /// The category sets.
    pub category_sets: Vec<&'c CategorySet>,
    /// The permitted values of each category.
    pub permitted_values: BTreeMap<String, Vec<&'c str>>,
}

/// A file in full.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Shown<'c> {
    /// The specification and its derivation.
    #[serde(flatten)]
    pub spec: &'c FileSpec,
    /// The school year for which it is shown.
    pub year: SchoolYear,
    /// The steps by which it is counted; `None` when it is not.
    pub steps: Option<[&'static str; 3]>,
    /// Its levels.
    pub at: Vec<ShownLevel<'c>>,
    /// The rules that apply to it, with what they find.
    pub rules: Vec<(&'static str, &'static str)>,
}

/// A file in full, at one level or at all; without a year for the newest layout.
///
/// # Errors
/// [`EdfactsError::UnknownFile`] and [`EdfactsError::NoLayout`].
pub fn show(
    catalogue: &Catalogue,
    number: FileNumber,
    year: Option<SchoolYear>,
    level: Option<Level>,
) -> Result<Shown<'_>, EdfactsError> {
    let spec = catalogue.file(number)?;
    let newest = spec.layout_last_year;
    let Some(year) = year.or(newest) else {
        // No layout at all: the error says so.
        return Err(EdfactsError::NoLayout {
            number,
            level: level.unwrap_or(Level::Sea),
            year: None,
            have: "no layout of it is on record".to_owned(),
        });
    };
    let levels = level.map_or_else(|| spec.levels.clone(), |level| vec![level]);
    let mut at = Vec::new();
    for level in levels {
        let layout = catalogue.layout(number, level, year)?;
        let sets = catalogue.sets(number, level, year);
        let mut permitted: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let in_sets = sets.iter().flat_map(|set| &set.categories).map(String::as_str);
        let in_columns = layout.fields().filter_map(|column| column.category.as_deref());
        let names: Vec<String> =
            in_sets.chain(in_columns.flat_map(|names| names.split(';'))).map(str::to_owned).collect();
        for name in names {
            let codes = catalogue.codes(number, level, &name, year);
            permitted.insert(name, codes);
        }
        at.push(ShownLevel {
            level,
            file_type: spec.file_type(level),
            category_sets: sets,
            permitted_values: permitted,
            layout,
        });
    }
    let own = number.to_string();
    let has_sets = at.iter().any(|level| !level.category_sets.is_empty());
    let applies = |files: &[&str]| {
        files.iter().any(|files| {
            *files == own
                || *files == "all"
                || (*files == "counts" && has_sets)
                || (*files == "LEA and SCH files" && spec.levels.iter().any(|level| *level != Level::Sea))
                || (*files == "SCH files" && spec.levels.contains(&Level::Sch))
        })
    };
    let rules = rules().iter().filter(|rule| applies(rule.files)).map(|rule| (rule.code, rule.summary));
    Ok(Shown { spec, year, steps: declared(spec).map(|declared| declared.steps), at, rules: rules.collect() })
}

/// The list as text.
#[must_use]
pub fn list_text(catalogue: &Catalogue) -> String {
    let mut text = String::new();
    for line in list(catalogue) {
        let levels: Vec<&str> = line.spec.levels.iter().map(|level| level.as_str()).collect();
        let years = years(line.spec);
        let counted = if line.countable { "counted" } else { "" };
        let _ = writeln!(
            text,
            "{}  {:<11}  {:<16}  {:<7}  {}",
            line.spec.number,
            levels.join(" "),
            years,
            counted,
            line.spec.title
        );
    }
    text
}

fn years(spec: &FileSpec) -> String {
    match (spec.layout_first_year, spec.layout_last_year) {
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => "no layout".to_owned(),
    }
}

/// A file in full as text.
#[must_use]
pub fn show_text(shown: &Shown<'_>) -> String {
    let mut text = String::new();
    let spec = shown.spec;
    let _ = writeln!(text, "{} {} ({})", spec.number, spec.title, shown.year);
    let _ = writeln!(text, "{}; {}; layouts on record {}", spec.topic, spec.office, years(spec));
    if let Some((day, year)) = spec.due {
        let _ = writeln!(text, "due {day} for {year}");
    }
    if let Some(derivation) = &spec.derivation {
        let _ = writeln!(text, "\nderivation [{}]", derivation.standing);
        let _ = writeln!(text, "  who: {}", derivation.population);
        let _ = writeln!(text, "  when: {}", derivation.period);
        for level in &derivation.levels {
            if let Some(rule) = spec.zero_rule(*level) {
                let _ = writeln!(text, "  zero rows {level}: {}", format!("{rule:?}").to_lowercase());
            }
        }
        if !derivation.marks.is_empty() {
            let _ = writeln!(text, "  not confirmed: {}", derivation.marks.join(", "));
        }
    }
    if let Some([population, left_out, once]) = shown.steps {
        let _ = writeln!(text, "  counted from: {population}\n  only: {left_out}\n  how often: {once}");
    }
    for level in &shown.at {
        let _ = writeln!(text, "\n{} header: {}", level.level, level.file_type.unwrap_or("not on record"));
        let _ = writeln!(text, "  pos  start   end  len  M/O  column");
        for column in &level.layout.columns {
            let _ = writeln!(
                text,
                "  {:>3}  {:>5}  {:>4}  {:>3}  {}    {}{}",
                column.position,
                column.start,
                column.end(),
                column.length,
                if column.mandatory { 'M' } else { 'O' },
                column.name,
                column.category.as_ref().map(|name| format!(" [{name}]")).unwrap_or_default()
            );
        }
        if !level.category_sets.is_empty() {
            let _ = writeln!(text, "  category sets");
        }
        for set in &level.category_sets {
            let names =
                if set.categories.is_empty() { "(total)".to_owned() } else { set.categories.join(" x ") };
            let _ = writeln!(text, "    {} {} {} {}", set.table, set.set, set.total_indicator, names);
        }
        if !level.permitted_values.is_empty() {
            let _ = writeln!(text, "  permitted values");
        }
        for (name, codes) in &level.permitted_values {
            let shown: Vec<&str> = codes.iter().copied().take(40).collect();
            let more =
                if codes.len() > 40 { format!(" and {} more", codes.len() - 40) } else { String::new() };
            let _ = writeln!(text, "    {name}: {}{more}", shown.join(" "));
        }
    }
    let _ = writeln!(text, "\nrules");
    for (code, summary) in &shown.rules {
        let _ = writeln!(text, "  {code} {summary}");
    }
    text
}

/// The coverage page: every file with levels, years, status, whether it is counted, and standing.
#[must_use]
pub fn coverage_page(catalogue: &Catalogue) -> String {
    let mut text = String::from(
        "# EDFacts files\n\nGenerated from the tables of `opi-edfacts`; do not edit.\n\n\
         *Counted*: `uploads` from the student uploads alone; `records` from student rows and records that the\n\
         state keeps elsewhere (programme registers, assessment vendor, staff); blank: written, read and\n\
         checked, not counted. *Standing* is that of the derivation, or of the file where it has none:\n\
         `sourced` in a document, `derived` from one, `recall` not confirmed. *Not confirmed* names the parts of\n\
         the derivation that no document states.\n\n\
         | file | title | levels | layouts | 2024-25 | 2025-26 | counted | standing | not confirmed |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for spec in catalogue.files() {
        let levels: Vec<&str> = spec.levels.iter().map(|level| level.as_str()).collect();
        let word = |status: crate::CollectionStatus| {
            serde_json::to_value(status)
                .ok()
                .and_then(|value| value.as_str().map(|text| text.replace('_', " ")))
                .unwrap_or_default()
        };
        let counted = match (declared(spec), spec.derivation.as_ref().map(|derivation| derivation.inputs)) {
            (Some(_), Some(InputSource::AimUploads)) => "uploads",
            (Some(_), _) => "records",
            _ => "",
        };
        let standing = spec.derivation.as_ref().map_or(spec.standing, |derivation| derivation.standing);
        let marks =
            spec.derivation.as_ref().map(|derivation| derivation.marks.join(", ")).unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            spec.number,
            spec.title.replace('|', "/"),
            levels.join(" "),
            years(spec),
            word(spec.status_2024_25),
            word(spec.status_2025_26),
            counted,
            standing,
            marks.replace('_', " ")
        );
    }
    let count = |kind: &str| text.lines().filter(|line| line.contains(&format!("| {kind} |"))).count();
    let (uploads, records) = (count("uploads"), count("records"));
    let _ = writeln!(
        text,
        "\n{} files; {} with a layout on record; {uploads} counted from the uploads, {records} with records besides.",
        catalogue.files().len(),
        catalogue.files().iter().filter(|spec| spec.layout_last_year.is_some()).count()
    );
    text
}

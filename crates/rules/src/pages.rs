//! Pages of the rules in Markdown, made from the registry.

use crate::parameters::thresholds;
use crate::{RegisteredRule, registry};
use opi_dictionary::{Dictionary, RuleStatus, Standing};
use std::fmt::Write;

/// The page of a rule, with fixed headings.
#[must_use]
pub fn page(rule: &RegisteredRule) -> String {
    let info = &rule.info;
    let mut text = format!("# {}: {}\n\n", info.code, info.summary);
    let _ = writeln!(text, "| severity | class | status | key | judged here |");
    let _ = writeln!(text, "| --- | --- | --- | --- | --- |");
    let status = match info.status {
        RuleStatus::Preview => "preview",
        RuleStatus::Stable => "stable",
        RuleStatus::Deprecated => "deprecated",
    };
    let judged = if rule.not_judged.is_none() { "yes" } else { "no" };
    let _ = writeln!(
        text,
        "| {} | {} | {status} | {} | {judged} |\n",
        info.severity,
        word(&info.class),
        word(&info.key).replace('_', " ")
    );
    let _ = writeln!(text, "## What it finds\n\n{}.\n", sentence(info.summary));
    if !rule.right.is_empty() {
        let _ = writeln!(text, "Right would be: {}.\n", rule.right);
    }
    if let Some(reason) = rule.not_judged {
        let _ = writeln!(text, "It is listed and not judged here: {reason}.\n");
    }
    if let Some(redirect) = rule.redirect {
        let _ = writeln!(text, "See [{redirect}]({redirect}.md).\n");
    }
    let _ = writeln!(text, "## Why it matters\n\n{}\n", info.why);
    let example = if rule.example.is_empty() { "none: it gives no finding" } else { rule.example };
    let _ = writeln!(text, "## Example\n\n{}.\n", sentence(example));
    let _ = writeln!(text, "## How to fix\n\n{}\n", info.fix);
    let _ = writeln!(text, "## What it reads\n");
    let _ = writeln!(text, "- files: {}", names(info.files.iter().copied().map(file_name)));
    let _ = writeln!(text, "- fields: {}", names(info.fields.iter().copied().map(field_name)));
    for need in &rule.needs {
        let _ = writeln!(text, "- needed: {}", need.join(" or "));
    }
    let collections = rule.collections.iter().map(|collection| collection.as_str().to_owned());
    let collections: Vec<String> = collections.collect();
    let _ = writeln!(
        text,
        "- collections: {}",
        if collections.is_empty() { "all".to_owned() } else { collections.join(", ") }
    );
    let year = |year: Option<opi_dictionary::SchoolYear>| year.map(|year| year.to_string());
    let years = match (year(info.first_year), year(info.last_year)) {
        (None, None) => "all".to_owned(),
        (Some(first), None) => format!("from {first}"),
        (None, Some(last)) => format!("to {last}"),
        (Some(first), Some(last)) => format!("{first} to {last}"),
    };
    let _ = writeln!(text, "- school years: {years}");
    let related: Vec<String> = rule.related.iter().map(|code| format!("[{code}]({code}.md)")).collect();
    if !related.is_empty() {
        let _ = writeln!(text, "- related: {}", related.join(", "));
    }
    let mut thresholds =
        thresholds().iter().filter(|one| one.rules.iter().any(|code| code == info.code)).peekable();
    if thresholds.peek().is_some() {
        let _ = writeln!(text, "\n## Thresholds\n\nA policy may set them.\n");
    }
    for one in thresholds {
        let _ = writeln!(text, "- `{}` = {}: {} ({})", one.name, one.usual, one.what, one.citation);
    }
    let _ = writeln!(text, "\n## Source\n\n{}: {}.", info.citation.source, standing(info.citation.standing));
    text
}

/// The page that lists all rules.
#[must_use]
pub fn index_page() -> String {
    let rules = registry();
    let judged =
        rules.iter().filter(|rule| rule.not_judged.is_none() && rule.info.status != RuleStatus::Deprecated);
    let mut text = format!(
        "# Rules\n\n{} rules, of which {} are judged here. Codes are permanent. Made from the registry.\n\n",
        rules.len(),
        judged.count()
    );
    text.push_str("| code | what it finds | severity | class | judged |\n| --- | --- | --- | --- | --- |\n");
    for rule in rules {
        let info = &rule.info;
        let judged = if rule.not_judged.is_none() { "yes" } else { "no" };
        let _ = writeln!(
            text,
            "| [{0}]({0}.md) | {1} | {2} | {3} | {judged} |",
            info.code,
            info.summary,
            info.severity,
            word(&info.class)
        );
    }
    text
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + characters.as_str())
}

fn word(value: &impl serde::Serialize) -> String {
    toml::Value::try_from(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn names(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    if names.is_empty() { "none in particular".to_owned() } else { names.join(", ") }
}

fn file_name(key: &str) -> String {
    Dictionary::built_in().layout(key).map_or_else(|_| key.to_owned(), |layout| layout.title.clone())
}

fn field_name(key: &str) -> String {
    let dictionary = Dictionary::built_in();
    let info = dictionary.field(key).ok().and_then(|field| dictionary.field_info(field));
    info.map_or_else(|| key.to_owned(), |info| info.name.clone())
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Sourced => "read in the document named",
        Standing::Derived => "follows from what is named, by reasoning or sound practice",
        Standing::Recall => "common knowledge of the field, not confirmed against a document",
    }
}

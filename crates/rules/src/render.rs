//! From a finding in the engine to one that is shown: texts of the rule, and the value fetched again by position.

use crate::RulesError;
use crate::column::trim;
use crate::emit::{Found, NO_DISTRICT, Place};
use crate::engine::{Checker, Outcome};
use crate::ragged::Placed;
use crate::source::Input;
use opi_dictionary::{Dictionary, FieldProblem, Finding, Layout, Position, Row};
use std::collections::{BTreeMap, BTreeSet};

/// The rows that findings are about, by line.
type Lines = BTreeMap<u32, Fetched>;

/// A row that was read again.
struct Fetched {
    byte: u64,
    /// Its fields, each in the place of its column.
    fields: Vec<String>,
    count: FieldCount,
}

/// How many fields a row has, and whether the places of any can be told.
#[derive(Clone, Copy)]
struct FieldCount {
    found: usize,
    placed: bool,
}

impl FieldCount {
    fn in_words(self) -> String {
        let fields = if self.found == 1 { "field" } else { "fields" };
        let rest = if self.placed {
            "those whose place is certain were checked"
        } else {
            "none could be placed or checked"
        };
        format!("{} {fields}; {rest}", self.found)
    }
}

impl Fetched {
    fn new(row: &Row<'_>) -> Self {
        let texts = |row: &Row<'_>| row.fields().map(str::to_owned).collect();
        let (found, byte) = (row.len(), row.byte());
        let (fields, placed) = if found == row.layout().fields.len() {
            (texts(row), true)
        } else {
            Placed::of(row).map_or((Vec::new(), false), |mut placed| (texts(&placed.row()), true))
        };
        Fetched { byte, fields, count: FieldCount { found, placed } }
    }
}

pub(crate) fn findings(
    checker: &Checker<'_>,
    outcome: &Outcome,
    inputs: &[&dyn Input],
    show_values: bool,
) -> Result<Vec<Finding>, RulesError> {
    let mut findings = Vec::with_capacity(outcome.found.len());
    let mut rest = outcome.found.as_slice();
    while let Some(first) = rest.first() {
        let file = first.hit.file;
        let end = rest.partition_point(|found| found.hit.file == file);
        let (of_file, tail) = rest.split_at(end);
        rest = tail;
        let input = inputs.get(file as usize);
        let lines = match input {
            Some(input) => fetch(*input, of_file)?,
            None => Lines::new(),
        };
        for found in of_file {
            let layout = input.map(|input| input.layout());
            let row = lines.get(&found.hit.line);
            let value = |field| {
                let column = layout?.column(field)?;
                row.and_then(|row| row.fields.get(column)).map(String::as_str)
            };
            let seen = Seen {
                layout,
                text: found.hit.field.and_then(value),
                byte: row.map(|row| row.byte),
                count: row.map(|row| row.count),
            };
            let name = |file: u32| {
                let known = outcome.names.get(file as usize).cloned();
                known.unwrap_or_else(|| "directory".to_owned())
            };
            findings.push(make(checker, found, &seen, show_values, &name));
        }
    }
    Ok(findings)
}

/// Reads the rows of findings again, in one pass.
fn fetch(input: &dyn Input, found: &[Found]) -> Result<Lines, RulesError> {
    let wanted: BTreeSet<u32> = found.iter().map(|found| found.hit.line).filter(|line| *line > 0).collect();
    let mut lines = Lines::new();
    let Some(last) = wanted.last() else { return Ok(lines) };
    let mut source = input.open()?;
    while let Some(row) = source.next_row()? {
        let line = row.line() as u32;
        if line > *last {
            break;
        }
        if wanted.contains(&line) {
            lines.insert(line, Fetched::new(&row));
        }
    }
    Ok(lines)
}

/// A finding about a row that is at hand.
pub(crate) fn of_row(checker: &Checker<'_>, found: &Found, row: &Row<'_>) -> Finding {
    let fetched = Fetched::new(row);
    let column = found.hit.field.and_then(|field| row.layout().column(field));
    let seen = Seen {
        layout: Some(row.layout()),
        text: column.and_then(|column| fetched.fields.get(column)).map(String::as_str),
        byte: None,
        count: Some(fetched.count),
    };
    make(checker, found, &seen, false, &|_| String::new())
}

/// What was read again of the row that a finding is about.
struct Seen<'a> {
    layout: Option<&'a Layout>,
    /// The field at fault.
    text: Option<&'a str>,
    byte: Option<u64>,
    count: Option<FieldCount>,
}

fn make(
    checker: &Checker<'_>,
    found: &Found,
    seen: &Seen<'_>,
    show_values: bool,
    name: &dyn Fn(u32) -> String,
) -> Finding {
    let entry = checker.table.entries.get(usize::from(found.hit.rule));
    let Some(entry) = entry else { return unknown_rule(found, name) };
    let Seen { layout, text, byte, count } = *seen;
    let field = found.hit.field.and_then(|field| layout?.field(field));
    let right = entry.registered.map_or("", |rule| rule.right);
    let mut message = entry.info.summary.to_owned();
    let mut expected = Some(right.to_owned()).filter(|right| !right.is_empty());
    // Where the value has not its form, the layout says more exactly what would be right.
    if let (Some(field), Some(text)) = (field, text)
        && reports_form(entry.info.code, &field.key, layout)
        && let Some(problem) = field.problem(text)
    {
        expected = Some(field.expected());
        let looked_up =
            || explain_code(checker.world.references.dictionary, field.code_set.as_deref(), trim(text));
        message = match looked_up() {
            Some(lookup) if !trim(text).is_empty() => format!("{message}: {lookup}"),
            _ if problem == FieldProblem::NotACode => message,
            _ => format!("{message}: {} {problem}", field.name),
        };
    }
    if let Some(words) = found.reason.in_words(show_values) {
        message = format!("{message}: {words}");
    }
    expected = found.reason.expected().or(expected);
    if found.others.more() > 0 {
        message = format!("{message}; {} more rows belong to it", found.others.more());
    }
    if let ("FILE-009", Some(layout), Some(count)) = (entry.info.code, layout, count) {
        message = format!("{message}: found {}", count.in_words());
        expected = Some(format!("{} fields, parted by single tabs", layout.fields.len()));
    }
    let related = |place: Place| Position {
        file: name(place.file),
        line: u64::from(place.line),
        byte: None,
        field: None,
    };
    Finding {
        code: entry.info.code.to_owned(),
        severity: found.severity,
        class: entry.info.class,
        key: entry.info.key,
        position: Position {
            file: name(found.hit.file),
            line: u64::from(found.hit.line),
            byte,
            field: field.map(|field| field.name.clone()).or_else(|| header_field(checker, found)),
        },
        subject: subject(found, show_values),
        message,
        expected,
        found: text.filter(|_| show_values).map(str::to_owned),
        fix: entry.info.fix.to_owned(),
        related: found.others.iter().map(related).collect(),
    }
}

/// The name of a field that stands in no row, but in the header of the file.
fn header_field(checker: &Checker<'_>, found: &Found) -> Option<String> {
    let info = checker.world.references.dictionary.field_info(found.hit.field?)?;
    Some(info.name.clone())
}

/// Whether a rule reports the form of a field, by the table of forms.
fn reports_form(code: &str, field: &str, layout: Option<&Layout>) -> bool {
    matches!(code, "FILE-016" | "FILE-018" | "FILE-020")
        || layout.is_some_and(|layout| crate::forms::forms(&layout.key, field).any(|form| form.rule == code))
}

fn explain_code(dictionary: &Dictionary, set: Option<&str>, text: &str) -> Option<String> {
    let set = dictionary.code_set(set?).ok()?;
    // Of a form there are no codes to compare with.
    if set.kind == "pattern" {
        return None;
    }
    let found = dictionary.look_up(&set.key, text, None).ok()?;
    let says_more = !found.is_permitted() && found != opi_dictionary::CodeLookup::Unknown;
    says_more.then(|| found.to_string())
}

/// Whom a finding is about. A state ID shows its last two digits only, unless values were asked for.
fn subject(found: &Found, show_values: bool) -> Option<String> {
    match (found.student, found.district) {
        (0, NO_DISTRICT) => None,
        (0, district) => Some(format!("district {district:04}")),
        (student, _) if show_values => Some(format!("student {student:09}")),
        (student, _) => Some(format!("student *******{:02}", student % 100)),
    }
}

/// Cannot happen with the checker of the run; with another one the finding still stands.
fn unknown_rule(found: &Found, name: &dyn Fn(u32) -> String) -> Finding {
    Finding {
        code: String::new(),
        severity: found.severity,
        class: opi_dictionary::RuleClass::Specification,
        key: opi_dictionary::RuleKey::Record,
        position: Position {
            file: name(found.hit.file),
            line: u64::from(found.hit.line),
            ..Position::default()
        },
        subject: None,
        message: "found by a rule that this checker does not have".to_owned(),
        expected: None,
        found: None,
        fix: "use the checker of the run".to_owned(),
        related: Vec::new(),
    }
}

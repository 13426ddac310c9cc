//! From a finding in the engine to one that is shown: texts of the rule, and the value fetched again by position.

use crate::RulesError;
use crate::column::trim;
use crate::emit::{Found, NO_DISTRICT, Place};
use crate::engine::{Checker, Outcome};
use crate::hints::Hint;
use crate::ragged::Placed;
use crate::source::Input;
use crate::told::Told;
use opi_dictionary::{Dictionary, FieldId, FieldProblem, Finding, Layout, Position, Row, fields as f};
use std::collections::{BTreeMap, BTreeSet};

/// The rows that findings are about, by line.
type Lines = BTreeMap<u32, Fetched>;

/// A row that was read again.
struct Fetched {
    byte: u64,
    /// Its first field as it stands.
    first: String,
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
        let first = row.fields().next().unwrap_or_default().to_owned();
        Fetched { byte, first, fields, count: FieldCount { found, placed } }
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
        let (lines, mut told) = match input {
            Some(input) => fetch(checker, *input, of_file)?,
            None => (Lines::new(), Told::default()),
        };
        for found in of_file {
            let layout = input.map(|input| input.layout());
            let row = lines.get(&found.hit.line);
            let (byte, detail) = told.take(code(checker, found), found);
            let byte = byte.or(row.map(|row| row.byte));
            let seen = Seen { layout, row, byte, detail };
            let name = |file: u32| {
                let known = outcome.names.get(file as usize).cloned();
                known.unwrap_or_else(|| "directory".to_owned())
            };
            findings.push(make(checker, found, &seen, show_values, &name));
        }
    }
    Ok(findings)
}

fn position(place: Place, name: &dyn Fn(u32) -> String) -> Position {
    Position { file: name(place.file), line: u64::from(place.line), byte: None, field: None }
}

/// The code of the rule of a finding.
fn code<'c>(checker: &'c Checker<'_>, found: &Found) -> &'c str {
    checker.table.entries.get(usize::from(found.hit.rule)).map_or("", |entry| entry.info.code)
}

/// Reads the rows of findings again, in one pass, and what the reader tells of its own findings.
fn fetch(checker: &Checker<'_>, input: &dyn Input, found: &[Found]) -> Result<(Lines, Told), RulesError> {
    let wanted: BTreeSet<u32> = found.iter().map(|found| found.hit.line).filter(|line| *line > 0).collect();
    let tells = found.iter().any(|found| input.judged().contains(&code(checker, found)));
    let mut lines = Lines::new();
    let last = wanted.last().copied().unwrap_or(0);
    if last == 0 && !tells {
        return Ok((lines, Told::default()));
    }
    let mut source = input.open()?;
    while let Some(row) = source.next_row()? {
        let line = row.line() as u32;
        // What a reader noticed is whole only at the end.
        if line > last && !tells {
            break;
        }
        if wanted.contains(&line) {
            lines.insert(line, Fetched::new(&row));
        }
    }
    Ok((lines, if tells { Told::new(source.notices()) } else { Told::default() }))
}

/// A finding about a row that is at hand.
pub(crate) fn of_row(checker: &Checker<'_>, found: &Found, row: &Row<'_>) -> Finding {
    let fetched = Fetched::new(row);
    let seen = Seen { layout: Some(row.layout()), row: Some(&fetched), byte: None, detail: None };
    make(checker, found, &seen, false, &|_| String::new())
}

/// What was read again of the row that a finding is about.
struct Seen<'a> {
    layout: Option<&'a Layout>,
    row: Option<&'a Fetched>,
    byte: Option<u64>,
    /// What the reader told.
    detail: Option<String>,
}

impl<'a> Seen<'a> {
    /// The text of a field.
    fn value(&self, field: FieldId) -> Option<&'a str> {
        let column = self.layout?.column(field)?;
        self.row.and_then(|row| row.fields.get(column)).map(String::as_str)
    }
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
    let field = found.hit.field.and_then(|field| seen.layout?.field(field));
    let text = found.hit.field.and_then(|field| seen.value(field));
    let Said { message, expected, value } = say(checker, entry.info.code, found, seen, show_values);
    Finding {
        code: entry.info.code.to_owned(),
        severity: found.severity,
        class: entry.info.class,
        key: entry.info.key,
        position: Position {
            file: name(found.hit.file),
            line: u64::from(found.hit.line),
            byte: seen.byte,
            field: field.map(|field| field.name.clone()).or_else(|| header_field(checker, found)),
        },
        subject: subject(found, seen, show_values),
        message: match message {
            Some(more) => format!("{}: {more}", entry.info.summary),
            None => entry.info.summary.to_owned(),
        },
        expected: expected
            .or_else(|| entry.registered.map(|rule| rule.right.to_owned()))
            .filter(|right| !right.is_empty()),
        found: text.map(str::to_owned).or(value).filter(|_| show_values),
        fix: entry.info.fix.to_owned(),
        related: found.others.iter().map(|place| position(place, name)).collect(),
    }
}

/// What can be said of a finding beyond its rule.
#[derive(Default)]
struct Said {
    /// What is wrong.
    message: Option<String>,
    /// What would be right.
    expected: Option<String>,
    /// What was found, where that is not one field.
    value: Option<String>,
}

fn say(checker: &Checker<'_>, code: &str, found: &Found, seen: &Seen<'_>, show_values: bool) -> Said {
    let dictionary = checker.world.references.dictionary;
    let field = found.hit.field.and_then(|field| seen.layout?.field(field));
    let text = found.hit.field.and_then(|field| seen.value(field));
    let mut said = Said { message: seen.detail.clone(), ..Said::default() };
    // Where the value has not its form, the layout says more exactly what would be right.
    if let (Some(field), Some(text)) = (field, text)
        && reports_form(code, &field.key, seen.layout)
        && let Some(problem) = field.problem(text)
    {
        let hint = Hint::of(field, text, problem, show_values);
        said.expected = Some(hint.expected);
        let looked_up = explain_code(dictionary, field.code_set.as_deref(), trim(text));
        said.message = match looked_up {
            Some(lookup) if !trim(text).is_empty() && code != "FILE-016" => Some(lookup),
            _ if problem == FieldProblem::NotACode => None,
            _ => Some(hint.problem),
        };
    }
    if let Some(words) = found.reason.in_words(show_values) {
        said.message = Some(words);
    }
    if let Some(right) = found.reason.expected() {
        said.expected = Some(right);
    }
    if found.others.more() > 0 {
        let more = format!("{} more rows belong to it", found.others.more());
        said.message = Some(said.message.map_or(more.clone(), |words| format!("{words}; {more}")));
    }
    match (code, seen.layout, seen.row) {
        ("FILE-009", Some(layout), Some(row)) => {
            said.message =
                Some(format!("found {}{}", row.count.in_words(), foreign(dictionary, layout, row)));
            said.expected = Some(format!("{} fields, parted by single tabs", layout.fields.len()));
        }
        ("FILE-019", Some(layout), row) => (said.expected, said.value) = repeated(layout, row),
        _ => {}
    }
    said
}

/// Says of a row that it opens with the record type of another layout.
fn foreign(dictionary: &Dictionary, layout: &Layout, row: &Fetched) -> String {
    let other = dictionary.layout_of_record_type(trim(&row.first)).filter(|other| other.key != layout.key);
    match other {
        Some(other) => {
            format!("; it opens with {}, the record type of {}", other.record_type, other.title)
        }
        None => String::new(),
    }
}

/// The key of which a row is the second, and what stands in its fields.
fn repeated(layout: &Layout, row: Option<&Fetched>) -> (Option<String>, Option<String>) {
    let columns = || layout.key_fields.iter().filter_map(|field| layout.column(*field));
    let names = |column: usize| layout.fields.get(column).map(|field| field.name.as_str());
    let names: Vec<&str> = columns().filter_map(names).collect();
    let values = row.map(|row| {
        let text = |column: usize| row.fields.get(column).map_or("", String::as_str);
        columns().map(text).collect::<Vec<_>>().join("; ")
    });
    let expected =
        (!names.is_empty()).then(|| format!("each key once in a file; the key is {}", names.join(", ")));
    (expected, values)
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

/// Whom a finding is about, and of which school. A state ID shows its last two digits only, and the day of entry
/// nothing, unless values were asked for.
fn subject(found: &Found, seen: &Seen<'_>, show_values: bool) -> Option<String> {
    let mut subject = match (found.student, found.district) {
        (0, NO_DISTRICT) => return None,
        (0, district) => format!("district {district:04}"),
        (student, _) if show_values => format!("student {student:09}"),
        (student, _) => format!("student *******{:02}", student % 100),
    };
    let right = |field: FieldId| {
        let (described, text) = (seen.layout?.field(field)?, seen.value(field)?);
        Some(trim(text)).filter(|text| !text.is_empty() && described.problem(text).is_none())
    };
    if let Some(school) = right(f::SCHOOL_NUMBER) {
        subject.push_str(&format!(", school {school}"));
    }
    if let Some(day) = right(f::START_DATE).filter(|_| show_values && found.student > 0) {
        subject.push_str(&format!(", from {day}"));
    }
    Some(subject)
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

//! SARIF 2.1.0, for code-scanning services and editors.

use crate::table_csv::{class_word, key_word};
use crate::text::visible;
use crate::{FindingReport, InputFile, LINES_COUNTED, RuleOutline, Values, human};
use opi_dictionary::{Finding, Position, Severity};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The name under which the fingerprint of a result stands; the number rises when its making changes.
const FINGERPRINT: &str = "opiFinding/v1";

/// A log with one run; results are made while they are written.
#[derive(Serialize)]
pub(crate) struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Sorted,
    invocations: [Sorted; 1],
    artifacts: Vec<Sorted>,
    results: Results<'a>,
    properties: Sorted,
}

impl<'a> Log<'a> {
    pub(crate) fn new(report: &'a FindingReport, values: Values) -> Self {
        let files = Artifacts::of(report);
        Log {
            schema: SCHEMA,
            version: "2.1.0",
            runs: [Run {
                tool: Sorted(tool(report)),
                invocations: [Sorted(invocation(report))],
                artifacts: files.to_json(report).into_iter().map(Sorted).collect(),
                properties: Sorted(run_properties(report, values)),
                results: Results { report, files, values },
            }],
        }
    }
}

/// A value whose objects are written with sorted names. `serde_json` keeps either order, depending on what
/// other crates of a build ask of it; the bytes must not.
struct Sorted(Value);

impl Serialize for Sorted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SortedRef(&self.0).serialize(serializer)
    }
}

struct SortedRef<'a>(&'a Value);

impl Serialize for SortedRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(object) => {
                let sorted: BTreeMap<&String, SortedRef> =
                    object.iter().map(|(name, value)| (name, SortedRef(value))).collect();
                sorted.serialize(serializer)
            }
            Value::Array(values) => serializer.collect_seq(values.iter().map(SortedRef)),
            other => other.serialize(serializer),
        }
    }
}

/// The level of SARIF for a severity: what blocks is an error.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Confirm => "warning",
        Severity::BlocksCertification | Severity::BlocksUpload => "error",
    }
}

fn tool(report: &FindingReport) -> Value {
    let header = report.header();
    let rules: Vec<Value> = header.rules.iter().map(rule).collect();
    json!({ "driver": { "name": header.tool, "version": header.tool_version, "rules": rules } })
}

/// A rule with its help text, as text and as Markdown.
fn rule(rule: &RuleOutline) -> Value {
    let source = rule.citation.to_string();
    let help = format!("{}\n\nWhy: {}\nHow to fix: {}\nSource: {source}", rule.summary, rule.why, rule.fix);
    let markdown = format!(
        "**{}**\n\n**Why:** {}\n\n**How to fix:** {}\n\n**Source:** {}",
        plain_markdown(&rule.summary),
        plain_markdown(&rule.why),
        plain_markdown(&rule.fix),
        plain_markdown(&source),
    );
    let mut value = json!({
        "id": rule.code,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": rule.why },
        "help": { "text": help, "markdown": markdown },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": {
            "severity": rule.severity.as_str(),
            "class": class_word(rule.class),
            "key": key_word(rule.key),
            "status": human::status_word(rule.status),
            "source": source,
            "tags": [class_word(rule.class)],
        },
    });
    if let (Some(page), Some(object)) = (&rule.page, value.as_object_mut()) {
        object.insert("helpUri".into(), json!(page));
    }
    value
}

/// Text in which Markdown sees no mark.
fn plain_markdown(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_punctuation()
            && !matches!(character, '.' | ',' | '-' | '\'' | '"' | '(' | ')' | ':' | ';' | '/' | '%' | '?')
        {
            plain.push('\\');
        }
        plain.push(character);
    }
    plain
}

/// How the run went: to its end or not, and which rules did not run.
fn invocation(report: &FindingReport) -> Value {
    let header = report.header();
    let skipped: Vec<Value> = header
        .skipped
        .iter()
        .map(|rule| {
            json!({
                "associatedRule": { "id": rule.code },
                "descriptor": { "id": "rule-skipped" },
                "level": "note",
                "message": { "text": literal(&format!("rule {} did not run: {}", rule.code, rule.reason)) },
            })
        })
        .chain(header.policy_expired.iter().map(|entry| {
            json!({
                "associatedRule": { "id": entry.code },
                "descriptor": { "id": "policy-expired" },
                "level": "warning",
                "message": { "text": literal(&format!("the policy was not applied: {}", human::policy(entry))) },
            })
        }))
        .collect();
    let stopped: Vec<Value> = header
        .incomplete
        .iter()
        .map(|reason| {
            json!({
                "descriptor": { "id": "incomplete" },
                "level": "error",
                "message": { "text": literal(&format!("the run did not go to its end: {reason}")) },
            })
        })
        .collect();
    let mut value = json!({
        "executionSuccessful": header.incomplete.is_none(),
        "toolConfigurationNotifications": skipped,
        "toolExecutionNotifications": stopped,
    });
    if let (Some(moment), Some(object)) = (header.produced, value.as_object_mut()) {
        object.insert("endTimeUtc".into(), json!(moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()));
    }
    value
}

/// What the format has no place for: exact counts, policy, scope.
fn run_properties(report: &FindingReport, values: Values) -> Value {
    let header = report.header();
    json!({
        "ruleSetVersion": header.rule_set_version,
        "schoolYear": header.school_year,
        "collection": header.collection,
        "asOf": header.as_of,
        "complete": header.incomplete.is_none(),
        "linesCounted": LINES_COUNTED,
        "maxSamples": header.max_samples,
        "valuesShown": values.are_shown(),
        "rulesRun": header.rules.len(),
        "rulesSkipped": header.rules_skipped(),
        "rowsRead": header.rows(),
        "findings": header.findings(),
        "counts": header.counts,
        "parameters": header.parameters,
        "policy": header.policy,
        "policyExpired": header.policy_expired,
    })
}

/// Every file by name with its number: those that were read, and any other that a finding names.
struct Artifacts<'a>(BTreeMap<&'a str, usize>);

impl<'a> Artifacts<'a> {
    fn of(report: &'a FindingReport) -> Self {
        let read = report.header().files.iter().map(|file| file.name.as_str());
        let places = report.findings().iter().flat_map(|finding| {
            std::iter::once(&finding.position).chain(&finding.related).map(|place| place.file.as_str())
        });
        let mut names: BTreeMap<&str, usize> =
            read.chain(places).filter(|name| !name.is_empty()).map(|name| (name, 0)).collect();
        for (number, index) in names.values_mut().enumerate() {
            *index = number;
        }
        Artifacts(names)
    }

    fn to_json(&self, report: &FindingReport) -> Vec<Value> {
        let read: BTreeMap<&str, &InputFile> =
            report.header().files.iter().map(|file| (file.name.as_str(), file)).collect();
        self.0.keys().map(|name| artifact(name, read.get(name).copied())).collect()
    }

    fn location(&self, name: &str) -> Value {
        json!({ "uri": uri(name), "index": self.0.get(name) })
    }
}

fn artifact(name: &str, file: Option<&InputFile>) -> Value {
    let mut value = Map::new();
    value.insert("location".into(), json!({ "uri": uri(name) }));
    if let Some(file) = file {
        value.insert("roles".into(), json!(["analysisTarget"]));
        if let Some(bytes) = file.bytes {
            value.insert("length".into(), json!(bytes));
        }
        if let Some((algorithm, digits)) = file.hash.as_deref().and_then(|hash| hash.split_once(':')) {
            value.insert("hashes".into(), json!({ algorithm: digits }));
        }
        value.insert(
            "properties".into(),
            json!({ "rows": file.rows, "layout": file.layout, "role": file.role }),
        );
    }
    Value::Object(value)
}

/// The results, made one by one while they are written.
struct Results<'a> {
    report: &'a FindingReport,
    files: Artifacts<'a>,
    values: Values,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rules: BTreeMap<&str, usize> = self
            .report
            .header()
            .rules
            .iter()
            .enumerate()
            .map(|(index, rule)| (rule.code.as_str(), index))
            .collect();
        let seen = RefCell::new(BTreeMap::<u64, u32>::new());
        serializer.collect_seq(self.report.findings().iter().map(|finding| {
            let base = identity(finding);
            let mut seen = seen.borrow_mut();
            let occurrence = seen.entry(base).or_default();
            *occurrence += 1;
            let rule = rules.get(finding.code.as_str()).copied();
            Sorted(self.result(finding, rule, &format!("{base:016x}-{occurrence}")))
        }))
    }
}

impl Results<'_> {
    fn result(&self, finding: &Finding, rule: Option<usize>, fingerprint: &str) -> Value {
        let mut value = json!({
            "ruleId": finding.code,
            "kind": "fail",
            "level": level(finding.severity),
            "message": { "text": message(finding) },
            "partialFingerprints": { FINGERPRINT: fingerprint },
            "properties": self.properties(finding),
        });
        if let Some(object) = value.as_object_mut() {
            if let Some(index) = rule {
                object.insert("ruleIndex".into(), json!(index));
            }
            if let Some(location) = self.location(&finding.position) {
                object.insert("locations".into(), json!([location]));
            }
            let related: Vec<Value> = finding
                .related
                .iter()
                .filter_map(|place| self.location(place))
                .enumerate()
                .map(|(id, mut location)| {
                    if let Some(object) = location.as_object_mut() {
                        object.insert("id".into(), json!(id));
                        object.insert("message".into(), json!({ "text": "related place" }));
                    }
                    location
                })
                .collect();
            if !related.is_empty() {
                object.insert("relatedLocations".into(), json!(related));
            }
        }
        value
    }

    fn location(&self, place: &Position) -> Option<Value> {
        let mut location = Map::new();
        if !place.file.is_empty() {
            let mut physical = Map::new();
            physical.insert("artifactLocation".into(), self.files.location(&place.file));
            if place.line > 0 {
                physical.insert("region".into(), json!({ "startLine": place.line }));
            }
            location.insert("physicalLocation".into(), Value::Object(physical));
        }
        if let Some(field) = &place.field {
            location.insert("logicalLocations".into(), json!([{ "name": field, "kind": "member" }]));
        }
        if location.is_empty() { None } else { Some(Value::Object(location)) }
    }

    fn properties(&self, finding: &Finding) -> Value {
        let mut value = Map::new();
        value.insert("severity".into(), json!(finding.severity.as_str()));
        value.insert("class".into(), json!(class_word(finding.class)));
        value.insert("key".into(), json!(key_word(finding.key)));
        let found = finding.found.as_ref().filter(|_| self.values.are_shown());
        let texts = [
            ("subject", finding.subject.as_ref()),
            ("expected", finding.expected.as_ref()),
            ("found", found),
            ("fix", Some(&finding.fix)),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                value.insert(name.into(), json!(text));
            }
        }
        if let Some(byte) = finding.position.byte {
            value.insert("byte".into(), json!(byte));
        }
        Value::Object(value)
    }
}

/// The message as an editor shows it: what is wrong, what would be right, how to mend it.
fn message(finding: &Finding) -> String {
    let mut text = visible(&finding.message).into_owned();
    if let Some(expected) = &finding.expected {
        text.push_str("; expected ");
        text.push_str(&visible(expected));
    }
    text.push_str(". Fix: ");
    text.push_str(&visible(&finding.fix));
    literal(&text)
}

/// A message text as it is: braces mark placeholders in SARIF, and doubled braces stand for themselves.
fn literal(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// What stays the same when lines are inserted above: rule, file, field, subject and message, as a 64-bit
/// FNV-1a hash. The value found is left out, since a hash of a birth date or an identifier can be guessed.
fn identity(finding: &Finding) -> u64 {
    let place = &finding.position;
    let parts = [
        finding.code.as_str(),
        &place.file,
        place.field.as_deref().unwrap_or_default(),
        finding.subject.as_deref().unwrap_or_default(),
        &finding.message,
    ];
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.into_iter().flat_map(|part| part.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

/// A file name as a URI reference: a relative path stays relative, an absolute one becomes a `file:` URI.
fn uri(name: &str) -> String {
    let path = name.replace('\\', "/");
    let drive =
        path.as_bytes().get(1) == Some(&b':') && path.starts_with(|first: char| first.is_ascii_alphabetic());
    let mut uri = if path.starts_with("//") {
        String::from("file:")
    } else if path.starts_with('/') {
        String::from("file://")
    } else if drive {
        String::from("file:///")
    } else {
        String::new()
    };
    for (index, byte) in path.bytes().enumerate() {
        let kept = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/');
        if kept || (drive && index == 1) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_become_uris() {
        for (name, expected) in [
            ("fall/enrollment.tsv", "fall/enrollment.tsv"),
            ("fall count #1.tsv", "fall%20count%20%231.tsv"),
            ("a:b.tsv", "file:///a:b.tsv"),
            ("ab:c.tsv", "ab%3Ac.tsv"),
            ("/data/é.tsv", "file:///data/%C3%A9.tsv"),
            (r"C:\data\x.tsv", "file:///C:/data/x.tsv"),
            (r"\\server\share\x.tsv", "file://server/share/x.tsv"),
            ("x\u{0}\n.tsv", "x%00%0A.tsv"),
        ] {
            assert_eq!(uri(name), expected, "{name:?}");
        }
    }
}

//! What each format looks like, and what holds for all of them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // helpers of tests

mod common;

use common::{MARKER, findings, header, report, shuffled};
use opi_dictionary::{Citation, Finding, RuleStatus, Severity};
use opi_report::{FindingReport, ParameterEntry, ReportError, RuleCount, RunHeader, Style, Values};
use serde_json::Value;

fn text(write: impl FnOnce(&mut Vec<u8>) -> Result<(), ReportError>) -> String {
    let mut out = vec![];
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn human() {
    insta::assert_snapshot!(text(|out| report().write_human(out, Values::Hidden, &Style::PLAIN)));
}

#[test]
fn human_with_values_and_colours() {
    let painted = text(|out| report().write_human(out, Values::Shown, &Style::ANSI));
    insta::assert_snapshot!(painted.replace('\u{1b}', "ESC"));
}

#[test]
fn human_says_how_many_rules_found_nothing() {
    let shown = text(|out| {
        FindingReport::new(header(), vec![]).unwrap().write_human(out, Values::Hidden, &Style::PLAIN)
    });
    insta::assert_snapshot!(shown);
}

#[test]
fn human_never_takes_no_rule_for_no_finding() {
    let mut header = RunHeader::new("opi", "0.1.0", "1");
    header.incomplete = Some("stopped at fall/enrollment.tsv: the file could not be read".into());
    let shown = text(|out| {
        FindingReport::new(header, vec![]).unwrap().write_human(out, Values::Hidden, &Style::PLAIN)
    });
    assert!(!shown.contains("no findings"));
    insta::assert_snapshot!(shown);
}

#[test]
fn json_lines() {
    insta::assert_snapshot!(text(|out| report().write_json_lines(out, Values::Hidden)));
}

#[test]
fn csv() {
    insta::assert_snapshot!(text(|out| report().write_csv(out, Values::Hidden)));
}

#[test]
fn csv_with_values() {
    insta::assert_snapshot!(text(|out| report().write_csv(out, Values::Shown)));
}

#[test]
fn summary_csv() {
    insta::assert_snapshot!(text(|out| report().write_summary_csv(out)));
}

#[test]
fn sarif() {
    insta::assert_snapshot!(text(|out| report().write_sarif(out, Values::Hidden)));
}

/// Every rendering as text.
fn readable(report: &FindingReport) -> Vec<(&'static str, String)> {
    let as_text = |(name, bytes): (&'static str, Vec<u8>)| {
        (name, if name == "xlsx" { workbook_text(&bytes) } else { String::from_utf8(bytes).unwrap() })
    };
    common::renderings(report, Values::Hidden).into_iter().map(as_text).collect()
}

#[test]
fn every_format_says_how_lines_are_counted() {
    for (name, text) in readable(&report()) {
        // The summary by rule names no line.
        assert_eq!(text.contains(opi_report::LINES_COUNTED), name != "summary", "{name}: {text}");
    }
}

#[test]
fn every_format_names_the_source_of_a_rule_and_marks_a_preview() {
    let mut header = header();
    header.rules[0].status = RuleStatus::Preview;
    header.rules[0].citation = Citation::recall("Upload Guide 7");
    let report = FindingReport::new(header, findings()).unwrap();
    for (name, text) in readable(&report) {
        assert!(text.contains("Upload Guide 7"), "{name} names no source: {text}");
        assert!(text.contains("preview") || name == "summary", "{name} does not say preview: {text}");
    }
}

#[test]
fn files_to_compare_with_are_named_as_such_and_their_rows_are_not_those_checked() {
    let mut header = header();
    header.files[2].role = Some("prior".into());
    let (rows, files) = (header.rows(), header.checked().count());
    assert_eq!((rows, files), (2_304, 2));
    let report = FindingReport::new(header, findings()).unwrap();
    let human = text(|out| report.write_human(out, Values::Hidden, &Style::PLAIN));
    assert!(human.contains("over 2,304 rows in 2 files"), "{human}");
    assert!(human.contains("file (prior): spring/enrollment.tsv, 1,190 rows"), "{human}");
}

#[test]
fn every_format_echoes_a_threshold_that_the_policy_set() {
    let mut header = header();
    header.parameters =
        vec![ParameterEntry { name: "count_change_percent".into(), value: "35".into(), usual: "20".into() }];
    let report = FindingReport::new(header, findings()).unwrap();
    for (name, text) in readable(&report) {
        assert!(text.contains("count_change_percent"), "{name}: {text}");
    }
}

#[test]
fn every_format_says_that_a_run_did_not_go_to_its_end() {
    let mut header = header();
    header.incomplete = Some("fall/broken.xml: the XML is broken".into());
    let report = FindingReport::new(header, vec![]).unwrap();
    for (name, text) in readable(&report).into_iter().filter(|(name, _)| *name != "summary") {
        assert!(text.contains("fall/broken.xml: the XML is broken"), "{name}: {text}");
    }
}

#[test]
fn order_of_what_was_handed_in_changes_no_byte() {
    for values in [Values::Hidden, Values::Shown] {
        let once = common::renderings(&report(), values);
        let again = common::renderings(&shuffled(), values);
        for ((name, once), (_, again)) in once.iter().zip(&again) {
            assert!(once == again, "{name} differs");
        }
    }
}

#[test]
fn values_are_shown_only_when_asked_for() {
    for (name, bytes) in common::renderings(&report(), Values::Hidden) {
        let seen = if name == "xlsx" { workbook_text(&bytes) } else { String::from_utf8(bytes).unwrap() };
        assert!(!seen.contains(MARKER), "{name} shows a value");
        assert!(seen.contains("ENR-014"), "{name} does not name the rule");
    }
    for (name, bytes) in common::renderings(&report(), Values::Shown) {
        let seen = if name == "xlsx" { workbook_text(&bytes) } else { String::from_utf8(bytes).unwrap() };
        assert_eq!(seen.contains(MARKER), name != "summary", "{name}");
    }
}

fn workbook_text(bytes: &[u8]) -> String {
    use calamine::Reader;
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(bytes.to_vec())).unwrap();
    let sheets = book.worksheets();
    let cells = sheets.iter().flat_map(|(_, sheet)| sheet.used_cells().map(|(_, _, cell)| cell.to_string()));
    cells.collect::<Vec<_>>().join("\n")
}

#[test]
fn fingerprints_do_not_depend_on_the_value_found_nor_on_the_line() {
    let prints = |report: &FindingReport| -> Vec<String> {
        let log: Value = serde_json::from_str(&text(|out| report.write_sarif(out, Values::Shown))).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["partialFingerprints"]["opiFinding/v1"].to_string()).collect()
    };
    let mut moved = findings();
    for finding in &mut moved {
        finding.found = Some("another".into());
        if finding.position.line > 0 {
            finding.position.line += 3;
        }
    }
    let before = prints(&FindingReport::new(header(), findings()).unwrap());
    assert_eq!(before, prints(&FindingReport::new(header(), moved).unwrap()));
    let different: std::collections::BTreeSet<_> = before.iter().collect();
    assert_eq!(different.len(), before.len());
}

#[test]
fn json_lines_read_back_as_findings() {
    let shown = text(|out| report().write_json_lines(out, Values::Shown));
    let read: Vec<Finding> = shown.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, report().findings());
    let hidden = text(|out| report().write_json_lines(out, Values::Hidden));
    for line in hidden.lines().skip(1) {
        let line: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        assert!(!line.contains_key("found"));
    }
    let first: Value = serde_json::from_str(shown.lines().next().unwrap()).unwrap();
    assert_eq!(first["findings"], 1_005);
    assert_eq!(first["rules_run"], 4);
    assert_eq!(first["rules_skipped"], 3);
}

#[test]
fn findings_fields_come_in_the_published_order() {
    let shown = text(|out| report().write_json_lines(out, Values::Shown));
    let line = shown.lines().find(|line| line.contains("\"byte\"")).unwrap();
    let names = [
        "code", "severity", "class", "key", "file", "line", "byte", "field", "subject", "message",
        "expected", "found", "fix", "related",
    ];
    let places: Vec<usize> = names.iter().map(|name| line.find(&format!("\"{name}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn a_header_that_contradicts_the_findings_is_refused() {
    let mut twice = header();
    twice.rules.push(twice.rules[0].clone());
    assert!(
        matches!(FindingReport::new(twice, vec![]), Err(ReportError::RuleTwice { code }) if code == "ENR-014")
    );

    let mut unlisted = header();
    unlisted.rules.remove(0);
    let refused = FindingReport::new(unlisted, findings()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a finding names rule ENR-014, which the header does not list among the rules that ran"
    );

    let mut too_small = header();
    too_small.counts = vec![RuleCount::new("ENR-014", Severity::BlocksUpload, 1)];
    let mut only = findings();
    only.retain(|finding| finding.code == "ENR-014");
    let refused = FindingReport::new(too_small.clone(), only.clone()).unwrap_err();
    insta::assert_snapshot!(refused, @"the header counts 1 of ENR-014 (blocks upload), but 2 findings were given; counts must be exact, and no smaller than the samples");
    too_small.counts[0].findings = 2;
    assert!(FindingReport::new(too_small, only).is_ok());
}

#[test]
fn totals_by_severity_add_up_and_the_gravest_counts_unlisted_ones() {
    let report = report();
    let sum: u64 = report.by_severity().iter().map(|(_, count)| count).sum();
    assert_eq!(sum, report.header().findings());
    let mut unlisted = header();
    unlisted.counts = vec![RuleCount::new("ENR-020", Severity::Confirm, 3)];
    let report = FindingReport::new(unlisted, vec![]).unwrap();
    assert_eq!(report.gravest(), Some(Severity::Confirm));
    assert_eq!(FindingReport::new(header(), vec![]).unwrap().gravest(), None);
}

#[cfg(feature = "schemars")]
#[test]
fn lines_follow_the_published_schema() {
    let header_schema = serde_json::to_value(opi_report::header_schema()).unwrap();
    let finding_schema = serde_json::to_value(opi_report::finding_schema()).unwrap();
    insta::assert_snapshot!("finding_schema", serde_json::to_string_pretty(&finding_schema).unwrap());
    for report in [report(), common::hostile_report()] {
        for values in [Values::Hidden, Values::Shown] {
            let lines = text(|out| report.write_json_lines(out, values));
            for (number, line) in lines.lines().enumerate() {
                let schema = if number == 0 { &header_schema } else { &finding_schema };
                let line: Value = serde_json::from_str(line).unwrap();
                for name in schema["required"].as_array().unwrap() {
                    assert!(line.get(name.as_str().unwrap()).is_some(), "{name} is required");
                }
                for name in line.as_object().unwrap().keys() {
                    assert!(schema["properties"].get(name).is_some(), "{name} is not in the schema");
                }
            }
        }
    }
}

#[test]
fn an_expired_policy_shows_in_every_format() {
    for (name, bytes) in common::renderings(&report(), Values::Hidden) {
        let text = if bytes.starts_with(b"PK") { continue } else { String::from_utf8(bytes).unwrap() };
        assert!(text.contains("was needed last year"), "{name}");
    }
}

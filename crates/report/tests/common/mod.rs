//! An invented run: three files, four rules, a policy, a rule that did not run.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)] // each test program uses a part

use chrono::NaiveDate;
use opi_dictionary::{Citation, Finding, Position, RuleClass, RuleKey, RuleStatus, Severity};
use opi_report::{
    FindingReport, InputFile, PolicyAction, PolicyEntry, RuleCount, RuleOutline, RunHeader, SkippedRule,
};

/// A value that stands for a child's data: it may be seen only where values were asked for.
pub(crate) const MARKER: &str = "MARKER-2009-02-31";

pub(crate) fn rule(
    code: &str,
    severity: Severity,
    class: RuleClass,
    summary: &str,
    fix: &str,
) -> RuleOutline {
    RuleOutline {
        code: code.into(),
        summary: summary.into(),
        severity,
        class,
        status: RuleStatus::Stable,
        key: RuleKey::Record,
        why: format!("Because of {code}."),
        fix: fix.into(),
        citation: Citation::recall("upload guide"),
        page: None,
    }
}

pub(crate) fn place(file: &str, line: u64, field: &str) -> Position {
    Position {
        file: file.into(),
        line,
        byte: None,
        field: if field.is_empty() { None } else { Some(field.into()) },
    }
}

pub(crate) fn finding(rule: &RuleOutline, position: Position) -> Finding {
    Finding {
        code: rule.code.clone(),
        severity: rule.severity,
        class: rule.class,
        key: rule.key,
        position,
        subject: None,
        message: rule.summary.clone(),
        expected: None,
        found: None,
        fix: rule.fix.clone(),
        related: vec![],
    }
}

pub(crate) fn header() -> RunHeader {
    let mut header = RunHeader::new("opi", "0.1.0", "2025-26.1");
    header.school_year = Some("2025-26".parse().unwrap());
    header.collection = Some("fall".into());
    header.as_of = NaiveDate::from_ymd_opt(2025, 10, 15);
    header.produced = NaiveDate::from_ymd_opt(2025, 10, 15).unwrap().and_hms_opt(6, 30, 0);
    header.max_samples = Some(20);
    header.files = vec![
        InputFile {
            name: "fall/enrollment.tsv".into(),
            layout: Some("student-enrollments".into()),
            role: None,
            rows: 1_204,
            bytes: Some(98_765),
            hash: Some("blake3:0a1b2c3d".into()),
        },
        InputFile::new("fall/attendance.tsv", 1_100),
        InputFile::new("spring/enrollment.tsv", 1_190),
    ];
    header.rules = vec![
        rule(
            "ENR-014",
            Severity::BlocksUpload,
            RuleClass::Consistency,
            "exit date is before entry date",
            "Correct one of the two dates.",
        ),
        rule(
            "ENR-020",
            Severity::Confirm,
            RuleClass::Plausibility,
            "grade fell since last year",
            "Confirm the grade or correct it.",
        ),
        rule(
            "ATT-003",
            Severity::BlocksCertification,
            RuleClass::Law,
            "attendance exceeds the days enrolled",
            "Correct days present or the dates.",
        ),
        rule(
            "FIL-001",
            Severity::Note,
            RuleClass::Specification,
            "file begins with a byte order mark",
            "Nothing needs to be done.",
        ),
    ];
    header.skipped = vec![
        SkippedRule::new("ENR-091", "no prior year was given"),
        SkippedRule::new("ENR-090", "no prior year was given"),
        SkippedRule::new("SPE-001", "switched off by policy"),
        SkippedRule::new("ENR-020", "district 0987 has no calendar"),
    ];
    header.policy = vec![PolicyEntry {
        code: "SPE-001".into(),
        scope: Some("district 0987".into()),
        action: PolicyAction::Off,
        reason: "waiver 12".into(),
        expires: NaiveDate::from_ymd_opt(2026, 6, 30),
    }];
    header.policy_expired = vec![PolicyEntry {
        code: "ENR-020".into(),
        scope: None,
        action: PolicyAction::Severity(Severity::Note),
        reason: "was needed last year".into(),
        expires: NaiveDate::from_ymd_opt(2025, 6, 30),
    }];
    header
}

pub(crate) fn findings() -> Vec<Finding> {
    let rules = header().rules;
    let mut exit = finding(&rules[0], place("fall/enrollment.tsv", 118, "EndDate"));
    exit.position.byte = Some(9_001);
    exit.subject = Some("student 0•••••412, school 0987".into());
    exit.expected = Some("the entry date or a later day".into());
    exit.found = Some(MARKER.into());
    exit.related =
        vec![place("fall/enrollment.tsv", 118, "StartDate"), place("spring/enrollment.tsv", 97, "")];
    let mut again = exit.clone();
    again.position = place("fall/enrollment.tsv", 20, "EndDate");
    again.found = None;
    let mut grade = finding(&rules[1], place("spring/enrollment.tsv", 97, "Grade"));
    grade.found = Some("03".into());
    let attendance = finding(&rules[2], place("", 0, ""));
    let mark = finding(&rules[3], place("fall/attendance.tsv", 0, ""));
    vec![grade, exit, mark, again, attendance]
}

/// Exact counts, above the listed samples for one rule.
pub(crate) fn counts() -> Vec<RuleCount> {
    vec![
        RuleCount::new("ENR-014", Severity::BlocksUpload, 1_002),
        RuleCount::new("ENR-020", Severity::Confirm, 1),
        RuleCount::new("ATT-003", Severity::BlocksCertification, 1),
        RuleCount::new("FIL-001", Severity::Note, 1),
    ]
}

pub(crate) fn report() -> FindingReport {
    let mut header = header();
    header.counts = counts();
    FindingReport::new(header, findings()).unwrap()
}

/// The same run, everything handed over in another order.
pub(crate) fn shuffled() -> FindingReport {
    let mut header = header();
    header.counts = counts();
    header.counts.reverse();
    header.files.reverse();
    header.rules.reverse();
    header.skipped.reverse();
    let mut findings = findings();
    findings.reverse();
    findings.swap(0, 2);
    FindingReport::new(header, findings).unwrap()
}

/// Texts meant to do harm.
pub(crate) fn hostile() -> Vec<String> {
    vec![
        "=HYPERLINK(\"http://example.org\",\"x\")".into(),
        "+1+1".into(),
        "-2+3".into(),
        "@SUM(A1)".into(),
        "\t=1".into(),
        "\r=1".into(),
        "'=1".into(),
        "\u{1b}[31mred\u{7}".into(),
        "a\u{0}b\u{b}c\u{1f}d\u{7f}".into(),
        "line\nbreak\r\nand \"quotes\", commas; {0} {braces}".into(),
        "\u{202e}reversed\u{2066}\u{200b}\u{feff}".into(),
        "<script>alert(1)</script>&amp;]]>".into(),
        "_x0041_ _x000A_".into(),
        "日本語 Zoë 👩‍👩‍👧 \u{fffe}\u{ffff}\u{10ffff}".into(),
        "long ".repeat(20_000),
        "👩".repeat(40_000),
        String::new(),
    ]
}

/// A report in which every text is hostile.
pub(crate) fn hostile_report() -> FindingReport {
    let mut header = RunHeader::new("opi", "0.1.0", "=1+1");
    let mut findings = vec![];
    for (number, text) in (0_u64..).zip(hostile()) {
        let mut bad = rule(&format!("=X-{number}{text}"), Severity::Confirm, RuleClass::Law, &text, &text);
        bad.why.clone_from(&text);
        let mut hit = finding(&bad, place(&text, number, &text));
        hit.subject = Some(text.clone());
        hit.expected = Some(text.clone());
        hit.found = Some(text.clone());
        hit.related = vec![place(&text, number, &text)];
        header.skipped.push(SkippedRule::new(&text, &text));
        header.files.push(InputFile {
            name: text.clone(),
            role: None,
            layout: Some(text.clone()),
            rows: 1,
            bytes: None,
            hash: Some(text.clone()),
        });
        header.policy.push(PolicyEntry {
            code: text.clone(),
            scope: Some(text.clone()),
            action: PolicyAction::Severity(Severity::Note),
            reason: text.clone(),
            expires: None,
        });
        header.policy_expired.clone_from(&header.policy);
        header.incomplete = Some(text);
        header.rules.push(bad);
        findings.push(hit);
    }
    FindingReport::new(header, findings).unwrap()
}

/// Every rendering as bytes, by name.
pub(crate) fn renderings(report: &FindingReport, values: opi_report::Values) -> Vec<(&'static str, Vec<u8>)> {
    let made = |write: &dyn Fn(&mut Vec<u8>) -> Result<(), opi_report::ReportError>| {
        let mut out = vec![];
        write(&mut out).unwrap();
        out
    };
    vec![
        ("human", made(&|out| report.write_human(out, values, &opi_report::Style::PLAIN))),
        ("ansi", made(&|out| report.write_human(out, values, &opi_report::Style::ANSI))),
        ("jsonl", made(&|out| report.write_json_lines(out, values))),
        ("csv", made(&|out| report.write_csv(out, values))),
        ("summary", made(&|out| report.write_summary_csv(out))),
        ("sarif", made(&|out| report.write_sarif(out, values))),
        ("xlsx", report.to_xlsx(values).unwrap()),
    ]
}

//! A rule of one's own beside the registry: a district wants to hear of every student who starts on a Friday.
//!
//! `cargo run -p opi-examples --bin own_rule`
#![allow(clippy::print_stdout, reason = "a program that prints")]

use chrono::{Datelike, NaiveDate, Weekday};
use opi_dictionary::{
    Citation, Dictionary, RuleClass, RuleInfo, RuleKey, RuleStatus, SchoolYear, Severity, fields,
};
use opi_rules::{Checker, Emit, Inputs, Options, Policy, Record, References, Rows, Rule};

/// The rule: what it is, as data, and what it looks at.
struct StartsOnFriday {
    info: RuleInfo,
}

impl StartsOnFriday {
    fn new() -> Self {
        StartsOnFriday {
            info: RuleInfo {
                code: "LOCAL-001",
                summary: "an enrollment starts on a Friday",
                severity: Severity::Confirm,
                class: RuleClass::Plausibility,
                status: RuleStatus::Preview,
                // One row at a time; `RuleKey::Student` would hand over all rows of a student.
                key: RuleKey::Record,
                files: &["student-enrollments"],
                fields: &["start_date"],
                why: "New students start on Mondays here, so that their week has a plan.",
                fix: "Ask the school whether the next Monday was meant.",
                citation: Citation::derived("custom of the district"),
                first_year: None,
                last_year: None,
            },
        }
    }
}

impl Rule for StartsOnFriday {
    fn info(&self) -> &RuleInfo {
        &self.info
    }

    fn record(&self, record: &Record<'_>, emit: &mut Emit<'_, '_>) {
        // A date that is blank or no date is `None`: other rules report it.
        if record.date(fields::START_DATE).is_some_and(|day| day.weekday() == Weekday::Fri) {
            record.report(emit, fields::START_DATE);
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dictionary = Dictionary::built_in();
    let mut rows = Rows::new("enrollments", dictionary.layout("student-enrollments")?);
    for (line, start) in [(2, "08/27/2025"), (3, "08/29/2025")] {
        let id = format!("99000010{line}");
        rows.push(
            line,
            [
                "EN", "9901", "9912", "100", &id, "", "Larkspur", "Zinnia", "07", start, "02", "P", "", "",
                "N", "", "", "", "", "", "", "2026",
            ],
        );
    }

    let today = NaiveDate::from_ymd_opt(2026, 1, 21).ok_or("a day")?;
    let references = References::new(dictionary, SchoolYear::ending(2026)?, today);
    // Policies may name codes of one's own, too.
    let policy = Policy::from_toml_with(
        "[[rule]]\nrule = \"LOCAL-001\"\nseverity = \"note\"\nreason = \"a trial\"\nexpires = \"2026-06-30\"\n",
        &["LOCAL-001"],
    )?;
    let rule = StartsOnFriday::new();
    let checker = Checker::with_rules(&references, &policy, Options::default(), &[&rule])?;
    let inputs = Inputs::of(&[&rows]);
    let outcome = checker.check(&inputs)?;
    for finding in outcome.findings(&checker, &inputs, false)? {
        println!("{} {}: {} ({})", finding.code, finding.position, finding.message, finding.severity);
    }
    println!("{} rules ran, {} did not", outcome.report.rules_run.len(), outcome.report.rules_skipped.len());
    Ok(())
}

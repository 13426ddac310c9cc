//! `opi validate --reported-total`: which rules may stand behind the bare number of errors that another system reports.

use super::{FindingFormat, ValidateArgs, print};
use crate::Failure;
use crate::output::counted;
use opi::dictionary::Severity;
use opi::rules::{Report, TotalReported, TotalSet, rule};
use std::io::Write;
use std::process::ExitCode;

/// Most sets that are listed.
const MOST_SETS: usize = 20;

/// Prints the sets of rules that may stand behind a total.
pub(super) fn print_total(
    arguments: &ValidateArgs,
    report: &Report,
    total: u64,
) -> Result<ExitCode, Failure> {
    let found = TotalReported::of(report, total, MOST_SETS);
    let mut out = Vec::new();
    match arguments.format {
        FindingFormat::Json => {
            serde_json::to_writer(&mut out, &found)?;
            out.push(b'\n');
        }
        FindingFormat::Csv => {
            writeln!(out, "set,all_but,code,findings")?;
            for (number, set) in (1..).zip(&found.sets) {
                for rule in &set.rules {
                    writeln!(out, "{number},{},{},{}", set.all_but, rule.code, rule.findings)?;
                }
            }
        }
        _ => {
            human(&mut out, &found)?;
            if !report.complete {
                writeln!(out, "the run did not go to its end: there may be more findings here")?;
            }
        }
    }
    print(arguments.out.as_deref(), &out)?;
    let nothing = found.sets.is_empty() && found.from_severity.is_none();
    Ok(ExitCode::from(u8::from(nothing || !report.complete)))
}

fn human(out: &mut impl Write, found: &TotalReported) -> Result<(), Failure> {
    writeln!(out, "reported elsewhere: {}; found here: {}", found.total, found.ours)?;
    if let Some(severity) = found.from_severity {
        let graver = if severity == Severity::BlocksUpload { "" } else { ", and all that are graver" };
        writeln!(out, "  every finding of severity {severity}{graver}")?;
    }
    for set in &found.sets {
        writeln!(out, "  {}", in_words(set))?;
    }
    if found.sets.is_empty() && found.from_severity.is_none() {
        writeln!(out, "  no rules of this run add up to it")?;
    }
    if !found.complete {
        writeln!(
            out,
            "sets of at most {} rules were sought, and at most {MOST_SETS} are listed; there may be others",
            found.most_in_a_set
        )?;
    }
    let not_run = counted(found.not_run.len() as u64, "rule", "rules");
    writeln!(
        out,
        "{not_run} did not run here and may have counted there; without --reported-total each is listed with its reason"
    )?;
    Ok(())
}

fn in_words(set: &TotalSet) -> String {
    let names: Vec<String> =
        set.rules.iter().map(|rule| format!("{} {}", rule.findings, rule.code)).collect();
    let rules = match set.rules.as_slice() {
        [one] => format!("{}: {}", names.join(""), rule(&one.code).map_or("", |rule| rule.info.summary)),
        _ => names.join(" + "),
    };
    match (set.all_but, set.rules.is_empty()) {
        (true, true) => "all rules together".to_owned(),
        (true, false) => format!("all but {rules}"),
        (false, true) => "no rule at all".to_owned(),
        (false, false) => rules,
    }
}

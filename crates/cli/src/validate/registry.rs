//! `opi rules`: the registry.

use crate::{Failure, output};
use clap::Args;
use opi::rules::registry;
use std::io::Write;
use std::process::ExitCode;

/// List the rules: what each finds, what it leads to, and which cannot be judged here.
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 listed, 2 no such rule. JSON: opi schema rule; without a code, a list.\n\n\
    Examples:\n  opi rules\n  opi rules --format json\n  opi rules ENR-014"
)]
pub(crate) struct RulesArgs {
    /// Print the page of this rule.
    code: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = output::Format::Human)]
    format: output::Format,
}

pub(crate) fn rules(arguments: RulesArgs) -> Result<ExitCode, Failure> {
    if let Some(code) = &arguments.code {
        let rule = opi::rules::rule(code).ok_or_else(|| unknown(code))?;
        match arguments.format {
            output::Format::Human => output::print(&opi::rules::page(rule))?,
            output::Format::Json => output::json(rule)?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.format == output::Format::Json {
        output::json(&registry())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = output::stdout();
    for rule in registry() {
        let judged =
            rule.not_judged.map(|reason| format!(" (not judged here: {reason})")).unwrap_or_default();
        writeln!(out, "{:<9} {:<21} {}{judged}", rule.info.code, rule.info.severity, rule.info.summary)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn unknown(code: &str) -> Failure {
    let nearest = opi::rules::nearest(code);
    let perhaps =
        if nearest.is_empty() { String::new() } else { format!("; perhaps {}", nearest.join(" or ")) };
    Failure::new(format!("no rule has the code {code:?}; `opi rules` lists all codes{perhaps}"))
}

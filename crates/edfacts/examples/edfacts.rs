//! The library at work: list, show, count a case, check files, print the coverage page.
//!
//! ```text
//! cargo run -p opi-edfacts --example edfacts -- show 052 2023 sch
//! cargo run -p opi-edfacts --example edfacts -- count case.json
//! cargo run -p opi-edfacts --example edfacts -- check MTSCHMEMBERSHPv000001.csv context.csv
//! cargo run -p opi-edfacts --example edfacts -- coverage > docs/edfacts.md
//! ```
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use opi_edfacts::{
    Catalogue, CheckOptions, NamedFile, StateProfile, check_files, coverage_page, list_text, run_case, show,
    show_text,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &[&str]) -> Result<bool, Box<dyn std::error::Error>> {
    let catalogue = Catalogue::builtin()?;
    match words {
        ["list"] => print!("{}", list_text(catalogue)),
        ["coverage"] => print!("{}", coverage_page(catalogue)),
        ["show", file, rest @ ..] => {
            let year = rest.first().map(|text| text.parse()).transpose()?;
            let level = rest.get(1).map(|text| text.parse()).transpose()?;
            print!("{}", show_text(&show(catalogue, file.parse()?, year, level)?));
        }
        ["count", path] => {
            let outcome = run_case(catalogue, &std::fs::read_to_string(path)?)?;
            println!("{}", serde_json::to_string_pretty(&outcome.output)?);
            return Ok(outcome.ok);
        }
        ["check", path, directory @ ..] => {
            let read = |path: &&str| -> std::io::Result<(String, Vec<u8>)> {
                let name = path.rsplit('/').next().unwrap_or(path).to_owned();
                Ok((name, std::fs::read(path)?))
            };
            let (file, others) = (read(path)?, directory.iter().map(read).collect::<Result<Vec<_>, _>>()?);
            let file = NamedFile { name: &file.0, bytes: &file.1 };
            let others: Vec<NamedFile<'_>> =
                others.iter().map(|(name, bytes)| NamedFile { name, bytes }).collect();
            let options = CheckOptions::new(StateProfile::montana()?);
            let report = check_files(catalogue, &options, &[file], &others, &[])?;
            for finding in &report.findings {
                println!("{} {} {}", finding.position, finding.code, finding.message);
            }
            return Ok(report.findings.is_empty());
        }
        _ => return Err("list | show FILE [YEAR [LEVEL]] | count CASE | check FILE [DIRECTORY...]".into()),
    }
    Ok(true)
}

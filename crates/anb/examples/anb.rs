//! The subcommand `opi anb` as a program of its own.
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "a program, not a library")]

#[path = "../../cli/src/anb.rs"]
mod anb;

use clap::Parser;
use std::process::ExitCode;

/// Why the program could not run.
#[derive(Debug)]
struct Failure(String);

impl Failure {
    fn new(text: impl Into<String>) -> Self {
        Failure(text.into())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure(error.to_string())
    }
}

/// Average number belonging and school funding.
#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    args: anb::AnbArgs,
}

fn main() -> ExitCode {
    match anb::run(Program::parse().args) {
        Ok(code) => code,
        Err(Failure(text)) => {
            eprintln!("error: {text}");
            ExitCode::from(2)
        }
    }
}

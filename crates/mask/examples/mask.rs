//! The mask commands as a program of their own, through the same file as the main program.
#![allow(clippy::disallowed_methods)]

use clap::Parser;

#[path = "../../cli/src/mask.rs"]
mod mask;

/// Why the program could not run.
struct Failure(String);

impl Failure {
    fn new(message: String) -> Self {
        Self(message)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

#[derive(Parser)]
#[command(name = "mask", about = "Hide small counts so that they cannot be worked out, and prove it")]
struct Program {
    #[command(flatten)]
    args: mask::MaskArgs,
}

fn main() -> std::process::ExitCode {
    use std::io::Write;
    match mask::run(Program::parse().args) {
        Ok(code) => code,
        Err(Failure(message)) => {
            writeln!(std::io::stderr(), "error: {message}").ok();
            std::process::ExitCode::from(2)
        }
    }
}

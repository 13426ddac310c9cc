//! A clerk's checker: reads a folder of uploads and says what deviates, file by file. It links the facade `opi`.
//!
//! Usage: `cargo run -p opi-examples --bin clerk_checker -- FOLDER`; exit code 1 when something must be mended.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a program that reads files")]

use opi::aim::ReadOptions;
use opi::dictionary::{Dictionary, Severity};
use opi::{read_upload, upload};
use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: clerk_checker FOLDER")?;
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    files.sort();
    let mut must_mend = 0;
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let named = upload(name, || File::open(&file).map(BufReader::new));
        let options = ReadOptions::new().check_fields(true);
        let report = read_upload(&named, Dictionary::built_in(), &options, |_row| {})?;
        println!(
            "{}: {} rows of {}",
            report.file,
            report.rows,
            report.layout.as_deref().unwrap_or("an unknown layout")
        );
        for finding in &report.findings {
            must_mend += usize::from(finding.severity >= Severity::BlocksCertification);
            println!("  {}: {} [{}]", finding.position, finding.message, finding.code);
            println!("    {}", finding.fix);
        }
    }
    println!("{must_mend} findings must be mended before the upload");
    Ok(ExitCode::from(u8::from(must_mend > 0)))
}

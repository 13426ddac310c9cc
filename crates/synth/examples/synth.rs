//! Writes an invented state to a folder: `cargo run --release -p opi-synth --example synth -- STUDENTS YEARS SEED DEFECTS OUT`, defects as a rate such as 0.02.
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "a program that writes files")]

use opi_dictionary::SchoolYear;
use opi_synth::{Plan, Sink, State, WriteOptions};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// A folder; `-` throws everything away.
struct Folder(PathBuf);

impl Sink for Folder {
    type Output = Box<dyn Write>;

    fn open(&mut self, name: &str) -> std::io::Result<Self::Output> {
        if self.0.as_os_str() == "-" {
            return Ok(Box::new(std::io::sink()));
        }
        let path = self.0.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        Ok(Box::new(BufWriter::new(File::create(path)?)))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [students, years, seed, defects, out] = arguments.as_slice() else {
        return Err("STUDENTS YEARS SEED DEFECTS OUT".into());
    };
    let plan = Plan {
        students: students.parse()?,
        years: years.parse()?,
        last_year: SchoolYear::ending(2026)?,
        seed: seed.parse()?,
    };
    let options = WriteOptions { defects: defects.parse()?, only_in: None };
    let summary = State::new(plan)?.write(&mut Folder(out.into()), &options, &mut |_| {})?;
    eprintln!("{summary:#?}");
    Ok(())
}

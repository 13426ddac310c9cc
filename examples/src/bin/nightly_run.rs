//! What a state office runs at night: the uploads of a year in; findings, a snapshot and the funding of every district
//! out. It links the facade `opi` with the store, and stops between two files when it is told to.
//!
//! Usage: `cargo run -p opi-examples --bin nightly_run -- STATE STORE`, where STATE is a folder as `opi synth` writes it
//! and STORE the folder of snapshots; exit code 1 when something blocks certification.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a program that reads files")]

use opi::dictionary::{DirectoryBuilder, DirectoryTable, SchoolYear, Severity};
use opi::store::{SnapshotName, Store};
use opi::{Received, WHOLE_YEAR, Year, district_of_folder, fails_on, upload};
use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let usage = "usage: nightly_run STATE STORE";
    let mut arguments = std::env::args().skip(1);
    let state = PathBuf::from(arguments.next().ok_or(usage)?);
    let store = arguments.next().ok_or(usage)?;
    let school_year: SchoolYear = "2025-26".parse()?;

    let mut directory = DirectoryBuilder::default();
    for table in DirectoryTable::ALL {
        let file = File::open(state.join("directory").join(table.file_name()))?;
        directory.read(*table, BufReader::new(file))?;
    }
    let mut files = Vec::new();
    collect(&state.join("uploads").join(school_year.end_year().to_string()), &mut files)?;
    let received = files.into_iter().map(|path| {
        // Named by its place below the state's folder, so that the night's results are the same on every machine.
        let parts = path.strip_prefix(&state).unwrap_or(&path).iter();
        let name = parts.map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
        let district = district_of_folder(&name);
        let file = upload(name, move || File::open(&path).map(BufReader::new));
        Received::new(Box::new(file)).from_district(district)
    });
    let year = Year::builder(school_year)
        .received(received.collect())
        .directory(directory.build()?)
        .taken("nightly", None)
        .build();

    // A scheduler that must end by morning answers false, and the stage says how far it came.
    let taken = year.read(|progress| progress.done < 1_000_000)?;
    println!("{} students, {} rows", taken.reading.students, taken.reading.report.rows());
    let validated = year.validate(|_| true)?;
    for (severity, count) in &validated.account.by_severity {
        println!("{count} findings: {severity}");
    }
    let tables = year.tables(&taken.register)?;
    let certified = year.certify(&taken.register, &tables, Some(&validated))?;
    for (collection, (done, of)) in certified.by_collection() {
        println!("{collection}: {done} of {of} districts certified");
    }
    let snapshot = year.snapshot(&taken.register, tables, &certified)?;
    let name = SnapshotName::of_collection(school_year, WHOLE_YEAR);
    let id = Store::local(&store)?.write(&name, &snapshot)?;
    println!("snapshot {id}");
    let (funding, _) = year.funding(snapshot.tables(), &[])?;
    println!(
        "ANB of {} budget units; {} legal entities could not be computed",
        funding.files.anb.len(),
        funding.files.results.failures.len()
    );
    Ok(ExitCode::from(u8::from(fails_on(&validated.account, Severity::BlocksCertification))))
}

/// The uploads below a folder, in order of name.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|suffix| suffix == "tsv" || suffix == "xml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

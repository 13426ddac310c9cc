//! What a run prints: the stages with what came of them, and how long they took.

use super::inputs::YearInputs;
use super::outputs::RunManifest;
use crate::output::{self, Style, counted};
use crate::{Failure, files};
use opi::Stage;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Prints how long each stage took, beside reading the same files again line by line and nothing else.
pub(crate) fn print_timings(inputs: &YearInputs, times: &[(Stage, Duration)]) -> Result<(), Failure> {
    let started = Instant::now();
    let (mut bytes, mut lines) = (0_u64, 0_u64);
    for path in &inputs.read {
        let mut file = files::open(path)?;
        let mut line = Vec::new();
        while file.read_until(b'\n', &mut line)? > 0 {
            bytes += line.len() as u64;
            lines += 1;
            line.clear();
        }
    }
    let raw = started.elapsed();
    let mut err = output::stderr();
    writeln!(err, "{:<10} {:>9} {:>12}", "stage", "seconds", "of raw")?;
    let raw_label = format!("{}, {}", counted(lines, "line", "lines"), counted(bytes, "byte", "bytes"));
    writeln!(err, "{:<10} {:>9.3} {:>12.1}  {raw_label}", "raw lines", raw.as_secs_f64(), 1.0)?;
    let total = times.iter().map(|(_, time)| *time).sum();
    let rows = times.iter().map(|(stage, time)| (stage.as_str(), *time)).chain([("all", total)]);
    for (name, time) in rows {
        let ratio = time.as_secs_f64() / raw.as_secs_f64().max(1e-9);
        writeln!(err, "{name:<10} {:>9.3} {ratio:>12.1}", time.as_secs_f64())?;
    }
    Ok(())
}

/// Prints what came of each stage.
pub(crate) fn print_summary(folder: &Path, manifest: &RunManifest) -> Result<(), Failure> {
    let style = Style::of_stdout();
    let mut out = output::stdout();
    let run = &manifest.run;
    writeln!(out, "{}", style.bold(&format!("school year {} as of {}", run.school_year, run.as_of)))?;
    for stage in &manifest.stages {
        let mark = if stage.done { "" } else { "NOT DONE: " };
        writeln!(out, "{:<9} {mark}{}", stage.stage, stage.summary)?;
    }
    let files = counted(manifest.files.len() as u64, "file", "files");
    writeln!(out, "results: {} ({files}, told in manifest.json)", folder.display())?;
    Ok(())
}

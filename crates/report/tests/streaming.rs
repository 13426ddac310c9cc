//! A hundred thousand findings are written without keeping them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // helpers of tests

mod common;

use opi_dictionary::Severity;
use opi_report::{CsvLines, JsonLines, RuleCount, Values};
use peak_alloc::PeakAlloc;
use std::io::Write;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const FINDINGS: u64 = 100_000;

/// Counts lines and keeps nothing.
#[derive(Default)]
struct Lines(u64);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn memory_stays_bounded() {
    let mut header = common::header();
    header.counts = vec![RuleCount::new("ENR-014", Severity::BlocksUpload, FINDINGS)];
    let rule = header.rules[0].clone();
    let findings = || {
        (1..=FINDINGS)
            .map(|line| common::finding(&rule, common::place("fall/enrollment.tsv", line, "EndDate")))
    };
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();

    let (mut json, mut table) = (Lines::default(), Lines::default());
    let mut lines = JsonLines::new(&mut json, &header, Values::Hidden).unwrap();
    findings().for_each(|finding| lines.write(&finding).unwrap());
    lines.finish().unwrap();
    let mut lines = CsvLines::new(&mut table, Values::Hidden).unwrap();
    findings().for_each(|finding| lines.write(&finding, None).unwrap());
    lines.finish().unwrap();

    let peak = MEMORY.peak_usage().saturating_sub(before);
    assert_eq!((json.0, table.0), (FINDINGS + 1, FINDINGS + 1));
    assert!(peak < 200_000, "{peak} bytes at the peak");
}

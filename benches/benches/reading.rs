//! Promise: reading an AIM file costs less than scanning it with the `csv` crate, and checking the length and
//! form of every field not much more. Usage: `cargo bench -p opi-benches --bench reading [-- ROWS]`.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench"
)]

use opi_aim::{ReadOptions, Reader};
use opi_benches::Contest;
use opi_dictionary::{Dictionary, fields};
use std::fmt::Write;

fn main() {
    let rows = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    let file = enrollments(rows);
    println!("{rows} enrollment rows, {} MB, one thread, best of 5 in turns", file.len() / 1_000_000);
    let read = |check: bool| {
        let options = ReadOptions::new().check_fields(check);
        let mut reader = Reader::new(file.as_bytes(), Dictionary::built_in(), options).unwrap();
        let mut sum = 0;
        while let Some(row) = reader.next_row().unwrap() {
            sum += row.len() as u64;
        }
        assert!(reader.log().is_clean(), "{:?}", reader.log().counts().collect::<Vec<_>>());
        sum
    };
    let _ = Contest::new(file.len())
        .entry("csv ByteRecord scan (baseline)", || {
            let mut reader = csv::ReaderBuilder::new()
                .delimiter(b'\t')
                .quoting(false)
                .has_headers(false)
                .flexible(true)
                .from_reader(file.as_bytes());
            let (mut record, mut sum) = (csv::ByteRecord::new(), 0);
            while reader.read_byte_record(&mut record).unwrap() {
                sum += record.len() as u64;
            }
            sum
        })
        .entry("opi-aim rows", || read(false))
        .entry("opi-aim rows, three fields taken", || {
            let mut reader =
                Reader::new(file.as_bytes(), Dictionary::built_in(), ReadOptions::new()).unwrap();
            let mut sum = 0;
            while let Some(row) = reader.next_row().unwrap() {
                for field in [fields::STUDENT_STATE_ID, fields::GRADE, fields::START_DATE] {
                    sum += row.raw(field).map_or(0, str::len) as u64;
                }
            }
            sum
        })
        .entry("opi-aim rows, every field checked", || read(true))
        .run(5);
}

/// Invented enrollments; a small multiplicative generator stands in for variety.
fn enrollments(rows: usize) -> String {
    let mut out = String::with_capacity(rows * 110);
    out.push_str("HD\t01/21/2026\t08:15:00\tMT9.1\r\n");
    let (lasts, firsts) =
        (["Larkspur", "Tamarack", "Cottonwood-Elm", "Moss"], ["Zinnia", "Flint", "Opal", "Thistle"]);
    let grades = ["KF", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"];
    let mut state = 1u64;
    for row in 0..rows {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pick = |shift: u32, of: usize| (state >> shift) as usize % of;
        let (last, first, grade) = (lasts[pick(10, 4)], firsts[pick(20, 4)], grades[pick(30, 13)]);
        let (district, school, local) = (pick(40, 400) + 1, pick(44, 20) + 1, pick(8, 100_000));
        let ended = if pick(50, 10) == 0 { "12/19/2025\t160" } else { "\t" };
        let _ = write!(
            out,
            "EN\t{district:04}\t{school:04}\t100\t{:09}\t{local}\t{last}\t{first}\t{grade}\t08/27/2025\t02\tP\t{ended}\tN\t\t\t\t\t\t\t2026\r\n",
            100_000_000 + row
        );
    }
    out
}

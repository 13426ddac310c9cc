//! Fuzzes `opi_tests::directory_tables`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| opi_tests::directory_tables(bytes));

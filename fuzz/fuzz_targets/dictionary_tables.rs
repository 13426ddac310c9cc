//! Fuzzes `opi_tests::dictionary_tables`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| opi_tests::dictionary_tables(bytes));

//! Fuzzes `opi_tests::words`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| opi_tests::words(bytes));

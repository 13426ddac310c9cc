//! Fuzzes `opi_tests::aim_reader`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| opi_tests::aim_reader(bytes));

//! Fuzzes `opi_tests::behavior_reader`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| opi_tests::behavior_reader(bytes));

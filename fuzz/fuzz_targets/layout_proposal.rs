//! Fuzzes `opi_tests::layout_proposal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| opi_tests::layout_proposal(bytes));

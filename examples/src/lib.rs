//! Complete programs that someone would embed, one a file under `src/bin`. `cargo run -p opi-examples --bin NAME`.

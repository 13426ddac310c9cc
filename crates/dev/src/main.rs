//! The developer's tool: `cargo run -p opi-dev -- generate` writes what is made from tables;
//! `-- check` fails when a generated file is stale.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that writes files"
)]

mod records;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let write = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["generate"] => true,
        ["check"] => false,
        _ => {
            eprintln!("usage: cargo run -p opi-dev -- generate | check");
            return ExitCode::from(2);
        }
    };
    let mut stale = 0;
    for (path, text) in generated() {
        let path = root().join(path);
        if std::fs::read_to_string(&path).unwrap_or_default() == text {
            continue;
        }
        stale += 1;
        if write {
            if let Some(folder) = path.parent()
                && let Err(error) = std::fs::create_dir_all(folder)
            {
                eprintln!("{}: {error}", folder.display());
                return ExitCode::from(2);
            }
            if let Err(error) = std::fs::write(&path, text) {
                eprintln!("{}: {error}", path.display());
                return ExitCode::from(2);
            }
            println!("wrote {}", path.display());
        } else {
            println!("stale: {}; run `cargo run -p opi-dev -- generate`", path.display());
        }
    }
    if write || stale == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// Every generated file, by its path from the root, with the text it should have.
fn generated() -> Vec<(String, String)> {
    let mut files = vec![
        ("crates/dictionary/src/generated/fields.rs".to_owned(), records::fields()),
        ("crates/dictionary/src/generated/records.rs".to_owned(), records::records()),
        ("docs/rules/README.md".to_owned(), opi_rules::index_page()),
    ];
    let pages = opi_rules::registry().iter();
    files.extend(pages.map(|rule| (format!("docs/rules/{}.md", rule.info.code), opi_rules::page(rule))));
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[cfg(test)]
mod tests {
    #[test]
    fn generated_files_are_fresh() {
        for (path, text) in super::generated() {
            let found = std::fs::read_to_string(super::root().join(&path)).unwrap_or_default();
            assert!(found == text, "{path} is stale: run `cargo run -p opi-dev -- generate`");
        }
    }
}

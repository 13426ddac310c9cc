//! Names of sheets, as Excel allows them.

use crate::text::is_hidden;
use std::collections::BTreeSet;

/// The longest name, in UTF-16 units.
const LONGEST: usize = 31;

/// Gives every file a sheet name of its own: at most 31 UTF-16 units, none of `[ ] : * ? / \` and no control
/// or invisible characters, no apostrophe at either end, not blank, and different from all others when case is ignored.
pub(super) struct SheetNames {
    taken: BTreeSet<String>,
}

impl SheetNames {
    /// Names that are taken from the start.
    pub(super) fn new(taken: &[&str]) -> Self {
        SheetNames { taken: taken.iter().map(|name| name.to_lowercase()).collect() }
    }

    /// A name for a file, from the last part of its path.
    pub(super) fn name(&mut self, file: &str) -> String {
        let last = file.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or("no single file");
        let clean: String = last
            .chars()
            .map(|character| {
                let barred = is_hidden(character)
                    || matches!(
                        character,
                        '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\u{fffe}' | '\u{ffff}'
                    );
                if barred { '_' } else { character }
            })
            .collect();
        let clean = clean.trim_matches(|character: char| character == '\'' || character.is_whitespace());
        let clean = if clean.is_empty() { "file" } else { clean };
        let mut number = 1_usize;
        loop {
            let suffix = if number == 1 { String::new() } else { format!("~{number}") };
            let mut name = cut(clean, LONGEST - suffix.len());
            // Cutting may bring an apostrophe to the end.
            while name.ends_with('\'') {
                name.pop();
            }
            name.push_str(&suffix);
            if self.taken.insert(name.to_lowercase()) {
                return name;
            }
            number += 1;
        }
    }
}

/// The first characters that fit into so many UTF-16 units.
fn cut(text: &str, units: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|character| {
            used += character.len_utf16();
            used <= units
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_say_the_file_and_keep_apart() {
        let mut names = SheetNames::new(&["Summary", "Rules", "History"]);
        for (file, expected) in [
            ("fall/enrollment.tsv", "enrollment.tsv"),
            ("spring/Enrollment.tsv", "Enrollment.tsv~2"),
            ("summary", "summary~2"),
            ("history", "history~2"),
            ("a[1]:b*?.tsv", "a_1__b__.tsv"),
            ("\u{202e}vst.a", "_vst.a"),
            ("'quoted'", "quoted"),
            ("", "no single file"),
            ("///", "no single file~2"),
            ("'''", "file"),
            ("a-very-long-name-of-an-upload-file-1.tsv", "a-very-long-name-of-an-upload-f"),
            ("a-very-long-name-of-an-upload-file-2.tsv", "a-very-long-name-of-an-upload~2"),
            ("a-very-long-name-of-an-upload-'file", "a-very-long-name-of-an-upload-"),
        ] {
            assert_eq!(names.name(file), expected, "{file:?}");
        }
    }

    proptest! {
        #[test]
        fn every_name_is_one_that_excel_takes(files in proptest::collection::vec(any::<String>(), 1..20)) {
            let mut names = SheetNames::new(&["Summary"]);
            let mut seen = BTreeSet::new();
            for file in files {
                let name = names.name(&file);
                prop_assert!(rust_xlsxwriter::utility::check_sheet_name(&name).is_ok(), "{name:?}");
                prop_assert!(seen.insert(name.to_lowercase()));
            }
        }
    }
}

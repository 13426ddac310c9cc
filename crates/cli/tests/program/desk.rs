//! A folder in which the examples of every help text can be run: an invented state, its year, and the files that the
//! examples name.

use super::{Ran, helps, text};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files of other crates' tests, under the names that examples give them.
const BORROWED: &[(&str, &str)] = &[
    ("case.toml", "anb/tests/data/case.toml"),
    ("examples.toml", "anb/tests/data/own-examples.toml"),
    ("fy2028.csv", "anb/spec/entitlements.csv"),
    ("cases.toml", "mask/tests/data/cases.toml"),
    ("students.json", "edfacts/tests/data/cases/case_s1_membership_052.json"),
];

/// What is run before the examples: what they read.
const BEFORE: &[&str] = &[
    "opi year state --out out --quiet",
    "opi snapshot take state/uploads/2026 --store store --year 2025-26 --collection 'Fall count (ANB)' \
     --as-of 2025-09-30 --by nightly --at 2025-10-01T02:00:00 --name before",
    "opi snapshot take state/uploads/2026 --store store --year 2025-26 --collection 'Fall count (ANB)' \
     --as-of 2026-06-30 --by nightly --at 2026-07-01T02:00:00 --name whole",
    "opi snapshot take state/uploads/2026 --store store --year 2025-26 --collection 'Fall count (ANB)' \
     --as-of 2025-10-22 --by nightly --at 2025-10-23T02:00:00 --received 2025-10-08T02:00:00 --register",
    "opi layout check state/uploads/2026/0001/student-enrollments.tsv --out our-layout.toml",
    "opi mask counts.csv --spec tables.toml --out published.csv --certificate certificate.json",
    "opi mask counts.csv --spec tables.toml --out 2024.csv",
];

/// The folder.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// A desk whose files are changed before anything is made of them.
    pub(crate) fn new(change: impl FnOnce(&Path)) -> Self {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        desk.must_run("opi synth --students 400 --years 2 --quiet state");
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/desk");
        for file in std::fs::read_dir(tests).unwrap().map(|entry| entry.unwrap().path()) {
            std::fs::copy(&file, desk.at(text(Path::new(file.file_name().unwrap())))).unwrap();
        }
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (name, place) in BORROWED {
            std::fs::copy(crates.join(place), desk.at(name)).unwrap();
        }
        change(desk.folder.path());
        let count = desk.at("state/uploads/2026/0001/fall-enrollment-count.tsv");
        std::fs::copy(&count, desk.at("fall.tsv")).unwrap();
        std::fs::create_dir_all(desk.at("today/0001")).unwrap();
        std::fs::copy(&count, desk.at("today/0001/fall.tsv")).unwrap();
        BEFORE.iter().for_each(|line| desk.must_run(line));
        for name in ["before.csv", "after.csv"] {
            std::fs::copy(desk.at("out/restricted/edfacts/MTSEAFS052v000001.csv"), desk.at(name)).unwrap();
        }
        desk
    }

    /// A path below the folder.
    pub(crate) fn at(&self, inner: &str) -> PathBuf {
        self.folder.path().join(inner)
    }

    /// Makes the program ready to run in the folder.
    pub(crate) fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opi"));
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    /// Runs the program in the folder.
    pub(crate) fn run(&self, arguments: &[String]) -> Ran {
        let output = self.command(arguments).output().unwrap();
        Ran {
            arguments: arguments.join(" "),
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn must_run(&self, line: &str) {
        let ran = self.run(&words(line));
        assert!(matches!(ran.code, Some(0 | 1)), "{ran:#?}");
    }
}

/// The examples of every help text that can be run again and again, and once more as JSON where that is offered.
pub(crate) fn commands() -> Vec<Vec<String>> {
    let helps = helps();
    let offers_json = |example: &[String]| {
        let command = helps.iter().filter(|(command, _)| example.starts_with(command));
        let help = command.max_by_key(|(command, _)| command.len()).map(|(_, help)| help);
        let offered = help.is_some_and(|help| help.contains("--format <FORMAT>"));
        offered && !example.iter().any(|word| word == "--format")
    };
    let mut found: Vec<Vec<String>> = helps.iter().flat_map(|(_, help)| examples(help)).collect();
    found.retain(|example| !writes_anew(example));
    let json = ["--format", "json"].map(str::to_owned);
    let as_json = found.iter().filter(|example| offers_json(example));
    let as_json: Vec<Vec<String>> = as_json.map(|example| [&example[..], &json].concat()).collect();
    found.extend(as_json);
    found.sort();
    found.dedup();
    found
}

/// Whether a command writes what must not be there yet.
pub(crate) fn writes_anew(command: &[String]) -> bool {
    let word = command.first().map(String::as_str);
    matches!(word, Some("synth" | "demo")) || command.iter().any(|word| word == "--split")
}

/// The examples of a help text, as arguments. What stands behind two blanks explains one.
pub(crate) fn examples(help: &str) -> Vec<Vec<String>> {
    let joined = help.replace("\\\n    ", "");
    let lines = joined.lines().skip_while(|line| !matches!(*line, "Example:" | "Examples:"));
    let lines = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| line.starts_with("opi ")));
    lines.map(|line| words(line.split("  ").next().unwrap())).collect()
}

/// A line of a shell as arguments, without the name of the program.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (letter, quote) {
            (_, Some(open)) if letter == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (' ', None) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words.remove(0);
    words
}

//! What the tests of the program share: running it, an invented state, and looking through what it wrote.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "each test program uses a part, and starts the program"
)]

pub(crate) mod desk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a run of the program gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) arguments: String,
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The run came to an end of its own: clean, with findings, or with a reason why it could not run.
    #[track_caller]
    pub(crate) fn assert_orderly(&self) {
        assert!(matches!(self.code, Some(0..=2)), "{self:#?}");
        assert!(!self.err.contains("panicked") && !self.err.contains("RUST_BACKTRACE"), "{self:#?}");
        if self.code == Some(2) {
            // A year says stage by stage what could not be done.
            let reason =
                self.err.lines().any(|line| line.starts_with("opi: ") || line.starts_with("error: "));
            assert!(reason || self.out.contains("NOT DONE: "), "no reason given: {self:#?}");
        }
    }

    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

/// A way to run the program.
#[derive(Clone, Copy, Default)]
pub(crate) struct Program {
    /// The folder to run in.
    pub(crate) folder: Option<&'static str>,
    /// How many threads parallel libraries may use.
    pub(crate) threads: Option<usize>,
    /// The most memory, in megabytes, where the system can hold a program to it.
    pub(crate) megabytes: Option<usize>,
}

impl Program {
    pub(crate) fn run<'a>(self, arguments: impl IntoIterator<Item = &'a str>) -> Ran {
        let arguments: Vec<&str> = arguments.into_iter().collect();
        let mut command = match self.megabytes.filter(|_| cfg!(target_os = "linux")) {
            Some(megabytes) => {
                let mut shell = Command::new("sh");
                let limited = format!("ulimit -v {} && exec \"$0\" \"$@\"", megabytes * 1024);
                shell.args(["-c", &limited, env!("CARGO_BIN_EXE_opi")]);
                shell
            }
            None => Command::new(env!("CARGO_BIN_EXE_opi")),
        };
        if let Some(threads) = self.threads {
            command.env("RAYON_NUM_THREADS", threads.to_string());
        }
        if let Some(folder) = self.folder {
            command.current_dir(folder);
        }
        let output = command.args(&arguments).output().unwrap();
        Ran {
            arguments: arguments.join(" "),
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

pub(crate) fn opi<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Ran {
    Program::default().run(arguments)
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Invents a small state with mistakes in it.
pub(crate) fn invent(folder: &Path, students: &str) {
    let ran =
        opi(["synth", "--students", students, "--years", "2", "--defects", "3%", "--quiet", text(folder)]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
}

/// Every file below a folder, by its path within it.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let inner = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(inner, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Writes files below a folder, in the order given.
pub(crate) fn write<'a>(folder: &Path, files: impl IntoIterator<Item = (&'a PathBuf, &'a Vec<u8>)>) {
    for (inner, bytes) in files {
        let path = folder.join(inner);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// The folders of uploads of the state's latest year, one a district, in order.
pub(crate) fn districts(state: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(state.join("uploads/2026")).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

/// A snapshot of the fall count taken of the state's latest year.
pub(crate) fn take<'a>(uploads: &'a Path, store: &'a Path) -> Vec<&'a str> {
    vec![
        "snapshot",
        "take",
        text(uploads),
        "--store",
        text(store),
        "--year",
        "2025-26",
        "--collection",
        "Fall count (ANB)",
        "--as-of",
        "2026-06-30",
        "--by",
        "nightly",
        "--at",
        "2026-07-01T02:00:00",
        "--quiet",
    ]
}

/// Every command and command of a command, with its help.
pub(crate) fn helps() -> Vec<(Vec<String>, String)> {
    let (mut found, mut open) = (Vec::new(), vec![Vec::<String>::new()]);
    while let Some(command) = open.pop() {
        let ran = opi(command.iter().map(String::as_str).chain(["--help"]));
        assert_eq!(ran.code, Some(0), "{ran:#?}");
        let lines = ran.out.lines().skip_while(|line| *line != "Commands:").skip(1);
        // A name stands two spaces in; what it does may go on further in.
        let named = lines.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
        let names = named.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
        open.extend(names.map(|name| [&command[..], &[name.to_owned()]].concat()));
        found.push((command, ran.out));
    }
    found.sort();
    found
}

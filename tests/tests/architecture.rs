//! The architecture, held by the machine: who knows whom, what is linked, what is forbidden.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Architecture {
    domain: BTreeSet<String>,
    impure: BTreeSet<String>,
    edges: BTreeMap<String, BTreeSet<String>>,
    third_party: BTreeMap<String, ThirdParty>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ThirdParty {
    why: String,
    used_by: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    license: Option<String>,
    description: Option<String>,
    edition: String,
    rust_version: Option<String>,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn architecture() -> Architecture {
    let text = std::fs::read_to_string(root().join("tests/architecture.toml")).unwrap();
    toml::from_str(&text).unwrap()
}

/// The crates under `crates/`.
fn packages() -> Vec<Package> {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Metadata = serde_json::from_slice(&output.stdout).unwrap();
    let crates = root().join("crates").canonicalize().unwrap();
    metadata.packages.into_iter().filter(|package| package.manifest_path.starts_with(&crates)).collect()
}

fn runtime(package: &Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind.is_none())
        .map(|dependency| dependency.name.as_str())
}

fn ours(name: &str) -> bool {
    name == "opi" || name.starts_with("opi-")
}

#[test]
fn only_listed_crates_know_each_other() {
    let architecture = architecture();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        let edges = runtime(&package).filter(|name| ours(name)).map(str::to_owned).collect();
        found.insert(package.name, edges);
    }
    assert_eq!(found, architecture.edges, "left: cargo metadata, right: tests/architecture.toml");
}

#[test]
fn only_listed_third_party_crates_are_linked() {
    let architecture = architecture();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        for name in runtime(&package).filter(|name| !ours(name)) {
            found.entry(name.to_owned()).or_default().insert(package.name.clone());
        }
    }
    let listed: BTreeMap<String, BTreeSet<String>> =
        architecture.third_party.iter().map(|(name, entry)| (name.clone(), entry.used_by.clone())).collect();
    assert_eq!(found, listed, "left: cargo metadata, right: tests/architecture.toml");
    assert!(architecture.third_party.values().all(|entry| entry.why.len() > 5), "each entry has a reason");
}

#[test]
fn every_crate_is_pure_or_says_that_it_is_not() {
    let architecture = architecture();
    for package in packages() {
        let domain = architecture.domain.contains(&package.name);
        assert!(domain != architecture.impure.contains(&package.name), "{} is one of the two", package.name);
        let source = package.manifest_path.parent().unwrap().join("src");
        let root_file = ["lib.rs", "main.rs"]
            .map(|name| source.join(name))
            .into_iter()
            .find(|path| path.is_file())
            .unwrap();
        let text = std::fs::read_to_string(&root_file).unwrap();
        if domain {
            assert!(
                text.contains("#![forbid(unsafe_code)]"),
                "{} forbids unsafe code at its root",
                package.name
            );
            assert!(text.contains("#![warn(missing_docs)]"), "{} asks for docs at its root", package.name);
        }
        let mut files = vec![source];
        while let Some(path) = files.pop() {
            if path.is_dir() {
                files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for (number, line) in text.lines().enumerate().filter(|_| domain) {
                let place = format!("{}:{}", path.display(), number + 1);
                // The dictionary's one rounding function is the one place where a bare rounding may stand.
                let rounding = path.ends_with("dictionary/src/rounding.rs");
                assert!(
                    rounding || !line.contains("clippy::disallowed_methods"),
                    "{place} lifts the ban on input and output"
                );
                for word in [
                    "std::fs",
                    "std::env::",
                    "std::process",
                    "std::net",
                    "std::thread",
                    "Instant::now",
                    "print!",
                    "println!",
                ] {
                    let code = line.split("//").next().unwrap_or_default();
                    assert!(!code.contains(word), "{place} uses {word}");
                }
            }
        }
    }
}

/// Lines of a program's source that a place alone may hold, as `file:line`.
fn elsewhere(source: &Path, words: &[&str], place: &str) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![source.to_owned()]);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if !path.ends_with(place) {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
            let lines = code.enumerate().filter(|(_, line)| words.iter().any(|word| line.contains(word)));
            found.extend(lines.map(|(number, _)| format!("{}:{}", path.display(), number + 1)));
        }
    }
    found
}

#[test]
fn the_program_reads_writes_and_prints_through_one_place() {
    let source = root().join("crates/cli/src");
    let files = elsewhere(&source, &["std::fs", "File::open", "File::create"], "files.rs");
    assert!(files.is_empty(), "files are the work of files.rs: {files:?}");
    let streams = ["stdout().lock", "stderr().lock", "print!", "println!", "io::stdout())", "io::stderr())"];
    let printed = elsewhere(&source, &streams, "output.rs");
    assert!(printed.is_empty(), "streams are the work of output.rs: {printed:?}");
}

#[test]
fn every_crate_carries_the_shared_package_data() {
    for package in packages() {
        assert_eq!(package.license.as_deref(), Some("MIT OR Apache-2.0"), "{}", package.name);
        assert_eq!(package.edition, "2024", "{}", package.name);
        assert!(package.rust_version.is_some(), "{}", package.name);
        assert!(package.description.is_some_and(|text| text.len() > 20), "{}", package.name);
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} takes the shared lints", package.name);
    }
}

#[test]
fn the_gate_checks_every_domain_crate_for_wasm() {
    let gate = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    let line = gate.lines().find(|line| line.starts_with("domain_crates=")).expect("a list of domain crates");
    let checked: BTreeSet<String> = line
        .trim_start_matches("domain_crates=")
        .trim_matches('"')
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    assert_eq!(checked, architecture().domain);
}

#[test]
fn nothing_names_a_machine_or_a_registry() {
    let listed = std::process::Command::new("git").arg("-C").arg(root()).args(["ls-files"]).output();
    let Ok(listed) = listed else { return };
    for name in String::from_utf8_lossy(&listed.stdout).lines() {
        if name.ends_with(".lock") || name.starts_with("LICENSE") || name.ends_with("architecture.rs") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(root().join(name)) else { continue };
        for (number, line) in text.lines().enumerate() {
            for word in ["/work/", "/tmp/", "/root/", "index.crates.io"] {
                assert!(!line.contains(word), "{name}:{} names {word}", number + 1);
            }
        }
    }
}

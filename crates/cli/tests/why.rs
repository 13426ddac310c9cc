//! `opi why` of findings that a run did not keep, and of figures that do not exist.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

mod program;

use program::{Ran, invent, opi, text};
use serde_json::Value;
use std::path::{Path, PathBuf};

struct Run {
    _folder: tempfile::TempDir,
    state: PathBuf,
    out: PathBuf,
}

impl Run {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (state, out) = (folder.path().join("state"), folder.path().join("out"));
        invent(&state, "120");
        Run { _folder: folder, state, out }
    }

    fn year(&self, more: &[&str]) {
        let start = ["year", text(&self.state), "--out", text(&self.out), "--quiet"];
        let ran = opi(start.iter().chain(more).copied());
        assert_ne!(ran.code, Some(2), "{ran:#?}");
    }

    fn why(&self, figure: &str, more: &[&str]) -> Ran {
        let start = ["why", text(&self.out), figure];
        opi(start.iter().chain(more).copied())
    }

    fn again(&self, figure: &str) -> Ran {
        self.why(figure, &["--inputs", text(&self.state)])
    }

    fn findings(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.out.join("restricted/findings.jsonl")).unwrap();
        text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn named(finding: &Value) -> String {
    let text = |key: &str| finding[key].as_str().unwrap().to_owned();
    format!("finding:{}:{}:{}", text("code"), text("file"), finding["line"])
}

fn cut_line(file: &Path, line: usize) {
    let text = std::fs::read_to_string(file).unwrap();
    let rest = text.split_inclusive('\n').enumerate().filter(|(index, _)| index + 1 != line);
    std::fs::write(file, rest.map(|(_, line)| line).collect::<String>()).unwrap();
}

#[test]
fn a_finding_is_judged_by_the_whole_run_under_its_policy() {
    let run = Run::new();
    run.year(&[]);
    // The last finding at a line of a rule that found several.
    let all = run.findings();
    let several = |code: &Value| all.iter().filter(|other| other["code"] == *code).count() > 1;
    let at_line =
        |finding: &&Value| finding["line"].as_u64().is_some_and(|line| line > 1) && several(&finding["code"]);
    let finding = all.iter().rfind(|found| at_line(found)).unwrap();
    let figure = named(finding);
    assert_eq!(run.why(&figure, &[]).code, Some(0));

    // A run that keeps one of each rule did not keep it; it stands all the same.
    run.year(&["--max-samples", "1"]);
    assert!(!run.findings().iter().any(|kept| named(kept) == figure));
    let ran = run.why(&figure, &[]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.err.contains("--inputs DIR"), "{ran:#?}");
    let ran = run.again(&figure);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert!(ran.out.contains("it still stands"), "{ran:#?}");

    // Under a policy that switches the rule off there is no such finding.
    let policy = run.state.join("off.toml");
    let code = finding["code"].as_str().unwrap();
    let off =
        format!("[[rule]]\nrule = \"{code}\"\noff = true\nreason = \"a test\"\nexpires = \"2030-06-30\"\n");
    std::fs::write(&policy, off).unwrap();
    run.year(&["--policy", text(&policy)]);
    let ran = run.again(&figure);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.err.contains("run again on the inputs find none"), "{ran:#?}");

    // Mended after the run.
    run.year(&[]);
    let file = run.state.join(finding["file"].as_str().unwrap());
    cut_line(&file, usize::try_from(finding["line"].as_u64().unwrap()).unwrap());
    let lines = std::fs::read_to_string(&file).unwrap().lines().count();
    for line in (2..=lines).rev() {
        cut_line(&file, line);
    }
    let ran = run.again(&figure);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert!(ran.out.contains("it no longer stands"), "{ran:#?}");
}

#[test]
fn a_figure_that_does_not_exist_could_not_be_answered() {
    let run = Run::new();
    run.year(&[]);
    for figure in [
        "anb:9999-EL:FY2027",
        "edfacts:052:LEA:9999:TOT",
        "edfacts:052:SEA:NOSUCH",
        "edfacts:052:SEA:CSA:99,WH7,F",
        "edfacts:001:SEA:TOT",
        "mask:nothing:grade=05",
        "mask:enrollment:grade=99",
        "mask:enrollment:weather=05",
        "finding:ENR-014:nowhere.tsv:1",
        "finding:XXX-999:nowhere.tsv:1",
    ] {
        for format in ["human", "json"] {
            let ran = run.why(figure, &["--format", format]);
            ran.assert_orderly();
            assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{ran:#?}");
            assert!(ran.err.starts_with("opi: "), "{ran:#?}");
        }
    }
    // What every table shows to be zero is an answer.
    let ran = run.why("edfacts:052:SEA:CSA:05,WH7,F", &[]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert!(opi(["why", "--help"]).out.contains("0 answered, 2 no such figure"));
}

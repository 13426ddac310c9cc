//! The examples of help texts run, each as it is printed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

mod program;

use program::desk::{Desk, examples, writes_anew};
use program::helps;

/// A command for the whole state, made small enough for a test; nothing for the one that made the desk.
fn small(mut example: Vec<String>) -> Option<Vec<String>> {
    let word = example.first().map(String::as_str);
    if word == Some("synth") && example.last().is_some_and(|word| word == "state") {
        return None;
    }
    match example.iter().position(|word| word == "--students") {
        Some(at) => example[at + 1] = "60".to_owned(),
        None if word == Some("demo") => example.extend(["--students", "60"].map(str::to_owned)),
        None => {}
    }
    Some(example)
}

#[test]
fn every_help_has_an_example_that_runs() {
    let desk = Desk::new(|_| {});
    let (mut ran_already, mut without) = (Vec::new(), Vec::new());
    for (command, help) in helps() {
        let examples = examples(&help);
        if examples.is_empty() {
            without.push(command.join(" "));
        }
        let own = examples.iter().any(|example| example.starts_with(&command));
        assert!(own || examples.is_empty(), "the examples of opi {} are of others", command.join(" "));
        for example in examples.into_iter().filter_map(small) {
            if ran_already.contains(&example) {
                continue;
            }
            let ran = desk.run(&example);
            assert!(matches!(ran.code, Some(0 | 1)), "{ran:#?}");
            assert!(!writes_anew(&example) || !ran.all().is_empty(), "{ran:#?}");
            ran_already.push(example);
        }
    }
    assert!(without.is_empty(), "no example: {without:?}");
    assert!(ran_already.len() > 60, "{}", ran_already.len());
}

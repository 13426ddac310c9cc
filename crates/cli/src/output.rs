//! Printing: formats, colours on a terminal only, progress on a terminal only.

use clap::ValueEnum;
use opi::dictionary::Finding;
pub(crate) use opi::report::grouped;
use std::io::{IsTerminal, Write};

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// Prints a value as JSON, two spaces deep.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<(), crate::Failure> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

/// Colours, where the output is a terminal and the user has not switched them off.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    on: bool,
}

impl Style {
    pub(crate) fn of_stdout() -> Self {
        Style { on: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }
}

/// Prints a finding as a good compiler would, without the value found.
pub(crate) fn finding(out: &mut impl Write, style: Style, finding: &Finding) -> std::io::Result<()> {
    let colours = if style.on { opi::report::Style::ANSI } else { opi::report::Style::PLAIN };
    opi::report::write_finding(out, finding, opi::report::Values::Hidden, &colours)
}

/// A progress bar on standard error; silent where that is no terminal or the user asked for quiet.
pub(crate) fn progress(length: u64, what: &'static str, quiet: bool) -> indicatif::ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new(length).with_message(what);
    if let Ok(style) = indicatif::ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar
}

/// As [`progress`], for work whose length is not known: it turns, and shows how long it has been going on.
pub(crate) fn spinner(what: &'static str, quiet: bool) -> indicatif::ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new_spinner().with_message(what);
    if let Ok(style) = indicatif::ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    bar
}

/// A number with its noun, which is plural where the number asks for it.
pub(crate) fn counted(count: u64, one: &str, more: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { more })
}

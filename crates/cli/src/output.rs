//! Printing: formats, colours on a terminal only, progress on a terminal only.

use clap::{Args, ValueEnum};
use opi::dictionary::Finding;
pub(crate) use opi::report::grouped;
use opi::report::visible;
use serde_json::Value;
use std::io::{IsTerminal, StderrLock, StdoutLock, Write};

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// A stream whose reader may go away, as in `opi rules | head -1`: then nothing more is written, and the command comes
/// to its own end with its own exit code.
pub(crate) struct Stream<W> {
    inner: W,
    abandoned: bool,
}

impl<W: Write> Stream<W> {
    fn of(inner: W) -> Self {
        Stream { inner, abandoned: false }
    }

    /// What came of a write, or what would have come of it where the reader went away.
    fn told<T>(&mut self, done: std::io::Result<T>, unread: T) -> std::io::Result<T> {
        match done {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                self.abandoned = true;
                Ok(unread)
            }
            done => done,
        }
    }
}

impl<W: Write> Write for Stream<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.abandoned {
            return Ok(bytes.len());
        }
        let done = self.inner.write(bytes);
        self.told(done, bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let done = self.inner.flush();
        self.told(done, ())
    }
}

/// Standard output: what a command answers.
pub(crate) fn stdout() -> Stream<StdoutLock<'static>> {
    Stream::of(std::io::stdout().lock())
}

/// Standard error: what a command has to say besides.
pub(crate) fn stderr() -> Stream<StderrLock<'static>> {
    Stream::of(std::io::stderr().lock())
}

/// Prints a text.
pub(crate) fn print(text: &str) -> Result<(), crate::Failure> {
    Ok(stdout().write_all(text.as_bytes())?)
}

/// Says something on standard error; where that is closed, nobody is there to be told. Names of files come from
/// anywhere: what would do something to a terminal is written out.
pub(crate) fn note(what: impl std::fmt::Display) {
    let text = what.to_string();
    let lines: Vec<_> = text.split('\n').map(visible).collect();
    let _ = writeln!(stderr(), "opi: {}", lines.join("\n"));
}

/// Prints a value as JSON, two spaces deep.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<(), crate::Failure> {
    let mut out = stdout();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

/// Stands for an id, key or value of a student that was not asked for.
pub(crate) const HIDDEN: &str = "*********";

/// Ids, keys and values of students: personal, so printed only where they are asked for by name.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ShowValues {
    /// Show ids, keys and values of students. They are personal.
    #[arg(long)]
    show_values: bool,
}

impl ShowValues {
    /// The value where it was asked for, and what stands for it otherwise.
    pub(crate) fn of(self, value: &str) -> &str {
        if self.show_values { value } else { HIDDEN }
    }

    /// Whether they were asked for.
    pub(crate) fn asked(self) -> bool {
        self.show_values
    }

    /// A value as JSON, without what stands under these keys at any depth unless it was asked for.
    pub(crate) fn json(self, value: &impl serde::Serialize, keys: &[&str]) -> Result<Value, crate::Failure> {
        let mut value = serde_json::to_value(value)?;
        if !self.show_values {
            hide(&mut value, keys);
        }
        Ok(value)
    }
}

/// Takes the values of these keys out of a JSON value, at any depth.
fn hide(value: &mut Value, keys: &[&str]) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !keys.contains(&key.as_str()));
            map.values_mut().for_each(|value| hide(value, keys));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| hide(value, keys)),
        _ => {}
    }
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

    pub(crate) fn of_stderr() -> Self {
        Style { on: std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
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

/// The word by which tables and JSON name a value.
pub(crate) fn word_of(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
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

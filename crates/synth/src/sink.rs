//! Where the files of a state go: the caller's business.

use std::io::{self, Write};

/// Opens named outputs. Names are relative paths with `/` between their parts, such as
/// `uploads/2026/0123/student-demographics.tsv`. Several outputs are open at once: nine for each district of
/// one neighbourhood, and the tables of the state.
pub trait Sink {
    /// An output, written from front to back.
    type Output: Write;

    /// Opens an output of this name. No name is opened twice.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open(&mut self, name: &str) -> io::Result<Self::Output>;

    /// Takes back an output that is complete.
    ///
    /// # Errors
    /// When what is outstanding cannot be written.
    fn close(&mut self, name: &str, output: Self::Output) -> io::Result<()> {
        let _ = name;
        let mut output = output;
        output.flush()
    }
}

/// A sink that keeps every output in memory, by name: for tests and small states.
///
/// ```
/// use opi_synth::{MemorySink, Plan, Sink, State, WriteOptions};
/// use opi_dictionary::SchoolYear;
/// let plan = Plan { students: 60, years: 1, last_year: SchoolYear::ending(2026)?, seed: 7 };
/// let mut sink = MemorySink::default();
/// State::new(plan)?.write(&mut sink, &WriteOptions::default(), &mut |_| {})?;
/// assert!(sink.outputs.contains_key("directory/districts.csv"));
/// # Ok::<(), opi_synth::SynthError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemorySink {
    /// The bytes of each output that was closed.
    pub outputs: std::collections::BTreeMap<String, Vec<u8>>,
}

impl Sink for MemorySink {
    type Output = Vec<u8>;

    fn open(&mut self, _name: &str) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn close(&mut self, name: &str, output: Vec<u8>) -> io::Result<()> {
        self.outputs.insert(name.to_owned(), output);
        Ok(())
    }
}

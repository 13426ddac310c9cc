//! The folder of results: every file is told in `manifest.json`, which is written last.

use crate::{Failure, files};
use opi::snapshot::ContentHash;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Component, Path, PathBuf};

const MANIFEST: &str = "manifest.json";

/// Paths written so far, one a line, until the manifest is there: a run that was cut off is cleared by it.
const JOURNAL: &str = ".written";

/// The manifest of a run.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct RunManifest {
    /// What this file is.
    pub(crate) format: String,
    /// The version of the program.
    pub(crate) program: String,
    /// What was run, on what.
    pub(crate) run: Run,
    /// The stages, in order, with what came of each.
    pub(crate) stages: Vec<StageDone>,
    /// Every file, by path.
    pub(crate) files: Vec<FileDone>,
}

/// What was run.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Run {
    /// The school year.
    pub(crate) school_year: String,
    /// The day that stood for today.
    pub(crate) as_of: String,
    /// The version of the rules; blank where none ran.
    pub(crate) rule_set: String,
    /// The snapshot from which all figures come; blank where none was taken.
    pub(crate) snapshot: String,
    /// The snapshot of the year before; blank where nothing of it was given.
    pub(crate) prior_snapshot: String,
    /// The masking policy of public tables.
    pub(crate) masking: String,
    /// How public tables treat zeros.
    pub(crate) zeros: String,
    /// The policy on the rules, where one was given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) policy: Option<Given>,
    /// The lists that the state holds, where they were given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) tables: Option<Given>,
    /// What took the place of tables of the dictionary.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) replaced: Vec<Given>,
    /// Code sets that were not tested.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) suspended: Vec<String>,
    /// Interpretations of the law other than the default.
    pub(crate) interpretation: Option<opi::anb::Interpretation>,
}

/// A text that was given to the run and is kept with its results.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Given {
    /// What it is, such as `layout student-enrollments`.
    pub(crate) what: String,
    /// Where it is kept below the folder of results.
    pub(crate) path: String,
    /// The BLAKE3 hash of its bytes.
    pub(crate) hash: String,
    /// The text, until it is written.
    #[serde(skip)]
    pub(crate) text: String,
}

impl Given {
    pub(crate) fn new(what: String, path: String, text: String) -> Self {
        let hash = ContentHash::of(text.as_bytes()).to_string();
        Given { what, path, hash, text }
    }
}

/// A stage and what came of it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct StageDone {
    /// Its name.
    pub(crate) stage: String,
    /// Whether it was done.
    pub(crate) done: bool,
    /// What came of it, or why it was not done, in a sentence.
    pub(crate) summary: String,
}

/// A file of the results.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub(crate) struct FileDone {
    /// Its path below the folder of results.
    pub(crate) path: String,
    /// The BLAKE3 hash of its bytes.
    pub(crate) hash: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// Its rows of data, where it is a table.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) rows: Option<u64>,
    /// The command that explains what is in it.
    pub(crate) explain: String,
}

/// The folder in the making.
pub(crate) struct Outputs {
    folder: PathBuf,
    files: Vec<FileDone>,
    journal: files::NewFile,
}

impl Outputs {
    /// Takes away what an earlier run wrote here, by its manifest, and nothing else. Snapshots stay: they are history.
    pub(crate) fn start(folder: &Path) -> Result<Self, Failure> {
        let (manifest, journal) = (folder.join(MANIFEST), folder.join(JOURNAL));
        let mut earlier: Vec<String> = Vec::new();
        if manifest.is_file() {
            earlier.extend(read_manifest(folder)?.files.into_iter().map(|file| file.path));
        }
        if journal.is_file() {
            earlier.extend(files::text(&journal)?.lines().map(str::to_owned));
        }
        for path in earlier.iter().filter(|path| !path.starts_with(SNAPSHOTS)) {
            let inner = Path::new(path);
            if inner.components().all(|part| matches!(part, Component::Normal(_))) {
                files::remove(&folder.join(inner))?;
                files::remove(&files::part_of(&folder.join(inner)))?;
            }
        }
        files::remove(&manifest)?;
        files::remove(&files::part_of(&manifest))?;
        let journal = files::create(&journal)?;
        Ok(Outputs { folder: folder.to_owned(), files: Vec::new(), journal })
    }

    /// Writes a file.
    pub(crate) fn write(
        &mut self,
        path: &str,
        bytes: &[u8],
        rows: Option<u64>,
        explain: &str,
    ) -> Result<(), Failure> {
        writeln!(self.journal, "{path}")?;
        self.journal.flush()?;
        files::write_whole(&self.folder.join(path), bytes)?;
        self.tell(path, bytes, rows, explain);
        Ok(())
    }

    /// Tells of a file that was written by someone else.
    pub(crate) fn written(&mut self, path: &str, rows: Option<u64>, explain: &str) -> Result<(), Failure> {
        let full = self.folder.join(path);
        let bytes = files::bytes(&full)?;
        self.tell(path, &bytes, rows, explain);
        Ok(())
    }

    fn tell(&mut self, path: &str, bytes: &[u8], rows: Option<u64>, explain: &str) {
        self.files.push(FileDone {
            path: path.to_owned(),
            hash: ContentHash::of(bytes).to_string(),
            bytes: bytes.len() as u64,
            rows,
            explain: explain.to_owned(),
        });
    }

    /// A path below the folder.
    pub(crate) fn path(&self, inner: &str) -> PathBuf {
        self.folder.join(inner)
    }

    /// Writes the manifest, after everything that it tells of.
    pub(crate) fn finish(mut self, run: Run, stages: Vec<StageDone>) -> Result<RunManifest, Failure> {
        self.files.sort();
        let manifest = RunManifest {
            format: "opi-year, version 1".to_owned(),
            program: format!("opi {}", env!("CARGO_PKG_VERSION")),
            run,
            stages,
            files: self.files,
        };
        let text = serde_json::to_string_pretty(&manifest)? + "\n";
        files::write_whole(&self.folder.join(MANIFEST), text.as_bytes())?;
        let journal = self.folder.join(JOURNAL);
        drop(self.journal);
        files::remove(&journal)?;
        Ok(manifest)
    }
}

/// Where the tables of the directory are kept below the folder of results.
pub(crate) const DIRECTORY: &str = "restricted/directory";

/// Where ANB of earlier years is kept, as it was given.
pub(crate) const HISTORY: &str = "restricted/anb-history.csv";

/// Where the policy on the rules is kept, as it was given.
pub(crate) const POLICY: &str = "restricted/policy.toml";
/// Where the lists that the state holds are kept.
pub(crate) const TABLES: &str = "restricted/tables.toml";

/// Where replacements of tables of the dictionary are kept, as they were given.
pub(crate) const REPLACED: &str = "restricted/dictionary";

/// Where snapshots are kept below the folder of results.
pub(crate) const SNAPSHOTS: &str = "restricted/snapshots";

/// The manifest of a folder of results.
pub(crate) fn read_manifest(folder: &Path) -> Result<RunManifest, Failure> {
    let path = folder.join(MANIFEST);
    let text = files::text(&path)?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("{}: no manifest of `opi year`: {error}", path.display())))
}

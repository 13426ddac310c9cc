//! Finding and opening files.

use crate::Failure;
use crate::output::{self, counted, grouped};
use opi::Upload;
use opi::report::visible;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter};
use std::path::{Path, PathBuf};

/// A file on disk that can be opened again and again.
pub(crate) struct DiskUpload {
    name: String,
    path: PathBuf,
}

impl DiskUpload {
    pub(crate) fn new(path: PathBuf) -> Self {
        DiskUpload { name: path.display().to_string(), path }
    }

    /// A file by its place below one of the folders given, so that the name is the same on every machine.
    pub(crate) fn below(folders: &[PathBuf], path: PathBuf) -> Self {
        let below = folders.iter().filter_map(|folder| path.strip_prefix(folder).ok());
        let below = below.min_by_key(|rest| rest.components().count());
        let named =
            below.filter(|rest| rest.components().next().is_some()).or(path.file_name().map(Path::new));
        let parts = named.into_iter().flat_map(Path::components);
        let parts: Vec<String> = parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        DiskUpload { name: parts.join("/"), path }
    }

    /// Named by its path within a folder, with `/` on every platform, so that reports do not depend on where the
    /// folder stands.
    pub(crate) fn within(folder: &Path, path: PathBuf) -> Self {
        let inner = path.strip_prefix(folder).unwrap_or(&path);
        let parts: Vec<String> = inner.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        DiskUpload { name: parts.join("/"), path }
    }
}

impl DiskUpload {
    /// Where it stands.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Upload for DiskUpload {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self) -> std::io::Result<Box<dyn BufRead + '_>> {
        // The reader asks for large pieces, so the buffer between is small and mostly passed by.
        Ok(Box::new(BufReader::new(File::open(&self.path)?)))
    }
}

/// The files under some paths, in order of name: a file as it is named, a folder with all uploads below it. Files of
/// other suffixes are told on standard error.
pub(crate) fn uploads(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let found = find(paths)?;
    if let Some(told) = found.told() {
        output::note(told);
    }
    Ok(found.uploads.into_iter().collect())
}

/// Makes sure that a file to be written is none of those that are read, however either is spelled.
pub(crate) fn is_not_read<'a>(out: &Path, read: impl IntoIterator<Item = &'a Path>) -> Result<(), Failure> {
    let Ok(real) = out.canonicalize() else { return Ok(()) };
    match read.into_iter().find(|path| path.canonicalize().is_ok_and(|path| path == real)) {
        Some(_) => Err(Failure::of_file(out, "is read by this command; write to another file")),
        None => Ok(()),
    }
}

/// Whether there is an upload below a folder.
pub(crate) fn holds_uploads(folder: &Path) -> Result<bool, Failure> {
    Ok(folder.is_dir() && !find(&[folder.to_owned()])?.uploads.is_empty())
}

/// What stands below some folders.
#[derive(Default)]
struct Found {
    uploads: BTreeSet<PathBuf>,
    /// How many files have a suffix that no upload has.
    others: BTreeMap<String, u64>,
    /// Folders that were entered, so that a link in a circle is not entered again.
    seen: BTreeSet<PathBuf>,
}

fn find(paths: &[PathBuf]) -> Result<Found, Failure> {
    let mut found = Found::default();
    for path in paths {
        let kind = std::fs::metadata(path).map_err(|error| Failure::of_file(path, error))?;
        if kind.is_dir() {
            found.walk(path)?;
        } else {
            found.uploads.insert(path.clone());
        }
    }
    // One file under two spellings or by way of a link is one file: its rows are not there twice.
    let mut real = BTreeSet::new();
    found.uploads.retain(|path| path.canonicalize().map_or(true, |path| real.insert(path)));
    Ok(found)
}

impl Found {
    fn walk(&mut self, folder: &Path) -> Result<(), Failure> {
        let real = folder.canonicalize().map_err(|error| Failure::of_file(folder, error))?;
        if !self.seen.insert(real) {
            return Ok(());
        }
        for path in inside(folder)? {
            // A link to nothing is passed over: there is nothing to read.
            let Ok(kind) = std::fs::metadata(&path) else { continue };
            if kind.is_dir() {
                self.walk(&path)?;
            } else if kind.is_file() {
                self.add(path);
            }
        }
        Ok(())
    }

    fn add(&mut self, path: PathBuf) {
        let suffix = path.extension().map(|suffix| suffix.to_string_lossy().to_ascii_lowercase());
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        match suffix.as_deref() {
            Some("tsv" | "txt" | "xml") => {
                self.uploads.insert(path);
            }
            // What an operating system keeps for itself is nobody's upload.
            None if hidden => {}
            Some(suffix) => *self.others.entry(format!(".{}", visible(suffix))).or_default() += 1,
            None => *self.others.entry("without suffix".to_owned()).or_default() += 1,
        }
    }

    /// What was passed over, such as `3 files not read: 2 .docx, 1 .pdf`.
    fn told(&self) -> Option<String> {
        let all: u64 = self.others.values().sum();
        let by: Vec<String> = match self.others.len() {
            1 => self.others.keys().cloned().collect(),
            _ => self.others.iter().map(|(suffix, count)| format!("{} {suffix}", grouped(*count))).collect(),
        };
        (all > 0).then(|| format!("{} not read: {}", counted(all, "file", "files"), by.join(", ")))
    }
}

/// What a folder holds, in no order.
pub(crate) fn inside(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::of_file(folder, error);
    std::fs::read_dir(folder).map_err(failed)?.map(|entry| Ok(entry.map_err(failed)?.path())).collect()
}

/// Opens a file for reading, naming it where it cannot be.
pub(crate) fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    File::open(path).map(BufReader::new).map_err(|error| Failure::of_file(path, error))
}

/// A file in the making.
pub(crate) type NewFile = BufWriter<File>;

/// Makes a file, and its folder where it is missing.
pub(crate) fn create(path: &Path) -> Result<NewFile, Failure> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    File::create(path).map(BufWriter::new).map_err(|error| Failure::of_file(path, error))
}

/// Makes a file that is not there yet, and its folder: an input is never written over.
pub(crate) fn create_new(path: &Path) -> Result<NewFile, Failure> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    File::create_new(path).map(BufWriter::new).map_err(|error| Failure::of_file(path, error))
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::of_file(folder, error))
}

/// Takes a file away, where it is there.
pub(crate) fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::of_file(path, error)),
        _ => Ok(()),
    }
}

/// Reads a file of bytes whole.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::of_file(path, error))
}

/// Reads a small text file whole.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::of_file(path, error))
}

/// Writes a file, making its folder where it is missing.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_bytes(path, text.as_bytes())
}

/// Where a file is written before it takes its name.
pub(crate) fn part_of(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

/// Writes a file under its name once it is whole, so that a run that is cut off leaves no half of it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let part = part_of(path);
    write_bytes(&part, bytes)?;
    std::fs::rename(&part, path).map_err(|error| Failure::of_file(path, error))
}

/// Writes a file of bytes, making its folder where it is missing.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    std::fs::write(path, bytes).map_err(|error| Failure::of_file(path, error))
}

//! Finding and opening files.

use crate::Failure;
use opi::Upload;
use std::collections::BTreeSet;
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

impl Upload for DiskUpload {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self) -> std::io::Result<Box<dyn BufRead + '_>> {
        // The reader asks for large pieces, so the buffer between is small and mostly passed by.
        Ok(Box::new(BufReader::new(File::open(&self.path)?)))
    }
}

/// The files under some paths, in order of name: a file as it is named, a folder with all uploads below it.
/// A folder that was seen already (a link in a circle) is not entered again.
pub(crate) fn uploads(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        let kind = std::fs::metadata(path).map_err(|error| Failure::of_file(path, error))?;
        if kind.is_dir() {
            walk(path, &mut seen, &mut found)?;
        } else {
            found.insert(path.clone());
        }
    }
    Ok(found.into_iter().collect())
}

fn walk(folder: &Path, seen: &mut BTreeSet<PathBuf>, found: &mut BTreeSet<PathBuf>) -> Result<(), Failure> {
    let real = folder.canonicalize().map_err(|error| Failure::of_file(folder, error))?;
    if !seen.insert(real) {
        return Ok(());
    }
    let entries = std::fs::read_dir(folder).map_err(|error| Failure::of_file(folder, error))?;
    for entry in entries {
        let path = entry.map_err(|error| Failure::of_file(folder, error))?.path();
        // A link to nothing is passed over: there is nothing to read.
        let Ok(kind) = std::fs::metadata(&path) else { continue };
        if kind.is_dir() {
            walk(&path, seen, found)?;
        } else if kind.is_file() && is_upload(&path) {
            found.insert(path);
        }
    }
    Ok(())
}

/// Whether a file's suffix is one of AIM uploads.
fn is_upload(path: &Path) -> bool {
    let suffix = path.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default().to_ascii_lowercase();
    ["tsv", "txt", "xml"].contains(&suffix.as_str())
}

/// Opens a file for reading, naming it where it cannot be.
pub(crate) fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    File::open(path).map(BufReader::new).map_err(|error| Failure::of_file(path, error))
}

/// Makes a file, and its folder where it is missing.
pub(crate) fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::of_file(folder, error))?;
    }
    File::create(path).map(BufWriter::new).map_err(|error| Failure::of_file(path, error))
}

/// Reads a small text file whole.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::of_file(path, error))
}

/// Writes a file, making its folder where it is missing.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_bytes(path, text.as_bytes())
}

/// Writes a file of bytes, making its folder where it is missing.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::of_file(folder, error))?;
    }
    std::fs::write(path, bytes).map_err(|error| Failure::of_file(path, error))
}

//! The store: where snapshots are written to and found again.

use crate::columns::encode;
use crate::stored::{StoredSnapshot, Verification};
use crate::{SnapshotName, StoreError};
use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt};
use opi_snapshot::{ContentHash, Manifest, PartEntry, Snapshot};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

/// Snapshots on a local folder or on object storage.
#[derive(Debug)]
pub struct Store {
    pub(crate) objects: Arc<dyn ObjectStore>,
    /// The folder, where the store is in one.
    pub(crate) folder: Option<PathBuf>,
    runtime: tokio::runtime::Runtime,
    rows_per_file: usize,
}

/// A snapshot of a store, as [`Store::list`] tells it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Listing {
    /// Its id.
    pub id: ContentHash,
    /// The names that stand for it.
    pub names: Vec<SnapshotName>,
    /// Its manifest, or why that cannot be read.
    pub manifest: Result<Manifest, StoreError>,
}

impl Store {
    /// Rows of one Parquet file at most.
    pub const ROWS_PER_FILE: usize = 1_000_000;

    /// A store in a folder, which is made where it is missing. Each file is on disk when a call returns.
    ///
    /// # Errors
    /// When the folder cannot be made or opened.
    pub fn local(folder: impl AsRef<Path>) -> Result<Self, StoreError> {
        let folder = folder.as_ref();
        std::fs::create_dir_all(folder)
            .map_err(|source| StoreError::Folder { folder: folder.display().to_string(), source })?;
        Store::existing(folder)
    }

    /// A store in a folder that exists.
    ///
    /// # Errors
    /// When the folder cannot be opened.
    pub fn existing(folder: impl AsRef<Path>) -> Result<Self, StoreError> {
        let folder = folder.as_ref();
        let failed = |source| StoreError::Folder { folder: folder.display().to_string(), source };
        if !folder.metadata().map_err(failed)?.is_dir() {
            return Err(failed(std::io::Error::from(std::io::ErrorKind::NotADirectory)));
        }
        let files = LocalFileSystem::new_with_prefix(folder)
            .map_err(|source| StoreError::Storage { path: folder.display().to_string(), source })?;
        let store = Store::on(Arc::new(files.with_fsync(true)))?;
        Ok(Store { folder: Some(folder.to_owned()), ..store })
    }

    /// A store in memory, for tests.
    ///
    /// # Errors
    /// When no runtime can be started.
    pub fn in_memory() -> Result<Self, StoreError> {
        Store::on(Arc::new(InMemory::new()))
    }

    /// A store at a URL: `file:///folder`, `memory:///`, and with the features `aws`, `azure` and `gcp` a bucket and
    /// prefix such as `s3://bucket/prefix`, `az://container/prefix` or `gs://bucket/prefix`. The options are those of
    /// `object_store`, such as `aws_region`; a program may pass its environment.
    ///
    /// # Errors
    /// When the URL cannot be read, its kind of storage is not compiled in, or an option is wrong.
    pub fn at<K: AsRef<str>, V: Into<String>>(
        url: &str,
        options: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, StoreError> {
        let wrong = |problem: &str| StoreError::Url { problem: problem.to_owned() };
        let parsed = Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
        if parsed.password().is_some() {
            return Err(wrong("it holds a password, and URLs are shown: give secrets as options"));
        }
        if parsed.scheme() == "file" {
            let folder = parsed.to_file_path();
            let wrong = |()| wrong("a file URL names a folder of this machine, such as file:///data/store");
            return Store::local(folder.map_err(wrong)?);
        }
        let (objects, prefix) = object_store::parse_url_opts(&parsed, options)
            .map_err(|source| StoreError::Storage { path: parsed.to_string(), source })?;
        Store::on(Arc::new(PrefixStore::new(objects, prefix)))
    }

    /// A store on any object storage that the caller has built.
    ///
    /// # Errors
    /// When no runtime can be started.
    pub fn on(objects: Arc<dyn ObjectStore>) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(StoreError::Runtime)?;
        Ok(Store { objects, folder: None, runtime, rows_per_file: Store::ROWS_PER_FILE })
    }

    /// With fewer rows of one file at most, for tests and small readers; 0 counts as 1.
    #[must_use]
    pub fn rows_per_file(mut self, rows: usize) -> Self {
        self.rows_per_file = rows.clamp(1, Store::ROWS_PER_FILE);
        self
    }

    /// Writes a snapshot and lets a name stand for it, whatever it stood for: the files of rows first, then the
    /// manifest, then the name, each atomically. Writing the same snapshot again writes the same bytes.
    /// [`Store::write_after`] minds what others wrote.
    ///
    /// # Errors
    /// When a file cannot be written; the name then stands for what it stood for before.
    pub fn write(&self, name: &SnapshotName, snapshot: &Snapshot) -> Result<ContentHash, StoreError> {
        let id = self.write_files(snapshot)?;
        self.set_name(name, id)?;
        Ok(id)
    }

    /// Writes the files of a snapshot, which no name stands for yet.
    pub(crate) fn write_files(&self, snapshot: &Snapshot) -> Result<ContentHash, StoreError> {
        let mut parts: Vec<Vec<PartEntry>> = Vec::new();
        for table in snapshot.tables() {
            let mut of_table = Vec::new();
            let mut start = 0;
            while start < table.len() {
                let end = table.len().min(start + self.rows_per_file);
                let bytes = encode(table, snapshot.info(), start..end)?;
                let hash = ContentHash::of(&bytes);
                of_table.push(PartEntry {
                    hash,
                    bytes: bytes.len() as u64,
                    first_row: start as u64,
                    rows: (end - start) as u64,
                });
                self.put(&data_path(hash), bytes)?;
                start = end;
            }
            parts.push(of_table);
        }
        let manifest =
            Manifest::new(snapshot, |table| parts.get_mut(table).map(std::mem::take).unwrap_or_default());
        let bytes = manifest.to_bytes().map_err(StoreError::snapshot("manifest"))?;
        let id = ContentHash::of(&bytes);
        self.put(&manifest_path(id), bytes)?;
        Ok(id)
    }

    /// Opens the snapshot that a name stands for, or that an id or the start of one (six digits or more) names. Only
    /// the manifest is read.
    ///
    /// # Errors
    /// When there is none or more than one, or its manifest is missing, damaged, newer than this program or no
    /// manifest.
    pub fn open(&self, reference: &str) -> Result<StoredSnapshot<'_>, StoreError> {
        let id = self.resolve(reference)?;
        let manifest = self.manifest(id)?;
        Ok(StoredSnapshot::new(self, id, manifest))
    }

    /// Every snapshot of the store, in order of school year, day and id.
    ///
    /// # Errors
    /// When the storage cannot be listed. A manifest that cannot be read stands in the list with its error.
    pub fn list(&self) -> Result<Vec<Listing>, StoreError> {
        let mut names: BTreeMap<ContentHash, Vec<SnapshotName>> = BTreeMap::new();
        for name in self.names()? {
            // A name that cannot be read is told when it is opened.
            if let Ok(id) = self.pointer(&name) {
                names.entry(id).or_default().push(name);
            }
        }
        let mut listings = Vec::new();
        for id in self.ids()? {
            let names = names.remove(&id).unwrap_or_default();
            listings.push(Listing { id, names, manifest: self.manifest(id) });
        }
        listings.sort_by_key(|listing| {
            let info = listing.manifest.as_ref().ok().map(|manifest| &manifest.info);
            (info.map(|info| (info.school_year, info.as_of, info.taken_at)), listing.id)
        });
        Ok(listings)
    }

    /// The names of the store, in order.
    ///
    /// # Errors
    /// When the storage cannot be listed.
    pub fn names(&self) -> Result<Vec<SnapshotName>, StoreError> {
        let mut names: Vec<SnapshotName> =
            self.stems("names")?.iter().filter_map(|stem| stem.parse().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// Reads a snapshot whole and tells everything that is wrong with it.
    ///
    /// # Errors
    /// As [`Store::open`]; what is wrong with its files is in the answer.
    pub fn verify(&self, reference: &str) -> Result<Verification, StoreError> {
        Ok(self.open(reference)?.verify())
    }

    fn resolve(&self, reference: &str) -> Result<ContentHash, StoreError> {
        if let Ok(id) = reference.parse::<ContentHash>() {
            return Ok(id);
        }
        if let Ok(name) = reference.parse::<SnapshotName>() {
            match self.pointer(&name) {
                Err(StoreError::Missing { .. }) => {}
                found => return found,
            }
        }
        let hexadecimal = reference.len() >= 6 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut ids = self.ids()?;
        ids.retain(|id| hexadecimal && id.to_string().starts_with(reference));
        match ids.as_slice() {
            [id] => Ok(*id),
            [] => {
                let names = self.names()?;
                let known: Vec<&str> = names.iter().take(10).map(SnapshotName::as_str).collect();
                let more = if names.len() > known.len() { ", ..." } else { "" };
                let known = match known.is_empty() {
                    true => "it has no named snapshot".to_owned(),
                    false => format!("its names are {}{more}", known.join(", ")),
                };
                Err(StoreError::NotFound { reference: reference.chars().take(90).collect(), known })
            }
            several => Err(StoreError::Ambiguous { reference: reference.to_owned(), count: several.len() }),
        }
    }

    fn manifest(&self, id: ContentHash) -> Result<Manifest, StoreError> {
        let path = manifest_path(id);
        let bytes = self.get_hashed(&path, id)?;
        Manifest::from_bytes(&bytes).map_err(StoreError::snapshot(&path))
    }

    fn ids(&self) -> Result<Vec<ContentHash>, StoreError> {
        let mut ids: Vec<ContentHash> =
            self.stems("snapshots")?.iter().filter_map(|stem| stem.parse().ok()).collect();
        ids.sort();
        Ok(ids)
    }

    /// The names without suffix of the JSON files of a folder.
    fn stems(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let prefix = ObjectPath::from(folder);
        let objects: Vec<object_store::ObjectMeta> =
            self.wait(folder, async { self.objects.list(Some(&prefix)).try_collect().await })?;
        let stem = |meta: object_store::ObjectMeta| {
            meta.location.filename().and_then(|name| name.strip_suffix(".json")).map(str::to_owned)
        };
        Ok(objects.into_iter().filter_map(stem).collect())
    }

    pub(crate) fn put(&self, path: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let at = ObjectPath::from(path);
        self.wait(path, async { self.objects.put(&at, bytes.into()).await.map(|_| ()) })
    }

    pub(crate) fn get(&self, path: &str) -> Result<Bytes, StoreError> {
        let at = ObjectPath::from(path);
        let found = self.wait(path, async { self.objects.get(&at).await?.bytes().await });
        found.map_err(|error| match error {
            StoreError::Storage { path, source: object_store::Error::NotFound { .. } } => {
                StoreError::Missing { path }
            }
            other => other,
        })
    }

    /// Reads a file and makes sure that its bytes are those that its name promises.
    pub(crate) fn get_hashed(&self, path: &str, expected: ContentHash) -> Result<Bytes, StoreError> {
        let bytes = self.get(path)?;
        let found = ContentHash::of(&bytes);
        if found == expected {
            Ok(bytes)
        } else {
            Err(StoreError::Damaged { path: path.to_owned(), found, expected })
        }
    }

    pub(crate) fn wait<T>(
        &self,
        path: &str,
        work: impl Future<Output = Result<T, object_store::Error>>,
    ) -> Result<T, StoreError> {
        if tokio::runtime::Handle::try_current().is_ok() {
            return Err(StoreError::InsideRuntime);
        }
        let done = self.runtime.block_on(work);
        done.map_err(|source| StoreError::Storage { path: path.to_owned(), source })
    }
}

pub(crate) fn data_path(hash: ContentHash) -> String {
    format!("data/{hash}.parquet")
}

fn manifest_path(id: ContentHash) -> String {
    format!("snapshots/{id}.json")
}

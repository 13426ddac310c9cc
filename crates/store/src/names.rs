//! What a name stands for, and how it comes to stand for something else.

use crate::{SnapshotName, Store, StoreError};
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStoreExt, PutMode, UpdateVersion};
use opi_snapshot::{ContentHash, Snapshot, SnapshotError};
use serde::{Deserialize, Serialize};
use std::fs::File;

/// What stands in the file of a name.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pointer {
    format: String,
    version: u64,
    snapshot: ContentHash,
}

/// What is read of a name before its version is known.
#[derive(Deserialize)]
struct PointerHead {
    format: String,
    version: u64,
}

const POINTER: &str = "opi-snapshot-name";
const POINTER_VERSION: u64 = 1;

/// The file that whoever changes a name in a folder holds meanwhile. It is let go when its holder ends, however.
const LOCK: &str = ".lock";

impl Store {
    /// The snapshot that a name stands for; none where nobody has used the name.
    ///
    /// # Errors
    /// When the name cannot be read, or what stands there is damaged or newer than this program.
    pub fn standing(&self, name: &SnapshotName) -> Result<Option<ContentHash>, StoreError> {
        match self.pointer(name) {
            Ok(id) => Ok(Some(id)),
            Err(StoreError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// As [`Store::write`], where the name still stands for what it stood for when the work began: `was`, as
    /// [`Store::standing`] told it. Of two who began at the same time one is refused, and nothing is lost.
    ///
    /// # Errors
    /// [`StoreError::Moved`] when the name stands for something else by now: the snapshot is then in the store, and no
    /// name stands for it. Else as [`Store::write`]; and when the storage has no conditional writes.
    pub fn write_after(
        &self,
        name: &SnapshotName,
        snapshot: &Snapshot,
        was: Option<ContentHash>,
    ) -> Result<ContentHash, StoreError> {
        let id = self.write_files(snapshot)?;
        self.move_name(name, was, id)?;
        Ok(id)
    }

    /// Lets a name stand for a snapshot, whatever it stood for.
    pub(crate) fn set_name(&self, name: &SnapshotName, id: ContentHash) -> Result<(), StoreError> {
        let _held = self.lock()?;
        self.put(&name_path(name), pointer_bytes(id)?)
    }

    fn move_name(
        &self,
        name: &SnapshotName,
        was: Option<ContentHash>,
        id: ContentHash,
    ) -> Result<(), StoreError> {
        let held = self.lock()?;
        let path = name_path(name);
        let at = ObjectPath::from(path.as_str());
        // The version first: what is read after it is at least as new, and the write is refused where it is newer.
        let version = self.version(&path)?;
        let found = self.standing(name)?;
        let moved = |found| StoreError::Moved { name: name.clone(), found, snapshot: id };
        if found != was {
            return Err(moved(found));
        }
        if held.is_some() {
            return self.put(&path, pointer_bytes(id)?);
        }
        let mode = version.map_or(PutMode::Create, PutMode::Update);
        let bytes = pointer_bytes(id)?;
        let put = self
            .wait(&path, async { self.objects.put_opts(&at, bytes.into(), mode.into()).await.map(|_| ()) });
        match put {
            Err(StoreError::Storage {
                source: object_store::Error::Precondition { .. } | object_store::Error::AlreadyExists { .. },
                ..
            }) => Err(moved(self.standing(name)?)),
            done => done,
        }
    }

    /// The version of an object; none where it is not there.
    fn version(&self, path: &str) -> Result<Option<UpdateVersion>, StoreError> {
        let at = ObjectPath::from(path);
        match self.wait(path, async { self.objects.head(&at).await }) {
            Ok(meta) => Ok(Some(UpdateVersion { e_tag: meta.e_tag, version: meta.version })),
            Err(StoreError::Storage { source: object_store::Error::NotFound { .. }, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// In a folder, which has no conditional writes: makes sure that nobody else changes a name meanwhile.
    fn lock(&self) -> Result<Option<File>, StoreError> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let file = folder.join(LOCK);
        let failed = |source| StoreError::Folder { folder: file.display().to_string(), source };
        let held = File::options().create(true).append(true).open(&file).map_err(failed)?;
        held.lock().map_err(failed)?;
        Ok(Some(held))
    }

    pub(crate) fn pointer(&self, name: &SnapshotName) -> Result<ContentHash, StoreError> {
        let path = name_path(name);
        let bytes = self.get(&path)?;
        let damaged = || StoreError::Disagrees {
            path: path.clone(),
            problem: "it is damaged: it names no snapshot; write the snapshot again under this name"
                .to_owned(),
        };
        let head: PointerHead = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        if head.format == POINTER && head.version > POINTER_VERSION {
            let newer = SnapshotError::NewerVersion { found: head.version, supported: POINTER_VERSION };
            return Err(StoreError::snapshot(&path)(newer));
        }
        let pointer: Pointer = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        if pointer_bytes(pointer.snapshot)? != bytes {
            return Err(damaged());
        }
        Ok(pointer.snapshot)
    }
}

fn name_path(name: &SnapshotName) -> String {
    format!("names/{name}.json")
}

fn pointer_bytes(snapshot: ContentHash) -> Result<Vec<u8>, StoreError> {
    let pointer = Pointer { format: POINTER.to_owned(), version: POINTER_VERSION, snapshot };
    let bytes = serde_json::to_vec(&pointer);
    let mut bytes = bytes
        .map_err(|error| StoreError::Disagrees { path: "names".to_owned(), problem: error.to_string() })?;
    bytes.push(b'\n');
    Ok(bytes)
}

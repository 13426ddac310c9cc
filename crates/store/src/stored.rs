//! A snapshot that stands in a store: read table by table, and verified.

use crate::StoreError;
use crate::columns::decode;
use crate::store::{Store, data_path};
use opi_snapshot::{ContentHash, Manifest, Snapshot, Table, TableBuilder, TableEntry};

/// A snapshot of a store. Its manifest was read and is whole; its files are read and hashed when asked for.
#[derive(Debug)]
pub struct StoredSnapshot<'s> {
    store: &'s Store,
    id: ContentHash,
    manifest: Manifest,
}

/// Something that is wrong with a snapshot.
#[derive(Debug)]
#[non_exhaustive]
pub struct Problem {
    /// The table.
    pub table: String,
    /// What is wrong.
    pub error: StoreError,
}

/// What was read to verify a snapshot, and what is wrong with it.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Verification {
    /// Files read.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Rows read.
    pub rows: u64,
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
}

impl<'s> StoredSnapshot<'s> {
    pub(crate) fn new(store: &'s Store, id: ContentHash, manifest: Manifest) -> Self {
        StoredSnapshot { store, id, manifest }
    }

    /// Its id: the hash of its manifest.
    #[must_use]
    pub fn id(&self) -> ContentHash {
        self.id
    }

    /// What it consists of.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads one table.
    ///
    /// # Errors
    /// When the snapshot has no such table, or a file of it is missing, damaged or not what the manifest says.
    pub fn table(&self, name: &str) -> Result<Table, StoreError> {
        match self.manifest.tables.iter().find(|entry| entry.table == name) {
            Some(entry) => self.read_table(entry),
            None => {
                let known: Vec<&str> =
                    self.manifest.tables.iter().map(|entry| entry.table.as_str()).collect();
                let known = format!("its tables are {}", known.join(", "));
                Err(StoreError::NotFound { reference: name.chars().take(90).collect(), known })
            }
        }
    }

    /// Reads the snapshot whole.
    ///
    /// # Errors
    /// As [`StoredSnapshot::table`].
    pub fn read(&self) -> Result<Snapshot, StoreError> {
        let tables = self.manifest.tables.iter().map(|entry| self.read_table(entry));
        let tables = tables.collect::<Result<Vec<Table>, StoreError>>()?;
        let path = self.id.short();
        let snapshot =
            Snapshot::new(self.manifest.info.clone(), tables).map_err(StoreError::snapshot(&path))?;
        if snapshot.content() == self.manifest.content {
            return Ok(snapshot);
        }
        Err(StoreError::Disagrees {
            path,
            problem: "its rows are not those that the manifest names".to_owned(),
        })
    }

    /// Reads every file and tells everything that is wrong.
    #[must_use]
    pub fn verify(&self) -> Verification {
        let mut verification = Verification::default();
        for entry in &self.manifest.tables {
            match self.read_table(entry) {
                Ok(table) => {
                    verification.files += entry.parts.len() as u64;
                    verification.bytes += entry.parts.iter().map(|part| part.bytes).sum::<u64>();
                    verification.rows += table.len() as u64;
                }
                Err(first) => {
                    // Every file of the table on its own, so that all damage is told.
                    let before = verification.problems.len();
                    for part in &entry.parts {
                        let path = data_path(part.hash);
                        match self.store.get_hashed(&path, part.hash) {
                            Ok(bytes) => {
                                verification.files += 1;
                                verification.bytes += bytes.len() as u64;
                            }
                            Err(error) => {
                                verification.problems.push(Problem { table: entry.table.clone(), error });
                            }
                        }
                    }
                    if verification.problems.len() == before {
                        verification.problems.push(Problem { table: entry.table.clone(), error: first });
                    }
                }
            }
        }
        verification
    }

    fn read_table(&self, entry: &TableEntry) -> Result<Table, StoreError> {
        let schema = entry.schema();
        let mut builder = TableBuilder::new(schema.clone());
        for part in &entry.parts {
            let path = data_path(part.hash);
            let bytes = self.store.get_hashed(&path, part.hash)?;
            let disagrees = |problem: String| StoreError::Disagrees { path: path.clone(), problem };
            if bytes.len() as u64 != part.bytes {
                return Err(disagrees(format!("{} bytes, the manifest says {}", bytes.len(), part.bytes)));
            }
            let before = builder.len();
            decode(&path, bytes, &mut builder, &schema)?;
            let rows = (builder.len() - before) as u64;
            if rows != part.rows {
                return Err(disagrees(format!("{rows} rows, the manifest says {}", part.rows)));
            }
        }
        let table = builder.finish();
        if table.content() == entry.content {
            return Ok(table);
        }
        let problem = "its rows are not those that the manifest names".to_owned();
        Err(StoreError::Disagrees { path: entry.table.clone(), problem })
    }
}

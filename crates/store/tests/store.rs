//! The store gives back what it was given, or says what is wrong.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

mod common;

use common::*;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use opi_dictionary::Dictionary;
use opi_snapshot::{ContentHash, Snapshot, TableSchema};
use opi_store::{SnapshotName, Store, StoreError, object_store, write_csv};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn name() -> SnapshotName {
    "fall-2025".parse().unwrap()
}

/// All files of a store below its folder, in order; the lock of names holds nothing.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false if path.ends_with(".lock") => {}
            false => found.push(path),
        }
    }
    found.sort();
    found
}

#[test]
fn what_was_written_is_read_back_with_its_origins() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::local(folder.path().join("made")).unwrap().rows_per_file(400);
    let snapshot = snapshot(1_000, "07");
    let id = store.write(&name(), &snapshot).unwrap();
    let stored = store.open("fall-2025").unwrap();
    assert_eq!(stored.id(), id);
    let read = stored.read().unwrap();
    assert_eq!(read, snapshot);
    let origins = |s: &Snapshot| {
        s.tables()
            .iter()
            .flat_map(|t| t.records().map(|r| r.origin()).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    assert_eq!(origins(&read), origins(&snapshot));
    let parts: Vec<(u64, u64)> =
        stored.manifest().tables[1].parts.iter().map(|p| (p.first_row, p.rows)).collect();
    assert_eq!(parts, [(0, 400), (400, 400), (800, 200)]);
    assert_eq!(stored.table("student-enrollments").unwrap().len(), 1_000);
    assert!(matches!(stored.table("fram"), Err(StoreError::NotFound { .. })));
    let verification = stored.verify();
    assert_eq!((verification.files, verification.rows, verification.problems.len()), (6, 2_000, 0));
    // By id, and by the start of it.
    assert_eq!(store.open(&id.to_string()).unwrap().id(), id);
    assert_eq!(store.open(&id.short()).unwrap().id(), id);
}

#[test]
fn the_same_snapshot_gives_the_same_bytes() {
    let [one, two] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for folder in [&one, &two] {
        Store::local(folder.path()).unwrap().write(&name(), &snapshot(3_000, "07")).unwrap();
    }
    Store::local(two.path()).unwrap().write(&name(), &snapshot(3_000, "07")).unwrap();
    let relative = |folder: &tempfile::TempDir| {
        files(folder.path())
            .into_iter()
            .map(|file| {
                let bytes = std::fs::read(&file).unwrap();
                (file.strip_prefix(folder.path()).unwrap().to_owned(), bytes)
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(relative(&one), relative(&two));
    assert_eq!(relative(&one).len(), 4);
}

#[test]
fn a_list_tells_every_snapshot_and_the_names() {
    let store = Store::in_memory().unwrap();
    let first = store.write(&name(), &snapshot(3, "07")).unwrap();
    let second = store.write(&name(), &snapshot(3, "08")).unwrap();
    store.write(&"kept".parse().unwrap(), &snapshot(3, "07")).unwrap();
    let list = store.list().unwrap();
    let of = |id: ContentHash| list.iter().find(|listing| listing.id == id).unwrap();
    assert_eq!(list.len(), 2);
    assert_eq!(of(first).names, ["kept".parse().unwrap()]);
    assert_eq!(of(second).names, [name()]);
    assert_eq!(store.open("fall-2025").unwrap().read().unwrap(), snapshot(3, "08"));
    assert_eq!(store.names().unwrap().len(), 2);
}

#[test]
fn errors_say_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::local(folder.path()).unwrap();
    let text = |reference: &str| store.open(reference).unwrap_err().to_string();
    assert_eq!(text("fall-2024"), r#"no snapshot "fall-2024" in the store; it has no named snapshot"#);
    let id = store.write(&name(), &snapshot(2, "07")).unwrap();
    assert_eq!(text("fall-2024"), r#"no snapshot "fall-2024" in the store; its names are fall-2025"#);
    assert_eq!(
        text("../../etc/passwd"),
        r#"no snapshot "../../etc/passwd" in the store; its names are fall-2025"#
    );
    let path = folder.path().join(format!("snapshots/{id}.json"));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        text("fall-2025"),
        format!("snapshots/{id}.json belongs to the snapshot and is missing from the store")
    );
    assert!("Fall 2025".parse::<SnapshotName>().is_err());
    assert!("..".parse::<SnapshotName>().is_err());
    assert!(Store::existing(folder.path().join("none")).unwrap_err().to_string().contains("none"));
    assert!(Store::existing(folder.path().join("names/fall-2025.json")).is_err());
}

#[test]
fn a_newer_version_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::local(folder.path()).unwrap();
    let id = store.write(&name(), &snapshot(2, "07")).unwrap();
    let manifest = std::fs::read_to_string(folder.path().join(format!("snapshots/{id}.json"))).unwrap();
    let newer = manifest.replace("\"version\": 1", "\"version\": 9");
    let newer_id = ContentHash::of(newer.as_bytes());
    std::fs::write(folder.path().join(format!("snapshots/{newer_id}.json")), newer).unwrap();
    assert_eq!(
        store.open(&newer_id.to_string()).unwrap_err().to_string(),
        format!(
            "snapshots/{newer_id}.json: snapshot format version 9 is newer than this program reads (1): update the program"
        )
    );
    let name = folder.path().join("names/later.json");
    std::fs::write(name, r#"{"format":"opi-snapshot-name","version":2,"branch":"main"}"#).unwrap();
    assert_eq!(
        store.open("later").unwrap_err().to_string(),
        "names/later.json: snapshot format version 2 is newer than this program reads (1): update the program"
    );
    // The list tells it, and the others stay readable.
    let list = store.list().unwrap();
    assert_eq!(list.iter().filter(|listing| listing.manifest.is_err()).count(), 1);
    assert_eq!(store.open("fall-2025").unwrap().read().unwrap(), snapshot(2, "07"));
}

#[test]
fn a_store_is_found_by_its_url() {
    let folder = tempfile::tempdir().unwrap();
    let none: [(&str, &str); 0] = [];
    let url = format!("file://{}", folder.path().display());
    let id = Store::at(&url, none).unwrap().write(&name(), &snapshot(2, "07")).unwrap();
    assert_eq!(Store::local(folder.path()).unwrap().open("fall-2025").unwrap().id(), id);
    let memory = Store::at("memory:///below/here", none).unwrap();
    memory.write(&name(), &snapshot(2, "07")).unwrap();
    assert_eq!(memory.list().unwrap().len(), 1);
    assert_eq!(memory.open("fall-2025").unwrap().read().unwrap(), snapshot(2, "07"));
    assert!(memory.verify("fall-2025").unwrap().problems.is_empty());
    for wrong in ["store", "file://elsewhere/store", "gopher://user:secret@host/store"] {
        let error = Store::at(wrong, none).unwrap_err().to_string();
        assert!(!error.contains("user:secret"), "{error}");
    }
    let cloud = Store::at("s3://bucket/prefix", [("aws_region", "us-west-2")]);
    assert_eq!(cloud.is_ok(), cfg!(feature = "aws"));
}

#[test]
fn every_flipped_bit_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::local(folder.path()).unwrap();
    let expected = snapshot(40, "07");
    store.write(&name(), &expected).unwrap();
    let files = files(folder.path());
    assert_eq!(files.len(), 4);
    let mut tried = 0;
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        // Some hundred places of each file, each bit in turn.
        for at in (0..bytes.len()).step_by(bytes.len().div_ceil(150)) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            std::fs::write(file, &flipped).unwrap();
            let found = store.verify("fall-2025");
            assert!(found.is_err() || !found.unwrap().problems.is_empty(), "{} byte {at}", file.display());
            let read = store.open("fall-2025").and_then(|stored| stored.read());
            assert!(read.is_err(), "{} byte {at}", file.display());
            tried += 1;
        }
        std::fs::write(file, &bytes).unwrap();
    }
    assert!(tried > 300);
    // A file cut short, emptied, or taken away.
    let data = files.iter().find(|file| file.extension().unwrap() == "parquet").unwrap();
    let bytes = std::fs::read(data).unwrap();
    std::fs::write(data, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(store.verify("fall-2025").unwrap().problems.len(), 1);
    std::fs::remove_file(data).unwrap();
    assert!(matches!(store.verify("fall-2025").unwrap().problems[0].error, StoreError::Missing { .. }));
    // Writing the snapshot again heals it.
    store.write(&name(), &expected).unwrap();
    assert!(store.verify("fall-2025").unwrap().problems.is_empty());
}

/// Object storage that fails for good after some number of writes: what a kill between two writes leaves.
#[derive(Debug)]
struct StopsAfter {
    inner: Arc<InMemory>,
    left: AtomicUsize,
}

impl std::fmt::Display for StopsAfter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StopsAfter")
    }
}

#[async_trait::async_trait]
impl ObjectStore for StopsAfter {
    async fn put_opts(
        &self,
        at: &ObjectPath,
        payload: PutPayload,
        opts: PutOptions,
    ) -> object_store::Result<PutResult> {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_err() {
            return Err(object_store::Error::Generic { store: "StopsAfter", source: "stopped".into() });
        }
        self.inner.put_opts(at, payload, opts).await
    }

    async fn put_multipart_opts(
        &self,
        at: &ObjectPath,
        opts: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, opts).await
    }

    async fn get_opts(&self, at: &ObjectPath, options: GetOptions) -> object_store::Result<GetResult> {
        self.inner.get_opts(at, options).await
    }

    fn delete_stream(
        &self,
        locations: futures_util::stream::BoxStream<'static, object_store::Result<ObjectPath>>,
    ) -> futures_util::stream::BoxStream<'static, object_store::Result<ObjectPath>> {
        self.inner.delete_stream(locations)
    }

    fn list(
        &self,
        prefix: Option<&ObjectPath>,
    ) -> futures_util::stream::BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&ObjectPath>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(
        &self,
        from: &ObjectPath,
        to: &ObjectPath,
        options: CopyOptions,
    ) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[test]
fn stopped_between_any_two_writes_the_name_stands_for_the_old_or_the_new() {
    let (old, new) = (snapshot(30, "07"), snapshot(30, "08"));
    let mut seen_new = 0;
    for writes in 0..12 {
        let inner = Arc::new(InMemory::new());
        let store = Store::on(inner.clone()).unwrap();
        store.write(&name(), &old).unwrap();
        let stops = StopsAfter { inner: inner.clone(), left: AtomicUsize::new(writes) };
        let written = Store::on(Arc::new(stops)).unwrap().rows_per_file(10).write(&name(), &new);
        let found = store.open("fall-2025").unwrap().read().unwrap();
        assert_eq!(found, if written.is_ok() { new.clone() } else { old.clone() }, "after {writes} writes");
        assert!(store.verify("fall-2025").unwrap().problems.is_empty());
        seen_new += usize::from(written.is_ok());
    }
    // Six files of rows, the manifest and the name: from eight writes on it is the new one.
    assert_eq!(seen_new, 4);
}

#[test]
fn a_call_from_inside_a_runtime_is_an_error_not_a_panic() {
    let store = Store::in_memory().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let found = runtime.block_on(async { store.list().map(|list| list.len()) });
    assert!(matches!(found, Err(StoreError::InsideRuntime)));
}

#[test]
fn an_export_is_plain_csv() {
    let row = vec![("student_state_id", "990000101".to_owned()), ("last_name", "Larkspur, \"Z\"".to_owned())];
    let mut out = Vec::new();
    write_csv(&table("fram", &[row]), &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "student_state_id,last_name,first_name,eligibility,certification_type,eligibility_start_date,eligibility_end_date\n\
         990000101,\"Larkspur, \"\"Z\"\"\",,,,,\n"
    );
}

#[test]
fn every_layout_can_be_stored() {
    let store = Store::in_memory().unwrap();
    for layout in Dictionary::built_in().layouts() {
        let one: Vec<(&str, String)> =
            layout.fields.iter().map(|f| (f.key.as_str(), format!("text of {}", f.key))).collect();
        let table = table(&layout.key, &[one, vec![]]);
        let snapshot = Snapshot::new(info("x"), vec![table]).unwrap();
        store.write(&name(), &snapshot).unwrap();
        assert_eq!(store.open("fall-2025").unwrap().read().unwrap(), snapshot, "{}", layout.key);
        // No typed column takes the name of a text column.
        let schema = TableSchema::of(layout);
        for column in &schema.columns {
            for ending in ["_date", "_number"] {
                let typed = format!("{}{ending}", column.name);
                let clash =
                    schema.column(&typed).is_some() && column.column_type != opi_snapshot::ColumnType::Text;
                assert!(!clash, "{} {typed}", layout.key);
            }
            assert!(!column.name.starts_with("source_"));
        }
    }
}

#[test]
fn errors_and_debug_texts_hold_no_values() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::local(folder.path()).unwrap();
    store.write(&name(), &snapshot(40, "07")).unwrap();
    let stored = store.open("fall-2025").unwrap();
    let mut texts = format!("{stored:?} {:?} {:?}", stored.read().unwrap(), store.list().unwrap());
    for file in files(folder.path()) {
        let bytes = std::fs::read(&file).unwrap();
        if file.extension().unwrap() == "json" {
            texts.push_str(&String::from_utf8_lossy(&bytes));
        } else {
            std::fs::write(&file, &bytes[1..]).unwrap();
        }
    }
    texts.push_str(&format!("{:?}", store.verify("fall-2025").unwrap()));
    assert!(!texts.contains("Larkspur") && !texts.contains("990000001"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any texts come back as they were, blank or not, right for their type or not.
    #[test]
    fn any_texts_come_back(rows in proptest::collection::vec(proptest::collection::vec("[ -~é\t\"]{0,12}|[0-9]{2}/[0-9]{2}/20[0-9]{2}|[0-9.]{1,9}", 12), 0..12)) {
        let schema = TableSchema::of(layout("eoy-attendance-totals"));
        let mut builder = opi_snapshot::TableBuilder::new(schema);
        for (line, row) in rows.iter().enumerate() {
            let origin = opi_snapshot::Origin { source: 0, line: line as u64, district: None };
            builder.push(row.iter().map(String::as_str), origin).unwrap();
        }
        let snapshot = Snapshot::new(info("x"), vec![builder.finish()]).unwrap();
        let store = Store::in_memory().unwrap().rows_per_file(5);
        store.write(&name(), &snapshot).unwrap();
        prop_assert_eq!(store.open("fall-2025").unwrap().read().unwrap(), snapshot);
    }

    /// Whatever bytes stand in the place of a file, reading is an error or gives the snapshot; nothing panics.
    #[test]
    fn any_bytes_in_a_file_are_an_error(which in 0..4_usize, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::local(folder.path()).unwrap();
        store.write(&name(), &snapshot(3, "07")).unwrap();
        std::fs::write(&files(folder.path())[which], &bytes).unwrap();
        prop_assert!(store.open("fall-2025").and_then(|stored| stored.read()).is_err());
        let _ = store.list().unwrap();
    }
}

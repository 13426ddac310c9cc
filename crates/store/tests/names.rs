//! A name moves for one of two who write at the same time, and the other is told.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

mod common;

use common::{info, snapshot};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use opi_snapshot::{ContentHash, Snapshot};
use opi_store::{SnapshotName, Store, StoreError, object_store};
use std::collections::BTreeSet;
use std::sync::Arc;

fn name() -> SnapshotName {
    "fall-2025".parse().unwrap()
}

#[test]
fn who_began_before_another_wrote_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for store in [Store::in_memory().unwrap(), Store::local(folder.path()).unwrap()] {
        assert_eq!(store.standing(&name()).unwrap(), None);
        let first = store.write_after(&name(), &snapshot(3, "07"), None).unwrap();
        assert_eq!(store.standing(&name()).unwrap(), Some(first));
        // Two who began when there was none, and one who began with what stands there.
        let Err(StoreError::Moved { found, snapshot: left, .. }) =
            store.write_after(&name(), &snapshot(3, "08"), None)
        else {
            panic!("expected to be refused")
        };
        assert_eq!(found, Some(first));
        assert_eq!(store.open("fall-2025").unwrap().id(), first);
        assert_eq!(
            store.open(&left.to_string()).unwrap().read().unwrap(),
            snapshot(3, "08"),
            "nothing is lost"
        );
        let second = store.write_after(&name(), &snapshot(3, "08"), Some(first)).unwrap();
        assert_eq!(second, left);
        let refused = store.write_after(&name(), &snapshot(3, "09"), Some(first)).unwrap_err().to_string();
        assert!(
            refused.starts_with(&format!("fall-2025 stands for {} by now: ", second.short())),
            "{refused}"
        );
        // A plain write asks nobody.
        store.write(&name(), &snapshot(3, "07")).unwrap();
        assert_eq!(store.standing(&name()).unwrap(), Some(first));
    }
}

/// Several writers, each on what it found: the moves that were made follow each other in one line.
fn race(store: impl Fn() -> Store + Sync) {
    let moves: Vec<(Option<ContentHash>, ContentHash)> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let store = &store;
                scope.spawn(move || {
                    let (store, mut made) = (store(), Vec::new());
                    for turn in 0..25 {
                        let own =
                            Snapshot::new(info(&format!("writer {writer}, {turn}")), Vec::new()).unwrap();
                        let was = store.standing(&name()).unwrap();
                        match store.write_after(&name(), &own, was) {
                            Ok(id) => made.push((was, id)),
                            Err(StoreError::Moved { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                    made
                })
            })
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let left: BTreeSet<_> = moves.iter().map(|(was, _)| *was).collect();
    assert_eq!(left.len(), moves.len(), "two moved the name away from the same snapshot");
    assert!(!moves.is_empty());
    let last = store().standing(&name()).unwrap();
    assert_eq!(
        moves
            .iter()
            .filter(|(_, id)| !left.contains(&Some(*id)))
            .map(|(_, id)| Some(*id))
            .collect::<Vec<_>>(),
        [last]
    );
}

#[test]
fn no_move_is_lost_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    race(|| Store::local(folder.path()).unwrap());
}

#[test]
fn no_move_is_lost_on_object_storage() {
    let objects: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    race(|| Store::on(Arc::clone(&objects)).unwrap());
}

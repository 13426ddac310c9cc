//! A writer killed at random moments leaves the old snapshot or the new one, never half.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

mod common;

use common::snapshot;
use opi_store::{SnapshotName, Store};
use rand_core::{Rng, SeedableRng};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where the writer writes; the test sets it for its child.
const FOLDER: &str = "OPI_CRASH_TEST_STORE";
const STUDENTS: usize = 120;
/// Which of the two snapshots the child writes first.
const FIRST: &str = "OPI_CRASH_TEST_FIRST";
/// What the writer prints when it starts to write.
const READY: &[u8] = b"!ready!";
/// What it prints when its first snapshot is written.
const WRITTEN: &[u8] = b"!written!";

/// A store in a folder that does not wait for the disk: what a killed process has written stays, and far more kills
/// fit into the time. (Waiting for the disk is for the loss of power, which no test can try.)
fn store(folder: &std::path::Path) -> Store {
    let files = opi_store::object_store::local::LocalFileSystem::new_with_prefix(folder).unwrap();
    Store::on(std::sync::Arc::new(files)).unwrap().rows_per_file(40)
}

fn name() -> SnapshotName {
    "fall-2025".parse().unwrap()
}

/// The writer: two snapshots in turn, for ever. Started by the test below, in a process of its own.
#[test]
#[ignore = "runs only as the child of the crash test"]
fn writer() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = store(folder.as_ref());
    let snapshots = ["07", "08"].map(|grade| snapshot(STUDENTS, grade));
    tell(READY);
    let first: usize = std::env::var(FIRST).unwrap().parse().unwrap();
    for turn in first.. {
        store.write(&name(), &snapshots[turn % 2]).unwrap();
        if turn == first {
            tell(WRITTEN);
        }
    }
}

/// Past the test's own capture: the parent waits for it.
fn tell(word: &[u8]) {
    std::io::stdout().write_all(word).unwrap();
    std::io::stdout().flush().unwrap();
}

fn start_writer(folder: &std::path::Path, first: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "writer"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn wait_for(word: &[u8], output: &mut impl Read) {
    let (mut seen, mut byte) = (Vec::new(), [0]);
    while !seen.ends_with(word) {
        assert_eq!(
            output.read(&mut byte).unwrap(),
            1,
            "the writer ended: {}",
            String::from_utf8_lossy(&seen)
        );
        seen.push(byte[0]);
    }
}

/// Kills within the time that a normal test run can spare. `OPI_CRASH_TEST_KILLS` asks for more.
#[test]
fn a_killed_writer_leaves_the_old_or_the_new() {
    let kills: u32 =
        std::env::var("OPI_CRASH_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let limit = if kills > 300 { Duration::from_secs(3_600) } else { Duration::from_secs(25) };
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let expected = ["07", "08"].map(|grade| snapshot(STUDENTS, grade));
    store.write(&name(), &expected[0]).unwrap();
    // How long the first write of a fresh process takes on this machine as it is busy now.
    let write_time = {
        let mut child = start_writer(folder.path(), 0);
        let mut output = child.stdout.take().unwrap();
        wait_for(READY, &mut output);
        let started = Instant::now();
        wait_for(WRITTEN, &mut output);
        let time = started.elapsed();
        child.kill().unwrap();
        child.wait().unwrap();
        time
    };
    store.write(&name(), &expected[0]).unwrap();
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(2025);
    let (started, mut done, mut now, mut seen) = (Instant::now(), 0, 0, [0_u32; 2]);
    while done < kills && started.elapsed() < limit {
        let mut child = start_writer(folder.path(), now + 1);
        let mut output = child.stdout.take().unwrap();
        wait_for(READY, &mut output);
        // Up to two writes long, so that every moment of a write is met.
        let micros = write_time.as_micros() as u64 * 2;
        std::thread::sleep(Duration::from_micros(random.next_u64() % micros.max(1)));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = store.open("fall-2025").unwrap().read().unwrap();
        match expected.iter().position(|snapshot| *snapshot == found) {
            Some(which) => {
                seen[which] += 1;
                now = which;
            }
            None => panic!("after {done} kills: neither the old snapshot nor the new one"),
        }
        done += 1;
    }
    println!(
        "a write takes {write_time:?}; {done} kills in {:?}: {} times the one, {} times the other",
        started.elapsed(),
        seen[0],
        seen[1]
    );
    assert!(done >= 50, "only {done} kills within {limit:?}");
    assert!(seen.iter().all(|count| *count > 0), "both snapshots were met: {seen:?}");
    assert!(store.verify("fall-2025").unwrap().problems.is_empty());
}

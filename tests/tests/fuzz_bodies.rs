//! The bodies of the fuzz targets over kept inputs and over seeds changed in every small way.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

use opi_tests::BODIES;
use std::path::{Path, PathBuf};

fn seeds() -> Vec<Vec<u8>> {
    let row = "AF\t9901\t9911\t100\t990000101\t101\tLarkspur\tZinnia\tF\tN\tN\t2026\r\n";
    let mut seeds: Vec<Vec<u8>> = vec![
        Vec::new(),
        format!("HD\t01/21/2026\t08:15:00\tMT9.1\r\n{row}{row}").into_bytes(),
        b"<B><E IncidentID=\"7\"><Role>Offender</Role>&amp;<![CDATA[x]]></E></B>".to_vec(),
        b"layout = \"fram\"\n[[field]]\nposition = 1\nfield = \"a\"\n".to_vec(),
        b"code,label,meaning,first_day,last_day,kind,working_code,source,standing\n01,A,,,,value,no,x,sourced\n".to_vec(),
        b"2024-25".to_vec(),
    ];
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(kept).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    seeds.extend(files.iter().map(|file| std::fs::read(file).unwrap()));
    seeds
}

#[test]
fn every_body_comes_back_from_every_seed_and_its_mutants() {
    let mut state = 7u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    for seed in seeds() {
        for (name, body) in BODIES {
            body(&seed);
            for _ in 0..120 {
                let mut mutant = seed.clone();
                for _ in 0..=next(3) {
                    let at = next(mutant.len() + 1);
                    match next(4) {
                        0 => mutant.insert(at, [0, 9, 10, 13, 32, 0xEB, 0xFF, b'<', b'"', b'9'][next(10)]),
                        1 if at < mutant.len() => {
                            mutant.remove(at);
                        }
                        2 if at < mutant.len() => mutant[at] = next(256) as u8,
                        _ => mutant.truncate(at),
                    }
                }
                // Named here so that a failure says which body it was.
                let _ = name;
                body(&mutant);
            }
        }
    }
}

//! Folders that nobody would wish for: each must end in findings or in a clear error, never in a panic, and never in
//! more memory than a small machine has.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

mod program;

use program::{Program, Ran, districts, invent, opi, take, text};
use std::path::{Path, PathBuf};

/// Enough for a small state, and far less than a file that is read whole would need.
const LIMITED: Program = Program { folder: None, threads: Some(1), megabytes: Some(512) };

struct Hostile {
    folder: tempfile::TempDir,
    /// The folder of uploads of one district.
    district: PathBuf,
}

impl Hostile {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let ran = opi(["synth", "--students", "40", "--quiet", text(&state)]);
        assert_eq!(ran.code, Some(0), "{ran:#?}");
        Hostile { district: districts(&state)[0].clone(), folder }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Runs every command that reads uploads: read, validate, year and snapshot take.
    fn run(&self) -> [Ran; 4] {
        let (state, out, store) =
            (self.state(), self.folder.path().join("out"), self.folder.path().join("store"));
        let (uploads, directory) = (state.join("uploads/2026"), state.join("directory"));
        let ran = [
            LIMITED.run(["read", text(&uploads)]),
            LIMITED.run([
                "validate",
                text(&uploads),
                "--directory",
                text(&directory),
                "--as-of",
                "2026-06-20",
            ]),
            LIMITED.run(["year", text(&state), "--out", text(&out)]),
            LIMITED.run(take(&uploads, &store)),
        ];
        ran.iter().for_each(Ran::assert_orderly);
        ran
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.district.join(name), bytes).unwrap();
    }
}

/// A small fall count of the district that the folder is of.
fn fall(district: &Path) -> String {
    let district = district.file_name().unwrap().to_str().unwrap();
    let row =
        |id: u32| format!("AF\t{district}\t0001\t100\t{id:09}\t{id}\tLarkspur\tZinnia\tF\tN\tN\t2026\r\n");
    format!("HD\t10/08/2025\t08:15:00\tMT9.1\r\n{}{}", row(77), row(78))
}

#[test]
fn files_without_sense_are_findings() {
    let row = fall(Path::new("0001"));
    let mut wide = vec![0xFF, 0xFE];
    wide.extend(row.encode_utf16().flat_map(u16::to_le_bytes));
    let cases: [(&str, Vec<u8>); 9] = [
        ("empty.tsv", Vec::new()),
        ("header-only.tsv", b"HD\t10/08/2025\t08:15:00\tMT9.1\r\n".to_vec()),
        ("line-ends-only.tsv", b"\r\n".repeat(5_000)),
        ("binary.tsv", (0..40_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()),
        ("wide.tsv", wide),
        ("tabs.tsv", b"\t".repeat(300_000)),
        ("unknown.txt", b"QQ\t1\t2\t3\n".to_vec()),
        ("not-xml.xml", b"AF\t0001\n".to_vec()),
        ("cut.xml", b"<BehaviorData><Incident IncidentID=\"1\"><Ev".to_vec()),
    ];
    for (name, bytes) in cases {
        let hostile = Hostile::new();
        hostile.put(name, bytes);
        let [read, _, year, _] = hostile.run();
        assert_eq!(read.code, Some(1), "{name}: {read:#?}");
        assert!(read.out.contains(name), "{name}: {read:#?}");
        assert!(matches!(year.code, Some(0 | 1)), "{name}: {year:#?}");
    }
}

#[test]
fn another_encoding_is_told_and_read() {
    let hostile = Hostile::new();
    let row = fall(&hostile.district).replace("Zinnia", "Zo\u{e9}");
    let bytes: Vec<u8> = row.chars().map(|letter| letter as u8).collect();
    hostile.put("windows.tsv", bytes);
    let [read, ..] = hostile.run();
    assert!(read.out.contains("windows.tsv"), "{read:#?}");
}

#[test]
fn a_line_without_end_needs_no_memory() {
    let hostile = Hostile::new();
    for (name, start) in [("endless.tsv", "AF\t"), ("endless.xml", "<BehaviorData><Incident IncidentID=\"")] {
        let path = hostile.district.join(name);
        std::fs::write(&path, start).unwrap();
        // Zeros beyond all the memory allowed; they take no room on the disk.
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(640 << 20).unwrap();
    }
    let [read, ..] = hostile.run();
    assert_eq!(read.code, Some(1));
}

#[test]
fn folders_in_a_circle_and_links_to_nothing_are_passed_over() {
    #[cfg(unix)]
    {
        let hostile = Hostile::new();
        let link =
            |to: &Path, name: &str| std::os::unix::fs::symlink(to, hostile.district.join(name)).unwrap();
        link(&hostile.district, "round");
        link(hostile.district.parent().unwrap(), "up");
        link(Path::new("nowhere"), "nothing.tsv");
        link(Path::new("self.tsv"), "self.tsv");
        std::fs::create_dir(hostile.district.join("folder.tsv")).unwrap();
        let codes = hostile.run().map(|ran| ran.code);
        let plain = Hostile::new().run().map(|ran| ran.code);
        assert_eq!(codes, plain);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_of_files_may_be_any_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let hostile = Hostile::new();
    for name in [&b"\xFF\xFE.tsv"[..], b"line\nend.tsv", b"\x1b[31mred.tsv", b"..tsv"] {
        let path = hostile.district.join(std::ffi::OsStr::from_bytes(name));
        std::fs::write(path, fall(&hostile.district).replace("\tF\t", "\tQ9\t")).unwrap();
    }
    let [read, validate, ..] = hostile.run();
    for ran in [read, validate] {
        assert!(ran.out.contains("red.tsv") && !ran.out.contains('\u{1b}'), "{ran:#?}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let hostile = Hostile::new();
    std::fs::remove_dir_all(hostile.state().join("directory")).unwrap();
    let [read, validate, year, snapshot] = hostile.run();
    assert_ne!(read.code, Some(2));
    assert_eq!(validate.code, Some(2));
    assert!(validate.err.contains("directory"), "{validate:#?}");
    assert!(year.code != Some(2) || year.all().contains("directory"), "{year:#?}");
    assert_ne!(snapshot.code, Some(2));

    // A folder without its tables, and tables without sense.
    std::fs::create_dir(hostile.state().join("directory")).unwrap();
    let [_, validate, year, _] = hostile.run();
    assert_eq!((validate.code, year.code), (Some(2), Some(2)));
    assert!(year.err.contains(".csv"), "{year:#?}");
    let fresh = Hostile::new();
    for entry in std::fs::read_dir(fresh.state().join("directory")).unwrap() {
        std::fs::write(entry.unwrap().path(), b"\xFFdistrict,\"\n\"").unwrap();
    }
    let [_, validate, year, _] = fresh.run();
    assert_eq!((validate.code, year.code), (Some(2), Some(2)));

    let nothing = hostile.folder.path().join("nothing");
    for ran in [
        LIMITED.run(["read", text(&nothing)]),
        LIMITED.run(["validate", text(&nothing), "--as-of", "2026-06-20"]),
        LIMITED.run(["year", text(&nothing), "--out", text(&nothing)]),
        LIMITED.run(take(&nothing, &nothing)),
    ] {
        ran.assert_orderly();
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.err.contains("nothing"), "{ran:#?}");
    }
    assert!(!nothing.exists());
}

#[test]
fn a_place_for_results_that_is_no_folder_is_a_clear_error() {
    let hostile = Hostile::new();
    let taken = hostile.folder.path().join("taken");
    std::fs::write(&taken, "a file").unwrap();
    let uploads = hostile.state().join("uploads/2026");
    for ran in [
        LIMITED.run(["year", text(&hostile.state()), "--out", text(&taken)]),
        LIMITED.run(take(&uploads, &taken)),
    ] {
        ran.assert_orderly();
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.err.contains("taken"), "{ran:#?}");
    }
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "a file");
}

#[test]
fn one_student_in_two_districts_and_years_out_of_reach_are_findings() {
    let hostile = Hostile::new();
    let other = districts(&hostile.state())[1].clone();
    for file in std::fs::read_dir(&hostile.district).unwrap().map(|entry| entry.unwrap().path()) {
        let text = std::fs::read_to_string(&file).unwrap();
        let [from, to] =
            [&hostile.district, &other].map(|folder| folder.file_name().unwrap().to_str().unwrap());
        let claimed = text.replace(&format!("\t{from}\t"), &format!("\t{to}\t"));
        std::fs::write(other.join(file.file_name().unwrap()), claimed).unwrap();
        // And every date that can be read in the last year that a date can have.
        let far: String = text.replace("/2025\t", "/9999\t").replace("/2026\t", "/0001\t");
        std::fs::write(&file, far).unwrap();
    }
    let [_, validate, year, _] = hostile.run();
    assert_eq!(validate.code, Some(1), "{validate:#?}");
    assert_ne!(year.code, Some(2), "{year:#?}");
}

#[test]
fn a_state_of_defects_alone_is_findings() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = folder.path().join("state");
    invent(&hostile, "60");
    for district in districts(&hostile) {
        for file in std::fs::read_dir(district).unwrap().map(|entry| entry.unwrap().path()) {
            let text = std::fs::read(&file).unwrap();
            // Every row loses its third field; the header stays.
            let mut lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            for line in lines.iter_mut().skip(1) {
                let mut fields: Vec<&[u8]> = line.split(|byte| *byte == b'\t').collect();
                if fields.len() > 3 {
                    fields.remove(2);
                }
                *line = fields.join(&b'\t');
            }
            std::fs::write(&file, lines.join(&b'\n')).unwrap();
        }
    }
    let (uploads, directory) = (hostile.join("uploads/2026"), hostile.join("directory"));
    for ran in [
        LIMITED.run(["read", text(&uploads)]),
        LIMITED.run(["validate", text(&uploads), "--directory", text(&directory), "--as-of", "2026-06-20"]),
        LIMITED.run(["year", text(&hostile), "--out", text(&folder.path().join("out"))]),
        LIMITED.run(take(&uploads, &folder.path().join("store"))),
    ] {
        ran.assert_orderly();
        assert_eq!(ran.code, Some(1), "{ran:#?}");
    }
}

#[test]
fn a_file_of_no_layout_is_told_with_line_and_remedy_and_leaves_the_run_incomplete() {
    let hostile = Hostile::new();
    let file = fall(&hostile.district);
    hostile.put("returns.tsv", file.replace("\r\n", "\r"));
    hostile.put("commas.tsv", file.replace('\t', ","));
    hostile.put("header.tsv", file.lines().next().unwrap());
    let [_, validate, ..] = hostile.run();
    assert_eq!(validate.code, Some(1), "{validate:#?}");
    for (name, reason) in [
        ("returns.tsv", "line 1: lines end in a carriage return alone"),
        ("commas.tsv", "line 1: the row holds no tab"),
        ("header.tsv", "it has a header and no row"),
    ] {
        let told = |text: &str| text.lines().any(|line| line.contains(name) && line.contains(reason));
        assert!(told(&validate.err) && told(&validate.out), "{name}: {validate:#?}");
    }
    assert!(validate.out.contains("incomplete: "), "{validate:#?}");
}

#[test]
fn a_total_that_another_system_reports_names_the_rules_that_add_up_to_it() {
    let hostile = Hostile::new();
    let file = fall(&hostile.district);
    let row = file.lines().last().unwrap();
    // Two repeated rows, and three with a band that no law knows.
    let spoiled = row.replace("\tF\t", "\tQ9\t");
    let others: String =
        (1..4).map(|n| format!("{}\r\n", spoiled.replace("000000078", &format!("00000008{n}")))).collect();
    let folder = hostile.folder.path().join("alone");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("fall.tsv");
    std::fs::write(&path, format!("{file}{row}\r\n{row}\r\n{others}")).unwrap();
    let total = |total: &str, format: &str| {
        let arguments =
            ["validate", text(&path), "--as-of", "2026-06-20", "--reported-total", total, "--format", format];
        opi(arguments)
    };
    let found = total("2", "human");
    assert_eq!(found.code, Some(0), "{found:#?}");
    assert!(found.out.lines().any(|line| line.starts_with("  2 FILE-019: a row has the key")), "{found:#?}");
    let errors = total("5", "human");
    assert!(errors.out.contains("  every finding of severity blocks upload\n"), "{errors:#?}");
    let none = total("4000", "human");
    assert_eq!(none.code, Some(1), "{none:#?}");
    assert!(none.out.contains("no rules of this run add up to it"), "{none:#?}");
    let json: serde_json::Value = serde_json::from_str(&total("2", "json").out).unwrap();
    assert_eq!(json["total"], 2);
    assert!(
        json["sets"].as_array().unwrap().iter().any(|set| set["rules"][0]["code"] == "FILE-019"),
        "{json}"
    );
    assert!(json["not_run"].as_array().unwrap().len() > 100, "rules that may have counted there are named");
}

//! What several tests of documents share.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that reads the documents")]

/// Holds a document against what the code makes.
pub(crate) fn fresh(name: &str, made: &str) {
    let path = format!("{}/../../docs/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var("OPI_WRITE_DOCS").is_ok() {
        std::fs::create_dir_all(std::path::Path::new(&path).parent().unwrap()).unwrap();
        std::fs::write(&path, made).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == made, "docs/{name} is not what the code makes; run this test with OPI_WRITE_DOCS=1");
}

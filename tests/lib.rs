//! Tests of the whole workspace; see `tests/`. Here stand the bodies of the fuzz targets: each takes any bytes and
//! must come back, so that they also run as ordinary tests.

use opi::aim::{BehaviorReader, ReadOptions, Reader, Writer, propose_layout};
use opi::dictionary::{
    Dictionary, DirectoryBuilder, DirectoryTable, FiscalYear, HeaderRule, SchoolYear, StateId, records,
};
use std::cell::RefCell;

/// A body of a fuzz target, with its name.
pub type Body = (&'static str, fn(&[u8]));

/// All bodies.
pub const BODIES: &[Body] = &[
    ("aim_reader", aim_reader),
    ("behavior_reader", behavior_reader),
    ("layout_proposal", layout_proposal),
    ("dictionary_tables", dictionary_tables),
    ("directory_tables", directory_tables),
    ("words", words),
];

/// Reads bytes as an AIM file in every way, and writes back what was read: the rows must be the same again.
///
/// # Panics
/// When a promise is broken.
#[allow(clippy::panic, reason = "a broken promise must stop the fuzzer")]
pub fn aim_reader(bytes: &[u8]) {
    let dictionary = Dictionary::built_in();
    for layout in [None, Some("student-enrollments"), Some("fram"), Some("terms-of-employment")] {
        let mut options =
            ReadOptions::new().check_fields(true).allow_cut_fields(layout.is_none()).max_line(4096);
        if let Some(layout) = layout {
            options = options.layout(layout);
        }
        let Ok(mut reader) = Reader::new(bytes, dictionary, options.clone()) else { continue };
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut writer: Option<Writer<'_, Vec<u8>>> = None;
        while let Ok(Some(row)) = reader.next_row() {
            let _ = records::check_as_record(&row);
            let mut fields: Vec<String> = row.fields().map(str::to_owned).collect();
            fields.resize(row.layout().fields.len(), String::new());
            rows.push(fields);
            if let Ok(layout) = dictionary.layout(&row.layout().key) {
                let header = opi::aim::Header {
                    date: "01/21/2026".into(),
                    time: "08:15:00".into(),
                    version: "MT9.1".into(),
                };
                if writer.is_none() {
                    let header = Some(header).filter(|_| layout.header != HeaderRule::None);
                    writer = Writer::new(Vec::new(), layout, header).ok();
                }
                if let Some(writer) = &mut writer
                    && writer.copy_row(&row).is_err()
                {
                    panic!("a row that was read cannot be copied");
                }
            }
        }
        let found = reader.layout();
        let _ = reader.log().findings("fuzz", found);
        let (Some(writer), Some(found)) = (writer, found) else { continue };
        let written = writer.finish().unwrap_or_default();
        let again = options.layout(found.key.clone()).allow_cut_fields(false);
        let Ok(mut second) = Reader::new(&written[..], dictionary, again) else { continue };
        let mut read_again = Vec::new();
        while let Ok(Some(row)) = second.next_row() {
            read_again.push(row.fields().map(str::to_owned).collect::<Vec<_>>());
        }
        // A blank row is passed over, and a line may grow beyond the limit when its text is made UTF-8.
        let kept = |row: &&Vec<String>| row.join("\t").len() + 2 <= 4096;
        if !rows.iter().filter(kept).eq(read_again.iter().filter(kept)) {
            panic!("what was written does not read back the same");
        }
    }
}

/// Reads bytes as behavior XML.
pub fn behavior_reader(bytes: &[u8]) {
    let options = ReadOptions::new().check_fields(true).max_line(4096);
    let Ok(mut reader) = BehaviorReader::new(bytes, Dictionary::built_in(), options) else { return };
    while let Ok(Some(row)) = reader.next_row() {
        let _ = records::check_as_record(&row);
    }
    let _ = reader.log().findings("fuzz", Some(reader.layout()));
}

/// Proposes a layout for bytes; a proposal must be one that can be loaded.
///
/// # Panics
/// When a promise is broken.
#[allow(clippy::panic, reason = "a broken promise must stop the fuzzer")]
pub fn layout_proposal(bytes: &[u8]) {
    for layout in [None, Some("fram")] {
        let Ok(proposal) = propose_layout(bytes, Dictionary::built_in(), layout) else { continue };
        let Ok(text) = proposal.to_toml(Dictionary::built_in()) else { continue };
        if proposal.columns.is_empty() {
            continue;
        }
        if let Err(error) = Dictionary::built_in().clone().replace_layout_toml(&text) {
            panic!("a proposed layout cannot be loaded: {error}");
        }
    }
}

/// Loads text as replacement tables. Text that is refused leaves the dictionary as it was, so a new one is made only
/// after a replacement: copying all tables for each input would be most of the work.
pub fn dictionary_tables(bytes: &[u8]) {
    thread_local! {
        static DICTIONARY: RefCell<Dictionary> = RefCell::new(Dictionary::built_in().clone());
    }
    let text = String::from_utf8_lossy(bytes);
    DICTIONARY.with_borrow_mut(|dictionary| {
        let replaced = [
            dictionary.replace_layout_toml(&text).is_ok(),
            dictionary.replace_code_set_toml(&text).is_ok(),
            dictionary.replace_layout_csv("fram", &text).is_ok(),
            dictionary.replace_code_set_csv("service-type", &text).is_ok(),
        ];
        let _ = dictionary.explain(&text);
        let _ = dictionary.suggest(&text.chars().take(40).collect::<String>());
        if replaced.contains(&true) {
            *dictionary = Dictionary::built_in().clone();
        }
    });
}

/// Loads bytes as every table of a directory.
pub fn directory_tables(bytes: &[u8]) {
    let mut builder = DirectoryBuilder::default();
    for table in DirectoryTable::ALL {
        let _ = builder.read(*table, bytes);
    }
    let _ = builder.build();
}

/// Reads text as every small type.
pub fn words(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = text.parse::<SchoolYear>();
    let _ = text.parse::<FiscalYear>();
    let _ = text.parse::<StateId>();
    let _ = Dictionary::built_in().look_up("grade-levels", &text, None);
    let _ = opi::dictionary::shape(&text);
}

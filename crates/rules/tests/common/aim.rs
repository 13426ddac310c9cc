//! Files of bytes as inputs of the engine: the reader of AIM files behind the traits of the engine.
#![allow(dead_code, reason = "each test uses a part")]

use chrono::NaiveDate;
use opi_aim::{ReadOptions, ReadRule, Reader};
use opi_dictionary::{Dictionary, Layout, Row};
use opi_rules::{Input, Notice, RowSource, RulesError};
use std::collections::BTreeMap;

/// An AIM file in memory.
pub(crate) struct AimFile<'a> {
    pub(crate) name: String,
    pub(crate) layout: &'a Layout,
    pub(crate) bytes: &'a [u8],
}

impl<'a> AimFile<'a> {
    pub(crate) fn new(name: &str, layout: &str, bytes: &'a [u8]) -> Self {
        AimFile { name: name.to_owned(), layout: Dictionary::built_in().layout(layout).unwrap(), bytes }
    }

    fn error(&self, error: &opi_aim::AimError) -> RulesError {
        RulesError::Input { file: self.name.clone(), line: None, problem: error.to_string() }
    }
}

/// The codes that the reader judges; the rest of its rules is switched off.
const JUDGED: [&str; 18] = [
    "FILE-002", "FILE-003", "FILE-004", "FILE-006", "FILE-007", "FILE-008", "FILE-009", "FILE-010",
    "FILE-011", "FILE-012", "READ-001", "READ-002", "READ-003", "READ-004", "READ-005", "READ-006",
    "READ-007", "READ-008",
];

impl Input for AimFile<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn layout(&self) -> &Layout {
        self.layout
    }

    fn judged(&self) -> &[&'static str] {
        &JUDGED
    }

    fn open(&self) -> Result<Box<dyn RowSource + '_>, RulesError> {
        let options = ReadOptions::new().layout(&self.layout.key);
        let reader = Reader::new(self.bytes, Dictionary::built_in(), options);
        Ok(Box::new(Pass { file: self, reader: reader.map_err(|error| self.error(&error))? }))
    }
}

struct Pass<'a> {
    file: &'a AimFile<'a>,
    reader: Reader<'static, &'a [u8]>,
}

impl RowSource for Pass<'_> {
    fn next_row(&mut self) -> Result<Option<Row<'_>>, RulesError> {
        self.reader.next_row().map_err(|error| self.file.error(&error))
    }

    fn each_row(&mut self, act: &mut dyn FnMut(&Row<'_>) -> bool) -> Result<(), RulesError> {
        loop {
            match self.reader.next_row() {
                Ok(Some(row)) if act(&row) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(self.file.error(&error)),
            }
        }
    }

    fn header_date(&self) -> Option<NaiveDate> {
        self.reader.header().and_then(opi_aim::Header::date)
    }

    fn notices(&mut self) -> Vec<Notice> {
        let notice = |hit: &opi_aim::ReadHit| {
            let info = hit.rule.info();
            Notice {
                code: info.code.to_owned(),
                line: hit.line,
                field: hit.field,
                severity: Some(info.severity),
            }
        };
        self.reader.log().hits().iter().map(notice).collect()
    }

    fn not_kept(&self) -> Vec<(String, u64)> {
        let mut kept: BTreeMap<ReadRule, u64> = BTreeMap::new();
        for hit in self.reader.log().hits() {
            *kept.entry(hit.rule).or_default() += 1;
        }
        let rest = |(rule, count): (ReadRule, u64)| {
            (rule.info().code.to_owned(), count - kept.get(&rule).copied().unwrap_or(0))
        };
        self.reader.log().counts().map(rest).filter(|(_, count)| *count > 0).collect()
    }
}

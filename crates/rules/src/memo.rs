//! Contents seen before: most rows share what they say of school, grade, dates and codes, word for word, with rows
//! before them. Such a stretch of columns is given a number, by which what was found in it is found again.

use hashbrown::{DefaultHashBuilder, HashTable};
use opi_dictionary::{Layout, Row, Stretch, fields};
use std::hash::BuildHasher;

/// Contents of one stretch that are remembered at a time.
pub(crate) const CONTENTS: usize = 4_096;

/// Bytes of the longest stretch that is remembered.
const LONGEST: usize = 1_024;

/// A stretch of columns, first and last, that different rows may have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) first: usize,
    pub(crate) last: usize,
}

impl Columns {
    pub(crate) fn count(self) -> usize {
        self.last - self.first + 1
    }
}

/// The columns of a layout that tell persons apart, in order.
pub(crate) fn own_columns(layout: &Layout) -> Vec<usize> {
    // What a school sorts its lists by is that of a class.
    let own =
        |(_, field): &(usize, &opi_dictionary::LayoutField)| field.personal && field.field != fields::SORT_BY;
    layout.fields.iter().enumerate().filter(own).map(|(column, _)| column).collect()
}

/// The stretches between them.
pub(crate) fn shared_columns(layout: &Layout) -> Vec<Columns> {
    let own = own_columns(layout);
    let mut stretches: Vec<Columns> = Vec::new();
    for column in (0..layout.fields.len()).filter(|column| !own.contains(column)) {
        match stretches.last_mut() {
            Some(stretch) if stretch.last + 1 == column => stretch.last = column,
            _ => stretches.push(Columns { first: column, last: column }),
        }
    }
    stretches
}

/// The contents of one stretch, by their numbers.
pub(crate) struct Memo {
    pub(crate) columns: Columns,
    hasher: DefaultHashBuilder,
    numbers: HashTable<u32>,
    known: Vec<Known>,
    bytes: Vec<u8>,
    parts: Vec<u32>,
}

/// Where the bytes of a content start, how many there are, and what they are hashed to.
#[derive(Clone, Copy)]
struct Known {
    hash: u64,
    start: u32,
    length: u32,
}

/// The number of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Known(u32),
    /// Given just now.
    New(u32),
}

impl Memo {
    pub(crate) fn new(columns: Columns) -> Self {
        Memo {
            columns,
            hasher: DefaultHashBuilder::default(),
            numbers: HashTable::new(),
            known: Vec::new(),
            bytes: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// The number of what a row holds here; `None` where it is too long to be remembered, or nothing more can be.
    #[inline]
    pub(crate) fn number(&mut self, row: &Row<'_>) -> Option<Number> {
        let stretch = row.stretch(self.columns.first, self.columns.last)?;
        let hash = self.hasher.hash_one(stretch.bytes());
        match self.numbers.find(hash, |number| self.is(*number, stretch)) {
            Some(number) => Some(Number::Known(*number)),
            None => self.add(stretch, hash),
        }
    }

    /// Whether a content is the one of this number: the same bytes, parted at the same places.
    #[inline]
    fn is(&self, number: u32, stretch: Stretch<'_>) -> bool {
        let Some(known) = self.known.get(number as usize) else { return false };
        let (start, width) = (known.start as usize, self.columns.count() - 1);
        let bytes = self.bytes.get(start..start + known.length as usize);
        let from = number as usize * width;
        let parts = self.parts.get(from..from + width).unwrap_or_default();
        bytes == Some(stretch.bytes()) && stretch.is_parted_at(parts)
    }

    #[cold]
    fn add(&mut self, stretch: Stretch<'_>, hash: u64) -> Option<Number> {
        if self.known.len() >= CONTENTS || stretch.bytes().len() > LONGEST {
            return None;
        }
        let number = self.known.len() as u32;
        let (start, length) = (self.bytes.len() as u32, stretch.bytes().len() as u32);
        self.known.push(Known { hash, start, length });
        self.bytes.extend_from_slice(stretch.bytes());
        self.parts.extend(stretch.parts());
        let known = &self.known;
        let hash_of = |number: &u32| known.get(*number as usize).map_or(0, |known| known.hash);
        self.numbers.insert_unique(hash, number, hash_of);
        Some(Number::New(number))
    }

    pub(crate) fn is_full(&self) -> bool {
        self.known.len() >= CONTENTS
    }

    /// Forgets everything, so that numbers are given anew.
    pub(crate) fn clear(&mut self) {
        self.numbers.clear();
        self.known.clear();
        self.bytes.clear();
        self.parts.clear();
    }
}

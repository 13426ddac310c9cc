//! The catalogue: every federal file as data, with lookups by number, level and year.
//!
//! The tables stand under `spec/`, are embedded at compile time and are read once, on first use. Tables
//! of a newer year can be added at run time before the crate ships them: see [`CatalogueBuilder`].

mod build;
pub(crate) mod rows;
mod spec;

pub use build::{CatalogueBuilder, SpecTable};
pub use spec::{
    Category, CategoryKind, CategorySet, CollectionStatus, Column, ColumnType, Derivation, Family, FileSpec,
    InputSource, Layout, PermittedValue, Role, ZeroRule,
};

use crate::{EdfactsError, FileNumber, Level};
use hashbrown::HashMap;
use opi_dictionary::{SchoolYear, Standing};
use std::sync::OnceLock;

/// The code that stands for an unknown value.
pub const MISSING: &str = "MISSING";

/// A document from which facts of the catalogue were taken.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Source {
    /// The key that rows carry.
    pub key: String,
    /// The document.
    pub title: String,
    /// Its address, where public.
    pub address: String,
}

/// An answer that changed with the years.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct YearRule {
    pub(crate) rule: String,
    pub(crate) first: Option<SchoolYear>,
    pub(crate) last: Option<SchoolYear>,
    pub(crate) value: String,
    pub(crate) standing: Standing,
}

/// All federal files that are known, with layouts, category sets, permitted values and derivations.
///
/// ```
/// use opi_edfacts::{Catalogue, Level};
/// let catalogue = Catalogue::builtin()?;
/// let membership = catalogue.file("C052".parse()?)?;
/// assert_eq!(membership.title, "Membership");
/// let layout = catalogue.layout(membership.number, Level::Sch, "2022-23".parse()?)?;
/// assert_eq!(layout.field_count(), 12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Catalogue {
    pub(crate) files: Vec<FileSpec>,
    pub(crate) categories: HashMap<String, Category>,
    pub(crate) permitted: HashMap<String, Vec<PermittedValue>>,
    pub(crate) year_rules: Vec<YearRule>,
    pub(crate) sources: Vec<Source>,
}

impl Catalogue {
    /// The catalogue as built in, read once.
    ///
    /// # Errors
    /// When a built-in table is damaged; the tests of the crate prove that it is not.
    pub fn builtin() -> Result<&'static Catalogue, EdfactsError> {
        static BUILTIN: OnceLock<Result<Catalogue, EdfactsError>> = OnceLock::new();
        let built = BUILTIN.get_or_init(|| CatalogueBuilder::builtin()?.build());
        built.as_ref().map_err(Clone::clone)
    }

    /// All files, in the order of their numbers.
    #[must_use]
    pub fn files(&self) -> &[FileSpec] {
        &self.files
    }

    /// The documents behind the tables.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The specification of a file.
    ///
    /// # Errors
    /// [`EdfactsError::UnknownFile`].
    pub fn file(&self, number: FileNumber) -> Result<&FileSpec, EdfactsError> {
        let place = self.files.binary_search_by_key(&number, |file| file.number);
        place.ok().and_then(|place| self.files.get(place)).ok_or(EdfactsError::UnknownFile { number })
    }

    /// The layout of a file at a level in a year. A year after the newest on record takes the newest;
    /// `newest_on_record` of the layout then differs from `year`.
    ///
    /// # Errors
    /// [`EdfactsError::UnknownFile`] and [`EdfactsError::NoLayout`].
    pub fn layout(&self, number: FileNumber, level: Level, year: SchoolYear) -> Result<Layout, EdfactsError> {
        let file = self.file(number)?;
        let spec = file.level(level);
        let newest = file.layout_last_year;
        let Some(newest) = newest.filter(|_| !spec.columns.is_empty()) else {
            let levels: Vec<&str> = file.levels.iter().map(|level| level.as_str()).collect();
            let have = match levels.as_slice() {
                [] => "no layout of it is on record".to_owned(),
                some => format!("it is submitted at {}", some.join(", ")),
            };
            return Err(EdfactsError::NoLayout { number, level, year: None, have });
        };
        let holds = |column: &&Column| {
            column.first_year.is_none_or(|first| first <= year)
                && column.last_year.is_none_or(|last| year <= last)
        };
        let columns: Vec<Column> = spec.columns.iter().filter(holds).cloned().collect();
        if columns.is_empty() {
            let have = match file.layout_first_year {
                Some(first) => format!("layouts begin with {first}"),
                None => "the years of its layouts are not on record".to_owned(),
            };
            return Err(EdfactsError::NoLayout { number, level, year: Some(year.to_string()), have });
        }
        Ok(Layout { file: number, level, year, newest_on_record: newest, columns })
    }

    /// The category sets in force in a year, as far as its layout has their columns: the newest from the newest
    /// year on record, else those seen in the year; between two years on record those of the year before, and
    /// where its columns were others those of the year after.
    #[must_use]
    pub fn sets(&self, number: FileNumber, level: Level, year: SchoolYear) -> Vec<&CategorySet> {
        match self.layout(number, level, year) {
            Ok(layout) => self.sets_of(&layout),
            Err(_) => self.newest_sets(number, level),
        }
    }

    fn sets_of(&self, layout: &Layout) -> Vec<&CategorySet> {
        let Ok(file) = self.file(layout.file) else { return Vec::new() };
        let holds = |category: &String, position: u16| {
            let column = layout.columns.iter().find(|column| column.position == position);
            let names = column.and_then(|column| column.category.as_deref()).unwrap_or_default();
            names.split(';').any(|name| name == category)
        };
        let usable = |set: &&CategorySet| {
            !set.positions_missing() && set.categories.iter().zip(&set.positions).all(|(c, p)| holds(c, *p))
        };
        let all = || file.level(layout.level).sets.iter().filter(usable);
        let newest: Vec<&CategorySet> = all().filter(|set| set.newest).collect();
        if layout.year >= layout.newest_on_record && !newest.is_empty() {
            return newest;
        }
        let before = all().filter_map(|set| set.years.last_until(layout.year)).max();
        let reached = before.or_else(|| all().filter_map(|set| set.years.first()).min());
        all().filter(|set| reached.is_some_and(|year| set.years.contains(year))).collect()
    }

    /// The sets that records of a layout fill: none where the layout has no column for the table that the
    /// sets name (132, 165).
    pub(crate) fn record_sets(&self, layout: &Layout) -> Vec<&CategorySet> {
        let sets = self.sets_of(layout);
        let named = layout.field_of(Role::TableName).is_some();
        if named || sets.iter().all(|set| set.table.is_empty()) { sets } else { Vec::new() }
    }

    /// Which fields of a layout must hold a value on every record. A category column that some set leaves
    /// blank cannot, whatever the layout says.
    pub(crate) fn mandatory(&self, layout: &Layout) -> Vec<bool> {
        let sets = self.record_sets(layout);
        let fills = |set: &&CategorySet, position: u16| set.positions.contains(&position);
        let must = |column: &Column| {
            let some = sets.iter().any(|set| fills(set, column.position));
            let all = sets.iter().all(|set| fills(set, column.position));
            column.mandatory && column.role != Role::Filler && (all || !some)
        };
        layout.fields().map(must).collect()
    }

    /// The newest category sets on record, in the order of the tables.
    #[must_use]
    pub fn newest_sets(&self, number: FileNumber, level: Level) -> Vec<&CategorySet> {
        let Ok(file) = self.file(number) else { return Vec::new() };
        file.level(level).sets.iter().filter(|set| set.newest).collect()
    }

    /// The codes that a category permits in a file, level and year; where the file has no list of its
    /// own, those of the general list.
    #[must_use]
    pub fn codes(&self, number: FileNumber, level: Level, category: &str, year: SchoolYear) -> Vec<&str> {
        if let Some(codes) = self.own_codes(number, level, category, year) {
            return codes.iter().map(String::as_str).collect();
        }
        let general = self.permitted_values(category);
        // A code seen once is not known to have been taken back.
        let holds = |value: &&PermittedValue| value.years.first().is_none_or(|first| first <= year);
        general.iter().filter(holds).map(|value| value.code.as_str()).collect()
    }

    /// The list that a file has of its own for a category.
    pub(crate) fn own_codes(
        &self,
        number: FileNumber,
        level: Level,
        category: &str,
        year: SchoolYear,
    ) -> Option<&[String]> {
        let file = self.file(number).ok()?;
        let lists = || file.level(level).values.iter().filter(|values| values.category == category);
        let reached = lists().filter(|values| values.year <= year).max_by_key(|values| values.year);
        reached.or_else(|| lists().min_by_key(|values| values.year)).map(|values| values.codes.as_slice())
    }

    /// A category by its abbreviation.
    #[must_use]
    pub fn category(&self, category: &str) -> Option<&Category> {
        self.categories.get(category)
    }

    /// All codes of a category, whatever the file.
    #[must_use]
    pub fn permitted_values(&self, category: &str) -> &[PermittedValue] {
        self.permitted.get(category).map(Vec::as_slice).unwrap_or_default()
    }

    /// The value of a year rule in a year.
    pub(crate) fn year_rule(&self, rule: &str, year: SchoolYear) -> Option<&str> {
        let holds = |row: &&YearRule| {
            row.rule == rule
                && row.first.is_none_or(|first| first <= year)
                && row.last.is_none_or(|last| year <= last)
        };
        self.year_rules.iter().find(holds).map(|row| row.value.as_str())
    }
}

impl FileSpec {
    /// The abbreviation on record, where it is short enough for a file name; some provisional ones are not.
    #[must_use]
    pub fn fitting_abbreviation(&self) -> Option<&str> {
        self.abbreviation.as_deref().filter(|text| text.len() <= crate::write::LONGEST_ABBREVIATION)
    }

    /// The part of the file name that the specification fixes. Most abbreviations are not on record: the number
    /// stands in.
    #[must_use]
    pub fn name_abbreviation(&self) -> String {
        self.fitting_abbreviation().map_or_else(|| format!("FS{}", self.number), str::to_owned)
    }

    pub(crate) fn level(&self, level: Level) -> &LevelSpec {
        let [sea, lea, sch] = &self.at;
        match level {
            Level::Sea => sea,
            Level::Lea => lea,
            Level::Sch => sch,
        }
    }

    /// The file type text of the header at a level.
    #[must_use]
    pub fn file_type(&self, level: Level) -> Option<&str> {
        self.file_types.get(level.index()).and_then(Option::as_deref)
    }

    /// The zero rule at a level, where a derivation is on record.
    #[must_use]
    pub fn zero_rule(&self, level: Level) -> Option<ZeroRule> {
        self.derivation.as_ref()?.zero.get(level.index()).copied().flatten()
    }
}

impl CategorySet {
    /// Whether the columns of its categories are not on record.
    fn positions_missing(&self) -> bool {
        self.positions.len() != self.categories.len()
    }
}

use spec::LevelSpec;

#[cfg(test)]
mod tests;

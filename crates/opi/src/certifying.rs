//! Certification: what each district has to vouch for in each collection, and where that stands.

use crate::validating::Validated;
use crate::year::{Year, YearError};
use opi_dictionary::{CertifiedIn, Collection, CollectionDay, DistrictNumber, SchoolYear, Severity};
use opi_rules::registry;
use opi_snapshot::{
    Certification, CertificationEvent, CertifiedContent, Difference, Member, Register, SnapshotError, Table,
    TableBuilder, TimeGiven, Validation, Window, collection_layouts, differs_from_certified,
};
use std::collections::{BTreeMap, BTreeSet};

/// The member who certifies where no step of a district names one.
///
/// Source: GD-2025-06 (the Authorized Representative certifies); that nobody else does is derived.
pub const DEFAULT_MEMBER: &str = "authorized-representative";

/// Who opens and validates when nobody did before.
const STATE: &str = "opi";

/// How many rows of a difference are kept of each table.
const ROWS_KEPT: usize = 20;

/// The certification of one collection by one district, beside the data as they are now.
pub struct DistrictCertification {
    /// The steps and where they lead.
    pub certification: Certification,
    /// The rows of the district in the collection, now.
    pub now: CertifiedContent,
    /// Findings about the district that block certification, over all files of the collection.
    pub blocking: u64,
    /// Whether the data now differ from what was certified.
    pub differs: Differs,
}

/// Whether the data of a district differ from what it certified.
#[derive(Debug)]
pub enum Differs {
    /// Nothing is certified.
    NotCertified,
    /// They do not.
    No,
    /// These rows do.
    Rows(Box<Difference>),
    /// They do, and the rows that were certified are in no upload any more: an upload was changed in its place, or its
    /// files were not given.
    NotTraceable,
}

impl Differs {
    /// Whether they differ.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        matches!(self, Differs::Rows(_) | Differs::NotTraceable)
    }

    /// The word used in files.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Differs::NotCertified => "",
            Differs::No => "no",
            Differs::Rows(_) => "yes",
            Differs::NotTraceable => "yes, and the certified rows are not in the uploads",
        }
    }
}

/// Where every certification of a year stands.
#[derive(Default)]
pub struct Certified {
    /// The version of the rules that judged the data; blank where none ran.
    pub rule_set: String,
    /// By collection, then by district.
    pub certifications: Vec<DistrictCertification>,
    /// The certifications of other years that were given, as they were given.
    pub other_years: Vec<Certification>,
}

impl Certified {
    /// Every certification, of this year and of others, as a later run wants them.
    pub fn all(&self) -> impl Iterator<Item = &Certification> {
        self.certifications.iter().map(|one| &one.certification).chain(&self.other_years)
    }

    /// For each collection: how many districts have certified, and how many there are.
    #[must_use]
    pub fn by_collection(&self) -> BTreeMap<&str, (u64, u64)> {
        let mut totals: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for one in &self.certifications {
            let total = totals.entry(one.certification.collection()).or_default();
            total.0 += u64::from(one.certification.state().is_certified());
            total.1 += 1;
        }
        totals
    }
}

impl Year {
    /// Where the certification of each collection by each district stands. A collection that a district took no step
    /// in is opened here; one that is not certified is validated by what `validated` found. Data that changed after
    /// they were certified are told with the rows that differ.
    ///
    /// The collections are those of the dictionary that are certified and have a layout, by their latest known year;
    /// their window counts only where it is of this year. Steps of other years, and steps after the day that stands for
    /// today, are passed over. `tables` are those of [`Year::tables`].
    ///
    /// # Errors
    /// When a step names a collection that the dictionary does not know, or tables cannot be made.
    pub fn certify(
        &self,
        register: &Register,
        tables: &[Table],
        validated: Option<&Validated>,
    ) -> Result<Certified, YearError> {
        let at = TimeGiven::end_of(self.as_of);
        let mut by_district = split(tables)?;
        for district in self.directory.iter().flat_map(|directory| directory.districts()) {
            if district.exists(self.school_year) {
                by_district.entry(district.number).or_default();
            }
        }
        let mut given: BTreeMap<(String, DistrictNumber), Certification> = BTreeMap::new();
        let (this_year, other_years): (Vec<&Certification>, Vec<&Certification>) =
            self.certifications.iter().partition(|given| given.school_year() == self.school_year);
        for certification in this_year {
            self.know_collection(certification.collection())?;
            if let Some(known) = certification.as_of(at)? {
                by_district.entry(known.district()).or_default();
                given.insert((known.collection().to_owned(), known.district()), known);
            }
        }
        let mut collections = self.certified_collections();
        for (collection, _) in given.keys() {
            collections.entry(collection.clone()).or_default();
        }
        let rule_set = validated.map(|validated| validated.account.rule_set.clone()).unwrap_or_default();
        let mut certifications = Vec::new();
        for (collection, window) in &collections {
            let layouts: BTreeSet<&str> =
                collection_layouts(&self.dictionary, collection).iter().map(|l| l.key.as_str()).collect();
            let blocking = validated.map(|validated| blocking(validated, &layouts)).unwrap_or_default();
            for (district, tables) in &by_district {
                let own: Vec<Table> =
                    tables.iter().filter(|table| layouts.contains(table.name())).cloned().collect();
                let now = CertifiedContent::of(&own);
                let blocking = blocking.get(district).copied().unwrap_or(0);
                let mut certification = match given.remove(&(collection.clone(), *district)) {
                    Some(certification) => certification,
                    None => self.open(*district, collection, *window)?,
                };
                let differs = match certification.certified() {
                    Some(certified) if certified.of.content != now.content => {
                        let then = self.certified_tables(register, &certification, &layouts)?;
                        match differs_from_certified(&certified.of, &then, &own, ROWS_KEPT) {
                            Ok(None) => Differs::No,
                            Ok(Some(difference)) => Differs::Rows(Box::new(difference)),
                            Err(SnapshotError::NotTheCertifiedRows { .. }) => Differs::NotTraceable,
                            Err(error) => return Err(error.into()),
                        }
                    }
                    Some(_) => Differs::No,
                    None => {
                        if validated.is_some() && !same_validation(&certification, &now, blocking, &rule_set)
                        {
                            let found = Validation { rule_set: rule_set.clone(), of: now.clone(), blocking };
                            certification.validate(state_member()?, at, found)?;
                        }
                        Differs::NotCertified
                    }
                };
                certifications.push(DistrictCertification { certification, now, blocking, differs });
            }
        }
        Ok(Certified { rule_set, certifications, other_years: other_years.into_iter().cloned().collect() })
    }

    /// A misspelt collection would stand beside the one that was meant, with no row in it.
    fn know_collection(&self, name: &str) -> Result<(), YearError> {
        let known: BTreeSet<&str> =
            self.dictionary.collections().iter().map(|collection| collection.collection.as_str()).collect();
        if known.contains(name) {
            return Ok(());
        }
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        Err(YearError::UnknownCollection { collection: name.to_owned(), known })
    }

    /// The collections that are certified, with their window in this year where it is known.
    fn certified_collections(&self) -> BTreeMap<String, Window> {
        let mut latest: BTreeMap<&str, (SchoolYear, &Collection)> = BTreeMap::new();
        for collection in self.dictionary.collections() {
            let year = collection.school_year.unwrap_or(self.school_year);
            let named = |layout: &opi_dictionary::Layout| layout.collections.contains(&collection.collection);
            if year > self.school_year || !self.dictionary.layouts().iter().any(named) {
                continue;
            }
            let known = latest.entry(&collection.collection).or_insert((year, collection));
            if known.0 <= year {
                *known = (year, collection);
            }
        }
        let certified = latest.into_iter().filter(|(_, (_, known))| known.certified == CertifiedIn::Yes);
        certified
            .map(|(name, (year, known))| {
                let day = |day: Option<CollectionDay>| {
                    day.filter(|_| year == self.school_year).and_then(|day| day.of(year))
                };
                (name.to_owned(), Window { opens: day(known.window_start), closes: day(known.window_end) })
            })
            .collect()
    }

    fn open(
        &self,
        district: DistrictNumber,
        collection: &str,
        window: Window,
    ) -> Result<Certification, SnapshotError> {
        let first = window.opens.unwrap_or(self.school_year.first_day()).min(self.as_of);
        let (members, at) = (vec![DEFAULT_MEMBER.parse()?], TimeGiven::start_of(first));
        Certification::open(district, collection, self.school_year, members, window, state_member()?, at)
    }

    /// The tables that a district had certified, as the register knew them at that moment.
    fn certified_tables(
        &self,
        register: &Register,
        certification: &Certification,
        layouts: &BTreeSet<&str>,
    ) -> Result<Vec<Table>, SnapshotError> {
        let validated = certification.history().filter_map(|(_, at, event)| match event {
            CertificationEvent::Validated(_) | CertificationEvent::NothingToReport { .. } => Some(at),
            _ => None,
        });
        let at = validated.last().unwrap_or(TimeGiven::start_of(self.school_year.first_day()));
        let tables = register.at(at, self.school_year, &self.dictionary)?;
        let own = tables.iter().filter(|table| layouts.contains(table.name()));
        own.map(|table| table.of_district(certification.district())).collect()
    }
}

/// The tables of each district, each row in the district that it is of. One pass a table.
fn split(tables: &[Table]) -> Result<BTreeMap<DistrictNumber, Vec<Table>>, SnapshotError> {
    let mut all: BTreeMap<DistrictNumber, Vec<Table>> = BTreeMap::new();
    for table in tables {
        let mut parts: BTreeMap<DistrictNumber, TableBuilder> = BTreeMap::new();
        for record in table.records() {
            let Some(district) = record.origin().district else { continue };
            let part = parts.entry(district).or_insert_with(|| TableBuilder::new(table.schema().clone()));
            part.push((0..record.columns()).map(|column| record.field(column)), record.origin())?;
        }
        for (district, part) in parts {
            all.entry(district).or_default().push(part.finish());
        }
    }
    Ok(all)
}

/// By district: the findings that block certification, of rules that read one of these layouts.
fn blocking(validated: &Validated, layouts: &BTreeSet<&str>) -> BTreeMap<DistrictNumber, u64> {
    let mut totals: BTreeMap<DistrictNumber, u64> = BTreeMap::new();
    for rule in &validated.account.rules_run {
        let registered = registry().iter().find(|registered| registered.info.code == rule.code);
        // A rule that is not of the registry was added by the caller, and may be about anything.
        let reads = registered.is_none_or(|registered| {
            registered.info.files.is_empty()
                || registered.info.files.iter().any(|file| layouts.contains(file))
        });
        for (district, counts) in rule.severities_by_district.iter().filter(|_| reads) {
            let blocks = counts.iter().filter(|(severity, _)| **severity >= Severity::BlocksCertification);
            let blocks: u64 = blocks.map(|(_, count)| *count).sum();
            if let (Ok(district), 1..) = (district.parse(), blocks) {
                *totals.entry(district).or_default() += blocks;
            }
        }
    }
    totals
}

fn same_validation(
    certification: &Certification,
    now: &CertifiedContent,
    blocking: u64,
    rule_set: &str,
) -> bool {
    let held = certification.validation();
    held.is_some_and(|held| {
        held.of.content == now.content && held.blocking == blocking && held.rule_set == rule_set
    })
}

fn state_member() -> Result<Member, SnapshotError> {
    STATE.parse()
}

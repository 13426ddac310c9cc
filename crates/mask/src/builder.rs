//! Building a publication: counts, tables, further sums, remainders and percentages.

use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::publication::{COUNT_LIMIT, CellId, Publication, RelationKind, Table, locate, shows, unkey};
use crate::share::{Form, Shares};
use hashbrown::{HashMap, HashSet};

/// Collects what a publication is made of; [`PublicationBuilder::build`] checks it as a whole.
#[derive(Clone)]
pub struct PublicationBuilder {
    dimensions: Vec<Dimension>,
    tables: Vec<Table>,
    leaves: Vec<(Vec<u32>, u64)>,
    further: Vec<(String, Vec<Vec<String>>)>,
    complements: Vec<(String, Vec<String>, Vec<String>)>,
    frozen: Vec<Vec<String>>,
    zeros_known: bool,
    cell_limit: u64,
    percentages: Option<(String, Form)>,
}

impl PublicationBuilder {
    pub(crate) fn new(dimensions: Vec<Dimension>) -> Self {
        Self {
            dimensions,
            tables: Vec::new(),
            leaves: Vec::new(),
            further: Vec::new(),
            complements: Vec::new(),
            frozen: Vec::new(),
            zeros_known: false,
            cell_limit: 20_000_000,
            percentages: None,
        }
    }

    /// Adds a table that crosses the named dimensions to a depth (`None`: to the leaves).
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a dimension that does not exist.
    pub fn table(mut self, name: &str, crossed: &[(&str, Option<u32>)]) -> Result<Self> {
        let mut depth = vec![0; self.dimensions.len()];
        for (dimension, limit) in crossed {
            let found = self.dimensions.iter().zip(&mut depth).find(|(d, _)| d.name() == *dimension);
            match found {
                Some((d, depth)) => *depth = limit.unwrap_or(u32::MAX).min(d.max_depth()),
                None => {
                    let known: Vec<_> = self.dimensions.iter().map(Dimension::name).collect();
                    return Err(Error::UnknownName {
                        what: "dimension",
                        name: (*dimension).to_owned(),
                        known: known.join(", "),
                    });
                }
            }
        }
        self.tables.push(Table { name: name.to_owned(), depth });
        Ok(self)
    }

    /// Adds students to a leaf; calls for the same leaf add up.
    ///
    /// # Errors
    /// [`Error::WrongArity`], [`Error::UnknownCode`], or [`Error::Dimension`] if a code is not a leaf.
    pub fn count<S: AsRef<str>>(&mut self, codes: &[S], students: u64) -> Result<()> {
        let at = locate(&self.dimensions, codes)?;
        self.count_at(at, students)
    }

    /// Like [`Self::count`], with the indices of the codes.
    ///
    /// # Errors
    /// [`Error::WrongArity`], [`Error::UnknownCode`] for an index that does not exist, [`Error::Dimension`] if a
    /// code is not a leaf.
    pub fn count_at(&mut self, at: Vec<u32>, students: u64) -> Result<()> {
        if at.len() != self.dimensions.len() {
            let cell = at.iter().map(|id| format!("#{id}")).collect::<Vec<_>>().join("|");
            return Err(Error::WrongArity { expected: self.dimensions.len(), found: at.len(), cell });
        }
        for (&id, dimension) in at.iter().zip(&self.dimensions) {
            if id as usize >= dimension.len() {
                dimension.find(&format!("#{id}"))?;
            }
            if !dimension.is_leaf(id) {
                return Err(Error::Dimension {
                    dimension: dimension.name().to_owned(),
                    problem: format!("counts belong to leaves, but `{}` has children", dimension.code(id)),
                });
            }
        }
        self.leaves.push((at, students));
        Ok(())
    }

    /// Adds a further published sum over cells.
    #[must_use]
    pub fn further_sum(mut self, name: &str, of: Vec<Vec<String>>) -> Self {
        self.further.push((name.to_owned(), of));
        self
    }

    /// Adds what is left of a base when a part is taken away (the students not proficient): with part and base
    /// shown it is shown too, so it is a cell, and sensitive like any other.
    #[must_use]
    pub fn complement(mut self, name: &str, part: Vec<String>, base: Vec<String>) -> Self {
        self.complements.push((name.to_owned(), part, base));
        self
    }

    /// Prints beside each count of a code of this dimension its percentage of the dimension's total (the share
    /// of the tested who are proficient). Such a percentage is the count over again, so it is printed only where
    /// both counts are, or as a coarse code; and what is left of the total becomes a cell, sensitive like any
    /// other, since it can be worked out ([`Form`]).
    #[must_use]
    pub fn percentages(mut self, dimension: &str, form: Form) -> Self {
        self.percentages = Some((dimension.to_owned(), form));
        self
    }

    /// Marks a cell that cannot be hidden (published elsewhere, or a total that must stay).
    #[must_use]
    pub fn frozen(mut self, codes: Vec<String>) -> Self {
        self.frozen.push(codes);
        self
    }

    /// States that zero cells are shown or publicly known: they are never hidden and give no cover.
    #[must_use]
    pub fn zeros_known(mut self, known: bool) -> Self {
        self.zeros_known = known;
        self
    }

    /// Limit on the number of cells (20 million unless set).
    #[must_use]
    pub fn cell_limit(mut self, limit: u64) -> Self {
        self.cell_limit = limit;
        self
    }

    /// Adds everything up and lists the relations.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::UnknownCell`] for a further sum or frozen cell over cells not shown,
    /// [`Error::UnknownName`] for a repeated name.
    pub fn build(mut self) -> Result<Publication> {
        let mut size = 1_u64;
        for (i, dimension) in self.dimensions.iter().enumerate() {
            if self.dimensions.iter().take(i).any(|d| d.name() == dimension.name()) {
                return Err(Error::Dimension {
                    dimension: dimension.name().to_owned(),
                    problem: "two dimensions have this name".to_owned(),
                });
            }
            size = size.checked_mul(dimension.len() as u64).ok_or(Error::TooLarge {
                what: "coordinate space".into(),
                found: u64::MAX,
                limit: u64::MAX,
            })?;
        }
        if self.tables.is_empty() {
            let depth = self.dimensions.iter().map(Dimension::max_depth).collect();
            self.tables.push(Table { name: "table".to_owned(), depth });
        }
        let sums = self.sums()?;
        let mut keys: Vec<u64> = if self.zeros_known {
            sums.iter().filter(|&(_, &count)| count > 0).map(|(&key, _)| key).collect()
        } else {
            self.grid()?
        };
        keys.sort_unstable();
        keys.dedup();
        self.check_limit(keys.len() as u64)?;
        let width = self.dimensions.len();
        let mut publication = Publication {
            coordinates: Vec::with_capacity(keys.len() * width),
            values: keys.iter().map(|key| sums.get(key).copied().unwrap_or(0)).collect(),
            frozen: vec![false; keys.len()],
            further: Vec::new(),
            index: keys.iter().enumerate().map(|(i, &key)| (key, i as u32)).collect(),
            parts: Vec::new(),
            relations: Vec::new(),
            unprinted: Vec::new(),
            zeros_known: self.zeros_known,
            shares: None,
            tables: self.tables,
            dimensions: self.dimensions,
        };
        for &key in &keys {
            unkey(&publication.dimensions, key, &mut publication.coordinates);
        }
        list_relations(&mut publication);
        for (name, of) in &self.further {
            add_further(&mut publication, name, of)?;
        }
        for (name, part, base) in &self.complements {
            add_complement(&mut publication, name, part, base)?;
        }
        if let Some((dimension, form)) = self.percentages {
            add_percentages(&mut publication, &dimension, form)?;
        }
        for codes in &self.frozen {
            if let Some(cell) = publication.find(codes)?
                && let Some(flag) = publication.frozen.get_mut(cell.index())
            {
                *flag = true;
            }
        }
        Ok(publication)
    }

    fn check_limit(&self, found: u64) -> Result<()> {
        if found > self.cell_limit.min(u64::from(u32::MAX) / 2) {
            return Err(Error::TooLarge { what: "cells".into(), found, limit: self.cell_limit });
        }
        Ok(())
    }

    fn sums(&self) -> Result<HashMap<u64, u64>> {
        let containing: Vec<_> = self.dimensions.iter().map(Dimension::containing).collect();
        let mut sums: HashMap<u64, u64> = HashMap::new();
        let mut seen: HashSet<u64> = HashSet::new();
        for (at, students) in self.leaves.iter().filter(|(_, students)| *students > 0) {
            seen.clear();
            for table in &self.tables {
                let mut keys = vec![0_u64];
                for ((d, &leaf), (&limit, above)) in
                    self.dimensions.iter().zip(at).zip(table.depth.iter().zip(&containing))
                {
                    let above = above.get(leaf as usize).map_or(&[][..], Vec::as_slice);
                    let shown: Vec<u64> =
                        above.iter().filter(|&&c| d.depth(c) <= limit).map(|&c| u64::from(c)).collect();
                    let size = d.len() as u64;
                    keys = keys.iter().flat_map(|k| shown.iter().map(move |c| k * size + c)).collect();
                }
                for key in keys {
                    if self.tables.len() == 1 || seen.insert(key) {
                        let sum = sums.entry(key).or_insert(0);
                        *sum = sum.checked_add(*students).filter(|s| *s < COUNT_LIMIT).ok_or_else(|| {
                            Error::TooLarge { what: "a count".into(), found: u64::MAX, limit: COUNT_LIMIT }
                        })?;
                    }
                }
            }
            self.check_limit(sums.len() as u64)?;
        }
        Ok(sums)
    }

    fn grid(&self) -> Result<Vec<u64>> {
        let mut all = Vec::new();
        for table in &self.tables {
            let mut keys = vec![0_u64];
            for (d, &limit) in self.dimensions.iter().zip(&table.depth) {
                let shown: Vec<u64> =
                    (0..d.len() as u32).filter(|&c| d.depth(c) <= limit).map(u64::from).collect();
                self.check_limit((keys.len() as u64).saturating_mul(shown.len() as u64))?;
                let size = d.len() as u64;
                keys = keys.iter().flat_map(|k| shown.iter().map(move |c| k * size + c)).collect();
            }
            all.extend(keys);
        }
        Ok(all)
    }
}

/// Every cell whose code in some dimension has children shown by the same table gives one relation.
fn list_relations(publication: &mut Publication) {
    let mut relations = Vec::new();
    let mut parts = Vec::new();
    let mut child_at = vec![0; publication.dimensions.len()];
    for cell in publication.cells() {
        let Some(at) = publication.coordinate(cell) else { continue };
        for (d, (&code, dimension)) in at.iter().zip(&publication.dimensions).enumerate() {
            let children = dimension.children(code);
            child_at.clear();
            child_at.extend_from_slice(at);
            let shown = children.iter().all(|&child| {
                if let Some(slot) = child_at.get_mut(d) {
                    *slot = child;
                }
                shows(&publication.dimensions, &publication.tables, &child_at)
            });
            if children.is_empty() || !shown {
                continue;
            }
            for &child in children {
                if let Some(slot) = child_at.get_mut(d) {
                    *slot = child;
                }
                parts.extend(publication.at(&child_at));
            }
            relations.push((RelationKind::Dimension(d), cell, parts.len()));
        }
    }
    publication.relations = relations;
    publication.parts = parts;
}

fn add_further(publication: &mut Publication, name: &str, of: &[Vec<String>]) -> Result<()> {
    if publication.further.iter().any(|f| f == name) {
        return Err(Error::UnknownName {
            what: "further sum (repeated name)",
            name: name.to_owned(),
            known: publication.further.join(", "),
        });
    }
    let mut sum = 0_u64;
    for codes in of {
        if let Some(cell) = publication.find(codes)? {
            sum = sum.saturating_add(publication.value(cell));
            publication.parts.push(cell);
        }
    }
    if sum >= COUNT_LIMIT {
        return Err(Error::TooLarge { what: format!("the sum `{name}`"), found: sum, limit: COUNT_LIMIT });
    }
    let cell = CellId(publication.values.len() as u32);
    publication.values.push(sum);
    publication.frozen.push(false);
    publication.further.push(name.to_owned());
    publication.unprinted.push(false);
    publication.relations.push((RelationKind::FurtherSum, cell, publication.parts.len()));
    Ok(())
}

fn add_complement(publication: &mut Publication, name: &str, part: &[String], base: &[String]) -> Result<()> {
    if publication.further.iter().any(|f| f == name) {
        return Err(Error::UnknownName {
            what: "complement (repeated name)",
            name: name.to_owned(),
            known: publication.further.join(", "),
        });
    }
    let (part_cell, base_cell) = (publication.find(part)?, publication.find(base)?);
    let Some(base_cell) = base_cell else { return Ok(()) };
    add_remainder(publication, name, part_cell, base_cell, true)
}

/// Adds what is left of a base without a part. A part that is not held is a known zero.
fn add_remainder(
    publication: &mut Publication,
    name: &str,
    part_cell: Option<CellId>,
    base_cell: CellId,
    printed: bool,
) -> Result<()> {
    let (of, all) = (part_cell.map_or(0, |c| publication.value(c)), publication.value(base_cell));
    let left = all.checked_sub(of).ok_or_else(|| Error::NotAdditive {
        parent: publication.label(base_cell),
        stated: all as i64,
        parts: of as i64,
        difference: all as i64 - of as i64,
        relation: format!(
            "{} less {}",
            publication.label(base_cell),
            part_cell.map_or(String::new(), |c| publication.label(c))
        ),
    })?;
    if left == 0 && publication.zeros_known {
        // Part and base are the same number; the empty rest is a known zero.
        publication.parts.extend(part_cell);
        publication.relations.push((RelationKind::FurtherSum, base_cell, publication.parts.len()));
        return Ok(());
    }
    let cell = CellId(publication.values.len() as u32);
    publication.values.push(left);
    publication.frozen.push(false);
    publication.further.push(name.to_owned());
    publication.unprinted.push(!printed);
    publication.parts.extend(part_cell);
    publication.parts.push(cell);
    publication.relations.push((RelationKind::FurtherSum, base_cell, publication.parts.len()));
    Ok(())
}

/// Percentages of a dimension's total, with the remainders that they give away. Where the code has one sibling
/// only, the remainder is that sibling.
fn add_percentages(publication: &mut Publication, dimension: &str, form: Form) -> Result<()> {
    let known = || publication.dimensions.iter().map(Dimension::name).collect::<Vec<_>>().join(", ");
    let Some(d) = publication.dimensions.iter().position(|x| x.name() == dimension) else {
        return Err(Error::UnknownName { what: "dimension", name: dimension.to_owned(), known: known() });
    };
    publication.shares = Some(Shares { dimension: d, form });
    let two = publication.dimensions.get(d).is_some_and(|x| x.len() == 3 && x.children(0).len() == 2);
    if two {
        return Ok(());
    }
    for cell in publication.cells() {
        if let Some((base, _)) = publication.base_of(cell) {
            let name = format!("rest:{}", publication.label(cell));
            add_remainder(publication, &name, Some(cell), base, false)?;
        }
    }
    Ok(())
}

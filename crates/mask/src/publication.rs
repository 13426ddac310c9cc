//! The publication: cells over dimensions, linked tables, further sums, and the relations among them.

use crate::dimension::Dimension;
use crate::error::{Error, Result};
use hashbrown::{HashMap, HashSet};

/// Index of a cell within its [`Publication`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId(pub(crate) u32);

impl CellId {
    /// Position of the cell in the canonical order of the publication.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Why two sides of a relation are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RelationKind {
    /// A code is the sum of its children in this dimension, all other codes fixed.
    Dimension(usize),
    /// A further published sum.
    FurtherSum,
}

/// One equation of the publication: the first cell equals the sum of the others.
#[derive(Debug, Clone, Copy)]
pub struct Relation<'a> {
    /// Why it holds.
    pub kind: RelationKind,
    /// The sum.
    pub parent: CellId,
    /// The parts; known zeros are left out.
    pub parts: &'a [CellId],
}

/// A table: which dimensions are crossed, and how deep. A dimension left out stands at its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    name: String,
    depth: Vec<u32>,
}

impl Table {
    /// Name of the table.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The greatest depth shown for each dimension of the publication; 0 where only the root is.
    #[must_use]
    pub fn depths(&self) -> &[u32] {
        &self.depth
    }
}

/// A complete publication with its true counts. Confidential: this is what is to be masked.
///
/// `Debug` prints sizes, never counts.
#[derive(Clone)]
pub struct Publication {
    dimensions: Vec<Dimension>,
    tables: Vec<Table>,
    coordinates: Vec<u32>,
    values: Vec<u64>,
    frozen: Vec<bool>,
    further: Vec<String>,
    index: HashMap<u64, u32>,
    parts: Vec<CellId>,
    relations: Vec<(RelationKind, CellId, usize)>,
    zeros_known: bool,
}

impl std::fmt::Debug for Publication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publication")
            .field("dimensions", &self.dimensions.iter().map(Dimension::name).collect::<Vec<_>>())
            .field("tables", &self.tables.iter().map(Table::name).collect::<Vec<_>>())
            .field("cells", &self.values.len())
            .field("relations", &self.relations.len())
            .finish()
    }
}

impl Publication {
    /// Starts a publication over these dimensions. Without a call of [`PublicationBuilder::table`] all of
    /// them are crossed in one table.
    #[must_use]
    pub fn builder(dimensions: Vec<Dimension>) -> PublicationBuilder {
        PublicationBuilder {
            dimensions,
            tables: Vec::new(),
            leaves: Vec::new(),
            further: Vec::new(),
            complements: Vec::new(),
            frozen: Vec::new(),
            zeros_known: false,
            cell_limit: 20_000_000,
        }
    }

    /// The dimensions.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The tables.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Number of cells held. Zero cells are not held when zeros are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no cells.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// All cells in canonical order.
    pub fn cells(&self) -> impl Iterator<Item = CellId> + use<> {
        (0..self.values.len() as u32).map(CellId)
    }

    /// The true count of a cell; 0 for an id of another publication.
    #[must_use]
    pub fn value(&self, cell: CellId) -> u64 {
        self.values.get(cell.index()).copied().unwrap_or(0)
    }

    /// Whether the cell may not be hidden.
    #[must_use]
    pub fn is_frozen(&self, cell: CellId) -> bool {
        self.frozen.get(cell.index()).copied().unwrap_or(false)
    }

    /// Whether zero cells are public knowledge: never hidden, never cover, not held.
    #[must_use]
    pub fn zeros_known(&self) -> bool {
        self.zeros_known
    }

    /// The indices of the cell's codes, or none for a further sum.
    #[must_use]
    pub fn coordinate(&self, cell: CellId) -> Option<&[u32]> {
        let width = self.dimensions.len();
        let start = cell.index().checked_mul(width)?;
        self.coordinates.get(start..start + width)
    }

    /// The codes of the cell in dimension order; a further sum is `@name`.
    #[must_use]
    pub fn codes(&self, cell: CellId) -> Vec<String> {
        match self.coordinate(cell) {
            Some(at) => at.iter().zip(&self.dimensions).map(|(&id, d)| d.code(id).to_owned()).collect(),
            None => {
                let grid = self.coordinates.len() / self.dimensions.len().max(1);
                let name = cell.index().checked_sub(grid).and_then(|i| self.further.get(i));
                vec![format!("@{}", name.map_or("", String::as_str))]
            }
        }
    }

    /// The codes joined by `|`.
    #[must_use]
    pub fn label(&self, cell: CellId) -> String {
        self.codes(cell).join("|")
    }

    /// Steps of aggregation above the leaves, added over the dimensions; a further sum counts as one.
    #[must_use]
    pub fn height(&self, cell: CellId) -> u32 {
        match self.coordinate(cell) {
            Some(at) => at.iter().zip(&self.dimensions).map(|(&id, d)| d.max_depth() - d.depth(id)).sum(),
            None => 1,
        }
    }

    /// Finds a cell by its codes (or a single `@name`). `Ok(None)` is a known zero.
    ///
    /// # Errors
    /// [`Error::WrongArity`], [`Error::UnknownCode`], or [`Error::UnknownCell`] for a cell that no table shows.
    pub fn find<S: AsRef<str>>(&self, codes: &[S]) -> Result<Option<CellId>> {
        if let [single] = codes
            && let Some(name) = single.as_ref().strip_prefix('@')
        {
            let grid = self.coordinates.len() / self.dimensions.len().max(1);
            let position = self.further.iter().position(|f| f == name);
            return match position {
                Some(position) => Ok(Some(CellId((grid + position) as u32))),
                None => Err(Error::UnknownCell { cell: single.as_ref().to_owned() }),
            };
        }
        let at = locate(&self.dimensions, codes)?;
        if !shows(&self.dimensions, &self.tables, &at) {
            return Err(Error::UnknownCell { cell: join(codes) });
        }
        Ok(self.at(&at))
    }

    pub(crate) fn at(&self, at: &[u32]) -> Option<CellId> {
        self.index.get(&key(&self.dimensions, at)).map(|&id| CellId(id))
    }

    /// All relations.
    pub fn relations(&self) -> impl Iterator<Item = Relation<'_>> {
        let mut start = 0;
        self.relations.iter().map(move |&(kind, parent, end)| {
            let parts = self.parts.get(start..end).unwrap_or(&[]);
            start = end;
            Relation { kind, parent, parts }
        })
    }

    /// Number of relations.
    #[must_use]
    pub fn relation_count(&self) -> usize {
        self.relations.len()
    }

    /// A relation in words: `[State|05] = [D1|05] + [D2|05]`.
    #[must_use]
    pub fn relation_text(&self, relation: &Relation<'_>) -> String {
        let parts: Vec<_> = relation.parts.iter().map(|&c| format!("[{}]", self.label(c))).collect();
        format!("[{}] = {}", self.label(relation.parent), parts.join(" + "))
    }
}

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
}

impl PublicationBuilder {
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
    /// [`Error::Dimension`] if a code is not a leaf.
    pub fn count_at(&mut self, at: Vec<u32>, students: u64) -> Result<()> {
        for (&id, dimension) in at.iter().zip(&self.dimensions) {
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
        for dimension in &self.dimensions {
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
            zeros_known: self.zeros_known,
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
                        *sum = sum.checked_add(*students).filter(|s| *s < 1 << 40).ok_or_else(|| {
                            Error::TooLarge { what: "a count".into(), found: u64::MAX, limit: 1 << 40 }
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
    let mut sum = 0;
    for codes in of {
        if let Some(cell) = publication.find(codes)? {
            sum += publication.value(cell);
            publication.parts.push(cell);
        }
    }
    let cell = CellId(publication.values.len() as u32);
    publication.values.push(sum);
    publication.frozen.push(false);
    publication.further.push(name.to_owned());
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
    let value = |cell: Option<CellId>| cell.map_or(0, |c| publication.value(c));
    let (of, all) = (value(part_cell), value(base_cell));
    let left = all.checked_sub(of).ok_or_else(|| Error::NotAdditive {
        parent: join(base),
        stated: all as i64,
        parts: of as i64,
        difference: all as i64 - of as i64,
        relation: format!("{} less {}", join(base), join(part)),
    })?;
    let Some(base_cell) = base_cell else { return Ok(()) };
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
    publication.parts.extend(part_cell);
    publication.parts.push(cell);
    publication.relations.push((RelationKind::FurtherSum, base_cell, publication.parts.len()));
    Ok(())
}

fn shows(dimensions: &[Dimension], tables: &[Table], at: &[u32]) -> bool {
    tables.iter().any(|table| {
        at.iter().zip(dimensions).zip(&table.depth).all(|((&code, d), &limit)| d.depth(code) <= limit)
    })
}

fn locate<S: AsRef<str>>(dimensions: &[Dimension], codes: &[S]) -> Result<Vec<u32>> {
    if codes.len() != dimensions.len() {
        return Err(Error::WrongArity { expected: dimensions.len(), found: codes.len(), cell: join(codes) });
    }
    dimensions.iter().zip(codes).map(|(d, code)| d.find(code.as_ref())).collect()
}

fn join<S: AsRef<str>>(codes: &[S]) -> String {
    codes.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("|")
}

fn key(dimensions: &[Dimension], at: &[u32]) -> u64 {
    dimensions.iter().zip(at).fold(0, |key, (d, &code)| key * d.len() as u64 + u64::from(code))
}

fn unkey(dimensions: &[Dimension], mut key: u64, into: &mut Vec<u32>) {
    let start = into.len();
    for d in dimensions.iter().rev() {
        let size = d.len() as u64;
        into.push((key % size) as u32);
        key /= size;
    }
    if let Some(added) = into.get_mut(start..) {
        added.reverse();
    }
}

//! The publication: cells over dimensions, linked tables, further sums, and the relations among them.

use crate::builder::PublicationBuilder;
use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::share::{Form, Shares};
use hashbrown::HashMap;

/// Counts stay below this, so that sums of many fit in 64 bits.
pub(crate) const COUNT_LIMIT: u64 = 1 << 40;

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
    pub(crate) name: String,
    pub(crate) depth: Vec<u32>,
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
    pub(crate) dimensions: Vec<Dimension>,
    pub(crate) tables: Vec<Table>,
    pub(crate) coordinates: Vec<u32>,
    pub(crate) values: Vec<u64>,
    pub(crate) frozen: Vec<bool>,
    pub(crate) further: Vec<String>,
    pub(crate) index: HashMap<u64, u32>,
    pub(crate) parts: Vec<CellId>,
    pub(crate) relations: Vec<(RelationKind, CellId, usize)>,
    pub(crate) zeros_known: bool,
    /// Names of further sums that are worked out but not printed.
    pub(crate) unprinted: Vec<bool>,
    pub(crate) shares: Option<Shares>,
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
        PublicationBuilder::new(dimensions)
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

    /// The cell of which this one is printed as a percentage, and in which form; none where no percentage is.
    #[must_use]
    pub fn base_of(&self, cell: CellId) -> Option<(CellId, &Form)> {
        let shares = self.shares.as_ref()?;
        let mut at = self.coordinate(cell)?.to_vec();
        let code = at.get_mut(shares.dimension).filter(|code| **code != 0)?;
        *code = 0;
        Some((self.at(&at)?, &shares.form))
    }

    /// Whether a percentage is printed beside the counts.
    #[must_use]
    pub fn has_percentages(&self) -> bool {
        self.shares.is_some()
    }

    /// Whether the cell is printed; a remainder that is only worked out is not.
    #[must_use]
    pub fn is_printed(&self, cell: CellId) -> bool {
        let grid = self.coordinates.len() / self.dimensions.len().max(1);
        cell.index().checked_sub(grid).and_then(|i| self.unprinted.get(i)) != Some(&true)
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

pub(crate) fn shows(dimensions: &[Dimension], tables: &[Table], at: &[u32]) -> bool {
    tables.iter().any(|table| {
        at.iter().zip(dimensions).zip(&table.depth).all(|((&code, d), &limit)| d.depth(code) <= limit)
    })
}

pub(crate) fn locate<S: AsRef<str>>(dimensions: &[Dimension], codes: &[S]) -> Result<Vec<u32>> {
    if codes.len() != dimensions.len() {
        return Err(Error::WrongArity { expected: dimensions.len(), found: codes.len(), cell: join(codes) });
    }
    dimensions.iter().zip(codes).map(|(d, code)| d.find(code.as_ref())).collect()
}

pub(crate) fn join<S: AsRef<str>>(codes: &[S]) -> String {
    codes.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("|")
}

pub(crate) fn key(dimensions: &[Dimension], at: &[u32]) -> u64 {
    dimensions.iter().zip(at).fold(0, |key, (d, &code)| key * d.len() as u64 + u64::from(code))
}

pub(crate) fn unkey(dimensions: &[Dimension], mut key: u64, into: &mut Vec<u32>) {
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

//! The counting pass: from one row a student to counts, mergeable over disjoint students.

use crate::builder::PublicationBuilder;
use crate::dimension::Dimension;
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Partial counts of some students. Partials made by different workers merge when their students are
/// disjoint; a shared student is an error, never counted twice.
///
/// ```
/// use opi_mask::{Dimension, Tally};
/// let dims = vec![Dimension::parse("race", ["Total", "H", "W"])?];
/// let mut north = Tally::new(&dims);
/// north.add("student-1", &["H"])?;
/// let mut south = Tally::new(&dims);
/// south.add("student-2", &["W"])?;
/// north.merge(south)?;
/// assert_eq!(north.students(), 2);
/// let mut again = Tally::new(&dims);
/// again.add("student-2", &["H"])?;
/// assert!(north.merge(again).is_err());
/// # Ok::<(), opi_mask::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Tally {
    dimensions: Vec<Dimension>,
    counts: BTreeMap<Vec<u32>, u64>,
    students: BTreeSet<String>,
}

impl std::fmt::Debug for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tally")
            .field("leaves", &self.counts.len())
            .field("students", &self.students.len())
            .finish()
    }
}

impl Tally {
    /// An empty tally over these dimensions.
    #[must_use]
    pub fn new(dimensions: &[Dimension]) -> Self {
        Self { dimensions: dimensions.to_vec(), counts: BTreeMap::new(), students: BTreeSet::new() }
    }

    /// Counts one student in one leaf.
    ///
    /// # Errors
    /// [`Error::Overlap`] if the student was counted before (the key is not repeated in the message),
    /// [`Error::UnknownCode`], [`Error::WrongArity`], or [`Error::Dimension`] for a code that is not a leaf.
    pub fn add<S: AsRef<str>>(&mut self, student: &str, codes: &[S]) -> Result<()> {
        if codes.len() != self.dimensions.len() {
            return Err(Error::WrongArity {
                expected: self.dimensions.len(),
                found: codes.len(),
                cell: codes.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("|"),
            });
        }
        let mut at = Vec::with_capacity(codes.len());
        for (dimension, code) in self.dimensions.iter().zip(codes) {
            let id = dimension.find(code.as_ref())?;
            if !dimension.is_leaf(id) {
                return Err(Error::Dimension {
                    dimension: dimension.name().to_owned(),
                    problem: format!("students are counted in leaves, but `{}` has children", code.as_ref()),
                });
            }
            at.push(id);
        }
        if !self.students.insert(student.to_owned()) {
            return Err(overlap());
        }
        *self.counts.entry(at).or_insert(0) += 1;
        Ok(())
    }

    /// Adds another partial.
    ///
    /// # Errors
    /// [`Error::Overlap`] if a student is in both, [`Error::Dimension`] if the dimensions differ; nothing is
    /// changed then.
    pub fn merge(&mut self, other: Self) -> Result<()> {
        if self.dimensions != other.dimensions {
            return Err(Error::Dimension {
                dimension: "all".to_owned(),
                problem: "the two partial counts use different dimensions".to_owned(),
            });
        }
        if self.students.intersection(&other.students).next().is_some() {
            return Err(overlap());
        }
        self.students.extend(other.students);
        for (at, count) in other.counts {
            *self.counts.entry(at).or_insert(0) += count;
        }
        Ok(())
    }

    /// Students counted.
    #[must_use]
    pub fn students(&self) -> usize {
        self.students.len()
    }

    /// The dimensions.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The counted leaves: indices of the codes, and students.
    #[must_use]
    pub fn leaves(&self) -> Vec<(Vec<u32>, u64)> {
        self.counts.iter().map(|(at, &count)| (at.clone(), count)).collect()
    }

    /// Puts the counts into a builder over the same dimensions.
    ///
    /// # Errors
    /// Errors of [`PublicationBuilder::count_at`].
    pub fn fill(&self, builder: &mut PublicationBuilder) -> Result<()> {
        for (at, &count) in &self.counts {
            builder.count_at(at.clone(), count)?;
        }
        Ok(())
    }
}

fn overlap() -> Error {
    Error::Overlap { key: "(withheld: a personal identifier)".to_owned() }
}

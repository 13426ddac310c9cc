//! Partial results: counts of a part of the students, which merge without counting a student twice.

use super::{CellKey, CountResult, Counter, Tally};
use crate::EdfactsError;
use crate::input::{StudentKey, StudentRows};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;

/// A part of the count. Students whom several parts know (who attended two districts, say) must be named
/// when each part is counted: their rows are kept aside and counted once, when all parts are together.
///
/// Merging is associative and commutative; the merged result equals the count of the whole.
#[derive(Clone, Debug)]
pub struct Partial {
    request: Vec<u8>,
    cells: HashMap<CellKey, Tally>,
    counted: HashSet<[u8; 16]>,
    shared: BTreeMap<StudentKey, StudentRows>,
}

impl Partial {
    /// Counts a part of the students. `shared` are the keys of students who also stand in other parts.
    pub fn count<'s>(
        mut counter: Counter<'_>,
        students: impl IntoIterator<Item = &'s StudentRows>,
        shared: &std::collections::BTreeSet<StudentKey>,
    ) -> Partial {
        let mut counted = HashSet::new();
        let mut aside: BTreeMap<StudentKey, StudentRows> = BTreeMap::new();
        for student in students {
            if shared.contains(&student.id) {
                match aside.get_mut(&student.id) {
                    Some(known) => known.absorb(student.clone()),
                    None => {
                        aside.insert(student.id.clone(), student.clone());
                    }
                }
            } else {
                counted.insert(digest(&student.id));
                counter.add(student);
            }
        }
        Partial { request: request(&counter), cells: counter.cells, counted, shared: aside }
    }

    /// Puts two parts together.
    ///
    /// # Errors
    /// [`EdfactsError::OverlappingPartials`] when a student was counted in both, or counted in one and kept
    /// aside in the other; [`EdfactsError::DifferentRequests`] when the parts were asked different things.
    pub fn merge(mut self, other: Partial) -> Result<Partial, EdfactsError> {
        if self.request != other.request {
            return Err(EdfactsError::DifferentRequests { what: "files, levels, answers or units" });
        }
        let twice = other.counted.iter().filter(|key| self.counted.contains(*key)).count();
        let aside = |keys: &HashSet<[u8; 16]>, shared: &BTreeMap<StudentKey, StudentRows>| {
            shared.keys().filter(|key| keys.contains(&digest(key))).count()
        };
        let shared = twice + aside(&self.counted, &other.shared) + aside(&other.counted, &self.shared);
        if shared > 0 {
            return Err(EdfactsError::OverlappingPartials { shared });
        }
        #[allow(clippy::iter_over_hash_type)] // sums and sets do not depend on the order
        for (key, tally) in other.cells {
            let known = self.cells.entry(key).or_default();
            known.sum = known.sum.saturating_add(tally.sum);
            known.base = known.base.saturating_add(tally.base);
        }
        self.counted.extend(other.counted);
        for (key, rows) in other.shared {
            match self.shared.get_mut(&key) {
                Some(known) => known.absorb(rows),
                None => {
                    self.shared.insert(key, rows);
                }
            }
        }
        Ok(self)
    }

    /// Counts the students kept aside and makes the records. The counter must be made by the same request.
    ///
    /// # Errors
    /// [`EdfactsError::DifferentRequests`].
    pub fn finish(self, mut counter: Counter<'_>) -> Result<CountResult, EdfactsError> {
        if self.request != request(&counter) {
            return Err(EdfactsError::DifferentRequests { what: "files, levels, answers or units" });
        }
        counter.cells = self.cells;
        for student in self.shared.values() {
            counter.add(student);
        }
        Ok(counter.finish())
    }
}

/// Keys are kept as digests: 16 bytes a student, and no identifier in a partial but the shared ones.
fn digest(key: &StudentKey) -> [u8; 16] {
    let mut short = [0; 16];
    let full = blake3::hash(key.reveal().as_bytes());
    short.iter_mut().zip(full.as_bytes()).for_each(|(to, from)| *to = *from);
    short
}

/// What makes two counters count alike: files, levels, answers and units.
fn request(counter: &Counter<'_>) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    for file in &counter.plan.files {
        hasher.update(format!("{} {} {};", file.file, file.level, file.asked).as_bytes());
    }
    hasher.update(format!("{:?}", counter.cx.config).as_bytes());
    hasher.update(format!("{:?}{:?}", counter.cx.units.leas, counter.cx.units.schools).as_bytes());
    hasher.finalize().as_bytes().to_vec()
}

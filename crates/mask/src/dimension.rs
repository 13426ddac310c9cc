//! Dimensions: hierarchies of codes, with further groupings of the same codes where two exist.

use crate::error::{Error, Result};
use hashbrown::HashMap;

/// One dimension of a publication: a tree of codes under one root (the total), and any number of
/// further groupings (a county beside an athletic class) whose members are codes of the tree.
///
/// Codes are kept in a canonical order (root, then depth first, siblings by code, then groupings), so
/// that results do not depend on the order of declaration.
///
/// ```
/// use opi_mask::Dimension;
/// let unit = Dimension::parse("unit", ["State", "D1", "D2", "S11:D1", "S12:D1", "S21:D2"])?;
/// assert_eq!(unit.codes().next(), Some("State"));
/// assert_eq!(unit.depth(unit.find("S11")?), 2);
/// # Ok::<(), opi_mask::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    name: String,
    /// Columns of a file from the highest level to the lowest; none if codes of all levels stand in one.
    columns: Vec<String>,
    nodes: Vec<Node>,
    by_code: HashMap<String, u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    code: String,
    depth: u32,
    parent: Option<u32>,
    children: Vec<u32>,
    grouping: bool,
}

impl Dimension {
    /// Reads the list form: the first code is the root, `code:parent` hangs a code under a parent
    /// declared anywhere in the list, a bare code hangs under the root.
    ///
    /// # Errors
    /// [`Error::Dimension`] for an empty list, a repeated code, an unknown parent or a cycle.
    pub fn parse<S: AsRef<str>>(name: &str, list: impl IntoIterator<Item = S>) -> Result<Self> {
        let mut entries = Vec::new();
        let mut root = None;
        for item in list {
            let item = item.as_ref();
            let (code, parent) = match item.split_once(':') {
                Some((code, parent)) => (code, Some(parent.to_owned())),
                None => (item, None),
            };
            match &root {
                None => root = Some(code.to_owned()),
                Some(root) => entries.push((code.to_owned(), parent.unwrap_or_else(|| root.clone()))),
            }
        }
        let root = root.ok_or_else(|| problem(name, "has no codes; give at least the total"))?;
        Self::from_edges(name, &root, entries)
    }

    /// Builds the tree from its root and `(code, parent)` pairs in any order.
    ///
    /// # Errors
    /// [`Error::Dimension`] for a repeated code, an unknown parent or a cycle.
    pub fn from_edges(
        name: &str,
        root: &str,
        edges: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self> {
        let mut children: HashMap<String, Vec<String>> = HashMap::new();
        let mut seen: HashMap<String, ()> = HashMap::new();
        seen.insert(root.to_owned(), ());
        let mut count = 1_usize;
        for (code, parent) in edges {
            if code.is_empty() {
                return Err(problem(name, "has an empty code"));
            }
            if seen.insert(code.clone(), ()).is_some() {
                return Err(problem(name, &format!("code `{code}` is declared twice")));
            }
            count += 1;
            children.entry(parent).or_default().push(code);
        }
        let mut dimension =
            Self { name: name.to_owned(), columns: Vec::new(), nodes: Vec::new(), by_code: HashMap::new() };
        let mut stack = vec![(root.to_owned(), None::<u32>, 0_u32)];
        while let Some((code, parent, depth)) = stack.pop() {
            let id = dimension.add(&code, depth, parent, false)?;
            if let Some(mut below) = children.remove(&code) {
                below.sort_unstable();
                stack.extend(below.into_iter().rev().map(|code| (code, Some(id), depth + 1)));
            }
        }
        if dimension.nodes.len() != count {
            let mut lost: Vec<_> = children.into_keys().collect();
            lost.sort_unstable();
            return Err(problem(name, &format!("parent `{}` is not below the root", lost.join("`, `"))));
        }
        for id in 0..dimension.nodes.len() {
            let parent = dimension.nodes.get(id).and_then(|node| node.parent);
            if let Some(parent) = parent.and_then(|p| dimension.nodes.get_mut(p as usize)) {
                parent.children.push(id as u32);
            }
        }
        Ok(dimension)
    }

    /// Adds a further grouping of codes: a node that is the sum of `members` but stands outside the
    /// tree (a second regional division of the same schools).
    ///
    /// # Errors
    /// [`Error::Dimension`] if the code exists, has no members, or has members that overlap (a district and
    /// one of its schools); [`Error::UnknownCode`] for a member.
    pub fn with_grouping<S: AsRef<str>>(
        mut self,
        code: &str,
        members: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let mut ids = members.into_iter().map(|m| self.find(m.as_ref())).collect::<Result<Vec<_>>>()?;
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Err(problem(&self.name, &format!("grouping `{code}` has no members")));
        }
        let mut below = vec![false; self.nodes.len()];
        for &member in &ids {
            for leaf in self.leaves_below(member) {
                if below.get_mut(leaf as usize).is_some_and(|seen| std::mem::replace(seen, true)) {
                    let twice = self.code(leaf);
                    return Err(problem(
                        &self.name,
                        &format!(
                            "grouping `{code}` would count `{twice}` twice; its members must not overlap"
                        ),
                    ));
                }
            }
        }
        let id = self.add(code, 1, None, true)?;
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.children = ids;
        }
        Ok(self)
    }

    /// The leaves whose sum a code is; the code itself if it is one.
    fn leaves_below(&self, id: u32) -> Vec<u32> {
        let mut open = vec![id];
        let mut leaves = Vec::new();
        while let Some(id) = open.pop() {
            match self.children(id) {
                [] => leaves.push(id),
                children => open.extend(children),
            }
        }
        leaves
    }

    /// Writes the levels into columns of their own, as they were read: a file of districts and schools then
    /// says itself which school is whose. Without this all codes stand in one column named after the dimension.
    #[must_use]
    pub fn in_columns(mut self, columns: &[String]) -> Self {
        self.columns = columns.to_vec();
        self
    }

    /// The columns in which the dimension is written.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let own = self.columns.is_empty().then_some(self.name.as_str());
        own.into_iter().chain(self.columns.iter().map(String::as_str))
    }

    /// What stands in these columns for a code: its path from the highest level down, then the total.
    pub(crate) fn path(&self, id: u32) -> Vec<&str> {
        if self.columns.is_empty() {
            return vec![self.code(id)];
        }
        let mut path = Vec::new();
        let mut at = Some(id).filter(|&id| id != 0);
        while let Some(id) = at {
            at = self.parent(id).filter(|&up| up != 0);
            // A code that stands under several parents is called `parent/code`.
            let above = self.parent(id).map_or("", |up| self.code(up));
            let long = self.code(id).strip_prefix(above).and_then(|rest| rest.strip_prefix('/'));
            path.push(long.unwrap_or(self.code(id)));
        }
        path.reverse();
        path.resize(self.columns.len().max(path.len()), self.code(0));
        path
    }

    fn add(&mut self, code: &str, depth: u32, parent: Option<u32>, grouping: bool) -> Result<u32> {
        let id = u32::try_from(self.nodes.len()).map_err(|_| problem(&self.name, "has too many codes"))?;
        if self.by_code.insert(code.to_owned(), id).is_some() {
            return Err(problem(&self.name, &format!("code `{code}` is declared twice")));
        }
        self.nodes.push(Node { code: code.to_owned(), depth, parent, children: Vec::new(), grouping });
        Ok(id)
    }

    /// Name of the dimension.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of codes, the root and groupings included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never true: a dimension has at least its root.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Codes in canonical order.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|node| node.code.as_str())
    }

    /// The code with a given index; empty for an index that does not exist.
    #[must_use]
    pub fn code(&self, id: u32) -> &str {
        self.nodes.get(id as usize).map_or("", |node| node.code.as_str())
    }

    /// Index of a code.
    ///
    /// # Errors
    /// [`Error::UnknownCode`].
    pub fn find(&self, code: &str) -> Result<u32> {
        self.by_code.get(code).copied().ok_or_else(|| Error::UnknownCode {
            dimension: self.name.clone(),
            code: code.to_owned(),
            known: self.codes().take(5).collect::<Vec<_>>().join(", "),
        })
    }

    /// Steps from the root; 1 for a grouping.
    #[must_use]
    pub fn depth(&self, id: u32) -> u32 {
        self.nodes.get(id as usize).map_or(0, |node| node.depth)
    }

    /// The greatest depth of any code.
    #[must_use]
    pub fn max_depth(&self) -> u32 {
        self.nodes.iter().map(|node| node.depth).max().unwrap_or(0)
    }

    /// The codes whose sum this code is; empty for a leaf.
    #[must_use]
    pub fn children(&self, id: u32) -> &[u32] {
        self.nodes.get(id as usize).map_or(&[], |node| node.children.as_slice())
    }

    /// The parent in the tree; none for the root and for groupings.
    #[must_use]
    pub fn parent(&self, id: u32) -> Option<u32> {
        self.nodes.get(id as usize).and_then(|node| node.parent)
    }

    /// Whether the code has no children.
    #[must_use]
    pub fn is_leaf(&self, id: u32) -> bool {
        self.children(id).is_empty()
    }

    /// Leaves in canonical order.
    pub fn leaves(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.nodes.len() as u32).filter(|&id| self.is_leaf(id))
    }

    /// For each leaf (by index) every code that contains it, itself included; empty for inner codes.
    pub(crate) fn containing(&self) -> Vec<Vec<u32>> {
        let mut up: Vec<Vec<u32>> = vec![Vec::new(); self.nodes.len()];
        for leaf in self.leaves() {
            if let Some(list) = up.get_mut(leaf as usize) {
                let mut at = Some(leaf);
                while let Some(id) = at {
                    list.push(id);
                    at = self.parent(id);
                }
            }
        }
        for (group, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.grouping) {
            for list in &mut up {
                if list.iter().any(|id| node.children.contains(id)) {
                    list.push(group as u32);
                }
            }
        }
        up
    }
}

fn problem(dimension: &str, problem: &str) -> Error {
    Error::Dimension { dimension: dimension.to_owned(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_declaration_does_not_matter() {
        let a = Dimension::parse("u", ["T", "B", "A", "x:A", "y:B"]).unwrap();
        let b = Dimension::parse("u", ["T", "y:B", "x:A", "A", "B"]).unwrap();
        assert_eq!(a, b);
        assert_eq!(a.codes().collect::<Vec<_>>(), ["T", "A", "x", "B", "y"]);
    }

    #[test]
    fn members_of_a_grouping_do_not_overlap() {
        let d = Dimension::parse("u", ["T", "A", "B", "x:A", "y:A"]).unwrap();
        let grouped = d.clone().with_grouping("G", ["A", "B"]).unwrap();
        assert_eq!(grouped.children(grouped.find("G").unwrap()).len(), 2);
        let message = d.with_grouping("G", ["A", "x"]).unwrap_err().to_string();
        assert!(message.contains("`x` twice"), "{message}");
        assert!(grouped.with_grouping("H", ["G", "y"]).is_err());
    }

    #[test]
    fn faults_are_named() {
        for (list, word) in [
            (vec!["T", "A", "A"], "twice"),
            (vec!["T", "x:Q"], "`Q`"),
            (vec![], "no codes"),
            (vec!["T", "a:b", "b:a"], "root"),
        ] {
            let message = Dimension::parse("u", list).unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
        }
    }
}

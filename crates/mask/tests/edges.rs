//! Edge cases of our own, each checked by a program that knows nothing of the crate: it tries every table of whole
//! numbers that agrees with what stays published.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

use opi_mask::{Cost, Policy, case_file};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const EDGES: &str = include_str!("data/edges.toml");

/// What the crate must refuse, with the cells that are in the way.
const REFUSED: [(&str, &str); 1] = [("E14", "[A]")];
/// The greatest count tried for a leaf above its true one.
const ABOVE: u64 = 24;

#[derive(Deserialize)]
struct File {
    case: Vec<Edge>,
    percent: Vec<Percent>,
}

#[derive(Deserialize)]
struct Percent {
    id: String,
    policy: String,
    rows: Vec<(u64, u64, String)>,
}

#[derive(Deserialize)]
struct Edge {
    id: String,
    dims: Vec<Tree>,
    leaf: toml::Value,
    #[serde(default)]
    extra: Vec<Sum>,
    #[serde(default)]
    zeros_known: bool,
    primary: Vec<Vec<String>>,
    level: String,
    #[serde(default)]
    upper_bounds: BTreeMap<String, u64>,
    opt_secondary: Option<usize>,
    opt_value: Option<u64>,
}

#[derive(Deserialize)]
struct Tree {
    tree: Vec<String>,
}

#[derive(Deserialize)]
struct Sum {
    id: String,
    of: Vec<Vec<String>>,
}

/// The leaves of each code of a tree, by position.
fn members(tree: &[String]) -> Vec<(String, Vec<usize>)> {
    let split = |entry: &String| match entry.split_once(':') {
        Some((code, parent)) => (code.to_owned(), Some(parent.to_owned())),
        None => (entry.clone(), None),
    };
    let root = split(&tree[0]).0;
    let above: BTreeMap<String, String> =
        tree[1..].iter().map(split).map(|(code, up)| (code, up.unwrap_or(root.clone()))).collect();
    let leaves: Vec<String> =
        tree.iter().map(|e| split(e).0).filter(|c| !above.values().any(|up| up == c)).collect();
    let under = |leaf: &String, code: &String| {
        let mut at = Some(leaf);
        while let Some(here) = at {
            if here == code {
                return true;
            }
            at = above.get(here);
        }
        false
    };
    let list = |code: &String| (0..leaves.len()).filter(|&i| under(&leaves[i], code)).collect();
    tree.iter().map(|e| split(e).0).map(|code| (code.clone(), list(&code))).collect()
}

fn flat(value: &toml::Value, out: &mut Vec<u64>) {
    match value {
        toml::Value::Array(list) => list.iter().for_each(|v| flat(v, out)),
        other => out.push(other.as_integer().unwrap() as u64),
    }
}

impl Edge {
    /// Every cell with the leaves that it adds up.
    fn cells(&self) -> BTreeMap<String, Vec<usize>> {
        let mut cells = vec![(Vec::<String>::new(), vec![0])];
        for dim in &self.dims {
            let codes = members(&dim.tree);
            let width = codes[0].1.len();
            let mut next = Vec::new();
            for (name, list) in &cells {
                for (code, below) in &codes {
                    let name = name.iter().cloned().chain([code.clone()]).collect();
                    next.push((
                        name,
                        list.iter().flat_map(|i| below.iter().map(move |b| i * width + b)).collect(),
                    ));
                }
            }
            cells = next;
        }
        let mut cells: BTreeMap<String, Vec<usize>> =
            cells.into_iter().map(|(name, list)| (name.join("|"), list)).collect();
        for sum in &self.extra {
            let all = sum.of.iter().flat_map(|codes| cells[&codes.join("|")].clone()).collect();
            cells.insert(format!("@{}", sum.id), all);
        }
        cells
    }

    /// Least and greatest value of every hidden cell over all tables that agree with the others.
    fn intervals(&self, hidden: &BTreeSet<String>) -> BTreeMap<String, (u64, u64)> {
        let (cells, mut truth) = (self.cells(), Vec::new());
        flat(&self.leaf, &mut truth);
        let sum = |list: &[usize], leaves: &[u64]| list.iter().map(|&i| leaves[i]).sum::<u64>();
        let shown: Vec<(&Vec<usize>, u64)> = cells
            .iter()
            .filter(|(name, _)| !hidden.contains(*name))
            .map(|(_, list)| (list, sum(list, &truth)))
            .collect();
        let mut found = BTreeMap::new();
        let mut leaves = Vec::new();
        self.extend(&truth, &shown, &mut leaves, &mut |leaves| {
            let told = |name: &String| self.upper_bounds.get(name).map_or((0, u64::MAX), |&hi| (1, hi));
            let allowed = hidden.iter().all(|name| {
                let (lo, hi) = told(name);
                (lo..=hi).contains(&sum(&cells[name], leaves))
            });
            for name in hidden.iter().filter(|_| allowed) {
                let value = sum(&cells[name], leaves);
                let slot = found.entry(name.clone()).or_insert((value, value));
                *slot = (slot.0.min(value), slot.1.max(value));
            }
        });
        found
    }

    fn extend(
        &self,
        truth: &[u64],
        shown: &[(&Vec<usize>, u64)],
        leaves: &mut Vec<u64>,
        visit: &mut dyn FnMut(&[u64]),
    ) {
        let at = leaves.len();
        let fits = shown.iter().all(|(list, total)| {
            let so_far: u64 = list.iter().filter(|&&i| i < at).map(|&i| leaves[i]).sum();
            so_far <= *total && (so_far == *total || list.iter().any(|&i| i >= at))
        });
        if !fits {
            return;
        }
        if at == truth.len() {
            visit(leaves);
            return;
        }
        let fixed = self.zeros_known && truth[at] == 0;
        for value in 0..=if fixed { 0 } else { truth[at] + ABOVE } {
            leaves.push(value);
            self.extend(truth, shown, leaves, visit);
            leaves.pop();
        }
    }

    fn met(&self, value: u64, (lo, hi): (u64, u64)) -> bool {
        let (name, number) = self.level.split_once(':').unwrap_or((&self.level, "0"));
        let number: u64 = number.parse().unwrap();
        assert!(lo <= value && value <= hi);
        match name {
            "exact" => hi > lo,
            "width" => hi - lo >= number,
            "range" => lo <= 1 && hi >= number,
            "hide" => lo <= 1 && hi > number,
            other => panic!("{other}"),
        }
    }
}

#[test]
fn every_edge_is_certified_or_refused_by_name() {
    let file: File = toml::from_str(EDGES).unwrap();
    for (edge, case) in file.case.iter().zip(case_file::parse(EDGES).unwrap()) {
        for cost in [Cost::Count, Cost::Value] {
            let result = case.run(cost).unwrap();
            let primary: BTreeSet<_> = result.primary.iter().collect();
            assert_eq!(primary, edge.primary.iter().collect(), "{}", edge.id);
            if let Some((_, word)) = REFUSED.iter().find(|r| r.0 == edge.id) {
                assert!(!result.certified && result.problem.unwrap().contains(word), "{}", edge.id);
                continue;
            }
            assert!(result.certified, "{}: {:?}", edge.id, result.problem);
            match cost {
                Cost::Count => {
                    assert!(edge.opt_secondary.is_none_or(|n| n == result.secondary_count), "{}", edge.id)
                }
                _ => {
                    assert!(edge.opt_value.is_none_or(|v| v == result.value), "{}: {}", edge.id, result.value)
                }
            }
            let names = result.primary.iter().chain(&result.secondary).map(|codes| codes.join("|"));
            let hidden: BTreeSet<String> = names.collect();
            let found = edge.intervals(&hidden);
            assert_eq!(found.len(), hidden.len(), "{}", edge.id);
            for (name, &(lo, hi)) in &found {
                let [least, most] = result.intervals[name];
                assert_eq!(least, Some(lo), "{} {name}", edge.id);
                // An open end goes on above what is tried here.
                assert!(most.is_none_or(|most| most == hi), "{} {name}: {most:?} {hi}", edge.id);
            }
            let (cells, mut truth) = (edge.cells(), Vec::new());
            flat(&edge.leaf, &mut truth);
            for name in edge.primary.iter().map(|codes| codes.join("|")) {
                let value = cells[&name].iter().map(|&i| truth[i]).sum();
                assert!(edge.met(value, found[&name]), "{} {name} {:?}", edge.id, found[&name]);
            }
        }
    }
}

#[test]
fn bad_patterns_fall() {
    for case in case_file::parse(EDGES).unwrap().iter().filter(|c| c.bad_pattern.is_some()) {
        let result = case.run(Cost::Value).unwrap();
        for (cell, &[lo, hi]) in &case.expect {
            assert_eq!(result.attack[cell], [Some(lo as u64), Some(hi as u64)], "{} {cell}", case.id);
            assert!(result.derivations.contains_key(cell), "{} {cell}", case.id);
        }
    }
}

#[test]
fn codes_change_at_their_sizes() {
    let file: File = toml::from_str(EDGES).unwrap();
    for row in &file.percent {
        let policy = Policy::find(&row.policy).unwrap();
        for (size, count, shown) in &row.rows {
            let code = policy.band(*size).and_then(|b| b.code(*size, *count).map(str::to_owned));
            assert_eq!(code.as_ref().unwrap_or(&policy.symbol), shown, "{} {size} {count}", row.id);
        }
    }
}

#[test]
fn unknown_keys_are_named() {
    for (text, words) in [
        ("[[case]]\nid = \"E1\"\nzeroes_known = true\n", ["E1", "zeroes_known"]),
        ("[[cases]]\nid = \"E1\"\n", ["case file", "cases"]),
    ] {
        let message = case_file::parse(text).unwrap_err().to_string();
        assert!(words.iter().all(|w| message.contains(w)), "{message}");
    }
}

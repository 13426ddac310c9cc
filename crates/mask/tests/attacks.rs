//! The written file is attacked by code that shares nothing with the crate: every table of whole numbers that
//! agrees with the printed figures, symbols and percentages is tried.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test"
)]

use opi_mask::{
    Cost, Dimension, Error, Form, Level, Policy, Publication, Rule, Symbols, Zeros, mask, write_csv,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Hidden counts above this are not tried; all true counts and demands are well below.
const CAP: u64 = 12;

#[derive(Debug, Clone)]
struct Table {
    units: usize,
    codes: usize,
    counts: Vec<u64>,
    percentages: Option<Form>,
    rule: Rule,
    symbols: Symbols,
}

impl Table {
    fn publication(&self) -> Publication {
        let list = |prefix: &str, n: usize| {
            std::iter::once("Total".to_owned())
                .chain((0..n).map(|i| format!("{prefix}{i}")))
                .collect::<Vec<_>>()
        };
        let dims = vec![
            Dimension::parse("unit", list("u", self.units)).unwrap(),
            Dimension::parse("code", list("c", self.codes)).unwrap(),
        ];
        let mut builder = Publication::builder(dims).zeros_known(self.rule.zeros.known());
        for (i, &count) in self.counts.iter().enumerate() {
            builder.count(&[format!("u{}", i / self.codes), format!("c{}", i % self.codes)], count).unwrap();
        }
        if let Some(form) = &self.percentages {
            builder = builder.percentages("code", form.clone());
        }
        builder.build().unwrap()
    }
}

fn rule() -> impl Strategy<Value = Rule> {
    let zeros =
        prop_oneof![Just(Zeros::Show), Just(Zeros::Structural), Just(Zeros::Mask), Just(Zeros::Cover)];
    let level = prop_oneof![
        3 => Just(Level::Exact),
        1 => Just(Level::Width(2)),
        1 => Just(Level::Range(3)),
        1 => Just(Level::Hide(3)),
        1 => Just(Level::Sliding { upper: 2, lower: 1 })
    ];
    let cost = prop_oneof![Just(Cost::Value), Just(Cost::Count), Just(Cost::ValueByLevel)];
    (1..4_u64, zeros, level, cost, prop::bits::u8::masked(0b1111)).prop_map(
        |(max, zeros, level, cost, flags)| {
            let mut rule = Rule::new(max, zeros);
            rule.level = level;
            rule.cost = cost;
            rule.legend_marks_sensitive = flags & 3 == 3;
            rule.hidden_positive = flags & 4 != 0;
            rule.line_sums = flags & 8 != 0;
            rule
        },
    )
}

fn table() -> impl Strategy<Value = Table> {
    let form = prop_oneof![
        2 => Just(None),
        1 => (0..2_u32).prop_map(|d| Some(Form::Rounded(d))),
        1 => Just(Some(Form::Coded(Box::new(Policy::find("edfacts-public").unwrap()))))
    ];
    (1..3_usize, 2..4_usize, rule(), form).prop_flat_map(|(units, codes, rule, percentages)| {
        let count = prop_oneof![4 => 0..5_u64, 2 => 4..9_u64];
        prop::collection::vec(count, units * codes).prop_map(move |counts| Table {
            units,
            codes,
            counts,
            percentages: percentages.clone(),
            symbols: match rule.legend_marks_sensitive {
                true => Symbols::two("s", "DS"),
                false => Symbols::default(),
            },
            rule: rule.clone(),
        })
    })
}

/// What one printed line says of its cell: a predicate on count and total.
struct Line {
    /// Leaves added up in the cell, and in the total of its unit.
    leaves: Vec<usize>,
    of_unit: Vec<usize>,
    count: String,
    percent: String,
}

fn read(table: &Table, csv: &str) -> BTreeMap<(String, String), Line> {
    let members = |code: &str, prefix: char, n: usize| -> Vec<usize> {
        match code.strip_prefix(prefix) {
            Some(i) => vec![i.parse().unwrap()],
            None => (0..n).collect(),
        }
    };
    let mut lines = BTreeMap::new();
    for record in csv.lines().skip(1) {
        let fields: Vec<&str> = record.split(',').collect();
        let (units, codes) = (members(fields[0], 'u', table.units), members(fields[1], 'c', table.codes));
        let cross = |codes: &[usize]| {
            units.iter().flat_map(|u| codes.iter().map(move |c| u * table.codes + c)).collect::<Vec<_>>()
        };
        let all: Vec<usize> = (0..table.codes).collect();
        let line = Line {
            leaves: cross(&codes),
            of_unit: cross(&all),
            count: fields[2].to_owned(),
            percent: fields.get(3).map_or(String::new(), |p| (*p).to_owned()),
        };
        lines.insert((fields[0].to_owned(), fields[1].to_owned()), line);
    }
    lines
}

/// Whole percents that an EDFacts code of a group of this size allows, written down from the documentation.
fn code_allows(code: &str, size: u64, count: u64) -> bool {
    let percent = (200 * count + size) / (2 * size);
    let number = |s: &str| s.parse::<u64>().unwrap();
    match (&code[..2], code.split_once('-')) {
        ("LT", _) => percent < number(&code[2..]),
        ("LE", _) => percent <= number(&code[2..]),
        ("GE", _) => percent >= number(&code[2..]),
        (_, Some((from, to))) => percent >= number(from) && percent <= number(to),
        _ => panic!("{code}"),
    }
}

impl Table {
    fn allows(&self, line: &Line, leaves: &[u64]) -> bool {
        let sum = |list: &[usize]| list.iter().map(|&i| leaves[i]).sum::<u64>();
        let (count, size) = (sum(&line.leaves), sum(&line.of_unit));
        let max = self.rule.max_masked;
        let figure = match line.count.as_str() {
            "*" => !(self.rule.hidden_positive && self.rule.zeros.known() && count == 0),
            "s" => count <= max && (count > 0 || self.rule.zeros == Zeros::Mask),
            "DS" => count > max || (count == 0 && self.rule.zeros == Zeros::Cover),
            shown => shown.parse::<u64>().unwrap() == count,
        };
        let percent = match line.percent.as_str() {
            "" | "*" | "s" | "PS" | "N/A" => true,
            shown => match shown
                .strip_suffix('%')
                .map(|t| t.split_once('.').map_or((t, 1), |(_, f)| (t, 10_u64.pow(f.len() as u32))))
            {
                Some((text, scale)) => {
                    let digits: u64 = text.replace('.', "").parse().unwrap();
                    size > 0 && (200 * scale * count + size) / (2 * size) == digits
                }
                None => size > 0 && code_allows(shown, size, count),
            },
        };
        figure && percent
    }

    /// Least and greatest value of every cell over all tables that the file allows.
    fn attack(&self, csv: &str) -> BTreeMap<(String, String), (u64, u64)> {
        let lines = read(self, csv);
        let shown: Vec<(&[usize], u64)> =
            lines.values().filter_map(|l| Some((l.leaves.as_slice(), l.count.parse().ok()?))).collect();
        let mut found: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
        let mut leaves = vec![0; self.counts.len()];
        self.extend(&lines, &shown, &mut leaves, 0, &mut found);
        found
    }

    fn extend(
        &self,
        lines: &BTreeMap<(String, String), Line>,
        shown: &[(&[usize], u64)],
        leaves: &mut Vec<u64>,
        next: usize,
        found: &mut BTreeMap<(String, String), (u64, u64)>,
    ) {
        if next == leaves.len() {
            if lines.values().all(|line| self.allows(line, leaves)) {
                for (cell, line) in lines {
                    let value = line.leaves.iter().map(|&i| leaves[i]).sum();
                    let slot = found.entry(cell.clone()).or_insert((value, value));
                    *slot = (slot.0.min(value), slot.1.max(value));
                }
            }
            return;
        }
        for value in 0..=CAP {
            leaves[next] = value;
            let fits = shown.iter().all(|(list, total)| {
                let so_far: u64 = list.iter().filter(|&&i| i <= next).map(|&i| leaves[i]).sum();
                so_far <= *total && (so_far == *total || list.iter().any(|&i| i > next))
            });
            if fits {
                self.extend(lines, shown, leaves, next + 1, found);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn no_written_file_can_be_broken(table in table()) {
        let publication = table.publication();
        let certified = match mask(publication.clone(), &table.rule) {
            Ok(certified) => certified,
            Err(Error::NotCertified { .. }) => return Ok(()),
            Err(other) => panic!("{other}"),
        };
        let mut out = Vec::new();
        write_csv(&certified, &table.symbols, &mut out).unwrap();
        let csv = String::from_utf8(out).unwrap();
        let intervals = table.attack(&csv);
        let capped = certified.audit().intervals.iter().any(|i| i.hi.is_none_or(|h| h > CAP));
        for cell in publication.cells().filter(|&c| publication.coordinate(c).is_some()) {
            let codes = publication.codes(cell);
            let value = publication.value(cell);
            let (lo, hi) = intervals[&(codes[0].clone(), codes[1].clone())];
            prop_assert!(lo <= value && value <= hi);
            if table.rule.is_sensitive(value) {
                let met = table.rule.level.demand(value).met(lo, hi);
                prop_assert!(met, "[{}] = {value} lies in {lo}..{hi}, level {}\n{csv}", codes.join("|"), table.rule.level);
            }
            // What the audit calls sharp is what all tables together show.
            if let Some(i) = certified.audit().interval(cell.index()).filter(|i| i.sharp && !capped)
                && !table.rule.legend_marks_sensitive
                && table.percentages.is_none()
            {
                prop_assert_eq!((i.lo, i.hi), (lo, Some(hi)), "[{}]\n{}", codes.join("|"), csv);
            }
        }
    }
}

//! What must hold for every publication.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test"
)]

use opi_mask::audit::{Effort, View, audit};
use opi_mask::certificate::Certificate;
use opi_mask::{
    Certified, Cost, Dimension, Form, Level, Policy, Publication, Rule, Symbols, Task, Value, Zeros,
};
use opi_mask::{mask, suppress, write_csv};
use proptest::prelude::*;

/// A random publication: one to four dimensions, the first with two levels, counts from zero up; crossed in full or
/// linked tables, with or without percentages.
#[derive(Debug, Clone)]
struct Shape {
    sizes: Vec<u32>,
    schools: u32,
    counts: Vec<u64>,
    linked: bool,
    percentages: Option<Form>,
    shuffle: u64,
}

fn shape() -> impl Strategy<Value = Shape> {
    let sizes = prop_oneof![4 => prop::collection::vec(2..4_u32, 0..3), 1 => Just(vec![2, 2, 2])];
    let form = prop_oneof![
        3 => Just(None),
        1 => (0..2_u32).prop_map(|d| Some(Form::Rounded(d))),
        1 => Just(Some(Form::Coded(Box::new(Policy::find("edfacts-public").unwrap()))))
    ];
    (sizes, 2..4_u32, any::<bool>(), form, any::<u64>()).prop_flat_map(
        |(sizes, schools, linked, percentages, shuffle)| {
            // Four dimensions of two codes, or three of up to three, are as much as the tests have time for.
            let schools = if sizes.len() > 2 { 2 } else { schools };
            let leaves = 2 * schools * sizes.iter().product::<u32>();
            let count = prop_oneof![3 => 0..8_u64, 2 => 6..60_u64, 1 => Just(1), 1 => Just(0)];
            prop::collection::vec(count, leaves as usize).prop_map(move |counts| Shape {
                sizes: sizes.clone(),
                schools,
                counts,
                linked,
                percentages: percentages.clone().filter(|_| !sizes.is_empty() && leaves <= 24),
                shuffle,
            })
        },
    )
}

impl Shape {
    fn publication(&self, zeros: Zeros, permuted: bool) -> Publication {
        let mut unit = vec!["State".to_owned()];
        for d in 0..2 {
            unit.push(format!("D{d}"));
            unit.extend((0..self.schools).map(|s| format!("S{d}{s}:D{d}")));
        }
        if permuted {
            unit[1..].reverse();
        }
        let mut dims = vec![Dimension::parse("unit", &unit).unwrap()];
        for (i, size) in self.sizes.iter().enumerate() {
            let mut list: Vec<String> = (0..*size).map(|c| format!("c{c}")).collect();
            if permuted {
                list.reverse();
            }
            list.insert(0, "Total".to_owned());
            dims.push(Dimension::parse(&format!("d{i}"), &list).unwrap());
        }
        let mut builder = Publication::builder(dims.clone()).zeros_known(zeros.known());
        if self.linked && self.sizes.len() > 1 {
            for d in &dims[1..] {
                builder = builder.table(d.name(), &[("unit", None), (d.name(), None)]).unwrap();
            }
        }
        if let Some(form) = &self.percentages {
            builder = builder.percentages("d0", form.clone());
        }
        let mut rows = Vec::new();
        for (i, &count) in self.counts.iter().enumerate() {
            let mut rest = i as u32;
            let mut codes = Vec::new();
            for size in self.sizes.iter().rev() {
                codes.push(format!("c{}", rest % size));
                rest /= size;
            }
            codes.push(format!("S{}{}", rest / self.schools, rest % self.schools));
            codes.reverse();
            rows.push((codes, count));
        }
        if permuted {
            let n = rows.len();
            rows.rotate_left(self.shuffle as usize % n.max(1));
            rows.reverse();
        }
        for (codes, count) in rows {
            builder.count(&codes, count).unwrap();
        }
        builder.build().unwrap()
    }
}

fn printed(certified: &Certified) -> String {
    let mut out = Vec::new();
    write_csv(certified, &Symbols::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// What a reader knows: the figures that are printed, and the percentages beside them.
fn printed_view(certified: &Certified) -> View {
    let publication = certified.publication();
    let mut view = View::of(publication, certified.hidden(), &[], None);
    for of in publication.cells() {
        let Some((base, shown)) =
            publication.base_of(of).and_then(|b| Some((b.0, certified.percentage(of)?)))
        else {
            continue;
        };
        if !matches!(shown, Value::Masked(_) | Value::Absent(_)) {
            view.percent(of.index(), base.index(), &shown.to_string()).unwrap();
        }
    }
    view
}

/// By name, so that the order of declaration does not matter.
fn hidden(certified: &Certified) -> std::collections::BTreeSet<String> {
    let p = certified.publication();
    p.cells().filter(|&c| certified.is_hidden(c)).map(|c| p.label(c)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn masked_publications_are_safe(shape in shape(), zeros in prop_oneof![Just(Zeros::Show), Just(Zeros::Cover)]) {
        let mut rule = Rule::new(5, zeros);
        rule.cost = Cost::Value;
        let publication = shape.publication(zeros, false);
        let sensitive = rule.mark(&publication);
        let Ok(certified) = mask(publication.clone(), &rule) else {
            // Only where no pattern at all protects: everything hidden still gives a sensitive cell away.
            let all = vec![true; publication.len()];
            let view = View::of(&publication, &all, &[], None);
            let open = audit(&view, Effort::default()).unwrap();
            prop_assert!(open.exposed.iter().any(|e| sensitive[e.cell]));
            return Ok(());
        };
        // The audit, run again from outside, and the checker agree.
        let attack = audit(&printed_view(&certified), Effort::default()).unwrap();
        prop_assert!(attack.exposed.iter().all(|e| sensitive.get(e.cell) != Some(&true)));
        prop_assert!(certified.certificate().verify().is_ok());
        // The true count is always inside its interval.
        for i in &attack.intervals {
            let Some(cell) = publication.cells().nth(i.cell) else { continue };
            let value = publication.value(cell);
            prop_assert!(i.lo <= value && i.hi.is_none_or(|hi| hi >= value));
        }
        // Nothing is hidden where nothing is sensitive.
        if !sensitive.contains(&true) {
            prop_assert!(!certified.hidden().contains(&true));
        }
        // Order of rows and codes changes nothing; nor does a second run.
        let again = mask(shape.publication(zeros, true), &rule).unwrap();
        prop_assert_eq!(hidden(&certified), hidden(&again));
        prop_assert_eq!(printed(&certified), printed(&mask(publication, &rule).unwrap()));
    }

    #[test]
    fn hiding_more_never_narrows(shape in shape(), extra in any::<u64>()) {
        let publication = shape.publication(Zeros::Cover, false);
        let rule = Rule::new(5, Zeros::Cover);
        let mut pattern = rule.mark(&publication);
        let before = audit(&View::of(&publication, &pattern, &[], None), Effort::default()).unwrap();
        let n = pattern.len() as u64;
        for k in 0..4 {
            pattern[((extra >> (8 * k)) % n) as usize] = true;
        }
        let after = audit(&View::of(&publication, &pattern, &[], None), Effort::default()).unwrap();
        for old in &before.intervals {
            let new = after.interval(old.cell).unwrap();
            if old.sharp && new.sharp {
                prop_assert!(new.lo <= old.lo, "{old:?} {new:?}");
                prop_assert!(new.hi.is_none_or(|h| old.hi.is_some_and(|o| h >= o)), "{old:?} {new:?}");
            }
        }
    }

    #[test]
    fn one_flipped_bit_is_refused(shape in shape(), at in any::<usize>(), bit in 0..8_u32) {
        let rule = Rule::new(5, Zeros::Show);
        let publication = shape.publication(Zeros::Show, false);
        let task = Task::of(&publication, &rule).unwrap();
        let Ok(pattern) = suppress(&publication, &task) else { return Ok(()) };
        let text = pattern.certificate().to_json().unwrap();
        prop_assert!(Certificate::from_json(&text).and_then(|c| c.verify()).is_ok());
        let mut bytes = text.into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let changed = String::from_utf8(bytes).ok().map(|t| Certificate::from_json(&t).and_then(|c| c.verify()));
        prop_assert!(!matches!(changed, Some(Ok(_))));
    }

    #[test]
    fn wider_levels_hold(shape in shape(), level in prop_oneof![
        Just(Level::Width(2)), Just(Level::Range(5)), Just(Level::Hide(5)), Just(Level::Sliding { upper: 3, lower: 1 })
    ]) {
        prop_assume!(shape.counts.len() <= 24);
        let mut rule = Rule::new(5, Zeros::Show);
        rule.level = level;
        let publication = shape.publication(Zeros::Show, false);
        if let Ok(certified) = mask(publication, &rule) {
            for i in &certified.audit().intervals {
                let cell = certified.publication().cells().nth(i.cell).unwrap();
                if rule.is_sensitive(certified.publication().value(cell)) {
                    let demand = level.demand(certified.publication().value(cell));
                    prop_assert!(demand.met(i.lo, i.hi.unwrap_or(u64::MAX)), "{level}: {i:?}");
                }
            }
        }
    }
}

//! Level against level: the state and its districts, a district and its schools.

use super::Found;
use super::cross::say;
use super::records::{Checked, Clean};
use super::special::total;
use super::units::{SumIs, sum_is, units};
use crate::count::{CellMap, Codes, MOST_CATEGORIES, declaration};
use crate::{Catalogue, Level};
use std::collections::{BTreeMap, BTreeSet};

/// The key of a cell by names, so that levels compare.
type Named = (String, String, Vec<(String, String)>);

/// A cell over all units.
#[derive(Clone, Copy, Default)]
struct Over<'f> {
    largest: u64,
    /// The district with the largest amount.
    lea: &'f str,
    sum: u64,
}

/// The cells of a file by names.
fn named<'f>(file: &'f Checked<'_>) -> BTreeMap<Named, Over<'f>> {
    let mut by_number: CellMap<(usize, Codes), Over<'f>> = CellMap::new();
    for record in &file.clean {
        let over = by_number.entry((record.set, record.codes)).or_default();
        if record.amount > over.largest {
            (over.largest, over.lea) = (record.amount, &*record.lea);
        }
        over.sum = over.sum.saturating_add(record.amount);
    }
    let name = |((set, codes), amounts): ((usize, Codes), Over<'f>)| {
        let set = file.plans.sets.get(set)?;
        let values = set.categories.iter().zip(codes).filter_map(|(place, code)| {
            let category = file.plans.categories.get(*place)?;
            Some((category.name.clone(), category.codes.get(usize::from(code))?.clone()))
        });
        Some(((set.table.clone(), set.set.clone(), values.collect()), amounts))
    };
    by_number.into_iter().filter_map(name).collect()
}

/// How many students of each table count in several districts, and how many each district has.
struct Several<'f> {
    students: BTreeMap<&'f str, u64>,
    all: BTreeMap<&'f str, u64>,
    of: BTreeMap<(&'f str, &'f str), u64>,
}

impl<'f> Several<'f> {
    fn new(catalogue: &Catalogue, state: &'f Checked<'_>, districts: &'f Checked<'_>) -> Self {
        let mut several = Several { students: BTreeMap::new(), all: BTreeMap::new(), of: BTreeMap::new() };
        for (table, record) in everyone(catalogue, districts) {
            *several.all.entry(table).or_default() += record.amount;
            *several.of.entry((table, &*record.lea)).or_default() += record.amount;
        }
        let mut above: BTreeMap<&str, u64> = BTreeMap::new();
        for (table, record) in everyone(catalogue, state) {
            *above.entry(table).or_default() += record.amount;
        }
        for (table, count) in above {
            let below = several.all.get(table).copied().unwrap_or_default();
            several.students.insert(table, below.saturating_sub(count));
        }
        several
    }

    /// How many students of a district can stand in another cell of the state, because they count in other districts
    /// too.
    fn elsewhere(&self, table: &str, lea: &str) -> u64 {
        let of = |map: &BTreeMap<&str, u64>| map.get(table).copied().unwrap_or_default();
        let own = self.of.get(&(table, lea)).copied().unwrap_or_default();
        of(&self.students).min(of(&self.all).saturating_sub(own))
    }
}

/// The records that hold every student of a table: the total, or where it has none (006) the shortest set in which
/// nobody is left out.
fn everyone<'f>(catalogue: &Catalogue, file: &'f Checked<'_>) -> impl Iterator<Item = (&'f str, &'f Clean)> {
    let whole = file
        .plans
        .sets
        .iter()
        .zip(0usize..)
        .filter(|(plan, _)| sum_is(catalogue, file, &plan.categories) != SumIs::AtMost);
    let mut shortest: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (plan, place) in whole {
        let length = (plan.categories.len(), place);
        let known = shortest.entry(plan.table.as_str()).or_insert(length);
        *known = length.min(*known);
    }
    file.clean.iter().filter_map(move |record| {
        let table = file.plans.sets.get(record.set)?.table.as_str();
        let (_, set) = shortest.get(table)?;
        (*set == record.set).then_some((table, record))
    })
}

/// SUB-10: the state between the largest district and the sum of districts. Where the day of the values differs by
/// unit, students of several districts may stand in another cell of the state; what they do not explain is asked about.
pub(crate) fn state_and_districts(
    catalogue: &Catalogue,
    state: &Checked<'_>,
    districts: &Checked<'_>,
    found: &mut Found,
) {
    let by_day = declaration(state.opened.number).is_some_and(|declared| declared.day_by_unit);
    let several = Several::new(catalogue, state, districts);
    let below = named(districts);
    let above = named(state);
    let keys: BTreeSet<&Named> = above.keys().chain(below.keys()).collect();
    for key in keys {
        let (table, set, values) = key;
        let count = above.get(key).copied().unwrap_or_default().sum;
        let Over { largest, lea, sum } = below.get(key).copied().unwrap_or_default();
        let elsewhere = if by_day { several.elsewhere(table, lea) } else { 0 };
        if count.saturating_add(elsewhere) >= largest && count <= sum.saturating_add(elsewhere) {
            continue;
        }
        let codes: Vec<&str> = values.iter().map(|(_, code)| code.as_str()).collect();
        let what = format!(
            "{table} {set} [{}]: the state has {count}, the largest district {largest}, all districts {sum}",
            codes.join(", ")
        );
        let saying = found.at(&state.opened.name, "SUB-10", 0, None).say(&what);
        if by_day {
            saying.mild();
        }
    }
}

/// SUB-11: totals of the lower level against the upper, unless explained.
pub(crate) fn add_up(upper: &Checked<'_>, lower: Option<&Checked<'_>>, found: &mut Found) {
    let Some(lower) = lower else { return };
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    let lower_units = units(lower);
    for unit in &lower_units {
        let key = if upper.opened.level == Level::Sea { "" } else { unit.lea };
        *sums.entry(key).or_default() += total(lower, unit, "").unwrap_or(0);
    }
    for unit in units(upper) {
        let Some(count) = total(upper, &unit, "") else { continue };
        let sum = sums.get(unit.lea).copied().unwrap_or(0);
        let place = upper.plans.sets.iter().position(|plan| plan.categories.is_empty()).unwrap_or_default();
        let explained = unit.record(place, [0; MOST_CATEGORIES]).is_some_and(|record| record.explained);
        if sum != count && !explained {
            let what = format!("the total is {count}, the totals of the lower level add up to {sum}");
            say(upper, &unit, "SUB-11", &what, found);
        }
    }
}

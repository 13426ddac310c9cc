//! The checker: a certificate is believed only as far as this page of whole-number arithmetic goes.
//!
//! It knows nothing of how cells were chosen. It uses no other part of the crate but the certificate's data
//! type, no floating point and no search, and it reports the first claim that fails.

use crate::certificate::{Certificate, LowerBound};

/// What a checked certificate proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Cells of the publication.
    pub cells: usize,
    /// Hidden cells.
    pub hidden: usize,
    /// Sensitive cells, all of them protected at the certificate's level.
    pub sensitive: usize,
    /// Proven lower bound on the cost of the secondary cells, if the certificate holds one.
    pub lower_bound: Option<u64>,
}

/// Checks every claim of a certificate.
///
/// # Errors
/// The first claim that does not hold, in words.
pub fn check(c: &Certificate) -> Result<Verdict, String> {
    if c.format != crate::certificate::FORMAT {
        return Err(format!("unknown form `{}`", c.format));
    }
    let n = c.values.len();
    if c.labels.len() != n {
        return Err(format!("{} names for {n} cells", c.labels.len()));
    }
    let hidden = flags(&c.hidden, n, "hidden")?;
    let sensitive = flags(&c.sensitive, n, "sensitive")?;
    let name = |cell: usize| c.labels.get(cell).map_or("?", String::as_str);
    for (cell, &value) in c.values.iter().enumerate() {
        let is = sensitive.get(cell) == Some(&true);
        if let Some(rule) = &c.rule {
            let ought = if value == 0 { rule.zero } else { value <= rule.max };
            if ought != is {
                return Err(format!("`{}` is {value} but listed sensitive: {is}", name(cell)));
            }
        }
        if is && hidden.get(cell) != Some(&true) {
            return Err(format!("sensitive cell `{}` is published", name(cell)));
        }
    }
    for (r, cells) in c.relations.iter().enumerate() {
        let mut sum = 0_i128;
        for (i, &cell) in cells.iter().enumerate() {
            let value = c.values.get(cell as usize).ok_or(format!("relation {r} names no cell {cell}"))?;
            sum += if i == 0 { i128::from(*value) } else { -i128::from(*value) };
        }
        if sum != 0 {
            return Err(format!("relation {r} does not add up (difference {sum})"));
        }
    }
    let (mut lo, mut hi) = (c.values.clone(), c.values.clone());
    let users = users(c, n);
    let mut bounds = vec![(0_u64, u64::MAX); n];
    for &(cell, least, most) in &c.bounds {
        let slot = bounds.get_mut(cell as usize).ok_or(format!("bounds of no cell {cell}"))?;
        *slot = (least, most);
    }
    for code in &c.coded {
        let (of, base) = (code.of as usize, code.base as usize);
        let granted = bounds.get(of).is_some_and(|b| b.0 >= code.lo && b.1 <= code.hi);
        let holds = c.values.get(of).is_some_and(|v| *v >= code.lo && *v <= code.hi);
        if !granted || !holds || hidden.get(of) != Some(&true) || hidden.get(base) != Some(&false) {
            return Err(format!("the coded percentage of `{}` is not allowed for", name(of)));
        }
    }
    for (t, table) in c.tables.iter().enumerate() {
        check_table(c, t, table, &hidden, &users, &bounds)?;
        for &(cell, change) in table {
            let value = c.values.get(cell as usize).copied().unwrap_or(0).saturating_add_signed(change);
            if let (Some(lo), Some(hi)) = (lo.get_mut(cell as usize), hi.get_mut(cell as usize)) {
                *lo = value.min(*lo);
                *hi = value.max(*hi);
            }
        }
    }
    for &cell in &c.sensitive {
        let at = cell as usize;
        let get = |list: &[u64]| list.get(at).copied().unwrap_or(0);
        if !demand_met(c, get(&c.values), get(&lo), get(&hi))? {
            return Err(format!(
                "`{}`: no witness for {} {} (values {} to {} are witnessed)",
                name(at),
                c.level.name,
                c.level.a,
                get(&lo),
                get(&hi)
            ));
        }
    }
    let lower_bound = match &c.lower_bound {
        Some(bound) => Some(check_bound(c, bound, &sensitive)?),
        None => None,
    };
    Ok(Verdict { cells: n, hidden: c.hidden.len(), sensitive: c.sensitive.len(), lower_bound })
}

fn flags(list: &[u32], n: usize, what: &str) -> Result<Vec<bool>, String> {
    let mut flags = vec![false; n];
    for &cell in list {
        match flags.get_mut(cell as usize) {
            Some(flag) if !*flag => *flag = true,
            Some(_) => return Err(format!("{what} cell {cell} is listed twice")),
            None => return Err(format!("{what} cell {cell} does not exist")),
        }
    }
    Ok(flags)
}

fn demand_met(c: &Certificate, value: u64, lo: u64, hi: u64) -> Result<bool, String> {
    let (a, b) = (c.level.a, c.level.b);
    Ok(match c.level.name.as_str() {
        "exact" => hi > lo,
        "width" => hi - lo >= a.max(1),
        "range" => hi > lo && lo <= 1 && hi >= a,
        "hide" => hi > lo && lo <= 1 && hi > a,
        "spl" => hi > lo && hi >= value.saturating_add(a) && lo <= value.saturating_sub(b),
        other => return Err(format!("unknown level `{other}`")),
    })
}

/// For each cell the relations that hold it, with its sign.
fn users(c: &Certificate, n: usize) -> Vec<Vec<(u32, i64)>> {
    let mut users = vec![Vec::new(); n];
    for (r, cells) in c.relations.iter().enumerate() {
        for (i, &cell) in cells.iter().enumerate() {
            if let Some(list) = users.get_mut(cell as usize) {
                list.push((r as u32, if i == 0 { 1 } else { -1 }));
            }
        }
    }
    users
}

fn check_table(
    c: &Certificate,
    t: usize,
    table: &[(u32, i64)],
    hidden: &[bool],
    users: &[Vec<(u32, i64)>],
    bounds: &[(u64, u64)],
) -> Result<(), String> {
    let mut sums = std::collections::BTreeMap::new();
    let mut last = None;
    for &(cell, change) in table {
        let at = cell as usize;
        if last.is_some_and(|l| l >= cell) {
            return Err(format!("table {t} does not list its cells in order"));
        }
        last = Some(cell);
        if hidden.get(at) != Some(&true) {
            return Err(format!("table {t} changes cell {cell}, which is not hidden"));
        }
        let new = c.values.get(at).and_then(|v| v.checked_add_signed(change));
        let (least, most) = bounds.get(at).copied().unwrap_or((0, u64::MAX));
        if !new.is_some_and(|v| v >= least && v <= most) {
            return Err(format!("table {t} gives cell {cell} an impossible value"));
        }
        for &(r, sign) in users.get(at).into_iter().flatten() {
            *sums.entry(r).or_insert(0_i128) += i128::from(sign) * i128::from(change);
        }
    }
    match sums.iter().find(|(_, sum)| **sum != 0) {
        Some((r, sum)) => Err(format!("table {t} breaks relation {r} by {sum}")),
        None => Ok(()),
    }
}

fn check_bound(c: &Certificate, bound: &LowerBound, sensitive: &[bool]) -> Result<u64, String> {
    let n = c.values.len();
    if bound.costs.len() != n {
        return Err("the lower bound does not name a cost for every cell".to_owned());
    }
    let class = classes(c, bound)?;
    let root = |cell: u32| class.get(cell as usize).copied().unwrap_or(cell);
    let mut budget = vec![0_u64; n];
    let mut holds_sensitive = vec![false; n];
    for cell in 0..n as u32 {
        let at = root(cell) as usize;
        if let (Some(b), Some(cost)) = (budget.get_mut(at), bound.costs.get(cell as usize)) {
            *b = b.saturating_add(*cost);
        }
        if let (Some(h), Some(true)) = (holds_sensitive.get_mut(at), sensitive.get(cell as usize)) {
            *h = true;
        }
    }
    let mut total = 0_u64;
    for (i, cut) in bound.cuts.iter().enumerate() {
        let mut sums = std::collections::BTreeMap::new();
        for &(r, m) in &cut.multipliers {
            let cells = c.relations.get(r as usize).ok_or(format!("cut {i} names no relation {r}"))?;
            for (k, &cell) in cells.iter().enumerate() {
                *sums.entry(root(cell)).or_insert(0_i128) +=
                    if k == 0 { i128::from(m) } else { -i128::from(m) };
            }
        }
        let target = root(cut.target);
        if sums.get(&target).is_none_or(|k| *k == 0) {
            return Err(format!("cut {i} does not give its target away"));
        }
        for (&cell, _) in sums.iter().filter(|(cell, k)| **k != 0 && **cell != target) {
            let at = cell as usize;
            if holds_sensitive.get(at) == Some(&true) {
                return Err(format!("cut {i} leans on sensitive cell {cell}"));
            }
            let left = budget.get_mut(at).ok_or("no such cell")?;
            *left = left.checked_sub(cut.weight).ok_or(format!("cut {i} overdraws cell {cell}"))?;
        }
        if holds_sensitive.get(target as usize) != Some(&true) {
            return Err(format!("cut {i} protects a cell that is not sensitive"));
        }
        total = total.saturating_add(cut.weight);
    }
    if total != bound.total {
        return Err(format!("the weights add up to {total}, not {}", bound.total));
    }
    Ok(total)
}

/// Classes of cells that the relations make equal, checked step by step.
fn classes(c: &Certificate, bound: &LowerBound) -> Result<Vec<u32>, String> {
    let mut class: Vec<u32> = (0..c.values.len() as u32).collect();
    fn find(class: &[u32], mut at: u32) -> u32 {
        while let Some(&up) = class.get(at as usize)
            && up != at
        {
            at = up;
        }
        at
    }
    for (i, &(relation, a, b)) in bound.same.iter().enumerate() {
        let cells = c.relations.get(relation as usize).ok_or(format!("step {i} names no relation"))?;
        let mut sums = std::collections::BTreeMap::new();
        for (k, &cell) in cells.iter().enumerate() {
            *sums.entry(find(&class, cell)).or_insert(0_i64) += if k == 0 { 1 } else { -1 };
        }
        sums.retain(|_, k| *k != 0);
        let (a, b) = (find(&class, a), find(&class, b));
        let (x, y) = (sums.get(&a).copied().unwrap_or(0), sums.get(&b).copied().unwrap_or(0));
        if sums.len() != 2 || x == 0 || x + y != 0 {
            return Err(format!("step {i}: relation {relation} does not make its two cells equal"));
        }
        if let Some(slot) = class.get_mut(a.max(b) as usize) {
            *slot = a.min(b);
        }
    }
    Ok((0..class.len() as u32).map(|cell| find(&class, cell)).collect())
}

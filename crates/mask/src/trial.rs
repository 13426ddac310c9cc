//! Trial.
#![allow(clippy::all, missing_docs, clippy::indexing_slicing)]
use crate::*;

pub fn trial(csv_text: &str, cost: Cost, level: Level, log: &mut dyn FnMut(String)) {
    let mut edges = Vec::new(); let mut races = Vec::new(); let mut grades = Vec::new();
    let rows: Vec<Vec<&str>> = csv_text.lines().skip(1).map(|l| l.split(',').collect()).collect();
    for r in &rows {
        edges.push((r[0].to_owned(), "Total".to_owned())); edges.push((r[1].to_owned(), r[0].to_owned()));
        races.push((r[2].to_owned(), "Total".to_owned())); grades.push((r[3].to_owned(), "Total".to_owned()));
    }
    for v in [&mut edges, &mut races, &mut grades] { v.sort(); v.dedup(); }
    let dims = vec![Dimension::from_edges("unit", "Total", edges).unwrap(), Dimension::from_edges("race", "Total", races).unwrap(), Dimension::from_edges("grade", "Total", grades).unwrap()];
    let mut b = Publication::builder(dims).zeros_known(true);
    for r in &rows { b.count(&r[1..4], r[4].parse().unwrap()).unwrap(); }
    let p = b.build().unwrap();
    log(format!("{p:?}"));
    let mut rule = Rule::new(5, Zeros::Show); rule.cost = cost; rule.level = level;
    let task = Task::of(&p, &rule).unwrap();
    let pattern = match suppress(&p, &task) { Ok(p) => p, Err(e) => { log(e.to_string()); return; } };
    log(format!("suppressed rounds {} cuts {} optimal {} tables {} lb {:?}", pattern.rounds, pattern.cuts, pattern.optimal, pattern.certificate.tables.len(), pattern.certificate.lower_bound.as_ref().map(|b| b.total)));
    let n = pattern.hidden.iter().filter(|h| **h).count(); let np = pattern.sensitive.iter().filter(|h| **h).count();
    let value: u64 = p.cells().filter(|c| pattern.hidden[c.index()] && !pattern.sensitive[c.index()]).map(|c| p.value(c).max(1)).sum();
    log(format!("hidden {n} primary {np} secondary {} value {value}", n - np));
    let v = pattern.certificate.verify().unwrap();
    log(format!("checked {v:?}"));
    match Certified::new(p, pattern, audit::Effort::default()) {
        Ok(c) => log(format!("certified, components {:?}", &c.audit().components.iter().take(5).collect::<Vec<_>>())),
        Err(e) => log(e.to_string()),
    }
}

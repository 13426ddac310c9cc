//! Trial.
#![allow(clippy::all, missing_docs, clippy::indexing_slicing)]
use crate::*;
use crate::level::*;
use crate::suppress::linear::Linear;
use crate::system::*;

pub fn trial(csv_text: &str, cost: Cost, exact: bool, log: &mut dyn FnMut(String)) {
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
    let primary: Vec<bool> = p.cells().map(|c| p.value(c) >= 1 && p.value(c) <= 5).collect();
    let system = System::new(&p, &Marking { primary: &primary, level: Level::Exact, cost, bounds: &[] });
    log(format!("primary {} units {} rows {}", primary.iter().filter(|x| **x).count(), system.len(), system.rows.len()));
    let mut l = Linear::new(&system);
    let mut hidden = l.primaries();
    for round in 0..200 {
        let (exposed, new) = l.separate(&hidden);
        log(format!("round {round} exposed {exposed} new {new} cuts {} work {}", l.pool.cuts.len(), l.work));
        if exposed == 0 { break; }
        let (h, opt) = l.cover(exact);
        let h2 = h;
        log(format!("   cover cost {} optimal {opt} n {}", l.cost(&h2), (0..system.len()).filter(|&u| h2[u] && !system.primary[u]).map(|u| system.members[u].len()).sum::<usize>()));
        hidden = h2;
    }
    l.clean_up(&mut hidden);
    log(format!("   clean cost {} n {}", l.cost(&hidden), (0..system.len()).filter(|&u| hidden[u] && !system.primary[u]).map(|u| system.members[u].len()).sum::<usize>()));
    let (e, fixed) = l.determined(&hidden);
    log(format!("   determined {:?}", fixed.iter().filter(|&&u| system.primary[u as usize]).count()));
    let targets: Vec<u32> = (0..system.len() as u32).filter(|&u| system.primary[u as usize]).collect();
    let w = crate::suppress::witness::find(&system, &hidden, &targets);
    log(format!("   witnesses {} nnz {} missing {} max {:?}", w.tables.len(), w.tables.iter().map(Vec::len).sum::<usize>(), w.missing.len(), w.tables.iter().flatten().map(|x| x.1.abs()).max()));
    let value: i64 = (0..system.len()).filter(|&u| hidden[u] && !system.primary[u]).map(|u| system.members[u].len() as i64 * system.value[u].max(1)).sum();
    log(format!("   value {value}"));
}

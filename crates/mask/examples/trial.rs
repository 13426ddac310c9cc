//! Trial.
#![allow(clippy::all, clippy::disallowed_methods, clippy::print_stdout, clippy::indexing_slicing)]
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let t = std::time::Instant::now();
    let text = std::fs::read_to_string(&a[1]).unwrap();
    let cost: opi_mask::Cost = a[2].parse().unwrap();
    if a[1].ends_with("toml") {
        for case in opi_mask::case_file::parse(&text).unwrap() {
            for (case, os, ov) in [(case.clone(), case.opt_secondary, case.opt_value), (case.clone().at_level("range:5"), case.opt_secondary_range, case.opt_value_range)] {
            if os.is_none() { continue; }
            let t = std::time::Instant::now();
            let r = case.run(cost).unwrap();
            let good = if a[2] == "count" { os == Some(r.secondary_count as u64) } else { ov == Some(r.value) };
            println!("{} {} certified {} count {} ({:?}) value {} ({:?}) {} {:?} {}", r.id, r.level, r.certified, r.secondary_count, os, r.value, ov, if good {"OK"} else {"DIFF"}, t.elapsed(), r.problem.clone().unwrap_or_default());
            for (k, v) in &case.expect { if case.bad_pattern.is_some() && r.attack.get(k).map(|x| [x[0].map_or(-1, |y| y as i64), x[1].map_or(-1, |y| y as i64)]) != Some(*v) { println!("   attack {k}: {:?} expected {v:?}", r.attack.get(k)); } }
            if a.len() > 3 { println!("   {}", serde_json::to_string(&r).unwrap()); }
            }
        }
        return;
    }
    opi_mask::trial::trial(&text, cost, a.get(3).map_or("exact", |x| x.as_str()).parse().unwrap(), &mut |s| println!("{:8.3} {s}", t.elapsed().as_secs_f64()));
}

//! Trial.
#![allow(clippy::all, clippy::disallowed_methods, clippy::print_stdout, clippy::indexing_slicing)]
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let t = std::time::Instant::now();
    let text = std::fs::read_to_string(&a[1]).unwrap();
    let cost: opi_mask::Cost = a[2].parse().unwrap();
    opi_mask::trial::trial(&text, cost, a.get(3).map(|x| x.as_str()) != Some("greedy"), &mut |s| println!("{:8.3} {s}", t.elapsed().as_secs_f64()));
}

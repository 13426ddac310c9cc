#![allow(clippy::all, clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used)]
use opi_mask::spec_file::Spec;
use opi_mask::{audit::Effort, utility::utility, Certified, Task, suppress};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let csv = std::fs::read(&args[1]).unwrap();
    for level in args[3].split(';') {
        for cost in ["count", "value"] {
            let mut spec = Spec::default().with_dimensions(&args[2]).unwrap();
            spec.count = args.get(4).cloned().unwrap_or("students".into());
            spec.max = Some(args.get(5).map_or(5, |m| m.parse().unwrap()));
            spec.zeros = Some("show".into());
            spec.cost = Some(cost.into());
            let lv = level.strip_prefix("+").unwrap_or(level);
            spec.hidden_positive = level.starts_with('+');
            spec.level = Some(lv.into());
            let t = std::time::Instant::now();
            let publication = spec.publication(&csv).unwrap();
            let task = Task::of(&publication, &spec.rule().unwrap()).unwrap();
            match suppress(&publication, &task) {
                Ok(pattern) => {
                    let (r, w, c) = (pattern.rounds(), pattern.work(), pattern.cuts());
                    let t1 = t.elapsed();
                    match Certified::new(publication, pattern, Effort::default()) {
                        Ok(certified) => {
                            let u = utility(&certified);
                            println!("{level} {cost}: {} cells {} primary {} secondary cost {} lb {:?} optimal {} rounds {r} cuts {c} work {w} {:?} audit {:?} told {:?} tables {}", u.all.cells, u.all.primary, u.all.secondary, u.cost, u.lower_bound, u.optimal, t1, t.elapsed() - t1, certified.told_by_printed_zeros(Effort::default()), certified.certificate().tables.len());
                        }
                        Err(e) => println!("{level} {cost}: NOT {e}"),
                    }
                }
                Err(e) => println!("{level} {cost}: ERR {e} {:?}", t.elapsed()),
            }
        }
    }
}

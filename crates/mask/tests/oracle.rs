//! Independent slow answers: exhaustive search on small tables, a compact integer program on larger ones.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test"
)]

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, constraint, microlp, variable};
use opi_mask::audit::{Effort, View, audit};
use opi_mask::{Cost, Dimension, Level, Publication, Task, suppress};

/// A small generator, so that the tables are the same everywhere.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

fn table(rows: usize, columns: usize, sequence: &mut Sequence) -> Publication {
    let codes = |prefix: &str, n: usize| {
        std::iter::once("Total".to_owned()).chain((0..n).map(|i| format!("{prefix}{i}"))).collect::<Vec<_>>()
    };
    let dims = vec![
        Dimension::parse("r", codes("r", rows)).unwrap(),
        Dimension::parse("c", codes("c", columns)).unwrap(),
    ];
    let mut builder = Publication::builder(dims).zeros_known(true);
    for r in 0..rows {
        for c in 0..columns {
            let count = if sequence.below(3) == 0 { 1 + sequence.below(5) } else { 6 + sequence.below(40) };
            builder.count(&[format!("r{r}"), format!("c{c}")], count).unwrap();
        }
    }
    builder.build().unwrap()
}

fn task(publication: &Publication, limit: u64, most: usize, cost: Cost) -> Task {
    let small: Vec<_> = publication.cells().filter(|&c| publication.value(c) <= limit).take(most).collect();
    Task::listed(publication, &small, Level::Exact, cost)
}

fn safe(publication: &Publication, hidden: &[bool], sensitive: &[bool]) -> bool {
    let found = audit(&View::of(publication, hidden, &[], None), Effort::default()).unwrap();
    found.exposed.iter().all(|e| !sensitive[e.cell])
}

#[test]
fn small_tables_reach_the_exhaustive_optimum() {
    let mut sequence = Sequence(1);
    for round in 0..14 {
        let publication = table(2, 2 + round % 3, &mut sequence);
        let task = task(&publication, 5, 3, Cost::Value);
        let open: Vec<usize> = (0..publication.len()).filter(|&c| !task.sensitive[c]).collect();
        if open.len() > 12 || !task.sensitive.contains(&true) {
            continue;
        }
        let cost = |c: usize| publication.cells().nth(c).map_or(0, |id| publication.value(id).max(1));
        let mut order: Vec<u32> = (0..1 << open.len()).collect();
        let price =
            |set: u32| (0..open.len()).filter(|i| set >> i & 1 == 1).map(|i| cost(open[i])).sum::<u64>();
        order.sort_by_key(|&set| price(set));
        let best = order.into_iter().find(|&set| {
            let mut hidden = task.sensitive.clone();
            for (i, &c) in open.iter().enumerate() {
                hidden[c] |= set >> i & 1 == 1;
            }
            safe(&publication, &hidden, &task.sensitive)
        });
        let pattern = suppress(&publication, &task).unwrap();
        let found: u64 = open.iter().filter(|&&c| pattern.hidden()[c]).map(|&c| cost(c)).sum();
        assert_eq!(Some(found), best.map(price), "round {round}");
    }
}

/// Two witness tables for each sensitive cell, tied to the choice of hidden cells.
fn compact(publication: &Publication, task: &Task) -> u64 {
    let n = publication.len();
    let value = |c: usize| publication.cells().nth(c).map_or(0, |id| publication.value(id)) as f64;
    let mut variables = ProblemVariables::new();
    let choice: Vec<_> = (0..n).map(|_| variables.add(variable().binary())).collect();
    let sensitive: Vec<usize> = (0..n).filter(|&c| task.sensitive[c]).collect();
    let moves: Vec<Vec<_>> = sensitive
        .iter()
        .map(|_| (0..n).map(|c| variables.add(variable().min(-value(c)).max(40.0))).collect())
        .collect();
    let objective: Expression = (0..n)
        .filter(|&c| !task.sensitive[c])
        .map(|c| if task.cost == Cost::Count { 1.0 } else { value(c).max(1.0) } * choice[c])
        .sum();
    let mut model = variables.minimise(objective.clone()).using(microlp);
    for (&p, delta) in sensitive.iter().zip(&moves) {
        model = model.with(constraint!(choice[p] == 1));
        // All counts are positive, so a move up exists exactly when one down does.
        model = model.with(constraint!(delta[p] >= 1));
        for relation in publication.relations() {
            let parts: Expression = relation.parts.iter().map(|c| Expression::from(delta[c.index()])).sum();
            model = model.with(constraint!(parts - delta[relation.parent.index()] == 0));
        }
        for c in 0..n {
            model = model.with(constraint!(delta[c] <= 40.0 * choice[c]));
            model = model.with(constraint!(delta[c] >= -value(c) * choice[c]));
        }
    }
    let solution = model.solve().unwrap();
    solution.eval(&objective).round() as u64
}

#[test]
fn larger_tables_stay_near_the_integer_program() {
    let mut sequence = Sequence(7);
    let mut gaps = Vec::new();
    for round in 0..6 {
        let publication = table(3, 3 + round % 2, &mut sequence);
        for cost in [Cost::Count, Cost::Value] {
            let task = task(&publication, 5, 3, cost);
            let best = compact(&publication, &task);
            let pattern = suppress(&publication, &task).unwrap();
            let found: u64 = publication
                .cells()
                .filter(|c| pattern.hidden()[c.index()] && !task.sensitive[c.index()])
                .map(|c| cost.of(publication.value(c), publication.height(c)))
                .sum();
            assert!(found >= best, "below the optimum: {found} < {best}");
            gaps.push(found - best);
        }
    }
    gaps.sort_unstable();
    println!("gap to the optimum over {} tables: {gaps:?}", gaps.len());
    assert!(gaps.iter().all(|&g| g == 0), "{gaps:?}");
}

//! Another state's masking, with `opi-mask` and nothing else of ours: students are counted, planned, masked under
//! that state's own policy, certified and written; then a published file is attacked beside an older one.
//!
//! Usage: `cargo run -p opi-examples --bin other_state_masking`.
#![allow(clippy::print_stdout, reason = "a program that prints")]

use opi_mask::audit::{Effort, audit};
use opi_mask::plan::plan;
use opi_mask::spec_file::{OtherRelease, Spec};
use opi_mask::{Dimension, Error, Policy, Symbols, Tally, publish};

/// The invented state's rule, as its agency would write it down.
const POLICY: &str = r#"
[[policy]]
id = "invented-state"
title = "Groups of 1 to 4 students are not shown"
source = "Invented for this example"
standing = "sourced"
first_year = 2024
max_masked = 4
symbol = "*"
zero = "show"
complementary = "required"
percent = "none"
rounding = "unstated"
"#;

/// Invented students by school and language programme.
const STUDENTS: [(&str, &str, u32); 8] = [
    ("Alder", "English learner", 3),
    ("Alder", "Other", 52),
    ("Birch", "English learner", 11),
    ("Birch", "Other", 47),
    ("Cedar", "English learner", 9),
    ("Cedar", "Other", 66),
    ("Dogwood", "English learner", 7),
    ("Dogwood", "Other", 38),
];

fn main() -> Result<(), Error> {
    print!("{}", report()?);
    Ok(())
}

fn report() -> Result<String, Error> {
    let dimensions = vec![
        Dimension::parse(
            "unit",
            ["State", "East", "West", "Alder:East", "Birch:East", "Cedar:West", "Dogwood:West"],
        )?,
        Dimension::parse("programme", ["Total", "English learner", "Other"])?,
    ];
    // Two workers count the students of their own districts; the partial counts merge.
    let mut tallies = [Tally::new(&dimensions), Tally::new(&dimensions)];
    for (i, (school, programme, students)) in STUDENTS.iter().enumerate() {
        for student in 0..*students {
            if let Some(tally) = tallies.get_mut(usize::from(i >= 4)) {
                tally.add(&format!("{school}-{programme}-{student}"), &[*school, *programme])?;
            }
        }
    }
    let [mut tally, west] = tallies;
    tally.merge(west)?;

    let policies = Policy::parse(POLICY)?;
    let rule =
        policies.first().ok_or(Error::Input { place: "policy".into(), problem: "is missing".into() })?;
    let rule = rule.rule(None)?;

    let mut text = String::from("What each table could still show:\n");
    for candidate in plan(&dimensions, &tally.leaves(), &rule, 100)? {
        text += &format!(
            "  {:<20} {} of {} cells\n",
            candidate.name,
            candidate.shown_per_mille * candidate.cells / 1000,
            candidate.cells
        );
    }
    let release = publish(&tally, &[], &rule, &Symbols::default())?;
    let all = release.utility.all;
    text += &format!(
        "\nThe table, certified: {} small, {} hidden to protect them\n{}",
        all.primary, all.secondary, release.table
    );

    // Last year's file hid one school only. Beside it, this year's card would give two children away.
    let spec = Spec { count: "students".into(), ..Spec::default() }.with_dimensions("school")?;
    let card = "school,students\nTotal,72\nElm,*\nFir,*\nGum,58\n";
    let last_year = "school,students\nFir,12\n";
    let older = OtherRelease { name: "last year", spec: &spec, csv: last_year.as_bytes() };
    text += "\nA card beside last year's file:\n";
    for exposure in audit(&spec.joined_view(card.as_bytes(), &[older])?, Effort::default())?.exposed {
        text += &format!("  [{}] = {}: {}\n", exposure.label, exposure.value, exposure.derivation);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_report_reads_as_it_should() -> Result<(), opi_mask::Error> {
        insta::assert_snapshot!(super::report()?);
        Ok(())
    }
}

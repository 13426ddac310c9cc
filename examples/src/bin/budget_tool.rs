//! A budget tool: what the general fund may be, and what ten pupils more or less would change. It links `opi-anb` and
//! nothing else of ours.
//!
//! Usage: `cargo run -p opi-examples --bin budget_tool`.
#![allow(clippy::print_stdout, reason = "a program that prints")]

use opi_anb::{Alternatives, AnbError, Case, Change, Fraction, Law, compute_district, what_if};

/// An invented district, as a budget tool would hold it.
const DISTRICT: &str = r#"
fiscal_year = "FY2026"

[[districts]]
district = "0907"
name = "Thistle Creek"
pir_days = 7
payments = { quality_educator_fte = "21.5", special_education_payment = "48000.00" }

[[districts.units]]
unit = "K-6"
program = "elementary"
october = { adjusted = "118.5" }
february = { adjusted = "121" }
anb_prior_1 = 131
anb_prior_2 = 128

[[districts.units]]
unit = "7-8"
program = "accredited_7_8"
october = { adjusted = "36" }
february = { adjusted = "35.75" }
anb_prior_1 = 33
anb_prior_2 = 35
"#;

fn main() -> Result<(), AnbError> {
    print!("{}", report()?);
    Ok(())
}

fn report() -> Result<String, AnbError> {
    let law = Law::embedded()?;
    let case = Case::from_toml(DISTRICT)?;
    let mut text = String::new();
    for district in &case.districts {
        let (choices, year) = (&case.interpretation, case.fiscal_year);
        let budget = compute_district(&law, choices, year, district, Alternatives::Skipped)?;
        for unit in &budget.units {
            text += &format!("{:<8} budgeted on {} ANB\n", unit.unit, unit.anb_budgeted);
        }
        for name in ["direct_state_aid", "base_budget", "maximum_budget"] {
            if let Some(amount) = budget.amount(name) {
                text += &format!("{name:<18} {:>12} ({})\n", amount.amount.value, amount.standing);
            }
        }
        for note in &budget.notes {
            text += &format!("note: {note}\n");
        }
        for pupils in [10, -10] {
            let pupils = Change::Pupils { unit: "K-6".into(), count: None, pupils: Fraction::whole(pupils) };
            let changed = what_if(&law, choices, year, district, &[pupils])?;
            text += &format!("\n{}:\n", changed.changes.join("; "));
            for difference in changed.differences.iter().filter(|d| d.figure == "maximum_budget") {
                text +=
                    &format!("{:<18} {:>12} -> {}\n", difference.figure, difference.value, difference.other);
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_report_reads_as_it_should() {
        insta::assert_snapshot!(super::report().unwrap());
    }
}

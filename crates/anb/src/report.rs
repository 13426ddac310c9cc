//! Results as text that a clerk can follow.

use crate::{CaseResult, DistrictResult};
use opi_dictionary::Standing;
use std::fmt::Write as _;

/// The figures by which the effect of a choice is shown in brief.
const IN_BRIEF: [&str; 7] = [
    "anb_three_year",
    "anb_budgeted",
    "anb_used",
    "direct_state_aid",
    "base_budget",
    "maximum_budget",
    "result",
];

/// How much a text shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The figures, the choices and the notes.
    Figures,
    /// Also every step with its article.
    Steps,
}

impl CaseResult {
    /// The result as text.
    #[must_use]
    pub fn to_text(&self, detail: Detail) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "{}", self.fiscal_year);
        for (question, field, word) in self.interpretation.differences() {
            let _ = writeln!(text, "choice {question}: {field} = {word}");
        }
        for district in &self.districts {
            text.push('\n');
            district.write(&mut text, detail);
        }
        for failure in &self.failures {
            let entity =
                failure.legal_entity.map(|entity| format!(" (legal entity {entity})")).unwrap_or_default();
            let (district, problem) = (failure.district, &failure.problem);
            let _ = writeln!(text, "\nDistrict {district}{entity} could not be computed: {problem}");
        }
        text
    }
}

impl DistrictResult {
    /// The result as text.
    #[must_use]
    pub fn to_text(&self, detail: Detail) -> String {
        let mut text = String::new();
        self.write(&mut text, detail);
        text
    }

    fn write(&self, text: &mut String, detail: Detail) {
        let name = self.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
        let entity = self.legal_entity.map(|entity| format!(" (legal entity {entity})")).unwrap_or_default();
        let _ = writeln!(text, "District {}{entity}{name}, {}", self.district, self.fiscal_year);
        self.write_units(text);
        self.write_amounts(text);
        self.write_notes(text);
        self.write_choices(text, detail);
        if detail == Detail::Steps {
            self.write_steps(text);
        }
    }

    fn write_units(&self, text: &mut String) {
        let _ = writeln!(
            text,
            "  {:<24} {:<16} {:>12} {:>12} {:>12}",
            "unit", "program", "current", "three-year", "budgeted"
        );
        for unit in &self.units {
            let three = unit.anb_three_year.as_ref().map_or("-".to_owned(), |three| three.value.to_string());
            let _ = writeln!(
                text,
                "  {:<24} {:<16} {:>12} {:>12} {:>12}",
                unit.unit,
                unit.program.word(),
                unit.anb_current.value,
                three,
                unit.anb_budgeted
            );
        }
        for level in &self.levels {
            let three = match level.with_three_year {
                Some(amount) => format!("with three-year ANB {amount}"),
                None => "no three-year ANB".to_owned(),
            };
            let _ = writeln!(
                text,
                "  {}: budgeted on {} ANB (with current-year ANB {}, {three})",
                level.level.word(),
                level.used.word(),
                level.with_current_year
            );
        }
    }

    fn write_amounts(&self, text: &mut String) {
        let _ = writeln!(text, "  {:<34} {:>16}", "amount", "dollars");
        for amount in &self.amounts {
            let _ = writeln!(text, "  {:<34} {:>16}  {}", amount.name, amount.amount.value, amount.standing);
        }
        for county in &self.counties {
            let _ =
                writeln!(text, "  county {}: {} ANB, {}", county.county, county.anb, county.direct_state_aid);
        }
        for increase in &self.increases {
            let _ = writeln!(text, "  {}", increase.to_line());
        }
    }

    /// Notes, and what rests on no source that was read.
    fn write_notes(&self, text: &mut String) {
        for note in &self.notes {
            let _ = writeln!(text, "  note: {note}");
        }
        for standing in [Standing::Recall, Standing::Derived] {
            let what: Vec<&str> = self
                .unsourced
                .iter()
                .filter(|unsourced| unsourced.standing == standing)
                .map(|unsourced| unsourced.what.as_str())
                .collect();
            if !what.is_empty() {
                let _ = writeln!(text, "  {standing}: {}", what.join("; "));
            }
        }
    }

    /// What each choice changes; in brief unless steps are asked for.
    fn write_choices(&self, text: &mut String, detail: Detail) {
        for choice in &self.choices {
            let _ = writeln!(
                text,
                "  {}: {} = {}; with {} instead:",
                choice.question, choice.field, choice.chosen, choice.other
            );
            let shown = |figure: &str| {
                detail == Detail::Steps || IN_BRIEF.iter().any(|start| figure.starts_with(start))
            };
            for difference in choice.differences.iter().filter(|difference| shown(&difference.figure)) {
                let _ =
                    writeln!(text, "    {}: {} -> {}", difference.figure, difference.value, difference.other);
            }
        }
    }

    fn write_steps(&self, text: &mut String) {
        for unit in &self.units {
            let _ = write!(text, "\n{}", unit.anb_current.to_text());
            if let Some(three) = &unit.anb_three_year {
                let _ = write!(text, "\n{}", three.to_text());
            }
        }
        for amount in &self.amounts {
            let _ = write!(text, "\n{}:\n{}", amount.name, amount.amount.to_text());
        }
        for increase in &self.increases {
            let _ = write!(text, "\n{}", increase.funded.to_text());
            if let Some(ceiling) = &increase.amendment_ceiling {
                let _ = write!(text, "\n{}", ceiling.to_text());
            }
        }
    }
}

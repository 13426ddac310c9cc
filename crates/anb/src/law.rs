//! The law as tables: figures by fiscal year and rules by year, and what of it is in force in a year.

use crate::{AnbError, EntitlementTable, Timeline, TimelineRow};
use opi_dictionary::{Citation, FiscalYear, SchoolYear};
use serde::Serialize;
use std::fmt::Write as _;

/// The figures and the timeline that calculations read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Law {
    /// The figures by fiscal year.
    pub figures: EntitlementTable,
    /// The rules by year.
    pub timeline: Timeline,
}

impl Law {
    /// The tables that come with the crate.
    ///
    /// # Errors
    /// Never: a test reads them.
    pub fn embedded() -> Result<Self, AnbError> {
        Ok(Law { figures: EntitlementTable::embedded()?, timeline: Timeline::embedded()? })
    }

    /// The school year whose counts fund a fiscal year: the one before.
    ///
    /// # Errors
    /// At the first year that can be named.
    pub fn counts_funding(year: FiscalYear) -> Result<SchoolYear, AnbError> {
        Ok(year.school_year().previous()?)
    }

    /// The parameters in force for a fiscal year: its figures, the rules on its budget, and the rules on the
    /// counts that fund it.
    ///
    /// # Errors
    /// When the table has no per-ANB rates for the year: it is no year that can be budgeted.
    pub fn in_force(&self, year: FiscalYear) -> Result<LawInForce<'_>, AnbError> {
        self.figures.figure("per_anb_elementary", year)?;
        let counts = Self::counts_funding(year)?;
        let rows = self.timeline.rows().filter(|row| !row.key.contains("__"));
        let (mut on_counts, mut on_budget) = (Vec::new(), Vec::new());
        for row in rows {
            match row.basis {
                crate::Basis::Count if row.holds(counts.end_year()) => on_counts.push(row),
                crate::Basis::Budget if row.holds(year.end_year()) => on_budget.push(row),
                _ => {}
            }
        }
        let figures = self.figures.of_year(year).collect();
        Ok(LawInForce { fiscal_year: year, counts_of: counts, figures, on_counts, on_budget })
    }
}

/// What is in force for one fiscal year. Serialises to JSON; [`LawInForce::to_text`] prints it.
#[derive(Clone, Debug, Serialize)]
pub struct LawInForce<'a> {
    /// The fiscal year budgeted.
    pub fiscal_year: FiscalYear,
    /// The school year whose counts fund it.
    pub counts_of: SchoolYear,
    /// Its figures, other readings included and marked.
    pub figures: Vec<&'a crate::Figure>,
    /// The rules on its counts.
    pub on_counts: Vec<&'a TimelineRow>,
    /// The rules on its budget.
    pub on_budget: Vec<&'a TimelineRow>,
}

impl LawInForce<'_> {
    /// The parameters as text, each with its source and standing.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "{}, funded by the counts of {}", self.fiscal_year, self.counts_of);
        let _ = writeln!(text, "\nFigures");
        for figure in &self.figures {
            let amount = match figure.unit {
                crate::FigureUnit::Percent => format!("{}%", figure.amount),
                crate::FigureUnit::Rule => "in words".to_owned(),
                _ => figure.amount.clone(),
            };
            let cited = Citation::owned(figure.source.clone(), figure.standing);
            let _ = write!(text, "  {:<52} {amount:>10}  {}; {cited}", figure.entitlement, figure.applies_to);
            let _ = match figure.note.as_str() {
                "" => writeln!(text),
                note => writeln!(text, " ({note})"),
            };
        }
        for (title, rows) in
            [("Rules on the counts", &self.on_counts), ("Rules on the budget", &self.on_budget)]
        {
            let _ = writeln!(text, "\n{title}");
            for row in rows {
                let _ = writeln!(
                    text,
                    "  {:<38} {:<14} {}; {}",
                    row.key,
                    row.span(),
                    row.what_changed,
                    row.citation()
                );
            }
        }
        text
    }
}

//! Published files, read as an attacker reads them: symbols, percentages, and other releases beside them.

use crate::audit::{Known, View};
use crate::builder::PublicationBuilder;
use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::publication::{CellId, Publication};
use crate::spec_file::{Rows, Spec, at_line, codes_of, further_sum, read};
use crate::value::Value;
use std::collections::BTreeSet;

/// Another release that speaks of the same students.
#[derive(Debug, Clone, Copy)]
pub struct OtherRelease<'a> {
    /// What it is called in derivations.
    pub name: &'a str,
    /// How to read it. Dimensions are matched by name; one that is left out stands at its total.
    pub spec: &'a Spec,
    /// The file.
    pub csv: &'a [u8],
}

impl Spec {
    /// Reads a published file (one figure a row, totals as rows too, symbols as printed) into the view of an
    /// attacker. Figures that are not in the file are unknown.
    ///
    /// # Errors
    /// [`Error::Input`] with line and column; [`Error::Inconsistent`] if figures contradict each other.
    pub fn view(&self, csv: &[u8]) -> Result<View> {
        let rows = read(csv)?;
        let (dimensions, columns) = self.shape(&rows, true)?;
        Ok(self.read_view(&rows, dimensions, &columns)?.0)
    }

    /// Reads a published file and joins other releases to it: last year's file where the counts are the same,
    /// a card masked at another limit, a federal file. Cells with the same codes are the same number.
    ///
    /// ```
    /// use opi_mask::audit::{Effort, audit};
    /// use opi_mask::spec_file::{OtherRelease, Spec};
    /// let spec = Spec::default().with_dimensions("race")?;
    /// let spec = Spec { count: "students".into(), ..spec };
    /// let card = "race,students\nTotal,62\nA,*\nB,*\nC,51\n";
    /// let dashboard = "race,students\nA,8\n";
    /// let other = OtherRelease { name: "dashboard", spec: &spec, csv: dashboard.as_bytes() };
    /// let found = audit(&spec.joined_view(card.as_bytes(), &[other])?, Effort::default())?;
    /// assert_eq!((found.exposed[0].label.as_str(), found.exposed[0].value), ("B", 3));
    /// # Ok::<(), opi_mask::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::view`]; [`Error::Inconsistent`] if the releases contradict each other.
    pub fn joined_view(&self, csv: &[u8], others: &[OtherRelease<'_>]) -> Result<View> {
        let rows = read(csv)?;
        let inside = |name: &str, e: &Error| Error::Input {
            place: format!("release `{name}`"),
            problem: e.to_string(),
        };
        let mut files = Vec::new();
        for other in others {
            files.push((other, read(other.csv).map_err(|e| inside(other.name, &e))?));
        }
        // The codes of all files together: a group that one file leaves out is unknown there, not zero.
        let mut dimensions = Vec::new();
        for spec in &self.dimensions {
            let mut edges = BTreeSet::new();
            spec.edges(&rows, true, &spec.total, &mut edges)?;
            for (other, rows) in &files {
                for own in other.spec.dimensions.iter().filter(|d| d.name == spec.name && d.tree.is_empty()) {
                    own.edges(rows, true, &spec.total, &mut edges).map_err(|e| inside(other.name, &e))?;
                }
            }
            dimensions.push(spec.build(edges)?);
        }
        let (mut view, _) = self.read_view(&rows, dimensions.clone(), &self.columns(&rows)?)?;
        for (other, rows) in &files {
            let read = || {
                let (mut own, columns) = other.spec.shape(rows, true)?;
                for d in &mut own {
                    if let Some(same) = dimensions.iter().find(|x| x.name() == d.name()) {
                        d.clone_from(same);
                    }
                }
                other.spec.read_view(rows, own, &columns)
            };
            let (release, frame) = read().map_err(|e| inside(other.name, &e))?;
            let labels: Vec<String> = frame.cells().map(|c| label_among(&dimensions, &frame, c)).collect();
            view.join(&release.relabelled(&labels), other.name)?;
        }
        Ok(view)
    }

    fn read_view(
        &self,
        rows: &Rows,
        dimensions: Vec<Dimension>,
        columns: &[Vec<usize>],
    ) -> Result<(View, Publication)> {
        // The program's own files call the figures `count`, whatever they were called where they came from.
        let count = rows.column(&self.count).or_else(|e| rows.column("count").map_err(|_| e))?;
        // A publication of zeros gives the cells and relations; the figures come from the file.
        let builder: PublicationBuilder = Publication::builder(dimensions.clone()).zeros_known(false);
        let frame = self.tables(builder)?.build()?;
        let hidden = vec![true; frame.len()];
        let mut view = View::of(&frame, &hidden, &[], None);
        let percent = self.percentages.as_ref().and_then(|p| p.column.as_ref());
        let percent = percent.map(|column| rows.column(column)).transpose()?;
        let mut told = Told { shown: vec![None; frame.len()], absent: vec![true; frame.len()] };
        for (line, row) in &rows.rows {
            let codes = match further_sum(row) {
                Some(name) => vec![name.clone()],
                None => codes_of(row, &dimensions, columns, &self.dimensions),
            };
            if let Some(cell) = frame.find(&codes).map_err(|e| at_line(*line, &e))? {
                let text = row.get(count).map_or("", String::as_str);
                let value: Value = text.parse().map_err(|e| at_line(*line, &e))?;
                if let Some(known) = self.known(&value) {
                    told.note(cell, known);
                    view.narrow(cell.index(), known).map_err(|e| at_line(*line, &e))?;
                }
            }
            if let Some(shown) = percent.and_then(|p| row.get(p)).filter(|_| further_sum(row).is_none()) {
                self.percentage(&mut view, &frame, codes, shown).map_err(|e| at_line(*line, &e))?;
            }
        }
        told.add_up(&frame, &mut view)?;
        for known in &self.known {
            let fact = match known.hi {
                Some(hi) if hi == known.lo => Known::Shown(hi),
                hi => Known::Hidden { lo: known.lo, hi },
            };
            let at = place(&view, &known.cell)?;
            view.narrow(at, fact)?;
        }
        for percent in &self.percents {
            let (of, base) = (place(&view, &percent.of)?, place(&view, &percent.base)?);
            view.percent(of, base, &percent.shown)?;
        }
        for mean in &self.means {
            let over = place(&view, &mean.over)?;
            let sum =
                view.cell(&format!("sum over {}", mean.over.join("|")), Known::Hidden { lo: 0, hi: None })?;
            view.mean(sum, over, &mean.shown)?;
        }
        self.add_sums(&mut view, &frame);
        Ok((view, frame))
    }

    /// What a printed figure tells of its cell.
    fn known(&self, value: &Value) -> Option<Known> {
        let (lo, hi) = value.range()?;
        Some(match (self.legend, hi) {
            (_, Some(hi)) if lo == hi && !value.is_masked() => Known::Shown(lo),
            (Some([least, most]), None) if value.is_masked() => {
                Known::Hidden { lo: lo.max(least), hi: Some(most) }
            }
            _ => Known::Hidden { lo, hi },
        })
    }

    /// A percentage in a row: of the row's own code, or of the code named once where rows stand for totals.
    fn percentage(
        &self,
        view: &mut View,
        frame: &Publication,
        mut codes: Vec<String>,
        shown: &str,
    ) -> Result<()> {
        let Some(spec) = &self.percentages else { return Ok(()) };
        let known = || frame.dimensions().iter().map(Dimension::name).collect::<Vec<_>>().join(", ");
        let Some(d) = frame.dimensions().iter().position(|x| x.name() == spec.of) else {
            return Err(Error::UnknownName { what: "dimension", name: spec.of.clone(), known: known() });
        };
        let root = frame.dimensions().get(d).map_or("", |x| x.code(0)).to_owned();
        if let (Some(slot), Some(code)) = (codes.get_mut(d).filter(|c| **c == root), &spec.code) {
            slot.clone_from(code);
        }
        let of = frame.find(&codes)?;
        let own = codes.get_mut(d).map(|slot| std::mem::replace(slot, root.clone()));
        let base = frame.find(&codes)?;
        if own.is_none_or(|own| own == root) {
            return Ok(()); // The total is 100 percent of itself.
        }
        match (of, base) {
            (Some(of), Some(base)) => view.percent(of.index(), base.index(), shown),
            _ => Ok(()),
        }
    }

    /// Means of sums: the sums add up as the counts do, wherever all parts of a line have one.
    fn add_sums(&self, view: &mut View, frame: &Publication) {
        if self.means.is_empty() {
            return;
        }
        let sum_of = |view: &View, cell: CellId| view.position(&format!("sum over {}", frame.label(cell)));
        for relation in frame.relations() {
            let parts: Option<Vec<usize>> = relation.parts.iter().map(|&c| sum_of(view, c)).collect();
            if let (Some(parent), Some(parts)) = (sum_of(view, relation.parent), parts) {
                view.sum(&format!("sums of [{}]", frame.label(relation.parent)), parent, &parts);
            }
        }
    }
}

/// Which figures a file shows, and which it does not hold at all.
struct Told {
    shown: Vec<Option<u64>>,
    absent: Vec<bool>,
}

impl Told {
    fn note(&mut self, cell: CellId, known: Known) {
        if let (Some(shown), Some(absent)) =
            (self.shown.get_mut(cell.index()), self.absent.get_mut(cell.index()))
        {
            *absent = false;
            if let Known::Shown(value) = known {
                *shown = Some(value);
            }
        }
    }

    /// A total that the file leaves out and any reader adds up from shown parts is no hidden figure.
    fn add_up(mut self, frame: &Publication, view: &mut View) -> Result<()> {
        loop {
            let mut found = Vec::new();
            for relation in frame.relations() {
                let parts = relation.parts.iter().map(|c| self.shown.get(c.index()).copied().flatten());
                let sum = parts.sum::<Option<u64>>();
                if let (Some(true), Some(sum)) = (self.absent.get(relation.parent.index()), sum) {
                    found.push((relation.parent, sum));
                }
            }
            if found.is_empty() {
                return Ok(());
            }
            for (cell, sum) in found {
                view.narrow(cell.index(), Known::Shown(sum))?;
                self.note(cell, Known::Shown(sum));
            }
        }
    }
}

/// The label of a cell of another release among the dimensions of the first one.
fn label_among(dimensions: &[Dimension], frame: &Publication, cell: CellId) -> String {
    let Some(at) = frame.coordinate(cell) else { return frame.label(cell) };
    let mut codes: Vec<&str> = dimensions.iter().map(|d| d.code(0)).collect();
    let mut more = String::new();
    for (&id, own) in at.iter().zip(frame.dimensions()) {
        let place = dimensions.iter().position(|d| d.name() == own.name());
        match place.and_then(|p| codes.get_mut(p)) {
            _ if id == 0 => {}
            Some(slot) => *slot = own.code(id),
            None => more += &format!("|{}={}", own.name(), own.code(id)),
        }
    }
    codes.join("|") + &more
}

fn place(view: &View, codes: &[String]) -> Result<usize> {
    let label = codes.join("|");
    view.position(&label).ok_or(Error::UnknownCell { cell: label })
}

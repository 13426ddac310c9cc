//! Specifications: how the columns of a file become a publication, and the readers that use them.

use crate::builder::PublicationBuilder;
use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::level::{Cost, Level};
use crate::masking::{Rule, Zeros};
use crate::policy::Policy;
use crate::publication::Publication;
use crate::share::Form;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

pub use crate::published::OtherRelease;

/// A specification, as TOML or built from command-line arguments. Unknown keys are errors.
///
/// ```
/// use opi_mask::spec_file::Spec;
/// let spec = Spec::parse(r#"
///     count = "students"
///     max = 5
///     zeros = "show"
///     [[dimension]]
///     name = "unit"
///     columns = ["district", "school"]
///     [[dimension]]
///     name = "race"
///     columns = ["race"]
///     [[table]]
///     name = "by race"
///     cross = ["unit", "race"]
/// "#)?;
/// let csv = "district,school,race,students\nD1,S1,W,20\nD1,S2,W,31\nD1,S1,H,3\nD1,S2,H,9\n";
/// assert_eq!(spec.publication(csv.as_bytes())?.len(), 12);
/// # Ok::<(), opi_mask::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Column that holds counts.
    #[serde(default)]
    pub count: String,
    /// Dimensions in order.
    #[serde(default, rename = "dimension")]
    pub dimensions: Vec<DimensionSpec>,
    /// Tables; all dimensions crossed if none is given.
    #[serde(default, rename = "table")]
    pub tables: Vec<TableSpec>,
    /// Further published sums.
    #[serde(default, rename = "sum")]
    pub sums: Vec<SumSpec>,
    /// Complements: what is left of a base cell when another is taken away.
    #[serde(default, rename = "complement")]
    pub complements: Vec<ComplementSpec>,
    /// Cells that may not be hidden.
    #[serde(default)]
    pub frozen: Vec<Vec<String>>,
    /// Figures known from elsewhere (an earlier release, a federal file), for audits.
    #[serde(default, rename = "known")]
    pub known: Vec<KnownSpec>,
    /// Percentages published beside the counts, for audits.
    #[serde(default, rename = "percent")]
    pub percents: Vec<PercentSpec>,
    /// Means published beside the counts, for audits.
    #[serde(default, rename = "mean")]
    pub means: Vec<MeanSpec>,
    /// Policy by identifier.
    pub policy: Option<String>,
    /// Policies of the user's own, looked up before those of the crate ([`Policy::parse`]).
    #[serde(skip)]
    pub own_policies: Vec<Policy>,
    /// Greatest sensitive count, if no policy is named or to override it.
    pub max: Option<u64>,
    /// Treatment of zeros.
    pub zeros: Option<String>,
    /// Protection level.
    pub level: Option<String>,
    /// Cost of hiding.
    pub cost: Option<String>,
    /// Whether derivable sums of hidden cells in a line must be above the limit.
    #[serde(default)]
    pub line_sums: bool,
    /// Whether persons alone in a cell are counted as attackers.
    #[serde(default)]
    pub singletons: bool,
    /// Whether an attacker is taken to reason that a hidden figure is not zero, where zeros are printed.
    #[serde(default)]
    pub hidden_positive: bool,
    /// Percentages printed beside the counts of a dimension's codes.
    pub percentages: Option<PercentagesSpec>,
    /// What a masked figure can be, for audits: least and greatest count behind the symbol.
    pub legend: Option<[u64; 2]>,
}

/// One dimension: from columns of the file, or a fixed tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DimensionSpec {
    /// Name.
    pub name: String,
    /// Columns from the highest level to the lowest.
    pub columns: Vec<String>,
    /// Code of the total.
    #[serde(default = "total")]
    pub total: String,
    /// The codes as a list (`code:parent`), where they are not to be taken from the file.
    #[serde(default)]
    pub tree: Vec<String>,
    /// Further groupings of codes.
    #[serde(default)]
    pub groupings: BTreeMap<String, Vec<String>>,
    /// Codes of the file that stand for other codes here (another release numbers its schools otherwise).
    #[serde(default)]
    pub rename: BTreeMap<String, String>,
}

fn total() -> String {
    "Total".to_owned()
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    /// Name.
    pub name: String,
    /// Dimensions crossed.
    pub cross: Vec<String>,
    /// Depth by dimension, where a table does not go to the leaves.
    #[serde(default)]
    pub depth: BTreeMap<String, u32>,
}

/// A further published sum.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SumSpec {
    /// Name; the cell is `@name`.
    pub name: String,
    /// Cells added up.
    pub of: Vec<Vec<String>>,
}

/// A complement: with both cells shown, the difference is shown too, and may be small.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComplementSpec {
    /// Name; the cell is `@name`.
    pub name: String,
    /// Cell counted.
    pub of: Vec<String>,
    /// Cell that it is taken from.
    pub base: Vec<String>,
}

/// Percentages of a dimension's total, printed (or to be printed) beside the counts of its codes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PercentagesSpec {
    /// Dimension whose total is 100 percent.
    pub of: String,
    /// Decimals, rounded half up; absent where codes are printed.
    pub decimals: Option<u32>,
    /// Policy whose codes are printed by size of the total.
    pub bands: Option<String>,
    /// For audits: column of a published file that holds the percentages.
    pub column: Option<String>,
    /// For audits: the code to which the percentages belong, where rows stand for totals and do not name it.
    pub code: Option<String>,
}

/// A figure known from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownSpec {
    /// Codes of the cell.
    pub cell: Vec<String>,
    /// Least value.
    #[serde(default)]
    pub lo: u64,
    /// Greatest value.
    pub hi: Option<u64>,
}

/// A published percentage.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PercentSpec {
    /// Cell counted.
    pub of: Vec<String>,
    /// Cell that is 100 percent.
    pub base: Vec<String>,
    /// Percentage as printed.
    pub shown: String,
}

/// A published mean.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanSpec {
    /// Cell that counts the members.
    pub over: Vec<String>,
    /// Mean as printed.
    pub shown: String,
}

/// Rows of a CSV file with their header.
pub(crate) struct Rows {
    header: Vec<String>,
    pub(crate) rows: Vec<(u64, Vec<String>)>,
}

impl Spec {
    /// Reads the TOML form.
    ///
    /// # Errors
    /// [`Error::Input`] with the place in the text.
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text)
            .map_err(|e| Error::Input { place: "specification".to_owned(), problem: e.to_string() })
    }

    /// The dimensions of an argument such as `district>school,race,grade`: levels by `>`, dimensions by `,`.
    /// A dimension is named after its lowest column.
    ///
    /// # Errors
    /// [`Error::Input`] for an empty name.
    pub fn with_dimensions(mut self, text: &str) -> Result<Self> {
        for part in text.split(',') {
            let columns: Vec<String> = part.split('>').map(|c| c.trim().to_owned()).collect();
            let name = columns.last().cloned().unwrap_or_default();
            if columns.iter().any(String::is_empty) {
                return Err(Error::Input {
                    place: "--dims".to_owned(),
                    problem: format!("`{text}` has an empty column name; write district>school,race,grade"),
                });
            }
            self.dimensions.push(DimensionSpec { name, columns, total: total(), ..DimensionSpec::default() });
        }
        Ok(self)
    }

    /// The masking rule.
    ///
    /// # Errors
    /// [`Error::Unstated`] for what neither the policy nor the caller states, [`Error::UnknownName`].
    pub fn rule(&self) -> Result<Rule> {
        let zeros = self.zeros.as_deref().map(str::parse::<Zeros>).transpose()?;
        let mut rule = match (&self.policy, self.max) {
            (Some(id), max) => {
                let mut rule = self.find_policy(id)?.rule(zeros)?;
                rule.max_masked = max.unwrap_or(rule.max_masked);
                rule
            }
            (None, Some(max)) => {
                let zeros = zeros.ok_or(Error::Unstated {
                    policy: "(none)".to_owned(),
                    what: "how zeros are treated",
                    choices: "show, structural, mask, cover",
                })?;
                Rule::new(max, zeros)
            }
            (None, None) => {
                return Err(Error::Unstated {
                    policy: "(none)".to_owned(),
                    what: "the greatest sensitive count",
                    choices: "name a policy, or a limit such as 5",
                });
            }
        };
        if let Some(level) = &self.level {
            rule.level = level.parse::<Level>()?;
        }
        if let Some(cost) = &self.cost {
            rule.cost = cost.parse::<Cost>()?;
        }
        rule.line_sums = self.line_sums;
        rule.singletons = self.singletons;
        rule.hidden_positive = self.hidden_positive;
        Ok(rule)
    }

    /// A policy by its identifier, the user's own first.
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the identifiers that exist.
    pub fn find_policy(&self, id: &str) -> Result<Policy> {
        match self.own_policies.iter().find(|p| p.id == id) {
            Some(own) => Ok(own.clone()),
            None => Policy::find(id),
        }
    }

    /// Reads a file of leaf counts into a publication built for the rule's treatment of zeros.
    ///
    /// # Errors
    /// [`Error::Input`] with line and column, or any error of the builder or of [`Self::rule`].
    pub fn publication(&self, csv: &[u8]) -> Result<Publication> {
        let rule = self.rule()?;
        let rows = read(csv)?;
        let (dimensions, columns) = self.shape(&rows, false)?;
        let count = rows.column(&self.count)?;
        let mut builder = Publication::builder(dimensions.clone()).zeros_known(rule.zeros.known());
        builder = self.tables(builder)?;
        if let Some((dimension, form)) = self.form()? {
            builder = builder.percentages(dimension, form);
        }
        for (line, row) in &rows.rows {
            let codes = codes_of(row, &dimensions, &columns, &self.dimensions);
            let text = row.get(count).map_or("", |t| t.trim());
            let students: u64 = text.parse().map_err(|_| Error::Input {
                place: format!("line {line}, column `{}`", self.count),
                problem: format!("`{text}` is not a count; true counts are needed here"),
            })?;
            builder.count(&codes, students).map_err(|e| at_line(*line, &e))?;
        }
        builder.build()
    }

    pub(crate) fn tables(&self, mut builder: PublicationBuilder) -> Result<PublicationBuilder> {
        for table in &self.tables {
            if let Some(name) = table.depth.keys().find(|n| !table.cross.contains(n)) {
                return Err(Error::UnknownName {
                    what: "dimension in depth",
                    name: name.clone(),
                    known: table.cross.join(", "),
                });
            }
            let crossed: Vec<(&str, Option<u32>)> =
                table.cross.iter().map(|d| (d.as_str(), table.depth.get(d).copied())).collect();
            builder = builder.table(&table.name, &crossed)?;
        }
        for sum in &self.sums {
            builder = builder.further_sum(&sum.name, sum.of.clone());
        }
        for c in &self.complements {
            builder = builder.complement(&c.name, c.of.clone(), c.base.clone());
        }
        for cell in &self.frozen {
            builder = builder.frozen(cell.clone());
        }
        Ok(builder)
    }

    /// The form in which percentages are to be printed.
    fn form(&self) -> Result<Option<(&str, Form)>> {
        let Some(spec) = &self.percentages else { return Ok(None) };
        let form = match (spec.decimals, &spec.bands) {
            (Some(decimals @ 0..=3), None) => Form::Rounded(decimals),
            (None, Some(policy)) => Form::Coded(Box::new(self.find_policy(policy)?)),
            _ => {
                return Err(Error::Input {
                    place: "specification, percentages".to_owned(),
                    problem: "give `decimals` (0 to 3) or `bands` (a policy), one of the two".to_owned(),
                });
            }
        };
        Ok(Some((&spec.of, form)))
    }

    /// The dimensions, and for each the positions of its columns.
    pub(crate) fn shape(&self, rows: &Rows, totals: bool) -> Result<(Vec<Dimension>, Vec<Vec<usize>>)> {
        let mut dimensions = Vec::new();
        for spec in &self.dimensions {
            let mut edges = BTreeSet::new();
            spec.edges(rows, totals, &spec.total, &mut edges)?;
            dimensions.push(spec.build(edges)?);
        }
        Ok((dimensions, self.columns(rows)?))
    }

    /// For each dimension the positions of its columns.
    pub(crate) fn columns(&self, rows: &Rows) -> Result<Vec<Vec<usize>>> {
        let places = |spec: &DimensionSpec| spec.columns.iter().map(|c| rows.column(c)).collect();
        self.dimensions.iter().map(places).collect()
    }
}

impl DimensionSpec {
    /// Adds the codes of a file with their parents; the total is called `root`.
    pub(crate) fn edges(
        &self,
        rows: &Rows,
        totals: bool,
        root: &str,
        edges: &mut BTreeSet<(String, String)>,
    ) -> Result<()> {
        let places = self.columns.iter().map(|c| rows.column(c)).collect::<Result<Vec<_>>>()?;
        let printed = |row: &[String]| totals && further_sum(row).is_some();
        for (_, row) in rows.rows.iter().filter(|(_, row)| !printed(row)) {
            let mut parent = root.to_owned();
            for code in path(row, &places, self) {
                if totals && self.groupings.contains_key(&code) {
                    break; // Its members say what it is.
                }
                if !(totals && code == parent) {
                    edges.insert((code.clone(), parent));
                }
                parent = code;
            }
        }
        Ok(())
    }

    /// The dimension: its own tree where it has one, else the codes of the file.
    pub(crate) fn build(&self, edges: BTreeSet<(String, String)>) -> Result<Dimension> {
        let mut dimension = match self.tree.is_empty() {
            true => Dimension::from_edges(&self.name, &self.total, unique(edges))?,
            false => Dimension::parse(&self.name, &self.tree)?,
        };
        if self.columns.len() > 1 {
            dimension = dimension.in_columns(&self.columns);
        }
        for (code, members) in &self.groupings {
            dimension = dimension.with_grouping(code, members)?;
        }
        Ok(dimension)
    }
}

/// A code that stands under several parents is written `parent/code`.
fn unique(edges: BTreeSet<(String, String)>) -> Vec<(String, String)> {
    let mut parents: BTreeMap<&String, usize> = BTreeMap::new();
    for (code, _) in &edges {
        *parents.entry(code).or_default() += 1;
    }
    let name = |code: &String, parent: &String| {
        if parents.get(code).is_some_and(|n| *n > 1) { format!("{parent}/{code}") } else { code.clone() }
    };
    edges.iter().map(|(code, parent)| (name(code, parent), parent.clone())).collect()
}

/// The codes of a row from the highest level down, up to where a total stands.
fn path(row: &[String], places: &[usize], spec: &DimensionSpec) -> Vec<String> {
    let codes = places.iter().map(|&p| row.get(p).map_or("", |c| c.trim()));
    let renamed = codes.map(|c| spec.rename.get(c).map_or(c, String::as_str));
    renamed.take_while(|c| !c.is_empty() && *c != spec.total).map(str::to_owned).collect()
}

/// The name of a further sum, in whose row a published file has nothing but the name and the figure.
pub(crate) fn further_sum(row: &[String]) -> Option<&String> {
    row.first().filter(|name| name.starts_with('@'))
}

pub(crate) fn codes_of(
    row: &[String],
    dimensions: &[Dimension],
    columns: &[Vec<usize>],
    specs: &[DimensionSpec],
) -> Vec<String> {
    let each = dimensions.iter().zip(columns).zip(specs);
    each.map(|((dimension, places), spec)| {
        let path = path(row, places, spec);
        let root = dimension.code(0).to_owned();
        let code = path.last().unwrap_or(&root);
        let parent = path.len().checked_sub(2).and_then(|i| path.get(i)).unwrap_or(&root);
        let long = format!("{parent}/{code}");
        if dimension.find(&long).is_ok() { long } else { code.clone() }
    })
    .collect()
}

pub(crate) fn at_line(line: u64, error: &Error) -> Error {
    Error::Input { place: format!("line {line}"), problem: error.to_string() }
}

pub(crate) fn read(csv: &[u8]) -> Result<Rows> {
    let csv = csv.strip_prefix(b"\xef\xbb\xbf").unwrap_or(csv);
    let mut reader = csv::ReaderBuilder::new().from_reader(csv);
    let bad = |e: csv::Error| Error::Input {
        place: e.position().map_or("CSV".to_owned(), |p| format!("line {}", p.line())),
        problem: e.to_string(),
    };
    let header: Vec<String> = reader.headers().map_err(bad)?.iter().map(|h| h.trim().to_owned()).collect();
    if header.iter().all(String::is_empty) {
        let problem = "the file is empty; a line of column names comes first".to_owned();
        return Err(Error::Input { place: "line 1".to_owned(), problem });
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(bad)?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push((line, record.iter().map(str::to_owned).collect()));
    }
    Ok(Rows { header, rows })
}

impl Rows {
    pub(crate) fn column(&self, name: &str) -> Result<usize> {
        self.header.iter().position(|h| h == name).ok_or_else(|| Error::UnknownName {
            what: "column",
            name: name.to_owned(),
            known: self.header.join(", "),
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_empty_file_is_told_as_such() {
        for empty in ["", "\n", "\u{feff}\r\n"] {
            let error = super::read(empty.as_bytes()).err().map(|error| error.to_string());
            assert_eq!(
                error.as_deref(),
                Some("line 1: the file is empty; a line of column names comes first")
            );
        }
    }
}

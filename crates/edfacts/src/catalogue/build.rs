//! From table rows to the catalogue: strict parsing, additions at run time, indexing once.

use super::rows::{
    At, CategoryRow, ColumnRow, DerivationRow, FileRow, FileValuesRow, PermittedRow, SetRow, SourceRow,
    TomlTables, YearRuleRow, parts, read_csv,
};
use super::spec::{
    Category, CategoryKind, CategorySet, CollectionStatus, Column, ColumnType, Derivation, Family, FileSpec,
    FileValues, InputSource, LevelSpec, PermittedValue, Role, ZeroRule,
};
use super::{Catalogue, MISSING, Source, YearRule};
use crate::{EdfactsError, FileNumber, Level};
use hashbrown::HashMap;
use opi_dictionary::SchoolYear;

/// A table of the catalogue, for rows added at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpecTable {
    /// File specifications.
    Files,
    /// Layout columns.
    Columns,
    /// Category sets.
    CategorySets,
    /// Codes of a category in one file.
    FileValues,
    /// Codes of a category.
    PermittedValues,
    /// Categories.
    Categories,
    /// Derivations.
    Derivations,
}

/// Puts a catalogue together: the built-in tables, and rows of newer years given at run time.
///
/// An added layout (rows of `columns` for a file and level) holds from its first year on; added category
/// sets marked newest take the place of the newest ones from the years they name.
///
/// ```
/// use opi_edfacts::{CatalogueBuilder, Level, SpecTable};
/// let rows = "file,levels,first_year,last_year,position,start,name,element,type,length,required,category,note,source\n\
///     170,LEA,2026-27,,1,1,File Record Number,FileRecordNumber,number,10,M,,,state\n\
///     170,LEA,2026-27,,2,11,State Code,FIPSStateCode,string,2,M,STATEFIPS,,state\n";
/// let catalogue = CatalogueBuilder::builtin()?.add_csv(SpecTable::Columns, rows)?.build()?;
/// let new = catalogue.layout("170".parse()?, Level::Lea, "2026-27".parse()?)?;
/// let old = catalogue.layout("170".parse()?, Level::Lea, "2025-26".parse()?)?;
/// assert_eq!(new.field_count(), 2);
/// assert!(old.field_count() > 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CatalogueBuilder {
    base: TomlTables,
    added: TomlTables,
}

impl CatalogueBuilder {
    /// Starts from the built-in tables.
    ///
    /// # Errors
    /// When a built-in table is damaged.
    pub fn builtin() -> Result<Self, EdfactsError> {
        let base = TomlTables {
            files: read_csv("files", include_str!("../../spec/files.csv"))?,
            columns: read_csv("columns", include_str!("../../spec/columns.csv"))?,
            category_sets: read_csv("category_sets", include_str!("../../spec/category_sets.csv"))?,
            file_values: read_csv("file_values", include_str!("../../spec/file_values.csv"))?,
            permitted_values: read_csv("permitted_values", include_str!("../../spec/permitted_values.csv"))?,
            categories: read_csv("categories", include_str!("../../spec/categories.csv"))?,
            derivations: read_csv("derivations", include_str!("../../spec/derivations.csv"))?,
            year_rules: read_csv("year_rules", include_str!("../../spec/year_rules.csv"))?,
            sources: read_csv("sources", include_str!("../../spec/sources.csv"))?,
        };
        Ok(CatalogueBuilder { base, added: TomlTables::default() })
    }

    /// Adds rows of one table as CSV, with the header of the table.
    ///
    /// # Errors
    /// [`EdfactsError::Table`] when the rows do not follow the table.
    pub fn add_csv(mut self, table: SpecTable, text: &str) -> Result<Self, EdfactsError> {
        match table {
            SpecTable::Files => self.added.files.extend(read_csv("files", text)?),
            SpecTable::Columns => self.added.columns.extend(read_csv("columns", text)?),
            SpecTable::CategorySets => self.added.category_sets.extend(read_csv("category_sets", text)?),
            SpecTable::FileValues => self.added.file_values.extend(read_csv("file_values", text)?),
            SpecTable::PermittedValues => {
                self.added.permitted_values.extend(read_csv("permitted_values", text)?);
            }
            SpecTable::Categories => self.added.categories.extend(read_csv("categories", text)?),
            SpecTable::Derivations => self.added.derivations.extend(read_csv("derivations", text)?),
        }
        Ok(self)
    }

    /// Adds rows of any tables as one TOML document: `[[columns]]`, `[[category_sets]]` and so on, with
    /// the same names as the CSV columns.
    ///
    /// # Errors
    /// [`EdfactsError::Table`] when a table or key is unknown or a value has the wrong type.
    pub fn add_toml(mut self, text: &str) -> Result<Self, EdfactsError> {
        let more: TomlTables = toml::from_str(text).map_err(|error| EdfactsError::Table {
            table: "TOML",
            row: 0,
            what: error.to_string(),
        })?;
        self.added.files.extend(more.files);
        self.added.columns.extend(more.columns);
        self.added.category_sets.extend(more.category_sets);
        self.added.file_values.extend(more.file_values);
        self.added.permitted_values.extend(more.permitted_values);
        self.added.categories.extend(more.categories);
        self.added.derivations.extend(more.derivations);
        self.added.year_rules.extend(more.year_rules);
        self.added.sources.extend(more.sources);
        Ok(self)
    }

    /// Parses all rows and indexes them.
    ///
    /// # Errors
    /// [`EdfactsError::Table`] for the first row that is not in order.
    pub fn build(self) -> Result<Catalogue, EdfactsError> {
        let mut build = Build::default();
        for tables in [&self.base, &self.added] {
            build.files(&tables.files)?;
            build.categories(&tables.categories)?;
            build.permitted(&tables.permitted_values)?;
            build.columns(&tables.columns)?;
            build.sets(&tables.category_sets)?;
            build.values(&tables.file_values)?;
            build.derivations(&tables.derivations)?;
            build.year_rules(&tables.year_rules)?;
            build.sources(&tables.sources);
        }
        build.finish()
    }
}

#[derive(Default)]
struct Build {
    files: Vec<FileSpec>,
    index: HashMap<FileNumber, usize>,
    categories: HashMap<String, Category>,
    permitted: HashMap<String, Vec<PermittedValue>>,
    year_rules: Vec<YearRule>,
    sources: Vec<Source>,
}

impl Build {
    fn file_mut(&mut self, at: At, text: &str) -> Result<&mut FileSpec, EdfactsError> {
        let number = at.number(text)?;
        let place = self.index.get(&number).copied();
        let file = place.and_then(|place| self.files.get_mut(place));
        file.ok_or_else(|| at.refuse(format!("file {number} has no row in the table files")))
    }

    fn files(&mut self, rows: &[FileRow]) -> Result<(), EdfactsError> {
        for (row, line) in rows.iter().zip(1..) {
            let at = At { table: "files", row: line };
            let number = at.number(&row.number)?;
            let text = |text: &str| if text.is_empty() { None } else { Some(text.to_owned()) };
            let due = match (row.due.as_str(), at.year(&row.due_year)?) {
                ("", None) => None,
                (day, Some(year)) => {
                    let day = day.parse().map_err(|_| at.refuse(format!("`{day}` is not a date")))?;
                    Some((day, year))
                }
                _ => return Err(at.refuse("due and due_year are filled together")),
            };
            let status = |text: &str| at_status(at, text, at.yes(&row.retired)?);
            let replaced = row.replaced_by.split_whitespace().map(|text| at.number(text));
            let mut spec = FileSpec {
                number,
                title: row.title.clone(),
                levels: at.levels(&row.levels)?,
                layout_first_year: at.year(&row.first_year)?,
                layout_last_year: at.year(&row.last_year)?,
                family: family(at, &row.family)?,
                topic: row.topic.clone(),
                office: row.office.clone(),
                tables: parts(&row.tables).map(str::to_owned).collect(),
                data_groups: row.data_groups.clone(),
                abbreviation: text(&row.abbreviation),
                file_types: [text(&row.type_sea), text(&row.type_lea), text(&row.type_sch)],
                due,
                status_2024_25: status(&row.status_2024_25)?,
                status_2025_26: status(&row.status_2025_26)?,
                replaced_by: replaced.collect::<Result<_, _>>()?,
                source: row.source.clone(),
                standing: at.standing(&row.standing)?,
                derivation: None,
                at: Default::default(),
            };
            match self.index.get(&number).copied().and_then(|place| self.files.get_mut(place)) {
                Some(known) => {
                    spec.derivation = known.derivation.take();
                    spec.at = std::mem::take(&mut known.at);
                    *known = spec;
                }
                None => {
                    self.index.insert(number, self.files.len());
                    self.files.push(spec);
                }
            }
        }
        Ok(())
    }

    fn categories(&mut self, rows: &[CategoryRow]) -> Result<(), EdfactsError> {
        for (row, line) in rows.iter().zip(1..) {
            let at = At { table: "categories", row: line };
            at.source(&row.source)?;
            let kind = match row.kind.as_str() {
                "" => None,
                "exclusive" => Some(CategoryKind::Exclusive),
                "one_sided" => Some(CategoryKind::OneSided),
                "multiple" => Some(CategoryKind::Multiple),
                other => {
                    return Err(at.refuse(format!("`{other}` is not exclusive, one_sided or multiple")));
                }
            };
            let category = Category {
                category: row.category.clone(),
                name: row.name.clone(),
                kind,
                missing_allowed: at.yes(&row.missing)?,
                standing: at.standing(&row.standing)?,
            };
            self.categories.insert(row.category.clone(), category);
        }
        Ok(())
    }

    fn permitted(&mut self, rows: &[PermittedRow]) -> Result<(), EdfactsError> {
        for (row, line) in rows.iter().zip(1..) {
            let at = At { table: "permitted_values", row: line };
            if !self.categories.contains_key(&row.category) {
                return Err(
                    at.refuse(format!("category {} has no row in the table categories", row.category))
                );
            }
            let value = PermittedValue {
                category: row.category.clone(),
                code: row.code.clone(),
                label: row.label.clone(),
                years: at.years(&row.years)?,
                files: row.files.split_whitespace().map(|text| at.number(text)).collect::<Result<_, _>>()?,
                source: row.source.clone(),
                standing: at.standing(&row.standing)?,
            };
            let codes = self.permitted.entry(row.category.clone()).or_default();
            match codes.iter_mut().find(|known| known.code == value.code) {
                Some(known) => *known = value,
                None => codes.push(value),
            }
        }
        Ok(())
    }

    fn columns(&mut self, rows: &[ColumnRow]) -> Result<(), EdfactsError> {
        let mut fresh: Vec<(FileNumber, Level, SchoolYear)> = Vec::new();
        for (row, line) in rows.iter().zip(1..) {
            let at = At { table: "columns", row: line };
            at.source(&row.source)?;
            let first = at.year(&row.first_year)?.ok_or_else(|| at.refuse("first_year is blank"))?;
            let column = Column {
                position: row.position,
                start: row.start,
                length: row.length,
                name: row.name.clone(),
                element: row.element.clone(),
                kind: column_type(at, &row.kind)?,
                role: role(&row.name, &row.element),
                mandatory: match row.required.as_str() {
                    "M" => true,
                    "O" => false,
                    other => return Err(at.refuse(format!("required is M or O, found `{other}`"))),
                },
                category: if row.category.is_empty() { None } else { Some(row.category.clone()) },
                note: row.note.clone(),
                first_year: Some(first),
                last_year: at.year(&row.last_year)?,
            };
            for part in row.category.split(';').filter(|part| !part.is_empty()) {
                if !self.categories.contains_key(part) {
                    return Err(at.refuse(format!("category {part} has no row in the table categories")));
                }
            }
            for level in at.levels(&row.levels)? {
                let file = self.file_mut(at, &row.file)?;
                let key = (file.number, level, first);
                let closes = !fresh.iter().any(|known| known.0 == key.0 && known.1 == key.1);
                let spec = file.at.get_mut(level.index());
                let Some(spec) = spec else { continue };
                if closes {
                    let before = first.previous()?;
                    spec.columns.retain(|known| known.first_year.is_none_or(|known| known < first));
                    for known in &mut spec.columns {
                        known.last_year = Some(known.last_year.map_or(before, |last| last.min(before)));
                    }
                    fresh.push(key);
                }
                spec.columns.push(column.clone());
                let newest = file.layout_last_year.map_or(first, |last| last.max(first));
                file.layout_last_year = Some(newest);
                file.layout_first_year = Some(file.layout_first_year.map_or(first, |known| known.min(first)));
            }
        }
        Ok(())
    }

    fn sets(&mut self, rows: &[SetRow]) -> Result<(), EdfactsError> {
        let mut fresh: Vec<(FileNumber, Level)> = Vec::new();
        for (row, line) in rows.iter().zip(1..) {
            let at = At { table: "category_sets", row: line };
            at.source(&row.source)?;
            let categories: Vec<String> = parts(&row.categories).map(str::to_owned).collect();
            if let Some(unknown) = categories.iter().find(|part| !self.categories.contains_key(*part)) {
                return Err(at.refuse(format!("category {unknown} has no row in the table categories")));
            }
            let positions = parts(&row.positions)
                .map(|part| part.parse().map_err(|_| at.refuse(format!("`{part}` is not a position"))))
                .collect::<Result<Vec<u16>, _>>()?;
            let total_indicator = match row.indicator.as_str() {
                "Y" => 'Y',
                "N" => 'N',
                other => return Err(at.refuse(format!("indicator is Y or N, found `{other}`"))),
            };
            let newest = at.yes(&row.newest)?;
            let mut tables: Vec<&str> = parts(&row.tables).collect();
            if tables.is_empty() {
                tables.push("");
            }
            for level in at.levels(&row.levels)? {
                let file = self.file_mut(at, &row.file)?;
                let key = (file.number, level);
                let Some(spec) = file.at.get_mut(level.index()) else { continue };
                if newest && !fresh.contains(&key) {
                    for known in &mut spec.sets {
                        known.newest = false;
                    }
                    fresh.push(key);
                }
                for table in &tables {
                    spec.sets.push(CategorySet {
                        set: row.set.clone(),
                        table: (*table).to_owned(),
                        categories: categories.clone(),
                        positions: positions.clone(),
                        total_indicator,
                        newest,
                        years: at.years(&row.years)?,
                    });
                }
            }
        }
        Ok(())
    }

    fn values(&mut self, rows: &[FileValuesRow]) -> Result<(), EdfactsError> {
        for (row, line) in rows.iter().zip(1..) {
            let at = At { table: "file_values", row: line };
            at.source(&row.source)?;
            let year = at.year(&row.year)?.ok_or_else(|| at.refuse("year is blank"))?;
            let codes: Vec<String> = parts(&row.codes).map(str::to_owned).collect();
            for level in at.levels(&row.levels)? {
                let file = self.file_mut(at, &row.file)?;
                let Some(spec) = file.at.get_mut(level.index()) else { continue };
                spec.values.retain(|known| known.category != row.category || known.year != year);
                spec.values.push(FileValues { year, category: row.category.clone(), codes: codes.clone() });
            }
        }
        Ok(())
    }

    fn derivations(&mut self, rows: &[DerivationRow]) -> Result<(), EdfactsError> {
        for (row, line) in rows.iter().zip(1..) {
            let at = At { table: "derivations", row: line };
            let number = at.number(&row.file)?;
            let derivation = Derivation {
                file: number,
                levels: at.levels(&row.levels)?,
                zero: [
                    zero_rule(at, &row.zero_sea)?,
                    zero_rule(at, &row.zero_lea)?,
                    zero_rule(at, &row.zero_sch)?,
                ],
                unit: row.unit.clone(),
                inputs: inputs(at, &row.inputs)?,
                population: row.population.clone(),
                period: row.period.clone(),
                marks: row.marks.split_whitespace().map(str::to_owned).collect(),
                source: row.source.clone(),
                standing: at.standing(&row.standing)?,
            };
            self.file_mut(at, &row.file)?.derivation = Some(derivation);
        }
        Ok(())
    }

    fn year_rules(&mut self, rows: &[YearRuleRow]) -> Result<(), EdfactsError> {
        for (row, line) in rows.iter().zip(1..) {
            let at = At { table: "year_rules", row: line };
            self.year_rules.push(YearRule {
                rule: row.rule.clone(),
                first: at.year(&row.first_year)?,
                last: at.year(&row.last_year)?,
                value: row.value.clone(),
                standing: at.standing(&row.standing)?,
            });
            if row.source.is_empty() {
                return Err(at.refuse("source is blank"));
            }
        }
        Ok(())
    }

    fn sources(&mut self, rows: &[SourceRow]) {
        let known = rows.iter().map(|row| Source {
            key: row.key.clone(),
            title: row.title.clone(),
            address: row.address.clone(),
        });
        self.sources.extend(known);
    }

    fn finish(mut self) -> Result<Catalogue, EdfactsError> {
        self.files.sort_by_key(|file| file.number);
        for file in &mut self.files {
            for spec in &mut file.at {
                spec.columns.sort_by_key(|column| (column.position, column.first_year));
                let LevelSpec { columns, sets, .. } = spec;
                // A set without a table, in a file with one table and a column for it, is of that table.
                let named = columns.iter().any(|column| column.role == Role::TableName);
                if let ([only], true) = (file.tables.as_slice(), named) {
                    for set in sets.iter_mut().filter(|set| set.table.is_empty()) {
                        set.table.clone_from(only);
                    }
                }
                for set in sets.iter_mut().filter(|set| set.positions.len() != set.categories.len()) {
                    set.positions = positions(columns, set).unwrap_or_default();
                }
            }
        }
        for codes in self.permitted.values_mut() {
            codes.sort_by(|a, b| (a.code == MISSING).cmp(&(b.code == MISSING)).then(a.code.cmp(&b.code)));
        }
        Ok(Catalogue {
            files: self.files,
            categories: self.categories,
            permitted: self.permitted,
            year_rules: self.year_rules,
            sources: self.sources,
        })
    }
}

/// Where the columns of an earlier set stood in its last year, where each category names its column.
fn positions(columns: &[Column], set: &CategorySet) -> Option<Vec<u16>> {
    let year = set.years.last()?;
    let held = |column: &&Column| {
        column.first_year.is_none_or(|first| first <= year)
            && column.last_year.is_none_or(|last| year <= last)
    };
    let of = |category: &String| {
        let names = |column: &&Column| {
            column.category.as_deref().is_some_and(|names| names.split(';').any(|name| name == category))
        };
        columns.iter().filter(held).find(names).map(|column| column.position)
    };
    set.categories.iter().map(of).collect()
}

fn family(at: At, text: &str) -> Result<Family, EdfactsError> {
    Ok(match text {
        "counts" => Family::Counts,
        "fte" => Family::Fte,
        "rate" => Family::Rate,
        "dollars" => Family::Dollars,
        "status" | "status/counts" | "status/dollars" => Family::Status,
        "directory" => Family::Directory,
        "list" => Family::List,
        "crosswalk" => Family::Crosswalk,
        "" => Family::Unknown,
        other => return Err(at.refuse(format!("`{other}` is not a family of files"))),
    })
}

fn at_status(at: At, text: &str, retired: bool) -> Result<CollectionStatus, EdfactsError> {
    Ok(match text {
        "active" => CollectionStatus::Active,
        "active_inferred" => CollectionStatus::ActiveInferred,
        "enabled_first" => CollectionStatus::EnabledFirst,
        "listed" => CollectionStatus::Listed,
        "published" => CollectionStatus::Published,
        "retired" => CollectionStatus::Retired,
        "retired_unconfirmed" => CollectionStatus::RetiredUnconfirmed,
        "unconfirmed" => CollectionStatus::Unconfirmed,
        "" if retired => CollectionStatus::Retired,
        "" => CollectionStatus::Unconfirmed,
        other => return Err(at.refuse(format!("`{other}` is not a collection status"))),
    })
}

fn column_type(at: At, text: &str) -> Result<ColumnType, EdfactsError> {
    Ok(match text {
        "string" => ColumnType::String,
        "number" => ColumnType::Number,
        "decimal1" => ColumnType::Decimal1,
        "decimal2" => ColumnType::Decimal2,
        "control" => ColumnType::Control,
        other => return Err(at.refuse(format!("`{other}` is not a column type"))),
    })
}

/// The common columns are known by their published element names, fillers by their column name.
fn role(name: &str, element: &str) -> Role {
    match element {
        _ if name == "Filler" => Role::Filler,
        "FileRecordNumber" => Role::RecordNumber,
        "FIPSStateCode" => Role::StateCode,
        "StateAgencyNumber" => Role::StateAgency,
        "StateLEAIDNumber" => Role::LeaId,
        "StateSchoolIDNumber" => Role::SchoolId,
        "TableTypeAbbrv" => Role::TableName,
        "TotalIndicator" => Role::TotalIndicator,
        "Explanation" => Role::Explanation,
        "Amount" => Role::Amount,
        "CarriageReturn/LineFeed" => Role::EndOfRecord,
        _ if name.starts_with("Carriage Return") => Role::EndOfRecord,
        _ => Role::Value,
    }
}

fn zero_rule(at: At, text: &str) -> Result<Option<ZeroRule>, EdfactsError> {
    Ok(Some(match text {
        "" => return Ok(None),
        "all" => ZeroRule::All,
        "units" => ZeroRule::Units,
        "offered" => ZeroRule::Offered,
        "members" => ZeroRule::Members,
        "pk" => ZeroRule::Pk,
        "notpkonly" => ZeroRule::NotPkOnly,
        "tot" => ZeroRule::Tot,
        "none" => ZeroRule::None,
        other => return Err(at.refuse(format!("`{other}` is not a zero rule"))),
    }))
}

fn inputs(at: At, text: &str) -> Result<InputSource, EdfactsError> {
    Ok(match text {
        "aim_uploads" => InputSource::AimUploads,
        "aim_plus_state_tables" => InputSource::AimPlusStateTables,
        "assessment" => InputSource::Assessment,
        "staff" => InputSource::Staff,
        "finance" => InputSource::Finance,
        "none" => InputSource::None,
        other => return Err(at.refuse(format!("`{other}` is not a source of inputs"))),
    })
}

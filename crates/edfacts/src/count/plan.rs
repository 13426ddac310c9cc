//! What was asked, made ready: for each file and level its sets, codes and zero combinations.

use super::declare::{Declaration, declaration};
use super::possible::{Possible, anything};
use super::values::Logic;
use crate::{
    Catalogue, CategorySet, CountConfig, DataRow, EdfactsError, FileNumber, Level, MISSING, ZeroRule,
};
use hashbrown::HashMap;

/// At most this many categories stand in one set.
pub(crate) const MOST_CATEGORIES: usize = 4;

/// The codes of a cell: places in the code lists of the set's categories; unused places hold 0.
pub(crate) type Codes = [u16; MOST_CATEGORIES];

/// A category of a file and level.
#[derive(Debug)]
pub(crate) struct CategoryPlan {
    pub(crate) name: String,
    pub(crate) logic: Logic,
    pub(crate) codes: Vec<String>,
    pub(crate) index: HashMap<String, u16>,
    pub(crate) missing: Option<u16>,
}

/// A category set of one table.
#[derive(Debug)]
pub(crate) struct SetPlan {
    pub(crate) set: String,
    pub(crate) table: String,
    pub(crate) total_indicator: char,
    /// Places in the categories of the plan.
    pub(crate) categories: Vec<usize>,
    /// Combinations for which a record with 0 can be due, in order of the codes.
    pub(crate) zero: Vec<Codes>,
}

/// A file at a level.
#[derive(Debug)]
pub(crate) struct FilePlan {
    pub(crate) file: FileNumber,
    pub(crate) level: Level,
    pub(crate) zero_rule: ZeroRule,
    pub(crate) categories: Vec<CategoryPlan>,
    pub(crate) sets: Vec<SetPlan>,
    /// False for a file that was not asked but that another file needs.
    pub(crate) asked: bool,
    pub(crate) declaration: &'static Declaration,
}

/// Everything that was asked, in the order of the output.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) files: Vec<FilePlan>,
    /// Places of the plans of each declaration, so that its rows are looked up once a student.
    pub(crate) groups: Vec<(&'static Declaration, Vec<usize>)>,
}

impl Plan {
    pub(crate) fn new(
        catalogue: &Catalogue,
        config: &CountConfig,
        asks: &[(FileNumber, Vec<Level>)],
    ) -> Result<Plan, EdfactsError> {
        let mut wanted: std::collections::BTreeMap<(FileNumber, Level), bool> = Default::default();
        for (file, levels) in asks {
            for level in levels {
                wanted.insert((*file, *level), true);
                let declared = find(catalogue, *file, *level)?;
                if declared.needs_members
                    && *level != Level::Sea
                    && let Some(membership) = FileNumber::new(52)
                {
                    wanted.entry((membership, *level)).or_insert(false);
                }
            }
        }
        let mut files = Vec::new();
        for ((file, level), asked) in wanted {
            files.push(file_plan(catalogue, config, file, level, asked)?);
        }
        let mut groups: Vec<(&'static Declaration, Vec<usize>)> = Vec::new();
        for (place, plan) in files.iter().enumerate() {
            match groups.iter_mut().find(|(declared, _)| declared.file == plan.declaration.file) {
                Some((_, places)) => places.push(place),
                None => groups.push((plan.declaration, vec![place])),
            }
        }
        Ok(Plan { files, groups })
    }
}

fn find(catalogue: &Catalogue, file: FileNumber, level: Level) -> Result<&'static Declaration, EdfactsError> {
    let spec = catalogue.file(file)?;
    let not = |why: String| EdfactsError::NotCounted { number: file, level, why };
    let Some(declared) = declaration(file) else {
        let why = match &spec.derivation {
            Some(derivation) => format!("it holds {}", derivation.population),
            None => "no derivation of it is on record".to_owned(),
        };
        return Err(not(why));
    };
    let levels = spec.derivation.as_ref().map(|derivation| derivation.levels.as_slice()).unwrap_or_default();
    if !levels.contains(&level) {
        let names: Vec<&str> = levels.iter().map(|level| level.as_str()).collect();
        return Err(not(format!("it is built at {}", names.join(", "))));
    }
    Ok(declared)
}

fn file_plan(
    catalogue: &Catalogue,
    config: &CountConfig,
    file: FileNumber,
    level: Level,
    asked: bool,
) -> Result<FilePlan, EdfactsError> {
    let declared = find(catalogue, file, level)?;
    let newest = catalogue.newest_sets(file, level);
    let SetPlans { categories, sets } = set_plans(catalogue, config, file, level, &newest);
    let zero_rule = catalogue.file(file)?.zero_rule(level).unwrap_or(ZeroRule::None);
    Ok(FilePlan { file, level, zero_rule, categories, sets, asked, declaration: declared })
}

/// The sets of a file and level with their codes and the combinations that are due as zero rows.
#[derive(Debug)]
pub(crate) struct SetPlans {
    pub(crate) categories: Vec<CategoryPlan>,
    pub(crate) sets: Vec<SetPlan>,
}

/// Makes the sets of any file ready, counted or not.
pub(crate) fn set_plans(
    catalogue: &Catalogue,
    config: &CountConfig,
    file: FileNumber,
    level: Level,
    sets: &[&CategorySet],
) -> SetPlans {
    let possible = declaration(file).map_or(anything as Possible, |declared| declared.possible);
    let mut categories: Vec<CategoryPlan> = Vec::new();
    let mut plans = Vec::new();
    for set in in_table_order(sets) {
        let mut places = Vec::new();
        for name in &set.categories {
            let known = categories.iter().position(|category| category.name == *name);
            places.push(match known {
                Some(place) => place,
                None => {
                    categories.push(category_plan(catalogue, config, file, level, name));
                    categories.len() - 1
                }
            });
        }
        let mut plan = SetPlan {
            set: set.set.clone(),
            table: set.table.clone(),
            total_indicator: set.total_indicator,
            categories: places,
            zero: Vec::new(),
        };
        plan.zero = zero_combinations(config, level, possible, &categories, &plan);
        plans.push(plan);
    }
    SetPlans { categories, sets: plans }
}

/// Tables in the order in which they first stand, within a table the sets as they stand.
fn in_table_order<'a>(sets: &[&'a CategorySet]) -> Vec<&'a CategorySet> {
    let mut tables: Vec<&str> = Vec::new();
    for set in sets {
        if !tables.contains(&set.table.as_str()) {
            tables.push(&set.table);
        }
    }
    let of = |table: &str| sets.iter().filter(move |set| set.table == table).copied().collect::<Vec<_>>();
    tables.into_iter().flat_map(of).collect()
}

fn category_plan(
    catalogue: &Catalogue,
    config: &CountConfig,
    file: FileNumber,
    level: Level,
    name: &str,
) -> CategoryPlan {
    let codes: Vec<String> =
        catalogue.codes(file, level, name, config.year).into_iter().map(str::to_owned).collect();
    let place = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let index: HashMap<String, u16> =
        codes.iter().enumerate().map(|(number, code)| (code.clone(), place(number))).collect();
    let missing = index.get(MISSING).copied();
    CategoryPlan { name: name.to_owned(), logic: Logic::of(name), codes, index, missing }
}

/// The combinations that a zero row may hold: no MISSING, no grade that the state does not use, no code
/// that the file or the state rules out. Sets by language have none.
fn zero_combinations(
    config: &CountConfig,
    level: Level,
    possible: Possible,
    categories: &[CategoryPlan],
    set: &SetPlan,
) -> Vec<Codes> {
    let chosen: Vec<&CategoryPlan> =
        set.categories.iter().filter_map(|place| categories.get(*place)).collect();
    if chosen.iter().any(|category| category.logic == Logic::Language) {
        return Vec::new();
    }
    let mut combinations: Vec<(Codes, Vec<(&str, &str)>)> = vec![([0; MOST_CATEGORIES], Vec::new())];
    for (slot, category) in chosen.iter().enumerate() {
        let mut longer = Vec::new();
        for (codes, named) in &combinations {
            for (code, number) in category.codes.iter().zip(0u16..) {
                if !category.logic.makes_zero_rows(config, code) {
                    continue;
                }
                let mut codes = *codes;
                let Some(place) = codes.get_mut(slot) else { continue };
                *place = number;
                let mut named = named.clone();
                named.push((category.name.as_str(), code.as_str()));
                longer.push((codes, named));
            }
        }
        combinations = longer;
    }
    combinations.retain(|(_, named)| possible(config, level, named));
    combinations.into_iter().map(|(codes, _)| codes).collect()
}

/// The zero rows of a file at a level in a year for one unit that owes every combination: no unit, no amount
/// but 0. Grades are not limited to those that a unit offers.
///
/// # Errors
/// [`EdfactsError::UnknownFile`] and [`EdfactsError::NoLayout`].
pub fn zero_rows(
    catalogue: &Catalogue,
    config: &CountConfig,
    file: FileNumber,
    level: Level,
) -> Result<Vec<DataRow>, EdfactsError> {
    let layout = catalogue.layout(file, level, config.year)?;
    let SetPlans { categories, sets } =
        set_plans(catalogue, config, file, level, &catalogue.record_sets(&layout));
    let mut rows = Vec::new();
    for set in &sets {
        for codes in &set.zero {
            let values = set.categories.iter().zip(codes).filter_map(|(place, code)| {
                let category = categories.get(*place)?;
                Some((category.name.clone(), category.codes.get(usize::from(*code))?.clone()))
            });
            rows.push(DataRow {
                table: Some(set.table.clone()),
                values: values.collect(),
                amount: Some("0".to_owned()),
                ..DataRow::default()
            });
        }
    }
    Ok(rows)
}

//! Two files of one kind compared by key and category, largest changes first.

use crate::{DataRow, EdfactsError, FederalFile};
use serde::Serialize;
use std::collections::BTreeMap;

/// A record that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Difference {
    /// State identifier of the district.
    pub lea: Option<String>,
    /// State identifier of the school.
    pub school: Option<String>,
    /// The table.
    pub table: Option<String>,
    /// Categories and codes, or for registers the column that differs.
    pub values: Vec<(String, String)>,
    /// What the first file has; `None` when it has no such record.
    pub before: Option<String>,
    /// What the second file has.
    pub after: Option<String>,
    /// The change, where both are numbers (a record that is not there counts as 0).
    pub change: Option<i64>,
}

type Key = (Option<String>, Option<String>, Option<String>, Vec<(String, String)>);

/// Compares two files of the same specification and level.
///
/// # Errors
/// [`EdfactsError::Input`] when the files are of different kinds.
pub fn diff_files(before: &FederalFile, after: &FederalFile) -> Result<Vec<Difference>, EdfactsError> {
    if (before.number, before.level) != (after.number, after.level) {
        let what = format!(
            "file {} {} and file {} {} cannot be compared; give two files of one specification and level",
            before.number, before.level, after.number, after.level
        );
        return Err(EdfactsError::input("diff", what));
    }
    let (a, b) = (cells(before), cells(after));
    let keys: std::collections::BTreeSet<&Key> = a.keys().chain(b.keys()).collect();
    let mut differences = Vec::new();
    for key in keys {
        let (old, new) = (a.get(key), b.get(key));
        if old == new {
            continue;
        }
        let number = |text: Option<&String>| text.map_or(Some(0), |text| thousandths(text));
        let change = number(old).zip(number(new)).map(|(old, new)| (new - old) / 1000);
        let (lea, school, table, values) = key.clone();
        differences.push(Difference {
            lea,
            school,
            table,
            values,
            before: old.cloned(),
            after: new.cloned(),
            change,
        });
    }
    differences
        .sort_by_key(|difference| std::cmp::Reverse(difference.change.map_or(u64::MAX, i64::unsigned_abs)));
    Ok(differences)
}

fn cells(file: &FederalFile) -> BTreeMap<Key, String> {
    let mut cells = BTreeMap::new();
    for (_, row) in &file.rows {
        let DataRow { lea, school, table, values, amount, .. } = row;
        match amount {
            Some(amount) => {
                cells.insert((lea.clone(), school.clone(), table.clone(), values.clone()), amount.clone());
            }
            None => {
                for (name, value) in values {
                    let key =
                        (lea.clone(), school.clone(), table.clone(), vec![(name.clone(), String::new())]);
                    cells.insert(key, value.clone());
                }
            }
        }
    }
    cells
}

/// A decimal number in thousandths.
fn thousandths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part: String = part.chars().chain(std::iter::repeat('0')).take(3).collect();
    format!("{whole}{part}").parse().ok()
}

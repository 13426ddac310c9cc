//! Families of record rules: one function each, with a row of `spec/families.csv` for each rule and file.

use crate::cell::{DECIMAL_SCALE, code};
use crate::emit::Emit;
use crate::record::Record;
use crate::registry::{list, rows};
use opi_dictionary::{Dictionary, FieldId};
use serde::Deserialize;
use std::sync::OnceLock;

/// What a family tests. `field` is the one reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Family {
    /// `field` is a day after today.
    NotFuture,
    /// `field` is a day before `other`.
    NotBefore,
    /// `field` is a day that is not after `other`.
    After,
    /// `field` is blank while `other` is one of `values`.
    RequiredIf,
    /// `field` is filled while `other` is not one of `values`.
    OnlyIf,
    /// `field` is filled while `other` is one of `values`.
    BlankIf,
    /// Both fields are Y.
    NotBoth,
    /// `field` is Y while `other` is not.
    Requires,
    /// None of the fields in `values` is Y.
    AnyOf,
    /// `field` is below 0 or above `other`.
    AtMost,
    /// `field` is not the sum of `other` and the field in `values`.
    Sum,
    /// `field` is filled with none of `values`.
    OnlyValues,
    /// `field` is one of `values`.
    NotValues,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    rule: String,
    family: Family,
    files: String,
    field: String,
    other: String,
    values: String,
}

/// One row of the table.
pub(crate) struct Member {
    pub(crate) rule: &'static str,
    pub(crate) files: Vec<String>,
    family: Family,
    field: FieldId,
    other: Option<FieldId>,
    codes: Vec<i64>,
    fields: Vec<FieldId>,
}

/// All rows.
#[allow(clippy::expect_used, reason = "the table is part of the program; a test loads it")]
pub(crate) fn members() -> &'static [Member] {
    static MEMBERS: OnceLock<Vec<Member>> = OnceLock::new();
    MEMBERS.get_or_init(|| {
        let table =
            rows::<Row>("families", include_str!("../spec/families.csv")).expect("a well formed table");
        let dictionary = Dictionary::built_in();
        let field = |key: &str| dictionary.field(key).expect("a field of the dictionary");
        let member = |row: Row| Member {
            rule: crate::rule(&row.rule).expect("a rule of the registry").info.code,
            files: list(&row.files).map(str::to_owned).collect(),
            family: row.family,
            field: field(&row.field),
            other: Some(row.other.as_str()).filter(|other| !other.is_empty()).map(field),
            codes: list(&row.values).map(code).collect(),
            fields: list(&row.values).filter_map(|key| dictionary.field(key).ok()).collect(),
        };
        table.into_iter().map(member).collect()
    })
}

impl Member {
    pub(crate) fn check(&self, record: &Record<'_>, emit: &mut Emit<'_, '_>) {
        if self.fails(record) == Some(true) {
            record.report(emit, self.field);
        }
    }

    /// The field that must be filled for the member to find anything; `None` where it can find blank ones.
    pub(crate) fn needs_filled(&self) -> Option<FieldId> {
        match self.family {
            Family::RequiredIf => self.other,
            Family::AnyOf => None,
            _ => Some(self.field),
        }
    }

    /// `None` where a field that is read is blank or bad, so that nothing can be said.
    #[inline]
    fn fails(&self, record: &Record<'_>) -> Option<bool> {
        let mine = || record.value(self.field);
        let other = || record.value(self.other?);
        const YES: i64 = code("Y");
        Some(match self.family {
            Family::NotFuture => mine()? > i64::from(record.world.as_of),
            Family::NotBefore => mine()? < other()?,
            Family::After => mine()? <= other()?,
            Family::RequiredIf => record.is_blank(self.field) && self.codes.contains(&other()?),
            Family::BlankIf => record.is_good(self.field) && self.codes.contains(&other()?),
            Family::OnlyIf => {
                let unless = match other() {
                    Some(value) => !self.codes.contains(&value),
                    None => record.is_blank(self.other?),
                };
                record.is_good(self.field) && unless
            }
            Family::NotBoth => mine()? == YES && other()? == YES,
            Family::Requires => {
                let lacking = record.is_blank(self.other?) || other().is_some_and(|value| value != YES);
                mine()? == YES && lacking
            }
            Family::AnyOf => {
                let known = |field: &FieldId| record.is_good(*field) || record.is_blank(*field);
                self.fields.iter().all(known) && !self.fields.iter().any(|field| record.is(*field, YES))
            }
            Family::AtMost => mine()? < 0 || mine()? > other()?,
            Family::Sum => {
                let third = *self.fields.first()?;
                let addend = if record.is_blank(third) { 0 } else { record.value(third)? };
                mine()? != other()?.saturating_add(addend)
            }
            Family::OnlyValues => !self.codes.contains(&mine()?),
            Family::NotValues => self.codes.contains(&mine()?),
        })
    }
}

/// Hundredths as cells hold them.
pub(crate) fn hundredths(value: u32) -> i64 {
    i64::from(value) * (DECIMAL_SCALE / 100)
}

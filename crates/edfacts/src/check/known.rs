//! Parts of records that were found right, so that the same parts are not checked again: in a file of a whole state
//! millions of records share their units and their categories.

use super::records::Clean;
use super::shape::{Shape, scaled};
use crate::catalogue::ColumnType;
use crate::count::{Codes, Logic, SetPlans};
use crate::input::GradeSet;
use crate::{FileForm, Grade, MISSING, Role};
use hashbrown::HashMap;
use std::sync::Arc;

/// What is known of a delimited file whose records open with number and unit and end with the amount. A record of
/// other parts than those known is checked column by column.
pub(crate) struct KnownParts<'t> {
    delimiter: Option<char>,
    /// How many columns stand before the categories.
    opening: usize,
    amount_width: usize,
    amount_kind: ColumnType,
    /// The columns of the last unit, as they stand in the line.
    head: &'t str,
    pub(crate) unit: usize,
    lea: Arc<str>,
    school: Arc<str>,
    offered: Option<GradeSet>,
    /// What stands between unit and amount, and the cell that it names.
    middles: HashMap<&'t str, (usize, Codes, bool)>,
}

impl<'t> KnownParts<'t> {
    pub(crate) fn new(shape: &Shape<'_>, form: FileForm) -> Self {
        let at = |role: Role| shape.fields.iter().position(|column| column.role == role);
        let values = shape.fields.iter().position(|column| column.role == Role::Value);
        let opening =
            [at(Role::LeaId), at(Role::SchoolId)].into_iter().flatten().max().map_or(3, |last| last + 1);
        let amount = shape.fields.last().filter(|column| column.role == Role::Amount);
        let apart = values.is_none_or(|first| first >= opening) && at(Role::RecordNumber) == Some(0);
        let numbers = amount.filter(|column| column.kind != ColumnType::String && apart);
        let delimiter = match form {
            FileForm::Csv => Some(','),
            FileForm::Tab => Some('\t'),
            FileForm::Txt => None,
        };
        KnownParts {
            delimiter: delimiter.filter(|_| numbers.is_some()),
            opening,
            amount_width: numbers.map_or(0, |column| usize::from(column.length)),
            amount_kind: numbers.map_or(ColumnType::Number, |column| column.kind),
            head: "",
            unit: 0,
            lea: "".into(),
            school: "".into(),
            offered: None,
            middles: HashMap::new(),
        }
    }

    /// Number, opening columns, middle and amount of a line.
    fn parts(&self, text: &'t str) -> Option<(&'t str, &'t str, &'t str, &'t str)> {
        let delimiter = self.delimiter?;
        let (number, rest) = text.split_once(delimiter)?;
        let (end, _) = rest.match_indices(delimiter).nth(self.opening.checked_sub(2)?)?;
        let (head, rest) = (rest.get(..end)?, rest.get(end..)?);
        let last = rest.rfind(delimiter)?;
        Some((number, head, rest.get(..last)?, rest.get(last + 1..)?))
    }

    /// The record, where its parts are known to be right.
    pub(crate) fn record(&self, text: &'t str, line: u64, number: u64) -> Option<Clean> {
        if self.middles.is_empty() {
            return None;
        }
        let (shown, head, middle, amount) = self.parts(text)?;
        let right = head == self.head && shown.parse() == Ok(number) && !shown.starts_with(['0', '+']);
        let digits = amount.bytes().all(|byte| byte.is_ascii_digit());
        // Decimals go the long way, but for plain numbers of counts.
        let plain = digits && !amount.is_empty() && self.amount_kind == ColumnType::Number;
        let (set, codes, explained) = *self.middles.get(middle).filter(|_| right)?;
        let fits = plain && amount.len() <= self.amount_width;
        fits.then(|| Clean {
            line,
            lea: self.lea.clone(),
            school: self.school.clone(),
            set,
            codes,
            amount: scaled(amount, Some(self.amount_kind)),
            explained,
            status: None,
        })
    }

    /// Whether the unit of the record does not offer its grade.
    pub(crate) fn grade_is_wrong(&self, plans: &SetPlans, record: &Clean) -> bool {
        let Some(offered) = self.offered else { return false };
        let set = plans.sets.get(record.set);
        let categories = set.into_iter().flat_map(|set| &set.categories).zip(record.codes);
        let mut graded = categories.filter_map(|(place, code)| {
            let category = plans.categories.get(*place).filter(|category| category.logic == Logic::Grade)?;
            category.codes.get(usize::from(code)).filter(|code| *code != MISSING)
        });
        graded.any(|code| Grade::from_code(code).is_some_and(|grade| !offered.contains(grade)))
    }

    /// Takes over the parts of a record that was found right.
    pub(crate) fn learn(&mut self, text: &'t str, unit: usize, record: &Clean, offered: Option<GradeSet>) {
        if record.status.is_some() || text.contains('"') {
            return;
        }
        let Some((_, head, middle, _)) = self.parts(text) else { return };
        if head != self.head || self.middles.is_empty() {
            (self.head, self.unit, self.offered) = (head, unit, offered);
            (self.lea, self.school) = (record.lea.clone(), record.school.clone());
        }
        self.middles.insert(middle, (record.set, record.codes, record.explained));
    }
}

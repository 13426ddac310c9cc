//! How well a field fits a column, and why.

use super::column::Column;
use opi_dictionary::{CodeKind, CodeLookup, Dictionary, FieldType, Layout, LayoutField, Requirement};

/// How well a field fits a column: a number for the assignment, and why in words.
#[derive(Clone, Debug, Default)]
pub(super) struct Score {
    pub(super) total: i64,
    pub(super) evidence: Vec<String>,
    pub(super) doubts: Vec<String>,
}

impl Score {
    fn speaks(&mut self, weight: i64, why: impl Into<String>) {
        self.total += weight;
        self.evidence.push(why.into());
    }

    fn against(&mut self, weight: i64, why: impl Into<String>) {
        self.total -= weight;
        self.doubts.push(why.into());
    }
}

const IMPOSSIBLE: i64 = 10_000;

/// Everything that speaks for and against a field in a column.
pub(super) fn score(
    column: &Column,
    index: usize,
    field: &LayoutField,
    layout: &Layout,
    dictionary: &Dictionary,
) -> Score {
    let mut score = Score::default();
    let known = layout.fields.iter().position(|other| other.field == field.field);
    if known == Some(index) {
        // Little, since a shuffled column may come to stand anywhere: it settles what nothing else does.
        score.speaks(2, "stands where the known layout has it");
    }
    if column.filled == 0 {
        if field.required == Requirement::Yes {
            score.against(IMPOSSIBLE, "the column is blank, but the field is required");
        } else {
            score.doubts.push("the column is blank: nothing in it tells what it is".to_owned());
        }
        return score;
    }
    let wrong: usize = column
        .values
        .iter()
        .filter(|(value, _)| field.form_problem(value).is_some())
        .map(|(_, count)| count)
        .sum();
    let looked_at: usize = column.values.values().sum();
    let wrong_percent = wrong * 100 / looked_at.max(1);
    if wrong_percent > 20 {
        score.against(IMPOSSIBLE, format!("{wrong_percent} % of its values have not the form of the field"));
        return score;
    }
    if wrong > 0 {
        score.against(15, format!("{wrong} of {looked_at} values have not the form of the field"));
    }
    if column.filled < column.rows && field.required == Requirement::Yes {
        score.against(
            40,
            format!(
                "blank in {} of {} rows, but the field is required",
                column.rows - column.filled,
                column.rows
            ),
        );
    }
    if let Some(constant) = field.constant() {
        score.speaks(100, format!("holds {constant} in every row"));
        return score;
    }
    by_type(&mut score, column, field);
    by_code_set(&mut score, column, field, dictionary);
    by_key(&mut score, column, field);
    score
}

/// What the type of the field says of the column.
fn by_type(score: &mut Score, column: &Column, field: &LayoutField) {
    let all_digits = column.digits == column.filled;
    match field.field_type {
        FieldType::Date => score.speaks(40, "holds real dates"),
        FieldType::Time => score.speaks(40, "holds times"),
        FieldType::NumericString => {
            let width: Option<usize> = field.format.split_whitespace().find_map(|word| word.parse().ok());
            match width {
                Some(width) if all_digits && column.widths.iter().eq([&width]) => {
                    score.speaks(40, format!("holds {width} digits in every row"));
                }
                _ if all_digits => score.speaks(10, "holds digits only"),
                _ => {}
            }
        }
        FieldType::Numeric if field.format == "YYYY" => {
            let years = column.values.keys().all(|value| value.starts_with("19") || value.starts_with("20"));
            if years && column.different <= 2 {
                score.speaks(60, "holds one year in every row");
            } else {
                score.against(30, "holds many numbers, not one year");
            }
        }
        FieldType::Numeric => {
            score.speaks(if column.numbers == column.filled { 12 } else { 0 }, "holds numbers")
        }
        FieldType::String | FieldType::Alphanumeric => {
            if field.code_set.is_none() && column.dates == column.filled {
                score.against(30, "holds dates, but the field is text");
            }
        }
    }
}

/// What the code set of the field says of the column.
fn by_code_set(score: &mut Score, column: &Column, field: &LayoutField, dictionary: &Dictionary) {
    let Some(set) = field.code_set.as_deref().and_then(|set| dictionary.code_set(set).ok()) else { return };
    let codes = set.entries.iter().filter(|entry| entry.kind == CodeKind::Value).count();
    if codes == 0 || field.field_type == FieldType::NumericString {
        return;
    }
    let members: usize = column.values.keys().filter(|value| set.entry(value).is_some()).count();
    let forms: usize =
        column.values.keys().filter(|value| matches!(set.look_up(value, None), CodeLookup::Form(_))).count();
    if members + forms == column.values.len() && !column.more_values {
        if members == 0 {
            score.speaks(10, format!("has the form of codes of {}", set.key));
            return;
        }
        // A small set that a column fills wholly is stronger than a large one that it touches.
        let covered = members * 100 / codes.max(1);
        score.speaks(
            30 + covered as i64 / 5,
            format!("holds {members} of the {codes} codes of {} and nothing that is no code", set.key),
        );
    } else if members * 2 < column.values.len() {
        score.against(30, format!("mostly holds values outside {}", set.key));
    }
    let usual = column.values.iter().max_by_key(|(_, count)| **count).map(|(value, _)| value.as_str());
    if USUAL.iter().any(|(field_key, code)| field.key == *field_key && usual == Some(code)) {
        score.speaks(6, "its most frequent code is the usual one of the field");
    }
}

/// What most rows of a field hold: most graduates have a regular diploma at the regular time.
const USUAL: [(&str, &str); 2] = [("diploma_type", "W1"), ("diploma_period", "W2")];

/// What the meaning of the field says of the column: the few things that a form cannot tell.
fn by_key(score: &mut Score, column: &Column, field: &LayoutField) {
    let unique = column.different == column.filled && column.rows >= 5;
    let mostly_unique = column.different * 10 >= column.filled * 5 && column.rows >= 5;
    let few = column.different * 20 <= column.filled || column.different == 1;
    let names = column.share(column.names);
    match field.key.as_str() {
        "student_state_id" | "staff_state_id" if mostly_unique => score.speaks(20, "differs from row to row"),
        "district_number" if column.different == 1 => score.speaks(25, "is the same in every row"),
        "district_number" => score.against(20, "differs from row to row"),
        "school_number" | "calendar_number" if few => score.speaks(10, "has few different values"),
        "student_local_id" => {
            if mostly_unique && column.digits == column.filled {
                score.speaks(25, "holds digits that differ from row to row");
            } else {
                score.against(20, "does not look like local numbers");
            }
        }
        "year" if column.is_year_of_dates => score.speaks(40, "is the school year of the dates"),
        "last_name" | "first_name" => {
            if field.key == "last_name" && column.values.keys().any(|name| name.contains(['-', '\''])) {
                score
                    .speaks(12, "some of its names are hyphenated or have an apostrophe, as family names do");
            }
            if field.key == "last_name" {
                score
                    .speaks((column.different * 5 / column.filled.max(1)) as i64, "has many different names");
            }
            if names >= 90 && column.different > 1 {
                score.speaks(35, "holds words of letters that look like names");
            } else {
                score.against(35, "does not look like names");
            }
        }
        "middle_name" if names >= 90 => score.speaks(15, "holds words of letters"),
        "birth_date" => {
            let span = column
                .earliest
                .zip(column.latest)
                .map(|(first, last)| (last - first).num_days())
                .unwrap_or_default();
            if span > 700 && column.different > 10.min(column.filled / 2) {
                score.speaks(30, format!("its dates spread over {} years", span / 365));
            }
        }
        _ if column.filled * 10 < column.rows * 9 && field.required == Requirement::Conditional => {
            score.speaks(5, "is blank in some rows, as a conditional field may be");
        }
        _ if unique && field.code_set.is_none() && field.field_type == FieldType::Numeric => {
            score.against(10, "differs in every row");
        }
        _ => {}
    }
    if column.stands_with.contains(field.key.as_str()) {
        score.speaks(20, "is filled in the rows that its partner field asks for");
    }
    let spread = column.earliest.zip(column.latest).map(|(first, last)| (last - first).num_days());
    match (field.key.as_str(), spread) {
        ("start_date", Some(_)) if column.filled == column.rows => {
            score.speaks(20, "stands in every row");
            let before =
                |(_, (not_after, both)): &(&usize, &(usize, usize))| *not_after == *both && *both > 0;
            let later = column.not_after.iter().filter(before).count();
            if later > 0 {
                score.speaks(5 * later as i64, format!("is not after the dates of {later} other columns"));
            }
        }
        ("end_date", Some(days)) if column.filled < column.rows && days < 400 => {
            score.speaks(10, "is blank in some rows, its dates lie within one school year");
        }
        ("date_first_entered_the_9th_grade", Some(days)) if days >= 300 => {
            score.speaks(20, "its dates spread over several years");
        }
        ("date_first_entered_the_9th_grade", Some(_)) => score.against(10, "its dates lie within one year"),
        ("diploma_date", Some(days)) if days < 400 => score.speaks(4, "its dates lie within one school year"),
        _ => {}
    }
}

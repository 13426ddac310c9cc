//! Which rule reports a field that has not its form, or is blank, from `spec/forms.csv`.

use crate::registry::{list, rows};
use serde::Deserialize;
use std::sync::OnceLock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    rule: String,
    files: String,
    field: String,
    form: String,
    blank: String,
}

/// One row of the table.
pub(crate) struct Form {
    pub(crate) rule: &'static str,
    files: Vec<String>,
    field: String,
    pub(crate) on_form: bool,
    pub(crate) on_blank: bool,
}

/// All rows.
#[allow(clippy::expect_used, reason = "the table is part of the program; a test loads it")]
pub(crate) fn all_forms() -> &'static [Form] {
    static FORMS: OnceLock<Vec<Form>> = OnceLock::new();
    FORMS.get_or_init(|| {
        let table = rows::<Row>("forms", include_str!("../spec/forms.csv")).expect("a well formed table");
        let form = |row: Row| Form {
            rule: crate::rule(&row.rule).expect("a rule of the registry").info.code,
            files: list(&row.files).map(str::to_owned).collect(),
            field: row.field,
            on_form: row.form == "yes",
            on_blank: row.blank == "yes",
        };
        table.into_iter().map(form).collect()
    })
}

/// The rows for a field of a layout.
pub(crate) fn forms(layout: &str, field: &str) -> impl Iterator<Item = &'static Form> {
    all_forms().iter().filter(move |form| {
        form.field == field && (form.files.is_empty() || form.files.iter().any(|f| f == layout))
    })
}

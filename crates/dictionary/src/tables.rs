//! The embedded tables and their strict loader: a column too many, too few or misspelt is an error.

use crate::check::FieldCheck;
use crate::code_set::{CodeEntry, CodeKind, CodeSet, Membership, Pattern};
use crate::layout::{FieldType, HeaderRule, Layout, LayoutField, PositionStanding, Requirement, decimals};
use crate::{CsvRows, DictionaryError, FieldId, SchoolYear, Standing};
use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;

macro_rules! embed {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../spec/", $folder, "/", $name, ".csv")))),*]
    };
}

pub(crate) const FIELDS: &str = include_str!("../spec/fields.csv");
pub(crate) const LAYOUTS: &str = include_str!("../spec/layouts.csv");
pub(crate) const CODE_SETS: &str = include_str!("../spec/code-sets.csv");
pub(crate) const ELEMENTS: &str = include_str!("../spec/elements.csv");
pub(crate) const SOURCES: &str = include_str!("../spec/sources.csv");
pub(crate) const COLLECTIONS: &str = include_str!("../spec/collections.csv");
pub(crate) const COUNTIES: &str = include_str!("../spec/counties.csv");
pub(crate) const STATUTORY_DATES: &str = include_str!("../spec/statutory-dates.csv");

/// The fields of each layout, in the order in which layouts are listed.
pub(crate) const LAYOUT_FIELDS: &[(&str, &str)] = embed!("layouts":
    "student-demographics", "student-enrollments", "fall-enrollment-count", "spring-enrollment-count",
    "test-window-count", "program-participation", "english-learners", "eoy-attendance-totals", "fall-cte",
    "eoy-cte", "section-504", "fram", "homeless", "behavior-xml", "course", "section", "section-placement",
    "roster", "staff-history", "terms-of-employment", "district-assignment",
    "special-education", "discipline", "unit-programs", "migrant-certificates", "foster-care",
    "staff-assignments", "calendar-report", "header",
);

/// The entries of each code set.
pub(crate) const CODE_SET_ENTRIES: &[(&str, &str)] = embed!("code-sets":
    "aggregate-hours", "behavior-event", "behavior-resolution", "behavior-role", "calendar-number-format",
    "course-level", "cte-pathway", "cte-post-program-status", "diploma-period", "diploma-type", "disability",
    "disability-to-edfacts", "district-number-format", "dropout-reason", "el-program-status",
    "enrollment-end-status", "enrollment-start-status", "ethnicity", "foster-care", "fram-certified-type",
    "gender", "gifted", "grade-levels", "home-language", "homeless-nighttime-residence", "immigrant",
    "meal-status", "migrant", "military-connection", "mode-of-instruction", "name-suffix", "race",
    "race-to-edfacts", "record-types", "sced", "school-number-format", "service-type", "sped-exit-reason",
    "sped-setting", "state-id-format", "state-programs-flags", "title-i", "title-i-part-d", "yes-no",
    "discipline-method", "interim-removal", "interim-removal-reason", "educational-services", "firearm-type",
    "firearm-result", "lunch-program-status", "staff-category", "related-service", "age-group-served",
    "title-i-school-status", "staff-program",
);

/// Reads all rows of a table; each must have exactly the columns of `T`.
pub(crate) fn rows<T: DeserializeOwned>(table: &str, text: &str) -> Result<Vec<T>, DictionaryError> {
    let refuse = |line, problem| DictionaryError::table(table, Some(line), problem);
    let rows = CsvRows::new(text.as_bytes()).map_err(|problem| refuse(1, problem))?;
    rows.map(|(line, row)| row.map_err(|problem| refuse(line, problem))).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldRow {
    pub(crate) id: u16,
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) personal: String,
    pub(crate) meaning: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LayoutRow {
    pub(crate) layout: String,
    pub(crate) record_type: String,
    pub(crate) title: String,
    pub(crate) row_per: String,
    pub(crate) header: String,
    pub(crate) key: String,
    pub(crate) suffixes: String,
    pub(crate) collection: String,
    pub(crate) source: String,
    pub(crate) standing: Standing,
    pub(crate) note: String,
}

/// One row of a layout, as it stands in a table of ours or in a replacement. The words are those of the
/// table; they are checked when the layout is built.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayoutFieldRow {
    /// Column, counted from 1.
    pub position: u16,
    /// Field key, such as `start_date`; a new one makes a new field.
    pub field: String,
    /// Name as documents write it.
    pub name: String,
    /// `string`, `alphanumeric`, `numeric_string`, `numeric`, `date` or `time`.
    #[serde(rename = "type")]
    pub field_type: String,
    /// Longest value in characters; leave out where not known.
    #[serde(default)]
    pub max_length: Option<u16>,
    /// Form in words, such as `MM/DD/YYYY` or `constant EN`.
    #[serde(default)]
    pub format: String,
    /// `yes`, `no` or `conditional`.
    pub required: String,
    /// When a conditional field must be filled.
    #[serde(default)]
    pub condition: String,
    /// Key of the code set; blank for none.
    #[serde(default)]
    pub code_set: String,
    /// Where it stands in the student information system.
    #[serde(default)]
    pub aim_location: String,
    /// What it means.
    #[serde(default)]
    pub meaning: String,
    /// End year of the first school year in which it holds.
    #[serde(default)]
    pub first_year: Option<i32>,
    /// End year of the last school year in which it holds.
    #[serde(default)]
    pub last_year: Option<i32>,
    /// Where it was read.
    pub source: String,
    /// `sourced`, `derived` or `recall`.
    pub standing: String,
    /// `sourced`, `sourced-general`, `last`, `proposed` or `unverified`.
    pub position_standing: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeSetRow {
    pub(crate) code_set: String,
    pub(crate) title: String,
    pub(crate) kind: String,
    pub(crate) complete: String,
    pub(crate) membership: String,
    pub(crate) meaning: String,
    pub(crate) source: String,
    pub(crate) standing: Standing,
    pub(crate) note: String,
}

/// One row of a code set, as it stands in a table of ours or in a replacement.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeRow {
    /// The code or pattern.
    pub code: String,
    /// Its label.
    pub label: String,
    /// What it means.
    #[serde(default)]
    pub meaning: String,
    /// First day of use.
    #[serde(default)]
    pub first_day: Option<NaiveDate>,
    /// Last day of use.
    #[serde(default)]
    pub last_day: Option<NaiveDate>,
    /// `value`, `pattern` or `placeholder`.
    #[serde(default = "value_word")]
    pub kind: String,
    /// `yes` for a code made here.
    #[serde(default = "no_word")]
    pub working_code: String,
    /// Where it was read.
    pub source: String,
    /// `sourced`, `derived` or `recall`.
    pub standing: String,
}

fn value_word() -> String {
    "value".to_owned()
}

fn no_word() -> String {
    "no".to_owned()
}

/// One of the words that a column may hold.
fn word<T: Copy>(what: &'static str, text: &str, known: &[(&str, T)]) -> Result<T, DictionaryError> {
    known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        DictionaryError::unknown_word(what, text, names.join(", "))
    })
}

pub(crate) fn yes_no(text: &str) -> Result<bool, DictionaryError> {
    word("yes or no", text, &[("yes", true), ("no", false)])
}

fn year(end_year: Option<i32>) -> Result<Option<SchoolYear>, DictionaryError> {
    end_year.map(SchoolYear::ending).transpose()
}

impl LayoutFieldRow {
    /// Builds the field; its check is compiled later, when all code sets are known.
    pub(crate) fn build(self, field: FieldId, personal: bool) -> Result<LayoutField, DictionaryError> {
        let field_type = word(
            "field type",
            &self.field_type,
            &[
                ("string", FieldType::String),
                ("alphanumeric", FieldType::Alphanumeric),
                ("numeric_string", FieldType::NumericString),
                ("numeric", FieldType::Numeric),
                ("date", FieldType::Date),
                ("time", FieldType::Time),
            ],
        )?;
        let required = word(
            "requirement",
            &self.required,
            &[("yes", Requirement::Yes), ("no", Requirement::No), ("conditional", Requirement::Conditional)],
        )?;
        let position_standing = word(
            "position standing",
            &self.position_standing,
            &[
                ("sourced", PositionStanding::Sourced),
                ("sourced-general", PositionStanding::SourcedGeneral),
                ("last", PositionStanding::Last),
                ("own", PositionStanding::Own),
                ("proposed", PositionStanding::Proposed),
                ("unverified", PositionStanding::Unverified),
            ],
        )?;
        Ok(LayoutField {
            field,
            key: self.field,
            name: self.name,
            field_type,
            max_length: self.max_length,
            format: self.format,
            required,
            condition: self.condition,
            code_set: Some(self.code_set).filter(|set| !set.is_empty()),
            aim_location: self.aim_location,
            meaning: self.meaning,
            first_year: year(self.first_year)?,
            last_year: year(self.last_year)?,
            source: self.source,
            standing: self.standing.parse()?,
            position_standing,
            personal,
            check: FieldCheck::ANYTHING,
        })
    }
}

impl From<&LayoutField> for LayoutFieldRow {
    /// The row from which the field would be built again; the position is left at 0 for the caller to set.
    fn from(field: &LayoutField) -> Self {
        let word = |value: serde_word::Word| value.0;
        LayoutFieldRow {
            position: 0,
            field: field.key.clone(),
            name: field.name.clone(),
            field_type: word(serde_word::of(&field.field_type)),
            max_length: field.max_length,
            format: field.format.clone(),
            required: word(serde_word::of(&field.required)),
            condition: field.condition.clone(),
            code_set: field.code_set.clone().unwrap_or_default(),
            aim_location: field.aim_location.clone(),
            meaning: field.meaning.clone(),
            first_year: field.first_year.map(SchoolYear::end_year),
            last_year: field.last_year.map(SchoolYear::end_year),
            source: field.source.clone(),
            standing: field.standing.to_string(),
            position_standing: word(serde_word::of(&field.position_standing)),
        }
    }
}

/// The word that serde writes for a unit variant, so that names stand in one place only.
mod serde_word {
    use serde::Serialize;

    pub(super) struct Word(pub(super) String);

    pub(super) fn of(value: &impl Serialize) -> Word {
        let written = toml::Value::try_from(value).ok();
        Word(written.as_ref().and_then(toml::Value::as_str).unwrap_or_default().to_owned())
    }
}

impl LayoutRow {
    /// Builds a layout without its fields.
    pub(crate) fn build(
        self,
        field_id: impl Fn(&str) -> Result<FieldId, DictionaryError>,
    ) -> Result<Layout, DictionaryError> {
        let header = word(
            "header rule",
            &self.header,
            &[
                ("required", HeaderRule::Required),
                ("optional", HeaderRule::Optional),
                ("none", HeaderRule::None),
            ],
        )?;
        let list = |text: &str| -> Vec<String> {
            text.split(';').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        Ok(Layout {
            key_fields: list(&self.key).iter().map(|key| field_id(key)).collect::<Result<_, _>>()?,
            suffixes: list(&self.suffixes),
            key: self.layout,
            record_type: self.record_type,
            title: self.title,
            row_per: self.row_per,
            header,
            collections: list(&self.collection),
            source: self.source,
            standing: self.standing,
            note: self.note,
            fields: Vec::new(),
            columns: Vec::new(),
            checks: Vec::new(),
        })
    }
}

impl CodeRow {
    fn build(self) -> Result<CodeEntry, DictionaryError> {
        let kind = word(
            "code kind",
            &self.kind,
            &[
                ("value", CodeKind::Value),
                ("pattern", CodeKind::Pattern),
                ("placeholder", CodeKind::Placeholder),
            ],
        )?;
        Ok(CodeEntry {
            working_code: yes_no(&self.working_code)?,
            code: self.code,
            label: self.label,
            meaning: self.meaning,
            first_day: self.first_day,
            last_day: self.last_day,
            kind,
            source: self.source,
            standing: self.standing.parse()?,
        })
    }
}

impl CodeSetRow {
    pub(crate) fn build(self, entries: Vec<CodeRow>) -> Result<CodeSet, DictionaryError> {
        let membership = word(
            "membership",
            &self.membership,
            &[
                ("test", Membership::Test),
                ("suspendable", Membership::Suspendable),
                ("none", Membership::None),
            ],
        )?;
        let set = CodeSet {
            entries: entries.into_iter().map(CodeRow::build).collect::<Result<_, _>>()?,
            key: self.code_set,
            title: self.title,
            kind: self.kind,
            complete: self.complete,
            membership,
            meaning: format!("{} {}", self.meaning, self.note).trim_end().to_owned(),
            purpose: self.meaning,
            source: self.source,
            standing: self.standing,
        };
        check_code_set(&set)?;
        Ok(set)
    }
}

/// A code set with other entries. It was read where they were, and is no firmer than the weakest of them.
pub(crate) fn replaced_code_set(old: &CodeSet, entries: Vec<CodeRow>) -> Result<CodeSet, DictionaryError> {
    if entries.is_empty() {
        return Err(DictionaryError::table(&old.key, None, "has no code"));
    }
    let mut sources: Vec<&str> = Vec::new();
    let mut standing = Standing::Sourced;
    for entry in &entries {
        standing = standing.weakest(entry.standing.parse()?);
        if !sources.contains(&entry.source.as_str()) {
            sources.push(&entry.source);
        }
    }
    let patterns = entries.iter().all(|entry| entry.kind == "pattern");
    let row = CodeSetRow {
        code_set: old.key.clone(),
        title: old.title.clone(),
        kind: if patterns { "pattern" } else { "values" }.to_owned(),
        complete: "yes".to_owned(),
        membership: "test".to_owned(),
        meaning: old.purpose.clone(),
        source: sources.join("; "),
        standing,
        note: String::new(),
    };
    row.build(entries)
}

/// What must hold for the entries of any code set, built in or given at run time.
pub(crate) fn check_code_set(set: &CodeSet) -> Result<(), DictionaryError> {
    let refuse = |entry: &CodeEntry, problem: &str| {
        Err(DictionaryError::table(&set.key, None, format!("code {:?}: {problem}", entry.code)))
    };
    for (index, entry) in set.entries.iter().enumerate() {
        match entry.kind {
            CodeKind::Value if entry.code.trim().is_empty() => {
                return refuse(entry, "a value must not be blank; write kind placeholder");
            }
            CodeKind::Pattern if Pattern::parse(&entry.code).is_none() => {
                return refuse(entry, "a pattern is ^, characters or [0-9] with {n}, $");
            }
            _ => {}
        }
        if entry.source.trim().is_empty() {
            return refuse(entry, "has no source");
        }
        if let (Some(first), Some(last)) = (entry.first_day, entry.last_day)
            && last < first
        {
            return refuse(entry, "ends before it begins");
        }
        let overlaps = |other: &CodeEntry| {
            other.code == entry.code
                && other.kind == entry.kind
                && other.last_day.is_none_or(|last| entry.first_day.is_none_or(|first| first <= last))
                && entry.last_day.is_none_or(|last| other.first_day.is_none_or(|first| first <= last))
        };
        if entry.kind != CodeKind::Placeholder && set.entries.iter().take(index).any(overlaps) {
            return refuse(entry, "stands twice on one day");
        }
    }
    Ok(())
}

/// What must hold for the fields of any layout, built in or given at run time.
pub(crate) fn check_layout(
    layout: &Layout,
    code_set_exists: impl Fn(&str) -> bool,
) -> Result<(), DictionaryError> {
    let refuse = |field: &LayoutField, problem: String| {
        Err(DictionaryError::table(&layout.key, None, format!("field {}: {problem}", field.key)))
    };
    if layout.fields.is_empty() {
        return Err(DictionaryError::table(&layout.key, None, "has no field"));
    }
    for (index, field) in layout.fields.iter().enumerate() {
        if field.source.trim().is_empty() {
            return refuse(field, "has no source".into());
        }
        if field.name.trim().is_empty() {
            return refuse(field, "has no name".into());
        }
        if layout.fields.iter().take(index).any(|other| other.name == field.name) {
            return refuse(field, format!("the name {} stands twice", field.name));
        }
        if let Some(set) = &field.code_set
            && !code_set_exists(set)
        {
            return refuse(field, format!("code set {set} does not exist"));
        }
        if let (Some(first), Some(last)) = (field.first_year, field.last_year)
            && last < first
        {
            return refuse(field, "ends before it begins".into());
        }
        if let Some(constant) = field.format.strip_prefix("constant ") {
            if field.max_length.is_some_and(|limit| constant.chars().count() > usize::from(limit)) {
                return refuse(field, format!("the constant {constant} is longer than the field"));
            }
            if field.key == "record_type" && constant != layout.record_type {
                let wanted = &layout.record_type;
                return refuse(
                    field,
                    format!("the constant is {constant}, the layout's record type {wanted}"),
                );
            }
        }
        if field.field_type == FieldType::Numeric
            && !["", "YYYY", "XML"].contains(&field.format.as_str())
            && decimals(&field.format).is_none()
        {
            let form = "is none of a number; write YYYY, 9.99, up to 2 decimals, or nothing";
            return refuse(field, format!("the format {:?} {form}", field.format));
        }
        if field.required == Requirement::Conditional && field.condition.trim().is_empty() {
            return refuse(field, "is conditional without a condition".into());
        }
    }
    Ok(())
}

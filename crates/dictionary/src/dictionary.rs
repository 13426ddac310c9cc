//! The dictionary: all tables together, the built-in ones or with replacements made at run time.

use crate::code_set::{CodeLookup, CodeSet};
use crate::collection::Collection;
use crate::layout::{Layout, LayoutField};
use crate::statutory::{StatutoryDate, load_statutory_dates};
use crate::tables::{self, CodeRow, LayoutFieldRow, check_layout, rows, yes_no};
use crate::{DictionaryError, FieldId, SchoolDays, SchoolYear, Standing};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// A field, whatever layouts it stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct FieldInfo {
    /// Its number.
    pub id: FieldId,
    /// Its key, such as `start_date`.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Whether its values are personal.
    pub personal: bool,
    /// What it means.
    pub meaning: String,
}

/// An element of the data dictionary and what it is used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Element {
    /// Its name.
    pub name: String,
    /// The fields that carry it in uploads; empty where none does.
    pub fields: Vec<FieldId>,
    /// Where it stands in the student information system.
    pub aim_location: String,
    /// The part of the dictionary it belongs to.
    pub domain: String,
    /// When it is collected.
    pub collected_when: String,
    /// Type and length in words.
    pub form: String,
    /// Its code set.
    pub code_set: Option<String>,
    /// What it means.
    pub definition: String,
    /// Whether average number belonging depends on it.
    pub anb: bool,
    /// The federal files it feeds, by three-digit number.
    pub edfacts_files: Vec<String>,
    /// Whether accountability depends on it.
    pub accountability: bool,
    /// What else it is used for.
    pub other_use: String,
    /// Where it was read.
    pub source: String,
    /// How firm it is.
    pub standing: Standing,
}

/// A document that tables cite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The id by which rows cite it.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Who published it.
    pub publisher: String,
    /// When, as far as known.
    pub date: String,
    /// What kind of document it is.
    pub kind: String,
    /// What else is known.
    pub note: String,
}

/// A county.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct County {
    /// County number, 01 to 56.
    pub number: crate::CountyNumber,
    /// Its name.
    pub name: String,
    /// Federal code: the state's 30 and three digits.
    pub fips: String,
    /// Where it was read.
    pub source: String,
    /// How firm it is.
    pub standing: Standing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ElementRow {
    element: String,
    field: String,
    aim_location: String,
    domain: String,
    collected_when: String,
    form: String,
    code_set: String,
    definition: String,
    anb: String,
    edfacts_files: String,
    accountability: String,
    other_use: String,
    source: String,
    standing: Standing,
}

/// The data dictionary: fields, layouts, code sets, elements, statutory dates, counties, collections,
/// sources.
///
/// ```
/// use opi_dictionary::{Dictionary, fields};
/// let dictionary = Dictionary::built_in();
/// let layout = dictionary.layout("student-enrollments")?;
/// assert_eq!(layout.record_type, "EN");
/// assert_eq!(layout.column(fields::STUDENT_STATE_ID), Some(4));
/// assert!(dictionary.look_up("service-type", "P", None)?.is_permitted());
/// # Ok::<(), opi_dictionary::DictionaryError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dictionary {
    fields: Vec<FieldInfo>,
    field_keys: BTreeMap<String, FieldId>,
    layouts: Vec<Layout>,
    code_sets: Vec<CodeSet>,
    elements: Vec<Element>,
    statutory_dates: Vec<StatutoryDate>,
    sources: Vec<Source>,
    collections: Vec<Collection>,
    counties: Vec<County>,
    suspended: BTreeSet<String>,
}

impl Dictionary {
    /// The built-in tables, read once.
    #[must_use]
    #[allow(clippy::expect_used, reason = "the tables are part of the program; a test loads them")]
    pub fn built_in() -> &'static Dictionary {
        static BUILT_IN: OnceLock<Dictionary> = OnceLock::new();
        BUILT_IN.get_or_init(|| Dictionary::load().expect("the embedded tables are well formed"))
    }

    /// Reads the embedded tables anew.
    ///
    /// # Errors
    /// Never with the tables as shipped.
    fn load() -> Result<Dictionary, DictionaryError> {
        let mut dictionary = Dictionary {
            fields: Vec::new(),
            field_keys: BTreeMap::new(),
            layouts: Vec::new(),
            code_sets: Vec::new(),
            elements: Vec::new(),
            statutory_dates: load_statutory_dates()?,
            sources: rows("sources", tables::SOURCES)?,
            collections: rows("collections", tables::COLLECTIONS)?,
            counties: rows("counties", tables::COUNTIES)?,
            suspended: BTreeSet::new(),
        };
        for row in rows::<tables::FieldRow>("fields", tables::FIELDS)? {
            let id = dictionary.add_field(row.field, row.name, yes_no(&row.personal)?, row.meaning)?;
            if id.number() != row.id {
                let problem = format!("field {} has number {}, expected {}", row.id, row.id, id.number());
                return Err(DictionaryError::table("fields", None, problem));
            }
        }
        for row in rows::<tables::CodeSetRow>("code-sets", tables::CODE_SETS)? {
            let entries = embedded(tables::CODE_SET_ENTRIES, &row.code_set)?;
            let entries = rows::<CodeRow>(&row.code_set, entries)?;
            dictionary.code_sets.push(row.build(entries)?);
        }
        for row in rows::<tables::LayoutRow>("layouts", tables::LAYOUTS)? {
            let fields = rows::<LayoutFieldRow>(&row.layout, embedded(tables::LAYOUT_FIELDS, &row.layout)?)?;
            let mut layout = row.build(|key| dictionary.field(key))?;
            dictionary.fill_layout(&mut layout, fields)?;
            dictionary.layouts.push(layout);
        }
        for row in rows::<ElementRow>("elements", tables::ELEMENTS)? {
            dictionary.elements.push(Element {
                fields: list(&row.field).map(|key| dictionary.field(key)).collect::<Result<_, _>>()?,
                code_set: Some(row.code_set).filter(|set| !set.is_empty()),
                anb: yes_no(&row.anb)?,
                edfacts_files: list(&row.edfacts_files).map(str::to_owned).collect(),
                accountability: yes_no(&row.accountability)?,
                name: row.element,
                aim_location: row.aim_location,
                domain: row.domain,
                collected_when: row.collected_when,
                form: row.form,
                definition: row.definition,
                other_use: row.other_use,
                source: row.source,
                standing: row.standing,
            });
        }
        Ok(dictionary)
    }

    /// All fields, by number.
    #[must_use]
    pub fn fields(&self) -> &[FieldInfo] {
        &self.fields
    }

    /// The number of the field with this key.
    ///
    /// # Errors
    /// When no field has the key.
    pub fn field(&self, key: &str) -> Result<FieldId, DictionaryError> {
        self.field_keys.get(key).copied().ok_or_else(|| {
            DictionaryError::unknown_word("field", key, "those of the field table, such as start_date")
        })
    }

    /// What is known of a field.
    #[must_use]
    pub fn field_info(&self, field: FieldId) -> Option<&FieldInfo> {
        self.fields.get(field.index())
    }

    /// All layouts.
    #[must_use]
    pub fn layouts(&self) -> &[Layout] {
        &self.layouts
    }

    /// The layout with this key.
    ///
    /// # Errors
    /// When there is none; the message lists the known ones.
    pub fn layout(&self, key: &str) -> Result<&Layout, DictionaryError> {
        self.layouts.iter().find(|layout| layout.key == key).ok_or_else(|| {
            let known: Vec<&str> = self.layouts.iter().map(|layout| layout.key.as_str()).collect();
            DictionaryError::unknown_word("layout", key, known.join(", "))
        })
    }

    /// The layout whose rows carry this record type.
    #[must_use]
    pub fn layout_of_record_type(&self, record_type: &str) -> Option<&Layout> {
        self.layouts.iter().find(|layout| !record_type.is_empty() && layout.record_type == record_type)
    }

    /// All code sets.
    #[must_use]
    pub fn code_sets(&self) -> &[CodeSet] {
        &self.code_sets
    }

    /// The code set with this key.
    ///
    /// # Errors
    /// When there is none; the message lists the known ones.
    pub fn code_set(&self, key: &str) -> Result<&CodeSet, DictionaryError> {
        self.code_sets.iter().find(|set| set.key == key).ok_or_else(|| {
            let known: Vec<&str> = self.code_sets.iter().map(|set| set.key.as_str()).collect();
            DictionaryError::unknown_word("code set", key, known.join(", "))
        })
    }

    /// Looks a code up: known, of the wrong case, retired, of another set, near, or unknown. On a day if one
    /// is given, else in any year.
    ///
    /// # Errors
    /// When there is no such code set.
    pub fn look_up(
        &self,
        set: &str,
        code: &str,
        on: Option<NaiveDate>,
    ) -> Result<CodeLookup<'_>, DictionaryError> {
        let found = self.code_set(set)?.look_up(code, on);
        if !matches!(found, CodeLookup::Near(_) | CodeLookup::Unknown) {
            return Ok(found);
        }
        // A single character is a code of half the sets: naming them all would not help.
        let others: Vec<&str> = self
            .code_sets
            .iter()
            .filter(|other| other.key != set && other.kind != "crosswalk" && code.chars().count() > 1)
            .filter(|other| other.entry(code).is_some())
            .map(|other| other.key.as_str())
            .collect();
        match found {
            CodeLookup::Unknown if !others.is_empty() => Ok(CodeLookup::OfOtherSets(others)),
            found => Ok(found),
        }
    }

    /// All elements of the data dictionary.
    #[must_use]
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// All documents that tables cite.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The dated collections.
    #[must_use]
    pub fn collections(&self) -> &[Collection] {
        &self.collections
    }

    /// The counties.
    #[must_use]
    pub fn counties(&self) -> &[County] {
        &self.counties
    }

    /// The rows of the statutory dates.
    #[must_use]
    pub fn statutory_dates(&self) -> &[StatutoryDate] {
        &self.statutory_dates
    }

    /// A date that law or rule fixes by year, such as `fall_count`, in the calendar of a district.
    ///
    /// ```
    /// use opi_dictionary::{Dictionary, Weekdays};
    /// let fall = Dictionary::built_in().statutory_date("fall_count", "2024-25".parse()?, &Weekdays)?;
    /// assert_eq!(fall.to_string(), "2024-10-07");
    /// # Ok::<(), opi_dictionary::DictionaryError>(())
    /// ```
    ///
    /// # Errors
    /// When no rule of that name holds in the year, or the calendar has no school day where one is needed.
    pub fn statutory_date(
        &self,
        name: &str,
        year: SchoolYear,
        days: &dyn SchoolDays,
    ) -> Result<NaiveDate, DictionaryError> {
        let rule = self.statutory_dates.iter().find(|rule| rule.date == name && rule.holds_in(year));
        let missing = || DictionaryError::NoStatutoryDate { date: name.chars().take(60).collect(), year };
        rule.ok_or_else(missing)?.on(year, days)
    }

    /// The positions that were not read in a layout: layout and field. Of those of AIM files, 140 of 256.
    pub fn unverified_positions(&self) -> impl Iterator<Item = (&Layout, &LayoutField)> {
        self.layouts.iter().flat_map(|layout| layout.unverified().map(move |field| (layout, field)))
    }

    /// Replaces the fields of a layout by those of a TOML text: `layout = "KEY"` and one `[[field]]` a column,
    /// with the keys of [`LayoutFieldRow`]. Vendors meet a newer specification before we do.
    ///
    /// # Errors
    /// When the text is not of that form or breaks a rule that the built-in tables keep.
    pub fn replace_layout_toml(&mut self, text: &str) -> Result<(), DictionaryError> {
        let file: LayoutFile = from_toml("layout", text)?;
        self.replace_layout(&file.layout, file.field)
    }

    /// Replaces the fields of a layout by those of a CSV text with the columns of [`LayoutFieldRow`].
    ///
    /// # Errors
    /// As [`Dictionary::replace_layout_toml`].
    pub fn replace_layout_csv(&mut self, layout: &str, text: &str) -> Result<(), DictionaryError> {
        self.replace_layout(layout, rows(layout, text)?)
    }

    fn replace_layout(&mut self, key: &str, fields: Vec<LayoutFieldRow>) -> Result<(), DictionaryError> {
        let mut next = self.clone();
        let mut layout = next.layout(key)?.clone();
        next.fill_layout(&mut layout, fields)?;
        for slot in &mut next.layouts {
            if slot.key == key {
                *slot = layout.clone();
            }
        }
        next.compile_all()?;
        *self = next;
        Ok(())
    }

    /// Replaces the codes of a code set by those of a TOML text: `code_set = "KEY"` and one `[[code]]` an
    /// entry, with the keys of [`CodeRow`]. The set is then tested against the new list, and rests on what its
    /// entries rest on.
    ///
    /// # Errors
    /// When the text is not of that form or breaks a rule that the built-in tables keep.
    pub fn replace_code_set_toml(&mut self, text: &str) -> Result<(), DictionaryError> {
        let file: CodeSetFile = from_toml("code set", text)?;
        self.replace_code_set(&file.code_set, file.code)
    }

    /// Replaces the codes of a code set by those of a CSV text with the columns of [`CodeRow`].
    ///
    /// # Errors
    /// As [`Dictionary::replace_code_set_toml`].
    pub fn replace_code_set_csv(&mut self, code_set: &str, text: &str) -> Result<(), DictionaryError> {
        self.replace_code_set(code_set, rows(code_set, text)?)
    }

    fn replace_code_set(&mut self, key: &str, entries: Vec<CodeRow>) -> Result<(), DictionaryError> {
        let mut next = self.clone();
        let set = tables::replaced_code_set(next.code_set(key)?, entries)?;
        for slot in &mut next.code_sets {
            if slot.key == key {
                *slot = set.clone();
            }
        }
        next.suspended.remove(key);
        next.compile_all()?;
        *self = next;
        Ok(())
    }

    /// Stops testing values against a stand-in list until the real list is loaded.
    ///
    /// # Errors
    /// When the set does not exist or is no stand-in list.
    pub fn suspend_membership(&mut self, code_set: &str) -> Result<(), DictionaryError> {
        if self.code_set(code_set)?.membership != crate::Membership::Suspendable {
            let problem = "its list is not a stand-in, so its test cannot be suspended";
            return Err(DictionaryError::table(code_set, None, problem));
        }
        self.suspended.insert(code_set.to_owned());
        self.compile_all()
    }

    fn add_field(
        &mut self,
        key: String,
        name: String,
        personal: bool,
        meaning: String,
    ) -> Result<FieldId, DictionaryError> {
        let number = u16::try_from(self.fields.len() + 1).ok().and_then(FieldId::new);
        let id =
            number.ok_or_else(|| DictionaryError::table("fields", None, "holds more than 65,535 fields"))?;
        let spelt =
            !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !spelt {
            let problem = format!("key {key:?} must be lower-case letters, digits and _");
            return Err(DictionaryError::table("fields", None, problem));
        }
        if self.field_keys.insert(key.clone(), id).is_some() {
            return Err(DictionaryError::table("fields", None, format!("key {key} stands twice")));
        }
        self.fields.push(FieldInfo { id, key, name, personal, meaning });
        Ok(id)
    }

    /// Puts fields into a layout after all checks. A field that is not known yet is added; its values count as
    /// personal, since nothing says that they are not.
    fn fill_layout(
        &mut self,
        layout: &mut Layout,
        fields: Vec<LayoutFieldRow>,
    ) -> Result<(), DictionaryError> {
        layout.fields.clear();
        for (index, row) in fields.into_iter().enumerate() {
            let wanted = index + 1;
            if usize::from(row.position) != wanted {
                let problem = format!("position {} of field {}: expected {wanted}", row.position, row.field);
                return Err(DictionaryError::table(&layout.key, None, problem));
            }
            let id = match self.field(&row.field) {
                Ok(id) => id,
                Err(_) => self.add_field(row.field.clone(), row.name.clone(), true, row.meaning.clone())?,
            };
            let personal = self.field_info(id).is_none_or(|info| info.personal);
            layout.fields.push(row.build(id, personal)?);
        }
        check_layout(layout, |set| self.code_set(set).is_ok())?;
        self.compile(layout)
    }

    fn compile(&self, layout: &mut Layout) -> Result<(), DictionaryError> {
        for field in &mut layout.fields {
            let set = field.code_set.clone().and_then(|set| self.code_set(&set).ok());
            field.compile(set, set.is_some_and(|set| self.suspended.contains(&set.key)));
        }
        layout.index_columns(self.fields.len())
    }

    fn compile_all(&mut self) -> Result<(), DictionaryError> {
        let mut layouts = std::mem::take(&mut self.layouts);
        let compiled = layouts.iter_mut().try_for_each(|layout| self.compile(layout));
        self.layouts = layouts;
        compiled
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutFile {
    layout: String,
    field: Vec<LayoutFieldRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeSetFile {
    code_set: String,
    code: Vec<CodeRow>,
}

/// Writes fields as the TOML that [`Dictionary::replace_layout_toml`] reads.
#[must_use]
pub fn layout_to_toml(layout: &str, fields: &[LayoutFieldRow]) -> String {
    #[derive(Serialize)]
    struct File<'a> {
        layout: &'a str,
        field: &'a [LayoutFieldRow],
    }
    toml::to_string(&File { layout, field: fields }).unwrap_or_default()
}

fn from_toml<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, DictionaryError> {
    toml::from_str(text).map_err(|error| {
        let line = error
            .span()
            .map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() as u64 + 1);
        DictionaryError::table(what, line, error.message())
    })
}

/// The parts of a cell that holds a list.
fn list(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(';').filter(|part| !part.is_empty())
}

fn embedded(tables: &[(&'static str, &'static str)], name: &str) -> Result<&'static str, DictionaryError> {
    let found = tables.iter().find(|(key, _)| *key == name).map(|(_, text)| *text);
    found.ok_or_else(|| DictionaryError::table(name, None, "is listed but its rows are not embedded"))
}

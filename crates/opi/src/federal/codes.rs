//! The codes of the state in federal terms, and which files can be made from what: tables under `spec/`.

use crate::federal::FederalError;
use opi_dictionary::{Dictionary, Standing};
use opi_edfacts::{FileNumber, Grade};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

const CODES: &str = include_str!("../../spec/federal-codes.csv");
const FILES: &str = include_str!("../../spec/federal-files.csv");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeRow {
    code_set: String,
    code: String,
    to: String,
    federal: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "standing")]
    _standing: Standing,
}

/// What a federal file is made from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileNeeds {
    pub(crate) file: FileNumber,
    /// The tables that must be given, by the keys of their layouts.
    tables: String,
    /// How many years before must be given.
    pub(crate) earlier_years: u32,
    /// What no table of ours holds; blank for a file that can be made.
    pub(crate) missing: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "standing")]
    _standing: Standing,
}

impl FileNeeds {
    pub(crate) fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.split(';').filter(|table| !table.is_empty())
    }

    /// The rows of the table.
    pub(crate) fn all() -> Result<Vec<FileNeeds>, FederalError> {
        rows("federal-files.csv", FILES)
    }
}

/// State codes in federal terms.
pub(crate) struct Codes {
    by_kind: BTreeMap<&'static str, BTreeMap<String, String>>,
    disabilities: BTreeMap<String, String>,
}

/// The kinds of code, with the code set each is read from.
const KINDS: [(&str, &str); 13] = [
    ("grade", "grade-levels"),
    ("sex", "gender"),
    ("lunch", "meal-status"),
    ("direct_certification", "fram-certified-type"),
    ("residence", "homeless-nighttime-residence"),
    ("title_one_program", "title-i"),
    ("military", "military-connection"),
    ("diploma", "diploma-type"),
    ("cohort", "enrollment-end-status"),
    ("end_family", "enrollment-end-status"),
    ("title_one_school", "title-i-school-status"),
    ("language", "home-language"),
    ("disability", "disability-to-edfacts"),
];

impl Codes {
    pub(crate) fn new(dictionary: &Dictionary) -> Result<Self, FederalError> {
        let mut by_kind: BTreeMap<&'static str, BTreeMap<String, String>> = BTreeMap::new();
        for row in rows::<CodeRow>("federal-codes.csv", CODES)? {
            let known = KINDS.iter().find(|(kind, set)| *kind == row.to && *set == row.code_set);
            let Some((kind, _)) = known else {
                let problem = format!("`{}` to `{}` is not used", row.code_set, row.to);
                return Err(FederalError::Spec { table: "federal-codes.csv", problem });
            };
            by_kind.entry(kind).or_default().insert(row.code, row.federal);
        }
        let crosswalk = dictionary.code_set("disability-to-edfacts")?;
        let disabilities =
            crosswalk.entries.iter().map(|entry| (entry.code.clone(), entry.label.clone())).collect();
        Ok(Codes { by_kind, disabilities })
    }

    /// The federal code, where there is one; blank where the table says that the code counts nowhere.
    pub(crate) fn of(&self, kind: &str, code: &str) -> Option<&str> {
        self.by_kind.get(kind)?.get(code).map(String::as_str)
    }

    pub(crate) fn grade(&self, code: &str) -> Option<Grade> {
        self.of("grade", code).and_then(Grade::from_code)
    }

    pub(crate) fn disability(&self, code: &str) -> Option<&str> {
        self.disabilities.get(code).map(String::as_str)
    }

    /// Whether an end status is of the family of dropouts or completers, by its first digit.
    pub(crate) fn end_family(&self, status: &str) -> Option<&str> {
        self.of("end_family", status.get(..1)?)
    }
}

fn rows<T: DeserializeOwned>(table: &'static str, text: &str) -> Result<Vec<T>, FederalError> {
    let rows: Result<Vec<T>, csv::Error> =
        csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect();
    rows.map_err(|error| FederalError::Spec { table, problem: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use opi_edfacts::Catalogue;

    #[test]
    fn every_code_is_the_dictionarys_and_every_federal_code_the_catalogues() {
        let (dictionary, catalogue) = (Dictionary::built_in(), Catalogue::builtin().unwrap());
        Codes::new(dictionary).unwrap();
        let listed = |category: &str, code: &str| {
            catalogue.permitted_values(category).iter().any(|value| value.code == code)
        };
        for row in rows::<CodeRow>("federal-codes.csv", CODES).unwrap() {
            let set = dictionary.code_set(&row.code_set).unwrap();
            let known = set.look_up(&row.code, None).is_permitted() || row.to == "end_family";
            assert!(known, "{} {}", row.code_set, row.code);
            let category = match row.to.as_str() {
                "lunch" => "LUNCHPROG",
                "residence" => "HOMELSPRMRES",
                "title_one_program" => "TITLEIPROG",
                "cohort" => "COHSTATUS",
                "language" => "LANGHOME",
                "grade" => "GRADELVMEM",
                "sex" => "SEX",
                _ => continue,
            };
            let nowhere = row.federal.is_empty();
            assert!(nowhere || listed(category, &row.federal), "{category} {}", row.federal);
        }
        let codes = Codes::new(dictionary).unwrap();
        for entry in &dictionary.code_set("disability").unwrap().entries {
            let federal = codes.disability(&entry.code).unwrap();
            assert!(listed("DISABCATIDEA", federal), "{federal}");
        }
    }

    #[test]
    fn every_active_derivation_is_made_or_said_to_be_missing() {
        let catalogue = Catalogue::builtin().unwrap();
        let needs = FileNeeds::all().unwrap();
        for need in &needs {
            assert_eq!(needs.iter().filter(|other| other.file == need.file).count(), 1, "{}", need.file);
            let derivation = catalogue.file(need.file).unwrap().derivation.as_ref();
            assert!(derivation.is_some(), "{}", need.file);
            assert!(need.missing.is_empty() || need.tables().next().is_none(), "{}", need.file);
            for table in need.tables() {
                assert!(Dictionary::built_in().layout(table).is_ok(), "{} {table}", need.file);
            }
        }
        for spec in catalogue.files() {
            let Some(derivation) = &spec.derivation else { continue };
            let told = matches!(
                derivation.inputs,
                opi_edfacts::InputSource::Assessment
                    | opi_edfacts::InputSource::Finance
                    | opi_edfacts::InputSource::None
            );
            assert!(told || needs.iter().any(|need| need.file == spec.number), "{}", spec.number);
        }
    }
}

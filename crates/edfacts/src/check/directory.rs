//! The units of the year as files 029 and 039 tell them, or a short table of units and grades.

use super::records::Checked;
use crate::input::UnitStatus;
use crate::{EdfactsError, Grade, GradeSet, Level};
use std::collections::BTreeMap;

/// A unit of the directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct DirectoryUnit {
    /// The status that holds: updated if given, else that of the start of the year.
    pub(crate) status: Option<UnitStatus>,
    pub(crate) grades: Option<GradeSet>,
    /// Nothing is reported for it.
    pub(crate) unreported: bool,
}

/// The units of one year.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    pub(crate) leas: BTreeMap<String, DirectoryUnit>,
    pub(crate) schools: BTreeMap<(String, String), DirectoryUnit>,
    pub(crate) has_leas: bool,
    pub(crate) has_schools: bool,
}

impl Directory {
    pub(crate) fn unit(&self, level: Level, lea: &str, school: &str) -> Option<&DirectoryUnit> {
        match level {
            Level::Sea => None,
            Level::Lea => self.leas.get(lea),
            Level::Sch => self.schools.get(&(lea.to_owned(), school.to_owned())),
        }
    }

    pub(crate) fn grades(&self, level: Level, lea: &str, school: &str) -> Option<GradeSet> {
        self.unit(level, lea, school)?.grades
    }

    /// Takes over a file 029 or 039.
    pub(crate) fn add(&mut self, file: &Checked<'_>) {
        let level = file.opened.level;
        let value = |values: &[String], element: &str| -> String {
            file.element(element).and_then(|place| values.get(place)).cloned().unwrap_or_default()
        };
        let mut grades: BTreeMap<(String, String), Vec<Grade>> = BTreeMap::new();
        for (_, values) in &file.fields {
            let lea = value(values, "StateLEAIDNumber");
            let school = value(values, "StateSchoolIDNumber");
            match (file.opened.number.get(), level) {
                (29, Level::Lea | Level::Sch) => {
                    let (start, updated) = statuses(file, values);
                    let status = UnitStatus::parse(if updated.is_empty() { &start } else { &updated });
                    let unit = match level {
                        Level::Lea => self.leas.entry(lea).or_default(),
                        _ => self.schools.entry((lea, school)).or_default(),
                    };
                    unit.status = status;
                }
                (39, _) => {
                    let offered = grades.entry((lea, school)).or_default();
                    offered.extend(Grade::from_code(&value(values, "GradeLevelID")));
                }
                _ => {}
            }
        }
        for ((lea, school), offered) in grades {
            let unit = match level {
                Level::Lea => self.leas.entry(lea).or_default(),
                _ => self.schools.entry((lea, school)).or_default(),
            };
            unit.grades = Some(offered.into_iter().collect());
        }
        if file.opened.number.get() == 29 {
            self.has_leas |= level == Level::Lea;
            self.has_schools |= level == Level::Sch;
        }
    }

    /// Takes over a table `lea,school,status,reported_federally,grades`, grades joined by semicolons.
    pub(crate) fn add_table(&mut self, name: &str, text: &str) -> Result<(), EdfactsError> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Row {
            lea: String,
            school: String,
            status: String,
            reported_federally: String,
            grades: String,
        }
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        for (row, number) in reader.deserialize::<Row>().zip(2u64..) {
            let place = format!("{name}, line {number}");
            let row = row.map_err(|error| EdfactsError::input(place.clone(), error.to_string()))?;
            let mut grades = Vec::new();
            for code in row.grades.split(';').filter(|code| !code.is_empty()) {
                let grade = Grade::from_code(code);
                let none = || EdfactsError::input(place.clone(), format!("`{code}` is not a grade code"));
                grades.push(grade.ok_or_else(none)?);
            }
            let unit = DirectoryUnit {
                status: UnitStatus::parse(&row.status),
                grades: Some(grades.into_iter().collect()),
                unreported: row.reported_federally == "no",
            };
            if row.school.is_empty() {
                self.leas.insert(row.lea, unit);
                self.has_leas = true;
            } else {
                self.schools.insert((row.lea, row.school), unit);
                self.has_schools = true;
            }
        }
        Ok(())
    }
}

/// Status at the start of the year and updated status of a record of file 029.
pub(crate) fn statuses(file: &Checked<'_>, values: &[String]) -> (String, String) {
    let named = |updated: bool| {
        let place = file.opened.layout.fields().position(|column| {
            let status = column.category.as_deref().is_some_and(|name| name.ends_with("OPSTATUS"));
            status && column.name.to_ascii_lowercase().starts_with("updated") == updated
        });
        place.and_then(|place| values.get(place)).cloned().unwrap_or_default()
    };
    (named(false), named(true))
}

/// Whether a text is the short table of units.
pub(crate) fn is_table(text: &str) -> bool {
    text.lines().next().is_some_and(|head| head.trim() == "lea,school,status,reported_federally,grades")
}

//! Districts and schools of the directory as federal units: a legal entity is the federal district.

use crate::federal::FederalError;
use crate::federal::codes::Codes;
use crate::federal::reading::column;
use opi_dictionary::{Directory, SchoolYear, Years};
use opi_edfacts::{Grade, LeaIndex, SchoolIndex, TitleOne, Unit, UnitStatus, Units};
use opi_snapshot::Table;
use std::collections::{BTreeMap, HashMap};

/// The units, and how the numbers of the uploads lead to them.
pub(crate) struct Places {
    pub(crate) units: Units,
    schools: HashMap<u32, (LeaIndex, SchoolIndex)>,
    /// The federal districts of a school system, by number.
    districts: HashMap<u16, Vec<LeaIndex>>,
    /// Systems with a Title III program for immigrants.
    immigrant_programs: Vec<u16>,
}

/// What the state's table of programs says of a unit.
#[derive(Clone, Debug, Default)]
struct Programs {
    title_one: TitleOne,
    lunch: Option<bool>,
    subgrant: bool,
    immigrant: bool,
}

/// Four digits as a number.
pub(crate) fn number(text: &str) -> Option<u16> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn status(years: Years, year: SchoolYear) -> UnitStatus {
    match years {
        _ if years.contains(year) && years.first == year => UnitStatus::New,
        _ if years.contains(year) => UnitStatus::Open,
        Years { first, .. } if year < first => UnitStatus::Future,
        _ => UnitStatus::Closed,
    }
}

impl Places {
    pub(crate) fn new(
        directory: &Directory,
        tables: &[Table],
        year: SchoolYear,
        codes: &Codes,
    ) -> Result<Self, FederalError> {
        let programs = programs(tables, codes)?;
        let of = |district: &str, school: &str| {
            programs.get(&(district.to_owned(), school.to_owned())).cloned().unwrap_or_default()
        };
        let mut units = Vec::new();
        let mut by_entity: BTreeMap<String, Vec<Grade>> = BTreeMap::new();
        for school in directory.schools() {
            let offered = school.grades.iter().filter(|grade| grade.years.contains(year));
            let grades: Vec<Grade> = offered.filter_map(|grade| codes.grade(grade.grade.as_str())).collect();
            let lea = school.legal_entity.to_string();
            let district = school.key.district.to_string();
            let own = of(&district, school.key.school.as_str());
            if school.years.contains(year) {
                by_entity.entry(lea.clone()).or_default().extend(&grades);
            }
            units.push(Unit {
                lea,
                school: Some(school.key.school.to_string()),
                status: Some(status(school.years, year)),
                reported_federally: true,
                grades: grades.into_iter().collect(),
                lunch_program: own.lunch,
                title_one: own.title_one,
                ..Unit::default()
            });
        }
        for district in directory.districts() {
            let own = of(district.number.as_str(), "");
            for entity in &district.entities {
                let lea = entity.number.to_string();
                let grades = by_entity.get(&lea).map(|grades| grades.iter().copied().collect());
                units.push(Unit {
                    lea,
                    status: Some(status(entity.years, year)),
                    reported_federally: true,
                    grades: grades.unwrap_or_default(),
                    homeless_subgrant: own.subgrant,
                    ..Unit::default()
                });
            }
        }
        let units = Units::new(units, [])?;
        let mut schools = HashMap::new();
        for school in directory.schools() {
            let lea = school.legal_entity.to_string();
            let key = number(school.key.district.as_str()).zip(number(school.key.school.as_str()));
            let found = units.lea(&lea).zip(units.school(&lea, school.key.school.as_str()));
            if let (Some((district, school)), Some(found)) = (key, found) {
                schools.insert(u32::from(district) << 16 | u32::from(school), found);
            }
        }
        let mut districts = HashMap::new();
        let mut immigrant_programs = Vec::new();
        for district in directory.districts() {
            let Some(key) = number(district.number.as_str()) else { continue };
            let leas = district.entities.iter().filter_map(|entity| units.lea(entity.number.as_str()));
            districts.insert(key, leas.collect());
            if of(district.number.as_str(), "").immigrant {
                immigrant_programs.push(key);
            }
        }
        immigrant_programs.sort_unstable();
        Ok(Places { units, schools, districts, immigrant_programs })
    }

    pub(crate) fn school(&self, district: &str, school: &str) -> Option<(LeaIndex, SchoolIndex)> {
        let (district, school) = number(district).zip(number(school))?;
        self.schools.get(&(u32::from(district) << 16 | u32::from(school))).copied()
    }

    pub(crate) fn leas(&self, district: &str) -> &[LeaIndex] {
        number(district).and_then(|key| self.districts.get(&key)).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn has_immigrant_program(&self, district: &str) -> bool {
        number(district).is_some_and(|key| self.immigrant_programs.binary_search(&key).is_ok())
    }
}

/// The state's answers by district and school; a blank school is the district itself.
fn programs(tables: &[Table], codes: &Codes) -> Result<BTreeMap<(String, String), Programs>, FederalError> {
    let mut found = BTreeMap::new();
    for table in tables.iter().filter(|table| table.name() == "unit-programs") {
        let column = |name| column(table, name);
        let (district, school) = (column("district_number")?, column("school_number")?);
        let (title, lunch) = (column("title_i_school_status")?, column("lunch_program_status")?);
        let (subgrant, immigrant) =
            (column("mckinney_vento_subgrant")?, column("title_iii_immigrant_subgrant")?);
        for record in table.records() {
            let key = (record.field(district).to_owned(), record.field(school).to_owned());
            let programs = Programs {
                title_one: match codes.of("title_one_school", record.field(title)) {
                    Some("schoolwide") => TitleOne::Schoolwide,
                    Some("targeted") => TitleOne::Targeted,
                    _ => TitleOne::None,
                },
                lunch: Some(record.field(lunch)).filter(|code| !code.is_empty()).map(|code| code != "NSLPNO"),
                subgrant: record.field(subgrant) == "Y",
                immigrant: record.field(immigrant) == "Y",
            };
            found.insert(key, programs);
        }
    }
    Ok(found)
}

//! Districts and schools, and the grades they offer.

use crate::EdfactsError;
use hashbrown::HashMap;

/// A grade as federal files code it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grade(u8);

const GRADE_CODES: [&str; 17] =
    ["PK", "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "UG", "AE"];

impl Grade {
    /// Prekindergarten.
    pub const PK: Grade = Grade(0);
    /// Kindergarten.
    pub const KG: Grade = Grade(1);
    /// Grade 12.
    pub const TWELVE: Grade = Grade(13);
    /// Grade 13.
    pub const THIRTEEN: Grade = Grade(14);
    /// Ungraded.
    pub const UNGRADED: Grade = Grade(15);
    /// Adult education.
    pub const ADULT: Grade = Grade(16);

    /// All grades, from prekindergarten up, then the three that only some states use.
    pub fn all() -> impl Iterator<Item = Grade> {
        (0..=16).map(Grade)
    }

    /// The numbered grade, 1 to 13.
    #[must_use]
    pub const fn numbered(number: u8) -> Option<Grade> {
        if number >= 1 && number <= 13 { Some(Grade(number + 1)) } else { None }
    }

    /// The grade with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Grade> {
        Grade::all().find(|grade| grade.code() == code)
    }

    /// The code: `PK`, `KG`, `01` to `13`, `UG`, `AE`.
    #[must_use]
    pub fn code(self) -> &'static str {
        GRADE_CODES.get(usize::from(self.0)).copied().unwrap_or("UG")
    }

    /// Whether the grade is one that a state uses only when it says so: 13, UG, AE.
    #[must_use]
    pub const fn is_extra(self) -> bool {
        self.0 >= 14
    }

    /// Kindergarten to grade 12.
    #[must_use]
    pub const fn is_k12(self) -> bool {
        self.0 >= 1 && self.0 <= 13
    }
}

/// A set of grades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GradeSet(u32);

impl GradeSet {
    /// Whether the grade is in the set.
    #[must_use]
    pub const fn contains(self, grade: Grade) -> bool {
        self.0 & (1 << grade.0) != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether prekindergarten is the only grade.
    #[must_use]
    pub const fn is_pk_only(self) -> bool {
        self.0 == 1
    }
}

impl FromIterator<Grade> for GradeSet {
    fn from_iter<I: IntoIterator<Item = Grade>>(grades: I) -> Self {
        GradeSet(grades.into_iter().fold(0, |bits, grade| bits | (1 << grade.0)))
    }
}

/// Sex as federal files code it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// Code F.
    Female,
    /// Code M.
    Male,
}

/// The operational status of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnitStatus {
    /// 1.
    Open,
    /// 2.
    Closed,
    /// 3.
    New,
    /// 4.
    Added,
    /// 5: changed boundary (LEA) or agency (school).
    Changed,
    /// 6.
    Inactive,
    /// 7.
    Future,
    /// 8.
    Reopened,
}

impl UnitStatus {
    /// Reads the word or the number of the directory.
    #[must_use]
    pub fn parse(text: &str) -> Option<UnitStatus> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "1" | "open" => UnitStatus::Open,
            "2" | "closed" => UnitStatus::Closed,
            "3" | "new" => UnitStatus::New,
            "4" | "added" => UnitStatus::Added,
            "5" | "changed" | "changed boundary" | "changed agency" | "changedboundary" | "changedagency" => {
                UnitStatus::Changed
            }
            "6" | "inactive" => UnitStatus::Inactive,
            "7" | "future" | "future agency" | "future school" => UnitStatus::Future,
            "8" | "reopened" => UnitStatus::Reopened,
            _ => return None,
        })
    }

    /// Whether units of this status are reported.
    #[must_use]
    pub const fn is_reported(self) -> bool {
        !matches!(self, UnitStatus::Closed | UnitStatus::Inactive | UnitStatus::Future)
    }
}

/// The Title I status of a school, as far as file 037 asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TitleOne {
    /// Not a Title I school.
    #[default]
    None,
    /// A schoolwide programme: every student counts.
    Schoolwide,
    /// Targeted assistance: students served count.
    Targeted,
}

/// A district (`school` is `None`) or a school.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// State identifier of the district.
    pub lea: String,
    /// State identifier of the school; `None` for the district itself.
    pub school: Option<String>,
    /// Operational status; `None` counts as not reported.
    pub status: Option<UnitStatus>,
    /// Whether the unit is reported federally at all.
    pub reported_federally: bool,
    /// Whether the school is a reportable programme, which membership files leave out.
    pub reportable_program: bool,
    /// Grades offered.
    pub grades: GradeSet,
    /// Whether the school takes part in the National School Lunch Program; `None` when not known.
    pub lunch_program: Option<bool>,
    /// Title I status of the school.
    pub title_one: TitleOne,
    /// Whether the district receives a McKinney-Vento subgrant.
    pub homeless_subgrant: bool,
}

/// Number of a district in [`Units`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaIndex(pub(crate) u32);

impl LeaIndex {
    /// The number, 0 = the first district by identifier.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// Number of a school in [`Units`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchoolIndex(pub(crate) u32);

impl SchoolIndex {
    /// The number, 0 = the first school by identifier.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// All units of a state. Districts and schools are numbered in the order of their identifiers, so that
/// numbers sort as identifiers do.
#[derive(Clone, Debug, Default)]
pub struct Units {
    pub(crate) leas: Vec<Unit>,
    pub(crate) schools: Vec<(LeaIndex, Unit)>,
    leas_by_id: HashMap<String, LeaIndex>,
    schools_by_id: HashMap<(String, String), SchoolIndex>,
}

impl Units {
    /// Numbers the units. Districts and schools that only rows name, not the register, can be given as
    /// `mentioned`; they are never reported.
    ///
    /// # Errors
    /// [`EdfactsError::Input`] when a unit stands twice.
    pub fn new(
        units: impl IntoIterator<Item = Unit>,
        mentioned: impl IntoIterator<Item = (String, Option<String>)>,
    ) -> Result<Units, EdfactsError> {
        let mut known: std::collections::BTreeMap<(String, Option<String>), Unit> = Default::default();
        for unit in units {
            let key = (unit.lea.clone(), unit.school.clone());
            if known.insert(key, unit.clone()).is_some() {
                let school = unit.school.map(|school| format!(", school {school}")).unwrap_or_default();
                let place = format!("units: district {}{school}", unit.lea);
                return Err(EdfactsError::input(place, "the unit stands twice; each unit has one row"));
            }
        }
        for (lea, school) in mentioned {
            known.entry((lea.clone(), school.clone())).or_insert_with(|| Unit {
                lea,
                school,
                ..Unit::default()
            });
        }
        let homeless: Vec<String> = known.keys().map(|(lea, _)| lea.clone()).collect();
        for lea in homeless {
            known.entry((lea.clone(), None)).or_insert_with(|| Unit { lea, ..Unit::default() });
        }
        let mut built = Units::default();
        for ((lea, school), unit) in known {
            match school {
                None => {
                    let index = LeaIndex(u32::try_from(built.leas.len()).unwrap_or(u32::MAX));
                    built.leas_by_id.insert(lea, index);
                    built.leas.push(unit);
                }
                Some(school) => {
                    let Some(of) = built.leas_by_id.get(&lea).copied() else { continue };
                    let index = SchoolIndex(u32::try_from(built.schools.len()).unwrap_or(u32::MAX));
                    built.schools_by_id.insert((lea, school), index);
                    built.schools.push((of, unit));
                }
            }
        }
        Ok(built)
    }

    /// The number of a district.
    #[must_use]
    pub fn lea(&self, id: &str) -> Option<LeaIndex> {
        self.leas_by_id.get(id).copied()
    }

    /// The number of a school.
    #[must_use]
    pub fn school(&self, lea: &str, school: &str) -> Option<SchoolIndex> {
        self.schools_by_id.get(&(lea.to_owned(), school.to_owned())).copied()
    }

    /// A district by its number.
    #[must_use]
    pub fn district(&self, lea: LeaIndex) -> Option<&Unit> {
        self.lea_unit(lea)
    }

    /// A school by its number.
    #[must_use]
    pub fn school_of(&self, school: SchoolIndex) -> Option<&Unit> {
        self.school_unit(school)
    }

    /// Every unit and whether it is reported: districts by identifier, then schools by district and identifier.
    pub fn iter(&self) -> impl Iterator<Item = (&Unit, bool)> {
        let leas = self.leas.iter().map(|unit| (unit, unit.is_reported()));
        let reported = |lea: LeaIndex, unit: &Unit| unit.is_reported() && self.lea_reported(lea);
        leas.chain(self.schools.iter().map(move |(lea, unit)| (unit, reported(*lea, unit))))
    }

    pub(crate) fn lea_unit(&self, lea: LeaIndex) -> Option<&Unit> {
        self.leas.get(lea.0 as usize)
    }

    pub(crate) fn school_unit(&self, school: SchoolIndex) -> Option<&Unit> {
        self.schools.get(school.0 as usize).map(|(_, unit)| unit)
    }

    /// Whether the district is reported.
    #[must_use]
    pub fn lea_reported(&self, lea: LeaIndex) -> bool {
        self.lea_unit(lea).is_some_and(Unit::is_reported)
    }

    /// Whether the school is reported: it and its district.
    #[must_use]
    pub fn school_reported(&self, school: SchoolIndex) -> bool {
        let found = self.schools.get(school.0 as usize);
        found.is_some_and(|(lea, unit)| unit.is_reported() && self.lea_reported(*lea))
    }
}

impl Unit {
    fn is_reported(&self) -> bool {
        self.reported_federally && self.status.is_some_and(UnitStatus::is_reported)
    }
}

//! From the rows of a student to the codes of a category: one place for every category.

use super::{Context, Instance};
use crate::input::{Sex, Span, Status, StatusKind, StudentRows};
use crate::{CountConfig, Grade, LeaIndex, MISSING, federal7};
use chrono::NaiveDate;

/// How a category is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logic {
    Race,
    MajorRace,
    Sex,
    /// The grade of the row that counts.
    Grade,
    /// As grade, high school grades merged where the list has HS.
    GradeTested,
    /// Grade at exit; below 7 in one code.
    GradeDropout,
    AgeSchool,
    AgeEarly,
    AgePlain,
    AgeAll,
    AgePreschool,
    /// Grade from kindergarten up, else the age group.
    AgeGrade,
    LearnerBoth,
    /// A one-sided flag with its code.
    Flag(Flag, &'static str),
    DisabilityBoth,
    Disability,
    EnvironmentSchoolAge,
    EnvironmentEarly,
    Language,
    Residence,
    Unaccompanied,
    LunchEligibility,
    /// The declaration or the record gives the code.
    Own,
}

/// The flags of students.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    Idea,
    Section504,
    EnglishLearner,
    Homeless,
    Migrant,
    EconomicallyDisadvantaged,
    FosterCare,
    MilitaryConnected,
}

impl Logic {
    /// How the category with this abbreviation is read.
    pub(crate) fn of(category: &str) -> Logic {
        match category {
            "RACEETHNIC" => Logic::Race,
            "MAJORREG" => Logic::MajorRace,
            "SEX" => Logic::Sex,
            "GRADELVMEM" | "GRADELVBASICW13" => Logic::Grade,
            "GRADELVLASS" | "GRADELVLHS" | "GRADELVLHSSCI" | "GRADELVLLG" | "GRADELVLLGSCI" => {
                Logic::GradeTested
            }
            "GRADELDROP" => Logic::GradeDropout,
            "AGESA" => Logic::AgeSchool,
            "AGEEC" => Logic::AgeEarly,
            "AGEEXITSPED" => Logic::AgePlain,
            "AGEALL" => Logic::AgeAll,
            "AGEPK" => Logic::AgePreschool,
            "AGE3TOGRADE13" | "AGEGRDWO13" | "AGEGRDWO13BT3" | "AGEU3TOGR12UG" => Logic::AgeGrade,
            "LEPBOTH" => Logic::LearnerBoth,
            "LEPONLY" | "LEPSTATRLA" => Logic::Flag(Flag::EnglishLearner, "LEP"),
            "LEPPERKINS" => Logic::Flag(Flag::EnglishLearner, "LEPP"),
            "DISABSTATUS" | "DISABSTATADA" => Logic::Flag(Flag::Idea, "WDIS"),
            "DISABSTATUS504" => Logic::Flag(Flag::Section504, "DISAB504STAT"),
            "HOMELSENRLSTAT" => Logic::Flag(Flag::Homeless, "HOMELSENRL"),
            "HOMELESS" => Logic::Flag(Flag::Homeless, "H"),
            "MIGRNTSTATUS" => Logic::Flag(Flag::Migrant, "MS"),
            "ECODIS" => Logic::Flag(Flag::EconomicallyDisadvantaged, "ECODIS"),
            "FSTRCRSTS" => Logic::Flag(Flag::FosterCare, "FCS"),
            "MILCNCTDSTDNTSTS" => Logic::Flag(Flag::MilitaryConnected, "MILCNCTD"),
            "DISABSTATIDEA" => Logic::DisabilityBoth,
            "DISABCATIDEA" | "DISABCATIDEAEXIT" => Logic::Disability,
            "EDENVIRIDEASA" => Logic::EnvironmentSchoolAge,
            "EDENVIDEAEC" => Logic::EnvironmentEarly,
            "LANGHOME" => Logic::Language,
            "HOMELSPRMRES" => Logic::Residence,
            "HOMELESSUNAC" => Logic::Unaccompanied,
            "LUNCHPROG" => Logic::LunchEligibility,
            _ => Logic::Own,
        }
    }

    /// Whether zero rows are made for the code at all.
    pub(crate) fn makes_zero_rows(self, config: &CountConfig, code: &str) -> bool {
        if code == MISSING {
            return false;
        }
        match self {
            Logic::MajorRace => config.race.major_races.codes().contains(&code),
            Logic::Grade | Logic::GradeTested | Logic::GradeDropout | Logic::AgeGrade => {
                Grade::from_code(code).is_none_or(|grade| config.uses(grade))
            }
            Logic::Flag(_, own) => code == own,
            _ => true,
        }
    }

    /// Whether a unit that offers these grades can have the code.
    pub(crate) fn offered(self, grades: crate::GradeSet, code: &str) -> bool {
        match self {
            Logic::Grade | Logic::GradeTested | Logic::GradeDropout | Logic::AgeGrade => {
                if code == "BELOW7" {
                    return Grade::all().take(8).any(|grade| grades.contains(grade));
                }
                Grade::from_code(code).is_none_or(|grade| grades.contains(grade))
            }
            _ => true,
        }
    }
}

/// What a category says of one student.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// One code.
    One(&'a str),
    /// Several codes: the student stands in several cells.
    Many(Vec<&'a str>),
    /// Not known: MISSING where the list has it.
    Unknown,
    /// The student stands in no record of a set with this category.
    Absent,
}

fn known(code: Option<&str>) -> Value<'_> {
    code.map_or(Value::Unknown, Value::One)
}

/// On which days a flag is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FlagBasis {
    /// On one day.
    On(NaiveDate),
    /// Whether the status meets one of the spans.
    Meets(Vec<Span>),
}

/// The code or codes of a category for an instance.
pub(crate) fn value<'a>(cx: &Context<'_>, inst: &Instance<'a>, name: &str, logic: Logic) -> Value<'a> {
    if let Some((_, codes)) = inst.own.iter().find(|(category, _)| *category == name) {
        return match codes.as_slice() {
            [] => Value::Unknown,
            [one] => Value::One(one),
            many => Value::Many(many.to_vec()),
        };
    }
    let student = inst.student;
    let race = || federal7(cx.config.race.question, student.hispanic, student.races);
    match logic {
        Logic::Race => Value::One(race()),
        Logic::MajorRace => Value::One(cx.config.race.major_races.convert(race())),
        Logic::Sex => known(student.sex.map(|sex| match sex {
            Sex::Female => "F",
            Sex::Male => "M",
        })),
        Logic::Grade | Logic::GradeTested => known(inst.grade.map(Grade::code)),
        Logic::GradeDropout => match inst.grade {
            Some(grade)
                if grade < Grade::UNGRADED && Grade::numbered(7).is_some_and(|seven| grade < seven) =>
            {
                Value::One("BELOW7")
            }
            other => known(other.map(Grade::code)),
        },
        Logic::AgeSchool => match inst.age {
            Some(5) => Value::One("AGE05K"),
            age => known(age.and_then(number_code)),
        },
        Logic::AgeEarly => match inst.age {
            Some(5) => Value::One("AGE05NOTK"),
            age => known(age.and_then(number_code)),
        },
        Logic::AgePlain => known(inst.age.and_then(number_code)),
        Logic::AgeAll => match inst.age {
            Some(3..=5) => Value::One("3TO5"),
            age => known(age.and_then(number_code)),
        },
        Logic::AgePreschool => match inst.age {
            Some(0..=2) => Value::One("UNDER3"),
            Some(3..=5) => Value::One("3TO5NOTK"),
            Some(_) => Value::Absent,
            None => Value::Unknown,
        },
        // A file that leaves such students out has done so before; in the others they stand under MISSING.
        Logic::AgeGrade => match age_grade(inst.age, inst.grade) {
            Value::Absent => Value::Unknown,
            value => value,
        },
        Logic::LearnerBoth => Value::One(if holds(cx, inst, Flag::EnglishLearner) { "LEP" } else { "NLEP" }),
        Logic::Flag(flag, code) => {
            if holds(cx, inst, flag) {
                Value::One(code)
            } else {
                Value::Absent
            }
        }
        Logic::DisabilityBoth => Value::One(if holds(cx, inst, Flag::Idea) { "WDIS" } else { "WODIS" }),
        Logic::Disability => known(idea(inst).and_then(|idea| idea.disability)),
        Logic::EnvironmentSchoolAge => known(idea(inst).and_then(|idea| idea.env_school_age)),
        Logic::EnvironmentEarly => known(idea(inst).and_then(|idea| idea.env_early)),
        Logic::Language => match standing(inst, |kind| matches!(kind, StatusKind::EnglishLearner { .. })) {
            Some(StatusKind::EnglishLearner { language }) => known(language.as_deref()),
            _ => Value::Unknown,
        },
        Logic::Residence => match homeless(inst) {
            Some((residence, _)) => known(residence),
            None => Value::Unknown,
        },
        Logic::Unaccompanied => match homeless(inst) {
            Some((_, true)) => Value::One("UY"),
            _ => Value::Absent,
        },
        Logic::LunchEligibility => match standing(inst, |kind| matches!(kind, StatusKind::Lunch { .. })) {
            Some(StatusKind::Lunch { eligibility }) => known(eligibility.as_deref()),
            _ => Value::Absent,
        },
        Logic::Own => Value::Absent,
    }
}

/// Grade from kindergarten up; prekindergarten and none by age; the rest stands in no such set.
pub(crate) fn age_grade(age: Option<u32>, grade: Option<Grade>) -> Value<'static> {
    match (grade, age) {
        (Some(grade), _) if grade != Grade::PK => Value::One(grade.code()),
        (_, Some(0..=2)) => Value::One("UNDER3"),
        (_, Some(3..=5)) => Value::One("3TO5NOTK"),
        _ => Value::Absent,
    }
}

/// An age as a code, 3 to 30.
fn number_code(age: u32) -> Option<&'static str> {
    const CODES: [&str; 31] = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17",
        "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30",
    ];
    CODES.get(age as usize).copied()
}

impl Flag {
    fn is(self, kind: &StatusKind) -> bool {
        matches!(
            (self, kind),
            (Flag::Idea, StatusKind::Idea { .. })
                | (Flag::Section504, StatusKind::Section504)
                | (Flag::EnglishLearner, StatusKind::EnglishLearner { .. })
                | (Flag::Homeless, StatusKind::Homeless { .. })
                | (Flag::Migrant, StatusKind::Migrant)
                | (Flag::EconomicallyDisadvantaged, StatusKind::EconomicallyDisadvantaged)
                | (Flag::FosterCare, StatusKind::FosterCare)
                | (Flag::MilitaryConnected, StatusKind::MilitaryConnected)
        )
    }
}

/// Whether the flag holds on the days of the instance, at the place of the instance.
fn holds(_cx: &Context<'_>, inst: &Instance<'_>, flag: Flag) -> bool {
    let meets = |status: &&Status| match &inst.flags {
        FlagBasis::On(day) => status.span.contains(*day),
        FlagBasis::Meets(spans) => spans.iter().any(|span| status.span.overlap(*span).is_some()),
    };
    let here = |status: &&Status| at_place(status, inst.lea);
    inst.student
        .statuses
        .iter()
        .filter(|status| flag.is(&status.kind))
        .filter(here)
        .any(|status| meets(&status))
}

fn at_place(status: &Status, lea: Option<LeaIndex>) -> bool {
    status.lea.is_none() || status.lea == lea
}

/// The status of a kind that stands on a day at a place: of several, the one that began last.
pub(crate) fn standing_on(
    student: &StudentRows,
    day: NaiveDate,
    lea: Option<LeaIndex>,
    is: impl Fn(&StatusKind) -> bool,
) -> Option<&Status> {
    let active = student
        .statuses
        .iter()
        .filter(|status| is(&status.kind) && status.span.contains(day) && at_place(status, lea));
    active.max_by(|a, b| a.span.first.cmp(&b.span.first).then_with(|| a.cmp(b)))
}

fn standing<'a>(inst: &Instance<'a>, is: impl Fn(&StatusKind) -> bool) -> Option<&'a StatusKind> {
    let FlagBasis::On(day) = &inst.flags else { return None };
    standing_on(inst.student, *day, inst.lea, is).map(|status| &status.kind)
}

/// What the special education status says.
#[derive(Clone, Copy)]
pub(crate) struct Idea<'a> {
    pub(crate) disability: Option<&'a str>,
    pub(crate) env_school_age: Option<&'a str>,
    pub(crate) env_early: Option<&'a str>,
}

/// The special education status on a day at a place.
pub(crate) fn idea_on(student: &StudentRows, day: NaiveDate, lea: Option<LeaIndex>) -> Option<Idea<'_>> {
    match &standing_on(student, day, lea, |kind| matches!(kind, StatusKind::Idea { .. }))?.kind {
        StatusKind::Idea { disability, env_school_age, env_early } => Some(Idea {
            disability: disability.as_deref(),
            env_school_age: env_school_age.as_deref(),
            env_early: env_early.as_deref(),
        }),
        _ => None,
    }
}

fn idea<'a>(inst: &Instance<'a>) -> Option<Idea<'a>> {
    let FlagBasis::On(day) = &inst.flags else { return None };
    idea_on(inst.student, *day, inst.lea)
}

fn homeless<'a>(inst: &Instance<'a>) -> Option<(Option<&'a str>, bool)> {
    match standing(inst, |kind| matches!(kind, StatusKind::Homeless { .. }))? {
        StatusKind::Homeless { residence, unaccompanied, .. } => Some((residence.as_deref(), *unaccompanied)),
        _ => None,
    }
}

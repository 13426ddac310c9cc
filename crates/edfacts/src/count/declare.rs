//! The declarations: one value for each file that student rows can hold.

use super::include;
use super::populations::{self as who, Exclusion};
use super::possible::{self, Possible};
use super::programs;
use super::select;
use crate::input::Unit;
use crate::{FileNumber, Level};

/// What adds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CountingUnit {
    /// A student, once in each cell.
    Student,
    /// A removal.
    Removal,
    /// A student's part in an incident.
    Incident,
    /// Full-time equivalents of staff.
    StaffFte,
}

/// The list of rows that feeds a file: without it nothing is known, which is not the same as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InputList {
    /// Enrollments, with the statuses that hold during them.
    Enrollments,
    /// Enrollments that say how many days a student was enrolled and absent.
    Attendance,
    /// Disciplinary events.
    Discipline,
    /// Disciplinary events that say how many days they lasted.
    RemovalDays,
    /// Exits from special education.
    SpecialEducationExits,
    /// Dropouts and awards.
    Departures,
    /// Firearm incidents.
    Firearms,
    /// Memberships of graduation cohorts.
    Cohorts,
    /// Records of the programme that the declaration names.
    Programs,
    /// Staff assignments of the kind that the declaration names.
    Staff,
}

/// What stands in the amount column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Measure {
    /// A whole number.
    Count,
    /// A percentage with one decimal, rounded half up.
    Rate,
    /// A sum with two decimals.
    Fte,
}

type Population = for<'s> fn(who::Search<'_, 's>);
type Include = fn(include::Asked<'_>) -> Result<(), Exclusion>;
type Select = for<'g, 's> fn(select::Choice<'_, 'g, 's>);

/// How one file is counted. Each step is a function of its own; dates, marks and zero rules stand in the
/// tables of the catalogue.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Declaration {
    /// The number of the file.
    pub file: u16,
    /// What adds one.
    pub unit: CountingUnit,
    /// What stands in the amount column.
    pub measure: Measure,
    /// The rows that feed it.
    pub input: InputList,
    /// Whether the day of the values differs by unit, so that a student of two districts can stand in two cells of
    /// them, and in one of the state.
    pub day_by_unit: bool,
    /// Whether membership of the unit decides which units report.
    pub needs_members: bool,
    /// The programme whose records are counted, for files fed by programme records.
    pub program: Option<&'static str>,
    /// The steps in words: population, who is left out, how often a student counts.
    pub steps: [&'static str; 3],
    pub(crate) population: Population,
    pub(crate) include: Include,
    pub(crate) select: Select,
    pub(crate) reports: fn(Level, &Unit, bool) -> bool,
    pub(crate) possible: Possible,
}

impl std::fmt::Debug for Declaration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Declaration").field("file", &self.file).finish_non_exhaustive()
    }
}

const STUDENT: Declaration = Declaration {
    file: 0,
    unit: CountingUnit::Student,
    measure: Measure::Count,
    input: InputList::Enrollments,
    day_by_unit: false,
    needs_members: false,
    program: None,
    steps: ["", "", ""],
    population: who::on_membership_date,
    include: include::all,
    select: select::standing_enrollment,
    reports: possible::every_unit,
    possible: possible::anything,
};

const STANDING: &str = "once a unit: the enrollment with the latest entry stands, then the lower school";
const LATEST_EVENT: &str = "values of the latest counted event of the student in the unit";

static DECLARATIONS: &[Declaration] = &[
    Declaration {
        file: 2,
        population: who::on_child_count_date,
        include: include::school_age_disability,
        possible: possible::school_age_possible,
        steps: [
            "primary enrollment on the child count date",
            "IDEA status on the day; age 6 to 21, or 5 in kindergarten or above; no HH or PPPS at school level",
            STANDING,
        ],
        ..STUDENT
    },
    Declaration {
        file: 5,
        day_by_unit: true,
        input: InputList::Discipline,
        population: who::discipline_of_year,
        include: include::interim_removal,
        select: select::by_interim,
        steps: [
            "disciplinary events of the school year",
            "interim removal REMDW or REMHO; IDEA status on the day, not PPPS; age 3 to 21",
            "once for each kind of removal, values of the latest event of the kind in the unit",
        ],
        ..STUDENT
    },
    Declaration {
        file: 6,
        day_by_unit: true,
        input: InputList::RemovalDays,
        population: who::discipline_of_year,
        include: include::suspension_or_expulsion,
        select: select::by_method,
        steps: [
            "disciplinary events of the school year",
            "method or expulsion, no interim removal; IDEA status on the day, not PPPS; age 3 to 21",
            "once for each method with half a day or more in sum, values of the latest event of the method",
        ],
        ..STUDENT
    },
    Declaration {
        file: 7,
        unit: CountingUnit::Removal,
        input: InputList::Discipline,
        population: who::discipline_of_year,
        include: include::unilateral_removal,
        select: select::each_reason,
        steps: [
            "disciplinary events of the school year",
            "interim removal REMDW with a reason; IDEA status on the day, not PPPS; age 3 to 21",
            "each removal, values of its day",
        ],
        ..STUDENT
    },
    Declaration {
        file: 9,
        day_by_unit: true,
        input: InputList::SpecialEducationExits,
        population: who::special_education_exits,
        include: include::special_education_exit,
        select: select::one_exit,
        possible: possible::exit_possible,
        steps: [
            "special education exits of the reference period",
            "age 14 to 21; a reason that the state awards; not PPPS",
            "one exit a unit: the latest, or the earliest where the state says so; values of its day",
        ],
        ..STUDENT
    },
    Declaration {
        file: 32,
        day_by_unit: true,
        input: InputList::Departures,
        population: who::departures,
        include: include::dropout,
        select: select::latest_departure,
        steps: [
            "departures from 1 October to 30 September",
            "dropout who has not come back",
            "the latest dropout in the unit, values of its day",
        ],
        ..STUDENT
    },
    Declaration {
        file: 33,
        needs_members: true,
        include: include::member,
        select: programs::lunch,
        reports: possible::lunch_school,
        steps: [
            "primary enrollment on the membership date",
            "a member; the school takes part in the lunch programme",
            "once in the lunch table by eligibility, once in the table of direct certification",
        ],
        ..STUDENT
    },
    Declaration {
        file: 37,
        population: who::enrolled_in_year,
        include: include::title_one_student,
        select: programs::title_one,
        steps: [
            "primary enrollments of the school year",
            "a Title I school; in targeted assistance only students served",
            "once a unit, flags that held during those enrollments",
        ],
        ..STUDENT
    },
    Declaration {
        file: 40,
        day_by_unit: true,
        needs_members: true,
        input: InputList::Departures,
        population: who::departures,
        include: include::completer,
        select: select::latest_departure,
        reports: possible::grade_twelve_members,
        possible: possible::completer_possible,
        steps: [
            "departures from 1 October to 30 September",
            "regular diploma or another credential; the unit offers grade 12 and has membership",
            "the latest award in the unit, values of its day",
        ],
        ..STUDENT
    },
    Declaration {
        file: 45,
        day_by_unit: true,
        population: who::immigrant_days,
        include: include::immigrant_age,
        select: select::first_status_day,
        steps: [
            "days on which enrollment and participation as an immigrant overlap",
            "age 3 to 21 on 1 October",
            "once a unit, values of the first such day",
        ],
        ..STUDENT
    },
    Declaration {
        file: 52,
        include: include::member,
        reports: possible::no_reportable_program,
        steps: [
            "primary enrollment on the membership date",
            "a grade that the state uses and the unit offers; no reportable programme at school level",
            STANDING,
        ],
        ..STUDENT
    },
    Declaration {
        file: 86,
        unit: CountingUnit::Incident,
        input: InputList::Firearms,
        population: who::firearm_incidents,
        select: select::each_incident,
        steps: ["firearm incidents of the school year", "everyone", "once for each incident"],
        ..STUDENT
    },
    Declaration {
        file: 88,
        day_by_unit: true,
        input: InputList::RemovalDays,
        population: who::discipline_of_year,
        include: include::any_removal,
        select: select::by_length,
        steps: [
            "disciplinary events of the school year",
            "method, expulsion, interim removal or reason; IDEA status on the day, not PPPS; age 3 to 21",
            LATEST_EVENT,
        ],
        ..STUDENT
    },
    Declaration {
        file: 89,
        population: who::on_child_count_date,
        include: include::early_childhood_disability,
        steps: [
            "primary enrollment on the child count date",
            "IDEA status on the day; age 3 or 4, or 5 and not in kindergarten",
            STANDING,
        ],
        ..STUDENT
    },
    Declaration {
        file: 118,
        day_by_unit: true,
        population: who::homeless_days,
        select: select::first_homeless_day,
        steps: [
            "days on which enrollment and homeless status overlap in the year",
            "everyone but children under 3 and adult education",
            "once a unit, values of the first such day",
        ],
        ..STUDENT
    },
    Declaration {
        file: 141,
        population: who::on_learner_date,
        include: include::learner,
        steps: [
            "primary enrollment on the count date of English learners",
            "English learner on the day; kindergarten and above",
            STANDING,
        ],
        ..STUDENT
    },
    Declaration {
        file: 143,
        unit: CountingUnit::Removal,
        input: InputList::RemovalDays,
        population: who::discipline_of_year,
        include: include::any_removal,
        select: select::each_removal,
        steps: [
            "disciplinary events of the school year",
            "as file 088, for students with half a day or more in sum",
            "each removal, values of its day",
        ],
        ..STUDENT
    },
    Declaration {
        file: 144,
        day_by_unit: true,
        input: InputList::Discipline,
        population: who::discipline_of_year,
        include: include::expulsion,
        select: select::by_expulsion,
        steps: [
            "disciplinary events of the school year",
            "expulsion; IDEA age 3 to 21 and not PPPS, others in kindergarten to 12",
            "once for each kind of expulsion, values of the latest event of the kind",
        ],
        ..STUDENT
    },
    Declaration {
        file: 150,
        measure: Measure::Rate,
        input: InputList::Cohorts,
        population: who::cohort_members,
        select: select::cohort,
        steps: [
            "cohorts of four to ten years that end with the year",
            "everyone",
            "graduates over cohort members who were not removed, in the table of the cohort's length",
        ],
        ..STUDENT
    },
    Declaration {
        file: 151,
        input: InputList::Cohorts,
        population: who::cohort_members,
        select: select::cohort,
        steps: [
            "cohorts of four to ten years that end with the year",
            "everyone",
            "once in the table of the cohort's length, flags as ever held during the cohort",
        ],
        ..STUDENT
    },
    Declaration {
        file: 194,
        day_by_unit: true,
        population: who::homeless_served_days,
        include: include::subgrant_preschool,
        select: select::first_status_day,
        steps: [
            "days on which enrollment and homeless status with service overlap in the year",
            "a district with a subgrant; not yet in kindergarten, age under 6",
            "once a unit, values of the first such day",
        ],
        ..STUDENT
    },
    Declaration {
        file: 195,
        input: InputList::Attendance,
        population: who::enrolled_in_year,
        include: include::attendance_grade,
        select: select::chronically_absent,
        steps: [
            "primary enrollments of the school year in kindergarten to 12 and ungraded",
            "ten days or more, a tenth of them or more missed",
            "once in each school, flags that held during an enrollment there",
        ],
        ..STUDENT
    },
    Declaration {
        file: 226,
        needs_members: true,
        include: include::disadvantaged_member,
        reports: possible::members_only,
        steps: [
            "primary enrollment on the membership date",
            "a member who is economically disadvantaged on the day",
            STANDING,
        ],
        ..STUDENT
    },
    programs::record(50, "english_proficiency_title3"),
    programs::record(54, "migrant_served"),
    programs::record(82, "career_left"),
    programs::record(83, "career_graduated"),
    programs::record(113, "neglected_progress_state"),
    programs::of_kind(116, "title3_language"),
    programs::of_kind(119, "neglected_state"),
    programs::record(121, "migrant_eligible"),
    programs::record(122, "migrant_summer"),
    programs::record(125, "neglected_progress_district"),
    programs::record(126, "former_learner_results"),
    programs::of_kind(127, "neglected_district"),
    programs::of_kind(134, "title1_participation"),
    programs::record(137, "english_proficiency"),
    programs::record(138, "english_proficiency_title3"),
    programs::record(139, "english_proficiency"),
    programs::record(142, "career_attainment"),
    programs::of_kind(145, "migrant_services"),
    programs::record(154, "career_cohort"),
    programs::record(155, "career_participation"),
    programs::record(156, "career_concentration"),
    programs::record(157, "career_skills"),
    programs::record(158, "career_placement"),
    programs::record(160, "graduate_enrollment"),
    programs::record(169, "career_placement"),
    programs::tested(175, "mathematics_score"),
    programs::tested(178, "reading_score"),
    programs::tested(179, "science_score"),
    programs::tested(185, "mathematics_participation"),
    programs::tested(188, "reading_participation"),
    programs::tested(189, "science_participation"),
    programs::record(204, "title3_progress"),
    programs::record(210, "title3_proficiency"),
    programs::record(211, "title3_exit"),
    programs::record(218, "neglected_outcome_state"),
    programs::record(219, "neglected_outcome_district"),
    programs::record(220, "neglected_exit_state"),
    programs::record(221, "neglected_exit_district"),
    programs::record(224, "neglected_results_state"),
    programs::record(225, "neglected_results_district"),
    programs::staff(59, "staff"),
    programs::staff(67, "title3_teacher"),
    programs::staff(70, "special_education_teacher"),
    programs::staff(99, "special_education_services"),
    programs::staff(112, "special_education_aide"),
    programs::staff(203, "teacher"),
];

/// All declarations, in the order of the files, then programme records and staff.
#[must_use]
pub fn declarations() -> &'static [Declaration] {
    DECLARATIONS
}

/// The declaration of a file.
pub(crate) fn declaration(file: FileNumber) -> Option<&'static Declaration> {
    DECLARATIONS.iter().find(|declared| declared.file == file.get())
}

impl Declaration {
    pub(crate) const fn of_program(
        file: u16,
        program: &'static str,
        population: Population,
        select: Select,
    ) -> Self {
        Declaration {
            file,
            input: InputList::Programs,
            program: Some(program),
            population,
            select,
            steps: [
                "records of the programme in the school year",
                "everyone",
                "once in each cell, values of the first day of the record",
            ],
            ..STUDENT
        }
    }

    /// The same with an inclusion rule, told in words.
    pub(crate) const fn including(mut self, include: Include, words: &'static str) -> Self {
        self.include = include;
        let [population, _, once] = self.steps;
        self.steps = [population, words, once];
        self
    }

    pub(crate) const fn of_staff(file: u16, program: &'static str, population: Population) -> Self {
        Declaration {
            file,
            input: InputList::Staff,
            program: Some(program),
            population,
            unit: CountingUnit::StaffFte,
            measure: Measure::Fte,
            steps: [
                "staff assignments of the kind",
                "everyone",
                "the full-time equivalents of all assignments",
            ],
            ..STUDENT
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    #[test]
    fn every_declaration_stands_once_and_fills_every_category_of_its_file() {
        let catalogue = Catalogue::builtin().unwrap();
        for declared in DECLARATIONS {
            let file = FileNumber::new(declared.file).unwrap();
            assert_eq!(DECLARATIONS.iter().filter(|other| other.file == declared.file).count(), 1, "{file}");
            let spec = catalogue.file(file).unwrap();
            assert!(declared.steps.iter().all(|step| !step.is_empty()), "{file}");
            assert!(spec.derivation.is_some(), "{file}");
        }
    }

    #[test]
    fn every_file_that_the_uploads_hold_is_declared() {
        let catalogue = Catalogue::builtin().unwrap();
        for spec in catalogue.files() {
            let Some(derivation) = &spec.derivation else { continue };
            if derivation.inputs == crate::InputSource::AimUploads {
                assert!(declaration(spec.number).is_some(), "{}", spec.number);
            }
        }
    }
}

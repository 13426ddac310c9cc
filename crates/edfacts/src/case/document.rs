//! The counting case as a JSON document. Unknown keys are errors.

use serde::Deserialize;
use serde_json::{Map, Value};

/// The keys of every case, then those of its kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseDocument {
    pub(super) case: String,
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) title: Value,
    #[serde(default)]
    pub(super) why: Value,
    #[serde(default)]
    pub(super) standing: Value,
    #[serde(default)]
    pub(super) basis: Value,
    pub(super) school_year: Option<String>,
    pub(super) config: Option<ConfigDocument>,
    pub(super) units: Option<Vec<UnitDocument>>,
    pub(super) students: Option<Vec<StudentDocument>>,
    pub(super) enrollments: Option<Vec<EnrollmentDocument>>,
    pub(super) statuses: Option<Vec<StatusDocument>>,
    pub(super) discipline: Option<Vec<DisciplineDocument>>,
    pub(super) exits: Option<Vec<ExitDocument>>,
    pub(super) departures: Option<Vec<DepartureDocument>>,
    pub(super) firearms: Option<Vec<FirearmDocument>>,
    pub(super) cohorts: Option<Vec<CohortDocument>>,
    pub(super) programs: Option<Vec<ProgramDocument>>,
    pub(super) staff: Option<Vec<StaffDocument>>,
    pub(super) ask: Option<Vec<AskDocument>>,
    pub(super) layout: Option<LayoutDocument>,
    pub(super) header: Option<HeaderDocument>,
    pub(super) record: Option<Map<String, Value>>,
    pub(super) expected: Option<Map<String, Value>>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Count,
    Record,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ConfigDocument {
    pub(super) membership_date: Option<String>,
    pub(super) child_count_date: Option<String>,
    pub(super) previous_child_count_date: Option<String>,
    pub(super) el_count_date: Option<String>,
    pub(super) exit_period: Option<(String, String)>,
    pub(super) exit_choice: Option<String>,
    pub(super) extra_grades: Option<Vec<String>>,
    pub(super) certificate: Option<bool>,
    pub(super) alternate_diploma: Option<bool>,
    pub(super) catchment: Option<String>,
    pub(super) developmental_delay_ages: Option<Vec<u32>>,
    pub(super) correctional_ages: Option<Vec<u32>>,
    pub(super) maximum_age: Option<u32>,
    pub(super) minimum_graduation_age: Option<u32>,
    pub(super) other_completers: Option<bool>,
    pub(super) dropout_returned_by_30_september: Option<bool>,
    pub(super) alternate_diploma_in_rate: Option<bool>,
    pub(super) major_races: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnitDocument {
    pub(super) lea: String,
    pub(super) school: Option<String>,
    pub(super) status: Option<String>,
    pub(super) reported_federally: Option<bool>,
    pub(super) school_type: Option<String>,
    pub(super) grades: Option<Vec<String>>,
    pub(super) lunch_program: Option<bool>,
    pub(super) title_one: Option<String>,
    pub(super) homeless_subgrant: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StudentDocument {
    pub(super) id: String,
    pub(super) birthdate: Option<String>,
    pub(super) sex: Option<String>,
    pub(super) hispanic: Option<bool>,
    pub(super) races: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnrollmentDocument {
    pub(super) student: String,
    pub(super) lea: String,
    pub(super) school: Option<String>,
    pub(super) entry: Option<String>,
    pub(super) exit: Option<String>,
    pub(super) grade: Option<String>,
    pub(super) service_type: Option<String>,
    pub(super) days_enrolled: Option<serde_json::Number>,
    pub(super) days_absent: Option<serde_json::Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusDocument {
    pub(super) student: String,
    pub(super) lea: Option<String>,
    pub(super) kind: String,
    pub(super) begin: Option<String>,
    pub(super) end: Option<String>,
    pub(super) disability: Option<String>,
    pub(super) env_school_age: Option<String>,
    pub(super) env_early: Option<String>,
    pub(super) language: Option<String>,
    pub(super) residence: Option<String>,
    pub(super) unaccompanied: Option<bool>,
    pub(super) served: Option<bool>,
    pub(super) participates: Option<bool>,
    pub(super) eligibility: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DisciplineDocument {
    pub(super) student: String,
    pub(super) lea: String,
    pub(super) school: Option<String>,
    pub(super) date: String,
    pub(super) days: Option<serde_json::Number>,
    pub(super) method: Option<String>,
    pub(super) interim: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) expulsion: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExitDocument {
    pub(super) student: String,
    pub(super) lea: String,
    pub(super) date: String,
    pub(super) reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DepartureDocument {
    pub(super) student: String,
    pub(super) lea: String,
    pub(super) school: Option<String>,
    pub(super) date: String,
    pub(super) grade: Option<String>,
    /// `dropout`, `REGDIP` or `OTHCOM`.
    pub(super) kind: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FirearmDocument {
    pub(super) student: String,
    pub(super) lea: String,
    pub(super) school: Option<String>,
    pub(super) date: String,
    pub(super) incident: String,
    pub(super) weapons: Option<Vec<String>>,
    pub(super) result: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CohortDocument {
    pub(super) student: String,
    pub(super) lea: String,
    pub(super) school: Option<String>,
    pub(super) first_year: String,
    pub(super) outcome: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgramDocument {
    pub(super) student: String,
    pub(super) program: String,
    pub(super) lea: Option<String>,
    pub(super) school: Option<String>,
    pub(super) begin: Option<String>,
    pub(super) end: Option<String>,
    pub(super) grade: Option<String>,
    pub(super) values: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StaffDocument {
    pub(super) program: String,
    pub(super) lea: Option<String>,
    pub(super) school: Option<String>,
    pub(super) fte: serde_json::Number,
    pub(super) values: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskDocument {
    pub(super) file: String,
    pub(super) levels: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LayoutDocument {
    pub(super) file: String,
    pub(super) level: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HeaderDocument {
    pub(super) file_type: Option<Value>,
    pub(super) total_records: Option<Value>,
    pub(super) file_name: Option<Value>,
    pub(super) file_identifier: Option<Value>,
    pub(super) reporting_period: Option<Value>,
}

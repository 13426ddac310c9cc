//! The tables of student records that federal files are counted from, and the columns read of each.

/// What a table holds, by the key of its layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Enrollments,
    Demographics,
    Attendance,
    Programs,
    Learners,
    Section504,
    Homeless,
    Meals,
    FosterCare,
    SpecialEducation,
    Discipline,
    Migrant,
}

impl Kind {
    pub(crate) const ALL: [(Kind, &'static str); 12] = [
        (Kind::Enrollments, "student-enrollments"),
        (Kind::Demographics, "student-demographics"),
        (Kind::Attendance, "eoy-attendance-totals"),
        (Kind::Programs, "program-participation"),
        (Kind::Learners, "english-learners"),
        (Kind::Section504, "section-504"),
        (Kind::Homeless, "homeless"),
        (Kind::Meals, "fram"),
        (Kind::FosterCare, "foster-care"),
        (Kind::SpecialEducation, "special-education"),
        (Kind::Discipline, "discipline"),
        (Kind::Migrant, "migrant-certificates"),
    ];

    pub(crate) fn of(table: &str) -> Option<Kind> {
        Kind::ALL.iter().find(|(_, key)| *key == table).map(|(kind, _)| *kind)
    }

    /// The columns that are read, in the order in which [`StudentTable::texts`](super::reading::StudentTable::texts)
    /// gives them.
    pub(crate) const fn columns(self) -> &'static [&'static str] {
        match self {
            Kind::Enrollments => &columns::ENROLLMENTS,
            Kind::Demographics => &columns::DEMOGRAPHICS,
            Kind::Attendance => &columns::ATTENDANCE,
            Kind::Programs => &columns::PROGRAMS,
            Kind::Learners => &columns::LEARNERS,
            Kind::Section504 => &columns::SECTION_504,
            Kind::Homeless => &columns::HOMELESS,
            Kind::Meals => &columns::MEALS,
            Kind::FosterCare => &columns::FOSTER_CARE,
            Kind::SpecialEducation => &columns::SPECIAL_EDUCATION,
            Kind::Discipline => &columns::DISCIPLINE,
            Kind::Migrant => &columns::MIGRANT,
        }
    }
}

/// The columns that are read of each kind. Who takes them apart names the list, so that the two have one length.
pub(crate) mod columns {
    pub(crate) const ENROLLMENTS: [&str; 11] = [
        "district_number",
        "school_number",
        "grade",
        "start_date",
        "service_type",
        "end_date",
        "end_status",
        "no_show",
        "diploma_date",
        "diploma_type",
        "date_first_entered_the_9th_grade",
    ];
    pub(crate) const DEMOGRAPHICS: [&str; 8] = [
        "gender",
        "birth_date",
        "hispanic_latino",
        "american_indian_or_alaska_native",
        "asian",
        "black_or_african_american",
        "native_hawaiian_or_other_pacific_islander",
        "white",
    ];
    pub(crate) const ATTENDANCE: [&str; 4] =
        ["district_number", "school_number", "ada_days_enrolled", "essa_days_absent"];
    pub(crate) const PROGRAMS: [&str; 7] = [
        "district_number",
        "school_number",
        "title_i",
        "immigrant",
        "date_immigrant_entered_us_school",
        "homeless",
        "military_connected_student",
    ];
    pub(crate) const LEARNERS: [&str; 5] = [
        "district_number",
        "program_status",
        "identified_date",
        "program_exit_date",
        "home_primary_language_or_language_of_impact",
    ];
    pub(crate) const SECTION_504: [&str; 3] =
        ["district_number", "section_504_start_date", "section_504_end_date"];
    pub(crate) const HOMELESS: [&str; 6] = [
        "district_number",
        "start_date",
        "end_date",
        "primary_nighttime_residence",
        "unaccompanied_youth",
        "mckinney_vento_served",
    ];
    pub(crate) const MEALS: [&str; 4] =
        ["eligibility", "certification_type", "eligibility_start_date", "eligibility_end_date"];
    pub(crate) const FOSTER_CARE: [&str; 2] = ["start_date", "end_date"];
    pub(crate) const SPECIAL_EDUCATION: [&str; 7] = [
        "district_number",
        "plan_start_date",
        "plan_end_date",
        "primary_disability",
        "setting_of_service",
        "special_ed_exit_date",
        "special_ed_exit_reason",
    ];
    pub(crate) const DISCIPLINE: [&str; 12] = [
        "district_number",
        "school_number",
        "incident_id",
        "incident_date",
        "removal_date",
        "days_removed",
        "discipline_method",
        "interim_removal",
        "interim_removal_reason",
        "educational_services",
        "firearm_type",
        "firearm_result",
    ];
    pub(crate) const MIGRANT: [&str; 14] = [
        "district_number",
        "qualifying_arrival_date",
        "eligibility_start_date",
        "eligibility_end_date",
        "priority_for_services",
        "migrant_served",
        "continued_service",
        "served_in_summer",
        "instructional_service",
        "reading_instruction",
        "mathematics_instruction",
        "credit_accrual",
        "support_service",
        "counseling_service",
    ];
}

//! The counting cases give the stated cells.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, reason = "tests")]

use opi_edfacts::{CaseOutcome, Catalogue, InputList, Level, declarations, run_case};
use serde_json::{Value, json};

#[test]
fn the_cases_give_the_stated_cells() {
    let cases = [
        include_str!("data/cases/case_s1_membership_052.json"),
        include_str!("data/cases/case_s2_chronic_absence_195.json"),
        include_str!("data/cases/case_s3_english_learners_141.json"),
        include_str!("data/cases/child_count_edges_002_089.json"),
        include_str!("data/cases/cohorts_150_151.json"),
        include_str!("data/cases/discipline_thresholds.json"),
        include_str!("data/cases/dropouts_and_completers_032_040.json"),
        include_str!("data/cases/exits_009.json"),
        include_str!("data/cases/homeless_118.json"),
    ];
    for case in cases {
        let outcome = run_case(Catalogue::builtin().unwrap(), case).unwrap();
        let failed: Vec<_> = outcome.output["checks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|check| check["ok"] != true)
            .map(ToString::to_string)
            .collect();
        assert!(outcome.ok, "{}: {failed:#?}", outcome.output["case"]);
    }
}

/// A state of one school and one student, and what is asked; the lists given come on top.
fn asked(file: u16, more: Value) -> CaseOutcome {
    let spec = Catalogue::builtin().unwrap().file(opi_edfacts::FileNumber::new(file).unwrap()).unwrap();
    let levels: Vec<&str> = spec.levels.iter().map(|level: &Level| level.as_str()).collect();
    let mut case = json!({"case": "gaps", "kind": "count", "school_year": "2025-2026",
        "units": [{"lea": "L1", "school": null, "status": "Open", "grades": ["09", "12"]},
            {"lea": "L1", "school": "S1", "status": "Open", "grades": ["09", "12"]}],
        "students": [{"id": "P1", "birthdate": "2011-01-15", "sex": "F", "races": ["WH7"]}],
        "enrollments": [{"student": "P1", "lea": "L1", "school": "S1", "entry": "2025-08-25", "grade": "09"}],
        "ask": [{"file": format!("{file:03}"), "levels": levels}]});
    for (key, value) in more.as_object().unwrap() {
        case[key] = value.clone();
    }
    run_case(Catalogue::builtin().unwrap(), &case.to_string()).unwrap()
}

/// An input that is not there is a gap, an input without rows is a zero: for every declared file.
#[test]
fn what_is_not_given_is_a_gap_and_no_zero() {
    for declared in declarations() {
        let absent = asked(declared.file, json!({}));
        let own = match declared.input {
            InputList::Enrollments if [33, 37, 194].contains(&declared.file) => "units",
            InputList::Enrollments
            | InputList::Discipline
            | InputList::RemovalDays
            | InputList::SpecialEducationExits => "",
            InputList::Attendance => "enrollments",
            InputList::Departures => "departures",
            InputList::Firearms => "firearms",
            InputList::Cohorts => "cohorts",
            InputList::Programs => "programs",
            InputList::Staff => "staff",
            other => panic!("{other:?}"),
        };
        let records = |outcome: &CaseOutcome| outcome.output["records"].as_array().unwrap().len();
        if own.is_empty() {
            // By the form of cases, these lists are empty when absent.
            assert_eq!(absent.gaps, [], "{}", declared.file);
            assert!(absent.output.get("gaps").is_none());
            continue;
        }
        let [gap] = absent.gaps.as_slice() else { panic!("{}: {:?}", declared.file, absent.gaps) };
        assert_eq!((gap.file.get(), records(&absent)), (declared.file, 0));
        assert_eq!(absent.output["gaps"][0]["why"], json!(gap.why));
        let given = asked(declared.file, json!({ own: [] }));
        assert_eq!(given.gaps, [], "{}", declared.file);
        let spec = Catalogue::builtin().unwrap().file(gap.file).unwrap();
        let state = spec.zero_rule(Level::Sea) == Some(opi_edfacts::ZeroRule::All);
        assert!(!state || records(&given) > 0, "{}", declared.file);
    }
}

/// Rows that leave out what the file asks of them.
#[test]
fn rows_without_what_decides_are_a_gap() {
    let event = |days: Value| {
        json!({"discipline": [{"student": "P1", "lea": "L1", "date": "2025-10-01", "method": "INSCHOOL",
            "days": days}]})
    };
    let cohort = |outcome: Value| {
        json!({"cohorts": [{"student": "P1", "lea": "L1", "school": "S1", "first_year": "2022-2023",
            "outcome": outcome}]})
    };
    for file in [6, 88, 143] {
        assert_eq!(
            (asked(file, event(Value::Null)).gaps.len(), asked(file, event(json!(1))).gaps.len()),
            (1, 0)
        );
    }
    assert_eq!(asked(144, event(Value::Null)).gaps, []);
    for file in [150, 151] {
        assert_eq!(asked(file, cohort(Value::Null)).gaps.len(), 1);
        assert_eq!(asked(file, cohort(json!("COHYES"))).gaps, []);
        let mut known = cohort(Value::Null);
        known["departures"] = json!([]);
        assert_eq!(asked(file, known).gaps, []);
    }
}

/// A student of two cohort rows counts where the last enrollment is, and once in the state.
#[test]
fn a_cohort_counts_in_the_last_district() {
    let row = |lea: &str| json!({"student": "P1", "lea": lea, "school": "S1", "first_year": "2022-2023", "outcome": "COHYES"});
    let open =
        |lea: &str, school: Value| json!({"lea": lea, "school": school, "status": "Open", "grades": ["12"]});
    let stay = |lea: &str, entry: &str| json!({"student": "P1", "lea": lea, "school": "S1", "entry": entry, "grade": "12"});
    let both = json!({"cohorts": [row("L1"), row("L2")],
        "units": [open("L1", Value::Null), open("L1", json!("S1")), open("L2", Value::Null), open("L2", json!("S1"))],
        "enrollments": [stay("L1", "2025-08-25"), stay("L2", "2026-01-05")]});
    let outcome = asked(151, both);
    let mut counted: Vec<String> = outcome.output["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record["set"] == "TOT" || record["set"] == "ST1")
        .filter(|record| record["count"] == 1)
        .map(|record| format!("{} {}", record["level"], record["lea"]))
        .collect();
    counted.dedup();
    assert_eq!(counted, ["\"SEA\" null", "\"LEA\" \"L2\"", "\"SCH\" \"L2\""]);
}

/// Rows of another kind in the same list do not make the own kind known.
#[test]
fn staff_of_one_kind_says_nothing_of_another() {
    let staff = |program: &str| json!({"staff": [{"program": program, "lea": "L1", "fte": 1.5}]});
    assert_eq!(asked(59, staff("special_education_teacher")).gaps.len(), 1);
    assert_eq!(asked(70, staff("special_education_teacher")).gaps, []);
}

/// Records without the kind that the file asks for, and tests of children placed privately, do not count.
#[test]
fn records_of_a_programme_count_by_its_inclusion() {
    let total = |file: u16, more: Value| -> String {
        let outcome = asked(file, more);
        let records = outcome.output["records"].as_array().unwrap();
        let at_state = records.iter().filter(|record| record["level"] == "SEA");
        at_state.map(|record| record["count"].as_u64().unwrap()).max().unwrap_or(0).to_string()
    };
    let record = |program: &str, values: Value| json!({"student": "P1", "program": program, "lea": "L1", "begin": "2025-09-01", "values": values});
    for (file, program, category, code) in [
        (116, "title3_language", "LNGINSTPRGTYPE", "LNGPRGBI"),
        (119, "neglected_state", "NEGDELPROGTYPE", "JUVDET"),
        (134, "title1_participation", "TITLEIPROG", "SWP"),
        (145, "migrant_services", "MEPSERVICES", "COUNSELSERV"),
    ] {
        assert_eq!(
            total(file, json!({"programs": [record(program, json!({ category: code }))]})),
            "1",
            "{file}"
        );
        assert_eq!(total(file, json!({"programs": [record(program, json!({}))]})), "0", "{file}");
    }
    let taken = record("reading_participation", json!({"PARTSTATUSRLA": "REGPARTWOACC"}));
    let idea = |setting: &str| {
        json!([{"student": "P1", "kind": "idea", "begin": "2025-08-25", "disability": "SLD",
            "env_school_age": setting}])
    };
    assert_eq!(total(188, json!({"programs": [taken], "statuses": idea("RC80")})), "1");
    assert_eq!(total(188, json!({"programs": [taken], "statuses": idea("PPPS")})), "0");
    // Graduates of two years before.
    let graduate = |day: &str| {
        json!({"programs": [{"student": "P1", "program": "graduate_enrollment", "lea": "L1", "begin": day,
            "end": day, "values": {"PSECENRACTION": "ENROLL"}}]})
    };
    assert_eq!(total(160, graduate("2024-05-31")), "1");
    assert_eq!(total(160, graduate("2026-05-31")), "0");
}

//! Rules on the rows before counting.

use super::submission::{Pair, Woken, catalogue};
use opi_edfacts::{check_rows, read_case};
use serde_json::{Value, json};

/// What the rows of one student wake; the lists given replace those of a right student.
fn woken(changes: Value) -> Woken {
    let mut case = json!({
        "case": "rows", "kind": "count", "school_year": "2025-2026",
        "units": [{"lea": "L1", "school": null, "status": "Open", "grades": ["09"]},
            {"lea": "L1", "school": "S1", "status": "Open", "grades": ["09"]}],
        "students": [{"id": "P1", "birthdate": "2011-01-15", "sex": "F"}],
        "enrollments": [{"student": "P1", "lea": "L1", "school": "S1", "entry": "2025-08-25", "grade": "09"}],
        "ask": []
    });
    for (list, rows) in changes.as_object().unwrap() {
        case[list] = rows.clone();
    }
    let input = read_case(catalogue(), &case.to_string()).map_err(|error| error.to_string())?;
    let found = check_rows(catalogue(), &input.config, &input.state).map_err(|error| error.to_string())?;
    Ok(found.into_iter().map(|finding| finding.code).collect())
}

fn rows(code: &'static str, right: Value, wrong: Value) -> Pair {
    Pair { code, right: woken(right), wrong: woken(wrong), also: &[] }
}

pub(crate) fn pairs() -> Vec<Pair> {
    let entry = |day: Value| json!({"enrollments": [{"student": "P1", "lea": "L1", "school": "S1", "entry": day, "grade": "09"}]});
    let status = |row: Value| json!({ "statuses": [row] });
    let idea = |begin: Value, setting: Value| {
        status(json!({"student": "P1", "kind": "idea", "begin": begin, "disability": "SLD",
            "env_school_age": setting}))
    };
    let learner = |begin: Value| status(json!({"student": "P1", "kind": "el", "begin": begin}));
    let lunch = |eligibility: Value| {
        status(json!({"student": "P1", "kind": "lunch", "begin": "2025-08-25", "eligibility": eligibility}))
    };
    let firearm = |weapons: Value, result: Value| {
        json!({"firearms": [{"student": "P1", "lea": "L1", "school": "S1", "date": "2025-10-01",
            "incident": "I1", "weapons": weapons, "result": result}]})
    };
    let program = |lea: Value| json!({"programs": [{"student": "P1", "program": "title3_language", "lea": lea, "begin": "2025-08-25"}]});
    let day = || json!("2025-08-25");
    let (weapons, result) = (json!(["HANDGUNS"]), json!("EXPMOD"));
    vec![
        rows("STG-01", entry(day()), entry(Value::Null)),
        rows("STG-01", entry(json!("2026-06-30")), entry(json!("2026-07-01"))),
        rows("STG-02", program(json!("L1")), program(Value::Null)),
        rows("STG-03", idea(day(), json!("RC80")), idea(Value::Null, json!("RC80"))),
        rows("STG-03", idea(day(), json!("RC80")), idea(day(), Value::Null)),
        rows("STG-04", learner(day()), learner(Value::Null)),
        rows("STG-06", lunch(json!("FL")), lunch(Value::Null)),
        rows("STG-07", firearm(weapons.clone(), result.clone()), firearm(Value::Null, result)),
        rows("STG-07", firearm(weapons.clone(), json!("EXPMOD")), firearm(weapons, Value::Null)),
    ]
}

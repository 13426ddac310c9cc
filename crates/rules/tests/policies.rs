//! Policies: obeyed, echoed, expired, compared, and what is wrong with one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod common;

use common::{RIGHT, enrollments, run};
use opi_dictionary::Severity;
use opi_rules::{Inputs, Policy, compare, newly_hit};

const POLICY: &str = r#"
[[rule]]
rule = "ENR-014"
district = "9901"
off = true
reason = "service types are being mapped anew"
expires = "2026-06-30"
[[rule]]
rule = "ENR-006"
severity = "note"
reason = "a code list is on its way"
expires = "2026-01-21"
[[rule]]
rule = "ENR-021"
off = true
reason = "was needed last year"
expires = "2026-01-20"
"#;

#[test]
fn a_policy_is_obeyed_echoed_and_expires() {
    let mut row: Vec<String> = RIGHT.iter().map(|field| (*field).to_owned()).collect();
    (row[8], row[10], row[11]) = ("13".to_owned(), "99".to_owned(), "X".to_owned());
    let input = enrollments("a.tsv", &[row]);
    let policy = Policy::from_toml(POLICY).unwrap();
    let (before, _) = run(&Inputs::of(&[&input]), &Policy::default());
    let (after, findings) = run(&Inputs::of(&[&input]), &policy);
    assert_eq!(after.count("ENR-014"), Some(0), "off in the district of the row");
    assert_eq!(after.rules_run.iter().find(|rule| rule.code == "ENR-014").unwrap().set_aside, 1);
    let status = findings.iter().find(|finding| finding.code == "ENR-006").unwrap();
    assert_eq!(status.severity, Severity::Note);
    assert_eq!(after.count("ENR-021"), Some(1), "expired the day before");
    assert_eq!(after.policy, policy);
    assert_eq!(after.policy_expired.len(), 1);
    let differences: Vec<String> = compare(&before, &after).into_iter().map(|row| row.code).collect();
    assert_eq!(differences, ["ENR-006", "ENR-014"]);
    assert!(newly_hit(&before, &after, Severity::BlocksUpload).is_empty());
    let graver = Policy::from_toml(
        "[[rule]]\nrule = \"ENR-005\"\nseverity = \"blocks upload\"\nreason = \"x\"\nexpires = \"2026-06-30\"\n",
    )
    .unwrap();
    let mut sunday: Vec<String> = RIGHT.iter().map(|field| (*field).to_owned()).collect();
    sunday[9] = "08/31/2025".to_owned();
    let input = enrollments("a.tsv", &[sunday]);
    let (before, _) = run(&Inputs::of(&[&input]), &Policy::default());
    let (after, _) = run(&Inputs::of(&[&input]), &graver);
    assert_eq!(newly_hit(&before, &after, Severity::BlocksUpload), ["9901"]);
    assert!(newly_hit(&after, &before, Severity::BlocksUpload).is_empty());
    assert!(compare(&before, &before).is_empty());
}

#[test]
fn what_is_wrong_with_a_policy_is_said() {
    let say = |text: &str| Policy::from_toml(text).unwrap_err().to_string();
    insta::assert_snapshot!(say("[[rule]]\nrule = \"ENR-14\"\noff = true\nreason = \"x\"\nexpires = \"2026-06-30\"\n"), @r#"policy, rule 1: no rule has the code "ENR-14"; `opi rules` lists all codes; perhaps ENR-014"#);
    insta::assert_snapshot!(say("[[rule]]\nrule = \"ENR014\"\noff = true\nreason = \"x\"\nexpires = \"2026-06-30\"\n"), @r#"policy, rule 1: no rule has the code "ENR014"; `opi rules` lists all codes; perhaps ENR-014"#);
    insta::assert_snapshot!(say("[[rule]]\nrule = \"ENR-014\"\nreason = \"x\"\nexpires = \"2026-06-30\"\n"), @"policy, rule 1 (ENR-014): must either set off = true or give a severity");
    insta::assert_snapshot!(say("[[rule]]\nrule = \"ENR-014\"\noff = true\nreason = \" \"\nexpires = \"2026-06-30\"\n"), @"policy, rule 1 (ENR-014): has no reason; say why the rule is changed");
    insta::assert_snapshot!(say("[parameters]\ncount_change_procent = 3\n").lines().next().unwrap(), @"policy, line 2: unknown field `count_change_procent`, expected one of `youngest_age`, `oldest_age`, `years_young_for_grade`, `years_old_for_grade`, `summer_instruction_days`, `gap_instruction_days`, `transfer_arrival_days`, `out_of_state_return_days`, `diploma_before_end_days`, `graduating_year_end`, `absence_run_days`, `count_change_percent`, `count_change_students`, `program_least_students`, `concentrator_credits_hundredths`, `el_days_at_start`, `el_days_later`, `immigrant_years`, `near_match_needs_birth_date`, `near_match_least_score`, `absence_difference_percent`");
}

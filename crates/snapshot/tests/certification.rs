//! Certification: which steps lead where, which are impossible, and that the file tells the same story.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test program")]

mod common;

use common::*;
use opi_dictionary::DistrictNumber;
use opi_snapshot::{
    Certification, CertificationEvent, CertificationProblem, CertificationState as State, CertifiedContent,
    Change, Member, SnapshotError, TimeGiven, Validation, Window, differs_from_certified,
    read_certifications, write_certifications,
};
use proptest::prelude::*;

fn member(id: &str) -> Member {
    id.parse().unwrap()
}

fn at(day: u32) -> TimeGiven {
    format!("2025-10-{day:02}T10:00:00").parse().unwrap()
}

fn content(rows: &[Cells]) -> CertifiedContent {
    CertifiedContent::of(&[table("fall-enrollment-count", rows)])
}

fn validation(rows: &[Cells], blocking: u64) -> Validation {
    Validation { rule_set: "2025.1".into(), of: content(rows), blocking }
}

fn opened(members: &[&str]) -> Certification {
    let window = Window { opens: "2025-10-07".parse().ok(), closes: "2025-10-22".parse().ok() };
    let district: DistrictNumber = "9901".parse().unwrap();
    let members = members.iter().map(|id| member(id)).collect();
    let year = "2025-26".parse().unwrap();
    Certification::open(district, "Fall count (ANB)", year, members, window, member("state"), at(6)).unwrap()
}

fn problem(result: Result<(), SnapshotError>) -> CertificationProblem {
    match result {
        Err(SnapshotError::Certification { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_primary_members_must_certify_the_same_content() {
    let (rows, other) = ([count("990000101", "F")], [count("990000101", "H")]);
    let mut fall = opened(&["clerk", "principal"]);
    assert_eq!(fall.state(), State::Open);
    fall.validate(member("clerk"), at(8), validation(&rows, 0)).unwrap();
    assert_eq!(fall.state(), State::Validated);
    fall.certify(member("clerk"), at(8), content(&rows).content).unwrap();
    assert_eq!(fall.state(), State::PartlyCertified);
    assert_eq!(fall.certified(), None);
    // The data change: the one who certified must do so again.
    fall.validate(member("clerk"), at(9), validation(&other, 0)).unwrap();
    assert_eq!((fall.state(), fall.certified_by().len()), (State::Validated, 0));
    fall.certify(member("principal"), at(9), content(&other).content).unwrap();
    // A validation of the same content takes nothing back.
    fall.validate(member("clerk"), at(9), validation(&other, 0)).unwrap();
    assert_eq!(fall.state(), State::PartlyCertified);
    fall.certify(member("clerk"), at(10), content(&other).content).unwrap();
    assert_eq!(fall.state(), State::Certified);
    let certified = fall.certified().unwrap();
    assert_eq!((certified.of.rows["fall-enrollment-count"], certified.rule_set.as_str()), (1, "2025.1"));
    let entry = fall.entry();
    assert_eq!(entry.certified_by, [member("principal"), member("clerk")]);
    assert_eq!(entry.certified_at, Some(at(10)));
}

#[test]
fn every_impossible_step_says_why_and_changes_nothing() {
    let rows = [count("990000101", "F")];
    let of = content(&rows);
    let mut fall = opened(&["clerk", "principal"]);
    let before = fall.clone();
    let text = |result| problem(result).to_string();
    assert_eq!(
        text(fall.certify(member("clerk"), at(8), of.content)),
        "cannot certify it while it is open: validate it first"
    );
    assert_eq!(fall, before);
    fall.validate(member("clerk"), at(8), validation(&rows, 2)).unwrap();
    assert_eq!(
        text(fall.certify(member("clerk"), at(8), of.content)),
        "2 findings block certification: correct the data and validate again"
    );
    fall.validate(member("clerk"), at(8), validation(&rows, 0)).unwrap();
    let other = content(&[]).content;
    assert!(matches!(
        problem(fall.certify(member("clerk"), at(8), other)),
        CertificationProblem::ContentChanged { .. }
    ));
    assert_eq!(
        text(fall.certify(member("nurse"), at(8), of.content)),
        "nurse is no primary member of the collection and cannot certify; primary members are clerk, principal"
    );
    assert_eq!(
        text(fall.certify(member("clerk"), at(7), of.content)),
        "the step was given for 2025-10-07T10:00:00, before the last one at 2025-10-08T10:00:00"
    );
    assert_eq!(
        text(fall.certify(member("clerk"), at(23), of.content)),
        "the window closed on 2025-10-22; the step was given for 2025-10-23: the state may extend or reopen it"
    );
    fall.certify(member("clerk"), at(22), of.content).unwrap();
    assert_eq!(
        text(fall.certify(member("clerk"), at(22), of.content)),
        "clerk has certified this content already"
    );
    let none = fall.nothing_to_report(member("principal"), at(22), "2025.1", of.clone());
    assert_eq!(
        text(none),
        "it reports nothing, but the district has 1 rows in the collection: certify them, or take them out"
    );
    fall.certify(member("principal"), at(22), of.content).unwrap();
    assert_eq!(
        text(fall.validate(member("clerk"), at(22), validation(&rows, 0))),
        "cannot validate it again while it is certified: ask the state to reopen it first"
    );
    assert_eq!(
        text(fall.certify(member("clerk"), at(22), of.content)),
        "cannot certify it while it is certified: nothing needs to be done"
    );
    let not_later = CertificationEvent::Extended { until: "2025-10-22".parse().unwrap(), recertify: true };
    assert_eq!(
        text(fall.apply(member("state"), at(22), not_later)),
        "an extension to 2025-10-22 is not later than the deadline of 2025-10-22"
    );
    let mut early = opened(&["clerk"]);
    early.validate(member("clerk"), at(6), validation(&rows, 0)).unwrap();
    assert_eq!(
        text(early.certify(member("clerk"), at(6), of.content)),
        "the window opens on 2025-10-07; the step was given for 2025-10-06"
    );
    let reopened = CertificationEvent::Reopened { reason: "typing".into(), until: None };
    assert!(matches!(
        problem(early.apply(member("state"), at(6), reopened)),
        CertificationProblem::Illegal { .. }
    ));
    let window = Window::default();
    let nobody = Certification::open(
        "9901".parse().unwrap(),
        "Behavior",
        "2025-26".parse().unwrap(),
        vec![],
        window,
        member("state"),
        at(1),
    );
    assert_eq!(
        nobody.unwrap_err().to_string(),
        "certification of Behavior by district 9901: it has no primary member: at least one must be named"
    );
}

#[test]
fn an_extension_asks_again_only_where_the_state_says_so() {
    let rows = [count("990000101", "F")];
    let of = content(&rows);
    let certified = || {
        let mut fall = opened(&["clerk"]);
        fall.validate(member("clerk"), at(8), validation(&rows, 0)).unwrap();
        fall.certify(member("clerk"), at(8), of.content).unwrap();
        fall
    };
    let extended =
        |recertify| CertificationEvent::Extended { until: "2025-10-30".parse().unwrap(), recertify };
    let mut fall = certified();
    fall.apply(member("state"), at(20), extended(false)).unwrap();
    assert_eq!(fall.state(), State::Certified, "a dashboard that shows certified needs no action");
    let mut fall = certified();
    fall.apply(member("state"), at(20), extended(true)).unwrap();
    assert_eq!((fall.state(), fall.certified()), (State::Extended, None));
    fall.validate(member("clerk"), at(29), validation(&rows, 0)).unwrap();
    fall.certify(member("clerk"), at(30), of.content).unwrap();
    assert_eq!(fall.state(), State::Recertified);
    let reopen =
        CertificationEvent::Reopened { reason: "late exit".into(), until: "2025-10-31".parse().ok() };
    fall.apply(member("state"), at(30), reopen).unwrap();
    assert_eq!(fall.state(), State::Reopened);
    // Those of several members who had certified are asked as well.
    let mut partly = opened(&["clerk", "principal"]);
    partly.validate(member("clerk"), at(8), validation(&rows, 0)).unwrap();
    partly.certify(member("clerk"), at(8), of.content).unwrap();
    partly.apply(member("state"), at(20), extended(true)).unwrap();
    assert_eq!((partly.state(), partly.certified_by()), (State::Extended, &[][..]));
    // Before anyone has certified, an extension only moves the deadline.
    let mut open = opened(&["clerk"]);
    open.apply(member("state"), at(20), extended(true)).unwrap();
    assert_eq!((open.state(), open.window().closes), (State::Open, "2025-10-30".parse().ok()));
}

#[test]
fn a_window_has_at_least_one_day() {
    let day = |day: &str| day.parse().ok();
    let open = |opens: Option<chrono::NaiveDate>, closes: Option<chrono::NaiveDate>| {
        let (district, year) = ("9901".parse().unwrap(), "2025-26".parse().unwrap());
        let window = Window { opens, closes };
        Certification::open(district, "Behavior", year, vec![member("clerk")], window, member("state"), at(1))
    };
    assert!(open(day("2025-10-07"), day("2025-10-07")).is_ok());
    assert_eq!(
        open(day("2025-10-08"), day("2025-10-07")).unwrap_err().to_string(),
        "certification of Behavior by district 9901: the window closes on 2025-10-07, before it opens on 2025-10-08"
    );
    let mut without_end = open(day("2025-10-08"), None).unwrap();
    let early = CertificationEvent::Extended { until: "2025-10-07".parse().unwrap(), recertify: false };
    let found = problem(without_end.apply(member("state"), at(2), early));
    assert!(matches!(found, CertificationProblem::EmptyWindow { .. }), "{found}");
}

#[test]
fn what_is_certified_counts_every_table_even_two_of_one_name() {
    let [one, two] = ["990000101", "990000102"].map(|id| table("fall-enrollment-count", &[count(id, "F")]));
    let both = CertifiedContent::of(&[one.clone(), two.clone()]);
    assert_eq!(both.row_count(), 2);
    assert_eq!(both, CertifiedContent::of(&[two, one.clone()]));
    assert_ne!(both.content, CertifiedContent::of(&[one]).content);
}

#[test]
fn a_district_with_nothing_to_report_certifies_too() {
    let mut behavior = opened(&["clerk", "principal"]);
    behavior.nothing_to_report(member("clerk"), at(8), "2025.1", content(&[])).unwrap();
    assert_eq!(behavior.state(), State::PartlyCertified);
    behavior.nothing_to_report(member("principal"), at(9), "2025.1", content(&[])).unwrap();
    assert_eq!(behavior.state(), State::Certified);
    assert_eq!(behavior.certified().unwrap().of.row_count(), 0);
}

#[test]
fn a_later_change_shows_with_its_rows() {
    let certified = [table("fall-enrollment-count", &[count("990000101", "F"), count("990000102", "F")])];
    let now = [table("fall-enrollment-count", &[count("990000101", "H"), count("990000103", "F")])];
    let of = CertifiedContent::of(&certified);
    let mut fall = opened(&["clerk"]);
    let found = Validation { rule_set: "2025.1".into(), of: of.clone(), blocking: 0 };
    fall.validate(member("clerk"), at(8), found).unwrap();
    fall.certify(member("clerk"), at(8), of.content).unwrap();
    assert!(!fall.differs(&of));
    assert!(fall.differs(&CertifiedContent::of(&now)));
    let difference = differs_from_certified(&of, &certified, &now, 10).unwrap().unwrap();
    let rows: Vec<Change> = difference.tables[0].rows.iter().map(|row| row.change).collect();
    assert_eq!(rows, [Change::Changed, Change::Removed, Change::Added]);
    let (column, old, new) = &difference.tables[0].rows[0].values[0];
    assert_eq!(
        (column.as_str(), old.reveal().as_str(), new.reveal().as_str()),
        ("aggregate_hours_of_instruction", "F", "H")
    );
    assert_eq!(differs_from_certified(&of, &certified, &certified, 10).unwrap(), None);
    assert!(matches!(
        differs_from_certified(&of, &now, &now, 10),
        Err(SnapshotError::NotTheCertifiedRows { .. })
    ));
}

#[test]
fn the_file_is_strict() {
    let header = "school_year,collection,district,step,by,at,primary_members,opens,closes,rule_set,content,rows,blocking,recertify,reason\n";
    let refused = |body: &str| read_certifications(&format!("{header}{body}")).unwrap_err().to_string();
    let opened = "2025-26,Behavior,9901,opened,state,2026-05-11T08:00:00,clerk,,,,,,,,\n";
    insta::assert_snapshot!(
        [
            refused("2025-26,Behavior,9901,opened,state,2026-05-11T08:00:00,,,,,,,,,\n"),
            refused("2025-26,Behavior,991,opened,state,2026-05-11T08:00:00,clerk,,,,,,,,\n"),
            refused("2025-26,Behavior,9901,opened,state,May 11,clerk,,,,,,,,\n"),
            refused("2025-26,Behavior,9901,opened,state,2026-05-11T08:00:00,clerk,05/11/2026,,,,,,,\n"),
            refused("2025-26,Behavior,9901,opened,state,2026-05-11T08:00:00,clerk,,,2025.1,,,,,\n"),
            refused("2025-26,Behavior,9901,closed,state,2026-05-11T08:00:00,clerk,,,,,,,,\n"),
            refused("2025-26,Behavior,9901,certified,clerk,2026-05-11T08:00:00,,,,,00,,,,\n"),
            refused(&format!("{opened}{opened}")),
            refused(&format!(
                "{opened}2025-26,Behavior,9901,extended,state,2026-06-01T08:00:00,,,2026-06-30,,,,,maybe,\n"
            )),
            refused(&format!(
                "{opened}2025-26,Behavior,9901,certified,clerk,2026-06-01T08:00:00,,,,,{},,,,\n",
                "0".repeat(64)
            )),
            refused("2025-26,Behavior\n"),
            read_certifications("district,collection\n").unwrap_err().to_string(),
            read_certifications(&header.replace("reason", "why")).unwrap_err().to_string(),
        ]
        .join("\n")
    );
    assert_eq!(read_certifications(header).unwrap(), []);
    // A cell of two lines, then blank lines: the line told is that of the row.
    let reopened = "2025-26,Behavior,9901,extended,state,2026-06-01T08:00:00,,,2026-06-30,,,,,no,\n";
    let two_lines = opened.replace("clerk", "\"clerk;\nhead\"").replace("9901", "9902");
    assert!(refused(&format!("{opened}{two_lines}")).starts_with("certifications, line 3: "));
    let after = refused(&format!("{opened}{reopened}\r\n\n2025-26,Behavior\n"));
    assert_eq!(after, "certifications, line 6: 2 cells, expected 15");
    let late = refused(&format!("{opened}\n\n{}", opened.replace("9901", "991")));
    assert!(late.starts_with("certifications, line 5: "), "{late}");
}

/// Any steps, possible or not.
fn a_step() -> impl Strategy<Value = (u8, u8, u8, u8)> {
    (0..7_u8, 0..3_u8, 0..4_u8, 0..2_u8)
}

proptest! {
    /// Whatever steps are tried: certified means that all members vouch for the validated content, without blocking
    /// findings, within the window; and the file gives the same certification back.
    #[test]
    fn what_is_certified_was_vouched_for_by_all(steps in proptest::collection::vec(a_step(), 0..25)) {
        let contents = [content(&[]), content(&[count("990000101", "F")])];
        let mut fall = opened(&["clerk", "principal"]);
        let mut day = 6;
        for (step, who, days, which) in steps {
            day = (day + u32::from(days)).min(31);
            let by = member(["clerk", "principal", "nurse"][usize::from(who)]);
            let of = contents[usize::from(which)].clone();
            let event = match step {
                0 => CertificationEvent::Validated(Validation { rule_set: "r".into(), of, blocking: 0 }),
                1 => CertificationEvent::Validated(Validation { rule_set: "r".into(), of, blocking: 3 }),
                2 | 3 => CertificationEvent::Certified { content: of.content },
                4 => CertificationEvent::NothingToReport { rule_set: "r".into(), of },
                5 => CertificationEvent::Extended { until: format!("2025-10-{:02}", 23 + days).parse().unwrap(), recertify: which == 0 },
                _ => CertificationEvent::Reopened { reason: "x".into(), until: None },
            };
            let before = fall.clone();
            match fall.apply(by, at(day), event) {
                Ok(()) => prop_assert_eq!(fall.history().count(), before.history().count() + 1),
                Err(_) => prop_assert_eq!(&fall, &before),
            }
            prop_assert_eq!(fall.state().is_certified(), fall.certified().is_some());
            if let Some(certified) = fall.certified() {
                prop_assert_eq!(certified.blocking, 0);
                let mut by = fall.certified_by().to_vec();
                by.sort();
                prop_assert_eq!(by.as_slice(), fall.primary_members());
            }
        }
        let file = write_certifications([&fall]).unwrap();
        let read = read_certifications(&file).unwrap();
        prop_assert_eq!(&read, &vec![fall]);
        prop_assert_eq!(write_certifications(&read).unwrap(), file);
    }

    /// No text makes the reader panic.
    #[test]
    fn any_text_is_read_or_refused(text in "[ -~\n\"]{0,200}", row in "[a-z0-9,;=:T\\-]{0,120}") {
        let _ = read_certifications(&text);
        let header = write_certifications([]).unwrap();
        let _ = read_certifications(&format!("{header}{row}\n"));
    }
}

//! Level against level, file against file, year against year.

use super::counts::{learners, members};
use super::submission::{CHILD, Codes, File, MEMBER, Pair, REMOVED};
use super::submission::{edited, given, one, pair, register, row, zeros};
use opi_edfacts::Level::{Lea, Sch, Sea};

pub(crate) fn pairs() -> Vec<Pair> {
    [levels(), lunch(), discipline(), rates(), programs(), status(), submission()]
        .into_iter()
        .flatten()
        .collect()
}

fn levels() -> Vec<Pair> {
    let fewer = zeros(52, Sea).with("", MEMBER, 19);
    let more = members(Lea).with("", MEMBER, 1);
    let staff = || zeros(59, Lea).with("", &[("STAFFCATGCCD", "ELMTCH")], 250);
    let teachers = |amount: &'static str| File {
        number: 59,
        level: Sch,
        rows: vec![row(Sch, "CLASSTEACHFTE", &[], amount)],
    };
    vec![
        pair("SUB-10", &given([members(Sea), members(Lea)]), &given([fewer, members(Lea)]), &["SUB-11"]),
        pair("SUB-10", &exits(1), &exits(2), &[]),
        pair("SUB-11", &given([members(Lea), members(Sch)]), &given([more, members(Sch)]), &[]),
        pair("SUB-45", &given([staff(), teachers("2.50")]), &given([staff(), teachers("2.51")]), &[]),
    ]
}

/// Two districts, of whose students `moved` left the first as moved, then the second with a diploma; the state counts
/// the later exit. The state's file knows of one of them.
fn exits(moved: i64) -> super::submission::Given {
    let codes = |reason: &'static str| {
        [
            ("AGEEXITSPED", "17"),
            ("BASISEXIT", reason),
            ("DISABCATIDEAEXIT", "SLD"),
            ("RACEETHNIC", "WH7"),
            ("SEX", "F"),
            ("LEPBOTH", "NLEP"),
        ]
    };
    let counted = |lea: &str, reason, count: i64| {
        let mut file = zeros(9, Sea).with("", &codes(reason), count).at(lea);
        file.rows.retain(|row| row.amount.as_deref() != Some("0"));
        file.rows
    };
    let rows = [counted("0998", "MKC", moved), counted("0999", "GHS", 3)].concat();
    // With one student moved, the difference of the totals is one; the second is not explained by it.
    let state = zeros(9, Sea).with("", &codes("GHS"), 3 + moved - 1);
    let units = super::submission::UNITS.to_owned() + "0999,,Open,yes,09;10;11;12\n";
    given([state, File { number: 9, level: Lea, rows }]).units(&units)
}

fn lunch() -> Vec<Pair> {
    let lunch = |free: i64| {
        let total = free.to_string();
        zeros(33, Sch).with("LUNCHFREERED", &[("LUNCHPROG", "FL")], free).set("LUNCHFREERED", &[], &total)
    };
    let status = |nslp: &'static str| {
        let codes = [("SharedTimeInd", "NO"), ("NSLPstatus", nslp), ("VirtualSchoolStatus", "NOTVIRTUAL")];
        register(129, Sch, &[&codes])
    };
    let (in_it, out_of_it) = (status("NSLPCEO"), status("NSLPNO"));
    vec![
        pair("SUB-15", &given([lunch(3), members(Sch)]), &given([lunch(23), members(Sch)]), &[]),
        pair("SUB-16", &given([lunch(3), in_it]), &given([lunch(3), out_of_it]), &[]),
    ]
}

fn discipline() -> Vec<Pair> {
    let counted = |file: u16, count| zeros(file, Sea).with("", REMOVED, count);
    let suspended = |count| {
        let children = zeros(2, Sea).with("", CHILD, 4);
        let early = zeros(89, Sea).with("", CHILD, 2);
        given([counted(6, count), children, early])
    };
    let two = |a: (u16, i64), b: (u16, i64)| given([counted(a.0, a.1), counted(b.0, b.1)]);
    vec![
        pair("SUB-21", &two((6, 3), (88, 3)), &two((6, 4), (88, 3)), &[]),
        pair("SUB-23", &two((143, 3), (88, 3)), &two((143, 2), (88, 3)), &[]),
        pair("SUB-24", &two((7, 2), (5, 2)), &two((7, 1), (5, 2)), &[]),
        pair("SUB-25", &suspended(12), &suspended(13), &[]),
    ]
}

fn rates() -> Vec<Pair> {
    let cohort = || {
        let of = |status| [("COHSTATUS", status), ("MAJORREG", "MW")];
        zeros(151, Sea).with("GRADCOHORT4YR", &of("COHYES"), 4).with("GRADCOHORT4YR", &of("COHNO"), 1).with(
            "GRADCOHORT4YR",
            &of("COHREM"),
            5,
        )
    };
    let rate = |amount: &'static str| {
        let rows = vec![row(Sea, "GRADRT4YRADJ", &[], amount)];
        given([File { number: 150, level: Sea, rows }, cohort()])
    };
    vec![
        pair("SUB-28", &rate("80.0"), &rate("81.0"), &[]),
        pair("SUB-29", &rate("80.0"), &rate("40.0"), &["SUB-28"]),
    ]
}

fn programs() -> Vec<Pair> {
    let taught: Codes<'_> =
        &[("GRADELVMEM", "05"), ("GRADELVLASS", "05"), ("GRADELVBASICW13", "05"), ("LNGINSTPRGTYPE", "DUAL")];
    let served = |count| given([zeros(116, Sea).with("", taught, count), learners(5)]);
    let migrant: Codes<'_> = &[("AGEGRDWO13", "05"), ("AGEGRDWO13BT3", "05"), ("RACEETHNIC", "WH7")];
    let migratory = |served: i64, eligible: i64| {
        given([zeros(54, Sea).with("", migrant, served), zeros(121, Sea).with("", migrant, eligible)])
    };
    vec![
        pair("SUB-38", &served(5), &served(60), &[]),
        pair("SUB-40", &migratory(2, 3), &migratory(4, 3), &[]),
    ]
}

/// Counts against statuses of districts and schools.
fn status() -> Vec<Pair> {
    let young = || zeros(194, Lea).set("", &[("AGEPK", "UNDER3")], "2");
    let subgrant = |answer: &'static str| register(170, Lea, &[&[("MVSubGStatusID", answer)]]);
    let title_one = |status: &'static str| {
        let table = zeros(37, Sea).rows[0].table.clone().unwrap();
        let rows = vec![row(Lea, &table, &[], "4")];
        let counts = File { number: 37, level: Lea, rows };
        given([counts, register(223, Sch, &[&[("TitleISchoolStatus", status)]])])
    };
    let identified = |status: &'static str| {
        let codes = [
            ("CompSupImprvmntID", status),
            ("TrgtSupImprvmntID", "NOTTSI"),
            ("AddlTrgtSupImprvmntID", "NOTADDLTSI"),
        ];
        let reason = row(Sch, "CSIREASONS", &[("COMPSUPIDFNTYP", "CSILOWPERF")], "YES");
        given([
            File { number: 206, level: Sch, rows: vec![row(Sch, "", &codes, "")] },
            File { number: 212, level: Sch, rows: vec![reason] },
        ])
    };
    let named = |codes: Codes<'_>| {
        one(File { number: 199, level: Sch, rows: vec![row(Sch, "GRADRATESTATUS", codes, "STTDEF")] })
    };
    let own = [("StateDefinedStatusName", "On the way")];
    vec![
        pair(
            "SUB-36",
            &given([young(), subgrant("MVSUBGYES")]),
            &given([young(), subgrant("MVSUBGNO")]),
            &[],
        ),
        pair("SUB-39", &title_one("SWELIGSWPROG"), &title_one("NOTTITLE1ELIG"), &[]),
        pair("SUB-42", &identified("CSI"), &identified("NOTCSI"), &[]),
        pair("SUB-43", &named(&own), &named(&[]), &[]),
    ]
}

/// The submission as a whole, and the year before.
fn submission() -> Vec<Pair> {
    let more = || one(zeros(52, Lea).with("", MEMBER, 200));
    let before = |count| [zeros(52, Lea).with("", MEMBER, count)];
    let absences = zeros(195, Sch);
    let name = absences.name().replace("MTSCH", "MTLEA");
    let other_level = edited(&absences, |lines| {
        lines[0][0] = "LEA CHRONIC ABSENTEEISM".to_owned();
        lines[0][2].clone_from(&name);
        lines[0][3] = "195-invented".to_owned();
    });
    vec![
        pair("SUB-44", &more().before(before(180)), &more().before(before(140)), &[]),
        pair("SUB-46", &one(members(Lea)), &given([members(Lea), members(Lea)]), &[]),
        pair("SUB-47", &one(absences), &other_level.named(&name), &[]),
    ]
}

//! The directory and the grades offered.

use super::submission::{Codes, File, Given, Pair, given, one, pair, register, row, zeros};
use super::submission::{MEMBER, UNITS, edited};
use opi_edfacts::{DataRow, Level};

/// A record of file 029 with what every record holds; the changes come last.
fn agency(level: Level, lea: &str, school: Option<&str>, changes: Codes<'_>) -> DataRow {
    let own: Codes<'_> = match level {
        Level::Sch => &[
            ("SchoolName", "Sample School"),
            ("SchoolType", "1"),
            ("SchoolPhoneNumber", "4065550100"),
            ("SchoolSysOpStatus", "1"),
            ("CharterSchoolStatus", "NO"),
            ("ReconstitutedStatus", "NO"),
        ],
        _ => &[
            ("LEAName", "Sample District"),
            ("LEAType", "1"),
            ("LEAPhoneNumber", "4065550100"),
            ("LEASysOpStatus", "1"),
            ("ChrtSchoolLEAStatusID", "NOTCHR"),
        ],
    };
    let mailing: Codes<'_> = &[
        ("MailingAddress1", "PO Box 10"),
        ("MailingCity", "Sample Creek"),
        ("MailingPostalStateCode", "MT"),
        ("MailingZipcode", "59001"),
        ("NCESLEAIDNumber", "3099998"),
    ];
    let kept = own.iter().chain(mailing).filter(|(name, _)| !changes.iter().any(|(own, _)| own == name));
    let codes: Vec<(&str, &str)> = kept.chain(changes).copied().collect();
    let mut record = row(level, "", &codes, "");
    record.lea = Some(lea.to_owned());
    record.school = school.map(str::to_owned);
    record
}

fn districts(rows: impl IntoIterator<Item = DataRow>) -> File {
    File { number: 29, level: Level::Lea, rows: rows.into_iter().collect() }
}

fn district(lea: &str, changes: Codes<'_>) -> DataRow {
    agency(Level::Lea, lea, None, changes)
}

fn alone(rows: impl IntoIterator<Item = DataRow>) -> Given {
    one(districts(rows)).without_units()
}

pub(crate) fn pairs() -> Vec<Pair> {
    [known(), fields(), years(), grades()].into_iter().flatten().collect()
}

/// Units of other files against the directory.
fn known() -> Vec<Pair> {
    let members = |level| zeros(52, level).with("", MEMBER, 20);
    let closed = UNITS.replace("0998,,Open", "0998,,Closed");
    let other_school = UNITS.replace("0998,9001", "0998,9002");
    let schools = |lea: &str| File {
        number: 29,
        level: Level::Sch,
        rows: vec![agency(Level::Sch, lea, Some("9001"), &[])],
    };
    let both = |lea| given([districts([district("0998", &[])]), schools(lea)]).without_units();
    let unnamed = alone([district("0998", &[]), district("0998", &[("LEAName", "Another District")])]);
    let (lea, sch) = (members(Level::Lea), members(Level::Sch));
    vec![
        pair("MTC-01", &one(lea.clone()), &one(lea.clone().at("0123")), &[]),
        pair("MTC-02", &one(sch.clone()), &one(sch).units(&other_school), &[]),
        pair("MTC-03", &one(lea.clone()), &one(lea).units(&closed), &[]),
        pair("MTC-04", &both("0998"), &both("0997"), &[]),
        pair("STG-05", &alone([district("0998", &[])]), &unnamed, &[]),
    ]
}

/// Fields of a record of the directory.
fn fields() -> Vec<Pair> {
    let right = || alone([district("0998", &[])]);
    let changed = |changes: Codes<'_>| alone([district("0998", changes)]);
    let effective = |date: &str| changed(&[("LEAOpStatus", "5"), ("StatusEffectiveDate", date)]);
    let file = districts([district("0998", &[("LEAOpStatus", "5"), ("StatusEffectiveDate", "2025-10-01")])]);
    let written = |from: &str, to: &str| {
        let change = |lines: &mut Vec<Vec<String>>| {
            *lines[1].iter_mut().find(|cell| *cell == from).unwrap() = to.to_owned();
        };
        edited(&file, change).without_units()
    };
    let dated = || effective("2025-10-01");
    vec![
        pair("FMT-23", &dated(), &written("2025-10-01", "2025-09-31"), &[]),
        pair("FMT-24", &right(), &written("4065550100", "406555010x"), &[]),
        pair("FMT-24", &right(), &written("59001", "5900"), &[]),
        pair("FMT-24", &right(), &written("MT", "mt"), &[]),
        pair("MTC-07", &dated(), &effective("2025-06-30"), &[]),
        pair("MTC-07", &dated(), &effective("2026-07-01"), &[]),
        pair("MTC-08", &dated(), &changed(&[("LEAOpStatus", "5")]), &[]),
        pair("MTC-08", &dated(), &changed(&[("StatusEffectiveDate", "2025-10-01")]), &[]),
    ]
}

/// The directory against that of the year before.
fn years() -> Vec<Pair> {
    let now = |changes: Codes<'_>| alone([district("0998", changes)]);
    let before = |rows: Vec<DataRow>| [districts(rows)];
    let other = |changes: Codes<'_>| vec![district("0998", &[]), district("0996", changes)];
    let renamed = |federal: &str| {
        let old = district("0111", &[("NCESLEAIDNumber", federal)]);
        now(&[("PriorStateLEAID", "0111")]).before(before(vec![old]))
    };
    let new = || now(&[("LEASysOpStatus", "3")]);
    let closed = other(&[("LEASysOpStatus", "2")]);
    vec![
        pair("MTC-05", &now(&[]).before(before(closed.clone())), &now(&[]).before(before(other(&[]))), &[]),
        pair("MTC-06", &renamed("3099998"), &renamed("3099997"), &[]),
        pair("MTC-09", &new().before(before(closed[1..].to_vec())), &new().before(before(closed)), &[]),
    ]
}

/// File 039.
fn grades() -> Vec<Pair> {
    let offered = |level, grades: &[&'static str]| {
        let rows: Vec<[(&str, &str); 1]> = grades.iter().map(|grade| [("GradeLevelID", *grade)]).collect();
        let rows: Vec<Codes<'_>> = rows.iter().map(|row| row.as_slice()).collect();
        register(39, level, &rows)
    };
    let (lea, sch) = (offered(Level::Lea, &["KG", "01"]), offered(Level::Sch, &["KG", "01"]));
    let open =
        "lea,school,status,reported_federally,grades\n0998,,Open,yes,KG;01\n0998,9001,Open,yes,KG;01\n";
    let more = open.to_owned() + "0999,,Open,yes,KG\n";
    let less = given([offered(Level::Lea, &["KG"]), sch.clone()]).units(open);
    vec![
        pair("MTC-10", &one(lea.clone()).units(open), &one(lea.clone()).units(&more), &[]),
        pair("MTC-11", &given([lea, sch]).units(open), &less, &[]),
    ]
}

//! Small uploads made by hand, and an invented state against a plain recount of its rows.

use super::*;
use crate::{Received, register_uploads};
use opi_dictionary::{DirectoryBuilder, DirectoryTable, FiscalYear};
use opi_snapshot::TimeGiven;

const DISTRICTS: &str = "district_number,district_name,county,legal_entity,legal_entity_name,kind,nces_lea,first_year,last_year\n\
    0101,Quartz Hollow,07,0611,Quartz Hollow Elem,elementary,,2000-01,\n\
    0101,Quartz Hollow,07,0612,Quartz Hollow H S,high_school,,2000-01,\n\
    0202,Larch Bend,08,0700,Larch Bend Elem,elementary,,2000-01,\n";
const SCHOOLS: &str = "district_number,school_number,name,legal_entity,nces_school,first_year,last_year\n\
    0101,0001,Quartz Hollow School,0611,,2000-01,\n\
    0101,0002,Quartz Hollow High,0612,,2000-01,\n\
    0202,0003,Larch Bend School,0700,,2000-01,\n";
const UNITS: &str = "budget_unit,legal_entity,kind,separate,first_year,last_year\n\
    0611-78,0611,accredited_7_8,N,2000-01,\n\
    0611-EL,0611,elementary,N,2000-01,\n\
    0612-HS,0612,high_school,N,2000-01,\n\
    0700-EL,0700,elementary,N,2000-01,\n";
const GRADES: &str = "district_number,school_number,grade,budget_unit,first_year,last_year\n\
    0101,0001,KF,0611-EL,2000-01,\n0101,0001,KH,0611-EL,2000-01,\n0101,0001,PK,0611-EL,2000-01,\n\
    0101,0001,06,0611-EL,2000-01,\n0101,0001,07,0611-78,2000-01,\n0101,0002,12,0612-HS,2000-01,\n\
    0202,0003,06,0700-EL,2000-01,\n0202,0003,05,,2000-01,\n";
/// Larch Bend has no school on Mondays.
const CALENDARS: &str = "district_number,school_number,calendar_number,school_year,first_day,last_day,week,pir_days\n\
    0101,0001,100,2024-25,2024-08-26,2025-05-30,MTWRF,6\n0101,0002,100,2024-25,2024-08-26,2025-05-30,MTWRF,6\n\
    0101,0001,100,2025-26,2025-08-25,2026-05-29,MTWRF,7\n0101,0002,100,2025-26,2025-08-25,2026-05-29,MTWRF,7\n\
    0202,0003,100,2024-25,2024-08-26,2025-05-30,TWRF,5\n";

/// A row of a pupil: student, district, school, grade, birth date, band, excluded, and how the enrollment went.
struct Row<'a> {
    student: &'a str,
    school: &'a str,
    grade: &'a str,
    born: &'a str,
    /// Band and exclusion in October and February, as `F`, `QY`, or `-` for no row.
    counts: [&'a str; 2],
    /// Last day, end status and the day on which grade 9 began.
    end: [&'a str; 3],
}

const fn pupil<'a>(student: &'a str, school: &'a str, grade: &'a str, counts: [&'a str; 2]) -> Row<'a> {
    Row { student, school, grade, born: "03/01/2012", counts, end: [""; 3] }
}

fn line(layout: &str, values: &[(&str, &str)]) -> String {
    let layout = Dictionary::built_in().layout(layout).unwrap();
    let value = |key: &str| values.iter().find(|(known, _)| *known == key).map_or("", |(_, value)| value);
    let fields: Vec<&str> = layout.fields.iter().map(|field| value(&field.key)).collect();
    fields.join("\t") + "\r\n"
}

fn uploads(rows: &[Row<'_>], year: &str) -> Vec<Received> {
    let district = |row: &Row<'_>| if row.school == "0003" { "0202" } else { "0101" };
    let mut files: BTreeMap<(String, &str), String> = BTreeMap::new();
    for row in rows {
        let mut add = |layout: &'static str, record: &str, values: &[(&str, &str)]| {
            let common = [
                ("record_type", record),
                ("district_number", district(row)),
                ("school_number", row.school),
                ("calendar_number", "100"),
                ("student_state_id", row.student),
                ("last_name", "Larkspur"),
                ("first_name", "Zinnia"),
                ("year", year),
            ];
            let key = (district(row).to_owned(), layout);
            let text = files.entry(key).or_insert_with(|| "HD\t07/01/2025\t08:00:00\tMT9.1\r\n".to_owned());
            *text += &line(layout, &[&common[..], values].concat());
        };
        let indian = if row.student.ends_with('7') { "Y" } else { "N" };
        add(
            "student-demographics",
            "SD",
            &[("birth_date", row.born), ("american_indian_or_alaska_native", indian)],
        );
        let [last, status, ninth] = row.end;
        add(
            "student-enrollments",
            "EN",
            &[
                ("grade", row.grade),
                ("start_date", "08/26/2024"),
                ("start_status", "02"),
                ("service_type", if row.grade == "PK" { "N" } else { "P" }),
                ("end_date", last),
                ("end_status", status),
                ("date_first_entered_the_9th_grade", ninth),
            ],
        );
        for (layout, record, box_name, count) in [
            ("fall-enrollment-count", "AF", "exclude_fall_anb_10_day_rule", row.counts[0]),
            ("spring-enrollment-count", "AS", "exclude_spring_anb_10_day_rule", row.counts[1]),
        ] {
            if count != "-" {
                let (band, exclude) = count.split_at(count.len().min(1));
                let values = [("aggregate_hours_of_instruction", band), ("absent", "N"), (box_name, exclude)];
                add(layout, record, &values);
            }
        }
    }
    let received = |((district, layout), text): ((String, &str), String)| Received {
        upload: Box::new((format!("{district}/{layout}.tsv"), text.into_bytes())),
        district: Some(district.parse().unwrap()),
        at: None,
        layout: None,
    };
    files.into_iter().map(received).collect()
}

fn tables(files: &[Received], year: SchoolYear) -> Vec<Table> {
    let dictionary = Dictionary::built_in();
    let time = TimeGiven::end_of(year.last_day());
    let options = opi_aim::ReadOptions::new();
    let registered = register_uploads(files, year, time, dictionary, &options).unwrap();
    let day = "2030-01-01".parse().unwrap();
    registered.register.as_of(day, year, dictionary).unwrap()
}

fn directory(change: impl Fn(&str) -> String) -> Directory {
    let mut builder = DirectoryBuilder::default();
    for (table, text) in [
        (DirectoryTable::Districts, DISTRICTS),
        (DirectoryTable::Schools, SCHOOLS),
        (DirectoryTable::BudgetUnits, UNITS),
        (DirectoryTable::GradesOffered, GRADES),
        (DirectoryTable::Calendars, CALENDARS),
    ] {
        builder.read(table, change(text).as_bytes()).unwrap();
    }
    builder.build().unwrap()
}

/// Computes with the counts of a year.
fn with<T>(rows: &[Row<'_>], year: i32, then: impl FnOnce(&Funding<'_>) -> T) -> T {
    with_directory(rows, year, &directory(str::to_owned), then)
}

fn with_directory<T>(
    rows: &[Row<'_>],
    year: i32,
    directory: &Directory,
    then: impl FnOnce(&Funding<'_>) -> T,
) -> T {
    let counts_of = SchoolYear::ending(year).unwrap();
    let tables = tables(&uploads(rows, &year.to_string()), counts_of);
    let law = Law::embedded().unwrap();
    let mut history = AnbHistory::default();
    history.set(FiscalYear::ending(2025).unwrap(), "0611-EL", 4);
    then(&Funding {
        counts_of,
        tables: &tables,
        dictionary: Dictionary::built_in(),
        directory,
        law: &law,
        choices: Interpretation::default(),
        history: &history,
    })
}

fn reasons(rows: &[Row<'_>], year: i32) -> Vec<String> {
    with(rows, year, |funding| {
        let found = funding.district("0101".parse().unwrap()).unwrap();
        let shown = |pupil: &CountedPupil| {
            let decision = &pupil.decision;
            let student = pupil.student.reveal().trim_start_matches('0');
            format!("{student} {} {} {}", decision.count.word(), decision.weight, decision.reason.word())
        };
        let left = |row: &LeftOutRow| {
            let student = row.student.reveal().trim_start_matches('0');
            format!("{student} {} left out: {}", row.count.word(), row.kind.word())
        };
        found.pupils.iter().map(shown).chain(found.left_out.iter().map(left)).collect()
    })
}

#[test]
fn every_band_has_its_weight_and_the_box_leaves_out() {
    let rows = [
        pupil("000000001", "0001", "06", ["F", "T"]),
        pupil("000000002", "0001", "06", ["H", "Q"]),
        pupil("000000003", "0001", "06", ["N", "FY"]),
        pupil("000000004", "0001", "06", ["", "X"]),
    ];
    assert_eq!(
        reasons(&rows, 2025),
        [
            "1 fall 1 full_time",
            "2 fall 1/2 half_time",
            "3 fall 0 under_lowest_band",
            "1 spring 3/4 three_quarter_time",
            "2 spring 1/4 quarter_time",
            "3 spring 0 excluded",
            "4 fall left out: no_hours",
            "4 spring left out: no_hours",
        ]
    );
}

#[test]
fn ages_on_september_10() {
    let born = |student, grade, born| Row {
        born,
        ..pupil(student, if grade == "12" { "0002" } else { "0001" }, grade, ["F", "F"])
    };
    let rows = [
        born("000000001", "KF", "09/10/2019"),
        born("000000002", "KF", "09/11/2019"),
        Row { counts: ["FY", "F"], ..born("000000003", "KF", "09/11/2019") },
        born("000000004", "12", "09/10/2005"),
        born("000000005", "12", "09/11/2005"),
        born("000000006", "12", ""),
        born("000000007", "12", "01/01/2025"),
    ];
    let found = reasons(&rows, 2025);
    let fall: Vec<&str> = found.iter().filter(|line| line.contains("fall")).map(String::as_str).collect();
    assert_eq!(
        fall,
        [
            "1 fall 1 full_time",
            "2 fall 1 full_time",
            "3 fall 0 excluded",
            "4 fall 0 upper_age",
            "5 fall 1 full_time",
            "6 fall 1 full_time",
            "7 fall 1 full_time",
        ]
    );
    let notes = with(&rows, 2025, |funding| funding.state().unwrap().notes);
    let fall: Vec<(&str, u64)> = notes
        .iter()
        .filter(|note| note.count == Some(CountPeriod::Fall) && note.kind != NoteKind::CountMissing)
        .map(|note| (note.kind.word(), note.number))
        .collect();
    assert_eq!(fall, [("age_not_tested", 2), ("admitted", 1), ("aged_out", 1)]);
}

#[test]
fn half_time_kindergarten_and_preschool_by_the_law_of_the_year() {
    let rows = [
        Row { born: "03/01/2019", ..pupil("000000001", "0001", "KH", ["Q", "F"]) },
        Row { born: "03/01/2021", ..pupil("000000002", "0001", "PK", ["H", "N"]) },
    ];
    assert_eq!(
        reasons(&rows, 2025),
        [
            "1 fall 1/2 half_time_kindergarten",
            "2 fall 0 preschool_before_law",
            "1 spring 1/2 half_time_kindergarten",
            "2 spring 0 preschool_before_law",
        ]
    );
    let later = reasons(&rows, 2026);
    assert_eq!(
        later,
        [
            "1 fall 1/4 quarter_time",
            "2 fall 1/2 half_time",
            "1 spring 1 full_time",
            "2 spring 0 under_lowest_band"
        ]
    );
}

#[test]
fn one_pupil_is_never_more_than_one_over_all_districts() {
    let rows = [
        pupil("000000001", "0001", "06", ["T", "T"]),
        pupil("000000001", "0003", "06", ["H", "Q"]),
        // Only counted places take part.
        pupil("000000002", "0001", "06", ["F", "F"]),
        pupil("000000002", "0003", "06", ["FY", "N"]),
    ];
    assert_eq!(
        reasons(&rows, 2025),
        [
            "1 fall 3/5 shared_pupil",
            "2 fall 1 full_time",
            "1 spring 3/4 three_quarter_time",
            "2 spring 1 full_time",
        ]
    );
}

#[test]
fn early_graduates_are_added_in_february_before_the_eighth_semester() {
    let graduate = |student, last, ninth| Row {
        born: "03/01/2007",
        end: [last, "400", ninth],
        ..pupil(student, "0002", "12", ["T", "-"])
    };
    let rows = [
        graduate("000000001", "01/17/2025", "08/25/2021"),
        graduate("000000002", "01/17/2025", "08/25/2020"),
        graduate("000000003", "02/03/2025", "08/25/2021"),
        Row { end: ["01/17/2025", "300", "08/25/2021"], ..graduate("000000004", "", "") },
        Row { counts: ["T", "F"], ..graduate("000000005", "01/17/2025", "08/25/2021") },
        Row { counts: ["T", "F"], end: ["01/17/2025", "110", ""], ..graduate("000000006", "", "") },
        Row { end: [""; 3], ..graduate("000000008", "", "") },
    ];
    let found = reasons(&rows, 2025);
    let spring: Vec<&str> = found.iter().filter(|line| line.contains("spring")).map(String::as_str).collect();
    assert_eq!(
        spring,
        ["1 spring 3/4 early_graduate", "5 spring 1 early_graduate", "6 spring left out: not_enrolled"]
    );
}

#[test]
fn legal_entities_calendars_and_history_make_the_rows_of_the_files() {
    let rows = [
        pupil("000000001", "0001", "06", ["F", "F"]),
        pupil("000000002", "0001", "07", ["F", "F"]),
        Row { born: "03/01/2007", ..pupil("000000007", "0002", "12", ["F", "F"]) },
        pupil("000000004", "0003", "06", ["F", "-"]),
        pupil("000000005", "0003", "05", ["F", "-"]),
        pupil("000000006", "0003", "11", ["F", "-"]),
    ];
    let state = with(&rows, 2025, |funding| funding.state().unwrap());
    let shown: Vec<String> = state
        .files
        .anb
        .iter()
        .map(|row| {
            let entity = row.legal_entity.unwrap();
            let three = row.anb_three_year.map_or("none".to_owned(), |three| three.to_string());
            format!("{} {entity} {} {} {three}", row.district, row.unit, row.anb_current)
        })
        .collect();
    assert_eq!(shown, ["0101 0611 0611-78 2 none", "0101 0611 0611-EL 2 3", "0101 0612 0612-HS 2 none"]);
    let failures: Vec<String> =
        state.files.results.failures.iter().map(|failure| failure.problem.clone()).collect();
    assert_eq!(
        failures,
        ["district 0202, unit 0700-EL: the spring count is missing; a unit without pupils has a count of 0"]
    );
    // The district without a February count still has its October rows, on the Tuesday on which it counted.
    let (district, rows) = state.files.maefairs.last().unwrap();
    assert_eq!(district.as_str(), "0202");
    assert_eq!((rows.len(), rows[0].enrolled, rows[0].count_date.to_string()), (1, 1, "2024-10-08".into()));
    let indian = state.files.entitlements.iter().find(|row| {
        row.entitlement == "american_indian_achievement_gap" && row.legal_entity.unwrap().as_str() == "0612"
    });
    assert!(indian.is_some_and(|row| row.amount > opi_anb::Money::default()));
    let mut words: Vec<&str> = state.notes.iter().map(|note| note.kind.word()).collect();
    words.dedup();
    assert_eq!(words, ["history_missing", "count_missing", "no_budget_unit", "history_missing"]);
}

#[test]
fn units_and_entities_that_end_or_begin() {
    let rows = [
        pupil("000000001", "0001", "06", ["F", "F"]),
        pupil("000000002", "0001", "07", ["F", "F"]),
        pupil("000000003", "0003", "06", ["F", "F"]),
    ];
    let run = |change: &dyn Fn(&str) -> String| {
        with_directory(&rows, 2025, &directory(change), |funding| {
            let state = funding.state().unwrap();
            let anb: Vec<String> =
                state.files.anb.iter().map(|row| format!("{} {}", row.unit, row.anb_current)).collect();
            let kinds = state.notes.iter().map(|note| note.kind);
            let kinds: Vec<&str> =
                kinds.filter(|kind| !matches!(kind, NoteKind::HistoryMissing)).map(NoteKind::word).collect();
            (anb, kinds, state.files.results.failures.len())
        })
    };
    let (anb, kinds, failures) = run(&|text| text.to_owned());
    assert_eq!(anb, ["0611-78 2", "0611-EL 2", "0612-HS 0", "0700-EL 2"]);
    assert_eq!((kinds.len(), failures), (0, 0));
    // The accredited 7-8 unit ends, and no other unit of its kind goes on.
    let closed = |text: &str| {
        text.replace(
            "0611-78,0611,accredited_7_8,N,2000-01,",
            "0611-78,0611,accredited_7_8,N,2000-01,2024-25",
        )
    };
    let (anb, kinds, failures) = run(&closed);
    assert_eq!(anb, ["0612-HS 0", "0700-EL 2"]);
    assert_eq!((kinds.as_slice(), failures), (["closed_unit"].as_slice(), 1));
    // One other goes on: its pupils join it.
    let joined = |text: &str| {
        closed(text).replace("0612-HS,0612,", "0611-79,0611,accredited_7_8,Y,2000-01,\n0612-HS,0612,")
    };
    let (anb, kinds, failures) = run(&joined);
    assert_eq!(anb, ["0611-78 0", "0611-79 2", "0611-EL 2", "0612-HS 0", "0700-EL 2"]);
    assert_eq!((kinds.len(), failures), (0, 0));
    let opening =
        |text: &str| text.replace("0612-HS,0612,", "0611-79,0611,accredited_7_8,Y,2025-26,\n0612-HS,0612,");
    assert_eq!(run(&opening).1, ["opening_unit"]);
    let gone = |text: &str| {
        text.replace("Larch Bend Elem,elementary,,2000-01,", "Larch Bend Elem,elementary,,2000-01,2024-25")
    };
    let (anb, kinds, _) = run(&gone);
    assert_eq!((anb.len(), kinds.as_slice()), (3, ["entity_ends"].as_slice()));
}

#[test]
fn kindergarten_of_grade_kg_is_what_the_school_offers() {
    let young = Row { born: "03/01/2019", ..pupil("000000001", "0001", "KG", ["Q", "Q"]) };
    let found = |change: &dyn Fn(&str) -> String| {
        with_directory(std::slice::from_ref(&young), 2025, &directory(change), |funding| {
            let found = funding.district("0101".parse().unwrap()).unwrap();
            let kinds: Vec<&str> = found.left_out.iter().map(|row| row.kind.word()).collect();
            (found.pupils.first().map(|pupil| pupil.decision.reason.word()), kinds)
        })
    };
    let half = |text: &str| text.replace("0101,0001,KF,0611-EL,2000-01,\n", "");
    assert_eq!(found(&half).0, Some("half_time_kindergarten"));
    let full = |text: &str| text.replace("0101,0001,KH,0611-EL,2000-01,\n", "");
    assert_eq!(found(&full).0, Some("quarter_time"));
    let both = |text: &str| text.to_owned();
    assert_eq!(found(&both), (None, vec!["no_budget_unit", "no_budget_unit"]));
    let named = |text: &str| text.replace(",KF,", ",KG,");
    assert_eq!(found(&named).0, Some("quarter_time"));
}

use super::*;
use crate::SchoolDays;
use chrono::NaiveDate;
use proptest::prelude::*;

fn year(end: i32) -> SchoolYear {
    SchoolYear::ending(end).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn small() -> Directory {
    let school = SchoolKey { district: "0101".parse().unwrap(), school: "1201".parse().unwrap() };
    let grade = |code: &str, unit: &str| GradeOffered {
        grade: code.parse().unwrap(),
        budget_unit: Some(unit.parse().unwrap()),
        years: Years::from(year(2001)),
    };
    let entity = |number: &str, name: &str, kind| LegalEntity {
        number: number.parse().unwrap(),
        name: name.to_owned(),
        kind,
        nces_lea: Some("3000611".parse().unwrap()),
        years: Years { first: year(2001), last: Some(year(2027)) },
    };
    let unit = |id: &str, kind| BudgetUnit {
        id: id.parse().unwrap(),
        legal_entity: "0611".parse().unwrap(),
        kind,
        separate: false,
        years: Years::from(year(2001)),
    };
    let calendar = Calendar::new(
        CalendarKey { school, calendar: "100".parse().unwrap(), year: year(2026) },
        day("2025-08-27")..=day("2026-05-29"),
        WeekPattern::MONDAY_TO_THURSDAY,
        [(day("2025-10-06"), false), (day("2025-10-10"), true)],
        7,
        [("06".parse().unwrap(), "1080.25".parse().unwrap())],
    );
    Directory::new(
        [District {
            number: school.district,
            name: "Quartz Hollow Schools".to_owned(),
            county: "07".parse().unwrap(),
            entities: vec![
                entity("0611", "Quartz Hollow Elem", LegalEntityKind::Elementary),
                entity("0612", "Quartz Hollow, \"H\" S", LegalEntityKind::HighSchool),
            ],
        }],
        [School {
            key: school,
            name: "Quartz Hollow School".to_owned(),
            legal_entity: "0611".parse().unwrap(),
            nces_school: Some("300061100001".parse().unwrap()),
            years: Years::from(year(2001)),
            grades: vec![grade("06", "0611-EL"), grade("07", "0611-78")],
        }],
        [unit("0611-EL", BudgetUnitKind::Elementary), unit("0611-78", BudgetUnitKind::Accredited7To8)],
        [calendar.unwrap()],
    )
    .unwrap()
}

fn written(directory: &Directory) -> Vec<(DirectoryTable, String)> {
    let text = |table: &DirectoryTable| {
        let mut bytes = Vec::new();
        directory.write(*table, &mut bytes).unwrap();
        (*table, String::from_utf8(bytes).unwrap())
    };
    DirectoryTable::ALL.iter().map(text).collect()
}

fn read(tables: &[(DirectoryTable, String)]) -> Result<Directory, DictionaryError> {
    let mut builder = DirectoryBuilder::default();
    tables.iter().try_for_each(|(table, text)| builder.read(*table, text.as_bytes()))?;
    builder.build()
}

#[test]
fn what_is_written_reads_back() {
    let directory = small();
    let tables = written(&directory);
    assert_eq!(read(&tables).unwrap(), directory);
    let mut backwards = tables.clone();
    backwards.reverse();
    assert_eq!(read(&backwards).unwrap(), directory);
    assert_eq!(written(&read(&tables).unwrap()), tables);
}

#[test]
fn tables_look_as_documented() {
    let text: Vec<String> =
        written(&small()).into_iter().map(|(table, text)| format!("{table}\n{text}")).collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    districts.csv
    district_number,district_name,county,legal_entity,legal_entity_name,kind,nces_lea,first_year,last_year
    0101,Quartz Hollow Schools,07,0611,Quartz Hollow Elem,elementary,3000611,2000-01,2026-27
    0101,Quartz Hollow Schools,07,0612,"Quartz Hollow, ""H"" S",high_school,3000611,2000-01,2026-27

    schools.csv
    district_number,school_number,name,legal_entity,nces_school,first_year,last_year
    0101,1201,Quartz Hollow School,0611,300061100001,2000-01,

    budget_units.csv
    budget_unit,legal_entity,kind,separate,first_year,last_year
    0611-78,0611,accredited_7_8,N,2000-01,
    0611-EL,0611,elementary,N,2000-01,

    grades_offered.csv
    district_number,school_number,grade,budget_unit,first_year,last_year
    0101,1201,06,0611-EL,2000-01,
    0101,1201,07,0611-78,2000-01,

    calendars.csv
    district_number,school_number,calendar_number,school_year,first_day,last_day,week,pir_days
    0101,1201,100,2025-26,2025-08-27,2026-05-29,MTWR,7

    calendar_days.csv
    district_number,school_number,calendar_number,school_year,day,kind
    0101,1201,100,2025-26,2025-10-06,no_school
    0101,1201,100,2025-26,2025-10-10,school

    calendar_grades.csv
    district_number,school_number,calendar_number,school_year,grade,aggregate_hours
    0101,1201,100,2025-26,06,1080.25
    "#);
}

#[test]
fn look_ups_answer_by_key_and_year() {
    let directory = small();
    let school = directory.schools().next().unwrap();
    let seven: GradeCode = "07".parse().unwrap();
    assert_eq!(
        directory.budget_unit_of(school.key, seven, year(2026)).unwrap().kind,
        BudgetUnitKind::Accredited7To8
    );
    assert!(directory.budget_unit_of(school.key, seven, year(2000)).is_none(), "before the school opened");
    assert!(directory.accredited_7_8(school, year(2026)) && !directory.accredited_7_8(school, year(2000)));
    let district = directory.district(school.key.district).unwrap();
    assert_eq!(district.kind(year(2027)), Some(DistrictKind::Combined));
    assert!(!district.exists(year(2028)) && !district.exists(year(2000)));
    assert_eq!(directory.legal_entity("0612".parse().unwrap()).unwrap().0.number, district.number);
    assert_eq!(directory.schools_of(district.number).count(), 1);
    assert_eq!(directory.schools_of("0100".parse().unwrap()).count(), 0);
    assert_eq!(directory.calendars_of(school.key, year(2026)).count(), 1);
}

#[test]
fn school_days_follow_week_and_exceptions() {
    let directory = small();
    let calendar = directory.calendars().next().unwrap();
    let days = directory.instruction_days(calendar.key()).unwrap();
    assert_eq!(days.on_or_after(day("2025-10-06")), Some(day("2025-10-07")));
    assert!(days.is_school_day(day("2025-10-10")) && !days.is_school_day(day("2025-10-17")));
    assert!(!days.is_school_day(day("2025-08-26")) && days.is_school_day(day("2025-08-27")));
}

#[test]
fn tables_that_do_not_fit_are_refused() {
    let good = written(&small());
    let broken = |table: DirectoryTable, from: &str, to: &str| {
        let mut tables = good.clone();
        for (name, text) in &mut tables {
            if *name == table {
                assert!(text.contains(from), "{text}");
                *text = text.replacen(from, to, 1);
            }
        }
        read(&tables).unwrap_err().to_string()
    };
    let messages = [
        broken(DirectoryTable::Districts, "first_year", "since"),
        broken(DirectoryTable::Districts, "0101,Q", "101,Q"),
        broken(DirectoryTable::Districts, ",07,", ",08,"),
        broken(DirectoryTable::Districts, ",0611,", ",0612,"),
        broken(DirectoryTable::Districts, "elementary", "primary"),
        broken(DirectoryTable::Schools, ",0611,", ",0999,"),
        broken(DirectoryTable::Schools, "0101,1201", "0101,1202"),
        broken(DirectoryTable::BudgetUnits, "0611-EL,", "0611-XX,"),
        broken(DirectoryTable::GradesOffered, "0101,1201,07", "0101,1201,06"),
        broken(DirectoryTable::Calendars, "2026-05-29", "2026-07-29"),
        broken(DirectoryTable::Calendars, "MTWR", "TM"),
        broken(DirectoryTable::Calendars, ",100,", ",200,"),
        broken(DirectoryTable::CalendarDays, "2025-10-10", "2025-08-10"),
        broken(DirectoryTable::CalendarDays, "2025-10-10", "2025-10-06"),
        broken(DirectoryTable::CalendarGrades, "1080.25", "many"),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

proptest! {
    #[test]
    fn any_text_is_a_table_or_an_error(text in "\\PC{0,80}", header in any::<bool>()) {
        for (table, good) in written(&small()) {
            let head = good.lines().next().unwrap();
            let text = if header { format!("{head}\n{text}") } else { text.clone() };
            let _ = DirectoryBuilder::default().read(table, text.as_bytes());
        }
    }

    #[test]
    fn week_patterns_read_back(text in "[MTWRF]{0,6}") {
        if let Ok(pattern) = text.parse::<WeekPattern>() {
            prop_assert_eq!(String::from(pattern), text);
        }
    }
}

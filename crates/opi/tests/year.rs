//! A year held in memory: what reading counts, and what becomes of certifications that were given.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test program")]

use opi::dictionary::DistrictNumber;
use opi::snapshot::{Certification, read_certifications};
use opi::{Received, Upload, Year, YearError};

const HEADER: &str = "HD\t01/21/2026\t08:15:00\tMT9.1\r\n";

/// A row of the fall count.
fn row(district: &str, school: &str, state_id: &str) -> String {
    format!("AF\t{district}\t{school}\t100\t{state_id}\t101\tLarkspur\tZinnia\tF\tN\tN\t2026\r\n")
}

fn upload(name: &str, rows: &[String]) -> Received {
    let file: Box<dyn Upload> = Box::new((name.to_owned(), [HEADER, &rows.concat()].concat().into_bytes()));
    Received::new(file)
}

fn year(uploads: Vec<Received>, certifications: Vec<Certification>) -> Year {
    let builder = Year::builder("2025-26".parse().unwrap());
    builder.received(uploads).certifications(certifications).build()
}

fn number(district: &str) -> DistrictNumber {
    district.parse().unwrap()
}

/// The steps that open one collection of each year named.
fn opened(steps: &[(&str, &str)]) -> Vec<Certification> {
    let mut text =
        "school_year,collection,district,step,by,at,primary_members,opens,closes,rule_set,content,rows,\
        blocking,recertify,reason\n"
            .to_owned();
    for (year, collection) in steps {
        let at = format!("20{}-09-01T08:00:00", &year[2..4]);
        text.push_str(&format!("{year},{collection},9901,opened,state,{at},clerk,,,,,,,,\n"));
    }
    read_certifications(&text).unwrap()
}

#[test]
fn students_are_counted_to_the_district_of_their_rows() {
    let rows = [
        row("9901", "9911", "990000101"),
        row("9902", "9921", "990000202"),
        row("9902", "9921", "990000203"),
        row("9901", "9911", "990000101"),
    ];
    let sent = upload("both.tsv", &rows).from_district(Some(number("9903")));
    let reading = year(vec![sent], Vec::new()).read(|_| true).unwrap().reading;
    assert_eq!(reading.students, 3);
    let by_district: Vec<(DistrictNumber, u64)> = reading.students_by_district.into_iter().collect();
    // 9903 sent the file, though no row of it is its own.
    assert_eq!(by_district, [(number("9901"), 1), (number("9902"), 2), (number("9903"), 0)]);
}

#[test]
fn rows_of_another_school_year_are_told_with_file_and_line() {
    let rows = [
        row("9901", "9911", "990000101"),
        row("9901", "9911", "990000102").replace("2026", "2025"),
        row("9901", "9911", "990000103").replace("2026", "26"),
    ];
    let taken = year(vec![upload("fall.tsv", &rows)], Vec::new()).read(|_| true).unwrap();
    let told: Vec<String> = opi::not_taken(&taken.imports)
        .into_iter()
        .map(|row| format!("{}:{}: {}", row.file, row.line.unwrap_or_default(), row.why))
        .collect();
    assert_eq!(
        told,
        [
            "fall.tsv:3: of another school year than the one that the file is for",
            "fall.tsv:4: whose school year is none",
        ]
    );
}

#[test]
fn a_table_of_the_state_is_of_its_year() {
    let with = |rows: &str| {
        let file: Box<dyn Upload> = Box::new(("state/foster-care.tsv".to_owned(), rows.as_bytes().to_vec()));
        let table = Received::new(file).of_layout(Some("foster-care".to_owned()));
        let year = Year::builder("2025-26".parse().unwrap()).state_files(vec![table], Vec::new()).build();
        year.tables(&opi::snapshot::Register::new())
            .map(|tables| tables.len())
            .map_err(|error| error.to_string())
    };
    let refused = with("990000101\t08/27/2025\t\t2026\r\n990000102\t08/27/2024\t\t2025\r\n").unwrap_err();
    assert_eq!(
        refused,
        "state/foster-care.tsv, line 2: the school year is not 2025-26, of which the table is; mend or take out such \
         rows"
    );
    assert_eq!(with("990000101\t08/27/2025\t\t2026\r\n990000102\t08/27/2024\t\t\r\n").unwrap(), 1);
}

#[test]
fn certifications_of_other_years_are_handed_on() {
    let given = opened(&[("2024-25", "Behavior"), ("2025-26", "Behavior")]);
    let year = year(vec![upload("fall.tsv", &[row("9901", "9911", "990000101")])], given.clone());
    let taken = year.read(|_| true).unwrap();
    let tables = year.tables(&taken.register).unwrap();
    let certified = year.certify(&taken.register, &tables, None).unwrap();
    assert!(certified.certifications.iter().all(|one| one.certification.school_year() == year.school_year()));
    assert_eq!(certified.other_years, given[..1]);
    assert!(certified.all().any(|one| one == &given[0]));
}

#[test]
fn a_collection_that_is_none_is_refused() {
    let year = year(Vec::new(), opened(&[("2025-26", "Behaviour")]));
    let taken = year.read(|_| true).unwrap();
    let refused = year.certify(&taken.register, &[], None);
    let Err(error @ YearError::UnknownCollection { .. }) = refused else { panic!("expected to be refused") };
    assert!(
        error
            .to_string()
            .starts_with("certifications: there is no collection `Behaviour`; the collections are")
    );
    assert!(error.to_string().contains(", Behavior,") || error.to_string().contains(" Behavior,"), "{error}");
}

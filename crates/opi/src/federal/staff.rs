//! Staff assignments as federal rows.

use crate::federal::FederalError;
use crate::federal::notes::{NoteKind, Notes};
use crate::federal::places::Places;
use crate::federal::reading::column;
use opi_edfacts::{Days, StaffAssignment};
use opi_snapshot::Table;

const TEACHERS: [&str; 5] = ["PKTCH", "KGTCH", "ELMTCH", "SECTCH", "UGTCH"];

/// The columns that are read, in the order in which [`of_record`] takes them.
const COLUMNS: [&str; 11] = [
    "district_number",
    "school_number",
    "staff_category",
    "full_time_equivalent",
    "staff_program",
    "related_service",
    "age_group_served",
    "fully_certified",
    "experienced",
    "emergency_credential",
    "in_field",
];

/// The assignments of the tables, each with the table and record it comes from.
pub(crate) fn assignments(
    tables: &[Table],
    places: &Places,
    notes: &mut Notes,
) -> Result<Vec<(StaffAssignment, usize, usize)>, FederalError> {
    let mut found = Vec::new();
    for (number, table) in tables.iter().enumerate().filter(|(_, table)| table.name() == "staff-assignments")
    {
        let mut columns = [0; COLUMNS.len()];
        for (place, name) in columns.iter_mut().zip(COLUMNS) {
            *place = column(table, name)?;
        }
        for (place, record) in table.records().enumerate() {
            let texts = columns.map(|column| record.field(column));
            match of_record(texts, places) {
                Ok(made) => found.extend(made.into_iter().map(|assignment| (assignment, number, place))),
                Err((column, kind)) => notes.add(table.name(), Some(column), kind, record.origin()),
            }
        }
    }
    Ok(found)
}

/// One assignment counts in the file of all staff, and in those of its program and of teachers.
fn of_record(
    texts: [&str; COLUMNS.len()],
    places: &Places,
) -> Result<Vec<StaffAssignment>, (&'static str, NoteKind)> {
    let [
        district,
        school,
        category,
        fte,
        program,
        service,
        ages,
        certified,
        experienced,
        emergency,
        in_field,
    ] = texts;
    let (lea, school) = match (places.school(district, school), places.leas(district)) {
        (Some((lea, school)), _) => (Some(lea), Some(school)),
        // Staff of a system with two districts count in the first, so that nobody counts twice.
        (None, [first, ..]) if school.is_empty() => (Some(*first), None),
        (None, _) if district.is_empty() => (None, None),
        _ => return Err(("school_number", NoteKind::UnknownPlace)),
    };
    let not_a_number = ("full_time_equivalent", NoteKind::NotANumber);
    let Days(billionths) = Days::parse(fte).ok_or(not_a_number)?;
    // Half up, each assignment before the sum.
    let hundredth = Days::ONE / 100;
    let fte_hundredths = u64::try_from((billionths + hundredth / 2) / hundredth).map_err(|_| not_a_number)?;
    let choose = |answer: &str, yes: &'static str, no: &'static str| match answer {
        "Y" => yes,
        "N" => no,
        _ => "MISSING",
    };
    let known = |code: &str| if code.is_empty() { "MISSING".to_owned() } else { code.to_owned() };
    let own = match program {
        "SPEDTEACHER" => Some((
            "special_education_teacher",
            vec![
                ("AGEGROUP", known(ages)),
                ("QUALSTATSPEDTCH", choose(certified, "SPEDTCHFULCRT", "SPEDTCHNFULCRT").to_owned()),
            ],
        )),
        "SPEDPARA" => Some((
            "special_education_aide",
            vec![("AGEGROUP", known(ages)), ("QUALSTATPARA", choose(certified, "Q", "NQ").to_owned())],
        )),
        "SPEDSERVICE" => Some((
            "special_education_services",
            vec![("STAFFSPED", known(service)), ("CERTSTATUS", choose(certified, "FC", "NFC").to_owned())],
        )),
        "TITLE3" => {
            Some(("title3_teacher", vec![("CERTSTATUSTLIII", choose(certified, "FC", "NFC").to_owned())]))
        }
        _ => None,
    };
    let teacher = TEACHERS.contains(&category).then(|| {
        let values = vec![
            ("TCHEXPRNCDSTS", choose(experienced, "TCHEXPRNCD", "TCHINEXPRNCD").to_owned()),
            ("TCHEMRPRVCRDSTS", choose(emergency, "TCHWEMRPRVCRD", "TCHWOEMRPRVCRD").to_owned()),
            ("TCHFLDSTS", choose(in_field, "TCHINFLD", "TCHOUTFLD").to_owned()),
        ];
        ("teacher", values)
    });
    let all = ("staff", vec![("STAFFCATGCCD", known(category))]);
    let made = [Some(all), own, teacher].into_iter().flatten().map(|(program, values)| StaffAssignment {
        program: program.to_owned(),
        lea,
        school,
        fte_hundredths,
        values: values.into_iter().map(|(category, code)| (category.to_owned(), code)).collect(),
    });
    Ok(made.collect())
}

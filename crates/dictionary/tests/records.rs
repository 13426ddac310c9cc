//! Typed records: what is read is what was written, and every wrong field is named.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test program"
)]

use opi_dictionary::records::{FallEnrollmentCount, StudentDemographic, StudentEnrollment};
use opi_dictionary::{Dictionary, FieldValue, Grade, Record, RowBuffer, SchoolYear, fields};
use proptest::prelude::*;

fn read<R: Record>(record: &R) -> R {
    let layout = Dictionary::built_in().layout(R::LAYOUT).unwrap();
    let mut buffer = RowBuffer::new(layout);
    for field in R::FIELDS {
        let mut text = String::new();
        record.write_field(*field, &mut text);
        assert!(buffer.set(*field, &text));
    }
    R::from_row(&buffer.row()).unwrap()
}

fn enrollment() -> opi_dictionary::records::StudentEnrollmentBuilder {
    StudentEnrollment::builder()
        .district_number("9901".parse().unwrap())
        .school_number("9911".parse().unwrap())
        .calendar_number("100".parse().unwrap())
        .student_state_id("990000101".parse().unwrap())
        .last_name("Larkspur".parse().unwrap())
        .first_name("Zinnia".parse().unwrap())
        .grade(Grade::KindergartenFullTime)
        .start_date("2025-08-27".parse().unwrap())
        .start_status("01".into())
        .service_type("P".into())
}

#[test]
fn a_builder_names_what_is_missing() {
    let error = enrollment().build().unwrap_err();
    insta::assert_snapshot!(error, @"student-enrollments: required and not set: Year");
    let record = enrollment().year(SchoolYear::ending(2026).unwrap()).build().unwrap();
    assert_eq!(read(&record), record);
    assert!(!format!("{record:?}").contains("Larkspur"));
}

#[test]
fn all_wrong_fields_are_named_without_their_values() {
    let layout = Dictionary::built_in().layout("student-demographics").unwrap();
    let mut buffer = RowBuffer::new(layout);
    for (field, text) in [
        (fields::DISTRICT_NUMBER, "57"),
        (fields::STUDENT_STATE_ID, "99-000-101"),
        (fields::LAST_NAME, "Larkspur"),
        (fields::BIRTH_DATE, "02/30/2015"),
        (fields::YEAR, "25"),
    ] {
        buffer.set(field, text);
    }
    let error = StudentDemographic::from_row(&buffer.row()).unwrap_err();
    insta::assert_snapshot!(error.to_string().replace("; ", "\n"));
    let wrong = FallEnrollmentCount::from_row(&buffer.row()).unwrap_err();
    assert!(wrong.to_string().contains("student-demographics"));
}

proptest! {
    #[test]
    fn any_record_reads_back(
        id in 0u32..1_000_000_000, grade in "[0-9A-Z]{1,2}", day in 0i32..3000, name in "[A-Za-zé' -]{0,20}[a-z]",
        end in proptest::option::of(0i32..3000), cents in 0i64..100_000,
    ) {
        let date = |day: i32| chrono::NaiveDate::from_num_days_from_ce_opt(736_000 + day).unwrap();
        let mut builder = enrollment()
            .year(SchoolYear::ending(2026).unwrap())
            .student_state_id(opi_dictionary::StateId::from_number(id).unwrap())
            .grade(grade.as_str().into())
            .last_name(name.parse().unwrap())
            .start_date(date(day));
        if let Some(end) = end {
            builder = builder.end_date(date(end));
        }
        let record = builder.build().unwrap();
        prop_assert_eq!(&read(&record), &record);
        let json = serde_json::to_string(&record).unwrap();
        prop_assert_eq!(serde_json::from_str::<StudentEnrollment>(&json).unwrap(), record);
        let number = rust_decimal::Decimal::new(cents, 2);
        let mut text = String::new();
        number.write(&mut text);
        prop_assert_eq!(rust_decimal::Decimal::read(&text), Some(number));
    }

    #[test]
    fn any_text_in_any_field_is_a_value_or_an_error(values in prop::collection::vec("\\PC{0,12}", 22)) {
        for layout in Dictionary::built_in().layouts() {
            let mut buffer = RowBuffer::new(layout);
            for (field, value) in layout.fields.iter().zip(&values) {
                buffer.set(field.field, value);
                let _ = field.problem(value);
            }
            let row = buffer.row();
            let _ = opi_dictionary::records::check_as_record(&row);
            prop_assert_eq!(row.len(), layout.fields.len());
        }
    }
}

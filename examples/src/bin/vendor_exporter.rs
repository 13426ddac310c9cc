//! A vendor's exporter: students held in memory become AIM files. It links `opi-aim` and `opi-dictionary` alone.
//!
//! Usage: `cargo run -p opi-examples --bin vendor_exporter -- FOLDER`
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a program that writes files")]

use chrono::NaiveDate;
use opi_aim::{Header, Writer};
use opi_dictionary::records::{StudentDemographic, StudentEnrollment};
use opi_dictionary::{
    BirthDate, Dictionary, EnrolledSpan, Grade, SchoolYear, ServiceType, StartStatus, YesNo,
};
use std::error::Error;
use std::path::Path;

/// A student as this vendor's system holds it.
struct Student {
    state_id: &'static str,
    local_id: &'static str,
    last: &'static str,
    first: &'static str,
    born: NaiveDate,
    grade: &'static str,
    entered: NaiveDate,
    /// In this system the exit date is the first day on which the student was *not* enrolled.
    exited: Option<NaiveDate>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: vendor_exporter FOLDER")?;
    let changed = day(2025, 10, 7).and_hms_opt(8, 15, 0).ok_or("no such time")?;
    std::fs::create_dir_all(&folder)?;
    for (name, bytes) in [
        ("student-demographics.tsv", demographics(changed)?),
        ("student-enrollments.tsv", enrollments(changed)?),
    ] {
        let path = Path::new(&folder).join(name);
        std::fs::write(&path, bytes)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

fn demographics(changed: chrono::NaiveDateTime) -> Result<Vec<u8>, Box<dyn Error>> {
    let layout = Dictionary::built_in().layout("student-demographics")?;
    let mut writer = Writer::new(Vec::new(), layout, Some(Header::new(changed)))?;
    for student in students() {
        let record = StudentDemographic::builder()
            .district_number("9901".parse()?)
            .student_state_id(student.state_id.parse()?)
            .student_local_id(student.local_id.parse()?)
            .last_name(student.last.parse()?)
            .first_name(student.first.parse()?)
            .gender("F".into())
            .birth_date(BirthDate::new(student.born))
            .hispanic_latino(YesNo::No)
            .american_indian_or_alaska_native(YesNo::No)
            .asian(YesNo::No)
            .black_or_african_american(YesNo::No)
            .native_hawaiian_or_other_pacific_islander(YesNo::No)
            .white(YesNo::Yes)
            .year(SchoolYear::ending(2026)?)
            .build()?;
        writer.write_record(&record)?;
    }
    Ok(writer.finish()?)
}

fn enrollments(changed: chrono::NaiveDateTime) -> Result<Vec<u8>, Box<dyn Error>> {
    let layout = Dictionary::built_in().layout("student-enrollments")?;
    let mut writer = Writer::new(Vec::new(), layout, Some(Header::new(changed)))?;
    for student in students() {
        // AIM's End Date is the last day enrolled: the name of the constructor says what our date means.
        let span = EnrolledSpan::from_first_day_not_enrolled(student.entered, student.exited)?;
        let mut record = StudentEnrollment::builder()
            .district_number("9901".parse()?)
            .school_number("9911".parse()?)
            .calendar_number("100".parse()?)
            .student_state_id(student.state_id.parse()?)
            .student_local_id(student.local_id.parse()?)
            .last_name(student.last.parse()?)
            .first_name(student.first.parse()?)
            .grade(Grade::from(student.grade))
            .start_date(span.first_day())
            .start_status(StartStatus::Continued)
            .service_type(ServiceType::Primary)
            .no_show(YesNo::No)
            .year(SchoolYear::ending(2026)?);
        if let Some(last_day) = span.last_day() {
            record = record.end_date(last_day).end_status("160".into());
        }
        writer.write_record(&record.build()?)?;
    }
    Ok(writer.finish()?)
}

/// Invented students.
fn students() -> Vec<Student> {
    let first_day = day(2025, 8, 27);
    vec![
        Student {
            state_id: "990000101",
            local_id: "101",
            last: "Larkspur",
            first: "Zinnia",
            born: day(2018, 5, 4),
            grade: "02",
            entered: first_day,
            exited: None,
        },
        Student {
            state_id: "990000102",
            local_id: "102",
            last: "Buttercup",
            first: "Moss",
            born: day(2016, 11, 30),
            grade: "03",
            entered: first_day,
            exited: Some(day(2025, 10, 4)),
        },
    ]
}

/// A day that exists.
fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

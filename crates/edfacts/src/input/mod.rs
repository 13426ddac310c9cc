//! What counting reads: units, and for each student the rows that belong to the student.
//!
//! Vendors and warehouses implement [`StudentSource`], or feed [`StudentRows`] one by one.

mod rows;
mod units;

pub use rows::{
    CohortMembership, Days, Departure, DepartureKind, DisciplineEvent, Enrollment, FirearmIncident,
    ProgramRecord, Span, SpecialEducationExit, StaffAssignment, StateRows, Status, StatusKind, StudentKey,
    StudentRows, StudentSource,
};
pub use units::{Grade, GradeSet, LeaIndex, SchoolIndex, Sex, TitleOne, Unit, UnitStatus, Units};

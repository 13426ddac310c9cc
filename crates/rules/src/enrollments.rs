//! Enrollments, of which there are more than of anything else: a row holds whose it is and where it stands, in 24 bytes,
//! and the number of what it says, which it has in common with other rows.

use crate::cell::{NO_GRADE, code};
use crate::facts::{Enrollment, NO_DAY, OPEN};
use crate::record::{Head, NONE, Record};
use opi_dictionary::fields as f;

/// What enrollments say, by number. The head is that of the first row that said it.
#[derive(Default)]
pub(crate) struct Spans {
    known: Vec<Enrollment>,
}

/// Rows of enrollments.
#[derive(Default)]
pub(crate) struct Enrollments {
    rows: Vec<Seat>,
}

/// A row: whose it is, where it stands, and the number of what it says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) student: u32,
    pub(crate) file: u32,
    line: u32,
    pub(crate) last: u32,
    pub(crate) first: u32,
    pub(crate) span: u32,
}

impl Spans {
    /// Gives a number to what a row says.
    pub(crate) fn add(&mut self, enrollment: Enrollment) -> u32 {
        self.known.push(enrollment);
        (self.known.len() - 1) as u32
    }

    /// Takes over those of another; answers by how much their numbers grew.
    #[cfg(feature = "rayon")]
    pub(crate) fn append(&mut self, mut other: Spans) -> u32 {
        let moved = self.known.len() as u32;
        self.known.append(&mut other.known);
        moved
    }

    /// All of them, each with the head of a row that says it.
    pub(crate) fn known(&self) -> &[Enrollment] {
        &self.known
    }

    /// Marks those of some districts as replaced by files of the run.
    pub(crate) fn replace(&mut self, replaced: impl Fn(u16) -> bool) {
        for span in self.known.iter_mut().filter(|span| replaced(span.head.district)) {
            span.head.flags |= Head::REPLACED;
        }
    }

    /// A row as rules see it.
    #[inline]
    pub(crate) fn whole(&self, seat: &Seat) -> Option<Enrollment> {
        let Seat { student, file, line, last, first, span } = *seat;
        let span = self.known.get(span as usize)?;
        Some(Enrollment { head: Head { student, file, line, last, first, ..span.head }, ..*span })
    }
}

impl Enrollment {
    /// What a row says.
    pub(crate) fn of(record: &Record<'_>) -> Self {
        let day = |field| record.day(field).unwrap_or(NO_DAY);
        // A code of digits, packed a byte each, as a number.
        let number = |field| {
            let mut packed = record.value(field).filter(|packed| (0..=0xff_ffff).contains(packed))?;
            let (mut number, mut unit) = (0u16, 1u16);
            while packed > 0 {
                number += unit * char::from((packed & 0xff) as u8).to_digit(10)? as u16;
                unit *= 10;
                packed >>= 8;
            }
            Some(number)
        };
        let mark = |mark: u8, holds: bool| if holds { mark } else { 0 };
        let filled = |field| record.is_good(field);
        let end_blank = record.is_blank(f::END_DATE);
        Enrollment {
            head: record.head,
            start: day(f::START_DATE),
            end: if end_blank { OPEN } else { day(f::END_DATE) },
            ninth: day(f::DATE_FIRST_ENTERED_THE_9TH_GRADE),
            year: record.value(f::YEAR).and_then(|year| u16::try_from(year).ok()).unwrap_or(NONE),
            end_status: number(f::END_STATUS).unwrap_or(NONE),
            start_status: number(f::START_STATUS)
                .and_then(|status| u8::try_from(status).ok())
                .unwrap_or(u8::MAX),
            service: record.value(f::SERVICE_TYPE).and_then(|value| u8::try_from(value).ok()).unwrap_or(0),
            grade: if record.is_good(f::GRADE) { record.grade() } else { NO_GRADE },
            marks: mark(Enrollment::NO_SHOW, record.is(f::NO_SHOW, const { code("Y") }))
                | mark(
                    Enrollment::DIPLOMA_COMPLETE,
                    filled(f::DIPLOMA_DATE) && filled(f::DIPLOMA_TYPE) && filled(f::DIPLOMA_PERIOD),
                )
                | mark(Enrollment::END_BLANK, end_blank)
                | mark(Enrollment::END_STATUS_BLANK, record.is_blank(f::END_STATUS)),
        }
    }
}

impl Seat {
    /// Whether both names are there.
    pub(crate) fn is_named(&self) -> bool {
        self.last != 0 && self.first != 0
    }
}

impl Enrollments {
    #[inline]
    pub(crate) fn push(&mut self, head: &Head, span: u32) {
        let Head { student, file, line, last, first, .. } = *head;
        self.rows.push(Seat { student, file, line, last, first, span });
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows student by student, once they are brought together.
    pub(crate) fn students(&self) -> impl Iterator<Item = &[Seat]> {
        self.rows.chunk_by(|one, other| one.student == other.student)
    }

    /// Brings the rows of each student together, students in no order. Cheaper than sorting: rows are dealt out to heaps
    /// of a few students, which are then put in order.
    pub(crate) fn gather(&mut self) {
        self.sort_by_place();
        let bits = self.rows.len().next_power_of_two().ilog2().clamp(1, 16);
        let heap = |seat: &Seat| (seat.student.wrapping_mul(0x85eb_ca6b) >> (32 - bits)) as usize;
        let mut ends = vec![0u32; 1 << bits];
        for seat in &self.rows {
            if let Some(count) = ends.get_mut(heap(seat)) {
                *count = count.wrapping_add(1);
            }
        }
        let mut end = 0u32;
        for count in &mut ends {
            end = end.wrapping_add(*count);
            *count = end;
        }
        // From the last row to the first, so that those of a heap keep their order.
        let Some(first) = self.rows.first().copied() else { return };
        let mut dealt = vec![first; self.rows.len()];
        for seat in self.rows.iter().rev() {
            let Some(end) = ends.get_mut(heap(seat)) else { continue };
            *end = end.wrapping_sub(1);
            if let Some(place) = dealt.get_mut(*end as usize) {
                *place = *seat;
            }
        }
        for heap in dealt.chunk_by_mut(|one, other| heap(one) == heap(other)) {
            heap.sort_by_key(|seat| seat.student);
        }
        self.rows = dealt;
    }

    /// The rows as rules see them.
    pub(crate) fn whole<'a>(&'a self, spans: &'a Spans) -> impl Iterator<Item = Enrollment> + use<'a> {
        self.rows.iter().filter_map(|seat| spans.whole(seat))
    }

    #[cfg(feature = "rayon")]
    pub(crate) fn append(&mut self, mut other: Enrollments) {
        self.rows.append(&mut other.rows);
    }

    #[cfg(feature = "rayon")]
    pub(crate) fn move_spans(&mut self, by: u32) {
        self.rows.iter_mut().for_each(|seat| seat.span += by);
    }

    /// Rows mostly come in this order.
    fn sort_by_place(&mut self) {
        let place = |seat: &Seat| u64::from(seat.file) << 32 | u64::from(seat.line);
        if !self.rows.is_sorted_by_key(place) {
            self.rows.sort_unstable_by_key(place);
        }
    }

    /// Brings the rows of each student together, students by number, rows in the order of file and line.
    pub(crate) fn sort(&mut self) {
        self.sort_by_place();
        // Numbers are sorted faster than rows: the student before the place among the rows.
        let key = |(index, seat): (usize, &Seat)| u64::from(seat.student) << 32 | index as u64;
        let mut order: Vec<u64> = self.rows.iter().enumerate().map(key).collect();
        order.sort_unstable();
        self.rows =
            order.iter().filter_map(|key| self.rows.get((key & 0xffff_ffff) as usize).copied()).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stays_small() {
        assert!(size_of::<Seat>() <= 24, "{}", size_of::<Seat>());
    }

    fn seat(student: u32, line: u32) -> Seat {
        Seat { student, file: 0, line, last: 1, first: 1, span: 0 }
    }

    #[test]
    fn the_rows_of_a_student_are_brought_together_in_their_order() {
        // Three rows of each of 100 students, far apart and the last lines first.
        let rows = (0..300).rev().map(|line| seat(990_000_000 + line % 100, line)).collect();
        let mut rows = Enrollments { rows };
        rows.gather();
        let students: Vec<&[Seat]> = rows.students().collect();
        assert_eq!(students.len(), 100);
        for of_student in students {
            let lines: Vec<u32> = of_student.iter().map(|seat| seat.line).collect();
            let first = lines[0] % 100;
            assert_eq!(lines, [first, first + 100, first + 200]);
        }
    }

    #[test]
    fn a_row_is_named_where_both_names_are_there() {
        let named = |last, first| Seat { last, first, ..seat(1, 2) }.is_named();
        assert_eq!([named(1, 1), named(0, 1), named(1, 0), named(0, 0)], [true, false, false, false]);
    }
}

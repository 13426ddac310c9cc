//! Near matches of identities: two state IDs for one child, one for two.
//!
//! How far two identities agree is a score of 0 to 100, the sum of the points in `spec/near-match.csv`.

use super::{BuiltIn, Whole, student, whole};
use crate::emit::Emit;
use crate::facts::{Identity, NO_DAY};
use crate::reason::Reason;
use crate::record::Head;
use crate::registry::rows;
use crate::student::Student;
use chrono::{Datelike, NaiveDate};
use opi_dictionary::{FieldId, fields as f};
use serde::Deserialize;
use std::cmp::Reverse;
use std::sync::OnceLock;

pub(super) const RULES: &[BuiltIn] =
    &[whole("ID-014", same_identity), whole("ID-015", near_identity), student("ID-016", three_fields)];

/// The score of two identities that agree in everything.
pub(crate) const FULL_SCORE: u8 = 100;

/// What each agreement is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Points {
    last_name: u8,
    first_name: u8,
    birth_date: u8,
    birth_date_near: u8,
    gender: u8,
    /// The score from which ID-015 reports, unless a policy asks for more.
    pub(crate) least: u8,
}

#[derive(Deserialize)]
struct PointsRow {
    item: String,
    points: u8,
}

/// The table of points.
#[allow(clippy::expect_used, reason = "the table is part of the program; a test loads it")]
pub(crate) fn points() -> &'static Points {
    static POINTS: OnceLock<Points> = OnceLock::new();
    POINTS.get_or_init(|| {
        let table = rows::<PointsRow>("near-match", include_str!("../../spec/near-match.csv"));
        let table = table.expect("a well formed table");
        let of = |item: &str| {
            let row = table.iter().find(|row| row.item == item);
            row.expect("every item has its points").points
        };
        Points {
            last_name: of("last_name"),
            first_name: of("first_name"),
            birth_date: of("birth_date"),
            birth_date_near: of("birth_date_near"),
            gender: of("gender"),
            least: of("least"),
        }
    })
}

fn three_fields(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    for row in student.now.identities {
        let Some(mine) = Person::of(row, true) else { continue };
        let mut three = None;
        for known in student.stored.identities.iter().filter_map(|known| Person::of(known, false)) {
            match mine.differing(&known).as_slice() {
                [] => three = None,
                [field] => three = Some((*field, known)),
                _ => continue,
            }
            break;
        }
        if let Some((field, known)) = three {
            let reason = Reason::Agreement { points: mine.score(&known), least: None };
            emit.because(&row.head, field, [known.head.place()], reason);
        }
    }
}

/// The four identity fields of a row that has them all.
#[derive(Clone, Copy)]
pub(super) struct Person {
    head: Head,
    birth: i32,
    gender: u8,
    current: bool,
}

impl Person {
    pub(super) fn of(row: &Identity, current: bool) -> Option<Self> {
        let whole = row.head.last != 0 && row.head.first != 0 && row.birth != NO_DAY && row.gender != 0;
        whole.then_some(Person { head: row.head, birth: row.birth, gender: row.gender, current })
    }

    fn differing(&self, other: &Person) -> Vec<FieldId> {
        let mut fields = Vec::new();
        for (differs, field) in [
            (self.head.last != other.head.last, f::LAST_NAME),
            (self.head.first != other.head.first, f::FIRST_NAME),
            (self.birth != other.birth, f::BIRTH_DATE),
            (self.gender != other.gender, f::GENDER),
        ] {
            if differs {
                fields.push(field);
            }
        }
        fields
    }

    /// How far two identities agree.
    pub(super) fn score(&self, other: &Person) -> u8 {
        let points = points();
        let when = |agrees: bool, points: u8| if agrees { points } else { 0 };
        let birth = if self.birth == other.birth {
            points.birth_date
        } else {
            when(is_slip(self.birth, other.birth), points.birth_date_near)
        };
        when(self.head.last == other.head.last, points.last_name)
            + when(self.head.first == other.head.first, points.first_name)
            + birth
            + when(self.gender == other.gender, points.gender)
    }

    /// Order of the run: stored rows first, since a comparison is reported on the later row.
    fn place(&self) -> (bool, u32, u32) {
        (self.current, self.head.file, self.head.line)
    }

    fn parts(&self) -> [u64; 4] {
        // Birth dates are offset so that every part is a plain number.
        let birth = u64::from(self.birth.cast_unsigned());
        [u64::from(self.head.last), u64::from(self.head.first), birth, u64::from(self.gender)]
    }
}

/// All persons with a state ID: of the run, and stored ones.
fn persons(whole: &Whole<'_>) -> Vec<Person> {
    let of = |partition, current| {
        let rows = Whole::buckets(partition).flat_map(|facts| &facts.identities);
        rows.filter(|row| row.head.student != 0).filter_map(move |row| Person::of(row, current))
    };
    of(whole.now, true).chain(of(whole.stored, false)).collect()
}

fn same_identity(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    let mut persons = persons(whole);
    persons.sort_unstable_by_key(|person| (person.parts(), person.place()));
    for group in persons.chunk_by(|one, other| one.parts() == other.parts()) {
        let Some((first, rest)) = group.split_first() else { continue };
        let mut second = None;
        for person in rest {
            let other = if person.head.student == first.head.student { second } else { Some(first.head) };
            if second.is_none() && person.head.student != first.head.student {
                second = Some(person.head);
            }
            if let (true, Some(other)) = (person.current, other) {
                let reason = Reason::Agreement { points: FULL_SCORE, least: None };
                emit.because(&person.head, f::LAST_NAME, [other.place()], reason);
            }
        }
    }
}

/// A row that resembles another one.
struct Near {
    row: Head,
    other: Head,
    score: u8,
}

fn near_identity(whole: &Whole<'_>, emit: &mut Emit<'_, '_>) {
    let mut persons = persons(whole);
    let mut near: Vec<Near> = Vec::new();
    for left_out in 0..4 {
        if left_out == 2 && whole.world.parameters.near_match_needs_birth_date {
            continue;
        }
        let three = |person: &Person| {
            let mut parts = person.parts();
            let fourth = parts.get_mut(left_out).map_or(0, std::mem::take);
            (parts, fourth)
        };
        persons.sort_unstable_by_key(|person| (three(person).0, person.place()));
        for group in persons.chunk_by(|one, other| three(one).0 == three(other).0) {
            near_in_group(group, |person| three(person).1, &mut near);
        }
    }
    let least = whole.world.parameters.near_match_least_score;
    near.retain(|pair| u32::from(pair.score) >= least);
    let least = u8::try_from(least).ok();
    // The best match of each row, the earliest of several.
    near.sort_unstable_by_key(|pair| (pair.row.place(), Reverse(pair.score), pair.other.place()));
    near.dedup_by_key(|pair| pair.row.place());
    for Near { row, other, score } in near {
        let reason = Reason::Agreement { points: score, least };
        emit.because(&row, f::LAST_NAME, [other.place()], reason);
    }
}

/// Pairs each current person with the one of another ID and another fourth field, among those before it, that
/// resembles it most.
fn near_in_group(group: &[Person], fourth: impl Fn(&Person) -> u64, near: &mut Vec<Near>) {
    if group.len() < 2 {
        return;
    }
    // The first two IDs for each value of the fourth field: enough to find one that differs in both.
    let mut seen: Vec<(u64, Person, Option<Person>)> = Vec::new();
    for person in group {
        let mine = fourth(person);
        if person.current {
            let others = seen.iter().filter(|(value, ..)| *value != mine).filter_map(|(_, first, second)| {
                let both = [Some(first), second.as_ref()];
                both.into_iter().flatten().find(|other| other.head.student != person.head.student)
            });
            let best = others.min_by_key(|other| (Reverse(person.score(other)), other.place()));
            near.extend(best.map(|other| Near {
                row: person.head,
                other: other.head,
                score: person.score(other),
            }));
        }
        match seen.iter_mut().find(|(value, ..)| *value == mine) {
            None => seen.push((mine, *person, None)),
            Some((_, first, second)) if second.is_none() && first.head.student != person.head.student => {
                *second = Some(*person);
            }
            Some(_) => {}
        }
    }
}

/// Whether two dates differ as by a slip of the hand: in one digit, or with month and day exchanged.
fn is_slip(one: i32, other: i32) -> bool {
    let date = NaiveDate::from_num_days_from_ce_opt;
    let (Some(one), Some(other)) = (date(one), date(other)) else { return false };
    let digits = |day: NaiveDate| day.format("%m%d%Y").to_string();
    let (mine, theirs) = (digits(one), digits(other));
    let differing = mine.bytes().zip(theirs.bytes()).filter(|(mine, theirs)| mine != theirs).count();
    let exchanged =
        (one.year(), one.month(), one.day()) == (other.year(), other.day(), other.month()) && one != other;
    differing == 1 || exchanged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_three_fields_reach_the_least_score_and_no_two_do() {
        let points = *points();
        let fields = [points.last_name, points.first_name, points.birth_date, points.gender];
        assert_eq!(fields.iter().sum::<u8>(), FULL_SCORE);
        for left_out in fields {
            assert!(FULL_SCORE - left_out >= points.least);
        }
        for (index, one) in fields.iter().enumerate() {
            for other in &fields[index + 1..] {
                assert!(one + other < points.least);
            }
        }
        let page = crate::page(crate::rule("ID-015").unwrap());
        let in_words = format!(
            "last name {} points, first name {}, birth date {}, or {} where it differs in one digit or month and day are \
             exchanged, gender {}. Any three reach the {} points",
            points.last_name,
            points.first_name,
            points.birth_date,
            points.birth_date_near,
            points.gender,
            points.least
        );
        assert!(page.contains(&in_words), "the page states the points: {in_words}");
        // A slip in the birth date does not make up for another field.
        let names = points.last_name + points.first_name;
        assert!(names + points.birth_date_near < points.least && points.birth_date_near < points.birth_date);
    }

    #[test]
    fn slips_of_dates() {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%m/%d/%Y").unwrap().num_days_from_ce();
        for (one, other, is) in [
            ("04/05/2010", "04/06/2010", true),
            ("04/05/2010", "05/04/2010", true),
            ("04/05/2010", "04/05/2011", true),
            ("04/05/2010", "04/05/2010", false),
            ("04/05/2010", "04/16/2010", false),
            ("04/05/2010", "05/04/2011", false),
            ("04/04/2010", "04/04/2010", false),
        ] {
            assert_eq!(is_slip(day(one), day(other)), is, "{one} {other}");
        }
        assert!(!is_slip(i32::MIN, 0));
    }
}

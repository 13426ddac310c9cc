//! Who holds which place in which year.
//!
//! A place has an occupant at the start of each year. Where the occupant came from is worked out from the
//! year before, place by place, back to the first year: nothing is stored, so that a state of ten million
//! needs no more memory than a small one. Families that move within a year, or over the summer, exchange
//! places among each other: an exchange is a permutation that can be followed both ways.

use crate::geography::{GRADES, NINTH, TWELFTH};
use crate::random::{Purpose, coprime_from, inverse_mod, mul_add_mod};
use crate::state::State;

/// A place: a column of a grade of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) region: u32,
    pub(crate) grade: usize,
    pub(crate) column: u32,
}

/// Where a person first appears: this names the person for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    pub(crate) year: i32,
    pub(crate) place: Place,
}

/// How the occupant of a place came to hold it at the start of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The first school of their life.
    First,
    /// From outside the state's public schools.
    Newcomer,
    /// Back after leaving them last year.
    Returned,
    /// From the grade below, or in the first year as if so.
    Continued,
    /// From the same grade.
    Retained,
}

/// The occupant of a place at the start of a year.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occupant {
    pub(crate) person: Origin,
    pub(crate) arrival: Arrival,
    /// The place held at the end of the year before.
    pub(crate) from: Option<Place>,
    /// When and where grade 9 began.
    pub(crate) ninth: Option<(i32, Place)>,
}

/// What happens at a place during the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Stay,
    /// The occupant moves to another place, and another family comes.
    Move,
    Leave,
    LeaveAndReturn,
    Reentry,
    NoShow,
    Dropout,
    GradeChange,
    PartialOnly,
    SpecialOnly,
    PartialSecond,
    PartTime,
    EarlyGraduate,
}

/// What was drawn for a place and year.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw {
    pub(crate) event: Event,
    /// Two points of the year, in ten thousandths.
    pub(crate) points: (u32, u32),
    pub(crate) retained: bool,
    pub(crate) summer_leave: bool,
    pub(crate) newcomer: bool,
    pub(crate) late: bool,
    /// For codes to be picked by weight.
    pub(crate) codes: [u32; 3],
}

/// An exchange of places among families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exchange {
    /// During the year, between neighbouring schools.
    Near = 0,
    /// During the year, anywhere in the state.
    Far = 1,
    /// Over the summer, between neighbouring schools.
    SummerNear = 2,
    /// Over the summer, anywhere in the state.
    SummerFar = 3,
}

impl Exchange {
    /// Every how many places one takes part.
    const fn stride(self) -> u64 {
        match self {
            Exchange::Near => 40,
            Exchange::Far => 80,
            Exchange::SummerNear => 32,
            Exchange::SummerFar => 64,
        }
    }

    /// Which of the strides; the two of a season never share a place.
    const fn residue(self) -> u64 {
        match self {
            Exchange::Near | Exchange::SummerNear => 7,
            Exchange::Far | Exchange::SummerFar => 9,
        }
    }
}

impl State {
    /// The number of a place in the state.
    pub(crate) fn place_number(&self, place: Place) -> u64 {
        let region = self.geography.regions.get(place.region as usize);
        let before: u64 = region.map_or(0, |region| {
            region.first_place + region.columns.iter().take(place.grade).copied().map(u64::from).sum::<u64>()
        });
        before + u64::from(place.column)
    }

    /// The number of a person: unique in the state over all its years.
    pub(crate) fn person_number(&self, person: Origin) -> u64 {
        self.year_index(person.year) * self.geography.places + self.place_number(person.place)
    }

    /// The school at a place in a year.
    pub(crate) fn school_at(&self, place: Place, year: i32) -> Option<u32> {
        self.geography.school_at(place.region, place.grade, place.column, year)
    }

    /// What happens at a place in a year, the occupant aside.
    pub(crate) fn draw(&self, year: i32, place: Place) -> Draw {
        let index = self.year_index(year) * self.geography.places + self.place_number(place);
        let mut stream = self.seed.stream(Purpose::Seat, index);
        let rates = self.rates_at(place, year);
        let (grade, high) = (place.grade, place.grade >= NINTH);
        let sister =
            self.school_at(place, year).and_then(|school| self.geography.schools.get(school as usize));
        let sister = sister.is_some_and(|school| school.sister.is_some());
        let only = |rate: u32, when: bool| if when { rate } else { 0 };
        let chances = [
            (Event::Leave, rates.leave_outside),
            (Event::LeaveAndReturn, only(rates.leave_and_return, grade < TWELFTH)),
            (Event::Reentry, rates.reentry),
            (Event::NoShow, only(rates.no_show, grade > 1)),
            (Event::Dropout, if high { rates.dropout_high } else { only(rates.dropout_middle, grade >= 8) }),
            (Event::GradeChange, only(rates.grade_change, high && grade < TWELFTH)),
            (Event::PartialOnly, only(rates.partial_only, grade > 1)),
            (Event::SpecialOnly, only(rates.special_only, grade > 1)),
            (Event::PartialSecond, only(rates.partial_second, sister)),
            (Event::PartTime, only(rates.part_time, grade + 1 >= TWELFTH)),
            (Event::EarlyGraduate, only(rates.early_graduate, grade == TWELFTH)),
        ];
        let mut left = stream.below(10_000);
        let drawn = chances.iter().find(|(_, rate)| match left.checked_sub(*rate) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        });
        let moves = self.exchange(year, place, [Exchange::Near, Exchange::Far]).is_some();
        let event = if moves { Event::Move } else { drawn.map_or(Event::Stay, |(event, _)| *event) };
        let points = (500 + stream.below(5_000), 6_000 + stream.below(3_400));
        let stays = matches!(event, Event::Stay | Event::Move | Event::PartTime);
        let retain = match grade {
            0 => 0,
            1 => rates.retained_kindergarten,
            TWELFTH => rates.retained_senior,
            grade if grade >= NINTH => rates.retained_high,
            _ => rates.retained_elementary,
        };
        let summer_leave = stream.happens(rates.summer_leave) && grade < TWELFTH;
        let retained = stream.happens(retain) && stays && !summer_leave;
        let newcomer = stream.happens(rates.founding_newcomer) && grade > 1;
        let late = stream.happens(rates.late_arrival);
        let codes = [stream.below(10_000), stream.below(10_000), stream.below(10_000)];
        Draw { event, points, retained, summer_leave, newcomer, late, codes }
    }

    /// Where the occupant of a place moves during the year.
    pub(crate) fn destination(&self, year: i32, place: Place) -> Option<Place> {
        let exchange = self.exchange(year, place, [Exchange::Near, Exchange::Far])?;
        self.follow(year, place, exchange, true)
    }

    /// From where the family comes that takes over a place during the year.
    pub(crate) fn source(&self, year: i32, place: Place) -> Option<Place> {
        let exchange = self.exchange(year, place, [Exchange::Near, Exchange::Far])?;
        self.follow(year, place, exchange, false)
    }

    /// Who holds a place at the start of a year.
    pub(crate) fn occupant(&self, year: i32, place: Place) -> Occupant {
        let summer = if year > self.first_year {
            self.exchange(year, place, [Exchange::SummerNear, Exchange::SummerFar])
        } else {
            None
        };
        match summer.and_then(|exchange| self.follow(year, place, exchange, false)) {
            Some(other) => self.promoted(year, other),
            None => self.promoted(year, place),
        }
    }

    /// Who would hold a place if nobody moved over the summer.
    fn promoted(&self, year: i32, place: Place) -> Occupant {
        if year <= self.first_year {
            return self.founder(year, place);
        }
        let last = year - 1;
        if self.draw(last, place).retained
            && let Some(occupant) = self.last_occupant(last, place)
        {
            return self.moved_up(occupant, Arrival::Retained, year, place, place);
        }
        let below = place.grade.checked_sub(1).map(|grade| Place { grade, ..place });
        let below = below.filter(|below| below.column < self.geography.columns(below.region, below.grade));
        if let Some(below) = below {
            let draw = self.draw(last, below);
            if !draw.retained {
                if draw.event == Event::LeaveAndReturn {
                    return self.moved_up(self.occupant(last, below), Arrival::Returned, year, place, below);
                }
                if self.continues(&draw)
                    && let Some(occupant) = self.last_occupant(last, below)
                {
                    return self.moved_up(occupant, Arrival::Continued, year, place, below);
                }
            }
        }
        self.newcomer(year, place)
    }

    fn founder(&self, year: i32, place: Place) -> Occupant {
        let draw = self.draw(year, place);
        let below = place.grade.checked_sub(1).map(|grade| Place { grade, ..place });
        let from = below.filter(|below| below.column < self.geography.columns(below.region, below.grade));
        match from {
            Some(from) if !draw.newcomer && place.grade > 1 => {
                let occupant = self.newcomer(year, place);
                Occupant { arrival: Arrival::Continued, from: Some(from), ..occupant }
            }
            _ => self.newcomer(year, place),
        }
    }

    fn newcomer(&self, year: i32, place: Place) -> Occupant {
        let arrival = if place.grade <= 1 { Arrival::First } else { Arrival::Newcomer };
        let ninth = (place.grade >= NINTH).then(|| {
            let column = place.column.min(self.geography.columns(place.region, NINTH).saturating_sub(1));
            let years = i32::try_from(place.grade - NINTH).unwrap_or(0);
            (year - years, Place { grade: NINTH, column, ..place })
        });
        Occupant { person: Origin { year, place }, arrival, from: None, ninth }
    }

    /// The occupant of last year's place `from` in their new place; an exchange student goes home instead.
    fn moved_up(
        &self,
        occupant: Occupant,
        arrival: Arrival,
        year: i32,
        place: Place,
        from: Place,
    ) -> Occupant {
        if self.goes_home(&occupant) {
            return self.newcomer(year, place);
        }
        let ninth = occupant.ninth.or_else(|| (place.grade >= NINTH).then_some((year, place)));
        Occupant { person: occupant.person, arrival, from: Some(from), ninth }
    }

    /// Whether the occupant is an exchange student, who stays for one year.
    pub(crate) fn goes_home(&self, occupant: &Occupant) -> bool {
        occupant.person.place.grade >= NINTH && self.is_exchange_student(occupant.person)
    }

    /// Who holds a place at the end of a year.
    fn last_occupant(&self, year: i32, place: Place) -> Option<Occupant> {
        match self.draw(year, place).event {
            Event::Leave | Event::LeaveAndReturn | Event::NoShow | Event::Dropout | Event::EarlyGraduate => {
                None
            }
            Event::Move => Some(self.occupant(year, self.source(year, place).unwrap_or(place))),
            _ => Some(self.occupant(year, place)),
        }
    }

    /// Whether who holds the place at the end of the year comes back after the summer.
    fn continues(&self, draw: &Draw) -> bool {
        !draw.summer_leave
    }

    /// Whether who holds the place at the end of the year has a place in the next.
    pub(crate) fn has_place_next_year(&self, year: i32, place: Place) -> bool {
        let draw = self.draw(year, place);
        if draw.retained {
            return true;
        }
        let next = Place { grade: place.grade + 1, ..place };
        next.grade < GRADES
            && next.column < self.geography.columns(next.region, next.grade)
            && self.continues(&draw)
            && !self.draw(year, next).retained
    }

    /// In which of the exchanges a place takes part.
    fn exchange(&self, year: i32, place: Place, among: [Exchange; 2]) -> Option<Exchange> {
        let ordinal = self.geography.grade_start(place.grade, place.region) + u64::from(place.column);
        let total = self.geography.grade_total(place.grade);
        among.into_iter().find(|exchange| {
            let shifted = ordinal + self.exchange_offset(year, place.grade, *exchange);
            shifted % exchange.stride() == exchange.residue() && total >= 2 * exchange.stride()
        })
    }

    /// Both exchanges of a season count from the same offset, so that they stay apart.
    fn exchange_offset(&self, year: i32, grade: usize, exchange: Exchange) -> u64 {
        let season = u64::from(exchange as u8 >= Exchange::SummerNear as u8);
        self.offset(year, grade, season)
    }

    /// The place to which an exchange leads from here, or from which it leads here.
    fn follow(&self, year: i32, place: Place, exchange: Exchange, forth: bool) -> Option<Place> {
        let total = self.geography.grade_total(place.grade);
        let (stride, offset) = (exchange.stride(), self.exchange_offset(year, place.grade, exchange));
        // Members are the ordinals `first`, `first + stride`, ... below the total.
        let first = (exchange.residue() + stride - offset % stride) % stride;
        let members = total.checked_sub(first)?.div_ceil(stride);
        let ordinal = self.geography.grade_start(place.grade, place.region) + u64::from(place.column);
        let member = ordinal.checked_sub(first)? / stride;
        let near = matches!(exchange, Exchange::Near | Exchange::SummerNear);
        let multiplier = if near { 1 } else { coprime_from(members * 618 / 1000, members) };
        let shift = if near { 1 } else { offset };
        let other = if forth {
            mul_add_mod(multiplier, member, shift, members)
        } else {
            let back = (member + members - shift % members) % members;
            mul_add_mod(inverse_mod(multiplier, members)?, back, 0, members)
        };
        let (region, column) = self.geography.place_of(place.grade, first + other * stride)?;
        Some(Place { region, grade: place.grade, column })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plan, State};
    use opi_dictionary::SchoolYear;
    use std::collections::BTreeSet;

    fn state(students: u64, seed: u64) -> State {
        State::new(Plan { students, years: 3, last_year: SchoolYear::ending(2026).unwrap(), seed }).unwrap()
    }

    fn places(state: &State) -> impl Iterator<Item = Place> + '_ {
        let regions = u32::try_from(state.geography.regions.len()).unwrap();
        let grades = (0..regions).flat_map(|region| (0..GRADES).map(move |grade| (region, grade)));
        grades.flat_map(|(region, grade)| {
            (0..state.geography.columns(region, grade)).map(move |column| Place { region, grade, column })
        })
    }

    #[test]
    fn places_are_numbered_without_gap() {
        for students in [1, 40, 3_000, 20_011] {
            let state = state(students, 5);
            let numbers: Vec<u64> = places(&state).map(|place| state.place_number(place)).collect();
            assert_eq!(numbers, (0..students).collect::<Vec<_>>());
            for place in places(&state) {
                let ordinal =
                    state.geography.grade_start(place.grade, place.region) + u64::from(place.column);
                assert_eq!(
                    state.geography.place_of(place.grade, ordinal),
                    Some((place.region, place.column))
                );
                assert!(state.school_at(place, 2026).is_some());
            }
        }
    }

    #[test]
    fn exchanges_lead_back() {
        let state = state(20_000, 5);
        let mut movers = 0;
        for place in places(&state) {
            if let Some(destination) = state.destination(2025, place) {
                movers += 1;
                assert_eq!(destination.grade, place.grade);
                assert_eq!(state.source(2025, destination), Some(place));
            }
        }
        assert!((600..900).contains(&movers), "{movers}");
    }

    #[test]
    fn nobody_holds_two_places() {
        let state = state(9_000, 11);
        for year in 2024..=2026 {
            let people: BTreeSet<Origin> =
                places(&state).map(|place| state.occupant(year, place).person).collect();
            assert_eq!(people.len(), 9_000, "{year}");
        }
    }

    #[test]
    fn a_school_teaches_the_grades_of_its_places() {
        let state = state(20_000, 3);
        for place in places(&state) {
            let school = state.school(state.school_at(place, 2025).unwrap()).unwrap();
            assert!((school.grades.0..=school.grades.1).contains(&place.grade));
        }
    }
}

//! All rows of one student side by side: those of the run, the stored ones, and those of the year before.

use crate::FactKind;
use crate::emit::{Emit, Place};
use crate::facts::FileKind;
use crate::facts::{
    Attendance, Count, Enrollment, Fact, Facts, FollowUp, Homeless, Identity, Incident, Learner, Meal, OPEN,
    Pathway, Plan, Program, Seat,
};
use crate::pass::{FileInfo, Role};
use crate::record::{Head, NONE};
use crate::register::StoredFact;
use crate::table::Present;
use crate::world::{Days, World};
use chrono::NaiveDate;
use hashbrown::HashSet;
use opi_dictionary::FieldId;

macro_rules! sheaf {
    ($($field:ident: $kind:ty),* $(,)?) => {
        /// Rows of one student, or what is left of a bucket.
        #[derive(Clone, Copy, Default)]
        pub(crate) struct Sheaf<'a> {
            pub(crate) enrollments: &'a [Enrollment],
            $(pub(crate) $field: &'a [$kind],)*
        }

        impl<'a> Sheaf<'a> {
            /// The facts of a bucket, of which the enrollments were made whole.
            pub(crate) fn of(facts: &'a Facts, enrollments: &'a [Enrollment]) -> Self {
                Sheaf { enrollments, $($field: &facts.$field,)* }
            }

            /// Whether it holds nothing.
            pub(crate) fn is_empty(&self) -> bool {
                self.enrollments.is_empty() $(&& self.$field.is_empty())*
            }

            /// The least student in it; the greatest number when there is none.
            #[inline]
            fn next_student(&self) -> u32 {
                let mut least = self.enrollments.first().map_or(u32::MAX, |first| first.head.student);
                $(if let Some(first) = self.$field.first() { least = least.min(first.head.student); })*
                least
            }

            /// Calls a function for every row.
            pub(crate) fn each_head(&self, mut act: impl FnMut(&Head)) {
                self.enrollments.iter().for_each(|row| act(&row.head));
                $(self.$field.iter().for_each(|row| act(&row.head));)*
            }

            /// The first row, files in the order of this list.
            pub(crate) fn first_head(&self) -> Option<&'a Head> {
                if let Some(first) = self.enrollments.first() {
                    return Some(&first.head);
                }
                $(if let Some(first) = self.$field.first() { return Some(&first.head); })*
                None
            }

            /// Takes the rows of a student off the front: of the least one, or none.
            fn take(&mut self, student: u32) -> Sheaf<'a> {
                Sheaf {
                    enrollments: take(&mut self.enrollments, student),
                    $($field: take(&mut self.$field, student),)*
                }
            }
        }
    };
}

sheaf! {
    identities: Identity, counts: Count, programs: Program, learners: Learner,
    attendance: Attendance, pathways: Pathway, follow_ups: FollowUp, plans: Plan, meals: Meal, homeless: Homeless,
    incidents: Incident, seats: Seat,
}

#[inline]
fn take<'a, T: Fact>(rest: &mut &'a [T], student: u32) -> &'a [T] {
    if rest.is_empty() {
        return &[];
    }
    take_some(rest, student)
}

fn take_some<'a, T: Fact>(rest: &mut &'a [T], student: u32) -> &'a [T] {
    let end = rest.iter().position(|fact| fact.head().student != student).unwrap_or(rest.len());
    let (mine, tail) = rest.split_at(end);
    *rest = tail;
    mine
}

/// Calls a function for each student of a bucket, by number.
pub(crate) fn each_student<'a>(
    world: &'a World<'a>,
    run: &'a Run<'a>,
    [mut now, mut stored, mut prior]: [Sheaf<'a>; 3],
    facts: &'a [StoredFact],
    mut act: impl FnMut(&Student<'a>),
) {
    // Most runs have no register and no last year: these are then not looked at again for each student.
    let (no_stored, no_prior) = (stored.is_empty(), prior.is_empty());
    loop {
        let mut id = now.next_student();
        if !no_stored {
            id = id.min(stored.next_student());
        }
        if !no_prior {
            id = id.min(prior.next_student());
        }
        if id == u32::MAX {
            return;
        }
        let student = Student {
            id,
            now: now.take(id),
            stored: if no_stored { Sheaf::default() } else { stored.take(id) },
            prior: if no_prior { Sheaf::default() } else { prior.take(id) },
            facts: if facts.is_empty() {
                facts
            } else {
                let from = facts.partition_point(|fact| fact.student < id);
                let rest = facts.get(from..).unwrap_or_default();
                rest.get(..rest.partition_point(|fact| fact.student == id)).unwrap_or_default()
            },
            world,
            run,
        };
        if id != 0 {
            act(&student);
        }
    }
}

impl<'a> Student<'a> {
    /// A student of whom nothing is known but enrollments of the run.
    pub(crate) fn enrolled(world: &'a World<'a>, run: &'a Run<'a>, enrollments: &'a [Enrollment]) -> Self {
        Student {
            id: enrollments.first().map_or(0, |row| row.head.student),
            now: Sheaf { enrollments, ..Sheaf::default() },
            stored: Sheaf::default(),
            prior: Sheaf::default(),
            facts: &[],
            world,
            run,
        }
    }
}

/// A student as rules over several rows see one.
pub struct Student<'a> {
    pub(crate) id: u32,
    pub(crate) now: Sheaf<'a>,
    pub(crate) stored: Sheaf<'a>,
    pub(crate) prior: Sheaf<'a>,
    pub(crate) facts: &'a [StoredFact],
    pub(crate) world: &'a World<'a>,
    pub(crate) run: &'a Run<'a>,
}

/// What rules about students know of the run as a whole.
pub(crate) struct Run<'a> {
    pub(crate) present: &'a Present,
    /// Whether there are stored identities.
    pub(crate) register_known: bool,
    /// Whether there are demographics in the run.
    pub(crate) demographics_known: bool,
    pub(crate) files: &'a [FileInfo],
    /// Which files hold rows of which district.
    pub(crate) covered: Covered,
    /// Sections of the run and stored ones.
    pub(crate) sections: HashSet<u64>,
}

/// Of which districts there are rows, by role and kind of file. What a district did not send is not judged to lack
/// anything, whatever the other districts of the run sent: its findings are those of a run by itself.
pub(crate) struct Covered(HashSet<(Role, FileKind, u16)>);

impl Covered {
    pub(crate) fn of(files: &[FileInfo]) -> Self {
        let of_file = |file: &FileInfo| {
            let (role, kind) = (file.role, file.kind);
            file.districts.iter().map(move |district| (role, kind, *district)).collect::<Vec<_>>()
        };
        Covered(files.iter().flat_map(of_file).collect())
    }

    pub(crate) fn holds(&self, role: Role, kind: FileKind, district: u16) -> bool {
        self.0.contains(&(role, kind, district))
    }

    /// Whether a district sent rows of the kind, or stored rows of it are on file.
    pub(crate) fn knows(&self, kind: FileKind, district: u16) -> bool {
        self.holds(Role::Current, kind, district)
            || self.0.iter().any(|(role, of, _)| (*role, *of) == (Role::Register, kind))
    }
}

impl Run<'_> {
    /// The file in which something about a district is missing: one that holds the district, else the first of its
    /// kind.
    pub(crate) fn file_of(&self, kind: FileKind, district: u16) -> Option<u32> {
        let mut of_kind =
            self.files.iter().enumerate().filter(|(_, file)| file.role == Role::Current && file.kind == kind);
        let first = of_kind.next()?;
        let holds = |(_, file): &(usize, &FileInfo)| file.districts.contains(&district);
        let found = std::iter::once(first).chain(of_kind).find(holds).unwrap_or(first);
        Some(found.0 as u32)
    }

    /// Whether a file of the kind holds rows of the district.
    pub(crate) fn covers(&self, kind: FileKind, district: u16) -> bool {
        self.covered.holds(Role::Current, kind, district)
    }

    /// Whether a district sent rows of the kind, or stored rows of it are on file.
    pub(crate) fn knows(&self, kind: FileKind, district: u16) -> bool {
        self.covered.knows(kind, district)
    }

    /// Whether the enrollments of a district are in the run, or stored ones are on file: only then does a row lack one.
    pub(crate) fn knows_enrollments(&self, district: u16) -> bool {
        self.present.has("reg.EN") || self.covers(FileKind::Enrollments, district)
    }

    /// Whether the students of a district are known: stored, or for want of that by the demographics that it sent.
    /// A row without district is judged by whatever demographics there are.
    pub(crate) fn knows_students(&self, district: u16) -> bool {
        let sent = || district == NONE || self.covers(FileKind::Demographics, district);
        self.register_known || (self.demographics_known && sent())
    }
}

/// An enrollment of the run, for rules of one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnrollmentSpan {
    /// Where it stands.
    pub place: Place,
    /// District number, where it can be read.
    pub district: Option<u16>,
    /// School number, where it can be read.
    pub school: Option<u16>,
    /// First day.
    pub start: NaiveDate,
    /// Last day; `None` when open.
    pub end: Option<NaiveDate>,
}

impl<'a> Student<'a> {
    /// The enrollments of the run whose dates can be read, in the order of file and line.
    pub fn enrollments(&self) -> impl Iterator<Item = EnrollmentSpan> + '_ {
        let some = |number: u16| (number != NONE).then_some(number);
        self.now.enrollments.iter().filter_map(move |row| {
            let (start, end) = row.span()?;
            Some(EnrollmentSpan {
                place: row.head.place(),
                district: some(row.head.district),
                school: some(row.head.school),
                start: NaiveDate::from_num_days_from_ce_opt(start)?,
                end: if end == OPEN { None } else { NaiveDate::from_num_days_from_ce_opt(end) },
            })
        })
    }

    /// Reports a row of the student.
    pub fn report(&self, emit: &mut Emit<'_, '_>, place: Place, field: FieldId) {
        emit.put(place, Some(field), self.id, NONE, None);
    }

    /// Enrollments of the run, and stored ones that the run does not replace: those of this year.
    pub(crate) fn known_enrollments(&self) -> impl Iterator<Item = &'a Enrollment> + use<'a> {
        let year = self.world.year.end_year() as u16;
        let stored = self.stored.enrollments.iter();
        self.now.enrollments.iter().chain(
            stored.filter(move |row| !row.head.has(Head::REPLACED) && (row.year == year || row.year == NONE)),
        )
    }

    /// Stored enrollments of other years and those of last year's files.
    pub(crate) fn earlier_enrollments(&self) -> impl Iterator<Item = &'a Enrollment> + use<'a> {
        let year = self.world.year.end_year() as u16;
        self.prior.enrollments.iter().chain(self.stored.enrollments.iter().filter(move |row| row.year < year))
    }

    /// Whether a row is one that is checked.
    pub(crate) fn is_current(&self, head: &Head) -> bool {
        self.run.files.get(head.file as usize).is_some_and(|file| file.role == Role::Current)
    }

    /// Whether neither the register nor, for want of one, the demographics of the run know the student.
    pub(crate) fn is_unknown(&self) -> bool {
        if self.run.register_known {
            return self.stored.identities.is_empty();
        }
        self.run.demographics_known && self.now.identities.is_empty() && {
            let mut missed = false;
            self.now.each_head(|head| missed |= self.run.knows_students(head.district));
            missed
        }
    }

    /// The birth date: of the run, else stored.
    pub(crate) fn birth(&self) -> Option<i32> {
        let of =
            |rows: &[Identity]| rows.iter().map(|row| row.birth).find(|birth| *birth != crate::facts::NO_DAY);
        of(self.now.identities).or_else(|| of(self.stored.identities))
    }

    /// Age in whole years on a day.
    pub(crate) fn age_on(&self, day: i32) -> Option<i32> {
        World::age(self.birth()?, day)
    }

    pub(crate) fn fact(&self, kind: FactKind) -> Option<&'a StoredFact> {
        self.facts_of(kind).next()
    }

    pub(crate) fn facts_of(&self, kind: FactKind) -> impl Iterator<Item = &'a StoredFact> + use<'a> {
        self.facts.iter().filter(move |fact| fact.kind == kind)
    }

    /// The enrollments of the run that a stored fact touches; one whose dates cannot be read counts as the whole year.
    pub(crate) fn enrollments_during(&self, kind: FactKind) -> impl Iterator<Item = &'a Enrollment> {
        let year = (self.world.year_first, self.world.year_last);
        self.now.enrollments.iter().filter(move |row| {
            let (start, end) = row.span().unwrap_or(year);
            self.facts_of(kind).any(|fact| fact.first <= end && start <= fact.last)
        })
    }

    pub(crate) fn fact_on(&self, kind: FactKind, day: i32) -> Option<&'a StoredFact> {
        self.facts_of(kind).find(|fact| fact.first <= day && day <= fact.last)
    }

    pub(crate) fn calendar(&self, head: &Head) -> Option<&'a Days> {
        self.world.calendar(head.district, head.school, head.calendar)
    }

    /// The count date of a count row.
    pub(crate) fn count_date(&self, count: &Count) -> Option<i32> {
        self.world.count_date(count.kind.count(), count.head.district, self.calendar(&count.head))
    }

    /// The enrollment behind a row that names school and calendar: the primary one first, then the latest.
    pub(crate) fn enrollment_behind(&self, head: &Head, day: Option<i32>) -> Option<&'a Enrollment> {
        let fits = |row: &&Enrollment| row.head.same_calendar(head) && day.is_none_or(|day| row.holds(day));
        self.known_enrollments().filter(fits).max_by_key(|row| (row.is_primary(), row.start, row.head.line))
    }
}

impl Emit<'_, '_> {
    /// Reports a row.
    pub(crate) fn at(&mut self, head: &Head, field: FieldId) {
        self.put(head.place(), Some(field), head.student, head.district, None);
    }

    /// Reports a row as a whole.
    pub(crate) fn row(&mut self, head: &Head, other: Option<&Head>) {
        self.put(head.place(), None, head.student, head.district, other.map(Head::place));
    }

    /// Reports a row because of another.
    pub(crate) fn with(&mut self, head: &Head, field: FieldId, other: &Head) {
        self.put(head.place(), Some(field), head.student, head.district, Some(other.place()));
    }

    /// Reports something that is missing from a file: line 0, about a student.
    pub(crate) fn missing(&mut self, file: u32, head: &Head) {
        self.put(Place { file, line: 0 }, None, head.student, head.district, Some(head.place()));
    }
}

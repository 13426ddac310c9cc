//! Names, birth dates, race.

use super::{BuiltIn, record, student};
use crate::emit::Emit;
use crate::facts::{Identity, NO_DAY};
use crate::record::Record;
use crate::student::Student;
use crate::{FactKind, World};
use opi_dictionary::{FieldId, fields as f};

pub(super) const RULES: &[BuiltIn] = &[
    record("DEM-001", &["SD"], last_name),
    record("DEM-002", &["SD"], first_name),
    record("DEM-003", &["SD"], middle_name),
    record("DEM-004", &["SD"], placeholder),
    record("DEM-005", &["SD"], suffix_in_last_name),
    student("DEM-008", age),
    student("DEM-009", address),
    student("DEM-010", changed_birth),
    student("RACE-003", race_twice),
    student("RACE-004", declined),
    student("RACE-006", american_indian_changed),
];

/// Words that stand for a middle name that is not there.
const NO_MIDDLE_NAME: [&str; 3] = ["NMN", "NONE", "N/A"];
/// Words that stand for a name that is not known.
const PLACEHOLDERS: [&str; 3] = ["TEST", "UNKNOWN", "BABY"];
/// Suffixes that may also be a last name or an initial.
const NOT_ONLY_SUFFIXES: [&str; 3] = ["I", "V", "X"];

/// Letters of any script with their accents, spaces, hyphen (that of a typewriter or of print), apostrophe (straight or
/// curled) and period.
fn is_name(text: &str) -> bool {
    let accent = |c: char| ('\u{300}'..='\u{36f}').contains(&c);
    text.chars().all(|c| {
        c.is_alphabetic()
            || accent(c)
            || matches!(c, ' ' | '-' | '\u{2010}' | '\u{2011}' | '\'' | '\u{2019}' | '.')
    })
}

fn name(record: &Record<'_>, field: FieldId, emit: &mut Emit<'_, '_>) {
    if record.is_good(field) && !is_name(record.text(field)) {
        record.report(emit, field);
    }
}

fn last_name(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    name(record, f::LAST_NAME, emit);
}

fn first_name(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    name(record, f::FIRST_NAME, emit);
}

fn middle_name(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    if !record.is_good(f::MIDDLE_NAME) {
        return;
    }
    let text = record.text(f::MIDDLE_NAME);
    let stand_in = NO_MIDDLE_NAME.iter().any(|word| word.eq_ignore_ascii_case(text));
    if stand_in || !is_name(text) || !text.chars().any(char::is_alphabetic) {
        record.report(emit, f::MIDDLE_NAME);
    }
}

/// What programs write where they have no value. Written so: Null is a name.
const NO_VALUES: &[&str] = &["null", "NULL", "none", "NONE", "XX", "xx", "XXX", "xxx"];

fn placeholder(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    let stands_in = |field: FieldId| {
        let is_word = |word: &str| PLACEHOLDERS.iter().any(|known| known.eq_ignore_ascii_case(word));
        let name = record.text(field);
        let no_letter = !name.is_empty() && !name.chars().any(char::is_alphabetic);
        record.is_good(field) && (no_letter || NO_VALUES.contains(&name) || name.split(' ').any(is_word))
    };
    if stands_in(f::LAST_NAME) || stands_in(f::FIRST_NAME) {
        record.report(emit, f::LAST_NAME);
    }
}

fn suffix_in_last_name(record: &Record<'_>, emit: &mut Emit<'_, '_>) {
    if !record.is_good(f::LAST_NAME) {
        return;
    }
    let Some((_, word)) = record.text(f::LAST_NAME).rsplit_once(' ') else { return };
    let word = word.strip_suffix('.').unwrap_or(word);
    let Ok(set) = record.world.references.dictionary.code_set("name-suffix") else { return };
    let is_suffix = |code: &str| code.eq_ignore_ascii_case(word) && !NOT_ONLY_SUFFIXES.contains(&code);
    if set.codes().any(is_suffix) {
        record.report(emit, f::SUFFIX);
    }
}

fn age(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let limits = &student.world.parameters;
    let (youngest, oldest) = (limits.youngest_age as i32, limits.oldest_age as i32);
    if student.known_enrollments().next().is_none() {
        return;
    }
    for row in student.now.identities.iter().filter(|row| row.birth != NO_DAY) {
        let age = World::age(row.birth, student.world.september_10);
        if !age.is_some_and(|age| (youngest..=oldest).contains(&age)) {
            emit.at(&row.head, f::BIRTH_DATE);
        }
    }
}

fn address(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.fact(FactKind::Address).is_none() {
        student.now.identities.iter().for_each(|row| emit.row(&row.head, None));
    }
}

/// Reports each row of demographics that differs from last year's.
fn changed(
    student: &Student<'_>,
    emit: &mut Emit<'_, '_>,
    field: FieldId,
    differs: impl Fn(&Identity, &Identity) -> bool,
) {
    for row in student.now.identities {
        if let Some(before) = student.prior.identities.iter().find(|before| differs(row, before)) {
            emit.with(&row.head, field, &before.head);
        }
    }
}

fn changed_birth(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    changed(student, emit, f::BIRTH_DATE, |row, before| {
        let birth = row.birth != NO_DAY && before.birth != NO_DAY && row.birth != before.birth;
        birth || (row.gender != 0 && before.gender != 0 && row.gender != before.gender)
    });
}

fn american_indian_changed(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    changed(student, emit, f::AMERICAN_INDIAN_OR_ALASKA_NATIVE, |row, before| {
        let good = |identity: &Identity| identity.marks & Identity::RACES_GOOD != 0;
        good(row) && good(before) && (row.races ^ before.races) & 1 == 1
    });
}

fn race_twice(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    let mut codes: Vec<&str> = student.facts_of(FactKind::RaceCode).map(|fact| &*fact.value).collect();
    codes.sort_unstable();
    if codes.windows(2).any(|pair| pair.first() == pair.last()) {
        student.now.identities.iter().for_each(|row| emit.at(&row.head, f::AMERICAN_INDIAN_OR_ALASKA_NATIVE));
    }
}

fn declined(student: &Student<'_>, emit: &mut Emit<'_, '_>) {
    if student.facts_of(FactKind::Ethnicity).any(|fact| &*fact.value == "-1") {
        student.now.identities.iter().for_each(|row| emit.at(&row.head, f::HISPANIC_LATINO));
    }
}

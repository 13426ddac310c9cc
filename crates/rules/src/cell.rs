//! Values as rules compare them: every field of a row as one small number, read once.

use std::num::NonZeroU64;

/// The state of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Blank,
    /// Failed its own form or length; a rule that reads it is not evaluated.
    Bad,
    Good,
}

/// A field of a row: days are counted from the first of the common era, numbers stand in ten-thousandths or, for
/// identifiers, as they are, codes as [`code`] packs them, free text as 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) state: State,
    pub(crate) value: i64,
}

impl Cell {
    pub(crate) const BLANK: Cell = Cell { state: State::Blank, value: 0 };
    pub(crate) const BAD: Cell = Cell { state: State::Bad, value: 0 };

    pub(crate) const fn good(value: i64) -> Cell {
        Cell { state: State::Good, value }
    }

    #[inline]
    pub(crate) fn get(self) -> Option<i64> {
        if self.state == State::Good { Some(self.value) } else { None }
    }
}

/// What decimals are multiplied by.
pub(crate) const DECIMAL_SCALE: i64 = 10_000;

/// A number together with how many digits it was written, so that `01` and `1` are two; none where there is no number.
pub(crate) fn as_written(value: Option<i64>, text: &str) -> Option<NonZeroU64> {
    const FIFTEEN_DIGITS: u64 = 1_000_000_000_000_000;
    let value = u64::try_from(value?).ok()?;
    NonZeroU64::new(FIFTEEN_DIGITS.wrapping_mul(text.len() as u64).wrapping_add(value))
}

/// A code as a number: up to seven bytes packed, longer ones hashed with the sign bit set.
#[must_use]
pub(crate) const fn code(text: &str) -> i64 {
    code_of(text.as_bytes())
}

/// As [`code`].
#[inline]
pub(crate) const fn code_of(bytes: &[u8]) -> i64 {
    if bytes.len() > 7 {
        return (hash_bytes(bytes) | 1 << 63) as i64;
    }
    let mut packed: i64 = 0;
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        packed = packed << 8 | *first as i64;
        rest = tail;
    }
    packed
}

/// FNV-1a.
pub(crate) const fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = FNV_START;
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        hash = (hash ^ *first as u64).wrapping_mul(FNV_PRIME);
        rest = tail;
    }
    hash
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// Joins two hashes.
pub(crate) const fn hash_pair(first: u64, second: u64) -> u64 {
    (first.rotate_left(29) ^ second).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A name as it is compared: letter case, accents, spaces and punctuation set aside. 0 for a name without letters.
/// The bytes are UTF-8.
#[inline]
pub(crate) fn name_hash(name: &[u8]) -> u32 {
    let mut hash = FNV_START;
    let (words, _) = name.as_chunks::<8>();
    for word in words {
        match letters(u64::from_le_bytes(*word), 8) {
            Some(letters) => hash = hash_pair(hash, letters),
            None => return odd_name_hash(name),
        }
    }
    let over = name.len() % 8;
    if over > 0 {
        match letters(last_word(name), over) {
            Some(letters) => hash = hash_pair(hash, letters),
            None => return odd_name_hash(name),
        }
    }
    if name.is_empty() { 0 } else { finish(hash) }
}

/// The bytes after the last eight that are whole, the missing ones as zero.
#[inline]
fn last_word(bytes: &[u8]) -> u64 {
    let length = bytes.len() % 8;
    // Of four bytes or more, two halves that may lie over one another are read at once.
    let rest = bytes.get(bytes.len() - length..).unwrap_or_default();
    match (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let high = u64::from(u32::from_le_bytes(*last)) << (8 * (length - 4));
            u64::from(u32::from_le_bytes(*first)) | high
        }
        _ => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// So many letters as numbers from 1 to 26, the same for capital and small ones. `None` where another byte stands.
#[inline]
fn letters(word: u64, count: usize) -> Option<u64> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    let there = HIGH >> (64 - 8 * count);
    let small = (word | (0x20 * ONES)) & !HIGH;
    // The high bit of each byte from `a` on, less that of each after `z`. No carry crosses a byte.
    let from_a = small.wrapping_add((0x80 - b'a' as u64) * ONES);
    let after_z = small.wrapping_add((0x80 - b'z' as u64 - 1) * ONES);
    let is_letter = from_a & !after_z & HIGH;
    if word & HIGH == 0 && is_letter == there { Some(word & (0x1f * ONES)) } else { None }
}

/// As [`name_hash`], for a name that is not made of ASCII letters alone.
#[cold]
fn odd_name_hash(name: &[u8]) -> u32 {
    if !name.is_ascii() {
        return foreign_name_hash(std::str::from_utf8(name).unwrap_or_default());
    }
    let (mut hash, mut word, mut shift) = (FNV_START, 0, 0);
    for byte in name.iter().filter(|byte| byte.is_ascii_alphabetic()) {
        if shift == 64 {
            hash = hash_pair(hash, word);
            (word, shift) = (0, 0);
        }
        word |= u64::from(byte & 0x1f) << shift;
        shift += 8;
    }
    if shift == 0 { 0 } else { finish(hash_pair(hash, word)) }
}

/// As [`name_hash`], for a name with letters beyond ASCII.
fn foreign_name_hash(name: &str) -> u32 {
    let mut letters = Letters { word: 0, length: 0, hash: FNV_START, any: false };
    for character in name.chars().flat_map(char::to_lowercase) {
        match plain(character) {
            Some(text) => text.bytes().for_each(|byte| letters.add(byte)),
            None if character.is_alphabetic() => letters.add_foreign(character),
            None => {}
        }
    }
    letters.finish()
}

/// Letters on their way into a hash, eight at a time.
struct Letters {
    word: u64,
    length: u32,
    hash: u64,
    any: bool,
}

impl Letters {
    fn add(&mut self, byte: u8) {
        if byte.is_ascii_alphabetic() {
            self.word |= u64::from(byte & 0x1f) << (8 * self.length);
            self.length += 1;
            self.any = true;
            if self.length == 8 {
                self.take();
            }
        }
    }

    /// A letter that is none of ours stands for itself.
    fn add_foreign(&mut self, letter: char) {
        self.take();
        self.hash = hash_pair(self.hash, u64::from(u32::from(letter)) << 32);
        self.any = true;
    }

    fn take(&mut self) {
        if self.length > 0 {
            self.hash = hash_pair(self.hash, self.word);
            (self.word, self.length) = (0, 0);
        }
    }

    fn finish(mut self) -> u32 {
        self.take();
        if self.any { finish(self.hash) } else { 0 }
    }
}

#[inline]
fn finish(hash: u64) -> u32 {
    let hash = hash_pair(hash, 1);
    ((hash ^ hash >> 32) as u32).max(1)
}

/// A small letter without its accent, for the letters of European languages; `None` for all others.
fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        'a'..='z' => return ASCII.get((character as usize) - ('a' as usize)).copied(),
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ð' | 'ď' | 'đ' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ß' => "ss",
        'ś' | 'ŝ' | 'ş' | 'š' => "s",
        'ţ' | 'ť' | 'ŧ' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

const ASCII: [&str; 26] = [
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u",
    "v", "w", "x", "y", "z",
];

/// Index of kindergarten where its length is not told.
pub(crate) const KG: u8 = 1;
/// Index of half-time kindergarten.
pub(crate) const KH: u8 = 3;
/// Index of prekindergarten.
pub(crate) const PK: u8 = 0;
/// No grade: blank, bad or unknown.
pub(crate) const NO_GRADE: u8 = 255;

macro_rules! grades {
    ($($name:literal)*) => {
        const GRADE_NAMES: [&str; 17] = [$($name),*];
        const GRADES: [i64; 17] = [$(code($name)),*];
    };
}

grades!("PK" "KG" "KF" "KH" "01" "02" "03" "04" "05" "06" "07" "08" "09" "10" "11" "12" "UG");

/// A grade by its place among all grades.
#[inline]
pub(crate) fn grade_index(grade: i64) -> u8 {
    GRADES.iter().position(|known| *known == grade).map_or(NO_GRADE, |index| index as u8)
}

/// The code of a grade; nothing for [`NO_GRADE`].
pub(crate) fn grade_name(index: u8) -> &'static str {
    GRADE_NAMES.get(usize::from(index)).copied().unwrap_or_default()
}

/// The year of schooling: kindergarten 0, grade 1 to 12; none for the rest.
#[inline]
pub(crate) fn grade_level(index: u8) -> Option<i32> {
    match index {
        1..=3 => Some(0),
        4..=15 => Some(i32::from(index) - 3),
        _ => None,
    }
}

/// A day MM/DD/YYYY that exists, counted from the first of the common era.
#[inline]
pub(crate) fn day_number(bytes: &[u8]) -> Option<i32> {
    let &[m1, m2, b'/', d1, d2, b'/', y1, y2, y3, y4] = <&[u8; 10]>::try_from(bytes).ok()? else {
        return None;
    };
    let pair = |tens: u8, ones: u8| {
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        if tens < 10 && ones < 10 { Some(i32::from(tens) * 10 + i32::from(ones)) } else { None }
    };
    let (month, day) = (pair(m1, m2)?, pair(d1, d2)?);
    let year = pair(y1, y2)? * 100 + pair(y3, y4)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i32::from(leap),
        _ => return None,
    };
    if year < 1 || day < 1 || day > length {
        return None;
    }
    // Days before the month, in a year that starts in March (so that the leap day is the last).
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = year * 365 + year / 4 - year / 100 + year / 400;
    Some(before + (153 * month + 2) / 5 + day - 306)
}

/// A whole number of at most 18 digits.
#[inline]
pub(crate) fn digits(bytes: &[u8]) -> Option<i64> {
    match bytes.len() {
        1..=8 => eight_digits(last_digits(bytes)),
        9 => {
            // State IDs: the first digit, then eight.
            let (first, last) = bytes.split_last_chunk::<8>()?;
            let high = i64::from(first.first()?.wrapping_sub(b'0'));
            let low = eight_digits(u64::from_le_bytes(*last))?;
            if high < 10 { Some(high.wrapping_mul(100_000_000).wrapping_add(low)) } else { None }
        }
        10..=16 => {
            let (first, last) = bytes.split_last_chunk::<8>()?;
            let high = eight_digits(last_digits(first))?;
            Some(high.wrapping_mul(100_000_000).wrapping_add(eight_digits(u64::from_le_bytes(*last))?))
        }
        17 | 18 => {
            let (first, last) = bytes.split_at(16);
            Some(digits(first)?.wrapping_mul(if last.len() == 1 { 10 } else { 100 }) + digits(last)?)
        }
        _ => None,
    }
}

/// One to eight bytes with zeros as digits before them, the first one lowest.
#[inline]
fn last_digits(bytes: &[u8]) -> u64 {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    match bytes.as_array::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        None => {
            let missing = 8 * (8 - bytes.len() as u32);
            last_word(bytes) << missing | ZEROS >> (64 - missing)
        }
    }
}

/// The number that eight bytes make, the first one lowest; `None` where one is no digit.
#[inline]
fn eight_digits(word: u64) -> Option<i64> {
    let digits = word.wrapping_sub(0x3030_3030_3030_3030);
    if (word.wrapping_add(0x4646_4646_4646_4646) | digits) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    // Pairs of digits, then both pairs of each half, then the halves.
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    const PAIR: u64 = 0x0000_00ff_0000_00ff;
    let high = (pairs & PAIR).wrapping_mul(0x000f_4240_0000_0064);
    let low = (pairs >> 16 & PAIR).wrapping_mul(0x0000_2710_0000_0001);
    Some((high.wrapping_add(low) >> 32) as i64)
}

/// A plain decimal number in ten-thousandths; further places are set aside. `None` when it is no such number or too
/// large to matter.
#[inline]
pub(crate) fn decimal(bytes: &[u8]) -> Option<i64> {
    let (negative, unsigned) = match bytes.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, bytes),
    };
    let point = unsigned.iter().position(|byte| *byte == b'.').unwrap_or(unsigned.len());
    let (whole, fraction) = unsigned.split_at(point);
    let mut number = digits(whole).filter(|_| whole.len() <= 12)?;
    let fraction = match fraction.split_first() {
        None => &[][..],
        Some((_, [])) => return None,
        Some((_, fraction)) => fraction,
    };
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    for place in 0..4 {
        let digit = fraction.get(place).map_or(0, |byte| byte.wrapping_sub(b'0'));
        number = number * 10 + i64::from(digit);
    }
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, NaiveDate};
    use proptest::prelude::*;

    #[test]
    fn names_are_compared_without_case_accents_and_punctuation() {
        let name_hash = |name: &str| name_hash(name.as_bytes());
        for (one, other) in [
            ("O'Juniper", "ojuniper"),
            ("Cottonwood-Elm", "COTTONWOOD ELM"),
            ("Peña", "Pena"),
            ("Größe", "Grosse"),
            ("Elm Tamarack", "elmtamarack"),
            ("[Elm`{@}Tamarack]", "ElmTamarack"),
            ("E", "é"),
            ("Moss ", "Moss"),
        ] {
            assert_eq!(name_hash(one), name_hash(other), "{one}");
        }
        assert_ne!(name_hash("Larch"), name_hash("Larck"));
        assert_ne!(name_hash("Abcdefghijklmnopqrstuvwxyz"), name_hash("Abcdefghijklmnopqrstuvwxyzz"));
        assert_ne!(name_hash("Иванов"), name_hash("Петров"));
        assert_eq!(name_hash("ИВАНОВ"), name_hash("Иванов"));
        assert_eq!((name_hash("-- '"), name_hash("")), (0, 0));
        assert_eq!(name_hash("Mo\0ss\0"), name_hash("Moss"));
    }

    #[test]
    fn grades_have_levels() {
        for (grade, level) in
            [("KH", Some(0)), ("01", Some(1)), ("12", Some(12)), ("PK", None), ("UG", None), ("", None)]
        {
            assert_eq!(grade_level(grade_index(code(grade))), level, "{grade}");
        }
    }

    #[test]
    fn decimals_at_the_edges() {
        for (text, value) in [
            ("180.00", Some(1_800_000)),
            ("-1", Some(-10_000)),
            ("0.5", Some(5_000)),
            ("1.", None),
            (".5", None),
            ("", None),
            ("1e3", None),
            ("12345678901234", None),
        ] {
            assert_eq!(decimal(text.as_bytes()), value, "{text}");
        }
    }

    proptest! {
        #[test]
        fn letters_at_once_agree_with_one_by_one(name in "[A-Za-z]{0,20}", odd in "[ -~]{0,20}") {
            prop_assert_eq!(name_hash(name.as_bytes()), odd_name_hash(name.as_bytes()));
            prop_assert_eq!(name_hash(odd.as_bytes()), odd_name_hash(odd.as_bytes()));
            prop_assert_eq!(name_hash(odd.as_bytes()), foreign_name_hash(&odd));
            let spaced: String = name.chars().flat_map(|letter| [letter, '-']).collect();
            prop_assert_eq!(name_hash(spaced.as_bytes()), name_hash(name.as_bytes()));
        }

        #[test]
        fn days_agree_with_the_calendar(month in 0u32..14, day in 0u32..33, year in 0i32..10_000) {
            let text = format!("{month:02}/{day:02}/{year:04}");
            let expected = NaiveDate::from_ymd_opt(year, month, day).filter(|_| year > 0).map(|d| d.num_days_from_ce());
            prop_assert_eq!(day_number(text.as_bytes()), expected, "{}", text);
        }

        #[test]
        fn digits_at_once_agree_with_one_by_one(text in "[0-9]{0,20}", odd in "[0-9/:. -]{0,19}") {
            for text in [text, odd] {
                let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (1..=18).contains(&text.len());
                let wanted = text.parse::<i64>().ok().filter(|_| plain);
                prop_assert_eq!(digits(text.as_bytes()), wanted, "{}", text);
            }
        }

        #[test]
        fn codes_differ(one in "[A-Z0-9]{0,7}", other in "[A-Z0-9]{0,7}") {
            prop_assert_eq!(code(&one) == code(&other), one == other);
        }
    }
}

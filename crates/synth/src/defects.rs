//! Mistakes planted in files, and the list of them.
//!
//! The kinds stand in `spec/defects.csv`: which files and field, what is done, the codes that the place itself
//! must raise (`codes`), and those that may follow elsewhere, in other rows and files of the same student
//! (`also`). A row gets at most one mistake. A file gets at most one in its header or form, twenty times as
//! often as a row does.

use crate::SynthError;
use crate::random::{Purpose, Stream};
use crate::state::State;
use opi_dictionary::{Dictionary, SchoolYear};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::str::FromStr;
use std::sync::Arc;

/// How much more often a file gets a mistake of its form than a row gets one.
const FILE_FACTOR: u32 = 20;
/// How many kinds are tried on a row before it stays as it is.
const TRIES: u32 = 16;

/// How many rows get a mistake: `0.02` and `2%` are two in a hundred.
///
/// ```
/// use opi_synth::DefectRate;
/// assert_eq!("0.02".parse::<DefectRate>()?, "2%".parse()?);
/// assert_eq!("0.0005".parse::<DefectRate>()?.per_million(), 500);
/// assert!("1.5".parse::<DefectRate>().is_err());
/// # Ok::<(), opi_synth::SynthError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DefectRate(u32);

impl DefectRate {
    /// No mistakes.
    pub const NONE: DefectRate = DefectRate(0);

    /// So many rows in a million; above a million is a million.
    #[must_use]
    pub const fn of_million(rows: u32) -> Self {
        DefectRate(if rows > 1_000_000 { 1_000_000 } else { rows })
    }

    /// How many rows in a million.
    #[must_use]
    pub const fn per_million(self) -> u32 {
        self.0
    }
}

impl FromStr for DefectRate {
    type Err = SynthError;

    fn from_str(text: &str) -> Result<Self, SynthError> {
        let refuse = || SynthError::Plan {
            problem: format!("{text:?} is no rate: write a share from 0 to 1 such as 0.02, or 2%"),
        };
        let bare = text.strip_suffix('%');
        let number = Decimal::from_str_exact(bare.unwrap_or(text)).map_err(|_| refuse())?;
        let whole = Decimal::from(if bare.is_some() { 10_000 } else { 1_000_000 });
        let million = number.checked_mul(whole).ok_or_else(refuse)?;
        let rows: u32 = million.trunc().try_into().map_err(|_| refuse())?;
        if rows > 1_000_000 || million.is_sign_negative() { Err(refuse()) } else { Ok(DefectRate(rows)) }
    }
}

/// A planted mistake, as a line of `planted.jsonl` holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planted {
    /// The name of the output.
    pub file: String,
    /// The line in it, counted from 1, at which rules report it; 1 for what concerns the header or the file as a whole.
    pub line: u64,
    /// The field by its name in the layout; `row`, `header` or `file` for what is no field.
    pub field: String,
    /// The kind, by its name in the table of kinds.
    pub kind: String,
    /// The codes of the rules that must report this line.
    pub codes: Vec<String>,
    /// The codes of rules that may report in consequence: here, or in other rows and files of the student.
    pub also: Vec<String>,
}

/// A kind of mistake.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct DefectKind {
    /// Its name.
    pub kind: String,
    /// The keys of the layouts it is planted in, parted by spaces; `*` for all.
    pub files: String,
    /// The field, by its name in the layout.
    pub field: String,
    needs: Needs,
    when_field: String,
    when: String,
    change: Change,
    value: String,
    codes: String,
    also: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "standing")]
    _standing: String,
}

impl DefectKind {
    /// The codes that the place itself must raise.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.codes.split_whitespace()
    }

    /// The codes that may follow elsewhere.
    pub fn also(&self) -> impl Iterator<Item = &str> {
        self.also.split_whitespace()
    }

    fn in_file(&self, key: &str) -> bool {
        self.files == "*" || self.files.split_whitespace().any(|file| file == key)
    }
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Needs {
    Given,
    Blank,
    Any,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Change {
    NoHeader,
    #[serde(rename = "header_1")]
    HeaderRecordType,
    #[serde(rename = "header_2")]
    HeaderDate,
    #[serde(rename = "header_3")]
    HeaderTime,
    #[serde(rename = "header_4")]
    HeaderVersion,
    HeaderOwn,
    ByteOrderMark,
    LineFeeds,
    Set,
    /// As `Set`, in a year with another one before it.
    SetAfterAYear,
    Blank,
    Append,
    CutFirst,
    Dashes,
    DropField,
    ExtraField,
    Control,
    #[serde(rename = "windows_1252")]
    Windows1252,
    TooLong,
    SpaceBefore,
    SpaceAfter,
    Repeat,
    BlankLine,
    ColumnNames,
    LegalEntity,
    UnknownStudent,
    NoRace,
    NoProgram,
    Immigrant,
    DaysBeyondCalendar,
    PresentBeyondEnrolled,
    AbsentBeyondEnrolled,
    AbsentUnlike,
}

impl Change {
    /// Whether it leaves the row as it is and writes a line after it.
    const fn adds_a_line(self) -> bool {
        matches!(self, Change::Repeat | Change::BlankLine | Change::ColumnNames)
    }

    /// Whether it concerns the file rather than a row.
    const fn of_file(self) -> bool {
        matches!(
            self,
            Change::NoHeader
                | Change::HeaderRecordType
                | Change::HeaderDate
                | Change::HeaderTime
                | Change::HeaderVersion
                | Change::HeaderOwn
                | Change::ByteOrderMark
                | Change::LineFeeds
        )
    }
}

/// The kinds of mistakes that can be planted.
///
/// # Errors
/// When the table built into the crate is broken; a test reads it.
pub fn defect_kinds() -> Result<Vec<DefectKind>, SynthError> {
    let rows = csv::Reader::from_reader(include_str!("../spec/defects.csv").as_bytes()).into_deserialize();
    let rows: Result<Vec<DefectKind>, csv::Error> = rows.collect();
    rows.map_err(|error| SynthError::Table { table: "defects.csv".to_owned(), problem: error.to_string() })
}

/// Stands between the writer of a file and its output, and spoils a line here and there.
#[derive(Debug)]
pub(crate) struct Planter<W: Write> {
    output: W,
    /// `None` for a clean file: bytes go straight through.
    spoiler: Option<Box<Spoiler>>,
}

#[derive(Debug)]
struct Spoiler {
    name: String,
    record_type: String,
    /// The names of the fields, in order.
    fields: Vec<String>,
    kinds: Arc<Vec<DefectKind>>,
    here: Vec<usize>,
    /// Those of them that ask something of another field.
    choosy: Vec<usize>,
    of_file: Option<usize>,
    rate: u32,
    stream: Stream,
    line: Vec<u8>,
    /// Lines written.
    written: u64,
    lines_seen: u64,
    legal_entity: String,
    has_year_before: bool,
    unknown_ids: u64,
    state: Strangers,
    planted: Vec<Planted>,
}

/// State ids that nobody has.
#[derive(Clone, Debug)]
struct Strangers(Vec<String>);

impl<W: Write> Planter<W> {
    pub(crate) fn new(
        state: &State,
        dictionary: &Dictionary,
        name: &str,
        key: &'static str,
        (district, year): (u32, SchoolYear),
        rate: DefectRate,
        output: W,
    ) -> Result<Self, SynthError> {
        let per_million = rate.per_million();
        if per_million == 0 {
            return Ok(Planter { output, spoiler: None });
        }
        let layout = dictionary.layout(key)?;
        let kinds = Arc::clone(&state.defect_kinds);
        let file = crate::files::FILES.iter().position(|file| *file == key).unwrap_or(0) as u64;
        let index = (state.year_index(year.end_year()) << 32 | u64::from(district)) * 16 + file;
        let mut stream = state.seed.stream(Purpose::Defects, index);
        let of = |of_file: bool| {
            let found = kinds
                .iter()
                .enumerate()
                .filter(move |(_, kind)| kind.change.of_file() == of_file && kind.in_file(key));
            found.map(|(index, _)| index).collect::<Vec<_>>()
        };
        let chosen = stream.below(1_000_000) < per_million.saturating_mul(FILE_FACTOR).min(500_000);
        let of_file = stream.pick(&of(true)).copied().filter(|_| chosen);
        let strangers = (0..8).filter_map(|n| state.stranger(index * 8 + n)).collect();
        let spoiler = Spoiler {
            name: name.to_owned(),
            record_type: layout.record_type.clone(),
            fields: layout.fields.iter().map(|field| field.name.clone()).collect(),
            choosy: of(false)
                .into_iter()
                .filter(|index| kinds.get(*index).is_some_and(|kind| !kind.when.is_empty()))
                .collect(),
            here: of(false),
            kinds,
            of_file,
            rate: per_million,
            stream,
            line: Vec::with_capacity(256),
            written: 0,
            lines_seen: 0,
            legal_entity: state.legal_entity_of(district)?,
            has_year_before: state.year_index(year.end_year()) > 0,
            unknown_ids: 0,
            state: Strangers(strangers),
            planted: Vec::new(),
        };
        Ok(Planter { output, spoiler: Some(Box::new(spoiler)) })
    }

    /// Writes what is outstanding; hands back the output and the mistakes planted in it.
    pub(crate) fn finish(mut self) -> io::Result<(W, Vec<Planted>)> {
        self.output.flush()?;
        Ok((self.output, self.spoiler.map(|spoiler| spoiler.planted).unwrap_or_default()))
    }
}

impl<W: Write> Write for Planter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(spoiler) = &mut self.spoiler else { return self.output.write(bytes) };
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            spoiler.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                let line = spoiler.next_line();
                self.output.write_all(&line)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

impl Spoiler {
    /// The line just completed, as it is to be written.
    fn next_line(&mut self) -> Vec<u8> {
        let line = std::mem::take(&mut self.line);
        let text = line.strip_suffix(b"\r\n").unwrap_or(&line);
        let mut fields: Vec<Vec<u8>> = text.split(|byte| *byte == b'\t').map(<[u8]>::to_vec).collect();
        let header = self.lines_seen == 0;
        self.lines_seen += 1;
        let mut after = None;
        if header {
            if self.spoil_header(&mut fields) {
                return Vec::new();
            }
        } else if self.stream.below(1_000_000) < self.rate {
            after = self.spoil_row(&mut fields);
        }
        let end: &[u8] = if self.change_of_file() == Some(Change::LineFeeds) { b"\n" } else { b"\r\n" };
        let mut out = fields.join(&b'\t');
        if header && self.change_of_file() == Some(Change::ByteOrderMark) {
            out.splice(0..0, *b"\xef\xbb\xbf");
        }
        out.extend_from_slice(end);
        self.written += 1;
        if let Some(after) = after {
            match after {
                Change::Repeat => out.extend_from_within(..),
                Change::ColumnNames => {
                    out.extend_from_slice(self.fields.join("\t").as_bytes());
                    out.extend_from_slice(end);
                }
                _ => out.extend_from_slice(end),
            }
            self.written += 1;
        }
        out
    }

    fn change_of_file(&self) -> Option<Change> {
        self.of_file.and_then(|index| self.kinds.get(index)).map(|kind| kind.change)
    }

    /// Spoils the header; true when it is to be left out.
    fn spoil_header(&mut self, fields: &mut [Vec<u8>]) -> bool {
        let Some(index) = self.of_file else { return false };
        let Some(kind) = self.kinds.get(index).cloned() else { return false };
        let mut set = |column: usize, value: &str| {
            if let Some(field) = fields.get_mut(column) {
                *field = value.as_bytes().to_vec();
            }
        };
        match kind.change {
            Change::HeaderRecordType => set(0, &kind.value),
            Change::HeaderOwn => set(0, &self.record_type),
            Change::HeaderDate => set(1, &kind.value),
            Change::HeaderTime => set(2, &kind.value),
            Change::HeaderVersion => set(3, &kind.value),
            _ => {}
        }
        self.note(&kind, 1);
        kind.change == Change::NoHeader
    }

    fn note(&mut self, kind: &DefectKind, line: u64) {
        self.planted.push(Planted {
            file: self.name.clone(),
            line,
            field: kind.field.clone(),
            kind: kind.kind.clone(),
            codes: kind.codes().map(str::to_owned).collect(),
            also: kind.also().map(str::to_owned).collect(),
        });
    }

    /// Spoils a row, if a kind fits it; answers the change that writes another line after it.
    fn spoil_row(&mut self, fields: &mut Vec<Vec<u8>>) -> Option<Change> {
        // Kinds that fit few rows are tried first on every other row, or they would hardly ever be planted.
        let choosy = self.stream.below(2) == 0;
        for step in 0..TRIES {
            let kinds = if choosy && step < TRIES / 2 { &self.choosy } else { &self.here };
            let Some(index) = self.stream.pick(kinds).copied() else { continue };
            let kind = self.kinds.get(index).cloned()?;
            if !self.fits(&kind, fields) || !self.apply(&kind, fields) {
                continue;
            }
            let after = Some(kind.change).filter(|change| change.adds_a_line());
            self.note(&kind, self.written + 1 + u64::from(after.is_some()));
            return after;
        }
        None
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field == name)
    }

    fn fits(&self, kind: &DefectKind, fields: &[Vec<u8>]) -> bool {
        let value = |name: &str| self.column(name).and_then(|column| fields.get(column)).map(Vec::as_slice);
        // The first row names the layout of its file: it keeps its record type and its fields.
        let form =
            kind.field == "Record Type" || matches!(kind.change, Change::DropField | Change::ExtraField);
        if form && self.lines_seen <= 2 {
            return false;
        }
        let own = match (kind.needs, value(&kind.field)) {
            (Needs::Any, _) => true,
            (Needs::Given, Some(value)) => !value.is_empty(),
            (Needs::Blank, Some(value)) => value.is_empty(),
            (_, None) => false,
        };
        own && match (kind.when.as_str(), value(&kind.when_field)) {
            ("", _) => true,
            ("blank", Some(value)) => value.is_empty(),
            (when, Some(value)) => match (when.strip_prefix('='), when.strip_suffix('*')) {
                (Some(wanted), _) => value == wanted.as_bytes(),
                (None, Some(start)) => value.starts_with(start.as_bytes()),
                (None, None) => false,
            },
            (_, None) => false,
        }
    }

    /// Makes the change; false when it would change nothing or does not fit after all.
    fn apply(&mut self, kind: &DefectKind, fields: &mut Vec<Vec<u8>>) -> bool {
        let before = fields.clone();
        let column = self.column(&kind.field);
        let mut set = |value: &[u8]| {
            if let Some(field) = column.and_then(|column| fields.get_mut(column)) {
                *field = value.to_vec();
            }
        };
        let old = column.and_then(|column| before.get(column)).cloned().unwrap_or_default();
        match kind.change {
            change if change.adds_a_line() => return true,
            Change::SetAfterAYear if !self.has_year_before => return false,
            Change::Set | Change::SetAfterAYear => set(kind.value.as_bytes()),
            Change::Blank => set(b""),
            Change::Append => set(&[old.as_slice(), kind.value.as_bytes()].concat()),
            Change::CutFirst => set(old.get(1..).unwrap_or_default()),
            Change::Dashes => set(&old.chunks(3).collect::<Vec<_>>().join(&b'-')),
            Change::Control => set(b"Room\x0112"),
            Change::Windows1252 => set(b"Pi\xf1on"),
            Change::TooLong => {
                let length: usize = kind.value.parse().unwrap_or(0);
                let filler: u8 = if old.first().is_some_and(u8::is_ascii_digit) { b'7' } else { b'z' };
                let more = vec![filler; length.saturating_sub(old.len())];
                set(&[old.as_slice(), &more].concat());
            }
            Change::SpaceBefore => set(&[b" ", old.as_slice()].concat()),
            Change::SpaceAfter => set(&[old.as_slice(), b" "].concat()),
            Change::LegalEntity => set(self.legal_entity.as_bytes()),
            Change::UnknownStudent => {
                let Some(id) = self.state.0.get(self.unknown_ids as usize) else { return false };
                set(id.as_bytes());
                self.unknown_ids += 1;
            }
            Change::DropField => {
                fields.pop();
            }
            Change::ExtraField => fields.push(b"2026".to_vec()),
            Change::NoRace => self.set_from(fields, &kind.field, &[b"N".as_slice(); 5]),
            Change::NoProgram => self.set_from(fields, "Title I", &[b"".as_slice(); 12]),
            Change::Immigrant => self.set_from(fields, "Immigrant", &[b"Y".as_slice()]),
            _ => return self.spoil_days(kind.change, fields),
        }
        *fields != before
    }

    /// Writes values from a field on.
    fn set_from(&self, fields: &mut [Vec<u8>], first: &str, values: &[&[u8]]) {
        let start = self.column(first).unwrap_or(usize::MAX);
        for (field, value) in fields.iter_mut().skip(start).zip(values) {
            *field = value.to_vec();
        }
    }

    /// Spoils the days of an attendance row so that just the meant relation breaks.
    fn spoil_days(&self, change: Change, fields: &mut [Vec<u8>]) -> bool {
        let Some(first) = self.column("ADA - #Days Enrolled") else { return false };
        let whole = |column: usize| {
            let text = fields.get(column).and_then(|field| std::str::from_utf8(field).ok());
            text.and_then(|text| text.split('.').next()).and_then(|text| text.parse::<u32>().ok())
        };
        let (Some(enrolled), Some(present)) = (whole(first), whole(first + 1)) else { return false };
        let (enrolled, present, absent) = match change {
            Change::DaysBeyondCalendar => (299, 299, 0),
            Change::PresentBeyondEnrolled => (enrolled, enrolled + 1, 0),
            Change::AbsentBeyondEnrolled if present * 2 > enrolled + 2 => (enrolled, present, enrolled + 1),
            Change::AbsentUnlike if enrolled > 40 => (enrolled, enrolled - 30, 2),
            _ => return false,
        };
        for (field, value) in fields.iter_mut().skip(first).zip([enrolled, present, absent]) {
            *field = value.to_string().into_bytes();
        }
        true
    }
}

//! What a reader noticed: the rules of reading, a compact log with exact counts, and the findings made from it.

use crate::quotes::Quote;
use opi_dictionary::{
    Citation, FieldId, FieldProblem, Finding, Layout, Position, RuleClass, RuleInfo, RuleKey, RuleStatus,
    Severity,
};
use std::collections::BTreeMap;

/// The number of a hit on a header whose first field is `hd`.
pub(crate) const WRONG_CASE: u64 = 1;

fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

macro_rules! read_rules {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $severity:ident, $class:ident, $key:ident, $citation:expr,
        $summary:literal, $why:literal, $fix:literal;)*) => {
        /// A rule of reading. Several may share a code: the code names the matter, the rule the case.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ReadRule {
            $($(#[$doc])* $variant,)*
        }

        impl ReadRule {
            /// All of them.
            pub const ALL: &'static [ReadRule] = &[$(ReadRule::$variant),*];

            /// The rule as data.
            #[must_use]
            pub fn info(self) -> RuleInfo {
                match self {
                    $(ReadRule::$variant => RuleInfo {
                        code: $code,
                        summary: $summary,
                        severity: Severity::$severity,
                        class: RuleClass::$class,
                        status: RuleStatus::Stable,
                        key: RuleKey::$key,
                        files: &[],
                        fields: &[],
                        why: $why,
                        fix: $fix,
                        citation: $citation,
                        first_year: None,
                        last_year: None,
                    },)*
                }
            }
        }
    };
}

read_rules! {
    /// The header is missing or has not four fields.
    HeaderMissing = "FILE-002", BlocksUpload, Specification, File, Citation::derived("KB-EN-UP"),
        "the first line is no header of four fields",
        "the state's import reads the first line as the header; without it the first student is lost",
        "make the first line HD, date, time and MT9.1, parted by tabs";
    /// The header's first field is neither HD nor the file's own record type.
    HeaderRecordType = "FILE-003", BlocksUpload, Specification, File, Citation::sourced("KB-EN-UP; KB-PP-UP"),
        "the first field of the header is not HD",
        "the first line is then not known as a header",
        "write HD in the first field of the first line";
    /// The header carries the file's own record type.
    HeaderOwnRecordType = "FILE-003", Confirm, Specification, File, Citation::sourced("KB-EN-UP; KB-PP-UP"),
        "the header carries the record type of the file in the place of HD",
        "some articles print it so and it is read, but HD is what newer ones say",
        "write HD in the first field of the first line";
    /// The header's date is no date.
    HeaderDate = "FILE-004", BlocksUpload, Specification, File, Citation::sourced("KB-EN-UP"),
        "the date of the header is no real date MM/DD/YYYY",
        "the date says when the file was last changed",
        "write the date as MM/DD/YYYY in 10 characters";
    /// The header's time is no time.
    HeaderTime = "FILE-006", BlocksUpload, Specification, File, Citation::sourced("KB-EN-UP"),
        "the time of the header is no time HH:MM:SS",
        "date and time tell two versions of a file apart",
        "write the time as HH:MM:SS, 00:00:00 to 23:59:59";
    /// The header names another version of the interface.
    HeaderVersion = "FILE-007", BlocksUpload, Specification, File, Citation::sourced("KB-EN-UP; KB-RU-EX"),
        "the header names a version that is not read here",
        "another version may order the fields in another way",
        "export with interface version MT9.1";
    /// A row carries another record type than its file.
    RecordType = "FILE-008", BlocksUpload, Specification, Record, Citation::sourced("KB-EN-UP"),
        "the record type is not that of the file",
        "a file holds rows of one kind; a row of another kind is read by the wrong layout",
        "put rows of each kind into a file of their own, each with its own record type";
    /// No layout has the record type of the file.
    UnknownRecordType = "FILE-008", BlocksUpload, Specification, File, Citation::sourced("KB-EN-UP"),
        "no layout has this record type",
        "without a layout the fields cannot be named",
        "check the first field of the row, or say which layout the file follows";
    /// A row has not as many fields as its layout.
    FieldCount = "FILE-009", BlocksUpload, Specification, Record, Citation::sourced("KB-AF-UP"),
        "the row has not as many fields as its layout",
        "every field after the gap stands in the wrong place, so the row is not read by its columns",
        "part the fields by single tabs and keep blank ones; a tab or line break within a value also does this";
    /// The file has a header and nothing else.
    NoRows = "FILE-010", Confirm, Plausibility, File, Citation::derived("FILE-010"),
        "the file has no row",
        "an export that failed half way looks like this",
        "check the export; certify that there is nothing to report if that is so";
    /// A control character stands in a field.
    ControlCharacter = "FILE-011", BlocksUpload, Specification, Record, Citation::derived("FILE-011"),
        "the field holds a control character",
        "it cannot be seen on a screen and breaks look-ups",
        "remove the character in the student information system";
    /// The text is Windows-1252 rather than UTF-8.
    Windows1252 = "FILE-012", Confirm, Specification, Record, Citation::derived("FILE-012"),
        "the line is not UTF-8 and was read as Windows-1252",
        "an accented letter may have become another one",
        "save the file as UTF-8";
    /// A byte means nothing in either encoding.
    Undecodable = "FILE-012", BlocksUpload, Specification, Record, Citation::derived("FILE-012"),
        "the line holds a byte that is neither UTF-8 nor Windows-1252",
        "the character it stood for is lost",
        "save the file as UTF-8";
    /// The file is UTF-16.
    Utf16 = "FILE-012", BlocksUpload, Specification, File, Citation::derived("FILE-012"),
        "the file is UTF-16; nothing was read",
        "a spreadsheet's \"Unicode text\" is UTF-16, which the import does not take",
        "save the file as UTF-8, tab separated";
    /// A value is longer than its layout allows. Only when fields are checked.
    TooLong = "FILE-016", BlocksUpload, Specification, Record, Citation::derived("FILE-016"),
        "the value is longer than its layout allows",
        "what does not fit is cut off or refused",
        "shorten the value in the student information system";
    /// Spaces around a value. Only when fields are checked.
    Untrimmed = "FILE-017", Confirm, Specification, Record, Citation::derived("FILE-017"),
        "spaces stand before or after the value",
        "the value is read without them; other systems may not do so",
        "remove the spaces in the student information system";
    /// A required field is blank. Only when fields are checked.
    Blank = "FILE-018", BlocksUpload, Specification, Record, Citation::sourced("KB-AA-UP"),
        "a required field is blank",
        "the row cannot be loaded without it",
        "fill the field";
    /// A byte order mark opens the file.
    ByteOrderMark = "READ-001", Note, Specification, File, Citation::derived("FILE-012"),
        "a byte order mark opens the file and was set aside",
        "a spreadsheet writes it; some imports then miss the header",
        "save as UTF-8 without byte order mark";
    /// Lines end in a line feed alone.
    LineFeed = "READ-002", Note, Specification, File, Citation::derived("the samples end lines in CR LF"),
        "lines end in a line feed alone",
        "they are read; the canonical file ends lines in carriage return and line feed",
        "nothing needs to be done";
    /// The last line has no line end.
    MissingNewline = "READ-003", Note, Specification, File, Citation::derived("the samples end every line"),
        "the last line has no line end",
        "a file that was cut off looks like this",
        "check that the last row is whole";
    /// Empty fields at the end of a row were cut.
    CutFields = "READ-004", Note, Specification, Record, Citation::derived("FILE-009"),
        "blank fields at the end of the row were cut off",
        "they are read as blank, as the caller allowed",
        "keep blank fields";
    /// A blank line.
    BlankLine = "READ-005", Note, Specification, Record, Citation::derived("FILE-009"),
        "a blank line was passed over",
        "it holds nothing",
        "remove it";
    /// Blank lines after the last row, as one hit.
    BlankEnd = "READ-005", Note, Specification, Record, Citation::derived("FILE-009"),
        "blank lines at the end of the file were passed over",
        "they hold nothing",
        "remove them";
    /// A row of column names.
    ColumnNames = "READ-006", BlocksUpload, Specification, Record, Citation::sourced("PS-504"),
        "a row of column names was passed over",
        "AIM files have none; the import would take it for a student",
        "switch the column names off for the upload";
    /// A line is longer than the reader takes.
    LineTooLong = "READ-007", BlocksUpload, Specification, Record, Citation::derived("no AIM row comes near"),
        "the line is longer than the reader takes and was passed over",
        "a file that is no AIM file looks like this",
        "check that the file is tab-separated text with one row a line";
    /// XML that cannot be read further.
    Xml = "READ-008", BlocksUpload, Specification, File, Citation::sourced("KB-BEH"),
        "the XML is broken here; nothing after it was read",
        "what follows cannot be understood",
        "export the file again";
    /// An XML element that no field of the layout answers to.
    XmlUnknown = "READ-009", Confirm, Specification, Record, Citation::recall("element names were not seen"),
        "the element holds text that no field of the layout answers to",
        "the names of elements are not public: something may be missed",
        "compare the element's name with the fields of behavior-xml";
    /// A value stands in XML after the rows that should have inherited it.
    XmlLate = "READ-009", Confirm, Specification, Record, Citation::recall("element order was not seen"),
        "the element stands after the rows that it belongs to",
        "those rows were read without it",
        "put what all participants share before the participants";
    /// A field stands twice in one XML element.
    XmlTwice = "READ-009", Confirm, Specification, Record, Citation::recall("element names were not seen"),
        "the field stands twice in one element; the later value was read",
        "the earlier value is lost",
        "give each event or participant an element of its own";
    /// A quotation mark that another tool put there.
    Quoted = "READ-012", Confirm, Specification, Record, Citation::derived("no AIM file read has any"),
        "a quotation mark opens a value, or a backslash stands before one",
        "AIM files know no quotation marks: the mark becomes a part of the value",
        "export without quotation marks, as text parted by tabs";
    /// Most rows have not as many fields as their layout.
    MostRagged = "READ-013", Confirm, Plausibility, File, Citation::derived("FILE-009"),
        "most rows have not as many fields as their layout",
        "a file of another layout or version, or one parted or quoted otherwise, looks like this",
        "check which file this is, for which version, and that single tabs part its fields";
    /// A value has not the form of its field. Only when fields are checked.
    Form = "READ-010", BlocksCertification, Specification, Record, Citation::derived("layout types"),
        "the value has not the form of its field",
        "it cannot be read as what it should be",
        "correct the value";
    /// A value is not in the code set of its field. Only when fields are checked.
    NotACode = "READ-011", BlocksCertification, Specification, Record, Citation::derived("layout code sets"),
        "the value is not in the code set of its field",
        "what it means is not known",
        "choose a code of the set";
}

impl ReadRule {
    /// The rule for a problem of a field.
    pub(crate) fn of_problem(problem: FieldProblem) -> ReadRule {
        match problem {
            FieldProblem::Blank => ReadRule::Blank,
            FieldProblem::TooLong => ReadRule::TooLong,
            FieldProblem::NotACode => ReadRule::NotACode,
            FieldProblem::Untrimmed => ReadRule::Untrimmed,
            _ => ReadRule::Form,
        }
    }

    /// Whether the reader only tolerated something: the row or file was read whole.
    #[must_use]
    pub fn is_tolerance(self) -> bool {
        self.info().severity == Severity::Note
    }
}

/// One thing noticed: compact, without text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadHit {
    /// Physical line, 1 = first line; 0 = the file as a whole.
    pub line: u64,
    /// Offset of the byte where it was noticed, or of the line.
    pub byte: u64,
    /// The field, where one can be named.
    pub field: Option<FieldId>,
    /// The rule.
    pub rule: ReadRule,
    /// What is wrong with the field's form.
    pub problem: Option<FieldProblem>,
    /// A number that belongs to it: fields found in a ragged row, lines that end in a line feed.
    pub number: u64,
}

/// All that a reader noticed: exact counts, and the first hits of each rule.
#[derive(Clone, Debug, Default)]
pub struct ReadLog {
    counts: BTreeMap<ReadRule, u64>,
    hits: Vec<ReadHit>,
    max_samples: u64,
}

impl ReadLog {
    pub(crate) fn new(max_samples: u64) -> Self {
        ReadLog { max_samples, ..ReadLog::default() }
    }

    /// Makes one hit of the last blank lines, which were noted one by one.
    pub(crate) fn gather_blank_end(&mut self, first: u64, byte: u64, lines: u64) {
        if let Some(count) = self.counts.get_mut(&ReadRule::BlankLine) {
            *count = count.saturating_sub(lines);
            if *count == 0 {
                self.counts.remove(&ReadRule::BlankLine);
            }
        }
        self.hits.retain(|hit| hit.rule != ReadRule::BlankLine || hit.line < first);
        let rule = ReadRule::BlankEnd;
        self.note(ReadHit { line: first, byte, field: None, rule, problem: None, number: lines });
    }

    pub(crate) fn note(&mut self, hit: ReadHit) {
        let count = self.counts.entry(hit.rule).or_default();
        *count += 1;
        if *count <= self.max_samples {
            self.hits.push(hit);
        }
    }

    /// How often each rule was hit, exactly.
    pub fn counts(&self) -> impl Iterator<Item = (ReadRule, u64)> + '_ {
        self.counts.iter().map(|(rule, count)| (*rule, *count))
    }

    /// How often a rule was hit, exactly.
    #[must_use]
    pub fn count(&self, rule: ReadRule) -> u64 {
        self.counts.get(&rule).copied().unwrap_or_default()
    }

    /// The hits that were kept, in the order in which they were noticed: the first of each rule.
    #[must_use]
    pub fn hits(&self) -> &[ReadHit] {
        &self.hits
    }

    /// Hands over the hits kept so far and forgets them; counts stay.
    pub fn take_hits(&mut self) -> Vec<ReadHit> {
        std::mem::take(&mut self.hits)
    }

    /// Whether nothing at all was noticed.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.counts.is_empty()
    }

    /// Whether reading stopped before the end of the file: the file is UTF-16, or its XML is broken.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.count(ReadRule::Utf16) > 0 || self.count(ReadRule::Xml) > 0
    }

    /// How many hits were counted but not kept.
    #[must_use]
    pub fn not_kept(&self) -> u64 {
        self.counts.values().map(|count| count.saturating_sub(self.max_samples)).sum()
    }

    /// The kept hits as findings about the file of this name, in order of place. No value is shown.
    #[must_use]
    pub fn findings(&self, file: &str, layout: Option<&Layout>) -> Vec<Finding> {
        let mut hits = self.hits.clone();
        hits.sort_unstable();
        hits.iter().map(|hit| hit.finding(file, layout)).collect()
    }
}

impl ReadHit {
    /// What is known beyond the rule, without any value: how many lines, which byte, what kind of mark.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        let number = self.number;
        let at = |what: &str| format!("{what}, {}", self.place());
        Some(match self.rule {
            ReadRule::Windows1252 => at("it was read as Windows-1252"),
            ReadRule::Undecodable => at("a byte is neither UTF-8 nor Windows-1252, and its letter is lost"),
            ReadRule::Utf16 => "it is UTF-16, and nothing was read".to_owned(),
            ReadRule::ControlCharacter if number > 0 => at(&format!("U+{number:04X}")),
            ReadRule::HeaderRecordType if number == WRONG_CASE => {
                "it differs only in letter case from HD".to_owned()
            }
            ReadRule::HeaderRecordType if number > 0 => {
                format!("U+{number:04X}, which cannot be seen, stands beside HD")
            }
            ReadRule::LineFeed => plural(number, "line", "lines"),
            ReadRule::BlankEnd => {
                format!("{} at the end of the file", plural(number, "blank line", "blank lines"))
            }
            ReadRule::Quoted => Quote::in_words(number).to_owned(),
            ReadRule::MostRagged => plural(number, "row", "rows"),
            ReadRule::Xml | ReadRule::LineTooLong => self.place(),
            _ => return None,
        })
    }

    /// The place within the file, where a line is too coarse.
    fn place(&self) -> String {
        format!("{} into the file", plural(self.byte, "byte", "bytes"))
    }

    /// The detail, but for what the rule of reading says itself.
    fn more(&self) -> Option<String> {
        match self.rule {
            ReadRule::Utf16 => None,
            ReadRule::Windows1252 | ReadRule::Undecodable => Some(self.place()),
            ReadRule::BlankEnd => Some(plural(self.number, "line", "lines")),
            _ => self.detail(),
        }
    }

    /// The finding made from the hit.
    #[must_use]
    pub fn finding(&self, file: &str, layout: Option<&Layout>) -> Finding {
        let info = self.rule.info();
        let field = self.field.and_then(|field| layout?.field(field));
        let mut message = info.summary.to_owned();
        if let (Some(problem), Some(field)) = (self.problem, field)
            && matches!(self.rule, ReadRule::Form | ReadRule::NotACode)
        {
            message = format!("{} {problem}", field.name);
        }
        let expected = match (self.rule, layout) {
            (ReadRule::FieldCount, Some(layout)) => {
                message = format!("{}: found {} fields", info.summary, self.number);
                Some(format!("{} fields", layout.fields.len()))
            }
            (ReadRule::CutFields, Some(layout)) => {
                message = format!("{}: found {} fields", info.summary, self.number);
                Some(format!("{} fields", layout.fields.len()))
            }
            (ReadRule::MostRagged, Some(layout)) => {
                message = format!("{}: {}", info.summary, plural(self.number, "row", "rows"));
                Some(format!("{} fields", layout.fields.len()))
            }
            (ReadRule::HeaderMissing, _) => Some("HD, date, time and MT9.1, parted by tabs".to_owned()),
            (ReadRule::HeaderVersion, _) => Some("MT9.1".to_owned()),
            (ReadRule::RecordType, Some(layout)) => Some(layout.record_type.clone()),
            (ReadRule::Untrimmed | ReadRule::Blank, _) => None,
            _ if let Some(detail) = self.more() => {
                message = format!("{}: {detail}", info.summary);
                None
            }
            _ => field.filter(|_| self.problem.is_some()).map(opi_dictionary::LayoutField::expected),
        };
        Finding {
            code: info.code.to_owned(),
            severity: info.severity,
            class: info.class,
            key: info.key,
            position: Position {
                file: file.to_owned(),
                line: self.line,
                byte: Some(self.byte),
                field: field.map(|field| field.name.clone()),
            },
            subject: None,
            message,
            expected,
            found: None,
            fix: info.fix.to_owned(),
            related: Vec::new(),
        }
    }
}

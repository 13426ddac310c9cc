//! What can go wrong with one file, one thing at a time, and the rules that this wakes.

use super::{catalogue, name, written};
use opi_dictionary::SchoolYear;
use opi_edfacts::{ColumnType, FileForm, FileNumber, Layout, Level, Role, ZeroRule};

/// A file with one thing changed.
pub(crate) struct Change {
    pub(crate) what: &'static str,
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// The rule for it, and those that miss the record which no longer counts.
    pub(crate) wakes: Vec<&'static str>,
}

/// A written file in tabs, its lines cut into cells.
struct Written {
    name: String,
    lines: Vec<Vec<String>>,
    layout: Layout,
    in_sets: bool,
    changes: Vec<Change>,
}

impl Written {
    fn new(number: FileNumber, level: Level, year: SchoolYear) -> Self {
        let layout = catalogue().layout(number, level, year).unwrap();
        let (name, bytes, _) = written(number, level, year, FileForm::Tab);
        let text = String::from_utf8(bytes).unwrap();
        let lines = text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect();
        let in_sets = !catalogue().sets(number, level, year).is_empty();
        Written { name, lines, layout, in_sets, changes: Vec::new() }
    }

    /// The line of the record in the middle.
    fn middle(&self) -> usize {
        1 + (self.lines.len() - 1) / 2
    }

    fn bytes(&self, change: impl FnOnce(&mut Vec<Vec<String>>)) -> Vec<u8> {
        let mut lines = self.lines.clone();
        change(&mut lines);
        let lines: Vec<String> = lines.iter().map(|cells| cells.join("\t") + "\r\n").collect();
        lines.concat().into_bytes()
    }

    fn push(&mut self, what: &'static str, bytes: Vec<u8>, wakes: Vec<&'static str>) {
        self.changes.push(Change { what, name: self.name.clone(), bytes, wakes });
    }

    fn header(&mut self, what: &'static str, code: &'static str, place: usize, value: &str) {
        let bytes = self.bytes(|lines| lines[0][place] = value.to_owned());
        self.push(what, bytes, vec![code]);
    }

    fn record(&mut self, what: &'static str, code: &'static str, place: usize, value: &str) {
        let middle = self.middle();
        let bytes = self.bytes(|lines| lines[middle][place] = value.to_owned());
        let mut wakes = vec![code];
        wakes.extend(self.missed(middle));
        self.push(what, bytes, wakes);
    }

    /// The rules that miss the record of a line, where the unit owes it.
    fn missed(&self, line: usize) -> Vec<&'static str> {
        let filled: Vec<&str> = self
            .layout
            .fields()
            .zip(&self.lines[line])
            .filter(|(column, value)| column.role == Role::Value && !value.is_empty())
            .filter_map(|(column, _)| column.category.as_deref())
            .collect();
        let file = catalogue().file(self.layout.file).unwrap();
        let rule = file.zero_rule(self.layout.level);
        let named = |start: &str| filled.iter().any(|name| name.starts_with(start));
        // A unit whose only record does not count owes nothing.
        let owed = self.in_sets
            && self.lines.len() > 2
            && match rule {
                Some(ZeroRule::All | ZeroRule::Units | ZeroRule::Members) => !named("LANGHOME"),
                Some(ZeroRule::Tot) => filled.is_empty(),
                // Without a directory nobody knows the grades that the unit offers.
                Some(ZeroRule::Offered) => !named("GRADELV") && !named("GRADELDROP"),
                Some(ZeroRule::Pk | ZeroRule::NotPkOnly | ZeroRule::None) | None => false,
            };
        if !owed {
            return Vec::new();
        }
        let mut missed = vec!["SUB-06"];
        if self.layout.level == Level::Sea && rule == Some(ZeroRule::All) {
            missed.push("SUB-12");
        }
        // The set of out-of-workforce individuals may be left out as a whole, not in part.
        if let Some(home) =
            self.layout.fields().position(|column| column.category.as_deref() == Some("DISPHOMEMAK"))
            && !self.lines[line][home].is_empty()
        {
            let others = self.lines[1..].iter().filter(|cells| !cells[home].is_empty()).count() - 1;
            match others {
                0 => missed.clear(),
                _ => missed.push("SUB-48"),
            }
        }
        missed
    }
}

/// Every change that the file can take.
pub(crate) fn changes(number: FileNumber, level: Level, year: SchoolYear) -> Vec<Change> {
    let mut file = Written::new(number, level, year);
    names(&mut file);
    file.header("file type", "FMT-02", 0, "OTHER TYPE");
    file.header("number of records", "FMT-03", 1, "0");
    file.header("name in the header", "FMT-04", 2, "MTSEAOTHER.tab");
    file.header("identifier", "FMT-05", 3, &"9".repeat(33));
    file.header("period", "FMT-06", 4, "2022-2024");
    columns(&mut file);
    amounts(&mut file);
    registers(&mut file);
    sets(&mut file);
    lines(&mut file);
    forms(&mut file, number, level, year);
    file.changes
}

/// The name, told in the header too.
fn names(file: &mut Written) {
    let own = file.name.clone();
    let mut named = |what, code, name: String| {
        let bytes = file.bytes(|lines| lines[0][2].clone_from(&name));
        file.changes.push(Change { what, name, bytes, wakes: vec![code] });
    };
    named("state in the name", "FMT-07", own.replacen("MT", "WY", 1));
    named("extension", "FMT-08", own.replace(".tab", ".csv"));
}

fn columns(file: &mut Written) {
    let layout = file.layout.clone();
    let place = |role: Role| layout.field_of(role).unwrap();
    file.record("number", "FMT-14", place(Role::RecordNumber), "0");
    file.record("state", "FMT-15", place(Role::StateCode), "31");
    file.record("agency", "FMT-16", place(Role::StateAgency), "1");
    file.record("too long", "FMT-11", place(Role::StateAgency), "0100");
    file.record("blank", "FMT-12", place(Role::StateCode), "");
    if let Some(filler) = layout.field_of(Role::Filler) {
        file.record("filler", "FMT-13", filler, "x");
    }
    if let Some(text) = layout.field_of(Role::Explanation) {
        file.record("character", "FMT-22", text, "caf\u{e9}");
    }
}

fn amounts(file: &mut Written) {
    let Some(amount) = file.layout.field_of(Role::Amount) else { return };
    let kind = file.layout.fields().nth(amount).unwrap().kind;
    match kind {
        ColumnType::Number => file.record("count", "FMT-19", amount, "1.5"),
        ColumnType::Decimal2 => file.record("full-time equivalent", "FMT-20", amount, "1.234"),
        ColumnType::Decimal1 => file.record("rate", "FMT-21", amount, "100.1"),
        _ => {}
    }
}

/// Dates, postal codes and telephone numbers of the registers.
fn registers(file: &mut Written) {
    if !matches!(file.layout.file.get(), 29 | 198) {
        return;
    }
    let of = |part: &str| {
        file.layout.fields().position(|column| {
            let width = part != "Date" || column.length == 10;
            column.role == Role::Value && column.element.contains(part) && width
        })
    };
    let [date, zip, phone] = ["Date", "Zipcode", "PhoneNumber"].map(of);
    if let Some(date) = date {
        file.record("date", "FMT-23", date, "2023-02-30");
    }
    if file.layout.file.get() == 29 {
        file.record("postal code", "FMT-24", zip.unwrap(), "5900");
        file.record("telephone", "FMT-24", phone.unwrap(), "406555");
    }
}

/// Table, indicator, categories.
fn sets(file: &mut Written) {
    let layout = file.layout.clone();
    let (true, Some(table)) = (file.in_sets, layout.field_of(Role::TableName)) else { return };
    file.record("table", "FMT-17", table, "OTHER");
    let middle = file.lines[file.middle()].clone();
    if let Some(indicator) = layout.field_of(Role::TotalIndicator) {
        file.record("indicator", "FMT-18", indicator, "X");
        let other = if middle[indicator] == "Y" { "N" } else { "Y" };
        file.record("other indicator", "SUB-03", indicator, other);
    }
    let filled = layout.fields().position(|column| {
        let at = usize::from(column.position) - 1;
        column.role == Role::Value && column.category.is_some() && !middle[at].is_empty()
    });
    if let Some(filled) = filled {
        file.record("code", "SUB-04", filled, "ZZZ");
    }
    let count = file.lines.len();
    let bytes = file.bytes(|lines| {
        let mut again = lines[count - 1].clone();
        again[0] = count.to_string();
        lines.push(again);
        lines[0][1] = count.to_string();
    });
    file.push("twice", bytes, vec!["SUB-01"]);
    let bytes = file.bytes(|lines| {
        lines.pop();
        lines[0][1] = (count - 2).to_string();
    });
    let missed = file.missed(count - 1);
    if count > 2 && !missed.is_empty() {
        file.push("left out", bytes, missed);
    }
}

/// Lines as a whole.
fn lines(file: &mut Written) {
    let last = file.lines.len() - 1;
    let mut wakes = vec!["FMT-09"];
    wakes.extend(file.missed(last));
    let bytes = file.bytes(|lines| drop(lines[last].pop()));
    file.push("one column less", bytes, wakes);
    file.push("empty", Vec::new(), vec!["FMT-01"]);
}

/// The other forms.
fn forms(file: &mut Written, number: FileNumber, level: Level, year: SchoolYear) {
    let last = file.lines.len() - 1;
    let with = |code: &'static str| [vec![code], file.missed(last)].concat();
    let (short, open) = (with("FMT-10"), with("FMT-22"));
    let (_, mut bytes, _) = written(number, level, year, FileForm::Txt);
    bytes.truncate(bytes.len() - 3);
    bytes.extend(b"\r\n");
    let form = |form| name(number, level, form);
    file.changes.push(Change { what: "one character less", name: form(FileForm::Txt), bytes, wakes: short });
    let (_, bytes, _) = written(number, level, year, FileForm::Csv);
    let text = String::from_utf8(bytes).unwrap();
    let (all, end) = text.trim_end().rsplit_once(',').unwrap();
    let bytes = format!("{all},\"{end}\r\n").into_bytes();
    file.changes.push(Change { what: "open quote", name: form(FileForm::Csv), bytes, wakes: open });
}

//! From bytes to a file with a number, a level, a layout and raw lines; the rules on name and header.

use super::{CheckOptions, Found};
use crate::catalogue::{Family, FileSpec};
use crate::read::{RawLine, cut_header, lines, split};
use crate::write::period;
use crate::{Catalogue, FileForm, FileNumber, Layout, Level, Role};
use opi_dictionary::SchoolYear;

/// A file with its name, as given.
#[derive(Clone, Copy, Debug)]
pub struct NamedFile<'a> {
    /// The name without folders.
    pub name: &'a str,
    /// The content.
    pub bytes: &'a [u8],
}

/// A file whose kind is known.
#[derive(Debug)]
pub(crate) struct Opened<'f> {
    pub(crate) name: String,
    pub(crate) number: FileNumber,
    pub(crate) level: Level,
    pub(crate) year: SchoolYear,
    pub(crate) layout: Layout,
    pub(crate) form: FileForm,
    pub(crate) records: Vec<RawLine<'f>>,
    /// The five values of the header.
    pub(crate) header: Vec<String>,
}

struct NameParts {
    state: String,
    level: Level,
    rest: String,
}

fn name_parts(name: &str) -> Option<NameParts> {
    let (stem, extension) = name.rsplit_once('.')?;
    let state = stem.get(..2).filter(|state| state.bytes().all(|b| b.is_ascii_uppercase()))?;
    let level: Level =
        stem.get(2..5).filter(|level| level.bytes().all(|b| b.is_ascii_uppercase()))?.parse().ok()?;
    let rest = stem.get(5..)?;
    let plain = (1..=16).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    let known = FileForm::from_extension(extension).is_some();
    (plain && known && name.len() <= 25).then(|| NameParts {
        state: state.to_owned(),
        level,
        rest: rest.to_owned(),
    })
}

/// Opens a file; `None` when its kind cannot be told, with a finding that says why.
pub(crate) fn open<'f>(
    catalogue: &Catalogue,
    options: &CheckOptions,
    file: NamedFile<'f>,
    found: &mut Found,
) -> Option<Opened<'f>> {
    let name = file.name;
    let mut rest = lines(file.bytes).into_iter();
    let Some(head) = rest.next() else {
        found.at(name, "FMT-01", 0, None).say("the file is empty").want("a header of five columns");
        return None;
    };
    let (form, header) = form_of(name, &head, found)?;
    let records: Vec<RawLine<'_>> = rest.collect();
    let parts = name_parts(name);
    let Some((number, level)) = identify(catalogue, options, &header, parts.as_ref(), &records, form) else {
        found
            .at(name, "FMT-02", 1, Some("File Type"))
            .say("the file type is not that of any file, and neither name nor content tell the kind")
            .show(header.first().map(String::as_str).unwrap_or_default());
        return None;
    };
    let spec = catalogue.file(number).ok()?;
    if !spec.levels.contains(&level) {
        let levels: Vec<&str> = spec.levels.iter().map(|level| level.as_str()).collect();
        found
            .at(name, "SUB-47", 0, None)
            .say(&format!("file {number} is not collected at level {level}"))
            .want(&levels.join(", "));
        return None;
    }
    let read_year = long_year(header.get(4).map(String::as_str).unwrap_or_default());
    let year = options.year.or(read_year).or(spec.layout_last_year)?;
    let layout = match catalogue.layout(number, level, year) {
        Ok(layout) => layout,
        Err(error) => {
            found.not_run(name, "all", &error.to_string());
            return None;
        }
    };
    let opened = Opened { name: name.to_owned(), number, level, year, layout, form, records, header };
    check_header(&opened, spec, options, read_year, found);
    check_name(&opened, spec, options, parts.as_ref(), found);
    Some(opened)
}

/// The form of a file and the values of its header.
fn form_of(name: &str, head: &RawLine<'_>, found: &mut Found) -> Option<(FileForm, Vec<String>)> {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let by_name = extension.as_deref().and_then(FileForm::from_extension);
    let Some((form, header)) = header_of(&head.text, by_name) else {
        if by_name.is_none() {
            let shown = extension.as_deref().unwrap_or("none");
            found.at(name, "FMT-08", 0, None).say("the extension names no accepted form").show(shown);
        } else {
            found
                .at(name, "FMT-01", head.line, None)
                .say("the first record has not the five columns of a header");
        }
        return None;
    };
    if by_name != Some(form) {
        found
            .at(name, "FMT-08", 0, None)
            .say("extension and content do not agree")
            .want(&format!("the content is that of .{}", form.extension()));
    }
    Some((form, header))
}

/// The rules on the five values of the header.
fn check_header(
    opened: &Opened<'_>,
    spec: &FileSpec,
    options: &CheckOptions,
    read_year: Option<SchoolYear>,
    found: &mut Found,
) {
    let name = opened.name.as_str();
    let value = |at: usize| opened.header.get(at).map(String::as_str).unwrap_or_default();
    let wanted = spec.file_type(opened.level).unwrap_or_default();
    if value(0).trim().to_ascii_uppercase() != wanted || value(0).chars().count() > 50 {
        found
            .at(name, "FMT-02", 1, Some("File Type"))
            .say("the file type is not that of the file and level")
            .want(wanted)
            .show(value(0));
    }
    let (total, records) = (value(1), opened.records.len());
    let whole = !total.is_empty() && total.len() <= 10 && total.bytes().all(|b| b.is_ascii_digit());
    if !whole || total.parse() != Ok(records as u64) {
        found
            .at(name, "FMT-03", 1, Some("Total Records in File"))
            .say(&format!("the header does not announce the {records} data records that are present"))
            .want(&records.to_string())
            .show(total);
    }
    if value(2) != name {
        found
            .at(name, "FMT-04", 1, Some("File Name"))
            .say("the file name in the header differs from the name of the file")
            .want(name)
            .show(value(2));
    }
    if value(3).chars().count() > 32 {
        found
            .at(name, "FMT-05", 1, Some("File Identifier"))
            .say("the file identifier is longer than 32 characters");
    }
    if read_year != Some(options.year.unwrap_or(opened.year)) {
        found
            .at(name, "FMT-06", 1, Some("File Reporting Period"))
            .say("the reporting period is not the school year as two consecutive years")
            .want(&options.year.map_or("CCYY-CCYY".to_owned(), period))
            .show(value(4));
    }
}

/// FMT-07: state, level, abbreviation, version and extension.
fn check_name(
    opened: &Opened<'_>,
    spec: &FileSpec,
    options: &CheckOptions,
    parts: Option<&NameParts>,
    found: &mut Found,
) {
    let (state, level) = (options.profile.abbreviation.as_str(), opened.level);
    let abbreviation = spec.fitting_abbreviation().unwrap_or_default();
    let fits = |parts: &NameParts| {
        parts.state == state && parts.level == level && parts.rest.starts_with(abbreviation)
    };
    if !parts.is_some_and(fits) {
        found
            .at(&opened.name, "FMT-07", 0, None)
            .say("the file name does not follow state, level, abbreviation, version and extension")
            .want(&format!("{state}{level}{abbreviation}..., at most 25 characters"))
            .show(&opened.name);
    }
}

/// The header values and the form in which they stand: the form of the extension first.
fn header_of(text: &str, by_name: Option<FileForm>) -> Option<(FileForm, Vec<String>)> {
    let five = |form: FileForm| -> Option<Vec<String>> {
        match form {
            FileForm::Txt => {
                let fixed = text.len() >= 126 && !text.contains('\t');
                let values = cut_header(text);
                let counted = values
                    .get(1)
                    .is_some_and(|total| !total.is_empty() && total.bytes().all(|b| b.is_ascii_digit()));
                (fixed && (counted || by_name == Some(FileForm::Txt))).then_some(values)
            }
            form => {
                let mut values = Vec::new();
                let read = split(text, form, &mut values) && values.len() == 5;
                read.then(|| values.into_iter().map(std::borrow::Cow::into_owned).collect())
            }
        }
    };
    let order = by_name.into_iter().chain(FileForm::ALL.into_iter().filter(|form| Some(*form) != by_name));
    order.into_iter().find_map(|form| Some((form, five(form)?)))
}

fn long_year(text: &str) -> Option<SchoolYear> {
    let long = text.len() == 9
        && text.split_once('-').is_some_and(|(a, b)| {
            let four = |text: &str| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
            four(a) && four(b)
        });
    if long { text.parse().ok() } else { None }
}

/// Which file it is: as told, by the file type, by the identifier's number, by the name, by its tables.
fn identify(
    catalogue: &Catalogue,
    options: &CheckOptions,
    header: &[String],
    parts: Option<&NameParts>,
    records: &[RawLine<'_>],
    form: FileForm,
) -> Option<(FileNumber, Level)> {
    let value = |at: usize| header.get(at).map(String::as_str).unwrap_or_default();
    let text = value(0).trim().to_ascii_uppercase();
    let typed = catalogue.files().iter().find_map(|file| {
        let level = Level::ALL.into_iter().find(|level| file.file_type(*level) == Some(text.as_str()))?;
        Some((file.number, level))
    });
    let level = options.level.or(typed.map(|(_, level)| level)).or(parts.map(|parts| parts.level));
    let words = || Level::ALL.into_iter().find(|level| text.starts_with(level.as_str()));
    let level = level.or_else(words)?;
    if let Some(number) = options.file.or(typed.map(|(number, _)| number)) {
        return Some((number, level));
    }
    let usable =
        |number: &FileNumber| catalogue.file(*number).is_ok_and(|file| file.layout_last_year.is_some());
    let numbered = value(3).get(..3).and_then(|digits| digits.parse().ok()).filter(usable);
    if let Some(number) = numbered {
        return Some((number, level));
    }
    let rest = parts.map(|parts| parts.rest.as_str()).unwrap_or_default();
    let abbreviated = catalogue.files().iter().find(|file| {
        file.abbreviation.as_deref().is_some_and(|text| rest.starts_with(text))
            && file.levels.contains(&level)
    });
    if let Some(file) = abbreviated {
        return Some((file.number, level));
    }
    by_tables(catalogue, level, records, form)
}

/// The tables that the first records name, against the tables of each file.
fn by_tables(
    catalogue: &Catalogue,
    level: Level,
    records: &[RawLine<'_>],
    form: FileForm,
) -> Option<(FileNumber, Level)> {
    catalogue.files().iter().filter(|file| !file.tables.is_empty()).find_map(|file| {
        let layout = catalogue.layout(file.number, level, file.layout_last_year?).ok()?;
        let table = layout.field_of(Role::TableName)?;
        let named = records.iter().take(20).any(|line| {
            let mut values = Vec::new();
            match form {
                FileForm::Txt => crate::read::cut(&line.text, &layout, &mut values),
                form => {
                    split(&line.text, form, &mut values);
                }
            }
            let name = values.get(table).filter(|_| values.len() == layout.field_count());
            name.is_some_and(|name| file.tables.iter().any(|known| *known == **name))
        });
        named.then_some((file.number, level))
    })
}

/// Whether a file holds counts with category sets.
pub(crate) fn counts_students(catalogue: &Catalogue, number: FileNumber) -> bool {
    catalogue.file(number).is_ok_and(|file| {
        let student = file.derivation.as_ref().is_some_and(|derivation| derivation.unit == "student");
        file.family == Family::Counts && student
    })
}

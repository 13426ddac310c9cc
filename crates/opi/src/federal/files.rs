//! Every file that the inputs suffice for: counted, written in memory and checked; every other with what is missing.

use crate::federal::codes::FileNeeds;
use crate::federal::notes::Notes;
use crate::federal::{FederalError, FederalInputs, FederalNote, FederalState, staff, unit_files};
use opi_edfacts::{
    CheckOptions, CheckReport, Counter, DataRow, FileCounts, FileForm, FileNumber, FileWriter, InputSource,
    Level, Manifest, NamedFile, check_files, file_name, manifest,
};
use serde::Serialize;

/// A federal file in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FederalFileBytes {
    /// Its name, as the Department wants it.
    pub name: String,
    /// Its number.
    pub file: FileNumber,
    /// Its level.
    pub level: Level,
    /// Data records.
    pub records: u64,
    /// Its bytes: comma delimited.
    pub bytes: Vec<u8>,
}

/// A file that was not made, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotProduced {
    /// Its number.
    pub file: FileNumber,
    /// Its title.
    pub title: String,
    /// The levels that it has.
    pub levels: Vec<Level>,
    /// What is missing, in words.
    pub missing: String,
}

/// The federal files of a year.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FederalYear {
    /// The files, by number and level.
    pub files: Vec<FederalFileBytes>,
    /// The files that the inputs do not suffice for.
    pub not_produced: Vec<NotProduced>,
    /// What our own checker found in the files.
    pub check: CheckReport,
    /// Files, rows, hashes, totals, rules, and what no document confirms.
    pub manifest: Manifest,
    /// What was left out or could not be read on the way.
    pub notes: Vec<FederalNote>,
    /// Students in the tables.
    pub students: u64,
}

/// Which files can be made at which levels, and which cannot.
pub(crate) struct Asked {
    pub(crate) made: Vec<(FileNumber, Vec<Level>)>,
    pub(crate) not_produced: Vec<NotProduced>,
}

impl Asked {
    pub(crate) fn new(inputs: &FederalInputs<'_>) -> Result<Self, FederalError> {
        let needs = FileNeeds::all()?;
        let mut asked = Asked { made: Vec::new(), not_produced: Vec::new() };
        for spec in inputs.catalogue.files() {
            let need = needs.iter().find(|need| need.file == spec.number);
            let levels = spec.derivation.as_ref().map_or(&spec.levels, |derivation| &derivation.levels);
            let with_layout = |level: &Level| {
                inputs.profile.levels.contains(level)
                    && inputs.catalogue.layout(spec.number, *level, inputs.school_year).is_ok()
            };
            let written: Vec<Level> = levels.iter().copied().filter(with_layout).collect();
            let missing = match (need, spec.derivation.as_ref().map(|derivation| derivation.inputs)) {
                (Some(need), _) if !need.missing.is_empty() => Some(need.missing.clone()),
                (Some(need), _) => lacking(need, inputs),
                (None, Some(InputSource::Assessment)) => Some("results of the assessment vendor".to_owned()),
                (None, Some(InputSource::Finance)) => Some("amounts of the grants system".to_owned()),
                (None, _) => Some("a derivation: none is on record".to_owned()),
            };
            let missing = missing
                .or_else(|| written.is_empty().then(|| "a layout of the year: none is on record".to_owned()));
            match missing {
                None => asked.made.push((spec.number, written)),
                Some(missing) => asked.not_produced.push(NotProduced {
                    file: spec.number,
                    title: spec.title.clone(),
                    levels: spec.levels.clone(),
                    missing,
                }),
            }
        }
        Ok(asked)
    }
}

/// The tables and years that a file needs and that were not given.
fn lacking(need: &FileNeeds, inputs: &FederalInputs<'_>) -> Option<String> {
    let given = |name: &&str| inputs.tables.iter().any(|table| table.name() == *name);
    let tables: Vec<&str> = need.tables().filter(|name| !given(name)).collect();
    let mut lacking = Vec::new();
    if !tables.is_empty() {
        let noun = if tables.len() == 1 { "the table" } else { "the tables" };
        lacking.push(format!("{noun} {}", tables.join(", ")));
    }
    let before = inputs.other_years.iter().filter(|(year, _)| *year < inputs.school_year).count();
    let wanted = usize::try_from(need.earlier_years).unwrap_or(usize::MAX);
    if before < wanted {
        lacking.push(format!("the enrollments of the {wanted} years before ({before} given)"));
    }
    (!lacking.is_empty()).then(|| lacking.join("; "))
}

/// Counts, writes and checks every file that the inputs suffice for.
///
/// # Errors
/// When the inputs contradict themselves: a unit twice in the directory, a profile without a count date in the year.
pub fn federal_files(inputs: &FederalInputs<'_>) -> Result<FederalYear, FederalError> {
    let Asked { made, not_produced } = Asked::new(inputs)?;
    let state = FederalState::new(inputs)?;
    let units = &state.places.units;
    let config = inputs.profile.config(inputs.school_year)?;
    let counted: Vec<(FileNumber, Vec<Level>)> = made
        .iter()
        .filter(|(file, levels)| {
            levels.iter().all(|level| unit_files::register_rows(*file, *level, units).is_none())
        })
        .cloned()
        .collect();
    let mut counter = Counter::new(inputs.catalogue, &config, units, &counted)?;
    let mut students = 0;
    let mut notes = state.visit(|student| {
        students += 1;
        counter.add(student);
        Ok::<(), FederalError>(())
    })?;
    let mut staff_notes = Notes::default();
    let staff = staff::assignments(inputs.tables, &state.places, &mut staff_notes)?;
    let staff: Vec<opi_edfacts::StaffAssignment> = staff.into_iter().map(|(row, _, _)| row).collect();
    counter.add_staff(&staff);
    notes.extend(staff_notes.finish());
    let result = counter.finish();
    let asked: Vec<(FileNumber, Level)> =
        made.iter().flat_map(|(file, levels)| levels.iter().map(|level| (*file, *level))).collect();
    let written = each(&asked, |(file, level)| {
        if let Some(rows) = unit_files::register_rows(file, level, units) {
            return write(inputs, file, level, Records::Rows(&rows)).map(Some);
        }
        let counts = result.file(file, level);
        counts.map(|counts| write(inputs, file, level, Records::Counts(counts))).transpose()
    });
    let files: Vec<FederalFileBytes> =
        written.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
    drop(result);
    let named: Vec<NamedFile<'_>> =
        files.iter().map(|file| NamedFile { name: &file.name, bytes: &file.bytes }).collect();
    let table = unit_files::units_table(units)?;
    let directory = [NamedFile { name: "units.csv", bytes: &table }];
    let options = CheckOptions::new(inputs.profile.clone());
    let check = check_files(inputs.catalogue, &options, &named, &directory, &[])?;
    let manifest = manifest(inputs.catalogue, inputs.profile, &named, &check);
    Ok(FederalYear { files, not_produced, check, manifest, notes, students })
}

/// Calls `work` for each item and gives the answers in order, on several threads where the feature `rayon` is on.
#[cfg(feature = "rayon")]
fn each<I: Copy + Sync, T: Send>(items: &[I], work: impl Fn(I) -> T + Sync) -> Vec<T> {
    use rayon::prelude::*;
    items.par_iter().with_max_len(1).map(|item| work(*item)).collect()
}

/// Calls `work` for each item and gives the answers in order.
#[cfg(not(feature = "rayon"))]
fn each<I: Copy, T>(items: &[I], work: impl Fn(I) -> T) -> Vec<T> {
    items.iter().map(|item| work(*item)).collect()
}

/// What stands in a file.
enum Records<'r> {
    Rows(&'r [DataRow]),
    Counts(&'r FileCounts),
}

fn write(
    inputs: &FederalInputs<'_>,
    file: FileNumber,
    level: Level,
    content: Records<'_>,
) -> Result<FederalFileBytes, FederalError> {
    let known = inputs.catalogue.file(file)?.abbreviation.as_deref().filter(|text| text.len() <= 9);
    // Most abbreviations are not on record: the number stands in.
    let abbreviation = known.map_or_else(|| format!("FS{file}"), str::to_owned);
    let name = file_name(&inputs.profile.abbreviation, level, &abbreviation, "v000001", FileForm::Csv)?;
    let writer = FileWriter::new(inputs.catalogue, inputs.profile, file, level, inputs.school_year)?;
    let mut bytes = Vec::new();
    let identifier = format!("{file}-{level}-{}", inputs.school_year);
    let form = FileForm::Csv;
    let records = match content {
        Records::Rows(rows) => writer.write(rows, &name, &identifier, form, &mut bytes)?,
        Records::Counts(counts) => writer.write_counts(counts, &name, &identifier, form, &mut bytes)?,
    };
    Ok(FederalFileBytes { name, file, level, records, bytes })
}

//! Writes a state: the directory, then the districts' files, year by year.

use crate::SynthError;
use crate::defects::{DefectRate, Planted, Planter};
use crate::files::{DistrictFiles, FILES};
use crate::sink::Sink;
use crate::state::State;
use crate::state_tables::{STATE_TABLES, StateTables};
use opi_dictionary::{Dictionary, DirectoryTable, DistrictNumber, SchoolYear};
use std::collections::BTreeMap;
use std::io::Write;

/// How to write a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// How many rows get a planted mistake; twenty times as many of the files get one in their header or form,
    /// but at most every other file. None for a clean state.
    pub defects: DefectRate,
    /// The one district in whose files mistakes are planted; none for all.
    pub only_in: Option<DistrictNumber>,
}

/// How far the writing has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The school year that is being written.
    pub year: SchoolYear,
    /// The districts written, counted anew in each year.
    pub districts: u64,
    /// All districts.
    pub of_districts: u64,
    /// The rows written over all years.
    pub rows: u64,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// School systems, each with its own files.
    pub districts: u64,
    /// Legal districts.
    pub legal_entities: u64,
    /// Schools.
    pub schools: u64,
    /// Students in each year.
    pub students: u64,
    /// Rows by file family, over all years and districts, before mistakes were planted.
    pub rows: BTreeMap<&'static str, u64>,
    /// Planted mistakes.
    pub planted: u64,
}

impl State {
    /// Writes the state: `directory/*.csv`, `uploads/<year>/<district>/<file>.tsv`,
    /// `state/<year>/<table>.tsv`, and, where mistakes are planted, `planted.jsonl`, one JSON object a line.
    /// The tables of the state are always clean.
    ///
    /// Memory stays with the state's districts and the mistakes of one neighbourhood, whatever the number of
    /// students.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn write<S: Sink>(
        &self,
        sink: &mut S,
        options: &WriteOptions,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Summary, SynthError> {
        let mut summary = Summary {
            districts: self.geography.districts.len() as u64,
            legal_entities: self.geography.entities.len() as u64,
            schools: self.geography.schools.len() as u64,
            students: self.plan.students,
            ..Summary::default()
        };
        let directory = self.directory()?;
        for table in DirectoryTable::ALL {
            let name = format!("directory/{table}");
            let mut output = sink.open(&name).map_err(|source| output_error(&name, source))?;
            directory.write(*table, &mut output)?;
            sink.close(&name, output).map_err(|source| output_error(&name, source))?;
        }
        drop(directory);
        let planted_name = "planted.jsonl";
        let mut planted = match options.defects {
            DefectRate::NONE => None,
            _ => Some(sink.open(planted_name).map_err(|source| output_error(planted_name, source))?),
        };
        for year in self.years() {
            let mut tables = StateTables::new(Dictionary::built_in(), year);
            for region in (0u32..).take(self.geography.regions.len()) {
                let mistakes = self.write_region((region, year), sink, options, &mut tables, &mut summary)?;
                summary.planted += mistakes.len() as u64;
                if let Some(output) = &mut planted {
                    list(&mistakes, output).map_err(|source| output_error(planted_name, source))?;
                }
                progress(Progress {
                    year,
                    districts: self
                        .geography
                        .regions
                        .get(region as usize)
                        .map_or(0, |r| u64::from(r.last_district)),
                    of_districts: summary.districts,
                    rows: summary.rows.values().sum(),
                });
            }
            tables.write_units(self, sink)?;
            for (key, rows) in STATE_TABLES.iter().zip(tables.finish(sink)?) {
                *summary.rows.entry(*key).or_default() += rows;
            }
        }
        if let Some(output) = planted {
            sink.close(planted_name, output).map_err(|source| output_error(planted_name, source))?;
        }
        Ok(summary)
    }

    fn write_region<S: Sink>(
        &self,
        (region, year): (u32, SchoolYear),
        sink: &mut S,
        options: &WriteOptions,
        tables: &mut StateTables<'_, S>,
        summary: &mut Summary,
    ) -> Result<Vec<Planted>, SynthError> {
        let calendars = self.region_calendars(region, year)?;
        let dictionary = Dictionary::built_in();
        let mut files = BTreeMap::new();
        for (district, calendar) in &calendars {
            files.insert(*district, DistrictFiles::new(self, dictionary, *district, calendar)?);
        }
        self.visit_region(region, year.end_year(), &calendars, &mut |student| {
            let school = student.enrollments.first().and_then(|first| self.school(first.school));
            let Some(district) = school.map(|school| school.district) else { return Ok(()) };
            if let Some(calendar) = calendars.get(&district) {
                tables.write(self, student, calendar, sink)?;
            }
            let mut open = |name: &str, key| {
                let output = sink.open(name).map_err(|source| output_error(name, source))?;
                let here = match options.only_in {
                    None => true,
                    Some(only) => only == self.district_number(district)?,
                };
                let defects = if here { options.defects } else { DefectRate::NONE };
                Planter::new(self, dictionary, name, key, (district, year), defects, output)
            };
            files.get_mut(&district).map_or(Ok(()), |files| files.write(self, student, &mut open))
        })?;
        let mut mistakes = Vec::new();
        for files in files.into_values() {
            for (key, rows) in FILES.iter().zip(files.rows) {
                *summary.rows.entry(*key).or_default() += rows;
            }
            files.finish(|finished| {
                mistakes.extend(finished.planted);
                sink.close(&finished.name, finished.output)
                    .map_err(|source| output_error(&finished.name, source))
            })?;
        }
        mistakes.sort_by(|a, b| (&a.file, a.line, &a.field).cmp(&(&b.file, b.line, &b.field)));
        Ok(mistakes)
    }
}

fn list(mistakes: &[Planted], output: &mut impl Write) -> std::io::Result<()> {
    mistakes.iter().try_for_each(|mistake| {
        serde_json::to_writer(&mut *output, mistake)?;
        output.write_all(b"\n")
    })
}

fn output_error(name: &str, source: std::io::Error) -> SynthError {
    SynthError::Output { name: name.to_owned(), source }
}

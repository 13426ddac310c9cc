//! Reading a table that the state holds, and walking the records of several tables student by student.

use crate::federal::FederalError;
use crate::federal::kinds::Kind;
use crate::year::Upload;
use opi_aim::{ReadOptions, Reader};
use opi_dictionary::{Dictionary, SchoolYear};
use opi_snapshot::{Origin, Record, Table, TableBuilder, TableSchema};

/// Reads a table of the state, `state/<year>/<layout>.tsv`. Its name says its layout: the file has neither header nor
/// record type. Lines that cannot be read are left out; their number comes with the table.
///
/// # Errors
/// When the layout does not exist or the file cannot be read.
pub fn read_state_table(
    upload: &dyn Upload,
    dictionary: &Dictionary,
    layout: &str,
    source: u32,
) -> Result<(Table, u64), FederalError> {
    let refused = |error| FederalError::Read { file: upload.name().to_owned(), source: error };
    let mut builder = TableBuilder::new(TableSchema::of(dictionary.layout(layout)?));
    let input = upload.open().map_err(|error| refused(opi_aim::AimError::Io { line: 0, source: error }))?;
    let options = ReadOptions::new().layout(layout);
    let mut reader = Reader::new(input, dictionary, options).map_err(refused)?;
    while let Some(row) = reader.next_row().map_err(refused)? {
        builder.push_row(&row, Origin { source, line: row.line(), district: None })?;
    }
    let not_read = reader.rows_not_read();
    Ok((builder.finish(), not_read))
}

/// The place of a column in a table.
pub(crate) fn column(table: &Table, column: &'static str) -> Result<usize, FederalError> {
    let missing = || FederalError::MissingColumn { table: table.name().to_owned(), column };
    table.schema().column(column).ok_or_else(missing)
}

/// A table of student records in the order of students.
pub(crate) struct StudentTable<'a> {
    pub(crate) table: &'a Table,
    pub(crate) year: SchoolYear,
    pub(crate) kind: Kind,
    /// The columns of the kind, in its order.
    columns: Vec<usize>,
    student: usize,
    /// The records by student, where the table has another order.
    order: Option<Vec<u32>>,
}

impl<'a> StudentTable<'a> {
    /// The table, where it holds student records that federal files need.
    pub(crate) fn new(table: &'a Table, year: SchoolYear) -> Result<Option<Self>, FederalError> {
        let Some(kind) = Kind::of(table.name()) else { return Ok(None) };
        let student = column(table, "student_state_id")?;
        let columns = kind.columns().iter().map(|name| column(table, name)).collect::<Result<_, _>>()?;
        let id = |record: usize| table.record(record).map_or("", |record| record.field(student));
        let sorted = (1..table.len()).all(|record| id(record - 1) <= id(record));
        let order = (!sorted).then(|| {
            let mut order: Vec<u32> =
                (0..table.len()).filter_map(|record| u32::try_from(record).ok()).collect();
            order.sort_by(|one, two| id(*one as usize).cmp(id(*two as usize)).then(one.cmp(two)));
            order
        });
        Ok(Some(StudentTable { table, year, kind, columns, student, order }))
    }

    /// The number of the record at a place in the order of students.
    pub(crate) fn record_at(&self, place: usize) -> Option<usize> {
        match &self.order {
            None => (place < self.table.len()).then_some(place),
            Some(order) => order.get(place).map(|record| *record as usize),
        }
    }

    pub(crate) fn student_at(&self, place: usize) -> Option<&'a str> {
        Some(self.table.record(self.record_at(place)?)?.field(self.student))
    }

    /// The texts of the columns of the kind. The list of the kind, from
    /// [`columns`](crate::federal::kinds::columns), says how many there are.
    pub(crate) fn texts<const N: usize>(&self, record: &Record<'a>, _columns: &[&str; N]) -> [&'a str; N] {
        std::array::from_fn(|column| self.columns.get(column).map_or("", |column| record.field(*column)))
    }
}

/// A record of a table in the list of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) table: usize,
    pub(crate) record: usize,
}

impl Place {
    /// As the key that counting keeps of a row.
    pub(crate) fn key(self) -> u64 {
        (self.table as u64) << 40 | self.record as u64
    }

    pub(crate) fn of_key(key: u64) -> Place {
        Place { table: (key >> 40) as usize, record: (key & ((1 << 40) - 1)) as usize }
    }
}

/// Calls `each` for every student of the tables, in the order of ids, with the places of the student's records.
pub(crate) fn each_student<'a, E>(
    tables: &[StudentTable<'a>],
    mut each: impl FnMut(&'a str, &[Place]) -> Result<(), E>,
) -> Result<(), E> {
    let mut next: Vec<usize> = vec![0; tables.len()];
    let mut heads: Vec<Option<&'a str>> = tables.iter().map(|table| table.student_at(0)).collect();
    let mut places: Vec<Place> = Vec::new();
    while let Some(student) = heads.iter().flatten().copied().min() {
        places.clear();
        for (number, table) in tables.iter().enumerate() {
            let (Some(next), Some(head)) = (next.get_mut(number), heads.get_mut(number)) else { continue };
            while *head == Some(student) {
                places.extend(table.record_at(*next).map(|record| Place { table: number, record }));
                *next += 1;
                *head = table.student_at(*next);
            }
        }
        each(student, &places)?;
    }
    Ok(())
}

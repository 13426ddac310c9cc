//! Rows to Parquet bytes and back.

use crate::StoreError;
use arrow_array::builder::{Date32Builder, Decimal128Builder, Int32Builder, Int64Builder, StringBuilder};
use arrow_array::{Array, ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use bytes::Bytes;
use opi_snapshot::{ColumnType, Origin, Record, SnapshotInfo, Table, TableBuilder, TableSchema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::WriterProperties;
use std::ops::Range;
use std::sync::Arc;

/// Rows encoded at a time.
const BATCH: usize = 16 * 1024;
/// Rows of a row group: small enough that a reader of one student skips most of a file.
const ROW_GROUP: usize = 128 * 1024;
/// Decimal numbers: digits in all, and after the point.
const PRECISION: u8 = 18;
const SCALE: i8 = 4;

const SOURCE_NUMBER: &str = "source_number";
const SOURCE_FILE: &str = "source_file";
const SOURCE_LINE: &str = "source_line";
const SOURCE_DISTRICT: &str = "source_district";

/// The name of the typed column beside a text column.
fn typed_name(column: &opi_snapshot::Column) -> Option<String> {
    match column.column_type {
        ColumnType::Date => Some(format!("{}_date", column.name)),
        ColumnType::Year | ColumnType::Decimal => Some(format!("{}_number", column.name)),
        _ => None,
    }
}

fn typed_data(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::Date => DataType::Date32,
        ColumnType::Year => DataType::Int32,
        _ => DataType::Decimal128(PRECISION, SCALE),
    }
}

/// Text columns in the order of the layout, typed columns after all of them, then where rows come from.
fn arrow_schema(schema: &TableSchema) -> Schema {
    let text = schema.columns.iter().map(|column| Field::new(&column.name, DataType::Utf8, true));
    let typed = schema
        .columns
        .iter()
        .filter_map(|column| Some(Field::new(typed_name(column)?, typed_data(column.column_type), true)));
    let origin = [
        Field::new(SOURCE_FILE, DataType::Utf8, true),
        Field::new(SOURCE_LINE, DataType::Int64, false),
        Field::new(SOURCE_NUMBER, DataType::Int32, false),
        Field::new(SOURCE_DISTRICT, DataType::Utf8, true),
    ];
    Schema::new(text.chain(typed).chain(origin).collect::<Vec<_>>())
}

/// The bytes of a Parquet file with some rows of a table. The same rows give the same bytes.
pub(crate) fn encode(table: &Table, info: &SnapshotInfo, rows: Range<usize>) -> Result<Vec<u8>, StoreError> {
    let failed = StoreError::parquet(table.name());
    let schema = Arc::new(arrow_schema(table.schema()));
    let sorting = table.schema().key.iter().map(|column| SortingColumn {
        column_idx: i32::from(*column),
        descending: false,
        nulls_first: true,
    });
    let properties = WriterProperties::builder()
        .set_created_by("opi-store".to_owned())
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_sorting_columns(Some(sorting.collect()))
        .build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer =
        ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(&schema), options).map_err(&failed)?;
    let mut start = rows.start;
    while start < rows.end {
        let end = rows.end.min(start + BATCH);
        let batch = batch(table, info, &schema, start..end).map_err(|error| failed(error.into()))?;
        writer.write(&batch).map_err(&failed)?;
        start = end;
    }
    writer.into_inner().map_err(&failed)
}

fn batch(
    table: &Table,
    info: &SnapshotInfo,
    schema: &Arc<Schema>,
    rows: Range<usize>,
) -> Result<RecordBatch, ArrowError> {
    let records: Vec<Record<'_>> = rows.filter_map(|row| table.record(row)).collect();
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    let width = table.schema().columns.len();
    for column in 0..width {
        arrays.push(text_array(records.iter().map(|record| not_blank(record.field(column)))));
    }
    for (column, described) in table.schema().columns.iter().enumerate() {
        let texts = records.iter().map(|record| record.field(column));
        if let Some(array) = typed_array(described.column_type, texts)? {
            arrays.push(array);
        }
    }
    let file = |record: &Record<'_>| {
        info.sources.get(record.origin().source as usize).map(|source| source.file.as_str())
    };
    arrays.push(text_array(records.iter().map(file)));
    let mut lines = Int64Builder::with_capacity(records.len());
    let mut numbers = Int32Builder::with_capacity(records.len());
    let mut districts = StringBuilder::new();
    for record in &records {
        let origin = record.origin();
        let beyond =
            |_| ArrowError::InvalidArgumentError("a line or source number beyond all bounds".to_owned());
        lines.append_value(i64::try_from(origin.line).map_err(beyond)?);
        numbers.append_value(i32::try_from(origin.source).map_err(beyond)?);
        districts.append_option(origin.district.as_ref().map(opi_dictionary::DistrictNumber::as_str));
    }
    arrays.push(Arc::new(lines.finish()));
    arrays.push(Arc::new(numbers.finish()));
    arrays.push(Arc::new(districts.finish()));
    RecordBatch::try_new(Arc::clone(schema), arrays)
}

fn not_blank(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn text_array<'t>(texts: impl Iterator<Item = Option<&'t str>>) -> ArrayRef {
    let mut builder = StringBuilder::new();
    texts.for_each(|text| builder.append_option(text));
    Arc::new(builder.finish())
}

/// The array of a typed column; `None` for a column that is text only.
fn typed_array<'t>(
    column_type: ColumnType,
    texts: impl Iterator<Item = &'t str>,
) -> Result<Option<ArrayRef>, ArrowError> {
    Ok(match column_type {
        ColumnType::Date => {
            let mut builder = Date32Builder::new();
            let epoch = chrono::NaiveDate::default();
            texts.for_each(|text| {
                let days = column_type.date(text).map(|day| (day - epoch).num_days());
                builder.append_option(days.and_then(|days| i32::try_from(days).ok()));
            });
            Some(Arc::new(builder.finish()))
        }
        ColumnType::Year => {
            let mut builder = Int32Builder::new();
            texts.for_each(|text| builder.append_option(column_type.year(text).map(|year| year.end_year())));
            Some(Arc::new(builder.finish()))
        }
        ColumnType::Decimal => {
            let mut builder = Decimal128Builder::new().with_precision_and_scale(PRECISION, SCALE)?;
            texts.for_each(|text| {
                let number = column_type.decimal(text).map(|number| {
                    let mut number = number.normalize();
                    number.rescale(SCALE.unsigned_abs().into());
                    number.mantissa()
                });
                builder.append_option(number);
            });
            Some(Arc::new(builder.finish()))
        }
        _ => None,
    })
}

/// Adds the rows of a Parquet file to a table, in the order of the file.
pub(crate) fn decode(
    path: &str,
    bytes: Bytes,
    builder: &mut TableBuilder,
    schema: &TableSchema,
) -> Result<(), StoreError> {
    let failed = StoreError::parquet(path);
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(&failed)?;
    if reader.schema().fields() != arrow_schema(schema).fields() {
        let problem = "its columns are not those that the manifest names".to_owned();
        return Err(StoreError::Disagrees { path: path.to_owned(), problem });
    }
    let reader = reader.with_batch_size(BATCH).build().map_err(&failed)?;
    for batch in reader {
        let batch = batch.map_err(|error| failed(ParquetError::from(error)))?;
        rows(path, &batch, builder, schema)?;
    }
    Ok(())
}

fn rows(
    path: &str,
    batch: &RecordBatch,
    builder: &mut TableBuilder,
    schema: &TableSchema,
) -> Result<(), StoreError> {
    let wrong = |name: &str| StoreError::Disagrees {
        path: path.to_owned(),
        problem: format!("column {name} is missing, of another type, or holds what it cannot"),
    };
    let text = |name: &str| {
        let array = batch.column_by_name(name)?;
        array.as_any().downcast_ref::<StringArray>()
    };
    let columns: Vec<&StringArray> = schema
        .columns
        .iter()
        .map(|column| text(&column.name).ok_or_else(|| wrong(&column.name)))
        .collect::<Result<_, StoreError>>()?;
    let number =
        batch.column_by_name(SOURCE_NUMBER).and_then(|array| array.as_any().downcast_ref::<Int32Array>());
    let line =
        batch.column_by_name(SOURCE_LINE).and_then(|array| array.as_any().downcast_ref::<Int64Array>());
    let number = number.ok_or_else(|| wrong(SOURCE_NUMBER))?;
    let line = line.ok_or_else(|| wrong(SOURCE_LINE))?;
    let district = text(SOURCE_DISTRICT).ok_or_else(|| wrong(SOURCE_DISTRICT))?;
    let value =
        |array: &'_ StringArray, row: usize| (!array.is_null(row)).then(|| array.value(row).to_owned());
    for row in 0..batch.num_rows() {
        let district = value(district, row).map(|text| text.parse()).transpose();
        let origin = Origin {
            source: u32::try_from(number.value(row)).map_err(|_| wrong(SOURCE_NUMBER))?,
            line: u64::try_from(line.value(row)).map_err(|_| wrong(SOURCE_LINE))?,
            district: district.map_err(|_| wrong(SOURCE_DISTRICT))?,
        };
        let texts = columns.iter().map(|array| if array.is_null(row) { "" } else { array.value(row) });
        builder.push(texts, origin).map_err(StoreError::snapshot(path))?;
    }
    Ok(())
}

//! Apache Parquet, read through `parquet`, whose panics on hostile files stop here.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes as Buffer;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::{ChunkReader, Length};
use tutela_core::{Bytes as _, FileBytes, Limits, escape};

use crate::csv::too_many_rows;
use crate::table::{BATCH_BYTES, BATCH_ROWS, Shape};
use crate::{Batch, Column, Error, Problem, normal};

/// More columns than any honest table; each costs memory in every part of the program.
const MOST_COLUMNS: usize = 65_536;
/// The last eight bytes: length of the footer, and the magic number.
const TAIL: u64 = 8;

/// The footer, parsed and checked.
#[derive(Debug, Clone)]
pub(crate) struct Footer {
    metadata: ArrowReaderMetadata,
    rows: u64,
    batch_rows: usize,
}

/// Reads and checks the footer.
pub(crate) fn open(
    path: &str,
    bytes: &Arc<FileBytes>,
    limits: &Limits,
) -> Result<(Footer, Shape), Error> {
    keep_footer_limit(path, bytes, limits)?;
    let metadata = guarded(path, || load(bytes))?;
    let rows = guarded(path, || {
        Ok(check(path, bytes.len(), metadata.metadata(), limits))
    })??;
    let columns = metadata.schema().fields().iter().map(|field| Column {
        name: field.name().clone(),
        kind: normal::kind(field.data_type()),
        data_type: escape(&declared(field.data_type()).to_string(), 200),
        lexical: Vec::new(),
    });
    let mut shape = Shape {
        columns: columns.collect(),
        rows,
        ..Shape::default()
    };
    rename_doubles(&mut shape);
    let footer = Footer {
        batch_rows: batch_rows(metadata.metadata(), rows),
        metadata,
        rows,
    };
    Ok((footer, shape))
}

/// Reads the footer.
///
/// The schema that Arrow's writers embed is a second description of the same columns; a hostile file could
/// let the two disagree, so only Parquet's own is believed. Texts and raw bytes are read as views, so that a
/// million rows that point at one long value of a dictionary do not become a million copies of it.
fn load(bytes: &Arc<FileBytes>) -> Result<ArrowReaderMetadata, ParquetError> {
    let options = || ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let plain = ArrowReaderMetadata::load(&Chunks(Arc::clone(bytes)), options())?;
    let fields = plain.schema().fields().iter().map(|field| {
        let shared = match field.data_type() {
            DataType::Utf8 => DataType::Utf8View,
            DataType::Binary => DataType::BinaryView,
            other => other.clone(),
        };
        field.as_ref().clone().with_data_type(shared)
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<Field>>()));
    ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options().with_schema(schema))
}

/// The type that the file declares: that texts are read as views is our own business.
const fn declared(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Utf8View => &DataType::Utf8,
        DataType::BinaryView => &DataType::Binary,
        other => other,
    }
}

/// The footer takes several times its size in memory, so its size is checked before it is read.
fn keep_footer_limit(path: &str, bytes: &FileBytes, limits: &Limits) -> Result<(), Error> {
    let mut tail = [0; 4];
    let place = bytes.len().saturating_sub(TAIL);
    bytes
        .read_exact_at(place, &mut tail)
        .map_err(|source| tutela_core::Error::Read {
            path: path.to_owned(),
            source,
        })?;
    let length = u64::from(u32::from_le_bytes(tail));
    if length > place {
        let what = format!("the footer declares {length} bytes but only {place} stand before it");
        return Err(malformed(path, what));
    }
    if length > limits.member_bytes / 4 {
        return Err(Error::Core(tutela_core::Error::Limit {
            what: format!("the footer of `{path}`"),
            limit: format!("{} bytes", limits.member_bytes / 4),
        }));
    }
    Ok(())
}

/// Believes no number of the footer before it was compared with the file and the limits.
fn check(path: &str, size: u64, metadata: &ParquetMetaData, limits: &Limits) -> Result<u64, Error> {
    let declared = metadata.file_metadata().num_rows();
    let mut total = 0_u64;
    for group in metadata.row_groups() {
        let rows = u64::try_from(group.num_rows()).map_err(|_negative| {
            malformed(path, "a row group declares a negative number of rows")
        })?;
        total = total.saturating_add(rows);
        if group.columns().len() > MOST_COLUMNS {
            return Err(malformed(
                path,
                format!("it has more than {MOST_COLUMNS} columns"),
            ));
        }
        for chunk in group.columns() {
            check_chunk(path, size, chunk, limits)?;
        }
    }
    if u64::try_from(declared) != Ok(total) {
        let what = format!("the footer declares {declared} rows but its row groups {total}");
        return Err(malformed(path, what));
    }
    if total > limits.rows {
        return Err(too_many_rows(path, limits));
    }
    Ok(total)
}

fn check_chunk(
    path: &str,
    size: u64,
    chunk: &ColumnChunkMetaData,
    limits: &Limits,
) -> Result<(), Error> {
    let name = escape(&chunk.column_path().string(), 80);
    let negative = chunk.dictionary_page_offset().is_some_and(i64::is_negative)
        || chunk.data_page_offset() < 0
        || chunk.compressed_size() < 0;
    let (start, length) = if negative {
        (size, 1)
    } else {
        chunk.byte_range()
    };
    if start.checked_add(length).is_none_or(|end| end > size) {
        return Err(malformed(
            path,
            format!("column `{name}` lies outside the file"),
        ));
    }
    let unpacked = u64::try_from(chunk.uncompressed_size()).unwrap_or(u64::MAX);
    if unpacked > limits.unpacked_bytes {
        return Err(Error::Core(tutela_core::Error::Limit {
            what: format!("column `{name}` of a row group of `{path}`"),
            limit: format!("{} bytes unpacked", limits.unpacked_bytes),
        }));
    }
    match chunk.compression() {
        Compression::BROTLI(_) | Compression::LZO => Err(Error::Unsupported {
            path: path.to_owned(),
            what: format!("the compression {}", chunk.compression()),
        }),
        _ => Ok(()),
    }
}

/// So many rows that a batch stays small even where values are large.
fn batch_rows(metadata: &ParquetMetaData, rows: u64) -> usize {
    let groups = metadata.row_groups().iter();
    let bytes = groups
        .map(|group| u64::try_from(group.total_byte_size()).unwrap_or_default())
        .fold(0, u64::saturating_add);
    let width = bytes.checked_div(rows).unwrap_or_default().max(1);
    let fitting = usize::try_from((BATCH_BYTES as u64) / width).unwrap_or(BATCH_ROWS);
    fitting.clamp(1, BATCH_ROWS)
}

/// A name must mean one column.
fn rename_doubles(shape: &mut Shape) {
    let mut taken = std::collections::BTreeSet::new();
    for index in 0..shape.columns.len() {
        let Some(column) = shape.columns.get_mut(index) else {
            continue;
        };
        if taken.contains(&column.name) {
            let what = format!("column name `{}` is used twice", escape(&column.name, 80));
            shape.problems.add(Problem::of_file(what));
            column.name = format!("column_{}", index.saturating_add(1));
            while taken.contains(&column.name) {
                column.name.push('_');
            }
        }
        taken.insert(column.name.clone());
    }
}

fn malformed(path: &str, what: impl Into<String>) -> Error {
    Error::Malformed {
        path: path.to_owned(),
        problem: Box::new(Problem::of_file(what)),
    }
}

/// Runs foreign code that may panic on hostile bytes: a panic says that the file is malformed.
fn guarded<T>(path: &str, work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(refused(path, error)),
        Err(_panic) => Err(malformed(path, "its decoder gave up on it")),
    }
}

fn refused(path: &str, error: ParquetError) -> Error {
    match error {
        ParquetError::NYI(what) => Error::Unsupported {
            path: path.to_owned(),
            what: escape(&what, 200),
        },
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => Error::Core(tutela_core::Error::Read {
                path: path.to_owned(),
                source: *source,
            }),
            Err(other) => malformed(path, escape(&other.to_string(), 200)),
        },
        other => malformed(path, escape(&other.to_string(), 200)),
    }
}

/// The rows, batch by batch.
pub(crate) struct Rows {
    /// None once it has panicked: its state cannot be relied on.
    reader: Option<ParquetRecordBatchReader>,
    rows: u64,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Rows(of {})", self.rows)
    }
}

impl Rows {
    pub(crate) fn new(path: &str, bytes: Arc<FileBytes>, footer: &Footer) -> Result<Self, Error> {
        let reader = guarded(path, || {
            ParquetRecordBatchReaderBuilder::new_with_metadata(
                Chunks(bytes),
                footer.metadata.clone(),
            )
            .with_batch_size(footer.batch_rows)
            .build()
        })?;
        Ok(Self {
            reader: Some(reader),
            rows: footer.rows,
        })
    }

    pub(crate) fn next(&mut self, path: &str, first_row: u64) -> Result<Option<Batch>, Error> {
        let Some(mut reader) = self.reader.take() else {
            return Ok(None);
        };
        let next = guarded(path, || {
            let batch = reader.next().transpose().map_err(ParquetError::from)?;
            Ok(batch.map(|batch| Batch::from_arrow(first_row, &batch)))
        })?;
        let Some(batch) = next.transpose().map_err(|error| with_path(path, error))? else {
            return self.is_complete(path, first_row);
        };
        self.reader = Some(reader);
        Ok(Some(batch))
    }

    fn is_complete(&self, path: &str, read: u64) -> Result<Option<Batch>, Error> {
        if read == self.rows {
            return Ok(None);
        }
        let what = format!(
            "its pages hold {read} rows where the footer declares {}",
            self.rows
        );
        Err(malformed(path, what))
    }
}

fn with_path(path: &str, error: Error) -> Error {
    match error {
        Error::Unsupported { what, .. } => Error::Unsupported {
            path: path.to_owned(),
            what,
        },
        other => other,
    }
}

/// Gives `parquet` the file by ranges, never more than there is.
struct Chunks(Arc<FileBytes>);

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Chunks {
    type T = io::BufReader<Onward>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(io::BufReader::new(Onward {
            bytes: Arc::clone(&self.0),
            offset: start,
        }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Buffer, ParquetError> {
        let rest = self.0.len().saturating_sub(start);
        if length as u64 > rest {
            return Err(ParquetError::EOF(format!(
                "{length} bytes are wanted where {rest} are left"
            )));
        }
        let mut buffer = vec![0; length];
        self.0
            .read_exact_at(start, &mut buffer)
            .map_err(|error| ParquetError::External(Box::new(error)))?;
        Ok(buffer.into())
    }
}

/// A sequential reader from some place on.
#[derive(Debug)]
struct Onward {
    bytes: Arc<FileBytes>,
    offset: u64,
}

impl Read for Onward {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read_at(self.offset, buffer)?;
        self.offset = self.offset.saturating_add(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;

//! A file known to be a table, whose rows can be read again and again.

use std::sync::Arc;

use tutela_core::{ArtifactFile, Bytes as _, FileBytes, Limits};

use crate::{Batch, Column, Error, Problems, csv, jsonl, parquet};

/// How many rows a batch has at most: enough to amortise its cost, few enough to stay in the cache.
pub(crate) const BATCH_ROWS: usize = 8192;
/// About how many bytes of values a batch holds at most.
pub(crate) const BATCH_BYTES: usize = 16 << 20;

/// Endings of formats that may hold tables and are not read: passing over them would call unseen rows clean.
const UNREAD: [&str; 27] = [
    "7z", "arrow", "avro", "bz2", "db", "dta", "feather", "gz", "h5", "hdf5", "ipc", "json", "ods",
    "orc", "pickle", "pkl", "rds", "sas7bdat", "sav", "sqlite", "tar", "xls", "xlsx", "xml", "xz",
    "zip", "zst",
];

/// Honest tables unpack to less than this many times their size; large ones may pass the limit so far.
const USUAL_PACKING: u64 = 100;

/// The format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Values between delimiters (RFC 4180 and its relatives).
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// The name that people know.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON Lines",
            Self::Parquet => "Parquet",
        }
    }
}

/// A file known to be a table.
#[derive(Debug, Clone)]
pub struct Table {
    file: ArtifactFile,
    limits: Limits,
    shape: Shape,
    form: Form,
}

/// What the first pass over a file learns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: u64,
    pub(crate) problems: Problems,
}

/// What is needed to read the rows again.
#[derive(Debug, Clone)]
enum Form {
    Csv(csv::Dialect),
    JsonLines,
    Parquet(parquet::Footer),
}

impl Table {
    /// Reads enough of a file to know its shape: for CSV and JSON Lines all of it, for Parquet its footer.
    ///
    /// The format is recognised by content. The name only decides what a file is that looks like none of
    /// them: a broken table, a table in a format that is not read, or no table at all.
    ///
    /// # Errors
    /// [`Error::NotATable`], [`Error::Malformed`], [`Error::Unsupported`], or what kept it from reading.
    pub fn open(file: &ArtifactFile, limits: &Limits) -> Result<Self, Error> {
        let bytes = file.open()?;
        let (form, shape) = recognise(file, bytes, limits)?;
        Ok(Self {
            file: file.clone(),
            limits: *limits,
            shape,
            form,
        })
    }

    /// The file.
    #[must_use]
    pub const fn file(&self) -> &ArtifactFile {
        &self.file
    }

    /// Its format.
    #[must_use]
    pub const fn format(&self) -> Format {
        match self.form {
            Form::Csv(_) => Format::Csv,
            Form::JsonLines => Format::JsonLines,
            Form::Parquet(_) => Format::Parquet,
        }
    }

    /// Its columns in order.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.shape.columns
    }

    /// Where a column stands.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns().iter().position(|column| column.name == name)
    }

    /// How many rows it has, without the header.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.shape.rows
    }

    /// Every place where the file breaks its own form.
    #[must_use]
    pub const fn problems(&self) -> &Problems {
        &self.shape.problems
    }

    /// Reads the rows, from the first.
    ///
    /// # Errors
    /// What kept it from reading.
    pub fn batches(&self) -> Result<Batches<'_>, Error> {
        let bytes = Arc::new(self.file.open()?);
        let columns = self.columns();
        let source = match &self.form {
            Form::Csv(dialect) => Source::Csv(csv::Rows::new(bytes, *dialect, &self.limits)),
            Form::JsonLines => Source::JsonLines(jsonl::Rows::new(bytes, &self.limits)),
            Form::Parquet(footer) => {
                Source::Parquet(parquet::Rows::new(&self.file.path, bytes, footer)?)
            }
        };
        Ok(Batches {
            path: &self.file.path,
            columns,
            source,
            next_row: 0,
            bytes_left: self
                .limits
                .unpacked_bytes
                .max(self.file.size().saturating_mul(USUAL_PACKING)),
            failed: false,
        })
    }
}

fn recognise(
    file: &ArtifactFile,
    bytes: FileBytes,
    limits: &Limits,
) -> Result<(Form, Shape), Error> {
    let mut magic = [0; 4];
    let whole = bytes.len() >= 4 && bytes.read_exact_at(0, &mut magic).is_ok();
    let bytes = Arc::new(bytes);
    if whole && &magic == b"PARE" {
        return Err(Error::Unsupported {
            path: file.path.clone(),
            what: "an encrypted Parquet footer".to_owned(),
        });
    }
    if whole && &magic == b"PAR1" {
        let (footer, shape) = parquet::open(&file.path, &bytes, limits)?;
        return Ok((Form::Parquet(footer), shape));
    }
    if jsonl::looks_like(&bytes) {
        return Ok((Form::JsonLines, jsonl::open(&file.path, bytes, limits)?));
    }
    let ending = csv::ending(&file.path);
    if UNREAD.contains(&ending.as_str()) {
        return Err(Error::Unsupported {
            path: file.path.clone(),
            what: format!("the format `.{ending}`"),
        });
    }
    let (dialect, shape) = csv::open(&file.path, bytes, limits)?;
    Ok((Form::Csv(dialect), shape))
}

/// The rows of a table, batch by batch.
#[derive(Debug)]
pub struct Batches<'a> {
    path: &'a str,
    columns: &'a [Column],
    source: Source,
    next_row: u64,
    /// A few bytes of Parquet can stand for millions of long texts, and looking at them takes time.
    bytes_left: u64,
    failed: bool,
}

#[derive(Debug)]
enum Source {
    Csv(csv::Rows),
    JsonLines(jsonl::Rows),
    Parquet(parquet::Rows),
}

impl Iterator for Batches<'_> {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = match &mut self.source {
            Source::Csv(rows) => rows.next(self.path, self.columns, self.next_row),
            Source::JsonLines(rows) => rows.next(self.path, self.columns, self.next_row),
            Source::Parquet(rows) => rows.next(self.path, self.next_row),
        };
        match next.and_then(|batch| self.account(batch)) {
            Ok(None) => None,
            Ok(Some(batch)) => Some(Ok(batch)),
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}

impl Batches<'_> {
    fn account(&mut self, batch: Option<Batch>) -> Result<Option<Batch>, Error> {
        let Some(batch) = batch else { return Ok(None) };
        self.next_row = self.next_row.saturating_add(batch.rows() as u64);
        let rest = self.bytes_left.checked_sub(batch.unpacked_bytes());
        self.bytes_left = rest.ok_or_else(|| {
            Error::Core(tutela_core::Error::Limit {
                what: format!("what `{}` unpacks to", self.path),
                limit: format!("{USUAL_PACKING} times its size"),
            })
        })?;
        Ok(Some(batch))
    }
}

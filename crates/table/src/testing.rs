//! Fixtures for the tests of this crate.

use std::sync::Arc;

use arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;
use tutela_core::{ArtifactFile, Limits, NoProgress};

use crate::{Error, Table};

/// A file in a folder that goes when this does.
pub(crate) struct Fixture {
    _folder: TempDir,
    pub(crate) file: ArtifactFile,
}

impl Fixture {
    pub(crate) fn new(name: &str, bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let file = ArtifactFile::take(name, &path, &NoProgress).unwrap();
        Self {
            _folder: folder,
            file,
        }
    }

    pub(crate) fn open(&self) -> Result<Table, Error> {
        Table::open(&self.file, &Limits::default())
    }
}

/// All cells as text, row by row.
pub(crate) fn rows(table: &Table) -> Vec<Vec<Option<String>>> {
    crate::Sheet::read(table, usize::MAX).unwrap().rows
}

/// The names of the columns with their kinds.
pub(crate) fn kinds(table: &Table) -> Vec<(&str, crate::Kind)> {
    let columns = table.columns().iter();
    columns
        .map(|column| (column.name.as_str(), column.kind))
        .collect()
}

pub(crate) fn parquet_bytes(batch: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, Arc::clone(&batch.schema()), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

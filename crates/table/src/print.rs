//! Digests of a table by blocks of rows and by columns, so that a changed cell can be named.
//!
//! They rest on the canonical form of the cells ([`crate::Cell`]), so the same values have the same
//! print in CSV and in Parquet, whatever the compression, the encoding and the size of row groups.

use tutela_core::{ColumnPrint, Digest, Hasher, TablePrint};

use crate::{Error, Problem, Table};

/// The most blocks of a print: 4,096 digests of 32 bytes are 128 KiB in a manifest.
const MOST_BLOCKS: u64 = 4096;
/// Set the digests apart from all others of the program, and from those of a later form.
const BLOCK_DOMAIN: &[u8] = b"tutela table block v1\0";
const COLUMN_DOMAIN: &[u8] = b"tutela table column v1\0";

/// Takes the print of a table in one pass.
///
/// A table of up to 4,096 rows has one block a row. A block's digest is the SHA-256 of
/// `tutela table block v1`, a NUL byte, and the canonical forms of its cells, row by row; a column's is
/// that of `tutela table column v1`, a NUL byte, and the canonical forms of its cells from the first row
/// to the last.
///
/// # Errors
/// What kept it from reading; [`Error::Malformed`] for a table with problems, since a print that leaves
/// out what could not be read would vouch for something else than the file.
pub fn print(table: &Table) -> Result<TablePrint, Error> {
    if let Some(problem) = table.problems().kept().first() {
        return Err(malformed(table, problem.clone()));
    }
    let block_rows = table.rows().div_ceil(MOST_BLOCKS).max(1);
    let mut blocks = Vec::new();
    let mut block = started(BLOCK_DOMAIN);
    let mut columns = vec![started(COLUMN_DOMAIN); table.columns().len()];
    let mut buffer = Vec::new();
    let mut rows = 0_u64;
    for batch in table.batches()? {
        let batch = batch?;
        for row in 0..batch.rows() {
            for (cell, column) in batch.row(row).zip(&mut columns) {
                buffer.clear();
                cell.canonical(&mut buffer);
                block.update(&buffer);
                column.update(&buffer);
            }
            rows = rows.saturating_add(1);
            if rows.is_multiple_of(block_rows) {
                blocks.push(std::mem::replace(&mut block, started(BLOCK_DOMAIN)).finish());
            }
        }
    }
    if !rows.is_multiple_of(block_rows) {
        blocks.push(block.finish());
    }
    Ok(TablePrint {
        rows,
        block_rows,
        blocks,
        columns: table
            .columns()
            .iter()
            .zip(columns)
            .map(|(column, hasher)| column_print(column, hasher.finish()))
            .collect(),
    })
}

fn started(domain: &[u8]) -> Hasher {
    let mut hasher = Hasher::default();
    hasher.update(domain);
    hasher
}

fn column_print(column: &crate::Column, digest: Digest) -> ColumnPrint {
    ColumnPrint {
        name: column.name.clone(),
        data_type: column.kind.arrow_name().to_owned(),
        digest,
    }
}

fn malformed(table: &Table, problem: Problem) -> Error {
    Error::Malformed {
        path: table.file().path.clone(),
        problem: Box::new(problem),
    }
}

#[cfg(test)]
mod tests;

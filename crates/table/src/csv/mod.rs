//! Values between delimiters: RFC 4180 and its relatives.
//!
//! Two passes: the first settles delimiter, header and kinds over the *whole* file and notes every
//! broken row; the second fills batches. So a late value never changes what an early one was read as.

mod dialect;
mod record;

use std::sync::Arc;

use tutela_core::{FileBytes, Limits};

use crate::build::Builder;
use crate::column::Inference;
use crate::table::Shape;
use crate::{Batch, Column, Error, Problem, lexical};

pub(crate) use dialect::{Dialect, ending};
use record::{Flaw, Record, Records};

/// Reads the whole file once.
pub(crate) fn open(
    path: &str,
    bytes: Arc<FileBytes>,
    limits: &Limits,
) -> Result<(Dialect, Shape), Error> {
    let dialect = dialect::detect(path, &bytes)?;
    let mut records = Records::new(bytes, dialect, limits);
    let mut record = Record::default();
    let mut shape = Shape::default();
    let mut inferences: Vec<Inference> = vec![Inference::default(); dialect.width];
    let mut names = Vec::new();
    if dialect.header && records.read(path, &mut record)? {
        note_flaws(&record, &mut shape);
        names = header(&record, &mut shape);
        inferences.resize_with(names.len(), Inference::default);
    }
    while records.read(path, &mut record)? {
        if shape.rows >= limits.rows {
            return Err(too_many_rows(path, limits));
        }
        note_flaws(&record, &mut shape);
        note_width(&record, inferences.len(), &mut shape);
        for (field, inference) in inferences.iter_mut().enumerate() {
            let seen = record.text(field);
            inference.see(
                lexical::classify(seen.as_deref().unwrap_or_default()),
                shape.rows,
            );
        }
        shape.rows = shape.rows.saturating_add(1);
    }
    let names = names.into_iter().map(Some).chain(std::iter::repeat(None));
    let columns = inferences.iter().zip(names).enumerate();
    shape.columns = columns
        .map(|(index, (inference, name))| inference.column(name.unwrap_or_else(|| made_up(index))))
        .collect();
    Ok((dialect, shape))
}

pub(crate) fn too_many_rows(path: &str, limits: &Limits) -> Error {
    Error::Core(tutela_core::Error::Limit {
        what: format!("the number of rows of `{path}`"),
        limit: format!("{} rows", limits.rows),
    })
}

fn made_up(index: usize) -> String {
    format!("column_{}", index.saturating_add(1))
}

/// The names of the columns; empty and repeated ones are replaced, so that a name means one column.
fn header(record: &Record, shape: &mut Shape) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut taken = std::collections::BTreeSet::new();
    for field in 0..record.len() {
        let name = record.text(field).unwrap_or_default().trim().to_owned();
        let mut unique = if name.is_empty() {
            made_up(field)
        } else {
            name.clone()
        };
        if taken.contains(&unique) {
            let what = format!(
                "column name `{}` is used twice",
                tutela_core::escape(&name, 80)
            );
            shape.problems.add(Problem::in_line(record.line, what));
            unique = made_up(field);
            // A hostile header may hold the made-up name as well.
            while taken.contains(&unique) {
                unique.push('_');
            }
        }
        taken.insert(unique.clone());
        names.push(unique);
    }
    names
}

fn note_flaws(record: &Record, shape: &mut Shape) {
    for flaw in &record.flaws {
        let what = match flaw {
            Flaw::OpenQuote => {
                "a quotation mark is never closed; the rest of the file is one value"
            }
            Flaw::TextAfterQuote => "text follows a closing quotation mark",
            Flaw::NotUtf8 => "a value is not valid UTF-8",
            Flaw::Nul => "a value holds a NUL byte",
        };
        shape.problems.add(Problem::in_line(record.line, what));
    }
}

fn note_width(record: &Record, expected: usize, shape: &mut Shape) {
    if record.len() != expected {
        let what = format!(
            "the row has {} values where the table has {expected} columns",
            record.len()
        );
        shape.problems.add(Problem::in_line(record.line, what));
    }
}

/// The second pass.
#[derive(Debug)]
pub(crate) struct Rows {
    records: Records,
    record: Record,
    skip_header: bool,
}

impl Rows {
    pub(crate) fn new(bytes: Arc<FileBytes>, dialect: Dialect, limits: &Limits) -> Self {
        Self {
            records: Records::new(bytes, dialect, limits),
            record: Record::default(),
            skip_header: dialect.header,
        }
    }

    pub(crate) fn next(
        &mut self,
        path: &str,
        columns: &[Column],
        first_row: u64,
    ) -> Result<Option<Batch>, Error> {
        if std::mem::take(&mut self.skip_header) {
            self.records.read(path, &mut self.record)?;
        }
        let mut builder = Builder::new(columns);
        while !builder.is_full() && self.records.read(path, &mut self.record)? {
            let texts: Vec<_> = (0..columns.len())
                .map(|field| self.record.value(field))
                .collect();
            builder.push(texts.iter().map(Option::as_deref));
        }
        Ok(builder.finish(first_row))
    }
}

#[cfg(test)]
mod tests;

//! Plants faults into a scratch copy of a data set.

use tutela_core::{DatasetDeclaration, Declaration, Error, Limits, Scratch};
use tutela_table::{Sheet, Table};

/// A fault needs no more rows than this; the copy is cut there.
const MOST_ROWS: usize = 100_000;

/// The first table of the copy, as a path and a sheet with at least one row and one column.
pub(crate) fn first_sheet(scratch: &Scratch) -> Result<(String, Sheet), Error> {
    for file in &scratch.artifact.files {
        let Ok(table) = Table::open(file, &Limits::default()) else {
            continue;
        };
        let sheet = Sheet::read(&table, MOST_ROWS)?;
        if !sheet.rows.is_empty() && !sheet.names.is_empty() {
            return Ok((file.path.clone(), sheet));
        }
    }
    Err(Error::Other(
        "there is no table to plant a fault in".to_owned(),
    ))
}

/// Changes the data set's declaration, made where there is none.
pub(crate) fn declare(scratch: &mut Scratch, change: impl FnOnce(&mut DatasetDeclaration)) {
    let mut declared = match &scratch.artifact.declaration {
        Declaration::Dataset(declaration) => declaration.clone(),
        Declaration::None | Declaration::Model(_) | Declaration::Files(_) => Box::default(),
    };
    change(&mut declared);
    scratch.artifact.declaration = Declaration::Dataset(declared);
}

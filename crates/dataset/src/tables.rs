//! Opens the tables of a data set, so that every check treats what is none in the same way.

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Location, Region, Sink, Skipped, Split, Unit, escape,
};
use tutela_table::{Batch, Error as TableError, Table};

/// Opens every file, in order.
pub(crate) fn opened<'a>(
    artifact: &'a Artifact,
    context: &Context<'_>,
) -> impl Iterator<Item = (&'a ArtifactFile, Result<Table, TableError>)> {
    let limits = *context.limits;
    artifact
        .files
        .iter()
        .map(move |file| (file, Table::open(file, &limits)))
}

/// The tables of a data set. What is no table is skipped; what is one but cannot be read makes the
/// outcome incomplete; where there is nothing else the check is not applicable.
pub(crate) fn tables(
    artifact: &Artifact,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Vec<Table> {
    let mut tables = Vec::new();
    let mut unreadable = false;
    for (file, table) in opened(artifact, context) {
        match table {
            Ok(table) => tables.push(table),
            Err(error) => unreadable |= pass_over(file, error, sink),
        }
    }
    if tables.is_empty() && !unreadable {
        sink.not_applicable("no file of it is a table".to_owned());
    }
    tables
}

/// Says why a file is not read; true when it should have been.
pub(crate) fn pass_over(file: &ArtifactFile, error: TableError, sink: &mut dyn Sink) -> bool {
    if let TableError::NotATable { why, .. } = error {
        sink.skipped(Skipped {
            what: file.path.clone(),
            why: format!("not a table: {why}"),
        });
        return false;
    }
    sink.incomplete(said(error));
    true
}

/// Gives each table to `examine` and counts its rows as examined; an error makes the outcome incomplete,
/// and the other tables are still looked at.
pub(crate) fn each(
    artifact: &Artifact,
    context: &Context<'_>,
    sink: &mut dyn Sink,
    mut examine: impl FnMut(&Table, &mut dyn Sink) -> Result<(), TableError>,
) {
    for table in tables(artifact, context, sink) {
        let rows = table.rows();
        match examine(&table, sink) {
            Ok(()) => sink.examined(Unit::Rows, rows, rows),
            Err(error) => {
                sink.examined(Unit::Rows, 0, rows);
                sink.incomplete(said(error));
            }
        }
    }
}

/// The tables of one split; files of no declared split count as training data.
pub(crate) fn of_split(tables: &[Table], split: Split) -> Vec<&Table> {
    tables
        .iter()
        .filter(|table| table.file().split.unwrap_or(Split::Train) == split)
        .collect()
}

/// The place of a column: in the only file, or in the data set as a whole.
pub(crate) fn column_place(tables: &[Table], column: &str) -> Location {
    let place = match tables {
        [table] => Location::file(table.file().path.clone()),
        _ => Location::default(),
    };
    place.at(Region::Column {
        name: column.to_owned(),
    })
}

/// Reads all rows of some tables that are examined together; false, with the reason told, when one
/// could not be read, since a part of the rows would give a wrong answer about all.
pub(crate) fn read_all(
    tables: &[Table],
    sink: &mut dyn Sink,
    mut see: impl FnMut(&Table, &Batch),
) -> bool {
    let mut complete = true;
    for table in tables {
        match read(table, &mut see) {
            Ok(()) => sink.examined(Unit::Rows, table.rows(), table.rows()),
            Err(error) => {
                complete = false;
                sink.examined(Unit::Rows, 0, table.rows());
                sink.incomplete(said(error));
            }
        }
    }
    complete
}

fn read(table: &Table, see: &mut impl FnMut(&Table, &Batch)) -> Result<(), TableError> {
    for batch in table.batches()? {
        see(table, &batch?);
    }
    Ok(())
}

pub(crate) fn said(error: TableError) -> String {
    escape(&Error::from(error).chain(), 600)
}

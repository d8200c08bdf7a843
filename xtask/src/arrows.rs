//! Holds every `Cargo.toml` to the table of `arrows.toml`.
//!
//! The rules are a pure function from the table and what the workspace looks like to a list of faults,
//! so that the tests can show each fault on a workspace that does not exist.

use std::fs;
use std::path::Path;

use crate::{Error, output};

mod rules;
mod table;
mod workspace;

pub(crate) use table::Table;
use workspace::Workspace;

/// Reads the table.
pub(crate) fn read_table(root: &Path) -> Result<Table, Error> {
    let path = root.join("xtask/arrows.toml");
    let text = fs::read_to_string(&path).map_err(Error::read(&path))?;
    Table::parse(&text).map_err(|source| Error::Table {
        path,
        source: Box::new(source),
    })
}

/// Checks the workspace against the table.
pub(crate) fn run(root: &Path) -> Result<(), Error> {
    let table = read_table(root)?;
    let workspace = Workspace::read(root)?;
    let faults = rules::faults(&table, &workspace);
    if !faults.is_empty() {
        return Err(Error::Arrows(
            faults.iter().map(ToString::to_string).collect(),
        ));
    }
    output::say(&format!(
        "{} crates, {} packages (at most {}): every arrow is in the table",
        workspace.crates.len(),
        workspace.packages.len(),
        table.packages
    ));
    Ok(())
}

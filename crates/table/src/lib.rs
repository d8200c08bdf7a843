//! Data sets as Arrow batches: CSV, JSON Lines and Parquet.
//!
//! A [`Table`] is a file whose shape is known: format, columns, number of rows, and every place where
//! the file breaks its own form. Its rows are read again, batch by batch, as often as they are needed,
//! so that memory stays bounded whatever the size of the file. A cell is seen through [`Cell`], whose
//! canonical form is the same in every format: [`print()`](print::print) rests on it, and so do
//! signatures of data sets.
//!
//! ```no_run
//! # fn show(file: &tutela_core::ArtifactFile) -> Result<(), tutela_table::Error> {
//! use tutela_table::Table;
//!
//! let table = Table::open(file, &tutela_core::Limits::default())?;
//! for batch in table.batches()? {
//!     let batch = batch?;
//!     for (column, view) in table.columns().iter().zip(batch.views()) {
//!         for row in 0..batch.rows() {
//!             let _where_and_what = (batch.first_row() + row as u64, &column.name, view.text(row));
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod batch;
mod build;
mod cell;
mod column;
mod csv;
mod error;
mod jsonl;
mod lexical;
mod normal;
mod parquet;
mod print;
mod problem;
mod sheet;
mod table;
#[cfg(test)]
mod testing;

pub use batch::{Batch, View};
pub use cell::{Cell, Fingerprint};
pub use column::{Column, Kind, Lexical, LexicalCount};
pub use error::Error;
pub use lexical::is_null_word;
pub use print::print;
pub use problem::{Problem, Problems};
pub use sheet::Sheet;
pub use table::{Batches, Format, Table};

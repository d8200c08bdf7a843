//! Why a file cannot be read as a table.

use crate::Problem;

/// Why a file cannot be read as a table.
///
/// What is wrong *inside* a table that can still be read is a [`Problem`], not an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file does not look like a table at all.
    #[error("`{path}` is not a table: {why}")]
    NotATable {
        /// The path as the user knows it.
        path: String,
        /// What was seen instead.
        why: String,
    },
    /// The file looks like a table, but is broken or hostile from some place on.
    #[error("`{path}` is malformed: {problem}")]
    Malformed {
        /// The path as the user knows it.
        path: String,
        /// What is wrong, and where.
        problem: Box<Problem>,
    },
    /// The file uses a part of its format that is not read.
    #[error("`{path}` uses {what}, which is not read")]
    Unsupported {
        /// The path as the user knows it.
        path: String,
        /// Which part.
        what: String,
    },
    /// The file could not be read, or exceeds a limit.
    #[error(transparent)]
    Core(#[from] tutela_core::Error),
}

impl From<Error> for tutela_core::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Core(error) => error,
            other => Self::Other(other.to_string()),
        }
    }
}

//! Why a log cannot be read or written.

use std::io;
use std::path::{Path, PathBuf};

use tutela_core::Timestamp;

use super::checkpoint::CheckpointError;
use super::entry::EntryError;

/// Why a log cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// There is no log.
    #[error("there is no log in `{}`", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// Entries without a checkpoint: somebody removed it.
    #[error("the log in `{}` has entries but no checkpoint", folder.display())]
    CheckpointMissing {
        /// The folder.
        folder: PathBuf,
    },
    /// The checkpoint cannot be relied on.
    #[error("the checkpoint `{}` cannot be relied on", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: CheckpointError,
    },
    /// A file of the log is damaged.
    #[error("`{}` is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The entries are not those that were signed.
    #[error("the entries of the log in `{}` are not those of its signed checkpoint", folder.display())]
    Root {
        /// The folder.
        folder: PathBuf,
    },
    /// The log is shorter than it was, or its past has changed.
    #[error("the log in `{}` was rolled back or rewritten: it had {seen} entries, now {size}", folder.display())]
    RolledBack {
        /// The folder.
        folder: PathBuf,
        /// How many entries it had.
        seen: u64,
        /// How many it has now.
        size: u64,
    },
    /// The last entry is later than now.
    #[error("the clock says {now}, but the last log entry is from {last}")]
    ClockBehind {
        /// The time of the last entry.
        last: Timestamp,
        /// The moment that counts as now.
        now: Timestamp,
    },
    /// The key is not the log's.
    #[error("the key of `{key}` cannot write to the log of `{log}`")]
    OtherKey {
        /// The verifier of the log.
        log: String,
        /// The verifier of the key.
        key: String,
    },
    /// An entry does not fit into a log.
    #[error("a statement cannot be logged")]
    Entry(#[from] EntryError),
    /// There is no such entry.
    #[error("the log has {size} entries; there is no entry {index}")]
    NoEntry {
        /// The index that was asked for.
        index: u64,
        /// How many entries there are.
        size: u64,
    },
    /// A file could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A file could not be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl LogError {
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn damaged(path: &Path, why: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            why: why.into(),
        }
    }

    /// What to do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing { .. } => Some("`tutela init` and the first `tutela check` make it"),
            Self::ClockBehind { .. } => {
                Some("set the clock right, or say with `--as-of` which moment counts")
            }
            Self::CheckpointMissing { .. }
            | Self::Checkpoint { .. }
            | Self::Damaged { .. }
            | Self::Root { .. } => Some(
                "`tutela log fsck` names every damaged file; restore them from a backup or from version \
                 control",
            ),
            Self::RolledBack { .. } => Some(
                "restore the newer log; appending to the older one would fork it, which every auditor \
                 would see",
            ),
            Self::OtherKey { .. }
            | Self::Entry(_)
            | Self::NoEntry { .. }
            | Self::Read { .. }
            | Self::Write { .. } => None,
        }
    }
}

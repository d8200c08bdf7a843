//! Evidence on disk: `log/` is the transparency log, `evidence/<id>.json` the envelopes, and beside each its
//! `.tlog-proof`. `log.seen` remembers the newest checkpoint, so that a log that was rolled back is noticed.

mod files;
mod read;
mod record;
mod verify;

use std::io;
use std::path::{Path, PathBuf};

use tutela_core::Digest;

use crate::keys::{KeyError, LogVerifier};
use crate::log::{Checkpoint, CheckpointError, Log, LogError, NoteError, read_bounded};

use crate::signed::StatementError;

pub use record::Recorded;
pub use verify::{EvidenceError, VerifiedEvidence, verify_evidence};

/// A checkpoint with many cosignatures is a few kilobytes.
const SEEN_LIMIT: u64 = 1024 * 1024;

/// The evidence of a project, usually in `<project>/.tutela`.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    /// The log that this value has written to.
    log: Option<Log>,
}

/// Why evidence could not be stored or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The log could not be read or written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A statement could not be signed.
    #[error("a statement could not be signed")]
    Key(#[from] KeyError),
    /// What should be imported is no signed statement.
    #[error("an envelope cannot be imported")]
    Import(#[from] StatementError),
    /// A file or folder could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A file or folder could not be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl StoreError {
    /// What to do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Log(error) => error.hint().map(str::to_owned),
            Self::Key(error) => error.hint(),
            Self::Import(_) | Self::Read { .. } | Self::Write { .. } => None,
        }
    }
}

impl Store {
    /// The store in a folder; reads and makes nothing yet.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            log: None,
        }
    }

    /// The folder of the log.
    #[must_use]
    pub fn log_folder(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// The folder of the envelopes and their proofs.
    #[must_use]
    pub fn evidence_folder(&self) -> PathBuf {
        self.folder.join("evidence")
    }

    /// The file of one piece of evidence.
    #[must_use]
    pub fn evidence_file(&self, id: &Digest) -> PathBuf {
        self.evidence_folder().join(format!("{}.json", id.to_hex()))
    }

    /// The file of its proof.
    #[must_use]
    pub fn proof_file(&self, id: &Digest) -> PathBuf {
        self.evidence_folder()
            .join(format!("{}.tlog-proof", id.to_hex()))
    }

    /// Reads the log, and refuses one that does not continue what was seen before.
    ///
    /// # Errors
    /// [`StoreError::Log`] when there is none or it cannot be relied on.
    pub fn log(&self, verifier: &LogVerifier) -> Result<Log, StoreError> {
        // Read before the log: another process may append in between.
        let seen = self.seen(verifier)?;
        let log = Log::open(&self.log_folder(), verifier)?;
        if let Some(seen) = seen {
            log.check_continues(&seen)?;
        }
        Ok(log)
    }

    fn seen_file(&self) -> PathBuf {
        self.folder.join("log.seen")
    }

    /// The newest checkpoint that was seen, when one was.
    fn seen(&self, verifier: &LogVerifier) -> Result<Option<Checkpoint>, StoreError> {
        let path = self.seen_file();
        let bytes = match read_bounded(&path, SEEN_LIMIT) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StoreError::Read { path, source }),
        };
        let opened = String::from_utf8(bytes)
            .map_err(|_error| CheckpointError::from(NoteError::Malformed("it is not UTF-8")))
            .and_then(|note| Checkpoint::open(&note, verifier));
        match opened {
            Ok(checkpoint) => Ok(Some(checkpoint)),
            Err(source) => Err(LogError::Checkpoint { path, source }.into()),
        }
    }
}

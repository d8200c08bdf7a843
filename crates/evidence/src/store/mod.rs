//! Evidence on disk: the log, and beside it each envelope with its proof.

use std::path::{Path, PathBuf};

use tutela_core::{Digest, Timestamp};

use crate::dossier::Dossier;
use crate::keys::{KeyError, KeyRing};
use crate::log::{Log, LogError, Logged, Moment, ProofError};
use crate::signed::{Draft, StatementError, Verified};
use crate::trust::Trust;

/// The evidence of a project: `<folder>/log` and `<folder>/evidence`.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
}

/// A statement that is signed, logged and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The digest of the statement: the evidence's name.
    pub id: Digest,
    /// The index of its entry in the log.
    pub index: u64,
    /// Whether the log did not have it before.
    pub new: bool,
}

/// Why evidence could not be stored or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The log could not be read or written.
    #[error("the log cannot be used")]
    Log(#[from] LogError),
    /// A statement could not be signed.
    #[error("a statement could not be signed")]
    Key(#[from] KeyError),
}

/// Why one piece of evidence cannot be relied on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The statement or its signatures.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The proof that it is in the log.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// Evidence that has been verified with its proof alone.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedEvidence {
    /// The statement and who signed it.
    pub signed: Verified<serde_json::Value>,
    /// Its place in the log.
    pub logged: Logged,
}

impl Store {
    /// The store in a folder, usually `<project>/.tutela`; reads nothing yet.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
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

    /// Signs statements, logs them in one batch, and writes each with its proof.
    ///
    /// # Errors
    /// [`StoreError`] when nothing, or not everything, could be stored; calling it again repairs that.
    pub fn record(
        &mut self,
        keys: &KeyRing,
        drafts: &[Draft],
        moment: Moment,
    ) -> Result<Vec<Recorded>, StoreError> {
        todo!()
    }

    /// Reads all evidence and keeps what verifies.
    ///
    /// # Errors
    /// [`StoreError`] when a folder cannot be read; evidence that does not verify is no error.
    pub fn dossier(
        &self,
        trust: &Trust,
        system: &str,
        as_of: Timestamp,
    ) -> Result<Dossier, StoreError> {
        todo!()
    }
}

/// Verifies one piece of evidence with its proof, with no log at hand.
///
/// # Errors
/// [`EvidenceError`] when the statement, a signature or the proof cannot be relied on.
pub fn verify_evidence(
    envelope: &[u8],
    proof: &[u8],
    trust: &Trust,
) -> Result<VerifiedEvidence, EvidenceError> {
    todo!()
}

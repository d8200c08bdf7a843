//! The log as a whole.
use super::{Checkpoint, Entry, LogError, TlogProof};
use crate::dossier::LogState;
use crate::keys::{LogKey, LogVerifier};
use std::path::Path;
use tutela_core::{Digest, Timestamp};

/// A statement to be logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The digest of the statement.
    pub statement: Digest,
    /// Its predicate type.
    pub predicate_type: String,
}

/// When entries are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The moment that counts as now.
    pub now: Timestamp,
    /// What to do when the last entry is later than that.
    pub backdating: Backdating,
}

/// What to do when the last entry of the log is later than now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backdating {
    /// Refuse: the clock was set back.
    Refused,
    /// Log it all the same: `--as-of` says which moment counts.
    Allowed,
}

/// Where a statement is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The index of its entry.
    pub index: u64,
    /// Whether this call appended it; otherwise it was there before.
    pub new: bool,
}

/// A log that has been read whole and agrees with its signed checkpoint.
#[derive(Debug)]
pub struct Log;

impl Log {
    /// Makes an empty log in a folder, or opens the one that is there.
    pub fn create(folder: &Path, key: &LogKey) -> Result<Self, LogError> {
        todo!()
    }
    /// Reads a log and verifies it: the root over all entries must be the one that is signed.
    pub fn open(folder: &Path, verifier: &LogVerifier) -> Result<Self, LogError> {
        todo!()
    }
    /// Appends what is not yet in the log, all or nothing; returns only when it is durable.
    pub fn append(
        &mut self,
        key: &LogKey,
        items: &[Item],
        moment: Moment,
    ) -> Result<Vec<Placed>, LogError> {
        todo!()
    }
    /// The signed checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        todo!()
    }
    /// Name, size and root.
    pub fn state(&self) -> LogState {
        todo!()
    }
    /// Reads one entry.
    pub fn entry(&self, index: u64) -> Result<Entry, LogError> {
        todo!()
    }
    /// Where the entry of a statement is.
    pub fn find(&self, statement: &Digest) -> Option<u64> {
        todo!()
    }
    /// Proves that an entry is in the log.
    pub fn prove(&self, index: u64) -> Result<TlogProof, LogError> {
        todo!()
    }
    /// The root of the log when it had this size.
    pub fn root_at(&self, size: u64) -> Option<Digest> {
        todo!()
    }
    /// Proves that the log of an earlier size is the beginning of the present one.
    pub fn prove_consistency(&self, earlier: u64) -> Option<Vec<Digest>> {
        todo!()
    }
}

/// What an examination of every byte of a log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fsck {
    /// Name, size and root, when the checkpoint can be relied on.
    pub state: Option<LogState>,
    /// What is wrong; empty for a sound log.
    pub problems: Vec<Problem>,
}

/// Something wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, relative to the log's folder.
    pub file: String,
    /// What is wrong with it.
    pub what: String,
}

/// Recomputes everything from the entries and compares each file byte by byte.
pub fn fsck(folder: &Path, verifier: &LogVerifier) -> Result<Fsck, LogError> {
    todo!()
}

//! Proofs that stand alone (c2sp.org/tlog-proof): an entry, its place, and a signed checkpoint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tutela_core::Digest;

use super::checkpoint::{Checkpoint, CheckpointError, decimal, hash};
use super::entry::{Entry, EntryError};
use super::proof::verify_inclusion;
use crate::keys::LogVerifier;

const HEAD: &str = "c2sp.org/tlog-proof@v1\n";
/// Far more than 64 hashes, one entry and a checkpoint with many cosignatures.
pub(crate) const LIMIT: u64 = 2 * 1024 * 1024;

/// A proof that an entry is in a log, with everything needed to verify it except the log's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// The entry's bytes, as `extra` data: the hash of the entry binds them.
    entry: Vec<u8>,
    index: u64,
    hashes: Vec<Digest>,
    checkpoint: String,
}

/// What a verified proof says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// The entry.
    pub entry: Entry,
    /// Its place in the log.
    pub index: u64,
    /// The checkpoint that vouches for it.
    pub checkpoint: Checkpoint,
}

/// Why a proof cannot be relied on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// Not a proof, or not in its only spelling.
    #[error("not a log proof: {0}")]
    Malformed(&'static str),
    /// The checkpoint in it is wrong.
    #[error("the proof's checkpoint cannot be relied on")]
    Checkpoint(#[from] CheckpointError),
    /// The entry in it is wrong.
    #[error("the proof's entry cannot be relied on")]
    Entry(#[from] EntryError),
    /// The hashes do not lead from the entry to the root.
    #[error("the proof does not show that the entry is in the log")]
    NotIncluded,
    /// It proves something about another statement.
    #[error("the proof is about another statement")]
    OtherStatement,
}

impl TlogProof {
    pub(crate) const fn new(
        entry: Vec<u8>,
        index: u64,
        hashes: Vec<Digest>,
        checkpoint: String,
    ) -> Self {
        Self {
            entry,
            index,
            hashes,
            checkpoint,
        }
    }

    /// Writes the proof as the text of a `.tlog-proof` file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = HEAD.to_owned();
        text.push_str("extra ");
        text.push_str(&STANDARD.encode(&self.entry));
        text.push_str("\nindex ");
        text.push_str(&self.index.to_string());
        text.push('\n');
        for hash in &self.hashes {
            text.push_str(&STANDARD.encode(hash.as_bytes()));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    /// Reads the text of a `.tlog-proof` file; verify before believing.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] for anything that [`to_text`](Self::to_text) would not write.
    pub fn from_text(text: &str) -> Result<Self, ProofError> {
        let malformed = ProofError::Malformed;
        if text.len() as u64 > LIMIT {
            return Err(malformed("too long"));
        }
        let body = text
            .strip_prefix(HEAD)
            .ok_or(malformed("the first line is not `c2sp.org/tlog-proof@v1`"))?;
        let (head, checkpoint) = body
            .split_once("\n\n")
            .ok_or(malformed("no empty line before the checkpoint"))?;
        let mut lines = head.split('\n');
        let entry = lines
            .next()
            .and_then(|line| line.strip_prefix("extra "))
            .and_then(|base64| STANDARD.decode(base64).ok())
            .ok_or(malformed("no entry in the `extra` line"))?;
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(decimal)
            .ok_or(malformed("no `index` line"))?;
        let hashes = lines
            .map(hash)
            .collect::<Option<Vec<_>>>()
            .ok_or(malformed("a line is not a hash"))?;
        Ok(Self::new(entry, index, hashes, checkpoint.to_owned()))
    }

    /// Verifies the proof with nothing but the log's public key.
    ///
    /// # Errors
    /// [`ProofError`] when it does not prove that the entry is in the log.
    pub fn verify(&self, verifier: &LogVerifier) -> Result<Logged, ProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, verifier)?;
        self.verify_in(checkpoint)
    }

    /// Verifies the proof under a checkpoint that has been opened already.
    pub(crate) fn verify_in(&self, checkpoint: Checkpoint) -> Result<Logged, ProofError> {
        let included = verify_inclusion(
            &self.entry,
            self.index,
            checkpoint.size(),
            &checkpoint.root(),
            &self.hashes,
        );
        if !included {
            return Err(ProofError::NotIncluded);
        }
        Ok(Logged {
            entry: Entry::from_bytes(&self.entry)?,
            index: self.index,
            checkpoint,
        })
    }

    /// The checkpoint's text, not yet verified.
    pub(crate) fn checkpoint_note(&self) -> &str {
        &self.checkpoint
    }
}
